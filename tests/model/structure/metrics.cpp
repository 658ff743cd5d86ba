#include "model/structure/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "model/grid/components.hpp"
#include "model/structure/nearest_patch.hpp"
#include "tests/support/drawn.hpp"
#include "tests/support/fractal.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;
using doctest::Approx;

namespace {

Raster<std::uint8_t> map_of(std::initializer_list<std::string> rows) {
  return drawn<std::uint8_t>(rows, {{'a', 0}, {'b', 1}, {'c', 2}, {'-', no_class}});
}

/// Equal, or both undefined.
void check_same(double found, double expected, const char* what) {
  CAPTURE(what);
  CAPTURE(found);
  CAPTURE(expected);
  if (std::isnan(expected))
    REQUIRE(std::isnan(found));
  else
    REQUIRE(std::abs(found - expected) <= 1e-11 * std::max(1.0, std::abs(expected)));
}

// ---- Metrics by their definitions, cell by cell and pair by pair ----

struct PlainPatch {
  int of_class = 0;
  std::vector<Cell> cells;
};

class Plain {
 public:
  Plain(const Raster<std::uint8_t>& map, double cell_m, const MetricRule& rule)
      : map_(map), shape_(map.shape), cell_m_(cell_m), rule_(rule) {
    std::vector<bool> seen(map.values.size());
    for (Cell first = 0; first < shape_.cells(); ++first) {
      if (at(first) < 0 || seen[static_cast<std::size_t>(first)]) continue;
      PlainPatch patch{at(first), {}};
      std::vector<Cell> open{first};
      seen[static_cast<std::size_t>(first)] = true;
      while (!open.empty()) {
        const Cell cell = open.back();
        open.pop_back();
        patch.cells.push_back(cell);
        for_each_neighbour(shape_, cell, rule.patches, [&](Cell next, bool) {
          if (at(next) != patch.of_class || seen[static_cast<std::size_t>(next)]) return;
          seen[static_cast<std::size_t>(next)] = true;
          open.push_back(next);
        });
      }
      patches_.push_back(patch);
    }
  }

  int at(Cell cell) const { return map_.is_valid(cell) && map_[cell] != no_class ? map_[cell] : -1; }
  int at(int r, int c) const { return shape_.holds(r, c) ? at(shape_.cell(r, c)) : -1; }

  template <class Visit>
  void sides(Cell cell, const Visit& visit) const {
    const int r = shape_.row(cell), c = shape_.col(cell);
    visit(at(r - 1, c)), visit(at(r + 1, c)), visit(at(r, c - 1)), visit(at(r, c + 1));
  }
  double sides_of(const PlainPatch& p) const {
    double n = 0.0;
    for (const Cell cell : p.cells) sides(cell, [&](int k) { n += k != p.of_class; });
    return n;
  }
  double core_of(const PlainPatch& p) const {
    const int d = rule_.edge_depth_cells;
    double n = 0.0;
    for (const Cell cell : p.cells) {
      bool inside = true;
      for (int dr = -d; dr <= d; ++dr)
        for (int dc = -d; dc <= d; ++dc)
          if (dr * dr + dc * dc <= d * d && at(shape_.row(cell) + dr, shape_.col(cell) + dc) != p.of_class)
            inside = false;
      n += inside;
    }
    return n;
  }
  double gyration_of(const PlainPatch& p) const {
    double r = 0.0, c = 0.0, sum = 0.0;
    const auto n = static_cast<double>(p.cells.size());
    for (const Cell cell : p.cells) r += shape_.row(cell) / n, c += shape_.col(cell) / n;
    for (const Cell cell : p.cells) sum += std::hypot(shape_.row(cell) - r, shape_.col(cell) - c);
    return sum / n;
  }
  double nearest_of(const PlainPatch& p) const {
    double best = NAN;
    for (const PlainPatch& q : patches_) {
      if (&q == &p || q.of_class != p.of_class) continue;
      for (const Cell a : p.cells)
        for (const Cell b : q.cells)
          best = std::fmin(best, std::hypot(shape_.row(a) - shape_.row(b), shape_.col(a) - shape_.col(b)));
    }
    return best;
  }

