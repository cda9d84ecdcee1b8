"""configs/: each can be run as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cftsr.families import family_names
from cftsr.sweep.config import SHIPPED, changes, merged, read_config, sweep_name, validate
from cftsr.sweep.plan import Sweep

CONFIGS = sorted((SHIPPED.parent / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_shipped_configuration_is_a_sweep_with_a_name(path: Path, monkeypatch):
    monkeypatch.chdir(SHIPPED.parent)
    name = sweep_name([path])
    config = merged(read_config(SHIPPED), read_config(path)) | {"sweep": name, "engines": ["rational"]}
    sweep = Sweep(config)
    sweep.check_files()
    assert sweep.name == path.stem
    assert sweep.cells
    assert changes(validate(config), SHIPPED).keys() > {"sweep", "engines"}


def test_the_papers_cells_are_those_of_the_quick_sweep_with_the_papers_budget():
    paper = merged(read_config(SHIPPED), read_config(SHIPPED.parent / "configs/paper.yaml")) | {"engines": ["rational"]}
    quick = read_config(SHIPPED) | {"engines": ["rational"]}
    assert Sweep(paper).cells == Sweep(quick).cells
    assert (Sweep(paper).budget, Sweep(quick).budget) == ("paper", "quick")


def test_all_families_are_all_families():
    assert set(read_config(SHIPPED.parent / "configs/all_families.yaml")["families"]) == set(family_names())
