// `csv.read`: typed columns of a CSV file or of standard input, found by their names in the header.
//
// Fields may be quoted (RFC 4180: `""` is a quote, line ends may stand inside), lines may end in CR
// LF, and a byte order mark is passed over. A row that does not fit the type is a hole. A `time`
// field that gives the stamps also orders the rows: one older than the newest is late, and dropped.

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "runtime/base/closest_name.h"
#include "runtime/base/leaves.h"
#include "runtime/base/number_text.h"
#include "runtime/base/time_text.h"
#include "runtime/base/value_text.h"
#include "runtime/connector/byte_input.h"
#include "runtime/connector/registry.h"

namespace streamrt {

namespace {

// A field of the items and where it goes.
struct Target {
  const StreamType* type = nullptr;
  std::string name;  // The column, for messages.
  std::size_t first_leaf = 0;
  bool is_stamp = false;
};

// The first `separator` or line feed in [cursor, end), or end; eight bytes at a time.
const char* find_cell_end(const char* cursor, const char* end, char separator) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  const std::uint64_t separators = kOnes * static_cast<unsigned char>(separator);
  const std::uint64_t line_feeds = kOnes * '\n';
  const auto zero_bytes = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighBits; };
  while (std::endian::native == std::endian::little && end - cursor >= 8) {
    std::uint64_t word;
    std::memcpy(&word, cursor, sizeof word);
    const std::uint64_t hits = zero_bytes(word ^ separators) | zero_bytes(word ^ line_feeds);
    if (hits != 0) return cursor + std::countr_zero(hits) / 8;
    cursor += 8;
  }
  while (cursor != end && *cursor != separator && *cursor != '\n') ++cursor;
  return cursor;
}

// The columns of a table, as far as a message has room for them.
std::string column_list(const std::vector<std::string>& header) {
  constexpr std::size_t kNames = 20;
  constexpr std::size_t kBytes = 40;
  std::string text;
  for (std::size_t i = 0; i < std::min(header.size(), kNames); ++i) {
    if (i > 0) text += ", ";
    text += header[i].substr(0, kBytes);
    if (header[i].size() > kBytes) text += "…";
  }
  if (header.size() > kNames) text += fmt::format(" and {} more", header.size() - kNames);
  return text;
}

class CsvSource final : public Source {
 public:
  CsvSource(const SourceOpening& opening, std::unique_ptr<ByteInput> input, char separator,
            bool has_header)
      : description_(opening.description),
        host_(opening.host),
        input_(std::move(input)),
        separator_(separator),
        has_header_(has_header) {}

  // Of a file, before anything runs; of a pipe, once its first line has come.
  Result<bool> read_header();
  Result<SourceState> read(SourceItems& items) override;

  WakeCondition wait_for() const override { return {input_->fd(), std::nullopt}; }
  bool gives_stamps() const override { return description_.time_field >= 0; }
  std::int64_t frontier() const override { return newest_stamp_; }
  Progress progress() const override { return input_->progress(); }
  const ByteInput& input() const { return *input_; }

 private:
  enum class Row : std::uint8_t { Item, Hole, Dropped, Incomplete };

  Row read_row(SourceItems& items);
  bool read_cell(const Target& target, SourceItems& items, const char*& cursor, const char* end,
                 bool& is_incomplete);
  bool read_quoted(const char*& cursor, const char* end, std::string_view& text,
                   bool& is_incomplete);
  bool parse_time_cell(std::string_view text, std::int64_t& stamp);
  bool at_cell_end(const char* cursor, const char* end) const;
  const char* row_end(const char* cursor, const char* end) const;
  Result<void> bind_columns(const std::vector<std::string>& header);
  void report(SourceItems& items, std::string_view reason, std::string_view row);

