#include "runtime/agent/node_spools.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "runtime/agent/program_identity.h"
#include "runtime/agent/runner.h"
#include "runtime/base/clock.h"

namespace streamrt {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kEndedFlag = 1;
constexpr std::int64_t kInPiecesFlag = 2;
constexpr std::size_t kOwnerBytesMax = std::size_t{64} << 10;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kWaitToMention = 5 * kSecond;

std::string hash_text(const SemanticHash& hash) {
  std::string text;
  for (const std::byte byte : hash) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

// ---- the file `stream` ----

struct SpoolOwner {
  std::string version;  // All digits of the hash.
  std::string schema;
  std::uint64_t starts = 0;
};

std::string owner_file(const std::string& folder) { return folder + "/stream"; }

// Takes the next line of `rest`, which begins with `key`; nothing if it does not.
std::optional<std::string> take_line(std::string_view& rest, std::string_view key) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos || !rest.starts_with(key)) return std::nullopt;
  std::string value(rest.substr(key.size(), end - key.size()));
  rest.remove_prefix(end + 1);
  return value;
}

// Nothing if there is no such file, or none that is whole: it is written before the first message.
std::optional<SpoolOwner> read_owner(const std::string& folder) {
  const FileDescriptor file(::open(owner_file(folder).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return std::nullopt;
  std::string text(kOwnerBytesMax, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  std::string_view rest = std::string_view(text).substr(0, size < 0 ? 0 : static_cast<std::size_t>(size));
  const auto starts = take_line(rest, "starts ");
  const auto version = take_line(rest, "version ");
  const auto schema = take_line(rest, "schema ");
  if (!version || !schema || !starts) return std::nullopt;
  SpoolOwner owner{.version = *version, .schema = *schema};
  const char* const last = starts->data() + starts->size();
  const auto [end, problem] = std::from_chars(starts->data(), last, owner.starts);
  if (problem != std::errc() || end != last) return std::nullopt;
  return owner;
}

bool sync_folder(const std::string& path) {
  const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder.is_open() && ::fsync(folder.get()) == 0;
}

// The first line, so that it lies in one sector of the disk.
std::string starts_line(std::uint64_t starts) { return fmt::format("starts {:020}\n", starts); }

bool write_text(int file, const std::string& text) {
  return ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) && ::fdatasync(file) == 0;
}

// Renamed into place, so that it is whole or not there.
Result<void> write_owner(const std::string& folder, const SpoolOwner& owner) {
  const std::string path = owner_file(folder);
  const std::string fresh = path + ".new";
  const std::string text =
      starts_line(owner.starts) + fmt::format("version {}\nschema {}\n", owner.version, owner.schema);
  const FileDescriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  const bool is_written = file.is_open() && write_text(file.get(), text) &&
                          ::rename(fresh.c_str(), path.c_str()) == 0 && sync_folder(folder);
  if (!is_written) return fail("cannot write `{}`: {}", path, std::strerror(errno));
  return {};
}

// In place: a disk that the spool itself has filled has no room for another file.
Result<void> write_starts(const std::string& folder, std::uint64_t starts) {
  const std::string path = owner_file(folder);
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.is_open() && write_text(file.get(), starts_line(starts))) return {};
  return fail("cannot write `{}`: {}", path, std::strerror(errno));
}

// ---- names ----

std::string folder_name(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_plain) c = '_';
  }
  return text;
}

std::int32_t node_of_part(const StreamProgram& program, std::int32_t part) {
  return part < 0 ? -1 : program.processes[program.parts[part].process].node;
}

bool is_fed_by_others(const StreamProgram& program, std::int32_t node) {
  for (std::int32_t queue = 0; queue < program.queue_count; ++queue) {
    const std::int32_t writer = node_of_part(program, writer_part(program, queue));
    if (writer >= 0 && writer != node && node_of_part(program, reader_part(program, queue)) == node) {
      return true;
    }
  }
  return false;
}

// ---- looking ----

// A spool, what was sent, and whether there was a life before this one.
struct FoundSpool {
  NodeSpool opened;
  std::uint64_t starts_before = 0;
};

