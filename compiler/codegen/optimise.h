// Which of LLVM's passes run over a module.
#pragma once

#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include "compiler/codegen/codegen.h"

namespace streamc {

// Contraction is never allowed, and no flag of the emitted code lets a pass change a result.
void optimise_module(llvm::Module& module, llvm::TargetMachine& machine,
                     Optimisation optimisation);

}  // namespace streamc
