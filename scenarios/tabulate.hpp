#pragma once
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

/// Turns an assessment into the indices, tables and lines that the results file holds. The columns' names, units and
/// meanings are defined here and nowhere else.
void tabulate(const GuildCase& guild_case, GuildResult& result);

/// Hands over an assessment's rasters: quality, resistance, patches.
void add_rasters(const Landscape& landscape, Assessment assessment, GuildResult& result);

/// Names of all indices that a case yields: those of the assessment, the framework and the analyses asked for.
std::vector<std::string> index_names(const Analyses& analyses);

/// Hectares of each land-cover class.
Table tabulate_land_cover(const Landscape& landscape);

}  // namespace greenweave
