#include "model/structure/mspa.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>

#include "tests/support/drawn.hpp"
#include "tests/support/fractal.hpp"
#include "tests/support/random_rasters.hpp"

using namespace greenweave;
using namespace greenweave::testing;

namespace {

/// x habitat, . background, ? not valid.
Raster<std::uint8_t> habitat_of(std::initializer_list<std::string> rows) {
  Raster<std::uint8_t> map = drawn<std::uint8_t>(rows, {{'x', 1}, {'.', 0}, {'?', 2}});
  map.valid.resize(map.values.size());
  for (std::size_t i = 0; i < map.values.size(); ++i) map.valid[i] = map.values[i] != 2;
  return map;
}

/// The classes as letters: C core, I islet, P perforation, E edge, L loop, B bridge, R branch.
std::vector<std::string> letters(const Mspa& found) {
  std::vector<std::string> rows;
  for (std::int32_t r = 0; r < found.classes.shape.rows; ++r) {
    std::string row;
    for (std::int32_t c = 0; c < found.classes.shape.cols; ++c) {
      const bool valid = found.classes.is_valid(found.classes.shape.cell(r, c));
      row += valid ? ".CIPELBR"[found.classes.at(r, c)] : '?';
    }
    rows.push_back(row);
  }
  return rows;
}

void check_drawn(std::initializer_list<std::string> habitat, const std::vector<std::string>& expected,
                 const MspaRule& rule = {}) {
  CHECK(letters(mspa(habitat_of(habitat), rule)) == expected);
}

// ---- The definitions of mspa.hpp, one by one, as slowly as they read ----

using Set = std::vector<bool>;

struct Plain {
  Raster<std::uint8_t> map;
  MspaRule rule;
  Shape shape = map.shape;

  Set set(const std::function<bool(Cell)>& in) const {
    Set result(static_cast<std::size_t>(shape.cells()));
    for (Cell c = 0; c < shape.cells(); ++c) result[static_cast<std::size_t>(c)] = in(c);
    return result;
  }
  static bool has(const Set& s, Cell c) { return s[static_cast<std::size_t>(c)]; }

  /// Some cell of `s` is nearer than s + 1.
  bool near(Cell cell, const Set& s) const {
    const int limit = (rule.edge_width_cells + 1) * (rule.edge_width_cells + 1);
    for (Cell other = 0; other < shape.cells(); ++other) {
      const int dr = shape.row(cell) - shape.row(other), dc = shape.col(cell) - shape.col(other);
      if (has(s, other) && dr * dr + dc * dc < limit) return true;
    }
    return false;
  }

  std::vector<Set> components(const Set& s, Neighbourhood n) const {
    std::vector<Set> found;
    Set seen(s.size());
    for (Cell first = 0; first < shape.cells(); ++first) {
      if (!has(s, first) || has(seen, first)) continue;
      Set one(s.size());
      std::vector<Cell> open{first};
      seen[static_cast<std::size_t>(first)] = true;
      while (!open.empty()) {
        const Cell cell = open.back();
        open.pop_back();
        one[static_cast<std::size_t>(cell)] = true;
        for_each_neighbour(shape, cell, n, [&](Cell next, bool) {
          if (!has(s, next) || has(seen, next)) return;
          seen[static_cast<std::size_t>(next)] = true;
          open.push_back(next);
        });
      }
      found.push_back(one);
    }
    return found;
  }

  bool reaches_frame(const Set& s) const {
    for (Cell c = 0; c < shape.cells(); ++c)
      if (has(s, c) &&
          (shape.row(c) == 0 || shape.col(c) == 0 || shape.row(c) == shape.rows - 1 || shape.col(c) == shape.cols - 1))
        return true;
    return false;
  }

  Neighbourhood dual() const {
    return rule.foreground == Neighbourhood::eight ? Neighbourhood::four : Neighbourhood::eight;
  }

