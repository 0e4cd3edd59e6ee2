// The reader of item frames, on any bytes.
#pragma once

#include <cstddef>
#include <cstdint>

// The first byte chooses the type of a queue, the second one how a sound frame of it is made and how the others damage
// it. Stops the process if a rule is broken: what is refused leaves the queue as it was and takes no memory, and what is
// accepted can be written as text and sent on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
