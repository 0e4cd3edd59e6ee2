#include "compiler/graph/cycles.h"

#include <algorithm>

namespace streamc {
namespace {

// Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion.
class ComponentSearch {
 public:
  ComponentSearch(const Graph& graph, const std::vector<bool>& is_cut)
      : graph_(graph),
        is_cut_(is_cut),
        order_(graph.operators.size(), 0),
        lowest_(graph.operators.size(), 0),
        is_open_(graph.operators.size(), false),
        first_(graph.operators.size()) {}

  std::vector<OperatorId> run() {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      if (order_[i] == 0) visit(i);
    }
    return std::move(first_);
  }

 private:
  struct Place {
    std::size_t op;
    std::size_t next_input = 0;
  };

  void open(std::size_t op) {
    order_[op] = lowest_[op] = ++count_;
    open_.push_back(op);
    is_open_[op] = true;
    path_.push_back({op});
  }

  void visit(std::size_t root) {
    open(root);
    while (!path_.empty()) {
      Place& place = path_.back();
      const std::vector<PortId>& inputs = graph_.operators[place.op].inputs;
      const bool is_cut = !is_cut_.empty() && is_cut_[place.op];
      if (!is_cut && place.next_input < inputs.size()) {
        const std::size_t producer = graph_.port(inputs[place.next_input++]).producer.index();
        if (order_[producer] == 0) {
          open(producer);
        } else if (is_open_[producer]) {
          lowest_[place.op] = std::min(lowest_[place.op], order_[producer]);
        }
        continue;
      }
      const std::size_t done = place.op;
      path_.pop_back();
      if (!path_.empty()) lowest_[path_.back().op] = std::min(lowest_[path_.back().op], lowest_[done]);
      if (lowest_[done] == order_[done]) close(done);
    }
  }

  void close(std::size_t root) {
    std::vector<std::size_t> members;
    do {
      members.push_back(open_.back());
      is_open_[open_.back()] = false;
      open_.pop_back();
    } while (members.back() != root);
    const std::size_t first = *std::min_element(members.begin(), members.end());
    for (const std::size_t member : members) first_[member] = OperatorId(first);
  }

  const Graph& graph_;
  const std::vector<bool>& is_cut_;
  std::vector<std::size_t> order_;   // Of discovery, from 1; 0: not yet.
  std::vector<std::size_t> lowest_;
  std::vector<bool> is_open_;
  std::vector<OperatorId> first_;
  std::vector<std::size_t> open_;
  std::vector<Place> path_;
  std::size_t count_ = 0;
};

}  // namespace

std::vector<OperatorId> find_cycles(const Graph& graph, const std::vector<bool>& is_cut) {
  return ComponentSearch(graph, is_cut).run();
}

}  // namespace streamc
