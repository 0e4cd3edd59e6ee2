#include "tests/nodes/node_trial.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <random>
#include <sstream>
#include <thread>

#include "runtime/base/time_text.h"
#include "tests/runner/ports.h"
#include "tests/runner/subprocess.h"

namespace streamtest {

void pause_ms(int duration) { std::this_thread::sleep_for(std::chrono::milliseconds(duration)); }

std::string NodeTrial::build(std::string_view program, const std::string& block) {
  const std::string file = (folder_ / "program.stream").string();
  if (!write_file(file, std::string(program))) return "cannot write the program";
  return run_command({.arguments = {streamc_, "build", "--deploy", block, file, "-o", executable()}})
      .standard_error;
}

std::unique_ptr<NodeProcess> NodeTrial::start(const std::string& node, std::vector<std::string> flags,
                                   std::vector<std::string> words) {
  words.insert(words.end(), {"env", "-C", folder_.string(), executable(), "--no-socket", "--node", node});
  words.insert(words.end(), flags.begin(), flags.end());
  return std::make_unique<NodeProcess>(words, folder_ / fmt::format("{}-{}", node, ++started_));
}

std::vector<std::string> NodeTrial::addresses(const std::vector<std::string>& nodes) {
  std::vector<std::string> flags;
  for (const std::string& node : nodes) {
    flags.insert(flags.end(), {"--at", fmt::format("{}=127.0.0.1:{}", node, free_port())});
  }
  return flags;
}

std::string NodeTrial::write_numbers(int count, std::string& expected) {
  std::string text = "n\n";
  std::minstd_rand random(static_cast<unsigned>(count));
  std::int64_t sum = 0;
  for (int i = 0; i < count; ++i) {
    const std::int64_t number = static_cast<std::int64_t>(random() % 100000);
    sum += 3 * number;
    text += fmt::format("{}\n", number);
    expected += fmt::format("{} {}\n", 3 * number, sum);
  }
  return write_file((folder_ / "numbers.csv").string(), text) ? "" : "cannot write the numbers";
}

std::string NodeTrial::wait_for_all(std::initializer_list<NodeProcess*> nodes, int status, int timeout_s) {
  std::string problem;
  for (NodeProcess* const node : nodes) {
    const int ended_with = node->wait(timeout_s);
    if (ended_with != status) problem += fmt::format("status {}: {}", ended_with, node->errors());
  }
  return problem;
}

std::string NodeTrial::all_has_arrived(std::initializer_list<NodeProcess*> nodes) const {
  std::string problem = wait_for_all(nodes, 128 + SIGTERM, 30);
  const std::string sent = read_text("sent.csv");
  if (std::count(sent.begin(), sent.end(), '\n') < 100) problem += "hardly an item was sent\n";
  if (sent != read_text("received.csv")) problem += "what was sent is not what was received\n";
  return problem;
}

std::vector<std::int64_t> NodeTrial::received_stamps(std::string& problem) const {
  std::istringstream lines(read_text("received.csv"));
  std::string line;
  std::vector<std::int64_t> stamps;
  std::getline(lines, line);  // The names of the columns.
  while (std::getline(lines, line)) {
    const std::size_t comma = line.find(',');
    const std::optional<std::int64_t> stamp = streamrt::parse_time(line.substr(comma + 1));
    const bool rises = stamp && (stamps.empty() || *stamp > stamps.back());
    stamps.push_back(stamp.value_or(0));
    if (rises && line.substr(0, comma) == fmt::to_string(stamps.size())) continue;
    problem += fmt::format("line {} is `{}`\n", stamps.size(), line);
    break;
  }
  return stamps;
}

std::string NodeTrial::read_text(const std::string& name) const {
  return read_file((folder_ / name).string()).value_or("");
}

}  // namespace streamtest
