"""Label columns: names that can stand in an equation, and values as whole numbers over one denominator."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import lcm

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.algebra.modular import PRIMES
from cftsr.data.dataset import integers
from cftsr.data.entries import INTEGER, read_entry
from cftsr.data.numbers import NumberError, Targets, as_integers, exact_decimals, parse_numbers

# Names that stand for something else in equations or in our data sets.
RESERVED = {
    "square", "rank", "numerator", "denominator", "target", "uncertainty", "sigma", "entries", "inf", "nan",
    *INTEGER_COLUMNS,
}  # fmt: skip
MOST_SECTORS = 16  # different texts of a label that is a sector
FEW_DECIMALS = 100  # common denominator from which on decimals may be fractions that were rounded (0.33)
LARGEST_ROUNDED = 24  # denominator of such fractions
DENSE, BY_CHANCE = 0.1, -9.0  # chance that one decimal is near such a fraction, at most; log10 of that of all
LARGEST_SCALE = 10_000  # common denominator of labels that are exact as they stand; beyond, digits may be rounded


@dataclass(frozen=True)
class Label:
    """A label column.

    whole   whole numbers, shape (rows,); the label is whole / scale
    texts   of a sector: the texts of its codes 0, 1, ...
    """

    whole: np.ndarray
    scale: int = 1
    texts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


# ---- names


def plain_name(name: str) -> str:
    """A name that can stand in an equation: letters, digits and _, a letter first; unchanged if it is one already."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) and not keyword.iskeyword(name) and name not in RESERVED:
        return name
    name = re.sub(r"^\\?\$?|\$$", "", name).replace("%", " percent").replace("#", " number")
    letters = []
    for letter in unicodedata.normalize("NFKD", name):
        letter_name = unicodedata.name(letter, "")
        if letter.isascii():
            letters.append(letter)
        elif match := re.match(
            r"(GREEK|MATHEMATICAL.*) (SMALL|CAPITAL) (?:LETTER |.*)([A-Z]+)(?: WITH.*)?$", letter_name
        ):
            word = match[3].lower().replace("lamda", "lambda")
            letters.append(f"{word.capitalize() if match[2] == 'CAPITAL' else word}")
        elif letter in "\u2113":
            letters.append("l")
        elif unicodedata.combining(letter):
            continue
        else:
            letters.append(" ")
    plain = re.sub(r"[^A-Za-z0-9]+", "_", "".join(letters).replace("'", "_prime ")).strip("_") or "label"
    if keyword.iskeyword(plain) or plain in RESERVED:
        return f"{plain}_"
    return plain if plain[0].isalpha() else f"x{plain}"


def plain_names(names: Sequence[str]) -> tuple[str, ...]:
    """The plain names of all labels, no two alike."""
    chosen: list[str] = []
    for name in names:
        plain, number = plain_name(name), 2
        while plain in chosen or (plain != name and plain in names):
            plain, number = f"{plain_name(name)}_{number}", number + 1
        chosen.append(plain)
    return tuple(chosen)


# ---- values


def read_label(column: pa.Array, decimal: str = ".") -> Label:
    """A label's values: whole numbers, fractions, decimals that are exact, or a few texts.

    Raises NumberError for other entries.
    """
    if _is_string(column.type) and pc.all(pc.match_substring_regex(column, INTEGER)).as_py():
        return Label(as_integers(column))
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if not is_text(column, decimal):
        return _numbers(column, decimal)
    texts = [text.strip() for text in column.cast(pa.string()).to_pylist()]
    counted = Counter(texts)
    odd = [row for row, text in enumerate(texts) if read_entry(text, decimal) is None]
    if len(counted) <= MOST_SECTORS and min(counted[texts[row]] for row in odd) > 1:
        names = tuple(sorted(counted))
        code = {text: number for number, text in enumerate(names)}
        return Label(np.array([code[text] for text in texts], dtype=np.int64), texts=names)
    raise NumberError("labels are numbers, or one of a few texts that occur more than once", np.array(odd))


def is_text(column: pa.Array, decimal: str = ".") -> bool:
    """Whether a column has entries that are no numbers, and is not of a numeric type."""
    if not _is_string(column.type):
        return not (
            pa.types.is_integer(column.type)
            or pa.types.is_floating(column.type)
            or pa.types.is_decimal(column.type)
            or pa.types.is_boolean(column.type)
        )
    if pc.all(pc.match_substring_regex(column, INTEGER)).as_py():
        return False
    try:
        exact_decimals(column, decimal)
    except NumberError as error:
        return "no integer" in str(error)
    return False


def _is_string(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _numbers(column: pa.Array, decimal: str) -> Label:
    values = exact_decimals(column, decimal)
    notes: tuple[str, ...] = ()
    scale = _scale(values)
    if scale > LARGEST_SCALE:
        # Thirds in decimals: 0.333333333
        near = parse_numbers(column, decimal)
        if not near.uncertainty.any():
            values, scale, notes = near, _scale(near), near.notes
    elif scale >= FEW_DECIMALS and _is_string(column.type):
        rounded = _rounded_fractions(column, values, decimal)
        if rounded is not None:
            values, common = rounded
            notes = (f"decimals were read as rounded fractions of denominator {common}: all values are near one",)
            scale = _scale(values)
    if any(scale % prime == 0 for prime in PRIMES):
        raise NumberError("the label's denominators are too large", np.flatnonzero(values.denominator != 1))
    if scale == 1:
        return Label(values.numerator, notes=notes)
    pairs = zip(values.numerator.tolist(), values.denominator.tolist(), strict=True)
    return Label(integers([above * (scale // below) for above, below in pairs]), scale, notes=notes)


def _rounded_fractions(column: pa.Array, values: Targets, decimal: str) -> tuple[Targets, int] | None:
    """Decimals as fractions of one small denominator, rounded (0.33, 0.67, 1), and it; None where they are not.

    Each value alone may lie so near such a fraction by accident, all of them do not.
    """
    texts = np.array([text.strip().lstrip("+-") for text in column.cast(pa.string()).to_pylist()])
    parts = [text.partition("," if decimal == "," else ".") for text in texts]
    if not all((whole + part).isdigit() for whole, _, part in parts):
        return None
    places = np.array([len(part) for *_, part in parts])
    digits = np.array([len((whole + part).lstrip("0")) for whole, _, part in parts])
    # Where zeros at the end were cut, a short entry is known as well as the others.
    own = (places == places.max()) | (digits == digits.max())
    half = 0.5 * 10.0 ** -np.where(own, places, places.max()) * (1 + 1e-9)
    size = values.numerator / values.denominator
    different = np.unique(np.abs(size), return_index=True)[1]
    for common in range(3, LARGEST_ROUNDED + 1):
        near = np.rint((size * common).astype(float)).astype(np.int64)
        chances = np.minimum(1, 2 * common * half[different])
        if chances.max() > DENSE or np.sum(np.log10(chances)) > BY_CHANCE:
            continue
        if np.all(np.abs(size * common - near) <= common * half):
            divisor = np.gcd(near, common)
            below = common // divisor
            return replace(values, numerator=near // divisor, denominator=below), common
    return None


def _scale(values: Targets) -> int:
    return lcm(*map(int, np.unique(values.denominator)))


def counts_rows(label: Label) -> bool:
    """Whether a column only numbers the rows: 0, 1, 2, ... or 1, 2, 3, ..."""
    if label.scale != 1 or label.texts or label.whole.dtype == object or not len(label.whole):
        return False
    steps = np.diff(label.whole)
    return bool(np.all(steps == 1)) and label.whole[0] in (0, 1)
