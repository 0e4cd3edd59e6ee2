// Programs on several nodes. Only what refers to stream_run_nodes() links what joins nodes.
#include "runtime/abi/entry_points.h"
#include "runtime/agent/link_gateway.h"
#include "runtime/agent/node_addresses.h"
#include "runtime/agent/node_spools.h"
#include "runtime/agent/run_program.h"
#include "runtime/agent/team.h"
#include "runtime/base/assert.h"

namespace streamrt {

namespace {

// The node that the options name, or all of them on this machine: that with the console in this
// process.
int run_nodes(const StreamProgram& program, const RunOptions& options) {
  const bool is_one = !options.node.empty();
  const std::int32_t node = is_one ? find_node(program, options.node)
                                   : program.processes[program.parts[program.main_part].process].node;
  STREAM_CHECK(node >= 0, "an unknown node");
  Result<NodeAddresses> addresses = is_one ? NodeAddresses::from(program, options.node_addresses)
                                           : NodeAddresses::on_this_machine(program);
  if (!addresses) {
    const MessageWriter message =
        options.message ? options.message : MessageWriter(write_message_to_stderr);
    message("error: " + addresses.message());
    return kExitUnusable;
  }
  const GatewayMaker maker = [&](GatewaySetup setup, Doorbell bell) -> std::unique_ptr<Gateway> {
    return std::make_unique<LinkGateway>(program, *addresses, std::move(setup), bell);
  };
  const NodePreparer preparer = [&](std::int32_t prepared) {
    return look_at_spools(program, prepared, options.spool_folder);
  };
  Team team(program, options, node, maker, preparer);
  if (!is_one) team.start_other_nodes();
  return team.run();
}

}  // namespace

}  // namespace streamrt

std::int32_t stream_run_nodes(const void* program, const void* options) {
  return streamrt::run_nodes(*static_cast<const StreamProgram*>(program),
                             *static_cast<const streamrt::RunOptions*>(options));
}
