#include "model/structure/mspa.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <vector>

#include "model/grid/components.hpp"
#include "model/grid/disc.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

constexpr std::int64_t piece = 1 << 17;

template <class Body>
void for_cells(const Shape& shape, const Body& body) {
  parallel_pieces(shape.cells(), piece, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) body(i);
  });
}

/// How cores and what is not core lie inside one another. Labels are those of the two labellings.
struct Nesting {
  std::vector<std::uint8_t> is_hole;   // of what is not core: it lies in a hole of a core
  std::vector<std::uint8_t> has_core;  // ... and a core lies right inside it
  std::vector<std::int32_t> lies_in;   // of cores: in which component of what is not core; 0: against the frame
};

/// The topmost cell of a component has what surrounds the component to its north. A component of what is not core that
/// reaches the frame is surrounded by nothing.
Nesting nest(const Raster<std::int32_t>& core, std::int32_t cores, const Raster<std::int32_t>& other,
             std::int32_t others) {
  const Shape shape = core.shape;
  Nesting result;
  result.is_hole.assign(static_cast<std::size_t>(others) + 1, 1);
  result.has_core.assign(static_cast<std::size_t>(others) + 1, 0);
  result.lies_in.assign(static_cast<std::size_t>(cores) + 1, 0);
  result.is_hole[0] = 0;
  const auto open = [&](std::int32_t r, std::int32_t c) {
    result.is_hole[static_cast<std::size_t>(other.at(r, c))] = 0;
  };
  for (std::int32_t c = 0; c < shape.cols; ++c) open(0, c), open(shape.rows - 1, c);
  for (std::int32_t r = 0; r < shape.rows; ++r) open(r, 0), open(r, shape.cols - 1);
  // Labels are numbered by first cell.
  std::int32_t next = 1;
  for (Cell cell = 0; cell < shape.cells() && next <= cores; ++cell) {
    if (core[cell] != next) continue;
    if (cell >= shape.cols) {
      const std::int32_t around = other[cell - shape.cols];
      result.lies_in[static_cast<std::size_t>(next)] = around;
      result.has_core[static_cast<std::size_t>(around)] = 1;
    }
    ++next;
  }
  return result;
}

/// Which of the 256 surroundings make a cell simple: it can go without parting or joining anything. Bit k of a
/// surrounding is the neighbour in step k of this ring, clockwise from the north.
constexpr std::array<std::pair<int, int>, 8> ring{
    {{-1, 0}, {-1, 1}, {0, 1}, {1, 1}, {1, 0}, {1, -1}, {0, -1}, {-1, -1}}};

/// Components of the ring's marked places that touch the centre. With `corners` they do so, and join, by corners too;
/// without, a corner only joins the places on both its sides.
int ring_components(unsigned marked, bool corners) {
  const auto has = [&](int k) { return ((marked >> (k & 7)) & 1U) != 0; };
  int components = 0;
  if (!corners) {
    // A component begins at a side that is not joined to the side before it by the corner between.
    int sides = 0;
    for (int k = 0; k < 8; k += 2) {
      if (!has(k)) continue;
      ++sides;
      if (!(has(k - 1) && has(k - 2))) ++components;
    }
    return sides == 4 && components == 0 ? 1 : components;
  }
  // Two sides with the empty corner between them touch by their own corners; so do places next to each other.
  if (marked == 0) return 0;
  for (int k = 0; k < 8; ++k) {
    if (!has(k)) continue;
    const bool joined_back = has(k - 1) || ((k & 1) == 0 && has(k - 2));
    if (!joined_back) ++components;
  }
  return components == 0 ? 1 : components;
}

std::array<bool, 256> simple_surroundings(Neighbourhood foreground) {
  std::array<bool, 256> simple{};
  const bool eight = foreground == Neighbourhood::eight;
  for (unsigned s = 0; s < 256; ++s)
    simple[s] = ring_components(s, eight) == 1 && ring_components(~s & 255U, !eight) == 1;
  return simple;
}

/// Homotopic thinning in place, on a grid with a margin of one cell.
class Thinning {
 public:
  static constexpr std::uint8_t absent = 0, removable = 1, anchor = 2, queued = 4;

  Thinning(const Shape& shape, Neighbourhood foreground)
      : stride_(shape.cols + 2),
        simple_(simple_surroundings(foreground)),
        cells_(static_cast<std::size_t>((static_cast<std::int64_t>(shape.rows) + 2) * stride_), absent) {
    for (std::size_t k = 0; k < 8; ++k) step_[k] = ring[k].first * stride_ + ring[k].second;
  }

