// What a system has only so much of: threads, processes, descriptors. That there are no more is no mistake of ours, but
// nothing can go on without them.
#pragma once

#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace streamrt {

// Says that there are no more `what`, for the reason in errno, and ends the process with status 1.
[[noreturn]] void out_of(std::string_view what);
[[noreturn]] void out_of(std::string_view what, int error);

// A thread that runs `body`.
template <class Body>
std::thread start_thread(Body body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& error) {
    out_of("threads", error.code().value());
  }
}

}  // namespace streamrt
