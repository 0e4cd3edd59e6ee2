// Writes checked trees (functions, statements, expressions) as instructions, in place: a call of a
// function of the language is its body, and a lambda too, so that the optimiser sees one loop.
//
// Scalar form (lanes == 1) takes every tree and uses branches. Vector form (lanes == 8) takes
// straight code only (straight.h) and computes both sides of a branch.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/codegen/frame.h"
#include "runtime/abi/stream_abi.h"

namespace streamc {

// Where a failing expression goes. The slots say why: a StreamFailureReason, and a text if the
// program gave one (else a null pointer).
struct FailTarget {
  llvm::BasicBlock* block = nullptr;
  llvm::AllocaInst* reason = nullptr;
  llvm::AllocaInst* detail_data = nullptr;
  llvm::AllocaInst* detail_size = nullptr;
};

// A variable: stack slots for each leaf. Single elements are kept as they are computed with (bools
// as i1, texts in two slots); other counts as an array in memory form.
struct Variable {
  TypeId type_id;
  std::vector<LeafValue> slots;
};

class ItemEmitter {
 public:
  // `lanes` is 1 or 8.
  explicit ItemEmitter(FunctionFrame& frame, unsigned lanes = 1);

  // The stamp of the item being handled; needed only by trees that use `now`.
  llvm::Value* now = nullptr;
  // Where failures go; a tree that can fail needs one.
  const FailTarget* fail_target = nullptr;
  // What an agent's `emit` does.
  std::function<void(std::uint32_t port, const ItemValue& value)> on_emit;

  // The function's body in place. Arguments in the order of its parameters.
  ItemValue call(FunctionId id, const std::vector<ItemValue>& arguments);
  // An expression without locals (constants of the program, arguments of operators).
  ItemValue expr(CheckedExprId id);

  // Locals of an agent or aggregate: enter, set, run blocks, read, leave.
  void enter(const std::vector<Local>& locals);
  void leave();
  void set_local(LocalIndex local, const ItemValue& value);
  ItemValue local(LocalIndex local);
  void block(const CheckedBlock& block);
  // A block that ends in a ReturnStmt on every path.
  ItemValue block_value(const CheckedBlock& block, TypeId result_id);

  FailTarget new_fail_target(const std::string& name);
  void fail_if(llvm::Value* condition, StreamFailureReason reason);
  [[nodiscard]] ItemValue fail_always(StreamFailureReason reason, TypeId type_id,
                                      llvm::Value* detail_data = nullptr,
                                      llvm::Value* detail_size = nullptr);

  // Variables outside of trees.
  Variable variable(TypeId type_id, const std::string& name);
  void assign(const Variable& variable, const ItemValue& value);
  ItemValue read(const Variable& variable);

  // An aggregate over whole arrays or views, as one pane. Defined in aggregates.cpp.
  ItemValue aggregate_array(const AggregateArrayExpr& node);

  // The number of elements of an array or view (i64), and one of them.
  llvm::Value* array_count(const ItemValue& array);
  ItemValue array_element(const ItemValue& array, llvm::Value* index);

  // `condition ? a : b` without a branch.
  ItemValue select(llvm::Value* condition, const ItemValue& a, const ItemValue& b);
  // All lanes hold `value`.
  llvm::Value* splat(llvm::Value* value);
  ItemValue splat(ItemValue value);
  // One bit a lane: whether the values are equal.
  llvm::Value* equal(TypeId type_id, const ItemValue& a, const ItemValue& b);

  FunctionFrame& frame() { return frame_; }
  unsigned lanes() const { return lanes_; }

 private:
  // What is being called: its locals, and where `return` goes.
  struct Activation {
    const std::vector<Local>* locals = nullptr;
    std::vector<std::optional<Variable>> variables;  // By LocalIndex, made on first use.
    std::optional<Variable> result;                  // Set while a body with early returns runs.
    llvm::BasicBlock* return_block = nullptr;
  };

