#include "model/visitors/routes.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
// Ways through further links that are looked at for a pair before the search gives up: many differ in a corner only.
constexpr std::size_t most_tries = 200;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

struct LinkMinutes {
  double minutes;
  std::int32_t link;
};
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property, LinkMinutes>;

/// Shortest ways from one node: minutes, and the last link, of every node.
struct Tree {
  std::vector<double> minutes;
  std::vector<std::int32_t> last_link;  // -1: the root, or not reached
};

class RouteSearch {
 public:
  RouteSearch(const TrailNetwork& network, std::span<const double> minutes, const RouteRule& rule)
      : network_(network), minutes_(minutes), rule_(rule), graph_(network.nodes.size()) {
    for (std::size_t l = 0; l < network.links.size(); ++l) {
      const TrailLink& link = network.links[l];
      if (std::isfinite(minutes[l]) && link.from != link.to)
        boost::add_edge(at(link.from), at(link.to), {minutes[l], static_cast<std::int32_t>(l)}, graph_);
    }
  }

  Tree tree_from(int root) const {
    const std::size_t nodes = network_.nodes.size();
    Tree tree{std::vector<double>(nodes, infinity), std::vector<std::int32_t>(nodes, -1)};
    std::vector<Graph::vertex_descriptor> before(nodes);
    boost::dijkstra_shortest_paths(graph_, at(root),
                                   boost::predecessor_map(before.data())
                                       .distance_map(tree.minutes.data())
                                       .weight_map(boost::get(&LinkMinutes::minutes, graph_))
                                       .distance_inf(infinity));
    // Of several links that are as short, that of the least number, whatever order the search met them in.
    for (std::size_t l = network_.links.size(); l-- > 0;) {
      const TrailLink& link = network_.links[l];
      if (!std::isfinite(minutes_[l]) || link.from == link.to) continue;
      for (const auto& [from, to] : {std::pair{link.from, link.to}, std::pair{link.to, link.from}})
        if (to != root && before[at(to)] == at(from) && tree.minutes[at(from)] + minutes_[l] == tree.minutes[at(to)])
          tree.last_link[at(to)] = static_cast<std::int32_t>(l);
    }
    return tree;
  }

  /// The ways of one pair, appended to `steps` with their ends in `ends`.
  void ways_of(int entrance, int attraction, const Tree& out, const Tree& home, std::vector<std::int32_t>& steps,
               std::vector<std::size_t>& ends) const {
    const double least = out.minutes[at(attraction)];
    if (!std::isfinite(least)) return;
    if (entrance == attraction) return;
    const std::size_t first_end = ends.size();
    std::vector<char> in_use(network_.links.size(), 0);
    const auto accept = [&](const std::vector<std::int32_t>& way) {
      for (const std::int32_t step : way) in_use[at(step / 2)] = 1;
      steps.insert(steps.end(), way.begin(), way.end());
      ends.push_back(steps.size());
    };
    std::vector<std::int32_t> way;
    trace(entrance, attraction, -1, out, home, way);
    accept(way);
    if (rule_.most <= 1) return;

    // A little more than the stated limit, for the rounding of sums.
    const double most = least * rule_.most_times_shortest * (1.0 + 1e-12);
    struct Candidate {
      double minutes;
      std::int32_t step;
      bool operator<(const Candidate& other) const {
        return minutes != other.minutes ? minutes < other.minutes : step < other.step;
      }
    };
    std::vector<Candidate> candidates;
    for (std::size_t l = 0; l < network_.links.size(); ++l) {
      if (in_use[l] != 0 || !std::isfinite(minutes_[l])) continue;
      const TrailLink& link = network_.links[l];
      if (link.from == link.to) continue;
      const double along = out.minutes[at(link.from)] + minutes_[l] + home.minutes[at(link.to)];
      const double against = out.minutes[at(link.to)] + minutes_[l] + home.minutes[at(link.from)];
      const auto step = static_cast<std::int32_t>(2 * l);
      if (along <= most) candidates.push_back({along, step});
      if (against <= most) candidates.push_back({against, step + 1});
    }
    const std::size_t tries = std::min(most_tries, candidates.size());
    std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(tries), candidates.end());
    for (std::size_t i = 0; i < tries && ends.size() - first_end < at(rule_.most); ++i) {
      if (in_use[at(candidates[i].step / 2)] != 0) continue;
      trace(entrance, attraction, candidates[i].step, out, home, way);
      if (is_simple(entrance, way) && is_new(way, steps, ends, first_end)) accept(way);
    }
  }

 private:
  int head(std::int32_t step) const {
    const TrailLink& link = network_.links[at(step / 2)];
    return step % 2 == 0 ? link.to : link.from;
  }
  int tail(std::int32_t step) const { return head(step ^ 1); }

  /// The shortest way through a step (-1: the shortest of all).
  void trace(int entrance, int attraction, std::int32_t via, const Tree& out, const Tree& home,
             std::vector<std::int32_t>& way) const {
    way.clear();
    int node = via < 0 ? attraction : tail(via);
    while (node != entrance) {
      const std::int32_t link = out.last_link[at(node)];
      const std::int32_t step = 2 * link + (network_.links[at(link)].to == node ? 0 : 1);
      way.push_back(step);
      node = tail(step);
    }
    std::reverse(way.begin(), way.end());
    if (via < 0) return;
    way.push_back(via);
    node = head(via);
    while (node != attraction) {
      // The tree of the attraction leads away from it: its last link at a node is the first on the way to it.
      const std::int32_t link = home.last_link[at(node)];
      const std::int32_t step = 2 * link + (network_.links[at(link)].from == node ? 0 : 1);
      way.push_back(step);
      node = head(step);
    }
  }

  bool is_simple(int entrance, const std::vector<std::int32_t>& way) const {
    std::vector<int> nodes{entrance};
    for (const std::int32_t step : way) nodes.push_back(head(step));
    std::sort(nodes.begin(), nodes.end());
    return std::adjacent_find(nodes.begin(), nodes.end()) == nodes.end();
  }

  /// Whether it shares little enough with every way chosen so far.
  bool is_new(const std::vector<std::int32_t>& way, const std::vector<std::int32_t>& steps,
              const std::vector<std::size_t>& ends, std::size_t first_end) const {
    std::vector<std::int32_t> sorted = way;
    std::sort(sorted.begin(), sorted.end());
    double all = 0.0;
    for (const std::int32_t step : way) all += minutes_[at(step / 2)];
    for (std::size_t k = first_end; k < ends.size(); ++k) {
      double shared = 0.0;
      for (std::size_t s = k == 0 ? 0 : ends[k - 1]; s < ends[k]; ++s)
        if (std::binary_search(sorted.begin(), sorted.end(), steps[s])) shared += minutes_[at(steps[s] / 2)];
      if (shared > rule_.most_shared * all) return false;
    }
    return true;
  }

  const TrailNetwork& network_;
  std::span<const double> minutes_;
  const RouteRule& rule_;
  Graph graph_;
};

