// Statements in fns, agents and aggregates.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "compiler/diag/closest_name.h"
#include "compiler/sema/body_checker.h"
#include "compiler/sema/syntax_walk.h"
#include "compiler/support/match.h"

namespace streamc {

std::string BodyChecker::place_text() const {
  switch (place_) {
    case Place::Function:
      return "a function";
    case Place::Constant:
      return "a constant";
    case Place::Handler:
      return "a reaction of an agent";
    case Place::Add:
      return "the `add` of an aggregate";
    case Place::Merge:
      return "the `merge` of an aggregate";
    case Place::Result:
      return "the `result` of an aggregate";
    case Place::State:
      return "the first value of a state";
  }
  STREAM_UNREACHABLE("place {}", static_cast<int>(place_));
}

CheckedBlock BodyChecker::check_block(const ast::Block& block) {
  CheckedBlock out;
  for (const StmtId stmt : block.statements) check_statement(stmt, out);
  return out;
}

void BodyChecker::check_statement(StmtId id, CheckedBlock& out) {
  const auto not_here = [&](SourceSpan span, std::string_view what) {
    failed_ = true;
    context_.sink.report(diag::StatementNotHere, span, what, place_text());
  };
  match(
      context_.ast.stmt(id), [&](const ast::ErrorStmt&) { failed_ = true; },
      [&](const ast::AssignStmt& stmt) { check_assign(stmt, out); },
      [&](const ast::IfStmt& stmt) { check_if(stmt, 0, out); },
      [&](const ast::ForStmt& stmt) { check_for(stmt, out); },
      [&](const ast::PlateStmt& stmt) { not_here(stmt.variable.span, "`plate`"); },
      [&](const ast::EmitStmt& stmt) { check_emit(stmt, out); },
      [&](const ast::ReturnStmt& stmt) { check_return(stmt, out); },
      [&](const ast::ExprStmt& stmt) { check_expr_stmt(stmt, out); },
      [&](const ast::GivenStmt& stmt) { not_here(stmt.span, "`given`"); },
      [&](const ast::ExpectStmt& stmt) { not_here(stmt.span, "`expect`"); });
}

// ---- assignments ----------------------------------------------------------------------------------

void BodyChecker::check_assign(const ast::AssignStmt& stmt, CheckedBlock& out) {
  const std::size_t before = context_.sink.error_count();
  if (stmt.targets.size() > 1) {
    unpack(stmt, out);
  } else {
    assign_one(stmt, out);
  }
  failed_ = failed_ || context_.sink.error_count() != before;
}

namespace {

std::optional<ast::BinaryOp> operator_of(ast::AssignOp op) {
  switch (op) {
    case ast::AssignOp::Set:
      return std::nullopt;
    case ast::AssignOp::Add:
      return ast::BinaryOp::Add;
    case ast::AssignOp::Subtract:
      return ast::BinaryOp::Subtract;
    case ast::AssignOp::Multiply:
      return ast::BinaryOp::Multiply;
    case ast::AssignOp::Divide:
      return ast::BinaryOp::Divide;
  }
  STREAM_UNREACHABLE("assignment operator {}", static_cast<int>(op));
}

}  // namespace

// A mistake in the value leaves the variable declared, with the error type: it is named once.
void BodyChecker::fail_assignment(const ast::Target& target) {
  failed_ = true;
  if (find_binding(target.name.text) == nullptr) {
    flow_.assigned.insert(declare_variable(target.name.text, types().error()));
  } else if (const Binding* binding = find_binding(target.name.text);
             binding->kind == Binding::Kind::Local) {
    flow_.assigned.insert(binding->local);
  }
}

void BodyChecker::assign_one(const ast::AssignStmt& stmt, CheckedBlock& out) {
  const ast::Target& target = stmt.targets[0];
  const Binding* binding = find_binding(target.name.text);
  if (binding != nullptr && binding->kind != Binding::Kind::Local) {
    context_.sink.report(diag::NotAssignable, target.span, target.name.text,
                         binding->kind == Binding::Kind::Function
                             ? "it is a function"
                             : "it is the other part of the aggregate");
    fail_assignment(target);
    return;
  }
  if (!target.steps.empty()) {
    assign_path(stmt, out);
    return;
  }
  const auto op = operator_of(stmt.op);
  if (op) {
    if (binding == nullptr) {
      report_update_of_unknown(target);
      fail_assignment(target);
      return;
    }
    const LocalIndex index = binding->local;
    const CheckedExprId old_value = read_local(index, target.span);
    const CheckedExprId operand = infer(stmt.value_id);
    if (!may_assign(target, index)) return;
    if (is_error(old_value) || is_error(operand)) return fail_assignment(target);
    const CheckedExprId value =
        arithmetic(*op, old_value, operand, stmt.operator_span, stmt.span);
    if (is_error(value)) return fail_assignment(target);
    assign_target(target, value, stmt, out);
    return;
  }
  TypeId hint;
  if (stmt.type_id.valid()) {
    hint = context_.types.resolve(stmt.type_id, environment_);
  } else if (binding != nullptr) {
    hint = locals_[binding->local].type_id;
  }
  if (stmt.type_id.valid() && binding != nullptr) {
    context_.sink.report(diag::DeclaredTwice, target.span, target.name.text)
        .help("leave the type out where the variable gets a new value");
    fail_assignment(target);
    return;
  }
  CheckedExprId value = infer(stmt.value_id, hint);
  if (stmt.type_id.valid()) value = require(value, hint, span_of(context_.ast, stmt.value_id));
  if (is_error(value)) return fail_assignment(target);
  assign_target(target, value, stmt, out);
}

// Gives a variable (declared on its first value) a checked value.
void BodyChecker::assign_target(const ast::Target& target, CheckedExprId value,
                                const ast::AssignStmt& stmt, CheckedBlock& out) {
  const Binding* binding = find_binding(target.name.text);
  if (binding == nullptr) {
    const TypeKind kind = kind_of(value);
    if (kind == TypeKind::None) {
      context_.sink
          .report(diag::NeedsType, target.span, fmt::format("`{}`", target.name.text))
          .help(fmt::format("say what it may hold: `{}: float? = none`", target.name.text));
      return fail_assignment(target);
    }
    if (kind == TypeKind::Nothing) {
      out.push_back({stmt.span, ExprStmt{value}});
      flow_.ended = true;
      return fail_assignment(target);
    }
    const LocalIndex index = declare_variable(target.name.text, type_of(value));
    local_spans_[index] = target.span;
    store(index, value, stmt.span, out);
    return;
  }
  const LocalIndex index = binding->local;
  if (!may_assign(target, index)) return;
  const TypeId wanted = locals_[index].type_id;
  if (types().kind(wanted) == TypeKind::Error) return;
  const CheckedExprId converted = convert(value, wanted);
  if (!converted.valid()) {
    report_assignment(target, index, value);
    return fail_assignment(target);
  }
  const TypeKind given = kind_of(value);
  store(index, converted, stmt.span, out);
  if (types().kind(wanted) == TypeKind::Option && given != TypeKind::Option &&
      given != TypeKind::None) {
    flow_.present.insert(NarrowKey{.root = index});
  }
}

void BodyChecker::report_update_of_unknown(const ast::Target& target) {
  if (environment_.lookup(target.name.text).kind != Meaning::Kind::Unknown) {
    context_.sink.report(diag::NotAssignable, target.span, target.name.text,
                         "it belongs to the program, not to this function");
    return;
  }
  std::vector<std::string> names;
  for (const Scope& scope : scopes_) {
    for (const auto& [name, found] : scope) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  auto report = context_.sink.report(diag::UnknownName, target.span, target.name.text);
  if (const auto closest = closest_name(target.name.text, names)) {
    report.help(fmt::format("did you mean `{}`?", *closest));
  } else {
    report.help(fmt::format("give it a first value: `{} = 0`", target.name.text));
  }
}

bool BodyChecker::may_assign(const ast::Target& target, LocalIndex local_index) {
  const auto place = fixed_.find(local_index);
  if (place == fixed_.end()) return true;
  context_.sink.report(diag::NotAssignable, target.span, target.name.text, place->second);
  failed_ = true;
  return false;
}

void BodyChecker::report_assignment(const ast::Target& target, LocalIndex local_index,
                                    CheckedExprId value) {
  const Local& found = locals_[local_index];
  const TypeKind wanted = types().kind(found.type_id);
  const TypeKind given = kind_of(value);
  const bool is_state = states_.contains(local_index);
  auto report = context_.sink.report(diag::AssignmentType, span_of_checked(value), found.name,
                                     describe(found.type_id), describe(type_of(value)));
  if (local_spans_[local_index].valid()) {
    report.label(local_spans_[local_index],
                 fmt::format("it is {} from here on", describe(found.type_id)));
  }
  const std::string word = is_state ? "state " : "";
  if (wanted == TypeKind::Int && given == TypeKind::Float) {
    report.help(fmt::format("let it begin as a float: `{}{} = 0.0`", word, found.name));
    return;
  }
  const bool gives_none = given == TypeKind::None || given == TypeKind::Option;
  if (gives_none && wanted != TypeKind::Option) {
    report.help(fmt::format("let it hold `none`, too: `{}{}: {}? = …`", word, found.name,
                            context_.text(found.type_id)));
    if (given == TypeKind::Option) report.help("or give a value to use instead: `… else 0`");
    return;
  }
  help_conversion(report, value, found.type_id);
}

LocalIndex BodyChecker::declare_variable(std::string name, TypeId type_id) {
  const LocalIndex index = add_local(name, type_id);
  Binding binding;
  binding.local = index;
  scopes_[function_scope_][std::move(name)] = std::move(binding);
  return index;
}

void BodyChecker::store(LocalIndex index, CheckedExprId value, SourceSpan span,
                        CheckedBlock& out) {
  forget(index);
  flow_.assigned.insert(index);
  out.push_back({span, AssignStmt{index, {}, value}});
}

void BodyChecker::forget(LocalIndex index) {
  std::erase_if(flow_.present, [&](const NarrowKey& key) {
    return !key.is_constant && key.root == index;
  });
}

// `r.level = 2`, `taps[i] += x`
void BodyChecker::assign_path(const ast::AssignStmt& stmt, CheckedBlock& out) {
  const ast::Target& target = stmt.targets[0];
  const Binding* binding = find_binding(target.name.text);
  if (binding == nullptr) {
    report_update_of_unknown(target);
    return fail_assignment(target);
  }
  const LocalIndex root = binding->local;
  if (!may_assign(target, root)) return;
  CheckedExprId place = without_narrowing(read_local(root, target.name.span));
  if (is_error(place)) return fail_assignment(target);
  std::vector<TargetStep> path;
  for (const ast::TargetStep& step : target.steps) {
    const Type type = types().get(type_of(place));
    if (type.kind == TypeKind::Window) {
      context_.sink.report(diag::NotAssignable, target.span, target.name.text,
                           "the values of a window are only looked at");
      return fail_assignment(target);
    }
    if (step.index_ids.empty()) {
      place = without_narrowing(field_of(place, step.field, step.span));
      if (is_error(place)) return fail_assignment(target);
      const auto* field = std::get_if<FieldExpr>(&context_.program.expr(place).node);
      path.push_back({.field = field->index});
      continue;
    }
    if (type.kind != TypeKind::Array || step.index_ids.size() != 1) {
      context_.sink.report(diag::NotIndexable, step.span, describe(type_of(place)));
      return fail_assignment(target);
    }
    CheckedExprId index = check(step.index_ids[0], scalar(TypeKind::Int));
    if (is_error(index)) return fail_assignment(target);
    const std::optional<std::int64_t> known = literal_int(index);
    if (known && (*known < -type.length || *known >= type.length)) {
      context_.sink.report(diag::BadIndex, step.span, *known, describe(type_of(place)));
      return fail_assignment(target);
    }
    path.push_back({.is_index = true, .index = index});
    place = make(type.element_id, step.span, IndexExpr{place, index});
  }
  const TypeId wanted = type_of(place);
  const auto op = operator_of(stmt.op);
  CheckedExprId value = infer(stmt.value_id, op ? TypeId() : wanted);
  if (is_error(value)) return fail_assignment(target);
  if (op) value = arithmetic(*op, place, value, stmt.operator_span, stmt.span);
  if (is_error(value)) return fail_assignment(target);
  value = require(value, wanted, span_of(context_.ast, stmt.value_id));
  if (is_error(value)) return fail_assignment(target);
  forget(root);
  out.push_back({stmt.span, AssignStmt{root, std::move(path), value}});
}

// `a, b = pair`
void BodyChecker::unpack(const ast::AssignStmt& stmt, CheckedBlock& out) {
  const auto fail_all = [&] {
    for (const ast::Target& target : stmt.targets) fail_assignment(target);
  };
  const CheckedExprId value = infer(stmt.value_id);
  if (refuses_option(value)) return fail_all();
  const SourceSpan value_span = span_of(context_.ast, stmt.value_id);
  const Type type = types().get(type_of(value));
  if (type.kind != TypeKind::Tuple || stmt.op != ast::AssignOp::Set) {
    context_.sink.report(diag::TypeMismatch, value_span,
                         fmt::format("a tuple of {} values", stmt.targets.size()),
                         describe(type_of(value)));
    return fail_all();
  }
  if (type.elements.size() != stmt.targets.size()) {
    context_.sink.report(diag::UnpackCount, stmt.span,
                         static_cast<std::int64_t>(stmt.targets.size()),
                         static_cast<std::int64_t>(type.elements.size()));
    return fail_all();
  }
  // By way of a variable of its own, so that `a, b = (b, a)` swaps.
  const LocalIndex whole = add_local("", type_of(value));
  store(whole, value, stmt.span, out);
  for (std::size_t i = 0; i < stmt.targets.size(); ++i) {
    const ast::Target& target = stmt.targets[i];
    if (!target.steps.empty()) {
      context_.sink.report(diag::NotAvailable, target.span,
                           "taking a tuple apart into fields or elements");
      return fail_all();
    }
    const Binding* binding = find_binding(target.name.text);
    if (binding != nullptr && binding->kind != Binding::Kind::Local) {
      context_.sink.report(diag::NotAssignable, target.span, target.name.text,
                           "it is no variable");
      return fail_all();
    }
    const CheckedExprId part = make(
        type.elements[i], value_span,
        FieldExpr{local(whole, value_span), static_cast<std::uint32_t>(i)});
    assign_target(target, part, stmt, out);
  }
}

// ---- if and for -----------------------------------------------------------------------------------

Flow BodyChecker::merge(const Flow& a, const Flow& b) {
  if (a.ended) return b;
  if (b.ended) return a;
  Flow both;
  std::set_intersection(a.assigned.begin(), a.assigned.end(), b.assigned.begin(),
                        b.assigned.end(), std::inserter(both.assigned, both.assigned.end()));
  std::set_intersection(a.present.begin(), a.present.end(), b.present.begin(), b.present.end(),
                        std::inserter(both.present, both.present.end()));
  return both;
}

void BodyChecker::check_if(const ast::IfStmt& stmt, std::size_t arm, CheckedBlock& out) {
  Facts facts;
  IfStmt result;
  result.condition = check_condition(stmt.arms[arm].condition_id, facts);
  failed_ = failed_ || is_error(result.condition);
  const Flow before = flow_;
  apply_facts(facts.when_true);
  result.then_block = check_block(stmt.arms[arm].block);
  const Flow after_then = flow_;
  flow_ = before;
  apply_facts(facts.when_false);
  if (arm + 1 < stmt.arms.size()) {
    check_if(stmt, arm + 1, result.else_block);
  } else if (stmt.else_block) {
    result.else_block = check_block(*stmt.else_block);
  }
  flow_ = merge(after_then, flow_);
  out.push_back({stmt.span, std::move(result)});
}

// Before a loop: what its body assigns to may be absent again in the next turn.
void BodyChecker::forget_assigned_in(const ast::Block& block) {
  for (const std::string& name : assigned_names(context_.ast, block)) {
    const Binding* binding = find_binding(name);
    if (binding != nullptr && binding->kind == Binding::Kind::Local) forget(binding->local);
  }
}

void BodyChecker::check_for(const ast::ForStmt& stmt, CheckedBlock& out) {
  const auto* call = context_.ast.as<ast::CallExpr>(stmt.values_id);
  const std::vector<ast::Identifier> path =
      call != nullptr ? path_of(call->callee_id) : std::vector<ast::Identifier>();
  const bool is_range = path.size() == 1 && path[0].text == "range" &&
                        find_binding("range") == nullptr &&
                        context_.find_callee(environment_.module_id(), path).kind ==
                            CalleeKind::Builtin;
  ForRangeStmt range;
  ForArrayStmt array;
  TypeId variable_type = scalar(TypeKind::Int);
  bool ok = true;
  if (is_range) {
    ok = check_range_limits(*call, range);
  } else {
    array.array = infer(stmt.values_id);
    ok = !refuses_option(array.array);
    if (ok) {
      const Type type = types().get(type_of(array.array));
      variable_type = type.element_id;
      if (type.kind != TypeKind::Array && type.kind != TypeKind::Window) {
        auto report = context_.sink.report(diag::NotIterable, span_of(context_.ast, stmt.values_id),
                                           describe(type_of(array.array)));
        if (type.kind == TypeKind::Int) {
          report.help(fmt::format("count with `for {} in range(…)`", stmt.variable.text));
        }
        ok = false;
      }
    }
  }
  if (!ok) {
    failed_ = true;
    variable_type = types().error();
  }
  forget_assigned_in(stmt.block);
  const Flow before = flow_;
  push_scope();
  const LocalIndex variable = declare(stmt.variable.text, variable_type, true);
  local_spans_[variable] = stmt.variable.span;
  mark_fixed(variable, "it is the variable of the loop");
  CheckedBlock body = check_block(stmt.block);
  pop_scope();
  Flow after = before;  // The body may run no turn at all.
  if (!flow_.ended) after = merge(before, flow_);
  flow_ = after;
  if (!ok) return;
  if (is_range) {
    range.local = variable;
    range.body = std::move(body);
    out.push_back({stmt.span, std::move(range)});
  } else {
    array.local = variable;
    array.body = std::move(body);
    out.push_back({stmt.span, std::move(array)});
  }
}

bool BodyChecker::check_range_limits(const ast::CallExpr& call, ForRangeStmt& range) {
  const auto arguments = positional({.path = path_of(call.callee_id),
                                     .callee_span = span_of(context_.ast, call.callee_id),
                                     .span = call.span,
                                     .arguments = call.arguments},
                                    1, 3);
  if (!arguments) return false;
  std::vector<CheckedExprId> limits;
  for (const CallArgument& argument : *arguments) {
    limits.push_back(check(argument.expr_id, scalar(TypeKind::Int)));
    if (is_error(limits.back())) return false;
  }
  range.first = limits.size() > 1 ? limits[0] : int_literal(0, call.span);
  range.end = limits.size() > 1 ? limits[1] : limits[0];
  range.step = limits.size() > 2 ? limits[2] : int_literal(1, call.span);
  const std::optional<std::int64_t> step = literal_int(range.step);
  if (!step || *step == 0) {
    context_.sink.report(diag::BadRange, span_of_checked(range.step),
                         step ? "the step of a `range` cannot be 0"
                              : "the step of a `range` is written out as a number");
    return false;
  }
  return true;
}

// ---- emit, return, values ---------------------------------------------------------------------------

void BodyChecker::check_emit(const ast::EmitStmt& stmt, CheckedBlock& out) {
  if (ports_ == nullptr) {
    failed_ = true;
    auto report =
        context_.sink.report(diag::StatementNotHere, stmt.span, "`emit`", place_text());
    if (place_ == Place::Function) report.help("a function gives its value with `return`");
    return;
  }
  if (ports_->empty()) {
    failed_ = true;
    context_.sink.report(diag::StatementNotHere, stmt.span, "`emit`", "an agent without an output")
        .help(fmt::format("say what it emits: `agent {}(…) -> float`", name_));
    return;
  }
  std::uint32_t port = 0;
  if (stmt.port.present()) {
    std::vector<std::string> names;
    for (const AgentPort& one : *ports_) names.push_back(one.name);
    const auto place = std::find(names.begin(), names.end(), stmt.port.text);
    if (place == names.end()) {
      failed_ = true;
      auto report =
          context_.sink.report(diag::UnknownPort, stmt.port.span, name_, stmt.port.text);
      if (const auto closest = closest_name(stmt.port.text, names)) {
        report.help(fmt::format("did you mean `{}`?", *closest));
      } else if (ports_->size() == 1 && names[0].empty()) {
        report.help("its one output has no name: `emit value`");
      }
      infer(stmt.value_id);
      return;
    }
    port = static_cast<std::uint32_t>(place - names.begin());
  } else if (ports_->size() > 1) {
    failed_ = true;
    context_.sink.report(diag::PortNameNeeded, stmt.span, name_)
        .help(fmt::format("name one: `emit {}: …`", (*ports_)[0].name));
    infer(stmt.value_id);
    return;
  }
  const CheckedExprId value = check(stmt.value_id, (*ports_)[port].type_id);
  if (is_error(value)) {
    failed_ = true;
    return;
  }
  out.push_back({stmt.span, EmitStmt{port, value}});
}

void BodyChecker::check_return(const ast::ReturnStmt& stmt, CheckedBlock& out) {
  if (place_ != Place::Function && place_ != Place::Result) {
    failed_ = true;
    auto report =
        context_.sink.report(diag::StatementNotHere, stmt.span, "`return`", place_text());
    if (place_ == Place::Handler) report.help("an agent gives values with `emit`");
    return;
  }
  CheckedExprId value;
  SourceSpan value_span = stmt.span;
  if (stmt.value_ids.size() == 1) {
    value_span = span_of(context_.ast, stmt.value_ids[0]);
    value = infer(stmt.value_ids[0], result_);
  } else {
    value = infer_tuple({.span = stmt.span, .element_ids = stmt.value_ids}, result_);
  }
  flow_.ended = true;
  if (result_.valid()) {
    value = require(value, result_, value_span);
  } else if (!is_error(value)) {
    const TypeId common = inferred_.valid()
                              ? context_.types.common_type(inferred_, type_of(value))
                              : type_of(value);
    if (!common.valid()) {
      context_.sink.report(diag::BranchTypes, value_span, describe(inferred_),
                           describe(type_of(value)));
      failed_ = true;
      return;
    }
    inferred_ = common;
  }
  if (is_error(value)) {
    failed_ = true;
    return;
  }
  out.push_back({stmt.span, ReturnStmt{value}});
}

void BodyChecker::check_expr_stmt(const ast::ExprStmt& stmt, CheckedBlock& out) {
  const CheckedExprId value = infer(stmt.value_id);
  if (is_error(value)) {
    failed_ = true;
    return;
  }
  if (kind_of(value) == TypeKind::Nothing) {
    out.push_back({stmt.span, ExprStmt{value}});
    flow_.ended = true;
    return;
  }
  failed_ = true;
  auto report = context_.sink.report(diag::UnusedValue, stmt.span);
  const auto* compared = context_.ast.as<ast::BinaryExpr>(stmt.value_id);
  if (compared != nullptr && compared->op == ast::BinaryOp::Equal &&
      context_.ast.as<ast::NameExpr>(compared->left_id) != nullptr) {
    report.help("`=` gives a value to a name, `==` compares");
  } else if (place_ == Place::Function || place_ == Place::Result) {
    report.help("to give it as the result, write `return` before it");
  } else if (place_ == Place::Handler) {
    report.help("to send it on, write `emit` before it");
  }
}

}  // namespace streamc
