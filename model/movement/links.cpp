#include "model/movement/links.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <unordered_map>

#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/grid/distance.hpp"
#include "model/movement/patch_search.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int32_t tile_cells = 32;  // side of the tiles in which a search's reading is remembered

std::int32_t tile_of(const Shape& shape, Cell cell) {
  const std::int32_t tiles_across = (shape.cols + tile_cells - 1) / tile_cells;
  return shape.row(cell) / tile_cells * tiles_across + shape.col(cell) / tile_cells;
}

std::int64_t tile_count(const Shape& shape) {
  return static_cast<std::int64_t>((shape.cols + tile_cells - 1) / tile_cells) *
         ((shape.rows + tile_cells - 1) / tile_cells);
}

/// The connected passable parts of the surface that each patch has cells in, ascending. A patch may consist of several
/// if its own cells are barriers to its guild.
std::vector<std::vector<std::int32_t>> passable_parts(const HabitatSurface& surface, const PatchSet& patches) {
  Raster<std::uint8_t> passable(surface.resistance.shape);
  parallel_pieces(passable.shape.cells(), 1 << 18, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      passable.values[i] = surface.resistance.values[i] != impassable;
  });
  const Raster<std::int32_t> part = label_components(passable, Neighbourhood::eight, nullptr);
  std::vector<std::vector<std::int32_t>> parts(static_cast<std::size_t>(patches.count()));
  for (Cell cell = 0; cell < part.shape.cells(); ++cell) {
    const std::int32_t label = patches.label[cell];
    if (label == 0 || part[cell] == 0) continue;
    auto& of_patch = parts[static_cast<std::size_t>(label - 1)];
    if (of_patch.empty() || of_patch.back() != part[cell]) of_patch.push_back(part[cell]);
  }
  for (auto& of_patch : parts) {
    std::sort(of_patch.begin(), of_patch.end());
    of_patch.erase(std::unique(of_patch.begin(), of_patch.end()), of_patch.end());
  }
  return parts;
}

/// The patches that the search from each patch has to find: partners b > a that a path can reach at all.
std::vector<std::vector<int>> wanted_by_patch(const HabitatSurface& surface, const PatchSet& patches,
                                              const LinkRule& rule) {
  const auto count = static_cast<std::size_t>(patches.count());
  const std::vector<std::vector<std::int32_t>> parts = passable_parts(surface, patches);
  const auto connected = [&](std::size_t a, std::size_t b) {
    return std::find_first_of(parts[a].begin(), parts[a].end(), parts[b].begin(), parts[b].end()) != parts[a].end();
  };
  std::vector<std::vector<int>> wanted(count);
  if (rule.topology == LinkRule::Topology::planar) {
    for (const auto& [a, b] : voronoi_adjacency(patches))
      if (connected(static_cast<std::size_t>(a), static_cast<std::size_t>(b)))
        wanted[static_cast<std::size_t>(a)].push_back(b);
  } else {
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = a + 1; b < count; ++b)
        if (connected(a, b)) wanted[a].push_back(static_cast<int>(b));
  }
  return wanted;
}

/// A thread's tools for one search after another.
struct Workspace {
  explicit Workspace(const CostGrid& grid, const Shape& shape, int patches)
      : search(grid),
        best(static_cast<std::size_t>(patches), {infinity, 0}),
        is_wanted(static_cast<std::size_t>(patches), 0),
        tile_seen(static_cast<std::size_t>(tile_count(shape)), 0) {}

  struct Arrival {
    double cost;
    std::uint32_t cell;
  };
  CostSearch search;
  std::vector<Arrival> best;  // of each patch, infinite but during a search
  std::vector<std::uint8_t> is_wanted;
  std::vector<std::uint8_t> tile_seen;
};

