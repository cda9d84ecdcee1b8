"""Rational functions of several variables: a numerator and a denominator with integer coefficients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm, prod

from cftsr.algebra.polynomials import (
    Exponents,
    Polynomial,
    add,
    content,
    divide_constant,
    divide_exactly,
    greatest_common_divisor,
    multiply,
)


@dataclass(frozen=True, slots=True)
class RationalFunction:
    """P/Q, in lowest terms only where it was cancelled; unpacks into P and Q.

    Equality is that of P and Q; `same_as` compares functions.
    """

    numerator: Polynomial
    denominator: Polynomial

    @classmethod
    def of_fractions(
        cls, numerator: Mapping[Exponents, Fraction | int], denominator: Mapping[Exponents, Fraction | int]
    ) -> RationalFunction:
        """The function with coprime integer coefficients; P and Q are not cancelled."""
        values = [*numerator.values(), *denominator.values()]
        scale = lcm(*(value.denominator for value in values))
        divisor = gcd(*(int(value * scale) for value in values)) or 1
        return cls(
            *(
                {key: int(value * scale) // divisor for key, value in part.items() if value}
                for part in (numerator, denominator)
            )
        )

    def __iter__(self) -> Iterator[Polynomial]:
        return iter((self.numerator, self.denominator))

    @property
    def degrees(self) -> tuple[int, int]:
        """The total degrees of P and of Q."""
        above, below = (max(map(sum, part), default=0) for part in self)
        return above, below

    def degrees_in(self, column: int) -> tuple[int, int]:
        """The degrees of P and of Q in one variable."""
        above, below = (max((exponents[column] for exponents in part), default=0) for part in self)
        return above, below

    def cancelled(self) -> RationalFunction:
        """In lowest terms, the denominator's leading coefficient positive: one form for each function."""
        numerator, denominator = self
        if not numerator:
            variables = len(next(iter(denominator)))
            return RationalFunction({}, {(0,) * variables: 1})
        divisor = greatest_common_divisor(numerator, denominator)
        numerator, denominator = divide_exactly(numerator, divisor), divide_exactly(denominator, divisor)
        common = gcd(content(numerator), content(denominator))
        if content(denominator) < 0:
            common = -common
        return RationalFunction(divide_constant(numerator, common), divide_constant(denominator, common))

    def same_as(self, other: RationalFunction) -> bool:
        """Whether both are the same function; False where one has the denominator 0."""
        return (
            bool(self.denominator)
            and bool(other.denominator)
            and multiply(self.numerator, other.denominator) == multiply(other.numerator, self.denominator)
        )

    def __add__(self, other: RationalFunction) -> RationalFunction:
        return self._combined(other, 1)

    def __sub__(self, other: RationalFunction) -> RationalFunction:
        return self._combined(other, -1)

    def _combined(self, other: RationalFunction, sign: int) -> RationalFunction:
        above = add(multiply(self.numerator, other.denominator), multiply(other.numerator, self.denominator), sign)
        return RationalFunction(above, multiply(self.denominator, other.denominator))

    def __mul__(self, other: RationalFunction) -> RationalFunction:
        return RationalFunction(
            multiply(self.numerator, other.numerator), multiply(self.denominator, other.denominator)
        )

    def rescaled(self, scales: Sequence[int]) -> RationalFunction:
        """The function of whole numbers, each variable being one of them divided by its scale."""
        highest = [max(self.degrees_in(column)) for column in range(len(scales))]

        def weight(key: Exponents) -> int:
            return prod(scale ** (most - power) for scale, most, power in zip(scales, highest, key, strict=True))

        return RationalFunction(*({key: value * weight(key) for key, value in part.items()} for part in self))

    def restricted(self, fixed: Mapping[int, int | Fraction]) -> RationalFunction:
        """The function of the other variables where these (by their column) have these values; not cancelled."""
        highest = {column: max(self.degrees_in(column)) for column in fixed}

        def weight(key: Exponents) -> int:
            return prod(
                value.numerator ** key[column] * value.denominator ** (highest[column] - key[column])
                for column, value in fixed.items()
            )

        def part_of(polynomial: Polynomial) -> Polynomial:
            result: Polynomial = {}
            for exponents, coefficient in polynomial.items():
                key = tuple(power for column, power in enumerate(exponents) if column not in fixed)
                result[key] = result.get(key, 0) + coefficient * weight(exponents)
            return {exponents: coefficient for exponents, coefficient in result.items() if coefficient}

        return RationalFunction(*map(part_of, self))

    def widened(self, columns: Sequence[int], variables: int) -> RationalFunction:
        """The same function among more variables: its own are at these columns."""

        def key_of(exponents: Exponents) -> Exponents:
            key = [0] * variables
            for column, power in zip(columns, exponents, strict=True):
                key[column] = power
            return tuple(key)

        return RationalFunction(*({key_of(key): value for key, value in part.items()} for part in self))
