#pragma once
#include <cstdint>

#include "scenarios/study.hpp"
#include "scenarios/table.hpp"

namespace greenweave {

/// What an action that restores habitat has turned.
struct RestoredPlace {
  std::string action;
  int start_year = 0;
  std::string to;                  // class
  std::vector<Cell> cells;         // those whose class it changed, ascending
  std::vector<ClassIndex> former;  // their classes before
  double dug_m3 = 0.0;
  double slowness = 1.0;  // this draw's factor on the times in which it recovers
};

/// What a scenario makes of the study's landscape by a year, with a line in a table for each action: what it changed.
struct ScenarioLandscape {
  Landscape landscape;
  Table actions;
  std::vector<RestoredPlace> restored;
};

/// Applies the scenario's actions that have begun by `year`, in order, with recovery as far as that year. In draw 0 the
/// recovery times are the stated ones; in other draws they are multiplied by log-normal factors.
ScenarioLandscape landscape_of(const Study& study, const Scenario& scenario, int year, int draw);

/// The guild with resistances and dispersal distance multiplied by log-normal factors of median 1 (draw 0: unchanged).
/// A factor depends on the seed, the draw, the guild and the class alone, so scenarios of one draw are comparable.
Guild perturbed(const Guild& guild, const ClassTable& classes, const Uncertainty& uncertainty, std::uint64_t seed,
                int draw);

}  // namespace greenweave
