"""A Slurm of our own for a test module: one node, in a folder of its own, on free ports of the loopback."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Sweep
from tests.workflow.conftest import ROOT, SNAKEMAKE

DAEMONS = ("munged", "slurmctld", "slurmd")
# No accounting, no cgroups, no pinning of tasks: what a machine needs no service and no setup for.
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
SlurmdUser=root
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
KillWait=1
SlurmdTimeout=6
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=16000 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [item.getsockname()[1] for item in sockets]
    for item in sockets:
        item.close()
    return ports


def die_with_parent() -> None:
    """In a child: be killed by the kernel when the tests end, however they end (prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def wait_until(question: Callable[[], object], what: str, seconds: float = 60) -> object:
    limit = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < limit, f"{what}: not within {seconds:g} s"
        time.sleep(0.05)
    return answer


def environment_of(pid: int | str) -> dict[str, str]:
    """A process's environment; empty where it has ended."""
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return {}
    return dict(item.split("=", 1) for item in text.split("\0") if "=" in item)


class Slurm:
    """munged, slurmctld and slurmd as children of the tests."""

    def __init__(self) -> None:
        # Not below pytest's folder: a socket's path has at most 107 letters.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.configuration = self.folder / "slurm.conf"
        self.children: dict[str, subprocess.Popen] = {}

    @property
    def environment(self) -> dict[str, str]:
        return {"SLURM_CONF": str(self.configuration)}

    def start(self) -> None:
        for name in ("spool", "state"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        controller, node = free_ports(2)
        self.configuration.write_text(
            CONFIGURATION.format(folder=self.folder, host=socket.gethostname(), controller=controller, node=node)
        )
        self._launch(
            "munged",
            "--foreground",
            "--force",
            *(f"--{name}={self.folder}/munge.{name.split('-')[0]}" for name in ("key-file", "socket", "pid-file")),
            *(f"--{name}={self.folder}/munge.{name.split('-')[0]}" for name in ("log-file", "seed-file")),
        )
        wait_until((self.folder / "munge.socket").exists, "munged's socket")
        self.start_controller()
        self.start_node()
        wait_until(lambda: "idle" in self.run("sinfo", "-h", "-o", "%t", check=False), "an idle node")

    def start_controller(self) -> None:
        self._launch("slurmctld", "-D", "-f", str(self.configuration))

    def start_node(self) -> None:
        self._launch("slurmd", "-D", "-f", str(self.configuration))

    def _launch(self, name: str, *arguments: str) -> None:
        with open(self.folder / f"{name}.out", "ab") as out:
            self.children[name] = subprocess.Popen(
                [program(name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=os.environ | self.environment,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def run(self, *command: str, check: bool = True) -> str:
        found = subprocess.run(
            command, capture_output=True, text=True, timeout=30, env=os.environ | self.environment, check=False
        )
        assert not check or found.returncode == 0, f"{' '.join(command)}: {found.stderr}"
        return found.stdout

    def jobs(self) -> dict[str, str]:
        """Every job that Slurm remembers: its number -> its state."""
        lines = self.run("squeue", "--states=all", "-h", "-o", "%i|%T").splitlines()
        return dict(line.split("|") for line in lines)

    def processes(self) -> dict[int, dict[str, str]]:
        """Everything that this Slurm has started, daemons apart: number -> environment."""
        daemons = {child.pid for child in self.children.values()}
        found = {int(entry.name): environment_of(entry.name) for entry in Path("/proc").glob("[0-9]*")}
        return {
            pid: environment
            for pid, environment in found.items()
            if environment.get("SLURM_CONF") == str(self.configuration) and pid not in daemons
        }

    def kill(self, *daemons: str) -> None:
        for name in daemons:
            child = self.children.pop(name)
            child.kill()
            child.wait()

    def restart_controller(self) -> None:
        """As an administrator does: it writes its state first. After a kill -9 it knows no job of the last seconds."""
        child = self.children.pop("slurmctld")
        child.terminate()
        child.wait(timeout=30)
        self.start_controller()

    def lose_power(self) -> None:
        """The node dies: slurmd, the keepers of its jobs and the jobs, at the same moment."""
        self.kill("slurmd")
        for pid, environment in self.processes().items():
            if "SLURM_JOB_ID" in environment or "slurmstepd" in _command(pid):
                _kill(pid)

    def stop(self) -> None:
        """Leave nothing behind, whatever has happened."""
        self.kill(*[name for name in ("slurmctld", "slurmd", "munged") if name in self.children])
        limit = time.monotonic() + 10
        while (left := self.processes()) and time.monotonic() < limit:
            for pid in left:
                _kill(pid)
            time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not left, f"processes left behind: {left}"


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


class ClusterSweep(Sweep):
    """A sweep whose jobs go through the Slurm profile of the project."""

    # The last two for a Slurm without accounting; the status is asked for sooner, because the cells are small.
    options = (
        *("--workflow-profile", str(ROOT / "profiles" / "slurm")),
        *("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10"),
        *("--slurm-status-command", "squeue", "--slurm-no-account"),
    )

    def use(self, profile: str, *options: str) -> None:
        """Another profile of the project, copied to the project's folder: it may name files beside it."""
        shutil.copytree(ROOT / "profiles" / profile, self.path("profiles", profile))
        self.options = ("--workflow-profile", str(self.path("profiles", profile)), *options)

    def command(self, *arguments: str) -> list[str]:
        where = ["-s", str(self.snakefile), "--directory", str(self.folder)]
        return [str(SNAKEMAKE), *where, *self.options, *arguments]

    def start(self, *arguments: str) -> subprocess.Popen:
        # Jobs inherit what Snakemake prints to; a file, so that a job that survives it does not keep a pipe open.
        self.write_config()
        with open(self.path("said.txt"), "ab") as out:
            return subprocess.Popen(
                self.command(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"XDG_CACHE_HOME": str(self.folder / "cache")} | self.environment,
                preexec_fn=die_with_parent,
            )

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        try:
            status = process.wait(timeout=300)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return status, self.said()

    def said(self) -> str:
        return self.path("said.txt").read_text(encoding="utf-8", errors="replace")

    def fits_under_way(self, slurm: Slurm) -> dict[Path, tuple[int, str]]:
        """Fits that have finished a chunk and have more to do, by side folder: process and number of the Slurm job.

        Those of `rational` have one chunk: what is seen of them is over before a test can disturb it.
        """
        unfinished = self.path("results/fits/quick/unfinished").resolve()
        found = {}
        for pid, environment in slurm.processes().items():
            if ".fit.py" not in _command(pid) or "SLURM_JOB_ID" not in environment:
                continue
            for entry in Path(f"/proc/{pid}/fd").glob("*"):
                try:
                    place = Path(os.readlink(entry))
                except OSError:
                    continue
                if place.name != "lock" or not place.is_relative_to(unfinished) or "rational" in place.parts:
                    continue
                if (place.parent / "state.json").exists():
                    found[place.parent] = pid, environment["SLURM_JOB_ID"]
        return found

    def wait_for_a_fit(self, slurm: Slurm, besides: set[Path]) -> tuple[Path, int, str]:
        """Until a fit of none of these side folders is under way: its folder, process and Slurm job."""

        def look():
            fits = self.fits_under_way(slurm)
            return next(((place, *at) for place, at in fits.items() if place not in besides), None)

        return wait_until(look, "a fit in the middle of its chunks")


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    missing = [name for name in (*DAEMONS, "sbatch") if program(name) is None]
    if missing:
        pytest.skip(f"no Slurm to start: {', '.join(missing)} not found (packages slurm-wlm and munge)")
    if os.geteuid() != 0:
        pytest.skip("a Slurm of one's own is started by root only: slurmd must be")
    running = Slurm()
    try:
        running.start()
        yield running
    finally:
        running.stop()
