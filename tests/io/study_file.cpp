#include "io/study_file.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "io/raster_io.hpp"
#include "tests/support/files.hpp"
#include "tests/support/geojson.hpp"

namespace greenweave {
namespace {

using testing::check_input_error;
using testing::Folder;
using testing::layer;

/// A folder with a land cover of 40 x 40 cells, a framework and places, and room for study files.
struct StudyFolder {
  Folder folder;
  Frame frame = frame_in({{40, 40}, 30.0, 400000.0, 3400000.0, ""}, "EPSG:32648");

  StudyFolder() {
    Raster<std::int32_t> codes(frame.shape, 40);
    for (std::int32_t r = 0; r < 10; ++r)
      for (std::int32_t c = 0; c < 10; ++c) codes.at(r, c) = 10;
    codes.at(20, 20) = 50;
    write_geotiff(folder / "cover.tif", frame, {"c", "1", "Classes", codes});
    folder.write(
        "plan.geojson",
        layer(feature("canal", "LineString", "[[400010,3399990],[401100,3399000]]") + "," +
              feature("park", "Polygon",
                      "[[[400300,3399700],[400600,3399700],[400600,3399400],[400300,3399400],[400300,3399700]]]")));
    folder.write(
        "places.geojson",
        layer(feature("marsh", "Polygon",
                      "[[[400600,3399300],[400900,3399300],[400900,3399000],[400600,3399000],[400600,3399300]]]") +
              "," + feature("gate", "Point", "[400500,3399500]")));
  }
  static std::string feature(const std::string& name, const std::string& type, const std::string& coordinates) {
    return fmt::format(
        R"({{"type":"Feature","properties":{{"name":"{}"}},"geometry":{{"type":"{}","coordinates":{}}}}})", name, type,
        coordinates);
  }
  std::filesystem::path study(const std::string& text, const std::string& name = "study.toml") const {
    return folder.write(name, text);
  }
};

const std::string basis = R"(name = "s"
[inputs]
land_cover = "cover.tif"
framework = "plan.geojson"
places = "places.geojson"
[[framework.element]]
name = "canal"
kind = "vertical"
[[guild]]
name = "forest_mammals"
)";

TEST_CASE("the shortest study: everything else is a default") {
  const StudyFolder at;
  const Study study =
      load_study(at.study("[inputs]\nland_cover = \"cover.tif\"\n[[guild]]\nname = \"ground_birds\"\n"));
  CHECK(study.landscape.frame.shape == Shape{40, 40});
  CHECK(study.years == std::vector<int>{0});
  CHECK(study.scenarios.size() == 1);
  CHECK(study.guilds.at(0).title == "Ground birds");
  CHECK(study.guilds.at(0).resistance.at(0) == 4.0F);  // tree cover
  CHECK(study.output == at.folder / (at.folder.path().filename().string() + ".h5"));
  CHECK(study.inputs.at(0).sha256.size() == 64);
}

TEST_CASE("restoration and its order: keys, defaults from reviews, mistakes") {
  const StudyFolder at;
  at.folder.write("weather.csv", "date,rain_mm,et_mm\n2025-01-01,5,1\n");
  const std::string text = R"(
[inputs]
land_cover = "cover.tif"
elevation = "cover.tif"
population = "cover.tif"
climate = "weather.csv"
[[guild]]
name = "ground_birds"
[analysis.water]
[analysis.wetland_sites]
[analysis.restoration]
storm_mm = 90
storm_shape = "even"
marsh_days = 100
cost_per_ha = 7
[[analysis.restoration.attribute]]
name = "animals"
tau_years = 5
tau_range = [3, 8]
source = "our own counts"
[[analysis.restoration.attribute]]
name = "plants"
[[analysis.restoration.nutrient]]
name = "ammonium"
runoff_mg_l = 1.5
k_m_yr = 14
[analysis.restoration_order]
candidates = 5
budget = 40
weights = { ECA = 2, people = 0 }
budget_per_year = 10
first_year = 2027
)";
  const Study study = load_study(at.study(text));
  const RestorationAnalysis& what = *study.analyses.restoration;
  CHECK(what.water.storm.rain_mm == 90.0);
  CHECK(what.water.storm.shape == Storm::Shape::even);
  CHECK(what.marsh_days == 100.0);
  CHECK(what.cost_per_ha == 7.0);
  CHECK(
      what.wetland_classes.at(static_cast<std::size_t>(study.landscape.classes->index_of_name("herbaceous_wetland"))));
  CHECK_FALSE(what.wetland_classes.at(static_cast<std::size_t>(study.landscape.classes->index_of_name("cropland"))));
  REQUIRE(what.attributes.size() == 2);
  CHECK(what.attributes[0].expected.tau_years == 5.0);
  CHECK(what.attributes[0].low.tau_years == 8.0);  // slow recovery is the lower end
  CHECK(what.attributes[0].high.tau_years == 3.0);
  CHECK(what.attributes[0].source == "our own counts");
  CHECK(what.attributes[1].expected.ceiling == 0.74);
  CHECK(what.attributes[1].low.ceiling < 0.74);
  REQUIRE(what.water.nutrients.size() == 1);
  CHECK(what.water.nutrients[0].removal.rate_m_yr == 14.0);
  const RestorationOrderAnalysis& order = *study.analyses.restoration_order;
  CHECK(order.candidates == 5);
  CHECK(order.budget == 40.0);
  CHECK(order.ECA == 2.0);
  CHECK(order.people == 0.0);
  CHECK(order.flood == 1.0);
  CHECK(order.to == "herbaceous_wetland");
  CHECK(order.water.storm.rain_mm == 90.0);
  CHECK(order.first_year == 2027);
  CHECK(order.target_year == std::max(2027, study.years.back()));
  REQUIRE(order.basin);  // as deep as the sites' cost pays for
  CHECK(order.basin->depth_m == study.analyses.wetland_sites->rule.depth_m);
  CHECK(order.dig_m == 0.0);
  CHECK(order.recovery.tau_years == 4.0);
  const auto with = [&](const std::string& keys) {
    std::string changed = text;
    changed.replace(changed.find("first_year = 2027"), 17, keys);
    return *load_study(at.study(changed)).analyses.restoration_order;
  };
  CHECK_FALSE(with("dig_m = 0").basin);
  const RestorationOrderAnalysis made =
      with("first_year = 2027\ntarget_year = 2061\nbasin_m = 0.8\nterrace_m = 3\nrecovery = \"plants\"");
  CHECK(made.target_year == 2061);
  CHECK(made.basin->depth_m == 0.8);
  CHECK(made.basin->terrace_m == 3.0);
  CHECK(made.recovery.ceiling == 0.74);

