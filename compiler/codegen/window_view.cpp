// Windows as views (T[]): the values of a batch behind those that earlier batches left, in one piece of
// the batch arena, so that every window is a pointer and a length that hold until the batch is done.
//
// Between batches the state keeps the last n - 1 ticks: which of them held values, and the values.
// O(n + ticks) a batch.
#include <algorithm>

#include "compiler/codegen/loops.h"
#include "compiler/codegen/window_fold.h"

namespace streamc {

namespace {

class WindowViewLoop : public LoopOperator {
 public:
  WindowViewLoop(ScalarLoop& loop, OperatorId id)
      : LoopOperator(loop, id),
        shape_(std::get<WindowOperator>(op_.kind).shape),
        input_(loop.module().graph.port(op_.inputs.front())),
        has_holes_(input_.may_hold_holes),
        kept_ticks_(int_variable("kept_ticks")),
        kept_values_(int_variable("kept_values")),
        until_(int_variable("until")),
        emitted_(int_variable("emitted")) {
    const std::int64_t history = std::max<std::int64_t>(shape_.size - 1, 1);
    for (const Leaf& leaf : leaves()) {
      offsets_.push_back(loop.region().layout().add_array(leaf, history));
    }
    if (has_holes_) valid_offset_ = loop.region().layout().add(history, 64);
    opens_scope_ = loop.module().graph.port(op_.outputs.front()).scope !=
                   loop.scope().plan->scope_id;
  }

  void before_loop() override {
    llvm::Value* count = loop_.scope().count;
    if (opens_scope_) {
      outlet_ = loop_.region().open(loop_.module().graph.port(op_.outputs.front()).scope,
                                    op_.outputs,
                                    loop_.builder().CreateAdd(count, number(1)));
    }
    for (StateVariable* variable : variables()) {
      variable->load(loop_.items(), loop_.region().state(), loop_.region().state_memory());
    }
    llvm::Value* until = get(until_);
    llvm::Value* first = number(shape_.partial ? shape_.every : shape_.size);
    set(until_, loop_.builder().CreateSelect(
                    loop_.builder().CreateICmpEQ(until, number(0)), first, until));
    copy_history_in(count);
  }

  void tick() override {
    const Cell cell = loop_.input(op_.inputs.front());
    llvm::IRBuilder<>& builder = loop_.builder();
    llvm::Value* values = builder.CreateLoad(loop_.module().i64, value_count_);
    for (std::size_t i = 0; i < leaves().size(); ++i) {
      loop_.frame().store_leaf(leaves()[i], cell.value.leaves[i],
                               place(i, buffers_[i], values), memory_[i]);
    }
    llvm::Value* step = cell.valid == nullptr
                            ? number(1)
                            : builder.CreateZExt(cell.valid, loop_.module().i64);
    llvm::Value* value_end = builder.CreateAdd(values, step);
    builder.CreateStore(value_end, value_count_);
    llvm::Value* tick_end =
        builder.CreateAdd(builder.CreateAdd(get(kept_ticks_), loop_.index()), number(1));
    if (has_holes_) {
      loop_.frame().store(value_end,
                          loop_.frame().element(loop_.module().i64, before_, tick_end),
                          before_memory_);
    }
    if (!opens_scope_) {
      emit(number(shape_.size), tick_end, value_end, loop_.stamp());
      return;
    }
    llvm::Value* left = builder.CreateSub(get(until_), number(1));
    set(until_, left);
    loop_.frame().if_then(builder.CreateICmpEQ(left, number(0)), "window", [&] {
      emit(number(shape_.size), tick_end, value_end, loop_.stamp());
      set(until_, number(shape_.every));
      set(emitted_, number(1));
    });
  }

  void after_loop() override {
    llvm::IRBuilder<>& builder = loop_.builder();
    llvm::Value* ticks = builder.CreateAdd(get(kept_ticks_), loop_.scope().count);
    llvm::Value* values = builder.CreateLoad(loop_.module().i64, value_count_);
    if (shape_.rest && opens_scope_) {
      loop_.frame().if_then(loop_.scope().is_end, "end", [&] { rest(ticks, values); });
    }
    copy_history_out(ticks, values);
    for (StateVariable* variable : variables()) {
      variable->store(loop_.items(), loop_.region().state(), loop_.region().state_memory());
    }
    if (opens_scope_) loop_.region().close(outlet_, loop_.scope());
  }

