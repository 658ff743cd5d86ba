#include "model/water/terrain.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>

#include "app/commands.hpp"
#include "io/raster_io.hpp"
#include "io/vector_io.hpp"
#include "model/run/error.hpp"
#include "model/water/conditioning.hpp"
#include "model/water/depression_probability.hpp"
#include "model/water/depressions.hpp"
#include "model/water/flow.hpp"
#include "model/water/streams.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

enum class FlowMethod { d8, dinf, fd8 };

struct TerrainOptions {
  fs::path dem, out, streams;
  std::string crs, layer;
  double cell_m = 0.0, burn_m = 5.0, stream_ha = 50.0, least_depth_m = 0.1, least_ha = 0.1;
  bool breach = false;
  std::optional<double> rise_m;   // of filled ground, from cell to cell
  std::vector<std::string> only;  // layers; empty: all
  int threads = 0;
  BreachOptions trench;
  FlowMethod flow = FlowMethod::fd8;
  ElevationError error;
  ProbabilityOptions probability{.draws = 0};
  std::uint64_t seed = 1;
};

Raster<float> read_elevation(const TerrainOptions& options, Frame* frame) {
  if (options.cell_m > 0.0 || !options.crs.empty()) {
    FrameWish wish{.crs = options.crs, .cell_m = std::nullopt, .extent = std::nullopt};
    if (options.cell_m > 0.0) wish.cell_m = options.cell_m;
    try {
      *frame = frame_from(wish, options.dem);
    } catch (const InputError& error) {
      // Frames of studies say what to set in the study; here it is options.
      if (error.file().empty() || error.place().find("[frame]") != std::string::npos ||
          error.remedy().find("[frame]") != std::string::npos)
        throw InputError(options.dem.string(), "", error.reason(),
                         "give both --crs, a projected CRS in metres such as EPSG:32648, and --cell, in metres");
      throw;
    }
    return read_raster(options.dem, *frame, Resampling::bilinear, "elevation");
  }
  Raster<float> elevation = read_raster_as_is(options.dem, frame);
  if (!is_in_metres(*frame))
    throw InputError(options.dem.string(), "", "its CRS is not in metres, so that slopes and areas cannot be known",
                     "give --crs, a projected CRS in metres such as EPSG:32648, and --cell, in metres");
  return elevation;
}

/// Writes layers into the folder, and remembers their names for the last line.
class Folder {
 public:
  Folder(fs::path path, const Frame& frame) : path_(std::move(path)), frame_(frame) {}

  template <class T>
  void write(const std::string& name, const std::string& unit, const std::string& meaning, const Raster<T>& raster) {
    write_geotiff(path_ / (name + ".tif"), frame_, NamedRaster{name, unit, meaning, raster});
  }
  void write(const std::string& name, const std::string& unit, const std::string& meaning, Raster<double> raster) {
    for (Cell cell = 0; cell < raster.shape.cells(); ++cell)
      if (!raster.is_valid(cell)) raster[cell] = std::numeric_limits<double>::infinity();
    raster.valid.clear();
    write_geotiff(path_ / (name + ".tif"), frame_, NamedSurface{name, unit, meaning, std::move(raster)}, true);
  }
  void write(const std::string& name, const VectorLayer& layer) {
    write_geopackage(path_ / (name + ".gpkg"), frame_, {layer});
  }

 private:
  fs::path path_;
  const Frame& frame_;
};

