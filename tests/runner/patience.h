// What a sanitizer changes for tests: programs take longer, and those for this machine are not static.
#pragma once

namespace streamtest {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif

// How many times as long as usual a program may take before a test gives it up.
inline constexpr int kPatience = kIsSanitized ? 10 : 1;

}  // namespace streamtest
