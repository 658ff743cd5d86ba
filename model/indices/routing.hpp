#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "model/network/network.hpp"

namespace greenweave {

/// A network laid out for searches: compressed rows of arcs, patches renumbered breadth first so that neighbours lie near
/// each other in memory. Where distances across patches count, a vertex is the end of a link in a patch and arcs inside
/// a patch carry the cost across it; otherwise a vertex is a patch. Patches are known by rank, their place in the new
/// order; `patch_of_rank` leads back.
struct RoutingGraph {
  struct Arc {
    std::int32_t head;
    double cost;
  };

  std::vector<int> patch_of_rank;
  std::vector<double> attribute;             // by rank
  std::vector<std::int32_t> owner;           // vertex -> rank
  std::vector<std::int32_t> vertices_begin;  // rank -> first of its vertices, which follow one another; one more at the end
  std::vector<std::int32_t> arcs_begin;      // vertex -> first arc; one more at the end
  std::vector<Arc> arcs;

  std::int32_t patches() const { return static_cast<std::int32_t>(patch_of_rank.size()); }
  std::int32_t vertices() const { return static_cast<std::int32_t>(owner.size()); }
};

/// Links with a cost above `most_cost` are left out. With `hops` every link costs 1 and crossing a patch nothing.
RoutingGraph route(const HabitatNetwork& network, double most_cost, bool hops);

/// The shortest-path tree from one patch, and what becomes of the distances when another patch is lost. One a thread.
/// Of several shortest paths the tree holds the one whose predecessor was settled first (least distance, then least
/// vertex number).
class Routes {
 public:
  explicit Routes(const RoutingGraph& graph);

  /// Distances from patch `source` to all patches.
  void from(std::int32_t source);
  /// Distance to a patch; infinity if there is no path.
  double distance(std::int32_t rank) const { return distance_[index(rank)]; }

  /// Prepares the tree of the last `from` for what follows.
  void lay_out_tree();
  /// Calls `visit(k)` for each patch k through which the tree runs to at least one patch of a rank above the source.
  template <class Visit>
  void for_each_inner(const Visit& visit) const;
  /// The patches of a rank above the source that the tree reaches through patch `lost`, each with its distance when that
  /// patch is gone (infinity if it was the only way): `visit(rank, distance)`.
  template <class Visit>
  void without(std::int32_t lost, const Visit& visit);

 private:
  struct Entry {
    double distance;
    std::int32_t vertex;
    bool operator<(const Entry& other) const {  // the standard heaps keep the largest on top; we want the nearest
      return distance != other.distance ? distance > other.distance : vertex > other.vertex;
    }
  };
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
  /// The branches of the tree below patch k, as ranges of positions; none inside another.
  void collect_branches(std::int32_t k);
  void reroute(std::int32_t lost);

  const RoutingGraph& graph_;
  std::int32_t source_ = 0;
  std::vector<double> distance_;  // by rank
  // By vertex: the search from the source.
  std::vector<double> vertex_distance_;
  std::vector<std::int32_t> parent_;
  std::vector<std::int32_t> settled_;  // vertices in the order in which they were settled
  // By vertex: the tree in preorder, so that a branch is a range of positions.
  std::vector<std::int32_t> position_, branch_size_, highest_target_;
  std::vector<std::int32_t> at_position_;
  // One rerouting.
  std::vector<std::pair<std::int32_t, std::int32_t>> branches_;
  std::vector<std::uint32_t> lost_in_;  // by vertex: number of the rerouting that its route was lost in
  std::uint32_t rerouting_ = 0;
  std::vector<double> new_distance_;  // by vertex, for those lost
  std::vector<Entry> heap_;
};

template <class Visit>
void Routes::for_each_inner(const Visit& visit) const {
  for (std::int32_t k = 0; k < graph_.patches(); ++k) {
    if (k == source_) continue;
    for (std::int32_t v = graph_.vertices_begin[index(k)]; v < graph_.vertices_begin[index(k + 1)]; ++v) {
      // Below v there must be a target of another patch; v itself, and k's other vertices, are no targets of interest.
      bool inner = false;
      if (position_[index(v)] >= 0 && branch_size_[index(v)] > 1) {
        const std::int32_t begin = position_[index(v)] + 1, end = begin + branch_size_[index(v)] - 1;
        for (std::int32_t p = begin; p < end && !inner;) {
          const std::int32_t child = at_position_[index(p)];
          inner = highest_target_[index(child)] > source_;
          p += branch_size_[index(child)];
        }
      }
      if (inner) {
        visit(k);
        break;
      }
    }
  }
}

template <class Visit>
void Routes::without(std::int32_t lost, const Visit& visit) {
  collect_branches(lost);
  reroute(lost);
  for (const auto& [begin, end] : branches_)
    for (std::int32_t p = begin; p < end; ++p) {
      const std::int32_t v = at_position_[index(p)];
      const std::int32_t rank = graph_.owner[index(v)];
      if (rank == lost || rank <= source_) continue;
      if (vertex_distance_[index(v)] != distance_[index(rank)]) continue;  // not where the tree reaches the patch
      const std::int32_t first = graph_.vertices_begin[index(rank)], last = graph_.vertices_begin[index(rank + 1)];
      double distance = infinity;
      bool counted = false;
      for (std::int32_t w = first; w < last; ++w) {
        const bool rerouted = lost_in_[index(w)] == rerouting_;
        distance = std::min(distance, rerouted ? new_distance_[index(w)] : vertex_distance_[index(w)]);
        // Two ends of links may be equally near; the patch is visited once, at the first of them.
        counted = counted || (w < v && rerouted && vertex_distance_[index(w)] == distance_[index(rank)]);
      }
      if (!counted) visit(rank, distance);
    }
}

}  // namespace greenweave
