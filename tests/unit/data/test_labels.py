"""Label columns: whole numbers over one denominator, sectors, names."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cftsr.data.labels import is_text, plain_name, plain_names, read_label
from cftsr.data.numbers import NumberError


def values(column) -> list[F]:
    label = read_label(pa.array(column))
    return [F(int(whole), label.scale) for whole in label.whole]


@given(st.lists(st.fractions(max_denominator=60), min_size=1, max_size=8))
def test_fractions_are_whole_numbers_over_their_common_denominator(fractions):
    assert values([str(value) for value in fractions]) == fractions


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["0", "1/2", "1"], [F(0), F(1, 2), F(1)]),
        ([0.0, 0.5, 1.5], [F(0), F(1, 2), F(3, 2)]),
        (["0.17", "3.2", "10"], [F(17, 100), F(16, 5), F(10)]),
        ([0.1, 0.2, 7.0], [F(1, 10), F(1, 5), F(7)]),
        (["0.333333333", "0.666666667", "1.000000000"], [F(1, 3), F(2, 3), F(1)]),
        (["3.0", "4.", "5"], [F(3), F(4), F(5)]),
        ([True, False, True], [F(1), F(0), F(1)]),
        ([str(10**30), "1", "2"], [F(10**30), F(1), F(2)]),
    ],
)
def test_columns_of_numbers(column, expected):
    assert values(column) == expected


def test_random_floats_are_the_decimals_that_they_print_as():
    floats = np.random.default_rng(0).uniform(0, 10, 40).tolist()
    assert values(floats) == [F(repr(value)) for value in floats]


def test_texts_that_repeat_are_sectors():
    label = read_label(pa.array(["NS", "R", "R", "NS"]))
    assert label.texts == ("NS", "R")
    assert label.whole.tolist() == [0, 1, 1, 0]
    mixed = read_label(pa.array(["1", "v", "s", "v", "1", "s"]))
    assert mixed.texts == ("1", "s", "v")


@pytest.mark.parametrize("column", [["1", "2", "x"], [f"Ref. {number}" for number in range(40)]])
def test_other_texts_are_no_labels(column):
    assert is_text(pa.array(column))
    with pytest.raises(NumberError, match="labels are numbers"):
        read_label(pa.array(column))


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5, unique=True))
def test_every_name_becomes_one_that_an_equation_can_have(names):
    plain = plain_names(names)
    assert len(set(plain)) == len(names)
    assert all(plain_name(name) == name for name in plain)
