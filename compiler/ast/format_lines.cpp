#include <algorithm>
#include <utility>

#include "compiler/ast/formatter.h"
#include "compiler/support/match.h"

namespace streamc {

Formatter::Line Formatter::line_of(const ast::ModuleItem& item) {
  return std::visit([this](auto id) { return line_of(id); }, item);
}

Formatter::Line Formatter::line_of(DeclId id) {
  const bool has_lines = match(
      ast_.decl(id), [](const ast::ErrorDecl&) { return false; },
      [](const ast::ImportDecl&) { return false; }, [](const ast::ParamDecl&) { return false; },
      [](const ast::ExternDecl&) { return false; },
      [](const ast::TypeDecl& decl) {
        return std::holds_alternative<ast::RecordDefinition>(decl.definition);
      },
      [](const ast::FnDecl& decl) { return decl.body.block.has_value(); },
      [](const ast::GraphDecl& decl) { return decl.body.block.has_value(); },
      [](const ast::AggregateDecl&) { return true; }, [](const ast::AgentDecl&) { return true; },
      [](const ast::DeployDecl&) { return true; }, [](const ast::TestDecl&) { return true; });
  return {span_of(ast_, id), has_lines, [this, id] { return decl(id); }};
}

Formatter::Line Formatter::line_of(StmtId id) {
  const bool has_lines = ast_.as<ast::IfStmt>(id) != nullptr ||
                         ast_.as<ast::ForStmt>(id) != nullptr ||
                         ast_.as<ast::PlateStmt>(id) != nullptr;
  return {span_of(ast_, id), has_lines, [this, id] { return stmt(id); }};
}

Doc Formatter::block(const ast::Block& block) {
  std::vector<Line> inner;
  for (const StmtId id : block.statements) inner.push_back(line_of(id));
  return braced(block.span, inner);
}

// What follows an `=`. A newline directly behind it stays.
Doc Formatter::value(SourceSpan operator_span, ExprId id) {
  Doc value = expr(id);
  if (!newline_follows(operator_span.end)) return Doc::concat({Doc::of(" "), std::move(value)});
  return Doc::indent({Doc::newline(), std::move(value)});
}

Doc Formatter::body(const ast::Body& body) {
  if (body.block) return Doc::concat({Doc::of(" "), block(*body.block)});
  return Doc::concat({Doc::of(" ="), value(file_.span(body.span.begin, body.span.begin + 1), body.value_id)});
}

std::string Formatter::generics(const std::vector<ast::Generic>& generics) {
  std::string text;
  for (const ast::Generic& generic : generics) {
    text += text.empty() ? "[" : ", ";
    text += generic.name.text;
    if (generic.bound_id.valid()) text += ": " + type(generic.bound_id);
  }
  return text.empty() ? text : text + "]";
}

Doc Formatter::parameters(const std::vector<ast::Parameter>& parameters) {
  std::vector<Doc> elements;
  bool is_broken = false;
  for (const ast::Parameter& parameter : parameters) {
    if (elements.empty()) {
      const std::uint32_t line = file_.line_of(parameter.span.begin);
      const std::uint32_t begin = file_.line_begin(line);
      is_broken = file_.text().substr(begin, parameter.span.begin - begin).find_first_not_of(" \t") ==
                  std::string_view::npos;
    }
    Doc element = Doc::concat({Doc::of(parameter.name.text + ": " + type(parameter.type_id))});
    if (parameter.default_id.valid()) element << " = " << expr(parameter.default_id);
    elements.push_back(std::move(element));
  }
  return bracketed("(", std::move(elements), ")", is_broken);
}

std::string Formatter::outputs(const std::vector<ast::Output>& outputs) {
  if (outputs.empty()) return {};
  if (outputs.size() == 1 && !outputs.front().name.present()) {
    return " -> " + type(outputs.front().type_id);
  }
  std::string text;
  for (const ast::Output& output : outputs) {
    if (!text.empty()) text += ", ";
    text += output.name.text + ": " + type(output.type_id);
  }
  return " -> (" + text + ")";
}

Doc Formatter::decl(DeclId id) {
  return match(
      ast_.decl(id), [&](const ast::ErrorDecl& node) { return Doc::of(source(node.span)); },
      [&](const ast::ImportDecl& node) {
        return Doc::of("import " + node.path.text() +
                       (node.alias.present() ? " as " + node.alias.text : std::string()));
      },
      [&](const ast::ParamDecl& node) {
        Doc out = Doc::concat({Doc::of("param " + node.name.text + ": " + type(node.type_id))});
        std::uint32_t end = span_of(ast_, node.type_id).end;
        if (node.default_id.valid()) {
          out << " = " << expr(node.default_id);
          end = span_of(ast_, node.default_id).end;
        }
        // The help text is what remains of the line, from its quote on.
        const std::string_view rest = source(file_.span(end, node.span.end));
        if (const std::size_t quote = rest.find('"'); quote != std::string_view::npos) {
          out << "   " << Doc::column(Doc::kHelpColumn) << rest.substr(quote);
        }
        return out;
      },
      [&](const ast::TypeDecl& node) {
        Doc out = Doc::concat({Doc::of("type " + node.name.text + generics(node.generics) + " ")});
        return out << Doc::column(Doc::kEqualsColumn) << "= " << type_definition(node), out;
      },
      [&](const ast::FnDecl& node) {
        Doc out = Doc::concat({Doc::of("fn " + node.name.text + generics(node.generics))});
        out << parameters(node.parameters);
        if (node.result_id.valid()) out << " -> " + type(node.result_id);
        if (node.body.present()) out << outside_wiring([&] { return body(node.body); });
        return out;
      },
      [&](const ast::AggregateDecl& node) { return outside_wiring([&] { return aggregate(node); }); },
      [&](const ast::AgentDecl& node) {
        Doc out = Doc::concat({Doc::of("agent " + node.name.text + generics(node.generics))});
        out << parameters(node.parameters) << outputs(node.outputs);
        if (!node.body_span.valid()) return out;  // The head of an `extern`.
        std::vector<Line> inner;
        for (const ast::StateDecl& part : node.states) {
          inner.push_back({part.span, false, [this, &part] { return state(part); }});
        }
        for (const ast::Handler& part : node.handlers) {
          inner.push_back({part.span, true, [this, &part] { return handler(part); }});
        }
        std::sort(inner.begin(), inner.end(),
                  [](const Line& a, const Line& b) { return a.span < b.span; });
        out << " " << outside_wiring([&] { return braced(node.body_span, inner); });
        return out;
      },
      [&](const ast::GraphDecl& node) {
        Doc out = Doc::concat({Doc::of("graph " + node.name.text + generics(node.generics))});
        out << parameters(node.parameters) << outputs(node.outputs);
        if (node.body.present()) out << body(node.body);
        return out;
      },
      [&](const ast::ExternDecl& node) {
        Doc out = Doc::concat({});
        out << "extern " + node.language.text + " " << source(node.symbol_span) << " "
            << decl(node.head_id);
        return out;
      },
      [&](const ast::DeployDecl& node) {
        Doc out = Doc::concat({Doc::of("deploy " + node.name.text + " ")});
        out << deploy_items(node.items, node.body_span);
        return out;
      },
      [&](const ast::TestDecl& node) {
        Doc out = Doc::concat({Doc::of("test "), Doc::of(source(node.name_span)), Doc::of(" ")});
        return out << outside_wiring([&] { return block(node.block); }), out;
      });
}

Doc Formatter::type_definition(const ast::TypeDecl& decl) {
  return match(
      decl.definition,
      [&](const ast::RecordDefinition& record) {
        const auto make_field = [this](const ast::Field& field) {
          Doc out = Doc::concat({Doc::of(field.name.text + ": " + type(field.type_id))});
          std::uint32_t end = span_of(ast_, field.type_id).end;
          if (field.default_id.valid()) {
            out << " = " << expr(field.default_id);
            end = span_of(ast_, field.default_id).end;
          }
          if (field.outside_name) {
            const std::string_view rest = source(file_.span(end, field.span.end));
            out << " " << rest.substr(rest.find('"'));
          }
          return out;
        };
        if (has_newline(record.span.begin, record.span.end)) {
          std::vector<Line> inner;
          for (const ast::Field& field : record.fields) {
            inner.push_back({field.span, false, [&field, make_field] { return make_field(field); }});
          }
          return braced(record.span, inner);
        }
        if (record.fields.empty()) return Doc::of("{ }");
        Doc inner = Doc::indent({Doc::line_break(" ")});
        for (std::size_t i = 0; i < record.fields.size(); ++i) {
          inner << make_field(record.fields[i]);
          if (i + 1 < record.fields.size()) inner << "," << Doc::line_break(" ");
        }
        return Doc::group({Doc::of("{"), std::move(inner), Doc::line_break(" "), Doc::of("}")});
      },
      [&](const ast::EnumerationDefinition& enumeration) {
        const bool is_broken = has_newline(enumeration.span.begin, enumeration.span.end);
        Doc out = Doc::group({Doc::of(enumeration.values.front().text)}, is_broken);
        Doc rest = Doc::indent({});
        for (std::size_t i = 1; i < enumeration.values.size(); ++i) {
          rest << Doc::line_break(" ") << "| " + enumeration.values[i].text;
        }
        out << std::move(rest);
        return out;
      },
      [&](const ast::AliasDefinition& alias) { return Doc::of(type(alias.type_id)); });
}

Doc Formatter::state(const ast::StateDecl& state) {
  Doc out = Doc::concat({Doc::of("state " + state.name.text)});
  if (state.type_id.valid()) out << ": " + type(state.type_id);
  if (state.initial_id.valid()) out << " = " << expr(state.initial_id);
  return out;
}

Doc Formatter::handler(const ast::Handler& handler) {
  Doc out = Doc::concat({});
  out << "on ";
  switch (handler.kind) {
    case ast::Handler::Kind::Items:
      for (std::size_t i = 0; i < handler.inputs.size(); ++i) {
        if (i > 0) out << ", ";
        out << handler.inputs[i].text;
      }
      break;
    case ast::Handler::Kind::Every: out << "every " << expr(handler.period_id); break;
    case ast::Handler::Kind::End: out << "end"; break;
  }
  out << " " << block(handler.block);
  return out;
}

Doc Formatter::aggregate(const ast::AggregateDecl& node) {
  Doc out = Doc::concat({Doc::of("aggregate " + node.name.text + generics(node.generics))});
  out << parameters(node.parameters) << " -> " + type(node.result_type_id) + " ";
  std::vector<Line> inner;
  const auto add_block = [&](SourceSpan span, std::string head, const ast::Block& part) {
    inner.push_back({span, true, [this, head, &part] {
                       return Doc::concat({Doc::of(head + " "), block(part)});
                     }});
  };
  for (const ast::StateDecl& part : node.states) {
    inner.push_back({part.span, false, [this, &part] { return state(part); }});
  }
  if (node.add) add_block(node.add_span, "add", *node.add);
  if (node.merge) add_block(node.merge_span, "merge " + node.merge_name.text, *node.merge);
  if (node.result.block) add_block(node.result_span, "result", *node.result.block);
  if (node.result.value_id.valid()) {
    inner.push_back({node.result.span, false, [this, &node] {
                       return Doc::concat({Doc::of("result = "), expr(node.result.value_id)});
                     }});
  }
  for (const ast::AggregateFlag& flag : node.flags) {
    inner.push_back({flag.span, false, [this, &flag] {
                       return Doc::concat({Doc::of(flag.name.text + " = "), expr(flag.value_id)});
                     }});
  }
  std::sort(inner.begin(), inner.end(), [](const Line& a, const Line& b) { return a.span < b.span; });
  out << braced(node.body_span, inner);
  return out;
}

Doc Formatter::target(const ast::Target& target) {
  Doc out = Doc::concat({Doc::of(target.name.text)});
  for (const ast::TargetStep& step : target.steps) {
    if (step.field.present()) {
      out << "." + step.field.text;
      continue;
    }
    out << "[";
    for (std::size_t i = 0; i < step.index_ids.size(); ++i) {
      if (i > 0) out << ", ";
      out << expr(step.index_ids[i]);
    }
    out << "]";
  }
  return out;
}

Doc Formatter::stmt(StmtId id) {
  return match(
      ast_.stmt(id), [&](const ast::ErrorStmt& node) { return Doc::of(source(node.span)); },
      [&](const ast::AssignStmt& node) {
        Doc out = Doc::concat({});
        for (std::size_t i = 0; i < node.targets.size(); ++i) {
          if (i > 0) out << ", ";
          out << target(node.targets[i]);
        }
        if (node.type_id.valid()) out << ": " + type(node.type_id);
        out << " ";
        if (is_wiring_) out << Doc::column(Doc::kEqualsColumn);
        out << spelling(node.op) << value(node.operator_span, node.value_id);
        return out;
      },
      [&](const ast::IfStmt& node) {
        Doc out = Doc::concat({});
        for (std::size_t i = 0; i < node.arms.size(); ++i) {
          out << (i > 0 ? " else if " : "if ") << expr(node.arms[i].condition_id) << " "
              << block(node.arms[i].block);
        }
        if (node.else_block) out << " else " << block(*node.else_block);
        return out;
      },
      [&](const ast::ForStmt& node) {
        Doc out = Doc::concat({Doc::of("for " + node.variable.text + " in ")});
        out << expr(node.values_id) << " " << block(node.block);
        return out;
      },
      [&](const ast::PlateStmt& node) {
        Doc out = Doc::concat({Doc::of("plate " + node.variable.text + " in ")});
        out << expr(node.roster_id) << " " << block(node.block);
        return out;
      },
      [&](const ast::EmitStmt& node) {
        Doc out = Doc::concat({Doc::of("emit ")});
        if (node.port.present()) out << node.port.text + ": ";
        return out << expr(node.value_id), out;
      },
      [&](const ast::ReturnStmt& node) {
        Doc out = Doc::concat({Doc::of("return ")});
        for (std::size_t i = 0; i < node.value_ids.size(); ++i) {
          if (i > 0) out << ", ";
          out << expr(node.value_ids[i]);
        }
        return out;
      },
      [&](const ast::ExprStmt& node) { return expr(node.value_id); },
      [&](const ast::GivenStmt& node) {
        Doc out = Doc::concat({Doc::of("given ")});
        return out << reference(node.subject) << " = " << expr(node.value_id), out;
      },
      [&](const ast::ExpectStmt& node) {
        Doc out = Doc::concat({Doc::of("expect ")});
        out << expr(node.value_id);
        if (node.tolerance_id.valid()) out << " within " << expr(node.tolerance_id);
        return out;
      });
}

Doc Formatter::reference(const ast::Reference& reference) {
  std::string text = reference.name.text;
  for (const ast::Identifier& part : reference.fields) text += "." + part.text;
  Doc out = Doc::concat({Doc::of(text)});
  if (!reference.indices.empty()) out << indices(reference.indices);
  return out;
}

// On one line, placements need nothing between them, and streams a comma.
Doc Formatter::deploy_items(const std::vector<ast::DeployItem>& items, SourceSpan span) {
  if (has_newline(span.begin, span.end)) {
    std::vector<Line> inner;
    for (const ast::DeployItem& item : items) {
      inner.push_back({item.span, !item.items.empty(), [this, &item] { return deploy_item(item); }});
    }
    return braced(span, inner);
  }
  Doc out = Doc::concat({});
  out << "{ ";
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool is_placement = items[i].kind <= ast::DeployItem::Kind::Thread;
    out << deploy_item(items[i]);
    out << (i + 1 == items.size() ? " " : is_placement ? "  " : ", ");
  }
  out << "}";
  return out;
}

