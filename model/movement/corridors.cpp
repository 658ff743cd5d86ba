#include "model/movement/corridors.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cmath>

#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/movement/patch_search.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
// Costs of the two searches are rounded on their own: what a search must still see is judged with this to spare.
constexpr double to_spare = 1.0 + 1e-9;

/// The least excess of each cell and its link. Both in one word, so that the order in which links come does not matter:
/// floats of one sign are ordered as their bits, and of equal ones the link with the smaller number wins.
class Mosaic {
 public:
  explicit Mosaic(const Shape& shape) : best_(static_cast<std::size_t>(shape.cells()), nothing) {}

  void lower(Cell cell, double excess_m, std::size_t link) {
    const std::uint64_t offer =
        (static_cast<std::uint64_t>(std::bit_cast<std::uint32_t>(static_cast<float>(excess_m))) << 32U) | link;
    const std::atomic_ref<std::uint64_t> best(best_[static_cast<std::size_t>(cell)]);
    std::uint64_t now = best.load(std::memory_order_relaxed);
    while (offer < now && !best.compare_exchange_weak(now, offer, std::memory_order_relaxed)) {
    }
  }

  void write(Corridors& result) const {
    parallel_pieces(static_cast<std::int64_t>(best_.size()), 1 << 18, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
        if (best_[i] == nothing) continue;
        result.excess_m.values[i] = std::bit_cast<float>(static_cast<std::uint32_t>(best_[i] >> 32U));
        result.link.values[i] = static_cast<std::int32_t>(best_[i] & 0xFFFFFFFFU) + 1;
      }
    });
  }

 private:
  static constexpr std::uint64_t nothing = ~std::uint64_t{0};
  std::vector<std::uint64_t> best_;
};

/// A thread's tools.
struct Workspace {
  Workspace(const CostGrid& grid, bool directed) : far(grid), member_of(grid.size(), 0) {
    near.reserve(2);
    for (int k = 0; k < (directed ? 2 : 1); ++k) near.emplace_back(grid);
  }
  std::vector<CostSearch> near;         // from the links' first patch; directed: and towards it
  CostSearch far;                       // from a link's second patch
  std::vector<std::int32_t> member_of;  // 1 + the last link whose corridor the cell was found in
};

struct Task {
  const Frame& frame;
  const Ground& ground;
  const LinkSet& links;
  const CorridorRule& rule;
  const Raster<ClassIndex>* cover;
  std::size_t classes;

  double cost_of(const Link& link, Heading heading) const {
    return heading == Heading::away ? link.cost_m : link.back_cost_m;
  }
  /// Cost up to which a link's corridor, in the mosaic too, may go.
  double reach(double cost_m) const { return cost_m + std::max(rule.slack_of(cost_m), rule.truncate_m); }
};

/// Least width of the corridor square to the path, sounded in half cells.
double narrowest_m(const Task& task, const Link& link, std::int32_t mark, const std::vector<std::int32_t>& member_of) {
  const Shape& shape = task.frame.shape;
  const std::vector<Cell>& path = link.path.empty() ? link.back_path : link.path;
  const auto inside = [&](double row, double col) {
    const auto r = static_cast<std::int64_t>(std::lround(row)), c = static_cast<std::int64_t>(std::lround(col));
    return shape.holds(r, c) &&
           member_of[task.ground.grid.padded(shape.cell(static_cast<std::int32_t>(r), static_cast<std::int32_t>(c)))] ==
               mark;
  };
  double narrowest = infinity;
  constexpr std::size_t reach = 3;  // cells before and after that tell where the path is going
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (member_of[task.ground.grid.padded(path[i])] != mark) continue;  // in one of the patches
    const Cell before = path[i < reach ? 0 : i - reach], after = path[std::min(path.size() - 1, i + reach)];
    const double dr = shape.row(after) - shape.row(before), dc = shape.col(after) - shape.col(before);
    const double length = std::hypot(dr, dc);
    if (length == 0.0) continue;
    int half_cells = 0;
    for (const double side : {-0.5, 0.5})
      for (double k = 0.5;
           inside(shape.row(path[i]) + k * side * dc / length, shape.col(path[i]) - k * side * dr / length); k += 1.0)
        ++half_cells;
    narrowest = std::min(narrowest, 0.5 * half_cells * task.frame.cell_m);
  }
  return narrowest == infinity ? 0.0 : narrowest;
}

