"""Formulas whose coefficients are no fractions: the shape, with real coefficients and their uncertainties.

A level table -13.60569312/n^2 is a real number times a rational function. Where a least-squares fit is within the
uncertainties and its coefficients cannot be read as fractions (`least_squares`), they are read again, one after the
other, the best determined first: as a fraction, as a fraction times a real number that stands in the numerator already,
or, where neither will do, as a real number of its own. Where the denominator does not come out in fractions, as in
1/(n + sqrt(2)), its coefficients may be real numbers too; those that are a fraction times another, its square, or a
product of two (the quantum defect in c/(n - d)^2) are recognised afterwards. A formula has a few real numbers at most.
These are then fitted once more, with everything else exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations_with_replacement, islice, product
from math import isqrt, prod

import numpy as np

from cftsr.algebra.ansatz import Ansatz
from cftsr.algebra.expressions import Expression, binary, constant, fold, variable
from cftsr.algebra.polynomials import Exponents
from cftsr.algebra.rational_function import RationalFunction
from cftsr.algebra.shortest_form import shortest
from cftsr.algebra.simplest_fraction import simplest_between
from cftsr.data.dataset import Dataset
from cftsr.engines.rational.constants import DENSITY, decimal_between, measured
from cftsr.engines.rational.least_squares import CHANCE, LOOSE, STANDARD_ERRORS, System, decimals_below
from cftsr.fronts.certificate import Constant
from cftsr.fronts.exactness import SIGMAS

MAX_REALS = 3
TIED = 1e-3  # chance that a real number is a fraction times others by accident; beyond, it is one of its own
MAX_UNTIED = 4  # before some are recognised as products of others
ROUND_OFF = 1e-13
FAR = 6.0  # widths: rows further off have no say in the coefficients
STEPS = 30  # of the fit of real numbers that stand in the denominator
TERM_BY_TERM = 2  # nodes that a sum of terms, one for each real number, may be longer
NARROWER = 1 + 1e-3  # that fit is linear only near its end: so much of the widths is left to what is not
SCALINGS = 64  # units of the real numbers that are tried for a short formula

# A product of real numbers by their places, () for 1; and the coefficients, by place in the ansatz, that it multiplies.
Key = tuple[int, ...]
Groups = dict[Key, dict[int, Fraction]]
# What each product multiplies, above and below, on all rows.
Parts = dict[Key, list[np.ndarray]]


@dataclass(frozen=True)
class Shape:
    """A rational function, some of whose coefficients are real numbers.

    constants     the real numbers
    function      where all of them came out as fractions
    far           rows that are off by more than the width
    chi_squared   per degree of freedom, residuals in units of the width
    """

    constants: tuple[Constant, ...]
    expression: Expression
    ansatz: Ansatz
    far: np.ndarray
    chi_squared: float
    chance: float
    function: RationalFunction | None = None


@dataclass(frozen=True)
class _Coefficients:
    """Coefficients as fractions times products of real numbers, these real numbers, and the chance of an accident."""

    groups: Groups
    reals: tuple[float, ...]
    chance: float


def shape_of(
    systems: Iterable[System],
    rows: Dataset,
    width: np.ndarray,
    allowed: int,
    statistical: bool = False,
    chance: float = CHANCE,
) -> Shape | None:
    """The shortest shape of the first system that has one within `width` on all rows but a few; fractions in the
    denominator before real numbers. Systems of fewest unknowns come first.

    statistical   whether the width is a standard deviation, and not a bound
    chance        of an accident, up to which a coefficient is read as a fraction
    """
    systems = list(systems)
    for below, most in ((False, MAX_REALS), (True, MAX_UNTIED)):
        for system in systems:
            shapes = []
            for reading in system.readings(most, chance, below):
                if len(reading.reals) > 1 and not decimals_below(reading.groups[0], system.ansatz):
                    groups: Groups = {(place - 1,) * bool(place): items for place, items in enumerate(reading.groups)}
                    coefficients = _Coefficients(groups, tuple(reading.reals[1:]), reading.chance)
                    shape = _fitted(coefficients, system.ansatz, rows, width, allowed, statistical)
                    shapes += [shape] if shape is not None else []
            if shapes:
                return min(shapes, key=_preference)
    return None


def _preference(shape: Shape) -> tuple[int, ...]:
    """Few real numbers, known ones, each in one place: 1/(pi*n + 1), not c/(n + c) with c = 1/pi."""
    unknown = sum(not real.known_as for real in shape.constants)
    places = _occurrences(shape.expression, [real.value for real in shape.constants])
    return len(shape.constants), unknown, places, shape.expression.complexity


def _occurrences(expression: Expression, leaves: Sequence[float | str]) -> int:
    return sum(node.value in leaves for node in expression.walk() if not node.arguments)


def _fitted(
    reading: _Coefficients, ansatz: Ansatz, rows: Dataset, width: np.ndarray, allowed: int, statistical: bool
) -> Shape | None:
    """The real numbers by linear programming or least squares, everything else as read."""
    if not reading.reals:
        function = _function_of(reading, ansatz, ())
        body = shortest(function, rows.labels, rows.unary_operators)
        far = rows.wrong_rows(function, (SIGMAS if statistical else 1) * width)
        return Shape((), body, ansatz, far, 0.0, reading.chance, function) if len(far) <= allowed else None
    result = _with_reals(reading, ansatz, rows, width, statistical)
    if result is None or len(result[0].far) > allowed:
        return None
    shape, values, halves = result
    for tied in _tied(replace(reading, reals=tuple(values.tolist())), halves, ansatz):
        again = _fitted(tied, ansatz, rows, width, len(shape.far), statistical)
        if again is not None:
            return again
    return shape if len(reading.reals) <= MAX_REALS else None


def _tied(reading: _Coefficients, halves: np.ndarray, ansatz: Ansatz) -> list[_Coefficients]:
    """Readings with one real number less: a fraction, or one times another, its square, or a product of two others.

    Those of the simplest fractions come first.
    """
    number, readings = len(reading.reals), []
    for one in range(number):
        if any(one in key and key != (one,) for key in reading.groups):
            continue  # its square is there: that ties it already
        others = [other for other in range(number) if other != one]
        products: list[Key] = [key for size in range(3) for key in combinations_with_replacement(others, size)]
        for key in products:
            ratio = reading.reals[one] / prod(reading.reals[place] for place in key)
            half = abs(ratio) * sum(halves[place] / abs(reading.reals[place]) for place in (one, *key))
            fraction = simplest_between(ratio - half, ratio + half)
            size = max(fraction.denominator, abs(fraction.numerator))
            chance = len(products) * 2 * half * DENSITY * size**2
            if not fraction or chance > TIED:
                continue
            groups: Groups = {}
            for old, coefficients in reading.groups.items():
                new, factor = (key, fraction) if old == (one,) else (old, Fraction(1))
                target = groups.setdefault(tuple(place - (place > one) for place in new), {})
                target |= {j: value * factor for j, value in coefficients.items()}
            reals = tuple(value for place, value in enumerate(reading.reals) if place != one)
            if not key and decimals_below(groups.get((), {}), ansatz):
                continue
            readings.append((size, _Coefficients(groups, reals, reading.chance + chance)))
    return [tied for _, tied in sorted(readings, key=lambda pair: pair[0])]


def _with_reals(
    reading: _Coefficients, ansatz: Ansatz, rows: Dataset, width: np.ndarray, statistical: bool
) -> tuple[Shape, np.ndarray, np.ndarray] | None:
    """The shape with its real numbers fitted; these in the reading's units, and how far they may be off."""
    scales, body = _shortest_units(reading, ansatz, rows)
    split = len(ansatz.above)
    parts = {
        key: [
            _values(rows, {mono[j - start]: value for j, value in items.items() if start <= j < end})
            * float(prod((scales[place] for place in key), start=Fraction(1)))
            for mono, start, end in ((ansatz.above, 0, split), (ansatz.below, split, ansatz.unknowns))
        ]
        for key, items in reading.groups.items()
    }
    start = np.array([value / float(scale) for value, scale in zip(reading.reals, scales, strict=True)])
    fitted = fit_reals(parts, start, rows.target, width, statistical)
    if fitted is None:
        return None
    values, ends = fitted.values, fitted.ends
    if np.any((ends[:, 1] - ends[:, 0]) / 2 > LOOSE * np.abs(values)):
        return None
    constants = tuple(
        measured(value, max(high - value, value - low))
        for value, (low, high) in zip(values.tolist(), ends.tolist(), strict=True)
    )
    names = {f"real {place}": value for place, value in enumerate(values.tolist())}
    shape = Shape(
        constants,
        fold(
            body,
            lambda leaf: constant(names[leaf.value]) if leaf.value in names else leaf,
            lambda kind, arguments: Expression(kind, None, _numbers_first(arguments) if kind == "*" else arguments),
        ),
        ansatz,
        fitted.far,
        fitted.chi_squared,
        reading.chance,
    )
    units = np.array([float(scale) for scale in scales])
    halves = np.abs((ends[:, 1] - ends[:, 0]) / 2 * units)
    return shape, values * units, halves * (STANDARD_ERRORS if statistical else 1)


