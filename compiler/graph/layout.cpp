#include "compiler/graph/layout.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace streamc {
namespace {

constexpr int kSweeps = 12;
constexpr double kDummyHeight = 10;
constexpr double kLaneGap = 14;  // Between lines that go back.

// A box, or the place where a line passes a layer.
struct Item {
  std::size_t layer = 0;
  double height = 0;
  double y = 0;
  std::size_t lane = 0;
  std::size_t box = 0;
  bool is_dummy = false;
};

// Between items of neighbouring layers; heights from the upper edge of the item.
struct Piece {
  std::size_t from = 0;
  std::size_t to = 0;
  double from_height = 0;
  double to_height = 0;
};

class Placer {
 public:
  Placer(Layout& layout, const LayoutGaps& gaps) : layout_(layout), gaps_(gaps) {}

  void run() {
    if (layout_.boxes.empty() && layout_.lanes.empty()) return;
    break_cycles();
    find_layers();
    make_items();
    order_layers();
    place_vertically();
    place_horizontally();
    draw_ways();
  }

 private:
  // Marks edges that close a cycle. Iterative depth-first search, boxes in order.
  void break_cycles() {
    const std::size_t count = layout_.boxes.size();
    std::vector<std::vector<std::size_t>> out(count);
    for (std::size_t i = 0; i < layout_.edges.size(); ++i) {
      LayoutEdge& edge = layout_.edges[i];
      if (edge.from == edge.to) edge.goes_back = true;
      if (!edge.goes_back) out[edge.from].push_back(i);
    }
    std::vector<int> state(count, 0);  // 0 new, 1 on the path, 2 done.
    for (std::size_t root = 0; root < count; ++root) {
      if (state[root] != 0) continue;
      std::vector<std::pair<std::size_t, std::size_t>> path = {{root, 0}};
      state[root] = 1;
      while (!path.empty()) {
        auto& [box, next] = path.back();
        if (next == out[box].size()) {
          state[box] = 2;
          path.pop_back();
          continue;
        }
        LayoutEdge& edge = layout_.edges[out[box][next++]];
        if (state[edge.to] == 1) {
          edge.goes_back = true;
        } else if (state[edge.to] == 0) {
          state[edge.to] = 1;
          path.emplace_back(edge.to, 0);
        }
      }
    }
  }

  void find_layers() {
    // Longest path from the left; then boxes without a predecessor move next to their first reader.
    for (bool changed = true; changed;) {
      changed = false;
      for (const LayoutEdge& edge : layout_.edges) {
        if (edge.goes_back) continue;
        LayoutBox& to = layout_.boxes[edge.to];
        const std::size_t layer = layout_.boxes[edge.from].layer + 1;
        if (to.layer < layer) {
          to.layer = layer;
          changed = true;
        }
      }
    }
    std::vector<bool> has_predecessor(layout_.boxes.size());
    std::vector<std::size_t> first_reader(layout_.boxes.size(), SIZE_MAX);
    for (const LayoutEdge& edge : layout_.edges) {
      if (edge.goes_back) continue;
      has_predecessor[edge.to] = true;
      first_reader[edge.from] = std::min(first_reader[edge.from], layout_.boxes[edge.to].layer);
    }
    for (std::size_t i = 0; i < layout_.boxes.size(); ++i) {
      if (!has_predecessor[i] && first_reader[i] != SIZE_MAX) layout_.boxes[i].layer = first_reader[i] - 1;
    }
    for (const LayoutBox& box : layout_.boxes) layer_count_ = std::max(layer_count_, box.layer + 1);
  }

  void make_items() {
    layers_.resize(layer_count_);
    for (std::size_t i = 0; i < layout_.boxes.size(); ++i) {
      const LayoutBox& box = layout_.boxes[i];
      layers_[box.layer].push_back(items_.size());
      items_.push_back({.layer = box.layer, .height = box.height, .lane = box.lane, .box = i});
    }
    chains_.resize(layout_.edges.size());
    for (std::size_t i = 0; i < layout_.edges.size(); ++i) {
      const LayoutEdge& edge = layout_.edges[i];
      if (edge.goes_back) continue;
      std::size_t from = edge.from;
      double height = edge.from_height;
      for (std::size_t layer = layout_.boxes[edge.from].layer + 1; layer < layout_.boxes[edge.to].layer; ++layer) {
        const std::size_t dummy = items_.size();
        layers_[layer].push_back(dummy);
        items_.push_back(
            {.layer = layer, .height = kDummyHeight, .lane = layout_.boxes[edge.from].lane, .is_dummy = true});
        pieces_.push_back({from, dummy, height, kDummyHeight / 2});
        chains_[i].push_back(dummy);
        from = dummy;
        height = kDummyHeight / 2;
      }
      pieces_.push_back({from, edge.to, height, edge.to_height});
    }
    for (std::vector<std::size_t>& layer : layers_) {
      std::stable_sort(layer.begin(), layer.end(),
                       [this](std::size_t a, std::size_t b) { return items_[a].lane < items_[b].lane; });
    }
  }