  std::int64_t at(std::int64_t row, std::int64_t col) const { return (row + 1) * stride_ + col + 1; }
  std::uint8_t& operator[](std::int64_t i) { return cells_[static_cast<std::size_t>(i)]; }
  std::uint8_t operator[](std::int64_t i) const { return cells_[static_cast<std::size_t>(i)]; }
  std::int64_t row(std::int64_t i) const { return i / stride_ - 1; }
  std::int64_t col(std::int64_t i) const { return i % stride_ - 1; }
  const std::array<std::int64_t, 8>& steps() const { return step_; }

  /// Removes until no cell of the rest is simple. `todo`: all removable cells.
  void run(std::vector<std::int64_t> todo) {
    std::vector<std::vector<std::int64_t>> parts;
    while (!todo.empty()) {
      // Who is simple when the round begins, by turn.
      const auto count = static_cast<std::int64_t>(todo.size());
      const auto pieces = static_cast<std::size_t>((count + grain - 1) / grain);
      parts.assign(5 * pieces, {});
      parallel_pieces(count, grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t k = begin; k < end; ++k) (*this)[todo[static_cast<std::size_t>(k)]] = removable;
      });
      parallel_pieces(count, grain, [&](std::int64_t begin, std::int64_t end) {
        const auto first = static_cast<std::size_t>(begin / grain) * 5;
        for (std::int64_t k = begin; k < end; ++k) {
          const std::int64_t i = todo[static_cast<std::size_t>(k)];
          if (is_simple_now(i)) parts[first + static_cast<std::size_t>(2 * (row(i) & 1) + (col(i) & 1))].push_back(i);
        }
      });
      // Cells of one turn are no neighbours: they may go at the same time.
      for (std::size_t turn = 0; turn < 4; ++turn)
        parallel_for(static_cast<std::int64_t>(pieces), [&](std::int64_t p) {
          std::vector<std::int64_t>& part = parts[static_cast<std::size_t>(p) * 5 + turn];
          std::size_t gone = 0;
          for (const std::int64_t i : part)
            if (is_simple_now(i)) {
              (*this)[i] = absent;
              part[gone++] = i;
            }
          part.resize(gone);
        });
      // Only a neighbour of what went can have become simple.
      parallel_for(static_cast<std::int64_t>(pieces), [&](std::int64_t p) {
        std::vector<std::int64_t>& next = parts[static_cast<std::size_t>(p) * 5 + 4];
        for (std::size_t turn = 0; turn < 4; ++turn)
          for (const std::int64_t gone : parts[static_cast<std::size_t>(p) * 5 + turn])
            for (const std::int64_t step : step_) {
              std::uint8_t& cell = (*this)[gone + step];
              if (std::atomic_ref(cell).load(std::memory_order_relaxed) != removable) continue;
              if (std::atomic_ref(cell).exchange(queued, std::memory_order_relaxed) == removable)
                next.push_back(gone + step);
            }
      });
      todo.clear();
      for (std::size_t p = 0; p < pieces; ++p)
        todo.insert(todo.end(), parts[p * 5 + 4].begin(), parts[p * 5 + 4].end());
    }
  }

 private:
  static constexpr std::int64_t grain = 1 << 14;

  /// Neighbours that wait for their test count as present, which they are.
  bool is_simple_now(std::int64_t i) const {
    unsigned around = 0;
    for (std::size_t k = 0; k < 8; ++k) around |= static_cast<unsigned>((*this)[i + step_[k]] != absent) << k;
    return simple_[around];
  }

  std::int64_t stride_;
  std::array<bool, 256> simple_;
  std::vector<std::uint8_t> cells_;
  std::array<std::int64_t, 8> step_{};
};

constexpr auto code(MspaClass c) { return static_cast<std::uint8_t>(c); }

/// Classes on the way: what is neither core nor rim nor islet.
constexpr std::uint8_t rest = 100;

