#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "model/circuit/laplacian.hpp"

namespace greenweave {

/// A sparse LDL' factorisation of a circuit, for small ones and for those on which an iteration stalls. Nodes are
/// eliminated by nested dissection of the raster: halves first, then the line between them, merged nodes last. One node
/// of each component without a way to ground is held at 0 volts. Memory grows as n log n: about 0.5 GiB for a million
/// cells.
class DirectSolver {
 public:
  explicit DirectSolver(const Laplacian& laplacian);
  ~DirectSolver();

  /// x of A x = b, both `size()` long; components in which b does not sum to zero must have a way to ground.
  void solve(const std::vector<double>& b, std::vector<double>& x) const;

 private:
  struct Factor;
  std::vector<std::int32_t> unknown_;  // of each node; -1: none, or held
  std::unique_ptr<Factor> factor_;
};

}  // namespace greenweave
