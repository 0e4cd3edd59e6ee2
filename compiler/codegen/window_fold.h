// Folds over count windows, tick by tick: the rules of docs/windows.md as state that is carried from
// tick to tick. How items were cut into batches leaves no trace in it.
//
// A FoldEngine takes each tick once and can give the partial result of the window that ends with it.
// Which engine serves a fold depends on the window's shape and the aggregate alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "compiler/codegen/aggregates.h"
#include "compiler/codegen/loops.h"
#include "compiler/codegen/state.h"
#include "compiler/codegen/straight.h"

namespace streamc {

// What a fold is given at one tick: the aggregate's elements, where `present` (null: always).
struct FoldItem {
  std::vector<ItemValue> elements;
  llvm::Value* present = nullptr;
};

// What all engines of one WindowFold share while code for it is written.
struct FoldContext {
  RegionEmitter& region;
  ItemEmitter& items;
  AggregateEmitter& aggregate;

  FunctionFrame& frame() const { return items.frame(); }
  llvm::IRBuilder<>& builder() const { return items.frame().builder; }
  llvm::Value* number(std::int64_t value) const { return items.frame().int64(value); }
};

class FoldEngine {
 public:
  virtual ~FoldEngine() = default;
  // Before the loop, and behind it.
  virtual void load(FoldContext& context) = 0;
  virtual void store(FoldContext& context) = 0;
  // Takes the next tick.
  virtual void take(FoldContext& context, const FoldItem& item) = 0;
  // After take: the window that ends with this tick.
  virtual Partial window(FoldContext& context) = 0;
  // After take, and after window if there was one: gets ready for the next tick.
  virtual void finish(FoldContext& context) = 0;
};

// An integer state variable with the few operations that engines need.
class Counter {
 public:
  Counter(StateLayout& layout, ModuleContext& module, const char* name);
  void load(FoldContext& context);
  void store(FoldContext& context);
  llvm::Value* get(FoldContext& context);
  void set(FoldContext& context, llvm::Value* value);
  // (value + 1) mod period
  void step(FoldContext& context, std::int64_t period);

 private:
  StateVariable variable_;
};

// One pane of `size` ticks that begins `lead` ticks into each period (window_panes.cpp): eight lanes
// by rank and a tree for commutative aggregates, else a left fold. window() empties it.
class PaneEngine : public FoldEngine {
 public:
  struct Shape {
    std::int64_t size;
    std::int64_t period;
    std::int64_t lead;
  };
  PaneEngine(StateLayout& layout, ModuleContext& module, const CheckedAggregate& aggregate,
             Shape shape);
  void load(FoldContext& context) override;
  void store(FoldContext& context) override;
  void take(FoldContext& context, const FoldItem& item) override;
  Partial window(FoldContext& context) override;
  void finish(FoldContext& context) override;

  // For vector code.
  PartialArray& lanes() { return *lanes_; }
  Counter& phase() { return phase_; }

 private:
  const Shape shape_;
  const bool in_lanes_;
  Counter phase_;  // Ticks since the period began.
  std::optional<PartialArray> lanes_;
  std::optional<PartialVariable> fold_;
};

// What stands at one place of a window: an item (one-tick panes) or the partial result of a pane.
struct WindowElement {
  FoldItem item;
  std::optional<Partial> pane;
};

// The last elements, by place in a ring that the engine chooses.
class ElementRing {
 public:
  ElementRing(StateLayout& layout, ModuleContext& module, const CheckedAggregate& aggregate,
              bool of_panes, std::int64_t count);
  void attach(FoldContext& context);
  WindowElement load(FoldContext& context, llvm::Value* place);
  void store(FoldContext& context, llvm::Value* place, const WindowElement& element);

  // For vector code: rings of items.
  llvm::Value* address(std::size_t element, std::size_t leaf) const;
  MemoryObject memory(std::size_t element, std::size_t leaf) const;
  llvm::Value* present_address() const { return present_; }
  MemoryObject present_memory() const { return present_memory_; }

