// Functions as arguments: lambdas, names of functions, and texts with an empty hole.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "compiler/sema/arguments.h"
#include "compiler/sema/body_checker.h"
#include "compiler/sema/syntax_walk.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

bool has_empty_hole(const ast::StringExpr& text) {
  for (const ast::StringPiece& piece : text.pieces) {
    if (piece.is_hole && !piece.value_id.valid()) return true;
  }
  return false;
}

}  // namespace

bool BodyChecker::looks_like_function(ExprId id) {
  if (operands_.contains(id)) return false;
  if (context_.ast.as<ast::LambdaExpr>(id) != nullptr) return true;
  if (const auto* text = context_.ast.as<ast::StringExpr>(id)) return has_empty_hole(*text);
  const std::vector<ast::Identifier> path = path_of(id);
  if (path.empty()) return false;
  if (path.size() == 1) {
    if (const Binding* binding = find_binding(path[0].text)) {
      return binding->kind == Binding::Kind::Function;
    }
    if (environment_.lookup_function(path[0].text)) return true;
    if (environment_.lookup(path[0].text).kind != Meaning::Kind::Unknown) return false;
  }
  return context_.find_callee(environment_.module_id(), path).kind != CalleeKind::Unknown;
}

std::optional<FunctionValue> BodyChecker::make_function(ExprId id, TypeId function_type_id) {
  const std::vector<ast::Identifier> path =
      operands_.contains(id) ? std::vector<ast::Identifier>() : path_of(id);
  if (path.size() == 1) {
    const Binding* binding = find_binding(path[0].text);
    if (binding != nullptr && binding->kind == Binding::Kind::Function) return binding->function;
    if (binding == nullptr) {
      if (const auto meaning = environment_.lookup_function(path[0].text)) {
        return FunctionValue{
            context_.environment_closure(meaning->function, *meaning->function_environment),
            function_type_id,
            {}};
      }
    }
  }
  const bool is_known =
      !path.empty() &&
      context_.find_callee(environment_.module_id(), path).kind != CalleeKind::Unknown;
  if (!is_known && !looks_like_function(id)) {
    if (path.size() == 1 && find_binding(path[0].text) == nullptr &&
        environment_.lookup(path[0].text).kind == Meaning::Kind::Unknown) {
      report_unknown_function({.path = path,
                               .callee_span = span_of(context_.ast, id),
                               .span = span_of(context_.ast, id)});
      return std::nullopt;
    }
    const CheckedExprId value = infer(id);
    if (!is_error(value)) {
      context_.sink
          .report(diag::TypeMismatch, span_of(context_.ast, id), "a function",
                  describe(type_of(value)))
          .help("write one: `v => …`");
    }
    return std::nullopt;
  }
  Closure closure{.expr_id = id, .environment = &environment_, .chain = chain_};
  FunctionValue function{.function_type_id = function_type_id};
  if (path.empty()) capture(id, closure, function);
  function.closure_id = context_.add_closure(std::move(closure));
  return function;
}

// What the lambda uses of the locals of this body.
void BodyChecker::capture(ExprId id, Closure& closure, FunctionValue& function) {
  std::set<std::string> seen;
  const auto add = [&](std::string name, LocalIndex index) {
    NarrowKey key{.root = index};
    closure.captures.push_back(
        {std::move(name), locals_[index].type_id, flow_.present.contains(key)});
    function.captures.push_back(index);
    return closure.captures.size() - 1;
  };
  const auto visit_name = [&](const std::string& name) {
    if (!seen.insert(name).second) return;
    const Binding* binding = find_binding(name);
    if (binding == nullptr) return;
    if (binding->kind == Binding::Kind::Local && flow_.assigned.contains(binding->local)) {
      add(name, binding->local);
    }
    if (binding->kind == Binding::Kind::Function) {
      Closure::InnerFunction inner{name, binding->function.closure_id,
                                   binding->function.function_type_id, {}};
      for (const LocalIndex index : binding->function.captures) {
        inner.captures.push_back(add("", index));
      }
      closure.functions.push_back(std::move(inner));
    }
  };
  walk_expressions(context_.ast, id, [&](ExprId part) {
    if (const auto place = operands_.find(part); place != operands_.end()) {
      closure.operands.emplace_back(part, add("", place->second));
      return false;
    }
    if (const auto* name = context_.ast.as<ast::NameExpr>(part)) visit_name(name->name);
    if (const auto* pipe = context_.ast.as<ast::PipeExpr>(part)) {
      visit_name(pipe->function.parts[0].text);
    }
    return true;
  });
}

