#include "model/movement/links.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <unordered_map>

#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/grid/distance.hpp"
#include "model/movement/search.hpp"
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

/// The cells of each patch, those on its rim (with a neighbour outside the patch) first.
struct PatchCells {
  std::vector<Cell> cells;
  std::vector<std::size_t> begin, rim_end;  // of each patch; begin has one more for the end

  explicit PatchCells(const PatchSet& patches) {
    const Shape shape = patches.label.shape;
    const auto count = static_cast<std::size_t>(patches.count());
    begin.assign(count + 1, 0);
    for (std::size_t p = 0; p < count; ++p)
      begin[p + 1] = begin[p] + static_cast<std::size_t>(patches.patches[p].cells);
    cells.resize(begin[count]);
    rim_end.assign(begin.begin(), begin.end() - 1);
    std::vector<std::size_t> inner(begin.begin() + 1, begin.end());  // filled from the back
    Cell cell = 0;
    for (std::int32_t r = 0; r < shape.rows; ++r)
      for (std::int32_t c = 0; c < shape.cols; ++c, ++cell) {
        const std::int32_t label = patches.label[cell];
        if (label == 0) continue;
        bool rim = false;
        for (const auto& [dr, dc] : neighbour_steps)
          rim = rim || (shape.holds(r + dr, c + dc) && patches.label.at(r + dr, c + dc) != label);
        const auto p = static_cast<std::size_t>(label - 1);
        cells[rim ? rim_end[p]++ : --inner[p]] = cell;
      }
  }
};

/// Labels in the padded order of a CostGrid, 0 outside.
std::vector<std::int32_t> padded_labels(const CostGrid& grid, const Raster<std::int32_t>& label) {
  std::vector<std::int32_t> padded(grid.size(), 0);
  for (std::int32_t r = 0; r < label.shape.rows; ++r)
    std::copy_n(label.values.data() + static_cast<std::ptrdiff_t>(r) * label.shape.cols, label.shape.cols,
                padded.data() + static_cast<std::ptrdiff_t>(r + 1) * grid.stride() + 1);
  return padded;
}

double length_of(const Shape& shape, const std::vector<Cell>& path, double cell_m) {
  std::int64_t straight = 0, diagonal = 0;
  for (std::size_t i = 1; i < path.size(); ++i) {
    const bool is_diagonal =
        shape.row(path[i]) != shape.row(path[i - 1]) && shape.col(path[i]) != shape.col(path[i - 1]);
    ++(is_diagonal ? diagonal : straight);
  }
  return (static_cast<double>(straight) + static_cast<double>(diagonal) * std::numbers::sqrt2) * cell_m;
}

/// The patches that the search from each patch has to find: partners b > a that a path can reach at all.
std::vector<std::vector<int>> wanted_by_patch(const HabitatSurface& surface, const PatchSet& patches,
                                              const LinkRule& rule) {
  const auto count = static_cast<std::size_t>(patches.count());
  Raster<std::uint8_t> passable(surface.resistance.shape);
  parallel_pieces(passable.shape.cells(), 1 << 18, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      passable.values[i] = surface.resistance.values[i] != impassable;
  });
  // A patch may consist of several passable parts if its own cells are barriers to its guild; any of them will do.
  const Raster<std::int32_t> part = label_components(passable, Neighbourhood::eight, nullptr);
  std::vector<std::vector<std::int32_t>> parts(count);
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

