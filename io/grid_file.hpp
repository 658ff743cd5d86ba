#pragma once
#include <filesystem>
#include <string>

#include "model/grid/raster.hpp"

namespace greenweave {

/// Where a grid lies, as its file says: the outer corner in the south-west, square cells, any unit.
struct GridPlace {
  Shape shape;
  double west = 0.0, south = 0.0, cell = 1.0;
  std::string crs;  // WKT; empty: not said

  /// The same as a frame.
  Frame frame() const { return {shape, cell, west, south + cell * shape.rows, crs}; }
};

/// NoData in the ASCII grids that we write, and in those that we read whatever they declare.
inline constexpr double grid_no_data = -9999.0;

/// Whether a text begins as an Esri ASCII grid does: "ncols".
bool is_ascii_grid(const std::string& text);

/// An Esri ASCII grid from the text of a file. The declared NODATA_value, -9999 and NaN become the mask. Rows are read
/// in parallel. InputError: a header that lacks something, a value that is no number, too few values or too many.
Raster<double> parse_ascii_grid(const std::string& text, const std::filesystem::path& file, GridPlace* place);

/// A grid from a file: an ASCII grid, or band 1 of anything that GDAL reads; either packed with gzip or not. `what`
/// names it in messages.
Raster<double> read_grid(const std::filesystem::path& path, const std::string& what, GridPlace* place);

/// A grid as the text of an Esri ASCII grid, ten significant digits a value, formatted in parallel. Cells that the mask
/// leaves out are -9999.
std::string format_ascii_grid(const GridPlace& place, const Raster<double>& values);

}  // namespace greenweave
