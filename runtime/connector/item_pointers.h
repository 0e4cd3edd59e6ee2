// One item of a batch as the pointers that value_text.h wants: one for each leaf.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/leaves.h"

namespace streamrt {

class ItemPointers {
 public:
  explicit ItemPointers(const StreamType& type) {
    for (const StreamLeaf& leaf : leaves_of(type)) item_sizes_.push_back(leaf_item_size(leaf));
    pointers_.resize(item_sizes_.size());
  }

  // Valid until the next call.
  const void* const* at(const StreamBatch& items, std::int64_t index) {
    for (std::size_t leaf = 0; leaf < item_sizes_.size(); ++leaf) {
      pointers_[leaf] = static_cast<const char*>(items.columns[leaf]) +
                        static_cast<std::size_t>(index) * item_sizes_[leaf];
    }
    return pointers_.data();
  }

 private:
  std::vector<std::size_t> item_sizes_;
  std::vector<const void*> pointers_;
};

}  // namespace streamrt
