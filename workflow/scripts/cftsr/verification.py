"""Prove or refute that an equation is exact.

Every equation of a front is brought to P/Q with rational coefficients and then decided exactly:

- on the data: zero residual on every row, as fractions;
- on the held-out levels and theories, which no engine saw: the same;
- against the closed form, where one is known: SymPy's canonical form of the difference is zero. This is a decision,
  not a tolerance.

Floating-point constants are replaced by simple rationals near them before any of this. How near is recorded; that a
replacement was right is what the exact checks decide. Only an equation that already agrees with the data to about
four digits is read this way (`NEARLY_EXACT`): a looser fit whose constants happen to round to the formula is an
approximation, and calling it a recovery would credit the rounding instead of the search.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import gcd, lcm
from pathlib import Path
from typing import Any

import numpy as np
from sympy import QQ, Expr, Float, Integer, Symbol, factor, latex
from sympy.polys.fields import field

from cftsr.engines.base import INTEGER_COLUMNS, Problem
from cftsr.errors import UserError
from cftsr.expressions import (
    Expression,
    ParseError,
    apply_operator,
    constant,
    constants,
    exact_value,
    fold,
    parse,
    rational_constants,
    substitute,
)
from cftsr.files import read_json, write_json
from cftsr.modular import PRIMES
from cftsr.polynomials import Polynomial, add, wrong_rows
from cftsr.selection import Equation, best, read_front
from cftsr.spectra import Spectrum, read_spectrum

YES, NO, UNDECIDED, UNKNOWN = "yes", "no", "undecided", "unknown"
# Within the uncertainty of every row, where targets are decimals that no one knows exactly.
APPROXIMATE = "approximate"

# How far a constant may be moved, relative to max(1, |constant|); loose first, because that gives small denominators.
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10)
# Mean squared error over the variance of the target, up to which floating-point constants may be read as rationals.
NEARLY_EXACT = 1e-8
MAX_TERMS = 4_000  # of an expanded polynomial
MAX_BITS = 20_000  # of one of its coefficients: squares of squares double the digits
MAX_SHOWN_DEGREE = 500  # an inexact equation of higher degree is shown as it is
FIRST_ROWS = 64  # a wrong candidate seldom survives these, so few are checked on all rows


class LimitReachedError(Exception):
    """An equation that is too large, or took too long, to decide."""


@dataclass
class Judgement:
    """What is known about one equation.

    exact_on_data, exact_on_held_out   "yes", "no", "undecided", or "approximate": within the uncertainty of targets
                                       that are not exact; "unknown" where nothing is held out
    identical_to_closed_form           the same, or "unknown" where no closed form is known
    wrong_rows, wrong_held_out         how many rows disagree with the rationalised equation; None if not counted
    tolerance                          how far constants were moved to make the equation exact; 0.0 if not at all
    simplified, latex                  the exact formula, factored; of an inexact equation, the equation as it is
    """

    complexity: int
    loss: float
    score: float
    equation: str
    origin: str
    exact_on_data: str = NO
    exact_on_held_out: str = NO
    identical_to_closed_form: str = NO
    wrong_rows: int | None = None
    wrong_held_out: int | None = None
    tolerance: float | None = None
    simplified: str = ""
    latex: str = ""
    reason: str = ""

    @property
    def recovered(self) -> str:
        """Exact on the data, exact on what was held out, and not known to differ from the closed form.

        The weakest of the three answers: agreement within an uncertainty is no proof.
        """
        answers = {self.exact_on_data, self.exact_on_held_out, self.identical_to_closed_form}
        return next((answer for answer in (NO, UNDECIDED, APPROXIMATE) if answer in answers), YES)


# ---- P/Q


Pair = tuple[dict, dict]  # numerator and denominator: {exponents: coefficient}


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _product(left: dict, right: dict) -> dict:
    if len(left) * len(right) > 16 * MAX_TERMS:
        raise LimitReachedError("the expanded equation has too many terms")
    result: dict = {}
    for a, x in left.items():
        for b, y in right.items():
            key = tuple(map(int.__add__, a, b))
            result[key] = result.get(key, 0) + x * y
    if len(result) > MAX_TERMS:
        raise LimitReachedError("the expanded equation has too many terms")
    if any(isinstance(value, Fraction) and _bits(value) > MAX_BITS for value in result.values()):
        raise LimitReachedError("the expanded equation has too large coefficients")
    return {key: value for key, value in result.items() if value}


class _Ratio:
    """P/Q, not cancelled, with coefficients that are all Fractions or all floats."""

    def __init__(self, numerator: dict, denominator: dict):
        self.numerator, self.denominator = numerator, denominator

    def _combined(self, other: _Ratio, sign: int) -> _Ratio:
        if self.denominator == other.denominator:
            return _Ratio(add(self.numerator, other.numerator, sign), self.denominator)
        left = _product(self.numerator, other.denominator)
        right = _product(other.numerator, self.denominator)
        return _Ratio(add(left, right, sign), _product(self.denominator, other.denominator))

    def __add__(self, other: _Ratio) -> _Ratio:
        return self._combined(other, 1)

    def __sub__(self, other: _Ratio) -> _Ratio:
        return self._combined(other, -1)

    def __mul__(self, other: _Ratio) -> _Ratio:
        return _Ratio(_product(self.numerator, other.numerator), _product(self.denominator, other.denominator))

    def __truediv__(self, other: _Ratio) -> _Ratio:
        if not other.numerator:
            raise ZeroDivisionError("the equation divides by zero")
        return _Ratio(_product(self.numerator, other.denominator), _product(self.denominator, other.numerator))

    def __neg__(self) -> _Ratio:
        return _Ratio({key: -value for key, value in self.numerator.items()}, self.denominator)


def _expand(expression: Expression, labels: tuple[str, ...], number: Callable) -> Pair:
    """The equation as P/Q; `number` makes a coefficient of a constant."""
    origin = (0,) * len(labels)

    def leaf(node: Expression) -> _Ratio:
        if node.kind == "variable":
            exponents = tuple(int(label == node.value) for label in labels)
            return _Ratio({exponents: number(1)}, {origin: number(1)})
        value = number(node.value)
        return _Ratio({origin: value} if value else {}, {origin: number(1)})

    ratio = fold(expression, leaf, apply_operator)
    return ratio.numerator, ratio.denominator


def _to_integers(numerator: Mapping, denominator: Mapping) -> tuple[Polynomial, Polynomial]:
    """The same function with coprime integer coefficients."""
    values = [*numerator.values(), *denominator.values()]
    scale = lcm(*(value.denominator for value in values))
    divisor = gcd(*(int(value * scale) for value in values)) or 1
    return tuple(
        {key: int(value * scale) // divisor for key, value in part.items() if value}
        for part in (numerator, denominator)
    )


# ---- rational numbers near floats


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The rational with the smallest denominator in [low, high] (the Stern-Brocot tree)."""
    if low > high:
        raise ValueError("empty interval")
    if high < 0:
        return -simplest_between(-high, -low)
    if low <= 0:
        return Fraction(0)
    whole = math.floor(low)
    if whole == low:
        return Fraction(whole)
    if whole + 1 <= high:
        return Fraction(whole + 1)
    return whole + 1 / simplest_between(1 / (high - whole), 1 / (low - whole))


