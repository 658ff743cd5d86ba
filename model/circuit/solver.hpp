#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/circuit/multigrid.hpp"
#include "model/run/context.hpp"

namespace greenweave {

/// Currents fed in at nodes, amperes; negative where they are drawn off. In each component without a way to ground they
/// must sum to zero.
using Injection = std::vector<std::pair<std::int32_t, double>>;

struct SolverOptions {
  double tolerance = 1e-9;  // of the true residual, relative to the injection, in the Euclidean norm
  int most_iterations = 200;
};

struct SolveReport {
  int iterations = 0;
  double residual = 0.0;  // true, relative
  bool converged = false;
};

/// Solves Laplacians by conjugate gradients in double precision, preconditioned by a Hierarchy; four right-hand sides
/// go through the matrix at once. The residual is recomputed at the end; where it has not fallen as the iteration said,
/// the iteration begins anew from there.
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

  const Laplacian& laplacian_;
  Hierarchy hierarchy_;
  std::unique_ptr<Workspace<1>> single_;
  std::unique_ptr<Workspace<4>> block_;
};

}  // namespace greenweave
