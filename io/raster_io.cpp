#include "io/raster_io.hpp"

#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <gdal_utils.h>
#include <gdalwarper.h>

#include "io/gdal.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

using GeoTransform = std::array<double, 6>;

/// For files named on the command line, not in a study.
void require_file(const fs::path& path) {
  if (!fs::exists(path)) throw InputError(path.string(), "", "no such file", "correct the path");
}

Dataset open_raster(const fs::path& path, const std::string& what) {
  use_gdal();
  if (!fs::exists(path))
    throw InputError(path.string(), "", fmt::format("no such file ({})", what),
                     "correct the path; it is relative to the study file");
  GdalErrors errors;
  Dataset dataset(GDALDataset::Open(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY));
  if (dataset == nullptr)
    throw InputError(path.string(), "", fmt::format("not a raster that GDAL can read ({}){}", what, errors.because()),
                     "give a raster file such as a GeoTIFF; `gdalinfo FILE` tells what GDAL sees");
  if (dataset->GetRasterCount() == 0)
    throw InputError(
        path.string(), "", fmt::format("it has no band of its own ({})", what),
        "take one raster out of it: gdal_translate -of VRT SUBDATASET OUT.vrt; `gdalinfo FILE` lists them");
  GDALRasterBand& band = *dataset->GetRasterBand(1);
  if (dataset->GetRasterCount() >= 3 && band.GetColorInterpretation() == GCI_RedBand)
    throw InputError(path.string(), "",
                     fmt::format("it is a picture of {} bands (red first), not {}", dataset->GetRasterCount(), what),
                     "give the raster the picture was made of; or, if one band is meant: gdal_translate -b N IN OUT");
  if (band.GetScale() != 1.0 || band.GetOffset() != 0.0)
    throw InputError(path.string(), "",
                     fmt::format("its values are packed: value = {:g} x stored + {:g} ({})", band.GetScale(),
                                 band.GetOffset(), what),
                     "unpack them: gdal_translate -unscale -ot Float32 IN OUT");
  return dataset;
}

GeoTransform geotransform_of(GDALDataset& dataset, const fs::path& path) {
  GeoTransform transform{};
  if (dataset.GetGeoTransform(transform.data()) != CE_None)
    throw InputError(path.string(), "", "it does not say where it lies (no geotransform)",
                     "give it one: gdal_translate -a_ullr WEST NORTH EAST SOUTH -a_srs EPSG:... IN OUT");
  return transform;
}

OGRSpatialReference crs_of_raster(GDALDataset& dataset, const fs::path& path, const std::string& what) {
  const OGRSpatialReference* found = dataset.GetSpatialRef();
  if (is_missing(found))
    throw InputError(path.string(), "", fmt::format("it has no CRS ({})", what),
                     "write the right one into it: gdal_edit.py -a_srs EPSG:... FILE");
  OGRSpatialReference crs = *found;
  crs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  return crs;
}

std::string wkt_of(const OGRSpatialReference& crs) {
  char* text = nullptr;
  const std::array<const char*, 2> options{"FORMAT=WKT2_2019", nullptr};
  if (crs.exportToWkt(&text, options.data()) != OGRERR_NONE || text == nullptr) return "";
  std::string wkt = text;
  CPLFree(text);
  return wkt;
}

/// The UTM zone that suits a place, as an EPSG code.
int utm_zone_of(double longitude, double latitude) {
  const int zone = std::clamp(static_cast<int>(std::floor((longitude + 180.0) / 6.0)) + 1, 1, 60);
  return (latitude < 0.0 ? 32700 : 32600) + zone;
}

