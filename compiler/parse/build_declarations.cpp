#include <algorithm>
#include <string>

#include "compiler/parse/builder.h"

namespace streamc {

TreeBuilder::TreeBuilder(const SourceFile& file, Ast& ast, DiagnosticSink& sink,
                         std::span<const ast::Comment> comments, HoleParser parse_hole)
    : file_(file),
      ast_(ast),
      sink_(sink),
      comments_(comments),
      parse_hole_(std::move(parse_hole)),
      first_expr_(ast.expr_count()) {}

ast::ModuleItem TreeBuilder::item(StreamParser::ItemContext* context) {
  if (auto* const part = context->stmt()) return stmt(part);
  if (auto* const part = context->importDecl()) return import_decl(part);
  if (auto* const part = context->paramDecl()) return param_decl(part);
  if (auto* const part = context->typeDecl()) return type_decl(part);
  if (auto* const part = context->fnDecl()) {
    ast::FnDecl node = fn_head(part->fnHead());
    node.span = span_of(part);
    node.doc = doc_above(node.span.begin);
    node.body = body(part->body());
    return ast_.add(std::move(node));
  }
  if (auto* const part = context->graphDecl()) {
    ast::GraphDecl node = graph_head(part->graphHead());
    node.span = span_of(part);
    node.doc = doc_above(node.span.begin);
    node.body = body(part->body());
    return ast_.add(std::move(node));
  }
  if (auto* const part = context->aggregateDecl()) return aggregate_decl(part);
  if (auto* const part = context->agentDecl()) return agent_decl(part);
  if (auto* const part = context->externDecl()) return extern_decl(part);
  if (auto* const part = context->deployDecl()) return deploy_decl(part);
  return test_decl(context->testDecl());
}

DeclId TreeBuilder::import_decl(StreamParser::ImportDeclContext* context) {
  return ast_.add(
      ast::ImportDecl{span_of(context), path(context->path()), identifier(context->ident())});
}

DeclId TreeBuilder::param_decl(StreamParser::ParamDeclContext* context) {
  ast::ParamDecl node;
  node.span = span_of(context);
  node.doc = doc_above(node.span.begin);
  node.name = identifier(context->ident());
  node.type_id = type(context->type());
  if (context->expr() != nullptr) node.default_id = expr(context->expr());
  if (context->STRING() != nullptr) node.help = plain_text(context->STRING());
  return ast_.add(std::move(node));
}

DeclId TreeBuilder::type_decl(StreamParser::TypeDeclContext* context) {
  ast::TypeDecl node;
  node.span = span_of(context);
  node.doc = doc_above(node.span.begin);
  node.name = identifier(context->ident());
  node.generics = generics(context->generics());
  if (auto* const record = context->record()) {
    ast::RecordDefinition definition{span_of(record), {}};
    for (auto* part : record->field()) definition.fields.push_back(field(part));
    node.definition = std::move(definition);
  } else if (auto* const enumeration = context->enumeration()) {
    ast::EnumerationDefinition definition{span_of(enumeration), {}};
    for (auto* value : enumeration->ident()) definition.values.push_back(identifier(value));
    node.definition = std::move(definition);
  } else {
    node.definition = ast::AliasDefinition{span_of(context->type()), type(context->type())};
  }
  return ast_.add(std::move(node));
}

ast::Field TreeBuilder::field(StreamParser::FieldContext* context) {
  ast::Field node;
  node.span = span_of(context);
  node.name = identifier(context->name());
  node.type_id = type(context->type());
  if (context->expr() != nullptr) node.default_id = expr(context->expr());
  if (context->STRING() != nullptr) node.outside_name = plain_text(context->STRING());
  return node;
}

std::vector<ast::Generic> TreeBuilder::generics(StreamParser::GenericsContext* context) {
  std::vector<ast::Generic> result;
  if (context == nullptr) return result;
  for (auto* generic : context->generic()) {
    ast::Generic node;
    node.span = span_of(generic);
    node.name = identifier(generic->ident());
    if (generic->type() != nullptr) node.bound_id = type(generic->type());
    result.push_back(std::move(node));
  }
  return result;
}

std::vector<ast::Parameter> TreeBuilder::parameters(StreamParser::ParametersContext* context) {
  std::vector<ast::Parameter> result;
  for (auto* parameter : context->parameter()) {
    ast::Parameter node;
    node.span = span_of(parameter);
    node.name = identifier(parameter->name());
    if (parameter->KW_TYPE() != nullptr) {
      const SourceSpan span = span_of(parameter->KW_TYPE());
      node.type_id = ast_.add(ast::NamedType{span, {span, {{"type", span}}}});
    } else {
      node.type_id = type(parameter->type());
    }
    if (parameter->expr() != nullptr) node.default_id = expr(parameter->expr());
    result.push_back(std::move(node));
  }
  return result;
}

std::vector<ast::Output> TreeBuilder::outputs(StreamParser::OutputsContext* context) {
  std::vector<ast::Output> result;
  if (context == nullptr) return result;
  if (context->type() != nullptr) {
    result.push_back({span_of(context), {}, type(context->type())});
    return result;
  }
  for (auto* output : context->output()) {
    const ast::Identifier name = identifier(output->name());
    result.push_back({span_of(output), name, type(output->type())});
  }
  return result;
}

ast::Body TreeBuilder::body(StreamParser::BodyContext* context) {
  ast::Body node;
  node.span = span_of(context);
  if (context->block() != nullptr) {
    node.block = block(context->block());
  } else {
    node.value_id = expr(context->expr());
  }
  return node;
}

ast::FnDecl TreeBuilder::fn_head(StreamParser::FnHeadContext* context) {
  ast::FnDecl node;
  node.span = span_of(context);
  node.name = identifier(context->ident());
  node.generics = generics(context->generics());
  node.parameters = parameters(context->parameters());
  if (context->type() != nullptr) node.result_id = type(context->type());
  return node;
}

ast::AgentDecl TreeBuilder::agent_head(StreamParser::AgentHeadContext* context) {
  ast::AgentDecl node;
  node.span = span_of(context);
  node.name = identifier(context->ident());
  node.generics = generics(context->generics());
  node.parameters = parameters(context->parameters());
  node.outputs = outputs(context->outputs());
  return node;
}

ast::GraphDecl TreeBuilder::graph_head(StreamParser::GraphHeadContext* context) {
  ast::GraphDecl node;
  node.span = span_of(context);
  node.name = identifier(context->ident());
  node.generics = generics(context->generics());
  node.parameters = parameters(context->parameters());
  node.outputs = outputs(context->outputs());
  return node;
}

ast::StateDecl TreeBuilder::state_decl(StreamParser::StateDeclContext* context) {
  ast::StateDecl node;
  node.span = span_of(context);
  node.doc = doc_above(node.span.begin);
  node.name = identifier(context->ident());
  if (context->type() != nullptr) node.type_id = type(context->type());
  if (context->expr() != nullptr) node.initial_id = expr(context->expr());
  if (!node.type_id.valid() && !node.initial_id.valid()) {
    sink_.report(diag::StateWithoutType, node.name.span, node.name.text)
        .help(fmt::format("write `state {0} = …` with its first value, or `state {0}: float?`",
                          node.name.text));
  }
  return node;
}

DeclId TreeBuilder::agent_decl(StreamParser::AgentDeclContext* context) {
  ast::AgentDecl node = agent_head(context->agentHead());
  node.span = span_of(context);
  node.body_span = file_.span(span_of(context->LC()).begin, node.span.end);
  node.doc = doc_above(node.span.begin);
  for (auto* part : context->agentPart()) {
    if (part->stateDecl() != nullptr) {
      node.states.push_back(state_decl(part->stateDecl()));
    } else {
      node.handlers.push_back(handler(part->handler(), node));
    }
  }
  return ast_.add(std::move(node));
}

// `every` and `end` are words only here, and `end` only where no parameter has that name.
ast::Handler TreeBuilder::handler(StreamParser::HandlerContext* context,
                                  const ast::AgentDecl& agent) {
  ast::Handler node;
  node.span = span_of(context);
  for (auto* input : context->ident()) node.inputs.push_back(identifier(input));
  const ast::Identifier& first = node.inputs.front();
  const bool is_parameter =
      std::any_of(agent.parameters.begin(), agent.parameters.end(),
                  [&](const ast::Parameter& parameter) { return parameter.name.text == first.text; });
  if (context->orExpr() != nullptr) {
    if (first.text != "every") {
      sink_.report(diag::UnexpectedText, span_of(context->orExpr()), "`{`",
                   fmt::format("`{}`", file_.text(span_of(context->orExpr()))))
          .help("a timer is `on every 1s { … }`; inputs are separated by commas");
    }
    node.kind = ast::Handler::Kind::Every;
    node.inputs.clear();
    node.period_id = expr(context->orExpr());
  } else if (node.inputs.size() == 1 && first.text == "end" && !is_parameter) {
    node.kind = ast::Handler::Kind::End;
    node.inputs.clear();
  }
  node.block = block(context->block());
  return node;
}

DeclId TreeBuilder::aggregate_decl(StreamParser::AggregateDeclContext* context) {
  ast::AggregateDecl node;
  node.span = span_of(context);
  node.doc = doc_above(node.span.begin);
  node.name = identifier(context->ident());
  node.generics = generics(context->generics());
  node.parameters = parameters(context->parameters());
  node.result_type_id = type(context->type());
  node.body_span = file_.span(span_of(context->LC()).begin, node.span.end);
  for (auto* part : context->aggregatePart()) aggregate_part(part, node);
  return ast_.add(std::move(node));
}

void TreeBuilder::aggregate_part(StreamParser::AggregatePartContext* context,
                                 ast::AggregateDecl& decl) {
  if (context->stateDecl() != nullptr) {
    decl.states.push_back(state_decl(context->stateDecl()));
    return;
  }
  const auto words = context->ident();
  const ast::Identifier name = identifier(words.front());
  const ast::Identifier second = words.size() > 1 ? identifier(words[1]) : ast::Identifier();
  const auto report_twice = [&] { sink_.report(diag::PartTwice, name.span, name.text); };

  if (auto* const code = context->block()) {
    ast::Block parsed = block(code);
    if (name.text == "add" && !second.present()) {
      if (decl.add) report_twice();
      decl.add = std::move(parsed);
      decl.add_span = span_of(context);
    } else if (name.text == "merge" && second.present()) {
      if (decl.merge) report_twice();
      decl.merge = std::move(parsed);
      decl.merge_span = span_of(context);
      decl.merge_name = second;
    } else if (name.text == "merge") {
      sink_.report(diag::MergeWithoutName, name.span)
          .help("write `merge other { … }`: `other` holds the states of the later part");
    } else if (name.text == "result" && !second.present()) {
      if (decl.result.present()) report_twice();
      decl.result.span = parsed.span;
      decl.result_span = span_of(context);
      decl.result.block = std::move(parsed);
    } else {
      sink_.report(diag::UnknownPart, join(name.span, second.span), name.text)
          .help("the parts are `state`, `add { }`, `merge other { }`, `result = …` and "
                "`commutative = true`");
    }
    return;
  }
  const ExprId value_id = expr(context->expr());
  if (name.text == "result") {
    if (decl.result.present()) report_twice();
    decl.result.span = span_of(context);
    decl.result_span = decl.result.span;
    decl.result.value_id = value_id;
  } else if (name.text == "commutative") {
    decl.flags.push_back({span_of(context), name, value_id});
  } else {
    sink_.report(diag::UnknownPart, name.span, name.text)
        .help("what an aggregate remembers is a `state`; what one step needs is a name inside "
              "`add { }`");
  }
}

DeclId TreeBuilder::extern_decl(StreamParser::ExternDeclContext* context) {
  ast::ExternDecl node;
  node.span = span_of(context);
  node.doc = doc_above(node.span.begin);
  node.language = identifier(context->ident());
  node.symbol = plain_text(context->STRING());
  node.symbol_span = span_of(context->STRING());
  if (context->fnHead() != nullptr) {
    ast::FnDecl head = fn_head(context->fnHead());
    head.doc = node.doc;
    node.head_id = ast_.add(std::move(head));
  } else if (context->agentHead() != nullptr) {
    ast::AgentDecl head = agent_head(context->agentHead());
    head.doc = node.doc;
    node.head_id = ast_.add(std::move(head));
  } else {
    ast::GraphDecl head = graph_head(context->graphHead());
    head.doc = node.doc;
    node.head_id = ast_.add(std::move(head));
  }
  return ast_.add(std::move(node));
}

DeclId TreeBuilder::deploy_decl(StreamParser::DeployDeclContext* context) {
  ast::DeployDecl node;
  node.span = span_of(context);
  node.doc = doc_above(node.span.begin);
  node.name = identifier(context->ident());
  node.body_span = span_of(context->deployBody());
  node.items = deploy_items(context->deployBody());
  return ast_.add(std::move(node));
}

std::vector<ast::DeployItem> TreeBuilder::deploy_items(StreamParser::DeployBodyContext* context) {
  std::vector<ast::DeployItem> result;
  for (antlr4::tree::ParseTree* child : context->children) {
    if (auto* const inner = dynamic_cast<StreamParser::PlacementContext*>(child)) {
      result.push_back(placement(inner));
    } else if (auto* const leaf = dynamic_cast<StreamParser::PlacedContext*>(child)) {
      result.push_back(placed(leaf));
    }
  }
  return result;
}

ast::DeployItem TreeBuilder::placement(StreamParser::PlacementContext* context) {
  ast::DeployItem node;
  node.span = span_of(context);
  node.kind = context->KW_NODE() != nullptr      ? ast::DeployItem::Kind::Node
              : context->KW_PROCESS() != nullptr ? ast::DeployItem::Kind::Process
                                                 : ast::DeployItem::Kind::Thread;
  const auto names = context->ident();
  node.name = identifier(names.front());
  for (std::size_t i = 1; i < names.size(); ++i) node.plates.push_back(identifier(names[i]));
  if (context->arguments() != nullptr) {
    node.has_arguments = true;
    node.arguments = arguments(context->arguments());
  }
  node.body_span = span_of(context->deployBody());
  node.items = deploy_items(context->deployBody());
  return node;
}

ast::DeployItem TreeBuilder::placed(StreamParser::PlacedContext* context) {
  ast::DeployItem node;
  node.span = span_of(context);
  if (context->STAR() != nullptr) return node;
  const auto ends = context->reference();
  node.from = reference(ends.front());
  node.kind = ast::DeployItem::Kind::Stream;
  if (ends.size() == 1) return node;
  node.kind = ast::DeployItem::Kind::Link;
  node.to = reference(ends.back());
  if (context->arguments() != nullptr) {
    node.has_arguments = true;
    node.arguments = arguments(context->arguments());
  }
  return node;
}

ast::Reference TreeBuilder::reference(StreamParser::ReferenceContext* context) {
  ast::Reference node;
  node.span = span_of(context);
  node.name = identifier(context->ident());
  for (auto* part : context->name()) node.fields.push_back(identifier(part));
  node.indices = indices(context->index());
  return node;
}

DeclId TreeBuilder::test_decl(StreamParser::TestDeclContext* context) {
  ast::TestDecl node;
  node.span = span_of(context);
  node.doc = doc_above(node.span.begin);
  node.name = plain_text(context->STRING());
  node.name_span = span_of(context->STRING());
  node.block.span = file_.span(span_of(context->LC()).begin, node.span.end);
  for (auto* part : context->testStmt()) node.block.statements.push_back(test_stmt(part));
  return ast_.add(std::move(node));
}

SourceSpan TreeBuilder::span_of(const Rule* context) const {
  const antlr4::Token* const start = context->start;
  const antlr4::Token* const stop = context->stop;
  const std::size_t end = stop == nullptr ? start->getStartIndex() : stop->getStopIndex() + 1;
  return file_.span(start->getStartIndex(), std::max(end, start->getStartIndex()));
}

SourceSpan TreeBuilder::span_of(Terminal* terminal) const {
  const antlr4::Token* const token = terminal->getSymbol();
  return file_.span(token->getStartIndex(), token->getStopIndex() + 1);
}

ast::Identifier TreeBuilder::identifier(Rule* context) const {
  if (context == nullptr) return {};
  const SourceSpan span = span_of(context);
  return {std::string(file_.text(span)), span};
}

ast::Path TreeBuilder::path(StreamParser::PathContext* context) const {
  ast::Path result;
  result.span = span_of(context);
  result.parts.push_back(identifier(context->ident()));
  for (auto* part : context->name()) result.parts.push_back(identifier(part));
  return result;
}

// The lines [first, last] of `comments_`, each without `#`, one blank behind it, and those at its end.
std::string TreeBuilder::comment_text(std::size_t first, std::size_t last) const {
  std::string text;
  for (std::size_t i = first; i <= last; ++i) {
    std::string_view line = file_.text(comments_[i].span).substr(1);
    if (line.starts_with(' ')) line.remove_prefix(1);
    line = line.substr(0, line.find_last_not_of(" \t") + 1);
    if (i > first) text += '\n';
    text += line;
  }
  return text;
}

std::string TreeBuilder::doc_above(std::uint32_t offset) const {
  auto after = std::partition_point(
      comments_.begin(), comments_.end(),
      [&](const ast::Comment& comment) { return comment.span.begin < offset; });
  std::uint32_t line = 0;
  auto first = after;
  while (first != comments_.begin() && (first - 1)->own_line) {
    if (line == 0) line = file_.line_of(offset);
    if (file_.line_of((first - 1)->span.begin) != line - 1) break;
    --first;
    --line;
  }
  if (first == after) return {};
  return comment_text(static_cast<std::size_t>(first - comments_.begin()),
                      static_cast<std::size_t>(after - comments_.begin()) - 1);
}

std::string TreeBuilder::module_doc() const {
  std::size_t count = 0;
  while (count < comments_.size() && comments_[count].own_line &&
         file_.line_of(comments_[count].span.begin) == count + 1) {
    ++count;
  }
  if (count == 0) return {};
  const bool item_below = count < file_.line_count() &&
                          !file_.line_text(static_cast<std::uint32_t>(count) + 1).empty();
  return item_below ? std::string() : comment_text(0, count - 1);
}

}  // namespace streamc
