#include "scenarios/analyses/analyses.hpp"

#include <algorithm>

#include "scenarios/analyses/restored_habitat.hpp"

namespace greenweave {

bool is_asked_for(const std::vector<std::string>& guilds, const Guild& guild) {
  return guilds.empty() || std::find(guilds.begin(), guilds.end(), guild.name) != guilds.end();
}

void add_index(GuildResult& result, const Measure& measure) {
  result.indices.columns.push_back({measure.spec->name, measure.spec->unit, measure.spec->meaning,
                                    std::vector<double>{measure.value}, measure.spec->better});
}

void add_analyses(const GuildCase& guild_case, const RunContext& context, GuildResult& result) {
  context.check();
  const Analyses& analyses = guild_case.study.analyses;
  const BaselineMemory* const before = guild_case.before;
  BaselineMemory* const after = guild_case.after;
  if (analyses.circuit)
    add_circuit(guild_case, *analyses.circuit, context, before != nullptr ? &before->voltages : nullptr,
                after != nullptr ? &after->voltages : nullptr, result);
  if (analyses.corridors) add_corridors(guild_case, *analyses.corridors, context, result);
  if (analyses.barriers) add_barriers(guild_case, *analyses.barriers, context, result);
  if (analyses.nearest_source) add_nearest_source(guild_case, *analyses.nearest_source, context, result);
  if (analyses.structure) add_structure(guild_case, *analyses.structure, context, result);
  if (analyses.sources) add_sources(guild_case, *analyses.sources, context, result);
  if (analyses.deltas) add_deltas(guild_case, *analyses.deltas, context, result);
  if (analyses.gravity) add_gravity(guild_case, *analyses.gravity, context, result);
  if (analyses.metapopulation) add_metapopulation(guild_case, *analyses.metapopulation, context, result);
  if (analyses.protection) add_protection(guild_case, *analyses.protection, context, result);
  if (analyses.restoration) add_restored_habitat(guild_case, *analyses.restoration, context, result);
  if (analyses.robustness) add_robustness(guild_case, *analyses.robustness, context, result);
}

std::vector<const MeasureSpec*> analysis_measures(const Analyses& analyses) {
  std::vector<const MeasureSpec*> measures;
  const auto add = [&](const std::vector<const MeasureSpec*>& more) {
    measures.insert(measures.end(), more.begin(), more.end());
  };
  if (analyses.circuit) add(circuit_measures());
  if (analyses.structure) add(structure_measures());
  if (analyses.water) add(water_measures());
  if (analyses.restoration) add(restoration_measures());
  if (analyses.restoration) add(restored_habitat_measures());
  if (analyses.gravity) add(gravity_measures());
  if (analyses.metapopulation) add(metapopulation_measures());
  if (analyses.protection) add(protection_measures());
  if (analyses.robustness) add(robustness_measures(*analyses.robustness));
  if (analyses.threats) add(threat_measures());
  if (analyses.visitors) add(visitor_measures());
  if (analyses.access) add(access_measures());
  return measures;
}

}  // namespace greenweave
