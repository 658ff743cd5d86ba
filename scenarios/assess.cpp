#include "scenarios/assess.hpp"

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

/// ECA of the guild in the landscape without one element.
double eca_without(const Study& study, const Landscape& landscape, const Guild& guild, const Element& element,
                   const Footprint& footprint, const RunContext& context, const LinkMemory& with_element) {
  Landscape changed = without_element(landscape, element, footprint);
  follow_threats(study, changed, guild);
  const HabitatSurface surface = habitat_surface(changed, guild, study.disturbance);
  const PatchSet patches = find_patches(changed.frame, surface, guild);
  const LinkSet links = find_links(changed.frame, surface, patches, guild.links, context, &with_element, nullptr);
  return equivalent_connected_area(build_network(patches, links), guild.dispersal);
}

void judge_contributions(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape,
                         const Guild& guild, const RunContext& context, const LinkMemory& memory, double eca_ha,
                         FrameworkAssessment& result) {
  parallel_for(static_cast<std::int64_t>(study.elements.size()), [&](std::int64_t k) {
    context.check();
    const auto e = static_cast<std::size_t>(k);
    if (framework.footprints[e].cells.empty()) return;
    ElementAssessment& element = result.elements[e];
    element.ECA_without_ha =
        eca_without(study, landscape, guild, study.elements[e], framework.footprints[e], context, memory);
    element.dECA_percent = eca_ha > 0.0 ? 100.0 * (eca_ha - element.ECA_without_ha) / eca_ha : 0.0;
  });
}

}  // namespace

ConnectivityParameters connectivity_parameters(const Landscape& landscape, const Guild& guild,
                                               const Analyses& analyses) {
  ConnectivityParameters parameters;
  parameters.dispersal = guild.dispersal;
  parameters.landscape_area_ha = landscape.area_ha();
  parameters.binary_threshold_m = guild.dispersal.distance_m;
  parameters.per_patch = analyses.patch_importance;
  if (analyses.connector_tolerance) parameters.connector_tolerance = *analyses.connector_tolerance;
  return parameters;
}

FrameworkOnFrame place_framework(const Study& study) {
  FrameworkOnFrame framework;
  for (const Element& element : study.elements) framework.footprints.push_back(footprint_of(study.landscape, element));
  framework.meet = elements_that_meet(study.landscape.frame.shape, framework.footprints);
  return framework;
}

Assessment assess(const Study& study, const FrameworkOnFrame& framework, const Landscape& landscape, const Guild& guild,
                  const Analyses& analyses, const RunContext& context, const LinkMemory* before, LinkMemory* after) {
  context.check();
  const Frame& frame = landscape.frame;
  Assessment result;
  result.surface = habitat_surface(landscape, guild, study.disturbance);
  result.patches = find_patches(frame, result.surface, guild);
  LinkMemory own;
  LinkMemory* memory = after != nullptr ? after : &own;
  result.links = find_links(frame, result.surface, result.patches, guild.links, context, before, memory);
  const HabitatNetwork network = build_network(result.patches, result.links);

  result.connectivity = connectivity(network, connectivity_parameters(landscape, guild, analyses));

  if (analyses.elements && !study.elements.empty()) {
    result.framework = assess_framework(frame, framework.footprints, framework.meet, result.surface, result.patches,
                                        result.links, network, context);
    if (analyses.element_contribution)
      judge_contributions(study, framework, landscape, guild, context, *memory,
                          std::sqrt(result.connectivity.pc_numerator), result.framework);
  }
  return result;
}

}  // namespace greenweave