/// Searches from patch a until every wanted patch is found; leaves the arrivals in `work.best`.
void search_wanted(int a, const Ground& ground, const std::vector<int>& wanted, Heading heading, Workspace& work) {
  start_from(a, ground, heading, work.search);
  for (const int b : wanted) {
    work.is_wanted[static_cast<std::size_t>(b)] = 1;
    work.best[static_cast<std::size_t>(b)] = {infinity, 0};
  }
  std::size_t missing = wanted.size();
  const std::int32_t own = a + 1;
  const auto visit = [&](std::uint32_t at, double cost) {
    const std::int32_t there = ground.label[at];
    if (there == 0 || there == own) return true;
    const auto b = static_cast<std::size_t>(there - 1);
    if (work.is_wanted[b] != 0) {
      Workspace::Arrival& best = work.best[b];
      if (best.cost == infinity) --missing;
      if (cost < best.cost || (cost == best.cost && at < best.cell)) best = {cost, at};
    }
    return ground.rule.cross_patches;
  };
  work.search.run(ground.rule.max_cost_m / ground.frame.cell_m, visit, [&](double) { return missing == 0; });
  for (const int b : wanted) work.is_wanted[static_cast<std::size_t>(b)] = 0;
}

/// Adds the tiles that the search read to those known.
void remember_tiles(const Ground& ground, Workspace& work, LinkMemory::Search& result) {
  result.read_everything = result.read_everything || work.search.touched_all();
  if (result.read_everything) {
    result.tiles.clear();
    return;
  }
  for (const std::int32_t tile : result.tiles) work.tile_seen[static_cast<std::size_t>(tile)] = 1;
  for (const std::uint32_t at : work.search.touched()) {
    const std::int32_t tile = tile_of(ground.frame.shape, ground.grid.cell(at));
    if (work.tile_seen[static_cast<std::size_t>(tile)] == 0) result.tiles.push_back(tile);
    work.tile_seen[static_cast<std::size_t>(tile)] = 1;
  }
  for (const std::int32_t tile : result.tiles) work.tile_seen[static_cast<std::size_t>(tile)] = 0;
  std::sort(result.tiles.begin(), result.tiles.end());
}

LinkMemory::Search search_from(int a, const Ground& ground, std::vector<int> wanted, bool directed, bool remember,
                               Workspace& work) {
  LinkMemory::Search result;
  result.wanted = std::move(wanted);
  const Frame& frame = ground.frame;
  const auto passes = [&](std::uint32_t at) { return ground.expands(a, at); };
  search_wanted(a, ground, result.wanted, Heading::away, work);
  std::vector<Link> links(result.wanted.size());
  for (std::size_t i = 0; i < links.size(); ++i) {
    Link& link = links[i];
    link.a = a;
    link.b = result.wanted[i];
    const Workspace::Arrival& best = work.best[static_cast<std::size_t>(link.b)];
    link.cost_m = link.back_cost_m = best.cost * frame.cell_m;
    if (best.cost != infinity) link.path = work.search.path_to(ground.grid.cell(best.cell), passes);
    link.length_m = link.back_length_m = path_length_m(frame, link.path);
  }
  if (remember) remember_tiles(ground, work, result);
  if (directed) {
    search_wanted(a, ground, result.wanted, Heading::towards, work);
    for (Link& link : links) {
      const Workspace::Arrival& best = work.best[static_cast<std::size_t>(link.b)];
      link.back_cost_m = best.cost * frame.cell_m;
      if (best.cost != infinity) link.back_path = work.search.path_to(ground.grid.cell(best.cell), passes);
      std::reverse(link.back_path.begin(), link.back_path.end());
      link.back_length_m = path_length_m(frame, link.back_path);
    }
    if (remember) remember_tiles(ground, work, result);
  }
  for (Link& link : links)
    if (link.cost_m != infinity || link.back_cost_m != infinity) result.found.push_back(std::move(link));
  return result;
}

