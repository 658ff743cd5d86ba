// [visitors], its actions and [analysis.access] of a study file.
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

/// A land cover of 40 x 40 cells, people, a trail from a gate to a tower, and an island that no trail reaches.
struct At {
  Folder folder;
  Frame frame = frame_in({{40, 40}, 30.0, 400000.0, 3400000.0, ""}, "EPSG:32648");

  At() {
    write_geotiff(folder / "cover.tif", frame, {"c", "1", "Classes", Raster<std::int32_t>(frame.shape, 30)});
    write_geotiff(folder / "people.tif", frame, {"p", "1", "Persons", Raster<float>(frame.shape, 2.0F)});
    folder.write("trails.geojson", layer(trail("ridge", "\"kind\":\"ecological\",\"width_m\":1.5,\"surface\":\"earth\"",
                                               "[[400100,3399900],[400600,3399500]]")));
    folder.write("places.geojson", layer(point("gate", "[400100,3399900]") + "," + point("tower", "[400600,3399500]") +
                                         "," + point("island", "[401100,3399000]")));
  }
  static std::string trail(const std::string& name, const std::string& more, const std::string& line) {
    return fmt::format(
        R"({{"type":"Feature","properties":{{"name":"{}",{}}},"geometry":{{"type":"LineString","coordinates":{}}}}})",
        name, more, line);
  }
  static std::string point(const std::string& name, const std::string& at) {
    return fmt::format(
        R"({{"type":"Feature","properties":{{"name":"{}"}},"geometry":{{"type":"Point","coordinates":{}}}}})", name,
        at);
  }
  Study load(const std::string& rest) const {
    return load_study(folder.write("study.toml",
                                   "name = \"s\"\n[inputs]\nland_cover = \"cover.tif\"\npopulation = \"people.tif\"\n"
                                   "places = \"places.geojson\"\n[[guild]]\nname = \"ground_birds\"\n" +
                                       rest));
  }
  void fails(const std::string& rest, std::initializer_list<std::string> words) const {
    CAPTURE(rest);
    check_input_error([&] { load(rest); }, words);
  }
};

const std::string stops = R"([[visitors.entrance]]
place = "gate"
per_day = 50
[[visitors.attraction]]
place = "tower"
)";
const std::string visitors = "[visitors]\ntrails = \"trails.geojson\"\n";

TEST_CASE("[visitors]: trails with what their layer says, stops, and defaults for the rest") {
  const At at;
  const Study study = at.load(visitors + stops);
  REQUIRE(study.analyses.visitors);
  const VisitorsAnalysis& what = *study.analyses.visitors;
  REQUIRE(what.trails.size() == 1);
  CHECK(what.trails[0].name == "ridge");
  CHECK(what.trails[0].kind == GreenwayKind::ecological);
  CHECK(what.trails[0].width_m == 1.5);
  CHECK(what.trails[0].surface == TrailSurface::earth);
  REQUIRE(what.entrances.size() == 1);
  CHECK(what.entrances[0].per_day == 50.0);
  CHECK(what.entrances[0].serves == std::vector<bool>(4, true));
  CHECK(what.sights.at(0).name == "tower");
  CHECK(what.arrivals.size() == 16);
  double all = 0.0;
  for (const double share : what.arrivals) all += share;
  CHECK(all == doctest::Approx(1.0));
  REQUIRE(what.guilds.size() == 1);
  CHECK(what.guilds[0].guild == "ground_birds");
  CHECK(what.guilds[0].zone.steps.size() == step_table().size());
  CHECK(study.inputs.back().role == "trails");
}

