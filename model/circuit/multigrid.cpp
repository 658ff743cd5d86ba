#include "model/circuit/multigrid.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/SparseCholesky>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/run/parallel.hpp"
#include "model/run/simd.hpp"

namespace greenweave {

namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr int block = 4;                    // side of the grid's blocks
constexpr double grid_quality = 10.0;       // bound of the local test on the grid
constexpr double level_quality = 8.0;       // and below
constexpr double over_correction = 1.6;     // of the piecewise constant correction from the first level below
constexpr std::int64_t strip_rows = 64;     // of a Gauss-Seidel sweep; strips do not see each other's news
constexpr std::int64_t chunk_nodes = 8192;  // the same below the grid
constexpr std::int32_t small_enough = 300;  // nodes that a dense factorisation solves

/// Whether the aggregate of n nodes with inner conductances `g` (n x n, symmetric) and diagonals `d` approximates the
/// smoothed operator within `bound`: bound (D_G - G) - (D - D 1 1' D / 1' D 1) is positive semidefinite, with D_G the
/// row sums of G. 1 is a null vector, so all but one of its pivots must be positive.
template <int most>
bool passes(const std::array<double, static_cast<std::size_t>(most) * most>& g, const std::array<double, most>& d,
            int n, double bound) {
  double total = 0.0;
  for (int i = 0; i < n; ++i) total += d[index(i)];
  std::array<double, static_cast<std::size_t>(most) * most> m;
  const int last = n - 1;
  for (int i = 0; i < last; ++i) {
    double row = g[index(i * most + last)];
    for (int j = 0; j < last; ++j) row += i == j ? 0.0 : g[index(i * most + j)];
    for (int j = 0; j < i; ++j)
      m[index(i * most + j)] = d[index(i)] * d[index(j)] / total - bound * g[index(i * most + j)];
    m[index(i * most + i)] = bound * row - d[index(i)] + d[index(i)] * d[index(i)] / total;
  }
  for (int k = 0; k < last; ++k) {
    const double pivot = m[index(k * most + k)];
    if (!(pivot > 1e-10 * d[index(k)])) return false;
    for (int i = k + 1; i < last; ++i) {
      const double factor = m[index(i * most + k)] / pivot;
      for (int j = k + 1; j <= i; ++j) m[index(i * most + j)] -= factor * m[index(j * most + k)];
    }
  }
  return true;
}

/// Groups the nodes of one block: all at once if that passes, otherwise pair by pair, the best first.
class BlockAggregation {
 public:
  static constexpr int most = block * block;
  using Matrix = std::array<double, static_cast<std::size_t>(most) * most>;

  int count = 0;
  Matrix g{};                     // conductances inside the block
  std::array<double, most> d{};   // diagonals
  std::array<int, most> group{};  // result
  int groups = 0;

  void run() {
    connected_parts();
    const int parts = groups;
    for (int part = 0; part < parts; ++part) {
      std::array<int, most> members{};
      int n = 0;
      for (int i = 0; i < count; ++i)
        if (group[index(i)] == part) members[index(n++)] = i;
      if (n == 1 || test(members, n)) continue;
      // Its first member keeps the part's number, the others begin groups of their own.
      for (int k = 1; k < n; ++k) group[index(members[index(k)])] = groups++;
      merge(members, n);
    }
    renumber();
  }

 private:
  void connected_parts() {
    group.fill(-1);
    groups = 0;
    for (int first = 0; first < count; ++first) {
      if (group[index(first)] >= 0) continue;
      std::array<int, most> open{first};
      int n = 1;
      group[index(first)] = groups;
      for (int k = 0; k < n; ++k)
        for (int j = 0; j < count; ++j)
          if (group[index(j)] < 0 && g[index(open[index(k)] * most + j)] > 0.0) {
            group[index(j)] = groups;
            open[index(n++)] = j;
          }
      ++groups;
    }
  }

  bool test(const std::array<int, most>& members, int n) const {
    Matrix inner;
    std::array<double, most> diagonal;
    for (int i = 0; i < n; ++i) {
      diagonal[index(i)] = d[index(members[index(i)])];
      for (int j = 0; j < n; ++j) inner[index(i * most + j)] = g[index(members[index(i)] * most + members[index(j)])];
    }
    return passes<most>(inner, diagonal, n, grid_quality);
  }

  void merge(const std::array<int, most>& members, int n) {
    // Groups of this part, each known by its first member's place in `members`.
    std::array<int, most> leader{};
    for (int i = 0; i < n; ++i) leader[index(i)] = i;
    std::array<double, most> weight{};
    Matrix coupling{};
    std::array<bool, static_cast<std::size_t>(most) * most> failed{};
    for (int i = 0; i < n; ++i) {
      weight[index(i)] = d[index(members[index(i)])];
      for (int j = 0; j < n; ++j)
        coupling[index(i * most + j)] = g[index(members[index(i)] * most + members[index(j)])];
    }
    while (true) {
      int a = -1, b = -1;
      double best = 0.0;
      for (int i = 0; i < n; ++i)
        for (int j = i + 1; j < n; ++j) {
          if (leader[index(i)] != i || leader[index(j)] != j || failed[index(i * most + j)]) continue;
          const double strength = coupling[index(i * most + j)] * (1.0 / weight[index(i)] + 1.0 / weight[index(j)]);
          if (strength > best) {
            best = strength;
            a = i;
            b = j;
          }
        }
      if (a < 0) break;
      std::array<int, most> both{};
      int size = 0;
      for (int i = 0; i < n; ++i)
        if (leader[index(i)] == a || leader[index(i)] == b) both[index(size++)] = members[index(i)];
      if (!test(both, size)) {
        failed[index(a * most + b)] = true;
        continue;
      }
      for (int i = 0; i < n; ++i) {
        if (leader[index(i)] == b) leader[index(i)] = a;
        coupling[index(a * most + i)] += coupling[index(b * most + i)];
        coupling[index(i * most + a)] += coupling[index(i * most + b)];
        failed[index(a * most + i)] = failed[index(i * most + a)] = false;
      }
      weight[index(a)] += weight[index(b)];
    }
    for (int i = 0; i < n; ++i) group[index(members[index(i)])] = group[index(members[index(leader[index(i)])])];
  }

