#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "model/circuit/laplacian.hpp"

namespace greenweave {

/// Nested coarser versions of a circuit, for preconditioning: aggregation multigrid. Cells of a 4 x 4 block join while
/// the aggregate passes the exact local quality test of Napov and Notay (2012), so that what barriers part is never
/// short-circuited; then nodes join in pairs, three times a level, under the same test. The coarse operators are
/// Galerkin's. In single precision.
class Hierarchy {
 public:
  explicit Hierarchy(const Laplacian& laplacian);
  ~Hierarchy();
  Hierarchy(Hierarchy&&) noexcept;

  /// A level below the grid: conductances between nodes, and to ground.
  struct Level {
    std::vector<std::int32_t> begin;  // row -> first entry; one more at the end
    std::vector<std::int32_t> column;
    std::vector<float> conductance;
    std::vector<float> to_ground;
    std::vector<float> diagonal, inverse;  // of the row; inverse 0 where the diagonal is
    std::vector<std::int32_t> aggregate;   // node of the next level; empty on the last
    std::int32_t size() const { return static_cast<std::int32_t>(to_ground.size()); }
  };
  struct Coarsest;  // a direct solver

  const Laplacian& laplacian() const { return *laplacian_; }
  const std::vector<float>& inverse_diagonal() const { return inverse_diagonal_; }
  /// Node of the first level below the grid; -1 for cells that are no node.
  const std::vector<std::int32_t>& aggregate() const { return aggregate_; }
  const std::vector<Level>& levels() const { return levels_; }
  const Coarsest& coarsest() const { return *coarsest_; }
  /// Entries of all levels over those of the grid's.
  double operator_complexity() const;
  std::size_t bytes() const;

 private:
  const Laplacian* laplacian_;
  std::vector<float> inverse_diagonal_;
  std::vector<std::int32_t> aggregate_;
  std::vector<Level> levels_;
  std::unique_ptr<Coarsest> coarsest_;
};

/// One K-cycle (Notay and Vassilevski 2008) over a hierarchy, for `lanes` right-hand sides at once, interleaved: two
/// Gauss-Seidel sweeps on the grid before and two after, in strips of fixed height, one on each level below. Parallel;
/// the same bits at any thread count.
template <int lanes>
class Preconditioner {
 public:
  explicit Preconditioner(const Hierarchy& hierarchy);
  ~Preconditioner();

  /// The residual to be preconditioned goes in here, `size() * lanes` values; it is kept.
  float* residual() { return residual_.data(); }
  /// z of B r. Valid until the next call.
  const float* apply();
  std::size_t bytes() const;

 private:
  struct Scratch;
  void smooth_and_restrict();
  void prolong_and_smooth();
  void relax_merged(bool forward, const float* correction);
  void restrict_merged(std::vector<float>& coarse);
  void couple();
  void cycle(std::size_t level, const float* r, float* z);
  void krylov(std::size_t level, const float* r, float* x);

  const Hierarchy& hierarchy_;
  std::vector<float> residual_, z_;
  std::vector<float> halos_, zero_row_;
  // Ties, seen from the cells that have some and from the merged nodes.
  std::vector<std::int32_t> tied_;
  std::vector<float> tied_residual_;
  std::vector<std::int32_t> tied_begin_, merged_begin_;
  std::vector<std::pair<std::int32_t, float>> tied_to_, merged_to_;
  std::vector<Scratch> scratch_;  // by level
};

}  // namespace greenweave