VectorLayer streams_layer(const StreamNetwork& network, const Frame& frame) {
  VectorLayer layer{.name = "streams", .kind = Geometry::Kind::lines, .table = {}, .geometries = {}};
  std::vector<std::int64_t> number, strahler, downstream;
  std::vector<double> length, catchment;
  for (const StreamLink& link : network.links) {
    std::vector<Point> line;
    for (const Cell cell : link.cells) line.push_back(frame.centre(cell));
    if (link.flows_to >= 0) line.push_back(frame.centre(link.flows_to));
    // A link of one cell that ends there has no length: it is drawn half a cell long.
    if (line.size() == 1) line.push_back({line[0].x + 0.5 * frame.cell_m, line[0].y});
    layer.geometries.push_back({Geometry::Kind::lines, {line}});
    number.push_back(static_cast<std::int64_t>(number.size()) + 1);
    strahler.push_back(link.strahler);
    downstream.push_back(link.downstream);
    length.push_back(link.length_m);
    catchment.push_back(link.cells_drained * frame.cell_area_ha());
  }
  layer.table = {"streams",
                 {{"link", "1", "Number of the link, as in watersheds.tif", number, 0},
                  {"strahler", "1", "Strahler's order", strahler, 0},
                  {"downstream", "1", "Link that it flows into; 0: none", downstream, 0},
                  {"length_m", "m", "Length along cell centres", length, 0},
                  {"catchment_ha", "ha", "Area that drains to its last cell", catchment, 0}}};
  return layer;
}

/// Depressions at the tops of their trees, numbered from 1 by root, with an outline each.
struct FoundDepressions {
  Raster<std::int32_t> number;
  Raster<float> depth_m;
  VectorLayer layer;
  double volume_m3 = 0.0, area_ha = 0.0;
};

FoundDepressions found_depressions(const Raster<float>& elevation, const DepressionHierarchy& hierarchy,
                                   const Frame& frame) {
  FoundDepressions found{
      Raster<std::int32_t>(frame.shape, 0), Raster<float>(frame.shape, 0.0F), {"depressions", {}, {}, {}}};
  found.number.valid = found.depth_m.valid = elevation.valid;
  std::vector<std::int32_t> number_of(hierarchy.nodes.size(), 0), root_of(hierarchy.nodes.size(), 0);
  std::vector<std::int64_t> number, parts, cells;
  std::vector<double> area, volume, depth, spill, pit_x, pit_y;
  for (std::size_t i = 1; i < hierarchy.nodes.size(); ++i) {
    if (!hierarchy.is_root(static_cast<std::int32_t>(i))) continue;
    const Depression& d = hierarchy.nodes[i];
    number_of[i] = static_cast<std::int32_t>(number.size()) + 1;
    number.push_back(number_of[i]);
    area.push_back(static_cast<double>(d.cells) * frame.cell_area_ha());
    volume.push_back(d.capacity_m * frame.cell_m * frame.cell_m);
    depth.push_back(static_cast<double>(d.spill_m) - static_cast<double>(elevation[d.pit]));
    spill.push_back(static_cast<double>(d.spill_m));
    pit_x.push_back(frame.centre(d.pit).x);
    pit_y.push_back(frame.centre(d.pit).y);
    found.volume_m3 += volume.back();
    found.area_ha += area.back();
  }
  parts.assign(number.size(), 0);
  for (std::size_t i = hierarchy.nodes.size(); i-- > 1;) {
    const std::int32_t parent = hierarchy.nodes[i].parent;
    root_of[i] =
        parent == DepressionHierarchy::ocean ? static_cast<std::int32_t>(i) : root_of[static_cast<std::size_t>(parent)];
    if (hierarchy.is_leaf(static_cast<std::int32_t>(i)))
      ++parts[static_cast<std::size_t>(number_of[static_cast<std::size_t>(root_of[i])]) - 1];
  }
  for (Cell cell = 0; cell < frame.shape.cells(); ++cell) {
    const std::int32_t home = hierarchy.home[cell];
    if (home == DepressionHierarchy::none) continue;
    const auto root = static_cast<std::size_t>(root_of[static_cast<std::size_t>(home)]);
    found.number[cell] = number_of[root];
    found.depth_m[cell] = hierarchy.nodes[root].spill_m - elevation[cell];
  }
  found.layer.kind = Geometry::Kind::polygons;
  found.layer.geometries = outlines_of(frame, found.number, static_cast<std::int32_t>(number.size()));
  found.layer.table = {"depressions",
                       {{"number", "1", "Number, as in depressions.tif", number, 0},
                        {"area_ha", "ha", "Area below its spillway", area, 0},
                        {"volume_m3", "m3", "What it holds up to its spillway", volume, 0},
                        {"depth_m", "m", "Spillway above its lowest cell", depth, 0},
                        {"spill_m", "m", "Height of its spillway", spill, 0},
                        {"pits", "1", "Pits in it", parts, 0},
                        {"pit_x", "m", "Easting of its lowest cell", pit_x, 0},
                        {"pit_y", "m", "Northing of its lowest cell", pit_y, 0}}};
  return found;
}

