"""Formulas in the theory labels: fits of the exact engine to one number per theory, and their exact values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from cftsr.algebra.expressions import exact_value_at
from cftsr.algebra.formula import parse
from cftsr.algebra.square_classes import square_root
from cftsr.engines import get_engine
from cftsr.engines.base import Assignment, Problem, Progress
from cftsr.vocabulary import FITS, IDENTIFIED, NONE

# Of the exact engine. A denominator is a product of a few factors, not a function of degree 12.
OPTIONS = {"max_degree": 8, "max_unknowns": 120, "spare_rows": 12, "refit_without": 0.2, "wrong_rows": 0.0}
# How many of the smallest values of each label may be left out of a trial: small theories have exceptional levels.
SMALLEST = 2
LARGEST_PART = 2**62

Theory = tuple[int, ...]


@dataclass(frozen=True)
class Formula:
    """A rational function of the theory labels.

    outcome      identified or fits, from the exact engine
    certificate  of the exact engine; {} for a constant
    """

    text: str
    labels: tuple[str, ...]
    outcome: str
    certificate: dict[str, Any] = field(default_factory=dict, compare=False)

    def __call__(self, theory: Theory) -> Fraction | None:
        """The exact value, or None where the formula is undefined."""
        return exact_value_at(parse(self.text, self.labels), dict(zip(self.labels, theory, strict=True)))

    def as_dict(self) -> dict[str, Any]:
        return {"text": self.text, "outcome": self.outcome, "certificate": self.certificate}


def fit_formula(
    labels: tuple[str, ...], theories: Sequence[Theory], values: Sequence[Fraction], options: dict[str, Any] = OPTIONS
) -> Formula | None:
    """The exact engine's formula for one number per theory, or None if it finds none."""
    if not values:
        return None
    if len(set(values)) == 1:
        return Formula(str(values[0]), labels, IDENTIFIED if len(values) > 1 else FITS)
    if not labels or any(max(abs(value.numerator), value.denominator) > LARGEST_PART for value in values):
        return None
    problem = Problem(
        labels=labels,
        theory_labels=len(labels),
        x=np.array(theories, dtype=np.int64).reshape(len(theories), len(labels)),
        numerator=np.array([value.numerator for value in values], dtype=np.int64),
        denominator=np.array([value.denominator for value in values], dtype=np.int64),
        unary_operators=("square",),
    )
    progress = get_engine("rational")().advance(Assignment(problem, options, log=lambda line: None), Progress())
    certificate = progress.extra["certificate"]
    if certificate["outcome"] == NONE:
        return None
    return Formula(progress.candidates[-1].text, labels, certificate["outcome"], certificate)


def denominator_formula(
    labels: tuple[str, ...],
    theories: Sequence[Theory],
    primitive: Sequence[Fraction],
    steps: Sequence[int],
    whole: Callable[[Fraction], Fraction | None] = square_root,
    options: dict[str, Any] = OPTIONS,
) -> Formula | None:
    """D as a formula of the theory labels, from each theory's D up to a square.

    primitive  for each theory the D for which the hidden integers have no common divisor
    steps      for each theory the common divisor of their differences
    whole      the quotients by which D may be off: a function from the quotient to the factor of the hidden integers,
               or to None (the root of a rational square; for a quadratic form, the root or, for a norm, 1)

    A common divisor of one theory's integers (all even, for example) is an accident of that theory, so its D may need
    a square to follow the formula of the others. Tried in turn: D unchanged; D times the square that gives all theories
    the same step; only theories of one parity of labels; only those without the smallest labels. The formula must agree
    with every theory up to a square, and is scaled so that every hidden integer is whole.
    """
    for chosen, values in _proposals(theories, primitive, steps):
        formula = fit_formula(labels, [theories[i] for i in chosen], values, options)
        if formula is None:
            continue
        factors = []
        for theory, denominator in zip(theories, primitive, strict=True):
            value = formula(theory)
            factor = whole(value / denominator) if value else None
            if factor is None:
                break
            factors.append(factor)
        else:
            scale = lcm(*(factor.denominator for factor in factors)) ** 2
            if len(chosen) == len(theories) and scale == 1:
                return formula
            scaled = [scale * formula(theory) for theory in theories]
            return fit_formula(labels, theories, scaled, options)
    return None


def _proposals(theories: Sequence[Theory], primitive: Sequence[Fraction], steps: Sequence[int]):
    """Choices of theories, as indices, and a D for each of them."""
    everything = range(len(theories))
    yield everything, list(primitive)
    if not theories or not theories[0]:
        return
    common = lcm(*steps) if max(steps, default=0) < 1000 else 1
    if common and len(set(steps)) > 1 and all(steps):
        yield everything, [value * (common // step) ** 2 for value, step in zip(primitive, steps, strict=True)]
    width = len(theories[0])
    classes: dict[tuple[int, ...], list[int]] = {}
    for i in everything:
        classes.setdefault(tuple(label % 2 for label in theories[i]), []).append(i)
    for chosen in sorted(classes.values(), key=len, reverse=True):
        if len(classes) > 1 and len(chosen) > 2 + width:
            yield chosen, [primitive[i] for i in chosen]
    values = [sorted({theory[i] for theory in theories}) for i in range(width)]
    for smallest in range(1, SMALLEST + 1):
        chosen = [
            i
            for i in everything
            if all(label not in few[:smallest] for label, few in zip(theories[i], values, strict=True))
        ]
        if len(chosen) > 2 + width:
            yield chosen, [primitive[i] for i in chosen]
