#pragma once
#include <string>
#include <vector>

#include "model/grid/geometry.hpp"
#include "model/indices/measure.hpp"
#include "model/run/context.hpp"
#include "model/visitors/access.hpp"
#include "scenarios/analyses/zone.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct Study;
struct Landscape;
struct FrameworkOnFrame;

/// [analysis.access]: who has green space within reach, and how much.
struct AccessAnalysis {
  std::vector<bool> green;       // by class: what people may go to
  bool elements_only = false;    // of it only what lies in elements of the framework or in `places`
  std::vector<Geometry> places;  // polygons: parks that are open, beside the elements
  CatchmentRule catchment;
  double needed_m2 = 8.0;  // a person: least park ground of GB 50137-2011 (from memory)
  WalkRule walk;
  std::vector<bool> impassable;  // by class: the walk goes around these; empty: as the crow flies
  double gap_persons = 50.0;     // smaller gaps are left out of the table (a choice)
  RegionLevels levels;
  std::string guild;  // beside whose indices those of access stand
};

/// Access in one landscape.
struct CaseAccess {
  Catchment catchment;
  WalkAccess walk;
};
CaseAccess access_of(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape,
                     const AccessAnalysis& what);

/// Adds the rasters `green_per_person` and `walk` (1 served, 2 not served, 0 nobody lives there), the tables `access`
/// (by region) and `access_gaps`, and the indices (to the results of `guild`).
void add_access(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape,
                const AccessAnalysis& what, const RunContext& context, CaseResult& result);

std::vector<const MeasureSpec*> access_measures();

}  // namespace greenweave
