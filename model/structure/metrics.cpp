#include "model/structure/metrics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "model/grid/components.hpp"
#include "model/run/parallel.hpp"
#include "model/run/simd.hpp"
#include "model/structure/nearest_patch.hpp"

namespace greenweave {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t rows_per_strip = 64;

/// Rows since the class above was another: 1 where it is.
GREENWEAVE_WIDE void run_on(const std::uint8_t* here, const std::uint8_t* before, std::uint8_t* rows,
                            std::int64_t cols) {
  for (std::int64_t c = 0; c < cols; ++c) {
    const auto more = static_cast<std::uint8_t>(rows[c] + (rows[c] < 255 ? 1 : 0));
    rows[c] = here[c] == before[c] ? more : std::uint8_t{1};
  }
}

GREENWEAVE_WIDE void keep_core(const std::uint8_t* here, const std::uint8_t* there, const std::uint8_t* up,
                               const std::uint8_t* down, std::uint8_t height, std::uint8_t* core, std::int64_t cols) {
  for (std::int64_t c = 0; c < cols; ++c)
    core[c] =
        static_cast<std::uint8_t>(core[c] & ((here[c] == there[c] && up[c] > height && down[c] > height) ? 1 : 0));
}

/// 1: all cells at most `depth` away, centre to centre, are of the cell's class. What lies beyond the frame is not.
std::vector<std::uint8_t> core_cells(const Shape& shape, const std::vector<std::uint8_t>& classes, int depth) {
  std::vector<std::uint8_t> height;
  for (int dx = 0; dx <= depth; ++dx) {
    int dy = depth;
    while (dx * dx + dy * dy > depth * depth) --dy;
    height.push_back(static_cast<std::uint8_t>(dy));
  }
  const std::int64_t cols = shape.cols, stride = cols + 2 * depth;
  std::vector<std::uint8_t> core(classes.size(), 0);
  parallel_pieces(shape.rows, rows_per_strip, [&](std::int64_t begin, std::int64_t end) {
    // How far each column runs on upwards and downwards; rows carry a margin in which nothing runs.
    const auto size = static_cast<std::size_t>((end - begin) * stride);
    std::vector<std::uint8_t> up(size, 0), down(size, 0), margin(static_cast<std::size_t>(stride), no_class);
    std::vector<std::uint8_t> rows(static_cast<std::size_t>(cols), 0);
    const auto row = [&](std::int64_t r) { return classes.data() + r * cols; };
    const auto at = [&](std::vector<std::uint8_t>& v, std::int64_t r) {
      return v.data() + (r - begin) * stride + depth;
    };
    std::int64_t from = std::max<std::int64_t>(0, begin - depth);
    std::fill(rows.begin(), rows.end(), std::uint8_t{1});
    for (std::int64_t r = from; r < end; ++r) {
      if (r > from) run_on(row(r), row(r - 1), rows.data(), cols);
      if (r >= begin) std::copy(rows.begin(), rows.end(), at(up, r));
    }
    from = std::min<std::int64_t>(shape.rows, end + depth) - 1;
    std::fill(rows.begin(), rows.end(), std::uint8_t{1});
    for (std::int64_t r = from; r >= begin; --r) {
      if (r < from) run_on(row(r), row(r + 1), rows.data(), cols);
      if (r < end) std::copy(rows.begin(), rows.end(), at(down, r));
    }
    for (std::int64_t r = begin; r < end; ++r) {
      std::uint8_t* out = core.data() + r * cols;
      std::copy(row(r), row(r) + cols, margin.begin() + depth);
      for (std::int64_t c = 0; c < cols; ++c) out[c] = margin[static_cast<std::size_t>(c + depth)] != no_class;
      for (int dx = -depth; dx <= depth; ++dx)
        keep_core(margin.data() + depth, margin.data() + depth + dx, at(up, r) + dx, at(down, r) + dx,
                  height[static_cast<std::size_t>(std::abs(dx))], out, cols);
    }
  });
  return core;
}

/// Neighbouring cells of a row that are of one patch: columns [begin, end).
struct Run {
  std::int32_t label, row, begin, end;
  std::int32_t like = 0;  // sides that its cells share with cells of the class to the east or south
  std::int32_t core = 0;
};

struct PatchTally {
  std::uint8_t class_index = 0;
  std::int64_t cells = 0, like = 0, core = 0, rows = 0, cols = 0;
  double row = 0.0, col = 0.0;  // centroid
  double distance = 0.0;        // of its cells from there, summed
  std::int64_t nearest = -1;    // squared, in cells; -1: none

