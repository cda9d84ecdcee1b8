"""How far a rounded decimal may be off, judged from the whole column: how do programs write numbers?

With a fixed number of decimals (%.6f), with a fixed number of significant digits (%.6g, %.5e), with trailing zeros cut
or not, or as float32 and float64 print themselves. In a column with 0.142857142857, 0.5 is then known to twelve digits
too. Where none of these explains the column, each entry is known to half a unit of its own last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

HALF = 0.5 * (1 + 1e-9)  # of a unit; a tie may have been rounded either way, and no float is exactly 5e-7
FLOAT32_DIGITS, FLOAT64_DIGITS = range(8, 10), range(15, 18)  # of numbers that were computed with so many
UNIT32, UNIT64 = 2.0**-24, 2.0**-53
ROUND_OFF = 8 * UNIT64  # of a column computed in float64, relative to its largest entry: a few units in the last place
COMPUTED32 = 8 * UNIT32  # the same in float32, where a column is more than fractions rounded once
FLOAT32 = "float32 numbers"
DIGITS = "decimals of "  # so many places, or significant digits
# Where trailing zeros were cut, entries one or two digits shorter than the others are few.
SHORT_BY, MANY = 2, 0.35
SAMPLE = 2_000
MOST = 0.6  # the share, of the numbers with many digits, that have as many as their type needs


@dataclass(frozen=True)
class Decimals:
    """Decimals mantissa * 10**-places, and how they were written; all of shape (rows,).

    mantissa     int64 or Python integers
    places       number of digits after the point; negative for 1e5
    significant  digits, without leading zeros; 0 for zero
    whole        whether it was written as an integer, without a point
    exponents    whether it has an exponent other than 0
    where        its row
    """

    mantissa: np.ndarray
    places: np.ndarray
    significant: np.ndarray
    whole: np.ndarray
    exponents: np.ndarray
    where: np.ndarray

    def take(self, rows: slice) -> Decimals:
        return Decimals(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @property
    def whole_floats(self) -> bool:
        """Whether all are whole and written down to the units (1024.0), or as large floats are (1.048576e+16)."""
        large = self.places < 0
        if np.any(large & (self.significant - self.places <= 16)) or 2 * np.count_nonzero(large) > len(large):
            return False
        return self._all_whole

    @property
    def whole_but_rounded(self) -> bool:
        """Whether all are whole, and the longest, but not all, were rounded (%.6g, 15 digits in a spreadsheet)."""
        digits = self.significant - self.places
        longer = digits > self.significant.max(initial=0)
        return bool(self.exponents.any() and longer.any() and not longer.all() and self._all_whole)

    @property
    def _all_whole(self) -> bool:
        pairs = zip(self.mantissa.tolist(), self.places.tolist(), strict=True)
        return all(places <= 0 or mantissa % 10**places == 0 for mantissa, places in pairs)

    def fit(self, scales: np.ndarray) -> bool:
        """Whether int64 holds twice the numbers over 10**scales."""
        if self.mantissa.dtype == object or scales.max(initial=0) > 18:
            return False
        digits = self.significant + scales - self.places
        return bool(np.all(digits <= 18))


def values_of(decimals: Decimals) -> np.ndarray:
    """The numbers in float64, rounded once or twice."""
    mantissa = decimals.mantissa.astype(np.longdouble) if decimals.mantissa.dtype != object else decimals.mantissa
    if decimals.mantissa.dtype == object:
        from fractions import Fraction

        pairs = zip(mantissa, decimals.places, strict=True)
        return np.array([float(Fraction(int(m)) / Fraction(10) ** int(p)) for m, p in pairs])
    return (mantissa * np.longdouble(10) ** -decimals.places.astype(np.longdouble)).astype(np.float64)


def rounding_of(decimals: Decimals) -> tuple[np.ndarray, str]:
    """How far each number may be off, float64, shape (rows,); and how the column was rounded, in words."""
    values = values_of(decimals)
    size = np.abs(values)
    longest = int(decimals.significant.max())
    part = slice(None, None, max(1, len(size) // SAMPLE))  # enough rows to tell how they were spelt
    sample, few = decimals.take(part), values[part]
    if longest >= FLOAT32_DIGITS.start and np.array_equal(values.astype(np.float32).astype(np.float64), values):
        return size * UNIT32, FLOAT32
    if _short_float32(sample, few, longest):
        # Their shortest spelling adds as much again.
        return 2 * size * UNIT32, FLOAT32
    if _float64(sample, few, longest):
        return np.full(len(size), ROUND_OFF * size.max()), "float64 numbers"
    known, what = _by_digits(decimals)
    width = np.where(size == 0, 0.0, HALF * _powers(-known)) if "significant" in what else HALF * _powers(-known)
    if longest in FLOAT64_DIGITS:
        return np.maximum(width, ROUND_OFF * size.max()), "float64 numbers"
    # A number computed in float64 had an error already before it was rounded.
    return width + (4 * UNIT64 * size if longest < FLOAT64_DIGITS.stop else 0), what


def last_places(decimals: Decimals) -> np.ndarray:
    """The decimal place of the last known digit of each number; inf for a whole number among decimals."""
    return _by_digits(decimals)[0]


def _by_digits(decimals: Decimals) -> tuple[np.ndarray, str]:
    """`last_places`, and how the numbers were rounded, in words."""
    longest = int(decimals.significant.max())
    real = ~decimals.whole & (decimals.significant > 0)
    most = int(decimals.places[real].max(initial=0))
    missing = {
        "places": (most - decimals.places)[real],
        "significant": (longest - decimals.significant)[decimals.significant > 0],
    }
    full = {name: int(np.count_nonzero(short == 0)) for name, short in missing.items()}
    name = max(full, key=full.__getitem__)  # the first of equals: decimals
    few = np.count_nonzero((missing[name] > 0) & (missing[name] <= SHORT_BY))
    if few > MANY * full[name] + 3 and longest < FLOAT64_DIGITS.start:
        return np.where(decimals.whole, np.inf, decimals.places), "decimals known to their last digit"
    if name == "places":
        return np.where(decimals.whole, np.inf, float(most)), f"{DIGITS}{most} places"
    return (decimals.places + longest - decimals.significant).astype(float), f"{DIGITS}{longest} significant digits"


def _powers(exponents: np.ndarray) -> np.ndarray:
    return np.array([10.0**exponent for exponent in np.unique(exponents)])[np.unique(exponents, return_inverse=True)[1]]


def _short_float32(decimals: Decimals, values: np.ndarray, longest: int) -> bool:
    """Whether all numbers are spelt as float32 numbers are at their shortest (0.33333334)."""
    if longest not in FLOAT32_DIGITS:
        return False
    significant = decimals.significant
    if np.count_nonzero(significant >= FLOAT32_DIGITS.start) < MOST * np.count_nonzero(significant > 5):
        return False
    return _spelt(decimals, [np.format_float_scientific(np.float32(value), trim="-") for value in values])


def _float64(decimals: Decimals, values: np.ndarray, longest: int) -> bool:
    """Whether all numbers are float64 numbers in as many digits as distinguish them, or in more (%.18e)."""
    if longest < FLOAT64_DIGITS.start:
        return False
    if longest in FLOAT64_DIGITS[1:] and _spelt(
        decimals, [np.format_float_scientific(value, trim="-") for value in values]
    ):
        return np.count_nonzero(decimals.significant >= FLOAT64_DIGITS.start) >= MOST * np.count_nonzero(
            decimals.significant > 8
        )
    if longest < FLOAT64_DIGITS.stop - 1:
        return False
    return all(
        _digits(f"{value:.{max(0, digits - 1)}e}") == str(abs(mantissa)).rstrip("0")
        for value, digits, mantissa in zip(
            values.tolist(), decimals.significant.tolist(), decimals.mantissa.tolist(), strict=True
        )
        if digits
    )


def _spelt(decimals: Decimals, texts: list[str]) -> bool:
    return all(
        _digits(text) == str(abs(mantissa)).rstrip("0")
        for text, mantissa in zip(texts, decimals.mantissa.tolist(), strict=True)
        if mantissa
    )


def _digits(text: str) -> str:
    return text.lower().partition("e")[0].replace(".", "").lstrip("-0").rstrip("0")
