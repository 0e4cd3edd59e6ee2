#include "runtime/buffer/item_check.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "runtime/base/leaves.h"

namespace streamrt {

namespace {

constexpr StreamRate kNoRate{0, 1};

// In lowest terms; 0/1 is what an absent one holds.
bool is_rate(const StreamRate& rate) {
  if (rate.denominator == 1) return rate.numerator >= 0;  // Nearly all of them.
  return rate.numerator >= 0 && rate.denominator > 0 &&
         std::gcd(rate.numerator, rate.denominator) == 1;
}

bool are_rates(const StreamRate* rates, std::size_t count) {
  return std::all_of(rates, rates + count, is_rate);
}

// Whether all are in [0, bound). The sign bit of `value | last - value` says whether one is not; a
// comparison of 64 bits is not among the vector instructions that every machine has.
bool are_indices(const std::int64_t* values, std::size_t count, std::int64_t bound) {
  const auto last = static_cast<std::uint64_t>(bound - 1);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<std::uint64_t>(values[i]);
    bits |= value | (last - value);
  }
  return count == 0 || static_cast<std::int64_t>(bits) >= 0;
}

// ---- all at once: what is true of nearly every frame
// -----------------------------------------------

struct Columns {
  const StreamLeaf* leaves;
  void* const* columns;
  std::size_t ticks;

  [[nodiscard]] Columns from(std::int32_t leaf) const {
    return {leaves + leaf, columns + leaf, ticks};
  }
  [[nodiscard]] std::size_t count() const {
    return ticks * static_cast<std::size_t>(leaves[0].count);
  }
};

// The elements of the first leaf, those of all views behind each other.
template <class T>
std::span<const T> elements_of(const Columns& part) {
  if (part.leaves[0].kind != STREAM_LEAF_VIEW) {
    return {static_cast<const T*>(part.columns[0]), part.count()};
  }
  const std::span views(static_cast<const StreamView*>(part.columns[0]), part.count());
  if (views.empty()) return {};
  std::size_t count = 0;
  for (const StreamView& view : views) count += static_cast<std::size_t>(view.count);
  return {static_cast<const T*>(views[0].data),
          count * static_cast<std::size_t>(part.leaves[0].view_count)};
}

bool have_equal_counts(const Columns& part, std::int32_t leaf_count) {
  const auto* const first = static_cast<const StreamView*>(part.columns[0]);
  for (std::int32_t leaf = 1; leaf < leaf_count; ++leaf) {
    const auto* const other = static_cast<const StreamView*>(part.columns[leaf]);
    for (std::size_t i = 0; i < part.count(); ++i) {
      if (first[i].count != other[i].count) return false;
    }
  }
  return true;
}

bool are_values(const StreamType& type, const Columns& part) {
  switch (type.kind) {
    case STREAM_TYPE_BOOL: {
      const auto flags = elements_of<std::uint8_t>(part);
      return are_flags(flags.data(), flags.size());
    }
    case STREAM_TYPE_ENUMERATION: {
      const auto values = elements_of<std::int64_t>(part);
      return are_indices(values.data(), values.size(), type.field_count);
    }
    case STREAM_TYPE_RATE: {
      const auto rates = elements_of<StreamRate>(part);
      return are_rates(rates.data(), rates.size());
    }
    case STREAM_TYPE_OPTION: {
      const auto flags = elements_of<std::uint8_t>(part);
      return are_flags(flags.data(), flags.size()) && are_values(*type.element, part.from(1));
    }
    case STREAM_TYPE_RECORD:
    case STREAM_TYPE_TUPLE: {
      std::int32_t leaf = 0;
      for (const StreamField& field : fields_of(type)) {
        if (!are_values(*field.type, part.from(leaf))) return false;
        leaf += field.type->leaf_count;
      }
      return true;
    }
    case STREAM_TYPE_ARRAY:
      return are_values(*type.element, part);
    case STREAM_TYPE_WINDOW:
      return (type.leaf_count < 2 || have_equal_counts(part, type.leaf_count)) &&
             are_values(*type.element, part);
    default:
      return true;
  }
}

// ---- one by one: something is no value, but perhaps nobody looks there
// -----------------------------

// `leaves`: one pointer for each leaf of the value.
bool mend(const StreamType& type, void* const* leaves, bool is_present);

// Becomes `zero` if it is no value. Whether it need not be one, or is.
template <class T>
bool mend_scalar(void* place, bool is_value, bool is_present, T zero) {
  if (!is_value && !is_present) *static_cast<T*>(place) = zero;
  return is_value || !is_present;
}

// `count` values, behind each other in each leaf.
bool mend_elements(const StreamType& element, const std::vector<void*>& leaves, std::int64_t count,
                   bool is_present) {
  std::vector<void*> places(leaves.size());
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      places[leaf] = static_cast<std::byte*>(leaves[leaf]) +
                     static_cast<std::size_t>(i) * leaf_item_size(element.leaves[leaf]);
    }
    if (!mend(element, places.data(), is_present)) return false;
  }
  return true;
}

