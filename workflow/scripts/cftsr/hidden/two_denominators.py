"""Two hidden integers with a denominator each: E = lambda^2/D -+ mu^2/D' - s.

For a shift s and a D', a level and a mu leave one class of D up to squares. The levels of a theory have to agree on a
class, each with a mu of its own. A few small theories propose s; more theories then propose D' with that s; D' and D
are sought as products of forms such as k+2 or k+m+2 (`products`), since a class is not a number that the exact engine
could fit. The engine confirms the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from itertools import combinations_with_replacement
from math import isqrt, lcm, prod

from cftsr.algebra.square_classes import divisors, factors, is_square, square_root
from cftsr.hidden.bare import BareSpectrum, BareTheory
from cftsr.hidden.formulas import Formula, Theory, fit_formula
from cftsr.hidden.shifts import grid

SIGNS = (-1, 1)
LARGEST_MU = 24  # in the search; the formulas are then judged up to `mu_bound`
MULTIPLE = 24  # D' divides this times the common denominator of the theory's differences
LARGEST_DENOMINATOR = 4_000
LEAST_LEVELS, MOST_LEVELS = 8, 14  # levels of a theory that proposes: at least, and at most (the lowest are taken)
PROPOSING, VOTING = 4, 30  # theories that propose s; that vote on D' and D
MAX_FACTORS = 3
CONSTANTS = range(-2, 5)
SCALES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)


@lru_cache(maxsize=1 << 18)
def _kind(number: int) -> int:
    """The square-free part of a positive integer."""
    return prod(prime for prime, power in factors(number) if power % 2)


def classes(levels: tuple[Fraction, ...], shift: Fraction, second: int, sign: int) -> set[int]:
    """The classes of D, up to squares, that explain every level with a mu up to LARGEST_MU."""
    # Over a common denominator; it multiplies every class by the same factor, which is restored at the end.
    below = lcm(second, shift.denominator, *(level.denominator for level in levels))
    step, offset = -sign * (below // second), shift.numerator * (below // shift.denominator)
    common: set[int] | None = None
    for level in levels:
        start = level.numerator * (below // level.denominator) + offset
        numbers = [start + step * mu * mu for mu in range(LARGEST_MU + 1)]
        if 0 in numbers:
            continue  # lambda = 0 is possible with every D
        kinds = {_kind(number) for number in numbers if number > 0}
        common = kinds if common is None else common & kinds
        if not common:
            return set()
    return {_kind(kind * below) for kind in common or ()}


def candidate_denominators(theory: BareTheory) -> list[int]:
    """The possible D': the divisors of MULTIPLE times the common denominator of the differences of the levels."""
    common = lcm(*((level - theory.levels[0]).denominator for level in theory.levels))
    if max((prime for prime, _ in factors(common)), default=1) > LARGEST_DENOMINATOR:
        return []
    return sorted(d for d in divisors(MULTIPLE * common) if 1 < d <= LARGEST_DENOMINATOR)


def proposing_theories(spectrum: BareSpectrum, most: int) -> list[BareTheory]:
    """Theories with enough levels and small denominators, cut to their lowest levels."""
    chosen = [theory for theory in spectrum.theories if len(theory) >= LEAST_LEVELS][:most]
    return [theory.lowest(MOST_LEVELS) for theory in chosen]


def shifts_of(theories: list[BareTheory]) -> list[tuple[int, Fraction]]:
    """The signs and shifts for which each of the theories has some D' and D, simplest shifts first."""
    proposals = []
    for sign in SIGNS:
        left = [shift for shift in grid() if abs(shift) <= 1]
        for theory in sorted(theories, key=len, reverse=True):
            seconds = candidate_denominators(theory)
            left = [s for s in left if any(classes(theory.levels, s, second, sign) for second in seconds)]
        proposals += [(sign, shift) for shift in left]
    return sorted(proposals, key=lambda both: (both[1].denominator, abs(both[1])))


def products(labels: tuple[str, ...]) -> Iterator[tuple[str, list[tuple[tuple[int, ...], int]], int]]:
    """Products of up to MAX_FACTORS forms label + constant or label + label + constant, times a scale; simplest first.

    Yields the text, the factors as (coefficients, constant), and the scale.
    """
    unit = [tuple(int(i == j) for i in range(len(labels))) for j in range(len(labels))]
    sums = [(labels[i], unit[i]) for i in range(len(labels))]
    sums += [
        (f"{labels[i]}+{labels[j]}", tuple(map(int.__add__, unit[i], unit[j])))
        for i in range(len(labels))
        for j in range(i + 1, len(labels))
    ]
    forms = [
        (text + (f"{constant:+}" if constant else ""), coefficients, constant)
        for constant in sorted(CONSTANTS, key=abs)
        for text, coefficients in sums
    ]
    for count in range(MAX_FACTORS + 1):
        for chosen in combinations_with_replacement(forms, count):
            for scale in SCALES:
                text = "*".join([str(scale), *(f"({form[0]})" for form in chosen)])
                yield text, [(coefficients, constant) for _, coefficients, constant in chosen], scale


def product_of(theory: Theory, forms: list[tuple[tuple[int, ...], int]], scale: int) -> int:
    """The value of a product of forms for one theory."""
    return scale * prod(
        sum(a * b for a, b in zip(theory, coefficients, strict=True)) + constant for coefficients, constant in forms
    )


