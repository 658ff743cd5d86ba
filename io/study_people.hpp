#pragma once
// Reading what a study asks about people: access to green space, and what standards ask of trails. Included by the
// study reader's files only.
#include "io/study_analyses.hpp"
#include "scenarios/analyses/trail_service.hpp"

namespace greenweave {

AccessAnalysis read_access(Section& section, const StudySoFar& so_far);

/// Keys of how capacity, service and standards of trails are judged; leaves the section open for more.
TrailServiceRule read_trail_service(Section& section);

}  // namespace greenweave
