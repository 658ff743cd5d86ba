#pragma once
#include <vector>

#include "model/framework/framework.hpp"
#include "model/habitat/patches.hpp"
#include "model/indices/connectivity.hpp"
#include "model/movement/links.hpp"
#include "scenarios/study.hpp"

namespace greenweave {

/// The framework on the study's frame: what no case changes.
struct FrameworkOnFrame {
  std::vector<Footprint> footprints;
  std::vector<std::vector<bool>> meet;
};

FrameworkOnFrame place_framework(const Study& study);

/// What one guild's network in one landscape looks like, and how it is judged.
struct Assessment {
  HabitatSurface surface;
  PatchSet patches;
  LinkSet links;
  ConnectivityResult connectivity;
  FrameworkAssessment framework;
};

/// How a guild's network is judged.
ConnectivityParameters connectivity_parameters(const Landscape& landscape, const Guild& guild,
                                               const Analyses& analyses);

/// Judges a landscape for a guild. The same function judges the baseline and every scenario. `before` may hold the link
/// searches of a similar landscape: those that the differences cannot touch are taken from it, and the numbers are the
/// same as without. `after`, if given, receives this landscape's searches.
Assessment assess(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape, const Guild& guild,
                  const Analyses& analyses, const RunContext& context, const LinkMemory* before = nullptr,
                  LinkMemory* after = nullptr);

}  // namespace greenweave
