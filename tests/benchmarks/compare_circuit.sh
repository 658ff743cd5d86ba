#!/usr/bin/env bash
# Times `greenweave circuitscape` beside PETSc's conjugate gradients with hypre's BoomerAMG, the solver that the fastest
# programs of the field stand on, on the same landscapes with 2 processes each, and requires the same resistances. The
# peer's time is that of its set-up and of N - 1 solutions to 1e-6, without reading, assembling or maps; greenweave's
# is the whole process with reading, 1e-9 and the cumulative map. usage: compare_circuit.sh PROGRAM [SIDE...]
set -euo pipefail
program=$(readlink -f "$1")
shift
[ $# -gt 0 ] || set -- 500 1000 2000
PETSC_DIR=$(echo /usr/lib/petscdir/*/*-real)
export PETSC_DIR OMP_NUM_THREADS=1
/usr/bin/python3 -c 'import mpi4py, scipy, petsc4py' 2>/dev/null ||
  { echo "compare_circuit: PETSc is not installed (apt-get install python3-petsc4py python3-mpi4py python3-scipy)"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Fractal resistance from 1 to 100, even in the logarithm, with 15 % of the cells no nodes; focal nodes scattered over
# the largest component.
cat >"$work/landscape.py" <<'PYTHON'
import sys
import numpy as np
from scipy import ndimage
side, count, work = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
random = np.random.default_rng(1)
def field():
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    frequency[0, 0] = np.inf
    wave = np.fft.rfft2(random.standard_normal((side, side))) * frequency ** -1.5
    rank = np.empty(side * side)
    rank[np.argsort(np.fft.irfft2(wave, (side, side)), axis=None)] = np.arange(side * side) / (side * side)
    return rank.reshape(side, side)
resistance = np.round(100.0 ** field(), 4)
resistance[field() < 0.15] = -9999
label, _ = ndimage.label(resistance > 0, np.ones((3, 3)))
nodes = np.flatnonzero(label == np.bincount(label[label > 0]).argmax())
focal = random.choice(nodes, count, replace=False)
head = f"ncols {side}\nnrows {side}\nxllcorner 0\nyllcorner 0\ncellsize 1\nNODATA_value -9999\n"
with open(f"{work}/resistance.asc", "w") as out:
    out.write(head)
    np.savetxt(out, resistance, fmt="%.10g")
np.savez(f"{work}/landscape.npz", resistance=resistance, focal=focal)
with open(f"{work}/focal.txt", "w") as out:
    for k, cell in enumerate(focal):
        out.write(f"{k + 1}\t{cell % side + 0.5}\t{side - cell // side - 0.5}\n")
with open(f"{work}/job.ini", "w") as out:
    out.write(f"""[job]
data_type = raster
scenario = pairwise
habitat_file = {work}/resistance.asc
habitat_map_is_resistances = True
connect_using_avg_resistances = True
point_file = {work}/focal.txt
write_cur_maps = True
write_cum_cur_map_only = True
output_file = {work}/own.out
""")
PYTHON

cat >"$work/peer.py" <<'PYTHON'
import sys, time
import numpy as np
import scipy.sparse as sparse
import petsc4py
petsc4py.init()
from petsc4py import PETSc
work = sys.argv[1]
stored = np.load(f"{work}/landscape.npz")
resistance, focal = stored["resistance"], stored["focal"]
node = np.full(resistance.shape, -1)
node[resistance > 0] = np.arange(np.count_nonzero(resistance > 0))
rows, columns, values = [], [], []
for dr, dc, length in ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 2 ** 0.5), (1, -1, 2 ** 0.5)):
    here = (slice(0, resistance.shape[0] - dr), slice(max(0, -dc), resistance.shape[1] - max(0, dc)))
    there = (slice(dr, None), slice(max(0, dc), resistance.shape[1] + min(0, dc)))
    both = (node[here] >= 0) & (node[there] >= 0)
    rows.append(node[here][both]); columns.append(node[there][both])
    values.append(2.0 / ((resistance[here][both] + resistance[there][both]) * length))
i, j, g = map(np.concatenate, (rows, columns, values))
n = node.max() + 1
laplacian = sparse.coo_matrix((-g, (i, j)), (n, n)).tocsr()
laplacian = laplacian + laplacian.T
# Each component is held at one node, the largest at the first focal node.
_, component = sparse.csgraph.connected_components(laplacian, directed=False)
held = np.unique(component, return_index=True)[1]
held[component[node.flat[focal[0]]]] = node.flat[focal[0]]
laplacian = laplacian + sparse.diags(-np.asarray(laplacian.sum(axis=1)).ravel())
free = np.setdiff1d(np.arange(n), held)
place = np.full(n, -1)
place[free] = np.arange(len(free))
reduced = laplacian[free][:, free].tocsr()
matrix = PETSc.Mat().create()
matrix.setSizes(reduced.shape)
matrix.setType("aij")
matrix.setPreallocationNNZ(9)
first, last = matrix.getOwnershipRange()
own = reduced[first:last]
matrix.setValuesCSR(own.indptr.astype(PETSc.IntType), own.indices.astype(PETSc.IntType), own.data)
matrix.assemble()
begun = time.perf_counter()
solver = PETSc.KSP().create()
solver.setOperators(matrix)
solver.setType("cg")
solver.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
solver.setTolerances(rtol=1e-6)
solver.getPC().setType("hypre")
solver.setUp()
voltage, source = matrix.createVecs()
voltages, iterations = [np.zeros(len(focal))], 0
for k in range(1, len(focal)):
    source.set(0.0)
    row = place[node.flat[focal[k]]]
    if first <= row < last:
        source.setValue(row, 1.0)
    source.assemble()
    solver.solve(source, voltage)
    iterations = max(iterations, solver.getIterationNumber())
    seen = np.zeros(len(focal))
    for m in range(1, len(focal)):
        at = place[node.flat[focal[m]]]
        if first <= at < last:
            seen[m] = voltage.getArray()[at - first]
    voltages.append(seen)
seconds = time.perf_counter() - begun
total = PETSc.COMM_WORLD.tompi4py().allreduce(np.array(voltages))
if PETSc.COMM_WORLD.getRank() == 0:
    own = np.loadtxt(f"{work}/own_resistances.out")[1:, 1:]
    peer = total.diagonal()[:, None] + total.diagonal()[None, :] - total - total.T
    off = ~np.eye(len(focal), dtype=bool)
    difference = np.max(np.abs(own - peer)[off] / own[off])
    print(f"{seconds:.2f} {iterations} {difference:.1e}")
PYTHON

printf '%6s %6s %20s %12s %7s %15s %12s %12s\n' side nodes 'CG + BoomerAMG' greenweave ratio 'difference of R' 'peak peer' greenweave
for case in $(for side in "$@"; do echo "$side:5"; done) 1000:50; do
  side=${case%:*} count=${case#*:}
  /usr/bin/python3 "$work/landscape.py" "$side" "$count" "$work"
  begun=$(date +%s.%N)
  /usr/bin/time -f %M -o "$work/own_kib" "$program" circuitscape -t 2 "$work/job.ini" --overwrite --quiet
  ended=$(date +%s.%N)
  cat >"$work/one.sh" <<SH
exec /usr/bin/time -f %M -o "$work/peer_kib.\$OMPI_COMM_WORLD_RANK" /usr/bin/python3 "$work/peer.py" "$work"
SH
  read -r seconds iterations difference < <(mpiexec --allow-run-as-root -n 2 bash "$work/one.sh")
  awk -v s="$side" -v c="$count" -v p="$seconds" -v i="$iterations" -v b="$begun" -v e="$ended" -v d="$difference" \
    -v pk="$(awk '{ sum += $1 } END { print sum }' "$work"/peer_kib.*)" -v ok="$(cat "$work/own_kib")" 'BEGIN {
      printf "%6d %6d %7.2f s, %3d iter. %10.2f s %7.1f %15s %8.0f MiB %8.0f MiB\n", s, c, p, i, e - b, p / (e - b), d, pk / 1024, ok / 1024 }'
  awk -v d="$difference" 'BEGIN { exit d > 1e-4 }' || { echo "the resistances differ"; exit 1; }
done
