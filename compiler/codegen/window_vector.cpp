// Windows in vector form: aggregates that are straight arithmetic, over items without holes.
//
// The state is that of the scalar form (window_fold.h), and items that do not fill eight lanes go
// through the scalar form, so that cuts between batches leave no trace. In between, eight items at
// a time: the lanes of docs/windows.md are the lanes of a vector register.
//
// Sliding by one item: speed.md §2, the sums over 1, 2, 4 and 8 neighbours shifted through registers
// (van Herk; Gil and Werman in each lane). Tumbling: one accumulator a lane, then the tree.
#include <functional>

#include "compiler/codegen/loops.h"
#include "compiler/codegen/vector_lanes.h"
#include "compiler/codegen/window_fold.h"
#include "compiler/support/assert.h"

namespace streamc {

namespace {

// The states that vary, as vectors; the others follow from how many values went in.
struct LanePartial {
  std::vector<ItemValue> states;  // Only Varies states are filled.
  llvm::Value* count = nullptr;   // i64: values in each lane.
};

// An aggregate on eight lanes.
class LaneAggregate {
 public:
  LaneAggregate(ItemEmitter& lanes, AggregateId id, const std::vector<ItemValue>& constants)
      : lanes_(lanes),
        emitter_(lanes, id, constants),
        shape_(lanes.frame().module.straight.aggregate(id)) {}

  LanePartial lift(const std::vector<ItemValue>& elements) {
    emitter_.begin();
    emitter_.set_initial();
    emitter_.add(elements);
    return taken(lanes_.frame().int64(1));
  }
  LanePartial append(const LanePartial& partial, const std::vector<ItemValue>& elements) {
    emitter_.begin();
    set(partial, false);
    emitter_.add(elements);
    return taken(builder().CreateAdd(partial.count, lanes_.frame().int64(1)));
  }
  LanePartial join(const LanePartial& left, const LanePartial& right) {
    emitter_.begin();
    set(left, false);
    set(right, true);
    emitter_.merge();
    return taken(builder().CreateAdd(left.count, right.count));
  }
  ItemValue result(const LanePartial& partial) {
    emitter_.begin();
    set(partial, false);
    ItemValue value = emitter_.result();
    emitter_.end();
    return value;
  }
  // Lane l of the result is lane l + first of `earlier` followed by `later`.
  LanePartial shifted(const LanePartial& earlier, const LanePartial& later, int first) {
    LanePartial result{later.states, later.count};
    for (std::size_t s = 0; s < result.states.size(); ++s) {
      for (std::size_t i = 0; i < result.states[s].leaves.size(); ++i) {
        result.states[s].leaves[i].first = shift(
            earlier.states[s].leaves[i].first, later.states[s].leaves[i].first, first);
      }
    }
    return result;
  }
  llvm::Value* shift(llvm::Value* earlier, llvm::Value* later, int first) {
    std::vector<int> order;
    for (int lane = 0; lane < 8; ++lane) order.push_back(first + lane);
    return builder().CreateShuffleVector(earlier, later, order);
  }

  bool varies(std::size_t state) const { return shape_.states[state] == StateClass::Varies; }
  std::size_t state_count() const { return shape_.states.size(); }
  TypeId state_type(std::size_t state) const { return emitter_.state_type(state); }

  // The array of partial results from `place` on, as lanes.
  LanePartial load(PartialArray& array, llvm::Value* place, llvm::Value* count) {
    LanePartial partial{{}, count};
    for (std::size_t s = 0; s < state_count(); ++s) {
      ItemValue state{state_type(s), {}};
      if (varies(s)) {
        const std::vector<Leaf>& leaves = module().leaves(state.type_id);
        for (std::size_t i = 0; i < leaves.size(); ++i) {
          llvm::Value* address = lanes_.frame().element(module().memory_type(leaves[i].kind),
                                                        array.address(s, i), place);
          state.leaves.push_back(load_lanes_of_leaf(lanes_.frame(), leaves[i].kind, address,
                                                    array.memory(s, i)));
        }
      }
      partial.states.push_back(std::move(state));
    }
    return partial;
  }
  // `with_known`: also the states that follow from the count.
  void store(PartialArray& array, llvm::Value* place, const LanePartial& partial,
             bool with_known) {
    for (std::size_t s = 0; s < state_count(); ++s) {
      if (!varies(s) && !with_known) continue;
      const ItemValue state = known(partial, s);
      const std::vector<Leaf>& leaves = module().leaves(state.type_id);
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        llvm::Value* address = lanes_.frame().element(module().memory_type(leaves[i].kind),
                                                      array.address(s, i), place);
        store_lanes_of_leaf(lanes_.frame(), leaves[i].kind, state.leaves[i], address,
                            array.memory(s, i));
      }
    }
  }
  // All eight lanes of the array hold states, or none does.
  void set_status(PartialArray& array, bool present) {
    lanes_.frame().store(lanes_.frame().int64(present ? 0x0101010101010101 : 0),
                         array.status_address(), array.status_memory());
  }

