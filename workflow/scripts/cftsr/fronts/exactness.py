"""Whether an equation is exact on rows, and with which rational constants: all that an engine may know of the judge.

Floating-point constants are replaced by simple rationals near them. How near is recorded; that a replacement was right
is what the exact check of every row decides. Only an equation that already agrees with the data to about four digits is
read this way (`NEARLY_EXACT`): a looser fit whose constants happen to round to the formula is an approximation, and
calling it a recovery would credit the rounding instead of the search.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from types import FrameType

import numpy as np

from cftsr.algebra.expressions import (
    Expression,
    apply_operator,
    constants,
    evaluate,
    exact_value,
    fold,
    rational_constants,
    substitute,
)
from cftsr.algebra.formula import parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS, without_integer_columns
from cftsr.algebra.modular import PRIMES
from cftsr.algebra.polynomials import add, multiply
from cftsr.algebra.rational_function import RationalFunction
from cftsr.algebra.simplest_fraction import simplest_between
from cftsr.data.dataset import Dataset
from cftsr.fronts.front import Equation
from cftsr.vocabulary import APPROXIMATE, NO, UNDECIDED, YES

# How far a constant may be moved, relative to max(1, |constant|); loose first, because that gives small denominators.
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10)
# Mean squared error over the variance of the target, up to which floating-point constants may be read as rationals.
NEARLY_EXACT = 1e-8
MAX_TERMS = 4_000  # of an expanded polynomial
MAX_BITS = 20_000  # of one of its coefficients: squares of squares double the digits
FIRST_ROWS = 64  # a wrong candidate seldom survives these, so few are checked on all rows
MOST_WRONG = 0.2  # share of rows; a reading that is wrong on more of them is not what the equation means
SIGMAS = 5.0  # a target further off than so many standard deviations disagrees: 6 in 10 million do by chance
# Of an equation that agrees with uncertain targets as it stands, a reading is forced where so many fractions as simple
# as that lie as near, on average, to any number.
FORCED = 0.02
DENSITY = 0.61  # fractions of denominator up to d in an interval of half-width w: 0.61 w d^2, on average
ROUND_OFF = 1e-14  # of an equation's value in float64


class LimitReachedError(Exception):
    """An equation that is too large, or took too long, to decide."""


# ---- P/Q


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _product(left: dict, right: dict) -> dict:
    if len(left) * len(right) > 16 * MAX_TERMS:
        raise LimitReachedError("the expanded equation has too many terms")
    result = multiply(left, right)
    if len(result) > MAX_TERMS:
        raise LimitReachedError("the expanded equation has too many terms")
    if any(isinstance(value, Fraction) and _bits(value) > MAX_BITS for value in result.values()):
        raise LimitReachedError("the expanded equation has too large coefficients")
    return result


@dataclass(frozen=True, slots=True)
class Ratio:
    """P/Q, not cancelled: {exponents: coefficient} with coefficients that are all Fractions or all floats."""

    numerator: dict
    denominator: dict

    @property
    def coefficients(self) -> list:
        return [*self.numerator.values(), *self.denominator.values()]

    def converted(self, number: Callable) -> Ratio:
        """With `number` of each coefficient, where that is not 0."""
        return Ratio(
            *(
                {key: new for key, value in part.items() if (new := number(value))}
                for part in (self.numerator, self.denominator)
            )
        )

    def _combined(self, other: Ratio, sign: int) -> Ratio:
        if self.denominator == other.denominator:
            return Ratio(add(self.numerator, other.numerator, sign), self.denominator)
        left = _product(self.numerator, other.denominator)
        right = _product(other.numerator, self.denominator)
        return Ratio(add(left, right, sign), _product(self.denominator, other.denominator))

    def __add__(self, other: Ratio) -> Ratio:
        return self._combined(other, 1)

    def __sub__(self, other: Ratio) -> Ratio:
        return self._combined(other, -1)

    def __mul__(self, other: Ratio) -> Ratio:
        return Ratio(_product(self.numerator, other.numerator), _product(self.denominator, other.denominator))

    def __truediv__(self, other: Ratio) -> Ratio:
        if not other.numerator:
            raise ZeroDivisionError("the equation divides by zero")
        return Ratio(_product(self.numerator, other.denominator), _product(self.denominator, other.numerator))

    def __neg__(self) -> Ratio:
        return Ratio({key: -value for key, value in self.numerator.items()}, self.denominator)


def _expand(expression: Expression, labels: tuple[str, ...], number: Callable) -> Ratio:
    """The equation as P/Q; `number` makes a coefficient of a constant."""
    origin = (0,) * len(labels)

    def leaf(node: Expression) -> Ratio:
        if node.kind == "variable":
            exponents = tuple(int(label == node.value) for label in labels)
            return Ratio({exponents: number(1)}, {origin: number(1)})
        value = number(node.value)
        return Ratio({origin: value} if value else {}, {origin: number(1)})

    return fold(expression, leaf, apply_operator)


# ---- rational numbers near floats


def simplest_near(value: float, tolerance: float) -> Fraction:
    """The simplest rational within tolerance * max(1, |value|)."""
    exact = exact_value(value)
    width = Fraction(tolerance) * max(Fraction(1), abs(exact))
    return simplest_between(exact - width, exact + width)


def rationalisations(expression: Expression, labels: tuple[str, ...]) -> Iterator[tuple[float, Ratio]]:
    """(tolerance, P/Q with Fractions): the ways to read an equation's constants as rationals, plainest first.

    An equation whose constants are integers has one reading, with tolerance 0. Otherwise constants are moved one by
    one in the equation as it stands, and then in the expanded P/Q, scaled so that one of its large coefficients is 1.
    """
    if rational_constants(expression):
        yield 0.0, _expand(expression, labels, lambda value: Fraction(value))
        return
    floating = None
    for tolerance in TOLERANCES:
        try:
            plain = _expand(expression, labels, lambda value, t=tolerance: simplest_near(value, t))
        except ZeroDivisionError:
            pass  # a small constant became 0: a fault of this reading, not of the equation
        else:
            yield tolerance, plain
        if floating is None:
            floating = _expand(expression, labels, float)
        yield from ((tolerance, reading) for reading in _scaled_readings(floating, tolerance))


def _scaled_readings(floating: Ratio, tolerance: float) -> Iterator[Ratio]:
    leads = []
    for part in (floating.denominator, floating.numerator):
        leads += sorted(part.values(), key=abs, reverse=True)[:3]
    for lead in leads:
        if not all(math.isfinite(value / lead) for value in floating.coefficients):
            continue  # an expanded coefficient overflows
        reading = floating.converted(lambda value, lead=lead: simplest_near(value / lead, tolerance))
        if reading.denominator:
            yield reading


# ---- decisions


@dataclass(frozen=True)
class Exactness:
    """What is known of an equation on rows.

    answer      YES, NO, or APPROXIMATE: within the uncertainty of targets that are not exact
    function    P and Q with coprime integer coefficients, not cancelled: the reading nearest to the rows, where it is
                right on most of them; None where there is none
    tolerance   how far constants were moved to make that reading, 0.0 if not at all; None where none was made
    wrong_rows  how many rows disagree with the nearest reading; None where they were not counted
    """

    answer: str
    function: RationalFunction | None = None
    tolerance: float | None = None
    wrong_rows: int | None = None
    reason: str = ""


def decide(
    expression: Expression, labels: tuple[str, ...], data: Dataset, loss: float, measured: bool = False
) -> Exactness:
    """Decide whether an equation without integer columns is exact on every row.

    loss       its mean squared error in float64
    measured   whether its constants are known to be no fractions that the data could tell from others

    Raises LimitReachedError where it is too large to decide.
    """
    if not all(math.isfinite(value) for value in constants(expression)):
        return Exactness(NO, reason="a constant is not finite")
    width, real, as_it_is = width_of(data), False, None
    if rational_constants(expression):
        refuted, tried = refuted_rows(expression, labels, data.first(FIRST_ROWS))
        if tried and refuted > MOST_WRONG * tried:
            return Exactness(NO, tolerance=0.0)
    else:
        if width is not None:
            as_it_is = int(np.count_nonzero(far_as_it_stands(expression, data, width)))
            real = not as_it_is
            if measured:
                return Exactness(APPROXIMATE if real else NO, wrong_rows=as_it_is)
        if loss > NEARLY_EXACT * float(np.var(data.target)):
            reason = "too far from the data for its constants to be read as rational numbers"
            return Exactness(APPROXIMATE, wrong_rows=0) if real else Exactness(NO, reason=reason)
    # Of uncertain targets the equation as it stands is a reading too.
    nearest = Exactness(NO, wrong_rows=as_it_is)
    try:
        for tolerance, reading in rationalisations(expression, labels):
            function = RationalFunction.of_fractions(reading.numerator, reading.denominator)
            if real and _forced(reading, tolerance):
                continue  # as it stands it agrees; fractions as long as its constants say nothing more
            first = data.first(FIRST_ROWS)
            if not function.denominator or count_wrong(function, first) > MOST_WRONG * len(first):
                continue
            wrong = count_wrong(function, data)
            if wrong == 0:
                return Exactness(agreement(function, data), function, tolerance, 0)
            if width is not None and _forced(reading, tolerance):
                continue  # nor where it disagrees
            if nearest.wrong_rows is None or wrong < nearest.wrong_rows:
                near = wrong <= MOST_WRONG * len(data)
                nearest = Exactness(NO, function if near else None, tolerance, wrong)
    except ZeroDivisionError:
        return Exactness(NO, reason="the equation divides by zero")
    return Exactness(APPROXIMATE, wrong_rows=0) if real else nearest


def _forced(reading: Ratio, tolerance: float) -> bool:
    """Whether fractions as simple as those of a reading lie near any numbers, so that it says nothing of these."""
    return any(
        2 * tolerance * max(1, abs(value)) * DENSITY * value.denominator**2 > FORCED for value in reading.coefficients
    )


def far_as_it_stands(expression: Expression, rows: Dataset, width: np.ndarray) -> np.ndarray:
    """On which rows an equation's value in float64 is not within the width of the target."""
    with np.errstate(all="ignore"):
        value = np.broadcast_to(evaluate(expression, rows.columns), len(rows))
        return ~(np.abs(value - rows.target) <= width + ROUND_OFF * np.abs(rows.target))


