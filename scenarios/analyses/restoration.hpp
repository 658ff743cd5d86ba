#pragma once
#include <string>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/habitat/recovery.hpp"
#include "model/indices/measure.hpp"
#include "model/landscape/landscape.hpp"
#include "model/run/context.hpp"
#include "model/water/flood.hpp"
#include "model/water/nutrients.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct Study;
struct CaseWater;
class WaterBefore;
struct ScenarioLandscape;
struct RestoredPlace;

/// What storms and a year's runoff are to wetlands: how both [analysis.restoration] and [analysis.restoration_order]
/// see them.
struct WetlandWater {
  Storm storm{150.0, 24.0, Storm::Shape::type_ii};  // a choice
  double stream_ha = 50.0;                          // catchment from which on there is a stream
  FloodOptions flood;
  std::vector<Nutrient> nutrients = default_nutrients();
  double temperature_c = 17.0;  // of the water (a choice)
};

/// [analysis.restoration]: what the restored wetlands of a case do.
struct RestorationAnalysis {
  std::vector<bool> wetland_classes;  // by class: places restored to these count
  WetlandWater water;
  double outlet_ha = 1000.0;  // catchment from which on an outlet of the frame is reported
  // What grows where, by days under water a year and mean depth (choices).
  double open_water_days = 300.0, open_water_depth_m = 1.0;  // both
  double marsh_days = 120.0, meadow_days = 30.0;
  std::vector<AttributeRecovery> attributes = default_recoveries();
  double cost_per_ha = 1.0, cost_per_m3 = 0.0;  // in the study's own unit; the defaults make cost the area
};

/// The restored wetlands of a case. A cell belongs to the last action that made it a wetland, if it still is one.
struct RestoredSites {
  std::vector<const RestoredPlace*> places;
  std::vector<std::vector<Cell>> cells;         // of each, ascending
  std::vector<std::vector<ClassIndex>> former;  // their classes before, in the same order
};
RestoredSites restored_sites(const ScenarioLandscape& made, const RestorationAnalysis& what);

/// What so many days under water a year, and their mean depth, make of a wetland's cell.
WetlandType wetland_type(const RestorationAnalysis& what, double wet_days, double depth_m);

/// How far each site's attributes have recovered by a year, along one of the paths of each attribute.
std::vector<std::vector<double>> recovery_of(const RestoredSites& sites, int year, const RestorationAnalysis& what,
                                             RecoveryPath AttributeRecovery::*path);

/// What the water makes of the sites, for the landscape: empty when there are none.
RestoredWetlands restored_wetlands(const RestoredSites& sites, const CaseWater& water, int year,
                                   const RestorationAnalysis& what);

/// Adds the tables `restoration` (a row a restored place) and `floods` (a row an outlet), in the baseline's first year
/// `recovery_paths` and `nutrients`, and the indices beside those of the water.
void add_restoration(const Study& study, const WaterBefore& untouched, const RestoredSites& sites,
                     const CaseWater& water, const RestorationAnalysis& what, const RunContext& context,
                     CaseResult& result);

std::vector<const MeasureSpec*> restoration_measures();

}  // namespace greenweave
