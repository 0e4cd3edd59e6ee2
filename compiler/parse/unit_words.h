// What people write for a unit.
#pragma once

#include <string_view>

namespace streamc {

// The unit that `word` most likely means: `min` for `m`, `minutes` or `min`. Empty if none.
std::string_view meant_unit(std::string_view word);

}  // namespace streamc
