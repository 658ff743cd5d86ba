#include "scenarios/analyses/restoration.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "model/water/ponds.hpp"
#include "scenarios/actions.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/analyses/water_before.hpp"
#include "scenarios/study.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr MeasureSpec peak_spec{"FLOOD_peak", "m3 s-1", "Greatest peak of the design storm at an outlet of the frame",
                                -1};
constexpr MeasureSpec volume_spec{"FLOOD_volume", "m3", "Runoff of the design storm", -1};
constexpr MeasureSpec removed_spec{
    "NUTRIENTS_removed", "%", "Share of the nutrients of all runoff that restored wetlands remove, mean over nutrients",
    1};
constexpr MeasureSpec recovered_spec{
    "RECOVERED_area", "ha", "Restored wetland times how far its attributes have recovered, mean over attributes", 1};
constexpr MeasureSpec debt_spec{"RECOVERY_debt", "ha a",
                                "Integral of what restored wetlands lack of their reference, mean over attributes", -1};
constexpr MeasureSpec cost_spec{"RESTORATION_cost", "1", "Cost of the restored wetlands, in the study's unit", -1};

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

double percent(double part, double whole) { return whole > 0.0 ? 100.0 * part / whole : 0.0; }

/// A restored place and what it does.
struct Place {
  std::string action;
  int start = 0;
  double years = 0.0;       // since the start
  double debt_years = 0.0;  // the same; 0 of what has always been there
  double area_ha = 0.0, cost = 0.0;
  double wet_days = 0.0, depth_m = 0.0;  // means over its cells, and over those that are ever wet
  double open_water_ha = 0.0, marsh_ha = 0.0, meadow_ha = 0.0, dry_ha = 0.0;
  double catchment_ha = 0.0;
  double peak_in_m3_s = 0.0, peak_m3_s = 0.0, most_held_m3 = 0.0, storm_m3 = 0.0;
  std::vector<PondLoad> loads = {};  // by nutrient
};

/// An outlet of the frame.
struct Outlet {
  Cell cell = -1;
  double catchment_ha = 0.0;
  double before_m3_s = 0.0, without_m3_s = 0.0, peak_m3_s = 0.0, hour = 0.0;
  double before_m3 = 0.0, volume_m3 = 0.0;
  double pond_share = 0.0;
};

void describe_water(const RestorationAnalysis& what, const WaterBalance& balance, const Frame& frame,
                    const std::vector<Cell>& cells, Place& place) {
  std::int64_t wet = 0;
  for (const Cell cell : cells) {
    const auto days = static_cast<double>(balance.wet_days[cell]);
    const auto depth = static_cast<double>(balance.mean_depth_m[cell]);
    place.wet_days += days;
    if (days > 0.0) {
      place.depth_m += depth;
      ++wet;
    }
    const WetlandType type = wetland_type(what, days, depth);
    (type == WetlandType::open_water   ? place.open_water_ha
     : type == WetlandType::marsh      ? place.marsh_ha
     : type == WetlandType::wet_meadow ? place.meadow_ha
                                       : place.dry_ha) += frame.cell_area_ha();
  }
  if (!cells.empty()) place.wet_days /= static_cast<double>(cells.size());
  if (wet > 0) place.depth_m /= static_cast<double>(wet);
}

