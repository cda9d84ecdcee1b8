"""What `python -m cftsr status` says of cells in each state."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cftsr.engines.base import Progress
from cftsr.jobs.checkpoints import Spent, Workspace
from cftsr.sweep.plan import Cell, Sweep
from cftsr.sweep.status import CellStatus, cell_status, describe, remaining_seconds

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


def finish(cell: Cell, results: Path, seconds: float = 3.0) -> None:
    folder = results / "fits" / cell.folder
    folder.mkdir(parents=True)
    for name in ("front.parquet", "verdict.json"):
        (folder / name).write_text("")
    (folder / "cost.json").write_text(json.dumps({"fit_wall_seconds": seconds}))


def write_log(cell: Cell, results: Path, text: str) -> None:
    path = results / "logs" / "fit" / f"{cell.folder}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_each_state_is_told_from_the_files(sweep, tmp_path):
    results = tmp_path / "results" / "quick"
    done, fitted, running, failed, _waiting = sweep.cells
    finish(done, results)
    finish(fitted, results)
    (results / "fits" / fitted.folder / "verdict.json").unlink()
    write_log(running, results, "operon on ...\n")
    Workspace(results / "unfinished" / running.folder, "key", print).save(Progress(chunk=3), Spent())
    write_log(failed, results, "something\nerror: cannot write x: No space left on device\n")
    states = [cell_status(cell, results, live=True) for cell in sweep.cells]
    assert [status.state for status in states] == ["done", "fitted", "running", "failed", "waiting"]
    assert states[2].detail == "chunk 3 finished"
    assert "No space left on device" in states[3].detail
    assert cell_status(running, results, live=False).state == "interrupted"
    text = describe(sweep, tmp_path, 2)
    assert "budget quick: 1 of 5 cells done" in text
    assert f"interrupted: {running.folder}: chunk 3 finished" in text
    (tmp_path / ".snakemake/locks").mkdir(parents=True)
    (tmp_path / ".snakemake/locks/0.output.lock").write_text("")
    assert f"running: {running.folder}" in describe(sweep, tmp_path, 2)


def test_the_rest_is_estimated_from_the_median_of_each_engine(sweep):
    fits = [cell for cell in sweep.cells if cell.engine == "operon"]
    statuses = [CellStatus(fits[0], "done", wall_seconds=10.0), CellStatus(fits[1], "done", wall_seconds=30.0)]
    statuses += [CellStatus(cell, "waiting") for cell in fits[2:]]
    assert remaining_seconds(statuses, 2) == len(fits[2:]) * 20.0 / 2
    assert remaining_seconds([CellStatus(cell, "waiting") for cell in fits], 2) is None


def test_the_command_line(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    command = [sys.executable, "-m", "cftsr"]
    environment = {"PYTHONPATH": str(ROOT / "workflow/scripts"), "PATH": "/usr/bin:/bin"}

    def run(*arguments):
        return subprocess.run([*command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)

    asked = run("status", "--config", "seeds=[0]")
    assert asked.returncode == 0
    assert "0 of 3 cells done" in asked.stdout
    wrong = run("status", "--config", "budget=fast")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: config budget: budget 'fast' does not exist")
    partial = run("tables", "--published", str(ROOT / "data/published"))
    assert partial.returncode == 0
    assert "Missing: 5 cells have no verdict yet" in partial.stdout
    assert (tmp_path / "results/quick/partial/tables/table1.md").exists()
    (tmp_path / "config.yaml").unlink()
    assert "config.yaml is not here" in run("status").stderr
