"""Whether the rows determine the formula that passes through them: the exact engine's certificate.

Not identified, with the reason, where another function of the same degrees is exact on every row; where the rows lie on
a hypersurface of the degrees in question; where a label takes too few values for its degree to be tested; or where the
fit without the largest theories, or without the largest values of one label, finds something else.

Labels that are declared finite (`ansatz.FiniteLabels`) split the question: a function of them and of the other labels
is one function of the others for each of their joint values. Every joint value must occur, and for each of them the
rows that have it must identify the formula in the other labels by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np

from cftsr.algebra.ansatz import FiniteLabels
from cftsr.algebra.polynomials import Polynomial, add, multiply
from cftsr.algebra.rational_function import RationalFunction
from cftsr.algebra.shortest_form import shortest
from cftsr.engines.base import Problem
from cftsr.engines.rational.search import Limits, Rival, Search, Solution, another, search
from cftsr.errors import UserError
from cftsr.fronts.certificate import SPARE_VALUES, Certificate, Refit, Slice, in_words, no_formula
from cftsr.vocabulary import FITS, IDENTIFIED, NONE

# A label with so many times the values that its degree needs is not left out in part and fitted again.
AMPLE = 2
FEW_VALUES = 3  # of a label that may have no others: a sign, a parity, a sector
# How many rows are looked at for one near which two formulas differ, and how far from it.
DECIDING_ROWS, DECIDING_STEPS = 2_000, 5

# Given the indices of rows, the function that a fit to them finds, or None; and how many linear systems that took.
Refitter = Callable[[np.ndarray], tuple[RationalFunction | None, int]]


def finite_labels(problem: Problem) -> FiniteLabels:
    """The problem's finite labels. Raises UserError where a row has a joint value that is not declared."""
    # A task without states has none of the labels of states.
    if not problem.finite_labels or not set(problem.finite_labels) <= set(problem.labels):
        return FiniteLabels()
    columns = tuple(map(problem.labels.index, problem.finite_labels))
    scales = tuple(problem.scales[column] for column in columns) if problem.scales else ()
    finite = FiniteLabels(columns, problem.finite_values, scales)
    outside = ~np.any(list(finite.slices(problem.x).values()), axis=0)
    if outside.any():
        shown = problem.described(problem.x[np.flatnonzero(outside)[0]].tolist())
        raise UserError(
            f"a row has {in_words({label: shown[label] for label in problem.finite_labels})}, which is none of the "
            f"values declared for the finite labels {', '.join(problem.finite_labels)}; declare it, or correct the row"
        )
    return finite


def _theory_numbers(problem: Problem) -> np.ndarray:
    theory = problem.x[:, : problem.theory_labels]
    starts = np.concatenate([[True], np.any(theory[1:] != theory[:-1], axis=1)])
    return np.cumsum(starts) - 1


def largest_theories(problem: Problem, share: float) -> np.ndarray:
    """A mask of the rows that belong to the last `share` of the theories (at least one of them)."""
    number = _theory_numbers(problem)
    theories = int(number[-1]) + 1
    return number >= theories - max(1, round(share * theories))


def largest(problem: Problem, share: float, needed: dict[str, int]) -> dict[str, np.ndarray]:
    """The rows to leave out in turn, as masks: those of the largest theories, and of a label's largest values.

    The largest theories alone will not do: M(8,3) and M(9,2) test nothing in q after M(6,5). A label that takes
    twice the values `needed` is tested well enough by the fit itself.
    """
    masks = {"the largest theories": largest_theories(problem, share)}
    for label, column in zip(problem.labels, problem.x.T, strict=True):
        if label not in needed:
            continue
        values = np.unique(column)
        if len(values) >= AMPLE * needed[label]:
            continue
        mask = column >= values[-min(len(values), max(1, round(share * len(values))))]
        if not any(np.array_equal(mask, other) for other in masks.values()):
            masks[f"the largest {label}"] = mask
    return masks