/// Corners of a raster in its own CRS: xmin, ymin, xmax, ymax.
std::array<double, 4> bounds_of(GDALDataset& dataset, const GeoTransform& t) {
  std::array<double, 4> bounds{HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
  const double cols = dataset.GetRasterXSize(), rows = dataset.GetRasterYSize();
  for (const auto& [c, r] : {std::pair{0.0, 0.0}, {cols, 0.0}, {0.0, rows}, {cols, rows}}) {
    const double x = t[0] + c * t[1] + r * t[2], y = t[3] + c * t[4] + r * t[5];
    bounds = {std::min(bounds[0], x), std::min(bounds[1], y), std::max(bounds[2], x), std::max(bounds[3], y)};
  }
  return bounds;
}

template <class T>
constexpr GDALDataType gdal_type() {
  if constexpr (std::is_same_v<T, float>) return GDT_Float32;
  if constexpr (std::is_same_v<T, double>) return GDT_Float64;
  if constexpr (std::is_same_v<T, std::int32_t>) return GDT_Int32;
  if constexpr (std::is_same_v<T, std::uint8_t>) return GDT_Byte;
}

/// The value that stands for a masked cell outside the program.
template <class T>
constexpr double no_data() {
  if constexpr (std::is_same_v<T, float>) return -std::numeric_limits<float>::max();
  if constexpr (std::is_same_v<T, double>) return -std::numeric_limits<double>::max();
  if constexpr (std::is_same_v<T, std::int32_t>) return std::numeric_limits<std::int32_t>::min();
  if constexpr (std::is_same_v<T, std::uint8_t>) return 255.0;
}

[[noreturn]] void fail_reading(const fs::path& path, const std::string& reason) {
  throw InputError(path.string(), "", "cannot be read: " + (reason.empty() ? "it seems damaged" : reason),
                   "it may be truncated or damaged; fetch or write it again");
}

/// Whether a mask or an alpha band says which cells are missing, rather than a NoData value.
bool has_mask_band(GDALDataset& dataset) {
  const int flags = dataset.GetRasterBand(1)->GetMaskFlags();
  return (flags & (GMF_ALL_VALID | GMF_NODATA)) == 0;
}

/// Offset of the frame's north-west corner in the raster's cells, if the raster lies on the frame's very grid.
std::optional<std::array<int, 2>> aligned_offset(const GeoTransform& t, const Frame& frame) {
  if (t[2] != 0.0 || t[4] != 0.0 || std::abs(t[1] - frame.cell_m) > 1e-9 * frame.cell_m ||
      std::abs(t[5] + frame.cell_m) > 1e-9 * frame.cell_m)
    return std::nullopt;
  const double col = (frame.west - t[0]) / frame.cell_m, row = (t[3] - frame.north) / frame.cell_m;
  if (std::abs(col - std::round(col)) > 1e-6 || std::abs(row - std::round(row)) > 1e-6) return std::nullopt;
  return std::array{static_cast<int>(std::round(col)), static_cast<int>(std::round(row))};
}

/// Copies the part of an aligned raster that overlaps the frame; the rest keeps the NoData value it came with.
template <class T>
void copy_aligned(GDALDataset& source, const std::array<int, 2>& offset, Raster<T>& raster, double declared,
                  bool is_declared) {
  GDALRasterBand& band = *source.GetRasterBand(1);
  const int left = std::max(0, -offset[0]), top = std::max(0, -offset[1]);
  const int cols = std::min(raster.shape.cols, band.GetXSize() - offset[0]) - left;
  const int rows = std::min(raster.shape.rows, band.GetYSize() - offset[1]) - top;
  if (cols <= 0 || rows <= 0) return;
  T* at = raster.values.data() + static_cast<std::ptrdiff_t>(top) * raster.shape.cols + left;
  if (band.RasterIO(GF_Read, offset[0] + left, offset[1] + top, cols, rows, at, cols, rows, gdal_type<T>(), sizeof(T),
                    static_cast<GSpacing>(sizeof(T)) * raster.shape.cols, nullptr) != CE_None)
    return;
  if (!is_declared) return;
  if constexpr (std::is_integral_v<T>) {
    // No cell can hold a NoData value that the type cannot.
    const double least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
    if (!(declared >= least && declared <= most)) return;
  }
  const auto from = static_cast<T>(declared), to = static_cast<T>(no_data<T>());
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c) {
      T& value = at[static_cast<std::ptrdiff_t>(r) * raster.shape.cols + c];
      bool is_missing = value == from;
      if constexpr (std::is_floating_point_v<T>) is_missing = is_missing || (std::isnan(declared) && std::isnan(value));
      if (is_missing) value = to;
    }
}

