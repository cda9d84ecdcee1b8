"""A real sweep through a real Slurm, by the project's own profile: undisturbed, and with its jobs killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from cftsr.sweep.plan import Sweep as CftSweep
from cftsr.sweep.resources import ClusterLimits, estimated_rows, of_fit, of_verdict
from tests.cluster.conftest import ClusterSweep, Slurm, wait_until
from tests.faults.conftest import TABLES, Sweep, config

pytestmark = [pytest.mark.workflow, pytest.mark.cluster, pytest.mark.xdist_group("cluster")]

TABLES_OF_TIMES = ("table7", "message", "all")


def settings() -> dict:
    """Two exact cells for one submission, and two of operon, each of several chunks and in a submission of its own."""
    found = config()
    found["budgets"]["quick"]["operon"]["restarts"] = 5
    return found


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """The sweep on two cores of this machine."""
    sweep = Sweep(tmp_path_factory.mktemp("local"), settings())
    sweep.complete()
    return sweep


def on_slurm(folder: Path, slurm: Slurm) -> ClusterSweep:
    return ClusterSweep(folder, settings(), environment=dict(slurm.environment))


def lasting(sweep: Sweep) -> dict[str, bytes]:
    """What must be the same in every run: results without the table of times and what quotes it."""
    return {path: content for path, content in sweep.results().items() if Path(path).stem not in TABLES_OF_TIMES}


def log_of(sweep: Sweep, side_folder: Path) -> str:
    cell = side_folder.relative_to(sweep.path("results/fits/quick/unfinished").resolve())
    return sweep.path("results/fits/quick/logs/fit", f"{cell}.log").read_text()


def test_one_core_and_two_give_the_same_bytes(local: Sweep, tmp_path: Path):
    alone = Sweep(tmp_path, settings())
    alone.complete("-j", "1", TABLES)
    assert lasting(alone) == lasting(local)


def test_slurm_gives_the_same_bytes_with_several_cells_to_a_submission(local: Sweep, slurm: Slurm, tmp_path: Path):
    sweep, before = on_slurm(tmp_path, slurm), set(slurm.jobs())
    status, said = sweep.run(TABLES)
    assert status == 0, said
    assert lasting(sweep) == lasting(local)
    jobs = {number: state for number, state in slurm.jobs().items() if number not in before}
    # Two data sets in one, two cells of rational in one, each of operon's two alone, the tables.
    assert list(jobs.values()) == ["COMPLETED"] * 5
    # Memory of one cell, and the time of all cells of a batch, one after the other on one core.
    asked = {}
    for line in slurm.run("squeue", "--states=all", "-h", "-o", "%i|%k|%m|%l|%C").splitlines():
        number, comment, memory, limit, cores = line.split("|")
        if number in jobs:
            asked[comment] = memory, limit, cores
    for engine, cells in (("rational", 2), ("operon", 1)):
        mem_mb, runtime = needs(engine)
        assert asked[f"rule_{engine}_fit_verify"] == (f"{mem_mb}M", f"{cells * runtime}:00", "1")


def test_the_template_for_other_clusters_with_its_lines_for_slurm(local: Sweep, slurm: Slurm, tmp_path: Path):
    """By submit, status and cancel commands: a job that was cancelled is noticed, and sent again."""
    sweep = on_slurm(tmp_path, slurm)
    sweep.use("cluster-generic", "--latency-wait", "10", "--max-status-checks-per-second", "2")
    here = Sweep(tmp_path, settings())
    here.complete("--until", "spectrum")
    before = set(slurm.jobs())
    process = sweep.start("--until", "verify", "--", TABLES)
    try:
        cancelled, _, job = sweep.wait_for_a_fit(slurm, set())
        slurm.run("scancel", job)
        assert process.wait(timeout=200) == 0, sweep.said()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    states = [state for number, state in slurm.jobs().items() if number not in before]
    assert sorted(states) == ["CANCELLED", *["COMPLETED"] * 3]  # two cells of rational in one, operon's each in its own
    assert "resuming after chunk" in log_of(sweep, cancelled)
    here.complete()
    assert lasting(sweep) == lasting(local)


def needs(engine: str) -> tuple[int, int]:
    """MB and minutes of a cell's fit and verdict together."""
    sweep = CftSweep(settings())
    limits = ClusterLimits(sweep.config["cluster"]["max_mem_mb"], sweep.config["cluster"]["max_minutes"])
    options, rows = sweep.options(engine, "conformal_weight"), estimated_rows("n8_f50")
    fit = of_fit(engine, "conformal_weight", rows, options, limits=limits)
    verdict = of_verdict(engine, rows, sweep.config["verification"]["seconds"], limits=limits)
    return max(fit.mem_mb, verdict.mem_mb), fit.runtime + verdict.runtime


