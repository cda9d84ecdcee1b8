"""What several test files share: data sets, problems, and the samples of real PySR."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cftsr.data.dataset import Dataset
from cftsr.data.generate import drawn_theories, lowest_levels
from cftsr.data.tasks import TASKS
from cftsr.engines.base import Problem
from cftsr.families import get_family

SAMPLES = Path(__file__).parents[1] / "data" / "pysr-samples"


@cache
def weights(
    family: str, theories: int, percent: int, rounding: str = "ceil", next_theories: int = 50
) -> tuple[Dataset, Dataset]:
    """The conformal weights of a cell of the sweep, and what is held out of it."""
    task = TASKS["conformal_weight"]
    return lowest_levels(get_family(family), task, theories, Fraction(percent, 100), rounding, next_theories)


@cache
def charges(family: str, theories: int = 100, pool: int = 300, seed: int = 0) -> tuple[Dataset, Dataset]:
    """The central charges of a cell of the sweep, and what is held out of it."""
    return drawn_theories(get_family(family), TASKS["central_charge"], theories, pool, seed)


def problem_from(
    labels: tuple[str, ...], theory_labels: int, rows: list[tuple], unary: tuple[str, ...] = ()
) -> Problem:
    """A problem from rows (label, ..., label, exact target)."""
    targets = [Fraction(row[-1]) for row in rows]
    return Problem(
        labels=labels,
        theory_labels=theory_labels,
        x=np.array([row[:-1] for row in rows], dtype=np.int64).reshape(len(rows), len(labels)),
        numerator=np.array([target.numerator for target in targets], dtype=np.int64),
        denominator=np.array([target.denominator for target in targets], dtype=np.int64),
        unary_operators=unary,
    )


@dataclass(frozen=True)
class Sample:
    """One fit of real PySR: its front, as text, and the equation it selected."""

    version: str
    family: str
    task: str
    theories: int
    percent: int | None
    setting: str
    rows: tuple[dict[str, str], ...]
    best: dict

    def data(self) -> tuple[Dataset, Dataset]:
        if self.percent is None:
            return charges(self.family, self.theories)
        return weights(self.family, self.theories, self.percent)


def _sample(path: Path) -> Sample:
    family, task, cell, setting = path.name.removesuffix(".equations.csv").split("-")
    theories, _, percent = cell.partition("_f")
    with path.open(newline="", encoding="utf-8") as stream:
        rows = tuple(csv.DictReader(stream))
    best = json.loads(path.with_name(path.name.replace(".equations.csv", ".json")).read_text(encoding="utf-8"))["best"]
    version = path.parent.name
    return Sample(version, family, task, int(theories[1:]), int(percent) if percent else None, setting, rows, best)


PYSR_SAMPLES = {f"{path.parent.name}/{path.name}": _sample(path) for path in sorted(SAMPLES.glob("*/*.equations.csv"))}


@pytest.fixture(params=PYSR_SAMPLES.values(), ids=PYSR_SAMPLES.keys())
def pysr_sample(request) -> Sample:
    return request.param
