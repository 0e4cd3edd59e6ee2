// Moves the chosen ones of eight lanes together and appends them to columns.
//
// LLVM 19's own compress intrinsic becomes some fifty scalar instructions even for AVX-512, so each
// target says what it has (CompressShape): a register compress, a table of permutations, or nothing.
#pragma once

#include <vector>

#include "compiler/codegen/frame.h"

namespace streamc {

// A column to append to: an address of tick 0, its memory, and eight lanes of 8-byte values or bools.
struct CompressColumn {
  llvm::Value* address = nullptr;
  MemoryObject memory = 0;
  LeafKind kind = LeafKind::F64;
  llvm::Value* lanes = nullptr;  // <8 x double>, <8 x i64> or <8 x i1>
};

// Appends the lanes of `mask` (<8 x i1>) at `place` to every column; returns the place behind them.
// Touches up to eight ticks from `place` on.
llvm::Value* append_chosen(FunctionFrame& frame, const std::vector<CompressColumn>& columns,
                           llvm::Value* place, llvm::Value* mask);

}  // namespace streamc
