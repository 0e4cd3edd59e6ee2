#include "compiler/graph/describe.h"

#include "compiler/sema/value_text.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

constexpr std::size_t kFunctionCharacters = 60;
constexpr std::size_t kValueCharacters = 30;

std::string with_text(std::string_view word, const SourceManager* sources, SourceSpan span) {
  const std::string text = short_text(sources, span, kFunctionCharacters);
  return text.empty() ? std::string(word) : fmt::format("{} {}", word, text);
}

std::string function_text(std::string_view word, const CheckedProgram& program, FunctionId id,
                          const SourceManager* sources) {
  return with_text(word, sources, program.function(id).span);
}

std::string shape_text(const WindowShape& shape) {
  std::string text = fmt::format("window {}", shape.size);
  if (shape.every != shape.size) text += fmt::format(" every {}", shape.every);
  if (shape.partial) text += " partial";
  if (shape.rest) text += " rest";
  return text;
}

std::string argument_text(const CheckedProgram& program, CheckedExprId id, const SourceManager* sources) {
  const CheckedExpr& expr = program.expr(id);
  if (const auto* literal = std::get_if<LiteralExpr>(&expr.node)) {
    std::string text = text_of(literal->value, program.types);
    if (program.types.kind(expr.type_id) == TypeKind::String) text = fmt::format("\"{}\"", text);
    return text;
  }
  if (const auto* constant = std::get_if<ConstantExpr>(&expr.node)) {
    return program.constant(constant->constant_id).name;
  }
  return short_text(sources, expr.span, kValueCharacters);
}

std::string connector_text(const std::string& name, const std::vector<NamedArgument>& arguments,
                           const CheckedProgram& program, const SourceManager* sources) {
  std::string text = name;
  for (const NamedArgument& argument : arguments) {
    text += fmt::format(" {}: {}", argument.name, argument_text(program, argument.value, sources));
  }
  return text;
}

}  // namespace

std::string short_text(const SourceManager* sources, SourceSpan span, std::size_t limit) {
  if (sources == nullptr || !span.valid()) return {};
  std::string text;
  for (const char c : sources->text(span)) {
    const bool is_blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (is_blank && (text.empty() || text.back() == ' ')) continue;
    text += is_blank ? ' ' : c;
  }
  if (count_characters(text) <= limit) return text;
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && count++ == limit - 1) break;
  }
  return text.substr(0, end) + "…";
}

