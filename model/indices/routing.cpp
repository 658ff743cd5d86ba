#include "model/indices/routing.hpp"

#include <cassert>

#include <boost/graph/adjacency_list.hpp>

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
      for (const auto v :
           boost::make_iterator_range(boost::adjacent_vertices(static_cast<std::size_t>(order[next]), graph)))
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
    return std::tie(x.tail, x.cost, x.head) < std::tie(y.tail, y.cost, y.head);
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
  graph.links_cost_1 = hops;
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
      one_vertex_a_patch_(graph.vertices() == graph.patches()),
      distance_(static_cast<std::size_t>(graph.patches())),
      vertex_distance_(static_cast<std::size_t>(graph.vertices())),
      parent_(vertex_distance_.size()),
      position_(vertex_distance_.size()),
      target_(distance_.size()),
      branch_size_(vertex_distance_.size()),
      nodes_(vertex_distance_.size()),
      arcs_begin_(vertex_distance_.size() + 1),
      head_(graph.arcs.size()),
      out_(head_.size()),
      back_(head_.size()),
      target_value_(vertex_distance_.size()),
      sums_(vertex_distance_.size()),
      detour_(vertex_distance_.size(), closed),
      settled_detour_(graph.vertices() == graph.patches() ? 0 : vertex_distance_.size()),
      is_affected_(vertex_distance_.size()) {
  settled_.reserve(vertex_distance_.size());
}

void Routes::from(std::int32_t source) {
  if (graph_.links_cost_1) return from_by_links(source);
  source_ = source;
  std::fill(vertex_distance_.begin(), vertex_distance_.end(), infinity);
  std::fill(distance_.begin(), distance_.end(), infinity);
  settled_.clear();
  heap_.clear();
  for (std::int32_t v = graph_.vertices_begin[index(source)]; v < graph_.vertices_begin[index(source + 1)]; ++v) {
    vertex_distance_[index(v)] = 0.0;
    parent_[index(v)] = -1;
    heap_.push({0.0, v});
  }
  // Once every vertex has some distance, the greatest of them bounds what is worth trying: in dense networks most arcs,
  // which lie in order of cost, need not be looked at.
  const auto count = static_cast<std::size_t>(graph_.vertices());
  std::size_t reached = heap_.size();
  double farthest = infinity;
  while (!heap_.empty()) {
    const auto [du, u] = heap_.pop();
    if (du != vertex_distance_[index(u)]) continue;
    // An equal entry cannot come twice: a vertex is pushed only when its distance falls.
    settled_.push_back(u);
    double& to_patch = distance_[index(graph_.owner[index(u)])];
    to_patch = std::min(to_patch, du);
    for (std::int32_t k = graph_.arcs_begin[index(u)]; k < graph_.arcs_begin[index(u + 1)]; ++k) {
      const auto [v, cost] = graph_.arcs[index(k)];
      const double dv = du + cost;
      if (dv >= farthest) break;
      double& before = vertex_distance_[index(v)];
      if (dv < before) {
        reached += before == infinity;
        before = dv;
        parent_[index(v)] = u;
        heap_.push({dv, v});
      }
    }
    if (reached == count && farthest == infinity)
      farthest = *std::max_element(vertex_distance_.begin(), vertex_distance_.end());
  }
}

void Routes::from_by_links(std::int32_t source) {
  source_ = source;
  std::fill(vertex_distance_.begin(), vertex_distance_.end(), infinity);
  settled_.clear();
  vertex_distance_[index(source)] = 0.0;
  parent_[index(source)] = -1;
  settled_.push_back(source);
  for (std::size_t next = 0; next < settled_.size(); ++next) {
    const std::int32_t u = settled_[next];
    for (std::int32_t k = graph_.arcs_begin[index(u)]; k < graph_.arcs_begin[index(u + 1)]; ++k) {
      const std::int32_t v = graph_.arcs[index(k)].head;
      if (vertex_distance_[index(v)] < infinity) continue;
      vertex_distance_[index(v)] = vertex_distance_[index(u)] + 1.0;
      parent_[index(v)] = u;
      settled_.push_back(v);
    }
  }
  distance_ = vertex_distance_;
}

