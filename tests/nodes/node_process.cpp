#include "tests/nodes/node_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "tests/runner/patience.h"

namespace streamtest {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

NodeProcess::NodeProcess(const std::vector<std::string>& arguments, const std::filesystem::path& log) : log_(log) {
  std::vector<char*> words;
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const std::string out = log.string() + ".out";
  const std::string err = log.string() + ".err";
  pid_ = ::fork();
  if (pid_ != 0) return;
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  constexpr int kMode = 0600;
  ::dup2(::open(out.c_str(), kFlags, kMode), STDOUT_FILENO);
  ::dup2(::open(err.c_str(), kFlags, kMode), STDERR_FILENO);
  ::setpgid(0, 0);
  ::execvp(words[0], words.data());
  ::_exit(127);
}

NodeProcess::~NodeProcess() {
  if (!has_ended()) {
    ::kill(pid_, SIGKILL);
    (void)wait(10);
  }
}

void NodeProcess::signal(int number) const { ::kill(pid_, number); }

bool NodeProcess::has_ended() {
  int status = 0;
  if (!has_ended_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    has_ended_ = true;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return has_ended_;
}

int NodeProcess::wait(int timeout_s) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kPatience * timeout_s);
  while (!has_ended()) {
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(pid_, SIGKILL);
      while (!has_ended()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return status_;
}

long NodeProcess::cpu_ms() const {
  std::string line = text_of("/proc/" + std::to_string(pid_) + "/stat");
  const std::size_t end = line.rfind(')');
  if (end == std::string::npos) return 0;
  std::istringstream rest(line.substr(end + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) rest >> skipped;
  long user = 0;
  long system = 0;
  rest >> user >> system;
  return (user + system) * 1000 / ::sysconf(_SC_CLK_TCK);
}

std::string NodeProcess::output() const { return text_of(log_.string() + ".out"); }
std::string NodeProcess::errors() const { return text_of(log_.string() + ".err"); }

}  // namespace streamtest
