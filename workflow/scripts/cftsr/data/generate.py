"""The data sets of the families: choose theories, choose their lowest weights."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import islice
from math import lcm

import numpy as np

from cftsr import __version__
from cftsr.data.dataset import Dataset
from cftsr.data.tasks import TASKS
from cftsr.data.tasks.base import Task
from cftsr.errors import UserError
from cftsr.families import Family, Theory, get_family


def number_of_lowest(primaries: int, fraction: Fraction, rounding: str = "ceil") -> int:
    """How many primary fields the lowest `fraction` of a theory's is; at least one."""
    exact = primaries * fraction
    if rounding == "ceil":
        number = -(-exact.numerator // exact.denominator)
    elif rounding == "floor":
        number = exact.numerator // exact.denominator
    else:
        number = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    return max(1, number)


def _levels(family: Family, task: Task, theory: Theory) -> list[tuple[Fraction, tuple[int, ...]]]:
    """The theory's rows (target, labels), lowest target first, ties broken by the labels."""
    if not task.per_state:
        value = task.target(family, theory, ())
        return [] if value is None else [(value, theory)]
    levels = [(task.target(family, theory, state), theory + state) for state in family.states(theory)]
    if not task.labelled:
        levels = list(dict.fromkeys((target, theory) for target, _ in levels))
    # Over a common denominator: integers compare twice as fast as fractions.
    scale = lcm(*(target.denominator for target, _ in levels))
    return sorted(levels, key=lambda level: (level[0].numerator * (scale // level[0].denominator), level[1]))


def _dataset(family: Family, task: Task, rows: list[tuple[int, Fraction, tuple]], metadata: dict) -> Dataset:
    labels = task.labels(family)
    return Dataset(
        labels=labels,
        theory_labels=len(family.theory_labels),
        x=np.array([row[2] for row in rows], dtype=np.int64).reshape(len(rows), len(labels)),
        numerator=np.array([row[1].numerator for row in rows], dtype=np.int64),
        denominator=np.array([row[1].denominator for row in rows], dtype=np.int64),
        rank=np.array([row[0] for row in rows], dtype=np.int32),
        metadata={
            "family": family.name,
            "task": task.name,
            "generator": __version__,
        }
        | {key: str(value) for key, value in metadata.items()},
        unary_operators=tuple(family.unary_operators),
        # A task without states has none of the labels of states.
        finite_labels=family.finite_labels if task.has_states else (),
        finite_values=family.finite_values if task.has_states else (),
    )


def lowest_levels(
    family: Family, task: Task, theories: int, fraction: Fraction, rounding: str = "ceil", next_theories: int = 50
) -> tuple[Dataset, Dataset]:
    """The data of a cell, and what is held out of it.

    The data are the lowest `fraction` of the first `theories` theories' levels. Held out are the higher levels of
    the same theories and every level of the `next_theories` theories that follow.
    """
    data, held_out = [], []
    for number, theory in enumerate(islice(family.theories(), theories + next_theories)):
        levels = _levels(family, task, theory)
        fitted = number_of_lowest(len(levels), fraction, rounding) if number < theories else 0
        rows = [(rank, *level) for rank, level in enumerate(levels)]
        data += rows[:fitted]
        held_out += rows[fitted:]
    request = {"theories": theories, "fraction": f"{float(fraction):.12g}", "rounding": rounding, "conventions": family}
    return (
        _dataset(family, task, data, request | {"part": "data"}),
        _dataset(family, task, held_out, request | {"part": "held_out", "next_theories": next_theories}),
    )


def drawn_theories(
    family: Family, task: Task, theories: int, pool: int, seed: int, next_theories: int = 50
) -> tuple[Dataset, Dataset]:
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
        value = task.target(family, theory, ())
        if value is not None:
            (data if number in drawn else held_out).append((0, value, theory))
    if not data:
        raise UserError(
            f"none of the {theories} theories of {family.name} that were drawn has a {task.title}; raise "
            "central_charge.theories"
        )
    request = {"theories": theories, "pool": pool, "seed": seed, "conventions": family}
    return (
        _dataset(family, task, data, request | {"part": "data"}),
        _dataset(family, task, held_out, request | {"part": "held_out", "next_theories": next_theories}),
    )


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
) -> tuple[Dataset, Dataset]:
    """The data and the held-out rows of a request in plain values, as the workflow passes it.

    With a `fraction`, the lowest levels of the first theories (`rounding`); without, theories drawn from a `pool`
    (`seed`).
    """
    chosen, quantity = get_family(family, conventions), TASKS[task]
    if fraction is None:
        return drawn_theories(chosen, quantity, theories, pool, seed, next_theories)
    return lowest_levels(chosen, quantity, theories, Fraction(fraction), rounding, next_theories)
