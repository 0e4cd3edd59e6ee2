// What a test observed against what it expects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/graph/builder.h"
#include "compiler/sema/checked.h"

namespace streamc {

// A tick of an observed stream.
struct ObservedItem {
  std::optional<Value> value;  // Empty: an item that failed.
  std::int64_t stamp = 0;
};

struct ObservedStream {
  bool has_times = false;  // Stamps are times; else positions.
  std::vector<ObservedItem> items;
};

// What differs, one line each, item by item; empty if the expectation holds. `streams` has one entry
// for each capture of the test's graph.
std::vector<std::string> compare(const Expectation& expectation, const std::vector<ObservedStream>& streams,
                                 const TypeTable& types);

}  // namespace streamc
