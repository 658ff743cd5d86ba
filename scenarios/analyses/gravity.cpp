#include "scenarios/analyses/gravity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr MeasureSpec total_spec{"gravity", "1", "Sum of the gravity between the sources, by the variant of the grades",
                                 0};
constexpr MeasureSpec strong_spec{"gravity_strong", "1", "Corridors between sources that have grade 1", 0};
constexpr MeasureSpec cost_spec{"gravity_cost", "m", "Mean effective length of the corridors between sources", 0};

/// Patches in the order of their rank: greatest first, of equals the first.
std::vector<int> ranked_sources(const Assessment& a, const GravityAnalysis& what) {
  std::vector<int> order(a.patches.patches.size());
  std::iota(order.begin(), order.end(), 0);
  const auto score = [&](int p) {
    const auto k = static_cast<std::size_t>(p);
    return what.rank_by == GravityAnalysis::Rank::dPC ? a.connectivity.patches[k].dPC : a.patches.patches[k].attribute;
  };
  std::stable_sort(order.begin(), order.end(), [&](int x, int y) { return score(x) > score(y); });
  order.resize(std::min(order.size(), static_cast<std::size_t>(what.sources)));
  return order;
}

/// The sources alone as patches, numbered by their place in `chosen`, which must ascend.
PatchSet only(const PatchSet& patches, const std::vector<int>& chosen) {
  std::vector<std::int32_t> renamed(patches.patches.size() + 1, 0);
  PatchSet result;
  for (const int p : chosen) {
    result.patches.push_back(patches.patches[static_cast<std::size_t>(p)]);
    renamed[static_cast<std::size_t>(p) + 1] = static_cast<std::int32_t>(result.patches.size());
  }
  result.label = Raster<std::int32_t>(patches.label.shape);
  for (Cell cell = 0; cell < result.label.shape.cells(); ++cell)
    result.label[cell] = renamed[static_cast<std::size_t>(patches.label[cell])];
  return result;
}

}  // namespace

std::vector<const MeasureSpec*> gravity_measures() { return {&total_spec, &strong_spec, &cost_spec}; }

