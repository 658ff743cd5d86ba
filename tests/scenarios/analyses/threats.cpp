// What threatens habitat in the cases of a study.
#include "scenarios/analyses/threats.hpp"

#include <array>
#include <cmath>

#include <doctest/doctest.h>

#include "model/run/random.hpp"
#include "scenarios/assess.hpp"
#include "scenarios/study.hpp"
#include "tests/support/studies.hpp"
#include "tests/support/study_runs.hpp"

using namespace greenweave;
using doctest::Approx;
using greenweave::testing::drawn_study;
using greenweave::testing::find_table;
using greenweave::testing::index_of;
using greenweave::testing::raster_of;
using greenweave::testing::rectangle;
using greenweave::testing::results_of;
using greenweave::testing::row_of;
using greenweave::testing::table_of;

namespace {

// Classes of drawn studies.
constexpr std::size_t crop = 0, tree = 1, grass = 2, built = 5, classes = 7;

StudyThreat threat_of(const std::string& name, std::initializer_list<std::pair<std::size_t, double>> intensity,
                      const Threat& rule) {
  StudyThreat threat{name, rule, std::vector<double>(classes, 0.0)};
  for (const auto& [c, value] : intensity) threat.intensity[c] = value;
  return threat;
}

/// All guilds feel the threats where they live.
void threaten(Study& study, std::vector<StudyThreat> threats, double half_saturation = 0.0,
              ThreatMode mode = ThreatMode::nearest) {
  ThreatsAnalysis what;
  what.mode = mode;
  what.threats = std::move(threats);
  for (const Guild& guild : study.guilds) {
    GuildThreats felt{guild.name, {}, half_saturation};
    for (std::size_t t = 0; t < what.threats.size(); ++t) {
      felt.sensitivity.emplace_back();
      for (const float quality : guild.quality) felt.sensitivity.back().push_back(quality > 0.0F ? 1.0 : 0.0);
    }
    what.guilds.push_back(std::move(felt));
  }
  study.analyses.threats = std::move(what);
  settle_threats(study);
}

double sum_of(const Raster<float>& raster) {
  double sum = 0.0;
  for (Cell cell = 0; cell < raster.shape.cells(); ++cell)
    if (raster.is_valid(cell)) sum += static_cast<double>(raster[cell]);
  return sum;
}

const Raster<float>& quality_of(const CaseResult& result) { return raster_of<float>(result.guilds.front(), "quality"); }
const Raster<float>& degradation_of(const CaseResult& result) {
  return raster_of<float>(result.guilds.front(), "degradation");
}

}  // namespace

TEST_CASE("threats: one built cell beside a wood, in closed form") {
  // Built ground to the west, eleven cells of trees; felt up to 150 m, five cells.
  Study study = drawn_study({"btttttttttt"});
  threaten(study, {threat_of("towns", {{built, 0.8}}, {2.0, 150.0, ThreatDecay::linear})});
  // k: half of the largest degradation of habitat, which is that of the first tree.
  CHECK(study.analyses.threats->guilds[0].half_saturation == Approx(0.5 * 0.8 * 0.8));
  const CaseResult result = results_of(study).begin()->second;
  const double k = 0.32;
  double before = 0.0, after = 0.0, degraded = 0.0;
  for (Cell c = 1; c < 11; ++c) {
    CAPTURE(c);
    const double d = c <= 5 ? 0.8 * (1.0 - c / 5.0) : 0.0;
    const double quality = 1.0 - std::pow(d, 2.5) / (std::pow(d, 2.5) + std::pow(k, 2.5));
    CHECK(degradation_of(result)[c] == Approx(d));
    CHECK(quality_of(result)[c] == Approx(quality));
    before += 1.0;
    after += quality;
    degraded += d;
  }
  CHECK(degradation_of(result)[0] == 0.0F);  // no habitat, not sensitive
  const GuildResult& guild = result.guilds.front();
  CHECK(index_of(guild, "DEGRADATION") == Approx(degraded / 10.0));
  CHECK(index_of(guild, "DEGRADATION_max") == Approx(0.64));
  CHECK(index_of(guild, "DEGRADATION_loss") == Approx(100.0 * (before - after) / before));
  const Table& table = table_of(guild, "threats");
  REQUIRE(table.rows() == 1);
  CHECK(table.numbers("area_ha")[0] == Approx(10 * 0.09));
  CHECK(table.numbers("quality_without")[0] == 1.0);
  CHECK(table.numbers("quality")[0] == Approx(after / 10.0));
  CHECK(table.numbers("share_towns")[0] == Approx(100.0));
  // The first tree loses so much that it is no habitat.
  CHECK(raster_of<std::int32_t>(guild, "patches")[1] == 0);
  CHECK(raster_of<std::int32_t>(guild, "patches")[5] == 1);
}

