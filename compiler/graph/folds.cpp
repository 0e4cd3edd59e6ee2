#include "compiler/graph/folds.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "compiler/support/match.h"

namespace streamc {
namespace {

constexpr LocalIndex kNoLocal = 0xffff'ffff;

// A step from the elements of a window to what an aggregate takes.
struct Step {
  enum class Kind : std::uint8_t { Field, Map, Filter };
  Kind kind = Kind::Field;
  std::uint32_t field = 0;
  std::vector<LocalIndex> parameters;  // Map, Filter: of the function the lambda stands in.
  CheckedExprId body;
  std::size_t frame = 0;  // Index of that function's frame.
};

// A window of the operator, or what was made of it element by element.
struct Projection {
  std::uint32_t input = 0;
  std::vector<Step> steps;
};

// What is known about a local of a function being rewritten.
struct Symbol {
  std::optional<Projection> window;
  CheckedExprId constant;  // A literal or named constant it always holds.
};

struct Frame {
  const CheckedFunction* function = nullptr;
  std::vector<Symbol> symbols;       // One for each local.
  std::vector<LocalIndex> new_index;  // Likewise.
};

// Thrown away with everything it made once something is found that is not incremental.
class Folder {
 public:
  Folder(CheckedProgram& program, ItemChecker& checker, const ModuleTable& modules)
      : program_(program), checker_(checker), modules_(modules) {}

  std::optional<FoldedFunction> run(FunctionId id, std::string* why) {
    const CheckedFunction& function = program_.function(id);
    std::vector<Symbol> parameters;
    for (std::uint32_t i = 0; i < function.parameter_count; ++i) {
      parameters.push_back({.window = Projection{.input = i}});
      inputs_.push_back(program_.types.get(function.locals[i].type_id).element_id);
    }
    rewrite(id, parameters);  // Finds the folds; its result has too few parameters.
    if (why_.empty() && folds_.empty()) why_ = "it does not use its window";
    // A view knows its ends; only next to other aggregates they are worth a fold.
    if (why_.empty() && std::all_of(folds_.begin(), folds_.end(), [&](const Fold& fold) {
          return ends_.contains(fold.aggregate_id);
        })) {
      why_ = "it only takes items of its window";
    }
    if (why_.empty() && std::all_of(folds_.begin(), folds_.end(),
                                    [](const Fold& fold) { return fold.filter_id.valid(); })) {
      add_count();  // So that a window without a single value is known to be one.
    }
    if (!why_.empty()) {
      if (why != nullptr) *why = why_;
      return std::nullopt;
    }
    fold_count_ = folds_.size();
    frames_.clear();
    const FunctionId finish = rewrite(id, parameters);
    STREAM_ASSERT(folds_.size() == fold_count_, "the second look at `{}` found other folds",
                  function.name);
    return FoldedFunction{.folds = std::move(folds_), .finish_id = finish};
  }

 private:
  void refuse(std::string why) {
    if (why_.empty()) why_ = std::move(why);
  }

  CheckedExprId make(TypeId type_id, SourceSpan span, decltype(CheckedExpr::node) node) {
    program_.exprs.push_back({.type_id = type_id, .span = span, .node = std::move(node)});
    return CheckedExprId(program_.exprs.size() - 1);
  }

  // The function with the results of all folds as first parameters, in the place of its windows.
  FunctionId rewrite(FunctionId id, const std::vector<Symbol>& parameters) {
    const CheckedFunction& old = program_.function(id);
    CheckedFunction function{.name = old.name,
                             .span = old.span,
                             .result_id = old.result_id,
                             .uses_now = old.uses_now};
    for (std::size_t i = 0; i < fold_count_; ++i) {
      function.locals.push_back({fmt::format("fold{}", i),
                                 program_.aggregate(folds_[i].aggregate_id).result_id});
    }
    const std::size_t frame_index = frames_.size();
    Frame frame{.function = &old};
    frame.symbols.resize(old.locals.size());
    for (std::size_t i = 0; i < old.locals.size(); ++i) {
      if (i < parameters.size()) frame.symbols[i] = parameters[i];
      const bool is_window = frame.symbols[i].window.has_value();
      frame.new_index.push_back(is_window ? kNoLocal
                                          : static_cast<LocalIndex>(function.locals.size()));
      if (!is_window) function.locals.push_back(old.locals[i]);
      if (i < old.parameter_count && !is_window) ++function.parameter_count;
    }
    function.parameter_count += static_cast<std::uint32_t>(fold_count_);
    frames_.push_back(std::move(frame));
    std::swap(out_, function);
    const bool was_conditional = conditional_;
    CheckedBlock body = clone(old.body, frame_index);
    conditional_ = was_conditional;
    std::swap(out_, function);
    function.body = std::move(body);
    if (fold_count_ == 0) return {};
    function.can_fail = can_fail(program_, function.body);  // Less than before: folds fail by themselves.
    program_.functions.push_back(std::move(function));
    return FunctionId(program_.functions.size() - 1);
  }

