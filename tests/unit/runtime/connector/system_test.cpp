#include <filesystem>

#include "runtime/connector/system_files.h"
#include "tests/unit/runtime/connector/connector_fixture.h"

namespace streamrt::test {

TEST_CASE("/proc and /sys are parsed") {
  const auto cpu = parse_cpu_times("cpu  100 1 20 800 50 2 3 4 70 0\ncpu0 1 2 3\n");
  REQUIRE(cpu);
  CHECK(cpu->busy == 130);
  CHECK(cpu->total == 980);
  CHECK(!parse_cpu_times(""));

  const auto memory = parse_memory("MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  400 kB\n");
  REQUIRE(memory);
  CHECK(memory->used == 600 * 1024);
  CHECK(!parse_memory("MemTotal: 1 kB\n"));

  const std::string net =
      "Inter-|   Receive\n face |bytes\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n"
      "  eth0:1000 5 0 0 0 0 0 0 200 4 0 0 0 0 0 0\n  wl0: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0\n";
  CHECK(parse_network(net, "")->in == 1001);
  CHECK(parse_network(net, "")->out == 202);
  CHECK(parse_network(net, "lo")->in == 9);
  CHECK(!parse_network(net, "eth9"));
  CHECK(network_interfaces(net) == std::vector<std::string>{"lo", "eth0", "wl0"});

  const std::string folder = fmt::format("/tmp/streamrt_sys_{}", ::getpid());
  std::filesystem::create_directories(folder + "/block/sda");
  std::filesystem::create_directories(folder + "/class/hwmon/hwmon0");
  std::filesystem::create_directories(folder + "/class/thermal/thermal_zone0");
  std::ofstream(folder + "/class/hwmon/hwmon0/name") << "coretemp\n";
  std::ofstream(folder + "/class/hwmon/hwmon0/temp1_label") << "Package id 0\n";
  std::ofstream(folder + "/class/hwmon/hwmon0/temp1_input") << "51500\n";
  std::ofstream(folder + "/class/thermal/thermal_zone0/type") << "cpu-thermal\n";
  std::ofstream(folder + "/class/thermal/thermal_zone0/temp") << "48250\n";
  const std::string disks =
      "   8 0 sda 10 0 100 0 20 0 300 0 0 0 0\n   8 1 sda1 9 0 90 0 20 0 300 0 0 0 0\n"
      "   7 0 loop0 1 0 5 0 0 0 0 0 0 0 0\n";
  CHECK(parse_disks(disks, "", folder + "/block")->in == 100 * 512);
  CHECK(parse_disks(disks, "sda1", folder + "/block")->in == 90 * 512);
  CHECK(!parse_disks(disks, "sdb", folder + "/block"));

  const auto sensors = find_temperature_sensors(folder);
  REQUIRE(sensors.size() == 2);
  CHECK(sensors[0].name == "coretemp Package id 0");
  CHECK(*read_temperature(sensors[0]) == 51.5);
  CHECK(sensors[1].name == "cpu-thermal");
  CHECK(find_temperature_sensors("/nowhere").empty());
  std::filesystem::remove_all(folder);
}

TEST_CASE("samples stand on absolute multiples of their period; missed ones are left out") {
  VirtualClock clock(10'100'000'000);
  SourceRun run{"clock.ticks", time_type(), {int_argument("every", 2'000'000'000)}};
  run.clock = &clock;
  run.waits = 3;
  CHECK(run.read().items == std::vector<std::string>{"1970-01-01T00:00:12Z@12000000000",
                                                     "1970-01-01T00:00:14Z@14000000000",
                                                     "1970-01-01T00:00:16Z@16000000000"});
  SourceRun fast{"clock.ticks", int_type(), {int_argument("every", 10)}};
  CHECK(fast.read().error == "`clock.ticks` cannot sample every 10 ns: 1ms is the shortest period");
}

TEST_CASE("samples do not come before those of an earlier life, even if the clock was set back") {
  VirtualClock clock(10'100'000'000);
  for (const std::int64_t floor_ns : {14'000'000'001, 16'000'000'000}) {
    SourceRun run{"clock.ticks", time_type(), {int_argument("every", 2'000'000'000)}};
    VirtualClock own(clock.utc_ns());
    run.clock = &own;
    run.stamp_floor = floor_ns;
    run.waits = 2;
    CHECK(run.read().items ==
          std::vector<std::string>{"1970-01-01T00:00:16Z@16000000000", "1970-01-01T00:00:18Z@18000000000"});
  }
  SourceRun run{"clock.ticks", time_type(), {int_argument("every", 2'000'000'000)}};
  run.clock = &clock;
  run.stamp_floor = 9'000'000'000;
  run.waits = 1;
  CHECK(run.read().items == std::vector<std::string>{"1970-01-01T00:00:12Z@12000000000"});
}

TEST_CASE("this machine can be watched") {
  for (const char* const name : {"system.cpu", "system.memory"}) {
    VirtualClock clock(1'000'000'000);
    SourceRun run{name, float_type(), {}};
    run.clock = &clock;
    run.waits = 2;
    const auto outcome = run.read();
    CHECK(outcome.error == "");
    CHECK(outcome.items.size() == 2);
  }
  const auto flow = make_record("Flow", {{"in", float_type()}, {"out", float_type()}});
  for (const char* const name : {"system.network", "system.disk"}) {
    VirtualClock clock(1'000'000'000);
    SourceRun run{name, flow->type, {}};
    run.clock = &clock;
    run.waits = 1;
    CHECK(run.read().items.size() == 1);  // A hole where a machine has none.
  }
  CHECK(SourceRun{"system.network", flow->type, {text_argument("interface", "nope0")}}
            .read()
            .error.starts_with("this machine has no network interface `nope0`"));
  CHECK(SourceRun{"system.temperature", float_type(), {text_argument("sensor", "nope")}}
            .read()
            .error.starts_with("this machine has no temperature sensor `nope`"));
  CHECK(SourceRun{"system.cpu", int_type(), {}}.read().error ==
        "`system.cpu` gives floats, not int");
}

}  // namespace streamrt::test
