// Tables of capacity, service and standards of a trail network.
#include "scenarios/analyses/trail_service.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/study_runs.hpp"

using namespace greenweave;
using doctest::Approx;
using greenweave::testing::table_of;

namespace {

/// Two links in a row, 1,000 m and 500 m, the second narrow; a station at the beginning, a sight at the end. Two hours
/// from 23 o'clock.
struct Scene {
  TrailNetwork network;
  TrailLoad load;
  std::vector<double> per_year{200000.0, 1e6}, per_hour{5940.0, 960.0};
  std::vector<Element> elements;
  TrailServiceRule rule;

  Scene() {
    network.nodes = {{{0, 0}, TrailNodeKind::station, "gate"},
                     {{1000, 0}, TrailNodeKind::junction, ""},
                     {{1000, 500}, TrailNodeKind::attraction, "tower"}};
    TrailLink a, b;
    a.from = 0;
    a.to = 1;
    a.line = {{0, 0}, {1000, 0}};
    a.length_m = 1000.0;
    a.width_m = 3.0;
    a.kind = GreenwayKind::urban;
    a.element = "canal";
    b.from = 1;
    b.to = 2;
    b.line = {{1000, 0}, {1000, 500}};
    b.length_m = 500.0;
    b.width_m = 1.0;
    b.kind = GreenwayKind::ecological;
    b.mean_slope_percent = 15.0;
    b.element = "canal";
    network.links = {a, b};
    load.hours = 2;
    load.along = {600, 5400, 0, 0};
    load.against = {0, 600, 0, 900};
    load.present = {100, 540, 0, 40};
    load.at_node = {0, 0, 0, 0, 7, 30};
    rule.peak_factor = 1.0;
    rule.times = {10.0, 4.0, 300.0};
    rule.sites = {{"tower", {3000.0, 100.0, 4.0}}};
    Element canal;
    canal.name = "canal";
    canal.greenway_type = "urban";
    canal.width_m = 15.0;
    canal.geometry = {Geometry::Kind::lines, {{{0, 0}, {1000, 0}, {1000, 500}}}};
    elements = {canal};
  }
  std::vector<Table> tables() const {
    return trail_service_tables({network, load, 23, per_year, elements, per_hour}, rule);
  }
};

}  // namespace

TEST_CASE("trail service: capacity, load and level of two links, by hand") {
  const Scene scene;
  const std::vector<Table> tables = scene.tables();
  const Table& links = table_of(tables, "trail_service");
  CHECK(links.numbers("instant_capacity") == std::vector<double>{3000.0 / 5.0, 500.0 / 10.0});
  CHECK(links.numbers("daily_capacity")[0] == Approx(600.0 * 2.5));
  CHECK(links.numbers("annual_capacity")[0] == Approx(600.0 * 2.5 * 300.0));
  CHECK(links.numbers("instant_load_percent")[0] == Approx(90.0));
  CHECK(links.numbers("instant_load_percent")[1] == Approx(80.0));
  CHECK(links.numbers("daily_load_percent")[0] == Approx(100.0 * 6600.0 / 1500.0));
  CHECK(links.numbers("annual_load_percent")[1] == Approx(100.0 * 1e6 / (50.0 * 2.5 * 300.0)));
  CHECK(links.integers("peak_hour") == std::vector<std::int64_t>{0, 0});  // past midnight
  // 6,000 an hour on 3 m: 33.3 a minute and metre, D; 3000 / 540 = 5.6 m2 would be B. Then 900 on 1 m: 15, A, and
  // 12.5 m2, A.
  CHECK(std::get<std::vector<std::string>>(links.find("service")->values) == std::vector<std::string>{"D", "A"});
  // Cifuentes: of 65 m 15 m hold persons; the second link is of medium slope from end to end.
  CHECK(links.numbers("PCC")[0] == Approx(1000.0 * 15.0 / 65.0 * 2.5));
  CHECK(links.numbers("RCC")[0] == links.numbers("PCC")[0]);
  CHECK(links.numbers("RCC")[1] == 0.0);
  // 2 % of 200,000 a year on eight lanes: 500 passes, which leave a fifth.
  CHECK(links.numbers("off_trail_passes")[0] == Approx(500.0));
  CHECK(links.numbers("cover_left")[0] == Approx(0.2));
  const Table& hours = table_of(tables, "trail_service_hours");
  CHECK(hours.integers("link") == std::vector<std::int64_t>{1, 1, 2});
  CHECK(hours.integers("hour") == std::vector<std::int64_t>{23, 0, 0});
}

