"""A spectrum that a user gives: a CSV or Parquet table of labels and one number a row.

The file is read once, checked, and becomes a data set like those of the families: exact targets where the entries
allow it (see rationalise.py), rows sorted by theory and by target, and a part that is held out of every fit.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from cftsr import __version__
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.data.dataset import Dataset
from cftsr.data.numbers import INTEGER, NumberError, Targets, nearest_simple, parse_numbers
from cftsr.data.tasks import GIVEN
from cftsr.errors import UserError

# More rows than any formula needs; a file of gigabytes is refused while it is read, not after it has filled the memory.
MAX_ROWS = 5_000_000
LARGEST_LABEL = 2**31 - 1
SHOWN = 3  # examples in a message
DELIMITERS = (",", ";", "\t", "|")
# Names that stand for something else in equations or in our data sets.
RESERVED = {"square", "rank", "numerator", "denominator", "target", "uncertainty", "inf", "nan", *INTEGER_COLUMNS}


@dataclass(frozen=True)
class GivenSpectrum:
    """What is said about a file.

    name            of the data in paths and tables
    file            CSV (any delimiter of DELIMITERS, a header line, lines of # before it) or Parquet
    target          the column to find a formula for: integers, fractions such as 3/80, or decimals
    labels          the columns that the formula may use, theory labels first; () for all other columns
    theory_labels   how many of them, from the left, fix a theory; None where that is not said: each row is then one
    uncertainty     a column that says how far each target may be off, or None
    hold_out_theories, hold_out_levels   shares, 0 to below 1: of the theories, the largest; of the rows of each other
                    theory, the highest targets
    hold_out_column a column that is not 0 on the rows to hold out, instead of shares
    finite_labels   labels that take no other values in any theory than those in the file (a sector, a parity)
    unary_operators operators beside + - * / that a search may use
    """

    name: str
    file: str | Path
    target: str
    labels: tuple[str, ...] = ()
    theory_labels: int | None = None
    uncertainty: str | None = None
    hold_out_theories: float = 0.2
    hold_out_levels: float = 0.0
    hold_out_column: str | None = None
    finite_labels: tuple[str, ...] = ()
    unary_operators: tuple[str, ...] = ("square",)


@dataclass(frozen=True)
class Given:
    """A file as read: the data, what is held out of them, and what was assumed on the way, in words."""

    data: Dataset
    held_out: Dataset
    notes: tuple[str, ...]


def read_given(asked: GivenSpectrum) -> Given:
    """Read and check a file.

    Raises UserError, which names the file, the line and the remedy, for anything that cannot be used.
    """
    asked = resolve(asked)
    table, first_line = _read(asked)
    if not len(table):
        raise UserError(f"{asked.file} has a header and no rows; give at least one row for each field")
    x = np.column_stack([_labels(asked, table, label, first_line) for label in asked.labels])
    targets = _targets(asked, table, first_line)
    held_out = _said_held_out(asked, table, first_line)
    kept, dropped = _without_duplicates(asked, x, targets, first_line)
    notes = list(targets.notes)
    if dropped:
        notes.append(f"{dropped} row(s) stand more than once with the same target; each was used once")
    x, held_out = x[kept], None if held_out is None else held_out[kept]
    numerator, denominator = targets.numerator[kept], targets.denominator[kept]
    uncertainty = targets.uncertainty[kept]
    _refuse_what_has_no_formula(asked, x, numerator, denominator)
    return _split(asked, x, numerator, denominator, uncertainty, held_out, notes)


def count_theories(asked: GivenSpectrum) -> int:
    """How many theories the data will have, from the columns that decide it alone. Raises as `read_given` does."""
    asked = resolve(asked)
    asked = replace(asked, labels=asked.labels[: asked.theory_labels], uncertainty=None)
    table, line = _read(asked, targets=False)
    if not len(table):
        return 0  # `read_given` says what is wrong
    theory = np.column_stack([_labels(asked, table, label, line) for label in asked.labels])
    said = _said_held_out(asked, table, line)
    if said is not None:
        return len(np.unique(theory[~said], axis=0))
    theories = len(np.unique(theory, axis=0))
    return theories - _number_held_out(asked, theories)


# ---- columns


def columns_of(path: str | Path) -> list[str]:
    """The names of the file's columns. Raises UserError where there is none, or the file cannot be read."""
    path = Path(path)
    try:
        if _is_parquet(path):
            names = pq.read_schema(path).names
        else:
            header, _, delimiter = _header(path)
            names = _csv_fields(header, delimiter)
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UserError(f"cannot read {path}: {reason}. Give a CSV file with a header line, or Parquet") from error
    if not names:
        raise UserError(f"{path} is empty; give a CSV file with a header line and one row for each field, or Parquet")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"{path} has two columns called {twice!r}; rename one")
    return names


