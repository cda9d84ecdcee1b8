"""The result of a search for hidden quantum numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from cftsr.data.unlabelled import LAMBDA, MU
from cftsr.hidden.bare import BareTheory
from cftsr.hidden.formulas import Formula
from cftsr.hidden.occurrence import Occurrence
from cftsr.vocabulary import IDENTIFIED, NONE

# The kinds of formula for the energies, in the order of the search: the first that explains all levels is taken.
ONE_INTEGER = "one integer"
THEORY_SHIFT = "one integer, shift of the theory"
SECTORS = "one integer, sectors"
FORM = "quadratic form"
TWO_DENOMINATORS = "two integers, two denominators"
SPLIT_FORM = "product of two integers"
KINDS = (ONE_INTEGER, THEORY_SHIFT, SECTORS, FORM, TWO_DENOMINATORS, SPLIT_FORM)

HiddenIntegers = tuple[int, ...]  # the hidden integers of a level; sector last, where there are several


@dataclass(frozen=True)
class Sector:
    """The levels of all theories that share a shift.

    shift        s, the same in all theories; None where it depends on the theory
    offset       e, a formula of the theory labels, where E = (lambda^2 - e)/D; None where the shift is constant
    denominator  D as a formula of the theory labels; None if there is none (or the theories have no labels)
    levels       how many levels the sector has
    occurrence   which hidden integers occur; None for two hidden integers, where it is not determined
    rule         which pairs occur, in words, for a product of two
    """

    shift: Fraction | None
    offset: Formula | None
    denominator: Formula | None
    levels: int
    occurrence: Occurrence | None = None
    rule: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "shift": None if self.shift is None else str(self.shift),
            "offset": self.offset and self.offset.as_dict(),
            "denominator": self.denominator and self.denominator.as_dict(),
            "levels": self.levels,
            "occurrence": {"words": self.rule} if self.rule else self.occurrence and self.occurrence.as_dict(),
        }


@dataclass(frozen=True)
class Coverage:
    """How many levels and theories are explained, of how many. A level is explained if its hidden integers are whole
    with the D and s of its theory; a theory, if all of its levels are."""

    levels: int
    of_levels: int
    theories: int
    of_theories: int

    @property
    def exact(self) -> bool:
        return self.levels == self.of_levels

    def as_dict(self) -> dict[str, int]:
        return dict(vars(self))


@dataclass(frozen=True)
class Finding:
    """The hidden quantum numbers of a bare spectrum, or why there are none.

    kind                one of KINDS, or none
    outcome             identified, fits or none, in the sense of the exact engine
    reasons             why not identified; why none
    sectors             one or more
    form                (a, b, c) of a x^2 + b x y + c y^2, for a quadratic form; (0, 1, 0) for a product
    second_denominator  D' of lambda^2/D -+ mu^2/D' - s; `sign` is that of mu^2
    denominators        D of each theory, in the order of the data; known also for theories without labels
    hidden              for each theory the hidden integers of each level
    data, held_out      how many levels the formulas explain; held_out is None where nothing was held out
    certificate         how many shifts were tried, the best of them, how well random spectra are explained
    explain             theory, in the data or not -> the hidden integers of each level, None for a level without
    """

    kind: str
    outcome: str
    reasons: tuple[str, ...] = ()
    sectors: tuple[Sector, ...] = ()
    form: tuple[int, int, int] | None = None
    second_denominator: Formula | None = None
    sign: int = -1
    denominators: tuple[Fraction | None, ...] = ()
    hidden: tuple[tuple[HiddenIntegers | None, ...], ...] = ()
    data: Coverage | None = None
    held_out: Coverage | None = None
    certificate: dict[str, Any] = field(default_factory=dict)
    explain: Callable[[BareTheory], tuple[HiddenIntegers | None, ...]] | None = field(
        default=None, compare=False, repr=False
    )

    @property
    def several_sectors(self) -> bool:
        return len(self.sectors) > 1

    @property
    def identified(self) -> bool:
        """Whether the data determine the hidden numbers, and the held-out levels agree."""
        return self.outcome == IDENTIFIED and (self.held_out is None or self.held_out.exact)

    def equations(self, name: str = LAMBDA, second: str = MU, symbol: str = "E") -> tuple[str, ...]:
        """E for each sector in the project's syntax; () where D is no formula of the labels."""
        texts = []
        for sector in self.sectors:
            if sector.denominator is None or (self.kind == TWO_DENOMINATORS and self.second_denominator is None):
                return ()
            number = f"square({name})"
            if self.form is not None:
                number = _form_text(self.form, name, second)
            if sector.offset is not None:
                number = f"{number}-{_enclosed(sector.offset.text)}"
            text = f"{_enclosed(number)}/{_enclosed(sector.denominator.text, '*/')}"
            if self.second_denominator is not None:
                below = _enclosed(self.second_denominator.text, "*/")
                text += f"{'+' if self.sign > 0 else '-'}square({second})/{below}"
            if sector.shift:
                text += f"-{sector.shift}" if sector.shift > 0 else f"+{-sector.shift}"
            texts.append(f"{symbol} = {text}")
        return tuple(texts)

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON values, without the hidden integers of each level."""
        return {
            "kind": self.kind,
            "outcome": self.outcome,
            "reasons": list(self.reasons),
            "equations": list(self.equations()),
            "sectors": [sector.as_dict() for sector in self.sectors],
            "form": self.form and list(self.form),
            "sign": self.sign,
            "second_denominator": self.second_denominator and self.second_denominator.as_dict(),
            "denominators": [None if value is None else str(value) for value in self.denominators[:SHOWN]],
            "data": self.data and self.data.as_dict(),
            "held_out": self.held_out and self.held_out.as_dict(),
            "certificate": self.certificate,
        }


SHOWN = 50  # denominators in the JSON form


def no_finding(reasons: tuple[str, ...], certificate: dict[str, Any]) -> Finding:
    return Finding(NONE, NONE, reasons, certificate=certificate)


def _enclosed(text: str, further: str = "") -> str:
    """The text in parentheses if it is a sum, or has one of the further operators outside of parentheses."""
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth == 0 and character in "+-" + further:
            return f"({text})"
    return text


def _form_text(form: tuple[int, int, int], x: str, y: str) -> str:
    terms = []
    for coefficient, term in zip(form, (f"square({x})", f"{x}*{y}", f"square({y})"), strict=True):
        if coefficient:
            size = "" if abs(coefficient) == 1 else f"{abs(coefficient)}*"
            terms.append(("-" if coefficient < 0 else "+" if terms else "") + size + term)
    return "".join(terms)