CheckedExprId BodyChecker::call_function(const FunctionValue& function,
                                         std::vector<CheckedExprId> arguments, SourceSpan span,
                                         std::string_view name) {
  TypeId expected;
  if (function.function_type_id.valid()) {
    const Type type = types().get(function.function_type_id);
    if (type.elements.size() != arguments.size() + 1) {
      context_.sink.report(diag::FunctionParameters, span,
                           counted(type.elements.size() - 1, "value"),
                           static_cast<std::int64_t>(arguments.size()));
      return error(span);
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      arguments[i] = require(arguments[i], type.elements[i], span_of_checked(arguments[i]));
    }
    expected = type.elements.back();
  }
  std::vector<TypeId> argument_types;
  for (const CheckedExprId argument : arguments) {
    if (is_error(argument)) return error(span);
    argument_types.push_back(type_of(argument));
  }
  const FunctionId id = context_.instantiate_closure(function.closure_id, argument_types, expected,
                                                     name, span);
  if (!id.valid()) return error(span);
  for (const LocalIndex index : function.captures) arguments.push_back(local(index, span));
  return make(context_.program.function(id).result_id, span,
              CallFunctionExpr{id, std::move(arguments)});
}

CheckedExprId BodyChecker::apply_in_place(ExprId function, std::span<const LocalIndex> values,
                                          TypeId expected, SourceSpan span) {
  const auto* lambda = context_.ast.as<ast::LambdaExpr>(function);
  if (lambda != nullptr && lambda->body_id.valid() &&
      lambda->parameters.size() == values.size()) {
    push_scope();
    for (std::size_t i = 0; i < values.size(); ++i) {
      bind_local(lambda->parameters[i].text, values[i]);
    }
    const CheckedExprId body =
        expected.valid() ? check(lambda->body_id, expected) : infer(lambda->body_id);
    pop_scope();
    return body;
  }
  const std::optional<FunctionValue> value = make_function(function, TypeId());
  if (!value) return error(span);
  std::vector<CheckedExprId> arguments;
  for (const LocalIndex index : values) arguments.push_back(local(index, span));
  const CheckedExprId result = call_function(*value, std::move(arguments), span, name_);
  return expected.valid() ? require(result, expected, span_of(context_.ast, function)) : result;
}

CheckedExprId BodyChecker::apply_path(ExprId function, std::vector<CheckedExprId> arguments,
                                      SourceSpan span) {
  if (const auto* text = context_.ast.as<ast::StringExpr>(function)) {
    return infer_text(*text, &arguments);
  }
  const SourceSpan callee_span = span_of(context_.ast, function);
  return infer_call({.path = path_of(function),
                     .callee_span = callee_span,
                     .span = span.valid() ? span : callee_span,
                     .checked = std::move(arguments),
                     .is_checked = true},
                    TypeId());
}

