"""Rational functions through exact rows, for given monomials of numerator and denominator.

A row (x, N/D) makes P(x)/Q(x) = N/D the linear equation D*P(x) - N*Q(x) = 0 for the coefficients of P and Q. The
equations are solved modulo primes and the solutions lifted to the rationals.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, Self

import flint
import numpy as np

from cftsr.algebra import modular
from cftsr.algebra.polynomials import Exponents
from cftsr.algebra.rational_function import RationalFunction

if TYPE_CHECKING:
    from cftsr.algebra.ansatz import Ansatz

# Entries of a matrix of equations that are held at once where all rows are looked at (32 MB).
ENTRIES = 1 << 22
# A formula's coefficients may be so many bits longer than the largest target, and are not looked for beyond.
MORE_BITS, MOST_BITS = 32, 4096


class Rows(Protocol):
    """What interpolation needs of a container of rows (`data.dataset.Dataset`).

    numerator, denominator   the exact targets, int64 or Python integers, shape (rows,)
    """

    @property
    def numerator(self) -> np.ndarray: ...

    @property
    def denominator(self) -> np.ndarray: ...

    def __len__(self) -> int: ...

    def take(self, rows: slice) -> Self: ...

    def residues(self, prime: int) -> np.ndarray:
        """Integers congruent to the labels' values modulo the prime, shape (rows, variables)."""


def equations(rows: Rows, above: list[Exponents], below: list[Exponents], prime: int) -> np.ndarray:
    """The linear equations modulo the prime; int64, shape (rows, len(above) + len(below))."""
    scale, target = ((part % prime).astype(np.int64) for part in (rows.denominator, -rows.numerator))
    points = rows.residues(prime)
    top = modular.monomial_values(points, above, prime) * scale[:, None] % prime
    bottom = modular.monomial_values(points, below, prime) * target[:, None] % prime
    return np.hstack([top, bottom])


def agreeing_rows(rows: Rows, ansatz: Ansatz, vector: np.ndarray, prime: int) -> np.ndarray:
    """Which rows P/Q passes through modulo the prime, with Q not 0 there; bool, shape (rows,).

    vector   the coefficients of P and of Q modulo the prime, int64, shape (unknowns,)
    """
    columns, chunk = len(ansatz.above), max(1, ENTRIES // ansatz.unknowns)
    masks = []
    for start in range(0, len(rows), chunk):
        part = rows.take(slice(start, start + chunk))
        below = modular.monomial_values(part.residues(prime), ansatz.below, prime)
        solved = modular.times(equations(part, ansatz.above, ansatz.below, prime), vector, prime) == 0
        masks.append(solved & (modular.times(below, vector[columns:], prime) != 0))
    return np.concatenate(masks)


def failing_rows(rows: Rows, ansatz: Ansatz, vectors: np.ndarray, prime: int, enough: int) -> np.ndarray:
    """Indices of rows that one of the vectors does not solve modulo the prime; `enough` of them, or all.

    A random combination stands for the vectors: that it solves a row which one of them does not has a chance of
    one in the prime.
    """
    failing, chunk = [], max(1, ENTRIES // ansatz.unknowns)
    vector = modular.combination(vectors, prime)
    for start in range(0, len(rows), chunk):
        part = rows.take(slice(start, start + chunk))
        failed = np.flatnonzero(modular.times(equations(part, ansatz.above, ansatz.below, prime), vector, prime))
        failing.append(start + failed[:enough])
        enough -= len(failing[-1])
        if enough <= 0:
            break
    return np.concatenate(failing) if failing else np.array([], dtype=np.intp)


def solutions(rows: Rows, above: list[Exponents], below: list[Exponents]) -> list[list[int]]:
    """An integer basis of the solutions, by as many primes as its entries need; [] if that fails.

    Where the space has several dimensions, short vectors come first.
    """
    residues: list[list[int]] = []
    modulus, free = 1, None
    another = modular.PRIMES[-1]
    for prime in modular.primes_for(min(MOST_BITS, largest_bits(rows) + MORE_BITS)):
        columns, basis = modular.null_space(equations(rows, above, below, prime), prime)
        if free is not None and len(columns) > len(free):
            continue  # an unlucky prime: it sees a larger space than there is
        if free is None or columns != free:
            free, modulus, residues = columns, prime, basis.tolist()
        else:
            residues = [
                [modular.combine(a, modulus, b, prime) for a, b in zip(old, new, strict=True)]
                for old, new in zip(residues, basis.tolist(), strict=True)
            ]
            modulus *= prime
        lifted = [_reconstructed(vector, modulus) for vector in residues]
        if all(lifted):
            vectors = [modular.clear_denominators(vector) for vector in lifted]
            if _solve_modulo(vectors, rows, above, below, another):
                return _short(vectors)
    return []


def largest_bits(rows: Rows) -> int:
    """Of the numerators and denominators of the targets."""
    if not len(rows):
        return 0
    return max(
        (max(abs(int(part.min())), abs(int(part.max()))).bit_length() for part in (rows.numerator, rows.denominator)),
        default=0,
    )


def _reconstructed(vector: list[int], modulus: int) -> list[Fraction]:
    """The fractions that are these residues; [] as soon as one has none."""
    fractions = []
    for value in vector:
        fraction = modular.reconstruct(value, modulus)
        if fraction is None:
            return []
        fractions.append(fraction)
    return fractions


def _solve_modulo(vectors: list[list[int]], rows: Rows, above: list, below: list, prime: int) -> bool:
    """Whether the vectors solve the equations modulo a prime that they were not made from (by a random combination).

    Most residues modulo one prime are those of some small fraction too. A formula with large coefficients would
    otherwise be lifted wrongly from the first prime, fail on the rows, and be given up.
    """
    residues = np.array([[value % prime for value in vector] for vector in vectors], dtype=np.int64)
    vector = modular.combination(residues.reshape(len(vectors), len(above) + len(below)), prime)
    return not np.any(modular.times(equations(rows, above, below, prime), vector, prime))


def _short(vectors: list[list[int]]) -> list[list[int]]:
    """The lattice's short vectors first: a simple formula has small coefficients."""
    if len(vectors) > 1:
        reduced = flint.fmpz_mat(vectors).lll()
        short = [[int(value) for value in row] for row in reduced.tolist()]
        vectors = [modular.clear_denominators([Fraction(value) for value in vector]) for vector in short] + vectors
    return sorted(vectors, key=lambda vector: (sum(abs(value).bit_length() + (value != 0) for value in vector), vector))


def function_of(vector: list[int], above: list[Exponents], below: list[Exponents]) -> RationalFunction | None:
    """P/Q in lowest terms from a solution; None where Q is zero."""
    numerator = {key: value for key, value in zip(above, vector[: len(above)], strict=True) if value}
    denominator = {key: value for key, value in zip(below, vector[len(above) :], strict=True) if value}
    return RationalFunction(numerator, denominator).cancelled() if denominator else None
