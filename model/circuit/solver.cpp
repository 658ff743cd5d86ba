#include "model/circuit/solver.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "model/run/parallel.hpp"
#include "model/run/simd.hpp"

namespace greenweave {

namespace {

constexpr std::int64_t piece = 1 << 13;  // nodes
constexpr std::int64_t rows_a_piece = 32;
constexpr double longest_step = 1e6;
constexpr std::int32_t most_merged = 10000;  // that a factorisation, which eliminates them last, can stand

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

template <int lanes>
struct Values {
  std::array<double, static_cast<std::size_t>(lanes)> of{};
  double& operator[](int l) { return of[index(l)]; }
  double operator[](int l) const { return of[index(l)]; }
  Values& operator+=(const Values& other) {
    for (int l = 0; l < lanes; ++l) (*this)[l] += other[l];
    return *this;
  }
};

template <int lanes>
struct TwoSums {
  Values<lanes> a, b;
  TwoSums& operator+=(const TwoSums& other) {
    a += other.a;
    b += other.b;
    return *this;
  }
};

/// p = z scale + beta p on `n` nodes.
template <int lanes>
GREENWEAVE_WIDE void turn(const float* z_values, const float* old_values, const float* scale, const float* beta,
                          float* p_values, std::int64_t n) {
  typename LanesOf<lanes>::Float s, b;
  load<lanes>(scale, 0, s);
  load<lanes>(beta, 0, b);
  for (std::int64_t i = 0; i < n; ++i) {
    typename LanesOf<lanes>::Float z, old;
    load<lanes>(z_values, i, z);
    load<lanes>(old_values, i, old);
    store<lanes>(p_values, i, z * s + b * old);
  }
}

/// q = A p on one row of the grid, without ties; adds p q and p r to `pq` and `pr`.
template <int lanes>
GREENWEAVE_WIDE void multiply_row(const Laplacian& laplacian, std::int64_t row, const float* above, const float* here,
                                  const float* below, const double* r, double* q, double* pq, double* pr) {
  using D = typename LanesOf<lanes>::Double;
  const std::int64_t stride = laplacian.stride, first = row * stride;
  const float *const east = laplacian.east.data() + first, *const south_west = laplacian.south_west.data() + first,
                     *const south = laplacian.south.data() + first,
                     *const south_east = laplacian.south_east.data() + first, *const north = south - stride,
                     *const north_west = south_east - stride - 1, *const north_east = south_west - stride + 1;
  q += first * lanes;
  r += first * lanes;
  D with_q, with_r;
  load<lanes>(pq, 0, with_q);
  load<lanes>(pr, 0, with_r);
  for (std::int64_t c = 1; c < stride - 1; ++c) {
    D p, east_p, west_p, north_p, south_p, ne_p, nw_p, se_p, sw_p;
    load_wide<lanes>(here, c, p);
    load_wide<lanes>(here, c + 1, east_p);
    load_wide<lanes>(here, c - 1, west_p);
    load_wide<lanes>(above, c, north_p);
    load_wide<lanes>(below, c, south_p);
    load_wide<lanes>(above, c + 1, ne_p);
    load_wide<lanes>(above, c - 1, nw_p);
    load_wide<lanes>(below, c + 1, se_p);
    load_wide<lanes>(below, c - 1, sw_p);
    const auto g = [](float conductance) { return static_cast<double>(conductance); };
    const D flow = ((g(east[c - 1]) * (p - west_p) + g(east[c]) * (p - east_p)) +
                    (g(north[c]) * (p - north_p) + g(south[c]) * (p - south_p))) +
                   ((g(north_west[c]) * (p - nw_p) + g(south_east[c]) * (p - se_p)) +
                    (g(north_east[c]) * (p - ne_p) + g(south_west[c]) * (p - sw_p)));
    store<lanes>(q, c, flow);
    D left;
    load<lanes>(r, c, left);
    with_q += p * flow;
    with_r += p * left;
  }
  store<lanes>(pq, 0, with_q);
  store<lanes>(pr, 0, with_r);
}

/// x += alpha p, r -= alpha q, r in single precision times `scale`; adds r r to `sum`.
template <int lanes>
GREENWEAVE_WIDE void advance(const float* p_values, const double* q_values, const double* alpha, const double* scale,
                             double* x_values, double* r_values, float* single, std::int64_t n, double* sum) {
  using D = typename LanesOf<lanes>::Double;
  D a, s, total;
  load<lanes>(alpha, 0, a);
  load<lanes>(scale, 0, s);
  load<lanes>(sum, 0, total);
  for (std::int64_t i = 0; i < n; ++i) {
    D p, q, x, r;
    load_wide<lanes>(p_values, i, p);
    load<lanes>(q_values, i, q);
    load<lanes>(x_values, i, x);
    load<lanes>(r_values, i, r);
    x += a * p;
    r -= a * q;
    store<lanes>(x_values, i, x);
    store<lanes>(r_values, i, r);
    const D scaled = r * s;
    store_narrow<lanes>(single, i, scaled);
    total += r * r;
  }
  store<lanes>(sum, 0, total);
}

/// Adds z q to `sum`.
template <int lanes>
GREENWEAVE_WIDE void product(const float* z_values, const double* q_values, std::int64_t n, double* sum) {
  using D = typename LanesOf<lanes>::Double;
  D total;
  load<lanes>(sum, 0, total);
  for (std::int64_t i = 0; i < n; ++i) {
    D z, q;
    load_wide<lanes>(z_values, i, z);
    load<lanes>(q_values, i, q);
    total += z * q;
  }
  store<lanes>(sum, 0, total);
}

}  // namespace

/// Everything is in units of each lane's injection, so that single precision never runs out of range: x and r double, p
/// in single precision. That p is rounded costs nothing: x and r move along the same p, and q = A p is exact for it.
template <int lanes>
struct CircuitSolver::Workspace {
  Preconditioner<lanes> preconditioner;
  std::vector<double> x, r, q;
  std::vector<float> p;
  std::vector<float> halos;  // two rows of p beside each piece, as they were