  /// `of_class` -1: all patches.
  void check(const Metrics& m, int of_class) const {
    std::vector<const PlainPatch*> mine;
    double z = 0.0, cells = 0.0, largest = 0.0, squares = 0.0, edges = 0.0, p_sum = 0.0, pa_sum = 0.0, tca = 0.0;
    for (const PlainPatch& p : patches_) {
      const auto n = static_cast<double>(p.cells.size());
      z += n;
      if (of_class >= 0 && p.of_class != of_class) continue;
      mine.push_back(&p);
      cells += n;
      largest = std::max(largest, n);
      squares += n * n;
      p_sum += sides_of(p);
      pa_sum += sides_of(p) * std::sqrt(n);
      tca += core_of(p);
      for (const Cell cell : p.cells) sides(cell, [&](int k) { edges += k >= 0 && k != p.of_class; });
    }
    if (of_class < 0) edges /= 2.0;
    const double ha = cell_m_ * cell_m_ / 1e4, landscape = z * ha;
    check_same(static_cast<double>(m.cells), cells, "cells");
    check_same(m.area_ha, cells * ha, "CA");
    check_same(m.share_percent, 100 * cells / z, "PLAND");
    check_same(static_cast<double>(m.patches), static_cast<double>(mine.size()), "NP");
    check_same(m.patch_density, static_cast<double>(mine.size()) / landscape * 100.0, "PD");
    check_same(m.largest_percent, 100 * largest / z, "LPI");
    check_same(m.edge_m, edges * cell_m_, "TE");
    check_same(m.edge_density, edges * cell_m_ / landscape, "ED");
    check_same(m.total_core_ha, tca * ha, "TCA");
    check_same(m.cohesion, z < 2 ? NAN : (1 - p_sum / pa_sum) / (1 - 1 / std::sqrt(z)) * 100, "COHESION");
    check_same(m.division, 1 - squares / z / z, "DIVISION");
    check_same(m.mesh_ha, squares / z * ha, "MESH");
    check_same(m.split, z * z / squares, "SPLIT");
    const auto check_spread = [&](const Spread& s, const char* what, const auto& figure) {
      std::vector<double> value, weight;
      for (const PlainPatch* p : mine)
        if (const double v = figure(*p); !std::isnan(v))
          value.push_back(v), weight.push_back(static_cast<double>(p->cells.size()));
      const auto n = static_cast<double>(value.size());
      const double mean = std::accumulate(value.begin(), value.end(), 0.0) / n;
      double variance = 0.0, weighted = 0.0, weights = 0.0;
      for (std::size_t i = 0; i < value.size(); ++i) {
        variance += (value[i] - mean) * (value[i] - mean) / n;
        weighted += weight[i] * value[i];
        weights += weight[i];
      }
      check_same(s.mean, mean, what);
      check_same(s.sd, value.empty() ? NAN : std::sqrt(variance), what);
      check_same(s.weighted, weighted / weights, what);
    };
    check_spread(m.area_hectares, "AREA",
                 [&](const PlainPatch& p) { return static_cast<double>(p.cells.size()) * ha; });
    check_spread(m.gyration_m, "GYRATE", [&](const PlainPatch& p) { return gyration_of(p) * cell_m_; });
    check_spread(m.shape, "SHAPE", [&](const PlainPatch& p) {
      return 0.25 * sides_of(p) / std::sqrt(static_cast<double>(p.cells.size()));
    });
    check_spread(m.core_ha, "CORE", [&](const PlainPatch& p) { return core_of(p) * ha; });
    check_spread(m.nearest_m, "ENN", [&](const PlainPatch& p) { return nearest_of(p) * cell_m_; });
  }