  void renumber() {
    std::array<int, 2 * most> number{};
    number.fill(-1);
    groups = 0;
    for (int i = 0; i < count; ++i) {
      int& n = number[index(group[index(i)])];
      if (n < 0) n = groups++;
      group[index(i)] = n;
    }
  }
};

struct Half {
  std::int32_t row, column;
  float conductance;
};

void finish(Hierarchy::Level& level) {
  const auto n = level.size();
  level.diagonal.resize(index(n));
  level.inverse.resize(index(n));
  for (std::int32_t i = 0; i < n; ++i) {
    double sum = static_cast<double>(level.to_ground[index(i)]);
    for (std::int32_t k = level.begin[index(i)]; k < level.begin[index(i + 1)]; ++k)
      sum += static_cast<double>(level.conductance[index(k)]);
    level.diagonal[index(i)] = static_cast<float>(sum);
    level.inverse[index(i)] = sum > 0.0 ? static_cast<float>(1.0 / sum) : 0.0F;
  }
}

/// Galerkin's operator of an aggregation, row by row.
Hierarchy::Level coarsen(const Hierarchy::Level& fine, const std::vector<std::int32_t>& aggregate, std::int32_t count) {
  Hierarchy::Level coarse;
  coarse.to_ground.assign(index(count), 0.0F);
  std::vector<std::int32_t> member_begin(index(count) + 1, 0), member(index(fine.size()));
  for (const std::int32_t a : aggregate) ++member_begin[index(a + 1)];
  for (std::int32_t a = 0; a < count; ++a) member_begin[index(a + 1)] += member_begin[index(a)];
  {
    std::vector<std::int32_t> next(member_begin.begin(), member_begin.end() - 1);
    for (std::int32_t i = 0; i < fine.size(); ++i) member[index(next[index(aggregate[index(i)])]++)] = i;
  }
  coarse.begin.reserve(index(count) + 1);
  coarse.begin.push_back(0);
  std::vector<std::int32_t> place(index(count), -1);
  for (std::int32_t a = 0; a < count; ++a) {
    const auto first = static_cast<std::int32_t>(coarse.column.size());
    for (std::int32_t m = member_begin[index(a)]; m < member_begin[index(a + 1)]; ++m) {
      const std::int32_t i = member[index(m)];
      coarse.to_ground[index(a)] += fine.to_ground[index(i)];
      for (std::int32_t k = fine.begin[index(i)]; k < fine.begin[index(i + 1)]; ++k) {
        const std::int32_t b = aggregate[index(fine.column[index(k)])];
        if (b == a) continue;
        std::int32_t& at = place[index(b)];
        if (at < first) {
          at = static_cast<std::int32_t>(coarse.column.size());
          coarse.column.push_back(b);
          coarse.conductance.push_back(0.0F);
        }
        coarse.conductance[index(at)] += fine.conductance[index(k)];
      }
    }
    coarse.begin.push_back(static_cast<std::int32_t>(coarse.column.size()));
  }
  finish(coarse);
  return coarse;
}

/// Joins nodes of a level in pairs, then the pairs, then the fours, each union under the exact test on the level's own
/// nodes. Fills `fine.aggregate` and returns the coarse level.
Hierarchy::Level aggregate_pairs(Hierarchy::Level& fine) {
  constexpr int most = 8;
  const std::int32_t n = fine.size();
  struct Group {
    std::array<std::int32_t, most> members;
    int count;
  };
  std::vector<Group> groups(index(n));
  for (std::int32_t i = 0; i < n; ++i) groups[index(i)] = {{i}, 1};
  fine.aggregate.resize(index(n));
  for (std::int32_t i = 0; i < n; ++i) fine.aggregate[index(i)] = i;
  std::vector<std::int8_t> place(index(n), -1);
  const auto test = [&](const Group& a, const Group& b) {
    std::array<double, static_cast<std::size_t>(most) * most> g{};
    std::array<double, most> d{};
    std::array<std::int32_t, most> members{};
    int count = 0;
    for (const Group* group : {&a, &b})
      for (int k = 0; k < group->count; ++k) {
        members[index(count)] = group->members[index(k)];
        place[index(members[index(count)])] = static_cast<std::int8_t>(count);
        ++count;
      }
    for (int i = 0; i < count; ++i) {
      const std::int32_t node = members[index(i)];
      d[index(i)] = static_cast<double>(fine.diagonal[index(node)]);
      for (std::int32_t k = fine.begin[index(node)]; k < fine.begin[index(node + 1)]; ++k)
        if (const int j = place[index(fine.column[index(k)])]; j >= 0)
          g[index(i * most + j)] = static_cast<double>(fine.conductance[index(k)]);
    }
    for (int i = 0; i < count; ++i) place[index(members[index(i)])] = -1;
    return passes<most>(g, d, count, level_quality);
  };
  Hierarchy::Level now;
  const Hierarchy::Level* graph = &fine;
  for (int pass = 0; pass < 3; ++pass) {
    std::vector<std::int32_t> joined(groups.size(), -1);
    std::vector<Group> next;
    std::vector<std::pair<double, std::int32_t>> candidates;
    for (std::int32_t a = 0; a < graph->size(); ++a) {
      if (joined[index(a)] >= 0) continue;
      candidates.clear();
      const double da = static_cast<double>(graph->diagonal[index(a)]);
      for (std::int32_t k = graph->begin[index(a)]; k < graph->begin[index(a + 1)]; ++k) {
        const std::int32_t b = graph->column[index(k)];
        if (joined[index(b)] >= 0) continue;
        const double db = static_cast<double>(graph->diagonal[index(b)]);
        candidates.emplace_back(-static_cast<double>(graph->conductance[index(k)]) * (1.0 / da + 1.0 / db), b);
      }
      std::sort(candidates.begin(), candidates.end());
      if (candidates.size() > 4) candidates.resize(4);
      Group group = groups[index(a)];
      joined[index(a)] = static_cast<std::int32_t>(next.size());
      for (const auto& [strength, b] : candidates)
        if (test(group, groups[index(b)])) {
          for (int k = 0; k < groups[index(b)].count; ++k)
            group.members[index(group.count++)] = groups[index(b)].members[index(k)];
          joined[index(b)] = joined[index(a)];
          break;
        }
      next.push_back(group);
    }
    now = coarsen(*graph, joined, static_cast<std::int32_t>(next.size()));
    for (std::int32_t& a : fine.aggregate) a = joined[index(a)];
    graph = &now;
    groups = std::move(next);
  }
  return now;
}

}  // namespace

