#include "io/sweep.hpp"

#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "io/results_file.hpp"
#include "io/toml_section.hpp"
#include "tests/support/files.hpp"

namespace greenweave {
namespace {

using testing::check_input_error;
using testing::Folder;

const char* const north = R"(
name = "north"
title = "The north"
[inputs]
land_cover = "cover.tif"
[[guild]]
name = "birds"
dispersal_m = 500
[[guild]]
name = "frogs"
dispersal_m = 300
[[scenario]]
name = "growth"
[[scenario.action]]
name = "growth to 2030"
area_ha = 10
[output]
path = "elsewhere.h5"
)";

struct SweepFolder {
  Folder folder;
  SweepFolder() {
    std::filesystem::create_directories(folder / "a");
    std::filesystem::create_directories(folder / "south");
    folder.write("a/study.toml", north);
    folder.write("south/study.toml", "[inputs]\nland_cover = \"cover.tif\"\n[[guild]]\nname = \"birds\"\n");
  }
  Sweep read(const std::string& text) const { return read_sweep(folder.write("sweep.toml", text)); }
};

TEST_CASE("a sweep: studies x cell sizes x grid, each a study that extends its base") {
  const SweepFolder at;
  const Sweep sweep = at.read(R"(
studies = ["a/study.toml", "south/study.toml"]
cell_m = [30, 60.5]
draws = 2
[grid]
guild.birds.dispersal_m = [1000, 2000, 4000]
analysis.circuit.tolerance = 1e-4
[cluster]
threads = 3
)");
  CHECK(sweep.name == "sweep");
  CHECK(sweep.folder == at.folder / "sweep.sweep");
  CHECK(sweep.parameters == std::vector<std::string>{"cell_m", "dispersal_m"});
  REQUIRE(sweep.variants.size() == 12);
  CHECK(sweep.cluster->threads == 3);
  CHECK(sweep.variants[0].name == "north-cell_m-30-dispersal_m-1000");
  CHECK(sweep.variants[5].name == "north-cell_m-60p5-dispersal_m-4000");
  CHECK(sweep.variants[11].name == "south-cell_m-60p5-dispersal_m-4000");
  CHECK(sweep.variants[5].values == std::vector<std::string>{"60.5", "4000"});
  CHECK(sweep.variants[5].results == at.folder / "sweep.sweep/north-cell_m-60p5-dispersal_m-4000.h5");

  // Read as any study, it is the base with these keys and no others changed.
  std::string text;
  const Variant& variant = sweep.variants[5];
  const Toml toml = parse_study(variant.file, &text, &variant.text);
  CHECK(toml.at("name").as_string().str == variant.name);
  CHECK(toml.at("title").as_string().str == "The north (cell_m 60.5, dispersal_m 4000)");
  CHECK(toml.at("frame").at("cell_m").as_floating() == 60.5);
  CHECK(toml.at("uncertainty").at("draws").as_integer() == 2);
  CHECK(toml.at("analysis").at("circuit").at("tolerance").as_floating() == 1e-4);
  CHECK(toml.at("output").at("path").as_string().str == variant.name + ".h5");
  REQUIRE(toml.at("guild").as_array().size() == 2);
  CHECK(toml.at("guild").as_array()[0].at("dispersal_m").as_integer() == 4000);
  CHECK(toml.at("guild").as_array()[1].at("dispersal_m").as_integer() == 300);
  // Its inputs are still those beside the base.
  CHECK(Section(toml.at("inputs"), "inputs").path("land_cover") == at.folder / "a/cover.tif");
}

TEST_CASE("a sweep: several grids, items of lists within lists, paths, and labels that tell keys apart") {
  const SweepFolder at;
  at.folder.write("dry.tif", "");
  const Sweep sweep = at.read(R"(
name = "s"
studies = ["a/study.toml"]
output.folder = "deep/er"
[[grid]]
guild.birds.dispersal_m = [1, 2]
guild.frogs.dispersal_m = [3]
[[grid]]
scenario.growth.action."growth to 2030".area_ha = [20, 40]
inputs.land_cover = ["dry.tif"]
)");
  CHECK(sweep.parameters ==
        std::vector<std::string>{"birds.dispersal_m", "frogs.dispersal_m", "land_cover", "area_ha"});
  REQUIRE(sweep.variants.size() == 4);
  CHECK(sweep.variants[1].values == std::vector<std::string>{"2", "3", "", ""});
  CHECK(sweep.variants[3].values == std::vector<std::string>{"", "", "dry.tif", "40"});
  std::string text;
  const Toml toml = parse_study(sweep.variants[3].file, &text, &sweep.variants[3].text);
  const Toml& actions = toml.at("scenario").as_array().at(0).at("action");
  REQUIRE(actions.as_array().size() == 1);
  CHECK(actions.as_array()[0].at("area_ha").as_integer() == 40);
  CHECK(Section(toml.at("inputs"), "inputs").path("land_cover") == at.folder / "dry.tif");
}

TEST_CASE("a sweep is told from a study, and its mistakes are told plainly") {
  const SweepFolder at;
  at.read("name = \"x\"\n studies=[\"a/study.toml\"]\n");
  CHECK(is_sweep(at.folder / "sweep.toml"));
  CHECK_FALSE(is_sweep(at.folder / "a/study.toml"));
  CHECK_FALSE(is_sweep(at.folder / "nothing.toml"));
  const auto fails = [&](const std::string& text, std::initializer_list<std::string> words) {
    check_input_error([&] { at.read(text); }, words);
  };
  const std::string one = "studies = [\"a/study.toml\"]\n";
  fails("studies = []\n", {"studies", "no study"});
  fails("studies = [\"b.toml\"]\n", {"line 1", "no study", "b.toml"});
  fails("studies = [\"a/study.toml\", \"a/study.toml\"]\n", {"two of them", "north"});
  fails("studies = [\"sweep.toml\"]\n", {"is a sweep itself"});
  fails(one + "cells = [30]\n", {"line 2", "cells", "cell_m"});
  fails(one + "cell_m = [\"30\"]\n", {"cell_m", "a text"});
  fails(one + "cell_m = []\n", {"cell_m", "empty"});
  fails(one + "cell_m = [30, 30]\n", {"30 is there twice"});
  fails(one + "cell_m = [30]\n[grid]\nframe.cell_m = [60]\n", {"frame.cell_m is there twice"});
  fails(one + "[grid]\nguild.bird.dispersal_m = [1]\n", {"guild.bird.dispersal_m", "no guild \"bird\"", "birds"});
  fails(one + "[grid]\nguild.birds = [1]\n", {"is an item of a list"});
  fails(one + "[grid]\ntarget.x.at_least = [1]\n", {"there is no [[target]]"});
  fails(one + "[grid]\nname.x = [1]\n", {"`name` is a value"});
  fails(one + "[grid]\nname = [\"a\", \"b\"]\n", {"name", "nothing that varies"});
  fails(one + "[grid]\ncluster.threads = [1, 2]\n", {"own [cluster]"});
  fails(one + "[grid]\nyears = [[2030], [2030, 2040], 1979-05-27]\n", {"years"});
  fails(one + "[grid]\nseed = [1]\n[cluster]\nthread = 1\n", {"thread", "threads"});
  std::string many = one + "[grid]\nseed = [0";
  for (int k = 1; k < 1100; ++k) many += fmt::format(", {}", k);
  fails(many + "]\n", {"more than 1000 variants"});
}

TEST_CASE("the variants' files: written once, not changed under results") {
  const SweepFolder at;
  const std::string one = "studies = [\"a/study.toml\"]\n[grid]\n";
  const Sweep first = at.read(one + "seed = [1, 2]\nyears = 2030\n");
  write_variants(first, false);
  const auto text_of = [](const std::filesystem::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  };
  CHECK(text_of(first.variants[1].file) == first.variants[1].text);
  const Sweep other = at.read(one + "seed = [1, 2]\nyears = 2040\n");
  write_variants(other, false);  // nothing has results yet
  CHECK(text_of(first.variants[1].file) == other.variants[1].text);
  std::filesystem::create_directory(partial_folder(first.variants[0].results));
  check_input_error([&] { write_variants(first, false); }, {"north-seed-1.toml", "has results already", "--restart"});
  CHECK(text_of(first.variants[1].file) == other.variants[1].text);
  write_variants(other, false);
  write_variants(first, true);
  CHECK(text_of(first.variants[0].file) == first.variants[0].text);
}

}  // namespace
}  // namespace greenweave
