// The lifting rule: item expressions over streams become one operator.
#include <algorithm>

#include "compiler/graph/elaborator.h"
#include "compiler/graph/folds.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

// Names of library functions on arrays that are also wiring; on constants they are the former.
bool is_item_call(const Callee& callee) {
  switch (callee.kind) {
    case CalleeKind::Function:
    case CalleeKind::Builtin:
    case CalleeKind::Record:
    case CalleeKind::Type:
    case CalleeKind::Aggregate: return true;
    case CalleeKind::Unknown:
    case CalleeKind::Agent:
    case CalleeKind::Graph: return false;
  }
  STREAM_UNREACHABLE("callee kind {}", static_cast<int>(callee.kind));
}

}  // namespace

bool Elaborator::is_wiring_call(const CallSyntax& call, const WiringEnvironment& environment) {
  if (call.path.empty()) return false;
  if (call.path.size() == 1) {
    const WiringMeaning meaning = environment.find(call.path.front().text);
    if (meaning.kind == WiringMeaning::Kind::Function) {
      const ExprId argument = call.piped.valid()          ? call.piped
                              : !call.arguments.empty() ? call.arguments.front().value_id
                                                        : ExprId();
      // A function on items that a graph was given is lifted like any other.
      const auto* lambda = ast_.as<ast::LambdaExpr>(meaning.function.function);
      if (lambda == nullptr) {
        const std::vector<ast::Identifier> path = path_of(ast_, meaning.function.function);
        if (path.empty()) return false;
        const Callee callee = checker_.find_callee(meaning.function.environment->module_id(), path);
        return callee.kind == CalleeKind::Agent || callee.kind == CalleeKind::Graph;
      }
      // A lambda with a block, or whose body is wiring, is wiring.
      return argument.valid() && (lambda->block.has_value() || body_is_wiring(lambda->body_id, *meaning.function.environment));
    }
  }
  const Callee callee = checker_.find_callee(environment.module_id(), call.path);
  if (callee.kind == CalleeKind::Agent) return true;
  if (callee.kind != CalleeKind::Graph) return false;
  if (!callee.also_on_items) return true;
  // `map(range(10), …)` is an array; with a stream it is wiring.
  const ExprId first = call.piped.valid()        ? call.piped
                       : call.arguments.empty() ? ExprId()
                                                : call.arguments.front().value_id;
  return !first.valid() || is_wiring(first, environment);
}

// Whether the body of a lambda calls something that only streams can go through.
bool Elaborator::body_is_wiring(ExprId id, const WiringEnvironment& environment) {
  const std::optional<CallSyntax> call = call_syntax(id);
  if (!call) {
    const auto* otherwise = ast_.as<ast::ElseExpr>(id);
    return otherwise != nullptr && body_is_wiring(otherwise->left_id, environment);
  }
  const Callee callee = checker_.find_callee(environment.module_id(), call->path);
  if (callee.kind == CalleeKind::Agent) return true;
  if (callee.kind == CalleeKind::Graph && !callee.also_on_items) return true;
  return call->piped.valid() && body_is_wiring(call->piped, environment);
}

