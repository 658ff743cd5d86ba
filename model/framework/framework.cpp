#include "model/framework/framework.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <boost/graph/dijkstra_shortest_paths.hpp>

#include "model/movement/search.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr MeasureSpec kElements{"FW_elements", "1", "Framework elements with cells in the frame", 0};
constexpr MeasureSpec kMeetings{"FW_meetings", "1", "Pairs of framework elements that touch or overlap", 1};
constexpr MeasureSpec kComponents{"FW_components", "1", "Connected parts of the framework where elements meet", -1};
constexpr MeasureSpec kHabitat{"FW_habitat_share", "1", "Share of the framework's cells that belong to patches", 1};
constexpr MeasureSpec kGaps{"FW_gaps", "1", "Gaps along the framework's elements", 0};
constexpr MeasureSpec kGapLength{"FW_gap_length", "m", "Total length of the gaps along the framework's elements", -1};
constexpr MeasureSpec kLongestGap{"FW_longest_gap", "m", "Longest gap along any element", -1};
constexpr MeasureSpec kJoined{"FW_joined_pairs", "1", "Pairs of elements whose patches the network joins", 1};
constexpr MeasureSpec kJoinCost{"FW_join_cost", "m",
                                "Mean effective distance over the joined pairs of elements; NaN: none is joined", -1};

/// Patch (0-based) that each cell of the footprint belongs to, -1 for none.
std::vector<int> patch_of_cells(const Footprint& footprint, const PatchSet& patches) {
  std::vector<int> patch(footprint.cells.size());
  for (std::size_t i = 0; i < patch.size(); ++i) patch[i] = patches.label[footprint.cells[i]] - 1;
  return patch;
}

std::vector<int> distinct_patches(std::vector<int> patch_of_cell) {
  std::erase(patch_of_cell, -1);
  std::sort(patch_of_cell.begin(), patch_of_cell.end());
  patch_of_cell.erase(std::unique(patch_of_cell.begin(), patch_of_cell.end()), patch_of_cell.end());
  return patch_of_cell;
}

/// What an axis shows station by station: no cells of the element there, cells without habitat, or habitat.
enum class Station : std::uint8_t { empty, bare, habitat };

std::vector<Station> read_axis(const Footprint& footprint, const std::vector<int>& patch_of_cell) {
  std::vector<Station> axis(static_cast<std::size_t>(footprint.stations), Station::empty);
  for (std::size_t i = 0; i < patch_of_cell.size(); ++i) {
    Station& station = axis[static_cast<std::size_t>(footprint.station[i])];
    if (patch_of_cell[i] >= 0)
      station = Station::habitat;
    else if (station == Station::empty)
      station = Station::bare;
  }
  return axis;
}

/// A run of stations [begin, end) in which no station has habitat and at least one is bare.
struct BareRun {
  std::int32_t begin, end;
  std::int32_t part_begin, part_end;  // stations of the part of the line that it lies on
  bool open_end;
};

std::vector<BareRun> bare_runs(const Footprint& footprint, const std::vector<Station>& axis) {
  std::vector<BareRun> runs;
  for (std::size_t part = 0; part < footprint.part_begins.size(); ++part) {
    const std::int32_t first = footprint.part_begins[part];
    const std::int32_t last =
        part + 1 < footprint.part_begins.size() ? footprint.part_begins[part + 1] : footprint.stations;
    std::int32_t begin = first;
    bool habitat_before = false;
    for (std::int32_t s = first; s <= last; ++s) {
      const bool at_end = s == last;
      if (!at_end && axis[static_cast<std::size_t>(s)] != Station::habitat) continue;
      const bool any_bare =
          std::any_of(axis.begin() + begin, axis.begin() + s, [](Station x) { return x == Station::bare; });
      if (any_bare) runs.push_back({begin, s, first, last, !habitat_before || at_end});
      if (at_end) break;
      habitat_before = true;
      begin = s + 1;
    }
  }
  return runs;
}

/// Patch cells of the element on the stretches of habitat that end at `run.begin` and begin at `run.end`.
std::pair<std::vector<Cell>, std::vector<Cell>> banks_of(const Footprint& footprint,
                                                         const std::vector<int>& patch_of_cell,
                                                         const std::vector<Station>& axis, const BareRun& run) {
  std::int32_t before = run.begin, after = run.end;
  while (before > run.part_begin && axis[static_cast<std::size_t>(before - 1)] != Station::bare) --before;
  while (after < run.part_end && axis[static_cast<std::size_t>(after)] != Station::bare) ++after;
  std::pair<std::vector<Cell>, std::vector<Cell>> banks;
  for (std::size_t i = 0; i < patch_of_cell.size(); ++i) {
    if (patch_of_cell[i] < 0) continue;
    const std::int32_t s = footprint.station[i];
    if (s >= before && s < run.begin) banks.first.push_back(footprint.cells[i]);
    if (s >= run.end && s < after) banks.second.push_back(footprint.cells[i]);
  }
  return banks;
}

