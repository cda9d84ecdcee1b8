"""The certificate: finite labels, the other formula, the measurement that would decide, and no wrong claim."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cftsr.algebra import polynomials as poly
from cftsr.algebra.ansatz import FiniteLabels, ansatzes
from cftsr.algebra.rational_function import RationalFunction
from cftsr.data.generate import lowest_levels
from cftsr.data.tasks import TASKS
from cftsr.engines.base import problem_of
from cftsr.errors import UserError
from cftsr.families import get_family
from cftsr.fronts.verdict import judge_front
from tests.unit.conftest import problem_from, weights
from tests.unit.engines.test_rational import certificate, fit, function, outcome

BITS = FiniteLabels((1, 2), tuple(product((0, 1), repeat=2)))


def data_of(name: str, task: str, theories: int, percent: int):
    return lowest_levels(get_family(name), TASKS[task], theories, F(percent, 100), next_theories=3)


def check_competitor(problem, progress) -> dict:
    """The other formula passes through every row, is another one, and differs where the certificate says."""
    found = certificate(progress)
    one, other = (
        function(progress.candidates[-1].text, problem.labels),
        function(found["competing_formula"], problem.labels),
    )
    assert one != other
    for item in (one, other):
        wrong = poly.wrong_rows(item.above, item.below, problem.x, (problem.numerator, problem.denominator))
        assert not len(wrong)
    point = np.array([[found["deciding_labels"][label] for label in problem.labels]])
    values = [
        str(F(int(poly.evaluate_exactly(item.above, point)[0]), int(poly.evaluate_exactly(item.below, point)[0])))
        for item in (one, other)
    ]
    assert found["deciding_values"] == values
    assert values[0] != values[1]
    assert point[0].tolist() not in problem.x.tolist()
    return found


# ---- finite labels


def test_as_many_monomials_as_joint_values():
    assert BITS.basis == ((0, 0), (1, 0), (0, 1), (1, 1))
    assert FiniteLabels((0,), ((0,), (1,), (2,))).basis == ((0,), (1,), (2,))
    # (1, 1) never occurs: v*s is 0 everywhere, and is no monomial of its own.
    assert FiniteLabels((1, 2), BITS.values[:3]).basis == ((0, 0), (1, 0), (0, 1))
    found = ansatzes([50, 2, 2], 3, 100, BITS)
    assert all(item[1] <= 1 and item[2] <= 1 for ansatz in found for item in ansatz.above + ansatz.below)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=6, unique=True))
def test_indicators_are_one_at_their_value_and_zero_at_the_others(values):
    finite = FiniteLabels((0, 2), tuple(values))
    assert len(finite.basis) == len(values)
    points = np.array([(v, 5, w) for v, w in values])
    for i, value in enumerate(values):
        above, below = finite.indicator(value, 3)
        found = poly.evaluate_exactly(above, points) / poly.evaluate_exactly(below, points)
        assert found.tolist() == [float(i == j) for j in range(len(values))]


def test_functions_are_the_same_where_they_agree_on_the_finite_values():
    s, square, v = (RationalFunction({key: 1}, {(0, 0, 0): 1}) for key in ((0, 0, 1), (0, 0, 2), (0, 1, 0)))
    assert BITS.same(s, square)
    assert not FiniteLabels().same(s, square)
    assert not BITS.same(s, v)


@pytest.mark.parametrize("task", ["conformal_weight", "energy"])
@pytest.mark.parametrize(("name", "theories"), [("n1_superconformal", 100), ("n2_superconformal", 25)])
def test_a_sector_is_a_finite_label(name, theories, task):
    pytest.importorskip("flint")
    data, held_out = data_of(name, task, theories, 30)
    problem = problem_of(data, "free")
    progress = fit(problem)
    found = certificate(progress)
    assert outcome(progress) == "identified", found["reasons"]
    front = problem.front(list(progress.candidates))
    verdict = judge_front(front, data, held_out, TASKS[task].closed_form(get_family(name)), 20)
    assert verdict["recovered"] == "yes"
    assert [item["outcome"] for item in found["slices"]] == ["identified", "identified"]
    assert sum(item["rows"] for item in found["slices"]) == len(data)
    # Undeclared, the two values of the sector test nothing.
    assert outcome(fit(replace(problem, finite_labels=(), finite_values=()))) == "fits"


@pytest.mark.parametrize("task", ["conformal_weight", "energy"])
def test_a_joint_value_that_never_occurs_is_told_of(task):
    data, _ = data_of("so_n_level1", task, 100, 30)
    problem = problem_of(data, "free")
    progress = fit(problem)
    assert outcome(progress) == "fits"
    assert any("where v=1, s=1: there is no row" in reason for reason in certificate(progress)["reasons"])
    found = check_competitor(problem, progress)
    assert (found["deciding_labels"]["v"], found["deciding_labels"]["s"]) == (1, 1)


@pytest.mark.parametrize("task", ["conformal_weight", "energy"])
def test_all_joint_values_identify(task):
    data, held_out = data_of("so_n_level1", task, 100, 100)
    problem = problem_of(data, "free")
    progress = fit(problem)
    assert outcome(progress) == "identified", certificate(progress)["reasons"]
    front = problem.front(list(progress.candidates))
    closed = TASKS[task].closed_form(get_family("so_n_level1"))
    assert judge_front(front, data, held_out, closed, 20)["recovered"] == "yes"


def test_a_finite_label_in_the_denominator():
    rows = [(k, s, F(k + s, k + 2 + s)) for k in range(1, 40) for s in (0, 1, 2)]
    problem = replace(problem_from(("k", "s"), 1, rows), finite_labels=("s",), finite_values=((0,), (1,), (2,)))
    progress = fit(problem)
    assert outcome(progress) == "identified"
    assert function(progress.candidates[-1].text, ("k", "s")) == function("(k+s)/(k+2+s)", ("k", "s"))


def test_one_joint_value_may_be_poorly_known():
    # Where s = 1, only two theories are known: a line through two points is no formula.
    rows = [(k, s, F(k + s, k + 2)) for k in range(1, 40) for s in (0, 1) if s == 0 or k < 3]
    problem = replace(problem_from(("k", "s"), 1, rows), finite_labels=("s",), finite_values=((0,), (1,)))
    progress = fit(problem)
    assert outcome(progress) == "fits"
    assert all(reason.startswith("where s=1: ") for reason in certificate(progress)["reasons"][:1])


def test_labels_that_are_all_finite_identify_nothing():
    rows = [(s, F(s * s + 1, 3)) for s in range(9)]
    problem = replace(problem_from(("s",), 1, rows), finite_labels=("s",), finite_values=tuple((s,) for s in range(9)))
    assert outcome(fit(problem)) != "identified"


def test_a_row_outside_the_declared_values_is_refused():
    rows = [(k, k % 3, F(k, 2)) for k in range(1, 30)]
    problem = replace(problem_from(("k", "s"), 1, rows), finite_labels=("s",), finite_values=((0,), (1,)))
    with pytest.raises(UserError, match="a row has s=2"):
        fit(problem)


# ---- the other formula


def test_a_coincidence_of_few_theories_comes_with_the_right_formula_as_its_rival():
    """3l/(2(2k-11l+15)) is exact on the lowest tenth of the first 20 su(2)_k; only a refit tells."""
    problem = problem_of(weights("wzw_su2", 20, 10)[0], "free")
    progress = fit(problem)
    assert outcome(progress) == "fits"
    assert function(progress.candidates[-1].text, problem.labels) != function("l*(l+2)/(4*(k+2))", problem.labels)
    found = check_competitor(problem, progress)
    assert found["dimension"] == 1
    assert function(found["competing_formula"], problem.labels) == function("l*(l+2)/(4*(k+2))", problem.labels)


@pytest.mark.parametrize("theories", [8, 15])
def test_a_label_of_one_or_two_values_passes_refits_but_not_the_certificate(theories):
    problem = problem_of(weights("wzw_su2", theories, 10)[0], "free")
    progress = fit(problem)
    assert outcome(progress) != "identified"
    if outcome(progress) == "fits":
        check_competitor(problem, progress)


@pytest.mark.parametrize(("name", "theories"), [("minimal", 8), ("minimal", 20), ("minimal", 30), ("w3_minimal", 6)])
def test_few_theories_lie_on_curves(name, theories):
    data, _ = data_of(name, "conformal_weight", theories, 100)
    progress = fit(problem_of(data, "free"), max_unknowns=120)
    assert outcome(progress) != "identified"


def test_few_values_of_a_label_come_with_a_polynomial_that_vanishes_on_them():
    rows = [(k, l, F(l * (l + 2), 4 * (k + 2))) for k in range(1, 31) for l in range(3)]
    problem = problem_from(("k", "l"), 1, rows)
    progress = fit(problem)
    assert outcome(progress) == "fits"
    assert check_competitor(problem, progress)["deciding_labels"]["l"] == 3


def test_rows_on_a_curve_have_a_rival_of_the_same_degrees():
    rows = [(p, p - 1, F(p * p - 1, 4)) for p in range(2, 40)]
    problem = problem_from(("p", "q"), 2, rows)
    progress = fit(problem)
    assert outcome(progress) == "fits"
    found = check_competitor(problem, progress)
    assert found["competing_degrees"] == found["degrees"]


@settings(max_examples=25)
@given(st.integers(1, 40), st.integers(1, 10), st.sampled_from(["wzw_su2", "minimal"]))
def test_no_wrong_formula_is_ever_called_identified(theories, tenths, family):
    data, _ = lowest_levels(
        get_family(family),
        TASKS["conformal_weight"],
        min(theories, 40 if family == "wzw_su2" else 16),
        F(tenths, 10),
        next_theories=0,
    )
    problem = problem_of(data, "free")
    progress = fit(problem, max_unknowns=100)
    closed = get_family(family).closed_forms["conformal_weight"]
    right = function(progress.candidates[-1].text, problem.labels) == function(closed, problem.labels)
    assert outcome(progress) != "identified" or right
    if "competing_formula" in certificate(progress) and "deciding_labels" in certificate(progress):
        check_competitor(problem, progress)
