// Certificates for tests, made when they run and gone when they end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/transport/link_stream.h"

namespace streamrt::test {

// A folder of its own, with what is in it.
class CertificateFolder {
 public:
  CertificateFolder();
  CertificateFolder(const CertificateFolder&) = delete;
  CertificateFolder& operator=(const CertificateFolder&) = delete;
  ~CertificateFolder();
  [[nodiscard]] std::string path() const { return path_.string(); }
  void write(const std::string& name, const std::string& text) const;
  [[nodiscard]] std::string read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

struct CertificateWish {
  std::string common_name;
  std::vector<std::string> dns_names = {};
  std::int64_t begin_s = -3600;  // From now.
  std::int64_t end_s = 30 * 24 * 3600;
  const char* passphrase = nullptr;  // Of the key file.
  bool names_key = true;             // The certificate says which key of the authority signed it.
};

class Authority {
 public:
  // Valid for as many seconds from now.
  explicit Authority(const std::string& name = "authority of the tests",
                     std::int64_t end_s = kTenYears);
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;
  ~Authority();
  // Writes `ca.pem`.
  void introduce(const CertificateFolder& folder) const;
  // Writes `NODE.pem` and `NODE.key`, for what `wish` says.
  void issue(const CertificateFolder& folder, const std::string& node,
             const CertificateWish& wish) const;

 private:
  static constexpr std::int64_t kTenYears = std::int64_t{3650} * 24 * 3600;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// What `node` needs, of an authority that signs everything else as well.
struct Credentials {
  Credentials(const Authority& authority, const std::string& name);
  Credentials(const Authority& authority, const std::string& name, const CertificateWish& wish);
  std::unique_ptr<SecureTransport> transport(Clock* clock = nullptr) const;

  CertificateFolder folder;
  std::string node;
};

}  // namespace streamrt::test
