// What travels on a link: frames, each a header of 32 bytes and a payload, little-endian.
//
//    0  magic         u32   "STLK"
//    4  kind          u8    FrameKind
//    5  flags         u8    0
//    6  channel       u16   Data, Report; else 0
//    8  length        u32   bytes of the payload
//   12  payload_crc   u32   CRC32C of the payload
//   16  sequence      u64   Data: the message's number on its channel, from 1 on; else 0
//   24  reserved      u32   0
//   28  header_crc    u32   CRC32C of the 28 bytes before it, and through payload_crc of the whole frame
//
// The header has a checksum of its own, so that a damaged length is found at once and not after as many bytes.
// Nothing that comes in is trusted: the decoder knows no memory but that which its receiver gives it, after the
// receiver has agreed to kind, channel, number and length.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace streamrt {

inline constexpr std::size_t kFrameHeaderBytes = 32;

enum class FrameKind : std::uint8_t {
  Hello = 1,    // Who speaks, and what was received so far (link_hello.h).
  Ready = 2,    // The other's hello is accepted; messages may come.
  Refusal = 3,  // It is not; says why, and the connection ends.
  Data = 4,     // One message.
  Report = 5,   // What was received, and how much more may come (Report below).
  Ping = 6,     // Asks for
  Pong = 7,     // an answer.
  Goodbye = 8,  // The sender's last frame but for reports and pongs: all its messages have arrived.
};

struct FrameHeader {
  FrameKind kind = FrameKind::Ping;
  std::uint16_t channel = 0;
  std::uint32_t length = 0;
  std::uint32_t payload_crc = 0;
  std::uint64_t sequence = 0;
};

using HeaderBytes = std::array<std::byte, kFrameHeaderBytes>;

[[nodiscard]] HeaderBytes encode_header(const FrameHeader& header);
// Fails on a wrong magic, checksum or kind, and on anything that must be zero and is not.
[[nodiscard]] Result<FrameHeader> decode_header(std::span<const std::byte, kFrameHeaderBytes> bytes);

// Little-endian numbers and texts, one behind the other.
class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::byte>& out) : out_(&out) {}
  template <class T>
  void number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      out_->push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i)));
    }
  }
  void bytes(std::span<const std::byte> value);
  // Length as u32, then the bytes.
  void text(std::string_view value);

 private:
  std::vector<std::byte>* out_;
};

// Reads what ByteWriter wrote. Reading beyond the end gives zeros and shows in is_sound().
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> in) : in_(in) {}
  template <class T>
  T number() {
    std::uint64_t value = 0;
    const std::span<const std::byte> part = bytes(sizeof(T));
    for (std::size_t i = 0; i < part.size(); ++i) {
      value |= static_cast<std::uint64_t>(part[i]) << (8 * i);
    }
    return static_cast<T>(value);
  }
  // Empty if fewer are left.
  std::span<const std::byte> bytes(std::size_t count);
  std::string text();
  [[nodiscard]] bool is_sound() const { return is_sound_; }
  [[nodiscard]] bool is_finished() const { return is_sound_ && in_.empty(); }

 private:
  std::span<const std::byte> in_;
  bool is_sound_ = true;
};

// The payload of a Report: about the channel in the header, by its receiver.
struct Report {
  std::uint64_t acknowledged_through = 0;  // Messages up to this number need not be kept.
  std::uint64_t credit_bytes = 0;          // Cost of all messages (message_cost) that this connection may carry.
};
inline constexpr std::size_t kReportBytes = 16;

// The payload of Ping, and with the answerer's clock of Pong. The first two are the asker's, echoed as they are.
struct PingTimes {
  std::int64_t asked_steady_ns = 0;
  std::int64_t asked_utc_ns = 0;
  std::int64_t answered_utc_ns = 0;
};
inline constexpr std::size_t kPingBytes = 24;

// What a message counts for in buffers and credits: its bytes, and what it takes to keep it.
constexpr std::size_t message_cost(std::size_t bytes) { return bytes + 128; }

// What a FrameDecoder hands its frames to.
class FrameReceiver {
 public:
  virtual ~FrameReceiver() = default;
  // Agrees to a frame: memory for its payload, exactly header.length bytes, until the call of receive_frame for it
  // or the end of the decoder. A failure ends the connection.
  virtual Result<std::span<std::byte>> payload_memory(const FrameHeader& header) = 0;
  // The payload is there and sound.
  virtual Result<void> receive_frame(const FrameHeader& header) = 0;
};

// Cuts a stream of bytes, however it is split, into frames. No I/O: write into room(), then say how much.
class FrameDecoder {
 public:
  FrameDecoder();

  // Where the next bytes belong: first the rest of a payload under way, then whatever follows. Never both empty.
  [[nodiscard]] std::array<std::span<std::byte>, 2> room();

  // `count` bytes were written into room(). After a failure only reset() may be called.
  Result<void> receive(std::size_t count, FrameReceiver& receiver);

  // For a new connection.
  void reset();

 private:
  Result<void> open_frame(FrameReceiver& receiver);
  Result<bool> advance(FrameReceiver& receiver);
  void add_payload(std::size_t count);

  std::vector<std::byte> staged_;  // Bytes [begin_, end_) have come and were not looked at.
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_in_payload_ = false;
  FrameHeader header_;
  std::span<std::byte> payload_;
  std::size_t filled_ = 0;
  std::uint32_t crc_ = 0;
};

}  // namespace streamrt
