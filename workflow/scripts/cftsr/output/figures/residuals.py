"""The residuals of a formula, against the abscissa of the levels and against each label."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from cftsr.algebra.expressions import evaluate
from cftsr.algebra.formula import parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.output.figures.base import LANE, MINUS, axis_at, decades, rows, themed
from cftsr.output.figures.points import FITTED, Abscissa, DrawnRows, main_abscissa, marks, other_abscissas, points_of
from cftsr.vocabulary import counted

FLOOR = -18  # log10 of a residual: smaller ones are rounding of float64
HEIGHTS = (180, 130)  # pixels: of the first chart, and of the others


@dataclass(frozen=True)
class Residuals:
    """A chart of residuals. medians: of fitted and held-out rows; left_out: a sentence on rows without a number."""

    against: Abscissa
    chart: alt.LayerChart
    medians: dict[str, float]
    left_out: str


def residual_figures(parts: Mapping[str, DrawnRows], formula: str, proved: bool = False) -> list[Residuals]:
    """The charts of the residuals.

    proved   whether the formula is exact on every fitted row; float64 would show rounding instead of 0

    Raises ParseError for a formula outside our grammar.
    """
    logarithms = {}
    for name, part in parts.items():
        columns: dict[str, Any] = part.spectrum.columns
        columns |= {key: np.full(part.total, float(value)) for key, value in INTEGER_COLUMNS.items()}
        with np.errstate(all="ignore"):
            left = np.abs(evaluate(parse(formula, columns), columns) - part.spectrum.target)
            if name == FITTED and proved:
                left = np.zeros(part.total)
            logarithms[name] = np.where(left == 0, -np.inf, np.maximum(np.log10(left), FLOOR))
    medians = {
        name: 10 ** float(np.median(logs[np.isfinite(logs)]))
        for name, logs in logarithms.items()
        if np.isfinite(logs).any()
    }
    poles = int(sum((np.isnan(logs) | np.isposinf(logs)).sum() for logs in logarithms.values()))
    left_out = f" Left out: {counted(poles, 'row')} where the formula is not finite." if poles else ""
    spectrum = parts[FITTED].spectrum
    return [
        Residuals(against, _chart(parts, logarithms, against, HEIGHTS[index > 0]), medians, left_out)
        for index, against in enumerate([main_abscissa(spectrum), *other_abscissas(spectrum)])
    ]


def _chart(
    parts: Mapping[str, DrawnRows], logarithms: Mapping[str, np.ndarray], against: Abscissa, height: int
) -> alt.LayerChart:
    drawn = np.concatenate([logarithms[name][part.drawn] for name, part in parts.items()])
    finite = drawn[np.isfinite(drawn)]
    high = math.ceil(finite.max()) if len(finite) else 0
    low = min(math.floor(finite.min()), high - 1) if len(finite) else -1
    labels: dict[float, Any] = dict(decades(low, high, most=6 if height > 150 else 4))
    # "exactly 0" stands a line of text below the lowest decade.
    step, layers = 15 / height * (high - low), []
    lane = low - step
    if np.isneginf(drawn).any():
        labels[lane] = "exactly 0"
        edge = lane - step / 2
        layers.append(alt.Chart(rows([{"y": edge, "y2": low}])).mark_rect(color=LANE).encode(y="y:Q", y2="y2:Q"))
    else:
        edge = low
    values = {name: np.where(np.isneginf(logs), lane, logs) for name, logs in logarithms.items()}
    points = [point for point in points_of(parts, values, against) if math.isfinite(point["y"])]
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[edge, high], nice=False, zero=False),
        axis=axis_at(labels, f"|formula {MINUS} value|", grid=True, room=True),
    )
    return themed([*layers, marks(parts, points, y, "log10 of the residual", against)], height=height)