  // Sorts each layer by where its neighbours stand, from the left and from the right in turn; keeps
  // the best order that was seen.
  void order_layers() {
    std::vector<std::vector<std::size_t>> best = layers_;
    std::size_t best_count = crossings();
    for (int sweep = 0; sweep < kSweeps && best_count > 0; ++sweep) {
      const bool from_left = sweep % 2 == 0;
      const std::vector<double> rank = ranks();
      std::vector<double> current = rank;
      for (std::size_t step = 1; step < layer_count_; ++step) {
        std::vector<std::size_t>& layer = layers_[from_left ? step : layer_count_ - 1 - step];
        std::vector<double> centre(items_.size(), -1);
        for (const std::size_t item : layer) {
          double sum = 0;
          double count = 0;
          for (const Piece& piece : pieces_) {
            const std::size_t here = from_left ? piece.to : piece.from;
            const std::size_t there = from_left ? piece.from : piece.to;
            if (here != item) continue;
            sum += current[there] + (from_left ? piece.from_height : piece.to_height) / 10000;
            count += 1;
          }
          centre[item] = count > 0 ? sum / count : current[item];
        }
        std::sort(layer.begin(), layer.end(), [&](std::size_t a, std::size_t b) {
          return std::tuple(items_[a].lane, centre[a], current[a]) < std::tuple(items_[b].lane, centre[b], current[b]);
        });
        for (std::size_t i = 0; i < layer.size(); ++i) current[layer[i]] = static_cast<double>(i);
      }
      const std::size_t count = crossings();
      if (count < best_count) {
        best_count = count;
        best = layers_;
      }
    }
    layers_ = best;
  }

  std::vector<double> ranks() const {
    std::vector<double> rank(items_.size());
    for (const std::vector<std::size_t>& layer : layers_) {
      for (std::size_t i = 0; i < layer.size(); ++i) rank[layer[i]] = static_cast<double>(i);
    }
    return rank;
  }

