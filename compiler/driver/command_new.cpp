// `streamc new NAME`: a folder with a program, its data and a page that says what to do next.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include <fmt/core.h>

#include "compiler/driver/commands.h"
#include "compiler/driver/files.h"

namespace streamc {
namespace {

constexpr const char* kProgram =
    R"(# Reads temperatures, smooths them, and says when it is too hot.

import csv

param limit: float = 30.0   "alert above this many degrees"

type Reading = {{ at: time "timestamp", celsius: float "value" }}

readings = csv.read("readings.csv", Reading) else skip
smooth   = readings.celsius |> window(3, every: 1, partial: true) |> mean
alerts   = smooth |> where(v => v > limit)
alerts |> print("too hot: {{:.1f}}")

test "the average grows at the start" {{
  given readings = [
    Reading(at: t"2026-01-01", celsius: 1.0),
    Reading(at: t"2026-01-02", celsius: 2.0)
  ]
  expect smooth == [1.0, 1.5] within 1e-9
}}
)";

constexpr const char* kReadings =
    R"(timestamp,value
2026-07-01T12:00:00Z,24.5
2026-07-01T12:10:00Z,28.0
2026-07-01T12:20:00Z,31.5
2026-07-01T12:30:00Z,35.0
2026-07-01T12:40:00Z,29.5
2026-07-01T12:50:00Z,25.0
)";

constexpr const char* kPage =
    R"(# {0}

    streamc run {0}.stream                    compile and run now
    streamc run {0}.stream -- --limit 25      set a param
    streamc test {0}.stream                   run its tests
    streamc build {0}.stream -o {0}           make an executable
    streamc graph {0}.stream -o {0}.svg       draw it
)";

bool is_plain(const std::string& name) {
  return !name.empty() && (std::isalpha(static_cast<unsigned char>(name[0])) != 0) &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

}  // namespace

int command_new(const Options& options) {
  const std::string& folder = options.files.front();
  const std::string name = std::filesystem::path(folder).filename().string();
  if (!is_plain(name)) {
    return report_failure(fmt::format("`{}`: the name of a project has letters, digits, `_` and `-`, and starts with a letter", name));
  }
  if (const auto made = make_folder(folder); !made) return report_failure(made.message());
  const std::pair<std::string, std::string> files[] = {
      {folder + "/" + name + ".stream", fmt::format(fmt::runtime(kProgram))},
      {folder + "/readings.csv", kReadings},
      {folder + "/README.md", fmt::format(fmt::runtime(kPage), name)},
  };
  for (const auto& [path, text] : files) {
    if (const auto written = write_file(path, text); !written) return report_failure(written.message());
  }
  fmt::print("made {0}/; to start:\n\n    cd {0}\n    streamc run {1}.stream\n", folder, name);
  return kExitSuccess;
}

}  // namespace streamc
