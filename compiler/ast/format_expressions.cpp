#include <limits>
#include <utility>

#include "compiler/ast/formatter.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

bool is_number(const Ast& ast, ExprId id) {
  if (const auto* unary = ast.as<ast::UnaryExpr>(id)) id = unary->operand_id;
  return ast.as<ast::IntExpr>(id) != nullptr || ast.as<ast::FloatExpr>(id) != nullptr ||
         ast.as<ast::QuantityExpr>(id) != nullptr;
}

// Whether a colon beside it needs no blanks: `a[1:n]`.
bool is_short_index(const Ast& ast, ExprId id) {
  if (!id.valid()) return true;
  if (const auto* unary = ast.as<ast::UnaryExpr>(id)) id = unary->operand_id;
  return ast.as<ast::IntExpr>(id) != nullptr || ast.as<ast::NameExpr>(id) != nullptr;
}

}  // namespace

Doc Formatter::expr(ExprId id) {
  if (!ast_.is_parenthesized(id)) return bare_expr(id);
  return Doc::group({Doc::of("("), bare_expr(id), Doc::of(")")});
}

std::string Formatter::flat(ExprId id) {
  return lay_out(expr(id), std::numeric_limits<std::size_t>::max());
}

Doc Formatter::bare_expr(ExprId id) {
  const auto as_written = [&](SourceSpan span) { return Doc::of(source(span)); };
  return match(
      ast_.expr(id),
      [&](const ast::ErrorExpr& node) { return as_written(node.span); },
      [&](const ast::IntExpr& node) { return as_written(node.span); },
      [&](const ast::FloatExpr& node) { return as_written(node.span); },
      [&](const ast::QuantityExpr& node) { return as_written(node.span); },
      [&](const ast::StringExpr& node) { return as_written(node.span); },
      [&](const ast::TimeExpr& node) { return as_written(node.span); },
      [&](const ast::BoolExpr& node) { return Doc::of(node.value ? "true" : "false"); },
      [&](const ast::NoneExpr&) { return Doc::of("none"); },
      [&](const ast::NameExpr& node) { return Doc::of(node.name); },
      [&](const ast::FieldExpr& node) {
        return Doc::concat({expr(node.object_id), Doc::of("." + node.name.text)});
      },
      [&](const ast::CallExpr& node) {
        Doc callee = expr(node.callee_id);
        const std::uint32_t end = span_of(ast_, node.callee_id).end;
        return Doc::concat({std::move(callee), arguments(node.arguments, file_.span(end, node.span.end))});
      },
      [&](const ast::IndexExpr& node) {
        Doc object = expr(node.object_id);
        return Doc::concat({std::move(object), indices(node.indices)});
      },
      [&](const ast::ArrayExpr& node) { return array(node); },
      [&](const ast::TupleExpr& node) {
        std::vector<Doc> elements;
        for (const ExprId element : node.element_ids) elements.push_back(expr(element));
        return bracketed("(", std::move(elements), ")", newline_follows(node.span.begin + 1));
      },
      [&](const ast::UnaryExpr& node) {
        return Doc::concat({Doc::of(node.op == ast::UnaryOp::Not ? "not " : "-"), expr(node.operand_id)});
      },
      [&](const ast::BinaryExpr& node) {
        Doc left = expr(node.left_id);
        return Doc::concat({std::move(left), Doc::of(fmt::format(" {} ", spelling(node.op))),
                            expr(node.right_id)});
      },
      [&](const ast::IfExpr& node) {
        // All arms of a chain are broken, or none is.
        Doc out = Doc::group({}, has_newline(span_of(ast_, node.condition_id).end,
                                             span_of(ast_, node.then_id).begin));
        const ast::IfExpr* arm = &node;
        out << "if ";
        while (true) {
          out << expr(arm->condition_id) << " {"
              << Doc::indent({Doc::line_break(" "), expr(arm->then_id)}) << Doc::line_break(" ")
              << "} else ";
          const auto* const next = ast_.as<ast::IfExpr>(arm->else_id);
          // An arm that holds nothing but an `if` is not an `else if`.
          if (next == nullptr || source(file_.span(span_of(ast_, arm->then_id).end, next->span.begin))
                                         .find('{') != std::string_view::npos) {
            out << "{" << Doc::indent({Doc::line_break(" "), expr(arm->else_id)})
                << Doc::line_break(" ") << "}";
            return out;
          }
          out << "if ";
          arm = next;
        }
      },
      [&](const ast::LambdaExpr& node) {
        std::string head;
        for (const ast::Identifier& parameter : node.parameters) {
          if (!head.empty()) head += ", ";
          head += parameter.text;
        }
        // One parameter may stand in parentheses; what it is given is unpacked all the same.
        if (source(node.span).starts_with('(')) head = "(" + head + ")";
        Doc out = Doc::concat({Doc::of(head + " => ")});
        out << (node.block ? block(*node.block) : expr(node.body_id));
        return out;
      },
      [&](const ast::PipeExpr&) { return pipeline(id); },
      [&](const ast::ElseExpr&) { return pipeline(id); },
      [&](const ast::RateExpr& node) {
        Doc stream = expr(node.stream_id);
        return Doc::concat({std::move(stream), Doc::of(" @ "), expr(node.rate_id)});
      });
}

