"""The front of another tool, made exact and proved: rational constants, or structures with exact coefficients.

A hall of fame of PySR or a model of Operon has floats such as 0.2500003. Each equation is judged as an engine's would
be (`fronts.verdict`): near enough to the data, its constants are read as rational numbers. Where that gives no proof,
its structure alone is kept, the monomials of numerator and denominator, and the coefficients are solved for exactly
from the rows (`engines.refinement`). What is exact on the data and on what was held out is proved.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cftsr.algebra.expressions import Expression, substitute, variable
from cftsr.algebra.formula import NotRationalError, ParseError, parse, read_formula
from cftsr.algebra.integer_columns import INTEGER_COLUMNS, without_integer_columns
from cftsr.algebra.rational_function import RationalFunction
from cftsr.algebra.shortest_form import shortest
from cftsr.answers.checking import (
    Check,
    SplitTable,
    compared_with_fit,
    constants_moved_by,
    describe_answers,
    describe_table,
    differences,
    how_far,
    judged,
    refuse_unlabelled,
)
from cftsr.answers.fit_file import FitAnswer, fit_rows, latex_symbol
from cftsr.data.dataset import Dataset
from cftsr.engines.refinement import Refiner, Support, supports, terms_of
from cftsr.errors import UserError
from cftsr.files import read_json
from cftsr.fronts.certificate import wrong_rows_in_words
from cftsr.fronts.exactness import width_of
from cftsr.fronts.front import mean_squared_error, read_front
from cftsr.fronts.verdict import Judgement
from cftsr.vocabulary import APPROXIMATE, NO, UNDECIDED, YES, counted

SECONDS = 20.0  # for one equation
SUPPORT_LIMIT = 60  # coefficients that are solved for
SAMPLE = 200  # rows on which the terms of an equation are measured
MAX_EQUATIONS = 2000
# Names of the columns, in lower case, the surest first.
EQUATION = ("equation", "expression", "formula", "model", "infix", "sympy_format")
COMPLEXITY = ("complexity", "size", "length", "model_length")
# How an equation became a formula.
AS_IT_STANDS, READ, SOLVED = "as it stands", "constants read as rational numbers", "coefficients solved exactly"
_UNREADABLE = "cannot be read: "
_INPUT = re.compile(r"[xX]_?([0-9]+)")

# ---- the file


@dataclass(frozen=True)
class FileEquation:
    """An equation of a file: its line, its text, and its complexity as the tool counts it, None where it is missing."""

    line: int
    text: str
    complexity: int | None = None


def read_equations(path: str | Path) -> list[FileEquation]:
    """The equations of a table with a column `Equation` (PySR's csv), a front of ours (Parquet), or one per line.

    Raises UserError if there is none.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}; give a table of equations") from None
    if content[:4] == b"PAR1":
        return [FileEquation(i + 1, equation.text, equation.complexity) for i, equation in enumerate(read_front(path))]
    if Path(path).name == "verdict.json":
        verdict = read_json(path, "give a front instead")["verdict"]
        return [FileEquation(i + 1, one["equation"], one["complexity"]) for i, one in enumerate(verdict["equations"])]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path} is no text in UTF-8; give the CSV file of equations") from None
    entries = _from_table(text) or [
        FileEquation(number, line.strip())
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not entries:
        raise UserError(f"{path} has no equation; give a column called Equation, or an equation on each line")
    if len(entries) > MAX_EQUATIONS:
        raise UserError(f"{path} has {len(entries):,} equations; give at most {MAX_EQUATIONS:,}, the best ones")
    return entries


def _from_table(text: str) -> list[FileEquation]:
    """The rows of a table whose first line names a column of equations; [] where it does not."""
    head = text.lstrip().partition("\n")[0]
    for delimiter in ",;\t|":
        names = [name.strip().strip('"').lower() for name in head.split(delimiter)]
        column = next((names.index(name) for name in EQUATION if name in names), None)
        if column is None:
            continue
        size = next((names.index(name) for name in COMPLEXITY if name in names), None)
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
        return [
            FileEquation(line, row[column].strip() if column < len(row) else "", _whole(row, size))
            for line, row in rows[1:]
        ]
    return []


def _whole(row: Sequence[str], column: int | None) -> int | None:
    try:
        return None if column is None else int(float(row[column]))
    except (ValueError, IndexError, OverflowError):
        return None


# ---- names


def input_names(entries: Sequence[FileEquation], labels: Sequence[str]) -> set[str]:
    """Those of x0, x1, ..., X1, X2, ... that occur in the equations and are no labels."""
    words = {word for entry in entries for word in re.findall(r"[^\W\d]\w*", entry.text)}
    return {word for word in words - set(labels) if _INPUT.fullmatch(word)}


def mappings(names: set[str], labels: Sequence[str]) -> Iterator[dict[str, str]]:
    """The ways to map numbered inputs to labels: counted from 0 or from 1, whichever is possible."""
    indices = {name: int(_INPUT.fullmatch(name)[1]) for name in names}  # type: ignore[index]
    for first in (0, 1):
        if all(first <= index < len(labels) + first for index in indices.values()):
            yield {name: labels[index - first] for name, index in indices.items()}


# ---- the equations


@dataclass(frozen=True)
class JudgedEquation:
    """An equation and its verdict.

    entry      as in the file
    problem    why it cannot be judged; "" where it can
    way        how it was made exact before it was judged: AS_IT_STANDS, READ or SOLVED
    judgement  None where there is a problem
    """

    entry: FileEquation
    problem: str = ""
    way: str = AS_IT_STANDS
    judgement: Judgement | None = None

    @property
    def verdict(self) -> str:
        return self.judgement.recovered if self.judgement else NO


@dataclass(frozen=True)
class Proof:
    """A file of equations, judged.

    table   the rows
    lines   in the order of the file
    best    the simplest one that is proved, compared with the formula of `fit`; None where none is
    notes   the assumptions made
    fit     where none is proved: what fit identifies with wrong rows, and these; None where it was not run, or does not
    """

    file: str
    table: SplitTable
    lines: tuple[JudgedEquation, ...]
    best: Check | None = None
    line: JudgedEquation | None = None
    notes: tuple[str, ...] = ()
    fit: FitAnswer | None = None

    @property
    def proved(self) -> bool:
        return self.line is not None and self.line.verdict == YES

    def as_dict(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "source": self.table.source,
            "notes": list(self.notes),
            "proved": self.proved,
            "line": self.line.entry.line if self.line else None,
            "best": self.best.as_dict() if self.best else None,
            "wrong_rows": self.fit.wrong_rows if self.fit else [],
            "equations": [
                {
                    "line": line.entry.line,
                    "equation": line.entry.text,
                    "complexity": line.entry.complexity,
                    "problem": line.problem,
                    "way": line.way,
                    "verdict": line.verdict if line.judgement else "not looked at",
                    "formula": line.judgement and line.judgement.simplified,
                    "latex": line.judgement and line.judgement.latex,
                }
                for line in self.lines
            ],
        }


class _Prover:
    """Judges equations on one table; a structure that several equations share is solved once."""

    def __init__(self, table: SplitTable, seconds: float):
        self.table, self.seconds = table, seconds
        self.data: Dataset = table.data
        self.sample = self.data.points[self.data.spread(SAMPLE)]
        # Targets that are not exact give no exact equations for coefficients.
        self.refiner = Refiner(self.data) if width_of(self.data) is None else None
        self.solved: dict[Support, RationalFunction | None] = {}

    def judge(self, entry: FileEquation, expression: Expression) -> JudgedEquation:
        line = JudgedEquation(entry, judgement=judged(expression, self.table, self.seconds))
        if line.judgement and line.judgement.tolerance and line.verdict in (YES, APPROXIMATE):
            return replace(line, way=READ)
        if line.verdict in (YES, APPROXIMATE):
            return line
        solved = self._solved(expression)
        if solved is None:
            return line
        judgement = judged(solved, self.table, self.seconds)
        return JudgedEquation(entry, way=SOLVED, judgement=judgement) if judgement.recovered == YES else line

    def _solved(self, expression: Expression) -> Expression | None:
        """The formula with the same structure that is exact on every row of the data, or None."""
        if self.refiner is None:
            return None
        terms = terms_of(expression, self.data.labels, self.sample)
        if terms is None:
            return None
        for support in supports([terms], SUPPORT_LIMIT):
            if support not in self.solved:
                self.solved[support] = self.refiner.solve(support)
            function = self.solved[support]
            if function is not None:
                return shortest(function, self.data.labels, ("square",))
        return None


def prove(
    path: str | Path,
    table: SplitTable,
    options: Mapping[str, Any] | None = None,
    variables: Sequence[str] = (),
    seconds: float = SECONDS,
) -> Proof:
    """Judge every equation of a file.

    options     of the exact engine, to compare the proved formula with its own; None not to run it
    variables   the labels in the order in which the tool had its inputs x0, x1, ...; () for the table's order

    Raises UserError where the file has no equation.
    """
    return prove_equations(read_equations(path), str(path), table, options, variables, seconds)


def prove_equations(
    entries: Sequence[FileEquation],
    file: str,
    table: SplitTable,
    options: Mapping[str, Any] | None = None,
    variables: Sequence[str] = (),
    seconds: float = SECONDS,
) -> Proof:
    """`prove` for equations that were already read."""
    refuse_unlabelled(table)
    names, notes = _named(entries, table.data, variables)
    prover = _Prover(table, seconds)
    lines = []
    for entry in entries:
        try:
            lines.append(prover.judge(entry, _read(entry.text, table.data.labels, names)))
        except NotRationalError as error:
            lines.append(JudgedEquation(entry, f"not rational: {error}"))
        except ParseError as error:
            lines.append(JudgedEquation(entry, f"{_UNREADABLE}{error}"))
    if lines and all(line.problem.startswith(_UNREADABLE) for line in lines):
        first = f"line {lines[0].entry.line}: {lines[0].problem.removeprefix(_UNREADABLE)}"
        raise UserError(
            f"{file} has no equation that can be read ({first}); give a table with a column called Equation, or an "
            "equation on each line"
        )
    proof = Proof(file, table, tuple(lines), notes=notes)
    wanted = [line for line in lines if line.verdict == YES] or [line for line in lines if line.verdict == APPROXIMATE]
    if not wanted:
        # One wrong row of the table keeps every equation from being proved.
        fitted = fit_rows(table.data, table.held_out, dict(options)) if options is not None else None
        misprints = fitted is not None and fitted.judgement is not None and fitted.identified and fitted.wrong_rows
        return replace(proof, fit=fitted) if misprints else proof
    line = min(wanted, key=lambda line: (line.judgement.complexity, line.entry.line))  # type: ignore[union-attr]
    assert line.judgement is not None
    best = Check(table, line.judgement, differences(line.judgement, table, seconds))
    if options is not None:
        answer = fit_rows(table.data, table.held_out, dict(options))
        best = compared_with_fit(best, answer, seconds)
    return replace(proof, best=best, line=line)


def _read(text: str, labels: Sequence[str], names: Mapping[str, str]) -> Expression:
    expression = read_formula(text, (*labels, *names), unlisted=INTEGER_COLUMNS)

    def leaf(node: Expression) -> Expression:
        return variable(names[node.value]) if node.kind == "variable" and node.value in names else node

    renamed = without_integer_columns(substitute(expression, leaf))
    parse(str(renamed), labels)  # raises ParseError beyond the limits of the judge
    return renamed


def _named(
    entries: Sequence[FileEquation], data: Dataset, variables: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The label of each numbered input, and the same in words."""
    order = tuple(variables) or data.labels
    unknown = [name for name in order if name not in data.labels]
    if unknown:
        raise UserError(f"--variables: {unknown[0]!r} is no label; labels are {', '.join(data.labels)}")
    names = input_names(entries, data.labels)
    possible = list(mappings(names, order)) if names else []
    if not possible:
        return {}, ()
    # Counted from 0 or from 1: whichever is nearer to the data.
    best = min(possible, key=lambda mapping: _smallest_loss(entries, data, mapping))
    words = ", ".join(f"{name} is {best[name]}" for name in sorted(best))
    other = "" if variables else "; --variables names the labels in another order"
    return best, (f"{words}{other}",)


def _smallest_loss(entries: Sequence[FileEquation], data: Dataset, names: Mapping[str, str]) -> float:
    losses = [math.inf]
    for entry in entries:
        try:
            expression = _read(entry.text, data.labels, names)
        except ParseError:
            continue
        losses.append(mean_squared_error(expression, data.columns, data.target))
    return min(losses)


# ---- in words

_WIDTH = 100  # of an equation that is shown


def describe_proof(proof: Proof) -> str:
    """Each equation with its verdict, then the proved formula with its LaTeX and the answers to each question."""
    table = proof.table
    lines = [f"{proof.file}: {counted(len(proof.lines), 'equation')}", describe_table(table)]
    lines += [f"note: {note}" for note in (*proof.notes, *table.notes)]
    lines.append("")
    width = max(len(str(line.entry.line)) for line in proof.lines)
    lines += [f"line {line.entry.line:{width}}  {_verdict(line, table.data.labels)}" for line in proof.lines]
    lines.append("")
    if proof.best is None or proof.line is None:
        return "\n".join([*lines, "none of them is proved", *_misprints(proof)])
    judgement, symbol = proof.best.judgement, table.symbol
    word = "proved" if proof.proved else "within the uncertainty of the data, which is no proof"
    lines += [
        f"{word}, line {proof.line.entry.line} ({proof.line.way}):",
        f"{symbol} = {judgement.simplified}",
        f"LaTeX: {latex_symbol(symbol)} = {judgement.latex}",
        *(f"  {line}" for line in describe_answers(proof.best)),
    ]
    return "\n".join(lines)


def _misprints(proof: Proof) -> list[str]:
    """The rows that fit takes to be wrong, where none is proved."""
    if proof.fit is None or proof.fit.judgement is None:
        return []
    rows = proof.fit.wrong_rows
    which = f"{counted(len(rows), 'row')} of the table that it does not fit"
    return [
        f"  fit identifies {proof.table.symbol} = {proof.fit.judgement.equation}, and {which}; "
        "correct these or leave them out, and prove again",
        *(f"  {words}" for words in wrong_rows_in_words(rows, len(rows))),
    ]


def _verdict(line: JudgedEquation, labels: tuple[str, ...]) -> str:
    shown = line.entry.text if len(line.entry.text) <= _WIDTH else f"{line.entry.text[: _WIDTH - 3]}..."
    if line.judgement is None:
        return f"{line.problem}: {shown}"
    judgement = line.judgement
    if line.verdict in (YES, APPROXIMATE):
        moved = how_far(constants_moved_by(judgement, labels)) if line.way == READ else ""
        how = "" if line.way == AS_IT_STANDS else f", {line.way}{moved}"
        return f"{'proved' if line.verdict == YES else 'approximate'}{how}: {shown}"
    if line.verdict == UNDECIDED:
        return f"undecided, {judgement.reason or 'no row refutes it'}: {shown}"
    if judgement.exact_on_data in (YES, APPROXIMATE):
        return f"no, exact on the data and not on what was held out: {shown}"
    return f"no: {shown}"
