"""Several formulas, where one for all rows was not found or is longer: one for each residue of a label, or each sector.

Floor functions and signs (-1)^n are no rational functions, but are on the even and on the odd n. Labels of finitely
many values (sectors) may have a formula each. Each part has a certificate of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product

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


@dataclass(frozen=True)
class Residue:
    """Rows on which a sum of labels (as whole numbers) has a residue."""

    columns: tuple[int, ...]
    modulus: int
    value: int

    def mask(self, problem: Problem) -> np.ndarray:
        return problem.x[:, list(self.columns)].sum(axis=1) % self.modulus == self.value

    def in_words(self, problem: Problem) -> str:
        name = _name(problem, self.columns)
        class_name = CLASS_NAMES.get((self.modulus, self.value))
        return f"{name} {class_name}" if class_name else f"{name} = {self.value} modulo {self.modulus}"

    def as_values(self, problem: Problem) -> tuple[tuple[str, ...], int, int]:
        return tuple(problem.labels[column] for column in self.columns), self.modulus, self.value


def _name(problem: Problem, columns: tuple[int, ...]) -> str:
    scale = problem.scales[columns[0]] if problem.scales else 1
    name = "+".join(problem.labels[column] for column in columns)
    return name if scale == 1 else f"{scale}*{name}"


def fit(problem: Problem, limits: Limits, refit_without: float, whole: Fit | None, why: str) -> Fit | None:
    """One formula for each sector or residue class, where every class has one, shorter than the whole's.

    Classes are the residues of a label modulo 2 and 3, the parity of a sum of two labels, and the parities of two
    labels together.

    why   there is no formula for all rows; "" where there is one
    """
    sectors = _sectors(problem)
    if problem.finite_labels:
        by_sector = shorter_by_sector(problem, whole, limits, refit_without)
        if by_sector is not None or whole is not None or not sectors:
            return by_sector
    for number, (classes, remark) in enumerate(_partitions(problem)):
        pairs = list(product(classes, sectors or [(np.ones(len(problem), dtype=bool), {})]))
        masks = [
            np.all([inside, *(residue.mask(problem) for residue in residues)], axis=0)
            for residues, (inside, _) in pairs
        ]
        if not all(mask.any() for mask in masks):
            continue
        # Of many partitions, each has to explain more: two rows for each coefficient.
        few = min(limits.max_unknowns, min(int(np.count_nonzero(mask)) for mask in masks) // 2)
        own = limits if number < len(MODULI) * len(problem.labels) else replace(limits, max_unknowns=few)
        pieces = [
            (
                problem.take(mask).without_finite_labels(),
                ", ".join(
                    [*(residue.in_words(problem) for residue in residues), *([in_words(sector)] if sector else [])]
                ),
                {"residues": tuple(residue.as_values(problem) for residue in residues), "sector": sector or None},
            )
            for mask, (residues, (_, sector)) in zip(masks, pairs, strict=True)
        ]
        result = _fitted(problem, pieces, own, refit_without, whole, f"{len(pieces)} formulas, by {remark}", why)
        if result is not None:
            return result
    return None


def _partitions(problem: Problem) -> Iterator[tuple[list[tuple[Residue, ...]], str]]:
    """Classes of rows, each by one residue or two, and by what in words."""
    scales = problem.scales or (1,) * len(problem.labels)
    free = [column for column, label in enumerate(problem.labels) if label not in problem.finite_labels]
    whole = [column for column in free if scales[column] == 1]
    for modulus in MODULI:
        for column in whole if modulus > 2 else [i for i in free if scales[i] in (1, 2)]:
            name = _name(problem, (column,))
            remark = f"the parity of {name}" if modulus == 2 else f"{name} modulo {modulus}"
            yield [(Residue((column,), modulus, value),) for value in range(modulus)], remark
    for pair in combinations(whole, 2):
        yield [(Residue(pair, 2, value),) for value in (0, 1)], f"the parity of {_name(problem, pair)}"
    for one, other in combinations(whole, 2):
        names = f"{problem.labels[one]} and {problem.labels[other]}"
        yield (
            [(Residue((one,), 2, first), Residue((other,), 2, second)) for first, second in product((0, 1), repeat=2)],
            f"the parities of {names}",
        )


def _sectors(problem: Problem) -> list[tuple[np.ndarray, dict]]:
    """The rows of each joint value of the finite labels, and that value; none where a value has no row."""
    if not problem.finite_labels or not set(problem.finite_labels) < set(problem.labels):
        return []
    columns, sectors = [problem.labels.index(label) for label in problem.finite_labels], []
    for value in problem.finite_values:
        mask = np.all(problem.x[:, columns] == np.array(value), axis=1)
        if not mask.any():
            return []
        shown = problem.described(problem.x[np.flatnonzero(mask)[0]].tolist())
        sectors.append((mask, {label: shown[label] for label in problem.finite_labels}))
    return sectors


def shorter_by_sector(problem: Problem, whole: Fit | None, limits: Limits, refit_without: float) -> Fit | None:
    """One formula for each joint value of the finite labels, where that is shorter than one for all."""
    sectors = _sectors(problem)
    if not sectors:
        return None
    classes = [
        (problem.take(mask).without_finite_labels(), in_words(sector), {"sector": sector}) for mask, sector in sectors
    ]
    names = ", ".join(problem.finite_labels)
    return _fitted(problem, classes, limits, refit_without, whole, f"{len(classes)} formulas, one for each {names}")


def _fitted(
    problem: Problem, classes: list, limits: Limits, refit_without: float, whole: Fit | None, remark: str, why: str = ""
) -> Fit | None:
    parts, functions, systems, bits = [], [], 0, 0.0
    for rows, condition, which in classes:
        searched = search(rows, limits)
        systems += searched.systems
        if searched.solution is None or len(rows) < searched.solution.unknowns + SPARE_ROWS:
            return None
        function = searched.solution.function
        certificate, more = certify(rows, searched, limits, refit_without)
        if certificate.reasons:
            return None
        systems += more
        bits += formula_bits(function, searched.solution.unknowns)
        if whole is not None and bits >= whole.bits:
            return None
        functions.append(function)
        formula = str(shortest(function, rows.labels, rows.unary_operators))
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
