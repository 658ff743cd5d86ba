#include "scenarios/analyses/visitor_limit.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "scenarios/analyses/guild_case.hpp"
#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Some share of a case's visitors: how many there are, and what each guild notices of them.
struct Crowd {
  double per_day = 0.0, busiest_day = 0.0, turned_away = 0.0;
  std::vector<double> per_year;    // passages, by link
  std::vector<double> element_km;  // way that they make in each element on the mean day
  std::map<std::string, std::vector<double>> felt;
};

/// One guild's habitat with a share of the visitors.
struct Habitat {
  double disturbed_ha = 0.0;
  std::vector<double> quality;  // mean of each element's cells
  std::optional<double> eca_ha;
};

double sum(const std::vector<double>& values) {
  double total = 0.0;
  for (const double value : values) total += value;
  return total;
}

double loss_percent(double before, double now) { return before > 0.0 ? 100.0 * (before - now) / before : 0.0; }

/// The visitors of a case by share, each share worked out once for all guilds.
class Crowds {
 public:
  Crowds(const Study& study, const VisitorModel& visitors) : study_(study), visitors_(visitors) {}

  const Crowd& at(double factor) {
    auto found = known_.find(factor);
    if (found == known_.end()) found = known_.emplace(factor, walk(factor)).first;
    return found->second;
  }

 private:
  Crowd walk(double factor) const {
    CaseVisits visits = visitors_.at(factor);
    Crowd crowd;
    double came = 0.0, away = 0.0;
    for (const DayOfVisits& day : visits.days) {
      came += day.days * sum(day.came);
      away += day.days * sum(day.turned_away);
    }
    crowd.per_day = came / 365.0;
    crowd.turned_away = away / 365.0;
    crowd.busiest_day = sum(visits.days[visits.busiest].came);
    crowd.element_km.assign(study_.elements.size(), 0.0);
    const std::vector<TrailLink>& links = visits.trails.network.links;
    for (std::size_t e = 0; e < study_.elements.size(); ++e)
      for (std::size_t l = 0; l < links.size(); ++l)
        if (links[l].element == study_.elements[e].name)
          crowd.element_km[e] += visits.per_year[l] / 365.0 * links[l].length_m / 1000.0;
    crowd.per_year = std::move(visits.per_year);
    crowd.felt = std::move(visits.felt);
    return crowd;
  }

  const Study& study_;
  const VisitorModel& visitors_;
  std::map<double, Crowd> known_;
};

/// Judges a case's landscape for one guild, with any share of the visitors.
class HabitatByVisitors {
 public:
  HabitatByVisitors(const Study& study, const FrameworkOnFrame& framework, const VisitorModel& visitors,
                    const Landscape& landscape, const Guild& guild, const LinkMemory* before, Crowds& crowds,
                    const RunContext& context)
      : study_(study),
        framework_(framework),
        visitors_(visitors),
        landscape_(landscape),
        guild_(guild),
        before_(before),
        crowds_(crowds),
        context_(context) {
    const auto& guilds = study.analyses.visitors->guilds;
    const auto own =
        std::find_if(guilds.begin(), guilds.end(), [&](const GuildDisturbance& d) { return d.guild == guild.name; });
    disturbance_ = own == guilds.end() ? nullptr : &*own;
    judge(0.0, true);
  }

  const Habitat& judge(double factor, bool with_eca) {
    auto found = known_.find(factor);
    if (found != known_.end() && (!with_eca || found->second.eca_ha)) return found->second;
    context_.check();
    const Crowd& crowd = crowds_.at(factor);
    landscape_.disturbance.clear();
    Habitat habitat;
    if (disturbance_ != nullptr)
      if (auto level = visitors_.disturbance(*disturbance_, crowd.felt.at(guild_.name))) {
        double cells = 0.0;
        for (Cell cell = 0; cell < level->shape.cells(); ++cell)
          if (landscape_.cover.is_valid(cell)) cells += static_cast<double>((*level)[cell]);
        habitat.disturbed_ha = cells * landscape_.frame.cell_area_ha();
        landscape_.disturbance[guild_.name] = std::move(level);
      }
    landscape_.trampled = visitors_.trampled(crowd.per_year);
    const HabitatSurface surface = habitat_surface(landscape_, guild_, study_.disturbance);
    for (const Footprint& footprint : framework_.footprints) {
      double total = 0.0;
      for (const Cell cell : footprint.cells) total += static_cast<double>(surface.quality[cell]);
      habitat.quality.push_back(footprint.cells.empty() ? 0.0 : total / static_cast<double>(footprint.cells.size()));
    }
    if (with_eca) {
      // What visitors do to the undisturbed landscape touches few of its links.
      const bool is_first = known_.empty();
      const PatchSet patches = find_patches(landscape_.frame, surface, guild_);
      const LinkSet links = find_links(landscape_.frame, surface, patches, guild_.links, context_,
                                       is_first ? before_ : &undisturbed_, is_first ? &undisturbed_ : nullptr);
      habitat.eca_ha = equivalent_connected_area(build_network(patches, links), guild_.dispersal);
    }
    return known_[factor] = std::move(habitat);
  }

