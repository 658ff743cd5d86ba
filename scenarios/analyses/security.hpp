#pragma once
#include <array>
#include <string>
#include <vector>

#include "model/grid/geometry.hpp"
#include "model/run/context.hpp"
#include "scenarios/analyses/zone.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct Study;
struct Landscape;
struct FrameworkOnFrame;

/// A process that a security pattern keeps room for: it spreads from sources over a resistance (MCR), and land is the
/// more important the less it costs to reach.
struct SecurityProcess {
  std::string name;
  int guild = -1;                    // its patches and its resistance; or -1 and:
  std::vector<Geometry> places;      // sources: these
  std::vector<bool> source_classes;  // and cells of these classes
  std::vector<float> resistance;     // by class; `impassable`: none passes
  /// Upper ends of baseline, satisfactory and ideal: effective metres, or per cent of the land by rising cost.
  std::array<double, 3> breaks{};
  bool breaks_are_percent = false;
};

/// [analysis.security]: negative planning (Yu 1996). What development takes from the pattern of the untouched
/// landscape.
struct SecurityAnalysis {
  std::vector<SecurityProcess> processes;
  std::vector<bool> built;  // by class: what counts as development
  RegionLevels levels;
};

enum class SecurityLevel : std::uint8_t { none, baseline, satisfactory, ideal };
const char* name_of(SecurityLevel level);

/// Levels by cell, as the values of SecurityLevel.
struct SecurityPattern {
  std::vector<Raster<std::uint8_t>> of_process;
  Raster<std::uint8_t> all;  // the strictest of the processes' levels
};

/// Levels of costs: up to the first break baseline, up to the second satisfactory, up to the third ideal. With
/// per cents the breaks are the costs up to which that share of the land (all valid cells) lies, equal costs together.
Raster<std::uint8_t> security_levels(const Raster<float>& cost_m, const std::vector<std::uint8_t>& valid,
                                     const std::array<double, 3>& breaks, bool breaks_are_percent);

/// The pattern of the study's landscape before any action.
SecurityPattern security_pattern(const Study& study, const SecurityAnalysis& what, const RunContext& context);

/// Adds the table `security_loss`: of each level, process and region, how much land the case builds on that was not
/// built before any action. For the baseline also the rasters `security` and `security_<process>`.
void add_security(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape, bool is_baseline,
                  const SecurityAnalysis& what, const RunContext& context, CaseResult& result);

}  // namespace greenweave