/// Factorised with one node of each component that has no way to ground held at 0.
struct Hierarchy::Coarsest {
  std::int32_t size = 0;
  std::vector<std::uint8_t> is_held;
  Eigen::LDLT<Eigen::MatrixXd> dense;
  Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>> sparse;

  explicit Coarsest(const Level& level) : size(level.size()), is_held(index(level.size()), 0) {
    hold_one_of_each_component(level);
    std::vector<Eigen::Triplet<double>> entries;
    for (std::int32_t i = 0; i < size; ++i) {
      entries.emplace_back(i, i, is_held[index(i)] != 0 ? 1.0 : static_cast<double>(level.diagonal[index(i)]));
      if (is_held[index(i)] != 0) continue;
      for (std::int32_t k = level.begin[index(i)]; k < level.begin[index(i + 1)]; ++k)
        if (is_held[index(level.column[index(k)])] == 0)
          entries.emplace_back(i, level.column[index(k)], -static_cast<double>(level.conductance[index(k)]));
    }
    Eigen::SparseMatrix<double> matrix(size, size);
    matrix.setFromTriplets(entries.begin(), entries.end());
    if (size <= small_enough)
      dense.compute(Eigen::MatrixXd(matrix));
    else
      sparse.compute(matrix);
  }

  template <int lanes>
  void solve(const float* r, float* x) const {
    Eigen::Matrix<double, Eigen::Dynamic, lanes> b(size, lanes);
    for (std::int32_t i = 0; i < size; ++i)
      for (int l = 0; l < lanes; ++l)
        b(i, l) = is_held[index(i)] != 0 ? 0.0 : static_cast<double>(r[index(i) * lanes + index(l)]);
    if (size <= small_enough)
      b = dense.solve(b).eval();
    else
      b = sparse.solve(b).eval();
    for (std::int32_t i = 0; i < size; ++i)
      for (int l = 0; l < lanes; ++l) x[index(i) * lanes + index(l)] = static_cast<float>(b(i, l));
  }

 private:
  void hold_one_of_each_component(const Level& level) {
    std::vector<std::uint8_t> seen(index(size), 0);
    std::vector<std::int32_t> open;
    for (std::int32_t first = 0; first < size; ++first) {
      if (seen[index(first)] != 0) continue;
      bool grounded = false;
      open.assign(1, first);
      seen[index(first)] = 1;
      for (std::size_t next = 0; next < open.size(); ++next) {
        const std::int32_t i = open[next];
        grounded = grounded || level.to_ground[index(i)] > 0.0F;
        for (std::int32_t k = level.begin[index(i)]; k < level.begin[index(i + 1)]; ++k) {
          const std::int32_t j = level.column[index(k)];
          if (seen[index(j)] != 0) continue;
          seen[index(j)] = 1;
          open.push_back(j);
        }
      }
      if (!grounded) is_held[index(first)] = 1;
    }
  }
};

Hierarchy::~Hierarchy() = default;
Hierarchy::Hierarchy(Hierarchy&&) noexcept = default;

