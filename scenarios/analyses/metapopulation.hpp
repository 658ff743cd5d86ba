#pragma once
#include <vector>

#include "model/indices/measure.hpp"
#include "model/run/context.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;

/// [analysis.metapopulation]: metapopulation capacity of the guild's network.
struct MetapopulationAnalysis {
  double receiving = 1.0, sending = 1.0;  // exponents of the patch that is colonised, and of that which colonises
  bool self_colonisation = false;
};

/// Adds the index `lambda_M`, and the table `metapopulation` with each patch's share.
void add_metapopulation(const GuildCase& guild_case, const MetapopulationAnalysis& what, const RunContext& context,
                        GuildResult& result);

std::vector<const MeasureSpec*> metapopulation_measures();

}  // namespace greenweave
