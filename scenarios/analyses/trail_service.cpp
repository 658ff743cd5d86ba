#include "scenarios/analyses/trail_service.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "scenarios/table_of.hpp"

namespace greenweave {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Load over capacity; nothing on nothing is nothing.
double percent(double load, double capacity) { return load > 0.0 ? 100.0 * load / capacity : 0.0; }

/// What a link, an element or a site carries in the hour in which most persons are there.
struct Peak {
  std::size_t hour = 0;
  double present = 0.0;
  void take(std::size_t h, double persons) {
    if (persons > present) {
      present = persons;
      hour = h;
    }
  }
};

struct LinkService {
  std::size_t link = 0;
  double ground_m2 = 0.0;
  Capacity capacity;
  CifuentesCapacity cifuentes;
  Peak peak;
  double per_day = 0.0, per_year = 0.0;
  char worst = 'A';
  std::size_t worst_hour = 0;
  double off_trail_passes = 0.0, cover = 1.0;
};

class Service {
 public:
  Service(const TrailsInUse& trails, const TrailServiceRule& rule)
      : trails_(trails), rule_(rule), hours_(static_cast<std::size_t>(trails.load.hours)) {
    assert(trails.load.along.size() == trails.network.links.size() * hours_);
    for (std::size_t l = 0; l < trails.network.links.size(); ++l) links_.push_back(link(l));
  }

  std::vector<Table> tables() const {
    return {of_links(), of_hours(), of_elements(), of_sites(), of_violations(), of_standards()};
  }

 private:
  const TrailLink& line(std::size_t l) const { return trails_.network.links[l]; }
  double present(std::size_t l, std::size_t h) const { return trails_.load.present[l * hours_ + h]; }
  double flow(std::size_t l, std::size_t h) const {
    return trails_.load.along[l * hours_ + h] + trails_.load.against[l * hours_ + h];
  }
  std::int64_t oclock(std::size_t hour) const {
    return static_cast<std::int64_t>((static_cast<std::size_t>(trails_.first_hour) + hour) % 24);
  }

  char letter(std::size_t l, std::size_t h) const {
    const TrailLink& link = line(l);
    const double there = present(l, h);
    PathUse use;
    use.persons_per_hour = flow(l, h);
    use.in_busier_direction = std::max(trails_.load.along[l * hours_ + h], trails_.load.against[l * hours_ + h]);
    use.width_m = link.width_m;
    use.m2_per_person = there > 0.0 ? link.length_m * link.width_m / there : infinity;
    use.peak_factor = rule_.peak_factor;
    return level_of_service(rule_.scale, use);
  }

  LinkService link(std::size_t l) const {
    const TrailLink& way = line(l);
    LinkService service;
    service.link = l;
    service.ground_m2 = way.length_m * way.width_m;
    service.capacity =
        ground_capacity(service.ground_m2, rule_.m2_per_person[static_cast<std::size_t>(way.kind)], rule_.times);
    const CifuentesRule cifuentes{1.0, rule_.cifuentes_group, rule_.group_gap_m, rule_.times, rule_.management};
    // The whole link counts as steep as its mean slope.
    const double slope = way.mean_slope_percent;
    const std::array<CorrectionFactor, 1> factors{slope_factor(slope >= 10.0 && slope <= 20.0 ? way.length_m : 0.0,
                                                               slope > 20.0 ? way.length_m : 0.0,
                                                               std::max(way.length_m, 1e-9))};
    service.cifuentes = cifuentes_capacity(spaced_m(way.length_m, cifuentes), cifuentes.person_m, factors, cifuentes);
    for (std::size_t h = 0; h < hours_; ++h) {
      service.peak.take(h, present(l, h));
      service.per_day += flow(l, h);
      const char here = flow(l, h) > 0.0 || present(l, h) > 0.0 ? letter(l, h) : 'A';
      if (here > service.worst) {
        service.worst = here;
        service.worst_hour = h;
      }
    }
    if (!trails_.persons_per_year.empty()) service.per_year = trails_.persons_per_year[l];
    service.off_trail_passes = off_trail_passes(way, service.per_year, rule_.off_trail, rule_.trampling);
    service.cover = cover_after(rule_.trampling, service.off_trail_passes);
    return service;
  }

  /// Of a link, which is a piece of a longer trail: as many persons a metre as whole groups leave on a long one.
  static double spaced_m(double length_m, const CifuentesRule& rule) {
    const double group_m = rule.group_size * rule.person_m;
    return length_m * group_m / (group_m + rule.group_gap_m);
  }