std::string describe_rate(RateValue rate) {
  const auto scaled = [&](std::int64_t scale, std::string_view unit) {
    return fmt::format("{}{}", static_cast<double>(rate.numerator) / static_cast<double>(scale), unit);
  };
  if (rate.denominator != 1) return fmt::format("{}/{}Hz", rate.numerator, rate.denominator);
  if (rate.numerator >= 1'000'000 && rate.numerator % 1'000 == 0) return scaled(1'000'000, "MHz");
  if (rate.numerator >= 1'000 && rate.numerator % 10 == 0) return scaled(1'000, "kHz");
  return fmt::format("{}Hz", rate.numerator);
}

std::string_view kind_name(const OperatorKind& kind) {
  using Text = std::string_view;
  return match(
      kind, [](const SourceOperator&) { return Text("source"); },
      [](const ListOperator&) { return Text("list"); }, [](const MapOperator&) { return Text("map"); },
      [](const WhereOperator&) { return Text("where"); },
      [](const FilterMapOperator&) { return Text("filter_map"); },
      [](const ElseOperator&) { return Text("else"); }, [](const PrevOperator&) { return Text("prev"); },
      [](const TakeOperator&) { return Text("take"); }, [](const SkipOperator&) { return Text("skip"); },
      [](const ScanOperator&) { return Text("scan"); },
      [](const RunningOperator&) { return Text("running"); },
      [](const WindowOperator&) { return Text("window"); },
      [](const WindowFoldOperator&) { return Text("window fold"); },
      [](const FlattenOperator&) { return Text("flatten"); },
      [](const ZipOperator&) { return Text("zip"); }, [](const MergeOperator&) { return Text("merge"); },
      [](const DelayOperator&) { return Text("delay"); },
      [](const LinkOperator& link) { return Text(link.is_best_effort ? "best_effort" : "link"); },
      [](const AgentOperator&) { return Text("agent"); },
      [](const SinkOperator&) { return Text("sink"); },
      [](const CaptureOperator&) { return Text("capture"); });
}

std::string describe_operator(const Operator& op, const CheckedProgram& program,
                              const SourceManager* sources) {
  return match(
      op.kind,
      [&](const SourceOperator& kind) {
        std::string text = connector_text(kind.connector, kind.arguments, program, sources);
        if (kind.rate) text += " @ " + describe_rate(*kind.rate);
        return text;
      },
      [&](const ListOperator& kind) {
        std::string text = fmt::format("list of {}", kind.elements.size());
        if (kind.rate) text += " @ " + describe_rate(*kind.rate);
        return text;
      },
      [&](const MapOperator& kind) { return function_text("map", program, kind.function_id, sources); },
      [&](const WhereOperator& kind) { return function_text("where", program, kind.predicate_id, sources); },
      [&](const FilterMapOperator& kind) {
        return function_text("filter_map", program, kind.function_id, sources);
      },
      [&](const ElseOperator& kind) {
        if (kind.mode == ElseMode::Skip) return std::string("else skip");
        if (kind.mode == ElseMode::Stop) return std::string("else stop");
        return function_text("else", program, kind.fallback_id, sources);
      },
      [&](const PrevOperator& kind) {
        return fmt::format("prev {} init {}", kind.count, argument_text(program, kind.initial, sources));
      },
      [](const TakeOperator& kind) { return fmt::format("take {}", kind.count); },
      [](const SkipOperator& kind) { return fmt::format("skip {}", kind.count); },
      [&](const ScanOperator& kind) {
        return function_text("scan", program, kind.function_id, sources) +
               fmt::format(" init {}", argument_text(program, kind.initial, sources));
      },
      [&](const RunningOperator& kind) {
        return fmt::format("running {}", program.aggregate(kind.aggregate_id).name);
      },
      [](const WindowOperator& kind) { return shape_text(kind.shape); },
      [&](const WindowFoldOperator& kind) {
        std::string text = shape_text(kind.shape) + ":";
        for (const Fold& fold : kind.folds) {
          text += fmt::format("{}{}", &fold == kind.folds.data() ? " " : ", ",
                              program.aggregate(fold.aggregate_id).name);
          if (fold.filter_id.valid()) text += " where";
        }
        return text;
      },
      [](const FlattenOperator&) { return std::string("flatten"); },
      [](const ZipOperator&) { return std::string("zip"); },
      [](const MergeOperator&) { return std::string("merge"); },
      [&](const DelayOperator& kind) {
        const std::string cycle = kind.is_on_cycle ? fmt::format(" on a cycle, max {}", kind.max) : "";
        if (kind.is_by_time()) return fmt::format("delay {} ns{}", kind.duration_ns, cycle);
        return fmt::format("delay {} init {}{}", kind.count, argument_text(program, kind.initial, sources), cycle);
      },
      [](const LinkOperator& link) { return std::string(link.is_best_effort ? "best_effort" : "link"); },
      [&](const AgentOperator& kind) {
        std::string text = program.agent(kind.agent_id).name;
        for (const CheckedExprId constant : kind.constants) {
          text += " " + argument_text(program, constant, sources);
        }
        return text;
      },
      [&](const SinkOperator& kind) {
        return connector_text(kind.connector, kind.arguments, program, sources);
      },
      [](const CaptureOperator& kind) { return fmt::format("capture {}", kind.capture_index); });
}

}  // namespace streamc