TEST_CASE("threats: the published case of two threats as a study, its future as a scenario") {
  // 100 x 100 cells of 1 m. A class is a kind of ground (north, south, south in the future), with neither, one or both
  // of the threats on it. The scenario widens both from three to six columns and takes the south's habitat.
  Study study;
  study.name = study.title = "published";
  auto table = std::make_shared<ClassTable>();
  Guild guild;
  guild.name = guild.title = "any";
  std::array<std::vector<double>, 2> intensity, sensitivity;
  for (int ground = 0; ground < 3; ++ground)
    for (int on = 0; on < 4; ++on) {
      table->classes.push_back({4 * ground + on, "c" + std::to_string(4 * ground + on), 0});
      guild.quality.push_back(ground == 0 ? 1.0F : ground == 1 ? 0.5F : 0.0F);
      guild.resistance.push_back(1.0F);
      intensity[0].push_back((on & 1) != 0 ? 1.0 : 0.0);
      intensity[1].push_back((on & 2) != 0 ? 1.0 : 0.0);
      sensitivity[0].push_back(ground == 0 ? 1.0 : ground == 1 ? 0.5 : 0.3);
      sensitivity[1].push_back(1.0);
    }
  study.landscape.classes = table;
  const Shape shape{100, 100};
  study.landscape.frame = {shape, 1.0, 0.0, 100.0, ""};
  study.landscape.cover = Raster<ClassIndex>(shape);
  std::vector<std::vector<Cell>> becomes(12);
  for (std::int32_t r = 0; r < 100; ++r)
    for (std::int32_t c = 0; c < 100; ++c) {
      const auto on = [&](std::int32_t width) {
        const bool rows = r >= 20 && r < 80;
        return (rows && c >= 5 && c < 5 + width ? 1 : 0) + (rows && c >= 10 && c < 10 + width ? 2 : 0);
      };
      study.landscape.cover.at(r, c) = static_cast<ClassIndex>((r < 50 ? 0 : 4) + on(3));
      becomes[static_cast<std::size_t>((r < 50 ? 0 : 8) + on(6))].push_back(shape.cell(r, c));
    }
  guild.minimum_patch_ha = 0.0;
  study.guilds = {guild};
  study.scenarios = {{"baseline", "Baseline", {}}, {"future", "", {}}};
  for (std::size_t k = 0; k < becomes.size(); ++k) {
    RestoreHabitat turn;
    turn.place.kind = Geometry::Kind::polygons;
    turn.to = table->classes[k].name;
    turn.cells = becomes[k];
    turn.recovery.tau_years = 0.0;
    study.scenarios.back().actions.push_back({turn.to, always, turn});
  }
  study.years = {2030};
  study.analyses.elements = study.analyses.patch_importance = false;
  auto access = std::make_shared<Raster<float>>(shape, 1.0F);
  for (Cell cell = 0; cell < 5000; ++cell) (*access)[cell] = 0.2F;
  ThreatsAnalysis what;
  what.access = access;
  what.threats = {{"one", {0.7, 40.0, ThreatDecay::linear}, intensity[0]},
                  {"two", {1.0, 70.0, ThreatDecay::exponential}, intensity[1]}};
  what.guilds = {{"any", {sensitivity[0], sensitivity[1]}, 0.5}};
  study.analyses.threats = what;
  settle_threats(study);
  CHECK(study.analyses.threats->guilds[0].half_saturation == 0.5);

  const auto results = results_of(study);
  const CaseResult &now = results.at({"baseline", 2030, 0}), &future = results.at({"future", 2030, 0});
  CHECK(std::abs(sum_of(degradation_of(now)) - 1422.2422) < 1e-3);
  CHECK(std::abs(sum_of(quality_of(now)) - 6961.4536) < 1e-3);
  CHECK(std::abs(sum_of(degradation_of(future)) - 1438.791) < 1e-3);
  CHECK(std::abs(sum_of(quality_of(future)) - 4920.1206) < 1e-3);
}

