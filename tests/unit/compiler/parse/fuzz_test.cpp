// The parser on damaged programs: it ends, it says what is wrong exactly when something is, and what
// still parses survives the formatter.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "tests/unit/compiler/parse/programs.h"

namespace streamc {
namespace {

constexpr auto kPieces = std::to_array<std::string_view>(
    {"(", ")", "[", "]", "{", "}", "|>", "|", "=", "==", "=>", "->", ":", ",", ".", "..", "\"", "'",
     "\n", " ", "\t", "#", "else", "if", "fn ", "agent ", "on ", "state ", "not ", "in ", "lambda ",
     "None", "def ", "while ", "class ", "elif ", ";", "&&", "||", "!", "++", "--", "5 min", "10m",
     "f\"", "t\"", "r\"", "{x", "}}", "\\", "\xc3\xa9", "\xe2\x80\x9c", "*", "**", "@", "?", "1e999",
     "emit ", "plate ", "test ", "merge o ", "import ", "type T = "});

class Damager {
 public:
  explicit Damager(std::uint64_t seed) : random_(seed) {}

  std::string damage(std::string text, const std::string& other) {
    const std::size_t count = 1 + pick(4);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = pick(text.size() + 1);
      switch (pick(6)) {
        case 0: text.insert(at, kPieces[pick(kPieces.size())]); break;
        case 1: text.erase(at, 1 + pick(3)); break;
        case 2: text.erase(at, pick(60)); break;
        case 3: text.insert(at, text.substr(pick(text.size() + 1), pick(60))); break;
        case 4: text.insert(at, other.substr(pick(other.size() + 1), pick(200))); break;
        default:
          if (at < text.size()) text[at] = static_cast<char>(pick(128));
      }
    }
    return text;
  }

  std::size_t pick(std::size_t count) { return count == 0 ? 0 : random_() % count; }

 private:
  std::mt19937_64 random_;
};

// STREAM_FUZZ_SEED and STREAM_FUZZ_RUNS in the environment choose other runs.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST_CASE("damaged programs") {
  const std::vector<Program> programs = all_programs();
  const std::uint64_t first_seed = from_environment("STREAM_FUZZ_SEED", 1);
  const std::uint64_t runs = from_environment("STREAM_FUZZ_RUNS", 400);
  for (std::uint64_t seed = first_seed; seed < first_seed + runs; ++seed) {
    Damager damager(seed);
    const std::string& base = programs[damager.pick(programs.size())].text;
    const std::string& other = programs[damager.pick(programs.size())].text;
    const std::string text = damager.damage(base.substr(0, 4000), other);
    CAPTURE(seed);
    const Parsed parsed(text);
    if (!parsed.result.ok) {
      CHECK_MESSAGE(parsed.sink.has_errors(), text);
      (void)parsed.messages();  // Rendering must cope with any place.
      continue;
    }
    CHECK_FALSE(parsed.sink.has_errors());
    const std::string once = parsed.formatted();
    const Parsed again(once);
    REQUIRE_MESSAGE(again.result.ok, text, "\n---\n", once, "\n---\n", again.messages());
    CHECK_MESSAGE(parsed.dump() == again.dump(), text, "\n---\n", once);
    CHECK_MESSAGE(once == again.formatted(), text, "\n---\n", once);
  }
}

}  // namespace
}  // namespace streamc
