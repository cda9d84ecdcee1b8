"""The record of real runs: its file, and what of it a sweep may use."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from cftsr.data.generate import generate
from cftsr.engines.base import Availability
from cftsr.engines.options import for_task
from cftsr.engines.pysr.engine import PySR
from cftsr.errors import UserError
from cftsr.families import family_names
from cftsr.fronts.front import Candidate
from cftsr.sweep.cells import Cell
from cftsr.sweep.paths import DataSets, Fits
from cftsr.sweep.plan import Sweep
from cftsr.sweep.record import RecordedFit, data_digest, read_record, record_path, request_of_rows, write_record

CONFIG = yaml.safe_load((Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8")) | {
    "families": ["wzw_su2"],
    "tasks": ["conformal_weight"],
    "theories": [10],
    "fractions": [0.5],
    "settings": ["free", "integer"],
}


@pytest.fixture(autouse=True)
def no_julia(monkeypatch):
    missing = Availability(False, "there is no Julia", "Run `make julia`")
    monkeypatch.setattr(PySR, "availability", classmethod(lambda cls, named=False: missing))


def recorded(sweep: Sweep, cell: Cell, **keys) -> RecordedFit:
    """A fit as if it had been recorded with the sweep's own data sets and options."""
    data, _ = generate(**sweep.request_of(cell))
    options = {name: for_task(value, cell.task) for name, value in sweep._resolved("pysr").items()}
    fit = RecordedFit(
        cell=cell,
        data=request_of_rows(data.metadata),
        digest=data_digest(data),
        rows=len(data),
        options=options,
        front=(Candidate("0.7", 0.25), Candidate("l*(l+2)/(4*(k+2))", math.inf, "refined")),
        evaluations=10,
        chunks=3,
        stop_reason="exact",
        versions={"pysr": "1.5.10", "julia": "1.10.8"},
        cost={"fit_cpu_seconds": 3.5, "fit_wall_seconds": 4.0},
        date="2026-11-20T10:11:12+00:00",
    )
    return replace(fit, **keys)


CELLS = [
    Cell("wzw_su2", "conformal_weight", 10, "0.5", setting, "pysr", seed)
    for setting in ("free", "integer")
    for seed in (0, 1)
]


@pytest.fixture
def sweep_of(tmp_path):
    """A sweep beside a record of these fits."""

    def make(*fits: RecordedFit, budget: str = "quick", **config) -> Sweep:
        write_record(record_path(tmp_path, budget), fits)
        return Sweep(CONFIG | config, records=tmp_path, data=DataSets(str(tmp_path / "spectra")))

    return make


@pytest.fixture
def plain() -> Sweep:
    return Sweep(CONFIG, records="nowhere")


def test_what_is_written_is_read(plain, tmp_path):
    fits = [recorded(plain, cell) for cell in CELLS]
    path = record_path(tmp_path, "quick")
    write_record(path, fits)
    assert read_record(path) == {fit.cell: fit for fit in fits}
    content = path.read_bytes()
    write_record(path, fits[::-1])
    assert path.read_bytes() == content, "the order of the fits is nothing"
    assert read_record(tmp_path / "other.parquet") == {}
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(UserError, match=r"no record of fits, or is damaged .*git checkout data/recorded"):
        read_record(path)


def test_recorded_fits_stand_for_the_seeds_that_the_sweep_asks_for(plain, sweep_of):
    fits = [recorded(plain, cell) for cell in CELLS]
    sweep = sweep_of(*fits)
    assert list(sweep.recorded.used) == [cell for cell in CELLS if cell.seed == 0]
    assert [cell for cell in sweep.cells if cell.engine == "pysr"] == list(sweep.recorded.used)
    assert sweep.fits_of(CELLS[0]) == Fits("results/fits/quick/recorded")
    assert sweep.fits_of(sweep.cells[0]) == Fits("results/fits/quick")
    assert "engine pysr, recorded and judged here again: 2 fits (PySR 1.5.10, 2026-11-20)" in sweep.describe()
    assert len(sweep_of(*fits, seeds=[0, 1]).recorded.used) == 4


