"""A user's own file through the real workflow: fits, verdicts, tables, page; and a mistake in the file."""

from __future__ import annotations

import csv
import json
import shutil

import pytest

from tests.workflow.conftest import ROOT, Project

pytestmark = pytest.mark.workflow

MINE = {
    "name": "mine",
    "file": "data/mine.csv",
    "target": "h",
    "theory_labels": ["n"],
    "state_labels": ["s"],
}


@pytest.fixture
def own(project: Project) -> Project:
    project.config |= {"families": [], "spectra": [MINE], "engines": ["rational", "operon"], "settings": ["free"]}
    project.path("data").mkdir()
    shutil.copy(ROOT / "data/examples/lee_yang_series.csv", project.path("data/mine.csv"))
    return project


def test_a_file_becomes_formulas_verdicts_tables_and_a_page(own: Project):
    status, text = own.run()
    assert status == 0, text
    assert "2 fits on 1 data set" in text
    with open(own.path("results/default/summary.csv"), encoding="utf-8") as stream:
        rows = {row["engine"]: row for row in csv.DictReader(stream)}
    for row in rows.values():
        assert (row["family"], row["task"], row["theories"]) == ("mine", "given", "9")
        assert (row["exact_on_data"], row["exact_on_held_out"], row["recovered"]) == ("yes", "yes", "yes")
        assert row["identical_to_closed_form"] == "not looked at"
        assert row["identified"] == "identified"
    verdict = json.loads(own.path("results/fits/quick/mine/given/n9/any/rational/seed0/verdict.json").read_text())
    assert verdict["verdict"]["closed_form"] is None
    assert verdict["fit"]["data_metadata"]["file"] == "mine.csv"
    tables = "".join(path.read_text() for path in own.path("results/default/tables").glob("*.md"))
    assert "(1-s)*(2*n+2-s)/(4*n+6)" in tables
    assert "mine" in own.path("results/default/report.html").read_text()

    # Another file, another fit; the same file touched, none.
    file = own.path("data/mine.csv")
    assert own.jobs() == {}
    file.write_text("\n".join(file.read_text().splitlines()[:-1]) + "\n")
    assert own.jobs() == {"given_spectrum": 1, "fit": 2, "verify": 2, "tables": 1, "report": 1, "all": 1, "total": 8}


def test_a_mistake_in_the_file_is_one_message_before_anything_starts(own: Project):
    with open(own.path("data/mine.csv"), "a") as stream:
        stream.write("13,1,1/0\n")
    status, text = own.run()
    assert status != 0
    assert "data/mine.csv, column 'h', line 93: the fraction has denominator 0" in text
    assert "Traceback" not in text
    assert not own.path("results").exists()


def test_data_that_do_not_determine_a_formula_are_not_a_recovery(own: Project):
    """s = 1 and 2 only, nothing held out: a formula is exact on every row, and so are others."""
    lines = own.path("data/mine.csv").read_text().splitlines()
    few = [line for line in lines if line.startswith("#") or line.split(",")[1] in ("s", "1", "2")]
    own.path("data/mine.csv").write_text("\n".join(few) + "\n")
    own.config["spectra"] = [MINE | {"hold_out": {"theories": 0}}]
    own.config["engines"] = ["rational"]
    status, text = own.run("results/default/summary.parquet")
    assert status == 0, text
    folder = own.path("results/fits/quick/mine/given/n12/any/rational/seed0")
    record = json.loads((folder / "verdict.json").read_text())
    assert record["fit"]["certificate"]["outcome"] == "fits"
    best = record["verdict"]["equations"][record["verdict"]["exact"]]
    assert (best["exact_on_data"], best["exact_on_held_out"]) == ("yes", "not looked at")
    assert record["verdict"]["recovered"] == "undecided"
