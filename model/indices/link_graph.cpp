#include "model/indices/link_graph.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

std::size_t at(std::int32_t i) { return static_cast<std::size_t>(i); }

bool is_lost(const Lost& lost, std::int32_t patch) { return !lost.empty() && lost[at(patch)] != 0; }

/// Shortest paths by numbers of links from one patch, and what is summed back over them. One a thread.
class PathCounts {
 public:
  explicit PathCounts(std::int32_t patches) : links_(at(patches), -1), paths_(at(patches)), sum_(at(patches)) {}

  /// Adds half of what each patch stands between for pairs with `source` to `result`; pairs are met from both ends.
  void add_from(std::int32_t source, const LinkGraph& graph, const std::vector<double>* attribute, const Lost& lost,
                std::vector<double>& result) {
    order_.clear();
    visit(source, 0, 1.0);
    for (std::size_t next = 0; next < order_.size(); ++next) {
      const std::int32_t v = order_[next];
      for (const std::int32_t w : graph.of(v)) {
        if (is_lost(lost, w)) continue;
        if (links_[at(w)] < 0)
          visit(w, links_[at(v)] + 1, paths_[at(v)]);
        else if (links_[at(w)] == links_[at(v)] + 1)
          paths_[at(w)] += paths_[at(v)];
      }
    }
    for (std::size_t k = order_.size(); k-- > 1;) {
      const std::int32_t w = order_[k];
      result[at(w)] += 0.5 * sum_[at(w)];
      const double of_pair =
          attribute == nullptr ? 1.0 : (*attribute)[at(source)] * (*attribute)[at(w)] / (1.0 + links_[at(w)]);
      const double a_path = (of_pair + sum_[at(w)]) / paths_[at(w)];
      for (const std::int32_t v : graph.of(w))
        if (!is_lost(lost, v) && links_[at(v)] == links_[at(w)] - 1) sum_[at(v)] += paths_[at(v)] * a_path;
    }
    for (const std::int32_t v : order_) links_[at(v)] = -1;
  }

 private:
  void visit(std::int32_t patch, std::int32_t links, double paths) {
    links_[at(patch)] = links;
    paths_[at(patch)] = paths;
    sum_[at(patch)] = 0.0;
    order_.push_back(patch);
  }
  std::vector<std::int32_t> links_, order_;
  std::vector<double> paths_, sum_;
};

/// Counts pairs of patches by the number of links between them, 64 sources at a time: bit s of a word says that the
/// search of source s has come here.
class PairCounts {
 public:
  explicit PairCounts(std::int32_t patches) : seen_(at(patches), 0), front_(at(patches), 0), next_(at(patches), 0) {}

  /// Sum over ordered pairs of `sources` and all they reach of 1 / links. Sources near each other are best.
  double sum_of_inverses(const LinkGraph& graph, const std::vector<std::int32_t>& sources, const Lost& lost) {
    pairs_at_.clear();
    for (std::size_t begin = 0; begin < sources.size(); begin += 64)
      count_from(graph, {sources.data() + begin, std::min<std::size_t>(64, sources.size() - begin)}, lost);
    double sum = 0.0;
    for (std::size_t links = 1; links < pairs_at_.size(); ++links)
      sum += static_cast<double>(pairs_at_[links]) / static_cast<double>(links);
    return sum;
  }

