// Straight maps and filters, eight ticks a turn: maps in vector registers, what is chosen compressed at
// the end. The last, incomplete turn runs the same code once more, with a mask.
#include "compiler/codegen/compress.h"
#include "compiler/codegen/loops.h"
#include "compiler/codegen/vector_lanes.h"
#include "compiler/support/assert.h"
#include "compiler/support/match.h"

namespace streamc {

LeafValue load_lanes_of_leaf(FunctionFrame& frame, LeafKind kind, llvm::Value* address,
                             MemoryObject memory) {
  llvm::Type* type = frame.module.memory_type(kind);
  llvm::Value* lanes = frame.load(llvm::FixedVectorType::get(type, 8), address, memory, "",
                                  kind == LeafKind::I8 ? 1 : 8);
  if (kind == LeafKind::I8) {
    lanes = frame.builder.CreateICmpNE(lanes, llvm::Constant::getNullValue(lanes->getType()));
  }
  return {lanes, nullptr};
}

void store_lanes_of_leaf(FunctionFrame& frame, LeafKind kind, const LeafValue& value,
                         llvm::Value* address, MemoryObject memory) {
  llvm::Value* lanes = value.first;
  if (kind == LeafKind::I8) {
    lanes = frame.builder.CreateZExt(lanes, llvm::FixedVectorType::get(frame.module.i8, 8));
  }
  frame.store(lanes, address, memory, kind == LeafKind::I8 ? 1 : 8);
}

Cell load_lanes(RegionEmitter& region, const Columns& columns, llvm::Value* index) {
  FunctionFrame& frame = region.frame();
  const std::vector<Leaf>& leaves = region.module().leaves(columns.type_id);
  Cell cell{{columns.type_id, {}}, nullptr};
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    llvm::Value* address = frame.element(region.module().memory_type(leaves[i].kind),
                                         columns.addresses[i], index);
    cell.value.leaves.push_back(
        load_lanes_of_leaf(frame, leaves[i].kind, address, columns.memory[i]));
  }
  if (columns.valid != nullptr) {
    cell.valid = load_lanes_of_leaf(frame, LeafKind::I8,
                                    frame.element(region.module().i8, columns.valid, index),
                                    columns.valid_memory)
                     .first;
  }
  return cell;
}

namespace {

llvm::Value* canonical(FunctionFrame& frame, llvm::Value* lanes) {
  return frame.builder.CreateSelect(frame.builder.CreateFCmpORD(lanes, lanes), lanes,
                                    llvm::ConstantFP::getNaN(lanes->getType()));
}

// Whether a value is the lanes themselves, or was read from the one variable that holds nothing else.
bool is_value_of(llvm::Value* value, const llvm::Value* lanes) {
  if (value == lanes) return true;
  const auto* load = llvm::dyn_cast<llvm::LoadInst>(value);
  if (load == nullptr || !llvm::isa<llvm::AllocaInst>(load->getPointerOperand())) return false;
  std::size_t stores = 0;
  bool holds_lanes = false;
  for (const llvm::User* user : load->getPointerOperand()->users()) {
    if (llvm::isa<llvm::LoadInst>(user)) continue;
    const auto* store = llvm::dyn_cast<llvm::StoreInst>(user);
    holds_lanes = store != nullptr && store->getValueOperand() == lanes;
    ++stores;
  }
  return stores == 1 && holds_lanes;
}

// Whether `mask` holds only where the lanes are no NaN: it asks for a comparison that NaN fails.
bool excludes_nan(llvm::Value* mask, llvm::Value* lanes) {
  if (mask == nullptr) return false;
  if (const auto* compare = llvm::dyn_cast<llvm::FCmpInst>(mask)) {
    const bool is_of_lanes =
        is_value_of(compare->getOperand(0), lanes) || is_value_of(compare->getOperand(1), lanes);
    return is_of_lanes && llvm::FCmpInst::isOrdered(compare->getPredicate());
  }
  const auto* both = llvm::dyn_cast<llvm::BinaryOperator>(mask);
  return both != nullptr && both->getOpcode() == llvm::Instruction::And &&
         (excludes_nan(both->getOperand(0), lanes) || excludes_nan(both->getOperand(1), lanes));
}

}  // namespace

