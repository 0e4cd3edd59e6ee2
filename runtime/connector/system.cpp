// `system.…`: load, memory, network, disks and temperatures of the machine that the program runs
// on, sampled at a stated rate.

#include <optional>

#include "runtime/base/closest_name.h"
#include "runtime/base/value_text.h"
#include "runtime/connector/registry.h"
#include "runtime/connector/sampler.h"
#include "runtime/connector/system_files.h"

namespace streamrt {

namespace {

constexpr double kNanosecondsInSecond = 1e9;

// Refuses item types whose columns are not `count` of `kind`.
Result<void> check_columns(const SourceOpening& opening, std::int32_t kind, std::int32_t count) {
  const StreamType& type = *opening.description.type;
  bool fits = type.leaf_count == count;
  for (std::int32_t i = 0; fits && i < count; ++i) {
    fits = type.leaves[i].kind == kind && type.leaves[i].count == 1;
  }
  if (fits) return {};
  return fail("`{}` gives {}, not {}", opening.description.connector,
              count == 2 ? "two floats" : (kind == STREAM_LEAF_F64 ? "floats" : "ints"),
              type_text(type));
}

class CpuSource final : public Sampler {
 public:
  CpuSource(const SourceOpening& opening, std::int64_t period_ns)
      : Sampler(opening, period_ns), last_(read().value_or(CpuTimes{})) {}

  static std::optional<CpuTimes> read() {
    return parse_cpu_times(read_small_file("/proc/stat").value_or(""));
  }

 protected:
  Result<void> sample(SourceItems& items, std::int64_t) override {
    const auto times = read();
    if (!times) return fail("/proc/stat does not tell the load");
    const std::uint64_t total = times->total - last_.total;
    const std::uint64_t busy = times->busy - last_.busy;
    last_ = *times;
    // Two samples within one tick of the kernel: nothing new is known.
    if (total > 0) percent_ = 100.0 * static_cast<double>(busy) / static_cast<double>(total);
    static_cast<double*>(items.out.columns[0])[items.count] = percent_;
    return {};
  }
  void begin_late() override { last_ = read().value_or(last_); }

 private:
  CpuTimes last_;
  double percent_ = 0;
};

class MemorySource final : public Sampler {
 public:
  MemorySource(const SourceOpening& opening, std::int64_t period_ns, bool in_bytes)
      : Sampler(opening, period_ns), in_bytes_(in_bytes) {}

 protected:
  Result<void> sample(SourceItems& items, std::int64_t) override {
    const auto memory = parse_memory(read_small_file("/proc/meminfo").value_or(""));
    if (!memory) return fail("/proc/meminfo does not tell the memory in use");
    if (in_bytes_) {
      static_cast<std::int64_t*>(items.out.columns[0])[items.count] = memory->used;
    } else {
      static_cast<double*>(items.out.columns[0])[items.count] =
          100.0 * static_cast<double>(memory->used) / static_cast<double>(memory->total);
    }
    return {};
  }

 private:
  bool in_bytes_;
};

// Two counters that only grow, as bytes in a second.
class FlowSource final : public Sampler {
 public:
  using Read = std::optional<ByteCounts> (*)(const std::string& which);
  FlowSource(const SourceOpening& opening, std::int64_t period_ns, Read read_counts,
             std::string which)
      : Sampler(opening, period_ns),
        clock_(opening.clock),
        read_(read_counts),
        which_(std::move(which)) {
    begin_late();
  }

 protected:
  Result<void> sample(SourceItems& items, std::int64_t) override {
    const auto counts = read_(which_);
    if (!counts) return fail("`{}` has vanished", which_);
    const std::int64_t now_ns = clock_.steady_ns();
    const double seconds = static_cast<double>(now_ns - last_ns_) / kNanosecondsInSecond;
    // A counter that fell was reset: the interface came anew.
    const auto flow = [seconds](std::uint64_t now, std::uint64_t before) {
      return now < before || seconds <= 0 ? 0.0 : static_cast<double>(now - before) / seconds;
    };
    static_cast<double*>(items.out.columns[0])[items.count] = flow(counts->in, last_.in);
    static_cast<double*>(items.out.columns[1])[items.count] = flow(counts->out, last_.out);
    last_ = *counts;
    last_ns_ = now_ns;
    return {};
  }
  void begin_late() final {
    last_ = read_(which_).value_or(ByteCounts{});
    last_ns_ = clock_.steady_ns();
  }

 private:
  Clock& clock_;
  Read read_;
  std::string which_;
  ByteCounts last_;
  std::int64_t last_ns_ = 0;
};

class TemperatureSource final : public Sampler {
 public:
  TemperatureSource(const SourceOpening& opening, std::int64_t period_ns,
                    std::vector<TemperatureSensor> sensors)
      : Sampler(opening, period_ns), sensors_(std::move(sensors)) {}