  std::int64_t sides() const { return 4 * cells - 2 * like; }
};

/// Cell sides that classes share, each counted for both cells.
struct Adjacency {
  std::size_t classes = 0;
  std::vector<std::int64_t> sides;

  std::int64_t& at(std::size_t i, std::size_t k) { return sides[i * classes + k]; }
  std::int64_t at(std::size_t i, std::size_t k) const { return sides[i * classes + k]; }
};

/// Sums over patches that make the metrics of a class or of all.
class Summary {
 public:
  explicit Summary(double cell_m) : cell_m_(cell_m) {}

  void add(const PatchTally& patch) {
    const auto cells = static_cast<double>(patch.cells), sides = static_cast<double>(patch.sides());
    ++patches_;
    cells_ += patch.cells;
    core_ += patch.core;
    largest_ = std::max(largest_, patch.cells);
    sides_ += patch.sides();
    sides_by_size_ += sides * std::sqrt(cells);
    squares_ += cells * cells;
    const double hectare = cell_m_ * cell_m_ / 1e4;
    add(area_, cells * hectare, cells);
    add(gyration_, patch.distance / cells * cell_m_, cells);
    add(shape_, 0.25 * sides / std::sqrt(cells), cells);
    add(core_ha_, static_cast<double>(patch.core) * hectare, cells);
    if (patch.nearest >= 0) add(nearest_, std::sqrt(static_cast<double>(patch.nearest)) * cell_m_, cells);
  }

  /// `edges`: cell sides towards other classes; `all`: cells of the landscape.
  void fill(Metrics& m, std::int64_t edges, std::int64_t all) const {
    const double hectare = cell_m_ * cell_m_ / 1e4;
    const auto z = static_cast<double>(all);
    const double landscape_ha = z * hectare;
    m.cells = cells_;
    m.area_ha = static_cast<double>(cells_) * hectare;
    m.share_percent = 100.0 * static_cast<double>(cells_) / z;
    m.patches = patches_;
    m.patch_density = 100.0 * static_cast<double>(patches_) / landscape_ha;
    m.largest_percent = 100.0 * static_cast<double>(largest_) / z;
    m.edge_m = static_cast<double>(edges) * cell_m_;
    m.edge_density = m.edge_m / landscape_ha;
    m.area_hectares = spread(area_);
    m.gyration_m = spread(gyration_);
    m.shape = spread(shape_);
    m.core_ha = spread(core_ha_);
    m.total_core_ha = static_cast<double>(core_) * hectare;
    m.nearest_m = spread(nearest_);
    m.cohesion =
        all < 2 ? nan : 100.0 * (1.0 - static_cast<double>(sides_) / sides_by_size_) / (1.0 - 1.0 / std::sqrt(z));
    m.division = 1.0 - squares_ / (z * z);
    m.mesh_ha = squares_ / z * hectare;
    m.split = z * z / squares_;
  }

 private:
  using Figures = std::vector<std::pair<double, double>>;  // value, weight
  static void add(Figures& figures, double value, double weight) { figures.emplace_back(value, weight); }

  static Spread spread(const Figures& figures) {
    if (figures.empty()) return {nan, nan, nan};
    double sum = 0.0, weighted = 0.0, weights = 0.0, squares = 0.0;
    for (const auto& [value, weight] : figures) {
      sum += value;
      weighted += value * weight;
      weights += weight;
    }
    const auto n = static_cast<double>(figures.size());
    const double mean = sum / n;
    for (const auto& [value, weight] : figures) squares += (value - mean) * (value - mean);
    return {mean, std::sqrt(squares / n), weighted / weights};
  }

  double cell_m_;
  std::int64_t patches_ = 0, cells_ = 0, core_ = 0, largest_ = 0, sides_ = 0;
  double sides_by_size_ = 0.0, squares_ = 0.0;
  Figures area_, gyration_, shape_, core_ha_, nearest_;
};

/// The most sides that so many cells can share: those of the square that fits, and of the rest laid along it.
std::int64_t most_like(std::int64_t cells) {
  auto n = static_cast<std::int64_t>(std::sqrt(static_cast<double>(cells)));
  while (n * n > cells) --n;
  while ((n + 1) * (n + 1) <= cells) ++n;
  const std::int64_t left = cells - n * n;
  return 2 * n * (n - 1) + (left == 0 ? 0 : left <= n ? 2 * left - 1 : 2 * left - 2);
}

Metrics nothing() {
  Metrics m;
  for (double* value : {&m.share_percent, &m.patch_density, &m.largest_percent, &m.edge_density, &m.cohesion,
                        &m.division, &m.mesh_ha, &m.split, &m.aggregation})
    *value = nan;
  for (Spread* spread : {&m.area_hectares, &m.gyration_m, &m.shape, &m.core_ha, &m.nearest_m})
    *spread = {nan, nan, nan};
  return m;
}

}  // namespace

