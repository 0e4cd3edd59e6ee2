// The functions that open connectors, declared from connectors.def.
#pragma once

#include <memory>

#include "runtime/connector/connector.h"

namespace streamrt {

#define STREAM_SOURCE(name, open) Result<std::unique_ptr<Source>> open(const SourceOpening&);
#define STREAM_SINK(name, open) Result<std::unique_ptr<Sink>> open(const SinkOpening&);
#include "runtime/connector/connectors.def"

}  // namespace streamrt
