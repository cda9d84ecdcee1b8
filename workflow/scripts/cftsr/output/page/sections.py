"""The sections of the page, in order.

To add one: a template sections/<name>.html.j2 in workflow/report, whose <section> has the id <name>, and an entry of
SECTIONS with a function that returns the variables of the template, or None if the sweep has nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cftsr.engines import engine_order
from cftsr.output.page.answers import answers_of
from cftsr.output.page.links import Links
from cftsr.output.page.multiples import multiples_of
from cftsr.output.page.overview import overview_of
from cftsr.output.page.unlabelled import section_of
from cftsr.output.page.views import MOST_VIEWS, View
from cftsr.output.tables.model import Table
from cftsr.output.tables.plan import CONFORMAL_WEIGHT, has_paper_tables
from cftsr.output.tables.replication import replication_table, replication_words
from cftsr.results.findings import Findings
from cftsr.results.published import FAMILIES, Published

MOST_ENTRIES = 4000  # of a table that is on the page in full: a larger one is linked
MOST_LINES = 5000  # of the list of cells
MOST_SCORES = 3  # families with a column of their own in the table of scores
FIRST_MAPS = 2  # heat maps on the first screen; if there are more, small multiples, and the maps among the figures


@dataclass(frozen=True)
class Material:
    """The material for the sections. figures: of the whole sweep."""

    findings: Findings
    published: Published
    views: Sequence[View]
    tables: list[Table]
    figures: Sequence[Any]
    links: Links
    accuracy: Table | None  # of random products of theories, where it was measured


@dataclass(frozen=True)
class Section:
    """title: in the navigation; values: the variables of its template, or None where the section is left out."""

    name: str
    title: str
    values: Callable[[Material], dict[str, Any] | None]


def _overview(material: Material) -> dict[str, Any]:
    maps, _ = _heat_maps(material)
    overview = overview_of(material.findings, material.views, material.tables)
    many = len(overview.families) > MOST_SCORES
    # For few cells the formulas above are enough.
    multiples = multiples_of(material.views) if many or (not maps and len(material.views) > MOST_SCORES) else []
    return {
        "overview": overview,
        "answers": answers_of(material.findings, material.views),
        "heat_maps": maps,
        "many": many,
        "multiples": multiples,
    }


def _cells(material: Material) -> dict[str, Any]:
    views = material.views
    return {
        "lines": views[:MOST_LINES],
        "total_lines": len(views),
        "most_views": MOST_VIEWS,
        "engines": sorted({fit.engine for view in views for fit in view.fits}, key=engine_order),
    }


def _tables(material: Material) -> dict[str, Any] | None:
    if not material.tables:
        return None
    paper = has_paper_tables(material.findings.cells)
    return {"tables": material.tables, "most_entries": MOST_ENTRIES, "paper": paper}


def _unlabelled(material: Material) -> dict[str, Any] | None:
    families = section_of(material.findings)
    return {"unlabelled": families} if families else None


def _identify(material: Material) -> dict[str, Any] | None:
    return {"accuracy": material.accuracy} if material.accuracy else None


def _replication(material: Material) -> dict[str, Any] | None:
    if not material.findings.repeated or not has_paper_tables(material.findings.cells):
        return None
    return {
        "replication": replication_table(material.findings, material.published),
        "replication_words": replication_words(material.findings, material.published),
    }


def _figures(material: Material) -> dict[str, Any] | None:
    _, figures = _heat_maps(material)
    return {"sweep_figures": figures} if figures else None


def _heat_maps(material: Material) -> tuple[list[Any], list[Any]]:
    """The heat maps of the first screen, and all other figures."""
    maps = [figure for figure in material.figures if figure.name.startswith("heat")]
    # h of the paper's families comes first: the stable sort keeps the others in their order.
    first = {f"heat-map-{family}-{CONFORMAL_WEIGHT}" for family in FAMILIES}
    maps.sort(key=lambda figure: figure.name not in first)
    others = [figure for figure in material.figures if figure not in maps]
    return (maps, others) if len(maps) <= FIRST_MAPS else ([], [*others, *maps])


def _always(material: Material) -> dict[str, Any]:
    return {}


SECTIONS = (
    Section("overview", "Overview", _overview),
    Section("cells", "Cells", _cells),
    Section("tables", "Tables", _tables),
    Section("unlabelled", "Without labels", _unlabelled),
    Section("identify", "Which theory?", _identify),
    Section("replication", "Replication", _replication),
    Section("figures", "Figures", _figures),
    Section("provenance", "Provenance", _always),
)
