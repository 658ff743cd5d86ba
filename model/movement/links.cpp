#include "model/movement/links.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>

#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/grid/distance.hpp"
#include "model/movement/patch_search.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

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
  Workspace(const CostGrid& grid, int patches, const LinkSearch& search_how)
      : how(search_how),
        search(grid),
        best(static_cast<std::size_t>(patches), {infinity, 0}),
        is_wanted(static_cast<std::size_t>(patches), 0) {}

  struct Arrival {
    double cost;
    std::uint32_t cell;
  };
  LinkSearch how;
  CostSearch search;
  std::optional<CostSearch> back;  // where one from the other end is wanted
  std::vector<Arrival> best;       // of each patch, infinite but during a search
  std::vector<std::uint8_t> is_wanted;
};

/// What is left of the way to the last patch that a search misses, at the least: by a search from that patch, which
/// grows with the other one. Where a search floods half the land to reach one patch behind a town or across a river,
/// the two together are far smaller: the search from within the town is small, and none of the ways that still can be
/// least leads far from it. (While several are missing, the ways to them lead everywhere.)
class WayLeft {
 public:
  WayLeft(int patch, const Ground& ground, Heading heading, CostSearch& search) : ground_(ground), search_(search) {
    start_from(patch, ground, heading == Heading::away ? Heading::towards : Heading::away, search_);
  }

  /// Searches on, over about so many cells more.
  void grow(double limit, std::int64_t cells) {
    std::int64_t expanded = 0;
    search_.run(
        limit,
        [&](std::uint32_t at, double cost) {
          ++expanded;
          return ground_.rule.cross_patches || cost == 0.0 || ground_.label[at] == 0;
        },
        [&](double final_below) {
          radius_ = final_below;
          return expanded >= cells;
        });
    if (search_.is_exhausted()) radius_ = infinity;
  }

  /// Whether a way that has come to a cell at a cost can be least, and within the limit.
  bool can_be_least(std::uint32_t at, double cost, double limit) {
    double left = search_.padded_costs()[at];
    if (left < radius_)
      met_ = std::min(met_, cost + left);  // the patch is no farther than where the two searches meet
    else
      left = radius_;
    return cost + left <= std::min(limit, met_) * (1.0 + margin);
  }

 private:
  static constexpr double margin = 1e-9;  // far above what rounding does to a sum of steps
  const Ground& ground_;
  CostSearch& search_;
  double radius_ = 0.0;  // costs below it are final
  double met_ = infinity;
};

/// Searches from patch a until every wanted patch is found; leaves the arrivals in `work.best`.
void search_wanted(int a, const Ground& ground, const std::vector<int>& wanted, Heading heading, Workspace& work) {
  start_from(a, ground, heading, work.search);
  for (const int b : wanted) {
    work.is_wanted[static_cast<std::size_t>(b)] = 1;
    work.best[static_cast<std::size_t>(b)] = {infinity, 0};
  }
  const double limit = ground.rule.max_cost_m / ground.frame.cell_m;
  std::size_t missing = wanted.size();
  std::int64_t expanded = 0;
  std::optional<WayLeft> way_left;
  const std::int32_t own = a + 1;
  const auto visit = [&](std::uint32_t at, double cost) {
    ++expanded;
    const std::int32_t there = ground.label[at];
    if (there != 0 && there != own) {
      const auto b = static_cast<std::size_t>(there - 1);
      if (work.is_wanted[b] != 0) {
        Workspace::Arrival& best = work.best[b];
        if (best.cost == infinity) --missing;
        if (cost < best.cost || (cost == best.cost && at < best.cell)) best = {cost, at};
      }
      if (!ground.rule.cross_patches) return false;
    }
    return !way_left || way_left->can_be_least(at, cost, limit);
  };
  for (std::int64_t pause = work.how.look_back_after;; pause = expanded + expanded / 2) {
    work.search.run(limit, visit, [&](double) { return missing == 0 || expanded >= pause; });
    if (missing == 0 || work.search.is_exhausted()) break;
    if (missing > 1) continue;
    if (!way_left) {
      const auto last = std::find_if(wanted.begin(), wanted.end(),
                                     [&](int b) { return work.best[static_cast<std::size_t>(b)].cost == infinity; });
      if (!work.back) work.back.emplace(ground.grid);
      way_left.emplace(*last, ground, heading, *work.back);
    }
    way_left->grow(limit, expanded / 10);  // measured: a small look back gains most
  }
  for (const int b : wanted) work.is_wanted[static_cast<std::size_t>(b)] = 0;
}

