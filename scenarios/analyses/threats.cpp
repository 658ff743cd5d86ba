#include "scenarios/analyses/threats.hpp"

#include <algorithm>
#include <cassert>

#include "model/run/parallel.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/analyses/regions.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr MeasureSpec mean_spec{"DEGRADATION", "1", "Mean degradation by threats of what is habitat at all", -1};
constexpr MeasureSpec most_spec{"DEGRADATION_max", "1", "Largest degradation by threats", -1};
constexpr MeasureSpec loss_spec{"DEGRADATION_loss", "%", "Share of quality, summed over cells, that threats take", -1};

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

bool feels(const std::vector<double>& sensitivity) {
  return std::any_of(sensitivity.begin(), sensitivity.end(), [](double s) { return s > 0.0; });
}

/// Levels of the threats that any of these guilds feels; of others an empty raster.
std::vector<Raster<float>> levels_of(const ThreatsAnalysis& what, const Landscape& landscape,
                                     const std::vector<const GuildThreats*>& guilds) {
  std::vector<Raster<float>> levels(what.threats.size());
  parallel_for(static_cast<std::int64_t>(levels.size()), [&](std::int64_t k) {
    const StudyThreat& threat = what.threats[at(k)];
    if (std::any_of(guilds.begin(), guilds.end(),
                    [&](const GuildThreats* guild) { return feels(guild->sensitivity[at(k)]); }))
      levels[at(k)] = threat_level(landscape.cover, threat.intensity, threat.raster.get(), landscape.frame.cell_m,
                                   threat.rule, what.mode);
  });
  return levels;
}

Raster<float> degradation_of(const ThreatsAnalysis& what, const Landscape& landscape, const GuildThreats& guild,
                             const std::vector<Raster<float>>& levels) {
  std::vector<Threat> rules;
  for (const StudyThreat& threat : what.threats) rules.push_back(threat.rule);
  return degradation(landscape.cover, rules, levels, guild.sensitivity, what.access.get());
}

std::shared_ptr<const Raster<float>> left_of(const ThreatsAnalysis& what, const GuildThreats& guild,
                                             const Raster<float>& degraded) {
  return std::make_shared<Raster<float>>(quality_left(degraded, {guild.half_saturation, what.scaling}));
}

/// What the threats do to a guild in a part of the frame.
struct Row {
  const Region* region;
  std::int64_t cells = 0;  // that would be of some quality
  double before = 0.0, after = 0.0, degradation = 0.0, most = 0.0;
  std::vector<double> by_threat;  // of the degradation

  double mean(double sum) const { return cells == 0 ? 0.0 : sum / static_cast<double>(cells); }
  double loss_percent() const { return before > 0.0 ? 100.0 * (before - after) / before : 0.0; }
  double share_percent(std::size_t threat) const {
    double sum = 0.0;
    for (const double part : by_threat) sum += part;
    return sum > 0.0 ? 100.0 * by_threat[threat] / sum : 0.0;
  }
};

/// A guild's landscape as the rows ask for it.
struct Felt {
  const ThreatsAnalysis& what;
  const CaseThreats& threats;
  const Landscape& landscape;
  std::size_t guild;         // among those that feel threats
  Raster<float> undegraded;  // quality but for the threats
  const Raster<float>& left;
  double weights = 0.0;

  Row row(const Region& region) const {
    Row sum{&region, 0, 0.0, 0.0, 0.0, 0.0, std::vector<double>(what.threats.size(), 0.0)};
    const Raster<float>& degraded = threats.degradation[guild];
    for_cells_of(region, landscape, [&](Cell cell) {
      const auto quality = static_cast<double>(undegraded[cell]);
      if (!landscape.cover.is_valid(cell) || !(quality > 0.0)) return;
      const auto d = static_cast<double>(degraded[cell]);
      ++sum.cells;
      sum.before += quality;
      sum.after += quality * static_cast<double>(left[cell]);
      sum.degradation += d;
      sum.most = std::max(sum.most, d);
      if (!(d > 0.0)) return;
      const double open =
          what.access != nullptr && what.access->is_valid(cell) ? static_cast<double>((*what.access)[cell]) : 1.0;
      for (std::size_t t = 0; t < what.threats.size(); ++t)
        if (!threats.levels[t].empty())
          sum.by_threat[t] += open * what.threats[t].rule.weight / weights *
                              static_cast<double>(threats.levels[t][cell]) *
                              what.guilds[guild].sensitivity[t][landscape.cover[cell]];
    });
    return sum;
  }
};

