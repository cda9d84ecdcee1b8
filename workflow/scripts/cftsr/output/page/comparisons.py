"""The paper's tables for the page: our values beside the published ones, each with what is to be said about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from cftsr.engines import engine_order
from cftsr.output.page.formulas import mathml
from cftsr.output.rendering import Table
from cftsr.output.rendering import number as number_text
from cftsr.output.tables import (
    FORMULAS,
    OWN,
    SEEDS,
    SETTING_TITLES,
    Plan,
    Rows,
    all_tables,
    block_heading,
    long_verdict,
    no_formula,
    planned_tables,
    same_rows,
)
from cftsr.results.findings import Findings, Fits, Place, percentage, unique
from cftsr.results.published import FORMULA_LINES, Published, PublishedValue
from cftsr.results.summary import fraction_order

SAME = 0.05  # published numbers have few digits and depend on a seed: nearer than this counts as equal
MOST_ENTRIES = 4000  # of a table that the page has in full: a larger one is linked to
LOWER_IS_BETTER = {"loss": True, "complexity": True, "score": False}

Address = Callable[[str, str, int, str | None, str], str]  # family, task, theories, fraction, setting -> "" or a view


@dataclass(frozen=True)
class Entry:
    """One number of a table.

    shown    the number; `after` is what stands beside it in parentheses
    spread   the smallest and the largest over several seeds, where they differ; `after_spread` those of `after`
    order    what a column is sorted by
    against  "better", "worse" or "equal" beside the published value; "" where there is nothing to compare
    proof    "yes", "no", "undecided", "approximate" or "missing"; "" for a published value
    bare     no room is left for marks: no number of its column has any
    seeds    how many of how many recovered it; `rate` is the same as a rate, with its interval
    notes    numbers of the footnotes that say why a published value is suspect
    """

    shown: Markup
    after: Markup | str = ""
    order: float = math.inf
    against: str = ""
    proof: str = ""
    seeds: str = ""
    elsewhere: bool = False
    notes: tuple[int, ...] = ()
    address: str = ""
    spread: Markup | str = ""
    after_spread: Markup | str = ""
    rate: str = ""
    bare: bool = False


@dataclass(frozen=True)
class Line:
    """A row: `source` is an engine or "paper"; `cells` are entries (None: not asked for)."""

    source: str
    cells: list[Entry | None]
    lowest: str = ""
    lowest_order: float = 0.0
    formula: Markup | str = ""
    formula_notes: tuple[int, ...] = ()
    verdict: str = ""
    address: str = ""

    @property
    def published(self) -> bool:
        return self.source.startswith(("paper", "exact"))


@dataclass(frozen=True)
class PageTable:
    """heads: the two columns before `columns`; too_large: how many entries it has, where those are too many."""

    number: int
    caption: str
    columns: list[str]
    blocks: list[tuple[str, list[Line]]]
    notes: list[str]
    remarks: list[str]
    suspects: list[str] = field(default_factory=list)
    kind: str = "grid"
    heads: tuple[str, str] = ("Lowest", "Source")
    too_large: int = 0

    @property
    def formulas(self) -> bool:
        return self.kind in (FORMULAS, OWN)

    @property
    def seeded(self) -> bool:
        """Whether some entry says how many seeds recovered it: room for that is left beside all numbers."""
        return any(cell.seeds for _, lines in self.blocks for line in lines for cell in line.cells if cell)

    @property
    def tally(self) -> dict[str, int]:
        """How many of our entries are better than, equal to and worse than the published ones."""
        marks = [cell.against for _, lines in self.blocks for line in lines for cell in line.cells if cell]
        return {mark: marks.count(mark) for mark in ("better", "equal", "worse") if mark in marks}


def number(value: float | None, quantity: str) -> Markup:
    """As in the other tables: three digits, powers of ten as such, complexity as a whole number."""
    if value is None:
        return Markup("—")
    if quantity == "complexity":
        return escape(f"{value:g}")
    text = number_text(value, scientific=quantity == "loss").markdown.replace("-", "\u2212")
    mantissa, _, exponent = text.partition("e")
    if not exponent or not int(exponent[1:]):
        return escape(mantissa)
    power = str(int(exponent.replace("\u2212", "-"))).replace("-", "\u2212")
    return Markup('{}<span class="times">\u00d710</span><sup>{}</sup>').format(mantissa, power)


def against(quantity: str, ours: float | None, theirs: float | None) -> str:
    """ "better", "worse" or "equal" (within SAME); "" where one of the two is not there."""
    if ours is None or theirs is None:
        return ""
    if ours == theirs or abs(ours - theirs) <= SAME * max(abs(ours), abs(theirs)) < math.inf:
        return "equal"
    return "better" if (ours < theirs) == LOWER_IS_BETTER[quantity] else "worse"


def page_tables(findings: Findings, published: Published, address: Address) -> list[PageTable]:
    """All tables, with the numbers of the CSV files: one source for both."""
    made = []
    for plan, (table, rows) in zip(planned_tables(findings.cells), all_tables(findings, published), strict=True):
        suspects = [item for item in published.of_table(table.number) if item.suspect]
        footnote = {id(item): index for index, item in enumerate(suspects, start=1)}
        heads, too_large = ("Lowest", "Source"), 0
        if len(rows) > MOST_ENTRIES:
            columns, blocks, too_large = [], [], len(rows)
        elif plan.kind == SEEDS:
            heads = tuple(table.columns[:2])
            columns, blocks = _seeds(table)
        elif plan.kind in (FORMULAS, OWN):
            columns, blocks = _formulas(plan, rows, findings, published, address, footnote)
        else:
            columns, blocks = _grid(table.number, rows, findings, published, address, footnote)
        made.append(
            PageTable(
                number=table.number,
                caption=table.caption,
                columns=columns,
                blocks=blocks,
                notes=[note for note in table.notes if not note.startswith("‡")],
                remarks=list(published.notes.get(table.number, ())),
                suspects=[f"{item.row}, {item.column}: {item.note}." for item in suspects],
                kind=plan.kind,
                heads=heads,
                too_large=too_large,
            )
        )
    return made


def _proof(fits: Fits) -> str:
    if not fits.results:
        return "missing"
    return "yes" if fits.recovered else "approximate" if fits.approximate else "undecided" if fits.undecided else "no"


def _seeds_of(fits: Fits) -> dict[str, str]:
    """What an entry says of several seeds."""
    if fits.asked == 1:
        return {}
    return {"seeds": f"{fits.recovered}/{fits.asked}", "rate": fits.recovery.rate_words}


def _spread(fits: Fits, quantity: str) -> Markup | str:
    extremes = fits.extremes(quantity)
    return Markup("{} to {}").format(*(number(value, quantity) for value in extremes)) if extremes else ""


def _seeds(table: Table) -> tuple[list[str], list[tuple[str, list[Line]]]]:
    """Recovery over seeds: the entries are words already."""
    blocks = []
    for block in table.blocks:
        lines = []
        for index, (setting, engine, *entries) in enumerate(row for group in block.groups for row in group):
            cells = [Entry(escape(entry.markdown), order=_leading(entry.markdown), bare=True) for entry in entries]
            lines.append(Line(engine.markdown, cells, setting.markdown, index))
        blocks.append((block.heading, lines))
    return table.columns[2:], blocks


def _leading(text: str) -> float:
    """The number that words begin with."""
    try:
        return float(text.split()[0].split("/")[0].rstrip("%"))
    except (ValueError, IndexError):
        return math.inf


def _noted(item: PublishedValue | None, footnote: dict[int, int]) -> tuple[int, ...]:
    return (footnote[id(item)],) if item and item.suspect else ()


# ---- numbers on the grid of theories and fractions


def _grid(
    table: int, rows: Rows, findings: Findings, published: Published, address: Address, footnote: dict[int, int]
) -> tuple[list[str], list[tuple[str, list[Line]]]]:
    counts = sorted({row["theories"] for row in rows})
    quantities = unique(row["quantity"] for row in rows)
    values = {
        (row["setting"], row["fraction"], row["engine"], row["theories"], row["quantity"]): row["value"] for row in rows
    }
    blocks = []
    for setting in unique(row["setting"] for row in rows):
        lines: list[Line] = []
        here = [row for row in rows if row["setting"] == setting]
        for fraction in sorted({row["fraction"] for row in here}, key=fraction_order):
            family, task = here[0]["family"], here[0]["task"]
            place: Place = (family, task, fraction, setting)
            theirs = {
                count: [published.find(table, family, count, fraction, setting, name) for name in quantities]
                for count in counts
            }
            percent, order = percentage(fraction), fraction_order(fraction)
            if any(map(any, theirs.values())):
                cells = [_published_entry(items, footnote) for items in theirs.values()]
                lines.append(Line("paper", cells, percent, order))
            engines = {row["engine"] for row in here if row["fraction"] == fraction and row["engine"]}
            for engine in sorted(engines, key=engine_order):
                cells = [
                    _entry(
                        findings.fits(place, count, engine),
                        {name: values.get((setting, fraction, engine, count, name)) for name in quantities},
                        theirs[count],
                        address(family, task, count, fraction, setting),
                    )
                    for count in counts
                ]
                lines.append(Line(engine, cells, percent, order))
        blocks.append((SETTING_TITLES.get(setting, setting), lines))
    return [f"{count} theories" for count in counts], blocks


def _published_entry(items: Sequence[PublishedValue | None], footnote: dict[int, int]) -> Entry | None:
    known = [item for item in items if item]
    if not known:
        return None
    notes = tuple(note for item in known for note in _noted(item, footnote))
    shown, *rest = (number(item.value, item.quantity) for item in known)
    return Entry(shown, rest[0] if rest else "", _order(known[0].value), notes=notes)


def _order(value: float | None) -> float:
    return math.inf if value is None else value


def _entry(
    fits: Fits | None, ours: dict[str, float | None], theirs: Sequence[PublishedValue | None], address: str
) -> Entry | None:
    if fits is None:
        return None
    quantity, *others = ours
    shown = number(ours[quantity], quantity)
    rest = [(number(ours[name], name), _spread(fits, name)) for name in others if ours[name] is not None]
    # A suspect value is no measure.
    printed = theirs[0].value if theirs[0] and not theirs[0].suspect else None
    return Entry(
        shown=shown,
        spread=_spread(fits, quantity),
        after=rest[0][0] if rest else "",
        after_spread=rest[0][1] if rest else "",
        order=_order(ours[quantity]),
        against=against(quantity, ours[quantity], printed),
        proof=_proof(fits),
        **_seeds_of(fits),
        elsewhere=fits.proved_elsewhere,
        address=address,
    )


# ---- formulas


def _formulas(
    plan: Plan, rows: Rows, findings: Findings, published: Published, address: Address, footnote: dict[int, int]
) -> tuple[list[str], list[tuple[str, list[Line]]]]:
    table, blocks = plan.number, []
    sizes = plan.tasks == ("energy",)
    places = unique(
        (row["family"], row["task"], row["fraction"], row["setting"], row["theories"])
        for row in rows
        if row["setting"] is not None
    )
    for *place, theories in places:
        family, task, fraction, setting = place
        here = [
            row
            for row in rows
            if (row["family"], row["task"], row["theories"], row["fraction"]) == (family, task, theories, fraction)
            and row["setting"] in (setting, None)
        ]
        theirs = {
            item.quantity: item
            for item in published.of_table(table)
            if (item.family, item.theories, item.fraction) == (family, theories, fraction)
            and item.setting in (setting, None)
        }
        lines = _published_lines(theirs, footnote)
        for engine in sorted({row["engine"] for row in here if row["engine"]}, key=engine_order):
            fits = findings.fits(tuple(place), theories, engine)
            view = address(family, task, theories, fraction, setting)
            line = _formula_line(engine, fits, theirs.get("loss"), view, plan)
            if sizes:
                line.cells.append(_size(same_rows(findings, tuple(place), theories, engine)))
            lines.append(line)
        blocks.append((block_heading(plan, findings, tuple(place), theories), lines))
    return ["MSE", "Nodes", *["Nodes of h"] * sizes], blocks


def _size(fits: Fits | None) -> Entry | None:
    if fits is None:
        return None
    nodes = fits.shown.reported["complexity"]
    return Entry(number(nodes, "complexity"), order=nodes, bare=True)


def _published_lines(theirs: dict[str, PublishedValue], footnote: dict[int, int]) -> list[Line]:
    lines = []
    for source, quantity, loss in FORMULA_LINES:
        if item := theirs.get(quantity):
            error = theirs.get(loss)
            shown = Markup("exact") if error and error.printed == "Exact" else number(error and error.value, "loss")
            entry = Entry(shown, order=_order(error.value), notes=_noted(error, footnote)) if error else None
            formula = mathml(item.expression)
            lines.append(Line(source, [entry, None], formula=formula, formula_notes=_noted(item, footnote)))
    return lines


def _formula_line(engine: str, fits: Fits, theirs: PublishedValue | None, address: str, plan: Plan) -> Line:
    if not fits.results:
        return Line(engine, [Entry(Markup("—"), proof="missing"), None], verdict="missing", address=address)
    result = fits.shown
    found: dict[str, Any] = result.reported
    verdict = long_verdict(result, plan.paper).replace("`", "")
    if no_formula(result):
        nothing = Entry(Markup("—"), proof="no", **_seeds_of(fits))
        return Line(engine, [nothing, None], formula=Markup("no formula"), verdict=verdict, address=address)
    loss = Entry(
        number(found["loss"], "loss"),
        order=found["loss"],
        against=against("loss", found["loss"], theirs.value if theirs and not theirs.suspect else None),
        proof=_proof(fits),
        **_seeds_of(fits),
        elsewhere=result.proved_elsewhere,
    )
    nodes = Entry(number(found["complexity"], "complexity"), order=found["complexity"], bare=True)
    return Line(
        engine,
        [loss, nodes],
        formula=mathml(found["equation"]),
        verdict=verdict,
        address=address,
    )
