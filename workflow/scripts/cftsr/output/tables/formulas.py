"""Tables of formulas: the paper's, those of PySR with the paper's settings, and every engine's, with their verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cftsr.data.tasks import GIVEN
from cftsr.output.tables.grids import quantity_words
from cftsr.output.tables.model import (
    EMPTY,
    ENGINE,
    FORMULA,
    FORMULAS,
    OWN,
    PAPER,
    RECORDED,
    SOURCE,
    WORDS,
    Block,
    Column,
    Entry,
    Number,
    Row,
    Table,
    ViewKey,
    against,
    mark_of,
    published_entry,
)
from cftsr.output.tables.plan import CENTRAL_CHARGE, CONFORMAL_WEIGHT, Plan, paper_first
from cftsr.output.tables.verdicts import has_no_formula, long_verdict
from cftsr.results.findings import (
    PAPER_SETTINGS,
    CellFits,
    Findings,
    csv_row,
    engines_of,
    reading_notes,
    settings_of,
    suspects_of,
    suspects_words,
    unique,
)
from cftsr.results.published import FORMULA_LINES, Published, PublishedValue
from cftsr.results.summary import fraction_order
from cftsr.results.titles import percentage, sentence, setting_title
from cftsr.vocabulary import ANY_SETTING, APPROXIMATE, YES

FORMULA_QUANTITIES = ("formula", "simplified", "loss", "complexity")


def formula_table(plan: Plan, findings: Findings, published: Published) -> Table:
    table, columns = plan.number, _columns(plan)
    theirs_all = published.of_table(plan.published)
    footnotes = suspects_of(plan.published, published)
    blocks: list[Block] = []
    data: list[dict] = []
    shown: list[tuple[str, CellFits]] = []
    sizes: list[tuple[int, int]] = []
    repeated = False
    families = _families(plan.tasks, theirs_all, findings)
    for family, task in ((family, task) for family in families for task in plan.tasks):
        all_cells = findings.of(family, task)
        all_printed = [value for value in theirs_all if value.family == family]
        if not (all_cells or all_printed):
            continue
        for theories, fraction in _shown_cells(all_printed, all_cells):
            cells = [cell for cell in all_cells if (cell["theories"], cell["fraction"]) == (theories, fraction)]
            printed = [value for value in all_printed if (value.theories, value.fraction) == (theories, fraction)]
            for setting in settings_of(printed, cells):
                place = (family, task, fraction, setting)
                view = (family, task, theories, fraction, setting)
                theirs = {value.quantity: value for value in printed if value.setting in (setting, None)}
                fits = {engine: findings.fits(place, theories, engine) for engine in engines_of(cells)}
                here = {engine: own for engine, own in fits.items() if own}
                groups = []
                rows = _published_rows(theirs, footnotes, len(columns))
                reference = findings.reference(place, theories) if printed else None
                if reference:
                    repeated = True
                    rows += _formula_rows(PAPER_SETTINGS, reference, theirs.get("loss"), view, plan, None, RECORDED)[0]
                    here = {PAPER_SETTINGS: reference} | here
                if rows:
                    groups.append(rows)
                for engine, own in here.items():
                    sizes_here = plan.tasks == ("energy",)
                    weights = same_rows(findings, place, theories, engine) if sizes_here else None
                    rows, values = _formula_rows(engine, own, theirs.get("loss"), view, plan, weights)
                    if engine != PAPER_SETTINGS:
                        groups.append(rows)
                        shown.append((f"{engine}, {family}, {setting}", own))
                    if weights and own.recovered and weights.recovered:
                        sizes.append((own.shown.reported["complexity"], weights.shown.reported["complexity"]))
                    data += [
                        csv_row(table, place, theories, engine, quantity, value, own, theirs.get(quantity))
                        for quantity, value in values.items()
                    ]
                # A published value without a fit to compare it with has a row too, without an engine.
                data += [
                    csv_row(table, place, theories, "", quantity, None, None, value)
                    for quantity, value in theirs.items()
                    if not here or quantity not in FORMULA_QUANTITIES
                ]
                blocks.append(Block(_heading(plan, findings, place, theories), groups))
    return Table(
        number=table,
        caption=_caption(plan, findings),
        columns=columns,
        blocks=blocks,
        notes=[
            *reading_notes(shown, ("loss",), formulas=True, paper=plan.paper),
            *_sizes_note(sizes),
            *(findings.reference_notes() if repeated else []),
        ],
        suspects=suspects_words(plan.published, published),
        remarks=list(published.notes.get(plan.published, ())),
        kind=plan.kind,
        data=data,
    )


def _families(tasks: Sequence[str], printed: Sequence[PublishedValue], findings: Findings) -> list[str]:
    """The paper's families, then the others of the sweep by name."""
    ours = paper_first({cell["family"] for cell in findings.cells if cell["task"] in tasks})
    return unique([*(value.family for value in printed), *ours])


def _columns(plan: Plan) -> list[Column]:
    symbol = {(CENTRAL_CHARGE,): " of c", (CONFORMAL_WEIGHT,): " of h"}.get(plan.tasks, "")
    return [
        Column("Source", SOURCE),
        Column(f"Formula{symbol}", FORMULA, 0.42),
        Column("MSE"),
        Column("Nodes"),
        *[Column("Nodes of h")] * (plan.tasks == ("energy",)),
        Column("Verdict", WORDS, 0.2 if plan.paper else 0.3),
    ]


