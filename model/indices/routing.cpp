#include "model/indices/routing.hpp"

#include <bit>
#include <cassert>
#include <cmath>
#include <span>

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
  double cost, back;
  std::int32_t link;
};

void fill_arcs(RoutingGraph& graph, std::vector<Half> halves) {
  std::sort(halves.begin(), halves.end(), [](const Half& x, const Half& y) {
    return std::tie(x.tail, x.cost, x.head, x.link) < std::tie(y.tail, y.cost, y.head, y.link);
  });
  graph.arcs_begin.assign(static_cast<std::size_t>(graph.vertices()) + 1, 0);
  for (const Half& half : halves) ++graph.arcs_begin[static_cast<std::size_t>(half.tail) + 1];
  for (std::size_t v = 0; v + 1 < graph.arcs_begin.size(); ++v) graph.arcs_begin[v + 1] += graph.arcs_begin[v];
  graph.arcs.reserve(halves.size());
  graph.link.reserve(halves.size());
  for (const Half& half : halves) {
    graph.arcs.push_back({half.head, half.cost});
    graph.link.push_back(half.link);
    if (graph.directed) graph.back_cost.push_back(half.back);
  }
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
  graph.directed = network.directed;
  const auto join = [&](std::int32_t u, std::int32_t v, double cost, double back, int link) {
    halves.push_back({u, v, cost, back, link});
    halves.push_back({v, u, back, cost, link});
  };
  const auto is_link = [&](const NetworkEdge& e) {
    return e.cost_m <= most_cost || (network.directed && e.back_cost_m <= most_cost);
  };
  const auto join_by = [&](std::int32_t u, std::int32_t v, const NetworkEdge& e) {
    const auto paid = [&](double cost) {
      return cost > most_cost ? std::numeric_limits<double>::infinity() : hops && std::isfinite(cost) ? 1.0 : cost;
    };
    const double cost = paid(e.cost_m);
    join(u, v, cost, network.directed ? paid(e.back_cost_m) : cost, e.link);
  };
  const auto edges = boost::make_iterator_range(boost::edges(habitat));
  if (!ends_count) {
    graph.vertices_begin.resize(n + 1);
    for (std::size_t r = 0; r <= n; ++r) graph.vertices_begin[r] = static_cast<std::int32_t>(r);
    for (std::size_t r = 0; r < n; ++r) graph.owner.push_back(static_cast<std::int32_t>(r));
    for (const auto& e : edges) {
      if (!is_link(habitat[e])) continue;
      join_by(rank_of[boost::source(e, habitat)], rank_of[boost::target(e, habitat)], habitat[e]);
    }
  } else {
    // Ends of links, patch by patch. A patch without links keeps one vertex, so that every patch has a place.
    std::vector<std::vector<int>> links_of(n);  // by rank
    for (const auto& e : edges) {
      if (!is_link(habitat[e])) continue;
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
      if (!is_link(habitat[e])) continue;
      join_by(end_of(rank_of[boost::source(e, habitat)], habitat[e].link),
              end_of(rank_of[boost::target(e, habitat)], habitat[e].link), habitat[e]);
    }
    for (const IntraPatchCost& intra : network.intra) {
      const std::int32_t rank = rank_of[static_cast<std::size_t>(intra.patch)];
      const std::int32_t a = end_of(rank, intra.link_a), b = end_of(rank, intra.link_b);
      if (a >= 0 && b >= 0) join(a, b, intra.cost_m, intra.cost_m, -1);
    }
  }
  fill_arcs(graph, std::move(halves));
  return graph;
}