bool mend_window(const StreamType& type, void* const* leaves, bool is_present) {
  const std::span pointers(leaves, static_cast<std::size_t>(type.leaf_count));
  if (pointers.empty()) return true;
  const auto view = [](void* leaf) -> StreamView& { return *static_cast<StreamView*>(leaf); };
  const std::int64_t count = view(pointers[0]).count;
  const bool are_equal = std::all_of(pointers.begin(), pointers.end(),
                                     [&](void* leaf) { return view(leaf).count == count; });
  if (!are_equal) {
    for (void* const leaf : pointers) (void)mend_scalar(leaf, false, is_present, StreamView{});
    return !is_present;
  }
  std::vector<void*> elements;
  for (void* const leaf : pointers) elements.push_back(const_cast<void*>(view(leaf).data));
  return mend_elements(*type.element, elements, count, is_present);
}

bool mend_members(const StreamType& type, void* const* leaves, bool is_present) {
  for (const StreamField& field : fields_of(type)) {
    if (!mend(*field.type, leaves, is_present)) return false;
    leaves += field.type->leaf_count;
  }
  return true;
}

bool mend(const StreamType& type, void* const* leaves, bool is_present) {
  switch (type.kind) {
    case STREAM_TYPE_BOOL:
      return mend_scalar(leaves[0], are_flags(static_cast<std::uint8_t*>(leaves[0]), 1), is_present,
                         std::uint8_t{0});
    case STREAM_TYPE_ENUMERATION: {
      const auto value = *static_cast<std::int64_t*>(leaves[0]);
      return mend_scalar(leaves[0], value >= 0 && value < type.field_count, is_present,
                         std::int64_t{0});
    }
    case STREAM_TYPE_RATE:
      return mend_scalar(leaves[0], is_rate(*static_cast<StreamRate*>(leaves[0])), is_present,
                         kNoRate);
    case STREAM_TYPE_OPTION: {
      const auto* const flag = static_cast<std::uint8_t*>(leaves[0]);
      return mend_scalar(leaves[0], *flag <= 1, is_present, std::uint8_t{0}) &&
             mend(*type.element, leaves + 1, is_present && *flag == 1);
    }
    case STREAM_TYPE_RECORD:
    case STREAM_TYPE_TUPLE:
      return mend_members(type, leaves, is_present);
    case STREAM_TYPE_ARRAY:
      return mend_elements(*type.element, std::vector(leaves, leaves + type.leaf_count),
                           type.length, is_present);
    case STREAM_TYPE_WINDOW:
      return mend_window(type, leaves, is_present);
    default:
      return true;
  }
}

}  // namespace

bool are_flags(const std::uint8_t* bytes, std::size_t count) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < count; ++i) bits |= bytes[i];
  return bits <= 1;
}

bool are_all_values(const StreamType& type, void* const* columns, std::int64_t ticks) {
  return are_values(type, {leaves_of(type).data(), columns, static_cast<std::size_t>(ticks)});
}

bool check_items(const StreamType& type, void* const* columns, std::int64_t ticks,
                 const std::uint8_t* valid) {
  const std::span<const StreamLeaf> leaves = leaves_of(type);
  if (are_all_values(type, columns, ticks)) return true;
  std::vector<void*> places(leaves.size());
  for (std::int64_t tick = 0; tick < ticks; ++tick) {
    for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      places[leaf] = static_cast<std::byte*>(columns[leaf]) +
                     static_cast<std::size_t>(tick) * leaf_item_size(leaves[leaf]);
    }
    if (!mend(type, places.data(), valid == nullptr || valid[tick] != 0)) return false;
  }
  return true;
}

}  // namespace streamrt
