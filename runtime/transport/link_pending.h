// A connection that somebody made to this node, until its first frame says who it is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/transport/link_hello.h"
#include "runtime/transport/link_stream.h"
#include "runtime/transport/wire.h"

namespace streamrt {

class PendingConnection final : private FrameReceiver {
 public:
  PendingConnection(std::unique_ptr<ByteStream> stream, std::int64_t deadline_ns)
      : stream_(std::move(stream)),
        address_(remote_address(stream_->fd())),
        deadline_ns_(deadline_ns) {}

  enum class Progress : std::uint8_t { Waits, SaidHello, Gone };
  Progress step(std::int64_t now_ns);
  // Why there will never be a hello, for the log of this side; empty: no reason yet, or only noise.
  // Told once.
  [[nodiscard]] std::string take_objection() { return std::exchange(objection_, {}); }
  [[nodiscard]] const SocketAddress& address() const { return address_; }

  [[nodiscard]] const Hello& hello() const { return *hello_; }
  // To be handed over, together with hello().
  [[nodiscard]] std::unique_ptr<ByteStream>& stream() { return stream_; }
  // Says why it must go; step() is Gone when that is said.
  void refuse(const Refusal& refusal);

  [[nodiscard]] std::int64_t deadline_ns() const { return deadline_ns_; }
  [[nodiscard]] int fd() const { return stream_->fd(); }
  [[nodiscard]] short events() const;

 private:
  Result<std::span<std::byte>> payload_memory(const FrameHeader& header) override;
  Result<void> receive_frame(const FrameHeader& header) override;
  Progress read_hello();
  Progress say_farewell(std::int64_t now_ns);
  Progress linger();

  std::unique_ptr<ByteStream> stream_;
  SocketAddress address_;  // Of the other side.
  std::int64_t deadline_ns_;
  std::string objection_;
  FrameDecoder decoder_;
  std::vector<std::byte> payload_;
  std::optional<Hello> hello_;
  std::vector<std::byte> farewell_;  // A refusal, on its way out.
  std::size_t farewell_written_ = 0;
  bool is_lingering_ = false;  // All was said; waits for the other side to hang up.
};

}  // namespace streamrt
