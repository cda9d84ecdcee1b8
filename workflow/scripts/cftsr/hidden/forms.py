"""Two hidden integers over one denominator: E = (a x^2 + b x y + c y^2)/D - s, a form of small discriminant.

The values of such a form over the rationals are the norms of a quadratic field, up to a factor; so for one theory all
E + s lie in one class modulo norms. A whole number that is the norm of an element is the norm of an integer of the
field if the class number is one, as for all fields that are tried: then the form represents it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import count
from math import isqrt

from cftsr.algebra.square_classes import common_measure, is_square, norm_class, square_free, square_root
from cftsr.hidden.bare import BareSpectrum, BareTheory
from cftsr.hidden.formulas import Formula, denominator_formula
from cftsr.hidden.one_integer import sample_of
from cftsr.hidden.shifts import ShiftScore, grid

Form = tuple[int, int, int]

# Square-free radicand -> the principal form of the field's integers; discriminants -3, -4, -7, -8, -11, 5, 8, 13.
FORMS: dict[int, Form] = {
    -3: (1, 1, 1),
    -1: (1, 0, 1),
    -7: (1, 1, 2),
    -2: (1, 0, 2),
    -11: (1, 1, 3),
    5: (1, 1, -1),
    2: (1, 0, -2),
    13: (1, 1, -3),
}
SAMPLE, LEVELS = 16, 10  # theories and levels on which every form and shift is scored
LARGEST_FACTOR = 200  # between a theory's numbers and the values of the form


@lru_cache(maxsize=1 << 17)
def _class(radicand: int, number: int) -> frozenset[int]:
    return norm_class(radicand, Fraction(number))


def largest_norm_class(levels: tuple[Fraction, ...], shift: Fraction, radicand: int) -> int:
    """How many of the levels one D explains: the largest class of E + s modulo norms. 0 belongs to every class."""
    sizes: dict[frozenset[int], int] = {}
    zeros = 0
    for level in levels:
        value = level + shift
        if value < 0 and radicand < 0:
            continue
        if value:
            kind = _class(radicand, square_free(value))
            sizes[kind] = sizes.get(kind, 0) + 1
        else:
            zeros += 1
    return zeros + max(sizes.values(), default=0)


@dataclass(frozen=True)
class FormScore:
    radicand: int
    score: ShiftScore

    def as_dict(self) -> dict:
        return {"form": list(FORMS[self.radicand]), **self.score.as_dict()}


def form_sample(spectrum: BareSpectrum) -> list[BareTheory]:
    chosen = sample_of(spectrum.theories, SAMPLE, least=5)
    return [theory.lowest(LEVELS) for theory in chosen]


def try_forms(sample: list[BareTheory]) -> list[FormScore]:
    """Every form with every shift of the grid on a sample of the theories, best first."""
    scores = []
    for radicand in FORMS:
        for shift in grid():
            sizes = [largest_norm_class(theory.levels, shift, radicand) for theory in sample]
            explained = sum(size == len(theory) for size, theory in zip(sizes, sample, strict=True))
            scores.append(FormScore(radicand, ShiftScore(shift, explained, sum(sizes))))
    order = list(FORMS)
    scores.sort(
        key=lambda s: (
            -s.score.theories,
            -s.score.levels,
            order.index(s.radicand),
            s.score.shift.denominator,
            abs(s.score.shift),
        )
    )
    return scores


@dataclass(frozen=True)
class FormFit:
    """One form and shift for all theories; D of each theory, and as a formula if there is one."""

    radicand: int
    shift: Fraction
    denominators: tuple[Fraction, ...]
    denominator: Formula | None


def smallest_denominator(levels: tuple[Fraction, ...], shift: Fraction, radicand: int) -> Fraction | None:
    """The smallest D such that the form represents all D (E + s), which are whole; None if there is none."""
    values = [level + shift for level in levels]
    measure = common_measure(values)
    if not measure:
        return Fraction(1)
    numbers = [int(value / measure) for value in values]
    if radicand < 0 and min(numbers) < 0:
        return None
    kinds = {_class(radicand, square_free(Fraction(number))) for number in numbers if number}
    if len(kinds) != 1:
        return None
    (kind,) = kinds
    for factor in range(1, LARGEST_FACTOR + 1):
        if _class(radicand, square_free(Fraction(factor))) == kind:
            return factor / measure
    return None


def fit_form(spectrum: BareSpectrum, scores: list[FormScore], sample: list[BareTheory]) -> list[FormFit]:
    """The forms and shifts that explain every level of every theory, simplest first."""
    fits = []
    for candidate in scores:
        if candidate.score.theories < len(sample):
            break
        radicand, shift = candidate.radicand, candidate.score.shift
        denominators = []
        for theory in spectrum.theories:
            denominator = smallest_denominator(theory.levels, shift, radicand)
            if denominator is None:
                break
            denominators.append(denominator)
        else:
            formula = _formula(spectrum, denominators, radicand)
            fits.append(FormFit(radicand, shift, tuple(denominators), formula))
    return fits


def _formula(spectrum: BareSpectrum, denominators: list[Fraction], radicand: int) -> Formula | None:
    if not spectrum.labels:
        return None
    chosen = [i for i, theory in enumerate(spectrum.theories) if len(theory) >= 5]
    if len(chosen) < 4:
        chosen = list(range(len(denominators)))
    theories = [spectrum.theories[i].labels for i in chosen]
    return denominator_formula(
        spectrum.labels, theories, [denominators[i] for i in chosen], [1] * len(chosen), up_to_norms(radicand)
    )


def up_to_norms(radicand: int) -> Callable[[Fraction], Fraction | None]:
    """The factor between two D of one theory, which must be a norm: the root of a square, else 1/denominator."""

    def factor(quotient: Fraction) -> Fraction | None:
        root = square_root(quotient)
        if root is not None:
            return root
        if not quotient or norm_class(radicand, quotient):
            return None
        return Fraction(1, quotient.denominator)

    return factor


@lru_cache(maxsize=1 << 16)
def representation(form: Form, number: int) -> tuple[int, int] | None:
    """Whole x >= y >= 0 (x, y >= 0 for an indefinite form) at which the form takes the number, with the smallest y."""
    a, b, c = form
    if number == 0:
        return 0, 0
    # Complete the square: (2 a x + b y)^2 = 4 a N + (b^2 - 4 a c) y^2.
    discriminant = b * b - 4 * a * c
    limit = isqrt(abs(4 * a * number) // abs(discriminant)) + 1 if discriminant < 0 else 4 * isqrt(abs(number)) + 4
    for y in count():
        if y > limit:
            return None
        square = 4 * a * number + discriminant * y * y
        if not is_square(square):
            continue
        root = isqrt(square)
        for sign in (1, -1):
            above = sign * root - b * y
            if above % (2 * a) == 0 and above // (2 * a) >= 0:
                return above // (2 * a), y
    return None
