"""What goes into the record, what is refused, and that it comes out again as it went in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cftsr.data.dataset import write_dataset
from cftsr.data.generate import generate
from cftsr.engines.base import problem_of
from cftsr.errors import UserError
from cftsr.files import read_json, write_json
from cftsr.fronts.front import Candidate, read_front, write_front
from cftsr.results.recorded import judge_restored, record_run, restore
from cftsr.sweep.cells import Cell
from cftsr.sweep.paths import DataSets, Fits
from cftsr.sweep.record import read_record

EXACT = "l*(l+2)/(4*(k+2))"
VERSIONS = {"python": "3.11.7", "cftsr": "0.1.0", "pysr": "1.5.10"}
DETAILS = {"provenance": {"julia": "1.10.8", "julia_packages": {"SymbolicRegression": "1.11.3"}}}


def a_cell(**keys) -> Cell:
    values = {"family": "wzw_su2", "task": "conformal_weight", "theories": 6, "fraction": "0.5", "setting": "free"}
    return Cell(**values | {"engine": "pysr", "seed": 0} | keys)


class Run:
    """A folder in which PySR has run."""

    def __init__(self, folder: Path):
        self.results, self.data = Fits(f"{folder}/results/fits/quick"), DataSets(f"{folder}/data/spectra")
        self.record = folder / "data" / "recorded" / "quick.parquet"

    def fitted(self, place: Cell, *equations: str, **changes) -> Cell:
        """The files of a finished fit."""
        data, held_out = generate(place.family, {}, place.task, place.theories, 3, place.fraction, "ceil")
        write_dataset(self.data.data(place.spectrum), data)
        write_dataset(self.data.held_out(place.spectrum), held_out)
        candidates = [Candidate(text, 0.125 * index) for index, text in enumerate(equations or ("0.3", EXACT), 1)]
        front = problem_of(data, place.setting).front(candidates)
        write_front(self.results.front(place.folder), front)
        fit = {
            "cell": place.as_dict(),
            "data_metadata": data.metadata,
            "rows": len(data),
            "options": {"iterations": 600, "rows": 0},
            "chunks": 30,
            "evaluations": 12345,
            "stop_reason": "exhausted",
            "engine_details": DETAILS,
            "versions": VERSIONS,
        }
        write_json(self.results.fit(place.folder), fit | changes, sealed=True)
        cost = {"fit_cpu_seconds": 3.5, "fit_wall_seconds": 4.5, "finished": "2026-11-20T10:11:12+00:00"}
        write_json(self.results.cost(place.folder), cost, sealed=True)
        return place

    def write(self) -> tuple[int, int]:
        return record_run(self.results, self.data, self.record, log=lambda line: None)


@pytest.fixture
def run(tmp_path) -> Run:
    return Run(tmp_path)


def test_a_fit_is_recorded_with_what_made_it(run):
    cell = run.fitted(a_cell())
    assert run.write() == (1, 1)
    fit = read_record(run.record)[cell]
    assert [one.text for one in fit.front] == ["0.3", EXACT]
    assert [one.engine_loss for one in fit.front] == [0.125, 0.25], "PySR's own losses"
    assert fit.versions == VERSIONS | {"julia": "1.10.8", "SymbolicRegression": "1.11.3"}
    assert fit.date == "2026-11-20T10:11:12+00:00"
    assert (fit.options, fit.rows, fit.chunks) == ({"iterations": 600, "rows": 0}, 15, 30)


def test_fits_are_added_and_the_same_cell_and_seed_is_replaced(run):
    first, second = run.fitted(a_cell()), a_cell(seed=1)
    run.write()
    Path(run.results.front(first.folder)).parent.parent.rename(run.record.parent.parent / "away")
    run.fitted(second)
    assert run.write() == (1, 2)
    run.fitted(second, "0.4")
    assert run.write() == (1, 2)
    assert [one.text for one in read_record(run.record)[second].front] == ["0.4"]
    assert read_record(run.record)[first].front


def test_other_engines_and_spectra_of_ones_own_are_not_recorded(run):
    run.fitted(a_cell(engine="operon"))
    with pytest.raises(UserError, match="has no finished fit of pysr"):
        run.write()
    assert not run.record.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recorded": {"date": "2026"}}, "comes from the record itself"),
        ({"cell": a_cell(seed=5).as_dict()}, "is not where its fit.json says"),
        ({"engine_details": {}}, "names no version of Julia or PySR"),
        ({"versions": VERSIONS | {"pysr": "not installed"}}, "names no version of Julia or PySR"),
        ({"rows": 7}, "was fitted to another data set than"),
        ({"options": {"folder": "/home/ada/scratch"}}, "a path of this machine, which is not recorded"),
        ({"chunks": None, "cell": None}, "is no provenance of ours"),
    ],
)
def test_what_is_no_run_of_pysrs_own_is_refused_and_nothing_is_written(run, changes, words):
    run.fitted(a_cell(seed=1))
    run.fitted(a_cell(), **changes)
    with pytest.raises(UserError, match=words):
        run.write()
    assert not run.record.exists()


def test_a_changed_front_is_refused(run):
    cell = run.fitted(a_cell())
    front = Path(run.results.front(cell.folder))
    content = front.read_bytes()
    front.write_bytes(content[:60] + bytes([content[60] ^ 1]) + content[61:])
    with pytest.raises(UserError, match="is not a front of ours, or is damaged"):
        run.write()


def test_what_comes_out_is_what_went_in_and_is_judged(run, tmp_path):
    cell = run.fitted(a_cell())
    run.write()
    fit = read_record(run.record)[cell]
    there = run.results.recorded
    assert restore([(fit, there)], run.data, "data/recorded/quick.parquet") == 1
    assert Path(there.front(cell.folder)).read_bytes() == Path(run.results.front(cell.folder)).read_bytes()
    provenance = read_json(there.fit(cell.folder), "")
    assert provenance["recorded"] == {"date": fit.date, "file": "data/recorded/quick.parquet"}
    assert provenance["versions"]["julia"] == "1.10.8"
    judge_restored([(cell, there)], run.data, {("wzw_su2", "conformal_weight"): EXACT}, 20)
    verdict = json.loads(Path(there.verdict(cell.folder)).read_text(encoding="utf-8"))
    assert verdict["verdict"]["recovered"] == "yes"
    assert verdict["fit"]["recorded"]
    # It cannot be recorded once more.
    with pytest.raises(UserError, match="comes from the record itself"):
        record_run(there, run.data, tmp_path / "again.parquet")


def test_losses_are_computed_here_whatever_pysr_said(run):
    cell = run.fitted(a_cell())
    run.write()
    fit = read_record(run.record)[cell]
    restore([(fit, run.results.recorded)], run.data, "it")
    assert [one.loss for one in read_front(run.results.recorded.front(cell.folder))][-1] < 1e-30


def test_other_rows_than_those_that_were_fitted_are_one_message(run):
    cells = [run.fitted(a_cell()), run.fitted(a_cell(seed=1))]
    run.write()
    other, _ = generate("wzw_su2", {}, "conformal_weight", 7, 3, "0.5", "ceil")
    write_dataset(run.data.data(cells[0].spectrum), other)
    fits = read_record(run.record)
    with pytest.raises(
        UserError, match=r"2 fits in it were made on other rows than those of wzw_su2/\S+n6_f50, though"
    ):
        restore([(fits[cell], run.results.recorded) for cell in cells], run.data, "it")
    assert not Path(run.results.recorded.front(cells[0].folder)).exists()
