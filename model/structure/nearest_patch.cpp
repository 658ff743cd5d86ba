#include "model/structure/nearest_patch.hpp"

#include <algorithm>
#include <atomic>
#include <limits>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();

void lower(std::int64_t& value, std::int64_t to) {
  std::atomic_ref<std::int64_t> shared(value);
  std::int64_t seen = shared.load(std::memory_order_relaxed);
  while (to < seen && !shared.compare_exchange_weak(seen, to, std::memory_order_relaxed)) {
  }
}

/// Where a class was met last along a line, and which patch it was.
struct Last {
  std::int32_t position = 0;
  std::int32_t label = 0;
};

class Search {
 public:
  Search(const Raster<std::int32_t>& label, const std::vector<std::uint8_t>& patch_class)
      : label_(label), shape_(label.shape), class_(patch_class), best_(patch_class.size() + 1, unknown) {
    for (const std::uint8_t k : patch_class) classes_ = std::max<std::size_t>(classes_, std::size_t{k} + 1);
    patches_.assign(classes_, 0);
    for (const std::uint8_t k : patch_class) ++patches_[k];
  }

  std::vector<std::int64_t> run() {
    bound_along_rows();
    bound_along_columns();
    // A patch's nearest neighbour is nearest to one of its cells from above or beside it, or from below or beside it.
    std::vector<std::int64_t> down = best_, up = best_;
    parallel_for(2, [&](std::int64_t way) { way == 0 ? sweep(1, down) : sweep(-1, up); });
    std::vector<std::int64_t> result(class_.size());
    for (std::size_t p = 0; p < class_.size(); ++p) {
      const std::int64_t found = std::min(down[p + 1], up[p + 1]);
      result[p] = found == unknown ? -1 : found;
    }
    return result;
  }

 private:
  std::uint8_t class_of(std::int32_t label) const { return class_[static_cast<std::size_t>(label) - 1]; }

  /// Real distances along rows and columns: few patches have none, and they keep the exact search short.
  void bound(Last& last, std::int32_t label, std::int32_t position) {
    if (last.label != 0 && last.label != label) {
      const std::int64_t gap = position - last.position;
      lower(best_[static_cast<std::size_t>(label)], gap * gap);
      lower(best_[static_cast<std::size_t>(last.label)], gap * gap);
    }
    last = {position, label};
  }

  void bound_along_rows() {
    parallel_pieces(shape_.rows, 64, [&](std::int64_t begin, std::int64_t end) {
      std::vector<Last> last(classes_);
      for (std::int64_t r = begin; r < end; ++r) {
        std::fill(last.begin(), last.end(), Last{});
        const std::int32_t* row = label_.values.data() + r * shape_.cols;
        for (std::int32_t c = 0; c < shape_.cols; ++c)
          if (row[c] != 0) bound(last[class_of(row[c])], row[c], c);
      }
    });
  }

  void bound_along_columns() {
    parallel_pieces(shape_.cols, 256, [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t width = end - begin;
      std::vector<Last> last(classes_ * static_cast<std::size_t>(width));
      for (std::int32_t r = 0; r < shape_.rows; ++r) {
        const std::int32_t* row = label_.values.data() + static_cast<std::int64_t>(r) * shape_.cols + begin;
        for (std::int64_t c = 0; c < width; ++c)
          if (row[c] != 0)
            bound(last[class_of(row[c]) * static_cast<std::size_t>(width) + static_cast<std::size_t>(c)], row[c], r);
      }
    });
  }

  /// Looks back from each cell on a patch's rim over the rows swept so far, column by column outwards, as far as the
  /// patch's best distance allows. The last patch of the class in a column is enough: where that is the patch itself,
  /// what lies behind is nearer to its cell there, and `bound_along_columns` has seen that pair.
  void sweep(std::int32_t way, std::vector<std::int64_t>& best) const {
    const auto cols = static_cast<std::size_t>(shape_.cols);
    std::vector<Last> seen(classes_ * cols);
    for (std::int32_t k = 0; k < shape_.rows; ++k) {
      const std::int32_t r = way > 0 ? k : shape_.rows - 1 - k;
      const std::int32_t* row = label_.values.data() + static_cast<std::int64_t>(r) * shape_.cols;
      for (std::size_t c = 0; c < cols; ++c)
        if (row[c] != 0) seen[class_of(row[c]) * cols + c] = {r, row[c]};
      for (std::int32_t c = 0; c < shape_.cols; ++c)
        if (row[c] != 0 && patches_[class_of(row[c])] > 1 && on_rim(r, c))
          look_back(seen.data() + class_of(row[c]) * cols, r, c, row[c], best[static_cast<std::size_t>(row[c])]);
    }
  }

  bool on_rim(std::int32_t r, std::int32_t c) const {
    const std::int32_t here = label_.at(r, c);
    return r == 0 || c == 0 || r + 1 == shape_.rows || c + 1 == shape_.cols || label_.at(r - 1, c) != here ||
           label_.at(r + 1, c) != here || label_.at(r, c - 1) != here || label_.at(r, c + 1) != here;
  }

  void look_back(const Last* columns, std::int32_t r, std::int32_t c, std::int32_t label, std::int64_t& best) const {
    const std::int32_t widest = std::max(c, shape_.cols - 1 - c);
    for (std::int32_t dx = 0; dx <= widest; ++dx) {
      const std::int64_t across = static_cast<std::int64_t>(dx) * dx;
      if (across >= best) return;
      const auto try_column = [&](std::int32_t column) {
        if (column < 0 || column >= shape_.cols) return;
        const Last& last = columns[column];
        if (last.label == 0 || last.label == label) return;
        const std::int64_t along = static_cast<std::int64_t>(r) - last.position;
        best = std::min(best, across + along * along);
      };
      try_column(c - dx);
      try_column(c + dx);
    }
  }

  const Raster<std::int32_t>& label_;
  Shape shape_;
  const std::vector<std::uint8_t>& class_;
  std::size_t classes_ = 0;
  std::vector<std::int64_t> patches_;  // of each class
  std::vector<std::int64_t> best_;
};

}  // namespace

std::vector<std::int64_t> nearest_patches(const Raster<std::int32_t>& label,
                                          const std::vector<std::uint8_t>& patch_class) {
  return Search(label, patch_class).run();
}

}  // namespace greenweave
