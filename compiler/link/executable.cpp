#include "compiler/link/executable.h"

#include <lld/Common/Driver.h>
#include <llvm/Support/CrashRecoveryContext.h>
#include <llvm/Support/raw_ostream.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

LLD_HAS_DRIVER(elf)

namespace streamc {

namespace {

namespace fs = std::filesystem;

struct LinkFile {
  const char* name;
  const char* path;  // Where the compiler that built streamc found it.
};

// Of the machine's own architecture.
constexpr LinkFile kLinkFiles[] = {
#define STREAM_LINK_FILE(name, path) {name, path},
#include "link_files.def"
#undef STREAM_LINK_FILE
};

bool is_native(const TargetDescription& target) {
  return target.libraries == STREAM_NATIVE_LIBRARIES;
}

// The file where it was when streamc was built, else where Debian's packages put it.
Result<std::string> find_system_file(const TargetDescription& target, const std::string& name) {
  std::error_code error;
  fs::path libraries = "/usr/" + target.libraries + "/lib";
  fs::path compilers = "/usr/lib/gcc-cross/" + target.libraries;
  std::string packages = "the package `g++-" + target.libraries + "`";
  if (is_native(target)) {
    for (const LinkFile& file : kLinkFiles) {
      if (name == file.name && fs::exists(file.path, error)) return std::string(file.path);
    }
    libraries = "/usr/lib/" + target.libraries;
    compilers = "/usr/lib/gcc/" + target.libraries;
    packages = "the packages `g++` and `libc6-dev`";
  }
  if (fs::exists(libraries / name, error)) return (libraries / name).string();
  fs::path newest;
  for (const fs::directory_entry& version : fs::directory_iterator(compilers, error)) {
    if (fs::exists(version.path() / name, error) && version.path() > newest) {
      newest = version.path();
    }
  }
  if (!newest.empty()) return (newest / name).string();
  return fail("`{}` is missing, which every executable for `{}` needs: install {}", name,
              target.name, packages);
}

// OpenSSL: beside the runtime for other architectures, else where Debian's package puts it.
Result<std::string> find_tls_file(const TargetDescription& target, const std::string& name) {
  std::error_code error;
  const fs::path beside = fs::path(runtime_archive(target)).parent_path() / name;
  if (fs::exists(beside, error)) return beside.string();
  const fs::path installed = fs::path("/usr/lib") / target.libraries / name;
  if (fs::exists(installed, error)) return installed.string();
  const char* const remedy =
      is_native(target) ? "install the package `libssl-dev`" : "`./dev setup --targets` gets it";
  return fail("`{}` is missing, which executables with TLS for `{}` need: {}", name, target.name,
              remedy);
}

// What an executable with TLS has beside the runtime.
Result<std::vector<std::string>> tls_arguments(const TargetDescription& target) {
  // Only the name of the hook makes the linker look into the archive.
  std::vector<std::string> arguments = {"--undefined=stream_make_tls_transport"};
  for (const char* name : {"libstreamrt_tls.a", "libssl.a", "libcrypto.a"}) {
    auto path = find_tls_file(target, name);
    if (!path) return path.failure();
    arguments.push_back(*path);
  }
  // OpenSSL needs it on processors without atomic 64-bit numbers.
  auto atomic = find_system_file(target, "libatomic.a");
  if (!atomic) return atomic.failure();
  arguments.push_back(*atomic);
  return arguments;
}

// What stands around the object and the runtime: files that every executable needs.
struct Surroundings {
  std::vector<std::string> options;
  std::vector<std::string> in_front;
  std::vector<std::string> libraries;
  std::vector<std::string> behind;
};

Surroundings surroundings([[maybe_unused]] const TargetDescription& target) {
#ifdef STREAM_SANITIZER_LIBRARIES
  // A runtime that was built with a sanitizer needs that, which is a shared library. Those for other machines are not.
  if (is_native(target)) {
    return {.options = {"-pie", "--dynamic-linker=" STREAM_DYNAMIC_LINKER},
            .in_front = {"Scrt1.o", "crti.o", "crtbeginS.o"},
            .libraries = {STREAM_SANITIZER_LIBRARIES, "libstdc++.so", "libm.so", "libgcc.a", "libgcc_s.so.1", "libc.so"},
            .behind = {"crtendS.o", "crtn.o"}};
  }
#endif
  return {.options = {"-static", "--strip-all"},
          .in_front = {"crt1.o", "crti.o", "crtbeginT.o"},
          .libraries = {"libstdc++.a", "libm.a", "libgcc.a", "libgcc_eh.a", "libc.a"},
          .behind = {"crtend.o", "crtn.o"}};
}

// The object as a file, for as long as the linker needs it.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code error;
    fs::remove(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

std::string runtime_archive(const TargetDescription& target) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  fs::path folder = self.parent_path().parent_path() / "lib";
  if (!is_native(target)) folder /= target.libraries;
  return (folder / "libstreamrt.a").string();
}

Result<void> link_executable(const std::string& object, const TargetDescription& target,
                             const std::string& output, const ExecutableOptions& options) {
  std::error_code error;
  const std::string archive = runtime_archive(target);
  if (target.emulation.empty()) return fail("no executables can be linked for `{}`", target.triple);
  if (!fs::exists(archive, error)) {
    if (is_native(target)) return fail("the runtime `{}` is missing", archive);
    return fail("the runtime for `{}` is missing (`{}`): `./dev setup --targets` makes it",
                target.name, archive);
  }
  // Behind the name may be a device, which a rename would replace.
  if (fs::exists(output, error) && !fs::is_regular_file(output, error)) {
    return fail("cannot write `{}`: it is not a file", output);
  }
  const std::string unique = output + "." + std::to_string(::getpid());
  const TemporaryFile object_file(unique + ".o");
  const TemporaryFile linked_file(unique + ".tmp");
  {
    std::ofstream stream(object_file.path(), std::ios::binary);
    stream << object;
    if (!stream.flush()) return fail("cannot write `{}`: {}", output, std::strerror(errno));
  }

  // The output is a mapped file, and a full disk shows as a signal: which is caught on this thread
  // only.
  llvm::CrashRecoveryContext::Enable();
  const Surroundings around = surroundings(target);
  std::vector<std::string> arguments = {"ld.lld",      "--threads=1",     "-m",
                                        target.emulation, "--gc-sections",
                                        "--build-id=none", "--eh-frame-hdr", "-z",
                                        "noexecstack", "-z",              "relro",
                                        "-o",          linked_file.path()};
  arguments.insert(arguments.end(), around.options.begin(), around.options.end());
  // A bug of early Cortex-A53s (Raspberry Pi 3), which Debian's own compiler steers around as well.
  if (target.emulation == "aarch64linux") arguments.push_back("--fix-cortex-a53-843419");
  const auto add_system_files = [&](const std::vector<std::string>& names) -> Result<void> {
    for (const std::string& name : names) {
      auto path = find_system_file(target, name);
      if (!path) return path.failure();
      arguments.push_back(*path);
    }
    return {};
  };
  if (auto added = add_system_files(around.in_front); !added) return added;
  arguments.push_back(object_file.path());
  arguments.push_back(archive);
  arguments.push_back("--start-group");
  if (options.needs_tls) {
    const auto added = tls_arguments(target);
    if (!added) return added.failure();
    arguments.insert(arguments.end(), added->begin(), added->end());
  }
  if (auto added = add_system_files(around.libraries); !added) return added;
  arguments.push_back("--end-group");
  if (auto added = add_system_files(around.behind); !added) return added;

  std::vector<const char*> words;
  for (const std::string& argument : arguments) words.push_back(argument.c_str());
  std::string said;
  llvm::raw_string_ostream stream(said);
  const lld::Result result = lld::lldMain(words, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0) {
    while (said.ends_with('\n')) said.pop_back();
    if (said.empty()) return fail("cannot write `{}`: the disk seems to be full", output);
    return fail("cannot link `{}`: {}", output, said);
  }
  fs::permissions(linked_file.path(),
                  fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                  fs::perm_options::add, error);
  fs::rename(linked_file.path(), output, error);
  if (error) return fail("cannot write `{}`: {}", output, error.message());
  return {};
}

}  // namespace streamc
