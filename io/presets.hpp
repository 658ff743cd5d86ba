#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/landscape/landscape.hpp"
#include "scenarios/study.hpp"

namespace greenweave {

/// The ready class table of a land-cover scheme: "worldcover" (ESA WorldCover 2021), "nlcd" (US National Land Cover
/// Database) or "none" (empty).
ClassTable class_scheme(const std::string& scheme);
std::vector<std::string> class_schemes();

/// Class names by what they stand for, for the defaults of actions.
struct SchemeWords {
  std::string wetland, grassland, built_up, tree_cover;
  std::vector<std::string> water, wetlands, forest, built;
};
SchemeWords words_of_scheme(const std::string& scheme);

/// A guild before the study's own keys: values per class name for a scheme, with a default for classes of one's own.
struct GuildPreset {
  Guild guild;  // without the tables per class
  std::map<std::string, double> quality, resistance;
};
std::optional<GuildPreset> guild_preset(const std::string& name, const std::string& scheme);
std::vector<std::string> guild_presets();

/// Greenway types ecological, suburban and urban; the belt's class is the scheme's trees.
std::vector<GreenwayType> greenway_presets(const std::string& scheme);

/// Recovery curves by attribute: animals, plants, soil_carbon; none: at once.
std::optional<RecoveryCurve> recovery_preset(const std::string& name);

}  // namespace greenweave
