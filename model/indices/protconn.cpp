#include "model/indices/protconn.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "model/indices/connectivity.hpp"
#include "model/network/network.hpp"

namespace greenweave {

namespace {

/// Areas joined without cost are one node: the same EC(PC), for p is 1 between them.
class Groups {
 public:
  explicit Groups(std::size_t areas) : parent_(areas) { std::iota(parent_.begin(), parent_.end(), 0); }

  int root(int area) {
    while (parent_[index(area)] != area) {
      parent_[index(area)] = parent_[index(parent_[index(area)])];
      area = parent_[index(area)];
    }
    return area;
  }
  /// The one of the first area stands for both.
  void join(int a, int b) {
    a = root(a), b = root(b);
    parent_[index(std::max(a, b))] = std::min(a, b);
  }
  /// Numbers from 0 in order of the first area.
  std::vector<int> numbers(int* count) {
    std::vector<int> number(parent_.size(), -1);
    int next = 0;
    for (std::size_t i = 0; i < parent_.size(); ++i) {
      const std::size_t of = index(root(static_cast<int>(i)));
      if (number[of] < 0) number[of] = next++;
      number[i] = number[of];
    }
    *count = next;
    return number;
  }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  std::vector<int> parent_;
};

struct Joined {
  HabitatNetwork network;
  std::vector<int> group;  // of each area; -1: left out
};

Joined join(const std::vector<ProtectedArea>& areas, const std::vector<ProtectedLink>& links, bool with_outside,
            bool by_land) {
  const auto counts = [&](int area) { return with_outside || !areas[static_cast<std::size_t>(area)].is_outside; };
  Groups groups(areas.size());
  for (const ProtectedLink& link : links)
    if (link.cost_m <= 0.0 && counts(link.a) && counts(link.b)) groups.join(link.a, link.b);
  if (by_land) {
    std::map<int, int> first;
    for (std::size_t i = 0; i < areas.size(); ++i) {
      const auto [known, is_new] = first.try_emplace(areas[i].land, static_cast<int>(i));
      if (!is_new) groups.join(known->second, static_cast<int>(i));
    }
  }
  int count = 0;
  Joined joined{{}, groups.numbers(&count)};
  joined.network.graph = HabitatGraph(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < areas.size(); ++i)
    if (!areas[i].is_outside)
      joined.network.graph[static_cast<std::size_t>(joined.group[i])].attribute += areas[i].area_ha;
  std::map<std::pair<int, int>, double> least;
  for (const ProtectedLink& link : links) {
    if (!counts(link.a) || !counts(link.b) || !std::isfinite(link.cost_m)) continue;
    const int a = joined.group[static_cast<std::size_t>(link.a)], b = joined.group[static_cast<std::size_t>(link.b)];
    if (a == b) continue;
    const auto [known, is_new] = least.try_emplace({std::min(a, b), std::max(a, b)}, link.cost_m);
    if (!is_new) known->second = std::min(known->second, link.cost_m);
  }
  for (const auto& [pair, cost] : least)
    boost::add_edge(static_cast<std::size_t>(pair.first), static_cast<std::size_t>(pair.second), NetworkEdge{-1, cost},
                    joined.network.graph);
  return joined;
}

}  // namespace

ProtConn protected_connected(const std::vector<ProtectedArea>& areas, const std::vector<ProtectedLink>& links,
                             const Dispersal& dispersal, double land_ha) {
  ProtConn result;
  const auto percent = [&](double ha) { return land_ha > 0.0 ? 100.0 * ha / land_ha : 0.0; };
  Joined whole = join(areas, links, true, false);
  ConnectivityParameters parameters;
  parameters.dispersal = dispersal;
  parameters.landscape_area_ha = land_ha;
  parameters.per_patch = true;
  const ConnectivityResult of_whole = connectivity(whole.network, parameters);
  const double eca = std::sqrt(of_whole.pc_numerator);
  const double eca_inside = equivalent_connected_area(join(areas, links, false, false).network, dispersal);
  const double eca_bound = equivalent_connected_area(join(areas, links, true, true).network, dispersal);

  double sum = 0.0, squares = 0.0, group_squares = 0.0;
  for (const ProtectedArea& area : areas)
    if (!area.is_outside) {
      sum += area.area_ha;
      squares += area.area_ha * area.area_ha;
    }
  // Over protected land inside the region: groups that touch without the help of areas beyond the border.
  const Joined inside = join(areas, links, false, false);
  for (const auto& v : boost::make_iterator_range(boost::vertices(inside.network.graph)))
    group_squares += inside.network.graph[v].attribute * inside.network.graph[v].attribute;

  result.Prot = percent(sum);
  result.ProtConn = percent(eca);
  result.ProtUnconn = result.Prot - result.ProtConn;
  result.RelConn = sum > 0.0 ? 100.0 * eca / sum : 0.0;
  result.ProtConn_Prot = percent(std::sqrt(group_squares));
  result.ProtConn_Within = percent(std::sqrt(squares));
  result.ProtConn_Contig = result.ProtConn_Prot - result.ProtConn_Within;
  result.ProtConn_Trans = result.ProtConn - percent(eca_inside);
  result.ProtConn_Unprot = result.ProtConn - result.ProtConn_Prot - result.ProtConn_Trans;
  // The sea's part of what is unconnected is what stays so with all areas of each land mass at no distance.
  result.ProtConn_Bound = result.ProtConn + std::max(0.0, result.Prot - percent(eca_bound));
  result.ProtUnconn_Design = result.Prot - result.ProtConn_Bound;
  result.group = std::move(whole.group);
  for (std::size_t i = 0; i < areas.size(); ++i)
    result.dPC.push_back(of_whole.patches[static_cast<std::size_t>(result.group[i])].dPC);
  return result;
}

}  // namespace greenweave
