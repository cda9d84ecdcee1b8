"""The sp(4)_k Wess-Zumino-Witten models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from cftsr.families.base import LevelFamily, State, Theory


@dataclass(frozen=True)
class WzwSp4(LevelFamily):
    """sp(4), rank 2, the same as so(5), at level k = first_level, first_level + 1, ...

    Primaries carry Dynkin labels a, b >= 0 with a + b <= k: (1, 0) is the 4 of sp(4) (spinor of so(5)), (0, 1) the 5
    (vector of so(5)), (2, 0) the adjoint. There are (k+1)(k+2)/2, all different fields.

        h = (a^2 + 2ab + 2b^2 + 4a + 6b)/(4(k+3)),   c = 10k/(k+3)
    """

    name = "wzw_sp4"
    title = "WZW sp(4)_k"
    state_labels = ("a", "b")
    unary_operators = ("square",)
    closed_forms = {
        "central_charge": "10*k/(k+3)",
        "conformal_weight": "(square(a+b)+square(b)+4*a+6*b)/(4*(k+3))",
        # Unitary: the identity is the lowest; the 4 is the next.
        "lowest_weight": "0",
        "gap": "5/(4*(k+3))",
        "primaries": "(k+1)*(k+2)/2",
    }
    source = (
        "Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997), chapter 15 (Sugawara) with the quadratic form "
        "of C_2 of chapter 13"
    )

    def states(self, theory: Theory) -> Iterator[State]:
        (k,) = theory
        return ((a, b) for a in range(k + 1) for b in range(k + 1 - a))

    def central_charge(self, theory: Theory) -> Fraction:
        (k,) = theory
        return Fraction(10 * k, k + 3)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (k,), (a, b) = theory, state
        return Fraction(a * a + 2 * a * b + 2 * b * b + 4 * a + 6 * b, 4 * (k + 3))
