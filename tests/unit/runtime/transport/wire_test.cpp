#include "runtime/transport/wire.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <string>

#include "runtime/transport/crc32c.h"
#include "runtime/transport/link_hello.h"
#include "tests/fuzz/frame_decoder.h"

namespace streamrt {
namespace {

using Bytes = std::vector<std::byte>;

void append_frame(Bytes& out, FrameHeader header, const Bytes& payload) {
  header.length = static_cast<std::uint32_t>(payload.size());
  header.payload_crc = crc32c(payload);
  const HeaderBytes bytes = encode_header(header);
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.insert(out.end(), payload.begin(), payload.end());
}

Bytes random_bytes(std::mt19937& random, std::size_t size) {
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

Hello random_hello(std::mt19937& random) {
  Hello hello;
  hello.program_version = "1.2";
  hello.node = "pi";
  hello.peer = "hub";
  hello.session = 1 + random();
  hello.utc_ns = static_cast<std::int64_t>(random());
  for (unsigned i = random() % 4; i > 0; --i) {
    hello.channels.push_back({.name = "c" + std::to_string(i),
                              .schema = std::string(random() % 300, 's'),
                              .is_sender = random() % 2 == 0,
                              .has_history = random() % 2 == 0,
                              .received_through = random()});
  }
  return hello;
}

Bytes random_frames(std::mt19937& random) {
  Bytes bytes;
  for (unsigned i = 1 + random() % 6; i > 0; --i) {
    switch (random() % 4) {
      case 0:
        append_frame(bytes, {.kind = FrameKind::Hello}, encode_hello(random_hello(random)));
        break;
      case 1:
        append_frame(bytes, {.kind = FrameKind::Refusal},
                     encode_refusal({.reason = "no\x1b[31m"}));
        break;
      case 2:
        append_frame(bytes, {.kind = FrameKind::Report}, random_bytes(random, kReportBytes));
        break;
      default:
        append_frame(bytes, {.kind = FrameKind::Data, .channel = 3, .sequence = random()},
                     random_bytes(random, random() % (random() % 8 == 0 ? 60000 : 200)));
    }
  }
  return bytes;
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST_CASE("a header survives, and any damaged bit shows") {
  const FrameHeader header{.kind = FrameKind::Data,
                           .channel = 513,
                           .length = 70000,
                           .payload_crc = 0xDEADBEEF,
                           .sequence = 0x1122334455667788};
  const HeaderBytes bytes = encode_header(header);
  const Result<FrameHeader> decoded = decode_header(bytes);
  REQUIRE(decoded);
  CHECK(decoded->kind == header.kind);
  CHECK(decoded->channel == header.channel);
  CHECK(decoded->length == header.length);
  CHECK(decoded->payload_crc == header.payload_crc);
  CHECK(decoded->sequence == header.sequence);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    HeaderBytes damaged = bytes;
    damaged[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    CHECK_FALSE(decode_header(damaged));
  }
}

TEST_CASE("a hello survives, and another protocol is named") {
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    const Hello hello = random_hello(random);
    const Bytes bytes = encode_hello(hello);
    const Result<Hello> decoded = decode_hello(bytes);
    REQUIRE(decoded);
    CHECK(decoded->node == hello.node);
    CHECK(decoded->session == hello.session);
    REQUIRE(decoded->channels.size() == hello.channels.size());
    for (std::size_t k = 0; k < hello.channels.size(); ++k) {
      CHECK(decoded->channels[k].schema == hello.channels[k].schema);
      CHECK(decoded->channels[k].received_through == hello.channels[k].received_through);
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK_FALSE(decode_hello(std::span(bytes).first(size)));
    }
  }
  Bytes other = encode_hello(random_hello(random));
  other[0] = std::byte{9};
  CHECK(decode_hello(other).message().find("version 9 of the link protocol") != std::string::npos);
}

TEST_CASE("a refusal cannot write to the terminal what it likes") {
  const Result<Refusal> refusal = decode_refusal(encode_refusal({.reason = "no\x1b[31m"}));
  REQUIRE(refusal);
  CHECK(refusal->reason == "no?[31m");
}

// STREAM_FUZZ_SEED and STREAM_FUZZ_RUNS in the environment choose other runs.
TEST_CASE("frames, sound and damaged, however they are split") {
  const std::uint64_t first_seed = from_environment("STREAM_FUZZ_SEED", 1);
  const std::uint64_t runs = from_environment("STREAM_FUZZ_RUNS", 20'000);
  for (std::uint64_t seed = first_seed; seed < first_seed + runs; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(static_cast<unsigned>(seed));
    Bytes bytes = random_frames(random);
    for (unsigned i = random() % 4; i > 0; --i) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0: bytes[at] ^= static_cast<std::byte>(1U << (random() % 8)); break;
        case 1: bytes.resize(at + 1); break;
        default: bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), std::byte{0x53});
      }
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
}

}  // namespace
}  // namespace streamrt
