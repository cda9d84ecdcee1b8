"""The contract between the sweep and a search engine: a Problem goes in, a Front comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cftsr.algebra.formula import ParseError, parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.data.dataset import Dataset
from cftsr.engines.options import Fragment
from cftsr.errors import UserError
from cftsr.fronts.front import Candidate, Equation, pareto_front
from cftsr.vocabulary import ANY_SETTING, SETTINGS, Setting


@dataclass(frozen=True)
class Problem(Dataset):
    """Everything an engine may know: labels, numbers, operators, and how constants are treated. Never a formula.

    Rows of one theory stand together, smallest theory first; there is no metadata.
    """

    setting: Setting = SETTINGS["free"]
    binary_operators: tuple[str, ...] = ("+", "-", "*", "/")

    @cached_property
    def columns(self) -> dict[str, Any]:
        """float64 columns by name: the labels, and the constants i1..i10 where the setting has them."""
        columns = super().columns
        if self.setting.integer_columns:
            columns |= {name: np.full(len(self), float(value)) for name, value in INTEGER_COLUMNS.items()}
        return columns

    def front(self, candidates: list[Candidate]) -> tuple[Equation, ...]:
        """The Pareto front of an engine's candidates, judged on all rows."""
        return pareto_front(candidates, self.columns, self.target)


@dataclass(frozen=True)
class Assignment:
    """One fit: its problem, options and working folder.

    options   every option that the engine declares, for this task and budget
    log       takes a line of text
    folder    the fit's working folder, for the engine's own files. Those of chunk n must be left unchanged until
              the state after chunk n + 1 is returned: a kill goes back to it
    """

    problem: Problem
    options: dict[str, Any]
    seed: int = 0
    log: Callable[[str], None] = print
    folder: Path = Path()


@dataclass(frozen=True)
class Progress:
    """The state of a fit after a finished chunk: everything that is needed to go on, as JSON values.

    `candidates` are the equations found so far; `extra` is the engine's own. Two runs of the same fit pass through
    the same states, whatever interrupted them.
    """

    chunk: int = 0
    candidates: tuple[Candidate, ...] = ()
    evaluations: int = 0
    stop_reason: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        return bool(self.stop_reason)


def problem_of(data: Dataset, setting: str) -> Problem:
    """What an engine gets to see of a data set: the rows, not the metadata, which name the family."""
    parts = {field.name: getattr(data, field.name) for field in fields(Dataset)}
    return Problem(**parts | {"metadata": {}}, setting=SETTINGS["free" if setting == ANY_SETTING else setting])


def usable_front(engine: str, problem: Problem, progress: Progress) -> tuple[Equation, ...]:
    """The front of a finished fit; of one that is not finished nothing, but its equations are read as well.

    Raises UserError where an equation cannot be read, or a finished fit has none that is finite on every row.
    """
    try:
        for candidate in progress.candidates:
            parse(candidate.text, problem.columns)
    except ParseError as error:
        raise UserError(f"engine {engine} returned an equation that cannot be read: {error}") from error
    front = problem.front(list(progress.candidates)) if progress.finished else ()
    if progress.finished and not front:
        raise UserError(
            f"engine {engine} found no equation that is finite on every row ({len(problem)} rows, "
            f"{len(progress.candidates)} candidates). Give it more work in config.yaml (budgets) or leave it out"
        )
    return front


@dataclass(frozen=True)
class Availability:
    """Whether an engine can run here; if not, why, and what would change that."""

    ok: bool
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Needs:
    """Memory in MB and wall time in minutes."""

    mem_mb: float
    minutes: float


class Engine(ABC):
    """A search engine. One package in this folder and one line in `ENGINES` make one.

    name           as in config.yaml
    title          as in text
    colour, dash   of its lines in figures: a colour with a contrast of 4.5 on white, and pixels drawn and left out.
                   Without a colour it gets one that is left
    packages       distributions whose versions are recorded with each fit, the engine's own first
    options        its options in config.yaml, under engine_options or budgets, as fragments of JSON Schema
    requires       files, relative to the project's folder, that a rule makes before the first fit. A newer file is no
                   reason to fit again
    environment    the conda environment of its fits, a file in workflow/envs
    equations      about how many equations of a front take long to judge
    uses_setting   False: it ignores the settings, and runs once per data set
    uses_seed      False: it is deterministic, and runs once whatever seeds the sweep has
    slow_start     True: a process pays many seconds before its first fit, and cells share one (`jobs.worker`)
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    colour: ClassVar[str] = ""
    dash: ClassVar[tuple[int, ...]] = (1, 0)
    packages: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[Mapping[str, Fragment]] = {}
    requires: ClassVar[tuple[str, ...]] = ()
    environment: ClassVar[str] = "sweep.yaml"
    equations: ClassVar[int] = 10
    uses_setting: ClassVar[bool] = True
    uses_seed: ClassVar[bool] = True
    slow_start: ClassVar[bool] = False

    def __init__(self) -> None:
        # What a process pays once, before its first chunk: import, compilation. Kept apart from the fit's time.
        self.startup_seconds: dict[str, float] = {}

    @classmethod
    @abstractmethod
    def availability(cls, named: bool = False) -> Availability:
        """Whether the engine can run on this machine. Must be cheap: it is asked at every start.

        named   the configuration names the engine, instead of leaving the choice to `auto`
        """

    @classmethod
    def needs(cls, task: str, rows: int, options: Mapping[str, Any]) -> Needs:
        """What a fit of about `rows` rows takes besides Python and Snakemake: a day, unless an engine knows better."""
        return Needs(mem_mb=4000, minutes=24 * 60)

    def start(self, assignment: Assignment) -> None:  # noqa: B027 - most engines have nothing to pay
        """Pay what a process pays once, and say it in `startup_seconds`. Must not influence the fit's result."""

    @abstractmethod
    def advance(self, assignment: Assignment, progress: Progress) -> Progress:
        """Do one chunk of work and return the state after it.

        Deterministic in problem, options, seed and progress. A returned `stop_reason` ends the fit: "exact" (an
        equation is exact on every row), "exhausted" (the budget is spent), or what else the engine has to say.
        """

    def chunks(self, assignment: Assignment, progress: Progress) -> Iterator[Progress]:
        """The states after each further chunk, until the fit is finished."""
        while not progress.finished:
            progress = self.advance(assignment, progress)
            yield progress
