#include "runtime/transport/link_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/auxv.h>

#include <utility>

#include "runtime/transport/link_tls_certificate.h"
#include "runtime/transport/link_tls_files.h"
#include "runtime/transport/link_tls_stream.h"
#include "runtime/transport/link_tls_words.h"
#include "runtime/transport/secure_transport_maker.h"

namespace streamrt {

namespace {

constexpr int kSecurityLevel = 2;  // No keys weaker than 112 bits: RSA from 2048 on.
constexpr std::size_t kReadBytes = std::size_t{64} << 10;

// What the configuration of the machine says about OpenSSL must not matter to a program; a static
// one could not load what it names. Other threads may still be at work when the process ends, so
// nothing is tidied up then.
void prepare_library() {
  static const bool is_prepared =
      OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr) == 1;
  STREAM_CHECK(is_prepared, "OpenSSL does not start");
}

// Instructions for AES. Raspberry Pis have them from the fifth on.
bool has_quick_aes() {
#if defined(__aarch64__)
  constexpr unsigned long kAes = 1UL << 3;  // HWCAP_AES
  return (::getauxval(AT_HWCAP) & kAes) != 0;
#elif defined(__arm__)
  constexpr unsigned long kAes = 1UL << 0;  // HWCAP2_AES
  return (::getauxval(AT_HWCAP2) & kAes) != 0;
#else
  return true;
#endif
}

// Both sides of a link compute the same cipher, so it is the one that suits the slower of them.
void choose_ciphers(SSL_CTX* context) {
  SSL_CTX_set_ciphersuites(
      context, has_quick_aes()
                   ? "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
                   : "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
}

int verify_peer(int is_good, X509_STORE_CTX* store) {
  const auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& stream = *static_cast<TlsStream*>(SSL_get_app_data(ssl));
  return verify_step(is_good, store, stream.verification());
}

Result<void> show_own(SSL_CTX* context, const TlsFiles& files) {
  bool is_good = SSL_CTX_use_certificate(context, files.chain.front().get()) == 1 &&
                 SSL_CTX_use_PrivateKey(context, files.key.get()) == 1;
  for (std::size_t i = 1; i < files.chain.size() && is_good; ++i) {
    is_good = SSL_CTX_add1_chain_cert(context, files.chain[i].get()) == 1;
  }
  if (is_good) return {};
  return fail("this node's certificate cannot be used: {}", take_tls_error());
}

Result<SslContextPointer> make_context(const TlsFiles& files) {
  ERR_clear_error();
  SslContextPointer context(SSL_CTX_new(TLS_method()));
  if (context == nullptr) return fail("OpenSSL does not start: {}", take_tls_error());
  SSL_CTX* const made = context.get();
  SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
  SSL_CTX_set_security_level(made, kSecurityLevel);
  choose_ciphers(made);
  // Every connection begins anew: certificates are looked at each time.
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(made, 0);
  // What is shown is what the file holds, and not the authority as well.
  SSL_CTX_set_mode(made, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_read_ahead(made, 1);
  SSL_CTX_set_default_read_buffer_len(made, kReadBytes);
  SSL_CTX_set_verify(made, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, &verify_peer);
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(made), X509_V_FLAG_NO_CHECK_TIME);
  for (const CertificatePointer& authority : files.authorities) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(made), authority.get());
  }
  if (const Result<void> shown = show_own(made, files); !shown) return shown.failure();
  return context;
}

class TlsTransport final : public SecureTransport {
 public:
  TlsTransport(SslContextPointer context, std::string authority_file, Clock& clock)
      : context_(std::move(context)), authority_file_(std::move(authority_file)), clock_(&clock) {}

  Result<std::unique_ptr<ByteStream>> wrap(FileDescriptor socket, bool is_connector) override {
    return std::make_unique<TlsStream>(
        std::move(socket), context_.get(),
        Verification{.clock = clock_, .authority_file = authority_file_}, is_connector);
  }

 private:
  SslContextPointer context_;
  std::string authority_file_;
  Clock* clock_;
};

}  // namespace

Result<std::unique_ptr<SecureTransport>> make_tls_transport(const TlsOptions& options) {
  prepare_library();
  Clock& clock = options.clock != nullptr ? *options.clock : system_clock();
  const Result<TlsFiles> files = read_tls_files(options, clock);
  if (!files) return files.failure();
  Result<SslContextPointer> context = make_context(*files);
  if (!context) return context.failure();
  return std::make_unique<TlsTransport>(std::move(*context), files->authority_file, clock);
}

}  // namespace streamrt

void stream_make_tls_transport(const streamrt::SecureTransportFiles& files,
                               streamrt::Result<std::unique_ptr<streamrt::SecureTransport>>& made) {
  made = streamrt::make_tls_transport({.directory = files.directory, .node = files.node});
}
