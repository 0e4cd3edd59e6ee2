#include "tests/support/generator_library.h"

namespace streamgen {

const std::vector<Declaration>& library_declarations() {
  static const std::vector<Declaration> kDeclarations = {
      {"infinite", "infinite = 1e308 * 10.0\n"},
      {"not_a_number", "not_a_number = infinite - infinite\n"},
      {"R", "type R = { a: float, b: int \"b b\", c: string, d: float? }\n"},
      {"Level", "type Level = low | middle | high\n"},

      {"safe_ratio", "fn safe_ratio(a: float, b: float) -> float = if b == 0 { 0.0 } else { a / b }\n"},
      {"level_of", R"stream(fn level_of(x: float) -> Level {
  if x < -1 { return Level.low }
  return if x > 1 { Level.high } else { Level.middle }
}
)stream"},
      {"horner", R"stream(fn horner(x: float, c: float[]) -> float {
  total = 0.0
  for v in c { total = total * x + v }
  return total
}
)stream"},
      {"checked_root", R"stream(fn checked_root(x: float) -> float = if x < 0 { fail("root of {x}") } else { sqrt(x) }
)stream"},

      {"zscore", "fn zscore(w: float[]) -> float = (last(w) - mean(w)) / std(w)\n"},
      {"energy", "fn energy(w: float[]) -> float = mean(map(w, v => v * v))\n"},
      {"positive_sum", "fn positive_sum(w: float[]) -> float = sum(where(w, v => v > 0.0))\n"},
      {"inverse_sum", "fn inverse_sum(w: float[]) -> float = sum(map(w, v => 1.0 / v))\n"},
      {"ends", "fn ends(w: float[]) -> float = w[0] + 2.0 * w[-1]\n"},
      {"swing", R"stream(fn swing(w: float[]) -> float {
  total = 0.0
  for i in range(len(w) - 1) { total += abs(w[i + 1] - w[i]) }
  return total
}
)stream"},
      {"record_mean", "fn record_mean(w: R[]) -> float = mean(w.a) + sum(w.b)\n"},

      {"mean_square", R"stream(aggregate mean_square(x: float) -> float {
  state n = 0
  state total = 0.0
  add {
    n += 1
    total += x * x
  }
  merge o {
    n += o.n
    total += o.total
  }
  commutative = true
  result = total / n
}
)stream"},
      {"discounted", R"stream(aggregate discounted(x: float) -> float {
  state value = 0.0
  state scale = 1.0
  add {
    value = value * 0.7 + x
    scale *= 0.7
  }
  merge o {
    value = value * o.scale + o.value
    scale *= o.scale
  }
  result = value
}
)stream"},
      {"alternating", R"stream(aggregate alternating(x: float) -> float {
  state total = 0.0
  state sign = 1.0
  add {
    total += sign * x
    sign = -sign
  }
  result = total
}
)stream"},
      {"harmonic", R"stream(aggregate harmonic(x: float) -> float {
  state n = 0
  state total = 0.0
  add {
    n += 1
    total += 1 / x
  }
  merge o {
    n += o.n
    total += o.total
  }
  commutative = true
  result = n / total
}
)stream"},
      {"fussy", R"stream(aggregate fussy(x: int) -> int {
  state total = 0
  add { total += if x % 7 == 3 { fail("three") } else { x } }
  merge o { total += if o.total % 5 == 4 { fail("four") } else { o.total } }
  result = if total % 3 == 2 { fail("two") } else { total }
}
)stream"},
      {"joined", R"stream(aggregate joined(x: string) -> string {
  state all = ""
  add { all = all + x }
  merge o { all = all + o.all }
  result = all
}
)stream"},
      {"extent", R"stream(aggregate extent(x: int) -> (float, int) {
  state low: int?
  state high: int?
  add {
    if low == none { low = x }
    if high == none { high = x }
    if low != none and high != none {
      low = min(low, x)
      high = max(high, x)
    }
  }
  merge o {
    if o.low != none and low != none { low = min(low, o.low) }
    if o.high != none and high != none { high = max(high, o.high) }
    if low == none { low = o.low }
    if high == none { high = o.high }
  }
  commutative = true
  result = if low != none and high != none { (float(low), high - low) } else { (0.0, 0) }
}
)stream"},

      {"ratio_to_last", R"stream(agent ratio_to_last(x: float) -> float {
  state n = 0
  state last = 1.0
  on x {
    n += 1
    before = last
    last = x - 1.0
    emit x / before + n
  }
}
)stream"},
      {"evens", R"stream(agent evens(v: int) -> int {
  on v {
    if v % 2 == 0 {
      emit v
      emit 2 * v
    }
  }
}
)stream"},
      {"sort_out", R"stream(agent sort_out(v: int, low: int) -> (ok: int, bad: string) {
  state rejected = 0
  on v {
    if v < low {
      rejected += 1
      emit bad: "{v} is too low ({rejected})"
    } else { emit ok: v }
  }
}
)stream"},
      {"with_total", R"stream(agent with_total(x: float) -> float {
  state total = 0.0
  state n = 0
  on x {
    total += x
    n += 1
    if n % 3 == 0 { emit total }
  }
  on end { emit total * 1000.0 }
}
)stream"},
      {"sentence", R"stream(agent sentence(word: string, longest: int) -> string {
  state text = ""
  on word {
    text = if len(text) > longest { word } else { text + word }
    emit text
  }
}
)stream"},
      {"gate", R"stream(agent gate(r: R) -> R {
  state kept: R?
  state misses = 0
  on r {
    if kept == none { kept = r }
    if kept != none {
      if r.b >= kept.b {
        kept = r
        emit r
      } else {
        misses += 1
        emit R(..r, b: misses, c: kept.c)
      }
    }
  }
}
)stream"},
      {"burst", R"stream(agent burst(v: int) -> float {
  state n = 0
  on v {
    n += 1
    for i in range(abs(v) % 4) { emit 100.0 * n + i }
  }
}
)stream"},
      {"weigh", R"stream(agent weigh(x: float, n: int, unit: float) -> float {
  state count = 0
  on x, n {
    count += n
    emit x * unit + count
  }
}
)stream"},
      {"smoothed", "graph smoothed(x: stream[float], n: int) -> stream[float] = x |> window(n, every: 1, partial: true) |> mean\n"},
      {"band", R"stream(graph band(x: stream[float], n: int) -> (below: stream[float], above: stream[float]) {
  center = smoothed(x, n)
  return center - 1.0, center + 1.0
}
)stream"},
  };
  return kDeclarations;
}

