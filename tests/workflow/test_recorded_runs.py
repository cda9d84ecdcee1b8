"""Where PySR cannot run, what it found elsewhere stands for it: in the DAG, the tables, the summary, the messages."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from cftsr.data.generate import generate
from cftsr.engines.options import for_task
from cftsr.fronts.front import Candidate
from cftsr.sweep.cells import Cell
from cftsr.sweep.plan import Sweep
from cftsr.sweep.record import FOLDER, RecordedFit, data_digest, record_path, request_of_rows, write_record
from tests.workflow.conftest import Project

pytestmark = pytest.mark.workflow

EXACT, WRONG = "0.25*(l*(l+2.0))/(k+2.0)", "0.31*l"
SUMMARY = "results/default/summary.parquet"


@pytest.fixture
def without_julia(project: Project) -> Project:
    project.environment = {"PYTHON_JULIAPKG_PROJECT": str(project.folder / "julia"), "PATH": "/usr/bin:/bin"}
    project.config |= {"engines": "auto", "recorded": True, "settings": ["free"], "tasks": ["conformal_weight"]}
    project.config |= {"theories": [6], "fractions": [0.5], "seeds": [0, 1]}
    project.config["budgets"]["quick"]["operon"] = {"restarts": 1}
    return project


def recorded(project: Project, budget: str, *cells: tuple[Cell, str], **changes) -> None:
    """A record as `make record` would have written it, of fits that a test makes up."""
    sweep = Sweep(project.config | {"engines": ["rational"], "recorded": False})
    fits = []
    for cell, equation in cells:
        data, _ = generate(**sweep.request_of(cell))
        options = {name: for_task(value, cell.task) for name, value in sweep._resolved("pysr").items()}
        fits.append(
            RecordedFit(
                cell=cell,
                data=request_of_rows(data.metadata),
                digest=changes.get("digest", data_digest(data)),
                rows=len(data),
                options=options | changes.get("options", {}),
                front=(Candidate("0.3", float(np.float32(0.1))), Candidate(equation, 1e-15)),
                evaluations=10,
                chunks=3,
                stop_reason="exhausted",
                versions={"pysr": "1.5.10", "julia": "1.10.8", "cftsr": "0.1.0"},
                cost={"fit_cpu_seconds": 33.0, "fit_wall_seconds": 34.0},
                date="2026-11-20T10:11:12+00:00",
            )
        )
    write_record(record_path(project.path(FOLDER), budget), fits)


def h(seed: int = 0, theories: int = 6, fraction: str = "0.5") -> Cell:
    return Cell("wzw_su2", "conformal_weight", theories, fraction, "free", "pysr", seed)


def lines_of(project: Project, number: int) -> list[str]:
    return project.path(f"results/default/tables/table{number}.md").read_text(encoding="utf-8").splitlines()


def test_recorded_fits_are_judged_and_named_as_such(without_julia: Project):
    project = without_julia
    recorded(project, "quick", (h(0), EXACT), (h(1), WRONG))
    recorded(project, "paper", (h(0, 100, "0.1"), EXACT), (h(1, 100, "0.1"), WRONG), (h(2, 100, "0.1"), EXACT))
    jobs = project.jobs("--nocolor", SUMMARY)
    assert (jobs["recorded"], jobs["verify_recorded"]) == (1, 1), "one job each, however many cells"
    assert jobs["fit"] == 3, "those of the exact engine; none of PySR"
    status, text = project.run()
    assert status == 0, text
    assert "engine pysr, recorded and judged here again: 2 fits (PySR 1.5.10, 2026-11-20)" in text
    assert "pysr 1/2" in text[text.index("  WZW su(2)_k  ") :]
    assert "  (pysr is recorded: PySR 1.5.10, 2026-11-20)" in text
    with open(project.path("results/default/summary.csv"), encoding="utf-8") as stream:
        rows = {(row["engine"], row["seed"]): row for row in csv.DictReader(stream)}
    assert {row["source"] for row in rows.values()} == {"run", "recorded"}
    assert rows["pysr", "0"]["source"] == "recorded"
    assert [rows["pysr", seed]["recovered"] for seed in "01"] == ["yes", "no"]
    assert rows["pysr", "0"]["cpu_seconds"] == "33.0"
    assert len(rows) == 5, "what stands beside the paper's tables is no cell of the sweep"
    # Directly under the published row, wherever the paper has one.
    for number in (3, 4):
        lines = lines_of(project, number)
        below = lines[next(i for i, line in enumerate(lines) if "| paper " in line) + 1]
        assert "PySR, the paper's settings" in below
        assert "✓ 2/3" in below
    assert any("PySR, the paper's settings" in line and "✓ 2/3" in line for line in lines_of(project, 2))
    with open(project.path("results/default/tables/table3.csv"), encoding="utf-8") as stream:
        [row] = [row for row in csv.DictReader(stream) if row["source"] == "recorded, the paper's settings"]
    assert (row["theories"], row["fraction"], row["engine"], row["seeds"]) == ("100", "0.1", "pysr", "3")
    page = project.path("results/default/report.html").read_text(encoding="utf-8")
    assert "PySR, the paper's settings" in page.replace("&#39;", "'")
    assert "recorded: PySR 1.5.10, 2026-11-20" in page
    assert ": missing<" not in page
    assert project.jobs() == {}
    # A changed judge judges them again, and restores nothing.
    project.config["verification"]["seconds"] = 30
    assert "recorded" not in project.jobs("--nocolor", SUMMARY)
    assert project.jobs("--nocolor", SUMMARY)["verify_recorded"] == 1


def test_without_a_match_nothing_is_used_and_the_start_says_why(without_julia: Project):
    project = without_julia
    recorded(project, "quick", (h(0), EXACT), (h(1), EXACT), options={"populations": 7})
    status, text = project.run("-n", "--quiet", "rules")
    assert status == 0, text
    assert "2 fits recorded differently and not used: options (populations: recorded with 7, here" in text
    assert "verify_recorded" not in text
    project.config["recorded"] = False
    assert "recorded" not in project.run("-n", "--quiet", "rules")[1]


def test_other_rows_end_the_one_job_and_the_next_run_leaves_them_out(without_julia: Project):
    project = without_julia
    recorded(project, "quick", (h(0), EXACT), digest="0" * 64)
    status, text = project.run(SUMMARY)
    assert status != 0
    assert "1 fit in data/recorded/quick.parquet were made on other rows than those of" in text
    status, text = project.run(SUMMARY)
    assert status == 0, text
    assert "1 fit recorded differently and not used: data set (other rows, though the request is the same)" in text


def test_with_julia_pysr_itself_runs(without_julia: Project):
    """The same cells, after Julia came: other files, so that neither takes the other's place."""
    project = without_julia
    recorded(project, "quick", (h(0), EXACT), (h(1), EXACT))
    assert project.run(SUMMARY)[0] == 0
    judged = project.path("results/fits/quick/recorded", h(0).folder, "verdict.json")
    assert json.loads(judged.read_text())["fit"]["recorded"]
    project.environment["PYTHON_JULIAPKG_EXE"] = "/bin/true"
    project.config["engines"] = ["rational", "operon", "pysr"]
    jobs = project.jobs("--nocolor", SUMMARY)
    assert jobs["fit"] == 2
    assert "recorded" not in jobs
