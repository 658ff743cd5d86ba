#include "io/climate_csv.hpp"

#include <doctest/doctest.h>

#include "tests/support/files.hpp"

namespace greenweave {
namespace {

using testing::check_input_error;
using testing::Folder;

TEST_CASE("climate: columns in any order, quotes, Windows lines and a byte order mark") {
  const Folder folder;
  const auto path = folder.write("c.csv",
                                 "\xEF\xBB\xBFstation,\"et_mm\",date,rain_mm\r\nA,1.5,2024-02-28,0\r\n"
                                 "A,2,2024-02-29, 12.25\r\nA,1,2024-03-01,0.5\r\n\r\n");
  const std::vector<WeatherDay> weather = read_climate(path);
  REQUIRE(weather.size() == 3);
  CHECK(weather[1].year == 2024);
  CHECK(weather[1].month == 2);
  CHECK(weather[1].rain_mm == 12.25);
  CHECK(weather[1].evaporation_mm == 2.0);
  CHECK(weather[2].month == 3);
}

TEST_CASE("climate: what cannot be used is named with its line") {
  const Folder folder;
  const auto reads = [&](const std::string& text) {
    return [path = folder.write("c.csv", text)] { read_climate(path); };
  };
  check_input_error(reads("date,rain_mm\n2024-01-01,1\n"),
                    {"c.csv", "line 1", "no column et_mm", "date,rain_mm,et_mm"});
  check_input_error(reads("date,rain_mm,et_mm\n"), {"c.csv", "no days"});
  check_input_error(reads("date,rain_mm,et_mm\n2023-02-29,1,1\n"), {"line 2", "2023-02-29", "no date", "YYYY-MM-DD"});
  check_input_error(reads("date,rain_mm,et_mm\n2023-02-27,1,1\n2023-03-01,1,1\n"), {"line 3", "2023-03-01", "follow"});
  check_input_error(reads("date,rain_mm,et_mm\n2023-02-27,-1,1\n"), {"line 2", "rain_mm", "-1"});
  check_input_error(reads("date,rain_mm,et_mm\n2023-02-27,1\n"), {"line 2", "et_mm"});
  check_input_error([&] { read_climate(folder / "none.csv"); }, {"none.csv", "cannot be opened"});
}

}  // namespace
}  // namespace greenweave
