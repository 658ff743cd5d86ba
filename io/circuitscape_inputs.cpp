#include "io/circuitscape_inputs.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "io/packed_file.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A line of a text list: its number in the file, and its words.
struct Line {
  int number = 0;
  std::vector<std::string> words;
};

std::vector<Line> lines_of(const std::string& text) {
  std::vector<Line> lines;
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    Line line{++number, {}};
    for (std::size_t i = at; i < end;) {
      i = std::min(text.find_first_not_of(" \t\r\f\v", i), end);
      const std::size_t stop = std::min(text.find_first_of(" \t\r\f\v", i), end);
      if (stop > i) line.words.push_back(text.substr(i, stop - i));
      i = stop;
    }
    if (!line.words.empty()) lines.push_back(std::move(line));
    at = end + 1;
  }
  return lines;
}

double number_of(const std::string& word, const fs::path& file, int line) {
  std::string_view digits = word;
  if (digits.size() > 1 && digits[0] == '+') digits.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end != digits.data() + digits.size() || error != std::errc())
    throw InputError(file.string(), fmt::format("line {}", line), fmt::format("\"{}\" is no number", word),
                     "text lists hold numbers alone, separated by blanks or tabs, decimals with a point");
  return value;
}

int id_of(double value, const fs::path& file, const std::string& place, const char* what) {
  if (value != std::floor(value) || std::abs(value) > static_cast<double>(std::numeric_limits<int>::max()))
    throw InputError(file.string(), place, fmt::format("{:g} is no {}: a whole number is", value, what),
                     "correct the number");
  return static_cast<int>(value);
}

/// Rows of numbers, each of at least `least` of them.
struct Numbers {
  int line = 0;
  std::vector<double> values;
};

std::vector<Numbers> numbers_of(const std::string& text, const fs::path& file, std::size_t least, const char* columns) {
  std::vector<Numbers> rows;
  for (const Line& line : lines_of(text)) {
    Numbers row{line.number, {}};
    for (const std::string& word : line.words) row.values.push_back(number_of(word, file, line.number));
    if (row.values.size() < least)
      throw InputError(file.string(), fmt::format("line {}", line.number),
                       fmt::format("{} numbers where there should be {}", row.values.size(), columns),
                       "complete the line; the file may be truncated");
    rows.push_back(std::move(row));
  }
  if (rows.empty()) throw InputError(file.string(), "", "it is empty", fmt::format("each line holds {}", columns));
  return rows;
}

std::string cell_name(const Shape& shape, Cell cell) {
  return fmt::format("row {}, column {} of the grid", shape.row(cell) + 1, shape.col(cell) + 1);
}

/// A grid that must have the habitat map's shape; one that lies elsewhere is taken cell by cell, and that is said.
Raster<double> grid_like(const GridPlace& habitat, const fs::path& file, const char* what,
                         std::vector<std::string>& notes) {
  GridPlace place;
  Raster<double> grid = read_grid(file, what, &place);
  if (place.shape != habitat.shape)
    throw InputError(file.string(), "",
                     fmt::format("it has {} rows and {} columns ({}), the habitat map {} and {}", place.shape.rows,
                                 place.shape.cols, what, habitat.shape.rows, habitat.shape.cols),
                     "all grids of a job have the same cells: warp it to the habitat map's extent and cell size");
  const double tolerance = 0.01 * habitat.cell;
  if (std::abs(place.cell - habitat.cell) * std::max(habitat.shape.rows, habitat.shape.cols) > tolerance ||
      std::abs(place.west - habitat.west) > tolerance || std::abs(place.south - habitat.south) > tolerance)
    notes.push_back(fmt::format(
        "{} ({}) has as many cells as the habitat map but lies elsewhere: cells of {:g} from {:g}, {:g} "
        "instead of {:g} from {:g}, {:g}; taken cell by cell",
        file.string(), what, place.cell, place.west, place.south, habitat.cell, habitat.west, habitat.south));
  return grid;
}

