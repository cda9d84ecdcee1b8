"""The sweep as a user runs it: from nothing, again, after a change, after a kill."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import time

import pytest

from cftsr.fronts.front import read_front
from tests.workflow.conftest import ROOT, Project

pytestmark = pytest.mark.workflow

FITS = "results/fits/quick/wzw_su2/conformal_weight"
TABLES = "results/default/summary.parquet"  # all but the page, which costs as much as the rest


def test_a_sweep_from_nothing_proves_its_formulas_and_prints_the_tables(project: Project):
    status, text = project.run()
    assert status == 0, text
    assert "3 fits on 3 data sets, budget quick" in text
    assert "rational" in text.split("recovered")[-1]
    with open(project.path("results/default/summary.csv"), encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3
    assert {row["identical_to_closed_form"] for row in rows} == {"yes"}
    assert {row["exact_on_held_out"] for row in rows} == {"yes"}
    for number in range(1, 7):
        for kind in ("csv", "md", "tex"):
            assert project.path(f"results/default/tables/table{number}.{kind}").stat().st_size > 0
    assert not project.path("results/fits/quick/unfinished").exists() or not list(
        project.path("results/fits/quick/unfinished").rglob("*.json")
    )
    assert project.jobs() == {}, "a finished sweep has nothing left to do"


def test_a_dry_run_names_each_job_by_its_cell_unless_it_prints_none(project: Project):
    status, text = project.run("-n")
    assert status == 0, text
    for job in ("fit", "verify"):
        assert f": {job} wzw_su2/conformal_weight/n30_f50/any/rational/seed0\n" in text
    assert ": data set wzw_su2/central_charge/n100\n" in text
    status, text = project.run("-n", "--quiet", "rules")
    assert status == 0, text
    assert "seed0" not in text
    assert not project.path("data").exists()


def test_a_changed_key_runs_only_what_depends_on_it(project: Project):
    assert project.run()[0] == 0
    project.config["theories"] = [30, 40]
    assert project.jobs() == {"spectrum": 2, "fit": 2, "verify": 2, "tables": 1, "report": 1, "all": 1, "total": 9}
    project.config["theories"] = [30]
    project.config["verification"]["seconds"] = 30
    assert project.jobs() == {"verify": 3, "tables": 1, "report": 1, "all": 1, "total": 6}
    project.config["verification"]["seconds"] = 20
    project.config["central_charge"]["seed"] = 1
    assert project.jobs() == {"spectrum": 1, "fit": 1, "verify": 1, "tables": 1, "report": 1, "all": 1, "total": 6}


def test_a_changed_module_runs_only_the_stages_that_use_it(project: Project):
    copy = project.folder / "checkout"
    copy.mkdir()
    shutil.copy(ROOT / "Snakefile", copy)
    for name in ("workflow", "data/published"):
        shutil.copytree(ROOT / name, copy / name)
    project.snakefile = copy / "Snakefile"
    assert project.run()[0] == 0
    module = copy / "workflow/scripts/cftsr/fronts/verdict.py"
    module.write_text(module.read_text(encoding="utf-8") + "\n# a comment\n", encoding="utf-8")
    assert project.jobs() == {}, "a comment makes nothing run again"
    module.write_text(module.read_text(encoding="utf-8") + "\nNEW_CONSTANT = 1\n", encoding="utf-8")
    assert project.jobs() == {"verify": 3, "tables": 1, "report": 1, "all": 1, "total": 6}


def test_a_damaged_data_set_is_named_and_the_rest_goes_on(project: Project):
    assert project.run("--until", "spectrum")[0] == 0
    damaged = project.path("data/spectra/wzw_su2/conformal_weight/n30_f50.parquet")
    damaged.write_bytes(damaged.read_bytes()[:100])
    status, text = project.run(TABLES, "--rerun-triggers", "mtime")
    assert status != 0
    assert f"error: {damaged.relative_to(project.folder)} is not a data set of ours, or is damaged" in text
    assert project.path(FITS, "n30_f100/any/rational/seed0/verdict.json").exists()
    damaged.unlink()
    assert project.run(TABLES)[0] == 0


def test_a_damaged_front_is_named_and_only_its_fit_is_repeated(project: Project):
    assert project.run("--until", "fit")[0] == 0
    front = project.path(FITS, "n30_f50/any/rational/seed0/front.parquet")
    front.write_bytes(b"PAR1 this is no Parquet")
    status, text = project.run(TABLES, "--rerun-triggers", "mtime")
    assert status != 0
    assert f"error: {front.relative_to(project.folder)} is not a front of ours, or is damaged" in text
    front.unlink()
    jobs = project.jobs()
    assert jobs["fit"] == 1
    assert project.run(TABLES)[0] == 0


def test_an_unwritable_place_is_named_with_its_reason(project: Project):
    assert project.run("--until", "spectrum")[0] == 0
    # A file where a folder must be: stands for every reason why a folder cannot be written, for root as well.
    project.path("results/fits/quick/unfinished").parent.mkdir(parents=True)
    project.path("results/fits/quick/unfinished").write_text("in the way")
    status, text = project.run(TABLES)
    assert status != 0
    assert "error: cannot write results/fits/quick/unfinished/" in text
    assert "Not a directory" in text or "File exists" in text
    project.path("results/fits/quick/unfinished").unlink()
    assert project.run(TABLES)[0] == 0


def test_a_killed_fit_resumes_from_its_last_chunk_with_the_same_front(project: Project):
    project.config |= {
        "tasks": ["conformal_weight"],
        "fractions": [0.5],
        "settings": ["free"],
        "engines": ["operon"],
        "families": ["minimal"],
        "theories": [25],
    }
    # A target that these few restarts do not reach, so that several chunks are done.
    project.config["budgets"]["quick"]["operon"] = {"restarts": 6, "refine": False}
    folder = "results/fits/quick/minimal/conformal_weight/n25_f50/free/operon/seed0"
    front = f"{folder}/front.parquet"
    assert project.run(front)[0] == 0
    undisturbed = project.path(folder, "front.parquet").read_bytes()
    chunks = json.loads(project.path(folder, "fit.json").read_text())["chunks"]
    assert chunks > 2
    for pause in (0.1, 1.0):
        shutil.rmtree(project.path("results"))
        _kill_when_a_chunk_is_done(project, front, pause)
        assert not project.path(front).exists()
        assert project.run("--unlock")[0] == 0
        status, text = project.run(front)
        assert status == 0, text
        logs = project.path("results/fits/quick/logs/fit/minimal/conformal_weight/n25_f50/free/operon")
        assert "resuming after chunk" in (logs / "seed0.log").read_text()
        assert project.path(front).read_bytes() == undisturbed
        assert read_front(project.path(front))


def _kill_when_a_chunk_is_done(project: Project, front: str, pause: float) -> None:
    """Start the fit, and kill Snakemake with its jobs so many seconds after the first chunk."""
    process = project.start(front)
    unfinished = front.replace("fits/quick/", "fits/quick/unfinished/").replace("front.parquet", "state.json")
    state = project.path(unfinished)
    limit = time.monotonic() + 120
    while not state.exists() and time.monotonic() < limit:
        time.sleep(0.02)
    time.sleep(pause)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert state.exists()


def test_a_wrong_configuration_stops_before_any_job_starts(project: Project):
    project.config["families"] = ["minimall"]
    status, text = project.run()
    assert status != 0
    assert "error: config families: family 'minimall' does not exist (did you mean minimal?)" in text
    assert "Traceback" not in text
    assert not project.path("results").exists()


def test_invalid_yaml_is_named(project: Project):
    project.write_config()
    path = project.path("config.yaml")
    path.write_text("families: [minimal\nbudget: quick\n", encoding="utf-8")
    project.write_config = lambda: None
    status, text = project.run()
    assert status != 0
    assert "error: config.yaml, line 2, column 7: invalid YAML" in text
    assert not project.path("results").exists()
