#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/circuit/direct.hpp"
#include "model/circuit/multigrid.hpp"
#include "model/run/context.hpp"

namespace greenweave {

/// Currents fed in at nodes, amperes; negative where they are drawn off. In each component without a way to ground they
/// must sum to zero.
using Injection = std::vector<std::pair<std::int32_t, double>>;

struct SolverOptions {
  double tolerance = 1e-9;  // of the true residual, relative to the injection, in the Euclidean norm
  int most_iterations = 200;
  /// Circuits of up to so many cells are factorised at once, which is quicker there (measured); those on which the
  /// iteration stalls, up to so many.
  std::int32_t most_for_direct = 1000;
  std::int32_t most_for_fallback = 4'000'000;
};

struct SolveReport {
  int iterations = 0;
  double residual = 0.0;  // true, relative
  bool converged = false;
  bool direct = false;  // by factorisation
};

/// Whether a solution is as good as was asked, or at least as good as Circuitscape asks (1e-6).
inline bool is_acceptable(const SolveReport& report) { return report.converged || report.residual <= 1e-6; }

/// What can be said of a result that rests on two solutions.
SolveReport worse(const SolveReport& x, const SolveReport& y);

/// Solves Laplacians by conjugate gradients in double precision, preconditioned by a Hierarchy; four right-hand sides
/// go through the matrix at once. The residual is recomputed at the end; where it has not fallen as the iteration said,
/// the iteration begins anew from there. Small circuits, and those on which it stalls (single-wide mazes, extreme
/// contrasts), are factorised instead, and reports say so.
class CircuitSolver {
 public:
  explicit CircuitSolver(const Laplacian& laplacian);
  ~CircuitSolver();

  /// Voltages at all nodes for each injection. `voltages[k]` holds a start on entry, or is empty, and is as long as the
  /// Laplacian at the end. In a component without a way to ground they are known but for a constant.
  std::vector<SolveReport> solve(std::span<const Injection> injections, std::span<std::vector<double>> voltages,
                                 const SolverOptions& options, const RunContext& context);

  const Hierarchy& hierarchy() const { return hierarchy_; }

 private:
  template <int lanes>
  struct Workspace;
  template <int lanes>
  void solve_block(Workspace<lanes>& work, std::span<const Injection> injections,
                   std::span<std::vector<double>> voltages, const SolverOptions& options, const RunContext& context,
                   std::span<SolveReport> reports);

  void solve_directly(const Injection& injection, std::vector<double>& voltages, const SolverOptions& options,
                      SolveReport& report);

  const Laplacian& laplacian_;
  Hierarchy hierarchy_;
  std::unique_ptr<DirectSolver> direct_;
  std::unique_ptr<Workspace<1>> single_;
  std::unique_ptr<Workspace<4>> block_;
};

}  // namespace greenweave
