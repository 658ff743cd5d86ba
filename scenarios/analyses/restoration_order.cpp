#include "scenarios/analyses/restoration_order.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "model/grid/distance.hpp"
#include "model/planning/choice.hpp"
#include "scenarios/actions.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/analyses/water.hpp"
#include "scenarios/analyses/water_before.hpp"
#include "scenarios/assess.hpp"
#include "scenarios/study.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Candidate sites with all that judging sets of them needs.
class SiteEvaluator : public PlanEvaluator {
 public:
  SiteEvaluator(const Study& study, const WaterBefore& untouched, const std::vector<const LinkMemory*>& before,
                const RestorationOrderAnalysis& what, std::vector<std::vector<Cell>> cells, const RunContext& context)
      : study_(study),
        untouched_(untouched),
        before_(before),
        what_(what),
        context_(context),
        cells_(std::move(cells)) {
    to_ = static_cast<ClassIndex>(study.landscape.classes->index_of_name(what.to));
    if (what.ECA > 0.0) prepare_guilds();
    if (any_feels_water()) make_all();
    if (what.flood > 0.0 || what.nutrients > 0.0) prepare_water();
    if (what.people > 0.0) prepare_people();
  }

  const std::vector<Aim>& aims() const override { return aims_; }

  std::vector<double> value(const std::vector<std::uint8_t>& chosen) const override {
    std::vector<double> values;
    if (!guilds_.empty()) {
      Landscape developed = with(chosen);
      std::optional<Landscape> made = made_ ? std::optional(made_with(chosen)) : std::nullopt;
      follow_threats(study_, developed);
      if (made) follow_threats(study_, *made);
      for (const std::size_t g : guilds_) {
        const Guild& guild = study_.guilds[g];
        const Landscape& landscape = guild.wetlands ? *made : developed;
        const HabitatSurface surface = habitat_surface(landscape, guild, study_.disturbance);
        const PatchSet patches = find_patches(landscape.frame, surface, guild);
        const LinkSet links = find_links(landscape.frame, surface, patches, guild.links, context_,
                                         g < before_.size() ? before_[g] : nullptr, nullptr);
        values.push_back(equivalent_connected_area(build_network(patches, links), guild.dispersal));
      }
    }
    if (drainage_) {
      // Labels of ponds are candidates counted from 1.
      std::vector<std::uint8_t> at_work{0};
      at_work.insert(at_work.end(), chosen.begin(), chosen.end());
      if (flood_) {
        double held_m3 = 0.0;
        for (const UnitFlood& unit : flood_->run(at_work).units) held_m3 += unit.most_held_m3;
        values.push_back(held_m3);
      }
      if (what_.nutrients > 0.0) {
        // Sites are dug: all of one is under water.
        std::vector<double> wet_m2(at_work.size(), 0.0);
        for (std::size_t k = 0; k < cells_.size(); ++k)
          if (chosen[k] != 0)
            wet_m2[k + 1] = static_cast<double>(cells_[k].size()) * study_.landscape.frame.cell_area_ha() * 1e4;
        std::vector<double> runoff(runoff_without_);
        for (std::size_t k = 0; k < runoff.size(); ++k) {
          const std::int32_t pond = drainage_->units[k].pond;
          if (pond > 0 && at_work[at(pond)] != 0) runoff[k] = runoff_with_[k];
        }
        for (const Nutrient& nutrient : what_.water.nutrients) {
          double removed_kg = 0.0;
          for (const PondLoad& load : nutrient_loads(*drainage_, runoff, nutrient, what_.water.temperature_c, wet_m2))
            removed_kg += load.removed_kg;
          values.push_back(removed_kg);
        }
      }
    }
    if (what_.people > 0.0) {
      double people = 0.0;
      for (const auto& [persons, near] : households_)
        if (std::any_of(near.begin(), near.end(), [&](std::int32_t k) { return chosen[at(k)] != 0; }))
          people += persons;
      values.push_back(people);
    }
    return values;
  }

