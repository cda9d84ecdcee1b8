"""Several formulas, where one for all rows was not found or is longer: one for each residue of a label, or each sector.

Floor functions and signs (-1)^n are no rational functions, but are on the even and on the odd n. Labels of finitely
many values (sectors) may have a formula each. Each part has a certificate of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from cftsr.algebra.ansatz import FiniteLabels
from cftsr.algebra.shortest_form import shortest
from cftsr.engines.base import Problem
from cftsr.engines.rational import outliers
from cftsr.engines.rational.description import formula_bits
from cftsr.engines.rational.fit import NAMED, Fit
from cftsr.engines.rational.identification import certify
from cftsr.engines.rational.most_rows import through_most
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


def fit(
    problem: Problem, limits: Limits, refit_without: float, share: float, whole: Fit | None, why: str
) -> Fit | None:
    """One formula for each sector or residue class, where every class has one, shorter than the whole's.

    Classes are the residues of a label modulo 2 and 3, the parity of a sum of two labels, and the parities of two
    labels together. Where they are those of one label, a few rows of one class may be wrong.

    share   of the rows that may be wrong
    why     there is no formula for all rows; "" where there is one
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
        of_one_label = number < len(MODULI) * len(problem.labels)
        own = limits if of_one_label else replace(limits, max_unknowns=few)
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
        remark = f"{len(pieces)} formulas, by {remark}"
        result = _fitted(problem, pieces, own, refit_without, whole, remark, why, share if of_one_label else 0.0)
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
    problem: Problem,
    classes: list,
    limits: Limits,
    refit_without: float,
    whole: Fit | None,
    remark: str,
    why: str = "",
    share: float = 0.0,
) -> Fit | None:
    # A class with a formula of its own says that the classes are the right ones: only then may another have wrong rows.
    whole_bits = whole.bits if whole is not None else float("inf")
    fits: list[Fit | None] = []
    for rows, _, _ in classes:
        fits.append(_of_class(rows, limits, refit_without))
        if fits.count(None) > (1 if share else 0) or _bits(fits) >= whole_bits:
            return None
    for place, (rows, _, _) in enumerate(classes):
        if fits[place] is None:
            fits[place] = _of_most_rows(rows, limits, refit_without, share)
    found = [one for one in fits if one is not None and one.function is not None]
    if len(found) < len(classes) or _bits(found) >= whole_bits:
        return None
    if all(one.function == found[0].function for one in found):
        return None
    parts = [
        Part(condition, str(shortest(one.function, rows.labels, rows.unary_operators)), one.certificate, **which)
        for (rows, condition, which), one in zip(classes, found, strict=True)
        if one.function is not None
    ]
    wrong = sum(part.certificate.wrong_rows_total or 0 for part in parts)
    if wrong > outliers.tolerated(len(problem), share):
        return None
    untested = [f"{part.condition}: {reason}" for part in parts for reason in part.certificate.untested]
    certificate = Certificate(
        outcome=FITS if untested else IDENTIFIED,
        untested=tuple(untested),
        rows=len(problem),
        distinct_values={
            label: len(np.unique(column)) for label, column in zip(problem.labels, problem.x.T, strict=True)
        },
        wrong_rows=tuple(row for part in parts for row in part.certificate.wrong_rows)[:NAMED],
        wrong_rows_total=wrong or None,
        remarks=(remark, *([f"one formula for all rows: {why}"] if why else ())),
        parts=tuple(parts),
    )
    return Fit(None, certificate, sum(one.systems for one in found), bits=_bits(found))


def _bits(fits: Iterable[Fit | None]) -> float:
    return sum(one.bits for one in fits if one is not None)


def _of_class(rows: Problem, limits: Limits, refit_without: float) -> Fit | None:
    """The formula of a class, through all of its rows, if nothing speaks against it."""
    searched = search(rows, limits)
    if searched.solution is None or len(rows) < searched.solution.unknowns + SPARE_ROWS:
        return None
    certificate, more = certify(rows, searched, limits, refit_without)
    if certificate.reasons:
        return None
    function, unknowns = searched.solution.function, searched.solution.unknowns
    return Fit(function, certificate, searched.systems + more, bits=formula_bits(function, unknowns))


def _of_most_rows(rows: Problem, limits: Limits, refit_without: float, share: float) -> Fit | None:
    """The formula of a class that passes through all of its rows but a few, if that is evidence by itself."""
    agreement = outliers.agreeing_rows(rows, FiniteLabels(), limits, share)
    if agreement.rows is None:
        return None
    fitted = through_most(rows, agreement.rows, agreement.surprise, limits, refit_without, 0)
    return fitted if fitted is not None and fitted.certificate.outcome == IDENTIFIED else None
