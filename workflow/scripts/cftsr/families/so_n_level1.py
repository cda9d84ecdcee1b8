"""The so(n)_1 models: n free Majorana fermions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

from cftsr.families.base import Family, State, Theory


@dataclass(frozen=True)
class SoNLevel1(Family):
    """so(n) at level 1, n = smallest_n, smallest_n + 1, ...; n = 1 is the Ising model, n = 2 the Dirac fermion.

    Primaries carry two bits: s = 1 for a spinor, v = 1 where the vector has been fused on. (v, s) = (0, 0) is the
    identity, (1, 0) the vector, (0, 1) the spinor; even n has a second spinor, (1, 1), of the same weight. So there are
    three primaries for odd n, four for even n, and

        h = v(1-s)/2 + s n/16,   c = n/2
    """

    smallest_n: int = 1

    name = "so_n_level1"
    title = "so(n)_1"
    theory_labels = ("n",)
    state_labels = ("v", "s")
    finite_labels = ("v", "s")
    finite_values = ((0, 0), (0, 1), (1, 0), (1, 1))
    closed_forms = {
        "central_charge": "n/2",
        "conformal_weight": "v*(1-s)/2+n*s/16",
        # Unitary: the identity is the lowest.
        "lowest_weight": "0",
    }
    source = "Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997), chapter 15: free-fermion representations"

    def theories(self) -> Iterator[Theory]:
        return ((n,) for n in count(self.smallest_n))

    def states(self, theory: Theory) -> Iterator[State]:
        (n,) = theory
        yield from ((0, 0), (0, 1), (1, 0))
        if n % 2 == 0:
            yield 1, 1

    def central_charge(self, theory: Theory) -> Fraction:
        (n,) = theory
        return Fraction(n, 2)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (n,), (v, s) = theory, state
        return Fraction(8 * v * (1 - s) + n * s, 16)
