#pragma once
#include <cstdint>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// A conductance beside the grid's own steps: between two nodes, or between one and ground (`v` = `Laplacian::ground`).
struct Tie {
  std::int32_t u = -1, v = -1;
  double conductance = 0.0;
};

/// The Laplacian of a circuit on a raster: one node a cell, steps to eight neighbours, and beside them merged nodes
/// (short-circuited cells) with ties to cells and to each other; no tie joins two cells. Nodes are the cells in a frame
/// one cell wide, row by row, then the merged ones; cells that are no node have no step and no tie.
struct Laplacian {
  static constexpr std::int32_t ground = -1;

  Shape shape;
  std::int32_t stride = 2;
  std::int32_t merged = 0;
  // Conductances of the steps from each cell to the east and the row below; 0 where there is none.
  std::vector<float> east, south_west, south, south_east;
  std::vector<Tie> ties;

  Laplacian() = default;
  explicit Laplacian(Shape s);

  std::int32_t cells() const { return (shape.rows + 2) * stride; }
  std::int32_t size() const { return cells() + merged; }
  std::int32_t node(Cell cell) const { return cell + stride + 1 + 2 * (cell / shape.cols); }
  /// The cell of a node below `cells()`, which must not lie in the frame.
  Cell cell(std::int32_t node) const { return node - stride - 1 - 2 * (node / stride - 1); }

  /// Sum of the conductances at each node.
  std::vector<double> diagonal() const;
};

/// out = A x for `lanes` vectors at once, interleaved: value of lane l at node i stands at i * lanes + l. Parallel; the
/// same bits at any thread count. `lanes` is 1 or 4.
template <int lanes>
void multiply(const Laplacian& laplacian, const double* x, double* out);

}  // namespace greenweave