TEST_CASE("threats: development degrades what lies around it, restoration lessens that, and k stays the baseline's") {
  // A wood between fields, which threaten a little, and a town in the east.
  std::vector<std::string> rows(12, "ccccttttttttttttccccccbb");
  Study study = drawn_study(rows);
  const Frame& frame = study.landscape.frame;
  Develop houses;
  houses.place = rectangle(frame, 0, 0, 11, 3);
  houses.to = "built";
  RestoreHabitat marsh{rectangle(frame, 0, 16, 11, 21), "marsh", {}, {1.0, 10.0}};
  study.scenarios.push_back({"houses", "", {{"houses", always, houses}}});
  study.scenarios.push_back({"marsh", "", {{"marsh", 2029, marsh}}});
  study.uncertainty.draws = 2;
  Element element;
  element.name = "wood_edge";
  element.kind = Element::Kind::core;
  element.geometry = rectangle(frame, 0, 14, 11, 15);
  study.elements = {element};
  const Threat rule{1.0, 210.0, ThreatDecay::exponential};
  threaten(study, {threat_of("fields", {{crop, 0.4}}, rule), threat_of("towns", {{built, 1.0}}, rule)});
  const double k = study.analyses.threats->guilds[0].half_saturation;
  CHECK(k > 0.0);
  const auto results = results_of(study);
  const auto &base = results.at({"baseline", 2030, 0}), &houses_case = results.at({"houses", 2030, 0}),
             &marsh_case = results.at({"marsh", 2030, 0});
  for (std::int32_t c = 4; c < 16; ++c) {
    CAPTURE(c);
    const Cell cell = frame.shape.cell(6, c);
    CHECK(quality_of(houses_case)[cell] <= quality_of(base)[cell]);
    CHECK(quality_of(marsh_case)[cell] >= quality_of(base)[cell]);
    const double d = static_cast<double>(degradation_of(houses_case)[cell]);
    CHECK(quality_of(houses_case)[cell] ==
          Approx(1.0 - std::pow(d, 2.5) / (std::pow(d, 2.5) + std::pow(k, 2.5))).epsilon(1e-6));
  }
  // The western edge of the wood feels the houses, the eastern edge no fields any more once they are marsh, at once.
  CHECK(quality_of(houses_case)[frame.shape.cell(6, 4)] < quality_of(base)[frame.shape.cell(6, 4)] - 0.05F);
  CHECK(quality_of(marsh_case)[frame.shape.cell(6, 15)] > quality_of(base)[frame.shape.cell(6, 15)] + 0.05F);
  const GuildResult &g0 = base.guilds.front(), &g1 = houses_case.guilds.front(), &g2 = marsh_case.guilds.front();
  CHECK(index_of(g1, "DEGRADATION_loss") > index_of(g0, "DEGRADATION_loss"));
  CHECK(index_of(g2, "DEGRADATION_loss") < index_of(g0, "DEGRADATION_loss"));
  CHECK(index_of(g1, "ECA") < index_of(g0, "ECA"));
  CHECK(index_of(g2, "ECA") > index_of(g0, "ECA"));
  // By element, and by threat.
  const Table& parts = table_of(g0, "threats");
  REQUIRE(parts.rows() == 2);
  const std::size_t edge = row_of(parts, {{"region", "wood_edge"}});
  CHECK(parts.numbers("area_ha")[edge] == Approx(24 * 0.09));
  for (std::size_t row = 0; row < 2; ++row)
    CHECK(parts.numbers("share_fields")[row] + parts.numbers("share_towns")[row] == Approx(100.0));
  // The edge's columns stand 30 and 60 m from the fields, and 210 and 240 m from the town, which reaches 210.
  const auto decayed = [](double d) { return std::exp(-2.99 * d / 210.0); };
  const double by_fields = 0.4 * (decayed(30.0) + decayed(60.0)), by_towns = decayed(210.0);
  CHECK(parts.numbers("share_towns")[edge] == Approx(100.0 * by_towns / (by_fields + by_towns)));
  CHECK(parts.numbers("degradation")[edge] == Approx(0.5 * (by_fields + by_towns) / 2.0));
  // Draws have the indices; what is uncertain about a recovery changes no threat.
  const GuildResult& draw = results.at({"marsh", 2030, 1}).guilds.front();
  CHECK(find_table(draw, "threats") == nullptr);
  CHECK(index_of(draw, "DEGRADATION_max") == index_of(g2, "DEGRADATION_max"));
}

