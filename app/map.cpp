#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/selection.hpp"
#include "app/sweep_results.hpp"
#include "io/map_png.hpp"
#include "io/results_file.hpp"
#include "model/run/error.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

struct MapOptions {
  fs::path results, out;
  std::string scenario, guild;
  std::optional<int> year;
  int width_px = 1600;
  bool load = false;  // trails and their visitors instead of patches and links
};

template <class T>
Raster<T> raster_of(const ResultsFile& file, const std::string& scenario, int year, const std::string& guild,
                    const char* name) {
  const auto found = file.raster(scenario, year, guild, name);
  return found ? std::get<Raster<T>>(found->raster) : Raster<T>{};
}

const IndexSample* index_named(const std::vector<IndexSample>& indices, const char* name) {
  const auto found = std::find_if(indices.begin(), indices.end(), [&](const IndexSample& i) { return i.name == name; });
  return found == indices.end() ? nullptr : &*found;
}

/// The figures beside the map: value, and the change against the baseline.
std::vector<std::pair<std::string, std::string>> figures(const ResultsFile& file, const std::string& scenario, int year,
                                                         const std::string& guild) {
  const auto here = file.indices(scenario, year, guild), before = file.indices(file.scenarios().front(), year, guild);
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [name, words, unit] : {std::tuple{"ECA", "Connected area (ECA)", "ha"},
                                          {"HA", "Habitat", "ha"},
                                          {"NP", "Patches", ""},
                                          {"NL", "Links", ""},
                                          {"FW_gaps", "Gaps in the framework", ""}}) {
    const IndexSample *value = index_named(here, name), *base = index_named(before, name);
    if (value == nullptr || base == nullptr) continue;
    const double v = value->draws.front(), b = base->draws.front();
    std::string text = fmt::format("{:.0f}{}{}", v, *unit == '\0' ? "" : " ", unit);
    if (scenario != file.scenarios().front() && b != 0.0) text += fmt::format("  ({:+.1f} %)", 100.0 * (v - b) / b);
    result.emplace_back(words, text);
  }
  return result;
}

/// Writes the map where it is wanted, or beside the results under a name of its own.
void finish(const MapOptions& options, const MapContent& map, const std::string& name) {
  fs::path out = options.out;
  if (out.empty())
    out = options.results.parent_path() / fmt::format("{}-{}.png", options.results.stem().string(), name);
  write_map_png(out, map);
  fmt::print("{}\n", out.string());
}

/// A whole number with its thousands apart.
std::string grouped(double value) {
  const std::string digits = fmt::format("{:.0f}", value);
  std::string text;
  for (std::size_t k = 0; k < digits.size(); ++k) {
    if (k > 0 && (digits.size() - k) % 3 == 0) text += ',';
    text += digits[k];
  }
  return text;
}

/// The trails and stops of a case, and what stands beside them; InputError: it has none.
void add_trails(const ResultsFile& file, const fs::path& path, const std::string& scenario, int year,
                const std::string& guild, MapContent& map) {
  const auto links = file.table(scenario, year, "", "trail_links");
  const auto nodes = file.table(scenario, year, "", "trail_nodes");
  const auto days = file.table(scenario, year, "", "visitor_days");
  const auto lines = file.lines(scenario, year, "", "trail_links");
  if (!links || !nodes || !days || !lines)
    throw InputError(path.string(), fmt::format("{} {}", scenario, year), "the case has no visitors on trails",
                     "add [visitors] to the study and run it, or leave --load out");
  double length_m = 0.0, crowded_m = 0.0;
  for (std::size_t l = 0; l < links->rows(); ++l) {
    const double load = links->numbers("load")[l], metres = links->numbers("length_m")[l];
    map.trails.push_back(
        {lines->lines[l], links->numbers("peak_per_hour")[l], load, links->integers("closed")[l] != 0});
    length_m += metres;
    if (load > 1.0) crowded_m += metres;
  }
  for (std::size_t n = 0; n < nodes->rows(); ++n)
    for (const TrailNodeKind kind : {TrailNodeKind::entrance, TrailNodeKind::attraction, TrailNodeKind::station})
      if (nodes->texts("kind")[n] == name_of(kind)) {
        std::string name = nodes->texts("name")[n];
        std::replace(name.begin(), name.end(), '_', ' ');
        map.stops.push_back({{nodes->numbers("x")[n], nodes->numbers("y")[n]},
                             kind,
                             name,
                             nodes->numbers("visitors_per_year")[n] / 365.0});
      }
  double came = 0.0, busiest = 0.0, present = 0.0;
  for (std::size_t d = 0; d < days->rows(); ++d) {
    came += days->numbers("days")[d] * days->numbers("visitors")[d];
    busiest = std::max(busiest, days->numbers("visitors")[d]);
    present = std::max(present, days->numbers("most_present")[d]);
  }
  map.numbers = {{"Visitors a year", grouped(came)},
                 {"On the busiest day", grouped(busiest)},
                 {"Most there at once", grouped(present)},
                 {"Trails", fmt::format("{:.1f} km", length_m / 1000.0)},
                 {"Trails above comfort", fmt::format("{:.1f} km", crowded_m / 1000.0)}};
  if (const auto found = file.raster(scenario, year, guild, "disturbance")) {
    const auto& level = std::get<Raster<float>>(found->raster);
    map.disturbed = Raster<std::uint8_t>(level.shape, 0);
    for (Cell cell = 0; cell < level.shape.cells(); ++cell)
      map.disturbed[cell] = level.is_valid(cell) && level[cell] > 0.0F ? 1 : 0;
  }
  const auto indices = file.indices(scenario, year, guild);
  if (const IndexSample* area = index_named(indices, "DISTURBED_area"))
    map.numbers.emplace_back("Land disturbed", grouped(area->draws.front()) + " ha");
}

