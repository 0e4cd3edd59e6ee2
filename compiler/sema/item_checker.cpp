#include "compiler/sema/item_checker.h"

#include <fmt/format.h>

#include <utility>

#include "compiler/sema/body_checker.h"
#include "compiler/sema/sema_context.h"

namespace streamc {

ItemChecker::ItemChecker(const Ast& ast, const ModuleTable& modules, CheckedProgram& program,
                         DiagnosticSink& sink)
    : context_(std::make_unique<SemaContext>(ast, modules, program, sink)) {}

ItemChecker::~ItemChecker() = default;

void ItemChecker::check_module(ModuleId id) { context_->check_module(id); }

const Environment& ItemChecker::module_environment(ModuleId id) {
  return context_->module_environment(id);
}

ConstantId ItemChecker::module_constant(const FoundValue& found) {
  if (context_->module_meaning(found).kind != Meaning::Kind::Constant) return {};
  return context_->module_constant(found);
}

Callee ItemChecker::find_callee(ModuleId from, std::span<const ast::Identifier> path) const {
  return context_->find_callee(from, path);
}

TypeResolver& ItemChecker::types() { return context_->types; }

// ---- expressions ------------------------------------------------------------------------------------

FunctionId ItemChecker::lift(ExprId root, std::span<const LiftedOperand> operands,
                             const Environment& environment, TypeId expected,
                             std::string_view name) {
  BodyChecker body(*context_, environment, {}, std::string(name));
  for (const LiftedOperand& operand : operands) {
    const auto* word = context_->ast.as<ast::NameExpr>(operand.expr_id);
    const LocalIndex local = body.add_local(word != nullptr ? word->name : std::string(),
                                            operand.item_type_id);
    body.flow().assigned.insert(local);
    body.bind_operand(operand.expr_id, local);
  }
  const CheckedExprId value = expected.valid() ? body.check(root, expected) : body.infer(root);
  if (context_->is_error(value)) return {};
  return body.finish_expression(span_of(context_->ast, root),
                                static_cast<std::uint32_t>(operands.size()), value);
}

FunctionId ItemChecker::check_lambda(ExprId lambda, std::span<const TypeId> parameter_types,
                                     const Environment& environment, TypeId expected_result,
                                     std::string_view name) {
  const ClosureId closure = context_->environment_closure(lambda, environment);
  return context_->instantiate_closure(closure, parameter_types, expected_result, name,
                                       span_of(context_->ast, lambda));
}

FunctionId ItemChecker::check_function_argument(ExprId argument,
                                                std::span<const TypeId> parameter_types,
                                                const Environment& environment,
                                                TypeId expected_result, std::string_view name) {
  BodyChecker body(*context_, environment, {}, std::string(name));
  const std::optional<FunctionValue> function = body.make_function(argument, TypeId());
  if (!function) return {};
  return context_->instantiate_closure(function->closure_id, parameter_types, expected_result,
                                       name, span_of(context_->ast, argument));
}

FunctionId ItemChecker::conversion(TypeId from, TypeId to) { return context_->conversion(from, to); }

bool ItemChecker::fits(TypeId from, TypeId to) { return context_->fits(from, to); }

// ---- constants --------------------------------------------------------------------------------------

bool ItemChecker::is_constant(ExprId id, const Environment& environment) {
  return context_->is_constant(id, environment);
}

CheckedExprId ItemChecker::check_constant(ExprId id, const Environment& environment,
                                          TypeId expected) {
  return context_->check_constant(id, environment, expected);
}

CheckedExprId ItemChecker::check_named_constant(ExprId id, const Environment& environment,
                                                std::string_view name, SourceSpan span,
                                                TypeId expected) {
  return context_->check_named_constant(id, environment, name, span, expected);
}

CheckedExprId ItemChecker::literal(Value value, SourceSpan span) {
  return context_->literal(std::move(value), span);
}

Evaluator::Overrides& ItemChecker::overrides() { return context_->overrides; }

Evaluated ItemChecker::evaluate(CheckedExprId id) {
  return Evaluator(context_->program, &context_->overrides).evaluate(id);
}

std::optional<Value> ItemChecker::evaluate_shape(CheckedExprId id, SourceSpan span) {
  return context_->evaluate_shape(id, span);
}

// ---- instances --------------------------------------------------------------------------------------

namespace {

std::vector<InstanceParameter> given_parameters(SemaContext& context,
                                                std::span<const InstanceArgument> arguments) {
  std::vector<InstanceParameter> given;
  for (const InstanceArgument& argument : arguments) {
    InstanceParameter one{.type_id = argument.type_id, .is_element = argument.is_element};
    if (argument.function.valid()) {
      one.closure_id = context.environment_closure(argument.function, *argument.environment);
    }
    given.push_back(one);
  }
  return given;
}

// Reports arguments that do not fit the parameter they are for.
bool check_fit(SemaContext& context, std::span<const ast::Parameter> parameters,
               std::span<const InstanceArgument> arguments, const ResolvedHeader& header,
               std::string_view callee, SourceSpan call_span) {
  bool ok = true;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (arguments[i].function.valid()) continue;
    const TypeId given = arguments[i].type_id;
    const TypeId wanted = header.parameters[i].type_id;
    if (context.fits(given, wanted)) continue;
    const Type source = context.program.types.get(given);
    const SourceSpan span = arguments[i].span.valid() ? arguments[i].span : call_span;
    ok = false;
    if (source.kind == TypeKind::Option && context.fits(source.element_id, wanted)) {
      context.sink.report(diag::MayBeNone, span, "`" + context.text(wanted) + "`")
          .help("give a value to use instead: `… else 0`, or leave such items out: `… else skip`");
      continue;
    }
    auto report = context.sink.report(diag::ArgumentType, span, parameters[i].name.text, callee,
                                      "`" + context.text(wanted) + "`",
                                      "`" + context.text(given) + "`");
    if (source.kind == TypeKind::Record) report.help("name one of its fields: `.name`");
    if (source.kind == TypeKind::Window && context.fits(source.element_id, wanted)) {
      report.note("it works on single items, and these are windows");
    }
  }
  return ok;
}

template <class Decl>
ResolvedHeader resolve(SemaContext& context, const Decl& decl, const FoundDeclaration& found,
                       std::span<const InstanceArgument> arguments, SourceSpan call_span) {
  STREAM_ASSERT(arguments.size() == decl.parameters.size(), "`{}` takes {} arguments, not {}",
                decl.name.text, decl.parameters.size(), arguments.size());
  ResolvedHeader header = context.resolve_header(
      decl.generics, decl.parameters, given_parameters(context, arguments), found.module_id,
      decl.name.text, call_span);
  header.ok = header.ok && check_fit(context, decl.parameters, arguments, header, decl.name.text,
                                     call_span);
  return header;
}

}  // namespace