  // ---- statements ---------------------------------------------------------------------------

  CheckedBlock clone(const CheckedBlock& block, std::size_t frame) {
    CheckedBlock result;
    for (const CheckedStmt& stmt : block) {
      if (!why_.empty()) break;
      clone(stmt, frame, result);
    }
    return result;
  }

  CheckedBlock clone_conditional(const CheckedBlock& block, std::size_t frame) {
    const bool was_conditional = std::exchange(conditional_, true);
    CheckedBlock result = clone(block, frame);
    conditional_ = was_conditional;
    return result;
  }

  static bool may_return(const CheckedBlock& block) {
    return std::any_of(block.begin(), block.end(), [](const CheckedStmt& stmt) {
      return match(
          stmt.node, [](const ReturnStmt&) { return true; },
          [](const IfStmt& s) { return may_return(s.then_block) || may_return(s.else_block); },
          [](const ForRangeStmt& s) { return may_return(s.body); },
          [](const ForArrayStmt& s) { return may_return(s.body); },
          [](const AssignStmt&) { return false; }, [](const EmitStmt&) { return false; },
          [](const ExprStmt&) { return false; });
    });
  }

  void clone(const CheckedStmt& stmt, std::size_t frame, CheckedBlock& out) {
    const auto add = [&](decltype(CheckedStmt::node) node) {
      out.push_back({.span = stmt.span, .node = std::move(node)});
    };
    match(
        stmt.node,
        [&](const AssignStmt& s) {
          if (std::optional<Projection> window = project(s.value, frame)) {
            if (conditional_ || !s.path.empty()) return refuse("a window is assigned in a branch");
            frames_[frame].symbols[s.local] = {.window = std::move(window)};
            return;
          }
          frames_[frame].symbols[s.local] = {};
          AssignStmt assign{.local = index_of(s.local, frame), .value = clone(s.value, frame)};
          for (const TargetStep& step : s.path) {
            assign.path.push_back(step);
            if (step.is_index) assign.path.back().index = clone(step.index, frame);
          }
          add(std::move(assign));
        },
        [&](const IfStmt& s) {
          IfStmt copy{.condition = clone(s.condition, frame)};
          copy.then_block = clone_conditional(s.then_block, frame);
          copy.else_block = clone_conditional(s.else_block, frame);
          if (may_return(s.then_block) || may_return(s.else_block)) conditional_ = true;
          add(std::move(copy));
        },
        [&](const ForRangeStmt& s) {
          ForRangeStmt copy{.local = index_of(s.local, frame),
                            .first = clone(s.first, frame),
                            .end = clone(s.end, frame),
                            .step = s.step.valid() ? clone(s.step, frame) : s.step};
          copy.body = clone_conditional(s.body, frame);
          if (may_return(s.body)) conditional_ = true;
          add(std::move(copy));
        },
        [&](const ForArrayStmt& s) {
          if (project(s.array, frame)) return refuse("it loops over its window");
          ForArrayStmt copy{.local = index_of(s.local, frame), .array = clone(s.array, frame)};
          copy.body = clone_conditional(s.body, frame);
          if (may_return(s.body)) conditional_ = true;
          add(std::move(copy));
        },
        [&](const EmitStmt&) { refuse("it emits"); },
        [&](const ReturnStmt& s) { add(ReturnStmt{clone(s.value, frame)}); },
        [&](const ExprStmt& s) { add(ExprStmt{clone(s.value, frame)}); });
  }

