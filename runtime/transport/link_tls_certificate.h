// Certificates, as far as links need them: whose they are, until when, and from whom. For the TLS
// sources only.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace streamrt {

// Owns what OpenSSL made.
template <auto kFree>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using BioPointer = std::unique_ptr<BIO, FreedBy<BIO_free>>;
using CertificatePointer = std::unique_ptr<X509, FreedBy<X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using SslContextPointer = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;
using SslPointer = std::unique_ptr<SSL, FreedBy<SSL_free>>;

// Whose it is: its DNS names, or without any its common name; in backquotes, fit for a terminal.
[[nodiscard]] std::string owner_text(const X509* certificate);
// Exactly one of the DNS names is `node`; or there are none, and the common name is.
[[nodiscard]] bool belongs_to(const X509* certificate, const std::string& node);

// X509_V_OK, or the error that says on which side of its time it is. OpenSSL's own check is not
// used: it has neither our clock nor, on 32-bit machines, times beyond 2038.
[[nodiscard]] int time_error(const X509* certificate, Clock& clock);

// Why a certificate was not accepted; `error` is one of X509_V_ERR_….
[[nodiscard]] std::string verification_text(int error, const X509* certificate,
                                            const std::string& authority_file, Clock& clock);

// What the callback that OpenSSL calls for each certificate of a chain needs, and finds.
struct Verification {
  Clock* clock = nullptr;
  std::string authority_file;  // As the user knows it.
  std::string problem;         // Empty: none so far.
};
// For the callbacks of SSL_CTX_set_verify and X509_STORE_CTX_set_verify_cb, with what they were
// given: adds the check of time, notes the first problem, and gives what they have to return.
int verify_step(int is_good, X509_STORE_CTX* store, Verification& verification);

}  // namespace streamrt