def simplest_near(value: float, tolerance: float) -> Fraction:
    """The simplest rational within tolerance * max(1, |value|)."""
    exact = exact_value(value)
    width = Fraction(tolerance) * max(1, abs(exact))
    return simplest_between(exact - width, exact + width)


def rationalisations(expression: Expression, labels: tuple[str, ...]) -> Iterator[tuple[float, Pair]]:
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
        yield from ((tolerance, pair) for pair in _scaled_readings(*floating, tolerance))


def _scaled_readings(numerator: dict, denominator: dict, tolerance: float) -> Iterator[Pair]:
    leads = []
    for part in (denominator, numerator):
        leads += sorted(part.values(), key=abs, reverse=True)[:3]
    for lead in leads:
        scaled = tuple({key: value / lead for key, value in part.items()} for part in (numerator, denominator))
        if not all(math.isfinite(value) for part in scaled for value in part.values()):
            continue  # an expanded coefficient overflows
        pair = tuple(
            {key: near for key, value in part.items() if (near := simplest_near(value, tolerance))} for part in scaled
        )
        if pair[1]:
            yield pair


# ---- decisions


def _refuted_at(expression: Expression, labels: tuple[str, ...], data: Spectrum, rows: int) -> bool:
    """Whether an equation with integer constants differs from the target modulo a prime on one of the first rows.

    That proves it inexact, at a cost that does not grow with its numbers: nested squares would fill the memory with
    the digits of an exact value. A row that divides by zero modulo the prime proves nothing, nor does one whose target
    is uncertain.
    """
    prime = PRIMES[0]

    def apply(kind: str, arguments: tuple) -> int:
        if kind == "/":
            return arguments[0] * pow(arguments[1], -1, prime) % prime
        return apply_operator(kind, arguments) % prime

    for i in range(min(rows, len(data))):
        if data.uncertainty is not None and data.uncertainty[i]:
            continue
        point = {label: int(value) for label, value in zip(labels, data.x[i], strict=True)}
        try:
            value = fold(
                expression,
                lambda node, point=point: point[node.value] if node.kind == "variable" else int(node.value),
                apply,
            )
        except ValueError:  # no inverse modulo the prime
            continue
        if (value * int(data.denominator[i]) - int(data.numerator[i])) % prime:
            return True
    return False


