// How many times as long as an ordinary program one with a sanitizer may take before a test gives it up.
#pragma once

namespace streamtest {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr int kPatience = 10;
#else
inline constexpr int kPatience = 1;
#endif

}  // namespace streamtest
