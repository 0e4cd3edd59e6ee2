#include "tests/support/program_generator.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/clock_account.h"
#include "tests/support/expression_generator.h"
#include "tests/support/generator_library.h"
#include "tests/support/random.h"

namespace streamgen {

namespace {

struct Stream {
  std::string name;
  ItemKind kind = ItemKind::Float;
  ClockAccount::Clock clock = 0;
  int phase = 0;          // Of the first tick, in ticks of the clock's base. Lifting needs equal ones.
  bool has_times = false;
  int rate_hz = 0;        // Where durations may be window lengths; 0: not.
  bool is_used = false;
};

const std::vector<ItemKind> kAllKinds = {ItemKind::Int,    ItemKind::Float,  ItemKind::Bool,
                                         ItemKind::String, ItemKind::Record, ItemKind::Pair};

const std::vector<std::string> kDelays = {"1ns", "40ms", "1s", "3500ms", "1h"};

class ProgramGenerator {
 public:
  ProgramGenerator(std::uint64_t seed, const GeneratorOptions& options)
      : random_(seed), options_(options) {
    program_.seed = seed;
    program_.declarations = library_declarations();
  }

  GeneratedProgram run() {
    const std::size_t source_count = options_.allows_stop ? 1 : 1 + random_.below(3);
    for (std::size_t i = 0; i < source_count; ++i) add_source();
    const int equation_count = static_cast<int>(random_.between(2, options_.equations_max));
    for (int i = 0; i < equation_count; ++i) {
      // Not every kind of equation fits the streams there are: try a few.
      for (int attempt = 0; attempt < 8 && !add_equation(); ++attempt) {
      }
    }
    if (options_.allows_stop) add_stop();
    add_sinks();
    shuffle();
    return std::move(program_);
  }

 private:
  std::string fresh_name() { return "e" + std::to_string(++name_count_); }

  Stream& use(std::size_t index) {
    streams_[index].is_used = true;
    return streams_[index];
  }

  void add(const Stream& like, ItemKind kind, std::string text) {
    Stream made = like;
    made.name = fresh_name();
    made.kind = kind;
    made.is_used = false;
    program_.equations.push_back({{made.name}, std::move(text), false, {}, ""});
    streams_.push_back(std::move(made));
  }

  Stream on_new_clock(const std::vector<Stream>& inputs) {
    Stream made = inputs.at(0);
    std::vector<ClockAccount::Clock> parents;
    for (const Stream& input : inputs) parents.push_back(input.clock);
    made.clock = clocks_.generated_from(parents);
    made.phase = 0;
    made.rate_hz = 0;
    return made;
  }

  void add_source() {
    Stream source;
    source.name = "s" + std::to_string(streams_.size() + 1);
    source.kind = random_.chance(60) ? ItemKind::Float : random_.pick(kAllKinds);
    Equation equation;
    equation.names = {source.name};
    equation.is_list = true;
    const std::size_t count = random_.chance(15)   ? 1 + random_.below(3)
                              : random_.chance(80) ? 4 + random_.below(40)
                                                   : 60 + random_.below(200);
    for (std::size_t i = 0; i < count; ++i) {
      equation.elements.push_back(ExpressionGenerator::constant(random_, source.kind));
    }
    // The first element gives the list its type: a float, or a record with an option that is there.
    if (random_.chance(35)) {
      source.rate_hz = static_cast<int>(random_.between(1, 16));
      source.has_times = true;
      equation.suffix = " @ " + std::to_string(source.rate_hz) + "Hz";
    }
    source.clock = clocks_.fresh(source.has_times);
    program_.equations.push_back(std::move(equation));
    streams_.push_back(std::move(source));
    if (random_.chance(12)) amplify(streams_.size() - 1);
  }

  // Many items from few, so that batches fill up.
  void amplify(std::size_t index) {
    const Stream source = use(index);
    if (source.kind != ItemKind::Float && source.kind != ItemKind::Int) return;
    const char* tail = source.kind == ItemKind::Float ? "v * 0.5, v + 1.0, 2.0 - v, v" : "v + 1, 2 * v, 3, -v";
    std::string step = " |> map(v => [v, " + std::string(tail) + ", v]) |> flatten";
    add(on_new_clock({source}), source.kind, source.name + step + (random_.chance(50) ? step : ""));
  }

