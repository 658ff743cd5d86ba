// [guild.wetlands] of a study file: what restored wetlands are to a guild.
#include <doctest/doctest.h>

#include "io/raster_io.hpp"
#include "io/study_file.hpp"
#include "tests/support/files.hpp"

namespace greenweave {
namespace {

using testing::check_input_error;
using testing::Folder;

/// Fields of 20 x 20 cells that fall to the east, three dry days, and two guilds.
struct Wet {
  Folder folder;
  Frame frame = frame_in({{20, 20}, 30.0, 400000.0, 3400000.0, ""}, "EPSG:32648");

  Wet() {
    write_geotiff(folder / "cover.tif", frame, {"c", "1", "Classes", Raster<std::int32_t>(frame.shape, 40)});
    Raster<float> ground(frame.shape);
    for (Cell cell = 0; cell < ground.shape.cells(); ++cell)
      ground[cell] = static_cast<float>(100 - ground.shape.col(cell));
    write_geotiff(folder / "dem.tif", frame, {"z", "m", "Heights", ground});
    folder.write("climate.csv", "date,rain_mm,et_mm\n2025-01-01,0,1\n2025-01-02,0,1\n2025-01-03,0,1\n");
  }
  Study load(const std::string& wetlands, const std::string& analyses = "[analysis.water]\n[analysis.restoration]\n") {
    return load_study(folder.write("study.toml",
                                   "name = \"s\"\n[inputs]\nland_cover = \"cover.tif\"\n"
                                   "elevation = \"dem.tif\"\nclimate = \"climate.csv\"\n"
                                   "[[guild]]\nname = \"forest_mammals\"\n"
                                   "[[guild]]\nname = \"wetland_amphibians\"\n" +
                                       wetlands + analyses));
  }
  void fails(const std::string& wetlands, std::initializer_list<std::string> words,
             const std::string& analyses = "[analysis.water]\n[analysis.restoration]\n") {
    CAPTURE(wetlands);
    check_input_error([&] { load(wetlands, analyses); }, words);
  }
};

TEST_CASE("[guild.wetlands]: what it states is the guild's, and what it leaves out stays open") {
  Wet at;
  CHECK_FALSE(at.load("").guilds[1].wetlands.has_value());
  const Study study = at.load(R"([guild.wetlands]
open_water = 0.25
marsh = 1
dry = 0
recovery = ["plants", "animals"]
)");
  CHECK_FALSE(study.guilds[0].wetlands.has_value());
  REQUIRE(study.guilds[1].wetlands.has_value());
  const WetlandResponse& response = *study.guilds[1].wetlands;
  CHECK(response.open_water == 0.25F);
  CHECK(response.marsh == 1.0F);
  CHECK_FALSE(response.wet_meadow.has_value());
  CHECK(response.dry == 0.0F);
  // Positions among the attributes of [analysis.restoration], in the order named.
  REQUIRE(response.attributes.size() == 2);
  const auto& attributes = study.analyses.restoration->attributes;
  CHECK(attributes[response.attributes[0]].name == "plants");
  CHECK(attributes[response.attributes[1]].name == "animals");

  CHECK(at.load("[guild.wetlands]\nrecovery = []\n").guilds[1].wetlands->attributes.empty());
  // Attributes of the study's own.
  const Study own = at.load("[guild.wetlands]\nrecovery = [\"fish\"]\n",
                            "[analysis.water]\n[analysis.restoration]\n[[analysis.restoration.attribute]]\n"
                            "name = \"fish\"\nceiling = 0.9\ntau_years = 5\n");
  CHECK(own.guilds[1].wetlands->attributes == std::vector<std::size_t>{0});
}

TEST_CASE("[guild.wetlands]: what cannot be meant is said with its place and a remedy") {
  Wet at;
  const std::string table = "[guild.wetlands]\n", recovery = "recovery = [\"animals\"]\n";
  at.fails(table + recovery, {"study.toml", "guild \"wetland_amphibians\".wetlands", "no [analysis.restoration]"},
           "[analysis.water]\n");
  at.fails(table + "marsh = 1\n", {"`recovery` is missing", "recovery = [\"animals\"]", "[] for nothing"});
  at.fails(table + "marsh = 1.5\n" + recovery, {"marsh", "1.5 is out of range", "from 0 to 1"});
  at.fails(table + "dry = -0.1\n" + recovery, {"dry", "-0.1 is out of range"});
  at.fails(table + "open_water = \"good\"\n" + recovery, {"open_water", "a text, not a number"});
  at.fails(table + "recovery = [\"animal\"]\n", {"recovery", "no attribute \"animal\"", "animals"});
  at.fails(table + "recovery = \"animals\"\n", {"recovery", "a text, not a list"});
  at.fails(table + "swamp = 1\n" + recovery, {"unknown key `swamp`", "marsh"});
  at.fails("[guild]\nwetlands = 1\n", {"guild"});
  at.fails("wetlands = 1\n", {"wetlands", "a number, not a table"});
  // An attribute that the study's own list does not have.
  at.fails(table + recovery, {"recovery", "no attribute \"animals\"", "fish"},
           "[analysis.water]\n[analysis.restoration]\n[[analysis.restoration.attribute]]\nname = \"fish\"\n"
           "ceiling = 0.9\ntau_years = 5\n");
}

}  // namespace
}  // namespace greenweave