  /// Components of the set, and of what it is not with everything beyond the frame.
  std::pair<std::size_t, std::size_t> topology(const Set& s) const {
    const Plain wider{Raster<std::uint8_t>(Shape{shape.rows + 2, shape.cols + 2}), rule};
    const auto inside = [&](Cell c) {
      const std::int32_t r = wider.shape.row(c) - 1, col = wider.shape.col(c) - 1;
      return shape.holds(r, col) && has(s, shape.cell(r, col));
    };
    return {wider.components(wider.set(inside), rule.foreground).size(),
            wider.components(wider.set([&](Cell c) { return !inside(c); }), dual()).size()};
  }

  Set thinned(Set s, const Set& anchors) const {
    const auto simple = [&](Cell c) {
      if (!has(s, c) || has(anchors, c)) return false;
      const auto before = topology(s);
      s[static_cast<std::size_t>(c)] = false;
      const bool same = topology(s) == before;
      s[static_cast<std::size_t>(c)] = true;
      return same;
    };
    while (true) {
      std::vector<Cell> round;
      for (Cell c = 0; c < shape.cells(); ++c)
        if (simple(c)) round.push_back(c);
      if (round.empty()) return s;
      for (int turn = 0; turn < 4; ++turn)
        for (const Cell c : round)
          if (shape.row(c) % 2 == turn / 2 && shape.col(c) % 2 == turn % 2 && simple(c))
            s[static_cast<std::size_t>(c)] = false;
    }
  }

