#pragma once
// What the kernels on elevation share: steps to neighbours, NoData as walls, sortable heights.
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// The step that leads back: neighbour_steps[opposite(k)] is the negative of neighbour_steps[k].
constexpr int opposite(int k) { return k < 4 ? 3 - k : 11 - k; }

/// Height of what is not there: outside the mask. No water flows onto it.
inline constexpr float no_height = std::numeric_limits<float>::infinity();

/// A number that orders as the height does, for heights that are finite or infinite.
inline std::uint32_t key_of(float height) {
  // Negative zero is the height zero.
  const auto bits = std::bit_cast<std::uint32_t>(height + 0.0F);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

inline float height_of(std::uint32_t key) {
  return std::bit_cast<float>((key & 0x80000000U) != 0 ? key & 0x7fffffffU : ~key);
}

/// Heights with NoData as `no_height`: the raster's own values if it has no mask, otherwise a copy. The raster must
/// outlive it.
class Heights {
 public:
  /// InputError: a height that is not finite.
  explicit Heights(const Raster<float>& elevation_m);

  const Shape& shape() const { return shape_; }
  const float* data() const { return data_; }
  float operator[](std::int64_t cell) const { return data_[cell]; }
  bool is_valid(std::int64_t cell) const { return data_[cell] != no_height; }

 private:
  Shape shape_;
  std::vector<float> copy_;
  const float* data_;
};

/// Whether water can leave the grid from a valid cell: at the grid's rim, or beside NoData.
bool is_outlet(const Heights& heights, Cell cell);

}  // namespace greenweave
