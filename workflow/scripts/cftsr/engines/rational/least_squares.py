"""Formulas through targets that are known only to an uncertainty.

A row (x, y +- u) makes P(x) - y*Q(x) small, compared with u*|Q(x)|. For each ansatz, fewest unknowns first, the
smallest singular vector of the weighted equations is the best P/Q (weights and Q are found in turn, as Sanathanan and
Koerner do, IEEE Trans. Autom. Control 8 (1963) 56). Where its residuals are no larger than the uncertainties, the
coefficients are read as fractions: one after the other, the best determined first, the others being fitted anew each
time. This is the rounding of lattice decoding (Babai's nearest plane): what is poorly determined alone is well
determined once its neighbours are known.

A coefficient is read only where a fraction as simple as that is unlikely to lie so near by accident. An ansatz that is
near the truth but not the truth fits data of low precision; its coefficients are then no simple fractions, and it is
refused. The sum of these chances stays with the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from cftsr.algebra.ansatz import Ansatz, FiniteLabels, ansatzes, ending_limit
from cftsr.algebra.interpolation import function_of
from cftsr.algebra.modular import clear_denominators
from cftsr.algebra.rational_function import RationalFunction
from cftsr.algebra.simplest_fraction import simplest_between
from cftsr.data.dataset import Dataset
from cftsr.engines.rational.outliers import tolerated
from cftsr.engines.rational.search import Limits, distinct_values
from cftsr.fronts.certificate import DEGREE, REMEDIES, ROWS, UNCERTAINTY, UNKNOWNS

try:
    from threadpoolctl import threadpool_limits
except ImportError:  # pragma: no cover - scikit-learn brings it; without it NumPy's threads get in each other's way
    threadpool_limits = None

MAX_UNKNOWNS = 150  # beyond, float64 does not tell one coefficient from another
MAX_ROWS = 2_000  # more of them sharpen the coefficients too slowly to be worth their time
SPARE = 4  # rows beyond the unknowns, at least
MOST_NEAR = 6  # systems that fit and cannot be read are kept, for their shape
ITERATIONS = 4  # of weights and fit in turn
GOOD = 1.3  # root mean square of residuals, in uncertainties, that a right ansatz stays below
FAR = 6.0  # residuals beyond are wrong rows
VERY_WRONG = 1e4  # residuals that better weights will not reduce enough
HOPELESS = 10.0  # where half the residuals are larger, rows left out will not help
ROUNDS = 3  # of leaving wrong rows out
DRAWS, MAX_DRAWN = 4, 100  # of few rows, where all rows do not fit; and for how many unknowns
STANDARD_ERRORS = 4.0  # to either side of a coefficient
CHANCE = 0.02  # that a coefficient is near its fraction by accident; beyond, it is not read
DECIMAL = (10, 25)  # a multiple of these as a denominator makes a decimal
DOUBTFUL = 2e-3  # the sum of these chances of a formula that may be an accident, and is never identified
SURE = 1e-4  # coefficients below this chance are read at once, without another fit in between
LOOSE = 1e-2  # relative error beyond which a real coefficient says nothing
LEADS = 3  # coefficients that are tried as the one set to 1
ROUND_OFF = 1e-14  # of residuals in float64, relative to the largest target


@dataclass(frozen=True)
class Estimate:
    """A formula near the targets.

    chance   that some coefficient is as near to so simple a fraction by accident (a sum over the coefficients)
    """

    function: RationalFunction
    ansatz: Ansatz
    chance: float


@dataclass(frozen=True)
class Reading:
    """Coefficients as fractions of real numbers, by their place among the monomials.

    groups     of each real number its coefficients, the first being 1
    reals      the real numbers, the first being 1
    chance     that some fraction is as near, and so simple, by accident (a sum over the coefficients)
    residual   the norm of the residuals, in uncertainties
    """

    groups: list[dict[int, Fraction]]
    reals: list[float]
    chance: float
    residual: float = 0.0


@dataclass(frozen=True)
class EstimateSearch:
    """The outcome of a search among targets that are not exact.

    estimate   a formula, or None
    near       the first systems that are within the uncertainties and whose coefficients could not be read, or may have
               been read by accident
    reason, limit   why there is no estimate, and which limit ended the search
    """

    estimate: Estimate | None
    systems: int
    near: tuple[System, ...] = ()
    reason: str = ""
    limit: str | None = None


def estimate(
    rows: Dataset, uncertainty: np.ndarray, finite: FiniteLabels, limits: Limits, share: float
) -> EstimateSearch:
    """The function of fewest unknowns that is near all rows but a few, with fractions for coefficients.

    uncertainty   float64, shape (rows,)
    share         of the rows that may be wrong
    """
    # One thread: matrices of a hundred columns gain nothing from more, and lose much on a busy machine.
    with threadpool_limits(1) if threadpool_limits else nullcontext():
        return _estimate(rows, uncertainty, finite, limits, share)


def _estimate(
    rows: Dataset, uncertainty: np.ndarray, finite: FiniteLabels, limits: Limits, share: float
) -> EstimateSearch:
    chosen = np.arange(len(rows))
    if len(rows) > MAX_ROWS:
        chosen = np.sort(np.random.default_rng(0).choice(len(rows), MAX_ROWS, replace=False))
    part, systems = rows.take(chosen), 0
    near: list[System] = []
    target = part.target
    width = resolvable(target, uncertainty[chosen])
    allowed = tolerated(len(part), share)
    distinct, most = distinct_values(rows.x), min(limits.max_unknowns, MAX_UNKNOWNS)
    every = ansatzes(distinct, limits.max_degree, most, finite)
    classes = [ansatz for ansatz in every if len(part) >= max(1.5 * ansatz.unknowns, ansatz.unknowns + SPARE)]
    # Only where no formula comes out of all rows, or all but those that stand out, are few rows drawn; and of fewer
    # unknowns than what fitted: with enough of them, a function bends to the wrong rows.
    for drawn in (False, True) if allowed else (False,):
        for ansatz in classes:
            if drawn and ansatz.unknowns >= (near[0].ansatz.unknowns if near else MAX_DRAWN):
                break
            systems += 1
            system = System(part.points, target, width, ansatz)
            if not (system.fits_rows_drawn(allowed) if drawn else system.fits(allowed)):
                continue
            reading = system.read()
            function = function_of(reading[0], ansatz.above, ansatz.below) if reading else None
            if reading and function:
                doubtful = (system,) if reading[1] > DOUBTFUL else ()
                return EstimateSearch(Estimate(function, ansatz, reading[1]), systems, doubtful)
            near.append(system)
            if len(near) > MOST_NEAR and ansatz.unknowns > 2 * near[0].ansatz.unknowns:
                break  # they all bend to the data; a formula is not among what fits this well
    if near:
        reason = (
            f"functions of degrees {near[0].ansatz.degrees} pass within the uncertainty of the data, but their "
            "coefficients are no fractions that the data could tell from others, nor fractions and a few real numbers: "
            f"{REMEDIES[UNCERTAINTY]}"
        )
        fewest = sorted(near, key=lambda system: system.ansatz.unknowns)[:MOST_NEAR]
        return EstimateSearch(None, systems, tuple(fewest), reason, UNCERTAINTY)
    if len(classes) < len(every):
        unknowns = classes[-1].unknowns if classes else 0
        reason = (
            f"no rational function of up to {unknowns} coefficients passes within the uncertainty of the data, and "
            f"there are only {len(part)} rows"
        )
        limit = ROWS
    else:
        limit = ending_limit(distinct, limits.max_degree, most, finite)
        reason = (
            f"no rational function of up to {classes[-1].unknowns} coefficients passes within the uncertainty of the "
            f"data; the search ended at its limit of {'degrees' if limit == DEGREE else 'coefficients'}"
        )
        if limit == UNKNOWNS and most == MAX_UNKNOWNS:
            return EstimateSearch(
                None, systems, (), f"{reason} for targets that are not exact: exact ones allow more", limit
            )
    return EstimateSearch(None, systems, (), f"{reason}: {REMEDIES[limit]}", limit)


def resolvable(target: np.ndarray, uncertainty: np.ndarray) -> np.ndarray:
    """The uncertainties, those of exact rows raised to what float64 can resolve next to the others."""
    typical = float(np.median(uncertainty[uncertainty > 0]))
    return np.maximum(uncertainty, max(1e-3 * typical, ROUND_OFF * float(np.abs(target).max())))


class System:
    """The weighted equations of one ansatz; coefficients are those of monomials in labels divided by their sizes."""

    def __init__(self, labels: np.ndarray, target: np.ndarray, width: np.ndarray, ansatz: Ansatz):
        self.ansatz, self.width = ansatz, width
        self.sizes = np.maximum(1, np.abs(labels).max(axis=0))
        points = labels / self.sizes
        monomials = [*ansatz.above, *ansatz.below]
        columns = np.column_stack([np.prod(points ** np.array(exponents), axis=1) for exponents in monomials])
        self.units = np.array([np.prod(self.sizes ** np.array(exponents)) for exponents in monomials])
        self.split = len(ansatz.above)
        self.below = columns[:, self.split :].copy()
        columns[:, self.split :] *= -target[:, None]
        self.columns = columns
        self.kept = np.arange(len(target))
        self.vector = np.zeros(len(monomials))
        self.rms = np.inf

    def fits(self, allowed: int) -> bool:
        """Whether a function is within the uncertainties, but for so many rows; they are left out from then on."""
        total = len(self.width)
        for _ in range(ROUNDS):
            residuals = self._solve()
            if residuals is None:
                return False
            self.rms = float(np.sqrt(np.mean(np.square(residuals[self.kept]))))
            if float(np.median(np.abs(residuals))) > HOPELESS:
                return False
            if self.rms <= GOOD:
                return True
            scale = max(1.0, 1.5 * float(np.median(np.abs(residuals))))
            kept = np.flatnonzero(np.abs(residuals) <= FAR * scale)
            if len(kept) == len(self.kept) or total - len(kept) > allowed:
                return False
            self.kept = kept
        return False

    def fits_rows_drawn(self, allowed: int) -> bool:
        """The same from few rows drawn at random: wrong rows that are far off spoil a fit to all of them."""
        total, unknowns = len(self.width), len(self.vector)
        generator = np.random.default_rng(unknowns)
        for _ in range(DRAWS):
            self.kept = np.sort(generator.choice(total, min(total, 2 * unknowns + 10), replace=False))
            residuals = self._solve()
            if residuals is None:
                continue
            # Twice the rows that there are unknowns leave the coefficients a few times worse than all rows would.
            scale = 1.5 * float(np.median(np.abs(residuals)))
            if scale > HOPELESS:
                continue
            self.kept = np.flatnonzero(np.abs(residuals) <= FAR * max(1.0, scale))
            if total - len(self.kept) <= allowed and self.fits(allowed):
                return True
        return False

    def _solve(self) -> np.ndarray | None:
        """The best vector; returns the residuals of all rows, in uncertainties."""
        weights = 1 / self.width[self.kept]
        for turn in range(ITERATIONS):
            matrix = self.columns[self.kept] * weights[:, None]
            norms = np.linalg.norm(matrix, axis=0)
            if not np.isfinite(norms).all() or not norms.all():
                return None
            triangle = np.linalg.qr(matrix / norms, mode="r")
            self.vector = np.linalg.svd(triangle)[2][-1] / norms
            below = np.abs(self.below @ self.vector[self.split :])
            largest = below.max()
            if not largest > 0:
                return None
            # Q of size 1: the weights of very small targets would overflow.
            self.vector, below = self.vector / largest, np.maximum(below / largest, 1e-9)
            weights = 1 / (self.width * below)[self.kept]
            residuals = self.columns @ self.vector / (self.width * below)
            if turn and float(np.median(np.abs(residuals))) > VERY_WRONG:
                break
        self.scaled = self.columns[self.kept] * weights[:, None]
        return residuals

    def read(self) -> tuple[list[int], float] | None:
        """The coefficients as integers, and the chance that this is an accident; None where they cannot be read."""
        for reading in self.readings(0):
            if reading.residual <= 1.2 * GOOD * np.sqrt(len(self.kept)):
                (fractions,) = reading.groups
                return clear_denominators([fractions[j] for j in range(len(fractions))]), reading.chance
        return None

    def readings(self, max_reals: int, most: float = CHANCE, below: bool = False) -> Iterator[Reading]:
        """The coefficients as fractions, with each of a few in the denominator set to 1 in turn.

        max_reals   so many may be real numbers: of the numerator, and others may be fractions of them
        most        chance of an accident, up to which a fraction is read
        below       or of the denominator too, and each is one of its own
        """
        norms = np.linalg.norm(self.scaled, axis=0)
        triangle = np.linalg.qr(self.scaled / norms, mode="r")
        share = np.abs(self.vector) * norms
        read = self._read_below if below else self._read_with
        for lead in (self.split + np.argsort(-share[self.split :])[:LEADS]).tolist():
            # Weights hold for the vector that they came from; this is its size in units of the leading coefficient.
            size = abs(self.vector[lead] / self.units[lead])
            if not size > 0:
                continue  # a common factor of P and Q without that monomial
            # In these units the coefficients of the labels themselves are z / scale.
            reading = read(np.asarray(triangle) * size, norms * self.units, lead, max_reals, most)
            if reading is not None:
                yield reading

    def _best(
        self, triangle: np.ndarray, scale: np.ndarray, values: dict[int, float]
    ) -> Iterator[tuple[int, float, float]]:
        """For each coefficient without a value: its place, its best value given the others, and its standard error."""
        sigma = max(1.2 * self.rms, 0.05)
        fixed, free = sorted(values), [j for j in range(len(scale)) if j not in values]
        known = triangle[:, fixed] @ np.array([values[j] * scale[j] for j in fixed])
        left, singular, right = np.linalg.svd(triangle[:, free], full_matrices=False)
        singular = np.maximum(singular, 1e-14 * singular[0])
        z = -right.T @ (left.T @ known / singular) / scale[free]
        errors = sigma * np.sqrt(np.sum(np.square(right.T / singular), axis=1)) / scale[free]
        return zip(free, z.tolist(), errors.tolist(), strict=True)

    def _read_with(
        self, triangle: np.ndarray, scale: np.ndarray, lead: int, max_reals: int, most: float
    ) -> Reading | None:
        values = {lead: 1.0}
        groups, reals = [{lead: Fraction(1)}], [1.0]
        common, total = 1, 0.0
        while len(values) < len(scale):
            estimates = list(self._best(triangle, scale, values))
            candidates = []
            for j, value, error in estimates:
                error = STANDARD_ERRORS * error + 1e-13 * abs(value)
                for group, real in enumerate(reals):
                    if group and j >= self.split:
                        continue  # the denominator has fractions alone
                    ratio, half = value / real, error / abs(real)
                    fraction = simplest_between(ratio - half, ratio + half)
                    simple = 0.61 * fraction.denominator**2
                    if common % fraction.denominator == 0:
                        simple = min(simple, common)
                    candidates.append((min(1.0, 2 * half * simple), group, j, fraction))
            candidates.sort(key=lambda candidate: candidate[:3])
            best = candidates[0][0]
            if best > most:
                # A real number of its own: the best determined coefficient of the numerator.
                numerator = [
                    (abs(error / value), j, value) for j, value, error in estimates if j < self.split and value
                ]
                if not numerator or len(reals) > max_reals or min(numerator)[0] > LOOSE:
                    return None
                _, j, value = min(numerator)
                reals.append(value)
                groups.append({j: Fraction(1)})
                values[j] = value
                continue
            for chance, group, j, fraction in candidates:
                if j in values:
                    continue
                if chance > SURE and chance > best:
                    break
                values[j] = float(fraction) * reals[group]
                groups[group][j] = fraction
                if not group:
                    common = lcm(common, fraction.denominator)
                total += chance
        residual = triangle @ np.array([values[j] * scale[j] for j in range(len(scale))])
        return Reading(groups, reals, total, float(np.linalg.norm(residual)))

    def _read_below(
        self, triangle: np.ndarray, scale: np.ndarray, lead: int, max_reals: int, most: float
    ) -> Reading | None:
        """The same with real numbers anywhere, each of one coefficient; these stay free while others are read."""
        fractions, reals, total = {lead: Fraction(1)}, dict[int, float](), 0.0
        while len(fractions) < len(scale):
            estimates = list(self._best(triangle, scale, {j: float(value) for j, value in fractions.items()}))
            unread = [estimate for estimate in estimates if estimate[0] not in reals]
            reals = {j: value for j, value, _ in estimates if j in reals}
            if not unread:
                groups = [fractions, *({j: Fraction(1)} for j in reals)]
                return Reading(groups, [1.0, *reals.values()], total)
            candidates = []
            for j, value, error in unread:
                half = STANDARD_ERRORS * error + 1e-13 * abs(value)
                fraction = simplest_between(value - half, value + half)
                candidates.append((min(1.0, 2 * half * 0.61 * fraction.denominator**2), j, fraction))
            chance, j, fraction = min(candidates)
            if chance <= most and not decimals_below({**fractions, j: fraction}, self.ansatz):
                fractions[j] = fraction
                total += chance
                continue
            determined = [(abs(error / value), j, value) for j, value, error in unread if value]
            if not determined or len(reals) == max_reals or min(determined)[0] > LOOSE:
                return None
            reals[min(determined)[1]] = min(determined)[2]
        return None


def decimals_below(fractions: dict[int, Fraction], ansatz: Ansatz) -> bool:
    """Whether a coefficient of the denominator, other than that of its highest monomial, is a decimal like 0.35.

    Such a number was measured, and has an uncertainty; one like 3/8 is exact.
    """
    split = len(ansatz.above)
    below = {ansatz.below[j - split]: value for j, value in fractions.items() if j >= split and value}
    if not below:
        return False
    highest = below[max(below, key=lambda powers: (sum(powers), powers))]
    return any((value / highest).denominator % unit == 0 for value in below.values() for unit in DECIMAL)
