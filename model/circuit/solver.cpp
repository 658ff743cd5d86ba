#include "model/circuit/solver.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Core>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr std::int64_t piece = 1 << 14;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

template <int lanes>
using Lanes = Eigen::Array<double, lanes, 1>;

template <int lanes>
struct SumsOf {
  Lanes<lanes> a = Lanes<lanes>::Zero(), b = Lanes<lanes>::Zero();
  SumsOf& operator+=(const SumsOf& other) {
    a += other.a;
    b += other.b;
    return *this;
  }
};

}  // namespace

template <int lanes>
struct CircuitSolver::Workspace {
  Preconditioner<lanes> preconditioner;
  std::vector<double> x, r, p, q;

  explicit Workspace(const Hierarchy& hierarchy) : preconditioner(hierarchy) {
    const std::size_t n = index(hierarchy.laplacian().size()) * lanes;
    for (auto* v : {&x, &r, &p, &q}) v->resize(n);
  }
};

CircuitSolver::CircuitSolver(const Laplacian& laplacian) : laplacian_(laplacian), hierarchy_(laplacian) {}
CircuitSolver::~CircuitSolver() = default;

template <int lanes>
void CircuitSolver::solve_block(Workspace<lanes>& work, std::span<const Injection> injections,
                                std::span<std::vector<double>> voltages, const SolverOptions& options,
                                const RunContext& context, std::span<SolveReport> reports) {
  using Values = Lanes<lanes>;
  using In = Eigen::Map<const Values>;
  using Out = Eigen::Map<Values>;
  const std::int64_t n = laplacian_.size();
  double *const x = work.x.data(), *const r = work.r.data(), *const p = work.p.data(), *const q = work.q.data();
  const auto given = static_cast<int>(injections.size());

  Values norm = Values::Zero();
  for (int l = 0; l < given; ++l)
    for (const auto& [node, current] : injections[index(l)]) norm[l] += current * current;
  norm = norm.sqrt();

  bool any_start = false;
  std::fill(work.x.begin(), work.x.end(), 0.0);
  for (int l = 0; l < given; ++l)
    if (const auto& start = voltages[index(l)]; !start.empty()) {
      any_start = true;
      for (std::int64_t i = 0; i < n; ++i) x[i * lanes + l] = start[index(i)];
    }
  // r = b - A x; the squared norm.
  const auto true_residual = [&](bool is_zero) -> Values {
    if (is_zero)
      std::fill(work.r.begin(), work.r.end(), 0.0);
    else
      multiply<lanes>(laplacian_, x, r);
    if (!is_zero)
      parallel_pieces(n * lanes, piece, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) r[i] = -r[i];
      });
    for (int l = 0; l < given; ++l)
      for (const auto& [node, current] : injections[index(l)])
        r[static_cast<std::int64_t>(node) * lanes + l] += current;
    return deterministic_sum<SumsOf<lanes>>(n, piece,
                                            [&](std::int64_t begin, std::int64_t end) {
                                              SumsOf<lanes> sum;
                                              for (std::int64_t i = begin; i < end; ++i)
                                                sum.a += In(r + i * lanes) * In(r + i * lanes);
                                              return sum;
                                            })
        .a;
  };
  const Values goal = (options.tolerance * norm).square();
  Values squared = true_residual(!any_start);
  Eigen::Array<bool, lanes, 1> open = squared > goal;
  Values before = squared;

  int iterations = 0;
  while (open.any() && iterations < options.most_iterations) {
    // A round: from the true residual until the running one says that it is done.
    const auto precondition = [&] {
      float* const to = work.preconditioner.residual();
      // Each lane on its own scale, so that single precision never runs out of range.
      const Values scale = (squared > 0.0).select(squared.sqrt().inverse(), Values::Zero());
      parallel_pieces(n, piece, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
          Eigen::Map<Eigen::Array<float, lanes, 1>>(to + i * lanes) =
              (In(r + i * lanes) * scale).template cast<float>();
      });
      return work.preconditioner.apply();
    };
    Eigen::Array<bool, lanes, 1> running = open;
    Values rz = Values::Zero();
    bool first = true;
    while (running.any() && iterations < options.most_iterations) {
      context.check();
      const Values scale = squared.sqrt();
      const float* const z = precondition();
      const auto z_at = [&](std::int64_t i) {
        return Eigen::Map<const Eigen::Array<float, lanes, 1>>(z + i * lanes).template cast<double>();
      };
      // z r, and z q of the last step: flexible conjugate gradients, since no two cycles are quite the same.
      auto sums = deterministic_sum<SumsOf<lanes>>(n, piece, [&](std::int64_t begin, std::int64_t end) {
        SumsOf<lanes> sum;
        for (std::int64_t i = begin; i < end; ++i) {
          sum.a += z_at(i) * In(r + i * lanes);
          if (!first) sum.b += z_at(i) * In(q + i * lanes);
        }
        return sum;
      });
      const Values zr = sums.a * scale;
      const Values beta =
          first ? Values(Values::Zero()) : Values((rz > 0.0).select(-before * sums.b * scale / rz, Values::Zero()));
      parallel_pieces(n, piece, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const Values old = first ? Values(Values::Zero()) : Values(In(p + i * lanes));
          Out(p + i * lanes) = z_at(i) * scale + beta * old;
        }
      });
      rz = zr;
      multiply<lanes>(laplacian_, p, q);
      const Values pq = deterministic_sum<SumsOf<lanes>>(n, piece, [&](std::int64_t begin, std::int64_t end) {
                          SumsOf<lanes> sum;
                          for (std::int64_t i = begin; i < end; ++i) sum.a += In(p + i * lanes) * In(q + i * lanes);
                          return sum;
                        }).a;
      const Values alpha = (running && pq > 0.0).select(zr / pq, Values::Zero());
      squared = deterministic_sum<SumsOf<lanes>>(n, piece, [&](std::int64_t begin, std::int64_t end) {
                  SumsOf<lanes> sum;
                  for (std::int64_t i = begin; i < end; ++i) {
                    Out(x + i * lanes) += alpha * In(p + i * lanes);
                    Out(r + i * lanes) -= alpha * In(q + i * lanes);
                    sum.a += In(r + i * lanes) * In(r + i * lanes);
                  }
                  return sum;
                }).a;
      before = alpha;
      running = running && squared > goal;
      first = false;
      ++iterations;
      for (int l = 0; l < given; ++l)
        if (open[l]) reports[index(l)].iterations = iterations;
    }
    const Values last = true_residual(false);
    const Eigen::Array<bool, lanes, 1> still = last > goal;
    // No progress in a whole round: rounding is all that is left.
    if ((still && last > 0.25 * squared.max(goal)).any() && iterations >= options.most_iterations) {
      squared = last;
      break;
    }
    squared = last;
    open = still;
  }
  for (int l = 0; l < given; ++l) {
    SolveReport& report = reports[index(l)];
    report.residual = norm[l] > 0.0 ? std::sqrt(squared[l]) / norm[l] : 0.0;
    report.converged = squared[l] <= goal[l];
    auto& out = voltages[index(l)];
    out.resize(index(n));
    for (std::int64_t i = 0; i < n; ++i) out[index(i)] = x[i * lanes + l];
  }
}

std::vector<SolveReport> CircuitSolver::solve(std::span<const Injection> injections,
                                              std::span<std::vector<double>> voltages, const SolverOptions& options,
                                              const RunContext& context) {
  std::vector<SolveReport> reports(injections.size());
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
  return reports;
}

}  // namespace greenweave
