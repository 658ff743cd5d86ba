#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
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
  std::vector<double> back_cost;   // of each arc, from head to tail, where the network is directed; else empty
  std::vector<std::int32_t> link;  // of each arc: the link that it belongs to; -1 inside a patch
  bool directed = false;           // an arc of infinite cost leads only back
  bool links_cost_1 = false;       // every arc costs 1, and a patch is one vertex

  std::int32_t patches() const { return static_cast<std::int32_t>(patch_of_rank.size()); }
  std::int32_t vertices() const { return static_cast<std::int32_t>(owner.size()); }
};

/// Links with a cost above `most_cost`, in a directed network the way that costs more, are left out. With `hops` every
/// link costs 1 and crossing a patch nothing.
RoutingGraph route(const HabitatNetwork& network, double most_cost, bool hops);

/// What is reached at some distance.
struct Reached {
  double distance;
  std::int32_t at;
};

/// A heap, nearest first; of the equally near, if `in_order`, the least number first.
template <bool in_order>
class NearestFirst {
 public:
  using Entry = Reached;
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  void clear() { entries_.clear(); }
  void push(Entry entry) {
    entries_.push_back(entry);
    std::size_t hole = entries_.size() - 1;
    while (hole > 0) {
      const std::size_t above = (hole - 1) / arity;
      if (!nearer(entry, entries_[above])) break;
      entries_[hole] = entries_[above];
      hole = above;
    }
    entries_[hole] = entry;
  }
  Entry pop() {
    const Entry top = entries_.front(), last = entries_.back();
    entries_.pop_back();
    const std::size_t count = entries_.size();
    if (count == 0) return top;
    Entry* const entries = entries_.data();
    std::size_t hole = 0;
    for (std::size_t below = 1; below < count; below = arity * hole + 1) {
      std::size_t least = below;
      Entry nearest = entries[below];
      const std::size_t end = std::min(below + arity, count);
      for (std::size_t i = below + 1; i < end; ++i) {
        const bool is_nearer = nearer(entries[i], nearest);
        least = is_nearer ? i : least;
        nearest = is_nearer ? entries[i] : nearest;
      }
      if (!nearer(nearest, last)) break;
      entries[hole] = nearest;
      hole = least;
    }
    entries[hole] = last;
    return top;
  }

 private:
  static constexpr std::size_t arity = 4;  // shallower than a binary heap, and siblings share a cache line
  static bool nearer(const Entry& a, const Entry& b) {
    // Without a jump: which of two comes first cannot be foreseen. Distances are not negative, so that their bits,
    // which can be moved on a condition, are in the same order.
    const auto bits_a = std::bit_cast<std::int64_t>(a.distance), bits_b = std::bit_cast<std::int64_t>(b.distance);
    if constexpr (!in_order) return bits_a < bits_b;
    return static_cast<bool>(static_cast<int>(bits_a < bits_b) |
                             (static_cast<int>(bits_a == bits_b) & static_cast<int>(a.at < b.at)));
  }
  std::vector<Entry> entries_;
};

/// The queue of a shortest-path search, in which new distances are at most one arc beyond the last that left. It is a
/// ring of buckets not sorted inside. Where no bucket need be wider than the shortest arc, what is in one bucket cannot
/// change what else is in it, and leaves as it lies (Dial 1969). Else what is due soon goes through a small heap, and
/// distances leave in ascending order, equal ones by number.
class Horizon {
 public:
  Horizon(double shortest_arc, double longest_arc);
  void clear();
  bool is_in_order() const { return !is_flat_; }
  void push(Reached entry) {
    ++size_;
    const auto bucket = static_cast<std::int64_t>(entry.distance * per_width_);
    if (bucket <= open_ && !is_flat_)
      near_.push(entry);
    else
      ring_[static_cast<std::size_t>(bucket) & mask_].push_back(entry);
  }
  /// `is_current(entry)` says whether an entry still counts; those that do not may never come out.
  template <class IsCurrent>
  bool pop(Reached& entry, const IsCurrent& is_current) {
    if (is_flat_) return pop_flat(entry);
    while (near_.empty()) {
      if (size_ == 0) return false;
      std::vector<Reached>& bucket = ring_[static_cast<std::size_t>(++open_) & mask_];
      for (const Reached& waiting : bucket)
        if (is_current(waiting))
          near_.push(waiting);
        else
          --size_;
      bucket.clear();
    }
    --size_;
    entry = near_.pop();
    return true;
  }