  double eca_loss(double factor) { return loss_percent(*judge(0.0, true).eca_ha, *judge(factor, true).eca_ha); }
  double quality_loss(double factor, std::size_t element) {
    return loss_percent(judge(0.0, false).quality[element], judge(factor, false).quality[element]);
  }
  const std::map<double, Habitat>& known() const { return known_; }

 private:
  const Study& study_;
  const FrameworkOnFrame& framework_;
  const VisitorModel& visitors_;
  Landscape landscape_;  // its disturbance that of the share last judged
  const Guild& guild_;
  const LinkMemory* before_;
  Crowds& crowds_;
  const RunContext& context_;
  const GuildDisturbance* disturbance_ = nullptr;
  LinkMemory undisturbed_;
  std::map<double, Habitat> known_;
};

struct CurveRow {
  double factor = 0.0;
  const Crowd* crowd = nullptr;
  double disturbed_ha = 0.0, eca_ha = 0.0, loss = 0.0;
};

Table tabulate_curve(const std::vector<CurveRow>& rows) {
  using R = CurveRow;
  return TableOf("visitor_tradeoff", rows)
      .number("factor", "1", "All visitors of the case, times this", [](const R& r) { return r.factor; })
      .number("visitors_per_day", "d-1", "Who come in on the mean day of the year",
              [](const R& r) { return r.crowd->per_day; })
      .number("busiest_day", "d-1", "Who come in on the busiest", [](const R& r) { return r.crowd->busiest_day; })
      .number("turned_away_per_day", "d-1", "Whom quotas and closures turn away, on the mean day",
              [](const R& r) { return r.crowd->turned_away; })
      .number("disturbed_ha", "ha", "Land disturbed for the guild, times the level there",
              [](const R& r) { return r.disturbed_ha; })
      .number("ECA_ha", "ha", "Connected habitat (ECA)", [](const R& r) { return r.eca_ha; })
      .number("ECA_loss_percent", "%", "Its loss against the same case without visitors",
              [](const R& r) { return r.loss; })
      .take();
}

struct ElementRow {
  double factor = 0.0;
  const Crowd* crowd = nullptr;
  std::size_t element = 0;
  double quality = 0.0, loss = 0.0;
};

Table tabulate_elements(const Study& study, const std::vector<ElementRow>& rows) {
  using R = ElementRow;
  return TableOf("visitor_tradeoff_elements", rows)
      .text("element", "Element", [&](const R& r) { return study.elements[r.element].name; })
      .number("factor", "1", "All visitors of the case, times this", [](const R& r) { return r.factor; })
      .number("visitors_per_day", "d-1", "Who come in on the mean day of the year, to the whole network",
              [](const R& r) { return r.crowd->per_day; })
      .number("person_km_per_day", "km d-1", "Way that visitors make in the element on the mean day",
              [](const R& r) { return r.crowd->element_km[r.element]; })
      .number("quality", "1", "Mean quality of its cells as habitat", [](const R& r) { return r.quality; })
      .number("quality_loss_percent", "%", "Its loss against the same case without visitors",
              [](const R& r) { return r.loss; })
      .take();
}

struct LimitRow {
  std::string element;  // empty: ECA of the whole network
  double allowed = 0.0;
  VisitorLimit limit;
  bool is_monotone = true;
};

Table tabulate_limits(const std::vector<LimitRow>& rows, Crowds& crowds) {
  using R = LimitRow;
  const auto beyond = [&](const R& r) {
    return std::isfinite(r.limit.too_many) ? crowds.at(r.limit.too_many).per_day : none;
  };
  return TableOf("visitor_limits", rows)
      .text("of", "What is lost: ECA, of the whole network, or quality, of an element",
            [](const R& r) { return r.element.empty() ? "ECA" : "quality"; })
      .text("element", "Element; empty: the whole network", [](const R& r) { return r.element; })
      .number("allowed_percent", "%", "Loss that is allowed", [](const R& r) { return r.allowed; })
      .number("factor", "1", "The most visitors found whose loss is allowed: all of the case's, times this",
              [](const R& r) { return r.limit.factor; })
      .number("visitors_per_day", "d-1", "So many come in on the mean day of the year",
              [&](const R& r) { return crowds.at(r.limit.factor).per_day; })
      .number("busiest_day", "d-1", "And on the busiest",
              [&](const R& r) { return crowds.at(r.limit.factor).busiest_day; })
      .number("loss_percent", "%", "Loss there", [](const R& r) { return r.limit.loss; })
      .integer("reached", "1", "1: more are too many; 0: even the most that were tried are allowed",
               [](const R& r) { return r.limit.is_reached; })
      .number("too_many_factor", "1", "The fewest found whose loss is not allowed; infinity: none",
              [](const R& r) { return r.limit.too_many; })
      .number("too_many_per_day", "d-1", "So many on the mean day; NaN: none", beyond)
      .number("loss_beyond_percent", "%", "Loss there; NaN: none", [](const R& r) { return r.limit.loss_beyond; })
      .integer("monotone", "1", "1: of all numbers of visitors that were tried, more never lost less",
               [](const R& r) { return r.is_monotone; })
      .take();
}

