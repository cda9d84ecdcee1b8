"""A structure that the user gives, such as a*l*(l+b)/(c*k+d), and the constants that make it exact.

Letters that are no labels are constants. Expanded, the shape is P/Q whose coefficients, one for each monomial in the
labels, are polynomials in the constants. The rows give linear equations for the coefficients, solved exactly
(`algebra.interpolation`); this leaves polynomial equations for the constants alone, solved over the rational numbers
by Groebner bases (SymPy). Their number does not grow with that of the rows. Where the rows are known only to an
uncertainty and `fit` finds no fractions in their place, the constants are measured (`measured_shape`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from cftsr.algebra import modular
from cftsr.algebra.echelon import reduced_echelon
from cftsr.algebra.expressions import Expression, binary, constant, fold, substitute
from cftsr.algebra.formula import ParseError, read_formula
from cftsr.algebra.interpolation import equations, solutions
from cftsr.algebra.polynomials import Exponents
from cftsr.algebra.rational_function import RationalFunction
from cftsr.answers.checking import (
    Check,
    SplitTable,
    describe_agreement,
    describe_table,
    function_judged,
    judged_and_compared,
)
from cftsr.answers.fit_file import SECONDS, default_options, fit_rows, latex_symbol
from cftsr.answers.measured_shape import measured_shape
from cftsr.data.dataset import Dataset, integers
from cftsr.errors import UserError
from cftsr.fronts.certificate import EVIDENT_ROWS, Constant, wrong_rows_in_words
from cftsr.fronts.exactness import LimitReachedError, function_of, time_limit, width_of
from cftsr.fronts.verdict import Judgement
from cftsr.vocabulary import APPROXIMATE, NO, UNDECIDED, YES, counted, joined

if TYPE_CHECKING:
    from sympy import Poly, Symbol

_AS_FIT = "the targets are not exact: the constants are those with which the shape is the formula that fit finds"
_NONE = (
    "no rational constants make this shape exact on every row of the data; without --shape, fit looks for another one"
)
_ZERO = "--shape: it divides by zero whatever the constants are"
SPARE_ROWS = 40  # in the linear system, beyond its unknowns; every row is checked in the end
MAX_SOLUTIONS = 16
# Values to try for a constant that the rows leave open: the first without a contradiction is taken.
CHOICES = tuple(map(Fraction, (1, 2, 3, 5, -1, 7, 0)))


@dataclass(frozen=True)
class ShapeConstants:
    """Constants that make a shape exact.

    values   of all constants: fractions, or where the rows are known only to an uncertainty what was measured
    chosen   the constants that the equations leave open: their values are a choice
    """

    values: dict[str, Fraction | Constant]
    chosen: tuple[str, ...] = ()

    @property
    def measured(self) -> dict[str, Constant]:
        return {name: value for name, value in self.values.items() if isinstance(value, Constant)}


@dataclass(frozen=True)
class ShapeFit:
    """A shape with its constants.

    shape       the user's text
    constants   their names, in the order in which they occur in the shape
    solution    None where there is none
    check       the formula, judged; None where there is none
    several     another formula of this shape that passes through the same rows; "" where there is none
    reason      why there is no solution, or why it is not determined
    undecided   whether time ran out
    data_identified   for targets that are not exact: whether they determine the formula that fit finds
    wrong_rows   rows that are taken to be wrong, as in `fit`: the formula is exact on all others
    """

    table: SplitTable
    shape: str
    constants: tuple[str, ...]
    solution: ShapeConstants | None = None
    check: Check | None = None
    several: str = ""
    reason: str = ""
    undecided: bool = False
    data_identified: bool = True
    wrong_rows: tuple[dict[str, Any], ...] = ()

    @property
    def identified(self) -> bool:
        """Whether the formula is exact on all rows, no other of this shape is, and rows are to spare."""
        if self.check is None or self.solution is None or self.several or self.solution.measured:
            return False
        if self.wrong_rows:
            return True  # determined by all other rows
        judgement, table = self.check.judgement, self.table
        agrees = (YES, APPROXIMATE)
        right = len(table.data) + (len(table.held_out) if judgement.exact_on_held_out in agrees else 0)
        needed = len(self.constants) - len(self.solution.chosen) + EVIDENT_ROWS
        exact = judgement.exact_on_data in agrees and judgement.exact_on_held_out != NO
        return exact and self.data_identified and right >= needed

    def as_dict(self) -> dict[str, Any]:
        solution = self.solution
        return {
            "shape": self.shape,
            "identified": self.identified,
            "constants": {name: _shown(value) for name, value in self.solution.values.items()}
            if self.solution
            else None,
            "measured": {name: asdict(value) for name, value in self.solution.measured.items()}
            if self.solution
            else {},
            "chosen": list(solution.chosen) if solution else [],
            "another_formula": self.several,
            "reason": self.reason,
            "wrong_rows": list(self.wrong_rows),
        } | (self.check.as_dict() if self.check else {"formula": None})


def fit_shape(text: str, table: SplitTable, seconds: float = SECONDS) -> ShapeFit:
    """Solve for the constants of a shape, exactly.

    If the targets are not exact, the constants are those with which the shape is the formula that `fit` finds. If a few
    rows are wrong, they are those that `fit` takes to be wrong, and the constants come from all others.

    Raises UserError where the shape cannot be read or has no constants.
    """
    expression, names = _read(text, table)
    result = _solved(text, expression, names, table, seconds)
    if result.identified or width_of(table.data) is not None or result.undecided:
        return result
    answer = fit_rows(table.data, table.held_out, default_options())
    if not (answer.identified and answer.wrong_rows and answer.judgement):
        return result
    others = replace(
        table,
        data=_without_wrong_rows(table.data, answer.judgement),
        held_out=_without_wrong_rows(table.held_out, answer.judgement),
    )
    clean = _solved(text, expression, names, others, seconds)
    if not clean.identified or clean.solution is None:
        return result
    check = judged_and_compared(_with(expression, clean.solution.values), table, seconds)
    return replace(clean, table=table, check=check, wrong_rows=tuple(answer.wrong_rows))


def _without_wrong_rows(rows: Dataset, judgement: Judgement) -> Dataset:
    wrong = rows.wrong_rows(function_judged(judgement, rows.labels), None)
    return rows.take(np.setdiff1d(np.arange(len(rows)), wrong))


def _solved(text: str, expression: Expression, names: tuple[str, ...], table: SplitTable, seconds: float) -> ShapeFit:
    """The constants from all rows, or the reason why there are none."""
    if width_of(table.data) is None:
        return _solved_exactly(text, expression, names, table, table.data, seconds)
    answer = fit_rows(table.data, table.held_out, default_options())
    if answer.judgement is not None and answer.judgement.simplified and not answer.certificate.get("constants"):
        values = _exact_data(table.data, answer.judgement, seconds)
        if values is not None:
            noted = replace(table, notes=(*table.notes, _AS_FIT))
            result = _solved_exactly(text, expression, names, noted, values, seconds, answer.identified)
            if result.solution is not None or result.undecided:
                return result
    return _measured(text, expression, names, table, seconds)


def _measured(text: str, expression: Expression, names: tuple[str, ...], table: SplitTable, seconds: float) -> ShapeFit:
    """The constants as far as rows that are not exact determine them."""
    result = ShapeFit(table, text, names)
    try:
        with time_limit(seconds):
            measurement = measured_shape(expression, names, table.data)
    except LimitReachedError as limit:
        reason = f"the constants were {limit}; a simpler shape, or one with fewer constants, takes less"
        return replace(result, undecided=True, reason=reason)
    except ZeroDivisionError:
        raise UserError(_ZERO) from None
    if isinstance(measurement, str):
        return replace(result, reason=measurement)
    formula = _with(expression, measurement.constants)
    check = judged_and_compared(formula, table, seconds, measurement.errors)
    return replace(result, solution=ShapeConstants(measurement.constants, measurement.chosen), check=check)


def _solved_exactly(
    text: str,
    expression: Expression,
    names: tuple[str, ...],
    table: SplitTable,
    data: Dataset,
    seconds: float,
    identified: bool = True,
) -> ShapeFit:
    """The constants from rows with exact targets, judged on those of the table."""
    result = ShapeFit(table, text, names, data_identified=identified)
    try:
        with time_limit(seconds):
            candidates = list(_solutions(expression, names, data))
    except LimitReachedError as limit:
        undecided = "not decided" in str(limit)
        reason = f"{'the constants were ' * undecided}{limit}; a simpler shape, or one with fewer constants, takes less"
        return replace(result, undecided=undecided, reason=reason)
    if not candidates:
        return replace(result, reason=_NONE)
    candidates = _distinct(candidates, expression, table)
    formulas = [_with(expression, solution.values) for solution in candidates]
    checks = [judged_and_compared(formula, table, seconds) for formula in formulas]
    right = [
        number for number, one in enumerate(checks) if one.judgement.exact_on_data in (YES, APPROXIMATE, UNDECIDED)
    ]
    if not right:
        return replace(result, reason=_NONE)
    # If several pass through the data, the held-out rows decide.
    order = sorted(right, key=lambda number: checks[number].recovered not in (YES, APPROXIMATE))
    best = order[0]
    several = str(formulas[order[1]]) if order[1:] else ""
    reason = "several formulas of this shape pass through every row of the data: more rows would decide" * bool(several)
    return replace(result, solution=candidates[best], check=checks[best], several=several, reason=reason)


def _read(text: str, table: SplitTable) -> tuple[Expression, tuple[str, ...]]:
    labels = table.data.labels
    try:
        expression = read_formula(text, labels, others=True)
    except ParseError as error:
        raise UserError(f"--shape: {error}") from None
    names = tuple(dict.fromkeys(node.value for node in expression.walk() if node.kind == "variable"))
    names = tuple(name for name in names if name not in labels)
    if not names:
        raise UserError(f"--shape {text}: every name in it is a label; cftsr check judges a formula without constants")
    return substitute(expression, _decimal), names


def _exact_data(data: Dataset, judgement: Judgement, seconds: float) -> Dataset | None:
    """The rows with the values of a formula as targets; None if it has no exact value on some row."""
    try:
        with time_limit(seconds):
            parts = data.evaluate(function_judged(judgement, data.labels))
            values = [Fraction(int(above), int(below)) for above, below in zip(*parts, strict=True)]
    except (LimitReachedError, ZeroDivisionError, ValueError):
        return None
    return replace(
        data,
        numerator=integers([value.numerator for value in values]),
        denominator=integers([value.denominator for value in values]),
        uncertainty=None,
        sigma=None,
        entries=None,
    )


def _fraction(value: Fraction) -> Expression:
    if value.denominator == 1:
        return constant(value.numerator)
    return binary("/", constant(value.numerator), constant(value.denominator))


def _decimal(node: Expression) -> Expression:
    """A decimal as the fraction it denotes, not the nearest binary one."""
    return _fraction(Fraction(repr(node.value))) if node.kind == "constant" else node


def _with(expression: Expression, values: Mapping[str, Fraction | Constant]) -> Expression:
    def leaf(node: Expression) -> Expression:
        if node.kind != "variable" or node.value not in values:
            return node
        value = values[node.value]
        return constant(value.value) if isinstance(value, Constant) else _fraction(value)

    return _without_units(substitute(expression, leaf))


def _without_units(expression: Expression) -> Expression:
    """The same without terms 0 and factors 1, as the values of constants give them."""
    zero, one = constant(0), constant(1)

    def node(kind: str, arguments: tuple[Expression, ...]) -> Expression:
        match kind, arguments:
            case ("+", (part, unit)) | ("-", (part, unit)) if unit == zero:
                return part
            case ("*", (part, unit)) | ("/", (part, unit)) if unit == one:
                return part
            case ("+", (unit, part)) if unit == zero:
                return part
            case ("*", (unit, part)) if unit == one:
                return part
        return Expression(kind, None, arguments)

    return fold(expression, lambda leaf: leaf, node)


def _distinct(candidates: Sequence[ShapeConstants], expression: Expression, table: SplitTable) -> list[ShapeConstants]:
    """The first solution for each function: constants may differ by a common factor, for example."""
    labels, distinct = table.data.labels, []
    functions: list[RationalFunction] = []
    for solution in candidates:
        function = function_of(_with(expression, solution.values), labels)
        if not any(function.same_as(other) for other in functions):
            distinct.append(solution)
            functions.append(function)
    return distinct


# ---- equations for the constants


def _solutions(expression: Expression, names: tuple[str, ...], data: Dataset) -> Iterator[ShapeConstants]:
    """Constants that solve the equations of the rows; for a solution with open constants two choices, to compare."""
    labels = data.labels
    try:
        numerator, denominator = function_of(expression, (*labels, *names))
    except ZeroDivisionError:
        raise UserError(_ZERO) from None
    above, below = (_by_monomial(part, len(labels)) for part in (numerator, denominator))
    vectors = _coefficients(data, list(above), list(below))
    if not vectors:
        return
    from sympy import Poly, symbols

    # The first constant comes last in the order of elimination: if one is open, it is that which is chosen.
    generators = symbols(f"c:{len(names)}")[::-1]
    polynomials = [
        Poly.from_dict({key[::-1]: value for key, value in part.items()}, *generators)
        for part in (*above.values(), *below.values())
    ]
    conditions = _conditions(polynomials, vectors)
    seen: list[ShapeConstants] = []
    for part in polynomials[len(above) :]:
        # Q must not vanish identically: one of its coefficients is not zero.
        if part.is_zero:
            continue
        for values, chosen in _points([*conditions], part, generators):
            named: dict[str, Fraction | Constant] = {}
            named |= {name: values[generators[len(names) - 1 - place]] for place, name in enumerate(names)}
            open_ = tuple(names[len(names) - 1 - generators.index(symbol)] for symbol in chosen)
            solution = ShapeConstants(named, open_)
            if all(solution.values != other.values for other in seen):
                seen.append(solution)
                yield solution
            if len(seen) >= MAX_SOLUTIONS:
                return


def _by_monomial(polynomial: Mapping[Exponents, int], labels: int) -> dict[Exponents, dict[Exponents, int]]:
    """Coefficients of the monomials in the labels, as polynomials in the constants."""
    parts: dict[Exponents, dict[Exponents, int]] = {}
    for key, value in polynomial.items():
        parts.setdefault(key[:labels], {})[key[labels:]] = value
    return dict(sorted(parts.items()))


def _coefficients(data: Dataset, above: list[Exponents], below: list[Exponents]) -> list[list[int]]:
    """Vectors that span the coefficients with which P/Q passes through the rows; [] where there are none."""
    unknowns = len(above) + len(below)
    rows: Any = data.shuffled().first(unknowns + SPARE_ROWS)
    prime = modular.PRIMES[0]
    if modular.rank(equations(rows, above, below, prime), prime) == unknowns:
        return []
    vectors = solutions(rows, above, below)
    if not vectors:
        raise LimitReachedError("the coefficients have too many digits to be solved for")
    return vectors


def _conditions(polynomials: Sequence[Poly], vectors: list[list[int]]) -> list[Poly]:
    """Polynomials in the constants that vanish where the coefficients lie in the space of these vectors."""
    basis = reduced_echelon([[Fraction(value) for value in vector] for vector in vectors])
    pivots = [next(place for place, value in enumerate(vector) if value) for vector in basis]
    conditions = []
    for place, polynomial in enumerate(polynomials):
        if place in pivots:
            continue
        condition = polynomial
        for vector, pivot in zip(basis, pivots, strict=True):
            if vector[place]:
                condition = condition - polynomials[pivot] * _rational(vector[place])
        if not condition.is_zero:
            conditions.append(condition)
    return conditions


def _rational(value: Fraction) -> Any:
    from sympy import Rational

    return Rational(value.numerator, value.denominator)


# ---- rational points


def _points(
    conditions: list[Poly], nonzero: Poly, generators: Sequence[Symbol]
) -> Iterator[tuple[dict[Symbol, Fraction], tuple[Symbol, ...]]]:
    """Rational common zeros of the conditions at which `nonzero` is not zero, and which of the values were chosen."""
    from sympy import symbols

    inverse = symbols("inverse")
    start = [condition.as_expr() for condition in conditions] + [1 - inverse * nonzero.as_expr()]
    yield from _descend(start, [inverse, *generators], {}, ())


def _descend(
    system: list, unknowns: list[Symbol], values: dict[Symbol, Fraction], chosen: tuple[Symbol, ...]
) -> Iterator[tuple[dict[Symbol, Fraction], tuple[Symbol, ...]]]:
    """From the last unknown to the first: a root of its own polynomial, or a choice where it has none."""
    from sympy import QQ, groebner

    if not unknowns:
        yield values, chosen
        return
    basis = groebner(system or [0], *unknowns, order="lex", domain=QQ)
    if basis.exprs == [1]:
        return
    last, rest = unknowns[-1], unknowns[:-1]
    own = next((part for part in basis.exprs if part.free_symbols == {last}), None)
    options = list(CHOICES) if own is None else _rational_roots(own, last)
    choices = chosen if own is not None else (*chosen, last)
    taken = 0
    for option in options:
        reduced = [part.subs(last, _rational(option)) for part in basis.exprs if part.free_symbols != {last}]
        reduced = [part for part in reduced if part != 0]
        if any(part.is_number for part in reduced):
            continue  # a number that is not zero: no solution there
        has_point = False
        for point in _descend(reduced, rest, {**values, last: option}, choices):
            has_point = True
            yield point
        taken += has_point
        if own is None and taken == 2:
            return  # two choices show whether the formula depends on it


def _rational_roots(polynomial: Any, unknown: Symbol) -> list[Fraction]:
    from sympy import Poly

    roots = []
    for factor, _ in Poly(polynomial, unknown, domain="QQ").factor_list()[1]:
        if factor.degree() == 1:
            slope, offset = factor.all_coeffs()
            root = -offset / slope
            roots.append(Fraction(int(root.p), int(root.q)))
    return sorted(roots, key=lambda root: (root.denominator, abs(root.numerator), root < 0))


# ---- in words


def _shown(value: Fraction | Constant) -> str:
    return value.shown if isinstance(value, Constant) else str(value)


def constants_in_words(result: ShapeFit) -> list[str]:
    """The values of the constants, what they may be, and which of them were chosen."""
    solution = result.solution
    if solution is None:
        return []
    lines = [", ".join(f"{name} = {_shown(value)}" for name, value in solution.values.items())]
    lines += [
        f"{name} is perhaps {value.known_as}: a chance of {value.chance:.1g} that it is an accident"
        for name, value in solution.measured.items()
        if value.known_as
    ]
    zero = [name for name, value in solution.measured.items() if abs(value.value) <= value.error]
    if zero:
        lines.append(f"{joined(zero)} may be 0: the rows allow it{', each' if len(zero) > 1 else ''}")
    if solution.chosen:
        names = ", ".join(solution.chosen)
        rest = "the formula is the same for other values" if not result.several else "the rows leave it open"
        lines.append(f"{names} may be chosen: {rest}")
    return lines


def headline_of_shape(result: ShapeFit) -> str:
    """Whether the rows determine the constants, or why not, in one sentence."""
    solution = result.solution
    if result.check is None or solution is None:
        return f"not identified: {result.reason}"
    judgement = result.check.judgement
    if result.wrong_rows:
        wrong = f"{counted(len(result.wrong_rows), 'row')} that it does not fit"
        return f"identified: the data determine the constants of this shape, and {wrong}"
    if result.identified:
        return "identified: the data determine the constants of this shape, with rows to spare"
    if result.several:
        return f"not identified: {result.reason}"
    if solution.measured and judgement.exact_on_held_out != NO:
        but = f" but for {counted(judgement.wrong_rows, 'row')}" if judgement.wrong_rows else ""
        return f"not identified: approximate, the shape fits within the uncertainty{but}; its constants are measured"
    if judgement.exact_on_data == NO:
        return "not identified: the shape is not within the uncertainty on every row"
    if judgement.exact_on_held_out == NO:
        return "not identified: what was held out contradicts the formula"
    if not result.data_identified:
        return "not identified: this formula is within the uncertainty, but the data do not determine it"
    return "not identified: there are no rows to spare; any values can be met with so many constants"


def agreement_of_shape(result: ShapeFit) -> list[str]:
    """Whether the formula agrees with the rows; [] where there is none. Wrong rows are listed elsewhere."""
    if result.check is None:
        return []
    return [line for line in describe_agreement(result.check) if not (result.wrong_rows and line.startswith("  "))]


def equation_of_shape(result: ShapeFit) -> str:
    """The shape itself: h = a*l/(k+b), with a, b to be solved for."""
    body = result.shape.rpartition("=")[2].strip()
    return f"{result.table.symbol} = {body}, with {', '.join(result.constants)} to be solved for"


def describe_shape(result: ShapeFit) -> str:
    """The formula with its constants, how sure that is, and why not."""
    table = result.table
    lines = [describe_table(table), *(f"note: {note}" for note in table.notes), "", equation_of_shape(result)]
    if result.check is None or result.solution is None:
        return "\n".join([*lines, "", headline_of_shape(result)])
    judgement = result.check.judgement
    values, *remarks = constants_in_words(result)
    lines += [values, *(f"({remark})" for remark in remarks)]
    lines += [
        f"{table.symbol} = {judgement.simplified}",
        f"LaTeX: {latex_symbol(table.symbol)} = {judgement.latex}",
        "",
        headline_of_shape(result),
    ]
    lines += [f"  {words}" for words in wrong_rows_in_words(list(result.wrong_rows), len(result.wrong_rows))]
    if result.several:
        lines.append(f"  another: {table.symbol} = {result.several}")
    return "\n".join([*lines, *(f"  {line}" for line in agreement_of_shape(result))])
