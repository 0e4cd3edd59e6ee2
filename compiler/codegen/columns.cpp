// Columns of a region: where ticks are in memory, and the scopes that operators open; see region.h.
#include "compiler/codegen/region.h"
#include "compiler/support/assert.h"
#include "runtime/abi/stream_abi.h"

namespace streamc {

namespace {

// Ticks behind the last one that vector code may touch, and `rest` may add.
constexpr std::int64_t kSpareTicks = 16;

}  // namespace

llvm::Value* RegionEmitter::allocate_ticks(llvm::Value* ticks, std::int64_t bytes_per_tick) {
  llvm::IRBuilder<>& builder = frame().builder;
  llvm::Value* bytes = builder.CreateMul(builder.CreateAdd(ticks, frame().int64(kSpareTicks)),
                                         frame().int64(bytes_per_tick));
  return frame().call("stream_arena_allocate", {frame().runtime, bytes});
}

llvm::Value* RegionEmitter::reserve(QueueIndex queue, llvm::Value* ticks) {
  const auto found = outputs_.find(queue);
  if (found != outputs_.end()) return found->second;
  llvm::Value* output = frame().slot(module_.output_type, "output");
  frame().call("stream_queue_reserve",
               {frame().runtime, frame().int32(queue), ticks, output});
  outputs_[queue] = output;
  return output;
}

llvm::Value* RegionEmitter::output_field(llvm::Value* output, unsigned field) {
  llvm::IRBuilder<>& builder = frame().builder;
  llvm::Value* address = builder.CreateStructGEP(module_.output_type, output, field);
  return builder.CreateLoad(module_.output_type->getElementType(field), address);
}

void RegionEmitter::make_columns(PortId id, llvm::Value* ticks) {
  const Port& port = module_.graph.port(id);
  const PortPlan& port_plan = module_.plan.ports[id.index()];
  const std::vector<Leaf>& leaves = module_.leaves(port.type_id);
  Columns columns{.type_id = port.type_id};
  if (port_plan.storage == Storage::Queue) {
    const QueueIndex queue = port_plan.queues.front();
    llvm::Value* output = reserve(queue, ticks);
    llvm::Value* addresses = output_field(output, 0);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      llvm::Value* place = frame().element(module_.pointer, addresses,
                                           frame().int64(static_cast<std::int64_t>(i)));
      columns.addresses.push_back(frame().builder.CreateLoad(module_.pointer, place));
    }
    if (port.may_hold_holes) columns.valid = output_field(output, 1);
    columns.canonical_nan = module_.plan.queues[queue].is_sink;
  } else {
    STREAM_ASSERT(port_plan.storage == Storage::Scratch, "columns of `{}` are made elsewhere",
                  port.name);
    for (const Leaf& leaf : leaves) {
      columns.addresses.push_back(
          allocate_ticks(ticks, leaf.count * leaf_kind_size(leaf.kind)));
    }
    if (port.may_hold_holes) columns.valid = allocate_ticks(ticks, 1);
  }
  for (std::size_t i = 0; i < leaves.size(); ++i) columns.memory.push_back(frame().new_memory());
  columns.slots.assign(leaves.size(), nullptr);
  if (columns.valid != nullptr) columns.valid_memory = frame().new_memory();
  columns_[id] = std::move(columns);
}

Outlet RegionEmitter::open(ScopeId scope_id, const std::vector<PortId>& ports, llvm::Value* ticks,
                           bool can_grow) {
  ScopeRun& run = scopes_.at(scope_id);
  Outlet outlet{.scope_id = scope_id, .ports = ports};
  outlet.count = frame().slot(module_.i64, "count");
  frame().builder.CreateStore(frame().int64(0), outlet.count);
  outlet.has_stamps = run.plan->wants_stamps;
  for (const PortId port : ports) make_columns(port, ticks);
  if (outlet.has_stamps) {
    run.stamps.memory = frame().new_memory();
    for (const PortId port : ports) {
      const PortPlan& port_plan = module_.plan.ports[port.index()];
      if (port_plan.storage != Storage::Queue || run.stamps.address != nullptr) continue;
      const QueueIndex queue = port_plan.queues.front();
      if (!module_.plan.queues[queue].has_stamps) continue;
      run.stamps.address = output_field(outputs_.at(queue), 2);
      stamps_written_[queue] = true;
    }
    if (run.stamps.address == nullptr) run.stamps.address = allocate_ticks(ticks, 8);
  }
  if (!can_grow) return outlet;

  llvm::IRBuilder<>& builder = frame().builder;
  const auto in_slot = [&](llvm::Value* address) {
    llvm::AllocaInst* slot = frame().slot(module_.pointer, "column");
    builder.CreateStore(address, slot);
    return slot;
  };
  outlet.capacity = frame().slot(module_.i64, "capacity");
  builder.CreateStore(ticks, outlet.capacity);
  for (const PortId port : ports) {
    Columns& columns = columns_.at(port);
    for (std::size_t i = 0; i < columns.addresses.size(); ++i) {
      columns.slots[i] = in_slot(columns.addresses[i]);
    }
    if (columns.valid != nullptr) columns.valid_slot = in_slot(columns.valid);
  }
  if (outlet.has_stamps) run.stamps.slot = in_slot(run.stamps.address);
  return outlet;
}