void map_command(const MapOptions& options) {
  require_one_study(options.results);
  const ResultsFile file(options.results);
  const auto list = [](const std::string& name) {
    return name.empty() ? std::vector<std::string>{} : std::vector<std::string>{name};
  };
  const Chosen chosen = choose(file, {list(options.scenario), list(options.guild),
                                      options.year ? std::vector<int>{*options.year} : std::vector<int>{}});
  const std::string scenario = chosen.scenarios.back(), guild = chosen.guilds.front();
  const int year = chosen.years.back();
  const auto title_of = [](const std::vector<std::string>& names, const std::vector<std::string>& titles,
                           const std::string& name) {
    return titles[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin())];
  };

  MapContent map;
  map.title = file.header().study_title;
  map.subtitle = title_of(file.scenarios(), file.scenario_titles(), scenario);
  map.caption = fmt::format("{} in {}", title_of(file.guilds(), file.guild_titles(), guild), year);
  map.notice = file.header().notice;
  map.numbers = figures(file, scenario, year, guild);
  map.frame = file.frame();
  map.crs_name = name_of_crs(map.frame);
  map.classes = file.classes();
  map.width_px = options.width_px;
  map.land_cover = raster_of<std::int32_t>(file, scenario, year, "", "land_cover");
  map.elevation_m = raster_of<float>(file, file.scenarios().front(), year, "", "elevation");
  map.elements = file.elements();
  if (options.load) {
    map.caption =
        fmt::format("The busiest day of {}; disturbed: {}", year, title_of(file.guilds(), file.guild_titles(), guild));
    add_trails(file, options.results, scenario, year, guild, map);
    finish(options, map, fmt::format("{}-{}-load-{}", scenario, year, guild));
    return;
  }
  map.patches = raster_of<std::int32_t>(file, scenario, year, guild, "patches");
  map.disturbed = raster_of<std::uint8_t>(file, scenario, year, "", "disturbed");
  if (const auto paths = file.lines(scenario, year, guild, "links"); paths) {
    map.links = paths->lines;
    if (const auto table = file.table(scenario, year, guild, "links"); table)
      map.link_weight = table->numbers("probability");
  }
  if (const auto gaps = file.table(scenario, year, guild, "gaps"); gaps) {
    const auto &x = gaps->numbers("x"), &y = gaps->numbers("y");
    const auto& open_end = gaps->integers("open_end");
    for (std::size_t g = 0; g < x.size(); ++g)
      if (open_end[g] == 0) map.gaps.push_back({x[g], y[g]});
  }
  finish(options, map, fmt::format("{}-{}-{}", scenario, year, guild));
}

}  // namespace

void add_map_command(CLI::App& app) {
  auto* command = app.add_subcommand("map", "Draw a scenario's land cover, framework, patches and links as PNG");
  auto options = std::make_shared<MapOptions>();
  command->add_option("results", options->results, "Results file")->required();
  command->add_option("--scenario", options->scenario, "Scenario; default: the last");
  command->add_option("--year", options->year, "Year; default: the last");
  command->add_option("--guild", options->guild, "Guild; default: the first");
  command->add_option("-o,--out", options->out, "PNG file; default: named after the case, beside the results");
  command->add_flag("--load", options->load,
                    "Draw the trails by their visitors' load over capacity, entrances, attractions and the land that "
                    "they disturb for the guild, instead of patches and links");
  command->add_option("--width", options->width_px, "Width in pixels")
      ->capture_default_str()
      ->check(CLI::Range(600, 8000));
  command->callback([options] { map_command(*options); });
}

}  // namespace greenweave
