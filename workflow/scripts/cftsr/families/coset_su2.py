"""The diagonal cosets su(2)_k x su(2)_m / su(2)_{k+m}."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

from cftsr.families.base import Family, State, Theory


@dataclass(frozen=True)
class CosetSu2(Family):
    """The coset at levels k >= first_level, m >= 1, ordered by (k + m, m); m = 1 is Virasoro, m = 2 is N=1.

    The rows are the primaries of the algebra that m selects, which is Virasoro (m = 1), N=1 (m = 2), that of spin 4/3
    (m = 4), and in general has currents that are Z_m parafermions times vertex operators. They carry r = 1..k+1 from
    su(2)_k, s = 1..k+m+1 from su(2)_{k+m}, and t = (r-s) mod m, which picks the representation of su(2)_m (t or m-t
    is twice its spin) and the weight of a Z_m spin field. No rational function of r, s and m gives t, so it is a label.

        h = ((r(k+m+2) - s(k+2))^2 - m^2)/(4m(k+2)(k+m+2)) + t(m-t)/(2m(m+2))
        c = 3k/(k+2) + 3m/(m+2) - 3(k+m)/(k+m+2) = 3m/(m+2) - 6m/((k+2)(k+m+2))

    (r, s) and (k+2-r, k+m+2-s) name one field, and t goes to m-t: the lexicographically smaller pair is kept. For even
    k and m one pair is its own partner and is one row. The other fields of the coset are descendants of these under
    the algebra, and are not rows. Exchanging k and m gives the same conformal field theory, read with another algebra
    (M(5,4) and SM(5,3), for instance) and hence with other rows: with `both_orders` both are theories of the family,
    without it only k >= m.
    """

    first_level: int = 1
    both_orders: bool = True

    name = "coset_su2"
    title = "Coset su(2)_k x su(2)_m / su(2)_{k+m}"
    theory_labels = ("k", "m")
    state_labels = ("r", "s", "t")
    unary_operators = ("square",)
    closed_forms = {
        "central_charge": "3*m/(m+2)-6*m/((k+2)*(k+m+2))",
        "conformal_weight": "(square(r*(k+m+2)-s*(k+2))-square(m))/(4*m*(k+2)*(k+m+2))+t*(m-t)/(2*m*(m+2))",
        # Unitary: the identity is the lowest.
        "lowest_weight": "0",
    }
    source = (
        "Goddard, Kent, Olive, Commun. Math. Phys. 103 (1986) 105 (c); Kastor, Martinec, Qiu, Phys. Lett. B 200 (1988) "
        "434, and Bagger, Nemeschansky, Yankielowicz, Phys. Rev. Lett. 60 (1988) 389 (h)"
    )

    def theories(self) -> Iterator[Theory]:
        for total in count(self.first_level + 1):
            for m in range(1, total - self.first_level + 1):
                if self.both_orders or total - m >= m:
                    yield total - m, m

    def states(self, theory: Theory) -> Iterator[State]:
        k, m = theory
        for r in range(1, k + 2):
            for s in range(1, k + m + 2):
                if (r, s) <= (k + 2 - r, k + m + 2 - s):
                    yield r, s, (r - s) % m

    def central_charge(self, theory: Theory) -> Fraction:
        k, m = theory
        return Fraction(3 * m, m + 2) - Fraction(6 * m, (k + 2) * (k + m + 2))

    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        (k, m), (r, s, t) = theory, state
        boson = Fraction((r * (k + m + 2) - s * (k + 2)) ** 2 - m * m, 4 * m * (k + 2) * (k + m + 2))
        return boson + Fraction(t * (m - t), 2 * m * (m + 2))
