"""The weights of a theory in four numbers, for the tasks that need no label of a field."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import lcm

from cftsr.families.base import Family, Theory


@dataclass(frozen=True)
class Weights:
    """What a theory's weights say without labels of fields.

    primaries   how many fields the family lists
    lowest      the smallest weight
    gap         the second smallest less the smallest; None where all weights are equal. Fields of equal weight are
                one level: a degenerate ground state has a gap as well
    total       the sum over all fields
    """

    primaries: int
    lowest: Fraction
    gap: Fraction | None
    total: Fraction


@cache
def weights(family: Family, theory: Theory) -> Weights:
    """The theory's weights in four numbers; the weights themselves, up to 10^5 of them, are not kept."""
    numerators: dict[int, list[int]] = defaultdict(list)
    for state in family.states(theory):
        weight = family.conformal_weight(theory, state)
        numerators[weight.denominator].append(weight.numerator)
    # Over a common denominator: integers are added and compared many times faster than fractions.
    scale = lcm(*numerators)
    lowest, *higher = sorted(
        level * (scale // below) for below, above in numerators.items() for level in sorted(set(above))[:2]
    )
    total = sum(sum(above) * (scale // below) for below, above in numerators.items())
    return Weights(
        primaries=sum(map(len, numerators.values())),
        lowest=Fraction(lowest, scale),
        gap=Fraction(higher[0] - lowest, scale) if higher else None,
        total=Fraction(total, scale),
    )