Result<FoundSpool> open_and_check(const StreamProgram& program, const SpoolPlace& place) {
  const StreamQueue& queue = program.queues[place.queue];
  std::error_code error;
  fs::create_directories(place.folder, error);
  if (error) return fail("cannot make the spool `{}`: {}", place.folder, error.message());
  auto spool = Spool::open({.folder = place.folder,
                            .limit_bytes = static_cast<std::uint64_t>(queue.spool_bytes)});
  if (!spool) return spool.failure();
  FoundSpool found;
  found.opened.spool = std::move(*spool);
  const SemanticHash own = semantic_hash(program);
  const std::optional<SpoolOwner> owner = read_owner(place.folder);
  if (owner) found.starts_before = owner->starts;
  if (found.opened.spool->last_number() == 0) return found;  // Nothing in it belongs to anybody.
  if (!owner) {
    return fail("the spool `{}` does not say whose it is: its file `stream` is missing or damaged", place.folder);
  }
  if (owner->version != hash_text(own) || owner->schema != queue_schema(queue)) {
    return fail("the spool `{}` is of another program, or of this one with other params: it has version {}, and this "
                "is version {}; let that program deliver what is in it, or delete the folder, and it is lost",
                place.folder, owner->version.substr(0, version_text(own).size()), version_text(own));
  }
  const auto last = found.opened.spool->last_message();
  if (!last) return last.failure();
  const std::optional<SentState> note = *last ? sent_note(**last) : std::nullopt;
  if (!note) return fail("the spool `{}` is damaged: its last message is none", place.folder);
  found.opened.sent = *note;
  return found;
}

bool is_delivered(const Spool& spool) { return spool.acknowledged_through() == spool.last_number(); }

std::string note_of(const char* stream, const NodeSpool& opened) {
  const std::uint64_t waiting = opened.spool->last_number() - opened.spool->acknowledged_through();
  return fmt::format("note: `{}` {}; {} messages wait in its spool", stream,
                     opened.sent.has_ended ? "had ended before the restart" : "goes on after a restart", waiting);
}

}  // namespace

// ---- notes behind messages ----

SentNote::SentNote(const SentState& state)
    : words_{state.stamp_floor,
             (state.has_ended ? kEndedFlag : 0) | (state.is_in_pieces ? kInPiecesFlag : 0)} {}

std::optional<SentState> sent_note(std::span<const std::byte> message) {
  std::int64_t words[2];
  if (message.size() < sizeof words) return std::nullopt;
  std::memcpy(words, message.last(sizeof words).data(), sizeof words);
  if ((words[1] & ~(kEndedFlag | kInPiecesFlag)) != 0) return std::nullopt;
  return SentState{.stamp_floor = words[0],
                   .has_ended = (words[1] & kEndedFlag) != 0,
                   .is_in_pieces = (words[1] & kInPiecesFlag) != 0};
}

// ---- spools ----

std::vector<SpoolPlace> spool_places(const StreamProgram& program, std::int32_t node,
                                     const std::string& folder) {
  std::vector<SpoolPlace> places;
  for (std::int32_t queue = 0; queue < program.queue_count; ++queue) {
    if (program.queues[queue].spool_bytes == 0) continue;
    const std::int32_t reader = node_of_part(program, reader_part(program, queue));
    if (node_of_part(program, writer_part(program, queue)) != node || reader < 0 || reader == node) continue;
    const std::string base = fmt::format("{}/{}/{}/{}", folder, folder_name(program.nodes[node].name),
                                         folder_name(program.nodes[reader].name),
                                         folder_name(program.queues[queue].name));
    std::string own = base;
    const auto is_taken = [&] {
      return std::any_of(places.begin(), places.end(), [&](const SpoolPlace& place) { return place.folder == own; });
    };
    for (int number = 2; is_taken(); ++number) own = fmt::format("{}-{}", base, number);
    places.push_back({queue, own});
  }
  return places;
}

