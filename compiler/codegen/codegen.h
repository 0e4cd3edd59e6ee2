// Code generation: a graph becomes one LLVM module that defines what runtime/abi/stream_abi.h asks
// of a compiled program, the descriptor `stream_program` and a function for each region.
//
// This header hides LLVM: the phases after this one see object files and text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/place/placement.h"
#include "compiler/sema/evaluate.h"
#include "compiler/source/source.h"
#include "compiler/support/result.h"

namespace streamc {

// How much time goes into optimisation.
enum class Optimisation : std::uint8_t {
  Short,  // A few cheap passes: what `run` wants. Explicit vector shapes need no more.
  Full,   // LLVM's O3: what `build` wants.
};

struct CodegenOptions {
  std::string program_name = "program";
  std::string description;  // Shown by the program's --help.
  std::string meaning;  // Equal texts, equal results: what nodes compare. Empty: there is one node.
  std::string target = "host";  // A name that find_target() knows.
  Optimisation optimisation = Optimisation::Short;
  // Params whose default is another than the program says, such as those that a test gives.
  // May be null; read during the call only.
  const Evaluator::Overrides* overrides = nullptr;
};

// A module of machine-independent form, already optimised. Made by generate_code.
class GeneratedCode {
 public:
  struct Parts;  // LLVM's side; defined in codegen.cpp.
  explicit GeneratedCode(std::unique_ptr<Parts> parts);
  GeneratedCode(GeneratedCode&&) noexcept;
  GeneratedCode& operator=(GeneratedCode&&) noexcept;
  ~GeneratedCode();

  // The module as text, for people and golden tests. Equal input gives equal bytes.
  [[nodiscard]] std::string text() const;

  // A relocatable ELF object. Equal input gives equal bytes. Call it once: it consumes the module.
  [[nodiscard]] Result<std::string> emit_object();

 private:
  std::unique_ptr<Parts> parts_;
};

// Fails only for what this version of the compiler cannot generate, with a message for the user.
// All three inputs are read during the call only.
Result<GeneratedCode> generate_code(const CheckedProgram& program, const PlacedGraph& placed,
                                    const SourceManager& sources, const CodegenOptions& options);

}  // namespace streamc
