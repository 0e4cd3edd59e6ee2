#include "compiler/codegen/region.h"

#include <fmt/format.h>

#include <limits>

#include "compiler/codegen/item_emitter.h"
#include "compiler/codegen/loops.h"
#include "compiler/graph/first_stamps.h"
#include "compiler/support/assert.h"
#include "runtime/abi/stream_abi.h"

namespace streamc {
namespace {

constexpr std::int64_t kNoStamp = std::numeric_limits<std::int64_t>::min();

}  // namespace

RegionEmitter::RegionEmitter(ModuleContext& module, std::size_t region_index)
    : module_(module),
      plan_(module.plan.regions[region_index]),
      name_(fmt::format("region.{}", region_index)) {}

void RegionEmitter::emit() {
  llvm::Type* pointer = module_.pointer;
  auto* run_type = llvm::FunctionType::get(
      module_.i32, {pointer, pointer, pointer, module_.i64, module_.i32}, false);
  run_ = llvm::Function::Create(run_type, llvm::GlobalValue::InternalLinkage, name_ + ".run",
                                *module_.module);
  const auto describe = [&](llvm::Function* function) {
    function->setDoesNotThrow();
    function->addParamAttr(0, llvm::Attribute::NoAlias);  // The state is the region's own.
    function->addFnAttr("target-cpu", module_.target.cpu);
    if (!module_.target.features.empty()) {
      function->addFnAttr("target-features", module_.target.features);
    }
  };
  describe(run_);
  if (plan_.one_by_one) {
    auto* body_type = llvm::FunctionType::get(
        module_.i32, {pointer, pointer, pointer, module_.i64, module_.i64, module_.i32}, false);
    auto* body = llvm::Function::Create(body_type, llvm::GlobalValue::InternalLinkage,
                                        name_ + ".tick", *module_.module);
    describe(body);
    write_run(body, body->getArg(3), body->getArg(4), body->getArg(5));
    write_wrapper(body);
  } else {
    write_run(run_, module_.int64(0), run_->getArg(3), run_->getArg(4));
  }
  write_initialize();
}

void RegionEmitter::write_run(llvm::Function* function, llvm::Value* first, llvm::Value* count,
                              llvm::Value* flags) {
  const char* const names[] = {"state", "context", "inputs"};
  for (unsigned i = 0; i < 3; ++i) function->getArg(i)->setName(names[i]);
  count->setName("count");
  flags->setName("flags");
  frame_ = std::make_unique<FunctionFrame>(module_, function, function->getArg(1));
  state_ = function->getArg(0);
  state_memory_ = frame().new_memory();
  llvm::IRBuilder<>& builder = frame().builder;
  is_stopped_ = frame().slot(module_.i1, "stopped");
  builder.CreateStore(frame().truth(false), is_stopped_);

  for (const ScopePlan& scope : plan_.scopes) scopes_[scope.scope_id].plan = &scope;
  ScopeRun& root = scopes_.at(plan_.scopes.front().scope_id);
  llvm::Value* end_bit = builder.CreateAnd(flags, frame().int32(STREAM_REGION_END));
  root.is_end = builder.CreateICmpNE(end_bit, frame().int32(0), "is_end");
  root.count = count;
  inputs_ = function->getArg(2);
  open_head(inputs_, first, count);
  stop_at_holes(root);
  for (const bool decides_stop : {true, false}) {
    for (const ScopePlan& scope : plan_.scopes) run_scope(scopes_.at(scope.scope_id), decides_stop);
  }
  finish_queues();
  builder.CreateRet(status());
  frame().finish();
}

// `else stop`: one tick a call, so that nothing behind the hole is touched.
void RegionEmitter::write_wrapper(llvm::Function* body) {
  FunctionFrame frame(module_, run_, run_->getArg(1));
  llvm::IRBuilder<>& builder = frame.builder;
  llvm::Value* count = run_->getArg(3);
  llvm::Value* flags = run_->getArg(4);
  const auto call = [&](llvm::Value* first, llvm::Value* ticks, llvm::Value* with) {
    frame.call("stream_hold_failures", {frame.runtime});
    llvm::Value* status = builder.CreateCall(
        body, {run_->getArg(0), run_->getArg(1), run_->getArg(2), first, ticks, with});
    frame.call("stream_settle_failures", {frame.runtime, status});
    return status;
  };
  llvm::AllocaInst* status = frame.slot(module_.i32, "status");
  llvm::AllocaInst* place = frame.slot(module_.i64, "place");
  builder.CreateStore(frame.int32(STREAM_REGION_MORE), status);
  builder.CreateStore(frame.int64(0), place);
  frame.if_then(builder.CreateICmpEQ(count, frame.int64(0)), "empty", [&] {
    builder.CreateStore(call(frame.int64(0), frame.int64(0), flags), status);
  });
  frame.while_loop(
      "ticks",
      [&] {
        llvm::Value* more = builder.CreateICmpSLT(builder.CreateLoad(module_.i64, place), count);
        llvm::Value* goes_on = builder.CreateICmpEQ(builder.CreateLoad(module_.i32, status),
                                                    frame.int32(STREAM_REGION_MORE));
        return builder.CreateAnd(more, goes_on);
      },
      [&] {
        llvm::Value* i = builder.CreateLoad(module_.i64, place);
        llvm::Value* next = builder.CreateAdd(i, frame.int64(1));
        llvm::Value* without_end = builder.CreateAnd(flags, frame.int32(~STREAM_REGION_END));
        llvm::Value* with =
            builder.CreateSelect(builder.CreateICmpEQ(next, count), flags, without_end);
        builder.CreateStore(call(i, frame.int64(1), with), status);
        builder.CreateStore(next, place);
        llvm::Value* stopped = builder.CreateICmpEQ(builder.CreateLoad(module_.i32, status),
                                                    frame.int32(STREAM_REGION_STOP));
        frame.if_then(stopped, "stop",
                      [&] { frame.call("stream_region_stopped", {frame.runtime, i}); });
      });
  builder.CreateRet(builder.CreateLoad(module_.i32, status));
  frame.finish();
}

void RegionEmitter::write_initialize() {
  auto* type = llvm::FunctionType::get(module_.void_type, {module_.pointer, module_.pointer}, false);
  initialize_ = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage,
                                       name_ + ".initialize", *module_.module);
  initialize_->setDoesNotThrow();
  FunctionFrame frame(module_, initialize_, initialize_->getArg(1));
  const Operator& head = module_.graph.op(plan_.head);
  if (const auto* link = std::get_if<LinkOperator>(&head.kind)) {
    for (std::size_t i = 0; i < link->initial.size(); ++i) {
      if (link->initial[i].count > 0) begin_queue(frame, plan_.inputs[i], link->initial[i]);
    }
  }
  const auto* delay = std::get_if<DelayOperator>(&head.kind);
  if (delay != nullptr && !delay->is_by_time()) {
    begin_queue(frame, plan_.inputs.front(), {delay->count, delay->initial});
  }
  for (const StateLayout::Initializer& initializer : layout_.initializers()) {
    initializer(frame, initialize_->getArg(0));
  }
  frame.builder.CreateRetVoid();
  frame.finish();
}

