#include "model/water/wetland_sites.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>

#include "model/grid/distance.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"
#include "model/water/conditioning.hpp"
#include "model/water/flow.hpp"
#include "model/water/streams.hpp"
#include "model/water/terrain.hpp"

namespace greenweave {

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// 1 up to `low`, 0 from `high` on, linear between.
double falling(double x, double low, double high) {
  if (x <= low) return 1.0;
  return x >= high ? 0.0 : (high - x) / (high - low);
}

/// The values of valid cells that lie at two shares of their ranks.
std::pair<double, double> quantiles(const Raster<float>& raster, double lower, double upper) {
  std::vector<float> values;
  for (Cell cell = 0; cell < raster.shape.cells(); ++cell)
    if (raster.is_valid(cell)) values.push_back(raster[cell]);
  if (values.empty()) return {0.0, 0.0};
  const auto value_at = [&](double share) {
    const auto k = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + k, values.end());
    return static_cast<double>(values[at(k)]);
  };
  const double low = value_at(lower);
  return {low, value_at(upper)};
}

/// Distance to the nearest cell of the classes, m; infinity where there is none.
Raster<float> distance_to(const Landscape& landscape, const std::vector<bool>& classes) {
  const Shape& shape = landscape.frame.shape;
  std::vector<Cell> cells;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (landscape.cover.is_valid(cell) && classes[landscape.cover[cell]]) cells.push_back(cell);
  if (cells.empty()) return Raster<float>(shape, std::numeric_limits<float>::infinity());
  Raster<float> distance = nearest_cell(shape, cells).distance_cells;
  for (float& d : distance.values) d *= static_cast<float>(landscape.frame.cell_m);
  return distance;
}

}  // namespace

Raster<std::int32_t> grow_sites(const Raster<float>& suitability, double threshold, std::int64_t least_cells,
                                std::int64_t largest_cells, std::vector<Cell>* seeds) {
  const Shape& shape = suitability.shape;
  constexpr std::int32_t free = 0, dropped = -1;
  Raster<std::int32_t> label(shape, free);
  std::vector<Cell> order;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (suitability.is_valid(cell) && suitability[cell] > 0.0F && static_cast<double>(suitability[cell]) >= threshold)
      order.push_back(cell);
  const auto may = [&](Cell cell) {
    return label[cell] == free && suitability.is_valid(cell) && suitability[cell] > 0.0F &&
           static_cast<double>(suitability[cell]) >= threshold;
  };
  std::stable_sort(order.begin(), order.end(), [&](Cell a, Cell b) { return suitability[a] > suitability[b]; });
  std::int32_t count = 0;
  using Entry = std::pair<std::int64_t, Cell>;  // square of the distance to the seed
  for (const Cell seed : order) {
    if (label[seed] != free) continue;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
    std::vector<Cell> taken, reached{seed};
    const std::int32_t mark = count + 1;
    label[seed] = mark;
    open.emplace(0, seed);
    while (!open.empty() && static_cast<std::int64_t>(taken.size()) < largest_cells) {
      const Cell cell = open.top().second;
      open.pop();
      taken.push_back(cell);
      for_each_neighbour(shape, cell, Neighbourhood::eight, [&](Cell next, bool) {
        if (!may(next)) return;
        label[next] = mark;
        reached.push_back(next);
        const std::int64_t dr = shape.row(next) - shape.row(seed), dc = shape.col(next) - shape.col(seed);
        open.emplace(dr * dr + dc * dc, next);
      });
    }
    const bool keep = static_cast<std::int64_t>(taken.size()) >= least_cells;
    for (const Cell cell : reached) label[cell] = free;
    for (const Cell cell : taken) label[cell] = keep ? mark : dropped;
    if (!keep) continue;
    ++count;
    if (seeds != nullptr) seeds->push_back(seed);
  }
  for (std::int32_t& l : label.values) l = std::max(l, 0);
  label.valid = suitability.valid;
  return label;
}

