#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/indices/measure.hpp"
#include "model/run/context.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;

/// [analysis.robustness]: how the network decays when patches are lost.
struct RobustnessAnalysis {
  /// Of `attack_names`.
  std::vector<std::string> attacks{"degree", "betweenness", "random"};
  bool all_links = false;  // instead of those up to the dispersal distance
  int points = 20, draws = 100;
  std::int32_t recalculate_every = 0;  // 0: each time up to 500 patches, a hundred times in all beyond
  bool efficiency = true, eca = false;
};

/// degree, degree_recalculated, betweenness, betweenness_recalculated, random; and by scores of the patches: BC, dPC,
/// area (most first).
const std::vector<std::string>& attack_names();

/// Adds the tables `robustness` (the curves) and `robustness_summary`, and the index R of each attack. Nothing for
/// draws.
void add_robustness(const GuildCase& guild_case, const RobustnessAnalysis& what, const RunContext& context,
                    GuildResult& result);

std::vector<const MeasureSpec*> robustness_measures(const RobustnessAnalysis& what);

}  // namespace greenweave
