// Modules, blocks and their equations: what is elaborated when, and what a name stands for.
#include <algorithm>

#include "compiler/graph/elaborator.h"
#include "compiler/graph/restore.h"
#include "compiler/support/match.h"

namespace streamc {

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
  for (const ast::ModuleItem& item : modules_.syntax(id).items) {
    if (const auto* stmt_id = std::get_if<StmtId>(&item)) bind_misspelt(*stmt_id, environment);
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

void Elaborator::report_if_statement(const ast::IfStmt& stmt) {
  sink_.report(diag::NotAvailable, stmt.span, "`if` around equations")
      .help("`if` chooses a value for each item: `y = if x > 2 { x } else { 0 }`; to leave items out: "
            "`x |> where(v => v > 2)`");
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
        [&](const ast::IfStmt& stmt) { report_if_statement(stmt); },
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
        [&](const ast::IfStmt& stmt) { report_if_statement(stmt); },
        [&](const ast::ForStmt& stmt) { report_not_available("`for` around equations", stmt.span); },
        [&](const ast::PlateStmt& stmt) { report_not_available("`plate`", stmt.span); },
        [&](const ast::EmitStmt& stmt) {
          sink_.report(diag::StatementNotHere, stmt.span, "`emit`", "the equations between streams")
              .help("`emit` stands in a reaction of an agent; a graph says `return`");
        },
        [](const ast::GivenStmt&) {}, [](const ast::ExpectStmt&) {});
  }
  for (const StmtId stmt_id : block.statements) bind_misspelt(stmt_id, environment);
  for (const ast::ExprStmt* stmt : sinks) elaborate_statement(*stmt, environment);
  return result;
}

// The `smooth` of `smooth == x |> …`: `==` binds tighter than `|>`, so it stands at the far left.
const ast::NameExpr* Elaborator::misspelt_target(ExprId id) const {
  while (true) {
    if (const auto* pipe = ast_.as<ast::PipeExpr>(id)) {
      id = pipe->left_id;
    } else if (const auto* otherwise = ast_.as<ast::ElseExpr>(id)) {
      id = otherwise->left_id;
    } else {
      break;
    }
  }
  const auto* equal = ast_.as<ast::BinaryExpr>(id);
  const bool is_equal = equal != nullptr && equal->op == ast::BinaryOp::Equal;
  return is_equal ? ast_.as<ast::NameExpr>(equal->left_id) : nullptr;
}

// A statement `y == …` was to be the equation of `y`, if it has none: then `y` is known, and the
// mistake is told of once, at the statement.
void Elaborator::bind_misspelt(StmtId id, WiringEnvironment& environment) {
  const auto* stmt = ast_.as<ast::ExprStmt>(id);
  const ast::NameExpr* target = stmt != nullptr ? misspelt_target(stmt->value_id) : nullptr;
  if (target == nullptr || environment.find(target->name).kind != WiringMeaning::Kind::Unknown) return;
  Equation equation{.environment = &environment, .span = stmt->span, .is_misspelt = true};
  equation.targets.push_back(target->name);
  equation.is_constant = false;
  equation.state = Equation::State::Done;
  equation.wire = Wire::error();
  environment.bind_equation(target->name, add_equation(std::move(equation)), 0);
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
  const ast::NameExpr* target = misspelt_target(stmt.value_id);
  const auto report = [&] {
    auto message = sink_.report(diag::StatementWithoutSink, stmt.span, "stream");
    if (target != nullptr) {
      message.help(fmt::format("an equation is written with one `=`: `{} = …`", target->name));
    } else {
      message.help("give it a name (`name = …`), or send it somewhere: `… |> print`");
    }
    return Wire::error();
  };
  if (target != nullptr) {
    const WiringMeaning meaning = environment.find(target->name);
    if (meaning.kind == WiringMeaning::Kind::Equation &&
        equations_[meaning.equation.index()].is_misspelt) {
      return report();
    }
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
    const Restore restore_depth(depth_);
    if (equation.is_top_level) depth_ = 0;  // A graph may be what asks for it.
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

}  // namespace streamc
