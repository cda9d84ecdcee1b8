"""Formulas whose coefficients are no fractions: the shape, with real coefficients and their uncertainties.

A level table -13.60569312/n^2 is a real number times a rational function. Where a least-squares fit is within the
uncertainties and its coefficients cannot be read as fractions (`least_squares`), they are read again, one after the
other, the best determined first: as a fraction, as a fraction times a real number that stands in the numerator already,
or, where neither will do, as a real number of its own. The denominator has to come out in fractions; a numerator has a
few real numbers at most. These are then fitted once more, with everything else exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from cftsr.algebra.ansatz import Ansatz
from cftsr.algebra.expressions import Expression, binary, constant
from cftsr.algebra.polynomials import Exponents, content
from cftsr.algebra.rational_function import RationalFunction
from cftsr.algebra.shortest_form import shortest
from cftsr.data.dataset import Dataset
from cftsr.engines.rational.constants import decimal_between, measured
from cftsr.engines.rational.least_squares import LOOSE, Reading, System
from cftsr.fronts.certificate import Constant

MAX_REALS = 3
ROUND_OFF = 1e-13
FAR = 6.0  # widths: rows further off have no say in the coefficients
SIGMAS = 5.0  # standard deviations that a row may be off
PLAIN = 1e-3  # of what a coefficient may be, lost where float64 has added digits


@dataclass(frozen=True)
class Term:
    """A real coefficient and the rational function that it multiplies."""

    constant: Constant
    function: RationalFunction


@dataclass(frozen=True)
class Shape:
    """A sum of rational functions, each times a real number; the last has the coefficient 1 where `exact` is there.

    off   how many rows are off by more than the width
    chi_squared   per degree of freedom, residuals in units of the width
    """

    terms: tuple[Term, ...]
    exact: RationalFunction | None
    ansatz: Ansatz
    off: int
    chi_squared: float
    chance: float

    def expression(self, rows: Dataset) -> Expression:
        (first, value), *others = (
            (
                _times(abs(term.constant.value), shortest(term.function, rows.labels, rows.unary_operators)),
                term.constant.value,
            )
            for term in self.terms
        )
        total = Expression("neg", None, (first,)) if value < 0 else first
        for body, value in others:
            total = binary("-" if value < 0 else "+", total, body)
        if self.exact is not None and self.exact.numerator:
            total = binary("+", total, shortest(self.exact, rows.labels, rows.unary_operators))
        return total


def _times(value: float, body: Expression) -> Expression:
    if body == constant(1):
        return constant(value)
    if body.kind == "/":
        above, below = body.arguments
        return binary("/", constant(value) if above == constant(1) else binary("*", constant(value), above), below)
    return binary("*", constant(value), body)


def shape_of(
    systems: Iterable[System], rows: Dataset, width: np.ndarray, allowed: int, statistical: bool = False
) -> Shape | None:
    """The first shape that is within `width` on all rows but a few; systems of fewest unknowns come first.

    statistical   whether the width is a standard deviation, and not a bound
    """
    for system in systems:
        for reading in system.readings(MAX_REALS):
            shape = _fitted(reading, system.ansatz, rows, width, statistical)
            if shape is not None and shape.off <= allowed:
                return shape
    return None


def _fitted(reading: Reading, ansatz: Ansatz, rows: Dataset, width: np.ndarray, statistical: bool) -> Shape | None:
    """The real numbers by linear programming or least squares, everything else as read."""
    above, groups = len(ansatz.above), reading.groups
    below = _polynomial({j - above: value for j, value in groups[0].items() if j >= above}, ansatz.below)
    if not below:
        return None
    numerators = [_polynomial({j: value for j, value in group.items() if j < above}, ansatz.above) for group in groups]
    functions = [RationalFunction.of_fractions(numerator, below).cancelled() for numerator in numerators]
    with np.errstate(all="ignore"):
        columns = [column for function in functions if (column := _values(rows, function)) is not None]
    if len(columns) < len(functions):
        return None
    exact = columns[0] if numerators[0] else np.zeros(len(rows))
    basis = [(function, column) for function, column in zip(functions[1:], columns[1:], strict=True)]
    if not basis:
        return None
    matrix = np.column_stack([column for _, column in basis])
    weights = 1 / np.maximum(width, 1e-300)
    target = rows.target - exact
    scaled = matrix * weights[:, None], target * weights
    values_and_ends = _measured(*scaled, statistical)
    if values_and_ends is None:
        return None
    values, ends = values_and_ends
    if np.any((ends[:, 1] - ends[:, 0]) / 2 > LOOSE * np.abs(values)):
        return None
    residuals = scaled[0] @ values - scaled[1]
    shown = np.abs(residuals) > (SIGMAS if statistical else 1) + 1e-9 + 1e-12 * np.abs(rows.target) * weights
    freedom = max(1, len(rows) - len(basis))
    terms = []
    for value, (low, high), (function, _) in zip(values.tolist(), ends.tolist(), basis, strict=True):
        share, function = _without_content(function)
        value, low, high = (float(share) * number for number in (value, *sorted((low, high))))
        terms.append(Term(measured(_plain(value, abs(high - low)), max(abs(high - value), abs(value - low))), function))
    return Shape(
        tuple(terms),
        functions[0] if numerators[0] else None,
        ansatz,
        int(np.count_nonzero(shown)),
        float(np.sum(np.square(residuals)) / freedom),
        reading.chance,
    )


def _without_content(function: RationalFunction) -> tuple[Fraction, RationalFunction]:
    """A factor that a real coefficient takes over, and the function without it: n, not 2*n; but v + 1/2 as it is."""
    above, below = function
    share = Fraction(abs(content(above)), content(below) if len(above) == 1 else 1)
    return share, RationalFunction.of_fractions({key: value / share for key, value in above.items()}, below).cancelled()


def _plain(value: float, width: float) -> float:
    """The number without the digits that a product in float64 adds."""
    return decimal_between(value - PLAIN * width, value + PLAIN * width)


def _measured(matrix: np.ndarray, target: np.ndarray, statistical: bool) -> tuple[np.ndarray, np.ndarray] | None:
    """The coefficients, to as few decimals as the data allow, and the ends of what they may be, shape (n, 2).

    None where no values agree with all rows near the fit.

    matrix, target   in units of the width, so that a row agrees where its residual is at most 1

    Widths are bounds: a coefficient may be what some choice of the others makes agree with all rows. Standard
    deviations give those of the coefficients.
    """
    number = matrix.shape[1]
    values, *_ = np.linalg.lstsq(matrix, target, rcond=None)
    deviations = np.sqrt(np.diag(np.linalg.pinv(matrix.T @ matrix)))
    floor = ROUND_OFF / 100 * np.abs(values)
    near = np.abs(matrix @ values - target) <= FAR
    if statistical or np.count_nonzero(near) <= number:
        halves = np.maximum(deviations, floor)
        ends = np.stack([values - halves, values + halves], axis=1)
        return np.array([decimal_between(*pair) for pair in ends.tolist()]), ends
    matrix, target = matrix[near], target[near]
    current = ends_of_all = _bounds(matrix, target, values, floor)
    # One after the other, the best determined first: the others have to agree with what was chosen.
    chosen, left = np.zeros(number), target
    free = list(range(number))
    while free and current is not None:
        relative = (current[:, 1] - current[:, 0]) / np.abs(values[free])
        place = int(relative.argmin())
        column = free.pop(place)
        chosen[column] = decimal_between(*current[place].tolist())
        left = left - matrix[:, column] * chosen[column]
        if free:
            start, *_ = np.linalg.lstsq(matrix[:, free], left, rcond=None)
            current = _bounds(matrix[:, free], left, start, floor[free])
    return None if current is None or ends_of_all is None else (chosen, ends_of_all)


def _bounds(matrix: np.ndarray, target: np.ndarray, start: np.ndarray, floor: np.ndarray) -> np.ndarray | None:
    """The smallest and the largest value of each coefficient with all residuals within 1; None where none agrees."""
    # As steps from `start` in units that move some row by its width: tolerances of the solver are then as small.
    units = 1 / np.maximum(np.abs(matrix).max(axis=0), 1e-300)
    scaled, residual = matrix * units, matrix @ start - target
    slack = 1 + 1e-9 - residual, 1 + 1e-9 + residual
    ends = np.empty((len(start), 2))
    if len(start) == 1:
        column = scaled[:, 0]
        used = column != 0
        steps = np.stack([slack[0][used] / column[used], -slack[1][used] / column[used]])
        ends[0] = steps.min(axis=0).max(), steps.max(axis=0).min()
        if ends[0, 0] > ends[0, 1]:
            return None
    else:
        from scipy.optimize import linprog  # its import costs more than most fits

        rows, limits = np.vstack([scaled, -scaled]), np.concatenate(slack)
        for column, side in product(range(len(start)), (0, 1)):
            aim = np.zeros(len(start))
            aim[column] = (1, -1)[side]
            solved = linprog(aim, A_ub=rows, b_ub=limits, bounds=(None, None), method="highs")
            if solved.status != 0:
                return None
            ends[column, side] = solved.x[column]
    ends = start[:, None] + ends * units[:, None]
    return np.stack([ends[:, 0] - floor, ends[:, 1] + floor], axis=1)


def _polynomial(items: dict[int, Fraction], monomials: list[Exponents]) -> dict[Exponents, Fraction]:
    return {monomials[j]: value for j, value in items.items() if value}


def _values(rows: Dataset, function: RationalFunction) -> np.ndarray | None:
    above, below = rows.evaluate(function)
    if np.any(below == 0):
        return None
    return (above / below).astype(np.float64)