  std::size_t any_stream() {
    // Younger streams more often, so that programs grow deep.
    if (random_.chance(50)) return streams_.size() - 1 - random_.below(std::min<std::size_t>(streams_.size(), 3));
    return random_.below(streams_.size());
  }

  bool find_stream(ItemKind kind, std::size_t& index) {
    for (int attempt = 0; attempt < 6; ++attempt) {
      index = any_stream();
      if (streams_[index].kind == kind) return true;
    }
    return false;
  }

  bool add_equation() {
    switch (random_.below(22)) {
      case 0:
      case 1:
        return add_lifted();
      case 2:
      case 3:
        return add_map();
      case 4:
        return add_where();
      case 5:
        return add_split();
      case 6:
        return add_take_or_skip();
      case 7:
        return add_zip();
      case 8:
        return add_merge();
      case 9:
      case 10:
      case 11:
      case 12:
        return add_window();
      case 13:
        return add_cycle();
      case 14:
        return add_else();
      case 15:
        return add_scan_or_running();
      case 16:
      case 17:
        return add_step();
      case 18:
        return add_special_agent();
      case 19:
        return add_delay();
      case 20:
        return add_loop();
      default:
        return random_.chance(50) ? add_filter_map() : add_flatten();
    }
  }

  // `a + b * f(c)` over streams in step.
  bool add_lifted() {
    const std::size_t first = any_stream();
    std::vector<Variable> variables;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      const Stream& stream = streams_[i];
      const bool fits = clocks_.same(stream.clock, streams_[first].clock) &&
                        stream.phase == streams_[first].phase &&
                        stream.has_times == streams_[first].has_times;
      if (fits && (i == first || random_.chance(50))) variables.push_back({stream.name, stream.kind});
    }
    const ItemKind kind = random_.chance(50) ? ItemKind::Float : random_.pick(kAllKinds);
    const std::string text = ExpressionGenerator(random_, variables, ExpressionGenerator::Place::Lifted).make(kind, 3);
    bool uses_a_stream = false;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (!mentions(text, streams_[i].name)) continue;
      uses_a_stream = true;
      use(i);
    }
    if (!uses_a_stream) return false;
    add(streams_[first], kind, text);
    return true;
  }

  std::string lambda(const Stream& input, ItemKind result, int depth) {
    return "v => " + ExpressionGenerator(random_, {{"v", input.kind}}).make(result, depth);
  }

  bool add_map() {
    const Stream input = use(any_stream());
    const ItemKind kind = random_.chance(50) ? ItemKind::Float : random_.pick(kAllKinds);
    add(input, kind, input.name + " |> map(" + lambda(input, kind, 3) + ")");
    return true;
  }

  bool add_where() {
    const Stream input = use(any_stream());
    add(on_new_clock({input}), input.kind,
        input.name + " |> where(" + lambda(input, ItemKind::Bool, 2) + ")");
    return true;
  }

  bool add_filter_map() {
    const Stream input = use(any_stream());
    add(on_new_clock({input}), ItemKind::Float,
        input.name + " |> filter_map(v => if " +
            ExpressionGenerator(random_, {{"v", input.kind}}).make(ItemKind::Bool, 2) + " { " +
            ExpressionGenerator(random_, {{"v", input.kind}}).make(ItemKind::Float, 2) +
            " } else { none })");
    return true;
  }

  bool add_flatten() {
    const Stream input = use(any_stream());
    ExpressionGenerator expressions(random_, {{"v", input.kind}});
    std::string elements = expressions.make(ItemKind::Float, 2);
    for (std::size_t i = random_.below(3); i > 0; --i) {
      elements += ", " + expressions.make(ItemKind::Float, 2);
    }
    add(on_new_clock({input}), ItemKind::Float,
        input.name + " |> map(v => [" + elements + "]) |> flatten");
    return true;
  }

