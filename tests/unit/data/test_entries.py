"""One entry of a table, as people and programs spell numbers."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cftsr.data.entries import as_fraction, missing, read_entry, without_unit


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1//4", F(1, 4)),
        ("3/-80", F(-3, 80)),
        ("- 1/3", F(-1, 3)),
        ("(1/4)", F(1, 4)),
        ("-(1/4)", F(-1, 4)),
        ("1 1/2", F(3, 2)),
        ("-1 1/2", F(-3, 2)),
        ("\u22121/3", F(-1, 3)),
        ("\u00bd", F(1, 2)),
        ("1\u00bd", F(3, 2)),
        ("3\u20444", F(3, 4)),
        ("\uff11\uff12", F(12)),
        ("1*^-3", F(1, 1000)),
        ("0.25`20.", F(1, 4)),
        ("1.5D-03", F(15, 10**4)),
        ("1.5d2", F(150)),
        ("1.5\u00d710\u207b\u00b3", F(15, 10**4)),
        ("1.5 x 10^-3", F(15, 10**4)),
        ("1.5 \\times 10^{-3}", F(15, 10**4)),
        ("-\\frac{3}{80}", F(-3, 80)),
        ("$\\tfrac{1}{4}$", F(1, 4)),
        ("12.5%", F(1, 8)),
        ("5 \u2030", F(5, 1000)),
        ("1,234,567", F(1234567)),
        ("1\u202f234\u202f567", F(1234567)),
        ("1'234.5", F(12345, 10)),
        ("0.333 333 33", F(33333333, 10**8)),
        ("1_000", F(1000)),
        ("Fraction(1, 4)", F(1, 4)),
        ("np.float64(0.25)", F(1, 4)),
        ("Rational[3, 80]", F(3, 80)),
        ("'3/80'", F(3, 80)),
        ("1.0/4.0", F(1, 4)),
        ("2.", F(2)),
    ],
)
def test_spellings_of_numbers(text, value):
    entry = read_entry(text)
    assert as_fraction(entry.text) == value
    assert entry.stated is None


@pytest.mark.parametrize(
    ("text", "value", "stated"),
    [
        ("13.6057(5)", F(136057, 10**4), F(5, 10**4)),
        ("-13.6057(12)e-3", F(-136057, 10**7), F(12, 10**7)),
        ("12.3(1.2)", F(123, 10), F(12, 10)),
        ("13.6 \u00b1 0.2", F(136, 10), F(1, 5)),
        ("13.6+/-0.2", F(136, 10), F(1, 5)),
        ("(1.5 \u00b1 0.2)e-3", F(15, 10**4), F(2, 10**4)),
        ("$13.6 \\pm 0.2$", F(136, 10), F(1, 5)),
        ("12.50(5)%", F(125, 1000), F(5, 10**4)),
    ],
)
def test_uncertainties_written_with_the_number(text, value, stated):
    entry = read_entry(text)
    assert as_fraction(entry.text) == value
    assert entry.stated == stated


@pytest.mark.parametrize(
    ("text", "value"), [("0,25", F(1, 4)), ("1.234,5", F(12345, 10)), ("-0,5e-3", F(-5, 10**4)), ("1/4", F(1, 4))]
)
def test_decimal_commas(text, value):
    assert as_fraction(read_entry(text, ",").text) == value


@pytest.mark.parametrize("text", ["", "x", "1/2/3", "0x10", "e5", ".", "1e", "--1", "1..2", "NS", "1;2", "f(x)"])
def test_what_is_no_number(text):
    assert read_entry(text) is None


@given(st.text(max_size=20))
def test_any_text_is_a_number_in_plain_spelling_or_none(text):
    entry = read_entry(text)
    assert entry is None or as_fraction(entry.text) is not None or entry.text.endswith("/0")


@pytest.mark.parametrize(
    "text", ["", " ", "NA", "n/a", "#N/A", "NaN", "-nan", "null", "None", "-", "--", "?", "\\N", "<NA>"]
)
def test_spellings_of_missing_values(text):
    assert missing(text)
    assert read_entry(text) is None


def test_a_unit_is_cut_off():
    assert without_unit("13.6 eV") == ("13.6", "eV")
    assert without_unit("2.5e-3 cm^-1") == ("2.5e-3", "cm^-1")
    assert without_unit("1/4") == ("1/4", "")
