#include "runtime/transport/spool.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include "tests/runner/patience.h"
#include "tests/unit/runtime/transport/link_fixture.h"

namespace streamrt {
namespace {

using namespace test;
namespace fs = std::filesystem;

constexpr std::size_t kLengthMax = 600;

// A folder that goes with the test.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(fs::temp_directory_path() / (name + "_" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

std::unique_ptr<Spool> open_spool(const SpoolOptions& options) {
  auto spool = Spool::open(options);
  if (!spool) FAIL(spool.message());
  return std::move(*spool);
}

// False: full.
bool append(Spool& spool, std::uint64_t number) {
  const std::vector<std::byte> bytes = numbered_message(number, kLengthMax);
  const std::span<const std::byte> parts[] = {std::span(bytes).first(3), std::span(bytes).subspan(3)};
  const Result<bool> appended = spool.append(parts);
  if (!appended) FAIL(appended.message());
  return *appended;
}

// The next message's number, 0: none.
std::uint64_t read_one(Spool& spool) {
  const auto record = spool.next();
  if (!record) FAIL(record.message());
  if (!record->has_value()) return 0;
  std::vector<std::byte> bytes((*record)->length);
  const Result<void> read = spool.read(**record, bytes);
  if (!read) FAIL(read.message());
  CHECK(number_of(bytes, kLengthMax) == (*record)->number);
  return (*record)->number;
}

std::size_t segment_count(const std::string& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".spool") ++count;
  }
  return count;
}

TEST_CASE("what is synced comes out, and numbers go on over restarts") {
  const Folder folder("spool_test");
  const SpoolOptions options{.folder = folder.path(), .segment_bytes = 2000};
  std::uint64_t number = 0;
  for (int life = 0; life < 5; ++life) {
    const auto spool = open_spool(options);
    CHECK(spool->last_number() == number);
    CHECK(spool->acknowledged_through() == (life == 0 ? 0 : number - 3));
    if (life > 0) {
      CHECK(read_one(*spool) == number - 2);
      CHECK(read_one(*spool) == number - 1);
      CHECK(read_one(*spool) == number);
    }
    CHECK(read_one(*spool) == 0);
    for (int i = 0; i < 100; ++i) REQUIRE(append(*spool, ++number));
    REQUIRE(spool->sync());
    for (std::uint64_t i = number - 99; i <= number; ++i) REQUIRE(read_one(*spool) == i);
    CHECK(read_one(*spool) == 0);
    REQUIRE(append(*spool, ++number));
    CHECK(segment_count(folder.path()) > 5);
    spool->seek(number - 5);
    CHECK(read_one(*spool) == number - 5);
    spool->acknowledge(number - 3);
    CHECK(segment_count(folder.path()) <= 2);
    REQUIRE(spool->sync());
  }
}

TEST_CASE("a spool is used by one process at a time") {
  const Folder folder("spool_lock_test");
  const auto spool = open_spool({.folder = folder.path()});
  const auto second = Spool::open({.folder = folder.path()});
  REQUIRE_FALSE(second);
  CHECK(second.message() == "the spool `" + folder.path() + "` is in use by another process");
}

