#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "model/grid/geometry.hpp"

namespace greenweave {

/// Reads all features of a layer (empty name: the only one) of any GDAL vector file, transformed to the frame's CRS.
/// Multi-geometries become one geometry of several parts; `name` is the layer's attribute of that name, if it has one.
/// InputError: no such file or layer, several layers and none named, no CRS, an empty layer, a broken geometry,
/// nothing within the frame.
std::vector<Feature> read_features(const std::filesystem::path& path, const std::string& layer, const Frame& frame,
                                   const std::string& what);

}  // namespace greenweave
