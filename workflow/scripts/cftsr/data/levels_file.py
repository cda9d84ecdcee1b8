"""A file of energies without labels of fields: theories, by labels or by a name, and the levels of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from cftsr.data.labels import counts_rows, plain_names, read_label
from cftsr.data.numbers import NumberError, parse_numbers
from cftsr.data.table_file import TableFile
from cftsr.data.text_table import FileColumns
from cftsr.data.user_file import MAX_ROWS, SpectrumRequest
from cftsr.errors import UserError

SEVERAL = 0.5  # of the theories have several levels: else two rows of one theory are a mistake in a table with labels
LEAST_THEORIES = 8  # of which some are held out whole
LEAST_LEVELS = 5  # of a theory of which the highest are held out

Theory = tuple[int | str, ...]


@dataclass(frozen=True)
class Levels:
    """The levels of theories in a file.

    labels   names of the theory labels as in formulas; () where theories have names only
    named    the column of these names, "" where there are labels
    levels   theory -> its distinct levels, lowest first; theories by size, smallest first
    notes    the assumptions made, in words
    """

    labels: tuple[str, ...]
    named: str
    levels: dict[Theory, tuple[Fraction, ...]]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return sum(map(len, self.levels.values()))

    def split_by_theories(self, share: float) -> tuple[Rows, Rows]:
        """The data, and the share of the theories, the largest, that is held out whole."""
        theories = list(self.levels)
        last = ceil(share * len(theories) - 1e-9) if len(theories) >= LEAST_THEORIES else 0
        fitted = theories[: len(theories) - last]
        return (
            [(theory, level) for theory in fitted for level in self.levels[theory]],
            [(theory, level) for theory in theories[len(fitted) :] for level in self.levels[theory]],
        )

    def split_by_levels(self, share: float) -> tuple[Rows, Rows]:
        """The data, and the share of the levels, the highest, of each theory with at least LEAST_LEVELS."""
        data, held_out = [], []
        for theory, levels in self.levels.items():
            last = ceil(share * len(levels) - 1e-9) if len(levels) >= LEAST_LEVELS else 0
            data += [(theory, level) for level in levels[: len(levels) - last]]
            held_out += [(theory, level) for level in levels[len(levels) - last :]]
        return data, held_out


Rows = list[tuple[Theory, Fraction]]


def read_levels(request: SpectrumRequest) -> Levels | None:
    """The levels of a file, or None where its rows are not levels of theories without further labels.

    The rows are such levels if no label of a state is named, and the columns that may be labels have the same values on
    several rows with different targets, in at least half of the theories. A single theory needs LEAST_LEVELS levels,
    and no label.

    Raises UserError if they are but cannot be used: targets that are not exact, labels that are not whole.
    """
    if request.theory_labels is not None and len(request.labels) > request.theory_labels:
        return None
    file = TableFile(request.file, request.encoding, request.columns, MAX_ROWS)
    target, labels = _places(request, file.names)
    # An option that took the only label away: that is what to say.
    taken = request.uncertainty or request.sigma or request.hold_out_column
    if target is None or (taken and not labels):
        return None
    table = file.read([target, *labels])
    labels = [place for place in labels if not _counts(table, place)]
    entries = list(map(_spelt, table.columns[target].to_pylist()))
    if not entries:
        return None
    keys = list(zip(*(map(_spelt, table.columns[place].to_pylist()) for place in labels), strict=True))
    keys = keys or [()] * len(entries)
    if any(text in ("", None) for key in keys for text in key) or None in entries:
        return None
    distinct: dict[tuple, set] = {}
    for key, entry in zip(keys, entries, strict=True):
        distinct.setdefault(key, set()).add(entry)
    if sum(len(values) > 1 for values in distinct.values()) < SEVERAL * len(distinct):
        return None
    if len(distinct) == 1 and len(set(entries)) < LEAST_LEVELS:
        return None
    return _levels(request, table, target, labels, keys)


def _places(request: SpectrumRequest, names: list[str]) -> tuple[int | None, list[int]]:
    """The places of the target and of the columns that tell theories apart."""
    others = {request.uncertainty, request.sigma, request.hold_out_column, *request.drop} - {None}
    if request.target not in names or any(label not in names for label in request.labels):
        return None, []
    free = [place for place, name in enumerate(names) if name != request.target and name not in others]
    named = [names.index(label) for label in request.labels]
    return names.index(request.target), named + [place for place in free if place not in named and _wanted(request)]


def _wanted(request: SpectrumRequest) -> bool:
    """Whether columns that are not named are labels too."""
    return request.rest or not request.labels


def _counts(table: FileColumns, place: int) -> bool:
    """Whether a column without a name only counts the rows."""
    if table.names[place] and not re.fullmatch(r"Unnamed: \d+", table.names[place]):
        return False
    try:
        return counts_rows(read_label(table.columns[place], table.decimal))
    except NumberError:
        return False


def _spelt(entry: object) -> str | None:
    return None if entry is None else str(entry).strip()


def _levels(request: SpectrumRequest, table: FileColumns, target: int, labels: list[int], keys: list[tuple]) -> Levels:
    if request.uncertainty or request.sigma:
        raise UserError(
            f"{request.file}: several rows of a theory have the same labels, so their quantum numbers are to be "
            "found; that needs exact targets. Leave the uncertainty out, or name the labels of the states (--state)"
        )
    if request.hold_out_column:
        raise UserError(
            f"{request.file}: several rows of a theory have the same labels; what is held out of such a table is a "
            "share of the theories (--hold-out 0.2), not the rows of a column"
        )
    try:
        values = parse_numbers(table.columns[target], table.decimal)
    except NumberError as error:
        row = int(error.rows[0]) if len(error.rows) else 0
        raise UserError(f"{request.file}, column {request.target!r}, line {table.line(row)}: {error}") from None
    wide = np.flatnonzero(values.uncertainty > 0)
    if len(wide) or values.stated is not None:
        row = int(wide[0]) if len(wide) else 0
        raise UserError(
            f"{request.file}, column {request.target!r}, line {table.line(row)}: several rows of a theory have the "
            "same labels, so their quantum numbers are to be found; that needs exact targets, and "
            f"{_spelt(table.columns[target][row].as_py())} is only known to its digits. Give fractions, or more digits"
        )
    one = len(set(keys)) == 1
    read = None if one else _whole_labels(request, table, labels)
    names = [table.names[place] or f"column_{place + 1}" for place in labels]
    theories: list[Theory] = keys if read is None else list(map(tuple, np.column_stack(read).tolist()))
    levels: dict[Theory, set[Fraction]] = {}
    rows = zip(theories, values.numerator.tolist(), values.denominator.tolist(), strict=True)
    for theory, above, below in rows:
        levels.setdefault(theory, set()).add(Fraction(above, below))
    order = sorted(levels, key=_size) if read is not None else list(levels)
    repeated = len(keys) - sum(map(len, levels.values()))
    notes = [*table.notes, *values.notes]
    notes.append(
        "the rows were taken for the levels of one theory, without labels of fields"
        if one
        else f"several rows have the same {', '.join(names)}: taken for levels of one theory, without labels of fields"
    )
    if repeated:
        notes.append(f"{repeated} rows repeat a level of their theory; each was used once")
    return Levels(
        plain_names(names) if read is not None else (),
        "" if read is not None else ", ".join(names),
        {theory: tuple(sorted(levels[theory])) for theory in order},
        tuple(notes),
    )


def _size(theory: tuple) -> tuple:
    return (sum(map(abs, theory)), theory)


def _whole_labels(request: SpectrumRequest, table: FileColumns, labels: list[int]) -> list[np.ndarray] | None:
    """The labels' whole numbers, or None where a column has texts: theories have names then."""
    read = []
    for place in labels:
        try:
            label = read_label(table.columns[place], table.decimal)
        except NumberError:
            return None
        if label.texts:
            return None
        if label.scale != 1:
            raise UserError(
                f"{request.file}: label {table.names[place]!r} has fractions; where fields have no labels, those of "
                f"theories are whole numbers. Give {label.scale} times its values"
            )
        read.append(label.whole)
    return read
