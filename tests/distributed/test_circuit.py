"""`mpirun -n 2 greenweave circuit` beside the same command alone: the currents agree, mistakes end every rank."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy
except ImportError as error:
    sys.exit(f"{error}: install what `./dev test` installs")

PROGRAM = sys.argv[1]
# Nothing of an MPI or a Slurm job around the test.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith(("OMPI_", "PMI", "SLURM_"))}
# As root, on as few processors as there may be, which need not be bindable; and without reading each other's memory, which
# containers forbid.
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none",
          "--mca", "btl_vader_single_copy_mechanism", "none", "--mca", "plm", "isolated"]


def alone(*arguments):
    return subprocess.run([PROGRAM, "circuit", *map(str, arguments)], capture_output=True, text=True, env=PLAIN)


def over_mpi(ranks, *arguments):
    command = [*MPIRUN, "-n", str(ranks), PROGRAM, "circuit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=dict(PLAIN, OMP_NUM_THREADS="1"), timeout=300)


class Circuit(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="greenweave-mpi-")
        self.raster = os.path.join(self.folder, "resistance.asc")

    def tearDown(self):
        shutil.rmtree(self.folder)

    def write(self, resistance):
        """Cells of 10 m from 0, 0; NaN: NoData."""
        rows, cols = resistance.shape
        with open(self.raster, "w") as file:
            file.write(f"ncols {cols}\nnrows {rows}\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -9999\n")
            numpy.savetxt(file, numpy.where(numpy.isnan(resistance), -9999, resistance), fmt="%.9g")
        self.rows = rows

    def at(self, row, col):
        return 10 * col + 5, 10 * (self.rows - row) - 5

    def read(self, name):
        raw = os.path.join(self.folder, "raw")
        subprocess.run(["gdal_translate", "-q", "-of", "ENVI", os.path.join(self.folder, name), raw], check=True)
        return numpy.fromfile(raw, dtype="float64").reshape(self.shape)

    def compare(self, resistance, source, sink, ranks, *more):
        self.write(resistance)
        self.shape = resistance.shape
        common = [self.raster, "--from", *self.at(*source), "--to", *self.at(*sink), "--tolerance", "1e-12"]
        here = alone(*common, "--out", os.path.join(self.folder, "here"))
        self.assertEqual(here.returncode, 0, here.stderr)
        name = f"there{ranks}"
        there = over_mpi(ranks, *common, *more, "--out", os.path.join(self.folder, name))
        self.assertEqual(there.returncode, 0, there.stderr)
        ohm = [float(re.search(r"resistance (\S+) ohm", said.stdout).group(1)) for said in (here, there)]
        self.assertAlmostEqual(ohm[0], ohm[1], delta=1e-8 * ohm[0])
        a, b = self.read("here.tif"), self.read(name + ".vrt")
        self.assertLess(numpy.abs(a - b).max(), 1e-8)
        self.assertAlmostEqual(a[source], 1.0, delta=1e-9)  # all of it enters there
        self.assertEqual(len([f for f in os.listdir(self.folder) if f.startswith(name + "-")]), ranks)
        return a, b, ohm

    def random_land(self, rows, cols, seed):
        random = numpy.random.default_rng(seed)
        land = numpy.exp(random.normal(1.0, 1.5, (rows, cols)))
        land[random.random((rows, cols)) < 0.2] = numpy.nan
        land[rows // 2, : cols - 2] = numpy.nan  # one way from north to south, in the far east
        land[2, 2] = land[rows - 3, 3] = 1.0
        return land

    def test_two_ranks_agree_with_one_machine(self):
        for seed in 1, 2:
            for more in ((), ("--multigrid", "gamg")):
                shutil.rmtree(self.folder)
                os.mkdir(self.folder)
                self.compare(self.random_land(61, 83, seed), (2, 2), (58, 3), 2, *more)

    def test_any_number_of_ranks(self):
        for ranks in 1, 3, 4:
            shutil.rmtree(self.folder)
            os.mkdir(self.folder)
            self.compare(self.random_land(40, 31, 5), (2, 2), (37, 3), ranks)

    def test_a_line_of_cells_is_a_row_of_resistors(self):
        ohm = self.compare(numpy.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]), (0, 0), (0, 5), 2)[2]
        self.assertAlmostEqual(ohm[0], 0.5 + 2 + 3 + 4 + 5 + 3, delta=1e-5)  # steps are single precision

    def test_mistakes_end_every_rank(self):
        land = numpy.ones((8, 8))
        land[:, 4] = numpy.nan
        self.write(land)
        common = [self.raster, "--out", os.path.join(self.folder, "no"), "--from", *self.at(1, 1), "--to"]
        for said in alone(*common, *self.at(1, 6)), over_mpi(2, *common, *self.at(1, 6)):
            self.assertEqual(said.returncode, 2, said.stderr)
            self.assertIn("no path joins the two places", said.stderr)
        self.assertIn("lies outside the raster", over_mpi(2, *common, 500, 5).stderr)
        land[7, 0] = -1.0
        self.write(land)
        self.assertIn("it must be above 0", over_mpi(2, *common, *self.at(6, 1)).stderr)


if shutil.which("mpirun") is None:
    sys.exit("mpirun is not installed (apt-get install openmpi-bin)")
unittest.main(argv=sys.argv[:1])
