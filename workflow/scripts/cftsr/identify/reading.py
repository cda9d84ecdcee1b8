"""Reading weights, energies and central charges, 1/16 or 0.0625, from a file or from the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from cftsr.algebra.simplest_fraction import simplest_between
from cftsr.errors import UserError
from cftsr.identify.search import Interval, exactly

NUMBER = re.compile(r"[+-]?(\d+\s*/\s*\d+|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)")
SEPARATORS = re.compile(r"[\s,;|]+")
MINUS = str.maketrans({"\u2212": "-", "\u2013": "-"})
CHANCE = Fraction(1, 1000)  # accepted chance that a random decimal has so simple a fraction within its rounding
EXACT_PLACES = 4  # a decimal of so few places that reduces to a small fraction was exact: 0.0625 is 1/16
LARGEST_EXACT = 64
MAX_BYTES = 1_000_000
# Columns that tell theories apart, in the families and in files.
THEORY_LABELS = ("k", "p", "q", "n", "c", "central_charge", "theory", "model", "name")
WEIGHTS, ENERGIES = ("h", "weight", "conformal_weight", "delta"), ("e", "energy")


def read_number(text: str, where: str) -> Interval:
    """An exact number; for a decimal whose digits do not determine a fraction, the interval that it stands for.

    A decimal stands for half a unit of its last digit to either side. It is read as the simplest fraction in that
    interval if a random decimal has so simple a fraction with a chance below CHANCE; the interval is kept as `rounded`.
    Raises UserError, which begins with `where`.
    """
    plain = text.strip().translate(MINUS)
    if not NUMBER.fullmatch(plain):
        raise UserError(f"{where}: {text!r} is no number; write a fraction (1/16), an integer or a decimal (0.0625)")
    if "/" in plain:
        above, below = plain.split("/")
        if int(below) == 0:
            raise UserError(f"{where}: {text!r} has denominator 0")
        return exactly(Fraction(int(above), int(below)))
    if re.fullmatch(r"[+-]?\d+", plain):
        return exactly(int(plain))
    return _decimal(plain)


def _decimal(text: str) -> Interval:
    mantissa, _, exponent = text.lower().partition("e")
    places = len(mantissa.partition(".")[2]) - int(exponent or 0)
    value, half = Fraction(text), Fraction(1, 2) / Fraction(10) ** places
    rounded = Interval(value - half, value + half)
    if value.denominator <= LARGEST_EXACT and places <= EXACT_PLACES:
        return Interval(value, value, rounded)
    simple = simplest_between(rounded.low, rounded.high)
    if simple.denominator**2 * half * Fraction(61, 100) <= CHANCE:
        return Interval(simple, simple, rounded)
    return rounded


def read_numbers(texts: Sequence[str]) -> tuple[Interval, ...]:
    """The numbers on the command line."""
    return tuple(read_number(text, f"number {i}") for i, text in enumerate(texts, 1))


def read_file(path: str | Path, column: str | None = None) -> tuple[tuple[Interval, ...], bool | None]:
    """The numbers of a file, and whether they are energies (None if the file does not say).

    Numbers are separated by blanks, commas or line breaks; or the file is a table with a header line, and `column` is
    read (by default the one called h or E). Text after # is a comment. Raises UserError with the line.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} has more than {MAX_BYTES} bytes; give the lowest levels of one theory only")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"cannot read {path}: {reason}. Give a text or CSV file with the levels of one theory"
        ) from error
    rows = [
        (number, [part for part in SEPARATORS.split(line.strip()) if part])
        for number, line in enumerate((line.partition("#")[0] for line in lines), 1)
        if line.strip()
    ]
    if not rows:
        raise UserError(f"{path} has no numbers; give the levels of one theory, one per line")
    header = rows[0][1]
    if any(NUMBER.fullmatch(part.translate(MINUS)) for part in header):
        if column is not None:
            raise UserError(f"{path} has no header line, so no column {column!r}; leave --column out")
        return tuple(read_number(part, f"{path}, line {n}") for n, parts in rows for part in parts), None
    place = _column(path, header, column)
    for number, parts in rows[1:]:
        if len(parts) != len(header):
            raise UserError(f"{path}, line {number}: {len(parts)} entries under {len(header)} columns")
    _one_theory(path, header, [parts for _, parts in rows[1:]])
    levels = [
        read_number(parts[place], f"{path}, line {number}, column {header[place]!r}") for number, parts in rows[1:]
    ]
    if not levels:
        raise UserError(f"{path} has a header line and no rows")
    name = header[place].lower()
    return tuple(levels), True if name in ENERGIES else False if name in WEIGHTS else None


def _one_theory(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for i, name in enumerate(header):
        values = dict.fromkeys(parts[i] for parts in rows)
        if name.lower() in THEORY_LABELS and len(values) > 1:
            first = ", ".join(list(values)[:3])
            raise UserError(
                f"{path} has several theories: {name} is {first}{', ...' if len(values) > 3 else ''}. Give the levels "
                f"of one; cftsr fit {path} reads all of them"
            )


def _column(path: Path, header: list[str], column: str | None) -> int:
    if column is not None:
        if column not in header:
            raise UserError(f"{path} has no column {column!r}; it has {', '.join(header)}")
        return header.index(column)
    known = [i for i, name in enumerate(header) if name.lower() in WEIGHTS + ENERGIES]
    if len(header) == 1:
        return 0
    if len(known) == 1:
        return known[0]
    raise UserError(f"{path} has the columns {', '.join(header)}; name the one with the levels: --column NAME")