LandscapeMetrics landscape_metrics(const Raster<std::uint8_t>& map, double cell_m, const MetricRule& rule) {
  assert(rule.edge_depth_cells >= 1 && rule.edge_depth_cells <= 100);
  const Shape shape = map.shape;
  const std::int64_t cols = shape.cols;
  LandscapeMetrics result;

  // The mask goes into the values, so that one array says everything.
  Raster<std::uint8_t> classes(shape);
  std::vector<std::uint8_t> is_there(256, 0);
  for (std::size_t i = 0; i < classes.values.size(); ++i) {
    classes.values[i] = map.valid.empty() || map.valid[i] != 0 ? map.values[i] : no_class;
    is_there[classes.values[i]] = 1;
  }
  std::size_t class_count = 0;
  for (std::size_t k = 0; k < no_class; ++k)
    if (is_there[k] != 0) class_count = k + 1;
  if (class_count == 0) {
    result.landscape = nothing();
    result.contagion = result.diversity = nan;
    return result;
  }

  std::int32_t count = 0;
  const Raster<std::int32_t> label = label_classes(classes, rule.patches, &count);
  const std::vector<std::uint8_t> core = core_cells(shape, classes.values, rule.edge_depth_cells);

  // Runs of patches, strip by strip; joined in the order of the strips.
  const std::int64_t strips = (shape.rows + rows_per_strip - 1) / rows_per_strip;
  std::vector<std::vector<Run>> runs(static_cast<std::size_t>(strips));
  std::vector<Adjacency> adjacencies(static_cast<std::size_t>(strips));
  parallel_pieces(shape.rows, rows_per_strip, [&](std::int64_t begin, std::int64_t end) {
    const auto strip = static_cast<std::size_t>(begin / rows_per_strip);
    Adjacency& adjacency = adjacencies[strip];
    adjacency = {class_count, std::vector<std::int64_t>(class_count * class_count, 0)};
    for (std::int64_t r = begin; r < end; ++r) {
      const std::uint8_t* here = classes.values.data() + r * cols;
      const std::uint8_t* south = r + 1 < shape.rows ? here + cols : nullptr;
      const std::int32_t* labels = label.values.data() + r * cols;
      const std::uint8_t* is_core = core.data() + r * cols;
      for (std::int32_t c = 0; c < shape.cols;) {
        if (labels[c] == 0) {
          ++c;
          continue;
        }
        Run run{labels[c], static_cast<std::int32_t>(r), c, c};
        const std::size_t own = here[c];
        for (; c < shape.cols && here[c] == own; ++c) {
          run.core += is_core[c];
          if (south == nullptr || south[c] == no_class) continue;
          if (south[c] == own)
            ++run.like;
          else
            ++adjacency.at(own, south[c]);
        }
        run.end = c;
        run.like += run.end - run.begin - 1;
        adjacency.at(own, own) += run.like;
        if (c < shape.cols && here[c] != no_class) ++adjacency.at(own, here[c]);
        runs[strip].push_back(run);
      }
    }
  });
  Adjacency adjacency{class_count, std::vector<std::int64_t>(class_count * class_count, 0)};
  for (const Adjacency& one : adjacencies)
    for (std::size_t i = 0; i < class_count; ++i)
      for (std::size_t k = 0; k < class_count; ++k) {
        adjacency.at(i, k) += one.at(i, k);
        adjacency.at(k, i) += one.at(i, k);
      }

  std::vector<PatchTally> patches(static_cast<std::size_t>(count));
  for (const std::vector<Run>& strip : runs)
    for (const Run& run : strip) {
      PatchTally& patch = patches[static_cast<std::size_t>(run.label) - 1];
      const std::int64_t cells = run.end - run.begin;
      if (patch.cells == 0) patch.class_index = classes.at(run.row, run.begin);
      patch.cells += cells;
      patch.like += run.like;
      patch.core += run.core;
      patch.rows += cells * run.row;
      patch.cols += cells * (static_cast<std::int64_t>(run.begin) + run.end - 1) / 2;
    }
  for (PatchTally& patch : patches) {
    patch.row = static_cast<double>(patch.rows) / static_cast<double>(patch.cells);
    patch.col = static_cast<double>(patch.cols) / static_cast<double>(patch.cells);
  }
  std::vector<std::vector<double>> distances(static_cast<std::size_t>(strips));
  parallel_for(strips, [&](std::int64_t k) {
    const auto strip = static_cast<std::size_t>(k);
    distances[strip].reserve(runs[strip].size());
    for (const Run& run : runs[strip]) {
      const PatchTally& patch = patches[static_cast<std::size_t>(run.label) - 1];
      const double dy = run.row - patch.row;
      double sum = 0.0;
      for (std::int32_t c = run.begin; c < run.end; ++c) sum += std::sqrt(dy * dy + (c - patch.col) * (c - patch.col));
      distances[strip].push_back(sum);
    }
  });
  for (std::size_t strip = 0; strip < runs.size(); ++strip)
    for (std::size_t k = 0; k < runs[strip].size(); ++k)
      patches[static_cast<std::size_t>(runs[strip][k].label) - 1].distance += distances[strip][k];

  std::vector<std::uint8_t> class_of_patch(patches.size());
  for (std::size_t p = 0; p < patches.size(); ++p) class_of_patch[p] = patches[p].class_index;
  const std::vector<std::int64_t> nearest = nearest_patches(label, class_of_patch);
  for (std::size_t p = 0; p < patches.size(); ++p) patches[p].nearest = nearest[p];

  std::vector<Summary> of_class(class_count, Summary(cell_m));
  Summary of_all(cell_m);
  std::int64_t all = 0;
  for (const PatchTally& patch : patches) {
    of_class[patch.class_index].add(patch);
    of_all.add(patch);
    all += patch.cells;
  }
  std::int64_t all_edges = 0, present = 0;
  double entropy = 0.0;
  for (std::size_t k = 0; k < class_count; ++k) {
    if (is_there[k] == 0) continue;
    ++present;
    std::int64_t sides = 0;
    for (std::size_t i = 0; i < class_count; ++i) sides += adjacency.at(k, i);
    const std::int64_t edges = sides - adjacency.at(k, k);
    all_edges += edges;
    ClassMetrics m;
    m.class_index = static_cast<std::uint8_t>(k);
    of_class[k].fill(m, edges, all);
    // Like sides are counted for both their cells.
    const std::int64_t most = most_like(m.cells);
    m.aggregation =
        most == 0 ? nan : 100.0 * (static_cast<double>(adjacency.at(k, k)) / 2.0) / static_cast<double>(most);
    const double share = static_cast<double>(m.cells) / static_cast<double>(all);
    result.diversity -= share * std::log(share);
    if (most > 0) result.landscape.aggregation += m.aggregation * share;
    for (std::size_t i = 0; i < class_count; ++i) {
      if (adjacency.at(k, i) == 0) continue;
      const double q = share * static_cast<double>(adjacency.at(k, i)) / static_cast<double>(sides);
      entropy += q * std::log(q);
    }
    result.classes.push_back(m);
  }
  of_all.fill(result.landscape, all_edges / 2, all);
  result.contagion = present < 2 ? nan : 100.0 * (1.0 + entropy / (2.0 * std::log(static_cast<double>(present))));
  return result;
}

Metrics metrics_of(const LandscapeMetrics& metrics, std::uint8_t class_index) {
  for (const ClassMetrics& m : metrics.classes)
    if (m.class_index == class_index) return m;
  Metrics m = nothing();
  if (metrics.landscape.cells > 0) {
    m.share_percent = m.patch_density = m.largest_percent = m.edge_density = m.mesh_ha = 0.0;
    m.division = 1.0;
  }
  return m;
}

Raster<std::uint8_t> part_of(const Raster<std::uint8_t>& classes, std::span<const Cell> cells) {
  Raster<std::uint8_t> part;
  if (cells.empty()) return part;
  const Shape shape = classes.shape;
  std::int32_t west = shape.cols, east = 0;
  const std::int32_t north = shape.row(cells.front()), south = shape.row(cells.back());
  for (const Cell cell : cells) {
    west = std::min(west, shape.col(cell));
    east = std::max(east, shape.col(cell));
  }
  part = Raster<std::uint8_t>(Shape{south - north + 1, east - west + 1}, no_class);
  for (const Cell cell : cells)
    if (classes.is_valid(cell)) part.at(shape.row(cell) - north, shape.col(cell) - west) = classes[cell];
  return part;
}

}  // namespace greenweave
