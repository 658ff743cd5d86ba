#include "model/water/depressions.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <queue>
#include <set>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/water/conditioning.hpp"
#include "model/water/flow.hpp"
#include "tests/support/fractal.hpp"
#include "tests/support/random_dems.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

constexpr std::int32_t ocean = DepressionHierarchy::ocean;

/// In a trough with walls of 9: a pit of 1, a saddle of 4, a pit of 2, and a lip of 6 in the east.
Raster<float> two_pools() { return drawn_heights({"99999999", "97142560", "99999999"}); }

const Depression& node(const DepressionHierarchy& h, std::int32_t i) { return h.nodes[static_cast<std::size_t>(i)]; }

std::set<std::int32_t> leaves_under(const DepressionHierarchy& h, std::int32_t i) {
  if (h.is_leaf(i)) return {i};
  std::set<std::int32_t> leaves = leaves_under(h, node(h, i).left);
  leaves.merge(leaves_under(h, node(h, i).right));
  return leaves;
}

/// Water by pools: a pool is a set of pits whose basins have become one. What a pool holds beyond its rim runs over the
/// first cell that drains elsewhere when the heights themselves are flooded; two full pools that run into each other
/// become one.
class PlainPools {
 public:
  PlainPools(const Raster<float>& dem, const D8Flow& flow) : dem_(dem), flow_(flow) {}

  void pour(Cell cell, double amount) {
    while (flow_.receiver(cell) >= 0) cell = flow_.receiver(cell);
    if (flow_.to[cell] == D8Flow::out) {
      left += amount;
      return;
    }
    pool_of(cell).water += amount;
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < pools_.size() && !changed; ++i) changed = settle(i);
    }
  }

  std::vector<double> depths() {
    std::vector<double> depth(dem_.values.size(), 0.0);
    for (const Pool& pool : pools_) {
      std::vector<Cell> cells = rim_of(pool.pits).cells;
      std::sort(cells.begin(), cells.end(), [&](Cell a, Cell b) { return dem_[a] < dem_[b]; });
      double sum = 0.0, level = 0.0;
      for (std::size_t n = 1; n <= cells.size(); ++n) {
        sum += static_cast<double>(dem_[cells[n - 1]]);
        level = (pool.water + sum) / static_cast<double>(n);
        if (n == cells.size() || level <= static_cast<double>(dem_[cells[n]])) break;
      }
      for (const Cell cell : cells)
        depth[static_cast<std::size_t>(cell)] = std::max(0.0, level - static_cast<double>(dem_[cell]));
    }
    return depth;
  }

  double left = 0.0;

 private:
  struct Pool {
    std::set<Cell> pits;
    double water = 0.0;
  };
  struct Rim {
    double capacity = 0.0;
    Cell over = -1;  // the cell beyond; -1: out
    std::vector<Cell> cells;
  };

  Pool& pool_of(Cell pit) {
    for (Pool& pool : pools_)
      if (pool.pits.count(pit) == 1) return pool;
    pools_.push_back({{pit}, 0.0});
    return pools_.back();
  }

  Cell end_of(Cell cell) const {
    while (flow_.receiver(cell) >= 0) cell = flow_.receiver(cell);
    return cell;
  }

  Rim rim_of(const std::set<Cell>& pits) const {
    using Entry = std::pair<float, Cell>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    std::set<Cell> seen{*pits.begin()};
    queue.emplace(dem_[*pits.begin()], *pits.begin());
    float level = dem_[*pits.begin()];
    Rim rim;
    while (true) {
      const auto [z, cell] = queue.top();
      queue.pop();
      level = std::max(level, z);
      if (pits.count(end_of(cell)) == 0) {
        rim.over = cell;
        break;
      }
      if (plain_outlet(dem_, cell)) break;
      for_each_neighbour(dem_.shape, cell, Neighbourhood::eight, [&](Cell n, bool) {
        if (dem_.is_valid(n) && seen.insert(n).second) queue.emplace(dem_[n], n);
      });
    }
    for (Cell cell = 0; cell < dem_.shape.cells(); ++cell)
      if (dem_.is_valid(cell) && dem_[cell] < level && pits.count(end_of(cell)) == 1) rim.cells.push_back(cell);
    for (const Cell cell : rim.cells) rim.capacity += static_cast<double>(level) - static_cast<double>(dem_[cell]);
    return rim;
  }

  /// Lets one pool run over, or joins it with the full one that it runs into; false if it is at rest.
  bool settle(std::size_t i) {
    const Rim rim = rim_of(pools_[i].pits);
    const double excess = pools_[i].water - rim.capacity;
    if (excess <= 1e-12) return false;
    if (rim.over < 0 || flow_.to[end_of(rim.over)] == D8Flow::out) {
      left += excess;
      pools_[i].water = rim.capacity;
      return true;
    }
    pool_of(end_of(rim.over));
    for (std::size_t j = 0; j < pools_.size(); ++j) {
      if (pools_[j].pits.count(end_of(rim.over)) == 0) continue;
      const Rim other = rim_of(pools_[j].pits);
      const bool runs_back = other.over >= 0 && pools_[i].pits.count(end_of(other.over)) == 1;
      if (runs_back && pools_[j].water >= other.capacity - 1e-12) {
        pools_[i].pits.merge(pools_[j].pits);
        pools_[i].water += pools_[j].water;
        pools_.erase(pools_.begin() + static_cast<std::ptrdiff_t>(j));
      } else {
        pools_[j].water += excess;
        pools_[i].water = rim.capacity;
      }
      return true;
    }
    return false;
  }

  const Raster<float>& dem_;
  const D8Flow& flow_;
  std::vector<Pool> pools_;
};

