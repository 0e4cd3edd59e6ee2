#include "compiler/support/assert.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace streamc {
namespace {

// The one mutable thread-wide variable of the compiler; it is only read when we are about to stop.
thread_local const AssertContext* innermost_context = nullptr;

}  // namespace

AssertContext::AssertContext(std::string text)
    : text_(std::move(text)), outer_(innermost_context) {
  innermost_context = this;
}

AssertContext::~AssertContext() { innermost_context = outer_; }

std::string assert_context_text() {
  std::string text;
  for (const AssertContext* context = innermost_context; context != nullptr;
       context = context->outer_) {
    text = text.empty() ? context->text_ : context->text_ + ": " + text;
  }
  return text;
}

void assertion_failed(const char* file, int line, const char* condition,
                      std::string_view message) {
  const std::string context = assert_context_text();
  fmt::print(stderr, "streamc: internal error{}{}: {}\n  {}:{}: assertion `{}` failed\n",
             context.empty() ? "" : " in ", context, message, file, line, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace streamc