  Table of_links() const {
    using S = LinkService;
    return TableOf("trail_service", links_)
        .integer("link", "1", "Number, from 1", [](const S& s) { return s.link + 1; })
        .text("element", "Element of the framework that it runs in", [&](const S& s) { return line(s.link).element; })
        .text("kind", "ecological, suburban or urban", [&](const S& s) { return name_of(line(s.link).kind); })
        .number("ground_m2", "m2", "Its length times its width", [](const S& s) { return s.ground_m2; })
        .number("instant_capacity", "1", "Persons at once by the line method",
                [](const S& s) { return s.capacity.instant; })
        .number("daily_capacity", "d-1", "Visits a day", [](const S& s) { return s.capacity.daily; })
        .number("annual_capacity", "a-1", "Visits a year", [](const S& s) { return s.capacity.annual; })
        .number("PCC", "d-1", "Physical carrying capacity after Cifuentes, visits a day",
                [](const S& s) { return s.cifuentes.physical; })
        .number("RCC", "d-1", "Real: less what slopes limit", [](const S& s) { return s.cifuentes.real; })
        .number("ECC", "d-1", "Effective: with the management there is",
                [](const S& s) { return s.cifuentes.effective; })
        .number("peak_present", "1", "Most persons on it at once", [](const S& s) { return s.peak.present; })
        .integer("peak_hour", "1", "When that hour begins, o'clock", [&](const S& s) { return oclock(s.peak.hour); })
        .number("instant_load_percent", "%", "Most persons at once over instant capacity",
                [](const S& s) { return percent(s.peak.present, s.capacity.instant); })
        .number("daily_load_percent", "%", "Passages of the day over daily capacity",
                [](const S& s) { return percent(s.per_day, s.capacity.daily); })
        .number("annual_load_percent", "%", "Passages of the year over annual capacity",
                [](const S& s) { return percent(s.per_year, s.capacity.annual); })
        .text("service", "Worst level of service of the day, A to F",
              [](const S& s) { return std::string(1, s.worst); })
        .text("scale", "Scale of the level", [&](const S&) { return name_of(rule_.scale); })
        .integer("service_hour", "1", "When its first hour begins, o'clock",
                 [&](const S& s) { return oclock(s.worst_hour); })
        .number("off_trail_passes", "a-1", "Passes a year on a lane beside it",
                [](const S& s) { return s.off_trail_passes; })
        .number("cover_left", "1", "Share of the ground beside it that stays under plants",
                [](const S& s) { return s.cover; })
        .take();
  }

  struct HourRow {
    std::size_t link, hour;
  };
  Table of_hours() const {
    std::vector<HourRow> rows;
    for (std::size_t l = 0; l < links_.size(); ++l)
      for (std::size_t h = 0; h < hours_; ++h)
        if (present(l, h) > 0.0 || flow(l, h) > 0.0) rows.push_back({l, h});
    using R = HourRow;
    return TableOf("trail_service_hours", rows)
        .integer("link", "1", "Row of trail_service, from 1", [](const R& r) { return r.link + 1; })
        .integer("hour", "1", "When the hour begins, o'clock", [&](const R& r) { return oclock(r.hour); })
        .number("instant_load_percent", "%", "Persons on it over instant capacity",
                [&](const R& r) { return percent(present(r.link, r.hour), links_[r.link].capacity.instant); })
        .text("service", "Level of service, A to F, by the scale of trail_service",
              [&](const R& r) { return std::string(1, letter(r.link, r.hour)); })
        .take();
  }

