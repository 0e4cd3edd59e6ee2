// Aggregates in generated code: running `add`, `merge` and `result` on states, and partial results
// as docs/windows.md defines them (absent, a state, or failed).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/codegen/item_emitter.h"
#include "compiler/codegen/state.h"

namespace streamc {

// A partial result. `status` is an i8: 0 absent, 1 a state, 2 + StreamFailureReason failed.
struct Partial {
  llvm::Value* status = nullptr;
  std::vector<ItemValue> states;  // Without meaning unless the status is 1.
};

// Writes the blocks of one aggregate in place.
class AggregateEmitter {
 public:
  // `constants`: the aggregate's constant parameters.
  AggregateEmitter(ItemEmitter& items, AggregateId id, std::vector<ItemValue> constants);

  // ---- blocks by hand: begin, set the states, run blocks, read the states, end ----
  void begin();
  void end();
  void set_initial();
  void set_state(std::size_t index, const ItemValue& value);
  void set_other(std::size_t index, const ItemValue& value);
  void add(const std::vector<ItemValue>& elements);
  void merge();
  ItemValue state(std::size_t index);
  ItemValue result();

  // ---- partial results ----
  Partial absent();
  // partial + x where `present` (null: always).
  Partial append(const Partial& partial, const std::vector<ItemValue>& elements,
                 llvm::Value* present);
  Partial join(const Partial& left, const Partial& right);
  // The states of a partial result that is one, and of no value at all if `partial` is absent.
  void set_states(const Partial& partial);

  const CheckedAggregate& aggregate() const { return aggregate_; }
  AggregateId id() const { return id_; }
  bool can_fail() const { return can_fail_; }
  std::size_t state_count() const { return aggregate_.states.size(); }
  TypeId state_type(std::size_t index) const;
  ItemEmitter& items() { return items_; }

 private:
  llvm::Value* byte(int value);
  llvm::Value* is_absent(const Partial& partial);

  ItemEmitter& items_;
  const AggregateId id_;
  const CheckedAggregate& aggregate_;
  const std::vector<ItemValue> constants_;
  const bool can_fail_;  // add or merge.
};

// Whether some operation in the block can fail; never false for one that can.
bool block_can_fail(const CheckedProgram& program, const CheckedBlock& block);

// Partial results in the state of a region: for each leaf of each state an array of its own, and one
// byte each for the status.
class PartialArray {
 public:
  // `stored`, if not empty: by state, whether it is kept at all; others load as zero.
  PartialArray(StateLayout& layout, ModuleContext& module, const CheckedAggregate& aggregate,
               std::int64_t count, std::vector<bool> stored = {});
  // Once in each function that uses it.
  void attach(FunctionFrame& frame, llvm::Value* state);

  Partial load(llvm::Value* index);
  void store(llvm::Value* index, const Partial& partial);
  void set_status(llvm::Value* index, int status);
  // All of them absent. `count` must be a constant that fits what was asked for.
  void clear(std::int64_t count);

  // For vector code: the array of a leaf.
  llvm::Value* address(std::size_t state, std::size_t leaf) const;
  MemoryObject memory(std::size_t state, std::size_t leaf) const;
  llvm::Value* status_address() const { return status_; }
  MemoryObject status_memory() const { return status_memory_; }

 private:
  ModuleContext& module_;
  const std::vector<bool> stored_;
  std::vector<TypeId> types_;
  std::vector<std::vector<std::int64_t>> offsets_;  // By state, by leaf.
  std::int64_t status_offset_ = 0;
  FunctionFrame* frame_ = nullptr;
  std::vector<std::vector<llvm::Value*>> addresses_;
  std::vector<std::vector<MemoryObject>> memory_;
  llvm::Value* status_ = nullptr;
  MemoryObject status_memory_ = 0;
};

// A partial result that lives in registers during a loop.
class PartialVariable {
 public:
  PartialVariable(StateLayout& layout, ModuleContext& module, const CheckedAggregate& aggregate);
  void load(ItemEmitter& items, llvm::Value* state, MemoryObject memory);
  void store(ItemEmitter& items, llvm::Value* state, MemoryObject memory);
  Partial value(ItemEmitter& items);
  void set(ItemEmitter& items, const Partial& partial);
  void clear(ItemEmitter& items);

 private:
  ModuleContext& module_;
  std::vector<StateVariable> states_;
  std::int64_t status_offset_ = 0;
  llvm::AllocaInst* status_ = nullptr;
};

}  // namespace streamc
