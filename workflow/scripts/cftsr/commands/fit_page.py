"""An answer of `cftsr fit` as the page of its file."""

from __future__ import annotations

from pathlib import Path

from cftsr.answers.fit_file import Answer, Formula, headline, verdicts_in_words
from cftsr.answers.fit_levels import LevelsAnswer, in_words
from cftsr.answers.fit_levels import headline as headline_of_levels
from cftsr.fronts.certificate import describe_certificate
from cftsr.output.page.file_page import FileFormula, FilePage
from cftsr.vocabulary import NOT_LOOKED_AT, YES


def file_page_of(answer: Answer | LevelsAnswer) -> FilePage:
    """The page of an answer; that of a file of levels has the formula in the hidden quantum numbers."""
    words = in_words(answer)
    if answer.asked:
        # A page is passed on: no folder of this machine.
        words = words.replace(str(answer.asked.file), Path(answer.asked.file).name)
    if isinstance(answer, Answer):
        return _page(answer, headline(answer), answer.identified, words)
    if answer.formula is None:
        name, symbol = Path(answer.asked.file).name, answer.asked.target
        return FilePage(name, symbol, headline_of_levels(answer), answer.identified, words, notes=answer.levels.notes)
    return _page(answer.formula, headline_of_levels(answer), answer.identified, words)


def _page(answer: Answer, words_first: str, identified: bool, words: str) -> FilePage:
    asked = answer.asked
    return FilePage(
        file=Path(asked.file).name if asked else "table",
        symbol=asked.target if asked else "y",
        headline=words_first,
        identified=identified,
        words=words,
        data=answer.given.data,
        held_out=answer.given.held_out,
        notes=answer.given.notes,
        formulas=[_formula(formula) for formula in answer.formulas if formula.shown],
        certificate=describe_certificate(answer.certificate, answer.identified),
        wrong=answer.accused,
    )


def _formula(formula: Formula) -> FileFormula:
    judgement = formula.judgement
    on_data = judgement.exact_on_data == YES
    return FileFormula(
        equation=judgement.equation,
        simplified=judgement.simplified,
        verdicts=verdicts_in_words(formula),
        data=formula.data,
        held_out=formula.held_out,
        exact_on_data=on_data,
        exact=on_data and judgement.exact_on_held_out in (YES, NOT_LOOKED_AT),
        condition=formula.condition,
    )