TEST_CASE("[visitors]: seasons, guilds, standards and actions") {
  const At at;
  const Study study = at.load(visitors + R"(trail_use = "combined"
[[visitors.season]]
name = "spring"
days = 92
factor = 1.5
[[visitors.season]]
name = "rest"
days = 273
[[visitors.guild]]
name = "ground_birds"
active = [5, 21]
seasons = ["spring"]
taxon = "waders"
[[visitors.standard]]
id = "trail_width.walking.urban"
least = 2.5
)" + stops + R"([[scenario]]
name = "calm"
[[scenario.action]]
type = "entrance_quota"
entrance = "gate"
per_day = 20
[[scenario.action]]
type = "close_entrance"
entrance = "gate"
hours = [18, 8]
seasons = ["spring"]
[[scenario.action]]
type = "visitors"
factor = 0.5
)");
  const VisitorsAnalysis& what = *study.analyses.visitors;
  CHECK(what.seasons.at(0).factor == 1.5);
  CHECK(what.guilds[0].zone.steps.front().width_m == 100.0);
  CHECK(what.guilds[0].active[4] == 0.0);
  CHECK(what.guilds[0].active[20] == 1.0);
  CHECK(what.guilds[0].seasons == std::vector<bool>{true, false});
  CHECK(what.service.demands.use == TrailUse::combined);
  CHECK(figure_named(what.service.standards, "trail_width.walking.urban")->least == 2.5);
  const std::vector<Action>& actions = study.scenarios.at(1).actions;
  CHECK(std::get<EntranceQuota>(actions.at(0).what).per_day == 20.0);
  CHECK(std::get<CloseEntrance>(actions.at(1).what).from == 18);
  CHECK(std::get<CloseEntrance>(actions.at(1).what).seasons == std::vector<bool>{true, false});
  CHECK(std::get<ChangeVisitors>(actions.at(2).what).factor == 0.5);
}

TEST_CASE("[visitors]: mistakes are named with their remedy") {
  const At at;
  at.fails(visitors, {"there is no [[visitors.entrance]]"});
  at.fails(visitors + "[[visitors.entrance]]\nplace = \"gaet\"\n[[visitors.attraction]]\nplace = \"tower\"\n",
           {"no point feature is named \"gaet\"", "gate"});
  at.fails(visitors + stops + "[[visitors.attraction]]\nplace = \"island\"\n", {"island"});
  at.fails(visitors + "reach_m = 2000\n" + stops + "[[visitors.mode]]\nname = \"foot\"\nshare = 0.5\n",
           {"the shares of the modes add up to 0.5"});
  at.fails(visitors + "arrivals = [0, 0]\n" + stops, {"nobody ever comes"});
  at.fails(visitors + stops + "[[visitors.guild]]\nname = \"birds\"\n",
           {"there is no guild \"birds\"", "ground_birds"});
  at.fails(visitors + stops + "[[visitors.season]]\nname = \"spring\"\ndays = 90\n", {"their days add up to 90"});
  at.fails(visitors + stops + "[[visitors.standard]]\nid = \"trail_width.walking.town\"\nleast = 1\n",
           {"no figure has the id", "trail_width.walking.urban"});
  at.folder.write("trails.geojson", layer(At::trail("ridge", "\"width_m\":0", "[[400100,3399900],[400600,3399500]]")));
  at.fails(visitors + stops, {"trails.geojson", "\"ridge\"", "its width_m is 0"});
  at.folder.write("trails.geojson",
                  layer(At::trail("ridge", "\"kind\":\"rural\"", "[[400100,3399900],[400600,3399500]]")));
  at.fails(visitors + stops, {"its kind \"rural\" is not known"});
  at.folder.write("trails.geojson",
                  layer(At::trail("west", "\"width_m\":2", "[[400100,3399900],[400200,3399900]]") + "," +
                        At::trail("east", "\"width_m\":2", "[[400500,3399500],[400600,3399500]]")));
  at.fails(visitors + stops, {"gate"});
}

