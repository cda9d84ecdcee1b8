"""Which theories, and which products of two or three, have exactly the given levels as their lowest.

The weights of a product are the sums of one weight of each factor, and c is additive. So are the lowest weights, and
the gaps above them: a factor's gaps, up to the highest given one, must be among the given gaps (with the other factors
in their ground states). That leaves few candidates, which are combined exactly.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import chain, combinations_with_replacement, pairwise
from math import lcm
from typing import Any

from cftsr.errors import UserError
from cftsr.identify.index import STORED, Index, IndexEntry

MAX_FACTORS, MAX_FACTORS_WITHOUT_C = 3, 2  # without c, three factors are seldom determined
MAX_ANSWERS = 20_000
SUMS = 2 * STORED  # gaps of a product that are computed, the lowest
MAX_RIVALS = 100  # answers that are compared with each other
LEAST_PREFIX = 3  # levels that a near miss has to explain
ZERO = Fraction(0)


@dataclass(frozen=True)
class Interval:
    """A number, exact if both ends are equal.

    rounded   the interval of a decimal that was rounded to its last digit; None for a fraction
    """

    low: Fraction
    high: Fraction
    rounded: Interval | None = field(default=None, compare=False)

    def holds(self, value: Fraction) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if self.low == self.high:
            return str(self.low)
        return f"{float((self.low + self.high) / 2):.6g}"

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.low - other.high, self.high - other.low)


def exactly(value: Fraction | int) -> Interval:
    return Interval(Fraction(value), Fraction(value))


@dataclass(frozen=True)
class Query:
    """The known levels of a theory.

    levels    the lowest distinct weights, or energies, lowest first
    c         the central charge, or None
    energies  whether the levels are h - c/24
    complete  whether the theory has no other levels
    """

    levels: tuple[Interval, ...]
    c: Interval | None = None
    energies: bool = False
    complete: bool = False

    def as_rounded(self) -> Query | None:
        """The query with each decimal as the interval it was rounded from; None if that changes nothing."""
        wider = tuple(level.rounded or level for level in self.levels)
        c = self.c and (self.c.rounded or self.c)
        if (wider, c) == (self.levels, self.c) or any(b.low <= a.high for a, b in pairwise(wider)):
            return None
        return replace(self, levels=wider, c=c)


def query_of(
    levels: Sequence[Fraction | int | Interval],
    c: Fraction | int | Interval | None = None,
    energies: bool = False,
    complete: bool = False,
) -> Query:
    """A query from numbers in any order; repetitions are dropped. Raises UserError if they make no query."""
    intervals = {level if isinstance(level, Interval) else exactly(level) for level in levels}
    ordered = tuple(sorted(intervals, key=lambda level: (level.low, level.high)))
    if not ordered:
        raise UserError("no level is given; give at least two weights, such as 0 1/16 1/2")
    if len(ordered) > STORED:
        raise UserError(f"{len(ordered)} distinct levels are given; give the lowest {STORED} of them, or fewer")
    for one, other in pairwise(ordered):
        if other.low <= one.high:
            raise UserError(
                f"the levels {one} and {other} cannot be told apart within their rounding; give fractions or more "
                "digits"
            )
    if len(ordered) < 2 and not complete:
        raise UserError("one level is given; its gap to the next is what tells theories apart: give two or more")
    charge = exactly(c) if isinstance(c, int | Fraction) else c
    return Query(ordered, charge, energies, complete)


@dataclass(frozen=True)
class TheoryProduct:
    """A theory or a product that has exactly the given levels as its lowest.

    factors    entries of the index, in its order
    c          the sum of their central charges
    lowest     the sum of their lowest weights
    top        the highest given gap
    """

    factors: tuple[IndexEntry, ...]
    c: Fraction
    lowest: Fraction
    top: Fraction

    @cached_property
    def _beyond(self) -> tuple[tuple[Fraction, ...], bool]:
        # Over a common denominator; after each factor only the lowest sums are kept, as the next sums need no others.
        scale = lcm(*(gap.denominator for factor in self.factors for gap in factor.gaps))
        reach, sums, whole = None, [0], True
        for factor in self.factors:
            levels = [int(gap * scale) for gap in factor.gaps]
            if not factor.complete:
                reach = levels[-1] if reach is None else min(reach, levels[-1])
            sums = sorted({a + b for a in sums for b in levels})
            whole = whole and len(sums) <= SUMS
            sums = sums[:SUMS]
        top = self.top * scale
        above = tuple(Fraction(gap, scale) for gap in sums if gap > top and (reach is None or gap <= reach))
        return above, reach is None and whole

    @property
    def next_gaps(self) -> tuple[Fraction, ...]:
        """Its known gaps beyond the given ones."""
        return self._beyond[0]

    @property
    def all_gaps(self) -> bool:
        """Whether `next_gaps` are all."""
        return self._beyond[1]

    @property
    def complete(self) -> bool:
        """Whether it has no other levels than the given ones."""
        return self.all_gaps and not self.next_gaps

    @property
    def name(self) -> str:
        return " x ".join(str(factor.names[0]) for factor in self.factors)

    @property
    def partial(self) -> bool:
        return any(factor.partial for factor in self.factors)

    @property
    def hidden(self) -> tuple[IndexEntry, ...]:
        """The factors of which only the ground state lies among the given levels."""
        return tuple(factor for factor in self.factors if len(factor.gaps) > 1 and factor.gaps[1] > self.top)

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "factors": [[name.as_dict() for name in factor.names] for factor in self.factors],
            "c": str(self.c),
            "lowest": str(self.lowest),
            "complete": self.complete,
            "partial": self.partial,
            "next_gaps": [str(gap) for gap in self.next_gaps[:5]],
        }


@dataclass(frozen=True)
class Rivals:
    """Answers that agree with all given levels, grouped by the level that would decide between them.

    groups   (level, answers): the answers of a group agree on all further known levels; `level` is the first one beyond
             the given ones where the group differs from the first group, None for the first group itself
    """

    groups: tuple[tuple[Fraction | None, tuple[TheoryProduct, ...]], ...]


@dataclass(frozen=True)
class Identification:
    """All answers to a query: those without further levels first, then those with the fewest factors; then those with a
    factor of which only some primaries are known. Without c, products with a factor of which only the ground state lies
    among the given levels come last.

    explained   how many of the given levels the answers have; fewer than given if no theory has all of them
    candidates  how many theories of the index could be a factor
    factors     the largest number of factors of a product
    truncated   whether there are more answers than these
    """

    query: Query
    answers: tuple[TheoryProduct, ...]
    explained: int
    candidates: int
    index: Index
    factors: int
    truncated: bool = False

    @property
    def found(self) -> bool:
        return bool(self.answers) and self.explained == len(self.query.levels)

    def rivals(self, answers: Sequence[TheoryProduct] | None = None) -> Rivals:
        """The further levels that would decide between the answers, or between some of them."""
        left = list((self.answers if answers is None else answers)[:MAX_RIVALS])
        groups: list[tuple[Fraction | None, tuple[TheoryProduct, ...]]] = []
        while left:
            first = left[0]
            same = [answer for answer in left if deciding_gap(first, answer) is None]
            level = None
            if groups:
                reference = groups[0][1][0]
                gap = deciding_gap(reference, first)
                shift = reference.c / 24 if self.query.energies else ZERO
                level = None if gap is None else reference.lowest - shift + gap
            groups.append((level, tuple(same)))
            left = [answer for answer in left if answer not in same]
        return Rivals(tuple(groups))

    def as_dict(self) -> dict[str, Any]:
        return {
            "found": self.found,
            "given": len(self.query.levels),
            "explained": self.explained,
            "answers": [answer.as_dict() for answer in self.answers],
            "truncated": self.truncated,
            "candidates": self.candidates,
            "groups": [
                {"decided_at": None if level is None else str(level), "answers": [answer.name for answer in answers]}
                for level, answers in self.rivals().groups
            ],
            "bounds": self.index.bounds.describe(),
            "theories": self.index.theories,
        }


def deciding_gap(one: TheoryProduct, other: TheoryProduct) -> Fraction | None:
    """The first gap beyond the given ones that only one of two answers has; None if none is known."""
    for a, b in zip(one.next_gaps, other.next_gaps, strict=False):
        if a != b:
            return min(a, b)
    short, long = sorted((one, other), key=lambda answer: len(answer.next_gaps))
    if len(short.next_gaps) < len(long.next_gaps) and short.all_gaps:
        return long.next_gaps[len(short.next_gaps)]
    return None


def identify(index: Index, query: Query, max_factors: int | None = None) -> Identification:
    """Every theory of the index, and every product of up to `max_factors` theories, with exactly the given levels.

    max_factors   by default 3 if c is given, else 2

    A decimal is read as a simple fraction, and, if no theory has those levels, as a rounded number. If there is still
    none, the answers are those with as many of the lowest levels as possible, and `explained` says how many.
    """
    if max_factors is None:
        max_factors = MAX_FACTORS if query.c is not None else MAX_FACTORS_WITHOUT_C
    rounded = query.as_rounded()
    readings = [query, *([rounded] if rounded else [])]
    for size in range(len(query.levels), min(LEAST_PREFIX, len(query.levels)) - 1, -1):
        for reading in readings:
            complete = query.complete and size == len(query.levels)
            part = replace(reading, levels=reading.levels[:size], complete=complete)
            answers, candidates, truncated = exact_answers(index, part, max_factors)
            if answers:
                return Identification(reading, answers, size, candidates, index, max_factors, truncated)
    return Identification(query, (), 0, 0, index, max_factors)


class _Combiner:
    """The sums of gaps over a common denominator, and their places among the given gaps."""

    def __init__(self, gaps: Sequence[Interval], entries: Sequence[IndexEntry], complete: bool):
        top = None if complete else gaps[-1].high
        parts = [entry.gaps for entry in entries]
        self.scale = lcm(1, *(gap.denominator for part in parts for gap in part if top is None or gap <= top))
        self.lows = [(gap.low * self.scale).__ceil__() for gap in gaps]
        self.highs = [(gap.high * self.scale).__floor__() for gap in gaps]
        self.top = None if top is None else self.highs[-1]
        self.size = len(gaps)

    def place(self, value: int) -> int:
        """The number of the given gap that the value agrees with, or -1."""
        i = bisect_right(self.lows, value) - 1
        return i if i >= 0 and value <= self.highs[i] else -1

    def scaled(self, entry: IndexEntry) -> tuple[int, ...] | None:
        """The entry's gaps up to the highest given one; None if one of them is not given."""
        values = []
        for gap in entry.gaps:
            if self.top is not None and gap * self.scale > self.top:
                break
            value = gap * self.scale
            if value.denominator != 1 or self.place(value.numerator) < 0:
                return None
            values.append(value.numerator)
        else:
            if not entry.complete and (self.top is None or entry.gaps[-1] * self.scale < self.top):
                return None  # it has more levels than are stored, and than are given
        return tuple(values)

    def sums(self, one: Sequence[int], other: Sequence[int]) -> tuple[int, ...] | None:
        """All sums up to the highest given gap; None if one of them is not given."""
        values = set()
        for a in one:
            for b in other:
                value = a + b
                if self.top is not None and value > self.top:
                    break
                if value not in values:
                    if self.place(value) < 0:
                        return None
                    values.add(value)
        return tuple(sorted(values))

    def covers(self, values: Sequence[int]) -> bool:
        """Whether every given gap is among the values."""
        return len({self.place(value) for value in values}) == self.size


