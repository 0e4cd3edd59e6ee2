// The descriptor of the program, `stream_program`, as runtime/abi/stream_abi.h lays it out, and the
// function `evaluate` that computes what depends on params.
#pragma once

#include <vector>

#include "compiler/codegen/codegen.h"
#include "compiler/codegen/module_context.h"
#include "compiler/codegen/region.h"
#include "compiler/support/result.h"

namespace streamc {

// What the descriptor says of a region that was written.
struct EmittedRegion {
  llvm::Function* initialize = nullptr;
  llvm::Function* run = nullptr;
  std::int64_t state_size = 0;
};

// Defines `stream_program`. Call it last: it lists the sites and constants that were asked for.
Result<void> emit_descriptor(ModuleContext& module, const PlacedGraph& placed,
                             const std::vector<EmittedRegion>& regions,
                             const CodegenOptions& options);

// What `evaluate` has to do, collected while the descriptor is made.
class Evaluation {
 public:
  explicit Evaluation(ModuleContext& module);

  // The value of `expr` into memory: one address for each leaf. Where it fails, the failure is
  // reported at `site`, and `valid` (an i8, may be null) becomes 0.
  void store(CheckedExprId expr, std::uint32_t site, const std::vector<llvm::Constant*>& leaves,
             llvm::Constant* valid);
  // An argument of a connector, into its StreamArgument.
  void store_argument(CheckedExprId expr, std::uint32_t site, llvm::Constant* argument);
  // The named constants that the module uses, in order, before all else; then returns the function.
  llvm::Function* finish();

 private:
  struct Task {
    CheckedExprId expr;
    std::uint32_t site = 0;
    std::vector<llvm::Constant*> leaves;
    llvm::Constant* valid = nullptr;
    llvm::Constant* argument = nullptr;
  };
  void write(FunctionFrame& frame, const Task& task);

  ModuleContext& module_;
  std::vector<Task> tasks_;
};

// StreamArgument, and the kind of argument that a type is; -1 if connectors cannot take it.
llvm::StructType* argument_struct(ModuleContext& module);
int argument_kind(const TypeTable& types, TypeId type_id);

}  // namespace streamc
