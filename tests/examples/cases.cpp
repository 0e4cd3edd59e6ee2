#include "tests/examples/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <system_error>
#include <tuple>

#include "tests/runner/files.h"
#include "tests/runner/text.h"

namespace fs = std::filesystem;

namespace streamtest {

std::string ExampleCase::expected_folder() const {
  return variant.empty() ? "expected" : "expected." + variant;
}

void parse_args(ExampleCase& example, std::string_view text, const std::string& root) {
  const auto after = [](std::string_view line,
                        std::string_view mark) -> std::optional<std::string> {
    if (!line.starts_with(mark)) return std::nullopt;
    return std::string(trim(line.substr(mark.size())));
  };
  for (const std::string& raw : split_lines(text)) {
    const std::string_view line = trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    if (const auto path = after(line, "skip-if-absent:")) {
      example.skip_if_absent = *path;
    } else if (const auto file = after(line, "ignore:")) {
      example.ignored.push_back(*file);
    } else if (const auto input = after(line, "stdin:")) {
      example.standard_input = *input;
    } else if (const auto code = after(line, "exit:")) {
      const auto [end, error] =
          std::from_chars(code->data(), code->data() + code->size(), example.exit_code);
      if (error != std::errc{}) example.problem = "`exit:` wants a number\n";
    } else if (const auto what = after(line, "compare:")) {
      if (*what != "status") example.problem = "`compare:` knows only `status`\n";
      example.compares_output = false;
    } else {
      example.arguments.push_back(replace_all(std::string(line), "{root}", root));
    }
  }
}

std::vector<ExampleCase> find_cases(const fs::path& root) {
  std::vector<ExampleCase> cases;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(root / "examples", error)) {
    const std::string name = entry.path().filename().string();
    if (!fs::exists(entry.path() / (name + ".stream"))) continue;
    std::set<std::string> variants;
    for (const fs::directory_entry& inner : fs::directory_iterator(entry.path())) {
      const std::string file = inner.path().filename().string();
      if (file.starts_with("args.")) variants.insert(file.substr(5));
      if (file.starts_with("expected.")) variants.insert(file.substr(9));
    }
    variants.insert("");
    for (const std::string& variant : variants) {
      ExampleCase& example = cases.emplace_back();
      example.name = name;
      example.variant = variant;
      const std::string args = variant.empty() ? "args" : "args." + variant;
      parse_args(example, read_file(entry.path() / args).value_or(""), root.string());
    }
  }
  std::sort(cases.begin(), cases.end(), [](const ExampleCase& a, const ExampleCase& b) {
    return std::tie(a.name, a.variant) < std::tie(b.name, b.variant);
  });
  return cases;
}

}  // namespace streamtest
