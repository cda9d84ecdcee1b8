"""A user's own spectrum: a table of labels, with one number in each row.

The file is read once (`table_file`), checked, and becomes a data set like those of the families: exact targets where
the entries allow it (`numbers`), labels as whole numbers over one denominator (`labels`), rows sorted by theory and by
target, and a part that is held out of every fit.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cftsr import __version__
from cftsr.data.dataset import Dataset
from cftsr.data.entries import MISSING, OVERFLOWN, SIGNS
from cftsr.data.labels import Label, counts_rows, is_text, plain_name, plain_names, read_label
from cftsr.data.numbers import (
    MAJORITY,
    NumberError,
    Targets,
    exact_decimals,
    last_digits,
    nearest_simple,
    parse_numbers,
)
from cftsr.data.table_file import TableFile
from cftsr.data.tasks import GIVEN
from cftsr.data.text_table import FileColumns, lines_in_words
from cftsr.errors import UserError

# More rows than any formula needs; a file of gigabytes is refused while it is read, not after it has filled the memory.
MAX_ROWS = 5_000_000
SHOWN = 3  # examples in a message
_INDEX = re.compile(r"Unnamed: \d+|__index_level_\d+__")  # how pandas calls a column without a name
SIGMAS = 6  # standard deviations that two measurements of one value may be apart
NOTABLE = 1e-3  # of a stated bound: a rounding beyond is told


@dataclass(frozen=True)
class SpectrumRequest:
    """A user's file, and what its columns are.

    name            of the data in paths and tables
    file            a table in text, Parquet, Feather, JSON, ... (docs/your-own-table.md); - for standard input
    target          the column to find a formula for: integers, fractions such as 3/80, or decimals
    labels          the columns that the formula may use, theory labels first; () for all other columns
    theory_labels   how many of them, from the left, fix a theory; None where each row is a theory of its own
    uncertainty     the column with how far each target may be off, or None
    sigma           the column with the standard deviation of each target, or None
    hold_out_theories, hold_out_levels   shares, 0 to below 1: of the theories, the largest; of the rows of each other
                    theory, the highest targets
    hold_out_column a column that is not 0 on the rows to hold out, instead of shares
    finite_labels   labels that take no other values in any theory than those in the file (a sector, a parity)
    unary_operators operators besides + - * / that a search may use
    rest            whether all other columns are labels too, after those named
    drop            columns that are no labels
    columns         names of the columns, where the file has no header line or its names are to be replaced
    encoding        of a text file; None to detect it
    skip_missing    whether rows with a missing value are left out; otherwise they are refused
    """

    name: str
    file: str | Path
    target: str
    labels: tuple[str, ...] = ()
    theory_labels: int | None = None
    uncertainty: str | None = None
    sigma: str | None = None
    hold_out_theories: float = 0.2
    hold_out_levels: float = 0.0
    hold_out_column: str | None = None
    finite_labels: tuple[str, ...] = ()
    unary_operators: tuple[str, ...] = ("square",)
    rest: bool = False
    drop: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    encoding: str | None = None
    skip_missing: bool = False

    @classmethod
    def of_roles(
        cls,
        name: str,
        file: str | Path,
        target: str,
        theory: tuple[str, ...],
        state: tuple[str, ...],
        labels: tuple[str, ...],
        hold_out: float | str,
        **more: Any,
    ) -> SpectrumRequest:
        """The request of a user who names the labels by their kind.

        theory, state   labels that fix a theory, and a field within it; with a theory alone all other columns are
                        labels of states
        labels          all labels, where the two kinds are not distinguished; then theory and state are empty
        hold_out        a share of the theories, or a column
        """
        share, column = (0.0, hold_out) if isinstance(hold_out, str) else (hold_out, None)
        return cls(
            name=name,
            file=file,
            target=target,
            labels=labels or theory + state,
            theory_labels=len(theory) or None,
            rest=bool(theory) and not state,
            hold_out_theories=share,
            hold_out_column=column,
            **more,
        )


@dataclass(frozen=True)
class UserSpectrum:
    """A file as read: the data, what is held out of them, and the assumptions made, in words.

    sectors   names of text columns that were left out because the other labels tell the rows apart
    """

    data: Dataset
    held_out: Dataset
    notes: tuple[str, ...]
    sectors: tuple[str, ...] = ()


def read_spectrum(request: SpectrumRequest) -> UserSpectrum:
    """Read and check a file.

    Raises UserError, with the file, the line and the remedy, for anything that cannot be used.
    """
    file = _opened(request)
    roles = _roles(request, file.names)
    table = file.read(roles.wanted)
    if not len(table):
        raise UserError(f"{request.file} has a header and no rows; give at least one row per field")
    notes = list(table.notes)
    labels, left_out = _label_columns(request, roles, table, notes)
    table = _without_missing(request, roles, [label.place for label in labels], table, notes)
    labels = [_read_label(request, label, table) for label in labels]
    targets = _targets(request, roles, table)
    notes += [f"label {label.name}: {note}" for label in labels for note in label.column.notes] + list(targets.notes)
    texts = [_read_label(request, sector, table) for sector in left_out]
    labels = _without_index(request, labels, texts, table, targets, notes)
    labels, sectors = _needed(request, labels, texts, table, targets, notes)
    labels = _without_constants(request, labels, notes)
    named = plain_names([label.name for label in labels])
    renamed = [f"{label.name} -> {name}" for label, name in zip(labels, named, strict=True) if name != label.name]
    if renamed:
        notes.append(f"labels have other names in formulas: {', '.join(renamed)}")
    for label, name in zip(labels, named, strict=True):
        if label.column.texts:
            codes = ", ".join(f"{code} is {text}" for code, text in enumerate(label.column.texts))
            notes.append(f"the texts of {name} are numbers in formulas: {codes}")
    _hint_at_counters(labels, notes)
    rows = _Rows(request, tuple(named), labels, targets, table)
    held_out = _held_out_rows(request, roles, table)
    return _split(rows.without_duplicates(notes, held_out), roles, file, notes, sectors)


def count_theories(request: SpectrumRequest) -> int:
    """How many theories the data will have. Raises as `read_spectrum` does."""
    return int(read_spectrum(request).data.metadata["theories"])


def _opened(request: SpectrumRequest) -> TableFile:
    file = TableFile(request.file, request.encoding, request.columns, MAX_ROWS)
    names = file.names
    if not names:
        raise UserError(
            f"{request.file} is empty; give a CSV file with a header line and one row per field, or Parquet"
        )
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"{request.file} has two columns called {twice!r}; rename one")
    return file


# ---- columns


@dataclass(frozen=True)
class _Roles:
    """The role of each column, by its place in the file.

    labels    those named, in their order; then the others that may be labels, where those are wanted
    explicit  how many of them were named
    theory    how many of them, from the left, fix a theory; None where the request does not say
    """

    target: int
    uncertainty: int | None
    sigma: int | None
    hold_out: int | None
    labels: tuple[int, ...]
    explicit: int
    theory: int | None
    finite: tuple[int, ...]

    @property
    def wanted(self) -> list[int]:
        extra = (self.target, self.uncertainty, self.sigma, self.hold_out)
        return list(dict.fromkeys([*self.labels, *(place for place in extra if place is not None)]))


def _roles(request: SpectrumRequest, names: list[str]) -> _Roles:
    def place_of(what: str, column: str) -> int:
        return _place(request, names, what, column)

    special = {
        what: None if column is None else place_of(what, column)
        for what, column in (
            ("target", request.target),
            ("uncertainty", request.uncertainty),
            ("sigma", request.sigma),
            ("hold_out", request.hold_out_column),
        )
    }
    named = [place_of("label", label) for label in request.labels]
    finite = [place_of("finite label", label) for label in request.finite_labels]
    dropped = {place_of("drop", column) for column in request.drop}
    others = {place for place in special.values() if place is not None}
    for what, place in special.items():
        if place is not None and place == special["target"] and what != "target":
            raise UserError(
                f"{request.file}: column {names[place]!r} is the target, and cannot be the "
                f"{'rows to hold out' if what == 'hold_out' else what} too; name another column"
            )
    for label in named:
        if label in others:
            raise UserError(
                f"{request.file}: column {names[label]!r} cannot be a label and the target or its uncertainty"
            )
        if label in dropped:
            raise UserError(f"{request.file}: column {names[label]!r} is named as a label and as one to drop")
    if len(set(named)) < len(named):
        raise UserError(f"{request.file}: a label appears twice in {', '.join(request.labels)}; name each once")
    labels = list(named)
    if not named or request.rest:
        labels += [place for place in range(len(names)) if place not in {*named, *others, *dropped}]
    if not labels:
        raise UserError(_no_label(request))
    for label in finite:
        if label not in labels:
            shown = ", ".join(names[place] for place in labels)
            raise UserError(f"{request.file}: the finite label {names[label]!r} is no label; labels are {shown}")
    return _Roles(
        special["target"],
        special["uncertainty"],
        special["sigma"],
        special["hold_out"],
        tuple(labels),
        len(named),
        request.theory_labels,
        tuple(finite),
    )


def _no_label(request: SpectrumRequest) -> UserError:
    """No column may be a label: the file has no other, or each of the others was named for something else."""
    uses = [(request.uncertainty, "the uncertainty"), (request.sigma, "the standard deviation")]
    uses += [
        (request.hold_out_column, "the rows to hold out"),
        *((column, "a column to drop") for column in request.drop),
    ]
    taken = [f"{column!r} was named as {use}" for column, use in uses if column]
    if not taken:
        return UserError(
            f"{request.file} has no column besides {request.target!r}; a formula needs labels to depend on"
        )
    return UserError(
        f"{request.file}: no column is left to be a label: {' and '.join(taken)}. "
        "A formula needs labels to depend on; leave out the option that names a label"
    )


def _place(request: SpectrumRequest, names: list[str], what: str, column: str) -> int:
    """The place of a column that was named as the file does, as formulas do, or without its unit."""

    def bare(name: str) -> str:
        return re.sub(r"\s*[(\[{].*[)\]}]\s*$", "", name).strip()

    for spelt in (str, plain_name, bare):
        places = [place for place, name in enumerate(names) if name and spelt(name) == spelt(column.strip())]
        if len(places) == 1:
            return places[0]
    known = [name for name in names if name]
    near = [name for name in known if name.lower() == column.lower()] or difflib.get_close_matches(column, known, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise UserError(f"{request.file} has no column {column!r} for the {what}{hint}; it has {', '.join(known)}")


@dataclass(frozen=True)
class _LabelColumn:
    """A label column being read: its place and name in the file, whether the user named it, and its values."""

    place: int
    name: str
    explicit: bool
    column: Label = field(default_factory=lambda: Label(np.array([], dtype=np.int64)))


def _label_columns(
    request: SpectrumRequest, roles: _Roles, table: FileColumns, notes: list[str]
) -> tuple[list[_LabelColumn], list[_LabelColumn]]:
    """The labels that are numbers or were named; text columns that may be sectors. Notes list what is left out."""
    labels, sectors = [], []
    for number, place in enumerate(roles.labels):
        label = _LabelColumn(place, table.names[place] or f"column_{place + 1}", number < roles.explicit)
        column = table.columns[place]
        missing = _missing(column)
        there = column.filter(pc.invert(missing)) if pc.any(missing).as_py() else column
        if label.explicit or place in roles.finite:
            labels.append(label)
        elif not len(there):
            what = "the last column" if place == len(table.names) - 1 else f"column {label.name!r}"
            notes.append(f"{what} is empty and was left out")
        elif is_text(there, table.decimal):
            try:
                read_label(there, table.decimal)
                if len(there) < len(column):
                    raise NumberError("a sector is missing", np.array([]))
            except NumberError:
                odd = _odd_entries(there, table.decimal)
                if odd <= len(there) // 10:
                    labels.append(label)  # numbers with a few misprints, which are reported
                else:
                    notes.append(f"column {label.name!r} is text and was left out")
            else:
                sectors.append(label)
        elif not table.names[place] or _INDEX.fullmatch(label.name):
            if len(there) == len(column) and counts_rows(read_label(column, table.decimal)):
                notes.append(f"the unnamed column {place + 1} counts the rows and was left out")
            else:
                labels.append(label)
        else:
            labels.append(label)
    return labels, sectors


def _odd_entries(column: pa.Array, decimal: str) -> int:
    try:
        exact_decimals(column, decimal)
    except NumberError as error:
        return len(error.rows)
    return 0


def _missing(column: pa.Array) -> pa.Array:
    """A mask of the rows where a value is missing, in any spelling."""
    if pa.types.is_floating(column.type):
        return pc.fill_null(pc.is_nan(column), True)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        if pc.all(pc.match_substring_regex(column, "^[+-]?[0-9][^#]*$"), skip_nulls=False).as_py():
            return pa.array(np.zeros(len(column), dtype=bool))
        bare = pc.utf8_lower(pc.utf8_trim(pc.utf8_trim_whitespace(column), "\"'"))
        # Beside a plus, a minus is a sign (a parity), and no dash for what is missing.
        signs = pc.any(pc.equal(bare, "+")).as_py()
        words = pa.array(sorted(MISSING - SIGNS if signs else MISSING), bare.type)
        lacking = pc.or_(pc.is_in(bare, words), pc.match_substring_regex(bare, OVERFLOWN))
        return pc.fill_null(pc.or_(lacking, pc.is_null(bare)), True)
    return pc.is_null(column)


def _without_missing(
    request: SpectrumRequest, roles: _Roles, labels: list[int], table: FileColumns, notes: list[str]
) -> FileColumns:
    """The table without the rows that lack a value, if the request allows it; else UserError, which lists them all."""
    lacking = np.zeros(len(table), dtype=bool)
    gaps = []
    for place in dict.fromkeys([*labels, roles.target, roles.uncertainty, roles.sigma]):
        if place is None:
            continue
        mask = _missing(table.columns[place]).to_numpy(zero_copy_only=False).astype(bool)
        if not mask.any():
            continue
        lacking |= mask
        rows = np.flatnonzero(mask)
        spelt = sorted({_shown(table, place, row) for row in rows.tolist()})
        gaps.append(f"column {table.names[place]!r}, {_lines(rows, table)} (there is {', '.join(spelt[:SHOWN])})")
    complete = np.flatnonzero(~lacking)
    if not gaps:
        return table
    if not request.skip_missing:
        raise UserError(
            f"{request.file}: a value is missing in {'; '.join(gaps)}. --skip-missing (skip_missing) leaves such rows "
            "out, --drop (drop) a column that is no label"
        )
    if not len(complete):
        raise UserError(f"{request.file}: a value is missing on every row; leave out the column that has none (--drop)")
    count = int(lacking.sum())
    notes.append(f"{count} row{'s' * (count > 1)} with a missing value left out: {'; '.join(gaps)}")
    columns = {place: column.take(pa.array(complete)) for place, column in table.columns.items()}
    lines = table.lines[complete] if table.lines is not None else complete + table.first
    return replace(table, columns=columns, lines=lines)


def _shown(table: FileColumns, place: int, row: int) -> str:
    entry = table.columns[place][row].as_py()
    return "nothing" if entry is None or entry == "" else repr(entry)[:60]


def _lines(rows: np.ndarray, table: FileColumns, shown: int = 12) -> str:
    return lines_in_words([table.line(row) for row in rows.tolist()], shown)


def _bad_entries(request: SpectrumRequest, place: int, table: FileColumns, rows: np.ndarray, reason: str) -> UserError:
    return UserError(
        f"{request.file}, column {table.names[place]!r}, {_lines(rows, table, SHOWN)}: {reason} (there is "
        f"{_shown(table, place, int(rows[0]))}). Correct the entry or leave the row out"
    )


def _read_label(request: SpectrumRequest, label: _LabelColumn, table: FileColumns) -> _LabelColumn:
    try:
        return replace(label, column=read_label(table.columns[label.place], table.decimal))
    except NumberError as error:
        raise _bad_entries(request, label.place, table, error.rows, str(error)) from None


def _contradict(request: SpectrumRequest, labels: list[_LabelColumn], table: FileColumns, targets: Targets) -> bool:
    """Whether rows with the same labels have different targets."""
    return bool(_Rows(request, (), labels, targets, table).contradictions()[0].size)


def _without_index(
    request: SpectrumRequest,
    labels: list[_LabelColumn],
    sectors: list[_LabelColumn],
    table: FileColumns,
    targets: Targets,
    notes: list[str],
) -> list[_LabelColumn]:
    """The labels without an index of rows that were selected from a longer table: unnamed, and always increasing."""
    for label in labels:
        others = [other for other in labels if other is not label]
        if label.explicit or not others or not (not table.names[label.place] or _INDEX.fullmatch(label.name)):
            continue
        column = label.column
        if column.texts or column.scale != 1 or not np.all(column.whole[1:] > column.whole[:-1]):
            continue
        if not _contradict(request, others + sectors, table, targets):
            notes.append(
                f"the unnamed column {label.place + 1} increases from row to row, as an index does, and was left out"
            )
            return others
    return labels


def _needed(
    request: SpectrumRequest,
    labels: list[_LabelColumn],
    sectors: list[_LabelColumn],
    table: FileColumns,
    targets: Targets,
    notes: list[str],
) -> tuple[list[_LabelColumn], tuple[str, ...]]:
    """The labels, with those text columns that are needed to tell rows apart; and the names of the others."""
    if not sectors:
        return labels, ()
    if not labels or _contradict(request, labels, table, targets):
        return labels + sectors, ()
    for sector in sectors:
        few = ", ".join(sector.column.texts[:SHOWN]) + ", ..." * (len(sector.column.texts) > SHOWN)
        notes.append(f"column {sector.name!r} is text ({few}) and was left out: the other labels tell the rows apart")
    return labels, tuple(sector.name for sector in sectors)


def _without_constants(request: SpectrumRequest, labels: list[_LabelColumn], notes: list[str]) -> list[_LabelColumn]:
    varying = []
    for label in labels:
        whole = label.column.whole
        if len(whole) > 1 and np.all(whole == whole[0]):
            value = _value(label.column, whole[0])
            if label.explicit:
                raise UserError(
                    f"{request.file}: label {label.name!r} is {value} on every row (one theory only?): no formula can "
                    "be learnt in a label that does not vary. Add rows with other values, or leave that label out"
                )
            notes.append(f"column {label.name!r} is {value} on every row and was left out")
        else:
            varying.append(label)
    if not varying:
        raise UserError(
            f"{request.file} has no label that varies, one theory only; no formula can be learnt. Add rows of others"
        )
    return varying


def _value(label: Label, whole: int) -> str:
    return label.texts[int(whole)] if label.texts else str(Fraction(int(whole), label.scale))


def _hint_at_counters(labels: list[_LabelColumn], notes: list[str]) -> None:
    for label in labels:
        whole = label.column.whole
        if not label.explicit and len(labels) > 1 and whole.dtype != object and len(whole) > 2:
            steps = np.diff(whole)
            if label.column.scale == 1 and not label.column.texts and np.all(steps == 1):
                notes.append(
                    f"column {label.name!r} counts the rows; leave it out (--drop {label.name!r}) if it is no label"
                )


# ---- targets


def _targets(request: SpectrumRequest, roles: _Roles, table: FileColumns) -> Targets:
    place = roles.target
    try:
        if roles.uncertainty is None and roles.sigma is None:
            return parse_numbers(table.columns[place], table.decimal)
        stated = {}
        for what, place in (("uncertainty", roles.uncertainty), ("sigma", roles.sigma)):
            if place is not None:
                numbers = exact_decimals(table.columns[place], table.decimal)
                stated[what] = (numbers.numerator / numbers.denominator).astype(float)
                if np.any(stated[what] < 0):
                    raise NumberError(
                        f"{'an uncertainty' if what == 'uncertainty' else 'a standard deviation'} is not negative",
                        np.flatnonzero(stated[what] < 0),
                    )
        place = roles.target
        values = parse_numbers(table.columns[place], table.decimal)
        if values.fractions and np.mean(values.uncertainty == 0) >= MAJORITY:
            note = "all their digits are those of simple fractions, so the stated uncertainty was not needed"
            return replace(values, notes=(*values.notes, note), stated=None)
        values = exact_decimals(table.columns[place], table.decimal)
        if "uncertainty" in stated:
            bound = stated["uncertainty"]
            # The bound is that of the number before it was rounded. Where it is 0, the entry is said to be exact.
            half = np.where(bound > 0, last_digits(table.columns[place], table.decimal), 0.0)
            values = nearest_simple(values, bound + half)
            if np.any(half > NOTABLE * bound):
                note = "to each bound half a unit of the target's last digit was added: the targets are rounded"
                values = replace(values, notes=(*values.notes, note))
        return replace(values, stated=stated.get("sigma"))
    except NumberError as error:
        raise _bad_entries(request, place, table, error.rows, str(error)) from None


def _held_out_rows(request: SpectrumRequest, roles: _Roles, table: FileColumns) -> np.ndarray | None:
    if roles.hold_out is None:
        return None
    column = table.columns[roles.hold_out]
    if pa.types.is_boolean(column.type):
        return column.fill_null(False).to_numpy(zero_copy_only=False).astype(bool)
    there = pc.invert(_missing(column)).to_numpy(zero_copy_only=False).astype(bool)
    held_out = np.zeros(len(column), dtype=bool)
    words = [str(entry).strip().lower() for entry in column.to_pylist()]
    known = {"true": True, "yes": True, "t": True, "false": False, "no": False, "f": False}
    for row in np.flatnonzero(there).tolist():
        if words[row] not in known:
            try:
                known[words[row]] = float(words[row]) != 0
            except ValueError:
                reason = "rows to hold out are marked by 0 and 1, or by true and false"
                raise _bad_entries(request, roles.hold_out, table, np.array([row]), reason) from None
        held_out[row] = known[words[row]]
    return held_out


# ---- rows


class _Rows:
    """Labels and targets of all rows, in the order of the file."""

    def __init__(
        self, request: SpectrumRequest, names: tuple[str, ...], labels: list, targets: Targets, table: FileColumns
    ):
        self.request, self.names, self.labels, self.targets, self.table = request, names, labels, targets, table
        self.rows = np.arange(len(table))
        self.held_out: np.ndarray | None = None
        # Codes in the order of the values: they can be sorted whatever the size of the numbers.
        self.codes = np.column_stack([_codes(label.column.whole) for label in labels])

    def contradictions(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of rows with the same labels and different targets, in two arrays; one row per tuple of labels."""
        order = np.lexsort(self.codes.T[::-1])
        ordered = self.codes[order]
        again = np.concatenate([[False], np.all(ordered[1:] == ordered[:-1], axis=1)])
        first = order[np.maximum.accumulate(np.where(again, 0, np.arange(len(order))))]
        above, below = self.targets.numerator, self.targets.denominator
        same = (above[first] == above[order]) & (below[first] == below[order])
        if again.any():
            values, width = (above / below).astype(float), self.targets.uncertainty.copy()
            if self.targets.stated is not None:
                width = width + SIGMAS * self.targets.stated
            same |= np.abs(values[first] - values[order]) <= width[first] + width[order]
        apart = again & ~same
        return first[apart], order[apart], np.sort(order[~again]), again

    def without_duplicates(self, notes: list[str], held_out: np.ndarray | None) -> _Rows:
        one, other, distinct, again = self.contradictions()
        if len(one):
            first, second = int(one[0]), int(other[0])
            point = ", ".join(
                f"{label.name}={_value(label.column, label.column.whole[first])}" for label in self.labels
            )
            values = [_fraction(self.targets, row) for row in (first, second)]
            raise UserError(
                f"{self.request.file}: lines {self.table.line(first)} and {self.table.line(second)} contradict each "
                f"other: at {point} the target is {values[0]} and {values[1]} ({len(one)} such row(s)). Correct one, "
                "or add the label that tells them apart"
            )
        if again.any():
            notes.append(f"{int(again.sum())} row(s) occur more than once with the same target; each was used once")
        self.rows, self.held_out = distinct, None if held_out is None else held_out[distinct]
        return self


