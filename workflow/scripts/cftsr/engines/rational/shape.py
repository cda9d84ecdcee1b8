"""Formulas whose coefficients are no fractions: the shape, with real coefficients and their uncertainties.

A level table -13.60569312/n^2 is a real number times a rational function. Where a least-squares fit is within the
uncertainties and its coefficients cannot be read as fractions (`least_squares`), they are read again, one after the
other, the best determined first: as a fraction, as a fraction times a real number that stands in the numerator already,
or, where neither will do, as a real number of its own. The denominator has to come out in fractions; a numerator has a
few real numbers at most. These are then fitted once more, by linear least squares, with everything else exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from cftsr.algebra.ansatz import Ansatz
from cftsr.algebra.expressions import Expression, binary, constant
from cftsr.algebra.interpolation import Function
from cftsr.algebra.polynomials import Exponents, cancel
from cftsr.algebra.shortest_form import shortest
from cftsr.algebra.simplest_fraction import simplest_between
from cftsr.data.dataset import Dataset
from cftsr.engines.rational.constants import decimal_between, measured
from cftsr.engines.rational.least_squares import CHANCE, LEADS, STANDARD_ERRORS, SURE, System
from cftsr.fronts.certificate import Constant

MAX_REALS = 3
LOOSE = 1e-2  # relative error beyond which a real coefficient says nothing
ROUND_OFF = 1e-13


@dataclass(frozen=True)
class Term:
    """A real coefficient and the rational function that it multiplies."""

    constant: Constant
    function: Function


@dataclass(frozen=True)
class Shape:
    """A sum of rational functions, each times a real number; the last has the coefficient 1 where `exact` is there.

    off   how many rows are off by more than the width
    chi_squared   per degree of freedom, residuals in units of the width
    """

    terms: tuple[Term, ...]
    exact: Function | None
    ansatz: Ansatz
    off: int
    chi_squared: float
    chance: float

    def expression(self, rows: Dataset) -> Expression:
        total: Expression | None = None
        for term in self.terms:
            value = term.constant.value
            body = _times(abs(value), shortest(*term.function, rows.labels, rows.unary_operators))
            if total is None:
                total = Expression("neg", None, (body,)) if value < 0 else body
            else:
                total = binary("-" if value < 0 else "+", total, body)
        if self.exact is not None and self.exact[0]:
            total = binary("+", total, shortest(*self.exact, rows.labels, rows.unary_operators))
        return total


def _times(value: float, body: Expression) -> Expression:
    if body == constant(1):
        return constant(value)
    if body.kind == "/":
        above, below = body.arguments
        return binary("/", constant(value) if above == constant(1) else binary("*", constant(value), above), below)
    return binary("*", constant(value), body)


def shape_of(systems: Iterable[System], rows: Dataset, width: np.ndarray, allowed: int) -> Shape | None:
    """The first shape that is within `width` on all rows but a few; systems of fewest unknowns come first."""
    for system in systems:
        split = system.split
        norms = np.linalg.norm(system.scaled, axis=0)
        triangle = np.linalg.qr(system.scaled / norms, mode="r")
        scale, share = norms * system.units, np.abs(system.vector) * norms
        for lead in (split + np.argsort(-share[split:])[:LEADS]).tolist():
            reading = _read(triangle, scale, system, lead)
            shape = reading and _fitted(*reading, system.ansatz, rows, width)
            if shape is not None and shape.off <= allowed:
                return shape
    return None


def _read(triangle: np.ndarray, scale: np.ndarray, system: System, lead: int):
    """(groups, denominator, chance): the monomials of each real number with their fractions, group 0 being exact."""
    unknowns, split = len(scale), system.split
    triangle = triangle * abs(system.vector[lead] / system.units[lead])
    sigma = max(1.2 * system.rms, 0.05)
    values: list[float | None] = [None] * unknowns
    values[lead] = 1.0
    groups: list[dict[int, Fraction]] = [{lead: Fraction(1)}]
    reals: list[float] = [1.0]
    common, total = 1, 0.0
    while any(value is None for value in values):
        free = [j for j, value in enumerate(values) if value is None]
        fixed = [j for j, value in enumerate(values) if value is not None]
        known = triangle[:, fixed] @ np.array([values[j] * scale[j] for j in fixed])
        left, singular, right = np.linalg.svd(triangle[:, free], full_matrices=False)
        singular = np.maximum(singular, 1e-14 * singular[0])
        z = -right.T @ (left.T @ known / singular) / scale[free]
        errors = sigma * np.sqrt(np.sum(np.square(right.T / singular), axis=1)) / scale[free]
        readings = []
        for j, value, error in zip(free, z.tolist(), errors.tolist(), strict=True):
            error = STANDARD_ERRORS * error + ROUND_OFF * abs(value)
            for group, real in enumerate(reals):
                if group and j >= split:
                    continue  # the denominator has fractions alone
                ratio, half = value / real, error / abs(real)
                fraction = simplest_between(ratio - half, ratio + half)
                simple = 0.61 * fraction.denominator**2
                if common % fraction.denominator == 0:
                    simple = min(simple, common)
                readings.append((min(1.0, 2 * half * simple), group, j, fraction))
        readings.sort(key=lambda reading: reading[:3])
        if readings[0][0] > CHANCE:
            # A real number of its own: the best determined coefficient of the numerator.
            numerator = [
                (abs(error / value), j, value)
                for j, value, error in zip(free, z, errors, strict=True)
                if j < split and value
            ]
            if not numerator or len(reals) > MAX_REALS or min(numerator)[0] > LOOSE:
                return None
            _, j, value = min(numerator)
            reals.append(float(value))
            groups.append({j: Fraction(1)})
            values[j] = float(value)
            continue
        chance, group, j, fraction = readings[0]
        for chance, group, j, fraction in readings:
            if values[j] is not None:
                continue
            if chance > SURE and chance > readings[0][0]:
                break
            values[j] = float(fraction) * reals[group]
            groups[group][j] = fraction
            if not group:
                common = lcm(common, fraction.denominator)
            total += chance
    return groups, total


def _fitted(
    groups: list[dict[int, Fraction]], chance: float, ansatz: Ansatz, rows: Dataset, width: np.ndarray
) -> Shape | None:
    """The real numbers by linear least squares, everything else as read."""
    above = len(ansatz.above)
    below = _polynomial({j - above: value for j, value in groups[0].items() if j >= above}, ansatz.below)
    if not below:
        return None
    numerators = [_polynomial({j: value for j, value in group.items() if j < above}, ansatz.above) for group in groups]
    functions = [_function(numerator, below) for numerator in numerators]
    with np.errstate(all="ignore"):
        columns = [_values(rows, function) for function in functions]
    if any(column is None for column in columns):
        return None
    exact = columns[0] if numerators[0] else np.zeros(len(rows))
    basis = [(function, column) for function, column in zip(functions[1:], columns[1:], strict=True)]
    if not basis:
        return None
    matrix = np.column_stack([column for _, column in basis])
    weights = 1 / np.maximum(width, 1e-300)
    target = rows.target - exact
    solution, *_ = np.linalg.lstsq(matrix * weights[:, None], target * weights, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.pinv((matrix * weights[:, None]).T @ (matrix * weights[:, None]))))
    floor = ROUND_OFF / 100 * np.abs(solution)
    values, halves = solution, np.maximum(errors, floor)
    if len(basis) == 1:
        bounds = _interval(matrix[:, 0], target, width)
        if bounds is not None:
            values, halves = np.array([sum(bounds) / 2]), np.array([max((bounds[1] - bounds[0]) / 2, float(floor[0]))])
    if np.any(halves > LOOSE * np.abs(values)):
        return None
    chosen = np.array([decimal_between(v - h, v + h) for v, h in zip(values.tolist(), halves.tolist(), strict=True)])
    residuals = (matrix @ chosen - target) * weights
    shown = np.abs(residuals) > 1 + 1e-9 + 1e-12 * np.abs(rows.target) * weights
    freedom = max(1, len(rows) - len(basis))
    terms = tuple(
        Term(measured(float(value), float(half)), function)
        for value, half, (function, _) in zip(chosen, halves, basis, strict=True)
    )
    return Shape(
        terms,
        functions[0] if numerators[0] else None,
        ansatz,
        int(np.count_nonzero(shown)),
        float(np.sum(np.square(residuals)) / freedom),
        chance,
    )


def _polynomial(items: dict[int, Fraction], monomials: list[Exponents]) -> dict[Exponents, Fraction]:
    return {monomials[j]: value for j, value in items.items() if value}


def _function(numerator: dict[Exponents, Fraction], denominator: dict[Exponents, Fraction]) -> Function:
    scale = lcm(*(value.denominator for part in (numerator, denominator) for value in part.values()))
    above, below = ({key: int(value * scale) for key, value in part.items()} for part in (numerator, denominator))
    return cancel(above, below)


def _values(rows: Dataset, function: Function) -> np.ndarray | None:
    above, below = rows.evaluate(function)
    if np.any(below == 0):
        return None
    return (above / below).astype(np.float64)


def _interval(column: np.ndarray, target: np.ndarray, width: np.ndarray) -> tuple[float, float] | None:
    """The values of one real number that are within the width of every row, or None."""
    used = column != 0
    ends = np.stack([(target[used] - width[used]) / column[used], (target[used] + width[used]) / column[used]])
    low, high = float(ends.min(axis=0).max()), float(ends.max(axis=0).min())
    return (low, high) if low <= high else None
