"""Exact coefficients for the terms that a search found."""

from __future__ import annotations

import numpy as np
import pytest

from cftsr.algebra.formula import parse
from cftsr.algebra.shortest_form import shortest
from cftsr.data.dataset import Dataset
from cftsr.data.generate import generate
from cftsr.engines.refinement import Refiner, Support, structure, supports, terms_of
from cftsr.families import get_family

LABELS = ("p", "q", "r", "s")


@pytest.fixture(scope="module")
def rows() -> Dataset:
    data, _ = generate("minimal", {}, "conformal_weight", 40, 1, "0.5")
    return data


def refined(rows: Dataset, *equations: str, limit: int = 40):
    sample = rows.x[:100].astype(float)
    terms = [terms_of(parse(text, LABELS), LABELS, sample) for text in equations]
    function = Refiner(rows).first_exact(supports([item for item in terms if item], limit))
    return function and str(shortest(function, LABELS, ("square",)))


FORMULA = get_family("minimal").closed_forms["conformal_weight"]


@pytest.mark.parametrize(
    "equation",
    [
        "0.26*square(p*r-q*s)/(p*q)-0.23*square(p-q)/(p*q)",
        # Laurent terms, constants far off
        "0.1*r*r*(p/q)+0.3*s*s*(q/p)-r*s+p/q+0.9*(q/p)-2.5",
        # a spurious small term
        "(square(p*r-q*s)-square(p-q))/(4*p*q)+0.0001*s",
        # a common denominator that is no monomial
        "(square(p*r-q*s)*1.1-square(p-q))/(4*p*q*(1+0*p))",
    ],
)
def test_the_right_terms_with_wrong_constants_give_the_formula(rows, equation):
    assert refined(rows, equation) == FORMULA


def test_a_missing_term_gives_nothing(rows):
    assert refined(rows, "0.25*r*r*(p/q)+0.25*s*s*(q/p)-0.5*r*s") is None


def test_a_support_beyond_the_limit_is_not_tried(rows):
    assert refined(rows, "0.26*square(p*r-q*s)/(p*q)-0.23*square(p-q)/(p*q)", limit=5) is None


def test_a_support_that_the_rows_do_not_decide_gives_nothing():
    data, _ = generate("wzw_su2", {}, "conformal_weight", 3, 1, "1")
    wide = Support(frozenset((i, j) for i in range(3) for j in range(3)), frozenset({(0, 0), (1, 0)}))
    assert Refiner(data).solve(wide) is None


def test_equal_factors_are_put_over_one_denominator():
    found = structure(parse("1/(k+2)+l/(k+2)", ("k", "l")), ("k", "l"))
    # Scaled so that the denominator's largest coefficient is 1.
    assert found.numerator == {(0, 0): 0.5, (0, 1): 0.5}
    assert found.denominator() == {(1, 0): 0.5, (0, 0): 1.0}


@pytest.mark.parametrize("equation", ["1/(p-p)", "square(square(square(square(p+q+r+s))))", "p-p"])
def test_what_cannot_be_expanded_is_left_out(equation):
    sample = np.arange(1.0, 41.0).reshape(10, 4)
    assert terms_of(parse(equation, LABELS), LABELS, sample) is None
