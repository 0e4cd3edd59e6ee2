// Writes the two functions of a region, `initialize` and `run`: for each scope its loops in turn, with
// columns between them, then what was written is handed to the queues.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/codegen/frame.h"
#include "compiler/codegen/plan.h"
#include "compiler/codegen/state.h"

namespace streamc {

// The ticks of a port in memory. One entry per leaf of its type.
struct Columns {
  TypeId type_id;
  std::vector<llvm::Value*> addresses;   // Of tick 0.
  std::vector<llvm::AllocaInst*> slots;  // Where columns can grow: hold the addresses instead.
  std::vector<MemoryObject> memory;
  llvm::Value* valid = nullptr;          // i8 a tick, or null: every tick holds a value.
  llvm::AllocaInst* valid_slot = nullptr;
  MemoryObject valid_memory = 0;
  bool canonical_nan = false;            // For a sink: NaNs get one bit pattern.
};

// One tick of a port in registers.
struct Cell {
  ItemValue value;
  llvm::Value* valid = nullptr;  // i1, or null: always a value. In vector code one lane each.
};

// Stamps of a scope's ticks: in memory, or tick i has `first + i`.
struct Stamps {
  llvm::Value* address = nullptr;
  llvm::AllocaInst* slot = nullptr;
  MemoryObject memory = 0;
  llvm::Value* first = nullptr;
};

// A scope while its ticks of this batch are handled.
struct ScopeRun {
  const ScopePlan* plan = nullptr;
  llvm::Value* count = nullptr;           // Ticks in this batch.
  llvm::Value* is_end = nullptr;          // i1: these are the last.
  llvm::Value* first_position = nullptr;  // Number of tick 0; only if plan->counts_ticks.
  llvm::Value* is_full = nullptr;         // Opened by take: i1, no further tick will come.
  llvm::Value* end_stamp = nullptr;       // Only if plan->tells_end: END(T), once is_end.
  Stamps stamps;
};

// Where an operator puts the ticks of a scope that it opens.
struct Outlet {
  ScopeId scope_id;
  std::vector<PortId> ports;
  llvm::AllocaInst* count = nullptr;     // Ticks so far.
  llvm::AllocaInst* capacity = nullptr;  // Set if the columns can grow.
  bool has_stamps = false;
};

class RegionEmitter {
 public:
  RegionEmitter(ModuleContext& module, std::size_t region_index);

  void emit();
  llvm::Function* initialize_function() const { return initialize_; }
  llvm::Function* run_function() const { return run_; }
  std::int64_t state_size() const { return layout_.size(); }

  // ---- for loops and operators ----
  ModuleContext& module() { return module_; }
  FunctionFrame& frame() { return *frame_; }
  StateLayout& layout() { return layout_; }
  llvm::Value* state() { return state_; }
  MemoryObject state_memory() const { return state_memory_; }
  ScopeRun& scope(ScopeId id) { return scopes_.at(id); }

  // Columns of a port; must have been made. Not for ports in registers.
  Columns& columns(PortId id) { return columns_.at(id); }
  bool has_columns(PortId id) const { return columns_.contains(id); }
  // Makes the columns of a port: in its queue, or in the batch arena. `ticks`: how many must fit.
  void make_columns(PortId id, llvm::Value* ticks);
  // Opens a scope: columns for all its ports and stamps for `ticks` ticks.
  Outlet open(ScopeId scope_id, const std::vector<PortId>& ports, llvm::Value* ticks,
              bool can_grow = false);
  // Room for `more` ticks behind the present ones.
  void grow(Outlet& outlet, llvm::Value* more);
  // Writes a tick behind the last one; it counts if `keep` (null: always).
  void append(Outlet& outlet, const std::vector<Cell>& cells, llvm::Value* stamp,
              llvm::Value* keep);
  // After the last append: the scope has its ticks.
  void close(Outlet& outlet, const ScopeRun& parent);

  Cell load_cell(PortId id, llvm::Value* index);
  void store_cell(PortId id, llvm::Value* index, const Cell& cell);
  llvm::Value* load_stamp(const ScopeRun& scope, llvm::Value* index);
  llvm::Value* stamp_address(const Outlet& outlet);

