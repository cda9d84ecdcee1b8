"""Rows of a data set as points of a chart: which of them, against which abscissa, fitted and held out apart."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np

from cftsr.algebra.printing import letter
from cftsr.data.dataset import Dataset
from cftsr.fronts.certificate import in_words
from cftsr.output.figures.base import rows

MOST_POINTS = 1500  # in one chart; more would overlap, and make the page megabytes larger
FITTED, HELD_OUT = "fitted", "held out"
COLOURS = {FITTED: "#004B78", HELD_OUT: "#CF7A22"}  # dark and light: they differ in grey as well


class DrawnRows:
    """The rows of a data set that are drawn."""

    def __init__(self, spectrum: Dataset, most: int):
        self.spectrum, self.total = spectrum, len(spectrum)
        self.drawn = list(range(self.total))
        if most < self.total:
            # One random row out of each of `most` equal stretches: always the same one would draw patterns.
            chance = random.Random(0)
            edges = [step * self.total // most for step in range(most + 1)]
            self.drawn = [low + int(chance.random() * (high - low)) for low, high in pairwise(edges)]

    def __len__(self) -> int:
        return len(self.drawn)


def thinned(spectra: dict[str, Dataset]) -> dict[str, DrawnRows]:
    """At most MOST_POINTS rows, evenly spaced; the fitted rows, which are fewer, get at least half of them."""
    sizes = {name: len(spectrum) for name, spectrum in spectra.items()}
    fitted = min(sizes[FITTED], max(MOST_POINTS // 2, MOST_POINTS - sizes.get(HELD_OUT, 0)))
    shares = {FITTED: fitted, HELD_OUT: MOST_POINTS - fitted}
    return {name: DrawnRows(spectrum, shares[name]) for name, spectrum in spectra.items()}


def thinning_of(parts: Mapping[str, DrawnRows], noun: str) -> str:
    return thinning(sum(map(len, parts.values())), sum(part.total for part in parts.values()), noun)


# ---- abscissas


@dataclass(frozen=True)
class Abscissa:
    """title; kind: "log" or "linear"; of: the values of all rows; label: that label, if it is one."""

    title: str
    kind: str
    of: Callable[[Dataset], np.ndarray]
    label: str = ""


def main_abscissa(spectrum: Dataset) -> Abscissa:
    """The ratio of two labels, which for the minimal models sets the scale of c, or else the first label."""
    theory = spectrum.labels[: spectrum.theory_labels] or spectrum.labels
    if len(theory) == 2 and (spectrum.points[:, :2] > 0).all():
        return Abscissa(f"{theory[0]} / {theory[1]}", "log", lambda rows: rows.points[:, 0] / rows.points[:, 1])
    return label_abscissa(spectrum, theory[0])


def label_abscissa(spectrum: Dataset, label: str) -> Abscissa:
    column = spectrum.labels.index(label)
    return Abscissa({"k": "level k"}.get(label, letter(label)), "linear", lambda rows: rows.points[:, column], label)


def other_abscissas(spectrum: Dataset) -> list[Abscissa]:
    """The labels that take several values, except the abscissa of the levels."""
    main = main_abscissa(spectrum).label
    varying = [
        label for label, column in zip(spectrum.labels, spectrum.points.T, strict=True) if len(np.unique(column)) > 1
    ]
    return [label_abscissa(spectrum, label) for label in varying if label != main]


def points_of(
    parts: Mapping[str, DrawnRows], values: Mapping[str, np.ndarray], against: Abscissa
) -> list[dict[str, Any]]:
    """One point per drawn row: x, y from `values`, the part and the labels for the tooltip."""
    points = []
    # Held-out rows first: the fitted ones are drawn on top of them.
    for name in (HELD_OUT, FITTED):
        if name in parts:
            part = parts[name]
            x = against.of(part.spectrum)
            for index in part.drawn:
                words = in_words(part.spectrum.described(part.spectrum.x[index].tolist()))
                points.append({"x": float(x[index]), "y": float(values[name][index]), "part": name, "field": words})
    return points


def marks(
    parts: Mapping[str, DrawnRows], points: list[dict[str, Any]], y: alt.Y, symbol: str, against: Abscissa
) -> alt.Chart:
    """A point for each row, fitted and held out apart."""
    title, kind = against.title, against.kind
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
        .mark_point(strokeWidth=0.9, size=11, opacity=1, aria=False)  # hundreds of points: the alt text describes them
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


def value_axis(title: str, values: dict[str, np.ndarray]) -> alt.Y:
    """A linear axis, or a symmetric logarithmic one if the held-out values are much larger than the fitted ones."""
    fitted = np.abs(values[FITTED])
    largest = max(float(np.abs(array).max()) for array in values.values())
    if largest <= 4 * float(fitted.max()) or not fitted.any():
        return alt.Y("y:Q", axis=alt.Axis(title=title), scale=alt.Scale(zero=False))
    constant = 10.0 ** math.floor(math.log10(float(np.median(fitted[fitted > 0]))))
    powers = [10.0**e for e in range(round(math.log10(constant)), math.ceil(math.log10(largest)) + 1)]
    low = min(float(array.min()) for array in values.values())
    high = max(float(array.max()) for array in values.values())
    ticks = [tick for tick in [*(-power for power in powers[::-1]), 0, *powers] if low <= tick <= high]
    return alt.Y(
        "y:Q",
        axis=alt.Axis(title=f"{title} (symmetric log scale)", values=ticks, format="~r"),
        scale=alt.Scale(type="symlog", constant=constant, domain=[low, high * 1.15], nice=False),
    )


def thinning(drawn: int, total: int, noun: str) -> str:
    """A sentence on rows that are left out of a chart; "" if none is."""
    return f" {drawn:,} of {total:,} {noun} are drawn, evenly thinned." if drawn < total else ""