  explicit Workspace(const Hierarchy& hierarchy) : preconditioner(hierarchy) {
    const Laplacian& laplacian = hierarchy.laplacian();
    const std::size_t n = index(laplacian.size()) * lanes;
    for (auto* v : {&x, &r, &q}) v->assign(n, 0.0);
    p.assign(n, 0.0F);
    const std::int64_t pieces = (laplacian.shape.rows + rows_a_piece - 1) / rows_a_piece;
    halos.assign(index(2 * pieces * laplacian.stride) * lanes, 0.0F);
  }
  std::size_t bytes() const {
    return preconditioner.bytes() + 8 * (x.capacity() + r.capacity() + q.capacity()) +
           4 * (p.capacity() + halos.capacity());
  }

  /// p = z scale + beta p, q = A p; returns p q and p r.
  TwoSums<lanes> step(const Laplacian& laplacian, const float* z, const Values<lanes>& scale,
                      const Values<lanes>& beta) {
    const std::int64_t stride = laplacian.stride, width = stride * lanes, rows = laplacian.shape.rows;
    const std::int64_t pieces = (rows + rows_a_piece - 1) / rows_a_piece;
    std::array<float, lanes> s{}, b{};
    for (int l = 0; l < lanes; ++l) {
      s[index(l)] = static_cast<float>(scale[l]);
      b[index(l)] = static_cast<float>(beta[l]);
    }
    const auto turn_row = [&](std::int64_t row, const float* old, float* to) {
      turn<lanes>(z + row * width, old, s.data(), b.data(), to, stride);
    };
    // The rows beside a piece belong to others: each piece makes them anew from copies of what they were.
    parallel_for(pieces, [&](std::int64_t k) {
      const std::int64_t first = k * rows_a_piece + 1, last = std::min(rows, (k + 1) * rows_a_piece);
      float* const own = halos.data() + 2 * k * width;
      if (first > 1) turn_row(first - 1, p.data() + (first - 1) * width, own);
      if (last < rows) turn_row(last + 1, p.data() + (last + 1) * width, own + width);
    });
    TwoSums<lanes> sum =
        deterministic_sum<TwoSums<lanes>>(rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
          const std::int64_t first = begin + 1, last = end, k = begin / rows_a_piece;
          const float* const beside = halos.data() + 2 * k * width;
          const auto row_of = [&](std::int64_t row) -> const float* {
            return row < first ? beside : row > last ? beside + width : p.data() + row * width;
          };
          TwoSums<lanes> part;
          turn_row(first, p.data() + first * width, p.data() + first * width);
          for (std::int64_t row = first; row <= last; ++row) {
            if (row < last) turn_row(row + 1, p.data() + (row + 1) * width, p.data() + (row + 1) * width);
            multiply_row<lanes>(laplacian, row, row_of(row - 1), row_of(row), row_of(row + 1), r.data(), q.data(),
                                part.a.of.data(), part.b.of.data());
          }
          return part;
        });
    const std::int64_t merged = static_cast<std::int64_t>(laplacian.cells()) * lanes;
    turn<lanes>(z + merged, p.data() + merged, s.data(), b.data(), p.data() + merged, laplacian.merged);
    std::fill(q.begin() + merged, q.end(), 0.0);
    for (const Tie& tie : laplacian.ties)
      for (int l = 0; l < lanes; ++l) {
        const std::size_t u = index(static_cast<std::int64_t>(tie.u) * lanes + l);
        const bool is_ground = tie.v == Laplacian::ground;
        const std::size_t v = is_ground ? 0 : index(static_cast<std::int64_t>(tie.v) * lanes + l);
        const double drop = static_cast<double>(p[u]) - (is_ground ? 0.0 : static_cast<double>(p[v]));
        const double flow = tie.conductance * drop;
        q[u] += flow;
        if (!is_ground) q[v] -= flow;
        sum.a[l] += flow * drop;
      }
    for (std::int64_t i = laplacian.cells(); i < laplacian.size(); ++i)
      for (int l = 0; l < lanes; ++l)
        sum.b[l] += static_cast<double>(p[index(i * lanes + l)]) * r[index(i * lanes + l)];
    return sum;
  }
};