def function_of(expression: Expression, labels: tuple[str, ...]) -> RationalFunction:
    """P and Q, not cancelled, of an equation whose constants are taken as they are."""
    ratio = _expand(expression, labels, exact_value)
    return RationalFunction.of_fractions(ratio.numerator, ratio.denominator)


def _modulo(expression: Expression, point: Mapping[str, int], prime: int) -> int | None:
    """The value at a point modulo the prime, at a cost that does not grow with the numbers: nested squares would fill
    the memory with the digits of an exact value. None where something is divided by zero, modulo the prime."""

    def leaf(node: Expression) -> int:
        if node.kind == "variable":
            return point[node.value] % prime
        value = exact_value(node.value)
        return value.numerator * pow(value.denominator, -1, prime) % prime

    def apply(kind: str, arguments: tuple) -> int:
        if kind == "/":
            return arguments[0] * pow(arguments[1], -1, prime) % prime
        return apply_operator(kind, arguments) % prime

    try:
        return fold(expression, leaf, apply)
    except ValueError:  # no inverse modulo the prime
        return None


def refuted_rows(expression: Expression, labels: tuple[str, ...], rows: Dataset) -> tuple[int, int]:
    """On how many exact rows an equation, as it stands, differs from the target modulo a prime, and of how many.

    A difference modulo the prime proves that the equation is wrong there. A row that divides by zero modulo the prime
    proves nothing, nor does one whose target is uncertain.
    """
    prime, refuted, tried = PRIMES[0], 0, 0
    rough = width_of(rows)
    for i, values in enumerate(rows.residues(prime).tolist()):
        if rough is not None and rough[i]:
            continue
        value = _modulo(expression, dict(zip(labels, values, strict=True)), prime)
        if value is not None:
            tried += 1
            refuted += bool((value * int(rows.denominator[i]) - int(rows.numerator[i])) % prime)
    return refuted, tried


