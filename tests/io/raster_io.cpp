#include "io/raster_io.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <doctest/doctest.h>

#include "io/gdal.hpp"
#include "tests/support/files.hpp"

namespace greenweave {
namespace {

using testing::check_input_error;
using testing::Folder;

Frame utm_frame(Shape shape, double cell_m, double west = 400000.0, double north = 3400000.0) {
  return frame_in({shape, cell_m, west, north, ""}, "EPSG:32648");
}

/// Heights on a plane, so that any resampling that is true gives the plane again.
Raster<float> plane(const Frame& frame) {
  Raster<float> raster(frame.shape);
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
    const Point p = frame.centre(cell);
    raster[cell] = static_cast<float>(0.01 * (p.x - 400000.0) + 0.02 * (3400000.0 - p.y));
  }
  return raster;
}

TEST_CASE("a raster on the frame's grid comes back as it is, mask and all") {
  const Folder folder;
  const Frame frame = utm_frame({40, 60}, 30.0);
  Raster<float> heights = plane(frame);
  heights.valid.assign(heights.values.size(), 1);
  heights.valid[7] = 0;
  write_geotiff(folder / "z.tif", frame, {"z", "m", "Height", heights});
  const Raster<float> read = read_raster(folder / "z.tif", frame, Resampling::bilinear, "elevation");
  CHECK_FALSE(read.is_valid(7));
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
    if (cell != 7) CHECK(read[cell] == heights[cell]);
}

TEST_CASE("an aligned raster that covers a part of the frame fills that part") {
  const Folder folder;
  const Frame part = utm_frame({10, 10}, 30.0, 400000.0 + 5 * 30.0, 3400000.0 - 2 * 30.0);
  write_geotiff(folder / "z.tif", part, {"z", "m", "Height", plane(part)});
  const Frame frame = utm_frame({40, 60}, 30.0);
  const Raster<float> read = read_raster(folder / "z.tif", frame, Resampling::bilinear, "elevation");
  CHECK(read.is_valid(frame.shape.cell(2, 5)));
  CHECK(read.at(2, 5) == plane(frame).at(2, 5));
  CHECK_FALSE(read.is_valid(frame.shape.cell(1, 5)));
  CHECK_FALSE(read.is_valid(frame.shape.cell(12, 5)));
}

TEST_CASE("another cell size and another CRS: a plane stays a plane, classes stay classes") {
  const Folder folder;
  const Frame frame = utm_frame({60, 60}, 30.0);
  const Raster<float> expected = plane(frame);
  const auto worst_against = [&](double cell_m) {
    const auto side = static_cast<std::int32_t>(5100.0 / cell_m);
    const Frame from = utm_frame({side, side}, cell_m, 399000.0, 3401000.0);
    const auto path = folder / (std::to_string(cell_m) + ".tif");
    write_geotiff(path, from, {"z", "m", "Height", plane(from)});
    const Raster<float> read = read_raster(path, frame, Resampling::bilinear, "elevation");
    double worst = 0.0;
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
      worst = std::max(worst, std::abs(static_cast<double>(read[cell]) - static_cast<double>(expected[cell])));
    return worst;
  };
  CHECK(worst_against(47.0) < 1e-3);  // between coarse cells: exact but for rounding to float
  // Onto larger cells the kernel is a tent over whole cells, which a plane may miss by a part of a cell: 17 m of slope
  // 0.022 are 0.38 m.
  CHECK(worst_against(17.0) < 0.1);

  const Frame source = utm_frame({300, 300}, 17.0, 399000.0, 3401000.0);
  // The same place in the next zone's coordinates.
  Frame other = frame_in({{60, 60}, 30.0, 0.0, 0.0, ""}, "EPSG:32647");
  other.west = 973900.0;
  other.north = 3411500.0;
  Raster<std::int32_t> classes(source.shape, 10);
  for (std::int32_t c = 150; c < 300; ++c)
    for (std::int32_t r = 0; r < 300; ++r) classes.at(r, c) = 50;
  write_geotiff(folder / "c.tif", source, {"c", "1", "Classes", classes});
  const Raster<std::int32_t> codes = read_codes(folder / "c.tif", other, "land_cover");
  bool tens = false, fifties = false;
  for (Cell cell = 0; cell < other.shape.cells(); ++cell) {
    if (!codes.is_valid(cell)) continue;
    CHECK((codes[cell] == 10 || codes[cell] == 50));
    tens = tens || codes[cell] == 10;
    fifties = fifties || codes[cell] == 50;
  }
  CHECK((tens || fifties));
}

TEST_CASE("counts keep their total when cells change size") {
  const Folder folder;
  const Frame source = utm_frame({100, 100}, 10.0);
  Raster<float> people(source.shape);
  for (Cell cell = 0; cell < source.shape.cells(); ++cell) people[cell] = static_cast<float>(cell % 7);
  write_geotiff(folder / "p.tif", source, {"p", "1", "Persons", people});
  const double total = std::accumulate(people.values.begin(), people.values.end(), 0.0);
  for (const double cell_m : {25.0, 40.0, 7.0}) {
    const auto side = static_cast<std::int32_t>(std::ceil(1000.0 / cell_m)) + 2;
    const Frame frame = utm_frame({side, side}, cell_m, 400000.0 - cell_m, 3400000.0 + cell_m);
    const Raster<float> read = read_raster(folder / "p.tif", frame, Resampling::area_preserving, "population");
    CHECK(std::accumulate(read.values.begin(), read.values.end(), 0.0) == doctest::Approx(total).epsilon(1e-5));
  }
}

TEST_CASE("what cannot be read says why") {
  const Folder folder;
  const Frame frame = utm_frame({40, 60}, 30.0);
  const auto read = [&](const std::string& name) {
    read_raster(folder / name, frame, Resampling::bilinear, "elevation");
  };
  check_input_error([&] { read("none.tif"); }, {"none.tif", "no such file", "elevation"});
  folder.write("text.tif", "no raster at all");
  check_input_error([&] { read("text.tif"); }, {"text.tif", "not a raster"});

  write_geotiff(folder / "z.tif", frame, {"z", "m", "Height", plane(frame)});
  std::filesystem::resize_file(folder / "z.tif", std::filesystem::file_size(folder / "z.tif") - 900);
  check_input_error([&] { read("z.tif"); }, {"z.tif"});

  Frame nowhere = frame;
  nowhere.crs.clear();
  write_geotiff(folder / "bare.tif", nowhere, {"z", "m", "Height", plane(frame)});
  check_input_error([&] { read("bare.tif"); }, {"bare.tif", "no CRS"});

  const Frame away = utm_frame({40, 60}, 30.0, 700000.0, 3000000.0);
  write_geotiff(folder / "away.tif", away, {"z", "m", "Height", plane(frame)});
  check_input_error([&] { read("away.tif"); }, {"away.tif", "within the study's frame", "EPSG:32648"});

  Raster<float> holed = plane(frame);
  holed.at(3, 4) = std::nanf("");
  write_geotiff(folder / "nan.tif", frame, {"z", "m", "Height", holed});
  check_input_error([&] { read("nan.tif"); }, {"nan.tif", "row 4, column 5", "NaN"});
}

/// A raster of one row as GDAL writes it, with what `finish` does to its band.
template <class Finish>
void write_band(const std::filesystem::path& path, const Frame& frame, GDALDataType type,
                const std::vector<double>& values, const Finish& finish) {
  use_gdal();
  const Dataset file(GetGDALDriverManager()->GetDriverByName("GTiff")->Create(path.c_str(), frame.shape.cols,
                                                                              frame.shape.rows, 1, type, nullptr));
  std::array<double, 6> transform{frame.west, frame.cell_m, 0.0, frame.north, 0.0, -frame.cell_m};
  file->SetGeoTransform(transform.data());
  const OGRSpatialReference crs = crs_of(frame.crs);
  file->SetSpatialRef(&crs);
  GDALRasterBand& band = *file->GetRasterBand(1);
  std::vector<double> copy = values;
  REQUIRE(band.RasterIO(GF_Write, 0, 0, frame.shape.cols, frame.shape.rows, copy.data(), frame.shape.cols,
                        frame.shape.rows, GDT_Float64, 0, 0, nullptr) == CE_None);
  finish(band);
}

TEST_CASE("class codes in decimals are codes only if they are whole, and NaN is none unless it is NoData") {
  const Folder folder;
  const Frame frame = utm_frame({1, 4}, 30.0);
  const auto read = [&](const std::string& name) { return read_codes(folder / name, frame, "land_cover"); };
  const double nan = std::nan(""), lowest = std::numeric_limits<float>::lowest();
  write_band(folder / "nan.tif", frame, GDT_Float32, {10, nan, 40, 10}, [](GDALRasterBand&) {});
  check_input_error([&] { read("nan.tif"); }, {"nan.tif", "row 1, column 2", "NaN"});
  write_band(folder / "half.tif", frame, GDT_Float32, {10, 40, 42.5, 10}, [](GDALRasterBand&) {});
  check_input_error([&] { read("half.tif"); }, {"half.tif", "row 1, column 3", "42.5 is no class code"});
  for (const double declared : {nan, lowest}) {
    write_band(folder / "good.tif", frame, GDT_Float32, {10, declared, 40, 10},
               [&](GDALRasterBand& band) { band.SetNoDataValue(declared); });
    const Raster<std::int32_t> codes = read("good.tif");
    CHECK(codes[0] == 10);
    CHECK_FALSE(codes.is_valid(1));
    CHECK(codes[2] == 40);
    std::filesystem::remove(folder / "good.tif");
  }
  // A NoData value that the cells' type cannot hold hides none of them.
  write_band(folder / "byte.tif", frame, GDT_Byte, {10, 0, 40, 10},
             [&](GDALRasterBand& band) { band.SetNoDataValue(lowest); });
  CHECK(read("byte.tif").is_valid(1));
}

TEST_CASE("a mask band masks, on the frame's own grid too") {
  const Folder folder;
  const Frame frame = utm_frame({1, 4}, 30.0);
  write_band(folder / "m.tif", frame, GDT_Byte, {10, 20, 40, 10}, [](GDALRasterBand& band) {
    REQUIRE(band.CreateMaskBand(GMF_PER_DATASET) == CE_None);
    std::array<unsigned char, 4> mask{255, 0, 255, 255};
    REQUIRE(band.GetMaskBand()->RasterIO(GF_Write, 0, 0, 4, 1, mask.data(), 4, 1, GDT_Byte, 0, 0, nullptr) == CE_None);
  });
  const Raster<std::int32_t> codes = read_codes(folder / "m.tif", frame, "land_cover");
  CHECK(codes[0] == 10);
  CHECK_FALSE(codes.is_valid(1));
  CHECK(codes[2] == 40);
}

TEST_CASE("packed values are not taken for what they stand for") {
  const Folder folder;
  const Frame frame = utm_frame({1, 4}, 30.0);
  write_band(folder / "p.tif", frame, GDT_Int16, {10, 20, 40, 10}, [](GDALRasterBand& band) { band.SetScale(0.1); });
  check_input_error([&] { read_raster(folder / "p.tif", frame, Resampling::bilinear, "elevation"); },
                    {"p.tif", "packed", "-unscale"});
}

TEST_CASE("a picture is not taken for its red band") {
  const Folder folder;
  const Frame frame = utm_frame({1, 4}, 30.0);
  use_gdal();
  GDALDriver& driver = *GetGDALDriverManager()->GetDriverByName("GTiff");
  const std::filesystem::path path = folder / "rgb.tif";
  {
    const Dataset made(driver.Create(path.c_str(), 4, 1, 3, GDT_Byte, nullptr));
    REQUIRE(made != nullptr);
    made->GetRasterBand(1)->SetColorInterpretation(GCI_RedBand);
  }
  check_input_error([&] { read_raster(path, frame, Resampling::bilinear, "elevation"); },
                    {"rgb.tif", "picture of 3 bands", "gdal_translate -b"});
}

TEST_CASE("a frame comes from the land cover, or from what the study says") {
  const Folder folder;
  const Frame frame = utm_frame({40, 60}, 30.0);
  write_geotiff(folder / "c.tif", frame, {"c", "1", "Classes", Raster<std::int32_t>(frame.shape, 10)});
  const Frame own = frame_from({}, folder / "c.tif");
  CHECK(own.shape == frame.shape);
  CHECK(own.cell_m == 30.0);
  CHECK(own.west == frame.west);
  const Frame coarser = frame_from({"", 100.0, {}}, folder / "c.tif");
  CHECK(coarser.shape == Shape{12, 18});
  const Frame cut = frame_from({"EPSG:32648", 10.0, {{400100.0, 3399500.0, 400400.0, 3399900.0}}}, folder / "c.tif");
  CHECK(cut.shape == Shape{40, 30});
  CHECK(cut.north == 3399900.0);

  const Frame degrees = frame_in({{40, 60}, 0.0003, 104.1, 30.7, ""}, "EPSG:4326");
  write_geotiff(folder / "deg.tif", degrees, {"c", "1", "Classes", Raster<std::int32_t>(frame.shape, 10)});
  check_input_error([&] { frame_from({}, folder / "deg.tif"); }, {"in degrees", "EPSG:32648"});
  check_input_error([&] { frame_from({"EPSG:32648", {}, {}}, folder / "deg.tif"); }, {"cell_m"});
  check_input_error([&] { frame_from({"EPSG:nonsense", {}, {}}, folder / "c.tif"); }, {"EPSG:nonsense", "no CRS"});
  CHECK(frame_from({"EPSG:32648", 30.0, {}}, folder / "deg.tif").shape.cells() > 1000);
}

TEST_CASE("a surface of doubles keeps every bit, and what was not reached is NoData") {
  const Folder folder;
  const Frame frame = utm_frame({3, 5}, 30.0);
  Raster<double> cost(frame.shape, 0.1 + 1e-15);
  cost[4] = std::numeric_limits<double>::infinity();
  for (const bool compressed : {false, true}) {
    const auto path = folder / (compressed ? "small.tif" : "plain.tif");
    write_geotiff(path, frame, {"cost_distance", "m", "Cost", cost}, compressed);
    CHECK(is_raster(path));
    Frame own;
    const Raster<float> read = read_raster_as_is(path, &own);
    CHECK(own.shape == frame.shape);
    CHECK(own.west == frame.west);
    CHECK(own.north == frame.north);
    CHECK(own.cell_m == frame.cell_m);
    CHECK(is_in_metres(own));
    CHECK_FALSE(read.is_valid(4));
    CHECK(read[0] == static_cast<float>(cost[0]));
    CHECK(std::count(read.valid.begin(), read.valid.end(), 0) == 1);
  }
  check_input_error(
      [&] {
        write_geotiff(folder / "plain.tif", frame, {"c", "m", "Cost", cost}, false);
      },
      {"plain.tif", "exists already"});
}

TEST_CASE("a raster taken as it is: what is not square, not there or no raster says so") {
  const Folder folder;
  Frame frame;
  // An ASCII grid carries no CRS; that is allowed here.
  const auto grid = folder.write("r.asc",
                                 "ncols 3\nnrows 2\nxllcorner 10\nyllcorner 20\ncellsize 5\n"
                                 "NODATA_value -1\n1 2 -1\n4 5 6\n");
  const Raster<float> read = read_raster_as_is(grid, &frame);
  CHECK(read.values[3] == 4.0F);
  CHECK_FALSE(read.is_valid(2));
  CHECK(frame.shape == Shape{2, 3});
  CHECK(frame.north == 30.0);
  CHECK(frame.crs.empty());
  CHECK(is_in_metres(frame));
  const auto oblong = folder.write("oblong.asc", "ncols 2\nnrows 1\nxllcorner 0\nyllcorner 0\ndx 5\ndy 6\n1 2\n");
  check_input_error([&] { read_raster_as_is(oblong, &frame); }, {"oblong.asc", "not square"});
  check_input_error([&] { read_raster_as_is(folder / "none.tif", &frame); }, {"none.tif"});
  check_input_error([&] { read_raster_as_is(folder.write("text.tif", "no raster"), &frame); }, {"text.tif"});
  CHECK_FALSE(is_raster(folder.write("places.geojson", R"({"type":"FeatureCollection","features":[]})")));
  check_input_error([&] { is_raster(folder / "none.tif"); }, {"none.tif"});
  CHECK_FALSE(is_in_metres(frame_in({{1, 1}, 1.0, 0.0, 0.0, ""}, "EPSG:4326")));
}

TEST_CASE("nothing is overwritten") {
  const Folder folder;
  const Frame frame = utm_frame({4, 6}, 30.0);
  folder.write("z.tif", "mine");
  check_input_error(
      [&] {
        write_geotiff(folder / "z.tif", frame, {"z", "m", "Height", plane(frame)});
      },
      {"exists already"});
  check_input_error(
      [&] {
        write_geotiff(folder / "no/z.tif", frame, {"z", "m", "Height", plane(frame)});
      },
      {"no folder"});
}

}  // namespace
}  // namespace greenweave
