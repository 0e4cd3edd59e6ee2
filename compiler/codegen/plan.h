// What code generation will emit, decided before the first instruction: regions, the queues between
// them, and for each scope of a region as few loops as possible. Knows nothing of LLVM.
//
// A loop handles the ticks of a batch in one scope. All operators of a scope share one loop, with
// their values in registers, but for windows that have a vector shape: each of them gets a loop of
// its own, and what depends on it comes in a later loop. A value goes to memory (a *column*) only
// if another loop, another scope or a queue needs it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/codegen/straight.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/heads.h"
#include "compiler/support/result.h"

namespace streamc {

// Columns between a region and a reader: a sink, or the head of another region. Also what the
// runtime fills from a source's connector. One writer, one reader.
struct QueuePlan {
  PortId port;                  // Whose ticks they are.
  OperatorId reader;            // The sink, capture or head; for a source's own queue, the source.
  std::uint32_t reader_input = 0;
  bool is_source_feed = false;
  bool is_sink = false;         // Read by a sink: floats leave with one bit pattern for NaN.
  bool drops_holes = false;     // The reader wants values only.
  bool has_valid = false;
  bool has_stamps = false;
  std::int64_t skew = 0;        // Items by which it runs ahead of what its reader takes in step with it.
};
using QueueIndex = std::uint32_t;

// Where the ticks of a port are in memory.
enum class Storage : std::uint8_t {
  Registers,  // Nowhere: only its own loop uses it.
  Input,      // The batch that the region was called with.
  Slice,      // Part of another port's columns (take, skip).
  Queue,      // The columns of its first queue.
  Scratch,    // The batch arena.
};

struct PortPlan {
  Storage storage = Storage::Registers;
  std::vector<QueueIndex> queues;      // That take every tick: the first holds it if Storage::Queue.
  std::vector<QueueIndex> compacting;  // That take values only, where there may be holes.
};

enum class LoopShape : std::uint8_t {
  Scalar,        // One tick a turn.
  Vector,        // Eight ticks a turn: straight maps and filters.
  VectorWindow,  // One WindowFold, by the shapes of window_vector.cpp.
};

struct LoopPlan {
  LoopShape shape = LoopShape::Scalar;
  std::vector<OperatorId> operators;   // In the order of the graph.
  std::vector<QueueIndex> compacting;  // Queues written by this loop without the holes.
  bool decides_stop = false;           // An `else stop` stands in it or depends on it.
};

struct ScopePlan {
  ScopeId scope_id;
  std::int32_t parent = -1;          // Index among the region's scopes.
  std::vector<LoopPlan> loops;
  std::vector<OperatorId> slices;    // take and skip: done behind the loops, by moving pointers.
  std::vector<OperatorId> slices_of_stops;  // Those of them that an `else stop` depends on.
  bool wants_stamps = false;
  bool counts_ticks = false;         // A failure in it names the tick.
  bool tells_end = false;            // Opened by a take: somebody reads it, and learns when it is full.
};

struct RegionPlan {
  OperatorId head;
  std::vector<QueueIndex> inputs;
  std::vector<QueueIndex> outputs;
  std::vector<ScopePlan> scopes;     // Parents first; the head's scope is the first.
  // `else stop` right behind the head: the first hole of these inputs ends the batch before it.
  std::vector<PortId> stop_ports;
  std::int32_t loop = 0;     // The cycle through `delay` that its head stands on, from 1; 0: none.
  bool end_matters = false;  // END(T) shows in items, of this region or of one that reads it.
  // `else stop` further down: ticks are handled one by one, so that nothing after the hole is done.
  bool one_by_one = false;
};

struct ProgramPlan {
  std::vector<QueuePlan> queues;
  std::vector<RegionPlan> regions;   // Those that write a queue come before those that read it.
  std::vector<PortPlan> ports;       // By PortId.
  std::vector<OperatorId> sources;   // Sources and lists, in the order of the graph.
  std::vector<OperatorId> sinks;     // Sinks and captures, in the order of the text.
};

// Fails for graphs outside what this version can generate, in words for the user.
Result<ProgramPlan> plan_program(const CheckedProgram& program, const Graph& graph,
                                 StraightAnalysis& straight);

// Whether an item of this operator can fail, so that it reports failures.
bool operator_can_fail(const CheckedProgram& program, const Operator& op);

// The scope whose ticks the operator handles: that of its inputs; invalid for heads.
ScopeId scope_of_inputs(const Graph& graph, const Operator& op);

// Whether a WindowFold has a vector shape (see window_vector.cpp).
bool is_vector_window(const CheckedProgram& program, const Graph& graph, const Operator& op,
                      StraightAnalysis& straight);

}  // namespace streamc