  bool add_split() {
    const Stream input = use(any_stream());
    Stream branch = on_new_clock({input});
    const std::string yes = fresh_name();
    const std::string no = fresh_name();
    program_.equations.push_back(
        {{yes, no}, input.name + " |> split(" + lambda(input, ItemKind::Bool, 2) + ")", false, {}, ""});
    branch.is_used = false;
    branch.name = yes;
    streams_.push_back(branch);
    branch.name = no;
    branch.clock = clocks_.generated_from({input.clock});
    streams_.push_back(branch);
    if (random_.chance(40)) {
      // The branches of a split give the original again.
      use(streams_.size() - 1);
      use(streams_.size() - 2);
      Stream whole = on_new_clock({input});
      add(whole, input.kind, "merge(" + yes + ", " + no + ")");
    }
    return true;
  }

  bool add_take_or_skip() {
    const Stream input = use(any_stream());
    const int count = static_cast<int>(random_.below(random_.chance(70) ? 6 : 60));
    Stream output = input;
    if (random_.chance(50)) {
      add(output, input.kind, input.name + " |> take(" + std::to_string(count) + ")");
    } else {
      output.phase += count;
      output.rate_hz = 0;
      add(output, input.kind, input.name + " |> skip(" + std::to_string(count) + ")");
    }
    return true;
  }

  bool add_zip() {
    for (int attempt = 0; attempt < 6; ++attempt) {
      const std::size_t a = any_stream();
      const std::size_t b = any_stream();
      if (a == b || !clocks_.may_unify(streams_[a].clock, streams_[b].clock)) continue;
      const bool is_step = clocks_.same(streams_[a].clock, streams_[b].clock) &&
                           streams_[a].phase == streams_[b].phase;
      clocks_.unify(streams_[a].clock, streams_[b].clock);
      const Stream left = use(a);
      const Stream right = use(b);
      Stream output = left;
      output.phase = std::max(left.phase, right.phase);
      output.has_times = left.has_times || right.has_times;
      output.rate_hz = is_step ? left.rate_hz : 0;
      const ItemKind kind = random_.chance(60) ? ItemKind::Float : random_.pick(kAllKinds);
      const std::string body =
          ExpressionGenerator(random_, {{"a", left.kind}, {"b", right.kind}}).make(kind, 2);
      add(output, kind, "zip(" + left.name + ", " + right.name + ") |> map((a, b) => " + body + ")");
      return true;
    }
    return false;
  }

  bool add_merge() {
    for (int attempt = 0; attempt < 6; ++attempt) {
      const std::size_t a = any_stream();
      const std::size_t b = any_stream();
      if (streams_[a].kind != streams_[b].kind || streams_[a].has_times != streams_[b].has_times) continue;
      const Stream left = use(a);
      const Stream right = use(b);
      std::string inputs = left.name + ", " + right.name;
      if (random_.chance(30)) inputs += ", " + left.name;
      add(on_new_clock({left, right}), left.kind, "merge(" + inputs + ")");
      return true;
    }
    return false;
  }

  bool add_window() {
    const WindowStep& step = random_.pick(library_window_steps());
    std::size_t index = 0;
    if (!find_stream(step.input, index)) return false;
    const Stream input = use(index);
    static const std::vector<int> kSizes = {1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 15, 16, 17, 24, 31, 40, 64, 100};
    const bool wants_three = std::string(step.text).starts_with("dot(");
    int size = wants_three ? 3 : random_.pick(kSizes);
    int every = random_.chance(35)   ? 1
                : random_.chance(40) ? size
                                     : static_cast<int>(1 + random_.below(static_cast<std::size_t>(size) + 3));
    bool partial = random_.chance(35) && !wants_three;
    const bool rest = random_.chance(20) && !wants_three && !(partial && every == 1);
    std::string arguments = std::to_string(size);
    if (input.rate_hz > 0 && random_.chance(30) && !wants_three) {
      size = static_cast<int>(1 + random_.below(4)) * input.rate_hz;
      arguments = std::to_string(size / input.rate_hz) + "s";
      every = size;
    }
    if (every != size) arguments += ", every: " + std::to_string(every);
    if (partial) arguments += ", partial: true";
    if (rest) arguments += ", rest: true";

    Stream output = input;
    if (!(partial && every == 1)) {
      output.rate_hz = 0;
      if (rest) {
        output = on_new_clock({input});
      } else if (every == 1) {
        output.phase += size - 1;
      } else {
        output.clock = clocks_.windows_of(input.clock, every, input.phase + (partial ? every : size));
        output.phase = 0;
      }
    }
    add(output, step.output, input.name + " |> window(" + arguments + ") |> " + step.text);
    return true;
  }

