"""Data sets: choose theories, choose their lowest weights, and keep them in Parquet."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import lcm
from pathlib import Path

import numpy as np
import pyarrow as pa

from cftsr import __version__, files
from cftsr.data.tasks import TASKS, Task
from cftsr.errors import UserError
from cftsr.families import Family, Theory, get_family


@dataclass(frozen=True)
class Spectrum:
    """Labels and exact targets, one row a primary field (or a theory, for a task that has one number for it).

    labels       names of the label columns, theory labels first
    theory_labels  how many of them fix the theory
    x            int64, shape (rows, len(labels))
    numerator, denominator   int64, shape (rows,): the exact target in lowest terms
    rank         int32, shape (rows,): 0 for a theory's lowest weight, 1 for the next, ...
    metadata     what was asked for, as text; `unary_operators` are those that a search on this data may use,
                 `finite_labels` and `finite_values` (JSON) are the family's
    uncertainty  float64, shape (rows,): how far each target may be off, 0 where it is exact; None where all are
    """

    labels: tuple[str, ...]
    theory_labels: int
    x: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    rank: np.ndarray
    metadata: dict[str, str]
    uncertainty: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def target(self) -> np.ndarray:
        """The target in float64: one correctly rounded division a row."""
        return self.numerator / self.denominator


def first_theories(family: Family, count: int) -> list[Theory]:
    return list(islice(family.theories(), count))


def number_kept(primaries: int, fraction: Fraction, rounding: str = "ceil") -> int:
    """How many of a theory's primary fields the lowest `fraction` of them is; never less than one."""
    exact = primaries * fraction
    if rounding == "ceil":
        kept = -(-exact.numerator // exact.denominator)
    elif rounding == "floor":
        kept = exact.numerator // exact.denominator
    else:
        kept = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    return max(1, kept)


def _levels(family: Family, task: Task, theory: Theory) -> list[tuple[Fraction, tuple[int, ...]]]:
    """The theory's rows (target, labels), lowest target first, ties broken by the labels."""
    if not task.per_state:
        value = task.target(family, theory, None)
        return [] if value is None else [(value, theory)]
    levels = [(task.target(family, theory, state), theory + state) for state in family.states(theory)]
    # Over a common denominator: integers compare twice as fast as fractions.
    scale = lcm(*(target.denominator for target, _ in levels))
    return sorted(levels, key=lambda level: (level[0].numerator * (scale // level[0].denominator), level[1]))


def finite_metadata(labels: tuple[str, ...], values: tuple[tuple[int, ...], ...]) -> dict[str, str]:
    """The metadata that tell which labels take finitely many values, and which; nothing where none does."""
    return {"finite_labels": " ".join(labels), "finite_values": json.dumps(values)} if labels else {}


def _spectrum(family: Family, task: Task, rows: list[tuple[int, Fraction, tuple]], metadata: dict) -> Spectrum:
    labels = task.labels(family)
    return Spectrum(
        labels=labels,
        theory_labels=len(family.theory_labels),
        x=np.array([row[2] for row in rows], dtype=np.int64).reshape(len(rows), len(labels)),
        numerator=np.array([row[1].numerator for row in rows], dtype=np.int64),
        denominator=np.array([row[1].denominator for row in rows], dtype=np.int64),
        rank=np.array([row[0] for row in rows], dtype=np.int32),
        metadata={
            "family": family.name,
            "task": task.name,
            "unary_operators": " ".join(family.unary_operators),
            "generator": __version__,
        }
        | finite_metadata(family.finite_labels if task.per_state else (), family.finite_values)
        | {key: str(value) for key, value in metadata.items()},
    )


def lowest_levels(
    family: Family, task: Task, theories: int, fraction: Fraction, rounding: str = "ceil", next_theories: int = 50
) -> tuple[Spectrum, Spectrum]:
    """The data of a cell, and what is held out of it.

    The data are the lowest `fraction` of the first `theories` theories' levels. Held out are the higher levels of
    the same theories and every level of the `next_theories` theories that follow.
    """
    data, held_out = [], []
    for number, theory in enumerate(islice(family.theories(), theories + next_theories)):
        levels = _levels(family, task, theory)
        kept = number_kept(len(levels), fraction, rounding) if number < theories else 0
        rows = [(rank, *level) for rank, level in enumerate(levels)]
        data += rows[:kept]
        held_out += rows[kept:]
    asked = {"theories": theories, "fraction": f"{float(fraction):.12g}", "rounding": rounding, "conventions": family}
    return (
        _spectrum(family, task, data, asked | {"part": "data"}),
        _spectrum(family, task, held_out, asked | {"part": "held_out", "next_theories": next_theories}),
    )


def drawn_theories(
    family: Family, task: Task, theories: int, pool: int, seed: int, next_theories: int = 50
) -> tuple[Spectrum, Spectrum]:
    """The data of a cell whose rows are theories: `theories` of the first `pool`, drawn with `seed`.

    Held out are the rest of the pool and the `next_theories` theories that follow. Rows are in the family's order. A
    theory without the quantity (a gap, where there is one weight) is drawn like all others, and gives no row.
    """
    if theories > pool:
        raise UserError(
            f"{theories} theories cannot be drawn from the first {pool}; raise central_charge.pool or lower "
            "central_charge.theories"
        )
    drawn = set(random.Random(seed).sample(range(pool), theories))
    data, held_out = [], []
    for number, theory in enumerate(islice(family.theories(), pool + next_theories)):
        value = task.target(family, theory, None)
        if value is not None:
            (data if number in drawn else held_out).append((0, value, theory))
    if not data:
        raise UserError(
            f"none of the {theories} theories of {family.name} that were drawn has a {task.title}; raise "
            "central_charge.theories"
        )
    asked = {"theories": theories, "pool": pool, "seed": seed, "conventions": family}
    return (
        _spectrum(family, task, data, asked | {"part": "data"}),
        _spectrum(family, task, held_out, asked | {"part": "held_out", "next_theories": next_theories}),
    )


def write_spectrum(path: str | Path, spectrum: Spectrum) -> None:
    """Write Parquet: the labels (int32), rank, numerator, denominator (int64), target (float64), and metadata.

    Targets that are not exact have their uncertainty (float64) beside them.
    """
    columns = {label: pa.array(spectrum.x[:, i].astype(np.int32)) for i, label in enumerate(spectrum.labels)}
    columns |= {
        "rank": pa.array(spectrum.rank),
        "numerator": pa.array(spectrum.numerator),
        "denominator": pa.array(spectrum.denominator),
        "target": pa.array(spectrum.target),
    }
    if spectrum.uncertainty is not None:
        columns["uncertainty"] = pa.array(spectrum.uncertainty)
    metadata = spectrum.metadata | {
        "labels": " ".join(spectrum.labels),
        "theory_labels": str(spectrum.theory_labels),
    }
    table = pa.table(columns).replace_schema_metadata(metadata)
    files.write_table(path, table)


def read_spectrum(path: str | Path) -> Spectrum:
    """Read what `write_spectrum` wrote; a damaged file raises UserError, which names it."""
    try:
        table = files.read_table(path)
        metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        labels = tuple(metadata.pop("labels").split())
        theory_labels = int(metadata.pop("theory_labels"))
        x = np.column_stack([table[label].to_numpy() for label in labels]).astype(np.int64)
        numerator, denominator = table["numerator"].to_numpy(), table["denominator"].to_numpy()
        rank = table["rank"].to_numpy()
        uncertainty = table["uncertainty"].to_numpy() if "uncertainty" in table.column_names[len(labels) :] else None
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise UserError(
            f"{path} is not a data set of ours, or is damaged ({error}). Delete it and run snakemake again: it is "
            "generated anew in seconds"
        ) from error
    return Spectrum(labels, theory_labels, x, numerator, denominator, rank, metadata, uncertainty)


def generate(
    family: str,
    conventions: dict,
    task: str,
    theories: int,
    next_theories: int,
    fraction: str | None = None,
    rounding: str = "ceil",
    pool: int = 0,
    seed: int = 0,
) -> tuple[Spectrum, Spectrum]:
    """The data and the held-out rows of a request in plain values, as the workflow makes them.

    With a `fraction`, the lowest levels of the first theories (`rounding`); without, theories drawn from a `pool`
    (`seed`).
    """
    chosen, asked = get_family(family, conventions), TASKS[task]
    if fraction is None:
        return drawn_theories(chosen, asked, theories, pool, seed, next_theories)
    return lowest_levels(chosen, asked, theories, Fraction(fraction), rounding, next_theories)
