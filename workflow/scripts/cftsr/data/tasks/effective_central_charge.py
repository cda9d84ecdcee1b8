"""c - 24 times the lowest weight of each theory.

It is -24 times the lowest energy on the cylinder: what finite-size scaling measures (Itzykson, Saleur, Zuber,
Europhys. Lett. 2 (1986) 91), and c where the theory is unitary.
"""

from __future__ import annotations

from fractions import Fraction

from cftsr.data.tasks.base import Task
from cftsr.data.tasks.weights import weights
from cftsr.families.base import Family, State, Theory


def _target(family: Family, theory: Theory, state: State) -> Fraction:
    return family.central_charge(theory) - 24 * weights(family, theory).lowest


def _derived(forms: dict[str, str]) -> str:
    c, lowest = forms["central_charge"], forms["lowest_weight"]
    return c if lowest == "0" else f"{c}-24*({lowest})"


TASK = Task("effective_central_charge", "c_eff", "effective central charge", False, _target, _derived)
