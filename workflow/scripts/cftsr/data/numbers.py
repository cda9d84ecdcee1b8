"""Exact numbers from what people write: integers, fractions, decimals, floating-point columns.

Integers and fractions are exact, whatever their size. A decimal stands for an interval, and is read as the simplest
rational in it where that is no coincidence: among random numbers of that precision one in a thousand would have so
simple a neighbour. The width of the interval follows from the column as a whole (`cftsr.data.rounding`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm, log10

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cftsr.algebra.simplest_fraction import simplest_between, simplest_in
from cftsr.data.dataset import integers
from cftsr.data.entries import DECIMAL, DECIMAL_LIKE, FRACTION, INTEGER, read_entry, without_unit
from cftsr.data.rounding import COMPUTED32, DIGITS, FLOAT32, Decimals, last_places, rounding_of, values_of

# Accepted chance that a random number has a rational as simple as the one found within its uncertainty.
CHANCE = 1e-3
# Accepted chance that rounded decimals all have so small a common denominator by accident.
EXACT_BY_CHANCE = 1e-6
LARGEST_COMMON = 1000
# A decimal that reduces to a denominator so much smaller than its power of ten was exact as it stood (0.0625).
REDUCES = 100
# Where a smaller share of the decimals has a simple rational nearby, some of those are coincidences, and all stay
# decimals. The rest may be misprints.
MAJORITY = 0.9
ROUGH = 4  # units of the last digit in int64: where uncertainties are larger, its rounding does not matter
DIGITS_OF_INT64 = 17  # of decimals, with room for a factor of two and a sign
LONGEST_EXPONENT = 300  # beyond, a float has no such number
SLACK = 1 + 1e-9  # ties may have been rounded either way, and no float is exactly 5e-7


class NumberError(ValueError):
    """Entries that are no numbers: `rows` are their indices, and the text says what is wrong with them."""

    def __init__(self, message: str, rows: np.ndarray):
        super().__init__(message)
        self.rows = rows


@dataclass(frozen=True)
class Targets:
    """Exact numbers, and how far each may be off.

    numerator, denominator   int64 or Python integers, shape (rows,), in lowest terms
    uncertainty              float64, shape (rows,): 0 where the number is exact
    notes                    the assumptions made, in words
    fractions                whether decimals were read as the simplest fractions within their rounding
    stated                   float64, shape (rows,): as written with the number, 13.6057(5), or None
    """

    numerator: np.ndarray
    denominator: np.ndarray
    uncertainty: np.ndarray
    notes: tuple[str, ...] = ()
    fractions: bool = False
    stated: np.ndarray | None = None


def parse_numbers(column: pa.Array | pa.ChunkedArray, decimal: str = ".") -> Targets:
    """The exact numbers of a column: text, integers, floats or Arrow decimals.

    decimal   "," if the table has decimal commas

    Raises NumberError for entries that are missing, no numbers, infinite, divided by zero, or too large for a float.
    """
    kind = column.type
    if pa.types.is_boolean(kind):
        raise NumberError(f"entries of type {kind} are no numbers", np.arange(min(1, len(column))))
    texts, stated, notes = plain_texts(column, decimal)
    result = _from_text(texts, exact=stated is not None)
    if stated is not None and not stated.all():
        # In a column with 13.6057(5) an entry without uncertainty is a rounded one.
        rows = np.flatnonzero(stated == 0)
        other = _from_text(texts.take(pa.array(rows)))
        above, below = _put(result.numerator, rows, other.numerator), _put(result.denominator, rows, other.denominator)
        result.uncertainty[rows] = other.uncertainty
        result = replace(result, numerator=above, denominator=below, notes=other.notes)
    return replace(result, notes=notes + result.notes, stated=stated)


def exact_decimals(column: pa.Array | pa.ChunkedArray, decimal: str = ".") -> Targets:
    """As `parse_numbers`, with decimals as fractions over powers of ten: their uncertainty is stated elsewhere."""
    texts, stated, notes = plain_texts(column, decimal)
    result = _from_text(texts, exact=True)
    return replace(result, notes=notes + result.notes, stated=stated)


def last_digits(column: pa.Array | pa.ChunkedArray, decimal: str = ".") -> np.ndarray:
    """Half a unit of the last digit of each entry that was rounded, float64, shape (rows,); 0 for all others."""
    texts, _, _ = plain_texts(column, decimal)
    half = np.zeros(len(texts))
    where = np.flatnonzero(~_mask(pc.match_substring(texts, "/")))
    if len(where):
        decimals = _split(texts.take(where), where)
        whole = decimals.whole.all() or decimals.whole_floats
        if not (whole or _exact_as_they_stand(decimals)):
            half[where] = rounding_of(decimals)[0]
    return half


# ---- spelling


def plain_texts(
    column: pa.Array | pa.ChunkedArray, decimal: str = "."
) -> tuple[pa.Array, np.ndarray | None, tuple[str, ...]]:
    """The entries in the form of INTEGER, FRACTION or DECIMAL_LIKE; the uncertainties written with them; notes."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if column.null_count:
        raise NumberError("there is no number", np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False)))
    if pa.types.is_floating(kind):
        values = column.to_numpy(zero_copy_only=False)
        if not np.isfinite(values).all():
            raise NumberError("the entry is not finite", np.flatnonzero(~np.isfinite(values)))
        # Of float32 all digits: their shortest spelling is a rounding once more.
        return column.cast(pa.float64()).cast(pa.string()), None, ()
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.string()), None, ()
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        reason = f"entries of type {kind} are no numbers; one number, or a text such as 3/80, stands for each"
        raise NumberError(reason, np.arange(min(1, len(column))))
    column = column.cast(pa.string())
    unusual = np.arange(len(column))
    if len(column) and decimal == "." and pc.any(pc.match_substring_regex(column.slice(0, 100), r"^\s|\s$")).as_py():
        column = pc.utf8_trim_whitespace(column)
    if decimal == ".":
        # One after the other: in a column of exact numbers each pattern leaves few entries for the next.
        for pattern in (INTEGER, FRACTION_PATTERN, DECIMAL_LIKE):
            if len(unusual):
                part = column if len(unusual) == len(column) else column.take(pa.array(unusual))
                unusual = unusual[~_mask(pc.match_substring_regex(part, pattern))]
    return _respelt(column, unusual, decimal) if len(unusual) else (column, None, ())