  // Loop-carried lanes.
  using LaneVariable = std::vector<Variable>;
  LaneVariable variable(const char* name) {
    LaneVariable result;
    for (std::size_t s = 0; s < state_count(); ++s) {
      result.push_back(varies(s) ? lanes_.variable(state_type(s), name) : Variable{});
    }
    return result;
  }
  void set_variable(const LaneVariable& variable, const LanePartial& partial) {
    for (std::size_t s = 0; s < state_count(); ++s) {
      if (varies(s)) lanes_.assign(variable[s], partial.states[s]);
    }
  }
  LanePartial get_variable(const LaneVariable& variable, llvm::Value* count) {
    LanePartial partial{{}, count};
    for (std::size_t s = 0; s < state_count(); ++s) {
      partial.states.push_back(varies(s) ? lanes_.read(variable[s])
                                         : ItemValue{state_type(s), {}});
    }
    return partial;
  }
  ItemValue known(const LanePartial& partial, std::size_t s) {
    if (varies(s)) return partial.states[s];
    if (shape_.states[s] == StateClass::Constant) {
      return lanes_.splat(lanes_.frame().literal(*shape_.constants[s]));
    }
    return {state_type(s), {{lanes_.splat(partial.count), nullptr}}};
  }

 private:
  llvm::IRBuilder<>& builder() { return lanes_.frame().builder; }
  ModuleContext& module() { return lanes_.frame().module; }

  void set(const LanePartial& partial, bool as_other) {
    for (std::size_t s = 0; s < state_count(); ++s) {
      if (as_other) {
        emitter_.set_other(s, known(partial, s));
      } else {
        emitter_.set_state(s, known(partial, s));
      }
    }
  }
  LanePartial taken(llvm::Value* count) {
    LanePartial partial{{}, count};
    for (std::size_t s = 0; s < state_count(); ++s) {
      partial.states.push_back(varies(s) ? emitter_.state(s) : ItemValue{state_type(s), {}});
    }
    emitter_.end();
    return partial;
  }

  ItemEmitter& lanes_;
  AggregateEmitter emitter_;
  const AggregateShape& shape_;
};

// What both shapes need: the loop over a batch that goes on in vectors where it can, else by ticks.
class VectorWindow {
 public:
  VectorWindow(RegionEmitter& region, ScopeRun& scope, OperatorId id)
      : region_(region),
        scope_(scope),
        id_(id),
        op_(region.module().graph.op(id)),
        node_(std::get<WindowFoldOperator>(op_.kind)),
        scalar_(region.frame()),
        lanes_(region.frame(), 8),
        fold_(region, id, true) {
    opens_scope_ =
        region.module().graph.port(op_.outputs.front()).scope != scope.plan->scope_id;
  }
  virtual ~VectorWindow() = default;

  void emit() {
    if (opens_scope_) {
      outlet_ = region_.open(region_.module().graph.port(op_.outputs.front()).scope, op_.outputs,
                             builder().CreateAdd(scope_.count, number(1)));
    } else if (region_.module().plan.ports[op_.outputs.front().index()].storage !=
               Storage::Registers) {
      region_.make_columns(op_.outputs.front(), scope_.count);
    }
    fold_.load(scalar_);
    for (std::size_t i = 0; i < node_.folds.size(); ++i) {
      aggregates_.push_back(std::make_unique<LaneAggregate>(
          lanes_, node_.folds[i].aggregate_id, region_.constants(id_, node_.folds[i].constants)));
    }
    load();
    index_ = frame().slot(region_.module().i64, "index");
    builder().CreateStore(number(0), index_);
    frame().while_loop(
        "ticks", [&] { return builder().CreateICmpSLT(index(), scope_.count); },
        [&] {
          llvm::Value* enough =
              builder().CreateICmpSGE(builder().CreateSub(scope_.count, index()), number(8));
          frame().if_then_else(
              builder().CreateAnd(enough, fits()), "lanes", [&] { groups(); }, [&] { tick(); });
        });
    at_end();
    store();
    fold_.store();
    if (opens_scope_) region_.close(outlet_, scope_);
  }

