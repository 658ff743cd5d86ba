#include <doctest/doctest.h>
#include <fmt/format.h>

#include "io/raster_io.hpp"
#include "io/study_file.hpp"
#include "tests/support/files.hpp"
#include "tests/support/geojson.hpp"

namespace greenweave {
namespace {

using testing::check_input_error;
using testing::Folder;
using testing::layer;

/// A land cover of 20 x 20 cells, protected areas as vectors and as a raster.
struct At {
  Folder folder;
  Frame frame = frame_in({{20, 20}, 30.0, 400000.0, 3400000.0, ""}, "EPSG:32648");

  At() {
    write_geotiff(folder / "cover.tif", frame, {"c", "1", "Classes", Raster<std::int32_t>(frame.shape, 10)});
    Raster<std::int32_t> codes(frame.shape, 0);
    codes.at(0, 0) = codes.at(5, 5) = 7;
    codes.at(0, 1) = 9;
    write_geotiff(folder / "protected.tif", frame, {"p", "1", "Areas", codes});
    codes.at(3, 4) = -2;
    write_geotiff(folder / "negative.tif", frame, {"p", "1", "Areas", codes});
    write_geotiff(folder / "none.tif", frame, {"p", "1", "Areas", Raster<std::int32_t>(frame.shape, 0)});
    folder.write("reserves.geojson", layer(feature("hill", "Polygon", square(400000, 3400000, 90)) + "," +
                                           feature("lake", "Polygon", square(400060, 3400000, 90))));
    folder.write("points.geojson", layer(feature("tree", "Point", "[400100,3399900]")));
  }
  static std::string square(int x, int y, int side) {
    return fmt::format("[[[{0},{1}],[{2},{1}],[{2},{3}],[{0},{3}],[{0},{1}]]]", x, y, x + side, y - side);
  }
  static std::string feature(const std::string& name, const std::string& type, const std::string& coordinates) {
    return fmt::format(
        R"({{"type":"Feature","properties":{{"title":"the {0}","name":"{0}"}},"geometry":{{"type":"{1}","coordinates":{2}}}}})",
        name, type, coordinates);
  }
  Study load(const std::string& inputs, const std::string& rest) const {
    return load_study(folder.write("study.toml", fmt::format("name = \"s\"\n[inputs]\nland_cover = \"cover.tif\"\n{}\n"
                                                             "[[guild]]\nname = \"forest_mammals\"\n{}",
                                                             inputs, rest)));
  }
};

TEST_CASE("inputs.protection: a vector layer, overlaps to the first, named by any attribute") {
  const At at;
  const Study study =
      at.load("protection = \"reserves.geojson\"\nprotection_name = \"title\"", "[analysis.protection]\n");
  REQUIRE(study.protection != nullptr);
  CHECK(study.protection->name == std::vector<std::string>{"the hill", "the lake"});
  CHECK(study.protection->label.at(0, 2) == 1);
  CHECK(study.protection->label.at(2, 3) == 2);
  CHECK(study.protection->label.at(0, 5) == 0);
  REQUIRE(study.analyses.protection);
  CHECK(study.analyses.protection->areas == study.protection);
  CHECK_FALSE(study.analyses.protection->dispersal);
  CHECK(study.inputs.back().role == "protection");
  CHECK(study.inputs.back().sha256.size() == 64);
}

TEST_CASE("inputs.protection: a raster of numbers") {
  const At at;
  const Study study = at.load("protection = \"protected.tif\"", "");
  REQUIRE(study.protection != nullptr);
  CHECK(study.protection->name == std::vector<std::string>{"7", "9", "7"});
  CHECK(study.protection->label.at(5, 5) == 3);
  CHECK_FALSE(study.analyses.protection);
}

TEST_CASE("keys of the indices in depth arrive where they belong") {
  const At at;
  const Study study = at.load("protection = \"protected.tif\"", R"([analysis.gravity]
sources = 5
rank_by = "dPC"
area_unit = "km2"
variant = "log_of_product"
breaks = [5, 50]
longest_m = 20000
[analysis.metapopulation]
receiving_exponent = 0.5
sending_exponent = 1.5
self_colonisation = true
[analysis.protection]
distance = "straight"
dispersal_m = 10000
max_cost_m = 5e4
[analysis.robustness]
attacks = ["BC", "random"]
links = "all"
points = 10
draws = 7
recalculate_every = 3
efficiency = false
ECA = true
[[target]]
index = "R_BC"
at_least = 0.1
)");
  const GravityAnalysis& gravity = *study.analyses.gravity;
  CHECK(gravity.sources == 5);
  CHECK(gravity.rank_by == GravityAnalysis::Rank::dPC);
  CHECK(gravity.hectares_of_unit == 100.0);
  CHECK(gravity.rule.graded_by == GravityVariant::log_of_product);
  CHECK(gravity.rule.breaks == std::vector<double>{5, 50});
  CHECK(gravity.rule.longest == 20000);
  CHECK(study.analyses.metapopulation->receiving == 0.5);
  CHECK(study.analyses.metapopulation->sending == 1.5);
  CHECK(study.analyses.metapopulation->self_colonisation);
  CHECK(study.analyses.protection->distance == ProtectionAnalysis::Distance::straight);
  CHECK(study.analyses.protection->dispersal->distance_m == 10000);
  CHECK(study.analyses.protection->dispersal->probability == 0.5);
  CHECK(study.analyses.protection->max_cost_m == 5e4);
  const RobustnessAnalysis& robustness = *study.analyses.robustness;
  CHECK(robustness.attacks == std::vector<std::string>{"BC", "random"});
  CHECK(robustness.all_links);
  CHECK(robustness.points == 10);
  CHECK(robustness.draws == 7);
  CHECK(robustness.recalculate_every == 3);
  CHECK_FALSE(robustness.efficiency);
  CHECK(robustness.eca);
}

TEST_CASE("mistakes in the indices in depth end in one message") {
  const At at;
  const auto refuses = [&](const std::string& inputs, const std::string& rest,
                           std::initializer_list<std::string> words) {
    check_input_error([&] { at.load(inputs, rest); }, words);
  };
  refuses("", "[analysis.protection]\n", {"study.toml", "analysis.protection", "inputs.protection"});
  refuses("protection_layer = \"a\"", "", {"protection_layer", "missing"});
  refuses("protection = \"points.geojson\"", "", {"points.geojson", "tree", "no area"});
  refuses("protection = \"negative.tif\"", "", {"negative.tif", "row 4, column 5", "-2"});
  refuses("protection = \"none.tif\"", "", {"none.tif", "no cell"});
  refuses("protection = \"gone.tif\"", "", {"gone.tif"});
  refuses("protection = \"protected.tif\"", "[analysis.protection]\ndispersal_probability = 0.5\n",
          {"dispersal_probability", "dispersal_m"});
  refuses("protection = \"protected.tif\"", "[analysis.protection]\ndistances = \"straight\"\n",
          {"distances", "distance"});
  refuses("", "[analysis.gravity]\nsources = 1\n", {"sources", "line"});
  refuses("", "[analysis.gravity]\nvariant = \"logs\"\n", {"variant", "product_of_logs"});
  refuses("", "[analysis.gravity]\nbreaks = [10, 0]\n", {"breaks", "0"});
  refuses("", "[analysis]\npatch_importance = false\n[analysis.gravity]\nrank_by = \"dPC\"\n",
          {"rank_by", "patch_importance"});
  refuses("", "[analysis.metapopulation]\nsending_exponent = -1\n", {"sending_exponent"});
  refuses("", "[analysis.robustness]\nattacks = [\"degre\"]\n", {"attacks", "degre", "degree"});
  refuses("", "[analysis.robustness]\nattacks = []\n", {"attacks", "empty"});
  refuses("", "[analysis.robustness]\nattacks = [\"random\", \"random\"]\n", {"twice"});
  refuses("", "[analysis]\npatch_importance = false\n[analysis.robustness]\nattacks = [\"BC\"]\n",
          {"BC", "patch_importance"});
  refuses("", "[analysis.robustness]\nlinks = \"some\"\n", {"links", "dispersal"});
  refuses("", "[[target]]\nindex = \"lambda_M\"\nat_least = 1\n", {"lambda_M"});
}

}  // namespace
}  // namespace greenweave
