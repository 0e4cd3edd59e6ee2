#include "runtime/connector/system_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "runtime/base/number_text.h"

namespace streamrt {

namespace {

// Calls `visit` with each line.
template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t line_feed = std::min(text.find('\n'), text.size());
    visit(text.substr(0, line_feed));
    text.remove_prefix(std::min(line_feed + 1, text.size()));
  }
}

// Takes the next word off the front of `text`; empty at its end.
std::string_view take_word(std::string_view& text) {
  constexpr std::string_view kSpaces = " \t";
  const std::size_t first = std::min(text.find_first_not_of(kSpaces), text.size());
  text.remove_prefix(first);
  const std::size_t length = std::min(text.find_first_of(kSpaces), text.size());
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

std::uint64_t take_count(std::string_view& text) {
  return static_cast<std::uint64_t>(parse_int(take_word(text)).value_or(0));
}

std::vector<std::string> entries_of(const std::string& folder) {
  std::vector<std::string> names;
  if (DIR* const directory = ::opendir(folder.c_str())) {
    while (const dirent* const entry = ::readdir(directory)) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    ::closedir(directory);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string trimmed_file(const std::string& path) {
  return std::string(trimmed(read_small_file(path).value_or("")));
}

// `name: counts…`: splits a line of /proc/net/dev.
std::optional<std::pair<std::string_view, std::string_view>> split_interface(
    std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return std::pair(trimmed(line.substr(0, colon)), line.substr(colon + 1));
}

}  // namespace

std::optional<std::string> read_small_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t count;
  while ((count = ::read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(fd);
  if (count < 0) return std::nullopt;
  return text;
}

std::optional<CpuTimes> parse_cpu_times(std::string_view proc_stat) {
  // cpu user nice system idle iowait irq softirq steal guest guest_nice; guests are in user
  // already.
  std::string_view line = proc_stat.substr(0, std::min(proc_stat.find('\n'), proc_stat.size()));
  if (take_word(line) != "cpu") return std::nullopt;
  CpuTimes times;
  for (int field = 0; field < 8; ++field) {
    const std::uint64_t ticks = take_count(line);
    times.total += ticks;
    const bool is_idle = field == 3 || field == 4;
    if (!is_idle) times.busy += ticks;
  }
  return times;
}

std::optional<MemoryBytes> parse_memory(std::string_view proc_meminfo) {
  std::optional<std::int64_t> total_kib;
  std::optional<std::int64_t> available_kib;
  for_each_line(proc_meminfo, [&](std::string_view line) {
    const std::string_view key = take_word(line);
    if (key == "MemTotal:") total_kib = parse_int(take_word(line));
    if (key == "MemAvailable:") available_kib = parse_int(take_word(line));
  });
  if (!total_kib || !available_kib) return std::nullopt;
  return MemoryBytes{(*total_kib - *available_kib) * 1024, *total_kib * 1024};
}

std::optional<ByteCounts> parse_network(std::string_view proc_net_dev, std::string_view interface) {
  ByteCounts sum;
  bool any = false;
  for_each_line(proc_net_dev, [&](std::string_view line) {
    const auto split = split_interface(line);
    if (!split) return;
    auto [name, counts] = *split;
    if (interface.empty() ? name == "lo" : name != interface) return;
    any = true;
    sum.in += take_count(counts);
    for (int skipped = 0; skipped < 7; ++skipped) take_word(counts);
    sum.out += take_count(counts);
  });
  if (!any) return std::nullopt;
  return sum;
}

std::vector<std::string> network_interfaces(std::string_view proc_net_dev) {
  std::vector<std::string> names;
  for_each_line(proc_net_dev, [&](std::string_view line) {
    if (const auto split = split_interface(line)) names.emplace_back(split->first);
  });
  return names;
}

std::optional<ByteCounts> parse_disks(std::string_view proc_diskstats, std::string_view device,
                                      const std::string& sys_block_folder) {
  constexpr std::uint64_t kSectorBytes = 512;  // Whatever the device's own are.
  const std::vector<std::string> whole_disks = entries_of(sys_block_folder);
  const auto is_wanted = [&](std::string_view name) {
    if (!device.empty()) return name == device;
    for (const std::string_view other : {"loop", "ram", "zram", "sr", "fd", "dm-", "md"}) {
      if (name.starts_with(other)) return false;
    }
    return std::find(whole_disks.begin(), whole_disks.end(), name) != whole_disks.end();
  };
  ByteCounts sum;
  bool any = false;
  for_each_line(proc_diskstats, [&](std::string_view line) {
    take_word(line);
    take_word(line);
    if (!is_wanted(take_word(line))) return;
    any = true;
    take_count(line);  // Reads completed,
    take_count(line);  // and merged.
    sum.in += take_count(line) * kSectorBytes;
    take_count(line);  // Time of reads; writes completed,
    take_count(line);
    take_count(line);  // and merged.
    sum.out += take_count(line) * kSectorBytes;
  });
  if (!any) return std::nullopt;
  return sum;
}

std::vector<std::string> disk_devices(std::string_view proc_diskstats) {
  std::vector<std::string> names;
  for_each_line(proc_diskstats, [&](std::string_view line) {
    take_word(line);
    take_word(line);
    if (const std::string_view name = take_word(line); !name.empty()) names.emplace_back(name);
  });
  return names;
}

std::vector<TemperatureSensor> find_temperature_sensors(const std::string& sys_folder) {
  std::vector<TemperatureSensor> sensors;
  const std::string monitors = sys_folder + "/class/hwmon";
  for (const std::string& monitor : entries_of(monitors)) {
    const std::string folder = monitors + "/" + monitor;
    const std::string chip = trimmed_file(folder + "/name");
    for (const std::string& file : entries_of(folder)) {
      if (!file.starts_with("temp") || !file.ends_with("_input")) continue;
      const std::string stem = file.substr(0, file.size() - std::string_view("_input").size());
      std::string label = trimmed_file(folder + "/" + stem + "_label");
      if (label.empty()) label = stem;
      sensors.push_back({chip + " " + label, folder + "/" + file});
    }
  }
  const std::string zones = sys_folder + "/class/thermal";
  for (const std::string& zone : entries_of(zones)) {
    if (!zone.starts_with("thermal_zone")) continue;
    std::string name = trimmed_file(zones + "/" + zone + "/type");
    sensors.push_back({name.empty() ? zone : name, zones + "/" + zone + "/temp"});
  }
  std::erase_if(sensors, [](const TemperatureSensor& sensor) { return !read_temperature(sensor); });
  std::sort(sensors.begin(), sensors.end(), [](const auto& left, const auto& right) {
    return std::tie(left.name, left.path) < std::tie(right.name, right.path);
  });
  return sensors;
}

std::optional<double> read_temperature(const TemperatureSensor& sensor) {
  const auto text = read_small_file(sensor.path);
  if (!text) return std::nullopt;
  const auto thousandths = parse_int(*text);
  if (!thousandths) return std::nullopt;
  return static_cast<double>(*thousandths) / 1000.0;
}

}  // namespace streamrt
