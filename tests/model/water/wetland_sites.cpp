#include "model/water/wetland_sites.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include <doctest/doctest.h>

#include "model/grid/components.hpp"
#include "model/run/error.hpp"
#include "tests/support/drawn.hpp"
#include "tests/support/random_dems.hpp"

using namespace greenweave;
using namespace greenweave::testing;
using doctest::Approx;

namespace {

/// Classes: 0 field, 1 water, 2 built. Cells of 10 m.
Landscape place_of(Raster<float> heights, Raster<ClassIndex> cover) {
  Landscape place;
  place.frame = frame_of(heights.shape, 10.0);
  auto classes = std::make_shared<ClassTable>();
  classes->classes = {{1, "field"}, {2, "water"}, {3, "built"}};
  place.classes = classes;
  place.cover = std::move(cover);
  place.elevation_m = std::make_shared<Raster<float>>(std::move(heights));
  return place;
}

SiteRule rule_of() {
  SiteRule rule;
  rule.cover_values = {1.0, 0.0, 0.0};
  rule.water_classes = {false, true, false};
  rule.built_classes = {false, false, true};
  rule.least_ha = 0.01;
  rule.low_ground = false;
  rule.best_share = 1.0;
  return rule;
}

/// Only that factor counts.
SiteWeights only(double SiteWeights::*factor) {
  SiteWeights weights{0, 0, 0, 0, 0, 0, 0};
  weights.*factor = 1.0;
  return weights;
}

}  // namespace

TEST_CASE("sites grow from the best cell, nearest cells first, up to the largest area") {
  const std::map<char, float> legend{{'.', 0.1F}, {'a', 0.7F}, {'b', 0.9F}};
  const auto suitability = drawn({"aab..a",  //
                                  "aaa...",  //
                                  "...aaa"},
                                 legend);
  std::vector<Cell> seeds;
  // One piece: the lone cell in the corner is too small, and diagonals join the last row.
  Raster<std::int32_t> label = grow_sites(suitability, 0.6, 2, 100, &seeds);
  CHECK(label.values == std::vector<std::int32_t>{1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1});
  CHECK(seeds == std::vector<Cell>{2});
  // Of four cells at most: the seed, its neighbours at distance 1 by index, one at distance root 2. The rest is cut
  // anew.
  label = grow_sites(suitability, 0.6, 2, 4);
  CHECK(label.values == std::vector<std::int32_t>{2, 1, 1, 0, 0, 0, 2, 1, 1, 0, 0, 0, 0, 0, 0, 3, 3, 3});
  CHECK(grow_sites(suitability, 0.8, 1, 9).values[2] == 1);
  CHECK(grow_sites(suitability, 0.8, 2, 9).values[2] == 0);
}

TEST_CASE("sites: on random maps they are connected, of the stated size, and without a limit the components") {
  Dice dice(88);
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    const Shape shape = random_shape(dice, 16);
    Raster<float> suitability(shape);
    suitability.valid.assign(suitability.values.size(), 1);
    for (std::size_t i = 0; i < suitability.values.size(); ++i) {
      suitability.values[i] = static_cast<float>(dice.uniform());
      suitability.valid[i] = dice.chance(0.9) ? 1 : 0;
    }
    Raster<std::uint8_t> mask(shape);
    for (Cell cell = 0; cell < shape.cells(); ++cell)
      mask[cell] = suitability.is_valid(cell) && suitability[cell] >= 0.4F ? 1 : 0;
    std::int32_t parts = 0;
    const Raster<std::int32_t> component = label_components(mask, Neighbourhood::eight, &parts);
    std::vector<Cell> seeds;
    const Raster<std::int32_t> whole = grow_sites(suitability, 0.4, 1, shape.cells(), &seeds);
    CHECK(seeds.size() == static_cast<std::size_t>(parts));
    for (Cell a = 0; a < shape.cells(); ++a) {
      CHECK((whole[a] > 0) == (mask[a] != 0));
      if (mask[a] != 0) CHECK(component[a] == component[seeds[static_cast<std::size_t>(whole[a]) - 1]]);
    }
    const std::int64_t least = 1 + dice.below(3), largest = least + dice.below(8);
    seeds.clear();
    const Raster<std::int32_t> cut = grow_sites(suitability, 0.4, least, largest, &seeds);
    std::vector<std::int64_t> cells(seeds.size(), 0);
    for (Cell cell = 0; cell < shape.cells(); ++cell) {
      if (cut[cell] == 0) continue;
      CHECK(mask[cell] == 1);
      ++cells[static_cast<std::size_t>(cut[cell]) - 1];
    }
    for (std::size_t k = 0; k < seeds.size(); ++k) {
      CHECK(cells[k] >= least);
      CHECK(cells[k] <= largest);
      Raster<std::uint8_t> own(shape);
      for (Cell cell = 0; cell < shape.cells(); ++cell) own[cell] = cut[cell] == static_cast<std::int32_t>(k) + 1;
      std::int32_t pieces = 0;
      label_components(own, Neighbourhood::eight, &pieces);
      CHECK(pieces == 1);
      if (k > 0) CHECK(suitability[seeds[k]] <= suitability[seeds[k - 1]]);
    }
  }
}

