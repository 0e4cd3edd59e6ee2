#include "runtime/transport/link_hub.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <limits>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "runtime/base/assert.h"
#include "runtime/base/resources.h"
#include "runtime/transport/link_core.h"
#include "runtime/transport/link_driver.h"
#include "runtime/transport/link_pending.h"

namespace streamrt {

namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kPendingMax = 64;
constexpr std::int64_t kHelloTimeoutNs = 5000 * kMillisecond;
constexpr std::int64_t kAcceptPauseNs = 100 * kMillisecond;  // After accept() failed, say for want of descriptors.

std::uint64_t random_number() {
  std::uint64_t number = 0;
  while (number == 0) {
    if (::getrandom(&number, sizeof number, 0) != sizeof number) {
      number = static_cast<std::uint64_t>(system_clock().steady_ns());
    }
  }
  return number;
}

// Signals belong to the program's own threads.
template <class Body>
std::thread start_without_signals(Body body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread = start_thread(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

class LinkHub::Worker {
 public:
  explicit Worker(LinkHubOptions options) : options_(std::move(options)) {
    if (options_.identity.session == 0) options_.identity.session = random_number();
    if (options_.seed == 0) options_.seed = random_number();
    if (options_.clock == nullptr) options_.clock = &system_clock();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { stop(); }

  Result<void> open();
  Link& add_link(LinkOptions options);
  void start();
  [[nodiscard]] bool has_thread() const { return io_thread_.joinable(); }
  void step();
  std::int64_t add_waits(std::vector<pollfd>& watched);
  void wait();
  [[nodiscard]] std::string listen_address() const;
  [[nodiscard]] std::uint64_t session() const { return options_.identity.session; }

 private:
  struct Entry {
    std::unique_ptr<LinkCore> core;
    std::unique_ptr<LinkDriver> driver;
    std::unique_ptr<Link> link;
  };

  void wake();
  void stop();
  void run();
  void accept_all(std::int64_t now_ns);
  void step_pending(std::int64_t now_ns);
  void introduce(PendingConnection& pending, std::int64_t now_ns);
  void tell_waiting_links(const std::string& reason);
  void run_spools();
  void sync_spools();

  LinkHubOptions options_;
  FileDescriptor listener_;
  FileDescriptor wake_fd_;
  std::atomic<bool> is_woken_{false};
  std::atomic<bool> is_asleep_{false};
  std::atomic<bool> is_stopping_{false};
  std::vector<Entry> entries_;  // Fixed once started.
  std::thread io_thread_;
  std::thread spool_thread_;
  std::mutex spool_mutex_;  // With spool_stop_, for the pause between two syncs only.
  std::condition_variable spool_stop_;

  // The I/O thread's.
  std::list<PendingConnection> pending_;
  std::int64_t accept_again_ns_ = 0;
  std::vector<pollfd> watched_;
};

// ---- setting up ----

Result<void> LinkHub::Worker::open() {
  wake_fd_ = FileDescriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake_fd_.is_open()) return fail("cannot make an eventfd: {}", std::strerror(errno));
  listener_ = std::move(options_.listener);
  if (options_.listen_address.empty() || listener_.is_open()) return {};
  const Result<std::vector<SocketAddress>> addresses = resolve_address(options_.listen_address);
  if (!addresses) return addresses.failure();
  Failure last{};
  for (const SocketAddress& address : *addresses) {
    if (options_.secure == nullptr && !options_.is_insecure_allowed && !address.is_loopback()) {
      return fail("{} can be reached by other machines, and the link has no TLS: give it a certificate, a key and "
                  "an authority, or say `insecure: true`",
                  address.text());
    }
    Result<FileDescriptor> listener = listen_at(address);
    if (listener) {
      listener_ = std::move(*listener);
      return {};
    }
    last = listener.failure();
  }
  return last;
}

Link& LinkHub::Worker::add_link(LinkOptions options) {
  STREAM_CHECK(!io_thread_.joinable(), "a link is added to a hub that has started");
  Entry entry;
  entry.core = std::make_unique<LinkCore>(options_.identity, std::move(options), [this] { wake(); });
  entry.driver = std::make_unique<LinkDriver>(
      *entry.core, LinkSurroundings{.clock = options_.clock,
                                    .secure = options_.secure.get(),
                                    .is_insecure_allowed = options_.is_insecure_allowed,
                                    .seed = options_.seed + entries_.size()});
  entry.link = std::make_unique<Link>(*entry.core);
  entries_.push_back(std::move(entry));
  return *entries_.back().link;
}

void LinkHub::Worker::start() {
  STREAM_CHECK(!io_thread_.joinable(), "a hub is started twice");
  io_thread_ = start_without_signals([this] { run(); });
  const bool has_spool = std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) {
    return std::any_of(entry.core->options().channels.begin(),
                       entry.core->options().channels.end(),
                       [](const ChannelOptions& channel) { return channel.spool != nullptr; });
  });
  if (has_spool) spool_thread_ = start_without_signals([this] { run_spools(); });
}

void LinkHub::Worker::stop() {
  {
    const std::lock_guard lock(spool_mutex_);
    is_stopping_ = true;
  }
  spool_stop_.notify_all();
  wake();
  if (io_thread_.joinable()) io_thread_.join();
  if (spool_thread_.joinable()) spool_thread_.join();
}

std::string LinkHub::Worker::listen_address() const {
  return listener_.is_open() ? local_address(listener_.get()).text() : "";
}

// ---- the I/O thread ----

// Whoever is about to sleep looks at is_woken_ once more.
void LinkHub::Worker::wake() {
  if (is_woken_.exchange(true) || !is_asleep_) return;
  const std::uint64_t one = 1;
  (void)!::write(wake_fd_.get(), &one, sizeof one);
}

void LinkHub::Worker::run() {
  while (!is_stopping_) {
    step();
    wait();
  }
}

void LinkHub::Worker::step() {
  is_woken_ = false;
  const std::int64_t now_ns = options_.clock->steady_ns();
  accept_all(now_ns);
  step_pending(now_ns);
  for (const Entry& entry : entries_) {
    entry.driver->step(now_ns);
    entry.core->tell_owner();
  }
}

void LinkHub::Worker::accept_all(std::int64_t now_ns) {
  if (!listener_.is_open() || now_ns < accept_again_ns_) return;
  accept_again_ns_ = 0;
  while (pending_.size() < kPendingMax) {
    FileDescriptor socket = accept_one(listener_.get());
    if (!socket.is_open()) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) accept_again_ns_ = now_ns + kAcceptPauseNs;
      return;
    }
    std::unique_ptr<ByteStream> stream;
    if (options_.secure != nullptr) {
      auto wrapped = options_.secure->wrap(std::move(socket), false);
      if (!wrapped) {
        tell_waiting_links(wrapped.message());
        continue;
      }
      stream = std::move(*wrapped);
    } else {
      stream = plain_stream(std::move(socket));
    }
    pending_.emplace_back(std::move(stream), now_ns + kHelloTimeoutNs);
  }
}

