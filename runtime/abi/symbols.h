// The entry points by name, for the linker that runs programs in memory.
#pragma once

#include <span>

namespace streamrt {

struct EntryPoint {
  const char* name;
  void* address;
};

// Every function of entry_points.def, in that order. Referring to it also links all of them.
std::span<const EntryPoint> entry_points();

}  // namespace streamrt