template <class T>
void warp(GDALDataset& source, const Frame& frame, Resampling resampling, Raster<T>& raster) {
  const char* method = resampling == Resampling::nearest    ? "near"
                       : resampling == Resampling::bilinear ? "bilinear"
                                                            : "sum";
  const Dataset target = in_memory(frame, gdal_type<T>(), raster.values.data());
  CPLStringList arguments;
  // Overviews are someone else's averages: only the full resolution counts.
  for (const char* argument : {"-r", method, "-wm", "256", "-ovr", "NONE"}) arguments.AddString(argument);
  arguments.AddString("-dstnodata");
  arguments.AddString(fmt::format("{:.17g}", no_data<T>()).c_str());
  GDALWarpAppOptions* options = GDALWarpAppOptionsNew(arguments.List(), nullptr);
  GDALDatasetH from = &source;
  int usage_error = 0;
  GDALWarp(nullptr, target.get(), 1, &from, options, &usage_error);
  GDALWarpAppOptionsFree(options);
}

template <class T>
Raster<T> read(const fs::path& path, const Frame& frame, Resampling resampling, const std::string& what) {
  const Dataset source = open_raster(path, what);
  const GeoTransform transform = geotransform_of(*source, path);
  const OGRSpatialReference crs = crs_of_raster(*source, path, what);
  int is_declared = 0;
  const double declared = source->GetRasterBand(1)->GetNoDataValue(&is_declared);

  Raster<T> raster(frame.shape, static_cast<T>(no_data<T>()));
  GdalErrors errors;
  const OGRSpatialReference target = crs_of(frame.crs);
  const bool may_copy = crs.IsSame(&target) != 0 && !has_mask_band(*source);
  const auto offset = may_copy ? aligned_offset(transform, frame) : std::nullopt;
  if (offset)
    copy_aligned(*source, *offset, raster, declared, is_declared != 0);
  else
    warp(*source, frame, resampling, raster);
  if (errors.any()) fail_reading(path, errors.first());

  raster.valid.assign(raster.values.size(), 1);
  bool any = false, all = true;
  for (std::size_t i = 0; i < raster.values.size(); ++i) {
    const bool valid = raster.values[i] != static_cast<T>(no_data<T>());
    raster.valid[i] = valid;
    any |= valid;
    all &= valid;
    if constexpr (std::is_floating_point_v<T>) {
      if (valid && std::isnan(raster.values[i])) {
        const Cell cell = static_cast<Cell>(i);
        throw InputError(
            path.string(),
            fmt::format("row {}, column {} of the study's frame", frame.shape.row(cell) + 1, frame.shape.col(cell) + 1),
            fmt::format("NaN that is not declared as NoData ({})", what),
            "declare it: gdal_edit.py -a_nodata nan FILE");
      }
    }
    if (!valid) raster.values[i] = T{};
  }
  if (!any) {
    const auto bounds = bounds_of(*source, transform);
    throw InputError(
        path.string(), "", fmt::format("it has no values within the study's frame ({})", what),
        fmt::format(
            "the raster covers {:.6g} {:.6g} to {:.6g} {:.6g} in {}, the frame {:.6g} {:.6g} to {:.6g} {:.6g} in "
            "{}; correct [frame] extent, or the raster's CRS",
            bounds[0], bounds[1], bounds[2], bounds[3], describe(crs), frame.west, frame.south(), frame.east(),
            frame.north, describe(target)));
  }
  if (all) raster.valid.clear();
  return raster;
}

}  // namespace

