"""The su(3)_k Wess-Zumino-Witten models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from cftsr.families.base import LevelFamily, State, Theory


@dataclass(frozen=True)
class WzwSu3(LevelFamily):
    """su(3) at level k = first_level, first_level + 1, ...

    Primaries carry Dynkin labels a, b >= 0 with a + b <= k: (1, 0) is the triplet, (1, 1) the octet. There are
    (k+1)(k+2)/2, all different fields: (a, b) and (b, a) are conjugate, with equal h, and both are rows.

        h = (a^2 + ab + b^2 + 3a + 3b)/(3(k+3)),   c = 8k/(k+3)
    """

    name = "wzw_su3"
    title = "WZW su(3)_k"
    state_labels = ("a", "b")
    unary_operators = ("square",)
    closed_forms = {
        "central_charge": "8*k/(k+3)",
        "conformal_weight": "(square(a)+a*b+square(b)+3*(a+b))/(3*(k+3))",
        # Unitary: the identity is the lowest; the triplet is the next.
        "lowest_weight": "0",
        "gap": "4/(3*(k+3))",
        "primaries": "(k+1)*(k+2)/2",
    }
    source = "Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997), chapter 15: the Sugawara construction"

    def states(self, theory: Theory) -> Iterator[State]:
        (k,) = theory
        return ((a, b) for a in range(k + 1) for b in range(k + 1 - a))

    def central_charge(self, theory: Theory) -> Fraction:
        (k,) = theory
        return Fraction(8 * k, k + 3)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (k,), (a, b) = theory, state
        return Fraction(a * a + a * b + b * b + 3 * (a + b), 3 * (k + 3))
