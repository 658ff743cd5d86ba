#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "model/run/context.hpp"
#include "model/visitors/trail_network.hpp"

namespace greenweave {

/// Which ways visitors consider between an entrance and an attraction.
struct RouteRule {
  int most = 5;                      // ways a pair, the shortest included (a choice)
  double most_times_shortest = 1.5;  // longer ones are not considered (a choice)
  double most_shared = 0.8;          // share of a way's minutes that it may have in common with one chosen before
};

/// The ways of all pairs. A way is a list of steps from entrance to attraction; a step is 2 x link, + 1 where the link
/// is walked against its line. Pair = entrance x attractions + attraction.
struct RouteSet {
  std::vector<int> entrances, attractions;  // nodes
  std::vector<std::int32_t> first_way{0};   // of each pair; one more at the end
  std::vector<std::int32_t> first_step{0};  // of each way; one more at the end
  std::vector<std::int32_t> steps;
  std::vector<double> path_size;  // of each way: Ben-Akiva and Bierlaire (1999), 0 < size <= 1

  std::size_t pairs() const { return entrances.size() * attractions.size(); }
  std::size_t pair(std::size_t entrance, std::size_t attraction) const {
    return entrance * attractions.size() + attraction;
  }
  bool is_joined(std::size_t pair) const { return first_way[pair + 1] > first_way[pair]; }
  std::span<const std::int32_t> way(std::size_t number) const {
    const auto first = static_cast<std::size_t>(first_step[number]);
    return {steps.data() + first, static_cast<std::size_t>(first_step[number + 1]) - first};
  }
};

/// Finds the ways: the shortest, and then the shortest through one further link each (single-via paths: Abraham and
/// others 2013) that visit no node twice. `minutes` of each link, the same in both directions; infinity: closed. A pair
/// that nothing joins has none. In parallel over entrances.
RouteSet find_routes(const TrailNetwork& network, std::span<const double> minutes, std::span<const int> entrances,
                     std::span<const int> attractions, const RouteRule& rule, const RunContext& context);

/// Minutes of the shortest way of each pair; infinity where there is none.
std::vector<double> shortest_minutes(const RouteSet& routes, std::span<const double> minutes);

}  // namespace greenweave
