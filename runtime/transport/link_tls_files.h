// The three files of a node, read and checked. For the TLS sources only.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/transport/link_tls.h"
#include "runtime/transport/link_tls_certificate.h"

namespace streamrt {

struct TlsFiles {
  std::string authority_file;                   // Path of `ca.pem`.
  std::vector<CertificatePointer> authorities;  // At least one.
  std::vector<CertificatePointer> chain;  // The node's own first, then who signed it, and so on.
  KeyPointer key;
};

// Fails, naming the file, if one is missing, unreadable or no PEM; if others may read the key or it
// is not that of the certificate; and if the certificate is not this node's, not valid now, or not
// signed by the authority.
[[nodiscard]] Result<TlsFiles> read_tls_files(const TlsOptions& options, Clock& clock);

}  // namespace streamrt
