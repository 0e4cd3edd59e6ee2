#include "compiler/driver/build_executables.h"

#include <optional>

#include "compiler/codegen/targets/target.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/pipeline.h"
#include "compiler/link/executable.h"

namespace streamc {

bool build_executable(FrontEnd& front_end, const PlacedGraph& placed,
                      const WantedExecutable& wanted, int& status) {
  const Result<TargetDescription> machine = find_target(wanted.target);
  if (!machine) {
    status = report_failure(machine.message());
    return false;
  }
  const Target target{.name = wanted.target, .optimisation = Optimisation::Full};
  const std::optional<std::string> object = compile_to_object(front_end, placed, target, status);
  if (!object) return false;
  const auto timing = front_end.times().measure("link");
  const Result<void> linked = link_executable(*object, *machine, wanted.output,
                                              {.needs_tls = !placed.placement.tls.empty()});
  if (!linked) status = report_failure(linked.message());
  return linked.has_value();
}

}  // namespace streamc