 protected:
  FunctionFrame& frame() { return region_.frame(); }
  llvm::IRBuilder<>& builder() { return region_.frame().builder; }
  llvm::Value* number(std::int64_t value) { return region_.frame().int64(value); }
  llvm::Value* index() { return builder().CreateLoad(region_.module().i64, index_); }
  void advance(std::int64_t ticks) {
    builder().CreateStore(builder().CreateAdd(index(), number(ticks)), index_);
  }

  // State of the shape's own.
  virtual void load() {}
  virtual void store() {}
  // Whether eight items from here on are eight lanes.
  virtual llvm::Value* fits() = 0;
  // Handles eight items or more.
  virtual void groups() = 0;
  // One item went through the scalar form.
  virtual void ticked() {}
  virtual void at_end() {}

  WindowFoldTick::Report no_report() {
    return [](const FailTarget&) {};  // Straight folds over values do not fail.
  }

  void tick() {
    llvm::Value* at = index();
    std::vector<Cell> cells;
    for (const PortId port : op_.inputs) cells.push_back(region_.load_cell(port, at));
    std::vector<ItemValue> inputs;
    for (const Cell& cell : cells) inputs.push_back(cell.value);
    std::vector<FoldItem> items;
    for (const Fold& fold : node_.folds) {
      FoldItem item;
      for (const FunctionId argument : fold.arguments) {
        item.elements.push_back(scalar_.call(argument, inputs));
      }
      items.push_back(std::move(item));
    }
    llvm::Value* stamp = scope_.plan->wants_stamps ? region_.load_stamp(scope_, at) : nullptr;
    fold_.tick(items, no_report(), [&](const WindowFoldTick::FoldResults& results) {
      emit_scalar(results.values, at, stamp);
    });
    advance(1);
    ticked();
  }

  void emit_scalar(const std::vector<ItemValue>& results, llvm::Value* at, llvm::Value* stamp) {
    Cell cell{scalar_.call(node_.finish_id, results), nullptr};
    cell.value.type_id = region_.module().graph.port(op_.outputs.front()).type_id;
    if (opens_scope_) {
      region_.append(outlet_, {cell}, stamp, nullptr);
    } else if (region_.has_columns(op_.outputs.front())) {
      region_.store_cell(op_.outputs.front(), at, cell);
    }
  }

  // The elements of each fold for eight items.
  std::vector<std::vector<ItemValue>> elements(llvm::Value* at) {
    std::vector<ItemValue> inputs;
    for (const PortId port : op_.inputs) {
      inputs.push_back(load_lanes(region_, region_.columns(port), at).value);
    }
    std::vector<std::vector<ItemValue>> all;
    for (const Fold& fold : node_.folds) {
      all.emplace_back();
      for (const FunctionId argument : fold.arguments) {
        all.back().push_back(lanes_.call(argument, inputs));
      }
    }
    return all;
  }

  void emit_lanes(const std::vector<ItemValue>& results, llvm::Value* at) {
    Cell cell{lanes_.call(node_.finish_id, results), nullptr};
    const PortId port = op_.outputs.front();
    cell.value.type_id = region_.module().graph.port(port).type_id;
    if (!opens_scope_) {
      if (region_.has_columns(port)) store_lanes(region_, region_.columns(port), at, cell);
      return;
    }
    llvm::Value* place = builder().CreateLoad(region_.module().i64, outlet_.count);
    store_lanes(region_, region_.columns(port), place, cell);
    if (outlet_.has_stamps) {
      llvm::Value* stamps = nullptr;
      if (scope_.stamps.address != nullptr) {
        stamps = load_lanes_of_leaf(frame(), LeafKind::I64,
                                    frame().element(region_.module().i64,
                                                    scope_.stamps.address, at),
                                    scope_.stamps.memory)
                     .first;
      } else {
        llvm::Constant* steps = llvm::ConstantDataVector::get(
            *region_.module().context,
            llvm::ArrayRef<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7});
        llvm::Value* first = builder().CreateAdd(scope_.stamps.first, at);
        stamps = builder().CreateAdd(builder().CreateVectorSplat(8, first), steps);
      }
      store_lanes_of_leaf(frame(), LeafKind::I64, {stamps, nullptr},
                          frame().element(region_.module().i64, region_.stamp_address(outlet_),
                                          place),
                          region_.scope(outlet_.scope_id).stamps.memory);
    }
    builder().CreateStore(builder().CreateAdd(place, number(8)), outlet_.count);
  }

