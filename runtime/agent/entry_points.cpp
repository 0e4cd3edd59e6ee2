// The runtime's side of abi/entry_points.def, but for the mathematics (base/math.cpp).
//
// Called by generated code, once a batch or for texts; nothing here throws, and no exception
// crosses this border: memory that runs out ends the process.
#include "runtime/abi/entry_points.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "runtime/agent/context.h"
#include "runtime/base/format_spec.h"
#include "runtime/base/number_text.h"
#include "runtime/base/time_text.h"
#include "runtime/base/value_text.h"

using streamrt::memory_size;
using streamrt::view_of;

namespace {

std::string_view view(const char* data, int64_t size) {
  return view_of({data, size});
}

streamrt::ColumnQueue& queue_of(StreamContext* context, int32_t queue) {
  return (*context->queues)[static_cast<std::size_t>(queue)];
}

// ASCII only: what upper case is beyond it depends on the language.
void transform(int32_t operation, std::string_view text, char* out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (operation == 0) {
      out[i] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    } else {
      out[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
}

}  // namespace

extern "C" {

void stream_queue_reserve(StreamContext* context, int32_t queue, int64_t ticks, StreamOutput* out) {
  queue_of(context, queue).reserve(ticks, *out);
}

void stream_queue_commit(StreamContext* context, int32_t queue, int64_t ticks) {
  queue_of(context, queue).commit(ticks, streamrt::PayloadLifetime::Batch, context->stamp_floor);
}

void stream_queue_end(StreamContext* context, int32_t queue, int64_t end_stamp) {
  queue_of(context, queue).end(end_stamp);
}

void stream_region_stopped(StreamContext* context, int64_t ticks) {
  context->ticks_before_stop = ticks;
}

void stream_queue_grow(StreamContext* context, int32_t queue, int64_t ticks, StreamOutput* inout) {
  queue_of(context, queue).grow(ticks, *inout);
}

void* stream_arena_allocate(StreamContext* context, int64_t bytes) {
  return context->arena().allocate(memory_size(bytes));
}

void* stream_state_allocate(StreamContext* context, int64_t bytes) {
  const std::size_t size = memory_size(bytes);
  void* const memory = context->state_arena.allocate(size);
  std::memset(memory, 0, size);
  return memory;
}

// The capacity stands in the eight bytes in front of the text.
void stream_text_keep(StreamContext* context, StreamText* slot, const char* data, int64_t size) {
  constexpr std::size_t kHeaderBytes = sizeof(int64_t);
  int64_t capacity = 0;
  if (slot->data != nullptr) std::memcpy(&capacity, slot->data - kHeaderBytes, kHeaderBytes);
  if (size > capacity) {
    capacity = std::max<int64_t>(size * 2, 32);
    auto* const memory = static_cast<char*>(
        context->state_arena.allocate(memory_size(capacity) + kHeaderBytes, 8));
    std::memcpy(memory, &capacity, kHeaderBytes);
    // The new text may be part of the old one, whose bytes stay in the arena.
    slot->data = memory + kHeaderBytes;
  }
  if (size > 0) std::memmove(const_cast<char*>(slot->data), data, static_cast<std::size_t>(size));
  slot->size = size;
}

const char* stream_text_copy(StreamContext* context, const char* data, int64_t size) {
  return context->arena().copy({data, size}).data;
}

void stream_report_failure(StreamContext* context, int32_t site, int32_t reason, int64_t position,
                           int64_t, const StreamText* detail) {
  context->failures->report(site, reason, position,
                            detail == nullptr ? std::string_view() : view_of(*detail));
}

void stream_hold_failures(StreamContext* context) {
  context->failures->hold();
}

void stream_settle_failures(StreamContext* context, int32_t status) {
  context->failures->settle(status != STREAM_REGION_STOP);
}

void* stream_text_start(StreamContext* context) {
  context->text.clear();
  return context;
}

void stream_text_append(void* builder, const char* data, int64_t size) {
  static_cast<StreamContext*>(builder)->text += view(data, size);
}

void stream_text_append_value(void* builder, const StreamType* type, const void* const* leaves,
                              const char* spec) {
  streamrt::append_formatted_value(static_cast<StreamContext*>(builder)->text, *type, leaves, spec);
}

void stream_text_finish(void* builder, StreamText* out) {
  auto* const context = static_cast<StreamContext*>(builder);
  *out = context->arena().copy(streamrt::text_of(context->text));
}

int32_t stream_text_compare(const char* left, int64_t left_size, const char* right,
                            int64_t right_size) {
  const int order = view(left, left_size).compare(view(right, right_size));
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

int64_t stream_text_length(const char* data, int64_t size) {
  return streamrt::count_code_points(view(data, size));
}

int8_t stream_text_contains(const char* data, int64_t size, const char* part, int64_t part_size) {
  return view(data, size).find(view(part, part_size)) != std::string_view::npos ? 1 : 0;
}

int8_t stream_text_starts_with(const char* data, int64_t size, const char* part,
                               int64_t part_size) {
  return view(data, size).starts_with(view(part, part_size)) ? 1 : 0;
}

int8_t stream_text_ends_with(const char* data, int64_t size, const char* part, int64_t part_size) {
  return view(data, size).ends_with(view(part, part_size)) ? 1 : 0;
}

void stream_text_transform(StreamContext* context, int32_t operation, const char* data,
                           int64_t size, StreamText* out) {
  constexpr int32_t kTrim = 2;
  if (operation == kTrim) {
    *out = streamrt::text_of(streamrt::trimmed(view(data, size)));
    return;
  }
  auto* const bytes =
      static_cast<char*>(context->arena().allocate(static_cast<std::size_t>(size), 1));
  transform(operation, view(data, size), bytes);
  *out = {bytes, size};
}

void stream_text_concatenate(StreamContext* context, const char* left, int64_t left_size,
                             const char* right, int64_t right_size, StreamText* out) {
  const auto first = static_cast<std::size_t>(left_size);
  const auto second = static_cast<std::size_t>(right_size);
  auto* const bytes = static_cast<char*>(context->arena().allocate(memory_size(left_size + right_size), 1));
  if (first > 0) std::memcpy(bytes, left, first);
  if (second > 0) std::memcpy(bytes + first, right, second);
  *out = {bytes, left_size + right_size};
}

int8_t stream_parse_int(const char* data, int64_t size, int64_t* out) {
  const auto value = streamrt::parse_int(view(data, size));
  *out = value.value_or(0);
  return value.has_value() ? 1 : 0;
}

int8_t stream_parse_float(const char* data, int64_t size, double* out) {
  const auto value = streamrt::parse_float(view(data, size));
  *out = value.value_or(0);
  return value.has_value() ? 1 : 0;
}

int32_t stream_rate_compare(int64_t left_numerator, int64_t left_denominator,
                            int64_t right_numerator, int64_t right_denominator) {
  return streamrt::compare_rates({left_numerator, left_denominator},
                                 {right_numerator, right_denominator});
}

}  // extern "C"