@dataclass(frozen=True)
class FittedReals:
    """Real numbers in a rational function, fitted to rows.

    values        float64, shape (n,), to as few decimals as the data allow
    ends          what each may be, shape (n, 2)
    far           rows that are off by more than the width
    chi_squared   per degree of freedom, residuals in units of the width
    """

    values: np.ndarray
    ends: np.ndarray
    far: np.ndarray
    chi_squared: float


def fit_reals(
    parts: Parts, start: np.ndarray, target: np.ndarray, width: np.ndarray, statistical: bool
) -> FittedReals | None:
    """Fit the real numbers to the rows near the function, from `start`; None at a pole, or where no values agree.

    parts         for each product of real numbers, what it multiplies above and below, float64, shape (rows,)
    width         float64, shape (rows,), a bound, or where `statistical` a standard deviation
    """
    number, weights = len(start), 1 / np.maximum(width, 1e-300)
    with np.errstate(all="ignore"):
        reals = _refined(parts, start, target, weights)
        if reals is None:
            return None
        curved = any(key and below.any() for key, (_, below) in parts.items())
        value, slopes = value_and_slopes(parts, reals)
        matrix = slopes * weights[:, None]
        steps = (target - value + slopes @ reals) * weights
        near = np.abs(target - value) * weights <= FAR
        if np.count_nonzero(near) <= number:
            return None
        matrix, steps, solved = matrix[near], steps[near], None
        for narrower in (NARROWER, 1) if curved and not statistical else (1,):
            solved = solved or _measured(matrix * narrower, steps * narrower, statistical)
        if solved is None:
            return None
        values, ends = solved
        residuals = (value_and_slopes(parts, values)[0] - target) * weights
    far = ~(np.abs(residuals) <= (SIGMAS if statistical else 1) + 1e-9 + 1e-12 * np.abs(target) * weights)
    chi_squared = float(np.sum(np.square(residuals)) / max(1, len(target) - number))
    return FittedReals(values, ends, np.flatnonzero(far), chi_squared)