def certify(
    problem: Problem, searched: Search, limits: Limits, refit_without: float, refit: Refitter | None = None
) -> tuple[Certificate, int]:
    """Decide whether the data determine the formula; returns the certificate and how many systems were solved.

    problem        its targets are those that the formula passes through, exactly
    refit_without  share of the largest theories, and of a label's largest values, to leave out in turn
    refit          how a fit to some of the rows is done; None for the exact search
    """
    finite = finite_labels(problem)
    solution, labels = searched.solution, problem.labels
    distinct = dict(zip(labels, searched.distinct, strict=True))
    if solution is None:
        return no_formula(searched.reason, searched.limit, len(problem), distinct), 0
    reasons: list[str] = []
    untested: list[str] = []
    others = {label: i for i, label in enumerate(labels) if i not in finite.columns}
    tested = {label: sum(solution.function.degrees_in(i)) + 1 + SPARE_VALUES for label, i in others.items()}
    # Of a finite label, all values that it has.
    everywhere = {labels[column]: len({v[place] for v in finite.values}) for place, column in enumerate(finite.columns)}
    needed = {label: tested[label] if label in tested else everywhere[label] for label in labels}
    rival: Rival | None = None
    slices: list[Slice] = []
    systems = 0
    if finite.columns:
        slices, systems, rival = _certify_slices(problem, solution, finite, limits, refit_without, refit)
        for part in slices:
            where = in_words(part.labels)
            reasons += [f"where {where}: {reason}" for reason in part.certificate.reasons]
            untested += [f"where {where}: {reason}" for reason in part.certificate.untested]
    else:
        if sum(solution.relations):
            reasons.append(
                f"the rows lie on {sum(solution.relations)} independent hypersurface(s) of the formula's degrees: "
                "formulas that differ elsewhere agree on them"
            )
        if solution.dimension > 1:
            reasons.append(f"a {solution.dimension}-dimensional space of formulas of degrees {solution.degrees} fits")
        for label, values in distinct.items():
            if values < needed[label] - SPARE_VALUES + 1:
                hint = f" (or --finite {label}, if it has no others)" if 1 < values <= FEW_VALUES else ""
                reasons.append(
                    f"{label} takes {values} value(s); {needed[label]} are needed to test the formula in it{hint}"
                )
            elif values < needed[label]:
                untested.append(
                    f"{label} takes {values} values, and {needed[label]} are needed to test the formula in it: on so "
                    "few a formula of higher degree may look like this one"
                )
    refits = []
    # The slices have been tested label by label.
    left_out = largest(problem, refit_without, {} if finite.columns else tested)
    for what, mask in left_out.items():
        function, kept = None, np.flatnonzero(~mask)
        if len(kept) < solution.unknowns + 1 and not finite.columns:
            refits.append(Refit(what, len(kept), int(mask.sum()), None))
            untested.append(
                f"without the {int(mask.sum())} rows of {what} {len(kept)} are left, too few to find the formula "
                f"again ({solution.unknowns + 1} needed)"
            )
            continue
        if len(kept):
            function, more = (refit or exact_refit(problem, limits))(kept)
            systems += more
        same = function is not None and finite.same(solution.function, function)
        if refit and function is None and not finite.columns:
            # Coefficients of rounded targets are read only where they are sharp enough: that is no contradiction.
            refits.append(Refit(what, len(kept), int(mask.sum()), None))
            untested.append(
                f"without the {int(mask.sum())} rows of {what} the digits of the others are too few to find it again"
            )
            continue
        refits.append(Refit(what, len(kept), int(mask.sum()), same))
        if not same:
            finds = "no formula" if function is None else "another formula"
            reasons.append(f"without the {int(mask.sum())} rows of {what} the fit finds {finds}")
    certificate = Certificate(
        outcome=FITS if reasons or untested else IDENTIFIED,
        reasons=tuple(reasons),
        untested=tuple(untested),
        rows=len(problem),
        distinct_values=distinct,
        degrees=solution.degrees,
        unknowns=solution.unknowns,
        rows_needed=solution.unknowns + 1,
        rows_used=solution.rows_used,
        dimension=solution.dimension,
        relations=solution.relations,
        values_needed=needed,
        refits=tuple(refits),
        slices=tuple(slices),
    )
    if reasons:
        scarce = [i for label, i in others.items() if distinct[label] < needed[label]]
        rival = _rival(problem, solution, searched.distinct, finite, limits, scarce, rival)
        certificate = _competition(certificate, problem, solution, rival)
    return certificate, systems


