"""Recovery over seeds."""

from __future__ import annotations

from cftsr.engines import engine_order
from cftsr.output.tables.model import GROUP, SEEDS, SOURCE, Block, Column, Entry, Row, Table
from cftsr.output.tables.plan import Plan, paper_first
from cftsr.results.findings import SECONDS, CellFits, Findings, csv_row, unique
from cftsr.results.published import Published
from cftsr.results.summary import Recovery
from cftsr.results.titles import setting_title
from cftsr.vocabulary import setting_order

SEED_COLUMNS = ("Quantity", "Engine", "Recovered", "Rate [95% interval]", "CPU s to recovery", "Censored", "Missing")
SEED_QUANTITIES = ("recovery_rate", SECONDS)


def seeds_table(plan: Plan, findings: Findings, published: Published) -> Table:
    groups = findings.over_seeds()
    data: list[dict] = []
    blocks = []
    tasks = unique(cell["task"] for cell in findings.cells)
    for family in paper_first({family for family, *_ in groups}):
        rows = []
        places = [place for place in groups if place[0] == family]
        places.sort(key=lambda place: (tasks.index(place[1]), setting_order(place[2]), engine_order(place[3])))
        for index, place in enumerate(places):
            _, task, setting, engine = place
            fits = groups[place]
            recovery = fits.recovery
            what = f"{findings.symbol(family, task)}, {setting_title(setting)}"
            rows.append(Row((Entry(words=what, order=index), Entry(words=engine), *_entries(fits, recovery))))
            pooled = (family, task, None, setting)
            for quantity, value in zip(SEED_QUANTITIES, (recovery.rate, recovery.median_seconds), strict=True):
                data.append(csv_row(plan.number, pooled, None, engine, quantity, value, fits, None))
        blocks.append(Block(findings.title(family), [[row] for row in rows]))
    what, source, *numbers = SEED_COLUMNS
    return Table(
        number=plan.number,
        caption="Recovery over seeds.",
        columns=[Column(what, GROUP), Column(source, SOURCE), *map(Column, numbers)],
        blocks=blocks,
        notes=[
            "Over all theories and fractions together, for engines that use a seed. The rate is over the fits that "
            "have a verdict, with Wilson's 95% interval; what is undecided counts as not recovered.",
            "CPU seconds: median [smallest, largest] of the search, over the fits that recovered the formula. The "
            "others are censored: they ended without it, and the time that they would have needed is unknown.",
        ],
        kind=SEEDS,
        data=data,
    )


def _entries(fits: CellFits, recovery: Recovery) -> list[Entry]:
    """The entries in the columns of SEED_COLUMNS, from the third on."""
    times = ""
    if recovery.seconds:
        low, high = recovery.seconds[0], recovery.seconds[-1]
        times = f"{recovery.median_seconds:.3g}" + (f" [{low:.3g}, {high:.3g}]" if len(recovery.seconds) > 1 else "")
    return [
        Entry(words=f"{recovery.recovered}/{fits.requested}", order=recovery.recovered),
        Entry(words=recovery.rate_words, order=recovery.rate),
        Entry(words=times, order=recovery.median_seconds),
        Entry(words=str(recovery.censored), order=recovery.censored),
        Entry(words=str(recovery.missing), order=recovery.missing),
    ]
