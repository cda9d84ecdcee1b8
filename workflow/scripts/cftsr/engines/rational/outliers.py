"""Functions through all rows but a few.

Where no rational function passes through every row, or only one with nearly as many coefficients as there are rows, few
rows drawn at random may all be right. For each ansatz, fewest unknowns first, one row more than there are unknowns is
drawn again and again; where they have a solution, all rows tell whether it is theirs. Everything is done modulo a prime
and with a fixed seed; what comes out is then fitted and checked exactly like data without wrong rows. The work is
bounded: random numbers are given up within seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import ceil, log, log1p

import numpy as np

from cftsr.algebra import interpolation, modular
from cftsr.algebra.ansatz import Ansatz, FiniteLabels, ansatzes
from cftsr.data.dataset import Dataset
from cftsr.engines.rational.description import surprise
from cftsr.engines.rational.search import Limits, distinct_values
from cftsr.fronts.certificate import REMEDIES, WRONG_ROWS

# So many rows may be wrong whatever the share says, where there are so many rows.
ALWAYS = {12: 1, 40: 2, 90: 3}
# Rows that agree beyond the unknowns, at least: so many, and as many as there are unknowns less a few. An accident of
# structure, such as rows on few curves, is not what chance counts.
SPARE_ROWS, LESS = 4, 5
# -log2 of the chance that so many rows agree by accident: beyond the first it is worth a look at what was held out,
# beyond the second it is evidence by itself.
CURIOUS, SURPRISING = 5.0, 20.0
MISSED = 1e-5  # chance that no draw is free of wrong rows, where the share is as large as it may be
FIRST_TRIES = 2
MAX_LOOKS = 8  # at all rows, without success: what agrees with most rows then agrees with too few
NARROWINGS = 8
WORK = 1 << 23  # entries of all matrices together: about three seconds


@dataclass(frozen=True)
class Agreement:
    """Rows that one function passes through; None where there is none, and why, if more can be told than that.

    surprise   -log2 of the chance that they agree by accident
    """

    rows: np.ndarray | None = None
    reason: str = ""
    surprise: float = 0.0


def tolerated(rows: int, share: float) -> int:
    """How many rows may be wrong."""
    if not share:
        return 0
    return max(int(share * rows), *(wrong * (rows >= few) for few, wrong in ALWAYS.items()))


def enough(unknowns: int) -> int:
    """How many rows have to agree with a formula before others are called wrong."""
    return unknowns + max(SPARE_ROWS, unknowns - LESS)


def agreeing_rows(
    rows: Dataset, finite: FiniteLabels, limits: Limits, share: float, fewer_than: int | None = None
) -> Agreement:
    """The rows that one function passes through, all but a tolerated few.

    share        of the rows that may be wrong; 0 turns the search off
    fewer_than   only functions of fewer unknowns are of interest
    """
    allowed, work = tolerated(len(rows), share), WORK
    if not allowed:
        return Agreement()
    classes = [
        ansatz
        for ansatz in ansatzes(distinct_values(rows.x), limits.max_degree, limits.max_unknowns, finite)
        if len(rows) - allowed >= enough(ansatz.unknowns) and (fewer_than or np.inf) > ansatz.unknowns
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
            count = int(agreeing.sum())
            if len(rows) - count <= allowed and count >= enough(ansatz.unknowns):
                surprising = surprise(rows, count, ansatz.unknowns, place + 1)
                if surprising >= CURIOUS:
                    return Agreement(np.flatnonzero(agreeing), surprise=surprising)
            looks, most = looks + 1, max(most, count)
            if looks == MAX_LOOKS and len(rows) - most > allowed:
                reason = (
                    f"a function passes through {most} of {len(rows)} rows, but no more than {allowed} may be wrong"
                )
                return Agreement(reason=f"{reason}: {REMEDIES[WRONG_ROWS]}")
            if looks >= 4 * MAX_LOOKS:
                return Agreement()
    return Agreement()


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


def _tries(rows: int, wrong: int, size: int) -> int:
    """Draws until all are right at least once, but for a chance of MISSED."""
    right = 1.0
    for i in range(size):
        right *= max(0.0, (rows - wrong - i) / (rows - i))
    return ceil(log(MISSED) / log1p(-right)) if 0 < right < 1 else 1