  RegionEmitter& region_;
  ScopeRun& scope_;
  const OperatorId id_;
  const Operator& op_;
  const WindowFoldOperator& node_;
  ItemEmitter scalar_;
  ItemEmitter lanes_;
  WindowFoldTick fold_;
  std::vector<std::unique_ptr<LaneAggregate>> aggregates_;
  Outlet outlet_;
  bool opens_scope_ = false;
  llvm::AllocaInst* index_ = nullptr;
};

// ---- sliding by one item ---------------------------------------------------------------------

class SlidingWindow : public VectorWindow {
 public:
  SlidingWindow(RegionEmitter& region, ScopeRun& scope, OperatorId id)
      : VectorWindow(region, scope, id),
        seen_(region.layout(), region.module(), "seen"),
        block_(node_.shape.size / 8 * 8),
        oldest_(node_.shape.size % 8) {}

 private:
  // One fold's values that are carried from group to group.
  struct Carried {
    LaneAggregate::LaneVariable prefix, ones, twos, fours;
    std::vector<Variable> old;  // The elements behind the block, eight before this group.
  };

  LaneEngine& engine(std::size_t fold) {
    auto& paned = static_cast<PanedEngine&>(fold_.engine(fold));
    return static_cast<LaneEngine&>(paned.inner());
  }
  Counter& place() { return engine(0).place(); }
  llvm::Value* get_place() {
    FoldContext any = fold_.context(0);
    return place().get(any);
  }
  void set_place(llvm::Value* value) {
    for (std::size_t f = 0; f < aggregates_.size(); ++f) {
      FoldContext each = fold_.context(f);
      engine(f).place().set(each, value);
    }
  }

  void load() override {
    FoldContext any = fold_.context(0);
    seen_.load(any);
  }
  void store() override {
    FoldContext any = fold_.context(0);
    seen_.store(any);
  }
  void ticked() override {  // Counts up to the size of the window, and stays there.
    FoldContext any = fold_.context(0);
    llvm::Value* next = builder().CreateAdd(seen_.get(any), number(1));
    seen_.set(any, builder().CreateBinaryIntrinsic(llvm::Intrinsic::smin, next,
                                                   number(node_.shape.size)));
  }

  llvm::Value* fits() override {
    FoldContext any = fold_.context(0);
    llvm::Value* is_full = builder().CreateICmpEQ(seen_.get(any), number(node_.shape.size));
    llvm::Value* lane = builder().CreateAnd(get_place(), number(7));
    return builder().CreateAnd(is_full, builder().CreateICmpEQ(lane, number(0)));
  }

  llvm::Value* has_group() {
    return builder().CreateICmpSGE(builder().CreateSub(scope_.count, index()), number(8));
  }

  void groups() override {
    carried_.clear();
    for (std::size_t f = 0; f < aggregates_.size(); ++f) load_carried(f);
    // Whole blocks and parts of blocks, as long as there are eight items.
    frame().while_loop("blocks", [&] { return has_group(); }, [&] { block_part(); });
    for (std::size_t f = 0; f < aggregates_.size(); ++f) store_carried(f);
  }

