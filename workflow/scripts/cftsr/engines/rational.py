"""The exact engine: find P/Q by linear algebra, and say whether the data determine it.

The targets are exact rational numbers N/D and the formulas rational functions P/Q of the labels. For given degrees
the coefficients of P and Q solve the homogeneous linear equations D*P(x) - N*Q(x) = 0, one a row. The degrees are
raised, smallest number of unknowns first, until there is a solution; it is computed modulo primes, lifted to the
rationals, cancelled, and checked exactly on every row.

Three answers are possible: *identified* (the data determine this formula among those of its degrees, with rows to
spare), *fits* (it is exact on every row, but so are others, or the data are too few or too special to tell), and
*none* (no rational function with up to `max_unknowns` coefficients passes through the rows).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cftsr import modular
from cftsr.engines.base import Assignment, Availability, Engine, Option, Problem, Progress
from cftsr.forms import shortest
from cftsr.interpolation import Rows, equations, function_of, solutions
from cftsr.polynomials import Polynomial, monomials, multiply
from cftsr.selection import Candidate

# A label with so many times the values that its degree needs is not left out in part and fitted again.
AMPLE = 2


@dataclass
class Solution:
    """A rational function exact on every row, and what the linear algebra says about its neighbours.

    dimension   of the solution space at these degrees, without the solutions with P = Q = 0 on every row
    relations   (of P, of Q): dimension of the polynomials of that degree that vanish on every row
    competitor  another function of the same degrees, exact on every row too, if there is one
    """

    numerator: Polynomial
    denominator: Polynomial
    degrees: tuple[int, int]
    unknowns: int
    rows_used: int
    dimension: int
    relations: tuple[int, int]
    competitor: tuple[Polynomial, Polynomial] | None = None


@dataclass
class Search:
    """The outcome of raising the degrees: a solution, or why there is none."""

    solution: Solution | None
    systems: int
    reason: str = ""
    distinct: list[int] = field(default_factory=list)


def degree_classes(
    variables: int, distinct: list[int], max_degree: int, max_unknowns: int
) -> list[tuple[tuple[int, int], list, list]]:
    """(degrees, monomials of P, monomials of Q), fewest unknowns first.

    A label that takes v values satisfies a polynomial of degree v, so its exponent stays below v. Classes that this
    cap makes equal appear once.
    """
    by_degree = [
        [item for item in monomials(variables, degree) if all(e < v for e, v in zip(item, distinct, strict=True))]
        for degree in range(max_degree + 1)
        # The count grows with the degree: what cannot fit is not built.
        if degree == 0 or len(monomials(variables, degree - 1)) <= max_unknowns
    ]
    classes: dict[tuple[int, int], tuple] = {}
    for i, above in enumerate(by_degree):
        for j, below in enumerate(by_degree):
            if len(above) + len(below) <= max_unknowns:
                classes.setdefault((len(above), len(below)), ((i, j), above, below))
    return sorted(classes.values(), key=lambda item: (len(item[1]) + len(item[2]), item[0][1]))


def search(rows: Rows, max_degree: int, max_unknowns: int, spare_rows: int) -> Search:
    """Raise the degrees until a rational function passes through every row.

    rows in any order; they are shuffled with a fixed seed, so that a part of them is a fair sample.
    """
    shuffled = rows.shuffled()
    distinct = [len(np.unique(column)) for column in rows.x.T]
    prime, systems, reason = modular.PRIMES[0], 0, ""
    for degrees, above, below in degree_classes(rows.x.shape[1], distinct, max_degree, max_unknowns):
        unknowns = len(above) + len(below)
        if len(rows) < unknowns + 1:
            reason = f"degrees {degrees} have {unknowns} unknowns, and there are only {len(rows)} rows"
            break
        systems += 1
        used = np.arange(min(len(rows), unknowns + spare_rows))
        if modular.rank(equations(shuffled.take(used), above, below, prime), prime) == unknowns:
            continue
        solution = _solve(shuffled, used, degrees, above, below)
        if solution is not None:
            return Search(solution, systems, distinct=distinct)
    return Search(None, systems, reason or f"no rational function with up to {max_unknowns} coefficients", distinct)


def _solve(rows: Rows, used: np.ndarray, degrees: tuple[int, int], above: list, below: list) -> Solution | None:
    """The solutions at these degrees that are exact on all rows; more rows are used until that is settled."""
    unknowns, prime = len(above) + len(below), modular.PRIMES[0]
    used = np.arange(min(len(rows), max(len(used), 4 * unknowns + 200)))
    while True:
        part = rows.take(used)
        relations = tuple(
            len(items) - modular.rank(modular.monomial_values(part.x, items, prime), prime) for items in (above, below)
        )
        dimension = unknowns - modular.rank(equations(part, above, below, prime), prime) - sum(relations)
        if dimension <= 0:
            return None
        functions, offending = [], np.array([], dtype=int)
        for vector in solutions(part, above, below):
            function = function_of(vector, above, below)
            if function is None or function in functions:
                continue
            wrong = rows.wrong(*function)
            if not len(wrong):
                functions.append(function)
                if len(functions) == 2:
                    break
            else:
                offending = wrong if not len(offending) else offending
        if functions:
            return Solution(
                *functions[0],
                degrees=degrees,
                unknowns=unknowns,
                rows_used=len(used),
                dimension=dimension,
                relations=relations,
                competitor=functions[1] if len(functions) > 1 else None,
            )
        fresh = np.setdiff1d(offending, used)[:unknowns]
        if not len(fresh):
            return None
        used = np.concatenate([used, fresh])


def degrees_in(polynomial: Polynomial, column: int) -> int:
    return max((exponents[column] for exponents in polynomial), default=0)


def largest_theories(problem: Problem, share: float) -> np.ndarray:
    """A mask of the rows that belong to the last `share` of the theories (at least one of them)."""
    theory = problem.x[:, : problem.theory_labels]
    starts = np.concatenate([[True], np.any(theory[1:] != theory[:-1], axis=1)])
    number = np.cumsum(starts) - 1
    theories = int(number[-1]) + 1
    return number >= theories - max(1, round(share * theories))


def largest(problem: Problem, share: float, needed: dict[str, int]) -> dict[str, np.ndarray]:
    """The rows to leave out in turn, as masks: those of the largest theories, and of a label's largest values.

    The largest theories alone will not do: M(8,3) and M(9,2) test nothing in q after M(6,5). A label that takes
    twice the values `needed` is tested well enough by the fit itself.
    """
    masks = {"the largest theories": largest_theories(problem, share)}
    for label, column in zip(problem.labels, problem.x.T, strict=True):
        values = np.unique(column)
        if len(values) >= AMPLE * needed[label]:
            continue
        mask = column >= values[-min(len(values), max(1, round(share * len(values))))]
        if not any(np.array_equal(mask, other) for other in masks.values()):
            masks[f"the largest {label}"] = mask
    return masks


def certify(problem: Problem, found: Search, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Decide whether the data determine the formula; returns the certificate and how many systems were solved.

    Not identified, with the reason, where another function of the same degrees is exact on every row; where the rows
    lie on a hypersurface of the degrees in question; where a label takes too few values for its degree to be tested;
    or where the fit without the largest theories, or without the largest values of one label, finds something else.
    """
    solution, labels = found.solution, problem.labels
    certificate: dict[str, Any] = {
        "rows": len(problem),
        "distinct_values": dict(zip(labels, found.distinct, strict=True)),
    }
    if solution is None:
        return certificate | {"outcome": "none", "reasons": [found.reason]}, 0
    reasons = []
    if sum(solution.relations):
        reasons.append(
            f"the rows lie on {sum(solution.relations)} independent hypersurface(s) of the formula's degrees: "
            "formulas that differ elsewhere agree on them"
        )
    if solution.dimension > 1:
        reasons.append(f"a {solution.dimension}-dimensional space of formulas of degrees {solution.degrees} fits")
    needed = {
        label: degrees_in(solution.numerator, i) + degrees_in(solution.denominator, i) + 2
        for i, label in enumerate(labels)
    }
    for label, values in certificate["distinct_values"].items():
        if values < needed[label]:
            reasons.append(f"{label} takes {values} value(s); {needed[label]} are needed to test the formula in it")
    refits, systems = [], 0
    for what, left_out in largest(problem, options["refit_without"], needed).items():
        refit, kept = None, np.flatnonzero(~left_out)
        if len(kept):
            found_again = search(Rows(problem.x, problem.numerator, problem.denominator).take(kept), **limits(options))
            refit, systems = found_again.solution, systems + found_again.systems
        same = refit is not None and (refit.numerator, refit.denominator) == (solution.numerator, solution.denominator)
        refits.append({"without": what, "rows": len(kept), "rows_left_out": int(left_out.sum()), "same_formula": same})
        if not same:
            finds = "no formula" if refit is None else "another formula"
            reasons.append(f"without the {int(left_out.sum())} rows of {what} the fit finds {finds}")
    certificate |= {
        "outcome": "fits" if reasons else "identified",
        "reasons": reasons,
        "degrees": list(solution.degrees),
        "unknowns": solution.unknowns,
        "rows_needed": solution.unknowns + 1,
        "rows_used": solution.rows_used,
        "dimension": solution.dimension,
        "relations": list(solution.relations),
        "values_needed": needed,
        "refits": refits,
    }
    if solution.competitor is not None:
        certificate["competing_formula"] = str(shortest(*solution.competitor, problem.labels, problem.unary_operators))
        certificate["competing_formula_differs"] = multiply(solution.numerator, solution.competitor[1]) != multiply(
            solution.competitor[0], solution.denominator
        )
    return certificate, systems


