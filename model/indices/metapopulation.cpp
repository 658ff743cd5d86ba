#include "model/indices/metapopulation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Dense>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include "model/indices/routing.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

using Eigen::VectorXd;

constexpr std::size_t most_for_dense = 200;
constexpr double tolerance = 1e-12;

/// One component's matrix, made symmetric: x and y enter only by their sum, for diag(a^((y - x) / 2)) M
/// diag(a^((x - y) / 2)) has the same eigenvalues, and the products of its left and right eigenvectors are the same.
struct Matrix {
  struct Entry {
    std::int32_t column;
    double value;
  };
  std::vector<std::vector<Entry>> rows;

  VectorXd times(const VectorXd& x) const {
    VectorXd y(x.size());
    parallel_pieces(x.size(), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        double sum = 0.0;
        for (const Entry& entry : rows[static_cast<std::size_t>(i)]) sum += entry.value * x[entry.column];
        y[i] = sum;
      }
    });
    return y;
  }
};

struct Leading {
  double value = 0.0;
  VectorXd vector;
  int products = 0;
  double residual = 0.0;
};

Leading solve_densely(const Matrix& matrix) {
  const auto n = static_cast<Eigen::Index>(matrix.rows.size());
  Eigen::MatrixXd dense = Eigen::MatrixXd::Zero(n, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (const Matrix::Entry& entry : matrix.rows[static_cast<std::size_t>(i)]) dense(i, entry.column) = entry.value;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(dense);
  return {solver.eigenvalues()[n - 1], solver.eigenvectors().col(n - 1), 0, 0.0};
}

/// Lanczos' method from a positive vector, begun anew from the best vector so far when the basis is full.
Leading iterate(const Matrix& matrix, VectorXd start) {
  constexpr int most_vectors = 80, most_rounds = 60;
  const Eigen::Index n = start.size();
  const int vectors = static_cast<int>(std::min<Eigen::Index>(most_vectors, n));
  Leading result;
  Eigen::MatrixXd basis(n, vectors);
  for (int round = 0; round < most_rounds; ++round) {
    std::vector<double> diagonal, beside;
    basis.col(0) = start / start.norm();
    for (int k = 0; k < vectors; ++k) {
      VectorXd w = matrix.times(basis.col(k));
      ++result.products;
      diagonal.push_back(basis.col(k).dot(w));
      // Twice is enough to keep the basis orthogonal to rounding.
      for (int pass = 0; pass < 2; ++pass)
        for (int j = 0; j <= k; ++j) w -= basis.col(j).dot(w) * basis.col(j);
      const double length = w.norm();
      const Eigen::Map<const VectorXd> d(diagonal.data(), k + 1), e(beside.data(), k);
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> small;
      small.computeFromTridiagonal(d, e);
      result.value = small.eigenvalues()[k];
      const double estimate = length * std::abs(small.eigenvectors()(k, k));
      const bool is_done = estimate <= 0.1 * tolerance * result.value || length == 0.0;
      if (is_done || k + 1 == vectors) {
        start = basis.leftCols(k + 1) * small.eigenvectors().col(k);
        break;
      }
      beside.push_back(length);
      basis.col(k + 1) = w / length;
    }
    start /= start.norm();
    result.residual = (matrix.times(start) - result.value * start).norm() / result.value;
    ++result.products;
    if (result.residual <= tolerance) break;
  }
  result.vector = start;
  return result;
}

}  // namespace

