#include "model/water/conditioning.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <queue>
#include <string>
#include <tuple>
#include <vector>

#include "model/run/error.hpp"
#include "model/run/parallel.hpp"
#include "model/water/flow.hpp"
#include "model/water/heights.hpp"
#include "model/water/passes.hpp"

namespace greenweave {

namespace {

constexpr std::int32_t nowhere = 0;  // the label of what lies outside the grid; flooded labels count from 1
constexpr std::int32_t unlabelled = 0, wall = -1;

/// Cells to flood, lowest first; equal ones by index.
class LowestFirst {
 public:
  void push(float level, std::int32_t index) {
    queue_.push(static_cast<std::uint64_t>(key_of(level)) << 32 | static_cast<std::uint32_t>(index));
  }
  std::int32_t pop() {
    const auto index = static_cast<std::int32_t>(queue_.top() & 0xffffffffU);
    queue_.pop();
    return index;
  }
  bool empty() const { return queue_.empty(); }

 private:
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> queue_;
};

struct Tile {
  std::int32_t row = 0, col = 0, rows = 0, cols = 0;
};

/// One tile flooded from its own rim and from outlets inside it, as if all of its rim were outlets. A label is what was
/// flooded from one seed.
class TileFlood {
 public:
  TileFlood(const Heights& heights, const Tile& tile)
      : heights_(heights), tile_(tile), stride_(tile.cols + 2), steps_(steps_of(stride_)) {
    const std::size_t padded = static_cast<std::size_t>(tile.rows + 2) * static_cast<std::size_t>(stride_);
    level_.assign(padded, no_height);
    label_.assign(padded, wall);
    for (std::int32_t r = 0; r < tile.rows; ++r)
      for (std::int32_t c = 0; c < tile.cols; ++c) {
        const float z = heights[heights.shape().cell(tile.row + r, tile.col + c)];
        level_[index(r, c)] = z;
        if (z != no_height)
          label_[index(r, c)] = unlabelled;
        else
          has_holes_ = true;
      }
  }

  void flood() {
    seed();
    std::vector<std::int32_t> pit, upslope;
    while (!pit.empty() || !queue_.empty()) {
      std::int32_t cell = 0;
      if (pit.empty()) {
        cell = queue_.pop();
        if (label(cell) == unlabelled) label(cell) = ++labels_;
      } else {
        cell = pit.back();
        pit.pop_back();
      }
      for (const std::int32_t step : steps_) {
        const std::int32_t next = cell + step;
        if (label(next) != unlabelled) continue;
        label(next) = label(cell);
        if (level(next) <= level(cell)) {
          level(next) = level(cell);
          pit.push_back(next);
        } else {
          upslope.push_back(next);
        }
      }
      // What lies uphill of a flooded cell drains to it, and needs no place in the queue unless lower ground adjoins.
      while (!upslope.empty()) {
        const std::int32_t here = upslope.back();
        upslope.pop_back();
        bool adjoins_lower = false;
        for (const std::int32_t step : steps_) {
          const std::int32_t next = here + step;
          if (label(next) != unlabelled) continue;
          if (level(next) > level(here)) {
            label(next) = label(here);
            upslope.push_back(next);
          } else {
            adjoins_lower = true;
          }
        }
        if (adjoins_lower) queue_.push(level(here), here);
      }
    }
  }

  std::int32_t labels() const { return labels_; }

  /// Spillovers between labels, and from outlets to nowhere, in the tile's own labels.
  std::vector<Pass> spillovers() {
    LowestPasses passes(4 * static_cast<std::size_t>(labels_) + 16);
    const std::array<std::int32_t, 4> forward{1, stride_ - 1, stride_, stride_ + 1};
    Pass last;
    for (std::int32_t r = 0; r < tile_.rows; ++r)
      for (std::int32_t c = 0; c < tile_.cols; ++c) {
        const auto cell = static_cast<std::int32_t>(index(r, c));
        const std::int32_t own = label(cell);
        if (own == wall) continue;
        for (const std::int32_t step : forward) {
          const std::int32_t other = label(cell + step);
          if (other == own || other == wall) continue;
          const Pass pass{
              std::min(own, other), std::max(own, other), std::max(level(cell), level(cell + step)), 0.0F, 0, 0};
          if (pass.a == last.a && pass.b == last.b && pass.level_m >= last.level_m) continue;
          last = pass;
          passes.add(pass);
        }
      }
    for (const std::int32_t cell : outlets_) passes.add({nowhere, label(cell), level(cell), 0.0F, 0, 0});
    return passes.take();
  }