  // Goes on to the end of the block or of the items. The first group of a block starts the
  // prefixes, the last one looks at no suffix.
  void block_part() {
    const std::int64_t last = block_ - 8;
    llvm::Value* is_first = builder().CreateICmpEQ(get_place(), number(0));
    if (last == 0) {
      group(true, true);
      end_block();
      return;
    }
    frame().if_then(is_first, "first", [&] { group(true, false); });
    if (last > 8) {
      llvm::Value* left = builder().CreateSub(scope_.count, index());
      llvm::Value* items = builder().CreateAnd(left, number(~std::int64_t{7}));
      llvm::Value* end = builder().CreateBinaryIntrinsic(
          llvm::Intrinsic::smin, builder().CreateAdd(get_place(), items), number(last));
      llvm::Value* first = get_place();
      llvm::Value* start = index();
      frame().for_range(first, end, 8, "middle", [&](llvm::Value* at) {
        group_at(at, builder().CreateAdd(start, builder().CreateSub(at, first)), false, false);
      });
      llvm::Value* after = builder().CreateBinaryIntrinsic(llvm::Intrinsic::smax, first, end);
      builder().CreateStore(builder().CreateAdd(start, builder().CreateSub(after, first)), index_);
      set_place(after);
    }
    llvm::Value* is_last = builder().CreateICmpEQ(get_place(), number(last));
    frame().if_then(builder().CreateAnd(is_last, has_group()), "last", [&] {
      group(false, true);
      end_block();
    });
  }

  void group(bool is_first, bool is_last) {
    group_at(get_place(), index(), is_first, is_last);
    advance(8);
    set_place(builder().CreateAdd(get_place(), number(8)));
  }

  // Eight items from `at` on, which stand at `place` of the block.
  void group_at(llvm::Value* place, llvm::Value* at, bool is_first, bool is_last) {
    const std::int64_t q = block_ / 8;
    const std::vector<std::vector<ItemValue>> items = elements(at);
    std::vector<ItemValue> results;
    for (std::size_t f = 0; f < aggregates_.size(); ++f) {
      LaneAggregate& aggregate = *aggregates_[f];
      Carried& carried = carried_[f];
      const std::vector<std::vector<ItemValue>> behind = swap_raw(f, place, items[f]);
      // `row`: groups of this block before this one.
      llvm::Value* row = is_first ? number(0) : builder().CreateLShr(place, number(3));
      LanePartial prefix =
          is_first ? aggregate.lift(items[f])
                   : aggregate.append(aggregate.get_variable(carried.prefix, row), items[f]);
      aggregate.set_variable(carried.prefix, prefix);
      LanePartial one = prefix;
      if (!is_last) {
        llvm::Value* next = builder().CreateAdd(place, number(8));
        llvm::Value* below = builder().CreateSub(number(q - 1), row);
        one = aggregate.join(aggregate.load(engine(f).suffix(), next, below), prefix);
      }
      one.count = number(q);
      const LanePartial ones = aggregate.get_variable(carried.ones, number(q));
      LanePartial two = aggregate.join(aggregate.shifted(ones, one, 7), one);
      const LanePartial twos = aggregate.get_variable(carried.twos, number(2 * q));
      LanePartial four = aggregate.join(aggregate.shifted(twos, two, 6), two);
      const LanePartial fours = aggregate.get_variable(carried.fours, number(4 * q));
      LanePartial whole = aggregate.join(aggregate.shifted(fours, four, 4), four);
      aggregate.set_variable(carried.ones, one);
      aggregate.set_variable(carried.twos, two);
      aggregate.set_variable(carried.fours, four);
      if (oldest_ > 0) whole = aggregate.join(oldest(f, behind), whole);
      results.push_back(aggregate.result(whole));
    }
    emit_lanes(results, at);
  }

