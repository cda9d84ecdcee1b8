"""Several formulas, where one for all rows was not found or is longer: one for each residue of a label, or each sector.

Floor functions and signs (-1)^n are no rational functions, but are on the even and on the odd n. Labels of finitely
many values (sectors) may have a formula each. Each part has a certificate of its own.
"""

from __future__ import annotations

import numpy as np

from cftsr.algebra.shortest_form import shortest
from cftsr.engines.base import Problem
from cftsr.engines.rational.description import formula_bits
from cftsr.engines.rational.fit import Fit
from cftsr.engines.rational.identification import certify
from cftsr.engines.rational.search import Limits, search
from cftsr.fronts.certificate import Certificate, Part, in_words
from cftsr.vocabulary import FITS, IDENTIFIED

MODULI = (2, 3)
SPARE_ROWS = 4  # in each part, beyond the unknowns
CLASS_NAMES = {(2, 0): "even", (2, 1): "odd"}


def fit(problem: Problem, limits: Limits, refit_without: float, whole: Fit | None, why: str) -> Fit | None:
    """One formula for each residue of a label modulo 2 or 3, where every class has one, shorter than the whole's.

    why   there is no formula for all rows; "" where there is one
    """
    if problem.finite_labels:
        return None
    for modulus in MODULI:
        for column, label in enumerate(problem.labels):
            if problem.scales and problem.scales[column] != 1:
                continue
            residue = (problem.x[:, column] % modulus).astype(int)
            classes = [(residue == value, value) for value in range(modulus)]
            if not all(mask.any() for mask, _ in classes):
                continue
            result = _fitted(
                problem,
                [
                    (problem.take(mask), _condition(label, modulus, value), {"modulus": (label, modulus, value)})
                    for mask, value in classes
                ],
                limits,
                refit_without,
                whole,
                f"{len(classes)} formulas, by the parity of {label}"
                if modulus == 2
                else f"{len(classes)} formulas, by {label} modulo {modulus}",
                why,
            )
            if result is not None:
                return result
    return None


def shorter_by_sector(problem: Problem, whole: Fit, limits: Limits, refit_without: float) -> Fit | None:
    """One formula for each joint value of the finite labels, where that is shorter than one for all."""
    if not problem.finite_labels or not set(problem.finite_labels) < set(problem.labels):
        return None
    columns = [problem.labels.index(label) for label in problem.finite_labels]
    classes = []
    for value in problem.finite_values:
        mask = np.all(problem.x[:, columns] == np.array(value), axis=1)
        if not mask.any():
            return None
        said = problem.described(problem.x[np.flatnonzero(mask)[0]].tolist())
        sector = {label: said[label] for label in problem.finite_labels}
        classes.append((problem.take(mask).without_finite_labels(), in_words(sector), {"sector": sector}))
    names = ", ".join(problem.finite_labels)
    return _fitted(problem, classes, limits, refit_without, whole, f"{len(classes)} formulas, one for each {names}")


def _condition(label: str, modulus: int, value: int) -> str:
    name = CLASS_NAMES.get((modulus, value))
    return f"{label} {name}" if name else f"{label} = {value} modulo {modulus}"


def _fitted(
    problem: Problem, classes: list, limits: Limits, refit_without: float, whole: Fit | None, remark: str, why: str = ""
) -> Fit | None:
    parts, functions, systems, bits = [], [], 0, 0.0
    for rows, condition, which in classes:
        found = search(rows, limits)
        systems += found.systems
        if found.solution is None or len(rows) < found.solution.unknowns + SPARE_ROWS:
            return None
        function = found.solution.function
        certificate, more = certify(rows, found, limits, refit_without)
        if certificate.reasons:
            return None
        systems += more
        bits += formula_bits(function, found.solution.unknowns)
        if whole is not None and bits >= whole.bits:
            return None
        functions.append(function)
        formula = str(shortest(*function, rows.labels, rows.unary_operators))
        parts.append(Part(condition, formula, certificate, **which))
    if all(function == functions[0] for function in functions):
        return None
    reasons = [f"{part.condition}: {reason}" for part in parts for reason in part.certificate.reasons]
    untested = [f"{part.condition}: {reason}" for part in parts for reason in part.certificate.untested]
    certificate = Certificate(
        outcome=FITS if reasons or untested else IDENTIFIED,
        reasons=tuple(reasons),
        untested=tuple(untested),
        rows=len(problem),
        distinct_values={
            label: len(np.unique(column)) for label, column in zip(problem.labels, problem.x.T, strict=True)
        },
        remarks=(remark, *([f"one formula for all rows: {why}"] if why else ())),
        parts=tuple(parts),
    )
    return Fit(None, certificate, systems, bits=bits)