  void write(Raster<float>& filled, std::vector<std::int32_t>& labels) const {
    for (std::int32_t r = 0; r < tile_.rows; ++r) {
      const auto to = static_cast<std::ptrdiff_t>(filled.shape.cell(tile_.row + r, tile_.col));
      const auto from = static_cast<std::ptrdiff_t>(index(r, 0));
      std::copy_n(label_.begin() + from, tile_.cols, labels.begin() + to);
      for (std::int32_t c = 0; c < tile_.cols; ++c)
        if (label_[index(r, c)] != wall)
          filled.values[static_cast<std::size_t>(to + c)] = level_[static_cast<std::size_t>(from + c)];
    }
  }

 private:
  static std::array<std::int32_t, 8> steps_of(std::int32_t stride) {
    std::array<std::int32_t, 8> steps{};
    for (std::size_t k = 0; k < 8; ++k) steps[k] = neighbour_steps[k].first * stride + neighbour_steps[k].second;
    return steps;
  }

  std::size_t index(std::int32_t r, std::int32_t c) const {
    return static_cast<std::size_t>(r + 1) * static_cast<std::size_t>(stride_) + static_cast<std::size_t>(c + 1);
  }
  float& level(std::int32_t i) { return level_[static_cast<std::size_t>(i)]; }
  std::int32_t& label(std::int32_t i) { return label_[static_cast<std::size_t>(i)]; }

  void seed() {
    const Shape& shape = heights_.shape();
    const auto look = [&](std::int32_t r, std::int32_t c, bool at_rim) {
      const auto cell = static_cast<std::int32_t>(index(r, c));
      if (label(cell) == wall) return;
      bool outlet = false;
      if (at_rim)
        outlet = is_outlet(heights_, shape.cell(tile_.row + r, tile_.col + c));
      else
        for (const std::int32_t step : steps_) outlet = outlet || label(cell + step) == wall;
      if (outlet) outlets_.push_back(cell);
      if (outlet || at_rim) queue_.push(level(cell), cell);
    };
    for (std::int32_t r = 0; r < tile_.rows; ++r) {
      const bool rim_row = r == 0 || r == tile_.rows - 1;
      // Inside, outlets are only beside holes.
      const std::int32_t stride = rim_row || has_holes_ ? 1 : std::max(1, tile_.cols - 1);
      for (std::int32_t c = 0; c < tile_.cols; c += stride) look(r, c, rim_row || c == 0 || c == tile_.cols - 1);
    }
  }