void RegionEmitter::grow(Outlet& outlet, llvm::Value* more) {
  STREAM_ASSERT(outlet.capacity != nullptr, "these columns have a fixed size");
  llvm::IRBuilder<>& builder = frame().builder;
  llvm::Value* count = builder.CreateLoad(module_.i64, outlet.count);
  llvm::Value* capacity = builder.CreateLoad(module_.i64, outlet.capacity);
  llvm::Value* needed = builder.CreateAdd(count, more);
  const auto move = [&](llvm::AllocaInst* slot, llvm::Value* ticks, std::int64_t bytes) {
    if (slot == nullptr) return;
    llvm::Value* larger = allocate_ticks(ticks, bytes);
    llvm::Value* old = builder.CreateLoad(module_.pointer, slot);
    builder.CreateMemCpy(larger, llvm::MaybeAlign(8), old, llvm::MaybeAlign(1),
                         frame().byte_count(builder.CreateMul(count, frame().int64(bytes))));
    builder.CreateStore(larger, slot);
  };
  frame().if_then(
      builder.CreateICmpSGT(needed, capacity), "grow",
      [&] {
        llvm::Value* twice = builder.CreateShl(capacity, 1);
        llvm::Value* ticks = builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax, twice, needed);
        for (const PortId port : outlet.ports) {
          Columns& columns = columns_.at(port);
          const std::vector<Leaf>& leaves = module_.leaves(columns.type_id);
          for (std::size_t i = 0; i < leaves.size(); ++i) {
            move(columns.slots[i], ticks, leaves[i].count * leaf_kind_size(leaves[i].kind));
          }
          move(columns.valid_slot, ticks, 1);
        }
        if (outlet.has_stamps) move(scopes_.at(outlet.scope_id).stamps.slot, ticks, 8);
        builder.CreateStore(ticks, outlet.capacity);
      },
      true);
}

llvm::Value* RegionEmitter::stamp_address(const Outlet& outlet) {
  const Stamps& stamps = scopes_.at(outlet.scope_id).stamps;
  if (stamps.slot == nullptr) return stamps.address;
  return frame().builder.CreateLoad(module_.pointer, stamps.slot);
}

void RegionEmitter::append(Outlet& outlet, const std::vector<Cell>& cells, llvm::Value* stamp,
                           llvm::Value* keep) {
  llvm::IRBuilder<>& builder = frame().builder;
  llvm::Value* place = builder.CreateLoad(module_.i64, outlet.count);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    store_columns(columns_.at(outlet.ports[i]), place, cells[i]);
  }
  if (outlet.has_stamps) {
    const Stamps& stamps = scopes_.at(outlet.scope_id).stamps;
    frame().store(stamp, frame().element(module_.i64, stamp_address(outlet), place),
                  stamps.memory);
  }
  llvm::Value* step = keep == nullptr ? frame().int64(1) : builder.CreateZExt(keep, module_.i64);
  builder.CreateStore(builder.CreateAdd(place, step), outlet.count);
}

void RegionEmitter::close(Outlet& outlet, const ScopeRun& parent) {
  llvm::IRBuilder<>& builder = frame().builder;
  ScopeRun& run = scopes_.at(outlet.scope_id);
  run.count = builder.CreateLoad(module_.i64, outlet.count, "ticks");
  run.is_end = parent.is_end;
  if (outlet.capacity == nullptr) return;
  for (const PortId port : outlet.ports) {
    Columns& columns = columns_.at(port);
    for (std::size_t i = 0; i < columns.slots.size(); ++i) {
      columns.addresses[i] = builder.CreateLoad(module_.pointer, columns.slots[i]);
      columns.slots[i] = nullptr;
    }
    if (columns.valid_slot != nullptr) {
      columns.valid = builder.CreateLoad(module_.pointer, columns.valid_slot);
      columns.valid_slot = nullptr;
    }
  }
  if (run.stamps.slot != nullptr) {
    run.stamps.address = builder.CreateLoad(module_.pointer, run.stamps.slot);
    run.stamps.slot = nullptr;
  }
}