/// Of each way of a pair, sum over its links of (share of its minutes) / (ways of the pair that use the link).
void add_path_sizes(RouteSet& routes, std::span<const double> minutes, std::size_t pair, std::vector<int>& users) {
  const auto first = at(routes.first_way[pair]), end = at(routes.first_way[pair + 1]);
  for (std::size_t w = first; w < end; ++w)
    for (const std::int32_t step : routes.way(w)) ++users[at(step / 2)];
  for (std::size_t w = first; w < end; ++w) {
    double all = 0.0, own = 0.0;
    for (const std::int32_t step : routes.way(w)) {
      all += minutes[at(step / 2)];
      own += minutes[at(step / 2)] / users[at(step / 2)];
    }
    routes.path_size.push_back(all > 0.0 ? own / all : 1.0);
  }
  for (std::size_t w = first; w < end; ++w)
    for (const std::int32_t step : routes.way(w)) users[at(step / 2)] = 0;
}

}  // namespace

RouteSet find_routes(const TrailNetwork& network, std::span<const double> minutes, std::span<const int> entrances,
                     std::span<const int> attractions, const RouteRule& rule, const RunContext& context) {
  assert(minutes.size() == network.links.size());
  const RouteSearch search(network, minutes, rule);
  RouteSet routes;
  routes.entrances.assign(entrances.begin(), entrances.end());
  routes.attractions.assign(attractions.begin(), attractions.end());

  std::vector<Tree> home(attractions.size());
  parallel_for(static_cast<std::int64_t>(attractions.size()), [&](std::int64_t k) {
    context.check();
    home[at(k)] = search.tree_from(attractions[at(k)]);
  });
  struct Found {
    std::vector<std::int32_t> steps;
    std::vector<std::size_t> ends;
    std::vector<std::size_t> ways_until;  // number of ways up to each attraction
  };
  std::vector<Found> found(entrances.size());
  parallel_for(static_cast<std::int64_t>(entrances.size()), [&](std::int64_t e) {
    context.check();
    Found& mine = found[at(e)];
    const Tree out = search.tree_from(entrances[at(e)]);
    for (std::size_t k = 0; k < attractions.size(); ++k) {
      search.ways_of(entrances[at(e)], attractions[k], out, home[k], mine.steps, mine.ends);
      mine.ways_until.push_back(mine.ends.size());
    }
  });
  for (const Found& part : found) {
    const auto steps_before = routes.steps.size(), ways_before = routes.first_step.size() - 1;
    for (const std::size_t end : part.ends) routes.first_step.push_back(static_cast<std::int32_t>(steps_before + end));
    for (const std::size_t ways : part.ways_until)
      routes.first_way.push_back(static_cast<std::int32_t>(ways_before + ways));
    routes.steps.insert(routes.steps.end(), part.steps.begin(), part.steps.end());
  }
  std::vector<int> users(network.links.size(), 0);
  for (std::size_t pair = 0; pair < routes.pairs(); ++pair) add_path_sizes(routes, minutes, pair, users);
  return routes;
}

std::vector<double> shortest_minutes(const RouteSet& routes, std::span<const double> minutes) {
  std::vector<double> least(routes.pairs(), infinity);
  for (std::size_t pair = 0; pair < routes.pairs(); ++pair)
    for (std::int32_t w = routes.first_way[pair]; w < routes.first_way[pair + 1]; ++w) {
      double sum = 0.0;
      for (const std::int32_t step : routes.way(at(w))) sum += minutes[at(step / 2)];
      least[pair] = std::min(least[pair], sum);
    }
  return least;
}

}  // namespace greenweave