def exact_answers(index: Index, query: Query, max_factors: int) -> tuple[tuple[TheoryProduct, ...], int, bool]:
    """All answers with exactly the given levels, how many theories could be a factor, and whether there are more."""
    gaps = [exactly(0), *(level - query.levels[0] for level in query.levels[1:])]
    entries = _candidates(index, gaps, query.complete)
    combiner = _Combiner(gaps, entries, query.complete)
    levels = {entry: values for entry in entries if (values := combiner.scaled(entry)) is not None}
    # Factors with one level show in c only: without c they could be added at will. The trivial theory, with c = 0, is
    # no factor.
    visible = [entry for entry in levels if len(levels[entry]) > 1 or (query.c is not None and entry.c)]
    if query.complete and len(query.levels) == 1:
        visible = [entry for entry in levels if entry.c or len(entry.gaps) > 1]
        trivial = [entry for entry in levels if entry not in visible]
    else:
        trivial = []
    answers, truncated = [], False
    for factors, values in chain(
        (((entry,), levels[entry]) for entry in trivial), _products(visible, levels, combiner, max_factors, query)
    ):
        if not combiner.covers(values) or not sums_agree(factors, query):
            continue
        if len(answers) == MAX_ANSWERS:
            truncated = True
            break
        answers.append(product_from(factors, gaps[-1].high))
    order = {entry: number for number, entry in enumerate(index.entries)}
    answers.sort(key=lambda a: (a.partial, not a.complete, len(a.factors), len(a.name), [order[f] for f in a.factors]))
    if query.c is None and max_factors > 1 and not query.complete:
        answers += _with_a_hidden_factor(answers, levels, gaps, query)
    return tuple(answers), len(levels), truncated