// What stands in a queue before its writer has written anything: so many ticks of a constant.
void RegionEmitter::begin_queue(FunctionFrame& frame, QueueIndex queue, const LinkInitial& initial) {
  llvm::IRBuilder<>& builder = frame.builder;
  llvm::Value* count = frame.int64(initial.count);
  llvm::AllocaInst* output = frame.slot(module_.output_type, "output");
  frame.call("stream_queue_reserve", {frame.runtime, frame.int32(queue), count, output});
  ItemEmitter items(frame);
  const FailTarget target = items.new_fail_target("constant");
  items.fail_target = &target;  // A constant that cannot be computed is zero.
  const TypeId type_id = module_.graph.port(module_.plan.queues[queue].port).type_id;
  const std::vector<Leaf>& leaves = module_.leaves(type_id);
  const ItemValue value = items.expr(initial.value);
  llvm::Value* addresses = leaves.empty() ? nullptr
                                          : builder.CreateLoad(module_.pointer,
                                                               builder.CreateStructGEP(module_.output_type, output, 0));
  const MemoryObject memory = frame.new_memory();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    llvm::Value* column = builder.CreateLoad(
        module_.pointer, frame.element(module_.pointer, addresses, frame.int64(static_cast<std::int64_t>(i))));
    frame.for_range(frame.int64(0), count, 1, "initial", [&](llvm::Value* tick) {
      llvm::Value* place = builder.CreateMul(tick, frame.int64(leaves[i].count));
      frame.store_leaf(leaves[i], value.leaves[i],
                       frame.element(module_.memory_type(leaves[i].kind), column, place), memory);
    });
  }
  builder.CreateBr(target.block);
  builder.SetInsertPoint(target.block);
  const QueuePlan& plan = module_.plan.queues[queue];
  if (plan.has_valid) fill_initial_valid(frame, output, count);
  if (plan.has_stamps) fill_initial_stamps(frame, output);
  frame.call("stream_queue_commit", {frame.runtime, frame.int32(queue), count});
}

