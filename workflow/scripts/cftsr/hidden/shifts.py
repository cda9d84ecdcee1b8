"""The shifts s for which E + s = lambda^2/D on a theory's levels, and how many levels of all theories one s explains.

Two sources of candidates. The *grid*: s = a/b with |s| <= LARGEST and b | GRID. The *solved* shifts of a theory:
lambda_i^2 - lambda_0^2 = D (E_i - E_0) must be whole, so D is a whole multiple m of the smallest number that makes all
differences whole; and for each m the factorisations of one difference leave finitely many lambda_0, which are tested on
the other levels. So this covers every s, of any denominator, with m <= MULTIPLES. (m is 1 if the lambda are 1, 2, 3,
..., 8 if they are odd, 24 if they are prime to 6.)
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isqrt

from cftsr.algebra.square_classes import common_measure, divisors, is_square, square_free, square_root
from cftsr.hidden.bare import BareTheory

LARGEST = 2
GRID = 48
MULTIPLES = 240
LEVELS = 12  # the lowest levels of a theory, on which a solved shift is tested first


@dataclass(frozen=True)
class Solved:
    """lambda_i^2 = D (E_i + s) on all levels of a theory, with whole lambda."""

    shift: Fraction
    denominator: Fraction


@cache
def grid(largest: int = LARGEST, below: int = GRID) -> tuple[Fraction, ...]:
    """All a/b with |a/b| <= largest and b | below, simplest first."""
    values = {Fraction(a, below) for a in range(-largest * below, largest * below + 1)}
    return tuple(sorted(values, key=lambda s: (s.denominator, abs(s), -s)))


def solved_shifts(levels: tuple[Fraction, ...], multiples: int = MULTIPLES) -> list[Solved]:
    """All shifts and denominators for which all levels are squares, smallest denominators first; one D for each shift.

    levels   at least three, distinct, lowest first
    """
    unit = common_measure(level - levels[0] for level in levels[1:])
    steps = [int((level - levels[0]) / unit) for level in levels[1:]]
    judging = steps[:LEVELS]
    # The difference with the fewest factorisations proposes, the others test.
    proposing = min(judging, key=lambda step: len(divisors(step)))
    judging = [step for step in judging if step != proposing]
    solved: dict[Fraction, Solved] = {}
    for m in range(1, multiples + 1):
        product = m * proposing
        for divisor in divisors(product):
            other = product // divisor
            if divisor > other or (divisor + other) % 2:
                continue
            lowest = (other - divisor) // 2
            ground = lowest * lowest
            if all(is_square(ground + m * step) for step in judging) and all(
                is_square(ground + m * step) for step in steps
            ):
                denominator = m / unit
                shift = ground / denominator - levels[0]
                if shift not in solved:
                    solved[shift] = Solved(shift, denominator)
    return list(solved.values())


def denominator_of(levels: tuple[Fraction, ...], shift: Fraction) -> Fraction | None:
    """D such that all D (E + s) are squares of whole numbers without a common divisor; None if there is none."""
    roots = []
    first = next((level + shift for level in levels if level + shift), None)
    if first is None:
        return Fraction(1)
    for level in levels:
        root = square_root((level + shift) / first)
        if root is None:
            return None
        roots.append(root)
    measure = common_measure(roots)
    return 1 / (first * measure * measure)


def hidden_integer(level: Fraction, shift: Fraction, denominator: Fraction) -> int | None:
    """lambda >= 0 with lambda^2 = D (E + s), or None where that is no square of a whole number."""
    value = denominator * (level + shift)
    if value.denominator != 1 or not is_square(value.numerator):
        return None
    return isqrt(value.numerator)


def largest_class(levels: tuple[Fraction, ...], shift: Fraction) -> int:
    """How many of the levels one D explains: the largest class of E + s up to squares. 0 belongs to every class."""
    sizes: dict[int, int] = {}
    zeros = 0
    for level in levels:
        value = level + shift
        if value:
            kind = square_free(value)
            if kind > 0:
                sizes[kind] = sizes.get(kind, 0) + 1
        else:
            zeros += 1
    return zeros + max(sizes.values(), default=0)


@dataclass(frozen=True)
class ShiftScore:
    """How much one shift explains.

    theories   number of theories with all levels explained
    levels     number of levels explained, in the largest class of each theory
    """

    shift: Fraction
    theories: int
    levels: int

    def as_dict(self) -> dict:
        return {"shift": str(self.shift), "theories": self.theories, "levels": self.levels}


def score_shift(theories: list[BareTheory], shift: Fraction) -> ShiftScore:
    sizes = [largest_class(theory.levels, shift) for theory in theories]
    return ShiftScore(shift, sum(size == len(theory) for size, theory in zip(sizes, theories, strict=True)), sum(sizes))
