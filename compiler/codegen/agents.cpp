// Agents: a reaction to each tick that holds values. States live in registers during the loop; a
// reaction that can fail works on copies, and its emits are taken back if it does.
#include <optional>

#include "compiler/codegen/loops.h"
#include "compiler/support/assert.h"

namespace streamc {

namespace {

class AgentLoop : public LoopOperator {
 public:
  AgentLoop(ScalarLoop& loop, OperatorId id)
      : LoopOperator(loop, id),
        node_(std::get<AgentOperator>(op_.kind)),
        agent_(loop.module().program.agent(node_.agent_id)) {
    for (const AgentHandler& handler : agent_.handlers) {
      (handler.is_end ? on_end_ : on_tick_) = &handler;
    }
    for (const AgentState& state : agent_.states) {
      const Local& local = agent_.locals[state.local];
      states_.push_back(loop.region().state_variable(local.type_id, local.name));
    }
    ports_.resize(op_.outputs.size());
    for (std::size_t p = 0; p < ports_.size(); ++p) {
      ports_[p].opens_scope = loop.module().graph.port(op_.outputs[p]).scope !=
                              loop.scope().plan->scope_id;
    }
    // Initial values may use the constants and earlier states.
    loop.region().layout().at_start([this_states = states_, &agent = agent_, node = node_](
                                        FunctionFrame& frame, llvm::Value* state) mutable {
      ItemEmitter items(frame);
      const FailTarget target = items.new_fail_target("initial");
      items.fail_target = &target;  // A state that cannot be computed stays zero.
      items.enter(agent.locals);
      for (std::size_t i = 0; i < node.constants.size(); ++i) {
        items.set_local(agent.constants[i], items.expr(node.constants[i]));
      }
      for (std::size_t i = 0; i < agent.states.size(); ++i) {
        const ItemValue value = items.expr(agent.states[i].initial);
        items.set_local(agent.states[i].local, value);
        this_states[i].initialize(items, state, value);
      }
      items.leave();
      frame.builder.CreateBr(target.block);
      frame.builder.SetInsertPoint(target.block);
    });
  }

  void before_loop() override {
    RegionEmitter& region = loop_.region();
    constants_ = region.constants(id_, node_.constants);
    for (StateVariable& state : states_) {
      state.load(loop_.items(), region.state(), region.state_memory());
    }
    for (std::size_t p = 0; p < ports_.size(); ++p) {
      if (!ports_[p].opens_scope) continue;
      ports_[p].outlet = region.open(loop_.module().graph.port(op_.outputs[p]).scope,
                                     {op_.outputs[p]}, loop_.scope().count, true);
    }
  }

  void tick() override {
    std::vector<Cell> cells;
    for (const PortId port : op_.inputs) cells.push_back(loop_.input(port));
    for (std::size_t p = 0; p < ports_.size(); ++p) {
      if (ports_[p].opens_scope) continue;
      const TypeId type_id = loop_.module().graph.port(op_.outputs[p]).type_id;
      ports_[p].value = loop_.items().variable(type_id, "emitted");
      loop_.items().assign(*ports_[p].value, loop_.frame().zero_value(type_id));
    }
    llvm::Value* done = nullptr;
    if (on_tick_ != nullptr) done = react(*on_tick_, cells, loop_.all_present(cells));
    for (std::size_t p = 0; p < ports_.size(); ++p) {
      if (ports_[p].opens_scope) continue;
      loop_.define(op_.outputs[p], {loop_.items().read(*ports_[p].value), done});
    }
  }

  void after_loop() override {
    RegionEmitter& region = loop_.region();
    if (on_end_ != nullptr) {
      loop_.frame().if_then(loop_.scope().is_end, "end", [&] {
        loop_.items().now = region.end_time_of(loop_.scope().plan->scope_id);
        (void)react(*on_end_, {}, nullptr);
        loop_.items().now = nullptr;
      });
    }
    for (StateVariable& state : states_) {
      state.store(loop_.items(), region.state(), region.state_memory());
    }
    for (PortState& port : ports_) {
      if (port.opens_scope) region.close(port.outlet, loop_.scope());
    }
  }

 private:
  struct PortState {
    bool opens_scope = false;
    Outlet outlet;                  // If it opens a scope,
    std::optional<Variable> value;  // else what was emitted in this reaction.
  };