  // ---- expressions --------------------------------------------------------------------------

  LocalIndex add_local(LocalIndex local, std::size_t frame) {
    out_.locals.push_back(frames_[frame].function->locals[local]);
    return static_cast<LocalIndex>(out_.locals.size() - 1);
  }

  LocalIndex index_of(LocalIndex local, std::size_t frame) {
    if (in_element_) return element_index_.at({frame, local});
    LocalIndex& index = frames_[frame].new_index[local];
    if (index == kNoLocal) index = add_local(local, frame);
    return index;
  }

  // What an expression is of the operator's windows, if it is one.
  std::optional<Projection> project(CheckedExprId id, std::size_t frame) {
    const CheckedExpr& expr = program_.expr(id);
    const auto step = [&](CheckedExprId base, Step next) -> std::optional<Projection> {
      std::optional<Projection> projection = project(base, frame);
      if (projection) projection->steps.push_back(std::move(next));
      return projection;
    };
    if (const auto* local = std::get_if<LocalExpr>(&expr.node)) {
      return frames_[frame].symbols[local->local].window;
    }
    if (const auto* field = std::get_if<FieldExpr>(&expr.node)) {
      if (program_.types.kind(program_.expr(field->object).type_id) != TypeKind::Window) return {};
      return step(field->object, {.kind = Step::Kind::Field, .field = field->index});
    }
    if (const auto* map = std::get_if<MapArrayExpr>(&expr.node)) {
      return step(map->array, {.kind = Step::Kind::Map,
                               .parameters = map->parameters,
                               .body = map->body,
                               .frame = frame});
    }
    if (const auto* filter = std::get_if<FilterArrayExpr>(&expr.node)) {
      return step(filter->array, {.kind = Step::Kind::Filter,
                                  .parameters = filter->parameters,
                                  .body = filter->body,
                                  .frame = frame});
    }
    return {};
  }

  bool is_static(CheckedExprId id) const {
    const CheckedExpr& expr = program_.expr(id);
    if (const auto* unary = std::get_if<UnaryExpr>(&expr.node)) return is_static(unary->operand);
    if (const auto* convert = std::get_if<ConvertExpr>(&expr.node)) return is_static(convert->operand);
    return std::holds_alternative<LiteralExpr>(expr.node) ||
           std::holds_alternative<ConstantExpr>(expr.node);
  }

  std::vector<CheckedExprId> clone_all(const std::vector<CheckedExprId>& ids, std::size_t frame) {
    std::vector<CheckedExprId> result;
    for (const CheckedExprId id : ids) result.push_back(clone(id, frame));
    return result;
  }

  CheckedExprId clone_conditional(CheckedExprId id, std::size_t frame) {
    const bool was_conditional = std::exchange(conditional_, true);
    const CheckedExprId result = clone(id, frame);
    conditional_ = was_conditional;
    return result;
  }

  std::vector<LocalIndex> indices_of(const std::vector<LocalIndex>& locals, std::size_t frame) {
    std::vector<LocalIndex> result;
    for (const LocalIndex local : locals) {
      if (in_element_) element_index_[{frame, local}] = add_local(local, frame);
      result.push_back(index_of(local, frame));
    }
    return result;
  }

