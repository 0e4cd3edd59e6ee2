#include "compiler/graph/text_printer.h"

#include <algorithm>
#include <iterator>

#include "compiler/graph/describe.h"

namespace streamc {
namespace {

std::string clock_text(const Clock& clock) {
  std::string text = fmt::format("b{}", clock.base);
  if (clock.numerator != 1 || clock.denominator != 1) {
    text += clock.denominator == 1 ? fmt::format(" * {}", clock.numerator)
                                   : fmt::format(" * {}/{}", clock.numerator, clock.denominator);
  }
  if (clock.phase != 0) text += fmt::format(" after {}", clock.phase);
  if (clock.rate) text += ", " + describe_rate(*clock.rate);
  return text;
}

}  // namespace

std::string print_graph(const Graph& graph, const CheckedProgram& program, const SourceManager* sources) {
  std::string out;
  const auto line = [&]<class... Arguments>(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
    out += '\n';
  };
  for (std::size_t i = 0; i < graph.scopes.size(); ++i) {
    const Scope& scope = graph.scopes[i];
    std::string givers;
    for (const OperatorId giver : scope.stamp_givers) givers += fmt::format(" o{}", giver);
    line("s{}: {} o{}, clock {}, {} of{}", i,
         scope.parent.valid() ? fmt::format("in s{} by", scope.parent) : std::string("head"),
         scope.opener, clock_text(scope.clock),
         scope.domain == Domain::Time ? "times" : "positions", givers);
  }
  // Columns: id and path, what it does, edges.
  std::vector<std::string> heads;
  std::size_t width = 0;
  for (const Operator& op : graph.operators) {
    heads.push_back(fmt::format("o{}: {}", heads.size(), op.path));
    width = std::max(width, count_characters(heads.back()));
  }
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    std::string inputs;
    for (const PortId input : op.inputs) inputs += fmt::format("{}p{}", inputs.empty() ? "" : ", ", input);
    std::string outputs;
    for (const PortId output : op.outputs) {
      const Port& port = graph.port(output);
      outputs += fmt::format("{}p{}: {}{} in s{}", outputs.empty() ? "" : ", ", output,
                             program.types.text(port.type_id), port.may_hold_holes ? " or hole" : "",
                             port.scope);
      if (!port.name.empty()) outputs += fmt::format(" as {}", port.name);
    }
    std::string edges;
    if (!inputs.empty()) edges += inputs + (outputs.empty() ? " -> ." : " ");
    if (!outputs.empty()) edges += "-> " + outputs;
    const std::string padding(width - count_characters(heads[i]), ' ');
    line("{}{}  {}  | {}{}", heads[i], padding, describe_operator(op, program, sources), edges,
         op.failure_is_handled ? ", failures handled" : "");
  }
  for (std::size_t i = 0; i < graph.captures.size(); ++i) line("capture {}: {}", i, graph.captures[i]);
  return out;
}

}  // namespace streamc
