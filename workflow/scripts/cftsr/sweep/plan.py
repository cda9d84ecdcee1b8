"""From a configuration to cells: engines, options, what each data set needs.

A *cell* is family x task x theories x fraction x setting x engine x seed; everything it needs follows from it and
the configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

from cftsr.data.tasks import GIVEN, TASKS
from cftsr.engines import ENGINES, get_engine
from cftsr.engines.base import Availability, for_task
from cftsr.errors import UserError
from cftsr.families import get_family
from cftsr.sweep.config import given_spectrum, validate
from cftsr.vocabulary import ANY_SETTING, SETTINGS, counted


@dataclass(frozen=True, order=True)
class Cell:
    """One fit. `fraction` is text as in the configuration ("0.3"), None where rows are theories or a user's."""

    family: str
    task: str
    theories: int
    fraction: str | None
    setting: str
    engine: str
    seed: int

    @property
    def dataset(self) -> str:
        """The data set's name within its family and task: n100_f30, or n100 where there is no fraction."""
        return f"n{self.theories}" + (f"_f{percent(self.fraction)}" if self.fraction is not None else "")

    @property
    def folder(self) -> str:
        return f"{self.family}/{self.task}/{self.dataset}/{self.setting}/{self.engine}/seed{self.seed}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@cache  # asked for each file of each cell
def percent(fraction: str) -> str:
    """ "0.3" -> "30", "0.125" -> "12.5"."""
    return f"{float(100 * Fraction(fraction)):.12g}"


# ---- the sweep


