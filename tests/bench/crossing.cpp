#include "tests/bench/crossing.h"

#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/agent/exchange.h"
#include "runtime/buffer/column_queue.h"
#include "tests/bench/crossing_items.h"
#include "tests/bench/flow_graph.h"

namespace streambench {

namespace {

constexpr std::size_t kRingBytes = std::size_t{1} << 18;

// Memory that a forked process shares.
class Mapping {
 public:
  explicit Mapping(std::size_t size) : size_(size) {
    data_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (data_ == MAP_FAILED) std::abort();
  }
  ~Mapping() { ::munmap(data_, size_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  [[nodiscard]] std::byte* data() const { return static_cast<std::byte*>(data_); }

 private:
  std::size_t size_;
  void* data_;
};

// What both sides share: a producer that makes batches of the source, a consumer that adds them.
struct Crossing {
  std::function<void(std::int64_t batches)> produce;
  std::function<double(std::int64_t batches)> consume;
};

// Seconds for so many batches; the consumer is this thread.
double time_threads(const Crossing& crossing, std::int64_t batches, double& sum) {
  const double started = now_seconds();
  std::thread producer([&] { crossing.produce(batches); });
  sum = crossing.consume(batches);
  producer.join();
  return now_seconds() - started;
}

double time_processes(const Crossing& crossing, std::int64_t batches, double& sum) {
  const double started = now_seconds();
  const pid_t child = ::fork();
  if (child == 0) {
    crossing.produce(batches);
    ::_exit(0);
  }
  sum = crossing.consume(batches);
  ::waitpid(child, nullptr, 0);
  return now_seconds() - started;
}

// ---- the runtime's link --------------------------------------------------------------------------

const StreamQueue& queue_of_floats() {
  static const StreamLeaf leaf{STREAM_LEAF_F64, 0, 1, 1};
  static const StreamType type{STREAM_TYPE_FLOAT, 1, &leaf, "", 0, nullptr, nullptr, 0};
  static const StreamQueue queue{&type, 0, 0, "q", 0, 0, 0, 0};
  return queue;
}

class Link {
 public:
  // Items go in batches of `batch`.
  explicit Link(std::int64_t batch) : batch_(batch), memory_(4096 + streamrt::ring_bytes(kRingBytes)), fd_(::eventfd(0, EFD_NONBLOCK)) {
    states_ = reinterpret_cast<streamrt::DoorbellState*>(memory_.data());
    new (&states_[0]) streamrt::DoorbellState;
    new (&states_[1]) streamrt::DoorbellState;
    new (ring()) streamrt::RingHeader;
  }
  ~Link() { ::close(fd_); }

  Crossing crossing() {
    return {[this](std::int64_t batches) { produce(batches); },
            [this](std::int64_t batches) { return consume(batches); }};
  }

 private:
  void* ring() { return memory_.data() + 4096; }
  streamrt::Doorbell bell(int side) { return {states_[side], fd_}; }

  void produce(std::int64_t batches) {
    streamrt::ColumnQueue queue(queue_of_floats());
    streamrt::Outlet outlet(queue, {ring(), kRingBytes}, std::int64_t{1} << 20, bell(1));
    const std::vector<double>& items = source_items();
    for (std::int64_t batch = 0; batch < batches; ++batch) {
      StreamOutput out;
      queue.reserve(batch_, out);
      std::memcpy(out.columns[0], items.data() + static_cast<std::size_t>(batch * batch_) % kSourceItems,
                  static_cast<std::size_t>(batch_) * sizeof(double));
      queue.commit(batch_, streamrt::PayloadLifetime::Batch);
      outlet.send_unless_few(kBatch);
      while (queue.size() >= kBatch) outlet.send_unless_few(kBatch);
    }
    queue.end(0);
    while (!outlet.is_finished()) outlet.send(kBatch);
  }

  double consume(std::int64_t) {
    streamrt::ColumnQueue queue(queue_of_floats());
    streamrt::Inlet inlet(queue, {ring(), kRingBytes}, bell(0));
    double sum = 0;
    while (!queue.is_finished()) {
      if (!inlet.receive(kBatch)) std::abort();
      while (!queue.is_empty()) {
        const std::int64_t count = std::min(queue.size(), kBatch);
        sum += sum_of(static_cast<const double*>(queue.batch(count).columns[0]), count);
        queue.consume(count);
      }
    }
    return sum;
  }

  std::int64_t batch_;
  Mapping memory_;
  int fd_;
  streamrt::DoorbellState* states_ = nullptr;
};

// ---- by hand -------------------------------------------------------------------------------------

// Batches copied into a ring of doubles, read in place; one index a side, published once a batch.
class HandRing {
 public:
  explicit HandRing(std::int64_t batch) : batch_(static_cast<std::uint64_t>(batch)), memory_(4096 + kRingBytes) {
    indices_ = new (memory_.data()) Indices;
    items_ = reinterpret_cast<double*>(memory_.data() + 4096);
  }

  Crossing crossing() {
    return {[this](std::int64_t batches) { produce(batches); },
            [this](std::int64_t batches) { return consume(batches); }};
  }

 private:
  struct Indices {
    alignas(64) std::atomic<std::uint64_t> head{0};
    alignas(64) std::atomic<std::uint64_t> tail{0};
  };
  static constexpr std::uint64_t kItems = kRingBytes / sizeof(double);

  void produce(std::int64_t batches) {
    const std::vector<double>& items = source_items();
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    for (std::int64_t batch = 0; batch < batches; ++batch) {
      while (head + batch_ - tail > kItems) tail = indices_->tail.load(std::memory_order_acquire);
      std::memcpy(items_ + head % kItems,
                  items.data() + static_cast<std::size_t>(batch) * batch_ % kSourceItems,
                  batch_ * sizeof(double));
      head += batch_;
      indices_->head.store(head, std::memory_order_release);
    }
  }

  double consume(std::int64_t batches) {
    double sum = 0;
    std::uint64_t tail = 0;
    const std::uint64_t all = static_cast<std::uint64_t>(batches) * batch_;
    while (tail < all) {
      const std::uint64_t head = indices_->head.load(std::memory_order_acquire);
      for (; tail < head; tail += batch_) sum += sum_of(items_ + tail % kItems, static_cast<std::int64_t>(batch_));
      indices_->tail.store(tail, std::memory_order_release);
    }
    return sum;
  }

  std::uint64_t batch_;
  Mapping memory_;
  Indices* indices_;
  double* items_;
};

// ---- rows ----------------------------------------------------------------------------------------

// How the items cross, in batches of `batch`; `time` gives the seconds that all batches take, and their sum.
struct Way {
  std::function<double(std::int64_t batch, std::int64_t batches, double& sum)> time;
};

using TimeCrossing = double (*)(const Crossing&, std::int64_t batches, double& sum);

Way over_link(TimeCrossing time) {
  return {[time](std::int64_t batch, std::int64_t batches, double& sum) {
    Link link(batch);
    return time(link.crossing(), batches, sum);
  }};
}

Way by_hand(TimeCrossing time) {
  return {[time](std::int64_t batch, std::int64_t batches, double& sum) {
    HandRing ring(batch);
    return time(ring.crossing(), batches, sum);
  }};
}

struct CrossingRow {
  std::string name;
  std::int64_t batch = kBatch;
  Way ours;
  Way theirs;
  double bar = 0;
};

void measure_crossing(const CrossingRow& row) {
  constexpr int kRounds = 15;
  const std::int64_t batches = row.batch == 1 ? 1'000'000 : 40'000;
  const auto items = static_cast<double>(batches * row.batch);
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < kRounds; ++round) {
    double our_sum = 0;
    double their_sum = 0;
    ours.push_back(row.ours.time(row.batch, batches, our_sum) / items * 1e9);
    theirs.push_back(row.theirs.time(row.batch, batches, their_sum) / items * 1e9);
    if (our_sum != their_sum) {
      fmt::print(stderr, "bench: {}: the two sides differ\n", row.name);
      std::exit(1);
    }
  }
  print_row(row.name, ours, theirs, row.bar);
}

// ---- round trips ---------------------------------------------------------------------------------

struct Turn {
  alignas(64) std::atomic<std::uint32_t> turn{0};
};

// Nanoseconds for a token to go and come back. `wait` returns when the turn has a value, `wake` follows every
// change of it: both get the side.
template <class Wait, class Wake>
double time_round_trips(int rounds, Wait wait, Wake wake) {
  Turn token;
  std::thread other([&] {
    for (int i = 0; i < rounds; ++i) {
      wait(token.turn, static_cast<std::uint32_t>(2 * i + 1), 1);
      token.turn.store(static_cast<std::uint32_t>(2 * i + 2), std::memory_order_release);
      wake(token.turn, 0);
    }
  });
  const double started = now_seconds();
  for (int i = 0; i < rounds; ++i) {
    token.turn.store(static_cast<std::uint32_t>(2 * i + 1), std::memory_order_release);
    wake(token.turn, 1);
    wait(token.turn, static_cast<std::uint32_t>(2 * i + 2), 0);
  }
  const double seconds = now_seconds() - started;
  other.join();
  return seconds / rounds * 1e9;
}

void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, nullptr, nullptr, 0);
}

double bare_futex(int rounds) {
  return time_round_trips(
      rounds,
      [](std::atomic<std::uint32_t>& turn, std::uint32_t wanted, int) {
        for (std::uint32_t now; (now = turn.load()) != wanted;) futex(turn, FUTEX_WAIT, now);
      },
      [](std::atomic<std::uint32_t>& turn, int) { futex(turn, FUTEX_WAKE, INT_MAX); });
}

double bare_spin(int rounds) {
  return time_round_trips(
      rounds,
      [](std::atomic<std::uint32_t>& turn, std::uint32_t wanted, int) {
        while (turn.load(std::memory_order_acquire) != wanted) {
        }
      },
      [](std::atomic<std::uint32_t>&, int) {});
}

double doorbells(int rounds, bool spins) {
  streamrt::DoorbellState states[2];
  const int fd = ::eventfd(0, EFD_NONBLOCK);
  const double result = time_round_trips(
      rounds,
      [&](std::atomic<std::uint32_t>& turn, std::uint32_t wanted, int side) {
        streamrt::Doorbell bell(states[side], fd);
        while (turn.load(std::memory_order_acquire) != wanted) {
          if (spins) continue;
          bell.announce(false);
          if (turn.load(std::memory_order_acquire) != wanted) bell.sleep(-1, {});
          bell.cancel();
        }
      },
      [&](std::atomic<std::uint32_t>&, int side) { streamrt::Doorbell(states[side], fd).ring(); });
  ::close(fd);
  return result;
}

}  // namespace