 private:
  ModuleContext& module_;
  std::vector<TypeId> types_;
  std::vector<std::vector<std::int64_t>> offsets_;
  std::int64_t present_offset_ = 0;
  std::optional<PartialArray> panes_;
  std::vector<std::vector<llvm::Value*>> addresses_;
  std::vector<std::vector<MemoryObject>> memory_;
  llvm::Value* present_ = nullptr;
  MemoryObject present_memory_ = 0;
};

// partial followed by the element, and the element followed by partial.
Partial append_element(FoldContext& context, const Partial& partial, const WindowElement& element);
Partial prepend_element(FoldContext& context, const WindowElement& element,
                        const Partial& partial);

// A window of several elements. Engines of this kind are fed by PanedEngine.
class ElementEngine {
 public:
  virtual ~ElementEngine() = default;
  virtual void load(FoldContext& context) = 0;
  virtual void store(FoldContext& context) = 0;
  virtual void take(FoldContext& context, const WindowElement& element) = 0;
  virtual Partial window(FoldContext& context) = 0;
  virtual void finish(FoldContext& context) = 0;
};

// The eight-lane rule (window_lanes.cpp); count >= 8.
class LaneEngine : public ElementEngine {
 public:
  // `every`: elements between two windows. `derived`, if there: every item is a value, so that
  // states of which it knows enough need not be kept with the suffixes.
  LaneEngine(StateLayout& layout, ModuleContext& module, const CheckedAggregate& aggregate,
             bool of_panes, std::int64_t count, std::int64_t every,
             const AggregateShape* derived);
  void load(FoldContext& context) override;
  void store(FoldContext& context) override;
  void take(FoldContext& context, const WindowElement& element) override;
  Partial window(FoldContext& context) override;
  void finish(FoldContext& context) override;

  // For vector code.
  std::int64_t block() const { return block_; }    // B = 8 * floor(count / 8)
  std::int64_t oldest() const { return oldest_; }  // m = count mod 8
  ElementRing& raw() { return raw_; }
  ElementRing* old() { return old_ ? &*old_ : nullptr; }
  PartialArray& suffix() { return suffix_; }
  PartialArray& prefix() { return prefix_; }
  PartialArray& ones() { return ones_; }
  PartialArray& twos() { return twos_; }
  PartialArray& fours() { return fours_; }
  Counter& place() { return place_; }
  bool keeps_tree() const { return keeps_tree_; }

 private:
  void end_block(FoldContext& context);
  // The suffix that begins at `place`.
  Partial load_suffix(FoldContext& context, llvm::Value* place);

  const AggregateShape* const derived_;
  const std::int64_t block_;
  const std::int64_t oldest_;
  const bool keeps_tree_;  // Windows come so often that sums of 2 and 4 are worth keeping.
  Counter place_;          // Of the element in its block.
  ElementRing raw_;        // The elements of this block so far, behind them those of the last one.
  std::optional<ElementRing> old_;  // The eight before, if m > 0.
  PartialArray suffix_;    // From each place of the last block to its end, in steps of 8.
  PartialArray prefix_;    // By lane: from the start of this block.
  PartialArray ones_;      // Z of the last eight elements, by place mod 8,
  PartialArray twos_;      // of two neighbours, the later one's place,
  PartialArray fours_;     // and of four.
  std::optional<Partial> tree_;
};

// Anchored blocks in order (window_panes.cpp).
class BlockEngine : public ElementEngine {
 public:
  BlockEngine(StateLayout& layout, ModuleContext& module, const CheckedAggregate& aggregate,
              bool of_panes, std::int64_t count);
  void load(FoldContext& context) override;
  void store(FoldContext& context) override;
  void take(FoldContext& context, const WindowElement& element) override;
  Partial window(FoldContext& context) override;
  void finish(FoldContext& context) override;

