"""The exact engine on data with wrong rows and with uncertainties."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest

from cftsr.engines.base import Problem, problem_of
from cftsr.engines.rational.outliers import tolerated
from tests.unit.conftest import charges, problem_from, weights
from tests.unit.engines.test_rational import certificate, fit, function, outcome

CLOSED = {
    "wzw_su2 h": "l*(l+2)/(4*(k+2))",
    "minimal h": "((p*r-q*s)*(p*r-q*s)-(p-q)*(p-q))/(4*p*q)",
    "wzw_su2 c": "3*k/(k+2)",
    "minimal c": "13-6*(p/q+q/p)",
}
SCALE = 10**15


def exact(cell: str, theories: int = 100) -> Problem:
    family, symbol = cell.split()
    data = weights(family, theories, 30)[0] if symbol == "h" else charges(family, theories)[0]
    return problem_of(data, "free")


def right(cell: str, progress, labels) -> bool:
    return function(progress.candidates[-1].text, labels) == function(CLOSED[cell], labels)


def noisy(problem: Problem, relative: float, seed: int = 0) -> Problem:
    """Each target off by up to its uncertainty, a share of its size."""
    values = [F(int(a), int(b)) for a, b in zip(problem.numerator, problem.denominator, strict=True)]
    off = np.random.default_rng(seed).uniform(-1, 1, len(values)) * relative
    targets = [round(value * SCALE * (1 + F(float(part)))) for value, part in zip(values, off, strict=True)]
    return replace(
        problem,
        numerator=np.array(targets, dtype=np.int64),
        denominator=np.full(len(values), SCALE),
        uncertainty=np.abs(problem.target) * relative + 2.0 / SCALE,
    )


def rounded(problem: Problem, digits: int) -> Problem:
    """Decimals of so many digits, rounded from the exact value."""
    targets = [
        round(F(int(a), int(b)) * 10**digits) for a, b in zip(problem.numerator, problem.denominator, strict=True)
    ]
    return replace(
        problem,
        numerator=np.array(targets, dtype=np.int64),
        denominator=np.full(len(problem), 10**digits),
        uncertainty=np.full(len(problem), 0.5 / 10**digits),
    )


def corrupted(problem: Problem, rows, step: int = 1) -> Problem:
    numerator = problem.numerator.copy()
    numerator[rows] += step
    return replace(problem, numerator=numerator)


# ---- wrong rows


@pytest.mark.parametrize("rows", [[0], [3, 4, 90]])
@pytest.mark.parametrize("cell", CLOSED)
def test_wrong_rows_are_found_and_named(cell, rows):
    pytest.importorskip("flint")
    problem = exact(cell)
    progress = fit(corrupted(problem, rows), max_unknowns=120)
    found = certificate(progress)
    assert right(cell, progress, problem.labels)
    assert outcome(progress) == "identified", found["reasons"]
    assert progress.stop_reason != "exact"
    assert found["wrong_rows_total"] == len(rows)
    assert any(remark.startswith(f"{len(rows)} of {len(problem)} rows disagree") for remark in found["remarks"])
    named = {tuple(row["labels"].values()) for row in found["wrong_rows"]}
    assert named == {tuple(point) for point in problem.x[rows].tolist()}
    for row in found["wrong_rows"]:
        assert F(row["given"]) != F(row["formula"])
        index = np.flatnonzero(np.all(problem.x == list(row["labels"].values()), axis=1))[0]
        assert F(row["formula"]) == F(int(problem.numerator[index]), int(problem.denominator[index]))


def test_two_in_a_hundred_rows_may_be_wrong_and_twenty_are_named():
    pytest.importorskip("flint")
    problem = exact("wzw_su2 h")
    rows = np.random.default_rng(0).choice(len(problem), 31, replace=False)
    progress = fit(corrupted(problem, rows, 3), max_unknowns=120)
    found = certificate(progress)
    assert outcome(progress) == "identified"
    assert right("wzw_su2 h", progress, problem.labels)
    assert (found["wrong_rows_total"], len(found["wrong_rows"])) == (31, 20)


def test_more_wrong_rows_than_tolerated_are_no_formula():
    problem = exact("wzw_su2 c")
    progress = fit(corrupted(problem, [3, 14, 15, 92, 65]))
    assert outcome(progress) == "none"
    assert len(progress.candidates) == 1


def test_no_wrong_rows_are_tolerated_where_none_are_asked_for():
    progress = fit(corrupted(exact("wzw_su2 c"), [3]), wrong_rows=0.0)
    assert outcome(progress) == "none"


def test_how_many_rows_may_be_wrong():
    assert [tolerated(rows, 0.02) for rows in (10, 29, 30, 99, 100, 149, 150, 1000)] == [0, 1, 1, 3, 3, 3, 3, 20]
    assert tolerated(10**6, 0.0) == 0


def test_rare_rows_that_a_formula_explains_are_not_called_wrong():
    # t is 1 on one row in a hundred: without its term, a formula of fewer unknowns is right on all others.
    rows = [(k, l, int((k + 7 * l) % 97 == 0)) for k in range(1, 41) for l in range(k)]
    problem = problem_from(("k", "l", "t"), 1, [(k, l, t, F(l + t * k * k * k, k + 2)) for k, l, t in rows])
    progress = fit(problem)
    assert "wrong_rows" not in certificate(progress)
    wrong = [i for i, (k, l, t) in enumerate(rows) if t]
    assert 0 < len(wrong) <= tolerated(len(rows), 0.02)


@pytest.mark.parametrize("seed", range(4))
def test_random_numbers_are_no_formula_with_wrong_rows(seed):
    generator = np.random.default_rng(seed)
    rows = [
        (k, l, F(int(generator.integers(1, 99)), int(generator.integers(1, 99)))) for k in range(9) for l in range(9)
    ]
    progress = fit(problem_from(("k", "l"), 1, rows), max_unknowns=60)
    assert outcome(progress) == "none"


# ---- uncertainties


@pytest.mark.parametrize("relative", [1e-12, 1e-9, 1e-7, 1e-6])
@pytest.mark.parametrize("cell", CLOSED)
def test_noise_up_to_one_in_a_million(cell, relative):
    problem = noisy(exact(cell), relative)
    progress = fit(problem)
    found = certificate(progress)
    assert right(cell, progress, problem.labels)
    assert outcome(progress) == "identified", found["reasons"]
    assert found["agreement"] == "within uncertainty"
    assert "approximate" not in found
    assert found["chance"] < 2e-3
    assert progress.stop_reason != "exact"


@pytest.mark.parametrize("digits", [8, 12])
@pytest.mark.parametrize("cell", CLOSED)
def test_rounded_decimals(cell, digits):
    problem = rounded(exact(cell), digits)
    progress = fit(problem)
    assert outcome(progress) == "identified", certificate(progress)["reasons"]
    assert right(cell, progress, problem.labels)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("cell", CLOSED)
def test_one_in_a_thousand_identifies_no_wrong_formula(cell, seed):
    problem = noisy(exact(cell, 40), 1e-3, seed)
    progress = fit(problem, max_unknowns=90)
    assert outcome(progress) != "identified" or right(cell, progress, problem.labels)


def test_an_uncertainty_that_is_a_standard_deviation_makes_the_formula_approximate():
    problem = exact("wzw_su2 h")
    width = np.full(len(problem), 1e-8)
    off = np.rint(np.random.default_rng(1).standard_normal(len(problem)) * 1e7).astype(int)
    targets = [
        round(F(int(a), int(b)) * SCALE) + int(step)
        for a, b, step in zip(problem.numerator, problem.denominator, off, strict=True)
    ]
    progress = fit(
        replace(
            problem,
            numerator=np.array(targets, dtype=np.int64),
            denominator=np.full(len(problem), SCALE),
            uncertainty=width,
        )
    )
    found = certificate(progress)
    assert outcome(progress) == "fits"
    assert found["approximate"] is True
    assert any(reason.startswith("approximate: ") for reason in found["reasons"])
    assert right("wzw_su2 h", progress, problem.labels)


def test_wrong_rows_among_uncertain_ones_are_named():
    problem = noisy(exact("wzw_su2 h"), 1e-9)
    progress = fit(corrupted(problem, [100, 700, 1500], SCALE // 7))
    found = certificate(progress)
    assert right("wzw_su2 h", progress, problem.labels)
    assert found["wrong_rows_total"] == 3
    assert outcome(progress) == "identified", found["reasons"]


def test_exact_rows_are_used_first_and_the_others_checked():
    problem = exact("wzw_su2 h", 30)
    rough = noisy(problem, 1e-4)
    known = np.arange(len(problem)) % 3 > 0
    mixed = replace(
        rough,
        numerator=np.where(known, problem.numerator, rough.numerator),
        denominator=np.where(known, problem.denominator, rough.denominator),
        uncertainty=np.where(known, 0.0, rough.uncertainty),
    )
    progress = fit(mixed)
    assert outcome(progress) == "identified", certificate(progress)["reasons"]
    assert right("wzw_su2 h", progress, problem.labels)
    assert certificate(progress)["rows"] == len(problem)
    assert certificate(progress)["agreement"] == "within uncertainty"
    # An uncertain row that is far off is named.
    row = int(np.flatnonzero(~known)[40])
    named = certificate(fit(corrupted(mixed, [row], SCALE)))["wrong_rows"]
    assert [list(item["labels"].values()) for item in named] == [problem.x[row].tolist()]


def test_a_constant_among_uncertain_targets_stays_on_the_front():
    problem = noisy(problem_from(("k",), 1, [(k, F(1)) for k in range(1, 60)]), 1e-6)
    progress = fit(problem)
    assert outcome(progress) == "identified", certificate(progress)["reasons"]
    assert [equation.text for equation in problem.front(list(progress.candidates))] == ["1"]


@pytest.mark.parametrize("relative", [1e-9, 1e-3])
def test_nonsense_with_an_uncertainty_is_refused(relative):
    generator = np.random.default_rng(0)
    problem = problem_from(("k", "l"), 1, [(k, l, F(1)) for k in range(1, 16) for l in range(k)])
    problem = replace(problem, numerator=generator.integers(1, SCALE, len(problem)))
    progress = fit(noisy(replace(problem, denominator=np.full(len(problem), SCALE)), relative), max_unknowns=60)
    assert outcome(progress) == "none"
    assert certificate(progress)["reasons"][0]
    assert len(progress.candidates) == 1
