// Loops over the ticks of one scope, and the interface of the operators inside a scalar one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "compiler/codegen/item_emitter.h"
#include "compiler/codegen/region.h"

namespace streamc {

class ScalarLoop;

// An operator while its loop is written. The set is open: make_operator() in operators.cpp lists it.
class LoopOperator {
 public:
  LoopOperator(ScalarLoop& loop, OperatorId id);
  virtual ~LoopOperator() = default;
  LoopOperator(const LoopOperator&) = delete;
  LoopOperator& operator=(const LoopOperator&) = delete;

  // Before the loop: loads state, opens scopes.
  virtual void before_loop() {}
  // Once a tick, in the order of the graph: reads inputs, defines outputs.
  virtual void tick() = 0;
  // After all operators have had the tick: what a cycle leads back to.
  virtual void end_of_tick() {}
  // Behind the loop: what the end of the stream asks for, then stores state and closes scopes.
  virtual void after_loop() {}

 protected:
  ScalarLoop& loop_;
  const OperatorId id_;
  const Operator& op_;
};

// One tick a turn. Values of ports stay in registers; ports with columns are stored as well.
class ScalarLoop {
 public:
  ScalarLoop(RegionEmitter& region, ScopeRun& scope, const LoopPlan& plan);
  void emit();

  RegionEmitter& region() { return region_; }
  FunctionFrame& frame() { return region_.frame(); }
  ModuleContext& module() { return region_.module(); }
  llvm::IRBuilder<>& builder() { return region_.frame().builder; }
  ScopeRun& scope() { return scope_; }
  ItemEmitter& items() { return items_; }

  // The number of the tick in this batch.
  llvm::Value* index() { return index_; }
  // Stamp and number of the tick in its stream; null where nobody needs them.
  llvm::Value* stamp();
  llvm::Value* position();

  Cell input(PortId port);
  void define(PortId port, const Cell& cell);
  // What `present` says is there in all inputs of the operator; null: always.
  llvm::Value* all_present(const std::vector<Cell>& cells);

  // The value of `compute` where `present` (null: always); a failure is reported and makes a hole.
  Cell guarded(OperatorId id, llvm::Value* present, TypeId type_id, bool can_fail,
               const std::function<ItemValue()>& compute);
  // A function of the inputs, as an operator applies it.
  Cell apply(OperatorId id, FunctionId function_id, const std::vector<Cell>& arguments);

  // Leaves the loop before this tick counts: `else stop`.
  void stop_if(llvm::Value* condition);

 private:
  void write_compacting();

  RegionEmitter& region_;
  ScopeRun& scope_;
  const LoopPlan& plan_;
  ItemEmitter items_;
  std::vector<std::unique_ptr<LoopOperator>> operators_;
  std::vector<RegionEmitter::CompactingQueue> compacting_;
  std::map<PortId, Cell> cells_;
  llvm::Value* index_ = nullptr;
  llvm::Value* stamp_ = nullptr;
  llvm::BasicBlock* exit_ = nullptr;
};

// operators.cpp
std::unique_ptr<LoopOperator> make_operator(ScalarLoop& loop, OperatorId id);
// agents.cpp
std::unique_ptr<LoopOperator> make_agent_operator(ScalarLoop& loop, OperatorId id);
// window_scalar.cpp, window_view.cpp
std::unique_ptr<LoopOperator> make_window_fold_operator(ScalarLoop& loop, OperatorId id);
std::unique_ptr<LoopOperator> make_window_operator(ScalarLoop& loop, OperatorId id);

// scalar_loop.cpp
void emit_scalar_loop(RegionEmitter& region, ScopeRun& scope, const LoopPlan& plan);
// vector_loop.cpp
void emit_vector_loop(RegionEmitter& region, ScopeRun& scope, const LoopPlan& plan);
// window_vector.cpp
void emit_vector_window(RegionEmitter& region, ScopeRun& scope, OperatorId id);

}  // namespace streamc