// Whether something in the expression is a stream.
bool Elaborator::is_wiring(ExprId id, const WiringEnvironment& environment) {
  if (!id.valid()) return false;
  const auto call_is_wiring = [&](const CallSyntax& call) {
    if (is_wiring_call(call, environment)) return true;
    if (is_wiring(call.piped, environment)) return true;
    return std::any_of(call.arguments.begin(), call.arguments.end(), [&](const ast::Argument& a) {
      return is_wiring(a.value_id, environment);
    });
  };
  return match(
      ast_.expr(id),
      [&](const ast::NameExpr& name) {
        return environment.find(name.name).kind == WiringMeaning::Kind::Equation;
      },
      [&](const ast::FieldExpr& field) { return is_wiring(field.object_id, environment); },
      [&](const ast::CallExpr&) { return call_is_wiring(*call_syntax(id)); },
      [&](const ast::PipeExpr&) { return call_is_wiring(*call_syntax(id)); },
      [&](const ast::ElseExpr& expr) { return is_wiring(expr.left_id, environment); },
      [&](const ast::RateExpr&) { return true; },
      [&](const ast::IfExpr& expr) {
        return is_wiring(expr.condition_id, environment) || is_wiring(expr.then_id, environment) ||
               is_wiring(expr.else_id, environment);
      },
      [&](const ast::UnaryExpr& expr) { return is_wiring(expr.operand_id, environment); },
      [&](const ast::BinaryExpr& expr) {
        return is_wiring(expr.left_id, environment) || is_wiring(expr.right_id, environment);
      },
      [&](const ast::TupleExpr& expr) {
        return std::any_of(expr.element_ids.begin(), expr.element_ids.end(),
                           [&](ExprId e) { return is_wiring(e, environment); });
      },
      [&](const ast::ArrayExpr& expr) {
        return std::any_of(expr.elements.begin(), expr.elements.end(), [&](const ast::ArrayElement& e) {
          return is_wiring(e.value_id, environment);
        });
      },
      [&](const ast::IndexExpr& expr) { return is_wiring(expr.object_id, environment); },
      [&](const ast::StringExpr& expr) {
        return std::any_of(expr.pieces.begin(), expr.pieces.end(), [&](const ast::StringPiece& piece) {
          return piece.is_hole && is_wiring(piece.value_id, environment);
        });
      },
      [](const auto&) { return false; });
}

// A parameter `T[]` or `T[N]`: its syntax, and whether it has a length.
std::optional<std::pair<TypeSyntaxId, bool>> Elaborator::many_parameter(const Callee& callee,
                                                                        std::size_t index) const {
  if (!callee.declaration.valid()) return std::nullopt;
  const auto* fn = ast_.as<ast::FnDecl>(callee.declaration.decl_id);
  if (fn == nullptr || index >= fn->parameters.size()) return std::nullopt;
  const auto* applied = ast_.as<ast::AppliedType>(fn->parameters[index].type_id);
  if (applied == nullptr) return std::nullopt;
  if (applied->arguments.empty()) return std::pair(fn->parameters[index].type_id, false);
  const auto* base = ast_.as<ast::NamedType>(applied->base_id);
  const bool is_container = base != nullptr && base->path.parts.size() == 1 &&
                            (base->path.parts.front().text == "list" ||
                             base->path.parts.front().text == "map" ||
                             base->path.parts.front().text == "stream");
  if (is_container || applied->arguments.size() != 1) return std::nullopt;
  return std::pair(fn->parameters[index].type_id, true);
}

// An argument that stands where many values are needed, but is a stream of single ones: "add a window".
bool Elaborator::check_takes_many(const CallSyntax& call, const Callee& callee, std::size_t parameter,
                                  ExprId argument, std::span<const Operand> operands) {
  const bool is_aggregate = callee.kind == CalleeKind::Aggregate;
  if (!is_aggregate && !many_parameter(callee, parameter)) return true;
  if (is_aggregate) {
    // Parameters of an aggregate beyond the items are constants; `min(a, b)` compares two numbers.
    if (operands.empty()) return true;
    if (callee.also_on_items && (call.piped.valid() ? 1 : 0) + call.arguments.size() > 1) return true;
  }
  for (const Operand& operand : operands) {
    if (operand.wire.kind != Wire::Kind::Stream) return true;
    const TypeKind kind = program_.types.kind(item_type(operand.wire.port));
    if (operand.expr_id == argument) {
      if (kind == TypeKind::Window || kind == TypeKind::Array || kind == TypeKind::Error) return true;
    } else if (kind != TypeKind::Int && kind != TypeKind::Float && kind != TypeKind::Bool) {
      return true;  // Perhaps a field that is an array: the checker of items knows.
    }
  }
  if (operands.empty()) return true;
  sink_.report(diag::NeedsWindow, call.callee_span, call.name())
      .label(span_of(ast_, argument), "this has one value at a time")
      .help(is_aggregate
                ? fmt::format("add `|> window(...)` before it, or for everything so far "
                              "`|> running({})`", call.name())
                : "add `|> window(...)` before it");
  return false;
}

