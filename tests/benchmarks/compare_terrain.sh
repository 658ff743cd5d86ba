#!/usr/bin/env bash
# Fills an elevation model by `greenweave terrain` and by SAGA (Wang and Liu, slope 0), and requires the same heights to
# the last bit; prints SAGA's time for filling beside ours for all layers of the command. usage: compare_terrain.sh
# PROGRAM [CELL_M...]
set -euo pipefail
program=$(readlink -f "$1")
shift
[ $# -gt 0 ] || set -- 30 10
dem=$(dirname "$(readlink -f "$0")")/../../../shared/cases/zion/dem.tif
command -v saga_cmd >/dev/null || { echo "compare_terrain: SAGA is not installed (apt-get install saga)"; exit 0; }
[ -f "$dem" ] || { echo "compare_terrain: no $dem"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for cell in "$@"; do
  gdalwarp -q -overwrite -r bilinear -tr "$cell" "$cell" -ot Float32 -dstnodata -9999 "$dem" "$work/dem.tif"
  gdal_translate -q -of SAGA "$work/dem.tif" "$work/dem.sdat"
  begun=$(date +%s.%N)
  saga_cmd -f=s ta_preprocessor 5 -ELEV="$work/dem.sgrd" -FILLED="$work/saga.sgrd" -MINSLOPE=0 >"$work/messages" 2>&1 ||
    { cat "$work/messages"; exit 1; }
  between=$(date +%s.%N)
  rm -rf "$work/own"
  "$program" terrain "$work/dem.tif" -o "$work/own" >"$work/messages"
  ended=$(date +%s.%N)
  gdalwarp -q -overwrite -of ENVI -dstnodata -9999 "$work/saga.sdat" "$work/saga.bin"
  gdalwarp -q -overwrite -of ENVI -dstnodata -9999 "$work/own/filled.tif" "$work/own.bin"
  awk -v c="$cell" -v a="$begun" -v b="$between" -v e="$ended" -v n="$(head -1 "$work/messages")" \
    'BEGIN { printf "%s: SAGA fills in %.2f s; greenweave makes all layers in %.2f s\n", n, b - a, e - b }'
  cmp "$work/saga.bin" "$work/own.bin" || { echo "the filled heights differ"; exit 1; }
done