WetlandSites find_wetland_sites(const Landscape& landscape, const Raster<std::uint8_t>* soil, const SiteRule& rule) {
  assert(landscape.elevation_m != nullptr);
  const SiteWeights& w = rule.weights;
  const double total = w.wetness + w.drainage + w.depression + w.soil + w.cover + w.water + w.development;
  if (!(total > 0.0) || (soil == nullptr && !(total - w.soil > 0.0)))
    throw InputError("", "wetland sites", "all weights are 0", "give at least one factor a weight above 0");
  const Frame& frame = landscape.frame;
  const Shape& shape = frame.shape;
  Raster<float> ground = *landscape.elevation_m;
  if (ground.valid.empty()) ground.valid.assign(ground.values.size(), 1);
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (!landscape.cover.is_valid(cell)) ground.valid[at(cell)] = 0;

  const Raster<float> filled = fill_depressions(ground);
  const D8Flow flow = d8_flow(filled);
  const Raster<double> cells_drained = accumulate(flow);
  const Raster<float> wetness =
      wetness_index(accumulate_spread(filled, flow), slope_aspect(ground, frame.cell_m).slope, frame.cell_m);
  const auto [dry, wet] = quantiles(wetness, 0.05, 0.95);
  const StreamNetwork streams =
      stream_network(flow, cells_drained, rule.stream_ha / frame.cell_area_ha(), frame.cell_m);
  const Raster<float> hand = height_above_drainage(filled, flow, streams.link);
  const Raster<float> to_water = distance_to(landscape, rule.water_classes),
                      to_built = distance_to(landscape, rule.built_classes);

  WetlandSites found;
  found.suitability = Raster<float>(shape, 0.0F);
  found.suitability.valid = ground.valid;
  parallel_pieces(shape.cells(), 1 << 16, [&, dry_twi = dry, wet_twi = wet](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto cell = static_cast<Cell>(i);
      if (!ground.is_valid(cell)) continue;
      const double cover = rule.cover_values[landscape.cover[cell]];
      if (cover <= 0.0) continue;
      const bool holds_water = filled[cell] - ground[cell] >= static_cast<float>(rule.least_depth_m);
      const bool is_low = hand.is_valid(cell) && static_cast<double>(hand[cell]) <= rule.hand_low_m;
      if (rule.low_ground && !holds_water && !is_low) continue;
      double sum = 0.0, weights = 0.0;
      const auto add = [&](double weight, double value) {
        sum += weight * value;
        weights += weight;
      };
      add(w.wetness, wet_twi > dry_twi && wetness.is_valid(cell)
                         ? std::clamp((static_cast<double>(wetness[cell]) - dry_twi) / (wet_twi - dry_twi), 0.0, 1.0)
                         : 0.0);
      add(w.drainage,
          hand.is_valid(cell) ? falling(static_cast<double>(hand[cell]), rule.hand_low_m, rule.hand_high_m) : 0.0);
      add(w.depression, holds_water ? 1.0 : 0.0);
      if (soil != nullptr && soil->is_valid(cell)) add(w.soil, rule.soil_values[at((*soil)[cell]) - 1]);
      add(w.cover, cover);
      add(w.water, falling(static_cast<double>(to_water[cell]), 0.0, rule.water_reach_m));
      add(w.development, 1.0 - falling(static_cast<double>(to_built[cell]), 0.0, rule.development_clear_m));
      found.suitability[cell] = weights > 0.0 ? static_cast<float>(sum / weights) : 0.0F;
    }
  });

  double threshold = rule.threshold;
  if (rule.best_share < 1.0) {
    const double share = 1.0 - std::max(0.0, rule.best_share);
    threshold = std::max(threshold, quantiles(found.suitability, share, share).first);
  }
  const auto cells_of = [&](double ha) { return std::max<std::int64_t>(1, std::llround(ha / frame.cell_area_ha())); };
  std::vector<Cell> seeds;
  found.label = grow_sites(found.suitability, threshold, cells_of(rule.least_ha), cells_of(rule.largest_ha), &seeds);
  found.sites.resize(seeds.size());
  for (std::size_t k = 0; k < seeds.size(); ++k) {
    found.sites[k].seed = seeds[k];
    found.sites[k].to_built_m = std::numeric_limits<double>::infinity();
  }
  const double cell_m2 = frame.cell_m * frame.cell_m;
  const Raster<std::int32_t> drains_to = watersheds(flow, found.label);
  std::vector<Cell> in_sites;
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    if (!ground.is_valid(cell)) continue;
    if (drains_to.is_valid(cell) && drains_to[cell] > 0)
      found.sites[at(drains_to[cell]) - 1].catchment_ha += frame.cell_area_ha();
    if (found.label[cell] == 0) continue;
    in_sites.push_back(cell);
    WetlandSite& site = found.sites[at(found.label[cell]) - 1];
    const double natural = static_cast<double>(filled[cell]) - static_cast<double>(ground[cell]);
    ++site.cells;
    site.suitability += static_cast<double>(found.suitability[cell]);
    site.natural_m3 += natural * cell_m2;
    site.volume_m3 += std::max(natural, rule.depth_m) * cell_m2;
    site.dug_m3 += std::max(0.0, rule.depth_m - natural) * cell_m2;
    site.to_built_m = std::min(site.to_built_m, static_cast<double>(to_built[cell]));
  }
  if (landscape.population != nullptr && !in_sites.empty()) {
    const NearestCell nearest = nearest_cell(shape, in_sites);
    for (Cell cell = 0; cell < shape.cells(); ++cell)
      if (landscape.population->is_valid(cell) &&
          static_cast<double>(nearest.distance_cells[cell]) * frame.cell_m <= rule.micro_distance_m)
        found.sites[at(found.label[nearest.nearest[cell]]) - 1].people +=
            static_cast<double>((*landscape.population)[cell]);
  }
  for (WetlandSite& site : found.sites) {
    site.suitability /= static_cast<double>(site.cells);
    site.area_ha = static_cast<double>(site.cells) * frame.cell_area_ha();
    site.cost = site.area_ha * rule.cost_per_ha + site.dug_m3 * rule.cost_per_m3;
    site.micro = site.area_ha <= rule.micro_ha && (site.people > 0.0 || site.to_built_m <= rule.micro_distance_m);
  }
  return found;
}

std::vector<std::size_t> best_sites(const std::vector<WetlandSite>& sites, std::int64_t most, double budget,
                                    bool micro_only) {
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < sites.size(); ++k)
    if (!micro_only || sites[k].micro) order.push_back(k);
  // As floats: sites that differ in rounding alone are equal.
  const auto worth = [&](std::size_t k) {
    const double value = sites[k].suitability * sites[k].area_ha;
    return sites[k].cost > 0.0 ? static_cast<float>(value / sites[k].cost) : std::numeric_limits<float>::infinity();
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return worth(a) > worth(b); });
  std::vector<std::size_t> chosen;
  double spent = 0.0;
  for (const std::size_t k : order) {
    if (static_cast<std::int64_t>(chosen.size()) >= most) break;
    if (spent + sites[k].cost > budget) continue;
    spent += sites[k].cost;
    chosen.push_back(k);
  }
  return chosen;
}

}  // namespace greenweave
