"""The memory and time that a job requests on a cluster, from its cell alone, before any file exists.

The numbers for the exact engine and for verdicts are measured peaks with a margin; those for operon and PySR are
conservative guesses. A job that needed more is submitted again with two, three times as much (`attempt`), up to the
limits of `cluster` in config.yaml. Requesting too much costs time in the queue, too little costs one attempt: a fit
then continues from its last finished chunk.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cftsr.engines import get_engine

DATASET = re.compile(r"n(\d+)(?:_f([\d.]+))?")

INTERPRETER_MB = 400  # Python and Snakemake on top of a job: 60 to 150 MB measured, twice in a group
START_MINUTES = 1  # two starts of Snakemake and one of the script: 5 to 20 s, more from a slow disk


@dataclass(frozen=True)
class ClusterLimits:
    """The most that a job may request: `cluster` in config.yaml."""

    mem_mb: int
    minutes: int


@dataclass(frozen=True)
class Resources:
    """mem_mb: memory in MB. runtime: minutes of wall time. Both are Snakemake's names, and whole numbers."""

    mem_mb: int
    runtime: int


def estimated_rows(dataset: str) -> int:
    """The approximate number of rows of a data set, from its name (n100_f30; n100 if rows are theories or a user's).

    The n-th theory of the paper's families has about n fields: 100 theories of su(2)_k have 5,150 fields, 300 minimal
    models 28,000. Families with more labels have more rows, for which `attempt` makes up.
    """
    match = DATASET.fullmatch(dataset)
    if not match:
        raise ValueError(f"{dataset!r} is no name of a data set")
    theories, percent = int(match[1]), match[2]
    return theories if percent is None else math.ceil(theories**2 / 2 * float(percent) / 100)


def bounded(mem_mb: float, minutes: float, attempt: int, limits: ClusterLimits) -> Resources:
    """`attempt` times these resources, up to the limits; whole numbers, at least one of each."""
    return Resources(
        mem_mb=max(1, min(math.ceil(mem_mb * attempt), limits.mem_mb)),
        runtime=max(1, min(math.ceil(minutes * attempt), limits.minutes)),
    )


def of_fit(
    engine: str, task: str, rows: int, options: Mapping[str, Any], attempt: int = 1, *, limits: ClusterLimits
) -> Resources:
    """The request of a fit.

    options   the engine's, as the budget resolves them; a mapping of tasks is allowed where the engine allows one
    """
    needs = get_engine(engine).needs(task, rows, options)
    return bounded(INTERPRETER_MB + needs.mem_mb, START_MINUTES + needs.minutes, attempt, limits)


def of_verdict(engine: str, rows: int, seconds: float, attempt: int = 1, *, limits: ClusterLimits) -> Resources:
    """The request of judging a front; `seconds` is the limit for one equation.

    A front has up to 30 equations, few of which take their limit (`Engine.equations`).
    """
    equations = get_engine(engine).equations
    return bounded(
        INTERPRETER_MB + 300 + rows / 50, START_MINUTES + equations * (seconds + rows / 2000) / 60, attempt, limits
    )


def of_spectrum(dataset: str, attempt: int = 1, *, limits: ClusterLimits) -> Resources:
    """The request of making a data set and its held-out rows: all fields of all its theories are enumerated."""
    match = DATASET.fullmatch(dataset)
    theories = int(match[1]) if match else 0
    fields = theories**2 / 2
    return bounded(INTERPRETER_MB + 200 + fields / 50, START_MINUTES + 1 + fields / 20_000, attempt, limits)


def of_collection(cells: int, attempt: int = 1, *, limits: ClusterLimits) -> Resources:
    """The request of making tables or the page: 20,000 cells are read in under 30 s and 1 GB."""
    return bounded(INTERPRETER_MB + 1000 + cells / 10, 5 + START_MINUTES + cells / 1000, attempt, limits)
