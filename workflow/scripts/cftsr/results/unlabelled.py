"""Hidden quantum numbers in words, from the JSON of `hidden.findings.Finding.as_dict`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cftsr.data.unlabelled import WITHOUT_LABELS, finding_of
from cftsr.results.summary import Result
from cftsr.vocabulary import IDENTIFIED, NONE

SHOWN_DENOMINATORS = 8
Finding = Mapping[str, Any]


def findings_of(results: Iterable[Result]) -> dict[tuple[str, str, int, str], Finding]:
    """(family, task, theories, fraction) -> the hidden quantum numbers, for each data set without labels."""
    findings: dict[tuple[str, str, int, str], Finding] = {}
    for result in results:
        finding = finding_of(result.fit.get("data_metadata") or {})
        if finding:
            cell = result.cell
            findings.setdefault((cell["family"], cell["task"], cell["theories"], cell["fraction"]), finding)
    return findings


def plain_formula(text: str) -> str:
    """A formula of the project's syntax in common notation: lambda^2, (p-q)^2."""
    text = re.sub(r"square\((\w+)\)", r"\1^2", text)
    text = re.sub(r"square\(([^()]+)\)", r"(\1)^2", text)
    return re.sub(r"\blambda_\b", "lambda", text)


def equations(finding: Finding) -> list[str]:
    """E for each sector: "E = lambda^2/(4*p*q) - 1/24"."""
    return [re.sub(r"(?<=[\w)])([+-])(?=\d+(?:/\d+)?$)", r" \1 ", plain_formula(text)) for text in finding["equations"]]


def shifts(finding: Finding) -> list[str]:
    """s of each sector: "1/24", or as a function of the theory."""
    shifts = []
    for sector in finding["sectors"]:
        below = sector["denominator"] and plain_formula(sector["denominator"]["text"])
        offset = sector["offset"] and plain_formula(sector["offset"]["text"])
        shifts.append(sector["shift"] if sector["shift"] is not None else f"({offset})/({below})")
    return shifts


def explained_levels(judged: Mapping[str, int] | None) -> str:
    """ "391 of 391"; levels with whole hidden integers."""
    return f"{judged['levels']:,} of {judged['of_levels']:,}" if judged else ""


def next_best(finding: Finding) -> str:
    """How much the second best shift explains: "5/48: 29 of 139 levels, all levels of 0 of 21 theories"."""
    certificate = finding["certificate"]
    other, sample = certificate.get("next_best"), certificate.get("sample")
    if other is None or sample is None:
        return ""
    score = other.get("score", other)
    sample = certificate.get("forms_sample", sample) if "form" in other else sample
    return (
        f"{score['shift']}: {score['levels']:,} of {sample['levels']:,} levels, all levels of {score['theories']} of "
        f"{sample['theories']} theories"
    )


def chance(finding: Finding) -> str:
    """How much of random spectra is explained: "at best 23% of the levels in 20 draws"."""
    measured = finding["certificate"].get("chance")
    if not measured:
        return ""
    note = f" ({measured['note']})" if measured.get("note") else ""
    return f"at best {measured['largest_share_of_levels']:.0%} of the levels in {measured['draws']} draws{note}"


def occurrences(finding: Finding) -> list[str]:
    """The hidden integers that occur in each sector, in words; "" if that was not determined."""
    return [sector["occurrence"]["words"] if sector["occurrence"] else "" for sector in finding["sectors"]]


def sequence(finding: Finding) -> str:
    """D of the first theories, as numbers."""
    values = finding["denominators"]
    shown = ", ".join(value or "none" for value in values[:SHOWN_DENOMINATORS])
    return shown + (", ..." if len(values) > SHOWN_DENOMINATORS else "")


def describe_finding(finding: Finding) -> list[str]:
    """Sentences on the hidden quantum numbers and the evidence for them, or on what was tried if there are none."""
    if finding["kind"] == NONE:
        return list(finding["reasons"])
    certificate, several = finding["certificate"], len(finding["sectors"]) > 1
    lines = [reason for reason in finding["reasons"] if reason != WITHOUT_LABELS]
    for number, (shift, words) in enumerate(zip(shifts(finding), occurrences(finding), strict=True)):
        head = f"sector {number}: " * several
        sector = finding["sectors"][number]
        below = sector["denominator"]
        if below:
            outcome = "identified" if below["outcome"] == IDENTIFIED else "fits, not identified"
            lines.append(f"{head}s = {shift}, D = {plain_formula(below['text'])} ({outcome})")
        else:
            lines.append(f"{head}s = {shift}; D of the theories, in their order: {sequence(finding)}")
        if words:
            lines.append(f"{head}{words}")
    lines.append(f"shifts tried: {certificate['shifts_tried']} ({certificate['grid']}; {certificate['solved']})")
    if next_best(finding):
        lines.append(f"the next best, {next_best(finding)}")
    if chance(finding):
        lines.append(f"random spectra of the same denominators: {chance(finding)}")
    if certificate.get("explored"):
        lines += [f"not found before it: {reason}" for reason in certificate["explored"]]
    return lines
