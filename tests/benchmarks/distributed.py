#!/usr/bin/env python3
"""Weak scaling of `mpirun greenweave circuit`: the same cells a rank on 1 and 2 ranks; memory a cell.

usage: distributed.py GREENWEAVE [SIDE]     SIDE x SIDE cells a rank, default 1500; GREENWEAVE built with the preset petsc
"""
import os
import shutil
import subprocess
import sys
import tempfile

import numpy

program, side = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1500
folder = tempfile.mkdtemp(prefix="greenweave-weak-")
try:
    for multigrid in "hypre", "gamg":
        for ranks in 1, 2:
            rows, cols = side * ranks, side
            land = numpy.random.default_rng(7).lognormal(1.0, 1.0, (rows, cols)).astype("float32")
            name = os.path.join(folder, f"land{ranks}")
            land.tofile(name)
            with open(name + ".hdr", "w") as header:
                header.write(f"ENVI\nsamples = {cols}\nlines = {rows}\nbands = 1\ndata type = 4\ninterleave = bsq\nbyte order = 0\n"
                             f"map info = {{Arbitrary, 1, 1, 0, {rows}, 1, 1}}\n")
            said = subprocess.run(["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(ranks), program, "circuit", name, "--from", str(side // 4), str(rows - side // 4),
                                   "--to", str(3 * side // 4), str(side // 4), "--multigrid", multigrid, "--tolerance", "1e-10",
                                   "--out", os.path.join(folder, f"current-{multigrid}-{ranks}")],
                                  capture_output=True, text=True, env=dict(os.environ, OMP_NUM_THREADS="1"))
            print(multigrid, said.stdout.replace("\n", " "), said.stderr, flush=True)
finally:
    shutil.rmtree(folder)
