#include "model/grid/convolution.hpp"

#include <bit>
#include <cmath>
#include <complex>
#include <numbers>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

using Complex = std::complex<double>;

// The library's product looks for infinities, which cannot occur here.
Complex product(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

/// Fourier transforms of one length, a power of two (Cooley and Tukey 1965).
class Transform {
 public:
  explicit Transform(std::size_t n) : n_(n), roots_(n / 2), place_(n) {
    for (std::size_t k = 0; k < roots_.size(); ++k)
      roots_[k] = std::polar(1.0, -2.0 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n));
    for (std::size_t i = 1; i < n; ++i) place_[i] = place_[i / 2] / 2 + (i % 2) * (n / 2);
  }

  void run(Complex* x, bool inverse) const {
    for (std::size_t i = 0; i < n_; ++i)
      if (i < place_[i]) std::swap(x[i], x[place_[i]]);
    for (std::size_t length = 2; length <= n_; length *= 2) {
      const std::size_t half = length / 2, stride = n_ / length;
      for (std::size_t begin = 0; begin < n_; begin += length)
        for (std::size_t k = 0; k < half; ++k) {
          const Complex root = inverse ? std::conj(roots_[k * stride]) : roots_[k * stride];
          const Complex a = x[begin + k], b = product(x[begin + k + half], root);
          x[begin + k] = a + b;
          x[begin + k + half] = a - b;
        }
    }
  }

 private:
  std::size_t n_;
  std::vector<Complex> roots_;
  std::vector<std::size_t> place_;
};

/// A grid in both directions, rows first.
void transform(std::vector<Complex>& grid, std::size_t rows, std::size_t cols, bool inverse) {
  const Transform along_rows(cols), along_cols(rows);
  parallel_for(static_cast<std::int64_t>(rows),
               [&](std::int64_t r) { along_rows.run(&grid[static_cast<std::size_t>(r) * cols], inverse); });
  constexpr std::size_t block = 8;  // columns that share cache lines
  parallel_pieces(static_cast<std::int64_t>(cols), block, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Complex> lines(block * rows);
    const auto first = static_cast<std::size_t>(begin), count = static_cast<std::size_t>(end - begin);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t k = 0; k < count; ++k) lines[k * rows + r] = grid[r * cols + first + k];
    for (std::size_t k = 0; k < count; ++k) along_cols.run(&lines[k * rows], inverse);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t k = 0; k < count; ++k) grid[r * cols + first + k] = lines[k * rows + r];
  });
}

}  // namespace

Raster<double> convolve_disc(const Raster<float>& values, double reach_cells,
                             const std::function<double(double)>& weight) {
  const Shape& shape = values.shape;
  Raster<double> result(shape, 0.0);
  if (shape.cells() == 0) return result;
  // Nothing beyond the grid can be reached, and padding by the reach keeps the ends of a line apart.
  const auto reach = static_cast<std::int32_t>(std::min(reach_cells, std::hypot(shape.rows, shape.cols)));
  const auto padded = [&](std::int32_t n) {
    return std::bit_ceil(static_cast<std::size_t>(n + std::min(reach, n - 1)));
  };
  const std::size_t rows = padded(shape.rows), cols = padded(shape.cols);

  std::vector<Complex> grid(rows * cols), window(rows * cols);
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (values.is_valid(cell))
      grid[static_cast<std::size_t>(shape.row(cell)) * cols + static_cast<std::size_t>(shape.col(cell))] =
          static_cast<double>(values[cell]);
  const std::int32_t most_rows = std::min(reach, shape.rows - 1), most_cols = std::min(reach, shape.cols - 1);
  for (std::int32_t r = -most_rows; r <= most_rows; ++r)
    for (std::int32_t c = -most_cols; c <= most_cols; ++c) {
      const double distance = std::hypot(r, c);
      if (distance > reach_cells) continue;
      const std::size_t row = r < 0 ? rows - static_cast<std::size_t>(-r) : static_cast<std::size_t>(r);
      const std::size_t col = c < 0 ? cols - static_cast<std::size_t>(-c) : static_cast<std::size_t>(c);
      window[row * cols + col] = weight(distance);
    }
  transform(grid, rows, cols, false);
  transform(window, rows, cols, false);
  parallel_pieces(static_cast<std::int64_t>(grid.size()), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      grid[i] = product(grid[i], window[i]);
  });
  transform(grid, rows, cols, true);
  const double scale = 1.0 / (static_cast<double>(rows) * static_cast<double>(cols));
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    result[cell] =
        grid[static_cast<std::size_t>(shape.row(cell)) * cols + static_cast<std::size_t>(shape.col(cell))].real() *
        scale;
  return result;
}

}  // namespace greenweave
