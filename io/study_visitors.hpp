#pragma once
// Reading [visitors] of a study file, and the actions that go with it. Included by the study reader's files only.
#include <functional>
#include <optional>

#include "io/study_analyses.hpp"

namespace greenweave {

/// Reads [visitors] and what it names, and joins its trails once to see that they make a network. InputError with file,
/// line and remedy.
VisitorsAnalysis read_visitors(Section& section, const StudySoFar& so_far);

/// Reads [visitors.limit], once the scenarios that it may name are known; the last of [visitors] that is read.
void read_visitor_limit(Section& visitors, Study& study);

/// Reads an action on visitors in a study with [visitors]. `area` reads its `place`, if it has one.
void read_visitor_action(const std::string& type, Section& item, const Study& study,
                         const std::function<std::optional<Geometry>()>& area, Action& action);

}  // namespace greenweave
