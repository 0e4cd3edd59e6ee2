// Nodes in network namespaces of their own.
#pragma once

#include <string>
#include <vector>

namespace streamtest {

// Namespaces in a row, each joined to the next by a cable of its own: node i has the address `address(i)`, and
// reaches its neighbours.
class Network {
 public:
  // Why it could not be made is in `problem()`; empty if it could.
  explicit Network(int nodes);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network();

  [[nodiscard]] const std::string& problem() const { return problem_; }
  // Where node `to` is, as node `to - 1` sees it.
  [[nodiscard]] static std::string address(int to);
  // The words that run a command in the namespace of a node.
  [[nodiscard]] std::vector<std::string> inside(int node) const;

  // Resets every connection that node has with its neighbour. Returns whether there was one.
  bool cut(int node) const;
  // Pulls the cable behind the node, or puts it back.
  void set_cable(int node, bool is_in) const;

 private:
  [[nodiscard]] std::string name(int node) const;
  bool run(const std::vector<std::string>& words);

  int nodes_;
  std::string problem_;
};

}  // namespace streamtest
