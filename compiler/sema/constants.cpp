// Params, named constants, and expressions made of these and literals only.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "compiler/sema/body_checker.h"
#include "compiler/sema/syntax_walk.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

// Decides by the syntax alone whether an expression can be computed before the first item.
class ConstantScan {
 public:
  ConstantScan(const SemaContext& context, const Environment& environment)
      : context_(context), environment_(environment) {}

  bool is_constant(ExprId id) {
    if (!id.valid()) return true;
    const auto all = [&](const std::vector<ExprId>& ids) {
      return std::all_of(ids.begin(), ids.end(), [&](ExprId part) { return is_constant(part); });
    };
    return match(
        context_.ast.expr(id), [](const ast::ErrorExpr&) { return true; },
        [](const ast::IntExpr&) { return true; }, [](const ast::FloatExpr&) { return true; },
        [](const ast::QuantityExpr&) { return true; }, [](const ast::TimeExpr&) { return true; },
        [](const ast::BoolExpr&) { return true; }, [](const ast::NoneExpr&) { return true; },
        [&](const ast::StringExpr& text) {
          return std::all_of(text.pieces.begin(), text.pieces.end(),
                             [&](const ast::StringPiece& piece) {
                               return !piece.is_hole ||
                                      (piece.value_id.valid() && is_constant(piece.value_id));
                             });
        },
        [&](const ast::NameExpr& name) { return is_constant_name(name.name); },
        [&](const ast::FieldExpr& field) { return is_constant_field(field); },
        [&](const ast::CallExpr& call) {
          const std::vector<ast::Identifier> path = path_of(context_.ast, call.callee_id);
          return !path.empty() && is_constant_call(path, call.arguments, !call.arguments.empty());
        },
        [&](const ast::IndexExpr& index) {
          return is_constant(index.object_id) &&
                 std::all_of(index.indices.begin(), index.indices.end(),
                             [&](const ast::Index& one) {
                               return one.kind == ast::Index::Kind::Value &&
                                      is_constant(one.first_id);
                             });
        },
        [&](const ast::ArrayExpr& array) {
          return std::all_of(array.elements.begin(), array.elements.end(),
                             [&](const ast::ArrayElement& element) {
                               return !element.time_id.valid() && is_constant(element.value_id);
                             });
        },
        [&](const ast::TupleExpr& tuple) { return all(tuple.element_ids); },
        [&](const ast::UnaryExpr& unary) { return is_constant(unary.operand_id); },
        [&](const ast::BinaryExpr& binary) {
          return is_constant(binary.left_id) && is_constant(binary.right_id);
        },
        [&](const ast::IfExpr& expr) {
          return is_constant(expr.condition_id) && is_constant(expr.then_id) &&
                 is_constant(expr.else_id);
        },
        [&](const ast::LambdaExpr& lambda) { return is_constant_lambda(lambda); },
        [&](const ast::PipeExpr& pipe) {
          return is_constant(pipe.left_id) &&
                 is_constant_call(pipe.function.parts, pipe.arguments, true);
        },
        [&](const ast::ElseExpr& expr) {
          const auto* word = context_.ast.as<ast::NameExpr>(expr.right_id);
          if (word != nullptr && (word->name == "skip" || word->name == "stop")) return false;
          return is_constant(expr.left_id) && is_constant(expr.right_id);
        },
        [](const ast::RateExpr&) { return false; });
  }

 private:
  bool is_constant_name(const std::string& name) {
    if (parameters_.contains(name)) return true;
    const Meaning::Kind kind = environment_.lookup(name).kind;
    return kind == Meaning::Kind::Constant || kind == Meaning::Kind::Error;
  }

  bool is_constant_field(const ast::FieldExpr& field) {
    const std::vector<ast::Identifier> path = path_of(context_.ast, field.object_id);
    if (!path.empty() && !parameters_.contains(path[0].text) &&
        environment_.lookup(path[0].text).kind == Meaning::Kind::Unknown) {
      if (context_.modules.find_type(environment_.module_id(), path).valid()) return true;
      if (path.size() == 1 &&
          context_.modules.find_import(environment_.module_id(), path[0].text).valid()) {
        return context_.modules
            .find_value(environment_.module_id(), path[0].text, field.name.text)
            .valid();
      }
    }
    return is_constant(field.object_id);
  }

  bool is_constant_lambda(const ast::LambdaExpr& lambda) {
    if (!lambda.body_id.valid()) return true;  // A block: the checker says what is wrong with it.
    std::vector<std::string> added;
    for (const ast::Identifier& parameter : lambda.parameters) {
      if (parameters_.insert(parameter.text).second) added.push_back(parameter.text);
    }
    const bool result = is_constant(lambda.body_id);
    for (const std::string& name : added) parameters_.erase(name);
    return result;
  }

