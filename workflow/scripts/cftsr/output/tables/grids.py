"""Numbers on the grid of theories and fractions: the paper, PySR with the paper's settings, and every engine."""

from __future__ import annotations

from cftsr.output.tables.model import (
    ENGINE,
    GRID,
    GROUP,
    PAPER,
    RECORDED,
    SOURCE,
    Block,
    Column,
    Entry,
    Row,
    Table,
    fitted_entry,
    published_entry,
)
from cftsr.output.tables.plan import CENTRAL_CHARGE, CONFORMAL_WEIGHT, Plan
from cftsr.output.tables.shortest import shortest_proved
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
)
from cftsr.results.published import Published
from cftsr.results.summary import fraction_order
from cftsr.results.titles import percentage, sentence, setting_title, task_title

QUANTITY_WORDS = {CENTRAL_CHARGE: "central charge", CONFORMAL_WEIGHT: "conformal weights", "energy": "energy"}


def quantity_words(task: str) -> str:
    return QUANTITY_WORDS.get(task, task_title(task))


def _answer(findings: Findings, family: str, task: str) -> Entry | None:
    fits = [result for result in findings.results if (result.cell["family"], result.cell["task"]) == (family, task)]
    proved = shortest_proved(fits)
    if proved is None:
        return None
    words = f"proved by {', '.join(proved.engines)}"
    return Entry(words=words, formula=proved.formula, latex=proved.latex, symbol=proved.result.symbol)


def grid_table(plan: Plan, findings: Findings, published: Published) -> Table:
    family, quantities, [task] = plan.family, plan.quantities, plan.tasks
    printed = [value for value in published.of_table(plan.published) if value.family == family]
    suspects = suspects_of(plan.published, published)
    cells = findings.of(family, task)
    repeated = findings.reference_of(family, task) if printed else []
    counts = sorted({value.theories for value in printed} | {cell["theories"] for cell in cells})
    fractions = sorted({value.fraction for value in printed} | {cell["fraction"] for cell in cells}, key=fraction_order)
    engines = engines_of(cells)
    blocks: list[Block] = []
    data: list[dict] = []
    shown: list[tuple[str, CellFits]] = []
    for setting in settings_of(printed, [*cells, *repeated]):
        groups = []
        for fraction in fractions:
            place = (family, task, fraction, setting)
            theirs = {
                count: [published.find(plan.published, family, count, fraction, setting, name) for name in quantities]
                for count in counts
            }
            sources = {engine: [findings.fits(place, count, engine) for count in counts] for engine in engines}
            reference_fits = [findings.reference(place, count) for count in counts] if repeated else []
            lowest = Entry(words=percentage(fraction), order=fraction_order(fraction))

            def row(source: str, entries: list[Entry], kind: str = ENGINE, first: Entry = lowest) -> Row:
                return Row((first, Entry(words=source), *entries), kind)

            rows = []
            if any(map(any, theirs.values())):
                rows.append(row(PAPER, [published_entry(values, suspects) for values in theirs.values()], PAPER))
            if any(reference_fits) or (rows and repeated):
                views = [(family, task, count, fraction, setting) for count in counts]
                entries = [
                    fitted_entry(fits, quantities, theirs[count], view)
                    for fits, count, view in zip(reference_fits, counts, views, strict=True)
                ]
                rows.append(row(PAPER_SETTINGS, entries, RECORDED))
            for engine, fits in sources.items():
                if any(fits):
                    entries = [
                        fitted_entry(own, quantities, theirs[count], (family, task, count, fraction, setting))
                        for own, count in zip(fits, counts, strict=True)
                    ]
                    rows.append(row(engine, entries))
            if rows:
                groups.append(rows)
            for index, count in enumerate(counts):
                here = [(engine, fits[index]) for engine, fits in sources.items() if fits[index]]
                shown += [(f"{engine}, {setting}, {percentage(fraction)}, {count}", fits) for engine, fits in here]
                if reference_fits and reference_fits[index]:
                    here = [(PAPER_SETTINGS, reference_fits[index]), *here]
                # A published cell that the sweep lacks has a row too, without an engine.
                for engine, fits in here or [("", None)] * any(theirs[count]):
                    for name, printed_value in zip(quantities, theirs[count], strict=True):
                        value = fits.median(name) if fits else None
                        data.append(csv_row(plan.number, place, count, engine, name, value, fits, printed_value))
        blocks.append(Block(sentence(setting_title(setting)), groups))
    what = "Loss" if quantities == ("loss",) else "Score, and complexity in parentheses,"
    beside = ": the paper's and ours" if printed else ""
    return Table(
        number=plan.number,
        caption=f"{what} of the equations for the {quantity_words(task)}, {findings.title(family)}{beside}.",
        columns=[
            Column("Lowest", GROUP),
            Column("Source", SOURCE),
            *(Column(f"{count} theories") for count in counts),
        ],
        blocks=blocks,
        notes=[
            *reading_notes(shown, quantities, paper=bool(printed)),
            *(findings.reference_notes() if repeated else []),
        ],
        suspects=suspects_words(plan.published, published),
        remarks=list(published.notes.get(plan.published, ())),
        kind=GRID,
        answer=_answer(findings, family, task),
        data=data,
    )
