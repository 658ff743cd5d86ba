#include "scenarios/analyses/barriers.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

Table tabulate_places(const std::string& name, const Frame& frame, const LinkSet& links,
                      const std::vector<BarrierPlace>& places) {
  const auto end = [&](const BarrierPlace& p, int Link::*patch) {
    return p.best_link < 0 ? 0 : links.links[static_cast<std::size_t>(p.best_link)].*patch + 1;
  };
  return TableOf(name, places)
      .number("x", "m", "Centre of the window, easting",
              [&](const BarrierPlace& p) { return frame.centre(p.centre).x; })
      .number("y", "m", "Centre, northing", [&](const BarrierPlace& p) { return frame.centre(p.centre).y; })
      .number("radius_m", "m", "Radius", [](const BarrierPlace& p) { return p.radius_m; })
      .number("sum_m", "m", "Gain summed over links, by the published formula",
              [](const BarrierPlace& p) { return p.sum_m; })
      .number("maximum_m", "m", "Gain of the best link, by the published formula",
              [](const BarrierPlace& p) { return p.maximum_m; })
      .number("exact_sum_m", "m", "Fall of the links' least costs with the window restored, summed",
              [](const BarrierPlace& p) { return p.exact_sum_m; })
      .number("exact_maximum_m", "m", "The same, of the link that gains most",
              [](const BarrierPlace& p) { return p.exact_maximum_m; })
      .integer("links", "1", "Links that become cheaper", [](const BarrierPlace& p) { return p.links; })
      .integer("from", "1", "Label of one patch of the link that gains most; 0: none",
               [&](const BarrierPlace& p) { return end(p, &Link::a); })
      .integer("to", "1", "Label of its other patch", [&](const BarrierPlace& p) { return end(p, &Link::b); })
      .take();
}

/// The places' windows: place k as k + 1. They do not overlap.
Raster<std::int32_t> windows_of(const Frame& frame, const std::vector<BarrierPlace>& places) {
  Raster<std::int32_t> label(frame.shape);
  for (std::size_t k = 0; k < places.size(); ++k) {
    const double radius = places[k].radius_m / frame.cell_m;
    const auto reach = static_cast<std::int32_t>(radius);
    const std::int32_t row = frame.shape.row(places[k].centre), col = frame.shape.col(places[k].centre);
    for (std::int32_t r = std::max(0, row - reach); r < std::min(frame.shape.rows, row + reach + 1); ++r)
      for (std::int32_t c = std::max(0, col - reach); c < std::min(frame.shape.cols, col + reach + 1); ++c)
        if (std::hypot(r - row, c - col) <= radius) label.at(r, c) = static_cast<std::int32_t>(k) + 1;
  }
  return label;
}

}  // namespace

void add_barriers(const GuildCase& guild_case, const BarrierAnalysis& what, const RunContext& context,
                  GuildResult& result) {
  if (guild_case.indices_only) return;
  const Landscape& landscape = guild_case.landscape;
  const Frame& frame = landscape.frame;
  const Assessment& a = guild_case.assessment;
  Barriers barriers = find_barriers(frame, a.surface, a.patches, a.links, guild_case.guild.links, what.rule, context);
  for (BarrierMap& map : barriers.maps) {
    std::vector<BarrierPlace> places;
    std::copy_if(barriers.places.begin(), barriers.places.end(), std::back_inserter(places),
                 [&](const BarrierPlace& p) { return p.radius_m == map.radius_m; });
    const std::string name = fmt::format("barriers_{:g}m", map.radius_m);
    result.tables.push_back(tabulate_places(name, frame, a.links, places));
    const auto add = [&](const std::string& raster_name, const char* unit, const char* meaning, auto raster) {
      raster.valid = landscape.cover.valid;
      result.rasters.push_back({raster_name, unit, meaning, std::move(raster)});
    };
    add(name + "_sum", "m", "Barriers: gain of restoring the window around the cell, summed over links",
        std::move(map.sum_m));
    add(name + "_maximum", "m", "Barriers: gain of the link that gains most", std::move(map.maximum_m));
    add(name, "1", "Windows most worth restoring, by row of the table; 0: none", windows_of(frame, places));
  }
}

}  // namespace greenweave
