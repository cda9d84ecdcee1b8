"""The fit to targets of which some or all are known only to an uncertainty: a bound, or a standard deviation."""

from __future__ import annotations

from dataclasses import replace
from math import erfc, sqrt

import numpy as np

from cftsr.algebra.expressions import evaluate
from cftsr.algebra.rational_function import RationalFunction
from cftsr.engines.base import Problem
from cftsr.engines.rational import exact, outliers
from cftsr.engines.rational.fit import NAMED, Fit, wrong_row
from cftsr.engines.rational.identification import certify, finite_labels
from cftsr.engines.rational.least_squares import CHANCE, DOUBTFUL, Estimate, System, estimate
from cftsr.engines.rational.most_rows import disagreement
from cftsr.engines.rational.search import Limits, Search, distinct_values, solve
from cftsr.engines.rational.shape import Shape, shape_of
from cftsr.fronts.certificate import UNCERTAINTY, Certificate, WrongRow, no_formula
from cftsr.fronts.exactness import SIGMAS, width_of
from cftsr.vocabulary import FITS

# "Off by up to" is taken at its word: within it a row agrees. Where more than a tenth of the rows do not, it may be a
# standard deviation: up to four of them the formula still *fits*, approximately.
AGREEMENT = "within uncertainty"
MAJORITY = 0.9
NEAR, FEW_FAR = 4, 0.002
# Relative noise of targets whose digits promise more than they hold: so much is tried, and the formula is approximate.
NOISE = 1e-6
INFLATED = 10.0  # the same of standard deviations that are too small
# Chi^2 per degree of freedom beyond 1 by so many of its standard deviations is not what the stated errors allow.
CHI_SQUARED_SIGMAS = 5.0
FEW_EXACT = 0.5  # share of rows that are exact, from which on they are fitted alone first


def fit(problem: Problem, width: np.ndarray, limits: Limits, refit_without: float, share: float) -> Fit:
    """The fit to targets that may be off by `width` (float64, shape (rows,); 0 where they are exact)."""
    known, systems = np.flatnonzero(~(width > 0)), 0
    statistical = problem.sigma is not None and bool(np.any(problem.sigma > 0))
    if len(known) >= FEW_EXACT * len(problem):
        from_exact = _from_exact_rows(problem, known, limits, refit_without, share)
        systems += from_exact.systems
        if from_exact.has_formula:
            return from_exact
    finite = finite_labels(problem)
    searched = estimate(problem, width, finite, limits, share)
    systems += searched.systems
    near, allowed, far = searched.near, outliers.tolerated(len(problem), share), width
    chance = DOUBTFUL if searched.estimate else CHANCE
    shape = shape_of(near, problem, width, allowed, statistical, chance) if near else None
    if shape is not None and statistical and not allowed_by_errors(shape.chi_squared, len(problem)):
        shape = None
    if shape is not None and shape.function is not None:
        searched, shape = replace(searched, estimate=Estimate(shape.function, shape.ansatz, shape.chance)), None
    elif searched.estimate is not None and shape is not None:
        # Fractions that may be an accident, against real numbers.
        wrong = problem.wrong_rows(searched.estimate.function, width_of(problem))
        searched = replace(searched, estimate=None) if len(wrong) > len(shape.far) else searched
    elif searched.estimate is None and shape is None:
        noisy = INFLATED * width if statistical else np.maximum(width, NOISE * np.abs(problem.target))
        again = estimate(problem, noisy, finite, limits, share)
        systems += again.systems
        if again.estimate is not None:
            searched, far = again, noisy
    if searched.estimate is None:
        if shape is not None:
            return _of_shape(problem, shape, near, systems, statistical)
        distinct = dict(zip(problem.labels, distinct_values(problem.x), strict=True))
        return Fit(None, no_formula(searched.reason, searched.limit, len(problem), distinct), systems)
    return _of_estimate(problem, searched.estimate, far, limits, refit_without, share, systems, statistical)