  const Heights& heights_;
  Tile tile_;
  std::int32_t stride_;
  std::array<std::int32_t, 8> steps_;
  std::vector<float> level_;
  std::vector<std::int32_t> label_;
  std::vector<std::int32_t> outlets_;
  LowestFirst queue_;
  std::int32_t labels_ = 0;
  bool has_holes_ = false;
};

std::vector<Tile> tiles_of(const Shape& shape, std::int32_t side) {
  std::vector<Tile> tiles;
  for (std::int32_t r = 0; r < shape.rows; r += side)
    for (std::int32_t c = 0; c < shape.cols; c += side)
      tiles.push_back({r, c, std::min(side, shape.rows - r), std::min(side, shape.cols - c)});
  return tiles;
}

/// For each label the lowest level over which it leaves the grid: the minimax path to `nowhere` over the passes.
std::vector<float> leaving_levels(std::int32_t labels, const std::vector<Pass>& passes) {
  const auto count = static_cast<std::size_t>(labels) + 1;
  std::vector<std::int64_t> begin(count + 1, 0);
  for (const Pass& pass : passes) {
    ++begin[static_cast<std::size_t>(pass.a) + 1];
    ++begin[static_cast<std::size_t>(pass.b) + 1];
  }
  for (std::size_t i = 1; i <= count; ++i) begin[i] += begin[i - 1];
  std::vector<std::pair<std::int32_t, float>> neighbours(static_cast<std::size_t>(begin.back()));
  std::vector<std::int64_t> at(begin.begin(), begin.end() - 1);
  for (const Pass& pass : passes) {
    neighbours[static_cast<std::size_t>(at[static_cast<std::size_t>(pass.a)]++)] = {pass.b, pass.level_m};
    neighbours[static_cast<std::size_t>(at[static_cast<std::size_t>(pass.b)]++)] = {pass.a, pass.level_m};
  }
  constexpr float lowest = std::numeric_limits<float>::lowest();
  std::vector<float> level(count, no_height);
  level[nowhere] = lowest;
  LowestFirst queue;
  std::vector<std::uint8_t> done(count, 0);
  queue.push(lowest, nowhere);
  while (!queue.empty()) {
    const auto here = static_cast<std::size_t>(queue.pop());
    if (done[here] != 0) continue;
    done[here] = 1;
    for (std::int64_t e = begin[here]; e < begin[here + 1]; ++e) {
      const auto& [next, over] = neighbours[static_cast<std::size_t>(e)];
      const float reached = std::max(level[here], over);
      float& known = level[static_cast<std::size_t>(next)];
      if (reached >= known) continue;
      known = reached;
      queue.push(reached, next);
    }
  }
  return level;
}

/// Spillovers between the tiles: along the rim of a tile, to cells of the tiles east, south and aslant below.
void add_spillovers_between(const Tile& tile, const Raster<float>& filled, const std::vector<std::int32_t>& labels,
                            LowestPasses& passes) {
  const Shape& shape = filled.shape;
  const auto look = [&](std::int32_t r, std::int32_t c) {
    const Cell cell = shape.cell(r, c);
    const std::int32_t own = labels[static_cast<std::size_t>(cell)];
    if (own == wall) return;
    constexpr std::array<std::pair<int, int>, 4> forward{{{0, 1}, {1, -1}, {1, 0}, {1, 1}}};
    for (const auto& [dr, dc] : forward) {
      const std::int32_t nr = r + dr, nc = c + dc;
      if (!shape.holds(nr, nc)) continue;
      if (nr < tile.row + tile.rows && nc >= tile.col && nc < tile.col + tile.cols) continue;
      const Cell next = shape.cell(nr, nc);
      const std::int32_t other = labels[static_cast<std::size_t>(next)];
      if (other == wall || other == own) continue;
      passes.add({std::min(own, other), std::max(own, other), std::max(filled[cell], filled[next]), 0.0F, 0, 0});
    }
  };
  for (std::int32_t c = 0; c < tile.cols; ++c) look(tile.row + tile.rows - 1, tile.col + c);
  for (std::int32_t r = 0; r + 1 < tile.rows; ++r) {
    look(tile.row + r, tile.col);
    if (tile.cols > 1) look(tile.row + r, tile.col + tile.cols - 1);
  }
}

}  // namespace

Raster<float> fill_depressions(const Raster<float>& elevation_m, const FillOptions& options) {
  const Heights heights(elevation_m);
  Raster<float> filled(elevation_m.shape);
  filled.valid = elevation_m.valid;
  const std::vector<Tile> tiles = tiles_of(elevation_m.shape, options.tile_cells);
  const auto count = static_cast<std::int64_t>(tiles.size());
  std::vector<std::int32_t> labels(filled.values.size());
  struct Flooded {
    std::int32_t labels = 0, labels_before = 0;
    std::vector<Pass> passes;
  };
  std::vector<Flooded> flooded(tiles.size());
  parallel_for(count, [&](std::int64_t k) {
    const auto t = static_cast<std::size_t>(k);
    TileFlood flood(heights, tiles[t]);
    flood.flood();
    flooded[t].labels = flood.labels();
    flooded[t].passes = flood.spillovers();
    flood.write(filled, labels);
  });
  std::int32_t labels_in_all = 0;
  for (Flooded& tile : flooded) {
    tile.labels_before = labels_in_all;
    labels_in_all += tile.labels;
  }

  const auto for_row_of = [&](const Tile& tile, const auto& visit) {
    for (std::int32_t r = 0; r < tile.rows; ++r) {
      const auto at = static_cast<std::size_t>(elevation_m.shape.cell(tile.row + r, tile.col));
      for (std::size_t i = at; i < at + static_cast<std::size_t>(tile.cols); ++i) visit(i);
    }
  };
  parallel_for(count, [&](std::int64_t k) {
    const auto t = static_cast<std::size_t>(k);
    const std::int32_t offset = flooded[t].labels_before;
    for_row_of(tiles[t], [&](std::size_t i) {
      if (labels[i] != wall) labels[i] += offset;
    });
    for (Pass& pass : flooded[t].passes) {
      if (pass.a != nowhere) pass.a += offset;
      pass.b += offset;
    }
  });
  parallel_for(count, [&](std::int64_t k) {
    const auto t = static_cast<std::size_t>(k);
    LowestPasses between;
    add_spillovers_between(tiles[t], filled, labels, between);
    const std::vector<Pass> found = between.take();
    flooded[t].passes.insert(flooded[t].passes.end(), found.begin(), found.end());
  });
  std::vector<Pass> passes;
  for (const Flooded& tile : flooded) passes.insert(passes.end(), tile.passes.begin(), tile.passes.end());
  const std::vector<float> level = leaving_levels(labels_in_all, passes);
  parallel_for(count, [&](std::int64_t k) {
    for_row_of(tiles[static_cast<std::size_t>(k)], [&](std::size_t i) {
      if (labels[i] != wall) filled.values[i] = std::max(filled.values[i], level[static_cast<std::size_t>(labels[i])]);
    });
  });
  return filled;
}

Raster<float> fill_with_gradient(const Raster<float>& elevation_m, double rise_m) {
  if (!(rise_m >= 0.0) || !std::isfinite(rise_m))
    throw InputError("", "rise_m", "a rise of " + std::to_string(rise_m), "give 0 or a small height in metres");
  const Heights heights(elevation_m);
  const Shape& shape = elevation_m.shape;
  Raster<float> filled(shape);
  filled.valid = elevation_m.valid;
  std::vector<std::uint8_t> reached(filled.values.size(), 0);
  LowestFirst queue;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (heights.is_valid(cell) && is_outlet(heights, cell)) {
      filled[cell] = heights[cell];
      reached[static_cast<std::size_t>(cell)] = 1;
      queue.push(heights[cell], cell);
    }
  const auto above = [&](float level) {
    const float risen = static_cast<float>(static_cast<double>(level) + rise_m);
    return std::max(risen, std::nextafter(level, no_height));
  };
  std::vector<Cell> upslope;
  while (!queue.empty()) {
    upslope.push_back(queue.pop());
    bool first = true;
    while (!upslope.empty()) {
      const Cell here = upslope.back();
      upslope.pop_back();
      const float next_level = above(filled[here]);
      bool adjoins_lower = false;
      for_each_neighbour(shape, here, Neighbourhood::eight, [&](Cell next, bool) {
        std::uint8_t& mark = reached[static_cast<std::size_t>(next)];
        if (mark != 0 || !heights.is_valid(next)) return;
        if (heights[next] >= next_level) {
          mark = 1;
          filled[next] = heights[next];
          upslope.push_back(next);
        } else if (first) {
          mark = 1;
          filled[next] = next_level;
          queue.push(next_level, next);
        } else {
          adjoins_lower = true;
        }
      });
      if (adjoins_lower) queue.push(filled[here], here);
      first = false;
    }
  }
  return filled;
}

namespace {

/// Searches for trenches; its arrays serve all of them.
class TrenchSearch {
 public:
  TrenchSearch(Breached& result, const Heights& heights, double cell_m, const BreachOptions& options)
      : result_(result), heights_(heights), cell_m_(cell_m), options_(options) {
    const auto cells = static_cast<std::size_t>(heights.shape().cells());
    search_.assign(cells, 0);
    best_.resize(cells);
    came_by_.resize(cells);
  }

