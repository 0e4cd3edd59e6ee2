// The command line of compiled programs, with standard output and error going to files.

#include "runtime/agent/stream_main.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/unit/runtime/agent/program_builder.h"

namespace streamrt::test {

namespace {

// Numbers 0, 1, … counts, scaled by params; `--text` is printed behind.
struct Params {
  std::int64_t count = 3;
  double scale = 1.5;
  StreamText text = text_of("x");
  std::int8_t flag = 0;
  std::int64_t mode = 0;
  std::int64_t pause = 0;
} g_params;

struct Run {
  int status = 0;
  std::string out;
  std::string error;
};

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// In a child process, so that signals and closed pipes may do their worst. `in_parent` may disturb
// it.
template <class Body, class InParent>
Run in_child(Body body, InParent in_parent, int out_fd = -1) {
  const std::string base = fmt::format("/tmp/streamrt_main_{}", ::getpid());
  const pid_t child = ::fork();
  if (child == 0) {
    const int out =
        out_fd >= 0 ? out_fd : ::open((base + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int error = ::open((base + ".err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(error, STDERR_FILENO);
    ::_exit(body());
  }
  in_parent(child);
  int status = 0;
  ::waitpid(child, &status, 0);
  Run run;
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  if (out_fd < 0) run.out = contents(base + ".out");
  run.error = contents(base + ".err");
  std::remove((base + ".out").c_str());
  std::remove((base + ".err").c_str());
  return run;
}

// The program of these tests: prints its params, or ticks for ever.
struct TestProgram {
  ProgramBuilder builder;
  TypePointer mode_type = make_enumeration("Mode", {"home", "away"});
  std::vector<StreamParam> params;
  ListItems<std::int64_t> items{{1, 2, 3}};
  StreamProgram program{};

  explicit TestProgram(const char* source = "list") {
    builder.queue(std::string_view(source) == "list" ? int_type() : time_type());
    if (std::string_view(source) == "list") {
      builder.list(0, items);
    } else {
      builder.source(source, 0, {int_argument("every", 50'000'000)});
    }
    builder.sink("print", 0, 0);
    params = {
        {"count", "how many items", &int_type(), &g_params.count, "3", 0, 0},
        {"scale", "", &float_type(), &g_params.scale, "1.5", 0, 0},
        {"text", "printed behind", &string_type(), &g_params.text, "x", 0, 0},
        {"flag", "turns it on", &bool_type(), &g_params.flag, "false", 0, 0},
        {"mode", "where we are", &mode_type->type, &g_params.mode, "home", 0, 0},
        {"pause", "how long", &duration_type(), &g_params.pause, "0s", 0, 0},
        {"sites", "how many boards", &int_type(), nullptr, "4", 1, 0},
    };
    program = builder.program();
    program.params = params.data();
    program.param_count = static_cast<std::int64_t>(params.size());
    program.description = "Prints what it was told.";
  }

  int main(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "test");
    return stream_main(program, static_cast<int>(arguments.size()), arguments.data());
  }
};

Run run_main(std::vector<const char*> arguments) {
  return in_child([&] { return TestProgram().main(arguments); }, [](pid_t) {});
}

}  // namespace

TEST_CASE("params are flags of their types") {
  TestProgram test;
  const int status = in_child(
                         [&] {
                           const int ran =
                               test.main({"--count=5", "--scale", "1e3", "--text", "two words",
                                          "--flag", "--mode", "away", "--pause", "1h30min"});
                           const bool as_told = g_params.count == 5 && g_params.scale == 1000.0 &&
                                                g_params.flag == 1 && g_params.mode == 1 &&
                                                g_params.pause == 5'400'000'000'000;
                           return ran == 0 && as_told ? 0 : 7;
                         },
                         [](pid_t) {})
                         .status;
  CHECK(status == 0);
}

TEST_CASE("what is no value of its type is refused with the type's name") {
  CHECK(run_main({"--count", "x"}).error.starts_with("error: `--count x`: `x` is no int\n"));
  CHECK(run_main({"--mode", "gone"})
            .error.starts_with("error: `--mode gone`: `gone` is no value of Mode (home|away)\n"));
  CHECK(run_main({"--for", "10"})
            .error.starts_with("error: `--for 10`: `10` is no duration, such as `10s`\n"));
  CHECK(run_main({"--count", "x"}).status == kExitUnusable);
  const Run fixed = run_main({"--sites", "5"});
  CHECK(fixed.status == kExitUnusable);
  CHECK(fixed.error.starts_with(
      "error: `--sites` was fixed when the program was built: build it again with "
      "`--set sites=5`\n"));
  const Run slip = run_main({"--cuont", "5"});
  CHECK(slip.status == kExitUnusable);
  CHECK(slip.error ==
        "error: this program has no `--cuont` (did you mean `--count`?)\nhelp: `test --help` lists "
        "the flags\n");
}

TEST_CASE("a required param must be given") {
  const Run run = in_child(
      [] {
        TestProgram test;
        test.params[0].default_text = nullptr;
        return test.main({});
      },
      [](pid_t) {});
  CHECK(run.status == kExitUnusable);
  CHECK(run.error.starts_with("error: --count is required\n"));
}

TEST_CASE("--help tells the description, the params and their defaults") {
  const Run run = run_main({"--help"});
  CHECK(run.status == 0);
  for (const char* const part :
       {"Prints what it was told.", "--count int", "how many items [3]", "--mode home|away",
        "fixed when the program was built", "--stats", "--for duration"}) {
    CAPTURE(part);
    CHECK(run.out.find(part) != std::string::npos);
  }
  CHECK(run.out.find("batch-cuts") == std::string::npos);
}

TEST_CASE("--stats and the hidden flags of tests") {
  const Run run = run_main({"--stats", "--batch", "2", "--batch-cuts", "9"});
  CHECK(run.status == 0);
  CHECK(run.out == "1\n2\n3\n");
  CHECK(run.error.find("stats: sink") != std::string::npos);
  CHECK(run_main({"--batch", "0"}).status == kExitUnusable);
}

TEST_CASE("Ctrl-C ends the sources, flushes everything and is told by the status") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const Run run = in_child([] { return TestProgram("clock.ticks").main({}); },
                             [signal](pid_t child) {
                               ::usleep(400'000);
                               ::kill(child, signal);
                             });
    CHECK(run.status == 128 + signal);
    CHECK(std::count(run.out.begin(), run.out.end(), '\n') >= 2);
    CHECK(run.out.ends_with("Z\n"));
    CHECK(run.error.empty());
  }
}

TEST_CASE("--for ends live sources in good time") {
  const Run run =
      in_child([] { return TestProgram("clock.ticks").main({"--for", "300ms"}); }, [](pid_t) {});
  CHECK(run.status == 0);
  const auto lines = std::count(run.out.begin(), run.out.end(), '\n');
  CHECK(lines >= 3);
  CHECK(lines <= 7);
}

TEST_CASE("a reader that goes away ends the program quietly, a full disk with a message") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  const Run closed = in_child([] { return TestProgram().main({}); }, [](pid_t) {}, ends[1]);
  ::close(ends[1]);
  CHECK(closed.status == kExitBrokenPipe);
  CHECK(closed.error.empty());

  const int full = ::open("/dev/full", O_WRONLY);
  const Run disk = in_child([] { return TestProgram().main({}); }, [](pid_t) {}, full);
  ::close(full);
  CHECK(disk.status == kExitFailed);
  CHECK(disk.error == "error: cannot write standard output: No space left on device\n");
}

}  // namespace streamrt::test
