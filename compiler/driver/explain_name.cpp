#include "compiler/driver/explain_name.h"

#include <algorithm>

#include <fmt/core.h>

#include "compiler/graph/describe.h"
#include "compiler/graph/lossy.h"
#include "compiler/sema/value_text.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

// The operator in the user's words, with its place.
std::string operator_text(FrontEnd& front_end, const Operator& op) {
  const std::string words = describe_operator(op, front_end.program(), &front_end.sources());
  const std::string where = front_end.sources().describe(op.span);
  return where.empty() ? words : fmt::format("{} ({})", words, where);
}

// The scope at whose head the ticks of `id` enter.
ScopeId head_of(const Graph& graph, ScopeId id) {
  while (graph.scope(id).parent.valid()) id = graph.scope(id).parent;
  return id;
}

std::string clock_text(FrontEnd& front_end, const Graph& graph, const Scope& scope) {
  const Clock& clock = scope.clock;
  std::string text;
  if (!scope.parent.valid()) {
    text = fmt::format("its own: one tick for each of {}", operator_text(front_end, graph.op(scope.opener)));
  } else {
    text = fmt::format("made by {}", operator_text(front_end, graph.op(scope.opener)));
  }
  if (clock.numerator != 1 || clock.denominator != 1) {
    text += fmt::format(", {} for {} ticks", clock.numerator, clock.denominator);
  }
  if (clock.phase != 0) text += fmt::format(", from tick {} on", clock.phase);
  if (clock.rate) text += fmt::format(", {}", describe_rate(*clock.rate));
  return text;
}

// Equations (or sinks) that read the port, each once.
std::vector<std::string> readers_of(const Graph& graph, PortId port) {
  std::vector<std::string> readers;
  for (const Operator& op : graph.operators) {
    if (std::ranges::find(op.inputs, port) == op.inputs.end()) continue;
    if (std::ranges::find(readers, op.equation) == readers.end()) readers.push_back(op.equation);
  }
  return readers;
}

std::string port_text(FrontEnd& front_end, PortId id) {
  const Graph& graph = front_end.graph();
  const TypeTable& types = front_end.program().types;
  const Port& port = graph.port(id);
  const Scope& scope = graph.scope(port.scope);
  const Operator& head = graph.op(graph.scope(head_of(graph, port.scope)).opener);

  std::string text = fmt::format("{}: stream[{}]\n", port.name, types.text(port.type_id));
  text += fmt::format("  made by   {}\n", operator_text(front_end, graph.op(port.producer)));
  text += fmt::format("  clock     {}\n", clock_text(front_end, graph, scope));
  text += fmt::format("  stamps    {}\n", scope.domain == Domain::Time ? "times" : "positions");
  text += fmt::format("  failures  {}\n", port.may_hold_holes ? "an item may be a hole, where something failed"
                                                             : "none: every item holds a value");
  if (const OperatorId origin = find_lossy_ports(graph)[id.index()]; origin.valid()) {
    text += fmt::format("  items     lossy: a link may drop items of `{}`\n", graph.op(origin).equation);
  }
  text += fmt::format("  region    fed by {}\n", operator_text(front_end, head));
  const std::vector<std::string> readers = readers_of(graph, id);
  text += fmt::format("  read by   {}\n", readers.empty() ? "nothing" : fmt::format("{}", fmt::join(readers, ", ")));
  return text;
}

std::optional<std::string> explain_streams(FrontEnd& front_end, std::string_view name) {
  const Graph& graph = front_end.graph();
  std::string text;
  for (std::size_t i = 0; i < graph.ports.size(); ++i) {
    const std::string& port = graph.ports[i].name;
    const bool is_output_of = port.size() > name.size() && port.starts_with(name) && port[name.size()] == '.';
    if (port == name || is_output_of) text += port_text(front_end, PortId(i));
  }
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> explain_constant(FrontEnd& front_end, std::string_view name) {
  const FoundValue found = front_end.modules().find_value(front_end.modules().main_id(), name);
  if (!found.valid()) return std::nullopt;
  const ConstantId id = front_end.checker().module_constant(found);
  if (!id.valid()) return std::nullopt;
  const CheckedConstant& constant = front_end.program().constant(id);
  const TypeTable& types = front_end.program().types;
  std::string text = fmt::format("{}: {}, {}\n", name, types.text(constant.type_id),
                                 constant.is_param ? "a param" : "a constant");
  if (!constant.help.empty()) text += fmt::format("  help      {}\n", constant.help);
  if (constant.is_required) {
    text += "  value     must be given\n";
  } else if (const Evaluated value = front_end.checker().evaluate(constant.value); value.value) {
    text += fmt::format("  value     {}\n", text_of(*value.value, types));
  }
  if (constant.is_param) {
    text += constant.is_fixed ? fmt::format("  fixed     when building: `--set {}=…`\n", name)
                              : fmt::format("  flag      --{} of the program\n", name);
  }
  return text;
}

// The comment and the header of a declaration, without its body.
std::optional<std::string> explain_declaration(FrontEnd& front_end, std::string_view name) {
  const FoundDeclaration found = front_end.modules().find_function(front_end.modules().main_id(), name);
  if (!found.valid()) return std::nullopt;
  const Ast& ast = front_end.ast();
  const DeclId decl_id = found.extern_id.valid() ? found.extern_id : found.decl_id;
  const SourceSpan span = span_of(ast, decl_id);
  SourceSpan body;
  const std::string doc = match(
      ast.decl(decl_id), [](const ast::ErrorDecl&) { return std::string(); },
      [](const ast::ImportDecl&) { return std::string(); }, [](const ast::TestDecl&) { return std::string(); },
      [&](const ast::FnDecl& decl) {
        body = decl.body.span;
        return decl.doc;
      },
      [&](const ast::GraphDecl& decl) {
        body = decl.body.span;
        return decl.doc;
      },
      [&](const ast::AgentDecl& decl) {
        if (!decl.outputs.empty()) body = SourceSpan{span.file_id, decl.outputs.back().span.end, span.end};
        return decl.doc;
      },
      [&](const ast::AggregateDecl& decl) {
        const SourceSpan result = span_of(ast, decl.result_type_id);
        body = SourceSpan{span.file_id, result.end, span.end};
        return decl.doc;
      },
      [](const auto& decl) { return decl.doc; });
  std::string header(front_end.sources().text(span));
  if (body.valid()) header = std::string(front_end.sources().text({span.file_id, span.begin, body.begin}));
  while (!header.empty() && (header.back() == ' ' || header.back() == '\n' || header.back() == '=' ||
                             header.back() == '{')) {
    header.pop_back();
  }
  std::string text = header + "\n";
  if (!doc.empty()) text += "\n" + doc + "\n";
  return text + "\n" + front_end.sources().describe(span) + "\n";
}

}  // namespace

std::optional<std::string> explain_name(FrontEnd& front_end, std::string_view name) {
  if (auto text = explain_streams(front_end, name)) return text;
  if (auto text = explain_constant(front_end, name)) return text;
  return explain_declaration(front_end, name);
}

std::vector<std::string> explainable_names(FrontEnd& front_end) {
  const ModuleId main = front_end.modules().main_id();
  std::vector<std::string> names = front_end.modules().value_names(main);
  std::ranges::copy(front_end.modules().function_names(main), std::back_inserter(names));
  return names;
}

}  // namespace streamc