def _wrong(pair: tuple[Polynomial, Polynomial], data: Spectrum, rows: slice = slice(None)) -> int:
    uncertainty = () if data.uncertainty is None else (data.uncertainty[rows],)
    return len(wrong_rows(*pair, data.x[rows], (data.numerator[rows], data.denominator[rows]), *uncertainty))


def _agreement(pair: tuple[Polynomial, Polynomial], data: Spectrum) -> str:
    """The answer for an equation that is wrong on no row: exact on all of them, or only within their uncertainty."""
    if data.uncertainty is None or not np.any(data.uncertainty):
        return YES
    exact = wrong_rows(*pair, data.x, (data.numerator, data.denominator))
    return APPROXIMATE if len(exact) else YES


@contextmanager
def time_limit(seconds: float):
    """Raise LimitReachedError in the block after `seconds`; outside the main thread there is no limit."""

    def stop(signum, frame):
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


def without_integer_columns(expression: Expression) -> Expression:
    """The equation with i1..i10 replaced by the integers they stand for."""
    return substitute(
        expression,
        lambda node: (
            constant(INTEGER_COLUMNS[node.value]) if node.kind == "variable" and node.value in INTEGER_COLUMNS else node
        ),
    )


def _field(labels: tuple[str, ...]):
    return field([Symbol(label) for label in labels], QQ)


def _canonical(expression: Expression, labels: tuple[str, ...]):
    """The element of Q(labels): SymPy cancels after every operation."""
    domain, *generators = _field(labels)
    by_name = dict(zip(labels, generators, strict=True))

    def leaf(node: Expression):
        if node.kind == "variable":
            return by_name[node.value]
        value = exact_value(node.value)
        return domain(QQ(value.numerator, value.denominator))

    return fold(expression, leaf, apply_operator)


def _from_pair(pair: tuple[Polynomial, Polynomial], labels: tuple[str, ...]):
    domain, *_ = _field(labels)
    numerator, denominator = (domain.ring.from_dict({key: QQ(value) for key, value in part.items()}) for part in pair)
    return domain.new(numerator, denominator) if numerator else domain.zero