// Every `|>` of a broken pipeline begins a line; an `else` stays on the line of what it covers.
Doc Formatter::pipeline(ExprId id) {
  std::vector<ExprId> steps;  // From the last to the first.
  bool is_broken = false;
  ExprId head = id;
  while (head == id || !ast_.is_parenthesized(head)) {
    if (const auto* pipe = ast_.as<ast::PipeExpr>(head)) {
      is_broken = is_broken || has_newline(span_of(ast_, pipe->left_id).end, pipe->operator_span.begin);
      steps.push_back(head);
      head = pipe->left_id;
    } else if (const auto* fallback = ast_.as<ast::ElseExpr>(head)) {
      steps.push_back(head);
      head = fallback->left_id;
    } else {
      break;
    }
  }
  Doc out = Doc::group({expr(head)}, is_broken);
  Doc rest = Doc::indent({});
  for (std::size_t i = steps.size(); i-- > 0;) {
    if (const auto* pipe = ast_.as<ast::PipeExpr>(steps[i])) {
      rest << Doc::line_break(" ") << "|> " + pipe->function.text();
      if (pipe->has_arguments) {
        rest << arguments(pipe->arguments, file_.span(pipe->function.span.end, pipe->span.end));
      }
    } else {
      rest << " else " << expr(ast_.as<ast::ElseExpr>(steps[i])->right_id);
    }
  }
  out << std::move(rest);
  return out;
}

Doc Formatter::bracketed(std::string_view open_text, std::vector<Doc> elements,
                         std::string_view close_text, bool is_broken) {
  if (elements.empty()) return Doc::of(std::string(open_text) + std::string(close_text));
  Doc inner = Doc::indent({Doc::line_break("")});
  for (std::size_t i = 0; i < elements.size(); ++i) {
    inner << std::move(elements[i]);
    if (i + 1 < elements.size()) inner << "," << Doc::line_break(" ");
  }
  return Doc::group({Doc::of(open_text), std::move(inner), Doc::line_break(""), Doc::of(close_text)},
                    is_broken);
}

// `around` begins before the `(` and ends behind the `)`.
Doc Formatter::arguments(const std::vector<ast::Argument>& arguments, SourceSpan around) {
  std::vector<Doc> elements;
  for (const ast::Argument& argument : arguments) {
    Doc element = Doc::concat({});
    if (argument.is_spread) element << "..";
    if (argument.name.present()) element << argument.name.text + ": ";
    element << expr(argument.value_id);
    elements.push_back(std::move(element));
  }
  const std::size_t open = source(around).find('(');
  const bool is_broken =
      open != std::string_view::npos &&
      newline_follows(around.begin + static_cast<std::uint32_t>(open) + 1);
  return bracketed("(", std::move(elements), ")", is_broken);
}

Doc Formatter::indices(const std::vector<ast::Index>& indices) {
  Doc out = Doc::concat({});
  out << "[";
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const ast::Index& index = indices[i];
    if (i > 0) out << ", ";
    switch (index.kind) {
      case ast::Index::Kind::Star: out << "*"; break;
      case ast::Index::Kind::Value: out << expr(index.first_id); break;
      case ast::Index::Kind::Slice: {
        const bool is_short =
            is_short_index(ast_, index.first_id) && is_short_index(ast_, index.last_id);
        if (index.first_id.valid()) out << expr(index.first_id);
        out << (is_short ? ":" : " : ");
        if (index.last_id.valid()) out << expr(index.last_id);
        break;
      }
    }
  }
  out << "]";
  return out;
}

// Numbers fill lines; anything longer gets a line for each element.
Doc Formatter::array(const ast::ArrayExpr& array) {
  const bool is_broken = newline_follows(array.span.begin + 1);
  bool all_numbers = true;
  std::vector<Doc> elements;
  for (const ast::ArrayElement& element : array.elements) {
    Doc part = Doc::concat({expr(element.value_id)});
    if (element.time_id.valid()) part << " at " << expr(element.time_id);
    all_numbers = all_numbers && is_number(ast_, element.value_id) && !element.time_id.valid();
    elements.push_back(std::move(part));
  }
  if (!all_numbers || elements.empty()) return bracketed("[", std::move(elements), "]", is_broken);
  Doc filled = Doc::fill({});
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) filled << Doc::line_break(" ");
    if (i + 1 < elements.size()) elements[i] << ",";
    filled << std::move(elements[i]);
  }
  return Doc::group({Doc::of("["), Doc::indent({Doc::line_break(""), std::move(filled)}),
                     Doc::line_break(""), Doc::of("]")},
                    is_broken);
}

std::string Formatter::type(TypeSyntaxId id) {
  // A function type needs parentheses before `[` and `?`.
  const auto base = [&](TypeSyntaxId base_id) {
    const std::string text = type(base_id);
    return ast_.as<ast::FunctionType>(base_id) != nullptr ? "(" + text + ")" : text;
  };
  const auto list = [&](const std::vector<TypeSyntaxId>& ids) {
    std::string text;
    for (const TypeSyntaxId each : ids) {
      if (!text.empty()) text += ", ";
      text += type(each);
    }
    return "(" + text + ")";
  };
  return match(
      ast_.type(id),
      [&](const ast::ErrorType& node) { return std::string(source(node.span)); },
      [&](const ast::NamedType& node) { return node.path.text(); },
      [&](const ast::AppliedType& node) {
        std::string text;
        for (const ast::TypeArgument& argument : node.arguments) {
          if (!text.empty()) text += ", ";
          if (argument.name.present()) text += argument.name.text + ": ";
          text += argument.type_id.valid() ? type(argument.type_id) : flat(argument.constant_id);
        }
        return base(node.base_id) + "[" + text + "]";
      },
      [&](const ast::OptionType& node) { return base(node.base_id) + "?"; },
      [&](const ast::TupleType& node) { return list(node.element_ids); },
      [&](const ast::FunctionType& node) {
        return list(node.parameter_ids) + " -> " + type(node.result_id);
      });
}

}  // namespace streamc
