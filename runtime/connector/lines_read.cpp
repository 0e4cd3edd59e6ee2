// `lines.read`: the lines of a file or of standard input, as strings.
// `numbers.read`: one number a line, int or float; blank lines are passed over.

#include <optional>

#include "runtime/base/number_text.h"
#include "runtime/base/value_text.h"
#include "runtime/connector/line_reader.h"
#include "runtime/connector/registry.h"

namespace streamrt {

namespace {

class LineSource final : public Source {
 public:
  LineSource(const SourceOpening& opening, std::unique_ptr<ByteInput> input)
      : type_(*opening.description.type), host_(opening.host), reader_(std::move(input)) {}

  Result<SourceState> read(SourceItems& items) override {
    while (items.count < items.limit) {
      std::string_view line;
      const Result<LineReader::Next> next = reader_.next(line);
      if (!next) return next.failure();
      if (*next != LineReader::Next::Line) {
        // What is there goes first: a slow pipe must not hold back the lines before.
        if (items.count > 0) return SourceState::More;
        return *next == LineReader::Next::AtEnd ? SourceState::Ended : SourceState::Waiting;
      }
      take(items, line);
    }
    return SourceState::More;
  }

  WakeCondition wait_for() const override { return {reader_.input().fd(), std::nullopt}; }
  Progress progress() const override { return reader_.input().progress(); }

 private:
  void take(SourceItems& items, std::string_view line) {
    const auto tick = static_cast<std::size_t>(items.count);
    if (type_.kind == STREAM_TYPE_STRING) {
      const StreamText text = text_of(line);
      static_cast<StreamText*>(items.out.columns[0])[tick] =
          reader_.input().is_mapped() ? text : items.texts->copy(text);
      ++items.count;
      return;
    }
    if (trimmed(line).empty()) return;
    void* const leaf = static_cast<char*>(items.out.columns[0]) + tick * 8;
    if (!parse_value(line, type_, &leaf)) {
      host_.report_unreadable(
          items.first_position + items.count,
          fmt::format("{} line {}: `{}` is no {}", reader_.input().name(), reader_.line_number(),
                      line.substr(0, 40), type_text(type_)));
      if (items.out.valid == nullptr) return;
      items.out.valid[tick] = 0;
    }
    ++items.count;
  }

  const StreamType& type_;
  SourceHost& host_;
  LineReader reader_;
};

Result<std::unique_ptr<Source>> open_line_source(const SourceOpening& opening) {
  Result<std::unique_ptr<ByteInput>> input =
      ByteInput::open(opening.arguments.text("path").value_or("-"));
  if (!input) return input.failure();
  return std::make_unique<LineSource>(opening, std::move(*input));
}

}  // namespace

Result<std::unique_ptr<Source>> open_lines_source(const SourceOpening& opening) {
  if (opening.description.type->kind != STREAM_TYPE_STRING) {
    return fail("`lines.read` gives strings, not {}", type_text(*opening.description.type));
  }
  return open_line_source(opening);
}

Result<std::unique_ptr<Source>> open_numbers_source(const SourceOpening& opening) {
  const std::int32_t kind = opening.description.type->kind;
  if (kind != STREAM_TYPE_INT && kind != STREAM_TYPE_FLOAT) {
    return fail("`numbers.read` gives int or float, not {}", type_text(*opening.description.type));
  }
  return open_line_source(opening);
}

}  // namespace streamrt
