"""An answer of `cftsr fit` as the page of its file."""

from __future__ import annotations

from pathlib import Path

from cftsr.answers.fit_file import FitAnswer, headline, verdicts_in_words
from cftsr.answers.fit_levels import LevelsAnswer, answer_in_words, headline_of_levels
from cftsr.answers.shape import (
    ShapeFit,
    agreement_of_shape,
    constants_in_words,
    describe_shape,
    equation_of_shape,
    headline_of_shape,
)
from cftsr.data.dataset import Dataset
from cftsr.fronts.certificate import describe_certificate
from cftsr.fronts.verdict import Judgement
from cftsr.output.page.file_page import FileFormula, FilePage
from cftsr.vocabulary import NOT_LOOKED_AT, YES


def file_page_of(answer: FitAnswer | LevelsAnswer | ShapeFit) -> FilePage:
    """The page of an answer; that of a file of levels has the formula in the hidden quantum numbers."""
    if isinstance(answer, ShapeFit):
        return _page_of_shape(answer)
    words = answer_in_words(answer)
    if answer.request:
        # A page is passed on: no folder of this machine.
        words = words.replace(str(answer.request.file), Path(answer.request.file).name)
    if isinstance(answer, FitAnswer):
        return _page(answer, headline(answer), answer.identified, words)
    if answer.formula is None:
        name, symbol = Path(answer.request.file).name, answer.request.target
        return FilePage(name, symbol, headline_of_levels(answer), answer.identified, words, notes=answer.levels.notes)
    return _page(answer.formula, headline_of_levels(answer), answer.identified, words)


def _page(answer: FitAnswer, words_first: str, identified: bool, words: str) -> FilePage:
    request = answer.request
    return FilePage(
        file=Path(request.file).name if request else "table",
        symbol=request.target if request else "y",
        headline=words_first,
        identified=identified,
        words=words,
        data=answer.spectrum.data,
        held_out=answer.spectrum.held_out,
        notes=answer.spectrum.notes,
        formulas=[
            _formula(formula.judgement, verdicts_in_words(formula), formula.data, formula.held_out, formula.condition)
            for formula in answer.formulas
            if formula.shown
        ],
        certificate=describe_certificate(answer.certificate, answer.identified),
        wrong=answer.wrong_rows,
    )


def _formula(
    judgement: Judgement, verdicts: list[str], data: Dataset, held_out: Dataset, condition: str = ""
) -> FileFormula:
    on_data = judgement.exact_on_data == YES
    return FileFormula(
        equation=judgement.equation,
        simplified=judgement.simplified,
        verdicts=verdicts,
        data=data,
        held_out=held_out,
        exact_on_data=on_data,
        exact=on_data and judgement.exact_on_held_out in (YES, NOT_LOOKED_AT),
        condition=condition,
    )


def _page_of_shape(result: ShapeFit) -> FilePage:
    table, name = result.table, Path(result.table.source).name
    certificate, formulas = [f"the shape: {equation_of_shape(result)}"], []
    if result.solution is not None:
        values, *remarks = constants_in_words(result)
        certificate.append(f"the constants: {values}" + "".join(f" ({remark})" for remark in remarks))
    if result.check is not None:
        formulas.append(_formula(result.check.judgement, agreement_of_shape(result), table.data, table.held_out))
    return FilePage(
        file=name,
        symbol=table.symbol,
        headline=headline_of_shape(result),
        identified=result.identified,
        words=describe_shape(result).replace(table.source, name),
        data=table.data,
        held_out=table.held_out,
        notes=table.notes,
        formulas=formulas,
        certificate=[*certificate, headline_of_shape(result)],
        wrong=result.wrong_rows,
    )