TEST_CASE("sites: each factor in closed form") {
  // A hollow of two cells, half a metre and one metre deep; water in the west, a house in the east.
  Raster<float> heights(Shape{5, 7}, 8.0F);
  heights.at(2, 3) = 7.0F;
  heights.at(2, 4) = 7.5F;
  Raster<ClassIndex> cover(heights.shape, 0);
  cover.at(2, 0) = 1;
  cover.at(2, 6) = 2;
  const Landscape place = place_of(heights, cover);
  SiteRule rule = rule_of();
  const auto suitability = [&](double SiteWeights::*factor) {
    rule.weights = only(factor);
    return find_wetland_sites(place, nullptr, rule).suitability;
  };
  const Raster<float> hollow = suitability(&SiteWeights::depression);
  CHECK(std::count(hollow.values.begin(), hollow.values.end(), 1.0F) == 2);
  CHECK(hollow.at(2, 3) == 1.0F);
  rule.water_reach_m = 100.0;
  CHECK(suitability(&SiteWeights::water).at(2, 3) == Approx(0.7));  // 30 m away
  CHECK(suitability(&SiteWeights::water).at(2, 0) == 0.0F);         // water itself is no site
  rule.development_clear_m = 40.0;
  CHECK(suitability(&SiteWeights::development).at(2, 4) == Approx(0.5));  // 20 m away
  CHECK(suitability(&SiteWeights::development).at(2, 1) == 1.0F);
  rule.cover_values[0] = 0.3;
  CHECK(suitability(&SiteWeights::cover).at(0, 0) == Approx(0.3));
  rule.cover_values[0] = 1.0;
  rule.weights = only(&SiteWeights::soil);
  Raster<std::uint8_t> soil(heights.shape, 3);
  CHECK(find_wetland_sites(place, &soil, rule).suitability.at(0, 0) == Approx(0.75));
  CHECK_THROWS_AS(find_wetland_sites(place, nullptr, rule), InputError);

  // Weights: a mean, of the depression (1 or 0) and the distance to the house.
  rule.weights = only(&SiteWeights::depression);
  rule.weights.development = 3.0;
  CHECK(find_wetland_sites(place, nullptr, rule).suitability.at(2, 4) == Approx((1.0 + 3.0 * 0.5) / 4.0));
}

TEST_CASE("sites lie in low ground, and only the most suitable share of the land counts") {
  // Ground that rises 2 m a cell to the east from a valley of 20 cells, whose streams begin at two cells; a hollow of
  // one cell on top.
  Raster<float> heights(Shape{20, 8});
  for (Cell cell = 0; cell < heights.shape.cells(); ++cell)
    heights[cell] =
        0.1F * static_cast<float>(heights.shape.row(cell)) + 2.0F * static_cast<float>(heights.shape.col(cell));
  heights.at(10, 6) -= 8.0F;
  const Landscape place = place_of(heights, Raster<ClassIndex>(heights.shape, 0));
  SiteRule rule = rule_of();
  rule.weights = only(&SiteWeights::cover);  // 1 wherever a site may be
  rule.stream_ha = 0.2;
  const auto possible = [&] {
    const WetlandSites found = find_wetland_sites(place, nullptr, rule);
    return std::count_if(found.label.values.begin(), found.label.values.end(), [](auto l) { return l > 0; });
  };
  CHECK(possible() == 160);
  rule.low_ground = true;
  const Raster<float> low = find_wetland_sites(place, nullptr, rule).suitability;
  CHECK(low.at(12, 1) == 1.0F);
  CHECK(low.at(12, 6) == 0.0F);  // 12 m above the valley
  CHECK(low.at(10, 6) == 1.0F);  // but the hollow holds water
  rule.low_ground = false;
  rule.weights = only(&SiteWeights::drainage);
  rule.threshold = 0.0;
  const auto all = possible();
  rule.best_share = 0.0;  // the highest alone, and what equals it
  const auto few = possible();
  CHECK(few > 0);
  CHECK(few < all);
}

