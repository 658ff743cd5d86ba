#pragma once
#include "model/water/wetland_sites.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct Study;

/// [analysis.wetland_sites]: where wetlands could be made, before any action.
struct WetlandSitesAnalysis {
  SiteRule rule;
};

/// Adds the rasters `wetland_suitability` and `wetland_sites`, and the table `wetland_sites`.
void add_wetland_sites(const Study& study, const WetlandSites& found, CaseResult& result);

}  // namespace greenweave
