"""The figures of a sweep: for the report, and as files for a paper.

`build` makes them from findings (cftsr.results.findings), `to_spec` gives the Vega-Lite JSON that a page embeds,
`write_static` the SVG and PDF files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import altair as alt
from markupsafe import Markup

from cftsr.files import write_atomically
from cftsr.output.figures import costs, fronts, heat_maps, identification, levels, unlabelled
from cftsr.output.figures.base import STATIC_WIDTH, SWEEP, Figure, scope_of
from cftsr.output.typesetting.names import small_indices, with_indices
from cftsr.results.findings import Findings
from cftsr.results.published import Published
from cftsr.results.summary import CellKey, cell_key

MOST_DATA_SETS = 100  # with figures of their own, some 100 kB and one second each
__all__ = ["SWEEP", "Figure", "build", "for_browser", "height_of", "picture", "to_spec", "write_static"]


def build(
    findings: Findings,
    data_folder: str | Path,
    published: Published,
    scopes: Sequence[str] | None = None,
    fronts_of: Collection[CellKey] | None = None,
) -> list[Figure]:
    """All figures of these findings, those of the whole sweep first, independent of the order of the records.

    `data_folder` is data/spectra. `scopes` are the data sets to draw, of which the first MOST_DATA_SETS are drawn,
    and `fronts_of` the fits whose fronts are drawn; None for all. A figure that would be empty is left out.

    Raises UserError for a damaged data set.
    """
    records, results = findings.records, findings.results
    drawn, some = records, results
    if scopes is not None:
        wanted = set(scopes[:MOST_DATA_SETS])
        drawn = [record for record in records if scope_of(record["cell"]) in wanted]
        some = [result for result in results if scope_of(result.cell) in wanted]
    whole, rest = drawn, []
    if fronts_of is not None:
        whole, rest = [], []
        for record in drawn:
            (whole if cell_key(record["cell"]) in fronts_of else rest).append(record)
    return [
        *heat_maps.build(findings, published),
        *costs.build(results, findings.expected),
        *identification.build(results),
        *fronts.build(whole, {scope_of(record["cell"]) for record in rest}),
        *levels.build(some, Path(data_folder)),
        *unlabelled.build(some, Path(data_folder)),
    ]


def to_spec(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The Vega-Lite specification with its data inline: plain JSON values, no nan and no infinity."""
    spec = chart.to_dict()
    json.dumps(spec, allow_nan=False)
    return spec


def for_browser(spec: Any) -> Any:
    """The specification with indices of names as Unicode subscripts: a browser has a font for them.

    In files they are set by `_with_indices`: the conversion to PDF would use another font for the whole text.
    """
    if isinstance(spec, dict):
        return {key: for_browser(value) for key, value in spec.items()}
    if isinstance(spec, list):
        return [for_browser(value) for value in spec]
    return small_indices(spec) if isinstance(spec, str) and " " in spec else spec


def _with_indices(svg: str) -> str:
    """The picture with su(2)_k and the like set as indices."""

    def index(text: str) -> str:
        # What follows comes back to the line.
        return f'<tspan dy="0.25em" font-size="75%">{text}</tspan><tspan dy="-0.19em">\u200b</tspan>'

    return re.sub(r"(<text\b[^>]*>)([^<]*_[^<]*)(</text>)", lambda m: m[1] + with_indices(m[2], index) + m[3], svg)


def _renumbered(svg: str) -> str:
    """The picture with its gradients and clips numbered from 0: Vega numbers them over all pictures of a process."""
    numbers: dict[str, int] = {}
    return re.sub(
        r"\b(gradient_|clip)(\d+)\b", lambda match: f"{match[1]}{numbers.setdefault(match[0], len(numbers))}", svg
    )


def height_of(picture: str | Path) -> int:
    """The height in pixels of an SVG file of `write_static`; the figure has the same height on a page of any width."""
    with Path(picture).open(encoding="utf-8") as file:
        match = re.search(r'\bheight="(\d+)', file.read(1000))
    return int(match[1]) if match else 0


def picture(chart: alt.TopLevelMixin, words: str, width: int = STATIC_WIDTH) -> Markup:
    """The chart as SVG.

    width   in pixels
    words   for those who do not see it
    """
    import vl_convert  # starts a JavaScript engine: only when a picture is needed

    spec = to_spec(chart) | {"width": width, "description": small_indices(words)}
    return Markup(_with_indices(_renumbered(vl_convert.vegalite_to_svg(spec))))


def write_static(figure: Figure, folder: str | Path) -> list[Path]:
    """Write <name>.svg and <name>.pdf, STATIC_WIDTH pixels wide, and return their paths.

    The same figure gives the same bytes of SVG; of a PDF, the order of its fonts changes from run to run.
    """
    import vl_convert

    paths = [Path(folder, f"{figure.name}.{kind}") for kind in ("svg", "pdf")]
    svg = picture(figure.chart, figure.alt)
    contents = (svg.encode(), vl_convert.svg_to_pdf(svg))
    for path, content in zip(paths, contents, strict=True):
        write_atomically(path, lambda temporary, content=content: Path(temporary).write_bytes(content))
    return paths
