#include "runtime/base/arena.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>

namespace streamrt {

TEST_CASE("an arena hands out aligned, disjoint memory") {
  Arena arena;
  std::byte* last_end = nullptr;
  for (std::size_t size = 0; size < 5000; size += 7) {
    auto* const memory = static_cast<std::byte*>(arena.allocate(size));
    CHECK(reinterpret_cast<std::uintptr_t>(memory) % 64 == 0);
    std::memset(memory, 1, size);
    if (last_end != nullptr && memory >= last_end - 1) CHECK(memory >= last_end);
    last_end = memory + size;
  }
  CHECK(arena.allocate(0) != nullptr);
}

TEST_CASE("texts are copied, and the memory is used again after a reset") {
  Arena arena;
  std::string original = "hello";
  const StreamText copy = arena.copy(text_of(original));
  original = "other";
  CHECK(view_of(copy) == "hello");
  CHECK(view_of(arena.copy({nullptr, 0})).empty());
  arena.allocate(100'000);
  arena.reset();
  CHECK(arena.used_bytes() == 0);
  void* const first = arena.allocate(100'000);
  arena.reset();
  CHECK(arena.allocate(100'000) == first);
}

}  // namespace streamrt
