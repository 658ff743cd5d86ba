#include "model/visitors/standards.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <functional>
#include <queue>

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

const char* name_of(StandardQuantity quantity) {
  constexpr std::array names{"trail_width_m", "slope_percent", "station_spacing_m", "control_zone_m",
                             "belt_side_m",   "load_share",    "m2_per_person",     "persons_per_ha"};
  return names[static_cast<std::size_t>(quantity)];
}

const char* name_of(TrailUse use) {
  constexpr std::array names{"walking", "cycling_one_way", "cycling_two_way", "combined"};
  return names[static_cast<std::size_t>(use)];
}

std::string width_id(TrailUse use, GreenwayKind kind) {
  return std::string("trail_width.") + name_of(use) + "." + name_of(kind);
}

std::string station_id(int station_class, GreenwayKind kind) {
  return "stations.class_" + std::to_string(station_class) + "." + name_of(kind);
}

std::vector<StandardFigure> default_standards() {
  using Q = StandardQuantity;
  std::vector<StandardFigure> figures;
  struct Source {
    const char *standard, *clause, *edition;
    bool is_checked;
  };
  const auto add = [&](const std::string& id, Q quantity, const std::string& of, double least, double most,
                       const Source& source) {
    figures.push_back(
        {id, quantity, of, least, most, source.standard, source.clause, source.edition, source.is_checked});
  };
  const Source fujian{"Fujian greenway guideline", "", "2014", true};
  const auto width = [&](TrailUse use, GreenwayKind kind, double least) {
    add(width_id(use, kind), Q::trail_width_m, std::string(name_of(use)) + ", " + name_of(kind), least, infinity,
        fujian);
  };
  width(TrailUse::walking, GreenwayKind::urban, 2.0);
  width(TrailUse::walking, GreenwayKind::suburban, 1.2);
  width(TrailUse::walking, GreenwayKind::ecological, 1.2);
  width(TrailUse::combined, GreenwayKind::suburban, 3.0);
  width(TrailUse::combined, GreenwayKind::ecological, 2.0);
  for (const GreenwayKind kind : {GreenwayKind::ecological, GreenwayKind::suburban, GreenwayKind::urban}) {
    width(TrailUse::cycling_one_way, kind, 1.5);
    width(TrailUse::cycling_two_way, kind, 3.5);
  }
  const Source national{"Greenway planning and design guideline (MOHURD)", "", "2016", false};
  add("slope.walking", Q::slope_percent, "walking", 0.0, 12.0, national);
  add("slope.cycling", Q::slope_percent, "cycling and combined", 0.0, 8.0, national);
  const Source delta{"Pearl River Delta greenway guideline", "", "", false};
  const auto by_kind = [&](const std::string& id, Q quantity, GreenwayKind kind, double least, const Source& source) {
    add(id + "." + name_of(kind), quantity, name_of(kind), least, infinity, source);
  };
  by_kind("control_zone", Q::control_zone_m, GreenwayKind::ecological, 200.0, delta);
  by_kind("control_zone", Q::control_zone_m, GreenwayKind::suburban, 100.0, delta);
  by_kind("control_zone", Q::control_zone_m, GreenwayKind::urban, 20.0, delta);
  by_kind("belt_side", Q::belt_side_m, GreenwayKind::ecological, 15.0, fujian);
  by_kind("belt_side", Q::belt_side_m, GreenwayKind::suburban, 10.0, fujian);
  by_kind("belt_side", Q::belt_side_m, GreenwayKind::urban, 3.0, fujian);
  const auto stations = [&](int station_class, GreenwayKind kind, double least, double most) {
    add(station_id(station_class, kind), Q::station_spacing_m,
        "class " + std::to_string(station_class) + ", " + name_of(kind), least, most, delta);
  };
  stations(1, GreenwayKind::urban, 5000, 8000);
  stations(1, GreenwayKind::suburban, 15000, 20000);
  stations(2, GreenwayKind::urban, 3000, 5000);
  stations(2, GreenwayKind::suburban, 5000, 10000);
  stations(3, GreenwayKind::urban, 1000, 2000);
  stations(3, GreenwayKind::suburban, 3000, 5000);
  add("load.alert", Q::load_share, "capacity", 0.0, 0.8, {"LB/T 034", "", "2014", false});
  const Source scenic{"GB/T 50298", "3.3.1", "2018", true};
  add("space.trail", Q::m2_per_person, "trail (line method)", 5, 10, scenic);
  add("space.main_sight", Q::m2_per_person, "main sights", 50, 100, scenic);
  add("space.sight", Q::m2_per_person, "ordinary sights", 100, 400, scenic);
  const Source park{"GB 51192", "", "2016", true};
  add("space.water", Q::m2_per_person, "water of parks", 150, 250, park);
  const Source park_land{"GB 51192", "", "2016", false};
  add("space.comprehensive_park", Q::m2_per_person, "comprehensive parks", 30, 60, park_land);
  add("space.community_park", Q::m2_per_person, "special and community parks", 20, 30, park_land);
  add("space.pocket_park", Q::m2_per_person, "pocket parks", 30, 60, park_land);
  const Source land{"GB/T 50298", "table 3.3.1-1", "2018", false};
  add("density.conifer", Q::persons_per_ha, "conifer forest", 2, 3, land);
  add("density.broadleaf", Q::persons_per_ha, "broadleaf forest", 4, 8, land);
  add("density.forest_park", Q::persons_per_ha, "forest parks", 15, 20, land);
  add("density.open_woodland", Q::persons_per_ha, "open woodland and grass", 20, 25, land);
  add("density.grassland_park", Q::persons_per_ha, "grassland parks", 0, 70, land);
  add("density.town_park", Q::persons_per_ha, "town parks", 30, 200, land);
  return figures;
}