  /// AI of a class: the most sides are found by building the tightest pile, one cell after another.
  double aggregation(int of_class) const {
    double like = 0.0;
    std::int64_t cells = 0;
    for (Cell cell = 0; cell < shape_.cells(); ++cell) {
      if (at(cell) != of_class) continue;
      ++cells;
      sides(cell, [&](int k) { like += 0.5 * (k == of_class); });
    }
    double most = 0.0;
    std::int64_t wide = 1, high = 1, built = 1;  // a rectangle that grows by a side at a time
    while (built < cells) {
      const std::int64_t side = std::min(wide, high) == wide && wide == high ? high : std::min(wide, high) + 1;
      // A new side: the first cell shares one side, each further one two.
      for (std::int64_t k = 0; k < side && built < cells; ++k, ++built) most += k == 0 ? 1 : 2;
      (wide == high ? wide : high) += 1;
    }
    return cells < 2 ? NAN : 100.0 * like / most;
  }

  void check_all(const LandscapeMetrics& found) const {
    std::map<int, double> share;
    std::map<std::pair<int, int>, double> g;
    std::map<int, double> row;
    double z = 0.0;
    for (Cell cell = 0; cell < shape_.cells(); ++cell) {
      if (at(cell) < 0) continue;
      ++z;
      ++share[at(cell)];
      sides(cell, [&](int k) {
        if (k >= 0) ++g[{at(cell), k}], ++row[at(cell)];
      });
    }
    REQUIRE(found.classes.size() == share.size());
    double shdi = 0.0, sum = 0.0, ai = 0.0;
    std::size_t index = 0;
    for (auto& [k, p] : share) {
      p /= z;
      shdi -= p * std::log(p);
      const ClassMetrics& m = found.classes[index++];
      REQUIRE(m.class_index == k);
      check(m, k);
      check_same(m.aggregation, aggregation(k), "AI");
      if (!std::isnan(aggregation(k))) ai += p * aggregation(k);
    }
    for (const auto& [pair, sides] : g) {
      const double q = share[pair.first] * sides / row[pair.first];
      sum += q * std::log(q);
    }
    const auto m = static_cast<double>(share.size());
    check(found.landscape, -1);
    check_same(found.landscape.aggregation, ai, "AI of the landscape");
    check_same(found.diversity, shdi, "SHDI");
    check_same(found.contagion, m < 2 ? NAN : 100 * (1 + sum / (2 * std::log(m))), "CONTAG");
  }

 private:
  const Raster<std::uint8_t>& map_;
  Shape shape_;
  double cell_m_;
  MetricRule rule_;
  std::vector<PlainPatch> patches_;
};

}  // namespace

