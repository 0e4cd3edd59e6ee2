// A program that runs beside the test and can be sent signals.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace streamtest {

class NodeProcess {
 public:
  // `arguments[0]` is a path or a name to look up. What it writes goes to `log` with `.out` and `.err` behind.
  NodeProcess(const std::vector<std::string>& arguments, const std::filesystem::path& log);
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;
  // Kills what still runs.
  ~NodeProcess();

  void signal(int number) const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Its exit status, or 128 + signal; -1 if it still runs after so long, and it is killed then.
  int wait(int timeout_s);
  [[nodiscard]] bool has_ended();
  // Processor time used so far, in milliseconds.
  [[nodiscard]] long cpu_ms() const;
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;

 private:
  std::filesystem::path log_;
  pid_t pid_ = -1;
  bool has_ended_ = false;
  int status_ = 0;
};

}  // namespace streamtest
