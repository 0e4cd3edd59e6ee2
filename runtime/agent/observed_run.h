// A run that others may look at, if the options say so.
#pragma once

#include <functional>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/run_program.h"

namespace streamrt {

// Calls `run` with options that know the counters and the observer, and returns its exit status;
// kExitUnusable if the address for metrics cannot be had.
int run_observed(const StreamProgram& program, const RunOptions& options,
                 const std::function<int(const RunOptions&)>& run);

}  // namespace streamrt