void RegionEmitter::fill_initial_valid(FunctionFrame& frame, llvm::Value* output, llvm::Value* count) {
  llvm::IRBuilder<>& builder = frame.builder;
  llvm::Value* valid =
      builder.CreateLoad(module_.pointer, builder.CreateStructGEP(module_.output_type, output, 1));
  frame.for_range(frame.int64(0), count, 1, "valid", [&](llvm::Value* tick) {
    builder.CreateStore(llvm::ConstantInt::get(module_.i8, 1), frame.element(module_.i8, valid, tick));
  });
}

// Only a delay that stands on no cycle has stamps in front of those of its input.
void RegionEmitter::fill_initial_stamps(FunctionFrame& frame, llvm::Value* output) {
  llvm::IRBuilder<>& builder = frame.builder;
  const auto& delay = std::get<DelayOperator>(module_.graph.op(plan_.head).kind);
  const Scope& scope = module_.graph.scope(plan_.scopes.front().scope_id);
  std::vector<llvm::Constant*> stamps;
  for (std::int64_t i = 0; i < delay.count; ++i) stamps.push_back(module_.int64(initial_stamp(delay, scope, i)));
  llvm::Constant* table = module_.array(module_.i64, stamps, "initial.stamps");
  llvm::Value* column =
      builder.CreateLoad(module_.pointer, builder.CreateStructGEP(module_.output_type, output, 2));
  frame.for_range(frame.int64(0), frame.int64(delay.count), 1, "stamps", [&](llvm::Value* tick) {
    builder.CreateStore(builder.CreateLoad(module_.i64, frame.element(module_.i64, table, tick)),
                        frame.element(module_.i64, column, tick));
  });
}

Columns RegionEmitter::input_columns(llvm::Value* batch, PortId id, llvm::Value* first,
                                     bool may_hold_holes) {
  llvm::IRBuilder<>& builder = frame().builder;
  const auto field = [&](unsigned index) {
    return builder.CreateLoad(module_.batch_type->getElementType(index),
                              builder.CreateStructGEP(module_.batch_type, batch, index));
  };
  const Port& port = module_.graph.port(id);
  const std::vector<Leaf>& leaves = module_.leaves(port.type_id);
  Columns columns{.type_id = port.type_id};
  llvm::Value* addresses = leaves.empty() ? nullptr : field(2);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    llvm::Value* place =
        frame().element(module_.pointer, addresses, frame().int64(static_cast<std::int64_t>(i)));
    llvm::Value* start = builder.CreateLoad(module_.pointer, place);
    llvm::Value* offset = builder.CreateMul(first, frame().int64(leaves[i].count));
    columns.addresses.push_back(
        frame().element(module_.memory_type(leaves[i].kind), start, offset));
    columns.memory.push_back(frame().new_memory());
  }
  columns.slots.assign(leaves.size(), nullptr);
  if (may_hold_holes) {
    // A batch without holes may come without the bytes that would say so.
    llvm::GlobalVariable* ones = module_.module->getGlobalVariable("all_valid", true);
    if (ones == nullptr) {
      const std::vector<std::uint8_t> bytes(STREAM_BATCH_LIMIT + 16, 1);
      auto* data = llvm::ConstantDataArray::get(*module_.context, bytes);
      ones = new llvm::GlobalVariable(*module_.module, data->getType(), true,
                                      llvm::GlobalValue::InternalLinkage, data, "all_valid");
    }
    llvm::Value* valid = field(3);
    columns.valid = builder.CreateSelect(
        builder.CreateIsNull(valid), ones, frame().element(module_.i8, valid, first), "valid");
    columns.valid_memory = frame().new_memory();
  }
  return columns;
}