TEST_CASE("trail service: elements and sites") {
  const Scene scene;
  const std::vector<Table> tables = scene.tables();
  const Table& elements = table_of(tables, "element_service");
  REQUIRE(elements.rows() == 1);
  CHECK(elements.numbers("trails_m")[0] == 1500.0);
  CHECK(elements.numbers("instant_capacity")[0] == 650.0);
  CHECK(elements.numbers("peak_present")[0] == 580.0);
  CHECK(elements.numbers("worst_link_percent")[0] == Approx(90.0));
  CHECK(elements.numbers("alert_m")[0] == 1500.0);
  CHECK(elements.integers("bottleneck")[0] == 2);
  CHECK(elements.numbers("bottleneck_capacity")[0] == Approx(960.0 * 10.0));
  const Table& sites = table_of(tables, "site_service");
  CHECK(sites.numbers("instant_capacity")[0] == 30.0);
  CHECK(sites.numbers("daily_capacity")[0] == 60.0);  // Int(10 / 4) = 2
  CHECK(sites.numbers("instant_load_percent")[0] == Approx(100.0));
  CHECK(sites.integers("alert")[0] == 1);
}

TEST_CASE("trail service: violations by segment with figure and standard; a figure may be replaced or taken out") {
  Scene scene;
  const auto figures_of = [](const std::vector<Table>& tables) {
    return std::get<std::vector<std::string>>(table_of(tables, "trail_violations").find("figure")->values);
  };
  std::vector<Table> tables = scene.tables();
  const Table& found = table_of(tables, "trail_violations");
  // The second link is 1 m wide; both are loaded from 80 % on; the canal's strip is 15 m.
  CHECK(figures_of(tables) ==
        std::vector<std::string>{"trail_width.walking.ecological", "load.alert", "load.alert", "control_zone.urban"});
  CHECK(found.integers("link") == std::vector<std::int64_t>{2, 1, 2, 0});
  CHECK(found.numbers("x")[0] == Approx(1000.0));
  CHECK(found.numbers("y")[0] == Approx(250.0));
  CHECK(found.numbers("is")[3] == 15.0);
  CHECK(found.numbers("least")[3] == 20.0);
  CHECK(found.numbers("to_m")[3] == Approx(1500.0));
  CHECK(table_of(tables, "standards").rows() == default_standards().size());

  for (StandardFigure& figure : scene.rule.standards)
    if (figure.id == "trail_width.walking.ecological") figure.least = 0.9;
  std::erase_if(scene.rule.standards, [](const StandardFigure& figure) { return figure.id == "load.alert"; });
  CHECK(figures_of(scene.tables()) == std::vector<std::string>{"control_zone.urban"});
}

TEST_CASE("trail service: nobody on the trails loads nothing") {
  Scene scene;
  scene.load.along = scene.load.against = scene.load.present = {0, 0, 0, 0};
  scene.load.at_node.assign(6, 0.0);
  scene.per_year.clear();
  scene.network.links[0].width_m = 0.0;
  const std::vector<Table> tables = scene.tables();
  for (const double load : table_of(tables, "trail_service").numbers("instant_load_percent")) CHECK(load == 0.0);
  CHECK(table_of(tables, "trail_service_hours").rows() == 0);
  CHECK(table_of(tables, "trail_service").numbers("cover_left")[1] == 1.0);
}