  /// What its water makes of a candidate.
  struct SiteWater {
    double wet_days = 0.0;  // mean of its cells
    double wetland_ha = 0.0;
  };
  /// By candidate; none if no guild feels it.
  const std::vector<SiteWater>& water() const { return water_; }

 private:
  bool any_feels_water() const {
    return std::any_of(guilds_.begin(), guilds_.end(),
                       [&](std::size_t g) { return study_.guilds[g].wetlands.has_value(); });
  }

  /// Makes every candidate as a scenario would, and lets water stand in them. Plans take from this what they hold: a
  /// site is judged by its water when all are made, which differs where one runs over into another.
  void make_all() {
    const Frame& frame = study_.landscape.frame;
    const RestorationAnalysis& rule = *study_.analyses.restoration;
    Scenario all;
    for (std::size_t k = 0; k < cells_.size(); ++k) {
      RestoreHabitat site;
      site.place.kind = Geometry::Kind::polygons;
      site.cells = cells_[k];
      site.to = what_.to;
      site.recovery = {what_.recovery.ceiling, what_.recovery.tau_years};
      site.dig_m = what_.dig_m;
      site.basin = what_.basin;
      all.actions.push_back({fmt::format("site {}", k), what_.first_year, site});
    }
    ScenarioLandscape made = landscape_of(study_, all, what_.target_year, 0);
    const RestoredSites sites = restored_sites(made, rule);
    const CaseWater water = water_of(study_, untouched_, made.landscape, *study_.analyses.water, context_);
    made.landscape.wetlands = restored_wetlands(sites, water, what_.target_year, rule);
    made_ = std::move(made.landscape);
    for (const std::vector<Cell>& cells : cells_) {
      SiteWater& site = water_.emplace_back();
      for (const Cell cell : cells) {
        const auto days = static_cast<double>(water.balance.wet_days[cell]);
        site.wet_days += days / static_cast<double>(cells.size());
        if (wetland_type(rule, days, static_cast<double>(water.balance.mean_depth_m[cell])) != WetlandType::dry)
          site.wetland_ha += frame.cell_area_ha();
      }
    }
  }

  /// The landscape of the target year with some of the sites made.
  Landscape made_with(const std::vector<std::uint8_t>& chosen) const {
    Landscape landscape = study_.landscape;
    if (!made_->recovery.empty()) landscape.begin_recovery();
    landscape.wetlands = made_->wetlands;
    const auto ground = std::make_shared<Raster<float>>(*study_.landscape.elevation_m);
    for (std::size_t k = 0; k < chosen.size(); ++k)
      for (const Cell cell : cells_[k]) {
        if (chosen[k] == 0) {
          if (!landscape.wetlands.type.empty())
            landscape.wetlands.type[cell] = static_cast<std::uint8_t>(WetlandType::none);
          continue;
        }
        landscape.cover[cell] = made_->cover[cell];
        (*ground)[cell] = (*made_->elevation_m)[cell];
        if (made_->recovery.empty()) continue;
        landscape.former_cover[cell] = made_->former_cover[cell];
        landscape.recovery[cell] = made_->recovery[cell];
      }
    if (made_->elevation_m != study_.landscape.elevation_m) landscape.elevation_m = ground;
    return landscape;
  }

  Landscape with(const std::vector<std::uint8_t>& chosen) const {
    Landscape landscape = study_.landscape;
    for (std::size_t k = 0; k < chosen.size(); ++k)
      if (chosen[k] != 0)
        for (const Cell cell : cells_[k]) landscape.cover[cell] = to_;
    return landscape;
  }

  void prepare_guilds() {
    for (std::size_t g = 0; g < study_.guilds.size(); ++g)
      if (is_asked_for(what_.guilds, study_.guilds[g])) guilds_.push_back(g);
    for (const std::size_t g : guilds_)
      aims_.push_back({"ECA_" + study_.guilds[g].name, "ha",
                       study_.guilds[g].wetlands
                           ? fmt::format("Equivalent connected area in {}, sites as their water and their recovery "
                                         "have made them",
                                         what_.target_year)
                           : "Equivalent connected area, sites fully recovered",
                       what_.ECA / static_cast<double>(guilds_.size())});
  }