  Mspa run() const {
    const Set habitat = set([&](Cell c) { return map.is_valid(c) && map[c] != 0; });
    const Set background = set([&](Cell c) { return map.is_valid(c) && map[c] == 0; });
    const Set core = set([&](Cell c) { return has(habitat, c) && !near(c, background); });
    const std::vector<Set> cores = components(core, rule.foreground);
    Mspa result;
    result.classes = Raster<std::uint8_t>(shape);
    result.classes.valid = map.valid;
    result.interior = Raster<std::uint8_t>(shape);
    const auto put = [&](Cell c, MspaClass k) { result.classes[c] = static_cast<std::uint8_t>(k); };
    Set with_core(habitat.size());
    for (const Set& component : components(habitat, rule.foreground)) {
      bool any = false;
      for (Cell c = 0; c < shape.cells(); ++c) any = any || (has(component, c) && has(core, c));
      for (Cell c = 0; c < shape.cells(); ++c) {
        if (!has(component, c)) continue;
        with_core[static_cast<std::size_t>(c)] = any;
        put(c, any ? MspaClass::core : MspaClass::islet);
      }
    }
    // Holes core by core: what is not this core and does not reach the frame without crossing it.
    Set in_hole(habitat.size());
    for (const Set& k : cores)
      for (const Set& outside : components(set([&](Cell c) { return !has(k, c); }), dual()))
        if (!reaches_frame(outside))
          for (Cell c = 0; c < shape.cells(); ++c)
            if (has(outside, c)) in_hole[static_cast<std::size_t>(c)] = true;
    for (Cell c = 0; c < shape.cells(); ++c) result.interior[c] = has(in_hole, c);
    const std::vector<Set> others = components(set([&](Cell c) { return !has(core, c); }), dual());
    const auto surrounds = [&](const Set& k, Cell cell) {
      for (const Set& outside : components(set([&](Cell c) { return !has(k, c); }), dual()))
        if (has(outside, cell)) return !reaches_frame(outside);
      return false;
    };
    const auto touches = [&](const Set& k, const Set& other) {
      for (Cell c = 0; c < shape.cells(); ++c) {
        if (!has(k, c)) continue;
        bool found = false;
        for_each_neighbour(shape, c, Neighbourhood::four, [&](Cell n, bool) { found = found || has(other, n); });
        if (found) return true;
      }
      return false;
    };
    Set rest(habitat.size());
    for (Cell c = 0; c < shape.cells(); ++c) {
      if (!has(with_core, c) || has(core, c)) continue;
      if (!near(c, core)) {
        rest[static_cast<std::size_t>(c)] = true;
        put(c, MspaClass::branch);
        continue;
      }
      bool edge = !has(in_hole, c);
      for (const Set& other : others)
        if (!edge && has(other, c))
          for (const Set& k : cores) edge = edge || (near(c, k) && !surrounds(k, c) && touches(k, other));
      put(c, edge ? MspaClass::edge : MspaClass::perforation);
    }
    const Set thin = thinned(with_core, core);
    std::map<Cell, MspaClass> curve;
    for (const Set& piece : components(set([&](Cell c) { return has(thin, c) && !has(core, c); }), rule.foreground)) {
      std::set<std::size_t> met;
      for (Cell c = 0; c < shape.cells(); ++c)
        if (has(piece, c))
          for_each_neighbour(shape, c, rule.foreground, [&](Cell n, bool) {
            for (std::size_t k = 0; k < cores.size(); ++k)
              if (has(cores[k], n)) met.insert(k);
          });
      for (Cell c = 0; c < shape.cells(); ++c)
        if (has(piece, c)) curve[c] = met.size() > 1 ? MspaClass::bridge : MspaClass::loop;
    }
    // Steps through the rest to the nearest curve of each kind.
    const auto steps_to = [&](MspaClass kind) {
      std::vector<int> steps(habitat.size(), 1000000);
      for (const auto& [c, k] : curve)
        if (k == kind && has(rest, c)) steps[static_cast<std::size_t>(c)] = 0;
      for (bool changed = true; changed;) {
        changed = false;
        for (Cell c = 0; c < shape.cells(); ++c)
          if (has(rest, c))
            for_each_neighbour(shape, c, rule.foreground, [&](Cell n, bool) {
              if (steps[static_cast<std::size_t>(n)] + 1 < steps[static_cast<std::size_t>(c)])
                steps[static_cast<std::size_t>(c)] = steps[static_cast<std::size_t>(n)] + 1, changed = true;
            });
      }
      return steps;
    };
    const std::vector<int> to_bridge = steps_to(MspaClass::bridge), to_loop = steps_to(MspaClass::loop);
    for (Cell c = 0; c < shape.cells(); ++c) {
      const auto i = static_cast<std::size_t>(c);
      if (curve.count(c) != 0) {
        if (has(rest, c) || rule.transition) put(c, curve.at(c));
      } else if (has(rest, c) && std::min(to_bridge[i], to_loop[i]) <= rule.edge_width_cells) {
        put(c, to_bridge[i] <= to_loop[i] ? MspaClass::bridge : MspaClass::loop);
      }
    }
    return result;
  }
};

Raster<std::uint8_t> random_map(Dice& dice, const Shape& shape) {
  // Blocks of habitat with lines between them: pure noise has no cores.
  Raster<std::uint8_t> map(shape, dice.chance(0.3) ? std::uint8_t{1} : std::uint8_t{0});
  const int blocks = 2 + dice.below(7);
  for (int k = 0; k < blocks; ++k) {
    const std::int32_t r0 = dice.below(shape.rows), c0 = dice.below(shape.cols);
    const bool thin = dice.chance(0.5), upright = dice.chance(0.5);
    const std::int32_t high = thin ? (upright ? 9 : 1) : 2 + dice.below(6),
                       wide = thin ? (upright ? 1 : 9) : 2 + dice.below(6);
    const auto value = static_cast<std::uint8_t>(dice.chance(0.75) ? 1 : 0);
    for (std::int32_t r = r0; r < std::min(shape.rows, r0 + high); ++r)
      for (std::int32_t c = c0; c < std::min(shape.cols, c0 + wide); ++c) map.at(r, c) = value;
  }
  for (auto& m : map.values)
    if (dice.chance(0.03)) m = m == 0;
  if (dice.chance(0.5)) {
    map.valid.assign(map.values.size(), 1);
    for (auto& v : map.valid) v = dice.chance(0.97);
    if (dice.chance(0.3))
      for (std::int32_t r = 0; r < shape.rows; ++r) map.valid[static_cast<std::size_t>(shape.cell(r, 0))] = 0;
  }
  return map;
}

}  // namespace