/// The cell of a point; points on the outer border belong to the cell within.
Cell cell_at(const GridPlace& place, double x, double y, const fs::path& file, int line) {
  const double row = place.shape.rows - (y - place.south) / place.cell, col = (x - place.west) / place.cell;
  if (!(row >= 0.0 && row <= place.shape.rows && col >= 0.0 && col <= place.shape.cols))
    throw InputError(file.string(), fmt::format("line {}", line),
                     fmt::format("the point {:g}, {:g} lies outside the habitat map ({:g} {:g} to {:g} {:g})", x, y,
                                 place.west, place.south, place.west + place.cell * place.shape.cols,
                                 place.south + place.cell * place.shape.rows),
                     "correct the point, or give a larger habitat map; lines are value x y");
  // Between two cells a point belongs to the one above and to the left.
  return place.shape.cell(static_cast<std::int32_t>(std::max(std::ceil(row), 1.0)) - 1,
                          static_cast<std::int32_t>(std::max(std::ceil(col), 1.0)) - 1);
}

/// Calls `visit(cell, value, place)` for each value of a grid or of a text list of points; `place` is for messages, and
/// empty for cells of a grid.
template <class Visit>
void for_each_value(const fs::path& file, const char* what, const GridPlace& habitat, std::vector<std::string>& notes,
                    const Visit& visit) {
  const std::string name = file.filename().string();
  const bool may_be_text = name.find(".tif") == std::string::npos;
  if (may_be_text) {
    const std::string text = read_packed(file, what);
    const bool is_text = text.find('\0') == std::string::npos;
    if (is_text && !is_ascii_grid(text)) {
      for (const Numbers& row : numbers_of(text, file, 3, "a value, x and y"))
        visit(cell_at(habitat, row.values[1], row.values[2], file, row.line), row.values[0],
              fmt::format("line {}", row.line));
      return;
    }
  }
  const Raster<double> grid = grid_like(habitat, file, what, notes);
  // Column by column: the first cell of a region is the one that Circuitscape takes for the first.
  for (std::int32_t c = 0; c < grid.shape.cols; ++c)
    for (std::int32_t r = 0; r < grid.shape.rows; ++r) {
      const Cell cell = grid.shape.cell(r, c);
      if (grid.is_valid(cell)) visit(cell, grid[cell], std::string());
    }
}

/// Habitat values, reclassified if asked for, as conductances; 0: no node.
Raster<float> conductances(const CircuitscapeJob& job, Raster<double> habitat) {
  if (!job.reclass_file.empty()) {
    std::map<double, double> becomes;
    for (const Numbers& row : numbers_of(read_packed(job.reclass_file, "table of classes"), job.reclass_file, 2,
                                         "an old value and a new one"))
      if (!becomes.emplace(row.values[0], row.values[1]).second)
        throw InputError(job.reclass_file.string(), fmt::format("line {}", row.line),
                         fmt::format("{:g} has a new value already", row.values[0]), "keep one of the two");
    for (Cell cell = 0; cell < habitat.shape.cells(); ++cell) {
      const auto found = becomes.find(habitat.is_valid(cell) ? habitat[cell] : grid_no_data);
      if (found == becomes.end()) continue;
      habitat[cell] = found->second;
      if (habitat.valid.empty()) habitat.valid.assign(habitat.values.size(), 1);
      habitat.valid[static_cast<std::size_t>(cell)] = found->second != grid_no_data;
    }
  }
  Raster<float> conductance(habitat.shape, 0.0F);
  parallel_pieces(habitat.shape.cells(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto cell = static_cast<Cell>(begin); cell < static_cast<Cell>(end); ++cell) {
      if (!habitat.is_valid(cell)) continue;
      const double value = habitat[cell];
      if (value < 0.0 || (value == 0.0 && job.habitat_is_resistances))
        throw InputError(job.habitat_file.string(), cell_name(habitat.shape, cell),
                         fmt::format("a {} of {:g}", job.habitat_is_resistances ? "resistance" : "conductance", value),
                         value < 0.0 ? "values are above 0; give NoData to barriers, and declare it in the file"
                                     : "what does not resist at all is a short-circuit region: use_polygons");
      conductance[cell] = static_cast<float>(job.habitat_is_resistances ? 1.0 / value : value);
    }
  });
  return conductance;
}

