"""Loss on the paper's grid, theories x fraction, for each setting: the paper next to every engine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from cftsr.output.figures.base import (
    DASH,
    GREEN,
    INK,
    LABEL_SIZE,
    MINUS,
    RULE,
    SWEEP,
    TEXT,
    WIDEST,
    Figure,
    axis_at,
    minus,
    rows,
    scientific,
    slug,
    themed,
)
from cftsr.results.findings import CellFits, Findings, engines_of, settings_of
from cftsr.results.published import Published, PublishedValue
from cftsr.results.summary import fraction_order
from cftsr.results.titles import data_set_title, family_title, percentage, quantity_title, sentence, setting_title
from cftsr.vocabulary import ANY_SETTING, NO, UNDECIDED, YES, joined

PAPER = "the paper"
LOWEST, HIGHEST = -16, 0  # of log10 loss: the colour scale's ends; the paper's smallest loss that is not 0 is 1e-16
MOST_TILES = 12  # in a row or a column of one source: more would be too small to read
GAP = 0.5  # between blocks of tiles, in tiles
TILE = 28  # pixels, its height
NARROW, TIGHT = 37, 24  # pixels: narrower tiles show shorter numbers, and smaller ticks
NUMBER = 2.5  # ems: the width of "-8.9" with a real minus sign in a wide font, and a little room
TICK = "M-0.45,0.04L-0.12,0.36L0.5,-0.38"  # drawn: many fonts have no ✓


@dataclass(frozen=True)
class HeatTile:
    """One value: log10 of a loss, None for a loss of exactly 0.

    text, short   the text on it, and that on a narrow tile; "" if a ✓ is enough
    proved        whether it has a ✓
    unfitted      whether the fit is still missing
    """

    logarithm: float | None
    text: str
    short: str
    tooltip: dict[str, str]
    proved: bool = False
    unfitted: bool = False


def build(findings: Findings, published: Published) -> list[Figure]:
    """One heat map for each family and task whose cells have a fraction, if anything was fitted."""
    fitted = {(result.cell["family"], result.cell["task"]) for result in findings.results}
    wanted = {(cell["family"], cell["task"]) for cell in findings.cells if cell["fraction"] is not None}
    return [_heat_map(family, task, findings, published) for family, task in sorted(wanted & fitted)]


def _heat_map(family: str, task: str, findings: Findings, published: Published) -> Figure:
    cells = [cell for cell in findings.of(family, task) if cell["fraction"] is not None]
    all_theories = sorted({cell["theories"] for cell in cells})
    all_fractions = sorted({cell["fraction"] for cell in cells}, key=fraction_order)
    theories, fractions = _thinned(all_theories), _thinned(all_fractions)
    # Later tables hold the paper's grid; Table 2 adds the one cell with flat integer columns.
    paper = {
        (published_value.setting, published_value.fraction, published_value.theories): published_value
        for published_value in published.values
        if (published_value.family, published_value.task, published_value.quantity) == (family, task, "loss")
    }
    settings = settings_of([], cells)
    places = [(s, f, n) for s in settings for f in fractions for n in theories]
    engines = engines_of(cells)
    sources = [PAPER] * any(place in paper for place in places) + engines
    tiles: HeatTiles = {}
    for setting, fraction, count in places:
        tooltip = {"setting": setting_title(setting), "data": data_set_title(count, fraction)}
        for source in sources:
            if source == PAPER:
                value = paper.get((setting, fraction, count))
                tile = value and _published_tile(value, tooltip)
            else:
                fits = findings.fits((family, task, fraction, setting), count, source)
                tile = fits and _tile(fits, tooltip | {"source": source})
            if tile:
                tiles[setting, fraction, count, source] = tile
    chart = _draw(sources, settings, fractions, theories, tiles)
    proved = {
        engine: _proved_count([cell for cell in cells if cell["engine"] == engine], findings) for engine in engines
    }
    proved_words = joined(
        [f"{engine} proved {done} of {total} formulas exact" for engine, (done, total) in proved.items()]
    )
    losses = [
        published_value.value for place, published_value in paper.items() if place in places and published_value.value
    ]
    span = f"; the paper's losses that are not 0 run from {min(losses):.1e} to {max(losses):.1e}" if losses else ""
    indifferent = engines_of([cell for cell in cells if cell["setting"] == ANY_SETTING])
    everywhere = ""
    if indifferent and len(settings) > 1:
        many = len(indifferent) > 1
        everywhere = (
            f" {joined(indifferent)} {'ignore' if many else 'ignores'} the settings, so "
            f"{'their' if many else 'its'} one fit is shown in every block."
        )
    thinned = ""
    if (theories, fractions) != (all_theories, all_fractions):
        thinned = (
            f" {len(theories)} of {len(all_theories)} numbers of theories and {len(fractions)} of "
            f"{len(all_fractions)} fractions are drawn, evenly chosen; the tables have all."
        )
    return Figure(
        name=slug("heat-map", family, task),
        title=f"{family_title(family)}: loss of {quantity_title(task)} over the sweep",
        caption=(
            f"log10 of the mean squared error of {quantity_title(task)} (dimensionless; median over seeds) by number "
            f"of theories and lowest part of each theory's spectrum{', the paper first' if PAPER in sources else ''}. "
            f"✓: proved exact; = 0: a loss of exactly 0, not proved; ?: undecided; {DASH}: not fitted yet."
            f"{everywhere}{thinned}"
        ),
        alt=f"Heat map for {family_title(family)}, {quantity_title(task)}: {proved_words}{span}.",
        scope=SWEEP,
        chart=chart,
    )


def _thinned(values: list) -> list:
    """At most MOST_TILES of the values, evenly chosen, including the first and the last."""
    if len(values) <= MOST_TILES:
        return values
    return [values[round(step * (len(values) - 1) / (MOST_TILES - 1))] for step in range(MOST_TILES)]


def _proved_count(cells: Sequence[dict[str, Any]], findings: Findings) -> tuple[int, int]:
    """Recovered cells and all cells of one engine."""
    fits = {
        (cell["family"], cell["task"], cell["fraction"], cell["setting"], cell["theories"], cell["engine"])
        for cell in cells
    }
    cell_fits = [findings.fits(place[:4], *place[4:]) for place in fits]
    return sum(fits_of_cell.recovered for fits_of_cell in cell_fits if fits_of_cell), sum(
        fits_of_cell.requested for fits_of_cell in cell_fits if fits_of_cell
    )


def _published_tile(value: PublishedValue, tooltip: dict[str, str]) -> HeatTile:
    words = tooltip | {"source": f"{PAPER}, Table {value.table}", "loss": value.printed, "answer": "as printed"}
    return _numbered(value.value, words)


def _numbered(loss: float | None, tooltip: dict[str, str]) -> HeatTile:
    if loss == 0:
        return HeatTile(None, "= 0", "=0", tooltip)
    if loss is None or not math.isfinite(loss):
        return HeatTile(math.inf, "∞", "∞", tooltip)
    text = minus(f"{math.log10(loss):.1f}")
    return HeatTile(math.log10(loss), text, text if len(text) < 5 else minus(f"{math.log10(loss):.0f}"), tooltip)


def _tile(fits: CellFits, tooltip: dict[str, str]) -> HeatTile:
    if not fits.results:
        return HeatTile(None, DASH, DASH, tooltip | {"loss": "", "answer": "not fitted yet"}, unfitted=True)
    loss = fits.median("loss")
    seeds = f" ({fits.recovered} of {fits.requested} seeds)" if fits.requested > 1 else ""
    answer = YES if fits.recovered else UNDECIDED if fits.undecided else NO
    words = {YES: "proved exact", UNDECIDED: "undecided", NO: "not recovered"}[answer] + seeds
    tooltip |= {"loss": scientific(loss), "answer": words}
    if answer == YES:
        share = "" if fits.recovered == fits.requested else f"{fits.recovered}/{fits.requested}"
        # A proved formula's loss is 0; in float64 it is rounding. With several seeds, the median decides.
        exact = fits.recovered * 2 > len(fits.results)
        logarithm = None if exact or not loss else math.log10(loss) if math.isfinite(loss) else math.inf
        return HeatTile(logarithm, share, share, tooltip, proved=True)
    tile = _numbered(loss, tooltip)
    return HeatTile(tile.logarithm, tile.text + "?", "?", tooltip) if answer == UNDECIDED else tile


HeatTiles = dict[tuple[str, str, int, str], HeatTile]  # by setting, fraction, theories and source


def _draw(
    sources: Sequence[str], settings: Sequence[str], fractions: Sequence[str], theories: Sequence[int], tiles: HeatTiles
) -> alt.LayerChart:
    """The chart: x counts tiles from the left, y from the top, with a row of its own for each heading."""
    column = {
        (source, count): i * (len(theories) + GAP) + j
        for i, source in enumerate(sources)
        for j, count in enumerate(theories)
    }
    block = len(fractions) + 1
    row = {(s, f): i * block + 1 + j for i, s in enumerate(settings) for j, f in enumerate(fractions)}
    width = len(sources) * (len(theories) + GAP) - GAP
    height = block * len(settings)
    digits = max(len(str(count)) for count in theories)
    values = [
        _place(tile, column[source, count], row[setting, fraction])
        for (setting, fraction, count, source), tile in tiles.items()
    ]
    base = alt.Chart(rows(values)).encode(
        x=alt.X(
            "x:Q",
            scale=alt.Scale(domain=[0, width], nice=False, zero=False),
            axis=axis_at(
                {column[key] + 0.5: str(key[1]) for key in column},
                "number of theories",
                # As large as lets labels stand apart, by half a digit, in a wide font.
                labelFontSize=alt.ExprRef(f"min({LABEL_SIZE}, width / {width * (digits + 0.5) * WIDEST:.2f})"),
            ),
        ),
        y=alt.Y(
            "y:Q",
            scale=alt.Scale(domain=[0, height], reverse=True, nice=False, zero=False),
            axis=axis_at(
                {row[key] + 0.5: percentage(key[1]) for key in row},
                "lowest part of each spectrum" if height > 6 else "lowest part",
                room=True,
            ),
        ),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("source", "setting", "data", "loss", "answer")],
    )
    tile_base = base.encode(x2="x2", y2="y2")
    coloured = tile_base.transform_filter("datum.kind == 'loss'").mark_rect().encode(
        color=alt.Color(
            "value:Q",
            scale=alt.Scale(scheme="cividis", domain=[LOWEST, HIGHEST], clamp=True),
            legend=alt.Legend(
                title="log10 of the mean squared error",
                orient="bottom",
                direction="horizontal",
                gradientLength=220,
                gradientThickness=10,
                titleAnchor="start",
                values=[-16, -12, -8, -4, 0],
                labelExpr=f"datum.value == {LOWEST} ? '≤ {MINUS}16' : replace(datum.label, '-', '{MINUS}')",
            ),
        )
    )  # fmt: skip
    zero = tile_base.transform_filter("datum.kind == 'zero'").mark_rect(color=GREEN)
    missing = tile_base.transform_filter("datum.kind == 'missing'").mark_rect(
        fill="white", stroke=RULE, strokeDash=[2, 2], strokeWidth=0.7
    )
    tight = f"width < {TIGHT * width:.0f}"
    # Tiles grow and shrink with the page, and their text with them.
    text = (
        base.transform_calculate(shown=f"width > {NARROW * width:.0f} ? datum.text : datum.short")
        .mark_text(fontSize=alt.ExprRef(f"min(11.5, width / {NUMBER * width:.2f})"))
        .encode(x="tx:Q", y="cy:Q", text="shown:N", color=alt.Color("ink:N", scale=None))
    )
    ticks = (
        base.transform_filter("datum.mark != ''")
        .mark_point(
            shape=TICK,
            size=alt.ExprRef(f"!datum.text ? 230 : {tight} ? 40 : 110"),
            strokeWidth=1.8,
            opacity=1,
            filled=False,
        )
        .encode(x="tick:Q", y="cy:Q", color=alt.Color("ink:N", scale=None))
    )
    headings = alt.Chart(
        rows({"x": 0, "y": i * block + 0.62, "text": sentence(setting_title(s))} for i, s in enumerate(settings))
    ).mark_text(align="left", fontWeight="bold", color=INK, fontSize=12)
    names = alt.Chart(
        rows({"x": column[source, theories[0]] + len(theories) / 2, "y": 0, "text": source} for source in sources)
    ).mark_text(fontWeight="bold", color=INK, fontSize=12, dy=-8)
    words = [layer.encode(x="x:Q", y="y:Q", text="text:N") for layer in (headings, names)]
    return themed([coloured, zero, missing, text, ticks, *words], height=round(TILE * height))


def _place(tile: HeatTile, x: float, y: float) -> dict[str, Any]:
    """The data of a tile whose upper left corner is at x, y."""
    return {
        "x": x + 0.03, "x2": x + 0.97, "y": y + 0.03, "y2": y + 0.97, "cy": y + 0.5,
        "kind": "missing" if tile.unfitted else "zero" if tile.logarithm is None else "loss",
        "value": HIGHEST if tile.logarithm == math.inf else tile.logarithm,
        "text": tile.text, "short": tile.short, "mark": "✓" if tile.proved else "",
        # A tick alone is in the middle, one with a text to the left of it.
        "tick": x + (0.22 if tile.text else 0.5), "tx": x + (0.66 if tile.proved else 0.5),
        "ink": _ink(tile),
        **tile.tooltip,
    }  # fmt: skip


def _ink(tile: HeatTile) -> str:
    """White or black, whichever contrasts with the tile: cividis passes middle grey a little below its middle."""
    if tile.unfitted:
        return TEXT
    if tile.logarithm is None:
        return "white"
    return INK if tile.logarithm > LOWEST + 0.47 * (HIGHEST - LOWEST) else "white"