def _candidates(index: Index, gaps: Sequence[Interval], complete: bool) -> list[IndexEntry]:
    """The entries whose first gap is among the given ones, or above them, or that have no gap."""
    candidates: list[IndexEntry] = []
    for gap in gaps[1:]:
        low, high = bisect_left(index.first_gaps, gap.low), bisect_right(index.first_gaps, gap.high)
        candidates += index.entries[low:high]
    if not complete:
        candidates += index.entries[bisect_right(index.first_gaps, gaps[-1].high) : len(index.first_gaps)]
    return candidates + list(index.entries[len(index.first_gaps) :])


def _products(
    visible: list[IndexEntry], levels: dict[IndexEntry, tuple[int, ...]], combiner: _Combiner, most: int, query: Query
) -> Iterator[tuple[tuple[IndexEntry, ...], tuple[int, ...]]]:
    """Singles, pairs and triples whose sums are all among the given gaps."""
    if most >= 1:
        for entry in visible:
            yield (entry,), levels[entry]
    if most < 2:
        return
    pairs: dict[tuple[int, int], tuple[int, ...]] = {}
    for i, j in combinations_with_replacement(range(len(visible)), 2):
        sums = combiner.sums(levels[visible[i]], levels[visible[j]])
        if sums is not None:
            pairs[i, j] = sums
            yield (visible[i], visible[j]), sums
    if most < 3:
        return
    third = _third_factors(visible, query)
    for (i, j), sums in pairs.items():
        for k in third(i, j):
            if k >= j and (i, k) in pairs and (j, k) in pairs:
                total = combiner.sums(sums, levels[visible[k]])
                if total is not None:
                    yield (visible[i], visible[j], visible[k]), total


