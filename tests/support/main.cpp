// `stream_reference FILE [--set NAME=VALUE…] [-- PARAMS]`: runs a program by the reference interpreter,
// with the command line of `streamc run`. `stream_reference --test FILE…`: runs test blocks.

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "compiler/diag/render.h"
#include "compiler/driver/front_end.h"
#include "tests/support/interpreter.h"
#include "tests/support/test_blocks.h"

namespace {

enum Status { kSuccess = 0, kMistake = 1, kUsage = 2 };

struct Arguments {
  std::vector<std::string> files;
  bool is_test = false;
  streamc::Settings settings;
  streamref::RunInputs inputs;
  std::string problem;
};

// `--name value`, `--name=value`; a bare `--name` is true.
void parse_params(const std::vector<std::string>& words, Arguments& arguments) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("--")) {
      arguments.problem = fmt::format("`{}` is no param", words[i]);
      return;
    }
    std::string name = words[i].substr(2);
    const std::size_t equals = name.find('=');
    if (equals != std::string::npos) {
      arguments.inputs.params[name.substr(0, equals)] = name.substr(equals + 1);
    } else if (i + 1 < words.size() && !words[i + 1].starts_with("--")) {
      arguments.inputs.params[name] = words[++i];
    } else {
      arguments.inputs.params[name] = "true";
    }
  }
}

Arguments parse_arguments(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      parse_params({words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end()}, arguments);
      break;
    }
    if (word == "--test") {
      arguments.is_test = true;
    } else if (word == "--set" || word.starts_with("--set=")) {
      if (word == "--set" && ++i == words.size()) break;
      const std::string setting = word == "--set" ? words[i] : word.substr(6);
      const std::size_t equals = setting.find('=');
      arguments.settings.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
    } else {
      arguments.files.push_back(word);
    }
  }
  if (arguments.files.empty()) arguments.problem = "a file is missing";
  return arguments;
}

void print_messages(streamc::FrontEnd& front_end) {
  if (front_end.sink().diagnostics().empty()) return;
  std::cerr << streamc::render_text(front_end.sink(), front_end.sources());
}

void print_failures(streamc::FrontEnd& front_end, const streamref::RunOutcome& outcome) {
  std::size_t count = 0;
  std::vector<std::string> named;
  for (const streamref::RunFailure& failure : outcome.failures) {
    if (failure.is_handled) continue;
    ++count;
    if (std::find(named.begin(), named.end(), failure.equation) != named.end()) continue;
    named.push_back(failure.equation);
    std::cerr << fmt::format("{}: `{}` failed at item {}: {}\n",
                             front_end.sources().describe(failure.span), failure.equation,
                             failure.tick, failure.reason);
  }
  if (count > 0) std::cerr << fmt::format("{} items failed\n", count);
}

int run_program(streamc::FrontEnd& front_end, Arguments& arguments) {
  arguments.inputs.standard_input = [] {
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
  };
  const streamref::RunOutcome outcome =
      streamref::interpret(front_end.graph(), front_end.program(), arguments.inputs);
  if (!outcome.error.empty()) {
    std::cerr << "stream_reference: " << outcome.error << "\n";
    return kUsage;
  }
  std::cout << outcome.standard_output() << std::flush;
  for (const auto& [path, bytes] : outcome.files) {
    if (path == "-") {
      std::cout << bytes << std::flush;
    } else if (!(std::ofstream(path, std::ios::binary) << bytes)) {
      std::cerr << "stream_reference: cannot write " << path << "\n";
      return kUsage;
    }
  }
  for (const std::string& connector : outcome.skipped_sinks) {
    std::cerr << "stream_reference: passes over `" << connector << "`\n";
  }
  print_failures(front_end, outcome);
  return outcome.exit_status();
}

int run_tests(streamc::FrontEnd& front_end, const std::string& file) {
  int status = kSuccess;
  for (const streamc::DeclId id : front_end.tests()) {
    const std::optional<streamc::TestGraph> test = front_end.build_test(id);
    if (!test) {
      print_messages(front_end);
      return kMistake;
    }
    const streamref::TestOutcome outcome = streamref::run_test(*test, front_end.program());
    std::cout << fmt::format("{} {}: {}\n", outcome.passed() ? "pass" : "FAIL", file,
                             test->plan.name);
    if (!outcome.error.empty()) std::cout << "  " << outcome.error << "\n";
    for (const streamref::BrokenExpectation& broken : outcome.broken) {
      std::cout << fmt::format("  {}\n    {}\n", broken.text, broken.problem);
    }
    if (!outcome.passed()) status = kMistake;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments = parse_arguments({argv + 1, argv + argc});
  if (!arguments.problem.empty()) {
    std::cerr << "stream_reference: " << arguments.problem << "\n";
    return kUsage;
  }
  int status = kSuccess;
  for (const std::string& file : arguments.files) {
    streamc::FrontEnd front_end;
    if (const auto read = front_end.read(file); !read) {
      std::cerr << "stream_reference: " << read.failure().message << "\n";
      return kUsage;
    }
    const bool is_right = front_end.run(arguments.settings);
    print_messages(front_end);
    if (!is_right) return kMistake;
    const int file_status = arguments.is_test ? run_tests(front_end, file)
                                              : run_program(front_end, arguments);
    status = std::max(status, file_status);
  }
  return status;
}
