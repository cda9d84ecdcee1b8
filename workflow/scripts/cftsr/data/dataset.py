"""The container of rows: labels and exact targets, one row per field or theory; and its form in Parquet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cftsr import files
from cftsr.algebra.polynomials import evaluate_exactly, wrong_rows
from cftsr.algebra.rational_function import RationalFunction
from cftsr.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

SAFE = 2**62  # integers below are kept in 64 bits, with room for one sign and one sum


def integers(values: Sequence[int] | np.ndarray) -> np.ndarray:
    """An array of integers of any size: int64 where all fit, else Python integers (dtype object)."""
    array = np.asarray(values, dtype=object)
    if not array.size:
        return array.astype(np.int64)
    return array.astype(np.int64) if max(abs(array.max()), abs(array.min())) < SAFE else array


@dataclass(frozen=True)
class Dataset:
    """Labels and exact targets, one row per primary field (or per theory, for a quantity of the theory).

    labels         names of the label columns, theory labels first
    theory_labels  how many of them fix the theory
    x              whole numbers, shape (rows, len(labels)); a label's value is x / scale
    numerator, denominator   shape (rows,): the exact target in lowest terms
    rank           int32, shape (rows,): 0 for a theory's lowest weight, 1 for the next, ...; None where it is not used
    metadata       the request that the data answer, as text
    uncertainty    float64, shape (rows,): how far each target may be off, 0 where it is exact; None where all are
    sigma          float64, shape (rows,): the standard deviation of each target, 0 where it is exact; None where none
                   was stated
    scales         the denominator of each label column; () where every label is a whole number
    unary_operators  those that a search on this data may use besides + - * /
    finite_labels  labels known to take finitely many values in all theories, not only in these rows (a sector)
    finite_values  every joint value that they take anywhere, in the units of x
    sectors        of a label that was read from text: its texts in the order of their codes 0, 1, ...
    entries        the targets as written in the file, text, shape (rows,); None where they are exact as they stand

    Integer arrays are int64, or Python integers (dtype object) where 64 bits are too few. Only this class knows that
    a label may be a fraction: functions are in the labels, and `residues`, `points`, `columns`, `values`, `evaluate`,
    `wrong_rows` and `described` deal in the labels' own values.
    """

    labels: tuple[str, ...]
    theory_labels: int
    x: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    rank: np.ndarray | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    uncertainty: np.ndarray | None = None
    sigma: np.ndarray | None = None
    scales: tuple[int, ...] = ()
    unary_operators: tuple[str, ...] = ()
    finite_labels: tuple[str, ...] = ()
    finite_values: tuple[tuple[int, ...], ...] = ()
    sectors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    entries: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)

    # ---- rows

    def take(self, rows: np.ndarray | slice) -> Self:
        """The rows of a slice, a mask, or an array of indices."""
        arrays = ("x", "numerator", "denominator", "rank", "uncertainty", "sigma", "entries")
        parts = {name: values[rows] for name in arrays if (values := getattr(self, name)) is not None}
        return replace(self, **parts)

    def first(self, count: int) -> Self:
        return self.take(slice(count))

    def shuffled(self) -> Self:
        """The rows in a random but fixed order, so that the first of them are a fair sample."""
        return self.take(np.random.default_rng(0).permutation(len(self)))

    def spread(self, count: int) -> np.ndarray:
        """Indices of `count` rows spread evenly over the data, or of all rows if there are fewer."""
        return np.unique(np.linspace(0, len(self) - 1, min(count, len(self))).astype(int))

    def without_finite_labels(self) -> Self:
        """The same rows with the other labels only."""
        others = [column for column, label in enumerate(self.labels) if label not in self.finite_labels]
        labels = tuple(self.labels[column] for column in others)
        return replace(
            self,
            labels=labels,
            theory_labels=sum(column < self.theory_labels for column in others) or len(others),
            x=np.ascontiguousarray(self.x[:, others]),
            scales=tuple(self.scales[column] for column in others) if self.scales else (),
            finite_labels=(),
            finite_values=(),
            sectors={label: texts for label, texts in self.sectors.items() if label in labels},
        )

    # ---- values

    @cached_property
    def target(self) -> np.ndarray:
        """The targets in float64, each correctly rounded."""
        return (self.numerator / self.denominator).astype(np.float64)

    @cached_property
    def points(self) -> np.ndarray:
        """The labels' values in float64, shape (rows, labels)."""
        return (self.x / np.array(self.scales, dtype=object) if self.scales else self.x).astype(np.float64)

    @property
    def columns(self) -> dict[str, Any]:
        """The labels' values by name, float64."""
        return {name: self.points[:, i].copy() for i, name in enumerate(self.labels)}

    def residues(self, prime: int) -> np.ndarray:
        """The labels' values modulo the prime, or integers congruent to them; shape (rows, labels)."""
        if not self.scales:
            return self.x
        inverses = np.array([pow(scale, -1, prime) for scale in self.scales], dtype=np.int64)
        return (self.x % prime).astype(np.int64) * inverses % prime

    def value(self, column: int, whole: int) -> int | Fraction:
        """The value of a label for this entry of x."""
        scale = self.scales[column] if self.scales else 1
        return int(whole) if scale == 1 else _plain(Fraction(int(whole), scale))

    def values(self, column: int) -> list[int | Fraction]:
        """The distinct values of a label, smallest first."""
        return [self.value(column, whole) for whole in np.unique(self.x[:, column]).tolist()]

    def described(self, point: Sequence[int]) -> dict[str, int | str]:
        """A row of x in readable form: fractions as text (1/2), sectors by their own texts."""
        description: dict[str, int | str] = {}
        for column, (label, whole) in enumerate(zip(self.labels, point, strict=True)):
            value = self.value(column, whole)
            texts = self.sectors.get(label, ())
            if 0 <= value < len(texts):
                description[label] = texts[int(value)]
            else:
                description[label] = value if isinstance(value, int) else str(value)
        return description

    def exact_target(self, row: int) -> Fraction:
        return Fraction(int(self.numerator[row]), int(self.denominator[row]))

    def quoted(self, row: int) -> str:
        """The target as written in the file, or as a fraction."""
        return str(self.exact_target(row) if self.entries is None else self.entries[row])

    # ---- functions of the labels

    def _in_whole_numbers(self, function: RationalFunction) -> RationalFunction:
        return function.rescaled(self.scales) if self.scales else function

    def evaluate(self, function: RationalFunction, x: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Integers a, b with function = a/b at these points (in the units of x), by default at every row."""
        above, below = self._in_whole_numbers(function)
        x = self.x if x is None else x
        return evaluate_exactly(above, x), evaluate_exactly(below, x)

    def wrong_rows(self, function: RationalFunction, within: np.ndarray | None = None) -> np.ndarray:
        """Indices of the rows where the function is not the target, or is undefined; decided exactly.

        within   float64, shape (rows,): how far it may be from the target; None for not at all
        """
        above, below = self._in_whole_numbers(function)
        return wrong_rows(above, below, self.x, (self.numerator, self.denominator), within)

    def content(self) -> tuple:
        """Everything that a fit depends on, as values with a stable repr."""
        arrays = (self.x, self.numerator, self.denominator, self.uncertainty, self.sigma)
        return (
            self.labels,
            self.theory_labels,
            *(_as_bytes(array) for array in arrays),
            self.scales,
            self.unary_operators,
            self.finite_labels,
            self.finite_values,
        )


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _as_bytes(array: np.ndarray | None) -> bytes | None:
    if array is None:
        return None
    return repr(array.tolist()).encode() if array.dtype == object else array.tobytes()


# ---- Parquet

_TEXTS = ("unary_operators", "finite_labels")


def _to_arrow(values: np.ndarray) -> pa.Array:
    """Integers: int64, or decimal text where 64 bits are too few."""
    import pyarrow as pa

    return pa.array(map(str, values), pa.string()) if values.dtype == object else pa.array(values)


def _from_arrow(column: pa.ChunkedArray) -> np.ndarray:
    import pyarrow as pa

    if pa.types.is_string(column.type):
        return integers([int(text) for text in column.to_pylist()])
    return column.to_numpy()


def write_dataset(path: str | Path, data: Dataset) -> None:
    """Write Parquet: the labels' whole numbers, rank (int32), numerator, denominator, target (float64), and metadata.

    Whole numbers are int32 or int64 as they need, numerators and denominators int64; text where 64 bits are too few.
    Targets that are not exact have their uncertainty or standard deviation (float64) with them.
    """
    import pyarrow as pa

    small = data.x.dtype != object and np.abs(data.x).max(initial=0) < 2**31
    x = data.x.astype(np.int32) if small else data.x
    rank = np.zeros(len(data), dtype=np.int32) if data.rank is None else data.rank
    columns = {label: _to_arrow(x[:, i]) for i, label in enumerate(data.labels)}
    columns |= {
        "rank": pa.array(rank),
        "numerator": _to_arrow(data.numerator),
        "denominator": _to_arrow(data.denominator),
        "target": pa.array(data.target),
    }
    columns |= {
        name: pa.array(values)
        for name in ("uncertainty", "sigma", "entries")
        if (values := getattr(data, name)) is not None
    }
    metadata = data.metadata | {name: " ".join(getattr(data, name)) for name in ("labels", *_TEXTS)}
    metadata |= {
        "theory_labels": str(data.theory_labels),
        "scales": json.dumps(data.scales),
        "finite_values": json.dumps(data.finite_values),
        "sectors": json.dumps(data.sectors, sort_keys=True),
    }
    files.write_table(path, pa.table(columns).replace_schema_metadata(metadata))


def read_dataset(path: str | Path) -> Dataset:
    """Read what `write_dataset` wrote; for a damaged file raise a UserError that names it."""
    import pyarrow as pa

    try:
        table = files.read_table(path)
        metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        labels = tuple(metadata.pop("labels").split())
        texts = {name: tuple(metadata.pop(name).split()) for name in _TEXTS}
        x = [_from_arrow(table[label]) for label in labels]
        width = object if any(column.dtype == object for column in x) else np.int64
        own = table.column_names[len(labels) :]
        return Dataset(
            labels=labels,
            theory_labels=int(metadata.pop("theory_labels")),
            x=np.column_stack(x).astype(width),
            numerator=_from_arrow(table["numerator"]),
            denominator=_from_arrow(table["denominator"]),
            rank=table["rank"].to_numpy(),
            scales=tuple(json.loads(metadata.pop("scales"))),
            finite_values=tuple(map(tuple, json.loads(metadata.pop("finite_values")))),
            sectors={label: tuple(names) for label, names in json.loads(metadata.pop("sectors")).items()},
            metadata=metadata,
            **{name: table[name].to_numpy() for name in ("uncertainty", "sigma", "entries") if name in own},
            **texts,
        )
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise UserError(
            f"{path} is not a data set of ours, or is damaged ({error}). Delete it and run snakemake again: it is "
            "generated again in seconds"
        ) from error
