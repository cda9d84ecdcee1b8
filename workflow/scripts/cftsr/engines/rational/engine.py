"""The exact engine: find P/Q by linear algebra, and say whether the data determine it.

The targets are exact rational numbers N/D and the formulas rational functions P/Q of the labels. For given degrees
the coefficients of P and Q solve the homogeneous linear equations D*P(x) - N*Q(x) = 0, one for each row. The degrees
are raised, smallest number of unknowns first, until there is a solution; it is computed modulo primes, lifted to the
rationals, cancelled, and checked exactly on every row (`cftsr.engines.rational.search`).

Three answers are possible: *identified* (the data determine this formula among those of its degrees, with rows to
spare), *fits* (it is exact on every row, but so are others, or the data are too few or too special to tell), and
*none* (the search ended at a limit, which is named). What decides is in `cftsr.engines.rational.identification`.

Data need not be perfect, nor one formula dense. Where no function passes through all rows, or only one with nearly as
many coefficients as there are rows, three more are looked for: a product of linear factors (`factors`), one that passes
through all rows but a few, which are named (`outliers`), and several formulas, one for each residue of a label
(`parts`). Targets with an uncertainty are fitted by least squares, and the coefficients read as simple fractions
(`least_squares`) or as real numbers (`shape`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cftsr.algebra.shortest_form import shortest
from cftsr.engines.base import Assignment, Availability, Engine, Needs, Problem, Progress
from cftsr.engines.options import integer, number
from cftsr.engines.rational import exact, uncertain
from cftsr.engines.rational.fit import Fit
from cftsr.engines.rational.search import Limits
from cftsr.fronts.exactness import width_of
from cftsr.fronts.front import Candidate


def fit(problem: Problem, limits: Limits, refit_without: float, share: float) -> Fit:
    """Find the formula and decide whether the data determine it.

    share   of the rows that may be wrong; 0 for none
    """
    width = width_of(problem, sigmas=1)
    if width is None:
        return exact.fit(problem, limits, refit_without, share)
    return uncertain.fit(problem, width, limits, refit_without, share)


class Rational(Engine):
    """Exact recovery of rational functions. It ignores settings (constant columns carry nothing) and seeds."""

    name = "rational"
    title = "rational"
    colour, dash = "#0072B2", (1, 0)
    equations = 1
    packages = ("python-flint", "numpy")
    options = {
        "max_degree": integer(0),
        "max_unknowns": integer(2),
        "spare_rows": integer(1),
        "refit_without": number(0.0),
        "wrong_rows": number(0.0, 0.2),
    }
    uses_setting = False
    uses_seed = False

    @classmethod
    def availability(cls, named: bool = False) -> Availability:
        return Availability(True)

    @classmethod
    def needs(cls, task: str, rows: int, options: Mapping[str, Any]) -> Needs:
        """160 MB and 1 to 3 CPU seconds for 14,000 rows; unknowns enter cubed, and 300 take well under a minute."""
        unknowns = options["max_unknowns"] / 300
        return Needs(mem_mb=100 + rows / 100, minutes=unknowns**3 * (0.5 + rows / 50_000))

    def advance(self, assignment: Assignment, progress: Progress) -> Progress:
        problem, options = assignment.problem, assignment.options
        limits = Limits(options["max_degree"], options["max_unknowns"], options["spare_rows"])
        result = fit(problem, limits, options["refit_without"], options.get("wrong_rows", 0.0))
        # The best constant is the front's trivial member: the formula's score is measured against it.
        candidates = [Candidate(repr(float(np.mean(problem.target))))]
        if result.function is not None and not any(result.function.degrees):
            # A constant formula: among uncertain targets their mean would push it off the front.
            candidates = []
        fits = [answer for answer in (*result.others, result) if answer.has_formula]
        texts = {id(answer): _text(answer, problem) for answer in fits}
        candidates += [Candidate(texts[id(answer)]) for answer in fits]
        certificate = result.certificate.as_dict()
        formula = texts.get(id(result), "")
        assignment.log(f"{result.certificate.outcome}: {formula or '; '.join(result.certificate.reasons)}")
        extra: dict[str, Any] = {"certificate": certificate}
        if formula:
            extra["formula"] = formula
        if result.others:
            extra["others"] = [
                {"formula": texts[id(answer)], "certificate": answer.certificate.as_dict()} for answer in result.others
            ]
        return Progress(
            chunk=1,
            candidates=tuple(candidates),
            evaluations=result.systems,
            stop_reason="exact" if result.exact else "exhausted",
            extra=extra,
        )


def _text(result: Fit, problem: Problem) -> str:
    if result.function is None:
        return str(result.expression)
    return str(shortest(result.function, problem.labels, problem.unary_operators))
