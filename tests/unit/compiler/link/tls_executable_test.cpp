// Executables with TLS: static, for every machine, and without OpenSSL where it is not asked for.
#include <doctest/doctest.h>
#include <elf.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "compiler/link/executable.h"
#include "tests/certificates/certificates.h"
#include "tests/runner/patience.h"

namespace streamtest {
namespace {

namespace fs = std::filesystem;

struct Machine {
  std::string target;
  std::string emulator;  // Empty: this one.
};

const Machine kMachines[] = {
    {"host", ""}, {"pi5", "qemu-aarch64"}, {"pi2", "qemu-arm"}, {"pi0", "qemu-arm"}};

std::string contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string output_of(const std::string& command) {
  std::string output;
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> bytes;
  while (const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), pipe)) {
    output.append(bytes.data(), count);
  }
  ::pclose(pipe);
  return output;
}

// The probe's object for a machine, if it was made.
std::optional<std::string> probe_for(const Machine& machine,
                                     const streamc::TargetDescription& target) {
  if (machine.emulator.empty()) return contents(STREAM_TLS_PROBE);
  fs::path object = STREAM_TLS_PROBE_FOLDER;
  object /= target.libraries + "/tests_unit_compiler_link_tls_probe_tls_probe.cpp.o";
  std::error_code error;
  const fs::path archive = streamc::runtime_archive(target);
  for (const fs::path& file : {object, archive, archive.parent_path() / "libstreamrt_tls.a"}) {
    if (!fs::exists(file, error)) return std::nullopt;
  }
  if (!output_of(machine.emulator + " --version").starts_with("qemu-")) {
    return std::nullopt;
  }
  return contents(object);
}

template <class Header, class Part>
bool has_interpreter(const std::string& bytes) {
  Header header{};
  REQUIRE(bytes.size() > sizeof header);
  std::memcpy(&header, bytes.data(), sizeof header);
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Part part{};
    std::memcpy(&part, bytes.data() + header.e_phoff + i * sizeof part, sizeof part);
    if (part.p_type == PT_INTERP || part.p_type == PT_DYNAMIC) return true;
  }
  return false;
}

// Whether it is no static executable.
bool asks_for_loader(const std::string& bytes) {
  return bytes.at(EI_CLASS) == ELFCLASS64 ? has_interpreter<Elf64_Ehdr, Elf64_Phdr>(bytes)
                                          : has_interpreter<Elf32_Ehdr, Elf32_Phdr>(bytes);
}

TEST_CASE("an executable has OpenSSL if it asks for TLS, and is static and works") {
  const streamrt::test::CertificateFolder folder;
  const streamrt::test::Authority authority;
  authority.introduce(folder);
  for (const char* node : {"a", "b"}) authority.issue(folder, node, {.common_name = node});
  for (const Machine& machine : kMachines) {
    CAPTURE(machine.target);
    const auto target = streamc::find_target(machine.target);
    REQUIRE(target);
    const std::optional<std::string> object = probe_for(machine, *target);
    if (!object) {
      MESSAGE("not tested for ", machine.target, ": `./dev setup --targets` gets what is missing");
      continue;
    }
    const std::string output = folder.path() + "/program";
    const auto run = [&] {
      return output_of(machine.emulator + " " + output + " " + folder.path());
    };
    const auto with = streamc::link_executable(*object, *target, output, {.needs_tls = true});
    REQUIRE_MESSAGE(with.has_value(), (with ? "" : with.message()));
    CHECK(run() == "through TLS\n");
    const std::string bytes = contents(output);
    CHECK(bytes.find("OpenSSL") != std::string::npos);
    CHECK(asks_for_loader(bytes) == (streamtest::kIsSanitized && machine.emulator.empty()));

    const auto without = streamc::link_executable(*object, *target, output);
    REQUIRE_MESSAGE(without.has_value(), (without ? "" : without.message()));
    CHECK(run() == "this program was built without TLS\n");
    CHECK(contents(output).find("OpenSSL") == std::string::npos);
  }
}

}  // namespace
}  // namespace streamtest