// The stamps of a batch; where it has none, they are the positions, written to the arena.
llvm::Value* RegionEmitter::batch_stamps(llvm::Value* batch, llvm::Value* first,
                                         llvm::Value* position, llvm::Value* count) {
  llvm::IRBuilder<>& builder = frame().builder;
  llvm::Value* given = builder.CreateLoad(
      module_.pointer, builder.CreateStructGEP(module_.batch_type, batch, 4));
  llvm::AllocaInst* slot = frame().slot(module_.pointer, "stamps");
  frame().if_then_else(
      builder.CreateIsNull(given), "positions",
      [&] {
        llvm::Value* made = allocate_ticks(count, 8);
        frame().for_range(frame().int64(0), count, 1, "positions", [&](llvm::Value* i) {
          builder.CreateStore(builder.CreateAdd(position, i),
                              frame().element(module_.i64, made, i));
        });
        builder.CreateStore(made, slot);
      },
      [&] { builder.CreateStore(frame().element(module_.i64, given, first), slot); });
  return builder.CreateLoad(module_.pointer, slot);
}

void RegionEmitter::open_head(llvm::Value* inputs, llvm::Value* first, llvm::Value* count) {
  llvm::IRBuilder<>& builder = frame().builder;
  const Operator& head = module_.graph.op(plan_.head);
  ScopeRun& root = scopes_.at(plan_.scopes.front().scope_id);
  const bool is_merge = std::holds_alternative<MergeOperator>(head.kind);
  const bool is_zip = std::holds_alternative<ZipOperator>(head.kind);
  const bool is_link = std::holds_alternative<LinkOperator>(head.kind);
  const bool is_fed = is_merge || is_zip || is_link || std::holds_alternative<DelayOperator>(head.kind);
  const auto batch = [&](std::size_t i) {
    return builder.CreateInBoundsGEP(module_.batch_type, inputs,
                                     frame().int64(static_cast<std::int64_t>(i)));
  };
  for (std::size_t i = 0; i < head.outputs.size(); ++i) {
    const bool holes = module_.graph.port(head.outputs[i]).may_hold_holes && !is_merge;
    columns_[head.outputs[i]] = input_columns(batch(i), head.outputs[i], first, holes);
  }
  if (!root.plan->wants_stamps && !root.plan->counts_ticks) return;
  llvm::Value* position = builder.CreateLoad(
      module_.i64, builder.CreateStructGEP(module_.batch_type, batch(0), 1));
  position = builder.CreateAdd(position, first, "position");
  root.first_position = position;
  if (!root.plan->wants_stamps) return;

  const bool is_computed = (!is_fed || is_loop_head(head)) && !module_.plan.queues[plan_.inputs.front()].has_stamps;
  if (is_computed) {
    root.stamps.first = position;
    return;
  }
  root.stamps.memory = frame().new_memory();
  // A tick of a zip is as late as the latest of its parts; positions say nothing beside times.
  std::vector<llvm::Value*> all;
  for (std::size_t i = 0; i < (is_zip ? head.inputs.size() : 1); ++i) {
    const ScopeId from = is_zip ? module_.graph.port(head.inputs[i]).scope : ScopeId();
    if (is_zip && !counts_in_zip(module_.graph, from, plan_.scopes.front().scope_id)) continue;
    all.push_back(batch_stamps(batch(i), first, position, count));
  }
  root.stamps.address = all.front();
  if (all.size() < 2) return;
  llvm::Value* latest = allocate_ticks(count, 8);
  frame().for_range(frame().int64(0), count, 1, "stamps", [&](llvm::Value* i) {
    llvm::Value* stamp = nullptr;
    for (llvm::Value* address : all) {
      llvm::Value* one =
          builder.CreateLoad(module_.i64, frame().element(module_.i64, address, i));
      stamp = stamp == nullptr
                  ? one
                  : builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax, stamp, one);
    }
    builder.CreateStore(stamp, frame().element(module_.i64, latest, i));
  });
  root.stamps.address = latest;
}

