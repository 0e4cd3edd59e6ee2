// `print`: one item a line, as text; the `label` in front, if there is one.

#include <vector>

#include "runtime/base/leaves.h"
#include "runtime/base/value_text.h"
#include "runtime/connector/item_pointers.h"
#include "runtime/connector/registry.h"
#include "runtime/connector/text_output.h"

namespace streamrt {

namespace {

class PrintSink final : public Sink {
 public:
  PrintSink(const SinkOpening& opening, TextOutput& output)
      : type_(opening.type), item_(opening.type), output_(output) {
    if (const auto label = opening.arguments.text("label"); label && !label->empty()) {
      label_ = fmt::format("{}: ", *label);
    }
  }

  Result<void> write(const StreamBatch& items) override {
    for (std::int64_t i = 0; i < items.count; ++i) {
      if (items.valid != nullptr && items.valid[i] == 0) continue;
      output_.buffer() += label_;
      append_value(output_.buffer(), type_, item_.at(items, i));
      output_.buffer() += '\n';
    }
    return output_.written();
  }

 private:
  const StreamType& type_;
  ItemPointers item_;
  TextOutput& output_;
  std::string label_;
};

}  // namespace

Result<std::unique_ptr<Sink>> open_print_sink(const SinkOpening& opening) {
  Result<TextOutput*> output = console_of(opening);
  if (!output) return output.failure();
  return std::make_unique<PrintSink>(opening, **output);
}

// `lines.write`: as `print`, into a file.
Result<std::unique_ptr<Sink>> open_lines_sink(const SinkOpening& opening) {
  Result<TextOutput*> output = text_file_of(opening);
  if (!output) return output.failure();
  return std::make_unique<PrintSink>(opening, **output);
}

}  // namespace streamrt
