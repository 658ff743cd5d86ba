#include "io/presets.hpp"

#include <algorithm>

namespace greenweave {

namespace {

using Values = std::map<std::string, double>;

// ESA WorldCover 2021 v200 (product user manual): codes, names and colours.
const std::vector<LandCoverClass> worldcover{
    {10, "tree_cover", 0x006400}, {20, "shrubland", 0xffbb22},   {30, "grassland", 0xffff4c},
    {40, "cropland", 0xf096ff},   {50, "built_up", 0xfa0000},    {60, "bare", 0xb4b4b4},
    {70, "snow_ice", 0xf0f0f0},   {80, "water", 0x0064c8},       {90, "herbaceous_wetland", 0x0096a0},
    {95, "mangroves", 0x00cf75},  {100, "moss_lichen", 0xfae6a0}};

// NLCD legend (MRLC): codes, names and colours.
const std::vector<LandCoverClass> nlcd{{11, "open_water", 0x466b9f},       {12, "ice_snow", 0xd1def8},
                                       {21, "developed_open", 0xdec5c5},   {22, "developed_low", 0xd99282},
                                       {23, "developed_medium", 0xeb0000}, {24, "developed_high", 0xab0000},
                                       {31, "barren", 0xb3ac9f},           {41, "deciduous_forest", 0x68ab5f},
                                       {42, "evergreen_forest", 0x1c5f2c}, {43, "mixed_forest", 0xb5c58f},
                                       {51, "dwarf_scrub", 0xaf963c},      {52, "shrub", 0xccb879},
                                       {71, "grassland", 0xdfdfc2},        {72, "sedge", 0xd1d182},
                                       {73, "lichens", 0xa3cc51},          {74, "moss", 0x82ba9e},
                                       {81, "pasture", 0xdcd939},          {82, "crops", 0xab6c28},
                                       {90, "woody_wetland", 0xb8d9eb},    {95, "emergent_wetland", 0x6c9fb8}};

// What each NLCD class is among WorldCover's, so that one table of guild values serves both schemes.
const std::map<std::string, std::string> worldcover_of_nlcd{{"open_water", "water"},
                                                            {"ice_snow", "snow_ice"},
                                                            {"developed_open", "grassland"},
                                                            {"developed_low", "built_up"},
                                                            {"developed_medium", "built_up"},
                                                            {"developed_high", "built_up"},
                                                            {"barren", "bare"},
                                                            {"deciduous_forest", "tree_cover"},
                                                            {"evergreen_forest", "tree_cover"},
                                                            {"mixed_forest", "tree_cover"},
                                                            {"dwarf_scrub", "shrubland"},
                                                            {"shrub", "shrubland"},
                                                            {"grassland", "grassland"},
                                                            {"sedge", "herbaceous_wetland"},
                                                            {"lichens", "moss_lichen"},
                                                            {"moss", "moss_lichen"},
                                                            {"pasture", "cropland"},
                                                            {"crops", "cropland"},
                                                            {"woody_wetland", "tree_cover"},
                                                            {"emergent_wetland", "herbaceous_wetland"}};

/// Expert values to start from, in the ranges that published least-cost studies use; docs/methods.md says which.
GuildPreset forest_mammals() {
  GuildPreset preset;
  preset.guild.title = "Forest mammals";
  preset.guild.quality_threshold = 0.5;
  preset.guild.minimum_patch_ha = 10.0;
  preset.guild.disturbance_sensitivity = 1.0;
  preset.guild.dispersal = {5000.0, 0.5};
  preset.guild.links.max_cost_m = 50000.0;
  preset.quality = {{"tree_cover", 1.0},         {"shrubland", 0.5}, {"grassland", 0.2},  {"cropland", 0.1},
                    {"built_up", 0.0},           {"bare", 0.0},      {"snow_ice", 0.0},   {"water", 0.0},
                    {"herbaceous_wetland", 0.2}, {"mangroves", 0.8}, {"moss_lichen", 0.1}};
  preset.resistance = {{"tree_cover", 1.0},          {"shrubland", 3.0}, {"grassland", 8.0},    {"cropland", 15.0},
                       {"built_up", 100.0},          {"bare", 20.0},     {"snow_ice", 100.0},   {"water", 80.0},
                       {"herbaceous_wetland", 15.0}, {"mangroves", 5.0}, {"moss_lichen", 20.0}, {"default", 200.0}};
  return preset;
}

GuildPreset wetland_amphibians() {
  GuildPreset preset;
  preset.guild.title = "Wetland amphibians";
  preset.guild.quality_threshold = 0.4;
  preset.guild.minimum_patch_ha = 0.5;
  preset.guild.disturbance_sensitivity = 0.5;
  preset.guild.dispersal = {1500.0, 0.5};
  preset.guild.links.max_cost_m = 20000.0;
  preset.quality = {{"tree_cover", 0.2},         {"shrubland", 0.2}, {"grassland", 0.3},  {"cropland", 0.2},
                    {"built_up", 0.0},           {"bare", 0.0},      {"snow_ice", 0.0},   {"water", 0.6},
                    {"herbaceous_wetland", 1.0}, {"mangroves", 0.8}, {"moss_lichen", 0.2}};
  preset.resistance = {{"tree_cover", 4.0},         {"shrubland", 4.0}, {"grassland", 3.0},   {"cropland", 6.0},
                       {"built_up", 60.0},          {"bare", 20.0},     {"snow_ice", 100.0},  {"water", 2.0},
                       {"herbaceous_wetland", 1.0}, {"mangroves", 2.0}, {"moss_lichen", 5.0}, {"default", 100.0}};
  return preset;
}

GuildPreset ground_birds() {
  GuildPreset preset;
  preset.guild.title = "Ground birds";
  preset.guild.quality_threshold = 0.5;
  preset.guild.minimum_patch_ha = 3.0;
  preset.guild.disturbance_sensitivity = 1.0;
  preset.guild.dispersal = {3000.0, 0.5};
  preset.guild.links.max_cost_m = 30000.0;
  preset.quality = {{"tree_cover", 0.3},         {"shrubland", 0.8}, {"grassland", 1.0},  {"cropland", 0.4},
                    {"built_up", 0.0},           {"bare", 0.2},      {"snow_ice", 0.0},   {"water", 0.0},
                    {"herbaceous_wetland", 0.7}, {"mangroves", 0.2}, {"moss_lichen", 0.5}};
  preset.resistance = {{"tree_cover", 4.0},         {"shrubland", 1.5}, {"grassland", 1.0},   {"cropland", 2.0},
                       {"built_up", 30.0},          {"bare", 4.0},      {"snow_ice", 50.0},   {"water", 10.0},
                       {"herbaceous_wetland", 2.0}, {"mangroves", 8.0}, {"moss_lichen", 2.0}, {"default", 40.0}};
  return preset;
}

}  // namespace

std::vector<std::string> class_schemes() { return {"worldcover", "nlcd", "none"}; }

ClassTable class_scheme(const std::string& scheme) {
  if (scheme == "worldcover") return {worldcover};
  if (scheme == "nlcd") return {nlcd};
  return {};
}

SchemeWords words_of_scheme(const std::string& scheme) {
  if (scheme == "worldcover")
    return {"herbaceous_wetland", "grassland", "built_up", "tree_cover", {"water"}, {"herbaceous_wetland", "mangroves"},
            {"tree_cover"},       {"built_up"}};
  if (scheme == "nlcd")
    return {"emergent_wetland",
            "grassland",
            "developed_medium",
            "mixed_forest",
            {"open_water"},
            {"woody_wetland", "emergent_wetland"},
            {"deciduous_forest", "evergreen_forest", "mixed_forest"},
            {"developed_low", "developed_medium", "developed_high"}};
  return {};
}

std::vector<std::string> guild_presets() { return {"forest_mammals", "wetland_amphibians", "ground_birds"}; }

std::optional<GuildPreset> guild_preset(const std::string& name, const std::string& scheme) {
  GuildPreset preset;
  if (name == "forest_mammals")
    preset = forest_mammals();
  else if (name == "wetland_amphibians")
    preset = wetland_amphibians();
  else if (name == "ground_birds")
    preset = ground_birds();
  else
    return std::nullopt;
  preset.quality["default"] = 0.0;
  if (scheme == "nlcd") {
    const auto carry = [](const Values& values) {
      Values carried;
      for (const auto& [ours, theirs] : worldcover_of_nlcd) carried[ours] = values.at(theirs);
      carried["default"] = values.at("default");
      return carried;
    };
    preset.quality = carry(preset.quality);
    preset.resistance = carry(preset.resistance);
  }
  return preset;
}

std::vector<GreenwayType> greenway_presets(const std::string& scheme) {
  const std::string trees = words_of_scheme(scheme).tree_cover;
  // Control zones: Pearl River Delta greenway guideline. Belts (a side 15, 10 and 3 m) and trails: Fujian 2014.
  // Disturbance of ordinary use: the visitor step table at 1, 5 and 15 groups a day.
  return {{"ecological", 200.0, 30.0, 2.0, trees, 30.0},
          {"suburban", 100.0, 20.0, 3.0, trees, 60.0},
          {"urban", 20.0, 6.0, 3.5, trees, 100.0}};
}

std::optional<RecoveryCurve> recovery_preset(const std::string& name) {
  if (name == "animals") return RecoveryCurve{1.0, 4.0};
  if (name == "plants") return RecoveryCurve{0.74, 12.0};
  if (name == "soil_carbon") return RecoveryCurve{0.77, 19.0};
  if (name == "none") return RecoveryCurve{1.0, 0.0};
  return std::nullopt;
}

}  // namespace greenweave
