#include "compiler/graph/elaborator.h"

#include <algorithm>

#include "compiler/support/match.h"

namespace streamc {

namespace {

// Saves a variable and puts it back.
template <class T>
class Restore {
 public:
  explicit Restore(T& variable) : variable_(variable), saved_(variable) {}
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;
  ~Restore() { variable_ = std::move(saved_); }

 private:
  T& variable_;
  T saved_;
};

}  // namespace

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

// ---- modules and blocks -----------------------------------------------------------------------

WiringEnvironment& Elaborator::module_environment(ModuleId id) {
  if (const auto found = module_environments_.find(id); found != module_environments_.end()) {
    return *found->second;
  }
  WiringEnvironment& environment =
      environments_.emplace_back(*this, checker_.module_environment(id));
  module_environments_.emplace(id, &environment);
  for (const ast::ModuleItem& item : modules_.syntax(id).items) {
    const StmtId* stmt_id = std::get_if<StmtId>(&item);
    if (stmt_id == nullptr) continue;
    const auto* assign = ast_.as<ast::AssignStmt>(*stmt_id);
    if (assign == nullptr) continue;
    Equation equation{.environment = &environment,
                      .value_id = assign->value_id,
                      .span = assign->span,
                      .declared_id = assign->type_id,
                      .declared_environment = &environment,
                      .label = assign->targets.front().name.text,
                      .is_top_level = true};
    for (const ast::Target& target : assign->targets) equation.targets.push_back(target.name.text);
    const EquationId equation_id = add_equation(std::move(equation));
    for (std::size_t i = 0; i < assign->targets.size(); ++i) {
      const std::string& name = assign->targets[i].name.text;
      // The first of two equations of one name counts; the second is reported by the module table.
      if (environment.find(name).kind != WiringMeaning::Kind::Equation) {
        environment.bind_equation(name, equation_id, i);
      }
    }
  }
  return environment;
}

WiringEnvironment& Elaborator::new_environment(const WiringEnvironment& outer) {
  return environments_.emplace_back(*this, outer);
}

EquationId Elaborator::add_equation(Equation equation) {
  equations_.push_back(std::move(equation));
  return EquationId(equations_.size() - 1);
}

void Elaborator::elaborate_module(ModuleId id) {
  WiringEnvironment& environment = module_environment(id);
  for (const ast::ModuleItem& item : modules_.syntax(id).items) {
    const StmtId* stmt_id = std::get_if<StmtId>(&item);
    if (stmt_id == nullptr) continue;
    match(
        ast_.stmt(*stmt_id), [](const ast::ErrorStmt&) {},
        [&](const ast::AssignStmt& assign) {
          if (assign.op != ast::AssignOp::Set || !assign.targets.front().steps.empty()) {
            sink_.report(diag::NoAssignmentBetweenStreams, assign.span)
                .help("an equation says what a name is, once and for all: `name = …`; for a value that "
                      "changes use `scan`, `prev` or an agent");
            return;
          }
          const WiringMeaning meaning = environment.find(assign.targets.front().name.text);
          if (meaning.kind != WiringMeaning::Kind::Equation) return;  // A constant.
          value_of(meaning.equation, meaning.target, assign.span);
          close_cycles();
        },
        [&](const ast::ExprStmt& stmt) {
          elaborate_statement(stmt, environment);
          close_cycles();
        },
        [&](const ast::IfStmt& stmt) {
          report_not_available("`if` around equations", stmt.span);
        },
        [&](const ast::ForStmt& stmt) { report_not_available("`for` around equations", stmt.span); },
        [&](const ast::PlateStmt& stmt) { report_not_available("`plate`", stmt.span); },
        [&](const ast::EmitStmt& stmt) {
          sink_.report(diag::StatementNotHere, stmt.span, "`emit`", "the equations between streams")
              .help("`emit` stands in a reaction of an agent: `on x { emit x }`");
        },
        [&](const ast::ReturnStmt& stmt) {
          sink_.report(diag::StatementNotHere, stmt.span, "`return`", "the equations between streams")
              .help("`return` stands in the block of a `fn` or `graph`");
        },
        [&](const ast::GivenStmt& stmt) {
          sink_.report(diag::StatementNotHere, stmt.span, "`given`", "the equations between streams")
              .help("`given` stands in a `test \"…\" { }`");
        },
        [&](const ast::ExpectStmt& stmt) {
          sink_.report(diag::StatementNotHere, stmt.span, "`expect`", "the equations between streams")
              .help("`expect` stands in a `test \"…\" { }`");
        });
  }
}

const ast::ReturnStmt* Elaborator::bind_block(const ast::Block& block, WiringEnvironment& environment) {
  const ast::ReturnStmt* result = nullptr;
  std::vector<const ast::ExprStmt*> sinks;
  for (const StmtId stmt_id : block.statements) {
    match(
        ast_.stmt(stmt_id), [](const ast::ErrorStmt&) {},
        [&](const ast::AssignStmt& assign) {
          Equation equation{.environment = &environment,
                            .value_id = assign.value_id,
                            .span = assign.span,
                            .declared_id = assign.type_id,
                            .declared_environment = &environment,
                            .label = label_,
                            .failure_is_handled = handled_};
          if (assign.op != ast::AssignOp::Set || !assign.targets.front().steps.empty()) {
            sink_.report(diag::NoAssignmentBetweenStreams, assign.span)
                .help("an equation says what a name is, once and for all: `name = …`; for a value that "
                      "changes use `scan`, `prev` or an agent");
            return;
          }
          for (const ast::Target& target : assign.targets) equation.targets.push_back(target.name.text);
          const EquationId equation_id = add_equation(std::move(equation));
          for (std::size_t i = 0; i < assign.targets.size(); ++i) {
            environment.bind_equation(assign.targets[i].name.text, equation_id, i);
          }
        },
        [&](const ast::ExprStmt& stmt) { sinks.push_back(&stmt); },
        [&](const ast::ReturnStmt& stmt) { result = &stmt; },
        [&](const ast::IfStmt& stmt) { report_not_available("`if` around equations", stmt.span); },
        [&](const ast::ForStmt& stmt) { report_not_available("`for` around equations", stmt.span); },
        [&](const ast::PlateStmt& stmt) { report_not_available("`plate`", stmt.span); },
        [&](const ast::EmitStmt& stmt) {
          sink_.report(diag::StatementNotHere, stmt.span, "`emit`", "the equations between streams")
              .help("`emit` stands in a reaction of an agent; a graph says `return`");
        },
        [](const ast::GivenStmt&) {}, [](const ast::ExpectStmt&) {});
  }
  for (const ast::ExprStmt* stmt : sinks) elaborate_statement(*stmt, environment);
  return result;
}

Wire Elaborator::elaborate_statement(const ast::ExprStmt& stmt, const WiringEnvironment& environment) {
  const Restore restore_label(label_);
  const Restore restore_handled(handled_);
  if (const std::optional<CallSyntax> call = call_syntax(stmt.value_id)) label_ = call->name();
  if (checker_.is_constant(stmt.value_id, environment)) {
    sink_.report(diag::StatementWithoutSink, stmt.span, "value")
        .help("give it a name: `name = …`");
    return Wire::error();
  }
  // `smooth == x |> …`: `==` binds tighter than `|>`, so it stands at the far left.
  ExprId leftmost = stmt.value_id;
  while (true) {
    if (const auto* pipe = ast_.as<ast::PipeExpr>(leftmost)) {
      leftmost = pipe->left_id;
    } else if (const auto* otherwise = ast_.as<ast::ElseExpr>(leftmost)) {
      leftmost = otherwise->left_id;
    } else {
      break;
    }
  }
  const auto* equal = ast_.as<ast::BinaryExpr>(leftmost);
  const auto* target = equal != nullptr && equal->op == ast::BinaryOp::Equal
                           ? ast_.as<ast::NameExpr>(equal->left_id)
                           : nullptr;
  const auto report = [&] {
    auto message = sink_.report(diag::StatementWithoutSink, stmt.span, "stream");
    if (target != nullptr) {
      message.help(fmt::format("an equation is written with one `=`: `{} = …`", target->name));
    } else {
      message.help("give it a name (`name = …`), or send it somewhere: `… |> print`");
    }
    return Wire::error();
  };
  if (target != nullptr && environment.find(target->name).kind == WiringMeaning::Kind::Unknown) {
    return report();
  }
  const Wire wire = elaborate(stmt.value_id, environment);
  if (wire.kind == Wire::Kind::Nothing || wire.is_error()) return wire;
  return report();
}

// ---- equations --------------------------------------------------------------------------------

bool Elaborator::is_constant_equation(EquationId id) {
  Equation& equation = equations_[id.index()];
  if (equation.is_constant) return *equation.is_constant;
  if (equation.given != nullptr || equation.is_argument || equation.targets.size() != 1) {
    equation.is_constant = false;
    return false;
  }
  if (equation.state != Equation::State::Waiting) return false;
  // Asked again while finding out: it depends on itself, and so is no constant.
  if (!classifying_.insert(id).second) return false;
  bool is_constant = false;
  if (equation.is_top_level) {
    const Meaning::Kind kind = checker_.module_environment(equation.environment->module_id())
                                   .lookup(equation.targets.front())
                                   .kind;
    is_constant = kind == Meaning::Kind::Constant || kind == Meaning::Kind::Error;
  } else {
    is_constant = checker_.is_constant(equation.value_id, *equation.environment);
  }
  classifying_.erase(id);
  equation.is_constant = is_constant;
  return is_constant;
}

CheckedExprId Elaborator::checked_equation(EquationId id) {
  Equation& equation = equations_[id.index()];
  if (equation.is_top_level) {
    const Meaning meaning = checker_.module_environment(equation.environment->module_id())
                                .lookup(equation.targets.front());
    return meaning.kind == Meaning::Kind::Constant ? meaning.constant : CheckedExprId();
  }
  if (equation.state == Equation::State::Waiting) {
    equation.state = Equation::State::Done;
    TypeId declared;
    if (equation.declared_id.valid()) {
      declared = checker_.types().resolve(equation.declared_id, *equation.declared_environment,
                                          equation.declared_environment->generics());
    }
    equation.constant =
        checker_.check_named_constant(equation.value_id, *equation.environment,
                                      equation.targets.front(), equation.span, declared);
  }
  return equation.constant;
}

CheckedExprId Elaborator::checked_constant(ConstantBinding& constant) {
  if (!constant.is_checked) {
    constant.is_checked = true;
    TypeId declared;
    if (constant.declared_id.valid()) {
      declared = checker_.types().resolve(constant.declared_id, *constant.declared_environment,
                                          constant.declared_environment->generics());
    }
    constant.checked = checker_.check_named_constant(constant.value_id, *constant.environment,
                                                     constant.name, constant.span, declared);
  }
  return constant.checked;
}

Wire Elaborator::value_of(EquationId id, std::size_t target, SourceSpan use) {
  Equation& equation = equations_[id.index()];
  if (equation.state == Equation::State::Running) {
    report_cycle(id, use);
    return Wire::error();
  }
  if (equation.state == Equation::State::Waiting) {
    const Restore restore_label(label_);
    const Restore restore_handled(handled_);
    equation.state = Equation::State::Running;
    running_.push_back(id);
    label_ = equation.label;
    handled_ = equation.failure_is_handled;
    Wire wire;
    if (equation.given != nullptr) {
      const bool has_stamps =
          !equation.given->elements.empty() && equation.given->elements.front().stamp.has_value();
      const bool in_time = has_stamps || equation.given->end_stamp || equation.given_rate;
      wire = Wire::stream(add_source(ListOperator{.elements = equation.given->elements,
                                                  .rate = equation.given_rate,
                                                  .end_stamp = equation.given->end_stamp},
                                     equation.given->type_id, equation.given_rate,
                                     in_time ? Domain::Time : Domain::Position, equation.span));
    } else {
      wire = elaborate(equation.value_id, *equation.environment);
      wire = with_declared_type(equation, std::move(wire));
    }
    running_.pop_back();
    equation.state = Equation::State::Done;
    if (equation.targets.size() > 1 && !wire.is_error()) {
      const std::size_t count = wire.kind == Wire::Kind::Bundle ? wire.outputs.size() : 1;
      if (count != equation.targets.size()) {
        auto message = sink_.report(diag::WrongTargetCount, equation.span,
                                    static_cast<std::int64_t>(equation.targets.size()),
                                    static_cast<std::int64_t>(count));
        if (count == 1 && wire.kind == Wire::Kind::Stream &&
            program_.types.kind(item_type(wire.port)) == TypeKind::Tuple) {
          message.help("a stream of tuples becomes several streams with `|> unzip`");
        }
        wire = Wire::error();
      }
    }
    equation.wire = wire;
    if (equation.is_top_level) {
      const auto name_port = [&](const Wire& named, std::string name) {
        if (named.kind != Wire::Kind::Stream) return;
        std::string& port_name = draft_.port(named.port).name;
        if (port_name.empty()) port_name = std::move(name);
      };
      if (wire.kind == Wire::Kind::Bundle) {
        for (std::size_t i = 0; i < wire.outputs.size(); ++i) {
          name_port(wire.outputs[i], equation.targets.size() > 1
                                         ? equation.targets[i]
                                         : equation.targets.front() + "." + wire.names[i]);
        }
      } else {
        name_port(wire, equation.targets.front());
      }
    }
  }
  const Wire& wire = equation.wire;
  if (equation.targets.size() > 1 && wire.kind == Wire::Kind::Bundle) return wire.outputs[target];
  return wire;
}

Wire Elaborator::with_declared_type(const Equation& equation, Wire wire) {
  if (!equation.declared_id.valid() || wire.is_error()) return wire;
  TypeSyntaxId item = checker_.types().stream_item(equation.declared_id);
  if (!item.valid()) {
    if (equation.is_argument) return wire;
    item = equation.declared_id;  // `x: float = …` says it of the items.
  }
  if (wire.kind == Wire::Kind::Nothing) {
    sink_.report(diag::SinkGivesNothing, equation.span, text_of(span_of(ast_, equation.value_id)));
    return Wire::error();
  }
  const TypeId declared = checker_.types().resolve(item, *equation.declared_environment,
                                                   equation.declared_environment->generics());
  if (program_.types.kind(declared) == TypeKind::Error) return Wire::error();
  if (wire.kind == Wire::Kind::Window) {
    const TypeId element = item_type(wire.port);
    if (declared == program_.types.window(element)) return wire;
    const bool as_array = program_.types.kind(declared) == TypeKind::Array;
    wire = Wire::stream(materialize(wire, as_array));
    if (!wire.port.valid()) return Wire::error();
  }
  const PortId port = to_port(wire, equation.value_id);
  if (!port.valid()) return Wire::error();
  const PortId converted =
      convert(port, declared, equation.targets.front(), span_of(ast_, equation.value_id));
  return converted.valid() ? Wire::stream(converted) : Wire::error();
}

void Elaborator::report_cycle(EquationId id, SourceSpan use) {
  const auto first = std::find(running_.begin(), running_.end(), id);
  std::vector<EquationId> cycle;
  for (auto at = first; at != running_.end(); ++at) {
    if (!equations_[at->index()].is_argument) cycle.push_back(*at);
  }
  if (cycle.empty()) cycle.push_back(id);
  const Equation& begin = equations_[cycle.front().index()];
  std::string way;
  for (const EquationId step : cycle) {
    way += fmt::format("`{}` needs ", equations_[step.index()].targets.front());
  }
  way += fmt::format("`{}`", begin.targets.front());
  auto message = sink_.report(diag::CycleWithoutPrev, begin.span, begin.targets.front());
  for (std::size_t i = 1; i < cycle.size(); ++i) {
    message.label(equations_[cycle[i].index()].span, "which is needed by the one before");
  }
  message.label(use, "the cycle returns here")
      .note(way)
      .help(fmt::format("look back by one item somewhere in the cycle: `prev({}, init: …)`",
                        begin.targets.front()));
  // Everything in the cycle is wrong by this one mistake.
  for (const EquationId step : cycle) equations_[step.index()].wire = Wire::error();
}

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

Wire Elaborator::elaborate_if(const ast::IfExpr& expr, ExprId id, const WiringEnvironment& environment) {
  // A constant condition chooses between wirings. One that depends on a param stays a choice for
  // each item outside of graphs, so that the param remains a flag of the program.
  if (const std::optional<bool> condition =
          static_condition(expr.condition_id, environment, depth_ > 0)) {
    return elaborate(*condition ? expr.then_id : expr.else_id, environment);
  }
  return lift(id, environment);
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

// ---- operators --------------------------------------------------------------------------------

OperatorId Elaborator::add(OperatorKind kind, std::vector<PortId> inputs, DraftScopeId scope,
                           SourceSpan span) {
  return draft_.add_operator({.kind = std::move(kind),
                              .inputs = std::move(inputs),
                              .span = span,
                              .equation = label_,
                              .failure_is_handled = handled_},
                             scope);
}

PortId Elaborator::add_simple(OperatorKind kind, std::vector<PortId> inputs, DraftScopeId run_scope,
                              TypeId type_id, DraftScopeId output_scope, SourceSpan span) {
  const OperatorId op = add(std::move(kind), std::move(inputs), run_scope, span);
  return draft_.add_output(op, type_id, output_scope);
}

PortId Elaborator::add_map(FunctionId function, std::vector<PortId> inputs, DraftScopeId scope,
                           SourceSpan span) {
  return add_simple(MapOperator{function}, std::move(inputs), scope,
                    program_.function(function).result_id, scope, span);
}

PortId Elaborator::add_source(OperatorKind kind, TypeId type_id, std::optional<RateValue> rate,
                              Domain domain, SourceSpan span) {
  const OperatorId op = add(std::move(kind), {}, {}, span);
  return draft_.add_output(op, type_id, draft_.source_scope(op, draft_.clocks().source(rate), domain));
}

DraftScopeId Elaborator::generated_scope(DraftScopeId parent, OperatorId opener) {
  const ClockTerm clock = draft_.clock(parent);
  return draft_.child_scope(parent, {}, opener, draft_.clocks().generated({&clock, 1}));
}

DraftScopeId Elaborator::window_scope(DraftScopeId parent, const WindowShape& shape, OperatorId opener) {
  if (shape.partial && shape.every == 1) return parent;
  // With `partial` the first window ends with the first step, otherwise when it is full.
  const std::int64_t first = (shape.partial ? shape.every : shape.size) - 1;
  const std::string key = fmt::format("window {} {} {} {}", shape.size, shape.every, shape.partial, shape.rest);
  return draft_.child_scope(parent, key, opener,
                            ClockTable::every(draft_.clock(parent), shape.every, first));
}

FunctionId Elaborator::tuple_function(std::span<const TypeId> members, SourceSpan span) {
  CheckedFunction function{.name = label_, .span = span};
  MakeExpr make;
  for (std::size_t i = 0; i < members.size(); ++i) {
    function.locals.push_back({.name = fmt::format("_{}", i), .type_id = members[i]});
    program_.exprs.push_back({.type_id = members[i],
                              .span = span,
                              .node = LocalExpr{static_cast<LocalIndex>(i)}});
    make.parts.push_back(CheckedExprId(program_.exprs.size() - 1));
  }
  function.parameter_count = static_cast<std::uint32_t>(members.size());
  function.result_id = program_.types.tuple({members.begin(), members.end()});
  program_.exprs.push_back({.type_id = function.result_id, .span = span, .node = std::move(make)});
  function.body.push_back({.span = span, .node = ReturnStmt{CheckedExprId(program_.exprs.size() - 1)}});
  program_.functions.push_back(std::move(function));
  return FunctionId(program_.functions.size() - 1);
}

FunctionId Elaborator::member_function(TypeId tuple, std::uint32_t index, SourceSpan span) {
  const TypeId member = program_.types.get(tuple).elements[index];
  CheckedFunction function{.name = label_, .span = span};
  function.locals.push_back({.name = "pair", .type_id = tuple});
  function.parameter_count = 1;
  function.result_id = member;
  program_.exprs.push_back({.type_id = tuple, .span = span, .node = LocalExpr{0}});
  const CheckedExprId local(program_.exprs.size() - 1);
  program_.exprs.push_back({.type_id = member, .span = span, .node = FieldExpr{local, index}});
  function.body.push_back({.span = span, .node = ReturnStmt{CheckedExprId(program_.exprs.size() - 1)}});
  program_.functions.push_back(std::move(function));
  return FunctionId(program_.functions.size() - 1);
}

FunctionId Elaborator::negated_function(FunctionId id, SourceSpan span) {
  const CheckedFunction& positive = program_.function(id);
  CheckedFunction function{.name = positive.name, .span = span};
  CallFunctionExpr call{.function_id = id};
  for (std::uint32_t i = 0; i < positive.parameter_count; ++i) {
    function.locals.push_back(positive.locals[i]);
    program_.exprs.push_back({.type_id = positive.locals[i].type_id, .span = span, .node = LocalExpr{i}});
    call.arguments.push_back(CheckedExprId(program_.exprs.size() - 1));
  }
  function.parameter_count = positive.parameter_count;
  function.result_id = positive.result_id;
  function.can_fail = positive.can_fail;
  function.uses_now = positive.uses_now;
  program_.exprs.push_back({.type_id = positive.result_id, .span = span, .node = std::move(call)});
  const CheckedExprId value(program_.exprs.size() - 1);
  program_.exprs.push_back(
      {.type_id = positive.result_id, .span = span, .node = UnaryExpr{UnaryOp::Not, value}});
  function.body.push_back({.span = span, .node = ReturnStmt{CheckedExprId(program_.exprs.size() - 1)}});
  program_.functions.push_back(std::move(function));
  return FunctionId(program_.functions.size() - 1);
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
