"""How often random products are identified: counts by seed, their intervals, and the table with what is published."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from cftsr.identify.accuracy import KINDS, measure, write_accuracy
from cftsr.output.page import _accuracy
from cftsr.output.tables.accuracy import TRANSFORMER, accuracy_table, rows_of
from cftsr.output.tables.markdown import to_markdown
from cftsr.results.summary import wilson_interval

TRIALS = 12


@pytest.fixture(scope="module")
def measured():
    return measure(TRIALS, 3, log=lambda line: None)


def test_counts_depend_on_the_seed_alone(measured):
    again = measure(TRIALS, 3, log=lambda line: None)
    for one, other in zip(measured["kinds"], again["kinds"], strict=True):
        assert {key: one[key] for key in ("named", "alone", "agreeing", "most_answers")} == {
            key: other[key] for key in ("named", "alone", "agreeing", "most_answers")
        }


def test_every_kind_of_question_has_its_interval(measured):
    assert [(kind["factors"], kind["with_c"]) for kind in measured["kinds"]] == list(KINDS)
    for kind in measured["kinds"]:
        assert kind["trials"] == TRIALS
        assert kind["named"] == kind["agreeing"] == TRIALS
        for key in ("named", "alone"):
            low, high = kind["intervals"][key]
            assert (low, high) == wilson_interval(kind[key], TRIALS)
            assert low <= kind[key] / TRIALS <= high
    assert measured["outside"].startswith("none up to c = 24")


def test_the_table_marks_what_is_published_and_says_that_it_is_other_data(measured):
    table = accuracy_table(measured)
    [published] = [row for row in table.blocks[0].rows if row.kind == "paper"]
    assert [entry.words for entry in published.entries if entry.words != "—"] == [
        TRANSFORMER,
        "2 to 5",
        "98% (its one answer)",
    ]
    assert "arXiv:2605.01072" in TRANSFORMER
    markdown = to_markdown(table)
    assert "stand side by side and are not compared" in markdown
    assert f"{measured['kinds'][0]['alone'] / TRIALS:.1%} [" in markdown


def test_files_hold_the_same_numbers_and_the_page_shows_them(measured, tmp_path):
    folder = tmp_path / "results" / "identify"
    write_accuracy(measured, *(folder / f"accuracy.{kind}" for kind in ("json", "md", "csv", "tex")))
    page = tmp_path / "results" / "default" / "report.html"
    assert to_markdown(_accuracy(page)) == (folder / "accuracy.md").read_text(encoding="utf-8")
    assert json.loads((folder / "accuracy.json").read_text(encoding="utf-8"))["kinds"] == measured["kinds"]
    with open(folder / "accuracy.csv", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["named"] for line in lines] == [str(row["named"]) for row in rows_of(measured)]


def test_a_page_without_a_measurement_has_no_such_section(tmp_path):
    assert _accuracy(Path(tmp_path, "results", "default", "report.html")) is None
