"""The Virasoro minimal models M(p,q)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from cftsr.families.base import Family, State, Theory, coprime_pairs


@dataclass(frozen=True)
class Minimal(Family):
    """M(p,q), coprime p > q >= smallest_q, ordered by (p + q, p).

    Primaries carry Kac labels 1 <= r <= q-1, 1 <= s <= p-1. (r, s) and (q-r, p-s) name one field: with
    `identify_fields` the lexicographically smaller pair is kept, without it both are rows. M(3,2), the trivial
    theory with c = 0, is the first.

    With n = |pr - qs|, h = (n^2 - (p-q)^2)/(4pq). As p and q are coprime, n = 1 is always among the fields and is the
    lowest, so c_eff = c - 24 h_min = 1 - 6/(pq). n = 2 is among them if and only if q > 2, and the gap is then 3/(4pq);
    for q = 2 n is odd, and the gap is (9-1)/(4pq) = 1/p (none in M(3,2)): one formula only where the conventions start
    from q = 3. The sum over all (r, s) of n^2 is pq(p-1)(q-1)(pq-p-q)/6, by the sums of the first integers and of their
    squares; each field is met twice.
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
        "lowest_weight": "(1-square(p-q))/(4*p*q)",
        "effective_central_charge": "1-6/(p*q)",
        "primaries": "(p-1)*(q-1)/2",
        "weight_sum": "(p-1)*(q-1)*(p*q*(p*q-p-q)-6*square(p-q))/(48*p*q)",
    }
    source = (
        "Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997), chapter 7; Table 1 and eq. (1) of the "
        "paper, whose eq. (1) prints c with a stray 4 in the denominator; Itzykson, Saleur, Zuber, Europhys. Lett. 2 "
        "(1986) 91 for the effective central charge; the rest is derived in the class's docstring"
    )

    def __post_init__(self) -> None:
        # Some closed forms follow the conventions: the attribute of the class is that of the defaults.
        forms = dict(self.closed_forms)
        if self.smallest_q > 2:
            forms["gap"] = "3/(4*p*q)"
        if not self.identify_fields:
            forms |= {name: f"2*({forms[name]})" for name in ("primaries", "weight_sum")}
        object.__setattr__(self, "closed_forms", forms)

    def theories(self) -> Iterator[Theory]:
        return coprime_pairs(self.smallest_q)

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
