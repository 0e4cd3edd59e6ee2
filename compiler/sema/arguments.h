// Which argument of a call belongs to which parameter of a header.
//
// The same rules hold for everything that is called, so the checker of items and the graph builder
// share them: a piped value comes first, then arguments by position, then by name; a parameter
// without an argument takes its default.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"

namespace streamc {

// `1 value`, `3 values`, for messages.
std::string counted(std::size_t count, std::string_view noun);

// The source of one parameter's value.
struct BoundArgument {
  ExprId expr_id;           // Invalid if the mistake was reported.
  bool is_default = false;  // `expr_id` is the default written in the header, to be read there.
};

struct CallSite {
  std::string_view callee;  // As the user wrote it, for messages.
  SourceSpan callee_span;
  SourceSpan span;          // The whole call.
  ExprId piped;             // The left side of `|>`; invalid without.
  std::span<const ast::Argument> arguments;
};

// One entry for each parameter, in order. Reports unknown, doubled, missing and surplus arguments
// (and `..spread`, which belongs to records); after a report the result is empty unless there are
// no parameters, and `*ok` is false.
std::vector<BoundArgument> bind_arguments(const Ast& ast, std::span<const ast::Parameter> parameters,
                                          const CallSite& call, DiagnosticSink& sink, bool* ok);

}  // namespace streamc
