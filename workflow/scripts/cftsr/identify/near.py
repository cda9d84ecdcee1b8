"""If no theory has exactly the given levels: the theories that have them under one changed premise."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from cftsr.identify.index import Index, IndexEntry
from cftsr.identify.search import (
    MAX_FACTORS_WITHOUT_C,
    Identification,
    Interval,
    Query,
    TheoryProduct,
    exact_answers,
    exactly,
    product_from,
    sums_agree,
)
from cftsr.vocabulary import joined

LEAST_LEVELS = 5  # given levels, one of which may be wrong; one fewer if c is given


@dataclass(frozen=True)
class Near:
    """Answers under a premise.

    premise   what is changed in the query, in words
    answers   theories that have these levels then
    remarks   a remark on each answer; () if there are none
    """

    premise: str
    answers: tuple[TheoryProduct, ...]
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"premise": self.premise, "answers": [answer.as_dict() for answer in self.answers]}


def near_misses(result: Identification) -> list[Near]:
    """Near theories for a query without an exact answer: single theories, or else pairs."""
    if result.found:
        return []
    query, index = result.query, result.index
    answers = []
    for premise, other_query in _other_queries(query):
        for factors in range(1, min(MAX_FACTORS_WITHOUT_C, result.factors) + 1):
            exact, _, _ = exact_answers(index, other_query, factors)
            exact = tuple(answer for answer in exact if not answer.hidden)
            if exact:
                answers.append(Near(premise, exact))
                break
    return [*answers, *all_but_one(index, query, result.factors)]


def _other_queries(query: Query) -> Iterator[tuple[str, Query]]:
    levels = query.levels
    if query.c is not None:
        yield f"with another c than {query.c}", replace(query, c=None)
    if query.complete:
        yield "if these are the lowest and not all", replace(query, complete=False)
    kind = "weights" if query.energies else "energies"
    yield f"if the levels are {kind}", replace(query, energies=not query.energies)
    if not query.energies and levels[0].low > 0:
        yield (
            "with the weight 0 of the identity, which every theory has",
            replace(query, levels=(exactly(0), *levels)),
        )
    primaries = [level for level in levels if not any(_descends(level, other) for other in levels)]
    if 2 <= len(primaries) < len(levels):
        others = joined([str(level) for level in levels if level not in primaries])
        yield (
            f"without {others}, each a whole number above a lower level, as descendants are",
            replace(query, levels=tuple(primaries)),
        )


def _descends(level: Interval, other: Interval) -> bool:
    """Whether a level may lie a whole number, 1 or more, above another."""
    gap = level - other
    return gap.high >= 1 and gap.high.__floor__() >= gap.low


def all_but_one(index: Index, query: Query, max_factors: int) -> list[Near]:
    """Theories, and pairs if c is given, with all levels but one, and at most one other up to the highest."""
    if len(query.levels) < LEAST_LEVELS - (query.c is not None):
        return []
    gaps = [exactly(0), *(level - query.levels[0] for level in query.levels[1:])]
    top = gaps[-1].high
    lows = [gap.low for gap in gaps]

    def compare(values: Sequence[Fraction]) -> tuple[set[int], list[Fraction]]:
        """The places of the gaps that are among the values, and the values that are not among the gaps."""
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

    low_gaps: dict[IndexEntry, tuple[Fraction, ...]] = {}
    for entry in index.entries:
        values = tuple(gap for gap in entry.gaps if gap <= top)
        if entry.partial or (len(values) == len(entry.gaps) and not entry.complete):
            continue
        if len(compare(values)[1]) <= 1:
            low_gaps[entry] = values
    answers, remarks = [], []
    for factors in _combinations(low_gaps, query, max_factors):
        sums = {Fraction(0)}
        for factor in factors:
            sums = {a + b for a in sums for b in low_gaps[factor] if a + b <= top}
        places, foreign = compare(sorted(sums))
        missing = [i for i in range(len(gaps)) if i not in places]
        if len(missing) != 1 or len(foreign) > 1 or not sums_agree(factors, query):
            continue
        answer = product_from(factors, top)
        shift = answer.lowest - (answer.c / 24 if query.energies else 0)
        own = f"; it has {foreign[0] + shift} instead" if foreign else ""
        answers.append(answer)
        remarks.append(f"without {query.levels[missing[0]]}{own}")
    return [Near("with all levels but one", tuple(answers), tuple(remarks))] if answers else []


def _combinations(
    entries: dict[IndexEntry, tuple[Fraction, ...]], query: Query, max_factors: int
) -> Iterator[tuple[IndexEntry, ...]]:
    for entry in entries:
        if len(entries[entry]) > 1:
            yield (entry,)
    if query.c is None or max_factors < 2:
        return
    by_c = sorted(entries, key=lambda entry: entry.c)
    charges = [entry.c for entry in by_c]
    for i, entry in enumerate(by_c):
        first = max(i, bisect_left(charges, query.c.low - entry.c))
        for other in by_c[first:]:
            if entry.c + other.c > query.c.high:
                break
            if entry.c and other.c and query.c.holds(entry.c + other.c):
                yield entry, other