/// What the thinning left of rim and rest: bridges and loops, component by component, and the rest beside them.
void draw_connectors(const MspaRule& rule, const Raster<std::int32_t>& core, const Thinning& thinned,
                     Raster<std::uint8_t>& classes) {
  const Shape shape = classes.shape;
  const std::size_t directions = 8, stride = rule.foreground == Neighbourhood::eight ? 1 : 2;
  std::vector<std::vector<Cell>> by_row_strip(static_cast<std::size_t>((shape.rows + 63) / 64));
  parallel_pieces(shape.rows, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r)
      for (std::int64_t c = 0; c < shape.cols; ++c)
        if (thinned[thinned.at(r, c)] == Thinning::removable)
          by_row_strip[static_cast<std::size_t>(begin / 64)].push_back(static_cast<Cell>(r * shape.cols + c));
  });
  std::vector<std::uint8_t> seen(static_cast<std::size_t>(shape.cells()), 0);
  std::vector<Cell> component, bridges, loops;
  for (const std::vector<Cell>& strip : by_row_strip)
    for (const Cell first : strip) {
      if (seen[static_cast<std::size_t>(first)] != 0) continue;
      component.assign(1, first);
      seen[static_cast<std::size_t>(first)] = 1;
      std::int32_t touched = 0;
      bool several = false;
      for (std::size_t k = 0; k < component.size(); ++k) {
        const std::int32_t r = shape.row(component[k]), c = shape.col(component[k]);
        for (std::size_t d = 0; d < directions; d += stride) {
          const std::int32_t rr = r + ring[d].first, cc = c + ring[d].second;
          if (!shape.holds(rr, cc)) continue;
          const Cell next = shape.cell(rr, cc);
          if (core[next] != 0) {
            several = several || (touched != 0 && touched != core[next]);
            touched = core[next];
          } else if (seen[static_cast<std::size_t>(next)] == 0 && thinned[thinned.at(rr, cc)] == Thinning::removable) {
            seen[static_cast<std::size_t>(next)] = 1;
            component.push_back(next);
          }
        }
      }
      // Curves within a rim show only if they are asked for, and nothing grows from them.
      const MspaClass kind = several ? MspaClass::bridge : MspaClass::loop;
      for (const Cell cell : component) {
        const bool within_rest = classes[cell] == rest;
        if (within_rest) (several ? bridges : loops).push_back(cell);
        if (within_rest || rule.transition) classes[cell] = code(kind);
      }
    }
  std::vector<Cell> next;
  const auto grow = [&](std::vector<Cell>& front, MspaClass kind) {
    next.clear();
    for (const Cell cell : front) {
      const std::int32_t r = shape.row(cell), c = shape.col(cell);
      for (std::size_t d = 0; d < directions; d += stride) {
        const std::int32_t rr = r + ring[d].first, cc = c + ring[d].second;
        if (!shape.holds(rr, cc) || classes.at(rr, cc) != rest) continue;
        classes.at(rr, cc) = code(kind);
        next.push_back(shape.cell(rr, cc));
      }
    }
    front.swap(next);
  };
  for (int step = 0; step < rule.edge_width_cells; ++step) {
    grow(bridges, MspaClass::bridge);
    grow(loops, MspaClass::loop);
  }
}

}  // namespace

const char* name_of(MspaClass c) {
  constexpr std::array<const char*, mspa_classes> names{"background", "core", "islet",  "perforation",
                                                        "edge",       "loop", "bridge", "branch"};
  return names[static_cast<std::size_t>(c)];
}

