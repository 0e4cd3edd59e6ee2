#include "runtime/agent/loop_board.h"

#include <algorithm>

namespace streamrt {

namespace {

// version | flags | earliest (2 words) | counts (2 words each)
constexpr std::size_t kHeadWords = 4;
constexpr std::uint32_t kIsEmpty = 1;
constexpr std::uint32_t kIsUnwanted = 2;  // For good: a page begins without it.

std::size_t page_words(std::size_t crossing_count) { return kHeadWords + 2 * crossing_count; }

std::int32_t loop_count(const StreamProgram& program) {
  std::int32_t count = 0;
  for (std::int64_t i = 0; i < program.region_count; ++i) count = std::max(count, program.regions[i].loop);
  return count;
}

// A page is a sequence lock. Whoever reads a word of a page that is being written also sees that the version is odd, or
// a later one: words are released, and acquired in front of the second look at the version.
void put(std::atomic<std::uint32_t>* words, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  words[0].store(static_cast<std::uint32_t>(bits), std::memory_order_release);
  words[1].store(static_cast<std::uint32_t>(bits >> 32), std::memory_order_release);
}

std::int64_t get(const std::atomic<std::uint32_t>* words) {
  const std::uint64_t low = words[0].load(std::memory_order_acquire);
  const std::uint64_t high = words[1].load(std::memory_order_acquire);
  return static_cast<std::int64_t>(low | high << 32);
}

}  // namespace

std::vector<LoopCrossing> find_loop_crossings(const StreamProgram& program) {
  std::vector<const StreamRegion*> writers(static_cast<std::size_t>(program.queue_count), nullptr);
  for (std::int64_t i = 0; i < program.region_count; ++i) {
    const StreamRegion& region = program.regions[i];
    for (std::int32_t k = 0; k < region.output_count; ++k) {
      writers[static_cast<std::size_t>(region.outputs[k])] = &region;
    }
  }
  std::vector<LoopCrossing> crossings;
  for (std::int64_t i = 0; i < program.region_count; ++i) {
    const StreamRegion& region = program.regions[i];
    for (std::int32_t k = 0; region.loop != 0 && k < region.input_count; ++k) {
      const StreamRegion* const writer = writers[static_cast<std::size_t>(region.inputs[k])];
      if (writer == nullptr || writer->loop != region.loop || writer->part == region.part) continue;
      crossings.push_back({region.loop, region.inputs[k], writer->part, region.part});
    }
  }
  return crossings;
}

std::size_t LoopBoard::bytes(const StreamProgram& program) {
  const auto pages = static_cast<std::size_t>(loop_count(program)) * static_cast<std::size_t>(program.part_count);
  return pages * page_words(find_loop_crossings(program).size()) * sizeof(Word);
}

LoopBoard::LoopBoard(const StreamProgram& program, std::byte* memory)
    : part_count_(static_cast<std::int32_t>(program.part_count)),
      crossings_(find_loop_crossings(program)),
      parts_(static_cast<std::size_t>(loop_count(program)) + 1),
      memory_(memory) {
  for (std::int64_t i = 0; i < program.region_count; ++i) {
    std::vector<std::int32_t>& parts = parts_[static_cast<std::size_t>(program.regions[i].loop)];
    const bool is_known = std::find(parts.begin(), parts.end(), program.regions[i].part) != parts.end();
    if (program.regions[i].loop != 0 && !is_known) parts.push_back(program.regions[i].part);
  }
}

LoopBoard::Word* LoopBoard::page(std::int32_t loop, std::int32_t part) const {
  const auto index = static_cast<std::size_t>((loop - 1) * part_count_ + part);
  return reinterpret_cast<Word*>(memory_) + index * page_words(crossings_.size());
}

bool LoopBoard::publish(std::int32_t loop, std::int32_t part, const LoopSight& sight,
                        const std::vector<std::int64_t>& counts) {
  const std::optional<Page> before = read(loop, part);
  if (before && before->sight == sight && before->counts == counts) return false;
  Word* const words = page(loop, part);
  const std::uint32_t version = words[0].load(std::memory_order_relaxed);
  words[0].store(version + 1, std::memory_order_relaxed);  // Odd: being written.
  words[1].store((sight.is_empty ? kIsEmpty : 0) | (sight.is_wanted ? 0 : kIsUnwanted), std::memory_order_release);
  put(words + 2, sight.earliest);
  for (std::size_t i = 0; i < counts.size(); ++i) put(words + kHeadWords + 2 * i, counts[i]);
  words[0].store(version + 2, std::memory_order_release);
  return true;
}

// Nothing if it was never written, or is being written.
std::optional<LoopBoard::Page> LoopBoard::read(std::int32_t loop, std::int32_t part) const {
  const Word* const words = page(loop, part);
  const std::uint32_t version = words[0].load(std::memory_order_acquire);
  if (version == 0 || version % 2 != 0) return std::nullopt;
  Page page;
  const std::uint32_t flags = words[1].load(std::memory_order_acquire);
  page.sight.is_empty = (flags & kIsEmpty) != 0;
  page.sight.is_wanted = (flags & kIsUnwanted) == 0;
  page.sight.earliest = get(words + 2);
  for (std::size_t i = 0; i < crossings_.size(); ++i) page.counts.push_back(get(words + kHeadWords + 2 * i));
  if (words[0].load(std::memory_order_relaxed) != version) return std::nullopt;
  return page;
}

std::optional<LoopSight> LoopBoard::look(std::int32_t loop) const {
  std::vector<std::optional<Page>> pages(static_cast<std::size_t>(part_count_));
  LoopSight all{.is_empty = true, .earliest = INT64_MAX, .is_wanted = false};
  for (const std::int32_t part : parts_of(loop)) {
    std::optional<Page>& page = pages[static_cast<std::size_t>(part)];
    page = read(loop, part);
    if (!page) return std::nullopt;
    all.is_empty = all.is_empty && page->sight.is_empty;
    all.earliest = std::min(all.earliest, page->sight.earliest);
    all.is_wanted = all.is_wanted || page->sight.is_wanted;
  }
  for (std::size_t i = 0; i < crossings_.size(); ++i) {
    if (crossings_[i].loop != loop) continue;
    const std::int64_t sent = pages[static_cast<std::size_t>(crossings_[i].writer)]->counts[i];
    const std::int64_t received = pages[static_cast<std::size_t>(crossings_[i].reader)]->counts[i];
    if (received != kClosed && sent != received) return std::nullopt;
  }
  return all;
}

bool LoopBoard::is_wanted(std::int32_t loop) const {
  const std::vector<std::int32_t>& parts = parts_of(loop);
  return std::any_of(parts.begin(), parts.end(), [&](std::int32_t part) {
    return (page(loop, part)[1].load(std::memory_order_relaxed) & kIsUnwanted) == 0;
  });
}

}  // namespace streamrt
