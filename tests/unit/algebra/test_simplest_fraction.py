"""The simplest fraction of an interval."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cftsr.algebra.simplest_fraction import simplest_between


@given(st.fractions(-50, 50, max_denominator=60), st.fractions(0, 3, max_denominator=60))
def test_simplest_between_has_the_smallest_denominator_there(low, width):
    high = low + width
    found = simplest_between(low, high)
    assert low <= found <= high
    for denominator in range(1, found.denominator):
        assert -(-low * denominator // 1) / F(denominator) > high  # no multiple of 1/denominator lies between


@given(st.fractions(-50, 50, max_denominator=60), st.fractions(0, 3, max_denominator=60))
def test_simplest_between_is_odd_under_reflection(low, width):
    assert simplest_between(-low - width, -low) == -simplest_between(low, low + width)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(F(0), F(1), F(0)), (F(1, 3), F(1, 2), F(1, 2)), (F(-1), F(1), F(0)), (F(5, 2), F(5, 2), F(5, 2))],
)
def test_simplest_between_by_hand(low, high, expected):
    assert simplest_between(low, high) == expected


def test_an_empty_interval_is_an_error():
    with pytest.raises(ValueError, match="empty interval"):
        simplest_between(F(1), F(0))


def test_floats_are_taken_as_the_binary_fractions_that_they_are():
    assert simplest_between(0.3, 0.4) == F(1, 3)
    assert simplest_between(-0.4, -0.3) == F(-1, 3)
    assert simplest_between(-0.1, 2.5) == 0
    assert simplest_between(1.5, 7.0) == 2
    assert simplest_between(0.1428571, 0.1428572) == F(1, 7)
    assert simplest_between(3.0, 3.0) == 3