  // y = f(x, prev(y)), also through another equation, or a growing window.
  bool add_cycle() {
    const Stream input = use(any_stream());
    const std::string own = "e" + std::to_string(name_count_ + 1);
    const std::string other = "e" + std::to_string(name_count_ + 2);
    const std::string count = std::to_string(1 + random_.below(4));
    const std::string init = ExpressionGenerator::constant(random_, ItemKind::Float);
    const std::string base = ExpressionGenerator(random_, {{input.name, input.kind}},
                                                 ExpressionGenerator::Place::Lifted).make(ItemKind::Float, 1);
    const std::string x = mentions(base, input.name) || input.kind != ItemKind::Float ? base : input.name;
    if (!mentions(x, input.name)) return false;
    switch (random_.below(4)) {
      case 0:
        add(input, ItemKind::Float, x + " + 0.5 * prev(" + own + ", " + count + ", init: " + init + ")");
        return true;
      case 1:
        add(input, ItemKind::Float, x + " - prev(" + other + ", init: " + init + ")");
        add(input, ItemKind::Float, "0.25 * " + own + " + prev(" + own + ", " + count + ", init: 1.0)");
        streams_[streams_.size() - 2].is_used = true;
        return true;
      case 2:
        add(input, ItemKind::Float,
            x + " + prev(" + own + " |> window(3, every: 1, partial: true) |> mean, init: " + init + ")");
        return true;
      default:
        add(input, ItemKind::Float,
            "10.0 / (" + x + " - 0.5 * prev(" + own + ", " + count + ", init: " + init + "))");
        return true;
    }
  }

  // Outside of cycles: by items where the first ones have a place before the start, else by a time.
  bool add_delay() {
    const std::size_t index = any_stream();
    const bool by_time = streams_[index].has_times && (streams_[index].rate_hz == 0 || random_.chance(50));
    const Stream input = use(index);
    if (by_time) {
      add(on_new_clock({input}), input.kind, "delay(" + input.name + ", " + random_.pick(kDelays) + ")");
      return true;
    }
    const int count = static_cast<int>(1 + random_.below(random_.chance(80) ? 5 : 1500));
    Stream output = input;
    output.phase -= count;
    output.rate_hz = 0;
    add(output, input.kind,
        "delay(" + input.name + ", " + std::to_string(count) + ", init: " +
            ExpressionGenerator::constant(random_, input.kind) + ")");
    return true;
  }

  // Items go round in a cycle and become fewer, or smaller.
  bool add_loop() {
    const std::string own = "e" + std::to_string(name_count_ + 1);
    const std::string other = "e" + std::to_string(name_count_ + 2);
    switch (random_.below(4)) {
      case 0: return add_loop_without_source(own);
      case 1: return add_loop_of_two_delays(own, other);
      case 2: return add_loop_in_step(own, other);
      default: return add_loop_by_time(own, other);
    }
  }

  Stream on_own_clock() {
    Stream made;
    made.kind = ItemKind::Int;
    made.clock = clocks_.fresh(false);
    return made;
  }

