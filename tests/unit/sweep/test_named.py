"""Named sweeps: what is listed, and what a run says before it replaces another one's results."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from cftsr.errors import UserError
from cftsr.sweep.config import SHIPPED, merged, read_config
from cftsr.sweep.named import (
    configuration_differences,
    configuration_of,
    describe_sweeps,
    warning_of_change,
    write_configuration,
)
from cftsr.sweep.plan import Sweep

CONFIG = read_config(SHIPPED) | {"engines": ["rational", "operon"]}


def sweep(**changes) -> Sweep:
    return Sweep(merged(deepcopy(CONFIG), changes))


def finish(one: Sweep, folder: Path, recovered=("yes",)) -> None:
    write_configuration(folder / one.results.configuration, configuration_of(one))
    rows = "".join(f"{answer}\n" for answer in recovered)
    (folder / one.results.summary("csv")).write_text(f"recovered\n{rows}")


def test_a_sweep_has_a_folder_of_its_own_and_shares_its_fits():
    one, other = sweep(sweep="one"), sweep(sweep="other")
    assert (one.results.page, other.results.page) == ("results/one/report.html", "results/other/report.html")
    cell = one.cells[0]
    assert one.fits_of(cell) == other.fits_of(cell)
    assert one.fits_of(cell).front(cell.folder) == f"results/fits/quick/{cell.folder}/front.parquet"
    assert sweep().name == "default"


@pytest.mark.parametrize("name", ["fits", "a/b", "..", "", "1st", "a b", 7, "x" * 65])
def test_a_name_is_that_of_a_folder(name):
    with pytest.raises(UserError, match="config sweep"):
        sweep(sweep=name)


def test_a_changed_sweep_under_an_old_name_says_what_it_replaces(tmp_path):
    old = sweep()
    assert warning_of_change(old, tmp_path) == []
    finish(old, tmp_path)
    assert warning_of_change(old, tmp_path) == []
    words = "\n".join(warning_of_change(sweep(theories=[20, 40]), tmp_path))
    assert "theories: 100, 200, 300 before, 20, 40 now" in words
    assert "results/default/ will be replaced; finished fits are kept" in words
    assert "--config sweep=NAME" in words
    assert warning_of_change(sweep(theories=[20], sweep="small"), tmp_path) == []


def test_only_what_results_depend_on_counts_as_a_change():
    base = configuration_of(sweep())
    for same in (
        {"cluster": {"max_minutes": 5}},
        {"fit": {"chunk_minutes": 1}},
        {"budgets": {"thorough": {"operon": {"restarts": 3}}}},  # not the one that is used
        {"engine_options": {"pysr": {"alpha": 1.0}}},  # an engine that does not run
        {"sweep": "other"},
    ):
        assert configuration_differences(base, configuration_of(sweep(**same))) == []
    for other, words in (
        ({"seeds": [0, 1]}, "seeds: 0 before, 0, 1 now"),
        ({"held_out": {"next_theories": 9}}, "held_out.next_theories: 50 before, 9 now"),
        ({"engine_options": {"operon": {"restarts": 7}}}, "engine_options.operon.restarts: 49 before, 7 now"),
        ({"engines": ["rational"]}, "engines: rational, operon before, rational now"),
    ):
        assert configuration_differences(base, configuration_of(sweep(**other))) == [words]


def test_a_damaged_record_of_a_sweep_is_no_obstacle(tmp_path):
    one = sweep()
    finish(one, tmp_path)
    (tmp_path / one.results.configuration).write_text("{")
    assert "cannot be read" in "\n".join(warning_of_change(one, tmp_path))
    assert "default  damaged" in describe_sweeps(tmp_path)


def test_sweeps_are_listed_with_what_they_recovered(tmp_path):
    assert describe_sweeps(tmp_path).startswith("no sweep has its tables here yet")
    finish(sweep(), tmp_path, ("yes", "yes", "no"))
    finish(sweep(sweep="paper_cells"), tmp_path)
    (tmp_path / "results/paper_cells/report.html").write_text("")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/seeds.yaml").write_text("seeds: [0, 1]\n")
    lines = describe_sweeps(tmp_path).splitlines()
    assert lines[0].startswith("default      budget quick, 2 of 3 fits recovered, 2")
    assert lines[1].startswith("paper_cells  budget quick, 1 of 1 fit recovered")
    assert lines[1].endswith("; results/paper_cells/report.html")
    assert lines[-1] == "  configs/seeds.yaml"
