#include "scenarios/analyses/restored_habitat.hpp"

#include <cmath>
#include <cstdint>
#include <string>

#include "model/run/parallel.hpp"
#include "scenarios/actions.hpp"
#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/analyses/restoration.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr MeasureSpec low_spec{"ECA_low_recovery", "ha",
                               "ECA if restored wetlands recover along the lower end of their band", 1};
constexpr MeasureSpec high_spec{"ECA_high_recovery", "ha", "ECA if they recover along the upper end", 1};

/// A restored wetland as a guild sees it.
struct Site {
  std::string action;
  double area_ha = 0.0;
  double quality = 0.0, quality_low = 0.0, quality_high = 0.0;  // means of its cells
  double habitat_ha = 0.0;                                      // of its cells in patches
  double eca_gain_ha = 0.0, dpc_percent = 0.0;
  int gaps_closed = 0;
  double gap_closed_m = 0.0;
};

/// A landscape's habitat for the guild, with the searches of the case to begin from.
struct Variant {
  HabitatSurface surface;
  PatchSet patches;
  double eca_ha = 0.0;
};

Variant judge_variant(const GuildCase& guild_case, const Landscape& landscape, const RunContext& context) {
  context.check();
  const Guild& guild = guild_case.guild;
  Variant variant;
  variant.surface = habitat_surface(landscape, guild, guild_case.study.disturbance);
  variant.patches = find_patches(landscape.frame, variant.surface, guild);
  const LinkSet links =
      find_links(landscape.frame, variant.surface, variant.patches, guild.links, context, guild_case.searches, nullptr);
  variant.eca_ha = equivalent_connected_area(build_network(variant.patches, links), guild.dispersal);
  return variant;
}

/// The landscape with a site's cells as they were before it was restored.
Landscape without_site(const GuildCase& guild_case, std::size_t site) {
  const RestoredSites& sites = *guild_case.sites;
  Landscape changed = guild_case.landscape;
  for (std::size_t i = 0; i < sites.cells[site].size(); ++i) {
    const Cell cell = sites.cells[site][i];
    changed.cover[cell] = sites.former[site][i];
    if (!changed.recovery.empty()) {
      changed.former_cover[cell] = changed.cover[cell];
      changed.recovery[cell] = 1.0F;
    }
    if (!changed.wetlands.type.empty()) changed.wetlands.type[cell] = static_cast<std::uint8_t>(WetlandType::none);
  }
  follow_threats(guild_case.study, changed, guild_case.guild);
  return changed;
}

double mean_quality(const HabitatSurface& surface, const std::vector<Cell>& cells) {
  double sum = 0.0;
  for (const Cell cell : cells) sum += static_cast<double>(surface.quality[cell]);
  return cells.empty() ? 0.0 : sum / static_cast<double>(cells.size());
}

Table tabulate_sites(const std::vector<Site>& sites, bool with_band, bool with_gaps) {
  using S = Site;
  TableOf table("restored_habitat", sites);
  table.text("action", "Name of the action", [](const S& s) { return s.action; })
      .number("area_ha", "ha", "Wetland that it made and that is still there", [](const S& s) { return s.area_ha; })
      .number("quality", "1", "Quality as habitat, mean of its cells", [](const S& s) { return s.quality; });
  if (with_band)
    table
        .number("quality_low", "1", "If it recovers along the lower end of its band",
                [](const S& s) { return s.quality_low; })
        .number("quality_high", "1", "Along the upper end", [](const S& s) { return s.quality_high; });
  table.number("habitat_ha", "ha", "Of it in patches", [](const S& s) { return s.habitat_ha; })
      .number("ECA_gain_ha", "ha", "Rise of ECA by it: against the same case with its cells as they were",
              [](const S& s) { return s.eca_gain_ha; })
      .number("dPC_percent", "%", "Share of PC that is lost without it", [](const S& s) { return s.dpc_percent; });
  if (with_gaps)
    table
        .integer(
            "gaps_closed", "1",
            "By how many gaps along the framework's elements are fewer with it; a gap that it parts in two counts -1",
            [](const S& s) { return s.gaps_closed; })
        .number("gap_closed_m", "m", "By how much they are shorter together",
                [](const S& s) { return s.gap_closed_m; });
  return table.take();
}

}  // namespace

void add_restored_habitat(const GuildCase& guild_case, const RestorationAnalysis& what, const RunContext& context,
                          GuildResult& result) {
  if (guild_case.indices_only) return;
  const Study& study = guild_case.study;
  const Assessment& whole = guild_case.assessment;
  const bool feels_water = guild_case.guild.wetlands.has_value();
  const bool with_gaps = study.analyses.elements && !study.elements.empty();
  const double eca_ha = std::sqrt(whole.connectivity.pc_numerator);
  const std::size_t count = guild_case.sites != nullptr ? guild_case.sites->places.size() : 0;
  std::vector<Site> sites(count);
  double eca_low_ha = eca_ha, eca_high_ha = eca_ha;

  const GapTally gaps =
      with_gaps && count > 0 ? tally_gaps(guild_case.framework.footprints, whole.patches) : GapTally{};
  // Each site taken away; then both ends of the band.
  const std::size_t variants = count + (feels_water && count > 0 ? 2 : 0);
  parallel_for(static_cast<std::int64_t>(variants), [&](std::int64_t k) {
    const auto v = static_cast<std::size_t>(k);
    const RestoredSites& all = *guild_case.sites;
    if (v >= count) {
      const bool low = v == count;
      Landscape changed = guild_case.landscape;
      changed.wetlands.recovery =
          recovery_of(all, guild_case.year, what, low ? &AttributeRecovery::low : &AttributeRecovery::high);
      const Variant variant = judge_variant(guild_case, changed, context);
      (low ? eca_low_ha : eca_high_ha) = variant.eca_ha;
      for (std::size_t s = 0; s < count; ++s)
        (low ? sites[s].quality_low : sites[s].quality_high) = mean_quality(variant.surface, all.cells[s]);
      return;
    }
    Site& site = sites[v];
    site.action = all.places[v]->action;
    site.area_ha = static_cast<double>(all.cells[v].size()) * guild_case.landscape.frame.cell_area_ha();
    site.quality = mean_quality(whole.surface, all.cells[v]);
    for (const Cell cell : all.cells[v])
      if (whole.patches.label[cell] != 0) site.habitat_ha += guild_case.landscape.frame.cell_area_ha();
    if (all.cells[v].empty()) return;
    const Variant without = judge_variant(guild_case, without_site(guild_case, v), context);
    site.eca_gain_ha = eca_ha - without.eca_ha;
    if (eca_ha > 0.0) site.dpc_percent = 100.0 * (1.0 - std::pow(without.eca_ha / eca_ha, 2));
    if (with_gaps) {
      const GapTally more = tally_gaps(guild_case.framework.footprints, without.patches);
      site.gaps_closed = more.gaps - gaps.gaps;
      site.gap_closed_m = more.length_m - gaps.length_m;
    }
  });
  result.tables.push_back(tabulate_sites(sites, feels_water, with_gaps));
  if (feels_water) {
    add_index(result, {&low_spec, eca_low_ha});
    add_index(result, {&high_spec, eca_high_ha});
  }
}

std::vector<const MeasureSpec*> restored_habitat_measures() { return {&low_spec, &high_spec}; }

}  // namespace greenweave