  // Puts the new elements in the ring. Gives those that they replace, with the eight before them: B
  // to B + 8 items ago.
  std::vector<std::vector<ItemValue>> swap_raw(std::size_t f, llvm::Value* place,
                                               const std::vector<ItemValue>& items) {
    ElementRing& raw = engine(f).raw();
    std::vector<std::vector<ItemValue>> behind(2);
    for (std::size_t e = 0; e < items.size(); ++e) {
      const std::vector<Leaf>& leaves = region_.module().leaves(items[e].type_id);
      ItemValue replaced{items[e].type_id, {}};
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        llvm::Value* address = frame().element(region_.module().memory_type(leaves[i].kind),
                                               raw.address(e, i), place);
        if (oldest_ > 0) {
          replaced.leaves.push_back(
              load_lanes_of_leaf(frame(), leaves[i].kind, address, raw.memory(e, i)));
        }
        store_lanes_of_leaf(frame(), leaves[i].kind, items[e].leaves[i], address,
                            raw.memory(e, i));
      }
      if (oldest_ == 0) continue;
      behind[0].push_back(lanes_.read(carried_[f].old[e]));
      behind[1].push_back(replaced);
      lanes_.assign(carried_[f].old[e], replaced);
    }
    return behind;
  }

  // The m oldest items of each lane's window, from the left.
  LanePartial oldest(std::size_t f, const std::vector<std::vector<ItemValue>>& behind) {
    LaneAggregate& aggregate = *aggregates_[f];
    LanePartial all;
    for (std::int64_t back = oldest_ - 1; back >= 0; --back) {
      std::vector<ItemValue> elements = behind[1];
      for (std::size_t e = 0; e < elements.size(); ++e) {
        for (std::size_t i = 0; i < elements[e].leaves.size(); ++i) {
          elements[e].leaves[i].first =
              aggregate.shift(behind[0][e].leaves[i].first, behind[1][e].leaves[i].first,
                              static_cast<int>(8 - back));
        }
      }
      all = back == oldest_ - 1 ? aggregate.lift(elements) : aggregate.append(all, elements);
    }
    return all;
  }

  // The suffixes of the block that has just been filled, from its end on.
  void end_block() {
    for (std::size_t f = 0; f < aggregates_.size(); ++f) {
      LaneAggregate& aggregate = *aggregates_[f];
      LaneEngine& lanes = engine(f);
      if (block_ > 8) {
        LanePartial last = aggregate.lift(raw_elements(f, number(block_ - 8)));
        aggregate.store(lanes.suffix(), number(block_ - 8), last, false);
        const LaneAggregate::LaneVariable running = aggregate.variable("suffix");
        aggregate.set_variable(running, last);
        frame().for_range(number(2), number(block_ / 8), 1, "suffix", [&](llvm::Value* row) {
          llvm::Value* at = builder().CreateSub(
              number(block_), builder().CreateMul(row, number(8)));
          const LanePartial behind = aggregate.get_variable(
              running, builder().CreateSub(row, number(1)));
          const LanePartial suffix =
              aggregate.join(aggregate.lift(raw_elements(f, at)), behind);
          aggregate.store(lanes.suffix(), at, suffix, false);
          aggregate.set_variable(running, suffix);
        });
      }
    }
    set_place(number(0));
  }

  std::vector<ItemValue> raw_elements(std::size_t f, llvm::Value* place) {
    ElementRing& raw = engine(f).raw();
    const CheckedAggregate& aggregate =
        region_.module().program.aggregate(node_.folds[f].aggregate_id);
    std::vector<ItemValue> all;
    for (std::size_t e = 0; e < aggregate.elements.size(); ++e) {
      ItemValue element{aggregate.locals[aggregate.elements[e]].type_id, {}};
      const std::vector<Leaf>& leaves = region_.module().leaves(element.type_id);
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        llvm::Value* address = frame().element(region_.module().memory_type(leaves[i].kind),
                                               raw.address(e, i), place);
        element.leaves.push_back(
            load_lanes_of_leaf(frame(), leaves[i].kind, address, raw.memory(e, i)));
      }
      all.push_back(std::move(element));
    }
    return all;
  }

  void load_carried(std::size_t f) {
    LaneAggregate& aggregate = *aggregates_[f];
    LaneEngine& lanes = engine(f);
    llvm::Value* any = number(0);  // Counts are known where they are used.
    Carried carried{aggregate.variable("prefix"), aggregate.variable("ones"),
                    aggregate.variable("twos"), aggregate.variable("fours"), {}};
    aggregate.set_variable(carried.prefix, aggregate.load(lanes.prefix(), number(0), any));
    aggregate.set_variable(carried.ones, aggregate.load(lanes.ones(), number(0), any));
    aggregate.set_variable(carried.twos, aggregate.load(lanes.twos(), number(0), any));
    aggregate.set_variable(carried.fours, aggregate.load(lanes.fours(), number(0), any));
    if (ElementRing* old = lanes.old()) {
      const CheckedAggregate& checked =
          region_.module().program.aggregate(node_.folds[f].aggregate_id);
      for (std::size_t e = 0; e < checked.elements.size(); ++e) {
        const TypeId type_id = checked.locals[checked.elements[e]].type_id;
        ItemValue value{type_id, {}};
        const std::vector<Leaf>& leaves = region_.module().leaves(type_id);
        for (std::size_t i = 0; i < leaves.size(); ++i) {
          value.leaves.push_back(load_lanes_of_leaf(frame(), leaves[i].kind, old->address(e, i),
                                                    old->memory(e, i)));
        }
        carried.old.push_back(lanes_.variable(type_id, "old"));
        lanes_.assign(carried.old.back(), value);
      }
    }
    carried_.push_back(std::move(carried));
  }

  void store_carried(std::size_t f) {
    LaneAggregate& aggregate = *aggregates_[f];
    LaneEngine& lanes = engine(f);
    const Carried& carried = carried_[f];
    const std::int64_t q = block_ / 8;
    const auto put = [&](PartialArray& array, const LaneAggregate::LaneVariable& variable,
                         llvm::Value* count) {
      aggregate.store(array, number(0), aggregate.get_variable(variable, count), true);
      aggregate.set_status(array, true);
    };
    put(lanes.prefix(), carried.prefix, builder().CreateLShr(get_place(), number(3)));
    put(lanes.ones(), carried.ones, number(q));
    put(lanes.twos(), carried.twos, number(2 * q));
    put(lanes.fours(), carried.fours, number(4 * q));
    llvm::Value* is_new_block = builder().CreateICmpEQ(get_place(), number(0));
    frame().if_then(is_new_block, "new.block", [&] { aggregate.set_status(lanes.prefix(), false); });
    ElementRing* old = lanes.old();
    if (old == nullptr) return;
    for (std::size_t e = 0; e < carried.old.size(); ++e) {
      const ItemValue value = lanes_.read(carried.old[e]);
      const std::vector<Leaf>& leaves = region_.module().leaves(value.type_id);
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        store_lanes_of_leaf(frame(), leaves[i].kind, value.leaves[i], old->address(e, i),
                            old->memory(e, i));
      }
    }
    frame().store(number(0x0101010101010101), old->present_address(), old->present_memory());
  }

  Counter seen_;
  const std::int64_t block_;   // B
  const std::int64_t oldest_;  // m
  std::vector<Carried> carried_;
};

