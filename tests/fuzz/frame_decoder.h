// The decoder of frames, and the payloads of those that carry no message, on any bytes.
#pragma once

#include <cstddef>
#include <cstdint>

// Stops the process if a rule is broken: what is agreed to fits, payloads arrive only with their checksum, and the way in
// which the bytes are split changes nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
