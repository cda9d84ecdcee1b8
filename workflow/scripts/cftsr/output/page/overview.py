"""The first screen: how many formulas were recovered, and hints what to look at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cftsr.engines import engine_order
from cftsr.output.page.views import SELECTED, FitView, View
from cftsr.output.tables.model import Table
from cftsr.results.findings import Findings
from cftsr.results.summary import RecoveryCount, cell_key, recovery, recovery_counts, seeded
from cftsr.results.titles import seconds
from cftsr.vocabulary import APPROXIMATE, NO, UNDECIDED, YES, counted


@dataclass(frozen=True)
class Score:
    """How many fits of one engine and family were recovered.

    time   CPU time of the fits that exist, in words
    rate   over several seeds, with its interval; "" if each cell has one seed
    """

    count: RecoveryCount
    time: str
    rate: str


@dataclass(frozen=True)
class Overview:
    """families: name -> title; scores: engine -> family -> Score, or None if the engine does not fit the family."""

    families: dict[str, str]
    scores: dict[str, dict[str, Score | None]]
    recovered: int
    fitted: int
    total: int
    hints: list[Hint]
    approximate: int = 0


@dataclass(frozen=True)
class Hint:
    """A sentence, with the views that it refers to as (words, address)."""

    words: str
    places: list[tuple[str, str]]
    more: int = 0


def overview_of(findings: Findings, views: Sequence[View], tables: list[Table]) -> Overview:
    rows, expected = findings.summary, findings.expected
    several = seeded({cell_key(cell): cell for cell in [*expected, *rows]}.values())
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["engine"], row["family"]), []).append(row)
    counts = recovery_counts(rows, expected)
    families = list(dict.fromkeys(count.family for count in sorted(counts, key=lambda count: count.family)))
    scores: dict[str, dict[str, Score | None]] = {}
    for count in sorted(counts, key=lambda count: engine_order(count.engine)):
        mine = groups.get((count.engine, count.family), [])
        over_seeds = [row for row in mine if cell_key(row)[:-1] in several]
        line = scores.setdefault(count.engine, dict.fromkeys(families))
        line[count.family] = Score(
            count,
            time=seconds(sum(row["cpu_seconds"] for row in mine)),
            rate=recovery(over_seeds).rate_words if over_seeds else "",
        )
    return Overview(
        families={family: findings.title(family) for family in families},
        scores=scores,
        recovered=sum(count.recovered for count in counts),
        fitted=len(rows),
        total=sum(count.total for count in counts),
        hints=_hints(views, tables),
        approximate=sum(count.approximate for count in counts),
    )


MOST = 3  # places that a hint names


def _hint(words: str, places: Sequence[tuple[FitView, View]]) -> Hint:
    """A hint with each view once, the fits of one view together."""
    named: dict[str, tuple[str, list[str]]] = {}
    shown = {view.address for _, view in places if view.shown}
    for fit, view in places:
        parts = (view.family_title, view.symbol, view.dataset_title, view.setting_title)
        title = ", ".join(part for part in parts if part)
        named.setdefault(view.address, (title, []))[1].append(fit.engine)
    links = [
        (f"{title} ({', '.join(dict.fromkeys(engines))})", at if at in shown else "cells")
        for at, (title, engines) in named.items()
    ]
    return Hint(words, links[:MOST], max(0, len(links) - MOST))


def _hints(views: Sequence[View], tables: list[Table]) -> list[Hint]:
    """Hints what to look at, the gravest first. A fit that ignores the setting counts once."""
    fits: list[tuple[FitView, View]] = []
    seen: set[int] = set()
    for view in views:
        for fit in view.fits:
            if id(fit) not in seen:
                seen.add(id(fit))
                fits.append((fit, view))

    def with_state(state: str) -> list[tuple[FitView, View]]:
        return [(fit, view) for fit, view in fits if fit.state == state and not fit.loose]

    hints = []
    for state, words in (
        ("missing", "{} missing: run the sweep again, finished ones are not touched."),
        (UNDECIDED, "{} undecided: a check reached its limit. Raise verification.seconds in config.yaml to settle it."),
        (APPROXIMATE, "In {} the formula agrees with the data within their uncertainty, which is no proof."),
        (NO, "{} did not recover the formula."),
    ):
        if in_state := with_state(state):
            worst = sorted(in_state, key=lambda pair: -(pair[0].loss or 0))
            hints.append(_hint(words.format(counted(len(in_state), "fit")), worst))
    open_data = [(fit, view) for fit, view in fits if fit.certificate and fit.identified != "identified"]
    if open_data:
        hints.append(
            _hint(f"On {counted(len(open_data), 'data set')} the rows alone do not determine the formula.", open_data)
        )
    elsewhere = [(fit, view) for fit, view in with_state(YES) if not fit.brief and not _proved_is_selected(fit)]
    if elsewhere:
        words = "the proved equation is not the one that PySR's rule “best” selects, so tables show a larger loss (†)."
        hints.append(_hint(f"In {counted(len(elsewhere), 'fit')} {words}", elsewhere))
    done = [(fit, view) for fit, view in fits if fit.cpu_seconds is not None]
    if done:
        slowest = max(done, key=lambda pair: pair[0].cpu_seconds)
        hints.append(_hint(f"The longest search took {seconds(slowest[0].cpu_seconds)} of CPU time.", [slowest]))
    better = sum(table.tally.get("better", 0) for table in tables)
    worse = sum(table.tally.get("worse", 0) for table in tables)
    if better or worse:
        suspects = sum(len(table.suspects) for table in tables)
        doubts = f" The {suspects} published values marked ‡ are suspect and not compared." if suspects else ""
        words = f"Ours are better than the published values in {_places(better)} and worse in {_places(worse)}.{doubts}"
        hints.append(Hint(words, [("the tables", "tables")]))
    return hints


def _proved_is_selected(fit: FitView) -> bool:
    return any(member.answer == YES and SELECTED in member.marks for member in fit.front)


def _places(count: int) -> str:
    return "no place" if not count else "one place" if count == 1 else f"{count} places"
