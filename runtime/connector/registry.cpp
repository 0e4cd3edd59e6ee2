#include "runtime/connector/registry.h"

#include <string_view>

namespace streamrt {

namespace {

struct SourceEntry {
  std::string_view name;
  OpenSource open;
};
constexpr SourceEntry kSources[] = {
#define STREAM_SOURCE(name, open) {name, open},
#include "runtime/connector/connectors.def"
};

struct SinkEntry {
  std::string_view name;
  OpenSink open;
};
constexpr SinkEntry kSinks[] = {
#define STREAM_SINK(name, open) {name, open},
#include "runtime/connector/connectors.def"
};

template <class Entries>
std::string names_of(const Entries& entries) {
  std::string names;
  for (const auto& entry : entries) {
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return names;
}

}  // namespace

Result<std::unique_ptr<Source>> open_source(const SourceOpening& opening) {
  for (const SourceEntry& entry : kSources) {
    if (entry.name == opening.description.connector) return entry.open(opening);
  }
  return fail("this runtime has no source `{}`; it has {}", opening.description.connector,
              names_of(kSources));
}

Result<std::unique_ptr<Sink>> open_sink(const SinkOpening& opening) {
  for (const SinkEntry& entry : kSinks) {
    if (entry.name == opening.description.connector) return entry.open(opening);
  }
  return fail("this runtime has no sink `{}`; it has {}", opening.description.connector,
              names_of(kSinks));
}

}  // namespace streamrt
