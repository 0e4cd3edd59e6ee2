// Lines of a ByteInput, one by one, without their line ends.
#pragma once

#include <memory>
#include <string_view>

#include "runtime/connector/byte_input.h"

namespace streamrt {

class LineReader {
 public:
  explicit LineReader(std::unique_ptr<ByteInput> input) : input_(std::move(input)) {}

  enum class Next : std::uint8_t { Line, WouldBlock, AtEnd };
  // The next line, valid until the next call (for ever if the input is mapped). Bytes behind the
  // last line end are a line as well.
  Result<Next> next(std::string_view& line);

  // Number of the line that was read last, from 1.
  [[nodiscard]] std::int64_t line_number() const { return line_number_; }
  [[nodiscard]] const ByteInput& input() const { return *input_; }

 private:
  std::unique_ptr<ByteInput> input_;
  std::int64_t line_number_ = 0;
  std::size_t searched_bytes_ = 0;  // Of the available ones: they hold no line end.
};

}  // namespace streamrt