SolveReport worse(const SolveReport& x, const SolveReport& y) {
  return {std::max(x.iterations, y.iterations), std::max(x.residual, y.residual), x.converged && y.converged,
          x.direct || y.direct};
}

CircuitSolver::CircuitSolver(const Laplacian& laplacian) : laplacian_(laplacian), hierarchy_(laplacian) {}
CircuitSolver::~CircuitSolver() = default;

template <int lanes>
void CircuitSolver::solve_block(Workspace<lanes>& work, std::span<const Injection> injections,
                                std::span<std::vector<double>> voltages, const SolverOptions& options,
                                const RunContext& context, std::span<SolveReport> reports) {
  const std::int64_t n = laplacian_.size();
  double *const x = work.x.data(), *const r = work.r.data(), *const q = work.q.data();
  float* const single = work.preconditioner.residual();
  const auto given = static_cast<int>(injections.size());
  using V = Values<lanes>;

  V norm;
  for (int l = 0; l < given; ++l) {
    for (const auto& [node, current] : injections[index(l)]) norm[l] += current * current;
    norm[l] = std::sqrt(norm[l]);
  }
  bool is_zero = true;
  std::fill(work.x.begin(), work.x.end(), 0.0);
  for (int l = 0; l < given; ++l)
    if (const auto& start = voltages[index(l)]; !start.empty() && norm[l] > 0.0) {
      is_zero = false;
      parallel_pieces(n, piece, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) x[i * lanes + l] = start[index(i)] / norm[l];
      });
    }
  // r = b - A x, and r in single precision times `scale`; the squared norms.
  const auto true_residual = [&]() -> V {
    if (is_zero)
      std::fill(work.r.begin(), work.r.end(), 0.0);
    else
      multiply<lanes>(laplacian_, x, r);
    if (!is_zero)
      parallel_pieces(n * lanes, piece, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) r[i] = -r[i];
      });
    for (int l = 0; l < given; ++l)
      if (norm[l] > 0.0)
        for (const auto& [node, current] : injections[index(l)])
          r[static_cast<std::int64_t>(node) * lanes + l] += current / norm[l];
    is_zero = false;
    return deterministic_sum<V>(n, piece, [&](std::int64_t begin, std::int64_t end) {
      V sum;
      for (std::int64_t i = begin; i < end; ++i)
        for (int l = 0; l < lanes; ++l) sum[l] += r[i * lanes + l] * r[i * lanes + l];
      return sum;
    });
  };
  const auto inverse_root = [](const V& squared) {
    V result;
    for (int l = 0; l < lanes; ++l) result[l] = squared[l] > 0.0 ? 1.0 / std::sqrt(squared[l]) : 0.0;
    return result;
  };
  const double goal = options.tolerance * options.tolerance;
  const auto any_above = [&](const V& squared) {
    return std::any_of(squared.of.begin(), squared.of.end(), [&](double s) { return s > goal; });
  };
  V squared = true_residual();

  int iterations = 0;
  while (any_above(squared) && iterations < options.most_iterations) {
    // A round: from the true residual until the running one says that it is done.
    const V before_round = squared;
    V scale = inverse_root(squared);  // of the residual that the preconditioner has
    parallel_pieces(n, piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        for (int l = 0; l < lanes; ++l) single[i * lanes + l] = static_cast<float>(r[i * lanes + l] * scale[l]);
    });
    std::fill(work.p.begin(), work.p.end(), 0.0F);
    std::fill(work.q.begin(), work.q.end(), 0.0);
    std::array<bool, lanes> running{};
    for (int l = 0; l < lanes; ++l) running[index(l)] = squared[l] > goal;
    V pq;
    const auto any_running = [&] { return std::find(running.begin(), running.end(), true) != running.end(); };
    while (any_running() && iterations < options.most_iterations) {
      context.check();
      const float* const z = work.preconditioner.apply();
      const V zq = deterministic_sum<V>(n, piece, [&](std::int64_t begin, std::int64_t end) {
        V sum;
        product<lanes>(z + begin * lanes, q + begin * lanes, end - begin, sum.of.data());
        return sum;
      });
      // Directions are made orthogonal by what they are, not by what two residuals should be: no two cycles are quite
      // the same, and p is rounded. For the same reason the step is the exact minimum along p.
      V unscale, beta, alpha;
      for (int l = 0; l < lanes; ++l) {
        unscale[l] = scale[l] > 0.0 ? 1.0 / scale[l] : 0.0;
        beta[l] = pq[l] > 0.0 ? -zq[l] * unscale[l] / pq[l] : 0.0;
      }
      const TwoSums<lanes> sums = work.step(laplacian_, z, unscale, beta);
      pq = sums.a;
      for (int l = 0; l < lanes; ++l) {
        // A step far longer than any preconditioned system needs is one along a constant, made of rounding alone.
        const bool is_sound = pq[l] > 0.0 && std::abs(sums.b[l]) < longest_step * pq[l];
        alpha[l] = running[index(l)] && is_sound ? sums.b[l] / pq[l] : 0.0;
        running[index(l)] = running[index(l)] && is_sound;
      }
      // The norm before the step is near enough for the next scale.
      scale = inverse_root(squared);
      squared = deterministic_sum<V>(n, piece, [&](std::int64_t begin, std::int64_t end) {
        V sum;
        advance<lanes>(work.p.data() + begin * lanes, q + begin * lanes, alpha.of.data(), scale.of.data(),
                       x + begin * lanes, r + begin * lanes, single + begin * lanes, end - begin, sum.of.data());
        return sum;
      });
      ++iterations;
      for (int l = 0; l < lanes; ++l) {
        if (l < given && running[index(l)]) reports[index(l)].iterations = iterations;
        running[index(l)] = running[index(l)] && squared[l] > goal;
      }
    }
    squared = true_residual();
    // A round that got nowhere: rounding is all that is left.
    bool gained = false;
    for (int l = 0; l < lanes; ++l) gained = gained || (squared[l] > goal && squared[l] < 0.25 * before_round[l]);
    if (!gained) break;
  }
  for (int l = 0; l < given; ++l) {
    SolveReport& report = reports[index(l)];
    report.residual = std::sqrt(squared[l]);
    report.converged = squared[l] <= goal;
    auto& out = voltages[index(l)];
    out.resize(index(n));
    parallel_pieces(n, piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) out[index(i)] = x[i * lanes + l] * norm[l];
    });
  }
}

