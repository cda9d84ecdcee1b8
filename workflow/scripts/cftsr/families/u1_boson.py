"""The compact boson at rational radius, u(1)_k."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from cftsr.families.base import LevelFamily, State, Theory


@dataclass(frozen=True)
class U1Boson(LevelFamily):
    """u(1) extended by a field of weight k, k = first_level, first_level + 1, ...

    Primaries carry m modulo 2k; the representatives are m = -k+1..k, in which h = m^2/(4k) is the weight itself, not
    only modulo 1: 2k fields. c = 1 for all k. u(1)_1 is su(2)_1; u(1)_2 is the Dirac fermion with its spin fields.
    """

    name = "u1_boson"
    title = "Compact boson u(1)_k"
    state_labels = ("m",)
    unary_operators = ("square",)
    closed_forms = {
        "central_charge": "1",
        "conformal_weight": "square(m)/(4*k)",
        # Unitary: the identity is the lowest; m = 1 is the next.
        "lowest_weight": "0",
        "gap": "1/(4*k)",
        "primaries": "2*k",
    }
    source = (
        "Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997), chapter 14: the extended u(1) chiral "
        "algebras; Moore, Seiberg, Commun. Math. Phys. 123 (1989) 177 call k N"
    )

    def states(self, theory: Theory) -> Iterator[State]:
        (k,) = theory
        return ((m,) for m in range(-k + 1, k + 1))

    def central_charge(self, theory: Theory) -> Fraction:
        return Fraction(1)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (k,), (m,) = theory, state
        return Fraction(m * m, 4 * k)