class Sweep:
    """The validated configuration and what follows from it.

    engines       those that run, in the order of ENGINES
    unavailable   name -> why not, for those that `auto` left out
    given         name -> the user's own spectrum of that name
    """

    def __init__(self, config: dict[str, Any]):
        self.config = validate(config)
        self.budget: str = self.config["budget"]
        self.given = {item["name"]: given_spectrum(item) for item in self.config["spectra"]}
        self._choose_engines()
        self._options  # noqa: B018 - complete, or an error now

    def _choose_engines(self) -> None:
        automatic = self.config["engines"] == ["auto"]
        asked = list(ENGINES) if automatic else self.config["engines"]
        found: dict[str, Availability] = {name: get_engine(name).availability(asked=not automatic) for name in asked}
        self.engines = [name for name in asked if found[name].ok]
        self.unavailable = {name: answer for name, answer in found.items() if not answer.ok}
        if self.unavailable and not automatic:
            name, answer = next(iter(self.unavailable.items()))
            raise UserError(f"config engines: {name} cannot run here: {answer.reason}. {answer.remedy}")

    def options(self, engine: str, task: str) -> dict[str, Any]:
        """The engine's options for a task, with the budget's changes; every one that the engine declares is there.

        A task that is none of TASKS gets what a mapping of tasks has for `other`.
        """
        return {key: for_task(value, task) for key, value in self._options[engine].items()}

    @cached_property
    def _options(self) -> dict[str, dict[str, Any]]:
        resolved = {}
        for engine in self.engines:
            values = dict(self.config["engine_options"].get(engine) or {})
            values |= (self.config["budgets"][self.budget] or {}).get(engine) or {}
            missing = [key for key in get_engine(engine).options if key not in values]
            if missing:
                raise UserError(
                    f"config engine_options.{engine}: option {missing[0]!r} is missing; take it from the config.yaml "
                    "that came with the software"
                )
            resolved[engine] = values
        return resolved

    def check_files(self) -> None:
        """Read every own spectrum as its rule will, so that a mistake in a file is said before anything starts."""
        for asked in self.given.values():
            from cftsr.data.user_file import read_given

            read_given(asked)

    def family(self, name: str):
        return get_family(name, self.config["conventions"].get(name))

    def settings(self, family: str, task: str) -> list[str]:
        """The settings of a cell; without `square`, integer_flat is the same as integer and left out."""
        per_state = task == GIVEN or TASKS[task].per_state
        source = self.config["settings"] if per_state else self.config["central_charge"]["settings"]
        squares = "square" in (self.given.get(family) or self.family(family)).unary_operators
        return [name for name in source if squares or SETTINGS[name].nested_square or "integer" not in source]

    @cached_property
    def cells(self) -> list[Cell]:
        """All cells, each once."""
        return list(dict.fromkeys(self._cells()))

    def _cells(self) -> Iterator[Cell]:
        for family in self.config["families"]:
            for task in self.config["tasks"]:
                per_state = TASKS[task].per_state
                counts = self.config["theories"] if per_state else self.config["central_charge"]["theories"]
                fractions = [f"{value:.12g}" for value in self.config["fractions"]] if per_state else [None]
                for theories in counts:
                    for fraction in fractions:
                        yield from self._fits(family, task, theories, fraction)
        for name, asked in self.given.items():
            from cftsr.data.user_file import count_theories

            yield from self._fits(name, GIVEN, count_theories(asked), None)

    def _fits(self, family: str, task: str, theories: int, fraction: str | None) -> Iterator[Cell]:
        """The cells of one data set."""
        for engine in self.engines:
            kind = get_engine(engine)
            for setting in self.settings(family, task) if kind.uses_setting else [ANY_SETTING]:
                for seed in self.config["seeds"] if kind.uses_seed else [0]:
                    yield Cell(family, task, theories, fraction, setting, engine, seed)

    @cached_property
    def _datasets(self) -> dict[tuple[str, str, str], Cell]:
        return {(cell.family, cell.task, cell.dataset): cell for cell in self.cells}

    def request(self, family: str, task: str, dataset: str) -> dict[str, Any]:
        """What `spectra.generate` needs for a data set of the sweep."""
        cell = self._datasets[family, task, dataset]
        request = {
            "family": family,
            "conventions": self.config["conventions"].get(family) or {},
            "task": task,
            "theories": cell.theories,
            "next_theories": self.config["held_out"]["next_theories"],
        }
        # Only what this data set depends on: another key's change must not make it anew.
        if cell.fraction is not None:
            return request | {"fraction": cell.fraction, "rounding": self.config["conventions"]["rounding"]}
        return request | {key: self.config["central_charge"][key] for key in ("pool", "seed")}

    def closed_form(self, family: str, task: str) -> str | None:
        """The textbook formula that fits are judged by, or None where none is known."""
        return None if task == GIVEN else TASKS[task].closed_form(self.family(family))

    def describe(self) -> str:
        """What is printed at start-up: how many cells, on which data, which engines run, which do not and why."""
        counts = {engine: sum(cell.engine == engine for cell in self.cells) for engine in self.engines}
        datasets = len({(cell.family, cell.task, cell.dataset) for cell in self.cells})
        data_sets = counted(datasets, "data set")
        return "\n".join(
            [
                f"Sweep: {counted(len(self.cells), 'fit')} on {data_sets}, budget {self.budget}",
                *self._describe_data(),
                *(f"  engine {engine}: {counted(count, 'fit')}" for engine, count in counts.items()),
                *(
                    f"  engine {name} does not run: {answer.reason}. {answer.remedy}"
                    for name, answer in self.unavailable.items()
                ),
            ]
        )

    def _describe_data(self) -> Iterator[str]:
        """Two keys count theories, each for some of the tasks: which is which."""
        if not self.config["families"]:
            return
        for per_state, key in ((True, "theories"), (False, "central_charge.theories")):
            tasks = [name for name in self.config["tasks"] if TASKS[name].per_state == per_state]
            if tasks:
                drawn = self.config["central_charge"]
                counts = self.config["theories"] if per_state else drawn["theories"]
                extra = "" if per_state else f", drawn from {drawn['pool']}"
                yield f"  {', '.join(tasks)}: {', '.join(map(str, counts))} theories{extra} (key {key})"
