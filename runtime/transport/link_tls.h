// Links through TLS 1.3, with OpenSSL: both sides show a certificate, and each wants the other's to
// be signed by the same authority and to carry the node's name.
//
// In an archive of its own, `streamrt_tls`; call make_secure_transport() (secure_transport_maker.h)
// where a program may have been linked without it.
#pragma once

#include <memory>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/transport/link_stream.h"

namespace streamrt {

struct TlsOptions {
  // Holds, in PEM form, `ca.pem` (the authority that signed the certificates of all nodes; there
  // may be several), `NODE.pem` (this node's certificate, behind it those between it and the
  // authority, if there are any) and `NODE.key`.
  std::string directory;
  std::string node;  // This node's name, as it stands in its certificate.
  Clock* clock =
      nullptr;  // Tells what has expired; null: the machine's. Must outlive the transport.
};

// Reads and checks the files: what would make the other side refuse this node fails here, in words
// for the user. They are read once, so a new certificate counts from the next start on.
[[nodiscard]] Result<std::unique_ptr<SecureTransport>> make_tls_transport(
    const TlsOptions& options);

}  // namespace streamrt
