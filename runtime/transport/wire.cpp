#include "runtime/transport/wire.h"

#include <algorithm>
#include <cstring>

#include "runtime/transport/crc32c.h"

namespace streamrt {

namespace {

constexpr std::uint32_t kMagic = 0x4B4C5453;  // "STLK"
constexpr std::size_t kHeaderCrcOffset = 28;
constexpr std::size_t kStagedBytes = std::size_t{64} << 10;
// While a payload of this many bytes is under way, it is read in place, with little of what follows.
constexpr std::size_t kLargeRestBytes = std::size_t{8} << 10;
constexpr std::size_t kFollowingBytes = std::size_t{1} << 10;

template <class T>
void store(std::byte* at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}

bool is_known(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(FrameKind::Hello) &&
         kind <= static_cast<std::uint8_t>(FrameKind::Goodbye);
}

}  // namespace

HeaderBytes encode_header(const FrameHeader& header) {
  HeaderBytes bytes{};
  store(&bytes[0], kMagic);
  bytes[4] = static_cast<std::byte>(header.kind);
  store(&bytes[6], header.channel);
  store(&bytes[8], header.length);
  store(&bytes[12], header.payload_crc);
  store(&bytes[16], header.sequence);
  store(&bytes[kHeaderCrcOffset], crc32c(std::span(bytes).first(kHeaderCrcOffset)));
  return bytes;
}

Result<FrameHeader> decode_header(std::span<const std::byte, kFrameHeaderBytes> bytes) {
  ByteReader reader(bytes);
  const auto magic = reader.number<std::uint32_t>();
  const auto kind = reader.number<std::uint8_t>();
  const auto flags = reader.number<std::uint8_t>();
  FrameHeader header;
  header.channel = reader.number<std::uint16_t>();
  header.length = reader.number<std::uint32_t>();
  header.payload_crc = reader.number<std::uint32_t>();
  header.sequence = reader.number<std::uint64_t>();
  const auto reserved = reader.number<std::uint32_t>();
  const auto header_crc = reader.number<std::uint32_t>();
  if (magic != kMagic) return fail("what came is no frame of this protocol");
  if (header_crc != crc32c(bytes.first(kHeaderCrcOffset))) {
    return fail("the header of a frame was damaged on its way");
  }
  if (!is_known(kind) || flags != 0 || reserved != 0) {
    return fail("a frame of the unknown kind {} (flags {}, {}) came", kind, flags, reserved);
  }
  header.kind = static_cast<FrameKind>(kind);
  if (header.kind != FrameKind::Data && header.sequence != 0) {
    return fail("a frame of kind {} came with a number", kind);
  }
  return header;
}

void ByteWriter::bytes(std::span<const std::byte> value) {
  out_->insert(out_->end(), value.begin(), value.end());
}

void ByteWriter::text(std::string_view value) {
  number(static_cast<std::uint32_t>(value.size()));
  bytes(std::as_bytes(std::span(value)));
}

std::span<const std::byte> ByteReader::bytes(std::size_t count) {
  if (!is_sound_ || count > in_.size()) {
    is_sound_ = false;
    return {};
  }
  const std::span<const std::byte> part = in_.first(count);
  in_ = in_.subspan(count);
  return part;
}

std::string ByteReader::text() {
  const std::span<const std::byte> part = bytes(number<std::uint32_t>());
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

FrameDecoder::FrameDecoder() : staged_(kStagedBytes) {}

void FrameDecoder::reset() {
  begin_ = end_ = 0;
  is_in_payload_ = false;
}

std::array<std::span<std::byte>, 2> FrameDecoder::room() {
  const std::span<std::byte> rest =
      is_in_payload_ ? payload_.subspan(filled_) : std::span<std::byte>();
  std::span<std::byte> following = std::span(staged_).subspan(end_);
  if (rest.size() >= kLargeRestBytes) following = following.first(kFollowingBytes);
  return {rest, following};
}

Result<void> FrameDecoder::receive(std::size_t count, FrameReceiver& receiver) {
  if (is_in_payload_) {
    const std::size_t direct = std::min(count, payload_.size() - filled_);
    add_payload(direct);
    count -= direct;
  }
  end_ += count;
  STREAM_CHECK(end_ <= staged_.size(), "more bytes were received than there was room for");
  for (;;) {
    const Result<bool> went_on = advance(receiver);
    if (!went_on) return went_on.failure();
    if (!*went_on) break;
  }
  // Less than a header is left, so this is cheap, and room() is never empty.
  std::memmove(staged_.data(), staged_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  return {};
}

// One step with what is staged; false: it takes more bytes.
Result<bool> FrameDecoder::advance(FrameReceiver& receiver) {
  if (!is_in_payload_) {
    if (end_ - begin_ < kFrameHeaderBytes) return false;
    const Result<void> opened = open_frame(receiver);
    if (!opened) return opened.failure();
    return true;
  }
  const std::size_t count = std::min(end_ - begin_, payload_.size() - filled_);
  if (count > 0) std::memcpy(payload_.data() + filled_, staged_.data() + begin_, count);
  begin_ += count;
  add_payload(count);
  if (filled_ < payload_.size()) return false;
  if (crc_ != header_.payload_crc) return fail("the payload of a frame was damaged on its way");
  is_in_payload_ = false;
  const Result<void> received = receiver.receive_frame(header_);
  if (!received) return received.failure();
  return true;
}

Result<void> FrameDecoder::open_frame(FrameReceiver& receiver) {
  const auto bytes =
      std::span<const std::byte>(staged_).subspan(begin_).first<kFrameHeaderBytes>();
  const Result<FrameHeader> header = decode_header(bytes);
  if (!header) return header.failure();
  const Result<std::span<std::byte>> memory = receiver.payload_memory(*header);
  if (!memory) return memory.failure();
  STREAM_CHECK(memory->size() == header->length, "the memory of a payload has another size");
  begin_ += kFrameHeaderBytes;
  header_ = *header;
  payload_ = *memory;
  filled_ = 0;
  crc_ = 0;
  is_in_payload_ = true;
  return {};
}

void FrameDecoder::add_payload(std::size_t count) {
  crc_ = crc32c(payload_.subspan(filled_, count), crc_);
  filled_ += count;
}

}  // namespace streamrt