Mspa mspa(const Raster<std::uint8_t>& habitat, const MspaRule& rule) {
  const int s = rule.edge_width_cells;
  assert(s >= 1 && s <= 100);
  const Shape shape = habitat.shape;
  const Neighbourhood dual = rule.foreground == Neighbourhood::eight ? Neighbourhood::four : Neighbourhood::eight;
  const auto is_valid = [&](std::size_t i) { return habitat.valid.empty() || habitat.valid[i] != 0; };
  Mspa result;
  result.classes = Raster<std::uint8_t>(shape);
  result.classes.valid = habitat.valid;
  std::vector<std::uint8_t>& out = result.classes.values;
  if (rule.interior) {
    result.interior = Raster<std::uint8_t>(shape);
    result.interior.valid = habitat.valid;
  }

  Raster<std::uint8_t> mask(shape);  // background, then habitat, then what is not core
  for_cells(shape, [&](std::size_t i) { mask.values[i] = habitat.values[i] == 0 && is_valid(i); });
  Raster<std::uint8_t> core_mask = within_disc(mask, s);
  for_cells(shape, [&](std::size_t i) {
    mask.values[i] = habitat.values[i] != 0 && is_valid(i);
    core_mask.values[i] = mask.values[i] != 0 && core_mask.values[i] == 0;
  });

  std::int32_t components = 0, cores = 0, others = 0;
  const Raster<std::int32_t> core = label_components(core_mask, rule.foreground, &cores);
  {
    const Raster<std::int32_t> component = label_components(mask, rule.foreground, &components);
    std::vector<std::uint8_t> holds_core(static_cast<std::size_t>(components) + 1, 0);
    for_cells(shape, [&](std::size_t i) {
      if (core_mask.values[i] != 0)
        std::atomic_ref(holds_core[static_cast<std::size_t>(component.values[i])]).store(1, std::memory_order_relaxed);
    });
    for_cells(shape, [&](std::size_t i) {
      if (mask.values[i] == 0) return;
      out[i] = core_mask.values[i] != 0                                         ? code(MspaClass::core)
               : holds_core[static_cast<std::size_t>(component.values[i])] != 0 ? rest
                                                                                : code(MspaClass::islet);
    });
  }

  if (cores > 0) {
    const Raster<std::uint8_t> near_core = within_disc(core_mask, s);
    for_cells(shape, [&](std::size_t i) { mask.values[i] = core_mask.values[i] == 0; });
    const Raster<std::int32_t> other = label_components(mask, dual, &others);
    const Nesting nesting = nest(core, cores, other, others);
    const auto core_of_hole_is_near = [&](std::int32_t row, std::int32_t col, std::int32_t hole) {
      for (std::int32_t dr = -s; dr <= s; ++dr)
        for (std::int32_t dc = -s; dc <= s; ++dc) {
          if (dr * dr + dc * dc >= (s + 1) * (s + 1) || !shape.holds(row + dr, col + dc)) continue;
          const std::int32_t found = core.at(row + dr, col + dc);
          if (found != 0 && nesting.lies_in[static_cast<std::size_t>(found)] == hole) return true;
        }
      return false;
    };
    for_cells(shape, [&](std::size_t i) {
      if (out[i] != rest || near_core.values[i] == 0) return;
      const auto cell = static_cast<Cell>(i);
      const std::int32_t around = other.values[i];
      const bool edge = nesting.is_hole[static_cast<std::size_t>(around)] == 0 ||
                        (nesting.has_core[static_cast<std::size_t>(around)] != 0 &&
                         core_of_hole_is_near(shape.row(cell), shape.col(cell), around));
      out[i] = code(edge ? MspaClass::edge : MspaClass::perforation);
    });
    if (rule.interior)
      for_cells(shape, [&](std::size_t i) {
        const std::int32_t around =
            core.values[i] != 0 ? nesting.lies_in[static_cast<std::size_t>(core.values[i])] : other.values[i];
        result.interior.values[i] = nesting.is_hole[static_cast<std::size_t>(around)];
      });

    Thinning thinning(shape, rule.foreground);
    std::vector<std::vector<std::int64_t>> removable(static_cast<std::size_t>((shape.rows + 63) / 64));
    parallel_pieces(shape.rows, 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r)
        for (std::int64_t c = 0; c < shape.cols; ++c) {
          const std::uint8_t here = out[static_cast<std::size_t>(r * shape.cols + c)];
          if (here == code(MspaClass::background) || here == code(MspaClass::islet)) continue;
          const bool is_core = here == code(MspaClass::core);
          thinning[thinning.at(r, c)] = is_core ? Thinning::anchor : Thinning::removable;
          if (!is_core) removable[static_cast<std::size_t>(begin / 64)].push_back(thinning.at(r, c));
        }
    });
    std::vector<std::int64_t> todo;
    for (std::vector<std::int64_t>& part : removable) {
      todo.insert(todo.end(), part.begin(), part.end());
      part = {};
    }
    thinning.run(std::move(todo));
    draw_connectors(rule, core, thinning, result.classes);
    for_cells(shape, [&](std::size_t i) {
      if (out[i] == rest) out[i] = code(MspaClass::branch);
    });
  }

  struct Tally {
    std::array<std::int64_t, mspa_classes> cells{};
    void operator+=(const Tally& other) {
      for (std::size_t c = 0; c < cells.size(); ++c) cells[c] += other.cells[c];
    }
  };
  result.cells = deterministic_sum<Tally>(shape.cells(), piece, [&](std::int64_t begin, std::int64_t end) {
                   Tally tally;
                   for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
                     if (is_valid(i)) ++tally.cells[out[i]];
                   return tally;
                 }).cells;
  return result;
}

}  // namespace greenweave
