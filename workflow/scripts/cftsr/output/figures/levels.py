"""The data themselves: levels against the theory's label, fitted and held out, and what a formula leaves over."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from cftsr.algebra.expressions import evaluate, parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.data.dataset import Dataset, read_dataset
from cftsr.data.tasks import GIVEN
from cftsr.engines import engine_order
from cftsr.output.figures.base import (
    LANE,
    MINUS,
    Figure,
    axis_at,
    dataset_title,
    decades,
    group,
    plural,
    quantity_of,
    rows,
    scientific,
    shortened,
    slug,
    themed,
)
from cftsr.results.summary import Result
from cftsr.sweep.paths import DataSets
from cftsr.vocabulary import NOT_LOOKED_AT, YES

MOST_POINTS = 1500  # in one chart; more is ink on ink, and megabytes on a page
FITTED, HELD_OUT = "fitted", "held out"
FLOOR = -18  # log10 of a residual: below is the rounding of float64
COLOURS = {FITTED: "#004B78", HELD_OUT: "#CF7A22"}  # dark and light: they differ in grey as well


def build(results: Sequence[Result], folder: Path) -> list[Figure]:
    """The levels of each data set that something was fitted to, and the residuals where the formula is not exact."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(group(result.cell), []).append(result)
    figures = []
    for scope, members in groups.items():
        sets = DataSets(str(folder))
        if not Path(sets.data(scope)).exists():
            continue
        data, rest = read_dataset(sets.data(scope)), sets.held_out(scope)
        held_out = read_dataset(rest) if Path(rest).exists() else None
        found = min(members, key=_rank)
        parts = _thinned({FITTED: data} | ({HELD_OUT: held_out} if held_out is not None and len(held_out) else {}))
        figures.append(_levels(scope, found, parts))
        if not _exact(found):
            figures.append(_residuals(scope, found, parts))
    return figures


def _exact(result: Result) -> bool:
    """Whether the formula is exact on every row; None stands for rows that do not exist."""
    return result.reported["exact_on_data"] == YES and result.reported["exact_on_held_out"] in (
        YES,
        NOT_LOOKED_AT,
        None,
    )


def _rank(result: Result) -> tuple:
    """The found formula of a data set is the proved one of the first engine, else that with the smallest loss."""
    # What float64 makes of the loss of an exact formula is rounding.
    loss = 0.0 if _exact(result) else result.reported["loss"]
    return (result.recovered != YES, not _exact(result), loss, engine_order(result.cell["engine"]))


