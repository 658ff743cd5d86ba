#pragma once
// Small studies for tests, drawn as text.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "scenarios/study.hpp"

namespace greenweave::testing {

/// Classes of drawn studies: c crop, t tree, g grass, w water, m marsh, b built, r road. Cells of 30 m.
inline Study drawn_study(const std::vector<std::string>& rows) {
  static const std::vector<std::pair<char, std::string>> letters{
      {'c', "crop"}, {'t', "tree"}, {'g', "grass"}, {'w', "water"}, {'m', "marsh"}, {'b', "built"}, {'r', "road"}};
  Study study;
  study.name = study.title = "drawn";
  auto classes = std::make_shared<ClassTable>();
  std::map<char, ClassIndex> index;
  for (const auto& [letter, name] : letters) {
    index[letter] = static_cast<ClassIndex>(classes->classes.size());
    classes->classes.push_back({static_cast<int>(letter), name, 0x808080});
  }
  study.landscape.classes = classes;
  const Shape shape{static_cast<std::int32_t>(rows.size()), static_cast<std::int32_t>(rows.front().size())};
  study.landscape.frame = {shape, 30.0, 0.0, 30.0 * shape.rows, ""};
  study.landscape.cover = Raster<ClassIndex>(shape);
  for (std::int32_t r = 0; r < shape.rows; ++r)
    for (std::int32_t c = 0; c < shape.cols; ++c)
      study.landscape.cover.at(r, c) = index.at(rows[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)]);
  study.greenway_types = {{"suburban", 100.0, 20.0, 3.0, "tree", 30.0}};
  Guild guild;
  guild.name = guild.title = "forest";
  guild.quality = {0.1F, 1.0F, 0.2F, 0.0F, 0.3F, 0.0F, 0.0F};
  guild.resistance = {5.0F, 1.0F, 3.0F, 50.0F, 4.0F, 60.0F, impassable};
  guild.minimum_patch_ha = 0.0;
  guild.dispersal = {1000.0, 0.5};
  study.guilds = {guild};
  study.scenarios = {{"baseline", "Baseline", {}}};
  study.years = {2030};
  return study;
}

/// The rectangle that covers the cells from (r0, c0) to (r1, c1), both included.
inline Geometry rectangle(const Frame& frame, int r0, int c0, int r1, int c1) {
  const double w = frame.west + c0 * frame.cell_m, e = frame.west + (c1 + 1) * frame.cell_m;
  const double n = frame.north - r0 * frame.cell_m, s = frame.north - (r1 + 1) * frame.cell_m;
  return {Geometry::Kind::polygons, {{{w, n}, {e, n}, {e, s}, {w, s}, {w, n}}}};
}

}  // namespace greenweave::testing