  const auto fails = [&](const std::string& from, const std::string& to, std::initializer_list<std::string> words) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    const auto path = at.study(changed);
    check_input_error([&] { load_study(path); }, words);
  };
  fails("[analysis.water]\n", "", {"restoration", "no [analysis.water]"});
  fails("[analysis.wetland_sites]\n", "", {"restoration_order", "candidates"});
  fails("people = 0", "people = 1, flod = 1", {"flod", "flood"});
  fails("ECA = 2, people = 0", "ECA = 0, flood = 0, nutrients = 0, people = 0", {"all weights are 0"});
  fails("name = \"ammonium\"\nrunoff_mg_l = 1.5\n", "name = \"ammonium\"\n", {"runoff_mg_l", "missing"});
  fails("name = \"ammonium\"", "name = \"NH4 N\"", {"NH4 N", "cannot name a column"});
  fails("name = \"plants\"", "name = \"animals\"", {"animals", "twice"});
  fails("name = \"plants\"", "name = \"fungi\"", {"ceiling", "missing"});
  fails("tau_range = [3, 8]", "tau_range = [6, 8]", {"tau_range", "no range around 5"});
  fails("candidates = 5", "candidates = 20\nevery_set = true", {"every_set", "at most 12"});
  fails("candidates = 5", "candidates = 5\nto = \"marsh\"", {"marsh"});
  fails("first_year = 2027", "first_year = 2027\ntarget_year = 2026", {"target_year", "2027"});
  fails("candidates = 5", "candidates = 5\nbasin_m = 1\ndig_m = 1", {"dig_m", "basins"});
}

TEST_CASE("wetland sites, the best of them, and actions on the ground arrive") {
  const StudyFolder at;
  const std::string text = R"(
[inputs]
land_cover = "cover.tif"
elevation = "cover.tif"
places = "places.geojson"
[[guild]]
name = "ground_birds"
[analysis.wetland_sites]
weights = { wetness = 0, drainage = 0, depression = 0, cover = 2, water = 0, development = 1 }
cover = { shrubland = 0.25, default = 0.9 }
threshold = 0.5
best_share = 1
low_ground = false
largest_ha = 2
cost_per_ha = 3
depth_m = 0.7
[[scenario]]
name = "a"
[[scenario.action]]
type = "restore_wetland"
best = 2
budget = 12.5
dig_m = 0.4
[[scenario.action]]
type = "plant"
place = "marsh"
to = "tree_cover"
[[scenario.action]]
type = "regrade"
place = "marsh"
by_m = -0.5
[[scenario.action]]
type = "remove_weir"
place = "gate"
to = "water"
)";
  const Study study = load_study(at.study(text));
  const SiteRule& rule = study.analyses.wetland_sites->rule;
  CHECK(rule.weights.wetness == 0.0);
  CHECK(rule.weights.cover == 2.0);
  CHECK(rule.threshold == 0.5);
  CHECK(rule.best_share == 1.0);
  CHECK_FALSE(rule.low_ground);
  CHECK(rule.depth_m == 0.7);
  CHECK(rule.cost_per_ha == 3.0);
  const auto value = [&](const char* name) {
    return rule.cover_values.at(static_cast<std::size_t>(study.landscape.classes->index_of_name(name)));
  };
  CHECK(value("cropland") == 0.9);
  CHECK(value("shrubland") == 0.25);
  CHECK(value("tree_cover") == 0.2);
  CHECK(value("built_up") == 0.0);
  const std::vector<Action>& actions = study.scenarios.at(1).actions;
  const auto& best = std::get<RestoreHabitat>(actions.at(0).what);
  // Two sites of 2 ha at 3 a hectare are within 12.5: 22 cells of 0.09 ha each.
  CHECK(best.cells.size() == 44);
  CHECK(best.dig_m == 0.4);
  CHECK(best.to == "herbaceous_wetland");
  CHECK(std::get<RestoreHabitat>(actions.at(1).what).recovery.tau_years == 12.0);
  CHECK(std::get<Regrade>(actions.at(2).what).by_m == -0.5);
  CHECK(std::get<RemoveWeir>(actions.at(3).what).to == "water");

  const auto fails = [&](const std::string& from, const std::string& to, std::initializer_list<std::string> words) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    const auto path = at.study(changed);
    check_input_error([&] { load_study(path); }, words);
  };
  fails("by_m = -0.5", "", {"one of `by_m`, `to_m` and `basin_m`"});
  fails("by_m = -0.5", "by_m = 1\nto_m = 2", {"one of `by_m`, `to_m` and `basin_m`"});
  fails("by_m = -0.5", "by_m = 1\nbasin_m = 2", {"one of `by_m`, `to_m` and `basin_m`"});
  fails("by_m = -0.5", "basin_m = 0.5\nterrace_m = 0.8", {"twice the depth"});
  fails("by_m = -0.5", "by_m = 1\nterrace_m = 2", {"`basin_m`, which is missing"});
  fails("dig_m = 0.4", "dig_m = 0.4\nbasin_m = 0.5", {"dig_m", "basins"});
  fails("budget = 12.5", "budget = 0.1", {"budget", "no site can be had"});
  fails("budget = 12.5", "place = \"marsh\"", {"`best` chooses the places"});
  fails("best = 2", "best = 0", {"best"});
  fails("to = \"water\"", "to = \"watr\"", {"there is no class \"watr\""});
  fails("elevation = \"cover.tif\"\n", "", {"[analysis.wetland_sites]", "there are no heights"});
  fails("weights = { wetness", "weights = { soil = 1, wetness", {"soil", "no soil to weigh"});
  fails("cover = 2, water = 0, development = 1", "cover = 0, water = 0, development = 0", {"all weights are 0"});
  fails("type = \"restore_wetland\"\nbest = 2", "type = \"micro_wetlands\"", {"`best` is missing"});
}

