"""Exact numbers from what people write: integers, fractions, decimals, floating-point columns.

Integers and fractions are exact. A decimal stands for an interval, a half unit of its last digit to either side, and
is read as the simplest rational in it where that is no coincidence: among random numbers of that precision one in a
thousand would have so simple a neighbour. The precision is a property of the column: 0.5 beside 0.142857142857 is
known to twelve digits too. Columns that were once float32 or float64 are recognised by their digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Accepted chance that a random number has a rational as simple as the one found within its uncertainty.
CHANCE = 1e-3
# A decimal that reduces to a denominator so much smaller than its power of ten was exact as it stood (0.0625).
REDUCES = 100
# Where a smaller share of the decimals has a simple rational near by, some of those are coincidences, and all stay
# decimals. The rest may be misprints.
MAJORITY = 0.9
MAX_DIGITS = 18  # of numerators and denominators: they are kept in 64 bits
FLOAT32_DIGITS, FLOAT64_DIGITS = 8, 15  # so many significant digits are written by programs, not by people
HALF = 0.5 * (1 + 1e-9)  # of a unit in the last digit; a tie may have been rounded either way, and 5e-7 is no float
ROUND_OFF = 2.0**-50  # of a column computed in float64, relative to its largest entry: a few units in the last place

INTEGER = r"^[+-]?[0-9]+$"
FRACTION = r"^(?P<above>[+-]?[0-9]+)\s*/\s*(?P<below>[0-9]+)$"
DECIMAL_LIKE = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
DECIMAL = r"^(?P<sign>[+-]?)(?P<whole>[0-9]*)\.?(?P<part>[0-9]*)(?P<power>[eE][+-]?[0-9]+)?$"


class NumberError(ValueError):
    """Entries that are no numbers: `rows` are their indices, and the text says what is wrong with them."""

    def __init__(self, message: str, rows: np.ndarray):
        super().__init__(message)
        self.rows = rows


@dataclass(frozen=True)
class Targets:
    """Exact numbers, and how far each may be off.

    numerator, denominator   int64, shape (rows,), in lowest terms
    uncertainty              float64, shape (rows,): 0 where the number is exact
    notes                    what was assumed, in words
    """

    numerator: np.ndarray
    denominator: np.ndarray
    uncertainty: np.ndarray
    notes: tuple[str, ...] = ()


def simplest_in(low: np.ndarray, high: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rationals with the smallest denominators in the intervals [low/scale, high/scale], with 0 <= low.

    low, high, scale   int64, shape (rows,)
    returns            numerators and denominators, int64, shape (rows,)

    Both ends are expanded as continued fractions, all rows at once, until they part (the Stern-Brocot tree).
    """
    rows = len(low)
    above, below = np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=np.int64)
    p, q = np.ones(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64)  # the last convergent
    p_before, q_before = np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=np.int64)
    # Ends a/b <= c/d of the intervals of what is left of each number.
    a, b, c, d = low.copy(), scale.copy(), high.copy(), scale.copy()
    left = np.arange(rows)
    while len(left):
        whole = a // b
        at_end = whole * b == a
        term = np.where(at_end, whole, whole + 1)
        # An upper end of 1/0 is infinity, where an end of the interval was met exactly.
        found = at_end | (d == 0) | (term * d <= c)
        rows_found = left[found]
        above[rows_found] = term[found] * p[found] + p_before[found]
        below[rows_found] = term[found] * q[found] + q_before[found]
        keep = ~found
        left, whole = left[keep], whole[keep]
        a, b, c, d = a[keep], b[keep], c[keep], d[keep]
        p, q, p_before, q_before = (
            whole * p[keep] + p_before[keep],
            whole * q[keep] + q_before[keep],
            p[keep],
            q[keep],
        )
        a, b, c, d = d, c - whole * d, b, a - whole * b
    return above, below


def parse_numbers(column: pa.Array | pa.ChunkedArray) -> Targets:
    """The exact numbers of a column: text, integers, floats or Arrow decimals.

    Raises NumberError for entries that are missing, no numbers, infinite, divided by zero, or of more than 18 digits.
    """
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if column.null_count:
        raise NumberError("there is no number", np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False)))
    kind = column.type
    if pa.types.is_integer(kind):
        return _exact(_as_int64(column), np.ones(len(column), dtype=np.int64))
    if pa.types.is_floating(kind):
        return _from_floats(column)
    if pa.types.is_decimal(kind):
        column = column.cast(pa.string())
    elif pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise NumberError(f"entries of type {kind} are no numbers", np.arange(min(1, len(column))))
    return _from_text(pc.utf8_trim_whitespace(column))


