#include <chrono>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>

#include "io/case_marks.hpp"
#include "io/slurm.hpp"
#include "tests/support/files.hpp"

namespace greenweave {
namespace {

using testing::check_input_error;
using testing::Folder;

const CaseId wetland{"wetland-north", 2030, 2};

TEST_CASE("a case is claimed by one, and given back") {
  const Folder folder;
  CaseMarks a(folder / ".", "a", 60.0), b(folder / ".", "b", 60.0);
  CHECK(a.claim(wetland));
  CHECK_FALSE(b.claim(wetland));
  const CaseMark mark = CaseMarks::read(folder / ".", wetland, time_at(folder / "."), 60.0);
  CHECK(mark.kind == CaseMark::Kind::claimed);
  CHECK(mark.who == "a");
  a.give_back(wetland);
  CHECK(b.claim(wetland));
  b.fail(wetland, "no water\nnowhere");
  const CaseMark failed = CaseMarks::read(folder / ".", wetland, time_at(folder / "."), 60.0);
  CHECK(failed.kind == CaseMark::Kind::failed);
  CHECK(failed.who == "b");
  CHECK(failed.reason == "no water\nnowhere");
  // Who tries again leaves no trace of the failure.
  CHECK(a.claim(wetland));
  a.give_back(wetland);
  CHECK(CaseMarks::read(folder / ".", wetland, time_at(folder / "."), 60.0).kind == CaseMark::Kind::none);
}

TEST_CASE("a claim shows its age while its owner lives, is taken over when it is silent, and by its owner at once") {
  const Folder folder;
  const auto age = [&](double hours) {
    const auto claim = folder / (file_stem_of(wetland) + ".claim");
    std::filesystem::last_write_time(claim,
                                     std::filesystem::last_write_time(claim) - std::chrono::minutes(int(60 * hours)));
  };
  {
    CaseMarks alive(folder / ".", "alive", 0.5);
    REQUIRE(alive.claim(wetland));
    age(1.0);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // it is touched ten times in the half second
    CHECK(CaseMarks::read(folder / ".", wetland, time_at(folder / "."), 60.0).silent_s < 10.0);
  }
  CHECK(CaseMarks::read(folder / ".", wetland, time_at(folder / "."), 60.0).kind == CaseMark::Kind::none);
  std::ofstream(folder / (file_stem_of(wetland) + ".claim")) << "job 7_3\nsomewhere\n";
  CaseMarks other(folder / ".", "job 7_4", 60.0), same(folder / ".", "job 7_3", 60.0);
  CHECK_FALSE(other.claim(wetland));
  CHECK(same.claim(wetland));
  same.give_back(wetland);
  std::ofstream(folder / (file_stem_of(wetland) + ".claim")) << "job 7_3\nsomewhere\n";
  age(1.0);
  CHECK(CaseMarks::read(folder / ".", wetland, time_at(folder / "."), 60.0).kind == CaseMark::Kind::stalled);
  CHECK(other.claim(wetland));
}

TEST_CASE("scripts of a batch: what the study asks for, quoted as the shell reads it") {
  CHECK(shell_word("plain-word_1.5/x") == "plain-word_1.5/x");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("it's here") == "'it'\\''s here'");
  Submission submission;
  submission.name = "plan";
  submission.cluster.partition = "long";
  submission.cluster.threads = 3;
  submission.cluster.modules = {"gdal/3.6"};
  submission.cluster.lines = {"#SBATCH --qos=night"};
  submission.folder = "/a b";
  submission.tasks = 12;
  submission.minutes = 1500.2;
  submission.gib = 1.5;
  submission.work = {"greenweave", "work", "/a b/study.toml"};
  const std::string script = array_script(submission);
  for (const char* line :
       {"#!/bin/bash\n", "#SBATCH --partition=long\n", "#SBATCH --array=0-11%50\n", "#SBATCH --cpus-per-task=3\n",
        "#SBATCH --mem=1536M\n", "#SBATCH --time=1-01:01:00\n", "#SBATCH --qos=night\n", "module load gdal/3.6\n",
        "exec greenweave work '/a b/study.toml' \"$SLURM_ARRAY_TASK_ID\"\n"}) {
    CAPTURE(line);
    CHECK(script.find(line) != std::string::npos);
  }
  CHECK(script.find("--account") == std::string::npos);
}

TEST_CASE("cases in a file: back as they were, or one message") {
  const Folder folder;
  const std::vector<CaseId> cases{{"baseline", 2030, 0}, wetland, {"dry", -5, 100}};
  std::ofstream(folder / "cases.txt") << format_cases(cases);
  CHECK(read_cases(folder / "cases.txt") == cases);
  std::ofstream(folder / "bad.txt") << "baseline\t2030\t0\nwetland 2030\n";
  check_input_error([&] { read_cases(folder / "bad.txt"); }, {"bad.txt", "line 2", "tabs"});
  check_input_error([&] { read_cases(folder / "none.txt"); }, {"none.txt", "no such file"});
}

}  // namespace
}  // namespace greenweave
