#include "model/indices/routing.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <cassert>

namespace greenweave {

namespace {

/// Breadth-first order of the patches over all links, component by component, each begun at its first patch.
std::vector<int> breadth_first(const HabitatGraph& graph) {
  const auto n = boost::num_vertices(graph);
  std::vector<int> order;
  order.reserve(n);
  std::vector<std::uint8_t> seen(n, 0);
  for (std::size_t root = 0; root < n; ++root) {
    if (seen[root] != 0) continue;
    seen[root] = 1;
    order.push_back(static_cast<int>(root));
    for (std::size_t next = order.size() - 1; next < order.size(); ++next)
      for (const auto v : boost::make_iterator_range(boost::adjacent_vertices(static_cast<std::size_t>(order[next]), graph)))
        if (seen[v] == 0) {
          seen[v] = 1;
          order.push_back(static_cast<int>(v));
        }
  }
  return order;
}

struct Half {
  std::int32_t tail, head;
  double cost;
};

void fill_arcs(RoutingGraph& graph, std::vector<Half> halves) {
  std::sort(halves.begin(), halves.end(), [](const Half& x, const Half& y) {
    return std::tie(x.tail, x.head, x.cost) < std::tie(y.tail, y.head, y.cost);
  });
  graph.arcs_begin.assign(static_cast<std::size_t>(graph.vertices()) + 1, 0);
  for (const Half& half : halves) ++graph.arcs_begin[static_cast<std::size_t>(half.tail) + 1];
  for (std::size_t v = 0; v + 1 < graph.arcs_begin.size(); ++v) graph.arcs_begin[v + 1] += graph.arcs_begin[v];
  graph.arcs.reserve(halves.size());
  for (const Half& half : halves) graph.arcs.push_back({half.head, half.cost});
}

}  // namespace

RoutingGraph route(const HabitatNetwork& network, double most_cost, bool hops) {
  const HabitatGraph& habitat = network.graph;
  RoutingGraph graph;
  graph.patch_of_rank = breadth_first(habitat);
  const std::size_t n = graph.patch_of_rank.size();
  std::vector<std::int32_t> rank_of(n);
  for (std::size_t r = 0; r < n; ++r) {
    rank_of[static_cast<std::size_t>(graph.patch_of_rank[r])] = static_cast<std::int32_t>(r);
    graph.attribute.push_back(habitat[static_cast<std::size_t>(graph.patch_of_rank[r])].attribute);
  }
  const bool ends_count = !network.intra.empty() && !hops;
  std::vector<Half> halves;
  const auto join = [&](std::int32_t u, std::int32_t v, double cost) {
    halves.push_back({u, v, cost});
    halves.push_back({v, u, cost});
  };
  const auto edges = boost::make_iterator_range(boost::edges(habitat));
  if (!ends_count) {
    graph.vertices_begin.resize(n + 1);
    for (std::size_t r = 0; r <= n; ++r) graph.vertices_begin[r] = static_cast<std::int32_t>(r);
    for (std::size_t r = 0; r < n; ++r) graph.owner.push_back(static_cast<std::int32_t>(r));
    for (const auto& e : edges) {
      if (habitat[e].cost_m > most_cost) continue;
      join(rank_of[boost::source(e, habitat)], rank_of[boost::target(e, habitat)], hops ? 1.0 : habitat[e].cost_m);
    }
  } else {
    // Ends of links, patch by patch. A patch without links keeps one vertex, so that every patch has a place.
    std::vector<std::vector<int>> links_of(n);  // by rank
    for (const auto& e : edges) {
      if (habitat[e].cost_m > most_cost) continue;
      links_of[static_cast<std::size_t>(rank_of[boost::source(e, habitat)])].push_back(habitat[e].link);
      links_of[static_cast<std::size_t>(rank_of[boost::target(e, habitat)])].push_back(habitat[e].link);
    }
    graph.vertices_begin.push_back(0);
    for (std::size_t r = 0; r < n; ++r) {
      std::sort(links_of[r].begin(), links_of[r].end());
      graph.owner.insert(graph.owner.end(), std::max<std::size_t>(1, links_of[r].size()), static_cast<std::int32_t>(r));
      graph.vertices_begin.push_back(graph.vertices());
    }
    const auto end_of = [&](std::int32_t rank, int link) -> std::int32_t {
      const auto& links = links_of[static_cast<std::size_t>(rank)];
      const auto found = std::lower_bound(links.begin(), links.end(), link);
      if (found == links.end() || *found != link) return -1;
      return graph.vertices_begin[static_cast<std::size_t>(rank)] + static_cast<std::int32_t>(found - links.begin());
    };
    for (const auto& e : edges) {
      if (habitat[e].cost_m > most_cost) continue;
      join(end_of(rank_of[boost::source(e, habitat)], habitat[e].link),
           end_of(rank_of[boost::target(e, habitat)], habitat[e].link), habitat[e].cost_m);
    }
    for (const IntraPatchCost& intra : network.intra) {
      const std::int32_t rank = rank_of[static_cast<std::size_t>(intra.patch)];
      const std::int32_t a = end_of(rank, intra.link_a), b = end_of(rank, intra.link_b);
      if (a >= 0 && b >= 0) join(a, b, intra.cost_m);
    }
  }
  fill_arcs(graph, std::move(halves));
  return graph;
}

Routes::Routes(const RoutingGraph& graph)
    : graph_(graph),
      distance_(static_cast<std::size_t>(graph.patches())),
      vertex_distance_(static_cast<std::size_t>(graph.vertices())),
      parent_(vertex_distance_.size()),
      position_(vertex_distance_.size()),
      branch_size_(vertex_distance_.size()),
      highest_target_(vertex_distance_.size()),
      at_position_(vertex_distance_.size()),
      lost_in_(vertex_distance_.size(), 0),
      new_distance_(vertex_distance_.size()) {
  settled_.reserve(vertex_distance_.size());
}

void Routes::from(std::int32_t source) {
  source_ = source;
  std::fill(vertex_distance_.begin(), vertex_distance_.end(), infinity);
  std::fill(distance_.begin(), distance_.end(), infinity);
  settled_.clear();
  heap_.clear();
  for (std::int32_t v = graph_.vertices_begin[index(source)]; v < graph_.vertices_begin[index(source + 1)]; ++v) {
    vertex_distance_[index(v)] = 0.0;
    parent_[index(v)] = -1;
    push({0.0, v});
  }
  while (!heap_.empty()) {
    const auto [du, u] = pop();
    if (du != vertex_distance_[index(u)]) continue;
    // An equal entry cannot come twice: a vertex is pushed only when its distance falls.
    settled_.push_back(u);
    double& reached = distance_[index(graph_.owner[index(u)])];
    reached = std::min(reached, du);
    for (std::int32_t k = graph_.arcs_begin[index(u)]; k < graph_.arcs_begin[index(u + 1)]; ++k) {
      const auto [v, cost] = graph_.arcs[index(k)];
      const double dv = du + cost;
      if (dv < vertex_distance_[index(v)]) {
        vertex_distance_[index(v)] = dv;
        parent_[index(v)] = u;
        push({dv, v});
      }
    }
  }
}

void Routes::lay_out_tree() {
  std::fill(position_.begin(), position_.end(), -1);
  for (const std::int32_t v : settled_) {
    const std::int32_t rank = graph_.owner[index(v)];
    branch_size_[index(v)] = 1;
    highest_target_[index(v)] = vertex_distance_[index(v)] == distance_[index(rank)] ? rank : -1;
  }
  for (auto it = settled_.rbegin(); it != settled_.rend(); ++it) {
    const std::int32_t parent = parent_[index(*it)];
    if (parent < 0) continue;
    branch_size_[index(parent)] += branch_size_[index(*it)];
    highest_target_[index(parent)] = std::max(highest_target_[index(parent)], highest_target_[index(*it)]);
  }
  // A parent is settled before its children, so its position is known when they take the next free ones below it.
  std::int32_t next_root = 0;
  std::vector<std::int32_t>& next_below = parent_;  // a settled vertex's parent is read once, then its slot is free
  for (const std::int32_t v : settled_) {
    const std::int32_t parent = parent_[index(v)];
    std::int32_t& next = parent < 0 ? next_root : next_below[index(parent)];
    position_[index(v)] = next;
    at_position_[index(next)] = v;
    next += branch_size_[index(v)];
    next_below[index(v)] = position_[index(v)] + 1;
  }
}

void Routes::collect_branches(std::int32_t k) {
  branches_.clear();
  for (std::int32_t v = graph_.vertices_begin[index(k)]; v < graph_.vertices_begin[index(k + 1)]; ++v)
    if (position_[index(v)] >= 0)
      branches_.emplace_back(position_[index(v)], position_[index(v)] + branch_size_[index(v)]);
  if (branches_.size() < 2) return;
  std::sort(branches_.begin(), branches_.end());
  std::size_t kept = 0;
  for (const auto& branch : branches_)
    if (kept == 0 || branch.first >= branches_[kept - 1].second) branches_[kept++] = branch;
  branches_.resize(kept);
}

void Routes::reroute(std::int32_t lost) {
  ++rerouting_;
  for (const auto& [begin, end] : branches_)
    for (std::int32_t p = begin; p < end; ++p) lost_in_[index(at_position_[index(p)])] = rerouting_;
  // First the best way in from vertices that kept their route, then from one lost vertex to the next.
  heap_.clear();
  for (const auto& [begin, end] : branches_)
    for (std::int32_t p = begin; p < end; ++p) {
      const std::int32_t v = at_position_[index(p)];
      double best = infinity;
      if (graph_.owner[index(v)] != lost)
        for (std::int32_t k = graph_.arcs_begin[index(v)]; k < graph_.arcs_begin[index(v + 1)]; ++k) {
          const auto [u, cost] = graph_.arcs[index(k)];
          if (lost_in_[index(u)] == rerouting_ || graph_.owner[index(u)] == lost) continue;
          best = std::min(best, vertex_distance_[index(u)] + cost);
        }
      new_distance_[index(v)] = best;
      if (best < infinity) heap_.push_back({best, v});
    }
  std::make_heap(heap_.begin(), heap_.end());
  while (!heap_.empty()) {
    const auto [du, u] = pop();
    if (du != new_distance_[index(u)]) continue;
    for (std::int32_t k = graph_.arcs_begin[index(u)]; k < graph_.arcs_begin[index(u + 1)]; ++k) {
      const auto [v, cost] = graph_.arcs[index(k)];
      if (lost_in_[index(v)] != rerouting_ || graph_.owner[index(v)] == lost) continue;
      const double dv = du + cost;
      if (dv < new_distance_[index(v)]) {
        new_distance_[index(v)] = dv;
        push({dv, v});
      }
    }
  }
}

}  // namespace greenweave