  struct ElementRow {
    std::string element;
    double length_m = 0.0, ground_m2 = 0.0, instant = 0.0, per_link = 0.0, over_m = 0.0;
    std::int64_t bottleneck = -1;  // link
    double per_hour = infinity;    // there
    Peak peak;
    char worst = 'A';
  };
  Table of_elements() const {
    std::vector<ElementRow> rows;
    for (const Element& element : trails_.elements) {
      ElementRow row;
      row.element = element.name;
      std::vector<double> there(hours_, 0.0);
      for (const LinkService& service : links_) {
        const TrailLink& way = line(service.link);
        if (way.element != element.name) continue;
        row.length_m += way.length_m;
        row.ground_m2 += service.ground_m2;
        row.instant += service.capacity.instant;
        row.worst = std::max(row.worst, service.worst);
        if (!trails_.per_hour.empty() && trails_.per_hour[service.link] < row.per_hour) {
          row.per_hour = trails_.per_hour[service.link];
          row.bottleneck = static_cast<std::int64_t>(service.link) + 1;
        }
        const double load = percent(service.peak.present, service.capacity.instant);
        row.per_link = std::max(row.per_link, load);
        if (load >= 100.0 * alert_share) row.over_m += way.length_m;
        for (std::size_t h = 0; h < hours_; ++h) there[h] += present(service.link, h);
      }
      for (std::size_t h = 0; h < hours_; ++h) row.peak.take(h, there[h]);
      rows.push_back(std::move(row));
    }
    using R = ElementRow;
    const double turns = turnover(rule_.times);
    return TableOf("element_service", rows)
        .text("element", "Element", [](const R& r) { return r.element; })
        .number("trails_m", "m", "Length of trails in it", [](const R& r) { return r.length_m; })
        .number("ground_m2", "m2", "Their ground", [](const R& r) { return r.ground_m2; })
        .number("instant_capacity", "1", "Persons at once on them", [](const R& r) { return r.instant; })
        .number("daily_capacity", "d-1", "Visits a day", [&](const R& r) { return r.instant * turns; })
        .number("annual_capacity", "a-1", "Visits a year",
                [&](const R& r) { return r.instant * turns * rule_.times.days_a_year; })
        .integer("bottleneck", "1",
                 "Its link that lets the fewest persons through, a row of trail_links counted from 1; -1: none",
                 [](const R& r) { return r.bottleneck; })
        .number("bottleneck_capacity", "d-1", "Persons a day who come through there in comfort; NaN: none",
                [&](const R& r) {
                  return r.bottleneck < 0 ? std::numeric_limits<double>::quiet_NaN()
                                          : bottleneck_capacity(r.per_hour, rule_.times.open_hours);
                })
        .number("peak_present", "1", "Most persons on them at once", [](const R& r) { return r.peak.present; })
        .integer("peak_hour", "1", "When that hour begins, o'clock", [&](const R& r) { return oclock(r.peak.hour); })
        .number("instant_load_percent", "%", "These over instant capacity",
                [](const R& r) { return percent(r.peak.present, r.instant); })
        .number("worst_link_percent", "%", "Load of its most loaded link", [](const R& r) { return r.per_link; })
        .number("alert_m", "m", "Length of its links from 80 % of capacity on", [](const R& r) { return r.over_m; })
        .text("service", "Worst level of service of its links", [](const R& r) { return std::string(1, r.worst); })
        .take();
  }

  struct SiteRow {
    const VisitedSite* site;
    Capacity capacity;
    Peak peak;
  };
  Table of_sites() const {
    std::vector<SiteRow> rows;
    for (const VisitedSite& site : rule_.sites) {
      SiteRow row{&site, site_capacity(std::span(&site.part, 1), rule_.times.open_hours, rule_.times.days_a_year), {}};
      for (std::size_t n = 0; n < trails_.network.nodes.size(); ++n)
        if (trails_.network.nodes[n].name == site.name)
          for (std::size_t h = 0; h < hours_ && !trails_.load.at_node.empty(); ++h)
            row.peak.take(h, trails_.load.at_node[n * hours_ + h]);
      rows.push_back(row);
    }
    using R = SiteRow;
    return TableOf("site_service", rows)
        .text("site", "Attraction", [](const R& r) { return r.site->name; })
        .number("ground_m2", "m2", "Ground that visitors may use", [](const R& r) { return r.site->part.ground_m2; })
        .number("m2_per_person", "m2", "Ground a person", [](const R& r) { return r.site->part.m2_per_person; })
        .number("instant_capacity", "1", "Persons at once: X / Y", [](const R& r) { return r.capacity.instant; })
        .number("daily_capacity", "d-1", "Visits a day: X Int(T / t) / Y", [](const R& r) { return r.capacity.daily; })
        .number("annual_capacity", "a-1", "Visits a year", [](const R& r) { return r.capacity.annual; })
        .number("peak_present", "1", "Most persons there at once", [](const R& r) { return r.peak.present; })
        .integer("peak_hour", "1", "When that hour begins, o'clock", [&](const R& r) { return oclock(r.peak.hour); })
        .number("instant_load_percent", "%", "These over instant capacity",
                [](const R& r) { return percent(r.peak.present, r.capacity.instant); })
        .integer("alert", "1", "1: from 80 % of instant capacity on",
                 [](const R& r) { return r.peak.present >= alert_share * r.capacity.instant && r.peak.present > 0.0; })
        .take();
  }