def _caption(plan: Plan, findings: Findings) -> str:
    if plan.kind == OWN:
        return "Formulas found for spectra of one's own: no closed form judges them."
    if len(plan.tasks) == 1:
        [task] = plan.tasks
        symbol = findings.symbol("", task)
        symbol = "E = h - c/24" if task == "energy" else symbol
        beside = ": the paper's and ours" if plan.paper else ""
        return f"Formulas found for the {quantity_words(task)} {symbol}{beside}."
    return "Formulas found for quantities of a theory: no label of a state is needed."


def _heading(plan: Plan, findings: Findings, place: tuple, theories: int) -> str:
    """The quantity, the number of theories, and the setting of constants if some engine has settings."""
    family, task, fraction, setting = place
    quantity = "" if len(plan.tasks) == 1 and plan.kind == FORMULAS else f": {_quantity_of(findings, family, task)}"
    lowest = f", lowest {percentage(fraction)}" if fraction else ""
    indifferent = all(cell["setting"] == ANY_SETTING for cell in findings.of(family, task))
    words = "" if indifferent and not plan.paper else sentence(setting_title(setting))
    return f"{findings.title(family)}{quantity}, {theories} theories{lowest}." + f" {words}" * bool(words)


def _quantity_of(findings: Findings, family: str, task: str) -> str:
    symbol = findings.symbol(family, task)
    return symbol if task == GIVEN else f"{quantity_words(task)} {symbol}"


def _shown_cells(printed: Sequence[PublishedValue], cells: Sequence[Mapping[str, Any]]) -> list[tuple[int, str | None]]:
    """The cells in a formula table: for a quantity of states only one, because the others are in the grids.

    It is the paper's cell, and if the sweep lacks that one, also the smallest of the sweep.
    """
    theirs = next(((value.theories, value.fraction) for value in printed), None)
    ours = sorted({(cell["theories"], cell["fraction"]) for cell in cells}, key=lambda c: (c[0], fraction_order(c[1])))
    first = [theirs] if theirs else []
    if ours and theirs not in ours:
        first.append(ours[0])
    return unique([*first, *(place for place in ours if place[1] is None)])


def same_rows(findings: Findings, place: tuple, theories: int, engine: str) -> CellFits | None:
    """The same engine's fits of h on the rows of another quantity of states."""
    family, _, fraction, setting = place
    fits = findings.fits((family, CONFORMAL_WEIGHT, fraction, setting), theories, engine)
    return fits if fits and fits.results else None


def _sizes_note(sizes: Sequence[tuple[int, int]]) -> list[str]:
    if not sizes:
        return []
    shorter, equal = (sum(sign(*pair) for pair in sizes) for sign in (int.__lt__, int.__eq__))
    return [
        "Nodes: of the equation as printed, and of the same engine's formula for h on the same rows. Where "
        f"both were recovered, that of the energy is shorter in {shorter} of {len(sizes)}, as long in {equal}."
    ]


def _padded(entries: Sequence[Entry], width: int) -> tuple[Entry, ...]:
    return (*entries, *[EMPTY] * (width - len(entries)))


def _published_rows(theirs: Mapping[str, PublishedValue], footnotes: dict[int, int], width: int) -> list[Row]:
    rows = []
    for source, quantity, loss in FORMULA_LINES:
        if value := theirs.get(quantity):
            formula = Entry(formula=value.expression, latex=value.printed, suspect=footnotes.get(id(value), 0))
            error = published_entry([theirs.get(loss)], footnotes)
            rows.append(Row(_padded([Entry(words=source), formula, error], width), PAPER))
    return rows


def _formula_rows(
    engine: str,
    fits: CellFits,
    published: PublishedValue | None,
    view: ViewKey,
    plan: Plan,
    weights: CellFits | None,
    kind: str = ENGINE,
) -> tuple[list[Row], dict[str, Any]]:
    """An engine's rows, as fitted and factored, and the same as values for the CSV."""
    width, source, nothing = len(_columns(plan)), Entry(words=engine), dict.fromkeys(FORMULA_QUANTITIES)
    mark = mark_of(fits)
    if not fits.results:
        entries = _padded([source, Entry(words="—")], width)
        return [Row((*entries[:-1], Entry(words="missing", mark=mark, view=view)), kind)], nothing
    result = fits.shown
    reported = result.reported
    verdict = Entry(words=long_verdict(result, plan.paper), mark=mark, view=view)
    if has_no_formula(result):
        entries = _padded([source, Entry(words="no formula")], width)
        return [Row((*entries[:-1], verdict), kind)], nothing
    loss, nodes = reported["loss"], reported["complexity"]
    approximate = reported["exact_on_data"] == APPROXIMATE and bool(reported["simplified"])
    measure = published.value if published and not published.suspect else None
    entries = [
        source,
        Entry(
            formula=reported["simplified"] if approximate else reported["equation"], rounded=not approximate, view=view
        ),
        Entry(
            numbers=(Number(loss, "loss"),),
            against=against("loss", loss, measure),
            order=loss,
            view=view,
        ),
        Entry(numbers=(Number(nodes, "complexity"),), order=nodes),
    ]
    if weights:
        entries.append(
            Entry(
                numbers=(Number(weights.shown.reported["complexity"], "complexity"),),
                order=weights.shown.reported["complexity"],
            )
        )
    rows = [Row((*_padded(entries, width)[:-1], verdict), kind)]
    if reported["exact_on_data"] == YES and reported["simplified"].replace(" ", "") != reported["equation"]:
        factored = Entry(formula=reported["simplified"], latex=reported["latex"], view=view)
        rows.append(Row(_padded([Entry(words=f"{engine}, factored"), factored], width), kind))
    values = (reported["equation"], reported["simplified"], loss, nodes)
    return rows, dict(zip(FORMULA_QUANTITIES, values, strict=True))