Frame frame_from(const FrameWish& wish, const fs::path& path) {
  const Dataset raster = open_raster(path, "land_cover");
  const GeoTransform transform = geotransform_of(*raster, path);
  const OGRSpatialReference raster_crs = crs_of_raster(*raster, path, "land_cover");
  OGRSpatialReference crs = raster_crs;
  GdalErrors errors;
  if (!wish.crs.empty()) {
    crs = OGRSpatialReference();
    crs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    if (crs.SetFromUserInput(wish.crs.c_str()) != OGRERR_NONE)
      throw InputError("", "[frame] crs", fmt::format("\"{}\" is no CRS that GDAL knows", wish.crs),
                       "give an EPSG code such as \"EPSG:32648\"");
  }
  const auto own = bounds_of(*raster, transform);
  if (!crs.IsProjected() || std::abs(crs.GetLinearUnits() - 1.0) > 1e-9) {
    std::string remedy = "set [frame] crs to a projected CRS in metres";
    OGRSpatialReference wgs84;
    wgs84.SetWellKnownGeogCS("WGS84");
    wgs84.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    const std::unique_ptr<OGRCoordinateTransformation> to_degrees(
        OGRCreateCoordinateTransformation(&raster_crs, &wgs84));
    double x = (own[0] + own[2]) / 2.0, y = (own[1] + own[3]) / 2.0;
    if (to_degrees != nullptr && to_degrees->Transform(1, &x, &y) != 0)
      remedy += fmt::format(", here for instance \"EPSG:{}\", and cell_m to a cell size in metres", utm_zone_of(x, y));
    throw InputError(wish.crs.empty() ? path.string() : "", wish.crs.empty() ? "" : "[frame] crs",
                     fmt::format("its CRS {} is {}", describe(crs),
                                 crs.IsProjected()    ? "not in metres"
                                 : crs.IsGeographic() ? "in degrees"
                                                      : "not one of places on the earth"),
                     remedy);
  }

  Frame frame;
  frame.crs = wkt_of(crs);
  std::array<double, 4> extent = own;
  const bool same = crs.IsSame(&raster_crs) != 0;
  if (wish.extent) {
    extent = *wish.extent;
  } else if (!same) {
    const std::unique_ptr<OGRCoordinateTransformation> change(OGRCreateCoordinateTransformation(&raster_crs, &crs));
    if (change == nullptr || change->TransformBounds(own[0], own[1], own[2], own[3], &extent[0], &extent[1], &extent[2],
                                                     &extent[3], 21) == 0)
      throw InputError(path.string(), "", fmt::format("its extent cannot be carried to {}", describe(crs)),
                       "set [frame] extent");
  }
  if (wish.cell_m) {
    frame.cell_m = *wish.cell_m;
  } else {
    if (!same)
      throw InputError("", "[frame]", fmt::format("no cell_m, and the land cover's cells are not in {}", describe(crs)),
                       "set cell_m, in metres");
    if (transform[2] != 0.0 || transform[4] != 0.0 || std::abs(transform[1] + transform[5]) > 1e-6 * transform[1])
      throw InputError(path.string(), "", "its cells are not square or not north-up", "set [frame] cell_m, in metres");
    frame.cell_m = transform[1];
  }
  frame.west = extent[0];
  frame.north = extent[3];
  const double cols = std::floor((extent[2] - extent[0]) / frame.cell_m + 1e-6);
  const double rows = std::floor((extent[3] - extent[1]) / frame.cell_m + 1e-6);
  if (!(cols >= 1.0 && rows >= 1.0))
    throw InputError("", "[frame]", "the extent holds no whole cell",
                     "give extent as [xmin, ymin, xmax, ymax] in the frame's CRS, and cell_m in metres");
  if (cols * rows > static_cast<double>(std::numeric_limits<Cell>::max()) - 4.0 * (cols + rows))
    throw InputError("", "[frame]", fmt::format("{:.3g} cells are more than a frame can hold (2.1e9)", cols * rows),
                     "choose larger cells or a smaller extent");
  frame.shape = {static_cast<std::int32_t>(rows), static_cast<std::int32_t>(cols)};
  return frame;
}

Frame frame_in(Frame frame, const std::string& crs) {
  OGRSpatialReference known;
  const OGRErr error = known.SetFromUserInput(crs.c_str());
  assert(error == OGRERR_NONE);
  static_cast<void>(error);
  frame.crs = wkt_of(known);
  return frame;
}

