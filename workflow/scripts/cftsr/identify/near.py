"""Where no theory has exactly the given levels: what would have them if one thing about the question were otherwise."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from cftsr.identify.index import Entry, Index
from cftsr.identify.search import (
    MAX_FACTORS_WITHOUT_C,
    Answer,
    Identification,
    Interval,
    Question,
    answer_of,
    exact_answers,
    exactly,
    sums_agree,
)

LEAST_LEVELS = 5  # given, one of which may be wrong; one fewer where c is given


@dataclass(frozen=True)
class Near:
    """Answers under a premise.

    premise   what is otherwise, in words
    answers   what has these levels then
    remarks   a word on each answer; () where there is none
    """

    premise: str
    answers: tuple[Answer, ...]
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"premise": self.premise, "answers": [answer.as_dict() for answer in self.answers]}


def near_misses(found: Identification) -> list[Near]:
    """What is near, of a search that found nothing: singles, or else pairs."""
    if found.found:
        return []
    asked, index = found.question, found.index
    answers = []
    for premise, other in _other_questions(asked):
        for factors in range(1, min(MAX_FACTORS_WITHOUT_C, found.factors) + 1):
            exact, _, _ = exact_answers(index, other, factors)
            exact = tuple(answer for answer in exact if not answer.hidden)
            if exact:
                answers.append(Near(premise, exact))
                break
    return [*answers, *all_but_one(index, asked, found.factors)]


def _other_questions(asked: Question) -> Iterator[tuple[str, Question]]:
    levels = asked.levels
    if asked.c is not None:
        yield f"with another c than {asked.c}", replace(asked, c=None)
    if asked.complete:
        yield "if these are the lowest and not all", replace(asked, complete=False)
    kind = "weights" if asked.energies else "energies"
    yield f"if the levels are {kind}", replace(asked, energies=not asked.energies)
    if not asked.energies and levels[0].low > 0:
        yield (
            "with the weight 0 of the identity, which every theory has",
            replace(asked, levels=(exactly(0), *levels)),
        )
    primaries = [level for level in levels if not any(_descends(level, other) for other in levels)]
    if 2 <= len(primaries) < len(levels):
        *first, last = (str(level) for level in levels if level not in primaries)
        others = f"{', '.join(first)} and {last}" if first else last
        yield (
            f"without {others}, each a whole number above a lower level, as descendants are",
            replace(asked, levels=tuple(primaries)),
        )


def _descends(level: Interval, other: Interval) -> bool:
    """Whether a level may lie a whole number, 1 or more, above another."""
    gap = level - other
    return gap.high >= 1 and gap.high.__floor__() >= gap.low


def all_but_one(index: Index, asked: Question, max_factors: int) -> list[Near]:
    """Theories, and with c pairs, that have all levels but one, and at most one other up to the highest."""
    if len(asked.levels) < LEAST_LEVELS - (asked.c is not None):
        return []
    gaps = [exactly(0), *(level - asked.levels[0] for level in asked.levels[1:])]
    top = gaps[-1].high
    lows = [gap.low for gap in gaps]

    def compare(values: Sequence[Fraction]) -> tuple[set[int], list[Fraction]]:
        """The places of the gaps that are among the values, and the values that are not given."""
        places, foreign = set(), []
        for value in values:
            place = bisect_right(lows, value) - 1
            if place >= 0 and value <= gaps[place].high:
                places.add(place)
            else:
                foreign.append(value)
                if len(foreign) > 1:
                    break
        return places, foreign

    low_gaps: dict[Entry, tuple[Fraction, ...]] = {}
    for entry in index.entries:
        values = tuple(gap for gap in entry.gaps if gap <= top)
        if entry.partial or (len(values) == len(entry.gaps) and not entry.complete):
            continue
        if len(compare(values)[1]) <= 1:
            low_gaps[entry] = values
    answers, remarks = [], []
    for factors in _combinations(low_gaps, asked, max_factors):
        sums = {Fraction(0)}
        for factor in factors:
            sums = {a + b for a in sums for b in low_gaps[factor] if a + b <= top}
        places, foreign = compare(sorted(sums))
        missing = [i for i in range(len(gaps)) if i not in places]
        if len(missing) != 1 or len(foreign) > 1 or not sums_agree(factors, asked):
            continue
        answer = answer_of(factors, top)
        shift = answer.lowest - (answer.c / 24 if asked.energies else 0)
        own = f"; it has {foreign[0] + shift} instead" if foreign else ""
        answers.append(answer)
        remarks.append(f"without {asked.levels[missing[0]]}{own}")
    return [Near("with all levels but one", tuple(answers), tuple(remarks))] if answers else []


def _combinations(
    entries: dict[Entry, tuple[Fraction, ...]], asked: Question, max_factors: int
) -> Iterator[tuple[Entry, ...]]:
    for entry in entries:
        if len(entries[entry]) > 1:
            yield (entry,)
    if asked.c is None or max_factors < 2:
        return
    by_c = sorted(entries, key=lambda entry: entry.c)
    charges = [entry.c for entry in by_c]
    for i, entry in enumerate(by_c):
        first = max(i, bisect_left(charges, asked.c.low - entry.c))
        for other in by_c[first:]:
            if entry.c + other.c > asked.c.high:
                break
            if entry.c and other.c and asked.c.holds(entry.c + other.c):
                yield entry, other