def test_cancelled_killed_and_without_power_it_resumes_and_ends_the_same(local: Sweep, slurm: Slurm, tmp_path: Path):
    sweep = on_slurm(tmp_path, slurm)
    here = Sweep(tmp_path, settings())
    here.complete("--until", "spectrum")  # only fits are disturbed: what goes before and after need not wait for Slurm
    process = sweep.start("--until", "verify", "--", TABLES)
    try:
        cancelled, _, job = sweep.wait_for_a_fit(slurm, set())
        slurm.run("scancel", job)
        killed, pid, _ = sweep.wait_for_a_fit(slurm, {cancelled})
        os.kill(pid, signal.SIGKILL)
        dark, _, job = sweep.wait_for_a_fit(slurm, set())  # one of the two, when it has gone on from there
        lost = [number for number, state in slurm.jobs().items() if state == "RUNNING"]
        slurm.lose_power()
        slurm.restart_controller()  # it reads from what it saved which jobs run, and finds the node dead
        wait_until(lambda: all(slurm.jobs()[number] != "RUNNING" for number in lost), "Slurm notices", 90)
        slurm.start_node()
        wait_until(lambda: slurm.run("sinfo", "-h", "-o", "%t").strip() == "idle", "the node is back")
        time.sleep(3)  # a node refuses a job that is sent in the second in which it forgot it
        # Slurm starts the lost jobs again by itself, under the same numbers (slurm-requeue in the profile), after two
        # minutes that a test need not wait for.
        for number in lost:
            slurm.run("scontrol", "update", f"JobId={number}", "StartTime=now")
        wait_until(lambda: slurm.jobs()[job] != "PENDING", "the job that was running when the power went")
        assert "Restarts=1" in slurm.run("scontrol", "show", "job", job)
        assert process.wait(timeout=200) == 0, sweep.said()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for place in (cancelled, killed, dark):
        assert "resuming after chunk" in log_of(sweep, place), place
    here.complete()
    assert lasting(sweep) == lasting(local)
    assert not list(sweep.path("results/fits/quick/unfinished").rglob("*.json"))


def test_snakemake_killed_while_its_jobs_live_on(local: Sweep, slurm: Slurm, tmp_path: Path):
    """As when the login node goes down: nobody cancels what Slurm runs, and the same command is given again at once."""
    sweep = on_slurm(tmp_path, slurm)
    here = Sweep(tmp_path, settings())
    here.complete("--until", "spectrum")
    process = sweep.start("--until", "verify", "--", TABLES)
    try:
        _, pid, job = sweep.wait_for_a_fit(slurm, set())
    finally:
        process.kill()
        process.wait()
    assert slurm.jobs()[job] == "RUNNING"
    assert Path(f"/proc/{pid}").exists(), "the fit outlives Snakemake"
    assert here.run("--unlock")[0] == 0
    status, said = sweep.run("--until", "verify", "--", TABLES)
    assert status == 0, said
    wait_until(lambda: "RUNNING" not in slurm.jobs().values(), "what was left behind ends")
    here.complete()
    assert lasting(sweep) == lasting(local)
    assert not list(sweep.path("results/fits/quick/unfinished").rglob("*.json"))
