#include "compiler/driver/embedded.h"

#include <algorithm>
#include <cctype>

namespace streamc {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

std::optional<std::string_view> library_text(std::string_view module_name) {
  for (const EmbeddedText& text : library_texts()) {
    if (text.name == module_name) return text.text;
  }
  return std::nullopt;
}

std::optional<std::string_view> explanation_text(std::string_view code) {
  for (const EmbeddedText& text : explanation_texts()) {
    if (equal_ignoring_case(text.name, code)) return text.text;
  }
  return std::nullopt;
}

}  // namespace streamc
