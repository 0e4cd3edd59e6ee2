// Ids and their tables, interned names, match() and Result.
#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "compiler/support/assert.h"
#include "compiler/support/ids.h"
#include "compiler/support/interner.h"
#include "compiler/support/match.h"
#include "compiler/support/result.h"

namespace streamc {
namespace {

using ThingId = Id<struct ThingTag>;

TEST_CASE("an id is invalid until it is given an index") {
  CHECK_FALSE(ThingId().valid());
  CHECK(ThingId(0).valid());
  CHECK(ThingId(3).index() == 3);
  CHECK(ThingId(1) < ThingId(2));
  CHECK(ThingId(2) < ThingId());
  CHECK(fmt::format("{} {}", ThingId(7), ThingId()) == "7 -");
}

TEST_CASE("an id map grows to what is written and gives defaults below") {
  IdMap<ThingId, std::string> map;
  map[ThingId(2)] = "two";
  CHECK(map.size() == 3);
  CHECK(map.at(ThingId(0)).empty());
  CHECK(map.at(ThingId(2)) == "two");
  CHECK(map.get(ThingId(9)).empty());
  CHECK(map.get(ThingId()).empty());
  map.set(ThingId(0), "zero");
  CHECK(map.values() == std::vector<std::string>{"zero", "", "two"});
}

TEST_CASE("an id set tells what is new to it") {
  IdSet<ThingId> set;
  CHECK(set.insert(ThingId(5)));
  CHECK_FALSE(set.insert(ThingId(5)));
  CHECK(set.contains(ThingId(5)));
  CHECK_FALSE(set.contains(ThingId(4)));
  CHECK_FALSE(set.contains(ThingId()));
  CHECK(set.count() == 1);
  CHECK(set.erase(ThingId(5)));
  CHECK_FALSE(set.erase(ThingId(5)));
  CHECK(set.empty());
}

TEST_CASE("equal texts are one name, numbered in the order of first use") {
  Interner names;
  const Name first = names.intern("alpha");
  const Name second = names.intern("beta");
  CHECK(names.intern("alpha") == first);
  CHECK(first.value() == 0);
  CHECK(second.value() == 1);
  CHECK(names.text(second) == "beta");
  CHECK(names.find("alpha") == first);
  CHECK_FALSE(names.find("gamma").valid());
  // Texts stay where they are while more come.
  const std::string_view text = names.text(first);
  for (int i = 0; i < 1000; ++i) names.intern(std::to_string(i));
  CHECK(text == "alpha");
  CHECK(names.size() == 1002);
}

TEST_CASE("match calls the function of the alternative") {
  const std::variant<int, std::string> number = 3;
  const std::variant<int, std::string> text = "abc";
  const auto size = [](const auto& variant) {
    return match(
        variant, [](int value) { return value; },
        [](const std::string& value) { return static_cast<int>(value.size()) * 10; });
  };
  CHECK(size(number) == 3);
  CHECK(size(text) == 30);
}

Result<int> half(int value) {
  if (value % 2 != 0) return fail("{} is odd", value);
  return value / 2;
}

TEST_CASE("a result is a value or the reason why there is none") {
  CHECK(half(4).value() == 2);
  CHECK_FALSE(half(3));
  CHECK(half(3).message() == "3 is odd");
  const Result<void> done;
  CHECK(done.has_value());
  const Result<void> failed = fail("no");
  CHECK_FALSE(failed.has_value());
  CHECK(failed.message() == "no");
}

TEST_CASE("contexts of assertions nest") {
  CHECK(assert_context_text().empty());
  const AssertContext outer("checking a.stream");
  {
    const AssertContext inner("fusing");
    CHECK(assert_context_text() == "checking a.stream: fusing");
  }
  CHECK(assert_context_text() == "checking a.stream");
}

}  // namespace
}  // namespace streamc
