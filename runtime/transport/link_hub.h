// All links of one process: the thread that moves their bytes, and the place where other nodes connect.
//
// Threads: the hub has one for I/O, and, only if a channel has a spool, a second one that syncs spools, so that a slow
// disk does not silence the line. Both block all signals. Links live as long as their hub.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/transport/link.h"
#include "runtime/transport/link_descriptor.h"
#include "runtime/transport/link_hello.h"
#include "runtime/transport/link_stream.h"

namespace streamrt {

struct LinkHubOptions {
  LinkIdentity identity;
  std::string listen_address;  // `host:port`, port 0: any; empty: nobody connects to this node.
  FileDescriptor listener;     // If it is open: a socket that listens there already.
  std::unique_ptr<SecureTransport> secure;  // TLS, from make_secure_transport().
  bool is_insecure_allowed = false;   // Without TLS also other machines.
  std::int64_t spool_sync_ms = 10;    // Messages of this long are synced as one group.
  std::uint64_t seed = 0;             // Of the jitter before reconnecting; 0: a random one.
  Clock* clock = nullptr;             // Null: the machine's.
};

class LinkHub {
 public:
  // Opens the place to listen at; fails in words for the user.
  static Result<std::unique_ptr<LinkHub>> open(LinkHubOptions options);
  LinkHub(const LinkHub&) = delete;
  LinkHub& operator=(const LinkHub&) = delete;
  // Cuts what is still connected; Link::close() first, and wait for Closed, to end in order.
  ~LinkHub();

  // Before start(). The link lives as long as the hub.
  Link& add_link(LinkOptions options);
  // The threads begin.
  void start();

  // Where it listens, with the port; empty if it does not.
  [[nodiscard]] std::string listen_address() const;
  [[nodiscard]] std::uint64_t session() const;

 private:
  class Worker;
  explicit LinkHub(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

}  // namespace streamrt
