"""The values of a hidden integer that occur: a range, a step, residues, multiples that are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from math import gcd
from typing import Any

from cftsr.hidden.formulas import Formula, Theory, fit_formula

LARGEST_MODULUS = 24
CONSTANTS = range(-1, 5)  # added to a label, or to a sum or difference of two, to give the moduli that are tried
EXPECTED = 20  # multiples expected by chance among the values, for their absence to be significant


@dataclass(frozen=True)
class Occurrence:
    """The rules for the hidden integers that occur in a theory.

    gapless    from the lowest on, in steps of `step`, none is left out
    lowest     a formula of the theory labels, or None
    highest    the same; only if all levels of the theories are known
    residues   (modulus, residues) that hold in all theories, if they exclude some numbers; else None
    avoided    expressions in the theory labels of which no hidden integer is a multiple
    share      the share that occurs of the whole numbers between a theory's lowest and highest that these rules allow
    """

    gapless: bool
    step: int
    lowest: Formula | None
    highest: Formula | None
    residues: tuple[int, tuple[int, ...]] | None
    avoided: tuple[str, ...]
    share: float

    def as_dict(self) -> dict[str, Any]:
        return {
            "gapless": self.gapless,
            "step": self.step,
            "lowest": self.lowest and self.lowest.text,
            "highest": self.highest and self.highest.text,
            "residues": self.residues and {"modulus": self.residues[0], "residues": list(self.residues[1])},
            "avoided": list(self.avoided),
            "share": self.share,
            "words": self.describe(),
        }

    def describe(self, name: str = "lambda") -> str:
        parts = []
        if self.gapless:
            first = self.lowest.text if self.lowest else "its lowest value"
            last = self.highest.text if self.highest else "..."
            second = f", {first}+{self.step}" if self.lowest and self.step > 1 else ""
            parts.append(f"{name} = {first}{second}, ..., {last}".replace(", ..., ...", ", ...") + ", without gaps")
        else:
            parts.append(f"{self.share:.0%} of the whole numbers in its range that the rules allow occur")
        if self.residues and not (self.gapless and self.lowest):
            modulus, residues = self.residues
            parts.append(f"{name} mod {modulus} is {' or '.join(map(str, residues))}")
        if self.avoided:
            parts.append(f"{name} is never a multiple of {' or '.join(self.avoided)}")
        return "; ".join(parts)


def occurrence(
    labels: tuple[str, ...],
    theories: Sequence[Theory],
    values: Sequence[Sequence[int]],
    complete: Sequence[bool],
) -> Occurrence:
    """The rules that a hidden integer's values obey.

    values    for each theory the sorted distinct values
    complete  for each theory whether all of its levels are known, so that the highest value has a meaning
    """
    several = [list(numbers) for numbers in values if len(numbers) > 1]
    steps = gcd(*(b - a for numbers in several for a, b in pairwise(numbers)))
    gapless = bool(several) and all(b - a == steps for numbers in several for a, b in pairwise(numbers))
    step = steps or 1
    nonempty = [row for row in zip(theories, values, complete, strict=True) if row[1]]
    rows = [(theory, numbers) for theory, numbers, _ in nonempty]
    lowest = fit_formula(labels, [theory for theory, _ in rows], [Fraction(numbers[0]) for _, numbers in rows])
    full = [(theory, numbers) for theory, numbers, everything in nonempty if everything]
    highest = fit_formula(labels, [theory for theory, _ in full], [Fraction(numbers[-1]) for _, numbers in full])
    if len(full) < 3:
        highest = None
    residues = _residues([numbers for _, numbers in rows])
    avoided = _avoided(labels, rows)
    return Occurrence(gapless, step, lowest, highest, residues, tuple(avoided), _share(labels, rows, residues, avoided))


def _residues(theories: list[Sequence[int]]) -> tuple[int, tuple[int, ...]] | None:
    """The smallest modulus with residues that exclude at least a third, in enough values to be no accident."""
    for modulus in range(2, LARGEST_MODULUS + 1):
        taken = sorted({value % modulus for numbers in theories for value in numbers})
        if 3 * (modulus - len(taken)) < modulus:
            continue
        # The other residues can only be missing by chance within the range of a theory.
        expected = 0.0
        for numbers in theories:
            low, high = numbers[0], numbers[-1]
            reached = sum(_count(low, high, residue, modulus) for residue in range(modulus) if residue not in taken)
            expected += len(numbers) * reached / (high - low + 1)
        if expected >= EXPECTED:
            return modulus, tuple(taken)
    return None


def _count(low: int, high: int, residue: int, modulus: int) -> int:
    """How many numbers from low to high have the residue."""
    return (high - residue) // modulus - (low - 1 - residue) // modulus


def _moduli(labels: tuple[str, ...]) -> list[tuple[str, tuple[int, ...], int]]:
    """Expressions of the labels that are tried as moduli: text, coefficients, constant; simplest first."""
    unit = [tuple(int(i == j) for i in range(len(labels))) for j in range(len(labels))]
    forms = [(label, coefficients) for label, coefficients in zip(labels, unit, strict=True)]
    for (one, a), (other, b) in combinations(list(forms), 2):
        forms.append((f"{one}+{other}", tuple(map(int.__add__, a, b))))
        forms.append((f"{one}-{other}", tuple(map(int.__sub__, a, b))))
    return [
        (text + (f"{constant:+}" if constant else ""), coefficients, constant)
        for constant in sorted(CONSTANTS, key=abs)
        for text, coefficients in forms
    ]


def _modulus(theory: Theory, coefficients: tuple[int, ...], constant: int) -> int:
    return abs(sum(a * b for a, b in zip(theory, coefficients, strict=True)) + constant)


def _avoided(labels: tuple[str, ...], rows: list[tuple[Theory, Sequence[int]]]) -> list[str]:
    avoided = []
    for text, coefficients, constant in _moduli(labels):
        expected = 0.0
        for theory, values in rows:
            modulus = _modulus(theory, coefficients, constant)
            if modulus < 2:
                continue
            if any(value % modulus == 0 for value in values):
                break
            # A multiple can only be missing by chance if the range reaches one.
            expected += len(values) / modulus if values[-1] >= modulus else 0
        else:
            if expected >= EXPECTED:
                avoided.append(text)
    return avoided


def _share(labels: tuple[str, ...], rows, residues, avoided: list[str]) -> float:
    forms = [(coefficients, constant) for text, coefficients, constant in _moduli(labels) if text in avoided]
    occurring = allowed = 0
    for theory, values in rows[:60]:
        moduli = [m for m in (_modulus(theory, *form) for form in forms) if m > 1]
        if values[-1] - values[0] > 200_000:
            continue
        occurring += len(values)
        allowed += sum(
            (residues is None or number % residues[0] in residues[1]) and all(number % m for m in moduli)
            for number in range(values[0], values[-1] + 1)
        )
    return occurring / allowed if allowed else 1.0