 private:
  StateVariable int_variable(const char* name) {
    return loop_.region().state_variable(
        loop_.module().program.types.scalar(TypeKind::Int), name);
  }
  std::vector<StateVariable*> variables() {
    return {&kept_ticks_, &kept_values_, &until_, &emitted_};
  }
  const std::vector<Leaf>& leaves() { return loop_.module().leaves(input_.type_id); }
  llvm::Value* number(std::int64_t value) { return loop_.frame().int64(value); }
  llvm::Value* get(StateVariable& variable) {
    return variable.value(loop_.items()).leaves.front().first;
  }
  void set(StateVariable& variable, llvm::Value* value) {
    variable.set(loop_.items(), {variable.type_id(), {{value, nullptr}}});
  }
  llvm::Value* place(std::size_t leaf, llvm::Value* base, llvm::Value* item) {
    const Leaf& kind = leaves()[leaf];
    return loop_.frame().element(loop_.module().memory_type(kind.kind), base,
                                 loop_.builder().CreateMul(item, number(kind.count)));
  }

  void copy_history_in(llvm::Value* count) {
    FunctionFrame& frame = loop_.frame();
    llvm::IRBuilder<>& builder = loop_.builder();
    llvm::Value* room = builder.CreateAdd(count, number(shape_.size + 8));
    llvm::Value* kept = get(kept_values_);
    for (std::size_t i = 0; i < leaves().size(); ++i) {
      const Leaf& leaf = leaves()[i];
      llvm::Value* bytes =
          builder.CreateMul(room, number(leaf.count * leaf_kind_size(leaf.kind)));
      llvm::Value* buffer = frame.call("stream_arena_allocate", {frame.runtime, bytes});
      buffers_.push_back(buffer);
      memory_.push_back(frame.new_memory());
      llvm::Value* history = loop_.region().state_place(offsets_[i]);
      if (leaf.kind == LeafKind::Text) {
        frame.for_range(number(0), kept, 1, "history", [&](llvm::Value* item) {
          frame.store_leaf(leaf, load_kept_leaf(frame, leaf, place(i, history, item), 0),
                           place(i, buffer, item), memory_[i]);
        });
      } else {
        builder.CreateMemCpy(
            buffer, llvm::MaybeAlign(8), history, llvm::MaybeAlign(8),
            frame.byte_count(
                builder.CreateMul(kept, number(leaf.count * leaf_kind_size(leaf.kind)))));
      }
    }
    value_count_ = frame.slot(loop_.module().i64, "values");
    builder.CreateStore(kept, value_count_);
    if (!has_holes_) return;
    before_ = frame.call("stream_arena_allocate",
                         {frame.runtime, builder.CreateMul(room, number(8))});
    before_memory_ = frame.new_memory();
    llvm::AllocaInst* running = frame.slot(loop_.module().i64, "before");
    builder.CreateStore(number(0), running);
    frame.store(number(0), before_, before_memory_);
    llvm::Value* valid = loop_.region().state_place(valid_offset_);
    frame.for_range(number(0), get(kept_ticks_), 1, "before", [&](llvm::Value* i) {
      llvm::Value* byte =
          builder.CreateLoad(loop_.module().i8, frame.element(loop_.module().i8, valid, i));
      llvm::Value* next = builder.CreateAdd(builder.CreateLoad(loop_.module().i64, running),
                                            builder.CreateZExt(byte, loop_.module().i64));
      builder.CreateStore(next, running);
      frame.store(next,
                  frame.element(loop_.module().i64, before_, builder.CreateAdd(i, number(1))),
                  before_memory_);
    });
  }

