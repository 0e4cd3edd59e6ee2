// What a graph costs to run, estimated from the program alone.
//
// All is counted in picoseconds of one processor for each *source item*: one item of every file that the program reads.
// How many items a stream has for each of them follows from clocks where those know (windows by their step, arrays by
// their length) and is assumed where only data knows. The prices stand in the tables of work.cpp. They were measured on
// one machine and are right within a factor of two or three, which is enough to tell an even cut from a lopsided one,
// and one that pays from one that does not. Nothing but a placement depends on them.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/graph/graph.h"

namespace streamc {

// What says how fast source items come.
enum class Pace : std::uint8_t {
  Reader,  // The program, which reads files as fast as it can.
  Clock,   // The world: all its sources are live. kAssumedLiveRate source items in a second.
  Lists,   // All its sources are lists: there are `item_count` source items, and that is all.
};

// Source items in a second of a program whose sources are live. Those of the library sample a machine, some times a
// second; brokers and serial lines send more.
inline constexpr std::int64_t kAssumedLiveRate = 1000;

struct WorkEstimate {
  std::vector<std::int64_t> work_ps;      // One entry an operator.
  std::vector<std::int64_t> crossing_ps;  // One entry a port: of each side, if its items go to another thread.
  Pace pace = Pace::Reader;
  std::int64_t item_count = 0;  // Pace::Lists only.
};

// O(operators + functions that they call).
WorkEstimate estimate_work(const Graph& graph, const CheckedProgram& program);

}  // namespace streamc