bool Elaborator::collect_call(const CallSyntax& call, const Callee& callee,
                              const WiringEnvironment& environment, std::vector<Operand>& operands) {
  const std::size_t first = operands.size();
  bool takes_many = callee.kind == CalleeKind::Aggregate && !callee.also_on_items;
  if (callee.kind == CalleeKind::Aggregate && callee.also_on_items) {
    takes_many = (call.piped.valid() ? 1 : 0) + call.arguments.size() == 1;  // `max(w)`, not `max(a, b)`.
  }
  std::size_t parameter = 0;
  const auto collect_argument = [&](ExprId argument, std::size_t index) {
    const std::size_t begin = operands.size();
    if (!collect(argument, environment, operands)) return false;
    const std::span<const Operand> added(operands.data() + begin, operands.size() - begin);
    const auto many = many_parameter(callee, index);
    takes_many = takes_many || many.has_value();
    if (many && many->second) {
      for (std::size_t i = begin; i < operands.size(); ++i) {
        if (operands[i].expr_id == argument) operands[i].wants_array = true;
      }
    }
    return check_takes_many(call, callee, index, argument, added);
  };
  if (call.piped.valid() && !collect_argument(call.piped, parameter++)) return false;
  for (const ast::Argument& argument : call.arguments) {
    std::size_t index = parameter++;
    if (argument.name.present() && callee.declaration.valid()) {
      if (const auto* fn = ast_.as<ast::FnDecl>(callee.declaration.decl_id)) {
        const auto named = std::find_if(
            fn->parameters.begin(), fn->parameters.end(),
            [&](const ast::Parameter& p) { return p.name.text == argument.name.text; });
        index = static_cast<std::size_t>(named - fn->parameters.begin());
      }
    }
    if (ast_.as<ast::LambdaExpr>(argument.value_id) != nullptr) continue;
    if (!collect_argument(argument.value_id, index)) return false;
  }
  const std::span<Operand> added(operands.data() + first, operands.size() - first);
  const bool is_summary =
      takes_many && !added.empty() && std::all_of(added.begin(), added.end(), [](const Operand& operand) {
        return operand.wire.kind == Wire::Kind::Window && !operand.summary_id.valid();
      });
  if (is_summary) {
    for (Operand& operand : added) operand.summary_id = call.expr_id;
  }
  return true;
}