void add_gravity(const GuildCase& guild_case, const GravityAnalysis& what, const RunContext& context,
                 GuildResult& result) {
  if (guild_case.indices_only) return;
  const Assessment& a = guild_case.assessment;
  const Frame& frame = guild_case.landscape.frame;
  const std::vector<int> ranked = ranked_sources(a, what);
  std::vector<int> chosen = ranked;
  std::sort(chosen.begin(), chosen.end());
  const PatchSet patches = only(a.patches, chosen);
  LinkRule links_of_sources;
  links_of_sources.topology = LinkRule::Topology::complete;
  const LinkSet links = find_links(frame, a.surface, patches, links_of_sources, context);

  const std::size_t n = chosen.size();
  std::vector<GravitySource> sources(n);
  std::vector<double> resistance(n, 0.0);
  std::vector<std::int64_t> cells(n, 0);
  for (Cell cell = 0; cell < patches.label.shape.cells(); ++cell) {
    const std::int32_t label = patches.label[cell];
    if (label == 0 || std::isinf(a.surface.resistance[cell])) continue;
    resistance[static_cast<std::size_t>(label - 1)] += static_cast<double>(a.surface.resistance[cell]);
    ++cells[static_cast<std::size_t>(label - 1)];
  }
  for (std::size_t k = 0; k < n; ++k)
    sources[k] = {patches.patches[k].area_ha / what.hectares_of_unit,
                  cells[k] > 0 ? resistance[k] / static_cast<double>(cells[k]) : infinity};

  struct Row {
    GravityPair pair;
    double length_m = nan;
    const Link* link = nullptr;
  };
  std::vector<GravityPair> pairs;
  std::vector<Row> rows;
  for (int i = 0; i < static_cast<int>(n); ++i)
    for (int j = i + 1; j < static_cast<int>(n); ++j) pairs.push_back({i, j, infinity});
  rows.resize(pairs.size());
  const auto place = [&](int i, int j) {
    return static_cast<std::size_t>(i) * n - static_cast<std::size_t>(i) * (static_cast<std::size_t>(i) + 1) / 2 +
           static_cast<std::size_t>(j - i) - 1;
  };
  for (const Link& link : links.links) {
    const std::size_t k = place(link.a, link.b);
    // Where there and back differ the corridor serves both.
    pairs[k].cost = links.directed ? 0.5 * (link.cost_m + link.back_cost_m) : link.cost_m;
    rows[k].length_m = link.path.empty() ? link.back_length_m : link.length_m;
    rows[k].link = &link;
  }
  rate_by_gravity(sources, what.rule, pairs);
  const auto judged = [&](const GravityPair& p) {
    return what.rule.graded_by == GravityVariant::product_of_logs ? p.product_of_logs : p.log_of_product;
  };
  double total = 0.0, cost = 0.0;
  int strong = 0, joined = 0;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    rows[k].pair = pairs[k];
    if (pairs[k].grade > 0) total += judged(pairs[k]);
    strong += pairs[k].grade == 1;
    if (std::isfinite(pairs[k].cost)) {
      cost += pairs[k].cost;
      ++joined;
    }
  }
  add_index(result, {&total_spec, total});
  add_index(result, {&strong_spec, static_cast<double>(strong)});
  add_index(result, {&cost_spec, joined > 0 ? cost / joined : nan});

  const auto label = [&](int source) { return chosen[static_cast<std::size_t>(source)] + 1; };
  struct SourceRow {
    int patch;
    std::size_t source;
  };
  std::vector<SourceRow> in_rank;
  for (const int p : ranked)
    in_rank.push_back(
        {p, static_cast<std::size_t>(std::lower_bound(chosen.begin(), chosen.end(), p) - chosen.begin())});
  result.tables.push_back(
      TableOf("gravity_sources", in_rank)
          .integer("patch", "1", "Label of the patch", [](const SourceRow& r) { return r.patch + 1; })
          .number("area", "1", "Area in the unit of the logarithms",
                  [&](const SourceRow& r) { return sources[r.source].area; })
          .number("resistance", "1", "Mean resistance of its cells",
                  [&](const SourceRow& r) { return sources[r.source].resistance; })
          .take());
  result.tables.push_back(
      TableOf("gravity", rows)
          .integer("from", "1", "Label of one source's patch", [&](const Row& r) { return label(r.pair.a); })
          .integer("to", "1", "Label of the other's", [&](const Row& r) { return label(r.pair.b); })
          .number("cost_m", "m", "Effective length of the corridor: least accumulated cost; infinity: none",
                  [](const Row& r) { return r.pair.cost; })
          .number("length_m", "m", "Length of its path", [](const Row& r) { return r.length_m; })
          .number("product_of_logs", "1", "Gravity with ln(S_a) ln(S_b)",
                  [](const Row& r) { return r.pair.product_of_logs; })
          .number("log_of_product", "1", "Gravity with ln(S_a S_b)", [](const Row& r) { return r.pair.log_of_product; })
          .integer("grade", "1", "Grade of the corridor, 1 the strongest; 0: none",
                   [](const Row& r) { return r.pair.grade; })
          .take());
  Table matrix = TableOf("gravity_matrix", chosen)
                     .integer("patch", "1", "Label of the source's patch", [](int p) { return p + 1; })
                     .take();
  for (int j = 0; j < static_cast<int>(n); ++j) {
    std::vector<double> column;
    for (int i = 0; i < static_cast<int>(n); ++i)
      column.push_back(i == j ? nan : judged(pairs[place(std::min(i, j), std::max(i, j))]));
    matrix.columns.push_back({fmt::format("to_{}", label(j)), "1",
                              fmt::format("Gravity with the source of patch {}", label(j)), std::move(column)});
  }
  result.tables.push_back(std::move(matrix));
  NamedLines lines{"gravity", "Least-cost paths of the corridors between sources; no points: none", {}};
  for (const Row& row : rows) {
    std::vector<Point> line;
    if (row.link != nullptr)
      for (const Cell cell : row.link->path.empty() ? row.link->back_path : row.link->path)
        line.push_back(frame.centre(cell));
    lines.lines.push_back(std::move(line));
  }
  result.lines.push_back(std::move(lines));
}

}  // namespace greenweave
