#include "model/circuit/laplacian.hpp"

#include <algorithm>

#include <Eigen/Core>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr std::int64_t rows_a_piece = 16;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

Laplacian::Laplacian(Shape s)
    : shape(s),
      stride(s.cols + 2),
      east(index(cells())),
      south_west(east.size()),
      south(east.size()),
      south_east(east.size()) {}

std::vector<double> Laplacian::diagonal() const {
  std::vector<double> sum(index(size()), 0.0);
  parallel_pieces(shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin + 1; r <= end; ++r)
      for (std::int64_t i = r * stride + 1; i < (r + 1) * stride - 1; ++i) {
        const std::size_t k = index(i), above = index(i - stride);
        sum[k] = static_cast<double>(east[k]) + static_cast<double>(east[k - 1]) + static_cast<double>(south[k]) +
                 static_cast<double>(south[above]) + static_cast<double>(south_west[k]) +
                 static_cast<double>(south_west[above + 1]) + static_cast<double>(south_east[k]) +
                 static_cast<double>(south_east[above - 1]);
      }
  });
  for (const Tie& tie : ties) {
    sum[index(tie.u)] += tie.conductance;
    if (tie.v != ground) sum[index(tie.v)] += tie.conductance;
  }
  return sum;
}

template <int lanes>
void multiply(const Laplacian& laplacian, const double* x, double* out) {
  using Lanes = Eigen::Array<double, lanes, 1>;
  using In = Eigen::Map<const Lanes>;
  using Out = Eigen::Map<Lanes>;
  const std::int64_t stride = laplacian.stride;
  const float *const east = laplacian.east.data(), *const south_west = laplacian.south_west.data(),
                     *const south = laplacian.south.data(), *const south_east = laplacian.south_east.data();
  std::fill_n(out, stride * lanes, 0.0);
  std::fill_n(out + (laplacian.cells() - stride) * lanes, stride * lanes, 0.0);
  parallel_pieces(laplacian.shape.rows, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin + 1; r <= end; ++r) {
      const std::int64_t row = r * stride;
      std::fill_n(out + row * lanes, lanes, 0.0);
      std::fill_n(out + (row + stride - 1) * lanes, lanes, 0.0);
      for (std::int64_t i = row + 1; i < row + stride - 1; ++i) {
        const auto flow = [&](float conductance, std::int64_t j, const auto& here) -> Lanes {
          return static_cast<double>(conductance) * (here - In(x + j * lanes));
        };
        const Lanes here = In(x + i * lanes);
        Out(out + i * lanes) =
            ((flow(east[i - 1], i - 1, here) + flow(east[i], i + 1, here)) +
             (flow(south[i - stride], i - stride, here) + flow(south[i], i + stride, here))) +
            ((flow(south_east[i - stride - 1], i - stride - 1, here) + flow(south_east[i], i + stride + 1, here)) +
             (flow(south_west[i - stride + 1], i - stride + 1, here) + flow(south_west[i], i + stride - 1, here)));
      }
    }
  });
  std::fill_n(out + static_cast<std::int64_t>(laplacian.cells()) * lanes,
              static_cast<std::int64_t>(laplacian.merged) * lanes, 0.0);
  for (const Tie& tie : laplacian.ties)
    for (int l = 0; l < lanes; ++l) {
      const std::int64_t u = static_cast<std::int64_t>(tie.u) * lanes + l;
      if (tie.v == Laplacian::ground) {
        out[u] += tie.conductance * x[u];
        continue;
      }
      const std::int64_t v = static_cast<std::int64_t>(tie.v) * lanes + l;
      const double flow = tie.conductance * (x[u] - x[v]);
      out[u] += flow;
      out[v] -= flow;
    }
}

template void multiply<1>(const Laplacian&, const double*, double*);
template void multiply<4>(const Laplacian&, const double*, double*);

}  // namespace greenweave