Point middle_of(const Frame& frame, const Footprint& footprint, const BareRun& run) {
  double x = 0.0, y = 0.0;
  std::int64_t n = 0;
  for (std::size_t i = 0; i < footprint.cells.size(); ++i) {
    if (footprint.station[i] < run.begin || footprint.station[i] >= run.end) continue;
    const Point p = frame.centre(footprint.cells[i]);
    x += p.x - frame.west;
    y += p.y - frame.north;
    ++n;
  }
  return {frame.west + x / static_cast<double>(n), frame.north + y / static_cast<double>(n)};
}

/// Least effective distance over the network from any of `sources` to every patch.
std::vector<double> network_distances(const HabitatGraph& graph, const std::vector<int>& sources) {
  // A copy with one more vertex, joined to the sources at no cost, lets Boost's single-source search serve several.
  HabitatGraph extended = graph;
  const auto root = boost::add_vertex(extended);
  for (const int s : sources)
    boost::add_edge(root, static_cast<HabitatGraph::vertex_descriptor>(s), NetworkEdge{-1, 0.0}, extended);
  std::vector<double> distance(boost::num_vertices(extended), infinity);
  boost::dijkstra_shortest_paths(
      extended, root,
      boost::weight_map(boost::get(&NetworkEdge::cost_m, extended))
          .distance_map(boost::make_iterator_property_map(distance.begin(), boost::get(boost::vertex_index, extended)))
          .distance_inf(infinity));
  return distance;
}

int links_carried(const Shape& shape, const Footprint& footprint, const PatchSet& patches, const LinkSet& links) {
  std::vector<std::uint8_t> inside(static_cast<std::size_t>(shape.cells()), 0);
  for (const Cell cell : footprint.cells) inside[static_cast<std::size_t>(cell)] = 1;
  int carried = 0;
  for (const Link& link : links.links) {
    std::int64_t between = 0, within = 0;
    for (const Cell cell : link.path) {
      if (patches.label[cell] != 0) continue;
      ++between;
      within += inside[static_cast<std::size_t>(cell)];
    }
    carried += between > 0 && 2 * within >= between;
  }
  return carried;
}

int count_components(const std::vector<std::vector<bool>>& meet) {
  std::vector<int> root(meet.size());
  for (std::size_t i = 0; i < root.size(); ++i) root[i] = static_cast<int>(i);
  auto find = [&](int i) {
    while (root[static_cast<std::size_t>(i)] != i) i = root[static_cast<std::size_t>(i)];
    return i;
  };
  int count = static_cast<int>(meet.size());
  for (std::size_t a = 0; a < meet.size(); ++a)
    for (std::size_t b = a + 1; b < meet.size(); ++b) {
      if (!meet[a][b]) continue;
      const int ra = find(static_cast<int>(a)), rb = find(static_cast<int>(b));
      if (ra == rb) continue;
      root[static_cast<std::size_t>(rb)] = ra;
      --count;
    }
  return count;
}

}  // namespace

std::vector<std::vector<bool>> elements_that_meet(const Shape& shape, const std::vector<Footprint>& footprints) {
  std::vector<std::vector<bool>> meet(footprints.size(), std::vector<bool>(footprints.size(), false));
  std::vector<std::uint8_t> inside(static_cast<std::size_t>(shape.cells()), 0);
  for (std::size_t a = 0; a < footprints.size(); ++a) {
    for (const Cell cell : footprints[a].cells) inside[static_cast<std::size_t>(cell)] = 1;
    for (std::size_t b = a + 1; b < footprints.size(); ++b) {
      meet[a][b] = std::any_of(footprints[b].cells.begin(), footprints[b].cells.end(), [&](Cell cell) {
        bool touches = inside[static_cast<std::size_t>(cell)] != 0;
        for_each_neighbour(shape, cell, Neighbourhood::eight,
                           [&](Cell next, bool) { touches = touches || inside[static_cast<std::size_t>(next)] != 0; });
        return touches;
      });
      meet[b][a] = meet[a][b];
    }
    for (const Cell cell : footprints[a].cells) inside[static_cast<std::size_t>(cell)] = 0;
  }
  return meet;
}

GapTally tally_gaps(const std::vector<Footprint>& footprints, const PatchSet& patches) {
  GapTally tally;
  for (const Footprint& footprint : footprints) {
    if (footprint.cells.empty()) continue;
    for (const BareRun& run : bare_runs(footprint, read_axis(footprint, patch_of_cells(footprint, patches)))) {
      ++tally.gaps;
      tally.length_m += (run.end - run.begin) * footprint.station_m;
    }
  }
  return tally;
}