def as_it_stands(
    expression: Expression, labels: tuple[str, ...], rows: Dataset, errors: Mapping[float, float] | None = None
) -> str:
    """The answer for an equation that has no rational reading: its constants are the binary numbers that they are.

    NO where one row refutes it. UNDECIDED where none of the rows that were tried does: that is no proof.

    errors   how far measured constants may be off, by their absolute values
    """
    if not all(math.isfinite(value) for value in constants(expression)):
        return NO
    sample = rows.take(rows.spread(FIRST_ROWS))
    if refuted_rows(expression, labels, sample)[0]:
        return NO
    with np.errstate(all="ignore"):
        value = np.broadcast_to(evaluate(expression, rows.columns), len(rows))
    if not np.isfinite(value).any():
        return NO  # it divides by zero on every row
    wrong = wrong_as_it_stands(expression, rows, errors)
    if wrong is None:
        return UNDECIDED
    return NO if len(wrong) else APPROXIMATE


def wrong_as_it_stands(
    expression: Expression, rows: Dataset, errors: Mapping[float, float] | None = None
) -> np.ndarray | None:
    """The rows on which an equation, as it stands, is further from the target than it may be; None of exact targets."""
    width = width_of(rows)
    if width is None:
        return None
    if errors:
        width = width + shift_of(expression, rows, errors)
    return np.flatnonzero(far_as_it_stands(expression, rows, width))


