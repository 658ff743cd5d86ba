#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "model/network/network.hpp"

namespace greenweave {

/// A network laid out for searches: compressed rows of arcs, patches renumbered breadth first so that neighbours lie
/// near each other in memory. Where distances across patches count, a vertex is the end of a link in a patch and arcs
/// inside a patch carry the cost across it; otherwise a vertex is a patch. Patches are known by rank, their place in
/// the new order; `patch_of_rank` leads back.
struct RoutingGraph {
  struct Arc {
    std::int32_t head;
    double cost;
  };

  std::vector<int> patch_of_rank;
  std::vector<double> attribute;    // by rank
  std::vector<std::int32_t> owner;  // vertex -> rank
  std::vector<std::int32_t>
      vertices_begin;                    // rank -> first of its vertices, which follow one another; one more at the end
  std::vector<std::int32_t> arcs_begin;  // vertex -> first arc; one more at the end
  std::vector<Arc> arcs;
  bool links_cost_1 = false;  // every arc costs 1, and a patch is one vertex

  std::int32_t patches() const { return static_cast<std::int32_t>(patch_of_rank.size()); }
  std::int32_t vertices() const { return static_cast<std::int32_t>(owner.size()); }
};

/// Links with a cost above `most_cost` are left out. With `hops` every link costs 1 and crossing a patch nothing.
RoutingGraph route(const HabitatNetwork& network, double most_cost, bool hops);

/// The shortest-path tree from one patch, and how much longer the ways get when another patch is lost. One a thread.
/// Of several shortest paths the tree holds the one whose predecessor was settled first (least distance, then least
/// vertex number).
///
/// When a patch is lost, only the branches of the tree below it need new ways. Each is searched on its own, in detours
/// (new minus old distance) instead of distances: a step along the tree then costs nothing, so that whole branches are
/// settled at once, and the queue holds little more than the branches' rims.
class Routes {
 public:
  explicit Routes(const RoutingGraph& graph);

  /// Distances from patch `source` to all patches.
  void from(std::int32_t source);
  /// Distance to a patch; infinity if there is no path.
  double distance(std::int32_t rank) const { return distance_[index(rank)]; }

  /// Prepares the tree of the last `from` for what follows. False if no patch lies on the way to another of a rank
  /// above the source, so that there is nothing to ask.
  bool lay_out_tree();
  /// Sums `value` (by rank) over the patches of a rank above the source, branch by branch of the tree: `sums[p]` is
  /// that of the branch at position p of `without`.
  void sum_branches(const std::vector<double>& value, std::vector<double>& sums) const;
  /// Calls `visit(k)` for each patch k through which the tree runs to at least one patch of a rank above the source.
  /// Where all arcs cost 1, those are left out whose loss costs no detour because whatever they lead to can be reached
  /// as quickly beside them.
  template <class Visit>
  void for_each_inner(const Visit& visit) const;
  /// Of sums made by `sum_branches`, the part of what the tree reaches through patch k, without k itself.
  double sum_through(std::int32_t k, const std::vector<double>& sums, const std::vector<double>& value);
  /// The patches of a rank above the source that the tree reaches through patch `lost`, each with its detour when that
  /// patch is gone (infinity if it was the only way). A detour that a whole branch of the tree shares is told once,
  /// where it can be: `branch(position, detour)`, returning false where it wants the patches one by one: `patch(rank,
  /// detour)`.
  template <class PatchVisit, class BranchVisit>
  void without(std::int32_t lost, const PatchVisit& patch, const BranchVisit& branch);