FrameworkAssessment assess_framework(const Frame& frame, const std::vector<Footprint>& footprints,
                                     const std::vector<std::vector<bool>>& meet, const HabitatSurface& surface,
                                     const PatchSet& patches, const LinkSet& links, const HabitatNetwork& network,
                                     const RunContext& context) {
  const std::size_t n = footprints.size();
  FrameworkAssessment result;
  result.elements.resize(n);
  std::vector<std::vector<int>> carried(n);
  std::vector<std::vector<Gap>> gaps(n);

  const CostGrid grid(surface.resistance);
  parallel_for(static_cast<std::int64_t>(n), [&](std::int64_t k) {
    context.check();
    const auto e = static_cast<std::size_t>(k);
    std::optional<CostSearch> search;  // made when the first gap asks for it
    const Footprint& footprint = footprints[e];
    ElementAssessment& element = result.elements[e];
    element.length_m = footprint.length_m;
    element.area_ha = static_cast<double>(footprint.cells.size()) * frame.cell_area_ha();
    element.ECA_without_ha = element.dECA_percent = std::numeric_limits<double>::quiet_NaN();
    element.meets = static_cast<int>(std::count(meet[e].begin(), meet[e].end(), true));
    if (footprint.cells.empty()) return;

    const std::vector<int> patch_of_cell = patch_of_cells(footprint, patches);
    const auto habitat_cells = std::count_if(patch_of_cell.begin(), patch_of_cell.end(), [](int p) { return p >= 0; });
    element.habitat_share = static_cast<double>(habitat_cells) / static_cast<double>(footprint.cells.size());
    element.patch_area_ha = static_cast<double>(habitat_cells) * frame.cell_area_ha();
    carried[e] = distinct_patches(patch_of_cell);
    element.patches = static_cast<int>(carried[e].size());
    element.links = links_carried(frame.shape, footprint, patches, links);

    const std::vector<Station> axis = read_axis(footprint, patch_of_cell);
    for (const BareRun& run : bare_runs(footprint, axis)) {
      Gap gap;
      gap.element = static_cast<int>(e);
      gap.from_m = run.begin * footprint.station_m;
      gap.length_m = (run.end - run.begin) * footprint.station_m;
      gap.open_end = run.open_end;
      gap.middle = middle_of(frame, footprint, run);
      if (!run.open_end) {
        const auto [before, after] = banks_of(footprint, patch_of_cell, axis, run);
        if (!search) search.emplace(grid);
        gap.bridge_cost_m = search->least_cost(before, after) * frame.cell_m;
        if (std::isfinite(gap.bridge_cost_m))
          element.bridge_cost_m += gap.bridge_cost_m;
        else
          ++element.gaps_unbridgeable;
      } else {
        gap.bridge_cost_m = std::numeric_limits<double>::quiet_NaN();
      }
      ++element.gaps;
      element.longest_gap_m = std::max(element.longest_gap_m, gap.length_m);
      gaps[e].push_back(gap);
    }
  });

  double habitat_ha = 0.0, total_ha = 0.0, gap_length = 0.0, longest = 0.0, join_cost = 0.0;
  int gap_count = 0, meetings = 0, joined = 0, present = 0;
  for (std::size_t a = 0; a < n; ++a) {
    const ElementAssessment& element = result.elements[a];
    present += !footprints[a].cells.empty();
    total_ha += element.area_ha;
    habitat_ha += element.patch_area_ha;
    gap_count += element.gaps;
    longest = std::max(longest, element.longest_gap_m);
    for (const Gap& gap : gaps[a]) {
      gap_length += gap.length_m;
      result.gaps.push_back(gap);
    }
    const std::vector<double> distance =
        carried[a].empty() ? std::vector<double>{} : network_distances(network.graph, carried[a]);
    for (std::size_t b = a + 1; b < n; ++b) {
      ElementPair pair{static_cast<int>(a), static_cast<int>(b), meet[a][b], false, infinity};
      if (!distance.empty())
        for (const int p : carried[b]) pair.cost_m = std::min(pair.cost_m, distance[static_cast<std::size_t>(p)]);
      pair.joined = std::isfinite(pair.cost_m);
      meetings += pair.meet;
      joined += pair.joined;
      if (pair.joined) join_cost += pair.cost_m;
      result.pairs.push_back(pair);
    }
  }
  result.measures = {{&kElements, static_cast<double>(present)},
                     {&kMeetings, static_cast<double>(meetings)},
                     {&kComponents, static_cast<double>(count_components(meet))},
                     {&kHabitat, total_ha > 0.0 ? habitat_ha / total_ha : 0.0},
                     {&kGaps, static_cast<double>(gap_count)},
                     {&kGapLength, gap_length},
                     {&kLongestGap, longest},
                     {&kJoined, static_cast<double>(joined)},
                     {&kJoinCost, joined > 0 ? join_cost / joined : std::numeric_limits<double>::quiet_NaN()}};
  return result;
}

}  // namespace greenweave