Raster<float> read_raster(const fs::path& path, const Frame& frame, Resampling resampling, const std::string& what) {
  return read<float>(path, frame, resampling, what);
}

Raster<std::int32_t> read_codes(const fs::path& path, const Frame& frame, const std::string& what) {
  const GDALDataType type = open_raster(path, what)->GetRasterBand(1)->GetRasterDataType();
  if (GDALDataTypeIsFloating(type) == 0) return read<std::int32_t>(path, frame, Resampling::nearest, what);
  // Codes kept as decimal numbers: GDAL would round what is none, and take NaN for a code.
  const auto numbers = read<double>(path, frame, Resampling::nearest, what);
  Raster<std::int32_t> codes(frame.shape);
  codes.valid = numbers.valid;
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
    if (!numbers.is_valid(cell)) continue;
    const double number = numbers[cell];
    if (number != std::floor(number) || std::abs(number) > 1e9)
      throw InputError(
          path.string(),
          fmt::format("row {}, column {} of the study's frame", frame.shape.row(cell) + 1, frame.shape.col(cell) + 1),
          fmt::format("{:g} is no class code ({})", number, what),
          "give a raster of whole numbers; classes must not be averaged when a raster is resampled");
    codes[cell] = static_cast<std::int32_t>(number);
  }
  return codes;
}

namespace {

/// The frame of a raster on its own grid.
Frame frame_as_is(GDALDataset& source, const fs::path& path) {
  GeoTransform transform{0.0, 1.0, 0.0, 0.0, 0.0, -1.0};
  source.GetGeoTransform(transform.data());
  // A file without a place has rows that count downwards.
  if (transform == GeoTransform{0.0, 1.0, 0.0, 0.0, 0.0, 1.0}) transform[5] = -1.0;
  if (transform[2] != 0.0 || transform[4] != 0.0 || std::abs(transform[1] + transform[5]) > 1e-6 * transform[1])
    throw InputError(path.string(), "", "its cells are not square or not north-up",
                     "warp it: gdalwarp -tr SIZE SIZE, with SIZE in the units of its CRS");
  return {{source.GetRasterYSize(), source.GetRasterXSize()},
          transform[1],
          transform[0],
          transform[3],
          source.GetSpatialRef() != nullptr ? wkt_of(*source.GetSpatialRef()) : ""};
}

Raster<float> read_part(GDALDataset& source, const fs::path& path, const Window& window) {
  Raster<float> raster(window.shape);
  GDALRasterBand& band = *source.GetRasterBand(1);
  int is_declared = 0;
  const auto declared = static_cast<float>(band.GetNoDataValue(&is_declared));
  GdalErrors errors;
  const auto [rows, cols] = window.shape;
  if (band.RasterIO(GF_Read, window.col, window.row, cols, rows, raster.values.data(), cols, rows, GDT_Float32, 0, 0,
                    nullptr) != CE_None)
    fail_reading(path, errors.first());
  const auto is_masked = [&](float value) { return std::isnan(value) || (is_declared != 0 && value == declared); };
  if (std::any_of(raster.values.begin(), raster.values.end(), is_masked)) {
    raster.valid.resize(raster.values.size());
    std::transform(raster.values.begin(), raster.values.end(), raster.valid.begin(),
                   [&](float value) { return static_cast<std::uint8_t>(!is_masked(value)); });
  }
  return raster;
}

}  // namespace

Raster<float> read_raster_as_is(const fs::path& path, Frame* frame) {
  require_file(path);
  const Dataset source = open_raster(path, "raster");
  *frame = frame_as_is(*source, path);
  return read_part(*source, path, {0, 0, frame->shape});
}

Frame frame_of_raster(const fs::path& path) {
  require_file(path);
  return frame_as_is(*open_raster(path, "raster"), path);
}

Raster<float> read_window_as_is(const fs::path& path, const Window& window) {
  require_file(path);
  return read_part(*open_raster(path, "raster"), path, window);
}

