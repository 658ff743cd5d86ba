#pragma once
#include "model/water/wetland_sites.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

/// [analysis.wetland_sites]: where wetlands could be made, before any action.
struct WetlandSitesAnalysis {
  SiteRule rule;
};

/// Adds the rasters `wetland_suitability` and `wetland_sites`, and the table `wetland_sites`.
void add_wetland_sites(const Frame& frame, const WetlandSites& found, CaseResult& result);

}  // namespace greenweave
