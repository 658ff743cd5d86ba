#include "scenarios/analyses/water_before.hpp"

#include "model/water/conditioning.hpp"
#include "model/water/terrain.hpp"
#include "scenarios/study.hpp"

namespace greenweave {

WaterBefore::WaterBefore(const Study& study) : study_(study) {
  if (study.analyses.restoration) flows_[study.analyses.restoration->water.stream_ha];
  if (study.analyses.restoration_order) flows_[study.analyses.restoration_order->water.stream_ha];
}

const StudyFlow& WaterBefore::flow(double stream_ha) const {
  return flows_.at(stream_ha).get([&] {
    const Frame& frame = study_.landscape.frame;
    const Raster<float> ground = ground_of(study_.landscape);
    StudyFlow result;
    result.flow = d8_flow(fill_depressions(ground));
    result.drained = accumulate(result.flow);
    result.streams = stream_network(result.flow, result.drained, stream_ha / frame.cell_area_ha(), frame.cell_m);
    result.slope = slope_aspect(ground, frame.cell_m).slope;
    return result;
  });
}

const Drainage& WaterBefore::drainage() const {
  return drainage_.get([&] {
    const Frame& frame = study_.landscape.frame;
    const StudyFlow& ground = flow(study_.analyses.restoration->water.stream_ha);
    return drainage_units(ground.flow, ground.drained, ground.streams, Raster<std::int32_t>(frame.shape, 0),
                          frame.cell_m);
  });
}

const Flood& WaterBefore::flood() const {
  return flood_.get([&] {
    const WetlandWater& water = study_.analyses.restoration->water;
    const StudyFlow& ground = flow(water.stream_ha);
    const double cell_m = study_.landscape.frame.cell_m;
    const std::vector<UnitLand> land =
        unit_lands(drainage(), ground.flow, case_curve_numbers(study_, study_.landscape, *study_.analyses.water),
                   ground.slope, cell_m);
    return FloodModel(drainage(), land, land, cell_m, water.storm, water.flood).run({});
  });
}

const std::shared_ptr<const Basins>& WaterBefore::basins() const {
  return basins_.get(
      [&] { return std::make_shared<const Basins>(basins_of(study_.landscape, *study_.analyses.water)); });
}

const WetlandSites& WaterBefore::sites() const {
  return sites_.get(
      [&] { return find_wetland_sites(study_.landscape, study_.soil.get(), study_.analyses.wetland_sites->rule); });
}

}  // namespace greenweave