def resolve(asked: GivenSpectrum) -> GivenSpectrum:
    """The same with every label named, after a look at the file's columns; UserError where they do not fit."""
    names = columns_of(asked.file)
    others = {asked.target, asked.uncertainty, asked.hold_out_column}
    for what, column in (
        ("target", asked.target),
        ("uncertainty", asked.uncertainty),
        ("hold_out", asked.hold_out_column),
        *(("label", label) for label in asked.labels),
        *(("finite label", label) for label in asked.finite_labels),
    ):
        if column is not None and column not in names:
            near = difflib.get_close_matches(column, names, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise UserError(f"{asked.file} has no column {column!r} for the {what}{hint}; it has {', '.join(names)}")
    labels = asked.labels or tuple(name for name in names if name not in others)
    if not labels:
        raise UserError(f"{asked.file} has no column beside {asked.target!r}; a formula needs labels to depend on")
    for label in labels:
        if label in others:
            raise UserError(f"{asked.file}: column {label!r} cannot be a label and the target or its uncertainty")
        _check_name(asked.file, label)
    if len(set(labels)) < len(labels):
        raise UserError(f"{asked.file}: a label stands twice in {', '.join(labels)}; name each once")
    for label in asked.finite_labels:
        if label not in labels:
            raise UserError(f"{asked.file}: the finite label {label!r} is no label; labels are {', '.join(labels)}")
    return replace(asked, labels=labels)


def _check_name(path: str | Path, label: str) -> None:
    """A label is a name in equations. Those of SymPy (S, N, E, I, beta) will do: no text of ours reaches sympify."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", label)
    if plain and not keyword.iskeyword(label) and label not in RESERVED:
        return
    if not plain:
        reason = "a label is letters, digits and _, and begins with a letter"
    elif label in INTEGER_COLUMNS:
        reason = "i1 to i10 are the constant columns of the integer settings"
    else:
        reason = "that name means something else in our equations or files"
    suggestion = re.sub(r"\W+", "_", label).strip("_") or "label"
    suggestion = f"{suggestion}_label" if plain else suggestion if suggestion[0].isalpha() else f"x{suggestion}"
    raise UserError(f"{path}: column {label!r} cannot be a label: {reason}. Rename it, to {suggestion} for example")


# ---- reading


def _is_parquet(path: Path) -> bool:
    with open(path, "rb") as stream:
        return stream.read(4) == b"PAR1"


def _header(path: Path) -> tuple[str, int, str]:
    """The header line of a CSV file, how many lines stand before it, and the delimiter."""
    with open(path, encoding="utf-8-sig", newline="") as stream:
        for number in range(1_000):
            line = stream.readline(1_000_000)
            if not line:
                break
            if line.strip() and not line.startswith("#"):
                line = line.rstrip("\r\n")
                return line, number, max(DELIMITERS, key=line.count)
    return "", 0, ","


def _csv_fields(header: str, delimiter: str) -> list[str]:
    if not header:
        return []
    return [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]


def _read(asked: GivenSpectrum, targets: bool = True) -> tuple[pa.Table, int]:
    """The columns that matter, CSV as text; and the number of the line that the first row stands on."""
    path = Path(asked.file)
    extra = [name for name in (asked.uncertainty, asked.hold_out_column) if name]
    wanted = list(dict.fromkeys([*asked.labels, *[asked.target] * targets, *extra]))
    try:
        if _is_parquet(path):
            rows = pq.read_metadata(path).num_rows
            if rows > MAX_ROWS:
                raise _too_large(path)
            return pq.read_table(path, columns=wanted), 1
        header, before, delimiter = _header(path)
        reader = pyarrow.csv.open_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(
                skip_rows=before + 1, column_names=_csv_fields(header, delimiter), block_size=1 << 23
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=wanted,
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        return _limited(path, reader, reader.schema), before + 2
    except pa.ArrowException as error:
        if "Empty CSV" in str(error):
            return pa.table({name: pa.array([], pa.string()) for name in wanted}), 1
        raise UserError(
            f"{path} cannot be read as a table: {error}. Mend that line, or export the table anew"
        ) from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


def _limited(path: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    """The batches as a table; UserError as soon as there are too many rows."""
    kept, rows = [], 0
    for batch in batches:
        kept.append(batch)
        rows += len(batch)
        if rows > MAX_ROWS:
            raise _too_large(path)
    return pa.Table.from_batches(kept, schema)


def _too_large(path: Path) -> UserError:
    return UserError(
        f"{path} has more than {MAX_ROWS:,} rows, the most that are read; a formula is found from a few thousand. Keep "
        "the lowest levels of each theory, or fewer theories"
    )


def _lines(rows: np.ndarray, first_line: int) -> str:
    """ "line 7", or "lines 7, 9, 12 and 4 more"."""
    shown = ", ".join(str(int(row) + first_line) for row in rows[:SHOWN])
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"line{'s' * (len(rows) > 1)} {shown}{more}"


def _bad_entries(
    asked: GivenSpectrum, column: str, table: pa.Table, rows: np.ndarray, reason: str, line: int
) -> UserError:
    entry = table[column][int(rows[0])].as_py()
    shown = "nothing" if entry is None else repr(entry)[:60]
    return UserError(
        f"{asked.file}, column {column!r}, {_lines(rows, line)}: {reason} (there is {shown}). Mend the entry or leave "
        "the row out"
    )


def _labels(asked: GivenSpectrum, table: pa.Table, label: str, line: int) -> np.ndarray:
    """The column as int64. Half-integers get a hint: spins are labels as 2j."""
    column = table[label].combine_chunks()
    if column.null_count:
        missing = np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))
        raise _bad_entries(asked, label, table, missing, "a label is missing", line)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.utf8_trim_whitespace(column)
        # 3.0, as programs write whole numbers.
        whole = pc.replace_substring_regex(column, r"^([+-]?[0-9]+)\.0*$", r"\1")
        bad = np.flatnonzero(~pc.match_substring_regex(whole, INTEGER).to_numpy(zero_copy_only=False))
        if len(bad):
            halves = re.fullmatch(r"\s*[+-]?(\d+/2|\d*\.50*)\s*", str(column[int(bad[0])]))
            reason = "labels are whole numbers (which columns are labels can be said)"
            if halves:
                reason += "; of half-integers give twice the number"
            raise _bad_entries(asked, label, table, bad, reason, line)
        long = np.flatnonzero(pc.greater(pc.utf8_length(whole), 18).to_numpy(zero_copy_only=False))
        if len(long):
            raise _bad_entries(asked, label, table, long, "the label is too large", line)
        values = pc.cast(pc.utf8_ltrim(whole, "+"), pa.int64()).to_numpy(zero_copy_only=False)
    elif pa.types.is_integer(column.type):
        values = column.to_numpy(zero_copy_only=False)
    elif pa.types.is_floating(column.type):
        values = column.to_numpy(zero_copy_only=False)
        bad = np.flatnonzero(values != np.floor(values))
        if len(bad):
            half = (2 * values == np.floor(2 * values)).all()
            reason = "labels are whole numbers" + ("; of half-integers give twice the number" if half else "")
            raise _bad_entries(asked, label, table, bad, reason, line)
    else:
        raise UserError(f"{asked.file}: column {label!r} is of type {column.type}; labels are whole numbers")
    far = np.flatnonzero(np.abs(values.astype(float)) > LARGEST_LABEL)
    if len(far):
        raise _bad_entries(asked, label, table, far, f"labels go up to {LARGEST_LABEL}", line)
    return values.astype(np.int64)


def _targets(asked: GivenSpectrum, table: pa.Table, line: int) -> Targets:
    column = asked.target
    try:
        if asked.uncertainty is None:
            return parse_numbers(table[asked.target])
        column = asked.uncertainty
        stated = parse_numbers(table[asked.uncertainty])
        width = stated.numerator / stated.denominator
        if np.any(width < 0):
            raise NumberError("an uncertainty is not negative", np.flatnonzero(width < 0))
        column = asked.target
        values = parse_numbers(_as_written(table[asked.target]))
        return nearest_simple(values.numerator, values.denominator, width)
    except NumberError as error:
        raise _bad_entries(asked, column, table, error.rows, str(error), line) from None


def _as_written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Decimals as the fractions over powers of ten that they are: their uncertainty is stated, not in their digits."""
    if not pa.types.is_string(column.type):
        return column

    def exact(text: str) -> str:
        try:
            value = Fraction(text)
        except (ValueError, ZeroDivisionError):
            return text
        return f"{value.numerator}/{value.denominator}"

    return pa.chunked_array(
        [[None if text is None else exact(text.strip()) for text in column.to_pylist()]], pa.string()
    )


def _said_held_out(asked: GivenSpectrum, table: pa.Table, line: int) -> np.ndarray | None:
    if asked.hold_out_column is None:
        return None
    column = table[asked.hold_out_column].combine_chunks()
    if pa.types.is_boolean(column.type):
        return column.fill_null(False).to_numpy(zero_copy_only=False).astype(bool)
    return _labels(asked, table, asked.hold_out_column, line) != 0


# ---- checks of the whole


def _without_duplicates(asked: GivenSpectrum, x: np.ndarray, targets: Targets, line: int) -> tuple[np.ndarray, int]:
    """Indices of one row for each tuple of labels, and how many rows were repetitions; contradictions are refused."""
    order = np.lexsort(x.T[::-1])
    ordered = x[order]
    again = np.concatenate([[False], np.all(ordered[1:] == ordered[:-1], axis=1)])
    if again.any():
        first = order[np.maximum.accumulate(np.where(again, 0, np.arange(len(x))))]
        values, width = targets.numerator / targets.denominator, targets.uncertainty
        same = (targets.numerator[first] == targets.numerator[order]) & (
            targets.denominator[first] == targets.denominator[order]
        )
        same |= np.abs(values[first] - values[order]) <= width[first] + width[order]
        contradicting = np.flatnonzero(again & ~same)
        if len(contradicting):
            one, other = int(first[contradicting[0]]), int(order[contradicting[0]])
            point = ", ".join(f"{label}={value}" for label, value in zip(asked.labels, x[one].tolist(), strict=True))
            said = [f"{targets.numerator[row]}/{targets.denominator[row]}" for row in (one, other)]
            raise UserError(
                f"{asked.file}: lines {one + line} and {other + line} contradict each other: at {point} the target is "
                f"{said[0]} and {said[1]} ({len(contradicting)} such row(s)). Correct one, or add the label that "
                "tells them apart"
            )
    return np.sort(order[~again]), int(again.sum())


def _refuse_what_has_no_formula(
    asked: GivenSpectrum, x: np.ndarray, numerator: np.ndarray, denominator: np.ndarray
) -> None:
    if len(x) == 1:
        raise UserError(f"{asked.file} has one row; a formula needs many more rows than it has constants")
    if np.all(numerator == numerator[0]) and np.all(denominator == denominator[0]):
        value = f"{numerator[0]}/{denominator[0]}" if denominator[0] != 1 else str(numerator[0])
        raise UserError(
            f"{asked.file}: the target {asked.target!r} is {value} on every row: that constant is the formula, and "
            "there is nothing to fit. Is it the right column?"
        )
    theory = x[:, : asked.theory_labels] if asked.theory_labels else x
    if np.all(theory == theory[0]):
        said = ", ".join(f"{label}={value}" for label, value in zip(asked.labels, theory[0].tolist(), strict=False))
        raise UserError(
            f"{asked.file} has one theory only ({said} on every row): no formula can be learnt in labels that do not "
            "vary. Add rows of other theories"
        )
    for label, column in zip(asked.labels, x.T, strict=True):
        if np.all(column == column[0]):
            raise UserError(
                f"{asked.file}: label {label!r} is {column[0]} on every row (one theory only?): no formula can be "
                "learnt in a label that does not vary. Add rows with other values, or leave that label out"
            )


def _number_held_out(asked: GivenSpectrum, theories: int) -> int:
    """How many of the theories, the largest, are held out whole."""
    return ceil(asked.hold_out_theories * theories - 1e-9)


def _split(
    asked: GivenSpectrum,
    x: np.ndarray,
    numerator: np.ndarray,
    denominator: np.ndarray,
    uncertainty: np.ndarray,
    said: np.ndarray | None,
    notes: list[str],
) -> Given:
    theory_labels = asked.theory_labels or len(asked.labels)
    value = numerator / denominator
    theory = x[:, :theory_labels]
    # Theories by the size of their labels, then by the labels; fields by target, then by labels: as in the families.
    keys = [*x[:, theory_labels:].T[::-1], value, *theory.T[::-1], np.abs(theory).sum(axis=1)]
    order = np.lexsort(keys)
    x, value = x[order], value[order]
    numerator, denominator, uncertainty = numerator[order], denominator[order], uncertainty[order]
    starts = np.concatenate([[True], np.any(x[1:, :theory_labels] != x[:-1, :theory_labels], axis=1)])
    number = np.cumsum(starts) - 1
    rank = np.arange(len(x)) - np.flatnonzero(starts)[number]
    theories = int(number[-1]) + 1
    if said is not None:
        held_out = said[order]
    else:
        last = _number_held_out(asked, theories)
        size = np.bincount(number)[number]
        kept = np.maximum(1, np.ceil((1 - asked.hold_out_levels) * size - 1e-9))
        held_out = (number >= theories - last) | (rank >= kept)
    if held_out.all() or len(np.unique(number[~held_out])) < 2:
        raise UserError(
            f"{asked.file}: after holding out {int(held_out.sum())} of {len(x)} rows fewer than two theories are left "
            "to fit. Hold out less (hold_out), or give more theories"
        )
    with open(asked.file, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    finite = [asked.labels.index(label) for label in asked.finite_labels]
    finite_values = tuple(map(tuple, np.unique(x[:, finite], axis=0).tolist())) if finite else ()
    approximate = bool(np.any(uncertainty > 0))

    def part(mask: np.ndarray, what: str) -> Dataset:
        metadata = {
            "family": asked.name,
            "task": GIVEN,
            "symbol": asked.target,
            "title": asked.name,
            "generator": __version__,
            "theories": str(len(np.unique(number[mask]))),
            "part": what,
            "file": Path(asked.file).name,
            "file_sha256": digest,
            "notes": "; ".join(notes),
        }
        return Dataset(
            labels=asked.labels,
            theory_labels=theory_labels,
            x=x[mask],
            numerator=numerator[mask],
            denominator=denominator[mask],
            rank=rank[mask].astype(np.int32),
            metadata=metadata,
            unary_operators=tuple(asked.unary_operators),
            finite_labels=asked.finite_labels,
            finite_values=finite_values,
            uncertainty=uncertainty[mask] if approximate else None,
        )

    return Given(part(~held_out, "data"), part(held_out, "held_out"), tuple(notes))