std::vector<FocalNode> focal_nodes(const CircuitscapeJob& job, const GridPlace& place,
                                   std::vector<std::string>& notes) {
  std::map<int, std::vector<Cell>> cells;
  std::int64_t negative = 0;
  bool is_list = false;
  for_each_value(job.point_file, "focal nodes", place, notes, [&](Cell cell, double value, const std::string& where) {
    const int id = id_of(value, job.point_file, where.empty() ? cell_name(place.shape, cell) : where, "focal node");
    is_list = is_list || !where.empty();
    if (id == 0 && where.empty()) return;
    if (id == 0) throw InputError(job.point_file.string(), where, "0 is no focal node", "ids are above 0");
    if (id < 0) {
      ++negative;
      return;
    }
    cells[id].push_back(cell);
  });
  if (negative > 0)
    notes.push_back(fmt::format("{}: {} focal cells with a negative id are left out, as in Circuitscape",
                                job.point_file.string(), negative));
  std::vector<FocalNode> focal;
  focal.reserve(cells.size());
  for (auto& [id, of] : cells) {
    if (is_list) {
      std::set<Cell> seen;
      std::erase_if(of, [&](Cell cell) { return !seen.insert(cell).second; });
    }
    focal.push_back({id, std::move(of)});
  }
  if (focal.size() < 2)
    throw InputError(job.point_file.string(), "", fmt::format("it holds {} focal nodes", focal.size()),
                     "give at least two, with ids above 0");
  return focal;
}

/// Drops focal nodes that a file of inclusions does not name.
template <class Focal, class Id>
void prune(std::vector<Focal>& focal, const IncludedPairs& pairs, const fs::path& file, const Id& id) {
  std::erase_if(focal, [&](const Focal& f) { return !pairs.keeps(id(f)); });
  if (focal.empty())
    throw InputError(file.string(), "", "it names no focal node of the job", "its ids are those of the point file");
}

std::vector<double> strengths(const CircuitscapeJob& job, const std::vector<FocalNode>& focal) {
  std::map<int, double> by_id;
  for (const Numbers& row : numbers_of(read_packed(job.variable_source_file, "source strengths"),
                                       job.variable_source_file, 2, "an id and a strength")) {
    const std::string place = fmt::format("line {}", row.line);
    const int id = id_of(row.values[0], job.variable_source_file, place, "focal node");
    if (!by_id.emplace(id, row.values[1]).second)
      throw InputError(job.variable_source_file.string(), place, fmt::format("node {} has a strength already", id),
                       "keep one of the two");
  }
  std::vector<double> result;
  for (const FocalNode& f : focal) {
    const auto found = by_id.find(f.id);
    result.push_back(found == by_id.end() ? 1.0 : found->second);
  }
  return result;
}

double ground_conductance(const CircuitscapeJob& job, double value, const std::string& place) {
  if (value < 0.0)
    throw InputError(
        job.ground_file.string(), place,
        fmt::format("a {} to ground of {:g}", job.ground_is_resistances ? "resistance" : "conductance", value),
        "values are 0 or above; NoData where there is no ground");
  const double conductance = job.ground_is_resistances ? 1.0 / value : value;
  return job.direct_grounds && conductance > 0.0 ? infinity : conductance;
}

void read_grounds_and_sources(const CircuitscapeJob& job, RasterJobInput& input) {
  const Shape shape = input.place.shape;
  input.source = Raster<double>(shape, 0.0);
  input.ground = Raster<double>(shape, 0.0);
  for_each_value(job.source_file, "current sources", input.place, input.notes,
                 [&](Cell cell, double value, const std::string&) {
                   if (value == grid_no_data || value == 0.0) return;
                   input.source[cell] += job.unit_currents ? 1.0 : value;
                 });
  const auto add_ground = [&](Cell cell, double value, const std::string& where) {
    if (value == grid_no_data) return;
    input.ground[cell] += ground_conductance(job, value, where.empty() ? cell_name(shape, cell) : where);
  };
  for_each_value(job.ground_file, "grounds", input.place, input.notes, add_ground);
}

std::int32_t node_of(double value, const fs::path& file, int line) {
  const std::string place = fmt::format("line {}", line);
  const int node = id_of(value, file, place, "node");
  if (node < 0 || node == std::numeric_limits<int>::max())
    throw InputError(file.string(), place, fmt::format("{} is no node", node), "nodes are numbered from 0");
  return node;
}

std::int32_t node_in(const GraphCircuit& graph, double value, const fs::path& file, int line) {
  const std::int32_t node = node_of(value, file, line);
  if (node >= graph.nodes)
    throw InputError(file.string(), fmt::format("line {}", line), fmt::format("the network has no node {}", node),
                     fmt::format("its nodes are 0 to {}", graph.nodes - 1));
  return node;
}

}  // namespace