void crossing_rows() {
  streamrt::Doorbell::move_fences_to_sleepers(true);
  const Way link = over_link(time_threads);
  measure_crossing({"two threads, batches of 1,024", kBatch, link, by_hand(time_threads), 1.1});
  measure_crossing({"two threads, one by one", 1, link, by_hand(time_threads), 1.1});
  if (has_flow_graph()) {
    const Way flow_graph{time_flow_graph};
    measure_crossing({"two threads, batches (by hand: oneTBB)", kBatch, link, flow_graph, 1.0});
    measure_crossing({"two threads, one by one (by hand: oneTBB)", 1, link, flow_graph, 1.0});
  }
  measure_crossing({"two processes, batches of 1,024", kBatch, over_link(time_processes), by_hand(time_processes), 1.1});
}

void round_trip_rows() {
  constexpr int kRounds = 9;
  std::vector<double> parked, futexes, spinning, spins;
  for (int round = 0; round < kRounds; ++round) {
    parked.push_back(doorbells(3000, false));
    futexes.push_back(bare_futex(3000));
    spinning.push_back(doorbells(100'000, true));
    spins.push_back(bare_spin(100'000));
  }
  print_row("round trip, parked (by hand: futex)", parked, futexes, 1.1);
  print_row("round trip, spinning (by hand: one word)", spinning, spins, 1.1);
}

}  // namespace streambench
