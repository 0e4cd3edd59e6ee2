#include "tests/bench/node_link.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/transport/link_hub.h"
#include "tests/bench/crossing_items.h"

namespace streambench {

namespace {

constexpr std::int64_t kBatches = 100'000;
constexpr std::size_t kBatchBytes = static_cast<std::size_t>(kBatch) * sizeof(double);

void give_up(const char* what) {
  fmt::print(stderr, "bench: two nodes: {}\n", what);
  std::_Exit(1);
}

const double* batch_of_source(std::int64_t batch) {
  return source_items().data() + static_cast<std::size_t>(batch * kBatch) % kSourceItems;
}

// The seconds until all has been added up here that a forked process sends. `finish` lets that process end.
double time_to_sum(const std::function<void()>& send, const std::function<double()>& receive,
                   const std::function<void()>& finish, double& sum) {
  const double started = now_seconds();
  const pid_t child = ::fork();
  if (child == 0) {
    send();
    ::_exit(0);
  }
  sum = receive();
  const double seconds = now_seconds() - started;
  finish();
  ::waitpid(child, nullptr, 0);
  return seconds;
}

// ---- the runtime's link --------------------------------------------------------------------------

// One end, and a way to wait until something happens to it.
class LinkEnd {
 public:
  LinkEnd(const char* node, const char* peer, bool is_sender, const std::string& listen, const std::string& connect) {
    streamrt::LinkHubOptions hub_options;
    hub_options.identity.node = node;
    hub_options.listen_address = listen;
    auto hub = streamrt::LinkHub::open(std::move(hub_options));
    if (!hub) give_up(hub.message().c_str());
    hub_ = std::move(*hub);
    streamrt::LinkOptions options;
    options.peer = peer;
    options.address = connect;
    options.channels.resize(1);
    options.channels[0].name = "items";
    options.channels[0].is_sender = is_sender;
    options.on_activity = [this] { is_active_ = true; };
    link_ = &hub_->add_link(std::move(options));
  }
  [[nodiscard]] std::string address() const { return hub_->listen_address(); }

  void send_all() {
    for (std::int64_t batch = 0; batch < kBatches; ++batch) {
      const std::span<const std::byte> part(reinterpret_cast<const std::byte*>(batch_of_source(batch)), kBatchBytes);
      wait_for([&] { return link_->try_send(0, {&part, 1}).value(); });
    }
    link_->close();
    wait_for([&] { return link_->state() == streamrt::LinkState::Closed; });
  }

  double sum_all() {
    double sum = 0;
    for (std::int64_t batch = 0; batch < kBatches; ++batch) {
      std::optional<streamrt::Message> message;
      wait_for([&] { return (message = link_->try_receive(0)).has_value(); });
      sum += sum_of(reinterpret_cast<const double*>(message->bytes().data()), kBatch);
    }
    return sum;
  }
  void close() {
    link_->close();
    wait_for([&] { return link_->state() == streamrt::LinkState::Closed; });
  }

 private:
  // As the gateway of a node does it: moves bytes when there is nothing else to do.
  template <class Condition>
  void wait_for(Condition condition) {
    while (!condition()) {
      is_active_ = false;
      hub_->step();
      if (!is_active_) hub_->wait();
    }
  }

  bool is_active_ = false;
  std::unique_ptr<streamrt::LinkHub> hub_;
  streamrt::Link* link_ = nullptr;
};

double time_link(double& sum) {
  LinkEnd receiver("hub", "board", false, "127.0.0.1:0", "");
  const std::string address = receiver.address();
  return time_to_sum(
      [&] {
        LinkEnd sender("board", "hub", true, "", address);
        sender.send_all();
      },
      [&] {
        return receiver.sum_all();
      },
      [&] { receiver.close(); }, sum);
}

// ---- by hand -------------------------------------------------------------------------------------

void write_all(int fd) {
  for (std::int64_t batch = 0; batch < kBatches; ++batch) {
    const auto* bytes = reinterpret_cast<const char*>(batch_of_source(batch));
    for (std::size_t done = 0; done < kBatchBytes;) {
      const ssize_t written = ::write(fd, bytes + done, kBatchBytes - done);
      if (written <= 0) give_up("write");
      done += static_cast<std::size_t>(written);
    }
  }
}

// In pieces of up to 64 batches; what is no whole number of eight items waits for the next piece.
double read_all(int fd) {
  std::vector<double> items(64 * static_cast<std::size_t>(kBatch));
  auto* const buffer = reinterpret_cast<char*>(items.data());
  constexpr std::size_t kUnit = 8 * sizeof(double);
  double sum = 0;
  std::size_t held = 0;
  for (;;) {
    const ssize_t got = ::read(fd, buffer + held, items.size() * sizeof(double) - held);
    if (got < 0) give_up("read");
    if (got == 0) return sum;
    held += static_cast<std::size_t>(got);
    const std::size_t whole = held / kUnit * kUnit;
    sum += sum_of(items.data(), static_cast<std::int64_t>(whole / sizeof(double)));
    std::memmove(buffer, buffer + whole, held - whole);
    held -= whole;
  }
}

double time_plain(double& sum) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, any, size) != 0 || ::listen(listener, 1) != 0) give_up("listen");
  if (::getsockname(listener, any, &size) != 0) give_up("getsockname");
  int fd = -1;
  const double seconds = time_to_sum(
      [&] {
        fd = ::socket(AF_INET, SOCK_STREAM, 0);
        if (::connect(fd, any, size) != 0) give_up("connect");
        write_all(fd);
        ::close(fd);
      },
      [&] {
        fd = ::accept(listener, nullptr, nullptr);
        if (fd < 0) give_up("accept");
        return read_all(fd);
      },
      [&] { ::close(fd); }, sum);
  ::close(listener);
  return seconds;
}

}  // namespace

void node_link_rows() {
  constexpr int kRounds = 9;
  std::vector<double> ours;
  std::vector<double> hand;
  for (int round = 0; round < kRounds; ++round) {
    double our_sum = 0;
    double hand_sum = 0;
    ours.push_back(time_link(our_sum) / (kBatches * kBatch) * 1e9);
    hand.push_back(time_plain(hand_sum) / (kBatches * kBatch) * 1e9);
    if (our_sum != hand_sum) give_up("the two sides differ");
  }
  print_row("two nodes over loopback (by hand: write, read)", ours, hand, 1.43);
}

}  // namespace streambench
