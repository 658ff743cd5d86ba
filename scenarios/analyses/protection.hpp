#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/indices/measure.hpp"
#include "model/landscape/landscape.hpp"
#include "model/run/context.hpp"

namespace greenweave {

struct GuildCase;
struct GuildResult;

/// The protected areas of a study's frame: each connected piece of a feature (eight neighbours) is one.
struct ProtectedAreas {
  Raster<std::int32_t> label;     // area i (0-based) as i + 1; 0: none. Also outside the landscape's mask
  std::vector<std::string> name;  // of each area: its feature's
};

/// Pieces of the features in a raster (feature f, 0-based, as f + 1), numbered by their first cell.
ProtectedAreas protected_areas(const Raster<std::int32_t>& feature, const std::vector<std::string>& names);

/// [analysis.protection]: how far protected land is connected (ProtConn).
struct ProtectionAnalysis {
  enum class Distance {
    effective,  // least cost on the guild's resistance
    straight,   // between the nearest cells' centres
  };
  std::shared_ptr<const ProtectedAreas> areas;
  Distance distance = Distance::effective;
  std::optional<Dispersal> dispersal;  // default: the guild's
  double max_cost_m = 0.0;             // 0: no limit
};

/// Adds the ProtConn indices and the share of habitat that is protected; the table and the raster `protected_areas`.
void add_protection(const GuildCase& guild_case, const ProtectionAnalysis& what, const RunContext& context,
                    GuildResult& result);

std::vector<const MeasureSpec*> protection_measures();

}  // namespace greenweave