/// Directions in the code that other programs read: 1 east, then clockwise 2, 4 .. 128; 0: leaves the grid or a pit.
Raster<std::uint8_t> esri_codes(const D8Flow& flow) {
  constexpr std::array<std::uint8_t, 8> code{64, 16, 1, 4, 32, 128, 8, 2};
  Raster<std::uint8_t> codes(flow.shape(), 0);
  codes.valid = flow.to.valid;
  for (std::size_t i = 0; i < codes.values.size(); ++i)
    codes.values[i] = flow.to.values[i] < 8 ? code[flow.to.values[i]] : std::uint8_t{0};
  return codes;
}

const std::vector<std::string>& layer_names() {
  static const std::vector<std::string> names{
      "filled", "breached", "directions",  "accumulation",     "slope",
      "aspect", "twi",      "spi",         "streams",          "watersheds",
      "hand",   "basins",   "depressions", "depression_depth", "depression_probability"};
  return names;
}

/// Which layers to make: those asked for by name, or all. Only what they need is worked out.
class Wanted {
 public:
  explicit Wanted(const TerrainOptions& options) : only_(options.only) {
    const auto missing = [&](const char* layer, const char* reason, const char* remedy) {
      if (std::find(only_.begin(), only_.end(), layer) != only_.end())
        throw InputError(options.dem.string(), fmt::format("--only {}", layer), reason, remedy);
    };
    if (!options.breach) missing("breached", "no trenches are asked for", "add --breach");
    if (options.probability.draws == 0) missing("depression_probability", "no draws are asked for", "add --draws 100");
  }

  template <class... Names>
  bool any(const Names&... names) const {
    return only_.empty() || (... || (std::find(only_.begin(), only_.end(), names) != only_.end()));
  }

 private:
  const std::vector<std::string>& only_;
};

/// Layers of the flow over a surface without depressions.
void write_flow(const TerrainOptions& options, const Wanted& wanted, const Raster<float>& elevation,
                const Raster<float>& filled, const Frame& frame, Folder& folder) {
  const D8Flow flow = d8_flow(filled);
  if (wanted.any("directions"))
    folder.write("directions", "1", "D8 directions: 1 east, 2 south-east, 4 south .. 128 north-east; 0 out of the grid",
                 esri_codes(flow));
  const bool streams = wanted.any("streams", "watersheds", "hand");
  StreamNetwork network;
  double largest_ha = 0.0;
  if (streams || wanted.any("accumulation", "twi", "spi")) {
    const bool of_d8 = options.flow == FlowMethod::d8;
    Raster<double> accumulated;
    if (streams || of_d8 || wanted.any("accumulation")) accumulated = accumulate(flow);
    if (streams) {
      largest_ha = *std::max_element(accumulated.values.begin(), accumulated.values.end()) * frame.cell_area_ha();
      network =
          stream_network(flow, accumulated, std::max(1.0, options.stream_ha / frame.cell_area_ha()), frame.cell_m);
    }
    if (wanted.any("accumulation"))
      folder.write("accumulation", "1", "Cells that drain to the cell, itself included (D8)", accumulated);
    if (wanted.any("twi", "spi")) {
      if (!of_d8)
        accumulated = options.flow == FlowMethod::dinf ? accumulate(d_infinity_flow(filled, flow))
                                                       : accumulate_spread(filled, flow);
      const Raster<float> slope = slope_aspect(elevation, frame.cell_m).slope;
      if (wanted.any("twi"))
        folder.write("twi", "1", "Topographic wetness index ln(a / tan beta), a in m",
                     wetness_index(accumulated, slope, frame.cell_m));
      if (wanted.any("spi"))
        folder.write("spi", "m", "Stream power index a x tan beta",
                     stream_power_index(accumulated, slope, frame.cell_m));
    }
  }
  if (wanted.any("streams") && !network.links.empty()) folder.write("streams", streams_layer(network, frame));
  if (wanted.any("watersheds"))
    folder.write("watersheds", "1", "Link of streams.gpkg that the cell drains to; 0: none",
                 watersheds(flow, network.link));
  if (wanted.any("hand"))
    folder.write("hand", "m", "Height above the stream cell that the cell drains to",
                 height_above_drainage(filled, flow, network.link));
  if (streams) {
    fmt::print("{} stream links from {:g} ha on\n", network.links.size(), options.stream_ha);
    if (network.links.empty())
      fmt::print("no streams: the largest catchment has {:.4g} ha; lower --stream-area\n", largest_ha);
  }
  if (wanted.any("basins")) {
    std::int32_t count = 0;
    folder.write("basins", "1", "Basins, one for each cell where water leaves the grid", basins(flow, &count));
    fmt::print("{} basins\n", count);
  }
}

