#include "runtime/base/arena.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <string>

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

TEST_CASE("a size that no machine can hold is refused as memory is that is not there") {
  CHECK(memory_size(0) == 0);
  CHECK(memory_size(100'000'000) == 100'000'000);
  CHECK_THROWS_AS((void)memory_size(-1), std::bad_alloc);
  CHECK_THROWS_AS((void)memory_size(INT64_MAX), std::bad_alloc);
}

}  // namespace streamrt