  void copy_history_out(llvm::Value* ticks, llvm::Value* values) {
    FunctionFrame& frame = loop_.frame();
    llvm::IRBuilder<>& builder = loop_.builder();
    llvm::Value* kept = builder.CreateBinaryIntrinsic(llvm::Intrinsic::smin, ticks,
                                                      number(shape_.size - 1));
    llvm::Value* first_tick = builder.CreateSub(ticks, kept);
    llvm::Value* first = value_before(first_tick);
    llvm::Value* kept_values = builder.CreateSub(values, first);
    for (std::size_t i = 0; i < leaves().size(); ++i) {
      const Leaf& leaf = leaves()[i];
      llvm::Value* history = loop_.region().state_place(offsets_[i]);
      llvm::Value* from = place(i, buffers_[i], first);
      if (leaf.kind == LeafKind::Text) {
        frame.for_range(number(0), kept_values, 1, "keep", [&](llvm::Value* item) {
          keep_leaf(frame, leaf, frame.load_leaf(leaf, place(i, from, item), memory_[i]),
                    place(i, history, item), 0);
        });
      } else {
        builder.CreateMemCpy(
            history, llvm::MaybeAlign(8), from, llvm::MaybeAlign(1),
            frame.byte_count(
                builder.CreateMul(kept_values, number(leaf.count * leaf_kind_size(leaf.kind)))));
      }
    }
    if (has_holes_) {
      llvm::Value* valid = loop_.region().state_place(valid_offset_);
      frame.for_range(number(0), kept, 1, "keep.valid", [&](llvm::Value* i) {
        llvm::Value* tick = builder.CreateAdd(first_tick, i);
        llvm::Value* is_value = builder.CreateSub(
            value_before(builder.CreateAdd(tick, number(1))), value_before(tick));
        builder.CreateStore(builder.CreateTrunc(is_value, loop_.module().i8),
                            frame.element(loop_.module().i8, valid, i));
      });
    }
    set(kept_ticks_, kept);
    set(kept_values_, kept_values);
  }

  // The number of values in the buffer before a tick.
  llvm::Value* value_before(llvm::Value* tick) {
    if (!has_holes_) return tick;
    return loop_.frame().load(loop_.module().i64,
                              loop_.frame().element(loop_.module().i64, before_, tick),
                              before_memory_);
  }

  // The window of the last `size` ticks before `tick_end`.
  void emit(llvm::Value* size, llvm::Value* tick_end, llvm::Value* value_end,
            llvm::Value* stamp) {
    llvm::IRBuilder<>& builder = loop_.builder();
    llvm::Value* tick_start = builder.CreateBinaryIntrinsic(
        llvm::Intrinsic::smax, builder.CreateSub(tick_end, size), number(0));
    llvm::Value* first = value_before(tick_start);
    llvm::Value* count = builder.CreateSub(value_end, first);
    const Port& output = loop_.module().graph.port(op_.outputs.front());
    Cell cell{{output.type_id, {}}, nullptr};
    for (std::size_t i = 0; i < leaves().size(); ++i) {
      cell.value.leaves.push_back({place(i, buffers_[i], first), count});
    }
    if (output.may_hold_holes) cell.valid = builder.CreateICmpNE(count, number(0));
    if (opens_scope_) {
      loop_.region().append(outlet_, {cell}, stamp, nullptr);
    } else {
      loop_.define(op_.outputs.front(), cell);
    }
  }

  void rest(llvm::Value* ticks, llvm::Value* values) {
    llvm::IRBuilder<>& builder = loop_.builder();
    const std::int64_t later = std::min(shape_.size, shape_.every);
    llvm::Value* limit = number(shape_.partial ? later : shape_.size);
    if (!shape_.partial) {
      llvm::Value* has_emitted = builder.CreateICmpNE(get(emitted_), number(0));
      limit = builder.CreateSelect(has_emitted, number(later), limit);
    }
    loop_.frame().if_then(builder.CreateICmpSLT(get(until_), limit), "rest", [&] {
      llvm::Value* covered = builder.CreateSub(number(shape_.size), get(until_));
      emit(covered, ticks, values, 
           loop_.region().end_time_of(loop_.scope().plan->scope_id));
    });
  }

  const WindowShape shape_;
  const Port& input_;
  const bool has_holes_;
  StateVariable kept_ticks_;
  StateVariable kept_values_;
  StateVariable until_;
  StateVariable emitted_;
  std::vector<std::int64_t> offsets_;
  std::int64_t valid_offset_ = 0;
  bool opens_scope_ = false;
  Outlet outlet_;
  std::vector<llvm::Value*> buffers_;   // By leaf: old values, then this batch's.
  std::vector<MemoryObject> memory_;
  llvm::Value* before_ = nullptr;       // By tick: how many values come before it.
  MemoryObject before_memory_ = 0;
  llvm::AllocaInst* value_count_ = nullptr;
};

}  // namespace

std::unique_ptr<LoopOperator> make_window_operator(ScalarLoop& loop, OperatorId id) {
  return std::make_unique<WindowViewLoop>(loop, id);
}

}  // namespace streamc