// Finds the streams in an item expression and elaborates them. False after a mistake.
bool Elaborator::collect(ExprId id, const WiringEnvironment& environment, std::vector<Operand>& operands) {
  if (!id.valid()) return true;
  const auto add_operand = [&](Wire wire) {
    if (wire.is_error()) return false;
    if (wire.kind == Wire::Kind::Nothing || wire.kind == Wire::Kind::Bundle) {
      to_port(wire, id);  // Reports.
      return false;
    }
    operands.push_back({.expr_id = id, .wire = std::move(wire)});
    return true;
  };
  const auto collect_all = [&](std::span<const ExprId> parts) {
    return std::all_of(parts.begin(), parts.end(),
                       [&](ExprId part) { return collect(part, environment, operands); });
  };
  const auto collect_call_at = [&] {
    const CallSyntax syntax = *call_syntax(id);
    if (is_wiring_call(syntax, environment)) return add_operand(elaborate(id, environment));
    const Callee callee = syntax.path.empty() ? Callee{}
                                              : checker_.find_callee(environment.module_id(), syntax.path);
    const bool is_function_value =
        syntax.path.size() == 1 &&
        environment.find(syntax.path.front().text).kind == WiringMeaning::Kind::Function;
    if (!is_item_call(callee) && !callee.also_on_items && !is_function_value) {
      return add_operand(elaborate(id, environment));  // Reports what it is not.
    }
    return collect_call(syntax, callee, environment, operands);
  };
  return match(
      ast_.expr(id), [](const ast::ErrorExpr&) { return false; },
      [](const ast::IntExpr&) { return true; }, [](const ast::FloatExpr&) { return true; },
      [](const ast::QuantityExpr&) { return true; }, [](const ast::TimeExpr&) { return true; },
      [](const ast::BoolExpr&) { return true; }, [](const ast::NoneExpr&) { return true; },
      [](const ast::LambdaExpr&) { return true; },
      [&](const ast::StringExpr& expr) {
        for (const ast::StringPiece& piece : expr.pieces) {
          if (piece.is_hole && !collect(piece.value_id, environment, operands)) return false;
        }
        return true;
      },
      [&](const ast::NameExpr& name) {
        if (environment.find(name.name).kind != WiringMeaning::Kind::Equation) return true;
        return add_operand(elaborate(id, environment));
      },
      [&](const ast::FieldExpr& field) {
        if (!is_wiring(field.object_id, environment)) return true;
        const bool is_direct = ast_.as<ast::NameExpr>(field.object_id) != nullptr ||
                               (call_syntax(field.object_id) &&
                                is_wiring_call(*call_syntax(field.object_id), environment));
        if (!is_direct) return collect(field.object_id, environment, operands);
        const Wire object = elaborate(field.object_id, environment);
        if (object.kind == Wire::Kind::Bundle) {
          return add_operand(pick(object, field.name, field.object_id));
        }
        id = field.object_id;
        return add_operand(object);
      },
      [&](const ast::CallExpr&) { return collect_call_at(); },
      [&](const ast::PipeExpr&) { return collect_call_at(); },
      [&](const ast::IndexExpr& expr) {
        if (!collect(expr.object_id, environment, operands)) return false;
        for (const ast::Index& index : expr.indices) {
          if (index.kind == ast::Index::Kind::Slice && is_wiring(expr.object_id, environment)) {
            report_not_available("a range of a stream's history", expr.span);
            return false;
          }
          if (!collect(index.first_id, environment, operands)) return false;
        }
        return true;
      },
      [&](const ast::ArrayExpr& expr) {
        for (const ast::ArrayElement& element : expr.elements) {
          if (!collect(element.value_id, environment, operands)) return false;
        }
        return true;
      },
      [&](const ast::TupleExpr& expr) { return collect_all(expr.element_ids); },
      [&](const ast::UnaryExpr& expr) { return collect(expr.operand_id, environment, operands); },
      [&](const ast::BinaryExpr& expr) {
        return collect(expr.left_id, environment, operands) &&
               collect(expr.right_id, environment, operands);
      },
      [&](const ast::IfExpr& expr) {
        if (is_wiring(id, environment) && chosen_wiring(expr, environment)) {
          return add_operand(elaborate(id, environment));
        }
        const ExprId parts[] = {expr.condition_id, expr.then_id, expr.else_id};
        return collect_all(parts);
      },
      [&](const ast::ElseExpr& expr) {
        if (!is_wiring(expr.left_id, environment)) return true;
        return add_operand(elaborate(id, environment));
      },
      [&](const ast::RateExpr&) { return add_operand(elaborate(id, environment)); });
}

TypeId Elaborator::operand_type(const Operand& operand) {
  const TypeId element = item_type(operand.wire.port);
  if (operand.wire.kind == Wire::Kind::Stream) return element;
  return operand.wants_array ? program_.types.array(element, operand.wire.shape.size)
                             : program_.types.window(element);
}

// Windows of one shape in one scope, so that one operator can summarise them as they go.
bool Elaborator::same_windows(std::span<const Operand> operands) const {
  return std::all_of(operands.begin(), operands.end(), [&](const Operand& operand) {
    const Operand& first = operands.front();
    return operand.wire.kind == Wire::Kind::Window && !operand.wants_array &&
           operand.wire.shape == first.wire.shape &&
           scope_of(operand.wire.port) == scope_of(first.wire.port);
  });
}

