// What a function does, as a text that is equal for functions that do the same in the same way.
#pragma once

#include <string>

#include "compiler/graph/graph.h"

namespace streamc {

// Without names and spans. Two functions with equal structure give equal results for equal arguments.
std::string structure_of(const CheckedProgram& program, FunctionId id);
std::string structure_of(const CheckedProgram& program, CheckedExprId id);

}  // namespace streamc