  /// Digs from a pit; false if nothing within the limits is lower.
  bool dig(Cell pit) {
    ++number_;
    const Shape& shape = heights_.shape();
    const float level = result_.elevation_m[pit];
    queue_ = {};
    reach(pit, {0.0, 0.0}, from_nowhere);
    while (!queue_.empty()) {
      const auto [dug, length, here] = queue_.top();
      queue_.pop();
      const Cost known = best_[static_cast<std::size_t>(here)];
      if (dug != known.dug_m || length != known.length_m) continue;
      if (result_.elevation_m[here] < level || (here != pit && is_outlet(heights_, here))) {
        carve(here, level);
        return true;
      }
      for (int k = 0; k < 8; ++k) {
        const auto [dr, dc] = neighbour_steps[static_cast<std::size_t>(k)];
        const std::int32_t r = shape.row(here) + dr, c = shape.col(here) + dc;
        if (!shape.holds(r, c)) continue;
        const Cell next = shape.cell(r, c);
        if (!heights_.is_valid(next)) continue;
        const double cut = std::max(0.0, static_cast<double>(result_.elevation_m[next]) - static_cast<double>(level));
        const Cost cost{dug + cut, length + cell_m_ * (k < 4 ? 1.0 : std::numbers::sqrt2)};
        if (cut > options_.max_depth_m || cost.dug_m > options_.max_dug_m || cost.length_m > options_.max_length_m)
          continue;
        const auto i = static_cast<std::size_t>(next);
        if (search_[i] == number_ && !(cost < best_[i])) continue;
        reach(next, cost, k);
      }
    }
    return false;
  }

