"""Kills at random moments, two sweeps in one folder, a clock that was moved: the same results in the end."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.conftest import TABLES, Sweep, fit_folder, unchanged
from tests.faults.test_damage import flip

pytestmark = [pytest.mark.workflow, pytest.mark.faults]

MODES = ("everything", "snakemake", "a fit", "terminate", "interrupt")
IN_CI = (0, 1, 2, 3)
SOAK_FROM, SOAK_SEEDS = int(os.environ.get("SOAK_FROM", "100")), int(os.environ.get("SOAK_SEEDS", "20"))
SOAK = range(SOAK_FROM, SOAK_FROM + SOAK_SEEDS)


def processes_of(session: int) -> dict[int, str]:
    """The living processes of a session: number -> command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(of) == session and state != "Z":
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except (OSError, ValueError):
                continue
    return found


def fits_of(session: int) -> list[int]:
    return [pid for pid, line in processes_of(session).items() if ".fit.py" in line and "bash" not in line]


def half_done(sweep: Sweep, more: bool = False) -> dict:
    """Take an operon fit (or both, and all verdicts) and the tables from a finished sweep; the rest must stay."""
    sweep.remove(fit_folder(8, "operon"))
    if more:
        sweep.remove(fit_folder(6, "operon"), *(f"{fit_folder(n, 'rational')}/verdict.json" for n in (6, 8)))
    sweep.remove(TABLES, "results/default/tables")
    return sweep.finished()


def disturb(process: subprocess.Popen, mode: str, moment: float, generator: random.Random) -> str:
    """Do it at the moment, or tell that the sweep was faster."""
    try:
        process.wait(timeout=moment)
        return "finished before"
    except subprocess.TimeoutExpired:
        pass
    if mode == "everything":
        os.killpg(process.pid, signal.SIGKILL)
    elif mode == "snakemake":
        process.kill()
    elif mode == "a fit":
        while not (fits := fits_of(process.pid)) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(generator.uniform(0, 2))
        for pid in generator.sample(fits, min(1, len(fits))):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return "the fit was faster"
    else:
        process.send_signal(signal.SIGTERM if mode == "terminate" else signal.SIGINT)
    return mode


@pytest.mark.parametrize("seed", [*IN_CI, *(pytest.param(seed, marks=pytest.mark.soak) for seed in SOAK)])
def test_a_kill_at_a_random_moment(sweep: Sweep, undisturbed: Sweep, seed: int, record_property):
    generator = random.Random(seed)
    mode = MODES[seed % len(MODES)]
    before = half_done(sweep, more=seed not in IN_CI)
    process = sweep.start(TABLES)
    done = disturb(process, mode, generator.uniform(2, 6 if seed in IN_CI else 15), generator)
    try:
        if mode == "snakemake":
            process.wait()
        else:
            text, _ = process.communicate(timeout=120)
            if done == "a fit" and process.returncode == 0:
                done = "the fit was faster"
            if done == "a fit":
                assert "SIGKILL" in text
                assert "Error in rule fit" in text
            if mode != "everything":
                assert "Traceback" not in text, text
        states = list(sweep.path("results/fits/quick/unfinished").rglob("state.json"))
        if mode == "everything" and generator.random() < 0.5:
            for state in states:
                flip(state)
            done += f", {len(states)} checkpoints damaged"
        sweep.complete()  # at once: what a killed Snakemake left behind may still be at work
        unchanged(before, sweep.finished())
        assert sweep.results() == undisturbed.results()
        limit = time.monotonic() + 60
        while (left := processes_of(process.pid)) and time.monotonic() < limit:
            time.sleep(0.1)
        assert not left, "nothing of the killed sweep works on"
        assert sweep.results() == undisturbed.results()
        assert not list(sweep.path("results").rglob("*.tmp")), "no half files are left"
        assert not [path for path in sweep.path("results/fits/quick/unfinished").rglob("*") if path.is_file()]
    finally:
        for pid in processes_of(process.pid):
            os.kill(pid, signal.SIGKILL)
    record_property("fault", done)


def test_a_second_sweep_in_the_folder_is_turned_away_and_the_first_goes_on(sweep: Sweep, undisturbed: Sweep):
    before = half_done(sweep)
    first = sweep.start(TABLES)
    while not any(sweep.path(".snakemake/locks").glob("*")) and first.poll() is None:
        time.sleep(0.02)
    status, text = sweep.run(TABLES)
    assert status != 0
    assert "cannot be locked" in text
    assert "another Snakemake" in text or "snakemake" in text.lower()
    text, _ = first.communicate(timeout=300)
    assert first.returncode == 0, text
    unchanged(before, sweep.finished())
    assert sweep.results() == undisturbed.results()


@pytest.mark.soak
def test_two_sweeps_that_ignore_the_lock_end_with_the_same_results(sweep: Sweep, undisturbed: Sweep):
    half_done(sweep)
    both = [sweep.start("--nolock", TABLES) for _ in range(2)]
    for process in both:
        process.communicate(timeout=300)
    sweep.complete()
    assert sweep.results() == undisturbed.results()


def test_a_clock_that_was_moved_back(sweep: Sweep, undisturbed: Sweep):
    """Half of the files come from the future: the sweep ends, with the same results, and then has nothing to do."""
    half_done(sweep)
    sweep.remove(f"{fit_folder(6, 'rational')}/verdict.json")
    tomorrow = time.time_ns() + 86_400 * 10**9
    for path in [*sweep.path("data").rglob("*.parquet"), *sweep.path(fit_folder(6, "rational")).iterdir()]:
        os.utime(path, ns=(tomorrow, tomorrow))
    sweep.complete()
    assert sweep.results() == undisturbed.results()
    assert sweep.jobs("--cores", "1", TABLES) == {}
