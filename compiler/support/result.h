// Result<T>: a value, or the reason why the world (a file, a socket, a linker) did not give one.
//
// Shaped like std::expected, which GCC 12 lacks. Mistakes in the user's program do not travel this
// way: they are reported to the DiagnosticSink.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "compiler/support/assert.h"

namespace streamc {

// What went wrong, in the words of a message: lower case, no full stop.
struct Failure {
  std::string message;
};

// Shorthand for returning a failure: `return fail("cannot open `{}`: {}", path, reason);`
template <class... Arguments>
Failure fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return Failure{fmt::format(format, std::forward<Arguments>(arguments)...)};
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    check();
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    check();
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    check();
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only to be asked of a Result without a value.
  const Failure& failure() const {
    STREAM_ASSERT(!has_value(), "the failure of a success was asked for");
    return *std::get_if<1>(&state_);
  }
  const std::string& message() const { return failure().message; }

 private:
  void check() const {
    STREAM_ASSERT(has_value(), "an unchecked failure: {}", std::get_if<1>(&state_)->message);
  }
  std::variant<T, Failure> state_;
};

// Success without a value: `return {};`
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failure_(std::move(failure)), failed_(true) {}

  bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  const Failure& failure() const {
    STREAM_ASSERT(failed_, "the failure of a success was asked for");
    return failure_;
  }
  const std::string& message() const { return failure().message; }

 private:
  Failure failure_;
  bool failed_ = false;
};

}  // namespace streamc
