"""Prove or refute that an equation is exact.

Every equation of a front is brought to P/Q with rational coefficients and then decided exactly:

- on the data: zero residual on every row, as fractions;
- on the held-out levels and theories, which no engine saw: the same;
- against the closed form, where one is known: SymPy's canonical form of the difference is zero. This is a decision,
  not a tolerance.

Floating-point constants are replaced by simple rationals near them before any of this. How near is recorded; that a
replacement was right is what the exact checks decide. Only an equation that already agrees with the data to about
four digits is read this way (`NEARLY_EXACT`): a looser fit whose constants happen to round to the formula is an
approximation, and calling it a recovery would credit the rounding instead of the search.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from sympy import QQ, Expr, Float, Integer, Symbol, factor, latex
from sympy.polys.fields import field

from cftsr.algebra.expressions import (
    Expression,
    ParseError,
    apply_operator,
    exact_value,
    fold,
    parse,
)
from cftsr.algebra.integer_columns import INTEGER_COLUMNS, without_integer_columns
from cftsr.algebra.polynomials import Polynomial
from cftsr.data.dataset import Dataset, read_dataset
from cftsr.errors import UserError
from cftsr.files import read_json, write_json
from cftsr.fronts.exactness import LimitReachedError, agreement, count_wrong, decide, time_limit, to_integers
from cftsr.fronts.front import Equation, best, read_front
from cftsr.vocabulary import APPROXIMATE, NO, UNDECIDED, UNKNOWN, YES

MAX_SHOWN_DEGREE = 500  # an inexact equation of higher degree is shown as it is


@dataclass
class Judgement:
    """What is known about one equation.

    exact_on_data, exact_on_held_out   "yes", "no", "undecided", or "approximate": within the uncertainty of targets
                                       that are not exact; "unknown" where nothing is held out
    identical_to_closed_form           the same, or "unknown" where no closed form is known
    wrong_rows, wrong_held_out         how many rows disagree with the rationalised equation; None if not counted
    tolerance                          how far constants were moved to make the equation exact; 0.0 if not at all
    simplified, latex                  the exact formula, factored; of an inexact equation, the equation as it is
    """

    complexity: int
    loss: float
    score: float
    equation: str
    origin: str
    exact_on_data: str = NO
    exact_on_held_out: str = NO
    identical_to_closed_form: str = NO
    wrong_rows: int | None = None
    wrong_held_out: int | None = None
    tolerance: float | None = None
    simplified: str = ""
    latex: str = ""
    reason: str = ""

    @property
    def recovered(self) -> str:
        """Exact on the data, exact on what was held out, and not known to differ from the closed form.

        The weakest of the three answers: agreement within an uncertainty is no proof.
        """
        answers = {self.exact_on_data, self.exact_on_held_out, self.identical_to_closed_form}
        return next((answer for answer in (NO, UNDECIDED, APPROXIMATE) if answer in answers), YES)


# ---- decisions


def _field(labels: tuple[str, ...]):
    return field([Symbol(label) for label in labels], QQ)


def _canonical(expression: Expression, labels: tuple[str, ...]):
    """The element of Q(labels): SymPy cancels after every operation."""
    domain, *generators = _field(labels)
    by_name = dict(zip(labels, generators, strict=True))

    def leaf(node: Expression):
        if node.kind == "variable":
            return by_name[node.value]
        value = exact_value(node.value)
        return domain(QQ(value.numerator, value.denominator))

    return fold(expression, leaf, apply_operator)


def _from_pair(pair: tuple[Polynomial, Polynomial], labels: tuple[str, ...]):
    domain, *_ = _field(labels)
    numerator, denominator = (domain.ring.from_dict({key: QQ(value) for key, value in part.items()}) for part in pair)
    return domain.new(numerator, denominator) if numerator else domain.zero


def _to_pair(element) -> tuple[Polynomial, Polynomial]:
    numerator, denominator = (
        {key: Fraction(int(value.numerator), int(value.denominator)) for key, value in part.items()}
        for part in (element.numer, element.denom)
    )
    return to_integers(numerator, denominator)


def _degree(expression: Expression) -> int:
    """A bound on the powers that SymPy writes out when it builds the equation."""

    def apply(kind: str, arguments: tuple) -> int:
        if kind == "square":
            return 2 * arguments[0]
        return sum(arguments) if kind in "*/" else max(arguments)

    return fold(expression, lambda node: 1, apply)


def to_sympy(expression: Expression, digits: int = 5) -> Expr:
    """The tree as a SymPy expression, floats to a few digits; built node by node, never from text."""

    def leaf(node: Expression) -> Expr:
        if node.kind == "variable":
            return Symbol(node.value)
        value = node.value
        return Integer(int(value)) if float(value).is_integer() else Float(value, digits)

    return fold(expression, leaf, apply_operator)


def judge(
    equation: Equation,
    labels: tuple[str, ...],
    data: Dataset,
    held_out: Dataset,
    closed_form: str | None,
    seconds: float,
) -> Judgement:
    """Decide one equation. What could not be decided within the limits is "undecided", never "no"."""
    judgement = Judgement(equation.complexity, equation.loss, equation.score, equation.text, equation.origin)
    if closed_form is None:
        judgement.identical_to_closed_form = UNKNOWN
    expression = without_integer_columns(parse(equation.text, (*labels, *INTEGER_COLUMNS)))
    try:
        with time_limit(seconds):
            _decide(judgement, expression, labels, data, held_out, closed_form)
    except LimitReachedError as limit:
        judgement.reason = str(limit)
        if judgement.exact_on_data not in (YES, APPROXIMATE):
            judgement.exact_on_data = judgement.exact_on_held_out = UNDECIDED
            judgement.identical_to_closed_form = UNDECIDED if closed_form else UNKNOWN
    if not judgement.simplified and _degree(expression) > MAX_SHOWN_DEGREE:
        judgement.simplified = str(expression)
    if not judgement.simplified:
        try:
            with time_limit(seconds):
                shown = to_sympy(expression)
                judgement.simplified, judgement.latex = str(shown), latex(shown)
        except LimitReachedError:
            judgement.simplified = str(expression)
    return judgement


def _decide(
    judgement: Judgement,
    expression: Expression,
    labels: tuple[str, ...],
    data: Dataset,
    held_out: Dataset,
    closed_form: str | None,
) -> None:
    found = decide(expression, labels, data, judgement.loss)
    judgement.wrong_rows, judgement.tolerance, judgement.reason = found.wrong_rows, found.tolerance, found.reason
    judgement.exact_on_data = found.answer
    if found.function is None:
        return
    pair = found.function
    # Until they are decided: a limit may be reached on the way.
    judgement.exact_on_held_out = UNDECIDED
    judgement.identical_to_closed_form = UNDECIDED if closed_form else UNKNOWN
    element = _from_pair(pair, labels)
    # Cancelled: a common factor may vanish on a held-out row where the function itself is defined.
    judgement.wrong_held_out = count_wrong(_to_pair(element), held_out)
    if not len(held_out):
        judgement.exact_on_held_out = UNKNOWN
    else:
        judgement.exact_on_held_out = NO if judgement.wrong_held_out else agreement(_to_pair(element), held_out)
    if closed_form is not None:
        same = element == _canonical(parse(closed_form, labels), labels)
        judgement.identical_to_closed_form = YES if same else NO
    shown = factor(element.as_expr())
    judgement.simplified, judgement.latex = str(shown), latex(shown)


def judge_front(
    front: tuple[Equation, ...], data: Dataset, held_out: Dataset, closed_form: str | None, seconds: float
) -> dict[str, Any]:
    """The verdict on a front, as JSON values.

    `selected` is the index of PySR's `best`; `exact` that of the simplest equation proved exact on the data (or within
    the uncertainty of data that are not exact), or None; `recovered` is "yes" where some equation is exact on the data,
    exact on what was held out, and identical to the closed form (where one is known).
    """
    judgements = [judge(equation, data.labels, data, held_out, closed_form, seconds) for equation in front]
    exact = next((i for i, item in enumerate(judgements) if item.exact_on_data == YES), None)
    if exact is None:
        exact = next((i for i, item in enumerate(judgements) if item.exact_on_data == APPROXIMATE), None)
    answers = [item.recovered for item in judgements]
    return {
        "equations": [_as_json(judgement) for judgement in judgements],
        "selected": best(front),
        "exact": exact,
        "recovered": next((answer for answer in (YES, APPROXIMATE, UNDECIDED) if answer in answers), NO),
        "rows": len(data),
        "held_out_rows": len(held_out),
        "closed_form": closed_form,
    }


def _as_json(judgement: Judgement) -> dict[str, Any]:
    """JSON has no infinity: a score of inf is written as the string "inf"."""
    values = asdict(judgement)
    if math.isinf(values["score"]):
        values["score"] = "inf"
    return values


def verify_cell(
    front_path: str | Path,
    fit_path: str | Path,
    data: str | Path,
    held_out: str | Path,
    closed_form: str | None,
    seconds: float,
    verdict_path: str | Path,
) -> None:
    """Judge a cell's front and write the verdict (JSON), with the fit's provenance copied into it.

    Raises UserError where one of the files is damaged.
    """
    fit = read_json(fit_path, "delete it and run snakemake again: only this fit is repeated")
    front = read_front(front_path)
    try:
        verdict = judge_front(front, read_dataset(data), read_dataset(held_out), closed_form, seconds)
    except (ParseError, ValueError) as error:
        raise UserError(
            f"{front_path} cannot be judged: {error}. Delete it and run snakemake again: only this fit is repeated"
        ) from error
    certificate = fit.get("certificate")
    if closed_form is None and verdict["recovered"] == YES and certificate and certificate["outcome"] != "identified":
        # With no formula to compare with, a recovery is one only where the data determine it.
        verdict["recovered"] = UNDECIDED
    write_json(verdict_path, {"cell": fit["cell"], "fit": fit, "verdict": verdict}, sealed=True)
    for index, item in enumerate(verdict["equations"]):
        mark = "*" if index == verdict["selected"] else " "
        figures = f"{item['complexity']:3d} {item['loss']:10.3e}"
        print(f"{mark} {figures} exact: {item['exact_on_data']:9s} {item['equation']}")
    print(f"recovered: {verdict['recovered']}")
