#include "compiler/place/partition.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

using namespace streamc;

namespace {

// Groups one behind the other, with a flow between neighbours.
WorkGraph chain_of(const std::vector<std::int64_t>& work, std::int64_t crossing) {
  WorkGraph graph{.work_ps = work, .flows = {}};
  for (GroupIndex i = 0; i + 1 < work.size(); ++i) {
    graph.flows.push_back({.from = i, .readers = {i + 1}, .send_ps = crossing, .receive_ps = crossing});
  }
  return graph;
}

// What each thread has to do, counted anew by definition.
std::vector<std::int64_t> loads_of(const WorkGraph& graph, const Partition& partition) {
  std::vector<std::int64_t> loads(partition.loads.size(), 0);
  for (std::size_t i = 0; i < graph.work_ps.size(); ++i) loads[partition.thread_of[i]] += graph.work_ps[i];
  for (const WorkFlow& flow : graph.flows) {
    std::set<std::uint32_t> readers;
    for (const GroupIndex reader : flow.readers) readers.insert(partition.thread_of[reader]);
    readers.erase(partition.thread_of[flow.from]);
    for (const std::uint32_t reader : readers) {
      loads[partition.thread_of[flow.from]] += flow.send_ps;
      loads[reader] += flow.receive_ps;
    }
  }
  return loads;
}

WorkGraph random_graph(std::mt19937_64& random, std::size_t groups) {
  WorkGraph graph;
  for (std::size_t i = 0; i < groups; ++i) graph.work_ps.push_back(static_cast<std::int64_t>(random() % 1000));
  for (GroupIndex i = 0; i + 1 < groups; ++i) {
    WorkFlow flow{.from = i,
                  .readers = {},
                  .send_ps = static_cast<std::int64_t>(random() % 50),
                  .receive_ps = static_cast<std::int64_t>(random() % 50)};
    std::set<GroupIndex> readers;
    for (std::uint64_t k = random() % 4; k > 0; --k) {
      readers.insert(static_cast<GroupIndex>(i + 1 + random() % (groups - i - 1)));
    }
    flow.readers.assign(readers.begin(), readers.end());
    if (!flow.readers.empty()) graph.flows.push_back(flow);
  }
  return graph;
}

// The least that the busiest of two threads can have, by trying all.
std::int64_t best_of_two(const WorkGraph& graph) {
  std::int64_t best = -1;
  for (std::uint32_t choice = 1; choice + 1 < (1U << graph.work_ps.size()); ++choice) {
    Partition partition;
    for (std::size_t i = 0; i < graph.work_ps.size(); ++i) partition.thread_of.push_back(choice >> i & 1);
    partition.loads.resize(2);
    const std::vector<std::int64_t> loads = loads_of(graph, partition);
    const std::int64_t busiest = std::max(loads[0], loads[1]);
    if (best < 0 || busiest < best) best = busiest;
  }
  return best;
}

}  // namespace

TEST_CASE("a chain is cut in the middle of its work, not of its groups") {
  const std::vector<Partition> cuts = partition_work(chain_of({10, 10, 10, 90, 10, 110}, 1), 2);
  REQUIRE(cuts.size() == 2);
  CHECK(cuts[0].busiest_ps() == 240);
  CHECK(cuts[1].busiest_ps() == 121);
  CHECK(cuts[1].thread_of == std::vector<std::uint32_t>{0, 0, 0, 0, 1, 1});
}

TEST_CASE("what crosses decides where a chain is cut") {
  WorkGraph graph = chain_of({50, 10, 50}, 1);
  graph.flows[0].send_ps = graph.flows[0].receive_ps = 30;
  CHECK(partition_work(graph, 2)[1].thread_of == std::vector<std::uint32_t>{0, 0, 1});
  graph = chain_of({50, 10, 50}, 1);
  graph.flows[1].send_ps = graph.flows[1].receive_ps = 30;
  CHECK(partition_work(graph, 2)[1].thread_of == std::vector<std::uint32_t>{0, 1, 1});
}

TEST_CASE("branches that have nothing in common are spread evenly") {
  const std::vector<Partition> cuts = partition_work({.work_ps = {5, 4, 3, 2}, .flows = {}}, 2);
  CHECK(cuts[1].busiest_ps() == 7);
}

TEST_CASE("a stream that several threads read is sent to each once") {
  const WorkGraph graph{.work_ps = {10, 100, 1, 100},
                        .flows = {{.from = 0, .readers = {1, 2, 3}, .send_ps = 3, .receive_ps = 5}}};
  for (const Partition& cut : partition_work(graph, 4)) {
    const std::vector<std::int64_t> loads = loads_of(graph, cut);
    for (std::size_t i = 0; i < loads.size(); ++i) CHECK(cut.loads[i].sum_ps() == loads[i]);
  }
}

TEST_CASE("there are as many cuts as groups or threads, and no thread is idle") {
  CHECK(partition_work({}, 3).empty());
  CHECK(partition_work(chain_of({1, 1}, 100), 8).size() == 2);
  for (const Partition& cut : partition_work(chain_of({0, 0, 0, 0, 7}, 100), 4)) {
    CHECK(std::set<std::uint32_t>(cut.thread_of.begin(), cut.thread_of.end()).size() == cut.loads.size());
  }
}

TEST_CASE("groups that read each other in a circle are spread, too") {
  const WorkGraph graph{.work_ps = {10, 20, 30},
                        .flows = {{.from = 0, .readers = {1}, .send_ps = 1, .receive_ps = 1},
                                  {.from = 1, .readers = {0, 2}, .send_ps = 1, .receive_ps = 1}}};
  const Partition cut = partition_work(graph, 2)[1];
  CHECK(cut.busiest_ps() == 31);
}

TEST_CASE("loads of random graphs are those of their definition, and close to the best") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 60; ++round) {
    const WorkGraph graph = random_graph(random, 2 + random() % 9);
    const std::vector<Partition> cuts = partition_work(graph, 5);
    for (const Partition& cut : cuts) {
      const std::vector<std::int64_t> loads = loads_of(graph, cut);
      for (std::size_t i = 0; i < loads.size(); ++i) REQUIRE(cut.loads[i].sum_ps() == loads[i]);
    }
    const std::int64_t best = best_of_two(graph);
    CHECK(cuts[1].busiest_ps() >= best);
    CHECK(cuts[1].busiest_ps() <= best + best / 8);
  }
}

TEST_CASE("equal graphs are cut equally, also large ones") {
  std::mt19937_64 random(11);
  const WorkGraph graph = random_graph(random, 2500);
  const std::vector<Partition> first = partition_work(graph, 4);
  const std::vector<Partition> second = partition_work(graph, 4);
  REQUIRE(first.size() == 4);
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i].thread_of == second[i].thread_of);
  std::int64_t total = 0;
  for (const std::int64_t work : graph.work_ps) total += work;
  CHECK(first[3].busiest_ps() < total * 2 / 5);
}