Table tabulate_places(const std::vector<Place>& places, const RestorationAnalysis& what) {
  using P = Place;
  TableOf table("restoration", places);
  table.text("action", "Name of the action", [](const P& p) { return p.action; })
      .integer("start", "1", "Year in which it began; -9999: always", [](const P& p) { return p.start; })
      .number("area_ha", "ha", "Wetland that it made and that is still there", [](const P& p) { return p.area_ha; })
      .number("cost", "1", "Cost, in the study's unit", [](const P& p) { return p.cost; })
      .number("wet_days", "d", "Hydroperiod: days a year under water, mean of its cells",
              [](const P& p) { return p.wet_days; })
      .number("depth_m", "m", "Depth of water on wet days, mean of the cells that are ever wet",
              [](const P& p) { return p.depth_m; })
      .number("open_water_ha", "ha", "Under deep water most of the year", [](const P& p) { return p.open_water_ha; })
      .number("marsh_ha", "ha", "Marsh, by its hydroperiod", [](const P& p) { return p.marsh_ha; })
      .number("wet_meadow_ha", "ha", "Wet meadow", [](const P& p) { return p.meadow_ha; })
      .number("dry_ha", "ha", "Too dry for a wetland, as the ground and the water are",
              [](const P& p) { return p.dry_ha; })
      .number("catchment_ha", "ha", "All land that drains to it, itself included",
              [](const P& p) { return p.catchment_ha; });
  for (const AttributeRecovery& attribute : what.attributes) {
    const std::string& name = attribute.name;
    table
        .number(name, "1", "How far it has recovered, as a share of the reference",
                [&](const P& p) { return attribute.expected.at(p.years); })
        .number(name + "_low", "1", "Lower end of its band", [&](const P& p) { return attribute.low.at(p.years); })
        .number(name + "_high", "1", "Upper end of its band", [&](const P& p) { return attribute.high.at(p.years); })
        .number(name + "_debt", "ha a", "Recovery debt: the integral of the shortfall since it began",
                [&](const P& p) { return p.area_ha * attribute.expected.debt(p.debt_years); });
  }
  table
      .number("storm_m3", "m3", "What of the design storm comes to it and goes on",
              [](const P& p) { return p.storm_m3; })
      .number("peak_in_m3_s", "m3 s-1", "Peak of the design storm that comes",
              [](const P& p) { return p.peak_in_m3_s; })
      .number("peak_out_m3_s", "m3 s-1", "Peak that goes on", [](const P& p) { return p.peak_m3_s; })
      .number("most_held_m3", "m3", "Water of the storm that it holds at most",
              [](const P& p) { return p.most_held_m3; })
      .number("inflow_m3", "m3", "Runoff that comes to it in the mean year",
              [](const P& p) { return p.loads.empty() ? 0.0 : p.loads.front().inflow_m3; })
      .number("load_m_yr", "m a-1", "Hydraulic load: that over its area under water, mean of the year",
              [](const P& p) { return p.loads.empty() ? 0.0 : p.loads.front().load_m_yr; });
  for (std::size_t n = 0; n < what.water.nutrients.size(); ++n) {
    const std::string& name = what.water.nutrients[n].name;
    table.number(name + "_kg", "kg", "Removed a year", [&](const P& p) { return p.loads.at(n).removed_kg; })
        .number(name + "_percent", "%", "Of what comes",
                [&](const P& p) { return percent(p.loads.at(n).removed_kg, p.loads.at(n).came_kg); });
  }
  return table.take();
}

Table tabulate_outlets(const std::vector<Outlet>& outlets, const Frame& frame) {
  using O = Outlet;
  return TableOf("floods", outlets)
      .number("x", "m", "Where the water leaves the frame, easting", [&](const O& o) { return frame.centre(o.cell).x; })
      .number("y", "m", "Northing", [&](const O& o) { return frame.centre(o.cell).y; })
      .number("catchment_ha", "ha", "Land above it", [](const O& o) { return o.catchment_ha; })
      .number("peak_before_m3_s", "m3 s-1", "Peak of the design storm in the landscape before any action",
              [](const O& o) { return o.before_m3_s; })
      .number("peak_without_m3_s", "m3 s-1", "In the case's landscape, if its restored wetlands held nothing back",
              [](const O& o) { return o.without_m3_s; })
      .number("peak_m3_s", "m3 s-1", "In the case", [](const O& o) { return o.peak_m3_s; })
      .number("peak_hour", "h", "When it would come without them, since the storm's beginning",
              [](const O& o) { return o.hour; })
      .number("volume_before_m3", "m3", "Runoff before any action", [](const O& o) { return o.before_m3; })
      .number("volume_m3", "m3", "Runoff in the case", [](const O& o) { return o.volume_m3; })
      .number("wetland_percent", "%", "Restored wetlands, of the land above it",
              [](const O& o) { return 100.0 * o.pond_share; })
      .number("peak_factor", "1", "Peak over the peak without them",
              [](const O& o) { return o.without_m3_s > 0.0 ? o.peak_m3_s / o.without_m3_s : 1.0; })
      .number("TR55_factor", "1", "What TR-55's factor for ponds and swamps makes of that share, to compare",
              [](const O& o) { return pond_factor(o.pond_share); })
      .take();
}

