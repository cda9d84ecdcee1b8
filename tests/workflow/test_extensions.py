"""What a new engine needs, and what changes leave alone: tried on a copy of the project."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.workflow.conftest import ROOT, Project

pytestmark = pytest.mark.workflow

CFTSR = Path("workflow", "scripts", "cftsr")

TOY = '''"""The mean of the target, and the best multiple of each label."""

import numpy as np

from cftsr.engines.base import Assignment, Availability, Engine, Progress
from cftsr.engines.options import integer
from cftsr.fronts.front import Candidate


class Toy(Engine):
    name = "toy"
    title = "toy engine"
    packages = ("numpy",)
    options = {"digits": integer(1, 17, default=6)}
    uses_seed = False

    @classmethod
    def availability(cls, named=False):
        return Availability(True)

    def advance(self, assignment: Assignment, progress: Progress) -> Progress:
        problem, digits = assignment.problem, assignment.options["digits"]
        candidates = [Candidate(f"{float(np.mean(problem.target)):.{digits}g}")]
        for label in problem.labels:
            column = problem.columns[label]
            slope = float(column @ problem.target / (column @ column))
            candidates.append(Candidate(f"{slope:.{digits}g}*{label}"))
        return Progress(chunk=1, candidates=tuple(candidates), evaluations=len(candidates), stop_reason="exhausted")
'''


TASK = '''"""Twice c of each theory."""

from cftsr.data.tasks.base import Task

TASK = Task("twice_c", "2c", "twice c", False, lambda family, theory, state: 2 * family.central_charge(theory))
'''


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def copy(project: Project) -> Project:
    """A copy of the project that is its own working folder."""
    for name in ("workflow", "data/published"):
        shutil.copytree(ROOT / name, project.path(name))
    shutil.copy(ROOT / "Snakefile", project.path("Snakefile"))
    project.snakefile = project.path("Snakefile")
    project.config["fractions"] = [0.5]
    return project


def add_toy(copy: Project) -> None:
    folder = copy.path(CFTSR, "engines", "toy")
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "engine.py").write_text(TOY, encoding="utf-8")
    line = '    "pysr": "PySR",\n'
    edit(copy.path(CFTSR, "engines", "__init__.py"), line, line + '    "toy": "Toy",\n')


def test_an_engine_is_one_package_and_one_line(copy: Project):
    add_toy(copy)
    copy.config["engines"] = ["toy"]
    status, text = copy.run()
    assert status == 0, text
    assert "toy 0/3" in text
    summary = pd.read_parquet(copy.path("results/default/summary.parquet"))
    assert set(summary["engine"]) == {"toy"}
    assert len(summary) == 3, "the central charge, and h in two settings: su(2)_k has no square to forbid"
    assert "toy" in copy.path("results/default/tables/table1.md").read_text(encoding="utf-8")
    page = copy.path("results/default/report.html").read_text(encoding="utf-8")
    assert "toy" in page


def test_an_option_of_a_new_engine_is_checked_like_any_other(copy: Project):
    add_toy(copy)
    copy.config |= {"engines": ["toy"], "engine_options": copy.config["engine_options"] | {"toy": {"digits": 18}}}
    status, text = copy.run("-n")
    assert status != 0
    assert "error: config engine_options.toy.digits is 18; it must be at most 17" in text


def test_a_task_is_one_module_and_one_name(copy: Project):
    package = copy.path(CFTSR)
    (package / "data" / "tasks" / "twice_c.py").write_text(TASK, encoding="utf-8")
    line = '    "central_charge",\n'
    edit(package / "data" / "tasks" / "__init__.py", line, line + '    "twice_c",\n')
    copy.config["tasks"] = ["twice_c"]
    status, text = copy.run()
    assert status == 0, text
    (row,) = pd.read_parquet(copy.path("results/default/summary.parquet")).itertuples()
    assert (row.task, row.exact_on_data, row.equation) == ("twice_c", "yes", "6*k/(k+2)")


def test_nothing_is_fitted_again_for_another_judge_engine_task_or_family(copy: Project):
    status, text = copy.run()
    assert status == 0, text
    assert "fit" not in copy.jobs("--nocolor", "results/default/summary.parquet")
    package = copy.path(CFTSR)

    add_toy(copy)
    jobs = copy.jobs("--nocolor", "results/default/summary.parquet")
    assert "fit" not in jobs, "a new engine"
    assert "spectrum" not in jobs

    (package / "data" / "tasks" / "twice_c.py").write_text(TASK, encoding="utf-8")
    line = '    "central_charge",\n'
    edit(package / "data" / "tasks" / "__init__.py", line, line + '    "twice_c",\n')
    jobs = copy.jobs("--nocolor", "results/default/summary.parquet")
    assert "fit" not in jobs, "a new task"
    assert "spectrum" not in jobs

    family = package / "families" / "wzw_g2.py"
    family.write_text(family.read_text(encoding="utf-8") + "\nNEW = 1\n", encoding="utf-8")
    assert "fit" not in copy.jobs("--nocolor", "results/default/summary.parquet"), "another family"

    judge = package / "fronts" / "verdict.py"
    judge.write_text(judge.read_text(encoding="utf-8") + "\nNEW = 1\n", encoding="utf-8")
    jobs = copy.jobs("--nocolor", "results/default/summary.parquet")
    assert "fit" not in jobs, "another judge"
    assert jobs["verify"] == 2, "the judge changed, so every front is judged again"

    # The check checks: what an engine uses does fit again.
    engine = package / "engines" / "base.py"
    engine.write_text(engine.read_text(encoding="utf-8") + "\nNEW = 1\n", encoding="utf-8")
    assert copy.jobs("--nocolor", "results/default/summary.parquet")["fit"] == 2