bool is_raster(const fs::path& path) {
  use_gdal();
  require_file(path);
  const GdalErrors errors;
  const Dataset dataset(GDALDataset::Open(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY));
  return dataset != nullptr && dataset->GetRasterCount() > 0;
}

bool is_in_metres(const Frame& frame) {
  const OGRSpatialReference crs = crs_of(frame.crs);
  return crs.IsEmpty() || (crs.IsProjected() && std::abs(crs.GetLinearUnits() - 1.0) < 1e-9);
}

void require_new_file(const fs::path& path) {
  if (fs::exists(path))
    throw InputError(path.string(), "", "it exists already, and nothing is overwritten",
                     "choose another name or move it away");
  const fs::path folder = fs::absolute(path).parent_path();
  if (!fs::is_directory(folder))
    throw InputError(path.string(), "", fmt::format("there is no folder {}", folder.string()),
                     "make it, or choose another");
}

namespace {

struct Caption {
  const std::string &name, &unit, &meaning;
};

/// Writes values, in which NoData stands already, with a driver's options; a file that fails leaves nothing behind.
template <class T>
void write(const fs::path& path, const Frame& frame, const Caption& caption, std::vector<T>& values, bool any_no_data,
           const char* driver_name, const CPLStringList& options) {
  use_gdal();
  require_new_file(path);
  const fs::path unfinished = path.string() + ".unfinished";
  GdalErrors errors;
  {
    const Dataset memory = in_memory(frame, gdal_type<T>(), values.data());
    GDALRasterBand& band = *memory->GetRasterBand(1);
    if (any_no_data) band.SetNoDataValue(no_data<T>());
    band.SetDescription(caption.name.c_str());
    if (caption.unit != "1") band.SetUnitType(caption.unit.c_str());
    memory->SetMetadataItem("TIFFTAG_IMAGEDESCRIPTION", caption.meaning.c_str());
    auto* driver = GetGDALDriverManager()->GetDriverByName(driver_name);
    const Dataset written(
        driver->CreateCopy(unfinished.c_str(), memory.get(), FALSE, options.List(), nullptr, nullptr));
  }
  if (errors.any()) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw InputError(path.string(), "", "cannot be written: " + errors.first(),
                     "is the disk full, or the folder read-only?");
  }
  fs::rename(unfinished, path);
}

}  // namespace

void write_geotiff(const fs::path& path, const Frame& frame, const NamedRaster& named) {
  std::visit(
      [&](const auto& raster) {
        using T = typename std::decay_t<decltype(raster)>::value_type;
        auto values = raster.values;
        for (std::size_t i = 0; i < values.size() && !raster.valid.empty(); ++i)
          if (raster.valid[i] == 0) values[i] = static_cast<T>(no_data<T>());
        CPLStringList options;
        options.SetNameValue("COMPRESS", "DEFLATE");
        options.SetNameValue("PREDICTOR", "YES");
        options.SetNameValue("NUM_THREADS", "ALL_CPUS");
        options.SetNameValue("RESAMPLING", std::is_floating_point_v<T> ? "AVERAGE" : "NEAREST");
        options.SetNameValue("BIGTIFF", "IF_SAFER");
        write<T>(path, frame, {named.name, named.unit, named.meaning}, values, !raster.valid.empty(), "COG", options);
      },
      named.raster);
}

void write_geotiff(const fs::path& path, const Frame& frame, NamedSurface surface, bool compressed) {
  bool any_no_data = false;
  for (double& value : surface.raster.values)
    if (std::isinf(value)) {
      value = no_data<double>();
      any_no_data = true;
    }
  CPLStringList options;
  options.SetNameValue("TILED", "YES");
  options.SetNameValue("BIGTIFF", "IF_SAFER");
  if (compressed) {
    options.SetNameValue("COMPRESS", "DEFLATE");
    options.SetNameValue("PREDICTOR", "3");
    options.SetNameValue("NUM_THREADS", "ALL_CPUS");
  }
  write<double>(path, frame, {surface.name, surface.unit, surface.meaning}, surface.raster.values, any_no_data, "GTiff",
                options);
}

}  // namespace greenweave
