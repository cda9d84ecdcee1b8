"""The page of a sweep: one self-contained HTML file made from its verdicts.

Everything is in the file: style, script, Vega, the charts' data, formulas as MathML. Views are sections of the page,
each with an address of its own; the browser's :target shows one of them, so they can be read, printed and searched
without script as well.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup

from cftsr import __version__
from cftsr.files import read_json, write_text
from cftsr.output.page.links import Links
from cftsr.output.page.sections import SECTIONS, Material
from cftsr.output.page.templates import environment_of
from cftsr.output.page.views import View, address_of, choose, views_of
from cftsr.output.tables import html, model
from cftsr.output.tables.accuracy import accuracy_table
from cftsr.output.tables.build import all_tables
from cftsr.output.typesetting.math_font import math_font_face, with_plain_parentheses
from cftsr.output.typesetting.mathml import mathml
from cftsr.results.findings import Findings
from cftsr.results.published import load_published
from cftsr.results.summary import cell_key, read_records
from cftsr.results.titles import seconds
from cftsr.shipped import shipped
from cftsr.sweep.cells import Cell
from cftsr.sweep.paths import Accuracy, DataSets, Fits, Results

ASSETS = shipped("report")  # workflow/report


@dataclass(frozen=True)
class About:
    """Information on a sweep that is not in its verdicts.

    config       the configuration, as resolved; `changes` are the keys that differ from config.yaml
    unavailable  why an engine did not run
    """

    budget: str
    config: dict[str, Any] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    sweep: str = "default"

    def command(self, cell: dict[str, Any]) -> str:
        """The command that repeats one cell, and nothing else, with the same configuration."""
        target = Fits.of(self.budget).verdict(Cell(**cell).folder)
        assignments = [
            f"{key}={value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"
            for key, value in ({"budget": self.budget} | self.changes).items()
        ]
        return f".venv/bin/snakemake {target} -j 1 --forcerun fit --config {shlex.join(assignments)}"


def read_for_page(paths: Sequence[str | Path], expected_cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records in these verdict.json files, with whole fronts only where the page shows them (see `choose`).

    Otherwise a sweep of 20,000 cells would not fit into memory. Raises UserError for a damaged file.
    """
    by_cell = {}
    for path in paths:
        for record in read_records([path], fronts=False):
            by_cell[cell_key(record["cell"])] = (path, record)
    chosen = choose(Findings([record for _, record in by_cell.values()], expected_cells)).fits
    whole = [path for key, (path, _) in by_cell.items() if key in chosen]
    return [*read_records(whole), *(record for key, (_, record) in by_cell.items() if key not in chosen)]


def write_report(
    findings: Findings,
    page: str | Path,
    data_folder: str | Path,
    published_folder: str | Path,
    about: About,
    fits_folder: str | Path | None = None,
) -> None:
    """Write the page, and the figures as SVG and PDF into figures/ in the same folder.

    findings         of the records that `read_for_page` gives; cells without a record are shown as missing
    page             results/<sweep>/report.html; its links are relative to its folder
    data_folder      data/spectra
    fits_folder      results/fits/<budget>, the default

    Raises UserError where data/published or a data set is damaged or a file cannot be written.
    """
    from cftsr.output import figures  # Altair takes a second to import

    page = Path(page)
    choice = choose(findings)
    drawn = figures.build(findings, data_folder, load_published(published_folder), choice.scopes, choice.fits)
    folder = figures_folder(page)
    folder.mkdir(parents=True, exist_ok=True)
    heights = {figure.name: figures.height_of(figures.write_static(figure, folder)[0]) for figure in drawn}
    made = {f"{figure.name}.{kind}" for figure in drawn for kind in ("svg", "pdf")}
    for left in folder.glob("*.*"):
        if left.suffix in (".svg", ".pdf") and left.name not in made:
            left.unlink(missing_ok=True)  # of an earlier sweep in this folder
    specs = {figure.name: figures.for_browser(figures.to_spec(figure.chart)) for figure in drawn}
    write_text(page, render(findings, drawn, specs, page, data_folder, published_folder, about, fits_folder, heights))


def figures_folder(page: Path) -> Path:
    """The folder with the figures of a page as files."""
    return Path(Results(str(page.parent)).figures)


