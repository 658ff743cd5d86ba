#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// Settings of the landscape metrics.
struct MetricRule {
  Neighbourhood patches = Neighbourhood::eight;  // which cells are one patch; FRAGSTATS' default
  int edge_depth_cells = 1;  // a core cell is farther than this from all that is not its class; 1 to 100
};

/// How a figure of patches is spread. NaN where no patch has the figure.
struct Spread {
  double mean = 0.0;
  double sd = 0.0;        // of the population of patches, as in FRAGSTATS
  double weighted = 0.0;  // mean weighted by the patches' areas
};

/// Metrics of a class or of a whole landscape, named, defined and in units as in FRAGSTATS 4 (McGarigal, Cushman and
/// Ene 2012; McGarigal 2015). Formulas are beside the numbers: a an area, p a perimeter, A the landscape's area, g
/// adjacencies of cell sides, P a class's share of A; sums run over the class's patches, or all of them.
struct Metrics {
  std::int64_t cells = 0;
  double area_ha = 0.0;          // CA, TA
  double share_percent = 0.0;    // PLAND: 100 sum a / A
  std::int64_t patches = 0;      // NP
  double patch_density = 0.0;    // PD: NP / A, per 100 ha
  double largest_percent = 0.0;  // LPI: 100 max a / A
  double edge_m = 0.0;           // TE: sides between different classes; the landscape's boundary is no edge
  double edge_density = 0.0;     // ED: TE / A, m/ha
  Spread area_hectares;          // AREA
  Spread gyration_m;             // GYRATE: mean distance of the patch's cells from their centroid
  Spread shape;                  // SHAPE: 0.25 p / sqrt(a), boundary included
  Spread core_ha;                // CORE
  double total_core_ha = 0.0;    // TCA
  Spread nearest_m;              // ENN: to the nearest patch of the class, centre of cell to centre of cell
  double cohesion = 0.0;         // COHESION: 100 (1 - sum p / sum p sqrt a) / (1 - 1 / sqrt Z), in sides and cells
  double division = 0.0;         // DIVISION: 1 - sum (a / A)^2
  double mesh_ha = 0.0;          // MESH: sum a^2 / A
  double split = 0.0;            // SPLIT: A^2 / sum a^2
  double aggregation = 0.0;  // AI: 100 g_ii / max g_ii; of the landscape: weighted by P. NaN for a class of one cell
};

/// Of one class.
struct ClassMetrics : Metrics {
  std::uint8_t class_index = 0;
};

struct LandscapeMetrics {
  std::vector<ClassMetrics> classes;  // those that are there, ascending
  Metrics landscape;
  double contagion = 0.0;  // CONTAG, per cent, adjacencies counted double; NaN for a single class
  double diversity = 0.0;  // SHDI: - sum P ln P
};

/// Metrics of a map of classes; what is not valid, or `no_class`, lies outside the landscape. An empty landscape has no
/// classes, counts of 0 and NaN for the rest. ENN is exact. The same numbers at any thread count.
LandscapeMetrics landscape_metrics(const Raster<std::uint8_t>& classes, double cell_m, const MetricRule& rule = {});

/// The metrics of a class, also where it is not there: counts, areas, shares and edges of 0, NaN for what only patches
/// have.
Metrics metrics_of(const LandscapeMetrics& metrics, std::uint8_t class_index);

/// The part of a map that `cells` (ascending) cover, in the smallest rectangle around them: a landscape of its own, by
/// whose boundary patches are cut. Empty if there are none.
Raster<std::uint8_t> part_of(const Raster<std::uint8_t>& classes, std::span<const Cell> cells);

}  // namespace greenweave