// First, in all scopes, what an `else stop` depends on; then everything else.
void RegionEmitter::run_scope(ScopeRun& run, bool decides_stop) {
  llvm::IRBuilder<>& builder = frame().builder;
  if (run.count == nullptr && decides_stop) return;  // It will be opened by what comes then.
  STREAM_ASSERT(run.count != nullptr, "nothing opens scope {}", run.plan->scope_id);
  if (run.plan->counts_ticks && run.first_position == nullptr) {
    llvm::Value* place = state_place(layout_.add(8, 8));
    run.first_position = frame().load(module_.i64, place, state_memory_, "position");
    frame().store(builder.CreateAdd(run.first_position, run.count), place, state_memory_);
  }
  if (!decides_stop) hide_stopped_tick(run);
  for (const LoopPlan& loop : run.plan->loops) {
    if (loop.decides_stop != decides_stop) continue;
    switch (loop.shape) {
      case LoopShape::Scalar:
        emit_scalar_loop(*this, run, loop);
        break;
      case LoopShape::Vector:
        emit_vector_loop(*this, run, loop);
        break;
      case LoopShape::VectorWindow:
        emit_vector_window(*this, run, loop.operators.front());
        break;
    }
  }
  run_slices(run, decides_stop ? run.plan->slices_of_stops : run.plan->slices);
}

// What comes after an `else stop` that met a hole has nothing to do in this tick.
void RegionEmitter::hide_stopped_tick(ScopeRun& run) {
  if (!plan_.one_by_one) return;
  llvm::IRBuilder<>& builder = frame().builder;
  run.count = builder.CreateSelect(builder.CreateLoad(module_.i1, is_stopped_), frame().int64(0),
                                   run.count);
}

// take and skip share their input's columns.
void RegionEmitter::run_slices(ScopeRun& run, const std::vector<OperatorId>& slices) {
  llvm::IRBuilder<>& builder = frame().builder;
  for (const OperatorId id : slices) {
    const Operator& op = module_.graph.op(id);
    const auto* take = std::get_if<TakeOperator>(&op.kind);
    const std::int64_t limit =
        take != nullptr ? take->count : std::get<SkipOperator>(op.kind).count;
    llvm::Value* place = state_place(layout_.add(8, 8));
    llvm::Value* seen = frame().load(module_.i64, place, state_memory_);
    llvm::Value* left = builder.CreateSub(frame().int64(limit), seen);
    llvm::Value* part = builder.CreateBinaryIntrinsic(llvm::Intrinsic::smin, left, run.count);
    llvm::Value* seen_now = builder.CreateAdd(seen, part);
    frame().store(seen_now, place, state_memory_);

    ScopeRun& child = scopes_.at(module_.graph.port(op.outputs.front()).scope);
    llvm::Value* offset = take != nullptr ? frame().int64(0) : part;
    child.count = take != nullptr ? part : builder.CreateSub(run.count, part);
    child.is_end = run.is_end;
    if (take != nullptr) {
      child.is_full = builder.CreateICmpSGE(seen_now, frame().int64(limit));
      llvm::Value* ended_place = state_place(layout_.add(1, 1));
      llvm::Value* ended = builder.CreateICmpNE(
          frame().load(module_.i8, ended_place, state_memory_),
          llvm::ConstantInt::get(module_.i8, 0));
      llvm::Value* ends = builder.CreateOr(run.is_end, child.is_full);
      child.is_end = builder.CreateAnd(ends, builder.CreateNot(ended));
      frame().store(builder.CreateZExt(builder.CreateOr(ended, ends), module_.i8), ended_place,
                    state_memory_);
      if (child.plan->tells_end) child.end_stamp = end_stamp_of_take(run, child, limit);
    }
    child.stamps = run.stamps;
    if (run.stamps.address != nullptr) {
      child.stamps.address = frame().element(module_.i64, run.stamps.address, offset);
    } else if (run.stamps.first != nullptr) {
      child.stamps.first = builder.CreateAdd(run.stamps.first, offset);
    }
    for (std::size_t i = 0; i < op.outputs.size(); ++i) {
      Columns columns = columns_.at(op.inputs[i]);
      const std::vector<Leaf>& leaves = module_.leaves(columns.type_id);
      for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
        columns.addresses[leaf] = frame().element(
            module_.memory_type(leaves[leaf].kind), columns.addresses[leaf],
            builder.CreateMul(offset, frame().int64(leaves[leaf].count)));
      }
      if (columns.valid != nullptr) {
        columns.valid = frame().element(module_.i8, columns.valid, offset);
      }
      columns_[op.outputs[i]] = columns;
    }
  }
}

