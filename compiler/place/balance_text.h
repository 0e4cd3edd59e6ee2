// What a cut over threads looks like, and why it is as it is: what `streamc explain FILE --threads N` prints.
#pragma once

#include <string>

#include "compiler/place/balance.h"
#include "compiler/source/source.h"

namespace streamc {

// Threads with their equations and shares of the work, what crosses between them, and why there is no further thread.
// `balance` must be one of `graph`. `sources` may be null.
std::string describe_balance(const Graph& graph, const Balance& balance, const CheckedProgram& program,
                             const SourceManager* sources);

}  // namespace streamc
