#include "model/water/depressions.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <numeric>

#include "model/run/parallel.hpp"
#include "model/water/flow.hpp"
#include "model/water/heights.hpp"
#include "model/water/passes.hpp"
#include "model/water/streams.hpp"

namespace greenweave {

namespace {

constexpr std::int32_t ocean = DepressionHierarchy::ocean;
constexpr std::int32_t none = DepressionHierarchy::none;
constexpr double dry = -std::numeric_limits<double>::infinity();

std::size_t at(std::int32_t node) { return static_cast<std::size_t>(node); }

/// Passes between the catchments of leaves and of the ocean, lowest first.
std::vector<Pass> passes_between(const Heights& heights, const Raster<std::int32_t>& leaf) {
  const Shape& shape = heights.shape();
  constexpr std::int64_t strip = 64;
  std::vector<std::vector<Pass>> found(static_cast<std::size_t>((shape.rows + strip - 1) / strip));
  parallel_pieces(shape.rows, strip, [&](std::int64_t begin, std::int64_t end) {
    LowestPasses passes(1024);
    for (auto r = static_cast<std::int32_t>(begin); r < end; ++r)
      for (std::int32_t c = 0; c < shape.cols; ++c) {
        const Cell cell = shape.cell(r, c);
        const float z = heights[cell];
        if (z == no_height) continue;
        const std::int32_t own = leaf[cell];
        bool outlet = r == 0 || c == 0 || r == shape.rows - 1 || c == shape.cols - 1;
        for (const auto& [dr, dc] : neighbour_steps) {
          if (!shape.holds(r + dr, c + dc)) continue;
          const Cell next = shape.cell(r + dr, c + dc);
          if (!heights.is_valid(next)) {
            outlet = true;
            continue;
          }
          const std::int32_t other = leaf[next];
          // Each pair of cells once, from the side of the smaller number.
          if (own < other) passes.add({own, other, std::max(z, heights[next]), std::min(z, heights[next]), cell, next});
        }
        if (outlet && own != ocean) passes.add({ocean, own, z, std::numeric_limits<float>::lowest(), -1, cell});
      }
    found[static_cast<std::size_t>(begin / strip)] = passes.take();
  });
  std::vector<Pass> all;
  for (const std::vector<Pass>& some : found) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end(), [](const Pass& p, const Pass& q) { return p.is_lower_than(q); });
  return all;
}

/// Joins leaves over their passes, the lowest first, until all are joined to the ocean.
void build_trees(DepressionHierarchy& hierarchy, const std::vector<Pass>& passes, const Raster<float>& elevation_m) {
  std::vector<std::int32_t> set(at(hierarchy.leaves) + 1), top(set.size());
  std::iota(set.begin(), set.end(), 0);
  std::iota(top.begin(), top.end(), 0);
  const auto find = [&](std::int32_t member) {
    while (set[at(member)] != member) member = set[at(member)] = set[at(set[at(member)])];
    return member;
  };
  for (const Pass& pass : passes) {
    const std::int32_t a = find(pass.a), b = find(pass.b);
    if (a == b) continue;
    const auto spill = [&](std::int32_t node, bool from_a, std::int32_t parent) {
      Depression& d = hierarchy.nodes[at(node)];
      d.parent = parent;
      d.overflows_to = from_a ? pass.b : pass.a;
      d.spill_m = pass.level_m;
      d.spillway_from = from_a ? pass.from : pass.to;
      d.spillway_to = from_a ? pass.to : pass.from;
    };
    if (a == find(ocean) || b == find(ocean)) {
      const bool from_a = b == find(ocean);
      const std::int32_t node = top[at(from_a ? a : b)];
      spill(node, from_a, ocean);
      hierarchy.roots.push_back(node);
      set[at(from_a ? a : b)] = from_a ? b : a;
      continue;
    }
    const auto parent = static_cast<std::int32_t>(hierarchy.nodes.size());
    const std::int32_t left = top[at(a)], right = top[at(b)];
    spill(left, true, parent);
    spill(right, false, parent);
    Depression joined;
    joined.left = left;
    joined.right = right;
    const Cell p = hierarchy.nodes[at(left)].pit, q = hierarchy.nodes[at(right)].pit;
    const bool left_lower = elevation_m[p] != elevation_m[q] ? elevation_m[p] < elevation_m[q] : p < q;
    joined.pit = left_lower ? p : q;
    hierarchy.nodes.push_back(joined);
    set[at(b)] = a;
    top[at(a)] = parent;
  }
}

/// The smallest depression above each cell, by leaps up the tree (Myers 1983): a leap ends at an ancestor whose
/// distance doubles again and again.
void find_homes(DepressionHierarchy& hierarchy, const Heights& heights) {
  const std::size_t count = hierarchy.nodes.size();
  std::vector<std::int32_t> leap(count, ocean), depth(count, 0);
  for (std::size_t i = count; i-- > 1;) {
    const std::int32_t parent = hierarchy.nodes[i].parent;
    depth[i] = depth[at(parent)] + 1;
    const std::int32_t far = leap[at(parent)];
    const bool doubles = depth[at(parent)] - depth[at(far)] == depth[at(far)] - depth[at(leap[at(far)])];
    leap[i] = doubles ? leap[at(far)] : parent;
  }
  const auto is_above = [&](std::int32_t node, float z) {
    return node == ocean || hierarchy.nodes[at(node)].spill_m > z;
  };
  parallel_pieces(heights.shape().cells(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (auto cell = static_cast<Cell>(begin); cell < end; ++cell) {
      std::int32_t node = hierarchy.leaf[cell];
      const float z = heights[cell];
      if (node != ocean && z != no_height)
        while (!is_above(node, z)) {
          const std::int32_t far = leap[at(node)];
          node = is_above(far, z) ? hierarchy.nodes[at(node)].parent : far;
        }
      hierarchy.home[cell] = node == ocean || z == no_height ? none : node;
    }
  });
}

void measure(DepressionHierarchy& hierarchy, const Raster<float>& elevation_m) {
  std::vector<double> above_pit(hierarchy.nodes.size(), 0.0);  // sum of heights over each depression's own pit
  const auto height = [&](Cell cell) { return static_cast<double>(elevation_m[cell]); };
  for (Cell cell = 0; cell < elevation_m.shape.cells(); ++cell) {
    const std::int32_t node = hierarchy.home[cell];
    if (node == none) continue;
    Depression& d = hierarchy.nodes[at(node)];
    d.cells += 1;
    above_pit[at(node)] += height(cell) - height(d.pit);
  }
  for (std::size_t i = 1; i < hierarchy.nodes.size(); ++i) {
    Depression& d = hierarchy.nodes[i];
    d.capacity_m = static_cast<double>(d.cells) * (static_cast<double>(d.spill_m) - height(d.pit)) - above_pit[i];
    if (d.parent == ocean) continue;
    Depression& parent = hierarchy.nodes[at(d.parent)];
    parent.cells += d.cells;
    above_pit[at(d.parent)] += above_pit[i] + static_cast<double>(d.cells) * (height(d.pit) - height(parent.pit));
  }
}

}  // namespace