  struct ViolationRow {
    std::int64_t link = 0;  // 0: the element
    std::string element;
    double from_m = 0.0, to_m = 0.0, is = 0.0;
    Point at{std::nan(""), std::nan("")};
    const StandardFigure* figure = nullptr;
  };
  Table of_violations() const {
    std::vector<ViolationRow> rows;
    for (const TrailViolation& violation : trail_violations(trails_.network, rule_.standards, rule_.demands)) {
      const TrailLink& way = line(static_cast<std::size_t>(violation.link));
      rows.push_back({violation.link + 1, way.element, violation.from_m, violation.to_m, violation.is,
                      point_along(way.line, 0.5 * (violation.from_m + violation.to_m)),
                      &rule_.standards[violation.figure]});
    }
    if (const StandardFigure* alert = figure_named(rule_.standards, "load.alert"))
      for (const LinkService& service : links_) {
        const double load = percent(service.peak.present, service.capacity.instant) / 100.0;
        const TrailLink& way = line(service.link);
        if (load >= alert->most)
          rows.push_back({static_cast<std::int64_t>(service.link + 1), way.element, 0.0, way.length_m, load,
                          point_along(way.line, 0.5 * way.length_m), alert});
      }
    for (const ElementViolation& violation : element_violations(trails_.elements, rule_.standards)) {
      const Element& element = trails_.elements[static_cast<std::size_t>(violation.element)];
      rows.push_back({0,
                      element.name,
                      0.0,
                      length_m(element.geometry),
                      violation.is,
                      {std::nan(""), std::nan("")},
                      &rule_.standards[violation.figure]});
    }
    using R = ViolationRow;
    return TableOf("trail_violations", rows)
        .integer("link", "1", "Row of trail_service, from 1; 0: the element itself", [](const R& r) { return r.link; })
        .text("element", "Element of the framework", [](const R& r) { return r.element; })
        .number("from_m", "m", "Where the segment begins along its line", [](const R& r) { return r.from_m; })
        .number("to_m", "m", "Where it ends", [](const R& r) { return r.to_m; })
        .number("x", "m", "Its middle, easting", [](const R& r) { return r.at.x; })
        .number("y", "m", "Its middle, northing", [](const R& r) { return r.at.y; })
        .text("quantity", "What falls short, with its unit", [](const R& r) { return name_of(r.figure->quantity); })
        .number("is", "1", "What is there", [](const R& r) { return r.is; })
        .number("least", "1", "The standard asks at least", [](const R& r) { return r.figure->least; })
        .number("most", "1", "And at most; infinity: no limit", [](const R& r) { return r.figure->most; })
        .text("figure", "Row of the table of standards", [](const R& r) { return r.figure->id; })
        .text("standard", "Standard", [](const R& r) { return r.figure->standard; })
        .text("clause", "Clause; empty: not recorded", [](const R& r) { return r.figure->clause; })
        .text("edition", "Edition", [](const R& r) { return r.figure->edition; })
        .integer("checked", "1", "1: the figure was checked at its source",
                 [](const R& r) { return r.figure->is_checked; })
        .take();
  }

  Table of_standards() const {
    using F = StandardFigure;
    return TableOf("standards", rule_.standards)
        .text("figure", "Id", [](const F& f) { return f.id; })
        .text("quantity", "What it is about, with its unit", [](const F& f) { return name_of(f.quantity); })
        .text("of", "To what it applies", [](const F& f) { return f.of; })
        .number("least", "1", "At least", [](const F& f) { return f.least; })
        .number("most", "1", "At most; infinity: no limit", [](const F& f) { return f.most; })
        .text("standard", "Standard", [](const F& f) { return f.standard; })
        .text("clause", "Clause; empty: not recorded", [](const F& f) { return f.clause; })
        .text("edition", "Edition", [](const F& f) { return f.edition; })
        .integer("checked", "1", "1: checked at its source; 0: as remembered", [](const F& f) { return f.is_checked; })
        .take();
  }

  const TrailsInUse& trails_;
  const TrailServiceRule& rule_;
  std::size_t hours_;
  std::vector<LinkService> links_;
};

}  // namespace

std::vector<ElementViolation> element_violations(std::span<const Element> elements,
                                                 std::span<const StandardFigure> figures) {
  std::vector<ElementViolation> found;
  for (std::size_t e = 0; e < elements.size(); ++e) {
    if (elements[e].geometry.kind != Geometry::Kind::lines || !(elements[e].width_m > 0.0)) continue;
    const StandardFigure* const zone = figure_named(figures, "control_zone." + elements[e].greenway_type);
    if (zone != nullptr && elements[e].width_m < zone->least - 1e-9)
      found.push_back({static_cast<int>(e), elements[e].width_m, static_cast<std::size_t>(zone - figures.data())});
  }
  return found;
}

std::vector<Table> trail_service_tables(const TrailsInUse& trails, const TrailServiceRule& rule) {
  return Service(trails, rule).tables();
}

}  // namespace greenweave
