"""The schedule that operon and PySR share."""

from __future__ import annotations

import numpy as np
import pytest

from cftsr.engines.schedule import INPUTS, Inputs, entries, input_columns, inputs_of

X = np.array([[4, 3], [5, 3], [7, 2]], dtype=np.int64)


def test_the_fast_option_changes_with_each_turn_and_the_slow_one_after_its_round():
    assert [entries(turn, ["a", "b"], [1, 2, 3]) for turn in range(7)] == [
        ("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2), ("b", 3), ("a", 1),
    ]  # fmt: skip
    assert entries(5, "a", 1) == ("a", 1)


def test_an_entry_says_what_is_offered():
    assert inputs_of("products+3", 10) == Inputs("products", 3)
    assert inputs_of("ratios", 10) == Inputs("ratios", 10)
    assert inputs_of("labels") == Inputs("labels", 0)
    assert all(inputs_of(text).integers == int(text.partition("+")[2]) for text in INPUTS)


@pytest.mark.parametrize(
    ("inputs", "integer", "printed"),
    [
        (Inputs("labels", 0), False, ["p", "q"]),
        (Inputs("products", 0), False, ["p", "q", "p*q"]),
        (Inputs("ratios", 0), False, ["p", "q", "p*q", "p/q", "q/p"]),
        (Inputs("labels", 2), True, ["p", "q", "i1", "i2"]),
        (Inputs("labels", 2), False, ["p", "q", "1", "2"]),
    ],
)
def test_inputs_are_printed_as_what_they_are(inputs, integer, printed):
    columns = input_columns(("p", "q"), X, inputs, integer)
    assert [str(expression) for expression, _ in columns] == printed
    values = dict(zip(printed, (column for _, column in columns), strict=True))
    assert values["p"].tolist() == [4.0, 5.0, 7.0]
    if "p*q" in values:
        assert values["p*q"].tolist() == [12.0, 15.0, 14.0]
    if "2" in values:
        assert values["2"].tolist() == [2.0, 2.0, 2.0]


def test_a_ratio_that_divides_by_zero_is_not_offered():
    columns = input_columns(("k", "l"), np.array([[1, 0], [2, 1]]), Inputs("ratios", 0), False)
    assert [str(expression) for expression, _ in columns] == ["k", "l", "k*l", "l/k"]