/// The `neighbours` patches nearest to patch a by cost, fewer if fewer can be reached; of equally near ones those with
/// the smaller number.
std::vector<int> nearest_patches(int a, const Ground& ground, Workspace& work) {
  start_from(a, ground, Heading::away, work.search);
  const auto enough = static_cast<std::size_t>(ground.rule.neighbours);
  const std::int32_t own = a + 1;
  std::vector<int> met;
  const auto cost_of = [&](int b) { return work.best[static_cast<std::size_t>(b)].cost; };
  const auto visit = [&](std::uint32_t at, double cost) {
    const std::int32_t there = ground.label[at];
    if (there == 0 || there == own) return true;
    Workspace::Arrival& best = work.best[static_cast<std::size_t>(there - 1)];
    if (best.cost == infinity) met.push_back(there - 1);
    best.cost = std::min(best.cost, cost);
    return ground.rule.cross_patches;
  };
  const auto done = [&](double final_below) {
    return met.size() >= enough && static_cast<std::size_t>(std::count_if(met.begin(), met.end(), [&](int b) {
                                     return cost_of(b) < final_below;
                                   })) >= enough;
  };
  work.search.run(ground.rule.max_cost_m / ground.frame.cell_m, visit, done);
  std::sort(met.begin(), met.end(), [&](int x, int y) { return std::pair(cost_of(x), x) < std::pair(cost_of(y), y); });
  for (const int b : met) work.best[static_cast<std::size_t>(b)] = {infinity, 0};
  met.resize(std::min(met.size(), enough));
  return met;
}

/// Pairs of which one is in the other's list, as the list of the one with the smaller number.
std::vector<std::vector<int>> pairs_by_patch(const std::vector<std::vector<int>>& nearest) {
  std::vector<std::vector<int>> wanted(nearest.size());
  for (std::size_t a = 0; a < nearest.size(); ++a)
    for (const int b : nearest[a]) {
      const auto own = static_cast<int>(a);
      wanted[static_cast<std::size_t>(std::min(own, b))].push_back(std::max(own, b));
    }
  for (auto& list : wanted) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  return wanted;
}

/// Which searches of an earlier landscape still hold on this one, and what its patches are called now.
class Reuse {
 public:
  Reuse(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches, const LinkRule& rule,
        const LinkMemory* before) {
    if (before == nullptr || !before->valid || before->label.shape != frame.shape || before->cell_m != frame.cell_m ||
        before->rule.topology != rule.topology || before->rule.max_cost_m != rule.max_cost_m ||
        before->rule.cross_patches != rule.cross_patches || !same_steps(before->steps.get(), surface.steps.get()))
      return;
    before_ = before;
    now_of_.assign(before->first_cell.size(), -1);
    then_of_.assign(static_cast<std::size_t>(patches.count()), -1);
    for (int now = 0; now < patches.count(); ++now) {
      const Cell first = patches.patches[static_cast<std::size_t>(now)].first;
      const std::int32_t then = before->label[first] - 1;
      if (then < 0 || before->first_cell[static_cast<std::size_t>(then)] != first) continue;
      now_of_[static_cast<std::size_t>(then)] = now;
      then_of_[static_cast<std::size_t>(now)] = then;
    }
    mark_changes(frame.shape, surface, patches);
  }

  /// The earlier search that gives what patch `now` asks for, or null if it has to be repeated.
  const LinkMemory::Search* find(int now, const std::vector<int>& wanted) const {
    if (before_ == nullptr) return nullptr;
    const int then = then_of_[static_cast<std::size_t>(now)];
    if (then < 0) return nullptr;
    const LinkMemory::Search& search = before_->searches[static_cast<std::size_t>(then)];
    if (search.wanted.size() != wanted.size() || (search.read_everything && any_change_)) return nullptr;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (now_of_[static_cast<std::size_t>(search.wanted[i])] != wanted[i]) return nullptr;
    for (const std::int32_t tile : search.tiles)
      if (changed_[static_cast<std::size_t>(tile)] != 0) return nullptr;
    return &search;
  }

  int now_of(int then) const { return now_of_[static_cast<std::size_t>(then)]; }

 private:
  static bool same_steps(const StepEffects* x, const StepEffects* y) {
    return x == y || (x != nullptr && y != nullptr && *x == *y);
  }

