#include "runtime/transport/crc32c.h"

#include <doctest/doctest.h>

#include <random>
#include <string_view>
#include <vector>

namespace streamrt {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST_CASE("CRC32C gives the values of RFC 3720") {
  CHECK(crc32c(bytes_of("")) == 0);
  CHECK(crc32c(bytes_of("123456789")) == 0xE3069283);
  const std::vector<std::byte> zeros(32, std::byte{0});
  const std::vector<std::byte> ones(32, std::byte{0xFF});
  CHECK(crc32c(zeros) == 0x8A9136AA);
  CHECK(crc32c(ones) == 0x62A8AB43);
  CHECK(crc32c_by_table(bytes_of("123456789")) == 0xE3069283);
  CHECK(crc32c_by_table(zeros) == 0x8A9136AA);
}

TEST_CASE("the instruction and the table agree, at any length, place and cut") {
  std::mt19937 random(7);
  std::vector<std::byte> bytes(40000);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 9) {
    const std::size_t from = random() % (bytes.size() - length);
    const std::span<const std::byte> part = std::span(bytes).subspan(from, length);
    const std::uint32_t expected = crc32c_by_table(part);
    REQUIRE(crc32c(part) == expected);
    const std::size_t cut = random() % (length + 1);
    REQUIRE(crc32c(part.subspan(cut), crc32c(part.first(cut))) == expected);
  }
}

}  // namespace
}  // namespace streamrt
