#pragma once
#include <memory>
#include <string>
#include <vector>

#include "model/indices/measure.hpp"
#include "model/run/context.hpp"
#include "model/water/depressions.hpp"
#include "model/water/runoff.hpp"
#include "model/water/water_balance.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct Study;
struct Landscape;
class WaterBefore;

/// [analysis.water]: where water stands in a case's landscape, day by day.
struct WaterAnalysis {
  std::vector<CurveNumbers> curve_numbers;  // of every class that the study has
  SoilGroup soil_where_unknown = SoilGroup::c;
  BalanceOptions balance;
  double least_depth_m = 0.1, least_area_ha = 0.1;  // shallower or smaller depressions are filled: noise of heights
  // Trenches that ditches and culverts stand for, which heights do not show (0: none): `breach_depressions`.
  double breach_depth_m = 0.0, breach_length_m = 300.0;
  double wetland_days = 30.0;    // a year under water that make a cell a wetland (a choice)
  double wetland_depth_m = 2.0;  // mean depth up to which it is one (CJJ/T 308-2021)
  std::string guild;             // beside whose indices those of the water stand
};

/// Ground that trenches drain and whose small depressions are filled, masked where heights or land cover are; and the
/// depressions that are left.
struct Basins {
  Raster<float> ground_m;
  DepressionHierarchy hierarchy;
};

/// The water of one landscape.
struct CaseWater {
  std::shared_ptr<const Basins> basins;
  Raster<float> curve_number;
  WaterBalance balance;
};

/// Heights where both heights and land cover are known.
Raster<float> ground_of(const Landscape& landscape);

/// Curve numbers of a landscape: the study's raster, if it has one, where no action changed the class; else by class
/// and soil.
Raster<float> case_curve_numbers(const Study& study, const Landscape& landscape, const WaterAnalysis& what);

Basins basins_of(const Landscape& landscape, const WaterAnalysis& what);

/// Works out the water of a landscape under the study's weather.
CaseWater water_of(const Study& study, const WaterBefore& untouched, const Landscape& landscape,
                   const WaterAnalysis& what, const RunContext& context);

/// Adds the rasters `water_days`, `water_depth`, `water_depth_most` and `depressions` with the table of that name, the
/// tables `water_months` and `water_years`, and the indices (to the results of `guild`).
void add_water(const Study& study, const Landscape& landscape, const CaseWater& water, const WaterAnalysis& what,
               CaseResult& result);

std::vector<const MeasureSpec*> water_measures();

}  // namespace greenweave
