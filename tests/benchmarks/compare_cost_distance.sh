#!/usr/bin/env bash
# Times `greenweave cost-distance` beside GRASS r.cost, whole process against whole process on one thread each, on the
# same surfaces, and requires the same costs to the last bit. usage: compare_cost_distance.sh PROGRAM [SIDE...]
set -euo pipefail
program=$(readlink -f "$1")
shift
[ $# -gt 0 ] || set -- 2000 4000
command -v grass >/dev/null || { echo "compare_cost_distance: GRASS is not installed (apt-get install grass-core)"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GRASS_OVERWRITE=1 GRASS_VERBOSE=0

cat >"$work/session.sh" <<'SESSION'
set -euo pipefail
program=$1 side=$2 work=$3
now() { date +%s.%N; }
# Surfaces: plots of 20 x 20 cells in ten classes, and a resistance of its own in every cell.
g.region n=$side s=0 e=$side w=0 res=20
r.mapcalc "plot = rand(0, 10)" seed=1
g.region n=$side s=0 e=$side w=0 res=1
classes='plot 0:0:1 1:1:2 2:2:3 3:3:5 4:4:8 5:5:10 6:6:20 7:7:30 8:8:50 9:9:100'
tr ' ' '\n' <<<"${classes#* }" | r.recode input=plot output=plots_of_class rules=-
r.mapcalc "plots = float(plots_of_class)"
r.mapcalc "noise = float(rand(1.0, 100.0))" seed=2
export_raster() { r.out.gdal -f -c input=$1 output="$work/$1.tif" type=$2 createopt=TILED=YES 2>/dev/null; }
export_raster plots Float32
export_raster noise Float32
for count in 1 50; do
  awk -v n=$count -v side=$side 'BEGIN { srand(3); for (i = 0; i < n; ++i) printf "%d.5,%d.5,1\n", int(rand() * side), int(rand() * side) }' \
    >"$work/points_$count.txt"
  r.in.xyz input="$work/points_$count.txt" output=sources_$count separator=comma method=n
  r.mapcalc "sources_$count = if(sources_$count > 0, 1, null())"
  export_raster sources_$count Byte
done
printf '%-6s %6s %8s %10s %12s %7s %12s %12s\n' surface side sources r.cost greenweave ratio 'peak r.cost' 'greenweave'
for surface in plots noise; do
  for count in 1 50; do
    best_peer=1e9 best_own=1e9
    for round in 1 2 3; do
      # r.cost is given all the memory it can use.
      begun=$(now)
      /usr/bin/time -f %M -o "$work/peer_kib" r.cost input=$surface output=cost start_raster=sources_$count memory=8000
      between=$(now)
      rm -f "$work/own.tif"
      /usr/bin/time -f %M -o "$work/own_kib" taskset -c 0 "$program" cost-distance "$work/$surface.tif" \
        --sources "$work/sources_$count.tif" --cell-widths --out "$work/own.tif" >/dev/null
      ended=$(now)
      best_peer=$(awk -v a=$best_peer -v b=$begun -v e=$between 'BEGIN { t = e - b; print (t < a ? t : a) }')
      best_own=$(awk -v a=$best_own -v b=$between -v e=$ended 'BEGIN { t = e - b; print (t < a ? t : a) }')
    done
    awk -v f=$surface -v s=$side -v c=$count -v p=$best_peer -v o=$best_own -v pk="$(cat "$work/peer_kib")" \
      -v ok="$(cat "$work/own_kib")" 'BEGIN {
        printf "%-6s %6d %8d %8.2f s %10.2f s %7.1f %8.0f MiB %8.0f MiB\n", f, s, c, p, o, p / o, pk / 1024, ok / 1024 }'
    r.out.gdal -c input=cost output="$work/peer.tif" type=Float64 2>/dev/null
    gdal_translate -q -of ENVI "$work/peer.tif" "$work/peer.bin"
    gdal_translate -q -of ENVI "$work/own.tif" "$work/own.bin"
    cmp "$work/peer.bin" "$work/own.bin" || { echo "the costs differ"; exit 1; }
  done
done
SESSION

for side in "$@"; do
  rm -rf "$work/location"
  grass -c XY "$work/location" --exec bash "$work/session.sh" "$program" "$side" "$work" 2>"$work/messages" ||
    { cat "$work/messages"; exit 1; }
done
