#include "runtime/transport/link_hello.h"

#include <algorithm>

#include "runtime/base/printable.h"
#include "runtime/transport/wire.h"

namespace streamrt {

namespace {

enum : std::uint8_t { kSender = 1, kBestEffort = 2, kSpooled = 4, kHistory = 8, kAllFlags = 15 };

void write_channel(ByteWriter& writer, const HelloChannel& channel) {
  writer.text(channel.name);
  writer.text(channel.schema);
  writer.number<std::uint8_t>(static_cast<std::uint8_t>(
      (channel.is_sender ? kSender : 0) | (channel.is_best_effort ? kBestEffort : 0) |
      (channel.is_spooled ? kSpooled : 0) | (channel.has_history ? kHistory : 0)));
  writer.number(channel.message_bytes_max);
  writer.number(channel.buffer_bytes);
  writer.number(channel.received_through);
  writer.number(channel.acknowledged_through);
}

HelloChannel read_channel(ByteReader& reader) {
  HelloChannel channel;
  channel.name = reader.text();
  channel.schema = reader.text();
  const auto flags = reader.number<std::uint8_t>();
  channel.is_sender = (flags & kSender) != 0;
  channel.is_best_effort = (flags & kBestEffort) != 0;
  channel.is_spooled = (flags & kSpooled) != 0;
  channel.has_history = (flags & kHistory) != 0;
  channel.message_bytes_max = reader.number<std::uint64_t>();
  channel.buffer_bytes = reader.number<std::uint64_t>();
  channel.received_through = reader.number<std::uint64_t>();
  channel.acknowledged_through = reader.number<std::uint64_t>();
  return channel;
}

}  // namespace

std::vector<std::byte> encode_hello(const Hello& hello) {
  std::vector<std::byte> bytes;
  ByteWriter writer(bytes);
  writer.number(kLinkProtocol);
  writer.bytes(hello.semantic_hash);
  writer.text(hello.program_version);
  writer.text(hello.node);
  writer.text(hello.peer);
  writer.number(hello.session);
  writer.number(hello.known_session);
  writer.number(hello.utc_ns);
  writer.number<std::uint8_t>(hello.follows_clock ? 1 : 0);
  writer.number(static_cast<std::uint32_t>(hello.channels.size()));
  for (const HelloChannel& channel : hello.channels) write_channel(writer, channel);
  return bytes;
}

Result<Hello> decode_hello(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  const auto protocol = reader.number<std::uint32_t>();
  if (reader.is_sound() && protocol != kLinkProtocol) {
    return fail("one side speaks version {} of the link protocol and the other version {}: build both with the "
                "same streamc", protocol, kLinkProtocol);
  }
  Hello hello;
  const std::span<const std::byte> hash = reader.bytes(hello.semantic_hash.size());
  std::copy(hash.begin(), hash.end(), hello.semantic_hash.begin());
  hello.program_version = printable(reader.text());
  hello.node = printable(reader.text());
  hello.peer = printable(reader.text());
  hello.session = reader.number<std::uint64_t>();
  hello.known_session = reader.number<std::uint64_t>();
  hello.utc_ns = reader.number<std::int64_t>();
  hello.follows_clock = reader.number<std::uint8_t>() != 0;
  const auto count = reader.number<std::uint32_t>();
  if (count > kChannelsMax) return fail("a hello names {} channels, more than can be", count);
  for (std::uint32_t i = 0; i < count && reader.is_sound(); ++i) {
    hello.channels.push_back(read_channel(reader));
    hello.channels.back().name = printable(hello.channels.back().name);
  }
  if (!reader.is_finished() || hello.session == 0) return fail("a hello makes no sense");
  return hello;
}

std::vector<std::byte> encode_refusal(const Refusal& refusal) {
  std::vector<std::byte> bytes;
  ByteWriter writer(bytes);
  writer.number<std::uint8_t>(refusal.is_final ? 1 : 0);
  writer.text(std::string_view(refusal.reason).substr(0, kRefusalBytesMax - 16));
  return bytes;
}

Result<Refusal> decode_refusal(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  Refusal refusal;
  refusal.is_final = reader.number<std::uint8_t>() != 0;
  refusal.reason = printable(reader.text());
  if (!reader.is_finished()) return fail("a refusal makes no sense");
  return refusal;
}

}  // namespace streamrt
