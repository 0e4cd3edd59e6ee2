#include "tests/certificates/certificates.h"

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "runtime/transport/link_tls.h"

namespace streamrt::test {

namespace fs = std::filesystem;

namespace {

using KeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using CertificatePointer = std::unique_ptr<X509, decltype(&X509_free)>;
using BioPointer = std::unique_ptr<BIO, decltype(&BIO_free)>;

KeyPointer new_key() {
  return {EVP_EC_gen("P-256"), &EVP_PKEY_free};
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Not signed yet.
CertificatePointer new_certificate(const CertificateWish& wish, EVP_PKEY* key) {
  static long serial = 1;
  CertificatePointer certificate(X509_new(), &X509_free);
  X509* const made = certificate.get();
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made), static_cast<long>(wish.begin_s));
  X509_gmtime_adj(X509_getm_notAfter(made), static_cast<long>(wish.end_s));
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1,
                             -1, 0);
  std::string names;
  for (const std::string& name : wish.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  if (!names.empty()) add_extension(made, made, NID_subject_alt_name, names);
  return certificate;
}

template <class Write>
std::string pem_text(Write write) {
  const BioPointer bio(BIO_new(BIO_s_mem()), &BIO_free);
  REQUIRE(write(bio.get()) == 1);
  char* bytes = nullptr;
  const long count = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(count)};
}

}  // namespace

// ---- folders ----

CertificateFolder::CertificateFolder() {
  std::string name = (fs::temp_directory_path() / "certificates.XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

CertificateFolder::~CertificateFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

// As a careful user does it: keys are for nobody else.
void CertificateFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  ::chmod((path_ / name).c_str(), name.ends_with(".key") ? 0600 : 0644);
}

std::string CertificateFolder::read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
  return text.str();
}

// ---- certificates ----

struct Authority::Parts {
  KeyPointer key = new_key();
  CertificatePointer certificate{nullptr, &X509_free};
};

Authority::~Authority() = default;

Authority::Authority(const std::string& name, std::int64_t end_s)
    : parts_(std::make_unique<Parts>()) {
  parts_->certificate = new_certificate({.common_name = name, .end_s = end_s}, parts_->key.get());
  X509* const made = parts_->certificate.get();
  X509_set_issuer_name(made, X509_get_subject_name(made));
  add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(made, made, NID_subject_key_identifier, "hash");
  REQUIRE(X509_sign(made, parts_->key.get(), EVP_sha256()) > 0);
}

void Authority::introduce(const CertificateFolder& folder) const {
  folder.write("ca.pem", pem_text([&](BIO* bio) {
                 return PEM_write_bio_X509(bio, parts_->certificate.get());
               }));
}

void Authority::issue(const CertificateFolder& folder, const std::string& node,
                      const CertificateWish& wish) const {
  const KeyPointer key = new_key();
  const CertificatePointer certificate = new_certificate(wish, key.get());
  X509* const issuer = parts_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  if (wish.names_key) {
    add_extension(certificate.get(), issuer, NID_authority_key_identifier, "keyid:always");
  }
  REQUIRE(X509_sign(certificate.get(), parts_->key.get(), EVP_sha256()) > 0);
  folder.write(node + ".pem",
               pem_text([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }));
  const EVP_CIPHER* const cipher = wish.passphrase == nullptr ? nullptr : EVP_aes_128_cbc();
  folder.write(node + ".key", pem_text([&](BIO* bio) {
                 return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), cipher, nullptr, 0, nullptr,
                                                      const_cast<char*>(wish.passphrase));
               }));
}

// ---- credentials ----

Credentials::Credentials(const Authority& authority, const std::string& name)
    : Credentials(authority, name, {.common_name = "node", .dns_names = {name}}) {}

Credentials::Credentials(const Authority& authority, const std::string& name,
                         const CertificateWish& wish)
    : node(name) {
  authority.introduce(folder);
  authority.issue(folder, node, wish);
}

std::unique_ptr<SecureTransport> Credentials::transport(Clock* clock) const {
  auto made = make_tls_transport({.directory = folder.path(), .node = node, .clock = clock});
  if (!made) FAIL(made.message());
  return std::move(*made);
}

}  // namespace streamrt::test
