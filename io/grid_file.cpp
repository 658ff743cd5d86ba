#include "io/grid_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "io/gdal.hpp"
#include "io/packed_file.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t rows_a_piece = 16;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v'; }

/// The next word of a text from `at` on; empty at its end.
std::string_view next_word(std::string_view text, std::size_t& at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  const std::size_t begin = at;
  while (at < text.size() && !is_blank(text[at])) ++at;
  return text.substr(begin, at - begin);
}

std::optional<double> number_of(std::string_view word) {
  if (word.size() > 1 && word[0] == '+') word.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (end != word.data() + word.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::nullopt;
  return value;
}

std::string lower(std::string_view word) {
  std::string result(word);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

struct Header {
  std::optional<double> cols, rows, west, south, cell, dx, dy, no_data;
  bool is_west_centre = false, is_south_centre = false;
};

/// Reads the header and leaves `at` at the first value.
Header read_header(const std::string& text, const fs::path& file, std::size_t& at) {
  Header header;
  for (;;) {
    std::size_t after = at;
    const std::string key = lower(next_word(text, after));
    if (key.empty() || number_of(key)) break;
    const std::string_view word = next_word(text, after);
    const auto value = number_of(word);
    std::optional<double>* to = nullptr;
    if (key == "ncols") to = &header.cols;
    if (key == "nrows") to = &header.rows;
    if (key == "xllcorner" || key == "xllcenter") to = &header.west;
    if (key == "yllcorner" || key == "yllcenter") to = &header.south;
    if (key == "cellsize") to = &header.cell;
    if (key == "dx") to = &header.dx;
    if (key == "dy") to = &header.dy;
    if (key == "nodata_value" || key == "nodata") to = &header.no_data;
    if (to == nullptr)
      throw InputError(file.string(), "header", fmt::format("\"{}\" is no word of an ASCII grid's header", key),
                       "the header has ncols, nrows, xllcorner, yllcorner, cellsize and NODATA_value");
    if (!value) throw InputError(file.string(), key, fmt::format("\"{}\" is no number", word), "correct the header");
    if (*to) throw InputError(file.string(), key, "it stands there twice", "keep one of the two");
    if (key == "xllcenter") header.is_west_centre = true;
    if (key == "yllcenter") header.is_south_centre = true;
    *to = *value;
    at = after;
  }
  return header;
}

GridPlace place_of(const Header& header, const fs::path& file) {
  const auto require = [&](const std::optional<double>& value, const char* key) {
    if (!value)
      throw InputError(file.string(), "header", fmt::format("{} is missing", key),
                       "the header has ncols, nrows, xllcorner, yllcorner, cellsize and NODATA_value");
    return *value;
  };
  const double cols = require(header.cols, "ncols"), rows = require(header.rows, "nrows");
  if (header.dx && header.dy && !header.cell && std::abs(*header.dx - *header.dy) > 1e-6 * std::abs(*header.dx))
    throw InputError(file.string(), "header", "its cells are not square (dx differs from dy)",
                     "warp it to square cells: gdalwarp -tr SIZE SIZE");
  GridPlace place;
  place.cell = require(header.cell ? header.cell : header.dx, "cellsize");
  place.west = require(header.west, "xllcorner");
  place.south = require(header.south, "yllcorner");
  if (header.is_west_centre) place.west -= place.cell / 2.0;
  if (header.is_south_centre) place.south -= place.cell / 2.0;
  if (!(place.cell > 0.0) || !(cols >= 1.0) || !(rows >= 1.0) || cols != std::floor(cols) || rows != std::floor(rows))
    throw InputError(file.string(), "header", "ncols, nrows and cellsize must be above 0, the first two whole numbers",
                     "correct the header");
  if (cols * rows > static_cast<double>(std::numeric_limits<Cell>::max()) - 4.0 * (cols + rows))
    throw InputError(file.string(), "header",
                     fmt::format("{:.3g} cells are more than a grid can hold (2.1e9)", cols * rows),
                     "choose larger cells or a smaller extent");
  place.shape = {static_cast<std::int32_t>(rows), static_cast<std::int32_t>(cols)};
  return place;
}

[[noreturn]] void fail_at_value(const fs::path& file, std::int64_t row, std::string_view word) {
  throw InputError(file.string(), fmt::format("row {} of the grid", row + 1), fmt::format("\"{}\" is no number", word),
                   word.find(',') != std::string_view::npos ? "write decimals with a point" : "correct the value");
}

/// Masks what equals a declared NoData value, -9999 or NaN.
void mask_no_data(Raster<double>& values, std::optional<double> declared) {
  const auto is_missing = [&](double v) { return v == grid_no_data || std::isnan(v) || (declared && v == *declared); };
  if (std::none_of(values.values.begin(), values.values.end(), is_missing)) return;
  values.valid.resize(values.values.size());
  parallel_pieces(values.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      values.valid[i] = is_missing(values.values[i]) ? 0 : 1;
  });
}

Raster<double> read_by_gdal(const fs::path& path, const std::string& what, GridPlace* place) {
  use_gdal();
  const GdalErrors errors;
  const std::string name = path.extension() == ".gz" ? "/vsigzip/" + fs::absolute(path).string() : path.string();
  const Dataset dataset(GDALDataset::Open(name.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY));
  if (dataset == nullptr || dataset->GetRasterCount() == 0)
    throw InputError(path.string(), "", fmt::format("neither an ASCII grid nor a raster that GDAL can read ({})", what),
                     "give an ASCII grid, whose first word is ncols, or a raster such as a GeoTIFF");
  std::array<double, 6> transform{0.0, 1.0, 0.0, 0.0, 0.0, -1.0};
  dataset->GetGeoTransform(transform.data());
  if (transform[2] != 0.0 || transform[4] != 0.0 || std::abs(transform[1] + transform[5]) > 1e-6 * transform[1])
    throw InputError(path.string(), "", "its cells are not square or not north-up",
                     "warp it: gdalwarp -tr SIZE SIZE, with SIZE in the units of its CRS");
  place->shape = {dataset->GetRasterYSize(), dataset->GetRasterXSize()};
  place->cell = transform[1];
  place->west = transform[0];
  place->south = transform[3] - place->cell * place->shape.rows;
  if (const OGRSpatialReference* crs = dataset->GetSpatialRef(); crs != nullptr) {
    char* wkt = nullptr;
    if (crs->exportToWkt(&wkt) == OGRERR_NONE && wkt != nullptr) place->crs = wkt;
    CPLFree(wkt);
  }
  Raster<double> values(place->shape);
  GDALRasterBand& band = *dataset->GetRasterBand(1);
  int is_declared = 0;
  const double declared = band.GetNoDataValue(&is_declared);
  // A value like -3.4e38 is declared in the file's own precision.
  const bool is_float = band.GetRasterDataType() == GDT_Float32;
  if (band.RasterIO(GF_Read, 0, 0, place->shape.cols, place->shape.rows, values.values.data(), place->shape.cols,
                    place->shape.rows, GDT_Float64, 0, 0, nullptr) != CE_None)
    throw InputError(path.string(), "", "cannot be read: " + errors.first(),
                     "it may be truncated or damaged; fetch or write it again");
  mask_no_data(values, is_declared == 0 ? std::optional<double>()
                       : is_float       ? static_cast<double>(static_cast<float>(declared))
                                        : declared);
  return values;
}

/// Appends a value in ten significant digits.
void append_value(std::string& to, double value) {
  if (value == 0.0) {
    to += '0';
    return;
  }
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general, 10);
  to.append(digits.data(), end.ptr);
}

}  // namespace

