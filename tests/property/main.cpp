// stream_property_tests [--count N] [--seed S] [--sizes N] [NAME…]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/property/properties.h"

namespace {

using namespace streamtest;

struct Arguments {
  PropertyOptions options;
  std::vector<std::string> names;  // Only properties whose name holds one of these.
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0; };
    if (word == "--count") {
      arguments.options.count = static_cast<int>(number());
    } else if (word == "--seed") {
      arguments.options.seed = number();
    } else if (word == "--sizes") {
      arguments.options.window_size_max = static_cast<int>(number());
    } else {
      arguments.names.push_back(word);
    }
  }
  return arguments;
}

class Report {
 public:
  void add(const std::string& name, const std::string& problem) {
    ++count_;
    if (problem.empty()) return;
    ++failed_;
    fmt::print("FAIL {}\n{}\n", name, problem);
    std::fflush(stdout);
  }
  int finish() const {
    fmt::print("{} passed, {} failed\n", count_ - failed_, failed_);
    return failed_ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  // Many failures of one kind say no more than a few.
  bool has_enough() const { return failed_ >= 5; }

 private:
  int count_ = 0;
  int failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  const auto is_wanted = [&](const std::string& name) {
    return arguments.names.empty() ||
           std::any_of(arguments.names.begin(), arguments.names.end(), [&](const std::string& part) {
             return name.find(part) != std::string::npos;
           });
  };
  Report report;
  for (const Law& law : all_laws()) {
    if (!is_wanted(law.name)) continue;
    for (int round = 0; round < law.rounds && !report.has_enough(); ++round) {
      report.add(law.name, law.check(arguments.options.seed + static_cast<std::uint64_t>(round)));
    }
  }
  for (int size = 1; is_wanted("windows") && size <= arguments.options.window_size_max; ++size) {
    // Small sizes have most of the cases; beyond them a sample.
    if (size > 20 && size % 7 != 1 && size % 8 != 0) continue;
    if (report.has_enough()) break;
    report.add(fmt::format("windows of size {}", size),
               check_windows_of_size(size, arguments.options.seed));
  }
  for (int i = 0; is_wanted("random programs") && i < arguments.options.count; ++i) {
    if (report.has_enough()) break;
    report.add("random programs", check_random_program(arguments.options, i));
  }
  return report.finish();
}
