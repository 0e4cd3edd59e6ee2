#include "compiler/driver/expectations.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "compiler/sema/value_text.h"

namespace streamc {
namespace {

// Lines about one expectation before the rest is only counted.
constexpr std::size_t kMaxDifferences = 10;

// Floats are equal with every NaN equal to itself: a test that expects one can say so.
bool equal_floats(double a, double b, double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::fabs(a - b) <= tolerance;
}

bool within(const Value& a, const Value& b, double tolerance, const TypeTable& types) {
  switch (types.kind(a.type_id)) {
    case TypeKind::Float:
      return equal_floats(a.real, b.real, tolerance);
    case TypeKind::Time:
    case TypeKind::Duration:
      return std::fabs(static_cast<double>(a.integer) - static_cast<double>(b.integer)) <= tolerance;
    case TypeKind::Record:
    case TypeKind::Tuple:
    case TypeKind::Array:
    case TypeKind::Window:
      return std::ranges::equal(a.parts, b.parts, [&](const Value& left, const Value& right) {
        return within(left, right, tolerance, types);
      });
    case TypeKind::Option:
      return a.present == b.present && (!a.present || within(a.parts[0], b.parts[0], tolerance, types));
    case TypeKind::String:
      return a.text == b.text;
    case TypeKind::Rate:
      return a.rate == b.rate;
    default:
      return a.integer == b.integer;
  }
}

std::string stamp_text(std::int64_t stamp, const TypeTable& types) {
  Value time;
  time.type_id = types.scalar(TypeKind::Time);
  time.integer = stamp;
  return text_of(time, types);
}

// An item as a message shows it; the stamp where it matters.
std::string item_text(const std::optional<Value>& value, std::optional<std::int64_t> stamp, const TypeTable& types) {
  std::string text = value ? text_of(*value, types) : "a failed item";
  if (value && types.kind(value->type_id) == TypeKind::String) text = fmt::format("\"{}\"", text);
  if (stamp) text += " at " + stamp_text(*stamp, types);
  return text;
}

// One expected item, wherever it comes from.
struct Expected {
  std::optional<Value> value;
  std::optional<std::int64_t> stamp;
};

std::vector<Expected> expected_items(const Expectation& expectation, const std::vector<ObservedStream>& streams) {
  std::vector<Expected> items;
  if (expectation.other_capture_index) {
    for (const ObservedItem& item : streams[*expectation.other_capture_index].items) {
      items.push_back({item.value, std::nullopt});
    }
    return items;
  }
  for (const ExpectedElement& element : expectation.elements) {
    items.push_back({element.is_hole ? std::nullopt : std::optional(element.value), element.stamp});
  }
  return items;
}

}  // namespace

std::vector<std::string> compare(const Expectation& expectation, const std::vector<ObservedStream>& streams,
                                 const TypeTable& types) {
  const ObservedStream& observed = streams[expectation.capture_index];
  const std::vector<Expected> expected = expected_items(expectation, streams);
  const double tolerance = expectation.tolerance.value_or(0.0);

  std::vector<std::string> differences;
  const std::size_t count = std::max(expected.size(), observed.items.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::string wanted = "nothing";
    std::string found = "nothing";
    bool equal = i < expected.size() && i < observed.items.size();
    if (equal) {
      const Expected& want = expected[i];
      const ObservedItem& have = observed.items[i];
      equal = want.value.has_value() == have.value.has_value() &&
              (!want.value || within(*want.value, *have.value, tolerance, types)) &&
              (!want.stamp || std::fabs(static_cast<double>(*want.stamp) - static_cast<double>(have.stamp)) <= tolerance);
    }
    if (equal) continue;
    if (++different > kMaxDifferences) continue;
    const bool with_stamp = i < expected.size() && expected[i].stamp.has_value() && observed.has_times;
    if (i < expected.size()) wanted = item_text(expected[i].value, expected[i].stamp, types);
    if (i < observed.items.size()) {
      const ObservedItem& have = observed.items[i];
      found = item_text(have.value, with_stamp ? std::optional(have.stamp) : std::nullopt, types);
    }
    differences.push_back(fmt::format("item {}: expected {}, but it is {}", i, wanted, found));
  }
  if (different > kMaxDifferences) {
    differences.push_back(fmt::format("and {} more", different - kMaxDifferences));
  }
  return differences;
}

}  // namespace streamc