  /// Marks the tiles in which a search could have read a changed cell: those with a changed cell or next to one.
  void mark_changes(const Shape& shape, const HabitatSurface& surface, const PatchSet& patches) {
    changed_.assign(static_cast<std::size_t>(tile_count(shape)), 0);
    Cell cell = 0;
    for (std::int32_t r = 0; r < shape.rows; ++r)
      for (std::int32_t c = 0; c < shape.cols; ++c, ++cell) {
        const std::int32_t then = before_->label[cell];
        const std::int32_t expected = then == 0 ? 0 : now_of_[static_cast<std::size_t>(then - 1)] + 1;
        const std::int32_t now = patches.label[cell];
        // A patch that has no counterpart is as good as changed in each of its cells.
        if (now == expected && !(then != 0 && expected == 0) && surface.resistance[cell] == before_->resistance[cell])
          continue;
        any_change_ = true;
        for (std::int32_t dr = -1; dr <= 1; ++dr)
          for (std::int32_t dc = -1; dc <= 1; ++dc)
            if (shape.holds(r + dr, c + dc))
              changed_[static_cast<std::size_t>(tile_of(shape, shape.cell(r + dr, c + dc)))] = 1;
      }
  }

  const LinkMemory* before_ = nullptr;
  std::vector<int> now_of_, then_of_;  // patch now of a patch then, and back; -1: none
  std::vector<std::uint8_t> changed_;
  bool any_change_ = false;
};

/// Costs across each patch between the ends of its links, over the patch's own cells.
std::vector<IntraPatchCost> costs_across_patches(const Ground& ground, const std::vector<Link>& links,
                                                 const RunContext& context) {
  std::vector<std::vector<int>> links_of(ground.cells.rim_end.size());
  for (std::size_t i = 0; i < links.size(); ++i) {
    links_of[static_cast<std::size_t>(links[i].a)].push_back(static_cast<int>(i));
    links_of[static_cast<std::size_t>(links[i].b)].push_back(static_cast<int>(i));
  }
  std::vector<std::vector<IntraPatchCost>> found(links_of.size());
  tbb::enumerable_thread_specific<CostSearch> searches([&] { return CostSearch(ground.grid); });
  parallel_for(static_cast<std::int64_t>(links_of.size()), [&](std::int64_t k) {
    context.check();
    const auto p = static_cast<std::size_t>(k);
    const auto end_in_patch = [&](int link) {
      const Link& l = links[static_cast<std::size_t>(link)];
      return l.a == static_cast<int>(p) ? l.path.front() : l.path.back();
    };
    CostSearch& search = searches.local();
    for (std::size_t i = 0; i + 1 < links_of[p].size(); ++i) {
      search.reset();
      search.add_source(end_in_patch(links_of[p][i]));
      search.run(
          infinity, [&](std::uint32_t at, double) { return ground.label[at] == static_cast<std::int32_t>(p) + 1; },
          [](double) { return false; });
      for (std::size_t j = i + 1; j < links_of[p].size(); ++j)
        found[p].push_back({static_cast<int>(p), links_of[p][i], links_of[p][j],
                            search.cost(end_in_patch(links_of[p][j])) * ground.frame.cell_m});
    }
  });
  std::vector<IntraPatchCost> all;
  for (const auto& part : found) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

std::vector<std::pair<int, int>> voronoi_adjacency(const PatchSet& patches) {
  const Shape shape = patches.label.shape;
  std::vector<Cell> habitat;
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (patches.label[cell] != 0) habitat.push_back(cell);
  if (habitat.empty()) return {};
  const NearestCell voronoi = nearest_cell(shape, habitat);
  constexpr std::int64_t rows_a_piece = 64;
  std::vector<std::vector<std::pair<int, int>>> found(
      static_cast<std::size_t>((shape.rows + rows_a_piece - 1) / rows_a_piece));
  const auto unique = [](std::vector<std::pair<int, int>>& pairs) {
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  };
  parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    auto& pairs = found[static_cast<std::size_t>(begin / rows_a_piece)];
    const auto owner = [&](std::int32_t r, std::int32_t c) { return patches.label[voronoi.nearest.at(r, c)] - 1; };
    std::pair<int, int> last{-1, -1};
    const auto meet = [&](int a, int b) {
      if (a == b) return;
      const std::pair<int, int> pair = std::minmax(a, b);
      if (pair != last) pairs.push_back(last = pair);
    };
    std::vector<int> above(static_cast<std::size_t>(shape.cols), -1);
    for (auto r = static_cast<std::int32_t>(begin); r < static_cast<std::int32_t>(end); ++r) {
      int west = -1;
      for (std::int32_t c = 0; c < shape.cols; ++c) {
        const int here = owner(r, c);
        if (west >= 0) meet(west, here);
        if (r == begin && r > 0)
          meet(owner(r - 1, c), here);
        else if (r > begin)
          meet(above[static_cast<std::size_t>(c)], here);
        above[static_cast<std::size_t>(c)] = west = here;
      }
    }
    unique(pairs);
  });
  std::vector<std::pair<int, int>> all;
  for (const auto& part : found) all.insert(all.end(), part.begin(), part.end());
  unique(all);
  return all;
}

