"""The page's section on spectra without labels: the hidden quantum numbers by family, and the evidence for them."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from cftsr.output.tables.plan import paper_first
from cftsr.output.typesetting.mathml import mathml
from cftsr.results import unlabelled
from cftsr.results.findings import Findings
from cftsr.results.titles import data_set_title
from cftsr.vocabulary import NONE, counted


@dataclass(frozen=True)
class FamilySpectra:
    """One family: the energies typeset, sector by sector, on how many data sets, and the words for the largest one."""

    title: str
    formulas: list[Markup]
    words: str
    lines: list[str]


def section_of(findings: Findings) -> list[FamilySpectra]:
    """The families, the paper's first; [] if the sweep has no spectra without labels."""
    by_place = unlabelled.findings_of(findings.results)
    families: dict[str, list[tuple]] = {}
    for place in sorted(by_place, key=lambda place: (place[0], place[2], float(place[3]))):
        families.setdefault(place[0], []).append(place)
    sections = []
    for family in paper_first(families):
        places = families[family]
        sets: dict[tuple[str, ...], int] = {}
        for place in places:
            sets[tuple(by_place[place]["equations"])] = sets.get(tuple(by_place[place]["equations"]), 0) + 1
        same = max(sets, key=lambda texts: (bool(texts), sets[texts]))
        shown = [place for place in places if tuple(by_place[place]["equations"]) == same]
        largest = shown[-1]
        sections.append(
            FamilySpectra(
                title=findings.title(family),
                formulas=[mathml(text.removeprefix("E = "), "E") for text in same],
                words=_words(by_place[largest], len(shown), len(places), largest),
                lines=unlabelled.describe_finding(by_place[largest]),
            )
        )
    return sections


def _words(finding: unlabelled.Finding, same: int, total: int, place: tuple) -> str:
    where = data_set_title(place[2], place[3])
    if finding["kind"] == NONE:
        return f"No hidden quantum number in {counted(total, 'data set')}. Tried on {where}:"
    sets = f"{same} of {counted(total, 'data set')}"
    held_out = unlabelled.explained_levels(finding["held_out"])
    judged = f"whole on {unlabelled.explained_levels(finding['data'])} levels"
    judged += f" and on {held_out} held out" if held_out else ""
    return f"Found in {sets}. On {where}: {judged}."
