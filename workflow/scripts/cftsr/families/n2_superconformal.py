"""The unitary N=2 superconformal minimal models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from cftsr.families.base import LevelFamily, State, Theory


@dataclass(frozen=True)
class N2Superconformal(LevelFamily):
    """The coset su(2)_k x u(1)_2 / u(1)_{k+2} at level k = first_level, first_level + 1, ...

    Primaries of the N=2 algebra carry l = 0..k, s = 0 (Neveu-Schwarz) or 1 (Ramond), and m with l + m + s even and
    |m - s| <= l. Each sector has (k+1)(k+2)/2 of them. In this range

        h = (l(l+2) - m^2)/(4(k+2)) + s/8,   c = 3k/(k+2)

    is the weight itself, not only modulo 1. Coset fields also have s = 2 (the superpartner of s = 0) and s = -1 (that
    of s = 1), and (l, m, s) is the same as (k-l, m+k+2, s+2); each of those is either a superpartner, which is no
    primary of the N=2 algebra, or has one name in the range above. The k+1 Ramond ground states are m = l+1, with
    h = c/24; chiral and antichiral primaries are m = l and m = -l in NS. Elsewhere the last term is s^2/8: on s = 0, 1
    it is the same.
    """

    name = "n2_superconformal"
    title = "N=2 superconformal, level k"
    state_labels = ("l", "m", "s")
    unary_operators = ("square",)
    finite_labels = ("s",)
    finite_values = ((0,), (1,))
    closed_forms = {
        "central_charge": "3*k/(k+2)",
        "conformal_weight": "(l*(l+2)-square(m))/(4*(k+2))+s/8",
        # Unitary: the identity is the lowest.
        "lowest_weight": "0",
        "primaries": "(k+1)*(k+2)",
    }
    source = (
        "Boucher, Friedan, Kent, Phys. Lett. B 172 (1986) 316; in the labels l, m, s: Gepner, Nucl. Phys. B 296 "
        "(1988) 757"
    )

    def states(self, theory: Theory) -> Iterator[State]:
        (k,) = theory
        for l in range(k + 1):
            # NS has m = -l, -l+2, ..., l and R has m = -l+1, -l+3, ..., l+1: together m = -l..l+1.
            for m in range(-l, l + 2):
                yield l, m, (l + m) % 2

    def central_charge(self, theory: Theory) -> Fraction:
        (k,) = theory
        return Fraction(3 * k, k + 2)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (k,), (l, m, s) = theory, state
        return Fraction(2 * (l * (l + 2) - m * m) + s * (k + 2), 8 * (k + 2))
