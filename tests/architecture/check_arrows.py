#!/usr/bin/env python3
"""Checks that dependencies go one way: model <- scenarios <- io <- app, and inside model as listed below; and that each
source file includes its own header first, so that the header is known to compile alone.

usage: check_arrows.py SOURCE_DIR
"""
import pathlib
import re
import sys

TOP = {"model": set(), "scenarios": {"model"}, "io": {"model", "scenarios"}, "app": {"model", "scenarios", "io"},
       "distributed": {"model", "io", "app"}}
INSIDE_MODEL = {
    "run": set(),
    "grid": {"run"},
    "landscape": {"grid", "run"},
    "habitat": {"landscape"},
    "movement": {"habitat"},
    "network": {"movement"},
    "indices": {"network"},
    "framework": {"indices"},
    "structure": {"landscape"},
    "circuit": {"landscape"},
    "water": {"landscape"},
    "visitors": {"landscape"},
    "planning": {"run"},
}
# Libraries that a folder must not know, whatever its CMake target could reach.
FORBIDDEN = {
    "distributed": r"gdal|ogr|cpl_|hdf5|toml|CLI/|cairo",
    "model": r"petsc|mpi|gdal|ogr|cpl_|hdf5|toml|CLI/|cairo|cstdio|iostream",
    "scenarios": r"petsc|mpi|gdal|ogr|cpl_|hdf5|toml|CLI/|cairo|cstdio|iostream",
    "io": r"petsc|mpi",
    "app": r"petsc|mpi|gdal|ogr|cpl_|hdf5|toml|cairo",
}


def closure(direct):
    reached = {name: set(deps) for name, deps in direct.items()}
    while True:
        grown = {n: d | {x for y in d for x in reached[y]} for n, d in reached.items()}
        if grown == reached:
            return reached
        reached = grown


def main():
    root = pathlib.Path(sys.argv[1])
    inside = closure(INSIDE_MODEL)
    wrong, seen = [], 0
    for top, allowed in TOP.items():
        for path in sorted(root.joinpath(top).rglob("*.[hc]pp")):
            seen += 1
            parts = path.relative_to(root).parts
            own = path.with_suffix(".hpp")
            if path.suffix == ".cpp" and own.exists():
                first = re.search(r'#\s*include\s*["<]([^">]+)', path.read_text())
                if first is None or first.group(1) != str(own.relative_to(root)):
                    wrong.append(f"{path.relative_to(root)}: must include {own.relative_to(root)} first")
            for number, line in enumerate(path.read_text().splitlines(), 1):
                where = f"{path.relative_to(root)}:{number}"
                include = re.match(r'\s*#\s*include\s*["<]([^">]+)', line)
                if not include:
                    continue
                target = include.group(1).split("/")
                if target[0] in TOP and target[0] not in allowed | {top}:
                    wrong.append(f"{where}: {top} must not know {target[0]}")
                if top == "model" and target[0] == "model" and len(target) > 2 and len(parts) > 2:
                    if target[1] not in inside[parts[1]] | {parts[1]}:
                        wrong.append(f"{where}: model/{parts[1]} must not know model/{target[1]}")
                if top in FORBIDDEN and re.match(FORBIDDEN[top], include.group(1)):
                    wrong.append(f"{where}: {top} must not include {include.group(1)}")
    print("\n".join(wrong) or f"{seen} files, every dependency goes the right way")
    sys.exit(1 if wrong or seen == 0 else 0)


main()
