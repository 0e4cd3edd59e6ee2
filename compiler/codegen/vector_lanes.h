// Eight ticks of columns as vectors, for vector_loop.cpp and window_vector.cpp.
#pragma once

#include "compiler/codegen/region.h"

namespace streamc {

// Ticks index … index + 7; what lies behind the last tick is read, too, and means nothing.
Cell load_lanes(RegionEmitter& region, const Columns& columns, llvm::Value* index);
void store_lanes(RegionEmitter& region, const Columns& columns, llvm::Value* index,
                 const Cell& cell);
// Eight elements of a leaf at `address`, as the lanes of a value: bools as i1.
LeafValue load_lanes_of_leaf(FunctionFrame& frame, LeafKind kind, llvm::Value* address,
                             MemoryObject memory);
void store_lanes_of_leaf(FunctionFrame& frame, LeafKind kind, const LeafValue& value,
                         llvm::Value* address, MemoryObject memory);

}  // namespace streamc
