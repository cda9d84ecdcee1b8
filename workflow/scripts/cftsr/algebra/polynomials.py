"""Polynomials with integer coefficients in several variables, as {exponents: coefficient}.

Arithmetic that is two lines is written here; gcd, division and factorisation are python-flint's.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement
from math import gcd, prod

import flint
import numpy as np

from cftsr.algebra.modular import PRIMES

Exponents = tuple[int, ...]
Polynomial = dict[Exponents, int]


def monomials(variables: int, degree: int) -> list[Exponents]:
    """The exponents of all monomials of total degree <= degree, lowest degrees first."""
    exponents = []
    for total in range(degree + 1):
        for choice in combinations_with_replacement(range(variables), total):
            exponents.append(tuple(choice.count(i) for i in range(variables)))
    return exponents


def add(left: Polynomial, right: Polynomial, scale: int = 1) -> Polynomial:
    """left + scale * right."""
    result = dict(left)
    for exponents, coefficient in right.items():
        result[exponents] = result.get(exponents, 0) + scale * coefficient
    return {exponents: coefficient for exponents, coefficient in result.items() if coefficient}


def multiply(left: Polynomial, right: Polynomial) -> Polynomial:
    result: Polynomial = {}
    for a, x in left.items():
        for b, y in right.items():
            exponents = tuple(map(int.__add__, a, b))
            result[exponents] = result.get(exponents, 0) + x * y
    return {exponents: coefficient for exponents, coefficient in result.items() if coefficient}


def content(polynomial: Polynomial) -> int:
    """The gcd of the coefficients, with the sign of the leading one (the greatest exponents)."""
    if not polynomial:
        return 0
    divisor = gcd(*polynomial.values())
    return -divisor if polynomial[max(polynomial)] < 0 else divisor


def divide_constant(polynomial: Polynomial, divisor: int) -> Polynomial:
    """The polynomial divided by an integer that divides every coefficient."""
    return {exponents: coefficient // divisor for exponents, coefficient in polynomial.items()}


def evaluate_exactly(polynomial: Polynomial, x: np.ndarray) -> np.ndarray:
    """Exact values at integer points x, shape (rows, variables).

    In int64 where a bound on every term proves that nothing overflows, else in Python integers.
    """
    # At least 1: a coefficient must fit even where a label is 0 on every row.
    largest = [max(1, _largest(column)) for column in x.T]
    points = x.astype(np.int64 if max(bound(polynomial, largest), *largest) < 2**62 else object)
    total = np.zeros(len(x), dtype=points.dtype)
    for exponents, coefficient in polynomial.items():
        term = np.full(len(x), coefficient, dtype=points.dtype)
        for column, power in enumerate(exponents):
            for _ in range(power):
                term = term * points[:, column]
        total = total + term
    return total


# Rows are checked in chunks: what is needed at once stays within a few tens of megabytes.
CHUNK = 1 << 16
WORD = 2**64  # arithmetic of uint64 is exact modulo this for nothing; primes do the rest
UNIT = 2.0**-53  # relative error of one operation in float64


def bound(polynomial: Polynomial, largest: list[int]) -> int:
    """A bound on |polynomial| at points whose coordinates are at most `largest` in size."""
    return sum(
        abs(coefficient) * prod(size**power for size, power in zip(largest, exponents, strict=True))
        for exponents, coefficient in polynomial.items()
    )


def _largest(values: np.ndarray) -> int:
    """The largest size of int64 or Python integers; not by abs(), which overflows at -2**63."""
    return max(abs(int(values.max())), abs(int(values.min()))) if len(values) else 0


def values_modulo(polynomial: Polynomial, x: np.ndarray, modulus: int) -> np.ndarray:
    """Values at integer points x, shape (rows, variables), modulo a number below 2**32, or modulo 2**64.

    uint64, shape (rows,); modulo 2**64 nothing is divided: overflow is the reduction.
    """
    word = modulus == WORD
    reduced = x.astype(np.uint64) if word else (x % modulus).astype(np.uint64)
    divisor = np.uint64(0 if word else modulus)

    def times(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return left * right if word else left * right % divisor

    powers: dict[tuple[int, int], np.ndarray] = {}
    for column in range(x.shape[1]):
        for power in range(1, max((exponents[column] for exponents in polynomial), default=0) + 1):
            before = powers.get((column, power - 1))
            base = np.ascontiguousarray(reduced[:, column])
            powers[column, power] = base if before is None else times(before, base)
    total = np.zeros(len(x), dtype=np.uint64)
    for exponents, coefficient in polynomial.items():
        term = np.full(len(x), coefficient % modulus, dtype=np.uint64)
        for column, power in enumerate(exponents):
            if power:
                term = times(term, powers[column, power])
        total = total + term if word else (total + term) % divisor
    return total


def _moduli(size: int) -> list[int] | None:
    """Moduli whose product is more than 2 * size: what is 0 modulo each of them is 0. None where ours are too few."""
    moduli, product = [WORD], WORD
    for prime in PRIMES:
        if product > 2 * size:
            return moduli
        moduli.append(prime)
        product *= prime
    return moduli if product > 2 * size else None


def wrong_rows(
    numerator: Polynomial,
    denominator: Polynomial,
    x: np.ndarray,
    target: tuple[np.ndarray, np.ndarray],
    uncertainty: np.ndarray | None = None,
) -> np.ndarray:
    """Indices of the rows where numerator/denominator disagrees with target[0]/target[1], or is undefined.

    x            int64 or Python integers, shape (rows, variables)
    target       numerators and denominators, int64 or Python integers, shape (rows,)
    uncertainty  float64, shape (rows,): a row agrees where the difference is at most this; exactly where it is 0

    The answer is exact. A difference P*D - N*Q is 0 where it is 0 modulo 2**64 and as many primes as a bound on it
    needs. Where a row has an uncertainty, float64 with a bound on its error decides nearly all rows, and fractions the
    few that it leaves open.
    """
    top, bottom = target
    if uncertainty is not None and np.any(uncertainty > 0):
        rough = np.flatnonzero(uncertainty > 0)
        exact = np.flatnonzero(~(uncertainty > 0))
        far = _far_rows(numerator, denominator, x[rough], (top[rough], bottom[rough]), uncertainty[rough])
        wrong = wrong_rows(numerator, denominator, x[exact], (top[exact], bottom[exact]))
        return np.sort(np.concatenate([rough[far], exact[wrong]]))
    if not len(x):
        return np.array([], dtype=np.intp)
    largest = [max(1, _largest(column)) for column in x.T]
    below = bound(denominator, largest)
    moduli = _moduli(max(below, bound(numerator, largest) * _largest(bottom) + _largest(top) * below))
    if moduli is None or any(array.dtype == object for array in (x, top, bottom)):
        above, beneath = (evaluate_exactly(part, x).astype(object) for part in (numerator, denominator))
        return np.flatnonzero((beneath == 0) | (above * bottom != beneath * top))
    wrong_by_chunk = []
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        wrong = np.zeros(len(x[part]), dtype=bool)
        undefined = ~wrong
        for modulus in moduli:
            above, beneath = (values_modulo(polynomial, x[part], modulus) for polynomial in (numerator, denominator))
            if modulus == WORD:
                left, right = above * bottom[part].astype(np.uint64), beneath * top[part].astype(np.uint64)
            else:
                divisor = np.uint64(modulus)
                left = above * (bottom[part] % modulus).astype(np.uint64) % divisor
                right = beneath * (top[part] % modulus).astype(np.uint64) % divisor
            wrong |= left != right
            undefined &= beneath == 0
        wrong_by_chunk.append(start + np.flatnonzero(wrong | undefined))
    return np.concatenate(wrong_by_chunk)


def evaluate_roughly(polynomial: Polynomial, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values in float64 at integer points x, and a bound on the error of each."""
    points = x.astype(np.float64)
    total, size = np.zeros(len(x)), np.zeros(len(x))
    operations = len(polynomial) + 2 + max((sum(exponents) for exponents in polynomial), default=0)
    for exponents, coefficient in polynomial.items():
        term = np.full(len(x), float(coefficient))
        for column, power in enumerate(exponents):
            for _ in range(power):
                term = term * points[:, column]
        total += term
        size += np.abs(term)
    return total, 2 * operations * UNIT * size


