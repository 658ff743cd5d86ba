"""A batch as a user runs it: submitted, shared out, stopped, gathered. `sbatch` is a stand-in here; tests/cluster has the real one."""
import csv
import glob
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from program import PROGRAM, STUDY, assert_same_results, keep_only_circuits, run

import h5py  # after `program`, which says what to install where it is missing

SCENARIOS = "baseline", "wetland", "greenways", "growth", "plan"
COARSE, FINE = ("--cell", "200"), ("--cell", "50")  # cases of a moment, and of seconds

# Runs the script that is submitted at once, each task of an array in turn, with the variables that Slurm sets.
SBATCH = """#!/bin/bash
script="${@: -1}"
number=$(($(cat "$FAKE_SLURM/next" 2>/dev/null || echo 40) + 1))
echo $number > "$FAKE_SLURM/next"
echo "$@" >> "$FAKE_SLURM/calls"
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$script")
[ -n "$FAKE_ONLY" ] && last=$FAKE_ONLY
export SLURM_JOB_ID=$number
if [ -n "$last" ]; then
  for task in $(seq 0 "$last"); do
    SLURM_ARRAY_JOB_ID=$number SLURM_ARRAY_TASK_ID=$task bash "$script" >> "$FAKE_SLURM/log" 2>&1
  done
else
  bash "$script" >> "$FAKE_SLURM/log" 2>&1
fi
echo $number
"""


SQUEUE = """#!/bin/bash
cat "$FAKE_SLURM/queue" 2>/dev/null
"""


