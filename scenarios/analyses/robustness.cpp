#include "scenarios/analyses/robustness.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "model/indices/robustness.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

struct NamedAttack {
  const char* name;
  Attack attack;
  MeasureSpec measure;
};

const std::vector<NamedAttack>& named_attacks() {
  static const std::vector<NamedAttack> attacks{
      {"degree", Attack::degree, {"R_degree", "1", "Robustness: loss of the patches with most links first", 1}},
      {"degree_recalculated",
       Attack::degree_recalculated,
       {"R_degree_recalculated", "1", "Robustness: loss of the patches with most links left first", 1}},
      {"betweenness",
       Attack::betweenness,
       {"R_betweenness", "1", "Robustness: loss by betweenness (numbers of links), greatest first", 1}},
      {"betweenness_recalculated",
       Attack::betweenness_recalculated,
       {"R_betweenness_recalculated", "1", "Robustness: loss by betweenness of what is left, greatest first", 1}},
      {"BC", Attack::given, {"R_BC", "1", "Robustness: loss by the index BC, greatest first", 1}},
      {"dPC", Attack::given, {"R_dPC", "1", "Robustness: loss by dPC, greatest first", 1}},
      {"area", Attack::given, {"R_area", "1", "Robustness: loss of the patches with most habitat first", 1}},
      {"random", Attack::random, {"R_random", "1", "Robustness: loss at random, mean over draws", 1}},
  };
  return attacks;
}

const NamedAttack& attack_named(const std::string& name) {
  return *std::find_if(named_attacks().begin(), named_attacks().end(),
                       [&](const NamedAttack& a) { return name == a.name; });
}

double score_of(const std::string& name, const PatchImportance* importance, const Patch& patch) {
  if (name == "BC") return importance->BC;
  if (name == "dPC") return importance->dPC;
  return patch.attribute;
}

}  // namespace

const std::vector<std::string>& attack_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const NamedAttack& attack : named_attacks()) all.emplace_back(attack.name);
    return all;
  }();
  return names;
}

std::vector<const MeasureSpec*> robustness_measures(const RobustnessAnalysis& what) {
  std::vector<const MeasureSpec*> measures;
  for (const std::string& name : what.attacks) measures.push_back(&attack_named(name).measure);
  return measures;
}

void add_robustness(const GuildCase& guild_case, const RobustnessAnalysis& what, const RunContext& context,
                    GuildResult& result) {
  if (guild_case.indices_only) return;
  const Assessment& a = guild_case.assessment;
  const auto patches = static_cast<std::int32_t>(a.patches.patches.size());
  const HabitatNetwork network = build_network(a.patches, a.links);
  RobustnessRule rule;
  rule.most_cost_m = what.all_links ? std::numeric_limits<double>::infinity() : guild_case.guild.dispersal.distance_m;
  rule.points = what.points;
  rule.draws = what.draws;
  rule.seed = guild_case.study.seed;
  rule.recalculate_every = what.recalculate_every > 0 ? what.recalculate_every
                           : patches <= 500           ? 1
                                                      : (patches + 99) / 100;
  rule.efficiency = what.efficiency;
  rule.eca = what.eca;
  rule.dispersal = guild_case.guild.dispersal;

  struct Row {
    const char* attack;
    RemovalPoint point;
  };
  struct Summary {
    const char* attack;
    double R, R_sd, half, half_sd;
  };
  std::vector<Row> rows;
  std::vector<Summary> summaries;
  for (const std::string& name : what.attacks) {
    const NamedAttack& attack = attack_named(name);
    rule.attacks = {attack.attack};
    rule.score.clear();
    if (attack.attack == Attack::given)
      for (std::size_t k = 0; k < a.patches.patches.size(); ++k)
        rule.score.push_back(score_of(name, a.connectivity.patches.empty() ? nullptr : &a.connectivity.patches[k],
                                      a.patches.patches[k]));
    const RobustnessCurve curve = robustness(network, rule, context).front();
    for (const RemovalPoint& point : curve.points) rows.push_back({attack.name, point});
    summaries.push_back({attack.name, curve.R, curve.R_sd, curve.half, curve.half_sd});
    add_index(result, {&attack.measure, curve.R});
  }
  TableOf table("robustness", rows);
  const double all = std::max(1.0, static_cast<double>(patches));
  table.text("attack", "In which order patches are lost", [](const Row& r) { return r.attack; })
      .integer("removed", "1", "Patches lost", [](const Row& r) { return r.point.removed; })
      .number("removed_share", "1", "The same over all patches", [&](const Row& r) { return r.point.removed / all; })
      .number("largest_share", "1", "Patches of the largest component over all patches there were",
              [](const Row& r) { return r.point.largest; })
      .number("largest_share_sd", "1", "Standard deviation over draws", [](const Row& r) { return r.point.largest_sd; })
      .number("largest_ha", "ha", "Habitat of the component that has most",
              [](const Row& r) { return r.point.largest_ha; })
      .number("largest_ha_sd", "ha", "Standard deviation over draws",
              [](const Row& r) { return r.point.largest_ha_sd; })
      .number("components", "1", "Components of what is left", [](const Row& r) { return r.point.components; })
      .number("components_sd", "1", "Standard deviation over draws",
              [](const Row& r) { return r.point.components_sd; });
  if (what.efficiency)
    table
        .number("efficiency", "1", "Mean over pairs of all patches there were of 1 / links between them",
                [](const Row& r) { return r.point.efficiency; })
        .number("efficiency_sd", "1", "Standard deviation over draws",
                [](const Row& r) { return r.point.efficiency_sd; });
  if (what.eca)
    table.number("ECA", "ha", "Equivalent connected area of what is left", [](const Row& r) { return r.point.eca_ha; })
        .number("ECA_sd", "ha", "Standard deviation over draws", [](const Row& r) { return r.point.eca_ha_sd; });
  result.tables.push_back(table.take());
  result.tables.push_back(
      TableOf("robustness_summary", summaries)
          .text("attack", "In which order patches are lost", [](const Summary& s) { return s.attack; })
          .number("R", "1", "Mean of the largest component's share over 1 to all patches lost",
                  [](const Summary& s) { return s.R; })
          .number("R_sd", "1", "Standard deviation over draws", [](const Summary& s) { return s.R_sd; })
          .number("half", "1", "Share of patches lost when the largest component has less than half of its patches",
                  [](const Summary& s) { return s.half; })
          .number("half_sd", "1", "Standard deviation over draws", [](const Summary& s) { return s.half_sd; })
          .take());
}

}  // namespace greenweave
