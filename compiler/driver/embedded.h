// Texts that are built into streamc: the library of the language (stdlib/*.stream) and the pages
// about messages (compiler/diag/explain/*.md).
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace streamc {

struct EmbeddedText {
  std::string_view name;  // Of the file, without folder and extension: `csv`, `E0203`.
  std::string_view text;
};

// In the order of their names.
std::span<const EmbeddedText> library_texts();
std::span<const EmbeddedText> explanation_texts();

// The text of the library module of that name (`prelude`, `csv`).
std::optional<std::string_view> library_text(std::string_view module_name);
// The page about the message of that code (`E0203`; case does not matter).
std::optional<std::string_view> explanation_text(std::string_view code);

}  // namespace streamc
