#pragma once
// Reading [analysis.restoration] and [analysis.restoration_order] of a study file, and how wetlands are made. Included
// by the study reader's files only.
#include <optional>
#include <string>

#include "io/study_analyses.hpp"

namespace greenweave {

/// Reads those tables that are there. `analyses` already holds [analysis.water] and [analysis.wetland_sites].
/// InputError with file, line and remedy.
void read_restoration_analyses(Section& section, const StudySoFar& so_far, Analyses& analyses);

/// InputError: the study has no heights.
void require_heights(const Section& item, const Study& study, const std::string& key);
/// `basin_m` and `terrace_m`, if the first is there.
std::optional<BasinShape> read_basin(Section& item, const Study& study);
/// `recovery`: a known curve by name, or a table of its numbers.
RecoveryCurve read_recovery(Section& action, const std::string& usual = "animals");

}  // namespace greenweave
