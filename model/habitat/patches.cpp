#include "model/habitat/patches.hpp"

#include "model/run/parallel.hpp"

namespace greenweave {

Raster<std::uint8_t> habitat_mask(const HabitatSurface& surface, double quality_threshold) {
  Raster<std::uint8_t> mask(surface.quality.shape);
  const auto threshold = static_cast<float>(quality_threshold);
  parallel_pieces(mask.shape.cells(), 1 << 18, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      mask.values[i] = surface.quality.values[i] >= threshold && surface.quality.values[i] > 0.0F;
  });
  return mask;
}

PatchSet find_patches(const Frame& frame, const HabitatSurface& surface, const Guild& guild) {
  std::int32_t count = 0;
  PatchSet set;
  set.label = label_components(habitat_mask(surface, guild.quality_threshold), guild.patch_neighbourhood, &count);
  struct Tally {
    std::int64_t cells = 0, rows = 0, cols = 0;
    double quality = 0.0;
    Cell first = -1;
  };
  // Serial on purpose: one streaming pass, and sums in row-major order are the same on every machine.
  std::vector<Tally> tallies(static_cast<std::size_t>(count));
  Cell cell = 0;
  for (std::int32_t r = 0; r < frame.shape.rows; ++r)
    for (std::int32_t c = 0; c < frame.shape.cols; ++c, ++cell) {
      const std::int32_t label = set.label[cell];
      if (label == 0) continue;
      Tally& tally = tallies[static_cast<std::size_t>(label - 1)];
      if (tally.cells++ == 0) tally.first = cell;
      tally.rows += r;
      tally.cols += c;
      tally.quality += static_cast<double>(surface.quality[cell]);
    }
  std::vector<std::int32_t> kept(tallies.size() + 1, 0);
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    const Tally& tally = tallies[i];
    const double area_ha = static_cast<double>(tally.cells) * frame.cell_area_ha();
    if (area_ha < guild.minimum_patch_ha) continue;
    const auto n = static_cast<double>(tally.cells);
    Patch patch;
    patch.cells = tally.cells;
    patch.area_ha = area_ha;
    patch.attribute = guild.quality_weighted_area ? tally.quality * frame.cell_area_ha() : area_ha;
    patch.centroid = {frame.west + (static_cast<double>(tally.cols) / n + 0.5) * frame.cell_m,
                      frame.north - (static_cast<double>(tally.rows) / n + 0.5) * frame.cell_m};
    patch.first = tally.first;
    set.patches.push_back(patch);
    kept[i + 1] = static_cast<std::int32_t>(set.patches.size());
  }
  if (set.patches.size() != tallies.size())
    parallel_pieces(frame.shape.cells(), 1 << 18, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
        set.label.values[i] = kept[static_cast<std::size_t>(set.label.values[i])];
    });
  return set;
}

}  // namespace greenweave
