// Deploys a program to two machines and works with it, from the outside.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/deployment/ssh_machines.h"
#include "tests/runner/files.h"
#include "tests/runner/options.h"
#include "tests/runner/ports.h"
#include "tests/runner/subprocess.h"
#include "tests/runner/text.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

// `VERSION` makes one release differ from the next.
constexpr std::string_view kProgram = R"(# Ticks of one machine are counted on another.
import clock

param label: string = "tick"  "before each number"

x = clock.ticks(every: 50ms)
y = x |> running(count) |> map(n => n + VERSION)
z = y |> map(n => "{label} {n}")
z |> print

deploy home {
  node board(host: "board") { x }
  node hub(host: "hub") { * }
  link board -> hub (tls: "certificates")
}
deploy here {
  node left { x }
  node right { * }
}
deploy broken {
  node board(host: "board") { x }
  node hub(host: "nowhere") { * }
  link board -> hub (insecure: true)
}
deploy other {
  node board(host: "board", target: "pi4") { x }
  node hub(host: "hub") { * }
  link board -> hub (insecure: true)
}
)";

// What is expected of a text; tells what is missing.
std::string missing(const std::string& text, const std::vector<std::string>& parts) {
  std::string problem;
  for (const std::string& part : parts) {
    if (text.find(part) == std::string::npos) {
      problem += fmt::format("`{}` is not in:\n{}\n", part, text);
    }
  }
  return problem;
}

std::string all_of(const Outcome& outcome) {
  return fmt::format("{}{}[status {}]\n", outcome.standard_output, outcome.standard_error,
                     outcome.exit_code);
}

bool run_openssl(const fs::path& folder, std::vector<std::string> words) {
  words.insert(words.begin(), "openssl");
  return run_command({.arguments = std::move(words), .directory = folder}).exit_code == 0;
}

