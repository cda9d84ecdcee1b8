"""Spectra without labels: which hidden quantum numbers were found, and what speaks for them."""

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
    found = unlabelled.found_in(findings.results)
    blocks, data = [], []
    for family in paper_first({family for family, *_ in found}):
        groups = []
        places = sorted((place for place in found if place[0] == family), key=lambda place: (place[2], float(place[3])))
        for place in places:
            groups.append(_rows(place, found[place]))
            _, task, theories, fraction = place
            for quantity, value in zip(QUANTITIES, _values(found[place]), strict=True):
                where = (family, task, fraction, ANY_SETTING)
                data.append(csv_row(plan.number, where, theories, "", quantity, value, None, None))
        blocks.append(Block(findings.title(family), groups))
    return Table(
        number=plan.number,
        caption="Spectra without labels: the quantum number that was found, before any engine was asked.",
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
            "Given are the theory labels and the distinct energies of each theory. E + s is a square of a whole number "
            "lambda over a number D of the theory, or a quadratic form of two whole numbers. D is a formula that the "
            "exact engine found from the theories.",
            "Whole: levels whose hidden numbers are whole with the s and D of their theory, of all. Held out are "
            "higher levels of the same theories and theories that come after them.",
            "Next best: the shift that explains most levels after the one found, on a sample of the theories.",
            "Random spectra: the largest share of levels that the same search explains in spectra drawn with the same "
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
    """One row for each sector."""
    *_, theories, fraction = place
    head = Entry(words=f"{theories}, {percentage(fraction)}", order=theories, view=(*place, ANY_SETTING))
    tried = finding["certificate"].get("shifts_tried")
    rest = (
        Entry(words=unlabelled.explained(finding["data"]) or "—"),
        Entry(words=unlabelled.explained(finding["held_out"]) or "—"),
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
