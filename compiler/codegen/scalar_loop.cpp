#include "compiler/codegen/loops.h"
#include "compiler/support/assert.h"

namespace streamc {

LoopOperator::LoopOperator(ScalarLoop& loop, OperatorId id)
    : loop_(loop), id_(id), op_(loop.module().graph.op(id)) {}

void emit_scalar_loop(RegionEmitter& region, ScopeRun& scope, const LoopPlan& plan) {
  ScalarLoop(region, scope, plan).emit();
}

ScalarLoop::ScalarLoop(RegionEmitter& region, ScopeRun& scope, const LoopPlan& plan)
    : region_(region), scope_(scope), plan_(plan), items_(region.frame()) {}

void ScalarLoop::emit() {
  for (const OperatorId id : plan_.operators) operators_.push_back(make_operator(*this, id));
  for (const OperatorId id : plan_.operators) {
    for (const PortId port : module().graph.op(id).outputs) {
      if (module().graph.port(port).scope != scope_.plan->scope_id) continue;
      if (module().plan.ports[port.index()].storage == Storage::Registers) continue;
      region_.make_columns(port, scope_.count);
    }
  }
  for (const QueueIndex queue : plan_.compacting) {
    compacting_.push_back(region_.open_compacting(queue, scope_.count));
  }
  for (const auto& op : operators_) op->before_loop();

  exit_ = frame().block("ticks.exit");
  frame().for_range(frame().int64(0), scope_.count, 1, "ticks", [&](llvm::Value* i) {
    index_ = i;
    stamp_ = nullptr;
    cells_.clear();
    items_.now = scope_.plan->wants_stamps ? stamp() : nullptr;
    for (const auto& op : operators_) op->tick();
    for (const auto& op : operators_) op->end_of_tick();
    write_compacting();
  });
  builder().CreateBr(exit_);
  builder().SetInsertPoint(exit_);
  index_ = nullptr;
  stamp_ = nullptr;
  items_.now = nullptr;
  cells_.clear();
  for (const auto& op : operators_) op->after_loop();
  for (const auto& queue : compacting_) region_.close_compacting(queue);
}

llvm::Value* ScalarLoop::stamp() {
  if (!scope_.plan->wants_stamps || index_ == nullptr) return nullptr;
  if (stamp_ == nullptr) stamp_ = region_.load_stamp(scope_, index_);
  return stamp_;
}

llvm::Value* ScalarLoop::position() {
  if (scope_.first_position == nullptr) return nullptr;
  if (index_ == nullptr) return builder().CreateAdd(scope_.first_position, scope_.count);
  return builder().CreateAdd(scope_.first_position, index_);
}

Cell ScalarLoop::input(PortId port) {
  const auto found = cells_.find(port);
  if (found != cells_.end()) return found->second;
  const Cell cell = region_.load_cell(port, index_);
  cells_[port] = cell;
  return cell;
}

void ScalarLoop::define(PortId port, const Cell& cell) {
  Cell defined = cell;
  defined.value.type_id = module().graph.port(port).type_id;
  cells_[port] = defined;
  if (region_.has_columns(port)) region_.store_cell(port, index_, defined);
}

llvm::Value* ScalarLoop::all_present(const std::vector<Cell>& cells) {
  llvm::Value* all = nullptr;
  for (const Cell& cell : cells) {
    if (cell.valid == nullptr) continue;
    all = all == nullptr ? cell.valid : builder().CreateAnd(all, cell.valid);
  }
  return all;
}

Cell ScalarLoop::guarded(OperatorId id, llvm::Value* present, TypeId type_id, bool can_fail,
                         const std::function<ItemValue()>& compute) {
  if (present == nullptr && !can_fail) return {compute(), nullptr};
  const Variable result = items_.variable(type_id, "value");
  items_.assign(result, frame().zero_value(type_id));
  llvm::AllocaInst* valid = frame().slot(module().i1, "valid");
  builder().CreateStore(frame().truth(false), valid);
  llvm::BasicBlock* inside = frame().block("present");
  llvm::BasicBlock* behind = frame().block("present.end");
  if (present == nullptr) {
    builder().CreateBr(inside);
  } else {
    builder().CreateCondBr(present, inside, behind);
  }
  builder().SetInsertPoint(inside);
  const FailTarget target = items_.new_fail_target("failed");
  const FailTarget* const outer = items_.fail_target;
  items_.fail_target = &target;
  items_.assign(result, compute());
  items_.fail_target = outer;
  builder().CreateStore(frame().truth(true), valid);
  builder().CreateBr(behind);
  if (target.block->hasNPredecessorsOrMore(1)) {
    builder().SetInsertPoint(target.block);
    region_.report_failure(id, target, position(), stamp());
    builder().CreateBr(behind);
  } else {
    target.block->eraseFromParent();
  }
  builder().SetInsertPoint(behind);
  return {items_.read(result), builder().CreateLoad(module().i1, valid)};
}

Cell ScalarLoop::apply(OperatorId id, FunctionId function_id, const std::vector<Cell>& arguments) {
  const CheckedFunction& function = module().program.function(function_id);
  std::vector<ItemValue> values;
  for (const Cell& cell : arguments) values.push_back(cell.value);
  const auto compute = [&] { return items_.call(function_id, values); };
  llvm::Value* present = all_present(arguments);
  if (present != nullptr && !function.can_fail && module().straight.is_straight(function_id)) {
    return {compute(), present};  // Cheap and harmless on what a hole holds.
  }
  return guarded(id, present, function.result_id, function.can_fail, compute);
}

void ScalarLoop::stop_if(llvm::Value* condition) {
  llvm::BasicBlock* behind = frame().block("goes.on");
  llvm::BasicBlock* stop = frame().block("stop");
  builder().CreateCondBr(condition, stop, behind);
  builder().SetInsertPoint(stop);
  region_.stop_program(frame().truth(true));
  builder().CreateBr(exit_);
  builder().SetInsertPoint(behind);
}

void ScalarLoop::write_compacting() {
  for (const RegionEmitter::CompactingQueue& queue : compacting_) {
    const Cell cell = input(module().plan.queues[queue.queue].port);
    llvm::Value* place = builder().CreateLoad(module().i64, queue.count);
    region_.store_columns(queue.columns, place, cell);
    if (queue.has_stamps) {
      frame().store(stamp(), frame().element(module().i64, queue.stamps.address, place),
                    queue.stamps.memory);
    }
    llvm::Value* step = cell.valid == nullptr ? frame().int64(1)
                                              : builder().CreateZExt(cell.valid, module().i64);
    builder().CreateStore(builder().CreateAdd(place, step), queue.count);
  }
}

}  // namespace streamc