void store_lanes(RegionEmitter& region, const Columns& columns, llvm::Value* index,
                 const Cell& cell) {
  FunctionFrame& frame = region.frame();
  const std::vector<Leaf>& leaves = region.module().leaves(columns.type_id);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    LeafValue value = cell.value.leaves[i];
    if (columns.canonical_nan && leaves[i].kind == LeafKind::F64) {
      value.first = canonical(frame, value.first);
    }
    llvm::Value* address = frame.element(region.module().memory_type(leaves[i].kind),
                                         columns.addresses[i], index);
    store_lanes_of_leaf(frame, leaves[i].kind, value, address, columns.memory[i]);
  }
  if (columns.valid == nullptr) return;
  llvm::Value* valid = cell.valid != nullptr
                           ? cell.valid
                           : llvm::ConstantInt::getTrue(
                                 llvm::FixedVectorType::get(region.module().i1, 8));
  store_lanes_of_leaf(frame, LeafKind::I8, {valid, nullptr},
                      frame.element(region.module().i8, columns.valid, index),
                      columns.valid_memory);
}

namespace {

class VectorLoop {
 public:
  VectorLoop(RegionEmitter& region, ScopeRun& scope, const LoopPlan& plan)
      : region_(region), scope_(scope), plan_(plan), items_(region.frame(), 8) {}

  void emit() {
    for (const OperatorId id : plan_.operators) {
      const Operator& op = graph().op(id);
      const ScopeId opened = graph().port(op.outputs.front()).scope;
      if (opened != scope_.plan->scope_id) {
        outlets_[id] = region_.open(opened, op.outputs, scope_.count);
        continue;
      }
      const PortId port = op.outputs.front();
      if (region_.module().plan.ports[port.index()].storage != Storage::Registers) {
        region_.make_columns(port, scope_.count);
      }
    }
    for (const QueueIndex queue : plan_.compacting) {
      compacting_.push_back(region_.open_compacting(queue, scope_.count));
    }
    llvm::Value* whole = builder().CreateAnd(scope_.count, frame().int64(~std::int64_t{7}));
    frame().for_range(frame().int64(0), whole, 8, "ticks",
                      [&](llvm::Value* i) { turn(i, nullptr); });
    llvm::Value* left = builder().CreateAnd(scope_.count, frame().int64(7));
    frame().if_then(builder().CreateICmpNE(left, frame().int64(0)), "ticks.last", [&] {
      llvm::Value* narrow = builder().CreateTrunc(left, region_.module().i8);
      llvm::Value* mask = builder().CreateICmpULT(
          llvm::ConstantDataVector::get(*region_.module().context,
                                        llvm::ArrayRef<std::uint8_t>{0, 1, 2, 3, 4, 5, 6, 7}),
          builder().CreateVectorSplat(8, narrow));
      turn(whole, mask);
    });
    for (auto& [id, outlet] : outlets_) region_.close(outlet, scope_);
    for (const auto& queue : compacting_) region_.close_compacting(queue);
  }

 private:
  FunctionFrame& frame() { return region_.frame(); }
  llvm::IRBuilder<>& builder() { return region_.frame().builder; }
  const Graph& graph() { return region_.module().graph; }

  // `mask`: the lanes that are ticks; null: all.
  void turn(llvm::Value* index, llvm::Value* mask) {
    cells_.clear();
    index_ = index;
    mask_ = mask;
    for (const OperatorId id : plan_.operators) apply(id);
    for (const RegionEmitter::CompactingQueue& queue : compacting_) {
      const Cell cell = input(region_.module().plan.queues[queue.queue].port);
      append({&queue.columns}, {cell}, queue.has_stamps ? queue.stamps.address : nullptr,
             queue.stamps.memory, queue.count, cell.valid);
    }
  }

  Cell input(PortId port) {
    const auto found = cells_.find(port);
    if (found != cells_.end()) return found->second;
    return cells_[port] = load_lanes(region_, region_.columns(port), index_);
  }

  void define(PortId port, Cell cell) {
    cell.value.type_id = graph().port(port).type_id;
    cells_[port] = cell;
    if (region_.has_columns(port)) store_lanes(region_, region_.columns(port), index_, cell);
  }

  llvm::Value* both(llvm::Value* a, llvm::Value* b) {
    if (a == nullptr) return b;
    return b == nullptr ? a : builder().CreateAnd(a, b);
  }

  Cell call(FunctionId function, const std::vector<Cell>& cells) {
    std::vector<ItemValue> values;
    llvm::Value* valid = nullptr;
    for (const Cell& cell : cells) {
      values.push_back(cell.value);
      valid = both(valid, cell.valid);
    }
    return {items_.call(function, values), valid};
  }

