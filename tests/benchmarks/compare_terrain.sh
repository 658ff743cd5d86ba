#!/usr/bin/env bash
# Fills an elevation model, and lets water run over it, by greenweave, by SAGA (Wang and Liu with slope 0; D8 top-down)
# and by GRASS (r.watershed -s: drainage and accumulation in one, without filling), in the same run; best of three, each
# with the threads that it takes by itself. Times are whole processes, with reading and writing. Like for like: greenweave writes the same layers and no more: `filled` against SAGA's filling; `accumulation`
# (which fills, and routes flats, first) against SAGA's filling and accumulation together, and against r.watershed. Its
# filled heights must be SAGA's to the last bit. A peer that is not installed is left out.
# usage: compare_terrain.sh PROGRAM [CELL_M...]; at 9.5 m the model has 16.1 million cells, as 4000 x 4000 would
set -euo pipefail
program=$(readlink -f "$1")
shift
[ $# -gt 0 ] || set -- 30 9.5
dem=$(dirname "$(readlink -f "$0")")/../../../shared/cases/zion/dem.tif
[ -f "$dem" ] || { echo "compare_terrain: no $dem"; exit 0; }
command -v saga_cmd >/dev/null || echo "compare_terrain: SAGA is not installed (apt-get install saga)"
command -v grass >/dev/null || echo "compare_terrain: GRASS is not installed (apt-get install grass-core)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GRASS_OVERWRITE=1 GRASS_VERBOSE=0

# Seconds of a command, the best of three; what it prints goes to $work/messages.
best() {
  local least=1e9 begun ended
  for round in 1 2 3; do
    begun=$(date +%s.%N)
    "$@" >"$work/messages" 2>&1 || { cat "$work/messages" >&2; exit 1; }
    ended=$(date +%s.%N)
    least=$(awk -v l="$least" -v b="$begun" -v e="$ended" 'BEGIN { t = e - b; print (t < l ? t : l) }')
  done
  echo "$least"
}
own() { rm -rf "$work/own" && "$program" terrain "$work/dem.tif" -o "$work/own" "$@"; }
ratio() { awk -v what="$1" -v t="$2" -v own="$3" 'BEGIN { printf "  %s: %.2f s, %.1f times as long\n", what, t, t / own }'; }

for cell in "$@"; do
  gdalwarp -q -overwrite -r bilinear -tr "$cell" "$cell" -ot Float32 -dstnodata -9999 "$dem" "$work/dem.tif"
  accumulation=$(best own --only accumulation)
  filling=$(best own --only filled)
  echo "$(head -1 "$work/messages"): greenweave fills in $filling s, and accumulates, filling first, in $accumulation s"
  if command -v saga_cmd >/dev/null; then
    gdal_translate -q -of SAGA "$work/dem.tif" "$work/dem.sdat"
    fill=$(best saga_cmd -f=s ta_preprocessor 5 -ELEV="$work/dem.sgrd" -FILLED="$work/saga.sgrd" -MINSLOPE=0)
    # Top-down needs a way out of flats: filled once more with a slope, which is not timed.
    saga_cmd -f=s ta_preprocessor 5 -ELEV="$work/dem.sgrd" -FILLED="$work/sloping.sgrd" -MINSLOPE=0.01 >"$work/messages"
    flow=$(best saga_cmd -f=s ta_hydrology 0 -ELEVATION="$work/sloping.sgrd" -FLOW="$work/flow.sgrd" -METHOD=0)
    ratio "SAGA fills" "$fill" "$filling"
    ratio "SAGA fills and accumulates" "$(awk -v f="$fill" -v a="$flow" 'BEGIN { print f + a }')" "$accumulation"
    gdalwarp -q -overwrite -of ENVI -dstnodata -9999 "$work/saga.sdat" "$work/saga.bin"
    gdalwarp -q -overwrite -of ENVI -dstnodata -9999 "$work/own/filled.tif" "$work/own.bin"
    cmp "$work/saga.bin" "$work/own.bin" || { echo "the filled heights differ"; exit 1; }
  fi
  if command -v grass >/dev/null; then
    rm -rf "$work/location"
    grass -c "$work/dem.tif" "$work/location" -e >"$work/messages" 2>&1
    grass "$work/location/PERMANENT" --exec r.in.gdal -o input="$work/dem.tif" output=dem >"$work/messages" 2>&1
    grass "$work/location/PERMANENT" --exec g.region raster=dem >"$work/messages" 2>&1
    watershed=$(best grass "$work/location/PERMANENT" --exec r.watershed -s elevation=dem accumulation=accumulation \
      drainage=drainage)
    ratio "GRASS r.watershed -s" "$watershed" "$accumulation"
  fi
done
