"""A file of energies without labels of fields: first the hidden quantum number, then the formula in it.

`cftsr fit` comes here where the rows of a file are levels of theories and no column tells which field a level belongs
to. Theory labels may be whole numbers, and D is a formula in them; or names, and D is a number for each theory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cftsr.answers.fit_file import FitAnswer, describe_answer, fit_file, fit_rows, latex_symbol
from cftsr.data.dataset import Dataset, integers
from cftsr.data.levels_file import Levels, Rows, read_levels
from cftsr.data.user_file import SpectrumRequest
from cftsr.errors import UserError
from cftsr.fronts.certificate import describe_certificate
from cftsr.hidden.bare import bare_spectrum
from cftsr.hidden.findings import Finding
from cftsr.hidden.labelled import with_labels
from cftsr.hidden.search import find_hidden
from cftsr.results import unlabelled
from cftsr.vocabulary import NONE, NOT_LOOKED_AT, YES, counted

BY_THEORIES, BY_LEVELS = "theories", "levels"


@dataclass(frozen=True)
class LevelsAnswer:
    """The result for a file of levels.

    finding   the hidden quantum numbers
    formula   E in the theory labels and the hidden quantum numbers, by the exact engine; None where D is no formula
    data      number of levels that were used
    held_out  number of levels that were held out; held_out_by: the largest theories, or the highest levels of each
    """

    request: SpectrumRequest
    levels: Levels
    finding: Finding
    formula: FitAnswer | None
    data: int
    held_out: int
    held_out_by: str

    @property
    def identified(self) -> bool:
        if not self.finding.identified:
            return False
        return self.formula.identified if self.formula else not self.levels.labels

    def as_dict(self) -> dict[str, Any]:
        return {
            "file": str(self.request.file),
            "target": self.request.target,
            "theory_labels": list(self.levels.labels),
            "theories": len(self.levels.levels),
            "levels": self.data,
            "held_out_levels": self.held_out,
            "notes": list(self.levels.notes),
            "identified": self.identified,
            "hidden": self.finding.as_dict(),
            "formula": self.formula.as_dict() if self.formula else None,
        }


def fit_table(request: SpectrumRequest, options: dict[str, Any]) -> FitAnswer | LevelsAnswer:
    """The formula of a file: in its labels, or, if it has none for the fields, in hidden quantum numbers.

    Raises UserError where the file cannot be used.
    """
    try:
        return fit_file(request, options)
    except UserError as error:
        return fit_as_levels(request, options, error)


def fit_as_levels(request: SpectrumRequest, options: dict[str, Any], error: UserError) -> LevelsAnswer:
    """The answer for a file that `fit_file` refuses with this error; the error is raised if the rows are no levels."""
    levels = read_levels(request)
    if levels is None:
        raise error
    return fit_levels(request, levels, options)


def fit_levels(request: SpectrumRequest, levels: Levels, options: dict[str, Any]) -> LevelsAnswer:
    share = request.hold_out_theories
    by, (data, held_out) = BY_THEORIES, levels.split_by_theories(share)
    finding = _finding(levels.labels, data, held_out) if levels.labels else None
    if finding is None or (finding.kind != NONE and not finding.equations()):
        # D is a number of each theory that no formula predicts: only levels can be held out.
        by, (data, held_out) = BY_LEVELS, levels.split_by_levels(share)
        finding = _finding((), data, held_out)
    formula = None
    if finding.equations():
        rows, others = (with_labels(_dataset(request, levels.labels, part), finding) for part in (data, held_out))
        formula = replace(fit_rows(rows, others, options), request=request)
    return LevelsAnswer(request, levels, finding, formula, len(data), len(held_out), by)


def _finding(labels: tuple[str, ...], data: Rows, held_out: Rows) -> Finding:
    return find_hidden(bare_spectrum(labels, data), bare_spectrum(labels, held_out) if held_out else None)


def _dataset(request: SpectrumRequest, labels: tuple[str, ...], rows: Rows) -> Dataset:
    """Levels as rows that have only the labels of the theory."""
    starts: dict[tuple, int] = {}
    ranks = []
    for theory, _ in rows:
        ranks.append(starts.setdefault(theory, 0))
        starts[theory] += 1
    return Dataset(
        labels=labels,
        theory_labels=len(labels),
        x=np.array([theory for theory, _ in rows], dtype=np.int64).reshape(len(rows), len(labels)),
        numerator=integers([level.numerator for _, level in rows]),
        denominator=integers([level.denominator for _, level in rows]),
        rank=np.array(ranks, dtype=np.int32),
        unary_operators=tuple(request.unary_operators),
    )


# ---- in words


def answer_in_words(answer: FitAnswer | LevelsAnswer) -> str:
    return describe_answer(answer) if isinstance(answer, FitAnswer) else describe_levels(answer)


def describe_levels(answer: LevelsAnswer) -> str:
    """The table, E in the hidden quantum numbers, how sure it is and why."""
    finding, levels, symbol = answer.finding, answer.levels, answer.request.target
    record = finding.as_dict()
    where = f" in {', '.join(levels.labels)}" if levels.labels else ""
    lines = [
        f"{answer.request.file}: {counted(answer.data, 'level')} to fit, {answer.held_out:,} held out "
        f"({_held_out_words(answer)}), of {counted(len(levels.levels), 'theory', 'theories')}; {symbol}{where} and a "
        "quantum number to be found",
        *(f"note: {note}" for note in levels.notes),
        "",
        *_formula_lines(answer, record),
        "",
        headline_of_levels(answer),
    ]
    if finding.kind != NONE:
        lines.append(f"  on the data: hidden numbers are whole on {unlabelled.explained_levels(record['data'])} levels")
        held_out = unlabelled.explained_levels(record["held_out"])
        words = f"whole on {held_out} levels" if held_out else f"{NOT_LOOKED_AT}, nothing was held out"
        lines.append(f"  on what was held out: {words}")
    lines += [f"  {line}" for line in unlabelled.describe_finding(record)]
    if answer.formula:
        lines += _of_the_engine(answer.formula, symbol)
    return "\n".join(lines)


def _held_out_words(answer: LevelsAnswer) -> str:
    if not answer.held_out:
        return "too few"
    return "the largest theories" if answer.held_out_by == BY_THEORIES else "the highest of each theory"


def _formula_lines(answer: LevelsAnswer, record: dict[str, Any]) -> list[str]:
    symbol, several = answer.request.target, answer.finding.several_sectors
    if answer.finding.kind == NONE:
        return ["no hidden quantum number"]
    texts = [text.removeprefix("E = ") for text in unlabelled.equations(record)]
    if not texts:
        return _without_a_formula(answer, record)
    lines = [f"{symbol} = {text}" + f" in sector {number}" * several for number, text in enumerate(texts)]
    judgement = answer.formula.judgement if answer.formula else None
    if judgement:
        lines.append(f"LaTeX: {latex_symbol(symbol)} = {judgement.latex}")
    return lines


def _without_a_formula(answer: LevelsAnswer, record: dict[str, Any]) -> list[str]:
    """The result where D is a number of each theory and no formula in its labels."""
    symbol = answer.request.target
    why = f"{answer.levels.named} names the theories, so D is a number of each"
    if answer.levels.labels:
        why = f"no formula for D in {', '.join(answer.levels.labels)} was found"
    elif len(answer.levels.levels) == 1:
        why = "of one theory D is a number"
    lines = [f"{symbol} = lambda^2/D - {shift}" for shift in unlabelled.shifts(record)]
    if answer.finding.form is not None or answer.finding.second_denominator is not None:
        lines = [f"{symbol} = {answer.finding.form}/D - {shift}" for shift in unlabelled.shifts(record)]
    return [*lines, f"determined are s, D of each theory and the whole lambda of each level; {why}"]


def headline_of_levels(answer: LevelsAnswer) -> str:
    finding = answer.finding
    if answer.identified:
        what = "the formula" if answer.formula else "s, D and lambda"
        return f"identified: the data determine {what}, and chance does not explain it"
    if finding.kind == NONE:
        return "not identified: the search ended without a hidden quantum number"
    if finding.held_out and not finding.held_out.exact:
        return "not identified: what was held out has levels without whole hidden numbers"
    if finding.identified and not answer.formula:
        return (
            "not identified: s, D and lambda are determined, but no formula for D in "
            f"{', '.join(answer.levels.labels)} was found"
        )
    return "not identified: this explains the levels, but the data do not determine it"


def _of_the_engine(formula: FitAnswer, symbol: str) -> list[str]:
    judgement = formula.judgement
    if judgement is None:
        return ["  the exact engine finds no formula in these quantum numbers"]
    data, held_out = formula.spectrum.data, formula.spectrum.held_out
    exact = "exact" if judgement.exact_on_data == YES else "not exact"
    words = f"{symbol} = {judgement.equation}, {exact} on {len(data):,} rows"
    lines = [f"  the exact engine in {', '.join(data.labels)}: {words}"]
    if len(held_out):
        there = "exact" if judgement.exact_on_held_out == YES else "not exact"
        lines[0] += f" and {there} on {len(held_out):,} held out"
    return lines + [f"    {line}" for line in describe_certificate(formula.certificate, formula.identified)]
