#include "io/grid_file.hpp"

#include <chrono>
#include <cmath>

#include <doctest/doctest.h>

#include "io/packed_file.hpp"
#include "io/raster_io.hpp"
#include "tests/support/drawn.hpp"
#include "tests/support/files.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

const std::string header = "ncols 3\nnrows 2\nxllcorner 10\nyllcorner 20\ncellsize 5\n";

Raster<double> parsed(const std::string& text, GridPlace* place = nullptr) {
  GridPlace own;
  return parse_ascii_grid(text, "grid.asc", place == nullptr ? &own : place);
}

}  // namespace

TEST_CASE("ASCII grids as other programs write them") {
  GridPlace place;
  SUBCASE("plain") {
    const auto grid = parsed(header + "NODATA_value -1\n1 2 -1\n4 5.5 -9999\n", &place);
    CHECK(grid.values[4] == 5.5);
    CHECK(grid.valid == std::vector<std::uint8_t>{1, 1, 0, 1, 1, 0});
    CHECK(place.west == 10.0);
    CHECK(place.frame().north == 30.0);
  }
  SUBCASE("without NODATA_value, blanks and tabs at ends, Windows lines, capitals, no last line end") {
    const auto grid = parsed(
        "NCOLS\t3 \t\r\nNROWS 2\r\nXLLCORNER 0\r\nYLLCORNER 0\r\nCellSize +5\r\n1\t2\t3\t\r\n\r\n4 5 1e-3", &place);
    CHECK(grid.valid.empty());
    CHECK(grid.values == std::vector<double>{1, 2, 3, 4, 5, 1e-3});
  }
  SUBCASE("centres instead of corners, and dx with dy") {
    parsed("ncols 3\nnrows 2\nxllcenter 2.5\nyllcenter 2.5\ndx 5\ndy 5\n1 2 3 4 5 6", &place);
    CHECK(place.west == 0.0);
    CHECK(place.south == 0.0);
  }
  SUBCASE("rows broken over lines") {
    CHECK(parsed(header + "1 2\n3 4\n5 6\n").values == std::vector<double>{1, 2, 3, 4, 5, 6});
  }
  SUBCASE("NaN is NoData") { CHECK(parsed(header + "1 2 nan\n4 5 6").valid[2] == 0); }
}

TEST_CASE("what is wrong with an ASCII grid") {
  const auto fails = [](const std::string& text, std::initializer_list<std::string> words) {
    check_input_error([&] { parsed(text); }, words);
  };
  fails("ncols 3\nnrows 2\nxllcorner 0\nyllcorner 0\n1 2 3\n4 5 6\n", {"grid.asc", "cellsize", "missing"});
  fails(header + "1 2 3\n4 5\n", {"grid.asc", "row 2", "2 values", "ncols is 3"});
  fails(header + "1 2 3\n", {"grid.asc", "3 values", "2 rows of 3", "truncated"});
  fails(header + "1 2 3\n4 5 6\n7 8 9\n", {"9 values", "correct ncols"});
  fails(header + "1 2 3\n4 5,5 6\n", {"row 2", "5,5", "no number", "decimals with a point"});
  fails(header + "1 2 3\n4 x 6\n", {"row 2", "\"x\""});
  fails("ncols 3\nncols 3\n", {"ncols", "twice"});
  fails("ncols three\n", {"ncols", "three", "no number"});
  fails("ncols 3\nrows 2\n", {"rows", "no word"});
  fails("ncols 2.5\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\n", {"whole numbers"});
  fails("ncols 1e6\nnrows 1e6\nxllcorner 0\nyllcorner 0\ncellsize 1\n", {"more than a grid can hold"});
  fails("ncols 3\nnrows 2\nxllcorner 0\nyllcorner 0\ndx 1\ndy 2\n1 2 3 4 5 6", {"not square"});
}

TEST_CASE("grids come back as they were written: ASCII, packed, GeoTIFF, packed GeoTIFF") {
  const Folder folder;
  Dice dice(1);
  GridPlace place{{40, 33}, 100.25, -3.5, 0.125, ""};
  Raster<double> grid(place.shape);
  grid.valid.assign(grid.values.size(), 1);
  for (std::size_t i = 0; i < grid.values.size(); ++i) {
    grid.values[i] = std::pow(10.0, 20.0 * dice.uniform() - 10.0) * (dice.chance(0.5) ? 1.0 : -1.0);
    if (dice.chance(0.2)) grid.valid[i] = 0;
    if (dice.chance(0.1)) grid.values[i] = 0.0;
  }
  const auto same = [&](const std::filesystem::path& file, double precision) {
    CAPTURE(file.string());
    GridPlace found;
    const Raster<double> again = read_grid(file, "grid", &found);
    CHECK(found.shape == place.shape);
    CHECK(found.west == doctest::Approx(place.west).epsilon(1e-12));
    CHECK(found.south == doctest::Approx(place.south).epsilon(1e-12));
    CHECK(found.cell == doctest::Approx(place.cell).epsilon(1e-12));
    REQUIRE(again.valid == grid.valid);
    for (Cell cell = 0; cell < grid.shape.cells(); ++cell)
      if (grid.is_valid(cell)) REQUIRE(again[cell] == doctest::Approx(grid[cell]).epsilon(precision));
  };
  const std::string text = format_ascii_grid(place, grid);
  write_whole(folder / "a.asc", text);
  same(folder / "a.asc", 1e-9);
  write_whole(folder / "a.asc.gz", gzip(text));
  same(folder / "a.asc.gz", 1e-9);
  NamedSurface surface{"grid", "1", "", grid};
  for (std::size_t i = 0; i < grid.values.size(); ++i)
    if (grid.valid[i] == 0) surface.raster.values[i] = HUGE_VAL;
  write_geotiff(folder / "a.tif", place.frame(), surface, true);
  same(folder / "a.tif", 1e-15);
  write_whole(folder / "b.tif.gz", gzip(read_packed(folder / "a.tif", "grid")));
  same(folder / "b.tif.gz", 1e-15);
}

TEST_CASE("files that are no grids, and packings that are damaged") {
  const Folder folder;
  GridPlace place;
  check_input_error([&] { read_grid(folder / "none.asc", "habitat map", &place); },
                    {"none.asc", "no such file", "habitat map"});
  folder.write("a.txt", "1 2 3\n");
  check_input_error([&] { read_grid(folder / "a.txt", "mask", &place); }, {"a.txt", "neither an ASCII grid", "mask"});
  const std::string packed = gzip(header + "1 2 3\n4 5 6\n");
  write_whole(folder / "cut.asc.gz", packed.substr(0, packed.size() - 9));
  check_input_error([&] { read_grid(folder / "cut.asc.gz", "mask", &place); }, {"cut.asc.gz", "damaged or truncated"});
  write_whole(folder / "two.gz", gzip("ab") + gzip("cd"));
  CHECK(read_packed(folder / "two.gz", "text") == "abcd");
  check_input_error([&] { write_whole(folder / "no/folder.txt", "x"); }, {"folder.txt", "cannot be written"});
}