def _to_pair(element) -> tuple[Polynomial, Polynomial]:
    numerator, denominator = (
        {key: Fraction(int(value.numerator), int(value.denominator)) for key, value in part.items()}
        for part in (element.numer, element.denom)
    )
    return _to_integers(numerator, denominator)


def _degree(expression: Expression) -> int:
    """A bound on the powers that SymPy writes out when it builds the equation."""

    def apply(kind: str, arguments: tuple) -> int:
        if kind == "square":
            return 2 * arguments[0]
        return sum(arguments) if kind in "*/" else max(arguments)

    return fold(expression, lambda node: 1, apply)


def to_sympy(expression: Expression, digits: int = 5) -> Expr:
    """The tree as a SymPy expression, floats to a few digits; built node by node, never from text."""

    def leaf(node: Expression) -> Expr:
        if node.kind == "variable":
            return Symbol(node.value)
        value = node.value
        return Integer(int(value)) if float(value).is_integer() else Float(value, digits)

    return fold(expression, leaf, apply_operator)


def judge(
    equation: Equation,
    labels: tuple[str, ...],
    data: Spectrum | Problem,
    held_out: Spectrum | Problem,
    closed_form: str | None,
    seconds: float,
) -> Judgement:
    """Decide one equation. What could not be decided within the limits is "undecided", never "no"."""
    judgement = Judgement(equation.complexity, equation.loss, equation.score, equation.text, equation.origin)
    if closed_form is None:
        judgement.identical_to_closed_form = UNKNOWN
    expression = without_integer_columns(parse(equation.text, (*labels, *INTEGER_COLUMNS)))
    try:
        with time_limit(seconds):
            _decide(judgement, expression, labels, data, held_out, closed_form)
    except LimitReachedError as limit:
        judgement.reason = str(limit)
        if judgement.exact_on_data not in (YES, APPROXIMATE):
            judgement.exact_on_data = judgement.exact_on_held_out = UNDECIDED
            judgement.identical_to_closed_form = UNDECIDED if closed_form else UNKNOWN
    if not judgement.simplified and _degree(expression) > MAX_SHOWN_DEGREE:
        judgement.simplified = str(expression)
    if not judgement.simplified:
        try:
            with time_limit(seconds):
                shown = to_sympy(expression)
                judgement.simplified, judgement.latex = str(shown), latex(shown)
        except LimitReachedError:
            judgement.simplified = str(expression)
    return judgement


def _decide(
    judgement: Judgement,
    expression: Expression,
    labels: tuple[str, ...],
    data: Spectrum,
    held_out: Spectrum,
    closed_form: str | None,
) -> None:
    if not all(math.isfinite(value) for value in constants(expression)):
        judgement.reason = "a constant is not finite"
        return
    if rational_constants(expression) and _refuted_at(expression, labels, data, FIRST_ROWS):
        judgement.tolerance = 0.0
        return
    if not rational_constants(expression) and judgement.loss > NEARLY_EXACT * float(np.var(data.target)):
        judgement.reason = "too far from the data for its constants to be read as rational numbers"
        return
    try:
        for tolerance, reading in rationalisations(expression, labels):
            pair = _to_integers(*reading)
            if not pair[1] or _wrong(pair, data, slice(FIRST_ROWS)):
                continue
            wrong = _wrong(pair, data)
            if judgement.wrong_rows is None or wrong < judgement.wrong_rows:
                judgement.wrong_rows, judgement.tolerance = wrong, tolerance
            if wrong == 0:
                break
        else:
            return
    except ZeroDivisionError:
        judgement.reason = "the equation divides by zero"
        return
    judgement.exact_on_data = _agreement(pair, data)
    # Until they are decided: a limit may be reached on the way.
    judgement.exact_on_held_out = UNDECIDED
    judgement.identical_to_closed_form = UNDECIDED if closed_form else UNKNOWN
    element = _from_pair(pair, labels)
    # Cancelled: a common factor may vanish on a held-out row where the function itself is defined.
    judgement.wrong_held_out = _wrong(_to_pair(element), held_out)
    if not len(held_out):
        judgement.exact_on_held_out = UNKNOWN
    else:
        judgement.exact_on_held_out = NO if judgement.wrong_held_out else _agreement(_to_pair(element), held_out)
    if closed_form is not None:
        same = element == _canonical(parse(closed_form, labels), labels)
        judgement.identical_to_closed_form = YES if same else NO
    shown = factor(element.as_expr())
    judgement.simplified, judgement.latex = str(shown), latex(shown)


