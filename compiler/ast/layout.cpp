#include "compiler/ast/layout.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "compiler/source/source.h"

namespace streamc {
namespace {

constexpr std::size_t kIndentColumns = 2;
constexpr std::uint8_t kEquals = Doc::kEqualsColumn;
constexpr std::uint8_t kHelp = Doc::kHelpColumn;

// A part still to be set.
struct Task {
  std::size_t indent = 0;
  bool is_flat = false;
  const Doc* doc = nullptr;
  std::size_t first_part = 0;  // Fill: where to go on.
};

class Setter {
 public:
  explicit Setter(std::size_t width) : width_(width) {}

  std::string run(const Doc& doc) {
    stack_.push_back({0, false, &doc, 0});
    while (!stack_.empty()) {
      const Task task = stack_.back();
      stack_.pop_back();
      set(task);
    }
    trim();
    align(kEquals);
    align(kHelp);
    return std::move(out_);
  }

 private:
  // Where a Column stands in the text.
  struct Stop {
    std::size_t offset = 0;
    std::uint8_t which = 0;
  };
  // A line that has the column in question.
  struct AlignedLine {
    std::size_t number = 0;
    std::size_t indent = 0;
    std::size_t column = 0;  // In characters.
    std::size_t width = 0;
    Stop* stop = nullptr;
  };

  std::vector<AlignedLine> lines_with(std::uint8_t which) {
    std::vector<AlignedLine> lines;
    std::size_t begin = 0;
    std::size_t number = 0;
    for (Stop& stop : stops_) {
      for (std::size_t end = out_.find('\n', begin); end < stop.offset; end = out_.find('\n', begin)) {
        begin = end + 1;
        ++number;
      }
      if (stop.which != which) continue;
      const std::string_view line = std::string_view(out_).substr(begin, out_.find('\n', begin) - begin);
      lines.push_back({number, line.find_first_not_of(' '), count_characters(line.substr(0, stop.offset - begin)),
                       count_characters(line), &stop});
    }
    return lines;
  }

  void align(std::uint8_t which) {
    const std::vector<AlignedLine> lines = lines_with(which);
    std::string aligned;
    std::size_t copied = 0;
    std::vector<std::pair<std::size_t, std::size_t>> inserted;  // Offset in the old text, blanks.
    for (std::size_t first = 0, last = 0; first < lines.size(); first = last) {
      std::size_t column = 0;
      for (last = first; last < lines.size() && lines[last].number == lines[first].number + (last - first) &&
                         lines[last].indent == lines[first].indent;
           ++last) {
        column = std::max(column, lines[last].column);
      }
      bool fits = true;
      for (std::size_t i = first; i < last; ++i) fits = fits && lines[i].width + column - lines[i].column <= width_;
      for (std::size_t i = first; fits && i < last; ++i) {
        const std::size_t offset = lines[i].stop->offset;
        aligned.append(out_, copied, offset - copied).append(column - lines[i].column, ' ');
        copied = offset;
        inserted.emplace_back(offset, column - lines[i].column);
      }
    }
    out_ = aligned.append(out_, copied);
    std::size_t shift = 0;
    auto next = inserted.begin();
    for (Stop& stop : stops_) {
      for (; next != inserted.end() && next->first <= stop.offset; ++next) shift += next->second;
      stop.offset += shift;
    }
  }

  void set(const Task& task) {
    const Doc& doc = *task.doc;
    switch (doc.kind) {
      case Doc::Kind::Text:
      case Doc::Kind::Aside: write(doc.text); return;
      case Doc::Kind::Column: stops_.push_back({out_.size(), doc.count}); return;
      case Doc::Kind::Verbatim: {
        if (at_line_begin_) out_.append(column_, ' ');
        at_line_begin_ = false;
        out_ += doc.text;
        const std::size_t last = doc.text.rfind('\n');
        if (last == std::string::npos) {
          column_ += count_characters(doc.text);
        } else {
          column_ = count_characters(std::string_view(doc.text).substr(last + 1));
        }
        return;
      }
      case Doc::Kind::Break:
        if (task.is_flat) {
          write(doc.text);
        } else {
          newline(1, task.indent);
        }
        return;
      case Doc::Kind::Newline: newline(doc.count, task.indent); return;
      case Doc::Kind::Concat: push_parts(doc, task.indent, task.is_flat); return;
      case Doc::Kind::Indent: push_parts(doc, task.indent + kIndentColumns, task.is_flat); return;
      case Doc::Kind::Group: {
        const Task flat{task.indent, true, &doc, 0};
        const bool is_flat = !doc.is_broken && (task.is_flat || fits(flat, true));
        push_parts(doc, task.indent, is_flat);
        return;
      }
      case Doc::Kind::Fill: set_fill(task); return;
    }
  }

