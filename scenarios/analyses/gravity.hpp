#pragma once
#include <vector>

#include "model/indices/gravity.hpp"
#include "model/indices/measure.hpp"
#include "model/run/context.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;

/// [analysis.gravity]: interaction of ecological sources, and grades of the corridors between them.
struct GravityAnalysis {
  enum class Rank { attribute, dPC };
  int sources = 10;  // so many patches, the first by:
  Rank rank_by = Rank::attribute;
  double hectares_of_unit = 1.0;  // of the unit in which areas have their logarithm: 1 ha, 100 (km2), 1e-4 (m2)
  GravityRule rule;
};

/// Finds the least-cost corridor between each two sources (over any ground the guild can enter) and adds the tables
/// `gravity_sources`, `gravity` (a row a pair) and `gravity_matrix`, the corridors' paths `gravity`, and the indices
/// below. Nothing for draws.
void add_gravity(const GuildCase& guild_case, const GravityAnalysis& what, const RunContext& context,
                 GuildResult& result);

std::vector<const MeasureSpec*> gravity_measures();

}  // namespace greenweave
