// Whether all nodes of a program wait for each other: the part of the net against deadlock that
// spans machines.
//
// Each node tells the others when all of its parts have come to rest, or one of them moves again,
// and how many messages it has sent and received until then. If every node is at rest and nothing
// is on the way (as much was received as sent) but what is held up by a full ring, nothing will
// ever move again by itself. Counting messages beside idleness is how the end of a distributed
// computation is found: F. Mattern, Algorithms for distributed termination detection, 1987.
#pragma once

#include <cstdint>
#include <vector>

namespace streamrt {

struct NodeRest {
  std::uint64_t sequence = 0;  // Of what a node says; 0: it has said nothing yet.
  bool is_at_rest = false;     // All parts wait for others, or are through.
  bool is_through = false;     // All parts are through: the last that it says.
  bool holds_up = false;       // Messages wait for room in a ring.
  std::uint64_t sent = 0;      // Messages with items, to all nodes,
  std::uint64_t received = 0;  // and from all.
};

class RestBoard {
 public:
  // `takes_part`: the nodes that items can reach from this one, and this one.
  RestBoard(std::int32_t own_node, std::vector<bool> takes_part);

  // What a node says of itself. True if it was news.
  bool note(std::int32_t node, const NodeRest& rest);
  [[nodiscard]] const NodeRest& of(std::int32_t node) const {
    return rests_[static_cast<std::size_t>(node)];
  }
  [[nodiscard]] bool takes_part(std::int32_t node) const {
    return node >= 0 && static_cast<std::size_t>(node) < takes_part_.size() &&
           takes_part_[static_cast<std::size_t>(node)];
  }

  // Rises with whatever note() takes.
  [[nodiscard]] std::uint64_t news_count() const { return news_count_; }

  // All wait, and this node is the one of them that has to do something about it.
  [[nodiscard]] bool has_to_act() const;

 private:
  std::int32_t own_node_;
  std::vector<bool> takes_part_;
  std::vector<NodeRest> rests_;
  std::uint64_t news_count_ = 0;
};

}  // namespace streamrt
