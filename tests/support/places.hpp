#pragma once
// Small landscapes with their patches, drawn or random.
#include <algorithm>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>

#include "model/habitat/patches.hpp"
#include "tests/support/drawn.hpp"
#include "tests/support/random_rasters.hpp"

namespace greenweave::testing {

struct Place {
  Frame frame;
  HabitatSurface surface;
  PatchSet patches;
};

inline Place place_of(Raster<float> resistance, Raster<float> quality, double cell_m) {
  Place place;
  place.frame = frame_of(resistance.shape, cell_m);
  place.surface = {std::move(quality), std::move(resistance)};
  Guild guild;
  guild.minimum_patch_ha = 0.0;
  place.patches = find_patches(place.frame, place.surface, guild);
  return place;
}

/// Letters are habitat; digits are resistances; # is impassable. Habitat has resistance 1.
inline Place drawn_place(std::initializer_list<std::string> rows, double cell_m = 1.0) {
  std::map<char, float> resistance{{'#', impassable}}, quality{{'#', 0.0F}};
  for (char c = '1'; c <= '9'; ++c) resistance[c] = static_cast<float>(c - '0'), quality[c] = 0.0F;
  for (char c = 'A'; c <= 'Z'; ++c) resistance[c] = 1.0F, quality[c] = 1.0F;
  return place_of(drawn(rows, resistance), drawn(rows, quality), cell_m);
}

/// A few rectangles of habitat in a random surface.
inline Raster<float> random_habitat(Dice& dice, const Shape& shape, int rectangles, std::int32_t most_side) {
  Raster<float> quality(shape);
  for (int k = 0; k < rectangles; ++k) {
    const std::int32_t r0 = dice.below(shape.rows), c0 = dice.below(shape.cols);
    const std::int32_t r1 = std::min(shape.rows, r0 + 1 + dice.below(most_side));
    const std::int32_t c1 = std::min(shape.cols, c0 + 1 + dice.below(most_side));
    for (std::int32_t r = r0; r < r1; ++r)
      for (std::int32_t c = c0; c < c1; ++c) quality.at(r, c) = 1.0F;
  }
  return quality;
}

inline Place random_place(Dice& dice, std::int32_t most) {
  const Shape shape = random_shape(dice, most);
  const Resistances kind =
      dice.chance(0.6) ? Resistances::classes : (dice.chance(0.5) ? Resistances::noise : Resistances::contrast);
  Raster<float> resistance = random_resistance(dice, shape, kind, dice.chance(0.5) ? 0.35 : 0.0);
  return place_of(std::move(resistance), random_habitat(dice, shape, 1 + dice.below(9), 5), dice.chance(0.5) ? 1 : 30);
}

/// The cells of a patch.
inline std::vector<Cell> cells_of_patch(const PatchSet& patches, int patch) {
  std::vector<Cell> cells;
  for (Cell cell = 0; cell < patches.label.shape.cells(); ++cell)
    if (patches.label[cell] == patch + 1) cells.push_back(cell);
  return cells;
}

/// Random heights up to `rise_m` apart on a hillside half as steep, some unknown.
inline std::shared_ptr<const Raster<float>> random_heights(Dice& dice, const Shape& shape, double rise_m) {
  auto heights = std::make_shared<Raster<float>>(shape);
  heights->valid.assign(heights->values.size(), 1);
  for (std::size_t i = 0; i < heights->values.size(); ++i) {
    heights->values[i] = static_cast<float>(rise_m * (0.5 * shape.row(static_cast<Cell>(i)) + dice.uniform()));
    if (dice.chance(0.03)) heights->valid[i] = 0;
  }
  return heights;
}

/// Effects of slope on random heights, now and then with a limit of steepness, now and then with two lines.
inline std::shared_ptr<const StepEffects> random_effects(Dice& dice, const Frame& frame, bool slope, bool lines) {
  auto effects = std::make_shared<StepEffects>();
  effects->cell_m = frame.cell_m;
  if (slope) {
    effects->elevation_m = random_heights(dice, frame.shape, frame.cell_m * dice.uniform());
    effects->slope.kind = dice.chance(0.5) ? SlopeResponse::Kind::tobler : SlopeResponse::Kind::table;
    effects->slope.table = {{-0.5, 3.0}, {-0.1, 0.8}, {0.0, 1.0}, {0.6, 6.0}};
    if (dice.chance(0.3)) effects->slope.steepest = 0.4;
  }
  if (lines) {
    const auto place = [&] {
      return Point{frame.west + dice.uniform() * (frame.east() - frame.west),
                   frame.south() + dice.uniform() * (frame.north - frame.south())};
    };
    std::vector<LineOnGround> on_ground;
    for (const char* name : {"canal", "road"})
      on_ground.push_back({name, {Geometry::Kind::lines, {{place(), place(), place()}}}, 2.0 * frame.cell_m});
    effects->axes = std::make_shared<LineAxes>(line_axes(frame, on_ground));
    effects->lines = {{0, 0.3, 4.0}, {1, 1.0, 8.0}};
  }
  return effects;
}

}  // namespace greenweave::testing
