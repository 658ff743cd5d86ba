#pragma once
#include "scenarios/assess.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

/// Turns an assessment into the tables, rasters and lines that the results file holds. The columns' names, units and
/// meanings are defined here and nowhere else. With `indices_only` (draws > 0) only the indices are kept.
GuildResult tabulate(const Study& study, const Guild& guild, const Landscape& landscape, Assessment assessment,
                     bool indices_only);

/// Names of all indices that an assessment yields, framework included.
std::vector<std::string> index_names();

/// Hectares of each land-cover class.
Table tabulate_land_cover(const Landscape& landscape);

}  // namespace greenweave