  bool add_loop_without_source(const std::string& own) {
    const std::string first = std::to_string(random_.below(60)) + ", max: 5000)";
    const std::string count = ", " + std::to_string(1 + random_.below(3)) + ", init: ";
    static const std::vector<std::string> kSteps = {
        " |> map(v => v - 1 - v // 5) |> where(v => v > 0)",
        " |> where(v => v > 1) |> map(v => [v // 2, v // 3]) |> flatten",
        " |> map(v => 360 // (v - 3)) |> take(12)",
        " |> filter_map(v => if v > 2 { v // 2 } else { none })",
        " |> scan((s, v) => s + v, init: 0) |> where(v => v < 500 and v > 0)",
        " |> window(2) |> max |> map(v => v - 7) |> where(v => v > 0)",
    };
    add(on_own_clock(), ItemKind::Int, "delay(" + own + random_.pick(kSteps) + count + first);
    return true;
  }

  bool add_loop_of_two_delays(const std::string& own, const std::string& other) {
    const Stream loop = on_own_clock();
    add(loop, ItemKind::Int, "delay(" + other + " |> map(v => v - 2), 1, init: 9)");
    add(on_new_clock({loop}), ItemKind::Int,
        "delay(" + own + " |> where(v => v > 0), " + std::to_string(1 + random_.below(4)) + ", init: 4)");
    streams_[streams_.size() - 2].is_used = true;
    return true;
  }

  bool add_loop_in_step(const std::string& own, const std::string& other) {
    std::size_t index = 0;
    if (!find_stream(ItemKind::Float, index)) return false;
    const Stream input = use(index);
    const std::string count = std::to_string(1 + random_.below(6));
    if (random_.chance(50)) {
      add(input, ItemKind::Float, input.name + " + 0.5 * delay(" + own + ", " + count + ", init: 1.5)");
      return true;
    }
    add(input, ItemKind::Float, input.name + " - delay(" + other + ", " + count + ", init: 0.25)");
    add(input, ItemKind::Float, "0.5 * " + own + " |> map(v => v + 1.0)");
    streams_[streams_.size() - 2].is_used = true;
    return true;
  }

  bool add_loop_by_time(const std::string& own, const std::string& other) {
    std::size_t index = 0;
    if (!find_stream(ItemKind::Int, index) || !streams_[index].has_times) return false;
    const Stream input = use(index);
    const bool source_first = random_.chance(50);
    const Stream loop = on_new_clock({input});
    add(loop, ItemKind::Int,
        source_first ? "merge(" + input.name + ", " + other + ")" : "merge(" + other + ", " + input.name + ")");
    const std::string step = random_.chance(50) ? "where(v => v > 1 and v < 200) |> map(v => [v // 2, v // 3]) |> flatten"
                                                : "map(v => v // 2 - 1) |> where(v => v > 0)";
    add(on_new_clock({loop}), ItemKind::Int,
        "delay(" + own + " |> " + step + ", " + random_.pick(kDelays) + ")");
    streams_[streams_.size() - 2].is_used = true;
    return true;
  }

  bool add_else() {
    const Stream input = use(any_stream());
    const std::string risky = ExpressionGenerator(random_, {{"v", input.kind}}).make(ItemKind::Float, 2);
    const std::string body = input.name + " |> map(v => 1.0 / (" + risky + "))";
    switch (random_.below(4)) {
      case 0:
        add(input, ItemKind::Float, body + " else " + ExpressionGenerator::constant(random_, ItemKind::Float));
        return true;
      case 1:
        add(on_new_clock({input}), ItemKind::Float, body + " else skip");
        return true;
      case 2:
        add(input, ItemKind::Float, body + " else -7.0 |> map(v => v + 1.0)");
        return true;
      default: {
        const std::string option =
            ExpressionGenerator(random_, {{"v", input.kind}}).make(ItemKind::Bool, 2);
        add(input, ItemKind::Float,
            input.name + " |> map(v => if " + option + " { " + risky + " } else { none }) else 3.5");
        return true;
      }
    }
  }

