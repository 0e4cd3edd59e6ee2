// What two nodes must have in common to link: the same program with the same params, and the same
// queues.
#pragma once

#include <string>

#include "runtime/abi/stream_abi.h"
#include "runtime/transport/link_hello.h"

namespace streamrt {

// The program's own hash (StreamProgram::semantic_hash) with the values of its params, once they
// are set. Tells programs apart that differ by mistake; it is no defence against those who look for
// two of one hash.
SemanticHash semantic_hash(const StreamProgram& program);

// A hash as people compare it: its first twelve digits.
std::string version_text(const SemanticHash& hash);

// Type and columns of a queue.
std::string queue_schema(const StreamQueue& queue);

}  // namespace streamrt