  CheckedExprId clone(CheckedExprId id, std::size_t frame) {
    const CheckedExpr& expr = program_.expr(id);
    if (!why_.empty()) return id;
    const auto remake = [&](decltype(CheckedExpr::node) node) {
      return make(expr.type_id, expr.span, std::move(node));
    };
    const auto copy = [&](CheckedExprId part) { return clone(part, frame); };
    return match(
        expr.node, [&](const LiteralExpr&) { return id; }, [&](const ConstantExpr&) { return id; },
        [&](const LocalExpr& e) {
          const Symbol& symbol = frames_[frame].symbols[e.local];
          if (symbol.window) {
            refuse("it uses its window as a whole");
            return id;
          }
          if (in_element_ && !element_index_.contains({frame, e.local})) {
            if (symbol.constant.valid()) return symbol.constant;
            refuse(fmt::format("a function on the elements uses `{}`",
                               frames_[frame].function->locals[e.local].name));
            return id;
          }
          return remake(LocalExpr{index_of(e.local, frame)});
        },
        [&](const UnaryExpr& e) { return remake(UnaryExpr{e.op, copy(e.operand)}); },
        [&](const BinaryExpr& e) {
          const bool lazy = e.op == BinaryOp::And || e.op == BinaryOp::Or;
          const CheckedExprId left = copy(e.left);
          return remake(BinaryExpr{e.op, left, lazy ? clone_conditional(e.right, frame) : copy(e.right)});
        },
        [&](const ConvertExpr& e) { return remake(ConvertExpr{e.conversion, copy(e.operand)}); },
        [&](const CallFunctionExpr& e) { return clone_call(id, e, frame); },
        [&](const CallBuiltinExpr& e) {
          if (e.builtin == Builtin::Length) {
            if (std::optional<Projection> window = project(e.arguments.front(), frame)) {
              return count_of(*window, id, frame);
            }
          }
          return remake(CallBuiltinExpr{e.builtin, clone_all(e.arguments, frame)});
        },
        [&](const FieldExpr& e) { return remake(FieldExpr{copy(e.object), e.index}); },
        [&](const MakeExpr& e) { return remake(MakeExpr{clone_all(e.parts, frame)}); },
        [&](const IndexExpr& e) {
          if (std::optional<Projection> window = project(e.object, frame)) {
            return end_of(*window, e.index, id);
          }
          const CheckedExprId object = copy(e.object);
          return remake(IndexExpr{object, copy(e.index)});
        },
        [&](const ConditionExpr& e) {
          const CheckedExprId condition = copy(e.condition);
          const CheckedExprId then_value = clone_conditional(e.then_value, frame);
          return remake(ConditionExpr{condition, then_value, clone_conditional(e.else_value, frame)});
        },
        [&](const IsPresentExpr& e) { return remake(IsPresentExpr{copy(e.option)}); },
        [&](const UnwrapExpr& e) { return remake(UnwrapExpr{copy(e.option)}); },
        [&](const ElseExpr& e) {
          const CheckedExprId value = clone_conditional(e.value, frame);
          return remake(ElseExpr{value, clone_conditional(e.fallback, frame)});
        },
        [&](const FailExpr& e) { return remake(FailExpr{copy(e.message)}); },
        [&](const NowExpr&) {
          if (in_element_) refuse("a function on the elements uses `now`");
          return id;
        },
        [&](const MapArrayExpr& e) {
          const CheckedExprId array = copy(e.array);
          std::vector<LocalIndex> parameters = indices_of(e.parameters, frame);
          return remake(MapArrayExpr{array, std::move(parameters), clone_conditional(e.body, frame)});
        },
        [&](const FilterArrayExpr& e) {
          const CheckedExprId array = copy(e.array);
          std::vector<LocalIndex> parameters = indices_of(e.parameters, frame);
          return remake(FilterArrayExpr{array, std::move(parameters), clone_conditional(e.body, frame)});
        },
        [&](const AggregateArrayExpr& e) { return clone_aggregate(id, e, frame); },
        [&](const FormatExpr& e) {
          FormatExpr format = e;
          for (FormatPiece& piece : format.pieces) {
            if (piece.has_value) piece.value = copy(piece.value);
          }
          return remake(std::move(format));
        });
  }