Wire Elaborator::lift(ExprId root, const WiringEnvironment& environment) {
  std::vector<Operand> operands;
  if (!collect(root, environment, operands)) return Wire::error();
  if (operands.empty()) {
    const DiagnosticSink::Mark mark = sink_.mark();
    const FunctionId function = checker_.lift(root, {}, environment, {}, label_);
    if (function.valid() && !sink_.has_errors_since(mark)) {
      sink_.report(diag::StreamExpected, span_of(ast_, root), "a constant")
          .help("`items([…])` is the stream of the values of a list");
    }
    return Wire::error();
  }
  if (operands.size() == 1 && operands.front().expr_id == root) return operands.front().wire;
  for (const Operand& operand : operands) {
    if (!operand.wants_array || operand.wire.kind != Wire::Kind::Window) continue;
    if (operand.wire.shape.partial || operand.wire.shape.rest) {
      sink_.report(diag::WindowNotExact, operand.wire.span)
          .help("a function on `T[N]` takes windows of exactly N items: leave out `partial:` and "
                "`rest:`, or let the function take `T[]`");
      return Wire::error();
    }
  }
  if (!same_windows(operands) && !summarise_windows(operands, environment)) return Wire::error();
  return lift_operands(root, operands, environment);
}

// `x - (x |> window(10) |> mean)`: where windows meet other streams, what makes a value of a window becomes an operator of
// its own, which can follow the window as it moves.
bool Elaborator::summarise_windows(std::vector<Operand>& operands, const WiringEnvironment& environment) {
  std::vector<Operand> result;
  for (std::size_t i = 0; i < operands.size();) {
    std::size_t end = i + 1;
    const ExprId summary_id = operands[i].summary_id;
    if (!summary_id.valid()) {
      result.push_back(operands[i]);
    } else {
      while (end < operands.size() && operands[end].summary_id == summary_id) ++end;
      const Wire wire =
          lift_operands(summary_id, std::span(operands).subspan(i, end - i), environment);
      if (wire.is_error()) return false;
      result.push_back({.expr_id = summary_id, .wire = wire});
    }
    i = end;
  }
  operands = std::move(result);
  return true;
}

Wire Elaborator::lift_operands(ExprId root, std::span<const Operand> operands,
                               const WiringEnvironment& environment) {
  if (operands.size() == 1 && operands.front().expr_id == root) return operands.front().wire;
  const SourceSpan span = span_of(ast_, root);
  std::vector<LiftedOperand> lifted;
  for (const Operand& operand : operands) {
    const TypeId type_id = operand_type(operand);
    if (program_.types.kind(type_id) == TypeKind::Error) return Wire::error();
    lifted.push_back({operand.expr_id, type_id});
  }
  const FunctionId function = checker_.lift(root, lifted, environment, {}, label_);
  if (!function.valid()) return Wire::error();

  if (same_windows(operands)) {
    if (std::optional<FoldedFunction> folded = fold_function(program_, checker_, modules_, function)) {
      std::vector<PortId> inputs;
      for (const Operand& operand : operands) inputs.push_back(operand.wire.port);
      const DraftScopeId scope = scope_of(inputs.front());
      const WindowShape shape = operands.front().wire.shape;
      const OperatorId op = add(WindowFoldOperator{.shape = shape,
                                                   .folds = std::move(folded->folds),
                                                   .finish_id = folded->finish_id},
                                std::move(inputs), scope, span);
      return Wire::stream(
          draft_.add_output(op, program_.function(function).result_id, window_scope(scope, shape, op)));
    }
  }
  std::vector<StepInput> inputs;
  std::vector<PortId> ports;
  for (const Operand& operand : operands) {
    const PortId port = operand.wire.kind == Wire::Kind::Stream
                            ? operand.wire.port
                            : materialize(operand.wire, operand.wants_array);
    inputs.push_back({port, operand.expr_id});
    ports.push_back(port);
  }
  const std::optional<DraftScopeId> scope = in_step(inputs, true, span);
  if (!scope) return Wire::error();
  return Wire::stream(add_map(function, std::move(ports), *scope, span));
}

}  // namespace streamc
