#pragma once
#include <span>

#include "model/grid/raster.hpp"

namespace greenweave {

/// For every cell the nearest of the given cells in straight-line distance between centres.
struct NearestCell {
  Raster<Cell> nearest;          // -1 where no cell was given
  Raster<float> distance_cells;  // in cell widths
};

/// Exact Euclidean feature transform (Meijster, Roerdink, Hesselink 2000), rows and columns in parallel, time linear in
/// cells. Where two given cells are equally near, the one with the smaller index wins. `features` need not be sorted.
NearestCell nearest_cell(const Shape& shape, std::span<const Cell> features);

/// The same without the distances, which take a tenth to a quarter of the time.
Raster<Cell> nearest_feature(const Shape& shape, std::span<const Cell> features);

}  // namespace greenweave
