"""A formula that somebody gives, judged as an engine's would be: on data, on held-out rows, against a closed form."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from cftsr.algebra.expressions import (
    Expression,
    ParseError,
    binary,
    constant,
    constants,
    evaluate,
    parse,
    substitute,
)
from cftsr.algebra.formula import read_formula
from cftsr.algebra.rational_function import RationalFunction
from cftsr.answers.fit_file import SECONDS, Answer, agreement, fit_rows, latex_symbol
from cftsr.data.dataset import Dataset
from cftsr.data.generate import generate
from cftsr.data.tasks import GIVEN, TASKS
from cftsr.data.user_file import SpectrumRequest, read_spectrum
from cftsr.errors import UserError
from cftsr.families import family_names
from cftsr.fronts.certificate import in_words
from cftsr.fronts.exactness import LimitReachedError, function_of, simplest_near, time_limit, width_of
from cftsr.fronts.front import Equation, mean_squared_error
from cftsr.fronts.verdict import Judgement, judge
from cftsr.sweep.cells import Cell
from cftsr.sweep.plan import Sweep
from cftsr.vocabulary import ANY_SETTING, APPROXIMATE, NO, NOT_LOOKED_AT, UNDECIDED, YES

# ---- what a formula is checked on


@dataclass(frozen=True)
class Table:
    """Rows, what is held out of them, and a formula to compare with.

    source       where they come from, as text
    symbol       of the target
    closed_form  in the labels, as engines write formulas; None where none is known
    notes        what was assumed when they were read
    """

    source: str
    symbol: str
    data: Dataset
    held_out: Dataset
    closed_form: str | None = None
    notes: tuple[str, ...] = ()

    def with_closed_form(self, text: str | None) -> Table:
        """Another closed form, in any notation. Raises UserError where it cannot be read."""
        if text is None:
            return self
        try:
            return replace(self, closed_form=str(read_formula(text, self.data.labels)))
        except ParseError as error:
            raise UserError(f"--closed-form: {error}") from None


def table_of_file(asked: SpectrumRequest) -> Table:
    given = read_spectrum(asked)
    return Table(str(asked.file), asked.target, given.data, given.held_out, None, given.notes)


_CELL = re.compile(r"(?P<family>[^/]+)/(?P<task>[^/]+)/n(?P<theories>[0-9]+)(_f(?P<percent>[0-9.]+))?(/.*)?")


def table_of_cell(name: str, config: Mapping[str, Any]) -> Table:
    """The data set of a cell, such as minimal/conformal_weight/n100_f30; a setting, engine or seed after it is ignored.

    config   of a sweep: its conventions, how many theories are held out, its own spectra

    Raises UserError for a cell that cannot be.
    """
    return table_in(sweep_of(config), name)


def sweep_of(config: Mapping[str, Any]) -> Sweep:
    """The sweep of a configuration, for its data sets alone: which engines run here does not matter."""
    return Sweep({**config, "engines": ["rational"], "recorded": False})


def table_in(sweep: Sweep, name: str) -> Table:
    """The same of a sweep that is at hand."""
    match = _CELL.fullmatch(name.strip("/"))
    if match is None:
        raise UserError(
            f"--cell {name}: write family/task/n100_f30 (the lowest 30% of 100 theories) or family/task/n100"
        )
    family, task = match["family"], match["task"]
    if family in sweep.given and task == GIVEN:
        given = table_of_file(sweep.given[family])
        return replace(given, closed_form=sweep.closed_form(family, task))
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


def generated(sweep: Sweep, cell: Cell) -> Table:
    """The rows of a cell of a family, made as the sweep makes them, with the closed form that is known."""
    data, held_out = generate(**sweep.request_of(cell))
    task = TASKS[cell.task]
    return Table(cell.spectrum, task.symbol, data, held_out, sweep.closed_form(cell.family, cell.task))


# ---- the verdict


@dataclass(frozen=True)
class Difference:
    """The first row on which a formula is wrong: of the data, or of what was held out.

    given, formula   the target and the formula's value there, as text
    wrong, rows      on how many rows of how many it is wrong
    """

    held_out: bool
    labels: dict[str, int | str]
    given: str
    formula: str
    wrong: int
    rows: int


@dataclass(frozen=True)
class Check:
    """What is known of a formula.

    differences   where it is wrong, first on the data, then on what was held out
    answer        what `fit` finds on the same rows; None where it was not run
    same_as_fit   whether that is the same function: "yes", "no", "undecided", "not looked at"
    """

    table: Table
    judgement: Judgement
    differences: tuple[Difference, ...]
    answer: Answer | None = None
    same_as_fit: str = NOT_LOOKED_AT

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
        }


def equation_of(expression: Expression, data: Dataset) -> Equation:
    """The formula as a front would have it."""
    loss = mean_squared_error(expression, data.columns, data.target)
    return Equation(expression.complexity, loss, 0.0, str(expression))


def judged(expression: Expression, table: Table, seconds: float = SECONDS) -> Judgement:
    labels = table.data.labels
    return judge(equation_of(expression, table.data), labels, table.data, table.held_out, table.closed_form, seconds)


def check(text: str, table: Table, options: Mapping[str, Any] | None = None, seconds: float = SECONDS) -> Check:
    """Judge a formula, in any of the notations of `algebra.formula`.

    options   of the exact engine, to compare with what it finds; None not to run it

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
    return replace(result, answer=answer, same_as_fit=same_as_fit(judgement, answer, table, seconds))


