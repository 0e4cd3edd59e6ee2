// What the user asked for on the command line of streamc.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace streamc {

enum class Command { Emit, Run, Build, Check, Test, Format, Graph, Explain, New, Top, Deploy };

// What `deploy` does with the nodes.
enum class DeployAction { Install, Status, Logs, Stop, RollBack };

struct DeployOptions {
  DeployAction action = DeployAction::Install;
  std::string only;        // `--only NODE`; empty: all nodes.
  std::string ssh;         // `--ssh COMMAND`; empty: ssh as the user has it.
  bool is_system = false;  // `--system`: units of the system instead of the user.
  bool is_dry = false;     // `--dry-run`
  bool follows = false;    // `--logs --follow`
};

// Exit statuses of streamc. `run` ends with the status of the program once it has started.
enum ExitStatus : int {
  kExitSuccess = 0,
  kExitMistake = 1,  // The program is wrong, a test failed, a file is not laid out (`fmt --check`), no program runs (`top`), a
                     // node failed (`deploy`).
  kExitUsage = 2,    // The command line is wrong, or a file cannot be read or written.
};

struct Options {
  Command command = Command::Emit;
  // Programs. `explain`: a code, a file, or a file and a name. `new`: the name. `top`: the name or process of a running one.
  std::vector<std::string> files;
  std::vector<std::string> program_arguments;                  // `run`, `deploy`: what stands after `--`.
  std::vector<std::pair<std::string, std::string>> settings;  // `--set NAME=VALUE`, in order.
  std::string output;       // `-o`; empty: the command's own default.
  std::string emit;         // `--emit=`: ast, graph, placement, llvm or obj.
  std::string dump_after;   // `--dump-after=`: a pass, or `all`.
  std::string format;       // `graph --format`: svg or dot.
  std::string deploy;       // `--deploy NAME`, `deploy FILE NAME`: a deploy block of the program.
  std::string scatter;      // `--scatter SEED`: a random placement.
  std::string threads;      // `--threads`: `auto`, or the most that the program may be cut over.
  std::string target = "host";  // `--target`: the machine to compile for.
  bool list_passes = false;
  bool time_phases = false;
  bool json = false;
  bool check_only = false;  // `fmt --check`
  bool once = false;        // `top --once`
  DeployOptions deployment;  // Of `deploy`.
};

// Parses the command line. Gives an exit status instead where there is nothing more to do: after
// `--help`, `--version`, or a mistake, which it prints.
std::variant<Options, int> parse_options(int argc, char** argv);

}  // namespace streamc
