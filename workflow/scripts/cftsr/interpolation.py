"""Rational functions through exact rows, for given monomials of numerator and denominator.

A row (x, N/D) makes P(x)/Q(x) = N/D the linear equation D*P(x) - N*Q(x) = 0 for the coefficients of P and Q. The
equations are solved modulo primes and the solutions lifted to the rationals.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from cftsr import modular
from cftsr.polynomials import Exponents, Polynomial, cancel, wrong_rows


@dataclass(frozen=True)
class Rows:
    """Exact data: integer points x, shape (rows, variables), and targets numerator/denominator, shape (rows,)."""

    x: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    def take(self, indices: np.ndarray) -> Rows:
        return Rows(self.x[indices], self.numerator[indices], self.denominator[indices])

    def shuffled(self) -> Rows:
        """In a random but fixed order, so that the first rows are a fair sample."""
        return self.take(np.random.default_rng(0).permutation(len(self)))

    def sample(self, count: int) -> np.ndarray:
        """Indices of `count` rows spread evenly over the data, or of all rows if there are fewer."""
        return np.unique(np.linspace(0, len(self) - 1, min(count, len(self))).astype(int))

    def wrong(self, numerator: Polynomial, denominator: Polynomial) -> np.ndarray:
        """The rows on which numerator/denominator is not the target, or is undefined."""
        return wrong_rows(numerator, denominator, self.x, (self.numerator, self.denominator))


def equations(rows: Rows, above: list[Exponents], below: list[Exponents], prime: int) -> np.ndarray:
    """The linear equations modulo the prime; int64, shape (rows, len(above) + len(below))."""
    top = modular.monomial_values(rows.x, above, prime) * (rows.denominator % prime)[:, None] % prime
    bottom = modular.monomial_values(rows.x, below, prime) * (-rows.numerator % prime)[:, None] % prime
    return np.hstack([top, bottom])


def solutions(rows: Rows, above: list[Exponents], below: list[Exponents]) -> list[list[int]]:
    """An integer basis of the solutions, by as many primes as its entries need; [] if that fails.

    Where the space has several dimensions, short vectors come first.
    """
    residues: list[list[int]] = []
    modulus, free = 1, None
    *primes, another = modular.PRIMES
    for prime in primes:
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
        lifted = [[modular.reconstruct(value, modulus) for value in vector] for vector in residues]
        if all(value is not None for vector in lifted for value in vector):
            vectors = [modular.clear_denominators(vector) for vector in lifted]
            if _solve_modulo(vectors, rows, above, below, another):
                return _short(vectors)
    return []


def _solve_modulo(vectors: list[list[int]], rows: Rows, above: list, below: list, prime: int) -> bool:
    """Whether every vector solves the equations modulo a prime that it was not made from.

    Most residues modulo one prime are those of some small fraction too. A formula with large coefficients would
    otherwise be lifted wrongly from the first prime, fail on the rows, and be given up.
    """
    matrix = equations(rows, above, below, prime)
    residues = (np.array([value % prime for value in vector], dtype=np.int64) for vector in vectors)
    return all(not np.any((matrix * vector % prime).sum(axis=1) % prime) for vector in residues)


def _short(vectors: list[list[int]]) -> list[list[int]]:
    """The lattice's short vectors first: a simple formula has small coefficients."""
    if len(vectors) > 1 and modular.flint is not None:
        reduced = modular.flint.fmpz_mat(vectors).lll()
        found = [[int(value) for value in row] for row in reduced.tolist()]
        vectors = [modular.clear_denominators([Fraction(value) for value in vector]) for vector in found] + vectors
    return sorted(vectors, key=lambda vector: (sum(abs(value).bit_length() + (value != 0) for value in vector), vector))


def function_of(
    vector: list[int], above: list[Exponents], below: list[Exponents]
) -> tuple[Polynomial, Polynomial] | None:
    """P/Q in lowest terms from a solution; None where Q is zero."""
    numerator = {key: value for key, value in zip(above, vector[: len(above)], strict=True) if value}
    denominator = {key: value for key, value in zip(below, vector[len(above) :], strict=True) if value}
    return cancel(numerator, denominator) if denominator else None