def refuse_unlabelled(table: Table) -> None:
    """Raise UserError where the rows do not say which field they are: no function of their labels is the target."""
    task = TASKS.get(table.data.metadata.get("task", ""))
    if task is not None and not task.labelled:
        raise UserError(f"the rows of {table.source} have no labels of the fields; a formula cannot be checked on them")


def expression_judged(judgement: Judgement, labels: tuple[str, ...]) -> Expression:
    """What was judged: the equation, or, where its constants were read as rational numbers, that reading."""
    return read_formula(judgement.simplified if judgement.tolerance else judgement.equation, labels)


def constants_moved_by(judgement: Judgement, labels: tuple[str, ...]) -> float | None:
    """How far the constants were moved to read them as rational numbers: 0.0 not at all, None where none were read.

    Where the reading is that of the expanded fraction's coefficients, not of the constants as they stand, the
    tolerance of the reading, which bounds it.
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
    """ ", moved by at most 4e-07"; "" where constants are the fractions that they are written as."""
    if not moved:
        return ""
    # Rounded up: it is a bound.
    unit = 10.0 ** math.floor(math.log10(moved))
    return f", moved by at most {math.ceil(moved / unit * (1 - 1e-9)) * unit:.1g}"


def function_judged(judgement: Judgement, labels: tuple[str, ...]) -> RationalFunction:
    """P and Q, not cancelled, of what was judged.

    Raises LimitReachedError, ZeroDivisionError or ValueError where there is none.
    """
    return function_of(expression_judged(judgement, labels), labels)


def same_as_fit(judgement: Judgement, answer: Answer, table: Table, seconds: float) -> str:
    """Whether what was judged is the function that fit finds: "yes", "no" or "undecided"."""
    if answer.judgement is None:
        return NO  # it finds no formula, or several
    labels = table.data.labels
    try:
        with time_limit(seconds):
            own, found = (function_judged(item, labels) for item in (judgement, answer.judgement))
            return YES if own.same_as(found) else NO
    except LimitReachedError:
        return UNDECIDED
    except (ZeroDivisionError, ValueError):
        return NO


def differences(judgement: Judgement, table: Table, seconds: float = SECONDS) -> tuple[Difference, ...]:
    """Where the formula is wrong: the first row of the data, and the first of what was held out."""
    found = []
    for held_out, rows, answer in (
        (False, table.data, judgement.exact_on_data),
        (True, table.held_out, judgement.exact_on_held_out),
    ):
        if answer == NO and (difference := _first_difference(judgement, rows, held_out, seconds)) is not None:
            found.append(difference)
    return tuple(found)


def _first_difference(judgement: Judgement, rows: Dataset, held_out: bool, seconds: float) -> Difference | None:
    try:
        with time_limit(seconds):
            function = function_judged(judgement, rows.labels)
            if held_out:
                function = function.cancelled()  # as the judge does: on the data a formula stands as it is written
            wrong = rows.wrong_rows(function, width_of(rows))
            if not len(wrong):
                return None
            first = int(wrong[0])
            above, below = (int(part[0]) for part in rows.take([first]).evaluate(function))  # type: ignore[arg-type]
            value = Fraction(above, below) if below else None
            # A decimal is shown as one, not as the binary fraction that it is.
            plain = value is not None and value.denominator < 10**9
            shown = "undefined" if value is None else str(value) if plain else f"{float(value):.12g}"
    except (LimitReachedError, ZeroDivisionError, ValueError, OverflowError):
        return _rough_difference(judgement, rows, held_out)
    return Difference(
        held_out, rows.described(rows.x[first].tolist()), rows.quoted(first), shown, len(wrong), len(rows)
    )


def _rough_difference(judgement: Judgement, rows: Dataset, held_out: bool) -> Difference | None:
    """The same in float64, of a formula that is no fraction of polynomials, or too large to make one."""
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


def describe_table(table: Table) -> str:
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
    return f"{words}{read}: {' and '.join([', '.join(what[:-1]), what[-1]] if what[1:] else what)}; proved"


def describe_answers(result: Check) -> list[str]:
    table, judgement = result.table, result.judgement
    lines = []
    for held_out, rows, answer, empty in (
        (False, table.data, judgement.exact_on_data, ""),
        (True, table.held_out, judgement.exact_on_held_out, ", nothing was held out"),
    ):
        where = "on what was held out" if held_out else "on the data"
        first = next((item for item in result.differences if item.held_out == held_out), None)
        if answer in (YES, APPROXIMATE):
            lines.append(f"{where}: {agreement(answer, None, len(rows))}")
        elif first is not None:
            lines.append(f"{where}: {agreement(NO, first.wrong, first.rows)}")
            lines.append(
                f"  first where {in_words(first.labels)}: the target is {first.given}, the formula {first.formula}"
            )
        else:
            lines.append(f"{where}: {answer}{empty if answer == NOT_LOOKED_AT else ''}")
    known = f" ({table.closed_form})" if table.closed_form else ", none is known"
    lines.append(f"identical to the closed form: {judgement.identical_to_closed_form}{known}")
    return [*lines, _compared(result)]


def _compared(result: Check) -> str:
    answer = result.answer
    if answer is None:
        return f"what fit finds: {NOT_LOOKED_AT}"
    if answer.judgement is None:
        return f"what fit finds: {'several formulas, each for a part' if answer.formulas else 'no formula'}"
    known = "identified" if answer.identified else "fits, and is not identified"
    if result.same_as_fit == YES:
        return f"what fit finds: the same function ({known})"
    if result.same_as_fit == UNDECIDED:
        return f"what fit finds: {answer.judgement.equation} ({known}); whether it is the same function is undecided"
    return f"what fit finds: another function, {answer.judgement.equation} ({known})"
