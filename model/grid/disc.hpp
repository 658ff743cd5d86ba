#pragma once
#include "model/grid/raster.hpp"

namespace greenweave {

/// Cells that have a non-zero cell of `mask` less than `radius + 1` cells away, straight from centre to centre, itself
/// included: 1, others 0. Discs of whole cells, so that radius 1 is the 3 x 3 square. `radius` from 0 to 200.
Raster<std::uint8_t> within_disc(const Raster<std::uint8_t>& mask, int radius);

}  // namespace greenweave