  std::size_t crossings() const {
    const std::vector<double> rank = ranks();
    std::size_t count = 0;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (items_[pieces_[i].from].layer != items_[pieces_[k].from].layer) continue;
        const auto at = [&](const Piece& piece, bool from) {
          return rank[from ? piece.from : piece.to] * 10000 + (from ? piece.from_height : piece.to_height);
        };
        const double left = at(pieces_[i], true) - at(pieces_[k], true);
        const double right = at(pieces_[i], false) - at(pieces_[k], false);
        if (left * right < 0) ++count;
      }
    }
    return count;
  }

  void place_vertically() {
    double top = gaps_.margin_above;
    const std::size_t lane_count = std::max<std::size_t>(layout_.lanes.size(), 1);
    for (std::size_t lane = 0; lane < lane_count; ++lane) top = place_lane(lane, top);
    layout_.height = top + gaps_.margin_above;
  }

  // The items of a lane, with its upper edge at `top`. Returns where its lower edge is.
  double place_lane(std::size_t lane, double top) {
    std::vector<std::vector<std::size_t>> layers(layer_count_);
    std::vector<std::size_t> all;
    for (std::size_t layer = 0; layer < layer_count_; ++layer) {
      double y = 0;
      for (const std::size_t item : layers_[layer]) {
        if (items_[item].lane != lane) continue;
        layers[layer].push_back(item);
        all.push_back(item);
        items_[item].y = y;
        y += items_[item].height + gaps_.between_boxes;
      }
    }
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      const bool from_left = sweep % 2 == 0;
      for (std::size_t step = 0; step < layer_count_; ++step) {
        align(layers[from_left ? step : layer_count_ - 1 - step], from_left, sweep == kSweeps - 1);
      }
    }
    LayoutLane none;
    LayoutLane& placed = layout_.lanes.empty() ? none : layout_.lanes[lane];
    placed.y = top + placed.above;
    double first = all.empty() ? 0 : items_[all.front()].y;
    for (const std::size_t item : all) first = std::min(first, items_[item].y);
    for (const std::size_t item : all) {
      items_[item].y += placed.y - first;
      placed.height = std::max(placed.height, items_[item].y + items_[item].height - placed.y);
    }
    return placed.y + placed.height + placed.below;
  }

  // Moves each item of a layer to where its lines would be straight, then apart again.
  void align(const std::vector<std::size_t>& layer, bool from_left, bool both) {
    for (const std::size_t item : layer) {
      double sum = 0;
      double count = 0;
      for (const Piece& piece : pieces_) {
        if (items_[piece.from].lane != items_[piece.to].lane) continue;
        // Lines between dummies count more: a long line should be straight.
        const double weight = items_[piece.from].is_dummy || items_[piece.to].is_dummy ? 3 : 1;
        if (piece.to == item && (from_left || both)) {
          sum += weight * (items_[piece.from].y + piece.from_height - piece.to_height);
          count += weight;
        }
        if (piece.from == item && (!from_left || both)) {
          sum += weight * (items_[piece.to].y + piece.to_height - piece.from_height);
          count += weight;
        }
      }
      if (count > 0) items_[item].y = sum / count;
    }
    const auto gap = [&](std::size_t upper, std::size_t lower) {
      const bool both_dummies = items_[upper].is_dummy && items_[lower].is_dummy;
      return both_dummies ? 6.0 : gaps_.between_boxes;
    };
    // Overlaps are shared between the upper and the lower one: down, up, and the mean of both.
    std::vector<double> down(layer.size());
    std::vector<double> up(layer.size());
    for (std::size_t i = 0; i < layer.size(); ++i) {
      down[i] = items_[layer[i]].y;
      if (i > 0) {
        down[i] = std::max(down[i], down[i - 1] + items_[layer[i - 1]].height + gap(layer[i - 1], layer[i]));
      }
    }
    for (std::size_t i = layer.size(); i-- > 0;) {
      up[i] = items_[layer[i]].y;
      if (i + 1 < layer.size()) {
        up[i] = std::min(up[i], up[i + 1] - items_[layer[i]].height - gap(layer[i], layer[i + 1]));
      }
    }
    for (std::size_t i = 0; i < layer.size(); ++i) items_[layer[i]].y = (down[i] + up[i]) / 2;
  }

  void place_horizontally() {
    double x = gaps_.margin;
    for (const std::vector<std::size_t>& layer : layers_) {
      double width = 0;
      for (const std::size_t item : layer) {
        if (!items_[item].is_dummy) width = std::max(width, layout_.boxes[items_[item].box].width);
      }
      layer_x_.push_back(x);
      layer_width_.push_back(width);
      for (const std::size_t item : layer) {
        if (items_[item].is_dummy) continue;
        LayoutBox& box = layout_.boxes[items_[item].box];
        box.x = x;
        box.y = items_[item].y;
      }
      x += width + gaps_.between_layers;
    }
    layout_.width = layers_.empty() ? 2 * gaps_.margin : x - gaps_.between_layers + gaps_.margin;
  }

  void draw_ways() {
    double lane = layout_.height;
    for (std::size_t i = 0; i < layout_.edges.size(); ++i) {
      LayoutEdge& edge = layout_.edges[i];
      const LayoutBox& from = layout_.boxes[edge.from];
      const LayoutBox& to = layout_.boxes[edge.to];
      const LayoutPoint begin{from.x + from.width, from.y + edge.from_height};
      const LayoutPoint end{to.x, to.y + edge.to_height};
      edge.way.push_back(begin);
      // Straight to where the widest box of the layer ends, so that no line runs behind a box.
      const LayoutPoint out{layer_x_[from.layer] + layer_width_[from.layer], begin.y};
      if (edge.goes_back) {
        const double right = out.x + kLaneGap * static_cast<double>(++turns_[from.layer]);
        const double left = end.x - 18;
        edge.way.push_back({right, begin.y});
        edge.way.push_back({right, lane});
        edge.way.push_back({left, lane});
        edge.way.push_back({left, end.y});
        lane += kLaneGap;
        right_ = std::max(right_, right);
      } else {
        if (out.x > begin.x) edge.way.push_back(out);
        for (const std::size_t dummy : chains_[i]) {
          const std::size_t layer = items_[dummy].layer;
          const double y = items_[dummy].y + kDummyHeight / 2;
          edge.way.push_back({layer_x_[layer], y});
          edge.way.push_back({layer_x_[layer] + layer_width_[layer], y});
        }
      }
      edge.way.push_back(end);
    }
    if (lane > layout_.height) layout_.height = lane + gaps_.margin_above - kLaneGap;
    layout_.width = std::max(layout_.width, right_ + gaps_.margin);
  }

  Layout& layout_;
  const LayoutGaps& gaps_;
  std::size_t layer_count_ = 0;
  std::vector<Item> items_;  // Boxes first, in their order.
  std::vector<std::vector<std::size_t>> layers_;  // Items from top to bottom.
  std::vector<Piece> pieces_;
  std::vector<std::vector<std::size_t>> chains_;  // The dummies of each edge.
  std::vector<double> layer_x_;
  std::vector<double> layer_width_;
  std::map<std::size_t, std::size_t> turns_;  // Lines that turn back behind a layer, so far.
  double right_ = 0;                          // Of those.
};

}  // namespace

void place_boxes(Layout& layout, const LayoutGaps& gaps) { Placer(layout, gaps).run(); }

}  // namespace streamc
