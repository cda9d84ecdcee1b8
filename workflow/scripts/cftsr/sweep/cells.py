"""A cell of the sweep: one fit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache
from typing import Any


@dataclass(frozen=True, order=True)
class Cell:
    """One fit. `fraction` is text as in the configuration ("0.3"), None if rows are theories or a user's."""

    family: str
    task: str
    theories: int
    fraction: str | None
    setting: str
    engine: str
    seed: int

    @property
    def dataset(self) -> str:
        """The data set's name within its family and task: n100_f30, or n100 without a fraction."""
        return f"n{self.theories}" + (f"_f{percent(self.fraction)}" if self.fraction is not None else "")

    @property
    def spectrum(self) -> str:
        """The full name of the data set: family/task/n100_f30."""
        return f"{self.family}/{self.task}/{self.dataset}"

    @property
    def folder(self) -> str:
        return f"{self.spectrum}/{self.setting}/{self.engine}/seed{self.seed}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@cache  # called for each file of each cell
def percent(fraction: str) -> str:
    """ "0.3" -> "30", "0.125" -> "12.5"."""
    return f"{float(100 * Fraction(fraction)):.12g}"