// ---- one pane --------------------------------------------------------------------------------

class TumblingWindow : public VectorWindow {
 public:
  TumblingWindow(RegionEmitter& region, ScopeRun& scope, OperatorId id)
      : VectorWindow(region, scope, id),
        lead_(node_.shape.partial ? node_.shape.every - node_.shape.size : 0),
        whole_(node_.shape.size / 8 * 8) {}

 private:
  PaneEngine& engine(std::size_t fold) { return static_cast<PaneEngine&>(fold_.engine(fold)); }
  llvm::Value* rank() {
    FoldContext any = fold_.context(0);
    return builder().CreateSub(engine(0).phase().get(any), number(lead_));
  }

  llvm::Value* fits() override {
    llvm::Value* at = rank();
    llvm::Value* lane = builder().CreateAnd(at, number(7));
    llvm::Value* is_lane_0 = builder().CreateICmpEQ(lane, number(0));
    return builder().CreateAnd(is_lane_0, builder().CreateICmpULT(at, number(whole_)));
  }

  void groups() override {
    llvm::Value* first = rank();
    llvm::Value* start = index();
    llvm::Value* left = builder().CreateAnd(builder().CreateSub(scope_.count, start),
                                            number(~std::int64_t{7}));
    llvm::Value* end = builder().CreateBinaryIntrinsic(
        llvm::Intrinsic::smin, builder().CreateAdd(first, left), number(whole_));
    std::vector<LaneAggregate::LaneVariable> running;
    for (std::size_t f = 0; f < aggregates_.size(); ++f) {
      running.push_back(aggregates_[f]->variable("lanes"));
    }
    const auto group = [&](llvm::Value* at, bool is_first) {
      llvm::Value* place = builder().CreateAdd(start, builder().CreateSub(at, first));
      const std::vector<std::vector<ItemValue>> items = elements(place);
      llvm::Value* row = builder().CreateLShr(at, number(3));
      for (std::size_t f = 0; f < aggregates_.size(); ++f) {
        LaneAggregate& aggregate = *aggregates_[f];
        aggregate.set_variable(
            running[f], is_first ? aggregate.lift(items[f])
                                 : aggregate.append(aggregate.get_variable(running[f], row),
                                                    items[f]));
      }
    };
    llvm::AllocaInst* next = frame().slot(region_.module().i64, "rank");
    builder().CreateStore(first, next);
    frame().if_then_else(
        builder().CreateICmpEQ(first, number(0)), "first",
        [&] {
          group(number(0), true);
          builder().CreateStore(number(8), next);
        },
        [&] {
          for (std::size_t f = 0; f < aggregates_.size(); ++f) {
            aggregates_[f]->set_variable(
                running[f], aggregates_[f]->load(engine(f).lanes(), number(0), number(0)));
          }
        });
    frame().for_range(builder().CreateLoad(region_.module().i64, next), end, 8, "pane",
                      [&](llvm::Value* at) { group(at, false); });
    llvm::Value* taken = builder().CreateSub(end, first);
    builder().CreateStore(builder().CreateAdd(start, taken), index_);
    llvm::Value* rows = builder().CreateLShr(end, number(3));
    finish(running, taken, end, rows);
  }

