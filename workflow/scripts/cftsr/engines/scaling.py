"""The best scale and offset of an equation: a search that need not find them finds the rest sooner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cftsr.algebra.expressions import Expression, binary, constant, variable
from cftsr.algebra.integer_columns import LARGEST_COLUMN

# A spread of predictions below so many roundings of their size is noise: correlating it with the target means nothing.
ROUNDINGS = 64


@dataclass(frozen=True)
class Scaling:
    """scale * prediction + offset, the best that can be made of a prediction, and its mean squared error."""

    scale: float
    offset: float
    loss: float


def best_scaling(prediction: np.ndarray, target: np.ndarray) -> Scaling | None:
    """The scale and offset of least squares; None where a prediction is not finite.

    The objective `scaled` of a search, twice: here, and as `scaled_loss` in workflow/julia for PySR. A search minimises
    whatever it is given, so three ways to fool it are closed. Predictions that are constant up to rounding, or so small
    that they have lost their digits, count as constant: their loss is the target's variance. Predictions that are large
    are divided by the largest before they are squared, so that nothing overflows. All sums are in float64.

    prediction  float32 or float64, shape (rows,): the precision that it was computed in decides what is rounding
    target      float64, shape (rows,)
    """
    precision = np.finfo(prediction.dtype)
    y = np.asarray(target, dtype=np.float64)
    mean = float(y.mean())
    centred = y - mean
    constant_loss = float(np.mean(centred**2))
    size = float(np.max(np.abs(prediction), initial=0.0)) if np.all(np.isfinite(prediction)) else np.nan
    if not np.isfinite(size):
        return None
    if size < ROUNDINGS * float(precision.tiny):
        return Scaling(0.0, mean, constant_loss)
    p = np.asarray(prediction, dtype=np.float64) / size
    middle = float(p.mean())
    spread = p - middle
    squares = float(np.sum(spread**2))
    if squares <= len(p) * (ROUNDINGS * float(precision.eps)) ** 2:
        return Scaling(0.0, mean, constant_loss)
    slope = float(np.sum(spread * centred)) / squares
    loss = float(np.mean((centred - slope * spread) ** 2))
    return Scaling(slope / size, mean - slope * middle, loss)


def scaled(body: Expression, scaling: Scaling, integer: bool) -> Expression:
    """The equation with its scale and offset.

    integer  both are rounded to quotients of integer columns, so that no real constant is left
    """
    scale, offset = scaling.scale, scaling.offset
    if not integer:
        product = body if scale == 1 else binary("*", constant(scale), body)
        return product if offset == 0 else binary("+", product, constant(offset))
    product = _times(quotient_near(scale), body)
    if abs(offset) < 1e-6:
        return product
    return binary("-" if offset < 0 else "+", product, _quotient(quotient_near(abs(offset))))


_INTEGERS = range(1, LARGEST_COLUMN + 1)
QUOTIENTS = sorted({(a / b, a, b) for a in _INTEGERS for b in _INTEGERS}, key=lambda entry: (entry[0], entry[2]))


def quotient_near(value: float) -> tuple[int, int]:
    """The nearest quotient of two integers of 1..10, signed."""
    _, a, b = min(QUOTIENTS, key=lambda entry: (abs(entry[0] - abs(value)), entry[2]))
    return (-a if value < 0 else a), b


def _quotient(quotient: tuple[int, int]) -> Expression:
    above, below = quotient
    return variable(f"i{above}") if below == 1 else binary("/", variable(f"i{above}"), variable(f"i{below}"))


def _times(quotient: tuple[int, int], body: Expression) -> Expression:
    above, below = quotient
    if quotient == (1, 1):
        return body
    if above < 0:
        body = binary("*", binary("-", variable("i1"), variable("i2")), body)
    return body if (abs(above), below) == (1, 1) else binary("*", _quotient((abs(above), below)), body)
