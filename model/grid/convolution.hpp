#pragma once
#include <functional>

#include "model/grid/raster.hpp"

namespace greenweave {

/// For each cell the sum over all cells at most `reach_cells` away (centre to centre) of value x weight(distance in
/// cells). Values beyond the rim and masked ones count as 0. By fast Fourier transforms, so the time hardly depends on
/// the reach; right to about 1e-14 of the largest sum. The same bits at any thread count.
Raster<double> convolve_disc(const Raster<float>& values, double reach_cells,
                             const std::function<double(double)>& weight);

}  // namespace greenweave
