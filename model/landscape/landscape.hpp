#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/landscape/step_effects.hpp"

namespace greenweave {

/// Class index of a land-cover cell: position in the study's ClassTable, not the code in the file.
using ClassIndex = std::uint8_t;

struct LandCoverClass {
  int code = 0;  // as in the land-cover raster
  std::string name;
  std::uint32_t colour = 0x808080;  // 0xRRGGBB, for maps
};

/// The land-cover classes of a study, at most 255.
struct ClassTable {
  std::vector<LandCoverClass> classes;

  /// Index of the class with that code; -1 if there is none.
  int index_of_code(int code) const;
  /// Index of the class with that name; -1 if there is none.
  int index_of_name(const std::string& name) const;
};

/// Resistance of what cannot be entered. NoData cells and barriers both carry it.
inline constexpr float impassable = std::numeric_limits<float>::infinity();

/// Where a guild's dispersal is stated: probability `p` at effective distance `distance_m`.
/// Effective distance is least cost in metres of resistance 1: sum of resistance x length of the step in metres.
struct Dispersal {
  double distance_m = 1000.0;
  double probability = 0.5;

  /// alpha of p(d) = exp(-alpha d), 1/m.
  double alpha() const;
};

/// How links between patches are found.
struct LinkRule {
  /// planar: patches adjacent in the Euclidean Voronoi diagram; complete: all pairs; nearest: pairs of which one is
  /// among the other's `neighbours` nearest by cost.
  enum class Topology { planar, complete, nearest };
  Topology topology = Topology::planar;
  int neighbours = 3;                                           // of `nearest`
  double max_cost_m = std::numeric_limits<double>::infinity();  // effective distance beyond which there is no link
  bool cross_patches = true;                                    // a path may run through other patches
  bool intra_patch = false;  // add the cost across a patch between the ends of two links
};

/// What the water of a restored wetland makes of a cell, by the days under water and their depth.
enum class WetlandType : std::uint8_t { none, open_water, marsh, wet_meadow, dry };

/// What restored wetlands are to a guild, by what their water makes of them, once they are as good as a reference.
struct WetlandResponse {
  std::optional<float> open_water, marsh, wet_meadow;  // quality; default: that of the class they were restored to
  std::optional<float> dry;                            // default: that of the class that was there before
  // Positions in RestoredWetlands::recovery of the attributes that the guild needs. A cell is on its way from its
  // former quality to that of its type by the mean of their recovery.
  std::vector<std::size_t> attributes;
};

/// A species group: what it lives in, how it moves, what disturbs it.
struct Guild {
  std::string name;
  std::string title;
  std::vector<float> quality;      // per class, 0..1
  std::vector<float> resistance;   // per class, > 0 or `impassable`
  double quality_threshold = 0.5;  // a cell is habitat where quality >= threshold
  double minimum_patch_ha = 1.0;
  Neighbourhood patch_neighbourhood = Neighbourhood::eight;
  bool quality_weighted_area = true;     // a patch's attribute is the sum of quality x cell area; otherwise its area
  double disturbance_sensitivity = 1.0;  // 0 none .. 1 full effect of the disturbance rule
  Dispersal dispersal;
  LinkRule links;
  SlopeResponse slope;                      // what gradients do to the cost of a step; needs elevation
  std::shared_ptr<const LineAxes> axes;     // lines that it follows or crosses; may be null
  std::vector<LineResponse> lines;          // what they are to it
  std::optional<WetlandResponse> wetlands;  // none: a restored wetland is worth what its class is
};

/// What a disturbed cell suffers at sensitivity 1 (skylark density -50 % within the zone: MASOOR/METAPHOR, see
/// methods). Level: 1 where cells are simply disturbed.
struct DisturbanceRule {
  double quality_loss = 0.5;       // quality is multiplied by 1 - loss x sensitivity x level
  double resistance_factor = 2.0;  // resistance is multiplied by factor ^ (sensitivity x level)
};

/// Wetlands that a scenario restored. All rasters are empty when there are none, or no guild asks for them.
struct RestoredWetlands {
  Raster<std::uint8_t> type;                  // WetlandType
  Raster<ClassIndex> former;                  // class before; where the type is not `none`
  Raster<std::int32_t> site;                  // from 0; likewise
  std::vector<std::vector<double>> recovery;  // of each site, for each attribute: share of the reference
};

/// The state of a place in one case: what covers it, how far restored cells have developed, what disturbs it.
/// Values are copied case by case; large rasters that no action changes are shared.
struct Landscape {
  Frame frame;
  std::shared_ptr<const ClassTable> classes;
  Raster<ClassIndex> cover;                               // mask: outside the studied area
  std::shared_ptr<const Raster<float>> elevation_m;       // may be null
  std::shared_ptr<const Raster<float>> population;        // persons per cell; may be null
  std::shared_ptr<const Raster<float>> given_resistance;  // a ready resistance raster for all guilds; may be null

  // Cells on their way from a former class to `cover`: empty when none is.
  Raster<ClassIndex> former_cover;
  Raster<float> recovery;  // 0: still as the former class .. 1: fully the new class
  RestoredWetlands wetlands;
  // Cells inside the disturbance zone of visitors: 1; empty when there are none.
  Raster<std::uint8_t> disturbed;
  // By name of the guild, the level at which a cell is disturbed for it: 0 .. 1 (as `disturbed`). None, or null: 0.
  std::map<std::string, std::shared_ptr<const Raster<float>>> disturbance;
  // By name of the guild, the share of a cell's quality that threats leave: 0 .. 1. None, or null: all of it.
  std::map<std::string, std::shared_ptr<const Raster<float>>> quality_left;
  // Share of each cell whose plants feet beside the trails have worn away: 0 .. 1, for every guild alike. Null: none.
  std::shared_ptr<const Raster<float>> trampled;

  /// Hectares of valid cells.
  double area_ha() const;
  /// Makes `former_cover` and `recovery` full-size (former = cover, recovery = 1) if they are empty.
  void begin_recovery();
};

/// What one guild makes of a landscape.
struct HabitatSurface {
  Raster<float> quality;                               // 0..1; 0 outside the mask
  Raster<float> resistance;                            // > 0; `impassable` outside the mask
  std::shared_ptr<const StepEffects> steps = nullptr;  // null: a step costs the same in every direction
};

/// Quality and resistance per cell. Recovering cells lie between the two classes: quality linearly, resistance
/// geometrically (it is a ratio scale). Where a ready resistance raster is given it replaces the class resistance,
/// except on cells whose class an action changed. For a guild with a WetlandResponse the cells of restored wetlands lie
/// between their former class and what their water makes of them. Threats leave a share of all this quality. Trampled
/// ground has none.
HabitatSurface habitat_surface(const Landscape& landscape, const Guild& guild, const DisturbanceRule& disturbance);

}  // namespace greenweave
