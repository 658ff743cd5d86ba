#include "scenarios/analyses/metapopulation.hpp"

#include <limits>

#include "model/indices/metapopulation.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr MeasureSpec capacity_spec{"lambda_M", "ha2", "Metapopulation capacity (ha2 where both exponents are 1)", 1};

}  // namespace

std::vector<const MeasureSpec*> metapopulation_measures() { return {&capacity_spec}; }

void add_metapopulation(const GuildCase& guild_case, const MetapopulationAnalysis& what, const RunContext& context,
                        GuildResult& result) {
  context.check();
  const Assessment& a = guild_case.assessment;
  MetapopulationRule rule;
  rule.dispersal = guild_case.guild.dispersal;
  rule.receiving = what.receiving;
  rule.sending = what.sending;
  rule.self_colonisation = what.self_colonisation;
  const MetapopulationCapacity found = metapopulation_capacity(build_network(a.patches, a.links), rule);
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  add_index(result, {&capacity_spec, found.converged ? found.capacity : nan});
  if (guild_case.indices_only) return;
  struct Row {
    std::size_t patch;
  };
  std::vector<Row> rows;
  for (std::size_t k = 0; k < found.share.size(); ++k) rows.push_back({k});
  result.tables.push_back(
      TableOf("metapopulation", rows)
          .integer("patch", "1", "Label of the patch", [](const Row& r) { return r.patch + 1; })
          .number("share_percent", "%",
                  "Share in the metapopulation capacity: squared entry of the leading eigenvector",
                  [&](const Row& r) { return found.converged ? 100.0 * found.share[r.patch] : nan; })
          .number("component_capacity", "ha2", "Metapopulation capacity of the patch's component alone",
                  [&](const Row& r) { return found.converged ? found.own[r.patch] : nan; })
          .take());
}

}  // namespace greenweave
