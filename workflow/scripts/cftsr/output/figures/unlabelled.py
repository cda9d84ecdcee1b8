"""Spectra without labels: all theories on one parabola, and how much each shift explains."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from cftsr.algebra.expressions import evaluate
from cftsr.algebra.formula import parse
from cftsr.data.dataset import Dataset, read_dataset
from cftsr.data.unlabelled import LAMBDA, MU, SECTOR, finding_of
from cftsr.fronts.certificate import in_words
from cftsr.output.figures.base import (
    BLUE,
    MINUS,
    RULE,
    TEXT,
    VERMILION,
    Figure,
    rows,
    scope_of,
    slug,
    themed,
)
from cftsr.output.figures.points import FITTED, HELD_OUT, thinning
from cftsr.results.summary import Result
from cftsr.results.unlabelled import equations
from cftsr.sweep.paths import DataSets
from cftsr.vocabulary import NONE

MOST_POINTS = 1200


def build(results: Sequence[Result], folder: Path) -> list[Figure]:
    """Two figures for each data set without labels, if it has hidden quantum numbers and its files exist."""
    figures, done = [], set()
    for result in results:
        scope = scope_of(result.cell)
        finding = finding_of(result.fit.get("data_metadata") or {})
        if finding is None or scope in done:
            continue
        done.add(scope)
        sets = DataSets(str(folder))
        if finding["sectors"] and finding["second_denominator"] is None and Path(sets.data(scope)).exists():
            held_out = Path(sets.held_out(scope))
            parts = {FITTED: read_dataset(sets.data(scope))}
            parts |= {HELD_OUT: read_dataset(held_out)} if held_out.exists() else {}
            figures += _parabola(scope, result, finding, parts)
        if finding["certificate"].get("scores"):
            figures.append(_shifts(scope, result, finding))
    return figures


# ---- E against lambda


def _parabola(scope: str, result: Result, finding: dict[str, Any], parts: dict[str, Dataset]) -> list[Figure]:
    """E against the hidden number, scaled by the root of the theory's D: every theory lies on E = x^2 - s."""
    shifts = [sector["shift"] for sector in finding["sectors"]]
    if None in shifts or any(sector["denominator"] is None for sector in finding["sectors"]):
        return []
    points = []
    for name in (HELD_OUT, FITTED):
        if name in parts and len(parts[name]):
            points += _points(parts[name], finding, name)
    if not points:
        return []
    symbol = f"{LAMBDA.rstrip('_')}/√D" if finding["form"] is None else "√(form/D)"
    largest = max(point["x"] for point in points)
    curve = [
        {"x": x, "y": x * x - float(Fraction(shift)), "sector": f"sector {number}"}
        for number, shift in enumerate(shifts)
        for x in np.linspace(0, largest, 80).tolist()
    ]
    names = [name for name in (FITTED, HELD_OUT) if any(point["part"] == name for point in points)]
    colour = alt.Color(
        "part:N",
        scale=alt.Scale(domain=names, range=[BLUE, VERMILION][: len(names)]),
        legend=alt.Legend(title=None, orient="top"),
    )
    y = alt.Y("y:Q", axis=alt.Axis(title=f"energy {result.symbol}"), scale=alt.Scale(zero=False))
    x = alt.X("x:Q", axis=alt.Axis(title=f"hidden number, scaled: {symbol}", grid=False))
    lines = alt.Chart(rows(curve)).mark_line(color=RULE, strokeWidth=1).encode(x=x, y=y, detail="sector:N")
    dots = (
        alt.Chart(rows(points))
        .mark_point(size=12, strokeWidth=0.9, opacity=1, aria=False)
        .encode(x=x, y=y, color=colour, tooltip=[alt.Tooltip("part:N"), alt.Tooltip("field:N"), alt.Tooltip("y:Q")])
    )
    thinned = thinning(len(points), sum(map(len, parts.values())), "levels")
    formula = "; ".join(equations(finding))
    off = sum(point["off"] for point in points)
    return [
        Figure(
            name=slug("parabola", *scope.split("/")),
            title=f"All theories on one parabola: {result.title}, {result.data_set}",
            caption=(
                f"Energies against the hidden number, divided by the root of the theory's D ({formula}). "
                f"The line is E = x² {MINUS} s.{thinned}"
            ),
            alt=(
                f"{len(points):,} levels of all theories, {len(points) - off:,} of them on the parabola E = x squared "
                f"minus s, with s = {' and '.join(shifts)}."
            ),
            scope=scope,
            chart=themed([lines, dots], height=260),
        )
    ]