  bool is_constant_call(std::span<const ast::Identifier> path,
                        const std::vector<ast::Argument>& arguments, bool has_input) {
    if (path.size() != 1 || !environment_.lookup_function(path[0].text)) {
      const Callee callee = context_.find_callee(environment_.module_id(), path);
      const bool on_items =
          callee.kind == CalleeKind::Function || callee.kind == CalleeKind::Builtin ||
          callee.kind == CalleeKind::Record || callee.kind == CalleeKind::Aggregate ||
          callee.also_on_items;
      if (!on_items || (!has_input && callee.kind == CalleeKind::Aggregate)) return false;
    }
    return std::all_of(arguments.begin(), arguments.end(), [&](const ast::Argument& argument) {
      return is_constant(argument.value_id) || names_a_function(argument.value_id);
    });
  }

  bool names_a_function(ExprId id) const {
    if (const auto* text = context_.ast.as<ast::StringExpr>(id)) {
      return std::any_of(text->pieces.begin(), text->pieces.end(), [](const auto& piece) {
        return piece.is_hole && !piece.value_id.valid();
      });
    }
    const std::vector<ast::Identifier> path = path_of(context_.ast, id);
    if (path.empty()) return false;
    if (path.size() == 1) {
      const Meaning::Kind kind = environment_.lookup(path[0].text).kind;
      if (kind == Meaning::Kind::Stream) return false;
      if (environment_.lookup_function(path[0].text)) return true;
    }
    const CalleeKind kind = context_.find_callee(environment_.module_id(), path).kind;
    return kind == CalleeKind::Function || kind == CalleeKind::Builtin ||
           kind == CalleeKind::Record || kind == CalleeKind::Aggregate;
  }

  const SemaContext& context_;
  const Environment& environment_;
  std::set<std::string> parameters_;  // Of the lambdas around the expression.
};

}  // namespace

bool SemaContext::is_constant(ExprId id, const Environment& environment) {
  return ConstantScan(*this, environment).is_constant(id);
}

Meaning SemaContext::module_meaning(const FoundValue& found) {
  if (!found.param_id.valid()) {
    const auto& equation = *ast.as<ast::AssignStmt>(found.equation_id);
    const auto [place, is_new] = equation_is_constant_.try_emplace(found.equation_id, false);
    if (is_new) {
      const bool is_plain = equation.targets.size() == 1 && equation.targets[0].steps.empty() &&
                            equation.op == ast::AssignOp::Set;
      // While it is being looked at it counts as a stream: a cycle is the graph builder's to report.
      const bool constant =
          is_plain && is_constant(equation.value_id, module_environment(found.module_id));
      equation_is_constant_[found.equation_id] = constant;
    }
    if (!equation_is_constant_[found.equation_id]) return Meaning::of_stream(TypeId());
  }
  const ConstantId id = module_constant(found);
  if (!id.valid()) return Meaning::of_error();
  const CheckedConstant& constant = program.constant(id);
  // A number written as a number stays one, so that it can be an exponent or a length.
  if (!constant.is_param) {
    const CheckedExpr& value = program.expr(constant.value);
    if (std::holds_alternative<LiteralExpr>(value.node) &&
        std::get<LiteralExpr>(value.node).value.parts.empty()) {
      return Meaning::of_constant(constant.value);
    }
  }
  return Meaning::of_constant(add(constant.type_id, constant.span, ConstantExpr{id}));
}

ConstantId SemaContext::module_constant(const FoundValue& found) {
  const ValueKey key(found.param_id.valid() ? found.param_id.value() : found.equation_id.value(),
                     found.param_id.valid() ? std::size_t{0} : found.target + 1);
  if (const auto place = module_constants_.find(key); place != module_constants_.end()) {
    return place->second;
  }
  if (!constants_in_progress_.insert(key).second) {
    const ast::Identifier& name =
        found.param_id.valid()
            ? ast.as<ast::ParamDecl>(found.param_id)->name
            : ast.as<ast::AssignStmt>(found.equation_id)->targets[found.target].name;
    sink.report(diag::CircularConstant, name.span, name.text);
    return {};
  }
  const ConstantId id = check_module_constant(found);
  constants_in_progress_.erase(key);
  module_constants_[key] = id;
  return id;
}

