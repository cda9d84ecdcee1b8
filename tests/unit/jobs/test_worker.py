"""Cells that share a process: each is fitted as in a process of its own, and dies alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

import cftsr
from cftsr.data.dataset import write_dataset
from cftsr.errors import UserError
from cftsr.jobs import worker
from cftsr.jobs.fit_cell import FitRequest, fit_cell
from cftsr.jobs.worker import fit_in_worker
from tests.unit.conftest import charges

ROOT = Path(__file__).parents[3]
OPTIONS = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["engine_options"]
# Short restarts that find nothing in noise, for ever.
ENDLESS = OPTIONS["operon"] | {
    "restarts": 100_000,
    "first_population": 50,
    "first_generations": 2,
    "real_population": 50,
    "real_generations": 2,
    "unit_population": 50,
    "unit_generations": 2,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A place for sockets, whose name is short; data sets are in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(cftsr.__file__).parents[1]))
    place = Path(tempfile.mkdtemp(prefix="cftsr"))
    monkeypatch.setattr(worker.tempfile, "gettempdir", lambda: str(place))
    data = charges("wzw_su2")[0]
    write_dataset("data.parquet", data)
    noise = np.random.default_rng(0).integers(1, 10**6, len(data))
    write_dataset("noise.parquet", replace(data, numerator=noise))
    Path("cut.parquet").write_bytes(Path("data.parquet").read_bytes()[:100])
    yield place
    shutil.rmtree(place)


def request(name: str, data: str = "data.parquet", engine: str = "rational", **options) -> FitRequest:
    settings = OPTIONS[engine] | options
    return FitRequest(
        data, engine, "free", 0, settings, f"{name}.parquet", f"{name}.json", f"{name}.cost", f"{name}.side"
    )


def fit(asked: FitRequest, log: str = "log", idle: float = 20) -> tuple[int, int]:
    """The process that did it, and which of its fits it was."""
    with open(log, "w", encoding="utf-8") as stream:
        fit_in_worker(asked, stream.fileno(), idle)
    return process_of(log)


def process_of(log: str) -> tuple[int, int]:
    text = Path(log).read_text(encoding="utf-8")
    found = re.search(r"process (\d+), fit (\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def gone(pid: int, seconds: float = 10) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_fits_share_a_process_and_are_the_bytes_of_a_fit_alone(folder):
    fit_cell(request("alone"), log=lambda line: None)
    (first, one), (second, two) = fit(request("a"), "a.log"), fit(request("b"), "b.log")
    assert first == second != os.getpid()
    assert (one, two) == (1, 2)
    for name in ("a", "b"):
        assert Path(f"{name}.parquet").read_bytes() == Path("alone.parquet").read_bytes()
        assert Path(f"{name}.json").read_bytes() == Path("alone.json").read_bytes()
        assert "identified: 3*k/(k+2)" in Path(f"{name}.log").read_text()
    costs = [json.loads(Path(f"{name}.cost").read_text())["startup_cpu_seconds"] for name in ("a", "b")]
    assert costs[1] < costs[0], "each cell's cost is its own"
    os.kill(first, signal.SIGKILL)


def test_a_process_ends_when_no_fit_comes(folder):
    pid, _ = fit(request("a"), idle=0.2)
    assert gone(pid)
    other, number = fit(request("b"), idle=0.2)
    assert other != pid
    assert number == 1


def test_a_mistake_is_told_as_without_a_worker_and_the_next_fit_has_a_new_process(folder):
    with pytest.raises(UserError, match=r"cut\.parquet is not a data set of ours"):
        fit(request("a", "cut.parquet"), "a.log")
    pid, _ = process_of("a.log")
    assert gone(pid)
    assert fit(request("b"), idle=0.2)[0] != pid


def test_a_fault_of_the_program_leaves_its_traceback_in_the_log(folder):
    with pytest.raises(worker.EngineFaultError, match="KeyError: 'max_degree'"):
        fit(replace(request("a"), options={}), "a.log")
    assert "Traceback" in Path("a.log").read_text()


def started(log: str) -> int:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        if Path(log).exists() and Path(log).read_text(encoding="utf-8").count("no exact formula") > 1:
            return process_of(log)[0]
        time.sleep(0.05)
    raise AssertionError(Path(log).read_text(encoding="utf-8"))


CLIENT = """
import json, sys, tempfile
tempfile.gettempdir = lambda: sys.argv[1]
from cftsr.jobs.fit_cell import FitRequest
from cftsr.jobs.worker import fit_in_worker
with open("job.log", "w") as log:
    fit_in_worker(FitRequest(**json.loads(sys.argv[2])), log.fileno(), 20)
"""


def job(folder: Path, asked: FitRequest) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(folder), json.dumps(asdict(asked))],
        stderr=subprocess.PIPE,
        text=True,
    )


def test_where_the_job_is_killed_its_process_dies_too(folder):
    process = job(folder, request("a", "noise.parquet", "operon", **ENDLESS))
    pid = started("job.log")
    process.kill()
    process.wait()
    assert gone(pid)
    assert Path("a.side/state.json").exists()


def test_where_the_process_is_killed_the_job_says_so_and_the_fit_resumes(folder):
    process = job(folder, request("a", "noise.parquet", "operon", **ENDLESS))
    pid = started("job.log")
    os.kill(pid, signal.SIGKILL)
    _, text = process.communicate(timeout=20)
    assert "the process that fitted this cell ended" in text
    assert "kept in a.side" in text
    Path("job.log").unlink()
    again = job(folder, request("a", "noise.parquet", "operon", **ENDLESS))
    other = started("job.log")
    assert "resuming after chunk" in Path("job.log").read_text()
    assert other != pid
    again.kill()
    again.communicate()
    assert gone(other)


def test_two_jobs_at_once_have_a_process_each(folder):
    process = job(folder, request("a", "noise.parquet", "operon", **ENDLESS))
    pid = started("job.log")
    other, _ = fit(request("b"), idle=0.2)
    assert other != pid
    process.kill()
    process.communicate()
    assert gone(pid)


def test_a_folder_that_others_can_write_is_not_used(folder):
    place = worker._folder("rational")
    assert place is not None
    place.chmod(0o777)
    assert worker._folder("rational") is None
    assert fit(request("a")) == (0, 0), "the fit is done in the job's own process"
    assert Path("a.parquet").exists()


def test_a_long_name_of_the_temporary_folder_is_no_error(folder, monkeypatch):
    monkeypatch.setattr(worker.tempfile, "gettempdir", lambda: str(folder / ("long" * 30)))
    assert worker._folder("rational") is None
