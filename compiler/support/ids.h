// Typed 32-bit ids, and the tables that are keyed by them.
//
// Things of the compiler (expressions, operators, types) live in vectors and are named by an
// Id<Tag>: small, stable when the vector grows, sortable, printable. Facts that a later phase learns
// about them live in IdMap side tables, so that no phase changes the output of an earlier one.
#pragma once

#include <fmt/format.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "compiler/support/assert.h"

namespace streamc {

// A default-constructed id is invalid: it names nothing.
template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::size_t index) : value_(static_cast<std::uint32_t>(index)) {}

  constexpr bool valid() const { return value_ != kInvalid; }
  constexpr explicit operator bool() const { return valid(); }
  constexpr std::size_t index() const { return value_; }
  constexpr std::uint32_t value() const { return value_; }

  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  static constexpr std::uint32_t kInvalid = 0xffff'ffff;
  std::uint32_t value_ = kInvalid;
};

// A dense table from ids to values: one entry per id up to the largest one written; entries never
// written hold a default-constructed T.
template <class IdType, class T>
class IdMap {
 public:
  IdMap() = default;
  explicit IdMap(std::size_t count) : values_(count) {}

  // Grows to hold `id`.
  typename std::vector<T>::reference operator[](IdType id) {
    STREAM_ASSERT(id.valid(), "an invalid id is no key");
    if (id.index() >= values_.size()) values_.resize(id.index() + 1);
    return values_[id.index()];
  }

  // The entry of `id`, which must have been written (or lie below one that was).
  typename std::vector<T>::const_reference at(IdType id) const {
    STREAM_ASSERT(id.valid() && id.index() < values_.size(), "no entry for id {} of {}", id.value(),
                  values_.size());
    return values_[id.index()];
  }
  typename std::vector<T>::const_reference operator[](IdType id) const { return at(id); }

  // The entry of `id`, or a default-constructed T where there is none.
  T get(IdType id) const {
    return id.valid() && id.index() < values_.size() ? T(values_[id.index()]) : T();
  }

  void set(IdType id, T value) { (*this)[id] = std::move(value); }

  std::size_t size() const { return values_.size(); }
  void clear() { values_.clear(); }
  // All entries, by ascending id.
  const std::vector<T>& values() const { return values_; }

 private:
  std::vector<T> values_;
};

// A set of ids, one bit each.
template <class IdType>
class IdSet {
 public:
  IdSet() = default;
  // Room for ids below `count`; larger ones grow the set.
  explicit IdSet(std::size_t count) : bits_(count) {}

  // False if `id` was in the set already.
  bool insert(IdType id) {
    STREAM_ASSERT(id.valid(), "an invalid id belongs to no set");
    if (id.index() >= bits_.size()) bits_.resize(id.index() + 1);
    if (bits_[id.index()]) return false;
    bits_[id.index()] = true;
    ++count_;
    return true;
  }

  // False if `id` was not in the set.
  bool erase(IdType id) {
    if (!contains(id)) return false;
    bits_[id.index()] = false;
    --count_;
    return true;
  }

  bool contains(IdType id) const {
    return id.valid() && id.index() < bits_.size() && bits_[id.index()];
  }
  std::size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  void clear() {
    bits_.clear();
    count_ = 0;
  }

 private:
  std::vector<bool> bits_;
  std::size_t count_ = 0;
};

}  // namespace streamc

template <class Tag>
struct std::hash<streamc::Id<Tag>> {
  std::size_t operator()(streamc::Id<Tag> id) const noexcept {
    return std::hash<std::uint32_t>()(id.value());
  }
};

// Prints as the bare number, or `-` when invalid.
template <class Tag>
struct fmt::formatter<streamc::Id<Tag>> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(streamc::Id<Tag> id, Context& context) const {
    return id.valid() ? fmt::format_to(context.out(), "{}", id.value())
                      : fmt::format_to(context.out(), "-");
  }
};
