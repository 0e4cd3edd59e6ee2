// What a running program tells of itself: counters that each part writes and an observer reads, in
// memory that all processes of the program share.
//
// A part writes them when it was asked, before it sleeps, at its end, and now and then. In between
// it only looks at one word in each pass of its loop: nothing here is in the way of items.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/abi/stream_abi.h"
#include "runtime/buffer/column_queue.h"

namespace streamrt {

enum class PartState : std::uint32_t { Starting = 0, Running = 1, Waiting = 2, Finished = 3 };

struct alignas(64) PartCounters {
  std::atomic<std::int32_t> process_id{0};
  std::atomic<std::int32_t> thread_id{0};
  std::atomic<std::uint32_t> state{0};  // PartState
  std::atomic<std::uint32_t> answered{
      0};  // The last question that everything here is an answer to.
  std::atomic<std::int64_t> cpu_ns{
      0};  // Of a part that has finished; before that the system knows.
};

// One end of a queue, as the part there sees it. A queue within a part has one end, a link has two.
struct QueueCounters {
  std::atomic<std::int64_t> written{0};   // Items that came since the beginning.
  std::atomic<std::int64_t> read{0};      // Of those, items that are gone from here.
  std::atomic<std::int64_t> capacity{0};  // Items that may wait; 0: this end does not limit them.
  std::atomic<std::int64_t> dropped{0};   // Items given up, which count as never written.
  std::atomic<std::uint32_t> is_finished{0};  // Nothing waits and nothing will come.
  std::atomic<std::uint32_t> is_closed{0};    // The reader needs nothing more.
};

// Of all sites of an equation with equal handling, at the first of them.
struct SiteCounters {
  std::atomic<std::int64_t> failed{0};
  std::atomic<std::int64_t> late{0};
};

static_assert(std::atomic<std::int64_t>::is_always_lock_free, "processes cannot share a lock");

// All counters of a run.
class RunCounters {
 public:
  explicit RunCounters(const StreamProgram& program);
  ~RunCounters();
  RunCounters(const RunCounters&) = delete;
  RunCounters& operator=(const RunCounters&) = delete;

  // At least 1: a program without parts is one.
  [[nodiscard]] std::int32_t part_count() const { return part_count_; }
  [[nodiscard]] PartCounters& part(std::int32_t part) { return parts_[part]; }
  [[nodiscard]] QueueCounters& queue(std::int32_t part, std::int32_t queue) {
    return queues_[static_cast<std::ptrdiff_t>(part) * queue_count_ + queue];
  }
  [[nodiscard]] SiteCounters& site(std::size_t site) { return sites_[site]; }

  // Asks every part to write. The observer only; returns the question's number.
  std::uint32_t ask() { return question_->fetch_add(1, std::memory_order_relaxed) + 1; }
  [[nodiscard]] std::uint32_t question() const {
    return question_->load(std::memory_order_relaxed);
  }
  // Every part has answered, or cannot have anything new to say.
  [[nodiscard]] bool is_answered(std::uint32_t question);

 private:
  std::int32_t part_count_;
  std::ptrdiff_t queue_count_;
  std::size_t size_ = 0;
  void* memory_ = nullptr;
  std::atomic<std::uint32_t>* question_ = nullptr;
  PartCounters* parts_ = nullptr;
  QueueCounters* queues_ = nullptr;  // For each part one entry a queue; most stay untouched.
  SiteCounters* sites_ = nullptr;
};

// What one part writes. Only its thread may call this.
class CounterWriter {
 public:
  // Without counters it does nothing.
  CounterWriter(RunCounters* counters, std::int32_t part) : counters_(counters), part_(part) {}

  // Once a pass: whether it is time to write. True for the first passes, so that a part that never
  // gets further is seen with what it has done.
  [[nodiscard]] bool is_due() {
    constexpr std::uint32_t kPasses = 64;
    if (counters_ == nullptr) return false;
    ++pass_;
    return counters_->question() != answered_ || pass_ <= kPasses || pass_ % kPasses == 0;
  }
  [[nodiscard]] bool is_wanted() const { return counters_ != nullptr; }

  // begin_answer(), then each queue, then end_answer().
  void begin_answer() { answering_ = counters_->question(); }
  void tell(std::int32_t queue, const ColumnQueue& state, std::int64_t capacity, std::int64_t dropped = 0);
  void end_answer();

  // The thread that calls is the part's.
  void start();
  void set_waiting(bool is_waiting);
  void finish();

 private:
  void set_state(PartState state);

  RunCounters* counters_;
  std::int32_t part_;
  std::uint32_t pass_ = 0;
  std::uint32_t answering_ = 0;
  std::uint32_t answered_ = 0;
};

}  // namespace streamrt