  const StreamSource& description_;
  SourceHost& host_;
  std::unique_ptr<ByteInput> input_;
  char separator_;
  bool has_header_;
  bool is_bound_ = false;
  std::vector<const Target*> columns_;  // One entry a column of the file; null: nobody wants it.
  std::vector<Target> targets_;
  std::int64_t line_ = 1;  // Of the row at hand, counted from 1.
  std::int64_t newest_stamp_ = INT64_MIN;
  std::int64_t row_stamp_ = 0;
  std::string_view failed_cell_;
  std::string scratch_;  // A quoted cell without its quotes.
  bool cell_is_in_scratch_ = false;
  bool row_has_quotes_ = false;  // So line ends may stand inside its cells.
  char cached_date_[10] = {};    // Most rows have the date of the row before.
  std::int64_t cached_date_ns_ = 0;
};

bool CsvSource::at_cell_end(const char* cursor, const char* end) const {
  if (cursor == end) return input_->is_complete();
  return *cursor == separator_ || *cursor == '\n' ||
         (*cursor == '\r' && cursor + 1 != end && cursor[1] == '\n');
}

// Behind the line feed that ends the row at `cursor`; null if it has not come yet.
const char* CsvSource::row_end(const char* cursor, const char* end) const {
  bool in_quotes = false;
  for (; cursor != end; ++cursor) {
    if (*cursor == '"') in_quotes = !in_quotes;
    if (*cursor == '\n' && !in_quotes) return cursor + 1;
  }
  return input_->is_complete() ? end : nullptr;
}

// Reads a quoted cell from its opening quote on; the text is the input's where it holds no `""`.
bool CsvSource::read_quoted(const char*& cursor, const char* end, std::string_view& text,
                            bool& is_incomplete) {
  row_has_quotes_ = true;
  const char* const first = cursor + 1;
  const auto find_quote = [end](const char* from) {
    return static_cast<const char*>(std::memchr(from, '"', static_cast<std::size_t>(end - from)));
  };
  const char* quote = first == end ? nullptr : find_quote(first);
  cell_is_in_scratch_ = false;
  const char* copied = first;
  while (quote != nullptr && quote + 1 != end && quote[1] == '"') {
    if (!cell_is_in_scratch_) scratch_.clear();
    cell_is_in_scratch_ = true;
    scratch_.append(copied, static_cast<std::size_t>(quote + 1 - copied));
    copied = quote + 2;
    quote = copied == end ? nullptr : find_quote(copied);
  }
  if (quote == nullptr || (quote + 1 == end && !input_->is_complete())) {
    is_incomplete = !input_->is_complete();
    text = {first, static_cast<std::size_t>(end - first)};
    return false;
  }
  if (cell_is_in_scratch_) {
    scratch_.append(copied, static_cast<std::size_t>(quote - copied));
    text = scratch_;
  } else {
    text = {first, static_cast<std::size_t>(quote - first)};
  }
  cursor = quote + 1;
  return at_cell_end(cursor, end);
}

// `YYYY-MM-DD?HH:MM:SS` of the date seen last needs no calendar.
bool CsvSource::parse_time_cell(std::string_view text, std::int64_t& stamp) {
  const auto digit = [&text](std::size_t i) { return static_cast<unsigned char>(text[i] - '0'); };
  const auto two_digits = [&](std::size_t i) { return digit(i) * 10 + digit(i + 1); };
  if (text.size() == 19 && std::memcmp(text.data(), cached_date_, sizeof cached_date_) == 0 &&
      (text[10] == ' ' || text[10] == 'T') && text[13] == ':' && text[16] == ':' &&
      digit(11) <= 2 && digit(12) <= 9 && digit(14) <= 5 && digit(15) <= 9 && digit(17) <= 5 &&
      digit(18) <= 9 && two_digits(11) <= 23) {
    const int second_of_day = two_digits(11) * 3600 + two_digits(14) * 60 + two_digits(17);
    stamp = cached_date_ns_ + second_of_day * kNanosecondsPerSecond;
    return true;
  }
  const auto parsed = parse_time(text);
  if (!parsed) return false;
  stamp = *parsed;
  if (text.size() >= sizeof cached_date_) {
    if (const auto midnight = parse_time(text.substr(0, sizeof cached_date_))) {
      std::memcpy(cached_date_, text.data(), sizeof cached_date_);
      cached_date_ns_ = *midnight;
    }
  }
  return true;
}

