"""The reduced row echelon form over the rationals."""

from __future__ import annotations

from fractions import Fraction

import sympy
from hypothesis import given
from hypothesis import strategies as st

from cftsr.algebra.echelon import reduced_echelon

entries = st.fractions(-5, 5, max_denominator=6)
matrices = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(entries, min_size=width, max_size=width), min_size=1, max_size=4)
)


@given(matrices)
def test_it_is_sympys_without_the_zero_rows(rows):
    reduced, pivots = sympy.Matrix(rows).rref()
    expected = [[Fraction(int(value.p), int(value.q)) for value in row] for row in reduced.tolist()[: len(pivots)]]
    assert reduced_echelon(rows) == expected
