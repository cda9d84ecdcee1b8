"""The cost of a formula: CPU time of each fit, by family and engine."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

import altair as alt

from cftsr.engines import engine_order
from cftsr.output.figures.base import (
    INK,
    RULE,
    SWEEP,
    TEXT,
    Figure,
    axis_at,
    engine_styles,
    rows,
    themed,
)
from cftsr.results.published import FAMILIES
from cftsr.results.summary import Result, missing_cells
from cftsr.results.titles import seconds, setting_title
from cftsr.vocabulary import YES

PAPER_SECONDS = 16 * 60  # Section 5.1: "the runtime is approximately 16 minutes", for the central charges, on a laptop
SHORTEST = 1e-3  # seconds: the resolution of cost.json
MOST_MARKS = 2000  # in the whole figure: more would overlap
# In the caption, if the sweep has families of the paper.
_RULE = " The rule is the paper's runtime of about 16 minutes per fit (central charges c, on its laptop)."
TOP, ROW, HEADING = 16.0, 46, 22  # pixels: the first holds the rule's name
RECOVERED, NOT_RECOVERED = "recovered", "not recovered"


def build(results: Sequence[Result], cells: Sequence[dict[str, Any]]) -> list[Figure]:
    """One figure, or none if nothing was fitted."""
    if not results:
        return []
    absent = missing_cells([result.cell for result in results], cells)
    kinds = {(r.cell["family"], r.cell["engine"]) for r in results}
    kinds |= {(cell["family"], cell["engine"]) for cell in absent if cell["family"] in {f for f, _ in kinds}}
    titles = {result.cell["family"]: result.title for result in results}
    lanes = sorted(kinds, key=lambda kind: (kind[0], engine_order(kind[1])))
    marks, medians, axis, headings, words, place = [], [], {}, [], [], TOP
    for family in dict.fromkeys(family for family, _ in lanes):
        headings.append({"y": place + HEADING / 2, "text": titles[family]})
        place += HEADING
        for engine in (engine for name, engine in lanes if name == family):
            mine = [r for r in results if (r.cell["family"], r.cell["engine"]) == (family, engine)]
            missing = sum((cell["family"], cell["engine"]) == (family, engine) for cell in absent)
            marks += [_mark(result, place + 30) for result in _thinned(mine, MOST_MARKS // len(lanes))]
            axis[place + 30] = engine
            times = [result.cost["fit_cpu_seconds"] for result in mine if result.recovered == YES]
            count = f"{len(times)} of {len(mine) + missing}"
            middle = max(statistics.median(times), SHORTEST) if times else None
            medians.append(
                {"engine": engine, "y": place + 30, "top": place + 9, "x": middle and math.log10(middle),
                 "text": f"median {seconds(middle)}, {count}" if times else f"{count} recovered"}
            )  # fmt: skip
            words.append(
                f"{engine} on {titles[family]}: {count} recovered" + (f", median {seconds(middle)}" if times else "")
            )
            place += ROW
    beside = bool({result.cell["family"] for result in results} & set(FAMILIES))
    drawn = f" {len(marks):,} of {len(results):,} fits are drawn." if len(marks) < len(results) else ""
    return [
        Figure(
            name="cpu-time",
            title="CPU time to recovery",
            caption=(
                "CPU time of each fit in seconds (log scale): a tick for each cell that was recovered, their median as "
                "a diamond with the number recovered of all, and an open circle for the time spent on a cell that was "
                f"not.{drawn}{_RULE * beside}"
            ),
            alt=f"CPU time of the fits{beside * ', with the 16 minutes of the paper'}. {'; '.join(words)}.",
            scope=SWEEP,
            chart=_chart(marks, medians, axis, headings, place, beside),
        )
    ]


def _thinned(results: Sequence[Result], most: int) -> Sequence[Result]:
    """At most `most` results, evenly over the times, including the extremes."""
    if len(results) <= most:
        return results
    ordered = sorted(results, key=lambda result: result.cost["fit_cpu_seconds"])
    return [ordered[round(step * (len(ordered) - 1) / (most - 1))] for step in range(most)]


def _mark(result: Result, y: float) -> dict[str, Any]:
    cell = result.cell
    about = (result.quantity, result.data_set, setting_title(cell["setting"]), f"seed {cell['seed']}")
    spent = result.cost["fit_cpu_seconds"]
    return {
        "engine": cell["engine"], "x": math.log10(max(spent, SHORTEST)), "y": y, "y1": y - 9, "y2": y + 9,
        "answer": RECOVERED if result.recovered == YES else NOT_RECOVERED,
        "time": seconds(max(spent, SHORTEST)),
        "cell": ", ".join(about),
    }  # fmt: skip


def _chart(
    marks: list[dict[str, Any]],
    medians: list[dict[str, Any]],
    axis: dict[float, str],
    headings: list[dict[str, Any]],
    height: float,
    beside: bool,
) -> alt.LayerChart:
    """x is log10 of seconds, y counts pixels from the top. beside: with the paper's runtime."""
    paper = math.log10(PAPER_SECONDS)
    low = min(mark["x"] for mark in marks) - 0.25
    high = max([*(mark["x"] for mark in marks), *([paper] * beside)]) + 0.3
    exponents = range(math.ceil(low), math.floor(high) + 1)
    labels = {float(e): f"{10.0**e:,.12g}" for e in exponents}
    engines = sorted({mark["engine"] for mark in [*marks, *medians]}, key=engine_order)
    styles = engine_styles(engines)
    colour = alt.Color(
        "engine:N", scale=alt.Scale(domain=engines, range=[styles[engine][0] for engine in engines]), legend=None
    )
    base = alt.Chart(rows(marks)).encode(
        x=alt.X(
            "x:Q",
            scale=alt.Scale(domain=[low, high], nice=False, zero=False),
            axis=axis_at(labels, "CPU time of a fit, seconds (log scale)", grid=True, ticks=True),
        ),
        y=alt.Y(
            "y:Q", scale=alt.Scale(domain=[0, height], reverse=True, nice=False), axis=axis_at(axis, None, room=True)
        ),
        color=colour,
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("engine", "cell", "time", "answer")],
    )
    recovered = base.transform_filter(f"datum.answer == '{RECOVERED}'").mark_rule(strokeWidth=1.1)
    spent = base.transform_filter(f"datum.answer == '{NOT_RECOVERED}'").mark_point(
        shape="circle", size=55, fill="white", strokeWidth=1.5, opacity=1
    )
    middle = [median for median in medians if median["x"] is not None]
    diamonds = alt.Chart(rows(middle)).mark_point(shape="diamond", size=110, fill="white", strokeWidth=2, opacity=1)
    # A text at the edge grows inwards.
    texts = []
    for align, chosen in _by_third(medians, low, high).items():
        at = "x:Q" if align != "none" else alt.value(0)
        texts.append(
            alt.Chart(rows(chosen))
            .mark_text(align="left" if align == "none" else align, color=TEXT, fontSize=11.5)
            .encode(x=at, y="top:Q", text="text:N")
        )
    line = alt.Chart(rows([{"x": paper}])).mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.2).encode(x="x:Q")
    note = (
        alt.Chart(rows([{"x": paper, "y": TOP / 2, "text": "the paper: 16 min (c)"}]))
        .mark_text(align="right", dx=-6, color=INK, fontSize=11.5)
        .encode(x="x:Q", y="y:Q", text="text:N")
    )
    heads = (
        alt.Chart(rows(headings))
        .mark_text(align="left", fontWeight="bold", color=INK, fontSize=12)
        .encode(x=alt.value(0), y="y:Q", text="text:N")
    )
    separators = (
        alt.Chart(rows([{"y": heading["y"] - HEADING / 2} for heading in headings[1:]]))
        .mark_rule(color=RULE, strokeWidth=0.6)
        .encode(y="y:Q")
    )
    # Thin ticks are hard to point at: larger transparent marks carry the tooltip.
    aim = base.mark_point(size=120).encode(color=alt.value("transparent"))
    layers = [line] * beside + [separators] * (len(headings) > 1)
    layers += [recovered.encode(y="y1:Q", y2="y2:Q"), spent]
    layers += [diamonds.encode(x="x:Q", y="y:Q", color=colour)] if middle else []
    return themed([aim, *layers, *texts, *([note] * beside), heads], height=round(height))


def _by_third(medians: list[dict[str, Any]], low: float, high: float) -> dict[str, list[dict[str, Any]]]:
    """The texts by alignment: "left" and "right" at the edges, "center" between; "none" if there is no median."""
    by_alignment: dict[str, list[dict[str, Any]]] = {}
    for median in medians:
        place = None if median["x"] is None else (median["x"] - low) / (high - low)
        align = "none" if place is None else "left" if place < 0.35 else "center" if place < 0.65 else "right"
        by_alignment.setdefault(align, []).append(median)
    return by_alignment