  // Runs a handler where `present` (null: always). Says whether it was done without a failure; null:
  // always.
  llvm::Value* react(const AgentHandler& handler, const std::vector<Cell>& cells,
                     llvm::Value* present) {
    ItemEmitter& items = loop_.items();
    llvm::IRBuilder<>& builder = loop_.builder();
    FunctionFrame& frame = loop_.frame();
    if (present == nullptr && !handler.can_fail) {
      run(handler, cells);
      return nullptr;
    }
    llvm::AllocaInst* done = frame.slot(loop_.module().i1, "done");
    builder.CreateStore(frame.truth(false), done);
    const auto inside = [&] {
      if (!handler.can_fail) {
        run(handler, cells);
        builder.CreateStore(frame.truth(true), done);
        return;
      }
      std::vector<llvm::Value*> counts;
      for (const PortState& port : ports_) {
        counts.push_back(port.opens_scope ? builder.CreateLoad(loop_.module().i64, port.outlet.count)
                                          : nullptr);
      }
      const FailTarget target = items.new_fail_target("reaction.failed");
      const FailTarget* const outer = items.fail_target;
      llvm::BasicBlock* behind = frame.block("reaction.end");
      items.fail_target = &target;
      run(handler, cells);
      items.fail_target = outer;
      builder.CreateStore(frame.truth(true), done);
      builder.CreateBr(behind);
      if (target.block->hasNPredecessorsOrMore(1)) {
        builder.SetInsertPoint(target.block);
        for (std::size_t p = 0; p < ports_.size(); ++p) {
          if (counts[p] != nullptr) builder.CreateStore(counts[p], ports_[p].outlet.count);
        }
        loop_.region().report_failure(id_, target, loop_.position(),
                                      loop_.stamp() != nullptr ? loop_.stamp() : items.now);
        builder.CreateBr(behind);
      } else {
        target.block->eraseFromParent();
      }
      builder.SetInsertPoint(behind);
    };
    if (present == nullptr) {
      inside();
    } else {
      frame.if_then(present, "react", inside);
    }
    return builder.CreateLoad(loop_.module().i1, done);
  }

  void run(const AgentHandler& handler, const std::vector<Cell>& cells) {
    ItemEmitter& items = loop_.items();
    items.enter(agent_.locals);
    for (std::size_t i = 0; i < constants_.size(); ++i) {
      items.set_local(agent_.constants[i], constants_[i]);
    }
    // The inputs of the operator are the agent's, in order; the handler names those it reads.
    for (std::size_t i = 0; i < cells.size(); ++i) {
      items.set_local(agent_.inputs[i], cells[i].value);
    }
    for (std::size_t i = 0; i < states_.size(); ++i) {
      items.set_local(agent_.states[i].local, states_[i].value(items));
    }
    items.on_emit = [&](std::uint32_t port, const ItemValue& value) { emit(port, value); };
    items.block(handler.body);
    items.on_emit = nullptr;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      states_[i].set(items, items.local(agent_.states[i].local));
    }
    items.leave();
  }

  void emit(std::uint32_t port, const ItemValue& value) {
    PortState& state = ports_[port];
    ItemValue typed = value;
    typed.type_id = loop_.module().graph.port(op_.outputs[port]).type_id;
    if (!state.opens_scope) {
      loop_.items().assign(*state.value, typed);
      return;
    }
    loop_.region().grow(state.outlet, loop_.frame().int64(1));
    llvm::Value* stamp = loop_.stamp() != nullptr ? loop_.stamp() : loop_.items().now;
    if (stamp == nullptr) stamp = loop_.frame().int64(0);
    loop_.region().append(state.outlet, {{typed, nullptr}}, stamp, nullptr);
  }

  const AgentOperator& node_;
  const CheckedAgent& agent_;
  std::vector<StateVariable> states_;
  std::vector<ItemValue> constants_;
  std::vector<PortState> ports_;
  const AgentHandler* on_tick_ = nullptr;
  const AgentHandler* on_end_ = nullptr;
};

}  // namespace

std::unique_ptr<LoopOperator> make_agent_operator(ScalarLoop& loop, OperatorId id) {
  return std::make_unique<AgentLoop>(loop, id);
}

}  // namespace streamc
