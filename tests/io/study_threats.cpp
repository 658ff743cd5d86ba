// [threats] of a study file.
#include <cmath>

#include <doctest/doctest.h>

#include "io/raster_io.hpp"
#include "io/study_file.hpp"
#include "tests/support/files.hpp"

namespace greenweave {
namespace {

using testing::check_input_error;
using testing::Folder;

/// 40 x 40 cells: trees, with a column of houses in the middle; a raster of noise and one of access.
struct Threatened {
  Folder folder;
  Frame frame = frame_in({{40, 40}, 30.0, 400000.0, 3400000.0, ""}, "EPSG:32648");

  Threatened() {
    Raster<std::int32_t> cover(frame.shape, 10);
    for (std::int32_t r = 0; r < 40; ++r) cover.at(r, 20) = 50;
    write_geotiff(folder / "cover.tif", frame, {"c", "1", "Classes", cover});
    Raster<float> noise(frame.shape, 0.0F), loud = noise;
    noise[0] = 0.5F;
    loud[41] = 1.5F;
    write_geotiff(folder / "noise.tif", frame, {"n", "1", "Noise", noise});
    write_geotiff(folder / "loud.tif", frame, {"n", "1", "Noise", loud});
    write_geotiff(folder / "access.tif", frame, {"a", "1", "Access", Raster<float>(frame.shape, 0.25F)});
  }
  Study load(const std::string& rest) const {
    return load_study(folder.write("study.toml",
                                   "name = \"s\"\n[inputs]\nland_cover = \"cover.tif\"\n[[guild]]\n"
                                   "name = \"forest_mammals\"\n[[guild]]\nname = \"ground_birds\"\n"
                                   "habitat = [\"tree_cover\"]\n" +
                                       rest));
  }
  void fails(const std::string& rest, std::initializer_list<std::string> words) const {
    CAPTURE(rest);
    check_input_error([&] { load(rest); }, words);
  }
};

const std::string towns = R"([threats.towns]
classes = { built_up = 1.0, cropland = 0.3 }
reach_m = 300
)";

TEST_CASE("[threats]: defaults, and k from what threatens the baseline") {
  const Threatened at;
  CHECK_FALSE(at.load("").analyses.threats.has_value());
  CHECK(at.load("").landscape.quality_left.empty());
  const Study study = at.load(towns);
  REQUIRE(study.analyses.threats);
  const ThreatsAnalysis& what = *study.analyses.threats;
  CHECK(what.mode == ThreatMode::nearest);
  CHECK(what.scaling == 2.5);
  CHECK(what.access == nullptr);
  REQUIRE(what.threats.size() == 1);
  const ClassTable& table = *study.landscape.classes;
  const auto of = [&](const char* c) { return static_cast<std::size_t>(table.index_of_name(c)); };
  const StudyThreat& threat = what.threats[0];
  CHECK(threat.name == "towns");
  CHECK(threat.rule.weight == 1.0);
  CHECK(threat.rule.reach_m == 300.0);
  CHECK(threat.rule.decay == ThreatDecay::linear);
  CHECK(threat.intensity[of("built_up")] == 1.0);
  CHECK(threat.intensity[of("cropland")] == 0.3);
  CHECK(threat.intensity[of("tree_cover")] == 0.0);
  REQUIRE(what.guilds.size() == 2);
  // Where a guild could live it is sensitive, elsewhere not.
  for (std::size_t c = 0; c < table.classes.size(); ++c)
    CHECK(what.guilds[0].sensitivity[0][c] == (study.guilds[0].quality[c] > 0.0F ? 1.0 : 0.0));
  // The nearest trees stand 30 m from the houses.
  CHECK(what.guilds[1].half_saturation == doctest::Approx(0.5 * 0.9));
  CHECK((*study.landscape.quality_left.at("ground_birds"))[19] == doctest::Approx(1.0 / (1.0 + std::pow(2.0, 2.5))));
}

TEST_CASE("[threats]: everything stated") {
  const Threatened at;
  const Study study = at.load(R"([threats]
mode = "summed"
half_saturation = 0.2
scaling = 2
access = "access.tif"
guilds = ["ground_birds"]
levels = ["frame"]
[threats.noise]
raster = "noise.tif"
weight = 0.5
reach_m = 90
decay = "exponential"
sensitivity = { ground_birds = 0.6 }
[threats.towns]
classes = { built_up = 1 }
reach_m = 300
[threats.towns.sensitivity.ground_birds]
tree_cover = 0.9
built_up = 0.1
default = 0.4
)");
  const ThreatsAnalysis& what = *study.analyses.threats;
  CHECK(what.mode == ThreatMode::summed);
  CHECK(what.scaling == 2.0);
  REQUIRE(what.access != nullptr);
  CHECK((*what.access)[7] == 0.25F);
  CHECK_FALSE(what.levels.zones);
  REQUIRE(what.guilds.size() == 1);
  CHECK(what.guilds[0].guild == "ground_birds");
  CHECK(what.guilds[0].half_saturation == 0.2);
  REQUIRE(what.threats.size() == 2);
  CHECK(what.threats[0].name == "noise");
  REQUIRE(what.threats[0].raster != nullptr);
  CHECK((*what.threats[0].raster)[0] == 0.5F);
  CHECK(what.threats[0].rule.decay == ThreatDecay::exponential);
  CHECK(what.threats[0].rule.weight == 0.5);
  const auto of = [&](const char* c) { return static_cast<std::size_t>(study.landscape.classes->index_of_name(c)); };
  // A number is for all classes in which the guild could live.
  CHECK(what.guilds[0].sensitivity[0][of("tree_cover")] == 0.6);
  CHECK(what.guilds[0].sensitivity[0][of("built_up")] == 0.0);
  CHECK(what.guilds[0].sensitivity[1][of("tree_cover")] == 0.9);
  CHECK(what.guilds[0].sensitivity[1][of("built_up")] == 0.1);
  CHECK(what.guilds[0].sensitivity[1][of("cropland")] == 0.0);
  CHECK(study.landscape.quality_left.size() == 1);
  std::vector<std::string> roles;
  for (const Provenance& input : study.inputs) roles.push_back(input.role);
  CHECK(roles == std::vector<std::string>{"land_cover", "threat_access", "threat_noise"});
}

TEST_CASE("[threats]: what cannot be meant is said with its place and a remedy") {
  const Threatened at;
  const auto one = [](const std::string& lines) { return "[threats.towns]\n" + lines; };
  const std::string good = "classes = { built_up = 1 }\nreach_m = 300\n";
  at.fails("[threats]\nmode = \"nearest\"\n", {"study.toml", "[threats]", "there is no threat", "[threats.NAME]"});
  at.fails("[threats]\nmode = \"neerest\"\n" + towns, {"mode", "neerest", "nearest, summed"});
  at.fails("[threats]\nhalf_saturaton = 0.2\n" + towns,
           {"line 10", "half_saturaton", "did you mean `half_saturation`"});
  at.fails("[threats]\nhalf_saturation = 0\n" + towns, {"[threats] half_saturation", "0 is not above 0"});
  at.fails("[threats]\nguilds = [\"ground_bird\"]\n" + towns, {"[threats] guilds", "ground_bird", "ground_birds"});
  at.fails("[threats]\nguilds = []\n" + towns, {"guilds", "empty"});
  at.fails("[threats]\naccess = \"loud.tif\"\n" + towns, {"loud.tif", "row 2, column 2", "1.5", "accessibility"});
  at.fails("[threats]\nlevels = [\"zones\"]\n" + towns, {"[threats] levels", "no zones"});
  at.fails(one("classes = { buildup = 1 }\nreach_m = 300\n"),
           {"line 10, [threats.towns] classes", "buildup", "built_up"});
  at.fails(one("classes = { built_up = 1.2 }\nreach_m = 300\n"), {"classes", "built_up = 1.2", "from 0 to 1"});
  at.fails(one("classes = { built_up = \"much\" }\nreach_m = 300\n"), {"classes", "much", "no number"});
  at.fails(one("reach_m = 300\n"), {"[threats.towns]", "neither `classes` nor `raster`"});
  at.fails(one("raster = \"loud.tif\"\nreach_m = 300\n"), {"loud.tif", "row 2, column 2", "1.5", "threat_towns"});
  at.fails(one("classes = { built_up = 1 }\n"), {"[threats.towns]", "`reach_m` is missing"});
  at.fails(one("classes = { built_up = 1 }\nreach_m = 0\n"), {"[threats.towns] reach_m", "0 is not above 0"});
  at.fails(one(good + "weight = 0\n"), {"[threats.towns] weight", "0 is not above 0"});
  at.fails(one(good + "weight = -1\n"), {"[threats.towns] weight", "-1 is not above 0"});
  at.fails(one(good + "decay = \"square\"\n"), {"decay", "square", "linear, exponential"});
  at.fails(one(good + "wieght = 2\n"), {"unknown key `wieght`", "did you mean `weight`"});
  at.fails(one(good + "sensitivity = { ground_bird = 1 }\n"), {"sensitivity", "ground_bird", "ground_birds"});
  at.fails(one(good + "sensitivity = { ground_birds = 2 }\n"), {"ground_birds", "2 is out of range"});
  at.fails(one(good + "[threats.towns.sensitivity.ground_birds]\ntree = 1\n"),
           {"[threats.towns.sensitivity] ground_birds", "no class \"tree\"", "tree_cover"});
  at.fails("[threats]\nguilds = [\"forest_mammals\"]\n" + one(good + "sensitivity = { ground_birds = 1 }\n"),
           {"not among the guilds that feel threats"});
  at.fails("[threats.\"big towns\"]\n" + good, {"big towns", "cannot name a column"});
  at.fails("[threats.fields]\nclasses = { cropland = 1 }\nreach_m = 300\n",
           {"[threats]", "nothing threatens", "forest_mammals", "half_saturation = 0.05"});
}

}  // namespace
}  // namespace greenweave
