#include "tests/golden/expectations.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <regex>

#include "tests/runner/subprocess.h"
#include "tests/runner/text.h"

namespace streamtest {
namespace {

constexpr std::string_view kStdoutMark = "CHECK:STDOUT:";
constexpr std::string_view kStderrMark = "CHECK:STDERR:";

// The text of `line` after `# <mark>`, without the one blank that may follow the mark.
std::optional<std::string_view> after_mark(std::string_view line, std::string_view mark) {
  std::string_view rest = trim(line);
  if (!rest.starts_with('#')) return std::nullopt;
  rest = trim(rest.substr(1));
  if (!rest.starts_with(mark)) return std::nullopt;
  rest.remove_prefix(mark.size());
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  return rest;
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().generic_string();
}

std::vector<std::string> words_of(std::string_view text) {
  return split_command_line(text);
}

// `[[@LINE+n]]` becomes a number, counted from the line the text stands on.
std::string resolve_lines(const std::string& text, std::size_t line) {
  static const std::regex kLine(R"(\[\[@LINE([+-][0-9]+)?\]\])");
  std::string resolved;
  auto last = text.cbegin();
  for (std::sregex_iterator it(text.begin(), text.end(), kLine), end; it != end; ++it) {
    resolved.append(last, (*it)[0].first);
    const long offset = (*it)[1].matched ? std::stol((*it)[1].str()) : 0;
    resolved += std::to_string(static_cast<long>(line) + offset);
    last = (*it)[0].second;
  }
  return resolved.append(last, text.cend());
}

// Replaces everything a text may use except `{{…}}`.
std::string resolve(const GoldenFile& file, const std::string& text, std::size_t line) {
  std::string resolved = replace_all(text, "%S", folder_of(file.path));
  resolved = replace_all(std::move(resolved), "%s", file.path);
  return resolve_lines(resolved, line);
}

// A resolved text, ready to be looked for: plain, or a regular expression where it has `{{…}}`.
class Pattern {
 public:
  explicit Pattern(std::string text) : plain_(trim_end(text)) {
    if (plain_.find("{{") == std::string::npos) return;
    std::string source;
    std::string_view rest = plain_;
    while (!rest.empty()) {
      const std::size_t open = rest.find("{{");
      for (const char letter : rest.substr(0, open)) {
        if (std::string_view(R"(\^$.|?*+()[]{})").find(letter) != std::string_view::npos) {
          source += '\\';
        }
        source += letter;
      }
      if (open == std::string_view::npos) break;
      rest.remove_prefix(open + 2);
      const std::size_t close = rest.find("}}");
      source += fmt::format("(?:{})", rest.substr(0, close));
      rest.remove_prefix(close == std::string_view::npos ? rest.size() : close + 2);
    }
    regex_.emplace(source);
  }

  [[nodiscard]] bool is_line(const std::string& line) const {
    const std::string_view trimmed = trim_end(line);
    return regex_ ? std::regex_match(trimmed.begin(), trimmed.end(), *regex_) : trimmed == plain_;
  }
  [[nodiscard]] bool is_in(const std::string& line) const {
    return regex_ ? std::regex_search(line, *regex_) : line.find(plain_) != std::string::npos;
  }

 private:
  std::string plain_;
  std::optional<std::regex> regex_;
};

std::string compare_lines(const GoldenFile& file, const std::vector<LineCheck>& checks,
                          const std::string& text, std::string_view name) {
  std::vector<std::string> expected;
  std::vector<Pattern> patterns;
  for (const LineCheck& check : checks) {
    expected.push_back(resolve(file, check.text, check.line));
    patterns.emplace_back(expected.back());
  }
  const std::vector<std::string> actual = split_lines(text);
  const std::string shown = difference(expected, actual, [&](std::size_t i, std::size_t j) {
    return patterns[i].is_line(actual[j]);
  });
  return shown.empty() ? shown : fmt::format("{} differs (- expected, + found):\n{}", name, shown);
}

std::string compare_searches(const GoldenFile& file, const GoldenOutput& output) {
  std::string problem;
  for (const SearchCheck& search : file.searches) {
    const Pattern pattern(resolve(file, search.text, search.line));
    const std::vector<std::string> lines = split_lines(
        search.channel == Channel::Stdout ? output.standard_output : output.standard_error);
    const auto found = static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const std::string& line) { return pattern.is_in(line); }));
    if (search.count ? found == *search.count : found > 0) continue;
    problem += fmt::format("line {}: {} lines hold `{}`, expected {}\n", search.line, found,
                           search.text, search.count ? std::to_string(*search.count) : "some");
  }
  return problem;
}

