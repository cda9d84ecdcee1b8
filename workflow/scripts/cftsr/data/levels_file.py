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
from cftsr.data.text_table import Table
from cftsr.data.user_file import MAX_ROWS, GivenSpectrum
from cftsr.errors import UserError

SEVERAL = 0.5  # of the theories have several levels: else two rows of one theory are a mistake in a table with labels
LEAST_THEORIES = 8  # of which some are held out whole
LEAST_LEVELS = 5  # of a theory of which the highest are held out

Theory = tuple[int | str, ...]


@dataclass(frozen=True)
class Levels:
    """Levels of theories as a file has them.

    labels   names of the theory labels as formulas have them; () where theories have names only
    named    the column that has these, "" where there are labels
    levels   theory -> its distinct levels, lowest first; theories by size, smallest first
    notes    what was assumed, in words
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
        kept = theories[: len(theories) - last]
        return (
            [(theory, level) for theory in kept for level in self.levels[theory]],
            [(theory, level) for theory in theories[len(kept) :] for level in self.levels[theory]],
        )

    def split_by_levels(self, share: float) -> tuple[Rows, Rows]:
        """The data, and the share of the levels of each theory that has a few, the highest."""
        data, held_out = [], []
        for theory, levels in self.levels.items():
            last = ceil(share * len(levels) - 1e-9) if len(levels) >= LEAST_LEVELS else 0
            data += [(theory, level) for level in levels[: len(levels) - last]]
            held_out += [(theory, level) for level in levels[len(levels) - last :]]
        return data, held_out


Rows = list[tuple[Theory, Fraction]]


def read_levels(asked: GivenSpectrum) -> Levels | None:
    """The levels of a file, or None where its rows are not levels of theories without further labels.

    They are where no label of a state is named, and the columns that may be labels have the same values on several rows
    with different targets, in at least half of the theories. One theory needs LEAST_LEVELS levels, and no column.

    Raises UserError where they are, and cannot be used: targets that are not exact, labels that are not whole.
    """
    if asked.theory_labels is not None and len(asked.labels) > asked.theory_labels:
        return None
    file = TableFile(asked.file, asked.encoding, asked.columns, MAX_ROWS)
    target, labels = _places(asked, file.names)
    if target is None:
        return None
    table = file.read([target, *labels])
    labels = [place for place in labels if not _counts(table, place)]
    entries = table.columns[target].to_pylist()
    keys = list(zip(*(map(_spelt, table.columns[place].to_pylist()) for place in labels), strict=True))
    keys = keys or [()] * len(entries)
    if any(text in ("", None) for key in keys for text in key) or None in entries:
        return None
    several: dict[tuple, set] = {}
    for key, entry in zip(keys, entries, strict=True):
        several.setdefault(key, set()).add(entry)
    if sum(len(found) > 1 for found in several.values()) < SEVERAL * len(several):
        return None
    if len(several) == 1 and len(set(entries)) < LEAST_LEVELS:
        return None
    return _levels(asked, table, target, labels, keys)


def _places(asked: GivenSpectrum, names: list[str]) -> tuple[int | None, list[int]]:
    """The places of the target and of the columns that tell theories apart."""
    others = {asked.uncertainty, asked.sigma, asked.hold_out_column, *asked.drop} - {None}
    if asked.target not in names or any(label not in names for label in asked.labels):
        return None, []
    free = [place for place, name in enumerate(names) if name != asked.target and name not in others]
    named = [names.index(label) for label in asked.labels]
    return names.index(asked.target), named + [place for place in free if place not in named and _wanted(asked)]


def _wanted(asked: GivenSpectrum) -> bool:
    """Whether columns that are not named are labels too."""
    return asked.rest or not asked.labels


def _counts(table: Table, place: int) -> bool:
    """Whether a column without a name only counts the rows."""
    if table.names[place] and not re.fullmatch(r"Unnamed: \d+", table.names[place]):
        return False
    try:
        return counts_rows(read_label(table.columns[place], table.decimal))
    except NumberError:
        return False


def _spelt(entry: object) -> str | None:
    return None if entry is None else str(entry).strip()


def _levels(asked: GivenSpectrum, table: Table, target: int, labels: list[int], keys: list[tuple]) -> Levels:
    if asked.uncertainty or asked.sigma:
        raise UserError(
            f"{asked.file}: several rows of a theory have the same labels, so that their quantum numbers are to be "
            "found; that needs exact targets. Leave the uncertainty out, or name the labels of the states (--state)"
        )
    if asked.hold_out_column:
        raise UserError(
            f"{asked.file}: several rows of a theory have the same labels; what is held out of such a table is a share "
            "of the theories (--hold-out 0.2), not the rows of a column"
        )
    try:
        values = parse_numbers(table.columns[target], table.decimal)
    except NumberError as error:
        row = int(error.rows[0]) if len(error.rows) else 0
        raise UserError(f"{asked.file}, column {asked.target!r}, line {table.line(row)}: {error}") from None
    wide = np.flatnonzero(values.uncertainty > 0)
    if len(wide) or values.stated is not None:
        row = int(wide[0]) if len(wide) else 0
        raise UserError(
            f"{asked.file}, column {asked.target!r}, line {table.line(row)}: several rows of a theory have the same "
            "labels, so that their quantum numbers are to be found; that needs exact targets, and "
            f"{_spelt(table.columns[target][row].as_py())} is known to its digits only. Give fractions, or more digits"
        )
    one = len(set(keys)) == 1
    read = None if one else _whole_labels(asked, table, labels)
    names = [table.names[place] or f"column_{place + 1}" for place in labels]
    theories: list[Theory] = keys if read is None else list(map(tuple, np.column_stack(read).tolist()))
    found: dict[Theory, set[Fraction]] = {}
    rows = zip(theories, values.numerator.tolist(), values.denominator.tolist(), strict=True)
    for theory, above, below in rows:
        found.setdefault(theory, set()).add(Fraction(above, below))
    order = sorted(found, key=_size) if read is not None else list(found)
    again = len(keys) - sum(map(len, found.values()))
    notes = [*table.notes, *values.notes]
    notes.append(
        "the rows were taken for the levels of one theory, without labels of fields"
        if one
        else f"several rows have the same {', '.join(names)}: taken for levels of one theory, without labels of fields"
    )
    if again:
        notes.append(f"{again} rows repeat a level of their theory; each was used once")
    return Levels(
        plain_names(names) if read is not None else (),
        "" if read is not None else ", ".join(names),
        {theory: tuple(sorted(found[theory])) for theory in order},
        tuple(notes),
    )


def _size(theory: tuple) -> tuple:
    return (sum(map(abs, theory)), theory)


def _whole_labels(asked: GivenSpectrum, table: Table, labels: list[int]) -> list[np.ndarray] | None:
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
                f"{asked.file}: label {table.names[place]!r} has fractions; where fields have no labels, those of "
                f"theories are whole numbers. Give {label.scale} times its values"
            )
        read.append(label.whole)
    return read
