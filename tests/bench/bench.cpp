// The rows that `./dev bench` prints: compiled programs against hand-written loops.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/compiled_region.h"
#include "tests/bench/crossing.h"
#include "tests/bench/hand_shapes.h"
#include "tests/bench/harness.h"
#include "tests/bench/node_link.h"

namespace streambench {
namespace {

constexpr std::size_t kBatch = 1024;
constexpr std::size_t kInCache = std::size_t{1} << 14;
constexpr std::size_t kInMemory = std::size_t{1} << 23;

// Made at run time, so that no compiler knows them.
std::vector<double> make_items(std::size_t count) {
  std::mt19937_64 random(static_cast<std::uint64_t>(count));
  std::vector<double> items(count + 16);
  for (double& item : items) {
    item = static_cast<double>(static_cast<std::int64_t>(random() >> 40)) / 4096.0 - 2048.0;
  }
  return items;
}

// Stops the benchmark if the two sides do not compute the same.
void check(const std::string& name, const std::vector<double>& compiled,
           const std::vector<double>& hand, double tolerance) {
  bool same = compiled.size() == hand.size();
  for (std::size_t i = 0; same && i < hand.size(); ++i) {
    same = std::fabs(compiled[i] - hand[i]) <= tolerance * std::max(1.0, std::fabs(hand[i]));
  }
  if (same) return;
  fmt::print(stderr, "bench: {}: the two sides differ ({} and {} items)\n", name, compiled.size(),
             hand.size());
  std::exit(1);
}

// ---- chains of maps and a filter -------------------------------------------------------------

std::string chain_program(int maps) {
  std::string text;
  for (int k = 0; k <= maps; ++k) text += fmt::format("param f{}: float = 1.0 \"factor\"\n", k);
  text += "param limit: float = 0.0 \"limit\"\nx = items([1.0])\nx";
  for (int k = 0; k < maps; ++k) text += fmt::format(" |> map(v => v * f{} + f{})", k, k + 1);
  return text + " |> where(v => v > limit) |> print()\n";
}

void maps_and_filter_row(int maps, bool from_memory, double bar) {
  std::vector<double> factors;
  for (int k = 0; k <= maps; ++k) factors.push_back(k % 2 == 1 ? 0.5 : 1.0);
  const std::size_t count = from_memory ? kInMemory : kInCache;
  const std::vector<double> items = make_items(count);
  std::vector<double> mapped(items.begin(), items.begin() + kInCache);
  for (double& x : mapped) {
    for (int k = 0; k < maps; ++k) {
      x = x * factors[static_cast<std::size_t>(k)] + factors[static_cast<std::size_t>(k) + 1];
    }
  }
  std::nth_element(mapped.begin(), mapped.begin() + kInCache / 2, mapped.end());
  const double limit = mapped[kInCache / 2];

  CompiledRegion region(chain_program(maps));
  for (int k = 0; k <= maps; ++k) {
    region.set_param(fmt::format("f{}", k), factors[static_cast<std::size_t>(k)]);
  }
  region.set_param("limit", limit);
  std::vector<double> out(kBatch + 16);
  const auto hand = [&, count, limit](std::vector<double>* all) {
    for (std::size_t first = 0; first < count; first += kBatch) {
      const std::size_t made = maps_and_filter(maps, factors.data(), limit, items.data() + first,
                                               out.data(), kBatch);
      if (all != nullptr) all->insert(all->end(), out.data(), out.data() + made);
    }
  };
  const std::string name = fmt::format("{} map{} and a filter{}", maps, maps > 1 ? "s" : "",
                                       from_memory ? ", from memory" : "");
  std::vector<double> compiled_out;
  std::vector<double> hand_out;
  region.run({items.data(), count}, &compiled_out);
  hand(&hand_out);
  check(name, compiled_out, hand_out, 0.0);
  measure({.name = name,
           .items = static_cast<double>(count),
           .compiled = [&] { region.run({items.data(), count}); },
           .hand = [&] { hand(nullptr); },
           .bar = bar});
}

void memcpy_row() {
  const std::vector<double> items = make_items(kInMemory);
  std::vector<double> copy(kInMemory);
  CompiledRegion region(chain_program(5));
  region.set_param("limit", 0.0);
  measure({.name = "5 maps and a filter against memcpy",
           .items = static_cast<double>(kInMemory),
           .compiled = [&] { region.run({items.data(), kInMemory}); },
           .hand = [&] { std::memcpy(copy.data(), items.data(), kInMemory * sizeof(double)); },
           .bar = 1.25});
}

// ---- windows ---------------------------------------------------------------------------------

void sliding_row(const std::string& what, std::size_t size, double bar) {
  const std::size_t count = std::max(kInCache, 4 * size);
  const std::vector<double> items = make_items(count);
  CompiledRegion region(
      fmt::format("x = items([1.0])\nx |> window({}, every: 1, partial: true) |> {} |> print()\n",
                  size, what));
  const bool is_mean = what == "mean";
  const double scale = is_mean ? 1.0 / static_cast<double>(size) : 1.0;
  RunningSum sum(size);
  TwoStacksMax maximum(size);
  std::vector<double> out(kBatch + 16);
  const auto hand = [&](std::vector<double>* all) {
    for (std::size_t first = 0; first < count; first += kBatch) {
      if (what == "max") {
        maximum.run(items.data() + first, out.data(), kBatch);
      } else {
        sum.run(items.data() + first, out.data(), kBatch, scale);
      }
      if (all != nullptr) all->insert(all->end(), out.data(), out.data() + kBatch);
    }
  };
  const std::string name = fmt::format("sliding {}, W = {}", what, size);
  std::vector<double> compiled_out;
  std::vector<double> hand_out;
  region.run({items.data(), count}, &compiled_out);
  hand(&hand_out);
  // Incomplete windows have their own divisor.
  const auto from_full = [&](std::vector<double>& all) {
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
  };
  from_full(compiled_out);
  from_full(hand_out);
  check(name, compiled_out, hand_out, 1e-6);
  measure({.name = name,
           .items = static_cast<double>(count),
           .compiled = [&] { region.run({items.data(), count}); },
           .hand = [&] { hand(nullptr); },
           .bar = bar});
}

void tumbling_row(std::size_t size, double bar) {
  const std::vector<double> items = make_items(kInCache);
  CompiledRegion region(
      fmt::format("x = items([1.0])\nx |> window({}) |> sum |> print()\n", size));
  std::vector<double> out(kInCache);
  const auto hand = [&] { tumbling_sum(size, items.data(), out.data(), kInCache); };
  const std::string name = fmt::format("tumbling sum, W = {}", size);
  std::vector<double> compiled_out;
  region.run({items.data(), kInCache}, &compiled_out);
  hand();
  std::vector<double> hand_out(out.begin(),
                               out.begin() + static_cast<std::ptrdiff_t>(kInCache / size));
  check(name, compiled_out, hand_out, 1e-6);
  measure({.name = name,
           .items = static_cast<double>(kInCache),
           .compiled = [&] { region.run({items.data(), kInCache}); },
           .hand = hand,
           .bar = bar});
}

void feedback_row() {
  const std::vector<double> items = make_items(kInCache);
  CompiledRegion region(
      "param gain: float = 0.5 \"gain\"\nx = items([1.0])\ny = x + gain * prev(y, init: 0.0)\n"
      "y |> print()\n");
  region.set_param("gain", 0.75);
  const double gain = std::strtod("0.75", nullptr);
  std::vector<double> out(kBatch + 16);
  double state = 0.0;
  const auto hand = [&](std::vector<double>* all) {
    for (std::size_t first = 0; first < kInCache; first += kBatch) {
      state = feedback(gain, state, items.data() + first, out.data(), kBatch);
      if (all != nullptr) all->insert(all->end(), out.data(), out.data() + kBatch);
    }
  };
  std::vector<double> compiled_out;
  std::vector<double> hand_out;
  region.run({items.data(), kInCache}, &compiled_out);
  hand(&hand_out);
  check("feedback", compiled_out, hand_out, 0.0);
  measure({.name = "feedback y = x + g * prev(y)",
           .items = static_cast<double>(kInCache),
           .compiled = [&] { region.run({items.data(), kInCache}); },
           .hand = [&] { hand(nullptr); },
           .bar = 1.05});
}

}  // namespace

int run(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  const auto row = [&](std::string_view name, const auto& measure_it) {
    if (name.find(wanted) != std::string_view::npos) measure_it();
  };
  print_header();
  for (const int maps : {1, 5, 10}) {
    row("maps", [&] { maps_and_filter_row(maps, false, 1.1); });
  }
  row("maps memory", [&] { maps_and_filter_row(5, true, 1.1); });
  row("maps memcpy", [&] { memcpy_row(); });
  for (const char* what : {"sum", "mean"}) {
    for (const std::size_t size : {16, 1024, 65536}) {
      row("sliding", [&] { sliding_row(what, size, 1.0); });
    }
  }
  for (const std::size_t size : {16, 1024, 65536}) {
    row("sliding max", [&] { sliding_row("max", size, 0.5); });
  }
  row("tumbling", [&] { tumbling_row(1024, 1.1); });
  row("feedback", [&] { feedback_row(); });
  row("crossing", [&] { crossing_rows(); });
  row("node link", [&] { node_link_rows(); });
  row("round trip", [&] { round_trip_rows(); });
  return 0;
}

}  // namespace streambench

int main(int argc, char** argv) { return streambench::run(argc, argv); }
