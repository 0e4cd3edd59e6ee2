#include "tests/support/records.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "tests/support/read_value.h"
#include "tests/support/text_form.h"

namespace streamref {

using streamc::SourceOperator;
using streamc::Type;
using streamc::TypeId;
using streamc::TypeKind;
using streamc::TypeTable;

namespace {

std::optional<Value> argument(const SourceOperator& source, ItemEvaluator& items,
                              const std::string& name) {
  for (const streamc::NamedArgument& candidate : source.arguments) {
    if (candidate.name != name) continue;
    Value value = items.evaluate_constant(candidate.value);
    if (items.types().kind(value.type_id) == TypeKind::Option && value.present) {
      return value.parts.at(0);
    }
    return value.present ? std::optional(std::move(value)) : std::nullopt;
  }
  return std::nullopt;
}

std::string bytes_of(const SourceOperator& source, ItemEvaluator& items,
                     const StandardInput& standard_input) {
  const std::optional<Value> path = argument(source, items, "path");
  if (!path || path->text == "-") return standard_input ? standard_input() : "";
  std::ifstream file(path->text, std::ios::binary);
  if (!file) throw RunError("cannot open `" + path->text + "`");
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// Lines without their line ends; a last line without one counts.
std::vector<std::string> lines_of(const std::string& bytes) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    std::string line = bytes.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
    begin = end + 1;
  }
  return lines;
}

// ---- CSV ----------------------------------------------------------------------------------------

// A row's cells, or what is wrong with it.
struct CsvRow {
  std::vector<std::string> cells;
  bool is_malformed = false;
};

class CsvText {
 public:
  CsvText(std::string bytes, char separator) : bytes_(std::move(bytes)), separator_(separator) {
    if (bytes_.starts_with("\xef\xbb\xbf")) at_ = 3;
  }

  [[nodiscard]] bool at_end() const { return at_ >= bytes_.size(); }

  CsvRow next() {
    CsvRow row;
    const std::size_t begin = at_;
    for (;;) {
      if (!at_end() && bytes_[at_] == '"') {
        if (!read_quoted(row)) return skip_row(begin);
      } else {
        read_plain(row);
      }
      if (at_end()) return row;
      if (bytes_[at_] == separator_) {
        ++at_;
        continue;
      }
      if (bytes_[at_] == '\r') ++at_;
      ++at_;  // The line feed.
      return row;
    }
  }

 private:
  [[nodiscard]] bool at_cell_end() const {
    return at_end() || bytes_[at_] == separator_ || bytes_[at_] == '\n' ||
           (bytes_[at_] == '\r' && at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '\n');
  }

  void read_plain(CsvRow& row) {
    const std::size_t begin = at_;
    while (!at_end() && bytes_[at_] != separator_ && bytes_[at_] != '\n') ++at_;
    std::string cell = bytes_.substr(begin, at_ - begin);
    if (cell.ends_with('\r') && (at_end() || bytes_[at_] == '\n')) cell.pop_back();
    row.cells.push_back(std::move(cell));
  }

  bool read_quoted(CsvRow& row) {
    std::string cell;
    for (++at_; !at_end(); ++at_) {
      if (bytes_[at_] != '"') {
        cell += bytes_[at_];
      } else if (at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '"') {
        cell += bytes_[at_++];
      } else {
        ++at_;
        row.cells.push_back(std::move(cell));
        return at_cell_end();
      }
    }
    return false;
  }

  // To behind the first line feed outside quotes.
  CsvRow skip_row(std::size_t begin) {
    bool in_quotes = false;
    for (at_ = begin; !at_end(); ++at_) {
      if (bytes_[at_] == '"') in_quotes = !in_quotes;
      if (bytes_[at_] == '\n' && !in_quotes) {
        ++at_;
        break;
      }
    }
    return {.cells = {}, .is_malformed = true};
  }

