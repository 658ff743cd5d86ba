#pragma once
#include <cstdint>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// For each patch (label k + 1) the squared distance, in cells from centre to centre, to the nearest other patch of its
/// class; -1 where there is none. `patch_class` is the class of each patch. Exact.
std::vector<std::int64_t> nearest_patches(const Raster<std::int32_t>& label,
                                          const std::vector<std::uint8_t>& patch_class);

}  // namespace greenweave
