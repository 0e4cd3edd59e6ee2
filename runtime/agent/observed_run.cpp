#include "runtime/agent/observed_run.h"

#include "runtime/agent/counters.h"
#include "runtime/agent/observer.h"

namespace streamrt {

int run_observed(const StreamProgram& program, const RunOptions& options,
                 const std::function<int(const RunOptions&)>& run) {
  const ObserverOptions& wanted = options.observation;
  if (!wanted.has_socket && wanted.metrics_address.empty()) return run(options);
  RunCounters counters(program);
  Observer observer(program, counters, wanted);
  if (Result<void> listens = observer.listen(); !listens) {
    const MessageWriter message =
        options.message ? options.message : MessageWriter(write_message_to_stderr);
    message("error: " + listens.message());
    return kExitUnusable;
  }
  RunOptions observed = options;
  observed.counters = &counters;
  observed.observer = &observer;
  return run(observed);
}

}  // namespace streamrt