FRACTION_PATTERN = r"^[+-]?[0-9]+\s*/\s*[0-9]+$"


def _respelt(
    column: pa.Array, unusual: np.ndarray, decimal: str
) -> tuple[pa.Array, np.ndarray | None, tuple[str, ...]]:
    texts, notes = column.to_pylist(), []
    read = {row: read_entry(texts[row], decimal) for row in unusual.tolist()}
    bad = [row for row, entry in read.items() if entry is None]
    if bad and len(bad) == len(texts):
        # 13.6 eV on every row
        parts = [without_unit(text) for text in texts]
        units = {unit for _, unit in parts}
        without_units = {row: read_entry(parts[row][0], decimal) for row in bad}
        if len(units) == 1 and all(without_units.values()):
            read, bad = without_units, []
            notes.append(f"the unit {units.pop()} after each number was left out")
    if bad:
        raise NumberError("the entry is no integer, fraction (3/80) or decimal", np.array(bad))
    stated = None
    for row, entry in read.items():
        texts[row] = entry.text
        if entry.stated is not None:
            stated = np.zeros(len(texts)) if stated is None else stated
            stated[row] = float(entry.stated)
    return pa.array(texts, pa.string()), stated, tuple(notes)


def _mask(array: pa.Array) -> np.ndarray:
    return array.to_numpy(zero_copy_only=False).astype(bool)


# ---- numbers


def _from_text(column: pa.Array, exact: bool = False) -> Targets:
    """Plain texts; `exact` where decimals are exact as they stand."""
    fraction = _mask(pc.match_substring(column, "/"))
    decimal = ~fraction & _mask(pc.match_substring_regex(column, "[.eE]"))
    integer = ~(fraction | decimal)
    numerator, denominator = np.zeros(len(column), dtype=np.int64), np.ones(len(column), dtype=np.int64)
    uncertainty, notes = np.zeros(len(column)), ()
    rounded = None
    if decimal.any():
        # Whole numbers among decimals may be rounded too (123457, of six digits).
        where = np.flatnonzero(decimal | integer)
        decimals, integer = _split(column.take(where), where), np.zeros(len(column), dtype=bool)
        rounded = _from_decimals(decimals, exact)
    if integer.any():
        where = np.flatnonzero(integer)
        numerator = _put(numerator, where, as_integers(column.take(where)))
    if fraction.any():
        where = np.flatnonzero(fraction)
        parts = pc.extract_regex(column.take(where), FRACTION)
        above, below = (as_integers(parts.field(i)) for i in range(2))
        if np.any(below == 0):
            raise NumberError("the fraction has denominator 0", where[below == 0])
        numerator, denominator = _put(numerator, where, above), _put(denominator, where, below)
    if rounded is not None:
        where = decimals.where
        numerator, denominator = (
            _put(numerator, where, rounded.numerator),
            _put(denominator, where, rounded.denominator),
        )
        uncertainty[where], notes = rounded.uncertainty, rounded.notes
    fractions = rounded is not None and rounded.fractions
    return _checked(Targets(numerator, denominator, uncertainty, notes, fractions))


