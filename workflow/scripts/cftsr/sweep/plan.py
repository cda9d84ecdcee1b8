"""From a configuration to cells: engines, options, and the request for each data set.

A *cell* is family x task x theories x fraction x setting x engine x seed; everything about its fit follows from it and
the configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from cftsr.data.tasks import GIVEN, TASKS
from cftsr.engines import ENGINES, get_engine
from cftsr.engines.base import Availability
from cftsr.engines.options import for_task
from cftsr.errors import UserError
from cftsr.families import get_family
from cftsr.families.base import Family
from cftsr.sweep import record
from cftsr.sweep.cells import Cell
from cftsr.sweep.config import spectrum_request, validate
from cftsr.sweep.paths import DataSets, Fits, Results
from cftsr.vocabulary import ANY_SETTING, SETTINGS, counted

# ---- the sweep


class Sweep:
    """The validated configuration and all that follows from it.

    engines       those that run, in the order of ENGINES
    unavailable   name -> why not, for those that `auto` left out
    user_spectra  name -> the request for the user's own spectrum of that name
    records       the folder of recorded runs
    data          the paths of data sets, which may not exist yet
    """

    def __init__(self, config: dict[str, Any], records: str | Path = record.FOLDER, data: DataSets = DataSets()):  # noqa: B008 - frozen
        self.config = validate(config)
        self.records, self.data = Path(records), data
        self._digests: dict[Path, str | None] = {}
        self._closed_forms: dict[str, str | None] = {}
        self.budget: str = self.config["budget"]
        self.name: str = self.config["sweep"]
        self.user_spectra = {entry["name"]: spectrum_request(entry) for entry in self.config["spectra"]}
        self._choose_engines()
        self._options  # noqa: B018 - complete, or an error now

    def _choose_engines(self) -> None:
        automatic = self.config["engines"] == ["auto"]
        wanted = list(ENGINES) if automatic else self.config["engines"]
        answers: dict[str, Availability] = {name: get_engine(name).availability(named=not automatic) for name in wanted}
        self.engines = [name for name in wanted if answers[name].ok]
        self.unavailable = {name: answer for name, answer in answers.items() if not answer.ok}
        if self.unavailable and not automatic:
            name, answer = next(iter(self.unavailable.items()))
            raise UserError(f"config engines: {name} cannot run here: {answer.reason}. {answer.remedy}")

    def options(self, engine: str, task: str) -> dict[str, Any]:
        """All options that the engine declares, for a task, with the budget's changes.

        A task outside TASKS gets the value for `other` in a mapping of tasks.
        """
        return {key: for_task(value, task) for key, value in self._options[engine].items()}

    def options_of(self, engine: str) -> dict[str, Any]:
        """The engine's options for all tasks, with the budget's changes."""
        return dict(self._options[engine])

    @cached_property
    def _options(self) -> dict[str, dict[str, Any]]:
        return {engine: self._resolved(engine) for engine in self.engines}

    def _resolved(self, engine: str) -> dict[str, Any]:
        declared = get_engine(engine).options
        values = {name: fragment["default"] for name, fragment in declared.items() if "default" in fragment}
        values |= self.config["engine_options"].get(engine) or {}
        values |= (self.config["budgets"][self.budget] or {}).get(engine) or {}
        missing = [name for name in declared if name not in values]
        if missing:
            raise UserError(
                f"config engine_options.{engine}: option {missing[0]!r} is missing; take it from the config.yaml "
                "that came with the software"
            )
        return values

    def check_files(self) -> None:
        """Read every user's spectrum as its rule will, so a mistake in a file is reported before anything starts."""
        for spectrum in self.user_spectra.values():
            from cftsr.data.user_file import read_spectrum

            read_spectrum(spectrum)
            self.closed_form(spectrum.name, GIVEN)

    def family(self, name: str) -> Family:
        return get_family(name, self.config["conventions"].get(name))

    def settings(self, family: str, task: str) -> list[str]:
        """The settings of a cell; without `square`, integer_flat is the same as integer and left out."""
        per_state = task == GIVEN or TASKS[task].per_state
        source = self.config["settings"] if per_state else self.config["central_charge"]["settings"]
        squares = "square" in (self.user_spectra.get(family) or self.family(family)).unary_operators
        return [name for name in source if squares or SETTINGS[name].nested_square or "integer" not in source]

    @cached_property
    def cells(self) -> list[Cell]:
        """All cells, each once: those that are fitted, then those that are taken from the record."""
        return [*dict.fromkeys(self._cells(self.engines)), *self.recorded.used]

    @cached_property
    def recorded(self) -> record.Selection:
        """The recorded fits for the cells of an engine that `auto` includes but that cannot run here."""
        engine = record.RECORDED_ENGINE
        if not self.config["recorded"] or engine not in self.unavailable:
            return record.Selection()
        known = record.read_record(record.record_path(self.records, self.budget))
        if not known:
            return record.Selection()
        values = self._resolved(engine)

        def options(cell: Cell) -> dict[str, Any]:
            return {key: for_task(value, cell.task) for key, value in values.items()}

        wanted = [cell for cell in dict.fromkeys(self._cells([engine])) if cell.task != GIVEN]
        return record.select(wanted, known, self._request_of_rows, options, self._digest)

    @cached_property
    def reference(self) -> record.Selection:
        """The paper's own experiment repeated, for its tables in any sweep: every recorded fit with the paper's
        settings, on the data sets that follow from the conventions of this sweep."""
        if not self.config["recorded"]:
            return record.Selection()
        known = record.read_record(record.record_path(self.records, "paper"))
        return record.select(known, known, self._request_of_rows, None, self._digest)

    @cached_property
    def restored(self) -> list[tuple[record.RecordedFit, Fits]]:
        """All recorded fits that this sweep uses, each once, with the folder of fits to which they belong."""
        chosen: dict[str, dict[Cell, record.RecordedFit]] = {self.budget: dict(self.recorded.used)}
        chosen["paper"] = chosen.get("paper", {}) | self.reference.used
        return [(fit, Fits.of(budget).recorded) for budget, fits in chosen.items() for fit in fits.values()]

    @property
    def record_files(self) -> list[Path]:
        """The files from which `restored` comes."""
        budgets = dict.fromkeys([self.budget] * bool(self.recorded.used) + ["paper"] * bool(self.reference.used))
        return [record.record_path(self.records, budget) for budget in budgets]

    @property
    def results(self) -> Results:
        """Where its summary, tables, figures and page are."""
        return Results.of(self.name)

    def fits_of(self, cell: Cell) -> Fits:
        """Where the fit and the verdict of a cell are."""
        fits = Fits.of(self.budget)
        return fits.recorded if cell in self.recorded.used else fits

    def _request_of_rows(self, cell: Cell) -> dict[str, str]:
        """The part of the metadata of a cell's data set that determines its rows."""
        family, conventions = self.family(cell.family), self.config["conventions"]
        request = {"theories": cell.theories, "conventions": family}
        if cell.fraction is not None:
            request |= {"fraction": cell.fraction, "rounding": conventions["rounding"]}
        else:
            request |= {key: self.config["central_charge"][key] for key in ("pool", "seed")}
        named = {"family": cell.family, "task": cell.task}
        return named | {key: str(value) for key, value in request.items()}

    def _digest(self, cell: Cell) -> str | None:
        """The digest of a cell's data set, or None if that is not made yet."""
        path = Path(self.data.data(cell.spectrum))
        if path not in self._digests:
            self._digests[path] = None
            if path.exists():
                from cftsr.data.dataset import read_dataset

                with suppress(UserError):  # the job that needs the file reports the error
                    self._digests[path] = record.data_digest(read_dataset(path))
        return self._digests[path]

    def _cells(self, engines: Sequence[str]) -> Iterator[Cell]:
        for family in self.config["families"]:
            for task in self.config["tasks"]:
                per_state = TASKS[task].per_state
                counts = self.config["theories"] if per_state else self.config["central_charge"]["theories"]
                fractions = [f"{value:.12g}" for value in self.config["fractions"]] if per_state else [None]
                for theories in counts:
                    for fraction in fractions:
                        yield from self._fits(engines, family, task, theories, fraction)
        for name, spectrum in self.user_spectra.items():
            from cftsr.data.user_file import count_theories

            yield from self._fits(engines, name, GIVEN, count_theories(spectrum), None)

    def _fits(
        self, engines: Sequence[str], family: str, task: str, theories: int, fraction: str | None
    ) -> Iterator[Cell]:
        """The cells of one data set."""
        for engine in engines:
            kind = get_engine(engine)
            for setting in self.settings(family, task) if kind.uses_setting else [ANY_SETTING]:
                for seed in self.config["seeds"] if kind.uses_seed else [0]:
                    yield Cell(family, task, theories, fraction, setting, engine, seed)

    @cached_property
    def _datasets(self) -> dict[tuple[str, str, str], Cell]:
        cells = [*self.reference.used, *self.cells]  # of the sweep, and of the paper
        return {(cell.family, cell.task, cell.dataset): cell for cell in cells}

    def request(self, family: str, task: str, dataset: str) -> dict[str, Any]:
        """The arguments of `data.generate.generate` for a data set of the sweep."""
        return self.request_of(self._datasets[family, task, dataset])

    def request_of(self, cell: Cell) -> dict[str, Any]:
        """The arguments of `data.generate.generate` for any cell of a family."""
        family, task = cell.family, cell.task
        request = {
            "family": family,
            "conventions": self.config["conventions"].get(family) or {},
            "task": task,
            "theories": cell.theories,
            "next_theories": self.config["held_out"]["next_theories"],
        }
        # Only the keys on which this data set depends: a change of another key must not make it again.
        if cell.fraction is not None:
            return request | {"fraction": cell.fraction, "rounding": self.config["conventions"]["rounding"]}
        return request | {key: self.config["central_charge"][key] for key in ("pool", "seed")}

    def closed_form(self, family: str, task: str) -> str | None:
        """The textbook formula by which fits are judged, or None if none is known."""
        return self._user_closed_form(family) if task == GIVEN else TASKS[task].closed_form(self.family(family))

    def _user_closed_form(self, name: str) -> str | None:
        """The formula that a user gives for a spectrum, in the syntax of the engines."""
        if name not in self._closed_forms:
            text = next(entry.get("closed_form") for entry in self.config["spectra"] if entry["name"] == name)
            self._closed_forms[name] = text and self._in_labels(name, text)
        return self._closed_forms[name]

    def _in_labels(self, name: str, text: str) -> str:
        from cftsr.algebra.formula import ParseError, read_formula
        from cftsr.data.user_file import read_spectrum

        try:
            return str(read_formula(text, read_spectrum(self.user_spectra[name]).data.labels))
        except ParseError as error:
            raise UserError(f"config spectra, {name}: closed_form: {error}. Correct it, or leave it out") from None

    def describe(self) -> str:
        """The text printed at start-up: how many cells, on which data, which engines run, which do not and why."""
        counts = {engine: sum(cell.engine == engine for cell in self.cells) for engine in self.engines}
        datasets = len({(cell.family, cell.task, cell.dataset) for cell in self.cells})
        data_sets = counted(datasets, "data set")
        return "\n".join(
            [
                f"Sweep {self.name}: {counted(len(self.cells), 'fit')} on {data_sets}, budget {self.budget}",
                *self._describe_data(),
                *(f"  engine {engine}: {counted(count, 'fit')}" for engine, count in counts.items()),
                *(
                    f"  engine {name} does not run: {answer.reason}. {answer.remedy}"
                    for name, answer in self.unavailable.items()
                ),
                *self._describe_records(),
            ]
        )

    def _describe_records(self) -> Iterator[str]:
        """Lines on what is taken from the record, what is not, and why."""
        for selection, words in (
            (self.recorded, f"  engine {record.RECORDED_ENGINE}, recorded and judged here again"),
            (self.reference, "  in the paper's tables, PySR with the paper's settings, recorded and judged again"),
        ):
            if selection.used or selection.refused:
                made = f" ({record.software(selection.used.values())})" if selection.used else ""
                yield f"{words}: {counted(len(selection.used), 'fit')}{made}"
                yield from selection.describe()

    def _describe_data(self) -> Iterator[str]:
        """Lines on the two keys that count theories, each for some of the tasks."""
        if not self.config["families"]:
            return
        for per_state, key in ((True, "theories"), (False, "central_charge.theories")):
            tasks = [name for name in self.config["tasks"] if TASKS[name].per_state == per_state]
            if tasks:
                drawn = self.config["central_charge"]
                counts = self.config["theories"] if per_state else drawn["theories"]
                extra = "" if per_state else f", drawn from {drawn['pool']}"
                yield f"  {', '.join(tasks)}: {', '.join(map(str, counts))} theories{extra} (key {key})"