TEST_CASE("[visitors]: the limit, the noise of roads and trampling") {
  const At at;
  const std::string scenario = "[[scenario]]\nname = \"calm\"\n";
  const Study plain = at.load(visitors + stops);
  CHECK_FALSE(plain.analyses.visitor_limit);
  CHECK_FALSE(plain.analyses.visitors->trampling_counts);
  CHECK(plain.analyses.visitors->roads.empty());
  CHECK(plain.analyses.visitors->trails[0].is_typed);
  const Study study = at.load(visitors + stops + R"([visitors.limit]
scenarios = ["calm"]
eca_loss_percent = 3
factors = [0, 2]
most = 6
[visitors.noise]
silent_db = 40
[[visitors.noise.road]]
classes = ["built_up"]
level_db = 75
[visitors.trampling]
b = 0.002
boardwalk_share = 0.001
[[visitors.guild]]
name = "ground_birds"
noise = false
)" + scenario);
  REQUIRE(study.analyses.visitor_limit);
  CHECK(study.analyses.visitor_limit->scenarios == std::vector<std::string>{"calm"});
  CHECK(study.analyses.visitor_limit->years == std::vector<int>{study.years.back()});
  CHECK(study.analyses.visitor_limit->eca_loss_percent == 3.0);
  CHECK(study.analyses.visitor_limit->quality_loss_percent == 10.0);
  CHECK(study.analyses.visitor_limit->factors == std::vector<double>{0.0, 2.0});
  CHECK(study.analyses.visitor_limit->rule.most == 6.0);
  const VisitorsAnalysis& what = *study.analyses.visitors;
  REQUIRE(what.roads.size() == 1);
  CHECK(what.roads[0].level_db == 75.0);
  CHECK(what.roads[0].classes[static_cast<std::size_t>(study.landscape.classes->index_of_name("built_up"))]);
  CHECK(what.noise.silent_db == 40.0);
  CHECK_FALSE(what.guilds[0].hears);
  CHECK(what.trampling_counts);
  CHECK(what.service.trampling.b == 0.002);
  CHECK(what.service.off_trail.boardwalk_share == 0.001);

  at.fails(visitors + stops + "[visitors.limit]\nscenarios = [\"clam\"]\n" + scenario,
           {"there is no scenario \"clam\"", "calm"});
  at.fails(visitors + stops + "[visitors.limit]\nguilds = [\"birds\"]\n",
           {"there is no guild \"birds\"", "ground_birds"});
  at.fails(visitors + stops + "[visitors.limit]\nyears = [1999]\n", {"the study has no year 1999"});
  at.fails(visitors + stops + "[visitors.limit]\nfactors = [-1]\n", {"-1 is out of range"});
  at.fails(visitors + stops + "[visitors.limit]\neca_los_percent = 3\n", {"eca_los_percent", "eca_loss_percent"});
  at.fails(visitors + "growth_percnt = 3\n" + stops, {"growth_percnt", "growth_percent"});
  at.fails(visitors + stops + "[visitors.noise]\n", {"there is no [[visitors.noise.road]]"});
  at.fails(visitors + stops + "[visitors.noise]\nfull_db = 30\n", {"it is no louder than silent_db, 42 dB"});
  at.fails(visitors + stops + "[[visitors.noise.road]]\nclasses = [\"motorway\"]\n", {"motorway"});
}

TEST_CASE("actions on visitors need [visitors], and say what they lack") {
  const At at;
  const auto action = [](const std::string& text) {
    return "[[scenario]]\nname = \"s\"\n[[scenario.action]]\n" + text;
  };
  at.fails(action("type = \"entrance_quota\"\nper_day = 3\n"), {"there is no [visitors] for it to change"});
  at.fails(visitors + stops + action("type = \"entrance_quota\"\n"), {"`per_day` is missing"});
  at.fails(visitors + stops + action("type = \"close_entrance\"\nentrance = \"gates\"\n"),
           {"there is no entrance \"gates\""});
  at.fails(visitors + stops + action("type = \"close_trail\"\n"), {"neither `place` nor `element`"});
  at.fails(visitors + stops + action("type = \"visitors\"\n"), {"it changes nothing"});
  at.fails(visitors + stops + action("type = \"visitors\"\nelement = \"canal\"\ngroups_per_day = 3\n"),
           {"this study follows visitors along its trails"});
}

