"""What jobs ask a cluster for: grows with the work and the attempt, and stops at the limits."""

from __future__ import annotations

import pytest
import yaml

from cftsr.engines.base import Engine
from cftsr.sweep import resources
from cftsr.sweep.plan import Sweep
from cftsr.sweep.resources import ClusterLimits, estimated_rows, of_collection, of_fit, of_spectrum, of_verdict
from tests.workflow.conftest import ROOT

LIMITS = ClusterLimits(mem_mb=32_000, minutes=2_880)
RATIONAL = {"max_unknowns": 300}
OPERON = {"restarts": 49}
PYSR = {"iterations": {"central_charge": 400, "other": 600}, "populations": 20, "ncycles_per_iteration": 380, "rows": 0}
PYSR |= {"restarts": 1}


def fit(engine, options, rows=14_010, task="conformal_weight", attempt=1, limits=LIMITS):
    return of_fit(engine, task, rows, options, attempt, limits=limits)


def test_rows_of_the_papers_data_sets_are_of_the_right_size():
    assert estimated_rows("n100") == 100
    assert estimated_rows("n100_f100") == 5_000  # su(2)_k: 5,150
    assert estimated_rows("n300_f50") == 22_500  # minimal: 14,010
    assert estimated_rows("n100_f12.5") == 625
    with pytest.raises(ValueError, match="no name of a data set"):
        estimated_rows("n100_f")


def test_more_than_was_measured_is_asked_for():
    """CPU seconds and MB as measured on one core; DESIGN of the engines, README of pysr-samples."""
    assert fit("rational", RATIONAL).mem_mb > 160
    assert fit("rational", RATIONAL).runtime <= 3, "cheap enough to put many into one submission"
    assert fit("operon", OPERON).runtime > 104 / 60
    assert fit("pysr", PYSR).runtime > (35 + 824) / 60
    assert fit("pysr", PYSR, rows=1_000).runtime > (35 + 316) / 60
    assert fit("pysr", PYSR | {"rows": 200, "iterations": 3000}).runtime > (35 + 410) / 60


def test_it_grows_with_rows_and_work():
    assert fit("pysr", PYSR).runtime > fit("pysr", PYSR | {"rows": 200}).runtime
    assert fit("pysr", PYSR).runtime > fit("pysr", PYSR, task="central_charge").runtime
    assert fit("operon", {"restarts": 200}).runtime > fit("operon", OPERON).runtime
    assert fit("rational", {"max_unknowns": 600}).runtime > fit("rational", RATIONAL).runtime
    assert fit("rational", RATIONAL, rows=10**6).mem_mb > fit("rational", RATIONAL).mem_mb
    assert of_spectrum("n1000_f50", limits=LIMITS).runtime > of_spectrum("n100_f50", limits=LIMITS).runtime
    assert of_verdict("operon", 100, 20, limits=LIMITS).runtime > of_verdict("rational", 100, 20, limits=LIMITS).runtime
    assert of_collection(20_000, limits=LIMITS).mem_mb > of_collection(1, limits=LIMITS).mem_mb


def test_an_engine_that_does_not_say_is_given_a_day():
    assert Engine.needs("conformal_weight", 100, {}).minutes == 24 * 60


@pytest.mark.parametrize("engine", ["rational", "operon", "pysr"])
def test_another_attempt_asks_for_more_up_to_the_limits(engine):
    options = RATIONAL | OPERON | PYSR
    first, second = fit(engine, options), fit(engine, options, attempt=2)
    assert second.mem_mb == pytest.approx(2 * first.mem_mb, abs=1)
    assert first.runtime < second.runtime <= 2 * first.runtime
    limits = ClusterLimits(mem_mb=500, minutes=1)
    assert fit(engine, options, attempt=9, limits=limits) == resources.Resources(500, 1)


def test_every_cell_of_the_shipped_sweep_asks_for_whole_numbers_within_its_limits():
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")) | {"engines": ["rational", "operon"]}
    limits = ClusterLimits(config["cluster"]["max_mem_mb"], config["cluster"]["max_minutes"])
    for budget in config["budgets"]:
        sweep = Sweep(config | {"budget": budget})
        for cell in sweep.cells:
            rows = estimated_rows(cell.dataset)
            requested = of_fit(cell.engine, cell.task, rows, sweep.options(cell.engine, cell.task), limits=limits)
            assert type(requested.mem_mb) is type(requested.runtime) is int
            assert 1 <= requested.mem_mb <= limits.mem_mb
            assert 1 <= requested.runtime <= limits.minutes