 private:
  struct Entry {
    double key;
    std::int32_t at;
    bool operator<(const Entry& other) const {  // the standard heaps keep the largest on top; we want the nearest
      return key != other.key ? key > other.key : at > other.at;
    }
  };
  /// A vertex at its place in the tree's preorder, where a branch is a range of positions.
  struct Node {
    std::int32_t size;        // of the branch, itself included
    std::int32_t arcs_begin;  // in `arcs_`
    std::int32_t low, high;   // least and greatest position that its arcs lead to
    std::int32_t parent;      // position; -1 at the source
    std::int32_t owner;       // rank of its patch
    std::int32_t targets;     // in the branch: vertices at which the tree reaches a patch of a rank above the source
    bool is_target;
    bool keeps_way;       // over another vertex as near as its parent; known where all arcs cost 1
    double least_detour;  // of any arc off the tree, in the branch: no way into it can be shorter
  };
  /// An arc between positions: how much longer than by the tree its head is reached over it, and its tail from its
  /// head.
  struct Detour {
    std::int32_t head;
    double out, back;
  };
  /// What one rerouting knows of a position; `seen` and `settled` hold the number of the rerouting that did it.
  struct State {
    double detour;
    std::uint32_t seen, settled;
  };
  using Branch = std::pair<std::int32_t, std::int32_t>;
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  static std::size_t index(std::int32_t i) { return static_cast<std::size_t>(i); }
  void push(Entry entry) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end());
  }
  Entry pop() {
    std::pop_heap(heap_.begin(), heap_.end());
    const Entry top = heap_.back();
    heap_.pop_back();
    return top;
  }
  // Among equal detours any order will do.
  static bool is_longer(const Entry& a, const Entry& b) { return a.key > b.key; }
  void push_detour(Entry entry) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), is_longer);
  }
  Entry pop_detour() {
    std::pop_heap(heap_.begin(), heap_.end(), is_longer);
    const Entry top = heap_.back();
    heap_.pop_back();
    return top;
  }
  bool has_tree(std::int32_t vertex) const { return position_[index(vertex)] >= 0; }
  void from_by_links(std::int32_t source);
  bool all_below_keep_way(std::int32_t position) const {
    const std::int32_t end = position + nodes_[index(position)].size;
    for (std::int32_t p = position + 1; p < end; p += nodes_[index(p)].size)
      if (!nodes_[index(p)].keeps_way && nodes_[index(p)].targets > 0) return false;
    return true;
  }
  /// The branches of the tree below patch k, as ranges of positions; none inside another.
  void collect_branches(std::int32_t k);
  bool in_branches(std::int32_t position) const {
    for (const auto& [begin, end] : branches_)
      if (position >= begin && position < end) return true;
    return false;
  }
  /// Finds the detours of all vertices in the branches. `settle(position, detour)` gets those with targets as they are
  /// final; `settle_branch` whole branches. Ends when all targets are settled.
  template <bool one_vertex, class Settle, class SettleBranch>
  void reroute(std::int32_t lost, std::int32_t targets, const Settle& settle, const SettleBranch& settle_branch);
  /// The same where every arc costs 1 and most vertices have another way just as short: finds the few that have none,
  /// and new ways for them. Fills `affected_`.
  void reroute_by_links(std::int32_t lost);
  /// Ways into the branches from what kept its way.
  template <bool one_vertex>
  void seed(std::int32_t lost);
  void lay_out_arcs();
  bool is_settled(std::int32_t p) const { return states_[index(p)].settled == rerouting_; }

  const RoutingGraph& graph_;
  const bool one_vertex_a_patch_;
  std::int32_t source_ = 0;
  std::vector<double> distance_;  // by rank
  // By vertex: the search from the source.
  std::vector<double> vertex_distance_;
  std::vector<std::int32_t> parent_;
  std::vector<std::int32_t> settled_;  // vertices in the order in which they were settled
  // The tree.
  std::vector<std::int32_t> position_;  // by vertex
  std::vector<std::int32_t> target_;  // by rank: the position at which the tree reaches it first; -1: none or no target
  std::vector<std::int32_t> branch_size_;
  std::vector<Node> nodes_;  // by position
  std::vector<Detour> arcs_;
  // One rerouting, by position.
  std::vector<Branch> branches_;
  std::vector<State> states_;
  std::vector<std::int32_t> affected_;
  std::uint32_t rerouting_ = 0;
  std::vector<Entry> heap_;
};

template <class Visit>
void Routes::for_each_inner(const Visit& visit) const {
  for (std::int32_t k = 0; k < graph_.patches(); ++k) {
    if (k == source_) continue;
    for (std::int32_t v = graph_.vertices_begin[index(k)]; v < graph_.vertices_begin[index(k + 1)]; ++v) {
      if (!has_tree(v)) continue;
      const Node& node = nodes_[index(position_[index(v)])];
      if (node.targets > (node.is_target ? 1 : 0)) {
        if (!graph_.links_cost_1 || !all_below_keep_way(position_[index(v)])) visit(k);
        break;
      }
    }
  }
}

