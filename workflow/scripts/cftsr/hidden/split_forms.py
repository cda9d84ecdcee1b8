"""The product of two hidden integers, in one sector or two: E = lambda mu/D - s with lambda + mu up to a bound.

lambda mu is the form of square discriminant: lambda^2 - mu^2 in other variables, as in h of the N=2 minimal models. It
takes every whole number, so D and s alone say nothing beyond denominators. But the levels do test a bound: only whole
numbers with a factorisation whose factors add up to no more than the bound of the theory occur. The least dense sectors
that contain all levels give D; the shift is the one with the smallest sums of factors; D and the bound must be formulas
of the theory labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from math import isqrt, lcm, log

from cftsr.algebra.square_classes import divisors, square_root
from cftsr.hidden.bare import BareSpectrum, BareTheory
from cftsr.hidden.formulas import Formula, Theory, fit_formula
from cftsr.hidden.shifts import grid
from cftsr.hidden.two_denominators import product_of, products
from cftsr.vocabulary import IDENTIFIED

BELOW = 24  # the denominators of shifts modulo 1 divide it
LEAST_LEVELS = 8  # of a theory that proposes
# How many theories, those with the most levels, propose sectors; how many propose D; how many of their lowest levels.
PROPOSING, FITTING, LOWEST = 8, 24, 24
MAX_SECTORS = 2
MOST_CHOICES = 24  # choices of sectors for which formulas are sought
LARGEST_SHIFT = 1
# The bound is slope * (a label, or the sum or difference of two) + constant.
SLOPES = range(1, 5)
CONSTANTS = range(-4, 5)
ATTAINED = 4  # theories in which a bound has to be attained to be significant


@lru_cache(maxsize=1 << 16)
def nearest_factors(number: int) -> tuple[int, int]:
    """The two factors of a whole number with the smallest sum; (0, 0) for 0."""
    small = max((divisor for divisor in divisors(number) if divisor <= isqrt(number)), default=1) if number else 0
    return small, number // small if small else 0


@dataclass(frozen=True)
class SplitSector:
    """Levels with N = D (E + s) whole; the hidden integers are `step` times the factors of N with the smallest sum."""

    shift: Fraction
    denominator: Formula
    step: int = 1

    def hidden(self, theory: Theory, level: Fraction) -> tuple[int, int] | None:
        below = self.denominator(theory)
        number = below * (level + self.shift) if below and below > 0 else Fraction(-1)
        if number.denominator != 1 or number < 0:
            return None
        x, y = nearest_factors(number.numerator)
        return self.step * x, self.step * y


@dataclass(frozen=True)
class SplitForm:
    """E = lambda mu/D - s in each sector, with one D and one bound on lambda + mu for all of them."""

    sectors: tuple[SplitSector, ...]
    denominator: Formula
    bound: Formula

    def hidden(self, theory: BareTheory) -> tuple[tuple[int, ...] | None, ...]:
        bound = self.bound(theory.labels)
        answers = [_smallest(self.sectors, theory.labels, level) for level in theory.levels]
        return tuple(
            None
            if integers is None or bound is None or integers[0] + integers[1] > bound
            else integers[: 1 + len(self.sectors)]
            for integers in answers
        )

    def rule(self, number: int) -> str:
        """The hidden integers that occur in a sector, in words."""
        step = self.sectors[number].step
        multiples = f"lambda and mu are multiples of {step}; " if step > 1 else ""
        return f"{multiples}lambda+mu <= {self.bound.text}"


def _smallest(sectors: Sequence[SplitSector], theory: Theory, level: Fraction) -> tuple[int, int, int] | None:
    """The hidden integers with the smallest sum, and their sector."""
    candidates = [
        (*numbers, i) for i, sector in enumerate(sectors) if (numbers := sector.hidden(theory, level)) is not None
    ]
    return min(candidates, key=lambda integers: (integers[0] + integers[1], integers[2]), default=None)


def fit_split_form(spectrum: BareSpectrum) -> SplitForm | None:
    """The fewest sectors that explain every level of the data."""
    several = sorted((theory for theory in spectrum.theories if len(theory) >= LEAST_LEVELS), key=len, reverse=True)
    several = [theory.lowest(LOWEST) for theory in several[:FITTING]]
    proposing = several[:PROPOSING]
    if not spectrum.labels or len(proposing) < ATTAINED:
        return None
    for count in range(1, MAX_SECTORS + 1):
        met = set()
        for classes in _least_dense(proposing, count):
            covers = tuple(_covers(theory.levels, classes) for theory in several)
            if covers in met:
                continue  # another shift modulo 1 for which the same numbers are whole
            form = _fit(spectrum, several, classes, covers)
            if form is not None:
                return form
            met.add(covers)
    return None


# ---- sectors modulo 1


def _covers(levels: Sequence[Fraction], classes: tuple[Fraction, ...]) -> tuple[int, ...]:
    """The smallest D of each sector such that D (E + s) is whole in one of them for every level."""
    below = [[(level + shift).denominator for level in levels] for shift in classes]
    if len(classes) == 1:
        return (lcm(*below[0]),)
    first, second = below
    whole, best = lcm(*first), None
    for candidate in divisors(whole):
        left = [b for a, b in zip(first, second, strict=True) if candidate % a]
        if left and len(left) < len(levels):
            other = lcm(*left)
            if best is None or candidate + other < sum(best):
                best = (candidate, other)
    return best or (whole, lcm(*second))


def _least_dense(theories: list[BareTheory], count: int) -> list[tuple[Fraction, ...]]:
    """The shifts modulo 1 of the sectors with the lowest density of possible levels, best first, then simplest."""
    values = sorted((Fraction(a, BELOW) for a in range(BELOW)), key=lambda s: (s.denominator, s))
    sizes = {
        chosen: round(sum(log(sum(_covers(theory.levels, chosen))) for theory in theories), 9)
        for chosen in combinations(values, count)
    }
    return sorted(sizes, key=sizes.__getitem__)[:MOST_CHOICES]


# ---- formulas, shifts and the bound


def _fit(
    spectrum: BareSpectrum,
    theories: list[BareTheory],
    classes: tuple[Fraction, ...],
    covers: Sequence[tuple[int, ...]],
) -> SplitForm | None:
    """A form with these sectors.

    covers   D of each theory and sector
    """
    labels, rows = spectrum.labels, [theory.labels for theory in theories]
    formulas: list[Formula] = []
    for values in zip(*covers, strict=True):
        formula = _denominator(labels, rows, values)
        if formula is None:
            return None
        formulas.append(formula)
    sectors = []
    for number, formula in enumerate(formulas):
        shift = _shift(theories, classes, formulas, number)
        if shift is None:
            return None
        sectors.append(SplitSector(shift, formula))
    scaled = _over_one_denominator(spectrum, sorted(sectors, key=lambda sector: sector.shift))
    if scaled is None:
        return None
    largest = []
    for theory in spectrum.theories:
        sums = [integers[0] + integers[1] for e in theory.levels if (integers := _smallest(scaled, theory.labels, e))]
        if len(sums) < len(theory):
            return None
        largest.append(max(sums))
    bound = _bound(labels, [theory.labels for theory in spectrum.theories], largest)
    whole = next(sector.denominator for sector in scaled if sector.step == 1)
    return None if bound is None else SplitForm(scaled, whole, bound)


def _denominator(labels: tuple[str, ...], theories: list[Theory], values: Sequence[int]) -> Formula | None:
    """The simplest product of a few forms that is a multiple of each value, and the value itself for half of them."""
    for _, forms, scale in products(labels):
        equal = 0
        for theory, value in zip(theories, values, strict=True):
            whole = product_of(theory, forms, scale)
            if whole <= 0 or whole % value:
                break
            equal += whole == value
        else:
            if 2 * equal >= len(values):
                return fit_formula(labels, theories, [Fraction(product_of(t, forms, scale)) for t in theories])
    return None


def _shift(
    theories: list[BareTheory], classes: tuple[Fraction, ...], formulas: list[Formula], number: int
) -> Fraction | None:
    """The shift, of those for which D (E + s) is whole, with the smallest sums of factors."""
    members = []
    for theory in theories:
        alone, own = [], formulas[number](theory.labels)
        for level in theory.levels:
            below = [formula(theory.labels) or 0 for formula in formulas]
            whole = [(d * (level + s)).denominator == 1 for d, s in zip(below, classes, strict=True)]
            if whole[number] and sum(whole) == 1:
                alone.append(level)
        if alone and own:
            members.append((own, alone))
    sizes = {}
    for candidate in grid():
        if abs(candidate) <= LARGEST_SHIFT and all(
            (below * (candidate - classes[number])).denominator == 1 and levels[0] + candidate >= 0
            for below, levels in members
        ):
            sizes[candidate] = sum(
                log(1 + max(sum(nearest_factors(int(below * (e + candidate)))) for e in levels))
                for below, levels in members
            )
    return min(sizes, key=sizes.__getitem__) if members and sizes else None


def _over_one_denominator(spectrum: BareSpectrum, sectors: list[SplitSector]) -> tuple[SplitSector, ...] | None:
    """The sectors over the largest D, if the quotients are squares of whole numbers; else None."""
    rows = [theory.labels for theory in spectrum.theories]
    largest = max(sectors, key=lambda sector: sector.denominator(rows[-1]) or 0).denominator
    scaled = []
    for sector in sectors:
        quotients = {above / below for row in rows if (above := largest(row)) and (below := sector.denominator(row))}
        root = square_root(quotients.pop()) if len(quotients) == 1 else None
        if root is None or root.denominator != 1:
            return None
        scaled.append(SplitSector(sector.shift, sector.denominator, int(root)))
    return tuple(scaled)


def _bound(labels: tuple[str, ...], theories: list[Theory], sums: list[int]) -> Formula | None:
    """The smallest formula that no sum exceeds and that is attained in at least ATTAINED theories."""
    unit = [tuple(int(i == j) for i in range(len(labels))) for j in range(len(labels))]
    forms = list(zip(labels, unit, strict=True))
    for (one, a), (other, b) in combinations(list(forms), 2):
        forms.append((f"({one}+{other})", tuple(map(int.__add__, a, b))))
        forms.append((f"({one}-{other})", tuple(map(int.__sub__, a, b))))
    best: tuple[int, str] | None = None
    for (text, coefficients), slope, constant in product(forms, SLOPES, CONSTANTS):
        slack = [
            slope * sum(map(int.__mul__, coefficients, theory)) + constant - total
            for theory, total in zip(theories, sums, strict=True)
        ]
        if min(slack) >= 0 and slack.count(0) >= ATTAINED and (best is None or sum(slack) < best[0]):
            best = sum(slack), f"{slope}*{text}" * (slope > 1) + text * (slope == 1) + f"{constant:+}" * bool(constant)
    return best and Formula(best[1], labels, IDENTIFIED)
