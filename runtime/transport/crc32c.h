// CRC32C, the checksum of frames and spooled messages: polynomial 0x1EDC6F41 (Castagnoli), reflected, as in iSCSI
// (RFC 3720, B.4), for which x86-64 (SSE4.2) and ARMv8 have an instruction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace streamrt {

// The checksum of `bytes` behind others whose checksum is `before`: crc32c(ab) == crc32c(b, crc32c(a)).
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0);

// The same by tables, for processors without the instruction.
[[nodiscard]] std::uint32_t crc32c_by_table(std::span<const std::byte> bytes,
                                            std::uint32_t before = 0);

// Whether crc32c() uses the processor's instruction on this machine.
[[nodiscard]] bool crc32c_has_instruction();

}  // namespace streamrt
