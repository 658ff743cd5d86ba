#include "model/water/basins.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "model/run/error.hpp"

namespace greenweave {

namespace {

/// A band of a part of the place.
struct Terrace {
  float floor_m = 0.0F, level_m = 0.0F;
};

}  // namespace

std::vector<float> level_basins(const Raster<float>& ground_m, std::span<const Cell> cells, const BasinShape& shape) {
  if (!(shape.depth_m > 0.0))
    throw InputError("", "basin", fmt::format("a depth of {:g} m", shape.depth_m), "give a depth above 0");
  if (!(shape.terrace_m >= 2.0 * shape.depth_m))
    throw InputError("", "basin", fmt::format("terraces of {:g} m for water of {:g} m", shape.terrace_m, shape.depth_m),
                     "let terraces fall by at least twice the depth");
  assert(std::is_sorted(cells.begin(), cells.end()));
  const Shape& grid = ground_m.shape;
  const auto place_of = [&](Cell cell) {  // position in `cells`, -1: outside the place
    const auto found = std::lower_bound(cells.begin(), cells.end(), cell);
    return found != cells.end() && *found == cell ? found - cells.begin() : std::ptrdiff_t{-1};
  };

  // Parts of the place, and the terrace of each cell.
  std::vector<Terrace> terraces;
  std::vector<std::int32_t> terrace(cells.size(), -1);
  std::vector<std::size_t> part;
  for (std::size_t first = 0; first < cells.size(); ++first) {
    if (terrace[first] >= 0) continue;
    const auto begun = static_cast<std::int32_t>(terraces.size());
    part.assign(1, first);
    terrace[first] = begun;
    for (std::size_t k = 0; k < part.size(); ++k)
      for_each_neighbour(grid, cells[part[k]], Neighbourhood::eight, [&](Cell next, bool) {
        const std::ptrdiff_t i = place_of(next);
        if (i < 0 || terrace[static_cast<std::size_t>(i)] >= 0) return;
        terrace[static_cast<std::size_t>(i)] = begun;
        part.push_back(static_cast<std::size_t>(i));
      });
    const auto height = [&](std::size_t i) { return static_cast<double>(ground_m[cells[i]]); };
    double low = height(first), high = low;
    for (const std::size_t i : part) {
      low = std::min(low, height(i));
      high = std::max(high, height(i));
    }
    const double bands = std::max(1.0, std::ceil((high - low) / shape.terrace_m)), fall = (high - low) / bands;
    for (double band = 0.0; band < bands; ++band) {
      const double floor = std::min(low + (band + 0.5) * fall, low + (band + 1.0) * fall - shape.depth_m);
      terraces.push_back({static_cast<float>(floor), static_cast<float>(floor + shape.depth_m)});
    }
    for (const std::size_t i : part) {
      const double band = fall > 0.0 ? std::clamp(std::floor((height(i) - low) / fall), 0.0, bands - 1.0) : 0.0;
      terrace[i] = begun + static_cast<std::int32_t>(band);
    }
  }

  const auto terrace_of = [&](std::size_t i) -> const Terrace& {
    return terraces[static_cast<std::size_t>(terrace[i])];
  };
  std::vector<std::uint8_t> leaks(cells.size(), 0);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const float level = terrace_of(i).level_m;
    int neighbours = 0;
    for_each_neighbour(grid, cells[i], Neighbourhood::eight, [&](Cell next, bool) {
      ++neighbours;
      const std::ptrdiff_t k = place_of(next);
      float beside = 0.0F;
      if (k >= 0) {
        if (terrace[static_cast<std::size_t>(k)] == terrace[i]) return;
        beside = terrace_of(static_cast<std::size_t>(k)).floor_m;
      } else {
        beside = ground_m[next];
      }
      if ((k < 0 && !ground_m.is_valid(next)) || beside < level) leaks[i] = 1;
    });
    if (neighbours < 8) leaks[i] = 1;  // the grid's rim, where water leaves
  }

  std::vector<float> heights(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const float ground = ground_m[cells[i]];
    if (leaks[i] == 0) {
      heights[i] = terrace_of(i).floor_m;
      continue;
    }
    bool holds = false;
    for_each_neighbour(grid, cells[i], Neighbourhood::eight, [&](Cell next, bool) {
      const std::ptrdiff_t k = place_of(next);
      holds = holds ||
              (k >= 0 && terrace[static_cast<std::size_t>(k)] == terrace[i] && leaks[static_cast<std::size_t>(k)] == 0);
    });
    heights[i] = holds ? std::max(ground, terrace_of(i).level_m) : ground;
  }
  return heights;
}

}  // namespace greenweave