TEST_CASE("metrics of a drawn landscape, reckoned by hand") {
  // 25 cells of 100 m2: 0.25 ha. a: a block of 2 x 3 and a lone cell; b: 11 cells; c: 7 cells.
  const LandscapeMetrics found = landscape_metrics(map_of({
                                                       "aabbb",  //
                                                       "aabbb",  //
                                                       "aabbb",  //
                                                       "cccbb",  //
                                                       "cccca",  //
                                                   }),
                                                   10.0);
  REQUIRE(found.classes.size() == 3);
  const ClassMetrics &a = found.classes[0], &b = found.classes[1], &c = found.classes[2];
  const Metrics& all = found.landscape;
  CHECK(a.area_ha == Approx(0.07));
  CHECK(a.share_percent == Approx(28.0));
  CHECK(a.patches == 2);
  CHECK(a.patch_density == Approx(2 / 0.25 * 100));
  CHECK(all.patches == 4);
  CHECK(all.patch_density == Approx(1600.0));
  CHECK(a.largest_percent == Approx(24.0));    // 6 of 25
  CHECK(all.largest_percent == Approx(44.0));  // b, 11 of 25
  // Sides a-b: 3 along the block, 1 above the lone cell; a-c: 2 below the block, 1 beside the lone cell; b-c: 3.
  CHECK(a.edge_m == Approx(70.0));
  CHECK(b.edge_m == Approx(70.0));
  CHECK(c.edge_m == Approx(60.0));
  CHECK(all.edge_m == Approx(100.0));
  CHECK(all.edge_density == Approx(400.0));
  // Patches of a: 0.06 and 0.01 ha.
  CHECK(a.area_hectares.mean == Approx(0.035));
  CHECK(a.area_hectares.sd == Approx(0.025));
  CHECK(a.area_hectares.weighted == Approx((6 * 0.06 + 1 * 0.01) / 7));
  // The block's centre is half a cell from two cells, and sqrt(1 + 1/4) from four.
  CHECK(a.gyration_m.mean == Approx(10 * (2 * 0.5 + 4 * std::sqrt(1.25)) / 6 / 2));
  // Perimeters in sides: block 10, lone cell 4, b 4 x 11 - 2 x 15 = 14, c 4 x 7 - 2 x 8 = 12.
  CHECK(a.shape.mean == Approx((0.25 * 10 / std::sqrt(6.0) + 1.0) / 2));
  CHECK(b.shape.mean == Approx(0.25 * 14 / std::sqrt(11.0)));
  CHECK(c.shape.mean == Approx(0.25 * 12 / std::sqrt(7.0)));
  // Only two cells of b have four neighbours of their class.
  CHECK(a.total_core_ha == 0.0);
  CHECK(b.total_core_ha == Approx(0.02));
  CHECK(all.core_ha.mean == Approx(0.02 / 4));
  CHECK(all.core_ha.weighted == Approx(0.02 * 11 / 25));
  // From the block's south-east corner to the lone cell: two rows, three columns.
  CHECK(a.nearest_m.mean == Approx(10 * std::sqrt(13.0)));
  CHECK(a.nearest_m.sd == 0.0);
  CHECK(std::isnan(b.nearest_m.mean));
  CHECK(all.nearest_m.mean == Approx(10 * std::sqrt(13.0)));
  CHECK(a.cohesion == Approx(100 * (1 - 14 / (10 * std::sqrt(6.0) + 4)) / (1 - 1.0 / 5)));
  CHECK(a.division == Approx(1 - 37.0 / 625));
  CHECK(a.mesh_ha == Approx(37.0 / 25 * 0.01));
  CHECK(a.split == Approx(625.0 / 37));
  CHECK(all.split == Approx(625.0 / (36 + 1 + 121 + 49)));
  // a shares 7 sides of at most 4 + 2 x 3 - 2 = 8 for 7 cells; b 15 of 12 + 2 x 2 - 1 = 15; c 8 of 8.
  CHECK(a.aggregation == Approx(87.5));
  CHECK(b.aggregation == Approx(100.0));
  CHECK(c.aggregation == Approx(100.0));
  CHECK(all.aggregation == Approx(0.28 * 87.5 + 0.44 * 100 + 0.28 * 100));
  CHECK(found.diversity == Approx(-(0.56 * std::log(0.28) + 0.44 * std::log(0.44))));
  // Adjacencies counted double: a 14, 4, 3 of 21; b 30, 4, 3 of 37; c 16, 3, 3 of 22.
  const auto term = [](double p, double g, double of) { return p * g / of * std::log(p * g / of); };
  const double sum = term(0.28, 14, 21) + term(0.28, 4, 21) + term(0.28, 3, 21) + term(0.44, 30, 37) +
                     term(0.44, 4, 37) + term(0.44, 3, 37) + term(0.28, 16, 22) + 2 * term(0.28, 3, 22);
  CHECK(found.contagion == Approx(100 * (1 + sum / (2 * std::log(3.0)))));
}

