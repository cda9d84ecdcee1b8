"""Rows that are wrong: a function through all rows but a few.

Where no rational function passes through every row, few rows drawn at random may all be right. For each ansatz, fewest
unknowns first, one row more than there are unknowns is drawn again and again; where they have a solution, all rows
tell whether it is theirs. Everything is done modulo a prime and with a fixed seed; what is found is then fitted and
checked exactly like data without wrong rows. The work is bounded: random numbers are given up within seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import ceil, log, log1p

import numpy as np

from cftsr.algebra import interpolation, modular
from cftsr.algebra.ansatz import Ansatz, FiniteLabels, ansatzes
from cftsr.data.dataset import Dataset
from cftsr.engines.rational.search import Limits, distinct_values

# So many rows may be wrong whatever the share says, where there are FEW rows or more ...
ALWAYS, FEW = 3, 100
# ... and one where there are so many.
ONE_FROM = 30
# A formula must pass through so many times the rows that it has unknowns, and through so many rows more.
TIMES, MORE = 2, 20
MISSED = 1e-3  # chance that no draw is free of wrong rows, where the share is as large as it may be
FIRST_TRIES = 2
MAX_LOOKS = 8  # at all rows, without success: what agrees with most rows then agrees with too few
NARROWINGS = 8
WORK = 1 << 23  # entries of all matrices together: about three seconds


def tolerated(rows: int, share: float) -> int:
    """How many rows may be wrong."""
    if not share:
        return 0
    return max(int(share * rows), ALWAYS if rows >= FEW else int(rows >= ONE_FROM))


def agreeing_rows(rows: Dataset, finite: FiniteLabels, limits: Limits, share: float) -> tuple[np.ndarray | None, str]:
    """Indices of the rows that one function passes through, all but a tolerated few, or None; and why there are none.

    The reason is empty where no function passes through most rows.

    share   of the rows that may be wrong; 0 turns the search off
    """
    allowed, work = tolerated(len(rows), share), WORK
    if not allowed:
        return None, ""
    classes = [
        ansatz
        for ansatz in ansatzes(distinct_values(rows.x), limits.max_degree, limits.max_unknowns, finite)
        if _enough(len(rows) - allowed, ansatz)
    ]
    left = [_tries(len(rows), allowed, ansatz.unknowns + 1) for ansatz in classes]
    looks, most = 0, 0
    # Two draws of each first: few wrong rows are soon avoided, whatever the ansatz. Then as many as chance demands.
    for turn, place in product(range(2), range(len(classes))):
        ansatz = classes[place]
        entries = ansatz.unknowns * (ansatz.unknowns + 1)
        tries = min(left[place], left[place] if turn else FIRST_TRIES, work // entries)
        left[place], work = left[place] - tries, work - tries * entries
        if not tries:
            continue
        for vector in _drawn(rows, ansatz, tries, allowed, turn):
            agreeing = interpolation.agreeing_rows(rows, ansatz, vector, modular.PRIMES[0])
            looks, most = looks + 1, max(most, int(agreeing.sum()))
            if len(rows) - agreeing.sum() <= allowed and _enough(int(agreeing.sum()), ansatz):
                return np.flatnonzero(agreeing), ""
            if looks == MAX_LOOKS:
                return None, (
                    f"a function passes through {most} of {len(rows)} rows, but no more than {allowed} may be wrong "
                    "(option wrong_rows)"
                )
    return None, ""


def _drawn(rows: Dataset, ansatz: Ansatz, tries: int, allowed: int, seed: int) -> Iterator[np.ndarray]:
    """Functions (modulo the prime) through rows drawn at random that nearly all rows of a sample agree with."""
    prime, size = modular.PRIMES[0], ansatz.unknowns + 1
    generator = np.random.default_rng((seed, *ansatz.degrees))
    pool = rows.take(generator.choice(len(rows), min(len(rows), 2 * size + 50 * min(tries, 20)), replace=False))
    matrix = interpolation.equations(pool, ansatz.above, ansatz.below, prime)
    for _ in range(tries):
        drawn = matrix[generator.choice(len(pool), size, replace=False)]
        if modular.rank(drawn, prime) == ansatz.unknowns:
            continue
        vector = _narrowed(modular.null_space(drawn, prime)[1], matrix, generator)
        if np.mean(interpolation.agreeing_rows(pool, ansatz, vector, prime)) >= 1 - 3 * allowed / len(rows) - 3 / len(
            pool
        ):
            yield vector


def _narrowed(basis: np.ndarray, matrix: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """One of the solutions of a draw: where it left several, one that further rows are drawn for.

    Rows that lie on few curves leave more solutions than there are functions. Each further row that is right takes one
    away, and so few rows are likely to be all right.
    """
    prime = modular.PRIMES[0]
    if len(basis) > 1:
        values = np.column_stack([modular.times(matrix, vector, prime) for vector in basis])
        for _ in range(NARROWINGS):
            chosen = generator.choice(len(values), min(len(values), len(basis) + 1), replace=False)
            _, inside = modular.null_space(values[chosen], prime)
            if len(inside):
                return modular.times(basis.T, modular.combination(inside, prime), prime)
    return modular.combination(basis, prime)


def _enough(agreeing: int, ansatz: Ansatz) -> bool:
    return agreeing >= max(TIMES * ansatz.unknowns, ansatz.unknowns + MORE)


def _tries(rows: int, wrong: int, size: int) -> int:
    """Draws until all are right at least once, but for a chance of MISSED."""
    right = 1.0
    for i in range(size):
        right *= max(0.0, (rows - wrong - i) / (rows - i))
    return ceil(log(MISSED) / log1p(-right)) if 0 < right < 1 else 1