Result<NodeSpool> open_node_spool(const StreamProgram& program, const SpoolPlace& place) {
  Result<FoundSpool> found = open_and_check(program, place);
  if (!found) return found.failure();
  found->opened.starts = found->starts_before + 1;
  const bool goes_on = found->opened.spool->last_number() > 0;
  const Result<void> written =
      goes_on ? write_starts(place.folder, found->opened.starts)
              : write_owner(place.folder, {.version = hash_text(semantic_hash(program)),
                                           .schema = queue_schema(program.queues[place.queue]),
                                           .starts = found->opened.starts});
  if (!written) return written.failure();
  return std::move(found->opened);
}

Result<NodeStart> look_at_spools(const StreamProgram& program, std::int32_t node,
                                 const std::string& folder) {
  NodeStart start;
  const std::vector<SpoolPlace> places = spool_places(program, node, folder);
  std::vector<SpoolPlace> delivered;
  std::size_t ended = 0;
  bool is_resumed = false;
  for (const SpoolPlace& place : places) {
    const Result<FoundSpool> found = open_and_check(program, place);
    if (!found) return found.failure();
    const NodeSpool& opened = found->opened;
    if (const std::uint64_t bytes = opened.spool->cut_bytes(); bytes > 0) {
      start.notes.push_back(fmt::format("warning: the spool of `{}` ends behind message {}: the {} bytes after it are no whole "
                                        "messages, as after a power cut, and were cut off",
                                        program.queues[place.queue].name, opened.spool->last_number(), bytes));
    }
    if (opened.spool->last_number() == 0) continue;
    if (opened.sent.has_ended) ++ended;
    if (opened.sent.has_ended && is_delivered(*opened.spool)) delivered.push_back(place);
    is_resumed = true;
    start.stamp_floor = std::max(start.stamp_floor, opened.sent.stamp_floor);
    start.notes.push_back(note_of(program.queues[place.queue].name, opened));
  }
  if (!places.empty() && delivered.size() == places.size()) {
    for (const SpoolPlace& place : delivered) remove_spool(place.folder);
    return NodeStart{};
  }
  if (!is_resumed) return start;
  if (ended == places.size() && !is_fed_by_others(program, node)) {
    start.only_delivers = true;
    return start;
  }
  const StreamNode& own = program.nodes[node];
  if (own.lost_on_restart == nullptr || own.lost_on_restart[0] != '\0') {
    return fail("node `{}` was started before, and cannot go on where it stopped: {}; to begin anew with all nodes, "
                "delete `{}/{}`, and what waits in it is lost",
                own.name, own.lost_on_restart == nullptr ? "it has no spool" : own.lost_on_restart, folder,
                folder_name(own.name));
  }
  if (own.follows == 0) {
    if (auto note = note_of_clock(own, start.stamp_floor, system_clock().utc_ns())) start.notes.push_back(std::move(*note));
  }
  return start;
}

std::optional<std::string> note_of_clock(const StreamNode& node, std::int64_t stamp_floor, std::int64_t utc_ns) {
  // Neither is negative where it matters, so that they can be subtracted.
  const std::int64_t behind_ns = std::max<std::int64_t>(stamp_floor, 0) - std::max<std::int64_t>(utc_ns, 0);
  if (behind_ns <= kWaitToMention) return std::nullopt;
  return fmt::format("warning: the clock is {} s behind what node `{}` sent before its restart: its sources wait until it "
                     "has caught up, unless it is set",
                     behind_ns / kSecond, node.name);
}

void remove_spool(const std::string& folder) {
  // Under another name first, so that a crash leaves no half of it.
  const std::string done = folder + ".done";
  std::error_code error;
  fs::remove_all(done, error);
  if (::rename(folder.c_str(), done.c_str()) != 0) return;
  const fs::path parent = fs::path(folder).parent_path();
  sync_folder(parent.string());
  fs::remove_all(done, error);
  // With the last of them go the folders of the two nodes.
  if (::rmdir(parent.c_str()) == 0) ::rmdir(parent.parent_path().c_str());
}

}  // namespace streamrt