TEST_CASE("sites: area, volumes, earth, catchment, cost and people of a drawn hollow") {
  Raster<float> heights(Shape{5, 7}, 8.0F);
  heights.at(2, 3) = 7.0F;
  heights.at(2, 4) = 7.75F;
  Raster<ClassIndex> cover(heights.shape, 0);
  cover.at(2, 6) = 2;
  Landscape place = place_of(heights, cover);
  auto people = std::make_shared<Raster<float>>(heights.shape, 0.0F);
  people->at(2, 6) = 12.0F;
  people->at(0, 0) = 5.0F;
  place.population = people;
  SiteRule rule = rule_of();
  rule.weights = only(&SiteWeights::depression);
  rule.cost_per_ha = 100.0;
  rule.cost_per_m3 = 2.0;
  rule.micro_distance_m = 25.0;
  WetlandSites found = find_wetland_sites(place, nullptr, rule);
  REQUIRE(found.sites.size() == 1);
  const WetlandSite& site = found.sites.front();
  CHECK(site.cells == 2);
  CHECK(site.area_ha == Approx(0.02));
  CHECK(site.natural_m3 == Approx(100.0 + 25.0));
  CHECK(site.volume_m3 == Approx(100.0 + 50.0));  // half a metre at least
  CHECK(site.dug_m3 == Approx(25.0));
  CHECK(site.cost == Approx(2.0 + 50.0));
  CHECK(site.to_built_m == Approx(20.0));
  CHECK(site.people == 12.0);  // 20 m away; the others are farther than 25 m
  CHECK(site.micro);
  CHECK(site.catchment_ha >= 0.02);
  CHECK(site.catchment_ha <= 0.35);
  rule.micro_distance_m = 10.0;  // nobody that near
  CHECK_FALSE(find_wetland_sites(place, nullptr, rule).sites.front().micro);
  rule.micro_distance_m = 25.0;
  rule.micro_ha = 0.01;  // too large
  CHECK_FALSE(find_wetland_sites(place, nullptr, rule).sites.front().micro);
}

TEST_CASE("sites: catchments never overlap, and volumes, areas and people add up on random ground") {
  Dice dice(12);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const Shape shape{12 + dice.below(10), 12 + dice.below(10)};
    Raster<ClassIndex> cover(shape, 0);
    for (ClassIndex& c : cover.values) c = static_cast<ClassIndex>(dice.chance(0.8) ? 0 : 1 + dice.below(2));
    Landscape place = place_of(random_dem(dice, shape), cover);
    place.population = std::make_shared<Raster<float>>(shape, 1.0F);
    SiteRule rule = rule_of();
    rule.threshold = 0.4 + 0.2 * dice.uniform();
    rule.largest_ha = 0.2;
    const WetlandSites found = find_wetland_sites(place, nullptr, rule);
    double area = 0.0, catchment = 0.0, people = 0.0;
    for (const WetlandSite& site : found.sites) {
      CHECK(site.area_ha == Approx(0.01 * static_cast<double>(site.cells)));
      CHECK(site.catchment_ha >= site.area_ha - 1e-9);  // at least its own cells
      CHECK(site.volume_m3 == Approx(site.natural_m3 + site.dug_m3));
      CHECK(site.suitability >= rule.threshold - 1e-6);
      CHECK(site.suitability <= 1.0);
      area += site.area_ha;
      catchment += site.catchment_ha;
      people += site.people;
    }
    CHECK(catchment <= 0.01 * static_cast<double>(shape.cells()) + 1e-9);
    CHECK(people <= static_cast<double>(shape.cells()));
    CHECK(area == Approx(0.01 * static_cast<double>(std::count_if(found.label.values.begin(), found.label.values.end(),
                                                                  [](std::int32_t l) { return l > 0; }))));
  }
}

TEST_CASE("the best sites under a budget") {
  const auto site = [](double suitability, double area_ha, double cost, bool micro) {
    WetlandSite s;
    s.suitability = suitability;
    s.area_ha = area_ha;
    s.cost = cost;
    s.micro = micro;
    return s;
  };
  // Worth per cost 0.8, 0.9, 0.4, 0.9 and, for nothing, infinity.
  const std::vector<WetlandSite> sites{site(0.8, 2, 2, true), site(0.9, 5, 5, false), site(0.8, 1, 2, true),
                                       site(0.9, 1, 1, true), site(0.1, 1, 0, false)};
  constexpr double no_limit = std::numeric_limits<double>::infinity();
  using Chosen = std::vector<std::size_t>;
  CHECK(best_sites(sites, 9, no_limit, false) == Chosen{4, 1, 3, 0, 2});
  CHECK(best_sites(sites, 2, no_limit, false) == Chosen{4, 1});
  CHECK(best_sites(sites, 9, 3.0, false) == Chosen{4, 3, 0});  // the large one does not fit, smaller ones do
  CHECK(best_sites(sites, 9, no_limit, true) == Chosen{3, 0, 2});
  CHECK(best_sites(sites, 9, 0.5, true).empty());
}
