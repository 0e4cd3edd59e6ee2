// Makes a static executable of a compiled program, with lld as a library: no other tool is started.
#pragma once

#include <string>

#include "compiler/support/result.h"

namespace streamc {

// Where the runtime's archive lies: `../lib/libstreamrt.a` as seen from the running executable.
std::string default_runtime_archive();

// Links `object` (what GeneratedCode::emit_object gave) with the runtime and glibc into `output`, which
// is replaced in one step. Fails, with the linker's words, if a file is missing or a symbol unknown.
Result<void> link_executable(const std::string& object, const std::string& runtime_archive,
                             const std::string& output);

}  // namespace streamc