const StandardFigure* figure_named(std::span<const StandardFigure> figures, const std::string& id) {
  const auto found = std::find_if(figures.begin(), figures.end(), [&](const auto& figure) { return figure.id == id; });
  return found == figures.end() ? nullptr : &*found;
}

std::vector<double> way_to_station_m(const TrailNetwork& network) {
  struct Step {
    int to;
    double length_m;
  };
  std::vector<std::vector<Step>> steps(network.nodes.size());
  for (const TrailLink& link : network.links) {
    steps[static_cast<std::size_t>(link.from)].push_back({link.to, link.length_m});
    steps[static_cast<std::size_t>(link.to)].push_back({link.from, link.length_m});
  }
  std::vector<double> way(network.nodes.size(), infinity);
  using Entry = std::pair<double, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  for (std::size_t n = 0; n < network.nodes.size(); ++n)
    if (network.nodes[n].kind == TrailNodeKind::station) {
      way[n] = 0.0;
      queue.emplace(0.0, static_cast<int>(n));
    }
  while (!queue.empty()) {
    const auto [d, node] = queue.top();
    queue.pop();
    if (d > way[static_cast<std::size_t>(node)]) continue;
    for (const Step& step : steps[static_cast<std::size_t>(node)]) {
      double& there = way[static_cast<std::size_t>(step.to)];
      if (d + step.length_m >= there) continue;
      there = d + step.length_m;
      queue.emplace(there, step.to);
    }
  }
  return way;
}

std::vector<TrailViolation> trail_violations(const TrailNetwork& network, std::span<const StandardFigure> figures,
                                             const TrailDemands& demands) {
  std::vector<TrailViolation> found;
  const auto row_of = [&](const StandardFigure* figure) { return static_cast<std::size_t>(figure - figures.data()); };
  const StandardFigure* const slope =
      figure_named(figures, demands.use == TrailUse::walking ? "slope.walking" : "slope.cycling");
  const std::vector<double> way = demands.station_class > 0 ? way_to_station_m(network) : std::vector<double>{};
  for (std::size_t k = 0; k < network.links.size(); ++k) {
    const TrailLink& link = network.links[k];
    const auto add = [&](double from_m, double to_m, double is, const StandardFigure* figure) {
      found.push_back({static_cast<int>(k), from_m, to_m, is, row_of(figure)});
    };
    if (const StandardFigure* width = figure_named(figures, width_id(demands.use, link.kind));
        link.is_typed && width != nullptr && link.width_m < width->least - 1e-9)
      add(0.0, link.length_m, link.width_m, width);
    if (slope != nullptr && link.surface != TrailSurface::steps && link.steepest_percent > slope->most + 1e-9)
      add(0.0, link.length_m, link.steepest_percent, slope);
    if (demands.station_class == 0 || !link.is_typed) continue;
    const StandardFigure* const spacing = figure_named(figures, station_id(demands.station_class, link.kind));
    if (spacing == nullptr) continue;
    // From both ends a station is so far away; in between the nearer way counts.
    const double before = way[static_cast<std::size_t>(link.from)], after = way[static_cast<std::size_t>(link.to)];
    const double reach = 0.5 * spacing->most;
    const double from_m = std::max(0.0, reach - before), to_m = std::min(link.length_m, link.length_m - reach + after);
    if (to_m <= from_m) continue;
    const double middle = 0.5 * (before + link.length_m + after);  // the farthest point, if it lies on the link
    const double farthest = std::min({middle, before + link.length_m, after + link.length_m});
    if (farthest > reach + 1e-9) add(from_m, to_m, 2.0 * farthest, spacing);
  }
  return found;
}

}  // namespace greenweave