Raster<double> random_water(Dice& dice, const Raster<float>& dem, double most) {
  Raster<double> water(dem.shape, 0.0);
  for (double& depth : water.values) depth = dice.chance(0.5) ? 0.0 : most * dice.uniform();
  return water;
}

}  // namespace

TEST_CASE("hierarchy: two pools with a saddle between them") {
  const DepressionHierarchy h = depression_hierarchy(two_pools());
  REQUIRE(h.leaves == 2);
  REQUIRE(h.nodes.size() == 4);
  // The pool of 1 (cell 10) and that of 2 (cell 12) meet over the saddle of 4 (cell 11).
  CHECK(node(h, 1).pit == 10);
  CHECK(node(h, 2).pit == 12);
  CHECK(node(h, 1).spill_m == 4.0F);
  CHECK(node(h, 1).capacity_m == 3.0);
  CHECK(node(h, 2).capacity_m == 2.0);
  CHECK(node(h, 1).overflows_to == 2);
  CHECK(node(h, 2).overflows_to == 1);
  CHECK(node(h, 1).parent == 3);
  // Both together, below the lip of 6: 1, 4, 2, 5.
  CHECK(node(h, 3).spill_m == 6.0F);
  CHECK(node(h, 3).cells == 4);
  CHECK(node(h, 3).capacity_m == 5.0 + 2.0 + 4.0 + 1.0);
  CHECK(node(h, 3).parent == ocean);
  CHECK(node(h, 3).overflows_to == ocean);
  CHECK(node(h, 3).pit == 10);
  CHECK(h.is_root(3));
  CHECK(h.home[11] == 3);
  CHECK(h.home[12] == 2);
  CHECK(h.home[14] == DepressionHierarchy::none);
}

TEST_CASE("fill, spill, merge: the left pool fills, spills into the right one, both merge, the rest leaves") {
  const Raster<float> dem = two_pools();
  const DepressionHierarchy h = depression_hierarchy(dem);
  const auto poured = [&](double amount) {
    Raster<double> water(dem.shape, 0.0);
    water[10] = amount;
    return fill_spill_merge(dem, h, water);
  };
  CHECK(poured(2.0).depth_m[10] == 2.0);
  CHECK(poured(4.5).depth_m[10] == 3.0);  // full to the saddle,
  CHECK(poured(4.5).depth_m[12] == 1.5);  // the rest in the right pool
  // 8 = 5 in both pools + 3 over the three cells 1, 4, 2: level 5.
  CHECK(poured(8.0).depth_m[10] == 4.0);
  CHECK(poured(8.0).depth_m[11] == 1.0);
  CHECK(poured(8.0).depth_m[13] == 0.0);
  CHECK(poured(20.0).left_m == 8.0);
  CHECK(poured(20.0).standing_m == 12.0);
  CHECK(poured(20.0).unaccounted_m == 0.0);
}

