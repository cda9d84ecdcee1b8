"""The minimal models of the W_3 algebra."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from cftsr.families.base import Family, State, Theory, coprime_pairs


@dataclass(frozen=True)
class W3Minimal(Family):
    """W_3(p,q), coprime p > q >= smallest_q, ordered by (p + q, p); p = q + 1 are the unitary ones.

    Primaries of W_3 carry two weights of su(3) in shifted Dynkin labels: r1, r2 >= 1 with r1 + r2 < q and s1, s2 >= 1
    with s1 + s2 < p. The Z_3 that turns (q-r1-r2, r1, r2) and (p-s1-s2, s1, s2) together leaves the field as it is;
    with `identify_fields` the lexicographically smallest of its three names is kept, (p-1)(p-2)(q-1)(q-2)/12 fields,
    without it all three are rows. Conjugate fields, (r1, r2, s1, s2) and (r2, r1, s2, s1), have equal h: both are rows.
    W_3(4,3), the trivial theory with c = 0, is the first.

        h = (x^2 + xy + y^2 - 3(p-q)^2)/(3pq) with x = p r1 - q s1, y = p r2 - q s2,   c = 2 - 24(p-q)^2/(pq)
    """

    smallest_q: int = 3
    identify_fields: bool = True

    name = "w3_minimal"
    title = "W_3 minimal W_3(p,q)"
    theory_labels = ("p", "q")
    state_labels = ("r1", "r2", "s1", "s2")
    unary_operators = ("square",)
    closed_forms = {
        "central_charge": "2-24*square(p-q)/(p*q)",
        "conformal_weight": ("(square(p*r1-q*s1)+(p*r1-q*s1)*(p*r2-q*s2)+square(p*r2-q*s2)-3*square(p-q))/(3*p*q)"),
        # x, y and x + y are not 0 in the range of the labels, so x^2 + xy + y^2 is at least 3.
        "lowest_weight": "(1-square(p-q))/(p*q)",
    }
    source = "Fateev, Zamolodchikov, Nucl. Phys. B 280 (1987) 644"

    def theories(self) -> Iterator[Theory]:
        return coprime_pairs(self.smallest_q)

    def states(self, theory: Theory) -> Iterator[State]:
        p, q = theory
        for r1 in range(1, q - 1):
            for r2 in range(1, q - r1):
                r0 = q - r1 - r2
                for s1 in range(1, p - 1):
                    for s2 in range(1, p - s1):
                        s0 = p - s1 - s2
                        state = r1, r2, s1, s2
                        if not self.identify_fields or state <= min((r0, r1, s0, s1), (r2, r0, s2, s0)):
                            yield state

    def central_charge(self, theory: Theory) -> Fraction:
        p, q = theory
        return 2 - Fraction(24 * (p - q) ** 2, p * q)

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (p, q), (r1, r2, s1, s2) = theory, state
        x, y = p * r1 - q * s1, p * r2 - q * s2
        return Fraction(x * x + x * y + y * y - 3 * (p - q) ** 2, 3 * p * q)
