// Which streams a generated program may combine: clocks as the language unifies them, kept on the safe
// side, so that what the generator writes is accepted.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace streamgen {

class ClockAccount {
 public:
  using Clock = std::size_t;

  // Of a source; `has_rate` where it says how fast it is.
  Clock fresh(bool has_rate) {
    const Clock clock = add({});
    has_rate_[clock] = has_rate;
    return clock;
  }
  // A clock that ticks with some of the ticks of others, nobody knows which.
  Clock generated_from(const std::vector<Clock>& parents) {
    return add({parents.begin(), parents.end()});
  }
  // The clock of windows over a clock: equal shapes give equal clocks.
  Clock windows_of(Clock parent, int every, int first) {
    const auto [known, is_new] = windows_.try_emplace({parent, every, first}, 0);
    if (is_new) known->second = add({parent});
    return known->second;
  }

  [[nodiscard]] bool same(Clock a, Clock b) const { return root(a) == root(b); }

  // Lock step of two streams: fine on one clock, or where neither descends from what the other does;
  // but not of two rates, which might differ.
  [[nodiscard]] bool may_unify(Clock a, Clock b) const {
    if (same(a, b)) return true;
    const std::set<Clock> of_a = lineage(a);
    if (knows_rate(of_a) && knows_rate(lineage(b))) return false;
    for (const Clock ancestor : lineage(b)) {
      if (of_a.contains(ancestor)) return false;
    }
    return true;
  }
  void unify(Clock a, Clock b) {
    if (!same(a, b)) roots_[root(a)] = root(b);
  }

 private:
  Clock add(std::set<Clock> parents) {
    roots_.push_back(roots_.size());
    parents_.push_back(std::move(parents));
    has_rate_.push_back(false);
    return roots_.size() - 1;
  }

  [[nodiscard]] bool knows_rate(const std::set<Clock>& roots) const {
    for (Clock clock = 0; clock < roots_.size(); ++clock) {
      if (has_rate_[clock] && roots.contains(root(clock))) return true;
    }
    return false;
  }

  [[nodiscard]] Clock root(Clock clock) const {
    while (roots_[clock] != clock) clock = roots_[clock];
    return clock;
  }

  // The classes that a clock's ticks come from, itself included. Parents of every member count.
  [[nodiscard]] std::set<Clock> lineage(Clock clock) const {
    std::set<Clock> found;
    std::vector<Clock> open = {root(clock)};
    while (!open.empty()) {
      const Clock next = open.back();
      open.pop_back();
      if (!found.insert(next).second) continue;
      for (Clock member = 0; member < roots_.size(); ++member) {
        if (root(member) != next) continue;
        for (const Clock parent : parents_[member]) open.push_back(root(parent));
      }
    }
    return found;
  }

  std::vector<Clock> roots_;               // By clock: itself, or a clock it was unified with.
  std::vector<std::set<Clock>> parents_;   // By clock.
  std::vector<bool> has_rate_;             // By clock.
  std::map<std::tuple<Clock, int, int>, Clock> windows_;
};

}  // namespace streamgen
