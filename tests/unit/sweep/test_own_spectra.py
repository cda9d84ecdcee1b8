"""`spectra:` in config.yaml: users' own files as cells of the sweep."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from cftsr.errors import UserError
from cftsr.sweep.cells import Cell
from cftsr.sweep.plan import Sweep

ROOT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
MINE = {
    "name": "mine",
    "file": "data/examples/lee_yang_series.csv",
    "target": "h",
    "theory_labels": ["n"],
    "state_labels": ["s"],
}


@pytest.fixture(autouse=True)
def _project_folder(monkeypatch):
    monkeypatch.chdir(ROOT)


def config(*spectra: dict, **keys) -> dict:
    return deepcopy(CONFIG) | {"families": [], "engines": ["rational", "operon"], "spectra": list(spectra)} | keys


def test_a_file_is_a_data_set_with_every_engine_and_setting():
    sweep = Sweep(config(MINE, seeds=[0, 1]))
    assert sweep.cells[0] == Cell("mine", "given", 9, None, "any", "rational", 0)
    assert len(sweep.cells) == 1 + 3 * 2
    assert sweep.cells[0].folder == "mine/given/n9/any/rational/seed0"
    assert sweep.closed_form("mine", "given") is None
    assert sweep.options("operon", "given") == sweep.options("operon", "conformal_weight")
    sweep.check_files()


def test_it_stands_beside_the_families():
    sweep = Sweep(config(MINE, families=["wzw_su2"], theories=[20], fractions=[1]))
    assert {cell.family for cell in sweep.cells} == {"wzw_su2", "mine"}


def test_without_square_integer_flat_is_left_out():
    sweep = Sweep(config(MINE | {"unary_operators": []}))
    assert {cell.setting for cell in sweep.cells} == {"any", "free", "integer"}


REFUSED = [
    ([MINE | {"name": "../mine"}], "a name is lower-case"),
    ([MINE | {"name": "Mine"}], "a name is lower-case letters, digits and _"),
    ([MINE | {"name": "mine/../../x"}], "a name is lower-case"),
    ([MINE | {"name": "minimal"}], "a family has that name"),
    ([MINE, MINE], "two spectra have that name"),
    ([MINE | {"file": "/etc/passwd"}], "outside the project's folder"),
    ([MINE | {"file": "data/../../secret.csv"}], "outside the project's folder"),
    ([MINE | {"hold_out": {"column": "test", "theories": 0.1}}], "a column and shares"),
    ([MINE | {"hold_out": {"theories": 1.0}}], "must be at most 0.9"),
    ([MINE | {"unary_operators": ["sin"]}], "'sin' does not exist"),
    ([MINE | {"labels": ["n"]}], "key 'labels' does not exist"),
    ([{key: value for key, value in MINE.items() if key != "target"}], "'target' is missing"),
    ([MINE | {"target": "weight"}], "no column 'weight' for the target"),
    ([MINE | {"file": "data/none.csv"}], "cannot read data/none.csv"),
    ([], "families is an empty list, and so is spectra"),
]


@pytest.mark.parametrize(("spectra", "message"), REFUSED)
def test_a_mistake_is_said_before_anything_starts(spectra, message):
    with pytest.raises(UserError) as error:  # noqa: PT012 - some are seen without a look at the file, some with
        sweep = Sweep(config(*spectra))
        sweep.check_files()
    assert message in str(error.value)