FunctionId SemaContext::instantiate_closure(ClosureId id, std::span<const TypeId> arguments,
                                            TypeId expected, std::string_view name,
                                            SourceSpan call_span) {
  std::string key = fmt::format("{}", expected);
  for (const TypeId argument : arguments) key += fmt::format(",{}", argument);
  if (const auto place = closure(id).instances.find(key); place != closure(id).instances.end()) {
    return place->second;
  }
  const Closure source = closure(id);  // A copy: checking the body makes more closures.
  const SourceSpan span = span_of(ast, source.expr_id);
  BodyChecker body(*this, *source.environment, source.chain,
                   name.empty() ? std::string("function") : std::string(name));
  std::vector<LocalIndex> values;
  for (const TypeId argument : arguments) {
    values.push_back(body.add_local("", argument));
    body.flow().assigned.insert(values.back());
  }
  const std::vector<LocalIndex> captures = body.add_captures(source);
  for (std::size_t i = 0; i < captures.size(); ++i) {
    if (!source.captures[i].name.empty()) body.bind_local(source.captures[i].name, captures[i]);
  }
  for (const Closure::InnerFunction& inner : source.functions) {
    FunctionValue function{inner.closure_id, inner.function_type_id, {}};
    for (const std::size_t index : inner.captures) function.captures.push_back(captures[index]);
    body.bind_function(inner.name, std::move(function));
  }
  for (const auto& [expr_id, index] : source.operands) body.bind_operand(expr_id, captures[index]);
  const auto parameter_count = static_cast<std::uint32_t>(values.size() + captures.size());

  const auto* lambda = ast.as<ast::LambdaExpr>(source.expr_id);
  FunctionId result;
  if (lambda == nullptr) {
    std::vector<CheckedExprId> operands;
    for (const LocalIndex value : values) operands.push_back(body.local(value, span));
    CheckedExprId value = body.apply_path(source.expr_id, std::move(operands), span);
    if (expected.valid()) value = body.require(value, expected, span);
    if (!is_error(value)) result = body.finish_expression(span, parameter_count, value);
  } else {
    result = body.check_lambda_body(*lambda, values, parameter_count, expected);
  }
  closure(id).instances[key] = result;
  return result;
}

FunctionId BodyChecker::check_lambda_body(const ast::LambdaExpr& lambda,
                                          std::vector<LocalIndex> values,
                                          std::uint32_t parameter_count, TypeId expected) {
  CheckedBlock body;
  const std::size_t wanted = lambda.parameters.size();
  if (values.size() == 1 && wanted > 1) {
    const Type type = types().get(locals_[values[0]].type_id);
    if (type.kind == TypeKind::Tuple && type.elements.size() == wanted) {
      const LocalIndex tuple = values[0];
      values.clear();
      for (std::size_t i = 0; i < wanted; ++i) {
        const SourceSpan span = lambda.parameters[i].span;
        const LocalIndex part = add_local(lambda.parameters[i].text, type.elements[i]);
        flow_.assigned.insert(part);
        const CheckedExprId value = make(
            type.elements[i], span, FieldExpr{local(tuple, span), static_cast<std::uint32_t>(i)});
        body.push_back({span, AssignStmt{part, {}, value}});
        values.push_back(part);
      }
    }
  }
  if (values.size() != wanted) {
    SourceSpan span = lambda.parameters[0].span;
    span = join(span, lambda.parameters.back().span);
    auto report = context_.sink.report(diag::FunctionParameters, span, counted(wanted, "value"),
                                       static_cast<std::int64_t>(values.size()));
    if (values.size() == 1) {
      report.note(fmt::format("it is given {}", describe(locals_[values[0]].type_id)));
    }
    return {};
  }
  push_scope();
  function_scope_ = scopes_.size() - 1;
  for (std::size_t i = 0; i < wanted; ++i) {
    locals_[values[i]].name = lambda.parameters[i].text;
    bind_local(lambda.parameters[i].text, values[i]);
  }
  if (lambda.body_id.valid()) {
    const CheckedExprId value =
        expected.valid() ? check(lambda.body_id, expected) : infer(lambda.body_id);
    if (is_error(value)) return {};
    body.push_back({lambda.span, ReturnStmt{value}});
    return finish_function(lambda.span, parameter_count, std::move(body), type_of(value));
  }
  if (!lambda.block) return {};
  ast::Body block{.span = lambda.span, .block = lambda.block};
  return check_body(block, lambda.span, parameter_count, expected, std::move(body));
}

}  // namespace streamc
