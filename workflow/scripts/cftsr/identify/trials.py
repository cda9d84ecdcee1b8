"""Random theories and products, and whether the truth is among the answers: counts, reproducible by seed."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from cftsr.identify.index import Index, IndexEntry
from cftsr.identify.search import identify, query_of

# The theories that may be drawn: the series of the transformer of arXiv:2605.01072, from the families and the algebras.
SERIES = ("su(2)", "su(3)", "sp(4)", "G2", "so(n)")
FAMILY_SERIES = {"wzw_su2": "su(2)", "wzw_su3": "su(3)", "wzw_sp4": "sp(4)", "wzw_g2": "G2", "so_n_level1": "so(n)"}
# The 19 algebras of the transformer's data, according to its public generator, and the largest level there.
ALGEBRAS = (
    *(f"su({n})" for n in range(2, 7)),
    *(f"so({n})" for n in range(7, 13)),
    *("sp(4)", "sp(6)", "sp(8)", "G2", "F4", "E6", "E7", "E8"),
)
LARGEST_LEVEL, LARGEST_C = 15, 50


@dataclass(frozen=True)
class Trial:
    """A query with a known answer.

    factors   the true answer
    levels    the lowest distinct weights of the product
    """

    factors: tuple[IndexEntry, ...]
    levels: tuple[Fraction, ...]
    c: Fraction


@dataclass(frozen=True)
class Outcome:
    """named: the true answer is among the answers. agreeing: the lowest levels of every answer are the given ones."""

    trial: Trial
    named: bool
    agreeing: bool
    answers: int
    seconds: float


@dataclass
class Campaign:
    outcomes: list[Outcome] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        counts = sorted(outcome.answers for outcome in self.outcomes)
        return {
            "trials": len(counts),
            "named": sum(outcome.named for outcome in self.outcomes),
            "agreeing": sum(outcome.agreeing for outcome in self.outcomes),
            "alone": sum(outcome.named and outcome.answers == 1 for outcome in self.outcomes),
            "median_answers": counts[len(counts) // 2],
            "most_answers": counts[-1],
            "largest_seconds": max(outcome.seconds for outcome in self.outcomes),
            "mean_seconds": sum(outcome.seconds for outcome in self.outcomes) / len(counts),
        }


def pool(index: Index, largest_level: int = 20) -> list[IndexEntry]:
    """The entries of SERIES with all primaries, at levels up to the largest, without theories of a single weight."""
    chosen = []
    for entry in index.entries:
        for name in entry.names:
            series = FAMILY_SERIES.get(name.source, "so(n)" if name.source.startswith("so(") else None)
            if series and not name.partial and name.labels[-1] <= largest_level and len(entry.gaps) > 1:
                chosen.append(entry)
                break
    return chosen


def pool_of_algebras(index: Index, largest_level: int = LARGEST_LEVEL) -> list[IndexEntry]:
    """The entries of ALGEBRAS with all primaries, at levels up to the largest, without theories of a single weight."""
    return [
        entry
        for entry in index.entries
        if len(entry.gaps) > 1
        and any(
            FAMILY_SERIES.get(name.source, name.source) in ALGEBRAS
            and not name.partial
            and name.labels[-1] <= largest_level
            for name in entry.names
        )
    ]


def draw(
    entries: Sequence[IndexEntry], factors: int, levels: int, source: random.Random, largest_c: int | None = None
) -> Trial:
    """A random product with c below `largest_c`, and its lowest distinct weights (all, if it has fewer)."""
    chosen = tuple(source.choice(entries) for _ in range(factors))
    while largest_c is not None and sum(entry.c for entry in chosen) >= largest_c:
        chosen = tuple(source.choice(entries) for _ in range(factors))
    return Trial(chosen, lowest_weights(chosen, levels), sum((entry.c for entry in chosen), Fraction(0)))


def lowest_weights(factors: Sequence[IndexEntry], levels: int) -> tuple[Fraction, ...]:
    """The lowest distinct weights of a product, as sums of those of its factors."""
    sums = {sum((entry.lowest for entry in factors), Fraction(0))}
    for entry in factors:
        sums = {a + b for a in sums for b in entry.gaps[: levels + 1]}
    return tuple(sorted(sums)[:levels])


def attempt(index: Index, trial: Trial, with_c: bool, max_factors: int | None = None) -> Outcome:
    start = time.process_time()
    result = identify(index, query_of(trial.levels, trial.c if with_c else None), max_factors)
    spent = time.process_time() - start
    truth = sorted(map(id, trial.factors))
    named = result.found and any(sorted(map(id, answer.factors)) == truth for answer in result.answers)
    size = len(trial.levels)
    agreeing = all(
        lowest_weights(answer.factors, size) == trial.levels and (not with_c or answer.c == trial.c)
        for answer in result.answers
    )
    return Outcome(trial, named, agreeing, len(result.answers), spent)


def campaign(
    index: Index, factors: int, trials: int, seed: int, with_c: bool, levels: int = 10, largest_level: int = 20
) -> Campaign:
    """Trials with random products of `factors` theories of SERIES."""
    source, entries = random.Random(seed), pool(index, largest_level)
    return Campaign(
        [attempt(index, draw(entries, factors, levels, source), with_c) for _ in range(trials)],
    )


def campaign_of_algebras(index: Index, factors: int, trials: int, seed: int, with_c: bool, levels: int) -> Campaign:
    """Trials with random products of `factors` theories of ALGEBRAS, with c below LARGEST_C."""
    source, entries = random.Random(seed), pool_of_algebras(index)
    trials_drawn = (draw(entries, factors, levels, source, LARGEST_C) for _ in range(trials))
    return Campaign([attempt(index, trial, with_c, max(factors, 2)) for trial in trials_drawn])