// Reads the cell at `cursor` into tick `items.count`. False if it is no value of the target's type;
// the cursor then stands anywhere in the row.
bool CsvSource::read_cell(const Target& target, SourceItems& items, const char*& cursor,
                          const char* end, bool& is_incomplete) {
  const auto tick = static_cast<std::size_t>(items.count);
  void* const* const columns = items.out.columns + target.first_leaf;

  if (target.type->kind == STREAM_TYPE_FLOAT) {  // Fused: the number itself tells where it ends.
    double value;
    const std::size_t length =
        parse_float_prefix({cursor, static_cast<std::size_t>(end - cursor)}, value);
    if (length > 0 && at_cell_end(cursor + length, end)) {
      static_cast<double*>(columns[0])[tick] = value;
      cursor += length;
      return true;
    }
  }

  std::string_view text;
  if (cursor != end && *cursor == '"') {
    if (!read_quoted(cursor, end, text, is_incomplete)) {
      failed_cell_ = text;
      return false;
    }
  } else {
    cell_is_in_scratch_ = false;
    const char* const cell_end = find_cell_end(cursor, end, separator_);
    if (cell_end == end && !input_->is_complete()) {
      is_incomplete = true;
      return false;
    }
    text = {cursor, static_cast<std::size_t>(cell_end - cursor)};
    if (!text.empty() && text.back() == '\r' && (cell_end == end || *cell_end == '\n')) {
      text.remove_suffix(1);
    }
    cursor = cell_end;
  }
  failed_cell_ = text;

  if (target.type->kind == STREAM_TYPE_TIME) {
    std::int64_t stamp;
    if (!parse_time_cell(text, stamp)) return false;
    static_cast<std::int64_t*>(columns[0])[tick] = stamp;
    if (target.is_stamp) row_stamp_ = stamp;
    return true;
  }
  void* leaves[4];
  for (std::int32_t leaf = 0; leaf < target.type->leaf_count; ++leaf) {
    leaves[leaf] =
        static_cast<char*>(columns[leaf]) + tick * leaf_item_size(target.type->leaves[leaf]);
  }
  if (!parse_value(text, *target.type, leaves)) return false;
  const StreamLeaf& last_leaf = target.type->leaves[target.type->leaf_count - 1];
  if (last_leaf.kind == STREAM_LEAF_TEXT && (!input_->is_mapped() || cell_is_in_scratch_)) {
    auto* const stored = static_cast<StreamText*>(leaves[target.type->leaf_count - 1]);
    *stored = items.texts->copy(*stored);
  }
  return true;
}

void CsvSource::report(SourceItems& items, std::string_view reason, std::string_view row) {
  while (!row.empty() && (row.back() == '\n' || row.back() == '\r')) row.remove_suffix(1);
  constexpr std::size_t kLongestRow = 120;
  const bool is_cut = row.size() > kLongestRow;
  host_.report_unreadable(items.first_position + items.count,
                          fmt::format("{} line {}: {}: `{}{}`", input_->name(), line_, reason,
                                      row.substr(0, kLongestRow), is_cut ? "…" : ""));
}

