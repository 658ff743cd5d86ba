#!/usr/bin/env python3
"""Batches of the shipped study: overhead of a case, load of the processors, joining 2,000 case files.

usage: batch.py GREENWEAVE [overhead] [load] [gather]

LOAD_CELL is the cell size of `load` in metres instead of the study's own 30: a run of minutes instead of a quarter of an hour.
"""
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
program, parts = sys.argv[1], sys.argv[2:] or ["overhead", "load", "gather"]
folder = tempfile.mkdtemp(prefix="greenweave-batch-")
home = os.path.join(folder, "study")
study = os.path.join(home, "study.toml")


def run(*arguments):
    """Wall and processor seconds, GiB at most."""
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([program, *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, arguments
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024.0**2


def threads_at_work(pid):
    """Threads of a process that run or could, did others not have the processors: it does not depend on the neighbours."""
    count = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/stat") as file:
                count += file.read().rsplit(")", 1)[1].split()[0] == "R"
        except OSError:
            pass
    return count


def run_watched(threads, *arguments):
    """Wall and processor seconds, GiB at most, and the share of the time in which each of the processors had work to do."""
    begin, seen = time.monotonic(), []
    process = subprocess.Popen([program, *map(str, arguments)], stdout=subprocess.DEVNULL)
    if os.sched_getscheduler(0) == os.SCHED_FIFO:  # under chrt: it must look while they run, not when they sleep
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(os.sched_getparam(0).sched_priority + 1))
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        seen.append(min(threads, threads_at_work(process.pid)))
        time.sleep(0.02)
    assert ended[1] == 0, arguments
    usage = ended[2]
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024.0**2, sum(seen) / len(seen) / threads


try:
    subprocess.run([program, "demo-data", os.path.join(SOURCE, "scenarios", "studies", "longquanyi"), "--out", home], check=True, stdout=subprocess.DEVNULL)
    if "overhead" in parts:
        # Small cases, many of them: what the batch adds to each (claims, syncing, joining apart) is the same for long ones. The
        # least of three, as others may be at work.
        common = ["--cell", 300, "--draws", 9, "--quiet", "--threads", 1]
        alone, shared = [], []
        for k in range(3):
            alone.append(run("run", study, "--out", os.path.join(folder, f"run{k}.h5"), "--jobs", 1, *common)[0])
            out = os.path.join(folder, f"work{k}.h5")
            worked = run("work", study, "--out", out, *common)[0]
            shared.append(worked + run("gather", study, "--out", out, "--cell", 300, "--draws", 9)[0])
        added = (min(shared) - min(alone)) / 100
        print(f"overhead: 100 cases in {min(alone):.2f} s by run, {min(shared):.2f} s by work and gather: {1e3 * added:.1f} ms a case, "
              f"{100 * added / 10:.2f} % of 10 s", flush=True)
    if "load" in parts:
        cell = os.environ.get("LOAD_CELL", "30")
        wall, cpu, gib, busy = run_watched(2, "run", study, "--out", os.path.join(folder, "load.h5"), "--quiet", "--threads", 2, "--draws", 20, "--cell", cell)
        print(f"load: cells of {cell} m, {wall:.1f} s, {cpu:.1f} processor seconds: {100 * cpu / (2 * wall):.0f} % of 2 processors; "
              f"there was work for {100 * busy:.1f} % of them, {gib:.2f} GiB", flush=True)
    if "gather" in parts:
        # Draws differ in their numbers, not in size: the first of each scenario and year is worked out, the others are its copies.
        out = os.path.join(folder, "gather.h5")
        with open(os.path.join(folder, "first.txt"), "w") as file:
            for scenario in "baseline", "wetland", "greenways", "growth", "plan":
                for year in 2030, 2040:
                    for draw in 0, 1:
                        file.write(f"{scenario}\t{year}\t{draw}\n")
        run("work", study, "--out", out, "--quiet", "--draws", 199, "--threads", 2, "--jobs", 2, "--cases", os.path.join(folder, "first.txt"))
        partial = out + ".partial"
        for name in os.listdir(partial):
            if found := re.fullmatch(r"(.*)-1\.h5", name):
                for draw in range(2, 200):
                    shutil.copyfile(os.path.join(partial, name), os.path.join(partial, f"{found[1]}-{draw}.h5"))
        count = sum(name.endswith(".h5") for name in os.listdir(partial))
        wall, cpu, gib = run("gather", study, "--out", out, "--draws", 199)
        print(f"gather: {count} cases in {wall:.1f} s ({cpu:.1f} processor seconds), {gib:.2f} GiB, {os.path.getsize(out) / 1e6:.0f} MB", flush=True)
finally:
    shutil.rmtree(folder)