/// With steps of refinement while they help.
void CircuitSolver::solve_directly(const Injection& injection, std::vector<double>& voltages,
                                   const SolverOptions& options, SolveReport& report) {
  if (direct_ == nullptr) direct_ = std::make_unique<DirectSolver>(laplacian_);
  const std::size_t n = index(laplacian_.size());
  std::vector<double> left(n, 0.0), x(n, 0.0), step, flow(n);
  double norm = 0.0;
  for (const auto& [node, current] : injection) {
    left[index(node)] += current;
    norm += current * current;
  }
  norm = std::sqrt(norm);
  double residual = norm;
  for (int k = 0; k < 4 && residual > options.tolerance * norm; ++k) {
    direct_->solve(left, step);
    for (std::size_t i = 0; i < n; ++i) x[i] += step[i];
    multiply<1>(laplacian_, x.data(), flow.data());
    for (std::size_t i = 0; i < n; ++i) left[i] = -flow[i];
    for (const auto& [node, current] : injection) left[index(node)] += current;
    double squared = 0.0;
    for (const double v : left) squared += v * v;
    const double now = std::sqrt(squared);
    if (!(now < residual)) break;
    residual = now;
  }
  report.direct = true;
  report.residual = norm > 0.0 ? residual / norm : 0.0;
  report.converged = residual <= options.tolerance * norm;
  voltages = std::move(x);
}

