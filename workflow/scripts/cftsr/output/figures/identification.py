"""Whether the data determine the formula: rows needed and rows given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from cftsr.output.figures.base import (
    BLUE,
    INK,
    RULE,
    SWEEP,
    VERMILION,
    Figure,
    axis_at,
    dataset,
    rows,
    themed,
)
from cftsr.results.summary import Result
from cftsr.results.titles import percentage

TOP, ROW, HEADING = 12.0, 19, 24  # pixels: the first holds the words "needed" and "given"
MOST_LINES = 60
OUTCOMES = {"identified": BLUE, "not identified": VERMILION}


def build(results: Sequence[Result]) -> list[Figure]:
    """One figure, or none if no engine gave a certificate with both numbers."""
    certified: dict[tuple, Result] = {}
    for result in results:
        certificate = result.fit.get("certificate") or {}
        if certificate.get("rows_needed") and certificate.get("rows"):
            cell = result.cell
            certified.setdefault((cell["family"], cell["task"], dataset(cell)), result)
    if not certified:
        return []
    total = len(certified)
    if total > MOST_LINES:
        # Those with the fewest rows to spare, in the order of the sweep.
        tight = sorted(certified, key=lambda place: _spare(certified[place]))[:MOST_LINES]
        certified = {place: certified[place] for place in certified if place in set(tight)}
    records, axis, headings, place, block = [], {}, [], TOP, None
    for (family, task, _), result in certified.items():
        if block != (family, task):
            block = (family, task)
            headings.append({"y": place + HEADING / 2 + 2, "text": f"{result.title}: {result.quantity}"})
            place += HEADING
        record = _record(result, place + ROW / 2)
        records.append(record)
        axis[record["y"]] = _short(result.cell)
        place += ROW
    spare = [record["given"] / record["needed"] for record in records]
    identified = sum(record["outcome"] == "identified" for record in records)
    return [
        Figure(
            name="identification",
            title="Do the data determine the formula?",
            caption=(
                "Rows needed to determine the formula's coefficients (open square: one more than the unknowns) and "
                "rows given (filled circle), for each data set, log scale, as certified by the exact engine. A formula "
                "is identified when the data leave no other one of its degrees."
                + f" Only the {MOST_LINES} of {total:,} data sets with the fewest rows to spare are shown."
                * (total > MOST_LINES)
            ),
            alt=(
                f"{identified} of {len(records)} data sets identify their formula; they hold {min(spare):.2g} to "
                f"{max(spare):.3g} times the rows needed."
            ),
            scope=SWEEP,
            chart=_chart(records, axis, headings, place),
        )
    ]


def _spare(result: Result) -> float:
    return result.certificate["rows"] / result.certificate["rows_needed"]


def _short(cell: dict[str, Any]) -> str:
    """ "100, 30%": the theories and the lowest part of their spectra, without the words."""
    return f"{cell['theories']}" + ("" if cell["fraction"] is None else f", {percentage(cell['fraction'])}")


def _record(result: Result, y: float) -> dict[str, Any]:
    certificate = result.fit["certificate"]
    return {
        "y": y,
        "needed": certificate["rows_needed"], "given": certificate["rows"],
        "x": math.log10(certificate["rows_needed"]), "x2": math.log10(certificate["rows"]),
        "text": f"{certificate['rows_needed']:,}", "text2": f"{certificate['rows']:,}",
        "used": certificate.get("rows_used"),
        "outcome": "identified" if certificate["outcome"] == "identified" else "not identified",
        "why": "; ".join(certificate.get("reasons") or []),
        "data": f"{result.title}, {result.data_set}",
    }  # fmt: skip


def _chart(
    records: list[dict[str, Any]], axis: dict[float, str], headings: list[dict[str, Any]], height: float
) -> alt.LayerChart:
    """x is log10 of a number of rows, y counts pixels from the top."""
    low = min(min(record["x"], record["x2"]) for record in records) - 0.35
    high = max(max(record["x"], record["x2"]) for record in records) + 0.75  # room for the numbers, on narrow pages too
    labels = {float(e): f"{10**e:,}" for e in range(max(0, math.ceil(low)), math.floor(high) + 1)}
    outcomes = [name for name in OUTCOMES if any(record["outcome"] == name for record in records)]
    colour = alt.Color(
        "outcome:N", scale=alt.Scale(domain=outcomes, range=[OUTCOMES[name] for name in outcomes]), legend=None
    )
    base = alt.Chart(rows(records)).encode(
        x=alt.X(
            "x:Q",
            scale=alt.Scale(domain=[low, high], nice=False, zero=False),
            axis=axis_at(labels, "rows of data (log scale)", grid=True, ticks=True),
        ),
        y=alt.Y(
            "y:Q",
            scale=alt.Scale(domain=[0, height], reverse=True, nice=False),
            axis=axis_at(axis, "theories, lowest part of their spectra" if height > 250 else "theories", room=True),
        ),
        color=colour,
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("data", "needed", "given", "used", "outcome", "why")],
    )
    bars = base.mark_rule(strokeWidth=1.3).encode(x2="x2")
    needed = base.mark_point(shape="square", size=50, fill="white", strokeWidth=1.5, opacity=1)
    given = base.mark_point(shape="circle", size=60, filled=True, opacity=1).encode(x="x2:Q")
    numbers = [
        base.mark_text(align="right", dx=-8, fontSize=11).encode(text="text:N"),
        base.mark_text(align="left", dx=8, fontSize=11).encode(x="x2:Q", text="text2:N"),
    ]
    failed = [record for record in records if record["outcome"] != "identified"]
    notes = (
        alt.Chart(rows(failed))
        .mark_text(align="left", dx=46, fontSize=11, fontStyle="italic")
        .encode(x="x2:Q", y="y:Q", text="outcome:N", color=colour)
    )
    heads = (
        alt.Chart(rows(headings))
        .mark_text(align="left", fontWeight="bold", color=INK, fontSize=12)
        .encode(x=alt.value(0), y="y:Q", text="text:N")
    )
    first = records[0]
    key = [
        {"x": first["x"], "y": first["y"], "text": "needed", "align": "right"},
        {"x": first["x2"], "y": first["y"], "text": "given", "align": "left"},
    ]
    names = [
        alt.Chart(rows([record]))
        .mark_text(align=record["align"], dy=-36, color=RULE, fontSize=11, fontStyle="italic")
        .encode(x="x:Q", y="y:Q", text="text:N")
        for record in key
    ]
    return themed([bars, needed, given, *numbers, *([notes] if failed else []), heads, *names], height=round(height))