  void prepare_water() {
    const Frame& frame = study_.landscape.frame;
    const StudyFlow& ground = untouched_.flow(what_.water.stream_ha);
    Raster<std::int32_t> ponds(frame.shape, 0);
    for (std::size_t k = 0; k < cells_.size(); ++k)
      for (const Cell cell : cells_[k]) ponds[cell] = static_cast<std::int32_t>(k) + 1;
    drainage_ = drainage_units(ground.flow, ground.drained, ground.streams, ponds, frame.cell_m);
    const auto lands = [&](const Landscape& landscape) {
      return unit_lands(*drainage_, ground.flow, case_curve_numbers(study_, landscape, *study_.analyses.water),
                        ground.slope, frame.cell_m);
    };
    const std::vector<UnitLand> without = lands(study_.landscape),
                                made = lands(with(std::vector<std::uint8_t>(cells_.size(), 1)));
    if (what_.flood > 0.0) {
      flood_.emplace(*drainage_, without, made, frame.cell_m, what_.water.storm, what_.water.flood);
      aims_.push_back(
          {"flood_held", "m3", "Water of the design storm that the sites hold, each at its fullest", what_.flood});
    }
    if (what_.nutrients > 0.0) {
      runoff_without_ = yearly_runoff_m3(without, frame.cell_m, study_.weather);
      runoff_with_ = yearly_runoff_m3(made, frame.cell_m, study_.weather);
      for (const Nutrient& nutrient : what_.water.nutrients)
        aims_.push_back({nutrient.name + "_removed", "kg", "Removed a year",
                         what_.nutrients / static_cast<double>(what_.water.nutrients.size())});
    }
  }

  /// Inhabited cells by the sites near them; those with the same sites together.
  void prepare_people() {
    const Frame& frame = study_.landscape.frame;
    const Raster<float>& population = *study_.landscape.population;
    std::vector<std::vector<std::int32_t>> near(at(frame.shape.cells()));
    const auto reach = static_cast<std::int32_t>(std::ceil(what_.walk_m / frame.cell_m));
    for (std::size_t k = 0; k < cells_.size(); ++k) {
      // Distances within a window around the site.
      Shape window{0, 0};
      std::int32_t top = frame.shape.rows, left = frame.shape.cols, bottom = -1, right = -1;
      for (const Cell cell : cells_[k]) {
        top = std::min(top, frame.shape.row(cell));
        bottom = std::max(bottom, frame.shape.row(cell));
        left = std::min(left, frame.shape.col(cell));
        right = std::max(right, frame.shape.col(cell));
      }
      top = std::max(0, top - reach);
      left = std::max(0, left - reach);
      window.rows = std::min(frame.shape.rows - 1, bottom + reach) - top + 1;
      window.cols = std::min(frame.shape.cols - 1, right + reach) - left + 1;
      std::vector<Cell> own;
      for (const Cell cell : cells_[k])
        own.push_back(window.cell(frame.shape.row(cell) - top, frame.shape.col(cell) - left));
      const Raster<float> distance = nearest_cell(window, own).distance_cells;
      for (Cell cell = 0; cell < window.cells(); ++cell)
        if (static_cast<double>(distance[cell]) * frame.cell_m <= what_.walk_m)
          near[at(frame.shape.cell(window.row(cell) + top, window.col(cell) + left))].push_back(
              static_cast<std::int32_t>(k));
    }
    std::map<std::vector<std::int32_t>, double> households;
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
      if (!near[at(cell)].empty() && population.is_valid(cell) && population[cell] > 0.0F)
        households[near[at(cell)]] += static_cast<double>(population[cell]);
    for (auto& [sites, persons] : households) households_.emplace_back(persons, sites);
    aims_.push_back({"people", "1", "Persons who live within a walk of a site", what_.people});
  }