TEST_CASE("a full spool takes no more until something is delivered") {
  const Folder folder("spool_full_test");
  const auto spool = open_spool({.folder = folder.path(), .limit_bytes = 40'000, .segment_bytes = 4000});
  std::uint64_t number = 0;
  while (append(*spool, number + 1)) ++number;
  CHECK(spool->counters().bytes <= 40'000);
  CHECK(spool->counters().bytes > 39'000);
  CHECK_FALSE(append(*spool, number + 1));
  REQUIRE(spool->sync());
  spool->acknowledge(number / 2);
  REQUIRE(append(*spool, ++number));
}

TEST_CASE("the last message stays when all are acknowledged, and its segment with it") {
  const Folder folder("spool_last_test");
  const SpoolOptions options{.folder = folder.path(), .segment_bytes = 2000};
  std::uint64_t number = 0;
  {
    const auto spool = open_spool(options);
    CHECK_FALSE(spool->last_message().value().has_value());
    while (segment_count(folder.path()) < 4) REQUIRE(append(*spool, ++number));
    // The last segment is new and not synced: a crash may take what is in it.
    spool->acknowledge(number - 1);
    CHECK(segment_count(folder.path()) == 2);
    REQUIRE(spool->sync());
    spool->acknowledge(number);
    CHECK(segment_count(folder.path()) == 1);
    REQUIRE(spool->sync());
  }
  const auto spool = open_spool(options);
  CHECK(spool->acknowledged_through() == number);
  const auto last = spool->last_message();
  REQUIRE(last);
  REQUIRE(last->has_value());
  CHECK(number_of(**last, kLengthMax) == number);
  CHECK(read_one(*spool) == 0);  // The cursor is where it was.
  REQUIRE(append(*spool, ++number));
  REQUIRE(spool->sync());
  CHECK(read_one(*spool) == number);
}

TEST_CASE("a torn tail is cut off wherever it is torn, and damage elsewhere is named") {
  const Folder folder("spool_torn_test");
  const SpoolOptions options{.folder = folder.path(), .segment_bytes = 4000};
  std::mt19937 random(3);
  std::uint64_t number = 0;
  for (int round = 0; round < 60; ++round) {
    {
      const auto spool = open_spool(options);
      for (unsigned i = random() % 12; i > 0; --i) REQUIRE(append(*spool, ++number));
    }
    std::string last;
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      if (entry.path().extension() == ".spool") last = std::max(last, entry.path().string());
    }
    const std::uintmax_t size = fs::file_size(last);
    const std::uint64_t first = std::stoull(fs::path(last).stem().string());
    if (random() % 2 == 0) {
      fs::resize_file(last, size - random() % (size - 15));
    } else {
      std::ofstream(last, std::ios::app) << std::string(random() % 50, round % 2 == 0 ? '\0' : 'x');
    }
    const auto spool = open_spool(options);
    CHECK(spool->last_number() <= number);
    CHECK(spool->last_number() + 1 >= first);
    number = spool->last_number();
    spool->seek(1);
    for (std::uint64_t i = 1; i <= number; ++i) REQUIRE(read_one(*spool) == i);
    CHECK(read_one(*spool) == 0);
  }
  REQUIRE(segment_count(folder.path()) > 1);
  const std::string oldest = folder.path() + "/00000000000000000001.spool";
  std::fstream file(oldest, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(40);
  file.put('!');
  file.close();
  const auto spool = open_spool(options);
  spool->seek(1);
  const auto record = spool->next();
  REQUIRE(record);
  std::vector<std::byte> bytes((*record)->length);
  const Result<void> read = spool->read(**record, bytes);
  REQUIRE_FALSE(read);
  CHECK(read.message() == "`" + oldest + "` is damaged at byte 16, in message 1");
}

// In a child process: appends from where the spool stands, and says after each sync how far it is.
[[noreturn]] void append_until_killed(const SpoolOptions& options, int told) {
  auto spool = Spool::open(options);
  if (!spool) ::_exit(1);
  for (;;) {
    for (int i = 0; i < 20; ++i) {
      const std::vector<std::byte> bytes =
          numbered_message((*spool)->last_number() + 1, kLengthMax);
      const std::span<const std::byte> parts[] = {bytes};
      if (!(*spool)->append(parts)) ::_exit(1);
    }
    if (!(*spool)->sync()) ::_exit(1);
    const std::uint64_t synced = (*spool)->synced_through();
    if (::write(told, &synced, sizeof synced) != sizeof synced) ::_exit(1);
  }
}

TEST_CASE("killed at any point, a spool has all that it said was synced, once and in order") {
  const Folder folder("spool_kill_test");
  const SpoolOptions options{.folder = folder.path(), .segment_bytes = 20'000};
  std::mt19937 random(11);
  std::uint64_t checked_through = 0;
  for (int life = 0; life < 40; ++life) {
    int pipe_fds[2];
    REQUIRE(::pipe(pipe_fds) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) append_until_killed(options, pipe_fds[1]);
    ::close(pipe_fds[1]);
    std::uint64_t synced = 0;
    for (unsigned syncs = 1 + random() % 4; syncs > 0; --syncs) {
      REQUIRE(::read(pipe_fds[0], &synced, sizeof synced) == sizeof synced);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(pipe_fds[0], &synced, sizeof synced) == sizeof synced) {
    }
    ::close(pipe_fds[0]);
    const auto spool = open_spool(options);
    CHECK(spool->last_number() >= synced);
    for (std::uint64_t i = checked_through + 1; i <= spool->last_number(); ++i) {
      REQUIRE(read_one(*spool) == i);
    }
    checked_through = spool->last_number();
    spool->acknowledge(checked_through);
    REQUIRE(spool->sync());
  }
  CHECK(checked_through > 1000);
}

// A mount of `bytes` at the folder, for this process alone.
bool mount_small_disk(const std::string& folder, std::uint64_t bytes) {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("small", folder.c_str(), "tmpfs", 0, ("size=" + std::to_string(bytes)).c_str()) == 0;
}

// In a child process: a spool with little room on its disk and much in its options. 77: there can be no such disk.
int fill_and_deliver(const std::string& disk) {
  if (!mount_small_disk(disk, std::uint64_t{256} << 10)) return 77;
  SpoolOptions options{.folder = disk + "/spool"};
  std::uint64_t number = 0;
  std::uint64_t delivered = 0;
  for (int life = 0; life < 10; ++life) {
    options.segment_bytes = life < 5 ? std::uint64_t{8} << 20 : 20'000;
    auto opened = Spool::open(options);
    if (!opened || (*opened)->last_number() != number) return 2;
    Spool& spool = **opened;
    spool.seek(delivered + 1);  // As a link does: what was acknowledged last need not be on disk.
    for (int filling = 0; filling < 4; ++filling) {
      std::uint64_t appended = 0;
      for (;; ++appended) {
        const std::vector<std::byte> bytes = numbered_message(number + 1, kLengthMax);
        const std::span<const std::byte> parts[] = {bytes};
        if (!spool.append(parts)) break;
        ++number;
      }
      if (filling > 0 && appended < 300) return 3;
      if (!spool.sync()) return 4;
      // Sometimes it is ended with messages that are not delivered, and then with one that is not acknowledged.
      const bool is_last = filling == 3;
      while (delivered < number - (is_last && life % 2 == 0 ? 5 : 0)) {
        if (read_one(spool) != delivered + 1) return 5;
        ++delivered;
      }
      spool.acknowledge(delivered - (is_last && life == 3 ? 1 : 0));
      if (life % 2 == 1 && !spool.sync()) return 6;
    }
    if (life == 3) --delivered;
  }
  return number > 10 * 3 * 300 ? 0 : 7;
}

TEST_CASE("a disk that is full can be written again when all has been delivered") {
  const Folder folder("spool_disk_test");
  fs::create_directory(folder.path());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(fill_and_deliver(folder.path()));
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) {
    MESSAGE("skipped: no file system can be mounted");
  } else {
    CHECK(WEXITSTATUS(status) == 0);
  }
}

// ---- in front of a link ----

std::vector<ChannelOptions> spooled(std::unique_ptr<Spool> spool) {
  std::vector<ChannelOptions> channels;
  channels.push_back(sender("c"));
  channels.back().spool = std::move(spool);
  return channels;
}

// In a child process: sends numbered messages from where its spool stands, until `last` is on its way.
[[noreturn]] void send_until_killed(const SpoolOptions& options, const std::string& address,
                                    std::uint64_t last) {
  auto spool = Spool::open(options);
  if (!spool) ::_exit(1);
  Node node({.name = "b",
             .peer = "a",
             .address = address,
             .channels = spooled(std::move(*spool)),
             .timing = quick_timing()});
  while (node.link->last_number(0) < last) {
    const auto bytes = numbered_message(node.link->last_number(0) + 1, kLengthMax);
    if (!send(*node.link, 0, bytes)) ::_exit(1);
    if (node.link->last_number(0) % 64 == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
  }
  for (;;) ::pause();
}

// In a child process without threads: starts a sender, kills it, starts the next.
[[noreturn]] void keep_killing_senders(const SpoolOptions& options, const std::string& address,
                                       std::uint64_t last) {
  std::mt19937 random(5);
  for (;;) {
    const pid_t child = ::fork();
    if (child == 0) send_until_killed(options, address, last);
    std::this_thread::sleep_for(std::chrono::milliseconds(streamtest::kPatience * (10 + random() % 80)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
}

TEST_CASE("a sender that is killed again and again delivers each message once, in order") {
  constexpr std::uint64_t kLast = 20'000;
  const Folder folder("spool_link_test");
  // Forked first, as processes with threads must not fork.
  int pipe_fds[2];
  REQUIRE(::pipe(pipe_fds) == 0);
  const pid_t killer = ::fork();
  REQUIRE(killer >= 0);
  if (killer == 0) {
    ::setpgid(0, 0);
    char address[64] = {};
    if (::read(pipe_fds[0], address, sizeof address) <= 0) ::_exit(1);
    keep_killing_senders({.folder = folder.path(), .segment_bytes = 50'000}, address, kLast);
  }
  ::setpgid(killer, killer);
  std::uint64_t received = 0;
  bool is_sound = true;
  {
    std::vector<ChannelOptions> channels;
    channels.push_back(receiver("c"));
    Node acceptor({.name = "a", .peer = "b", .channels = std::move(channels), .timing = quick_timing()});
    const std::string address = acceptor.hub->listen_address();
    REQUIRE(::write(pipe_fds[1], address.c_str(), address.size() + 1) > 0);
    CHECK(acceptor.activity.wait_until(
        [&] {
          while (const auto message = acceptor.link->try_receive(0)) {
            ++received;
            if (message->number != received ||
                number_of(message->bytes(), kLengthMax) != received) {
              is_sound = false;
            }
          }
          return received >= kLast;
        },
        60000));
    CHECK(acceptor.link->status().connections > 1);
    MESSAGE("connections ", acceptor.link->status().connections);
  }
  ::kill(-killer, SIGKILL);
  ::waitpid(killer, nullptr, 0);
  ::close(pipe_fds[0]);
  ::close(pipe_fds[1]);
  CHECK(is_sound);
  CHECK(received == kLast);
}

// In a child process, with nobody at the other end: sends, and says how far it has synced.
[[noreturn]] void send_into_outage(const SpoolOptions& options, const std::string& address, int told) {
  auto spool = Spool::open(options);
  if (!spool) ::_exit(1);
  const Spool& kept = **spool;
  Node node({.name = "b",
             .peer = "a",
             .address = address,
             .channels = spooled(std::move(*spool)),
             .timing = quick_timing()});
  std::uint64_t told_through = 0;
  for (;;) {
    for (int i = 0; i < 8; ++i) {
      const auto bytes = numbered_message(node.link->last_number(0) + 1, kLengthMax);
      if (!send(*node.link, 0, bytes)) ::_exit(1);
    }
    const std::uint64_t synced = kept.synced_through();
    if (synced != told_through && ::write(told, &synced, sizeof synced) != sizeof synced) ::_exit(1);
    told_through = synced;
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
}

// One life of such a sender, killed at a random point. Returns how far it had synced.
std::uint64_t kill_one(const SpoolOptions& options, const std::string& address, std::mt19937& random) {
  int pipe_fds[2];
  REQUIRE(::pipe(pipe_fds) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) send_into_outage(options, address, pipe_fds[1]);
  ::close(pipe_fds[1]);
  std::uint64_t synced = 0;
  // Some die before their first sync, or while they open the spool.
  if (random() % 8 != 0) {
    REQUIRE(::read(pipe_fds[0], &synced, sizeof synced) == sizeof synced);
  }
  std::this_thread::sleep_for(std::chrono::microseconds(random() % 6000));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  while (::read(pipe_fds[0], &synced, sizeof synced) == sizeof synced) {
  }
  ::close(pipe_fds[0]);
  return synced;
}

TEST_CASE("a sender that is killed at 500 points of an outage delivers all that was synced, once and in order") {
  constexpr int kKills = 500;
  const Folder folder("spool_outage_test");
  const SpoolOptions options{.folder = folder.path(), .segment_bytes = 100'000};
  std::mt19937 random(23);
  std::uint64_t synced = 0;
  int lives_with_syncs = 0;
  for (int life = 0; life < kKills; ++life) {
    const std::uint64_t through = kill_one(options, "127.0.0.1:9", random);
    CHECK((through == 0 || through > synced));
    lives_with_syncs += through != 0 ? 1 : 0;
    synced = std::max(synced, through);
  }
  CHECK(lives_with_syncs > kKills / 2);
  std::vector<ChannelOptions> channels;
  channels.push_back(receiver("c"));
  Node acceptor({.name = "a", .peer = "b", .channels = std::move(channels), .timing = quick_timing()});
  Node connector({.name = "b",
                  .peer = "a",
                  .address = acceptor.hub->listen_address(),
                  .channels = spooled(open_spool(options)),
                  .timing = quick_timing()});
  const std::uint64_t last = connector.link->last_number(0);
  CHECK(last >= synced);
  std::uint64_t received = 0;
  bool is_sound = true;
  CHECK(acceptor.activity.wait_until(
      [&] {
        while (const auto message = acceptor.link->try_receive(0)) {
          ++received;
          is_sound = is_sound && message->number == received &&
                     number_of(message->bytes(), kLengthMax) == received;
        }
        return received >= last;
      },
      60000));
  CHECK(is_sound);
  CHECK(received == last);
  MESSAGE("messages ", last, ", synced ", synced);
}

TEST_CASE("a receiver that was restarted without what it had taken is refused") {
  const Folder folder("spool_lost_receiver_test");
  const SpoolOptions options{.folder = folder.path()};
  Node connector({.name = "a", .peer = "b", .channels = spooled(open_spool(options)), .timing = quick_timing()});
  const auto receiving = [&] {
    return NodeOptions{.name = "b",
                       .peer = "a",
                       .address = connector.hub->listen_address(),
                       .channels = only(receiver("c")),
                       .timing = quick_timing()};
  };
  {
    Node first(receiving());
    REQUIRE(send(*connector.link, 0, numbered_message(1, kLengthMax)));
    REQUIRE(first.activity.wait_until([&] { return first.link->try_receive(0).has_value(); }));
    for (int i = 0; i < 2000 && !connector.link->is_delivered(0); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    REQUIRE(connector.link->is_delivered(0));
    CHECK(connector.link->counters(0).spooled == 0);
  }
  REQUIRE(connector.wait_for(LinkState::Connecting));
  REQUIRE(send(*connector.link, 0, numbered_message(2, kLengthMax)));
  CHECK(connector.link->counters(0).spooled == 1);
  CHECK_FALSE(connector.link->is_delivered(0));
  Node second(receiving());
  CHECK(second.wait_for(LinkState::Refused));
  CHECK(second.link->status().reason ==
        "`a` refused the link: `b` was restarted, and has lost the 1 messages of channel `c` that it had taken out of "
        "the spool: restart both sides, with an empty spool");
}

TEST_CASE("a receiver that was restarted goes on where its snapshot says") {
  const Folder folder("spool_receiver_test");
  const auto spool_options = SpoolOptions{.folder = folder.path(), .segment_bytes = 5000};
  std::uint64_t snapshot = 0;
  std::uint64_t sent = 0;
  // The sender's own lives and those of the receiver change together here, which loses nothing either.
  for (int life = 0; life < 4; ++life) {
    std::vector<ChannelOptions> channels;
    channels.push_back(receiver("c"));
    channels.back().acknowledge = Acknowledge::Explicit;
    channels.back().resume_after = snapshot;
    Node acceptor({.name = "a", .peer = "b", .channels = std::move(channels), .timing = quick_timing()});
    Node connector({.name = "b",
                    .peer = "a",
                    .address = acceptor.hub->listen_address(),
                    .channels = spooled(open_spool(spool_options)),
                    .timing = quick_timing()});
    CHECK(connector.link->last_number(0) == sent);
    for (int i = 0; i < 100; ++i) {
      REQUIRE(send(*connector.link, 0, numbered_message(++sent, kLengthMax)));
    }
    std::uint64_t received = snapshot;
    REQUIRE(acceptor.activity.wait_until([&] {
      while (const auto message = acceptor.link->try_receive(0)) {
        CHECK(message->number == ++received);
      }
      return received == sent;
    }));
    snapshot = sent - 30;  // What came later will be asked for again.
    acceptor.link->acknowledge(0, snapshot);
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }
  std::vector<ChannelOptions> channels;
  channels.push_back(receiver("c"));
  channels.back().resume_after = 5;
  Node acceptor({.name = "a", .peer = "b", .channels = std::move(channels), .timing = quick_timing()});
  Node connector({.name = "b",
                  .peer = "a",
                  .address = acceptor.hub->listen_address(),
                  .channels = spooled(open_spool(spool_options)),
                  .timing = quick_timing()});
  CHECK(connector.wait_for(LinkState::Refused));
  CHECK(connector.link->status().reason.find(
            "wants to go on behind message 5 of channel `c`, but those before") != std::string::npos);
}

}  // namespace
}  // namespace streamrt
