"""Rational functions: arithmetic is that of the values, and one function has one form in lowest terms."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from hypothesis import given, settings
from hypothesis import strategies as st

from cftsr.algebra import polynomials as poly
from cftsr.algebra.rational_function import RationalFunction

exponents = st.tuples(st.integers(0, 3), st.integers(0, 3))
polynomials = st.dictionaries(exponents, st.integers(-9, 9).filter(bool), min_size=1, max_size=4)
functions = st.builds(RationalFunction, polynomials, polynomials)
ONE = {(0, 0): 1}


def value(function: RationalFunction, point) -> Fraction | None:
    above, below = (
        sum(c * prod(x**power for x, power in zip(point, key, strict=True)) for key, c in part.items())
        for part in function
    )
    return Fraction(above) / Fraction(below) if below else None


@given(functions, functions, st.tuples(st.integers(-9, 9), st.integers(-9, 9)))
def test_arithmetic_is_that_of_the_values(one, other, point):
    a, b = value(one, point), value(other, point)
    if a is not None and b is not None:
        assert value(one + other, point) == a + b
        assert value(one - other, point) == a - b
        assert value(one * other, point) == a * b


@settings(max_examples=60)
@given(functions, polynomials)
def test_cancelling_removes_a_common_factor_and_nothing_else(function, common):
    form = (function * RationalFunction(common, common)).cancelled()
    assert form.same_as(function)
    assert poly.greatest_common_divisor(*form) == ONE  # in lowest terms, integers included
    assert form.denominator[max(form.denominator)] > 0  # one form for each function
    assert form == function.cancelled()


def test_zero_over_anything_is_zero_over_one():
    assert RationalFunction({}, {(1, 1): -7, (0, 0): 3}).cancelled() == RationalFunction({}, ONE)


def test_nothing_is_the_same_as_a_quotient_by_zero():
    assert not RationalFunction(ONE, {}).same_as(RationalFunction(ONE, {}))


def test_coefficients_that_are_fractions_become_coprime_integers():
    function = RationalFunction.of_fractions({(1,): Fraction(3, 4), (0,): Fraction(0)}, {(0,): Fraction(9, 2)})
    assert function == RationalFunction({(1,): 1}, {(0,): 6})


def test_degrees_are_total_and_in_one_variable():
    function = RationalFunction({(1, 2): 1, (2, 0): 1}, {(0, 0): 1})
    assert function.degrees == (3, 0)
    assert function.degrees_in(0) == (2, 0)


@given(functions, st.fractions(-5, 5, max_denominator=4), st.integers(-5, 5))
def test_restriction_puts_values_in(function, fixed, free):
    assert value(function.restricted({0: fixed}), (free,)) == value(function, (fixed, free))


def test_restriction_keeps_common_factors():
    # (x^2 y + 1) / y^2 at y = 1/2 is (2 x^2 + 4) / 1.
    function = RationalFunction({(2, 1): 1, (0, 0): 1}, {(0, 2): 1})
    assert function.restricted({1: Fraction(1, 2)}) == RationalFunction({(2,): 2, (0,): 4}, {(0,): 1})


@given(functions, st.tuples(st.integers(1, 6), st.integers(1, 6)), st.tuples(st.integers(-9, 9), st.integers(-9, 9)))
def test_a_rescaled_function_takes_whole_numbers(function, scales, whole):
    point = tuple(Fraction(x, scale) for x, scale in zip(whole, scales, strict=True))
    assert value(function.rescaled(scales), whole) == value(function, point)


@given(functions, st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9))
def test_a_widened_function_ignores_the_other_variables(function, a, b, c):
    assert value(function.widened((2, 0), 3), (a, b, c)) == value(function, (c, a))
