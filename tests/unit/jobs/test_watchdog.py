"""A piece of work that takes too long is ended, wherever it hangs, and it is said where."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cftsr

SCRIPTS = Path(cftsr.__file__).parents[1]
PROGRAM = """
import ctypes, os, signal, sys, threading, time
from cftsr.jobs.watchdog import Watchdog

def hang_in_python():
    while True:
        pass

def hang_in_c_holding_the_lock():
    ctypes.PyDLL(None).sleep(60)

def hang_with_the_signal_blocked():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    time.sleep(60)

def hang_in_a_thread():
    thread = threading.Thread(target=hang_in_python, daemon=True)
    thread.start()
    thread.join()

def work():
    time.sleep(0.4)

with open(sys.argv[1], "w") as log, Watchdog(float(sys.argv[2]), log) as watchdog:
    for name in sys.argv[3:]:
        if name == "rest":
            watchdog.rest()
        else:
            watchdog.begin(f"cell {name} took too long")
            globals()[name]()
print("done")
"""


def run(tmp_path, seconds, *works, **keywords):
    began = time.monotonic()
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "log"), str(seconds), *works],
        env={"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return process, (tmp_path / "log").read_text(), time.monotonic() - began


@pytest.mark.parametrize("work", ["hang_in_python", "hang_in_c_holding_the_lock", "hang_in_a_thread"])
def test_a_hang_is_ended_with_a_message_a_stack_and_a_status_of_its_own(tmp_path, work):
    process, log, seconds = run(tmp_path, 0.5, "work", work)
    assert process.returncode == -signal.SIGALRM
    assert process.stderr == f"error: cell {work} took too long\n"
    assert f"error: cell {work} took too long" in log
    assert work in log.split("took too long", 1)[1], "where it hung"
    assert "done" not in process.stdout
    assert seconds < 30


def test_a_process_that_does_not_heed_the_signal_is_killed(tmp_path):
    process, log, _ = run(tmp_path, 0.3, "hang_with_the_signal_blocked")
    assert process.returncode == -signal.SIGKILL
    assert "took too long" in log


@pytest.mark.parametrize("works", [["work"] * 4, ["work", "rest"], []])
def test_work_in_time_is_left_alone_however_much_there_is(tmp_path, works):
    process, log, _ = run(tmp_path, 1.2, *works)
    assert (process.returncode, process.stdout, process.stderr, log) == (0, "done\n", "", "")


def test_no_limit_starts_no_process(tmp_path):
    from cftsr.jobs.watchdog import Watchdog

    with Watchdog(0, sys.stdout) as watchdog:
        watchdog.begin("anything")
        assert watchdog._process is None


def test_the_time_that_a_sweep_is_stopped_does_not_count(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "log"), "1.5", "work", "work"],
        env={"PYTHONPATH": str(SCRIPTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "log").exists():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGSTOP)  # as Ctrl-Z: the whole group
    time.sleep(2)
    os.killpg(process.pid, signal.SIGCONT)
    assert process.communicate(timeout=30) == ("done\n", "")
    assert process.returncode == 0


def test_the_small_process_ends_with_the_one_it_watches(tmp_path):
    program = PROGRAM.replace("def work():", "def work():\n    print(watchdog._process.pid, flush=True)\n    ")
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "log"), "30", "work", "hang_in_python"],
        env={"PYTHONPATH": str(SCRIPTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    limit = time.monotonic() + 10
    while Path(f"/proc/{pid}/cmdline").exists() and time.monotonic() < limit:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}/cmdline").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]
