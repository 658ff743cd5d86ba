#pragma once
#include <vector>

#include "model/indices/measure.hpp"
#include "model/run/context.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct GuildCase;
struct RestorationAnalysis;

/// What the restored wetlands of a case are to a guild. Adds the table `restored_habitat`, a row a site: its quality,
/// and what the network loses if its cells were what they were before (its earth stays moved): ECA, PC, and the gaps
/// along the framework's elements. For a guild that feels the water in them, also the indices at both ends of the band
/// in which they recover. Stated values only.
void add_restored_habitat(const GuildCase& guild_case, const RestorationAnalysis& what, const RunContext& context,
                          GuildResult& result);

std::vector<const MeasureSpec*> restored_habitat_measures();

}  // namespace greenweave
