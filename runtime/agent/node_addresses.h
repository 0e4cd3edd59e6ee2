// Where the nodes of a program are.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/base/result.h"
#include "runtime/transport/link_descriptor.h"

namespace streamrt {

// Of two nodes with links between them, the one that stands first in the deploy block connects to
// the other one.
class NodeAddresses {
 public:
  NodeAddresses() = default;
  // As the program says, but for `given`: `HOST:PORT` by the name of a node.
  static Result<NodeAddresses> from(const StreamProgram& program,
                                    const std::vector<std::pair<std::string, std::string>>& given);
  // All nodes on this machine, each at a free port; `listens`: whether others connect to it.
  static Result<NodeAddresses> on_this_machine(const StreamProgram& program);

  // `HOST:PORT` to connect to.
  [[nodiscard]] const std::string& address(std::int32_t node) const {
    return nodes_[static_cast<std::size_t>(node)].address;
  }
  // Where the node itself listens.
  [[nodiscard]] const std::string& listen_address(std::int32_t node) const {
    return nodes_[static_cast<std::size_t>(node)].listen_address;
  }
  // Not all of them are processes that this machine has started.
  [[nodiscard]] bool may_be_elsewhere() const { return may_be_elsewhere_; }
  // An open socket instead, if there is one; it is given away.
  FileDescriptor take_listener(std::int32_t node) {
    return std::move(nodes_[static_cast<std::size_t>(node)].listener);
  }

 private:
  struct Place {
    std::string address;
    std::string listen_address;
    FileDescriptor listener;
  };
  std::vector<Place> nodes_;
  bool may_be_elsewhere_ = false;
};

// Index of the node with this name, or -1.
std::int32_t find_node(const StreamProgram& program, const std::string& name);

}  // namespace streamrt
