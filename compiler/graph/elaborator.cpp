#include "compiler/graph/elaborator.h"

#include <algorithm>

#include "compiler/graph/restore.h"
#include "compiler/support/match.h"

namespace streamc {

Elaborator::Elaborator(const Ast& ast, const ModuleTable& modules, ItemChecker& checker,
                       CheckedProgram& program, DiagnosticSink& sink, const BuildOptions& options,
                       PrevTypes& prev_types)
    : ast_(ast),
      modules_(modules),
      checker_(checker),
      program_(program),
      sink_(sink),
      options_(options),
      prev_types_(prev_types),
      begin_(sink.mark()) {}

// ---- expressions ------------------------------------------------------------------------------

Wire Elaborator::elaborate(ExprId id, const WiringEnvironment& environment) {
  return match(
      ast_.expr(id), [](const ast::ErrorExpr&) { return Wire::error(); },
      [&](const ast::NameExpr& name) { return elaborate_name(name, id, environment); },
      [&](const ast::FieldExpr& field) { return elaborate_field(field, id, environment); },
      [&](const ast::CallExpr&) { return call(*call_syntax(id), environment); },
      [&](const ast::PipeExpr&) { return call(*call_syntax(id), environment); },
      [&](const ast::IfExpr& expr) { return elaborate_if(expr, id, environment); },
      [&](const ast::ElseExpr& expr) { return elaborate_else(expr, environment); },
      [&](const ast::RateExpr& expr) { return elaborate_rate(expr, environment); },
      [&](const ast::LambdaExpr& expr) {
        sink_.report(diag::StreamExpected, expr.span, "a function")
            .help("a function stands only as an argument: `x |> map(v => …)`");
        return Wire::error();
      },
      [&](const auto&) { return lift(id, environment); });
}

Wire Elaborator::elaborate_name(const ast::NameExpr& name, ExprId id,
                                const WiringEnvironment& environment) {
  const WiringMeaning meaning = environment.find(name.name);
  if (meaning.kind == WiringMeaning::Kind::Equation) {
    return value_of(meaning.equation, meaning.target, name.span);
  }
  return lift(id, environment);
}

Wire Elaborator::pick(const Wire& bundle, const ast::Identifier& name, ExprId object) {
  for (std::size_t i = 0; i < bundle.names.size(); ++i) {
    if (bundle.names[i] == name.text) return bundle.outputs[i];
  }
  std::string all;
  for (const std::string& output : bundle.names) {
    all += fmt::format("{}`{}`", all.empty() ? "" : ", ", output);
  }
  sink_.report(diag::UnknownPort, name.span, describe(object), name.text)
      .help(fmt::format("its outputs are {}", all));
  return Wire::error();
}

Wire Elaborator::elaborate_field(const ast::FieldExpr& field, ExprId id,
                                 const WiringEnvironment& environment) {
  if (is_wiring(field.object_id, environment) &&
      ast_.as<ast::NameExpr>(field.object_id) != nullptr) {
    const Wire object = elaborate(field.object_id, environment);
    if (object.is_error()) return object;
    if (object.kind == Wire::Kind::Bundle) return pick(object, field.name, field.object_id);
    static constexpr std::string_view kSidePorts[] = {"errors", "late", "updated", "early"};
    if (object.kind == Wire::Kind::Stream &&
        std::find(std::begin(kSidePorts), std::end(kSidePorts), field.name.text) !=
            std::end(kSidePorts)) {
      const Type& type = program_.types.get(item_type(object.port));
      const bool is_field = std::any_of(type.fields.begin(), type.fields.end(),
                                        [&](const TypeField& f) { return f.name == field.name.text; });
      if (!is_field) {
        report_not_available(fmt::format("the output `.{}`", field.name.text), field.name.span);
        return Wire::error();
      }
    }
  }
  return lift(id, environment);
}

std::optional<bool> Elaborator::static_condition(ExprId id, const WiringEnvironment& environment,
                                                 bool params_may_decide) {
  if (!checker_.is_constant(id, environment)) return std::nullopt;
  const CheckedExprId condition =
      checker_.check_constant(id, environment, program_.types.scalar(TypeKind::Bool));
  if (!condition.valid()) return std::nullopt;
  if (!params_may_decide) {
    for (const ConstantId constant : constants_used(program_, condition)) {
      if (program_.constant(constant).is_param) return std::nullopt;
    }
  }
  const std::optional<Value> value = checker_.evaluate_shape(condition, span_of(ast_, id));
  if (!value) return std::nullopt;
  return value->integer != 0;
}

// A constant condition chooses between wirings. One that depends on a param stays a choice for each
// item outside of graphs, so that the param remains a flag of the program; so does a choice of a
// constant, which ticks with the stream that was not chosen.
std::optional<ExprId> Elaborator::chosen_wiring(const ast::IfExpr& expr,
                                                const WiringEnvironment& environment) {
  const bool is_in_graph = depth_ > 0;
  const std::optional<bool> condition =
      static_condition(expr.condition_id, environment, is_in_graph);
  if (!condition) return std::nullopt;
  const ExprId chosen = *condition ? expr.then_id : expr.else_id;
  if (!is_in_graph && !is_wiring(chosen, environment)) return std::nullopt;
  return chosen;
}

Wire Elaborator::elaborate_if(const ast::IfExpr& expr, ExprId id, const WiringEnvironment& environment) {
  const std::optional<ExprId> chosen = chosen_wiring(expr, environment);
  return chosen ? elaborate(*chosen, environment) : lift(id, environment);
}

Wire Elaborator::elaborate_else(const ast::ElseExpr& expr, const WiringEnvironment& environment) {
  PortId port;
  {
    const Restore restore_handled(handled_);
    handled_ = true;
    const Wire left = elaborate(expr.left_id, environment);
    if (left.kind == Wire::Kind::Nothing) {
      sink_.report(diag::SinkGivesNothing, span_of(ast_, expr.left_id), describe(expr.left_id));
      return Wire::error();
    }
    port = to_port(left, expr.left_id);
  }
  if (!port.valid()) return Wire::error();
  const TypeId type_id = item_type(port);
  const bool none_counts = program_.types.kind(type_id) == TypeKind::Option;
  const TypeId result_id = none_counts ? program_.types.get(type_id).element_id : type_id;
  const auto* word = ast_.as<ast::NameExpr>(expr.right_id);
  const DraftScopeId scope = scope_of(port);
  if (word != nullptr && word->name == "skip") {
    const OperatorId op = add(ElseOperator{.mode = ElseMode::Skip, .none_counts = none_counts}, {port},
                              scope, expr.span);
    return Wire::stream(draft_.add_output(op, result_id, generated_scope(scope, op)));
  }
  if (word != nullptr && word->name == "stop") {
    return Wire::stream(add_simple(ElseOperator{.mode = ElseMode::Stop, .none_counts = none_counts},
                                   {port}, scope, result_id, scope, expr.span));
  }
  if (!checker_.is_constant(expr.right_id, environment) && is_wiring(expr.right_id, environment)) {
    sink_.report(diag::ElseNeedsValue, span_of(ast_, expr.right_id))
        .help("write a value, `skip` (leave the item out) or `stop` (end the program)");
    return Wire::error();
  }
  const FunctionId fallback = checker_.lift(expr.right_id, {}, environment, result_id, label_);
  if (!fallback.valid()) return Wire::error();
  return Wire::stream(add_simple(
      ElseOperator{.mode = ElseMode::Fill, .fallback_id = fallback, .none_counts = none_counts}, {port},
      scope, result_id, scope, expr.span));
}

Wire Elaborator::elaborate_rate(const ast::RateExpr& expr, const WiringEnvironment& environment) {
  const Wire wire = elaborate(expr.stream_id, environment);
  const PortId port = to_port(wire, expr.stream_id);
  const CheckedExprId rate_id = checker_.check_constant(expr.rate_id, environment,
                                                        program_.types.scalar(TypeKind::Rate));
  if (!port.valid() || !rate_id.valid()) return Wire::error();
  const std::optional<Value> rate = checker_.evaluate_shape(rate_id, span_of(ast_, expr.rate_id));
  if (!rate) return Wire::error();
  if (rate->rate.numerator <= 0) {
    sink_.report(diag::RateNotPositive, span_of(ast_, expr.rate_id));
    return Wire::error();
  }
  const auto refuse = [&] {
    sink_.report(diag::RateNotOnSource, expr.span, describe(expr.stream_id))
        .help("`@` says how often a source ticks: write it directly behind the source, as in "
              "`lines.read(\"log.txt\") @ 10Hz`");
    return Wire::error();
  };
  Operator& op = draft_.op(draft_.port(port).producer);
  // Only where the source is written: somebody else may use it under a name already.
  if (ast_.as<ast::NameExpr>(expr.stream_id) != nullptr) return refuse();
  const auto has_times = [&](std::string_view why) {
    sink_.report(diag::SourceHasTimes, expr.operator_span, describe(expr.stream_id), std::string(why));
    return Wire::error();
  };
  if (auto* source = std::get_if<SourceOperator>(&op.kind)) {
    if (source->has_time_field) return has_times("its `time` field says when its items come");
    if (source->is_live) return has_times("its items come when they come");
    if (source->rate) return has_times("it has a rate");
    source->rate = rate->rate;
  } else if (auto* list = std::get_if<ListOperator>(&op.kind)) {
    if (list->rate || draft_.domain(scope_of(port)) == Domain::Time) return has_times("its items have times");
    list->rate = rate->rate;
  } else {
    return refuse();
  }
  draft_.set_rate(scope_of(port), rate->rate);
  return Wire::stream(port);
}

// ---- wires to ports ---------------------------------------------------------------------------

PortId Elaborator::to_port(const Wire& wire, ExprId id) {
  switch (wire.kind) {
    case Wire::Kind::Error: return {};
    case Wire::Kind::Stream: return wire.port;
    case Wire::Kind::Window: return materialize(wire, false);
    case Wire::Kind::Nothing:
      sink_.report(diag::SinkGivesNothing, span_of(ast_, id), describe(id))
          .help("use the stream that goes into it");
      return {};
    case Wire::Kind::Bundle: {
      std::string all;
      for (const std::string& output : wire.names) {
        all += fmt::format("{}`.{}`", all.empty() ? "" : " or ", output);
      }
      sink_.report(diag::SeveralOutputs, span_of(ast_, id), describe(id),
                   static_cast<std::int64_t>(wire.outputs.size()))
          .help(fmt::format("say which one: {}", all));
      return {};
    }
  }
  STREAM_UNREACHABLE("wire kind {}", static_cast<int>(wire.kind));
}

PortId Elaborator::elaborate_port(ExprId id, const WiringEnvironment& environment) {
  if (checker_.is_constant(id, environment)) {
    if (!checker_.check_constant(id, environment).valid()) return {};  // Its mistake is reported.
    auto message = sink_.report(diag::StreamExpected, span_of(ast_, id), "a constant");
    if (ast_.as<ast::ArrayExpr>(id) != nullptr) {
      message.help("`items([…])` is the stream of the values of a list");
    }
    return {};
  }
  return to_port(elaborate(id, environment), id);
}

PortId Elaborator::materialize(const Wire& window, bool as_array) {
  const TypeId element = item_type(window.port);
  const std::string key = fmt::format("{} {} {} {} {} {}", window.port, window.shape.size,
                                      window.shape.every, window.shape.partial, window.shape.rest, as_array);
  if (const auto found = windows_.find(key); found != windows_.end()) return found->second;
  const TypeId type_id = as_array ? program_.types.array(element, window.shape.size)
                                  : program_.types.window(element);
  const DraftScopeId scope = scope_of(window.port);
  const OperatorId op = add(WindowOperator{window.shape}, {window.port}, scope, window.span);
  const PortId port = draft_.add_output(op, type_id, window_scope(scope, window.shape, op));
  windows_.emplace(key, port);
  return port;
}

PortId Elaborator::convert(PortId port, TypeId to, std::string_view expected_by, SourceSpan span) {
  const TypeId from = item_type(port);
  if (from == to) return port;
  const FunctionId function = checker_.conversion(from, to);
  if (!function.valid()) {
    sink_.report(diag::WrongStreamType, span, expected_by, type_name(to), type_name(from));
    return {};
  }
  return add_map(function, {port}, scope_of(port), span);
}

// ---- messages ---------------------------------------------------------------------------------

std::string Elaborator::text_of(SourceSpan span) const {
  if (options_.sources == nullptr || !span.valid()) return {};
  std::string result;
  for (const char c : options_.sources->text(span)) {
    const bool is_blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (is_blank && (result.empty() || result.back() == ' ')) continue;
    result += is_blank ? ' ' : c;
  }
  return result;
}

std::string Elaborator::describe(ExprId id) const {
  static constexpr std::size_t kShort = 40;
  std::string text = text_of(span_of(ast_, id));
  if (!text.empty() && count_characters(text) <= kShort) return text;
  if (const auto* name = ast_.as<ast::NameExpr>(id)) return name->name;
  if (const std::optional<CallSyntax> call = call_syntax(id)) return call->name();
  return "this expression";
}

void Elaborator::report_not_available(std::string_view what, SourceSpan span) {
  sink_.report(diag::NotAvailable, span, what);
}

}  // namespace streamc