def limits(options: dict[str, Any]) -> dict[str, int]:
    return {key: options[key] for key in ("max_degree", "max_unknowns", "spare_rows")}


class Rational(Engine):
    """Exact recovery of rational functions. It ignores settings (constant columns carry nothing) and seeds."""

    name = "rational"
    packages = ("python-flint", "numpy")
    options = {
        "max_degree": Option(int, 0),
        "max_unknowns": Option(int, 2),
        "spare_rows": Option(int, 1),
        "refit_without": Option(float, 0.0),
    }
    uses_setting = False
    uses_seed = False

    @classmethod
    def availability(cls, asked: bool = False) -> Availability:
        return Availability(True)

    def advance(self, assignment: Assignment, progress: Progress) -> Progress:
        problem, options = assignment.problem, assignment.options
        rows = Rows(problem.x, problem.numerator, problem.denominator)
        found = search(rows, **limits(options))
        certificate, systems = certify(problem, found, options)
        # The best constant is the front's trivial member: the formula's score is measured against it.
        candidates = [Candidate(repr(float(np.mean(problem.target))))]
        if found.solution is not None:
            expression = shortest(
                found.solution.numerator, found.solution.denominator, problem.labels, problem.unary_operators
            )
            candidates.append(Candidate(str(expression)))
        said = candidates[-1].text if found.solution else "; ".join(certificate["reasons"])
        assignment.log(f"{certificate['outcome']}: {said}")
        return Progress(
            chunk=1,
            candidates=tuple(candidates),
            evaluations=found.systems + systems,
            stop_reason="exact" if found.solution is not None else "exhausted",
            extra={"certificate": certificate},
        )