DepressionHierarchy depression_hierarchy(const Raster<float>& elevation_m) {
  const Heights heights(elevation_m);
  DepressionHierarchy hierarchy;
  hierarchy.nodes.resize(1);
  hierarchy.nodes[ocean].parent = none;
  {
    const D8Flow flow = d8_flow(elevation_m);
    Raster<std::int32_t> pits(elevation_m.shape, 0);
    for (const Cell pit : pits_of(flow)) {
      Depression leaf;
      leaf.pit = pit;
      hierarchy.nodes.push_back(leaf);
      pits[pit] = ++hierarchy.leaves;
    }
    hierarchy.leaf = watersheds(flow, pits);
    hierarchy.home = std::move(pits);
    hierarchy.home.valid = elevation_m.valid;
  }
  build_trees(hierarchy, passes_between(heights, hierarchy.leaf), elevation_m);
  find_homes(hierarchy, heights);
  measure(hierarchy, elevation_m);
  return hierarchy;
}

Raster<float> fill_small_depressions(const Raster<float>& elevation_m, const DepressionHierarchy& hierarchy,
                                     const LeastDepression& least) {
  const std::size_t count = hierarchy.nodes.size();
  std::vector<std::uint8_t> goes(count, 0);
  for (std::size_t i = 1; i < count; ++i) {
    const Depression& d = hierarchy.nodes[i];
    double floor_m = static_cast<double>(elevation_m[d.pit]);
    if (d.left != none) {
      if (goes[at(d.left)] == 0 || goes[at(d.right)] == 0) continue;
      floor_m = static_cast<double>(hierarchy.nodes[at(d.left)].spill_m);
    }
    goes[i] = static_cast<double>(d.spill_m) - floor_m < least.depth_m || d.cells < least.cells;
  }
  std::vector<std::int32_t> widest(count, none);  // of those around it that go
  for (std::size_t i = count; i-- > 1;) {
    const std::int32_t parent = hierarchy.nodes[i].parent;
    widest[i] = widest[at(parent)] != none ? widest[at(parent)] : goes[i] != 0 ? static_cast<std::int32_t>(i) : none;
  }
  Raster<float> filled = elevation_m;
  parallel_pieces(elevation_m.shape.cells(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (auto cell = static_cast<Cell>(begin); cell < end; ++cell) {
      const std::int32_t home = hierarchy.home[cell];
      if (home != none && widest[at(home)] != none) filled[cell] = hierarchy.nodes[at(widest[at(home)])].spill_m;
    }
  });
  return filled;
}

