#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// One depression of the hierarchy: a leaf holds one pit, any other the two that become one when both are full.
struct Depression {
  std::int32_t parent = -1;            // `ocean` for those whose overflow does not come back; -1 for the ocean itself
  std::int32_t left = -1, right = -1;  // what it consists of; -1 for a leaf
  std::int32_t overflows_to = -1;      // the leaf (or `ocean`) beyond the spillway that its overflow runs into
  float spill_m = 0.0F;                // level of the spillway
  Cell pit = -1;                       // lowest cell, the first of equally low ones
  Cell spillway_from = -1;             // its own side of the spillway
  Cell spillway_to = -1;               // the other side; -1: out of the grid
  std::int64_t cells = 0;              // below the spillway
  double capacity_m = 0.0;             // sum over them of spillway minus height; x cell area: m3
};

/// The depressions of a surface as a forest of binary trees (Barnes, Callaghan, Wickert 2020). Node 0 is the ocean:
/// whatever leaves the grid. Leaves come next, by the index of their pit; then the others, by level.
struct DepressionHierarchy {
  static constexpr std::int32_t ocean = 0;
  static constexpr std::int32_t none = -1;

  std::vector<Depression> nodes;
  std::int32_t leaves = 0;          // nodes 1..leaves
  std::vector<std::int32_t> roots;  // tops of the trees; a root's overflow runs to one before it, or to the ocean
  Raster<std::int32_t> leaf;        // the leaf, or ocean, that a cell's surface water runs to; masked as the elevation
  Raster<std::int32_t> home;        // the smallest depression whose spillway is above the cell; `none` if there is none

  bool is_leaf(std::int32_t node) const { return node > 0 && node <= leaves; }
  /// Top of the tree: its overflow leaves for good.
  bool is_root(std::int32_t node) const { return node > 0 && nodes[static_cast<std::size_t>(node)].parent == ocean; }
};

/// Finds them. Outlets are those of conditioning.hpp. Cells run along D8; of equally low spillways the one with the
/// lower ground beside it is taken, then the one with the smaller cell indices. InputError: a height that is not
/// finite.
DepressionHierarchy depression_hierarchy(const Raster<float>& elevation_m);

/// The surface with its shallow or small depressions filled: from the leaves up, one that is less deep or less wide is
/// filled to its spillway, and counts no longer as a part of what it merges into.
struct LeastDepression {
  double depth_m = 0.0;
  std::int64_t cells = 0;
};
Raster<float> fill_small_depressions(const Raster<float>& elevation_m, const DepressionHierarchy& hierarchy,
                                     const LeastDepression& least);

/// How much water each depression holds, and how it moves when more comes.
///
/// A depression's own water lies above the spillway between its parts, which are full then. Amounts are metres x cells.
/// The hierarchy must outlive it.
class StandingWater {
 public:
  explicit StandingWater(const DepressionHierarchy& hierarchy);

  /// Adds water to leaves: `amounts_m` holds one number for the ocean and one for each leaf. What a full depression
  /// cannot hold runs over its spillway; two full neighbours become one. Where it ends does not depend on the parts in
  /// which water comes, but for rounding.
  void pour(std::span<const double> amounts_m);
  /// Takes from a depression's own water, and below that from its parts in proportion to their cells; returns what it
  /// could not get.
  double take(std::int32_t node, double amount_m);

  /// Its own water; 0 while a part of it is not full.
  double own_m(std::int32_t node) const { return own_[static_cast<std::size_t>(node)]; }
  double own_capacity_m(std::int32_t node) const { return own_capacity_[static_cast<std::size_t>(node)]; }
  bool is_full(std::int32_t node) const { return full_[static_cast<std::size_t>(node)] != 0; }
  /// What has left the grid.
  double left_m() const { return own_[DepressionHierarchy::ocean]; }
  /// What has run over the spillway of a root, to another tree or out of the grid.
  double spilled_m(std::int32_t root) const { return spilled_[static_cast<std::size_t>(root)]; }
  /// All water in depressions.
  double standing_m() const;
  /// Depressions that hold water of one level and are part of no wider one that does, ascending.
  std::vector<std::int32_t> waters() const;

 private:
  double pour_into_tree(std::int32_t leaf, double amount_m);
  std::int32_t sibling_of(std::int32_t node) const;
  std::int32_t taker_of(std::int32_t node);
  void mark_full(std::int32_t node);
  void find_ways();

  const DepressionHierarchy& hierarchy_;
  std::vector<double> own_, own_capacity_, spilled_;
  std::vector<std::uint8_t> full_;
  std::vector<std::int32_t> way_;  // who takes water instead of a full node, as far as known; itself if it does
  bool ways_known_ = true;
  std::vector<std::int32_t> leaves_, leaves_begin_;  // of each root, in the order of `roots`
};

/// How level, area and volume belong together in each depression above the spillway between its parts. The hierarchy
/// must outlive it.
class StageCurves {
 public:
  StageCurves(const Raster<float>& elevation_m, const DepressionHierarchy& hierarchy);

  /// Water level when the depression's own water is `own_m`.
  double level_m(std::int32_t node, double own_m) const;
  /// Cells of the whole depression, parts included, below a level.
  std::int64_t cells_below(std::int32_t node, double level_m) const;
  /// Those that are below no spillway of its parts, lowest first.
  std::int64_t own_begin(std::int32_t node) const { return begin_[static_cast<std::size_t>(node)]; }
  std::int64_t own_end(std::int32_t node) const { return begin_[static_cast<std::size_t>(node) + 1]; }
  Cell cell(std::int64_t place) const { return cells_[static_cast<std::size_t>(place)]; }
  /// How many of them a level covers.
  std::int64_t own_cells_below(std::int32_t node, double level_m) const;

 private:
  const DepressionHierarchy& hierarchy_;
  std::vector<std::int64_t> begin_;
  std::vector<Cell> cells_;
  std::vector<float> height_;
  std::vector<double> bottom_m_;  // height of each depression's pit
  std::vector<double> volume_;    // own water when the level stands at that cell
};

/// Where water comes to rest.
struct Inundation {
  Raster<double> depth_m;  // 0 where dry; masked as the elevation
  double poured_m = 0.0;   // metres x cells
  double standing_m = 0.0;
  double left_m = 0.0;         // out of the grid
  double unaccounted_m = 0.0;  // poured - sum of depths - left: rounding
};

/// Fill, spill, merge (Barnes, Callaghan, Wickert 2021): each cell's water runs down to its depression, fills it, and
/// goes on over spillways. `water_m`: depth on each cell, not below 0.
Inundation fill_spill_merge(const Raster<float>& elevation_m, const DepressionHierarchy& hierarchy,
                            const Raster<double>& water_m);

/// Depths for a state of standing water.
Raster<double> depths_of(const Raster<float>& elevation_m, const DepressionHierarchy& hierarchy,
                         const StageCurves& curves, const StandingWater& water);

}  // namespace greenweave
