"""The operon engine: fair inputs, settings kept, reproducible chunks, constants polished."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from cftsr.algebra.expressions import constants, evaluate
from cftsr.algebra.formula import parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.data.generate import generate
from cftsr.engines import get_engine
from cftsr.engines.base import Assignment, Progress, problem_of
from cftsr.engines.operon.engine import polish, run_once, schedule
from cftsr.engines.refinement import has_nested_square
from cftsr.engines.scaling import quotient_near
from cftsr.fronts.front import Candidate
from cftsr.vocabulary import REFINED

CONFIG = yaml.safe_load((Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8"))
QUICK = CONFIG["engine_options"]["operon"] | {"restarts": 3, "first_population": 100, "first_generations": 10}
QUICK |= {"real_population": 100, "real_generations": 10, "unit_population": 100, "unit_generations": 10}


def problem(family: str = "wzw_su2", task: str = "conformal_weight", setting: str = "free", theories: int = 30):
    fraction = None if task == "central_charge" else "0.5"
    return problem_of(generate(family, {}, task, theories, 1, fraction, pool=60)[0], setting)


def fit(problem, options=QUICK, seed=0, progress=None):
    return list(
        get_engine("operon")().chunks(Assignment(problem, options, seed, lambda line: None), progress or Progress())
    )


def test_the_central_charge_is_found_and_its_origin_is_said():
    states = fit(problem(task="central_charge"), CONFIG["engine_options"]["operon"])
    assert states[-1].stop_reason == "exact"
    assert Candidate("3*k/(k+2)", origin=REFINED).text in [item.text for item in states[-1].candidates]
    assert states[-1].candidates[-1].origin == REFINED


def test_the_same_seed_gives_the_same_states_and_another_seed_others():
    hard = problem("minimal")
    options = QUICK | {"refine": False}
    first = fit(hard, options)
    assert first == fit(hard, options)
    assert first[-1].candidates != fit(hard, options, seed=1)[-1].candidates
    assert [state.chunk for state in first] == [1, 2, 3]
    assert first[-1].stop_reason == "exhausted"


def test_a_fit_that_resumes_after_any_chunk_ends_the_same():
    hard = problem("minimal")
    options = QUICK | {"refine": False}
    whole = fit(hard, options)
    for state in whole[:-1]:
        assert fit(hard, options, progress=state)[-1] == whole[-1]


@pytest.mark.parametrize("setting", ["integer", "integer_flat"])
def test_integer_settings_have_no_real_constants(setting):
    expressions, evaluations = run_once(problem("minimal", setting=setting), QUICK, 0, 0)
    assert evaluations > 0
    assert len(expressions) > 5
    assert all(constants(expression) == [] for expression in expressions)
    if setting == "integer_flat":
        assert not any(has_nested_square(expression) for expression in expressions)


def test_operators_that_the_family_does_not_have_do_not_occur():
    expressions, _ = run_once(problem("wzw_su2"), QUICK, 0, 0)
    assert not any(node.kind == "square" for expression in expressions for node in expression.walk())


@pytest.mark.parametrize("restart", range(6))
@pytest.mark.parametrize("setting", ["free", "integer"])
def test_equations_are_printed_in_the_labels_whatever_the_inputs(setting, restart):
    asked = problem("minimal", setting=setting)
    for expression in run_once(asked, QUICK, 0, restart)[0]:
        assert parse(str(expression), asked.columns) == expression


def test_the_schedule_goes_through_its_lists_the_bands_fastest():
    options = QUICK | {"bands": ["whole", "upper"], "inputs": ["products+1", "labels+3"], "objectives": ["r2", "mae"]}
    integer = [schedule(options, True, restart) for restart in range(6)]
    assert [(turn["inputs"].kind, turn["inputs"].integers, turn["band"]) for turn in integer] == [
        ("labels", 10, (0.0, 1.0)),
        ("products", 1, (0.0, 1.0)),
        ("products", 1, (0.5, 1.0)),
        ("labels", 3, (0.0, 1.0)),
        ("labels", 3, (0.5, 1.0)),
        ("products", 1, (0.0, 1.0)),
    ]
    assert not any(turn["real_constants"] for turn in integer)
    free = [schedule(options, False, restart) for restart in range(10)]
    assert [turn["real_constants"] for turn in free] == [True, *[True, False] * 4, True]
    assert [turn["objective"] for turn in free if turn["real_constants"]] == ["r2", "r2", "r2", "mae", "mae", "r2"]
    only_real = [schedule(options | {"weights": "real"}, False, restart) for restart in range(10)]
    assert all(turn["real_constants"] for turn in only_real)


def test_polishing_refits_real_constants_and_leaves_integers_alone():
    asked = problem("wzw_su2")
    rough = Candidate("0.2503*l*(l+2)/(k+1.997)")
    polished = parse(polish(asked, rough).text, asked.columns)
    error = np.mean((evaluate(polished, asked.columns) - asked.target) ** 2)
    assert error < 1e-25
    assert 2 in constants(polished)
    assert polish(asked, Candidate("l/k+3")) == Candidate("l/k+3")


@pytest.mark.parametrize(("value", "quotient"), [(0.25, (1, 4)), (-1.5, (-3, 2)), (7.0, (7, 1)), (100.0, (10, 1))])
def test_scales_are_rounded_to_quotients_of_integer_columns(value, quotient):
    assert quotient_near(value) == quotient


def test_squares_within_squares_are_seen():
    names = ["p", *INTEGER_COLUMNS]
    assert has_nested_square(parse("square(1+square(p))", names))
    assert not has_nested_square(parse("square(p)*square(p)", names))