 private:
  static constexpr std::size_t most_buckets = 1024, sorted_buckets = 128;
  bool pop_flat(Reached& entry) {
    if (size_ == 0) return false;
    std::vector<Reached>* bucket = &ring_[static_cast<std::size_t>(open_) & mask_];
    while (next_ == bucket->size()) {
      bucket->clear();
      next_ = 0;
      bucket = &ring_[static_cast<std::size_t>(++open_) & mask_];
    }
    --size_;
    entry = (*bucket)[next_++];
    return true;
  }

  std::vector<std::vector<Reached>> ring_;
  std::size_t mask_ = 0;
  bool is_flat_ = false;
  NearestFirst<true> near_;
  double per_width_ = 0.0;
  std::int64_t open_ = 0;
  std::size_t next_ = 0;  // in the open bucket
  std::int64_t size_ = 0;
};

/// The shortest-path tree from one patch, and how much longer the ways get when another patch is lost. One a thread.
/// Of several shortest paths the tree holds the one whose last predecessor is nearest, of equally near ones that of the
/// least number.
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

  /// Vertices that the last `from` reached, each after its parent and roughly nearest first; its patch.
  std::int32_t reached() const { return static_cast<std::int32_t>(settled_.size()); }
  std::int32_t patch_reached(std::int32_t i) const { return graph_.owner[index(settled_[index(i)])]; }
  /// Of each patch (by rank) the sum of the values of what the tree reaches through it, of a rank above the source (in
  /// a directed network of any). Asked before `lay_out_tree`, where a patch is one vertex.
  void sum_through_all(const std::vector<double>& value, std::vector<double>& through) const;

  /// The patches that count from one source, so that no pair counts twice: those of a rank above the source, or all but
  /// the source. In a directed network always all.
  enum class Targets { above, all };
  /// Prepares the tree of the last `from` for what follows, and sums `value` (by rank) branch by branch over its
  /// targets. False if no patch lies on the way to a target, so that there is nothing to ask. Of the tree only the
  /// first `most` vertices reached are laid out, and what lies beyond is neither target nor way.
  bool lay_out_tree(const std::vector<double>& value, Targets targets,
                    std::int32_t most = std::numeric_limits<std::int32_t>::max());
  /// Calls `visit(k)` for each patch k through which the tree runs to at least one target, in no particular order.
  /// Where all arcs cost 1, those are left out whose loss costs no detour because whatever they lead to can be reached
  /// as quickly beside them.
  template <class Visit>
  void for_each_inner(const Visit& visit);
  /// Sum of the values of what the tree reaches through patch k, without k itself.
  double sum_through(std::int32_t k);

  /// Whether what follows can be asked: a patch is one vertex and links have costs.
  bool can_lose_by_share() const { return one_vertex_a_patch_ && !graph_.links_cost_1; }
  /// Calls `visit(k)` for each patch k with targets that `lost_through` counts, but where the tree reaches through it
  /// sum to no more than `least`. The tree is laid out for all targets.
  template <class Visit>
  void for_each_between(double least, const Visit& visit);
  /// Sum of value x `share(detour)` over targets that the tree reaches through patch k when k is lost: those farther
  /// from k than the source is, of those as far the ones of a rank above the source; in a directed network all. Over
  /// all sources each pair thus counts once for each patch between, from the end whose branch is the larger, so that
  /// the most pairs are settled at once. `share` rises from 0 to 1 with the detour, which is infinity if k was the only
  /// way. The search ends when the sum is known to within `tolerance` either way. May be asked of the k that is being
  /// visited.
  template <class Share>
  double lost_through(std::int32_t k, const Share& share, double tolerance);

  /// Calls `visit(rank, detour)` for the targets that the tree reaches through patch `lost` with their detour when it
  /// is gone; where links cost 1, only for those that have one. For graphs that `lost_through` does not serve.
  template <class Visit>
  void without(std::int32_t lost, const Visit& visit);

  /// Notes the links of the tree for what follows. Where a patch is one vertex, before `lay_out_tree`.
  void follow_links() { follows_links_ = true; }
  /// Calls `visit(position, link)` for each link of the tree that leads to a target.
  template <class Visit>
  void for_each_link(const Visit& visit);
  /// Sum of value x `share(detour)` over the targets beyond the link that leads to `position`, when that link is lost.
  /// May be asked of the position that `for_each_link` is visiting.
  template <class Share>
  double lost_beyond(std::int32_t position, const Share& share);
  /// Calls `visit(rank, detour)` for the same targets, those without a detour left out.
  template <class Visit>
  void without_link(std::int32_t position, const Visit& visit);

 private:
  /// A vertex at its place in the tree's preorder, where a branch is a range of positions.
  struct Node {
    std::int32_t size;     // of the branch, itself included
    std::int32_t parent;   // position; -1 at the source
    std::int32_t owner;    // rank of its patch
    std::int32_t targets;  // in the branch: vertices at which the tree reaches one first
    bool is_target;
    bool keeps_way;  // over another vertex as near as its parent; known where all arcs cost 1
    double up;       // detour of its parent if the way leads here first
  };
  /// An arc between a branch and the rest of the tree, seen from inside.
  struct Crossing {
    std::int32_t inside, outside;  // positions
    double detour;                 // of `inside`, if the way leads in here
  };
  using Branch = std::pair<std::int32_t, std::int32_t>;
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  static constexpr double closed = -infinity;

  static std::size_t index(std::int32_t i) { return static_cast<std::size_t>(i); }
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
  /// Finds the detours of the vertices in `branches_`, which lie below patch `lost`, and calls `settle(top, detour)`
  /// for each piece of a branch that shares its way in, with `segments_` its ranges of positions, until it returns
  /// false. What is settled by then is left `closed`; what has no way, with a `detour_` of infinity.
  template <class Settle>
  void reroute(std::int32_t lost, const Settle& settle);
  /// The same where every arc costs 1 and most vertices have another way just as short: finds the few that have none,
  /// and new ways for them. Fills `affected_`.
  void reroute_by_links(std::int32_t lost);
  /// Opens the branches and queues the ways into them from what kept its way.
  void seed_branches(std::int32_t lost);
  /// The same for the one branch whose rim is gathered.
  void seed_from_rim(bool top_is_lost);
  /// `reroute` for the one branch whose rim is gathered, where a patch is one vertex. Calls `settle(top, detour)` with
  /// the branches settled before inside top's in `inner_`.
  template <class Settle>
  void reroute_branch(std::int32_t top, bool top_is_lost, const Settle& settle);
  /// Gathers the rim of the branch at a position from those of the branches below. Positions come in descending order.
  void gather_rim(std::int32_t position);
  /// The same for a branch at whose positions nothing is asked, without the rims of the branches below.
  void gather_whole_rim(std::int32_t position);
  /// Adds the position's own arcs to the rim, for the branches above it.
  void add_to_rim(std::int32_t position);
  /// Nobody asks for the source's rim.
  void drop_rim_below_source(std::int32_t position) {
    if (nodes_[index(position)].parent == 0) rim_.resize(rim_begin_);
  }
  void lay_out_arcs();
  void sum_branches(const std::vector<double>& value);
  void note_what_counts();

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
  std::vector<Node> nodes_;               // by position
  std::vector<std::int32_t> arcs_begin_;  // by position
  // Arcs between positions: how much longer than by the tree the head is reached over the arc, and the tail from the
  // head. Where arcs cost more than 1 each, those of the tree are left out.
  std::vector<std::int32_t> head_;
  std::vector<double> out_, back_;
  // By position: the value of a target, 0 of what is none; its sum over the branch.
  std::vector<double> target_value_, sums_;
  std::int32_t laid_out_ = 0;  // positions in use
  // By position: twice the distance; twice how far along the way to it a patch may lie for it to count when that one is
  // lost; the greatest of these below.
  std::vector<double> twice_distance_, counts_up_to_, greatest_below_;
  // By position of the branch that is asked: values and number of what counts before it.
  std::vector<double> sum_before_;
  std::vector<std::int32_t> count_before_;
  // By position: the lowest place in the tree at which an arc of its branch turns back into the branch that is being
  // visited; so far as known when that one is visited.
  std::vector<std::int32_t> turns_at_;
  bool follows_links_ = false;
  std::vector<std::int32_t> tree_link_;  // by position: the link from its parent
  std::vector<double> spare_;            // by position: detour if another link joins it to its parent
  // The rims of the branches that await the one above them, a stack, the last position first. The rim of the branch
  // being visited is what lies from `rim_begin_` on.
  std::vector<Crossing> rim_;
  std::size_t rim_begin_ = 0;
  std::vector<std::size_t> rim_before_;  // by position: size of the stack when it was come to
  std::vector<std::pair<std::int32_t, double>> inherited_;
  // One rerouting, by position.
  std::vector<Branch> branches_, segments_;
  std::vector<Branch> settled_branches_, inner_;  // none inside another, ascending
  // Least detour known; `closed` where nothing is sought: outside the branches, at the lost patch, and where settled.
  std::vector<double> detour_;
  std::vector<double> settled_detour_;  // where a patch has several vertices; 0 outside the branches
  std::vector<std::int32_t> affected_;
  std::vector<char> is_affected_;  // 0 between reroutings
  Horizon horizon_;
  NearestFirst<false> heap_;
};

