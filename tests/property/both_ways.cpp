#include "tests/property/both_ways.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "compiler/diag/render.h"
#include "compiler/driver/front_end.h"
#include "tests/property/compiled_run.h"
#include "tests/property/in_child.h"
#include "tests/runner/files.h"
#include "tests/runner/text.h"
#include "tests/support/interpreter.h"

namespace streamtest {

namespace {

std::string tag_of(const std::string& line) { return line.substr(0, line.find(' ')); }

std::string without_tag(const std::string& line) {
  const std::size_t blank = line.find(' ');
  return blank == std::string::npos ? "" : line.substr(blank + 1);
}

// The order between `print`s is defined within one set of stamp-givers only: the lines of each, in
// order. Tags tell which set a line belongs to; unknown tags come last.
std::vector<std::string> by_group(const std::vector<std::set<std::string>>& groups,
                                  const std::string& console) {
  std::vector<std::string> texts(groups.size() + 1);
  for (const std::string& line : split_lines(console)) {
    const std::string tag = tag_of(line);
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& tags) {
      return tags.contains(tag);
    });
    texts[static_cast<std::size_t>(group - groups.begin())] += line + "\n";
  }
  return texts;
}

std::string compare(const streamref::RunOutcome& expected, const CompiledOutcome& found) {
  std::vector<std::set<std::string>> groups;
  for (const std::string& text : expected.console) {
    std::set<std::string> tags;
    for (const std::string& line : split_lines(text)) tags.insert(tag_of(line));
    groups.push_back(std::move(tags));
  }
  const std::vector<std::string> found_texts = by_group(groups, found.console);
  std::string problem;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    problem += text_difference(expected.console[i], found_texts[i]);
  }
  if (!found_texts.back().empty()) problem += "lines of nobody:\n" + found_texts.back();
  for (const auto& [path, bytes] : expected.files) {
    const auto file = found.files.find(path);
    if (file == found.files.end()) {
      problem += path + " was not written\n";
    } else if (bytes != file->second) {
      problem += path + ":\n" + text_difference(bytes, file->second);
    }
  }
  // Items left over may have failed or not, as far as they were computed; all else is compared.
  const bool is_open = expected.has_leftovers && (found.exit_status == 0 || found.exit_status == 1);
  if (expected.exit_status() != found.exit_status && !is_open) {
    problem += fmt::format("exit status {} instead of {}\n{}", found.exit_status,
                           expected.exit_status(), found.messages);
  }
  return problem;
}

BothWays run_here(const std::string& text, const BothWaysOptions& options) {
  BothWays result;
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "generated.stream").string();
  if (!write_file(path, text)) {
    result.problem = "cannot write " + path;
    return result;
  }
  streamc::FrontEnd front_end;
  if (const auto read = front_end.read(path); !read) {
    result.problem = read.failure().message;
    return result;
  }
  if (!front_end.run()) {
    result.problem = replace_all(render_text(front_end.sink(), front_end.sources()), path, "");
    result.was_refused = true;
    const auto& messages = front_end.sink().diagnostics();
    result.was_refused_for_clocks =
        std::all_of(messages.begin(), messages.end(), [](const streamc::Diagnostic& message) {
          return message.code == streamc::diag::CannotKeepStep.code ||
                 message.code == streamc::diag::RatioDiffers.code ||
                 message.code == streamc::diag::CoupledTwice.code;
        });
    return result;
  }
  const streamref::RunOutcome expected =
      streamref::interpret(front_end.graph(), front_end.program());
  if (!expected.error.empty()) {
    result.problem = "the interpreter: " + expected.error;
    return result;
  }
  for (const std::string& line : split_lines(expected.standard_output())) {
    result.lines[tag_of(line)].push_back(without_tag(line));
  }
  result.has_failures = expected.exit_status() != 0;

  const auto compiled = CompiledProgram::compile(front_end);
  if (!compiled) {
    result.problem = "not compiled: " + compiled.failure().message;
    result.was_refused = true;
    return result;
  }
  const auto check = [&](const std::string& what, std::int64_t limit,
                         std::optional<std::uint64_t> seed) {
    if (!result.problem.empty()) return;
    const std::string difference = compare(expected, (*compiled)->run(limit, seed));
    if (!difference.empty()) {
      result.problem = fmt::format("with {} (- interpreter, + compiled):\n{}", what, difference);
    }
  };
  check("whole batches", 1024, std::nullopt);
  check("batches of one", 1, std::nullopt);
  for (int i = 0; i < options.cuts; ++i) {
    const std::uint64_t seed = options.seed * 1000 + static_cast<std::uint64_t>(i);
    check(fmt::format("batches cut by seed {}", seed), 1024, seed);
  }
  for (int i = 0; i < options.placements && result.problem.empty(); ++i) {
    const std::uint64_t seed = options.seed * 1000 + static_cast<std::uint64_t>(i);
    const auto placed = CompiledProgram::compile(front_end, seed);
    if (!placed) {
      result.problem = "not compiled when placed: " + placed.failure().message;
      break;
    }
    // As usual, and with room for next to nothing.
    for (const std::int64_t room : {std::int64_t{0}, static_cast<std::int64_t>(1 + seed % 5)}) {
      const auto cuts = room > 0 ? std::optional(seed) : std::nullopt;
      const CompiledOutcome found = (*placed)->run(1024, cuts, room);
      std::string difference = compare(expected, found);
      // The net that catches deadlocks is below the rules that exclude them.
      if (found.messages.find("their buffers grow") != std::string::npos) difference += found.messages;
      if (difference.empty()) continue;
      result.problem = fmt::format("placed by seed {} with room for {} (- interpreter, + compiled):\n{}",
                                   seed, room, difference);
      break;
    }
  }
  return result;
}

// Results travel from the child as texts, each behind its size.
void put(std::string& bytes, const std::string& text) {
  bytes += std::to_string(text.size()) + ":" + text;
}

std::string take(std::string& bytes) {
  const std::size_t colon = bytes.find(':');
  if (colon == std::string::npos) return "";
  const std::size_t size = std::stoul(bytes.substr(0, colon));
  std::string text = bytes.substr(colon + 1, size);
  bytes.erase(0, colon + 1 + size);
  return text;
}

std::string to_bytes(const BothWays& result) {
  std::string bytes;
  put(bytes, result.problem);
  put(bytes, result.was_refused ? "refused" : "");
  put(bytes, result.was_refused_for_clocks ? "clocks" : "");
  put(bytes, result.has_failures ? "failures" : "");
  for (const auto& [tag, lines] : result.lines) {
    put(bytes, tag);
    put(bytes, join_lines(lines));
  }
  return bytes;
}

BothWays from_bytes(std::string bytes) {
  BothWays result;
  result.problem = take(bytes);
  result.was_refused = !take(bytes).empty();
  result.was_refused_for_clocks = !take(bytes).empty();
  result.has_failures = !take(bytes).empty();
  while (!bytes.empty()) {
    const std::string tag = take(bytes);
    result.lines[tag] = split_lines(take(bytes));
  }
  return result;
}

}  // namespace

BothWays run_both_ways(const std::string& text, const BothWaysOptions& options) {
  constexpr int kTimeoutSeconds = 60;
  const ChildResult child =
      run_in_child([&] { return to_bytes(run_here(text, options)); }, kTimeoutSeconds);
  if (child.problem.empty()) return from_bytes(child.bytes);
  BothWays result;
  result.problem = child.problem;
  return result;
}

}  // namespace streamtest