 private:
  void count_from(const LinkGraph& graph, std::span<const std::int32_t> sources, const Lost& lost) {
    active_.clear();
    reached_.clear();
    for (std::size_t s = 0; s < sources.size(); ++s) {
      const std::int32_t v = sources[s];
      if (is_lost(lost, v)) continue;
      if (seen_[at(v)] == 0) {
        active_.push_back(v);
        reached_.push_back(v);
      }
      seen_[at(v)] |= std::uint64_t{1} << s;
      front_[at(v)] |= std::uint64_t{1} << s;
    }
    for (std::size_t links = 1; !active_.empty(); ++links) {
      touched_.clear();
      for (const std::int32_t v : active_) {
        const std::uint64_t bits = std::exchange(front_[at(v)], 0);
        for (const std::int32_t w : graph.of(v)) {
          if (is_lost(lost, w)) continue;
          if (next_[at(w)] == 0) touched_.push_back(w);
          next_[at(w)] |= bits;
        }
      }
      active_.clear();
      std::int64_t pairs = 0;
      for (const std::int32_t w : touched_) {
        const std::uint64_t fresh = std::exchange(next_[at(w)], 0) & ~seen_[at(w)];
        if (fresh == 0) continue;
        if (seen_[at(w)] == 0) reached_.push_back(w);
        seen_[at(w)] |= fresh;
        front_[at(w)] = fresh;
        pairs += std::popcount(fresh);
        active_.push_back(w);
      }
      if (pairs_at_.size() <= links) pairs_at_.resize(links + 1, 0);
      pairs_at_[links] += pairs;
    }
    for (const std::int32_t v : reached_) seen_[at(v)] = 0;
  }

  std::vector<std::uint64_t> seen_, front_, next_;
  std::vector<std::int32_t> active_, touched_, reached_;
  std::vector<std::int64_t> pairs_at_;
};

/// Patches breadth first, component by component, and where each component begins.
struct BreadthFirst {
  std::vector<std::int32_t> order, component;  // component of each patch
  std::vector<std::size_t> begin;              // of each component in `order`; one more at the end

  explicit BreadthFirst(const LinkGraph& graph, const Lost& lost = {}) : component(at(graph.patches()), -1) {
    for (std::int32_t first = 0; first < graph.patches(); ++first) {
      if (component[at(first)] >= 0 || is_lost(lost, first)) continue;
      const auto number = static_cast<std::int32_t>(begin.size());
      begin.push_back(order.size());
      component[at(first)] = number;
      order.push_back(first);
      for (std::size_t next = begin.back(); next < order.size(); ++next)
        for (const std::int32_t w : graph.of(order[next]))
          if (component[at(w)] < 0 && !is_lost(lost, w)) {
            component[at(w)] = number;
            order.push_back(w);
          }
    }
    begin.push_back(order.size());
  }
};

}  // namespace

LinkGraph link_graph(std::int32_t patches, const std::vector<std::pair<std::int32_t, std::int32_t>>& links) {
  std::vector<std::pair<std::int32_t, std::int32_t>> arcs;
  arcs.reserve(2 * links.size());
  for (const auto& [a, b] : links)
    if (a != b) {
      arcs.emplace_back(a, b);
      arcs.emplace_back(b, a);
    }
  std::sort(arcs.begin(), arcs.end());
  arcs.erase(std::unique(arcs.begin(), arcs.end()), arcs.end());
  LinkGraph graph;
  graph.begin.assign(at(patches) + 1, 0);
  graph.neighbours.reserve(arcs.size());
  for (const auto& [a, b] : arcs) {
    ++graph.begin[at(a) + 1];
    graph.neighbours.push_back(b);
  }
  for (std::size_t v = 1; v < graph.begin.size(); ++v) graph.begin[v] += graph.begin[v - 1];
  return graph;
}

LinkGraph link_graph(const HabitatNetwork& network, double most_cost_m) {
  const HabitatGraph& graph = network.graph;
  std::vector<std::pair<std::int32_t, std::int32_t>> links;
  for (const auto& e : boost::make_iterator_range(boost::edges(graph)))
    if (graph[e].cost_m <= most_cost_m)
      links.emplace_back(static_cast<std::int32_t>(boost::source(e, graph)),
                         static_cast<std::int32_t>(boost::target(e, graph)));
  return link_graph(static_cast<std::int32_t>(boost::num_vertices(graph)), links);
}

