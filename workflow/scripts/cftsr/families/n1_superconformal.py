"""The N=1 superconformal minimal models SM(p,q)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import gcd

from cftsr.families.base import Family, State, Theory


@dataclass(frozen=True)
class N1Superconformal(Family):
    """SM(p,q), p > q >= smallest_q of equal parity with (p-q)/2 coprime to p, ordered by (p + q, p).

    Primaries of the N=1 algebra carry Kac labels 1 <= r <= q-1, 1 <= s <= p-1 and sector = (r-s) mod 2: 0 is
    Neveu-Schwarz, 1 is Ramond. The sector follows from r and s, but no rational function of them gives it, so it is a
    label of its own. (r, s) and (q-r, p-s) name one field of one sector: with `identify_fields` the lexicographically
    smaller pair is kept, without it both are rows. For even p and q the pair (q/2, p/2) is its own partner, the Ramond
    ground state with h = c/24, and is one row. A superpartner (h + 1/2 in NS) belongs to its primary's family and is
    not a row. SM(4,2), the trivial theory with c = 0, is the first.

        h = ((pr-qs)^2 - (p-q)^2)/(8pq) + sector/16,   c = 3/2 - 3(p-q)^2/(pq)
    """

    smallest_q: int = 2
    identify_fields: bool = True

    name = "n1_superconformal"
    title = "N=1 superconformal SM(p,q)"
    theory_labels = ("p", "q")
    state_labels = ("r", "s", "sector")
    unary_operators = ("square",)
    finite_labels = ("sector",)
    finite_values = ((0,), (1,))
    closed_forms = {
        "central_charge": "3*(1-2*square(p-q)/(p*q))/2",
        "conformal_weight": "(square(p*r-q*s)-square(p-q))/(8*p*q)+sector/16",
        # In NS |pr-qs| is even and not 0, and 2 occurs; in R h >= c/24, which is not lower.
        "lowest_weight": "(4-square(p-q))/(8*p*q)",
    }
    source = (
        "Friedan, Qiu, Shenker, Phys. Lett. B 151 (1985) 37, and Bershadsky, Knizhnik, Teitelman, ibid. 31: the "
        "unitary series p = q + 2; for general p, q the same Kac formula"
    )

    def theories(self) -> Iterator[Theory]:
        for total in count(2 * self.smallest_q + 2, step=2):
            for p in range(total // 2 + 1, total - self.smallest_q + 1):
                q = total - p
                if gcd((p - q) // 2, p) == 1:
                    yield p, q

    def states(self, theory: Theory) -> Iterator[State]:
        p, q = theory
        for r in range(1, q):
            for s in range(1, p):
                if not self.identify_fields or (r, s) <= (q - r, p - s):
                    yield r, s, (r - s) % 2

    def central_charge(self, theory: Theory) -> Fraction:
        p, q = theory
        return Fraction(3, 2) - Fraction(3 * (p - q) ** 2, p * q)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (p, q), (r, s, sector) = theory, state
        return Fraction(2 * ((p * r - q * s) ** 2 - (p - q) ** 2) + sector * p * q, 16 * p * q)
