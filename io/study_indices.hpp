#pragma once
// Reading [analysis.gravity], [analysis.metapopulation], [analysis.protection], [analysis.robustness] and
// inputs.protection of a study file. Included by the study reader's files only.
#include "io/study_analyses.hpp"

namespace greenweave {

/// inputs.protection: areas of a vector layer, or of a raster (each number above 0 is a feature). Null if there is
/// none. InputError: what the readers refuse, features that are no areas, numbers below 0, no cell within the frame.
std::shared_ptr<const ProtectedAreas> read_protection_of(Section& inputs, Study& study);

/// Reads those tables that are there. InputError with file, line and remedy.
void read_index_analyses(Section& section, const StudySoFar& so_far, Analyses& analyses);

}  // namespace greenweave
