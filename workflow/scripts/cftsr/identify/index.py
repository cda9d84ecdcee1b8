"""The index: the lowest weights of every theory up to a bound, with which a spectrum is compared.

It holds the fourteen families, and all primaries of the Wess-Zumino-Witten models of su(n), so(n), sp(2n) and the
exceptional algebras, because from rank three on their families list only some primaries. Theories with the same c and
the same weights are one entry with several names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import islice
from math import lcm
from typing import Any

from cftsr.families import Theory, family_names, get_family
from cftsr.identify.lie import Algebra

STORED = 48  # distinct levels of a theory; a query may have no more than that
# Families that list only some primaries of each theory.
PARTIAL = ("wzw_so_vector", "wzw_sun")
# Of several names of a theory, the first from here is used.
PREFERRED = ("minimal", "wzw_su2", "wzw_su3", "wzw_sp4", "wzw_g2", "n1_superconformal", "so_n_level1", "w3_minimal")


@dataclass(frozen=True)
class Bounds:
    """The extent of the index.

    central_charge   the largest c (not |c|: non-unitary theories have c below any bound)
    one_label        number of theories of a family with one label
    two_labels       the same for a family with two
    rank, level      of the Lie algebras, for theories beyond the families
    primaries        a theory with more primaries is left out
    """

    central_charge: Fraction = Fraction(24)
    one_label: int = 60
    two_labels: int = 300
    rank: int = 16
    level: int = 24
    primaries: int = 4000

    def describe(self) -> str:
        return (
            f"c = {self.central_charge} of each factor, the first {self.one_label} theories of the families with one "
            f"label and {self.two_labels} of those with two, Lie algebras up to rank {self.rank} and level "
            f"{self.level}, {self.primaries} primaries"
        )


@dataclass(frozen=True)
class Name:
    """The name of a theory: its family (or algebra) with its labels, and the number of primaries listed there."""

    text: str
    source: str
    labels: tuple[int, ...]
    primaries: int
    partial: bool = False

    def __str__(self) -> str:
        return self.text

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.text,
            "source": self.source,
            "labels": list(self.labels),
            "primaries": self.primaries,
            "partial": self.partial,
        }


@dataclass(frozen=True, eq=False)
class IndexEntry:
    """A theory; compared by identity.

    names     of all theories with this c and these weights, the simplest first
    c         the central charge
    lowest    the lowest weight
    gaps      the distinct weights less the lowest, from 0 on: the first STORED
    complete  whether these are all
    """

    names: tuple[Name, ...]
    c: Fraction
    lowest: Fraction
    gaps: tuple[Fraction, ...]
    complete: bool

    @property
    def partial(self) -> bool:
        """Whether every name of it leaves primaries out."""
        return all(name.partial for name in self.names)

    @property
    def reach(self) -> Fraction | None:
        """The gap up to which the levels are known; None if all are."""
        return None if self.complete else self.gaps[-1]


@dataclass(frozen=True)
class Index:
    """All entries, sorted by their first gap; those with none come last."""

    entries: tuple[IndexEntry, ...]
    bounds: Bounds
    theories: int
    first_gaps: tuple[Fraction, ...] = field(repr=False, default=())


@cache
def build_index(bounds: Bounds = Bounds()) -> Index:
    """Every theory within the bounds; takes some seconds, once per process."""
    groups: dict[tuple, list[Name]] = {}
    count = 0
    for name, c, weights in _theories(bounds):
        # Over a common denominator: integers are hashed and compared many times faster than fractions.
        scale = lcm(*(weight.denominator for weight in weights))
        levels = sorted({weight.numerator * (scale // weight.denominator) for weight in weights})
        gaps = tuple(Fraction(level - levels[0], scale) for level in levels[:STORED])
        groups.setdefault((c, Fraction(levels[0], scale), gaps, len(levels) <= STORED), []).append(name)
        count += 1
    entries = [
        IndexEntry(tuple(sorted(names, key=_simplicity)), c, lowest, gaps, complete)
        for (c, lowest, gaps, complete), names in groups.items()
    ]
    visible = sorted((e for e in entries if len(e.gaps) > 1), key=lambda e: (e.gaps[1], e.c, str(e.names[0])))
    rest = sorted((e for e in entries if len(e.gaps) == 1), key=lambda e: (e.c, str(e.names[0])))
    return Index((*visible, *rest), bounds, count, tuple(e.gaps[1] for e in visible))


def _simplicity(name: Name) -> tuple:
    place = PREFERRED.index(name.source) if name.source in PREFERRED else len(PREFERRED)
    return name.partial, place, len(name.labels), sum(map(abs, name.labels)), name.text


def _theories(bounds: Bounds) -> Iterator[tuple[Name, Fraction, list[Fraction]]]:
    for family_name in family_names():
        family = get_family(family_name)
        labels = len(family.theory_labels)
        most = bounds.one_label if labels == 1 else bounds.two_labels
        for theory in islice(family.theories(), most):
            c = family.central_charge(theory)
            if c > bounds.central_charge:
                continue
            states = list(islice(family.states(theory), bounds.primaries + 1))
            if not 0 < len(states) <= bounds.primaries:
                continue
            weights = [family.conformal_weight(theory, state) for state in states]
            name = theory_name(family_name, theory)
            partial = family_name in PARTIAL
            text = f"{name} ({'symmetric tensors' if family_name == 'wzw_so_vector' else 'rectangular weights'} only)"
            yield Name(text if partial else name, family_name, theory, len(states), partial), c, weights
    yield from _wess_zumino_witten(bounds)


# Algebras, with their smallest rank, that no family covers in full. su(2), su(3), sp(4) = so(5), G2 have families.
ALGEBRAS = (("A", 3), ("B", 3), ("C", 3), ("D", 4), ("E", 6), ("F", 4))
LARGEST_RANK = {"E": 8, "F": 4}


def _wess_zumino_witten(bounds: Bounds) -> Iterator[tuple[Name, Fraction, list[Fraction]]]:
    for kind, smallest in ALGEBRAS:
        for rank in range(smallest, min(bounds.rank, LARGEST_RANK.get(kind, bounds.rank)) + 1):
            algebra = Algebra(kind, rank)
            for level in range(1, bounds.level + 1):
                c = algebra.central_charge(level)
                if c > bounds.central_charge:
                    break
                count = sum(1 for _ in islice(algebra.weights(level), bounds.primaries + 1))
                if count > bounds.primaries:
                    break
                name = Name(f"{algebra.name}_{level}", algebra.name, (rank, level), count)
                yield name, c, list(algebra.conformal_weights(level))


NAMES = {
    "coset_su2": "su(2)_{0} x su(2)_{1} / su(2)_{2}",
    "minimal": "M({0},{1})",
    "n1_superconformal": "SM({0},{1})",
    "n2_superconformal": "N=2 minimal, k={0}",
    "parafermions": "Z_{0} parafermions",
    "so_n_level1": "so({0})_1",
    "u1_boson": "u(1)_{0}",
    "w3_minimal": "W_3({0},{1})",
    "wzw_g2": "G2_{0}",
    "wzw_so_vector": "so({0})_{1}",
    "wzw_sp4": "sp(4)_{0}",
    "wzw_su2": "su(2)_{0}",
    "wzw_su3": "su(3)_{0}",
    "wzw_sun": "su({0})_{1}",
}


def theory_name(family: str, theory: Theory) -> str:
    """The usual name of a theory of a family; the family and its labels where there is no shorter one."""
    if family == "coset_su2":
        return NAMES[family].format(*theory, sum(theory))
    if family in NAMES:
        return NAMES[family].format(*theory)
    labels = get_family(family).theory_labels
    return f"{family}({', '.join(f'{label}={value}' for label, value in zip(labels, theory, strict=True))})"
