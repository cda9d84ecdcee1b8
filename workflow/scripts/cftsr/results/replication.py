"""Whether the paper's numbers replicate: each is compared with the recorded runs with the paper's settings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cftsr.results.findings import CellFits, Findings
from cftsr.results.published import Published, PublishedValue

SAME = 0.05  # relative: published numbers have few digits, so closer values count as the same
# An exact formula with constants in 32-bit floats (PySR's default) leaves a mean squared error below this; the paper
# also counts such fits as the formula: how small the error is depends on the machine, and is no result.
ROUNDING = 1e-8
WITHIN, BOTH_EXACT, BETTER, WORSE, OTHER, ABSENT, SUSPECT = (
    "within the range", "both exact up to rounding", "better here", "worse here", "outside the range", "not recorded",
    "suspect in the paper",
)  # fmt: skip
REPLICATES = (WITHIN, BOTH_EXACT)
COMPARED = ("loss", "score", "complexity")


@dataclass(frozen=True)
class Comparison:
    """One published number and PySR's on the same cell.

    low, middle, high   over the seeds; None if the cell is not in the record
    answer              one of the words above
    distance            how far outside the range it is: a factor for a loss, a difference for a score or a complexity
    """

    published: PublishedValue
    fits: CellFits | None
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    answer: str = ABSENT
    distance: str = ""

    @property
    def replicates(self) -> bool:
        return self.answer in REPLICATES


def compare(published: PublishedValue, fits: CellFits | None) -> Comparison:
    """Whether the published value is in the range of the seeds, or how far outside; SAME widens the range."""
    if published.suspect:
        return Comparison(published, fits, answer=SUSPECT)
    if fits is None or not fits.results:
        return Comparison(published, None)
    theirs, quantity = published.value, published.quantity
    middle = fits.median(quantity)
    low, high = fits.extremes(quantity) or (middle, middle)
    comparison = Comparison(published, fits, low, middle, high)
    if quantity == "loss" and theirs < ROUNDING and low < ROUNDING:
        return _answered(comparison, BOTH_EXACT)
    if _reaches(theirs, low, high):
        return _answered(comparison, WITHIN)
    nearest = low if theirs < low else high
    if quantity == "loss":
        return _answered(comparison, WORSE if theirs < low else BETTER, _factor(theirs, nearest))
    if quantity == "score":
        return _answered(comparison, OTHER, _difference(nearest, theirs))
    return _answered(comparison, OTHER, f"by {nearest - theirs:+g} {'node' if abs(nearest - theirs) == 1 else 'nodes'}")


def _answered(comparison: Comparison, answer: str, distance: str = "") -> Comparison:
    return Comparison(
        comparison.published, comparison.fits, comparison.low, comparison.middle, comparison.high, answer, distance
    )


def _reaches(value: float, low: float, high: float) -> bool:
    def near(one: float, other: float) -> bool:
        return one == other or abs(one - other) <= SAME * max(abs(one), abs(other)) < math.inf

    return low <= value <= high or near(value, low) or near(value, high)


def _factor(theirs: float, ours: float) -> str:
    if not theirs or not ours:
        return "one of the two is exactly 0"
    ratio = ours / theirs if ours > theirs else theirs / ours
    return f"by a factor of {ratio:.2g}" if ratio < 1000 else f"by {math.log10(ratio):.1f} orders of magnitude"


def _difference(ours: float, theirs: float) -> str:
    if math.isinf(ours) or math.isinf(theirs):
        return "infinite here" if math.isinf(ours) else "infinite in the paper"
    return f"by {ours - theirs:+.3g}"


def comparisons(findings: Findings, published: Published) -> list[Comparison]:
    """Every published number of Tables 3 to 6 with a counterpart in PySR's runs, in the paper's order."""
    comparisons = []
    for value in published.values:
        if value.quantity in COMPARED and value.table >= 3:
            place = (value.family, value.task, value.fraction, value.setting)
            comparisons.append(compare(value, findings.reference(place, value.theories)))
    return comparisons


def counts(comparisons: Iterable[Comparison]) -> Counter[str]:
    return Counter(comparison.answer for comparison in comparisons)


def compared(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """The comparisons that are neither suspect nor absent."""
    return [comparison for comparison in comparisons if comparison.answer not in (SUSPECT, ABSENT)]