Hierarchy::Hierarchy(const Laplacian& laplacian) : laplacian_(&laplacian) {
  const Shape shape = laplacian.shape;
  const std::int64_t stride = laplacian.stride;
  const std::vector<double> diagonal = laplacian.diagonal();
  inverse_diagonal_.resize(diagonal.size());
  for (std::size_t i = 0; i < diagonal.size(); ++i)
    inverse_diagonal_[i] = diagonal[i] > 0.0 ? static_cast<float>(1.0 / diagonal[i]) : 0.0F;
  aggregate_.assign(diagonal.size(), -1);

  // Aggregates, block row by block row, numbered within the row first.
  const std::int64_t block_rows = (shape.rows + block - 1) / block;
  std::vector<std::int32_t> row_count(index(block_rows) + 1, 0);
  parallel_for(block_rows, [&](std::int64_t br) {
    std::int32_t count = 0;
    for (std::int64_t bc = 0; bc * block < shape.cols; ++bc) {
      BlockAggregation of_block;
      std::array<std::int64_t, BlockAggregation::most> nodes{};
      std::array<int, BlockAggregation::most> place{};
      place.fill(-1);
      for (int dr = 0; dr < block; ++dr)
        for (int dc = 0; dc < block; ++dc) {
          const std::int64_t r = br * block + dr, c = bc * block + dc;
          if (r >= shape.rows || c >= shape.cols) continue;
          const std::int64_t i = (r + 1) * stride + c + 1;
          if (diagonal[index(i)] <= 0.0) continue;
          place[index(dr * block + dc)] = of_block.count;
          of_block.d[index(of_block.count)] = diagonal[index(i)];
          nodes[index(of_block.count++)] = i;
        }
      const auto join = [&](int dr, int dc, int er, int ec, float g) {
        if (er >= block || ec >= block || ec < 0 || g <= 0.0F) return;
        const int a = place[index(dr * block + dc)], b = place[index(er * block + ec)];
        of_block.g[index(a * BlockAggregation::most + b)] = static_cast<double>(g);
        of_block.g[index(b * BlockAggregation::most + a)] = static_cast<double>(g);
      };
      for (int dr = 0; dr < block; ++dr)
        for (int dc = 0; dc < block; ++dc) {
          if (place[index(dr * block + dc)] < 0) continue;
          const auto i = index((br * block + dr + 1) * stride + bc * block + dc + 1);
          join(dr, dc, dr, dc + 1, laplacian.east[i]);
          join(dr, dc, dr + 1, dc - 1, laplacian.south_west[i]);
          join(dr, dc, dr + 1, dc, laplacian.south[i]);
          join(dr, dc, dr + 1, dc + 1, laplacian.south_east[i]);
        }
      of_block.run();
      for (int k = 0; k < of_block.count; ++k) aggregate_[index(nodes[index(k)])] = count + of_block.group[index(k)];
      count += of_block.groups;
    }
    row_count[index(br) + 1] = count;
  });
  for (std::size_t br = 0; br < index(block_rows); ++br) row_count[br + 1] += row_count[br];
  parallel_for(block_rows, [&](std::int64_t br) {
    const std::int64_t begin = (br * block + 1) * stride,
                       end = std::min<std::int64_t>((br + 1) * block + 1, shape.rows + 1) * stride;
    for (std::int64_t i = begin; i < end; ++i)
      if (aggregate_[index(i)] >= 0) aggregate_[index(i)] += row_count[index(br)];
  });
  std::int32_t count = row_count.back();
  for (std::int32_t m = 0; m < laplacian.merged; ++m) aggregate_[index(laplacian.cells() + m)] = count++;

  // The first level below: half-edges of block rows, then those of ties.
  Level first;
  first.to_ground.assign(index(count), 0.0F);
  std::vector<std::vector<Half>> halves(index(block_rows));
  const auto scaled = [](double g) { return static_cast<float>(g / over_correction); };
  parallel_for(block_rows, [&](std::int64_t br) {
    auto& out = halves[index(br)];
    // Block by block, so that few aggregates are at hand; sums of parallel edges in a small list.
    std::vector<Half> local;
    for (std::int64_t bc = 0; bc * block < shape.cols; ++bc) {
      local.clear();
      for (std::int64_t r = br * block; r < std::min<std::int64_t>((br + 1) * block, shape.rows); ++r)
        for (std::int64_t c = bc * block; c < std::min<std::int64_t>((bc + 1) * block, shape.cols); ++c) {
          const std::int64_t i = (r + 1) * stride + c + 1;
          const std::int32_t a = aggregate_[index(i)];
          if (a < 0) continue;
          const auto meet = [&](std::int64_t j, float g) {
            if (g <= 0.0F) return;
            const std::int32_t b = aggregate_[index(j)];
            if (a == b) return;
            for (Half& half : local)
              if (half.row == a && half.column == b) {
                half.conductance += scaled(static_cast<double>(g));
                return;
              }
            local.push_back({a, b, scaled(static_cast<double>(g))});
          };
          meet(i + 1, laplacian.east[index(i)]);
          meet(i - 1, laplacian.east[index(i - 1)]);
          meet(i + stride, laplacian.south[index(i)]);
          meet(i - stride, laplacian.south[index(i - stride)]);
          meet(i + stride + 1, laplacian.south_east[index(i)]);
          meet(i - stride - 1, laplacian.south_east[index(i - stride - 1)]);
          meet(i + stride - 1, laplacian.south_west[index(i)]);
          meet(i - stride + 1, laplacian.south_west[index(i - stride + 1)]);
        }
      std::sort(local.begin(), local.end(),
                [](const Half& x, const Half& y) { return x.row != y.row ? x.row < y.row : x.column < y.column; });
      out.insert(out.end(), local.begin(), local.end());
    }
  });
  std::vector<Half> of_ties;
  for (const Tie& tie : laplacian.ties) {
    const std::int32_t a = aggregate_[index(tie.u)];
    if (tie.v == Laplacian::ground) {
      first.to_ground[index(a)] += scaled(tie.conductance);
      continue;
    }
    const std::int32_t b = aggregate_[index(tie.v)];
    if (a == b) continue;
    of_ties.push_back({a, b, scaled(tie.conductance)});
    of_ties.push_back({b, a, scaled(tie.conductance)});
  }
  std::stable_sort(of_ties.begin(), of_ties.end(),
                   [](const Half& x, const Half& y) { return x.row != y.row ? x.row < y.row : x.column < y.column; });
  first.begin.reserve(index(count) + 1);
  first.begin.push_back(0);
  auto tie = of_ties.begin();
  const auto add_ties_of = [&](std::int32_t row) {
    for (; tie != of_ties.end() && tie->row == row; ++tie) {
      const auto begin = first.column.begin() + first.begin.back();
      const auto known = std::find(begin, first.column.end(), tie->column);
      if (known != first.column.end()) {
        first.conductance[static_cast<std::size_t>(known - first.column.begin())] += tie->conductance;
      } else {
        first.column.push_back(tie->column);
        first.conductance.push_back(tie->conductance);
      }
    }
  };
  std::int32_t row = 0;
  const auto end_rows_until = [&](std::int32_t stop) {
    for (; row < stop; ++row) {
      add_ties_of(row);
      first.begin.push_back(static_cast<std::int32_t>(first.column.size()));
    }
  };
  for (auto& of_row : halves) {
    for (const Half& half : of_row) {
      end_rows_until(half.row);
      first.column.push_back(half.column);
      first.conductance.push_back(half.conductance);
    }
    of_row = {};
  }
  end_rows_until(count);
  finish(first);
  levels_.push_back(std::move(first));

  while (levels_.back().size() > small_enough) {
    Level coarse = aggregate_pairs(levels_.back());
    const bool stalled = coarse.size() > levels_.back().size() * 7 / 10;
    if (stalled && levels_.back().size() <= 200000) {
      levels_.back().aggregate.clear();
      break;
    }
    levels_.push_back(std::move(coarse));
  }
  coarsest_ = std::make_unique<Coarsest>(levels_.back());
}

double Hierarchy::operator_complexity() const {
  const auto nodes = static_cast<double>(
      std::count_if(inverse_diagonal_.begin(), inverse_diagonal_.end(), [](float d) { return d > 0.0F; }));
  double entries = 9.0 * nodes, all = entries;
  for (const Level& level : levels_) all += static_cast<double>(level.column.size()) + level.size();
  return all / entries;
}

std::size_t Hierarchy::bytes() const {
  std::size_t bytes = (inverse_diagonal_.capacity() + aggregate_.capacity()) * 4;
  for (const Level& level : levels_)
    bytes += 4 * (level.begin.capacity() + level.column.capacity() + level.conductance.capacity() +
                  level.to_ground.capacity() + level.diagonal.capacity() + level.inverse.capacity() +
                  level.aggregate.capacity());
  return bytes;
}