template <bool one_vertex, class Settle, class SettleBranch>
void Routes::reroute(std::int32_t lost, std::int32_t targets, const Settle& settle, const SettleBranch& settle_branch) {
  seed<one_vertex>(lost);
  // The compiler cannot know that what is written below does not move what is read.
  const Node* const nodes = nodes_.data();
  const Detour* const arcs = arcs_.data();
  State* const states = states_.data();
  const std::uint32_t now = rerouting_;
  const std::int32_t first_below = branches_.front().first, last_below = branches_.front().second;
  const auto known = [states, now](std::int32_t p) { return states[p].seen == now ? states[p].detour : infinity; };
  std::int32_t first_settled = std::numeric_limits<std::int32_t>::max(), last_settled = -1;
  while (!heap_.empty() && targets > 0) {
    const auto [detour, root] = pop_detour();
    if (states[root].settled == now || detour != states[root].detour) continue;
    // The way along the tree costs no detour: the whole branch is settled, but for what was settled more cheaply.
    const std::int32_t end = root + nodes[root].size;
    const bool untouched = one_vertex && (end <= first_settled || root > last_settled);
    const bool told = untouched && settle_branch(root, detour);
    if (told) {
      targets -= nodes[root].targets;
      if (targets == 0) break;
    }
    first_settled = std::min(first_settled, root);
    last_settled = std::max(last_settled, end - 1);
    for (std::int32_t p = root; p < end;) {
      const Node& node = nodes[p];
      if (states[p].settled == now || (!one_vertex && node.owner == lost)) {
        p += node.size;
        continue;
      }
      states[p].settled = now;
      if (!one_vertex) states[p].detour = detour;
      if (!told && node.is_target) {
        settle(p, detour);
        --targets;
      }
      if (!one_vertex || node.low < root || node.high >= end) {
        const Detour* const arcs_end = arcs + nodes[p + 1].arcs_begin;
        for (const Detour* arc = arcs + node.arcs_begin; arc != arcs_end; ++arc) {
          const std::int32_t h = arc->head;
          if (one_vertex ? h <= first_below || h >= last_below || (h >= root && h < end)
                         : !in_branches(h) || nodes[h].owner == lost)
            continue;
          const double way = detour + arc->out;
          if (states[h].settled == now || way >= known(h) || way >= known(nodes[h].parent)) continue;
          states[h].seen = now;
          states[h].detour = way;
          push_detour({way, h});
        }
      }
      ++p;
    }
  }
  heap_.clear();
}

template <class PatchVisit, class BranchVisit>
void Routes::without(std::int32_t lost, const PatchVisit& patch, const BranchVisit& branch) {
  if (graph_.links_cost_1) {
    reroute_by_links(lost);
    for (const std::int32_t p : affected_)
      if (nodes_[index(p)].is_target) patch(nodes_[index(p)].owner, states_[index(p)].detour);
    return;
  }
  collect_branches(lost);
  std::int32_t targets = target_[index(lost)] >= 0 ? -1 : 0;
  for (const auto& [begin, end] : branches_) targets += nodes_[index(begin)].targets;
  if (one_vertex_a_patch_) {
    std::int32_t told = 0;
    reroute<true>(
        lost, targets,
        [&](std::int32_t p, double detour) {
          patch(nodes_[index(p)].owner, detour);
          ++told;
        },
        [&](std::int32_t p, double detour) {
          if (!branch(p, detour)) return false;
          told += nodes_[index(p)].targets;
          return true;
        });
    const auto [begin, end] = branches_.front();
    for (std::int32_t p = begin + 1; p < end && told < targets; ++p)
      if (!is_settled(p) && nodes_[index(p)].is_target) {
        patch(nodes_[index(p)].owner, infinity);
        ++told;
      }
    return;
  }
  // A patch with several vertices is as far as the nearest of them, rerouted or not: all detours are needed first.
  reroute<false>(
      lost, graph_.vertices() + 1, [](std::int32_t, double) {}, [](std::int32_t, double) { return false; });
  for (const auto& [begin, end] : branches_)
    for (std::int32_t p = begin; p < end; ++p) {
      const Node& node = nodes_[index(p)];
      if (!node.is_target || node.owner == lost) continue;
      double nearest = infinity;
      for (std::int32_t v = graph_.vertices_begin[index(node.owner)]; v < graph_.vertices_begin[index(node.owner + 1)];
           ++v) {
        if (!has_tree(v)) continue;
        const std::int32_t q = position_[index(v)];
        const double detour = !in_branches(q) ? 0.0 : is_settled(q) ? states_[index(q)].detour : infinity;
        nearest = std::min(nearest, vertex_distance_[index(v)] + detour);
      }
      patch(node.owner, nearest - distance_[index(node.owner)]);
    }
}

}  // namespace greenweave