def _from_exact_rows(problem: Problem, known: np.ndarray, limits: Limits, refit_without: float, share: float) -> Fit:
    """What the rows with exact targets give alone, where the others agree with it."""
    part = replace(problem.take(known), uncertainty=None, sigma=None)
    exact_fit = exact.fit(part, limits, refit_without, share)
    if exact_fit.function is None:
        return replace(exact_fit, expression=None, others=())
    width = width_of(problem)
    wrong = problem.wrong_rows(exact_fit.function, width)
    if len(wrong) > outliers.tolerated(len(problem), share):
        return Fit(None, exact_fit.certificate, exact_fit.systems)
    remark = f"found from the {len(known)} rows whose targets are exact"
    certificate = replace(
        exact_fit.certificate,
        rows=len(problem),
        agreement=AGREEMENT,
        remarks=(*exact_fit.certificate.remarks, remark),
    )
    return replace(
        exact_fit,
        certificate=_named(certificate, problem, exact_fit.function, wrong),
        others=(),
    )


def _named(certificate: Certificate, problem: Problem, function: RationalFunction, wrong: np.ndarray) -> Certificate:
    """The certificate with the rows that disagree, if there are any."""
    if not len(wrong):
        return certificate
    by_more = " by more than the uncertainty" if len(wrong) == 1 else " by more than their uncertainty"
    return replace(
        certificate,
        wrong_rows=tuple(wrong_row(problem, function, row) for row in wrong[:NAMED].tolist()),
        wrong_rows_total=len(wrong),
        remarks=(*certificate.remarks, disagreement(wrong, problem, by_more)),
    )


def _of_estimate(
    problem: Problem,
    estimated: Estimate,
    width: np.ndarray,
    limits: Limits,
    refit_without: float,
    share: float,
    systems: int,
    statistical: bool,
) -> Fit:
    """The certificate of a formula near the targets: what its own values, and refits of the data, say of it."""
    finite, distinct = finite_labels(problem), distinct_values(problem.x)
    by_label = dict(zip(problem.labels, distinct, strict=True))
    wrong = problem.wrong_rows(estimated.function, width_of(problem))
    far = problem.wrong_rows(estimated.function, (SIGMAS if statistical else NEAR) * width)
    if len(far) > max(outliers.tolerated(len(problem), share), FEW_FAR * len(problem)):
        times = SIGMAS if statistical else NEAR
        reason = (
            f"the nearest formula is off by more than {times:g} uncertainties on {len(far)} of {len(problem)} rows: "
            "a larger stated uncertainty, or fewer wrong rows, would allow it"
        )
        return Fit(None, no_formula(reason, UNCERTAINTY, len(problem), by_label), systems)

    # What the formula's own values say about its neighbours, on the rows near it; refits see the data as they are.
    near = np.setdiff1d(np.arange(len(problem)), far)
    part = problem.take(near)
    above, below = part.evaluate(estimated.function)
    smooth = replace(part, numerator=above, denominator=below, uncertainty=None, sigma=None)

    def refit(kept: np.ndarray) -> tuple[RationalFunction | None, int]:
        again = estimate(part.take(kept), width[near][kept], finite, limits, share)
        return (again.estimate.function if again.estimate else None), again.systems

    sample = np.arange(min(len(near), estimated.ansatz.unknowns + limits.spare_rows))
    solution, _ = solve(smooth.shuffled(), estimated.ansatz, sample, finite)
    if solution is None:
        reason = "the nearest formula is undefined on a row: without that row, or with more digits, there may be one"
        return Fit(None, no_formula(reason, UNCERTAINTY, len(problem), by_label), systems)
    search_of = Search(solution, 0, distinct=distinct_values(part.x))
    certificate, more = certify(smooth, search_of, limits, refit_without, refit)
    reasons = [*certificate.reasons]
    if estimated.chance > DOUBTFUL:
        reasons.append(
            f"the coefficients may be simple by accident (a chance of {estimated.chance:.1g}): more digits, or more "
            "rows, would decide"
        )
    remarks = [*certificate.remarks, "the targets are known only to an uncertainty"]
    approximate, chi_squared, noise = None, None, None
    if statistical:
        chi_squared, sentence, allowed = _chi_squared(part, solution.function)
        if allowed:
            remarks.append(sentence)
        else:
            approximate = True
            reasons.append(f"approximate: {sentence}: more than the stated errors allow")
    elif len(wrong) > (1 - MAJORITY) * len(problem):
        approximate = True
        off = f"approximate: {len(wrong)} of {len(problem)} rows are off by more than their uncertainty"
        if width is problem.uncertainty or not np.any(width > width_of(problem)):
            reasons.append(f"{off}, {len(far)} of them by more than {NEAR} times that")
        else:
            noise = relative_error(part, estimated.function)
            reasons.append(f"{off}; on the rows near it the formula is right to {noise:.1g}, relative")
    certificate = replace(
        certificate,
        outcome=FITS if reasons or certificate.untested else certificate.outcome,
        reasons=tuple(reasons),
        remarks=tuple(remarks),
        rows=len(problem),
        agreement=None if approximate else AGREEMENT,
        approximate=approximate,
        chance=float(estimated.chance),
        chi_squared=chi_squared,
        noise=noise,
    )
    certificate = _named(certificate, problem, solution.function, wrong)
    return Fit(solution.function, certificate, systems + more)


