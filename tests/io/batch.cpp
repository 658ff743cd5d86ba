#include <atomic>
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
  std::ofstream(folder / (file_stem_of(wetland) + ".claim")) << "job 7_3\nsomewhere\n0.05\n";
  age(1.0);
  CHECK(CaseMarks::read(folder / ".", wetland, time_at(folder / "."), 60.0).kind == CaseMark::Kind::stalled);
  CHECK(other.claim(wetland));
}

TEST_CASE("clocks apart: a claim with a time hours off is watched, and taken over only if nobody touches it") {
  for (const int hours : {-3, 3}) {
    CAPTURE(hours);
    const Folder folder;
    const CaseId second{"plan", 2040, 0};
    const std::vector claims{folder / (file_stem_of(wetland) + ".claim"), folder / (file_stem_of(second) + ".claim")};
    std::atomic<bool> is_alive = true;
    std::atomic<int> beats = 0;
    // A machine whose clock, by which it stamps its files, is hours off.
    const auto touch = [&] {
      for (const auto& claim : claims)
        std::filesystem::last_write_time(claim,
                                         std::filesystem::file_time_type::clock::now() + std::chrono::hours(hours));
      ++beats;
    };
    for (const auto& claim : claims) std::ofstream(claim) << "far\nfar away\n0.1\n";
    touch();
    const CaseMark mark = CaseMarks::read(folder / ".", wetland, time_at(folder / "."), 60.0);
    CHECK(mark.kind == CaseMark::Kind::stalled);
    CHECK(mark.silent_s == doctest::Approx(-3600.0 * hours).epsilon(0.01));
    CHECK(mark.pulse_s == 0.1);
    std::thread far([&] {
      while (is_alive) {
        touch();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    });
    CaseMarks here(folder / ".", "here", 60.0);
    CHECK_FALSE(here.claim(wetland));
    CHECK_FALSE(here.claim(wetland));
    is_alive = false;
    far.join();
    CHECK(beats > 1);
    CHECK(here.claim(wetland));
    // The other was seen by then, and has been as silent.
    const auto begin = std::chrono::steady_clock::now();
    CHECK(here.claim(second));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(240));
  }
}

TEST_CASE("a file system that is away for a moment is waited for") {
  int calls = 0;
  CHECK(patiently([&] {
    if (++calls == 1) throw InputError("", "", "away", "");
    return calls == 2;
  }));
  CHECK(calls == 2);
  CHECK_THROWS_AS(patiently([]() -> bool { throw std::logic_error("ours"); }), std::logic_error);
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