/// The links from patch a to those of the wanted patches that it reaches, in their order.
std::vector<Link> links_from(int a, const Ground& ground, const std::vector<int>& wanted, bool directed,
                             Workspace& work) {
  const Frame& frame = ground.frame;
  const auto passes = [&](std::uint32_t at) { return ground.expands(a, at); };
  search_wanted(a, ground, wanted, Heading::away, work);
  std::vector<Link> links(wanted.size());
  for (std::size_t i = 0; i < links.size(); ++i) {
    Link& link = links[i];
    link.a = a;
    link.b = wanted[i];
    const Workspace::Arrival& best = work.best[static_cast<std::size_t>(link.b)];
    link.cost_m = link.back_cost_m = best.cost * frame.cell_m;
    if (best.cost != infinity) link.path = work.search.path_to(ground.grid.cell(best.cell), passes);
    link.length_m = link.back_length_m = path_length_m(frame, link.path);
  }
  if (directed) {
    search_wanted(a, ground, wanted, Heading::towards, work);
    for (Link& link : links) {
      const Workspace::Arrival& best = work.best[static_cast<std::size_t>(link.b)];
      link.back_cost_m = best.cost * frame.cell_m;
      if (best.cost != infinity) link.back_path = work.search.path_to(ground.grid.cell(best.cell), passes);
      std::reverse(link.back_path.begin(), link.back_path.end());
      link.back_length_m = path_length_m(frame, link.back_path);
    }
  }
  std::erase_if(links, [](const Link& link) { return link.cost_m == infinity && link.back_cost_m == infinity; });
  return links;
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

/// What of an earlier landscape's links still holds on this one.
///
/// A pair of patches that lie within a pair of earlier ones keeps its link, or its lack of one, where
/// 1. the link's path lies on cells that are what they were, and ends in the patches as they are now; and
/// 2. no way over cells that became easier can be as cheap: such a way costs at least as much as from one patch to the
///    nearest of those cells and from the nearest of them to the other patch, on the cheaper of both landscapes.
/// All other ways cost at least what they did, so the path is still the one that the rules of `find_links` choose.
class Reuse {
 public:
  Reuse(const Ground& ground, const HabitatSurface& surface, const PatchSet& patches, bool directed,
        const LinkMemory& before, const RunContext& context)
      : ground_(ground), directed_(directed), limit_(ground.rule.max_cost_m / ground.frame.cell_m) {
    const LinkRule& rule = ground.rule;
    if (before.shape != ground.frame.shape || before.cell_m != ground.frame.cell_m ||
        before.rule.topology != rule.topology || before.rule.max_cost_m != rule.max_cost_m ||
        before.rule.cross_patches != rule.cross_patches || !same_steps(before.steps.get(), surface.steps.get()))
      return;
    before_ = &before;
    compare(surface, patches, context);
  }

  /// Whether it is known what joins patch a to b > a. If so `link` is the link of then, or null if there is none.
  bool knows(int a, int b, const Link*& link) const {
    if (before_ == nullptr) return false;
    const std::int32_t then_a = part_of_[static_cast<std::size_t>(a)], then_b = part_of_[static_cast<std::size_t>(b)];
    if (then_a < 0 || then_b < 0 || then_a >= then_b) return false;
    const LinkMemory::Search& search = before_->searches[static_cast<std::size_t>(then_a)];
    if (!std::binary_search(search.wanted.begin(), search.wanted.end(), then_b)) return false;
    const auto found = std::lower_bound(search.found.begin(), search.found.end(), then_b,
                                        [](const Link& l, int wanted) { return l.b < wanted; });
    link = found != search.found.end() && found->b == then_b ? &*found : nullptr;
    if (link == nullptr) return holds(infinity, {}, a, b) && (!directed_ || holds(infinity, {}, b, a));
    return holds(link->cost_m, link->path, a, b) && (!directed_ || holds(link->back_cost_m, link->back_path, b, a));
  }

 private:
  static bool same_steps(const StepEffects* x, const StepEffects* y) {
    return x == y || (x != nullptr && y != nullptr && *x == *y);
  }

  /// Which cells changed, what patches are parts of, and how far each patch is from cells that became easier.
  void compare(const HabitatSurface& surface, const PatchSet& patches, const RunContext& context) {
    const Shape& shape = ground_.frame.shape;
    // Patches closed to paths: a cell that leaves one is as good as a cheaper one, a cell that joins one is an
    // obstacle.
    const bool closed = !ground_.rule.cross_patches;
    constexpr std::int32_t unknown = -2;
    part_of_.assign(static_cast<std::size_t>(patches.count()), unknown);
    changed_.assign(static_cast<std::size_t>(shape.cells()), 0);
    HabitatSurface cheaper;
    cheaper.steps = surface.steps;
    cheaper.resistance = surface.resistance;
    std::vector<Cell> easier;
    auto then = before_->ground.begin();
    for (Cell cell = 0; cell < shape.cells(); ++cell) {
      if (cell == then->end) ++then;
      const float resistance = surface.resistance[cell];
      const std::int32_t label = patches.label[cell];
      if (label != 0) {
        std::int32_t& part = part_of_[static_cast<std::size_t>(label - 1)];
        if (part == unknown)
          part = then->label - 1;
        else if (part != then->label - 1)
          part = -1;
      }
      changed_[static_cast<std::size_t>(cell)] =
          resistance != then->resistance || (closed && then->label == 0 && label != 0);
      if (resistance < then->resistance || (closed && then->label != 0 && label == 0)) easier.push_back(cell);
      cheaper.resistance[cell] = std::min(resistance, then->resistance);
    }
    const double radius = easier.empty() ? infinity : limit_ * (1.0 + 2.0 * margin);
    away_.assign(static_cast<std::size_t>(patches.count()), radius);
    towards_ = away_;
    if (easier.empty()) return;
    const CostGrid grid(cheaper);
    CostSearch search(grid);
    const auto distances = [&](Heading heading, std::vector<double>& of_patch) {
      context.check();
      search.reset(heading);
      for (const Cell cell : easier) search.add_source(cell);
      search.run(
          radius, [](std::uint32_t, double) { return true; }, [](double) { return false; });
      for_each_reached(search, [&](std::uint32_t at, double cost) {
        const std::int32_t label = ground_.label[at];
        if (label == 0) return;
        double& nearest = of_patch[static_cast<std::size_t>(label - 1)];
        nearest = std::min(nearest, cost);
      });
    };
    distances(Heading::away, towards_);
    if (directed_)
      distances(Heading::towards, away_);
    else
      away_ = towards_;
  }

  /// Whether the cost of the way from one patch to the other, on `path`, is what it was; with an infinite cost: whether
  /// there is still no way.
  bool holds(double cost_m, const std::vector<Cell>& path, int from, int to) const {
    const double over_easier = away_[static_cast<std::size_t>(from)] + towards_[static_cast<std::size_t>(to)];
    if (cost_m == infinity) return over_easier == infinity || limit_ * (1.0 + margin) < over_easier;
    const double cost = cost_m / ground_.frame.cell_m;
    if (!(over_easier == infinity || cost * (1.0 + margin) < over_easier)) return false;
    // Where steps are lost in the sum's rounding, the path depends on more cells than its own.
    if (ground_.grid.least_step() < margin * cost) return false;
    const auto label = [&](Cell cell) { return ground_.label[ground_.grid.padded(cell)]; };
    if (label(path.front()) != from + 1 || label(path.back()) != to + 1) return false;
    return std::none_of(path.begin(), path.end(),
                        [&](Cell cell) { return changed_[static_cast<std::size_t>(cell)] != 0; });
  }

  static constexpr double margin = 1e-9;  // far above what rounding does to a sum of steps
  const Ground& ground_;
  const bool directed_;
  const double limit_;  // of costs, in cells
  const LinkMemory* before_ = nullptr;
  std::vector<std::int32_t> part_of_;   // of each patch; -1: none
  std::vector<std::uint8_t> changed_;   // cells that a path of then cannot rely on
  std::vector<double> away_, towards_;  // of each patch: cost to the nearest easier cell, and from it; or less
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
  const Raster<Cell> nearest = nearest_feature(shape, habitat);
  constexpr std::int64_t rows_a_piece = 64;
  std::vector<std::vector<std::pair<int, int>>> found(
      static_cast<std::size_t>((shape.rows + rows_a_piece - 1) / rows_a_piece));
  const auto unique = [](std::vector<std::pair<int, int>>& pairs) {
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  };
  parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    auto& pairs = found[static_cast<std::size_t>(begin / rows_a_piece)];
    const auto owner = [&](std::int32_t r, std::int32_t c) { return patches.label[nearest.at(r, c)] - 1; };
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
                   const RunContext& context, const LinkMemory* before, LinkMemory* after, const LinkSearch& how) {
  assert(after == nullptr || after != before);
  const auto count = static_cast<std::size_t>(patches.count());
  const bool directed = surface.steps != nullptr && surface.steps->is_asymmetric();
  assert(!(directed && rule.intra_patch));
  std::vector<std::vector<int>> wanted;
  if (rule.topology != LinkRule::Topology::nearest) wanted = wanted_by_patch(surface, patches, rule);
  const Ground ground(frame, surface, patches, rule);
  tbb::enumerable_thread_specific<Workspace> workspaces([&] { return Workspace(ground.grid, patches.count(), how); });
  if (rule.topology == LinkRule::Topology::nearest) {
    std::vector<std::vector<int>> nearest(count);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t k) {
      context.check();
      nearest[static_cast<std::size_t>(k)] = nearest_patches(static_cast<int>(k), ground, workspaces.local());
    });
    wanted = pairs_by_patch(nearest);
  }
  std::vector<LinkMemory::Search> searches(count);
  for (std::size_t a = 0; a < count; ++a) searches[a].wanted = wanted[a];
  std::vector<std::int64_t> known(count, 0);
  if (before != nullptr) {
    const Reuse reuse(ground, surface, patches, directed, *before, context);
    parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t k) {
      const auto a = static_cast<std::size_t>(k);
      std::erase_if(wanted[a], [&](int b) {
        const Link* then = nullptr;
        if (!reuse.knows(static_cast<int>(a), b, then)) return false;
        ++known[a];
        if (then == nullptr) return true;
        searches[a].found.push_back(*then);
        searches[a].found.back().a = static_cast<int>(a);
        searches[a].found.back().b = b;
        return true;
      });
    });
  }
  parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t k) {
    context.check();
    const auto a = static_cast<std::size_t>(k);
    std::vector<Link>& found = searches[a].found;
    if (!wanted[a].empty()) {
      std::vector<Link> fresh = links_from(static_cast<int>(a), ground, wanted[a], directed, workspaces.local());
      found.insert(found.end(), std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
    }
    std::sort(found.begin(), found.end(), [](const Link& x, const Link& y) { return x.b < y.b; });
  });

  LinkSet result;
  result.directed = directed;
  for (const LinkMemory::Search& search : searches)
    result.links.insert(result.links.end(), search.found.begin(), search.found.end());
  if (rule.intra_patch) result.intra = costs_across_patches(ground, result.links, context);
  if (after != nullptr) {
    after->shape = frame.shape;
    after->cell_m = frame.cell_m;
    after->rule = rule;
    after->steps = surface.steps;
    after->ground.clear();
    for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
      const float resistance = surface.resistance[cell];
      const std::int32_t label = patches.label[cell];
      if (after->ground.empty() || after->ground.back().resistance != resistance || after->ground.back().label != label)
        after->ground.push_back({cell, resistance, label});
      after->ground.back().end = cell + 1;
    }
    after->searches = std::move(searches);
    after->known = std::accumulate(known.begin(), known.end(), std::int64_t{0});
  }
  return result;
}

}  // namespace greenweave
