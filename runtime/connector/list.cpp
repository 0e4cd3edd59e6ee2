// `list`: items that stand in the program, or that a test gives. The compiled program's `evaluate`
// fills in the columns, so the source only copies them out.

#include <algorithm>
#include <cstring>

#include "runtime/base/leaves.h"
#include "runtime/connector/registry.h"

namespace streamrt {

namespace {

class ListSource final : public Source {
 public:
  explicit ListSource(const StreamSource& description) : description_(description) {}

  Result<SourceState> read(SourceItems& items) override {
    const std::int64_t count = std::min(items.limit, description_.list_count - next_);
    const auto leaves = leaves_of(*description_.type);
    const auto first = static_cast<std::size_t>(next_);
    const auto size = static_cast<std::size_t>(count);
    for (std::size_t leaf = 0; leaf < leaves.size() && size > 0; ++leaf) {
      const std::size_t item_size = leaf_item_size(leaves[leaf]);
      std::memcpy(items.out.columns[leaf],
                  static_cast<const char*>(description_.list_columns[leaf]) + first * item_size,
                  size * item_size);
    }
    if (items.out.valid != nullptr) {
      if (description_.list_valid != nullptr) {
        std::memcpy(items.out.valid, description_.list_valid + first, size);
      } else {
        std::memset(items.out.valid, 1, size);
      }
    }
    if (gives_stamps() && size > 0) {
      if (items.out.stamps != nullptr) {
        std::memcpy(items.out.stamps, description_.list_stamps + first,
                    size * sizeof(std::int64_t));
      }
      frontier_ = description_.list_stamps[next_ + count - 1];
    }
    items.count = count;
    next_ += count;
    return next_ == description_.list_count ? SourceState::Ended : SourceState::More;
  }

  bool gives_stamps() const override { return description_.list_stamps != nullptr; }
  std::int64_t frontier() const override { return frontier_; }
  std::optional<std::int64_t> end_stamp() const override {
    if (description_.list_has_end == 0) return std::nullopt;
    return description_.list_end_stamp;
  }

 private:
  const StreamSource& description_;
  std::int64_t next_ = 0;
  std::int64_t frontier_ = INT64_MIN;
};

}  // namespace

Result<std::unique_ptr<Source>> open_list_source(const SourceOpening& opening) {
  return std::make_unique<ListSource>(opening.description);
}

}  // namespace streamrt
