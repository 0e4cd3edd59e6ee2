// A program in parts that can be taken away one by one: what the generator makes and shrink() works on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace streamgen {

// A type, function, aggregate, agent or graph. Written out only where something uses its name.
struct Declaration {
  std::string name;
  std::string text;
};

// `names = text`. A list source has its elements apart, so that they can be taken away.
struct Equation {
  std::vector<std::string> names;
  std::string text;                   // Not for lists.
  bool is_list = false;
  std::vector<std::string> elements;  // Lists only,
  std::string suffix;                 // and what stands after them: ` @ 10Hz`.

  [[nodiscard]] std::string right_side() const;
};

// A statement at the end of a pipe. Each line it prints begins with `tag` and a blank.
struct SinkLine {
  std::string tag;
  std::string text;
};

struct GeneratedProgram {
  std::uint64_t seed = 0;
  std::vector<Declaration> declarations;
  std::vector<Equation> equations;
  std::vector<SinkLine> sinks;

  // The source text. Declarations that nothing uses are left out.
  [[nodiscard]] std::string text() const;
};

// Whether `name` stands in `text` as a word of its own.
[[nodiscard]] bool mentions(const std::string& text, const std::string& name);

}  // namespace streamgen