  void apply(OperatorId id) {
    const Operator& op = graph().op(id);
    std::vector<Cell> cells;
    for (const PortId port : op.inputs) cells.push_back(input(port));
    if (const auto* map = std::get_if<MapOperator>(&op.kind)) {
      define(op.outputs.front(), call(map->function_id, cells));
    } else if (const auto* where = std::get_if<WhereOperator>(&op.kind)) {
      const Cell kept = call(where->predicate_id, cells);
      append(id, cells, both(kept.valid, kept.value.leaves.front().first));
    } else if (const auto* filter = std::get_if<FilterMapOperator>(&op.kind)) {
      Cell chosen = call(filter->function_id, cells);
      llvm::Value* keep = both(chosen.valid, chosen.value.leaves.front().first);
      chosen.value.leaves.erase(chosen.value.leaves.begin());
      append(id, {chosen}, keep);
    } else {
      otherwise(id, op, std::get<ElseOperator>(op.kind), cells.front());
    }
  }

  void otherwise(OperatorId id, const Operator& op, const ElseOperator& node, Cell cell) {
    if (node.none_counts) {
      llvm::Value* present = cell.value.leaves.front().first;
      cell.value.leaves.erase(cell.value.leaves.begin());
      cell.valid = both(cell.valid, present);
    }
    if (node.mode == ElseMode::Skip) {
      append(id, {cell}, cell.valid);
      return;
    }
    if (cell.valid != nullptr) {
      const ItemValue fallback = items_.call(node.fallback_id, {});
      cell.value = items_.select(cell.valid, cell.value, fallback);
      cell.valid = nullptr;
    }
    define(op.outputs.front(), cell);
  }

  void append(OperatorId id, const std::vector<Cell>& cells, llvm::Value* keep) {
    Outlet& outlet = outlets_.at(id);
    std::vector<const Columns*> columns;
    for (const PortId port : outlet.ports) columns.push_back(&region_.columns(port));
    append(columns, cells, outlet.has_stamps ? region_.stamp_address(outlet) : nullptr,
           region_.scope(outlet.scope_id).stamps.memory, outlet.count, keep);
  }

  void append(const std::vector<const Columns*>& columns, const std::vector<Cell>& cells,
              llvm::Value* stamps, MemoryObject stamp_memory, llvm::AllocaInst* count,
              llvm::Value* keep) {
    std::vector<CompressColumn> parts;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::vector<Leaf>& leaves = region_.module().leaves(columns[c]->type_id);
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        llvm::Value* lanes = cells[c].value.leaves[i].first;
        const bool may_be_nan = leaves[i].kind == LeafKind::F64 && !excludes_nan(keep, lanes);
        if (columns[c]->canonical_nan && may_be_nan) lanes = canonical(frame(), lanes);
        parts.push_back(
            {columns[c]->addresses[i], columns[c]->memory[i], leaves[i].kind, lanes});
      }
      if (columns[c]->valid != nullptr) {  // What is chosen here holds a value.
        llvm::Value* ones =
            llvm::ConstantInt::getTrue(llvm::FixedVectorType::get(region_.module().i1, 8));
        parts.push_back({columns[c]->valid, columns[c]->valid_memory, LeafKind::I8, ones});
      }
    }
    if (stamps != nullptr) parts.push_back({stamps, stamp_memory, LeafKind::I64, stamp_lanes()});
    keep = both(keep, mask_);
    if (keep == nullptr) {
      keep = llvm::ConstantInt::getTrue(llvm::FixedVectorType::get(region_.module().i1, 8));
    }
    llvm::Value* place = builder().CreateLoad(region_.module().i64, count);
    builder().CreateStore(append_chosen(frame(), parts, place, keep), count);
  }

  llvm::Value* stamp_lanes() {
    ModuleContext& module = region_.module();
    if (scope_.stamps.address != nullptr) {
      return load_lanes_of_leaf(frame(), LeafKind::I64,
                                frame().element(module.i64, scope_.stamps.address, index_),
                                scope_.stamps.memory)
          .first;
    }
    llvm::Value* first = builder().CreateAdd(scope_.stamps.first, index_);
    llvm::Constant* steps = llvm::ConstantDataVector::get(
        *module.context, llvm::ArrayRef<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7});
    return builder().CreateAdd(builder().CreateVectorSplat(8, first), steps);
  }

  RegionEmitter& region_;
  ScopeRun& scope_;
  const LoopPlan& plan_;
  ItemEmitter items_;
  std::map<OperatorId, Outlet> outlets_;
  std::vector<RegionEmitter::CompactingQueue> compacting_;
  std::map<PortId, Cell> cells_;
  llvm::Value* index_ = nullptr;
  llvm::Value* mask_ = nullptr;
};

}  // namespace

void emit_vector_loop(RegionEmitter& region, ScopeRun& scope, const LoopPlan& plan) {
  VectorLoop(region, scope, plan).emit();
}

}  // namespace streamc