std::vector<double> betweenness(const LinkGraph& graph, const std::vector<double>* attribute, const Lost& lost) {
  const std::int32_t n = graph.patches();
  // Sources are dealt out to piles, each summed on its own and joined in order: the bits do not depend on threads.
  constexpr std::int32_t piles = 64;
  std::vector<std::vector<double>> of_pile(at(std::min(piles, n)));
  tbb::enumerable_thread_specific<PathCounts> counts([&] { return PathCounts(n); });
  parallel_for(std::min(piles, n), [&](std::int64_t p) {
    std::vector<double>& sums = of_pile[static_cast<std::size_t>(p)];
    sums.assign(at(n), 0.0);
    PathCounts& from = counts.local();
    for (auto source = static_cast<std::int32_t>(p); source < n; source += piles)
      if (!is_lost(lost, source)) from.add_from(source, graph, attribute, lost, sums);
  });
  std::vector<double> result(at(n), 0.0);
  for (const std::vector<double>& sums : of_pile)
    for (std::size_t v = 0; v < sums.size(); ++v) result[v] += sums[v];
  return result;
}

double harary(const LinkGraph& graph, const Lost& lost) {
  return 0.5 * PairCounts(graph.patches()).sum_of_inverses(graph, BreadthFirst(graph, lost).order, lost);
}

std::vector<PatchLoss> patch_losses(const LinkGraph& graph, const std::vector<double>& attribute, bool with_harary) {
  const std::int32_t n = graph.patches();
  const BreadthFirst whole(graph);
  const std::size_t components = whole.begin.size() - 1;
  std::vector<double> size(components, 0.0), inverses(components, 0.0);
  const auto members = [&](std::size_t c) {
    return std::vector<std::int32_t>(whole.order.begin() + static_cast<std::ptrdiff_t>(whole.begin[c]),
                                     whole.order.begin() + static_cast<std::ptrdiff_t>(whole.begin[c + 1]));
  };
  tbb::enumerable_thread_specific<PairCounts> counts([&] { return PairCounts(n); });
  parallel_for(static_cast<std::int64_t>(components), [&](std::int64_t k) {
    const auto c = static_cast<std::size_t>(k);
    for (const std::int32_t v : members(c)) size[c] += attribute[at(v)];
    if (with_harary) inverses[c] = counts.local().sum_of_inverses(graph, members(c), {});
  });
  std::vector<PatchLoss> result(at(n));
  struct Work {
    Lost lost;
    std::vector<std::int32_t> seen, queue;
  };
  tbb::enumerable_thread_specific<Work> works([&] {
    return Work{Lost(at(n), 0), std::vector<std::int32_t>(at(n), -1), {}};
  });
  parallel_for(n, [&](std::int64_t k) {
    const auto patch = static_cast<std::int32_t>(k);
    const auto c = at(whole.component[at(patch)]);
    Work& work = works.local();
    PatchLoss& loss = result[at(patch)];
    loss.links = graph.degree(patch);
    loss.attribute = attribute[at(patch)];
    work.lost[at(patch)] = 1;
    work.seen[at(patch)] = patch;
    // What is left of the patch's component falls apart into so many pieces.
    int pieces = 0;
    double squares = 0.0;
    for (const std::int32_t first : graph.of(patch)) {
      if (work.seen[at(first)] == patch) continue;
      ++pieces;
      double piece = 0.0;
      work.queue.assign(1, first);
      work.seen[at(first)] = patch;
      for (std::size_t next = 0; next < work.queue.size(); ++next) {
        piece += attribute[at(work.queue[next])];
        for (const std::int32_t w : graph.of(work.queue[next]))
          if (work.seen[at(w)] != patch) {
            work.seen[at(w)] = patch;
            work.queue.push_back(w);
          }
      }
      squares += piece * piece;
    }
    loss.components = 1 - pieces;
    loss.component_squares = size[c] * size[c] - squares;
    if (with_harary) loss.harary = 0.5 * (inverses[c] - counts.local().sum_of_inverses(graph, members(c), work.lost));
    work.lost[at(patch)] = 0;
  });
  return result;
}

}  // namespace greenweave