LinkSet find_links(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches, const LinkRule& rule,
                   const RunContext& context, const LinkMemory* before, LinkMemory* after) {
  assert(after == nullptr || after != before);
  const auto count = static_cast<std::size_t>(patches.count());
  const bool directed = surface.steps != nullptr && surface.steps->is_asymmetric();
  assert(!(directed && rule.intra_patch));
  std::vector<std::vector<int>> wanted;
  if (rule.topology != LinkRule::Topology::nearest) wanted = wanted_by_patch(surface, patches, rule);
  const Reuse reuse(frame, surface, patches, rule, before);
  const Ground ground(frame, surface, patches, rule);
  std::vector<LinkMemory::Search> searches(count);
  std::vector<std::uint8_t> reused(count, 0);
  tbb::enumerable_thread_specific<Workspace> workspaces(
      [&] { return Workspace(ground.grid, frame.shape, patches.count()); });
  if (rule.topology == LinkRule::Topology::nearest) {
    std::vector<std::vector<int>> nearest(count);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t k) {
      context.check();
      nearest[static_cast<std::size_t>(k)] = nearest_patches(static_cast<int>(k), ground, workspaces.local());
    });
    wanted = pairs_by_patch(nearest);
  }
  parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t k) {
    context.check();
    const auto a = static_cast<std::size_t>(k);
    if (const LinkMemory::Search* known = reuse.find(static_cast<int>(a), wanted[a])) {
      searches[a] = *known;
      searches[a].wanted = wanted[a];
      for (Link& link : searches[a].found) {
        link.a = reuse.now_of(link.a);
        link.b = reuse.now_of(link.b);
      }
      reused[a] = 1;
    } else if (!wanted[a].empty()) {
      searches[a] = search_from(static_cast<int>(a), ground, std::move(wanted[a]), directed, after != nullptr,
                                workspaces.local());
    }
  });

  LinkSet result;
  result.directed = directed;
  for (const LinkMemory::Search& search : searches)
    result.links.insert(result.links.end(), search.found.begin(), search.found.end());
  if (rule.intra_patch) result.intra = costs_across_patches(ground, result.links, context);
  if (after != nullptr) {
    after->valid = true;
    after->cell_m = frame.cell_m;
    after->rule = rule;
    after->steps = surface.steps;
    after->resistance = surface.resistance;
    after->label = patches.label;
    after->first_cell.resize(count);
    for (std::size_t p = 0; p < count; ++p) after->first_cell[p] = patches.patches[p].first;
    after->searches = std::move(searches);
    after->reused = std::count(reused.begin(), reused.end(), 1);
  }
  return result;
}

}  // namespace greenweave