bool Routes::lay_out_tree(const std::vector<double>& value) {
  std::fill(position_.begin(), position_.end(), -1);
  std::fill(target_.begin(), target_.end(), -1);
  for (const std::int32_t v : settled_) branch_size_[index(v)] = 1;
  for (auto it = settled_.rbegin(); it != settled_.rend(); ++it)
    if (const std::int32_t parent = parent_[index(*it)]; parent >= 0)
      branch_size_[index(parent)] += branch_size_[index(*it)];
  // A parent is settled before its children, so its position is known when they take the next free ones below it.
  std::int32_t next_root = 0;
  std::vector<std::int32_t>& next_below = parent_;  // a settled vertex's parent is read once, then its slot is free
  for (const std::int32_t v : settled_) {
    const std::int32_t parent = parent_[index(v)];
    std::int32_t& next = parent < 0 ? next_root : next_below[index(parent)];
    const std::int32_t position = next;
    position_[index(v)] = position;
    next += branch_size_[index(v)];
    next_below[index(v)] = position + 1;
    Node& node = nodes_[index(position)];
    node.size = branch_size_[index(v)];
    node.parent = parent < 0 ? -1 : position_[index(parent)];
    node.owner = graph_.owner[index(v)];
    node.is_target = node.owner > source_ && vertex_distance_[index(v)] == distance_[index(node.owner)] &&
                     target_[index(node.owner)] < 0;
    if (node.is_target) target_[index(node.owner)] = position;
    node.targets = node.is_target ? 1 : 0;
    arcs_begin_[index(position)] = v;  // for the moment: where its arcs come from
  }
  bool any_inner = false;
  for (auto p = static_cast<std::int32_t>(settled_.size()) - 1; p >= 0; --p) {
    const Node& node = nodes_[index(p)];
    if (node.parent < 0) continue;
    nodes_[index(node.parent)].targets += node.targets;
    any_inner = any_inner || (node.targets > 0 && nodes_[index(node.parent)].owner != source_);
  }
  if (any_inner) {
    lay_out_arcs();
    sum_branches(value);
  }
  return any_inner;
}

void Routes::lay_out_arcs() {
  const auto count = static_cast<std::int32_t>(settled_.size());
  std::int32_t arcs = 0;
  for (std::int32_t p = 0; p < count; ++p) {
    Node& node = nodes_[index(p)];
    const std::int32_t v = std::exchange(arcs_begin_[index(p)], arcs);
    const double here = vertex_distance_[index(v)];
    node.low = node.high = p;
    node.least_detour = infinity;
    node.keeps_way = false;
    for (std::int32_t k = graph_.arcs_begin[index(v)]; k < graph_.arcs_begin[index(v + 1)]; ++k) {
      const auto [to, cost] = graph_.arcs[index(k)];
      const std::int32_t head = position_[index(to)];
      const double there = vertex_distance_[index(to)];
      const double back = there + cost - here;
      if (head == node.parent) {
        node.up = here + cost - there;
        if (!graph_.links_cost_1) continue;
      } else {
        // Only an arc that is a shortest way can be the tree's; the head's parent lies far off in memory.
        if (here + cost == there && !graph_.links_cost_1 && nodes_[index(head)].parent == p) continue;
        node.keeps_way = node.keeps_way || back == 0.0;
        node.least_detour = std::min(node.least_detour, back);
        node.low = std::min(node.low, head);
        node.high = std::max(node.high, head);
      }
      head_[index(arcs)] = head;
      out_[index(arcs)] = here + cost - there;
      back_[index(arcs)] = back;
      ++arcs;
    }
  }
  arcs_begin_[index(count)] = arcs;
  for (std::int32_t p = count - 1; p >= 0; --p)
    if (const std::int32_t parent = nodes_[index(p)].parent; parent >= 0) {
      Node& above = nodes_[index(parent)];
      above.least_detour = std::min(above.least_detour, nodes_[index(p)].least_detour);
      above.low = std::min(above.low, nodes_[index(p)].low);
      above.high = std::max(above.high, nodes_[index(p)].high);
    }
}

void Routes::sum_branches(const std::vector<double>& value) {
  const auto count = static_cast<std::int32_t>(settled_.size());
  for (std::int32_t p = 0; p < count; ++p)
    sums_[index(p)] = target_value_[index(p)] = nodes_[index(p)].is_target ? value[index(nodes_[index(p)].owner)] : 0.0;
  for (std::int32_t p = count - 1; p >= 0; --p)
    if (const std::int32_t parent = nodes_[index(p)].parent; parent >= 0) sums_[index(parent)] += sums_[index(p)];
}

double Routes::sum_through(std::int32_t k) {
  collect_branches(k);
  // Branch by branch below k's own vertices, so that k's value never enters the sum.
  double through = 0.0;
  for (const auto& [begin, end] : branches_) {
    if (!one_vertex_a_patch_) {
      through += sums_[index(begin)];
      continue;
    }
    for (std::int32_t p = begin + 1; p < end; p += nodes_[index(p)].size) through += sums_[index(p)];
  }
  if (!one_vertex_a_patch_ && target_[index(k)] >= 0) through -= target_value_[index(target_[index(k)])];
  return through;
}

