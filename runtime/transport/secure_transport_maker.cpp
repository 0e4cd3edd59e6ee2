#include "runtime/transport/secure_transport_maker.h"

// Null in a program without the archive.
extern "C" [[gnu::weak]] void stream_make_tls_transport(
    const streamrt::SecureTransportFiles& files,
    streamrt::Result<std::unique_ptr<streamrt::SecureTransport>>& made);

namespace streamrt {

bool has_secure_transport() {
  return &stream_make_tls_transport != nullptr;
}

Result<std::unique_ptr<SecureTransport>> make_secure_transport(const std::string& directory,
                                                               const std::string& node) {
  Result<std::unique_ptr<SecureTransport>> made = fail("this program was built without TLS");
  if (has_secure_transport()) {
    stream_make_tls_transport({.directory = directory, .node = node}, made);
  }
  return made;
}

}  // namespace streamrt
