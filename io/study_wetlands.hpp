#pragma once
// Reading [analysis.restoration] and [analysis.restoration_order] of a study file. Included by the study reader's files
// only.
#include "io/study_analyses.hpp"

namespace greenweave {

/// Reads those tables that are there. `analyses` already holds [analysis.water] and [analysis.wetland_sites].
/// InputError with file, line and remedy.
void read_restoration_analyses(Section& section, const StudySoFar& so_far, Analyses& analyses);

}  // namespace greenweave
