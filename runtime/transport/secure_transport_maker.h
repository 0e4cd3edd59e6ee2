// TLS for a program that may have been built without it: what the rest of the runtime calls.
//
// The archive `streamrt` needs no OpenSSL. What does is in `streamrt_tls`, and a program has it
// only if it was linked with it; then, and only then, the hook below is there.
#pragma once

#include <memory>
#include <string>

#include "runtime/base/result.h"
#include "runtime/transport/link_stream.h"

namespace streamrt {

// Where make_tls_transport() (link_tls.h) finds them.
struct SecureTransportFiles {
  std::string directory;  // Of `ca.pem`, `NODE.pem` and `NODE.key`.
  std::string node;       // This node's name.
};

// For LinkHubOptions::secure. Fails in words for the user; without the archive "this program was
// built without TLS".
[[nodiscard]] Result<std::unique_ptr<SecureTransport>> make_secure_transport(
    const std::string& directory, const std::string& node);

// Whether the archive is part of this program.
[[nodiscard]] bool has_secure_transport();

}  // namespace streamrt

// Defined by `streamrt_tls` alone (link_tls.cpp). Whoever links the archive asks for this name
// (`--undefined`), for the weak reference of the runtime takes nothing from an archive.
extern "C" void stream_make_tls_transport(
    const streamrt::SecureTransportFiles& files,
    streamrt::Result<std::unique_ptr<streamrt::SecureTransport>>& made);
