"""The rational number with the smallest denominator in an interval (the Stern-Brocot tree)."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np


def simplest_between(low: Fraction | float, high: Fraction | float) -> Fraction:
    """The rational with the smallest denominator in [low, high]; 0 where it lies there.

    Floats are the binary fractions that they are. Raises ValueError where low > high.
    """
    low, high = Fraction(low), Fraction(high)
    if low > high:
        raise ValueError("empty interval")
    if high < 0:
        return -simplest_between(-high, -low)
    if low <= 0:
        return Fraction(0)
    turns = []
    while True:
        whole = floor(low)
        if whole == low or whole + 1 <= high:
            value = Fraction(whole if whole == low else whole + 1)
            break
        turns.append(whole)
        low, high = 1 / (high - whole), 1 / (low - whole)
    for whole in reversed(turns):
        value = whole + 1 / value
    return value


def simplest_in(low: np.ndarray, high: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same for the intervals [low/scale, high/scale], with 0 <= low, all rows at once.

    low, high, scale   int64, shape (rows,)
    returns            numerators and denominators, int64, shape (rows,)

    Both ends are expanded as continued fractions until they part.
    """
    rows = len(low)
    above, below = np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=np.int64)
    p, q = np.ones(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64)  # the last convergent
    p_before, q_before = np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=np.int64)
    # Ends a/b <= c/d of the intervals of what is left of each number.
    a, b, c, d = low.copy(), scale.copy(), high.copy(), scale.copy()
    left = np.arange(rows)
    while len(left):
        whole = a // b
        at_end = whole * b == a
        term = np.where(at_end, whole, whole + 1)
        # An upper end of 1/0 is infinity, where an end of the interval was met exactly.
        ended = at_end | (d == 0) | (term * d <= c)
        rows_ended = left[ended]
        above[rows_ended] = term[ended] * p[ended] + p_before[ended]
        below[rows_ended] = term[ended] * q[ended] + q_before[ended]
        keep = ~ended
        left, whole = left[keep], whole[keep]
        a, b, c, d = a[keep], b[keep], c[keep], d[keep]
        p, q, p_before, q_before = (
            whole * p[keep] + p_before[keep],
            whole * q[keep] + q_before[keep],
            p[keep],
            q[keep],
        )
        a, b, c, d = d, c - whole * d, b, a - whole * b
    return above, below
