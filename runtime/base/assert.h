// STREAM_CHECK: mistakes of ours, not of the user's program or of the world.
//
// On in all builds, off the item path. Prints what was violated and stops the process: a runtime
// whose own invariants fail must not write another byte of output.
#pragma once

namespace streamrt {

[[noreturn]] void check_failed(const char* condition, const char* file, int line, const char* what);

}  // namespace streamrt

#define STREAM_CHECK(condition, what) \
  ((condition) ? void(0) : ::streamrt::check_failed(#condition, __FILE__, __LINE__, what))
