// WindowFold in a scalar loop; works for every shape, and inside cycles. See window_fold.h.
#include "compiler/codegen/window_fold.h"

#include <algorithm>


namespace streamc {

WindowFoldTick::WindowFoldTick(RegionEmitter& region, OperatorId id, bool in_vector_loop)
    : region_(region),
      id_(id),
      node_(std::get<WindowFoldOperator>(region.module().graph.op(id).kind)),
      until_(region.layout(), region.module(), "until"),
      emitted_(region.layout(), region.module(), "emitted") {
  for (const Fold& fold : node_.folds) {
    const AggregateShape* derived =
        in_vector_loop ? &region.module().straight.aggregate(fold.aggregate_id) : nullptr;
    engines_.push_back(make_fold_engine(region.layout(), region.module(),
                                        region.module().program.aggregate(fold.aggregate_id),
                                        node_.shape, derived));
  }
}

WindowFoldTick::~WindowFoldTick() = default;

FoldContext WindowFoldTick::context(std::size_t fold) {
  return FoldContext{region_, *items_, *aggregates_[fold]};
}

void WindowFoldTick::load(ItemEmitter& items) {
  items_ = &items;
  aggregates_.clear();
  for (const Fold& fold : node_.folds) {
    aggregates_.push_back(std::make_unique<AggregateEmitter>(
        items, fold.aggregate_id, region_.constants(id_, fold.constants)));
  }
  for (std::size_t i = 0; i < engines_.size(); ++i) {
    FoldContext each = context(i);
    engines_[i]->load(each);
  }
  FoldContext any = context(0);
  until_.load(any);
  emitted_.load(any);
  // The state starts as zeros; `until` counts from 1.
  FunctionFrame& frame = items.frame();
  llvm::Value* until = until_.get(any);
  llvm::Value* first = any.number(node_.shape.partial ? node_.shape.every : node_.shape.size);
  llvm::Value* is_new = frame.builder.CreateICmpEQ(until, any.number(0));
  until_.set(any, frame.builder.CreateSelect(is_new, first, until));
}

void WindowFoldTick::store() {
  for (std::size_t i = 0; i < engines_.size(); ++i) {
    FoldContext each = context(i);
    engines_[i]->store(each);
  }
  FoldContext any = context(0);
  until_.store(any);
  emitted_.store(any);
}

WindowFoldTick::FoldResults WindowFoldTick::results(const Report& report) {
  FunctionFrame& frame = items_->frame();
  llvm::IRBuilder<>& builder = frame.builder;
  FoldResults all;
  for (std::size_t i = 0; i < engines_.size(); ++i) {
    FoldContext each = context(i);
    AggregateEmitter& aggregate = *aggregates_[i];
    const Partial whole = engines_[i]->window(each);
    const TypeId result_id = aggregate.aggregate().result_id;
    const Variable value = items_->variable(result_id, "result");
    items_->assign(value, frame.zero_value(result_id));
    llvm::AllocaInst* present = frame.slot(frame.module.i1, "result.present");
    builder.CreateStore(frame.truth(false), present);
    llvm::BasicBlock* behind = frame.block("result.end");
    llvm::BasicBlock* inside = frame.block("result");
    const FailTarget target = items_->new_fail_target("result.failed");
    llvm::Value* one = llvm::ConstantInt::get(frame.module.i8, 1);
    // A failed partial result, an absent one, or one to take the result of.
    if (aggregate.can_fail()) {
      llvm::BasicBlock* alive = frame.block("result.alive");
      llvm::BasicBlock* failed = frame.block("result.failed.partial");
      builder.CreateCondBr(builder.CreateICmpUGT(whole.status, one), failed, alive);
      builder.SetInsertPoint(failed);
      builder.CreateStore(
          builder.CreateSub(builder.CreateZExt(whole.status, frame.module.i32), frame.int32(2)),
          target.reason);
      builder.CreateStore(llvm::ConstantPointerNull::get(frame.module.pointer), target.detail_data);
      builder.CreateStore(frame.int64(0), target.detail_size);
      builder.CreateBr(target.block);
      builder.SetInsertPoint(alive);
    }
    if (node_.folds[i].is_total) {
      builder.CreateBr(inside);
    } else {
      builder.CreateCondBr(builder.CreateICmpEQ(whole.status, one), inside, behind);
    }
    builder.SetInsertPoint(inside);
    const FailTarget* const outer = items_->fail_target;
    items_->fail_target = &target;
    aggregate.begin();
    aggregate.set_states(whole);
    items_->assign(value, aggregate.result());
    aggregate.end();
    items_->fail_target = outer;
    builder.CreateStore(frame.truth(true), present);
    builder.CreateBr(behind);
    if (target.block->hasNPredecessorsOrMore(1)) {
      builder.SetInsertPoint(target.block);
      report(target);
      builder.CreateBr(behind);
    } else {
      target.block->eraseFromParent();
    }
    builder.SetInsertPoint(behind);
    all.values.push_back(items_->read(value));
    llvm::Value* is_there = builder.CreateLoad(frame.module.i1, present);
    all.present = all.present == nullptr ? is_there : builder.CreateAnd(all.present, is_there);
  }
  return all;
}

void WindowFoldTick::due(const Report& report,
                         const std::function<void(const FoldResults&)>& emit) {
  emit(results(report));
  FoldContext any = context(0);
  until_.set(any, any.number(node_.shape.every));
  emitted_.set(any, any.number(1));
}

void WindowFoldTick::tick(const std::vector<FoldItem>& fold_items, const Report& report,
                          const std::function<void(const FoldResults&)>& emit) {
  for (std::size_t i = 0; i < engines_.size(); ++i) {
    FoldContext each = context(i);
    engines_[i]->take(each, fold_items[i]);
  }
  if (node_.shape.partial && node_.shape.every == 1) {
    emit(results(report));
  } else {
    FoldContext any = context(0);
    llvm::Value* left = any.builder().CreateSub(until_.get(any), any.number(1));
    until_.set(any, left);
    any.frame().if_then(any.builder().CreateICmpEQ(left, any.number(0)), "window",
                        [&] { due(report, emit); });
  }
  for (std::size_t i = 0; i < engines_.size(); ++i) {
    FoldContext each = context(i);
    engines_[i]->finish(each);
  }
}

void WindowFoldTick::rest(const Report& report,
                          const std::function<void(const FoldResults&)>& emit) {
  FoldContext any = context(0);
  llvm::IRBuilder<>& builder = any.builder();
  const WindowShape& shape = node_.shape;
  // A tick that no emitted window covered: the last window left at most min(n, k) ticks to go.
  const std::int64_t later = std::min(shape.size, shape.every);
  llvm::Value* limit = any.number(shape.partial ? later : shape.size);
  if (!shape.partial) {
    llvm::Value* has_emitted = builder.CreateICmpNE(emitted_.get(any), any.number(0));
    limit = builder.CreateSelect(has_emitted, any.number(later), limit);
  }
  llvm::Value* is_left = builder.CreateICmpSLT(until_.get(any), limit);
  any.frame().if_then(is_left, "rest", [&] {
    std::vector<FoldItem> nothing;
    for (const auto& aggregate : aggregates_) {
      FoldItem item;
      for (const LocalIndex element : aggregate->aggregate().elements) {
        item.elements.push_back(
            any.frame().zero_value(aggregate->aggregate().locals[element].type_id));
      }
      item.present = any.frame().truth(false);
      nothing.push_back(std::move(item));
    }
    llvm::Value* missing = until_.get(any);
    any.frame().for_range(any.number(0), missing, 1, "rest",
                          [&](llvm::Value*) { tick(nothing, report, emit); });
  });
}

namespace {

class WindowFoldLoop : public LoopOperator {
 public:
  WindowFoldLoop(ScalarLoop& loop, OperatorId id)
      : LoopOperator(loop, id),
        node_(std::get<WindowFoldOperator>(op_.kind)),
        fold_(loop.region(), id, false) {
    const Graph& graph = loop.module().graph;
    opens_scope_ = graph.port(op_.outputs.front()).scope != loop.scope().plan->scope_id;
  }