std::vector<SolveReport> CircuitSolver::solve(std::span<const Injection> injections,
                                              std::span<std::vector<double>> voltages, const SolverOptions& options,
                                              const RunContext& context) {
  std::vector<SolveReport> reports(injections.size());
  if (laplacian_.size() <= options.most_for_direct) {
    for (std::size_t k = 0; k < injections.size(); ++k) solve_directly(injections[k], voltages[k], options, reports[k]);
    return reports;
  }
  for (std::size_t begin = 0; begin < injections.size();) {
    const std::size_t left = injections.size() - begin;
    const std::size_t count = left >= 2 ? std::min<std::size_t>(4, left) : 1;
    const auto part = injections.subspan(begin, count);
    const auto out = voltages.subspan(begin, count);
    const std::span<SolveReport> said(reports.data() + begin, count);
    if (count == 1) {
      if (single_ == nullptr) single_ = std::make_unique<Workspace<1>>(hierarchy_);
      solve_block<1>(*single_, part, out, options, context, said);
    } else {
      if (block_ == nullptr) block_ = std::make_unique<Workspace<4>>(hierarchy_);
      solve_block<4>(*block_, part, out, options, context, said);
    }
    begin += count;
  }
  for (std::size_t k = 0; k < injections.size(); ++k)
    if (!reports[k].converged && laplacian_.size() <= options.most_for_fallback && laplacian_.merged <= most_merged) {
      context.check();
      const SolveReport stalled = reports[k];
      std::vector<double> found;
      solve_directly(injections[k], found, options, reports[k]);
      // Whichever came nearer.
      if (reports[k].residual < stalled.residual)
        voltages[k] = std::move(found);
      else
        reports[k] = stalled;
      reports[k].iterations = stalled.iterations;
    }
  return reports;
}

}  // namespace greenweave
