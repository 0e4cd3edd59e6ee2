#include "compiler/parse/foreign_words.h"

#include <algorithm>
#include <array>

namespace streamc {
namespace {

// Not listed: those with a message of their own (`def`, `lambda`, `while`, `elif`).
constexpr auto kForeignWords = std::to_array<ForeignWord>({
    {"assert", "tests state what must hold: `test \"name\" { expect a == b }`"},
    {"break", "a `for` runs to its end: choose what it runs over, or guard its body with `if`"},
    {"case", "compare with `if … { } else if … { }`"},
    {"catch", "`a else b` covers what fails in `a`"},
    {"class", "data is a `type Name = { … }`; something that keeps state is an `agent`"},
    {"const", "write only `name = value`: every name is set once"},
    {"continue", "guard the rest of the body with `if`"},
    {"do", "a block is `{ … }`"},
    {"except", "`a else b` covers what fails in `a`"},
    {"from", "write `import module`, then `module.name`"},
    {"global", "state belongs to an `agent`"},
    {"include", "write `import module`"},
    {"let", "write only `name = value`"},
    {"match", "compare with `if … { } else if … { }`"},
    {"pass", "an empty block is `{ }`"},
    {"raise", "`fail(\"why\")` fails the item"},
    {"struct", "a record is `type Name = { field: type }`"},
    {"switch", "compare with `if … { } else if … { }`"},
    {"throw", "`fail(\"why\")` fails the item"},
    {"try", "`a else b` covers what fails in `a`"},
    {"using", "write `import module`"},
    {"val", "write only `name = value`"},
    {"var", "write only `name = value`; what changes is the `state` of an `agent`"},
    {"yield", "an agent sends an item with `emit value`"},
});

}  // namespace

const ForeignWord* find_foreign_word(std::string_view word) {
  const auto found = std::find_if(kForeignWords.begin(), kForeignWords.end(),
                                  [&](const ForeignWord& entry) { return entry.word == word; });
  return found == kForeignWords.end() ? nullptr : &*found;
}

}  // namespace streamc