template <int lanes>
struct Preconditioner<lanes>::Scratch {
  std::vector<float> rhs, solution, residual, first, second, a_first, a_second, rest, old;
  explicit Scratch(std::size_t n)
      : rhs(n), solution(n), residual(n), first(n), second(n), a_first(n), a_second(n), rest(n), old(n) {}
};

template <int lanes>
Preconditioner<lanes>::~Preconditioner() = default;

template <int lanes>
Preconditioner<lanes>::Preconditioner(const Hierarchy& hierarchy) : hierarchy_(hierarchy) {
  const Laplacian& laplacian = hierarchy.laplacian();
  const std::size_t n = index(laplacian.size()) * lanes;
  residual_.assign(n, 0.0F);
  z_.assign(n, 0.0F);
  const std::int64_t strips = (laplacian.shape.rows + strip_rows - 1) / strip_rows;
  halos_.assign(index(2 * strips * laplacian.stride) * lanes, 0.0F);
  zero_row_.assign(index(laplacian.stride) * lanes, 0.0F);
  for (const auto& level : hierarchy.levels()) scratch_.emplace_back(index(level.size()) * lanes);

  // Cells first, by number; then merged nodes among themselves count from the merged side only.
  std::vector<std::pair<std::int32_t, std::pair<std::int32_t, float>>> of_cell, of_merged;
  const auto add = [&](std::int32_t u, std::int32_t v, double g) {
    (u < laplacian.cells() ? of_cell : of_merged).push_back({u, {v, static_cast<float>(g)}});
  };
  for (const Tie& tie : laplacian.ties) {
    if (tie.v == Laplacian::ground) continue;
    assert(std::max(tie.u, tie.v) >= laplacian.cells());
    add(tie.u, tie.v, tie.conductance);
    add(tie.v, tie.u, tie.conductance);
  }
  const auto by_node = [](const auto& x, const auto& y) { return x.first < y.first; };
  std::stable_sort(of_cell.begin(), of_cell.end(), by_node);
  std::stable_sort(of_merged.begin(), of_merged.end(), by_node);
  for (const auto& [u, to] : of_cell) {
    if (tied_.empty() || tied_.back() != u) {
      tied_.push_back(u);
      tied_begin_.push_back(static_cast<std::int32_t>(tied_to_.size()));
    }
    tied_to_.push_back(to);
  }
  tied_begin_.push_back(static_cast<std::int32_t>(tied_to_.size()));
  tied_residual_.resize(tied_.size() * lanes);
  merged_begin_.assign(index(laplacian.merged) + 1, 0);
  for (const auto& [u, to] : of_merged) {
    ++merged_begin_[index(u - laplacian.cells() + 1)];
    merged_to_.push_back(to);
  }
  for (std::size_t m = 0; m + 1 < merged_begin_.size(); ++m) merged_begin_[m + 1] += merged_begin_[m];
}

template <int lanes>
std::size_t Preconditioner<lanes>::bytes() const {
  std::size_t bytes = (residual_.capacity() + z_.capacity() + halos_.capacity()) * 4;
  for (const Scratch& s : scratch_) bytes += 9 * 4 * s.rhs.capacity();
  return bytes;
}

