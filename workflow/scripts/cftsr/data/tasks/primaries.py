"""How many primary fields each theory has."""

from __future__ import annotations

from fractions import Fraction

from cftsr.data.tasks.base import Task
from cftsr.families.base import Family, State, Theory


def _target(family: Family, theory: Theory, state: State) -> Fraction:
    return Fraction(sum(1 for _ in family.states(theory)))  # no weight is needed to count them


TASK = Task("primaries", "N", "number of primaries", False, _target)
