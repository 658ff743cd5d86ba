#pragma once
#include <vector>

#include "scenarios/analyses/guild_case.hpp"

namespace greenweave {

/// Runs the analyses that the study asks for on one guild of one case, and adds what they find to its result. Each
/// analysis is a file of its own beside this one.
void add_analyses(const GuildCase& guild_case, const RunContext& context, GuildResult& result);

/// The indices that these analyses add, for checking the study's targets.
std::vector<const MeasureSpec*> analysis_measures(const Analyses& analyses);

}  // namespace greenweave
