#pragma once
// Reading what a study asks about people: access to green space, and what standards ask of trails. Included by the
// study reader's files only.
#include "io/study_analyses.hpp"
#include "scenarios/analyses/trail_service.hpp"

namespace greenweave {

/// Reads the people of [inputs] that come as features (`people`, `people_layer`, `people_field`) and adds them to those
/// of the population raster, if there is one: points and lines in the cells that they touch, polygons in the cells
/// whose centre they hold, each feature's persons in equal parts. Features off the frame do not count.
void read_people(Section& inputs, Study& study);

AccessAnalysis read_access(Section& section, const StudySoFar& so_far);

/// Keys of how capacity, service and standards of trails are judged; leaves the section open for more.
TrailServiceRule read_trail_service(Section& section);

}  // namespace greenweave
