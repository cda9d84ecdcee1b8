"""Exact linear algebra by arithmetic modulo primes.

A null space over the rationals is computed modulo one prime after another, combined by the Chinese remainder
theorem and lifted by rational reconstruction. Nothing here is taken on trust: whoever asks for a null vector checks
it exactly on the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from math import gcd, isqrt, lcm

import flint
import numpy as np

# The largest primes below 2**31: a product of two residues fits into int64.
PRIMES = (2147483647, 2147483629, 2147483587, 2147483579, 2147483563, 2147483549, 2147483543, 2147483497)


@cache
def further_prime(number: int) -> int:
    """The primes below those of PRIMES, the largest first; number = 0, 1, ..."""
    candidate = (further_prime(number - 1) if number else min(PRIMES)) - 2
    while not flint.fmpz(candidate).is_prime():
        candidate -= 2
    return candidate


def primes_for(bits: int) -> Iterator[int]:
    """All primes of PRIMES but the last, and as many more as fractions need whose parts have so many bits."""
    yield from PRIMES[:-1]
    for number in range(2 * bits // 31 + 1 - len(PRIMES[:-1])):
        yield further_prime(number)


def monomial_values(x: np.ndarray, exponents: list[tuple[int, ...]], prime: int) -> np.ndarray:
    """The monomials at integer points x modulo the prime; int64, shape (rows, monomials)."""
    rows, variables = x.shape
    powers = []
    for column in range(variables):
        highest = max((monomial[column] for monomial in exponents), default=0)
        table = np.ones((highest + 1, rows), dtype=np.int64)
        for power in range(1, highest + 1):
            table[power] = table[power - 1] * (x[:, column] % prime) % prime
        powers.append(table)
    values = np.empty((rows, len(exponents)), dtype=np.int64)
    for index, monomial in enumerate(exponents):
        product = powers[0][monomial[0]] if variables else np.ones(rows, dtype=np.int64)
        for column in range(1, variables):
            if monomial[column]:
                product = product * powers[column][monomial[column]] % prime
        values[:, index] = product
    return values


def rank(matrix: np.ndarray, prime: int) -> int:
    if not matrix.size:
        return 0
    rows, columns = matrix.shape
    return flint.nmod_mat(rows, columns, matrix.ravel().tolist(), prime).rank()


def null_space(matrix: np.ndarray, prime: int) -> tuple[tuple[int, ...], np.ndarray]:
    """A basis of the null space modulo the prime.

    Returns the free columns and the basis, shape (dimension, columns): vector i has 1 in free column i and 0 in the
    other free columns, so bases modulo different primes can be combined entry by entry.
    """
    rows, columns = matrix.shape
    if not matrix.size:
        return tuple(range(columns)), np.eye(columns, dtype=np.int64)
    # Only the null space is taken out of FLINT: each entry costs as much as a hundred of its multiplications.
    vectors, dimension = flint.nmod_mat(rows, columns, matrix.ravel().tolist(), prime).nullspace()
    entries = [[int(vectors[i, j]) for i in range(columns)] for j in range(dimension)]
    basis = np.array(entries, dtype=np.int64).reshape(dimension, columns)
    # The pivots of a vector stand before its free column.
    return tuple(int(np.flatnonzero(vector)[-1]) for vector in basis), basis


def times(matrix: np.ndarray, vector: np.ndarray, prime: int) -> np.ndarray:
    """matrix @ vector modulo the prime, of residues below 2**31; int64, shape (rows,)."""
    return (matrix * vector % prime).sum(axis=1) % prime


def combination(vectors: np.ndarray, prime: int) -> np.ndarray:
    """A random combination of the rows modulo the prime, the same each time; int64, shape (columns,)."""
    weights = np.random.default_rng(0).integers(1, prime, len(vectors))
    return times(vectors.T, weights, prime)


def combine(residue: int, modulus: int, other: int, prime: int) -> int:
    """The Chinese remainder theorem for two coprime moduli."""
    return residue + modulus * ((other - residue) * pow(modulus, -1, prime) % prime)


def reconstruct(residue: int, modulus: int) -> Fraction | None:
    """The n/d = residue modulo modulus with |n|, d <= sqrt(modulus/2), or None where there is none."""
    bound = isqrt(modulus // 2)
    previous, current, s_previous, s_current = modulus, residue % modulus, 0, 1
    while current > bound:
        quotient = previous // current
        previous, current = current, previous - quotient * current
        s_previous, s_current = s_current, s_previous - quotient * s_current
    if s_current == 0 or abs(s_current) > bound or gcd(current, abs(s_current)) != 1:
        return None
    return Fraction(current, s_current)


def clear_denominators(vector: list[Fraction]) -> list[int]:
    """The primitive integer vector on the same line."""
    scale = lcm(*(value.denominator for value in vector))
    integers = [value.numerator * (scale // value.denominator) for value in vector]
    divisor = gcd(*integers)
    return [value // divisor for value in integers] if divisor else integers