  void before_loop() override {
    llvm::Value* ticks = loop_.scope().count;
    if (opens_scope_) {
      outlet_ = loop_.region().open(loop_.module().graph.port(op_.outputs.front()).scope,
                                    op_.outputs,
                                    loop_.builder().CreateAdd(ticks, loop_.frame().int64(1)));
    }
    fold_.load(loop_.items());
  }

  void tick() override {
    std::vector<Cell> cells;
    for (const PortId port : op_.inputs) cells.push_back(loop_.input(port));
    std::vector<FoldItem> items;
    for (const Fold& fold : node_.folds) items.push_back(fold_item(fold, cells));
    fold_.tick(items, report(loop_.position(), loop_.stamp()),
               [&](const WindowFoldTick::FoldResults& results) { emit(results, loop_.stamp()); });
  }

  void after_loop() override {
    if (node_.shape.rest && opens_scope_) {
      loop_.frame().if_then(loop_.scope().is_end, "end", [&] {
        llvm::Value* stamp = loop_.region().end_time_of(loop_.scope().plan->scope_id);
        fold_.rest(report(loop_.position(), stamp),
                   [&](const WindowFoldTick::FoldResults& results) { emit(results, stamp); });
      });
    }
    fold_.store();
    if (opens_scope_) loop_.region().close(outlet_, loop_.scope());
  }

