#include "runtime/transport/link_tls_files.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/transport/link_descriptor.h"

namespace streamrt {

namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;

using StorePointer = std::unique_ptr<X509_STORE, FreedBy<X509_STORE_free>>;
using StoreContextPointer = std::unique_ptr<X509_STORE_CTX, FreedBy<X509_STORE_CTX_free>>;

enum class Secrecy : std::uint8_t { Public, Private };

Result<void> check_file(int fd, const std::string& path, Secrecy secrecy) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return fail("cannot read `{}`: {}", path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fail("cannot read `{}`: it is not a file", path);
  if (secrecy == Secrecy::Private && (status.st_mode & S_IRWXO) != 0) {
    return fail(
        "every user of this machine may read or change the key `{}`: `chmod 600 '{}'`, and have a "
        "new one made "
        "if somebody else was here",
        path, path);
  }
  return {};
}

// `what` says what the file is for: whoever has none yet learns it here.
Result<std::string> read_text(const std::string& path, std::string_view what, Secrecy secrecy) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    return fail("cannot read `{}`, {}: {}", path, what, std::strerror(errno));
  }
  if (const Result<void> checked = check_file(file.get(), path, secrecy); !checked) {
    return checked.failure();
  }
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t count = ::read(file.get(), piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail("cannot read `{}`, {}: {}", path, what, std::strerror(errno));
    if (count == 0) return text;
    text.append(piece, static_cast<std::size_t>(count));
    if (text.size() > kFileBytesMax) return fail("`{}` is too large for {}", path, what);
  }
}

BioPointer bio_of(const std::string& text) {
  return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<std::vector<CertificatePointer>> read_certificates(const std::string& path,
                                                          std::string_view what) {
  const Result<std::string> text = read_text(path, what, Secrecy::Public);
  if (!text) return text.failure();
  const BioPointer bio = bio_of(*text);
  std::vector<CertificatePointer> certificates;
  ERR_clear_error();
  while (X509* const certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!is_end) return fail("`{}`, {}, is damaged", path, what);
  if (certificates.empty()) {
    return fail("`{}`, {}, holds no certificate in PEM form", path, what);
  }
  return certificates;
}

// Nobody is there to type a passphrase.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

Result<KeyPointer> read_key(const std::string& path) {
  constexpr std::string_view kWhat = "the key of this node's certificate";
  Result<std::string> text = read_text(path, kWhat, Secrecy::Private);
  if (!text) return text.failure();
  bool was_asked = false;
  KeyPointer key(PEM_read_bio_PrivateKey(bio_of(*text).get(), nullptr, &no_passphrase, &was_asked));
  ERR_clear_error();
  OPENSSL_cleanse(text->data(), text->size());
  if (was_asked) {
    return fail(
        "the key `{}` has a passphrase, and nobody is there to type it: take it off with `openssl "
        "pkey`",
        path);
  }
  if (key == nullptr) return fail("`{}`, {}, holds no private key in PEM form", path, kWhat);
  return key;
}

// As the other side will do it.
Result<void> check_signed(const TlsFiles& files, Clock& clock) {
  const StorePointer store(X509_STORE_new());
  for (const CertificatePointer& authority : files.authorities) {
    X509_STORE_add_cert(store.get(), authority.get());
  }
  STACK_OF(X509)* const others = sk_X509_new_null();
  for (const CertificatePointer& other : files.chain) sk_X509_push(others, other.get());
  const StoreContextPointer context(X509_STORE_CTX_new());
  Verification verification{.clock = &clock, .authority_file = files.authority_file};
  X509_STORE_CTX_init(context.get(), store.get(), files.chain.front().get(), others);
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_NO_CHECK_TIME);
  X509_STORE_CTX_set_app_data(context.get(), &verification);
  X509_STORE_CTX_set_verify_cb(context.get(), [](int is_good, X509_STORE_CTX* step) {
    return verify_step(is_good, step,
                       *static_cast<Verification*>(X509_STORE_CTX_get_app_data(step)));
  });
  const bool is_good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  sk_X509_free(others);
  if (is_good) return {};
  return fail("{}", verification.problem.empty() ? "the certificate cannot be verified"
                                                 : verification.problem);
}

Result<void> check_own(const TlsFiles& files, const TlsOptions& options, Clock& clock) {
  X509* const own = files.chain.front().get();
  if (X509_check_private_key(own, files.key.get()) != 1) {
    ERR_clear_error();
    return fail("the key `{0}/{1}.key` does not belong to the certificate `{0}/{1}.pem`",
                options.directory, options.node);
  }
  if (!belongs_to(own, options.node)) {
    return fail("the certificate `{}/{}.pem` is that of {}, not of `{}`", options.directory,
                options.node, owner_text(own), options.node);
  }
  return check_signed(files, clock);
}

}  // namespace

Result<TlsFiles> read_tls_files(const TlsOptions& options, Clock& clock) {
  if (options.node.empty() || options.node.find('/') != std::string::npos) {
    return fail("`{}` cannot be the name of a node with a certificate", options.node);
  }
  TlsFiles files;
  files.authority_file = options.directory + "/ca.pem";
  auto authorities = read_certificates(
      files.authority_file, "the certificate of the authority that signs those of all nodes");
  if (!authorities) return authorities.failure();
  files.authorities = std::move(*authorities);
  const std::string own = options.directory + "/" + options.node;
  auto chain = read_certificates(own + ".pem", "the certificate of this node");
  if (!chain) return chain.failure();
  files.chain = std::move(*chain);
  auto key = read_key(own + ".key");
  if (!key) return key.failure();
  files.key = std::move(*key);
  if (const Result<void> checked = check_own(files, options, clock); !checked) {
    return checked.failure();
  }
  return files;
}

}  // namespace streamrt