/// One direction of a link: `near` holds its search already. Adds the corridor's cells that are new.
void add_direction(const Task& task, std::size_t index, Heading heading, Workspace& work, Mosaic& mosaic,
                   Corridor& corridor) {
  const Link& link = task.links.links[index];
  const double cost_m = task.cost_of(link, heading);
  if (cost_m == infinity) return;
  const double cell_m = task.frame.cell_m;
  const double slack_m = task.rule.slack_of(cost_m), truncate_m = std::max(slack_m, task.rule.truncate_m);
  const double limit = task.reach(cost_m) / cell_m * to_spare;
  const std::vector<double>& near = work.near[static_cast<std::size_t>(heading)].padded_costs();
  start_from(link.b, task.ground, heading == Heading::away ? Heading::towards : Heading::away, work.far);
  work.far.run(
      limit, [&](std::uint32_t at, double cost) { return near[at] + cost <= limit && task.ground.expands(link.b, at); },
      [](double) { return false; });
  const auto mark = static_cast<std::int32_t>(index) + 1;
  for_each_reached(work.far, [&](std::uint32_t at, double cost) {
    const std::int32_t label = task.ground.label[at];
    if (label == link.a + 1 || label == link.b + 1 || (label != 0 && !task.ground.rule.cross_patches)) return;
    const double excess_m = std::max(0.0, (near[at] + cost) * cell_m - cost_m);
    if (excess_m > truncate_m) return;
    const Cell cell = task.ground.grid.cell(at);
    mosaic.lower(cell, excess_m, index);
    if (excess_m > slack_m || work.member_of[at] == mark) return;
    work.member_of[at] = mark;
    ++corridor.cells;
    if (task.cover != nullptr && task.cover->is_valid(cell)) ++corridor.cells_of_class[(*task.cover)[cell]];
  });
}

}  // namespace

double CorridorRule::slack_of(double least_cost_m) const {
  return std::min(slack_m, slack_share == none ? none : slack_share * least_cost_m);
}

Corridors find_corridors(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches,
                         const LinkSet& links, const LinkRule& rule, const CorridorRule& corridor,
                         const RunContext& context, const Raster<ClassIndex>* cover, std::size_t classes) {
  assert(corridor.slack_of(1.0) != infinity);
  const Ground ground(frame, surface, patches, rule);
  const Task task{frame, ground, links, corridor, cover, classes};
  Corridors result{std::vector<Corridor>(links.links.size()),
                   Raster<float>(frame.shape, std::numeric_limits<float>::infinity()),
                   Raster<std::int32_t>(frame.shape)};
  if (cover != nullptr)
    for (Corridor& c : result.of_link) c.cells_of_class.assign(classes, 0);
  // Links are ordered by their first patch, so that one search from it serves all of them.
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < links.links.size(); ++i)
    if (i == 0 || links.links[i].a != links.links[i - 1].a) first.push_back(i);
  first.push_back(links.links.size());
  Mosaic mosaic(frame.shape);
  tbb::enumerable_thread_specific<Workspace> workspaces([&] { return Workspace(ground.grid, links.directed); });
  parallel_for(static_cast<std::int64_t>(first.size()) - 1, [&](std::int64_t k) {
    context.check();
    const std::size_t begin = first[static_cast<std::size_t>(k)], end = first[static_cast<std::size_t>(k) + 1];
    Workspace& work = workspaces.local();
    const int a = links.links[begin].a;
    for (std::size_t h = 0; h < work.near.size(); ++h) {
      const auto heading = static_cast<Heading>(h);
      double reach_m = 0.0;
      for (std::size_t i = begin; i < end; ++i) {
        const double cost_m = task.cost_of(links.links[i], heading);
        if (cost_m != infinity) reach_m = std::max(reach_m, task.reach(cost_m));
      }
      start_from(a, ground, heading, work.near[h]);
      work.near[h].run(
          reach_m / frame.cell_m * to_spare, [&](std::uint32_t at, double) { return ground.expands(a, at); },
          [](double) { return false; });
    }
    for (std::size_t i = begin; i < end; ++i) {
      Corridor& found = result.of_link[i];
      const Link& link = links.links[i];
      for (std::size_t h = 0; h < work.near.size(); ++h)
        add_direction(task, i, static_cast<Heading>(h), work, mosaic, found);
      const double length_m = link.path.empty() ? link.back_length_m : link.length_m;
      found.area_ha = static_cast<double>(found.cells) * frame.cell_area_ha();
      found.mean_width_m = length_m > 0.0 ? found.area_ha * 1e4 / length_m : 0.0;
      found.narrowest_m = narrowest_m(task, link, static_cast<std::int32_t>(i) + 1, work.member_of);
    }
  });
  mosaic.write(result);
  return result;
}

}  // namespace greenweave