Cell RegionEmitter::load_cell(PortId id, llvm::Value* index) {
  STREAM_ASSERT(columns_.contains(id), "port {} is in no column", id);
  const Columns& columns = columns_.at(id);
  const std::vector<Leaf>& leaves = module_.leaves(columns.type_id);
  llvm::IRBuilder<>& builder = frame().builder;
  Cell cell{{columns.type_id, {}}, nullptr};
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    llvm::Value* first = leaves[i].count == 1
                             ? index
                             : builder.CreateMul(index, frame().int64(leaves[i].count));
    llvm::Value* address =
        frame().element(module_.memory_type(leaves[i].kind), columns.addresses[i], first);
    cell.value.leaves.push_back(frame().load_leaf(leaves[i], address, columns.memory[i]));
  }
  if (columns.valid != nullptr) {
    llvm::Value* byte = frame().load(module_.i8, frame().element(module_.i8, columns.valid, index),
                                     columns.valid_memory);
    cell.valid = builder.CreateICmpNE(byte, llvm::ConstantInt::get(module_.i8, 0));
  }
  return cell;
}

void RegionEmitter::store_cell(PortId id, llvm::Value* index, const Cell& cell) {
  store_columns(columns_.at(id), index, cell);
}

void RegionEmitter::store_columns(const Columns& columns, llvm::Value* index, const Cell& cell) {
  const std::vector<Leaf>& leaves = module_.leaves(columns.type_id);
  llvm::IRBuilder<>& builder = frame().builder;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    llvm::Value* base = columns.addresses[i];
    if (columns.slots[i] != nullptr) base = builder.CreateLoad(module_.pointer, columns.slots[i]);
    llvm::Value* first = leaves[i].count == 1
                             ? index
                             : builder.CreateMul(index, frame().int64(leaves[i].count));
    LeafValue leaf = cell.value.leaves[i];
    if (columns.canonical_nan && leaves[i].kind == LeafKind::F64 && leaves[i].count == 1) {
      leaf.first = builder.CreateSelect(builder.CreateFCmpORD(leaf.first, leaf.first), leaf.first,
                                        llvm::ConstantFP::getNaN(module_.f64));
    }
    frame().store_leaf(leaves[i], leaf,
                       frame().element(module_.memory_type(leaves[i].kind), base, first),
                       columns.memory[i]);
  }
  if (columns.valid == nullptr) return;
  llvm::Value* base = columns.valid;
  if (columns.valid_slot != nullptr) {
    base = builder.CreateLoad(module_.pointer, columns.valid_slot);
  }
  llvm::Value* byte = cell.valid == nullptr ? llvm::ConstantInt::get(module_.i8, 1)
                                            : builder.CreateZExt(cell.valid, module_.i8);
  frame().store(byte, frame().element(module_.i8, base, index), columns.valid_memory);
}

llvm::Value* RegionEmitter::load_stamp(const ScopeRun& scope, llvm::Value* index) {
  llvm::IRBuilder<>& builder = frame().builder;
  if (scope.stamps.address == nullptr) return builder.CreateAdd(scope.stamps.first, index);
  return frame().load(module_.i64, frame().element(module_.i64, scope.stamps.address, index),
                      scope.stamps.memory);
}

RegionEmitter::CompactingQueue RegionEmitter::open_compacting(QueueIndex queue,
                                                              llvm::Value* ticks) {
  const QueuePlan& queue_plan = module_.plan.queues[queue];
  const TypeId type_id = module_.graph.port(queue_plan.port).type_id;
  const std::size_t leaf_count = module_.leaves(type_id).size();
  llvm::IRBuilder<>& builder = frame().builder;
  CompactingQueue result;
  result.queue = queue;
  llvm::Value* output = reserve(queue, ticks);
  llvm::Value* addresses = output_field(output, 0);
  result.columns.type_id = type_id;
  for (std::size_t i = 0; i < leaf_count; ++i) {
    llvm::Value* place =
        frame().element(module_.pointer, addresses, frame().int64(static_cast<std::int64_t>(i)));
    result.columns.addresses.push_back(builder.CreateLoad(module_.pointer, place));
    result.columns.memory.push_back(frame().new_memory());
  }
  result.columns.slots.assign(leaf_count, nullptr);
  result.columns.canonical_nan = queue_plan.is_sink;
  result.has_stamps = queue_plan.has_stamps;
  if (result.has_stamps) {
    result.stamps.address = output_field(output, 2);
    result.stamps.memory = frame().new_memory();
    stamps_written_[queue] = true;
  }
  result.count = frame().slot(module_.i64, "count");
  builder.CreateStore(frame().int64(0), result.count);
  return result;
}

void RegionEmitter::close_compacting(const CompactingQueue& queue) {
  committed_counts_[queue.queue] = frame().builder.CreateLoad(module_.i64, queue.count, "ticks");
}

}  // namespace streamc
