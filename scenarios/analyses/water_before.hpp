#pragma once
#include <map>
#include <memory>

#include "model/run/once.hpp"
#include "model/water/drainage.hpp"
#include "model/water/flood.hpp"
#include "model/water/wetland_sites.hpp"

namespace greenweave {

struct Study;
struct Basins;

/// The way that water takes over the study's ground, before any action. Actions move earth, but not valleys.
struct StudyFlow {
  D8Flow flow;
  Raster<double> drained;
  StreamNetwork streams;
  Raster<float> slope;
};

/// What a study's cases have in common of its water: that of the land before any action. Each part is worked out when
/// it is first asked for, once, and any number of cases may ask at the same time.
class WaterBefore {
 public:
  explicit WaterBefore(const Study& study);

  /// Streams from so large a catchment on, which [analysis.restoration] or [analysis.restoration_order] states.
  const StudyFlow& flow(double stream_ha) const;
  /// The streams of [analysis.restoration], cut by no pond, and its design storm on them.
  const Drainage& drainage() const;
  const Flood& flood() const;
  /// Depressions as [analysis.water] sees them.
  const std::shared_ptr<const Basins>& basins() const;
  /// Candidates of [analysis.wetland_sites].
  const WetlandSites& sites() const;

 private:
  const Study& study_;
  mutable std::map<double, Once<StudyFlow>> flows_;
  mutable Once<Drainage> drainage_;
  mutable Once<Flood> flood_;
  mutable Once<std::shared_ptr<const Basins>> basins_;
  mutable Once<WetlandSites> sites_;
};

}  // namespace greenweave