def _exact(numerator: np.ndarray, denominator: np.ndarray) -> Targets:
    divisor = np.gcd(numerator, denominator)
    return Targets(numerator // divisor, denominator // divisor, np.zeros(len(numerator)))


def _mask(array: pa.Array) -> np.ndarray:
    return array.to_numpy(zero_copy_only=False).astype(bool)


def _as_int64(column: pa.Array, which: np.ndarray | None = None) -> np.ndarray:
    """The column as int64; NumberError for entries beyond 18 digits. `which` are the rows' places in the file."""
    text = column.cast(pa.string()) if not pa.types.is_string(column.type) else column
    digits = pc.utf8_length(pc.utf8_ltrim(text, "+-0")).to_numpy(zero_copy_only=False)
    if np.any(digits > MAX_DIGITS):
        bad = np.flatnonzero(digits > MAX_DIGITS)
        raise NumberError(f"the number has more than {MAX_DIGITS} digits", bad if which is None else which[bad])
    return pc.cast(pc.utf8_ltrim(text, "+"), pa.int64()).to_numpy(zero_copy_only=False)


def _from_text(column: pa.Array) -> Targets:
    integer, fraction, decimal = (
        _mask(pc.match_substring_regex(column, pattern)) for pattern in (INTEGER, FRACTION, DECIMAL_LIKE)
    )
    decimal &= ~integer
    bad = np.flatnonzero(~(integer | fraction | decimal))
    if len(bad):
        raise NumberError("the entry is no integer, fraction (3/80) or decimal", bad)
    numerator, denominator = np.zeros(len(column), dtype=np.int64), np.ones(len(column), dtype=np.int64)
    uncertainty, notes = np.zeros(len(column)), ()
    if integer.any():
        where = np.flatnonzero(integer)
        numerator[where] = _as_int64(column.take(where), where)
    if fraction.any():
        where = np.flatnonzero(fraction)
        parts = pc.extract_regex(column.take(where), FRACTION)
        above, below = (_as_int64(parts.field(i), where) for i in range(2))
        if not below.all():
            raise NumberError("the fraction has denominator 0", where[below == 0])
        numerator[where], denominator[where] = above, below
    if decimal.any():
        where = np.flatnonzero(decimal)
        numerator[where], denominator[where], uncertainty[where], notes = _from_decimals(column.take(where), where)
    divisor = np.gcd(numerator, denominator)
    return Targets(numerator // divisor, denominator // divisor, uncertainty, notes)


def _from_decimals(column: pa.Array, where: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[str, ...]]:
    parts = pc.extract_regex(column, DECIMAL)
    sign, whole, part, power = (parts.field(i) for i in range(4))
    powers = pc.cast(pc.if_else(pc.equal(power, ""), "e0", power), pa.string())
    powers = pc.cast(pc.utf8_ltrim(pc.utf8_slice_codeunits(powers, 1), "+"), pa.int64()).to_numpy(zero_copy_only=False)
    decimals = pc.utf8_length(part).to_numpy(zero_copy_only=False).astype(np.int64) - powers
    digits = pc.utf8_ltrim(pc.binary_join_element_wise(whole, part, ""), "0")
    significant = pc.utf8_length(digits).to_numpy(zero_copy_only=False).astype(np.int64)
    written = pc.cast(pc.if_else(pc.equal(digits, ""), "0", digits), pa.string())
    values = np.array([float(text) for text in column.to_pylist()])
    if not np.isfinite(values).all() or np.abs(values).max(initial=0.0) >= 10.0**MAX_DIGITS:
        far = np.flatnonzero(~np.isfinite(values) | (np.abs(values) >= 10.0**MAX_DIGITS))
        raise NumberError(f"the number has more than {MAX_DIGITS} digits", where[far])
    longest = int(significant.max())
    if longest >= FLOAT32_DIGITS and np.array_equal(values.astype(np.float32).astype(np.float64), values):
        return _near(values, np.abs(values) * 2.0**-24, "float32 numbers")
    if longest >= FLOAT64_DIGITS:
        return _near(values, _round_off(values), "float64 numbers")
    places = int(max(0, decimals.max()))
    exponents = not np.all(powers == 0)
    if places > MAX_DIGITS or np.any(significant + places - decimals > MAX_DIGITS):
        # Tiny numbers in scientific notation: 64 bits do not hold them over one power of ten.
        width = HALF * 10.0 ** (np.floor(np.log10(np.maximum(np.abs(values), 1e-300))) + 1 - longest)
        return _near(values, np.where(values == 0, 0.0, width), f"decimals of {longest} digits")
    scale = np.full(len(values), 10**places, dtype=np.int64)
    scaled = pc.cast(written, pa.int64()).to_numpy(zero_copy_only=False) * 10 ** (places - decimals)
    scaled = np.where(_mask(pc.equal(sign, "-")), -scaled, scaled)
    # Digits after the point are counted over the column; with exponents, significant digits are.
    width = np.full(len(values), HALF * 10.0**-places)
    if exponents:
        size = np.floor(np.log10(np.maximum(np.abs(values), 1e-300)))
        width = HALF * 10.0 ** (size + 1 - longest)
    reduced = scale // np.gcd(scaled, scale)
    if places and not exponents and np.mean(reduced * REDUCES <= scale) >= MAJORITY:
        note = f"decimals of up to {places} places were read as exact: most reduce to small fractions"
        return scaled // np.gcd(scaled, scale), reduced, np.zeros(len(values)), (note,)
    return _simplest(scaled, scale, width, f"decimals of {longest if exponents else places} digits")


def _from_floats(column: pa.Array) -> Targets:
    values = column.to_numpy(zero_copy_only=False)
    if not np.isfinite(values).all():
        raise NumberError("the entry is not finite", np.flatnonzero(~np.isfinite(values)))
    single = values.dtype.itemsize <= 4
    values = values.astype(np.float64)
    if np.abs(values).max(initial=0.0) >= 10.0**MAX_DIGITS:
        far = np.flatnonzero(np.abs(values) >= 10.0**MAX_DIGITS)
        raise NumberError(f"the number has more than {MAX_DIGITS} digits", far)
    whole = values == np.floor(values)
    if whole.all():
        return _exact(values.astype(np.int64), np.ones(len(values), dtype=np.int64))
    if single or np.array_equal(values.astype(np.float32).astype(np.float64), values):
        # Multiples of a power of two, such as 3/16, are float32 numbers too, and exact ones.
        result = _near(values, np.abs(values) * 2.0**-24, "float32 numbers")
    else:
        result = _near(values, _round_off(values), "float64 numbers")
    return Targets(*result)


def _round_off(values: np.ndarray) -> np.ndarray:
    return np.full(len(values), ROUND_OFF * max(np.abs(values).max(initial=0.0), 1e-300))


def _near(values: np.ndarray, width: np.ndarray, what: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple]:
    """`_simplest` of floats: over the largest power of ten that leaves them in 64 bits."""
    places = MAX_DIGITS - 1 - max(0, int(np.ceil(np.log10(np.abs(values).max(initial=1e-300) + 1e-300))))
    scale = np.full(len(values), 10 ** max(0, places), dtype=np.int64)
    scaled = np.rint(values * scale.astype(np.longdouble)).astype(np.int64)
    return _simplest(scaled, scale, np.maximum(width, 1.0 / scale), what)


def _simplest(
    scaled: np.ndarray, scale: np.ndarray, width: np.ndarray, what: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[str, ...]]:
    """The simplest rationals within `width` of scaled/scale, where that is no coincidence for most of them."""
    # In halves of the scale's unit; rounded up, so that the interval holds what it should.
    half = np.ceil(2 * width * scale.astype(np.longdouble) - 1e-6).astype(np.int64)
    size = 2 * np.abs(scaled)
    above, below = simplest_in(np.maximum(0, size - half), size + half, 2 * scale)
    simple = 0.61 * below.astype(float) ** 2 * width <= CHANCE
    uncertainty = np.where(simple, 0.0, width)
    if len(simple) and simple.mean() < MAJORITY:
        divisor = np.gcd(scaled, scale)
        note = f"{what}: too few digits to read them as fractions; they are taken as known to {width.max():.1g}"
        return scaled // divisor, scale // divisor, width, (note,)
    divisor = np.gcd(scaled, scale)
    numerator = np.where(simple, np.sign(scaled) * above, scaled // divisor)
    denominator = np.where(simple, below, scale // divisor)
    rest = int((~simple).sum())
    note = f"{what} were read as the simplest fractions near them"
    if rest:
        note += f"; {rest} of {len(simple)} have none near enough and stay decimals, known to {width.max():.1g}"
    return numerator, denominator, uncertainty, (note,)


def nearest_simple(numerator: np.ndarray, denominator: np.ndarray, width: np.ndarray) -> Targets:
    """Numbers with a stated uncertainty, int64 numerator/denominator and float64 width, all of shape (rows,).

    Where the width is 0 the number is exact as it stands.
    """
    exact = width == 0
    above, below, uncertainty = numerator.copy(), denominator.copy(), width.copy()
    notes: tuple[str, ...] = ()
    if not exact.all():
        rows = np.flatnonzero(~exact)
        values = numerator[rows] / denominator[rows]
        top, bottom, left, notes = _near(values, width[rows], "numbers with the uncertainties given")
        simple = left == 0
        above[rows[simple]], below[rows[simple]], uncertainty[rows] = top[simple], bottom[simple], left
    divisor = np.gcd(above, below)
    return Targets(above // divisor, below // divisor, uncertainty, notes)