// `ca.pem`, and `NODE.pem` and `NODE.key` for each node.
bool make_certificates(const fs::path& folder, const std::vector<std::string>& nodes) {
  fs::create_directories(folder);
  bool good = run_openssl(folder, {"req", "-x509", "-newkey", "ec", "-pkeyopt",
                                   "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                                   "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"});
  for (const std::string& node : nodes) {
    good = good && write_file(folder / "names", "subjectAltName=DNS:" + node) &&
           run_openssl(folder, {"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                                "-nodes", "-subj", "/CN=" + node, "-keyout", node + ".key", "-out",
                                "request"}) &&
           run_openssl(folder, {"x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey",
                                "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "names",
                                "-out", node + ".pem"});
  }
  return good;
}

// A user with a program and two machines, `board` and `hub`.
class Scene {
 public:
  explicit Scene(const RunnerOptions& options)
      : streamc_(options.programs.streamc.string()),
        stand_in_(options.root / "tests/deployment/stand_in"),
        has_key_(make_user_key(folder_.path())),
        board(folder_.path() / "board", folder_.path() / "key.pub"),
        hub(folder_.path() / "hub", folder_.path() / "key.pub") {
    std::string config = fmt::format(
        "Host *\n  HostName 127.0.0.1\n  IdentityFile {}/key\n  IdentitiesOnly yes\n"
        "  UserKnownHostsFile /dev/null\n  StrictHostKeyChecking no\n  LogLevel ERROR\n",
        folder_.path().string());
    config += fmt::format("Host board\n  Port {}\nHost hub\n  Port {}\nHost nowhere\n  Port 1\n",
                          board.port(), hub.port());
    if (!write_file(folder_.path() / "ssh_config", config) || !has_key_) {
      problem_ = "cannot write the configuration of ssh\n";
    }
    if (!make_certificates(folder_.path() / "certificates", {"board", "hub"})) {
      problem_ += "cannot make certificates\n";
    }
    write_program(1000);
    install_stand_ins(board);
    install_stand_ins(hub);
  }
  // What a failed test left running ends before its files go.
  ~Scene() { (void)deploy("home", {"--stop"}); }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  [[nodiscard]] std::string problem() const { return problem_ + board.problem() + hub.problem(); }

  void write_program(int version) {
    const std::string text = replace_all(std::string(kProgram), "VERSION", fmt::to_string(version));
    if (!write_file(folder_.path() / "relay.stream", text)) problem_ += "cannot write\n";
  }

  // `streamc deploy relay.stream BLOCK WORDS… -- ARGUMENTS…`
  [[nodiscard]] Outcome deploy(const std::string& block, const std::vector<std::string>& words = {},
                               const std::vector<std::string>& arguments = {}) const {
    std::vector<std::string> command = {
        streamc_, "deploy", "relay.stream",
        block,    "--ssh",  "ssh -F " + (folder_.path() / "ssh_config").string()};
    command.insert(command.end(), words.begin(), words.end());
    if (!arguments.empty()) command.emplace_back("--");
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_command({.arguments = command, .directory = folder_.path()});
  }

  // Where the nodes find each other, and a label with all that a shell or systemd may stumble over.
  [[nodiscard]] std::vector<std::string> arguments() const {
    return {"--at",    fmt::format("board=127.0.0.1:{}", board_port_),
            "--at",    fmt::format("hub=127.0.0.1:{}", hub_port_),
            "--label", "it's \"50%\" of a"};
  }

  void install_stand_ins(const SshMachine& machine) const {
    for (const char* name : {"systemctl", "journalctl", "loginctl"}) {
      machine.add_program(name, stand_in_ / name);
    }
  }

 private:
  TemporaryFolder folder_;
  std::string streamc_;
  fs::path stand_in_;
  bool has_key_;
  std::string problem_;
  int board_port_ = free_port();
  int hub_port_ = free_port();

 public:
  SshMachine board;
  SshMachine hub;
};

fs::path node_folder(const SshMachine& machine, const std::string& node) {
  return machine.home() / ".local/share/streamc/relay" / node;
}

std::string current_release(const SshMachine& machine, const std::string& node) {
  std::error_code error;
  return fs::read_symlink(node_folder(machine, node) / "current", error).filename().string();
}

// Waits for a part to come up in the logs of a node.
std::string wait_for_log(const Scene& scene, const std::string& part) {
  Outcome outcome;
  for (int tries = 0; tries < 100; ++tries) {
    outcome = scene.deploy("home", {"--logs", "--only", "hub"});
    if (outcome.standard_output.find(part) != std::string::npos) return "";
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return fmt::format("`{}` does not come up in the log:\n{}\n", part, all_of(outcome));
}

std::string check_mode(const fs::path& file, fs::perms wanted) {
  std::error_code error;
  const fs::perms found = fs::status(file, error).permissions();
  return found == wanted
             ? ""
             : fmt::format("{} has mode {:o}\n", file.string(), static_cast<unsigned>(found));
}

std::string check_nothing_deployed(Scene& scene) {
  const Outcome status = scene.deploy("home", {"--status"});
  std::string problem = missing(all_of(status), {"not deployed", "[status 1]"});
  const Outcome back = scene.deploy("home", {"--rollback"});
  return problem + missing(all_of(back), {"there is no release before the current one",
                                          "nothing was changed", "[status 1]"});
}

std::string check_install(Scene& scene) {
  const Outcome outcome = scene.deploy("home", {}, scene.arguments());
  std::string problem =
      missing(all_of(outcome),
              {"board (board): release ", " copied\n", "board (board): certificates copied",
               "board (board): started", "hub (hub): started",
               "`ssh board loginctl enable-linger` keeps it", "[status 0]"});
  const fs::path folder = node_folder(scene.board, "board");
  problem +=
      check_mode(folder / "certificates/board.key", fs::perms::owner_read | fs::perms::owner_write);
  if (fs::exists(folder / "certificates/hub.key")) problem += "a key went to the wrong node\n";
  problem += missing(
      read_file(scene.board.home() / "calls").value_or(""),
      {"systemctl --user daemon-reload", "systemctl --user enable streamc-relay-board.service",
       "systemctl --user restart streamc-relay-board.service"});
  problem += wait_for_log(scene, "it's \"50%\" of a 10");
  const Outcome status = scene.deploy("home", {"--status"});
  problem += missing(all_of(status),
                     {"NODE", "SINCE", "active", current_release(scene.hub, "hub"), "[status 0]"});
  return problem;
}

// Of both nodes, each line behind the name of its node.
std::string check_logs(Scene& scene) {
  return missing(all_of(scene.deploy("home", {"--logs"})), {"hub | it's", "[status 0]"});
}

std::string check_unchanged(Scene& scene) {
  const std::string before = current_release(scene.hub, "hub");
  const Outcome outcome = scene.deploy("home", {}, scene.arguments());
  std::string problem =
      missing(all_of(outcome), {fmt::format("release {} is there already", before), "[status 0]"});
  if (current_release(scene.hub, "hub") != before) problem += "an unchanged program changed\n";
  return problem;
}

std::string check_change_and_back(Scene& scene) {
  const std::string before = current_release(scene.board, "board");
  scene.write_program(5000);
  std::string problem =
      missing(all_of(scene.deploy("home", {}, scene.arguments())), {"[status 0]"});
  if (current_release(scene.board, "board") == before) problem += "the release did not change\n";
  problem += wait_for_log(scene, "of a 50");
  problem +=
      missing(all_of(scene.deploy("home", {"--rollback"})), {"hub (hub): started", "[status 0]"});
  if (current_release(scene.board, "board") != before) problem += "the release did not go back\n";
  problem +=
      missing(all_of(scene.deploy("home", {"--rollback"})), {"no release before", "[status 1]"});
  return problem;
}

std::string check_stop(Scene& scene) {
  std::string problem =
      missing(all_of(scene.deploy("home", {"--stop"})), {"board (board): stopped", "[status 0]"});
  problem += missing(all_of(scene.deploy("home", {"--status"})), {"inactive (dead)", "[status 1]"});
  return problem + missing(read_file(scene.hub.home() / "calls").value_or(""),
                           {"systemctl --user disable streamc-relay-hub.service"});
}

// More releases than are kept.
std::string check_tidying(Scene& scene) {
  std::string problem;
  for (int version = 1; version <= 6; ++version) {
    scene.write_program(version);
    problem += missing(all_of(scene.deploy("home", {}, scene.arguments())), {"[status 0]"});
  }
  const fs::directory_iterator releases(node_folder(scene.board, "board") / "releases");
  const auto count = std::distance(fs::begin(releases), fs::end(releases));
  return count == 5 ? problem : problem + fmt::format("{} releases are kept, not 5\n", count);
}

// What goes wrong on one machine, and keeps all others as they are.
std::string check_failures(Scene& scene) {
  scene.write_program(9000);
  const std::string before = current_release(scene.board, "board");
  const std::string untouched = "nothing was started, and what ran before runs on";
  std::string problem =
      missing(all_of(scene.deploy("broken")),
              {"hub (nowhere): cannot reach the machine: ", "Connection refused",
               "help: `ssh nowhere true` must work from here", untouched, "[status 1]"});
  problem +=
      missing(all_of(scene.deploy("other")),
              {"board (board): it is the wrong machine: `uname -m` says `x86_64`, and target "
               "`pi4` runs on aarch64",
               untouched, "[status 1]"});
  scene.hub.add_program_text("df", "#!/bin/sh\necho title\necho disk 9 9 17 99% /\n");
  problem +=
      missing(all_of(scene.deploy("home")), {"hub (hub): no space: the executable has ",
                                             "17 KiB are free there", untouched, "[status 1]"});
  scene.hub.remove_program("df");
  scene.hub.add_program_text("cat", "#!/bin/sh\nhead -c 1000\n");
  problem += missing(
      all_of(scene.deploy("home")),
      {"hub (hub): cannot copy the executable: not all of the executable arrived", untouched});
  scene.hub.remove_program("cat");
  scene.hub.add_program_text("ln", "#!/bin/sh\necho 'ln: read-only file system' >&2\nexit 1\n");
  problem += missing(
      all_of(scene.deploy("home")),
      {"hub (hub): cannot switch the release: ln: read-only file system", untouched, "[status 1]"});
  scene.hub.remove_program("ln");
  scene.hub.remove_program("systemctl");
  scene.hub.add_program_text("systemctl", "#!/bin/sh\nexit 1\n");
  problem += missing(all_of(scene.deploy("home")),
                     {"hub (hub): the user has no systemd there", untouched});
  scene.install_stand_ins(scene.hub);
  if (current_release(scene.board, "board") != before)
    problem += "a failure left another release\n";
  return problem;
}

// A program that ends at once with a mistake is shown with its log.
std::string check_failing_program(Scene& scene) {
  return missing(all_of(scene.deploy("home", {"--only", "board"}, {"--no-such-flag"})),
                 {"board (board): the program does not stay: activating (exit-code)",
                  "no-such-flag", "[status 1]"});
}

int run(const RunnerOptions& options) {
  if (ssh_server().empty()) {
    fmt::print("skipped: there is no sshd (package openssh-server)\n");
    return 0;
  }
  Scene scene(options);
  std::string problem = scene.problem();
  for (const auto& check :
       {check_nothing_deployed, check_install, check_logs, check_unchanged, check_change_and_back,
        check_stop, check_tidying, check_failing_program, check_failures}) {
    if (problem.empty()) problem = check(scene);  // Each goes on from where the one before ended.
  }
  fmt::print("{}", problem.empty() ? "a program can be deployed\n" : problem);
  return problem.empty() ? 0 : 1;
}

}  // namespace
}  // namespace streamtest

int main(int argc, char** argv) {
  return streamtest::run(streamtest::parse_runner_options(argc, argv));
}