Table tabulate_paths(const std::vector<AttributeRecovery>& attributes) {
  using A = AttributeRecovery;
  TableOf table("recovery_paths", attributes);
  table.text("attribute", "Attribute", [](const A& a) { return a.name; });
  const auto path = [&](const std::string& end, const RecoveryPath A::*which) {
    table
        .number("start" + end, "1", "Share of the reference at the start", [=](const A& a) { return (a.*which).start; })
        .number("ceiling" + end, "1", "Share that it approaches", [=](const A& a) { return (a.*which).ceiling; })
        .number("tau_years" + end, "a", "Time constant", [=](const A& a) { return (a.*which).tau_years; });
  };
  path("", &A::expected);
  path("_low", &A::low);
  path("_high", &A::high);
  return table.text("source", "Where the numbers come from", [](const A& a) { return a.source; }).take();
}

Table tabulate_nutrients(const std::vector<Nutrient>& nutrients) {
  using N = Nutrient;
  return TableOf("nutrients", nutrients)
      .text("nutrient", "Substance", [](const N& n) { return n.name; })
      .number("runoff_mg_l", "mg l-1", "Concentration in runoff", [](const N& n) { return n.runoff_mg_l; })
      .number("k_m_yr", "m a-1", "Rate of removal at 20 degrees", [](const N& n) { return n.removal.rate_m_yr; })
      .number("background_mg_l", "mg l-1", "Background concentration", [](const N& n) { return n.removal.background; })
      .number("tanks", "1", "Apparent number of tanks in series", [](const N& n) { return n.removal.tanks; })
      .number("theta", "1", "Factor on the rate for each degree", [](const N& n) { return n.removal.theta; })
      .text("source", "Where the numbers come from", [](const N& n) { return n.source; })
      .take();
}

}  // namespace

RestoredSites restored_sites(const ScenarioLandscape& made, const RestorationAnalysis& what) {
  const Landscape& landscape = made.landscape;
  RestoredSites sites;
  Raster<std::int32_t> last(landscape.frame.shape, -1);
  for (const RestoredPlace& place : made.restored) {
    const int to = landscape.classes->index_of_name(place.to);
    if (to < 0 || !what.wetland_classes[at(to)]) continue;
    for (const Cell cell : place.cells)
      if (landscape.cover[cell] == static_cast<ClassIndex>(to))
        last[cell] = static_cast<std::int32_t>(sites.places.size());
    sites.places.push_back(&place);
  }
  sites.cells.resize(sites.places.size());
  sites.former.resize(sites.places.size());
  for (std::size_t p = 0; p < sites.places.size(); ++p) {
    std::vector<std::pair<Cell, ClassIndex>> own;
    for (std::size_t i = 0; i < sites.places[p]->cells.size(); ++i)
      if (last[sites.places[p]->cells[i]] == static_cast<std::int32_t>(p))
        own.emplace_back(sites.places[p]->cells[i], sites.places[p]->former[i]);
    std::sort(own.begin(), own.end());
    for (const auto& [cell, former] : own) {
      sites.cells[p].push_back(cell);
      sites.former[p].push_back(former);
    }
  }
  return sites;
}

WetlandType wetland_type(const RestorationAnalysis& what, double wet_days, double depth_m) {
  if (wet_days >= what.open_water_days && depth_m >= what.open_water_depth_m) return WetlandType::open_water;
  if (wet_days >= what.marsh_days) return WetlandType::marsh;
  return wet_days >= what.meadow_days ? WetlandType::wet_meadow : WetlandType::dry;
}

std::vector<std::vector<double>> recovery_of(const RestoredSites& sites, int year, const RestorationAnalysis& what,
                                             RecoveryPath AttributeRecovery::*path) {
  std::vector<std::vector<double>> recovery;
  for (const RestoredPlace* place : sites.places) {
    std::vector<double>& shares = recovery.emplace_back();
    for (const AttributeRecovery& attribute : what.attributes) {
      RecoveryPath drawn = attribute.*path;
      drawn.tau_years *= place->slowness;
      shares.push_back(drawn.at(static_cast<double>(year) - place->start_year));
    }
  }
  return recovery;
}

RestoredWetlands restored_wetlands(const RestoredSites& sites, const CaseWater& water, int year,
                                   const RestorationAnalysis& what) {
  RestoredWetlands wetlands;
  if (sites.places.empty()) return wetlands;
  const Shape shape = water.balance.wet_days.shape;
  wetlands.type = Raster<std::uint8_t>(shape, 0);
  wetlands.former = Raster<ClassIndex>(shape, 0);
  wetlands.site = Raster<std::int32_t>(shape, -1);
  wetlands.recovery = recovery_of(sites, year, what, &AttributeRecovery::expected);
  for (std::size_t p = 0; p < sites.places.size(); ++p)
    for (std::size_t i = 0; i < sites.cells[p].size(); ++i) {
      const Cell cell = sites.cells[p][i];
      wetlands.type[cell] =
          static_cast<std::uint8_t>(wetland_type(what, static_cast<double>(water.balance.wet_days[cell]),
                                                 static_cast<double>(water.balance.mean_depth_m[cell])));
      wetlands.former[cell] = sites.former[p][i];
      wetlands.site[cell] = static_cast<std::int32_t>(p);
    }
  return wetlands;
}