def _third_factors(visible: list[IndexEntry], query: Query) -> Callable[[int, int], Iterable[int]]:
    """A look-up of the entries that complete two others to the right central charge (or lowest energy, or weight)."""

    def total(entry: IndexEntry) -> Fraction:
        if query.c is not None:
            return entry.c
        return entry.lowest - entry.c / 24 if query.energies else entry.lowest

    wanted = query.levels[0] if query.c is None else query.c
    scale = lcm(1, *(total(entry).denominator for entry in visible))
    totals = [int(total(entry) * scale) for entry in visible]
    order = sorted(range(len(visible)), key=totals.__getitem__)
    sizes = [totals[i] for i in order]
    low, high = (wanted.low * scale).__ceil__(), (wanted.high * scale).__floor__()

    def third(i: int, j: int) -> Iterable[int]:
        left = totals[i] + totals[j]
        return order[bisect_left(sizes, low - left) : bisect_right(sizes, high - left)]

    return third


def sums_agree(factors: Sequence[IndexEntry], query: Query) -> bool:
    """Whether the central charges and the lowest weights add up to the given ones."""
    c = sum((factor.c for factor in factors), ZERO)
    if query.c is not None and not query.c.holds(c):
        return False
    lowest = sum((factor.lowest for factor in factors), ZERO)
    return query.levels[0].holds(lowest - c / 24 if query.energies else lowest)


def product_from(factors: tuple[IndexEntry, ...], top: Fraction) -> TheoryProduct:
    c = sum((factor.c for factor in factors), ZERO)
    lowest = sum((factor.lowest for factor in factors), ZERO)
    return TheoryProduct(factors, c, lowest, top)


def _with_a_hidden_factor(
    answers: Sequence[TheoryProduct], levels: dict[IndexEntry, tuple[int, ...]], gaps: Sequence[Interval], query: Query
) -> list[TheoryProduct]:
    """Products with a theory of which only the ground state lies among the given levels."""
    hidden = [entry for entry, values in levels.items() if len(values) == 1 and len(entry.gaps) > 1]
    products = [
        product_from((answer.factors[0], entry), gaps[-1].high)
        for answer in answers
        if len(answer.factors) == 1
        for entry in hidden
        if sums_agree((answer.factors[0], entry), query)
    ]
    return sorted(products, key=lambda answer: (answer.partial, answer.c))
