#include "compiler/parse/unit_words.h"

#include <array>

#include "compiler/ast/units.h"

namespace streamc {
namespace {

struct UnitWord {
  std::string_view written;
  std::string_view meant;
};
constexpr auto kUnitWords = std::to_array<UnitWord>({
    {"m", "min"},     {"mins", "min"},  {"minute", "min"}, {"minutes", "min"}, {"sec", "s"},
    {"secs", "s"},    {"second", "s"},  {"seconds", "s"},  {"hr", "h"},        {"hrs", "h"},
    {"hour", "h"},    {"hours", "h"},   {"H", "h"},        {"day", "d"},       {"days", "d"},
    {"D", "d"},       {"msec", "ms"},   {"millis", "ms"},  {"usec", "us"},     {"micros", "us"},
    {"hz", "Hz"},     {"HZ", "Hz"},     {"khz", "kHz"},    {"KHz", "kHz"},     {"mhz", "MHz"},
    {"Mhz", "MHz"},   {"ghz", "GHz"},   {"Ghz", "GHz"},    {"K", "KiB"},       {"KB", "kB"},
    {"kb", "kB"},     {"M", "MiB"},     {"mb", "MB"},      {"G", "GiB"},       {"gb", "GB"},
    {"b", "B"},
});

}  // namespace

std::string_view meant_unit(std::string_view word) {
  if (find_unit(word)) return word;
  for (const UnitWord& entry : kUnitWords) {
    if (entry.written == word) return entry.meant;
  }
  return {};
}

}  // namespace streamc
