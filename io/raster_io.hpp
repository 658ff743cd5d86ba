#pragma once
#include <filesystem>

#include "model/grid/raster.hpp"
#include "scenarios/table.hpp"

namespace greenweave {

/// CRS (WKT), cell size and extent of a raster file as a frame in its own CRS, for defaults and messages.
Frame frame_of_raster(const std::filesystem::path& path);

/// How values are carried from a file's grid to the frame's.
enum class Resampling {
  nearest,          // classes, ready resistances
  bilinear,         // heights
  area_preserving,  // counts: the total within the frame is kept
};

/// Reads band 1 of any GDAL raster, any CRS and cell size, warped onto the frame. NoData becomes the mask.
/// InputError: no such file, not a raster, truncated, without CRS, without overlap with the frame, NaN that is not
/// declared NoData (`what` names the input in messages, e.g. "elevation").
Raster<float> read_raster(const std::filesystem::path& path, const Frame& frame, Resampling resampling,
                          const std::string& what);

/// The same for integer class codes, by nearest neighbour.
Raster<std::int32_t> read_codes(const std::filesystem::path& path, const Frame& frame, const std::string& what);

/// Band 1 as it is, on its own grid (no warping), with its frame; a missing CRS is allowed.
Raster<float> read_raster_as_is(const std::filesystem::path& path, Frame* frame);

/// Writes a cloud-optimised GeoTIFF (deflate, tiled, overviews) with unit and description. Never overwrites:
/// InputError.
void write_geotiff(const std::filesystem::path& path, const Frame& frame, const NamedRaster& raster);

}  // namespace greenweave
