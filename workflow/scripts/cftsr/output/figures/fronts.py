"""Pareto fronts: loss against complexity, every engine of a cell in one chart."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import altair as alt

from cftsr.data.tasks import GIVEN
from cftsr.engines import engine_order
from cftsr.output.figures.base import (
    LANE,
    TEXT,
    Figure,
    axis_at,
    decades,
    engine_styles,
    power_of_ten,
    rows,
    scientific,
    scope_of,
    shortened,
    slug,
    themed,
)
from cftsr.results.summary import cell_order
from cftsr.results.titles import data_set_title, quantity_title, recorded_title, setting_title, symbol_of
from cftsr.vocabulary import ANY_SETTING, YES, joined, setting_order

FLOOR = -18  # log10 loss: smaller ones are rounding of float64
HEIGHT = 250  # pixels above the lane of exact equations
LANE_ROW, LABEL_ROW = 22, 14  # pixels: one engine's row in that lane, and between labels
ROOM = 1.3  # the axis extends beyond the last equation, for the engines' names
ON_FRONT, SELECTED, EXACT = "on the front", "selected", "first exact"


def build(records: Sequence[dict[str, Any]], thinned: Collection[str] = ()) -> list[Figure]:
    """One figure for each data set and setting; engines that ignore the setting are in each of them.

    thinned   data sets with further seeds that are not among the records
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in sorted(records, key=lambda record: cell_order(record["cell"])):
        groups.setdefault(scope_of(record["cell"]), []).append(record)
    figures = []
    for scope, members in groups.items():
        present = {record["cell"]["setting"] for record in members}
        settings = sorted(present - {ANY_SETTING}, key=setting_order) or [ANY_SETTING]
        for setting in settings:
            chosen = [record for record in members if record["cell"]["setting"] in (setting, ANY_SETTING)]
            figures.append(_figure(scope, setting, chosen, scope in thinned))
    return figures


def _exact(equation: dict[str, Any]) -> bool:
    """Whether the equation belongs in the lane: its residual is 0, proved or computed."""
    return equation["loss"] == 0 or equation["exact_on_data"] == YES


def _figure(scope: str, setting: str, records: Sequence[dict[str, Any]], thinned: bool) -> Figure:
    cell, fit = records[0]["cell"], records[0]["fit"]
    title = recorded_title(cell, fit)
    what = symbol_of(cell["task"], fit) if cell["task"] == GIVEN else f"{quantity_title(cell['task'])}, dimensionless"
    engines = sorted({record["cell"]["engine"] for record in records}, key=engine_order)
    words = []
    for engine in engines:
        mine = [record["verdict"] for record in records if record["cell"]["engine"] == engine]
        exact = [
            verdict["equations"][verdict["exact"]]["complexity"] for verdict in mine if verdict["exact"] is not None
        ]
        lowest = min(equation["loss"] for verdict in mine for equation in verdict["equations"])
        words.append(
            f"{engine} reaches an exact equation at complexity {min(exact)}"
            if exact
            else f"{engine} reaches no exact equation, its lowest loss is {scientific(lowest)}"
        )
    return Figure(
        name=slug("fronts", *scope.split("/"), setting),
        title=f"Pareto fronts, {setting_title(setting)}: {title}, {data_set_title(cell['theories'], cell['fraction'])}",
        caption=(
            f"Loss (mean squared error of {what}, log scale) against complexity "
            f"(nodes of the printed tree), {setting_title(setting)}. Equations that are exact on every row stand in "
            f"the lane “exactly 0”; losses below {power_of_ten(FLOOR)} are drawn at that height. A square marks the "
            "equation selected by PySR's rule, a diamond the simplest one proved exact; point at a mark to read it."
            + " Only the best of many seeds is drawn."
            * thinned
        ),
        alt=f"Pareto fronts: {joined(words)}.",
        scope=scope,
        chart=_chart(records, engines),
    )


