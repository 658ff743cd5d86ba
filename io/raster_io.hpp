#pragma once
#include <filesystem>
#include <optional>

#include "model/grid/raster.hpp"
#include "scenarios/table.hpp"

namespace greenweave {

/// What a study may say of its frame; what it leaves out comes from its land cover.
struct FrameWish {
  std::string crs;               // anything GDAL understands: "EPSG:32648", WKT, PROJ; empty: the raster's
  std::optional<double> cell_m;  // default: the raster's
  std::optional<std::array<double, 4>> extent;  // xmin, ymin, xmax, ymax in that CRS; default: the raster's
};

/// The frame of a study: the wish, completed by a raster's CRS, cell size and extent. The extent is cut to whole cells
/// counted from its north-west corner. InputError: no such file, no CRS, a CRS that is not projected in metres (names
/// the UTM zone to use), an extent without a whole cell.
Frame frame_from(const FrameWish& wish, const std::filesystem::path& raster);

/// The frame with a CRS given as anything GDAL understands, which must be one that it knows.
Frame frame_in(Frame frame, const std::string& crs);

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

/// Band 1 as it is, on its own grid (no warping), with its frame; a missing CRS is allowed. NoData and NaN become the
/// mask. InputError: no such file, not a raster, truncated, cells that are not square or not north-up.
Raster<float> read_raster_as_is(const std::filesystem::path& path, Frame* frame);

/// A part of a raster, from its row and column on.
struct Window {
  std::int32_t row = 0, col = 0;
  Shape shape;
};
/// The frame of a raster alone, which may have more cells than one machine holds; and a part of the raster as it is.
Frame frame_of_raster(const std::filesystem::path& path);
Raster<float> read_window_as_is(const std::filesystem::path& path, const Window& window);

/// Writes a cloud-optimised GeoTIFF (deflate, tiled, overviews) with unit and description. Never overwrites:
/// InputError.
void write_geotiff(const std::filesystem::path& path, const Frame& frame, const NamedRaster& raster);

/// A surface in double precision; infinity becomes NoData in files.
struct NamedSurface {
  std::string name;
  std::string unit;
  std::string meaning;
  Raster<double> raster;
};

/// Writes a tiled GeoTIFF of doubles, by default not compressed: the last digits of accumulated costs hardly compress,
/// and deflating them takes longer than finding them. Never overwrites: InputError.
void write_geotiff(const std::filesystem::path& path, const Frame& frame, NamedSurface surface, bool compressed);

/// Whether GDAL reads the file as a raster. InputError: no such file.
bool is_raster(const std::filesystem::path& path);

/// Whether the frame's CRS is projected in metres, or it has none.
bool is_in_metres(const Frame& frame);

/// Throws InputError if something of that name exists, or its folder does not.
void require_new_file(const std::filesystem::path& path);

}  // namespace greenweave