bool is_ascii_grid(const std::string& text) {
  std::size_t at = 0;
  return lower(next_word(text, at)) == "ncols";
}

Raster<double> parse_ascii_grid(const std::string& text, const fs::path& file, GridPlace* place) {
  std::size_t at = 0;
  const Header header = read_header(text, file, at);
  *place = place_of(header, file);
  const Shape shape = place->shape;
  Raster<double> values(shape);

  // Where each line with something on it begins.
  std::vector<std::size_t> lines;
  lines.reserve(static_cast<std::size_t>(shape.rows) + 1);
  while (at < text.size()) {
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at == text.size()) break;
    lines.push_back(at);
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  }
  const std::string_view whole = text;
  if (lines.size() == static_cast<std::size_t>(shape.rows)) {
    lines.push_back(text.size());
    parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        const std::size_t from = lines[static_cast<std::size_t>(r)], to = lines[static_cast<std::size_t>(r) + 1];
        const std::string_view line = whole.substr(from, to - from);
        std::size_t in_line = 0;
        std::int32_t c = 0;
        for (std::string_view word = next_word(line, in_line); !word.empty(); word = next_word(line, in_line), ++c) {
          const auto value = number_of(word);
          if (!value) fail_at_value(file, r, word);
          if (c < shape.cols) values.at(static_cast<std::int32_t>(r), c) = *value;
        }
        if (c != shape.cols)
          throw InputError(file.string(), fmt::format("row {} of the grid", r + 1),
                           fmt::format("it has {} values, but ncols is {}", c, shape.cols),
                           "correct the header or the row; the file may be truncated");
      }
    });
  } else {
    // Rows broken over lines, or several on one: values in their order.
    at = lines.empty() ? text.size() : lines.front();
    std::int64_t count = 0;
    for (std::string_view word = next_word(whole, at); !word.empty(); word = next_word(whole, at), ++count) {
      const auto value = number_of(word);
      if (!value) fail_at_value(file, count / shape.cols, word);
      if (count < shape.cells()) values[static_cast<Cell>(count)] = *value;
    }
    if (count != shape.cells())
      throw InputError(
          file.string(), "",
          fmt::format("it holds {} values in {} lines, but its header says {} rows of {}", count, lines.size(),
                      shape.rows, shape.cols),
          count < shape.cells() ? "the file may be truncated; fetch or write it again" : "correct ncols and nrows");
  }
  mask_no_data(values, header.no_data);
  return values;
}