namespace {

/// What a strip's kernels read of the grid.
struct GridView {
  std::int64_t stride, cols;
  const float *east, *south_west, *south, *south_east, *inverse;
  explicit GridView(const Hierarchy& h)
      : stride(h.laplacian().stride),
        cols(h.laplacian().shape.cols),
        east(h.laplacian().east.data()),
        south_west(h.laplacian().south_west.data()),
        south(h.laplacian().south.data()),
        south_east(h.laplacian().south_east.data()),
        inverse(h.inverse_diagonal().data()) {}
};

/// The conductances around the cells of one row.
struct RowView {
  const float *east, *north_west, *north, *north_east, *south_west, *south, *south_east, *inverse;
  RowView(const GridView& g, std::int64_t row) {
    const std::int64_t i = row * g.stride;
    east = g.east + i;
    south_west = g.south_west + i;
    south = g.south + i;
    south_east = g.south_east + i;
    north_west = g.south_east + i - g.stride - 1;
    north = g.south + i - g.stride;
    north_east = g.south_west + i - g.stride + 1;
    inverse = g.inverse + i;
  }
};

template <int lanes>
typename LanesOf<lanes>::Float at(const float* array, std::int64_t i) {
  typename LanesOf<lanes>::Float value;
  load<lanes>(array, i, value);
  return value;
}

/// Forward Gauss-Seidel on one row from z = 0: neither what lies to the east nor below counts.
template <int lanes>
void relax_from_zero(const GridView& grid, std::int64_t row, const float* rhs, const float* above, float* here) {
  using Lanes = typename LanesOf<lanes>::Float;
  const RowView g(grid, row);
  rhs += row * grid.stride * lanes;
  Lanes west{};
  for (std::int64_t c = 1; c <= grid.cols; ++c) {
    const Lanes sum = (at<lanes>(rhs, c) + g.north[c] * at<lanes>(above, c)) +
                      (g.north_west[c] * at<lanes>(above, c - 1) + g.north_east[c] * at<lanes>(above, c + 1));
    west = sum * g.inverse[c] + (g.east[c - 1] * g.inverse[c]) * west;
    store<lanes>(here, c, west);
  }
}

/// Forward Gauss-Seidel on one row.
template <int lanes>
void relax_forward(const GridView& grid, std::int64_t row, const float* rhs, const float* above, float* here,
                   const float* below) {
  using Lanes = typename LanesOf<lanes>::Float;
  const RowView g(grid, row);
  rhs += row * grid.stride * lanes;
  Lanes west{};
  for (std::int64_t c = 1; c <= grid.cols; ++c) {
    const Lanes sum = ((at<lanes>(rhs, c) + g.east[c] * at<lanes>(here, c + 1)) +
                       (g.north[c] * at<lanes>(above, c) + g.south[c] * at<lanes>(below, c))) +
                      ((g.north_west[c] * at<lanes>(above, c - 1) + g.south_east[c] * at<lanes>(below, c + 1)) +
                       (g.north_east[c] * at<lanes>(above, c + 1) + g.south_west[c] * at<lanes>(below, c - 1)));
    west = sum * g.inverse[c] + (g.east[c - 1] * g.inverse[c]) * west;
    store<lanes>(here, c, west);
  }
}

/// Backward Gauss-Seidel on one row.
template <int lanes>
void relax_backward(const GridView& grid, std::int64_t row, const float* rhs, const float* above, float* here,
                    const float* below) {
  using Lanes = typename LanesOf<lanes>::Float;
  const RowView g(grid, row);
  rhs += row * grid.stride * lanes;
  Lanes east{};
  for (std::int64_t c = grid.cols; c >= 1; --c) {
    const Lanes sum = ((at<lanes>(rhs, c) + g.east[c - 1] * at<lanes>(here, c - 1)) +
                       (g.north[c] * at<lanes>(above, c) + g.south[c] * at<lanes>(below, c))) +
                      ((g.north_west[c] * at<lanes>(above, c - 1) + g.south_east[c] * at<lanes>(below, c + 1)) +
                       (g.north_east[c] * at<lanes>(above, c + 1) + g.south_west[c] * at<lanes>(below, c - 1)));
    east = sum * g.inverse[c] + (g.east[c] * g.inverse[c]) * east;
    store<lanes>(here, c, east);
  }
}

/// Adds the residual of one row to the coarse right-hand side.
template <int lanes>
void restrict_row(const GridView& grid, std::int64_t row, const float* rhs, const float* above, const float* here,
                  const float* below, const std::int32_t* aggregate, float* coarse) {
  using Lanes = typename LanesOf<lanes>::Float;
  const RowView g(grid, row);
  rhs += row * grid.stride * lanes;
  aggregate += row * grid.stride;
  for (std::int64_t c = 1; c <= grid.cols; ++c) {
    if (aggregate[c] < 0) continue;
    const Lanes flow = ((g.east[c - 1] * at<lanes>(here, c - 1) + g.east[c] * at<lanes>(here, c + 1)) +
                        (g.north[c] * at<lanes>(above, c) + g.south[c] * at<lanes>(below, c))) +
                       ((g.north_west[c] * at<lanes>(above, c - 1) + g.south_east[c] * at<lanes>(below, c + 1)) +
                        (g.north_east[c] * at<lanes>(above, c + 1) + g.south_west[c] * at<lanes>(below, c - 1)));
    const Lanes sum =
        at<lanes>(coarse, aggregate[c]) + ((at<lanes>(rhs, c) + flow) - at<lanes>(here, c) / g.inverse[c]);
    store<lanes>(coarse, aggregate[c], sum);
  }
}

template <int lanes>
void prolong_row(const std::int32_t* aggregate, std::int64_t cols, const float* coarse, const float* from, float* to) {
  using Lanes = typename LanesOf<lanes>::Float;
  for (std::int64_t c = 1; c <= cols; ++c) {
    Lanes sum = at<lanes>(from, c);
    if (aggregate[c] >= 0) sum += at<lanes>(coarse, aggregate[c]);
    store<lanes>(to, c, sum);
  }
}

}  // namespace

template <int lanes>
void Preconditioner<lanes>::smooth_and_restrict() {
  const GridView grid(hierarchy_);
  const std::int64_t rows = hierarchy_.laplacian().shape.rows, width = grid.stride * lanes;
  const std::int32_t* const aggregate = hierarchy_.aggregate().data();
  std::vector<float>& coarse = scratch_.front().rhs;
  std::fill(coarse.begin(), coarse.end(), 0.0F);
  const float* const rhs = residual_.data();
  const auto z = [&](std::int64_t row) { return z_.data() + row * width; };
  const auto restrict_at = [&](std::int64_t r) {
    restrict_row<lanes>(grid, r, rhs, z(r - 1), z(r), z(r + 1), aggregate, coarse.data());
  };
  const std::int64_t strips = (rows + strip_rows - 1) / strip_rows;
  // Strips count as alone. The second sweep follows the first two rows behind, so that neither waits for the other and
  // both find their rows in the cache; so does the residual.
  parallel_for(strips, [&](std::int64_t s) {
    const std::int64_t first = s * strip_rows + 1, last = std::min(rows, (s + 1) * strip_rows);
    const float* const zero = zero_row_.data();
    const auto inside = [&](std::int64_t r) -> const float* { return r < first || r > last ? zero : z(r); };
    for (std::int64_t r = first; r <= last + 4; ++r) {
      if (r <= last) relax_from_zero<lanes>(grid, r, rhs, inside(r - 1), z(r));
      if (const std::int64_t q = r - 2; q >= first && q <= last)
        relax_forward<lanes>(grid, q, rhs, inside(q - 1), z(q), inside(q + 1));
      if (const std::int64_t q = r - 4; q > first && q < last) restrict_at(q);
    }
  });
  parallel_for(strips, [&](std::int64_t s) {
    const std::int64_t first = s * strip_rows + 1, last = std::min(rows, (s + 1) * strip_rows);
    restrict_at(first);
    if (last > first) restrict_at(last);
  });
  relax_merged(true, nullptr);
  // What the merged nodes' voltages send to the cells tied to them.
  for (std::size_t k = 0; k < tied_.size(); ++k)
    for (std::size_t l = 0; l < lanes; ++l)
      for (std::int32_t t = tied_begin_[k]; t < tied_begin_[k + 1]; ++t)
        coarse[index(aggregate[tied_[k]]) * lanes + l] +=
            tied_to_[index(t)].second * z_[index(tied_to_[index(t)].first) * lanes + l];
  restrict_merged(coarse);
}

