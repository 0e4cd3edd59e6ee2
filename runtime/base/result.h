// Result<T>: a value, or the reason why the world (a file, a device, a pipe) did not give one.
//
// Shaped like std::expected, which GCC 12 lacks. Failed *items* do not travel this way: they are
// holes, counted at their site (agent/failures.h).
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "runtime/base/assert.h"

namespace streamrt {

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
  // Also from what converts to a T: a unique_ptr to a derived class, a literal.
  template <class U>
    requires(std::convertible_to<U &&, T> && !std::same_as<std::remove_cvref_t<U>, Failure>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() {
    STREAM_CHECK(has_value(), "an unchecked failure");
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    STREAM_CHECK(has_value(), "an unchecked failure");
    return *std::get_if<0>(&state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only to be asked of a Result without a value.
  const Failure& failure() const {
    STREAM_CHECK(!has_value(), "the failure of a success was asked for");
    return *std::get_if<1>(&state_);
  }
  const std::string& message() const { return failure().message; }

 private:
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
    STREAM_CHECK(failed_, "the failure of a success was asked for");
    return failure_;
  }
  const std::string& message() const { return failure().message; }

 private:
  Failure failure_;
  bool failed_ = false;
};

}  // namespace streamrt