  // After the groups: the window is due, or its lanes wait for what follows.
  void finish(const std::vector<LaneAggregate::LaneVariable>& running, llvm::Value* taken,
              llvm::Value* end, llvm::Value* rows) {
    FoldContext any = fold_.context(0);
    llvm::Value* until = builder().CreateSub(fold_.until().get(any), taken);
    fold_.until().set(any, until);
    for (std::size_t f = 0; f < aggregates_.size(); ++f) {
      FoldContext each = fold_.context(f);
      llvm::Value* phase = builder().CreateAdd(end, number(lead_));
      llvm::Value* is_over = builder().CreateICmpEQ(phase, number(node_.shape.every));
      engine(f).phase().set(each, builder().CreateSelect(is_over, number(0), phase));
    }
    const auto wait = [&] {
      for (std::size_t f = 0; f < aggregates_.size(); ++f) {
        aggregates_[f]->store(engine(f).lanes(), number(0),
                              aggregates_[f]->get_variable(running[f], rows), true);
        aggregates_[f]->set_status(engine(f).lanes(), true);
      }
    };
    if (whole_ != node_.shape.size) {
      wait();
      return;
    }
    frame().if_then_else(
        builder().CreateICmpEQ(end, number(whole_)), "window",
        [&] {
          std::vector<ItemValue> results;
          for (std::size_t f = 0; f < aggregates_.size(); ++f) {
            results.push_back(tree(f, running[f]));
            aggregates_[f]->set_status(engine(f).lanes(), false);
          }
          llvm::Value* last = builder().CreateSub(index(), number(1));
          llvm::Value* stamp =
              scope_.plan->wants_stamps ? region_.load_stamp(scope_, last) : nullptr;
          emit_scalar(results, last, stamp);
          fold_.until().set(any, number(node_.shape.every));
          fold_.emitted().set(any, number(1));
        },
        wait);
  }

  // The result of a full pane: neighbours, then pairs, then halves.
  ItemValue tree(std::size_t f, const LaneAggregate::LaneVariable& running) {
    LaneAggregate& aggregate = *aggregates_[f];
    LanePartial all = aggregate.get_variable(running, number(whole_ / 8));
    for (int width = 1; width < 8; width *= 2) {
      LanePartial right = all;
      for (ItemValue& state : right.states) {
        for (LeafValue& leaf : state.leaves) {
          std::vector<int> order;
          for (int lane = 0; lane < 8; ++lane) {
            order.push_back(lane % (2 * width) == 0 ? lane + width : lane);
          }
          leaf.first = builder().CreateShuffleVector(leaf.first, order);
        }
      }
      all = aggregate.join(all, right);
    }
    ItemValue result = aggregate.result(all);
    for (LeafValue& leaf : result.leaves) {
      leaf.first = builder().CreateExtractElement(leaf.first, std::uint64_t{0});
    }
    return result;
  }

  void at_end() override {
    if (!node_.shape.rest) return;
    frame().if_then(scope_.is_end, "end", [&] {
      llvm::Value* stamp = region_.end_time_of(scope_.plan->scope_id);
      fold_.rest(no_report(), [&](const WindowFoldTick::FoldResults& results) {
        emit_scalar(results.values, scope_.count, stamp);
      });
    });
  }

  const std::int64_t lead_;
  const std::int64_t whole_;  // The ticks of a pane that fill eight lanes.
};

}  // namespace

void emit_vector_window(RegionEmitter& region, ScopeRun& scope, OperatorId id) {
  const auto& node = std::get<WindowFoldOperator>(region.module().graph.op(id).kind);
  if (node.shape.every >= node.shape.size) {
    TumblingWindow(region, scope, id).emit();
  } else {
    SlidingWindow(region, scope, id).emit();
  }
}

}  // namespace streamc
