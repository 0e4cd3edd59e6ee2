#include "runtime/connector/line_reader.h"

#include <cstring>

namespace streamrt {

Result<LineReader::Next> LineReader::next(std::string_view& line) {
  for (;;) {
    const std::string_view available = input_->available();
    const std::size_t line_feed = available.find('\n', searched_bytes_);
    if (line_feed != std::string_view::npos || (input_->is_complete() && !available.empty())) {
      line = available.substr(0, line_feed);
      input_->consume(line_feed == std::string_view::npos ? available.size() : line_feed + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line_number_ == 0 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
      searched_bytes_ = 0;
      ++line_number_;
      return Next::Line;
    }
    searched_bytes_ = available.size();
    const Result<ByteInput::Fill> filled = input_->fill();
    if (!filled) return filled.failure();
    if (*filled == ByteInput::Fill::WouldBlock) return Next::WouldBlock;
    if (*filled == ByteInput::Fill::AtEnd && input_->available().empty()) return Next::AtEnd;
  }
}

}  // namespace streamrt
