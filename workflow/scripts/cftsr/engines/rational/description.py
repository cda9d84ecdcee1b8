"""Which of two formulas is the shorter description of a table, and how likely rows agree with one by accident.

A formula costs the bits of its coefficients, a row that it does not pass through those that name the row and its value.
All is counted with integers; nothing is fitted.
"""

from __future__ import annotations

from math import comb, log2

import numpy as np

from cftsr.algebra.rational_function import RationalFunction
from cftsr.data.dataset import Dataset


def bits_of(value: int) -> int:
    """The length of an integer in Elias' gamma code, with its sign."""
    return 2 * max(1, abs(value).bit_length()) if value else 1


def formula_bits(function: RationalFunction, unknowns: int) -> int:
    """The bits of a formula: each coefficient, and one for each monomial that the ansatz has and the formula lacks."""
    coefficients = [value for part in function for value in part.values()]
    return sum(map(bits_of, coefficients)) + max(0, unknowns - len(coefficients))


def row_bits(rows: Dataset, index: int) -> float:
    """The bits of an exception: which row, and what it says."""
    return log2(len(rows)) + bits_of(int(rows.numerator[index])) + bits_of(int(rows.denominator[index]))


def bits_per_row(rows: Dataset) -> float:
    """How surprising it is that a row agrees with an unrelated formula, in bits.

    Two bounds, the smaller of which holds: targets that are often the same agree often (the chance that two rows do),
    and targets of few digits are soon hit (half the rows have more).
    """
    values = list(zip(rows.numerator.tolist(), rows.denominator.tolist(), strict=True))
    _, counts = np.unique([f"{a}/{b}" for a, b in values], return_counts=True)
    same = float(np.sum(np.square(counts / len(values))))
    digits = float(np.median([log2(1 + abs(a)) + log2(b) for a, b in values]))
    return min(-log2(same), digits)


def surprise(rows: Dataset, agreeing: int, unknowns: int, tried: int) -> float:
    """-log2 of the chance that so many rows agree with some formula of so many unknowns, of `tried` kinds, by accident.

    The formula is determined by one row fewer than it has unknowns; each further row that agrees is a surprise. Any
    rows may be the ones left out, which makes it smaller.
    """
    spare = agreeing - (unknowns - 1)
    return spare * bits_per_row(rows) - log2(comb(len(rows), agreeing)) - log2(max(1, tried))