def _far_rows(
    numerator: Polynomial, denominator: Polynomial, x: np.ndarray, target: tuple, uncertainty: np.ndarray
) -> np.ndarray:
    """The rows where numerator/denominator is undefined or further than the uncertainty from the target."""
    far_by_chunk = []
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        width = uncertainty[part]
        with np.errstate(all="ignore"):
            (above, error_above), (below, error_below) = (
                evaluate_roughly(polynomial, x[part]) for polynomial in (numerator, denominator)
            )
            value = above / below
            given = target[0][part].astype(np.float64) / target[1][part].astype(np.float64)
            error = (error_above + np.abs(value) * error_below) / (np.abs(below) - error_below)
            error = 2 * error + 8 * UNIT * (np.abs(value) + np.abs(given) + width)
            distance = np.abs(value - given)
            known = np.isfinite(distance) & np.isfinite(error) & (np.abs(below) > 2 * error_below)
            far = known & (distance > width + error)
            open_rows = np.flatnonzero(~far & ~(known & (distance + error <= width)))
        for row in open_rows.tolist():
            point = x[start + row].tolist()
            beneath = _value_at(denominator, point)
            far[row] = beneath == 0 or abs(
                Fraction(_value_at(numerator, point), beneath)
                - Fraction(int(target[0][start + row]), int(target[1][start + row]))
            ) > Fraction(float(width[row]))
        far_by_chunk.append(start + np.flatnonzero(far))
    return np.concatenate(far_by_chunk) if far_by_chunk else np.array([], dtype=np.intp)


