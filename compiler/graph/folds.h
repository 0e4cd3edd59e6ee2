// Recognition of functions over windows that can be kept up to date as the window moves.
//
// A function of windows is incremental if it uses each of them only through aggregates of
// projections, `agg(p)` with `p := w | p.field | map(p, f) | where(p, f)`, or `len(w)`; functions that it calls
// with a window are looked into. It is then the folds it needs and a function of their results.
// Indices, loops over a window, and aggregates that may fail in a place that is not always reached
// (which would make a hole of an item that the function gives) are computed anew for each window.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/sema/item_checker.h"

namespace streamc {

struct FoldedFunction {
  std::vector<Fold> folds;
  FunctionId finish_id;  // Takes the results of the folds in order.
};

// `function` takes windows only. Empty if it is not incremental; then `why`, if not null, says in
// words of the program what stands in the way.
std::optional<FoldedFunction> fold_function(CheckedProgram& program, ItemChecker& checker,
                                            const ModuleTable& modules, FunctionId function,
                                            std::string* why = nullptr);

}  // namespace streamc
