#include "tests/unit/tests/support/hand_built.h"

#include "tests/support/text_form.h"

namespace streamtest {

std::string HandBuilt::run(std::size_t index) const {
  const streamref::RunOutcome outcome = streamref::interpret(graph, program);
  if (!outcome.error.empty()) return outcome.error;
  std::string text;
  for (const streamref::CapturedItem& item : outcome.captures.at(index).items) {
    if (!text.empty()) text += ' ';
    text += item.cell ? streamref::text_of(program.types, *item.cell) : "hole";
  }
  return text;
}

}  // namespace streamtest
