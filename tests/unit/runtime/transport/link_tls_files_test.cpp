// The three files of a node: what is wrong with them is said before anybody connects.
#include "runtime/transport/link_tls_files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "runtime/transport/secure_transport_maker.h"
#include "tests/certificates/certificates.h"

namespace streamrt {
namespace {

using namespace test;

// Why there are no links with these credentials; D stands for the folder.
std::string problem_with(const Credentials& credentials, const std::string& node = "a") {
  const auto made = make_secure_transport(credentials.folder.path(), node);
  if (made) return "";
  std::string text = made.message();
  const std::string folder = credentials.folder.path();
  for (std::size_t at = 0; (at = text.find(folder)) != std::string::npos;) {
    text.replace(at, folder.size(), "D");
  }
  return text;
}

TEST_CASE("TLS files: whoever has linked the archive has TLS") {
  const Authority authority;
  CHECK(has_secure_transport());
  CHECK(problem_with(Credentials(authority, "a")) == "");
}

TEST_CASE("TLS files: what is missing is named, and what it is for") {
  const Authority authority;
  const Credentials credentials(authority, "a");
  const std::filesystem::path folder(credentials.folder.path());
  std::filesystem::remove(folder / "a.key");
  CHECK(problem_with(credentials) ==
        "cannot read `D/a.key`, the key of this node's certificate: No such file or directory");
  std::filesystem::remove(folder / "a.pem");
  CHECK(problem_with(credentials) ==
        "cannot read `D/a.pem`, the certificate of this node: No such file or directory");
  std::filesystem::remove(folder / "ca.pem");
  CHECK(problem_with(credentials) ==
        "cannot read `D/ca.pem`, the certificate of the authority that signs those of all nodes: "
        "No such file or "
        "directory");
  CHECK(problem_with(credentials, "../a") ==
        "`../a` cannot be the name of a node with a certificate");
}

TEST_CASE("TLS files: what is something else is named") {
  const Authority authority;
  const Credentials credentials(authority, "a");
  const std::string certificate = credentials.folder.read("a.pem");
  credentials.folder.write("a.pem", "nothing\n");
  CHECK(problem_with(credentials) ==
        "`D/a.pem`, the certificate of this node, holds no certificate in PEM form");
  credentials.folder.write("a.pem", certificate.substr(0, certificate.size() / 2));
  CHECK(problem_with(credentials) == "`D/a.pem`, the certificate of this node, is damaged");
  credentials.folder.write("a.pem", certificate);
  credentials.folder.write("a.key", certificate);
  CHECK(problem_with(credentials) ==
        "`D/a.key`, the key of this node's certificate, holds no private key in PEM form");
  std::filesystem::remove(credentials.folder.path() + "/a.key");
  std::filesystem::create_directory(credentials.folder.path() + "/a.key");
  CHECK(problem_with(credentials) == "cannot read `D/a.key`: it is not a file");
}

TEST_CASE("TLS files: a key that everybody may read is refused, with the command that helps") {
  const Authority authority;
  const Credentials credentials(authority, "a");
  const std::string key = credentials.folder.path() + "/a.key";
  for (const mode_t mode : {0644, 0602, 0601}) {
    ::chmod(key.c_str(), mode);
    CHECK(problem_with(credentials) ==
          "every user of this machine may read or change the key `D/a.key`: `chmod 600 'D/a.key'`, "
          "and have a new one "
          "made if somebody else was here");
  }
  for (const mode_t mode : {0600, 0640, 0400}) {
    ::chmod(key.c_str(), mode);
    CHECK(problem_with(credentials) == "");
  }
}

TEST_CASE("TLS files: a key that cannot be used is refused") {
  const Authority authority;
  const Credentials credentials(authority, "a");
  const Credentials other(authority, "a");
  credentials.folder.write("a.key", other.folder.read("a.key"));
  CHECK(problem_with(credentials) ==
        "the key `D/a.key` does not belong to the certificate `D/a.pem`");
  const Credentials locked(authority, "a", {.common_name = "a", .passphrase = "open"});
  CHECK(problem_with(locked) ==
        "the key `D/a.key` has a passphrase, and nobody is there to type it: take it off with "
        "`openssl pkey`");
}

TEST_CASE("TLS files: a certificate that others would refuse is refused at home") {
  const Authority authority;
  const Authority other("another authority");
  const Credentials credentials(authority, "a");
  other.introduce(credentials.folder);
  CHECK(problem_with(credentials) ==
        "the certificate of `a` was signed by another authority than that in `D/ca.pem`");
  const Credentials of_b(authority, "a", {.common_name = "b", .dns_names = {"b", "c"}});
  CHECK(problem_with(of_b) == "the certificate `D/a.pem` is that of `b`, `c`, not of `a`");
  const Credentials old(authority, "a", {.common_name = "a", .begin_s = -7200, .end_s = -3600});
  CHECK(problem_with(old).starts_with("the certificate of `a` expired at 20"));
  const Credentials early(authority, "a", {.common_name = "a", .begin_s = 3600});
  CHECK(problem_with(early).starts_with("the certificate of `a` is valid from 20"));
}

TEST_CASE("TLS files: time is that of the clock, also beyond 2038") {
  const Authority authority;
  const Credentials credentials(authority, "a");
  VirtualClock far(2'300'000'000LL * 1'000'000'000);  // 2042.
  const auto made =
      make_tls_transport({.directory = credentials.folder.path(), .node = "a", .clock = &far});
  REQUIRE(!made);
  CHECK(made.message().ends_with(": it is 2042-11-19T08:53:20Z here"));
}

}  // namespace
}  // namespace streamrt