def exact_refit(problem: Problem, limits: Limits) -> Refitter:
    finite = finite_labels(problem)

    def refit(kept: np.ndarray) -> tuple[RationalFunction | None, int]:
        searched = search(problem.take(kept), limits, finite)
        return (searched.solution.function if searched.solution else None), searched.systems

    return refit


# ---- finite labels


def _certify_slices(
    problem: Problem,
    solution: Solution,
    finite: FiniteLabels,
    limits: Limits,
    refit_without: float,
    refit: Refitter | None,
) -> tuple[list[Slice], int, Rival | None]:
    """What is known for each joint value of the finite labels, the systems solved, and another function or None."""
    slices, systems, rival = [], 0, None
    for value, mask in finite.slices(problem.x).items():
        fixed = finite.fixed(value)
        here = solution.function.restricted(fixed)
        other: Rival | None = None
        if not mask.any():
            certificate = Certificate(NONE, ("there is no row, so nothing is known of the formula there",))
            # Any function is possible where there is no row: one more than the formula's value, or 1 where it has none.
            constant = _one(len(problem.labels) - len(fixed))
            other = Rival(here + constant if here.denominator else constant, solution.degrees)
        elif len(finite.columns) == len(problem.labels):
            reason = "a single value is no test of a formula: all labels are finite"
            certificate = Certificate(FITS, (reason,), rows=int(mask.sum()))
        else:
            rows = np.flatnonzero(mask)
            part = problem.take(rows).without_finite_labels()
            piece = search(part, limits)
            own = refit and _in_slice(refit, rows, fixed)
            certificate, more = certify(part, piece, limits, refit_without, own)
            systems += piece.systems + more
            if piece.solution is not None and not piece.solution.function.same_as(here):
                reasons = ("these rows alone lead to another formula", *certificate.reasons)
                certificate = replace(certificate, outcome=FITS, reasons=reasons)
                other = Rival(piece.solution.function, piece.solution.degrees)
            elif piece.solution is not None and piece.solution.competitor is not None:
                other = Rival(piece.solution.competitor, piece.solution.degrees)
        slices.append(Slice(_joint_value(problem, finite, value), certificate))
        if rival is None and other is not None:
            changed = _changed_in_slice(solution.function, other.function, value, finite, len(problem.labels))
            rival = Rival(changed, other.degrees)
    return slices, systems, rival


def _one(variables: int) -> RationalFunction:
    return RationalFunction({(0,) * variables: 1}, {(0,) * variables: 1})


def _in_slice(refit: Refitter, rows: np.ndarray, fixed: Mapping[int, int | Fraction]) -> Refitter:
    """A refit to some of the rows of a slice, by their places among these; the function of the other labels."""

    def of_slice(kept: np.ndarray) -> tuple[RationalFunction | None, int]:
        function, systems = refit(rows[kept])
        here = function and function.restricted(fixed)
        return (here.cancelled() if here and here.denominator else None), systems

    return of_slice


def _changed_in_slice(
    function: RationalFunction, other: RationalFunction, value: tuple[int, ...], finite: FiniteLabels, variables: int
) -> RationalFunction:
    """The function with `other` (of the other labels) in its place at one joint value of the finite labels."""
    kept = [column for column in range(variables) if column not in finite.columns]
    step, here = other, function.restricted(finite.fixed(value))
    if here.denominator:
        step -= here
    step = step.widened(kept, variables).cancelled()
    return (function + step * finite.indicator(value, variables)).cancelled()


# ---- another formula, and the measurement that would decide


