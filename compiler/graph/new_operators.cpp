// What elaboration adds to the draft: operators, their scopes, and small functions of the builder's own.
#include "compiler/graph/elaborator.h"

namespace streamc {

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

}  // namespace streamc
