"""The exact engine: find P/Q by linear algebra, and say whether the data determine it.

The targets are exact rational numbers N/D and the formulas rational functions P/Q of the labels. For given degrees
the coefficients of P and Q solve the homogeneous linear equations D*P(x) - N*Q(x) = 0, one a row. The degrees are
raised, smallest number of unknowns first, until there is a solution; it is computed modulo primes, lifted to the
rationals, cancelled, and checked exactly on every row (`cftsr.engines.rational.search`).

Three answers are possible: *identified* (the data determine this formula among those of its degrees, with rows to
spare), *fits* (it is exact on every row, but so are others, or the data are too few or too special to tell), and
*none* (no rational function with up to `max_unknowns` coefficients passes through the rows). What decides is in
`cftsr.engines.rational.identification`.

Data need not be perfect. Where no function passes through all rows, one that passes through all but a few is looked
for, and those few are named (`outliers`). Targets with an uncertainty are fitted by least squares, and the coefficients
read as simple fractions (`least_squares`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from cftsr.algebra.interpolation import Function
from cftsr.algebra.shortest_form import shortest
from cftsr.engines.base import Assignment, Availability, Engine, Needs, Option, Problem, Progress
from cftsr.engines.rational import outliers
from cftsr.engines.rational.identification import certify, finite_labels
from cftsr.engines.rational.least_squares import estimate
from cftsr.engines.rational.search import Limits, Search, distinct_values, search, solve
from cftsr.fronts.front import Candidate

SHOWN = 20  # rows that disagree are named up to this number

# Targets with an uncertainty. "Off by up to" is taken at its word: within it a row agrees. Where more than a tenth of
# the rows do not, it may be a standard deviation: up to four of them the formula still *fits*, approximately.
AGREEMENT = "within uncertainty"
MAJORITY = 0.9
NEAR, FEW_FAR = 4, 0.002
# Relative noise of targets whose digits promise more than they hold: so much is tried, and the formula is approximate.
NOISE = 1e-6
LARGEST_CHANCE = 2e-3  # that the coefficients of an identified formula are simple by accident


@dataclass
class Fit:
    """What was found on a problem, and what is known about it."""

    function: Function | None
    certificate: dict[str, Any]
    systems: int


def fit(problem: Problem, limits: Limits, refit_without: float, share: float) -> Fit:
    """Find the formula and decide whether the data determine it.

    share   of the rows that may be wrong; 0 for none
    """
    if problem.uncertainty is not None and np.any(problem.uncertainty > 0):
        return _fit_uncertain(problem, limits, refit_without, share)
    found = search(problem, limits, finite_labels(problem))
    systems = found.systems
    if found.solution is None:
        agreeing, reason = outliers.agreeing_rows(problem, finite_labels(problem), limits, share)
        found.reason += f"; {reason}" if reason else ""
        if agreeing is not None:
            return _fit_agreeing(problem, agreeing, limits, refit_without, systems)
    certificate, more = certify(problem, found, limits, refit_without)
    return Fit(found.solution and found.solution.function, certificate, systems + more)


def _fit_agreeing(problem: Problem, agreeing: np.ndarray, limits: Limits, refit_without: float, systems: int) -> Fit:
    """The fit to the rows that one function passes through; the others are named."""
    part = problem.take(agreeing)
    found = search(part, limits, finite_labels(part))
    certificate, more = certify(part, found, limits, refit_without)
    systems += found.systems + more
    if found.solution is None:
        return Fit(None, certificate | {"rows": len(problem)}, systems)
    certificate |= {"rows": len(problem)}
    said = disagreement(problem, found.solution.function)
    certificate |= said | {"remarks": [*certificate.get("remarks", []), *said.get("remarks", [])]}
    return Fit(found.solution.function, certificate, systems)


def disagreement(problem: Problem, function: Function) -> dict[str, Any]:
    """What a certificate says of the rows that a formula does not pass through; nothing where it passes through all."""
    rough = problem.uncertainty is not None and bool(np.any(problem.uncertainty > 0))
    wrong = problem.wrong_rows(function, problem.uncertainty)
    if not len(wrong):
        return {}
    said = "disagree by more than their uncertainty" if rough else "disagree"
    return {
        "wrong_rows": [_named(problem, function, row) for row in wrong[:SHOWN].tolist()],
        "wrong_rows_total": len(wrong),
        "remarks": [f"{len(wrong)} of {len(problem)} rows {said}"],
    }


def _fit_uncertain(problem: Problem, limits: Limits, refit_without: float, share: float) -> Fit:
    """The fit to targets of which some are known only to an uncertainty: from the exact ones, or from all."""
    exact = np.flatnonzero(~(problem.uncertainty > 0))
    systems = 0
    if len(exact):
        part = replace(problem.take(exact), uncertainty=None)
        found = fit(part, limits, refit_without, share)
        systems += found.systems
        if found.function is not None:
            said = disagreement(problem, found.function)
            if said.get("wrong_rows_total", 0) <= outliers.tolerated(len(problem), share):
                remark = f"found from the {len(exact)} rows whose targets are exact"
                found.certificate |= {"rows": len(problem), "agreement": AGREEMENT}
                _remark(found.certificate, remark, said)
                return found
    rows, finite, width = problem, finite_labels(problem), problem.uncertainty
    found, more, reason = estimate(rows, width, finite, limits, share)
    systems += more
    if found is None:
        width = np.maximum(width, NOISE * np.abs(problem.target))
        found, more, _ = estimate(rows, width, finite, limits, share)
        systems += more
    distinct = distinct_values(problem.x)
    if found is None:
        nothing, _ = certify(problem, Search(None, 0, reason, distinct), limits, refit_without)
        return Fit(None, nothing, systems)

    wrong = problem.wrong_rows(found.function, problem.uncertainty)
    far = problem.wrong_rows(found.function, NEAR * width)
    if len(far) > max(outliers.tolerated(len(problem), share), FEW_FAR * len(problem)):
        reason = f"the nearest formula is off by more than {NEAR} uncertainties on {len(far)} of {len(problem)} rows"
        nothing, _ = certify(problem, Search(None, 0, reason, distinct), limits, refit_without)
        return Fit(None, nothing, systems)

    # What the formula's own values say about its neighbours, on the rows near it; refits see the data as they are.
    near = np.setdiff1d(np.arange(len(problem)), far)
    part = problem.take(near)
    above, below = part.evaluate(found.function)
    smooth = replace(part, numerator=above, denominator=below, uncertainty=None)

    def refit(kept: np.ndarray) -> tuple[Function | None, int]:
        again, used, _ = estimate(part.take(kept), width[near][kept], finite, limits, share)
        return (again.function if again else None), used

    sample = np.arange(min(len(near), found.ansatz.unknowns + limits.spare_rows))
    solution, _ = solve(smooth.shuffled(), found.ansatz, sample, finite)
    if solution is None:
        nothing, _ = certify(
            problem, Search(None, 0, "the nearest formula is undefined on a row", distinct), limits, refit_without
        )
        return Fit(None, nothing, systems)
    search_of = Search(solution, 0, distinct=distinct_values(part.x))
    certificate, more = certify(smooth, search_of, limits, refit_without, refit)
    systems += more
    certificate |= {"rows": len(problem), "agreement": AGREEMENT, "chance": found.chance}
    if found.chance > LARGEST_CHANCE:
        _not_identified(certificate, f"the coefficients may be simple by accident (a chance of {found.chance:.1g})")
    if len(wrong) > (1 - MAJORITY) * len(problem):
        certificate["approximate"] = True
        del certificate["agreement"]
        off = f"approximate: {len(wrong)} of {len(problem)} rows are off by more than their uncertainty"
        if width is problem.uncertainty:
            _not_identified(certificate, f"{off}, {len(far)} of them by more than {NEAR} times that")
        else:
            noise = _relative_error(part, found.function)
            _not_identified(certificate, f"{off}; on the rows near it the formula is right to {noise:.1g}, relative")
    _remark(certificate, "the targets are known only to an uncertainty", disagreement(problem, solution.function))
    return Fit(solution.function, certificate, systems)


def _relative_error(problem: Problem, function: Function) -> float:
    """How far the targets are from the formula, relative to the targets: the largest of all rows."""
    above, below = problem.evaluate(function)
    value = (above / below).astype(float)
    size = np.maximum(np.abs(problem.target), np.finfo(float).tiny)
    return float(np.max(np.abs(value - problem.target)[problem.target != 0] / size[problem.target != 0], initial=0.0))


def _not_identified(certificate: dict[str, Any], reason: str) -> None:
    certificate["outcome"] = "fits"
    certificate["reasons"] = [*certificate["reasons"], reason]


def _remark(certificate: dict[str, Any], remark: str, said: dict[str, Any]) -> None:
    """Add a remark, and what is said of rows that disagree."""
    remarks = [*certificate.get("remarks", []), remark, *said.get("remarks", [])]
    certificate |= said | {"remarks": remarks}


def _named(problem: Problem, function: Function, row: int) -> dict[str, Any]:
    point = problem.x[row : row + 1]
    above, below = (int(part[0]) for part in problem.evaluate(function, point))
    return {
        "labels": problem.described(point[0].tolist()),
        "given": problem.quoted(row),
        "formula": str(Fraction(above, below)) if below else "undefined",
    }


class Rational(Engine):
    """Exact recovery of rational functions. It ignores settings (constant columns carry nothing) and seeds."""

    name = "rational"
    packages = ("python-flint", "numpy")
    options = {
        "max_degree": Option(int, 0),
        "max_unknowns": Option(int, 2),
        "spare_rows": Option(int, 1),
        "refit_without": Option(float, 0.0),
        "wrong_rows": Option(float, 0.0, 0.2),
    }
    uses_setting = False
    uses_seed = False

    @classmethod
    def availability(cls, asked: bool = False) -> Availability:
        return Availability(True)

    @classmethod
    def needs(cls, task: str, rows: int, options: Mapping[str, Any]) -> Needs:
        """160 MB and 1 to 3 CPU seconds for 14,000 rows; unknowns enter cubed, and 300 take well under a minute."""
        unknowns = options["max_unknowns"] / 300
        return Needs(mem_mb=100 + rows / 100, minutes=unknowns**3 * (0.5 + rows / 50_000))

    def advance(self, assignment: Assignment, progress: Progress) -> Progress:
        problem, options = assignment.problem, assignment.options
        limits = Limits(options["max_degree"], options["max_unknowns"], options["spare_rows"])
        found = fit(problem, limits, options["refit_without"], options.get("wrong_rows", 0.0))
        # The best constant is the front's trivial member: the formula's score is measured against it.
        candidates = [Candidate(repr(float(np.mean(problem.target))))]
        if found.function is not None:
            if not any(sum(powers) for part in found.function for powers in part):
                # A constant formula: among uncertain targets their mean would push it off the front.
                candidates = []
            candidates.append(Candidate(str(shortest(*found.function, problem.labels, problem.unary_operators))))
        said = candidates[-1].text if found.function else "; ".join(found.certificate["reasons"])
        assignment.log(f"{found.certificate['outcome']}: {said}")
        exact = found.function is not None and not found.certificate.get("wrong_rows_total")
        exact = exact and not found.certificate.get("agreement") and not found.certificate.get("approximate")
        return Progress(
            chunk=1,
            candidates=tuple(candidates),
            evaluations=found.systems,
            stop_reason="exact" if exact else "exhausted",
            extra={"certificate": found.certificate},
        )
