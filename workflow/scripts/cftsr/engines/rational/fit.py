"""What the exact engine knows of a problem after a fit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from cftsr.algebra.expressions import Expression
from cftsr.algebra.rational_function import RationalFunction
from cftsr.engines.base import Problem
from cftsr.fronts.certificate import Certificate, WrongRow

NAMED = 20  # rows that disagree are named up to this number


@dataclass(frozen=True)
class Fit:
    """A formula, or none, and what is known about it.

    function     with fractions for coefficients; None where there is none
    expression   a formula with real coefficients, where there is no function
    bits         length of the formula and of the rows that it does not pass through
    others       further formulas, which held-out rows may prefer
    """

    function: RationalFunction | None
    certificate: Certificate
    systems: int
    expression: Expression | None = None
    bits: float = 0.0
    others: tuple[Fit, ...] = ()

    @property
    def has_formula(self) -> bool:
        return self.function is not None or self.expression is not None

    @property
    def exact(self) -> bool:
        """Whether the function passes through every row exactly."""
        certificate = self.certificate
        off = certificate.wrong_rows_total or certificate.agreement or certificate.approximate
        return self.function is not None and not off


def wrong_row(problem: Problem, function: RationalFunction, row: int) -> WrongRow:
    point = problem.x[row : row + 1]
    above, below = (int(part[0]) for part in problem.evaluate(function, point))
    return WrongRow(
        labels=problem.described(point[0].tolist()),
        given=problem.quoted(row),
        formula=str(Fraction(above, below)) if below else "undefined",
    )