TEST_CASE("MSPA drawn: a core with its edge, and an islet") {
  check_drawn(
      {
          ".........",  //
          ".xxxxx...",  //
          ".xxxxx.x.",  //
          ".xxxxx.x.",  //
          ".xxxxx...",  //
          ".........",  //
      },
      {
          ".........",  //
          ".EEEEE...",  //
          ".ECCCE.I.",  //
          ".ECCCE.I.",  //
          ".EEEEE...",  //
          ".........",  //
      });
}

TEST_CASE("MSPA drawn: a hole in a core has a perforation around it, the outside an edge") {
  check_drawn(
      {
          ".........",  //
          ".xxxxxxx.",  //
          ".xxxxxxx.",  //
          ".xxxxxxx.",  //
          ".xxx.xxx.",  //
          ".xxxxxxx.",  //
          ".xxxxxxx.",  //
          ".xxxxxxx.",  //
          ".........",  //
      },
      {
          ".........",  //
          ".EEEEEEE.",  //
          ".ECCCCCE.",  //
          ".ECPPPCE.",  //
          ".ECP.PCE.",  //
          ".ECPPPCE.",  //
          ".ECCCCCE.",  //
          ".EEEEEEE.",  //
          ".........",  //
      });
}

TEST_CASE("MSPA drawn: a bridge between two cores, a branch from one, a loop at one") {
  // With transitions a bridge shows through the edge; without, the edge closes over it.
  const std::initializer_list<std::string> map = {
      "..............",  //
      ".xxx......xxx.",  //
      ".xxxxxxxxxxxx.",  //
      ".xxx......xxx.",  //
      "..x...........",  //
      "..x...........",  //
      "..............",  //
  };
  check_drawn(map, {
                       "..............",  //
                       ".EEE......EEE.",  //
                       ".ECBBBBBBBBCE.",  //
                       ".EEE......EEE.",  //
                       "..R...........",  //
                       "..R...........",  //
                       "..............",  //
                   });
  MspaRule closed;
  closed.transition = false;
  check_drawn(map,
              {
                  "..............",  //
                  ".EEE......EEE.",  //
                  ".ECEBBBBBBECE.",  //
                  ".EEE......EEE.",  //
                  "..R...........",  //
                  "..R...........",  //
                  "..............",  //
              },
              closed);
  check_drawn(
      {
          ".........",  //
          ".xxxxx...",  //
          ".xxx.x...",  //
          ".xxx.x...",  //
          ".xxxxx...",  //
          ".........",  //
      },
      {
          ".........",  //
          ".EEELL...",  //
          ".ECE.L...",  //
          ".ECE.L...",  //
          ".EEELL...",  //
          ".........",  //
      },
      closed);
}

TEST_CASE("MSPA drawn: an island of habitat within a hole has an edge of its own") {
  // Where the hole's rim is too far from the island its habitat is perforation, and the lake between is inside.
  std::vector<std::string> rows(15, std::string(15, 'x'));
  for (int r = 3; r < 12; ++r)
    for (int c = 3; c < 12; ++c) rows[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)] = '.';
  for (int r = 6; r < 9; ++r)
    for (int c = 6; c < 9; ++c) rows[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)] = 'x';
  Raster<std::uint8_t> map(Shape{15, 15});
  for (std::int32_t r = 0; r < 15; ++r)
    for (std::int32_t c = 0; c < 15; ++c)
      map.at(r, c) = rows[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)] == 'x';
  MspaRule rule;
  rule.interior = true;
  const Mspa found = mspa(map, rule);
  const auto cells = [&](MspaClass k) { return found.cells[static_cast<std::size_t>(k)]; };
  CHECK(cells(MspaClass::core) == 15 * 15 - 11 * 11 + 1);
  CHECK(cells(MspaClass::perforation) == 40);
  CHECK(cells(MspaClass::edge) == 8);
  CHECK(cells(MspaClass::background) == 72);
  CHECK(found.interior.at(7, 7) == 1);
  CHECK(found.interior.at(4, 4) == 1);
  CHECK(found.interior.at(2, 2) == 1);  // the rim of the hole
  CHECK(found.interior.at(1, 1) == 0);
}