void add_restoration(const Study& study, const WaterBefore& untouched, const RestoredSites& sites,
                     const CaseWater& water, const RestorationAnalysis& what, const RunContext& context,
                     CaseResult& result) {
  context.check();
  const Frame& frame = study.landscape.frame;
  const double cell_m = frame.cell_m;

  // Places, and the ponds that they are.
  Raster<std::int32_t> ponds(frame.shape, 0);
  std::vector<Place> places;
  const std::vector<std::vector<Cell>>& cells_of = sites.cells;
  for (std::size_t p = 0; p < sites.places.size(); ++p) {
    const RestoredPlace& restored = *sites.places[p];
    places.push_back({.action = restored.action, .start = restored.start_year});
    places.back().years = static_cast<double>(result.id.year) - restored.start_year;
    places.back().debt_years = restored.start_year == always ? 0.0 : places.back().years;
    for (const Cell cell : cells_of[p]) ponds[cell] = static_cast<std::int32_t>(p) + 1;
  }

  const StudyFlow& ground = untouched.flow(what.water.stream_ha);
  const Drainage& plain = untouched.drainage();
  const Flood& before = untouched.flood();
  context.check();
  const auto lands = [&](const Drainage& of) {
    return unit_lands(of, ground.flow, water.curve_number, ground.slope, cell_m);
  };
  const std::vector<std::uint8_t> none, all(places.size() + 1, 1);
  // How a stream is cut changes its peaks a little. So that cases compare, peaks are those of streams that no pond
  // cuts, times what the ponds at work make of them.
  const std::vector<UnitLand> plain_land = lands(plain);
  const Flood without = FloodModel(plain, plain_land, plain_land, cell_m, what.water.storm, what.water.flood).run(none);
  context.check();
  // Without ponds nothing is cut.
  std::optional<Drainage> cut;
  std::vector<UnitLand> cut_land;
  Flood cut_idle, cut_at_work;
  if (!places.empty()) {
    cut = drainage_units(ground.flow, ground.drained, ground.streams, ponds, cell_m);
    cut_land = lands(*cut);
    const FloodModel model(*cut, cut_land, cut_land, cell_m, what.water.storm, what.water.flood);
    cut_idle = model.run(none);
    cut_at_work = model.run(all);
    context.check();
  }
  const Drainage& drainage = cut ? *cut : plain;
  const std::vector<UnitLand>& land = cut ? cut_land : plain_land;
  const Flood &idle = cut ? cut_idle : without, &at_work = cut ? cut_at_work : without;

  const std::vector<double> runoff_m3 = yearly_runoff_m3(land, cell_m, study.weather);
  // What removes nutrients is the water that stands, mean of the year; dry ground does not.
  std::vector<double> wet_m2(places.size() + 1, 0.0);
  for (std::size_t p = 0; p < places.size(); ++p)
    for (const Cell cell : cells_of[p])
      wet_m2[p + 1] += static_cast<double>(water.balance.wet_days[cell]) / 365.25 * cell_m * cell_m;
  double share_removed = 0.0;
  std::vector<std::vector<PondLoad>> loads;
  for (const Nutrient& nutrient : what.water.nutrients) {
    loads.push_back(nutrient_loads(drainage, runoff_m3, nutrient, what.water.temperature_c, wet_m2));
    double all_kg = 0.0, removed_kg = 0.0;
    for (std::size_t k = 0; k < runoff_m3.size(); ++k) {
      all_kg += runoff_m3[k] * nutrient.runoff_mg_l / 1000.0;
      removed_kg += loads.back()[k].removed_kg;
    }
    share_removed += percent(removed_kg, all_kg) / static_cast<double>(what.water.nutrients.size());
  }

  double recovered_ha = 0.0, debt = 0.0, cost = 0.0;
  for (std::size_t p = 0; p < places.size(); ++p) {
    Place& place = places[p];
    place.loads.resize(what.water.nutrients.size());
    place.area_ha = static_cast<double>(cells_of[p].size()) * frame.cell_area_ha();
    place.cost = what.cost_per_ha * place.area_ha + what.cost_per_m3 * sites.places[p]->dug_m3;
    describe_water(what, water.balance, frame, cells_of[p], place);
    for (const AttributeRecovery& attribute : what.attributes) {
      const double share = 1.0 / static_cast<double>(what.attributes.size());
      recovered_ha += share * place.area_ha * attribute.expected.at(place.years);
      debt += share * place.area_ha * attribute.expected.debt(place.debt_years);
    }
    cost += place.cost;
  }
  std::vector<double> cells_above(drainage.units.size(), 0.0);
  for (std::size_t k = 0; k < drainage.units.size(); ++k) {
    const DrainageUnit& unit = drainage.units[k];
    for (const auto& [number, count] : land[k].cells_by_number) cells_above[k] += static_cast<double>(count);
    if (unit.downstream >= 0) cells_above[at(unit.downstream)] += cells_above[k];
    if (unit.pond <= 0) continue;
    Place& place = places[at(unit.pond) - 1];
    place.catchment_ha = cells_above[k] * frame.cell_area_ha();
    place.peak_in_m3_s = at_work.units[k].peak_in_m3_s;
    place.peak_m3_s = at_work.units[k].peak_m3_s;
    place.most_held_m3 = at_work.units[k].most_held_m3;
    place.storm_m3 = at_work.units[k].volume_m3;
    for (std::size_t n = 0; n < loads.size(); ++n) place.loads[n] = loads[n][k];
  }

  // Outlets of the cut streams by their cell: what ponds make of their peaks, and how much wetland lies above.
  struct Effect {
    double peak_factor = 1.0, wetland_cells = 0.0;
  };
  std::map<Cell, Effect> effects;
  std::vector<double> wetland_cells(drainage.units.size(), 0.0);
  for (std::size_t k = 0; k < drainage.units.size(); ++k) {
    const DrainageUnit& unit = drainage.units[k];
    wetland_cells[k] += static_cast<double>(unit.pond_cells);
    if (unit.downstream >= 0)
      wetland_cells[at(unit.downstream)] += wetland_cells[k];
    else if (idle.units[k].peak_m3_s > 0.0)
      effects[unit.outlet] = {at_work.units[k].peak_m3_s / idle.units[k].peak_m3_s, wetland_cells[k]};
  }
  std::vector<Outlet> outlets;
  double peak = 0.0;
  for (std::size_t k = 0; k < plain.units.size(); ++k) {
    const DrainageUnit& unit = plain.units[k];
    if (unit.downstream >= 0) continue;
    const auto found = effects.find(unit.outlet);
    const Effect effect = found != effects.end() ? found->second : Effect{};
    const double peak_m3_s = without.units[k].peak_m3_s * effect.peak_factor;
    peak = std::max(peak, peak_m3_s);
    const double catchment_ha = unit.cells_drained * frame.cell_area_ha();
    if (catchment_ha < what.outlet_ha) continue;
    outlets.push_back({unit.outlet, catchment_ha, before.units[k].peak_m3_s, without.units[k].peak_m3_s, peak_m3_s,
                       without.units[k].peak_hour, before.units[k].volume_m3, without.units[k].volume_m3,
                       effect.wetland_cells / unit.cells_drained});
  }
  std::stable_sort(outlets.begin(), outlets.end(),
                   [](const Outlet& a, const Outlet& b) { return a.catchment_ha > b.catchment_ha; });

  result.tables.push_back(tabulate_places(places, what));
  result.tables.push_back(tabulate_outlets(outlets, frame));
  if (result.id.scenario == study.scenarios.front().name && result.id.year == study.years.front()) {
    result.tables.push_back(tabulate_paths(what.attributes));
    result.tables.push_back(tabulate_nutrients(what.water.nutrients));
  }
  for (GuildResult& guild : result.guilds) {
    if (guild.guild != study.analyses.water->guild) continue;
    add_index(guild, {&peak_spec, peak});
    add_index(guild, {&volume_spec, without.runoff_m3});
    add_index(guild, {&removed_spec, share_removed});
    add_index(guild, {&recovered_spec, recovered_ha});
    add_index(guild, {&debt_spec, debt});
    add_index(guild, {&cost_spec, cost});
  }
}

std::vector<const MeasureSpec*> restoration_measures() {
  return {&peak_spec, &volume_spec, &removed_spec, &recovered_spec, &debt_spec, &cost_spec};
}

}  // namespace greenweave
