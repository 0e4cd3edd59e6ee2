// Where a node meets the others, as its parts see it: see link_gateway.h.
//
// An interface, so that programs on one node are linked without all that joins nodes.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/agent/following_clock.h"
#include "runtime/agent/run_control.h"
#include "runtime/agent/snapshot.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/buffer/frame_ring.h"
#include "runtime/transport/doorbell.h"

namespace streamrt {

struct GatewaySetup {
  std::int32_t node = 0;  // The one that it belongs to.
  RunControl* control = nullptr;
  Clock* clock = nullptr;               // That of the node.
  FollowingClock* following = nullptr;  // The same, if it follows that of another node; else null.
  std::int64_t ring_item_limit = 0;            // Items in a ring, at the most; 0: what fits.
  std::function<void(std::string_view)> post;  // Takes lines for the user.
  std::function<void()> tell_of_doubling;      // Says that streams waited for each other.
  std::function<void()> ring_all;              // Wakes all parts, after a change of `control`.
  std::function<bool()> parts_are_through;     // Nothing more will be written to any ring.
  std::string spool_folder;           // RunOptions::spool_folder.
  std::vector<bool> reachable_nodes;  // Those that items can reach from this one, and this one.
};

class Gateway {
 public:
  virtual ~Gateway() = default;

  // What a part writes for another node, and what another node writes for a part. Both nodes add
  // the queues in the same order.
  virtual void add_outgoing(std::int32_t queue, std::int32_t to_node, FrameReader ring,
                            Doorbell writer) = 0;
  virtual void add_incoming(std::int32_t queue, std::int32_t from_node, FrameWriter ring,
                            Doorbell reader) = 0;

  // Listens, and begins to connect.
  virtual Result<void> open() = 0;
  // Until the parts are through, and what they wrote has arrived.
  virtual void run() = 0;
  // Any thread: whether all parts wait for others or are through.
  virtual void set_at_rest(bool is_at_rest) = 0;
  // Any thread, once open: the links, for those who look at the program.
  [[nodiscard]] virtual std::vector<NodeLinkRow> link_rows() = 0;
  // Any thread: rises whenever items moved.
  [[nodiscard]] virtual std::uint32_t moves() const = 0;
};

// How a node starts, which may have been started before: see node_spools.h.
struct NodeStart {
  std::int64_t stamp_floor = std::numeric_limits<std::int64_t>::min();  // See SourceOpening.
  bool only_delivers = false;  // All that it sends had ended: no part runs, and what is left goes out.
  std::vector<std::string> notes;  // Lines for the user.
};

// Finds out how a node starts, before anything of it is opened. Fails, in words for the user, if it must not.
using NodePreparer = std::function<Result<NodeStart>(std::int32_t node)>;

// Makes the gateway of a node, which `bell` wakes.
using GatewayMaker = std::function<std::unique_ptr<Gateway>(GatewaySetup setup, Doorbell bell)>;

}  // namespace streamrt