void run_terrain(const TerrainOptions& options) {
  require_new_file(options.out);
  const Wanted wanted(options);
  const int threads = options.threads > 0 ? options.threads : tbb::info::default_concurrency();
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
  Frame frame;
  Raster<float> elevation = read_elevation(options, &frame);
  if (!options.streams.empty()) {
    std::vector<Cell> cells;
    for (const Feature& feature : read_features(options.streams, options.layer, frame, "streams"))
      for (const Cell cell : cells_along(frame, feature.geometry)) cells.push_back(cell);
    elevation = burn_streams(elevation, cells, options.burn_m);
  }

  if (!elevation.valid.empty() &&
      std::none_of(elevation.valid.begin(), elevation.valid.end(), [](auto v) { return v; }))
    throw InputError(options.dem.string(), "", "no cell has a height", "give a raster with values");
  const bool streams = wanted.any("streams", "watersheds", "hand");
  const bool flows = streams || wanted.any("directions", "accumulation", "twi", "spi", "basins");
  const auto fill = [&](const Raster<float>& heights) {
    return options.rise_m ? fill_with_gradient(heights, *options.rise_m) : fill_depressions(heights);
  };
  Raster<float> filled;
  try {
    if (flows || wanted.any("filled")) filled = fill(elevation);
  } catch (const InputError& error) {
    throw InputError(options.dem.string(), error.place(), error.reason(), error.remedy());
  }
  Breached breached;
  if (options.breach && (flows || wanted.any("breached")))
    breached = breach_depressions(elevation, frame.cell_m, options.trench);

  std::error_code error;
  fs::create_directory(options.out, error);
  if (error)
    throw InputError(options.out.string(), "", "it cannot be made: " + error.message(), "choose another folder");
  Folder folder(options.out, frame);
  if (wanted.any("filled"))
    folder.write("filled", "m", "Elevation with its depressions filled to their spillways", filled);
  if (options.breach && wanted.any("breached"))
    folder.write("breached", "m", "Elevation with least-cost trenches out of its pits", breached.elevation_m);
  if (options.breach && flows) filled = fill(breached.elevation_m);
  breached.elevation_m = {};

  fmt::print("{} x {} cells of {:g} m\n", frame.shape.rows, frame.shape.cols, frame.cell_m);
  if (breached.pits > 0)
    fmt::print("{} pits: {} trenches, {} cells lowered, {:.6g} m3 dug; {} pits out of reach, filled\n", breached.pits,
               breached.trenches, breached.cells_dug, breached.dug_m3, breached.left);
  if (flows) write_flow(options, wanted, elevation, filled, frame, folder);
  if (wanted.any("slope", "aspect")) {
    const SlopeAspect ground = slope_aspect(elevation, frame.cell_m);
    if (wanted.any("slope")) folder.write("slope", "1", "Slope, rise over run (Horn)", ground.slope);
    if (wanted.any("aspect"))
      folder.write("aspect", "degree", "Which way the ground falls, clockwise from north; none where it is level",
                   ground.aspect_deg);
  }
  filled = {};

  if (wanted.any("depressions", "depression_depth")) {
    // Of depressions that are too small nothing is told; larger ones around them are.
    const LeastDepression least{options.least_depth_m,
                                std::llround(std::ceil(options.least_ha / frame.cell_area_ha()))};
    const Raster<float> cleared = fill_small_depressions(elevation, depression_hierarchy(elevation), least);
    const FoundDepressions found = found_depressions(cleared, depression_hierarchy(cleared), frame);
    if (wanted.any("depressions")) {
      folder.write("depressions", "1", "Number of the depression; 0: none", found.number);
      if (!found.layer.geometries.empty()) folder.write("depressions", found.layer);
    }
    if (wanted.any("depression_depth"))
      folder.write("depression_depth", "m", "Depth below the spillway", found.depth_m);
    fmt::print("{} depressions of at least {:g} m and {:g} ha: {:.6g} ha, {:.6g} m3\n", found.layer.geometries.size(),
               options.least_depth_m, options.least_ha, found.area_ha, found.volume_m3);
  }
  if (options.probability.draws > 0 && wanted.any("depression_probability"))
    folder.write("depression_probability", "1",
                 fmt::format("Share of {} draws in which the cell lies in a depression, height error {:g} m",
                             options.probability.draws, options.error.sigma_m),
                 depression_probability(elevation, frame.cell_m, options.error, options.probability, options.seed));
  fmt::print("written to {}\n", options.out.string());
}

}  // namespace

