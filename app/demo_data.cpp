#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "app/commands.hpp"
#include "io/raster_io.hpp"
#include "io/vector_io.hpp"
#include "model/run/error.hpp"
#include "scenarios/demo/longquanyi.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

struct DemoOptions {
  fs::path study, out;
  double cell_m = 30.0;
};

Geometry feature_named(const std::vector<Feature>& features, const std::string& name, const fs::path& path) {
  for (const Feature& feature : features)
    if (feature.name == name) return feature.geometry;
  throw InputError(path.string(), "", fmt::format("it has no feature named \"{}\"", name),
                   "give the folder of the study that ships, scenarios/studies/longquanyi");
}

void make_demo_data(const DemoOptions& options) {
  if (!(options.cell_m >= 1.0 && options.cell_m <= 120.0))
    throw InputError("", "--cell", fmt::format("{:g} m is no cell size for this landscape", options.cell_m),
                     "give 3 to 60");
  const fs::path out = options.out.empty() ? options.study : options.out;
  const fs::path framework_path = options.study / "framework.geojson", places_path = options.study / "places.geojson",
                 roads_path = options.study / "roads.geojson";
  Frame frame = frame_in(demo_frame(options.cell_m), "EPSG:32648");
  const auto framework = read_features(framework_path, "", frame, "framework");
  const auto places = read_features(places_path, "", frame, "places");
  DemoPlan plan;
  plan.canal = feature_named(framework, "dongfeng_canal", framework_path);
  plan.outer_ring = feature_named(framework, "outer_ring", framework_path);
  plan.lake = feature_named(places, "lake", places_path);
  plan.seat = feature_named(places, "seat", places_path).parts.front().front();
  for (const Feature& road : read_features(roads_path, "", frame, "roads")) plan.roads.push_back(road.geometry);

  // Everything that could be in the way is looked for before anything is made.
  const bool elsewhere = !fs::exists(out) || !fs::equivalent(out, options.study);
  std::vector<fs::path> copies;
  if (elsewhere)
    for (const auto& entry : fs::directory_iterator(options.study))
      if (entry.is_regular_file()) copies.push_back(entry.path());
  std::error_code error;
  fs::create_directories(out / "data", error);
  if (error) throw InputError((out / "data").string(), "", error.message(), "choose a folder you may write to");
  for (const char* name : {"land_cover.tif", "elevation.tif", "population.tif", "climate.csv"})
    require_new_file(out / "data" / name);
  for (const fs::path& path : copies) require_new_file(out / path.filename());

  DemoLandscape made = generate_longquanyi(frame, plan);
  write_geotiff(out / "data" / "land_cover.tif", frame,
                {"land_cover", "1", "Land cover, synthetic, in ESA WorldCover codes", std::move(made.land_cover)});
  write_geotiff(out / "data" / "elevation.tif", frame,
                {"elevation", "m", "Elevation, synthetic", std::move(made.elevation_m)});
  write_geotiff(out / "data" / "population.tif", frame,
                {"population", "1", "Persons per cell, synthetic", std::move(made.population)});
  std::string climate = "date,rain_mm,et_mm\n";
  for (const DemoDay& day : generate_weather())
    climate += fmt::format("2025-{:02}-{:02},{:.1f},{:.1f}\n", day.month, day.day, day.rain_mm, day.evaporation_mm);
  std::ofstream(out / "data" / "climate.csv") << climate;
  for (const fs::path& path : copies) fs::copy_file(path, out / path.filename());
  fmt::print("{} x {} cells of {:g} m in {}\n", frame.shape.rows, frame.shape.cols, options.cell_m,
             (out / "data").string());
}

}  // namespace

void add_demo_data_command(CLI::App& app) {
  auto* command = app.add_subcommand("demo-data", "Make the synthetic rasters of the study that ships");
  auto options = std::make_shared<DemoOptions>();
  command->add_option("study", options->study, "Its folder: scenarios/studies/longquanyi")->required();
  command->add_option("-o,--out", options->out,
                      "Put a copy of the study with its rasters there; default: beside the study");
  command->add_option("--cell", options->cell_m, "Cell size in metres, 3 to 60")->capture_default_str();
  command->callback([options] { make_demo_data(*options); });
}

}  // namespace greenweave