  CheckedExprId clone_call(CheckedExprId id, const CallFunctionExpr& call, std::size_t frame) {
    std::vector<Symbol> parameters;
    std::vector<CheckedExprId> arguments;
    bool has_windows = false;
    for (const CheckedExprId argument : call.arguments) {
      Symbol symbol{.window = project(argument, frame)};
      if (symbol.window) {
        has_windows = true;
      } else {
        const CheckedExprId copied = clone(argument, frame);
        if (is_static(copied)) symbol.constant = copied;
        arguments.push_back(copied);
      }
      parameters.push_back(std::move(symbol));
    }
    const TypeId type_id = program_.expr(id).type_id;
    const SourceSpan span = program_.expr(id).span;
    if (!has_windows) return make(type_id, span, CallFunctionExpr{call.function_id, std::move(arguments)});
    if (in_element_) {
      refuse("a function on the elements uses the window");
      return id;
    }
    const CheckedFunction& callee = program_.function(call.function_id);
    for (std::uint32_t i = 0; i < callee.parameter_count; ++i) {
      if (is_assigned(callee.body, i)) parameters[i].constant = {};
    }
    const FunctionId function = rewrite(call.function_id, parameters);
    std::vector<CheckedExprId> all;
    for (std::size_t i = 0; i < fold_count_; ++i) {
      all.push_back(make(out_.locals[i].type_id, span, LocalExpr{static_cast<LocalIndex>(i)}));
    }
    all.insert(all.end(), arguments.begin(), arguments.end());
    return make(type_id, span, CallFunctionExpr{function, std::move(all)});
  }

  static bool is_assigned(const CheckedBlock& block, LocalIndex local) {
    return std::any_of(block.begin(), block.end(), [&](const CheckedStmt& stmt) {
      return match(
          stmt.node, [&](const AssignStmt& s) { return s.local == local; },
          [&](const IfStmt& s) {
            return is_assigned(s.then_block, local) || is_assigned(s.else_block, local);
          },
          [&](const ForRangeStmt& s) { return s.local == local || is_assigned(s.body, local); },
          [&](const ForArrayStmt& s) { return s.local == local || is_assigned(s.body, local); },
          [](const EmitStmt&) { return false; }, [](const ReturnStmt&) { return false; },
          [](const ExprStmt&) { return false; });
    });
  }

  // ---- folds --------------------------------------------------------------------------------

  CheckedExprId clone_aggregate(CheckedExprId id, const AggregateArrayExpr& e, std::size_t frame) {
    std::vector<Projection> windows;
    for (const CheckedExprId array : e.arrays) {
      if (std::optional<Projection> window = project(array, frame)) windows.push_back(std::move(*window));
    }
    const TypeId type_id = program_.expr(id).type_id;
    const SourceSpan span = program_.expr(id).span;
    if (windows.empty()) {
      std::vector<CheckedExprId> arrays = clone_all(e.arrays, frame);
      return make(type_id, span,
                  AggregateArrayExpr{e.aggregate_id, std::move(arrays), clone_all(e.constants, frame)});
    }
    if (windows.size() != e.arrays.size()) {
      refuse("an aggregate takes the window and another array");
      return id;
    }
    std::vector<CheckedExprId> constants;
    for (const CheckedExprId constant : e.constants) {
      CheckedExprId value = clone(constant, frame);
      if (const auto* local = std::get_if<LocalExpr>(&program_.expr(constant).node)) {
        const Symbol& symbol = frames_[frame].symbols[local->local];
        if (symbol.constant.valid()) value = symbol.constant;
      }
      if (!is_static(value)) {
        refuse("an aggregate's constant depends on the items");
        return id;
      }
      constants.push_back(value);
    }
    return fold(e.aggregate_id, windows, std::move(constants), id);
  }

  AggregateId library_aggregate(std::string_view name, TypeId element, SourceSpan span) {
    const FoundDeclaration found = modules_.find_function(modules_.prelude_id(), name);
    if (!found.valid()) return {};
    const InstanceArgument argument{.type_id = element, .span = span};
    return checker_.instantiate_aggregate(found, {&argument, 1}, span);
  }

  AggregateId count_aggregate(SourceSpan span) { return library_aggregate("count", inputs_.front(), span); }

  // `w[0]` and `w[-1]`, which is what `first(w)` and `last(w)` are.
  CheckedExprId end_of(const Projection& window, CheckedExprId index, CheckedExprId id) {
    std::int64_t sign = 1;
    const CheckedExpr* number = &program_.expr(index);
    if (const auto* negated = std::get_if<UnaryExpr>(&number->node)) {
      sign = -1;
      number = &program_.expr(negated->operand);
    }
    const auto* literal = std::get_if<LiteralExpr>(&number->node);
    const std::int64_t position = literal != nullptr ? sign * literal->value.integer : 1;
    AggregateId aggregate;
    if (position == 0 || position == -1) {
      aggregate = library_aggregate(position == 0 ? "first" : "last", program_.expr(id).type_id,
                                    program_.expr(id).span);
    }
    if (!aggregate.valid()) {
      refuse("it takes an item of its window by index");
      return id;
    }
    ends_.insert(aggregate);
    return fold(aggregate, {window}, {}, id);
  }

