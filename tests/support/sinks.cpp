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

// The argument of that name, if the program gave one that is not `none`.
std::optional<Value> argument(const SinkOperator& sink, ItemEvaluator& items,
                              const std::string& name) {
  for (const streamc::NamedArgument& candidate : sink.arguments) {
    if (candidate.name != name) continue;
    Value value = items.evaluate_constant(candidate.value);
    const TypeKind kind = items.types().kind(value.type_id);
    if (kind == TypeKind::None || !value.present) return std::nullopt;
    return kind == TypeKind::Option ? value.parts.at(0) : value;
  }
  return std::nullopt;
}

std::string text_argument(const SinkOperator& sink, ItemEvaluator& items, const std::string& name,
                          const std::string& otherwise) {
  const std::optional<Value> value = argument(sink, items, name);
  return value ? value->text : otherwise;
}

// A sink with all it writes, to be merged with those of the same destination.
struct Line {
  std::int64_t stamp = 0;
  std::size_t order = 0;  // Textual order of its sink.
  std::size_t tick = 0;   // Order within the sink.
  std::string text;
};

std::string csv_cell(const std::string& text, char separator) {
  const bool is_plain = text.find_first_of("\"\n\r") == std::string::npos &&
                        text.find(separator) == std::string::npos;
  if (is_plain) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

// The rows of one `csv.write`.
class CsvForm {
 public:
  // `name` is that of the stream: what the column of a scalar is called, unless the program says it.
  CsvForm(const SinkOperator& sink, ItemEvaluator& items, const std::string& name)
      : types_(items.types()),
        separator_(text_argument(sink, items, "separator", ",").at(0)),
        label_(text_argument(sink, items, "label", name)) {
    if (label_.empty()) label_ = "value";
    const std::optional<Value> header = argument(sink, items, "header");
    has_header_ = !header || header->integer != 0;
  }

  [[nodiscard]] std::string header(TypeId type_id) const {
    if (!has_header_) return "";
    const Type& type = types_.get(type_id);
    std::vector<std::string> names;
    if (type.kind == TypeKind::Record) {
      for (const streamc::TypeField& field : type.fields) names.push_back(field.outside_name);
    } else if (type.kind == TypeKind::Tuple) {
      for (std::size_t i = 1; i <= type.elements.size(); ++i) {
        names.push_back("column" + std::to_string(i));
      }
    } else {
      names.push_back(label_);
    }
    return line(names);
  }

  [[nodiscard]] std::string row(const Value& item) const {
    const TypeKind kind = types_.kind(item.type_id);
    if (kind != TypeKind::Record && kind != TypeKind::Tuple) return line({text(item)});
    std::vector<std::string> cells;
    for (const Value& part : item.parts) cells.push_back(text(part));
    return line(cells);
  }

 private:
  [[nodiscard]] std::string text(const Value& value) const {
    const bool is_absent = types_.kind(value.type_id) == TypeKind::Option && !value.present;
    return is_absent ? "" : text_of(types_, value);
  }

  [[nodiscard]] std::string line(const std::vector<std::string>& cells) const {
    std::string joined;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) joined += separator_;
      joined += csv_cell(cells[i], separator_);
    }
    return joined + "\n";
  }

  const TypeTable& types_;
  char separator_;
  std::string label_;
  bool has_header_ = true;
};

std::string stream_name(const Graph& graph, const Operator& sink) {
  const streamc::Port& input = graph.port(sink.inputs.at(0));
  if (!input.name.empty()) return input.name;
  const std::string& equation = graph.op(input.producer).equation;
  return equation.empty() ? sink.equation : equation;
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
      const std::string path = text_argument(sink, items, "path", "-");
      lines = &files[path];
      // Of several writers of one file the first one's header stands.
      headers.try_emplace(path, sink.connector == "csv.write"
                                    ? CsvForm(sink, items, stream_name(graph, op)).header(input.type_id)
                                    : "");
    } else {
      written.skipped.push_back(sink.connector);
      continue;
    }
    const bool is_table = sink.connector == "csv.write";
    const std::string label = is_table ? "" : text_argument(sink, items, "label", "");
    for (std::size_t tick = 0; tick < cells.size(); ++tick) {
      if (!cells[tick]) continue;
      std::string text = is_table ? CsvForm(sink, items, "").row(*cells[tick])
                                  : (label.empty() ? "" : label + ": ") +
                                        text_of(types, *cells[tick]) + "\n";
      lines->push_back({ticks.stamps[tick], order, tick, std::move(text)});
    }
    ++order;
  }

  for (auto& [givers, lines] : console) written.console.push_back(joined(std::move(lines)));
  for (auto& [path, lines] : files) written.files[path] = headers[path] + joined(std::move(lines));
  return written;
}

}  // namespace streamref
