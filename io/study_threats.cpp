#include "io/study_threats.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "io/raster_io.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<std::string> class_names(const Study& study) {
  std::vector<std::string> names;
  for (const LandCoverClass& c : study.landscape.classes->classes) names.push_back(c.name);
  return names;
}

bool is_in(const std::string& word, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// A number from 0 to 1 for each class that a table names; `default` may be among the names.
std::map<std::string, double> by_class(Section& section, const std::string& key, const std::string& what,
                                       const std::vector<std::string>& classes, bool with_default) {
  std::map<std::string, double> numbers;
  const auto given = section.values(key);
  if (!given) return numbers;
  for (const auto& [name, value] : *given) {
    if (!is_in(name, classes) && !(with_default && name == "default"))
      section.fail(key, fmt::format("there is no class \"{}\"", name), suggest(name, classes));
    const double* number = std::get_if<double>(&value);
    if (number == nullptr || !(*number >= 0.0 && *number <= 1.0))
      section.fail(key,
                   number == nullptr ? fmt::format("{} = \"{}\" is no number", name, std::get<std::string>(value))
                                     : fmt::format("{} = {:g} is out of range", name, *number),
                   fmt::format("give {} from 0 to 1", what));
    numbers[name] = *number;
  }
  return numbers;
}

/// A raster of numbers from 0 to 1 on the study's frame.
std::shared_ptr<const Raster<float>> read_shares(Section& section, const std::string& key, const std::string& role,
                                                 const std::string& what, Study& study) {
  const std::optional<fs::path> path = section.path(key);
  if (!path) return nullptr;
  const Frame& frame = study.landscape.frame;
  auto raster = std::make_shared<Raster<float>>(read_raster(*path, frame, Resampling::nearest, role));
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell)
    if (raster->is_valid(cell) && !((*raster)[cell] >= 0.0F && (*raster)[cell] <= 1.0F))
      throw InputError(
          path->string(),
          fmt::format("row {}, column {} of the study's frame", frame.shape.row(cell) + 1, frame.shape.col(cell) + 1),
          fmt::format("{:g} is no {} ({})", (*raster)[cell], what, role), "give numbers from 0 to 1, or NoData");
  record_input(study, role, *path);
  return raster;
}

/// A number above 0.
double above_zero(Section& section, const std::string& key, double usual, const std::string& remedy) {
  const double value = section.number(key).value_or(usual);
  if (!(value > 0.0 && value < infinity)) section.fail(key, fmt::format("{:g} is not above 0", value), remedy);
  return value;
}

/// By guild, how sensitive its classes are: a number for all, or a number by class.
std::vector<double> read_sensitivity(Section* given, const Guild& guild, const std::vector<std::string>& classes) {
  std::map<std::string, double> numbers;
  if (given != nullptr && given->is_table(guild.name))
    numbers = by_class(*given, guild.name, "a sensitivity", classes, true);
  else if (given != nullptr && given->has(guild.name))
    numbers["default"] = given->number(guild.name, 1.0, 0.0, 1.0);
  const double usual = numbers.count("default") != 0 ? numbers["default"] : 1.0;
  std::vector<double> sensitivity;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const auto own = numbers.find(classes[c]);
    sensitivity.push_back(own != numbers.end() ? own->second : guild.quality[c] > 0.0F ? usual : 0.0);
  }
  return sensitivity;
}

