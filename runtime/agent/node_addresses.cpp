#include "runtime/agent/node_addresses.h"

#include <fmt/format.h>

#include <string_view>

#include "runtime/transport/link_address.h"
#include "runtime/transport/link_stream.h"

namespace streamrt {

namespace {

// `pi@board.local` is reached at `board.local`: the name in front is for who installs the program
// there.
std::string_view host_of(std::string_view host) {
  const std::size_t at = host.find('@');
  return at == std::string_view::npos ? host : host.substr(at + 1);
}

bool is_this_machine(std::string_view host) {
  return host.empty() || host == "localhost" || host.starts_with("127.") || host == "::1";
}

std::string with_port(std::string_view host, std::int32_t port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace

std::int32_t find_node(const StreamProgram& program, const std::string& name) {
  for (std::int32_t node = 0; node < program.node_count; ++node) {
    if (program.nodes[node].name == name) return node;
  }
  return -1;
}

Result<NodeAddresses> NodeAddresses::from(
    const StreamProgram& program, const std::vector<std::pair<std::string, std::string>>& given) {
  NodeAddresses result;
  result.may_be_elsewhere_ = true;
  for (std::int64_t node = 0; node < program.node_count; ++node) {
    const StreamNode& own = program.nodes[node];
    const std::string_view host = host_of(own.host);
    Place& place = result.nodes_.emplace_back();
    place.address = with_port(host.empty() ? "127.0.0.1" : host, own.port);
    place.listen_address = is_this_machine(host) ? place.address : fmt::format(":{}", own.port);
  }
  for (const auto& [name, address] : given) {
    const std::int32_t node = find_node(program, name);
    if (node < 0) return fail("the program has no node `{}`", name);
    Place& place = result.nodes_[static_cast<std::size_t>(node)];
    place.address = place.listen_address = address;
  }
  return result;
}

Result<NodeAddresses> NodeAddresses::on_this_machine(const StreamProgram& program) {
  const Result<std::vector<SocketAddress>> loopback = resolve_address("127.0.0.1:0");
  if (!loopback) return loopback.failure();
  NodeAddresses result;
  for (std::int64_t node = 0; node < program.node_count; ++node) {
    Result<FileDescriptor> listener = listen_at(loopback->front());
    if (!listener) return listener.failure();
    Place& place = result.nodes_.emplace_back();
    place.address = place.listen_address = local_address(listener->get()).text();
    place.listener = std::move(*listener);
  }
  return result;
}

}  // namespace streamrt
