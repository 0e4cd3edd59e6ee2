// The commands of streamc. Each prints what it has to say and gives the exit status.
#pragma once

#include "compiler/driver/options.h"

namespace streamc {

int run_command(const Options& options);

int command_emit(const Options& options);
int command_run(const Options& options);
int command_build(const Options& options);
int command_check(const Options& options);
int command_test(const Options& options);
int command_format(const Options& options);
int command_graph(const Options& options);
int command_explain(const Options& options);
int command_new(const Options& options);
int command_top(const Options& options);
int command_deploy(const Options& options);

// `streamc: message` on standard error, and the status for what the world did wrong.
int report_failure(const std::string& message);

}  // namespace streamc
