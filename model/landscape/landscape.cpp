#include "model/landscape/landscape.hpp"

#include <cmath>

#include "model/run/parallel.hpp"

namespace greenweave {

int ClassTable::index_of_code(int code) const {
  for (std::size_t i = 0; i < classes.size(); ++i)
    if (classes[i].code == code) return static_cast<int>(i);
  return -1;
}

int ClassTable::index_of_name(const std::string& name) const {
  for (std::size_t i = 0; i < classes.size(); ++i)
    if (classes[i].name == name) return static_cast<int>(i);
  return -1;
}

double Dispersal::alpha() const { return -std::log(probability) / distance_m; }

double Landscape::area_ha() const {
  if (cover.valid.empty()) return static_cast<double>(cover.shape.cells()) * frame.cell_area_ha();
  const auto cells =
      deterministic_sum<std::int64_t>(cover.shape.cells(), 1 << 18, [&](std::int64_t begin, std::int64_t end) {
        std::int64_t count = 0;
        for (std::int64_t i = begin; i < end; ++i) count += cover.valid[static_cast<std::size_t>(i)] != 0;
        return count;
      });
  return static_cast<double>(cells) * frame.cell_area_ha();
}

void Landscape::begin_recovery() {
  if (!recovery.empty()) return;
  former_cover = cover;
  recovery = Raster<float>(cover.shape, 1.0F);
}

namespace {

/// The guild's own raster among those by guild; null if it has none.
const Raster<float>* raster_of(const std::map<std::string, std::shared_ptr<const Raster<float>>>& by_guild,
                               const Guild& guild) {
  const auto own = by_guild.find(guild.name);
  const Raster<float>* raster = own == by_guild.end() ? nullptr : own->second.get();
  return raster == nullptr || raster->empty() ? nullptr : raster;
}

/// What makes steps of the guild depend on their direction here; null if nothing does.
std::shared_ptr<const StepEffects> step_effects(const Landscape& landscape, const Guild& guild) {
  const bool slope = landscape.elevation_m != nullptr && !guild.slope.is_none();
  const bool lines = guild.axes != nullptr && !guild.lines.empty();
  if (!slope && !lines) return nullptr;
  auto steps = std::make_shared<StepEffects>();
  steps->cell_m = landscape.frame.cell_m;
  if (slope) {
    steps->elevation_m = landscape.elevation_m;
    steps->slope = guild.slope;
  }
  if (lines) {
    steps->axes = guild.axes;
    steps->lines = guild.lines;
  }
  return steps;
}

/// How far each restored wetland is what the guild needs it to be.
std::vector<float> wetland_progress(const Landscape& landscape, const Guild& guild) {
  std::vector<float> progress;
  if (!guild.wetlands || landscape.wetlands.type.empty()) return progress;
  for (const std::vector<double>& recovery : landscape.wetlands.recovery) {
    double sum = 0.0;
    for (const std::size_t attribute : guild.wetlands->attributes) sum += recovery[attribute];
    const std::size_t needed = guild.wetlands->attributes.size();
    progress.push_back(needed == 0 ? 1.0F : static_cast<float>(sum / static_cast<double>(needed)));
  }
  return progress;
}

/// Quality of a type of wetland, fully developed.
float quality_of(WetlandType type, const Guild& guild, ClassIndex now, ClassIndex before) {
  const WetlandResponse& response = *guild.wetlands;
  if (type == WetlandType::dry) return response.dry.value_or(guild.quality[before]);
  const std::optional<float>& stated = type == WetlandType::open_water ? response.open_water
                                       : type == WetlandType::marsh    ? response.marsh
                                                                       : response.wet_meadow;
  return stated.value_or(guild.quality[now]);
}

}  // namespace

HabitatSurface habitat_surface(const Landscape& landscape, const Guild& guild, const DisturbanceRule& disturbance) {
  const Shape shape = landscape.frame.shape;
  HabitatSurface surface{Raster<float>(shape, 0.0F), Raster<float>(shape, impassable)};
  const auto quality_factor = static_cast<float>(1.0 - disturbance.quality_loss * guild.disturbance_sensitivity);
  const auto resistance_factor =
      static_cast<float>(std::pow(disturbance.resistance_factor, guild.disturbance_sensitivity));
  const bool recovering = !landscape.recovery.empty();
  const bool disturbing = !landscape.disturbed.empty();
  const Raster<float>* level = raster_of(landscape.disturbance, guild);
  const Raster<float>* left = raster_of(landscape.quality_left, guild);
  const Raster<float>* trampled = landscape.trampled.get();
  const Raster<float>* given = landscape.given_resistance.get();
  const std::vector<float> progress = wetland_progress(landscape, guild);
  surface.steps = step_effects(landscape, guild);

  parallel_pieces(shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto cell = static_cast<Cell>(i);
      if (!landscape.cover.is_valid(cell)) continue;
      const ClassIndex now = landscape.cover[cell];
      float quality = guild.quality[now];
      float resistance = guild.resistance[now];
      if (given != nullptr) resistance = given->is_valid(cell) ? (*given)[cell] : impassable;
      if (recovering && landscape.former_cover[cell] != now) {
        const ClassIndex before = landscape.former_cover[cell];
        const float f = landscape.recovery[cell];
        const float r0 = given != nullptr ? resistance : guild.resistance[before];
        const float r1 = guild.resistance[now];
        quality = guild.quality[before] + f * (quality - guild.quality[before]);
        // A barrier does not soften by degrees: it stands until the new class is fully there.
        if (std::isinf(r0) || std::isinf(r1))
          resistance = f >= 1.0F ? r1 : r0;
        else
          resistance = r0 * std::pow(r1 / r0, f);
      }
      if (!progress.empty()) {
        const auto type = static_cast<WetlandType>(landscape.wetlands.type[cell]);
        if (type != WetlandType::none) {
          const ClassIndex before = landscape.wetlands.former[cell];
          const float f = progress[static_cast<std::size_t>(landscape.wetlands.site[cell])];
          quality = guild.quality[before] + f * (quality_of(type, guild, now, before) - guild.quality[before]);
        }
      }
      if (left != nullptr) quality *= (*left)[cell];
      if (disturbing && landscape.disturbed[cell] != 0) {
        quality *= quality_factor;
        resistance *= resistance_factor;
      } else if (level != nullptr && (*level)[cell] > 0.0F) {
        const double felt = guild.disturbance_sensitivity * static_cast<double>((*level)[cell]);
        quality *= static_cast<float>(1.0 - disturbance.quality_loss * felt);
        resistance *= static_cast<float>(std::pow(disturbance.resistance_factor, felt));
      }
      if (trampled != nullptr) quality *= 1.0F - (*trampled)[cell];
      surface.quality[cell] = quality;
      surface.resistance[cell] = resistance;
    }
  });
  return surface;
}

}  // namespace greenweave