def _rival(
    problem: Problem,
    solution: Solution,
    distinct: list[int],
    finite: FiniteLabels,
    limits: Limits,
    scarce: list[int],
    in_slice: Rival | None,
) -> Rival | None:
    """Another function that is exact on every row, of the same degrees if there is one.

    scarce   the columns of labels that take too few values
    """
    if solution.competitor is not None:
        return Rival(solution.competitor, solution.degrees)
    through_few = _through_few_values(problem, solution.function, scarce)
    exact = [function for function in through_few if not len(problem.wrong_rows(function))]
    for function in exact:
        if function.degrees[0] <= solution.degrees[0]:
            return Rival(function, solution.degrees)
    if in_slice is not None and not len(problem.wrong_rows(in_slice.function)):
        return Rival(in_slice.function, in_slice.function.degrees)
    further = another(problem, solution, distinct, limits, finite)
    if further is not None or not exact:
        return further
    return Rival(exact[0], exact[0].degrees)


def _through_few_values(problem: Problem, function: RationalFunction, scarce: list[int]) -> Iterator[RationalFunction]:
    """The formula with a multiple of prod(label - value) added, for each label that takes too few values."""
    above, below = function
    variables = len(problem.labels)
    for column in scarce:
        vanishing: Polynomial = {(0,) * variables: 1}
        linear = tuple(int(i == column) for i in range(variables))
        for value in problem.values(column):
            terms = ((linear, value.denominator), ((0,) * variables, -value.numerator))
            factor = {key: coefficient for key, coefficient in terms if coefficient}
            vanishing = multiply(vanishing, factor)
        yield RationalFunction(add(above, vanishing), below).cancelled()


def _competition(
    certificate: Certificate,
    problem: Problem,
    solution: Solution,
    rival: Rival | None,
) -> Certificate:
    """The certificate with what it says of the other formula, and where to measure."""
    if rival is None:
        remark = "no other formula of these or the next degrees is known that fits every row"
        return replace(certificate, remarks=(*certificate.remarks, remark))
    remarks = certificate.remarks
    if rival.degrees != solution.degrees:
        remarks = (*remarks, f"the other formula is of degrees {rival.degrees[0]} over {rival.degrees[1]}")
    labels, values = deciding(problem, solution.function, rival.function) or (None, None)
    return replace(
        certificate,
        remarks=remarks,
        competing_formula=str(shortest(rival.function, problem.labels, problem.unary_operators)),
        competing_degrees=rival.degrees,
        competing_formula_differs=True,
        deciding_labels=labels,
        deciding_values=values,
    )


def deciding(
    problem: Problem, one: RationalFunction, other: RationalFunction
) -> tuple[dict[str, int | str], tuple[str, ...]] | None:
    """A label tuple near the data at which two functions differ, and both values there as fractions.

    Both pass through every row, so it is none of them. Looked for, in this order: a joint value of the finite labels
    that no row has; one label of a row raised by 1, theory labels first (the same field in a larger theory), rows of
    the largest theories first; then raised by 2, and so on.
    """
    finite = finite_labels(problem)
    order = np.lexsort([np.arange(len(problem)), -_theory_numbers(problem)])[:DECIDING_ROWS]
    base = problem.x[order]
    for points in _near(base, problem, finite):
        values = [
            tuple(part.astype(object) for part in problem.evaluate(function, points)) for function in (one, other)
        ]
        (a, b), (c, d) = values
        differ = np.flatnonzero((b != 0) & (d != 0) & (a * d != c * b))
        if len(differ):
            i = int(differ[0])
            return problem.described(points[i].tolist()), tuple(
                str(Fraction(int(above[i]), int(below[i]))) for above, below in values
            )
    return None


def _near(base: np.ndarray, problem: Problem, finite: FiniteLabels) -> Iterator[np.ndarray]:
    for value, mask in finite.slices(problem.x).items() if finite.columns else ():
        if not mask.any():
            points = base.copy()
            points[:, list(finite.columns)] = value
            yield points
    for step in range(1, DECIDING_STEPS + 1):
        for column in range(len(problem.labels)):
            if column not in finite.columns:
                points = base.copy()
                points[:, column] += step
                yield points


def _joint_value(problem: Problem, finite: FiniteLabels, value: tuple[int, ...]) -> dict[str, int | str]:
    point = [0] * len(problem.labels)
    for column, whole in zip(finite.columns, value, strict=True):
        point[column] = whole
    shown = problem.described(point)
    return {problem.labels[column]: shown[problem.labels[column]] for column in finite.columns}
