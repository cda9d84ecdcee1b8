"""The su(2)_k Wess-Zumino-Witten models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from cftsr.families.base import LevelFamily, State, Theory


@dataclass(frozen=True)
class WzwSu2(LevelFamily):
    """su(2) at level k = first_level, first_level + 1, ...; primaries l = 0..k (twice the spin).

    The theories are unitary: the identity, l = 0, is the lowest and c_eff = c; l = 1 is the next. The weights add up by
    the sums of the first integers and of their squares.
    """

    name = "wzw_su2"
    title = "WZW su(2)_k"
    state_labels = ("l",)
    closed_forms = {
        "central_charge": "3*k/(k+2)",
        "conformal_weight": "l*(l+2)/(4*(k+2))",
        "lowest_weight": "0",
        "gap": "3/(4*(k+2))",
        "primaries": "k+1",
        "weight_sum": "k*(k+1)*(2*k+7)/(24*(k+2))",
    }
    source = "Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997), chapter 15; eq. (2) of the paper"

    def states(self, theory: Theory) -> Iterator[State]:
        (k,) = theory
        return ((l,) for l in range(k + 1))

    def central_charge(self, theory: Theory) -> Fraction:
        (k,) = theory
        return Fraction(3 * k, k + 2)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (k,), (l,) = theory, state
        return Fraction(l * (l + 2), 4 * (k + 2))
