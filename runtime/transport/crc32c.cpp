#include "runtime/transport/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace streamrt {

namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie");

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // Reflected.
constexpr std::size_t kSlices = 8;

using Slices = std::array<std::array<std::uint32_t, 256>, kSlices>;

// slices[k][b]: what byte b does to the checksum with k more bytes behind it ("slicing by 8": Kounavis and Berry,
// "A Systematic Approach to Building High Performance Software-based CRC Generators", 2005).
constexpr Slices make_slices() {
  Slices slices{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    slices[0][byte] = value;
  }
  for (std::size_t k = 1; k < kSlices; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t value = slices[k - 1][byte];
      slices[k][byte] = (value >> 8) ^ slices[0][value & 0xFF];
    }
  }
  return slices;
}

constexpr Slices kTable = make_slices();

std::uint64_t word_at(const std::byte* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Here and below `state` is the checksum without the inversions at both ends.
std::uint32_t add_by_table(std::uint32_t state, const std::byte* bytes, std::size_t count) {
  for (; count >= 8; bytes += 8, count -= 8) {
    const std::uint64_t word = word_at(bytes) ^ state;
    state = 0;
    for (std::size_t k = 0; k < 8; ++k) state ^= kTable[7 - k][(word >> (8 * k)) & 0xFF];
  }
  for (; count > 0; ++bytes, --count) {
    state = (state >> 8) ^ kTable[0][(state ^ static_cast<std::uint32_t>(*bytes)) & 0xFF];
  }
  return state;
}

#if defined(__x86_64__) || defined(__aarch64__)

#if defined(__x86_64__)
#define STREAM_CRC_TARGET __attribute__((target("sse4.2")))
STREAM_CRC_TARGET std::uint32_t add_word(std::uint32_t state, std::uint64_t word) {
  return static_cast<std::uint32_t>(_mm_crc32_u64(state, word));
}
STREAM_CRC_TARGET std::uint32_t add_byte(std::uint32_t state, std::byte byte) {
  return _mm_crc32_u8(state, static_cast<unsigned char>(byte));
}
bool has_instruction() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_2) != 0;
}
#else
#if defined(__clang__)
#define STREAM_CRC_TARGET __attribute__((target("crc")))
#else
#define STREAM_CRC_TARGET __attribute__((target("+crc")))
#endif
STREAM_CRC_TARGET std::uint32_t add_word(std::uint32_t state, std::uint64_t word) {
  return __crc32cd(state, word);
}
STREAM_CRC_TARGET std::uint32_t add_byte(std::uint32_t state, std::byte byte) {
  return __crc32cb(state, static_cast<std::uint8_t>(byte));
}
bool has_instruction() { return (::getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }
#endif

// The instruction takes three cycles and can start one each cycle: three lanes of this length run side by side.
constexpr std::size_t kLaneBytes = 1024;

// What kLaneBytes of zeros do to a state, a linear map, by the four bytes of the state.
class LaneShift {
 public:
  LaneShift() {
    std::array<std::uint32_t, 32> columns{};
    static constexpr std::array<std::byte, kLaneBytes> kZeros{};
    for (std::size_t bit = 0; bit < 32; ++bit) {
      columns[bit] = add_by_table(std::uint32_t{1} << bit, kZeros.data(), kLaneBytes);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t byte = 0; byte < 256; ++byte) {
        for (std::size_t bit = 0; bit < 8; ++bit) {
          if ((byte >> bit & 1) != 0) table_[k][byte] ^= columns[8 * k + bit];
        }
      }
    }
  }
  [[nodiscard]] std::uint32_t operator()(std::uint32_t state) const {
    return table_[0][state & 0xFF] ^ table_[1][(state >> 8) & 0xFF] ^
           table_[2][(state >> 16) & 0xFF] ^ table_[3][state >> 24];
  }

 private:
  std::array<std::array<std::uint32_t, 256>, 4> table_{};
};

STREAM_CRC_TARGET std::uint32_t add_by_instruction(std::uint32_t state, const std::byte* bytes,
                                                   std::size_t count) {
  static const LaneShift shift;
  for (; count >= 3 * kLaneBytes; bytes += 3 * kLaneBytes, count -= 3 * kLaneBytes) {
    std::uint32_t second = 0;
    std::uint32_t third = 0;
    for (std::size_t i = 0; i < kLaneBytes; i += 8) {
      state = add_word(state, word_at(bytes + i));
      second = add_word(second, word_at(bytes + kLaneBytes + i));
      third = add_word(third, word_at(bytes + 2 * kLaneBytes + i));
    }
    state = shift(shift(state) ^ second) ^ third;
  }
  for (; count >= 8; bytes += 8, count -= 8) state = add_word(state, word_at(bytes));
  for (; count > 0; ++bytes, --count) state = add_byte(state, *bytes);
  return state;
}

#else

bool has_instruction() { return false; }
std::uint32_t add_by_instruction(std::uint32_t state, const std::byte* bytes, std::size_t count) {
  return add_by_table(state, bytes, count);
}

#endif

}  // namespace

bool crc32c_has_instruction() {
  static const bool answer = has_instruction();
  return answer;
}

std::uint32_t crc32c_by_table(std::span<const std::byte> bytes, std::uint32_t before) {
  return ~add_by_table(~before, bytes.data(), bytes.size());
}

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
  if (!crc32c_has_instruction()) return crc32c_by_table(bytes, before);
  return ~add_by_instruction(~before, bytes.data(), bytes.size());
}

}  // namespace streamrt
