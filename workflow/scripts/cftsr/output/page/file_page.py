"""The page of one file, written by `cftsr fit FILE --html PAGE`. It is self-contained and has no script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from cftsr import __version__
from cftsr.algebra.expressions import evaluate
from cftsr.algebra.formula import ParseError, parse
from cftsr.algebra.printing import letter
from cftsr.data.dataset import Dataset
from cftsr.files import write_text
from cftsr.output import figures
from cftsr.output.figures.levels import levels_chart
from cftsr.output.figures.points import FITTED, HELD_OUT, DrawnRows, thinned, thinning_of
from cftsr.output.figures.residuals import residual_figures
from cftsr.output.page.templates import environment_of
from cftsr.output.tables.html import number_markup
from cftsr.output.typesetting.math_font import math_font_face, with_plain_parentheses
from cftsr.output.typesetting.mathml import copies, mathml
from cftsr.results.titles import sentence
from cftsr.shipped import shipped

WIDTH = 760  # pixels, of a chart; a narrow page shrinks it
MOST_ROWS = 20  # of the table of residuals


@dataclass(frozen=True)
class FileFormula:
    """A formula, the rows for which it holds, and its verdicts.

    condition   those rows, in words; "" for all
    verdicts    in sentences
    exact       whether its residual is 0, as fractions, on every fitted row, and on every row that was held out
    """

    equation: str
    simplified: str
    verdicts: list[str]
    data: Dataset
    held_out: Dataset
    exact_on_data: bool
    exact: bool
    condition: str = ""


@dataclass(frozen=True)
class FilePage:
    """The content of the page of a file.

    headline      the answer in one sentence; identified: whether it is a yes
    certificate   why, in sentences
    wrong         rows that are taken to be wrong: their labels, their target, and the value of the formula
    words         the full answer, as the command prints it
    data          the rows that were fitted; None if they have no labels of fields
    """

    file: str
    symbol: str
    headline: str
    identified: bool
    words: str
    data: Dataset | None = None
    held_out: Dataset | None = None
    notes: Sequence[str] = ()
    formulas: Sequence[FileFormula] = ()
    certificate: Sequence[str] = ()
    wrong: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Picture:
    title: str
    caption: str
    alt: str
    svg: Markup


@dataclass(frozen=True)
class ResidualRow:
    """A row with the residual of a formula. part: fitted or held out."""

    labels: str
    part: str
    given: Markup
    formula: Markup
    left: Markup


@dataclass(frozen=True)
class Shown:
    """A formula as shown on the page. rows: those with the largest residuals; total: how many rows have one."""

    formula: FileFormula
    markup: Markup
    factored: Markup
    copies: list[tuple[str, str]]
    pictures: list[Picture] = field(default_factory=list)
    rows: list[ResidualRow] = field(default_factory=list)
    total: int = 0


def write_file_page(page: FilePage, target: str | Path) -> None:
    """Raises UserError where the file cannot be written."""
    write_text(target, render_file_page(page))


def render_file_page(page: FilePage) -> str:
    assets = shipped("report")
    environment = environment_of(assets)
    environment.filters |= {"sentence": sentence, "letter": letter}
    labels = list(page.data.labels) if page.data else []
    text = environment.get_template("file.html.j2").render(
        page=page,
        style=Markup((assets / "page.css").read_text(encoding="utf-8")),
        math_font=math_font_face(),
        levels=_levels(page),
        formulas=[_shown(formula, page.symbol) for formula in page.formulas],
        labels=labels,
        certificate=[_with_letters(words, labels) for words in page.certificate],
        software=__version__,
    )
    return with_plain_parentheses(text)


def _with_letters(words: str, labels: Sequence[str]) -> str:
    for label in labels:
        if letter(label) != label:
            words = re.sub(rf"\b{re.escape(label)}\b", letter(label), words)
    return words


def _parts(data: Dataset, held_out: Dataset) -> dict[str, DrawnRows]:
    return thinned({FITTED: data} | ({HELD_OUT: held_out} if len(held_out) else {}))


def _levels(page: FilePage) -> Picture | None:
    if page.data is None or page.held_out is None or not len(page.data):
        return None
    parts = _parts(page.data, page.held_out)
    held = f" and {len(page.held_out):,} held out" if len(page.held_out) else ""
    what = f"{page.symbol}: {len(page.data):,} rows that were fitted{held}."
    chart = levels_chart(parts, page.symbol)
    return Picture("The rows", what + thinning_of(parts, "rows"), what, figures.picture(chart, what, WIDTH))


def _shown(formula: FileFormula, symbol: str) -> Shown:
    markup = mathml(formula.equation, symbol, block=True, rounded=formula.exact_on_data)
    other = bool(formula.simplified) and formula.simplified.replace(" ", "") != formula.equation.replace(" ", "")
    factored = mathml(formula.simplified, symbol, block=True, rounded=formula.exact_on_data) if other else Markup("")
    shown = Shown(formula, markup, factored, copies(formula.equation))
    if formula.exact:
        return shown
    try:
        left = _residuals(formula)
        drawn = residual_figures(_parts(formula.data, formula.held_out), formula.equation, formula.exact_on_data)
    except ParseError:
        return shown
    pictures = []
    for residuals in drawn:
        title = f"Residuals against {residuals.against.title}"
        medians = " and ".join(f"{value:.1g} on {name} rows" for name, value in residuals.medians.items())
        alt = f"{title}: the median distance is {medians or 'unknown'}."
        caption = f"Distance between the formula and {symbol} (log scale).{residuals.left_out}"
        pictures.append(Picture(title, caption, alt, figures.picture(residuals.chart, alt, WIDTH)))
    rows = _largest(formula, left)
    total = int(sum(np.count_nonzero(residuals) for residuals in left.values()))
    return Shown(formula, shown.markup, factored, shown.copies, pictures, rows, total)


def _residuals(formula: FileFormula) -> dict[str, np.ndarray]:
    """Formula minus target, float64, for each part of the rows; exactly 0 on fitted rows where that is proved."""
    residuals = {}
    for name, rows in ((FITTED, formula.data), (HELD_OUT, formula.held_out)):
        if not len(rows):
            continue
        with np.errstate(all="ignore"):
            residuals[name] = np.broadcast_to(evaluate(parse(formula.equation, rows.columns), rows.columns), len(rows))
            residuals[name] = residuals[name] - rows.target
        if name == FITTED and formula.exact_on_data:
            residuals[name] = np.zeros(len(rows))
    return residuals


def _largest(formula: FileFormula, left: dict[str, np.ndarray]) -> list[ResidualRow]:
    places = [
        (-abs(value), name, index) for name, values in left.items() for index, value in enumerate(values) if value
    ]
    largest = []
    for _, name, index in sorted(places, key=lambda place: (place[0], place[1], place[2]))[:MOST_ROWS]:
        rows = formula.data if name == FITTED else formula.held_out
        words = ", ".join(
            f"{letter(label)} = {value}" for label, value in rows.described(rows.x[index].tolist()).items()
        )
        given, residual = float(rows.target[index]), float(left[name][index])
        largest.append(
            ResidualRow(words, name, _decimal(given), _decimal(given + residual), number_markup(residual, "loss"))
        )
    return largest


def _decimal(value: float) -> Markup:
    return Markup("{}").format(f"{value:.8g}".replace("-", "\N{MINUS SIGN}"))