  const Study& study_;
  const WaterBefore& untouched_;
  const std::vector<const LinkMemory*>& before_;
  const RestorationOrderAnalysis& what_;
  const RunContext& context_;
  std::vector<std::vector<Cell>> cells_;
  ClassIndex to_ = 0;
  std::vector<Aim> aims_;
  std::vector<std::size_t> guilds_;
  std::optional<Landscape> made_;  // with all candidates; where a guild feels the water in them
  std::vector<SiteWater> water_;
  std::optional<Drainage> drainage_;
  std::optional<FloodModel> flood_;
  std::vector<double> runoff_without_, runoff_with_;
  std::vector<std::pair<double, std::vector<std::int32_t>>> households_;
};

/// A site in the order of restoration.
struct Row {
  std::int64_t site = 0;  // its number in the table wetland_sites
  Cell seed = -1;
  double area_ha = 0.0, cost = 0.0, spent = 0.0, score = 0.0;
  int year = 0;
  double wet_days = 0.0, wetland_ha = 0.0;
  std::vector<double> gain = {}, alone = {}, last = {};  // by aim
};

}  // namespace

void add_restoration_order(const Study& study, const WaterBefore& untouched,
                           const std::vector<const LinkMemory*>& before, const RestorationOrderAnalysis& what,
                           const RunContext& context, CaseResult& result) {
  context.check();
  const Frame& frame = study.landscape.frame;
  const WetlandSites& found = untouched.sites();
  std::vector<std::size_t> sites(found.sites.size());
  for (std::size_t k = 0; k < sites.size(); ++k) sites[k] = k;
  const auto worth = [&](std::size_t k) {
    return static_cast<float>(found.sites[k].suitability * found.sites[k].area_ha);
  };
  std::stable_sort(sites.begin(), sites.end(), [&](std::size_t a, std::size_t b) { return worth(a) > worth(b); });
  sites.resize(std::min(sites.size(), at(what.candidates)));

  std::vector<CandidateAction> candidates;
  std::vector<std::int32_t> candidate_of(found.sites.size() + 1, -1);
  for (const std::size_t k : sites) {
    candidate_of[k + 1] = static_cast<std::int32_t>(candidates.size());
    candidates.push_back({fmt::format("site {}", k + 1), found.sites[k].cost});
  }
  std::vector<std::vector<Cell>> cells(candidates.size());
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
    if (const std::int32_t k = candidate_of[at(found.label[cell])]; k >= 0) cells[at(k)].push_back(cell);
  const SiteEvaluator evaluator(study, untouched, before, what, cells, context);
  const std::vector<Aim>& aims = evaluator.aims();

  // The order by all aims; then by each alone, whose plans the front holds too.
  PlanBook book(candidates, evaluator);
  const std::vector<GreedyStep> steps = greedy_order(book, what.budget, {}, context);
  for (std::size_t a = 0; a < aims.size() && aims.size() > 1; ++a) {
    std::vector<double> weights(aims.size(), 0.0);
    weights[a] = 1.0;
    greedy_order(book, what.budget, weights, context);
  }
  if (what.every_set) judge_all(book, what.budget, context);

  std::vector<std::uint8_t> none(candidates.size(), 0), together = none;
  for (const GreedyStep& step : steps) together[step.candidate] = 1;
  const std::vector<double> nothing = book.values(none), whole = book.values(together);
  const auto difference = [](const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> d(a);
    for (std::size_t k = 0; k < d.size(); ++k) d[k] -= b[k];
    return d;
  };
  std::vector<std::vector<std::uint8_t>> singles, others;
  for (const GreedyStep& step : steps) {
    singles.push_back(none);
    singles.back()[step.candidate] = 1;
    others.push_back(together);
    others.back()[step.candidate] = 0;
  }
  book.judge(singles, context);
  book.judge(others, context);

  std::vector<Row> rows;
  Raster<std::int32_t> rank(frame.shape, 0);
  rank.valid = found.label.valid;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const GreedyStep& step = steps[s];
    const std::size_t k = sites[step.candidate];
    Row row{static_cast<std::int64_t>(k) + 1,
            found.sites[k].seed,
            found.sites[k].area_ha,
            found.sites[k].cost,
            step.spent,
            step.score};
    row.year = year_of_spending(step.spent, what.first_year, what.budget_per_year);
    row.gain = step.gains;
    row.alone = difference(book.values(singles[s]), nothing);
    row.last = difference(whole, book.values(others[s]));
    if (!evaluator.water().empty()) {
      row.wet_days = evaluator.water()[step.candidate].wet_days;
      row.wetland_ha = evaluator.water()[step.candidate].wetland_ha;
    }
    rows.push_back(std::move(row));
    for (const Cell cell : cells[step.candidate]) rank[cell] = static_cast<std::int32_t>(s) + 1;
  }
  const Row* const first = rows.data();
  TableOf table("restoration_order", rows);
  table
      .integer("rank", "1", "Order in which to restore; label in the raster of the same name",
               [&](const Row& r) { return &r - first + 1; })
      .integer("site", "1", "Number in the table wetland_sites", [](const Row& r) { return r.site; })
      .integer("year", "1", "First year in which it can be paid", [](const Row& r) { return r.year; })
      .number("x", "m", "Most suitable cell, easting", [&](const Row& r) { return frame.centre(r.seed).x; })
      .number("y", "m", "Northing", [&](const Row& r) { return frame.centre(r.seed).y; })
      .number("area_ha", "ha", "Area", [](const Row& r) { return r.area_ha; })
      .number("cost", "1", "Cost, in the study's unit", [](const Row& r) { return r.cost; })
      .number("spent", "1", "Cost of all sites so far", [](const Row& r) { return r.spent; })
      .number("score", "1", "Weighted gain for each unit of cost, when it was its turn",
              [](const Row& r) { return r.score; });
  if (!evaluator.water().empty())
    table
        .number("wet_days", "d", "Days a year under water when all candidates are made, mean of its cells",
                [](const Row& r) { return r.wet_days; })
        .number("wetland_ha", "ha", "Of its area wet enough to be a wetland",
                [](const Row& r) { return r.wetland_ha; });
  for (std::size_t a = 0; a < aims.size(); ++a) {
    const Aim& aim = aims[a];
    table.number(aim.name, aim.unit.c_str(), aim.meaning.c_str(), [&](const Row& r) { return r.gain[a]; })
        .number(aim.name + "_alone", aim.unit.c_str(), "Gain if it were the only site",
                [&](const Row& r) { return r.alone[a]; })
        .number(aim.name + "_last", aim.unit.c_str(), "What all of these sites together lose without it",
                [&](const Row& r) { return r.last[a]; });
  }
  result.tables.push_back(table.take());

  std::vector<Plan> plans = book.plans(), front;
  std::erase_if(plans, [&](const Plan& plan) { return plan.cost > what.budget * (1.0 + 1e-9); });
  for (const std::size_t i : pareto_front(plans)) front.push_back(plans[i]);
  std::stable_sort(front.begin(), front.end(), [](const Plan& a, const Plan& b) { return a.cost < b.cost; });
  TableOf plan_table("restoration_plans", front);
  plan_table.number("cost", "1", "Cost, in the study's unit", [](const Plan& p) { return p.cost; })
      .integer("sites", "1", "How many sites",
               [](const Plan& p) { return std::count(p.chosen.begin(), p.chosen.end(), 1); })
      .text("which", "Their numbers in the table wetland_sites", [&](const Plan& p) {
        std::vector<std::size_t> numbers;
        for (std::size_t k = 0; k < p.chosen.size(); ++k)
          if (p.chosen[k] != 0) numbers.push_back(sites[k] + 1);
        std::sort(numbers.begin(), numbers.end());
        return fmt::format("{}", fmt::join(numbers, " "));
      });
  for (std::size_t a = 0; a < aims.size(); ++a)
    plan_table.number(aims[a].name, aims[a].unit.c_str(), aims[a].meaning.c_str(),
                      [&](const Plan& p) { return p.values[a] - nothing[a]; });
  result.tables.push_back(plan_table.take());
  result.rasters.push_back(
      {"restoration_order", "1", "Order in which to restore candidate sites; 0: none", std::move(rank)});
}

}  // namespace greenweave
