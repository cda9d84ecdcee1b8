"""The contract between the sweep and a search engine: a Problem goes in, a Front comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.data.dataset import Dataset
from cftsr.errors import UserError
from cftsr.fronts.front import Candidate, Equation, pareto_front
from cftsr.vocabulary import SETTINGS, Setting

# The key, in a mapping of tasks to values, of all tasks that the mapping does not name.
OTHER_TASKS = "other"


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
    """One fit: what is asked, how, and where.

    options   every option that the engine declares, for this task and budget
    log       takes a line of text
    folder    the fit's side folder, for files of the engine's own. What belongs to chunk n must be left as it was until
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


@dataclass(frozen=True)
class Availability:
    """Whether an engine can run here; if not, why, and what would mend it."""

    ok: bool
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Needs:
    """Memory in MB and wall time in minutes."""

    mem_mb: float
    minutes: float


@dataclass(frozen=True)
class Option:
    """One setting of an engine, as config.yaml names it.

    kind      int, float, bool or str
    minimum, maximum   the bounds of what makes sense, of a number
    allowed   the values of a str
    listed    a list of values will do as well
    by_task   a mapping of tasks to values, and of `other` to that of the tasks not named, will do as well
    """

    kind: type
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    listed: bool = False
    by_task: bool = False

    def check(self, where: str, value: Any, tasks: Iterable[str] = ()) -> None:
        """Raise UserError unless the value will do; `tasks` are those that a mapping may name."""
        if self.by_task and isinstance(value, dict):
            if OTHER_TASKS not in value or not set(value) <= {*tasks, OTHER_TASKS}:
                raise UserError(
                    f"{where} has the keys {', '.join(map(str, value))}; it needs {OTHER_TASKS}, for the tasks that it "
                    f"does not name, and may have any of {', '.join(tasks)}"
                )
            for task, item in value.items():
                self.check(f"{where}.{task}", item)
            return
        if self.listed and isinstance(value, list):
            if not value:
                raise UserError(f"{where} is an empty list; give at least one entry")
            for item in value:
                replace(self, listed=False).check(where, item)
            return
        accepted = (int, float) if self.kind is float else (self.kind,)
        if type(value) not in accepted:
            raise UserError(f"{where} is {value!r}; it must be of type {self.kind.__name__}")
        if self.minimum is not None and not value >= self.minimum:
            raise UserError(f"{where} is {value!r}; it must be at least {self.minimum}")
        if self.maximum is not None and not value <= self.maximum:
            raise UserError(f"{where} is {value!r}; it must be at most {self.maximum}")
        if self.allowed and value not in self.allowed:
            raise UserError(f"{where} is {value!r}; allowed are {', '.join(self.allowed)}")


def for_task(value: Any, task: str) -> Any:
    """An option's value for a task, ours or not: the task's entry of a mapping, or that of the others."""
    return value.get(task, value[OTHER_TASKS]) if isinstance(value, dict) else value


class Engine(ABC):
    """A search engine. One module in this folder and one line in `ENGINES` make one.

    name           as in config.yaml
    packages       distributions whose versions are recorded beside each fit, the engine's own first
    options        what config.yaml must say under engine_options (or budgets)
    uses_setting   False: the setting axis is nothing to it, and it runs once a data set
    uses_seed      False: it is deterministic, and runs once whatever seeds the sweep has
    slow_start     True: a process pays many seconds before its first fit, and cells share one (`jobs.worker`)
    """

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[dict[str, Option]] = {}
    uses_setting: ClassVar[bool] = True
    uses_seed: ClassVar[bool] = True
    slow_start: ClassVar[bool] = False

    def __init__(self) -> None:
        # What a process pays once, before its first chunk: import, compilation. Kept apart from the fit's time.
        self.startup_seconds: dict[str, float] = {}

    @classmethod
    @abstractmethod
    def availability(cls, asked: bool = False) -> Availability:
        """Whether the engine can run on this machine. Must be cheap: it is asked at every start.

        asked   the configuration names the engine, instead of leaving the choice to `auto`
        """

    @classmethod
    def needs(cls, task: str, rows: int, options: Mapping[str, Any]) -> Needs:
        """What a fit takes beside Python and Snakemake, for `rows` rows about; unless an engine says so, a day."""
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
