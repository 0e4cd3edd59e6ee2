#include "runtime/agent/restart_point.h"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <vector>

namespace streamrt {

namespace {

struct Memory {
  explicit Memory(const RestartShape& shape)
      : bytes(static_cast<std::byte*>(std::aligned_alloc(64, RestartPage::bytes(shape)))) {
    std::memset(bytes.get(), 0, RestartPage::bytes(shape));
  }
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> bytes;
};

void fill(const RestartPoint& point, std::int64_t value) {
  for (InletPoint& inlet : point.inlets) inlet.consumed = value;
  for (OutletPoint& outlet : point.outlets) outlet.written = value;
  for (RegionPoint& region : point.regions) region.last_stamp = value;
  for (std::int64_t& failed : point.failed) failed = value;
  for (std::byte& byte : point.states) byte = static_cast<std::byte>(value);
}

bool is_filled(const RestartPoint& point, std::int64_t value) {
  bool all = true;
  for (const InletPoint& inlet : point.inlets) all = all && inlet.consumed == value;
  for (const OutletPoint& outlet : point.outlets) all = all && outlet.written == value;
  for (const RegionPoint& region : point.regions) all = all && region.last_stamp == value;
  for (const std::int64_t failed : point.failed) all = all && failed == value;
  for (const std::byte byte : point.states) all = all && byte == static_cast<std::byte>(value);
  return all;
}

}  // namespace

TEST_CASE("a point holds from when it is put in force, and one that was being written does not") {
  const RestartShape shape{.inlets = 3, .outlets = 2, .regions = 4, .sites = 5, .state_bytes = 77};
  const Memory memory(shape);
  RestartPage page(memory.bytes.get(), shape);
  CHECK(page.number() == 0);
  for (std::int64_t value = 1; value < 10; ++value) {
    fill(page.next(), value);
    if (value > 1) CHECK(is_filled(page.newest(), value - 1));
    page.put_in_force();
    // Whoever comes after the one that wrote it.
    const RestartPage successor(memory.bytes.get(), shape);
    CHECK(successor.number() == static_cast<std::uint64_t>(value));
    CHECK(is_filled(successor.newest(), value));
  }
  CHECK(page.told_failures().size() == 5);
  CHECK(page.told_failures()[4].state == ToldFailure::None);
}

TEST_CASE("after inputs were let go of, the next point counts") {
  const RestartShape shape{.inlets = 1};
  const Memory memory(shape);
  RestartPage page(memory.bytes.get(), shape);
  CHECK_FALSE(page.has_let_go());
  page.set_let_go();
  CHECK(page.has_let_go());
  page.put_in_force();
  CHECK_FALSE(page.has_let_go());
}

}  // namespace streamrt