// A full take ends with its last tick, one that is not with what it takes from.
llvm::Value* RegionEmitter::end_stamp_of_take(const ScopeRun& run, const ScopeRun& taken,
                                              std::int64_t limit) {
  if (limit == 0) return frame().int64(kNoStamp);
  llvm::IRBuilder<>& builder = frame().builder;
  llvm::AllocaInst* result = frame().slot(module_.i64, "take.end");
  builder.CreateStore(end_stamp_of(run.plan->scope_id), result);
  llvm::Value* has_ticks = builder.CreateICmpSGT(taken.count, frame().int64(0));
  const bool has_stamps = run.stamps.address != nullptr || run.stamps.first != nullptr;
  if (!has_stamps) return builder.CreateLoad(module_.i64, result);  // T matters to nobody.
  frame().if_then(builder.CreateAnd(taken.is_full, has_ticks), "full", [&] {
    llvm::Value* last = builder.CreateSub(taken.count, frame().int64(1));
    builder.CreateStore(load_stamp(run, last), result);
  });
  return builder.CreateLoad(module_.i64, result);
}

llvm::Value* RegionEmitter::end_time_of(ScopeId scope_id) {
  llvm::Value* stamp = end_stamp_of(scope_id);
  llvm::Value* is_none = frame().builder.CreateICmpEQ(stamp, frame().int64(kNoStamp));
  return frame().builder.CreateSelect(is_none, frame().int64(0), stamp);
}

llvm::Value* RegionEmitter::end_stamp_of(ScopeId scope_id) {
  const ScopeRun& run = scopes_.at(scope_id);
  if (run.end_stamp != nullptr) return run.end_stamp;
  const ScopeId parent = module_.graph.scope(scope_id).parent;
  if (parent.valid()) return end_stamp_of(parent);
  return end_stamp_of_head();
}

// `else stop` behind the head: the batch ends before the first hole, and the program with it. The
// runtime then calls for the END, so these ticks are not the last.
void RegionEmitter::stop_at_holes(ScopeRun& root) {
  llvm::IRBuilder<>& builder = frame().builder;
  for (const PortId port : plan_.stop_ports) {
    const Columns& columns = columns_.at(port);
    if (columns.valid == nullptr) continue;
    llvm::AllocaInst* place = frame().slot(module_.i64, "first.hole");
    builder.CreateStore(frame().int64(0), place);
    frame().while_loop(
        "values",
        [&] {
          llvm::Value* i = builder.CreateLoad(module_.i64, place);
          // Behind the last tick the byte may be anything; it is read, but decides nothing.
          llvm::Value* byte = frame().load(
              module_.i8, frame().element(module_.i8, columns.valid, i), columns.valid_memory);
          return builder.CreateAnd(
              builder.CreateICmpSLT(i, root.count),
              builder.CreateICmpNE(byte, llvm::ConstantInt::get(module_.i8, 0)));
        },
        [&] {
          llvm::Value* i = builder.CreateLoad(module_.i64, place);
          builder.CreateStore(builder.CreateAdd(i, frame().int64(1)), place);
        });
    llvm::Value* end = builder.CreateLoad(module_.i64, place);
    llvm::Value* is_stop = builder.CreateICmpSLT(end, root.count);
    frame().if_then(is_stop, "stop", [&] {
      frame().call("stream_region_stopped", {frame().runtime, end});
    });
    stop_program(is_stop);
    root.count = end;
    root.is_end = builder.CreateAnd(root.is_end, builder.CreateNot(is_stop));
  }
}

void RegionEmitter::copy_stamps(QueueIndex index, const ScopeRun& run) {
  if (!module_.plan.queues[index].has_stamps || stamps_written_[index]) return;
  llvm::IRBuilder<>& builder = frame().builder;
  llvm::Value* to = output_field(outputs_.at(index), 2);
  if (run.stamps.address != nullptr) {
    builder.CreateMemCpy(to, llvm::MaybeAlign(8), run.stamps.address, llvm::MaybeAlign(8),
                         frame().byte_count(builder.CreateMul(run.count, frame().int64(8))));
    return;
  }
  frame().for_range(frame().int64(0), run.count, 1, "stamps", [&](llvm::Value* i) {
    builder.CreateStore(builder.CreateAdd(run.stamps.first, i),
                        frame().element(module_.i64, to, i));
  });
}