def _put(array: np.ndarray, where: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The array with these values in these places; of Python integers if either of them is."""
    if array.dtype != values.dtype:
        array = array.astype(object)
    array[where] = values
    return array


def _checked(targets: Targets) -> Targets:
    """The targets in lowest terms; NumberError for those beyond float64."""
    divisor = np.gcd(targets.numerator, targets.denominator)
    above, below = targets.numerator // divisor, targets.denominator // divisor
    if above.dtype == object or below.dtype == object:
        size = [abs(int(a)).bit_length() - int(b).bit_length() for a, b in zip(above, below, strict=True)]
        far = np.flatnonzero(np.array(size) > 1000)
        if len(far):
            raise NumberError("the number is larger than 1e300; divide the column by a power of ten", far)
        above, below = integers(above), integers(below)
    return Targets(above, below, targets.uncertainty, targets.notes, targets.fractions)


def as_integers(column: pa.Array) -> np.ndarray:
    """Integers in text; Python's where 64 bits are too few."""
    digits = pc.utf8_length(pc.utf8_ltrim(column, "+-0")).to_numpy(zero_copy_only=False)
    if np.any(digits > 18):
        return integers([int(text) for text in column.to_pylist()])
    return pc.cast(pc.utf8_ltrim(column, "+"), pa.int64()).to_numpy(zero_copy_only=False)


def _split(column: pa.Array, where: np.ndarray) -> Decimals:
    """Decimals as mantissa * 10**-places."""
    parts = pc.extract_regex(column, DECIMAL)
    sign, whole, part, power = (parts.field(i) for i in range(4))
    powers = pc.cast(pc.if_else(pc.equal(power, ""), "e0", power), pa.string())
    powers = pc.utf8_ltrim(pc.utf8_slice_codeunits(powers, 1), "+")
    long = np.flatnonzero(pc.utf8_length(powers).to_numpy(zero_copy_only=False) > 5)
    powers = (
        np.zeros(len(column), dtype=np.int64)
        if len(long)
        else pc.cast(powers, pa.int64()).to_numpy(zero_copy_only=False)
    )
    places = pc.utf8_length(part).to_numpy(zero_copy_only=False).astype(np.int64) - powers
    digits = pc.utf8_ltrim(pc.binary_join_element_wise(whole, part, ""), "0")
    significant = pc.utf8_length(digits).to_numpy(zero_copy_only=False).astype(np.int64)
    long = np.union1d(long, np.flatnonzero((significant - places > LONGEST_EXPONENT) | (places > 4 * LONGEST_EXPONENT)))
    if len(long):
        raise NumberError(f"the number is larger than 1e{LONGEST_EXPONENT}, or too small", where[long])
    mantissa = as_integers(pc.if_else(pc.equal(digits, ""), "0", digits))
    negative = _mask(pc.equal(sign, "-"))
    return Decimals(
        mantissa=np.where(negative, -mantissa, mantissa),
        places=places,
        significant=significant,
        whole=_mask(pc.and_(pc.equal(part, ""), pc.equal(power, ""))),
        exponents=powers != 0,
        where=where,
    )


def _from_decimals(decimals: Decimals, exact: bool) -> Targets:
    if exact:
        return _as_written(decimals)
    if decimals.whole_floats:
        return _whole_floats(decimals)
    if decimals.whole_but_rounded:
        return _rounded_whole(decimals)
    most = int(decimals.places.max())
    if _exact_as_they_stand(decimals):
        written = _as_written(decimals)
        note = f"decimals of up to {most} places were read as exact: their denominators are small"
        return Targets(written.numerator, written.denominator, written.uncertainty, (note,))
    width, what = rounding_of(decimals)
    result = _simplest(decimals, width, what)
    if what == FLOAT32 and not result.fractions:
        width = np.full(len(width), COMPUTED32 * np.abs(values_of(decimals)).max())
        return _simplest(decimals, width, what)
    if not result.fractions and what.startswith(DIGITS):
        cut_off = _simplest(decimals, width, f"{what}, cut off and not rounded,", cut_off=True)
        return cut_off if cut_off.fractions else result
    return result


def _as_written(decimals: Decimals) -> Targets:
    places, mantissa = decimals.places, decimals.mantissa
    nothing = np.zeros(len(places))
    if decimals.fit(np.maximum(places, 0)) and places.min(initial=0) >= 0:
        return Targets(mantissa, 10 ** np.maximum(places, 0), nothing)
    values = [Fraction(int(m)) / Fraction(10) ** int(p) for m, p in zip(mantissa, places, strict=True)]
    return _of_fractions(values, nothing)


def _whole_floats(decimals: Decimals) -> Targets:
    """Whole numbers of a column of floats: exact up to 2**53, where float64 has every whole number."""
    written = _as_written(decimals)
    size = np.abs(values_of(decimals))
    uncertainty = np.where(decimals.exponents & (size > 2.0**53), size * 2.0**-52, 0.0)
    notes = ("whole numbers beyond 2^53 are known to the precision of float64",) if uncertainty.any() else ()
    return Targets(written.numerator, written.denominator, uncertainty, notes)


def _rounded_whole(decimals: Decimals) -> Targets:
    """Whole numbers of which the longest were rounded to some digits (4.096e+15 beside 531441): others are exact."""
    written = _as_written(decimals)
    digits = int(decimals.significant.max())
    whole_digits = decimals.significant - decimals.places
    size = np.abs(values_of(decimals))
    half = np.maximum(0.5 * SLACK * 10.0 ** (whole_digits - digits).astype(float), size * 2.0**-52)
    uncertainty = np.where(whole_digits > digits, half, 0.0)
    notes = (f"whole numbers of more than {digits} digits are known to {digits} digits, shorter ones are exact",)
    return Targets(written.numerator, written.denominator, uncertainty, notes)


def _of_fractions(values: list[Fraction], uncertainty: np.ndarray, notes: tuple[str, ...] = ()) -> Targets:
    above, below = (integers([getattr(value, part) for value in values]) for part in ("numerator", "denominator"))
    return Targets(above, below, uncertainty, notes)


def _exact_as_they_stand(decimals: Decimals) -> bool:
    """Whether the decimals reduce to fractions so simple that they were not rounded (0.0625, 0.5)."""
    real = np.flatnonzero(~decimals.whole & (decimals.significant > 0))
    if decimals.exponents.any() or decimals.places.max(initial=0) > DIGITS_OF_INT64 or not len(real):
        return False
    mantissa, scale = decimals.mantissa[real], 10 ** np.maximum(decimals.places[real], 0)
    reduced = (scale // np.gcd(mantissa, scale)).astype(np.int64)
    known = last_places(decimals)[real]
    if np.mean(np.log10(reduced.astype(float) * REDUCES) <= known) >= MAJORITY:
        return True
    # The chance that roundings of different numbers all have so small a common denominator.
    common = log10(lcm(*np.unique(reduced).tolist()))
    if common > log10(LARGEST_COMMON):
        return False
    different = np.unique(np.column_stack([mantissa, scale]).astype(str), axis=0, return_index=True)[1]
    return float(np.sum(np.minimum(0, common - known[different]))) < log10(EXACT_BY_CHANCE)


def _simplest(decimals: Decimals, width: np.ndarray, what: str, cut_off: bool = False) -> Targets:
    """The simplest rationals within `width`, where that is no coincidence for most of them.

    cut_off   whether digits were left out and the last one not rounded: numbers are up to twice the width larger
    """
    places = np.maximum(decimals.places, 0)
    # Digits enough for the interval's ends.
    with np.errstate(divide="ignore"):
        finest = np.where(width > 0, np.ceil(-np.log10(np.where(width > 0, width, 1))) + 1, 0).astype(np.int64)
    scales = np.maximum(places, finest)
    if decimals.fit(scales) and decimals.places.min(initial=0) >= 0:
        scale = 10**scales
        scaled = decimals.mantissa * 10 ** (scales - decimals.places)
        # In halves of the scale's unit; rounded up, so that the interval is not too narrow.
        half = np.ceil(2 * width * scale.astype(np.longdouble) - 1e-6).astype(np.int64)
        size = 2 * np.abs(scaled)
        if cut_off:
            above, below = simplest_in(size, size + 2 * half, 2 * scale)
        else:
            above, below = simplest_in(np.maximum(0, size - half), size + half, 2 * scale)
        above, written, unit = np.sign(scaled) * above, scaled, scale
    elif cut_off:
        return _as_written(decimals)  # of more digits than int64 holds it is not tried
    elif coarse := _over_one_scale(values_of(decimals), width):
        written, unit = coarse
        width = width + 0.5 / unit
        above, below = _simplest_over(written, unit, width)
    else:
        as_written = _as_written(decimals)
        written, unit = as_written.numerator, as_written.denominator
        above, below = _simplest_exactly(written, unit, width)
    return _where_no_coincidence((above, below), (written, unit), width, what, 2 if cut_off else 1)


def _where_no_coincidence(
    simple: tuple[np.ndarray, np.ndarray],
    written: tuple[np.ndarray, np.ndarray],
    width: np.ndarray,
    what: str,
    times: int = 1,
) -> Targets:
    """The simple numbers, or those written where most of the simple ones may be coincidences.

    width   half of the intervals in which the simple ones are
    times   how many of these halves a number that stays as written may be off
    """
    likely = 0.61 * simple[1].astype(float) ** 2 * width <= CHANCE
    width = times * width
    if len(likely) and likely.mean() < MAJORITY:
        known = f"known to {np.max(width):.1g}"
        note = f"{what}: too few digits to read them as fractions; they are taken as {known}"
        return Targets(*written, width, (note,))
    above, below = (np.where(likely, one, other) for one, other in zip(simple, written, strict=True))
    rest = int((~likely).sum())
    note = f"{what} were read as the simplest fractions near them"
    if rest:
        known = f"known to {np.max(width[~likely]):.1g}"
        note += f"; {rest} of {len(likely)} have none near enough and stay decimals, {known}"
    return Targets(above, below, np.where(likely, 0.0, width), (note,), fractions=True)


def nearest_simple(targets: Targets, width: np.ndarray) -> Targets:
    """Numbers with a stated uncertainty as the simplest rationals within it, where that is no coincidence.

    width   float64, shape (rows,): the uncertainty; 0 where the number is exact as it stands
    """
    above, below, uncertainty = targets.numerator.copy(), targets.denominator.copy(), width * SLACK
    notes = targets.notes
    rows = np.flatnonzero(width > 0)
    if len(rows):
        written = above[rows], below[rows]
        ends = uncertainty[rows]
        coarse = _over_one_scale((written[0] / written[1]).astype(float), ends)
        simple = _simplest_over(*coarse, ends) if coarse else _simplest_exactly(*written, ends)
        simplified = _where_no_coincidence(simple, written, ends, "numbers with the uncertainties given")
        above, below = _put(above, rows, simplified.numerator), _put(below, rows, simplified.denominator)
        uncertainty[rows], notes = simplified.uncertainty, notes + simplified.notes
    return _checked(Targets(above, below, uncertainty, notes))


def _over_one_scale(values: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The numbers over one power of ten in int64, rounded; None where they are known better than that."""
    places = DIGITS_OF_INT64 - max(0, int(np.ceil(np.log10(np.abs(values).max(initial=1e-300) + 1e-300))))
    if places < 0 or width.min(initial=np.inf) * 10.0**places <= ROUGH:
        return None
    scale = np.full(len(values), 10**places, dtype=np.int64)
    return np.rint(values * scale.astype(np.longdouble)).astype(np.int64), scale


def _simplest_over(scaled: np.ndarray, scale: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    half = np.ceil(width * scale.astype(np.longdouble)).astype(np.int64)
    size = np.abs(scaled)
    above, below = simplest_in(np.maximum(0, size - half), size + half, scale)
    return np.sign(scaled) * above, below


def _simplest_exactly(above: np.ndarray, below: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    exact = [Fraction(int(a), int(b)) for a, b in zip(above, below, strict=True)]
    near = [simplest_between(v - Fraction(float(w)), v + Fraction(float(w))) for v, w in zip(exact, width, strict=True)]
    return integers([value.numerator for value in near]), integers([value.denominator for value in near])
