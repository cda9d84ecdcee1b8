"""Raise the degrees until a rational function passes through every row.

Only as many rows as there are unknowns, and a few, enter the linear algebra; all rows check what comes out of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from cftsr.algebra import modular
from cftsr.algebra.ansatz import Ansatz, FiniteLabels, ansatzes, ending_limit
from cftsr.algebra.interpolation import agreeing_rows, equations, failing_rows, function_of, solutions
from cftsr.algebra.rational_function import RationalFunction
from cftsr.data.dataset import Dataset
from cftsr.fronts.certificate import DEGREE, REMEDIES, ROWS, UNKNOWNS

# Sums of two solutions that are tried where no solution alone will do.
MAX_SUMS = 24
# Rows where a candidate failed: how many are kept of one, and of all.
ENOUGH, MAX_HARD = 4, 48
# Rows where a value that is not 0 may be a multiple of the prime: more never are, with a chance of 1e-9 for each.
BY_ACCIDENT = 2


@dataclass(frozen=True)
class Limits:
    """How far a search goes; see engine_options.rational in config.yaml."""

    max_degree: int
    max_unknowns: int
    spare_rows: int


@dataclass
class Solution:
    """A rational function exact on every row, and what the linear algebra says about its neighbours.

    dimension   of the solution space at these degrees, without the solutions with P = Q = 0 on every row
    relations   (of P, of Q): dimension of the polynomials of that degree that vanish on every row
    competitor  another function of the same degrees, exact on every row too, if there is one
    """

    function: RationalFunction
    degrees: tuple[int, int]
    unknowns: int
    rows_used: int
    dimension: int
    relations: tuple[int, int]
    competitor: RationalFunction | None = None


@dataclass(frozen=True)
class Rival:
    """Another function through the same rows, and the degrees of the ansatz that has it."""

    function: RationalFunction
    degrees: tuple[int, int]


@dataclass
class Search:
    """The outcome of raising the degrees: a solution, or why there is none.

    systems    how many linear systems were solved
    limit      which limit ended the search, one of the words of `cftsr.fronts.certificate`
    distinct   how many values each label takes
    """

    solution: Solution | None
    systems: int
    reason: str = ""
    limit: str | None = None
    distinct: list[int] = field(default_factory=list)


def distinct_values(x: np.ndarray) -> list[int]:
    return [len(np.unique(column)) for column in x.T]


def search(rows: Dataset, limits: Limits, finite: FiniteLabels | None = None) -> Search:
    """The function of fewest unknowns that is exact on every row; rows may be in any order."""
    finite = finite or FiniteLabels()
    shuffled, distinct = rows.shuffled(), distinct_values(rows.x)
    prime, systems, tried, limit = modular.PRIMES[0], 0, 0, ""
    hard = np.array([], dtype=np.intp)
    for ansatz in ansatzes(distinct, limits.max_degree, limits.max_unknowns, finite):
        if len(rows) < ansatz.unknowns + 1:
            limit = ROWS
            break
        systems, tried = systems + 1, ansatz.unknowns
        used = np.union1d(np.arange(min(len(rows), ansatz.unknowns + limits.spare_rows)), hard)
        if modular.rank(equations(shuffled.take(used), ansatz.above, ansatz.below, prime), prime) == ansatz.unknowns:
            continue
        solution, offending = solve(shuffled, ansatz, used, finite)
        if solution is not None:
            return Search(solution, systems, distinct=distinct)
        # Rows on which a good candidate failed come first in what follows: a wrong row is met at once, not after a
        # look at all rows for each ansatz.
        hard = np.union1d(hard, offending[: MAX_HARD - len(hard)])
    limit = limit or ending_limit(distinct, limits.max_degree, limits.max_unknowns, finite)
    return Search(None, systems, _why_none(limit, limits, tried, len(rows)), limit, distinct)


def _why_none(limit: str, limits: Limits, tried: int, rows: int) -> str:
    if not tried and limit == ROWS:
        return f"{rows} {'row is' if rows == 1 else 'rows are'} too few to try any function: {REMEDIES[limit]}"
    what = {
        DEGREE: f"no rational function of degree up to {limits.max_degree} over {limits.max_degree} passes through "
        "every row, and the search ended at this limit",
        UNKNOWNS: f"no rational function that was tried, up to {tried} coefficients, passes through every row; the "
        f"search ended at its limit of {limits.max_unknowns} coefficients",
        ROWS: f"no rational function of up to {tried} coefficients passes through every row, and there are only "
        f"{rows} rows",
    }[limit]
    return f"{what}: {REMEDIES[limit]}"


def solve(rows: Dataset, ansatz: Ansatz, used: np.ndarray, finite: FiniteLabels) -> tuple[Solution | None, np.ndarray]:
    """The solutions of an ansatz that are exact on all rows (which are shuffled), or None; and rows where one failed.

    used   indices of a sample of the rows, more than there are unknowns

    The sample is solved. Where it leaves one solution, that is the formula or there is none. Where it leaves more, rows
    that one of them fails on join the sample, until all of them solve all rows: dimension and relations are those of
    the whole.
    """
    prime, offending = modular.PRIMES[0], np.array([], dtype=np.intp)
    while True:
        part = rows.take(used)
        _, basis = modular.null_space(equations(part, ansatz.above, ansatz.below, prime), prime)
        if not len(basis) or _undefined(part, ansatz, basis):
            return None, offending
        above, below = (
            len(exponents) - modular.rank(modular.monomial_values(part.residues(prime), exponents, prime), prime)
            for exponents in (ansatz.above, ansatz.below)
        )
        dimension = len(basis) - above - below
        if len(basis) == 1:
            # A look at a few hundred rows spares most wrong ones the lifting; exact arithmetic sees the rest.
            few = rows.first(4 * ansatz.unknowns + 200)
            fresh = failing_rows(few, ansatz, basis, prime, ENOUGH)
            if len(fresh):
                return None, np.union1d(offending, fresh)
            break
        fresh = np.setdiff1d(failing_rows(rows, ansatz, basis, prime, ansatz.unknowns), used)
        if not len(fresh):
            break
        offending = np.union1d(offending, fresh)
        used = np.concatenate([used, fresh])
    function, competitor = None, None
    vectors = solutions(part, ansatz.above, ansatz.below)
    for vector in chain(vectors, _sums(vectors)):
        candidate = function_of(vector, ansatz.above, ansatz.below)
        if candidate is None or (function is not None and finite.same(function, candidate)):
            continue
        wrong = rows.wrong_rows(candidate)
        if len(wrong):
            offending = np.union1d(offending, wrong[:ENOUGH])
            if len(basis) == 1:
                break
            continue
        if function is not None:
            competitor = candidate
            break
        function = candidate
        if len(basis) == 1:
            break
    if function is None:
        return None, offending
    solution = Solution(
        function,
        degrees=ansatz.degrees,
        unknowns=ansatz.unknowns,
        rows_used=len(used),
        dimension=dimension,
        relations=(above, below),
        competitor=competitor,
    )
    return solution, offending


def _undefined(rows: Dataset, ansatz: Ansatz, basis: np.ndarray) -> bool:
    """Whether all solutions have Q = 0 on some row, so that none is a function on all of them.

    A random solution tells of all. A Q that is a multiple of the one prime is not one of the other as well, and is not
    on several rows.
    """
    prime, another_prime, *_ = modular.PRIMES
    failing = int(np.count_nonzero(~agreeing_rows(rows, ansatz, modular.combination(basis, prime), prime)))
    if failing == 0 or failing > BY_ACCIDENT:
        return failing > 0
    _, basis = modular.null_space(equations(rows, ansatz.above, ansatz.below, another_prime), another_prime)
    if not len(basis):
        return True
    return not agreeing_rows(rows, ansatz, modular.combination(basis, another_prime), another_prime).all()


def _sums(vectors: list[list[int]]) -> Iterator[list[int]]:
    """Sums of two solutions, simple ones first: one alone may be undefined on some rows, or a mere relation."""
    pairs = [(i, j) for j in range(len(vectors)) for i in range(j)][:MAX_SUMS]
    for i, j in pairs:
        for sign in (1, -1):
            yield [a + sign * b for a, b in zip(vectors[i], vectors[j], strict=True)]


def another(
    rows: Dataset, solution: Solution, distinct: list[int], limits: Limits, finite: FiniteLabels, classes: int = 12
) -> Rival | None:
    """A different function through the same rows, of the next degrees that have one.

    Multiples of the solution by a polynomial are solutions too, of all higher degrees; they are the same function.
    """
    shuffled, prime, tried = rows.shuffled(), modular.PRIMES[0], 0
    for ansatz in ansatzes(distinct, limits.max_degree, limits.max_unknowns, finite):
        if ansatz.unknowns < solution.unknowns or ansatz.degrees == solution.degrees:
            continue
        if len(rows) < ansatz.unknowns + 1 or tried == classes:
            return None
        tried += 1
        part = shuffled.first(4 * ansatz.unknowns + 200)
        _, basis = modular.null_space(equations(part, ansatz.above, ansatz.below, prime), prime)
        if len(basis) <= _multiples(solution, ansatz):
            continue
        vectors = solutions(part, ansatz.above, ansatz.below)
        for vector in chain(vectors, _sums(vectors)):
            candidate = function_of(vector, ansatz.above, ansatz.below)
            if (
                candidate is not None
                and not finite.same(solution.function, candidate)
                and not len(rows.wrong_rows(candidate))
            ):
                return Rival(candidate, ansatz.degrees)
    return None


def _multiples(solution: Solution, ansatz: Ansatz) -> int:
    """How many independent multiples of the solution an ansatz contains, or fewer."""
    above, below = set(ansatz.above), set(ansatz.below)

    def contains(shift: tuple[int, ...]) -> bool:
        return all(
            tuple(map(int.__add__, exponents, shift)) in allowed
            for part, allowed in zip(solution.function, (above, below), strict=True)
            for exponents in part
        )

    return sum(map(contains, ansatz.below))
