#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/landscape/landscape.hpp"

namespace greenweave {

/// What each factor of suitability weighs; they need not add up to anything.
struct SiteWeights {
  double wetness = 1.0;      // TWI, from its 5th (0) to its 95th percentile (1)
  double drainage = 1.0;     // HAND, from `hand_low_m` down 1, from `hand_high_m` up 0
  double depression = 1.0;   // 1 where filling raises the ground by `least_depth_m`
  double soil = 0.0;         // by hydrological group, `soil_values`
  double cover = 1.0;        // by class, `cover_values`
  double water = 1.0;        // 1 at water, 0 from `water_reach_m` on
  double development = 1.0;  // 0 at built-up land, 1 from `development_clear_m` on
};

/// Where a wetland may be made, and what that takes.
struct SiteRule {
  SiteWeights weights;
  double hand_low_m = 5.3, hand_high_m = 15.0;  // waterlogged below, upland above (Nobre and others 2011)
  double least_depth_m = 0.1;
  std::array<double, 4> soil_values{0.1, 0.4, 0.75, 1.0};  // groups A to D: the tighter the better (a choice)
  std::vector<double> cover_values;                        // by class, 0..1; 0: never a site
  std::vector<bool> water_classes, built_classes;          // by class
  double water_reach_m = 1000.0, development_clear_m = 100.0;
  double stream_ha = 50.0;                   // catchment from which on there is a stream
  bool low_ground = true;                    // only in depressions and up to `hand_low_m` above drainage
  double threshold = 0.6;                    // a cell may be part of a site from this suitability on (a choice), ...
  double best_share = 0.05;                  // and if it is among this share of the land, the most suitable (a choice)
  double least_ha = 0.2, largest_ha = 20.0;  // of a site (a choice)
  double depth_m = 0.5;                      // mean depth that a site is dug to where the ground holds less
  double cost_per_ha = 1.0;                  // in the study's own unit; the default makes cost the area
  double cost_per_m3 = 0.0;                  // of earth moved
  double micro_ha = 8.0;                     // largest micro-wetland (a choice)
  double micro_distance_m = 500.0;           // and people or built-up land within this distance
};

struct WetlandSite {
  Cell seed = -1;  // its most suitable cell
  std::int64_t cells = 0;
  double suitability = 0.0;  // mean
  double area_ha = 0.0;
  double natural_m3 = 0.0;  // what the ground holds without digging
  double volume_m3 = 0.0;   // what it holds when dug
  double dug_m3 = 0.0;
  double catchment_ha = 0.0;  // land whose runoff reaches it before any other site, itself included
  double cost = 0.0;
  double people = 0.0;      // for whom it is the nearest site, within `micro_distance_m`
  double to_built_m = 0.0;  // to the nearest built-up cell; infinity: none
  bool micro = false;
};

struct WetlandSites {
  Raster<float> suitability;   // 0..1; 0 where there may be none; masked where heights or land cover are
  Raster<std::int32_t> label;  // 1..sites; 0: none
  std::vector<WetlandSite> sites;
};

/// Sites grow from the most suitable free cell (ties by index) over neighbours at or above the threshold, those nearest
/// to the seed first, until the largest area is met or nothing is left; those below the least area are dropped.
/// Numbered from 1 in the order of their seeds.
Raster<std::int32_t> grow_sites(const Raster<float>& suitability, double threshold, std::int64_t least_cells,
                                std::int64_t largest_cells, std::vector<Cell>* seeds = nullptr);

/// Suitability for wetlands, and candidate sites. `soil` (hydrological groups 1 to 4) may be null: the factor is left
/// out, as it is where soil is unknown. InputError: no weight above 0.
WetlandSites find_wetland_sites(const Landscape& landscape, const Raster<std::uint8_t>* soil, const SiteRule& rule);

/// Sites to take under a budget: by suitable area (suitability x area) per cost, skipping what no longer fits, at most
/// `most`. A greedy heuristic. Indices of sites, best first; equal ones by number.
std::vector<std::size_t> best_sites(const std::vector<WetlandSite>& sites, std::int64_t most, double budget,
                                    bool micro_only);

}  // namespace greenweave
