// A cut over a number of threads, made by cost.
//
// The compiler estimates what each operator costs (work.h), puts together what cannot be parted, and spreads the rest
// over threads of one process such that the busiest has the least to do (partition.h), what crosses between them
// counted in. A further thread has to pay: it is used only if it takes at least a tenth off the busiest. What a program
// prints with `explain` is in balance_text.h. Nothing here depends on the machine that compiles: equal graphs and
// limits give equal cuts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/place/partition.h"
#include "compiler/place/placement.h"
#include "compiler/place/work.h"

namespace streamc {

// Why there is no further thread.
enum class LastThread : std::uint8_t {
  Asked,        // There are as many as were allowed.
  FewItems,     // Its lists are worked off sooner than threads start.
  Waits,        // Its sources are live, and one thread is idle most of the time.
  Indivisible,  // The busiest thread, or the whole program, is one piece that nothing divides.
  Costs,        // What would cross costs more than it saves.
  SavesLittle,  // Less than a tenth.
};

// What keeps operators on one thread.
struct Bond {
  bool is_cycle = false;        // Of equations through `prev` or `delay`.
  bool is_stop = false;         // What an `else stop` depends on.
  bool is_destination = false;  // Sinks that share a console, a chart, a table or files.
};

// A stream that one thread makes and another one reads.
struct CrossingStream {
  PortId port;
  PartId from;
  PartId to;
};

struct Balance {
  std::vector<PartId> part_of;            // One entry an operator. Part 0 has the console.
  std::vector<ThreadLoad> threads;        // One entry a part.
  std::vector<std::string> names;         // Likewise; that of the costliest equation.
  std::vector<CrossingStream> crossings;  // By port, then reader.
  WorkEstimate work;
  std::int64_t alone_ps = 0;  // What one thread would do, for each source item.
  LastThread last = LastThread::Asked;
  // Costs and SavesLittle: what one more cut would take off the busiest thread, and add to it.
  std::int64_t would_save_ps = 0;
  std::int64_t would_cost_ps = 0;
  // Indivisible: what keeps the largest piece of the busiest thread together, and one operator of it.
  Bond bond;
  OperatorId largest;
};

// `most_threads`: 1 to kMostBalancedThreads.
Balance balance(const Graph& graph, const CheckedProgram& program, std::uint32_t most_threads);
// The same by an estimate that is known: of the work of `graph`.
Balance balance(const Graph& graph, WorkEstimate work, std::uint32_t most_threads);

PlacedGraph place_balanced(const Graph& graph, const Balance& balance);

}  // namespace streamc
