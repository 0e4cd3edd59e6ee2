#include "runtime/buffer/frame_ring.h"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace streamrt {

namespace {

// Memory for a ring, aligned and zeroed.
class RingMemory {
 public:
  explicit RingMemory(std::size_t capacity)
      : bytes_(static_cast<std::byte*>(::operator new(ring_bytes(capacity), std::align_val_t{64}))) {
    std::memset(bytes_.get(), 0, ring_bytes(capacity));
    new (bytes_.get()) RingHeader;
  }
  [[nodiscard]] void* get() const { return bytes_.get(); }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { ::operator delete(bytes, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte, Free> bytes_;
};

std::byte pattern(std::uint64_t frame, std::size_t index) {
  return static_cast<std::byte>(frame * 31 + index);
}

}  // namespace

TEST_CASE("frames of any size come out whole and in order, between two threads") {
  constexpr std::size_t kCapacity = 4096;
  constexpr std::uint64_t kFrames = 200'000;
  const RingMemory memory(kCapacity);
  const auto size_of = [](std::uint64_t frame) {
    std::mt19937_64 random(frame);
    return static_cast<std::size_t>(random() % (kCapacity / 4 - 8 + 1));
  };
  std::thread producer([&] {
    FrameWriter writer(memory.get(), kCapacity);
    for (std::uint64_t frame = 0; frame < kFrames; ++frame) {
      const std::size_t size = size_of(frame);
      std::byte* out = nullptr;
      while ((out = writer.reserve(size)) == nullptr) std::this_thread::yield();
      for (std::size_t i = 0; i < size; i += 61) out[i] = pattern(frame, i);
      writer.publish(1);
    }
    while (!writer.is_drained()) std::this_thread::yield();
    CHECK(writer.items_on_the_way() == 0);
  });
  FrameReader reader(memory.get(), kCapacity);
  std::uint64_t wrong = 0;
  for (std::uint64_t frame = 0; frame < kFrames;) {
    const std::span<const std::byte> bytes = reader.front();
    if (bytes.data() == nullptr) {
      std::this_thread::yield();
      continue;
    }
    if (bytes.size() != size_of(frame)) ++wrong;
    for (std::size_t i = 0; i < bytes.size(); i += 61) wrong += bytes[i] != pattern(frame, i) ? 1 : 0;
    reader.pop(1);
    ++frame;
  }
  producer.join();
  CHECK(wrong == 0);
  CHECK(reader.is_empty());
}

TEST_CASE("indices wrap at 2^32") {
  constexpr std::size_t kCapacity = 1 << 16;
  const RingMemory memory(kCapacity);
  FrameWriter writer(memory.get(), kCapacity);
  FrameReader reader(memory.get(), kCapacity);
  const std::size_t size = writer.largest_frame();
  std::uint64_t bytes = 0;
  for (std::uint64_t frame = 0; bytes < (std::uint64_t{1} << 32) + (std::uint64_t{1} << 20); ++frame) {
    std::byte* const out = writer.reserve(size);
    REQUIRE(out != nullptr);
    out[0] = pattern(frame, 0);
    writer.publish(3);
    REQUIRE(reader.front().size() == size);
    REQUIRE(reader.front()[0] == pattern(frame, 0));
    reader.pop(3);
    bytes += size;
  }
  CHECK(writer.items_on_the_way() == 0);
}

TEST_CASE("a full ring has no room until the reader is done with a frame") {
  constexpr std::size_t kCapacity = 1024;
  const RingMemory memory(kCapacity);
  FrameWriter writer(memory.get(), kCapacity);
  FrameReader reader(memory.get(), kCapacity);
  int count = 0;
  while (writer.reserve(200) != nullptr) {
    writer.publish(1);
    ++count;
  }
  CHECK(count >= 3);
  CHECK(writer.items_on_the_way() == static_cast<std::uint32_t>(count));
  reader.pop(1);
  CHECK(writer.reserve(200) != nullptr);
  CHECK_FALSE(writer.is_closed());
  reader.close();
  CHECK(writer.is_closed());
}

TEST_CASE("another writer goes on where one died, and what that one had only reserved is not there") {
  constexpr std::size_t kCapacity = 1024;
  const RingMemory memory(kCapacity);
  FrameReader reader(memory.get(), kCapacity);
  std::uint64_t frame = 0;
  for (int life = 0; life < 50; ++life) {
    FrameWriter writer(memory.get(), kCapacity);
    CHECK(writer.items_published() == frame);
    CHECK(writer.note() == frame % 8);
    std::byte* out = nullptr;
    const std::uint64_t last = frame + static_cast<std::uint64_t>(life % 6);
    while ((out = writer.reserve(100 + frame % 7)) != nullptr && frame < last) {
      out[0] = pattern(frame, 0);
      ++frame;
      writer.publish(1, static_cast<std::uint32_t>(frame % 8));
    }
    if (out != nullptr) {  // It dies before this one is published.
      out[0] = std::byte{0xff};
      FrameWriter next(memory.get(), kCapacity);
      std::byte* const again = next.reserve(100 + frame % 7);
      REQUIRE(again != nullptr);
      again[0] = pattern(frame, 0);
      ++frame;
      next.publish(1, static_cast<std::uint32_t>(frame % 8));
    }
    for (std::uint64_t read = frame - FrameWriter(memory.get(), kCapacity).items_on_the_way(); read < frame; ++read) {
      REQUIRE_FALSE(reader.is_empty());
      CHECK(reader.front()[0] == pattern(read, 0));
      reader.pop(1);
    }
    CHECK(reader.is_empty());
  }
  CHECK(frame > 100);
}

TEST_CASE("frames that were read and not released stay, and another reader finds them") {
  constexpr std::size_t kCapacity = 1024;
  const RingMemory memory(kCapacity);
  FrameWriter writer(memory.get(), kCapacity);
  std::mt19937_64 random(7);
  std::uint64_t written = 0;
  std::uint64_t released = 0;
  std::uint32_t place = 0;
  for (int life = 0; life < 2000; ++life) {
    FrameReader reader(memory.get(), kCapacity);
    reader.resume(place);
    const auto write = [&] {
      while (std::byte* const out = writer.reserve(50 + written % 90)) {
        out[0] = pattern(written++, 0);
        writer.publish(1);
      }
    };
    write();
    for (std::uint64_t read = released; !reader.is_empty() && random() % 9 != 0; ++read) {
      REQUIRE(reader.front().size() == 50 + read % 90);
      REQUIRE(reader.front()[0] == pattern(read, 0));
      reader.pass();
      CHECK(reader.held_bytes() > 0);
      if (random() % 3 != 0) continue;
      released = read + 1;
      place = reader.place();
      reader.release(place, static_cast<std::uint32_t>(released));
      CHECK(reader.held_bytes() == 0);
      CHECK(writer.items_on_the_way() == written - released);
      write();
    }
  }
  CHECK(released > 1000);
}

}  // namespace streamrt
