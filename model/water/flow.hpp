#pragma once
#include <cstdint>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// Where each cell's water goes: to one of its eight neighbours, out of the grid, or nowhere.
struct D8Flow {
  /// 0..7: the step of `neighbour_steps` that leads to the receiver.
  static constexpr std::uint8_t out = 8;     // an outlet without lower neighbour: leaves the grid
  static constexpr std::uint8_t pit = 9;     // a minimum: of a flat without a way out, its first cell
  static constexpr std::uint8_t none = 255;  // NoData

  Raster<std::uint8_t> to;

  const Shape& shape() const { return to.shape; }
  /// The cell that receives a cell's water; -1 if none does.
  Cell receiver(Cell cell) const {
    const std::uint8_t k = to[cell];
    if (k > 7) return -1;
    const auto [dr, dc] = neighbour_steps[k];
    return cell + dr * to.shape.cols + dc;
  }
};

/// Steepest descent to one of eight neighbours (O'Callaghan and Mark 1984); equally steep ones in the order of
/// `neighbour_steps`. Flats drain towards lower and away from higher ground (Garbrecht and Martz 1997, by Barnes,
/// Lehman and Mulla 2014). Cells of a flat without a way out go to its first cell, which is the pit; a conditioned
/// surface has none. InputError: a height that is not finite.
D8Flow d8_flow(const Raster<float>& elevation_m);

/// Pits, ascending.
std::vector<Cell> pits_of(const D8Flow& flow);

/// What each cell passes on: its own weight (1 if none is given) and all that flows to it. Masked where the elevation
/// is. The sum over a cell's donors is in a fixed order, so threads do not change it.
Raster<double> accumulate(const D8Flow& flow, const Raster<double>* weights = nullptr);

/// Flow along the steepest of eight triangular facets, shared by the two cells that the direction lies between
/// (Tarboton 1997). Where no facet descends, D8's receiver takes it all.
struct DInfinityFlow {
  Raster<std::uint8_t> first;   // as D8Flow::to
  Raster<std::uint8_t> second;  // 0..7, or `none`
  Raster<float> to_first;       // share of the first, 0..1; the second gets the rest
};

DInfinityFlow d_infinity_flow(const Raster<float>& elevation_m, const D8Flow& d8);
Raster<double> accumulate(const DInfinityFlow& flow, const Raster<double>* weights = nullptr);

/// How flow spreads over all lower neighbours: in proportion to contour width x (drop / distance)^exponent.
struct SpreadOptions {
  double exponent = 1.1;       // Freeman 1991: 1.1; Quinn and others 1991: 1
  bool contour_width = false;  // Quinn: 1/2 cell to orthogonal and sqrt(2)/4 to diagonal neighbours; Freeman: 1
};

/// Accumulation by multiple flow directions (FD8). Where nothing is lower, D8's receiver takes it all.
Raster<double> accumulate_spread(const Raster<float>& elevation_m, const D8Flow& d8, const SpreadOptions& options = {},
                                 const Raster<double>* weights = nullptr);

}  // namespace greenweave
