"""Common to all figures: the Figure itself, colours, one theme, rounding, positions of labels.

Every chart is a single view (layers, never facets or concatenations): only those can follow the width of the page
that holds them. Rows and columns of tiles are therefore placed by number, with axis labels looked up.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from cftsr.engines import ENGINES, get_engine
from cftsr.sweep.cells import Cell

SWEEP = "sweep"  # the scope of a figure on all cells
LABEL_SIZE, WIDEST = 11.5, 0.62  # font size in pixels, and the width of a letter in the widest common font, in ems
STATIC_WIDTH = 620  # pixels, of SVG and PDF files; on a page the width is the container's

# Okabe and Ito's colours, darkened until text in them has a contrast of 4.5 on white. Engines also differ in their
# dash and are named, so nothing depends on colour alone.
BLUE, VERMILION, GREEN, PURPLE, OLIVE = "#0072B2", "#B84E00", "#00795A", "#9C4F7E", "#6B5B00"
INK, TEXT, RULE, GRID, LANE = "#222222", "#4A4A4A", "#767676", "#E4E4E4", "#EEF5F2"
OTHER_COLOURS = (PURPLE, OLIVE, TEXT)
OTHER_DASHES = ([8, 3, 2, 3], [4, 4], [10, 3])


@dataclass(frozen=True)
class Figure:
    """A chart and the words that go with it.

    name     a slug, unique among the figures of a sweep; the name of its files
    title    a few words
    caption  what it shows, with units
    alt      what the data show, for those who do not see the chart
    scope    SWEEP, or "family/task/dataset"
    chart    of Altair, as wide as its container
    """

    name: str
    title: str
    caption: str
    alt: str
    scope: str
    chart: alt.TopLevelMixin


# ---- cells


def dataset(cell: Mapping[str, Any]) -> str:
    """ "n100_f30": the name of a cell's data set within its family and task."""
    return _cell(cell).dataset


def scope_of(cell: Mapping[str, Any]) -> str:
    """ "minimal/conformal_weight/n100_f30": the scope of the figures of a cell's data set."""
    return _cell(cell).spectrum


def _cell(cell: Mapping[str, Any]) -> Cell:
    return Cell(**{name: cell[name] for name in Cell.__dataclass_fields__})


def slug(*parts: str) -> str:
    return "-".join(re.sub(r"[^A-Za-z0-9_]+", "-", part) for part in parts)


# ---- engines


def engine_styles(engines: Iterable[str]) -> dict[str, tuple[str, list[int]]]:
    """Colour and dash of each engine; engines without a colour get the remaining ones in turn."""
    styles, others = {}, 0
    for engine in engines:
        known = get_engine(engine) if engine in ENGINES else None
        if known and known.colour:
            styles[engine] = (known.colour, list(known.dash))
        else:
            styles[engine] = (OTHER_COLOURS[others % 3], OTHER_DASHES[others % 3])
            others += 1
    return styles


# ---- numbers and words

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def rounded(value: Any) -> Any:
    """Floats to 6 significant digits, infinities and nan as None (JSON has neither); anything else unchanged."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


def scientific(value: float | None) -> str:
    """ "0", "1.5e-12", "0.31"; "?" if there is no number."""
    if value is None or not math.isfinite(value):
        return "?"
    return f"{value:.3g}"


def power_of_ten(exponent: int) -> str:
    """ "1e-3", as in the tables: many fonts lack superscripts, and a PDF then falls back to another font."""
    return {0: "1", 1: "10"}.get(exponent, minus(f"1e{exponent}"))


def minus(text: str) -> str:
    """The text with hyphens replaced by minus signs."""
    return text.replace("-", MINUS)


def shortened(text: str, length: int = 90) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


# ---- charts


def rows(records: Iterable[Mapping[str, Any]]) -> alt.InlineData:
    """Inline data of a chart, with floats rounded."""
    # Altair would validate every row against the schema, which takes longer than everything else together.
    with debug_mode(False):
        return alt.InlineData(values=[{key: rounded(value) for key, value in record.items()} for record in records])


def axis_at(labels: Mapping[float, str | list[str]], title: str | None, room: bool = False, **keys: Any) -> alt.Axis:
    """An axis of a quantitative scale with these labels at these places.

    room   for an axis on the left: whether to keep room for its longest label in any font. A viewer of the SVG file
           may have a wider font than the machine that drew it, and would cut the label at the edge.
    """
    if room:
        longest = max((len(line) for text in labels.values() for line in _lines(text)), default=0)
        keys = {"minExtent": math.ceil(LABEL_SIZE * WIDEST * longest) + 4} | keys
    # Vega returns the numbers that it was given, so both sides are written from the same float.
    texts = json.dumps({f"{float(place):.6g}": text for place, text in labels.items()}, ensure_ascii=False)
    return alt.Axis(
        values=[rounded(float(place)) for place in labels],
        labelExpr=f"{texts}[datum.value]",
        title=title,
        # Every label is intended: without a count, Vega drops some of the given values.
        tickCount=10 * len(labels),
        labelOverlap=False,
        **({"ticks": False, "domain": False, "grid": False} | keys),
    )


def _lines(text: str | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else text


def decades(low: int, high: int, most: int = 7) -> dict[float, str]:
    """Labels of a logarithmic axis in log10: powers of ten, at most `most` of them."""
    step = max(1, math.ceil((high - low) / most))
    return {float(exponent): power_of_ten(exponent) for exponent in range(high, low - 1, -step)}


def themed(layers: Sequence[alt.Chart], height: int, **properties: Any) -> alt.LayerChart:
    """The layers as one chart in the house style."""
    return (
        alt.layer(*layers)
        .properties(
            width="container",
            height=height,
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
            **properties,
        )
        .configure(
            background="transparent",
            font="sans-serif",
            padding={"left": 2, "right": 8, "top": 4, "bottom": 2},
            axis=alt.AxisConfig(
                labelFontSize=LABEL_SIZE,
                titleFontSize=12,
                titleFontWeight="normal",
                labelColor=TEXT,
                titleColor=INK,
                gridColor=GRID,
                domainColor=RULE,
                tickColor=RULE,
                tickSize=4,
                labelPadding=4,
                titlePadding=8,
                labelLimit=220,
            ),
            legend=alt.LegendConfig(
                labelFontSize=11.5,
                titleFontSize=12,
                titleFontWeight="normal",
                labelColor=TEXT,
                titleColor=INK,
                labelLimit=320,
                titleLimit=320,
            ),
            title=alt.TitleConfig(
                anchor="start", color=TEXT, fontSize=12, fontWeight="normal", offset=10, frame="bounds", limit=600
            ),
            text=alt.MarkConfig(fontSize=11.5, color=TEXT),
            view=alt.ViewConfig(stroke=None),
        )
    )
