#include "compiler/graph/verifier.h"

#include <iterator>
#include <span>

#include "compiler/graph/describe.h"
#include "compiler/graph/heads.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

class Verifier {
 public:
  Verifier(const Graph& graph, const CheckedProgram& program) : graph_(graph), program_(program) {}

  std::string run() {
    check_ports();
    if (!problems_.empty()) return problems_;  // The rest would read through wrong ids.
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      check_order(OperatorId(i));
      check_scopes(OperatorId(i));
      check_types(OperatorId(i));
    }
    for (std::size_t i = 0; i < graph_.scopes.size(); ++i) check_scope(ScopeId(i));
    return problems_;
  }

 private:
  template <class... Arguments>
  void complain(OperatorId id, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(problems_), "o{} ({}): ", id, kind_name(graph_.op(id).kind));
    fmt::format_to(std::back_inserter(problems_), format, std::forward<Arguments>(arguments)...);
    problems_ += '\n';
  }

  void check_ports() {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const OperatorId id(i);
      const Operator& op = graph_.operators[i];
      for (const PortId input : op.inputs) {
        if (!input.valid() || input.index() >= graph_.ports.size()) complain(id, "an input is no port");
      }
      for (std::size_t k = 0; k < op.outputs.size(); ++k) {
        const PortId output = op.outputs[k];
        if (!output.valid() || output.index() >= graph_.ports.size()) {
          complain(id, "an output is no port");
          continue;
        }
        const Port& port = graph_.port(output);
        if (port.producer != id || port.index != k) {
          complain(id, "p{} says it is output {} of o{}", output, port.index, port.producer);
        }
        if (!port.scope.valid() || port.scope.index() >= graph_.scopes.size()) {
          complain(id, "p{} has no scope", output);
        }
        if (!port.type_id.valid() || program_.types.kind(port.type_id) == TypeKind::Error) {
          complain(id, "p{} has no type", output);
        }
      }
    }
  }

  void check_order(OperatorId id) {
    const Operator& op = graph_.op(id);
    if (is_loop_head(op) || std::holds_alternative<PrevOperator>(op.kind)) return;
    const auto* link = std::get_if<LinkOperator>(&op.kind);
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      const PortId input = op.inputs[i];
      if (link != nullptr && link->initial[i].count > 0) continue;
      if (graph_.port(input).producer >= id) complain(id, "p{} is produced after it is used", input);
    }
  }

  void check_scopes(OperatorId id) {
    const Operator& op = graph_.op(id);
    ScopeId scope;
    if (!is_head(op) && !op.inputs.empty()) {
      scope = graph_.port(op.inputs.front()).scope;
      for (const PortId input : op.inputs) {
        if (graph_.port(input).scope != scope) complain(id, "p{} is of another scope", input);
      }
    }
    const auto outputs_keep = [&] {
      for (const PortId output : op.outputs) {
        if (graph_.port(output).scope != scope) complain(id, "p{} must keep the scope", output);
      }
    };
    const auto outputs_open = [&] {
      for (const PortId output : op.outputs) {
        const ScopeId opened = graph_.port(output).scope;
        if (opened == scope || graph_.scope(opened).parent != scope) {
          complain(id, "p{} must open a scope below s{}", output, scope);
        }
      }
    };
    const auto outputs_are_heads = [&] {
      for (const PortId output : op.outputs) {
        const Scope& opened = graph_.scope(graph_.port(output).scope);
        if (opened.parent.valid() || opened.opener != id) complain(id, "p{} must open a scope", output);
      }
    };
    const auto window = [&](const WindowShape& shape) {
      if (shape.size < 1 || shape.every < 1) complain(id, "a window of {} every {}", shape.size, shape.every);
      shape.every == 1 && shape.partial ? outputs_keep() : outputs_open();
    };
    const auto has_counts = [&](std::size_t inputs, std::size_t outputs) {
      if (op.inputs.size() != inputs || op.outputs.size() != outputs) {
        complain(id, "{} inputs and {} outputs", op.inputs.size(), op.outputs.size());
      }
    };
    match(
        op.kind, [&](const SourceOperator&) { has_counts(0, 1); outputs_are_heads(); },
        [&](const ListOperator&) { has_counts(0, 1); outputs_are_heads(); },
        [&](const MapOperator&) { has_counts(op.inputs.size(), 1); outputs_keep(); },
        [&](const WhereOperator&) { has_counts(op.inputs.size(), op.inputs.size()); outputs_open(); },
        [&](const FilterMapOperator&) { has_counts(op.inputs.size(), 1); outputs_open(); },
        [&](const ElseOperator& kind) {
          has_counts(1, 1);
          kind.mode == ElseMode::Skip ? outputs_open() : outputs_keep();
        },
        [&](const PrevOperator& kind) {
          has_counts(1, 1);
          outputs_keep();
          if (kind.count < 1) complain(id, "looks {} items back", kind.count);
        },
        [&](const TakeOperator&) { has_counts(1, 1); outputs_open(); },
        [&](const SkipOperator&) { has_counts(1, 1); outputs_open(); },
        [&](const ScanOperator&) { has_counts(1, 1); outputs_keep(); },
        [&](const RunningOperator&) { has_counts(op.inputs.size(), 1); outputs_keep(); },
        [&](const WindowOperator& kind) { has_counts(1, 1); window(kind.shape); },
        [&](const WindowFoldOperator& kind) { has_counts(op.inputs.size(), 1); window(kind.shape); },
        [&](const FlattenOperator&) { has_counts(1, 1); outputs_open(); },
        [&](const ZipOperator&) {
          has_counts(op.inputs.size(), op.inputs.size());
          outputs_are_heads();
        },
        [&](const MergeOperator&) { has_counts(op.inputs.size(), 1); outputs_are_heads(); },
        [&](const DelayOperator& kind) {
          has_counts(1, 1);
          outputs_are_heads();
          if (kind.is_by_time() ? kind.count != 0 || kind.initial.valid() : kind.count < 1) {
            complain(id, "by {} ns and {} items", kind.duration_ns, kind.count);
          }
          if (kind.max < 1) complain(id, "it may hold {} items", kind.max);
        },
        [&](const LinkOperator& kind) {
          has_counts(op.inputs.size(), op.inputs.size());
          if (kind.initial.size() != op.inputs.size()) complain(id, "{} inputs, {} beginnings",
                                                                   op.inputs.size(), kind.initial.size());
          outputs_are_heads();
        },
        [&](const AgentOperator& kind) {
          const CheckedAgent& agent = program_.agent(kind.agent_id);
          has_counts(agent.inputs.size(), agent.ports.size());
          for (const PortId output : op.outputs) {
            const ScopeId own = graph_.port(output).scope;
            if (own != scope && graph_.scope(own).parent != scope) complain(id, "p{} has a foreign scope", output);
          }
        },
        [&](const SinkOperator&) { has_counts(1, 0); }, [&](const CaptureOperator&) { has_counts(1, 0); });
  }

  void check_function(OperatorId id, FunctionId function_id, std::span<const TypeId> parameters,
                      TypeId result) {
    if (!function_id.valid() || function_id.index() >= program_.functions.size()) {
      return complain(id, "it has no function");
    }
    const CheckedFunction& function = program_.function(function_id);
    if (function.parameter_count != parameters.size()) {
      return complain(id, "its function takes {} values, not {}", function.parameter_count, parameters.size());
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (function.locals[i].type_id != parameters[i]) {
        complain(id, "its function takes {}, not {}", program_.types.text(function.locals[i].type_id),
                 program_.types.text(parameters[i]));
      }
    }
    if (result.valid() && function.result_id != result) {
      complain(id, "its function gives {}, not {}", program_.types.text(function.result_id),
               program_.types.text(result));
    }
  }

  void check_types(OperatorId id) {
    const Operator& op = graph_.op(id);
    std::vector<TypeId> inputs;
    for (const PortId input : op.inputs) inputs.push_back(graph_.port(input).type_id);
    const TypeId output = op.outputs.empty() ? TypeId() : graph_.port(op.outputs.front()).type_id;
    const TypeId boolean = program_.types.scalar(TypeKind::Bool);
    const auto same = [&](TypeId a, TypeId b) {
      if (a != b) complain(id, "{} in, {} out", program_.types.text(a), program_.types.text(b));
    };
    match(
        op.kind, [](const SourceOperator&) {},
        [&](const ListOperator& kind) {
          for (const ListElement& element : kind.elements) {
            if (!element.is_hole) same(program_.expr(element.value).type_id, output);
          }
        },
        [&](const MapOperator& kind) { check_function(id, kind.function_id, inputs, output); },
        [&](const WhereOperator& kind) {
          check_function(id, kind.predicate_id, inputs, boolean);
          for (std::size_t i = 0; i < inputs.size(); ++i) same(inputs[i], graph_.port(op.outputs[i]).type_id);
        },
        [&](const FilterMapOperator& kind) {
          check_function(id, kind.function_id, inputs, {});
          same(program_.types.get(program_.function(kind.function_id).result_id).element_id, output);
        },
        [&](const ElseOperator& kind) {
          same(kind.none_counts ? program_.types.get(inputs.front()).element_id : inputs.front(), output);
          if (kind.mode == ElseMode::Fill) check_function(id, kind.fallback_id, {}, output);
        },
        [&](const PrevOperator& kind) {
          same(inputs.front(), output);
          same(program_.expr(kind.initial).type_id, output);
        },
        [&](const TakeOperator&) { same(inputs.front(), output); },
        [&](const SkipOperator&) { same(inputs.front(), output); },
        [&](const ScanOperator& kind) {
          const TypeId parameters[] = {output, inputs.front()};
          check_function(id, kind.function_id, parameters, output);
          same(program_.expr(kind.initial).type_id, output);
        },
        [&](const RunningOperator& kind) { same(program_.aggregate(kind.aggregate_id).result_id, output); },
        [&](const WindowOperator&) { same(program_.types.get(output).element_id, inputs.front()); },
        [&](const WindowFoldOperator& kind) {
          std::vector<TypeId> results;
          for (const Fold& fold : kind.folds) {
            const CheckedAggregate& aggregate = program_.aggregate(fold.aggregate_id);
            results.push_back(aggregate.result_id);
            if (fold.arguments.size() != aggregate.elements.size()) complain(id, "a fold lacks arguments");
            for (std::size_t i = 0; i < fold.arguments.size() && i < aggregate.elements.size(); ++i) {
              check_function(id, fold.arguments[i], inputs,
                             aggregate.locals[aggregate.elements[i]].type_id);
            }
            if (fold.filter_id.valid()) check_function(id, fold.filter_id, inputs, boolean);
          }
          check_function(id, kind.finish_id, results, output);
        },
        [&](const FlattenOperator&) { same(program_.types.get(inputs.front()).element_id, output); },
        [&](const ZipOperator&) {
          for (std::size_t i = 0; i < inputs.size(); ++i) same(inputs[i], graph_.port(op.outputs[i]).type_id);
        },
        [&](const LinkOperator&) {
          for (std::size_t i = 0; i < inputs.size(); ++i) same(inputs[i], graph_.port(op.outputs[i]).type_id);
        },
        [&](const DelayOperator& kind) {
          same(inputs.front(), output);
          if (kind.initial.valid()) same(program_.expr(kind.initial).type_id, output);
        },
        [&](const MergeOperator&) {
          for (const TypeId input : inputs) same(input, output);
        },
        [&](const AgentOperator& kind) {
          const CheckedAgent& agent = program_.agent(kind.agent_id);
          for (std::size_t i = 0; i < inputs.size(); ++i) same(inputs[i], agent.locals[agent.inputs[i]].type_id);
          for (std::size_t i = 0; i < op.outputs.size(); ++i) {
            same(agent.ports[i].type_id, graph_.port(op.outputs[i]).type_id);
          }
          if (kind.constants.size() != agent.constants.size()) complain(id, "it lacks constants");
        },
        [](const SinkOperator&) {}, [](const CaptureOperator&) {});
  }

  void check_scope(ScopeId id) {
    const Scope& scope = graph_.scope(id);
    if (!scope.opener.valid() || scope.opener.index() >= graph_.operators.size()) {
      fmt::format_to(std::back_inserter(problems_), "s{}: no operator opens it\n", id);
      return;
    }
    if (scope.parent.valid() && scope.parent >= id) {
      fmt::format_to(std::back_inserter(problems_), "s{}: its parent s{} comes later\n", id, scope.parent);
    }
    for (const OperatorId giver : scope.stamp_givers) {
      const OperatorKind& kind = graph_.op(giver).kind;
      const auto* delay = std::get_if<DelayOperator>(&kind);
      const bool is_loop = delay != nullptr && delay->is_on_cycle;
      if (!is_loop && !std::holds_alternative<SourceOperator>(kind) && !std::holds_alternative<ListOperator>(kind)) {
        fmt::format_to(std::back_inserter(problems_), "s{}: o{} gives no stamps\n", id, giver);
      }
    }
    if (scope.stamp_givers.empty()) {
      fmt::format_to(std::back_inserter(problems_), "s{}: nothing gives its stamps\n", id);
    }
  }

  const Graph& graph_;
  const CheckedProgram& program_;
  std::string problems_;
};

}  // namespace

std::string check_graph(const Graph& graph, const CheckedProgram& program) {
  return Verifier(graph, program).run();
}

void verify_graph(const Graph& graph, const CheckedProgram& program, std::string_view after) {
  const std::string problems = check_graph(graph, program);
  STREAM_ASSERT(problems.empty(), "the graph is not sound after {}:\n{}", after, problems);
}

}  // namespace streamc
