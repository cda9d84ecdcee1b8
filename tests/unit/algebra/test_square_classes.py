"""Rational numbers up to squares and norms: the laws of their groups, and small cases by enumeration."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cftsr.algebra.square_classes import (
    common_measure,
    divisors,
    hilbert_symbol,
    norm_class,
    square_free,
    square_root,
)

RATIONALS = st.builds(F, st.integers(1, 10**6), st.integers(1, 10**4))
WHOLE = st.integers(-2000, 2000).filter(bool)


@given(RATIONALS, RATIONALS)
def test_two_rationals_have_one_square_free_part_exactly_where_their_product_is_a_square(a, b):
    assert (square_free(a) == square_free(b)) == (square_root(a * b) is not None)
    assert square_free(a * b * b) == square_free(a)


def test_square_free_part_keeps_the_sign_and_knows_zero():
    assert (square_free(F(-12)), square_free(F(0)), square_free(F(1, 8))) == (-3, 0, 2)


@given(st.lists(RATIONALS, min_size=1, max_size=6))
def test_common_measure_is_the_largest_that_divides_all(values):
    measure = common_measure(values)
    quotients = [value / measure for value in values]
    assert all(quotient.denominator == 1 for quotient in quotients)
    assert common_measure(F(q) for q in quotients) == 1


def test_divisors():
    assert sorted(divisors(60)) == [n for n in range(1, 61) if 60 % n == 0]


@given(WHOLE, WHOLE, WHOLE, st.sampled_from([2, 3, 5, 7, 11]))
def test_hilbert_symbol_is_symmetric_and_multiplicative(a, b, c, prime):
    assert hilbert_symbol(a, b, prime) == hilbert_symbol(b, a, prime)
    assert hilbert_symbol(a, b * c, prime) == hilbert_symbol(a, b, prime) * hilbert_symbol(a, c, prime)
    assert hilbert_symbol(a, -a, prime) == 1


@given(st.sampled_from([-11, -7, -3, -2, -1, 2, 5, 13]), WHOLE)
def test_a_number_is_no_local_norm_at_an_even_number_of_places(radicand, number):
    assert len(norm_class(radicand, F(number))) % 2 == 0


@pytest.mark.parametrize(("radicand", "form"), [(-1, (1, 0, 1)), (-2, (1, 0, 2)), (-3, (1, 1, 1)), (-7, (1, 1, 2))])
def test_the_norms_among_whole_numbers_are_what_the_form_takes(radicand, form):
    a, b, c = form
    taken = {a * x * x + b * x * y + c * y * y for x in range(-40, 41) for y in range(-40, 41)}
    for number in range(1, 300):
        assert (not norm_class(radicand, F(number))) == (number in taken), number
