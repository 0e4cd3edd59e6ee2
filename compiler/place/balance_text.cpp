#include "compiler/place/balance_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "compiler/graph/describe.h"
#include "compiler/support/assert.h"

namespace streamc {
namespace {

// Equations below this share of the work are told of together.
constexpr double kSmallestShownPercent = 1.0;

// `4.8 ns`, `76 ns`, `20 us`
std::string time_text(std::int64_t ps) {
  const double ns = static_cast<double>(ps) / 1e3;
  if (ns >= 10'000) return fmt::format("{:.0f} us", ns / 1e3);
  return ns >= 10 ? fmt::format("{:.0f} ns", ns) : fmt::format("{:.1f} ns", ns);
}

// What one equation does on one thread.
struct EquationShare {
  std::string name;
  std::int64_t work_ps = 0;
  OperatorId dearest;
  std::size_t operators = 0;
};

class Describer {
 public:
  Describer(const Graph& graph, const Balance& balance, const CheckedProgram& program, const SourceManager* sources)
      : graph_(graph), balance_(balance), program_(program), sources_(sources) {
    for (const std::int64_t work_ps : balance.work.work_ps) total_ps_ += work_ps;
  }

  std::string text() {
    heading();
    for (std::size_t thread = 0; thread < balance_.threads.size(); ++thread) describe_thread(PartId(thread));
    if (!balance_.crossings.empty()) describe_crossings();
    fmt::format_to(std::back_inserter(out_), "\n{}: {}\n",
                   is_one() && balance_.last != LastThread::Asked ? "one thread is enough" : "no further thread",
                   reason());
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_one() const { return balance_.threads.size() == 1; }

  [[nodiscard]] double percent(std::int64_t ps) const {
    return total_ps_ == 0 ? 0.0 : 100.0 * static_cast<double>(ps) / static_cast<double>(total_ps_);
  }

  [[nodiscard]] std::int64_t busiest_ps() const {
    std::int64_t busiest = 0;
    for (const ThreadLoad& load : balance_.threads) busiest = std::max(busiest, load.sum_ps());
    return busiest;
  }

  void heading() {
    const std::string alone = time_text(balance_.alone_ps);
    if (is_one()) {
      out_ += fmt::format("1 thread: about {} for an item of the sources\n", alone);
      return;
    }
    out_ += fmt::format("{} threads: about {} for an item of the sources on the busiest, {} if one thread did all\n",
                        balance_.threads.size(), time_text(busiest_ps()), alone);
  }

  void describe_thread(PartId thread) {
    fmt::format_to(std::back_inserter(out_), "\nthread {}{}: {:.0f} % of the work\n", balance_.names[thread.index()],
                   thread.index() == 0 && !is_one() ? " (console)" : "",
                   percent(balance_.threads[thread.index()].own_ps));
    std::vector<EquationShare> shares = shares_of(thread);
    std::size_t width = 0;
    std::int64_t rest_ps = 0;
    std::size_t rest = 0;
    for (const EquationShare& share : shares) {
      if (is_shown(share)) width = std::max(width, share.name.size());
    }
    for (const EquationShare& share : shares) {
      if (is_shown(share)) {
        fmt::format_to(std::back_inserter(out_), "  {:<{}}  {:>3.0f} %  {}{}\n", share.name, width,
                       percent(share.work_ps), describe_operator(graph_.op(share.dearest), program_, sources_),
                       share.operators > 1 ? " …" : "");
      } else {
        rest_ps += share.work_ps;
        ++rest;
      }
    }
    if (rest > 0) {
      fmt::format_to(std::back_inserter(out_), "  and {} more, {:.1f} %\n", rest, percent(rest_ps));
    }
  }

  [[nodiscard]] bool is_shown(const EquationShare& share) const {
    return percent(share.work_ps) >= kSmallestShownPercent;
  }

  // Those that cost most first.
  [[nodiscard]] std::vector<EquationShare> shares_of(PartId thread) const {
    std::vector<EquationShare> shares;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      if (balance_.part_of[i] != thread) continue;
      const std::string& name = graph_.operators[i].equation;
      auto share =
          std::find_if(shares.begin(), shares.end(), [&](const EquationShare& known) { return known.name == name; });
      if (share == shares.end()) share = shares.insert(shares.end(), {.name = name});
      const std::int64_t work_ps = balance_.work.work_ps[i];
      if (!share->dearest.valid() || work_ps > balance_.work.work_ps[share->dearest.index()])
        share->dearest = OperatorId(i);
      share->work_ps += work_ps;
      ++share->operators;
    }
    std::stable_sort(shares.begin(), shares.end(),
                     [](const EquationShare& a, const EquationShare& b) { return a.work_ps > b.work_ps; });
    return shares;
  }

  void describe_crossings() {
    out_ += "\nbetween threads\n";
    for (const CrossingStream& crossing : balance_.crossings) {
      const Port& port = graph_.port(crossing.port);
      const Operator& producer = graph_.op(port.producer);
      const std::string name =
          !port.name.empty() ? port.name : fmt::format("{} of {}", kind_name(producer.kind), producer.equation);
      fmt::format_to(std::back_inserter(out_), "  {}: {} -> {}, {} on each side\n", name,
                     balance_.names[crossing.from.index()], balance_.names[crossing.to.index()],
                     time_text(balance_.work.crossing_ps[crossing.port.index()]));
    }
  }

  [[nodiscard]] std::string reason() const {
    switch (balance_.last) {
      case LastThread::Asked:
        return "no more are allowed";
      case LastThread::FewItems:
        return balance_.work.item_count == 0 ? std::string("there is nothing to do")
                                             : fmt::format("all items of its lists are worked off in {}",
                                                           time_text(balance_.alone_ps * balance_.work.item_count));
      case LastThread::Waits:
        return fmt::format("its sources are live, and {} items of each in a second keep it busy {:.1f} % of the time",
                           kAssumedLiveRate,
                           static_cast<double>(balance_.alone_ps) * static_cast<double>(kAssumedLiveRate) / 1e10);
      case LastThread::Indivisible:
        return indivisible_text();
      case LastThread::Costs:
        return fmt::format("a cut would save {} an item and cost {}", time_text(balance_.would_save_ps),
                           time_text(balance_.would_cost_ps));
      case LastThread::SavesLittle:
        return fmt::format("a cut would take {} of {} off the busiest, less than a tenth",
                           time_text(balance_.would_save_ps - balance_.would_cost_ps), time_text(busiest_ps()));
    }
    STREAM_UNREACHABLE("last thread {}", static_cast<int>(balance_.last));
  }

  // Why the busiest thread cannot be relieved.
  [[nodiscard]] std::string indivisible_text() const {
    const std::string& name = graph_.op(balance_.largest).equation;
    if (balance_.bond.is_stop) {
      return fmt::format("`{}` is most of the busiest, and what an `else stop` depends on stays with its source", name);
    }
    if (balance_.bond.is_cycle)
      return fmt::format("`{}` is most of the busiest, and its cycle stays on one thread", name);
    if (balance_.bond.is_destination) {
      return fmt::format("`{}` is most of the busiest, and sinks of one kind write from one thread", name);
    }
    return fmt::format("`{}` is most of the busiest, and `{}` cannot be cut", name,
                       describe_operator(graph_.op(balance_.largest), program_, sources_));
  }

  const Graph& graph_;
  const Balance& balance_;
  const CheckedProgram& program_;
  const SourceManager* sources_;
  std::int64_t total_ps_ = 0;
  std::string out_;
};

}  // namespace

std::string describe_balance(const Graph& graph, const Balance& balance, const CheckedProgram& program,
                             const SourceManager* sources) {
  return Describer(graph, balance, program, sources).text();
}

}  // namespace streamc
