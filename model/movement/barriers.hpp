#pragma once
#include <vector>

#include "model/movement/links.hpp"

namespace greenweave {

/// What restoring a circular window would be worth (Barrier Mapper; McRae, Hall, Beier and Theobald 2012). The gain of
/// a window around a cell for a link is
///   least cost - (least d_a in the window + least d_b in the window + 2 radius x restored resistance),
/// in effective metres, where that is above 0. It stands in for the fall of the least cost if the window's cells had
/// the restored resistance (or their own, where that is lower). It is a lower bound on it, but for 8 % of the last term
/// (a path over cells is up to 1.082 times as long as the straight line): a real crossing may be shorter than the
/// diameter, and the dear half cells on the window's rim are restored too.
struct BarrierRule {
  std::vector<double> radii_m{90.0};
  double restored_resistance = 1.0;
  enum class Score { sum, maximum };
  Score score = Score::sum;  // by which places are ranked: sum over links, or the best link
  int places = 20;           // ranked for each radius
};

/// The gains of one radius.
struct BarrierMap {
  struct Best {
    double gain_m = 0.0;
    Cell centre = -1;  // of equally good ones the first; -1 where no window helps
  };
  double radius_m = 0.0;
  Raster<float> maximum_m, sum_m;  // over links, at the window's centre; 0 where no window helps
  std::vector<Best> of_link;       // the best window of each link
};

/// A window worth restoring. `exact_*` is the fall of the least costs when they are solved again with the window
/// restored.
struct BarrierPlace {
  Cell centre = -1;
  double radius_m = 0.0;
  double maximum_m = 0.0, sum_m = 0.0;              // gains as on the map
  double exact_maximum_m = 0.0, exact_sum_m = 0.0;  // gains solved again
  int links = 0;                                    // links that it shortens, solved again
  int best_link = -1;                               // the one that gains most, solved again; -1 if none gains
};

struct Barriers {
  std::vector<BarrierMap> maps;      // one a radius
  std::vector<BarrierPlace> places;  // radius by radius, best first
};

/// Gains for all links and radii, and the best places: cells that no neighbour exceeds, taken from the best down, each
/// more than twice the radius from those taken before. Where costs differ there and back a link's gain is the mean of
/// both ways in sums, the better in maxima. Sums over links are kept in 2^-16 m, so that they do not depend on the
/// order.
Barriers find_barriers(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches, const LinkSet& links,
                       const LinkRule& rule, const BarrierRule& barrier, const RunContext& context);

}  // namespace greenweave
