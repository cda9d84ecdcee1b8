"""What `python -m cftsr status` says of cells in each state."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cftsr.engines.base import Progress
from cftsr.jobs.checkpoints import Spent, Workspace
from cftsr.sweep.cells import Cell
from cftsr.sweep.paths import Fits
from cftsr.sweep.plan import Sweep
from cftsr.sweep.status import (
    CHECK_SECONDS,
    COLLECTION_SECONDS,
    SECONDS_PER_THOUSAND_CELLS,
    START_SECONDS,
    CellStatus,
    cell_status,
    describe_status,
    job_seconds,
    remaining_seconds,
)

ROOT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")) | {
    "families": ["wzw_su2"],
    "tasks": ["conformal_weight"],
    "theories": [10],
    "fractions": [0.5],
    "settings": ["free", "integer"],
    "engines": ["rational", "operon"],
    "seeds": [0, 1],
}


@pytest.fixture
def sweep() -> Sweep:
    return Sweep(CONFIG)


def finish(cell: Cell, results: Fits, seconds: float = 3.0) -> None:
    front, verdict, cost = (Path(place(cell.folder)) for place in (results.front, results.verdict, results.cost))
    front.parent.mkdir(parents=True)
    front.write_text("")
    verdict.write_text("")
    cost.write_text(json.dumps({"fit_wall_seconds": seconds}))


def write_log(cell: Cell, results: Fits, text: str) -> None:
    path = Path(results.fit_log(cell.folder))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_each_state_is_told_from_the_files(sweep, tmp_path):
    results = Fits(str(tmp_path / "results" / "fits" / "quick"))
    done, fitted, running, failed, _waiting = sweep.cells
    finish(done, results)
    finish(fitted, results)
    Path(results.verdict(fitted.folder)).unlink()
    write_log(running, results, "operon on ...\n")
    Workspace(results.unfinished(running.folder), "key", print).save(Progress(chunk=3), Spent())
    write_log(failed, results, "something\nerror: cannot write x: No space left on device\n")
    states = [cell_status(cell, results, live=True) for cell in sweep.cells]
    assert [status.state for status in states] == ["done", "fitted", "running", "failed", "waiting"]
    assert states[2].detail == "chunk 3 finished"
    assert "No space left on device" in states[3].detail
    assert cell_status(running, results, live=False).state == "interrupted"
    text = describe_status(sweep, tmp_path, 2)
    assert "budget quick: 1 of 5 cells done" in text
    assert f"interrupted: {running.folder}: chunk 3 finished" in text
    (tmp_path / ".snakemake/locks").mkdir(parents=True)
    (tmp_path / ".snakemake/locks/0.output.lock").write_text("")
    assert f"running: {running.folder}" in describe_status(sweep, tmp_path, 2)


def test_the_rest_is_estimated_from_the_median_of_each_engine(sweep):
    fits = [cell for cell in sweep.cells if cell.engine == "operon"]
    statuses = [CellStatus(fits[0], "done", wall_seconds=10.0), CellStatus(fits[1], "done", wall_seconds=30.0)]
    statuses += [CellStatus(cell, "waiting") for cell in fits[2:]]
    left = len(fits[2:])
    jobs = left * (20.0 + START_SECONDS) + left * (CHECK_SECONDS + START_SECONDS)
    after = COLLECTION_SECONDS + SECONDS_PER_THOUSAND_CELLS * len(statuses) / 1000
    assert remaining_seconds(statuses, 2) == pytest.approx(jobs / 2 + after)
    assert remaining_seconds(statuses[:2], 2) == 0.0
    unchecked = [CellStatus(fits[0], "fitted", wall_seconds=10.0)]
    assert remaining_seconds(unchecked, 1) == pytest.approx(CHECK_SECONDS + START_SECONDS, abs=after + 0.01)
    assert remaining_seconds([CellStatus(cell, "waiting") for cell in fits], 2) is None


def test_a_job_took_what_snakemake_recorded_start_up_included(tmp_path):
    path = "results/fits/quick/a/b/n10/any/rational/seed0/front.parquet"
    assert job_seconds(path, tmp_path) is None
    metadata = tmp_path / ".snakemake/metadata"
    metadata.mkdir(parents=True)
    name = base64.b64encode(path.encode()).decode()
    (metadata / name).write_text(json.dumps({"starttime": 100.0, "endtime": 103.5}))
    assert job_seconds(path, tmp_path) == job_seconds(tmp_path / path, tmp_path) == 3.5
    (metadata / name).write_text("{")
    assert job_seconds(path, tmp_path) is None


def test_the_command_line(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    command = [sys.executable, "-m", "cftsr"]
    environment = {"PYTHONPATH": str(ROOT / "workflow/scripts"), "PATH": "/usr/bin:/bin"}

    def run(*arguments):
        return subprocess.run([*command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)

    status = run("status", "--config", "seeds=[0]")
    assert status.returncode == 0
    assert "0 of 3 cells done" in status.stdout
    wrong = run("status", "--config", "budget=fast")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: config budget: budget 'fast' does not exist")
    nested = run("status", "--config", "held_out={next_theories: 0}")
    assert nested.stderr.startswith("error: config held_out.next_theories is 0; it must be at least 1")
    (tmp_path / "more.yaml").write_text("seeds: [0, 1, 2]\n")
    more = run("status", "--configfile", "more.yaml", "--config", "central_charge={pool: 200}")
    assert "0 of 7 cells done" in more.stdout, "further files and nested keys change only what they name"
    partial = run("tables", "--published", str(ROOT / "data/published"))
    assert partial.returncode == 0
    assert "Missing: 5 cells without a verdict" in partial.stdout
    assert (tmp_path / "results/default/partial/tables/table1.md").exists()
    (tmp_path / "config.yaml").unlink()  # results/ is there
    assert "0 of 40 cells done" in run("status", "--config", "engines=[rational,operon]", "settings=free").stdout


def test_a_folder_of_no_sweep_is_told_in_one_message(tmp_path):
    command = [sys.executable, "-m", "cftsr", "status"]
    environment = {"PYTHONPATH": str(ROOT / "workflow/scripts"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: this command looks at a sweep")


def test_a_reader_that_stops_early_is_no_error(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    command = f"{sys.executable} -m cftsr {{}} 2>err.txt | head -c 1"
    environment = {"PYTHONPATH": str(ROOT / "workflow/scripts"), "PATH": "/usr/bin:/bin"}
    for arguments in ("status --config seeds=[0,1,2]", "fit --help"):
        subprocess.run(["sh", "-c", command.format(arguments)], cwd=tmp_path, env=environment, check=True)
        assert (tmp_path / "err.txt").read_text() == ""
