"""The su(n)_k Wess-Zumino-Witten models for all n, on rectangular weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

from cftsr.families.base import Family, State, Theory


@dataclass(frozen=True)
class WzwSun(Family):
    """su(n) at level k, n >= smallest_n, k >= first_level, ordered by (n + k, n).

    The number of Dynkin labels grows with n, so the rows are a part of the primaries that two labels describe: the
    rectangular weights, a times the j-th fundamental weight, whose Young diagram has j rows of a boxes; j = 1..n-1,
    a = 1..k, and (0, 0) for the identity: 1 + k(n-1) fields. Among them are the antisymmetric tensors (a = 1), the
    symmetric tensors (j = 1) and the simple currents (a = k). For su(2)_k and su(n)_1 these are all primaries; from
    su(3)_2 on others are left out, the adjoint first. (j, a) and (n-j, a) are conjugate, with equal h: both are rows.

        h = a j (n-j)(n+a)/(2n(n+k)),   c = k(n^2-1)/(n+k)
    """

    smallest_n: int = 2
    first_level: int = 1

    name = "wzw_sun"
    title = "WZW su(n)_k, rectangular weights"
    theory_labels = ("n", "k")
    state_labels = ("j", "a")
    unary_operators = ("square",)
    closed_forms = {
        "central_charge": "k*(square(n)-1)/(n+k)",
        "conformal_weight": "a*j*(n-j)*(n+a)/(2*n*(n+k))",
        # Unitary: the identity is the lowest; the fundamental, j = a = 1, is the next.
        "lowest_weight": "0",
        "gap": "(square(n)-1)/(2*n*(n+k))",
        "primaries": "1+k*(n-1)",
    }
    source = (
        "Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997), chapter 15 (Sugawara) with the quadratic form "
        "of su(n) of chapter 13"
    )

    def theories(self) -> Iterator[Theory]:
        for total in count(self.smallest_n + self.first_level):
            for n in range(self.smallest_n, total - self.first_level + 1):
                yield n, total - n

    def states(self, theory: Theory) -> Iterator[State]:
        n, k = theory
        yield 0, 0
        for j in range(1, n):
            for a in range(1, k + 1):
                yield j, a

    def central_charge(self, theory: Theory) -> Fraction:
        n, k = theory
        return Fraction(k * (n * n - 1), n + k)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (n, k), (j, a) = theory, state
        return Fraction(a * j * (n - j) * (n + a), 2 * n * (n + k))