Doc Formatter::deploy_item(const ast::DeployItem& item) {
  Doc out = Doc::concat({});
  switch (item.kind) {
    case ast::DeployItem::Kind::Node: out << "node "; break;
    case ast::DeployItem::Kind::Process: out << "process "; break;
    case ast::DeployItem::Kind::Thread: out << "thread "; break;
    case ast::DeployItem::Kind::Stream: return reference(item.from);
    case ast::DeployItem::Kind::Rest: return Doc::of("*");
    case ast::DeployItem::Kind::Link:
      out << "link " << reference(item.from) << " -> " << reference(item.to);
      if (item.has_arguments) {
        out << " " << arguments(item.arguments, file_.span(item.to.span.end, item.span.end));
      }
      return out;
  }
  out << item.name.text;
  for (std::size_t i = 0; i < item.plates.size(); ++i) {
    out << (i == 0 ? "[" : ", ") << item.plates[i].text;
  }
  if (!item.plates.empty()) out << "]";
  if (item.has_arguments) {
    const std::uint32_t begin =
        item.plates.empty() ? item.name.span.end : item.plates.back().span.end;
    out << arguments(item.arguments, file_.span(begin, item.body_span.begin));
  }
  out << " " << deploy_items(item.items, item.body_span);
  return out;
}

}  // namespace streamc