class Batch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="greenweave-batch-")
        cls.home = os.path.join(cls.folder, "home of a study")  # a blank in the path must do no harm
        made = run("demo-data", STUDY, "--out", cls.home, "--cell", 60)
        assert made.returncode == 0, made.stderr
        cls.study = os.path.join(cls.home, "study.toml")
        keep_only_circuits(cls.study, '\n[cluster]\nthreads = 1\ncases_per_task = 3\naccount = "eco"\nlines = ["#SBATCH --qos=long"]\n')
        cls.alone = os.path.join(cls.folder, "alone.h5")
        done = run("run", cls.study, "--out", cls.alone, "--quiet", *COARSE)
        assert done.returncode == 0, done.stderr
        cls.slurm = os.path.join(cls.folder, "slurm")
        os.mkdir(cls.slurm)
        for name, script in ("sbatch", SBATCH), ("squeue", SQUEUE):
            path = os.path.join(cls.slurm, name)
            with open(path, "w") as file:
                file.write(script)
            os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.out = os.path.join(self.folder, f"{self.id().split('.')[-1]}.h5")
        self.partial = self.out + ".partial"
        for name in "calls", "log", "next", "queue":
            path = os.path.join(self.slurm, name)
            if os.path.exists(path):
                os.remove(path)

    def command(self, verb, *more, cell=COARSE, **variables):
        environment = dict(os.environ, PATH=self.slurm + os.pathsep + os.environ["PATH"], FAKE_SLURM=self.slurm, **variables)
        return run(verb, self.study, "--out", self.out, *cell, *more, env=environment, cwd="/")

    def slurm_text(self, name):
        with open(os.path.join(self.slurm, name)) as file:
            return file.read()

    def wait_for_claim(self):
        """Of a case that takes a while: the baseline's are there at once."""
        for _ in range(9000):
            names = os.listdir(self.partial) if os.path.isdir(self.partial) else []
            claims = [name for name in names if name.endswith(".claim") and not name.startswith("baseline")]
            if claims:
                return claims[0]
            time.sleep(0.02)
        return None

    def counts(self):
        said = self.command("status")
        found = re.search(r"(\d+) done, (\d+) running, (\d+) stalled, (\d+) failed, (\d+) missing", said.stdout)
        self.assertIsNotNone(found, said.stdout + said.stderr)
        return tuple(map(int, found.groups()))

    def test_submitted_worked_out_and_gathered(self):
        dry = self.command("submit", "--dry-run")
        self.assertEqual(dry.returncode, 0, dry.stderr)
        for words in ("10 cases in 4 tasks of 3", "#SBATCH --array=0-3%50", "#SBATCH --account=eco", "#SBATCH --qos=long", " work ", " gather ", "home of a study"):
            self.assertIn(words, dry.stdout)
        self.assertFalse(os.path.exists(self.partial))
        self.assertEqual(self.counts(), (0, 0, 0, 0, 10))
        done = self.command("submit")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertIn("submitted: job 41, and job 42 joins", done.stdout)
        self.assertIn("--dependency=afterany:41", self.slurm_text("calls"))
        self.assertIn("10 cases joined", self.slurm_text("log"))
        self.assertFalse(os.path.exists(self.partial))
        assert_same_results(self, self.alone, self.out)
        self.assertEqual(self.counts(), (10, 0, 0, 0, 0))
        again = self.command("submit")
        self.assertEqual(again.returncode, 2)
        self.assertIn("exists already", again.stderr)

    def test_missing_cases_are_sent_again_and_damaged_ones_too(self):
        first = self.command("submit", FAKE_ONLY="1")  # two of four tasks, as if the others were lost
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(self.counts(), (6, 0, 0, 0, 4))
        self.assertIn("6 of 10 cases are done", self.slurm_text("log"))
        self.assertFalse(os.path.exists(self.out))
        status = self.command("status")
        self.assertEqual(status.returncode, 3)
        self.assertIn("--missing", status.stdout)
        # A half-written file under a case's name, as a crash of the file system leaves it, and one never renamed.
        cases = sorted(name for name in os.listdir(self.partial) if name.endswith(".h5"))
        with open(os.path.join(self.partial, cases[0]), "r+b") as file:
            file.truncate(1000)
        open(os.path.join(self.partial, cases[0] + ".77.unfinished"), "w").close()
        self.assertEqual(self.counts(), (5, 0, 0, 0, 5))
        refused = self.command("submit")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("a batch is there: 5 cases done", refused.stderr)
        # While the queue still has some of it, no second one.
        with open(os.path.join(self.slurm, "queue"), "w") as file:
            file.write("41 PENDING\n41 RUNNING\n42 PENDING\n7 RUNNING\n")
        for more in (), ("--missing",):
            refused = self.command("submit", *more)
            self.assertEqual(refused.returncode, 2)
        self.assertIn("job 41, 42, 2 tasks wait and 1 run", refused.stderr)
        self.assertIn("scancel 41 42", refused.stderr)
        said = self.command("status").stdout
        self.assertIn("queue       job 41, 42: 2 tasks wait, 1 run", said)
        self.assertNotIn("--missing", said)
        os.remove(os.path.join(self.slurm, "queue"))
        again = self.command("submit", "--missing")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("5 cases in 2 tasks of 3", again.stdout)
        self.assertIn("from what cases took so far", again.stdout)
        assert_same_results(self, self.alone, self.out)

    def test_two_at_work_share_the_cases(self):
        # What runs alone keeps others out, and those that share keep it out.
        workers = [subprocess.Popen([PROGRAM, "work", self.study, "--out", self.out, "--quiet", "--threads", "1", *COARSE],
                                    stdout=subprocess.PIPE, text=True) for _ in range(2)]
        said = [worker.communicate()[0] for worker in workers]
        self.assertEqual([worker.returncode for worker in workers], [0, 0], said)
        numbers = [list(map(int, re.match(r"(\d+) of 10 cases worked out here, (\d+) failed, (\d+) left", text).groups())) for text in said]
        self.assertEqual(sum(n[0] for n in numbers), 10, said)  # none twice
        self.assertTrue(all(n[1] == 0 for n in numbers), said)
        gathered = self.command("gather")
        self.assertEqual(gathered.returncode, 0, gathered.stderr)
        assert_same_results(self, self.alone, self.out)

    def test_killed_work_stalls_and_is_taken_over(self):
        worker = subprocess.Popen([PROGRAM, "work", self.study, "--out", self.out, "--quiet", "--silent-for", "4", *FINE])
        claim = self.wait_for_claim()
        self.assertIsNotNone(claim)
        alone = run("run", self.study, "--out", self.out, *FINE)
        self.assertEqual(alone.returncode, 2)
        self.assertIn("another run is at work", alone.stderr)
        worker.kill()
        worker.wait()
        said = self.command("status", cell=FINE)
        self.assertIn("process", said.stdout)  # who claims it
        self.assertRegex(said.stdout, r"1 running, 0 stalled")
        # Its clock may be hours off: ages are told by the file system's clock.
        path = os.path.join(self.partial, claim)
        old = os.stat(path).st_mtime - 3600
        os.utime(path, (old, old))
        said = self.command("status", cell=FINE)
        self.assertRegex(said.stdout, r"0 running, 1 stalled")
        self.assertIn("no sign of life for 60 min", said.stdout)
        os.utime(path, (old + 3 * 3600, old + 3 * 3600))  # nor does it count as running while it lies in the future
        said = self.command("status", cell=FINE)
        self.assertRegex(said.stdout, r"0 running, 1 stalled")
        self.assertIn("its clock is ahead by 120 min", said.stdout)
        scenario, year, draw = claim[: -len(".claim")].rsplit("-", 2)
        cases = os.path.join(self.folder, "one.txt")
        with open(cases, "w") as file:
            file.write(f"{scenario}\t{year}\t{draw}\n")
        taken = self.command("work", "--cases", cases, "--quiet", cell=FINE)
        self.assertEqual(taken.returncode, 0, taken.stderr)
        self.assertIn("1 of 1 cases worked out here", taken.stdout)

    def test_stopped_by_a_signal_it_gives_its_case_back(self):
        worker = subprocess.Popen([PROGRAM, "work", self.study, "--out", self.out, "--quiet", *FINE], stderr=subprocess.PIPE, text=True)
        self.assertIsNotNone(self.wait_for_claim())
        worker.send_signal(signal.SIGTERM)
        said = worker.communicate()[1]
        self.assertEqual(worker.returncode, 130, said)
        self.assertFalse([name for name in os.listdir(self.partial) if name.endswith((".claim", ".unfinished", ".failed"))])

    def test_another_program_or_study_is_refused_by_name(self):
        self.assertEqual(self.command("submit", FAKE_ONLY="0").returncode, 0)
        key = os.path.join(self.partial, "key")
        with open(key) as file:
            text = file.read()
        self.assertTrue(text.startswith("program: greenweave "), text)
        with open(key, "w") as file:
            file.write(re.sub("greenweave .*", "greenweave 0.0.1", text, count=1))
        refused = self.command("work", "--quiet")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("there program: greenweave 0.0.1, here program: greenweave", refused.stderr)
        with open(key, "w") as file:
            file.write(text)
        other = self.command("work", "--quiet", "--draws", 2)
        self.assertEqual(other.returncode, 2)
        self.assertIn("there draws: 0, here draws: 2", other.stderr)
        # What only says how to ask for machines makes no other study.
        with open(self.study) as file:
            study = file.read()
        try:
            with open(self.study, "w") as file:
                file.write(study.replace("cases_per_task = 3", "cases_per_task = 1"))
            self.assertEqual(self.command("work", "--quiet").returncode, 0)
        finally:
            with open(self.study, "w") as file:
                file.write(study)

    def test_where_nothing_can_be_written_it_ends_with_what_is_done(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))

        full = subprocess.run([PROGRAM, "work", self.study, "--out", self.out, "--quiet", "--threads", "1", *COARSE], capture_output=True, text=True,
                              preexec_fn=small_files)
        self.assertEqual(full.returncode, 2, full.stderr)
        self.assertIn("cannot be written", full.stderr)
        self.assertFalse([name for name in os.listdir(self.partial) if name.endswith((".h5", ".claim"))])
        self.assertEqual(self.command("work", "--quiet").returncode, 0)
        self.assertEqual(self.command("gather").returncode, 0)
        assert_same_results(self, self.alone, self.out)

    def test_a_file_system_that_is_away_for_a_moment_costs_nothing(self):
        worker = subprocess.Popen([PROGRAM, "work", self.study, "--out", self.out, "--quiet", "--threads", "1", *COARSE],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIsNotNone(self.wait_for_claim())
        os.rename(self.partial, self.out + ".away")
        self.assertEqual(self.counts(), (0, 0, 0, 0, 10))
        time.sleep(3)
        os.rename(self.out + ".away", self.partial)
        said = worker.communicate()
        self.assertEqual(worker.returncode, 0, said)
        self.assertIn("10 of 10 cases worked out here, 0 failed, 0 left", said[0])
        self.assertEqual(self.command("gather").returncode, 0)
        assert_same_results(self, self.alone, self.out)

    def test_a_disk_that_is_full_for_a_moment_and_for_longer(self):
        disk = os.path.join(self.folder, "disk")
        os.mkdir(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk], capture_output=True).returncode != 0:
            self.skipTest("mounting a small disk takes root")
        self.addCleanup(subprocess.run, ["umount", disk])
        self.out = os.path.join(disk, "results.h5")
        self.partial = self.out + ".partial"
        filler = os.path.join(disk, "filler")

        def fill():
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    pass

        worker = subprocess.Popen([PROGRAM, "work", self.study, "--out", self.out, "--quiet", "--threads", "1", *COARSE],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIsNotNone(self.wait_for_claim())
        fill()
        time.sleep(3)
        os.remove(filler)
        said = worker.communicate()
        self.assertEqual(worker.returncode, 0, said)
        self.assertIn("10 of 10 cases worked out here, 0 failed, 0 left", said[0])
        fill()
        refused = self.command("gather")
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("cannot be written", refused.stderr)
        self.assertIn("No space left", refused.stderr)
        self.assertEqual(sorted(os.listdir(disk)), ["filler", "results.h5.partial"])
        self.assertEqual(self.counts(), (10, 0, 0, 0, 0))
        os.remove(filler)
        self.assertEqual(self.command("gather").returncode, 0)
        assert_same_results(self, self.alone, self.out)

    def sweep(self, text):
        path = os.path.join(self.folder, "sweep.toml")
        with open(path, "w") as file:
            file.write(f'name = "{self.id().split(".")[-1]}"\nstudies = ["home of a study/study.toml"]\n{text}')
        return path, os.path.join(self.folder, self.id().split(".")[-1] + ".sweep")

    def test_a_sweep_is_one_batch_with_the_same_files_as_runs_of_its_studies(self):
        path, folder = self.sweep('cell_m = [200, 300]\n[grid]\nguild.forest_mammals.dispersal_m = [1000]\n[cluster]\nthreads = 1\ncases_per_task = 4\n')
        environment = dict(os.environ, PATH=self.slurm + os.pathsep + os.environ["PATH"], FAKE_SLURM=self.slurm)
        sweep = lambda verb, *more, **variables: run(verb, path, *more, env=dict(environment, **variables), cwd="/")
        names = [f"longquanyi-cell_m-{cell}-dispersal_m-1000" for cell in (200, 300)]
        checked = sweep("check")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("20 cases of 2 variants", checked.stdout)
        dry = sweep("submit", "--dry-run")
        self.assertEqual(dry.returncode, 0, dry.stderr)
        self.assertIn("20 cases of 2 variants in 6 tasks of at most 4", dry.stdout)
        self.assertIn("0 done, 0 running, 0 stalled, 0 failed, 20 missing", sweep("status").stdout)
        self.assertFalse(os.path.exists(folder))
        # Two of six tasks, as if the others were lost; then those.
        first = sweep("submit", FAKE_ONLY="1")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("8 of 10 cases are done", self.slurm_text("log"))
        said = sweep("status")
        self.assertEqual(said.returncode, 3)
        self.assertIn("2 variants, 20 cases: 8 done, 0 running, 0 stalled, 0 failed, 12 missing", said.stdout)
        self.assertRegex(said.stdout, names[1] + r" +0 done, .* 10 missing")
        self.assertIn("a batch is there: 8 cases done", sweep("submit").stderr)
        again = sweep("submit", "--missing")
        self.assertEqual(again.returncode, 0, again.stderr + again.stdout)
        self.assertIn("12 cases of 2 variants in 4 tasks", again.stdout)
        said = sweep("status")
        self.assertEqual(said.returncode, 0, said.stdout)
        self.assertIn("joined", said.stdout)
        with open(os.path.join(folder, "variants.csv")) as file:
            self.assertEqual(file.read(), "variant,study,cell_m,dispersal_m,results\n" + "".join(
                f"{name},longquanyi,{cell},1000,{name}.h5\n" for name, cell in zip(names, (200, 300))))
        # The same on one machine, and each variant by itself: the same bits.
        other = os.path.join(self.folder, "local.sweep")
        local = run("run", path, "--out", other, "--quiet", "--jobs", 2)
        self.assertEqual(local.returncode, 0, local.stderr)
        self.out = os.path.join(self.folder, "by itself.h5")
        alone = run("run", os.path.join(folder, names[1] + ".toml"), "--out", self.out, "--quiet")
        self.assertEqual(alone.returncode, 0, alone.stderr)
        for name in names:
            assert_same_results(self, os.path.join(folder, name + ".h5"), os.path.join(other, name + ".h5"), but=("run", "study"))
        assert_same_results(self, self.out, os.path.join(folder, names[1] + ".h5"))
        # Again it is there already; and what the sweep says by then is not mixed with what it said.
        self.assertEqual(run("run", path, "--quiet").stdout.count("there already"), 2)
        across = run("compare", path, "--guild", "forest_mammals", "--csv", os.path.join(self.folder, "across.csv"))
        self.assertEqual(across.returncode, 0, across.stderr)
        self.assertRegex(across.stdout, r"ECA of forest_mammals in 2040")
        with open(os.path.join(self.folder, "across.csv")) as file:
            rows = list(csv.DictReader(file))
        self.assertEqual({row["cell_m"] for row in rows}, {"200", "300"})
        with h5py.File(os.path.join(folder, names[1] + ".h5")) as file:
            expected = file["scenarios/plan/2040/forest_mammals/indices/ECA"][0]
        found = [row for row in rows if row["variant"] == names[1] and row["scenario"] == "plan" and row["year"] == "2040" and row["index"] == "ECA"]
        self.assertEqual([float(row["value"]) for row in found], [expected])
        tables = os.path.join(self.folder, "tables of a sweep")
        written = run("tables", path, "--out", tables)
        self.assertEqual(written.returncode, 0, written.stderr)
        one = os.path.join(self.folder, "tables of one")
        self.assertEqual(run("tables", os.path.join(folder, names[1] + ".h5"), "--out", one).returncode, 0)
        self.assertEqual(sorted(os.listdir(tables)), sorted(os.listdir(one)))
        for name in os.listdir(one):
            with open(os.path.join(tables, name)) as a, open(os.path.join(one, name)) as b:
                across, own = list(csv.DictReader(a)), list(csv.DictReader(b))
            mine = [row for row in across if row["variant"] == names[1]]
            self.assertLess(len(mine), len(across) or 1, name)
            self.assertEqual({row["cell_m"] for row in mine}, {"300"} if own else set())
            self.assertEqual([{column: row[column] for column in row if column not in ("variant", "study", "cell_m", "dispersal_m")} for row in mine], own, name)
        for verb in "map", "export":
            said = run(verb, path, "--out", os.path.join(self.folder, "nothing"))
            self.assertEqual(said.returncode, 2)
            self.assertIn("it is a sweep, and this is about one study", said.stderr)
            self.assertIn(names[0] + ".h5", said.stderr)
        for verb in "map", "export", "tables", "compare":
            said = run(verb, folder)
            self.assertEqual(said.returncode, 2)
            self.assertIn("it is a folder", said.stderr)
            self.assertIn(names[1] + ".h5", said.stderr)
        self.sweep('cell_m = [200, 300]\n[grid]\nguild.forest_mammals.dispersal_m = [1000]\nseed = 7\n')
        changed = run("run", path, "--quiet")
        self.assertEqual(changed.returncode, 2)
        self.assertIn("has results already, and the sweep now says something else", changed.stderr)

    def test_a_mistake_in_a_sweep_is_told_as_one_of_the_sweep(self):
        path, folder = self.sweep("[grid]\nguild.forest_mammals.dispersal = [1000]\n")
        said = run("check", path)
        self.assertEqual(said.returncode, 2)
        for words in ("sweep.toml", 'variant "longquanyi-dispersal-1000"', "unknown key `dispersal`", "dispersal_m"):
            self.assertIn(words, said.stderr)
        said = run("compare", self.sweep("[grid]\nseed = [1, 2]\n")[0])
        self.assertEqual(said.returncode, 2)
        self.assertIn("no variant of the sweep has results", said.stderr)

    def test_linked_rasters_read_as_copied_ones(self):
        done = self.command("submit", "--link")
        self.assertEqual(done.returncode, 0, done.stderr)
        kept = self.out + ".cases"
        self.assertEqual(sorted(os.listdir(kept)), sorted(f"{s}-{y}-0.h5" for s in SCENARIOS for y in (2030, 2040)))
        self.assertFalse([name for name in os.listdir(self.folder) if name.startswith(os.path.basename(self.out) + ".") and not name.endswith(".cases")])
        assert_same_results(self, self.alone, self.out)
        self.assertLess(os.path.getsize(self.out), os.path.getsize(self.alone))
        said = self.command("status")
        self.assertEqual(said.returncode, 0, said.stdout)
        self.assertIn(f"rasters     in {kept}: 10 files\n", said.stdout)
        # Moved together, opened from elsewhere, by others too.
        home = os.path.join(self.folder, "moved")
        os.mkdir(home)
        for name in self.out, kept:
            shutil.move(name, home)
        moved, kept = os.path.join(home, os.path.basename(self.out)), os.path.join(home, os.path.basename(kept))
        assert_same_results(self, self.alone, moved)
        raster = "scenarios/plan/2040/forest_mammals/quality"
        with h5py.File(self.alone) as a, h5py.File(moved) as b:
            self.assertFalse(a[raster].is_virtual)
            self.assertTrue(b[raster].is_virtual)
            self.assertEqual(set(a[raster].attrs), set(b[raster].attrs))
            self.assertEqual(a[raster].attrs["units"], b[raster].attrs["units"])
            self.assertEqual(b[b[raster].attrs["DIMENSION_LIST"][0][0]].name.split("/")[-1], "y")
        told = [subprocess.run(["gdalinfo", "-checksum", f"NETCDF:{name}:/{raster}"], capture_output=True, text=True, cwd="/").stdout.replace(name, "")
                for name in (self.alone, moved)]
        self.assertIn("Checksum=", told[0])
        self.assertEqual(*("\n".join(line for line in text.splitlines() if re.search("Checksum|Origin|Pixel|EPSG|NoData|Size is|units", line)) for text in told))
        layers = [os.path.join(self.folder, name) for name in ("layers-copied", "layers-linked")]
        for name, layer in zip((self.alone, moved), layers):
            exported = run("export", name, "--out", layer, "--scenario", "plan", "--year", 2040)
            self.assertEqual(exported.returncode, 0, exported.stderr)
        for one in glob.glob(layers[0] + "/**/*.tif", recursive=True):
            with open(one, "rb") as a, open(one.replace(*layers), "rb") as b:
                self.assertEqual(a.read(), b.read(), one)
        said = [run("compare", name).stdout for name in (self.alone, moved)]
        self.assertEqual(*said)
        for name in self.alone, moved:
            drawn = run("map", name, "--out", name + ".png")
            self.assertEqual(drawn.returncode, 0, drawn.stderr)
        with open(self.alone + ".png", "rb") as a, open(moved + ".png", "rb") as b:
            self.assertEqual(a.read(), b.read())
        # A case file that is gone, and one of another run: what needs it says so and leaves nothing behind, the rest goes on.
        os.rename(os.path.join(kept, "plan-2040-0.h5"), os.path.join(home, "elsewhere.h5"))
        self.out = moved
        said = self.command("status")
        self.assertEqual(said.returncode, 3, said.stdout)
        self.assertIn("1 not as they were: plan-2040-0.h5, it is not there", said.stdout)
        for verb, out in ("export", os.path.join(self.folder, "no layers")), ("map", os.path.join(self.folder, "no.png")):
            said = run(verb, moved, "--out", out)
            self.assertEqual(said.returncode, 2)
            self.assertIn("plan-2040-0.h5: it is not there", said.stderr)
            self.assertFalse(os.path.exists(out))
        self.assertEqual(run("compare", moved).returncode, 0)
        self.assertEqual(run("export", moved, "--out", os.path.join(self.folder, "others"), "--scenario", "growth").returncode, 0)
        self.assertEqual(run("map", moved, "--scenario", "growth", "--out", moved + "2.png").returncode, 0)
        shutil.copyfile(os.path.join(kept, "plan-2030-0.h5"), os.path.join(kept, "plan-2040-0.h5"))
        self.assertIn("plan-2040-0.h5: it is of another run", run("map", moved, "--out", os.path.join(self.folder, "no.png")).stderr)
        # Replaced by results that hold their rasters, the case files go.
        again = run("run", self.study, "--out", moved, "--quiet", "--overwrite", *COARSE)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertFalse(os.path.exists(kept))
        assert_same_results(self, self.alone, moved)
        # And the other way, by a plain run.
        again = run("run", self.study, "--out", moved, "--quiet", "--overwrite", "--link", *COARSE)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(len(os.listdir(kept)), 10)
        assert_same_results(self, self.alone, moved)

    def test_jobs_change_no_byte_of_the_cases(self):
        files = {}
        for jobs in 1, 2:
            out = os.path.join(self.folder, f"jobs{jobs}.h5")
            done = run("work", self.study, "--out", out, "--quiet", "--jobs", jobs, *COARSE)
            self.assertEqual(done.returncode, 0, done.stderr)
            files[jobs] = sorted(name for name in os.listdir(out + ".partial") if name.endswith(".h5"))
            self.assertEqual(run("gather", self.study, "--out", out, *COARSE).returncode, 0)
            self.out = out
            assert_same_results(self, self.alone, self.out)
        self.assertEqual(files[1], files[2])

    def test_no_slurm_here(self):
        there = dict(os.environ, PATH="/nowhere")
        said = run("submit", self.study, "--out", self.out, *COARSE, env=there)
        self.assertEqual(said.returncode, 2)
        self.assertIn("no such command", said.stderr)
        self.assertIn("greenweave run", said.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