MetapopulationCapacity metapopulation_capacity(const HabitatNetwork& network, const MetapopulationRule& rule) {
  const HabitatGraph& graph = network.graph;
  const std::size_t n = boost::num_vertices(graph);
  MetapopulationCapacity result;
  result.share.assign(n, 0.0);
  result.own.assign(n, 0.0);
  int components = 0;
  const std::vector<int> component = network_components(network, &components);
  const RoutingGraph routing = route(network, std::numeric_limits<double>::infinity(), false);
  const double alpha = rule.dispersal.alpha();

  // By rank, as searches have it.
  std::vector<std::vector<std::int32_t>> members(static_cast<std::size_t>(components));
  std::vector<double> strength(n);  // a^((x + y) / 2)
  for (std::size_t r = 0; r < n; ++r) {
    const auto patch = static_cast<std::size_t>(routing.patch_of_rank[r]);
    members[static_cast<std::size_t>(component[patch])].push_back(static_cast<std::int32_t>(r));
    strength[r] = std::pow(graph[patch].attribute, 0.5 * (rule.receiving + rule.sending));
  }
  // An entry is at most the eigenvalue, so the largest entry of a link says which entries cannot matter.
  std::vector<std::int32_t> rank_of(n);
  for (std::size_t r = 0; r < n; ++r)
    rank_of[static_cast<std::size_t>(routing.patch_of_rank[r])] = static_cast<std::int32_t>(r);
  std::vector<double> largest(members.size(), 0.0);
  for (const auto& e : boost::make_iterator_range(boost::edges(graph))) {
    const auto u = boost::source(e, graph), v = boost::target(e, graph);
    double& known = largest[static_cast<std::size_t>(component[u])];
    known = std::max(known, strength[static_cast<std::size_t>(rank_of[u])] *
                                strength[static_cast<std::size_t>(rank_of[v])] * std::exp(-alpha * graph[e].cost_m));
  }

  tbb::enumerable_thread_specific<Routes> routes([&] { return Routes(routing); });
  const std::vector<std::int32_t>* leading = nullptr;
  VectorXd vector;
  for (std::size_t c = 0; c < members.size(); ++c) {
    const std::vector<std::int32_t>& of = members[c];
    const std::size_t size = of.size();
    if (rule.self_colonisation)
      for (const std::int32_t r : of)
        largest[c] =
            std::max(largest[c], strength[static_cast<std::size_t>(r)] * strength[static_cast<std::size_t>(r)]);
    if (!(largest[c] > 0.0)) continue;
    const double least = 1e-13 * largest[c] / static_cast<double>(size);
    Matrix matrix;
    matrix.rows.resize(size);
    parallel_for(static_cast<std::int64_t>(size), [&](std::int64_t i) {
      const auto row = static_cast<std::size_t>(i);
      Routes& from = routes.local();
      from.from(of[row]);
      const double here = strength[static_cast<std::size_t>(of[row])];
      for (std::size_t k = 0; k < size; ++k) {
        if (k == row && !rule.self_colonisation) continue;
        const double value = here * strength[static_cast<std::size_t>(of[k])] *
                             (k == row ? 1.0 : std::exp(-alpha * from.distance(of[k])));
        if (value >= least) matrix.rows[row].push_back({static_cast<std::int32_t>(k), value});
      }
    });
    VectorXd start(static_cast<Eigen::Index>(size));
    for (std::size_t k = 0; k < size; ++k)
      start[static_cast<Eigen::Index>(k)] = strength[static_cast<std::size_t>(of[k])];
    const Leading found = size <= most_for_dense ? solve_densely(matrix) : iterate(matrix, start);
    result.products = std::max(result.products, found.products);
    result.residual = std::max(result.residual, found.residual);
    for (const std::int32_t r : of)
      result.own[static_cast<std::size_t>(routing.patch_of_rank[static_cast<std::size_t>(r)])] = found.value;
    if (found.value > result.capacity * (1.0 + 1e-12)) {
      result.capacity = found.value;
      leading = &of;
      vector = found.vector;
    }
  }
  result.converged = result.residual <= 1e-10;
  if (leading != nullptr) {
    const double squares = vector.squaredNorm();
    for (std::size_t k = 0; k < leading->size(); ++k) {
      const double x = vector[static_cast<Eigen::Index>(k)];
      result.share[static_cast<std::size_t>(routing.patch_of_rank[static_cast<std::size_t>((*leading)[k])])] =
          x * x / squares;
    }
  }
  return result;
}

}  // namespace greenweave