 protected:
  Result<void> sample(SourceItems& items, std::int64_t) override {
    std::optional<double> hottest;
    for (const TemperatureSensor& sensor : sensors_) {
      const auto celsius = read_temperature(sensor);
      if (celsius && (!hottest || *celsius > *hottest)) hottest = celsius;
    }
    if (!hottest) return fail("this machine has no temperature sensor that can be read");
    static_cast<double*>(items.out.columns[0])[items.count] = *hottest;
    return {};
  }

 private:
  std::vector<TemperatureSensor> sensors_;
};

std::optional<ByteCounts> read_network(const std::string& interface) {
  return parse_network(read_small_file("/proc/net/dev").value_or(""), interface);
}
std::optional<ByteCounts> read_disks(const std::string& device) {
  return parse_disks(read_small_file("/proc/diskstats").value_or(""), device, "/sys/block");
}

Result<std::unique_ptr<Source>> open_memory(const SourceOpening& opening, bool in_bytes) {
  const Result<std::int64_t> period_ns = period_of(opening);
  if (!period_ns) return period_ns.failure();
  const std::int32_t kind = in_bytes ? STREAM_LEAF_I64 : STREAM_LEAF_F64;
  if (Result<void> checked = check_columns(opening, kind, 1); !checked) return checked.failure();
  return std::make_unique<MemorySource>(opening, *period_ns, in_bytes);
}

}  // namespace

Result<std::unique_ptr<Source>> open_cpu_source(const SourceOpening& opening) {
  const Result<std::int64_t> period_ns = period_of(opening);
  if (!period_ns) return period_ns.failure();
  if (Result<void> checked = check_columns(opening, STREAM_LEAF_F64, 1); !checked)
    return checked.failure();
  return std::make_unique<CpuSource>(opening, *period_ns);
}

Result<std::unique_ptr<Source>> open_memory_source(const SourceOpening& opening) {
  return open_memory(opening, false);
}

Result<std::unique_ptr<Source>> open_memory_used_source(const SourceOpening& opening) {
  return open_memory(opening, true);
}

Result<std::unique_ptr<Source>> open_network_source(const SourceOpening& opening) {
  const Result<std::int64_t> period_ns = period_of(opening);
  if (!period_ns) return period_ns.failure();
  if (Result<void> checked = check_columns(opening, STREAM_LEAF_F64, 2); !checked)
    return checked.failure();
  const std::string interface(opening.arguments.text("interface").value_or(""));
  if (!interface.empty() && !read_network(interface)) {
    const auto known = network_interfaces(read_small_file("/proc/net/dev").value_or(""));
    return fail("this machine has no network interface `{}`{}; it has {}", interface,
                closest_name_hint(interface, known), fmt::join(known, ", "));
  }
  return std::make_unique<FlowSource>(opening, *period_ns, read_network, interface);
}

Result<std::unique_ptr<Source>> open_disk_source(const SourceOpening& opening) {
  const Result<std::int64_t> period_ns = period_of(opening);
  if (!period_ns) return period_ns.failure();
  if (Result<void> checked = check_columns(opening, STREAM_LEAF_F64, 2); !checked)
    return checked.failure();
  const std::string device(opening.arguments.text("device").value_or(""));
  if (!device.empty() && !read_disks(device)) {
    const auto known = disk_devices(read_small_file("/proc/diskstats").value_or(""));
    return fail("this machine has no disk `{}`{}; it has {}", device,
                closest_name_hint(device, known), fmt::join(known, ", "));
  }
  return std::make_unique<FlowSource>(opening, *period_ns, read_disks, device);
}

Result<std::unique_ptr<Source>> open_temperature_source(const SourceOpening& opening) {
  const Result<std::int64_t> period_ns = period_of(opening);
  if (!period_ns) return period_ns.failure();
  if (Result<void> checked = check_columns(opening, STREAM_LEAF_F64, 1); !checked)
    return checked.failure();
  std::vector<TemperatureSensor> sensors = find_temperature_sensors("/sys");
  if (const auto wanted = opening.arguments.text("sensor"); wanted && !wanted->empty()) {
    std::vector<std::string> known;
    for (const TemperatureSensor& sensor : sensors) known.push_back(sensor.name);
    std::erase_if(sensors, [&](const TemperatureSensor& sensor) { return sensor.name != *wanted; });
    if (sensors.empty()) {
      return fail("this machine has no temperature sensor `{}`{}; it has {}", *wanted,
                  closest_name_hint(*wanted, known),
                  known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")));
    }
  }
  return std::make_unique<TemperatureSource>(opening, *period_ns, std::move(sensors));
}

}  // namespace streamrt
