#include "model/circuit/direct.hpp"

#include <algorithm>
#include <array>

#include <Eigen/SparseCholesky>
#include <Eigen/SparseCore>

#include "model/circuit/raster_circuit.hpp"

namespace greenweave {

namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Numbers the cells of a rectangle (rows [r0, r1), columns [c0, c1) of the frame's grid): both halves, then the line
/// that parts them.
void dissect(const Laplacian& laplacian, std::int32_t r0, std::int32_t r1, std::int32_t c0, std::int32_t c1,
             std::vector<std::int32_t>& order) {
  constexpr std::int32_t small = 4;
  if (r0 >= r1 || c0 >= c1) return;
  const std::int32_t rows = r1 - r0, cols = c1 - c0;
  if (rows <= small && cols <= small) {
    for (std::int32_t r = r0; r < r1; ++r)
      for (std::int32_t c = c0; c < c1; ++c) order.push_back(r * laplacian.stride + c);
    return;
  }
  if (rows >= cols) {
    const std::int32_t middle = r0 + rows / 2;
    dissect(laplacian, r0, middle, c0, c1, order);
    dissect(laplacian, middle + 1, r1, c0, c1, order);
    for (std::int32_t c = c0; c < c1; ++c) order.push_back(middle * laplacian.stride + c);
  } else {
    const std::int32_t middle = c0 + cols / 2;
    dissect(laplacian, r0, r1, c0, middle, order);
    dissect(laplacian, r0, r1, middle + 1, c1, order);
    for (std::int32_t r = r0; r < r1; ++r) order.push_back(r * laplacian.stride + middle);
  }
}

}  // namespace

struct DirectSolver::Factor {
  Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>, Eigen::Lower, Eigen::NaturalOrdering<int>> ldlt;
};

DirectSolver::DirectSolver(const Laplacian& laplacian)
    : unknown_(index(laplacian.size()), -1), factor_(std::make_unique<Factor>()) {
  const std::vector<std::int32_t> component = circuit_components(laplacian);
  std::vector<std::uint8_t> is_grounded(component.size(), 0), has_held(component.size(), 0);
  for (const Tie& tie : laplacian.ties)
    if (tie.v == Laplacian::ground) is_grounded[index(component[index(tie.u)])] = 1;
  std::vector<std::int32_t> order;
  order.reserve(component.size());
  dissect(laplacian, 1, laplacian.shape.rows + 1, 1, laplacian.shape.cols + 1, order);
  for (std::int32_t m = laplacian.cells(); m < laplacian.size(); ++m) order.push_back(m);
  std::int32_t count = 0;
  for (const std::int32_t node : order) {
    const std::int32_t c = component[index(node)];
    if (c < 0) continue;
    if (is_grounded[index(c)] == 0 && has_held[index(c)] == 0)
      has_held[index(c)] = 1;
    else
      unknown_[index(node)] = count++;
  }
  if (count == 0) return;

  const std::vector<double> diagonal = laplacian.diagonal();
  std::vector<Eigen::Triplet<double>> entries;
  entries.reserve(5 * index(count));
  const auto join = [&](std::int32_t a, std::int32_t b, double conductance) {
    const std::int32_t u = unknown_[index(a)], v = unknown_[index(b)];
    if (u >= 0 && v >= 0 && conductance > 0.0) entries.emplace_back(std::max(u, v), std::min(u, v), -conductance);
  };
  for (std::int32_t node = 0; node < laplacian.size(); ++node) {
    if (unknown_[index(node)] >= 0)
      entries.emplace_back(unknown_[index(node)], unknown_[index(node)], diagonal[index(node)]);
    if (node >= laplacian.cells() || component[index(node)] < 0) continue;
    const auto g = [&](const std::vector<float>& of) { return static_cast<double>(of[index(node)]); };
    if (laplacian.east[index(node)] > 0.0F) join(node, node + 1, g(laplacian.east));
    if (laplacian.south[index(node)] > 0.0F) join(node, node + laplacian.stride, g(laplacian.south));
    if (laplacian.south_west[index(node)] > 0.0F) join(node, node + laplacian.stride - 1, g(laplacian.south_west));
    if (laplacian.south_east[index(node)] > 0.0F) join(node, node + laplacian.stride + 1, g(laplacian.south_east));
  }
  for (const Tie& tie : laplacian.ties)
    if (tie.v != Laplacian::ground) join(tie.u, tie.v, tie.conductance);
  Eigen::SparseMatrix<double> matrix(count, count);
  matrix.setFromTriplets(entries.begin(), entries.end());
  factor_->ldlt.compute(matrix);
}

DirectSolver::~DirectSolver() = default;

void DirectSolver::solve(const std::vector<double>& b, std::vector<double>& x) const {
  x.assign(unknown_.size(), 0.0);
  const auto count = factor_->ldlt.rows();
  if (count == 0) return;
  Eigen::VectorXd known = Eigen::VectorXd::Zero(count);
  for (std::size_t i = 0; i < unknown_.size(); ++i)
    if (unknown_[i] >= 0) known[unknown_[i]] = b[i];
  const Eigen::VectorXd found = factor_->ldlt.solve(known);
  for (std::size_t i = 0; i < unknown_.size(); ++i)
    if (unknown_[i] >= 0) x[i] = found[unknown_[i]];
}

}  // namespace greenweave
