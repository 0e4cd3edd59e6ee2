// Programs made by hand: what the compiler writes as constants, with regions in C++.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "runtime/abi/entry_points.h"
#include "runtime/agent/run_program.h"
#include "tests/unit/runtime/test_types.h"

namespace streamrt::test {

inline StreamArgument text_argument(const char* name, std::string_view text) {
  StreamArgument argument{};
  argument.name = name;
  argument.kind = STREAM_ARGUMENT_TEXT;
  argument.text = {text.data(), static_cast<std::int64_t>(text.size())};
  return argument;
}
inline StreamArgument int_argument(const char* name, std::int64_t value) {
  StreamArgument argument{};
  argument.name = name;
  argument.kind = STREAM_ARGUMENT_INT;
  argument.integer = value;
  return argument;
}

// A list source's items, owned.
template <class T>
struct ListItems {
  std::vector<T> values;
  std::vector<std::int64_t> stamps = {};  // Empty: positions.
  std::vector<std::uint8_t> valid = {};   // Empty: no holes.
};

class ProgramBuilder {
 public:
  std::int32_t queue(const StreamType& type, bool has_valid = false, bool has_stamps = true,
                     const char* name = "q") {
    queues_.push_back({&type, has_valid ? 1 : 0, has_stamps ? 1 : 0, name});
    return static_cast<std::int32_t>(queues_.size()) - 1;
  }

  StreamSource& source(const char* connector, std::int32_t queue,
                       std::vector<StreamArgument> arguments = {}) {
    arguments_.push_back(std::move(arguments));
    StreamSource source{};
    source.connector = connector;
    source.type = queues_[static_cast<std::size_t>(queue)].type;
    source.argument_count = static_cast<std::int64_t>(arguments_.back().size());
    source.arguments = arguments_.back().data();
    source.queue = queue;
    source.time_field = -1;
    source.site = site("source", true);
    sources_.push_back(source);
    return sources_.back();
  }

  template <class T>
  StreamSource& list(std::int32_t queue, const ListItems<T>& items) {
    StreamSource& added = source("list", queue);
    added.list_count = static_cast<std::int64_t>(items.values.size());
    columns_.push_back({const_cast<T*>(items.values.data())});
    added.list_columns = columns_.back().data();
    if (!items.valid.empty()) added.list_valid = items.valid.data();
    if (!items.stamps.empty()) added.list_stamps = items.stamps.data();
    return added;
  }

  std::int32_t site(const char* equation, bool is_handled) {
    sites_.push_back({equation, "test.stream", static_cast<std::int32_t>(sites_.size()) + 1, 1,
                      is_handled ? 1 : 0, 0});
    return static_cast<std::int32_t>(sites_.size()) - 1;
  }

  StreamRegion& region(std::int32_t head_kind, std::vector<std::int32_t> inputs,
                       std::vector<std::int32_t> outputs, StreamRegionFunction run,
                       std::int64_t state_size = 64) {
    indices_.push_back(std::move(inputs));
    const std::vector<std::int32_t>& in = indices_.back();
    indices_.push_back(std::move(outputs));
    const std::vector<std::int32_t>& out = indices_.back();
    StreamRegion region{};
    region.head_kind = head_kind;
    region.source = head_kind == STREAM_HEAD_SOURCE ? 0 : -1;
    region.input_count = static_cast<std::int32_t>(in.size());
    region.output_count = static_cast<std::int32_t>(out.size());
    region.inputs = in.data();
    region.outputs = out.data();
    region.needs_stamps = 1;
    region.state_size = state_size;
    region.run = run;
    region.name = "region";
    regions_.push_back(region);
    return regions_.back();
  }

  StreamSink& sink(const char* connector, std::int32_t queue, std::int32_t group = 0,
                   std::vector<StreamArgument> arguments = {}) {
    arguments_.push_back(std::move(arguments));
    StreamSink sink{};
    sink.connector = connector;
    sink.argument_count = static_cast<std::int64_t>(arguments_.back().size());
    sink.arguments = arguments_.back().data();
    sink.queue = queue;
    sink.order_group = group;
    sink.textual_order = static_cast<std::int32_t>(sinks_.size());
    sink.capture_index = static_cast<std::int32_t>(sinks_.size());
    sink.equation = "sink";
    sinks_.push_back(sink);
    return sinks_.back();
  }

  StreamProgram program() {
    StreamProgram program{};
    program.abi_version = STREAM_ABI_VERSION;
    program.name = "test";
    program.description = "A program made by hand.";
    find_times();
    program.queue_count = static_cast<std::int64_t>(queues_.size());
    program.queues = queues_.data();
    flat_sources_.assign(sources_.begin(), sources_.end());
    program.source_count = static_cast<std::int64_t>(flat_sources_.size());
    program.sources = flat_sources_.data();
    flat_sinks_.assign(sinks_.begin(), sinks_.end());
    program.sink_count = static_cast<std::int64_t>(flat_sinks_.size());
    program.sinks = flat_sinks_.data();
    flat_regions_.assign(regions_.begin(), regions_.end());
    program.region_count = static_cast<std::int64_t>(flat_regions_.size());
    program.regions = flat_regions_.data();
    program.site_count = static_cast<std::int64_t>(sites_.size());
    program.sites = sites_.data();
    return program;
  }

 private:
  // Queues behind a source with times have times.
  void find_times() {
    const auto queue = [this](std::int32_t index) -> StreamQueue& {
      return queues_[static_cast<std::size_t>(index)];
    };
    for (const StreamSource& source : sources_) {
      const bool is_list = std::string_view(source.connector) == "list";
      const bool has_times = source.has_rate != 0 || source.list_stamps != nullptr ||
                             source.time_field >= 0 || !is_list;
      queue(source.queue).has_times = has_times ? 1 : 0;
    }
    const auto hand_on = [&](const StreamRegion& region) {
      for (std::int32_t i = 0; i < region.input_count; ++i) {
        if (queue(region.inputs[i]).has_times == 0) continue;
        for (std::int32_t k = 0; k < region.output_count; ++k) queue(region.outputs[k]).has_times = 1;
      }
    };
    // Once for each region: on a cycle a queue may be read before it is written.
    for (std::size_t round = 0; round < regions_.size(); ++round) {
      for (const StreamRegion& region : regions_) hand_on(region);
    }
  }

  std::vector<StreamQueue> queues_;
  std::vector<StreamSite> sites_;
  std::deque<StreamSource> sources_;  // Deques: references given out stay good.
  std::deque<StreamSink> sinks_;
  std::deque<StreamRegion> regions_;
  std::vector<StreamSource> flat_sources_;
  std::vector<StreamSink> flat_sinks_;
  std::vector<StreamRegion> flat_regions_;
  std::deque<std::vector<StreamArgument>> arguments_;
  std::deque<std::vector<std::int32_t>> indices_;
  std::deque<std::vector<void*>> columns_;
};

// What a run left behind.
struct Outcome {
  int status = 0;
  std::string console;
  std::vector<std::string> messages;
  std::map<std::int32_t, std::vector<std::string>>
      captured;  // `text@stamp`, `hole@stamp`, `end@T`.
};

Outcome run(ProgramBuilder& builder, RunOptions options = {});

}  // namespace streamrt::test