TEST_CASE("MSPA drawn: neither the frame nor missing cells make an edge, and a hole that reaches them is none") {
  check_drawn(
      {
          "xxx?xxxx",  //
          "xxx?xxxx",  //
          "xxxxxxxx",  //
          "xxxxxxx.",  //
      },
      {
          "CCC?CCCC",  //
          "CCC?CCCC",  //
          "CCCCCCEE",  //
          "CCCCCCE.",  //
      });
}

TEST_CASE("MSPA drawn: width and neighbourhood") {
  // At width 2 the core shrinks to what is three cells away; two steps of the tail are rim, but for its own corner.
  MspaRule rule;
  rule.edge_width_cells = 2;
  check_drawn(
      {
          ".........",  //
          ".xxxxx...",  //
          ".xxxxx...",  //
          ".xxxxxxx.",  //
          ".xxxxx...",  //
          ".xxxxx...",  //
          ".........",  //
      },
      {
          ".........",  //
          ".EEEEE...",  //
          ".EEEEE...",  //
          ".EECEERR.",  //
          ".EEEEE...",  //
          ".EEEEE...",  //
          ".........",  //
      },
      rule);
  // What hangs on by a corner is a branch at eight neighbours, an islet at four.
  const std::initializer_list<std::string> corner = {
      "......",  //
      ".xxx..",  //
      ".xxx..",  //
      ".xxx..",  //
      "....x.",  //
      "......",  //
  };
  CHECK(letters(mspa(habitat_of(corner)))[4] == "....R.");
  MspaRule four;
  four.foreground = Neighbourhood::four;
  CHECK(letters(mspa(habitat_of(corner), four))[4] == "....I.");
}

TEST_CASE("MSPA: equal to the definitions on random maps") {
  std::map<std::uint8_t, int> met;
  for (std::uint64_t seed = 0; seed < 160; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const Shape shape{4 + dice.below(13), 4 + dice.below(13)};
    const Raster<std::uint8_t> map = random_map(dice, shape);
    MspaRule rule;
    rule.edge_width_cells = dice.chance(0.6) ? 1 : 2;
    rule.foreground = dice.chance(0.5) ? Neighbourhood::eight : Neighbourhood::four;
    rule.transition = dice.chance(0.5);
    rule.interior = true;
    const Mspa found = mspa(map, rule);
    const Mspa expected = Plain{map, rule}.run();
    REQUIRE(letters(found) == letters(expected));
    REQUIRE(found.interior.values == expected.interior.values);
    // Classes part the habitat.
    std::array<std::int64_t, mspa_classes> cells{};
    for (Cell c = 0; c < shape.cells(); ++c) {
      if (!map.is_valid(c)) continue;
      REQUIRE((found.classes[c] != 0) == (map[c] != 0));
      ++cells[found.classes[c]];
      ++met[found.classes[c]];
    }
    REQUIRE(cells == found.cells);
  }
  for (std::uint8_t k = 0; k < mspa_classes; ++k) CHECK(met[k] > 50);
}

TEST_CASE("MSPA: the same at any thread count, and a map turned upside down has the same core, islets and rims") {
  const Shape shape{700, 500};
  const std::vector<float> height = fractal(shape, 3);
  Raster<std::uint8_t> map(shape), turned(shape);
  for (std::size_t i = 0; i < height.size(); ++i) {
    map.values[i] = height[i] > 0.5F;
    turned.values[height.size() - 1 - i] = map.values[i];
  }
  MspaRule rule;
  rule.transition = false;
  const Mspa found = mspa(map, rule), other = mspa(turned, rule);
  {
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    CHECK(mspa(map, rule).classes.values == found.classes.values);
  }
  for (const MspaClass k : {MspaClass::core, MspaClass::islet, MspaClass::perforation, MspaClass::edge})
    CHECK(found.cells[static_cast<std::size_t>(k)] == other.cells[static_cast<std::size_t>(k)]);
  for (const std::int64_t cells : found.cells) CHECK(cells > 0);
}