def render(
    findings: Findings,
    drawn: Sequence[Any],
    specs: dict[str, dict[str, Any]],
    page: str | Path,
    data_folder: str | Path,
    published_folder: str | Path,
    about: About,
    fits_folder: str | Path | None = None,
    heights: Mapping[str, int] | None = None,
) -> str:
    """The page as text.

    drawn    figures; specs: their Vega-Lite specifications by name
    heights  in pixels, by name: space is reserved before a figure is drawn, so nothing below it moves
    """
    fits = Fits(str(fits_folder)) if fits_folder else Fits.of(about.budget)
    links = Links(Results(str(Path(page).parent)), fits, DataSets(str(data_folder)))
    views = views_of(findings, choose(findings), links, about.command)
    published = load_published(published_folder)
    tables = all_tables(findings, published)
    environment = environment_of(ASSETS, keep_trailing_newline=True)
    environment.filters["mathml"] = mathml
    environment.globals |= {"seconds": seconds, "html": html, "kinds": model, "address": _addresses(views)}
    environment.globals["recorded"] = findings.recorded_engines
    environment.globals["asset"] = lambda name: Markup((ASSETS / name).read_text(encoding="utf-8"))
    by_scope: dict[str, list[Any]] = {}
    for figure in drawn:
        by_scope.setdefault(figure.scope, []).append(figure)
    sweep_figures = [figure for figure in drawn if figure.scope == "sweep"]
    material = Material(findings, published, views, tables, sweep_figures, links, _accuracy(Path(page)))
    values = {section: section.values(material) for section in SECTIONS}
    shown = {section: own for section, own in values.items() if own is not None}
    about = replace(about, unavailable={name: without_folders(words) for name, words in about.unavailable.items()})
    page_text = environment.get_template("page.html.j2").render(
        sections=list(shown),
        about=about,
        config=yaml.safe_dump(about.config, sort_keys=False, allow_unicode=True) if about.config else "",
        date=_date(),
        versions=_versions(findings.records),
        heights={figure.name: 190 for figure in drawn} | dict(heights or {}),
        views=[view for view in views if view.shown],
        links=links,
        figures_of={view.address: _figures_of(view, by_scope.get(view.scope, ())) for view in views if view.shown},
        specs={name: as_json(spec) for name, spec in specs.items()},
        vega=_vega() if specs else Markup(""),
        math_font=math_font_face(),
        software=__version__,
        **{name: value for own in shown.values() for name, value in own.items()},
    )
    return with_plain_parentheses(page_text)


def _accuracy(page: Path) -> model.Table | None:
    """How often random products are identified, if that was measured: the file is next to the folder of the sweep."""
    path = page.parent.parent / Path(Accuracy().file("json")).relative_to("results")
    return accuracy_table(read_json(path, "delete it: snakemake identify makes it")) if path.exists() else None


def _figures_of(view: View, drawn: Sequence[Any]) -> list[Any]:
    """The figures of the view's data set, except the fronts of other settings."""
    setting = view.address.rpartition("/")[2]
    return [figure for figure in drawn if not figure.name.startswith("fronts-") or figure.name.endswith(f"-{setting}")]


def _addresses(views: Sequence[View]):
    known = {view.address for view in views if view.shown}

    def address(view: model.ViewKey | None) -> str:
        """The address of the view of a cell, or "" if the page has none."""
        if view is None:
            return ""
        family, task, theories, fraction, setting = view
        dataset = Cell(family, task, theories, fraction, setting, "", 0).dataset
        candidates = (address_of(family, task, dataset, name) for name in (setting, "any"))
        return next((candidate for candidate in candidates if candidate in known), "")

    return address


def without_folders(text: str) -> str:
    """The text with paths of this machine cut to their last part, because the page is passed on."""
    return re.sub(r"(?<![\w.:/])/(?:[^\s/:,;()'\"]+/)+([^\s/:,;()'\"]*)", r"\1", text)


def _date() -> str:
    """Now, or SOURCE_DATE_EPOCH, so that two builds can be compared byte by byte."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _versions(records: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Packages with the versions that made the fits; several versions if the fits are of different ones."""
    counts: dict[str, Counter] = {}
    for record in records:
        for package, version in record["fit"]["versions"].items():
            counts.setdefault(package, Counter())[version] += 1
    return [(package, ", ".join(sorted(versions))) for package, versions in sorted(counts.items())]


def as_json(value: object) -> Markup:
    """JSON for a script element, escaped so that nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def _vega() -> Markup:
    """Vega, Vega-Lite and Vega-Embed, which come with vl-convert: nothing is downloaded."""
    import vl_convert

    return Markup(vl_convert.javascript_bundle())
