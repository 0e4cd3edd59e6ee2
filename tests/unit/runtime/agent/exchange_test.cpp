#include "runtime/agent/exchange.h"

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>

#include "tests/unit/runtime/test_types.h"

namespace streamrt {

using namespace test;

namespace {

// Two ends of one channel.
struct Channel {
  explicit Channel(const StreamType& type, std::int64_t capacity = 1 << 16)
      : description{&type, 0, 1, "q"},
        memory(static_cast<std::byte*>(std::aligned_alloc(64, ring_bytes(kBytes)))),
        from(description),
        to(description) {
    std::memset(memory.get(), 0, ring_bytes(kBytes));
    new (memory.get()) RingHeader;
    const Doorbell bell(state, fd);
    outlet = std::make_unique<Outlet>(from, FrameWriter(memory.get(), kBytes), capacity, bell);
    inlet = std::make_unique<Inlet>(to, FrameReader(memory.get(), kBytes), bell);
  }
  ~Channel() { ::close(fd); }

  void write(const std::string& text, std::int64_t stamp) {
    StreamOutput out;
    from.reserve(1, out);
    static_cast<StreamText*>(out.columns[0])[0] = text_of(text);
    out.stamps[0] = stamp;
    from.commit(1, PayloadLifetime::Batch);
    from.advance_frontier(stamp);
  }
  std::string read() {
    const StreamBatch batch = to.batch(1);
    std::string text(view_of(static_cast<const StreamText*>(batch.columns[0])[0]));
    to.consume(1);
    return text;
  }

  static constexpr std::size_t kBytes = 4096;
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  DoorbellState state;
  int fd = ::eventfd(0, EFD_NONBLOCK);
  StreamQueue description;
  std::unique_ptr<std::byte, Free> memory;
  ColumnQueue from;
  ColumnQueue to;
  std::unique_ptr<Outlet> outlet;
  std::unique_ptr<Inlet> inlet;
};

}  // namespace

TEST_CASE("an item larger than the ring crosses in pieces, and its neighbours stay in order") {
  Channel channel(string_type());
  const std::string large(1'000'000, 'x');
  channel.write("before", 1);
  channel.write(large, 2);
  channel.write("after", 3);
  channel.from.end(3);
  for (int i = 0; i < 10'000 && !channel.to.has_ended(); ++i) {
    channel.outlet->send(1024);
    REQUIRE(channel.inlet->receive(100).has_value());
  }
  REQUIRE(channel.to.size() == 3);
  CHECK(channel.read() == "before");
  CHECK(channel.read() == large);
  CHECK(channel.read() == "after");
  CHECK(channel.to.is_finished());
  CHECK(channel.outlet->is_finished());
}

TEST_CASE("no more items than the capacity are on the way") {
  Channel channel(string_type(), 2);
  for (int i = 0; i < 5; ++i) channel.write(std::to_string(i), i);
  channel.outlet->send(1024);
  CHECK(channel.from.size() == 3);
  REQUIRE(channel.inlet->receive(100).has_value());
  CHECK(channel.to.size() == 2);
  channel.outlet->send(1024);
  CHECK(channel.from.size() == 1);
}

TEST_CASE("a frontier travels without items, and a reader that has enough closes its writer") {
  Channel channel(string_type());
  channel.from.advance_frontier(70);
  CHECK(channel.outlet->send(1024));
  CHECK_FALSE(channel.outlet->send(1024));
  REQUIRE(channel.inlet->receive(100).has_value());
  CHECK(channel.to.frontier() == 70);
  channel.to.close();
  REQUIRE(channel.inlet->receive(100).has_value());
  CHECK(channel.outlet->send(1024));
  CHECK(channel.from.is_closed());
  CHECK(channel.outlet->is_finished());
}

}  // namespace streamrt