TEST_CASE("metrics of a landscape with holes in its data, at four and at eight neighbours") {
  // Two cells of a touch by a corner: one patch at eight neighbours, two at four, sqrt 2 cells apart.
  const Raster<std::uint8_t> map = map_of({
      "a----",  //
      "-abb-",  //
      "--bb-",  //
      "-----",  //
      "----b",  //
  });
  const LandscapeMetrics eight = landscape_metrics(map, 100.0);
  CHECK(eight.landscape.cells == 7);
  CHECK(eight.landscape.area_ha == Approx(7.0));
  CHECK(eight.classes[0].patches == 1);
  CHECK(std::isnan(eight.classes[0].nearest_m.mean));
  CHECK(eight.classes[0].gyration_m.mean == Approx(100 * std::sqrt(0.5)));
  CHECK(eight.classes[0].edge_m == Approx(100.0));  // one side towards b; what has no data is no edge
  CHECK(eight.classes[0].shape.mean == Approx(0.25 * 8 / std::sqrt(2.0)));
  CHECK(eight.classes[0].aggregation == 0.0);
  CHECK(eight.classes[1].nearest_m.mean == Approx(100 * std::sqrt(5.0)));
  MetricRule four;
  four.patches = Neighbourhood::four;
  const LandscapeMetrics parted = landscape_metrics(map, 100.0, four);
  CHECK(parted.classes[0].patches == 2);
  CHECK(parted.classes[0].nearest_m.mean == Approx(100 * std::sqrt(2.0)));
  SUBCASE("nothing, one cell, one class") {
    const LandscapeMetrics none = landscape_metrics(map_of({"--", "--"}), 1.0);
    CHECK(none.classes.empty());
    CHECK(none.landscape.patches == 0);
    CHECK(std::isnan(none.landscape.mesh_ha));
    CHECK(std::isnan(none.contagion));
    const LandscapeMetrics one = landscape_metrics(map_of({"-a"}), 1.0);
    CHECK(std::isnan(one.landscape.cohesion));
    CHECK(std::isnan(one.classes[0].aggregation));
    CHECK(one.landscape.split == 1.0);
    const LandscapeMetrics full = landscape_metrics(map_of({"aaa", "aaa", "aaa"}), 1.0);
    CHECK(std::isnan(full.contagion));
    CHECK(full.diversity == 0.0);
    CHECK(full.classes[0].cohesion == Approx(100.0));
    CHECK(full.classes[0].aggregation == Approx(100.0));
    CHECK(full.classes[0].shape.mean == Approx(1.0));
    CHECK(full.classes[0].total_core_ha == Approx(1e-4));
  }
}

TEST_CASE("metrics: equal to their definitions on random landscapes") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape = seed % 8 == 0 ? Shape{60 + dice.below(90), 1 + dice.below(7)} : random_shape(dice, 16);
    Raster<std::uint8_t> map(shape);
    const std::int32_t values = 1 + dice.below(4);
    for (auto& v : map.values) v = static_cast<std::uint8_t>(dice.below(values));
    // Clump it, so that patches have cores.
    for (int k = 0; k < 6; ++k) {
      const std::int32_t r0 = dice.below(shape.rows), c0 = dice.below(shape.cols);
      const auto v = static_cast<std::uint8_t>(dice.below(values));
      for (std::int32_t r = r0; r < std::min(shape.rows, r0 + 7); ++r)
        for (std::int32_t c = c0; c < std::min(shape.cols, c0 + 7); ++c) map.at(r, c) = v;
    }
    if (dice.chance(0.5)) {
      map.valid.resize(map.values.size());
      for (auto& v : map.valid) v = dice.chance(0.85);
      if (std::count(map.valid.begin(), map.valid.end(), 1) == 0) map.valid[0] = 1;
    }
    MetricRule rule;
    rule.patches = dice.chance(0.5) ? Neighbourhood::eight : Neighbourhood::four;
    rule.edge_depth_cells = 1 + dice.below(3);
    const double cell_m = dice.chance(0.5) ? 30.0 : 1.0;
    Plain(map, cell_m, rule).check_all(landscape_metrics(map, cell_m, rule));
  }
}

