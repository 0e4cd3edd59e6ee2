#include "tests/support/interpreter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tests/support/item_evaluator.h"
#include "tests/support/loops.h"
#include "tests/support/read_value.h"
#include "tests/support/records.h"
#include "tests/support/sinks.h"

namespace streamref {

using streamc::CaptureOperator;
using streamc::CheckedProgram;
using streamc::Graph;
using streamc::OperatorId;
using streamc::SourceOperator;

std::string RunOutcome::standard_output() const {
  std::string text;
  for (const std::string& part : console) text += part;
  return text;
}

int RunOutcome::exit_status() const {
  const bool failed = std::any_of(failures.begin(), failures.end(),
                                  [](const RunFailure& failure) { return !failure.is_handled; });
  return failed || !error.empty() ? 1 : 0;
}

namespace {

// Params from the command line and from tests; the other constants follow from them.
void set_params(const CheckedProgram& program, const RunInputs& inputs, ItemEvaluator& items) {
  for (const auto& [id, value] : inputs.overrides) items.set_constant(id, value);
  for (const auto& [name, text] : inputs.params) {
    bool is_known = false;
    for (std::size_t i = 0; i < program.constants.size(); ++i) {
      const streamc::CheckedConstant& constant = program.constants[i];
      if (!constant.is_param || constant.name != name) continue;
      std::optional<Value> value = parse_value(program.types, constant.type_id, text);
      if (!value) throw RunError("`" + text + "` is no value for --" + name);
      items.set_constant(streamc::ConstantId(i), std::move(*value));
      is_known = true;
    }
    if (!is_known) throw RunError("the program has no param `" + name + "`");
  }
  for (std::size_t i = 0; i < program.constants.size(); ++i) {
    const streamc::CheckedConstant& constant = program.constants[i];
    const bool is_given = inputs.params.contains(constant.name) ||
                          inputs.overrides.contains(streamc::ConstantId(i));
    if (constant.is_required && !is_given) throw RunError("--" + constant.name + " is required");
  }
}

std::vector<Capture> run_captures(const Graph& graph, GraphEvaluator& evaluator) {
  std::vector<Capture> captures(graph.captures.size());
  for (const streamc::Operator& op : graph.operators) {
    const auto* kind = std::get_if<CaptureOperator>(&op.kind);
    if (kind == nullptr) continue;
    const streamc::Port& input = graph.port(op.inputs.at(0));
    const std::vector<Cell>& cells = evaluator.cells(op.inputs[0]);
    const ScopeTicks& ticks = evaluator.ticks(input.scope);
    Capture& capture = captures.at(kind->capture_index);
    capture.type_id = input.type_id;
    capture.has_times = graph.scope(input.scope).domain == streamc::Domain::Time;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      capture.items.push_back({ticks.stamps[i], cells[i]});
    }
  }
  return captures;
}

RunFailure in_words(const Graph& graph, const FailureRecord& record) {
  const streamc::Operator& op = graph.op(record.operator_id);
  return {record.operator_id, op.equation,  op.span,       record.tick,
          record.stamp,       record.reason, op.failure_is_handled};
}

}  // namespace

RunOutcome interpret(const Graph& graph, const CheckedProgram& program, const RunInputs& inputs) {
  RunOutcome outcome;
  try {
    ItemEvaluator items(program);
    set_params(program, inputs, items);
    GraphEvaluator::Records records;
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
      const auto* source = std::get_if<SourceOperator>(&graph.operators[i].kind);
      if (source == nullptr) continue;
      records[OperatorId(i)] =
          read_records(*source, graph.port(graph.operators[i].outputs.at(0)).type_id, items,
                       inputs.standard_input);
    }

    // Each `else stop` that meets a hole cuts its head there, and the program is run again on what
    // is left, until no such hole is left.
    GraphEvaluator::HeadLimits limits;
    for (;;) {
      try {
        const FoundLoops loops = find_loops(graph, items, records, limits);
        GraphEvaluator evaluator(graph, items, records, limits, loops.contents);
        Written written = run_sinks(graph, evaluator, items);
        outcome.captures = run_captures(graph, evaluator);
        for (const FailureRecord& record : evaluator.all_failures()) {
          outcome.failures.push_back(in_words(graph, record));
        }
        outcome.has_leftovers = evaluator.has_leftovers() || loops.is_endless || outcome.was_stopped;
        outcome.console = std::move(written.console);
        outcome.files = std::move(written.files);
        outcome.skipped_sinks = std::move(written.skipped);
        return outcome;
      } catch (const StopRequest& stop) {
        HeadLimit& limit = limits[stop.head];
        if (stop.is_end) {
          limit.has_end = false;
        } else {
          limit.ticks = stop.tick;
        }
        outcome.was_stopped = true;
        outcome.failures.clear();
      }
    }
  } catch (const RunError& error) {
    outcome = RunOutcome{};
    outcome.error = error.what();
  } catch (const ItemFailure& failure) {
    outcome = RunOutcome{};
    outcome.error = "a constant cannot be computed: " + failure.reason;
  }
  return outcome;
}

}  // namespace streamref