void RegionEmitter::copy_to_queue(QueueIndex index) {
  llvm::IRBuilder<>& builder = frame().builder;
  const QueuePlan& queue = module_.plan.queues[index];
  const ScopeRun& run = scopes_.at(module_.graph.port(queue.port).scope);
  const Columns& columns = columns_.at(queue.port);
  const std::vector<Leaf>& leaves = module_.leaves(columns.type_id);
  llvm::Value* output = reserve(index, run.count);
  llvm::Value* addresses = leaves.empty() ? nullptr : output_field(output, 0);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    llvm::Value* place =
        frame().element(module_.pointer, addresses, frame().int64(static_cast<std::int64_t>(i)));
    const std::int64_t bytes = leaves[i].count * leaf_kind_size(leaves[i].kind);
    builder.CreateMemCpy(builder.CreateLoad(module_.pointer, place), llvm::MaybeAlign(1),
                         columns.addresses[i], llvm::MaybeAlign(1),
                         frame().byte_count(builder.CreateMul(run.count, frame().int64(bytes))));
  }
  if (queue.has_valid) {
    builder.CreateMemCpy(output_field(output, 1), llvm::MaybeAlign(1), columns.valid,
                         llvm::MaybeAlign(1), frame().byte_count(run.count));
  }
}

void RegionEmitter::finish_queues() {
  for (const QueueIndex index : plan_.outputs) {
    const QueuePlan& queue = module_.plan.queues[index];
    const ScopeRun& run = scopes_.at(module_.graph.port(queue.port).scope);
    const PortPlan& port = module_.plan.ports[queue.port.index()];
    llvm::Value* count = run.count;
    if (const auto compacted = committed_counts_.find(index);
        compacted != committed_counts_.end()) {
      count = compacted->second;
    } else {
      const bool is_in_place = port.storage == Storage::Queue && port.queues.front() == index;
      if (!is_in_place) copy_to_queue(index);
      copy_stamps(index, run);
    }
    if (plan_.one_by_one) {  // Nothing leaves of the tick that stopped the program.
      llvm::Value* stopped = frame().builder.CreateLoad(module_.i1, is_stopped_);
      count = frame().builder.CreateSelect(stopped, frame().int64(0), count);
    }
    frame().call("stream_queue_commit", {frame().runtime, frame().int32(index), count});
  }
  tell_ends();
}

// What a take has ended may end before the region does.
void RegionEmitter::tell_ends() {
  llvm::IRBuilder<>& builder = frame().builder;
  for (const QueueIndex index : plan_.outputs) {
    ScopeId scope = module_.graph.port(module_.plan.queues[index].port).scope;
    while (scope.valid() && scopes_.at(scope).end_stamp == nullptr) {
      scope = module_.graph.scope(scope).parent;
    }
    if (!scope.valid()) continue;
    const ScopeRun& taken = scopes_.at(scope);
    // A tick that stops the program has not been.
    llvm::Value* stopped = builder.CreateLoad(module_.i1, is_stopped_);
    frame().if_then(builder.CreateAnd(taken.is_end, builder.CreateNot(stopped)), "taken", [&] {
      frame().call("stream_queue_end", {frame().runtime, frame().int32(index), taken.end_stamp});
    });
  }
}

// Whether nothing that comes can matter any more; empty if that cannot happen in this scope.
std::optional<llvm::Value*> RegionEmitter::is_done(ScopeId scope_id) {
  llvm::IRBuilder<>& builder = frame().builder;
  const ScopeRun& run = scopes_.at(scope_id);
  if (run.is_full != nullptr) return run.is_full;
  for (const QueueIndex index : plan_.outputs) {
    if (module_.graph.port(module_.plan.queues[index].port).scope == scope_id) return std::nullopt;
  }
  llvm::Value* all = nullptr;
  for (const ScopePlan& child : plan_.scopes) {
    if (module_.graph.scope(child.scope_id).parent != scope_id) continue;
    const std::optional<llvm::Value*> done = is_done(child.scope_id);
    if (!done) return std::nullopt;
    all = all == nullptr ? *done : builder.CreateAnd(all, *done);
  }
  if (all == nullptr) return std::nullopt;
  return all;
}