TEST_CASE("nearest patches: exact where patches are few and far apart") {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape{20 + dice.below(60), 20 + dice.below(60)};
    Raster<std::uint8_t> map(shape, no_class);
    for (int k = 0; k < 3 + dice.below(12); ++k) {
      const std::int32_t r0 = dice.below(shape.rows), c0 = dice.below(shape.cols), size = 1 + dice.below(5);
      for (std::int32_t r = r0; r < std::min(shape.rows, r0 + size); ++r)
        for (std::int32_t c = c0; c < std::min(shape.cols, c0 + size); ++c)
          map.at(r, c) = static_cast<std::uint8_t>(seed % 2 == 0 ? 0 : k % 2);
    }
    std::int32_t count = 0;
    const Raster<std::int32_t> label = label_classes(map, Neighbourhood::four, &count);
    std::vector<std::uint8_t> patch_class(static_cast<std::size_t>(count));
    for (Cell c = 0; c < shape.cells(); ++c)
      if (label[c] != 0) patch_class[static_cast<std::size_t>(label[c]) - 1] = map[c];
    std::vector<std::int64_t> expected(patch_class.size(), -1);
    for (Cell p = 0; p < shape.cells(); ++p)
      for (Cell q = 0; q < shape.cells(); ++q) {
        if (label[p] == 0 || label[q] == 0 || label[p] == label[q] || map[p] != map[q]) continue;
        const std::int64_t dr = shape.row(p) - shape.row(q), dc = shape.col(p) - shape.col(q);
        std::int64_t& best = expected[static_cast<std::size_t>(label[p]) - 1];
        if (best < 0 || dr * dr + dc * dc < best) best = dr * dr + dc * dc;
      }
    REQUIRE(nearest_patches(label, patch_class) == expected);
  }
}

TEST_CASE("metrics: what must hold on a large map, and threads") {
  const Shape shape{500, 400};
  const std::vector<float> height = fractal(shape, 5);
  Raster<std::uint8_t> map(shape), turned(Shape{shape.cols, shape.rows});
  for (Cell c = 0; c < shape.cells(); ++c) {
    map[c] =
        static_cast<std::uint8_t>(std::min(3.0F, std::max(0.0F, (height[static_cast<std::size_t>(c)] - 0.3F) * 10.0F)));
    turned.at(shape.col(c), shape.rows - 1 - shape.row(c)) = map[c];
  }
  const LandscapeMetrics found = landscape_metrics(map, 30.0), other = landscape_metrics(turned, 30.0);
  double edges = 0.0, mesh = 0.0;
  for (std::size_t k = 0; k < found.classes.size(); ++k) {
    edges += found.classes[k].edge_m;
    mesh += found.classes[k].mesh_ha;
    CHECK(found.classes[k].patches == other.classes[k].patches);
    CHECK(found.classes[k].nearest_m.mean == Approx(other.classes[k].nearest_m.mean).epsilon(1e-12));
    CHECK(found.classes[k].gyration_m.weighted == Approx(other.classes[k].gyration_m.weighted).epsilon(1e-12));
    CHECK(found.classes[k].total_core_ha == other.classes[k].total_core_ha);
  }
  CHECK(edges == Approx(2.0 * found.landscape.edge_m));
  CHECK(mesh == Approx(found.landscape.mesh_ha));
  CHECK(found.landscape.mesh_ha * found.landscape.split == Approx(found.landscape.area_ha));
  CHECK(found.landscape.division == Approx(1.0 - 1.0 / found.landscape.split));
  CHECK(found.contagion == Approx(other.contagion).epsilon(1e-12));
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  const LandscapeMetrics again = landscape_metrics(map, 30.0);
  for (std::size_t k = 0; k < found.classes.size(); ++k) {
    CHECK(again.classes[k].gyration_m.mean == found.classes[k].gyration_m.mean);
    CHECK(again.classes[k].nearest_m.sd == found.classes[k].nearest_m.sd);
    CHECK(again.classes[k].core_ha.weighted == found.classes[k].core_ha.weighted);
  }
  CHECK(again.contagion == found.contagion);
}

TEST_CASE("a part of a map is a landscape of its own") {
  Raster<std::uint8_t> map = map_of({"aabb", "aabb", "ccbb"});
  map.valid.assign(map.values.size(), 1);
  map.valid[9] = 0;
  const std::vector<Cell> cells{1, 2, 5, 9, 10};
  const Raster<std::uint8_t> part = part_of(map, cells);
  CHECK(part.shape == Shape{3, 2});
  CHECK(part.values == std::vector<std::uint8_t>{0, 1, 0, no_class, no_class, 1});
  CHECK(part_of(map, {}).empty());
  CHECK(landscape_metrics(part_of(map, {}), 1.0).classes.empty());
}
