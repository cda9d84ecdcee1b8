"""Integers written with the constant columns i1..i10."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cftsr.algebra.expressions import constants, evaluate
from cftsr.algebra.formula import parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS, integer, write_with_integer_columns


@given(st.integers(1, 10**6))
def test_every_integer_is_written_with_columns_only(value):
    expression = integer(value)
    assert evaluate(expression, INTEGER_COLUMNS) == value
    assert constants(expression) == []


@pytest.mark.parametrize(("value", "text"), [(4, "i4"), (10, "i10"), (36, "i4*i9"), (11, "i1+i10"), (19, "i10+i9")])
def test_small_integers_take_few_nodes(value, text):
    expression = integer(value)
    assert expression.complexity <= parse(text, INTEGER_COLUMNS).complexity


def test_negative_integers_and_what_is_too_large():
    written = write_with_integer_columns(parse("-6*k+12345678", ["k"]))
    assert constants(written) == [12345678]
    assert evaluate(written, {"k": 2.0, **INTEGER_COLUMNS}) == 12345666
