"""A file of energies without labels of fields: the quantum number is found, then the formula in it.

`python -m cftsr fit` comes here where the rows of a file are levels of theories and nothing tells which field a level
belongs to. Theory labels may be whole numbers, in which D is then found as a formula, or names, and D is a sequence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cftsr.answers.fit_file import Answer, describe_answer, fit_file, fit_rows, latex_symbol
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
    """What is known of a file of levels.

    finding   the hidden quantum numbers
    formula   E in the theory labels and the numbers found, by the exact engine; None where D is no formula
    held_out  how many levels were held out, and by what: the largest theories, or the highest levels of each
    """

    asked: SpectrumRequest
    levels: Levels
    finding: Finding
    formula: Answer | None
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
            "file": str(self.asked.file),
            "target": self.asked.target,
            "theory_labels": list(self.levels.labels),
            "theories": len(self.levels.levels),
            "levels": self.data,
            "held_out_levels": self.held_out,
            "notes": list(self.levels.notes),
            "identified": self.identified,
            "hidden": self.finding.as_dict(),
            "formula": self.formula.as_dict() if self.formula else None,
        }


def fit_table(asked: SpectrumRequest, options: dict[str, Any]) -> Answer | LevelsAnswer:
    """The formula of a file: in its labels, or, where it has none for the fields, in quantum numbers that are found.

    Raises UserError where the file cannot be used.
    """
    try:
        return fit_file(asked, options)
    except UserError as error:
        return fit_as_levels(asked, options, error)


def fit_as_levels(asked: SpectrumRequest, options: dict[str, Any], error: UserError) -> LevelsAnswer:
    """The answer for a file that `fit_file` refuses with this error, which is raised where it is none of levels."""
    levels = read_levels(asked)
    if levels is None:
        raise error
    return fit_levels(asked, levels, options)


def fit_levels(asked: SpectrumRequest, levels: Levels, options: dict[str, Any]) -> LevelsAnswer:
    share = asked.hold_out_theories
    by, (data, held_out) = BY_THEORIES, levels.split_by_theories(share)
    finding = _found(levels.labels, data, held_out) if levels.labels else None
    if finding is None or (finding.kind != NONE and not finding.equations()):
        # D is a number of each theory that nothing predicts: only levels can be held out.
        by, (data, held_out) = BY_LEVELS, levels.split_by_levels(share)
        finding = _found((), data, held_out)
    formula = None
    if finding.equations():
        rows, others = (with_labels(_dataset(asked, levels.labels, part), finding) for part in (data, held_out))
        formula = replace(fit_rows(rows, others, options), asked=asked)
    return LevelsAnswer(asked, levels, finding, formula, len(data), len(held_out), by)


def _found(labels: tuple[str, ...], data: Rows, held_out: Rows) -> Finding:
    return find_hidden(bare_spectrum(labels, data), bare_spectrum(labels, held_out) if held_out else None)


def _dataset(asked: SpectrumRequest, labels: tuple[str, ...], rows: Rows) -> Dataset:
    """Levels as rows whose only labels are those of the theory."""
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
        unary_operators=tuple(asked.unary_operators),
    )


# ---- in words


def in_words(answer: Answer | LevelsAnswer) -> str:
    return describe_answer(answer) if isinstance(answer, Answer) else describe_levels(answer)


def describe_levels(answer: LevelsAnswer) -> str:
    """What was read, E in the quantum number found, how sure it is and why."""
    finding, levels, symbol = answer.finding, answer.levels, answer.asked.target
    found = finding.as_dict()
    where = f" in {', '.join(levels.labels)}" if levels.labels else ""
    lines = [
        f"{answer.asked.file}: {counted(answer.data, 'level')} to fit, {answer.held_out:,} held out "
        f"({_held_out_words(answer)}), of {counted(len(levels.levels), 'theory', 'theories')}; {symbol}{where} and a "
        "quantum number to be found",
        *(f"note: {note}" for note in levels.notes),
        "",
        *_formula_lines(answer, found),
        "",
        headline(answer),
    ]
    if finding.kind != NONE:
        lines.append(f"  on the data: hidden numbers are whole on {unlabelled.explained(found['data'])} levels")
        held_out = unlabelled.explained(found["held_out"])
        words = f"whole on {held_out} levels" if held_out else f"{NOT_LOOKED_AT}, nothing was held out"
        lines.append(f"  on what was held out: {words}")
    lines += [f"  {line}" for line in unlabelled.describe(found)]
    if answer.formula:
        lines += _of_the_engine(answer.formula, symbol)
    return "\n".join(lines)


def _held_out_words(answer: LevelsAnswer) -> str:
    if not answer.held_out:
        return "too few"
    return "the largest theories" if answer.held_out_by == BY_THEORIES else "the highest of each theory"


def _formula_lines(answer: LevelsAnswer, found: dict[str, Any]) -> list[str]:
    symbol, several = answer.asked.target, answer.finding.several_sectors
    if answer.finding.kind == NONE:
        return ["no hidden quantum number"]
    texts = [text.removeprefix("E = ") for text in unlabelled.equations(found)]
    if not texts:
        return _without_a_formula(answer, found)
    lines = [f"{symbol} = {text}" + f" in sector {number}" * several for number, text in enumerate(texts)]
    judgement = answer.formula.judgement if answer.formula else None
    if judgement:
        lines.append(f"LaTeX: {latex_symbol(symbol)} = {judgement.latex}")
    return lines


def _without_a_formula(answer: LevelsAnswer, found: dict[str, Any]) -> list[str]:
    """What is determined where D is a number of each theory and no formula of its labels."""
    symbol = answer.asked.target
    why = f"{answer.levels.named} names the theories, so that D is a number of each"
    if answer.levels.labels:
        why = f"no formula for D in {', '.join(answer.levels.labels)} was found"
    elif len(answer.levels.levels) == 1:
        why = "of one theory D is a number"
    lines = [f"{symbol} = lambda^2/D - {shift}" for shift in unlabelled.shifts(found)]
    if answer.finding.form is not None or answer.finding.second_denominator is not None:
        lines = [f"{symbol} = {answer.finding.form}/D - {shift}" for shift in unlabelled.shifts(found)]
    return [*lines, f"determined are s, D of each theory and the whole lambda of each level; {why}"]


def headline(answer: LevelsAnswer) -> str:
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


def _of_the_engine(formula: Answer, symbol: str) -> list[str]:
    judgement = formula.judgement
    if judgement is None:
        return ["  the exact engine finds no formula in the numbers found"]
    data, held_out = formula.given.data, formula.given.held_out
    exact = "exact" if judgement.exact_on_data == YES else "not exact"
    words = f"{symbol} = {judgement.equation}, {exact} on {len(data):,} rows"
    lines = [f"  the exact engine in {', '.join(data.labels)}: {words}"]
    if len(held_out):
        there = "exact" if judgement.exact_on_held_out == YES else "not exact"
        lines[0] += f" and {there} on {len(held_out):,} held out"
    return lines + [f"    {line}" for line in describe_certificate(formula.certificate, formula.identified)]
