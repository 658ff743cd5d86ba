#pragma once
#include <string>
#include <vector>

#include "model/run/context.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;

/// [analysis.deltas]: what the network loses with a part of it, and its components and patches one by one. Paths are
/// not searched anew: a part is taken out of the graph.
struct DeltaAnalysis {
  bool links = true;
  bool patches = false;    // all indices are computed anew for each patch: slow for thousands of them
  bool elements = true;    // the patches of each element of the framework, at least half of whose cells lie in it
  bool classes = true;     // the patches of each land-cover class: the one that most of a patch's cells have
  bool components = true;  // the global indices of each component
  bool places = true;      // degree, clustering, closeness, eccentricity and correlation of each patch
  std::vector<std::string> guilds;  // empty: every guild's
};

/// Adds the tables `link_deltas`, `patch_deltas`, `element_deltas`, `class_deltas` (each index's fall in per cent, and
/// NC without the part), `component_indices` and `patch_places`. Nothing for draws.
void add_deltas(const GuildCase& guild_case, const DeltaAnalysis& what, const RunContext& context, GuildResult& result);

}  // namespace greenweave
