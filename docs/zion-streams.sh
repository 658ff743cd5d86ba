#!/usr/bin/env bash
# Draws docs/zion-streams.png: the streams that `greenweave terrain` finds in the elevation model of Zion canyon, over
# shaded relief. Needs GDAL's programs. usage: zion-streams.sh PROGRAM DEM OUT.png
set -euo pipefail
program=$(readlink -f "$1")
dem=$(readlink -f "$2")
out=$(readlink -m "$3")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
gdalwarp -q -r bilinear -tr 30 30 -ot Float32 -dstnodata -9999 "$dem" dem.tif
"$program" terrain dem.tif --out terrain --stream-area 100 >/dev/null
# White where heights are unknown, 23 greys of relief, then a blue for each of Strahler's orders: a palette keeps the file small.
gdalwarp -q -r average -tr 40 40 dem.tif coarse.tif
gdaldem hillshade -q -z 1.3 -multidirectional -compute_edges coarse.tif shade.tif
# The square root keeps the darkest cliffs (1 of 255) apart from what is unknown (0).
gdal_translate -q -ot Byte -a_nodata none -scale 0 255 0 23 -exponent 0.5 shade.tif picture.tif
read -r west north east south < <(gdalinfo picture.tif | awk -F'[(,)]' '
  /^Upper Left/ { printf "%s %s ", $2, $3 } /^Lower Right/ { print $2, $3 }')
# Draws an order a few times, each time with the picture moved by a part of a cell: that makes the line wider.
draw() {  # value, condition, shifts in metres
  for dx in $3; do
    for dy in $3; do
      gdal_translate -q -a_ullr "$(bc <<<"$west + $dx")" "$(bc <<<"$north + $dy")" "$(bc <<<"$east + $dx")" \
        "$(bc <<<"$south + $dy")" picture.tif moved.tif
      gdal_rasterize -q -burn "$1" -where "$2" terrain/streams.gpkg moved.tif
      mv moved.tif picture.tif
    done
  done
}
draw 24 "strahler = 1" 0
draw 25 "strahler = 2" 0
draw 26 "strahler = 3" "-15 15"
draw 27 "strahler = 4" "-25 0 25"
draw 28 "strahler >= 5" "-45 -15 15 45"
gdal_translate -q -of VRT picture.tif picture.vrt
{
  echo '<ColorInterp>Palette</ColorInterp><ColorTable>'
  echo '<Entry c1="255" c2="255" c3="255" c4="255"/>'
  for grey in $(seq 1 23); do
    # Contrast lies in shades from 40 to 240 of 255; darker cliffs are as dark as can be.
    step=$(((grey * grey * 255 / 529 - 40) * 23 / 200))
    step=$((step < 0 ? 0 : step > 23 ? 23 : step))
    v=$((92 + step * 7))
    echo "<Entry c1=\"$v\" c2=\"$((v - 2))\" c3=\"$((v - 8))\" c4=\"255\"/>"
  done
  for blue in '110 160 200' '70 130 190' '35 100 175' '15 70 150' '5 40 110'; do
    read -r r g b <<<"$blue"
    echo "<Entry c1=\"$r\" c2=\"$g\" c3=\"$b\" c4=\"255\"/>"
  done
  echo '</ColorTable>'
} >palette
sed -i -e 's#<ColorInterp>Gray</ColorInterp>##' -e '/<VRTRasterBand/r palette' picture.vrt
gdal_translate -q -of PNG -co ZLEVEL=9 picture.vrt picture.png
mv picture.png "$out"
