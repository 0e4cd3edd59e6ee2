#include "tests/bench/flow_graph.h"

#include "tests/bench/crossing_items.h"

#ifdef STREAM_BENCH_TBB
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>

#include <cstring>
#include <vector>
#else
#include <cstdlib>
#endif

namespace streambench {

#ifdef STREAM_BENCH_TBB

namespace {

namespace flow = oneapi::tbb::flow;

// As many bytes as the rings of the other rows have, and batches enough that neither node waits for each one.
constexpr std::int64_t kOnTheWayItems = std::int64_t{1} << 15;

}  // namespace

bool has_flow_graph() { return true; }

double time_flow_graph(std::int64_t batch, std::int64_t batches, double& sum) {
  const oneapi::tbb::global_control two(oneapi::tbb::global_control::max_allowed_parallelism, 2);
  const std::vector<double>& items = source_items();
  const std::int64_t slots = kOnTheWayItems / batch;
  std::vector<double> memory(static_cast<std::size_t>(kOnTheWayItems));
  std::int64_t made = 0;
  sum = 0;

  const double started = now_seconds();
  flow::graph graph;
  flow::input_node<double*> source(graph, [&](oneapi::tbb::flow_control& control) -> double* {
    if (made == batches) {
      control.stop();
      return nullptr;
    }
    double* const slot = memory.data() + made % slots * batch;
    std::memcpy(slot, items.data() + static_cast<std::size_t>(made * batch) % kSourceItems,
                static_cast<std::size_t>(batch) * sizeof(double));
    ++made;
    return slot;
  });
  flow::limiter_node<double*> limit(graph, static_cast<std::size_t>(slots - 1));
  flow::function_node<double*, flow::continue_msg> sink(graph, flow::serial, [&](const double* slot) {
    sum += sum_of(slot, batch);
    return flow::continue_msg();
  });
  flow::make_edge(source, limit);
  flow::make_edge(limit, sink);
  flow::make_edge(sink, limit.decrementer());
  source.activate();
  graph.wait_for_all();
  return now_seconds() - started;
}

#else

bool has_flow_graph() { return false; }
double time_flow_graph(std::int64_t, std::int64_t, double&) { std::abort(); }

#endif

}  // namespace streambench
