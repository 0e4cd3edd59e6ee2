// Items as numbers, for charts and tables: int, float, bool, duration (in seconds), and options of
// them.
#pragma once

#include <cstdint>
#include <cmath>
#include <limits>

#include "runtime/abi/stream_abi.h"

namespace streamrt {

inline bool is_numeric(const StreamType& type) {
  switch (type.kind) {
    case STREAM_TYPE_BOOL:
    case STREAM_TYPE_INT:
    case STREAM_TYPE_FLOAT:
    case STREAM_TYPE_DURATION:
      return true;
    case STREAM_TYPE_OPTION:
      return is_numeric(*type.element);
    default:
      return false;
  }
}

// The number of item `index`; NaN for `none`. The type must be numeric.
inline double number_at(const StreamType& type, void* const* columns, std::int64_t index) {
  switch (type.kind) {
    case STREAM_TYPE_BOOL:
      return static_cast<const std::int8_t*>(columns[0])[index];
    case STREAM_TYPE_INT:
      return static_cast<double>(static_cast<const std::int64_t*>(columns[0])[index]);
    case STREAM_TYPE_DURATION:
      return static_cast<double>(static_cast<const std::int64_t*>(columns[0])[index]) / 1e9;
    case STREAM_TYPE_OPTION:
      return static_cast<const std::int8_t*>(columns[0])[index] == 0
                 ? std::numeric_limits<double>::quiet_NaN()
                 : number_at(*type.element, columns + 1, index);
    default:
      return static_cast<const double*>(columns[0])[index];
  }
}

}  // namespace streamrt