StudyThreat read_threat(Section& item, const std::string& name, const StudySoFar& so_far, ThreatsAnalysis& what,
                        const std::vector<std::string>& felt_by) {
  Study& study = so_far.study;
  const std::vector<std::string> classes = class_names(study);
  StudyThreat threat;
  threat.name = name;
  const auto intensities = by_class(item, "classes", "an intensity", classes, false);
  for (const std::string& c : classes) {
    const auto own = intensities.find(c);
    threat.intensity.push_back(own == intensities.end() ? 0.0 : own->second);
  }
  threat.raster = read_shares(item, "raster", "threat_" + name, "intensity of a threat", study);
  if (intensities.empty() && threat.raster == nullptr)
    item.fail("", "nothing makes it: there are neither `classes` nor `raster`",
              "add classes = { built_up = 1.0 }: land-cover classes that threaten, each with an intensity");
  threat.rule.weight =
      above_zero(item, "weight", 1.0, "give its weight among the threats, above 0, or take the threat out");
  if (!item.has("reach_m"))
    item.fail("", "`reach_m` is missing", "add how far from its cells the threat is felt, in metres");
  threat.rule.reach_m = above_zero(item, "reach_m", 0.0, "give a distance in metres above 0");
  threat.rule.decay = item.choice("decay", "linear", {"linear", "exponential"}) == "linear" ? ThreatDecay::linear
                                                                                            : ThreatDecay::exponential;
  std::optional<Section> sensitivity = item.table("sensitivity");
  if (sensitivity) {
    for (const std::string& guild : sensitivity->keys()) {
      const std::vector<std::string> known = guild_names(study);
      if (!is_in(guild, known))
        sensitivity->fail(guild, fmt::format("there is no guild \"{}\"", guild), suggest(guild, known));
      if (!is_in(guild, felt_by))
        sensitivity->fail(guild, fmt::format("\"{}\" is not among the guilds that feel threats", guild),
                          "add it to `guilds` in [threats], or take the line out");
    }
  }
  for (GuildThreats& guild : what.guilds) {
    const auto of =
        std::find_if(study.guilds.begin(), study.guilds.end(), [&](const Guild& g) { return g.name == guild.guild; });
    guild.sensitivity.push_back(read_sensitivity(sensitivity ? &*sensitivity : nullptr, *of, classes));
  }
  item.done();
  return threat;
}

}  // namespace

void read_threats(Section& section, const StudySoFar& so_far) {
  Study& study = so_far.study;
  ThreatsAnalysis what;
  what.mode =
      section.choice("mode", "nearest", {"nearest", "summed"}) == "nearest" ? ThreatMode::nearest : ThreatMode::summed;
  what.scaling = above_zero(section, "scaling", what.scaling, "give a number above 0; the guide's is 2.5");
  double half_saturation = 0.0;
  if (section.number("half_saturation"))
    half_saturation = above_zero(section, "half_saturation", 0.0,
                                 "give the degradation at which half of the quality is lost, above 0, or take the key "
                                 "out");
  what.access = read_shares(section, "access", "threat_access", "accessibility", study);
  section.texts("levels");
  what.levels = read_levels(section, study);
  std::vector<std::string> felt_by = guild_names(study);
  if (section.texts("guilds")) felt_by = names_among(section, "guilds", "guild", felt_by);
  if (felt_by.empty()) section.fail("guilds", "the list is empty", "name at least one guild, or take the key out");
  for (const Guild& guild : study.guilds)
    if (is_in(guild.name, felt_by)) what.guilds.push_back({guild.name, {}, half_saturation});
  // Every table in it is a threat; what else there is, is a key that nobody knows.
  for (const std::string& name : section.keys()) {
    if (!section.is_table(name)) continue;
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!plain || name.empty())
      section.fail(name, fmt::format("\"{}\" cannot name a column", name), "use letters, digits and underscores");
    Section item = *section.table(name);
    what.threats.push_back(read_threat(item, name, so_far, what, felt_by));
  }
  section.done();
  if (what.threats.empty())
    section.fail("", "there is no threat", "add [threats.NAME] with classes = { built_up = 1.0 } and reach_m = 1000");
  study.analyses.threats = std::move(what);
  settle_threats(study);
  for (const GuildThreats& guild : study.analyses.threats->guilds)
    if (!(guild.half_saturation > 0.0))
      section.fail("",
                   fmt::format("nothing threatens the habitat of \"{}\" before any action, so there is no largest "
                               "degradation to take half of",
                               guild.guild),
                   "give half_saturation = 0.05 or another number, or leave the guild out of `guilds`");
}

}  // namespace greenweave