  // One content, and the break behind it flat if the content behind that still fits.
  void set_fill(const Task& task) {
    const Doc& doc = *task.doc;
    std::size_t i = task.first_part;
    if (i >= doc.parts.size()) return;
    if (task.is_flat) {
      push_parts(doc, task.indent, true);
      return;
    }
    if (i > 0) {
      // `i` is a break: it is flat if the content behind it fits on the line.
      const Task next{task.indent, true, &doc.parts[i + 1], 0};
      width_used_by_break_ = count_characters(doc.parts[i].text);
      const bool is_flat = fits(next, false);
      width_used_by_break_ = 0;
      set({task.indent, is_flat, &doc.parts[i], 0});
      ++i;
    }
    if (i + 1 < doc.parts.size()) stack_.push_back({task.indent, false, &doc, i + 1});
    stack_.push_back({task.indent, false, &doc.parts[i], 0});
  }

  void push_parts(const Doc& doc, std::size_t indent, bool is_flat) {
    for (std::size_t i = doc.parts.size(); i-- > 0;) {
      stack_.push_back({indent, is_flat, &doc.parts[i], 0});
    }
  }

  // Whether `first`, and with `with_rest` what follows up to the next newline, fits on this line.
  bool fits(const Task& first, bool with_rest) const {
    std::size_t used = column_ + width_used_by_break_;
    std::vector<Task> work{first};
    std::size_t rest = with_rest ? stack_.size() : 0;
    while (used <= width_) {
      if (work.empty()) {
        if (rest == 0) return true;
        work.push_back(stack_[--rest]);
      }
      const Task task = work.back();
      work.pop_back();
      const Doc& doc = *task.doc;
      switch (doc.kind) {
        case Doc::Kind::Text: used += count_characters(doc.text); break;
        case Doc::Kind::Aside: break;
        case Doc::Kind::Column: break;
        case Doc::Kind::Verbatim: {
          const std::size_t end = doc.text.find('\n');
          used += count_characters(std::string_view(doc.text).substr(0, end));
          if (end != std::string::npos) return used <= width_;
          break;
        }
        case Doc::Kind::Break:
          if (!task.is_flat) return true;
          used += count_characters(doc.text);
          break;
        case Doc::Kind::Newline: return true;
        case Doc::Kind::Concat:
        case Doc::Kind::Indent:
        case Doc::Kind::Fill:
        case Doc::Kind::Group: {
          const bool is_flat = doc.kind == Doc::Kind::Group ? task.is_flat && !doc.is_broken
                                                            : task.is_flat;
          for (std::size_t i = doc.parts.size(); i-- > task.first_part;) {
            work.push_back({task.indent, is_flat, &doc.parts[i], 0});
          }
          break;
        }
      }
    }
    return false;
  }

  void write(std::string_view text) {
    if (at_line_begin_ && !text.empty()) {
      out_.append(column_, ' ');
      at_line_begin_ = false;
    }
    out_ += text;
    column_ += count_characters(text);
  }

  void newline(std::size_t count, std::size_t indent) {
    trim();
    out_.append(count, '\n');
    column_ = indent;
    at_line_begin_ = true;
  }

  void trim() {
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
  }

  std::size_t width_;
  std::string out_;
  std::size_t column_ = 0;
  bool at_line_begin_ = false;  // The indentation of this line is not written yet.
  std::size_t width_used_by_break_ = 0;
  std::vector<Task> stack_;
  std::vector<Stop> stops_;  // In the order of the text.
};

}  // namespace

std::string lay_out(const Doc& doc, std::size_t width_characters) {
  return Setter(width_characters).run(doc);
}

}  // namespace streamc