Horizon::Horizon(double shortest_arc, double longest_arc) {
  // One bucket for the open one, one for rounding.
  const double buckets = 2.0 + longest_arc / shortest_arc;
  is_flat_ = shortest_arc > 0.0 && buckets <= static_cast<double>(most_buckets);
  ring_.resize(is_flat_ ? std::bit_ceil(static_cast<std::size_t>(buckets) + 1) : sorted_buckets);
  mask_ = ring_.size() - 1;
  if (is_flat_)
    per_width_ = (1.0 + 1e-9) / shortest_arc;  // a little narrower, so that rounding does not join two ends of an arc
  else if (longest_arc > 0.0 && std::isfinite(longest_arc))
    per_width_ = static_cast<double>(sorted_buckets - 2) / longest_arc;
}

void Horizon::clear() {
  for (auto& bucket : ring_) bucket.clear();
  near_.clear();
  open_ = 0;
  next_ = 0;
  size_ = 0;
}

namespace {

double shortest_arc(const RoutingGraph& graph) {
  double shortest = std::numeric_limits<double>::infinity();
  for (const RoutingGraph::Arc& arc : graph.arcs) shortest = std::min(shortest, arc.cost);
  return shortest;
}

double longest_arc(const RoutingGraph& graph) {
  double longest = 0.0;
  for (const RoutingGraph::Arc& arc : graph.arcs)
    if (std::isfinite(arc.cost)) longest = std::max(longest, arc.cost);
  return longest;
}

}  // namespace

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
      twice_distance_(vertex_distance_.size()),
      counts_up_to_(vertex_distance_.size()),
      greatest_below_(vertex_distance_.size()),
      sum_before_(vertex_distance_.size() + 1),
      count_before_(vertex_distance_.size() + 1),
      turns_at_(vertex_distance_.size()),
      tree_link_(vertex_distance_.size()),
      spare_(vertex_distance_.size()),
      rim_before_(vertex_distance_.size()),
      detour_(vertex_distance_.size(), closed),
      settled_detour_(graph.vertices() == graph.patches() ? 0 : vertex_distance_.size()),
      is_affected_(vertex_distance_.size()),
      horizon_(shortest_arc(graph), longest_arc(graph)) {
  settled_.reserve(vertex_distance_.size());
}