void add_tables(const Study& study, HabitatByVisitors& habitat, Crowds& crowds, GuildResult& result) {
  const VisitorLimitAnalysis& what = *study.analyses.visitor_limit;
  std::vector<LimitRow> limits;
  const auto eca = [&](double factor) { return std::vector<double>{habitat.eca_loss(factor)}; };
  tradeoff_curve(eca, what.factors);
  const VisitorLimits of_network = most_visitors(eca, std::vector<double>{what.eca_loss_percent}, what.rule);
  limits.push_back({"", what.eca_loss_percent, of_network.limits.front(), of_network.is_monotone});

  // An element without any quality has none to lose.
  std::vector<std::size_t> elements;
  for (std::size_t e = 0; e < study.elements.size(); ++e)
    if (habitat.judge(0.0, false).quality[e] > 0.0) elements.push_back(e);
  if (!elements.empty()) {
    const auto quality = [&](double factor) {
      std::vector<double> losses;
      for (const std::size_t e : elements) losses.push_back(habitat.quality_loss(factor, e));
      return losses;
    };
    const std::vector<double> allowed(elements.size(), what.quality_loss_percent);
    const VisitorLimits of_elements = most_visitors(quality, allowed, what.rule);
    for (std::size_t k = 0; k < elements.size(); ++k) {
      bool is_monotone = true;
      for (std::size_t p = 1; p < of_elements.points.size(); ++p)
        is_monotone = is_monotone && of_elements.points[p].losses[k] >= of_elements.points[p - 1].losses[k];
      limits.push_back(
          {study.elements[elements[k]].name, what.quality_loss_percent, of_elements.limits[k], is_monotone});
    }
  }

  std::vector<CurveRow> curve;
  std::vector<ElementRow> by_element;
  for (const auto& [factor, judged] : habitat.known()) {
    const Crowd& crowd = crowds.at(factor);
    if (judged.eca_ha)
      curve.push_back({factor, &crowd, judged.disturbed_ha, *judged.eca_ha,
                       loss_percent(*habitat.known().begin()->second.eca_ha, *judged.eca_ha)});
    for (std::size_t e = 0; e < study.elements.size(); ++e)
      by_element.push_back({factor, &crowd, e, judged.quality[e],
                            loss_percent(habitat.known().begin()->second.quality[e], judged.quality[e])});
  }
  std::stable_sort(by_element.begin(), by_element.end(),
                   [](const ElementRow& a, const ElementRow& b) { return a.element < b.element; });
  result.tables.push_back(tabulate_curve(curve));
  if (!by_element.empty()) result.tables.push_back(tabulate_elements(study, by_element));
  result.tables.push_back(tabulate_limits(limits, crowds));
}

}  // namespace

void add_visitor_limits(const Study& study, const FrameworkOnFrame& framework, const VisitorModel& visitors,
                        const Landscape& landscape, const CaseId& id, const std::vector<const LinkMemory*>& before,
                        const RunContext& context, CaseResult& result) {
  const VisitorLimitAnalysis& what = *study.analyses.visitor_limit;
  const auto asked = [](const auto& named, const auto& name) {
    return named.empty() || std::find(named.begin(), named.end(), name) != named.end();
  };
  const std::vector<int> years = what.years.empty() ? std::vector<int>{study.years.back()} : what.years;
  if (!asked(what.scenarios, id.scenario) || !asked(years, id.year)) return;
  Crowds crowds(study, visitors);
  // One guild after the other: they share the crowds, and each search is parallel in itself.
  for (std::size_t g = 0; g < study.guilds.size(); ++g) {
    if (!is_asked_for(what.guilds, study.guilds[g])) continue;
    HabitatByVisitors habitat(study, framework, visitors, landscape, study.guilds[g],
                              before.empty() ? nullptr : before[g], crowds, context);
    add_tables(study, habitat, crowds, result.guilds[g]);
  }
}

}  // namespace greenweave