void add_terrain_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "terrain", "Terrain and water of an elevation model: filled, flow, wetness, streams, basins, depressions");
  auto options = std::make_shared<TerrainOptions>();
  command->add_option("dem", options->dem, "Elevation raster, metres")->required();
  command->add_option("-o,--out", options->out, "Folder to make")->required();
  command->add_option("--crs", options->crs, "Warp to this projected CRS first (EPSG:32648); needs --cell");
  command->add_option("--cell", options->cell_m, "Warp to cells of this size first, m")->check(CLI::PositiveNumber);
  command->add_option("--burn", options->streams, "Vector file of streams along which the elevation is lowered");
  command->add_option("--layer", options->layer, "Layer of the vector file, if it has several");
  command->add_option("--burn-depth", options->burn_m, "By how much, m")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      ->add_option("--rise", options->rise_m,
                   "Let filled ground rise by so much from cell to cell away from its spillway, m, so that nothing is "
                   "flat; 0: by as little as heights can tell")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--breach", options->breach, "Let flow out of pits by least-cost trenches; fill what is left");
  command->add_option("--trench-depth", options->trench.max_depth_m, "Deepest cut of a trench, m")
      ->check(CLI::PositiveNumber);
  command->add_option("--trench-length", options->trench.max_length_m, "Longest trench, m")->check(CLI::PositiveNumber);
  command
      ->add_option("--only", options->only,
                   "Make only these layers, by the names of their files, with commas between; default: all")
      ->delimiter(',')
      ->check(CLI::IsMember(layer_names()));
  command->add_option("--flow", options->flow, "Flow that twi is made with: d8, dinf or fd8 (the default)")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, FlowMethod>{
              {"d8", FlowMethod::d8}, {"dinf", FlowMethod::dinf}, {"fd8", FlowMethod::fd8}},
          CLI::ignore_case));
  command->add_option("--stream-area", options->stream_ha, "Streams begin where this area drains to, ha")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--least-depth", options->least_depth_m, "Depressions less deep are left out, m")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--least-area", options->least_ha, "Smaller depressions are left out, ha")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option("--draws", options->probability.draws,
                   "Also map the probability of a depression from so many draws of the height error")
      ->check(CLI::PositiveNumber);
  command->add_option("--error", options->error.sigma_m, "Standard deviation of heights, m")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--error-range", options->error.correlation_m, "Distance at which errors are alike by 1/e, m")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Seed of the draws")->capture_default_str();
  command->add_option("-t,--threads", options->threads, "Threads; default: all. The numbers do not depend on it")
      ->check(CLI::PositiveNumber);
  command->callback([options] { run_terrain(*options); });
}

}  // namespace greenweave
