#include "runtime/agent/exchange.h"

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "runtime/buffer/item_frame.h"
#include "tests/unit/runtime/test_types.h"

namespace streamrt {

using namespace test;

namespace {

// Two ends of one channel.
struct Channel {
  explicit Channel(const StreamType& type, std::int64_t capacity = 1 << 16, int when_full = STREAM_FULL_WAIT,
                   std::size_t bytes = kBytes)
      : ring_size(bytes),
        description{.type = &type, .has_stamps = 1, .name = "q", .when_full = when_full, .keep_every = 3},
        memory(static_cast<std::byte*>(std::aligned_alloc(64, ring_bytes(ring_size)))),
        from(description),
        to(description) {
    std::memset(memory.get(), 0, ring_bytes(ring_size));
    new (memory.get()) RingHeader;
    const Doorbell bell(state, fd);
    outlet = std::make_unique<Outlet>(from, FrameWriter(memory.get(), ring_size), capacity, bell);
    inlet = std::make_unique<Inlet>(to, FrameReader(memory.get(), ring_size), bell);
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

  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  static constexpr std::size_t kBytes = 4096;
  std::size_t ring_size;
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

TEST_CASE("a few items wait for others while the reader has much to do, and only then") {
  Channel channel(string_type());
  std::int64_t stamp = 0;
  const auto write = [&] { channel.write("x", ++stamp); };
  const auto count_arrived = [&] {
    REQUIRE(channel.inlet->receive(std::int64_t{1} << 20).has_value());
    return channel.to.size();
  };
  // Nobody reads, but that the reader has much to do is known only after some.
  int sent_at_once = 0;
  for (int i = 0; i < 40; ++i) {
    write();
    sent_at_once += channel.outlet->send_unless_few(1024) ? 1 : 0;
  }
  CHECK(sent_at_once >= 16);
  CHECK(sent_at_once < 40);
  // Many are no longer few.
  for (int i = 0; i < 100; ++i) write();
  CHECK(channel.outlet->send_unless_few(1024));
  CHECK(count_arrived() == 140);
  // The reader has nothing left to do, which is seen after a while.
  int held_back = 0;
  write();
  while (!channel.outlet->send_unless_few(1024)) {
    ++held_back;
    write();
  }
  CHECK(held_back <= 16);
  CHECK(count_arrived() == 141 + held_back);
  write();
  CHECK(channel.outlet->send_unless_few(1024));
  // An end waits for nothing, nor does what is asked for as a whole.
  for (int i = 0; i < 40; ++i) {
    write();
    (void)channel.outlet->send_unless_few(1024);
  }
  CHECK_FALSE(channel.from.is_empty());
  CHECK(channel.outlet->send(1024));
  CHECK(channel.from.is_empty());
  write();
  channel.from.end(stamp);
  CHECK(channel.outlet->send_unless_few(1024));
  CHECK(channel.outlet->is_finished());
  CHECK(count_arrived() == stamp);
}

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

TEST_CASE("items come as they went, whether they are read in the ring or copied") {
  Channel channel(int_type(), 1 << 16, STREAM_FULL_WAIT, std::size_t{1} << 17);
  std::mt19937 random(5);
  std::int64_t written = 0;
  std::int64_t read = 0;
  int times_in_ring = 0;
  while (read < 200'000) {
    StreamOutput out;
    const std::int64_t count = 1 + random() % (random() % 4 == 0 ? 20 : 1000);
    if (channel.from.size() < 5000) {
      channel.from.reserve(count, out);
      for (std::int64_t i = 0; i < count; ++i) {
        out.stamps[i] = written;
        static_cast<std::int64_t*>(out.columns[0])[i] = written++;
      }
      channel.from.commit(count, PayloadLifetime::Batch);
      channel.from.advance_frontier(written);
    }
    channel.outlet->send(1024);
    REQUIRE(channel.inlet->receive(1024).has_value());
    times_in_ring += channel.to.is_borrowing() ? 1 : 0;
    const std::int64_t wanted = random() % 3 == 0 ? channel.to.size() : channel.to.size() / 3;
    const StreamBatch batch = channel.to.batch(wanted);
    for (std::int64_t i = 0; i < wanted; ++i) {
      REQUIRE(static_cast<const std::int64_t*>(batch.columns[0])[i] == read);
      REQUIRE(batch.stamps[i] == read++);
    }
    channel.to.consume(wanted);
  }
  CHECK(times_in_ring > 50);
  CHECK(read <= written);
  // What nobody took is copied, so that the writer has its room back.
  while (channel.outlet->send(1024)) REQUIRE(channel.inlet->receive(std::int64_t{1} << 20).has_value());
  REQUIRE(channel.inlet->receive(std::int64_t{1} << 20).has_value());
  CHECK_FALSE(channel.to.is_borrowing());
  CHECK(channel.to.size() == written - read);
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

TEST_CASE("a later life of a writer knows how far the earlier one came") {
  Channel channel(string_type());
  FrameReader reader(channel.memory.get(), Channel::kBytes);  // Beside the inlet, which sees nothing.
  SentState state;
  const auto note_all = [&] {
    while (!reader.is_empty()) {
      note_sent(reader.front(), state);
      reader.pop(items_in_frame(reader.front()).value());
    }
  };
  channel.write("one", 5);
  channel.write("two", 7);
  channel.outlet->send(1024);
  note_all();
  CHECK(state.stamp_floor == 8);  // No later item has the stamp of one that was sent.
  channel.from.advance_frontier(20);
  channel.outlet->send(1024);
  note_all();
  CHECK(state.stamp_floor == 20);
  CHECK_FALSE(state.is_in_pieces);
  channel.write(std::string(10'000, 'x'), 30);
  channel.outlet->send(1024);
  note_all();
  CHECK(state.is_in_pieces);
  CHECK(state.stamp_floor == 31);
  for (int i = 0; i < 20; ++i) {
    channel.outlet->send(1024);
    note_all();
  }
  CHECK_FALSE(state.is_in_pieces);
  CHECK(state.stamp_floor == 31);
  CHECK_FALSE(state.has_ended);
  channel.from.end(40);
  channel.outlet->send(1024);
  note_all();
  CHECK(state.has_ended);
}

// ---- what somebody else may write into the ring --------------------------------------------------

namespace {

// A frame of two items of an int queue with stamps, or of none and the END.
std::vector<std::byte> ints(Channel& channel, std::int64_t count, bool is_end = false) {
  ColumnQueue queue(channel.description);
  StreamOutput out;
  queue.reserve(2, out);
  for (int i = 0; i < 2; ++i) static_cast<std::int64_t*>(out.columns[0])[i] = out.stamps[i] = i;
  queue.commit(2, PayloadLifetime::Queue);
  const StreamBatch items = queue.batch(count);
  std::vector<std::byte> frame(frame_size(channel.description, items));
  FrameProgress progress;
  progress.is_end = is_end;
  progress.end_stamp = 1;
  write_frame(channel.description, items, progress, frame.data());
  return frame;
}

struct Forger {
  explicit Forger(Channel& channel) : writer(channel.memory.get(), Channel::kBytes) {}

  void put(std::uint64_t part, std::span<const std::byte> bytes) {
    std::vector<std::byte> frame(sizeof part);
    std::memcpy(frame.data(), &part, sizeof part);
    frame.insert(frame.end(), bytes.begin(), bytes.end());
    put(frame);
  }
  // As a gateway does: what is no frame does not get into the ring by it.
  void put(std::span<const std::byte> frame) {
    std::byte* const out = writer.reserve(frame.size());
    REQUIRE(out != nullptr);
    if (!frame.empty()) std::memcpy(out, frame.data(), frame.size());
    writer.publish(items_in_frame(frame).value_or(0));
  }

  FrameWriter writer;
};

constexpr std::uint64_t kWhole = 0;
constexpr std::uint64_t kPiece = 1;
constexpr std::uint64_t kLastPiece = 2;
constexpr std::uint64_t kFirstPiece = 4;

}  // namespace

TEST_CASE("as many items leave a ring as were counted into it") {
  Channel channel(int_type());
  Forger forger(channel);
  const std::vector<std::byte> two = ints(channel, 2);
  forger.put(kWhole, two);
  CHECK(forger.writer.items_on_the_way() == 2);
  REQUIRE(channel.inlet->receive(100).has_value());
  CHECK(forger.writer.items_on_the_way() == 0);
  // Pieces are counted as one item, so they may not be those of more, or of none.
  for (const std::int64_t count : {2, 0}) {
    Channel other(int_type());
    Forger pieces(other);
    const std::vector<std::byte> frame = ints(other, count);
    pieces.put(kFirstPiece, std::span(frame).first(8));
    pieces.put(kLastPiece, std::span(frame).subspan(8));
    CHECK_FALSE(other.inlet->receive(100).has_value());
    CHECK(other.to.is_empty());
    CHECK(pieces.writer.items_on_the_way() == 1);
  }
}

TEST_CASE("what is no part of an item is refused") {
  const auto refused = [](const auto& forge) {
    Channel channel(int_type());
    Forger forger(channel);
    forge(channel, forger);
    CHECK_FALSE(channel.inlet->receive(100).has_value());
    CHECK(channel.to.is_empty());
  };
  const std::vector<std::byte> short_frame(7);
  refused([&](Channel&, Forger& forger) { forger.put(short_frame); });
  refused([](Channel&, Forger& forger) { forger.put({}); });
  refused([](Channel& channel, Forger& forger) { forger.put(5, ints(channel, 1)); });
  refused([](Channel&, Forger& forger) { forger.put(kWhole, {}); });
  refused([](Channel&, Forger& forger) { forger.put(kFirstPiece, {}); });
  refused([](Channel& channel, Forger& forger) { forger.put(kPiece, ints(channel, 1)); });
  refused([](Channel& channel, Forger& forger) { forger.put(kLastPiece, ints(channel, 1)); });
  refused([](Channel& channel, Forger& forger) {  // In between the pieces of another.
    const std::vector<std::byte> frame = ints(channel, 1);
    forger.put(kFirstPiece, std::span(frame).first(8));
    forger.put(kWhole, frame);
  });
}

TEST_CASE("pieces of an item whose writer is gone are forgotten when another one goes on") {
  Channel channel(int_type());
  Forger forger(channel);
  const std::vector<std::byte> frame = ints(channel, 1);
  forger.put(kFirstPiece, std::span(frame).first(8));
  REQUIRE(channel.inlet->receive(100).has_value());
  std::uint64_t broken_off = 0;
  REQUIRE(broken_off_frame().size() == sizeof broken_off);
  std::memcpy(&broken_off, broken_off_frame().data(), sizeof broken_off);
  CHECK(items_in_frame(broken_off_frame()) == 0U);
  forger.put(broken_off, {});
  forger.put(kWhole, frame);
  REQUIRE(channel.inlet->receive(100).has_value());
  CHECK(channel.to.size() == 1);
}

TEST_CASE("nothing comes after the END") {
  Channel channel(int_type());
  Forger forger(channel);
  forger.put(kWhole, ints(channel, 0, true));
  REQUIRE(channel.inlet->receive(100).has_value());
  CHECK(channel.to.has_ended());
  CHECK(channel.inlet->receive(100).has_value());
  forger.put(kWhole, ints(channel, 0));
  CHECK_FALSE(channel.inlet->receive(100).has_value());
}

TEST_CASE("a link that may drop never makes its writer wait, and loses neither frontier nor END") {
  const auto sent_by = [](int when_full) {
    Channel channel(string_type(), 4, when_full);
    for (int i = 0; i < 20; ++i) {
      channel.write(std::to_string(i), i);
      channel.outlet->send(1024);
      REQUIRE(channel.from.size() <= 4);
    }
    channel.from.end(25);
    std::string received;
    while (!channel.to.has_ended()) {
      REQUIRE(channel.inlet->receive(100).has_value());
      while (!channel.to.is_empty()) received += channel.read() + " ";
      channel.outlet->send(1024);
    }
    CHECK(channel.to.end_stamp() == 25);
    CHECK(channel.to.frontier() == 19);
    CHECK(channel.to.total_count() + channel.outlet->dropped_count() == 20);
    return received;
  };
  // Four are on the way when nothing more has room.
  CHECK(sent_by(STREAM_FULL_DROP_OLDEST) == "0 1 2 3 16 17 18 19 ");
  CHECK(sent_by(STREAM_FULL_DROP_NEWEST) == "0 1 2 3 4 5 6 7 ");
  CHECK(sent_by(STREAM_FULL_SAMPLE) == "0 1 2 3 4 16 18 19 ");
}

TEST_CASE("a link that may drop is like any other while there is room") {
  for (const int when_full : {STREAM_FULL_DROP_OLDEST, STREAM_FULL_DROP_NEWEST, STREAM_FULL_SAMPLE}) {
    Channel channel(string_type(), 4, when_full);
    for (int i = 0; i < 100; ++i) {
      channel.write(std::to_string(i), i);
      channel.outlet->send(1024);
      REQUIRE(channel.inlet->receive(100).has_value());
      REQUIRE(channel.read() == std::to_string(i));
    }
    CHECK(channel.outlet->dropped_count() == 0);
  }
}

// What stands on the way from a writer to a reader and may die: everything in it is lost but `point`, which is what a
// RestartPage keeps. It hands on every second text, twice.
class Mortal {
 public:
  struct Point {
    InletPlace place;
    std::int64_t consumed = 0;
    std::int64_t written = 0;
  };

  Mortal(Channel& before, Channel& behind, Point& point)
      : point_(point),
        in_(before.description),
        out_(behind.description),
        inlet_(in_, FrameReader(before.memory.get(), Channel::kBytes), Doorbell(before.state, before.fd)),
        outlet_(out_, FrameWriter(behind.memory.get(), Channel::kBytes), 1 << 16, Doorbell(behind.state, behind.fd)) {
    inlet_.keep_from(point.place, point.consumed, false);
    outlet_.resume(point.written);
  }

  // Moves what it can, up to `count` texts.
  void work(std::int64_t count) {
    REQUIRE(inlet_.receive(8).has_value());
    for (; count > 0 && !in_.is_empty(); --count) {
      const StreamBatch batch = in_.batch(1);
      if (batch.first_position % 2 == 1) {
        StreamOutput out;
        out_.reserve(2, out);
        for (int i = 0; i < 2; ++i) {
          static_cast<StreamText*>(out.columns[0])[i] = static_cast<const StreamText*>(batch.columns[0])[0];
          out.stamps[i] = batch.stamps[0];
        }
        out_.commit(2, PayloadLifetime::Batch);
      }
      in_.consume(1);
    }
    out_.advance_frontier(in_.earliest_possible_stamp());
    if (in_.is_finished()) out_.end(in_.end_stamp());
    (void)outlet_.send(3);
    if (!inlet_.must_let_go(8, false)) return;
    inlet_.let_go();
    may_die_ = false;
  }
  // Only when nothing is in the way, as the runner sees to.
  void settle() {
    if (inlet_.has_let_go() || outlet_.sent_count() < out_.total_count()) return;
    point_ = {inlet_.settled_place(), in_.first_position(), out_.total_count()};
    inlet_.settle(point_.place);
    may_die_ = true;
  }
  [[nodiscard]] bool may_die() const { return may_die_; }

 private:
  Point& point_;
  bool may_die_ = true;
  ColumnQueue in_;
  ColumnQueue out_;
  Inlet inlet_;
  Outlet outlet_;
};

TEST_CASE("what dies at any moment and goes on from its last point leaves no trace") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Channel before(string_type());
    Channel behind(string_type());
    // Some are larger than a quarter of a ring, some larger than all of it.
    std::vector<std::string> texts;
    for (int i = 0; i < 300; ++i) {
      const std::size_t size = random() % 40 == 0 ? random() % 9000 : random() % 60;
      texts.push_back(std::string(size, static_cast<char>('a' + i % 26)) + std::to_string(i));
    }
    std::vector<std::string> expected;
    for (std::size_t i = 1; i < texts.size(); i += 2) expected.insert(expected.end(), 2, texts[i]);

    Mortal::Point point;
    auto mortal = std::make_unique<Mortal>(before, behind, point);
    std::vector<std::string> got;
    std::size_t written = 0;
    int deaths = 0;
    for (int pass = 0; got.size() < expected.size() || !behind.to.has_ended(); ++pass) {
      REQUIRE(pass < 1'000'000);
      for (auto i = random() % 4; i > 0 && written < texts.size() && before.from.size() < 8; --i, ++written) {
        before.write(texts[written], static_cast<std::int64_t>(written));
      }
      if (written == texts.size()) before.from.end(static_cast<std::int64_t>(written));
      (void)before.outlet->send(1 + random() % 5);
      mortal->work(random() % 6);
      if (random() % 3 == 0) mortal->settle();
      if (random() % 3 == 0) REQUIRE(behind.inlet->receive(1 + random() % 8).has_value());
      while (!behind.to.is_empty() && random() % 4 != 0) got.push_back(behind.read());
      if (mortal->may_die() && random() % 5 == 0) {
        mortal = std::make_unique<Mortal>(before, behind, point);
        ++deaths;
      }
    }
    CHECK(got == expected);
    CHECK(behind.to.end_stamp() == static_cast<std::int64_t>(texts.size()));
    CHECK(deaths > 20);
  }
}

TEST_CASE("what one that died had sent before its END is dropped when it is made again") {
  Channel channel(int_type());
  const auto write = [](ColumnQueue& queue, std::int64_t number) {
    StreamOutput out;
    queue.reserve(1, out);
    static_cast<std::int64_t*>(out.columns[0])[0] = number;
    out.stamps[0] = number;
    queue.commit(1, PayloadLifetime::Batch);
  };
  for (const std::int64_t number : {1, 2, 3}) write(channel.from, number);
  channel.from.end(3);
  while (!channel.outlet->is_finished()) REQUIRE(channel.outlet->send(2));

  ColumnQueue again(channel.description);
  Outlet outlet(again, FrameWriter(channel.memory.get(), Channel::kBytes), 1 << 16, Doorbell(channel.state, channel.fd));
  outlet.resume(1);
  for (const std::int64_t number : {2, 3}) {
    write(again, number);
    CHECK(outlet.send(2));
    CHECK(again.is_empty());
  }
  again.end(3);
  CHECK_FALSE(outlet.send(2));
  CHECK(outlet.is_finished());
  CHECK(outlet.sent_count() == 3);
  REQUIRE(channel.inlet->receive(100).has_value());
  CHECK(channel.to.size() == 3);
  CHECK(channel.to.has_ended());
}

TEST_CASE("what a reader keeps in the ring makes no more items wait in front of a link that drops") {
  Channel channel(int_type());
  StreamQueue dropping = channel.description;
  dropping.when_full = STREAM_FULL_DROP_OLDEST;
  ColumnQueue queue(dropping);
  constexpr std::int64_t kCapacity = 10;
  constexpr std::int64_t kKept = 20;
  Outlet outlet(queue, FrameWriter(channel.memory.get(), Channel::kBytes), kCapacity, Doorbell(channel.state, channel.fd),
                kKept);
  StreamOutput out;
  queue.reserve(100, out);
  for (std::int64_t i = 0; i < 100; ++i) static_cast<std::int64_t*>(out.columns[0])[i] = out.stamps[i] = i;
  queue.commit(100, PayloadLifetime::Batch);
  CHECK(outlet.send(1024));
  CHECK(outlet.sent_count() == kCapacity + kKept);
  CHECK(queue.size() == kCapacity);
}

}  // namespace streamrt
