"""All primaries of the Wess-Zumino-Witten model of a simple Lie algebra at level k.

The families of rank above two list the primaries that a fixed number of labels describes (rectangular weights of su(n),
symmetric tensors of so(n)). A user's spectrum has all primaries, so the index needs all of them.

Di Francesco, Mathieu, Senechal, Conformal Field Theory (1997): chapter 13 (Cartan matrices, comarks, quadratic forms),
chapter 15 (the Sugawara construction): h = <w, w + 2 rho>/(2(k+g)), c = k dim/(k+g), long roots of length squared 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

from cftsr.algebra.echelon import reduced_echelon
from cftsr.errors import UserError

# By type; n is the rank.
DUAL_COXETER = {
    "A": lambda n: n + 1,
    "B": lambda n: 2 * n - 1,
    "C": lambda n: n + 1,
    "D": lambda n: 2 * n - 2,
    "E": lambda n: {6: 12, 7: 18, 8: 30}[n],
    "F": lambda n: 9,
    "G": lambda n: 4,
}
DIMENSION = {
    "A": lambda n: n * (n + 2),
    "B": lambda n: n * (2 * n + 1),
    "C": lambda n: n * (2 * n + 1),
    "D": lambda n: n * (2 * n - 1),
    "E": lambda n: {6: 78, 7: 133, 8: 248}[n],
    "F": lambda n: 52,
    "G": lambda n: 14,
}


def _bonds(kind: str, rank: int) -> list[tuple[int, int]]:
    chain = [(i, i + 1) for i in range(rank - 1)]
    if kind == "D":
        return [*chain[:-1], (rank - 3, rank - 1)]
    if kind == "E":  # the last node hangs on the third from the end of the chain
        return [*chain[:-1], (rank - 4, rank - 1)]
    return chain


def _lengths(kind: str, rank: int) -> list[Fraction]:
    """The squared lengths of the simple roots; 2 for long ones."""
    short = {"B": [rank - 1], "C": list(range(rank - 1)), "F": [2, 3], "G": [1]}.get(kind, [])
    length = Fraction(2, 3) if kind == "G" else Fraction(1)
    return [length if i in short else Fraction(2) for i in range(rank)]


@dataclass(frozen=True)
class Algebra:
    """A simple Lie algebra, as Cartan's letter and rank: A_n = su(n+1), B_n = so(2n+1), C_n = sp(2n), D_n = so(2n)."""

    kind: str
    rank: int

    def __post_init__(self) -> None:
        smallest = {"A": 1, "B": 2, "C": 2, "D": 3, "E": 6, "F": 4, "G": 2}
        largest = {"E": 8, "F": 4, "G": 2}
        if self.kind not in smallest or not smallest[self.kind] <= self.rank <= largest.get(self.kind, self.rank):
            raise UserError(f"there is no simple Lie algebra {self.kind}_{self.rank}")

    @property
    def name(self) -> str:
        n = self.rank
        classical = {"A": f"su({n + 1})", "B": f"so({2 * n + 1})", "C": f"sp({2 * n})", "D": f"so({2 * n})"}
        return classical.get(self.kind, f"{self.kind}{n}")

    @property
    def dual_coxeter(self) -> int:
        return DUAL_COXETER[self.kind](self.rank)

    @property
    def dimension(self) -> int:
        return DIMENSION[self.kind](self.rank)

    @cached_property
    def products(self) -> list[list[Fraction]]:
        """The scalar products of the simple roots."""
        lengths = _lengths(self.kind, self.rank)
        matrix = [[lengths[i] if i == j else Fraction(0) for j in range(self.rank)] for i in range(self.rank)]
        for i, j in _bonds(self.kind, self.rank):
            # The longer root's coroot has product -1 with the shorter root.
            matrix[i][j] = matrix[j][i] = -max(lengths[i], lengths[j]) / 2
        return matrix

    @cached_property
    def form(self) -> list[list[Fraction]]:
        """The scalar products of the fundamental weights."""
        rank, lengths = self.rank, _lengths(self.kind, self.rank)
        # <w_i, coroot_j> = delta_ij, so the matrix is diag(|a|^2/2) (root products)^-1 diag(|a|^2/2).
        rows = [[*row, *(Fraction(int(i == j)) for j in range(rank))] for i, row in enumerate(self.products)]
        inverse = [row[rank:] for row in reduced_echelon(rows)]
        half = [length / 2 for length in lengths]
        return [[half[i] * inverse[i][j] * half[j] for j in range(rank)] for i in range(rank)]

    @cached_property
    def comarks(self) -> list[int]:
        """The coefficients of the highest root's coroot in the simple coroots: a weight has level <w, theta>."""
        # The highest root is the dominant long root: climb from a long simple root by adding simple roots.
        products = self.products
        root = [0] * self.rank
        root[next(i for i in range(self.rank) if products[i][i] == 2)] = 1
        climbing = True
        while climbing:
            climbing = False
            for j in range(self.rank):
                # <root, coroot_j> < 0: the reflection adds a multiple of root j and stays long.
                value = sum(root[i] * products[i][j] for i in range(self.rank)) * 2 / products[j][j]
                if value < 0:
                    root[j] -= int(value)
                    climbing = True
        return [int(root[i] * products[i][i] / 2) for i in range(self.rank)]

    def weights(self, level: int) -> Iterator[tuple[int, ...]]:
        """The Dynkin labels of all primaries at a level."""

        def extend(labels: tuple[int, ...], left: int) -> Iterator[tuple[int, ...]]:
            if len(labels) == self.rank:
                yield labels
                return
            mark = self.comarks[len(labels)]
            for value in range(left // mark + 1):
                yield from extend((*labels, value), left - value * mark)

        return extend((), level)

    def central_charge(self, level: int) -> Fraction:
        return Fraction(level * self.dimension, level + self.dual_coxeter)

    def conformal_weights(self, level: int) -> Iterator[Fraction]:
        """h of all primaries, in the order of `weights`."""
        scale = lcm(*(value.denominator for row in self.form for value in row))
        form = [[int(value * scale) for value in row] for row in self.form]
        below = 2 * scale * (level + self.dual_coxeter)
        for labels in self.weights(level):
            shifted = [label + 2 for label in labels]
            total = sum(
                label * entry * other
                for label, row in zip(labels, form, strict=True)
                if label
                for entry, other in zip(row, shifted, strict=True)
            )
            yield Fraction(total, below)
