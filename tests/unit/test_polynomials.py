"""Polynomial arithmetic: the laws, and that python-flint and SymPy agree."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cftsr import polynomials as poly

exponents = st.tuples(st.integers(0, 3), st.integers(0, 3))
polynomials = st.dictionaries(exponents, st.integers(-9, 9).filter(bool), min_size=1, max_size=5)
points = st.tuples(st.integers(-9, 9), st.integers(-9, 9))

both_back_ends = pytest.mark.parametrize("library", ["flint", "sympy"])


def choose(library: str, patch: pytest.MonkeyPatch) -> None:
    if library == "sympy":
        patch.setattr(poly, "flint", None)
    else:
        pytest.importorskip("flint")


def value(polynomial, point) -> int:
    return sum(
        coefficient * prod(x**power for x, power in zip(point, powers, strict=True))
        for powers, coefficient in polynomial.items()
    )


def test_monomials_by_hand():
    assert poly.monomials(2, 2) == [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]
    assert poly.monomials(1, 3) == [(0,), (1,), (2,), (3,)]
    assert [len(poly.monomials(4, degree)) for degree in range(5)] == [1, 5, 15, 35, 70]


@given(polynomials, polynomials, st.integers(-5, 5), points)
def test_arithmetic_is_that_of_the_values(a, b, scale, point):
    assert value(poly.add(a, b, scale), point) == value(a, point) + scale * value(b, point)
    assert value(poly.multiply(a, b), point) == value(a, point) * value(b, point)
    assert 0 not in poly.add(a, b, scale).values()
    assert 0 not in poly.multiply(a, b).values()


def test_content_has_the_sign_of_the_leading_coefficient():
    assert poly.content({(2, 0): -6, (0, 1): 9}) == -3
    assert poly.content({(2, 0): 6, (0, 1): -9}) == 3
    assert poly.content({(0, 0): -4}) == -4
    assert poly.content({}) == 0


@both_back_ends
@settings(max_examples=60)
@given(polynomials, polynomials, polynomials)
def test_cancelling_removes_a_common_factor_and_nothing_else(library, a, b, common):
    with pytest.MonkeyPatch.context() as patch:
        choose(library, patch)
        top, bottom = poly.cancel(poly.multiply(a, common), poly.multiply(b, common))
        assert poly.multiply(top, b) == poly.multiply(bottom, a)  # the same function
        assert poly.greatest_common_divisor(top, bottom) == {(0, 0): 1}  # in lowest terms, integers included
        assert bottom[max(bottom)] > 0  # one form for each function
        assert (top, bottom) == poly.cancel(a, b)


@both_back_ends
def test_cancelling_zero(library, monkeypatch):
    choose(library, monkeypatch)
    assert poly.cancel({}, {(1, 1): -7, (0, 0): 3}) == ({}, {(0, 0): 1})


@both_back_ends
@settings(max_examples=60)
@given(polynomials, polynomials)
def test_dividing_a_product_gives_the_other_factor(library, a, b):
    with pytest.MonkeyPatch.context() as patch:
        choose(library, patch)
        assert poly.divide_exactly(poly.multiply(a, b), b) == a


@both_back_ends
def test_dividing_by_what_does_not_divide_is_an_error(library, monkeypatch):
    choose(library, monkeypatch)
    with pytest.raises(ArithmeticError, match="does not divide"):
        poly.divide_exactly({(1, 0): 1, (0, 0): 1}, {(1, 0): 1})


@both_back_ends
@settings(max_examples=60)
@given(polynomials, polynomials)
def test_quotient_times_divisor_plus_remainder_is_the_dividend(library, a, b):
    with pytest.MonkeyPatch.context() as patch:
        choose(library, patch)
        quotient, remainder = poly.divide_with_remainder(a, b)
    assert poly.add(poly.multiply(quotient, b), remainder) == a


@both_back_ends
@settings(max_examples=60)
@given(polynomials, polynomials)
def test_factors_multiply_to_the_polynomial(library, a, b):
    product = poly.multiply(poly.multiply(a, a), b)
    with pytest.MonkeyPatch.context() as patch:
        choose(library, patch)
        unit, factors = poly.factorise(product)
    total = {(0, 0): unit}
    for factor, power in factors:
        assert factor[max(factor)] > 0
        assert poly.content(factor) == 1
        for _ in range(power):
            total = poly.multiply(total, factor)
    assert total == product
    assert len({frozenset(factor.items()) for factor, _ in factors}) == len(factors)


def test_factorisation_by_hand():
    # 12 q p^2 (p - q)(p + q)
    unit, factors = poly.factorise({(4, 1): 12, (2, 3): -12})
    assert unit == 12
    # Single labels first, in their order.
    assert factors[:2] == [({(1, 0): 1}, 2), ({(0, 1): 1}, 1)]
    assert factors[2:] == [({(1, 0): 1, (0, 1): -1}, 1), ({(1, 0): 1, (0, 1): 1}, 1)]


@settings(max_examples=60)
@given(polynomials, polynomials)
def test_both_back_ends_factorise_cancel_and_divide_alike(a, b):
    pytest.importorskip("flint")
    product = poly.multiply(a, b)

    def results():
        unit, factors = poly.factorise(product)
        as_sets = {(frozenset(factor.items()), power) for factor, power in factors}
        return unit, as_sets, poly.cancel(a, b), poly.greatest_common_divisor(product, b)

    with_flint = results()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(poly, "flint", None)
        assert results() == with_flint


# ---- values at many points


@given(polynomials, st.lists(points, min_size=1, max_size=6))
def test_values_at_points(polynomial, at):
    found = poly.evaluate_exactly(polynomial, np.array(at, dtype=np.int64))
    assert [int(item) for item in found] == [value(polynomial, point) for point in at]


@pytest.mark.parametrize(
    ("polynomial", "at"),
    [
        ({(5,): 1}, [10**6, -(10**6)]),  # 10**30
        ({(2,): 3, (0,): -1}, [3 * 10**9]),
        ({(1,): 10**40}, [0, 1]),
        ({(1,): 10**40}, [0]),  # the term vanishes, but its coefficient does not fit
        ({(0,): 2**63}, [5]),
        ({(1,): 2**62, (0,): 2**62}, [1]),  # each term fits, their sum does not
    ],
)
def test_values_beyond_int64_are_exact(polynomial, at):
    found = poly.evaluate_exactly(polynomial, np.array([[x] for x in at], dtype=np.int64))
    assert [int(item) for item in found] == [value(polynomial, (x,)) for x in at]


def test_no_points_have_no_values():
    assert len(poly.evaluate_exactly({(1, 1): 10**40}, np.empty((0, 2), dtype=np.int64))) == 0


def test_wrong_rows_are_those_that_differ_or_are_undefined():
    k = np.array([[0], [1], [2], [3]])
    above, below = {(1,): 1}, {(1,): 1, (0,): -2}  # k/(k-2)
    target = (np.array([0, -1, 1, 4]), np.array([1, 1, 1, 1]))
    assert poly.wrong_rows(above, below, k, target).tolist() == [2, 3]


def test_wrong_rows_see_a_difference_beyond_int64():
    k = np.array([[10**9]])
    power = {(6,): 1}
    off_by_one = poly.add(power, {(0,): 1})
    one = {(0,): 1}
    huge = np.array([10**54], dtype=object)
    assert poly.wrong_rows(power, one, k, (huge, np.array([1], dtype=object))).tolist() == []
    assert poly.wrong_rows(off_by_one, one, k, (huge, np.array([1], dtype=object))).tolist() == [0]
    # Products that would wrap around in int64: 2**32 * 2**32 = 0 modulo 2**64.
    assert poly.wrong_rows({(0,): 2**32}, {(0,): 1}, k, (np.array([0]), np.array([2**32]))).tolist() == [0]


@given(polynomials, polynomials, st.lists(points, min_size=1, max_size=6))
def test_a_function_is_right_on_its_own_values(a, b, at):
    at = [point for point in at if value(b, point)]
    assume(at)
    x = np.array(at, dtype=np.int64)
    target = np.array([value(a, point) for point in at]), np.array([value(b, point) for point in at])
    assert poly.wrong_rows(a, b, x, target).tolist() == []
    wrong = target[0].copy()
    wrong[-1] += 1
    assert poly.wrong_rows(a, b, x, (wrong, target[1])).tolist() == [len(at) - 1]
