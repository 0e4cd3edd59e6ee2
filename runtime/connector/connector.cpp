#include "runtime/connector/connector.h"

#include <algorithm>

namespace streamrt {

const StreamArgument* Arguments::find(std::string_view name, std::int32_t kind) const {
  for (const StreamArgument& argument : arguments_) {
    if (name == argument.name) return argument.kind == kind ? &argument : nullptr;
  }
  return nullptr;
}

std::optional<std::string_view> Arguments::text(std::string_view name) const {
  const StreamArgument* const found = find(name, STREAM_ARGUMENT_TEXT);
  if (found == nullptr) return std::nullopt;
  return view_of(found->text);
}

std::optional<std::int64_t> Arguments::integer(std::string_view name) const {
  const StreamArgument* const found = find(name, STREAM_ARGUMENT_INT);
  if (found == nullptr) return std::nullopt;
  return found->integer;
}

std::optional<double> Arguments::number(std::string_view name) const {
  if (const auto whole = integer(name)) return static_cast<double>(*whole);
  const StreamArgument* const found = find(name, STREAM_ARGUMENT_FLOAT);
  if (found == nullptr) return std::nullopt;
  return found->real;
}

std::optional<bool> Arguments::boolean(std::string_view name) const {
  const StreamArgument* const found = find(name, STREAM_ARGUMENT_BOOL);
  if (found == nullptr) return std::nullopt;
  return found->integer != 0;
}

std::optional<StreamRate> Arguments::rate(std::string_view name) const {
  const StreamArgument* const found = find(name, STREAM_ARGUMENT_RATE);
  if (found == nullptr) return std::nullopt;
  return found->rate;
}

std::string label_of(const SinkOpening& opening) {
  if (const auto label = opening.arguments.text("label")) return std::string(*label);
  if (!opening.stream_name.empty()) return std::string(opening.stream_name);
  return opening.description.equation == nullptr ? "" : opening.description.equation;
}

Result<void> Destinations::flush_all() {
  Result<void> result;
  for (const auto& [key, destination] : by_key_) {
    if (Result<void> flushed = destination->flush(); !flushed && result) result = flushed;
  }
  return result;
}

void Destinations::refresh_all(std::int64_t steady_ns) {
  for (const auto& [key, destination] : by_key_) destination->refresh(steady_ns);
}

std::int64_t Destinations::refresh_interval_ns() const {
  std::int64_t shortest = 0;
  for (const auto& [key, destination] : by_key_) {
    const std::int64_t interval = destination->refresh_interval_ns();
    if (interval > 0 && (shortest == 0 || interval < shortest)) shortest = interval;
  }
  return shortest;
}

void Destinations::step_aside_all() {
  for (const auto& [key, destination] : by_key_) destination->step_aside();
}

bool Destinations::has_terminal() const {
  return std::any_of(by_key_.begin(), by_key_.end(),
                     [](const auto& entry) { return entry.second->is_terminal(); });
}

Result<void> Destinations::finish_all() {
  Result<void> result;
  for (const auto& [key, destination] : by_key_) {
    if (Result<void> finished = destination->finish(); !finished && result) result = finished;
  }
  return result;
}

}  // namespace streamrt
