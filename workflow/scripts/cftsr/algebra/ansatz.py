"""Which rational functions are tried: the monomials of numerator and denominator, fewest first.

A label takes as many values in the rows as it does, and a polynomial cannot tell more of it: with v values its exponent
stays below v. Labels that are *declared finite* (a sector, a parity) take the declared joint values in all theories.
Functions of them live on that finite set, so only as many monomials are used as are independent there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm, prod

import numpy as np

from cftsr.algebra import modular
from cftsr.algebra.echelon import reduced_echelon
from cftsr.algebra.polynomials import Exponents, Polynomial, monomials
from cftsr.algebra.rational_function import RationalFunction


@dataclass(frozen=True)
class FiniteLabels:
    """Labels that take finitely many values everywhere.

    columns   their places among the labels
    values    every joint value that they take, as the rows' whole numbers have it
    scales    what a whole number is divided by to give the label's value; () for 1
    """

    columns: tuple[int, ...] = ()
    values: tuple[tuple[int, ...], ...] = ()
    scales: tuple[int, ...] = ()

    @cached_property
    def basis(self) -> tuple[Exponents, ...]:
        """The first monomials that are independent on the values: as many as there are values.

        "First" is by degree: 1 and s on {0, 1}; 1, v, s and v*s on all pairs of bits; 1, s and s^2 on {0, 1, 2}.
        """
        points = np.array(self.values, dtype=np.int64).reshape(len(self.values), len(self.columns))
        chosen: list[Exponents] = []
        for degree in range(len(points)):
            for exponents in monomials(len(self.columns), degree):
                if sum(exponents) == degree and len(chosen) < len(points):
                    matrix = modular.monomial_values(points, [*chosen, exponents], modular.PRIMES[0])
                    if modular.rank(matrix, modular.PRIMES[0]) == len(chosen) + 1:
                        chosen.append(exponents)
        return tuple(chosen)

    def allow(self, exponents: Exponents) -> bool:
        return not self.columns or tuple(exponents[column] for column in self.columns) in self.basis

    def fixed(self, value: tuple[int, ...]) -> dict[int, int | Fraction]:
        """The labels' own values by columns, as `RationalFunction.restricted` wants them."""
        if not self.scales:
            return dict(zip(self.columns, value, strict=True))
        return {
            column: Fraction(whole, scale)
            for column, whole, scale in zip(self.columns, value, self.scales, strict=True)
        }

    def slices(self, x: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
        """Which rows have which of the joint values, as masks; of a value that no row has, an empty one."""
        part = x[:, list(self.columns)]
        return {value: np.all(part == np.array(value, dtype=np.int64), axis=1) for value in self.values}

    def indicator(self, value: tuple[int, ...], variables: int) -> RationalFunction:
        """The function that is 1 at this joint value and 0 at the others, as a polynomial over a constant.

        It is a polynomial in the basis; the other variables do not occur in it.
        """
        zero = (0,) * variables
        rows = [
            [
                prod(
                    (Fraction(v) ** e for v, e in zip(self.fixed(point).values(), exponents, strict=True)),
                    start=Fraction(1),
                )
                for exponents in self.basis
            ]
            + [Fraction(int(point == value))]
            for point in self.values
        ]
        rows = reduced_echelon(rows)
        scale = lcm(*(row[-1].denominator for row in rows))
        above: Polynomial = {}
        for exponents, row in zip(self.basis, rows, strict=True):
            if row[-1]:
                key = list(zero)
                for column, power in zip(self.columns, exponents, strict=True):
                    key[column] = power
                above[tuple(key)] = int(row[-1] * scale)
        return RationalFunction(above, {zero: scale})

    def same(self, one: RationalFunction, other: RationalFunction) -> bool:
        """Whether two functions agree wherever the finite labels have a joint value.

        With s = 0, 1 the functions s and s^2 are the same. Without finite labels: whether they are identical.
        """
        fixed = [self.fixed(value) for value in self.values] if self.columns else [{}]
        return all(one.restricted(values).same_as(other.restricted(values)) for values in fixed)


@dataclass(frozen=True)
class Ansatz:
    """P/Q with these monomials; `degrees` are the total degrees of P and of Q."""

    degrees: tuple[int, int]
    above: list[Exponents]
    below: list[Exponents]

    @property
    def unknowns(self) -> int:
        return len(self.above) + len(self.below)


def _monomials_by_degree(caps: list[int], finite: FiniteLabels, max_degree: int, most: int) -> Iterator[list]:
    """For each degree the allowed monomials up to it, while there are no more than `most`."""
    variables = len(caps)
    level, up_to_degree = [(0,) * variables], [(0,) * variables]
    for _ in range(max_degree + 1):
        if len(up_to_degree) > most:
            return
        yield list(up_to_degree)
        # Divisors of an allowed monomial are allowed, so each degree is made from the one before.
        above = {
            tuple(power + (i == column) for i, power in enumerate(exponents))
            for exponents in level
            for column in range(variables)
            if exponents[column] + 1 < caps[column]
        }
        level = sorted((exponents for exponents in above if finite.allow(exponents)), reverse=True)
        up_to_degree += level


def ansatzes(
    distinct: list[int], max_degree: int, max_unknowns: int, finite: FiniteLabels | None = None
) -> list[Ansatz]:
    """Everything up to the limits, fewest unknowns first; what the caps make equal appears once.

    distinct   how many values each label takes in the rows
    """
    finite = finite or FiniteLabels()
    caps = [len(finite.values) if i in finite.columns else values for i, values in enumerate(distinct)]
    by_degree = list(_monomials_by_degree(caps, finite, max_degree, max_unknowns))
    by_size: dict[tuple[int, int], Ansatz] = {}
    for i, above in enumerate(by_degree):
        for j, below in enumerate(by_degree):
            if len(above) + len(below) <= max_unknowns:
                by_size.setdefault((len(above), len(below)), Ansatz((i, j), above, below))
    return sorted(by_size.values(), key=lambda ansatz: (ansatz.unknowns, ansatz.degrees[1]))


def ending_limit(distinct: list[int], max_degree: int, max_unknowns: int, finite: FiniteLabels | None = None) -> str:
    """Which limit leaves out the next ansatz: "degree" or "unknowns"."""
    finite = finite or FiniteLabels()
    caps = [len(finite.values) if i in finite.columns else values for i, values in enumerate(distinct)]
    by_degree = list(_monomials_by_degree(caps, finite, max_degree, max_unknowns))
    complete = len(by_degree) == max_degree + 1 and 2 * len(by_degree[-1]) <= max_unknowns
    return "degree" if complete else "unknowns"
