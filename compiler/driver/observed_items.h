// Columns that a running program hands out → values, for tests to compare.
#pragma once

#include <cstdint>
#include <span>

#include "compiler/sema/checked.h"

namespace streamc {

// The value of a type at `index` of its leaves' columns, one pointer for each leaf.
Value value_at(const TypeTable& types, TypeId type_id, std::span<const void* const> columns, std::int64_t index);

}  // namespace streamc