const std::vector<Step>& library_steps() {
  using enum ItemKind;
  using Clock = Step::Clock;
  static const std::vector<Step> kSteps = {
      {"ratio_to_last", Float, Float, Clock::Kept},
      {"evens", Int, Int, Clock::New},
      {"with_total", Float, Float, Clock::New},
      {"sentence(6)", String, String, Clock::Kept},
      {"gate", Record, Record, Clock::New},
      {"burst", Int, Float, Clock::New},
      {"smoothed(3)", Float, Float, Clock::Kept},
      {"changes", Int, Int, Clock::New},
      {"changes", String, String, Clock::New},
      {"changes", Float, Float, Clock::New},
      {"diff", Float, Float, Clock::New},
      {"diff", Int, Int, Clock::New},
      {"ewma(0.25)", Float, Float, Clock::Kept},
      {"hysteresis(low: -1.0, high: 1.0)", Float, Bool, Clock::Kept},
      {"rising_edge", Bool, Bool, Clock::New},
      {"falling_edge", Bool, Bool, Clock::New},
      {"clip(-2.0, 2.5)", Float, Float, Clock::Kept},
      {"clip(-3, 40)", Int, Int, Clock::Kept},
      {"sign", Float, Int, Clock::Kept},
      {"checked_root", Float, Float, Clock::Kept},
      {"safe_ratio(0.25)", Float, Float, Clock::Kept},
      {"horner([0.5, -1.0, 2.0])", Float, Float, Clock::Kept},
      {"hold_off(250ms)", Float, Float, Clock::NewTimed},
      {"rate_limit(2, per: 1s)", Int, Int, Clock::NewTimed},
      {"debounce(300ms)", Bool, Bool, Clock::NewTimed},
      {"hold_off(100ms)", String, String, Clock::NewTimed},
  };
  return kSteps;
}

const std::vector<WindowStep>& library_aggregates() {
  using enum ItemKind;
  static const std::vector<WindowStep> kAggregates = {
      {"sum", Float, Float},        {"mean", Float, Float},       {"min", Float, Float},
      {"max", Float, Float},        {"spread", Float, Float},     {"var", Float, Float},
      {"std", Float, Float},        {"slope", Float, Float},      {"argmin", Float, Int},
      {"argmax", Float, Int},       {"mean_square", Float, Float}, {"discounted", Float, Float},
      {"alternating", Float, Float}, {"harmonic", Float, Float},   {"first", Float, Float},
      {"last", Float, Float},       {"count", Float, Int},        {"sum", Int, Int},
      {"min", Int, Int},            {"max", Int, Int},            {"fussy", Int, Int},
      {"extent", Int, Pair},        {"count", String, Int},       {"first", String, String},
      {"last", String, String},     {"joined", String, String},   {"all", Bool, Bool},
      {"any", Bool, Bool},          {"count", Bool, Int},         {"last", Record, Record},
      {"first", Record, Record},    {"count", Record, Int},       {"mean", Int, Float},
  };
  return kAggregates;
}

const std::vector<WindowStep>& library_window_steps() {
  using enum ItemKind;
  static const std::vector<WindowStep> kSteps = [] {
    std::vector<WindowStep> steps = library_aggregates();
    const std::vector<WindowStep> more = {
        {"zscore", Float, Float},
        {"energy", Float, Float},
        {"positive_sum", Float, Float},
        {"inverse_sum", Float, Float},
        {"ends", Float, Float},
        {"swing", Float, Float},
        {"record_mean", Record, Float},
        {"map(w => len(w))", Float, Int},
        {"map(w => len(w))", String, Int},
        {"map(w => max(w) - min(w))", Int, Int},
        {"map(w => \"{w}\")", Int, String},
        {"map(w => \"{w}\")", String, String},
        {"map(w => \"{len(w)} {w}\")", Record, String},
        {"dot([0.5, 0.25, -1.0])", Float, Float},
        {"map(w => (mean(w), count(w)))", Float, Pair},
    };
    steps.insert(steps.end(), more.begin(), more.end());
    return steps;
  }();
  return kSteps;
}

}  // namespace streamgen
