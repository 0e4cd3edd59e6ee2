// What two nodes tell each other before messages flow, and the words with which one refuses the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace streamrt {

// Raised whenever the frames of two versions would be misunderstood. It stands first in every hello, and the layout
// of refusals never changes, so that any two versions can at least tell why they do not fit.
inline constexpr std::uint32_t kLinkProtocol = 1;

inline constexpr std::size_t kHelloBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kRefusalBytesMax = std::size_t{4} << 10;
inline constexpr std::size_t kChannelsMax = 4096;

using SemanticHash = std::array<std::byte, 32>;

// This process, as all its links present it.
struct LinkIdentity {
  std::string node;
  std::uint64_t session = 0;  // 0: the hub draws one.
  SemanticHash semantic_hash{};
  std::string program_version;
  bool follows_clock = false;  // `clock: follow`: a clock that differs is no reason to refuse.
};

// One channel as one of its two ends sees it. Channels have the same order on both sides.
struct HelloChannel {
  std::string name;
  std::string schema;         // Opaque; equal on both sides.
  bool is_sender = false;     // The speaker sends on it.
  bool is_best_effort = false;
  bool is_spooled = false;    // Sender: numbering outlives the process.
  bool has_history = false;   // Receiver: `received_through` counts; else it has nothing, and takes what there is.
  std::uint64_t message_bytes_max = 0;
  std::uint64_t buffer_bytes = 0;  // Sender: what it keeps. Receiver: what it may be sent at first.
  std::uint64_t received_through = 0;      // Receiver: number of the last message that it has,
  std::uint64_t acknowledged_through = 0;  // and of the last that it will never ask for again.
};

struct Hello {
  SemanticHash semantic_hash{};
  std::string program_version;
  std::string node;                 // The speaker's name,
  std::string peer;                 // and that of whom it wants to speak to.
  std::uint64_t session = 0;        // Drawn when the speaker's process started; never 0.
  std::uint64_t known_session = 0;  // The other's session that the numbers below refer to; 0: none yet.
  std::int64_t utc_ns = 0;          // The speaker's clock.
  bool follows_clock = false;       // It does not mind a clock that differs.
  std::vector<HelloChannel> channels;
};

[[nodiscard]] std::vector<std::byte> encode_hello(const Hello& hello);
// Fails in words fit for a refusal, if protocols differ among others.
[[nodiscard]] Result<Hello> decode_hello(std::span<const std::byte> bytes);

struct Refusal {
  bool is_final = true;  // Trying again is of no use while both processes live.
  bool is_state_lost = false;  // Not told: no other process can ever take the place of the one that was linked.
  std::string reason;    // Lower case, no full stop.
};

[[nodiscard]] std::vector<std::byte> encode_refusal(const Refusal& refusal);
// The reason is made fit for a terminal.
[[nodiscard]] Result<Refusal> decode_refusal(std::span<const std::byte> bytes);

}  // namespace streamrt