ConstantId SemaContext::check_module_constant(const FoundValue& found) {
  const Environment& environment = module_environment(found.module_id);
  CheckedConstant constant;
  if (found.param_id.valid()) {
    const auto& param = *ast.as<ast::ParamDecl>(found.param_id);
    constant.name = param.name.text;
    constant.span = param.name.span;
    constant.is_param = true;
    constant.is_required = !param.default_id.valid();
    constant.help = param.help;
    constant.type_id = types.resolve(param.type_id, environment);
    if (program.types.kind(constant.type_id) == TypeKind::Error) return {};
    if (param.default_id.valid()) {
      constant.value = check_constant(param.default_id, environment, constant.type_id);
      if (!constant.value.valid()) return {};
    }
  } else {
    const auto& equation = *ast.as<ast::AssignStmt>(found.equation_id);
    TypeId expected;
    if (equation.type_id.valid()) {
      expected = types.resolve(equation.type_id, environment);
      if (program.types.kind(expected) == TypeKind::Error) return {};
    }
    constant.name = equation.targets[0].name.text;
    constant.span = equation.targets[0].name.span;
    constant.value = check_constant(equation.value_id, environment, expected);
    if (!constant.value.valid()) return {};
    constant.type_id = type_of(constant.value);
    if (program.types.kind(constant.type_id) == TypeKind::None) {
      sink.report(diag::NeedsType, constant.span, "`" + constant.name + "`")
          .help(fmt::format("say what it may hold: `{}: float? = none`", constant.name));
      return {};
    }
  }
  program.constants.push_back(std::move(constant));
  return ConstantId(program.constants.size() - 1);
}

CheckedExprId SemaContext::check_constant(ExprId id, const Environment& environment,
                                          TypeId expected) {
  BodyChecker body(*this, environment, {}, "constant");
  body.set_place(BodyChecker::Place::Constant);
  const CheckedExprId value = expected.valid() ? body.check(id, expected) : body.infer(id);
  if (is_error(value)) return {};
  if (uses_now(program, value)) {
    sink.report(diag::NotConstant, span_of(ast, id))
        .note("it asks for `now`, the time of the item being handled");
    return {};
  }
  if (!body.has_locals()) return value;
  // Variables of lambdas need a function around them.
  const SourceSpan span = program.expr(value).span;
  const FunctionId function = body.finish_expression(span, 0, value);
  return add(type_of(value), span, CallFunctionExpr{function, {}});
}

CheckedExprId SemaContext::check_named_constant(ExprId id, const Environment& environment,
                                                std::string_view name, SourceSpan span,
                                                TypeId expected) {
  const CheckedExprId value = check_constant(id, environment, expected);
  if (!value.valid()) return {};
  const auto& node = program.expr(value).node;
  if (std::holds_alternative<LiteralExpr>(node) || std::holds_alternative<ConstantExpr>(node)) {
    return value;
  }
  const TypeId type_id = type_of(value);
  program.constants.push_back(
      {.name = std::string(name), .span = span, .type_id = type_id, .value = value});
  return add(type_id, span, ConstantExpr{ConstantId(program.constants.size() - 1)});
}

std::optional<Value> SemaContext::evaluate_quietly(CheckedExprId id) {
  Evaluated result = Evaluator(program, &overrides).evaluate(id);
  if (!result.value) return std::nullopt;
  fix_params(id);
  return std::move(result.value);
}

std::optional<Value> SemaContext::evaluate_shape(CheckedExprId id, SourceSpan span) {
  Evaluated result = Evaluator(program, &overrides).evaluate(id);
  if (!result.value) {
    auto report = sink.report(diag::ConstantFails, span, result.failure);
    if (result.failure_span.valid() && result.failure_span != span) {
      report.label(result.failure_span, "it fails here");
    }
    return std::nullopt;
  }
  fix_params(id);
  return std::move(result.value);
}

void SemaContext::fix_params(CheckedExprId id) {
  for (const ConstantId used : constants_used(program, id)) {
    CheckedConstant& constant = program.constants[used.index()];
    if (constant.is_param) constant.is_fixed = true;
  }
}

std::optional<std::int64_t> SemaContext::evaluate_length(ExprId id, const Environment& environment,
                                                         const GenericBindings& bindings) {
  const TypeId integer = program.types.scalar(TypeKind::Int);
  const CheckedExprId value = check_constant(id, bind_generics(environment, bindings), integer);
  if (!value.valid()) return std::nullopt;
  const std::optional<Value> result = evaluate_shape(value, span_of(ast, id));
  if (!result) return std::nullopt;
  return result->integer;
}

}  // namespace streamc