void LinkHub::Worker::step_pending(std::int64_t now_ns) {
  for (auto pending = pending_.begin(); pending != pending_.end();) {
    PendingConnection::Progress progress = pending->step(now_ns);
    if (progress == PendingConnection::Progress::SaidHello) {
      introduce(*pending, now_ns);
      progress = pending->stream() == nullptr ? PendingConnection::Progress::Gone
                                              : pending->step(now_ns);
    }
    if (const std::string objection = pending->take_objection(); !objection.empty()) {
      tell_waiting_links(fmt::format("a connection from {} was of no use: {}",
                                     pending->address().host(), objection));
    }
    pending = progress == PendingConnection::Progress::Gone ? pending_.erase(pending)
                                                            : std::next(pending);
  }
}

// Hands the connection to the link that it is for, or says why there is none.
void LinkHub::Worker::introduce(PendingConnection& pending, std::int64_t now_ns) {
  for (const Entry& entry : entries_) {
    if (entry.driver->peer() != pending.hello().node || entry.driver->is_connector()) continue;
    const std::optional<Refusal> refusal =
        entry.driver->adopt(pending.stream(), pending.hello(), now_ns);
    if (refusal) pending.refuse(*refusal);
    return;
  }
  pending.refuse({.is_final = true,
                  .reason = fmt::format("node `{}` waits for no node `{}`", options_.identity.node,
                                        pending.hello().node)});
}