TEST_CASE("[analysis.access]: defaults, groups, mistakes") {
  const At at;
  const Study study = at.load(
      "[analysis.access]\n[[analysis.access.group]]\nname = \"old\"\nshare = 0.25\nreach_m = 500\n"
      "[[analysis.access.group]]\nname = \"others\"\nshare = 0.75\n");
  REQUIRE(study.analyses.access);
  CHECK(study.analyses.access->catchment.groups.at(0).reach_m == 500.0);
  CHECK(study.analyses.access->catchment.groups.at(1).reach_m == 1000.0);
  CHECK(study.analyses.access->walk.minutes == 15.0);
  CHECK(study.analyses.access->guild == "ground_birds");
  at.fails("[analysis.access]\n[[analysis.access.group]]\nname = \"old\"\nshare = 0.25\n", {"sum to 0.25"});
  at.fails("[analysis.access]\ngreen = [\"tree_covr\"]\n", {"tree_covr", "tree_cover"});
  at.fails("[analysis.access]\nwhere = \"elements\"\n", {"neither elements nor places"});
  check_input_error(
      [&] {
        load_study(at.folder.write("alone.toml",
                                   "[inputs]\nland_cover = \"cover.tif\"\n[[guild]]\nname = "
                                   "\"ground_birds\"\n[analysis.access]\n"));
      },
      {"there are no people"});
}

TEST_CASE("[inputs] people: points and polygons with persons, on top of the raster's") {
  const Folder folder;
  const Frame frame = frame_in({{40, 40}, 30.0, 400000.0, 3400000.0, ""}, "EPSG:32648");
  write_geotiff(folder / "cover.tif", frame, {"c", "1", "Classes", Raster<std::int32_t>(frame.shape, 30)});
  write_geotiff(folder / "people.tif", frame, {"p", "1", "Persons", Raster<float>(frame.shape, 2.0F)});
  const auto feature = [](const std::string& name, const std::string& properties, const std::string& geometry) {
    return fmt::format(R"({{"type":"Feature","properties":{{"name":"{}"{}}},"geometry":{}}})", name, properties,
                       geometry);
  };
  const std::string village = R"({"type":"Point","coordinates":[400045,3399955]})";
  // Four cells by their centres, and a house in a corner of one.
  const std::string town = R"({"type":"Polygon","coordinates":[[[400300,3399700],[400360,3399700],[400360,3399640],)"
                           R"([400300,3399640],[400300,3399700]]]})";
  const std::string house = R"({"type":"Polygon","coordinates":[[[400601,3399399],[400603,3399399],[400603,3399397],)"
                            R"([400601,3399397],[400601,3399399]]]})";
  const std::string away = R"({"type":"Point","coordinates":[390000,3399955]})";
  folder.write("people.geojson", layer(feature("v", ",\"n\":80", village) + "," + feature("t", ",\"n\":400.5", town) +
                                       "," + feature("h", ",\"n\":3", house) + "," + feature("a", ",\"n\":9", away)));
  folder.write("bad.geojson", layer(feature("v", ",\"n\":-1", village)));
  const auto load = [&](const std::string& inputs) {
    return load_study(folder.write("study.toml", "name = \"s\"\n[inputs]\nland_cover = \"cover.tif\"\n" + inputs +
                                                     "[[guild]]\nname = \"ground_birds\"\n"));
  };
  const std::string people = "people = \"people.geojson\"\npeople_field = \"n\"\n";
  const Study study = load(people);
  const Raster<float>& alone = *study.landscape.population;
  double sum = 0.0;
  for (const float value : alone.values) sum += static_cast<double>(value);
  CHECK(sum == 80.0 + 400.5 + 3.0);
  CHECK(alone.at(1, 1) == 80.0F);
  for (const int row : {10, 11})
    for (const int col : {10, 11}) CHECK(alone.at(row, col) == 100.125F);
  CHECK(alone.at(20, 20) == 3.0F);
  const Study both = load("population = \"people.tif\"\n" + people);
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
    REQUIRE((*both.landscape.population)[cell] == alone[cell] + 2.0F);
  check_input_error([&] { load("people = \"people.geojson\"\n"); },
                    {"feature 1", "no attribute \"persons\"", "people_field"});
  check_input_error([&] { load("people = \"bad.geojson\"\npeople_field = \"n\"\n"); },
                    {"bad.geojson", "its n is \"-1\""});
  check_input_error([&] { load("people_field = \"n\"\n"); }, {"people_field", "inputs.people"});
}

}  // namespace
}  // namespace greenweave
