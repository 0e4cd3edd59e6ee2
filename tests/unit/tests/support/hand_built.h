// Checked programs and graphs put together by hand, for tests of the interpreter that need no compiler.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/graph/graph.h"
#include "tests/support/interpreter.h"

namespace streamtest {

// Makes nodes and operators one line each. Every operator that opens a scope gets a fresh one.
class HandBuilt {
 public:
  streamc::CheckedProgram program;
  streamc::Graph graph;

  streamc::TypeId type(streamc::TypeKind kind) const { return program.types.scalar(kind); }
  streamc::TypeId float_type() const { return type(streamc::TypeKind::Float); }
  streamc::TypeId int_type() const { return type(streamc::TypeKind::Int); }
  streamc::TypeId bool_type() const { return type(streamc::TypeKind::Bool); }

  streamc::CheckedExprId expr(streamc::TypeId type_id, decltype(streamc::CheckedExpr::node) node) {
    program.exprs.push_back({type_id, {}, std::move(node)});
    return streamc::CheckedExprId(program.exprs.size() - 1);
  }
  streamc::CheckedExprId number(double value) {
    return expr(float_type(), streamc::LiteralExpr{streamref::make_float(program.types, value)});
  }
  streamc::CheckedExprId integer(std::int64_t value) {
    return expr(int_type(), streamc::LiteralExpr{streamref::make_int(program.types, value)});
  }
  streamc::CheckedExprId local(streamc::TypeId type_id, streamc::LocalIndex index) {
    return expr(type_id, streamc::LocalExpr{index});
  }
  streamc::CheckedExprId binary(streamc::BinaryOp op, streamc::CheckedExprId left,
                                streamc::CheckedExprId right,
                                std::optional<streamc::TypeId> type_id = {}) {
    return expr(type_id.value_or(program.expr(left).type_id),
                streamc::BinaryExpr{op, left, right});
  }

  // A function whose body is one expression over its parameters.
  streamc::FunctionId function(const std::vector<streamc::TypeId>& parameters,
                               streamc::CheckedExprId value) {
    streamc::CheckedFunction made;
    made.name = "hand built";
    for (const streamc::TypeId parameter : parameters) made.locals.push_back({"p", parameter});
    made.parameter_count = static_cast<std::uint32_t>(parameters.size());
    made.body.push_back({{}, streamc::ReturnStmt{value}});
    made.result_id = program.expr(value).type_id;
    program.functions.push_back(std::move(made));
    return streamc::FunctionId(program.functions.size() - 1);
  }

  // sum of floats: state total = 0.0, add total += x, merge total += o.total.
  streamc::AggregateId sum(bool is_commutative) {
    using streamc::BinaryOp;
    streamc::CheckedAggregate made;
    made.name = "sum";
    made.locals = {{"x", float_type()}, {"total", float_type()}, {"o.total", float_type()}};
    made.elements = {0};
    made.states = {{1, number(0.0)}};
    made.other_states = {2};
    const auto plus = [&](streamc::LocalIndex other) {
      return streamc::CheckedStmt{
          {},
          streamc::AssignStmt{1, {}, binary(BinaryOp::Add, local(float_type(), 1),
                                            local(float_type(), other))}};
    };
    made.add.push_back(plus(0));
    made.has_merge = true;
    made.merge.push_back(plus(2));
    made.is_commutative = is_commutative;
    made.result.push_back({{}, streamc::ReturnStmt{local(float_type(), 1)}});
    made.result_id = float_type();
    program.aggregates.push_back(std::move(made));
    return streamc::AggregateId(program.aggregates.size() - 1);
  }

  // An operator that opens a scope below that of its first input (none for heads).
  std::vector<streamc::PortId> open(streamc::OperatorKind kind,
                                    const std::vector<streamc::PortId>& inputs,
                                    const std::vector<streamc::TypeId>& types) {
    const bool is_head = inputs.empty() ||
                         std::holds_alternative<streamc::ZipOperator>(kind) ||
                         std::holds_alternative<streamc::MergeOperator>(kind);
    streamc::Scope scope;
    if (!is_head) scope.parent = graph.port(inputs[0]).scope;
    scope.opener = streamc::OperatorId(graph.operators.size());
    graph.scopes.push_back(scope);
    return put(std::move(kind), inputs, types, streamc::ScopeId(graph.scopes.size() - 1));
  }

  // An operator that keeps the scope of its first input.
  streamc::PortId keep(streamc::OperatorKind kind, const std::vector<streamc::PortId>& inputs,
                       streamc::TypeId type_id) {
    return put(std::move(kind), inputs, {type_id}, graph.port(inputs.at(0)).scope).at(0);
  }

  // A list; an element that is absent is a hole.
  streamc::PortId list(const std::vector<std::optional<double>>& values) {
    streamc::ListOperator kind;
    for (const std::optional<double>& value : values) {
      streamc::ListElement element;
      element.is_hole = !value;
      if (value) element.value = number(*value);
      kind.elements.push_back(element);
    }
    return open(std::move(kind), {}, {float_type()}).at(0);
  }

  void capture(streamc::PortId port) {
    streamc::Operator op;
    op.kind = streamc::CaptureOperator{static_cast<std::uint32_t>(graph.captures.size())};
    op.inputs = {port};
    graph.captures.push_back("captured");
    graph.operators.push_back(std::move(op));
  }

  // What the captured stream holds, as text: `1.0 hole 2.0`.
  std::string run(std::size_t index = 0) const;

 private:
  std::vector<streamc::PortId> put(streamc::OperatorKind kind,
                                   const std::vector<streamc::PortId>& inputs,
                                   const std::vector<streamc::TypeId>& types,
                                   streamc::ScopeId scope) {
    streamc::Operator op;
    op.kind = std::move(kind);
    op.inputs = inputs;
    const streamc::OperatorId id(graph.operators.size());
    for (const streamc::TypeId type_id : types) {
      streamc::Port port;
      port.type_id = type_id;
      port.scope = scope;
      port.producer = id;
      port.index = static_cast<std::uint32_t>(op.outputs.size());
      graph.ports.push_back(port);
      op.outputs.emplace_back(graph.ports.size() - 1);
    }
    graph.operators.push_back(std::move(op));
    return graph.operators.back().outputs;
  }
};

}  // namespace streamtest
