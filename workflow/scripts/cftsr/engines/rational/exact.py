"""The fit to targets that are exact: one formula through all rows, through all but a few, or several formulas."""

from __future__ import annotations

from dataclasses import replace

from cftsr.engines.base import Problem
from cftsr.engines.rational import factors, outliers, parts
from cftsr.engines.rational.description import formula_bits
from cftsr.engines.rational.fit import Fit
from cftsr.engines.rational.identification import certify, finite_labels
from cftsr.engines.rational.most_rows import through_most
from cftsr.engines.rational.search import Limits, search
from cftsr.fronts.certificate import WRONG_ROWS
from cftsr.vocabulary import IDENTIFIED

# So many times the unknowns, and so many rows more, and a function through all of them is no interpolant.
TIMES, MORE = 2, 10
# A longer one that the data do not determine may be several short ones: floor(n/3) on few values is a function, too.
# Beyond LONG unknowns each of the many searches for those would take minutes.
SHORT, LONG = 30, 100


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
        short = through_most(problem, agreement.rows, agreement.surprise, limits, refit_without, systems)
        if short is not None:
            if whole is None:
                return short
            first, second = sorted((short, whole), key=lambda option: option.bits)
            return replace(first, others=(second,))
    several = parts.fit(problem, limits, refit_without, share, whole, searched.reason)
    if several is not None:
        return several
    if whole is not None:
        return whole
    nothing, _ = certify(problem, searched, limits, refit_without)
    if agreement.reason:
        nothing = replace(nothing, reasons=(*nothing.reasons, agreement.reason), limit=WRONG_ROWS)
    return Fit(None, nothing, systems)
