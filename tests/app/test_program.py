"""Runs the program as a user would: the shipped study end to end, mistakes, a killed run, other programs' readers."""
import csv
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import h5py
    import xarray
except ImportError as error:
    sys.exit(f"{error}: install what `./dev test` installs (python3-h5py, python3-xarray, python3-netcdf4)")

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from program import PROGRAM, SOURCE, STUDY, assert_same_results, run

CASES = os.path.join(SOURCE, "..", "shared", "cases")


class Shipped(unittest.TestCase):
    """The study that ships, at 60 m so that it takes seconds."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="greenweave-test-")
        cls.study = os.path.join(cls.folder, "study")
        made = run("demo-data", STUDY, "--out", cls.study, "--cell", 60)
        assert made.returncode == 0, made.stderr
        cls.results = os.path.join(cls.folder, "one.h5")
        done = run("run", os.path.join(cls.study, "study.toml"), "--out", cls.results, "--threads", 1)
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_check_says_what_would_run(self):
        checked = run("check", os.path.join(self.study, "study.toml"))
        self.assertEqual(checked.returncode, 0, checked.stderr)
        for words in ("485 x 485 cells of 60 m", "10 cases", "3 guilds", "GiB", "Land cover, elevation and population are synthetic"):
            self.assertIn(words, checked.stdout)

    def test_the_chain_of_works_runs_and_every_work_changes_something(self):
        with open(os.path.join(self.study, "short_chain.toml"), "w") as file:
            file.write('extends = "chain.toml"\nname = "short_chain"\nyears = [2040]\n')
        out = self.path("chain.h5")
        done = run("run", os.path.join(self.study, "short_chain.toml"), "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(out) as file:
            actions = file["scenarios/chain/2040/tables/actions"]
            names = [name.decode() for name in actions["action"][()]]
            for work, count in (("lake", 1), ("garden", 2), ("river", 5), ("corridor ", 4)):
                self.assertEqual(sum(name.startswith(work) or f"{work}:" in name for name in names), count, work)
            for name, area, cut in zip(names, actions["area_ha"][()], actions["cut_m3"][()]):
                self.assertGreater(area + cut, 0, name)
            self.assertEqual(len(file["scenarios/chain/2040/tables/restoration/action"][()]), 3)

    def test_two_threads_give_the_same_bits(self):
        out = self.path("two.h5")
        self.assertEqual(run("run", os.path.join(self.study, "study.toml"), "--out", out, "--threads", 2).returncode, 0)
        assert_same_results(self, self.results, out)

    def test_a_killed_run_resumes_and_ends_with_the_same_file(self):
        out = self.path("killed.h5")
        command = [PROGRAM, "run", os.path.join(self.study, "study.toml"), "--out", out, "--jobs", "1"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(glob.glob(out + ".partial/*.h5")) < 4 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = set(glob.glob(out + ".partial/*.h5"))
        self.assertFalse(os.path.exists(out))
        self.assertGreaterEqual(len(kept), 4)
        ages = {name: os.path.getmtime(name) for name in kept}
        # Ctrl-C keeps what is finished too.
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while len(glob.glob(out + ".partial/*.h5")) < 6 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
        if process.returncode != 0:
            self.assertEqual(process.returncode, 130)
            self.assertIn("run the same command to go on", errors)
            self.assertEqual({n: os.path.getmtime(n) for n in kept}, ages)
            self.assertEqual(subprocess.run(command, capture_output=True).returncode, 0)
        assert_same_results(self, self.results, out)
        self.assertFalse(os.path.exists(out + ".partial"))

    def test_compare(self):
        compared = run("compare", self.results, "--year", 2040)
        self.assertEqual(compared.returncode, 0, compared.stderr)
        for words in ("ECA", "wetland_amphibians in 2040", "dongfeng_canal", "Targets", "synthetic",
                      "What the scenarios do by 2040", "canal meadows", "Restored wetlands in 2040",
                      "Restored wetlands as habitat of wetland_amphibians in 2040", "quality (band)",
                      "Which to restore first", "phosphorus_removed", "to bridge them m", "longquan_mountain - qinglong_lake_park",
                      "Visitors on trails in 2040", "segments short of a standard", "disturbed (ha): ground_birds",
                      "Green space within a walk in 2040", "everybody"):
            self.assertIn(words, compared.stdout)
        table = self.path("table.csv")
        self.assertEqual(run("compare", self.results, "--csv", table).returncode, 0)
        with open(table) as file:
            rows = [line.rstrip("\n").split(",") for line in file]
        head = {name: k for k, name in enumerate(rows[0])}
        self.assertEqual(len({len(row) for row in rows}), 1)
        for row in rows[1:]:
            change = float(row[head["value"]]) - float(row[head["baseline"]])
            self.assertAlmostEqual(change, float(row[head["change"]]), delta=1e-9 * max(1.0, abs(change)))
        # Beside it, the framework and the targets, each row with its case.
        cases = 3 * 2 * 5
        for name, rows_a_case in ("framework", 8), ("pairs", 28), ("gaps", None), ("targets", None):
            with open(self.path(f"table-{name}.csv"), newline="") as file:
                rows = list(csv.DictReader(file))
            self.assertTrue(all(None not in row and None not in row.values() for row in rows), name)
            self.assertGreater(len(rows), 3)
            if rows_a_case is not None:
                self.assertEqual(len(rows), cases * rows_a_case, name)
        # What restored wetlands are to guilds: more columns for those that feel the water in them.
        with open(self.path("table-restored-habitat.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual({row["guild"] for row in rows}, {"forest_mammals", "wetland_amphibians", "ground_birds"})
        for row in rows:
            self.assertNotIn(None, row)
            feels = row["guild"] == "wetland_amphibians"
            quality = float(row["quality"])
            self.assertTrue(0 <= quality <= 1 and float(row["habitat_ha"]) <= float(row["area_ha"]) + 1e-9)
            self.assertEqual(row["quality_low"] != "", feels)
            if feels:
                self.assertTrue(float(row["quality_low"]) <= quality <= float(row["quality_high"]))
            int(row["gaps_closed"])
        with open(self.path("table-visitors.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 2 * 5 * (9 + 3))  # years, scenarios, figures and one a guild
        came = {(row["scenario"], row["year"]): float(row["value"]) for row in rows if row["figure"] == "visitors a year"}
        self.assertGreater(came["growth", "2040"], 2 * came["baseline", "2040"])
        for name in "violations", "access":
            with open(self.path(f"table-{name}.csv"), newline="") as file:
                self.assertGreater(len(list(csv.DictReader(file))), 10, name)
        self.assertFalse(os.path.exists(self.path("table-visitor-limits.csv")))  # the study does not ask for them
        with open(self.path("table-pairs.csv"), newline="") as file:
            joined = [row for row in csv.DictReader(file) if row["joined"] == "1"]
        self.assertTrue(all(float(row["cost_m"]) >= 0 for row in joined))
        again = run("compare", self.results, "--csv", table)
        self.assertEqual(again.returncode, 2)
        self.assertIn("exists already", again.stderr)
        self.assertIn("the results have no 1999", run("compare", self.results, "--year", 1999).stderr)

    def test_map(self):
        picture = self.path("map.png")
        drawn = run("map", self.results, "--out", picture)
        self.assertEqual(drawn.returncode, 0, drawn.stderr)
        with open(picture, "rb") as file:
            self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")
        self.assertEqual(run("map", self.results, "--out", picture).returncode, 2)
        loads = self.path("load.png")
        drawn = run("map", self.results, "--load", "--guild", "ground_birds", "--out", loads)
        self.assertEqual(drawn.returncode, 0, drawn.stderr)
        with open(loads, "rb") as file, open(picture, "rb") as other:
            picture_bytes = file.read()
            self.assertEqual(picture_bytes[:8], b"\x89PNG\r\n\x1a\n")
            self.assertNotEqual(picture_bytes, other.read())

    def test_export_is_what_gdal_reads(self):
        out = self.path("layers")
        self.assertEqual(run("export", self.results, "--out", out, "--scenario", "plan", "--year", 2040).returncode, 0)
        info = subprocess.run(["gdalinfo", "-json", os.path.join(out, "plan", "2040", "forest_mammals", "quality.tif")], capture_output=True, text=True)
        info = json.loads(info.stdout)
        self.assertEqual(info["size"], [485, 485])
        self.assertEqual(info["geoTransform"][:2], [415500.0, 60.0])
        self.assertEqual(info["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"], "COG")
        layers = subprocess.run(["ogrinfo", os.path.join(out, "plan", "2040", "forest_mammals", "network.gpkg")], capture_output=True, text=True).stdout
        for layer in ("patches", "links", "element_lines", "element_areas", "gaps"):
            self.assertIn(layer, layers)

    def test_tables_stand_side_by_side(self):
        out = self.path("tables")
        done = run("tables", self.results, "--out", out, "--scenario", "plan", "--year", 2040)
        self.assertEqual(done.returncode, 0, done.stderr)
        names = set(os.listdir(out))
        for name in ("indices", "patches", "links", "elements", "resistances", "land_cover_area", "sources", "mspa_area", "security_loss"):
            self.assertIn(name + ".csv", names)
        with open(os.path.join(out, "indices.csv"), newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["index"] == "ECA" and row["guild"] == "forest_mammals"]
        self.assertEqual([row["scenario"] for row in rows], ["baseline", "plan"])
        self.assertEqual(rows[1]["before"], rows[0]["after"])
        self.assertAlmostEqual(float(rows[1]["change"]), float(rows[1]["after"]) - float(rows[1]["before"]))
        with h5py.File(self.results) as file:
            self.assertEqual(float(rows[1]["after"]), file["scenarios/plan/2040/forest_mammals/indices/ECA"][0])
        with open(os.path.join(out, "security_loss.csv"), newline="") as file:
            lost = {row["scenario"]: 0.0 for row in csv.DictReader(file)}
            file.seek(0)
            for row in csv.DictReader(file):
                lost[row["scenario"]] += float(row["lost_ha"])
        self.assertEqual(lost["baseline"], 0.0)
        self.assertGreater(lost["plan"], 0.0)
        self.assertEqual(run("tables", self.results, "--out", out).returncode, 2)

    def test_gdal_places_a_raster_in_the_results(self):
        name = f"NETCDF:{self.results}:/scenarios/plan/2040/forest_mammals/patches"
        info = json.loads(subprocess.run(["gdalinfo", "-json", name], capture_output=True, text=True).stdout)
        self.assertEqual(info["size"], [485, 485])
        for found, expected in zip(info["geoTransform"], [415500.0, 60.0, 0.0, 3399300.0, 0.0, -60.0]):
            self.assertAlmostEqual(found, expected, places=6)
        self.assertIn("32648", info["coordinateSystem"]["wkt"])

    def test_xarray_reads_the_results(self):
        with xarray.open_dataset(self.results, group="scenarios/plan/2040/forest_mammals") as maps:
            self.assertEqual(maps.quality.dims, ("y", "x"))
            self.assertAlmostEqual(float(maps.x[0]), 415530.0)
            self.assertAlmostEqual(float(maps.y[0]), 3399270.0)
            self.assertEqual(maps.quality.attrs["grid_mapping"] if "grid_mapping" in maps.quality.attrs else "crs", "crs")
        with xarray.open_dataset(self.results, group="scenarios/plan/2040/forest_mammals/indices") as indices:
            self.assertEqual(indices.ECA.dims, ("draw",))
            self.assertEqual(indices.ECA.attrs["units"], "ha")
        with xarray.open_dataset(self.results, group="scenarios/plan/2040/forest_mammals/tables/elements") as table:
            self.assertIn("dongfeng_canal", list(table.element.values))

    def test_h5py_reads_the_results(self):
        with h5py.File(self.results) as file:
            patches = file["scenarios/baseline/2030/forest_mammals/patches"]
            table = file["scenarios/baseline/2030/forest_mammals/tables/patches"]
            self.assertEqual(patches.compression, "gzip")
            self.assertTrue(patches.shuffle and patches.fletcher32)
            cells = int((patches[()] > 0).sum())
            self.assertEqual(cells, int(table["cells"][()].sum()))
            self.assertEqual(file.attrs["greenweave_schema"], 1)
            self.assertIn(b"one belt, one core", file["study/text"][()])

    def test_what_exists_is_kept(self):
        again = run("run", os.path.join(self.study, "study.toml"), "--out", self.results)
        self.assertEqual(again.returncode, 2)
        self.assertIn("exists already", again.stderr)
        self.assertEqual(run("demo-data", STUDY, "--out", self.study).returncode, 2)

    def test_a_full_disk_leaves_no_result(self):
        out = self.path("nospace.h5")
        limited = f'ulimit -f 40; "{PROGRAM}" run "{self.study}/study.toml" --out "{out}" --scenario wetland'
        failed = subprocess.run(["bash", "-c", "trap '' XFSZ; " + limited], capture_output=True, text=True)
        self.assertEqual(failed.returncode, 2, failed.stderr)
        self.assertIn("cannot be written", failed.stderr)
        self.assertFalse(os.path.exists(out))
        self.assertEqual(glob.glob(out + "*.unfinished"), [])


class Mistakes(unittest.TestCase):
    def test_one_message_and_no_result(self):
        with tempfile.TemporaryDirectory() as folder:
            study = os.path.join(folder, "study.toml")
            for text, words in {
                "": "[inputs]",
                "[inputs]\nland_cover = 'none.tif'\n": "none.tif",
                "name = 3\n": "line 1",
                "extends = 'study.toml'\n": "in a circle",
            }.items():
                with open(study, "w") as file:
                    file.write(text)
                for command in ("check", "run"):
                    failed = run(command, study)
                    self.assertEqual(failed.returncode, 2)
                    self.assertIn(words, failed.stderr)
                    self.assertEqual(failed.stderr.count("remedy:"), 1)
            self.assertEqual(os.listdir(folder), ["study.toml"])

    def test_usage(self):
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run("ran").returncode, 2)
        self.assertEqual(run("--version").returncode, 0)
        self.assertIn("compare", run("--help").stdout)


class CostDistance(unittest.TestCase):
    """The search as a command of its own."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = self.path("cost.tif")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def grid(self, name, rows, cell=10, west=0, crs="EPSG:32648"):
        text = self.path(name + ".asc")
        with open(text, "w") as file:
            file.write(f"ncols {len(rows[0])}\nnrows {len(rows)}\nxllcorner {west}\nyllcorner 0\ncellsize {cell}\nNODATA_value -9999\n")
            file.writelines(" ".join(map(str, row)) + "\n" for row in rows)
        if crs is None:
            return text
        made = self.path(name + ".tif")
        subprocess.run(["gdal_translate", "-q", "-a_srs", crs, text, made], check=True)
        return made

    def values(self):
        text = self.path("cost.xyz")
        subprocess.run(["gdal_translate", "-q", "-of", "XYZ", self.out, text], check=True)
        with open(text) as file:
            return [float(line.split()[2]) for line in file]

    def refused(self, *arguments):
        failed = run("cost-distance", *arguments, "--out", self.out)
        self.assertEqual(failed.returncode, 2, failed.stdout)
        self.assertFalse(os.path.exists(self.out))
        self.assertEqual(failed.stderr.count("remedy:"), 1, failed.stderr)
        return failed.stderr

    def test_in_metres_in_cell_widths_and_up_to_a_limit(self):
        resistance = self.grid("r", [[1, 3, -9999, 1], [1, 1, -9999, 1]])
        sources = self.grid("s", [[1, 0, 0, 0], [0, 0, 0, 0]])
        done = run("cost-distance", resistance, "--sources", sources, "--out", self.out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("4 of 8 cells reached", done.stdout)
        nothing = self.values()[2]
        for value, expected in zip(self.values(), [0, 20, nothing, nothing, 10, 10 * 2**0.5, nothing, nothing]):
            self.assertAlmostEqual(value, expected, places=6)
        self.assertEqual(run("cost-distance", resistance, "-s", sources, "-o", self.out).returncode, 2)
        os.remove(self.out)
        self.assertEqual(run("cost-distance", resistance, "-s", sources, "-o", self.out, "--cell-widths", "--limit", 1.5).returncode, 0)
        self.assertEqual(self.values()[:2], [0, nothing])
        self.assertEqual(self.values()[4], 1)

    def test_sources_from_a_vector_layer(self):
        resistance = self.grid("r", [[1, 1, 1], [1, 1, 1]])
        points = self.path("points.geojson")
        with open(points, "w") as file:
            json.dump({"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32648"}},
                       "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [15, 5]}}]}, file)
        done = run("cost-distance", resistance, "-s", points, "-o", self.out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.values()[4], 0)
        self.assertEqual(self.values()[1], 10)

    def test_mistakes(self):
        good = self.grid("good", [[1, 2], [1, 2]])
        first = self.grid("first", [[1, 0], [0, 0]])
        self.assertIn("row 1, column 0", self.refused(self.grid("zero", [[1, 2], [0, 2]]), "-s", first))
        self.assertIn("is not that of the resistances", self.refused(good, "-s", self.grid("aside", [[1, 0], [0, 0]], west=5)))
        self.assertIn("no cell is a source", self.refused(good, "-s", self.grid("none", [[0, 0], [0, 0]])))
        wall = self.grid("wall", [[-9999, 2], [1, 2]])
        self.assertIn("cannot be entered", self.refused(wall, "-s", first))
        degrees = self.grid("degrees", [[1, 2], [1, 2]], cell=0.1, crs="EPSG:4326")
        self.assertIn("--cell-widths", self.refused(degrees, "-s", degrees))
        self.assertIn("nowhere.tif", self.refused(good, "-s", self.path("nowhere.tif")))


class Terrain(unittest.TestCase):
    """An elevation model through `greenweave terrain`."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = self.path("out")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def dem(self, name, rows, cell=10, crs="EPSG:32648"):
        text, made = self.path(name + ".asc"), self.path(name + ".tif")
        with open(text, "w") as file:
            file.write(f"ncols {len(rows[0])}\nnrows {len(rows)}\nxllcorner 0\nyllcorner 0\ncellsize {cell}\nNODATA_value -9999\n")
            file.writelines(" ".join(map(str, row)) + "\n" for row in rows)
        subprocess.run(["gdal_translate", "-q", "-ot", "Float32", "-a_srs", crs, text, made], check=True)
        return made

    def values(self, name, folder=None):
        text = self.path("values.xyz")
        subprocess.run(["gdal_translate", "-q", "-of", "XYZ", os.path.join(folder or self.out, name + ".tif"), text], check=True)
        with open(text) as file:
            return [float(line.split()[2]) for line in file]

    # In a trough with walls of 99: a pit of 1, a saddle of 4, a pit of 2, and a lip of 6 above the way out in the east.
    TROUGH = [[99] * 8, [99, 7, 1, 4, 2, 5, 6, 0], [99] * 8]

    def test_layers(self):
        dem = self.dem("dem", self.TROUGH)
        options = ["--stream-area", 0.2, "--least-area", 0, "--breach"]
        done = run("terrain", dem, "-o", self.out, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 depressions of at least 0.1 m and 0 ha: 0.04 ha, 1200 m3", done.stdout)
        self.assertIn("2 pits: 2 trenches", done.stdout)
        self.assertEqual(self.values("filled")[8:16], [99, 7, 6, 6, 6, 6, 6, 0])
        tilted = self.path("tilted")
        done = run("terrain", dem, "-o", tilted, "--only", "filled", "--rise", 0.25)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.values("filled", tilted)[8:16], [99, 7.25, 7, 6.75, 6.5, 6.25, 6, 0])
        # The higher pit is let out into the lower one, and that one to the outside.
        self.assertEqual(self.values("breached")[8:16], [99, 7, 1, 1, 1, 1, 1, 0])
        self.assertEqual(self.values("depression_depth")[8:16], [0, 0, 5, 2, 4, 1, 0, 0])
        self.assertEqual(self.values("depressions")[8:16], [0, 0, 1, 1, 1, 1, 0, 0])
        accumulated = self.values("accumulation")
        self.assertEqual(accumulated[15], max(accumulated))
        self.assertEqual(self.values("directions")[10:16], [1, 1, 1, 1, 1, 0])
        self.assertEqual(self.values("hand")[15], 0)
        for name, layer, count in (("streams", "streams", "1"), ("depressions", "depressions", "1")):
            told = subprocess.run(["ogrinfo", "-so", os.path.join(self.out, name + ".gpkg"), layer], capture_output=True, text=True)
            self.assertIn(f"Feature Count: {count}", told.stdout)
        again = run("terrain", dem, "-o", self.out)
        self.assertEqual(again.returncode, 2)
        self.assertIn("nothing is overwritten", again.stderr)

    def test_threads_give_the_same_files(self):
        rows = [[(7 * r * r + 13 * c + (r * c) % 17) % 29 for c in range(60)] for r in range(50)]
        dem = self.dem("dem", rows)
        for threads in ("1", "2"):
            done = run("terrain", dem, "-o", self.out + threads, "--stream-area", 0.1, "--flow", "dinf",
                       "--draws", 9, "--error", 3, "--error-range", 20, "--threads", threads)
            self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("filled", "accumulation", "twi", "spi", "hand", "basins", "depressions", "depression_probability"):
            self.assertEqual(self.values(name, self.out + "1"), self.values(name, self.out + "2"), name)

    def test_only_some_layers(self):
        dem = self.dem("dem", [[(7 * r * r + 13 * c + (r * c) % 17) % 29 for c in range(60)] for r in range(50)])
        self.assertEqual(run("terrain", dem, "-o", self.out, "--stream-area", 0.1).returncode, 0)
        made = sorted(os.listdir(self.out))
        for name in ("aspect.tif", "slope.tif", "spi.tif", "twi.tif", "streams.gpkg"):
            self.assertIn(name, made)
        for file in made:
            layer, kind = os.path.splitext(file)
            some = self.out + layer + kind[1:]
            done = run("terrain", dem, "-o", some, "--stream-area", 0.1, "--only", layer)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(file, os.listdir(some))
            self.assertEqual([other for other in os.listdir(some) if not other.startswith(layer + ".")], [])
            if kind == ".tif":
                self.assertEqual(self.values(layer, some), self.values(layer), layer)
        done = run("terrain", dem, "-o", self.out + "two", "--only", "filled,accumulation")
        self.assertEqual(sorted(os.listdir(self.out + "two")), ["accumulation.tif", "filled.tif"])
        self.assertNotIn("depressions", done.stdout)

    def test_mistakes(self):
        def refused(*arguments):
            failed = run("terrain", *arguments, "-o", self.out)
            self.assertEqual(failed.returncode, 2, failed.stdout)
            self.assertEqual(failed.stderr.count("remedy:"), 1, failed.stderr)
            self.assertFalse(os.path.exists(self.out))
            return failed.stderr

        degrees = self.dem("degrees", self.TROUGH, cell=0.01, crs="EPSG:4326")
        self.assertIn("not in metres", refused(degrees))
        self.assertIn("--crs", refused(degrees, "--cell", 30))
        self.assertIn("nowhere.tif", refused(self.path("nowhere.tif")))
        self.assertIn("no cell has a height", refused(self.dem("nothing", [[-9999, -9999]])))
        good = self.dem("good", self.TROUGH)
        self.assertIn("no.gpkg", refused(good, "--burn", self.path("no.gpkg")))
        self.assertIn("--breach", refused(good, "--only", "filled,breached"))
        self.assertIn("--draws", refused(good, "--only", "depression_probability"))
        self.assertNotEqual(run("terrain", good, "-o", self.out, "--only", "filed").returncode, 0)
        done = run("terrain", degrees, "-o", self.out, "--crs", "EPSG:32631", "--cell", 500)
        self.assertEqual(done.returncode, 0, done.stderr)


class Conefor(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="greenweave-test-")
        self.addCleanup(self.folder.cleanup)
        for name, text in (("nodes.txt", "1\t3\n2\t4\n"), ("links.txt", "1\t2\t600\n")):
            with open(os.path.join(self.folder.name, name), "w") as file:
                file.write(text)

    def conefor(self, *words):
        return run("conefor", "-nodeFile", "nodes.txt", "-conFile", "links.txt", *words, cwd=self.folder.name)

    def test_conefors_own_words(self):
        done = self.conefor("-t", "dist", "notall", "-confAdj", 1000, "-confProb", 600, 0.5, "-PC", "-IIC", "-F", "-H",
                            "-landArea", 100, "-prefix", "map")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("PCnum         37", done.stdout)
        with open(os.path.join(self.folder.name, "map_node_importances.txt")) as file:
            self.assertTrue(file.readline().startswith("Node\tdA\tvarA\tdH\tvarH\tdIIC"))
        again = self.conefor("--confProb", 600, 0.5, "--PC", "onlyoverall", "--out", "two", "-q")
        self.assertEqual((again.returncode, again.stdout), (0, ""), again.stderr)
        self.assertEqual(sorted(os.listdir(os.path.join(self.folder.name, "two"))),
                         ["overall_indices.txt", "results_all_EC(PC).txt", "results_all_overall_indices.txt"])

    def test_mistakes(self):
        for words, said in ((("-PC",), "-confProb"), (("-t", "near", "-PC"), "there is no type"), (("-PX",), "--PX"),
                            (("-t", "prob", "-PC"), "line 1: 600 is no probability")):
            failed = self.conefor(*words)
            self.assertEqual(failed.returncode, 2, words)
            self.assertIn(said, failed.stderr + failed.stdout)
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["links.txt", "nodes.txt"])


class Circuitscape(unittest.TestCase):
    """Circuitscape's job files."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def grid(self, name, rows):
        return self.write(name, f"ncols {len(rows[0])}\nnrows {len(rows)}\nxllcorner 0\nyllcorner 0\ncellsize 1\nNODATA_value -9999\n"
                          + "".join(" ".join(map(str, row)) + "\n" for row in rows))

    def job(self, **settings):
        known = {"scenario": "pairwise", "habitat_file": "cells.asc", "point_file": "points.asc", "output_file": "out/a.out",
                 "connect_using_avg_resistances": "True", **settings}
        return self.write("job.ini", "[Circuitscape mode]\n" + "".join(f"{key} = {value}\n" for key, value in known.items()))

    def outputs(self):
        """All but the settings, which hold paths as they were given."""
        found = {}
        for name in sorted(os.listdir(self.path("out"))):
            if name == "a.out":
                continue
            with open(os.path.join(self.path("out"), name), "rb") as file:
                found[name] = file.read()
        return found

    def test_a_job_runs_from_its_folder_says_what_it_ignores_and_keeps_what_is_there(self):
        self.grid("cells.asc", [[1, 1, 1, 1]])
        self.grid("points.asc", [[1, 0, 2, 0]])
        job = self.job(write_cur_maps="True", low_memory_mode="True")
        done = run("circuitscape", "job.ini", cwd=self.folder.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 of 1 runs carry current", done.stdout)
        self.assertIn("low_memory_mode = True has no effect", done.stdout)
        self.assertEqual(self.outputs()["a_resistances.out"], b"0 1 2\n1 0 2\n2 2 0\n")
        self.assertIn(b"\n1 1 1 0\n", self.outputs()["a_curmap_1_2.asc"])
        before = self.outputs()
        refused = run("circuitscape", job, "--directory", self.folder.name)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("exists already", refused.stderr)
        again = run("circuitscape", job, "-C", self.folder.name, "--overwrite", "--quiet", "--threads", 1)
        self.assertEqual((again.returncode, again.stdout, again.stderr), (0, "", ""))
        self.assertEqual(self.outputs(), before)
        elsewhere = run("circuitscape", job, "-C", self.folder.name, "-o", self.path("b.out"), "-q")
        self.assertEqual(elsewhere.returncode, 0, elsewhere.stderr)
        self.assertTrue(os.path.exists(self.path("b_resistances_3columns.out")))

    def test_mistakes(self):
        self.grid("cells.asc", [[1, 1, 1, 1]])
        self.grid("points.asc", [[1, 0, 2, 0]])
        for settings, words in (({"use_polygon": "True"}, "use_polygons?"), ({"habitat_file": "no.asc"}, "no such file"),
                                ({"write_as_tif": "perhaps"}, "True or False")):
            failed = run("circuitscape", self.job(**settings), "-C", self.folder.name)
            self.assertEqual(failed.returncode, 2, failed.stdout)
            self.assertIn(words, failed.stderr)
            self.assertEqual(failed.stderr.count("remedy:"), 1, failed.stderr)
            self.assertFalse(os.path.exists(self.path("out")))

    def test_a_killed_job_resumes_and_ends_with_the_same_files(self):
        size = 150
        self.grid("cells.asc", [[1 + (7 * r * r + 13 * c * r + 5 * c) % 97 for c in range(size)] for r in range(size)])
        points = [[0] * size for _ in range(size)]
        for k in range(14):
            points[(k * 37) % size][(k * 53) % size] = k + 1
        self.grid("points.asc", points)
        job = self.job(write_cur_maps="True", write_volt_maps="True")
        command = [PROGRAM, "circuitscape", job, "-C", self.folder.name]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        state = self.path("out/a.partial/state")
        while not os.path.exists(state) and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertEqual(os.listdir(self.path("out")), ["a.partial"])
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("of an earlier run", done.stdout)
        resumed = self.outputs()
        self.assertEqual(len(resumed), 2 * 91 + 3)
        self.assertEqual(subprocess.run([*command, "--overwrite", "-q"]).returncode, 0)
        self.assertEqual(self.outputs(), resumed)


class OnesOwn(unittest.TestCase):
    def test_init_writes_a_study_that_runs(self):
        if not os.path.isdir(CASES):
            self.skipTest("the cases from outside are not here")
        zion = os.path.join(CASES, "zion")
        with tempfile.TemporaryDirectory() as folder:
            home = os.path.join(folder, "my-zion")
            made = run("init", home, "--land-cover", os.path.join(zion, "nlcd2011.tif"), "--elevation", os.path.join(zion, "dem.tif"),
                       "--framework", os.path.join(zion, "zion.gpkg"), "--scheme", "nlcd")
            self.assertEqual(made.returncode, 0, made.stderr)
            study = os.path.join(home, "study.toml")
            # The park is a compact area, which is taken for a core.
            with open(study) as file:
                self.assertIn('kind = "core"', file.read())
            # Its cells are not square: the message says what to add, and with that it runs.
            self.assertIn("cell_m", run("check", study).stderr)
            with open(study, "a") as file:
                file.write("\n[frame]\ncell_m = 30\n[analysis.structure]\nlevels = [\"frame\"]\n")
            done = run("run", study)
            self.assertEqual(done.returncode, 0, done.stderr)
            with h5py.File(glob.glob(home + "/*.h5")[0]) as file:
                base, growth = (file[f"scenarios/{s}/2030/forest_mammals"] for s in ("baseline", "growth"))
                indices = {name: base["indices"][name][0] for name in base["indices"]}
                # Invariants on real data.
                self.assertLess(growth["indices/ECA"][0], indices["ECA"])
                self.assertLessEqual(indices["ECA"], indices["HA"] * (1 + 1e-12))
                attribute = base["tables/patches/attribute_ha"][()]
                self.assertGreater(indices["ECA"], (attribute**2).sum() ** 0.5)
                valid_ha = base.parent["tables/land_cover_area/area_ha"][()].sum()
                self.assertAlmostEqual(indices["PC"] * valid_ha**2 / indices["ECA"] ** 2, 1, delta=1e-12)
                self.assertAlmostEqual(attribute.sum(), indices["HA"], delta=1e-6 * indices["HA"])
                dpc = sum(base[f"tables/patches/dPC_{part}"][()] for part in ("intra", "flux", "connector"))
                self.assertTrue(abs(dpc - base["tables/patches/dPC"][()]).max() < 1e-9)
                self.assertEqual(len(base["tables/links/cost_m"]), indices["NL"])
                # The pattern's classes part the habitat, and the land cover's classes the land.
                habitat, pattern, mspa = base["tables/habitat_metrics"], base["tables/mspa_area"], base["mspa"][()]
                self.assertAlmostEqual(pattern["area_ha"][()].sum(), habitat["area_ha"][0], delta=1e-6)
                for code, area in zip(pattern["code"][()], pattern["area_ha"][()]):
                    self.assertAlmostEqual((mspa == code).sum() * 0.09, area, delta=1e-6)
                self.assertGreaterEqual(habitat["NP"][0], indices["NP"])
                classes = base.parent["tables/class_metrics"]
                self.assertAlmostEqual(classes["area_ha"][()].sum(), valid_ha, delta=1e-6 * valid_ha)
                landscape = base.parent["tables/landscape_metrics"]
                self.assertAlmostEqual(classes["TE"][()].sum(), 2 * landscape["TE"][0], delta=1e-6 * landscape["TE"][0])
            compared = run("compare", glob.glob(home + "/*.h5")[0], "--csv", os.path.join(home, "t.csv"))
            self.assertIn("hectares of each class (MSPA)", compared.stdout)
            for name, column in ("mspa", "class"), ("habitat", "COHESION"), ("landscape", "CONTAG"), ("classes", "AI"):
                with open(os.path.join(home, f"t-{name}.csv"), newline="") as file:
                    rows = list(csv.DictReader(file))
                self.assertGreater(len(rows), 1, name)
                self.assertTrue(all(None not in row and row[column] is not None for row in rows), name)
            self.assertEqual(run("init", home).returncode, 2)


class Threats(unittest.TestCase):
    def test_what_threatens_habitat_follows_the_scenarios(self):
        """The shipped study at 120 m with threats instead of its analyses."""
        with tempfile.TemporaryDirectory() as folder:
            home = os.path.join(folder, "study")
            self.assertEqual(run("demo-data", STUDY, "--out", home, "--cell", 120).returncode, 0)
            study = os.path.join(home, "study.toml")
            with open(study) as file:
                sections = re.split(r"(?m)^(?=\[)", file.read())
            dropped = ("[analysis", "[[analysis", "[guild.wetlands]")
            plain = "".join(s for s in sections if not s.startswith(dropped))
            plain += "\n[analysis]\npatch_importance = false\nelement_contribution = false\n"
            threats = plain + """
[threats]
guilds = ["ground_birds", "wetland_amphibians"]
[threats.towns]
classes = { built_up = 1.0, main_road = 0.6 }
reach_m = 1500
decay = "exponential"
[threats.fields]
classes = { cropland = 0.5 }
weight = 0.3
reach_m = 300
"""
            results = {}
            for name, text, threads in ("plain", plain, 2), ("one", threats, 1), ("two", threats, 2):
                path = os.path.join(home, name + ".toml")
                with open(path, "w") as file:
                    file.write(text)
                results[name] = os.path.join(home, name + ".h5")
                done = run("run", path, "--out", results[name], "--threads", threads)
                self.assertEqual(done.returncode, 0, done.stderr)
            assert_same_results(self, results["one"], results["two"], but=("run", "study"))
            with h5py.File(results["plain"]) as before, h5py.File(results["two"]) as after:
                for scenario in before["scenarios"]:
                    for year in before[f"scenarios/{scenario}"]:
                        case = f"scenarios/{scenario}/{year}"
                        # Who feels no threats has the same numbers; the others have no better habitat anywhere.
                        for index, value in before[f"{case}/forest_mammals/indices"].items():
                            same = after[f"{case}/forest_mammals/indices/{index}"][()]
                            self.assertEqual(value[()].tobytes(), same.tobytes(), index)
                        for guild in "ground_birds", "wetland_amphibians":
                            was, now = (file[f"{case}/{guild}/quality"][()] for file in (before, after))
                            self.assertTrue((now <= was).all())
                            self.assertTrue((now < was).any())
                            table = after[f"{case}/{guild}/tables/threats"]
                            self.assertGreater(table["loss_percent"][0], 0)
                            self.assertAlmostEqual(table["share_towns"][0] + table["share_fields"][0], 100)
                loss = {s: after[f"scenarios/{s}/2040/ground_birds/indices/DEGRADATION_loss"][0] for s in ("baseline", "growth")}
                self.assertGreater(loss["growth"], loss["baseline"])
            compared = run("compare", results["two"], "--year", 2040)
            self.assertIn("Threats to the habitat of ground_birds in 2040", compared.stdout)
            self.assertIn("of it by towns", compared.stdout)
            with open(study, "a") as file:
                file.write("\n[threats.towns]\nclasses = { buildup = 1 }\nreach_m = 500\n")
            checked = run("check", study)
            self.assertEqual(checked.returncode, 2)
            for words in "study.toml", "[threats.towns] classes", "buildup", "built_up":
                self.assertIn(words, checked.stderr)


class Circuit(unittest.TestCase):
    def test_a_line_of_cells_is_a_row_of_resistors(self):
        with tempfile.TemporaryDirectory() as folder:
            raster, out = os.path.join(folder, "line.asc"), os.path.join(folder, "current")
            with open(raster, "w") as file:
                file.write("ncols 6\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -9999\n1 2 4 8 -9999 1\n")
            said = run("circuit", raster, "--from", 5, 5, "--to", 35, 5, "--out", out)
            self.assertEqual(said.returncode, 0, said.stderr)
            self.assertAlmostEqual(float(said.stdout.split()[1]), 1.5 + 3 + 6, delta=1e-5)  # steps are single precision
            self.assertTrue(os.path.exists(out + ".tif"))
            self.assertIn("no path joins", run("circuit", raster, "--from", 5, 5, "--to", 55, 5, "--out", out + "2").stderr)
            self.assertIn("lies outside", run("circuit", raster, "--from", 5, 5, "--to", 75, 5, "--out", out + "2").stderr)
            self.assertIn("cannot work over MPI", run("circuit", raster, "--from", 5, 5, "--to", 35, 5, "--out", out + "2",
                                                      env=dict(os.environ, OMPI_COMM_WORLD_SIZE="2")).stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
