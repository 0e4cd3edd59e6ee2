// What a node sends to others, kept on its disk in front of the links: a spool (transport/spool.h) for each queue that
// the deploy block gives one.
//
//    FOLDER/NODE/TO/STREAM/      the spool, and beside its files
//        stream                  whose it is: version and params, schema, how often it was opened
//
// A spool outlives its process, so a node may find that it has lived before. It goes on where it stopped if nothing of
// what it knew is lost (StreamNode::lost_on_restart), or if all that it sends had ended and only has to be delivered;
// otherwise it refuses to start. Behind each message stands a note of what a later life has to know. When all is
// delivered and the links have closed in order, the spool is removed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/exchange.h"
#include "runtime/agent/gateway.h"
#include "runtime/base/result.h"
#include "runtime/transport/spool.h"

namespace streamrt {

// Bytes behind each message of a spooled queue.
inline constexpr std::size_t kSentNoteBytes = 16;

// The note that stands behind a frame, after which the writer is at `state`.
struct SentNote {
  explicit SentNote(const SentState& state);
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(words_)); }

 private:
  std::int64_t words_[2];
};
static_assert(sizeof(SentNote) == kSentNoteBytes);

// The note at the end of a message; nothing if there is none.
std::optional<SentState> sent_note(std::span<const std::byte> message);

// Where the spool of a queue is, and what it is for.
struct SpoolPlace {
  std::int32_t queue = 0;
  std::string folder;
};

// Those of all queues that the node writes for others, in the order of queues.
std::vector<SpoolPlace> spool_places(const StreamProgram& program, std::int32_t node,
                                     const std::string& folder);

// A spool in use by this process.
struct NodeSpool {
  std::unique_ptr<Spool> spool;
  SentState sent;            // By all lives so far.
  std::uint64_t starts = 0;  // How often it was opened to be written, with this time.
};

// Opens the spool of one queue to write it. Fails if it belongs to another program, is in use or is damaged.
Result<NodeSpool> open_node_spool(const StreamProgram& program, const SpoolPlace& place);

// A NodePreparer: looks at the spools of the node, and leaves them closed. Those of a run that came to its end are
// removed.
Result<NodeStart> look_at_spools(const StreamProgram& program, std::int32_t node,
                                 const std::string& folder);

// A line for the user if the clock, at `utc_ns`, lies so far behind the last stamp that was sent that they will notice.
std::optional<std::string> note_of_clock(const StreamNode& node, std::int64_t stamp_floor, std::int64_t utc_ns);

// Nothing of it is needed any more. Does nothing if it cannot be: it is then found again as one that is delivered.
void remove_spool(const std::string& folder);

}  // namespace streamrt
