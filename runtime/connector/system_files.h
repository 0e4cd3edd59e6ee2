// What /proc and /sys tell of the machine, parsed.
//
// The functions take the text or the folder, so that tests can hand in made-up ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamrt {

// The whole of a small file; nothing if it cannot be read.
std::optional<std::string> read_small_file(const std::string& path);

// Ticks of all cores since the machine started, from /proc/stat.
struct CpuTimes {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;
};
std::optional<CpuTimes> parse_cpu_times(std::string_view proc_stat);

// From /proc/meminfo; used = total - available.
struct MemoryBytes {
  std::int64_t used = 0;
  std::int64_t total = 0;
};
std::optional<MemoryBytes> parse_memory(std::string_view proc_meminfo);

// Bytes in and out since the machine started.
struct ByteCounts {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};
// From /proc/net/dev: one interface, or with an empty name all but the loopback.
std::optional<ByteCounts> parse_network(std::string_view proc_net_dev, std::string_view interface);
// From /proc/diskstats: one device, or with an empty name all whole disks (no partitions, loops,
// RAM disks).
std::optional<ByteCounts> parse_disks(std::string_view proc_diskstats, std::string_view device,
                                      const std::string& sys_block_folder);
std::vector<std::string> network_interfaces(std::string_view proc_net_dev);
std::vector<std::string> disk_devices(std::string_view proc_diskstats);

// A file that holds thousandths of a degree Celsius.
struct TemperatureSensor {
  std::string name;  // `coretemp Package id 0`, `cpu-thermal`.
  std::string path;
};
// Of hwmon and of thermal zones below `sys_folder` (normally `/sys`), sorted by name.
std::vector<TemperatureSensor> find_temperature_sensors(const std::string& sys_folder);
std::optional<double> read_temperature(const TemperatureSensor& sensor);

}  // namespace streamrt
