// `csv.write`: a row for each item, under a header of the fields' (outside) names.

#include <vector>

#include "runtime/base/value_text.h"
#include "runtime/connector/item_pointers.h"
#include "runtime/connector/registry.h"
#include "runtime/connector/text_output.h"

namespace streamrt {

namespace {

class CsvSink final : public Sink {
 public:
  CsvSink(const SinkOpening& opening, TextOutput& output, char separator)
      : item_(opening.type), output_(output), separator_(separator) {
    const StreamType& type = opening.type;
    if (type.kind != STREAM_TYPE_RECORD && type.kind != STREAM_TYPE_TUPLE) {
      const std::string name = label_of(opening);
      columns_.push_back({&type, name.empty() ? "value" : name, 0});
      return;
    }
    std::size_t leaf = 0;
    for (const StreamField& field : fields_of(type)) {
      std::string name = field.outside_name == nullptr || field.outside_name[0] == '\0'
                             ? field.name
                             : field.outside_name;
      if (name.empty()) name = fmt::format("column{}", columns_.size() + 1);
      columns_.push_back({field.type, std::move(name), leaf});
      leaf += static_cast<std::size_t>(field.type->leaf_count);
    }
  }

  void write_header() {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) output_.buffer() += separator_;
      append_cell(columns_[i].name);
    }
    output_.buffer() += '\n';
  }

  Result<void> write(const StreamBatch& items) override {
    for (std::int64_t i = 0; i < items.count; ++i) {
      if (items.valid != nullptr && items.valid[i] == 0) continue;
      const void* const* const leaves = item_.at(items, i);
      for (const Column& column : columns_) {
        if (&column != &columns_.front()) output_.buffer() += separator_;
        append_item(column, leaves + column.first_leaf);
      }
      output_.buffer() += '\n';
    }
    return output_.written();
  }

 private:
  struct Column {
    const StreamType* type;
    std::string name;
    std::size_t first_leaf;
  };

  void append_item(const Column& column, const void* const* leaves) {
    const std::int32_t kind = column.type->kind;
    if (kind == STREAM_TYPE_FLOAT || kind == STREAM_TYPE_INT || kind == STREAM_TYPE_TIME) {
      append_value(output_.buffer(), *column.type, leaves);  // Never needs quotes.
      return;
    }
    if (kind == STREAM_TYPE_OPTION && *static_cast<const std::int8_t*>(leaves[0]) == 0) return;
    cell_.clear();
    append_value(cell_, *column.type, leaves);
    append_cell(cell_);
  }

  void append_cell(std::string_view text) {
    std::string& out = output_.buffer();
    const char special[] = {separator_, '"', '\n', '\r', '\0'};
    if (text.find_first_of(special) == std::string_view::npos) {
      out += text;
      return;
    }
    out += '"';
    for (const char c : text) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }

  ItemPointers item_;
  TextOutput& output_;
  char separator_;
  std::vector<Column> columns_;
  std::string cell_;
};

}  // namespace

Result<std::unique_ptr<Sink>> open_csv_sink(const SinkOpening& opening) {
  const std::string_view separator = opening.arguments.text("separator").value_or(",");
  if (separator.size() != 1 || separator == "\"" || separator == "\n") {
    return fail("the separator of `csv.write` must be one character, not `{}`", separator);
  }
  Result<TextOutput*> output = text_file_of(opening);
  if (!output) return output.failure();
  auto sink = std::make_unique<CsvSink>(opening, **output, separator[0]);
  // Of several writers of one file the first one's header stands.
  if (opening.arguments.boolean("header").value_or(true) && (*output)->is_empty())
    sink->write_header();
  return sink;
}

}  // namespace streamrt
