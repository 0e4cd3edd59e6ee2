#include "compiler/passes/structure.h"

#include <bit>
#include <iterator>

#include "compiler/support/match.h"

namespace streamc {
namespace {

class Writer {
 public:
  explicit Writer(const CheckedProgram& program) : program_(program) {}

  void write(FunctionId id) {
    const CheckedFunction& function = program_.function(id);
    put("fn({}", function.parameter_count);
    for (const Local& local : function.locals) put(" {}", local.type_id);
    put(") {}", function.result_id);
    write(function.body);
  }

  void write(CheckedExprId id) {
    if (!id.valid()) return put("-");
    const CheckedExpr& expr = program_.expr(id);
    put("({}:", expr.type_id);
    match(
        expr.node, [&](const LiteralExpr& e) { write(e.value); },
        [&](const LocalExpr& e) { put("%{}", e.local); },
        [&](const ConstantExpr& e) { put("const {}", e.constant_id); },
        [&](const UnaryExpr& e) { node("unary", static_cast<int>(e.op), e.operand); },
        [&](const BinaryExpr& e) { node("binary", static_cast<int>(e.op), e.left, e.right); },
        [&](const ConvertExpr& e) { node("convert", static_cast<int>(e.conversion), e.operand); },
        [&](const CallFunctionExpr& e) {
          put("call ");
          write(e.function_id);
          write_all(e.arguments);
        },
        [&](const CallBuiltinExpr& e) {
          put("builtin {}", static_cast<int>(e.builtin));
          write_all(e.arguments);
        },
        [&](const FieldExpr& e) { node("field", e.index, e.object); },
        [&](const MakeExpr& e) {
          put("make");
          write_all(e.parts);
        },
        [&](const IndexExpr& e) { node("index", 0, e.object, e.index); },
        [&](const ConditionExpr& e) { node("if", 0, e.condition, e.then_value, e.else_value); },
        [&](const IsPresentExpr& e) { node("present", 0, e.option); },
        [&](const UnwrapExpr& e) { node("unwrap", 0, e.option); },
        [&](const ElseExpr& e) { node("else", 0, e.value, e.fallback); },
        [&](const FailExpr& e) { node("fail", 0, e.message); }, [&](const NowExpr&) { put("now"); },
        [&](const MapArrayExpr& e) { over("map", e.parameters, e.array, e.body); },
        [&](const FilterArrayExpr& e) { over("where", e.parameters, e.array, e.body); },
        [&](const AggregateArrayExpr& e) {
          put("aggregate {}", e.aggregate_id);
          write_all(e.arrays);
          write_all(e.constants);
        },
        [&](const FormatExpr& e) {
          for (const FormatPiece& piece : e.pieces) {
            put("piece {} {} {} ", piece.text.size(), piece.text, piece.spec);
            if (piece.has_value) write(piece.value);
          }
        });
    put(")");
  }

  std::string text;

 private:
  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text), format, std::forward<Arguments>(arguments)...);
  }

  template <class Number, class... Parts>
  void node(std::string_view word, Number number, Parts... parts) {
    put("{} {}", word, number);
    (write(parts), ...);
  }

  void over(std::string_view word, const std::vector<LocalIndex>& parameters, CheckedExprId array,
            CheckedExprId body) {
    put("{}", word);
    for (const LocalIndex parameter : parameters) put(" %{}", parameter);
    write(array);
    write(body);
  }

  void write_all(const std::vector<CheckedExprId>& ids) {
    put(" {}", ids.size());
    for (const CheckedExprId id : ids) write(id);
  }

  void write(const Value& value) {
    put("{} {} {:x} {}/{} {} {}:{}[", value.type_id, value.integer, std::bit_cast<std::uint64_t>(value.real),
        value.rate.numerator, value.rate.denominator, value.present, value.text.size(), value.text);
    for (const Value& part : value.parts) write(part);
    put("]");
  }

  void write(const CheckedBlock& block) {
    put("{{");
    for (const CheckedStmt& stmt : block) {
      match(
          stmt.node,
          [&](const AssignStmt& s) {
            put("%{}", s.local);
            for (const TargetStep& step : s.path) {
              put(".{}", step.field);
              if (step.is_index) write(step.index);
            }
            put("=");
            write(s.value);
          },
          [&](const IfStmt& s) {
            put("if");
            write(s.condition);
            write(s.then_block);
            write(s.else_block);
          },
          [&](const ForRangeStmt& s) {
            put("for %{}", s.local);
            write(s.first);
            write(s.end);
            write(s.step);
            write(s.body);
          },
          [&](const ForArrayStmt& s) {
            put("each %{}", s.local);
            write(s.array);
            write(s.body);
          },
          [&](const EmitStmt& s) {
            put("emit {}", s.port);
            write(s.value);
          },
          [&](const ReturnStmt& s) {
            put("return");
            write(s.value);
          },
          [&](const ExprStmt& s) { write(s.value); });
      put(";");
    }
    put("}}");
  }

  const CheckedProgram& program_;
};

}  // namespace

std::string structure_of(const CheckedProgram& program, FunctionId id) {
  if (!id.valid()) return "-";
  Writer writer(program);
  writer.write(id);
  return std::move(writer.text);
}

std::string structure_of(const CheckedProgram& program, CheckedExprId id) {
  Writer writer(program);
  writer.write(id);
  return std::move(writer.text);
}

}  // namespace streamc
