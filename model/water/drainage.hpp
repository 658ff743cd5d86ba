#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/water/flow.hpp"
#include "model/water/streams.hpp"

namespace greenweave {

/// A piece of the way that water takes: a stretch of stream between confluences and ponds, or a pond.
struct DrainageUnit {
  std::int32_t pond = 0;         // label of the pond; 0: a stretch of stream
  Cell outlet = -1;              // its last cell; of a pond the one to which most land drains
  std::int32_t downstream = -1;  // index of the unit that it flows to; -1: leaves the grid
  double length_m = 0.0;         // of a stretch, along cell centres
  std::int64_t pond_cells = 0;
  double cells_drained = 0.0;  // all land above its outlet, itself included
};

/// Streams and ponds as a tree that leads downstream.
struct Drainage {
  std::vector<DrainageUnit> units;  // upstream ones before those that they flow to
  Raster<std::int32_t> unit;        // which unit a cell's water meets first, counted from 1; 0: none
};

/// Cuts a stream network where it passes ponds. A pond's water leaves at one place. `ponds` are labels above 0; cells
/// without pond hold 0.
Drainage drainage_units(const D8Flow& flow, const Raster<double>& cells_drained, const StreamNetwork& streams,
                        const Raster<std::int32_t>& ponds, double cell_m);

/// Land that drains to a unit before any other.
struct UnitLand {
  std::vector<std::pair<double, std::int64_t>> cells_by_number;  // curve number, to a tenth; ascending
  double concentration_h = 0.1;                                  // time of concentration
};

/// What the time of concentration follows: the NRCS lag equation L = l^0.8 (S + 1)^0.7 / (1900 Y^0.5), feet, inches,
/// per cent, hours; Tc = L / 0.6 (National Engineering Handbook 630, chapter 15).
struct LagRule {
  double least_slope = 0.001;  // rise over run that stands for less (a choice)
  double least_h = 0.1;        // shortest time of concentration (TR-55)
};

/// Lands of all units: curve numbers, longest way to the unit, mean slope.
std::vector<UnitLand> unit_lands(const Drainage& drainage, const D8Flow& flow, const Raster<float>& curve_number,
                                 const Raster<float>& slope, double cell_m, const LagRule& rule = {});

/// Time of concentration from the longest way, the mean curve number and the mean slope.
double concentration_time_h(double way_m, double curve_number, double slope, const LagRule& rule = {});

}  // namespace greenweave
