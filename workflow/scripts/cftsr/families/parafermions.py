"""The Z_k parafermions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from cftsr.families.base import LevelFamily, State, Theory


@dataclass(frozen=True)
class Parafermions(LevelFamily):
    """The coset su(2)_k / u(1)_k at level k = first_level, first_level + 1, ...; Z_2 is the Ising model.

    Primaries of the coset's chiral algebra carry l = 0..k and m modulo 2k with l - m even; (l, m) and (k-l, m+k) name
    one field, so there are k(k+1)/2. In the range |m| <= l

        h = l(l+2)/(4(k+2)) - m^2/(4k),   c = 2(k-1)/(k+2)

    is the weight itself, not only modulo 1. Every field has a name in that range, and the fields on its edge have two:
    (l, l) is (k-l, l-k). Of these the one with m = l is kept, and (0, 0) rather than (k, k) for the identity. So m runs
    over -l+2, -l+4, ..., l; without m = k at l = k; and l = 0 has m = 0. The parafermions themselves are (k, k-2j).
    """

    first_level: int = 2

    name = "parafermions"
    title = "Z_k parafermions"
    state_labels = ("l", "m")
    unary_operators = ("square",)
    closed_forms = {
        "central_charge": "2*(k-1)/(k+2)",
        "conformal_weight": "l*(l+2)/(4*(k+2))-square(m)/(4*k)",
        # Unitary: the identity is the lowest; (1, 1), the first spin field, is the next.
        "lowest_weight": "0",
        "gap": "(k-1)/(2*k*(k+2))",
        "primaries": "k*(k+1)/2",
    }
    source = (
        "Fateev, Zamolodchikov, Sov. Phys. JETP 62 (1985) 215; in the labels l, m: Gepner, Qiu, Nucl. Phys. B 285 "
        "(1987) 423"
    )

    def states(self, theory: Theory) -> Iterator[State]:
        (k,) = theory
        yield 0, 0
        for l in range(1, k + 1):
            for m in range(-l + 2, min(l, k - 1) + 1, 2):
                yield l, m

    def central_charge(self, theory: Theory) -> Fraction:
        (k,) = theory
        return Fraction(2 * (k - 1), k + 2)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (k,), (l, m) = theory, state
        return Fraction(k * l * (l + 2) - (k + 2) * m * m, 4 * k * (k + 2))