TEST_CASE("hierarchy: volumes, homes and order by brute force") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> dem = random_dem(dice, random_shape(dice, 18));
    const DepressionHierarchy h = depression_hierarchy(dem);
    double in_roots = 0.0, raised = 0.0;
    for (std::int32_t i = 1; i < static_cast<std::int32_t>(h.nodes.size()); ++i) {
      const Depression& d = node(h, i);
      const std::set<std::int32_t> leaves = leaves_under(h, i);
      double capacity = 0.0;
      std::int64_t cells = 0;
      Cell lowest = -1;
      for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
        if (!dem.is_valid(cell) || leaves.count(h.leaf[cell]) == 0) continue;
        if (lowest < 0 || dem[cell] < dem[lowest]) lowest = cell;
        if (dem[cell] >= d.spill_m) continue;
        capacity += static_cast<double>(d.spill_m) - static_cast<double>(dem[cell]);
        ++cells;
      }
      REQUIRE(d.cells == cells);
      REQUIRE(d.cells > 0);
      REQUIRE(d.capacity_m == doctest::Approx(capacity).epsilon(1e-9));
      REQUIRE(dem[d.pit] == dem[lowest]);
      if (h.is_root(i)) {
        in_roots += d.capacity_m;
        // Overflow runs to a tree that is earlier in the list, or leaves.
        const auto place = std::find(h.roots.begin(), h.roots.end(), i);
        REQUIRE(place != h.roots.end());
        if (d.overflows_to != ocean)
          REQUIRE(std::any_of(h.roots.begin(), place,
                              [&](std::int32_t r) { return leaves_under(h, r).count(d.overflows_to) == 1; }));
      } else {
        REQUIRE(node(h, d.parent).spill_m >= d.spill_m);
        const std::int32_t sibling = node(h, d.parent).left == i ? node(h, d.parent).right : node(h, d.parent).left;
        REQUIRE(node(h, sibling).spill_m == d.spill_m);
        REQUIRE(leaves_under(h, sibling).count(d.overflows_to) == 1);
      }
    }
    const Raster<float> filled = plain_fill(dem);
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
      if (!dem.is_valid(cell)) continue;
      raised += static_cast<double>(filled[cell]) - static_cast<double>(dem[cell]);
      std::int32_t home = h.leaf[cell];
      while (home != ocean && dem[cell] >= node(h, home).spill_m) home = node(h, home).parent;
      REQUIRE(h.home[cell] == (home == ocean ? DepressionHierarchy::none : home));
    }
    REQUIRE(in_roots == doctest::Approx(raised).epsilon(1e-9));
  }
}

TEST_CASE("fill, spill, merge: equal to pools poured one by one, and no water is lost") {
  std::int64_t merged = 0;  // pools of several pits with water between the saddle and the rim
  for (std::uint64_t seed = 0; seed < 700; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Raster<float> dem = random_dem(dice, random_shape(dice, 12));
    // Where spillways tie, either may be taken: no ties here. Most surfaces are bowls, so that pools merge.
    if (dice.chance(0.7)) {
      dem = Raster<float>(Shape{6 + dice.below(8), 6 + dice.below(8)});
      for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
        dem[cell] = static_cast<float>(
            0.7 * std::hypot(dem.shape.row(cell) - 0.5 * dem.shape.rows, dem.shape.col(cell) - 0.5 * dem.shape.cols));
    }
    for (float& z : dem.values) z += static_cast<float>(3.0 * dice.uniform());
    const D8Flow flow = d8_flow(dem);
    const Raster<double> water = random_water(dice, dem, std::pow(10.0, 3.0 * dice.uniform() - 1.0));
    const DepressionHierarchy h = depression_hierarchy(dem);
    const Inundation result = fill_spill_merge(dem, h, water);
    PlainPools pools(dem, flow);
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
      if (dem.is_valid(cell)) pools.pour(cell, water[cell]);
    const std::vector<double> depths = pools.depths();
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
      REQUIRE(std::abs(result.depth_m[cell] - depths[static_cast<std::size_t>(cell)]) < 1e-6);
    REQUIRE(result.left_m == doctest::Approx(pools.left).epsilon(1e-9));
    REQUIRE(std::abs(result.unaccounted_m) <= 1e-9 * (1.0 + result.poured_m));
    StandingWater state(h);
    std::vector<double> amounts(static_cast<std::size_t>(h.leaves) + 1, 0.0);
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
      if (dem.is_valid(cell)) amounts[static_cast<std::size_t>(h.leaf[cell])] += water[cell];
    state.pour(amounts);
    for (std::int32_t i = h.leaves + 1; i < static_cast<std::int32_t>(h.nodes.size()); ++i)
      if (state.own_m(i) > 0.0 && !state.is_full(i)) ++merged;
  }
  CHECK(merged > 50);
}

