// What all parts of code generation share while one module is made: the LLVM module and its types,
// the inputs, and the constants of the module that several functions refer to (texts, descriptions
// of types, failure sites, named constants of the program).
#pragma once

#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/codegen/plan.h"
#include "compiler/codegen/straight.h"
#include "compiler/codegen/targets/target.h"
#include "compiler/graph/graph.h"
#include "compiler/sema/evaluate.h"
#include "compiler/source/source.h"

namespace streamc {

class ModuleContext {
 public:
  ModuleContext(const CheckedProgram& checked_program, const Graph& checked_graph,
                const SourceManager& source_manager, const TargetDescription& target_description,
                StraightAnalysis& straight_analysis, const ProgramPlan& program_plan,
                const Evaluator::Overrides* param_overrides);

  const CheckedProgram& program;
  const Graph& graph;
  const SourceManager& sources;
  const TargetDescription& target;
  StraightAnalysis& straight;
  const ProgramPlan& plan;

  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;

  llvm::Type* void_type = nullptr;
  llvm::IntegerType* i1 = nullptr;
  llvm::IntegerType* i8 = nullptr;
  llvm::IntegerType* i32 = nullptr;
  llvm::IntegerType* i64 = nullptr;
  llvm::Type* f64 = nullptr;
  llvm::PointerType* pointer = nullptr;
  llvm::StructType* text_type = nullptr;    // StreamText and StreamView: pointer, i64.
  llvm::StructType* rate_type = nullptr;    // StreamRate: i64, i64.
  llvm::StructType* batch_type = nullptr;   // StreamBatch
  llvm::StructType* output_type = nullptr;  // StreamOutput

  // The type of one element of a leaf in memory.
  llvm::Type* memory_type(LeafKind kind) const;
  // The leaves of a type; computed once.
  const std::vector<Leaf>& leaves(TypeId id);

  // A function of runtime/abi/entry_points.def; declared on first use.
  llvm::FunctionCallee entry_point(std::string_view name);

  // A private constant: the bytes and a final zero. Equal texts share one.
  llvm::Constant* text(std::string_view text);
  // {data, size} of a text constant.
  llvm::Constant* text_value(std::string_view text);
  // A private constant array; null for an empty one.
  llvm::Constant* array(llvm::Type* element, const std::vector<llvm::Constant*>& values,
                        const std::string& name, bool is_constant = true);
  llvm::Constant* int32(std::int64_t value) const;
  llvm::Constant* int64(std::int64_t value) const;

  // The StreamType of a type; one global each.
  llvm::Constant* type_descriptor(TypeId id);

  // The index of the operator's failure site; made on first use.
  std::uint32_t site(OperatorId id);
  // One for a constant of the program.
  std::uint32_t site(ConstantId id);
  struct Site {
    std::string equation;
    SourceSpan span;
    bool is_handled = false;
  };
  const std::vector<Site>& sites() const { return sites_; }

  // Globals that hold a named constant: one for each leaf. Filled by descriptor.cpp and evaluate.
  const std::vector<llvm::GlobalVariable*>& constant_storage(ConstantId id);
  // The value in memory form, if it needs nothing but literals: what a leaf's global starts with.
  std::vector<llvm::Constant*> initial_leaves(const Value& value);
  // What a param is if nobody sets it; empty if that cannot be computed.
  std::optional<Value> param_default(ConstantId id);
  // Folds an expression without params; empty if it needs the running program, or fails.
  std::optional<Value> fold(CheckedExprId id);

 private:
  void append_leaves(const Value& value, TypeId type_id,
                     std::vector<std::vector<llvm::Constant*>>& leaves);

  const Evaluator::Overrides* const overrides_;
  Evaluator evaluator_;
  std::map<TypeId, std::vector<Leaf>> leaves_;
  std::map<std::string, llvm::Constant*, std::less<>> texts_;
  std::map<TypeId, llvm::Constant*> type_descriptors_;
  std::map<OperatorId, std::uint32_t> operator_sites_;
  std::map<ConstantId, std::uint32_t> constant_sites_;
  std::vector<Site> sites_;
  std::map<ConstantId, std::vector<llvm::GlobalVariable*>> constants_;
};

}  // namespace streamc
