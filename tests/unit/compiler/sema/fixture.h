// A program under check, with the real prelude: what the tests of sema have in common.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/sema/item_checker.h"
#include "compiler/sema/modules.h"
#include "compiler/source/source.h"

namespace streamtest {

// An environment with the main module's names and some streams.
class WiringEnvironment final : public streamc::Environment {
 public:
  explicit WiringEnvironment(const streamc::Environment& outer) : outer_(outer) {}
  void add_stream(std::string name, streamc::TypeId type) { streams_.emplace_back(name, type); }

  streamc::Meaning lookup(std::string_view name) const override;
  std::optional<streamc::GenericValue> lookup_generic(std::string_view name) const override;
  streamc::ModuleId module_id() const override { return outer_.module_id(); }
  void append_names(std::vector<std::string>& names) const override;

 private:
  const streamc::Environment& outer_;
  std::vector<std::pair<std::string, streamc::TypeId>> streams_;
};

class Program {
 public:
  // `text` is the main file, `modules` further ones as pairs of name and text.
  explicit Program(std::string_view text,
                   std::vector<std::pair<std::string, std::string>> modules = {});

  // Checks all declarations of the main file.
  Program& check();

  // Codes of what was reported, joined by blanks: "E0201 E0203".
  std::string codes() const;
  // All messages and helps, one a line.
  std::string messages() const;

  streamc::TypeId type(std::string_view text);  // "float[]", as in a header of the program.
  std::string text(streamc::TypeId id) const { return checked.types.text(id); }
  // The value of the top-level equation of that name.
  streamc::ExprId equation(std::string_view name) const;
  const streamc::Environment& environment();

  // The equation as a constant: its text after evaluation, or `failure: why`.
  std::string value(std::string_view name);
  // Calls a fn that is not generic with these values.
  std::string call(std::string_view fn, std::vector<streamc::Value> arguments);

  streamc::SourceManager sources;
  streamc::DiagnosticSink sink;
  streamc::Ast ast;
  streamc::ModuleTable modules{ast, sink};
  streamc::CheckedProgram checked;
  std::unique_ptr<streamc::ItemChecker> checker;
};

}  // namespace streamtest
