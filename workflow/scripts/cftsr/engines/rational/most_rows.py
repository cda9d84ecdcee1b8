"""The fit to the rows that one function passes through, with the others named, and how far that is evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cftsr.engines.base import Problem
from cftsr.engines.rational import outliers
from cftsr.engines.rational.description import formula_bits, row_bits
from cftsr.engines.rational.fit import NAMED, Fit, wrong_row
from cftsr.engines.rational.identification import certify, finite_labels
from cftsr.engines.rational.search import Limits, Search, search
from cftsr.vocabulary import FITS

# Rows that agree beyond the unknowns where others disagree, before they are evidence without what was held out.
AGREEING = 8


def through_most(
    problem: Problem, rows: np.ndarray, surprise: float, limits: Limits, refit_without: float, systems: int
) -> Fit | None:
    """The fit to the rows that one function passes through; the others are named.

    surprise   -log2 of the chance that these rows agree by accident
    """
    part = problem.take(rows)
    searched: Search = search(part, limits, finite_labels(part))
    if searched.solution is None or any(searched.solution.relations) or searched.solution.dimension > 1:
        return None  # rows on few curves agree with much
    certificate, more = certify(part, searched, limits, refit_without)
    function, unknowns = searched.solution.function, searched.solution.unknowns
    wrong = problem.wrong_rows(function)
    reasons, untested = [*certificate.reasons], [*certificate.untested]
    if edge := at_an_edge(problem, wrong):
        reasons.append(
            f"the {len(wrong)} rows that disagree are all those of {edge}: the formula may hold elsewhere only"
        )
    if len(problem) - len(wrong) < unknowns + AGREEING or surprise < outliers.SURPRISING:
        untested.append(
            f"{len(problem) - len(wrong)} rows agree and {len(wrong)} disagree, where {unknowns + 1} are needed: what "
            "is held out must decide"
        )
    certificate = replace(
        certificate,
        outcome=FITS if reasons or untested else certificate.outcome,
        reasons=tuple(reasons),
        untested=tuple(untested),
        rows=len(problem),
        wrong_rows=tuple(wrong_row(problem, function, row) for row in wrong[:NAMED].tolist()),
        wrong_rows_total=len(wrong),
        remarks=(*certificate.remarks, disagreement(wrong, problem)),
    )
    bits = formula_bits(function, unknowns) + sum(row_bits(problem, row) for row in wrong.tolist())
    return Fit(function, certificate, systems + searched.systems + more, bits=bits)


def disagreement(wrong: np.ndarray, problem: Problem, by_more: str = "") -> str:
    verb = "disagrees" if len(wrong) == 1 else "disagree"
    return f"{len(wrong)} of {len(problem)} rows {verb}{by_more}"


def at_an_edge(problem: Problem, wrong: np.ndarray) -> str:
    """ "n <= 2", where the rows that disagree, two or more, are all those at one end of a label; else "".

    Misprints stand anywhere. A formula that fails for the smallest values of a label is another thing.
    """
    if len(wrong) < 2:
        return ""
    for column, label in enumerate(problem.labels):
        values = problem.x[:, column]
        inside = values[wrong]
        for sign, end in (("<=", inside.max()), (">=", inside.min())):
            beyond = values <= end if sign == "<=" else values >= end
            if np.count_nonzero(beyond) == len(wrong):
                return f"{label} {sign} {problem.value(column, end)}"
    return ""
