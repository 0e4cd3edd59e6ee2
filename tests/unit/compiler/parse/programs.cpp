#include "tests/unit/compiler/parse/programs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace streamc {

// Unit tests run at the root of the repository.
std::vector<Program> all_programs() {
  std::vector<Program> programs;
  for (const char* const folder : {"tests/unit/compiler/parse/programs", "stdlib", "examples"}) {
    if (!std::filesystem::is_directory(folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".stream") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      programs.push_back({entry.path().generic_string(),
                          std::string(std::istreambuf_iterator<char>(file), {})});
    }
  }
  std::sort(programs.begin(), programs.end(),
            [](const Program& a, const Program& b) { return a.name < b.name; });
  return programs;
}

}  // namespace streamc
