// The command line of a compiled program, from `main` to the exit status.
#pragma once

#include "runtime/abi/stream_abi.h"

namespace streamrt {

// Parses the flags (the program's params, and those that every program has), then runs it.
// `argv[0]` is the name for messages. Returns the exit status, see ExitStatus in run_program.h.
int stream_main(const StreamProgram& program, int argc, const char* const* argv);

}  // namespace streamrt
