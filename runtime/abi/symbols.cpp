#include "runtime/abi/symbols.h"

#include "runtime/abi/entry_points.h"

namespace streamrt {

std::span<const EntryPoint> entry_points() {
  static const EntryPoint table[] = {
#define STREAM_ENTRY_POINT(name, ...) {#name, reinterpret_cast<void*>(&name)},
#include "runtime/abi/entry_points.def"
#undef STREAM_ENTRY_POINT
  };
  return table;
}

}  // namespace streamrt
