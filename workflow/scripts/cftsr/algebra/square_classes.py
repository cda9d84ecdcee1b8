"""Rational numbers up to squares, and up to norms of a quadratic field.

E + s = lambda^2/D with one D for all levels of a theory means: all E + s lie in one class of Q*/Q*^2. With a binary
quadratic form in the place of the square they lie in one class of Q* modulo the norms of a quadratic field, and the
Hilbert symbols decide that (Serre, A Course in Arithmetic (1973), chapter III; the theorem of Hasse and Minkowski).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt, lcm, prod

import flint

# A square is one of these modulo 64: four of five others are told without a square root.
_SQUARES_64 = frozenset(n * n % 64 for n in range(64))


@lru_cache(maxsize=1 << 18)
def factors(number: int) -> tuple[tuple[int, int], ...]:
    """The primes of a positive integer with their powers, smallest first."""
    return tuple((int(prime), int(power)) for prime, power in flint.fmpz(number).factor())


def divisors(number: int) -> list[int]:
    """All positive divisors of a positive integer, unsorted."""
    every = [1]
    for prime, power in factors(number):
        every = [divisor * prime**exponent for divisor in every for exponent in range(power + 1)]
    return every


def is_square(number: int) -> bool:
    """Whether an integer is a square."""
    return number >= 0 and number & 63 in _SQUARES_64 and isqrt(number) ** 2 == number


def square_root(value: Fraction) -> Fraction | None:
    """The root of a rational square, or None."""
    above, below = value.numerator, value.denominator
    return Fraction(isqrt(above), isqrt(below)) if is_square(above) and is_square(below) else None


def square_free(value: Fraction) -> int:
    """The square-free integer that is a square times the rational; 0 for 0. The sign is the rational's."""
    number = value.numerator * value.denominator
    if not number:
        return 0
    odd = prod(
        prime for part in (abs(value.numerator), value.denominator) for prime, power in factors(part) if power % 2
    )
    return odd if number > 0 else -odd


def common_measure(values: Iterable[Fraction]) -> Fraction:
    """The largest rational that all values are whole multiples of; 0 where all are 0."""
    above, below = 0, 1
    for value in values:
        both = lcm(below, value.denominator)
        above = gcd(above * (both // below), value.numerator * (both // value.denominator))
        below = both
        divisor = gcd(above, below)
        above, below = above // divisor, below // divisor
    return Fraction(above, below)


def hilbert_symbol(a: int, b: int, prime: int) -> int:
    """(a, b) at a prime: 1 where a x^2 + b y^2 = z^2 has a solution among the p-adic numbers, else -1."""
    alpha, beta = 0, 0
    while a % prime == 0:
        a, alpha = a // prime, alpha + 1
    while b % prime == 0:
        b, beta = b // prime, beta + 1
    if prime == 2:
        exponent = (a - 1) // 2 * ((b - 1) // 2) + alpha * ((b * b - 1) // 8) + beta * ((a * a - 1) // 8)
        return -1 if exponent % 2 else 1
    sign = -1 if alpha * beta * ((prime - 1) // 2) % 2 else 1
    if beta % 2:
        sign *= _legendre(a, prime)
    if alpha % 2:
        sign *= _legendre(b, prime)
    return sign


def _legendre(a: int, prime: int) -> int:
    return 1 if pow(a, (prime - 1) // 2, prime) == 1 else -1


def norm_class(radicand: int, value: Fraction) -> frozenset[int]:
    """The class of a rational that is not 0 modulo the norms of Q(sqrt(radicand)).

    radicand   a square-free integer, not 1: for 1 every number is a norm
    returns    the places (primes, and -1 for the real one) where the value is no local norm; none for a norm. The
               class of a product is the symmetric difference of the classes
    """
    number = square_free(value)
    places = {prime for prime, _ in factors(abs(2 * radicand * number))}
    away = {prime for prime in places if hilbert_symbol(radicand, number, prime) == -1}
    if radicand < 0 and number < 0:
        away.add(-1)
    return frozenset(away)