void Routes::collect_branches(std::int32_t k) {
  branches_.clear();
  for (std::int32_t v = graph_.vertices_begin[index(k)]; v < graph_.vertices_begin[index(k + 1)]; ++v)
    if (has_tree(v)) branches_.emplace_back(position_[index(v)], position_[index(v)] + branch_size_[index(v)]);
  if (branches_.size() < 2) return;
  std::sort(branches_.begin(), branches_.end());
  std::size_t kept = 0;
  for (const auto& branch : branches_)
    if (kept == 0 || branch.first >= branches_[kept - 1].second) branches_[kept++] = branch;
  branches_.resize(kept);
}

void Routes::reroute_by_links(std::int32_t lost) {
  const std::int32_t top = position_[index(lost)];
  // Level by level: a vertex loses its distance if all vertices one link nearer to the source have lost theirs.
  affected_.assign(1, top);
  is_affected_[index(top)] = true;
  for (std::size_t next = 0; next < affected_.size(); ++next) {
    const std::int32_t u = affected_[next], end = u + nodes_[index(u)].size;
    for (std::int32_t v = u + 1; v < end; v += nodes_[index(v)].size) {
      bool keeps = false;
      if (nodes_[index(v)].keeps_way)
        for (std::int32_t k = arcs_begin_[index(v)]; k < arcs_begin_[index(v + 1)] && !keeps; ++k)
          keeps = back_[index(k)] == 0.0 && !is_affected_[index(head_[index(k)])];
      if (keeps) continue;
      is_affected_[index(v)] = true;
      affected_.push_back(v);
    }
  }
  affected_.erase(affected_.begin());
  // New ways: in from what kept its distance, then on among the affected.
  heap_.clear();
  for (const std::int32_t v : affected_) {
    double best = infinity;
    for (std::int32_t k = arcs_begin_[index(v)]; k < arcs_begin_[index(v + 1)]; ++k)
      if (!is_affected_[index(head_[index(k)])]) best = std::min(best, back_[index(k)]);
    detour_[index(v)] = best;
    if (best < infinity) heap_.push({best, v});
  }
  is_affected_[index(top)] = false;  // no way leads there
  while (!heap_.empty()) {
    const auto [detour, u] = heap_.pop();
    if (detour != detour_[index(u)]) continue;
    for (std::int32_t k = arcs_begin_[index(u)]; k < arcs_begin_[index(u + 1)]; ++k) {
      const std::int32_t head = head_[index(k)];
      if (!is_affected_[index(head)]) continue;
      const double way = detour + out_[index(k)];
      if (way >= detour_[index(head)]) continue;
      detour_[index(head)] = way;
      heap_.push({way, head});
    }
  }
  for (const std::int32_t v : affected_) is_affected_[index(v)] = false;
}

template <bool one_vertex>
void Routes::seed(std::int32_t lost) {
  heap_.clear();
  const Node* const nodes = nodes_.data();
  const double* const backs = back_.data();
  const std::int32_t* const heads = head_.data();
  double* const known = detour_.data();
  for (const auto& [begin, end] : branches_) std::fill(known + begin, known + end, infinity);
  const auto is_lost = [&](std::int32_t p, std::int32_t top) {
    return one_vertex ? p == top : nodes[p].owner == lost;  // the one branch, whose top is the lost patch
  };
  if (!one_vertex)
    for (std::int32_t v = graph_.vertices_begin[index(lost)]; v < graph_.vertices_begin[index(lost + 1)]; ++v)
      if (has_tree(v)) known[position_[index(v)]] = closed;
  for (const auto& [begin, end] : branches_)
    for (std::int32_t p = begin; p < end;) {
      const Node& node = nodes[p];
      if (is_lost(p, begin)) {
        ++p;
        continue;
      }
      const double inherited = is_lost(node.parent, begin) ? infinity : known[node.parent];
      // What a parent's way in gives its branch need not be queued again, nor looked for where nothing leads in or
      // nothing can be shorter.
      if (one_vertex && ((node.low >= begin && node.high < end) || node.least_detour >= inherited)) {
        std::fill(known + p, known + p + node.size, inherited);
        p += node.size;
        continue;
      }
      double best = inherited;
      const std::int32_t stop = arcs_begin_[index(p + 1)];
      for (std::int32_t arc = arcs_begin_[index(p)]; arc < stop; ++arc) {
        const std::int32_t head = heads[arc];
        const bool kept = one_vertex ? head < begin || head >= end : known[head] == closed && nodes[head].owner != lost;
        best = kept ? std::min(best, backs[arc]) : best;
      }
      known[p] = best;
      if (best < inherited) heap_.push({best, p});
      ++p;
    }
  if (one_vertex) known[branches_.front().first] = closed;
}

template void Routes::seed<true>(std::int32_t);
template void Routes::seed<false>(std::int32_t);

}  // namespace greenweave
