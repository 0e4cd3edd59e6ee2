// Deploy blocks, checked: which streams run on which thread of which process of which node.
//
// Names are bound and arguments evaluated; what the streams are made of is not known here (place/ is).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/sema/item_checker.h"
#include "compiler/sema/modules.h"

namespace streamc {

struct DeployedNode {
  std::string name;       // Empty where the block has no nodes.
  std::string host;       // Empty: not said.
  std::string target;     // Empty: the machine that compiles. Whether there is such a one is not known here.
  SourceSpan target_span;
  std::int32_t port = 0;  // Where it listens, if other nodes connect to it; 0: not said.
  SourceSpan port_span;
  std::optional<SourceSpan> clock_span;  // If its clock follows that of another node: where that is said.
};

struct DeployedProcess {
  std::string name;          // Empty for the first one of a node, which holds what stands in no `process`.
  std::size_t node = 0;      // Index into nodes.
  std::int32_t restart = 0;  // How often it is started again after it died; -1: always.
  SourceSpan restart_span;   // Where that is said.
};

struct DeployedThread {
  std::string name;
  std::size_t process = 0;    // Index into processes.
  std::int32_t core = -1;     // -1: any.
  std::int32_t priority = 0;  // Of a real-time thread, 1 to 99; 0: an ordinary one.
};

struct DeployedStream {
  std::string name;
  std::size_t thread = 0;  // Index into threads.
  SourceSpan span;
};

// What a link does that has no room for more.
enum class WhenFull : std::uint8_t { Wait, DropOldest, DropNewest, Sample };

// Between two streams, or between all streams of two nodes.
struct DeployedLink {
  std::string from;
  std::string to;
  bool is_between_nodes = false;
  std::int64_t buffer = 0;   // Items on the way, at the most; 0: not said.
  WhenFull full = WhenFull::Wait;
  std::int64_t keep_every = 0;  // WhenFull::Sample: of so many waiting items one stays.
  SourceSpan full_span;         // Of the argument that says so.
  bool is_insecure = false;  // Without TLS also to another machine.
  std::string tls;           // Folder of certificates; empty: no TLS.
  std::int64_t spool_bytes = 0;  // Kept on the sender's disk, at the most; 0: not said.
  SourceSpan spool_span;         // Of that argument.
  SourceSpan span;
};

// Of each node the first process, and of each process the first thread, hold what stands in them directly.
struct Deployment {
  std::string name;
  SourceSpan span;  // Of the name.
  std::vector<DeployedNode> nodes;
  std::vector<DeployedProcess> processes;
  std::vector<DeployedThread> threads;
  std::vector<DeployedStream> streams;
  std::vector<DeployedLink> links;
  std::optional<std::size_t> rest;  // The thread with `*`.
};

// The deploy blocks of the main module, in order; those with mistakes, which are reported, are left out.
std::vector<Deployment> check_deployments(const Ast& ast, const ModuleTable& modules, ItemChecker& checker,
                                          const CheckedProgram& program, DiagnosticSink& sink);

}  // namespace streamc
