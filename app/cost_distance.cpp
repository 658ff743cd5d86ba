#include "model/movement/cost_distance.hpp"

#include <cmath>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "app/commands.hpp"
#include "io/raster_io.hpp"
#include "io/vector_io.hpp"
#include "model/landscape/landscape.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

struct CostDistanceOptions {
  fs::path resistance, sources, out;
  std::string layer;
  double limit = std::numeric_limits<double>::infinity();
  bool in_cell_widths = false, compressed = false;
};

/// Resistances as the search takes them: NoData is impassable, everything else must be above zero.
Raster<float> resistances_of(const fs::path& path, Frame* frame) {
  Raster<float> resistance = read_raster_as_is(path, frame);
  for (Cell cell = 0; cell < resistance.shape.cells(); ++cell) {
    float& value = resistance[cell];
    if (!resistance.is_valid(cell)) {
      value = impassable;
    } else if (!(value > 0.0F)) {
      throw InputError(path.string(),
                       fmt::format("row {}, column {}, counted from 0", frame->shape.row(cell), frame->shape.col(cell)),
                       fmt::format("a resistance of {:g}; it must be above 0", value),
                       "give free movement 1, and NoData to what cannot be entered");
    }
  }
  resistance.valid.clear();
  return resistance;
}

std::vector<Cell> source_cells(const CostDistanceOptions& options, const Frame& frame) {
  std::vector<Cell> cells;
  if (!is_raster(options.sources)) {
    for (const Feature& feature : read_features(options.sources, options.layer, frame, "sources"))
      for (const Cell cell : cells_within(frame, feature.geometry, 0.0)) cells.push_back(cell);
    return cells;
  }
  Frame own;
  const Raster<float> sources = read_raster_as_is(options.sources, &own);
  const double tolerance = 1e-6 * frame.cell_m;
  if (own.shape != frame.shape || std::abs(own.west - frame.west) > tolerance ||
      std::abs(own.north - frame.north) > tolerance || std::abs(own.cell_m - frame.cell_m) > tolerance * 1e-3)
    throw InputError(
        options.sources.string(), "",
        fmt::format("its grid ({} x {} cells of {:g} from {:g}, {:g}) is not that of the resistances ({} x "
                    "{} cells of {:g} from {:g}, {:g})",
                    own.shape.rows, own.shape.cols, own.cell_m, own.west, own.north, frame.shape.rows, frame.shape.cols,
                    frame.cell_m, frame.west, frame.north),
        "give sources on the same grid, or as a vector layer");
  for (Cell cell = 0; cell < sources.shape.cells(); ++cell)
    if (sources.is_valid(cell) && sources[cell] != 0.0F) cells.push_back(cell);
  return cells;
}

void run_cost_distance(const CostDistanceOptions& options) {
  require_new_file(options.out);
  Frame frame;
  const Raster<float> resistance = resistances_of(options.resistance, &frame);
  if (!options.in_cell_widths && !is_in_metres(frame))
    throw InputError(options.resistance.string(), "", "its CRS is not in metres, so that costs cannot be either",
                     "warp it to a projected CRS, or ask for --cell-widths");
  std::vector<Cell> sources = source_cells(options, frame);
  const std::size_t given = sources.size();
  std::erase_if(sources, [&](Cell cell) { return resistance[cell] == impassable; });
  if (sources.empty())
    throw InputError(options.sources.string(), "",
                     given == 0 ? "no cell is a source" : "every source lies on a cell that cannot be entered",
                     "give sources that lie on cells with a resistance");
  if (sources.size() < given)
    fmt::print(stderr, "greenweave: {} of {} source cells cannot be entered and are left out\n", given - sources.size(),
               given);

  const double unit = options.in_cell_widths ? 1.0 : frame.cell_m;
  NamedSurface surface{"cost_distance", options.in_cell_widths ? "1" : "m",
                       options.in_cell_widths ? "Least accumulated cost from the nearest source, in cell widths"
                                              : "Least accumulated cost from the nearest source, in metres of "
                                                "resistance 1",
                       cost_distance(resistance, sources, options.limit / unit)};
  double farthest = 0.0;
  std::int64_t reached = 0;
  for (double& cost : surface.raster.values) {
    cost *= unit;
    if (std::isinf(cost)) continue;
    farthest = std::max(farthest, cost);
    ++reached;
  }
  const std::int64_t cells = frame.shape.cells();
  write_geotiff(options.out, frame, std::move(surface), options.compressed);
  fmt::print("{} of {} cells reached, greatest cost {:.6g} {}: {}\n", reached, cells, farthest,
             options.in_cell_widths ? "cell widths" : "m", options.out.string());
}

}  // namespace

void add_cost_distance_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("cost-distance", "Least accumulated cost over a resistance raster from the nearest source");
  auto options = std::make_shared<CostDistanceOptions>();
  command
      ->add_option("resistance", options->resistance,
                   "Raster of resistances above 0 (1: free movement; NoData: cannot be entered)")
      ->required();
  command
      ->add_option("-s,--sources", options->sources,
                   "Raster on the same grid (sources: cells neither 0 nor NoData) or vector file")
      ->required();
  command->add_option("--layer", options->layer, "Layer of the vector file, if it has several");
  command->add_option("-o,--out", options->out, "GeoTIFF to write")->required();
  command->add_option("--limit", options->limit, "Costs above are left NoData; in the unit of the output")
      ->check(CLI::PositiveNumber);
  command->add_flag("--cell-widths", options->in_cell_widths,
                    "Costs in cell widths, as GRASS r.cost and scikit-image give them, instead of metres");
  command->add_flag("--compress", options->compressed, "Compress the output (smaller, slower)");
  command->callback([options] { run_cost_distance(*options); });
}

}  // namespace greenweave