def _value_at(polynomial: Polynomial, point: list[int]) -> int:
    return sum(
        coefficient * prod(value**power for value, power in zip(point, exponents, strict=True))
        for exponents, coefficient in polynomial.items()
    )


# ---- gcd, exact division, factorisation


def _names(variables: int) -> list[str]:
    return [f"x{i}" for i in range(variables)]


def _to_library(*polynomials: Polynomial) -> list:
    variables = len(next(iter(polynomials[0])))
    context = flint.fmpz_mpoly_ctx.get(_names(variables), "lex")
    return [context.from_dict(polynomial) for polynomial in polynomials]


def _from_library(polynomial: flint.fmpz_mpoly) -> Polynomial:
    items = polynomial.to_dict().items()
    return {tuple(int(power) for power in exponents): int(coefficient) for exponents, coefficient in items}


def greatest_common_divisor(left: Polynomial, right: Polynomial) -> Polynomial:
    a, b = _to_library(left, right)
    return _from_library(a.gcd(b))


def divide_exactly(polynomial: Polynomial, divisor: Polynomial) -> Polynomial:
    """The quotient; the divisor must divide."""
    quotient, remainder = divide_with_remainder(polynomial, divisor)
    if remainder:
        raise ArithmeticError("the divisor does not divide the polynomial")
    return quotient


def divide_with_remainder(polynomial: Polynomial, divisor: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder over the integers, in lexicographic order."""
    a, b = _to_library(polynomial, divisor)
    quotient, remainder = divmod(a, b)
    return _from_library(quotient), _from_library(remainder)


def _order(factor: tuple[Polynomial, int]) -> tuple:
    base, power = factor
    return len(base), [[-exponent for exponent in key] for key in sorted(base, reverse=True)], power


def factorise(polynomial: Polynomial) -> tuple[int, list[tuple[Polynomial, int]]]:
    """The content (with sign) and the irreducible factors with their powers, in a fixed order."""
    unit, factors = _to_library(polynomial)[0].factor()
    unit, irreducible = int(unit), []
    for factor, power in factors:
        base, power = _from_library(factor), int(power)
        sign = -1 if content(base) < 0 else 1
        unit *= sign**power
        irreducible.append((divide_constant(base, sign), power))
    # Single labels first, in their order; then longer factors.
    irreducible.sort(key=_order)
    return unit, irreducible
