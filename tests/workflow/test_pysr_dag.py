"""Where PySR stands in the DAG: behind one serial Julia job, or its proof."""

from __future__ import annotations

import json

import pytest

from tests.workflow.conftest import Project

pytestmark = pytest.mark.workflow


@pytest.fixture
def pysr(project: Project) -> Project:
    # No Julia but the one that a test names.
    project.environment = {"PYTHON_JULIAPKG_PROJECT": str(project.folder / "julia"), "PATH": "/usr/bin:/bin"}
    project.config["engines"] = ["pysr"]
    return project


def prove(project: Project) -> None:
    project.path(".julia").mkdir()
    content = {"julia_project": str(project.folder), "environment": {"PYTHON_JULIAPKG_EXE": "/bin/true"}}
    project.path(".julia/proof.json").write_text(json.dumps(content))


def test_with_the_proof_fits_need_no_julia_job(pysr: Project):
    prove(pysr)
    assert pysr.jobs() == {"spectrum": 3, "fit": 5, "verify": 5, "tables": 1, "report": 1, "all": 1, "total": 16}


def test_with_a_julia_but_no_proof_one_julia_job_comes_first(pysr: Project):
    pysr.environment["PYTHON_JULIAPKG_EXE"] = "/bin/true"
    jobs = pysr.jobs()
    assert jobs["julia"] == 1
    assert jobs["fit"] == 5


def test_without_any_julia_it_stops_before_any_job_and_says_what_to_do(pysr: Project):
    status, text = pysr.run()
    assert status != 0
    assert "error: config engines: pysr cannot run here: Julia has not been set up here. Run `make julia`" in text
    assert not pysr.path("data").exists()


def test_a_julia_that_is_none_ends_its_job_with_a_message_and_the_others_go_on(pysr: Project):
    pysr.environment["PYTHON_JULIAPKG_EXE"] = "/bin/true"
    pysr.config["engines"] = ["rational", "pysr"]
    status, text = pysr.run()
    assert status != 0
    assert "Correct or unset PYTHON_JULIAPKG_EXE" in text
    assert len(list(pysr.path("results").rglob("verdict.json"))) == 3, "the exact engine's cells are finished"
    assert "  WZW su(2)_k  rational 3/3, pysr 0/5 (5 missing)\n" in text
    assert "Missing: 5 cells without a verdict" in text
