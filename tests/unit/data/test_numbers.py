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


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**6)), min_size=1, max_size=5), st.integers(1, 10**9))
def test_the_simplest_rational_is_that_of_the_stern_brocot_tree(intervals, scale):
    low = np.array([start for start, _ in intervals])
    high = np.array([start + width for start, width in intervals])
    simplest = simplest_in(low, high, np.full(len(low), scale))
    for a, b, top, bottom in zip(low.tolist(), high.tolist(), *(part.tolist() for part in simplest), strict=True):
        assert F(top, bottom) == simplest_between(F(a, scale), F(b, scale))


# ---- rounding


SU2 = [F(l * (l + 2), 4 * (k + 2)) for k in range(1, 25) for l in range(k + 1)]


@pytest.mark.parametrize("digits", range(4, 18))
@pytest.mark.parametrize("kind", "gfe")
def test_every_rounding_of_a_program_holds_the_right_number(kind, digits):
    """What is read as a fraction is the right one; what is not, is off by no more than its uncertainty."""
    targets = parse_numbers(pa.array([f"{float(value):.{digits}{kind}}" for value in SU2]))
    for value, right, width in zip(exact(targets), SU2, targets.uncertainty.tolist(), strict=True):
        assert value == right if width == 0 else abs(value - right) <= F(width)
    if digits >= 8:
        assert np.mean(targets.uncertainty == 0) == 1


def test_significant_digits_and_decimals_are_told_apart():
    values = [1 / 7, 100 / 7, 10_000 / 7, 2 / 7, 200 / 7, 3 / 7, 300 / 7, 0.5]
    significant = parse_numbers(pa.array([f"{value:.5g}" for value in values]))
    assert significant.uncertainty[:3] == pytest.approx([5e-6, 5e-4, 5e-2], rel=1e-6)
    places = parse_numbers(pa.array([f"{value:.4f}" for value in values]))
    assert places.uncertainty == pytest.approx(5e-5, rel=1e-6)


@pytest.mark.parametrize("places", [8, 10, 12])
def test_decimals_that_were_cut_off_are_the_fractions_that_they_were(places):
    # Towards zero, as programs do that print part of a string: -0.142857142 of -1/7.
    cut = [f"{int(abs(value) * 10**places):0{places + 1}d}" for value in WEIGHTS]
    texts = [
        f"{'-' * (value < 0)}{digits[:-places]}.{digits[-places:]}" for value, digits in zip(WEIGHTS, cut, strict=True)
    ]
    targets = read(*texts)
    assert exact(targets) == WEIGHTS
    assert targets.notes[0].startswith(f"decimals of {places} places, cut off and not rounded, were read as")
    # Rounded, the same numbers are not said to be cut off.
    assert "cut off" not in read(*(f"{float(value):.{places}f}" for value in WEIGHTS)).notes[0]


@pytest.mark.parametrize("places", [3, 5, 7])
def test_numbers_at_random_are_not_said_to_be_cut_off(places):
    numbers = np.random.default_rng(places).normal(0, 3, 200)
    targets = read(*(f"{number:.{places}f}" for number in numbers))
    assert not targets.fractions
    assert targets.uncertainty == pytest.approx(0.5 * 10.0**-places)


def test_digits_of_no_common_rounding_are_each_known_to_their_last():
    texts = ["0.3", "0.33", "0.333", "0.71", "0.7", "0.714", "0.1", "0.14", "0.143", "0.9", "0.86", "0.857"]
    targets = read(*texts, *("0.6", "0.57", "0.571"))
    assert targets.uncertainty[:3] == pytest.approx([0.05, 0.005, 0.0005], rel=1e-6)
    assert "known to their last digit" in targets.notes[0] or "too few digits" in targets.notes[0]


def test_floats_that_are_all_whole_are_exact():
    targets = read(*(repr(float(n**10)) for n in range(1, 38)))
    assert exact(targets) == [F(n**10) for n in range(1, 38)]
    assert not targets.uncertainty.any()
    beyond = read(*(repr(float(n**10)) for n in range(1, 45)))
    wrong = [abs(a - n**10) > F(w) for n, a, w in zip(range(1, 45), exact(beyond), beyond.uncertainty, strict=True)]
    assert not any(wrong)
    assert beyond.uncertainty[-1] > 0


@given(st.lists(st.fractions().filter(lambda value: abs(value) < 10**200), min_size=1, max_size=6))
def test_fractions_of_any_size_are_exact(values):
    targets = read(*map(str, values))
    assert exact(targets) == values
    assert not targets.uncertainty.any()


def test_a_common_denominator_that_no_accident_explains_is_exact():
    halves = [f"{n / 2:.1f}" for n in range(-9, 12)]
    assert not read(*halves).uncertainty.any()
    tenths = [f"{n / 10:.1f}" for n in range(-9, 12)]
    assert read(*tenths).uncertainty.all()


def test_numbers_of_many_digits_are_fractions_too():
    targets = read(*(f"0.{round(F(10**30 * n, 97)):030d}" for n in range(1, 90)))
    assert exact(targets) == [F(n, 97) for n in range(1, 90)]


def test_a_unit_behind_every_number_is_left_out_with_a_note():
    targets = read("1.5 eV", "2 eV", "3.25 eV")
    assert "the unit eV" in targets.notes[0]
    with pytest.raises(NumberError):
        read("1.5 eV", "2 cm", "3.25 eV")


def test_uncertainties_in_the_entries_are_stated():
    targets = read("13.605700(5)", "3.401425(5)")
    assert targets.stated == pytest.approx([5e-6, 5e-6])
    assert exact(targets) == [F(136057, 10**4), F(3401425, 10**6)]