llvm::Value* RegionEmitter::status() {
  llvm::IRBuilder<>& builder = frame().builder;
  llvm::Value* result = frame().int32(STREAM_REGION_MORE);
  if (const std::optional<llvm::Value*> done = is_done(plan_.scopes.front().scope_id)) {
    result = builder.CreateSelect(*done, frame().int32(STREAM_REGION_DONE), result);
  }
  if (plan_.one_by_one || !plan_.stop_ports.empty()) {
    result = builder.CreateSelect(builder.CreateLoad(module_.i1, is_stopped_),
                                  frame().int32(STREAM_REGION_STOP), result);
  }
  return result;
}

// A call for END without ticks brings END(T) as its only stamp.
llvm::Value* RegionEmitter::end_stamp_of_head() {
  llvm::IRBuilder<>& builder = frame().builder;
  const ScopeRun& root = scopes_.at(plan_.scopes.front().scope_id);
  llvm::AllocaInst* result = frame().slot(module_.i64, "end.stamp");
  builder.CreateStore(frame().int64(kNoStamp), result);
  llvm::Value* stamps = builder.CreateLoad(
      module_.pointer, builder.CreateStructGEP(module_.batch_type, inputs_, 4));
  llvm::Value* is_bare_end = builder.CreateAnd(
      root.is_end, builder.CreateICmpEQ(root.count, frame().int64(0)));
  frame().if_then(builder.CreateAnd(is_bare_end, builder.CreateIsNotNull(stamps)), "end.stamp",
                  [&] {
                    llvm::Value* given = builder.CreateLoad(module_.i64, stamps);
                    builder.CreateStore(given, result);
                  });
  return builder.CreateLoad(module_.i64, result);
}

void RegionEmitter::stop_program(llvm::Value* condition) {
  llvm::IRBuilder<>& builder = frame().builder;
  llvm::Value* before = builder.CreateLoad(module_.i1, is_stopped_);
  builder.CreateStore(builder.CreateOr(before, condition), is_stopped_);
}

void RegionEmitter::report_failure(OperatorId id, const FailTarget& target, llvm::Value* position,
                                   llvm::Value* stamp) {
  llvm::IRBuilder<>& builder = frame().builder;
  llvm::Value* data = builder.CreateLoad(module_.pointer, target.detail_data);
  llvm::Value* text = frame().slot(module_.text_type, "detail");
  builder.CreateStore(data, text);
  builder.CreateStore(builder.CreateLoad(module_.i64, target.detail_size),
                      frame().byte_offset(text, 8));
  llvm::Value* detail = builder.CreateSelect(
      builder.CreateIsNull(data), llvm::ConstantPointerNull::get(module_.pointer), text);
  if (position == nullptr) position = frame().int64(0);
  if (stamp == nullptr) stamp = position;
  frame().call("stream_report_failure",
               {frame().runtime, frame().int32(module_.site(id)),
                builder.CreateLoad(module_.i32, target.reason), position, stamp, detail});
}

StateVariable RegionEmitter::state_variable(TypeId type_id, const std::string& name) {
  return StateVariable(layout_, module_, type_id, name);
}

std::vector<ItemValue> RegionEmitter::constants(OperatorId id,
                                                const std::vector<CheckedExprId>& exprs) {
  std::vector<ItemValue> values;
  for (const CheckedExprId expr : exprs) {
    if (const std::optional<Value> known = module_.fold(expr)) {
      values.push_back(frame().literal(*known));
      continue;
    }
    StateVariable variable = state_variable(module_.program.expr(expr).type_id, "constant");
    layout_.at_start([this, id, expr, variable](FunctionFrame& start, llvm::Value* state) mutable {
      ItemEmitter items(start);
      const FailTarget target = items.new_fail_target("constant");
      llvm::BasicBlock* behind = start.block("constant.end");
      items.fail_target = &target;
      variable.initialize(items, state, items.expr(expr));
      start.builder.CreateBr(behind);
      start.builder.SetInsertPoint(target.block);
      start.call("stream_report_failure",
                 {start.runtime, start.int32(module_.site(id)),
                  start.builder.CreateLoad(module_.i32, target.reason), start.int64(0),
                  start.int64(0), llvm::ConstantPointerNull::get(module_.pointer)});
      start.builder.CreateBr(behind);
      start.builder.SetInsertPoint(behind);
    });
    ItemEmitter items(frame());
    variable.load(items, state_, state_memory_);
    values.push_back(variable.value(items));
  }
  return values;
}

}  // namespace streamc