template <int lanes>
void Preconditioner<lanes>::prolong_and_smooth() {
  const GridView grid(hierarchy_);
  const std::int64_t rows = hierarchy_.laplacian().shape.rows, width = grid.stride * lanes;
  const std::int32_t* const aggregate = hierarchy_.aggregate().data();
  const float* const correction = scratch_.front().solution.data();
  relax_merged(false, correction);
  couple();
  const float* const rhs = residual_.data();
  const auto z = [&](std::int64_t row) { return z_.data() + row * width; };
  const auto prolong = [&](std::int64_t r, float* to) {
    prolong_row<lanes>(aggregate + r * grid.stride, grid.cols, correction, z(r), to);
  };
  const std::int64_t strips = (rows + strip_rows - 1) / strip_rows;
  // The rows beside each strip as they are before any strip changes.
  parallel_for(strips, [&](std::int64_t s) {
    const std::int64_t first = s * strip_rows + 1, last = std::min(rows, (s + 1) * strip_rows);
    if (s > 0) prolong(first - 1, halos_.data() + 2 * s * width);
    if (last < rows) prolong(last + 1, halos_.data() + (2 * s + 1) * width);
  });
  parallel_for(strips, [&](std::int64_t s) {
    const std::int64_t first = s * strip_rows + 1, last = std::min(rows, (s + 1) * strip_rows);
    const auto beside = [&](std::int64_t r) -> const float* {
      return r < first ? halos_.data() + 2 * s * width : r > last ? halos_.data() + (2 * s + 1) * width : z(r);
    };
    prolong(last, z(last));
    for (std::int64_t r = last; r >= first - 2; --r) {
      if (r > first) prolong(r - 1, z(r - 1));
      if (r >= first) relax_backward<lanes>(grid, r, rhs, beside(r - 1), z(r), beside(r + 1));
      if (const std::int64_t q = r + 2; q >= first && q <= last)
        relax_backward<lanes>(grid, q, rhs, beside(q - 1), z(q), beside(q + 1));
    }
  });
}

/// `correction`: what the coarse level adds and the cells do not hold yet; or null.
template <int lanes>
void Preconditioner<lanes>::relax_merged(bool forward, const float* correction) {
  const Laplacian& laplacian = hierarchy_.laplacian();
  const std::int32_t* const aggregate = hierarchy_.aggregate().data();
  const auto at = [&](std::int32_t node, std::size_t l) {
    double value = static_cast<double>(z_[index(node) * lanes + l]);
    if (correction != nullptr && node < laplacian.cells())
      value += static_cast<double>(correction[index(aggregate[node]) * lanes + l]);
    return value;
  };
  const auto merged = [&](std::int32_t m) { return index(laplacian.cells() + m); };
  for (std::int32_t m = 0; m < laplacian.merged; ++m)
    for (std::size_t l = 0; l < lanes; ++l)
      z_[merged(m) * lanes + l] = correction == nullptr
                                      ? 0.0F
                                      : z_[merged(m) * lanes + l] + correction[index(aggregate[merged(m)]) * lanes + l];
  for (std::int32_t k = 0; k < laplacian.merged; ++k) {
    const std::int32_t m = forward ? k : laplacian.merged - 1 - k;
    const std::size_t u = merged(m);
    for (std::size_t l = 0; l < lanes; ++l) {
      double sum = static_cast<double>(residual_[u * lanes + l]);
      for (std::int32_t t = merged_begin_[index(m)]; t < merged_begin_[index(m + 1)]; ++t)
        sum += static_cast<double>(merged_to_[index(t)].second) * at(merged_to_[index(t)].first, l);
      z_[u * lanes + l] = static_cast<float>(sum * static_cast<double>(hierarchy_.inverse_diagonal()[u]));
    }
  }
}

template <int lanes>
void Preconditioner<lanes>::couple() {
  for (std::size_t k = 0; k < tied_.size(); ++k)
    for (std::size_t l = 0; l < lanes; ++l) {
      float sum = tied_residual_[k * lanes + l];
      for (std::int32_t t = tied_begin_[k]; t < tied_begin_[k + 1]; ++t)
        sum += tied_to_[index(t)].second * z_[index(tied_to_[index(t)].first) * lanes + l];
      residual_[index(tied_[k]) * lanes + l] = sum;
    }
}

template <int lanes>
void Preconditioner<lanes>::restrict_merged(std::vector<float>& coarse) {
  const Laplacian& laplacian = hierarchy_.laplacian();
  const std::vector<float>& inverse = hierarchy_.inverse_diagonal();
  for (std::int32_t m = 0; m < laplacian.merged; ++m) {
    const std::size_t u = index(laplacian.cells() + m);
    if (inverse[u] == 0.0F) continue;
    for (std::size_t l = 0; l < lanes; ++l) {
      double sum = static_cast<double>(residual_[u * lanes + l]) -
                   static_cast<double>(z_[u * lanes + l]) / static_cast<double>(inverse[u]);
      for (std::int32_t t = merged_begin_[index(m)]; t < merged_begin_[index(m + 1)]; ++t)
        sum += static_cast<double>(merged_to_[index(t)].second) *
               static_cast<double>(z_[index(merged_to_[index(t)].first) * lanes + l]);
      coarse[index(hierarchy_.aggregate()[u]) * lanes + l] = static_cast<float>(sum);
    }
  }
}

template <int lanes>
const float* Preconditioner<lanes>::apply() {
  for (std::size_t k = 0; k < tied_.size(); ++k)
    for (std::size_t l = 0; l < lanes; ++l) tied_residual_[k * lanes + l] = residual_[index(tied_[k]) * lanes + l];
  smooth_and_restrict();
  krylov(0, scratch_.front().rhs.data(), scratch_.front().solution.data());
  prolong_and_smooth();
  for (std::size_t k = 0; k < tied_.size(); ++k)
    for (std::size_t l = 0; l < lanes; ++l) residual_[index(tied_[k]) * lanes + l] = tied_residual_[k * lanes + l];
  return z_.data();
}

namespace {

template <int lanes>
using Sums = Eigen::Array<double, lanes, 1>;

/// out = A x on a level.
template <int lanes>
void multiply(const Hierarchy::Level& level, const float* x, float* out) {
  using Lanes = Eigen::Array<float, lanes, 1>;
  using In = Eigen::Map<const Lanes>;
  parallel_pieces(level.size(), chunk_nodes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      Lanes sum = level.diagonal[index(i)] * In(x + i * lanes);
      for (std::int32_t k = level.begin[index(i)]; k < level.begin[index(i + 1)]; ++k)
        sum -= level.conductance[index(k)] * In(x + static_cast<std::int64_t>(level.column[index(k)]) * lanes);
      Eigen::Map<Lanes>(out + i * lanes) = sum;
    }
  });
}

