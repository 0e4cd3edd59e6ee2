// Programs on several nodes, each a process of its own, as one would start them on several machines.
#include "tests/nodes/node_trial.h"
#include "tests/runner/options.h"

int main(int argc, char** argv) {
  using namespace streamtest;
  const RunnerOptions options = parse_runner_options(argc, argv);
  int failed = 0;
  for (const auto run : {run_start_tests, run_end_tests, run_spool_tests, run_clock_tests}) failed += run(options);
  return failed == 0 ? 0 : 1;
}
