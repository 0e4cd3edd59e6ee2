#include "tests/nodes/network.h"

#include <fmt/format.h>
#include <unistd.h>

#include "tests/runner/subprocess.h"

namespace streamtest {

Network::Network(int nodes) : nodes_(nodes) {
  for (int node = 0; node < nodes && problem_.empty(); ++node) {
    run({"ip", "netns", "add", name(node)});
    run({"ip", "-n", name(node), "link", "set", "lo", "up"});
  }
  for (int node = 0; node + 1 < nodes && problem_.empty(); ++node) {
    run({"ip", "link", "add", "right", "netns", name(node), "type", "veth", "peer", "name", "left", "netns",
         name(node + 1)});
    run({"ip", "-n", name(node), "addr", "add", fmt::format("10.77.{}.1/24", node + 1), "dev", "right"});
    run({"ip", "-n", name(node + 1), "addr", "add", fmt::format("10.77.{}.2/24", node + 1), "dev", "left"});
    run({"ip", "-n", name(node), "link", "set", "right", "up"});
    run({"ip", "-n", name(node + 1), "link", "set", "left", "up"});
  }
  // Where the kernel has it: some delay, and some packets lost.
  for (int node = 0; node + 1 < nodes && problem_.empty(); ++node) {
    (void)run_command({.arguments = {"ip", "netns", "exec", name(node), "tc", "qdisc", "add", "dev", "right", "root",
                                     "netem", "delay", "2ms", "1ms", "loss", "0.5%"}});
  }
}

Network::~Network() {
  for (int node = 0; node < nodes_; ++node) (void)run_command({.arguments = {"ip", "netns", "del", name(node)}});
}

std::string Network::name(int node) const { return fmt::format("stream-{}-{}", ::getpid(), node); }

bool Network::run(const std::vector<std::string>& words) {
  if (!problem_.empty()) return false;
  const Outcome outcome = run_command({.arguments = words});
  if (outcome.exit_code != 0) problem_ = fmt::format("`{}`: {}", fmt::join(words, " "), outcome.standard_error);
  return outcome.exit_code == 0;
}

std::string Network::address(int to) { return fmt::format("10.77.{}.2", to); }

std::vector<std::string> Network::inside(int node) const { return {"ip", "netns", "exec", name(node)}; }

bool Network::cut(int node) const {
  std::vector<std::string> words = inside(node);
  words.insert(words.end(), {"ss", "-K", "-H", "-t", "dst", address(node + 1)});
  return !run_command({.arguments = words}).standard_output.empty();
}

void Network::set_cable(int node, bool is_in) const {
  (void)run_command({.arguments = {"ip", "-n", name(node), "link", "set", "right", is_in ? "up" : "down"}});
}

}  // namespace streamtest