template <int lanes>
struct SumsOf {
  Sums<lanes> value = Sums<lanes>::Zero();
  SumsOf& operator+=(const SumsOf& other) {
    value += other.value;
    return *this;
  }
};

template <int lanes>
Sums<lanes> dot(const float* x, const float* y, std::int64_t n) {
  using In = Eigen::Map<const Eigen::Array<float, lanes, 1>>;
  return deterministic_sum<SumsOf<lanes>>(n, chunk_nodes,
                                          [&](std::int64_t begin, std::int64_t end) {
                                            SumsOf<lanes> sum;
                                            for (std::int64_t i = begin; i < end; ++i)
                                              sum.value += In(x + i * lanes).template cast<double>() *
                                                           In(y + i * lanes).template cast<double>();
                                            return sum;
                                          })
      .value;
}

}  // namespace

template <int lanes>
void Preconditioner<lanes>::cycle(std::size_t l, const float* r, float* z) {
  using Lanes = Eigen::Array<float, lanes, 1>;
  using In = Eigen::Map<const Lanes>;
  const Hierarchy::Level& level = hierarchy_.levels()[l];
  Scratch& scratch = scratch_[l];
  const std::int64_t n = level.size();
  // Forward from zero: other chunks are still zero, or count as such.
  parallel_pieces(n, chunk_nodes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      Lanes sum = In(r + i * lanes);
      for (std::int32_t k = level.begin[index(i)]; k < level.begin[index(i + 1)]; ++k) {
        const std::int64_t j = level.column[index(k)];
        if (j >= begin && j < i) sum += level.conductance[index(k)] * In(z + j * lanes);
      }
      Eigen::Map<Lanes>(z + i * lanes) = sum * level.inverse[index(i)];
    }
  });
  multiply<lanes>(level, z, scratch.residual.data());
  std::vector<float>& rhs = scratch_[l + 1].rhs;
  std::fill(rhs.begin(), rhs.end(), 0.0F);
  for (std::int64_t i = 0; i < n; ++i)
    Eigen::Map<Lanes>(rhs.data() + static_cast<std::int64_t>(level.aggregate[index(i)]) * lanes) +=
        In(r + i * lanes) - In(scratch.residual.data() + i * lanes);
  krylov(l + 1, rhs.data(), scratch_[l + 1].solution.data());
  const float* const e = scratch_[l + 1].solution.data();
  parallel_pieces(n, chunk_nodes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      Eigen::Map<Lanes>(z + i * lanes) += In(e + static_cast<std::int64_t>(level.aggregate[index(i)]) * lanes);
      Eigen::Map<Lanes>(scratch.old.data() + i * lanes) = In(z + i * lanes);
    }
  });
  parallel_pieces(n, chunk_nodes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = end; i-- > begin;) {
      Lanes sum = In(r + i * lanes);
      for (std::int32_t k = level.begin[index(i)]; k < level.begin[index(i + 1)]; ++k) {
        const std::int64_t j = level.column[index(k)];
        sum += level.conductance[index(k)] * In((j >= begin && j < end ? z : scratch.old.data()) + j * lanes);
      }
      Eigen::Map<Lanes>(z + i * lanes) = sum * level.inverse[index(i)];
    }
  });
}

template <int lanes>
void Preconditioner<lanes>::krylov(std::size_t l, const float* r, float* x) {
  using Lanes = Eigen::Array<float, lanes, 1>;
  using In = Eigen::Map<const Lanes>;
  const Hierarchy::Level& level = hierarchy_.levels()[l];
  if (l + 1 == hierarchy_.levels().size()) return hierarchy_.coarsest().template solve<lanes>(r, x);
  Scratch& s = scratch_[l];
  const std::int64_t n = level.size();
  const auto divided = [](const Sums<lanes>& a, const Sums<lanes>& b) -> Sums<lanes> {
    return (b > 0.0).select(a / b, Sums<lanes>::Zero());
  };
  cycle(l, r, s.first.data());
  multiply<lanes>(level, s.first.data(), s.a_first.data());
  const Sums<lanes> rho1 = dot<lanes>(s.first.data(), s.a_first.data(), n);
  const Sums<lanes> alpha1 = dot<lanes>(s.first.data(), r, n);
  const Sums<lanes> step = divided(alpha1, rho1);
  const Lanes step_f = step.template cast<float>();
  parallel_pieces(n, chunk_nodes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      Eigen::Map<Lanes>(s.rest.data() + i * lanes) = In(r + i * lanes) - step_f * In(s.a_first.data() + i * lanes);
  });
  const Sums<lanes> before = dot<lanes>(r, r, n), after = dot<lanes>(s.rest.data(), s.rest.data(), n);
  const Eigen::Array<bool, lanes, 1> enough = after <= 0.0625 * before;
  if (enough.all()) {
    for (std::int64_t i = 0; i < n; ++i) Eigen::Map<Lanes>(x + i * lanes) = step_f * In(s.first.data() + i * lanes);
    return;
  }
  cycle(l, s.rest.data(), s.second.data());
  multiply<lanes>(level, s.second.data(), s.a_second.data());
  const Sums<lanes> gamma = dot<lanes>(s.second.data(), s.a_first.data(), n);
  const Sums<lanes> beta = dot<lanes>(s.second.data(), s.a_second.data(), n);
  const Sums<lanes> alpha2 = dot<lanes>(s.second.data(), s.rest.data(), n);
  const Sums<lanes> rho2 = beta - divided(gamma * gamma, rho1);
  const Sums<lanes> of_second = enough.select(Sums<lanes>::Zero(), divided(alpha2, rho2));
  const Lanes c1 = (step - divided(gamma, rho1) * of_second).template cast<float>();
  const Lanes c2 = of_second.template cast<float>();
  parallel_pieces(n, chunk_nodes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      Eigen::Map<Lanes>(x + i * lanes) = c1 * In(s.first.data() + i * lanes) + c2 * In(s.second.data() + i * lanes);
  });
}

template class Preconditioner<1>;
template class Preconditioner<4>;

}  // namespace greenweave