TEST_CASE("water: weather, soil, curve numbers and what is set of the balance arrive") {
  const StudyFolder at;
  at.folder.write("climate.csv", "date,rain_mm,et_mm\n2024-12-31,3,1\n2025-01-01,0,2\n");
  Raster<std::int32_t> soil(at.frame.shape, 2);
  write_geotiff(at.folder / "soil.tif", at.frame, {"s", "1", "Soil", soil});
  const Study study = load_study(at.study(R"(
[inputs]
land_cover = "cover.tif"
elevation = "cover.tif"
climate = "climate.csv"
soil = "soil.tif"
curve_number = "cover.tif"
[[guild]]
name = "ground_birds"
[[guild]]
name = "forest_mammals"
[analysis.water]
seepage_mm_per_day = 2.5
evaporation_factor = 0.9
first_fill = 0.3
depth_limits_m = [0.2, 0.6, 1.5]
least_depth_m = 0.3
least_area_ha = 0.4
breach_depth_m = 1.5
breach_length_m = 200
wetland_days = 45
wetland_depth_m = 1.8
soil_group = "B"
guild = "forest_mammals"
curve_numbers = { built_up = [98], cropland = [60, 70, 80, 90] }
[[target]]
index = "WETLAND_area"
guild = "forest_mammals"
at_least = 1
)"));
  REQUIRE(study.weather.size() == 2);
  CHECK(study.weather[1].year == 2025);
  CHECK((*study.soil)[0] == 2);
  CHECK((*study.curve_number)[0] == 10.0F);
  const WaterAnalysis& water = *study.analyses.water;
  CHECK(water.balance.seepage_mm_per_day == 2.5);
  CHECK(water.balance.evaporation_factor == 0.9);
  CHECK(water.balance.first_fill == 0.3);
  CHECK(water.balance.depth_limits_m == std::array<double, 3>{0.2, 0.6, 1.5});
  CHECK(water.least_depth_m == 0.3);
  CHECK(water.least_area_ha == 0.4);
  CHECK(water.breach_depth_m == 1.5);
  CHECK(water.breach_length_m == 200.0);
  CHECK(water.wetland_days == 45.0);
  CHECK(water.wetland_depth_m == 1.8);
  CHECK(water.soil_where_unknown == SoilGroup::b);
  CHECK(water.guild == "forest_mammals");
  CHECK(water.curve_numbers.size() == study.landscape.classes->classes.size());
  for (const CurveNumbers& row : water.curve_numbers) {
    if (row.code == 50) CHECK(row.by_group == std::array<double, 4>{98, 98, 98, 98});
    if (row.code == 40) CHECK(row.by_group == std::array<double, 4>{60, 70, 80, 90});
    if (row.code == 10) CHECK(row.by_group == std::array<double, 4>{30, 55, 70, 77});
  }
}

TEST_CASE("keys of a study arrive where they belong") {
  const StudyFolder at;
  const Study study = load_study(at.study(basis + R"(
minimum_patch_ha = 2
patch_neighbours = 4
quality = { cropland = 0.7 }
resistance = { cropland = "barrier", default = 9 }
links = { topology = "complete", max_cost_m = 500, cross_patches = false, intra_patch = true }
[[guild]]
name = "own"
habitat = ["tree_cover"]
resistance = { default = 2 }
[[scenario]]
name = "base"
[[scenario.action]]
type = "restore_wetland"
place = "marsh"
start = 2026
recovery = { ceiling = 0.9, tau_years = 7 }
[[scenario]]
name = "more"
extends = "base"
[[scenario.action]]
type = "visitors"
element = "canal"
groups_per_day = 12
[[target]]
index = "ECA"
min_change_percent = 3
)"));
  const Guild& guild = study.guilds.at(0);
  CHECK(guild.minimum_patch_ha == 2.0);
  CHECK(guild.patch_neighbourhood == Neighbourhood::four);
  const auto cropland = static_cast<std::size_t>(study.landscape.classes->index_of_name("cropland"));
  CHECK(guild.quality.at(cropland) == 0.7F);
  CHECK(guild.resistance.at(cropland) == impassable);
  CHECK(guild.resistance.at(0) == 1.0F);
  CHECK(guild.links.topology == LinkRule::Topology::complete);
  CHECK(guild.links.max_cost_m == 500.0);
  CHECK_FALSE(guild.links.cross_patches);
  CHECK(guild.links.intra_patch);
  CHECK(study.guilds.at(1).quality.at(0) == 1.0F);
  CHECK(study.guilds.at(1).quality.at(cropland) == 0.0F);
  CHECK(study.elements.at(0).width_m == 100.0);  // a vertical is suburban
  REQUIRE(study.scenarios.size() == 3);
  REQUIRE(study.scenarios[2].actions.size() == 2);
  const auto& restore = std::get<RestoreHabitat>(study.scenarios[2].actions[0].what);
  CHECK(restore.to == "herbaceous_wetland");
  CHECK(restore.recovery.tau_years == 7.0);
  CHECK(std::find(restore.from.begin(), restore.from.end(), "built_up") == restore.from.end());
  CHECK(std::get<Visitors>(study.scenarios[2].actions[1].what).groups_per_day == 12.0);
  CHECK(study.targets.at(0).name == "ECA +3 % or better");
}

TEST_CASE("movement: slopes, lines, nearest neighbours, corridors, barriers and nearest sources arrive") {
  const StudyFolder at;
  write_geotiff(at.folder / "dem.tif", at.frame, {"h", "m", "Heights", Raster<float>(at.frame.shape, 500.0F)});
  const Study study = load_study(at.study(R"(
[inputs]
land_cover = "cover.tif"
elevation = "dem.tif"
framework = "plan.geojson"
places = "places.geojson"
[[framework.element]]
name = "canal"
kind = "vertical"
[[guild]]
name = "forest_mammals"
slope = { gradients_percent = [-50, 0, 60], factors = [2, 1, 7.5], steepest_percent = 80 }
links = { topology = "nearest", neighbours = 2 }
[[guild.line]]
place = "canal"
width_m = 60
across = 9
along = 0.5
[[guild]]
name = "ground_birds"
slope = "tobler"
[analysis.corridors]
slack_percent = 10
slack_m = 500
truncate_m = 2000
buffer_m = 90
[[analysis.corridors.crossing]]
name = "built"
classes = ["built_up"]
[analysis.barriers]
radii_m = [120, 60]
restored_resistance = 2
places = 5
rank_by = "maximum"
[analysis.mcr]
sources = ["marsh", "gate"]
max_cost_m = 9000
)"));
  const Guild& guild = study.guilds.at(0);
  CHECK(guild.links.topology == LinkRule::Topology::nearest);
  CHECK(guild.links.neighbours == 2);
  CHECK(guild.slope.kind == SlopeResponse::Kind::table);
  CHECK(guild.slope.table.at(2) == std::pair(0.6, 7.5));
  CHECK(guild.slope.steepest == doctest::Approx(0.8));
  REQUIRE(guild.lines.size() == 1);
  CHECK(guild.lines[0].across == 9.0);
  CHECK(guild.lines[0].along == 0.5);
  CHECK(guild.axes->code.at(0, 0) != 0);
  CHECK(guild.axes->code.at(0, 39) == 0);
  CHECK(study.guilds.at(1).slope.kind == SlopeResponse::Kind::tobler);
  CHECK(study.guilds.at(1).axes == nullptr);
  const CorridorAnalysis& corridors = *study.analyses.corridors;
  CHECK(corridors.rule.slack_of(1000.0) == doctest::Approx(100.0));
  CHECK(corridors.rule.slack_of(1e5) == 500.0);
  CHECK(corridors.rule.truncate_m == 2000.0);
  CHECK(corridors.quality.buffer_m == 90.0);
  REQUIRE(corridors.quality.crossed.size() == 1);
  const auto built = static_cast<std::size_t>(study.landscape.classes->index_of_name("built_up"));
  CHECK(corridors.quality.crossed[0].classes.at(built));
  CHECK_FALSE(corridors.quality.crossed[0].classes.at(0));
  const BarrierRule& barriers = study.analyses.barriers->rule;
  CHECK(barriers.radii_m == std::vector<double>{60.0, 120.0});
  CHECK(barriers.restored_resistance == 2.0);
  CHECK(barriers.places == 5);
  CHECK(barriers.score == BarrierRule::Score::maximum);
  CHECK(study.analyses.nearest_source->sources.at(1).name == "gate");
  CHECK(study.analyses.nearest_source->sources.at(1).geometry.parts.size() == 1);
  CHECK(study.analyses.nearest_source->max_cost_m == 9000.0);
}

TEST_CASE("deltas: what to take out and the tolerance of connectors arrive") {
  const StudyFolder at;
  const std::string shortest = "[inputs]\nland_cover = \"cover.tif\"\n[[guild]]\nname = \"ground_birds\"\n";
  const Study plain = load_study(at.study(shortest + "[analysis.deltas]\n"));
  REQUIRE(plain.analyses.deltas);
  CHECK(plain.analyses.deltas->links);
  CHECK(!plain.analyses.deltas->patches);
  CHECK(!plain.analyses.connector_tolerance);
  const Study study = load_study(
      at.study(shortest + "[analysis]\ndPC_tolerance = 1e-6\n[analysis.deltas]\nlinks = false\npatches = true\n"
                          "elements = false\nclasses = false\ncomponents = false\nplaces = false\n"));
  const DeltaAnalysis& what = *study.analyses.deltas;
  CHECK(what.patches);
  CHECK(!(what.links || what.elements || what.classes || what.components || what.places));
  CHECK(study.analyses.connector_tolerance == 1e-6);
}

/// A square zone in the places' layer, by its offsets from the frame's south-west corner.
std::string zone(const std::string& name, int west, int south, int side) {
  const int x = 400000 + west, y = 3400000 - 1200 + south;
  return StudyFolder::feature(
      name, "Polygon", fmt::format("[[[{0},{1}],[{2},{1}],[{2},{3}],[{0},{3}],[{0},{1}]]]", x, y, x + side, y + side));
}

TEST_CASE("structure: zones are united by name and lie on the frame; the keys arrive") {
  const StudyFolder at;
  // north twice, overlapping; away beyond the frame; south.
  at.folder.write("zones.geojson", layer(zone("north", 0, 600, 300) + "," + zone("north", 150, 600, 300) + "," +
                                         zone("away", 90000, 0, 300) + "," + zone("south", 0, 0, 60)));
  const std::string inputs = R"(
[inputs]
land_cover = "cover.tif"
zones = "zones.geojson"
[[guild]]
name = "forest_mammals"
)";
  const Study plain = load_study(at.study(inputs + "[analysis.structure]\n"));
  REQUIRE(plain.zones.size() == 2);
  CHECK(plain.zones[0].name == "north");
  CHECK(plain.zones[0].cells.size() == 15 * 10);
  CHECK(plain.zones[1].name == "south");
  CHECK(plain.zones[1].cells == std::vector<Cell>{38 * 40, 38 * 40 + 1, 39 * 40, 39 * 40 + 1});
  CHECK(plain.inputs.back().role == "zones");
  REQUIRE(plain.analyses.structure);
  CHECK(plain.analyses.structure->levels.zones);
  CHECK(plain.analyses.structure->mspa.edge_width_cells == 1);
  CHECK(plain.analyses.structure->mspa.transition);
  const Study study = load_study(at.study(inputs + R"([analysis.structure]
edge_width_cells = 3
neighbours = 4
patch_neighbours = 4
transition = false
intext = true
levels = ["zones"]
guilds = ["forest_mammals"]
)"));
  const StructureAnalysis& what = *study.analyses.structure;
  CHECK(what.mspa.edge_width_cells == 3);
  CHECK(what.metrics.edge_depth_cells == 3);
  CHECK(what.mspa.foreground == Neighbourhood::four);
  CHECK(what.metrics.patches == Neighbourhood::four);
  CHECK_FALSE(what.mspa.transition);
  CHECK(what.mspa.interior);
  CHECK_FALSE(what.levels.frame);
  CHECK_FALSE(what.levels.elements);
  CHECK(what.levels.zones);
  CHECK(what.guilds == std::vector<std::string>{"forest_mammals"});
}

TEST_CASE("owners' land and mapped streams arrive; streams lower the heights") {
  const StudyFolder at;
  at.folder.write("owners.geojson", layer(zone("state", 0, 600, 300) + "," + zone("village", 300, 600, 300)));
  at.folder.write("streams.geojson",
                  layer(StudyFolder::feature("brook", "LineString", "[[400015,3399985],[400015,3399925]]")));
  const std::string text = R"(
[inputs]
land_cover = "cover.tif"
elevation = "cover.tif"
owners = "owners.geojson"
owners_name = "name"
streams = "streams.geojson"
streams_depth_m = 2
[[guild]]
name = "forest_mammals"
)";
  const Study study = load_study(at.study(text));
  REQUIRE(study.owners.size() == 2);
  CHECK(study.owners[1].name == "village");
  CHECK(study.owners[1].cells.size() == 10 * 10);
  CHECK(study.zones.empty());
  const Raster<float>& heights = *study.landscape.elevation_m;
  for (const int row : {0, 1, 2}) CHECK(heights.at(row, 0) == 8.0F);  // 10 before
  CHECK(heights.at(3, 0) == 10.0F);
  CHECK(heights.at(0, 1) == 10.0F);

  const auto fails = [&](const std::string& from, const std::string& to, std::initializer_list<std::string> words) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    const auto path = at.study(changed);
    check_input_error([&] { load_study(path); }, words);
  };
  fails("owners = \"owners.geojson\"\n", "", {"owners_name", "inputs.owners"});
  fails("streams = \"streams.geojson\"\n", "", {"streams_depth_m", "inputs.streams"});
  fails("elevation = \"cover.tif\"\n", "", {"streams", "no heights"});
  fails("owners.geojson", "streams.geojson", {"owner's land is an area"});
}

TEST_CASE("structure: every mistake gets one message") {
  const StudyFolder at;
  const std::string basis_of_zones = R"(
[inputs]
land_cover = "cover.tif"
zones = "zones.geojson"
)";
  const std::string guild = "[[guild]]\nname = \"forest_mammals\"\n";
  const auto fails = [&](const std::string& text, std::initializer_list<std::string> words) {
    const auto path = at.study(text);
    check_input_error([&] { load_study(path); }, words);
  };
  fails(basis_of_zones + guild, {"zones.geojson", "no such file", "zones"});
  at.folder.write("zones.geojson", layer(zone("north", 0, 600, 300)));
  fails(basis_of_zones + "zones_name = \"town\"\n" + guild,
        {"zones.geojson", "no attribute \"town\"", "name one of its attributes: name"});
  at.folder.write("zones.geojson", layer(zone("", 0, 600, 300)));
  fails(basis_of_zones + guild, {"zones.geojson", "feature", "\"name\" is empty"});
  at.folder.write("zones.geojson", layer(zone("away", 90000, 0, 300)));
  fails(basis_of_zones + guild, {"zones.geojson", "none of its features lies within the study's frame", "zones"});
  at.folder.write("zones.geojson", layer(zone("tiny", 1, 1, 5)));
  fails(basis_of_zones + guild, {"zones.geojson", "no cell of the study"});
  at.folder.write("zones.geojson", layer(StudyFolder::feature("gate", "Point", "[400500,3399500]")));
  fails(basis_of_zones + guild, {"zones.geojson", "\"gate\"", "of points", "polygons"});
  fails(basis + "[analysis.structure]\nlevels = [\"zones\"]\n", {"levels", "no zones", "[inputs]"});
  fails(basis + "[analysis.structure]\nlevels = [\"zone\"]\n", {"no level \"zone\"", "did you mean \"zones\""});
  fails(basis + "[analysis.structure]\nlevels = []\n", {"levels", "empty"});
  fails("[inputs]\nland_cover = \"cover.tif\"\n" + guild + "[analysis.structure]\nlevels = [\"elements\"]\n",
        {"levels", "no elements"});
  fails("[inputs]\nland_cover = \"cover.tif\"\nzones_name = \"town\"\n" + guild, {"zones_name", "inputs.zones"});
  fails(basis + "[analysis.structure]\nedge_width_cells = 1.5\n", {"edge_width_cells", "1.5 is no number of cells"});
  fails(basis + "[analysis.structure]\nedge_width_cells = 0\n", {"edge_width_cells", "0 is out of range"});
  fails(basis + "[analysis.structure]\nneighbours = 6\n", {"neighbours", "neither 4 nor 8"});
  fails(basis + "[analysis.structure]\nguilds = [\"birds\"]\n", {"no guild \"birds\""});
  fails(basis + "[analysis.structure]\nedge_width = 1\n", {"unknown key `edge_width`", "edge_width_cells"});
}