 private:
  static constexpr int from_nowhere = 8;

  struct Cost {
    double dug_m = 0.0, length_m = 0.0;
    bool operator<(const Cost& other) const {
      return dug_m != other.dug_m ? dug_m < other.dug_m : length_m < other.length_m;
    }
  };

  void reach(Cell cell, const Cost& cost, int by) {
    const auto i = static_cast<std::size_t>(cell);
    search_[i] = number_;
    best_[i] = cost;
    came_by_[i] = static_cast<std::uint8_t>(by);
    queue_.emplace(cost.dug_m, cost.length_m, cell);
  }

  void carve(Cell end, float level) {
    const Shape& shape = heights_.shape();
    bool dug = false;
    for (Cell cell = end;;) {
      float& z = result_.elevation_m[cell];
      if (z > level) {
        result_.dug_m3 += (static_cast<double>(z) - static_cast<double>(level)) * cell_m_ * cell_m_;
        result_.cells_dug += 1;
        z = level;
        dug = true;
      }
      const int by = came_by_[static_cast<std::size_t>(cell)];
      if (by == from_nowhere) break;
      const auto [dr, dc] = neighbour_steps[static_cast<std::size_t>(by)];
      cell = shape.cell(shape.row(cell) - dr, shape.col(cell) - dc);
    }
    if (dug) ++result_.trenches;
  }

  Breached& result_;
  const Heights& heights_;
  double cell_m_;
  const BreachOptions& options_;
  std::int32_t number_ = 0;
  std::vector<std::int32_t> search_;  // the search that reached a cell last
  std::vector<Cost> best_;
  std::vector<std::uint8_t> came_by_;  // the step of neighbour_steps that led there
  using Reached = std::tuple<double, double, Cell>;
  std::priority_queue<Reached, std::vector<Reached>, std::greater<>> queue_;
};

}  // namespace

Breached breach_depressions(const Raster<float>& elevation_m, double cell_m, const BreachOptions& options) {
  const Heights heights(elevation_m);
  Breached result{.elevation_m = elevation_m};
  std::vector<Cell> pits = pits_of(d8_flow(elevation_m));
  std::stable_sort(pits.begin(), pits.end(), [&](Cell a, Cell b) { return elevation_m[a] > elevation_m[b]; });
  result.pits = static_cast<std::int64_t>(pits.size());
  TrenchSearch search(result, heights, cell_m, options);
  for (const Cell pit : pits)
    if (!search.dig(pit)) ++result.left;
  return result;
}

Raster<float> burn_streams(const Raster<float>& elevation_m, std::span<const Cell> streams, double depth_m) {
  std::vector<Cell> cells(streams.begin(), streams.end());
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  Raster<float> burnt = elevation_m;
  for (const Cell cell : cells)
    if (burnt.is_valid(cell)) burnt[cell] = static_cast<float>(static_cast<double>(burnt[cell]) - depth_m);
  return burnt;
}

}  // namespace greenweave