  CheckedExprId count_of(const Projection& window, CheckedExprId id, std::size_t) {
    const AggregateId count = count_aggregate(program_.expr(id).span);
    if (!count.valid()) {
      refuse("it asks for the length of its window");
      return id;
    }
    // What is counted does not matter, only what is left out: the elements as they come.
    Projection elements = window;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < elements.steps.size(); ++i) {
      if (elements.steps[i].kind == Step::Kind::Filter) kept = i + 1;
    }
    elements.steps.resize(kept);
    if (kept == 0) elements.input = 0;
    return fold(count, {elements}, {}, id, true);
  }

  void add_count() {
    const AggregateId count = count_aggregate({});
    if (!count.valid()) return refuse("it may have no value");
    Projection all;
    fold(count, {all}, {}, {}, true);
  }

  static bool same(const Step& a, const Step& b) {
    return a.kind == b.kind && a.field == b.field && a.body == b.body && a.frame == b.frame;
  }

  static std::vector<Step> filters_of(const Projection& projection) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < projection.steps.size(); ++i) {
      if (projection.steps[i].kind == Step::Kind::Filter) kept = i + 1;
    }
    return {projection.steps.begin(), projection.steps.begin() + static_cast<std::ptrdiff_t>(kept)};
  }

  // The parameter of the finishing function that holds the result of this fold.
  CheckedExprId fold(AggregateId aggregate_id, const std::vector<Projection>& windows,
                     std::vector<CheckedExprId> constants, CheckedExprId id, bool only_counts = false) {
    if (in_element_) {
      refuse("a function on the elements uses the window");
      return id;
    }
    const CheckedAggregate& aggregate = program_.aggregate(aggregate_id);
    if (!aggregate.has_merge) {
      refuse(fmt::format("`{}` has no `merge`", aggregate.name));
      return id;
    }
    if (aggregate.add_can_fail) {
      refuse(fmt::format("`{}` may fail on an item", aggregate.name));
      return id;
    }
    const std::vector<Step> filters = filters_of(windows.front());
    for (const Projection& window : windows) {
      const std::vector<Step> others = filters_of(window);
      const bool equal = others.size() == filters.size() &&
                         (filters.empty() || window.input == windows.front().input) &&
                         std::equal(filters.begin(), filters.end(), others.begin(), same);
      if (!equal) {
        refuse(fmt::format("`{}` takes arrays of different lengths", aggregate.name));
        return id;
      }
    }
    std::string key = fmt::format("{}", aggregate_id);
    for (const CheckedExprId constant : constants) key += fmt::format(" c{}", constant);
    for (const Projection& window : windows) {
      key += fmt::format(" w{}", window.input);
      for (const Step& step : window.steps) {
        key += fmt::format("/{}.{}.{}.{}", static_cast<int>(step.kind), step.field, step.body, step.frame);
      }
    }
    const auto found = fold_of_key_.find(key);
    std::size_t index = 0;
    if (found != fold_of_key_.end()) {
      index = found->second;
    } else {
      Fold fold{.aggregate_id = aggregate_id, .constants = std::move(constants)};
      for (std::size_t i = 0; i < windows.size(); ++i) {
        fold.arguments.push_back(only_counts ? element_function(Projection{}, {})
                                             : element_function(windows[i], {}));
        if (!why_.empty()) return id;
      }
      if (!filters.empty()) {
        fold.filter_id = element_function(windows.front(), filters);
        fold.is_total = true;
      }
      if (!why_.empty()) return id;
      index = folds_.size();
      folds_.push_back(std::move(fold));
      fold_of_key_.emplace(std::move(key), index);
    }
    if (conditional_ && aggregate.result_can_fail) {
      refuse(fmt::format("`{}` may fail, and is not always asked for", aggregate.name));
      return id;
    }
    if (!id.valid()) return id;
    return make(program_.expr(id).type_id, program_.expr(id).span,
                LocalExpr{static_cast<LocalIndex>(index)});
  }

  // A function of the operator's inputs: the projected element, or whether the filters pass it.
  FunctionId element_function(const Projection& projection, const std::vector<Step>& filters) {
    CheckedFunction function{.name = frames_.empty() ? "" : frames_.front().function->name,
                             .span = frames_.empty() ? SourceSpan() : frames_.front().function->span,
                             .parameter_count = static_cast<std::uint32_t>(inputs_.size())};
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      function.locals.push_back({fmt::format("item{}", i), inputs_[i]});
    }
    const bool is_filter = !filters.empty();
    const std::vector<Step>& steps = is_filter ? filters : projection.steps;
    std::swap(out_, function);
    const bool was_conditional = std::exchange(conditional_, false);
    in_element_ = true;
    const SourceSpan span = out_.span;
    CheckedExprId value = make(inputs_[projection.input], span, LocalExpr{projection.input});
    CheckedExprId condition;
    for (const Step& step : steps) {
      if (step.kind == Step::Kind::Field) {
        const Type& type = program_.types.get(program_.expr(value).type_id);
        const TypeId field_type = type.kind == TypeKind::Tuple ? type.elements[step.field]
                                                               : type.fields[step.field].type_id;
        value = make(field_type, span, FieldExpr{value, step.field});
        continue;
      }
      if (step.kind == Step::Kind::Filter && !is_filter) continue;
      const TypeId value_type = program_.expr(value).type_id;
      for (std::size_t i = 0; i < step.parameters.size(); ++i) {
        const LocalIndex parameter = step.parameters[i];
        CheckedExprId part = value;
        if (step.parameters.size() > 1) {
          part = make(program_.types.get(value_type).elements[i], span,
                      FieldExpr{value, static_cast<std::uint32_t>(i)});
        }
        const LocalIndex local = add_local(parameter, step.frame);
        element_index_[{step.frame, parameter}] = local;
        out_.body.push_back({.span = span, .node = AssignStmt{.local = local, .value = part}});
      }
      const CheckedExprId body = clone(step.body, step.frame);
      if (!why_.empty()) break;
      if (can_fail(program_, body)) {
        refuse("a function on the elements may fail");
        break;
      }
      if (step.kind == Step::Kind::Map) {
        value = body;
      } else {
        condition = condition.valid() ? make(program_.expr(body).type_id, span,
                                             BinaryExpr{BinaryOp::And, condition, body})
                                      : body;
      }
    }
    in_element_ = false;
    element_index_.clear();
    conditional_ = was_conditional;
    std::swap(out_, function);
    const CheckedExprId result = is_filter ? condition : value;
    if (!why_.empty()) return {};
    function.result_id = program_.expr(result).type_id;
    function.body.push_back({.span = span, .node = ReturnStmt{result}});
    program_.functions.push_back(std::move(function));
    return FunctionId(program_.functions.size() - 1);
  }

  CheckedProgram& program_;
  ItemChecker& checker_;
  const ModuleTable& modules_;
  std::vector<TypeId> inputs_;  // Types of the windows' elements.
  std::vector<Frame> frames_;
  std::vector<Fold> folds_;
  std::map<std::string, std::size_t> fold_of_key_;
  std::set<AggregateId> ends_;  // Taken by index.
  std::size_t fold_count_ = 0;  // Known in the second look.
  CheckedFunction out_;         // The function being made.
  bool conditional_ = false;    // What is being cloned is not always evaluated.
  bool in_element_ = false;     // Inside a function on elements, whose locals
  std::map<std::pair<std::size_t, LocalIndex>, LocalIndex> element_index_;  // became these.
  std::string why_;
};

}  // namespace

std::optional<FoldedFunction> fold_function(CheckedProgram& program, ItemChecker& checker,
                                            const ModuleTable& modules, FunctionId function,
                                            std::string* why) {
  return Folder(program, checker, modules).run(function, why);
}

}  // namespace streamc
