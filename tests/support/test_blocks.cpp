#include "tests/support/test_blocks.h"

#include <cmath>
#include <optional>
#include <utility>

#include "tests/support/text_form.h"

namespace streamref {

using streamc::Expectation;
using streamc::TypeKind;
using streamc::TypeTable;

namespace {

// An element of what is expected, whether it was written as a list or comes from another stream.
struct Wanted {
  Cell cell;
  std::optional<std::int64_t> stamp;
};

// Equal, floats within the tolerance, durations and times within as many nanoseconds.
bool fits(const TypeTable& types, const Value& found, const Value& wanted,
          std::optional<double> tolerance) {
  if (tolerance) {
    if (found.parts.size() != wanted.parts.size() || found.present != wanted.present) return false;
    for (std::size_t i = 0; i < found.parts.size(); ++i) {
      if (!fits(types, found.parts[i], wanted.parts[i], tolerance)) return false;
    }
    const TypeKind kind = types.kind(found.type_id);
    if (kind == TypeKind::Float) {
      const double difference = std::fabs(found.real - wanted.real);
      return difference <= *tolerance || values_identical(types, found, wanted) ||
             found.real == wanted.real;
    }
    if (kind == TypeKind::Time || kind == TypeKind::Duration) {
      return std::fabs(static_cast<double>(found.integer) - static_cast<double>(wanted.integer)) <=
             *tolerance;
    }
    if (!found.parts.empty()) return true;
  }
  return values_equal(types, found, wanted) || values_identical(types, found, wanted);
}

std::string cell_text(const TypeTable& types, const Cell& cell) {
  return cell ? text_of(types, *cell) : "a failed item";
}

std::string compare(const TypeTable& types, const Capture& found, const std::vector<Wanted>& wanted,
                    std::optional<double> tolerance) {
  for (std::size_t i = 0; i < std::min(found.items.size(), wanted.size()); ++i) {
    const Cell& cell = found.items[i].cell;
    const bool same = cell.has_value() == wanted[i].cell.has_value() &&
                      (!cell || fits(types, *cell, *wanted[i].cell, tolerance));
    if (!same) {
      return "item " + std::to_string(i) + " is " + cell_text(types, cell) + ", not " +
             cell_text(types, wanted[i].cell);
    }
    if (wanted[i].stamp && *wanted[i].stamp != found.items[i].stamp) {
      return "item " + std::to_string(i) + " comes at " + time_text(found.items[i].stamp) +
             ", not at " + time_text(*wanted[i].stamp);
    }
  }
  if (found.items.size() != wanted.size()) {
    return std::to_string(found.items.size()) + " items, not " + std::to_string(wanted.size());
  }
  return "";
}

}  // namespace

TestOutcome run_test(const streamc::TestGraph& test, const streamc::CheckedProgram& program) {
  TestOutcome result;
  const RunOutcome run =
      interpret(test.graph, program, {.params = {}, .overrides = test.plan.overrides});
  result.error = run.error;
  if (!run.error.empty()) return result;

  for (const Expectation& expectation : test.plan.expectations) {
    std::vector<Wanted> wanted;
    if (expectation.other_capture_index) {
      for (const CapturedItem& item : run.captures.at(*expectation.other_capture_index).items) {
        wanted.push_back({item.cell, std::nullopt});
      }
    }
    for (const streamc::ExpectedElement& element : expectation.elements) {
      wanted.push_back({element.is_hole ? Cell() : Cell(element.value), element.stamp});
    }
    std::string problem = compare(program.types, run.captures.at(expectation.capture_index), wanted,
                                  expectation.tolerance);
    if (!problem.empty()) result.broken.push_back({expectation.text, std::move(problem)});
  }
  return result;
}

}  // namespace streamref