TEST_CASE("planning: the keys of sources, security and encroachment arrive") {
  const StudyFolder at;
  Raster<std::int32_t> codes(at.frame.shape, 40);
  codes.at(20, 20) = codes.at(5, 5) = 50;
  codes.at(0, 0) = -9;
  codes.valid.assign(codes.values.size(), 1);
  codes.valid[0] = 0;
  write_geotiff(at.folder / "later.tif", at.frame, {"c", "1", "Classes", codes});
  at.folder.write("approved.geojson", layer(zone("town", 0, 600, 600)));
  const Study study = load_study(at.study(basis + R"(
[analysis.structure]
edge_width_cells = 2
[analysis.sources]
quality_weight = 0
dPC_weight = 3
top = 7
[analysis.security]
levels = ["frame"]
[[analysis.security.process]]
name = "habitat"
guild = "forest_mammals"
breaks_percent = [10, 20, 100]
[[analysis.security.process]]
name = "flood"
source_classes = ["tree_cover"]
sources = ["marsh", "canal"]
resistance = { built_up = "barrier", cropland = 7, default = 2 }
breaks_m = [0, 10, 20]
[analysis.encroachment]
later = "later.tif"
approvals = "approved.geojson"
cost_of_regions = false
)"));
  const SourceAnalysis& sources = *study.analyses.sources;
  CHECK(sources.quality_weight == 0.0);
  CHECK(sources.area_weight == 1.0);
  CHECK(sources.importance_weight == 3.0);
  CHECK(sources.top == 7);
  CHECK(sources.mspa.edge_width_cells == 2);
  const SecurityAnalysis& security = *study.analyses.security;
  const ClassTable& classes = *study.landscape.classes;
  const auto index = [&](const char* name) { return static_cast<std::size_t>(classes.index_of_name(name)); };
  CHECK(security.levels.frame);
  CHECK_FALSE(security.levels.elements);
  CHECK(security.built[index("built_up")]);
  CHECK_FALSE(security.built[index("cropland")]);
  REQUIRE(security.processes.size() == 2);
  CHECK(security.processes[0].guild == 0);
  CHECK(security.processes[0].breaks_are_percent);
  CHECK(security.processes[0].breaks == std::array{10.0, 20.0, 100.0});
  const SecurityProcess& flood = security.processes[1];
  CHECK(flood.guild == -1);
  CHECK(flood.places.size() == 2);
  CHECK(flood.source_classes[index("tree_cover")]);
  CHECK(flood.resistance[index("built_up")] == impassable);
  CHECK(flood.resistance[index("cropland")] == 7.0F);
  CHECK(flood.resistance[index("water")] == 2.0F);
  CHECK_FALSE(flood.breaks_are_percent);
  const EncroachmentAnalysis& encroachment = *study.analyses.encroachment;
  CHECK(encroachment.later_is_complete);
  CHECK_FALSE(encroachment.cost_of_regions);
  CHECK(encroachment.later->at(20, 20) == index("built_up"));
  CHECK(encroachment.later->at(5, 5) == index("built_up"));
  CHECK(encroachment.later->at(0, 0) == EncroachmentAnalysis::not_built);
  CHECK(encroachment.approved->at(5, 5) == 1);
  CHECK(encroachment.approved->at(35, 5) == 0);
  CHECK(study.inputs.back().role == "encroachment_approvals");

  // Polygons in place of a land cover: nothing is known of what is gone.
  const Study drawn = load_study(at.study(basis + "[analysis.encroachment]\nbuilt_areas = \"approved.geojson\"\n"));
  CHECK_FALSE(drawn.analyses.encroachment->later_is_complete);
  CHECK(drawn.analyses.encroachment->later->at(5, 5) == index("built_up"));
  CHECK(drawn.analyses.encroachment->approved == nullptr);
}

TEST_CASE("planning: every mistake gets one message") {
  const StudyFolder at;
  const auto fails = [&](const std::string& text, std::initializer_list<std::string> words) {
    const auto path = at.study(basis + text);
    check_input_error([&] { load_study(path); }, words);
  };
  fails("[analysis]\npatch_importance = false\n[analysis.sources]\n", {"dPC", "patch_importance = true"});
  fails("[analysis.sources]\nquality_weight = 0\narea_weight = 0\ncore_weight = 0\ndPC_weight = 0\n",
        {"all weights are 0"});
  const std::string security = "[analysis.security]\n[[analysis.security.process]]\n";
  fails("[analysis.security]\n", {"it has no process", "[[analysis.security.process]]"});
  fails("[analysis.security]\nbuilt = [\"town\"]\n", {"built", "no class \"town\""});
  fails(security + "guild = \"forest_mammals\"\n", {"name"});
  fails(security + "name = \"all\"\n", {"\"all\" cannot name a process"});
  fails(security + "name = \"Flood!\"\n", {"cannot name a process", "small letters"});
  fails(security + "name = \"flood\"\nbreaks_m = [1, 2, 3]\n", {"it has no source", "source_classes"});
  fails(security + "name = \"flood\"\nsources = [\"marshes\"]\n",
        {"no feature of inputs.places and no element", "marsh"});
  fails(security + "name = \"flood\"\nguild = \"birds\"\n", {"no guild \"birds\""});
  fails(security + "name = \"flood\"\nguild = \"forest_mammals\"\nsources = [\"marsh\"]\n",
        {"a guild has its own sources"});
  fails(security + "name = \"flood\"\nsources = [\"marsh\"]\nresistance = { croplands = 3 }\n",
        {"no class \"croplands\"", "cropland"});
  fails(security + "name = \"flood\"\nsources = [\"marsh\"]\nresistance = { cropland = 0 }\n",
        {"cropland is no resistance"});
  fails(security + "name = \"flood\"\nsources = [\"marsh\"]\n", {"three breaks", "breaks_m"});
  fails(security + "name = \"flood\"\nsources = [\"marsh\"]\nbreaks_m = [3, 2, 4]\n", {"three breaks that rise"});
  fails(security + "name = \"flood\"\nsources = [\"marsh\"]\nbreaks_percent = [3, 20, 104]\n", {"three breaks"});
  fails(security + "name = \"flood\"\nsources = [\"marsh\"]\nbreaks_percent = [3, 20, 40]\nbreaks_m = [1, 2, 3]\n",
        {"breaks_percent is there too"});
  const std::string twice = "name = \"flood\"\nsources = [\"marsh\"]\nbreaks_m = [1, 2, 3]\n";
  fails(security + twice + "[[analysis.security.process]]\n" + twice, {"\"flood\" is there twice"});
  fails("[analysis.encroachment]\n", {"one of `later` and `built_areas`"});
  fails("[analysis.encroachment]\nlater = \"a.tif\"\nbuilt_areas = \"b.geojson\"\n", {"later", "needs one of"});
  fails("[analysis.encroachment]\nlater = \"none.tif\"\n", {"none.tif", "no such file"});
  fails("[analysis.encroachment]\nbuilt_areas = \"plan.geojson\"\napprovals = \"none.geojson\"\n",
        {"none.geojson", "no such file"});
  Raster<std::int32_t> codes(at.frame.shape, 77);
  write_geotiff(at.folder / "odd.tif", at.frame, {"c", "1", "Classes", codes});
  fails("[analysis.encroachment]\nlater = \"odd.tif\"\n", {"odd.tif", "lacks the code 77"});
}

TEST_CASE("a study that extends another merges by key and by name") {
  const StudyFolder at;
  at.study(basis + "minimum_patch_ha = 2\n", "base.toml");
  const Study study = load_study(
      at.study("extends = \"base.toml\"\nyears = [2050]\n[[guild]]\nname = \"forest_mammals\"\ndispersal_m = 123\n"));
  REQUIRE(study.guilds.size() == 1);
  CHECK(study.guilds[0].minimum_patch_ha == 2.0);
  CHECK(study.guilds[0].dispersal.distance_m == 123.0);
  CHECK(study.years == std::vector<int>{2050});
}

TEST_CASE("areas of one name are one area: where they overlap is no hole") {
  const StudyFolder at;
  const auto square = [](int west, int east) {
    return StudyFolder::feature("twins", "Polygon",
                                fmt::format("[[[{0},3399700],[{1},3399700],[{1},3399400],[{0},3399400],[{0},3399700]]]",
                                            400000 + west, 400000 + east));
  };
  at.folder.write("twins.geojson", layer(square(300, 600) + "," + square(450, 750)));
  const Study study = load_study(at.study(R"(
[inputs]
land_cover = "cover.tif"
framework = "twins.geojson"
[[framework.element]]
name = "twins"
kind = "core"
[[guild]]
name = "forest_mammals"
)"));
  CHECK(cells_of(study.landscape, study.elements.at(0)).size() == 15 * 10);
}

TEST_CASE("roads are burnt into the land cover") {
  const StudyFolder at;
  const Study study = load_study(at.study(R"(
[inputs]
land_cover = "cover.tif"
[[inputs.burn]]
path = "plan.geojson"
names = ["canal"]
class = "main_road"
width_m = 40
[[classes.class]]
code = 51
name = "main_road"
[[guild]]
name = "forest_mammals"
)"));
  const auto road = static_cast<ClassIndex>(study.landscape.classes->index_of_name("main_road"));
  CHECK(study.landscape.cover.at(0, 0) == road);
  CHECK(study.landscape.cover.at(0, 39) != road);
}

TEST_CASE("every mistake gets one message that names file, place and remedy") {
  const StudyFolder at;
  const auto fails = [&](const std::string& text, std::initializer_list<std::string> words) {
    const auto path = at.study(text);
    check_input_error([&] { load_study(path); }, words);
  };
  check_input_error([&] { load_study(at.folder / "none.toml"); }, {"none.toml", "no such file"});
  fails("name = \n", {"study.toml", "line 1", "TOML"});
  fails(basis + "dispersal = 3\n", {"study.toml", "line 11", "unknown key `dispersal`", "dispersal_"});
  fails(basis + "[framee]\n", {"unknown key `framee`", "`frame`"});
  fails(basis + "dispersal_m = \"far\"\n", {"line 11", "dispersal_m", "a text, not a number"});
  fails(basis + "dispersal_m = nan\n", {"dispersal_m", "nan"});
  fails(basis + "dispersal_probability = 1.5\n", {"1.5 is out of range"});
  fails(basis + "quality = { cropp = 1 }\n", {"cropp", "did you mean \"cropland\""});
  fails(basis + "resistance = { cropland = 0 }\n", {"cropland = 0 is out of range", "barrier"});
  fails(basis + "quality_threshold = 1.0\nquality = { tree_cover = 0.5, mangroves = 0 }\n", {"no class reaches"});
  fails("[inputs]\nland_cover = \"cover.tif\"\n", {"there is no guild"});
  fails("[[guild]]\nname = \"ground_birds\"\n", {"there is no [inputs]"});
  fails("[inputs]\nland_cover = \"gone.tif\"\n[[guild]]\nname = \"ground_birds\"\n", {"gone.tif", "no such file"});
  fails("[inputs]\nland_cover = \"cover.tif\"\n[[guild]]\nname = \"own\"\nhabitat = [\"tree_cover\"]\n",
        {"resistance", "it has no resistance"});
  fails("[inputs]\nland_cover = \"cover.tif\"\n[classes]\nscheme = \"nlcd\"\n[[guild]]\nname = \"ground_birds\"\n",
        {"cover.tif", "lacks the codes", "10 (100 cells)", "40"});
  fails(basis + "[[framework.element]]\nname = \"cannal\"\nkind = \"core\"\n",
        {"no feature named \"cannal\"", "did you mean \"canal\""});
  fails(basis + "[[framework.element]]\nname = \"park\"\nkind = \"corr\"\n", {"\"corr\" is unknown", "belt, core"});
  fails(basis + "[[framework.element]]\nname = \"canal\"\nkind = \"core\"\n", {"\"canal\" is there twice"});
  fails(basis + "slope = \"tobler\"\n", {"slope", "there are no heights", "elevation"});
  fails(basis + "slope = \"tobbler\"\n", {"\"tobbler\" is unknown"});
  fails(basis + "slope = { gradients_percent = [0, 10], factors = [1] }\n", {"no two lists of one length"});
  fails(basis + "slope = { gradients_percent = [10, 0], factors = [1, 2] }\n", {"gradients_percent", "ascend"});
  fails(basis + "slope = { gradients_percent = [0], factors = [0] }\n", {"factors", "0 is out of range"});
  fails(basis + "[[guild.line]]\nplace = \"gate\"\n", {"\"gate\" is of points", "lines"});
  fails(basis + "links = { neighbours = 3 }\n", {"neighbours", "nearest"});
  fails(basis + "[analysis.corridors]\n", {"neither `slack_m` nor `slack_percent`"});
  fails(basis +
            "[analysis.corridors]\nslack_m = 1\n[[analysis.corridors.crossing]]\nname = \"r\"\nclasses = [\"road\"]\n",
        {"there is no class \"road\""});
  fails(basis + "[analysis.barriers]\nradii_m = [0]\n", {"radii_m", "0 is out of range"});
  fails(basis + "[analysis.barriers]\nrank_by = \"mean\"\n", {"\"mean\" is unknown", "sum"});
  fails(basis + "[analysis.mcr]\nsources = [\"marh\"]\n", {"\"marh\"", "did you mean \"marsh\""});
  const std::string water = "[analysis.water]\n";
  fails(basis + water, {"there are no heights", "elevation"});
  const std::string wet = [&] {
    std::string text = basis;
    return text.insert(text.find("framework = "), "elevation = \"cover.tif\"\nclimate = \"climate.csv\"\n");
  }();
  at.folder.write("climate.csv", "date,rain_mm,et_mm\n2025-01-01,1,1\n");
  fails(
      [&] {
        std::string text = wet;
        return text.erase(text.find("climate = "), std::string("climate = \"climate.csv\"\n").size());
      }() +
          water,
      {"there is no weather", "climate"});
  fails(wet + "[[classes.class]]\ncode = 51\nname = \"road\"\n" + water,
        {"no curve number for road", "curve_numbers = { road = [98] }"});
  fails(wet + water + "curve_numbers = { built_up = [98, 99] }\n", {"built_up", "no curve numbers", "A, B, C and D"});
  fails(wet + water + "curve_numbers = { builtup = [98] }\n", {"builtup", "built_up"});
  fails(wet + water + "depth_limits_m = [1, 0.5, 2]\n", {"depth_limits_m", "no three depths"});
  fails(wet + water + "guild = \"frogs\"\n", {"there is no guild \"frogs\""});
  const std::string scenario = basis + "[[scenario]]\nname = \"a\"\n[[scenario.action]]\n";
  fails(scenario + "type = \"restore\"\n", {"\"restore\" is unknown", "restore_wetland"});
  fails(scenario + "type = \"restore_wetland\"\nplace = \"marh\"\n",
        {"no feature is named \"marh\"", "did you mean \"marsh\""});
  fails(scenario + "type = \"restore_wetland\"\nplace = \"gate\"\n", {"\"gate\" is of points", "polygons"});
  fails(scenario + "type = \"develop\"\n", {"neither `place` nor `area_ha`"});
  fails(scenario + "type = \"visitors\"\nelement = \"canal\"\n", {"`groups_per_day` is missing"});
  fails(scenario + "type = \"open_crossing\"\nplace = \"gate\"\n", {"no class to bridge"});
  fails(basis + "[[scenario]]\nname = \"a\"\nextends = \"b\"\n[[scenario]]\nname = \"b\"\nextends = \"a\"\n",
        {"in a circle", "a -> b -> a"});
  for (const std::string taken : {"tables", "land_cover", "disturbed"})
    fails(basis + "[[guild]]\npreset = \"ground_birds\"\nname = \"" + taken + "\"\n",
          {"\"" + taken + "\" is the name of something else"});
  at.folder.write("mixed.geojson",
                  layer(StudyFolder::feature("canal", "Point", "[400500,3399500]") + "," +
                        StudyFolder::feature("canal", "LineString", "[[400010,3399990],[401100,3399000]]") + "," +
                        StudyFolder::feature("away", "LineString", "[[500010,3399990],[501100,3399000]]")));
  const std::string mixed =
      "[inputs]\nland_cover = \"cover.tif\"\nframework = \"mixed.geojson\"\n"
      "[[guild]]\nname = \"ground_birds\"\n";
  fails(mixed + "[[framework.element]]\nname = \"canal\"\nkind = \"core\"\n",
        {"mixed.geojson", "\"canal\"", "different kinds"});
  fails(mixed + "[[framework.element]]\nname = \"away\"\nkind = \"core\"\n",
        {"[framework.element \"away\"]", "no cell of the study", "extent"});
  fails(
      "[inputs]\nland_cover = \"cover.tif\"\nplaces = \"mixed.geojson\"\n[[guild]]\nname = \"ground_birds\"\n"
      "[[scenario]]\nname = \"a\"\n[[scenario.action]]\ntype = \"build_greenway\"\nplace = \"away\"\n"
      "greenway = \"urban\"\n",
      {"[scenario \"a\".action] place", "outside the study's frame"});
  fails(basis + "[[target]]\nindex = \"EAC\"\nat_least = 1\n", {"there is no index \"EAC\"", "did you mean \"ECA\""});
  fails(basis + "[[target]]\nindex = \"ECA\"\n", {"it demands nothing"});
  fails("years = [2030.5]\n" + basis, {"2030.5 is no year"});
  fails("extends = \"study.toml\"\n" + basis, {"in a circle", "study.toml -> study.toml"});
  check_input_error(
      [&] {
        load_study(at.study(basis), {{}, {}, {"nothing"}});
      },
      {"--scenario", "no scenario \"nothing\""});

  at.folder.write("empty.geojson", layer(""));
  fails("[inputs]\nland_cover = \"cover.tif\"\nframework = \"empty.geojson\"\n[[guild]]\nname = \"ground_birds\"\n",
        {"empty.geojson", "empty"});
  at.folder.write("bow.geojson",
                  layer(StudyFolder::feature(
                      "bow", "Polygon",
                      "[[[400300,3399700],[400600,3399400],[400600,3399700],[400300,3399400],[400300,3399700]]]")));
  fails("[inputs]\nland_cover = \"cover.tif\"\nplaces = \"bow.geojson\"\n[[guild]]\nname = \"ground_birds\"\n",
        {"bow.geojson", "crosses itself"});
  at.folder.write("far.geojson", layer(StudyFolder::feature("far", "Point", "[1,1]")));
  fails("[inputs]\nland_cover = \"cover.tif\"\nplaces = \"far.geojson\"\n[[guild]]\nname = \"ground_birds\"\n",
        {"far.geojson", "within the study's frame"});
}

}  // namespace
}  // namespace greenweave
