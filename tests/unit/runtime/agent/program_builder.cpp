#include "tests/unit/runtime/agent/program_builder.h"

#include <fmt/format.h>

#include "runtime/base/value_text.h"
#include "runtime/connector/item_pointers.h"

namespace streamrt::test {

Outcome run(ProgramBuilder& builder, RunOptions options) {
  Outcome outcome;
  options.message = [&outcome](std::string_view line) { outcome.messages.emplace_back(line); };
  options.console.write = [&outcome](std::string_view text) { outcome.console += text; };
  options.capture = [&outcome](const CapturedItems& captured) {
    std::vector<std::string>& list = outcome.captured[captured.capture_index];
    const StreamBatch& items = captured.items;
    if (captured.is_end) {
      list.push_back(fmt::format("end@{}", items.stamps[0]));
      return;
    }
    ItemPointers pointers(*captured.type);
    for (std::int64_t i = 0; i < items.count; ++i) {
      std::string text;
      if (items.valid != nullptr && items.valid[i] == 0) {
        text = "hole";
      } else {
        append_value(text, *captured.type, pointers.at(items, i));
      }
      const std::int64_t stamp =
          items.stamps == nullptr ? items.first_position + i : items.stamps[i];
      list.push_back(fmt::format("{}@{}", text, stamp));
    }
  };
  const StreamProgram program = builder.program();
  outcome.status = run_program(program, options);
  return outcome;
}

}  // namespace streamrt::test
