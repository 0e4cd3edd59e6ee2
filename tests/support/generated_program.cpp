#include "tests/support/generated_program.h"

#include <algorithm>
#include <cctype>

namespace streamgen {

namespace {

bool is_word_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

bool mentions(const std::string& text, const std::string& name) {
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const bool begins = at == 0 || !is_word_character(text[at - 1]);
    const std::size_t end = at + name.size();
    if (begins && (end == text.size() || !is_word_character(text[end]))) return true;
  }
  return false;
}

std::string Equation::right_side() const {
  return is_list ? "items([" + joined(elements) + "])" + suffix : text;
}

std::string GeneratedProgram::text() const {
  std::string body;
  for (const Equation& equation : equations) {
    body += joined(equation.names) + " = " + equation.right_side() + "\n";
  }
  for (const SinkLine& sink : sinks) body += sink.text + "\n";

  // What is used directly, and then what that uses.
  std::vector<bool> is_used(declarations.size());
  std::string reached = body;
  for (bool grew = true; grew;) {
    grew = false;
    for (std::size_t i = 0; i < declarations.size(); ++i) {
      if (is_used[i] || !mentions(reached, declarations[i].name)) continue;
      is_used[i] = true;
      reached += declarations[i].text;
      grew = true;
    }
  }
  std::string head = mentions(body, "csv") ? "import csv\n" : "";
  for (std::size_t i = 0; i < declarations.size(); ++i) {
    if (is_used[i]) head += declarations[i].text;
  }
  return head + body;
}

}  // namespace streamgen