  std::string bytes_;
  char separator_;
  std::size_t at_ = 0;
};

// A field of the items and the column it comes from.
struct Column {
  TypeId type_id;
  std::string name;
  std::size_t index = 0;
};

std::vector<Column> bind_columns(const TypeTable& types, TypeId type_id, bool has_header,
                                 const std::vector<std::string>& header) {
  const Type& type = types.get(type_id);
  std::vector<Column> columns;
  if (type.kind == TypeKind::Record) {
    for (const streamc::TypeField& field : type.fields) {
      columns.push_back({field.type_id, field.outside_name, columns.size()});
    }
  } else if (type.kind == TypeKind::Tuple) {
    for (const TypeId member : type.elements) {
      columns.push_back({member, "", columns.size()});
    }
  } else {
    columns.push_back({type_id, "", 0});
  }
  for (Column& column : columns) {
    if (type.kind == TypeKind::Record && has_header) {
      const auto found = std::find(header.begin(), header.end(), column.name);
      if (found == header.end()) throw RunError("there is no column `" + column.name + "`");
      column.index = static_cast<std::size_t>(found - header.begin());
    } else if (column.index >= header.size()) {
      throw RunError("there are only " + std::to_string(header.size()) + " columns");
    }
  }
  return columns;
}

// The item of a row, or why there is none.
Record read_row(const TypeTable& types, TypeId type_id, const std::vector<Column>& columns,
                std::size_t column_count, const CsvRow& row) {
  if (row.is_malformed) return {.failure = "text behind a closing quote"};
  if (row.cells.size() != column_count) {
    return {.failure = std::to_string(row.cells.size()) + " columns"};
  }
  std::vector<Value> values;
  for (const Column& column : columns) {
    std::optional<Value> value = parse_value(types, column.type_id, row.cells[column.index]);
    if (!value) return {.failure = "`" + row.cells[column.index] + "` does not fit"};
    values.push_back(std::move(*value));
  }
  const TypeKind kind = types.kind(type_id);
  if (kind == TypeKind::Record || kind == TypeKind::Tuple) {
    return {.cell = make_composite(type_id, std::move(values))};
  }
  return {.cell = values.at(0)};
}

std::vector<Record> read_csv(const SourceOperator& source, TypeId type_id, ItemEvaluator& items,
                             const StandardInput& standard_input) {
  const std::optional<Value> separator = argument(source, items, "separator");
  const std::optional<Value> header_argument = argument(source, items, "header");
  const bool has_header = !header_argument || header_argument->integer != 0;
  const std::string bytes = bytes_of(source, items, standard_input);
  CsvText text(bytes, separator ? separator->text.at(0) : ',');
  if (text.at_end()) throw RunError("the file is empty: not even a header");

  CsvRow header = text.next();
  for (std::string& name : header.cells) name = trim_space(name);
  const std::vector<Column> columns =
      bind_columns(items.types(), type_id, has_header, header.cells);
  if (!has_header) text = CsvText(bytes, separator ? separator->text.at(0) : ',');

  std::vector<Record> records;
  std::optional<std::int64_t> newest;
  while (!text.at_end()) {
    const CsvRow row = text.next();
    const bool is_blank = row.cells.size() == 1 && row.cells[0].empty() && !row.is_malformed;
    if (is_blank && header.cells.size() > 1) continue;
    Record record = read_row(items.types(), type_id, columns, header.cells.size(), row);
    if (source.has_time_field) {
      // The rows are in the order of their times: an older one is late, and no item. One that cannot
      // be read has no time of its own.
      if (record.cell) {
        const std::int64_t stamp = record.cell->parts.at(source.time_field).integer;
        if (newest && stamp < *newest) continue;
        newest = stamp;
      }
      record.stamp = newest.value_or(INT64_MIN);
    }
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<Record> read_lines(const SourceOperator& source, ItemEvaluator& items,
                               const StandardInput& standard_input) {
  std::vector<Record> records;
  for (std::string& line : lines_of(bytes_of(source, items, standard_input))) {
    records.push_back({.cell = make_string(items.types(), std::move(line))});
  }
  return records;
}

std::vector<Record> read_numbers(const SourceOperator& source, ItemEvaluator& items,
                                 const StandardInput& standard_input) {
  std::vector<Record> records;
  for (const std::string& line : lines_of(bytes_of(source, items, standard_input))) {
    if (trim_space(line).empty()) continue;
    const std::optional<double> number = parse_float(line);
    if (number) {
      records.push_back({.cell = make_float(items.types(), *number)});
    } else {
      records.push_back({.failure = "`" + line + "` is no number"});
    }
  }
  return records;
}

}  // namespace

std::vector<Record> read_records(const SourceOperator& source, TypeId type_id,
                                 ItemEvaluator& items, const StandardInput& standard_input) {
  if (source.is_live) {
    throw RunError("`" + source.connector +
                   "` is live: the reference interpreter runs recorded sources only");
  }
  if (source.connector == "csv.read") return read_csv(source, type_id, items, standard_input);
  if (source.connector == "lines.read") return read_lines(source, items, standard_input);
  if (source.connector == "numbers.read") return read_numbers(source, items, standard_input);
  throw RunError("the reference interpreter does not know the source `" + source.connector + "`");
}

}  // namespace streamref