StandingWater::StandingWater(const DepressionHierarchy& hierarchy) : hierarchy_(hierarchy) {
  const std::size_t count = hierarchy.nodes.size();
  own_.assign(count, 0.0);
  own_capacity_.assign(count, 0.0);
  spilled_.assign(count, 0.0);
  full_.assign(count, 0);
  way_.resize(count);
  std::iota(way_.begin(), way_.end(), 0);
  for (std::size_t i = 1; i < count; ++i) {
    const Depression& d = hierarchy.nodes[i];
    own_capacity_[i] = d.capacity_m;
    // Rounding may take a little more than there is where all of a depression is in its parts.
    if (d.left != none)
      own_capacity_[i] = std::max(
          0.0, d.capacity_m - hierarchy.nodes[at(d.left)].capacity_m - hierarchy.nodes[at(d.right)].capacity_m);
  }
  std::vector<std::int32_t> tree(count, none);
  for (std::size_t k = 0; k < hierarchy.roots.size(); ++k) tree[at(hierarchy.roots[k])] = static_cast<std::int32_t>(k);
  for (std::size_t i = count; i-- > 1;)
    if (hierarchy.nodes[i].parent != ocean) tree[i] = tree[at(hierarchy.nodes[i].parent)];
  leaves_begin_.assign(hierarchy.roots.size() + 1, 0);
  for (std::int32_t leaf = 1; leaf <= hierarchy.leaves; ++leaf) ++leaves_begin_[at(tree[at(leaf)]) + 1];
  for (std::size_t k = 0; k < hierarchy.roots.size(); ++k) leaves_begin_[k + 1] += leaves_begin_[k];
  leaves_.resize(at(hierarchy.leaves));
  std::vector<std::int32_t> next = leaves_begin_;
  for (std::int32_t leaf = 1; leaf <= hierarchy.leaves; ++leaf) leaves_[at(next[at(tree[at(leaf)])]++)] = leaf;
}

std::int32_t StandingWater::sibling_of(std::int32_t node) const {
  const Depression& parent = hierarchy_.nodes[at(hierarchy_.nodes[at(node)].parent)];
  return parent.left == node ? parent.right : parent.left;
}

std::int32_t StandingWater::taker_of(std::int32_t node) {
  std::int32_t taker = node;
  while (way_[at(taker)] != taker) taker = way_[at(taker)];
  while (way_[at(node)] != taker) {
    const std::int32_t next = way_[at(node)];
    if (next == node) break;
    way_[at(node)] = taker;
    node = next;
  }
  return taker;
}

void StandingWater::mark_full(std::int32_t node) {
  full_[at(node)] = 1;
  const Depression& d = hierarchy_.nodes[at(node)];
  if (d.parent == ocean) return;
  const std::int32_t sibling = sibling_of(node);
  if (is_full(sibling)) {
    way_[at(node)] = way_[at(sibling)] = d.parent;
  } else {
    way_[at(node)] = d.overflows_to;
  }
}

void StandingWater::find_ways() {
  std::iota(way_.begin(), way_.end(), 0);
  for (std::int32_t node = 1; at(node) < way_.size(); ++node) {
    const Depression& d = hierarchy_.nodes[at(node)];
    if (is_full(node) && d.parent != ocean) way_[at(node)] = is_full(sibling_of(node)) ? d.parent : d.overflows_to;
  }
  ways_known_ = true;
}

double StandingWater::pour_into_tree(std::int32_t leaf, double amount_m) {
  while (amount_m > 0.0) {
    const std::int32_t taker = taker_of(leaf);
    if (is_full(taker)) return amount_m;
    const double room = own_capacity_[at(taker)] - own_[at(taker)];
    if (amount_m < room) {
      own_[at(taker)] += amount_m;
      return 0.0;
    }
    own_[at(taker)] = own_capacity_[at(taker)];
    amount_m -= room;
    mark_full(taker);
  }
  return 0.0;
}