TEST_CASE("fill, spill, merge: much water fills to the brim, parts add up to the whole, ties conserve water") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> dem = random_dem(dice, random_shape(dice, 20));
    const DepressionHierarchy h = depression_hierarchy(dem);
    const Inundation flood = fill_spill_merge(dem, h, Raster<double>(dem.shape, 1e6));
    const Raster<float> filled = plain_fill(dem);
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell)
      if (dem.is_valid(cell))
        REQUIRE(flood.depth_m[cell] == static_cast<double>(filled[cell]) - static_cast<double>(dem[cell]));

    const auto leaves = static_cast<std::size_t>(h.leaves) + 1;
    std::vector<double> first(leaves), second(leaves), all(leaves);
    for (std::size_t i = 0; i < leaves; ++i) {
      first[i] = dice.chance(0.3) ? 0.0 : 20.0 * dice.uniform();
      second[i] = dice.chance(0.3) ? 0.0 : 20.0 * dice.uniform();
      all[i] = first[i] + second[i];
    }
    StandingWater in_parts(h), at_once(h);
    in_parts.pour(first);
    in_parts.pour(second);
    at_once.pour(all);
    const double poured = std::accumulate(all.begin(), all.end(), 0.0);
    REQUIRE(at_once.standing_m() + at_once.left_m() == doctest::Approx(poured).epsilon(1e-12));
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(h.nodes.size()); ++i)
      REQUIRE(std::abs(in_parts.own_m(i) - at_once.own_m(i)) < 1e-9 * (1.0 + poured));
  }
}

TEST_CASE("standing water: taken away, split into its parts, and poured again") {
  const Raster<float> dem = two_pools();
  const DepressionHierarchy h = depression_hierarchy(dem);
  StandingWater water(h);
  water.pour(std::vector<double>{0.0, 8.0, 0.0});
  CHECK(water.waters() == std::vector<std::int32_t>{3});
  CHECK(water.own_m(3) == 3.0);
  // 4 go: the 3 above the saddle, and one half from each pool, which have one cell each.
  CHECK(node(h, 1).cells == 1);
  CHECK(node(h, 2).cells == 1);
  CHECK(water.take(3, 4.0) == 0.0);
  CHECK(water.waters() == std::vector<std::int32_t>{1, 2});
  CHECK(water.own_m(1) == 2.5);
  CHECK(water.own_m(2) == 1.5);
  CHECK_FALSE(water.is_full(1));
  water.pour(std::vector<double>{0.0, 0.75, 0.0});
  CHECK(water.own_m(1) == 3.0);
  CHECK(water.own_m(2) == 1.75);
  CHECK(water.take(2, 5.0) == 3.25);
  CHECK(water.waters() == std::vector<std::int32_t>{1});
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const DepressionHierarchy random = depression_hierarchy(random_dem(dice, random_shape(dice, 20)));
    StandingWater state(random);
    double balance = 0.0;
    for (int day = 0; day < 30; ++day) {
      std::vector<double> rain(static_cast<std::size_t>(random.leaves) + 1);
      for (double& r : rain) r = dice.chance(0.5) ? 0.0 : 5.0 * dice.uniform();
      balance += std::accumulate(rain.begin(), rain.end(), 0.0);
      state.pour(rain);
      for (const std::int32_t w : state.waters()) {
        const double asked = 10.0 * dice.uniform();
        balance -= asked - state.take(w, asked);
      }
      REQUIRE(state.standing_m() + state.left_m() == doctest::Approx(balance).epsilon(1e-9));
      // Water stands above a saddle only where both sides are full.
      for (std::int32_t i = 1; i < static_cast<std::int32_t>(random.nodes.size()); ++i) {
        REQUIRE(state.own_m(i) >= 0.0);
        REQUIRE(state.own_m(i) <= state.own_capacity_m(i));
        if (random.is_leaf(i) || state.own_m(i) == 0.0) continue;
        REQUIRE(state.is_full(node(random, i).left));
        REQUIRE(state.is_full(node(random, i).right));
      }
    }
  }
}

