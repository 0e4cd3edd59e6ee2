#include "tests/support/sinks.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "tests/support/text_form.h"

namespace streamref {

using streamc::Graph;
using streamc::Operator;
using streamc::OperatorId;
using streamc::SinkOperator;
using streamc::Type;
using streamc::TypeId;
using streamc::TypeKind;
using streamc::TypeTable;

namespace {

std::optional<std::string> text_argument(const SinkOperator& sink, ItemEvaluator& items,
                                         const std::string& name) {
  for (const streamc::NamedArgument& argument : sink.arguments) {
    if (argument.name != name) continue;
    Value value = items.evaluate_constant(argument.value);
    if (!value.present) return std::nullopt;
    if (items.types().kind(value.type_id) == TypeKind::Option) value = value.parts.at(0);
    return value.text;
  }
  return std::nullopt;
}

// A sink with all it writes, to be merged with those of the same destination.
struct Line {
  std::int64_t stamp = 0;
  std::size_t order = 0;  // Textual order of its sink.
  std::size_t tick = 0;   // Order within the sink.
  std::string text;
};

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string csv_value(const TypeTable& types, const Value& value) {
  if (types.kind(value.type_id) == TypeKind::Option) {
    return value.present ? csv_value(types, value.parts.at(0)) : "";
  }
  return csv_cell(text_of(types, value));
}

std::string csv_header(const TypeTable& types, TypeId type_id) {
  const Type& type = types.get(type_id);
  std::string header;
  if (type.kind == TypeKind::Record) {
    for (const streamc::TypeField& field : type.fields) {
      header += (header.empty() ? "" : ",") + csv_cell(field.outside_name);
    }
    return header + "\n";
  }
  if (type.kind != TypeKind::Tuple) return "value\n";
  for (std::size_t i = 0; i < type.elements.size(); ++i) {
    header += (i == 0 ? "value" : ",value") + std::to_string(i);
  }
  return header + "\n";
}

std::string csv_row(const TypeTable& types, const Value& item) {
  const TypeKind kind = types.kind(item.type_id);
  if (kind != TypeKind::Record && kind != TypeKind::Tuple) return csv_value(types, item) + "\n";
  std::string row;
  for (std::size_t i = 0; i < item.parts.size(); ++i) {
    if (i > 0) row += ",";
    row += csv_value(types, item.parts[i]);
  }
  return row + "\n";
}

// Sinks by the place they stand at; instances of one place by number.
std::vector<OperatorId> sinks_in_textual_order(const Graph& graph) {
  std::vector<OperatorId> sinks;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    if (std::holds_alternative<SinkOperator>(graph.operators[i].kind)) sinks.emplace_back(i);
  }
  std::sort(sinks.begin(), sinks.end(), [&](OperatorId a, OperatorId b) {
    return std::pair(graph.op(a).span.begin, a) < std::pair(graph.op(b).span.begin, b);
  });
  return sinks;
}

std::string joined(std::vector<Line> lines) {
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return std::tie(a.stamp, a.order, a.tick) < std::tie(b.stamp, b.order, b.tick);
  });
  std::string text;
  for (const Line& line : lines) text += line.text;
  return text;
}

}  // namespace

Written run_sinks(const Graph& graph, GraphEvaluator& evaluator, ItemEvaluator& items) {
  Written written;
  const TypeTable& types = items.types();
  std::vector<std::pair<std::vector<OperatorId>, std::vector<Line>>> console;  // By stamp-givers.
  std::map<std::string, std::vector<Line>> files;
  std::map<std::string, std::string> headers;

  std::size_t order = 0;
  for (const OperatorId id : sinks_in_textual_order(graph)) {
    const Operator& op = graph.op(id);
    const SinkOperator& sink = std::get<SinkOperator>(op.kind);
    const streamc::Port& input = graph.port(op.inputs.at(0));
    const std::vector<Cell>& cells = evaluator.cells(op.inputs[0]);
    const ScopeTicks& ticks = evaluator.ticks(input.scope);

    std::vector<Line>* lines = nullptr;
    if (sink.connector == "print") {
      const std::vector<OperatorId>& givers = graph.scope(input.scope).stamp_givers;
      auto group = std::find_if(console.begin(), console.end(),
                                [&](const auto& known) { return known.first == givers; });
      if (group == console.end()) group = console.insert(console.end(), {givers, {}});
      lines = &group->second;
    } else if (sink.connector == "csv.write" || sink.connector == "lines.write") {
      const std::string path = text_argument(sink, items, "path").value_or("-");
      lines = &files[path];
      if (sink.connector == "csv.write") headers[path] = csv_header(types, input.type_id);
    } else {
      written.skipped.push_back(sink.connector);
      continue;
    }
    for (std::size_t tick = 0; tick < cells.size(); ++tick) {
      if (!cells[tick]) continue;
      std::string text = sink.connector == "csv.write" ? csv_row(types, *cells[tick])
                                                       : text_of(types, *cells[tick]) + "\n";
      lines->push_back({ticks.stamps[tick], order, tick, std::move(text)});
    }
    ++order;
  }

  for (auto& [givers, lines] : console) written.console.push_back(joined(std::move(lines)));
  for (auto& [path, lines] : files) written.files[path] = headers[path] + joined(std::move(lines));
  return written;
}

}  // namespace streamref
