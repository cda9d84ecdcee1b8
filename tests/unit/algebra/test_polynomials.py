"""Polynomial arithmetic: the laws, and that SymPy agrees."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cftsr.algebra import polynomials as poly

exponents = st.tuples(st.integers(0, 3), st.integers(0, 3))
polynomials = st.dictionaries(exponents, st.integers(-9, 9).filter(bool), min_size=1, max_size=5)
points = st.tuples(st.integers(-9, 9), st.integers(-9, 9))


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


@settings(max_examples=60)
@given(polynomials, polynomials)
def test_dividing_a_product_gives_the_other_factor(a, b):
    assert poly.divide_exactly(poly.multiply(a, b), b) == a


def test_dividing_by_what_does_not_divide_is_an_error():
    with pytest.raises(ArithmeticError, match="does not divide"):
        poly.divide_exactly({(1, 0): 1, (0, 0): 1}, {(1, 0): 1})


@settings(max_examples=60)
@given(polynomials, polynomials)
def test_quotient_times_divisor_plus_remainder_is_the_dividend(a, b):
    quotient, remainder = poly.divide_with_remainder(a, b)
    assert poly.add(poly.multiply(quotient, b), remainder) == a


@settings(max_examples=60)
@given(polynomials, polynomials)
def test_factors_multiply_to_the_polynomial(a, b):
    product = poly.multiply(poly.multiply(a, a), b)
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
def test_sympy_factorises_and_cancels_alike(a, b):
    product = poly.multiply(a, b)
    domain = sympy.ring(["x0", "x1"], sympy.ZZ)[0]
    right, whole = (domain.from_dict(dict(polynomial)) for polynomial in (b, product))
    _, factors = poly.factorise(product)
    reference = [(dict(factor), power) for factor, power in whole.factor_list()[1]]
    positive = {
        (frozenset(poly.divide_constant(factor, poly.content(factor)).items()), power) for factor, power in reference
    }
    assert {(frozenset(factor.items()), power) for factor, power in factors} == positive
    common = dict(whole.gcd(right))
    ours = poly.greatest_common_divisor(product, b)
    assert ours in (common, poly.divide_constant(common, -1))


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


@given(
    st.lists(st.tuples(st.integers(-(2**40), 2**40), st.integers(0, 3)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(-(2**40), 2**40), st.integers(0, 3)), min_size=1, max_size=4),
    st.lists(st.integers(-(2**31), 2**31), min_size=1, max_size=8),
    st.data(),
)
def test_the_modular_check_of_rows_agrees_with_fractions(above, below, points, data):
    """Values far beyond 64 bits: no row may pass because a difference is a multiple of a modulus."""
    numerator, denominator = ({(power,): value for value, power in part if value} for part in (above, below))
    assume(denominator)
    x = np.array(points, dtype=np.int64)[:, None]
    top, bottom = [], []
    for k in points:
        p, q = (sum(value * k**power for (power,), value in part.items()) for part in (numerator, denominator))
        value = Fraction(p, q) if q else Fraction(1)
        fits = abs(value.numerator) < 2**62 and value.denominator < 2**62
        value = value if fits else Fraction(data.draw(st.integers(-(2**62), 2**62)), 7)
        top.append(value.numerator + (data.draw(st.sampled_from([0, 0, 1, 2**31 - 1])) if fits else 0))
        bottom.append(value.denominator)
    target = np.array(top, dtype=np.int64), np.array(bottom, dtype=np.int64)
    wrong = []
    for i, k in enumerate(points):
        p, q = (sum(value * k**power for (power,), value in part.items()) for part in (numerator, denominator))
        if q == 0 or Fraction(p, q) != Fraction(int(target[0][i]), int(target[1][i])):
            wrong.append(i)
    assert poly.wrong_rows(numerator, denominator, x, target).tolist() == wrong


def test_a_difference_that_is_a_multiple_of_the_word_is_seen():
    # 2^32 * 2^32 is 0 modulo 2^64.
    x = np.array([[2**31], [0]])
    assert poly.wrong_rows({(2,): 4}, {(0,): 1}, x, (np.array([0, 0]), np.array([1, 1]))).tolist() == [0]


def test_rows_with_an_uncertainty_agree_within_it_and_the_others_exactly():
    k = np.arange(1, 5)[:, None]
    above, below = {(1,): 3}, {(1,): 1, (0,): 2}
    # 1, 3/2, 9/5, 2; the first is exact and off, the second off by more, the third by exactly its uncertainty.
    target = np.array([1001, 1510, 1801, 2000]), np.array([1000, 1000, 1000, 1000])
    uncertainty = np.array([0.0, 0.001, 0.0010000000000000001, 0.5])
    found = poly.wrong_rows(above, below, k, target, uncertainty)
    assert found.tolist() == [0, 1, *([2] if Fraction(0.0010000000000000001) < Fraction(1, 1000) else [])]
    assert poly.wrong_rows(above, below, k, target).tolist() == [0, 1, 2]
    # Undefined is not near anything.
    assert poly.wrong_rows({(0,): 1}, {(1,): 1, (0,): -2}, k, target, np.full(4, 9.0)).tolist() == [1]


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 60), st.integers(0, 40)), min_size=1, max_size=12),
)
def test_agreement_within_an_uncertainty_is_decided_exactly(rows):
    x = np.arange(1, len(rows) + 1)[:, None]
    above, below = {(2,): 1, (0,): -3}, {(1,): 7, (0,): 1}
    width = np.array([row[2] / 8 for row in rows])  # exact in binary: ties are ties
    target = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    expected = [
        i
        for i, (n, d, w) in enumerate(rows)
        if abs(Fraction((i + 1) ** 2 - 3, 7 * (i + 1) + 1) - Fraction(n, d)) > Fraction(w, 8)
    ]
    assert poly.wrong_rows(above, below, x, target, width).tolist() == expected