// It has not said which of them it is for.
void LinkHub::Worker::tell_waiting_links(const std::string& reason) {
  for (const Entry& entry : entries_) {
    if (entry.driver->is_connector() || entry.core->state() != LinkState::Connecting) continue;
    entry.core->set_state(LinkState::Connecting, reason);
  }
}

std::int64_t LinkHub::Worker::add_waits(std::vector<pollfd>& watched) {
  std::int64_t deadline_ns = kNever;
  if (accept_again_ns_ != 0) {
    deadline_ns = accept_again_ns_;
  } else if (listener_.is_open() && pending_.size() < kPendingMax) {
    watched.push_back({listener_.get(), POLLIN, 0});
  }
  for (const PendingConnection& pending : pending_) {
    watched.push_back({pending.fd(), pending.events(), 0});
    deadline_ns = std::min(deadline_ns, pending.deadline_ns());
  }
  for (const Entry& entry : entries_) {
    if (entry.driver->fd() >= 0) {
      watched.push_back({entry.driver->fd(), entry.driver->events(), 0});
    }
    deadline_ns = std::min(deadline_ns, entry.driver->deadline_ns());
  }
  return is_woken_ ? 0 : deadline_ns;
}

void LinkHub::Worker::wait() {
  watched_.clear();
  watched_.push_back({wake_fd_.get(), POLLIN, 0});
  is_asleep_ = true;
  const std::int64_t deadline_ns = add_waits(watched_);
  const std::int64_t now_ns = options_.clock->steady_ns();
  const std::int64_t timeout_ns = std::max<std::int64_t>(deadline_ns - now_ns, 0);
  const struct timespec timeout{.tv_sec = static_cast<std::time_t>(timeout_ns / 1'000'000'000),
                                .tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000)};
  ::ppoll(watched_.data(), static_cast<nfds_t>(watched_.size()),
          deadline_ns == kNever ? nullptr : &timeout, nullptr);
  is_asleep_ = false;
  if ((watched_[0].revents & POLLIN) == 0) return;
  std::uint64_t rings = 0;
  (void)!::read(wake_fd_.get(), &rings, sizeof rings);
}

// ---- the spool thread ----

void LinkHub::Worker::run_spools() {
  std::unique_lock lock(spool_mutex_);
  while (!is_stopping_) {
    spool_stop_.wait_for(lock, std::chrono::milliseconds(options_.spool_sync_ms));
    lock.unlock();
    sync_spools();
    lock.lock();
  }
}

void LinkHub::Worker::sync_spools() {
  for (const Entry& entry : entries_) {
    for (const ChannelOptions& channel : entry.core->options().channels) {
      if (channel.spool == nullptr) continue;
      const bool is_news = channel.spool->synced_through() != channel.spool->last_number();
      if (const Result<void> synced = channel.spool->sync(); !synced) {
        entry.core->set_state(LinkState::Refused, synced.message());
      }
      if (is_news) wake();
    }
  }
}

// ---- the hub ----

LinkHub::LinkHub(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
LinkHub::~LinkHub() = default;

Result<std::unique_ptr<LinkHub>> LinkHub::open(LinkHubOptions options) {
  auto worker = std::make_unique<Worker>(std::move(options));
  if (Result<void> opened = worker->open(); !opened) return opened.failure();
  return std::unique_ptr<LinkHub>(new LinkHub(std::move(worker)));
}

Link& LinkHub::add_link(LinkOptions options) { return worker_->add_link(std::move(options)); }
void LinkHub::start() { worker_->start(); }
void LinkHub::step() {
  STREAM_CHECK(!worker_->has_thread(), "a hub with a thread is moved by another one");
  worker_->step();
}
std::int64_t LinkHub::add_waits(std::vector<pollfd>& watched) { return worker_->add_waits(watched); }
void LinkHub::wait() { worker_->wait(); }
std::string LinkHub::listen_address() const { return worker_->listen_address(); }
std::uint64_t LinkHub::session() const { return worker_->session(); }

}  // namespace streamrt