CsvSource::Row CsvSource::read_row(SourceItems& items) {
  const std::string_view available = input_->available();
  const char* const begin = available.data();
  const char* const end = begin + available.size();
  const char* cursor = begin;
  row_has_quotes_ = false;
  bool is_incomplete = false;
  bool is_bad = false;
  std::string reason;

  // A blank line is no row, unless the file has one column and empty text is a value of it.
  const bool is_blank =
      *cursor == '\n' || (*cursor == '\r' && cursor + 1 != end && cursor[1] == '\n');
  const bool may_be_value = columns_.size() == 1 && columns_[0] != nullptr &&
                            (columns_[0]->type->kind == STREAM_TYPE_STRING ||
                             columns_[0]->type->kind == STREAM_TYPE_OPTION);
  if (is_blank && !may_be_value) {
    input_->consume(*cursor == '\n' ? 1 : 2);
    ++line_;
    return Row::Dropped;
  }

  std::size_t column = 0;
  for (;; ++column) {
    if (column == columns_.size()) {
      reason = fmt::format("more columns than the {} of the header", columns_.size());
      is_bad = true;
      break;
    }
    if (const Target* const target = columns_[column]) {
      if (!read_cell(*target, items, cursor, end, is_incomplete)) {
        if (is_incomplete) return Row::Incomplete;
        reason = failed_cell_.empty()
                     ? fmt::format("column `{}` is empty", target->name)
                     : fmt::format("`{}` in column `{}` is no {}", failed_cell_.substr(0, 40),
                                   target->name, type_text(*target->type));
        is_bad = true;
        break;
      }
    } else if (cursor != end && *cursor == '"') {
      std::string_view ignored;
      if (!read_quoted(cursor, end, ignored, is_incomplete)) {
        if (is_incomplete) return Row::Incomplete;
        reason = "text behind a closing quote, or a quote that is never closed";
        is_bad = true;
        break;
      }
    } else {
      cursor = find_cell_end(cursor, end, separator_);
    }
    if (cursor != end && *cursor == separator_) {
      ++cursor;
      continue;
    }
    break;
  }

  if (!is_bad) {
    if (cursor != end && *cursor == '\r') ++cursor;
    if (cursor == end && !input_->is_complete()) return Row::Incomplete;
    if (cursor != end) ++cursor;
    if (column + 1 < columns_.size()) {
      reason = fmt::format("{} of {} columns", column + 1, columns_.size());
      is_bad = true;
    }
  }
  if (is_bad) {
    cursor = row_end(begin, end);
    if (cursor == nullptr) return Row::Incomplete;
  }

  const std::string_view row(begin, static_cast<std::size_t>(cursor - begin));
  Row result = Row::Item;
  if (is_bad) {
    report(items, reason, row);
    row_stamp_ = newest_stamp_;  // It has none of its own that we could trust.
    result = items.out.valid == nullptr ? Row::Dropped : Row::Hole;
  } else if (gives_stamps()) {
    if (row_stamp_ < newest_stamp_) {
      std::string detail = fmt::format("{} line {}: ", input_->name(), line_);
      append_time(detail, row_stamp_);
      detail += " comes after ";
      append_time(detail, newest_stamp_);
      host_.report_late(detail);
      result = Row::Dropped;
    } else {
      newest_stamp_ = row_stamp_;
    }
  }
  line_ += is_bad || row_has_quotes_ ? std::count(row.begin(), row.end(), '\n') : 1;
  input_->consume(row.size());
  return result;
}

Result<SourceState> CsvSource::read(SourceItems& items) {
  if (!is_bound_) {
    const Result<bool> has_header = read_header();
    if (!has_header) return has_header.failure();
    if (!*has_header) return SourceState::Waiting;
  }
  while (items.count < items.limit) {
    const bool is_empty = input_->available().empty();
    const Row row = is_empty ? Row::Incomplete : read_row(items);
    if (row == Row::Incomplete) {
      // What is there goes first: a slow pipe must not hold back the rows before.
      if (items.count > 0) return SourceState::More;
      if (input_->is_complete() && is_empty) return SourceState::Ended;
      const Result<ByteInput::Fill> filled = input_->fill();
      if (!filled) return filled.failure();
      if (*filled == ByteInput::Fill::WouldBlock) return SourceState::Waiting;
      continue;
    }
    if (row == Row::Dropped) continue;
    const auto tick = static_cast<std::size_t>(items.count);
    if (items.out.valid != nullptr) items.out.valid[tick] = row == Row::Item ? 1 : 0;
    if (items.out.stamps != nullptr && gives_stamps()) items.out.stamps[tick] = row_stamp_;
    ++items.count;
  }
  return SourceState::More;
}

