"""The so(n)_k Wess-Zumino-Witten models for all n, on symmetric traceless tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

from cftsr.families.base import Family, State, Theory


@dataclass(frozen=True)
class WzwSoVector(Family):
    """so(n) at level k, n >= smallest_n, k >= first_level, ordered by (n + k, n).

    The rows are a part of the primaries that one label describes: the symmetric traceless tensors of rank j = 0..k,
    of which j = 1 is the vector: k + 1 fields. Spinors and tensors of other symmetry are left out. The formula holds
    from n = 3 on, where so(3)_k is su(2)_{2k} (j is the spin) and so(4)_k is su(2)_k x su(2)_k (spins j/2 and j/2).

        h = j(j+n-2)/(2(k+n-2)),   c = k n(n-1)/(2(k+n-2))
    """

    smallest_n: int = 3
    first_level: int = 1

    name = "wzw_so_vector"
    title = "WZW so(n)_k, symmetric tensors"
    theory_labels = ("n", "k")
    state_labels = ("j",)
    closed_forms = {
        "central_charge": "k*n*(n-1)/(2*(k+n-2))",
        "conformal_weight": "j*(j+n-2)/(2*(k+n-2))",
        # Unitary: the identity is the lowest; the vector, j = 1, is the next.
        "lowest_weight": "0",
        "gap": "(n-1)/(2*(k+n-2))",
        "primaries": "k+1",
    }
    source = (
        "Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997), chapter 15 (Sugawara) with the quadratic "
        "forms of so(n) of chapter 13"
    )

    def theories(self) -> Iterator[Theory]:
        for total in count(self.smallest_n + self.first_level):
            for n in range(self.smallest_n, total - self.first_level + 1):
                yield n, total - n

    def states(self, theory: Theory) -> Iterator[State]:
        _, k = theory
        return ((j,) for j in range(k + 1))

    def central_charge(self, theory: Theory) -> Fraction:
        n, k = theory
        return Fraction(k * n * (n - 1), 2 * (k + n - 2))

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (n, k), (j,) = theory, state
        return Fraction(j * (j + n - 2), 2 * (k + n - 2))