void StandingWater::pour(std::span<const double> amounts_m) {
  assert(amounts_m.size() == at(hierarchy_.leaves) + 1);
  if (!ways_known_) find_ways();
  std::vector<double> amounts(amounts_m.begin(), amounts_m.end());
  // Overflow runs to roots that are earlier in the list: from the last on, all that comes has come.
  for (std::size_t k = hierarchy_.roots.size(); k-- > 0;) {
    double overflow = 0.0;
    for (std::int32_t i = leaves_begin_[k]; i < leaves_begin_[k + 1]; ++i) {
      const std::int32_t leaf = leaves_[at(i)];
      overflow += pour_into_tree(leaf, amounts[at(leaf)]);
    }
    const std::int32_t root = hierarchy_.roots[k];
    spilled_[at(root)] += overflow;
    amounts[at(hierarchy_.nodes[at(root)].overflows_to)] += overflow;
  }
  own_[ocean] += amounts[ocean];
}

double StandingWater::take(std::int32_t node, double amount_m) {
  if (!(amount_m > 0.0)) return 0.0;
  double& own = own_[at(node)];
  const Depression& d = hierarchy_.nodes[at(node)];
  const double taken = std::min(own, amount_m);
  own -= taken;
  amount_m -= taken;
  if (taken > 0.0) {
    ways_known_ = false;
    // Whatever this one was full with is full no longer.
    for (std::int32_t above = node; above != ocean && is_full(above); above = hierarchy_.nodes[at(above)].parent)
      full_[at(above)] = 0;
  }
  if (amount_m == 0.0 || d.left == none) return amount_m;
  const auto left_cells = static_cast<double>(hierarchy_.nodes[at(d.left)].cells);
  const auto right_cells = static_cast<double>(hierarchy_.nodes[at(d.right)].cells);
  const double from_left = amount_m * left_cells / (left_cells + right_cells);
  const double missed = take(d.left, from_left);
  const double missed_both = take(d.right, amount_m - from_left + missed);
  return missed == 0.0 ? take(d.left, missed_both) : missed_both;
}

double StandingWater::standing_m() const { return std::accumulate(own_.begin() + 1, own_.end(), 0.0); }

std::vector<std::int32_t> StandingWater::waters() const {
  std::vector<std::uint8_t> covered(own_.size(), 0);
  std::vector<std::int32_t> found;
  for (std::size_t i = own_.size(); i-- > 1;) {
    const std::int32_t parent = hierarchy_.nodes[i].parent;
    covered[i] = parent != ocean && (covered[at(parent)] != 0 || own_[at(parent)] > 0.0);
    if (covered[i] == 0 && own_[i] > 0.0) found.push_back(static_cast<std::int32_t>(i));
  }
  std::reverse(found.begin(), found.end());
  return found;
}

StageCurves::StageCurves(const Raster<float>& elevation_m, const DepressionHierarchy& hierarchy)
    : hierarchy_(hierarchy) {
  const std::size_t count = hierarchy.nodes.size();
  bottom_m_.assign(count, 0.0);
  for (std::size_t i = 1; i < count; ++i) bottom_m_[i] = static_cast<double>(elevation_m[hierarchy.nodes[i].pit]);
  begin_.assign(count + 1, 0);
  for (const std::int32_t home : hierarchy.home.values)
    if (home != none) ++begin_[at(home) + 1];
  for (std::size_t i = 0; i < count; ++i) begin_[i + 1] += begin_[i];
  const auto places = static_cast<std::size_t>(begin_.back());
  cells_.resize(places);
  height_.resize(places);
  volume_.resize(places);
  std::vector<std::int64_t> next(begin_.begin(), begin_.end() - 1);
  for (Cell cell = 0; cell < elevation_m.shape.cells(); ++cell) {
    const std::int32_t home = hierarchy.home[cell];
    if (home != none) cells_[static_cast<std::size_t>(next[at(home)]++)] = cell;
  }
  parallel_for(
      static_cast<std::int64_t>(count),
      [&](std::int64_t node) {
        const auto i = static_cast<std::size_t>(node);
        const auto first = cells_.begin() + begin_[i], last = cells_.begin() + begin_[i + 1];
        std::sort(first, last, [&](Cell a, Cell b) {
          return elevation_m[a] != elevation_m[b] ? elevation_m[a] < elevation_m[b] : a < b;
        });
        const Depression& d = hierarchy.nodes[i];
        double level = 0.0, volume = 0.0;
        std::int64_t below = 0;
        if (d.left != none) {
          level = static_cast<double>(hierarchy.nodes[at(d.left)].spill_m);
          below = hierarchy.nodes[at(d.left)].cells + hierarchy.nodes[at(d.right)].cells;
        } else if (first != last) {
          level = static_cast<double>(elevation_m[*first]);
        }
        for (std::int64_t k = begin_[i]; k < begin_[i + 1]; ++k, ++below) {
          const auto place = static_cast<std::size_t>(k);
          height_[place] = elevation_m[cells_[place]];
          volume += static_cast<double>(below) * (static_cast<double>(height_[place]) - level);
          level = static_cast<double>(height_[place]);
          volume_[place] = volume;
        }
      },
      64);
}

