"""What a family of theories declares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import gcd
from typing import ClassVar

Theory = tuple[int, ...]
State = tuple[int, ...]


class Family(ABC):
    """A family of rational conformal field theories, exact throughout.

    A family is one module in this folder with one subclass, written as a frozen dataclass whose fields are the
    conventions that a user may change (`conventions:` in config.yaml). Nothing else needs to know of it.

    Class attributes
        name              the module's name, used in config.yaml and in paths
        title             what tables and figures call it
        theory_labels     names of the integers that fix a theory
        state_labels      names of the integers that fix a primary field within a theory
        unary_operators   operators besides + - * / that a search on this family may use
        finite_labels     state labels that take finitely many values over the whole family (a sector, a parity)
        finite_values     every joint value that these labels take in any theory, in the order of `finite_labels`
        closed_forms      task name -> the textbook formula, in the labels; used to judge a fit, never to make one
        source            where the closed forms are printed
    """

    name: ClassVar[str]
    title: ClassVar[str]
    theory_labels: ClassVar[tuple[str, ...]]
    state_labels: ClassVar[tuple[str, ...]]
    unary_operators: ClassVar[tuple[str, ...]] = ()
    finite_labels: ClassVar[tuple[str, ...]] = ()
    finite_values: ClassVar[tuple[tuple[int, ...], ...]] = ()
    closed_forms: ClassVar[dict[str, str]]
    source: ClassVar[str]

    @abstractmethod
    def theories(self) -> Iterator[Theory]:
        """All theories, smallest first; the iterator never ends."""

    @abstractmethod
    def states(self, theory: Theory) -> Iterator[State]:
        """The labels of the theory's primary fields, each field once, in lexicographic order."""

    @abstractmethod
    def central_charge(self, theory: Theory) -> Fraction:
        """The central charge c."""

    @abstractmethod
    def conformal_weight(self, theory: Theory, state: State) -> Fraction:
        """The conformal weight h of one primary field."""


@dataclass(frozen=True)
class LevelFamily(Family):
    """A family with one theory at each level k = first_level, first_level + 1, ..."""

    first_level: int = 1

    theory_labels = ("k",)

    def theories(self) -> Iterator[Theory]:
        return ((k,) for k in count(self.first_level))


def coprime_pairs(smallest: int) -> Iterator[Theory]:
    """All coprime p > q >= smallest, ordered by (p + q, p)."""
    for total in count(2 * smallest + 1):
        for p in range(total // 2 + 1, total - smallest + 1):
            if gcd(p, total - p) == 1:
                yield p, total - p