def _chi_squared(rows: Problem, function: RationalFunction) -> tuple[float, str, bool]:
    """Chi^2 per degree of freedom, a sentence with it, and whether stated standard deviations allow so much."""
    above, below = rows.evaluate(function)
    sigma = np.zeros(len(rows)) if rows.sigma is None else rows.sigma
    known = sigma > 0
    pulls = ((above / below).astype(float) - rows.target)[known] / sigma[known]
    # Fractions that were read cost no degree of freedom.
    freedom = max(1, int(known.sum()))
    value = float(np.sum(np.square(pulls)) / freedom)
    off, expected = int(np.count_nonzero(np.abs(pulls) > 1)), erfc(1 / sqrt(2)) * freedom
    sentence = (
        f"chi^2 is {value:.2f} for each of {freedom} degrees of freedom; {off} of {freedom} rows are off by more than "
        f"a standard deviation, and {expected:.0f} are expected to be"
    )
    return value, sentence, allowed_by_errors(value, freedom)


def allowed_by_errors(chi_squared: float, freedom: int) -> bool:
    """Whether stated standard deviations allow so large a chi^2 per degree of freedom."""
    return chi_squared <= 1 + CHI_SQUARED_SIGMAS * sqrt(2 / freedom)


def _of_shape(problem: Problem, shape: Shape, near: tuple[System, ...], systems: int, statistical: bool) -> Fit:
    """The certificate of a formula with real coefficients: it never is identified."""
    constants = shape.constants
    what = "a coefficient is" if len(constants) == 1 else f"{len(constants)} coefficients are"
    values = " and ".join(constant.shown for constant in constants)
    reason = (
        f"approximate: {what} no fraction that the data could tell from others, {values}; the shape holds on "
        f"{len(problem) - len(shape.far)} of {len(problem)} rows within their uncertainty"
    )
    remarks = ["the targets are known only to an uncertainty"]
    value = np.broadcast_to(evaluate(shape.expression, problem.columns), len(problem))
    if statistical:
        remarks.append(f"chi^2 is {shape.chi_squared:.2f} for each degree of freedom")
    unknowns = shape.ansatz.unknowns
    certificate = Certificate(
        outcome=FITS,
        reasons=(reason,),
        rows=len(problem),
        distinct_values=dict(zip(problem.labels, distinct_values(problem.x), strict=True)),
        degrees=shape.ansatz.degrees,
        unknowns=unknowns,
        rows_needed=unknowns + 1,
        remarks=tuple(remarks),
        agreement=AGREEMENT,
        chance=float(shape.chance),
        chi_squared=shape.chi_squared if statistical else None,
        constants=constants,
        wrong_rows=tuple(
            WrongRow(problem.described(problem.x[row].tolist()), problem.quoted(row), f"{value[row]:.10g}")
            for row in shape.far[:NAMED].tolist()
        ),
        wrong_rows_total=len(shape.far) or None,
    )
    return Fit(None, certificate, systems, expression=shape.expression)


def relative_error(problem: Problem, function: RationalFunction) -> float:
    """How far the targets are from the formula, relative to the targets: the largest of all rows."""
    above, below = problem.evaluate(function)
    value = (above / below).astype(float)
    size = np.maximum(np.abs(problem.target), np.finfo(float).tiny)
    return float(np.max(np.abs(value - problem.target)[problem.target != 0] / size[problem.target != 0], initial=0.0))
