#include "compiler/sema/syntax_walk.h"

#include "compiler/support/match.h"

namespace streamc {

namespace {

using Visit = std::function<bool(ExprId)>;

void walk_block(const Ast& ast, const ast::Block& block, const Visit& visit);

void walk_arguments(const Ast& ast, const std::vector<ast::Argument>& arguments,
                    const Visit& visit) {
  for (const ast::Argument& argument : arguments) walk_expressions(ast, argument.value_id, visit);
}

void walk_inside(const Ast& ast, ExprId id, const Visit& visit) {
  const auto walk = [&](ExprId inner) { walk_expressions(ast, inner, visit); };
  match(
      ast.expr(id), [](const ast::ErrorExpr&) {}, [](const ast::IntExpr&) {},
      [](const ast::FloatExpr&) {}, [](const ast::QuantityExpr&) {}, [](const ast::TimeExpr&) {},
      [](const ast::BoolExpr&) {}, [](const ast::NoneExpr&) {}, [](const ast::NameExpr&) {},
      [&](const ast::StringExpr& text) {
        for (const ast::StringPiece& piece : text.pieces) walk(piece.value_id);
      },
      [&](const ast::FieldExpr& field) { walk(field.object_id); },
      [&](const ast::CallExpr& call) {
        walk(call.callee_id);
        walk_arguments(ast, call.arguments, visit);
      },
      [&](const ast::IndexExpr& index) {
        walk(index.object_id);
        for (const ast::Index& one : index.indices) {
          walk(one.first_id);
          walk(one.last_id);
        }
      },
      [&](const ast::ArrayExpr& array) {
        for (const ast::ArrayElement& element : array.elements) {
          walk(element.value_id);
          walk(element.time_id);
        }
      },
      [&](const ast::TupleExpr& tuple) {
        for (const ExprId element : tuple.element_ids) walk(element);
      },
      [&](const ast::UnaryExpr& unary) { walk(unary.operand_id); },
      [&](const ast::BinaryExpr& binary) {
        walk(binary.left_id);
        walk(binary.right_id);
      },
      [&](const ast::IfExpr& expr) {
        walk(expr.condition_id);
        walk(expr.then_id);
        walk(expr.else_id);
      },
      [&](const ast::LambdaExpr& lambda) {
        walk(lambda.body_id);
        if (lambda.block) walk_block(ast, *lambda.block, visit);
      },
      [&](const ast::PipeExpr& pipe) {
        walk(pipe.left_id);
        walk_arguments(ast, pipe.arguments, visit);
      },
      [&](const ast::ElseExpr& expr) {
        walk(expr.left_id);
        walk(expr.right_id);
      },
      [&](const ast::RateExpr& rate) {
        walk(rate.stream_id);
        walk(rate.rate_id);
      });
}

void walk_block(const Ast& ast, const ast::Block& block, const Visit& visit) {
  const auto walk = [&](ExprId id) { walk_expressions(ast, id, visit); };
  for (const StmtId stmt_id : block.statements) {
    match(
        ast.stmt(stmt_id), [](const ast::ErrorStmt&) {},
        [&](const ast::AssignStmt& assign) {
          for (const ast::Target& target : assign.targets) {
            for (const ast::TargetStep& step : target.steps) {
              for (const ExprId index : step.index_ids) walk(index);
            }
          }
          walk(assign.value_id);
        },
        [&](const ast::IfStmt& stmt) {
          for (const ast::IfStmt::Arm& arm : stmt.arms) {
            walk(arm.condition_id);
            walk_block(ast, arm.block, visit);
          }
          if (stmt.else_block) walk_block(ast, *stmt.else_block, visit);
        },
        [&](const ast::ForStmt& stmt) {
          walk(stmt.values_id);
          walk_block(ast, stmt.block, visit);
        },
        [&](const ast::PlateStmt& stmt) {
          walk(stmt.roster_id);
          walk_block(ast, stmt.block, visit);
        },
        [&](const ast::EmitStmt& stmt) { walk(stmt.value_id); },
        [&](const ast::ReturnStmt& stmt) {
          for (const ExprId value : stmt.value_ids) walk(value);
        },
        [&](const ast::ExprStmt& stmt) { walk(stmt.value_id); },
        [&](const ast::GivenStmt& stmt) { walk(stmt.value_id); },
        [&](const ast::ExpectStmt& stmt) {
          walk(stmt.value_id);
          walk(stmt.tolerance_id);
        });
  }
}

void collect_assigned(const Ast& ast, const ast::Block& block, std::set<std::string>& names) {
  for (const StmtId stmt_id : block.statements) {
    if (const auto* assign = ast.as<ast::AssignStmt>(stmt_id)) {
      for (const ast::Target& target : assign->targets) names.insert(target.name.text);
    } else if (const auto* branch = ast.as<ast::IfStmt>(stmt_id)) {
      for (const ast::IfStmt::Arm& arm : branch->arms) collect_assigned(ast, arm.block, names);
      if (branch->else_block) collect_assigned(ast, *branch->else_block, names);
    } else if (const auto* loop = ast.as<ast::ForStmt>(stmt_id)) {
      collect_assigned(ast, loop->block, names);
    }
  }
}

}  // namespace

void walk_expressions(const Ast& ast, ExprId id, const Visit& visit) {
  if (!id.valid() || !visit(id)) return;
  walk_inside(ast, id, visit);
}

void walk_expressions(const Ast& ast, const ast::Block& block, const Visit& visit) {
  walk_block(ast, block, visit);
}

std::set<std::string> assigned_names(const Ast& ast, const ast::Block& block) {
  std::set<std::string> names;
  collect_assigned(ast, block, names);
  return names;
}

}  // namespace streamc
