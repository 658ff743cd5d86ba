#include "scenarios/run_study.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <exception>
#include <new>
#include <optional>
#include <string>

#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include "model/run/parallel.hpp"
#include "scenarios/actions.hpp"
#include "scenarios/analyses/analyses.hpp"
#include "scenarios/analyses/visitor_limit.hpp"
#include "scenarios/analyses/water_before.hpp"
#include "scenarios/assess.hpp"
#include "scenarios/tabulate.hpp"

namespace greenweave {

namespace {

const Scenario& scenario_named(const Study& study, const std::string& name) {
  const auto found =
      std::find_if(study.scenarios.begin(), study.scenarios.end(), [&](const Scenario& s) { return s.name == name; });
  assert(found != study.scenarios.end());
  return *found;
}

bool any_action_begun(const Scenario& scenario, int year) {
  return std::any_of(scenario.actions.begin(), scenario.actions.end(),
                     [&](const Action& action) { return action.start_year <= year; });
}

/// Everything that the study asks of one guild in one landscape.
GuildResult judge(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape, const Guild& guild,
                  bool indices_only, const RunContext& context, const BaselineMemory* before, BaselineMemory* after,
                  const RestoredSites* sites = nullptr, int year = 0) {
  Analyses analyses = study.analyses;
  // Draws say how sure the indices are; per-patch and per-element tables are those of the stated values.
  if (indices_only) analyses.patch_importance = analyses.element_contribution = false;
  LinkMemory own;
  LinkMemory* const searches = after != nullptr ? &after->links : sites != nullptr ? &own : nullptr;
  Assessment assessment = assess(study, framework, landscape, guild, analyses, context,
                                 before != nullptr ? &before->links : nullptr, searches);
  const GuildCase guild_case{study,  framework, landscape, guild,    assessment, indices_only,
                             before, after,     sites,     searches, year};
  GuildResult result;
  tabulate(guild_case, result);
  add_analyses(guild_case, context, result);
  if (!indices_only) add_rasters(landscape, std::move(assessment), result);
  return result;
}

/// What the untouched landscape leaves for its cases to begin from, and nothing else of it.
void remember(const Study& study, const FrameworkOnFrame& framework, const Guild& guild, const RunContext& context,
              BaselineMemory& memory) {
  Analyses analyses = study.analyses;
  analyses.patch_importance = analyses.elements = false;
  const Assessment assessment =
      assess(study, framework, study.landscape, guild, analyses, context, nullptr, &memory.links);
  if (!analyses.circuit) return;
  GuildResult unused;
  add_circuit({study, framework, study.landscape, guild, assessment, false, nullptr, &memory, nullptr, nullptr, 0},
              *analyses.circuit, context, nullptr, &memory.voltages, unused);
}

/// Land cover as the codes of the input raster.
NamedRaster land_cover_codes(const Landscape& landscape) {
  Raster<std::int32_t> codes(landscape.cover.shape);
  codes.valid = landscape.cover.valid;
  const auto& classes = landscape.classes->classes;
  parallel_pieces(codes.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto cell = static_cast<Cell>(i);
      codes[cell] = codes.is_valid(cell) ? classes[landscape.cover[cell]].code : 0;
    }
  });
  return {"land_cover", "1", "Land-cover class code", std::move(codes)};
}

}  // namespace

std::vector<CaseId> cases_of(const Study& study) {
  std::vector<CaseId> cases;
  for (const Scenario& scenario : study.scenarios)
    for (const int year : study.years)
      for (int draw = 0; draw <= study.uncertainty.draws; ++draw) cases.push_back({scenario.name, year, draw});
  return cases;
}

struct CaseRunner::Impl {
  explicit Impl(const Study& s) : study(s), framework(place_framework(s)), water(s) {}

  const Study& study;
  FrameworkOnFrame framework;
  WaterBefore water;

  /// The untouched landscape judged for one guild: cases before any action begins are this, and the other cases take
  /// from its link searches what their changes cannot touch.
  struct Baseline {
    BaselineMemory memory;
    GuildResult result;
  };
  std::vector<Baseline> baselines;  // one a guild once prepared, else empty
};

CaseRunner::CaseRunner(const Study& study) : impl_(std::make_unique<Impl>(study)) {}
CaseRunner::~CaseRunner() = default;

