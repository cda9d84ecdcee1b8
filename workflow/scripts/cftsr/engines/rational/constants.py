"""Known constants near a measured value, and how likely that is an accident."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, e, floor, log, log10, pi, sqrt

from cftsr.algebra.simplest_fraction import simplest_between
from cftsr.fronts.certificate import Constant

KNOWN = {
    "pi": pi,
    "pi^2": pi**2,
    "1/pi": 1 / pi,
    "1/pi^2": 1 / pi**2,
    "e": e,
    "sqrt(2)": sqrt(2),
    "sqrt(3)": sqrt(3),
    "sqrt(5)": sqrt(5),
    "(1+sqrt(5))/2": (1 + sqrt(5)) / 2,
    "log(2)": log(2),
    "zeta(3)": 1.2020569031595942,
}
CHANCE = 1e-3  # that one of the constants, times a fraction as simple, lies so near by accident; beyond, none is named
LEAST_POWER, MOST_POWER = -5, 15  # of ten, of numbers that are written without an exponent
FLOAT = 4e-16  # relative error of a constant in float64
DENSITY = 0.61  # fractions of denominator up to d in an interval of half-width w: 0.61 w d^2, on average


def measured(value: float, error: float) -> Constant:
    """The constant with its uncertainty, and the known one that it may be.

    error   half the width of the interval that the data leave to it
    """
    known_as, chance = recognised(value, error)
    return Constant(value, error, with_uncertainty(value, error), known_as, chance)


def recognised(value: float, error: float) -> tuple[str, float | None]:
    """A small fraction times a known constant within the error, where the digits carry it beyond chance; else "", None.

    The chance is that any of the constants, times any fraction with so small a numerator and denominator, lies within
    the error of an arbitrary number.
    """
    best: tuple[float, str] | None = None
    for name, constant in KNOWN.items():
        half = abs(error / constant) + FLOAT * abs(value / constant)
        ratio = value / constant
        fraction = simplest_between(Fraction(ratio - half), Fraction(ratio + half))
        if not fraction:
            continue
        size = max(fraction.denominator, min(abs(fraction.numerator), fraction.denominator**2))
        # In the variable log(ratio): large and small ratios are as likely.
        chance = len(KNOWN) * DENSITY * half * max(size**2, fraction.denominator**2, 1)
        if best is None or chance < best[0]:
            best = chance, _times(fraction, name)
    return (best[1], best[0]) if best is not None and best[0] <= CHANCE else ("", None)


def _times(fraction: Fraction, name: str) -> str:
    above, below = abs(fraction.numerator), fraction.denominator
    sign = "-" if fraction < 0 else ""
    over = name.removeprefix("1/") if name.startswith("1/") else ""
    top = str(above) if over else (name if above == 1 else f"{above}*{name}")
    bottom = [str(below)] * (below != 1) + [over] * bool(over)
    if not bottom:
        return sign + top
    return f"{sign}{top}/{bottom[0]}" if len(bottom) == 1 else f"{sign}{top}/({'*'.join(bottom)})"


def with_uncertainty(value: float, error: float) -> str:
    """13.60569312(1): the last digits in brackets are the uncertainty, rounded up."""
    if not error > 0:
        return repr(value)
    power = min(300, max(-300, floor(log10(abs(value))))) if value else 0
    if error < abs(value) and not LEAST_POWER <= power <= MOST_POWER:
        return f"{with_uncertainty(value / 10.0**power, error / 10.0**power)}e{power}"
    # The place of the uncertainty's leading digit; half a unit of the digit before it counts as one of that.
    place = floor(log10(error) + 1e-9)
    digits = ceil(error / 10.0**place - 1e-6)
    if digits >= 5:
        place, digits = place + 1, 1
    if place >= 0:
        return f"{round(value / 10**place) * 10**place:.0f}({digits * 10**place})"
    text = f"{value:.{-place}f}"
    if not text.strip("-0."):
        # Zero has no sign, and no need of hundreds of decimals.
        return f"0({digits})e{place}" if place < 2 * LEAST_POWER else f"{text.lstrip('-')}({digits})"
    return f"{text}({digits})"


def decimal_between(low: float, high: float) -> float:
    """The number of fewest decimals in the interval."""
    width = high - low
    if not width > 0:
        return low
    for places in range(-floor(log10(width)) - 1, 340):
        scale = Fraction(10) ** places
        value = round(Fraction((low + high) / 2) * scale) / scale
        if Fraction(low) <= value <= Fraction(high):
            return float(value)
    return (low + high) / 2
