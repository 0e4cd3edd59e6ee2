// Runs a program of two processes and looks at it from outside, as a user would.
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/runner/files.h"
#include "tests/runner/options.h"
#include "tests/runner/ports.h"
#include "tests/runner/subprocess.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

constexpr std::string_view kProgram = R"(# Ticks go to another process and come back.
import clock

x = clock.ticks(every: 5ms)
y = x |> map(v => v)
y |> print

deploy two {
  thread main { * }
  process beside { y }
  link x -> y (buffer: 50)
}
)";

// Other programs may run on the machine.
const std::string& program_name() {
  static const std::string name = fmt::format("observed_{}", ::getpid());
  return name;
}

// A command that runs beside the test, until it ends by itself.
class Beside {
 public:
  explicit Beside(std::vector<std::string> arguments)
      : thread_([this, arguments = std::move(arguments)] {
          outcome_ = run_command({.arguments = arguments});
        }) {}
  Outcome wait() {
    thread_.join();
    return outcome_;
  }

 private:
  Outcome outcome_;
  std::thread thread_;
};

// What is expected of a text; tells what is missing.
std::string missing(const std::string& text, const std::vector<std::string>& parts) {
  std::string problem;
  for (const std::string& part : parts) {
    if (text.find(part) == std::string::npos)
      problem += fmt::format("`{}` is not in:\n{}\n", part, text);
  }
  return problem;
}

// Asks until there is an answer: how soon a program has started is not ours to say.
Outcome ask_until_answered(const std::vector<std::string>& command) {
  Outcome outcome;
  for (int tries = 0; tries < 100; ++tries) {
    outcome = run_command({.arguments = command});
    if (outcome.exit_code == 0) return outcome;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return outcome;
}

// The answer to a request, head and body; empty if nobody listens.
std::string fetch(int port, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char bytes[4096];
    for (ssize_t count; (count = ::recv(fd, bytes, sizeof bytes, 0)) > 0;) {
      answer.append(bytes, static_cast<std::size_t>(count));
    }
  }
  ::close(fd);
  return answer;
}

std::string check_end(Beside& program) {
  const Outcome outcome = program.wait();
  if (outcome.exit_code == 0) return "";
  return fmt::format("it ended with status {}: {}\n", outcome.exit_code, outcome.standard_error);
}

// The answer names both processes, and what they have counted; the table has rates.
std::string check_top(const std::string& streamc, std::vector<std::string> command) {
  Beside program(std::move(command));
  const Outcome json = ask_until_answered({streamc, "top", "--json", program_name()});
  std::string problem = missing(
      json.standard_output,
      {R"("version":1,"program":")" + program_name(), R"("thread":"main","process":"")",
       R"("thread":"beside","process":"beside")", R"("stream":"x","from":"main","to":"beside")",
       R"("capacity":50)", R"("stream":"x","connector":"clock.ticks","thread":"main","items":)",
       R"("connector":"print","thread":"main","items":)"});
  const Outcome table = run_command({.arguments = {streamc, "top", program_name()}});
  problem += missing(table.standard_output,
                     {program_name() + ", process ", "main → beside", "STATE", "ITEMS/S", "clock.ticks"});
  problem += missing(run_command({.arguments = {streamc, "top", "three"}}).standard_error,
                     {"no program `three` is running"});
  return problem + check_end(program);
}

std::string check_metrics(std::vector<std::string> command) {
  const int port = free_port();
  command.insert(command.end(), {"--no-socket", "--metrics", fmt::to_string(port)});
  Beside program(std::move(command));
  std::string answer;
  for (int tries = 0; tries < 100 && answer.empty(); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    answer = fetch(port, "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n");
  }
  std::string problem = missing(
      answer,
      {"HTTP/1.1 200 OK\r\n", "# TYPE stream_items_total counter\n",
       "stream_items_total{program=\"" + program_name() + "\",thread=\"main\",reader=\"beside\",stream=\"x\"",
       "stream_thread_cpu_seconds_total{program=\"" + program_name() + "\",process=\"beside\",thread=\"beside\"}"});
  problem += missing(fetch(port, "GET /secrets HTTP/1.1\r\n\r\n"), {"HTTP/1.1 404 Not Found\r\n"});
  problem += missing(fetch(port, "no such thing\r\n\r\n"), {"HTTP/1.1 400 Bad Request\r\n"});
  return problem + check_end(program);
}

std::string check_silence(const std::string& streamc, std::vector<std::string> command) {
  command.emplace_back("--no-socket");
  Beside program(std::move(command));
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  const std::string problem = missing(run_command({.arguments = {streamc, "top", program_name()}}).standard_error,
                                      {"no program `" + program_name() + "` is running"});
  return problem + check_end(program);
}

// With its process killed it leaves a socket, which the next look removes.
std::string check_leftovers(const std::string& streamc, const fs::path& sockets,
                            const std::string& executable) {
  const Outcome killed = run_command({.arguments = {executable}, .timeout_s = 3});
  std::string problem = killed.timed_out ? "" : "the program should have been killed\n";
  if (fs::is_empty(sockets)) problem += "a killed program should leave a socket\n";
  (void)run_command({.arguments = {streamc, "top"}});
  return fs::is_empty(sockets) ? problem : problem + "what it left was not removed\n";
}

int run(const RunnerOptions& options) {
  const TemporaryFolder folder;
  ::setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
  const std::string streamc = options.programs.streamc.string();
  const std::string file = (folder.path() / (program_name() + ".stream")).string();
  const std::string executable = (folder.path() / program_name()).string();
  std::string problem;
  if (!write_file(file, std::string(kProgram))) problem += "cannot write the program\n";
  const Outcome built =
      run_command({.arguments = {streamc, "build", "--deploy", "two", file, "-o", executable}});
  if (built.exit_code != 0) problem += built.standard_error;

  problem += check_top(streamc, {executable, "--for", "6s"});
  problem += check_top(streamc, {streamc, "run", "--deploy", "two", file, "--", "--for", "8s"});
  problem += check_metrics({executable, "--for", "2s"});
  problem += check_silence(streamc, {executable, "--for", "2s"});
  problem += check_leftovers(streamc, folder.path() / "streamc", executable);
  fmt::print("{}", problem.empty() ? "a running program can be looked at\n" : problem);
  return problem.empty() ? 0 : 1;
}

}  // namespace
}  // namespace streamtest

int main(int argc, char** argv) {
  return streamtest::run(streamtest::parse_runner_options(argc, argv));
}