void CaseRunner::prepare_baselines(const RunContext& context) {
  const Study& study = impl_->study;
  impl_->baselines = std::vector<Impl::Baseline>(study.guilds.size());
  parallel_for(static_cast<std::int64_t>(study.guilds.size()), [&](std::int64_t k) {
    const auto g = static_cast<std::size_t>(k);
    Impl::Baseline& baseline = impl_->baselines[g];
    if (study.analyses.visitors) {
      // No case is the landscape without them: what it leaves to begin from is all that is wanted of it.
      remember(study, impl_->framework, study.guilds[g], context, baseline.memory);
      return;
    }
    baseline.result =
        judge(study, impl_->framework, study.landscape, study.guilds[g], false, context, nullptr, &baseline.memory);
  });
}

CaseResult CaseRunner::run(const CaseId& id, const RunContext& context) const {
  const auto begin = std::chrono::steady_clock::now();
  const Study& study = impl_->study;
  const Scenario& scenario = scenario_named(study, id.scenario);
  const bool stated = id.draw == 0;
  const bool untouched = stated && !any_action_begun(scenario, id.year) && !study.analyses.visitors;

  CaseResult result;
  result.id = id;
  result.guilds.resize(study.guilds.size());
  ScenarioLandscape made = landscape_of(study, scenario, id.year, id.draw);
  // Water first: guilds may feel what it makes of restored wetlands.
  std::optional<CaseWater> water;
  RestoredSites sites;
  if (study.analyses.restoration) sites = restored_sites(made, *study.analyses.restoration);
  const bool felt = !sites.places.empty() && std::any_of(study.guilds.begin(), study.guilds.end(),
                                                         [](const Guild& guild) { return guild.wetlands.has_value(); });
  if (study.analyses.water && (stated || felt))
    water = water_of(study, impl_->water, made.landscape, *study.analyses.water, context);
  if (felt) made.landscape.wetlands = restored_wetlands(sites, *water, id.year, *study.analyses.restoration);
  std::optional<CaseThreats> threats;
  if (study.analyses.threats) threats = threats_of(study, made.landscape, context);
  std::optional<VisitorModel> visitors;
  CaseVisits visits;
  if (study.analyses.visitors) {
    visitors.emplace(study, scenario, id.year, made.landscape, context);
    visits = visitors->at();
    made.landscape.disturbance = visits.disturbance;
    made.landscape.trampled = visits.trampled;
  }
  parallel_for(static_cast<std::int64_t>(study.guilds.size()), [&](std::int64_t k) {
    const auto g = static_cast<std::size_t>(k);
    const Impl::Baseline* baseline = stated && !impl_->baselines.empty() ? &impl_->baselines[g] : nullptr;
    if (untouched && baseline != nullptr) {
      result.guilds[g] = baseline->result;
      return;
    }
    const Guild guild = perturbed(study.guilds[g], *study.landscape.classes, study.uncertainty, study.seed, id.draw);
    result.guilds[g] = judge(study, impl_->framework, made.landscape, guild, !stated, context,
                             baseline != nullptr ? &baseline->memory : nullptr, nullptr,
                             sites.places.empty() ? nullptr : &sites, id.year);
  });
  if (threats) add_threats(study, impl_->framework, *threats, made.landscape, stated, result);
  if (visitors) add_visits(study, impl_->framework, visits, stated, result);
  if (stated) {
    if (study.analyses.visitor_limit) {
      std::vector<const LinkMemory*> before;
      for (const Impl::Baseline& baseline : impl_->baselines) before.push_back(&baseline.memory.links);
      add_visitor_limits(study, impl_->framework, *visitors, made.landscape, id, before, context, result);
    }
    result.tables.push_back(std::move(made.actions));
    result.tables.push_back(tabulate_land_cover(made.landscape));
    if (study.analyses.structure)
      for (Table& table :
           land_cover_structure(study, impl_->framework, made.landscape, *study.analyses.structure, context))
        result.tables.push_back(std::move(table));
    const bool is_baseline = &scenario == &study.scenarios.front();
    if (study.analyses.security)
      add_security(study, impl_->framework, made.landscape, is_baseline, *study.analyses.security, context, result);
    if (study.analyses.encroachment && is_baseline && id.year == study.years.front())
      add_encroachment(study, impl_->framework, *study.analyses.encroachment, context, result);
    if (study.analyses.wetland_sites && is_baseline && id.year == study.years.front())
      add_wetland_sites(study, impl_->water.sites(), result);
    if (study.analyses.restoration_order && is_baseline && id.year == study.years.front()) {
      std::vector<const LinkMemory*> before;
      for (const Impl::Baseline& baseline : impl_->baselines) before.push_back(&baseline.memory.links);
      add_restoration_order(study, impl_->water, before, *study.analyses.restoration_order, context, result);
    }
    if (study.analyses.access)
      add_access(study, impl_->framework, made.landscape, *study.analyses.access, context, result);
    if (study.analyses.water) {
      add_water(study, made.landscape, *water, *study.analyses.water, result);
      if (study.analyses.restoration)
        add_restoration(study, impl_->water, sites, *water, *study.analyses.restoration, context, result);
    }
    if (!made.landscape.wetlands.type.empty())
      result.rasters.push_back({"wetland_type", "1",
                                "Restored wetlands by what their water makes of them: 1 open water, 2 marsh, 3 wet "
                                "meadow, 4 too dry; 0: none",
                                made.landscape.wetlands.type});
    result.rasters.push_back(land_cover_codes(made.landscape));
    if (made.landscape.elevation_m != nullptr &&
        (is_baseline || made.landscape.elevation_m != study.landscape.elevation_m))
      result.rasters.push_back({"elevation", "m", "Elevation", *made.landscape.elevation_m});
    if (!made.landscape.disturbed.empty())
      result.rasters.push_back(
          {"disturbed", "1", "1: within the disturbance zone of visitors", made.landscape.disturbed});
    if (!made.landscape.recovery.empty())
      result.rasters.push_back({"recovery", "1", "How far a changed cell is its new class", made.landscape.recovery});
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

void run_study(const Study& study, CaseSink& sink, const RunContext& context, int cases_at_once) {
  run_cases(study, cases_of(study), sink, context, cases_at_once);
}

void run_cases(const Study& study, std::vector<CaseId> todo, CaseSink& sink, const RunContext& context,
               int cases_at_once) {
  const auto total = static_cast<std::int64_t>(todo.size());
  std::erase_if(todo, [&](const CaseId& id) { return sink.has(id); });
  if (context.progress != nullptr) {
    context.progress->begin("cases", total);
    const auto done = total - static_cast<std::int64_t>(todo.size());
    if (done > 0) context.progress->advance(done, "from an earlier run");
  }
  CaseRunner runner(study);
  // Currents start from the baseline's, so that a case has the same bits whether others run with it or not.
  const auto stated = std::count_if(todo.begin(), todo.end(), [](const CaseId& id) { return id.draw == 0; });
  if (stated > 1 || (stated > 0 && study.analyses.circuit)) runner.prepare_baselines(context);
  const auto tokens =
      static_cast<std::size_t>(cases_at_once > 0 ? cases_at_once : tbb::this_task_arena::max_concurrency());
  std::size_t next = 0;
  tbb::parallel_pipeline(
      tokens, tbb::make_filter<void, CaseId>(tbb::filter_mode::serial_in_order, [&](tbb::flow_control& control) {
                if (next == todo.size() || context.is_cancelled()) {
                  control.stop();
                  return CaseId{};
                }
                return todo[next++];
              }) & tbb::make_filter<CaseId, void>(tbb::filter_mode::parallel, [&](const CaseId& id) {
                if (!sink.begin(id)) return;
                try {
                  sink.store(runner.run(id, context));
                } catch (const Cancelled&) {
                  throw;
                } catch (const std::bad_alloc&) {
                  if (!sink.failed(id, "out of memory")) throw;
                } catch (const std::exception& error) {
                  if (!sink.failed(id, error.what())) throw;
                }
                if (context.progress != nullptr)
                  context.progress->advance(1, id.scenario + " " + std::to_string(id.year) +
                                                   (id.draw > 0 ? " draw " + std::to_string(id.draw) : ""));
              }));
  context.check();
  if (context.progress != nullptr) context.progress->end();
}

}  // namespace greenweave