def _chart(records: Sequence[dict[str, Any]], engines: Sequence[str]) -> alt.LayerChart:
    equations = [equation for record in records for equation in record["verdict"]["equations"]]
    logarithms = [max(FLOOR, math.log10(equation["loss"])) for equation in equations if not _exact(equation)]
    high = math.ceil(max(logarithms, default=0) + 1e-9)
    low = min(math.floor(min(logarithms, default=-1)), high - 2)
    pixel = (high - low) / HEIGHT  # in decades
    in_lane = [
        engine
        for engine in engines
        if any(_exact(i) for r in records if r["cell"]["engine"] == engine for i in r["verdict"]["equations"])
    ]
    top = low - 6 * pixel
    lane = {engine: top - (i + 0.5) * LANE_ROW * pixel for i, engine in enumerate(in_lane)}
    bottom = top - len(in_lane) * LANE_ROW * pixel if in_lane else low
    points, ends = [], {}
    for number, record in enumerate(records):
        cell, verdict = record["cell"], record["verdict"]
        for index, equation in enumerate(verdict["equations"]):
            exact = _exact(equation)
            y = lane[cell["engine"]] if exact else max(FLOOR, math.log10(equation["loss"]))
            point = {
                "engine": cell["engine"], "front": number, "x": equation["complexity"], "y": y,
                "seed": cell["seed"], "loss": scientific(equation["loss"]),
                "score": scientific(float(equation["score"])),
                "equation": shortened(equation["equation"], 160), "exact": equation["exact_on_data"],
            }  # fmt: skip
            points.append(point | {"kind": ON_FRONT})
            if index == verdict["exact"]:
                points.append(point | {"kind": EXACT})
            if index == verdict["selected"]:
                points.append(point | {"kind": SELECTED})
            best = ends.get(cell["engine"])
            if index == len(verdict["equations"]) - 1 and (best is None or y < best["y"]):
                ends[cell["engine"]] = {"engine": cell["engine"], "x": equation["complexity"], "y": y}
    widest = max(equation["complexity"] for equation in equations)
    styles = engine_styles(engines)
    colour = alt.Color(
        "engine:N",
        scale=alt.Scale(domain=list(engines), range=[styles[engine][0] for engine in engines]),
        legend=None,
    )
    labels = decades(low, high)
    if in_lane:
        labels |= {(top + bottom) / 2: "exactly 0"}
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[0, max(10, ROOM * widest)], nice=False),
        axis=alt.Axis(title="complexity: nodes of the printed equation", grid=False, tickMinStep=1, tickCount=8),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[bottom, high], nice=False, zero=False),
        axis=axis_at(labels, "loss: mean squared error", grid=True, room=True),
    )
    data = rows(points)
    base = alt.Chart(data).encode(x=x, y=y, color=colour)
    lines = (
        base.transform_filter(f"datum.kind == '{ON_FRONT}'")
        .mark_line(interpolate="step-after", strokeWidth=1.3)
        .encode(
            detail="front:N",
            order="x:Q",
            strokeDash=alt.StrokeDash(
                "engine:N",
                scale=alt.Scale(domain=list(engines), range=[styles[engine][1] for engine in engines]),
                legend=None,
            ),
        )
    )
    kinds = [kind for kind in (ON_FRONT, SELECTED, EXACT) if any(point["kind"] == kind for point in points)]
    look = {ON_FRONT: ("circle", 22), SELECTED: ("square", 200), EXACT: ("diamond", 80)}

    def by_kind(channel, place):
        return channel(
            "kind:N",
            scale=alt.Scale(type="ordinal", domain=kinds, range=[look[kind][place] for kind in kinds]),
            legend=alt.Legend(title=None, orient="top", symbolStrokeColor=TEXT, symbolFillColor="transparent"),
        )

    marks = base.mark_point(strokeWidth=1.5, opacity=1).encode(
        fill=alt.condition(f"datum.kind == '{SELECTED}'", alt.value("transparent"), colour),
        shape=by_kind(alt.Shape, 0),
        size=by_kind(alt.Size, 1),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("engine", "seed", "equation")]
        + [alt.Tooltip("x:Q", title="complexity")]
        + [alt.Tooltip("loss:N"), alt.Tooltip("score:N"), alt.Tooltip("exact:N", title="exact on the data")],
    )
    names = (
        alt.Chart(rows(_apart(list(ends.values()), LABEL_ROW * pixel)))
        .mark_text(align="left", dx=13, fontSize=12, fontWeight="bold")
        .encode(x="x:Q", y="y:Q", text="engine:N", color=colour)
    )
    layers = [lines, marks, names]
    if in_lane:
        shade = alt.Chart(rows([{"y": bottom, "y2": top}])).mark_rect(color=LANE).encode(y="y:Q", y2="y2:Q")
        layers.insert(0, shade)
    return themed(layers, height=round(HEIGHT + (6 + len(in_lane) * LANE_ROW) * bool(in_lane)))


def _apart(labels: list[dict[str, Any]], distance: float) -> list[dict[str, Any]]:
    """The labels, with overlapping ones moved upwards."""
    placed: list[dict[str, Any]] = []
    for label in sorted(labels, key=lambda label: (label["y"], label["x"])):
        lowest = placed[-1]["y"] + distance if placed else -math.inf
        placed.append(label | {"y": max(label["y"], lowest)})
    return placed