def first_exact(problem: Problem, front: tuple[Equation, ...], seconds: float = 60) -> str | None:
    """The simplest equation that is exact on every row of the problem, or None; for an engine that may then stop.

    It decides on the engine's own rows alone: nothing that is held out, and no closed form.
    """
    for equation in front:
        if judge(equation, problem.labels, problem, problem, None, seconds).exact_on_data == YES:
            return equation.text
    return None


def judge_front(
    front: tuple[Equation, ...], data: Spectrum, held_out: Spectrum, closed_form: str | None, seconds: float
) -> dict[str, Any]:
    """The verdict on a front, as JSON values.

    `selected` is the index of PySR's `best`; `exact` that of the simplest equation proved exact on the data (or within
    the uncertainty of data that are not exact), or None; `recovered` is "yes" where some equation is exact on the data,
    exact on what was held out, and identical to the closed form (where one is known).
    """
    judgements = [judge(equation, data.labels, data, held_out, closed_form, seconds) for equation in front]
    exact = next((i for i, item in enumerate(judgements) if item.exact_on_data == YES), None)
    if exact is None:
        exact = next((i for i, item in enumerate(judgements) if item.exact_on_data == APPROXIMATE), None)
    answers = [item.recovered for item in judgements]
    return {
        "equations": [_as_json(judgement) for judgement in judgements],
        "selected": best(front),
        "exact": exact,
        "recovered": next((answer for answer in (YES, APPROXIMATE, UNDECIDED) if answer in answers), NO),
        "rows": len(data),
        "held_out_rows": len(held_out),
        "closed_form": closed_form,
    }


def _as_json(judgement: Judgement) -> dict[str, Any]:
    """JSON has no infinity: a score of inf is written as the string "inf"."""
    values = asdict(judgement)
    if math.isinf(values["score"]):
        values["score"] = "inf"
    return values


def verify_cell(
    front_path: str | Path,
    fit_path: str | Path,
    data: str | Path,
    held_out: str | Path,
    closed_form: str | None,
    seconds: float,
    verdict_path: str | Path,
) -> None:
    """Judge a cell's front and write the verdict (JSON), with the fit's provenance copied into it.

    Raises UserError where one of the files is damaged.
    """
    fit = read_json(fit_path, "delete it and run snakemake again: only this fit is repeated")
    front = read_front(front_path)
    try:
        verdict = judge_front(front, read_spectrum(data), read_spectrum(held_out), closed_form, seconds)
    except (ParseError, ValueError) as error:
        raise UserError(
            f"{front_path} cannot be judged: {error}. Delete it and run snakemake again: only this fit is repeated"
        ) from error
    certificate = fit.get("certificate")
    if closed_form is None and verdict["recovered"] == YES and certificate and certificate["outcome"] != "identified":
        # With no formula to compare with, a recovery is one only where the data determine it.
        verdict["recovered"] = UNDECIDED
    write_json(verdict_path, {"cell": fit["cell"], "fit": fit, "verdict": verdict}, sealed=True)
    for index, item in enumerate(verdict["equations"]):
        mark = "*" if index == verdict["selected"] else " "
        figures = f"{item['complexity']:3d} {item['loss']:10.3e}"
        print(f"{mark} {figures} exact: {item['exact_on_data']:9s} {item['equation']}")
    print(f"recovered: {verdict['recovered']}")