  // A queue that takes values only. Made before the loop that writes it.
  struct CompactingQueue {
    QueueIndex queue = 0;
    Columns columns;
    Stamps stamps;
    bool has_stamps = false;
    llvm::AllocaInst* count = nullptr;
  };
  CompactingQueue open_compacting(QueueIndex queue, llvm::Value* ticks);
  void close_compacting(const CompactingQueue& queue);
  void store_columns(const Columns& columns, llvm::Value* index, const Cell& cell);

  // Reports a failure that `target` describes. `position` and `stamp` may be null.
  void report_failure(OperatorId id, const FailTarget& target, llvm::Value* position,
                      llvm::Value* stamp);
  // What `now` is at END(T) of a scope, where its is_end holds: T, or 0 if nothing ever had a stamp.
  llvm::Value* end_time_of(ScopeId scope_id);
  void stop_program(llvm::Value* condition);  // `else stop` met a hole.

  // A state variable of this region, loaded by the caller.
  StateVariable state_variable(TypeId type_id, const std::string& name);
  // A place of `bytes` in the state.
  llvm::Value* state_place(std::int64_t offset) { return frame().byte_offset(state_, offset); }
  // Evaluates constant expressions in `initialize`; the variables are loaded in the prologue.
  std::vector<ItemValue> constants(OperatorId id, const std::vector<CheckedExprId>& exprs);

 private:
  void write_run(llvm::Function* function, llvm::Value* first, llvm::Value* count,
                 llvm::Value* flags);
  void write_wrapper(llvm::Function* body);
  void write_initialize();
  void fill_initial_valid(FunctionFrame& frame, llvm::Value* output, llvm::Value* count);
  void fill_initial_stamps(FunctionFrame& frame, llvm::Value* output);
  void begin_queue(FunctionFrame& frame, QueueIndex queue, const LinkInitial& initial);
  void open_head(llvm::Value* inputs, llvm::Value* first, llvm::Value* count);
  void stop_at_holes(ScopeRun& root);
  Columns input_columns(llvm::Value* batch, PortId port, llvm::Value* first, bool may_hold_holes);
  llvm::Value* batch_stamps(llvm::Value* batch, llvm::Value* first, llvm::Value* position,
                            llvm::Value* count);
  void run_scope(ScopeRun& run, bool decides_stop);
  void run_slices(ScopeRun& run, const std::vector<OperatorId>& slices);
  // T of END(T) of the head, and of any scope; kNoStamp if nothing ever had one.
  llvm::Value* end_stamp_of_head();
  llvm::Value* end_stamp_of(ScopeId scope_id);
  llvm::Value* end_stamp_of_take(const ScopeRun& run, const ScopeRun& taken, std::int64_t limit);
  void tell_ends();
  void hide_stopped_tick(ScopeRun& run);
  void finish_queues();
  void copy_to_queue(QueueIndex index);
  void copy_stamps(QueueIndex index, const ScopeRun& run);
  llvm::Value* status();
  std::optional<llvm::Value*> is_done(ScopeId scope_id);
  llvm::Value* reserve(QueueIndex queue, llvm::Value* ticks);
  llvm::Value* output_field(llvm::Value* output, unsigned field);
  llvm::Value* allocate_ticks(llvm::Value* ticks, std::int64_t bytes_per_tick);

  ModuleContext& module_;
  const RegionPlan& plan_;
  const std::string name_;
  StateLayout layout_;
  llvm::Function* initialize_ = nullptr;
  llvm::Function* run_ = nullptr;

  std::unique_ptr<FunctionFrame> frame_;
  llvm::Value* state_ = nullptr;
  MemoryObject state_memory_ = 0;
  std::map<ScopeId, ScopeRun> scopes_;
  std::map<PortId, Columns> columns_;
  std::map<QueueIndex, llvm::Value*> outputs_;  // StreamOutput of queues reserved so far.
  std::map<QueueIndex, llvm::Value*> committed_counts_;
  std::map<QueueIndex, bool> stamps_written_;
  llvm::AllocaInst* is_stopped_ = nullptr;
  llvm::Value* inputs_ = nullptr;
};

}  // namespace streamc
