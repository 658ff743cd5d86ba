"""What the tests of the whole program share: PROGRAM and SOURCE of the command line, running it, results files compared bit by bit."""
import os
import re
import subprocess
import sys

try:
    import h5py
    import numpy
except ImportError as error:
    sys.exit(f"{error}: install what `./dev test` installs (python3-h5py)")

PROGRAM, SOURCE = sys.argv[1], sys.argv[2]
STUDY = os.path.join(SOURCE, "scenarios", "studies", "longquanyi")


def run(*arguments, **options):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, **options)


def contents(path, but):
    """Type, shape and bytes of all datasets of a results file but those of some groups."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and name.split("/")[0] not in but:
            value = numpy.asarray(item[()])
            # Texts and references are told by what they say, not by where they lie in memory.
            found[name] = (str(value.dtype), value.shape, str(value.tolist()) if value.dtype.hasobject else value.tobytes())

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def assert_same_results(test, one, other, but=("run",)):
    """But for the groups that tell of the run itself, and of the study where two studies may say the same."""
    a, b = contents(one, but), contents(other, but)
    test.assertGreater(len(a), 10)
    test.assertEqual(a.keys(), b.keys())
    for name in a:
        test.assertTrue(a[name] == b[name], name)


def keep_only_circuits(study, more):
    """Of the study's analyses only circuits, whose bits depend on where they start; `more` is added to the study. What
    guilds feel of restored wetlands goes with the analysis of restoration."""
    with open(study) as file:
        sections = re.split(r"(?m)^(?=\[)", file.read())
    with open(study, "w") as file:
        file.write("".join(s for s in sections if not s.startswith(("[analysis", "[guild.wetlands]")) or s.startswith("[analysis.circuit]")))
        file.write(more)