TEST_CASE("stage curves: level, area and volume by brute force") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> dem = random_dem(dice, random_shape(dice, 16));
    const DepressionHierarchy h = depression_hierarchy(dem);
    const StageCurves curves(dem, h);
    const StandingWater empty(h);
    for (std::int32_t i = 1; i < static_cast<std::int32_t>(h.nodes.size()); ++i) {
      const Depression& d = node(h, i);
      const double own = empty.own_capacity_m(i) * dice.uniform();
      const double below = d.capacity_m - empty.own_capacity_m(i);
      const double level = curves.level_m(i, own);
      const std::set<std::int32_t> leaves = leaves_under(h, i);
      double volume = 0.0;
      std::int64_t cells = 0;
      for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
        if (!dem.is_valid(cell) || leaves.count(h.leaf[cell]) == 0) continue;
        const double depth = level - static_cast<double>(dem[cell]);
        if (depth <= 0.0) continue;
        volume += depth;
        ++cells;
      }
      REQUIRE(volume == doctest::Approx(below + own).epsilon(1e-6));
      REQUIRE(curves.cells_below(i, level) == cells);
      REQUIRE(curves.level_m(i, empty.own_capacity_m(i)) ==
              doctest::Approx(static_cast<double>(d.spill_m)).epsilon(1e-9));
      REQUIRE(curves.cells_below(i, static_cast<double>(dem[d.pit])) == 0);
    }
  }
}

TEST_CASE("small depressions are filled from the leaves up, wide ones stay") {
  CHECK(fill_small_depressions(two_pools(), depression_hierarchy(two_pools()), {.depth_m = 2.5}).values ==
        drawn_heights({"99999999", "97144560", "99999999"}).values);
  CHECK(fill_small_depressions(two_pools(), depression_hierarchy(two_pools()), {.cells = 2}).values ==
        drawn_heights({"99999999", "97444560", "99999999"}).values);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Raster<float> dem = random_dem(dice, random_shape(dice, 20));
    const DepressionHierarchy before = depression_hierarchy(dem);
    REQUIRE(fill_small_depressions(dem, before, {}).values == dem.values);
    const LeastDepression least{2.0 * dice.uniform(), 1 + dice.below(6)};
    const Raster<float> mended = fill_small_depressions(dem, before, least);
    const DepressionHierarchy after = depression_hierarchy(mended);
    for (std::int32_t i = 1; i <= after.leaves; ++i) {
      const Depression& d = node(after, i);
      REQUIRE(d.cells >= least.cells);
      REQUIRE(static_cast<double>(d.spill_m) - static_cast<double>(mended[d.pit]) >= least.depth_m);
    }
    const Raster<float> filled = plain_fill(dem), filled_after = plain_fill(mended);
    for (Cell cell = 0; cell < dem.shape.cells(); ++cell) {
      if (!dem.is_valid(cell)) continue;
      REQUIRE(mended[cell] >= dem[cell]);
      REQUIRE(filled_after[cell] == filled[cell]);
    }
  }
}

TEST_CASE("hierarchy and inundation: bit for bit at any thread count") {
  const Shape shape{400, 500};
  Raster<float> dem(shape);
  dem.values = fractal(shape, 21);
  for (float& z : dem.values) z = std::round(z * 4000.0F) / 16.0F;
  const Raster<double> water(shape, 0.05);
  std::vector<Inundation> results;
  std::vector<DepressionHierarchy> found;
  for (const std::size_t threads : {1U, 2U, 4U}) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    found.push_back(depression_hierarchy(dem));
    results.push_back(fill_spill_merge(dem, found.back(), water));
  }
  CHECK(found[0].leaves > 1000);
  CHECK(results[0].left_m > 0.0);
  for (std::size_t i = 1; i < 3; ++i) {
    CHECK(found[i].leaf.values == found[0].leaf.values);
    CHECK(found[i].home.values == found[0].home.values);
    CHECK(found[i].roots == found[0].roots);
    CHECK(results[i].depth_m.values == results[0].depth_m.values);
    CHECK(results[i].left_m == results[0].left_m);
    CHECK(results[i].unaccounted_m == results[0].unaccounted_m);
  }
}