bool IncludedPairs::keeps(int id) const { return is_exclusion || std::find(ids.begin(), ids.end(), id) != ids.end(); }

IncludedPairs read_included_pairs(const fs::path& path, bool zero_is_none) {
  const std::vector<Line> lines = lines_of(read_packed(path, "included pairs"));
  IncludedPairs pairs;
  const auto fail = [&](int line, const std::string& reason) {
    throw InputError(path.string(), fmt::format("line {}", line), reason,
                     "write \"mode include\" or \"mode exclude\" and a pair of ids a line, or \"min\", \"max\" and a "
                     "matrix with ids in its first row and column");
  };
  if (lines.empty()) fail(1, "the file is empty");
  const auto id = [&](const std::string& word, int line) {
    return id_of(number_of(word, path, line), path, fmt::format("line {}", line), "focal node");
  };
  if (lines[0].words[0] == "mode") {
    if (lines[0].words.size() != 2 || (lines[0].words[1] != "include" && lines[0].words[1] != "exclude"))
      fail(lines[0].number, "the mode is neither include nor exclude");
    pairs.is_exclusion = lines[0].words[1] == "exclude";
    std::set<int> named;
    for (std::size_t k = 1; k < lines.size(); ++k) {
      if (lines[k].words.size() < 2) fail(lines[k].number, "one id where there should be two");
      const int a = id(lines[k].words[0], lines[k].number), b = id(lines[k].words[1], lines[k].number);
      for (const int one : {a, b})
        if (one != 0 || !zero_is_none) named.insert(one);
      if (zero_is_none && (a == 0 || b == 0)) continue;
      pairs.listed.emplace(a, b);
      pairs.listed.emplace(b, a);
    }
    pairs.ids.assign(named.begin(), named.end());
    return pairs;
  }
  if (lines.size() < 4 || lines[0].words[0] != "min" || lines[1].words[0] != "max" || lines[0].words.size() < 2 ||
      lines[1].words.size() < 2)
    fail(lines[0].number, "it begins neither with mode nor with min and max");
  const double least = number_of(lines[0].words[1], path, lines[0].number);
  const double most = number_of(lines[1].words[1], path, lines[1].number);
  for (std::size_t k = 1; k < lines[2].words.size(); ++k) pairs.ids.push_back(id(lines[2].words[k], lines[2].number));
  if (lines.size() - 3 != pairs.ids.size())
    fail(lines[2].number, fmt::format("the matrix has {} columns and {} rows", pairs.ids.size(), lines.size() - 3));
  for (std::size_t r = 0; r < pairs.ids.size(); ++r) {
    const Line& line = lines[r + 3];
    if (line.words.size() < pairs.ids.size() + 1)
      fail(line.number, fmt::format("{} numbers where there should be {}", line.words.size(), pairs.ids.size() + 1));
    if (id(line.words[0], line.number) != pairs.ids[r])
      fail(line.number, fmt::format("row {} of the matrix is of node {}, its column of node {}", r + 1, line.words[0],
                                    pairs.ids[r]));
    for (std::size_t c = 0; c < pairs.ids.size(); ++c) {
      const double value = number_of(line.words[c + 1], path, line.number);
      if (r != c && value >= least && value <= most) pairs.listed.emplace(pairs.ids[r], pairs.ids[c]);
    }
  }
  return pairs;
}