def test_other_options_another_data_set_and_what_is_absent_are_named(plain, sweep_of):
    fit = recorded(plain, CELLS[0])
    sweep = sweep_of(replace(fit, options=dict(fit.options) | {"rows": 61, "former": True}))
    assert not sweep.recorded.used
    words = sweep.describe()
    assert (
        "1 fit recorded differently and not used: options (former: recorded with True, here without it; rows: " in words
    )
    assert f"rows: recorded with 61, here {fit.options['rows']})" in words
    assert "1 fit not in the record (wzw_su2/conformal_weight/n10_f50/integer/pysr/seed0)" in words
    conventions = CONFIG["conventions"] | {"rounding": "floor"}
    assert "data set (rounding: recorded with ceil, here floor)" in sweep_of(fit, conventions=conventions).describe()


def test_other_rows_are_noticed_as_soon_as_they_are_there(plain, sweep_of, tmp_path):
    from cftsr.data.dataset import write_dataset

    fit = recorded(plain, CELLS[0], digest="0" * 64)
    assert CELLS[0] in sweep_of(fit).recorded.used, "nobody can know before"
    data, _ = generate(**plain.request_of(CELLS[0]))
    write_dataset(DataSets(str(tmp_path / "spectra")).data(CELLS[0].spectrum), data)
    assert "data set (other rows, though the request is the same)" in sweep_of(fit).describe()
    assert CELLS[0] in sweep_of(recorded(plain, CELLS[0])).recorded.used


def test_the_record_is_left_out_where_nobody_wants_it(plain, sweep_of, monkeypatch):
    fits = [recorded(plain, cell) for cell in CELLS]
    assert not sweep_of(*fits, recorded=False).recorded.used
    assert not sweep_of(*fits, engines=["rational"]).recorded.used, "a list of engines is what it says"
    monkeypatch.setattr(PySR, "availability", classmethod(lambda cls, named=False: Availability(True)))
    sweep = sweep_of(*fits)
    assert "pysr" in sweep.engines, "with Julia PySR runs"
    assert not sweep.recorded.used
    assert not sweep.restored


def test_the_papers_settings_stand_beside_every_sweep(plain, sweep_of):
    fits = [recorded(plain, cell, options={"iterations": 600}) for cell in CELLS]
    sweep = sweep_of(*fits, budget="paper", engines=["rational"], families=["minimal"])
    assert len(sweep.reference.used) == 4
    assert {cell.engine for cell in sweep.cells} == {"rational"}
    assert {results.root for _, results in sweep.restored} == {"results/fits/paper/recorded"}
    assert sweep.request("wzw_su2", "conformal_weight", "n10_f50")["theories"] == 10, "its data sets are made"
    assert "in the paper's tables, PySR with the paper's settings" in sweep.describe()
    assert not sweep_of(*fits, budget="paper", recorded=False).restored
    paper = sweep_of(*(recorded(plain, cell) for cell in CELLS[:1]), budget="paper")
    assert len(paper.restored) == 1


@pytest.mark.parametrize("task", ["central_charge", "conformal_weight", "gap"])
def test_what_is_asked_of_a_data_set_is_what_its_metadata_say(task):
    """The comparison at the start and the data sets themselves speak of the same things, for every family."""
    config = CONFIG | {"families": list(family_names()), "tasks": [task], "engines": ["rational"], "theories": [4]}
    config["central_charge"] = config["central_charge"] | {"theories": [3], "pool": 5}
    sweep = Sweep(config, records="nowhere")
    for cell in sweep.cells:
        data, _ = generate(**sweep.request_of(cell))
        request = sweep._request_of_rows(cell)
        assert request.items() <= request_of_rows(data.metadata).items()
        assert set(request_of_rows(data.metadata)) - set(request) <= {"finite_labels", "finite_values"}