  llvm::IRBuilder<>& builder() { return frame_.builder; }
  ModuleContext& module() { return frame_.module; }
  TypeKind kind_of(CheckedExprId id) const;
  TypeKind kind_of_type(TypeId id) const;
  TypeId type_of(CheckedExprId id) const;
  // The part of a value that is one field of its record or tuple.
  ItemValue field(const ItemValue& object, std::uint32_t index);
  Variable& local_variable(LocalIndex local);

  // statements.cpp
  void statement(const CheckedStmt& statement);
  void assign_statement(const AssignStmt& assign);
  void if_statement(const IfStmt& branch);
  void for_range_statement(const ForRangeStmt& loop);
  void for_array_statement(const ForArrayStmt& loop);
  ItemValue straight_block_value(const CheckedBlock& block);

  // expressions.cpp
  ItemValue unary(const UnaryExpr& node, TypeId type_id);
  ItemValue binary(const BinaryExpr& node, TypeId type_id);
  llvm::Value* arithmetic(const BinaryExpr& node, TypeId type_id, const ItemValue& left,
                          const ItemValue& right);
  llvm::Value* duration_times(const ItemValue& left, const ItemValue& right, bool divide);
  ItemValue short_circuit(const BinaryExpr& node, TypeId type_id);
  llvm::Value* compare(BinaryOp op, TypeId type_id, const ItemValue& left, const ItemValue& right);
  llvm::Value* floor_divide_int(llvm::Value* left, llvm::Value* right);
  llvm::Value* modulo_int(llvm::Value* left, llvm::Value* right);
  llvm::Value* floor_divide_float(llvm::Value* left, llvm::Value* right);
  llvm::Value* modulo_float(llvm::Value* left, llvm::Value* right);
  llvm::Value* power(const BinaryExpr& node, const ItemValue& left, const ItemValue& right);
  llvm::Value* to_int(llvm::Value* value);
  ItemValue convert(const ConvertExpr& node, TypeId type_id);
  ItemValue condition(const ConditionExpr& node, TypeId type_id);
  ItemValue unwrap(const UnwrapExpr& node, TypeId type_id);
  ItemValue otherwise(const ElseExpr& node, TypeId type_id);
  ItemValue fail_expr(const FailExpr& node, TypeId type_id);

  // builtins.cpp
  ItemValue builtin(const CallBuiltinExpr& node, TypeId type_id);
  llvm::Value* min_max(bool is_min, TypeId type_id, llvm::Value* a, llvm::Value* b);

  // arrays.cpp
  struct Elements;  // An array or view, ready to be walked through.
  Elements elements(const ItemValue& array);
  ItemValue element_at(const Elements& elements, llvm::Value* index);
  ItemValue make(const MakeExpr& node, TypeId type_id);
  ItemValue index(const IndexExpr& node, TypeId type_id);
  llvm::Value* checked_index(llvm::Value* index, llvm::Value* count);
  ItemValue map_array(const MapArrayExpr& node, TypeId type_id);
  ItemValue filter_array(const FilterArrayExpr& node, TypeId type_id);
  void set_parameters(const std::vector<LocalIndex>& parameters, const ItemValue& value);

  // text.cpp
  ItemValue format(const FormatExpr& node, TypeId type_id);
  ItemValue text_of(const ItemValue& value, TypeId type_id);
  void append_value(llvm::Value* text_builder, const ItemValue& value, const std::string& spec);
  ItemValue text_builtin(const CallBuiltinExpr& node, const std::vector<ItemValue>& arguments,
                         TypeId type_id);

  FunctionFrame& frame_;
  const unsigned lanes_;
  std::vector<Activation> activations_;
  llvm::Value* mask_ = nullptr;  // Vector form: the lanes that a branch is taken in.
};

// An array or view: one address per leaf of the element type.
struct ItemEmitter::Elements {
  TypeId element_id;
  std::vector<Leaf> leaves;              // Of one element.
  std::vector<llvm::Value*> addresses;   // Of the first element; null where `single` holds it.
  std::vector<LeafValue> single;         // An array of one element is not in memory.
  llvm::Value* count = nullptr;          // i64
};

}  // namespace streamc
