"""The Virasoro minimal models M(p,q)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import gcd

from cftsr.families.base import Family, State, Theory


@dataclass(frozen=True)
class Minimal(Family):
    """M(p,q), coprime p > q >= smallest_q, ordered by (p + q, p).

    Primaries carry Kac labels 1 <= r <= q-1, 1 <= s <= p-1. (r, s) and (q-r, p-s) name one field: with
    `identify_fields` the lexicographically smaller pair is kept, without it both are rows. M(3,2), the trivial
    theory with c = 0, is the first.
    """

    smallest_q: int = 2
    identify_fields: bool = True

    name = "minimal"
    title = "Virasoro minimal M(p,q)"
    theory_labels = ("p", "q")
    state_labels = ("r", "s")
    unary_operators = ("square",)
    closed_forms = {
        "central_charge": "1-6*square(p-q)/(p*q)",
        "conformal_weight": "(square(p*r-q*s)-square(p-q))/(4*p*q)",
    }
    source = (
        "Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997), chapter 7; Table 1 and eq. (1) of the "
        "paper, whose eq. (1) prints c with a stray 4 in the denominator"
    )

    def theories(self) -> Iterator[Theory]:
        for total in count(2 * self.smallest_q + 1):
            for p in range(total // 2 + 1, total - self.smallest_q + 1):
                if gcd(p, total - p) == 1:
                    yield p, total - p

    def states(self, theory: Theory) -> Iterator[State]:
        p, q = theory
        for r in range(1, q):
            for s in range(1, p):
                if not self.identify_fields or (r, s) <= (q - r, p - s):
                    yield r, s

    def central_charge(self, theory: Theory) -> Fraction:
        p, q = theory
        return 1 - Fraction(6 * (p - q) ** 2, p * q)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (p, q), (r, s) = theory, state
        return Fraction((p * r - q * s) ** 2 - (p - q) ** 2, 4 * p * q)