@dataclass(frozen=True)
class TwoDenominators:
    """E = lambda^2/D + sign mu^2/D' - s with formulas D and D'."""

    sign: int
    shift: Fraction
    first: Formula
    second: Formula

    def hidden(self, theory: BareTheory) -> tuple[tuple[int, int] | None, ...]:
        """(lambda, mu) of each level, with the smallest mu; None where there are none up to `mu_bound`."""
        first, second = self.first(theory.labels), self.second(theory.labels)
        if not first or not second or first < 0 or second < 0:
            return (None,) * len(theory)
        return tuple(_integers(level + self.shift, first, second, self.sign) for level in theory.levels)


def mu_bound(first: Fraction, second: Fraction) -> int:
    """The largest mu that is tried: a quarter of the geometric mean of the denominators, or of D' if that is less."""
    return min(int(second) // 4, isqrt(int(first * second)) // 4) + 8


def _integers(value: Fraction, first: Fraction, second: Fraction, sign: int) -> tuple[int, int] | None:
    # D E' = lambda^2 + sign (D/D') mu^2 with E' = E + s: whole numbers over a common denominator.
    ratio, whole = first / second, first * value
    below = lcm(ratio.denominator, whole.denominator)
    step, start = int(ratio * below), int(whole * below)
    for mu in range(mu_bound(first, second) + 1):
        number = start - sign * step * mu * mu
        if number % below == 0 and is_square(number // below):
            return isqrt(number // below), mu
    return None


def fit_two_denominators(spectrum: BareSpectrum) -> list[TwoDenominators]:
    """The formulas with the fewest factors that explain every level of the data, with the simplest shift that has any.

    The first has the smallest mu: a small D' leaves a level less freedom.
    """
    proposing = proposing_theories(spectrum, PROPOSING)
    if len(proposing) < PROPOSING or not spectrum.labels:
        return []
    voting = proposing_theories(spectrum, VOTING)
    for sign, shift in shifts_of(proposing):
        solutions = _formulas(spectrum, voting, sign, shift)
        if solutions:
            return solutions
    return []


def _formulas(spectrum: BareSpectrum, voting: list[BareTheory], sign: int, shift: Fraction) -> list[TwoDenominators]:
    labels, solutions, fewest_factors = spectrum.labels, [], None
    theories = [theory.labels for theory in voting]

    @cache
    def left(i: int, second: int) -> set[int]:
        return classes(voting[i].levels, shift, second, sign) if second > 0 else set()

    for _, forms, scale in products(labels):
        if solutions and len(forms) > fewest_factors:
            break
        seconds = [product_of(theory, forms, scale) for theory in theories]
        if not all(left(i, second) for i, second in enumerate(seconds)):
            continue
        if any(_up_to_a_square(other.second, theories, seconds) for other in solutions):
            continue
        kinds = [left(i, second) for i, second in enumerate(seconds)]
        first = _first_formula(labels, voting, kinds, shift, seconds, sign)
        second = fit_formula(labels, theories, [Fraction(value) for value in seconds]) if first else None
        if second is None:
            continue
        candidate = TwoDenominators(sign, shift, first, second)
        if all(None not in candidate.hidden(theory) for theory in spectrum.theories):
            solutions.append(candidate)
            fewest_factors = len(forms)
    return sorted(
        solutions, key=lambda solution: sum(mu for theory in spectrum.theories for _, mu in solution.hidden(theory))
    )


def _up_to_a_square(known: Formula, theories: list[Theory], values: list[int]) -> bool:
    """Whether the values are those of a known formula, times the square of one number."""
    quotients = {Fraction(value) / known(theory) for theory, value in zip(theories, values, strict=True)}
    return len(quotients) == 1 and square_root(quotients.pop()) is not None


def _first_formula(
    labels: tuple[str, ...],
    voting: list[BareTheory],
    kinds: list[set[int]],
    shift: Fraction,
    seconds: list[int],
    sign: int,
) -> Formula | None:
    """D as a product that lies in one of the remaining classes of each theory, scaled so that lambda is whole."""
    order = sorted(range(len(voting)), key=lambda i: len(kinds[i]))
    for _, forms, scale in products(labels):
        values = {}
        for i in order:
            value = product_of(voting[i].labels, forms, scale)
            if value <= 0 or _kind(value) not in kinds[i]:
                break
            values[i] = value
        else:
            below = [_needed(voting[i], Fraction(values[i]), shift, Fraction(seconds[i]), sign) for i in order]
            factor = lcm(*below) ** 2
            return fit_formula(
                labels,
                [theory.labels for theory in voting],
                [Fraction(factor * values[i]) for i in range(len(voting))],
            )
    return None


def _needed(theory: BareTheory, first: Fraction, shift: Fraction, second: Fraction, sign: int) -> int:
    """The factor that clears the denominators of lambda, with the mu of each level that needs the smallest one."""
    needed = 1
    for level in theory.levels:
        roots = (
            square_root(first * value)
            for mu in range(LARGEST_MU + 1)
            if (value := level + shift - sign * mu * mu / second) >= 0
        )
        needed = lcm(needed, min(root.denominator for root in roots if root is not None))
    return needed
