"""A user's formula, judged as an engine's is: on the data, on held-out rows, against a closed form."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from cftsr.algebra.expressions import Expression, binary, constant, constants, evaluate, substitute
from cftsr.algebra.formula import ParseError, parse, read_formula
from cftsr.algebra.rational_function import RationalFunction
from cftsr.answers.fit_file import SECONDS, FitAnswer, agreement_in_words, fit_rows, latex_symbol
from cftsr.data.dataset import Dataset
from cftsr.data.generate import generate
from cftsr.data.tasks import GIVEN, TASKS
from cftsr.data.user_file import SpectrumRequest, read_spectrum
from cftsr.errors import UserError
from cftsr.families import family_names
from cftsr.fronts.certificate import in_words
from cftsr.fronts.exactness import LimitReachedError, function_of, simplest_near, time_limit, width_of
from cftsr.fronts.front import Equation, mean_squared_error
from cftsr.fronts.verdict import Judgement, judge, rows_that_disagree
from cftsr.sweep.cells import Cell
from cftsr.sweep.plan import Sweep
from cftsr.vocabulary import ANY_SETTING, APPROXIMATE, NO, NOT_LOOKED_AT, UNDECIDED, YES, joined

# ---- the rows


@dataclass(frozen=True)
class SplitTable:
    """Rows, what is held out of them, and a formula to compare with.

    source       the file or the cell of the rows, as text
    symbol       of the target
    closed_form  in the labels, as engines write formulas; None where none is known
    notes        the assumptions made in reading them
    """

    source: str
    symbol: str
    data: Dataset
    held_out: Dataset
    closed_form: str | None = None
    notes: tuple[str, ...] = ()

    def with_closed_form(self, text: str | None) -> SplitTable:
        """The table with another closed form, in any notation. Raises UserError if that cannot be read."""
        if text is None:
            return self
        try:
            return replace(self, closed_form=str(read_formula(text, self.data.labels)))
        except ParseError as error:
            raise UserError(f"--closed-form: {error}") from None


def table_of_file(request: SpectrumRequest) -> SplitTable:
    spectrum = read_spectrum(request)
    return SplitTable(str(request.file), request.target, spectrum.data, spectrum.held_out, None, spectrum.notes)


_CELL = re.compile(r"(?P<family>[^/]+)/(?P<task>[^/]+)/n(?P<theories>[0-9]+)(_f(?P<percent>[0-9.]+))?(/.*)?")


def table_of_cell(name: str, config: Mapping[str, Any]) -> SplitTable:
    """The data set of a cell, such as minimal/conformal_weight/n100_f30; a setting, engine or seed after it is ignored.

    config   of a sweep: its conventions, how many theories are held out, the user's own spectra

    Raises UserError for a cell that does not exist.
    """
    return table_in(sweep_of(config), name)


def sweep_of(config: Mapping[str, Any]) -> Sweep:
    """The sweep of a configuration, for its data sets only: no engine that it names need be installed."""
    return Sweep({**config, "engines": ["rational"], "recorded": False})


def table_in(sweep: Sweep, name: str) -> SplitTable:
    """`table_of_cell` for a sweep that was already planned."""
    match = _CELL.fullmatch(name.strip("/"))
    if match is None:
        raise UserError(
            f"--cell {name}: write family/task/n100_f30 (the lowest 30% of 100 theories) or family/task/n100"
        )
    family, task = match["family"], match["task"]
    if family in sweep.user_spectra and task == GIVEN:
        table = table_of_file(sweep.user_spectra[family])
        return replace(table, closed_form=sweep.closed_form(family, task))
    if family not in family_names():
        raise UserError(f"--cell {name}: family {family!r} does not exist; choose from {', '.join(family_names())}")
    if task not in TASKS:
        raise UserError(f"--cell {name}: task {task!r} does not exist; choose from {', '.join(TASKS)}")
    return replace(generated(sweep, _cell(name, match)), source=name.strip("/"))


def _cell(name: str, match: re.Match) -> Cell:
    percent, per_state = match["percent"], TASKS[match["task"]].per_state
    if per_state != (percent is not None):
        way = "n100_f30, the lowest 30% of each theory" if per_state else "n100: its rows are theories"
        raise UserError(f"--cell {name}: the data sets of {match['task']} are called {way}")
    try:
        fraction = None if percent is None else Fraction(percent) / 100
    except ValueError:
        fraction = Fraction(0)
    theories = int(match["theories"])
    if theories < 1 or (fraction is not None and not 0 < fraction <= 1):
        raise UserError(f"--cell {name}: give at least one theory, and more than 0 and at most 100 percent")
    text = None if fraction is None else f"{float(fraction):.12g}"
    return Cell(match["family"], match["task"], theories, text, ANY_SETTING, "rational", 0)


def generated(sweep: Sweep, cell: Cell) -> SplitTable:
    """The rows of a cell of a family, as in the sweep, with the known closed form."""
    data, held_out = generate(**sweep.request_of(cell))
    task = TASKS[cell.task]
    return SplitTable(cell.spectrum, task.symbol, data, held_out, sweep.closed_form(cell.family, cell.task))


# ---- the verdict


@dataclass(frozen=True)
class Difference:
    """The first row on which a formula is wrong: of the data, or of what was held out.

    given, formula   the target and the formula's value there, as text
    wrong, rows      the formula is wrong on `wrong` of `rows` rows
    """

    held_out: bool
    labels: dict[str, int | str]
    given: str
    formula: str
    wrong: int
    rows: int


@dataclass(frozen=True)
class PartCompared:
    """What `fit` finds for a part of the rows, and whether it is the function that was checked.

    condition   those rows, in words: "n even"
    same        "yes", "no" or "undecided"
    """

    condition: str
    equation: str
    same: str


@dataclass(frozen=True)
class Check:
    """A formula with its verdict.

    differences   where it is wrong, first on the data, then on what was held out
    answer        that of `fit` on the same rows; None where `fit` was not run
    same_as_fit   whether `fit` finds the same function: "yes", "no", "undecided", "not looked at"
    parts         where `fit` finds several formulas, each for a part of the rows: what it finds for each
    """

    table: SplitTable
    judgement: Judgement
    differences: tuple[Difference, ...]
    answer: FitAnswer | None = None
    same_as_fit: str = NOT_LOOKED_AT
    parts: tuple[PartCompared, ...] = ()

    @property
    def recovered(self) -> str:
        return self.judgement.recovered

    def as_dict(self) -> dict[str, Any]:
        judgement = self.judgement
        return {
            "source": self.table.source,
            "target": self.table.symbol,
            "labels": list(self.table.data.labels),
            "rows": len(self.table.data),
            "held_out_rows": len(self.table.held_out),
            "formula": judgement.equation,
            "simplified": judgement.simplified,
            "latex": judgement.latex,
            "verdict": self.recovered,
            "exact_on_data": judgement.exact_on_data,
            "exact_on_held_out": judgement.exact_on_held_out,
            "identical_to_closed_form": judgement.identical_to_closed_form,
            "constants_moved_by": constants_moved_by(judgement, self.table.data.labels),
            "reason": judgement.reason,
            "differences": [asdict(difference) for difference in self.differences],
            "same_as_fit": self.same_as_fit,
            "identified_by_fit": self.answer.identified if self.answer else NOT_LOOKED_AT,
            "parts_of_fit": [asdict(part) for part in self.parts],
        }


def equation_of(expression: Expression, data: Dataset) -> Equation:
    """The formula as a member of a front."""
    loss = mean_squared_error(expression, data.columns, data.target)
    return Equation(expression.complexity, loss, 0.0, str(expression))


def judged(
    expression: Expression, table: SplitTable, seconds: float = SECONDS, errors: Mapping[float, float] | None = None
) -> Judgement:
    """The verdict on a formula; `errors` are those of measured constants, by their absolute values."""
    equation = equation_of(expression, table.data)
    return judge(equation, table.data.labels, table.data, table.held_out, table.closed_form, seconds, errors)


def judged_and_compared(
    expression: Expression, table: SplitTable, seconds: float = SECONDS, errors: Mapping[float, float] | None = None
) -> Check:
    """The verdict on a formula, and the first rows on which it is wrong."""
    judgement = judged(expression, table, seconds, errors)
    return Check(table, judgement, differences(judgement, table, seconds, errors))


def check(text: str, table: SplitTable, options: Mapping[str, Any] | None = None, seconds: float = SECONDS) -> Check:
    """Judge a formula, in any of the notations of `algebra.formula`.

    options   of the exact engine, to compare with its formula; None not to run it

    Raises UserError where the formula cannot be read.
    """
    refuse_unlabelled(table)
    try:
        expression = read_formula(text, table.data.labels)
        parse(str(expression), table.data.labels)
    except ParseError as error:
        raise UserError(f"the formula cannot be read: {error}") from None
    judgement = judged(expression, table, seconds)
    result = Check(table, judgement, differences(judgement, table, seconds))
    if options is None:
        return result
    answer = fit_rows(table.data, table.held_out, dict(options))
    return compared_with_fit(result, answer, seconds)


def refuse_unlabelled(table: SplitTable) -> None:
    """Raise UserError if the rows have no labels of fields: the target is then no function of their labels."""
    task = TASKS.get(table.data.metadata.get("task", ""))
    if task is not None and not task.labelled:
        raise UserError(f"the rows of {table.source} have no labels of the fields; a formula cannot be checked on them")


def expression_judged(judgement: Judgement, labels: tuple[str, ...]) -> Expression:
    """The formula that was judged: the equation, with rational constants if its constants were read so."""
    return read_formula(judgement.simplified if judgement.tolerance else judgement.equation, labels)


def constants_moved_by(judgement: Judgement, labels: tuple[str, ...]) -> float | None:
    """How far the constants were moved to read them as rational numbers: 0.0 for not at all, None if none were read.

    If the coefficients of the expanded fraction were read and not the constants themselves, this is the tolerance of
    the reading, an upper bound.
    """
    tolerance = judgement.tolerance
    if not tolerance:
        return tolerance
    expression = parse(judgement.equation, labels)

    def near(node: Expression) -> Expression:
        if node.kind != "constant":
            return node
        value = simplest_near(node.value, tolerance)
        return binary("/", constant(value.numerator), constant(value.denominator))

    try:
        reading = function_of(substitute(expression, near), labels)
        if not reading.same_as(function_judged(judgement, labels)):
            return tolerance
    except (LimitReachedError, ZeroDivisionError, ValueError):
        return tolerance
    moves = [abs(simplest_near(value, tolerance) - Fraction(repr(value))) for value in constants(expression)]
    return float(max(moves))


def how_far(moved: float | None) -> str:
    """ ", moved by at most 4e-07"; "" where the constants were not moved."""
    if not moved:
        return ""
    # Rounded up: it is a bound.
    unit = 10.0 ** math.floor(math.log10(moved))
    return f", moved by at most {math.ceil(moved / unit * (1 - 1e-9)) * unit:.1g}"


def function_judged(judgement: Judgement, labels: tuple[str, ...]) -> RationalFunction:
    """The formula that was judged as P/Q, not cancelled.

    Raises LimitReachedError, ZeroDivisionError or ValueError if it is no such fraction.
    """
    return function_of(expression_judged(judgement, labels), labels)


def _same_function(judgement: Judgement, other: Judgement, labels: tuple[str, ...], seconds: float) -> str:
    """Whether two formulas that were judged are the same function: "yes", "no" or "undecided"."""
    try:
        with time_limit(seconds):
            own, fitted = (function_judged(formula, labels) for formula in (judgement, other))
            return YES if own.same_as(fitted) else NO
    except LimitReachedError:
        return UNDECIDED
    except (ZeroDivisionError, ValueError):
        return NO


def compared_with_fit(check: Check, answer: FitAnswer, seconds: float) -> Check:
    """The check with what `fit` finds on the same rows."""
    judgement, labels = check.judgement, check.table.data.labels
    if answer.judgement is not None:
        same = _same_function(judgement, answer.judgement, labels, seconds)
        return replace(check, answer=answer, same_as_fit=same)
    parts = tuple(
        PartCompared(
            part.condition, part.judgement.equation, _same_function(judgement, part.judgement, labels, seconds)
        )
        for part in answer.formulas
        if part.condition and part.shown
    )
    return replace(check, answer=answer, same_as_fit=NO, parts=parts)


def differences(
    judgement: Judgement,
    table: SplitTable,
    seconds: float = SECONDS,
    errors: Mapping[float, float] | None = None,
) -> tuple[Difference, ...]:
    """Where the formula is wrong: the first row of the data, and the first of what was held out.

    errors   of measured constants, as `judged` has them
    """
    parts = ((False, table.data, judgement.exact_on_data), (True, table.held_out, judgement.exact_on_held_out))
    firsts = (
        _first_beyond_errors(judgement, rows, held_out, errors)
        if errors
        else _first_difference(judgement, rows, held_out, seconds)
        for held_out, rows, answer in parts
        if answer == NO
    )
    return tuple(difference for difference in firsts if difference is not None)


def _first_beyond_errors(
    judgement: Judgement, rows: Dataset, held_out: bool, errors: Mapping[float, float]
) -> Difference | None:
    wrong = rows_that_disagree(judgement, rows, errors)
    return Difference(held_out, **wrong[0], wrong=len(wrong), rows=len(rows)) if wrong else None


def _first_difference(judgement: Judgement, rows: Dataset, held_out: bool, seconds: float) -> Difference | None:
    try:
        with time_limit(seconds):
            function = function_judged(judgement, rows.labels)
            if held_out:
                function = function.cancelled()  # as the judge does; on the data a formula is taken as written
            wrong = rows.wrong_rows(function, width_of(rows))
            if not len(wrong):
                return None
            first = int(wrong[0])
            above, below = (int(part[0]) for part in rows.take([first]).evaluate(function))  # type: ignore[arg-type]
            value = Fraction(above, below) if below else None
            # A decimal is shown as one, not as a binary fraction.
            plain = value is not None and value.denominator < 10**9
            shown = "undefined" if value is None else str(value) if plain else f"{float(value):.12g}"
    except (LimitReachedError, ZeroDivisionError, ValueError, OverflowError):
        return _rough_difference(judgement, rows, held_out)
    return Difference(
        held_out, rows.described(rows.x[first].tolist()), rows.quoted(first), shown, len(wrong), len(rows)
    )


def _rough_difference(judgement: Judgement, rows: Dataset, held_out: bool) -> Difference | None:
    """The first difference in float64, for a formula that is no fraction of polynomials, or too large for one."""
    with np.errstate(all="ignore"):
        value = np.broadcast_to(evaluate(parse(judgement.equation, rows.labels), rows.columns), len(rows))
        off = ~(np.abs(value - rows.target) <= 1e-9 * np.maximum(1, np.abs(rows.target)))
    wrong = np.flatnonzero(off)
    if not len(wrong):
        return None
    first = int(wrong[0])
    labels = rows.described(rows.x[first].tolist())
    shown = f"{value[first]:.12g}" if np.isfinite(value[first]) else "undefined"
    return Difference(held_out, labels, rows.quoted(first), shown, len(wrong), len(rows))


# ---- in words

HEADLINES = {
    YES: "yes",
    NO: "no",
    APPROXIMATE: "approximate: within the uncertainty of the data, which is no proof",
    UNDECIDED: "undecided",
}


def describe_table(table: SplitTable) -> str:
    data, held_out = table.data, table.held_out
    return f"{table.source}: {len(data)} rows, {len(held_out)} held out; {table.symbol} in {', '.join(data.labels)}"


def describe_check(result: Check) -> str:
    """The verdict in words: each question with its answer, and where the formula is wrong."""
    table, judgement = result.table, result.judgement
    lines = [describe_table(table), *(f"note: {note}" for note in table.notes), ""]
    lines += [f"{table.symbol} = {judgement.equation}"]
    if judgement.tolerance:
        lines.append(
            f"its constants are read as rational numbers{how_far(constants_moved_by(judgement, table.data.labels))}: "
            f"{table.symbol} = {judgement.simplified}"
        )
    lines += [f"LaTeX: {latex_symbol(table.symbol)} = {judgement.latex}", "", _headline(result)]
    lines += [f"  {line}" for line in describe_answers(result)]
    return "\n".join(lines)


def _headline(result: Check) -> str:
    words = HEADLINES[result.recovered]
    if result.recovered != YES:
        return words + (f": {result.judgement.reason}" if result.judgement.reason else "")
    what = ["exact on the data"]
    what += ["on what was held out"] * (result.judgement.exact_on_held_out == YES)
    what += ["identical to the closed form"] * (result.judgement.identical_to_closed_form == YES)
    read = ", with its constants read as rational numbers" if result.judgement.tolerance else ""
    return f"{words}{read}: {joined(what)}; proved"


def describe_answers(result: Check) -> list[str]:
    """Whether the formula agrees with the rows and with the closed form, and what `fit` finds."""
    return [*describe_agreement(result), *_comparison_in_words(result)]


def describe_agreement(result: Check) -> list[str]:
    """Whether the formula agrees with the rows, and is the closed form."""
    table, judgement = result.table, result.judgement
    lines = []
    for held_out, rows, answer, empty in (
        (False, table.data, judgement.exact_on_data, ""),
        (True, table.held_out, judgement.exact_on_held_out, ", nothing was held out"),
    ):
        where = "on what was held out" if held_out else "on the data"
        first = next((difference for difference in result.differences if difference.held_out == held_out), None)
        if answer in (YES, APPROXIMATE):
            lines.append(f"{where}: {agreement_in_words(answer, None, len(rows))}")
        elif first is not None:
            lines.append(f"{where}: {agreement_in_words(NO, first.wrong, first.rows)}")
            lines.append(
                f"  first where {in_words(first.labels)}: the target is {first.given}, the formula {first.formula}"
            )
        else:
            lines.append(f"{where}: {answer}{empty if answer == NOT_LOOKED_AT else ''}")
    known = f" ({table.closed_form})" if table.closed_form else ", none is known"
    lines.append(f"identical to the closed form: {judgement.identical_to_closed_form}{known}")
    return lines


def _comparison_in_words(result: Check) -> list[str]:
    answer = result.answer
    if answer is None:
        return [f"what fit finds: {NOT_LOOKED_AT}"]
    if not answer.formulas:
        return ["what fit finds: no formula"]
    known = "identified" if answer.identified else "fits, and is not identified"
    if answer.judgement is not None:
        return [f"what fit finds: {_same_in_words(result.same_as_fit, answer.judgement.equation)} ({known})"]
    if not answer.identified:
        known = "they fit, and are not identified"
    lines = [f"what fit finds: several formulas, each for a part ({known})"]
    return lines + [f"  {part.condition}: {_same_in_words(part.same, part.equation)}" for part in result.parts]


def _same_in_words(same: str, equation: str) -> str:
    if same == YES:
        return "the same function"
    if same == UNDECIDED:
        return f"{equation}, and whether that is the same function is undecided"
    return f"another function, {equation}"