class _Part:
    """The rows of a data set that are drawn."""

    def __init__(self, spectrum: Dataset, most: int):
        self.spectrum, self.total = spectrum, len(spectrum)
        self.kept = list(range(self.total))
        if most < self.total:
            # One row out of each of so many equal stretches, and not always the same one of each: that draws patterns.
            chance = random.Random(0)
            edges = [step * self.total // most for step in range(most + 1)]
            self.kept = [low + int(chance.random() * (high - low)) for low, high in pairwise(edges)]

    def __len__(self) -> int:
        return len(self.kept)


def _thinned(spectra: dict[str, Dataset]) -> dict[str, _Part]:
    """At most MOST_POINTS rows, evenly spaced; the fitted rows, which are fewer, get at least half of them."""
    sizes = {name: len(spectrum) for name, spectrum in spectra.items()}
    fitted = min(sizes[FITTED], max(MOST_POINTS // 2, MOST_POINTS - sizes.get(HELD_OUT, 0)))
    shares = {FITTED: fitted, HELD_OUT: MOST_POINTS - fitted}
    return {name: _Part(spectrum, shares[name]) for name, spectrum in spectra.items()}


def _label_axis(spectrum: Dataset) -> tuple[str, str, Any]:
    """What the levels are drawn against: its title, the kind of scale, and the values of all rows.

    The ratio of two labels, which for the minimal models sets the scale of c, or else the first label.
    """
    theory = spectrum.labels[: spectrum.theory_labels] or spectrum.labels
    if len(theory) == 2 and (spectrum.points[:, :2] > 0).all():
        return f"{theory[0]} / {theory[1]}", "log", lambda part: part.points[:, 0] / part.points[:, 1]
    return {"k": "level k"}.get(theory[0], theory[0]), "linear", lambda part: part.points[:, 0]


def _points(parts: dict[str, _Part], values: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """One point a row that is kept: x, y from `values`, the part and the labels for the tooltip."""
    _, _, abscissa = _label_axis(parts[FITTED].spectrum)
    points = []
    # Held-out rows first: the fitted ones are drawn on top of them.
    for name in (HELD_OUT, FITTED):
        if name in parts:
            part = parts[name]
            x = abscissa(part.spectrum)
            for index in part.kept:
                said = part.spectrum.described(part.spectrum.x[index].tolist())
                words = ", ".join(f"{label}={value}" for label, value in said.items())
                points.append({"x": float(x[index]), "y": float(values[name][index]), "part": name, "field": words})
    return points


def _base(parts: dict[str, _Part], points: list[dict[str, Any]], y: alt.Y, symbol: str) -> alt.Chart:
    title, kind, _ = _label_axis(parts[FITTED].spectrum)
    domain = [name for name in (FITTED, HELD_OUT) if name in parts]
    names = {name: f"{name} ({parts[name].total:,})" for name in domain}
    legend = alt.Legend(
        title=None, orient="top", symbolSize=70, symbolOpacity=1, labelExpr=f"{names}[datum.label]", columns=2
    )
    x = np.array([point["x"] for point in points])
    low, high = float(x.min()), float(x.max())
    edge = 1.04 if kind == "log" else 0.02 * (high - low or 1)
    scale = (
        alt.Scale(type="log", domain=[low / edge, high * edge], nice=False)
        if kind == "log"
        else alt.Scale(domain=[low - edge, high + edge], nice=False, zero=False)
    )
    extra = {"values": [v for v in (1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100) if low <= v <= high]}
    axis = alt.Axis(
        title=f"{title}{' (log scale)' if kind == 'log' else ''}", grid=False,
        **(extra if kind == "log" else {"tickMinStep": 1}),
    )  # fmt: skip
    return (
        alt.Chart(rows(points))
        .mark_point(strokeWidth=0.9, size=11, opacity=1, aria=False)  # hundreds of points: the alt text speaks for them
        .encode(
            x=alt.X("x:Q", scale=scale, axis=axis),
            y=y,
            color=alt.Color(
                "part:N", scale=alt.Scale(domain=domain, range=[COLOURS[name] for name in domain]), legend=legend
            ),
            fill=alt.Fill(
                "part:N",
                scale=alt.Scale(domain=domain, range=[COLOURS[FITTED], "white"][: len(domain)]),
                legend=legend,
            ),
            tooltip=[alt.Tooltip("part:N"), alt.Tooltip("field:N"), alt.Tooltip("y:Q", title=symbol)],
        )
    )


def _value_axis(title: str, values: dict[str, np.ndarray]) -> alt.Y:
    """A linear axis, or a symmetric logarithmic one where the held-out values dwarf the fitted ones."""
    fitted = np.abs(values[FITTED])
    largest = max(float(np.abs(item).max()) for item in values.values())
    if largest <= 4 * float(fitted.max()) or not fitted.any():
        return alt.Y("y:Q", axis=alt.Axis(title=title), scale=alt.Scale(zero=False))
    constant = 10.0 ** math.floor(math.log10(float(np.median(fitted[fitted > 0]))))
    powers = [10.0**e for e in range(round(math.log10(constant)), math.ceil(math.log10(largest)) + 1)]
    low, high = (float(edge(item(array) for array in values.values())) for edge, item in ((min, np.min), (max, np.max)))
    ticks = [tick for tick in [*(-power for power in powers[::-1]), 0, *powers] if low <= tick <= high]
    return alt.Y(
        "y:Q",
        axis=alt.Axis(title=f"{title} (symmetric log scale)", values=ticks, format="~r"),
        scale=alt.Scale(type="symlog", constant=constant, domain=[low, high * 1.15], nice=False),
    )


def _thinning(parts: dict[str, _Part], noun: str) -> str:
    drawn, total = sum(map(len, parts.values())), sum(part.total for part in parts.values())
    return f" Drawn are {drawn:,} of {total:,} {noun}, evenly thinned." if drawn < total else ""


def _verdict(found: Result, parts: dict[str, _Part]) -> str:
    """What the formula leaves over, in one sentence."""
    formula, engine = found.reported, found.cell["engine"]
    if _exact(found):
        held = f" and all {parts[HELD_OUT].total:,} held-out" if HELD_OUT in parts else ""
        return f"{engine}'s formula leaves exactly 0 on all {parts[FITTED].total:,} fitted{held} rows (fractions)"
    if formula["exact_on_data"] == YES:
        return f"{engine}'s formula is exact on all {parts[FITTED].total:,} fitted rows, but not on what was held out"
    return f"no exact formula; the closest, by {engine}, has a mean squared error of {scientific(formula['loss'])}"


def _noun(found: Result) -> str:
    if found.cell["task"] == GIVEN:
        return "rows"
    return "levels" if found.cell["fraction"] is not None else "theories"


def _scale(found: Result, *words: str) -> str:
    """ " (dimensionless, log scale)": weights and charges have no dimension; of a column of one's own nobody knows."""
    said = [*["dimensionless"] * (found.cell["task"] != GIVEN), *words]
    return f" ({', '.join(said)})" if said else ""


def _levels(scope: str, found: Result, parts: dict[str, _Part]) -> Figure:
    cell = found.cell
    what, noun = quantity_of(found), _noun(found)
    one = {"theories": "theory"}.get(noun, noun.removesuffix("s"))
    values = {name: part.spectrum.target for name, part in parts.items()}
    against = _label_axis(parts[FITTED].spectrum)[0]
    y = _value_axis(what, values)
    heading = {}
    if _exact(found):
        total = sum(part.total for part in parts.values())
        heading = {"title": f"Formula by {cell['engine']}: residual exactly 0 on all {total:,} rows"}
    chart = themed([_base(parts, _points(parts, values), y, what)], height=260, **heading)
    span = {name: f"{float(v.min()):.3g} to {float(v.max()):.3g}" for name, v in values.items()}
    held = f", {parts[HELD_OUT].total:,} held out ({span[HELD_OUT]})" if HELD_OUT in parts else ""
    return Figure(
        name=slug("levels", *scope.split("/")),
        title=f"The {noun}: {found.title}, {dataset_title(cell)}",
        caption=(
            f"Exact {what}{_scale(found)} against {against}: {plural(parts[FITTED].total, one, noun)} "
            f"that were fitted{' and those held out' if held else ''}; {_verdict(found, parts)}."
            f"{_thinning(parts, noun)}"
        ),
        alt=(
            f"{what} against {against}: {parts[FITTED].total:,} fitted {noun} ({span[FITTED]}){held}. "
            f"{_verdict(found, parts)}."
        ),
        scope=scope,
        chart=chart,
    )


def _residuals(scope: str, found: Result, parts: dict[str, _Part]) -> Figure:
    cell, formula = found.cell, found.reported["equation"]
    what, noun = quantity_of(found), _noun(found)
    logarithms = {}
    for name, part in parts.items():
        labels = part.spectrum.labels
        columns: dict[str, Any] = part.spectrum.columns
        columns |= {key: np.full(part.total, float(value)) for key, value in INTEGER_COLUMNS.items()}
        with np.errstate(all="ignore"):
            left = np.abs(evaluate(parse(formula, columns), columns) - part.spectrum.target)
            if name == FITTED and found.reported["exact_on_data"] == YES:
                left = np.zeros(part.total)  # proved; float64 would show its rounding
            logarithms[name] = np.where(left == 0, -np.inf, np.maximum(np.log10(left), FLOOR))
    drawn = np.concatenate([logarithms[name][part.kept] for name, part in parts.items()])
    finite = drawn[np.isfinite(drawn)]
    high = math.ceil(finite.max()) if len(finite) else 0
    low = min(math.floor(finite.min()), high - 1) if len(finite) else -1
    labels = decades(low, high, most=6)
    lane, layers = low - 0.08 * (high - low), []
    if np.isneginf(drawn).any():
        labels[lane] = "exactly 0"
        edge = low - 0.16 * (high - low)
        layers.append(alt.Chart(rows([{"y": edge, "y2": low}])).mark_rect(color=LANE).encode(y="y:Q", y2="y2:Q"))
    else:
        edge = low
    values = {name: np.where(np.isneginf(item), lane, item) for name, item in logarithms.items()}
    points = [point for point in _points(parts, values) if math.isfinite(point["y"])]
    poles = int(sum((np.isnan(item) | np.isposinf(item)).sum() for item in logarithms.values()))
    left_out = f" Left out: {plural(poles, 'row')} where the formula is not finite." if poles else ""
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[edge, high], nice=False, zero=False),
        axis=axis_at(labels, f"|formula {MINUS} exact value|", grid=True),
    )
    layers.append(_base(parts, points, y, "log10 of the residual"))
    middle = {name: np.median(item[np.isfinite(item)]) for name, item in logarithms.items() if np.isfinite(item).any()}
    medians = [f"{10 ** float(value):.1g} on {name} {noun}" for name, value in middle.items()]
    return Figure(
        name=slug("residuals", *scope.split("/")),
        title=f"Residuals of the closest formula: {found.title}, {dataset_title(cell)}",
        caption=(
            f"Distance between the closest formula ({cell['engine']}: {shortened(formula)}) and the exact {what}"
            f"{_scale(found, 'log scale')} on fitted and held-out {noun}.{_thinning(parts, noun)}{left_out}"
        ),
        alt=f"Residuals of {cell['engine']}'s formula: the median distance is {' and '.join(medians) or 'unknown'}.",
        scope=scope,
        chart=themed(layers, height=180),
    )
