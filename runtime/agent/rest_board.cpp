#include "runtime/agent/rest_board.h"

#include <utility>

namespace streamrt {

RestBoard::RestBoard(std::int32_t own_node, std::vector<bool> takes_part)
    : own_node_(own_node), takes_part_(std::move(takes_part)), rests_(takes_part_.size()) {}

bool RestBoard::note(std::int32_t node, const NodeRest& rest) {
  if (!takes_part(node)) return false;
  NodeRest& known = rests_[static_cast<std::size_t>(node)];
  if (rest.sequence <= known.sequence) return false;
  known = rest;
  ++news_count_;
  return true;
}

bool RestBoard::has_to_act() const {
  bool holds_up = false;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::int32_t first = -1;  // Of those that are not through.
  for (std::size_t node = 0; node < rests_.size(); ++node) {
    if (!takes_part_[node]) continue;
    const NodeRest& rest = rests_[node];
    if (!rest.is_at_rest) return false;
    if (!rest.is_through && first < 0) first = static_cast<std::int32_t>(node);
    holds_up = holds_up || rest.holds_up;
    sent += rest.sent;
    received += rest.received;
  }
  return first == own_node_ && (sent == received || holds_up);
}

}  // namespace streamrt