void Routes::from(std::int32_t source) {
  if (graph_.links_cost_1) return from_by_links(source);
  source_ = source;
  std::fill(vertex_distance_.begin(), vertex_distance_.end(), infinity);
  std::fill(distance_.begin(), distance_.end(), infinity);
  settled_.clear();
  horizon_.clear();
  std::size_t reached = 0;
  for (std::int32_t v = graph_.vertices_begin[index(source)]; v < graph_.vertices_begin[index(source + 1)]; ++v) {
    vertex_distance_[index(v)] = 0.0;
    parent_[index(v)] = -1;
    horizon_.push({0.0, v});
    ++reached;
  }
  // Once every vertex has some distance, the greatest of them bounds what is worth trying: in dense networks most arcs,
  // which lie in order of cost, need not be looked at.
  const auto count = static_cast<std::size_t>(graph_.vertices());
  double farthest = infinity;
  const bool in_order = horizon_.is_in_order();
  const auto is_current = [&](const Reached& entry) { return entry.distance == vertex_distance_[index(entry.at)]; };
  for (Reached nearest{}; horizon_.pop(nearest, is_current);) {
    if (!is_current(nearest)) continue;
    const auto [du, u] = nearest;
    // An equal entry cannot come twice: a vertex is pushed only when its distance falls.
    settled_.push_back(u);
    double& to_patch = distance_[index(graph_.owner[index(u)])];
    to_patch = std::min(to_patch, du);
    for (std::int32_t k = graph_.arcs_begin[index(u)]; k < graph_.arcs_begin[index(u + 1)]; ++k) {
      const auto [v, cost] = graph_.arcs[index(k)];
      const double dv = du + cost;
      if (dv > farthest || dv == infinity) break;
      double& before = vertex_distance_[index(v)];
      if (dv > before) continue;
      std::int32_t& parent = parent_[index(v)];
      if (dv < before) {
        reached += before == infinity;
        before = dv;
        parent = u;
        horizon_.push({dv, v});
      } else if (!in_order && parent >= 0 && std::pair(du, u) < std::pair(vertex_distance_[index(parent)], parent)) {
        parent = u;
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
      const auto [v, cost] = graph_.arcs[index(k)];
      if (cost == infinity) break;  // the last in order of cost
      if (vertex_distance_[index(v)] < infinity) continue;
      vertex_distance_[index(v)] = vertex_distance_[index(u)] + 1.0;
      parent_[index(v)] = u;
      settled_.push_back(v);
    }
  }
  distance_ = vertex_distance_;
}

void Routes::sum_through_all(const std::vector<double>& value, std::vector<double>& through) const {
  std::fill(through.begin(), through.end(), 0.0);
  for (std::size_t i = settled_.size(); i-- > 1;) {
    const std::int32_t v = settled_[i];
    const bool is_target = graph_.directed || v > source_;
    through[index(parent_[index(v)])] += through[index(v)] + (is_target ? value[index(v)] : 0.0);
  }
}

bool Routes::lay_out_tree(const std::vector<double>& value, Targets targets, std::int32_t most) {
  const bool all = graph_.directed || targets == Targets::all;
  laid_out_ = std::min(most, static_cast<std::int32_t>(settled_.size()));
  const std::span<const std::int32_t> settled(settled_.data(), index(laid_out_));
  std::fill(position_.begin(), position_.end(), -1);
  std::fill(target_.begin(), target_.end(), -1);
  for (const std::int32_t v : settled) branch_size_[index(v)] = 1;
  for (auto it = settled.rbegin(); it != settled.rend(); ++it)
    if (const std::int32_t parent = parent_[index(*it)]; parent >= 0)
      branch_size_[index(parent)] += branch_size_[index(*it)];
  // A parent is settled before its children, so its position is known when they take the next free ones below it.
  std::int32_t next_root = 0;
  std::vector<std::int32_t>& next_below = parent_;  // a settled vertex's parent is read once, then its slot is free
  for (const std::int32_t v : settled) {
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
    node.is_target = (all ? node.owner != source_ : node.owner > source_) &&
                     vertex_distance_[index(v)] == distance_[index(node.owner)] && target_[index(node.owner)] < 0;
    if (node.is_target) target_[index(node.owner)] = position;
    node.targets = node.is_target ? 1 : 0;
    arcs_begin_[index(position)] = v;  // for the moment: where its arcs come from
  }
  bool any_inner = false;
  for (std::int32_t p = laid_out_ - 1; p >= 0; --p) {
    const Node& node = nodes_[index(p)];
    if (node.parent < 0) continue;
    nodes_[index(node.parent)].targets += node.targets;
    any_inner = any_inner || (node.targets > 0 && (follows_links_ || nodes_[index(node.parent)].owner != source_));
  }
  if (any_inner) {
    lay_out_arcs();
    sum_branches(value);
    if (can_lose_by_share()) note_what_counts();
  }
  return any_inner;
}

void Routes::lay_out_arcs() {
  const std::int32_t count = laid_out_;
  std::fill(turns_at_.begin(), turns_at_.begin() + count, std::numeric_limits<std::int32_t>::max());
  std::int32_t arcs = 0;
  for (std::int32_t p = 0; p < count; ++p) {
    Node& node = nodes_[index(p)];
    const std::int32_t v = std::exchange(arcs_begin_[index(p)], arcs);
    const double here = vertex_distance_[index(v)];
    node.keeps_way = false;
    node.up = infinity;
    double least_from_parent = infinity;
    if (follows_links_) {
      tree_link_[index(p)] = -1;
      spare_[index(p)] = infinity;
    }
    for (std::int32_t k = graph_.arcs_begin[index(v)]; k < graph_.arcs_begin[index(v + 1)]; ++k) {
      const auto [to, cost] = graph_.arcs[index(k)];
      const std::int32_t head = position_[index(to)];
      if (head < 0) continue;  // not reached, or farther than what is laid out
      const double there = vertex_distance_[index(to)];
      const double back = there + (graph_.directed ? graph_.back_cost[index(k)] : cost) - here;
      if (head == node.parent) {
        node.up = std::min(node.up, here + cost - there);
        if (follows_links_) {
          // The tree took the cheapest of several links, and of equally cheap ones the first.
          const std::int32_t link = graph_.link[index(k)];
          if (tree_link_[index(p)] < 0 || back < least_from_parent ||
              (back == least_from_parent && link < tree_link_[index(p)])) {
            if (tree_link_[index(p)] >= 0) spare_[index(p)] = std::min(spare_[index(p)], least_from_parent);
            least_from_parent = back;
            tree_link_[index(p)] = link;
          } else {
            spare_[index(p)] = std::min(spare_[index(p)], back);
          }
        }
        if (!graph_.links_cost_1) continue;
      } else {
        // Only an arc that is a shortest way can be the tree's; the head's parent lies far off in memory.
        if (here + cost == there && !graph_.links_cost_1 && nodes_[index(head)].parent == p) continue;
        node.keeps_way = node.keeps_way || back == 0.0;
      }
      head_[index(arcs)] = head;
      out_[index(arcs)] = here + cost - there;
      back_[index(arcs)] = back;
      ++arcs;
    }
  }
  arcs_begin_[index(count)] = arcs;
}

void Routes::sum_branches(const std::vector<double>& value) {
  const std::int32_t count = laid_out_;
  for (std::int32_t p = 0; p < count; ++p)
    sums_[index(p)] = target_value_[index(p)] = nodes_[index(p)].is_target ? value[index(nodes_[index(p)].owner)] : 0.0;
  for (std::int32_t p = count - 1; p >= 0; --p)
    if (const std::int32_t parent = nodes_[index(p)].parent; parent >= 0) sums_[index(parent)] += sums_[index(p)];
}

void Routes::note_what_counts() {
  // Both ends must agree from which of them a pair counts, whatever way their distances were rounded; so what lies this
  // close to the middle of a way, as a share of it, lies in the middle, and the ranks decide.
  constexpr double middle = 1e-9;
  std::fill(greatest_below_.begin(), greatest_below_.begin() + laid_out_, -infinity);
  for (std::int32_t p = laid_out_ - 1; p >= 0; --p) {
    const Node& node = nodes_[index(p)];
    const double distance = distance_[index(node.owner)];
    twice_distance_[index(p)] = 2.0 * distance;
    counts_up_to_[index(p)] = !node.is_target        ? -infinity
                              : graph_.directed      ? infinity
                              : node.owner > source_ ? distance * (1.0 + middle) + std::numeric_limits<double>::min()
                                                     : distance * (1.0 - middle);
    if (node.parent < 0) continue;
    double& greatest = greatest_below_[index(node.parent)];
    greatest = std::max({greatest, greatest_below_[index(p)], counts_up_to_[index(p)]});
  }
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

void Routes::seed_branches(std::int32_t lost) {
  heap_.clear();
  for (const auto& [begin, end] : branches_) std::fill(detour_.begin() + begin, detour_.begin() + end, infinity);
  for (std::int32_t v = graph_.vertices_begin[index(lost)]; v < graph_.vertices_begin[index(lost + 1)]; ++v)
    if (has_tree(v)) detour_[index(position_[index(v)])] = closed;
  for (const auto& [begin, end] : branches_)
    for (std::int32_t p = begin; p < end; ++p) {
      const Node& node = nodes_[index(p)];
      if (node.owner == lost) continue;
      // What a parent's way in gives its branch need not be queued again.
      const double inherited =
          node.parent < 0 || nodes_[index(node.parent)].owner == lost ? infinity : detour_[index(node.parent)];
      double best = inherited;
      for (std::int32_t arc = arcs_begin_[index(p)]; arc < arcs_begin_[index(p + 1)]; ++arc) {
        const std::int32_t head = head_[index(arc)];
        const bool kept = detour_[index(head)] == closed && nodes_[index(head)].owner != lost;
        best = kept ? std::min(best, back_[index(arc)]) : best;
      }
      detour_[index(p)] = best;
      if (best < inherited) heap_.push({best, p});
    }
}

void Routes::gather_rim(std::int32_t position) {
  const std::int32_t end = position + nodes_[index(position)].size;
  rim_before_[index(position)] = rim_.size();
  // The branch begins at the last of its positions, which was come to first.
  rim_begin_ = rim_before_[index(end - 1)];
  std::size_t kept = rim_begin_;
  for (std::size_t i = rim_begin_; i < rim_.size(); ++i) {
    const Crossing crossing = rim_[i];
    rim_[kept] = crossing;
    const bool leaves =
        (static_cast<int>(crossing.outside < position) | static_cast<int>(crossing.outside >= end)) != 0;
    kept += static_cast<std::size_t>(leaves);
    if (leaves) continue;
    for (std::int32_t p = crossing.inside; p > position && turns_at_[index(p)] != position; p = nodes_[index(p)].parent)
      turns_at_[index(p)] = position;
  }
  rim_.resize(kept);
}

void Routes::gather_whole_rim(std::int32_t position) {
  const std::int32_t end = position + nodes_[index(position)].size;
  rim_begin_ = rim_before_[index(end - 1)] = rim_.size();
  if (nodes_[index(position)].parent == 0) return;  // nobody asks
  for (std::int32_t p = end - 1; p >= position; --p)
    for (std::int32_t arc = arcs_begin_[index(p)]; arc < arcs_begin_[index(p + 1)]; ++arc) {
      const std::int32_t head = head_[index(arc)];
      if (head < position || head >= end) {
        rim_.push_back({p, head, back_[index(arc)]});
        continue;
      }
      // As if it turned back at the top, which costs some looking in vain but no search for where it does.
      for (std::int32_t q = p; q > position && turns_at_[index(q)] != position; q = nodes_[index(q)].parent)
        turns_at_[index(q)] = position;
    }
}

void Routes::add_to_rim(std::int32_t position) {
  const Node& node = nodes_[index(position)];
  const std::int32_t end = position + node.size;
  for (std::int32_t arc = arcs_begin_[index(position)]; arc < arcs_begin_[index(position + 1)]; ++arc) {
    const std::int32_t head = head_[index(arc)];
    if (head < position || head >= end) rim_.push_back({position, head, back_[index(arc)]});
  }
}

void Routes::seed_from_rim(bool top_is_lost) {
  heap_.clear();
  const auto [begin, end] = branches_.front();
  double* const known = detour_.data();
  // In order of position, which is the tree's preorder: each takes over the least detour of those above it.
  inherited_.assign(1, {end, infinity});
  std::int32_t next = begin;
  const auto fill_until = [&](std::int32_t position) {
    for (; inherited_.size() > 1 && inherited_.back().first <= position; inherited_.pop_back()) {
      const auto& [stop, detour] = inherited_.back();
      std::fill(known + next, known + stop, detour);
      next = stop;
    }
    std::fill(known + next, known + position, inherited_.back().second);
    next = position;
  };
  for (std::size_t i = rim_.size(); i > rim_begin_;) {
    const std::int32_t p = rim_[--i].inside;
    double best = rim_[i].detour;
    for (; i > rim_begin_ && rim_[i - 1].inside == p; --i) best = std::min(best, rim_[i - 1].detour);
    fill_until(p);
    if (best >= inherited_.back().second) continue;
    inherited_.emplace_back(p + nodes_[index(p)].size, best);
    heap_.push({best, p});
  }
  fill_until(end);
  if (top_is_lost) {
    known[begin] = closed;
  } else if (spare_[index(begin)] < known[begin]) {
    const double spare = spare_[index(begin)];
    for (std::int32_t p = begin; p < end; ++p) known[p] = std::min(known[p], spare);
    heap_.push({spare, begin});
  }
}

}  // namespace greenweave
