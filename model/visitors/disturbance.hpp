#pragma once
#include <array>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/visitors/trail_network.hpp"

namespace greenweave {

// How far from a path animals feel its visitors, and how much. The level of disturbance is a number from 0 (none) to 1
// (the full effect of the study's DisturbanceRule); `habitat_surface` turns it into quality and resistance.

/// One row of a table from visitor groups a day to a zone on each side of a path.
struct ZoneStep {
  double most_groups_per_day = std::numeric_limits<double>::infinity();  // the row holds up to this many
  double width_m = 0.0;
  double strength = 1.0;  // level beside the path, 0..1
};

/// Groups a day to metres: 1: 30, 5: 60, 15: 100, 30: 200, 60: 300, 100: 400, more: 600 (MASOOR to METAPHOR; Henkens
/// 1998 onwards).
std::vector<ZoneStep> step_table();

/// How the level falls from the path to the rim of the zone: not at all; in a line to 0; exp(-2.99 d / width), of which
/// a twentieth is left at the rim. 0 beyond.
enum class ZoneShape : std::uint8_t { flat, linear, exponential };

struct ZoneRule {
  std::vector<ZoneStep> steps = step_table();  // rising in groups; the last row holds any number
  double least_groups_per_day = 0.5;           // up to that many leave no trace: one in two days, a choice
  ZoneShape shape = ZoneShape::flat;
};

/// One distance for any number of groups: a threshold of a taxon.
ZoneRule threshold_rule(double reach_m);

/// Distances within which a taxon reacts to visitors. An editable table: the numbers are medians of reviews, to be
/// replaced by what is known of the place.
struct TaxonThreshold {
  std::string taxon;
  double reach_m = 0.0;
  std::string source;
};
std::vector<TaxonThreshold> taxon_thresholds();

/// InputError if widths or strengths fall while groups rise (more visitors must never disturb less), if numbers are out
/// of range, or if the last row does not hold any number of groups.
void check(const ZoneRule& rule);

/// The row for a number of groups; null if they leave no trace.
const ZoneStep* step_at(const ZoneRule& rule, double groups_per_day);

/// The level at a distance from a path of that row.
double level_at(const ZoneRule& rule, const ZoneStep& step, double distance_m);

/// How awake a guild is hour by hour of the day, 0..1: groups count as much as that.
using ActiveHours = std::array<double, 24>;
/// 1 in the hours from `from` to before `to`, over midnight if `from` > `to`; equal: all day.
ActiveHours active_between(int from, int to);

/// Groups a day on each link that a guild feels: both directions of all hours, weighted by its activity. The first hour
/// of the load begins at `first_hour` o'clock.
std::vector<double> groups_felt(const TrailLoad& load, int first_hour, double group_size, const ActiveHours& active);

/// A cell of a path and the groups a day that use it.
struct UsedCell {
  Cell cell = 0;
  double groups_per_day = 0.0;
};

/// The cells of links with their groups. A cell of several links has the most of theirs: those who walk from one link
/// to the next must not count twice.
std::vector<UsedCell> used_cells(const Frame& frame, const TrailNetwork& network, std::span<const double> groups);

/// The level of disturbance of each cell: the most that any used cell brings to it, distances between centres. Flat
/// zones in one pass over the grid, others in one distance transform for each row of the table in use. Empty where no
/// cell is disturbed, so that a place without visitors stays what it was, bit for bit.
Raster<float> disturbance_level(const Frame& frame, std::span<const UsedCell> used, const ZoneRule& rule);

}  // namespace greenweave