def _points(part: Dataset, finding: dict[str, Any], name: str) -> list[dict[str, Any]]:
    columns = part.columns
    names = {label: label for label in part.labels}
    sector = columns.get(SECTOR, np.zeros(len(part)))
    number = np.square(columns[LAMBDA])
    if finding["form"] is not None:
        a, b, c = finding["form"]
        number = a * number + b * columns[LAMBDA] * columns[MU] + c * np.square(columns[MU])
    squared = np.zeros(len(part))
    shift = np.zeros(len(part))
    for index, sector_record in enumerate(finding["sectors"]):
        here = sector == index
        below = evaluate(parse(sector_record["denominator"]["text"], tuple(names)), columns)
        squared = np.where(here, number / below, squared)
        shift = np.where(here, float(Fraction(sector_record["shift"])), shift)
    points = []
    for row in part.spread(MOST_POINTS // 2).tolist():
        described = in_words(part.described(part.x[row].tolist()))
        energy = float(part.target[row])
        off = abs(squared[row] - shift[row] - energy) > 1e-9 * (1 + abs(energy))
        x = float(np.sqrt(squared[row]))
        points.append({"x": x, "y": energy, "part": name, "field": described, "off": int(off)})
    return points


# ---- the score of shifts


def _shifts(scope: str, result: Result, finding: dict[str, Any]) -> Figure:
    """How many levels of a sample the best shifts explain; the chosen ones are marked."""
    certificate = finding["certificate"]
    best_shifts = [sector["shift"] for sector in finding["sectors"]]
    forms = finding["form"] is not None and certificate.get("forms")
    tried = certificate["forms"] if forms else certificate
    sample = certificate["sample"]
    scores = [score for score in tried["scores"] if not forms or score["form"] == finding["form"]]
    largest = max(score["levels"] for score in scores) if forms else sample["levels"]
    records = [
        {
            "x": float(Fraction(score["shift"])),
            "y": score["levels"] / largest,
            "shift": score["shift"],
            "levels": score["levels"],
            "theories": score["theories"],
            "which": "found" if score["shift"] in best_shifts else "other",
        }
        for score in scores
    ]
    x = alt.X("x:Q", axis=alt.Axis(title="shift s", grid=False))
    what = "share of the levels explained" + (", of the best" if forms else "")
    y = alt.Y("y:Q", axis=alt.Axis(title=what, format="%"), scale=alt.Scale(domain=[0, 1.08]))
    colour = alt.Color("which:N", scale=alt.Scale(domain=["found", "other"], range=[VERMILION, BLUE]), legend=None)
    base = alt.Chart(rows(records)).encode(
        x=x,
        y=y,
        color=colour,
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("shift", "levels", "theories")],
    )
    named = alt.Chart(rows([record for record in records if record["which"] == "found"]))
    texts = named.mark_text(dy=-9, color=TEXT, fontSize=11.5).encode(x=x, y=y, text="shift:N")
    best = max(records, key=lambda record: record["y"])
    others = [record["y"] for record in records if record["shift"] != best["shift"]]
    ending = (
        "no one shift explains all" if finding["kind"] == NONE else f"found: s = {', '.join(map(str, best_shifts))}"
    )
    return Figure(
        name=slug("shifts", *scope.split("/")),
        title=f"How much each shift explains: {result.title}, {result.data_set}",
        caption=(
            f"The {len(records)} best of {certificate['shifts_tried']} shifts s on a sample of {sample['theories']} "
            f"theories and {sample['levels']} levels: the share of levels for which E + s is a square over one D of "
            f"the theory{' (a value of the form over one D)' if forms else ''}; {ending}."
        ),
        alt=(
            f"The best shift, {best['shift']}, explains {best['y']:.0%}, the next {max(others, default=0):.0%} of the "
            "levels."
        ),
        scope=scope,
        chart=themed(
            [
                base.mark_rule(strokeWidth=1.2).encode(y2=alt.datum(0)),
                base.mark_point(size=30, filled=True, opacity=1),
                texts,
            ],
            height=190,
        ),
    )