def value_and_slopes(parts: Parts, reals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The function on all rows, and its derivatives by the real numbers, shape (rows, reals)."""
    above, below = (sum(prod(reals[list(key)]) * part[side] for key, part in parts.items()) for side in (0, 1))
    value = above / below
    slopes = np.zeros((len(value), len(reals)))
    for key, part in parts.items():
        for place in set(key):
            rest = list(key)
            rest.remove(place)
            slopes[:, place] += key.count(place) * prod(reals[rest]) * (part[0] - value * part[1]) / below
    return value, slopes


def _refined(parts: Parts, reals: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """The real numbers by Gauss' and Newton's iteration, on the rows near the function; None at a pole."""
    for _ in range(STEPS):
        value, slopes = value_and_slopes(parts, reals)
        residuals = (target - value) * weights
        if not np.isfinite(residuals).all() or not np.isfinite(slopes).all():
            return None
        near = np.abs(residuals) <= FAR * max(1.0, 1.5 * float(np.median(np.abs(residuals))))
        matrix = slopes[near] * weights[near, None]
        step, *_ = np.linalg.lstsq(matrix, residuals[near], rcond=None)
        reals = reals + step
        if np.max(np.abs(matrix @ step), initial=0.0) < 1e-6:
            break
    return reals


def _shortest_units(reading: _Coefficients, ansatz: Ansatz, rows: Dataset) -> tuple[tuple[Fraction, ...], Expression]:
    """Units of the real numbers, in which all are positive and the formula is shortest; and that formula in them.

    Half of 2*d*n + d^2 is d; with n, and not 2*n, next to a coefficient. They are variables "real 0", "real 1".
    """
    choices = []
    for place, value in enumerate(reading.reals):
        sizes = []
        for coefficient in filter(None, map(abs, reading.groups.get((place, place), {}).values())):
            roots = isqrt(coefficient.numerator), isqrt(coefficient.denominator)
            if Fraction(roots[0] ** 2, roots[1] ** 2) == coefficient:
                sizes.append(Fraction(roots[1], roots[0]))
        sizes += [
            Fraction(1),
            *(1 / abs(coefficient) for coefficient in reading.groups.get((place,), {}).values() if coefficient),
        ]
        sizes += [
            size
            for coefficient in reading.groups[()].values()
            if coefficient
            for size in (abs(coefficient), 1 / abs(coefficient))
        ]
        choices.append([size if value > 0 else -size for size in dict.fromkeys(sizes)])
    names = (*rows.labels, *(f"real {place}" for place in range(len(reading.reals))))

    def body(reading: _Coefficients, scales: tuple[Fraction, ...]) -> Expression:
        return shortest(_function_of(reading, ansatz, scales), names, rows.unary_operators)

    bodies = [(scales, body(reading, scales)) for scales in islice(product(*choices), SCALINGS)]
    scales, best = min(bodies, key=lambda pair: pair[1].complexity)
    above, below = (
        {j: value for j, value in reading.groups[()].items() if (j >= len(ansatz.above)) == side} for side in (0, 1)
    )
    linear = all(len(key) < 2 and (not key or max(items) < len(ansatz.above)) for key, items in reading.groups.items())
    if linear and len(scales) > 1:
        by_term = _term_by_term(
            _with_minus(body(replace(reading, groups={(): below, key: reading.groups[key]}), scales))
            for key in sorted(reading.groups, key=lambda key: (not key, key))
        )
        if by_term.complexity <= best.complexity + TERM_BY_TERM:
            best = by_term
    elif linear and not any(above.values()) and _occurrences(best, names[-1:]) > 1:
        # R*(1/n^2 - 1/m^2), with R once.
        alone = {j: value * scales[0] for j, value in reading.groups[0,].items()}
        body_alone = _function_of(replace(reading, groups={(): below | alone}), ansatz, ())
        best = binary("*", variable(names[-1]), shortest(body_alone, rows.labels, rows.unary_operators))
    return scales, _with_minus(best)


def _term_by_term(terms: Iterable[Expression]) -> Expression:
    """The sum, as level formulas are written: one term for each real number."""
    total = constant(0)
    for term in terms:
        if total == constant(0):
            total = term
        elif term != constant(0):
            sign, term = ("-", term.arguments[0]) if term.kind == "neg" else ("+", term)
            total = binary(sign, total, term)
    return total


def _numbers_first(factors: tuple[Expression, ...]) -> tuple[Expression, ...]:
    return tuple(sorted(factors, key=lambda factor: factor.kind != "constant"))


def _with_minus(expression: Expression) -> Expression:
    """The same with a minus for a factor -1 that it begins with."""
    if expression.kind == "*" and expression.arguments[0] == constant(-1):
        return Expression("neg", None, (expression.arguments[1],))
    if expression.kind in "*/" and (left := _with_minus(expression.arguments[0])).kind == "neg":
        return Expression("neg", None, (binary(expression.kind, left.arguments[0], expression.arguments[1]),))
    return expression


def _function_of(reading: _Coefficients, ansatz: Ansatz, scales: tuple[Fraction, ...]) -> RationalFunction:
    """P/Q in the real numbers, in units of `scales`, and the labels."""
    parts: tuple[dict, dict] = {}, {}
    monomials = [*ansatz.above, *ansatz.below]
    for key, items in reading.groups.items():
        powers = tuple(key.count(place) for place in range(len(scales)))
        factor = prod((scales[place] for place in key), start=Fraction(1))
        for j, value in items.items():
            part = parts[j >= len(ansatz.above)]
            part[*monomials[j], *powers] = part.get((*monomials[j], *powers), 0) + value * factor
    return RationalFunction.of_fractions(*parts).cancelled()


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
    if statistical:
        halves = np.maximum(deviations, floor)
        ends = np.stack([values - halves, values + halves], axis=1)
        return np.array([decimal_between(*pair) for pair in ends.tolist()]), ends
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


def _values(rows: Dataset, polynomial: dict[Exponents, Fraction]) -> np.ndarray:
    """The polynomial on all rows, float64."""
    if not polynomial:
        return np.zeros(len(rows))
    above, below = rows.evaluate(RationalFunction.of_fractions(polynomial, {(0,) * len(rows.labels): 1}))
    return (above / below).astype(np.float64)
