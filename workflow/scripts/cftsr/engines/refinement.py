"""Structure first, constants after: exact coefficients for the terms that a search found.

A search by genetic programming finds which terms a formula consists of long before its constants are right. Here an
equation is brought to P/Q and only its *support* is kept, the monomials of P and of Q; the coefficients are then solved
for exactly, from the rows (`algebra.interpolation`). A small spurious term does no harm: its coefficient comes out
as zero. A support that the search did not find gives nothing: there is no fallback to all monomials up to a degree,
which is what the engine `rational` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from cftsr.algebra import modular
from cftsr.algebra.expressions import Expression, apply_operator, fold
from cftsr.algebra.integer_columns import without_integer_columns, write_with_integer_columns
from cftsr.algebra.interpolation import equations, function_of, solutions
from cftsr.algebra.polynomials import Exponents, multiply
from cftsr.algebra.rational_function import RationalFunction
from cftsr.algebra.shortest_form import shortest
from cftsr.data.dataset import Dataset
from cftsr.engines.base import Problem
from cftsr.fronts.front import Candidate, pareto_front

MAX_EXPANSION = 200  # terms of any polynomial on the way
SHARES = (0.0, 1e-3, 1e-2)  # terms smaller than this share of the largest are tried without
CANCELLED = 1e-7  # a sum smaller than this share of its parts is a zero in float32


class TooLargeError(Exception):
    """An equation expands into more terms than a refinement may use."""


# ---- P/Q of an equation, with floating-point coefficients


def _product(left: dict, right: dict) -> dict:
    if len(left) * len(right) > 20 * MAX_EXPANSION:
        raise TooLargeError
    result = multiply(left, right)
    if len(result) > MAX_EXPANSION:
        raise TooLargeError
    return result


def _sum(left: dict, right: dict, sign: int) -> dict:
    result = dict(left)
    for key, value in right.items():
        old = result.get(key, 0.0)
        new = old + sign * value
        if abs(new) <= CANCELLED * abs(old):
            result.pop(key, None)
        else:
            result[key] = new
    return result


class Structure:
    """A rational function as numerator / product of factors; exponents may be negative.

    Denominators that are one monomial go into the numerator's exponents, so factors hold true polynomials only, scaled
    so that their largest coefficient is 1: then equal factors compare equal and common denominators stay small.
    """

    def __init__(self, numerator: dict, factors: tuple = ()):
        self.numerator, self.factors = numerator, factors

    def _combined(self, other: Structure, sign: int) -> Structure:
        mine, theirs = list(self.factors), list(other.factors)
        for factor in self.factors:
            match = next((other for other in theirs if other[1] == factor[1]), None)
            if match is not None:
                mine.remove(factor)
                theirs.remove(match)
        left, right = self.numerator, other.numerator
        for polynomial, _ in theirs:
            left = _product(left, polynomial)
        for polynomial, _ in mine:
            right = _product(right, polynomial)
        return Structure(_sum(left, right, sign), self.factors + tuple(theirs))

    def __add__(self, other: Structure) -> Structure:
        return self._combined(other, 1)

    def __sub__(self, other: Structure) -> Structure:
        return self._combined(other, -1)

    def __neg__(self) -> Structure:
        return Structure({key: -value for key, value in self.numerator.items()}, self.factors)

    def __mul__(self, other: Structure) -> Structure:
        return Structure(_product(self.numerator, other.numerator), self.factors + other.factors)

    def __truediv__(self, other: Structure) -> Structure:
        return self * other._inverse()

    def _inverse(self) -> Structure:
        if not self.numerator:
            raise ZeroDivisionError
        origin = (0,) * len(next(iter(self.numerator)))
        top = {origin: 1.0}
        for polynomial, _ in self.factors:
            top = _product(top, polynomial)
        if len(self.numerator) == 1:
            ((key, value),) = self.numerator.items()
            return Structure(_product(top, {tuple(-power for power in key): 1 / value}))
        shift = tuple(min(powers) for powers in zip(*self.numerator, strict=True))
        scale = max(self.numerator.values(), key=abs)
        factor = {
            tuple(power - least for power, least in zip(key, shift, strict=True)): value / scale
            for key, value in self.numerator.items()
        }
        name = tuple(sorted((key, float(f"{value:.5g}")) for key, value in factor.items()))
        top = _product(top, {tuple(-power for power in shift): 1 / scale})
        return Structure(top, ((factor, name),))

    def denominator(self) -> dict:
        origin = (0,) * len(next(iter(self.numerator)))
        result = {origin: 1.0}
        for polynomial, _ in self.factors:
            result = _product(result, polynomial)
        return result


def structure(expression: Expression, labels: tuple[str, ...]) -> Structure:
    """The equation as numerator / factors. Raises TooLargeError, ZeroDivisionError or OverflowError."""
    origin = (0,) * len(labels)

    def leaf(node: Expression) -> Structure:
        if node.kind == "variable":
            return Structure({tuple(int(label == node.value) for label in labels): 1.0})
        return Structure({origin: float(node.value)} if node.value else {})

    return fold(expression, leaf, apply_operator)


# ---- supports


@dataclass(frozen=True)
class Support:
    """The monomials of P and of Q, as sets of exponents (which may be negative)."""

    numerator: frozenset[Exponents]
    denominator: frozenset[Exponents]

    def __len__(self) -> int:
        return len(self.numerator) + len(self.denominator)


@dataclass(frozen=True)
class Terms:
    """How much each monomial of an equation's numerator contributes (root mean square over the rows), and its Q."""

    sizes: dict[Exponents, float]
    denominator: frozenset[Exponents]

    def above(self, share: float) -> frozenset[Exponents]:
        largest = max(self.sizes.values())
        return frozenset(key for key, size in self.sizes.items() if not size < share * largest)


