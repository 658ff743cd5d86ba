#pragma once
#include "model/grid/raster.hpp"

namespace greenweave {

/// Connected components of `mask` (non-zero cells; its validity is not looked at), numbered from 1 by first cell in
/// row-major order; 0 elsewhere. Two-pass union-find over the runs of each row (Wu, Otoo, Suzuki 2009), in parallel by
/// strips that are joined afterwards, the same labels at any thread count.
Raster<std::int32_t> label_components(const Raster<std::uint8_t>& mask, Neighbourhood neighbourhood,
                                      std::int32_t* count);

/// Marks cells that belong to no class.
inline constexpr std::uint8_t no_class = 255;

/// Connected components of equal values, all classes in one go: neighbours of one value are joined. Cells that are not
/// valid, or hold `no_class`, get 0. Numbered as above.
Raster<std::int32_t> label_classes(const Raster<std::uint8_t>& classes, Neighbourhood neighbourhood,
                                   std::int32_t* count);

}  // namespace greenweave
