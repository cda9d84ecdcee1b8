"""The constants of a shape that the user gives, measured: where the rows are known only to an uncertainty.

The shape is P/Q in the labels and the constants. From several starting points its constants are fitted by least
squares; a few rows far off have no say in them. What each constant may be is then what agrees with every row near the
function (a bound), or its standard deviation. One whose interval has a fraction so simple that it seldom lies there by
accident is that fraction; the others are fitted again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from cftsr.algebra.expressions import Expression
from cftsr.algebra.polynomials import Exponents
from cftsr.algebra.rational_function import RationalFunction
from cftsr.algebra.simplest_fraction import simplest_between
from cftsr.data.dataset import Dataset
from cftsr.engines.rational.constants import DENSITY, measured
from cftsr.engines.rational.least_squares import DOUBTFUL, STANDARD_ERRORS, resolvable
from cftsr.engines.rational.shape import FittedReals, Parts, fit_reals, value_and_slopes
from cftsr.engines.rational.uncertain import allowed_by_errors
from cftsr.fronts.certificate import Constant
from cftsr.fronts.exactness import SIGMAS, function_of, width_of

STARTS, BEST = 24, 6  # points from which the constants are fitted, and of the minima those that are looked at
FEW = 0.1  # share of rows that may be off; where more are, the shape is not that of the data
SINGULAR = 1e-9  # singular value, relative, below which the rows leave a constant open
SHARE = 1e-3  # of a constant in a direction that changes nothing, from which on it is in it

# What each product of constants, by their powers, multiplies above and below; float64, shape (points,).
Terms = dict[Exponents, list[np.ndarray]]


@dataclass(frozen=True)
class MeasuredShape:
    """The constants of a shape, in its order: fractions, or numbers with their uncertainty.

    chosen   those that the rows leave open: their value is a choice
    chance   that the fractions are as simple by accident, a sum
    """

    constants: dict[str, Fraction | Constant]
    chosen: tuple[str, ...] = ()
    chance: float = 0.0

    @property
    def errors(self) -> dict[float, float]:
        """How far the measured constants may be off, by their absolute values."""
        return {abs(one.value): one.error for one in self.constants.values() if isinstance(one, Constant)}


def measured_shape(expression: Expression, names: tuple[str, ...], rows: Dataset) -> MeasuredShape | str:
    """The constants `names` of a shape; or why there are none, in words.

    Raises LimitReachedError, ZeroDivisionError or ValueError where the shape is no fraction of polynomials.
    """
    function = function_of(expression, (*rows.labels, *names))
    problem = _Problem(function, names, rows)
    chosen: dict[str, Fraction] = {}
    while (open_ := problem.open(chosen)) is not None:
        chosen[open_] = Fraction(1)
    fitted = problem.fitted(chosen, None)
    if fitted is None:
        return (
            "no constants were found that bring this shape within the uncertainty of the rows, and determine them: try "
            "another shape, or state a larger uncertainty (--uncertainty)"
        )
    if problem.statistical and not allowed_by_errors(fitted.chi_squared, len(rows)):
        return (
            f"chi^2 is {fitted.chi_squared:.2g} for each degree of freedom at best, which the stated standard "
            "deviations do not allow: try another shape, or larger deviations, or correct rows that are far off"
        )
    fixed, chance = dict(chosen), 0.0
    while len(fixed) < len(names):
        free = [name for name in names if name not in fixed]
        times = STANDARD_ERRORS if problem.statistical else 1
        readings = sorted(
            (*_simple(low, high, times), name) for name, (low, high) in zip(free, fitted.ends.tolist(), strict=True)
        )
        likely, fraction, name = readings[0]
        if chance + likely > DOUBTFUL:
            break
        values = [value for value, one in zip(fitted.values.tolist(), free, strict=True) if one != name]
        again = problem.fitted({**fixed, name: fraction}, np.array(values))
        if again is None or len(again.far) > len(fitted.far):
            break
        fixed[name], chance, fitted = fraction, chance + likely, again
    free = [name for name in names if name not in fixed]
    reals = {
        name: measured(value, max(high - value, value - low))
        for name, value, (low, high) in zip(free, fitted.values.tolist(), fitted.ends.tolist(), strict=True)
    }
    constants = {name: reals[name] if name in reals else fixed[name] for name in names}
    return MeasuredShape(constants, tuple(chosen), chance)


def _simple(low: float, high: float, times: float) -> tuple[float, Fraction]:
    """The chance that a fraction as simple as the simplest one there lies in such an interval, and that fraction."""
    half = times * (high - low) / 2
    middle = (low + high) / 2
    fraction = simplest_between(Fraction(middle - half), Fraction(middle + half))
    if not fraction:
        return 1.0, fraction  # how near to zero is near, no digits tell
    size = max(fraction.denominator, min(abs(fraction.numerator), fraction.denominator**2))
    return 2 * half * DENSITY * size**2, fraction


class _Problem:
    """The rows, and the shape as P/Q whose coefficients are polynomials in the constants."""

    def __init__(self, function: RationalFunction, names: tuple[str, ...], rows: Dataset):
        self.names, self.target = names, rows.target
        self.statistical = rows.sigma is not None and bool(np.any(rows.sigma > 0))
        bound = width_of(rows, 1.0)
        assert bound is not None, "exact targets are solved exactly"
        self.width, self.allowed = resolvable(rows.target, bound), int(FEW * len(rows))
        self.terms = _terms(function, rows, rows.x)
        anywhere = np.random.default_rng(1).integers(1, 1000, (20 * len(names), len(rows.labels)))
        self.terms_anywhere = _terms(function, rows, anywhere)

    def parts(self, fixed: Mapping[str, Fraction], terms: Terms) -> Parts:
        """The terms by the constants that are free, with the others put in."""
        free = [place for place, name in enumerate(self.names) if name not in fixed]
        parts: Parts = {}
        for powers, sides in terms.items():
            factor = 1.0
            for name, value in fixed.items():
                factor *= float(value) ** powers[self.names.index(name)]
            key = tuple(number for number, place in enumerate(free) for _ in range(powers[place]))
            old = parts.get(key)
            parts[key] = [factor * part + (0 if old is None else old[side]) for side, part in enumerate(sides)]
        return parts

    def fitted(self, fixed: Mapping[str, Fraction], start: np.ndarray | None) -> FittedReals | None:
        """The free constants, from one start or from many; None where too many rows stay off."""
        parts, number = self.parts(fixed, self.terms), len(self.names) - len(fixed)
        if not number:
            return self._without_free(parts)
        starts = [start] if start is not None else self._starts(parts, number)
        fits = [
            fit
            for one in starts
            if (fit := fit_reals(parts, one, self.target, self.width, self.statistical)) is not None
            and len(fit.far) <= self.allowed
            and not _open_directions(_slopes(parts, fit.values)).any()
        ]
        return min(fits, key=lambda fit: (len(fit.far), fit.chi_squared), default=None)

    def _without_free(self, parts: Parts) -> FittedReals | None:
        with np.errstate(all="ignore"):
            above, below = parts.get((), [np.zeros(1), np.zeros(1)])
            residuals = np.abs(above / below - self.target) / self.width
        far = np.flatnonzero(~(residuals <= (SIGMAS if self.statistical else 1) * (1 + 1e-9)))
        if len(far) > self.allowed:
            return None
        return FittedReals(np.zeros(0), np.zeros((0, 2)), far, float(np.mean(np.square(residuals))))

    def _solutions(self, parts: Parts, number: int) -> list[np.ndarray]:
        """Local minima of the sum of squares, from points at random and of order one."""
        from scipy.optimize import least_squares  # its import costs more than most fits

        random = np.random.default_rng(0)
        points = [np.ones(number), *random.normal(0, 2, (STARTS - 1, number))]
        minima: list[tuple[float, np.ndarray]] = []
        scale = max(float(np.std(self.target)), 1e-300)

        def residuals(reals: np.ndarray) -> np.ndarray:
            value = (value_and_slopes(parts, reals)[0] - self.target) / scale
            return np.nan_to_num(value, nan=1e150, posinf=1e150, neginf=-1e150)

        def slopes(reals: np.ndarray) -> np.ndarray:
            return np.nan_to_num(value_and_slopes(parts, reals)[1] / scale, posinf=0, neginf=0)

        with np.errstate(all="ignore"):
            for point in points:
                solved = least_squares(residuals, point, slopes, x_scale="jac", loss="soft_l1", max_nfev=200)
                if np.isfinite(solved.x).all():
                    minima.append((float(solved.cost), solved.x))
        return [values for _, values in sorted(minima, key=lambda pair: pair[0])]

    def _starts(self, parts: Parts, number: int) -> list[np.ndarray]:
        linear = all(len(key) < 2 for key in parts) and not any(key and part[1].any() for key, part in parts.items())
        if linear:
            return [np.ones(number)]
        return self._solutions(parts, number)[:BEST]

    def open(self, fixed: Mapping[str, Fraction]) -> str | None:
        """A constant that the others can make up for whatever the labels are; None where there is none."""
        free = [name for name in self.names if name not in fixed]
        if len(free) < 2:
            return None
        point = np.random.default_rng(2).normal(1, 0.5, len(free))
        slopes = _slopes(self.parts(fixed, self.terms_anywhere), point)
        directions = _open_directions(slopes)
        return next((name for name, share in zip(free, directions, strict=True) if abs(share) > SHARE), None)


def _terms(function: RationalFunction, rows: Dataset, x: np.ndarray) -> Terms:
    """What each product of constants multiplies in P and Q, at these points."""
    terms: Terms = {}
    labels, nothing = len(rows.labels), np.zeros(len(x))
    for side, polynomial in enumerate(function):
        by_constants: dict[Exponents, dict[Exponents, int]] = {}
        for key, value in polynomial.items():
            by_constants.setdefault(key[labels:], {})[key[:labels]] = value
        for key, part in by_constants.items():
            above, below = rows.evaluate(RationalFunction.of_fractions(part, {(0,) * labels: 1}), x)
            terms.setdefault(key, [nothing, nothing])[side] = (above / below).astype(np.float64)
    return terms


def _slopes(parts: Parts, point: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        slopes = value_and_slopes(parts, point)[1]
    return slopes[np.isfinite(slopes).all(axis=1)]


def _open_directions(slopes: np.ndarray) -> np.ndarray:
    """A direction in which the function does not change; 0 where there is none."""
    number = slopes.shape[1]
    sizes = np.abs(slopes).max(axis=0, initial=0)
    if not sizes.all():
        return (sizes == 0).astype(float)
    if len(slopes) < number:
        return np.ones(number)
    _, singular, directions = np.linalg.svd(slopes / sizes, full_matrices=False)
    return directions[-1] if singular[-1] <= SINGULAR * singular[0] else np.zeros(number)
