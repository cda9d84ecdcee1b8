"""Which rows a search sees."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

WHOLE = (0.0, 1.0)


def sample_rows(target: np.ndarray, count: int, random: np.random.Generator, band: tuple[float, float] = WHOLE):
    """Indices of at most `count` rows: one drawn at random from each of `count` equal slices of the sorted target.

    target   float64, shape (rows,)
    band     quantiles of the target between which rows are drawn
    """
    low, high = band
    order = np.argsort(target, kind="stable")[int(low * len(target)) : int(np.ceil(high * len(target)))]
    if len(order) <= count:
        return np.sort(order)
    edges = np.linspace(0, len(order), count + 1).astype(int)
    return np.sort([order[random.integers(start, end)] for start, end in pairwise(edges)])