 private:
  WindowFoldTick::Report report(llvm::Value* position, llvm::Value* stamp) {
    return [this, position, stamp](const FailTarget& target) {
      loop_.region().report_failure(id_, target, position, stamp);
    };
  }

  // The filter first; arguments only of items that it lets pass.
  FoldItem fold_item(const Fold& fold, std::vector<Cell> cells) {
    FoldItem item;
    llvm::Value* present = loop_.all_present(cells);
    if (fold.filter_id.valid()) {
      const Cell passes = loop_.apply(id_, fold.filter_id, cells);
      llvm::Value* keep = passes.value.leaves.front().first;
      if (passes.valid != nullptr) keep = loop_.builder().CreateAnd(passes.valid, keep);
      present = present == nullptr ? keep : loop_.builder().CreateAnd(present, keep);
    }
    for (Cell& cell : cells) cell.valid = present;
    for (const FunctionId argument : fold.arguments) {
      const Cell element = loop_.apply(id_, argument, cells);
      if (element.valid != nullptr && element.valid != present) {
        present = present == nullptr ? element.valid
                                     : loop_.builder().CreateAnd(present, element.valid);
      }
      item.elements.push_back(element.value);
    }
    item.present = present;
    return item;
  }

  void emit(const WindowFoldTick::FoldResults& results, llvm::Value* stamp) {
    const CheckedFunction& finish = loop_.module().program.function(node_.finish_id);
    const Port& port = loop_.module().graph.port(op_.outputs.front());
    llvm::Value* present = results.present;
    // Without holes among the inputs every window has values; then the test is for nothing.
    if (!port.may_hold_holes) present = nullptr;
    Cell cell = loop_.guarded(id_, present, finish.result_id, finish.can_fail, [&] {
      return loop_.items().call(node_.finish_id, results.values);
    });
    if (!opens_scope_) {
      loop_.define(op_.outputs.front(), cell);
      return;
    }
    loop_.region().append(outlet_, {cell}, stamp, nullptr);
  }

  const WindowFoldOperator& node_;
  WindowFoldTick fold_;
  Outlet outlet_;
  bool opens_scope_ = false;
};

}  // namespace

std::unique_ptr<LoopOperator> make_window_fold_operator(ScalarLoop& loop, OperatorId id) {
  return std::make_unique<WindowFoldLoop>(loop, id);
}

}  // namespace streamc