Result<bool> CsvSource::read_header() {
  for (;;) {
    const std::string_view available = input_->available();
    const char* const begin = available.data();
    const char* const end = begin + available.size();
    const char* const line_end = available.empty() ? nullptr : row_end(begin, end);
    if (line_end == nullptr) {
      if (input_->is_complete()) return fail("{} is empty: not even a header", input_->name());
      const Result<ByteInput::Fill> filled = input_->fill();
      if (!filled) return filled.failure();
      if (*filled == ByteInput::Fill::WouldBlock) return false;
      continue;
    }

    const char* cursor = begin;
    if (available.starts_with("\xef\xbb\xbf")) cursor += 3;
    std::vector<std::string> cells;
    for (;;) {
      std::string_view cell;
      bool is_incomplete = false;
      if (cursor != line_end && *cursor == '"') {
        if (!read_quoted(cursor, end, cell, is_incomplete)) {
          return fail("the header of {} has text behind a closing quote", input_->name());
        }
      } else {
        const char* const cell_end = find_cell_end(cursor, line_end, separator_);
        cell = {cursor, static_cast<std::size_t>(cell_end - cursor)};
        cursor = cell_end;
      }
      cells.emplace_back(trimmed(cell));
      if (cursor == line_end || *cursor != separator_) break;
      ++cursor;
    }
    const Result<void> bound = bind_columns(cells);
    if (!bound) return bound.failure();
    is_bound_ = true;
    if (has_header_) {
      input_->consume(static_cast<std::size_t>(line_end - begin));
      line_ += std::count(begin, line_end, '\n');
    } else if (available.starts_with("\xef\xbb\xbf")) {
      input_->consume(3);
    }
    return true;
  }
}

// Finds each field's column: of records by name, of tuples (and without a header) by position.
Result<void> CsvSource::bind_columns(const std::vector<std::string>& header) {
  const StreamType& type = *description_.type;
  const bool by_name = type.kind == STREAM_TYPE_RECORD && has_header_;
  std::vector<std::size_t> column_of_target;
  std::size_t leaf = 0;
  const auto add_target = [&](const StreamType& field_type, const char* name) -> Result<void> {
    if (!is_parsable(field_type)) {
      return fail("column `{}` of {} cannot hold a {}", name, input_->name(),
                  type_text(field_type));
    }
    std::size_t column = targets_.size();
    if (by_name) {
      const auto found = std::find(header.begin(), header.end(), name);
      if (found == header.end()) {
        return fail("{} has no column `{}`{}; its columns are {}", input_->name(), name,
                    closest_name_hint(name, header), column_list(header));
      }
      column = static_cast<std::size_t>(found - header.begin());
    } else if (column >= header.size()) {
      return fail("{} has {} columns, fewer than `{}` needs", input_->name(), header.size(),
                  type_text(type));
    }
    const bool is_stamp = static_cast<std::int32_t>(targets_.size()) == description_.time_field;
    targets_.push_back({&field_type, by_name ? name : header[column], leaf, is_stamp});
    column_of_target.push_back(column);
    leaf += static_cast<std::size_t>(field_type.leaf_count);
    return {};
  };

  if (type.kind == STREAM_TYPE_RECORD || type.kind == STREAM_TYPE_TUPLE) {
    for (const StreamField& field : fields_of(type)) {
      const bool has_outside_name = field.outside_name != nullptr && field.outside_name[0] != '\0';
      if (Result<void> added =
              add_target(*field.type, has_outside_name ? field.outside_name : field.name);
          !added) {
        return added;
      }
    }
  } else if (Result<void> added = add_target(type, header[0].c_str()); !added) {
    return added;
  }
  columns_.assign(header.size(), nullptr);
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (columns_[column_of_target[i]] != nullptr) {
      return fail("two fields of `{}` want column `{}` of {}", type_text(type), targets_[i].name,
                  input_->name());
    }
    columns_[column_of_target[i]] = &targets_[i];
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Source>> open_csv_source(const SourceOpening& opening) {
  const std::string_view path = opening.arguments.text("path").value_or("-");
  const std::string_view separator = opening.arguments.text("separator").value_or(",");
  if (separator.size() != 1 || separator == "\"" || separator == "\n") {
    return fail("the separator of `{}` must be one character, not `{}`", path, separator);
  }
  Result<std::unique_ptr<ByteInput>> input = ByteInput::open(path);
  if (!input) return input.failure();
  auto source = std::make_unique<CsvSource>(opening, std::move(*input), separator[0],
                                            opening.arguments.boolean("header").value_or(true));
  if (source->input().is_mapped()) {
    const Result<bool> header = source->read_header();
    if (!header) return header.failure();
  }
  return source;
}

}  // namespace streamrt
