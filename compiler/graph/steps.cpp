// Streams that are taken together: in step, by their stamps, or in a cycle through `prev` or `delay`.
#include <algorithm>
#include <set>

#include "compiler/graph/elaborator.h"
#include "compiler/graph/first_stamps.h"
#include "compiler/graph/loops.h"
#include "compiler/support/match.h"

namespace streamc {

// ---- in step ----------------------------------------------------------------------------------

std::string Elaborator::rate_text(PortId port) const {
  const std::optional<RateValue> rate = draft_.clocks().rate(draft_.clock(scope_of(port)));
  if (!rate) return "an unknown rate";
  if (rate->denominator == 1) {
    const std::int64_t hertz = rate->numerator;
    if (hertz >= 1'000'000 && hertz % 100'000 == 0) return fmt::format("{}MHz", static_cast<double>(hertz) / 1e6);
    if (hertz >= 1'000 && hertz % 100 == 0) return fmt::format("{}kHz", static_cast<double>(hertz) / 1e3);
    return fmt::format("{}Hz", hertz);
  }
  return fmt::format("{}/{}Hz", rate->numerator, rate->denominator);
}

bool Elaborator::is_delayed(const StepInput& input) const {
  return std::holds_alternative<DelayOperator>(draft_.op(draft_.port(input.port).producer).kind);
}

void Elaborator::report_step(const CouplingResult& result, const StepInput& left,
                             const StepInput& right, SourceSpan span) {
  const std::string left_name = describe(left.expr_id);
  const std::string right_name = describe(right.expr_id);
  const bool left_is_faster = Fraction(1) < result.ratio;
  const std::string& fast = left_is_faster ? left_name : right_name;
  const std::string& slow = left_is_faster ? right_name : left_name;
  const Fraction ratio = left_is_faster ? result.ratio : Fraction(1) / result.ratio;
  const std::string repair =
      ratio.is_whole() ? fmt::format("bring `{}` to the pace of `{}`: `{} |> window({}) |> mean`", fast, slow,
                                     fast, ratio.numerator)
                       : std::string("bring both to one pace with `window(…)`");
  switch (result.coupling) {
    case Coupling::Unified: return;
    case Coupling::RatesDiffer:
      sink_.report(diag::RatesDiffer, span, left_name, rate_text(left.port), right_name, rate_text(right.port))
          .help(repair);
      return;
    case Coupling::RatioDiffers:
      sink_.report(diag::RatioDiffers, span, fast, ratio.text(), slow)
          .help(fmt::format("let the window slide from item to item (`every: 1, partial: true`), or give "
                            "`{}` a window, too: `{} |> window({}) |> mean`", fast, fast, ratio.text()));
      return;
    case Coupling::PhaseDiffers: {
      const bool left_is_later = Fraction(0) < result.skew;
      const Fraction skew = left_is_later ? result.skew : Fraction(0) - result.skew;
      const std::string& late = left_is_later ? left_name : right_name;
      const std::string& early = left_is_later ? right_name : left_name;
      auto message = sink_.report(diag::PhaseDiffers, span, late, skew.text(), early);
      if (is_delayed(left) || is_delayed(right)) {
        message.help(fmt::format("look back with `prev`, which begins with its input; or take them as they come: "
                                 "`zip({}, {})`", left_name, right_name));
        return;
      }
      message.help(fmt::format("let its windows grow from the start (`partial: true`), or leave out the "
                               "first of `{}` with `|> skip({})`", early, skew.text()));
      return;
    }
    case Coupling::Dependent:
      sink_.report(diag::CannotKeepStep, span, left_name, right_name)
          .label(span_of(ast_, left.expr_id), "how many items this has for each")
          .label(span_of(ast_, right.expr_id), "of these depends on the data")
          .help(is_delayed(left) || is_delayed(right)
                    ? "look back by items with `prev`, which keeps step with its input; or take both by their times: "
                      "`merge(a, b)`"
                    : "take them in step first and leave items out afterwards: "
                "`zip(a, b) |> where((a, b) => …)`");
      return;
  }
}

std::optional<DraftScopeId> Elaborator::in_step(std::span<const StepInput> inputs, bool equal_phase,
                                                SourceSpan span) {
  std::vector<DraftScopeId> scopes;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    scopes.push_back(scope_of(inputs[i].port));
    for (std::size_t k = 0; k < i; ++k) {
      if (scopes[k] == scopes[i]) break;
      const CouplingResult result = draft_.clocks().unify(draft_.clock(scopes[k]),
                                                          draft_.clock(scopes[i]), equal_phase);
      if (result.coupling != Coupling::Unified) {
        report_step(result, inputs[k], inputs[i], span);
        return std::nullopt;
      }
    }
  }
  return draft_.together(scopes);
}

// ---- by stamp ---------------------------------------------------------------------------------

bool Elaborator::couple_by_stamp(std::span<const StepInput> inputs, SourceSpan span) {
  const auto stamp_givers_of = [&](PortId port) {
    const std::vector<OperatorId> givers = draft_.stamp_givers(scope_of(port));
    return std::set<OperatorId>(givers.begin(), givers.end());
  };
  const StepInput& first = inputs.front();
  const Domain domain = draft_.domain(scope_of(first.port));
  for (const StepInput& input : inputs.subspan(1)) {
    if (draft_.domain(scope_of(input.port)) == domain) continue;
    const StepInput& with_times = domain == Domain::Time ? first : input;
    const StepInput& without = domain == Domain::Time ? input : first;
    sink_.report(diag::DomainsDiffer, span, describe(with_times.expr_id), describe(without.expr_id))
        .help("say when the items of the other come: a `time` field in its records, or a rate, "
              "`lines.read(…) @ 10Hz`");
    return false;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      const std::set<OperatorId> left_givers = stamp_givers_of(inputs[k].port);
      const std::set<OperatorId> right_givers = stamp_givers_of(inputs[i].port);
      // Whatever brought a set together did so for both.
      if (left_givers == right_givers) continue;
      for (const OperatorId left : left_givers) {
        for (const OperatorId right : right_givers) {
          if (left == right) continue;
          const ClockTerm left_clock = draft_.clock(scope_of(draft_.op(left).outputs.front()));
          const ClockTerm right_clock = draft_.clock(scope_of(draft_.op(right).outputs.front()));
          const bool ok =
              domain == Domain::Time
                  ? draft_.clocks().couple_by_time(left_clock, right_clock)
                  : draft_.clocks().unify(left_clock, right_clock, true).coupling == Coupling::Unified;
          if (ok) continue;
          sink_.report(diag::CoupledTwice, span, draft_.op(left).equation, draft_.op(right).equation)
              .label(draft_.op(left).span, "the items of this")
              .label(draft_.op(right).span, "and of this are taken one with one elsewhere")
              .help("take the streams together in one way only: by position with `zip`, or by "
                    "stamp with `merge`");
          return false;
        }
      }
    }
  }
  return true;
}

// ---- cycles -----------------------------------------------------------------------------------

bool Elaborator::reaches_running(ExprId id, const WiringEnvironment& environment) const {
  return reaches(id, environment, Feedback::Prev);
}

bool Elaborator::is_on_cycle(ExprId id, const WiringEnvironment& environment) const {
  return reaches(id, environment, Feedback::Delay);
}

bool Elaborator::is_delay(std::span<const ast::Identifier> path, const WiringEnvironment& environment) const {
  if (path.size() != 1 || path.front().text != "delay") return false;
  return environment.find("delay").kind == WiringMeaning::Kind::Unknown;
}

// Whether an equation that needs the `prev` or `delay` with input `id` is needed in turn. A cycle through a `delay` is
// no matter of the `prev`s on it; but every `delay` on a cycle is the head of a loop, in whatever order equations are
// elaborated, so those that are done count as well.
bool Elaborator::reaches(ExprId id, const WiringEnvironment& environment, Feedback feedback) const {
  std::set<EquationId> seen;
  std::set<std::string, std::less<>> shadowed;
  const std::function<bool(ExprId, const WiringEnvironment&)> visit =
      [&](ExprId expr, const WiringEnvironment& at) -> bool {
    if (!expr.valid()) return false;
    const auto any = [&](const auto& parts, const auto& part_id) {
      return std::any_of(parts.begin(), parts.end(),
                         [&](const auto& part) { return visit(part_id(part), at); });
    };
    const auto argument_id = [](const ast::Argument& argument) { return argument.value_id; };
    const auto breaks_here = [&](std::span<const ast::Identifier> path) {
      return feedback == Feedback::Prev && is_delay(path, at);
    };
    return match(
        ast_.expr(expr),
        [&](const ast::NameExpr& name) {
          if (shadowed.contains(name.name)) return false;
          const WiringMeaning meaning = at.find(name.name);
          if (meaning.kind != WiringMeaning::Kind::Equation) return false;
          const Equation& equation = equations_[meaning.equation.index()];
          if (equation.state == Equation::State::Running) return true;
          if (feedback == Feedback::Delay && closing_.contains(meaning.equation)) return true;
          if (feedback == Feedback::Prev && equation.state == Equation::State::Done) return false;
          if (!seen.insert(meaning.equation).second || equation.given != nullptr) return false;
          return visit(equation.value_id, *equation.environment);
        },
        [&](const ast::FieldExpr& e) { return visit(e.object_id, at); },
        [&](const ast::CallExpr& e) {
          return !breaks_here(path_of(ast_, e.callee_id)) && any(e.arguments, argument_id);
        },
        [&](const ast::PipeExpr& e) {
          return !breaks_here(e.function.parts) && (visit(e.left_id, at) || any(e.arguments, argument_id));
        },
        [&](const ast::IndexExpr& e) { return visit(e.object_id, at); },
        [&](const ast::ArrayExpr& e) {
          return any(e.elements, [](const ast::ArrayElement& element) { return element.value_id; });
        },
        [&](const ast::TupleExpr& e) { return any(e.element_ids, [](ExprId part) { return part; }); },
        [&](const ast::UnaryExpr& e) { return visit(e.operand_id, at); },
        [&](const ast::BinaryExpr& e) { return visit(e.left_id, at) || visit(e.right_id, at); },
        [&](const ast::IfExpr& e) {
          return visit(e.condition_id, at) || visit(e.then_id, at) || visit(e.else_id, at);
        },
        [&](const ast::ElseExpr& e) { return visit(e.left_id, at); },
        [&](const ast::RateExpr& e) { return visit(e.stream_id, at); },
        [&](const ast::StringExpr& e) {
          return any(e.pieces, [](const ast::StringPiece& piece) { return piece.value_id; });
        },
        [&](const ast::LambdaExpr& e) {
          const std::set<std::string, std::less<>> outer = shadowed;
          for (const ast::Identifier& parameter : e.parameters) shadowed.insert(parameter.text);
          const bool reaches = visit(e.body_id, at);
          shadowed = outer;
          return reaches;
        },
        [](const auto&) { return false; });
  };
  return visit(id, environment);
}

// `init` of a `prev` or `delay` whose input is not known: only its own type counts, or that of an earlier attempt.
CheckedExprId Elaborator::initial_on_cycle(const NativeCall& call, TypeId type_id) {
  const CheckedExprId initial = constant_argument(call, "init", type_id);
  if (!initial.valid()) return {};
  if (program_.types.kind(program_.expr(initial).type_id) != TypeKind::None) return initial;
  sink_.report(diag::PrevInitWithoutType, span_of(ast_, argument(call, "init")))
      .help("in a cycle the type comes from `init`: write a value");
  return {};
}

void Elaborator::defer(const NativeCall& call, OperatorId op, DraftScopeId scope) {
  std::set<EquationId> equations = closing_;
  equations.insert(running_.begin(), running_.end());
  deferred_.push_back({.op = op,
                       .scope = scope,
                       .input_id = argument(call, "x"),
                       .environment = &environment_of(call, "x"),
                       .init_span = is_given(call, "init") ? span_of(ast_, argument(call, "init")) : call.syntax.span,
                       .call_id = call.syntax.expr_id,
                       .expansion = expansion_,
                       .label = label_,
                       .span = call.syntax.span,
                       .equations = std::move(equations),
                       .input = {}});
}

// The input of this `prev` needs an equation that is being elaborated: only the type of `init` is
// known. Its input is connected when the equation is done.
Wire Elaborator::defer_prev(const NativeCall& call) {
  const std::optional<std::int64_t> n = count_argument(call, "n", 1);
  const CheckedExprId initial = initial_on_cycle(call, type_on_cycle(call));
  if (!n || !initial.valid()) return Wire::error();
  const DraftScopeId unknown = draft_.unknown_scope();
  const OperatorId op = add(PrevOperator{.count = *n, .initial = initial}, {}, unknown, call.syntax.span);
  const PortId output = draft_.add_output(op, program_.expr(initial).type_id, unknown);
  defer(call, op, unknown);
  return Wire::stream(output);
}

void Elaborator::close_cycles() {
  if (!running_.empty() || deferred_.empty()) return;
  // First all inputs, which may contain further `prev`s; then what they say of one another.
  for (std::size_t i = 0; i < deferred_.size(); ++i) {
    const std::string outer_label = std::exchange(label_, deferred_[i].label);
    closing_ = deferred_[i].equations;
    const PortId input = elaborate_port(deferred_[i].input_id, *deferred_[i].environment);
    label_ = outer_label;
    deferred_[i].input = input;
  }
  closing_.clear();
  std::vector<Deferred> cycles = std::exchange(deferred_, {});
  const auto drop_errors = [&] {
    std::erase_if(cycles, [](const Deferred& cycle) { return !cycle.input.valid(); });
  };
  for (const Deferred& cycle : cycles) {
    if (!cycle.op.valid()) settle_open_type(cycle);
  }
  std::erase_if(cycles, [](const Deferred& cycle) { return !cycle.op.valid(); });
  drop_errors();
  for (Deferred& cycle : cycles) settle_cycle_type(cycle);
  drop_errors();
  if (must_retry_) return;
  close_prevs(cycles);
  close_delays(cycles);
}

// What goes round has one type; where it was taken for a narrower one, everything is built again.
void Elaborator::settle_cycle_type(Deferred& cycle) {
  const Operator& op = draft_.op(cycle.op);
  const std::string_view name = std::holds_alternative<PrevOperator>(op.kind) ? "prev" : "delay";
  const TypeId wanted = item_type(op.outputs.front());
  const TypeId found = item_type(cycle.input);
  if (wanted == found) return;
  const TypeId common = checker_.types().common_type(wanted, found);
  TypeId& hint = prev_types_[{cycle.expansion, cycle.call_id}];
  if (common.valid() && common == wanted) {
    cycle.input = convert(cycle.input, wanted, name, cycle.span);
  } else if (common.valid() && common != hint) {
    hint = common;
    must_retry_ = true;
  } else {
    sink_.report(diag::PrevTypesDiffer, cycle.init_span, name, type_name(wanted), type_name(found));
    cycle.input = {};
  }
}

void Elaborator::close_prevs(std::span<const Deferred> cycles) {
  std::vector<Deferred> prevs;
  for (const Deferred& cycle : cycles) {
    if (!std::holds_alternative<PrevOperator>(draft_.op(cycle.op).kind)) continue;
    const CouplingResult result =
        draft_.clocks().unify(draft_.clock(cycle.scope), draft_.clock(scope_of(cycle.input)), true);
    if (result.coupling == Coupling::Unified) {
      prevs.push_back(cycle);
      continue;
    }
    sink_.report(diag::ClockOfItself, cycle.span, describe(cycle.input_id))
        .help("`prev` gives an item for each one of its input, so the cycle must not leave out, add or shift items: "
              "move `where`, `window` or `skip` behind it, or let items go round with `delay`");
  }
  for (const Deferred& cycle : prevs) {
    if (!draft_.clocks().is_driven(draft_.clock(cycle.scope))) {
      sink_.report(diag::NothingDrives, cycle.span, describe(cycle.input_id))
          .help("let a source take part, as in `y = x + prev(y, init: 0)`; or let an item go round: "
                "`delay(y, 1, init: 0)`");
      return;
    }
    if (!draft_.bind(cycle.scope, scope_of(cycle.input))) {
      sink_.report(diag::ClockOfItself, cycle.span, describe(cycle.input_id))
          .help("move `take`, `where` or `window` behind the cycle");
      return;
    }
    draft_.op(cycle.op).inputs = {cycle.input};
  }
}

// ---- times ------------------------------------------------------------------------------------

void Elaborator::check_times() {
  for (std::size_t i = 0; i < draft_.operator_count(); ++i) {
    const OperatorId id(i);
    const Operator& op = draft_.op(id);
    const DraftScopeId scope = draft_.run_scope_of(id);
    if (!scope.valid() || draft_.domain(scope) == Domain::Time) continue;
    const auto function_uses_now = [&](FunctionId function) {
      return function.valid() && program_.function(function).uses_now;
    };
    const bool uses_now = match(
        op.kind, [&](const MapOperator& k) { return function_uses_now(k.function_id); },
        [&](const WhereOperator& k) { return function_uses_now(k.predicate_id); },
        [&](const FilterMapOperator& k) { return function_uses_now(k.function_id); },
        [&](const ScanOperator& k) { return function_uses_now(k.function_id); },
        [&](const ElseOperator& k) { return function_uses_now(k.fallback_id); },
        [&](const WindowFoldOperator& k) { return function_uses_now(k.finish_id); },
        [&](const AgentOperator& k) { return program_.agent(k.agent_id).uses_now; },
        [](const auto&) { return false; });
    if (!uses_now) continue;
    const auto asked = std::find_if(time_users_.begin(), time_users_.end(),
                                    [&](const auto& user) { return user.first == id; });
    const std::string who = asked == time_users_.end() ? "now" : asked->second;
    auto message = sink_.report(diag::NoTime, op.span, who, op.equation);
    for (const OperatorId giver : draft_.stamp_givers(scope)) {
      message.label(draft_.op(giver).span, "this source numbers its items, and says no times");
    }
    message.help("say when its items come: a `time` field in its records, or a rate behind it, as in "
                 "`lines.read(\"log.txt\") @ 10Hz`");
  }
}

Graph Elaborator::finish() {
  if (must_retry_ || sink_.has_errors_since(begin_)) return {};
  check_times();
  if (sink_.has_errors_since(begin_)) return {};
  Graph graph = draft_.finish();
  check_loops(graph, program_, sink_);
  find_first_stamps(graph, sink_);
  return graph;
}

}  // namespace streamc