TEST_CASE("threats: an element's contribution counts what its place would threaten without it") {
  // A belt of grass keeps houses from a wood: without it, it is built.
  std::vector<std::string> rows(10, "ttttttttttggggggbbbbbb");
  Study study = drawn_study(rows);
  Element belt;
  belt.name = "belt";
  belt.kind = Element::Kind::core;
  belt.geometry = rectangle(study.landscape.frame, 0, 10, 9, 15);
  belt.reverts_to = "built";
  study.elements = {belt};
  threaten(study, {threat_of("towns", {{built, 1.0}}, {1.0, 300.0, ThreatDecay::linear})}, 0.3);
  const GuildResult with = results_of(study).begin()->second.guilds.front();
  Study without = study;
  for (Cell cell = 0; cell < without.landscape.cover.shape.cells(); ++cell)
    if (without.landscape.cover[cell] == grass) without.landscape.cover[cell] = built;
  without.elements.clear();
  settle_threats(without);  // its own landscape's; k was given, the same for both
  const double eca = index_of(results_of(without).begin()->second.guilds.front(), "ECA");
  CHECK(table_of(with, "elements").numbers("ECA_without_ha")[0] == eca);
  CHECK(eca < index_of(with, "ECA") - 0.5);
}

TEST_CASE("threats: more of them never raise quality, in either mode") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed)
    for (const ThreatMode mode : {ThreatMode::nearest, ThreatMode::summed}) {
      CAPTURE(seed);
      std::vector<std::string> rows(24, std::string(30, 't'));
      for (std::size_t r = 0; r < 24; ++r)
        for (std::size_t c = 0; c < 30; ++c) {
          const double u = random_uniform(seed, r, c);
          if (u < 0.03) rows[r][c] = 'b';
          if (u > 0.95) rows[r][c] = 'c';
        }
      Study study = drawn_study(rows);
      threaten(study,
               {threat_of("use", {{crop, 0.3}, {built, 1.0}}, {1.0, 200.0, ThreatDecay::linear}),
                threat_of("noise", {{built, 0.7}}, {0.4, 400.0, ThreatDecay::exponential})},
               0.2, mode);
      const Guild& guild = study.guilds.front();
      Landscape landscape = study.landscape;
      HabitatSurface before = habitat_surface(landscape, guild, {});
      for (int step = 0; step < 10; ++step) {
        // A cell of trees turns into fields, or one of fields into houses.
        const auto cell = static_cast<Cell>(719 * random_uniform(seed, 7, static_cast<std::uint64_t>(step)));
        if (landscape.cover[cell] == tree)
          landscape.cover[cell] = crop;
        else if (landscape.cover[cell] == crop)
          landscape.cover[cell] = built;
        follow_threats(study, landscape, guild);
        const HabitatSurface after = habitat_surface(landscape, guild, {});
        for (Cell c = 0; c < 720; ++c) CHECK(after.quality[c] <= before.quality[c] + 1e-6F);
        before = after;
      }
    }
}

TEST_CASE("threats: a guild that feels none has the bits of a study without them") {
  std::vector<std::string> rows(20, "ttttccttttbbttttccgg");
  Study study = drawn_study(rows);
  study.guilds.push_back(study.guilds.front());
  study.guilds.back().name = "other";
  const auto plain = results_of(study).begin()->second;
  threaten(study, {threat_of("towns", {{built, 1.0}}, {1.0, 300.0, ThreatDecay::linear})});
  study.analyses.threats->guilds.pop_back();
  study.landscape.quality_left.clear();
  settle_threats(study);
  const auto threatened = results_of(study).begin()->second;
  CHECK(quality_of(threatened).values != quality_of(plain).values);
  const GuildResult &a = plain.guilds[1], &b = threatened.guilds[1];
  CHECK(raster_of<float>(a, "quality").values == raster_of<float>(b, "quality").values);
  for (const Column& column : a.indices.columns)
    CHECK(std::get<std::vector<double>>(column.values) == b.indices.numbers(column.name));
  CHECK(index_of(b, "DEGRADATION") == 0.0);
  CHECK(find_table(b, "threats") == nullptr);
}
