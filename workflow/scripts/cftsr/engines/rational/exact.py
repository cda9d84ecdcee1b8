"""The fit to targets that are exact: one formula through all rows, through all but a few, or several formulas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cftsr.engines.base import Problem
from cftsr.engines.rational import factors, outliers, parts
from cftsr.engines.rational.description import formula_bits, row_bits
from cftsr.engines.rational.fit import NAMED, Fit, wrong_row
from cftsr.engines.rational.identification import certify, finite_labels
from cftsr.engines.rational.search import Limits, Search, search
from cftsr.fronts.certificate import WRONG_ROWS
from cftsr.vocabulary import FITS, IDENTIFIED

# So many times the unknowns, and so many rows more, and a function through all of them is no interpolant.
TIMES, MORE = 2, 10
# A longer one that the data do not determine may be several short ones: floor(n/3) on few values is a function, too.
# Beyond LONG unknowns each of the many searches for those would take minutes.
SHORT, LONG = 30, 100
# Rows that agree beyond the unknowns where others disagree, before they are evidence without what was held out.
AGREEING = 8


def fit(problem: Problem, limits: Limits, refit_without: float, share: float) -> Fit:
    finite = finite_labels(problem)
    searched = search(problem, limits, finite)
    whole: Fit | None = None
    systems = searched.systems
    if searched.solution is not None:
        certificate, more = certify(problem, searched, limits, refit_without)
        function, unknowns = searched.solution.function, searched.solution.unknowns
        systems += more
        whole = Fit(function, certificate, systems, bits=formula_bits(function, unknowns))
        several_are_likelier = certificate.outcome != IDENTIFIED and SHORT < unknowns <= LONG
        if len(problem) >= TIMES * unknowns + MORE and not several_are_likelier:
            return parts.shorter_by_sector(problem, whole, limits, refit_without) or whole
    if whole is None or whole.certificate.outcome != IDENTIFIED:
        product = factors.fit(problem, searched, refit_without)
        if product is not None and (whole is None or product.bits < whole.bits):
            return product
    below = searched.solution.unknowns if searched.solution else None
    agreement = outliers.agreeing_rows(problem, finite, limits, share, below)
    if agreement.rows is not None:
        short = _through_most(problem, agreement.rows, agreement.surprise, limits, refit_without, systems)
        if short is not None:
            if whole is None:
                return short
            first, second = sorted((short, whole), key=lambda option: option.bits)
            return replace(first, others=(second,))
    several = parts.fit(problem, limits, refit_without, whole, searched.reason)
    if several is not None:
        return several
    if whole is not None:
        return whole
    nothing, _ = certify(problem, searched, limits, refit_without)
    if agreement.reason:
        nothing = replace(nothing, reasons=(*nothing.reasons, agreement.reason), limit=WRONG_ROWS)
    return Fit(None, nothing, systems)


def _through_most(
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
