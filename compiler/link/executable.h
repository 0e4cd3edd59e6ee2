// Makes a static executable of a compiled program, with lld as a library: no other tool is started.
#pragma once

#include <string>

#include "compiler/codegen/targets/target.h"
#include "compiler/support/result.h"

namespace streamc {

// Where the runtime's archive for a target lies, as seen from the running executable:
// `../lib/libstreamrt.a` for the machine's own architecture, `../lib/<libraries>/libstreamrt.a` for
// others.
std::string runtime_archive(const TargetDescription& target);

struct ExecutableOptions {
  bool needs_tls = false;  // Its nodes speak TLS: OpenSSL becomes part of it.
};

// Links `object` (what GeneratedCode::emit_object gave for `target`) with the runtime and glibc
// into `output`, which is replaced in one step. Fails, saying what to install, if the libraries of
// the target are missing, and with the linker's words if a symbol is unknown.
Result<void> link_executable(const std::string& object, const TargetDescription& target,
                             const std::string& output, const ExecutableOptions& options = {});

}  // namespace streamc