def shift_of(expression: Expression, rows: Dataset, errors: Mapping[float, float]) -> np.ndarray:
    """How far the values move with measured constants that are off as far as they may be; float64, shape (rows,)."""
    total = np.zeros(len(rows))
    with np.errstate(all="ignore"):
        value = evaluate(expression, rows.columns)
        for constant, error in errors.items():

            def moved(node: Expression, constant: float = constant, error: float = error) -> Expression:
                if node.kind != "constant" or abs(node.value) != constant:
                    return node
                return Expression("constant", node.value + error)

            total = total + np.abs(evaluate(substitute(expression, moved), rows.columns) - value)
    return total


def differ_somewhere(one: Expression, other: Expression, labels: tuple[str, ...], *rows: Dataset) -> bool:
    """Whether two equations are different functions, by their values modulo a prime at some of the rows' points.

    Different values prove it; equal ones prove nothing. An equation that is defined nowhere is no function.
    """
    if not all(math.isfinite(value) for value in constants(one)):
        return True
    prime, defined = PRIMES[0], False
    for part in rows:
        for values in part.take(part.spread(FIRST_ROWS)).residues(prime).tolist():
            point = dict(zip(labels, values, strict=True))
            left, right = _modulo(one, point, prime), _modulo(other, point, prime)
            defined = defined or left is not None
            if left is not None and right is not None and left != right:
                return True
    return not defined


def width_of(data: Dataset, sigmas: float = SIGMAS) -> np.ndarray | None:
    """How far a target may be from a formula that agrees with it: the bound stated, or so many standard deviations.

    float64, shape (rows,); None where all targets are exact.
    """
    widths = [data.uncertainty] if data.uncertainty is not None else []
    if data.sigma is not None:
        widths.append(sigmas * data.sigma)
    return np.maximum.reduce(widths) if widths and any(np.any(width > 0) for width in widths) else None


def count_wrong(function: RationalFunction, data: Dataset) -> int:
    return len(data.wrong_rows(function, width_of(data)))


def agreement(function: RationalFunction, data: Dataset) -> str:
    """The answer for an equation that is wrong on no row: exact on all of them, or only within their uncertainty."""
    if width_of(data) is None:
        return YES
    return APPROXIMATE if len(data.wrong_rows(function)) else YES


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise LimitReachedError in the block after `seconds`; outside the main thread there is no limit."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise LimitReachedError(f"not decided within {seconds:g} seconds")

    try:
        previous = signal.signal(signal.SIGALRM, stop)
    except ValueError:
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def first_exact(labels: tuple[str, ...], data: Dataset, front: tuple[Equation, ...], seconds: float = 60) -> str | None:
    """The simplest equation that is exact on every row, or None; for an engine that may then stop."""
    for equation in front:
        expression = without_integer_columns(parse(equation.text, (*labels, *INTEGER_COLUMNS)))
        try:
            with time_limit(seconds):
                if decide(expression, labels, data, equation.loss).answer == YES:
                    return equation.text
        except LimitReachedError:
            continue
    return None
