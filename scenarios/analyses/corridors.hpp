#pragma once
#include "model/movement/corridors.hpp"
#include "model/movement/link_quality.hpp"
#include "model/run/context.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;

/// [analysis.corridors]: how wide links are and what they run through.
struct CorridorAnalysis {
  CorridorRule rule;
  LinkQualityRule quality;
};

/// Adds the tables `corridors` (a row a link) and `corridor_cover` (a row a link and class), the corridors' labels and
/// the mosaic of normalised corridors. Nothing for draws.
void add_corridors(const GuildCase& guild_case, const CorridorAnalysis& what, const RunContext& context,
                   GuildResult& result);

}  // namespace greenweave
