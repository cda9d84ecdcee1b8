"""The data themselves: levels against the theory's label, fitted and held out, and the residuals of a formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from cftsr.data.dataset import read_dataset
from cftsr.data.tasks import GIVEN
from cftsr.engines import engine_order
from cftsr.output.figures.base import (
    Figure,
    scientific,
    scope_of,
    shortened,
    slug,
    themed,
)
from cftsr.output.figures.points import (
    FITTED,
    HELD_OUT,
    DrawnRows,
    main_abscissa,
    marks,
    points_of,
    thinned,
    thinning_of,
    value_axis,
)
from cftsr.output.figures.residuals import residual_figures
from cftsr.results.summary import Result
from cftsr.sweep.paths import DataSets
from cftsr.vocabulary import NOT_LOOKED_AT, YES, counted


def build(results: Sequence[Result], folder: Path) -> list[Figure]:
    """The levels of each data set with a fit, and the residuals if the formula is not exact."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(scope_of(result.cell), []).append(result)
    figures = []
    for scope, members in groups.items():
        sets = DataSets(str(folder))
        if not Path(sets.data(scope)).exists():
            continue
        data, rest = read_dataset(sets.data(scope)), sets.held_out(scope)
        held_out = read_dataset(rest) if Path(rest).exists() else None
        best = min(members, key=_rank)
        parts = thinned({FITTED: data} | ({HELD_OUT: held_out} if held_out is not None and len(held_out) else {}))
        figures.append(_levels(scope, best, parts))
        if not is_exact(best):
            figures += _residuals(scope, best, parts)
    return figures


def levels_chart(parts: Mapping[str, DrawnRows], what: str, **properties: Any) -> alt.LayerChart:
    """The target of each row. what: its name."""
    against = main_abscissa(parts[FITTED].spectrum)
    values = {name: part.spectrum.target for name, part in parts.items()}
    points = points_of(parts, values, against)
    return themed([marks(parts, points, value_axis(what, values), what, against)], height=260, **properties)


def is_exact(result: Result) -> bool:
    """Whether the formula is exact on every row; None means that nothing was held out."""
    return result.reported["exact_on_data"] == YES and result.reported["exact_on_held_out"] in (
        YES,
        NOT_LOOKED_AT,
        None,
    )


def _rank(result: Result) -> tuple:
    """The sorting key of fits of a data set: the proved one of the first engine, else that with the smallest loss."""
    # The loss of an exact formula in float64 is rounding.
    loss = 0.0 if is_exact(result) else result.reported["loss"]
    return (result.recovered != YES, not is_exact(result), loss, engine_order(result.cell["engine"]))


def _verdict(result: Result, parts: dict[str, DrawnRows]) -> str:
    """The residual of the formula, in one sentence."""
    formula, engine = result.reported, result.cell["engine"]
    if is_exact(result):
        held = f" and all {parts[HELD_OUT].total:,} held-out" if HELD_OUT in parts else ""
        return f"{engine}'s formula leaves exactly 0 on all {parts[FITTED].total:,} fitted{held} rows (fractions)"
    if formula["exact_on_data"] == YES:
        return f"{engine}'s formula is exact on all {parts[FITTED].total:,} fitted rows, but not on what was held out"
    return f"no exact formula; the closest, by {engine}, has a mean squared error of {scientific(formula['loss'])}"


def noun_of(result: Result) -> str:
    if result.cell["task"] == GIVEN:
        return "rows"
    return "levels" if result.cell["fraction"] is not None else "theories"


def scale_words(result: Result, *words: str) -> str:
    """ " (dimensionless, log scale)": weights and charges have no dimension; that of a user's column is unknown."""
    remarks = [*["dimensionless"] * (result.cell["task"] != GIVEN), *words]
    return f" ({', '.join(remarks)})" if remarks else ""


def _levels(scope: str, result: Result, parts: dict[str, DrawnRows]) -> Figure:
    cell = result.cell
    what, noun = result.quantity, noun_of(result)
    one = {"theories": "theory"}.get(noun, noun.removesuffix("s"))
    values = {name: part.spectrum.target for name, part in parts.items()}
    against = main_abscissa(parts[FITTED].spectrum).title
    heading = {}
    if is_exact(result):
        total = sum(part.total for part in parts.values())
        heading = {"title": f"Formula by {cell['engine']}: residual exactly 0 on all {total:,} rows"}
    chart = levels_chart(parts, what, **heading)
    span = {name: f"{float(v.min()):.3g} to {float(v.max()):.3g}" for name, v in values.items()}
    held = f", {parts[HELD_OUT].total:,} held out ({span[HELD_OUT]})" if HELD_OUT in parts else ""
    return Figure(
        name=slug("levels", *scope.split("/")),
        title=f"The {noun}: {result.title}, {result.data_set}",
        caption=(
            f"Exact {what}{scale_words(result)} against {against}: {counted(parts[FITTED].total, one, noun)} "
            f"that were fitted{' and those held out' if held else ''}; {_verdict(result, parts)}."
            f"{thinning_of(parts, noun)}"
        ),
        alt=(
            f"{what} against {against}: {parts[FITTED].total:,} fitted {noun} ({span[FITTED]}){held}. "
            f"{_verdict(result, parts)}."
        ),
        scope=scope,
        chart=chart,
    )


def _residuals(scope: str, result: Result, parts: dict[str, DrawnRows]) -> list[Figure]:
    """Against what the levels are drawn against, and against each label."""
    cell, formula = result.cell, result.reported["equation"]
    what, noun = result.quantity, noun_of(result)
    of = f"the closest formula ({cell['engine']}: {shortened(formula)})"
    figures: list[Figure] = []
    for drawn in residual_figures(parts, formula, result.reported["exact_on_data"] == YES):
        label, against = drawn.against.label, drawn.against.title
        medians = [f"{value:.1g} on {name} {noun}" for name, value in drawn.medians.items()]
        figures.append(
            Figure(
                name=slug("residuals", *scope.split("/"), *([label] if figures else [])),
                title=(
                    f"Residuals against {against}"
                    if figures
                    else f"Residuals of the closest formula: {result.title}, {result.data_set}"
                ),
                caption=(
                    f"Distance between {of} and the exact {what}"
                    f"{scale_words(result, 'log scale')} on fitted and held-out {noun}, against {against}."
                    f"{thinning_of(parts, noun)}{drawn.left_out}"
                ),
                alt=(
                    f"Residuals of {cell['engine']}'s formula against {against}: the median distance is "
                    f"{' and '.join(medians) or 'unknown'}."
                ),
                scope=scope,
                chart=drawn.chart,
            )
        )
    return figures
