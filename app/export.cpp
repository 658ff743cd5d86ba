#include <filesystem>

#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/selection.hpp"
#include "app/sweep_results.hpp"
#include "io/raster_io.hpp"
#include "io/results_file.hpp"
#include "io/vector_io.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

struct ExportOptions {
  fs::path results, out;
  Selection selection;
};

Geometry line_of(const std::vector<Point>& line) { return {Geometry::Kind::lines, {line}}; }

/// The rows of a table that `keep` wants.
template <class Keep>
Table rows_of(const Table& table, const Keep& keep) {
  Table result{table.name, {}};
  for (const Column& column : table.columns) {
    Column kept = column;
    std::visit(
        [&](auto& values) {
          std::size_t to = 0;
          for (std::size_t row = 0; row < values.size(); ++row)
            if (keep(row)) values[to++] = values[row];
          values.resize(to);
        },
        kept.values);
    result.columns.push_back(std::move(kept));
  }
  return result;
}

std::vector<VectorLayer> layers_of(const ResultsFile& file, const std::string& scenario, int year,
                                   const std::string& guild) {
  std::vector<VectorLayer> layers;
  // A raster of labels and a table of the same name are areas: row k is label k + 1.
  for (const std::string& name : file.raster_names(scenario, year, guild)) {
    const auto table = file.table(scenario, year, guild, name);
    if (!table || table->columns.empty()) continue;
    const auto raster = file.raster(scenario, year, guild, name);
    if (const auto* labels = std::get_if<Raster<std::int32_t>>(&raster->raster))
      layers.push_back({name, Geometry::Kind::polygons, *table,
                        outlines_of(file.frame(), *labels, static_cast<std::int32_t>(table->rows()))});
  }
  for (const char* name : {"links", "gravity"}) {
    const auto table = file.table(scenario, year, guild, name);
    const auto paths = file.lines(scenario, year, guild, name);
    if (!table || !paths) continue;
    const auto has_path = [&](std::size_t row) { return !paths->lines[row].empty(); };
    VectorLayer layer{name, Geometry::Kind::lines, rows_of(*table, has_path), {}};
    for (const auto& line : paths->lines)
      if (!line.empty()) layer.geometries.push_back(line_of(line));
    layers.push_back(std::move(layer));
  }
  if (const auto table = file.table(scenario, year, guild, "elements")) {
    const std::vector<Element> elements = file.elements();
    for (const auto kind : {Geometry::Kind::lines, Geometry::Kind::polygons}) {
      const auto is_kind = [&](std::size_t row) { return elements[row].geometry.kind == kind; };
      VectorLayer layer{
          kind == Geometry::Kind::lines ? "element_lines" : "element_areas", kind, rows_of(*table, is_kind), {}};
      for (std::size_t e = 0; e < elements.size(); ++e)
        if (is_kind(e)) layer.geometries.push_back(elements[e].geometry);
      if (!layer.geometries.empty()) layers.push_back(std::move(layer));
    }
  }
  if (const auto gaps = file.table(scenario, year, guild, "gaps")) {
    VectorLayer layer{"gaps", Geometry::Kind::points, *gaps, {}};
    const auto &x = gaps->numbers("x"), &y = gaps->numbers("y");
    for (std::size_t g = 0; g < x.size(); ++g) layer.geometries.push_back({Geometry::Kind::points, {{{x[g], y[g]}}}});
    layers.push_back(std::move(layer));
  }
  return layers;
}

void export_command(const ExportOptions& options) {
  require_one_study(options.results);
  const ResultsFile file(options.results);
  const Chosen chosen = choose(file, options.selection);
  fs::path out = options.out;
  if (out.empty()) out = options.results.parent_path() / (options.results.stem().string() + "-layers");
  if (fs::exists(out) && !fs::is_empty(out))
    throw InputError(out.string(), "", "the folder is not empty, and nothing is overwritten",
                     "give another with --out, or empty it");
  for (const std::string& scenario : chosen.scenarios)
    for (const int year : chosen.years) file.require_rasters(scenario, year);
  std::int64_t count = 0;
  const auto write_rasters = [&](const fs::path& folder, const std::string& scenario, int year,
                                 const std::string& guild) {
    fs::create_directories(folder);
    for (const std::string& name : file.raster_names(scenario, year, guild)) {
      write_geotiff(folder / (name + ".tif"), file.frame(), *file.raster(scenario, year, guild, name));
      ++count;
    }
  };
  for (const std::string& scenario : chosen.scenarios)
    for (const int year : chosen.years) {
      const fs::path folder = out / scenario / std::to_string(year);
      write_rasters(folder, scenario, year, "");
      for (const std::string& guild : chosen.guilds) {
        write_rasters(folder / guild, scenario, year, guild);
        write_geopackage(folder / guild / "network.gpkg", file.frame(), layers_of(file, scenario, year, guild));
        ++count;
      }
    }
  fmt::print("{} files in {}\n", count, out.string());
}

}  // namespace

void add_export_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "export",
      "Write a results file as GeoTIFF (rasters) and GeoPackage (patches and other areas, links, elements, gaps)");
  auto options = std::make_shared<ExportOptions>();
  command->add_option("results", options->results, "Results file")->required();
  command->add_option("-o,--out", options->out, "Folder; default: <results>-layers");
  add_selection(*command, options->selection);
  command->callback([options] { export_command(*options); });
}

}  // namespace greenweave
