// What loops look like once they are optimised: the work of a region stands in its loops, and no
// loop calls anything or looks at a queue.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/compiler/link/program_runs.h"

namespace streamtest {
namespace {

struct Block {
  std::string name;
  std::vector<std::string> lines;
};

// The blocks of `region.0.run`, in order.
std::vector<Block> blocks_of_region(const std::string& module_text) {
  std::vector<Block> blocks;
  std::istringstream lines(module_text);
  bool is_inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("@region.0.run(ptr") != std::string::npos && line.starts_with("define")) {
      is_inside = true;
    } else if (is_inside && line == "}") {
      break;
    } else if (is_inside && line.empty()) {
      continue;
    } else if (is_inside && line[0] != ' ') {
      blocks.push_back({line.substr(0, line.find(':')), {}});
    } else if (is_inside && !blocks.empty()) {
      blocks.back().lines.push_back(line);
    }
  }
  return blocks;
}

// Blocks of one loop, with those of the loops inside it.
using Loop = std::vector<std::size_t>;

std::vector<std::vector<std::size_t>> successors_of(const std::vector<Block>& blocks) {
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < blocks.size(); ++i) place[blocks[i].name] = i;
  std::vector<std::vector<std::size_t>> successors(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string& branch = blocks[i].lines.back();
    for (std::size_t at = branch.find("label %"); at != std::string::npos;
         at = branch.find("label %", at + 1)) {
      const std::size_t start = at + 7;
      const auto found = place.find(branch.substr(start, branch.find_first_of(", \n", start) - start));
      if (found != place.end()) successors[i].push_back(found->second);
    }
  }
  return successors;
}

// The outermost loops: blocks that reach each other.
std::vector<Loop> loops_of(const std::vector<Block>& blocks) {
  const auto successors = successors_of(blocks);
  std::vector<std::set<std::size_t>> reached(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    std::vector<std::size_t> worklist = successors[i];
    while (!worklist.empty()) {
      const std::size_t block = worklist.back();
      worklist.pop_back();
      if (!reached[i].insert(block).second) continue;
      worklist.insert(worklist.end(), successors[block].begin(), successors[block].end());
    }
  }
  std::vector<Loop> loops;
  std::set<std::size_t> seen;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (!reached[i].contains(i) || seen.contains(i)) continue;
    Loop loop;
    for (const std::size_t block : reached[i]) {
      if (reached[block].contains(i)) loop.push_back(block);
    }
    seen.insert(loop.begin(), loop.end());
    loops.push_back(loop);
  }
  return loops;
}

// Lines inside loops that call something other than an intrinsic.
std::vector<std::string> calls_in_loops(const std::vector<Block>& blocks) {
  std::vector<std::string> calls;
  for (const Loop& loop : loops_of(blocks)) {
    for (const std::size_t block : loop) {
      for (const std::string& line : blocks[block].lines) {
        const bool is_call = line.find("call ") != std::string::npos;
        const bool is_copy = line.find("@llvm.mem") != std::string::npos;
        if (is_call && (is_copy || line.find("@llvm.") == std::string::npos)) calls.push_back(line);
      }
    }
  }
  return calls;
}

std::size_t count_lines(const std::vector<Block>& blocks, const std::string& part) {
  std::size_t count = 0;
  for (const Block& block : blocks) {
    count += static_cast<std::size_t>(
        std::count_if(block.lines.begin(), block.lines.end(), [&](const std::string& line) {
          return line.find(part) != std::string::npos;
        }));
  }
  return count;
}

constexpr const char* kChain = R"(
x = items([1.0, 2.0])
x |> map(v => v * 1.5 + 0.5) |> map(v => v - 3.0) |> map(v => v * v)
  |> map(v => 0.25 * v) |> map(v => v + 7.0) |> where(v => v > 1.0) |> print()
)";

TEST_CASE("five maps and a filter are one loop over vectors, without a call") {
  for (const char* target : {"x86-64-v2", "x86-64-v3", "host"}) {
    CAPTURE(target);
    const std::vector<Block> blocks = blocks_of_region(llvm_text(kChain, target));
    CHECK(loops_of(blocks).size() == 1);
    CHECK(calls_in_loops(blocks).empty());
    CHECK(count_lines(blocks, "load <8 x double>") == 2);  // The loop, and the incomplete turn.
    CHECK(count_lines(blocks, "call void @stream_queue_reserve") == 1);
    CHECK(count_lines(blocks, "call void @stream_queue_commit") == 1);
    CHECK(count_lines(blocks, "@stream_arena_allocate") == 0);
  }
}

TEST_CASE("a sliding mean keeps its sums in vector registers, without a call") {
  const std::vector<Block> blocks = blocks_of_region(llvm_text(R"(
x = items([1.0, 2.0])
x |> window(1024, every: 1) |> mean |> print()
)"));
  CHECK(calls_in_loops(blocks).empty());
  CHECK(count_lines(blocks, "@stream_arena_allocate") == 0);
  CHECK(count_lines(blocks, "call void @stream_queue_reserve") == 1);
  // The tightest loop: eight items in, eight means out, and no other way through it.
  const auto successors = successors_of(blocks);
  bool has_tight_loop = false;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const bool is_loop = std::count(successors[i].begin(), successors[i].end(), i) > 0;
    has_tight_loop |= is_loop && count_lines({blocks[i]}, "shufflevector <8 x double>") == 3 &&
                      count_lines({blocks[i]}, "load <8 x double>") == 2 &&
                      count_lines({blocks[i]}, "store <8 x double>") == 2;
  }
  CHECK(has_tight_loop);
}

TEST_CASE("state is in registers while a loop runs") {
  const std::vector<Block> blocks = blocks_of_region(llvm_text(R"(
x = items([1.0, 2.0])
y = x + 0.5 * prev(y, init: 0.0)
y |> map(v => v * 2.0) |> print()
)"));
  const std::vector<Loop> loops = loops_of(blocks);
  REQUIRE(loops.size() == 1);
  REQUIRE(loops.front().size() == 1);
  CHECK(calls_in_loops(blocks).empty());
  CHECK(count_lines({blocks[loops.front().front()]}, "load double") == 1);
  CHECK(count_lines({blocks[loops.front().front()]}, "store double") == 1);
}

TEST_CASE("equal programs give equal bytes") {
  // The name of the program is part of the module, and each of these has one of its own.
  const auto text = [] { return blocks_of_region(llvm_text(kChain)); };
  const std::vector<Block> first = text();
  const std::vector<Block> second = text();
  REQUIRE(!first.empty());
  REQUIRE(first.size() == second.size());
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i].lines == second[i].lines);
}

}  // namespace
}  // namespace streamtest
