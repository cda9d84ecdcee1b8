"""Which of the paper's numbers replicate, cell by cell: for the page, and as docs/replication.md."""

from __future__ import annotations

from collections.abc import Sequence

from cftsr.output.tables.model import EMPTY, GROUP, SOURCE, WORDS, Block, Column, Entry, Number, Row, Table
from cftsr.results.findings import Findings
from cftsr.results.published import Published
from cftsr.results.replication import (
    ABSENT,
    BETTER,
    BOTH_EXACT,
    COMPARED,
    OTHER,
    ROUNDING,
    SUSPECT,
    WITHIN,
    WORSE,
    Comparison,
    compared,
    comparisons,
    counts,
)
from cftsr.results.summary import fraction_order, recorded_words
from cftsr.results.titles import data_set_title, sentence, setting_title
from cftsr.vocabulary import counted, joined

ORDER = (WITHIN, BOTH_EXACT, BETTER, WORSE, OTHER, SUSPECT, ABSENT)


def replication_table(findings: Findings, published: Published) -> Table:
    """One row per published number of Tables 3 to 6, a block for each family and setting."""
    all_comparisons = comparisons(findings, published)
    groups: dict[tuple[str, str], dict[tuple, list[Comparison]]] = {}
    for comparison in all_comparisons:
        value = comparison.published
        cells = groups.setdefault((value.family, value.setting), {})
        cells.setdefault((value.theories, value.fraction), []).append(comparison)
    blocks = []
    for (family, setting), cells in groups.items():
        rows = [
            [_row(comparison) for comparison in of_cell]
            for _, of_cell in sorted(cells.items(), key=lambda cell: (cell[0][0], fraction_order(cell[0][1])))
        ]
        blocks.append(Block(f"{findings.title(family)}, {setting_title(setting)}", rows))
    return Table(
        number=0,
        caption="Published values of h next to those of PySR with the paper's settings.",
        columns=[
            Column("Cell", GROUP),
            Column("Quantity", SOURCE),
            Column("Published"),
            Column("Here, over the seeds"),
            Column("Proved", WORDS),
            Column("Answer", WORDS, 0.25),
        ],
        blocks=blocks,
        notes=[
            "A published number replicates where it lies within the range that the seeds span (or within 5% of its "
            "ends), or where the published loss and ours are both those of an exact formula with rounded constants "
            f"(below {ROUNDING:g}). For all others the last column says how far the nearer end of the range is.",
            "Here: median [smallest, largest] over the seeds, of the equation that PySR's `best` selects, on our "
            "recomputed loss. Proved: with how many seeds some equation of the front is the formula, exactly.",
            "The paper gives single runs, and neither PySR's version nor its maxsize; options are those of the record.",
        ],
        kind="replication",
    )


def _row(comparison: Comparison) -> Row:
    value = comparison.published
    view = (value.family, value.task, value.theories, value.fraction, value.setting)
    where = data_set_title(value.theories, value.fraction)
    cell = Entry(words=where, view=view, order=value.theories)
    theirs = Entry(numbers=(Number(value.value, value.quantity),), order=value.value)
    ours = EMPTY
    proved = EMPTY
    if comparison.fits and comparison.middle is not None:
        extremes = None if comparison.low == comparison.high else (comparison.low, comparison.high)
        ours = Entry(numbers=(Number(comparison.middle, value.quantity, extremes),), order=comparison.middle)
        proved = Entry(words=f"{comparison.fits.recovered}/{comparison.fits.requested}")
    answer = Entry(words=comparison.answer + (f", {comparison.distance}" if comparison.distance else ""))
    return Row((cell, Entry(words=value.quantity), theirs, ours, proved, answer))


def replication_words(findings: Findings, published: Published) -> list[str]:
    """Whether the paper's numbers replicate, in a few sentences."""
    all_comparisons = comparisons(findings, published)
    if not compared(all_comparisons):
        return ["No published value can be compared: the record has none of the paper's cells."]
    lines = []
    for quantity in COMPARED:
        mine = [comparison for comparison in all_comparisons if comparison.published.quantity == quantity]
        number = counts(mine)
        parts = ", ".join(f"{number[words]} {words}" for words in ORDER if number[words])
        same = sum(comparison.replicates for comparison in mine)
        lines.append(f"{sentence(quantity)}: {same} of {len(compared(mine))} published values replicate ({parts}).")
    cells = {id(comparison.fits): comparison.fits for comparison in all_comparisons if comparison.fits}
    proved = sum(bool(fits.recovered) for fits in cells.values())
    return [
        *lines,
        f"The formula itself was found and proved in {proved} of {counted(len(cells), 'cell')} of Tables 3 to 6, with "
        "at least one seed: exact on the data and on everything held out, and identical to the closed form.",
        f"Runs: {recorded_words(findings.repeated)}; {_coverage(all_comparisons, len(cells))}.",
    ]


def _coverage(all_comparisons: Sequence[Comparison], recorded: int) -> str:
    """How much of the paper's experiment is in the record: a part of it must not pass for the whole."""
    values = [comparison.published for comparison in all_comparisons]
    places = {(value.family, value.theories, value.fraction, value.setting) for value in values}
    part = "all" if recorded == len(places) else f"{recorded} of"
    left = "" if recorded == len(places) else "; the others have not been run to the end yet"
    return f"{part} {counted(len(places), 'cell')} of Tables 3 to 6, {seeds_in_words(all_comparisons)}{left}"


def seeds_in_words(all_comparisons: Sequence[Comparison]) -> str:
    """How many seeds the cells have: "3 seeds at 100 theories, 1 seed at 200 and 300", or "1 to 3 seeds"."""
    sizes: dict[int, set[int]] = {}
    for comparison in all_comparisons:
        if comparison.fits:
            sizes.setdefault(comparison.published.theories, set()).add(len(comparison.fits.results))
    numbers = sorted(set().union(*sizes.values()))
    if len(numbers) == 1:
        return counted(numbers[0], "seed")
    if any(len(of_size) > 1 for of_size in sizes.values()):
        return f"{numbers[0]} to {numbers[-1]} seeds"
    parts = []
    for number in reversed(numbers):
        at = [str(theories) for theories in sorted(sizes) if sizes[theories] == {number}]
        parts.append(f"{counted(number, 'seed')} at {joined(at)}{' theories' * (not parts)}")
    return ", ".join(parts)
