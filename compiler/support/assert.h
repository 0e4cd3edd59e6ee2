// STREAM_ASSERT: what must hold whatever the user wrote.
//
// A failed assertion is a mistake in streamc itself. It is checked in every build, names the step
// that was running (an AssertContext on the stack), prints the message and stops the program. A
// mistake in the user's program never ends here: it goes to the DiagnosticSink.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace streamc {

// Names what this thread is doing ("parse motion.stream") for as long as the object lives, so that
// a failed assertion can say so. Contexts nest; `text` is copied.
class AssertContext {
 public:
  explicit AssertContext(std::string text);
  AssertContext(const AssertContext&) = delete;
  AssertContext& operator=(const AssertContext&) = delete;
  ~AssertContext();

 private:
  friend std::string assert_context_text();
  std::string text_;
  const AssertContext* outer_;
};

// The contexts of this thread, outermost first, joined by ": "; empty outside any.
std::string assert_context_text();

// Prints the failure to standard error and aborts.
[[noreturn]] void assertion_failed(const char* file, int line, const char* condition,
                                   std::string_view message);

}  // namespace streamc

// STREAM_ASSERT(condition, format, arguments...): the message is only formatted on failure.
#define STREAM_ASSERT(condition, ...)                                     \
  do {                                                                    \
    if (!(condition)) [[unlikely]] {                                      \
      ::streamc::assertion_failed(__FILE__, __LINE__, #condition,         \
                                  ::fmt::format(__VA_ARGS__));            \
    }                                                                     \
  } while (false)

// For the place after an exhaustive switch, and for cases excluded by an earlier check.
#define STREAM_UNREACHABLE(...) \
  ::streamc::assertion_failed(__FILE__, __LINE__, "unreachable", ::fmt::format(__VA_ARGS__))
