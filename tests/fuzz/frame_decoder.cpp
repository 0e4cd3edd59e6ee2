#include "tests/fuzz/frame_decoder.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/assert.h"
#include "runtime/transport/crc32c.h"
#include "runtime/transport/link_hello.h"
#include "runtime/transport/wire.h"

namespace streamrt {
namespace {

constexpr std::size_t kLengthMax = std::size_t{1} << 16;

// Writes down what came, so that two runs can be compared.
class Recorder final : public FrameReceiver {
 public:
  Result<std::span<std::byte>> payload_memory(const FrameHeader& header) override {
    if (header.length > kLengthMax) return fail("too long");
    payload_.assign(header.length, std::byte{0});
    return std::span(payload_);
  }
  Result<void> receive_frame(const FrameHeader& header) override {
    STREAM_CHECK(payload_.size() == header.length, "a payload of another length");
    STREAM_CHECK(crc32c(payload_) == header.payload_crc, "a payload with a wrong checksum");
    const HeaderBytes again = encode_header(header);
    heard_.append(reinterpret_cast<const char*>(again.data()), again.size());
    heard_.append(reinterpret_cast<const char*>(payload_.data()), payload_.size());
    if (header.kind == FrameKind::Hello) check_hello();
    if (header.kind == FrameKind::Refusal) (void)decode_refusal(payload_);
    return {};
  }
  const std::string& heard() const { return heard_; }

 private:
  void check_hello() {
    const Result<Hello> hello = decode_hello(payload_);
    if (!hello) return;
    const Result<Hello> again = decode_hello(encode_hello(*hello));
    STREAM_CHECK(again.has_value() && again->channels.size() == hello->channels.size(),
                 "a hello does not survive being written again");
  }

  std::vector<std::byte> payload_;
  std::string heard_;
};

// What is heard of `bytes` when at most `step` of them come at a time.
std::string decode(std::span<const std::byte> bytes, std::size_t step) {
  FrameDecoder decoder;
  Recorder recorder;
  while (!bytes.empty()) {
    std::size_t wanted = std::min(bytes.size(), step);
    std::size_t count = 0;
    for (const std::span<std::byte> room : decoder.room()) {
      const std::size_t part = std::min(room.size(), wanted);
      if (part > 0) std::memcpy(room.data(), bytes.data() + count, part);
      count += part;
      wanted -= part;
    }
    STREAM_CHECK(count > 0, "a decoder without room");
    bytes = bytes.subspan(count);
    if (!decoder.receive(count, recorder)) break;
  }
  return recorder.heard();
}

}  // namespace
}  // namespace streamrt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const std::string heard = streamrt::decode(bytes, size);
  const std::size_t step = size == 0 ? 1 : 1 + data[0] % 61;
  STREAM_CHECK(streamrt::decode(bytes, step) == heard, "the split changes what is heard");
  (void)streamrt::decode_hello(bytes);
  (void)streamrt::decode_refusal(bytes);
  return 0;
}
