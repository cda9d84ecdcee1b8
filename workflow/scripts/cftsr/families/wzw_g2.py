"""The (G_2)_k Wess-Zumino-Witten models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from cftsr.families.base import LevelFamily, State, Theory


@dataclass(frozen=True)
class WzwG2(LevelFamily):
    """G_2 at level k = first_level, first_level + 1, ...; (G_2)_1 has the Fibonacci fusion rules.

    Primaries carry Dynkin labels a, b >= 0 with 2a + b <= k: (1, 0) is the adjoint 14, (0, 1) the 7. There are
    floor((k+2)^2/4), all different fields.

        h = (3a^2 + 3ab + b^2 + 9a + 5b)/(3(k+4)),   c = 14k/(k+4)
    """

    name = "wzw_g2"
    title = "WZW (G_2)_k"
    state_labels = ("a", "b")
    unary_operators = ("square",)
    closed_forms = {
        "central_charge": "14*k/(k+4)",
        "conformal_weight": "(3*a*(a+b+3)+b*(b+5))/(3*(k+4))",
        # Unitary: the identity is the lowest; the 7 is the next.
        "lowest_weight": "0",
        "gap": "2/(k+4)",
    }
    source = (
        "Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997), chapter 15 (Sugawara) with the quadratic form "
        "of G_2 of chapter 13"
    )

    def states(self, theory: Theory) -> Iterator[State]:
        (k,) = theory
        return ((a, b) for a in range(k // 2 + 1) for b in range(k - 2 * a + 1))

    def central_charge(self, theory: Theory) -> Fraction:
        (k,) = theory
        return Fraction(14 * k, k + 4)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (k,), (a, b) = theory, state
        return Fraction(3 * a * (a + b + 3) + b * (b + 5), 3 * (k + 4))