Table tabulate_threats(const ThreatsAnalysis& what, const Frame& frame, const std::vector<Row>& rows) {
  using R = Row;
  TableOf table("threats", rows);
  table.text("level", "What is measured: frame, element or zone", [](const R& r) { return r.region->level; })
      .text("region", "Its name", [](const R& r) { return r.region->name; })
      .number("area_ha", "ha", "Land that would be of some quality without threats",
              [&](const R& r) { return static_cast<double>(r.cells) * frame.cell_area_ha(); })
      .number("quality_without", "1", "Its mean quality without threats", [](const R& r) { return r.mean(r.before); })
      .number("quality", "1", "With them", [](const R& r) { return r.mean(r.after); })
      .number("loss_percent", "%", "What they take of it", [](const R& r) { return r.loss_percent(); })
      .number("degradation", "1", "Its mean degradation", [](const R& r) { return r.mean(r.degradation); })
      .number("degradation_max", "1", "Its largest", [](const R& r) { return r.most; });
  for (std::size_t t = 0; t < what.threats.size(); ++t)
    table.number("share_" + what.threats[t].name, "%", "Part of the degradation by this threat",
                 [t](const R& r) { return r.share_percent(t); });
  return table.take();
}

}  // namespace

CaseThreats threats_of(const Study& study, Landscape& landscape, const RunContext& context) {
  const ThreatsAnalysis& what = *study.analyses.threats;
  context.check();
  std::vector<const GuildThreats*> guilds;
  for (const GuildThreats& guild : what.guilds) guilds.push_back(&guild);
  CaseThreats threats;
  threats.levels = levels_of(what, landscape, guilds);
  threats.degradation.resize(what.guilds.size());
  std::vector<std::shared_ptr<const Raster<float>>> left(what.guilds.size());
  parallel_for(static_cast<std::int64_t>(left.size()), [&](std::int64_t k) {
    threats.degradation[at(k)] = degradation_of(what, landscape, what.guilds[at(k)], threats.levels);
    left[at(k)] = left_of(what, what.guilds[at(k)], threats.degradation[at(k)]);
  });
  for (std::size_t g = 0; g < left.size(); ++g) landscape.quality_left[what.guilds[g].guild] = left[g];
  return threats;
}

void settle_threats(Study& study) {
  ThreatsAnalysis& what = *study.analyses.threats;
  const CaseThreats before = threats_of(study, study.landscape, {});
  for (std::size_t g = 0; g < what.guilds.size(); ++g) {
    GuildThreats& guild = what.guilds[g];
    if (guild.half_saturation > 0.0) continue;
    guild.half_saturation = half_saturation_of(before.degradation[g]);
    study.landscape.quality_left[guild.guild] = left_of(what, guild, before.degradation[g]);
  }
}

void follow_threats(const Study& study, Landscape& changed, const Guild& guild) {
  if (!study.analyses.threats) return;
  const ThreatsAnalysis& what = *study.analyses.threats;
  const auto own = std::find_if(what.guilds.begin(), what.guilds.end(),
                                [&](const GuildThreats& g) { return g.guild == guild.name; });
  if (own == what.guilds.end()) return;
  changed.quality_left[guild.name] =
      left_of(what, *own, degradation_of(what, changed, *own, levels_of(what, changed, {&*own})));
}

void follow_threats(const Study& study, Landscape& changed) {
  if (study.analyses.threats) threats_of(study, changed, {});
}

void add_threats(const Study& study, const FrameworkOnFrame& framework, const CaseThreats& threats,
                 const Landscape& landscape, bool stated, CaseResult& result) {
  const ThreatsAnalysis& what = *study.analyses.threats;
  Landscape unthreatened = landscape;
  unthreatened.quality_left.clear();
  // The whole frame is what the indices are of.
  RegionLevels levels = stated ? what.levels : RegionLevels{true, false, false};
  levels.frame = true;
  const std::vector<Region> regions = regions_of(study, framework, levels);
  parallel_for(static_cast<std::int64_t>(result.guilds.size()), [&](std::int64_t k) {
    GuildResult& guild = result.guilds[at(k)];
    const auto own = std::find_if(what.guilds.begin(), what.guilds.end(),
                                  [&](const GuildThreats& g) { return g.guild == guild.guild; });
    if (own == what.guilds.end()) {
      for (const MeasureSpec* spec : threat_measures()) add_index(guild, {spec, 0.0});
      return;
    }
    Felt felt{what,
              threats,
              landscape,
              at(own - what.guilds.begin()),
              habitat_surface(unthreatened, study.guilds[at(k)], study.disturbance).quality,
              *landscape.quality_left.at(guild.guild)};
    for (const StudyThreat& threat : what.threats) felt.weights += threat.rule.weight;
    std::vector<Row> rows;
    for (const Region& region : regions) rows.push_back(felt.row(region));
    const Row& whole = rows.front();
    add_index(guild, {&mean_spec, whole.mean(whole.degradation)});
    add_index(guild, {&most_spec, whole.most});
    add_index(guild, {&loss_spec, whole.loss_percent()});
    if (!stated) return;
    if (!what.levels.frame) rows.erase(rows.begin());
    guild.tables.push_back(tabulate_threats(what, landscape.frame, rows));
    guild.rasters.push_back({"degradation", "1", "Degradation by threats", threats.degradation[felt.guild]});
  });
}

std::vector<const MeasureSpec*> threat_measures() { return {&mean_spec, &most_spec, &loss_spec}; }

}  // namespace greenweave
