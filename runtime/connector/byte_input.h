// Bytes of a file or of standard input, for connectors that read text.
//
// A regular file is mapped: all its bytes are there at once and live as long as the input. Pipes,
// terminals and devices are read piece by piece without ever blocking.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/connector/connector.h"

namespace streamrt {

class ByteInput {
 public:
  ByteInput() = default;
  ~ByteInput();
  ByteInput(const ByteInput&) = delete;
  ByteInput& operator=(const ByteInput&) = delete;

  // `-` is standard input. A failure names the path and, where it looks like a slip, the file
  // meant.
  static Result<std::unique_ptr<ByteInput>> open(std::string_view path);

  // Bytes that were read and not yet consumed. Valid until the next fill().
  [[nodiscard]] std::string_view available() const { return {data_ + begin_, end_ - begin_}; }
  void consume(std::size_t count) { begin_ += count; }

  enum class Fill : std::uint8_t { Grew, WouldBlock, AtEnd };
  // Reads more bytes behind the available ones.
  Result<Fill> fill();

  // The bytes live as long as this input: texts may point to them.
  [[nodiscard]] bool is_mapped() const { return is_mapped_; }
  // Nothing will ever come behind what is available.
  [[nodiscard]] bool is_complete() const { return is_complete_; }
  [[nodiscard]] int fd() const { return fd_; }
  // For messages: the path, or `standard input`.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Source::Progress progress() const;

 private:
  int fd_ = -1;
  std::string name_;
  bool is_mapped_ = false;
  bool is_complete_ = false;
  const char* data_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::vector<char> buffer_;  // Behind data_, unless mapped.
  void* mapping_ = nullptr;
  std::size_t mapping_size_ = 0;
  std::int64_t consumed_before_ = 0;  // Bytes that have left the buffer.
  std::int64_t total_bytes_ = 0;      // 0: unknown.
};

}  // namespace streamrt
