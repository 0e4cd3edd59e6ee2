// All links of one process: what moves their bytes, and the place where other nodes connect.
//
// Either the owner of the links moves the bytes as well, by step(): no thread has to be woken for a message. Or the hub
// has a thread of its own, for owners that a slow disk may hold up: the line must not fall silent meanwhile. If a channel has
// a spool, a second thread syncs it. Threads of the hub block all signals. Links live as long as their hub.
#pragma once

#include <poll.h>

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

  // Before start() or step(). The link lives as long as the hub.
  Link& add_link(LinkOptions options);

  // The threads begin.
  void start();

  // ---- or, by the thread that owns the links; none of them has a spool ----

  // Does all that can be done without waiting, and calls `on_activity` of links to which something happened.
  void step();
  // What step() has to be called for: descriptors, which are added to `watched`, and a time (steady_ns of the clock), which
  // is returned; 0: at once.
  [[nodiscard]] std::int64_t add_waits(std::vector<pollfd>& watched);
  // Until then.
  void wait();

  // Where it listens, with the port; empty if it does not.
  [[nodiscard]] std::string listen_address() const;
  [[nodiscard]] std::uint64_t session() const;

 private:
  class Worker;
  explicit LinkHub(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

}  // namespace streamrt