LinkMemory::Search search_from(int a, const Frame& frame, const PatchCells& cells, const CostGrid& grid,
                               const std::vector<std::int32_t>& label, const LinkRule& rule, std::vector<int> wanted,
                               bool remember, Workspace& work) {
  const auto p = static_cast<std::size_t>(a);
  LinkMemory::Search result;
  result.wanted = std::move(wanted);
  CostSearch& search = work.search;
  search.reset();
  for (std::size_t i = cells.begin[p]; i < cells.rim_end[p]; ++i) search.add_source(cells.cells[i]);
  for (std::size_t i = cells.rim_end[p]; i < cells.begin[p + 1]; ++i) search.add_interior(cells.cells[i]);
  for (const int b : result.wanted) work.is_wanted[static_cast<std::size_t>(b)] = 1;

  std::size_t missing = result.wanted.size();
  const std::int32_t own = a + 1;
  const auto passes = [&](std::uint32_t at) { return label[at] == 0 || label[at] == own || rule.cross_patches; };
  const auto visit = [&](std::uint32_t at, double cost) {
    const std::int32_t there = label[at];
    if (there == 0 || there == own) return true;
    const auto b = static_cast<std::size_t>(there - 1);
    if (work.is_wanted[b] != 0) {
      Workspace::Arrival& best = work.best[b];
      if (best.cost == infinity) --missing;
      if (cost < best.cost || (cost == best.cost && at < best.cell)) best = {cost, at};
    }
    return passes(at);
  };
  search.run(rule.max_cost_m / frame.cell_m, visit, [&](double) { return missing == 0; });

  for (const int b : result.wanted) {
    Workspace::Arrival& best = work.best[static_cast<std::size_t>(b)];
    if (best.cost != infinity) {
      Link link;
      link.a = a;
      link.b = b;
      link.cost_m = best.cost * frame.cell_m;
      link.path = search.path_to(grid.cell(best.cell), passes);
      link.length_m = length_of(frame.shape, link.path, frame.cell_m);
      result.found.push_back(std::move(link));
    }
    best = {infinity, 0};
    work.is_wanted[static_cast<std::size_t>(b)] = 0;
  }
  if (remember) {
    result.read_everything = search.touched_all();
    if (!result.read_everything) {
      for (const std::uint32_t at : search.touched()) {
        const std::int32_t tile = tile_of(frame.shape, grid.cell(at));
        if (work.tile_seen[static_cast<std::size_t>(tile)]++ == 0) result.tiles.push_back(tile);
        work.tile_seen[static_cast<std::size_t>(tile)] = 1;
      }
      for (const std::int32_t tile : result.tiles) work.tile_seen[static_cast<std::size_t>(tile)] = 0;
      std::sort(result.tiles.begin(), result.tiles.end());
    }
  }
  return result;
}

/// Which searches of an earlier landscape still hold on this one, and what its patches are called now.
class Reuse {
 public:
  Reuse(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches, const LinkRule& rule,
        const LinkMemory* before) {
    if (before == nullptr || !before->valid || before->label.shape != frame.shape || before->cell_m != frame.cell_m ||
        before->rule.topology != rule.topology || before->rule.max_cost_m != rule.max_cost_m ||
        before->rule.cross_patches != rule.cross_patches)
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
std::vector<IntraPatchCost> cross_patches(const Frame& frame, const HabitatSurface& surface, const PatchSet& patches,
                                          const std::vector<Link>& links, const RunContext& context) {
  std::vector<std::vector<int>> links_of(static_cast<std::size_t>(patches.count()));
  for (std::size_t i = 0; i < links.size(); ++i) {
    links_of[static_cast<std::size_t>(links[i].a)].push_back(static_cast<int>(i));
    links_of[static_cast<std::size_t>(links[i].b)].push_back(static_cast<int>(i));
  }
  const CostGrid grid(surface.resistance);
  const std::vector<std::int32_t> label = padded_labels(grid, patches.label);
  std::vector<std::vector<IntraPatchCost>> found(links_of.size());
  tbb::enumerable_thread_specific<CostSearch> searches([&] { return CostSearch(grid); });
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
          infinity, [&](std::uint32_t at, double) { return label[at] == static_cast<std::int32_t>(p) + 1; },
          [](double) { return false; });
      for (std::size_t j = i + 1; j < links_of[p].size(); ++j)
        found[p].push_back({static_cast<int>(p), links_of[p][i], links_of[p][j],
                            search.cost(end_in_patch(links_of[p][j])) * frame.cell_m});
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
  std::vector<std::vector<int>> wanted = wanted_by_patch(surface, patches, rule);
  const Reuse reuse(frame, surface, patches, rule, before);
  const CostGrid grid(surface.resistance);
  const std::vector<std::int32_t> label = padded_labels(grid, patches.label);
  const PatchCells cells(patches);
  std::vector<LinkMemory::Search> searches(count);
  std::vector<std::uint8_t> reused(count, 0);
  tbb::enumerable_thread_specific<Workspace> workspaces([&] { return Workspace(grid, frame.shape, patches.count()); });
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
      searches[a] = search_from(static_cast<int>(a), frame, cells, grid, label, rule, std::move(wanted[a]),
                                after != nullptr, workspaces.local());
    }
  });

  LinkSet result;
  for (const LinkMemory::Search& search : searches)
    result.links.insert(result.links.end(), search.found.begin(), search.found.end());
  if (rule.intra_patch) result.intra = cross_patches(frame, surface, patches, result.links, context);
  if (after != nullptr) {
    after->valid = true;
    after->cell_m = frame.cell_m;
    after->rule = rule;
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
