#pragma once
// The lowest pass between each two neighbouring basins, collected cell by cell.
#include <bit>
#include <cassert>
#include <cstdint>
#include <utility>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

/// The lowest way over the divide between basins a < b: from a cell of a to a neighbouring cell of b.
struct Pass {
  std::int32_t a = -1, b = -1;
  float level_m = 0.0F;  // height of the higher of both cells
  float foot_m = 0.0F;   // of the lower one: of two ways down from one ridge the lower is taken
  Cell from = -1;        // in a; -1: outside the grid
  Cell to = -1;          // in b

  bool is_lower_than(const Pass& other) const {
    if (level_m != other.level_m) return level_m < other.level_m;
    if (foot_m != other.foot_m) return foot_m < other.foot_m;
    return from != other.from ? from < other.from : to < other.to;
  }
};

/// A hash table of passes by pair of basins. What it holds does not depend on the order in which passes come.
class LowestPasses {
 public:
  explicit LowestPasses(std::size_t expected = 64) : slots_(std::bit_ceil(2 * expected)) {}

  void add(const Pass& pass) {
    assert(pass.a < pass.b);
    if (2 * (count_ + 1) > slots_.size()) grow();
    Pass& slot = slot_of(pass.a, pass.b);
    if (slot.a < 0) {
      slot = pass;
      ++count_;
    } else if (pass.is_lower_than(slot)) {
      slot = pass;
    }
  }

  /// All passes, in no useful order.
  std::vector<Pass> take() {
    std::vector<Pass> passes;
    passes.reserve(count_);
    for (const Pass& slot : slots_)
      if (slot.a >= 0) passes.push_back(slot);
    slots_.assign(slots_.size(), Pass{});
    count_ = 0;
    return passes;
  }

 private:
  Pass& slot_of(std::int32_t a, std::int32_t b) {
    const std::uint64_t key = static_cast<std::uint64_t>(a) << 32 | static_cast<std::uint32_t>(b);
    std::size_t i = static_cast<std::size_t>((key * 0x9e3779b97f4a7c15ULL) >> 20) & (slots_.size() - 1);
    while (slots_[i].a >= 0 && (slots_[i].a != a || slots_[i].b != b)) i = (i + 1) & (slots_.size() - 1);
    return slots_[i];
  }

  void grow() {
    std::vector<Pass> old = std::exchange(slots_, std::vector<Pass>(slots_.size() * 2));
    for (const Pass& pass : old)
      if (pass.a >= 0) slot_of(pass.a, pass.b) = pass;
  }

  std::vector<Pass> slots_;
  std::size_t count_ = 0;
};

}  // namespace greenweave