double StageCurves::level_m(std::int32_t node, double own_m) const {
  const Depression& d = hierarchy_.nodes[at(node)];
  const auto first = volume_.begin() + own_begin(node), last = volume_.begin() + own_end(node);
  const std::int64_t covered = std::upper_bound(first, last, own_m) - first;
  double level = 0.0, volume = 0.0;
  std::int64_t below = covered;
  if (d.left != none) {
    level = static_cast<double>(hierarchy_.nodes[at(d.left)].spill_m);
    below += hierarchy_.nodes[at(d.left)].cells + hierarchy_.nodes[at(d.right)].cells;
  }
  if (covered > 0) {
    level = static_cast<double>(height_[static_cast<std::size_t>(own_begin(node) + covered - 1)]);
    volume = *(first + (covered - 1));
  }
  level += (own_m - volume) / static_cast<double>(below);
  return std::min(level, static_cast<double>(d.spill_m));
}

std::int64_t StageCurves::own_cells_below(std::int32_t node, double level_m) const {
  const auto first = height_.begin() + own_begin(node), last = height_.begin() + own_end(node);
  return std::lower_bound(first, last, level_m,
                          [](float height, double level) { return static_cast<double>(height) < level; }) -
         first;
}

std::int64_t StageCurves::cells_below(std::int32_t node, double level_m) const {
  std::int64_t cells = 0;
  std::vector<std::int32_t> open{node};
  while (!open.empty()) {
    const std::int32_t here = open.back();
    open.pop_back();
    const Depression& d = hierarchy_.nodes[at(here)];
    if (level_m >= static_cast<double>(d.spill_m)) {
      cells += d.cells;
      continue;
    }
    if (level_m <= bottom_m_[at(here)]) continue;
    cells += own_cells_below(here, level_m);
    if (d.left != none) {
      open.push_back(d.left);
      open.push_back(d.right);
    }
  }
  return cells;
}

Raster<double> depths_of(const Raster<float>& elevation_m, const DepressionHierarchy& hierarchy,
                         const StageCurves& curves, const StandingWater& water) {
  std::vector<double> level(hierarchy.nodes.size(), dry);
  for (std::size_t i = level.size(); i-- > 1;) {
    const auto node = static_cast<std::int32_t>(i);
    const double around = level[at(hierarchy.nodes[i].parent)];
    if (around != dry)
      level[i] = around;
    else if (water.is_full(node))
      level[i] = static_cast<double>(hierarchy.nodes[i].spill_m);
    else if (water.own_m(node) > 0.0)
      level[i] = curves.level_m(node, water.own_m(node));
  }
  Raster<double> depth(elevation_m.shape, 0.0);
  depth.valid = elevation_m.valid;
  parallel_pieces(elevation_m.shape.cells(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (auto cell = static_cast<Cell>(begin); cell < end; ++cell) {
      const std::int32_t home = hierarchy.home[cell];
      if (home != none && level[at(home)] != dry)
        depth[cell] = std::max(0.0, level[at(home)] - static_cast<double>(elevation_m[cell]));
    }
  });
  return depth;
}

Inundation fill_spill_merge(const Raster<float>& elevation_m, const DepressionHierarchy& hierarchy,
                            const Raster<double>& water_m) {
  std::vector<double> amounts(at(hierarchy.leaves) + 1, 0.0);
  for (Cell cell = 0; cell < elevation_m.shape.cells(); ++cell)
    if (elevation_m.is_valid(cell)) amounts[at(hierarchy.leaf[cell])] += water_m[cell];
  Inundation result;
  result.poured_m = std::accumulate(amounts.begin(), amounts.end(), 0.0);
  StandingWater water(hierarchy);
  water.pour(amounts);
  result.standing_m = water.standing_m();
  result.left_m = water.left_m();
  result.depth_m = depths_of(elevation_m, hierarchy, StageCurves(elevation_m, hierarchy), water);
  const auto depths =
      deterministic_sum<double>(elevation_m.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
        return std::accumulate(result.depth_m.values.begin() + begin, result.depth_m.values.begin() + end, 0.0);
      });
  result.unaccounted_m = result.poured_m - depths - result.left_m;
  return result;
}

}  // namespace greenweave