// The codes in `error[E0203]` and `warning[W0101]`, in the order of the lines.
std::vector<std::string> reported_codes(const std::string& text) {
  static const std::regex kCode(R"(\b(?:error|warning)\[([A-Z][0-9]{4})\])");
  std::vector<std::string> codes;
  for (std::sregex_iterator it(text.begin(), text.end(), kCode), end; it != end; ++it) {
    codes.push_back((*it)[1].str());
  }
  return codes;
}

bool exit_code_fits(const GoldenFile& file, int exit_code) {
  if (file.exit_code) return exit_code == *file.exit_code;
  return file.must_fail ? exit_code != 0 && exit_code < 126 : exit_code == 0;
}

// One output line as a CHECK line that will stand at `line` of the golden file. Numbers of lines
// become relative: `path:12:` and the gutter `12 |` of a quoted line. `new_line_of` maps a line of
// the present file to where it will stand.
template <class NewLineOf>
std::string to_check(const GoldenFile& file, std::string text, std::string_view mark,
                     std::size_t line, NewLineOf new_line_of) {
  const auto relative = [&](const std::string& number) {
    const long offset =
        static_cast<long>(new_line_of(std::stoul(number))) - static_cast<long>(line);
    return offset == 0 ? std::string("[[@LINE]]") : fmt::format("[[@LINE{:+}]]", offset);
  };
  text = replace_all(std::move(text), "{{", "{{[{][{]}}");
  text = replace_all(std::move(text), "[[@", "{{[[][[]}}@");
  static const std::regex kGutter(R"(^( *)([0-9]+)( \|.*)$)");
  std::smatch match;
  if (mark == kStderrMark && std::regex_match(text, match, kGutter)) {
    text = match[1].str() + relative(match[2].str()) + match[3].str();
  }
  std::string located;
  std::size_t from = 0;
  for (std::size_t at = text.find(file.path); at != std::string::npos;
       at = text.find(file.path, from)) {
    located += text.substr(from, at - from) + "%s";
    from = at + file.path.size();
    std::size_t digits = from + 1;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
    if (from < text.size() && text[from] == ':' && digits > from + 1) {
      located += ":" + relative(text.substr(from + 1, digits - from - 1));
      from = digits;
    }
  }
  located += text.substr(from);
  return std::string(trim_end(fmt::format("# {} {}", mark, located)));
}

// The line that a message about this file speaks of, or 0: `path:12:3: error…`.
std::size_t line_spoken_of(const GoldenFile& file, const std::string& text) {
  if (!text.starts_with(file.path + ":")) return 0;
  std::size_t line = 0;
  const char* first = text.data() + file.path.size() + 1;
  std::from_chars(first, text.data() + text.size(), line);
  return line;
}

void parse_line(GoldenFile& file, std::size_t number, const std::string& line) {
  if (const auto text = after_mark(line, "RUN:")) {
    file.runs.emplace_back(trim(*text));
  } else if (after_mark(line, "AUTOUPDATE")) {
    file.autoupdate = true;
  } else if (const auto out = after_mark(line, kStdoutMark)) {
    file.stdout_checks.push_back({number, std::string(*out)});
  } else if (const auto err = after_mark(line, kStderrMark)) {
    file.stderr_checks.push_back({number, std::string(*err)});
  } else if (const auto input = after_mark(line, "STDIN:")) {
    file.standard_input += std::string(*input) + "\n";
  } else if (const auto codes = after_mark(line, "CODES:")) {
    file.codes = words_of(*codes);
  } else if (const auto ways = after_mark(line, "WAYS:")) {
    file.ways = words_of(*ways);
  } else if (const auto exit = after_mark(line, "EXIT:")) {
    int code = 0;
    const auto [end, error] = std::from_chars(exit->data(), exit->data() + exit->size(), code);
    if (error != std::errc{}) file.problem = fmt::format("line {}: EXIT wants a number", number);
    file.exit_code = code;
  } else {
    static const std::regex kSearch(R"(^\s*#\s*(HAS|NOT|COUNT):(STDOUT|STDERR)( [0-9]+)?: ?(.*)$)");
    std::smatch match;
    if (!std::regex_match(line, match, kSearch)) return;
    std::optional<std::size_t> count;
    if (match[1] == "NOT") count = 0;
    if (match[1] == "COUNT" && !match[3].matched) {
      file.problem = fmt::format("line {}: COUNT wants a number before the colon", number);
    }
    if (match[3].matched) count = std::stoul(match[3].str());
    file.searches.push_back(
        {number, match[2] == "STDOUT" ? Channel::Stdout : Channel::Stderr, count, match[4].str()});
  }
}

}  // namespace

