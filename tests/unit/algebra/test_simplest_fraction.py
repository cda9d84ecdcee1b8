"""The simplest fraction in an interval."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cftsr.algebra.simplest_fraction import simplest_between


@given(st.fractions(max_denominator=200), st.fractions(0, 2, max_denominator=200))
def test_no_simpler_fraction_lies_in_the_interval(low, width):
    found = simplest_between(low, low + width)
    assert low <= found <= low + width
    for denominator in range(1, found.denominator):
        first = -((-low.numerator * denominator) // low.denominator)
        assert F(first, denominator) > low + width


def test_an_empty_interval_is_refused():
    with pytest.raises(ValueError, match="empty"):
        simplest_between(F(1), F(0))
