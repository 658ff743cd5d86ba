"""A batch on a real Slurm: a controller and two node daemons on this machine's loopback. One node is lost midway."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from program import STUDY, assert_same_results, keep_only_circuits, run as greenweave

CONF = """ClusterName=greenweave
SlurmctldHost=localhost
SlurmUser={user}
SlurmctldPort={port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmdTimeout=10
SlurmctldTimeout=10
KillWait=5
MpiDefault=none
NodeName=n[1-2] NodeHostname=localhost Port=[{first}-{second}] CPUs=1 RealMemory=1500 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def environment_of(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""


def processes_of(node):
    """What the node's tasks run."""
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and f"SLURMD_NODENAME={node}".encode() in environment_of(pid)]


def send(pid, what):
    """False if the process has ended."""
    try:
        os.kill(pid, what)
        return True
    except ProcessLookupError:
        return False


class Cluster:
    """Starts and stops the daemons. `reason` says why there is no cluster, if there is none."""

    def __init__(self):
        self.reason = None
        self.folder = tempfile.mkdtemp(prefix="greenweave-slurm-")
        os.chmod(self.folder, 0o755)
        for program in "munged", "slurmctld", "slurmd", "sbatch":
            if shutil.which(program) is None and not os.path.exists("/usr/sbin/" + program):
                self.reason = f"no {program}: install slurm-wlm and munge"
                return
        if os.geteuid() != 0:
            self.reason = "slurmd starts jobs as their users, which takes root"
            return
        base = 20000 + os.getpid() % 20000
        self.environment = dict(os.environ, SLURM_CONF=os.path.join(self.folder, "slurm.conf"),
                                PATH=os.environ["PATH"] + ":/usr/sbin:/usr/bin")
        os.mkdir(os.path.join(self.folder, "state"))
        with open(self.environment["SLURM_CONF"], "w") as file:
            file.write(CONF.format(folder=self.folder, user=pwd.getpwuid(os.geteuid()).pw_name, port=base, first=base + 1, second=base + 2))
        munge = os.path.join(self.folder, "munge")
        os.mkdir(munge)
        with open(os.path.join(munge, "key"), "wb") as file:
            file.write(os.urandom(1024))
        os.chmod(os.path.join(munge, "key"), 0o400)
        owner = pwd.getpwnam("munge")
        for path in munge, os.path.join(munge, "key"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        started = self.call("setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "munged", f"--key-file={munge}/key",
                            f"--socket={munge}/socket", f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed")
        if started.returncode != 0:
            self.reason = "munged does not start: " + started.stderr
            return
        for command in ["slurmctld"], ["slurmd", "-N", "n1"], ["slurmd", "-N", "n2"]:
            started = self.call(*command)
            if started.returncode != 0:
                self.reason = f"{command[0]} does not start: {started.stderr}"
                return
            time.sleep(1)
        for _ in range(60):
            if self.call("sinfo", "--noheader", "--format=%t %D").stdout.strip() == "idle 2":
                return
            time.sleep(0.5)
        self.reason = "the nodes do not come up: " + self.call("sinfo").stdout

    def call(self, *command):
        return subprocess.run(command, capture_output=True, text=True, env=self.environment)

    def kill_by_pid_file(self, path):
        try:
            with open(path) as file:
                os.kill(int(file.read()), signal.SIGKILL)
        except (OSError, ValueError):
            pass

    def hold_task(self, name):
        """Stops a program that works on the node, so that the node's loss hits a task midway. False if none works there now."""
        for pid in processes_of(name):
            if name_of(pid) == "greenweave" and send(pid, signal.SIGSTOP):
                return True
        return False

    def lose_node(self, name):
        """As when a machine loses its power: its daemon, the steps' keepers and what they run."""
        self.kill_by_pid_file(os.path.join(self.folder, f"slurmd-{name}.pid"))
        own = processes_of(name)
        for pid in {parent_of(pid) for pid in own} - set(own) - {0, 1, os.getpid()}:
            if "slurmstepd" in name_of(pid):
                send(pid, signal.SIGKILL)
        for pid in own:
            send(pid, signal.SIGKILL)

    def stop(self):
        if self.reason is None:
            self.call("scancel", "--state=PENDING")
            self.call("scancel", "--state=RUNNING")
        for path in glob.glob(os.path.join(self.folder, "slurm*.pid")) + [os.path.join(self.folder, "munge", "pid")]:
            self.kill_by_pid_file(path)
        time.sleep(0.5)
        shutil.rmtree(self.folder, ignore_errors=True)


class Slurm(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.stop)
        if self.cluster.reason:
            print("skipped:", self.cluster.reason, file=sys.stderr)
            self.skipTest(self.cluster.reason)

    def test_an_array_survives_the_loss_of_a_node(self):
        home = os.path.join(self.cluster.folder, "study")
        made = greenweave("demo-data", STUDY, "--out", home, "--cell", 60)
        self.assertEqual(made.returncode, 0, made.stderr)
        study = os.path.join(home, "study.toml")
        keep_only_circuits(study, "\n[cluster]\nthreads = 1\ncases_per_task = 2\nmemory_gib = 0.7\ntime_minutes = 5\n")
        same = ["--draws", "1", "--cell", "120"]
        submitted = greenweave("submit", study, *same, env=self.cluster.environment)
        self.assertEqual(submitted.returncode, 0, submitted.stderr)
        # What waits in the queue is not sent a second time.
        again = greenweave("submit", study, *same, "--missing", env=self.cluster.environment)
        self.assertEqual(again.returncode, 2, again.stdout)
        self.assertIn("an earlier submission is still in the queue", again.stderr)
        partial = os.path.join(home, "longquanyi.h5.partial")
        begin = time.time()
        while len(glob.glob(os.path.join(partial, "*.h5"))) < 3 or not self.cluster.hold_task("n1"):
            self.assertLess(time.time() - begin, 600, self.cluster.call("squeue").stdout)
            time.sleep(0.05)
        self.cluster.lose_node("n1")
        status = greenweave("status", study, *same)
        self.assertEqual(status.returncode, 3, status.stdout)
        while self.cluster.call("squeue", "--noheader").stdout.strip():
            self.assertLess(time.time() - begin, 1200, self.cluster.call("squeue").stdout + greenweave("status", study, *same).stdout)
            time.sleep(0.5)
        with open(os.path.join(self.cluster.folder, "slurmctld.log")) as file:
            self.assertIn("equeu", file.read())
        joined = os.path.join(home, "longquanyi.h5")
        self.assertTrue(os.path.exists(joined), greenweave("status", study, *same).stdout)
        alone = os.path.join(home, "alone.h5")
        done = greenweave("run", study, "--out", alone, "--quiet", *same)
        self.assertEqual(done.returncode, 0, done.stderr)
        assert_same_results(self, joined, alone)

    def test_a_task_at_its_time_limit_gives_its_case_back(self):
        home = os.path.join(self.cluster.folder, "study")
        made = greenweave("demo-data", STUDY, "--out", home, "--cell", 60)
        self.assertEqual(made.returncode, 0, made.stderr)
        study = os.path.join(home, "study.toml")
        keep_only_circuits(study, "\n[cluster]\nthreads = 1\ncases_per_task = 20\nmemory_gib = 0.7\ntime_minutes = 1\n")
        same = ["--cell", "120"]
        submitted = greenweave("submit", study, *same, env=self.cluster.environment)
        self.assertEqual(submitted.returncode, 0, submitted.stderr)
        partial = os.path.join(home, "longquanyi.h5.partial")
        begin = time.time()
        queue = lambda: self.cluster.call("squeue", "--noheader").stdout.strip()
        # It hangs in the middle of a case, so that the signal before the limit finds it at work.
        while queue() and not (glob.glob(os.path.join(partial, "*.h5")) and (self.cluster.hold_task("n1") or self.cluster.hold_task("n2"))):
            time.sleep(0.02)
        while queue():
            self.assertLess(time.time() - begin, 600, queue())
            time.sleep(0.5)
        with open(os.path.join(self.cluster.folder, "slurmctld.log")) as file:
            self.assertIn("WEXITSTATUS 130", file.read())
        done = len(glob.glob(os.path.join(partial, "*.h5")))
        said = greenweave("status", study, *same, env=self.cluster.environment)
        self.assertEqual(said.returncode, 3, said.stdout)
        self.assertIn(f"{done} done, 0 running, 0 stalled, 0 failed, {10 - done} missing", said.stdout)
        # More time, which makes no other study of it; what is there is not worked out again.
        with open(study) as file:
            text = file.read()
        with open(study, "w") as file:
            file.write(text.replace("time_minutes = 1", "time_minutes = 10"))
        finished = {path: os.stat(path).st_mtime_ns for path in glob.glob(os.path.join(partial, "*.h5"))}
        submitted = greenweave("submit", study, *same, "--missing", env=self.cluster.environment)
        self.assertEqual(submitted.returncode, 0, submitted.stderr)
        self.assertIn(f"{10 - done} cases in 1 tasks", submitted.stdout)
        begin = time.time()
        changed = set()
        while queue():
            self.assertLess(time.time() - begin, 900, queue())
            for path, before in finished.items():
                try:
                    if os.stat(path).st_mtime_ns != before:
                        changed.add(path)
                except FileNotFoundError:  # joined by now
                    pass
            time.sleep(0.2)
        self.assertFalse(changed)
        joined, alone = os.path.join(home, "longquanyi.h5"), os.path.join(home, "alone.h5")
        self.assertTrue(os.path.exists(joined), greenweave("status", study, *same).stdout)
        run = greenweave("run", study, "--out", alone, "--quiet", "--cell", "120")
        self.assertEqual(run.returncode, 0, run.stderr)
        assert_same_results(self, joined, alone)

    def test_a_sweep_is_one_array_and_its_results_those_of_local_runs(self):
        home = os.path.join(self.cluster.folder, "study")
        made = greenweave("demo-data", STUDY, "--out", home, "--cell", 60)
        self.assertEqual(made.returncode, 0, made.stderr)
        keep_only_circuits(os.path.join(home, "study.toml"), "")
        sweep = os.path.join(home, "sweep.toml")
        with open(sweep, "w") as file:
            file.write('name = "grain"\nstudies = ["study.toml"]\ncell_m = [240, 300]\n[grid]\nguild.forest_mammals.dispersal_m = [1000, 3000]\n'
                       "[cluster]\nthreads = 1\ncases_per_task = 4\nmemory_gib = 0.7\ntime_minutes = 5\n")
        submitted = greenweave("submit", sweep, "--link", env=self.cluster.environment)
        self.assertEqual(submitted.returncode, 0, submitted.stderr)
        self.assertIn("40 cases of 4 variants in 12 tasks", submitted.stdout)
        said = greenweave("status", sweep, env=self.cluster.environment).stdout
        self.assertIn("queue       job", said)
        begin = time.time()
        while self.cluster.call("squeue", "--noheader").stdout.strip():
            self.assertLess(time.time() - begin, 1200, self.cluster.call("squeue").stdout + greenweave("status", sweep).stdout)
            time.sleep(0.5)
        said = greenweave("status", sweep)
        self.assertEqual(said.returncode, 0, said.stdout)
        self.assertIn("4 variants, 40 cases: 40 done", said.stdout)
        folder, local = os.path.join(home, "grain.sweep"), os.path.join(home, "local")
        done = greenweave("run", sweep, "--out", local, "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        names = sorted(os.path.basename(path) for path in glob.glob(os.path.join(local, "*.h5")))
        self.assertEqual(len(names), 4)
        for name in names:
            # A variant's text says how its folder reaches the base study, which is all that differs.
            assert_same_results(self, os.path.join(folder, name), os.path.join(local, name), but=("run", "study"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