def terms_of(expression: Expression, labels: tuple[str, ...], x: np.ndarray) -> Terms | None:
    """The terms of an equation in the labels, or None where it expands too far.

    x   float64 sample of the rows, shape (rows, len(labels)), on which sizes are measured
    """
    try:
        terms = structure(expression, labels)
        if not terms.numerator:
            return None
        below = terms.denominator()
    except (TooLargeError, ZeroDivisionError, OverflowError):
        return None
    with np.errstate(all="ignore"):

        def column(exponents: Exponents) -> np.ndarray:
            return np.prod(x ** np.array(exponents, dtype=float), axis=1)

        divisor = sum(value * column(key) for key, value in below.items())
        sizes = {
            key: float(np.sqrt(np.nanmean(np.square(value * column(key) / divisor))))
            for key, value in terms.numerator.items()
        }
    return Terms(sizes, frozenset(below)) if all(np.isfinite(list(sizes.values()))) else None


def supports(members: Iterable[Terms], limit: int) -> Iterator[Support]:
    """The supports of a search's best equations, best first: each as it is, and without its smallest terms."""
    for terms in members:
        for share in SHARES:
            support = Support(terms.above(share), terms.denominator)
            if len(support) <= limit:
                yield support


# ---- exact coefficients


class Refiner:
    """Solves for the coefficients of supports on one data set; a support is solved once.

    rows    exact data
    spare   rows beyond the unknowns that there must be, and that enter the linear system; every row is checked in the
            end
    """

    def __init__(self, rows: Dataset, spare: int = 8):
        self.rows, self.spare = rows.shuffled(), spare
        self.tried: set[Support] = set()

    def solve(self, support: Support) -> RationalFunction | None:
        """P/Q in lowest terms with this support, exact on every row, or None.

        None as well where the rows do not fix the coefficients: a support with several solutions is too wide.
        """
        if support in self.tried:
            return None
        self.tried.add(support)
        least = [min(powers) for powers in zip(*support.numerator, *support.denominator, strict=True)]
        above, below = (
            sorted(tuple(power - low for power, low in zip(key, least, strict=True)) for key in part)
            for part in (support.numerator, support.denominator)
        )
        unknowns = len(above) + len(below)
        if len(self.rows) < unknowns + self.spare:
            return None
        part = self.rows.first(unknowns + self.spare)
        prime = modular.PRIMES[0]
        if modular.rank(equations(part, above, below, prime), prime) != unknowns - 1:
            return None
        vectors = solutions(part, above, below)
        function = function_of(vectors[0], above, below) if vectors else None
        if function is None or len(self.rows.wrong_rows(function)):
            return None
        return function

    def first_exact(self, candidates: Iterable[Support]) -> RationalFunction | None:
        """The first support's exact function, or None."""
        return next((function for support in candidates if (function := self.solve(support)) is not None), None)


# ---- for an engine


def has_nested_square(expression: Expression, inside: bool = False) -> bool:
    here = expression.kind == "square"
    return (here and inside) or any(has_nested_square(part, inside or here) for part in expression.arguments)


def refine(problem: Problem, expressions: Iterable[Expression], limit: int) -> Expression | None:
    """The first exact formula among the structures of these equations, printed as the setting wants it, or None."""
    sample = problem.points[problem.spread(200)]
    plain = [without_integer_columns(expression) for expression in expressions]
    terms = [terms for expression in plain if (terms := terms_of(expression, problem.labels, sample)) is not None]
    function = Refiner(problem).first_exact(supports(terms, limit))
    if function is None:
        return None
    formula = shortest(function, problem.labels, problem.unary_operators)
    if not problem.setting.nested_square and has_nested_square(formula):
        formula = shortest(function, problem.labels, ())
    return write_with_integer_columns(formula) if problem.setting.integer_columns else formula


def simplest(problem: Problem, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates on the Pareto front over all rows."""
    front = pareto_front(candidates, problem.columns, problem.target)
    return [Candidate(equation.text, equation.engine_loss, equation.origin) for equation in front]