 private:
  const std::int64_t count_;
  Counter place_;
  ElementRing raw_;
  PartialArray suffix_;
  PartialVariable prefix_;
};

// Each window from the left: short commutative ones, and aggregates without merge.
class RefoldEngine : public ElementEngine {
 public:
  RefoldEngine(StateLayout& layout, ModuleContext& module, const CheckedAggregate& aggregate,
               bool of_panes, std::int64_t count);
  void load(FoldContext& context) override;
  void store(FoldContext& context) override;
  void take(FoldContext& context, const WindowElement& element) override;
  Partial window(FoldContext& context) override;
  void finish(FoldContext& context) override;

 private:
  const std::int64_t count_;
  Counter place_;
  ElementRing raw_;
};

// Feeds an ElementEngine: with items as they come, or with the partial results of finished panes.
class PanedEngine : public FoldEngine {
 public:
  PanedEngine(StateLayout& layout, ModuleContext& module, const CheckedAggregate& aggregate,
              std::int64_t pane_size, std::unique_ptr<ElementEngine> inner);
  void load(FoldContext& context) override;
  void store(FoldContext& context) override;
  void take(FoldContext& context, const FoldItem& item) override;
  Partial window(FoldContext& context) override;
  void finish(FoldContext& context) override;
  ElementEngine& inner() { return *inner_; }

 private:
  const std::int64_t pane_size_;
  std::optional<PaneEngine> pane_;
  Counter place_;  // Of the tick in its pane.
  std::unique_ptr<ElementEngine> inner_;
};

// The engine for a fold of this shape. `derived` as for LaneEngine.
std::unique_ptr<FoldEngine> make_fold_engine(StateLayout& layout, ModuleContext& module,
                                             const CheckedAggregate& aggregate,
                                             const WindowShape& shape,
                                             const AggregateShape* derived);

// ((0 ⊕ 1) ⊕ (2 ⊕ 3)) ⊕ …, for a power of two of them.
Partial join_tree(AggregateEmitter& aggregate, std::vector<Partial> leaves);

// A WindowFold at one tick, shared by the scalar loop and the vector loops' edges.
class WindowFoldTick {
 public:
  // `in_vector_loop`: the vector loops share the state, so every item must be a value.
  WindowFoldTick(RegionEmitter& region, OperatorId id, bool in_vector_loop);
  ~WindowFoldTick();

  void load(ItemEmitter& items);
  void store();

  // Gives each fold its item at this tick. `emit` is called where a window is due, to say what
  // becomes of the folds' results; a hole where a result is missing.
  struct FoldResults {
    std::vector<ItemValue> values;
    llvm::Value* present = nullptr;  // i1, or null: all there.
  };
  // `report` is told of failed results.
  using Report = std::function<void(const FailTarget& target)>;
  void tick(const std::vector<FoldItem>& fold_items, const Report& report,
            const std::function<void(const FoldResults&)>& emit);

  // At the end of the stream, if the shape says so: the window that is left (docs/windows.md).
  // `emit` as above; ticks without items are made up until the window is complete.
  void rest(const Report& report, const std::function<void(const FoldResults&)>& emit);

  FoldEngine& engine(std::size_t fold) { return *engines_[fold]; }
  AggregateEmitter& aggregate(std::size_t fold) { return *aggregates_[fold]; }
  FoldContext context(std::size_t fold);
  Counter& until() { return until_; }
  Counter& emitted() { return emitted_; }
  const WindowFoldOperator& node() const { return node_; }

 private:
  FoldResults results(const Report& report);
  void due(const Report& report, const std::function<void(const FoldResults&)>& emit);

  RegionEmitter& region_;
  const OperatorId id_;
  const WindowFoldOperator& node_;
  ItemEmitter* items_ = nullptr;
  std::vector<std::unique_ptr<FoldEngine>> engines_;
  std::vector<std::unique_ptr<AggregateEmitter>> aggregates_;
  Counter until_;    // Ticks until the next window is due, at least 1.
  Counter emitted_;  // 1 once a window was emitted.
};

}  // namespace streamc