Raster<double> read_grid(const fs::path& path, const std::string& what, GridPlace* place) {
  if (!fs::exists(path))
    throw InputError(path.string(), "", fmt::format("no such file ({})", what), "correct the path");
  const std::string name = lower(path.filename().string());
  const auto ends_in = [&](std::string_view end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  if (!ends_in(".tif") && !ends_in(".tiff") && !ends_in(".tif.gz") && !ends_in(".tiff.gz")) {
    const std::string text = read_packed(path, what);
    if (is_ascii_grid(text)) return parse_ascii_grid(text, path, place);
  }
  return read_by_gdal(path, what, place);
}

std::string format_ascii_grid(const GridPlace& place, const Raster<double>& values) {
  const std::int64_t pieces = (values.shape.rows + rows_a_piece - 1) / rows_a_piece;
  std::vector<std::string> texts(static_cast<std::size_t>(pieces));
  parallel_pieces(values.shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    std::string& text = texts[static_cast<std::size_t>(begin / rows_a_piece)];
    text.reserve(static_cast<std::size_t>((end - begin) * values.shape.cols * 13));
    for (auto cell = static_cast<Cell>(begin * values.shape.cols); cell < end * values.shape.cols; ++cell) {
      if (values.is_valid(cell))
        append_value(text, values[cell]);
      else
        text += "-9999";
      text += values.shape.col(cell) + 1 == values.shape.cols ? '\n' : ' ';
    }
  });
  std::string whole = fmt::format(
      "ncols         {}\nnrows         {}\nxllcorner     {}\nyllcorner     {}\ncellsize      {}\nNODATA_value  -9999\n",
      place.shape.cols, place.shape.rows, place.west, place.south, place.cell);
  std::size_t length = whole.size();
  for (const std::string& text : texts) length += text.size();
  whole.reserve(length);
  for (const std::string& text : texts) whole += text;
  return whole;
}

}  // namespace greenweave
