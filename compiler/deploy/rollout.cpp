#include "compiler/deploy/rollout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "compiler/deploy/file_hash.h"
#include "compiler/deploy/node_actions.h"
#include "compiler/deploy/node_scripts.h"

namespace streamc {
namespace {

namespace fs = std::filesystem;

// A node on its way.
struct Site {
  const NodeToDeploy* node;
  Release release;
  std::int64_t size_kib = 0;
  bool has_release = false;  // An earlier deployment has copied the executable.

  [[nodiscard]] const Service& service() const { return node->service.service; }
};

class Deployer {
 public:
  Deployer(const StepRunner& runner, const Rollout& rollout) : runner_(runner), rollout_(rollout) {}

  bool deploy() {
    return take_executables() && on_all([this](Site& site) { return look(site); }) &&
           on_all([this](Site& site) { return copy(site); }) &&
           on_all([this](Site& site) { return install_unit(site); }) && switch_all() && start_all();
  }

 private:
  using Action = std::function<Result<void>(Site&)>;

  // Tries each node, also after a failure: the user learns of all of them at once.
  bool on_all(const Action& action) {
    bool good = true;
    for (Site& site : sites_) {
      const Result<void> outcome = action(site);
      if (!outcome) print_problem(site.node->service, outcome.message());
      good = good && outcome;
    }
    if (!good) fmt::print(stderr, "streamc: nothing was started, and what ran before runs on\n");
    return good;
  }

  Result<std::string> run(const Site& site, const Step& step) {
    return runner_.run(site.node->service, step);
  }

  Result<void> run_without_answer(const Site& site, const Step& step) {
    const Result<std::string> answer = run(site, step);
    return answer ? Result<void>() : Result<void>(answer.failure());
  }

  void tell(const Site& site, const std::string& text) const {
    if (runner_.is_dry()) return;
    fmt::print("{}: {}\n", site.node->service.text(), text);
    std::fflush(stdout);
  }

  bool take_executables() {
    for (const NodeToDeploy& node : rollout_.nodes) {
      Site site{.node = &node, .release = {"HASH"}};  // A dry run has no file to take it from.
      if (!runner_.is_dry()) {
        const Result<std::string> hash = sha256_of_file(node.executable);
        if (!hash) {
          print_problem(node.service, hash.message());
          return false;
        }
        site.release.hash = *hash;
        site.size_kib = static_cast<std::int64_t>(fs::file_size(node.executable) / 1024 + 1);
      }
      sites_.push_back(std::move(site));
    }
    return true;
  }

  // ---- look ----

  Result<void> look(Site& site) {
    const Result<std::string> answer =
        run(site, {"look at the machine", look_script(site.service(), site.release)});
    if (!answer) return answer.failure();
    if (runner_.is_dry()) return {};
    site.has_release = answer_value(*answer, "release", ' ') == "yes";
    if (const Result<void> machine = check_machine(site, *answer); !machine) return machine;
    return check_system(*answer);
  }

  static Result<void> check_machine(const Site& site, const std::string& answer) {
    const std::string machine = answer_value(answer, "machine", ' ');
    const std::vector<std::string>& fitting = site.node->architectures;
    if (std::find(fitting.begin(), fitting.end(), machine) == fitting.end()) {
      return fail(
          "it is the wrong machine: `uname -m` says `{}`, and target `{}` runs on {}\nhelp: `node "
          "{} "
          "(target: …)` names the machine to compile for",
          machine, site.node->target, fmt::join(fitting, ", "), site.service().node);
    }
    const std::int64_t free_kib =
        std::strtoll(answer_value(answer, "free_kib", ' ').c_str(), nullptr, 10);
    if (!site.has_release && free_kib < site.size_kib) {
      return fail("no space: the executable has {} KiB, and {} KiB are free there", site.size_kib,
                  free_kib);
    }
    return {};
  }

  static Result<void> check_system(const std::string& answer) {
    const std::string systemd = answer_value(answer, "systemd", ' ');
    if (systemd == "closed") {
      return fail(
          "the user has no systemd there\nhelp: log in there once, or `loginctl enable-linger`; "
          "`--system` installs a unit of the system instead");
    }
    if (systemd != "yes") return fail("no systemd runs there, which is to start the program");
    if (answer_value(answer, "sha256sum", ' ') != "yes") {
      return fail("there is no `sha256sum`, which checks what was copied");
    }
    if (answer_value(answer, "root", ' ') == "no") {
      return fail(
          "`sudo` asks for a password there\nhelp: let the user run sudo without one, or deploy "
          "without `--system`");
    }
    return {};
  }

  // ---- copy ----

  Result<void> copy(Site& site) {
    if (site.has_release) {
      tell(site, fmt::format("release {} is there already", site.release.name()));
    } else {
      const Result<void> copied =
          run_without_answer(site, {.purpose = "copy the executable",
                                    .script = upload_script(site.service(), site.release),
                                    .input_file = site.node->executable});
      if (!copied) return copied;
      tell(site, fmt::format("release {} copied", site.release.name()));
    }
    return rollout_.certificates.empty() ? Result<void>() : copy_certificates(site);
  }

  // Those of a relative folder, if they are here; else they must be there.
  Result<void> copy_certificates(const Site& site) {
    const std::string& node = site.service().node;
    const std::vector<std::string> files = {"ca.pem", node + ".pem", node + ".key"};
    const fs::path folder(rollout_.certificates);
    const bool are_here =
        folder.is_relative() && std::all_of(files.begin(), files.end(), [&](const auto& file) {
          return fs::is_regular_file(folder / file);
        });
    if (!are_here) {
      return run_without_answer(site,
                                {"find the certificates, which are not on this machine",
                                 find_certificates_script(site.service(), rollout_.certificates)});
    }
    for (const std::string& file : files) {
      const Result<void> copied = run_without_answer(
          site, {.purpose = "copy the certificates",
                 .script = certificate_script(site.service(), rollout_.certificates, file),
                 .input_file = (folder / file).string()});
      if (!copied) return copied;
    }
    tell(site, "certificates copied");
    return {};
  }

  // ---- install, switch, start ----

  Result<void> install_unit(const Site& site) {
    std::vector<std::string> arguments;
    if (rollout_.names_node) arguments = {"--node", site.service().node};
    arguments.insert(arguments.end(), rollout_.arguments.begin(), rollout_.arguments.end());
    return run_without_answer(site, {.purpose = "install " + unit_name(site.service()),
                                     .script = install_unit_script(site.service()),
                                     .input = unit_text(site.service(), arguments)});
  }

  // All nodes change releases, or none.
  bool switch_all() {
    std::vector<NodeSwitch> switches;
    for (const Site& site : sites_) {
      switches.push_back({site.node->service, switch_script(site.service(), site.release)});
    }
    return switch_releases(runner_, switches);
  }

  bool start_all() {
    bool good = true;
    for (const Site& site : sites_) {
      if (!start_node(runner_, site.node->service)) {
        good = false;
        continue;
      }
      const Result<void> tidied = run_without_answer(
          site, {"remove all but the last releases", tidy_script(site.service())});
      if (!tidied) print_problem(site.node->service, tidied.message());
    }
    return good;
  }

  const StepRunner& runner_;
  const Rollout& rollout_;
  std::vector<Site> sites_;
};

}  // namespace

bool roll_out(const StepRunner& runner, const Rollout& rollout) {
  return Deployer(runner, rollout).deploy();
}

}  // namespace streamc