def _codes(whole: np.ndarray) -> np.ndarray:
    return np.unique(whole, return_inverse=True)[1].astype(np.int64) if whole.dtype == object else whole


def _fraction(targets: Targets, row: int) -> str:
    above, below = targets.numerator[row], targets.denominator[row]
    return f"{above}/{below}" if below != 1 else str(above)


def _refuse_what_has_no_formula(rows: _Rows) -> None:
    request, targets = rows.request, rows.targets
    if len(rows.rows) == 1:
        raise UserError(f"{request.file} has one row; a formula needs many more rows than it has constants")
    numerator, denominator = targets.numerator[rows.rows], targets.denominator[rows.rows]
    if np.all(numerator == numerator[0]) and np.all(denominator == denominator[0]):
        raise UserError(
            f"{request.file}: the target {request.target!r} is {_fraction(targets, int(rows.rows[0]))} on every row: "
            "that constant is the formula, and there is nothing to fit. Is it the right column?"
        )


def _number_held_out(request: SpectrumRequest, theories: int) -> int:
    """How many of the theories, the largest, are held out whole."""
    return ceil(request.hold_out_theories * theories - 1e-9)


def _split(rows: _Rows, roles: _Roles, file: TableFile, notes: list[str], sectors: tuple[str, ...]) -> UserSpectrum:
    request, targets = rows.request, rows.targets
    _refuse_what_has_no_formula(rows)
    theory_labels = sum(label.place in roles.labels[: roles.theory] for label in rows.labels) if roles.theory else 0
    theory_labels = theory_labels or len(rows.labels)
    value = (targets.numerator / targets.denominator).astype(float)[rows.rows]
    codes = rows.codes[rows.rows]
    theory = codes[:, :theory_labels]
    size = sum(
        np.abs(label.column.whole[rows.rows].astype(float)) / float(label.column.scale)
        for label in rows.labels[:theory_labels]
    )
    # Theories by the size of their labels, then by the labels; fields by target, then by labels: as in the families.
    keys = [*codes[:, theory_labels:].T[::-1], value, *theory.T[::-1], size]
    order = np.lexsort(keys)
    theory, at = theory[order], rows.rows[order]
    starts = np.concatenate([[True], np.any(theory[1:] != theory[:-1], axis=1)])
    number = np.cumsum(starts) - 1
    rank = np.arange(len(at)) - np.flatnonzero(starts)[number]
    theories = int(number[-1]) + 1
    if rows.held_out is not None:
        held_out = rows.held_out[order]
    else:
        last = _number_held_out(request, theories)
        fitted = np.maximum(1, np.ceil((1 - request.hold_out_levels) * np.bincount(number)[number] - 1e-9))
        held_out = (number >= theories - last) | (rank >= fitted)
    if held_out.all() or len(np.unique(number[~held_out])) < 2:
        raise UserError(
            f"{request.file}: after holding out {int(held_out.sum())} of {len(at)} rows fewer than two theories are "
            "left to fit. Hold out less (hold_out), or give more theories"
        )
    whole = [label.column.whole[at] for label in rows.labels]
    scales = tuple(label.column.scale for label in rows.labels)
    finite = [place for place, label in enumerate(rows.labels) if label.place in roles.finite or label.column.texts]
    values = (
        tuple(map(tuple, sorted(set(zip(*(whole[place].tolist() for place in finite), strict=True))))) if finite else ()
    )
    uncertainty, sigma = targets.uncertainty[at], None if targets.stated is None else targets.stated[at]
    every = Dataset(
        labels=rows.names,
        theory_labels=theory_labels,
        x=np.column_stack(whole),
        numerator=targets.numerator[at],
        denominator=targets.denominator[at],
        rank=rank.astype(np.int32),
        uncertainty=uncertainty if np.any(uncertainty > 0) else None,
        sigma=sigma if sigma is not None and np.any(sigma > 0) else None,
        scales=scales if any(scale != 1 for scale in scales) else (),
        unary_operators=tuple(request.unary_operators),
        finite_labels=tuple(rows.names[place] for place in finite),
        finite_values=values,
        sectors={
            rows.names[place]: rows.labels[place].column.texts for place in finite if rows.labels[place].column.texts
        },
        entries=_entries(rows, roles, at),
    )
    digest = file.digest()

    def part(mask: np.ndarray, what: str) -> Dataset:
        metadata = {
            "family": request.name,
            "task": GIVEN,
            "symbol": request.target,
            "title": request.name,
            "generator": __version__,
            "theories": str(len(np.unique(number[mask]))),
            "part": what,
            "file": Path(request.file).name,
            "file_sha256": digest,
            "notes": "; ".join(notes),
        }
        return replace(every.take(mask), metadata=metadata)

    return UserSpectrum(part(~held_out, "data"), part(held_out, "held_out"), tuple(notes), sectors)


def _entries(rows: _Rows, roles: _Roles, at: np.ndarray) -> np.ndarray | None:
    """The targets as written in the file, where they are not exact integers and fractions."""
    targets, column = rows.targets, rows.table.columns[roles.target]
    if not targets.notes and targets.stated is None and not targets.uncertainty.any():
        return None
    return column.cast(pa.string()).to_numpy(zero_copy_only=False)[at]