GoldenFile parse_golden(std::string path, std::string_view text) {
  GoldenFile file;
  file.path = std::move(path);
  file.lines = split_lines(text);
  file.must_fail = std::filesystem::path(file.path).filename().string().starts_with("fail_");
  for (std::size_t i = 0; i < file.lines.size(); ++i) parse_line(file, i + 1, file.lines[i]);
  if (file.runs.empty() && file.problem.empty()) file.problem = "no `# RUN:` line";
  return file;
}

std::string compare_golden(const GoldenFile& file, const GoldenOutput& output) {
  std::string problem = compare_searches(file, output);
  const auto searched = [&](Channel channel) {
    return std::any_of(file.searches.begin(), file.searches.end(),
                       [&](const SearchCheck& search) { return search.channel == channel; });
  };
  // Searches and codes free the other lines, unless CHECK lines ask for them after all.
  if (!file.stdout_checks.empty() || !searched(Channel::Stdout)) {
    problem += compare_lines(file, file.stdout_checks, output.standard_output, "standard output");
  }
  if (!file.stderr_checks.empty() || !(searched(Channel::Stderr) || file.codes)) {
    problem += compare_lines(file, file.stderr_checks, output.standard_error, "standard error");
  }
  if (file.codes && *file.codes != reported_codes(output.standard_error)) {
    problem += fmt::format(
        "codes differ: expected {}, found {}; standard error:\n{}", fmt::join(*file.codes, " "),
        fmt::join(reported_codes(output.standard_error), " "), output.standard_error);
  }
  if (!exit_code_fits(file, output.exit_code)) {
    problem += fmt::format("exit status {}, expected {}\n", output.exit_code,
                           file.exit_code   ? std::to_string(*file.exit_code)
                           : file.must_fail ? "1 (its name begins with `fail_`)"
                                            : "0");
    if (!file.stderr_checks.empty() || file.must_fail) return problem;
    problem += output.standard_error;
  }
  return problem;
}

std::string update_golden(const GoldenFile& file, const GoldenOutput& output) {
  // Lines that stay, and where each line of the present file goes among them.
  std::vector<std::string> kept;
  std::vector<std::size_t> kept_before(file.lines.size() + 2, 0);
  std::size_t header_end = 0;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    kept_before[i + 1] = kept.size();
    const std::string& line = file.lines[i];
    if (after_mark(line, kStdoutMark) || after_mark(line, kStderrMark)) continue;
    kept.push_back(line);
    if (after_mark(line, "AUTOUPDATE") || after_mark(line, "RUN:")) header_end = kept.size();
  }
  kept_before[file.lines.size() + 1] = kept.size();
  while (!kept.empty() && trim(kept.back()).empty()) kept.pop_back();

  // errors_at[i]: how many lines of standard error stand above kept line i. A message and what
  // belongs to it stay together, and the order of all is kept.
  const std::vector<std::string> errors = split_lines(output.standard_error);
  std::vector<std::size_t> errors_at(kept.size() + 1, 0);
  std::size_t place = header_end;
  for (const std::string& error : errors) {
    const std::size_t line = line_spoken_of(file, error);
    const bool begins_message =
        error.find(": error") != std::string::npos || error.find(": warning") != std::string::npos;
    if (begins_message && line > 0 && line <= file.lines.size()) {
      place = std::max(place, std::min(kept_before[line], kept.size()));
    }
    ++errors_at[place];
  }

  std::vector<std::size_t> new_line(kept.size() + 1, 0);
  std::size_t next = 1;
  for (std::size_t i = 0; i <= kept.size(); ++i) {
    next += errors_at[i];
    new_line[i] = next++;
  }
  const auto new_line_of = [&](std::size_t line) {
    return line == 0 || line > file.lines.size()
               ? line
               : new_line[std::min(kept_before[line], kept.size())];
  };

  std::vector<std::string> lines;
  auto error = errors.begin();
  for (std::size_t i = 0; i <= kept.size(); ++i) {
    for (std::size_t k = 0; k < errors_at[i]; ++k) {
      lines.push_back(to_check(file, *error++, kStderrMark, lines.size() + 1, new_line_of));
    }
    if (i < kept.size()) lines.push_back(kept[i]);
  }
  const std::vector<std::string> printed = split_lines(output.standard_output);
  if (!printed.empty()) lines.emplace_back();
  for (const std::string& line : printed) {
    lines.push_back(to_check(file, line, kStdoutMark, lines.size() + 1, new_line_of));
  }
  return join_lines(lines);
}

}  // namespace streamtest