FunctionId ItemChecker::instantiate_fn(const FoundDeclaration& found,
                                       std::span<const InstanceArgument> arguments,
                                       SourceSpan call_span) {
  const auto* decl = context_->ast.as<ast::FnDecl>(found.decl_id);
  STREAM_ASSERT(decl != nullptr, "not a fn");
  const ResolvedHeader header = resolve(*context_, *decl, found, arguments, call_span);
  return header.ok ? context_->instantiate_fn(found, header, call_span, {}) : FunctionId();
}

AgentId ItemChecker::instantiate_agent(const FoundDeclaration& found,
                                       std::span<const InstanceArgument> arguments,
                                       SourceSpan call_span) {
  const auto* decl = context_->ast.as<ast::AgentDecl>(found.decl_id);
  STREAM_ASSERT(decl != nullptr, "not an agent");
  const ResolvedHeader header = resolve(*context_, *decl, found, arguments, call_span);
  return header.ok ? context_->instantiate_agent(found, header, call_span) : AgentId();
}

AggregateId ItemChecker::instantiate_aggregate(const FoundDeclaration& found,
                                               std::span<const InstanceArgument> arguments,
                                               SourceSpan call_span) {
  const auto* decl = context_->ast.as<ast::AggregateDecl>(found.decl_id);
  STREAM_ASSERT(decl != nullptr, "not an aggregate");
  const ResolvedHeader header = resolve(*context_, *decl, found, arguments, call_span);
  return header.ok ? context_->instantiate_aggregate(found, header, call_span) : AggregateId();
}

std::vector<bool> ItemChecker::agent_inputs(const ast::AgentDecl& agent) const {
  return context_->agent_inputs(agent);
}

}  // namespace streamc
