"""How much of random spectra with the same denominators the search explains: a measured chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import gcd, log10
from typing import Any

from cftsr.hidden.bare import BareTheory

DRAWS = 20
TRIES = 50


def random_theory(theory: BareTheory, source: random.Random) -> BareTheory:
    """A theory with as many random levels, in the same range and with the same denominators."""
    low, high = theory.levels[0], theory.levels[-1]
    levels: set[Fraction] = set()
    for level in theory.levels:
        below = level.denominator
        first, last = -(-low * below).__floor__(), (high * below).__floor__()
        for _ in range(TRIES):
            above = source.randint(min(first, last), max(first, last))
            if gcd(above, below) == 1 and Fraction(above, below) not in levels:
                levels.add(Fraction(above, below))
                break
        else:
            levels.add(level)
    return replace(theory, levels=tuple(sorted(levels)))


def measured_chance(
    theories: list[BareTheory], best: Callable[[list[BareTheory]], tuple[int, int]], draws: int = DRAWS, seed: int = 0
) -> dict[str, Any]:
    """The most that the same search explains in random spectra, as JSON values.

    best   theories -> the largest number of theories, and of levels, that one choice explains
    """
    source, total = random.Random(seed), sum(map(len, theories))
    outcomes = [best([random_theory(theory, source) for theory in theories]) for _ in range(draws)]
    share = max(levels for _, levels in outcomes) / total
    free = total - len(theories)  # one level of each theory is always explained
    explained = max(levels - len(theories) for _, levels in outcomes)
    return {
        "draws": draws,
        "theories": len(theories),
        "levels": total,
        "draws_that_explain_all": sum(levels == total for _, levels in outcomes),
        "most_theories": max(count for count, _ in outcomes),
        "largest_share_of_levels": share,
        # As if the levels beyond the first of each theory were independent.
        "log10_chance": free * log10(max(explained, 1) / free) if free else 0.0,
    }