  bool add_scan_or_running() {
    if (random_.chance(40)) {
      const Stream input = use(any_stream());
      const ItemKind kind = random_.chance(60) ? ItemKind::Float : ItemKind::Int;
      const std::string body =
          ExpressionGenerator(random_, {{"s", kind}, {"v", input.kind}}).make(kind, 2);
      add(input, kind,
          input.name + " |> scan((s, v) => " + body + ", init: " +
              ExpressionGenerator::constant(random_, kind) + ")");
      return true;
    }
    const WindowStep& aggregate = random_.pick(library_aggregates());
    std::size_t index = 0;
    if (!find_stream(aggregate.input, index)) return false;
    const Stream input = use(index);
    add(input, aggregate.output, input.name + " |> running(" + aggregate.text + ")");
    return true;
  }

  bool add_step() {
    const Step& step = random_.pick(library_steps());
    std::size_t index = 0;
    if (!find_stream(step.input, index)) return false;
    if (step.clock == Step::Clock::NewTimed && !streams_[index].has_times) return false;
    const Stream input = use(index);
    add(step.clock == Step::Clock::Kept ? input : on_new_clock({input}), step.output,
        input.name + " |> " + step.text);
    return true;
  }

  // Agents with two outputs or two inputs, graphs with two results.
  bool add_special_agent() {
    std::size_t index = 0;
    if (random_.chance(40)) {
      if (!find_stream(ItemKind::Int, index)) return false;
      const Stream input = use(index);
      const std::string name = fresh_name();
      program_.equations.push_back({{name}, input.name + " |> sort_out(2)", false, {}, ""});
      add(on_new_clock({input}), ItemKind::Int, name + ".ok |> map(v => v)");
      add(on_new_clock({input}), ItemKind::String, name + ".bad |> map(v => v)");
      return true;
    }
    if (!find_stream(ItemKind::Float, index)) return false;
    const Stream left = use(index);
    if (random_.chance(50)) {
      const std::string below = fresh_name();
      const std::string above = fresh_name();
      program_.equations.push_back({{below, above}, "band(" + left.name + ", 4)", false, {}, ""});
      Stream output = left;
      output.is_used = false;
      output.name = below;
      streams_.push_back(output);
      output.name = above;
      streams_.push_back(output);
      return true;
    }
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      const bool fits = streams_[i].kind == ItemKind::Int && clocks_.same(streams_[i].clock, left.clock) &&
                        streams_[i].phase == left.phase && streams_[i].has_times == left.has_times;
      if (!fits) continue;
      add(left, ItemKind::Float, "weigh(" + left.name + ", " + use(i).name + ", 0.5)");
      return true;
    }
    return false;
  }

  void add_stop() {
    const Stream input = use(any_stream());
    const std::string risky = ExpressionGenerator(random_, {{"v", input.kind}}).make(ItemKind::Float, 1);
    add(input, ItemKind::Float, input.name + " |> map(v => 1.0 / (" + risky + ")) else stop");
  }

  void add_sinks() {
    for (const Stream& stream : streams_) {
      if (stream.is_used && !random_.chance(25)) continue;
      std::string format = "{}";
      if (stream.kind == ItemKind::Float && random_.chance(30)) format = random_.chance(50) ? "{:.3f}" : "{:.6g}";
      program_.sinks.push_back(
          {stream.name, stream.name + " |> print(\"" + stream.name + " " + format + "\")"});
      const bool is_table = stream.kind == ItemKind::Record || stream.kind == ItemKind::Pair;
      if (random_.chance(is_table ? 50 : 5)) {
        program_.sinks.push_back(
            {"", stream.name + " |> csv.write(\"" + stream.name + ".csv\")"});
      }
    }
  }

  // Equations may stand in any order.
  void shuffle() {
    for (std::size_t i = program_.equations.size(); i > 1; --i) {
      std::swap(program_.equations[i - 1], program_.equations[random_.below(i)]);
    }
  }

  Random random_;
  GeneratorOptions options_;
  GeneratedProgram program_;
  std::vector<Stream> streams_;
  ClockAccount clocks_;
  int name_count_ = 0;
};

}  // namespace

GeneratedProgram generate_program(std::uint64_t seed, const GeneratorOptions& options) {
  return ProgramGenerator(seed, options).run();
}

}  // namespace streamgen
