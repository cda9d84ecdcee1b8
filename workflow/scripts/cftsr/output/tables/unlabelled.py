"""Spectra without labels: their hidden quantum numbers, and the evidence for them."""

from __future__ import annotations

from cftsr.output.tables.model import FORMULA, GROUP, HIDDEN, WORDS, Block, Column, Entry, Row, Table
from cftsr.output.tables.plan import Plan, paper_first
from cftsr.results import unlabelled
from cftsr.results.findings import Findings, csv_row
from cftsr.results.published import Published
from cftsr.results.titles import percentage
from cftsr.vocabulary import ANY_SETTING, NONE

QUANTITIES = ("levels", "levels_explained", "held_out_levels", "held_out_levels_explained", "shifts_tried")


def unlabelled_table(plan: Plan, findings: Findings, published: Published) -> Table:
    by_place = unlabelled.findings_of(findings.results)
    blocks, data = [], []
    for family in paper_first({family for family, *_ in by_place}):
        groups = []
        places = sorted(
            (place for place in by_place if place[0] == family), key=lambda place: (place[2], float(place[3]))
        )
        for place in places:
            groups.append(_rows(place, by_place[place]))
            _, task, theories, fraction = place
            for quantity, value in zip(QUANTITIES, _values(by_place[place]), strict=True):
                where = (family, task, fraction, ANY_SETTING)
                data.append(csv_row(plan.number, where, theories, "", quantity, value, None, None))
        blocks.append(Block(findings.title(family), groups))
    return Table(
        number=plan.number,
        caption="Spectra without labels: the hidden quantum number, determined before any engine runs.",
        columns=[
            Column("Theories, lowest", GROUP),
            Column("E", FORMULA, 0.2),
            Column("Whole on the data"),
            Column("On what was held out"),
            Column("Shifts tried"),
            Column("Next best", WORDS, 0.2),
            Column("Random spectra", WORDS, 0.15),
        ],
        blocks=blocks,
        notes=[
            "The input is the theory labels and the distinct energies of each theory. E + s is the square of a whole "
            "number lambda over a number D of the theory, or a quadratic form of two whole numbers. D is a formula in "
            "the theory labels, from the exact engine.",
            "Whole: how many of the levels have whole hidden numbers with the s and D of their theory. Higher levels "
            "of the same theories, and theories that follow them, are held out.",
            "Next best: the shift that explains the most levels after the chosen one, on a sample of the theories.",
            "Random spectra: the largest share of levels that the same search explains in random spectra with the same "
            "denominators, as measured.",
        ],
        kind=HIDDEN,
        data=data,
    )


def _values(finding: unlabelled.Finding) -> list[int | None]:
    data, held_out = finding["data"] or {}, finding["held_out"] or {}
    values = [part.get(key) for part in (data, held_out) for key in ("of_levels", "levels")]
    return [*values, finding["certificate"].get("shifts_tried")]


def _rows(place: tuple, finding: unlabelled.Finding) -> list[Row]:
    """One row per sector."""
    *_, theories, fraction = place
    head = Entry(words=f"{theories}, {percentage(fraction)}", order=theories, view=(*place, ANY_SETTING))
    tried = finding["certificate"].get("shifts_tried")
    rest = (
        Entry(words=unlabelled.explained_levels(finding["data"]) or "—"),
        Entry(words=unlabelled.explained_levels(finding["held_out"]) or "—"),
        Entry(words="" if tried is None else f"{tried:,}", order=tried),
        Entry(words=unlabelled.next_best(finding)),
        Entry(words=unlabelled.chance(finding)),
    )
    if finding["kind"] == NONE or not finding["equations"]:
        reasons = finding["reasons"]
        words = "none: " + "; ".join(reasons) if finding["kind"] == NONE else f"no formula for D: {'; '.join(reasons)}"
        return [Row((head, Entry(words=words), *rest))]
    formulas = [Entry(formula=text.removeprefix("E = ")) for text in finding["equations"]]
    return [
        Row((head, formula, *(rest if not number else [Entry()] * len(rest))))
        for number, formula in enumerate(formulas)
    ]