RasterJobInput read_raster_job(const CircuitscapeJob& job) {
  RasterJobInput input;
  input.map.conductance = conductances(job, read_grid(job.habitat_file, "habitat map", &input.place));
  input.map.rule = {
      job.four_neighbours ? Neighbourhood::four : Neighbourhood::eight,
      job.average_resistances ? StepConductance::average_resistance : StepConductance::average_conductance};
  const Shape shape = input.place.shape;
  if (!job.polygon_file.empty()) {
    const Raster<double> grid = grid_like(input.place, job.polygon_file, "short-circuit regions", input.notes);
    input.map.short_circuit = Raster<std::int32_t>(shape, 0);
    for (Cell cell = 0; cell < shape.cells(); ++cell)
      if (grid.is_valid(cell) && grid[cell] > 0.0)
        input.map.short_circuit[cell] =
            id_of(grid[cell], job.polygon_file, cell_name(shape, cell), "short-circuit region");
  }
  if (!job.mask_file.empty()) {
    const Raster<double> mask = grid_like(input.place, job.mask_file, "mask", input.notes);
    for (Cell cell = 0; cell < shape.cells(); ++cell)
      if (!mask.is_valid(cell) || !(mask[cell] > 0.0)) input.map.conductance[cell] = 0.0F;
  }
  if (std::none_of(input.map.conductance.values.begin(), input.map.conductance.values.end(),
                   [](float g) { return g > 0.0F; }))
    throw InputError(
        job.mask_file.empty() ? job.habitat_file.string() : job.mask_file.string(), "",
        job.mask_file.empty() ? "no cell of the habitat map conducts" : "the mask leaves no cell to flow through",
        "current needs cells with a resistance or conductance");
  if (job.scenario == CircuitScenario::advanced) {
    read_grounds_and_sources(job, input);
    return input;
  }
  input.focal = focal_nodes(job, input.place, input.notes);
  if (!job.included_pairs_file.empty()) {
    input.pairs = read_included_pairs(job.included_pairs_file, true);
    prune(input.focal, *input.pairs, job.included_pairs_file, [](const FocalNode& f) { return f.id; });
  }
  if (!job.variable_source_file.empty()) input.strength = strengths(job, input.focal);
  return input;
}

NetworkJobInput read_network_job(const CircuitscapeJob& job) {
  NetworkJobInput input;
  std::vector<GraphCircuit::Branch> branches;
  std::int32_t last = 0;
  for (const Numbers& row : numbers_of(read_packed(job.habitat_file, "network"), job.habitat_file, 3,
                                       "two nodes and a resistance or conductance")) {
    const std::int32_t a = node_of(row.values[0], job.habitat_file, row.line);
    const std::int32_t b = node_of(row.values[1], job.habitat_file, row.line);
    const double value = row.values[2];
    if (!(value >= 0.0) || (value == 0.0 && job.habitat_is_resistances))
      throw InputError(job.habitat_file.string(), fmt::format("line {}", row.line),
                       fmt::format("a {} of {:g}", job.habitat_is_resistances ? "resistance" : "conductance", value),
                       "values are above 0; nodes without resistance between them are one node");
    branches.push_back({a, b, job.habitat_is_resistances ? 1.0 / value : value});
    last = std::max({last, a, b});
  }
  input.graph = graph_circuit(last + 1, std::move(branches));
  if (job.scenario == CircuitScenario::advanced) {
    for (const Numbers& row :
         numbers_of(read_packed(job.source_file, "current sources"), job.source_file, 2, "a node and its current")) {
      const double amperes = job.unit_currents && row.values[1] != 0.0 ? 1.0 : row.values[1];
      input.sources[node_in(input.graph, row.values[0], job.source_file, row.line)] += amperes;
    }
    for (const Numbers& row : numbers_of(read_packed(job.ground_file, "grounds"), job.ground_file, 2,
                                         "a node and its resistance or conductance to ground")) {
      const double conductance = ground_conductance(job, row.values[1], fmt::format("line {}", row.line));
      if (conductance > 0.0)
        input.grounds[node_in(input.graph, row.values[0], job.ground_file, row.line)] += conductance;
    }
    return input;
  }
  for (const Numbers& row : numbers_of(read_packed(job.point_file, "focal nodes"), job.point_file, 1, "a node")) {
    const std::int32_t node = node_in(input.graph, row.values[0], job.point_file, row.line);
    if (std::find(input.focal.begin(), input.focal.end(), node) != input.focal.end())
      throw InputError(job.point_file.string(), fmt::format("line {}", row.line),
                       fmt::format("node {} is a focal node already", node), "keep one of the two");
    input.focal.push_back(node);
  }
  if (!job.included_pairs_file.empty()) {
    input.pairs = read_included_pairs(job.included_pairs_file, false);
    prune(input.focal, *input.pairs, job.included_pairs_file, [](std::int32_t node) { return node; });
  }
  if (input.focal.size() < 2)
    throw InputError(job.point_file.string(), "", fmt::format("it holds {} focal nodes", input.focal.size()),
                     "give at least two");
  return input;
}

}  // namespace greenweave
