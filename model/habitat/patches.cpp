#include "model/habitat/patches.hpp"

#include <algorithm>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

/// Union-find over provisional labels in which the root of a set is its smallest label, so that what is found first in
/// row-major order also names the component, whatever the order of the unions.
class Equivalences {
 public:
  explicit Equivalences(std::size_t size) : parent_(size) {}

  void make(std::int32_t label) { parent_[static_cast<std::size_t>(label)] = label; }

  std::int32_t find(std::int32_t label) {
    std::int32_t root = label;
    while (parent_[static_cast<std::size_t>(root)] != root) root = parent_[static_cast<std::size_t>(root)];
    while (parent_[static_cast<std::size_t>(label)] != root) {
      const std::int32_t next = parent_[static_cast<std::size_t>(label)];
      parent_[static_cast<std::size_t>(label)] = root;
      label = next;
    }
    return root;
  }

  std::int32_t unite(std::int32_t a, std::int32_t b) {
    a = find(a);
    b = find(b);
    if (a == b) return a;
    const std::int32_t low = std::min(a, b);
    parent_[static_cast<std::size_t>(std::max(a, b))] = low;
    return low;
  }

 private:
  std::vector<std::int32_t> parent_;
};

constexpr std::int64_t rows_per_strip = 64;

/// First pass over a strip: provisional labels, unique over all strips because each strip draws from its own range.
/// Returns the number of labels drawn from `first_label` on.
std::int32_t label_strip(const Raster<std::uint8_t>& mask, bool eight, std::int32_t row_begin, std::int32_t row_end,
                         std::int32_t first_label, Equivalences& same, Raster<std::int32_t>& label) {
  const std::int32_t cols = mask.shape.cols;
  std::int32_t next = first_label;
  for (std::int32_t r = row_begin; r < row_end; ++r) {
    const std::uint8_t* here = mask.values.data() + static_cast<std::ptrdiff_t>(r) * cols;
    std::int32_t* out = label.values.data() + static_cast<std::ptrdiff_t>(r) * cols;
    const std::int32_t* above = r > row_begin ? out - cols : nullptr;
    for (std::int32_t c = 0; c < cols; ++c) {
      if (here[c] == 0) {
        out[c] = 0;
        continue;
      }
      const std::int32_t north = above != nullptr ? above[c] : 0;
      const std::int32_t west = c > 0 ? out[c - 1] : 0;
      if (eight && above != nullptr) {
        // North already joins north-west, north-east and west, each of which touches it; without it the eastern one
        // may bring two components together.
        if (north != 0) {
          out[c] = north;
          continue;
        }
        const std::int32_t north_east = c + 1 < cols ? above[c + 1] : 0;
        const std::int32_t north_west = c > 0 ? above[c - 1] : 0;
        const std::int32_t left = west != 0 ? west : north_west;
        if (left != 0)
          out[c] = north_east != 0 ? same.unite(left, north_east) : left;
        else if (north_east != 0)
          out[c] = north_east;
        else
          same.make(out[c] = next++);
        continue;
      }
      if (north != 0)
        out[c] = west != 0 && west != north ? same.unite(north, west) : north;
      else if (west != 0)
        out[c] = west;
      else
        same.make(out[c] = next++);
    }
  }
  return next - first_label;
}

/// Joins labels across the border between two strips.
void join_strips(bool eight, std::int32_t row, Equivalences& same, const Raster<std::int32_t>& label) {
  const std::int32_t cols = label.shape.cols;
  const std::int32_t* below = label.values.data() + static_cast<std::ptrdiff_t>(row) * cols;
  const std::int32_t* above = below - cols;
  for (std::int32_t c = 0; c < cols; ++c) {
    if (below[c] == 0) continue;
    if (above[c] != 0) {
      same.unite(below[c], above[c]);
    } else if (eight) {
      if (c > 0 && above[c - 1] != 0) same.unite(below[c], above[c - 1]);
      if (c + 1 < cols && above[c + 1] != 0) same.unite(below[c], above[c + 1]);
    }
  }
}

}  // namespace

Raster<std::uint8_t> habitat_mask(const HabitatSurface& surface, double quality_threshold) {
  Raster<std::uint8_t> mask(surface.quality.shape);
  const auto threshold = static_cast<float>(quality_threshold);
  parallel_pieces(mask.shape.cells(), 1 << 18, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      mask.values[i] = surface.quality.values[i] >= threshold && surface.quality.values[i] > 0.0F;
  });
  return mask;
}

Raster<std::int32_t> label_components(const Raster<std::uint8_t>& mask, Neighbourhood neighbourhood,
                                      std::int32_t* count) {
  const Shape shape = mask.shape;
  const bool eight = neighbourhood == Neighbourhood::eight;
  Raster<std::int32_t> label(shape);
  const std::int64_t strips = (shape.rows + rows_per_strip - 1) / rows_per_strip;
  // No two neighbouring cells of a row both begin a label, so half a strip's cells (rounded up by row) are enough.
  const std::int64_t per_row = (shape.cols + 1) / 2;
  Equivalences same(static_cast<std::size_t>(per_row * shape.rows + 1));
  std::vector<std::int32_t> used(static_cast<std::size_t>(strips));
  const auto first_of = [&](std::int64_t strip) {
    return static_cast<std::int32_t>(strip * rows_per_strip * per_row + 1);
  };
  parallel_for(strips, [&](std::int64_t k) {
    const auto begin = static_cast<std::int32_t>(k * rows_per_strip);
    const auto end = static_cast<std::int32_t>(std::min<std::int64_t>(shape.rows, (k + 1) * rows_per_strip));
    used[static_cast<std::size_t>(k)] = label_strip(mask, eight, begin, end, first_of(k), same, label);
  });
  for (std::int64_t k = 1; k < strips; ++k)
    join_strips(eight, static_cast<std::int32_t>(k * rows_per_strip), same, label);

  // Final numbers in the order of the provisional labels, which is the order in which components are met.
  std::vector<std::int32_t> final_label(static_cast<std::size_t>(per_row * shape.rows + 1), 0);
  std::int32_t found = 0;
  for (std::int64_t k = 0; k < strips; ++k)
    for (std::int32_t l = first_of(k); l < first_of(k) + used[static_cast<std::size_t>(k)]; ++l) {
      const std::int32_t root = same.find(l);
      final_label[static_cast<std::size_t>(l)] = root == l ? ++found : final_label[static_cast<std::size_t>(root)];
    }
  parallel_pieces(shape.cells(), 1 << 18, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      if (label.values[i] != 0) label.values[i] = final_label[static_cast<std::size_t>(label.values[i])];
  });
  if (count != nullptr) *count = found;
  return label;
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
