"""Prove or refute that an equation is exact.

Every equation of a front is brought to P/Q with rational coefficients, and three questions are decided exactly, each
for itself, whatever the others' answers:

- on the data: zero residual on every row, as fractions;
- on the held-out levels and theories, which no engine saw: the same;
- against the closed form, where one is known: the difference cancels to zero. This is a decision, not a tolerance.

Floating-point constants are replaced by simple rationals near them before any of this. How near is recorded; that a
replacement was right is what the exact checks decide. Only an equation that already agrees with the data to about
four digits is read this way (`NEARLY_EXACT`): a looser fit whose constants happen to round to the formula is an
approximation, and calling it a recovery would credit the rounding instead of the search. Such an equation is judged as
it stands.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from cftsr.algebra.expressions import Expression, constants, evaluate, rational_constants, substitute
from cftsr.algebra.formula import ParseError, parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS, without_integer_columns
from cftsr.algebra.printing import factored, latex_of
from cftsr.data.dataset import Dataset, read_dataset
from cftsr.errors import UserError
from cftsr.files import read_json, write_json
from cftsr.fronts.exactness import (
    LimitReachedError,
    agreement,
    as_it_stands,
    count_wrong,
    decide,
    differ_somewhere,
    function_of,
    time_limit,
    width_of,
    wrong_as_it_stands,
)
from cftsr.fronts.front import Equation, best, read_front
from cftsr.vocabulary import APPROXIMATE, NO, NOT_LOOKED_AT, UNDECIDED, YES

DIGITS = (5, 6, 8, 10, 12, 15, 17)  # significant digits of a floating-point constant, as few as keep the loss
SAME_LOSS = 0.01  # by so much, relative, rounding the constants may change it


@dataclass
class Judgement:
    """What is known about one equation.

    exact_on_data, exact_on_held_out, identical_to_closed_form
                                       three answers, none derived from another: "yes", "no", "undecided", "approximate"
                                       (within the uncertainty of targets that are not exact), "not looked at" (where
                                       nothing is held out, or no closed form is known)
    wrong_rows, wrong_held_out         how many rows disagree with the rationalised equation; None if not counted
    tolerance                          how far constants were moved to make the equation exact; 0.0 if not at all
    simplified, latex                  what was judged: the exact function, factored, or the equation as it stands, its
                                       constants to as many digits as keep its loss
    reason                             why something is "no" without a count, or "undecided"
    """

    complexity: int
    loss: float
    score: float
    equation: str
    origin: str
    exact_on_data: str = NOT_LOOKED_AT
    exact_on_held_out: str = NOT_LOOKED_AT
    identical_to_closed_form: str = NOT_LOOKED_AT
    wrong_rows: int | None = None
    wrong_held_out: int | None = None
    tolerance: float | None = None
    simplified: str = ""
    latex: str = ""
    reason: str = ""

    @property
    def recovered(self) -> str:
        """Exact on the data, exact on what was held out, and not known to differ from the closed form.

        The weakest of the answers: agreement within an uncertainty is no proof.
        """
        answers = {self.exact_on_data, self.exact_on_held_out, self.identical_to_closed_form}
        return next((answer for answer in (NO, UNDECIDED, APPROXIMATE) if answer in answers), YES)


# ---- decisions


def judge(
    equation: Equation,
    labels: tuple[str, ...],
    data: Dataset,
    held_out: Dataset,
    closed_form: str | None,
    seconds: float,
    errors: Mapping[float, float] | None = None,
) -> Judgement:
    """Decide one equation. What could not be decided within the limits is "undecided", never "no".

    errors   how far constants that were measured from the data may be off, by their absolute values
    """
    judgement = Judgement(equation.complexity, equation.loss, equation.score, equation.text, equation.origin)
    expression = without_integer_columns(parse(equation.text, (*labels, *INTEGER_COLUMNS)))
    # Until each is decided: a limit may be reached on the way.
    judgement.exact_on_data = UNDECIDED
    judgement.exact_on_held_out = UNDECIDED if len(held_out) else NOT_LOOKED_AT
    judgement.identical_to_closed_form = UNDECIDED if closed_form else NOT_LOOKED_AT
    try:
        with time_limit(seconds):
            _decide(judgement, expression, labels, data, held_out, closed_form, errors)
    except LimitReachedError as limit:
        judgement.reason = str(limit)
    if not judgement.simplified:
        # Measured constants have as few digits as their uncertainty allows.
        shown = expression if errors else _rounded(expression, labels, data)
        judgement.simplified, judgement.latex = str(shown), latex_of(shown)
    return judgement


def _decide(
    judgement: Judgement,
    expression: Expression,
    labels: tuple[str, ...],
    data: Dataset,
    held_out: Dataset,
    closed_form: str | None,
    errors: Mapping[float, float] | None,
) -> None:
    measured = errors is not None and any(abs(value) in errors for value in constants(expression))
    exactness = decide(expression, labels, data, judgement.loss, measured)
    judgement.exact_on_data, judgement.reason = exactness.answer, exactness.reason
    judgement.wrong_rows, judgement.tolerance = exactness.wrong_rows, exactness.tolerance
    # Cancelled: a common factor may vanish on a held-out row where the function itself is defined.
    function = exactness.function and exactness.function.cancelled()
    known = None if closed_form is None else parse(closed_form, labels)
    if len(held_out):
        judgement.exact_on_held_out = UNDECIDED if function else as_it_stands(expression, labels, held_out, errors)
        if judgement.exact_on_held_out == UNDECIDED and rational_constants(expression):
            function = function or function_of(expression, labels).cancelled()
        if function is not None:
            judgement.wrong_held_out = count_wrong(function, held_out)
            judgement.exact_on_held_out = NO if judgement.wrong_held_out else agreement(function, held_out)
        elif measured and (wrong := wrong_as_it_stands(expression, held_out, errors)) is not None:
            judgement.wrong_held_out = len(wrong)
    if known is not None:
        if function is not None:
            judgement.identical_to_closed_form = YES if function.same_as(function_of(known, labels)) else NO
        elif differ_somewhere(expression, known, labels, data, held_out):
            judgement.identical_to_closed_form = NO
    if function is not None:
        judgement.simplified, judgement.latex = factored(function, labels)


def rows_that_disagree(
    judgement: Judgement, rows: Dataset, errors: Mapping[float, float] | None = None
) -> list[dict[str, Any]]:
    """The rows on which what was judged differs from the target: their labels, the file's value and the formula's.

    errors   of measured constants, as `judge` has them
    """
    expression = without_integer_columns(parse(judgement.equation, (*rows.labels, *INTEGER_COLUMNS)))
    wrong = wrong_as_it_stands(expression, rows, errors) if errors else None
    if wrong is not None:
        value = np.broadcast_to(evaluate(expression, rows.columns), len(rows))
        texts = [f"{value[row]:.10g}" for row in wrong.tolist()]
    else:
        function = function_of(expression, rows.labels).cancelled()
        wrong = rows.wrong_rows(function, width_of(rows))
        values = zip(*(part[wrong].tolist() for part in rows.evaluate(function)), strict=True)
        texts = [str(Fraction(above, below)) if below else "undefined" for above, below in values]
    return [
        {"labels": rows.described(rows.x[row].tolist()), "given": rows.quoted(row), "formula": text}
        for row, text in zip(wrong.tolist(), texts, strict=True)
    ]


def _rounded(expression: Expression, labels: tuple[str, ...], data: Dataset) -> Expression:
    """The equation with its floating-point constants to as few digits as leave its loss on the data what it is."""

    def to(digits: int) -> Expression:
        def leaf(node: Expression) -> Expression:
            value = node.value
            if node.kind != "constant" or isinstance(value, int) or not math.isfinite(value):
                return node
            return Expression("constant", float(f"{value:.{digits}g}"))

        return substitute(expression, leaf)

    if all(isinstance(value, int) for value in constants(expression)):
        return expression
    with np.errstate(all="ignore"):
        own = evaluate(expression, data.columns)
        loss = float(np.mean(np.square(own - data.target)))
        for digits in DIGITS[:-1]:
            shown = to(digits)
            change = float(np.mean(np.square(evaluate(shown, data.columns) - own)))
            # The change of every row counts, not of the sum alone: losses may agree by accident.
            if change <= (SAME_LOSS * SAME_LOSS) * loss:
                return shown
    return to(DIGITS[-1])


def measured_errors(certificate: dict[str, Any] | None) -> dict[float, float]:
    """How far the measured coefficients of a certificate may be off, by their absolute values."""
    return {abs(constant["value"]): constant["error"] for constant in (certificate or {}).get("constants") or []}


def judge_front(
    front: tuple[Equation, ...],
    data: Dataset,
    held_out: Dataset,
    closed_form: str | None,
    seconds: float,
    errors: Mapping[float, float] | None = None,
) -> dict[str, Any]:
    """The verdict on a front, as JSON values.

    `selected` is the index of PySR's `best`; `exact` that of the simplest equation proved exact on the data (or within
    the uncertainty of data that are not exact), or None; `recovered` is "yes" where some equation is exact on the data,
    exact on what was held out, and identical to the closed form (where one is known).
    """
    judgements = [judge(equation, data.labels, data, held_out, closed_form, seconds, errors) for equation in front]
    exact = next((i for i, judgement in enumerate(judgements) if judgement.exact_on_data == YES), None)
    if exact is None:
        exact = next((i for i, judgement in enumerate(judgements) if judgement.exact_on_data == APPROXIMATE), None)
    answers = [judgement.recovered for judgement in judgements]
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
    front, certificate = read_front(front_path), fit.get("certificate")
    try:
        rows = read_dataset(data), read_dataset(held_out)
        verdict = judge_front(front, *rows, closed_form, seconds, measured_errors(certificate))
    except (ParseError, ValueError) as error:
        raise UserError(
            f"{front_path} cannot be judged: {error}. Delete it and run snakemake again: only this fit is repeated"
        ) from error
    if closed_form is None and verdict["recovered"] == YES and certificate and certificate["outcome"] != "identified":
        # With no formula to compare with, a recovery is one only where the data determine it.
        verdict["recovered"] = UNDECIDED
    write_json(verdict_path, {"cell": fit["cell"], "fit": fit, "verdict": verdict}, sealed=True)
    for index, equation in enumerate(verdict["equations"]):
        mark = "*" if index == verdict["selected"] else " "
        figures = f"{equation['complexity']:3d} {equation['loss']:10.3e}"
        print(f"{mark} {figures} exact: {equation['exact_on_data']:9s} {equation['equation']}")
    print(f"recovered: {verdict['recovered']}")
