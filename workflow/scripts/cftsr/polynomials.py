"""Polynomials with integer coefficients in several variables, as {exponents: coefficient}.

Arithmetic that is two lines is written here; gcd and factorisation come from python-flint where it is installed
and from SymPy elsewhere.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import gcd, prod

import numpy as np

try:
    import flint
except ImportError:  # pragma: no cover - the lock file installs it; SymPy does the same, more slowly
    flint = None

Exponents = tuple[int, ...]
Polynomial = dict[Exponents, int]


def monomials(variables: int, degree: int) -> list[Exponents]:
    """The exponents of all monomials of total degree <= degree, lowest degrees first."""
    found = []
    for total in range(degree + 1):
        for choice in combinations_with_replacement(range(variables), total):
            found.append(tuple(choice.count(i) for i in range(variables)))
    return found


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


def cancel(numerator: Polynomial, denominator: Polynomial) -> tuple[Polynomial, Polynomial]:
    """numerator/denominator in lowest terms, the denominator's leading coefficient positive."""
    if not numerator:
        variables = len(next(iter(denominator)))
        return {}, {(0,) * variables: 1}
    divisor = greatest_common_divisor(numerator, denominator)
    numerator, denominator = divide_exactly(numerator, divisor), divide_exactly(denominator, divisor)
    common = gcd(content(numerator), content(denominator))
    if content(denominator) < 0:
        common = -common
    return divide_constant(numerator, common), divide_constant(denominator, common)


def evaluate_exactly(polynomial: Polynomial, x: np.ndarray) -> np.ndarray:
    """Exact values at integer points x, shape (rows, variables).

    In int64 where a bound on every term proves that nothing overflows, else in Python integers.
    """
    # At least 1: a coefficient must fit even where a label is 0 on every row.
    largest = [max(1, int(value)) for value in np.abs(x).max(axis=0)] if len(x) else [1] * x.shape[1]
    bound = sum(
        abs(coefficient) * prod(size**power for size, power in zip(largest, exponents, strict=True))
        for exponents, coefficient in polynomial.items()
    )
    points = x.astype(np.int64 if bound < 2**62 else object)
    total = np.zeros(len(x), dtype=points.dtype)
    for exponents, coefficient in polynomial.items():
        term = np.full(len(x), coefficient, dtype=points.dtype)
        for column, power in enumerate(exponents):
            for _ in range(power):
                term = term * points[:, column]
        total = total + term
    return total


def wrong_rows(
    numerator: Polynomial, denominator: Polynomial, x: np.ndarray, target: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Indices of the rows where numerator/denominator is not exactly target[0]/target[1], or is undefined."""
    above = evaluate_exactly(numerator, x)
    below = evaluate_exactly(denominator, x)
    top, bottom = target
    largest = max((int(np.abs(part).max()) for part in (above, below) if len(part)), default=0)
    scale = max((int(np.abs(part).max()) for part in target if len(part)), default=0)
    if largest * scale >= 2**62:
        above, below, top, bottom = (part.astype(object) for part in (above, below, top, bottom))
    return np.flatnonzero((below == 0) | (above * bottom != below * top))


# ---- gcd, exact division, factorisation: python-flint or SymPy


def _names(variables: int) -> list[str]:
    return [f"x{i}" for i in range(variables)]


def _to_library(*polynomials: Polynomial) -> list:
    variables = len(next(iter(polynomials[0])))
    if flint is not None:
        context = flint.fmpz_mpoly_ctx.get(_names(variables), "lex")
        return [context.from_dict(polynomial) for polynomial in polynomials]
    from sympy import ZZ, ring

    domain = ring(_names(variables), ZZ)[0]
    return [domain.from_dict({key: ZZ(value) for key, value in polynomial.items()}) for polynomial in polynomials]


def _from_library(polynomial) -> Polynomial:
    items = polynomial.to_dict().items() if flint is not None else polynomial.items()
    return {tuple(int(power) for power in exponents): int(coefficient) for exponents, coefficient in items}


def greatest_common_divisor(left: Polynomial, right: Polynomial) -> Polynomial:
    a, b = _to_library(left, right)
    return _from_library(a.gcd(b))


def divide_exactly(polynomial: Polynomial, divisor: Polynomial) -> Polynomial:
    """The quotient; the divisor must divide."""
    a, b = _to_library(polynomial, divisor)
    quotient, remainder = divmod(a, b) if flint is not None else a.div(b)
    if remainder != 0:
        raise ArithmeticError("the divisor does not divide the polynomial")
    return _from_library(quotient)


def divide_with_remainder(polynomial: Polynomial, divisor: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder over the integers, in lexicographic order."""
    a, b = _to_library(polynomial, divisor)
    quotient, remainder = divmod(a, b) if flint is not None else a.div(b)
    return _from_library(quotient), _from_library(remainder)


def factorise(polynomial: Polynomial) -> tuple[int, list[tuple[Polynomial, int]]]:
    """The content (with sign) and the irreducible factors with their powers, in a fixed order."""
    (item,) = _to_library(polynomial)
    unit, factors = item.factor() if flint is not None else item.factor_list()
    unit, found = int(unit), []
    for factor, power in factors:
        base, power = _from_library(factor), int(power)
        sign = -1 if content(base) < 0 else 1
        unit *= sign**power
        found.append((divide_constant(base, sign), power))
    # Single labels first, in their order; then longer factors.
    found.sort(key=lambda item: (len(item[0]), [[-e for e in key] for key in sorted(item[0], reverse=True)], item[1]))
    return unit, found