template <class Visit>
void Routes::for_each_between(double least, const Visit& visit) {
  const auto is_asked = [&](std::int32_t p) {
    return greatest_below_[index(p)] > twice_distance_[index(p)] && sums_[index(p)] - target_value_[index(p)] > least;
  };
  rim_.clear();
  for (std::int32_t p = laid_out_ - 1; p > 0; --p) {
    if (is_asked(p)) {
      gather_rim(p);
      visit(nodes_[index(p)].owner);
      if (nodes_[index(p)].parent > 0) add_to_rim(p);
    } else {
      // Nor is anything asked below. The last position of the branch is come to first.
      while (nodes_[index(p)].parent > 0 && !is_asked(nodes_[index(p)].parent)) p = nodes_[index(p)].parent;
      gather_whole_rim(p);
    }
    drop_rim_below_source(p);
  }
}

template <class Visit>
void Routes::for_each_inner(const Visit& visit) {
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

template <class Visit>
void Routes::for_each_link(const Visit& visit) {
  rim_.clear();
  for (std::int32_t p = laid_out_ - 1; p > 0; --p) {
    gather_rim(p);
    add_to_rim(p);  // the vertex itself is cut off too, so its own arcs are ways in
    if (nodes_[index(p)].targets > 0) visit(p, tree_link_[index(p)]);
    drop_rim_below_source(p);
  }
}

template <class Share>
double Routes::lost_through(std::int32_t k, const Share& share, double tolerance) {
  const Node* const nodes = nodes_.data();
  const std::int32_t begin = position_[index(graph_.vertices_begin[index(k)])];
  const std::int32_t end = begin + nodes[begin].size;
  const double twice_to_k = twice_distance_[index(begin)];
  const double* const counts_up_to = counts_up_to_.data();
  double* const sum_before = sum_before_.data();
  std::int32_t* const count_before = count_before_.data();
  double unsettled = 0.0;
  std::int32_t missing = 0;
  sum_before[begin] = 0.0;
  count_before[begin] = 0;
  for (std::int32_t p = begin + 1; p < end; ++p) {
    sum_before[p] = unsettled;
    count_before[p] = missing;
    const bool counts = counts_up_to[p] > twice_to_k;
    unsettled += counts ? target_value_[index(p)] : 0.0;
    missing += static_cast<std::int32_t>(counts);
  }
  sum_before[end] = unsettled;
  count_before[end] = missing;
  if (0.5 * unsettled <= tolerance) return 0.5 * unsettled;
  double lost = 0.0;
  reroute_branch(begin, true, [&](std::int32_t top, double detour) {
    const std::int32_t stop = top + nodes[top].size;
    double sum = sum_before[stop] - sum_before[top];
    std::int32_t count = count_before[stop] - count_before[top];
    for (const Branch& inner : inner_) {
      sum -= sum_before[inner.second] - sum_before[inner.first];
      count -= count_before[inner.second] - count_before[inner.first];
    }
    const double lost_share = share(detour);
    lost += sum * lost_share;
    missing -= count;
    unsettled -= sum;
    // What is left loses at least this share and at most all.
    if (0.5 * unsettled * (1.0 - lost_share) <= tolerance && tolerance > 0.0) {
      lost += std::max(0.0, unsettled) * 0.5 * (1.0 + lost_share);
      missing = 0;
    }
    return missing > 0 && lost_share < 1.0;
  });
  if (missing > 0) {
    double cut_off = 0.0;
    for (std::int32_t p = begin; p < end; ++p)
      if (detour_[index(p)] != closed && counts_up_to[p] > twice_to_k) cut_off += target_value_[index(p)];
    lost += cut_off * share(infinity);
  }
  std::fill(detour_.begin() + begin, detour_.begin() + end, closed);
  return lost;
}

template <class Share>
double Routes::lost_beyond(std::int32_t begin, const Share& share) {
  const Node* const nodes = nodes_.data();
  const std::int32_t end = begin + nodes[begin].size;
  double lost = 0.0;
  std::int32_t missing = nodes[begin].targets;
  reroute_branch(begin, false, [&](std::int32_t top, double detour) {
    double sum = sums_[index(top)];
    missing -= nodes[top].targets;
    for (const Branch& inner : inner_) {
      sum -= sums_[index(inner.first)];
      missing += nodes[inner.first].targets;
    }
    const double lost_share = share(detour);
    lost += sum * lost_share;
    return missing > 0 && lost_share < 1.0;
  });
  if (missing > 0) {
    double cut_off = 0.0;
    for (std::int32_t p = begin; p < end; ++p)
      if (detour_[index(p)] != closed) cut_off += target_value_[index(p)];
    lost += cut_off * share(infinity);
  }
  std::fill(detour_.begin() + begin, detour_.begin() + end, closed);
  return lost;
}

template <class Visit>
void Routes::without_link(std::int32_t begin, const Visit& visit) {
  const Node* const nodes = nodes_.data();
  const std::int32_t end = begin + nodes[begin].size;
  const auto report = [&](std::int32_t first, std::int32_t last, double detour) {
    for (std::int32_t p = first; p < last; ++p)
      if (nodes[p].is_target) visit(nodes[p].owner, detour);
  };
  reroute_branch(begin, false, [&](std::int32_t top, double detour) {
    if (detour == 0.0) return true;
    std::int32_t p = top;
    for (const Branch& inner : inner_) {
      report(p, inner.first, detour);
      p = inner.second;
    }
    report(p, top + nodes[top].size, detour);
    return true;
  });
  for (std::int32_t p = begin; p < end; ++p)
    if (detour_[index(p)] != closed) report(p, p + 1, infinity);
  std::fill(detour_.begin() + begin, detour_.begin() + end, closed);
}

template <class Settle>
void Routes::reroute_branch(std::int32_t begin, bool top_is_lost, const Settle& settle) {
  const Node* const nodes = nodes_.data();
  branches_.assign(1, {begin, begin + nodes[begin].size});
  seed_from_rim(top_is_lost);
  settled_branches_.clear();
  const std::int32_t* const heads = head_.data();
  const std::int32_t* const turns_at = turns_at_.data();
  const double* const outs = out_.data();
  double* const known = detour_.data();
  const auto offer = [&](std::int32_t p, double way) {
    if (way >= known[p]) return;
    known[p] = way;
    heap_.push({way, p});
  };
  while (!heap_.empty()) {
    const auto [detour, top] = heap_.pop();
    if (detour != known[top]) continue;
    // The way along the tree costs no detour: all below is settled, but for what was settled more cheaply.
    const std::int32_t end = top + nodes[top].size;
    const auto first = std::lower_bound(settled_branches_.begin(), settled_branches_.end(), Branch{top, 0});
    auto last = first;
    while (last != settled_branches_.end() && last->first < end) ++last;
    inner_.assign(first, last);
    std::int32_t p = top;
    for (const Branch& inner : inner_) {
      std::fill(known + p, known + inner.first, closed);
      p = inner.second;
    }
    std::fill(known + p, known + end, closed);
    if (inner_.empty()) {
      settled_branches_.insert(first, {top, end});
    } else {
      *first = {top, end};
      settled_branches_.erase(first + 1, last);
    }
    if (!settle(top, detour)) return;
    offer(nodes[top].parent, detour + nodes[top].up);
    // Only arcs that leave top's branch can lead to what is not settled; where a branch below has none, it is passed.
    auto next_inner = inner_.begin();
    for (p = top; p < end;) {
      while (next_inner != inner_.end() && next_inner->first < p) ++next_inner;
      if (next_inner != inner_.end() && next_inner->first == p) {
        p = next_inner->second;
        continue;
      }
      if (turns_at[p] >= top) {
        p += nodes[p].size;
        continue;
      }
      const std::int32_t stop = arcs_begin_[index(p + 1)];
      for (std::int32_t arc = arcs_begin_[index(p)]; arc < stop; ++arc) offer(heads[arc], detour + outs[arc]);
      ++p;
    }
  }
}

template <class Settle>
void Routes::reroute(std::int32_t lost, const Settle& settle) {
  seed_branches(lost);
  const Node* const nodes = nodes_.data();
  const std::int32_t* const heads = head_.data();
  const double* const outs = out_.data();
  double* const known = detour_.data();
  const auto offer = [&](std::int32_t p, double way) {
    if (way >= known[p]) return;
    known[p] = way;
    heap_.push({way, p});
  };
  while (!heap_.empty()) {
    const auto [detour, top] = heap_.pop();
    if (detour != known[top]) continue;
    // The way along the tree costs no detour: all below is settled, but for what was settled more cheaply.
    segments_.clear();
    const std::int32_t end = top + nodes[top].size;
    for (std::int32_t p = top; p < end;) {
      if (known[p] == closed) {
        p += nodes[p].size;
        continue;
      }
      const std::int32_t begin = p;
      for (; p < end && known[p] != closed; ++p) known[p] = closed;
      segments_.emplace_back(begin, p);
    }
    if (!settle(top, detour)) return;
    if (nodes[top].parent >= 0) offer(nodes[top].parent, detour + nodes[top].up);
    for (const auto& [first, last] : segments_) {
      const std::int32_t stop = arcs_begin_[index(last)];
      for (std::int32_t arc = arcs_begin_[index(first)]; arc < stop; ++arc) offer(heads[arc], detour + outs[arc]);
    }
  }
}

template <class Visit>
void Routes::without(std::int32_t lost, const Visit& visit) {
  if (graph_.links_cost_1) {
    reroute_by_links(lost);
    for (const std::int32_t p : affected_)
      if (nodes_[index(p)].is_target) visit(nodes_[index(p)].owner, detour_[index(p)]);
    return;
  }
  collect_branches(lost);
  for (const auto& [begin, end] : branches_)
    std::fill(settled_detour_.begin() + begin, settled_detour_.begin() + end, infinity);
  const auto settle = [this](std::int32_t, double detour) {
    for (const auto& [begin, end] : segments_)
      std::fill(settled_detour_.begin() + begin, settled_detour_.begin() + end, detour);
    return true;
  };
  reroute(lost, settle);
  // A patch with several vertices is as far as the nearest of them, rerouted or not.
  for (const auto& [begin, end] : branches_)
    for (std::int32_t p = begin; p < end; ++p) {
      const Node& node = nodes_[index(p)];
      if (!node.is_target || node.owner == lost) continue;
      double nearest = infinity;
      for (std::int32_t v = graph_.vertices_begin[index(node.owner)]; v < graph_.vertices_begin[index(node.owner + 1)];
           ++v)
        if (has_tree(v))
          nearest = std::min(nearest, vertex_distance_[index(v)] + settled_detour_[index(position_[index(v)])]);
      visit(node.owner, nearest - distance_[index(node.owner)]);
    }
  for (const auto& [begin, end] : branches_) {
    std::fill(settled_detour_.begin() + begin, settled_detour_.begin() + end, 0.0);
    std::fill(detour_.begin() + begin, detour_.begin() + end, closed);
  }
}

}  // namespace greenweave
