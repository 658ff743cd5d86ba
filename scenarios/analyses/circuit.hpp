#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/circuit/terminals.hpp"
#include "model/grid/geometry.hpp"
#include "model/indices/measure.hpp"
#include "model/run/context.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;

/// Currents through a guild's landscape: a cell's resistance is the guild's, cells that cannot be entered are no nodes.
struct CircuitAnalysis {
  /// What current runs between. elements: 1 A spread evenly over the element's cells that the guild can enter. patches:
  /// the largest patches, each without resistance inside, all at once. points: single cells.
  enum class Focal { elements, patches, points };
  Focal focal = Focal::elements;
  std::vector<Feature> points;
  int most_patches = 50;            // of `patches`, by attribute
  std::vector<std::string> guilds;  // empty: all
  CircuitRule rule;
  double tolerance = 1e-6;
  double corridor_slack_share = 0.1;  // pinch points lie in corridors of links, this much dearer than the least cost
  double pinch_quantile = 0.9;        // of the current in those corridors
  double barrier_radius_m = 90.0;
  double restored_resistance = 1.0;
  int barrier_places = 5;  // ranked; how many of them are solved again with the window restored:
  int exact_places = 0;
};

/// Adds rasters `current`, `current_barriers` and `pinch_points`; tables `focal_nodes`, `focal_pairs`,
/// `element_currents`, `pinch_points` and `current_barrier_places`; and the indices below. `start` may hold the
/// baseline's voltages; `found`, if given, receives this landscape's.
void add_circuit(const GuildCase& guild_case, const CircuitAnalysis& what, const RunContext& context,
                 const CellVoltages* start, CellVoltages* found, GuildResult& result);

std::vector<const MeasureSpec*> circuit_measures();

}  // namespace greenweave
