#pragma once
// Reading [threats] of a study file. Included by the study reader's files only.
#include "io/study_analyses.hpp"

namespace greenweave {

/// Reads [threats] into the study, whose guilds are known, and works out what threatens its landscape before any
/// action. InputError with file, line and remedy.
void read_threats(Section& section, const StudySoFar& so_far);

}  // namespace greenweave
