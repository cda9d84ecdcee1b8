"""The energy of a primary field on the cylinder, E = h - c/24: where the paper's introduction starts."""

from __future__ import annotations

from fractions import Fraction

from cftsr.data.tasks.base import Task
from cftsr.families.base import Family, State, Theory


def energy(family: Family, theory: Theory, state: State) -> Fraction:
    return family.conformal_weight(theory, state) - family.central_charge(theory) / 24


TASK = Task(
    "energy",
    "E",
    "energy",
    True,
    energy,
    lambda forms: f"{forms['conformal_weight']}-({forms['central_charge']})/24",
)
