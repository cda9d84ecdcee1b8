"""Exact numbers from integers, fractions, decimals and floats."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cftsr.algebra.simplest_fraction import simplest_between, simplest_in
from cftsr.data.numbers import NumberError, exact_decimals, nearest_simple, parse_numbers


def exact(targets) -> list[F]:
    return [F(int(a), int(b)) for a, b in zip(targets.numerator, targets.denominator, strict=True)]


def read(*entries: str):
    return parse_numbers(pa.array(entries))


WEIGHTS = [F(n, 4 * (k + 2)) for k in range(1, 40) for n in range(-3, 30, 4)]


def test_integers_and_fractions_are_exact():
    targets = read("3/80", " -6/4 ", "+7", "0", "12 / 8")
    assert exact(targets) == [F(3, 80), F(-3, 2), 7, 0, F(3, 2)]
    assert not targets.uncertainty.any()
    assert targets.notes == ()


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (lambda value: f"{float(value):.9f}", "decimals of 9 places"),
        (lambda value: f"{float(value):.12f}", "decimals of 12 places"),
        (lambda value: f"{float(value):.11e}", "decimals of 12 significant digits"),
        (lambda value: f"{float(value):.18e}", "float64 numbers"),
        (lambda value: f"{float(value):.12g}", "decimals of 12 significant digits"),
        (lambda value: repr(float(value)), "float64 numbers"),
        (lambda value: repr(float(np.float32(value))), "float32 numbers"),
    ],
)
def test_decimals_with_enough_digits_become_the_fractions_that_they_were(write, what):
    targets = parse_numbers(pa.array([write(value) for value in WEIGHTS]))
    assert what in targets.notes[0]
    sure = targets.uncertainty == 0
    assert sure.mean() > 0.9
    assert [value for value, good in zip(exact(targets), sure, strict=True) if good] == [
        value for value, good in zip(WEIGHTS, sure, strict=True) if good
    ]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_columns_of_floats_too(kind):
    values = [F(n, d) for d in range(2, 60) for n in (1, 7)]
    targets = parse_numbers(pa.array(np.array([float(value) for value in values], dtype=kind)))
    assert exact(targets) == values
    assert f"float{32 if kind is np.float32 else 64}" in targets.notes[0]


def test_short_decimals_that_reduce_are_exact_as_they_stand():
    targets = read("0.0625", "0.5", "-0.4375", "1.25", "3/80", "1")
    assert exact(targets) == [F(1, 16), F(1, 2), F(-7, 16), F(5, 4), F(3, 80), 1]
    assert not targets.uncertainty.any()


def test_decimals_of_few_digits_stay_what_they_are_and_say_so():
    targets = parse_numbers(pa.array([f"{float(value):.4f}" for value in WEIGHTS]))
    assert targets.uncertainty.min() == pytest.approx(5e-5)
    assert "too few digits" in targets.notes[0]
    assert all(abs(a - b) <= F(5, 100000) for a, b in zip(exact(targets), WEIGHTS, strict=True))


@pytest.mark.parametrize("digits", [6, 9, 12, 16])
def test_random_numbers_are_not_mistaken_for_fractions(digits):
    random = np.random.default_rng(0).random(2_000)
    targets = parse_numbers(pa.array([f"{value:.{digits}f}" for value in random]))
    assert targets.uncertainty.all()


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("1/0", "denominator 0"),
        ("x", "no integer, fraction"),
        ("", "no integer, fraction"),
        ("1/2/3", "no integer, fraction"),
        ("nan", "no integer, fraction"),
        ("inf", "no integer, fraction"),
        ("0x10", "no integer, fraction"),
        ("e5", "no integer, fraction"),
        (".", "no integer, fraction"),
        ("1e400", "larger than 1e300"),
        ("1e999999999", "larger than 1e300"),
        ("1" * 400, "larger than 1e300"),
    ],
)
def test_what_is_no_number_is_refused_with_its_row(entry, reason):
    with pytest.raises(NumberError, match=reason) as refused:
        read("1/2", entry, "0.25")
    assert refused.value.rows.tolist() == [1]


def test_missing_and_infinite_entries_are_refused():
    with pytest.raises(NumberError, match="no number") as refused:
        parse_numbers(pa.array(["1", None]))
    assert refused.value.rows.tolist() == [1]
    with pytest.raises(NumberError, match="not finite"):
        parse_numbers(pa.array([1.0, float("nan")]))
    with pytest.raises(NumberError, match="are no numbers"):
        parse_numbers(pa.array([True, False]))


def test_tiny_and_mixed_sizes_survive():
    targets = read("1.5e-25", "0.25", "3.125e2", "-0.0")
    values = [float(value) for value in exact(targets)]
    assert values == pytest.approx([0, 0.25, 312.5, 0], abs=1e-15)


def test_stated_uncertainties_decide_what_is_simple_enough():
    decimals = [F(333333, 10**6), F(428571, 10**6), F(1, 2)]
    written = exact_decimals(pa.array(["0.333333", "0.428571", "0.5"]))
    assert exact(written) == decimals
    near = nearest_simple(written, np.array([1e-6, 1e-6, 0.0]))
    assert exact(near) == [F(1, 3), F(3, 7), F(1, 2)]
    far = nearest_simple(written, np.array([1e-2, 1e-2, 0.0]))
    assert exact(far) == decimals
    assert far.uncertainty == pytest.approx([1e-2, 1e-2, 0.0], rel=1e-8)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**6)), min_size=1, max_size=5), st.integers(1, 10**9))
def test_the_simplest_rational_is_that_of_the_stern_brocot_tree(intervals, scale):
    low = np.array([start for start, _ in intervals])
    high = np.array([start + width for start, width in intervals])
    found = simplest_in(low, high, np.full(len(low), scale))
    for a, b, top, bottom in zip(low.tolist(), high.tolist(), *(part.tolist() for part in found), strict=True):
        assert F(top, bottom) == simplest_between(F(a, scale), F(b, scale))
