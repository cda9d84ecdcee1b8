"""From config.yaml to cells: validation, engines, options, paths.

A *cell* is family x task x theories x fraction x setting x engine x seed; everything it needs follows from it and
the configuration.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from cftsr.data.tasks import GIVEN, TASKS
from cftsr.engines import ENGINES, get_engine
from cftsr.engines.base import Availability, for_task
from cftsr.errors import UserError
from cftsr.families import family_names, get_family
from cftsr.vocabulary import ANY_SETTING, SETTINGS

if TYPE_CHECKING:
    from cftsr.data.user_file import GivenSpectrum

SCHEMA = Path(__file__).parents[3] / "schemas" / "config.schema.yaml"
NUMBERS = ("theories", "fractions", "seeds")
LISTS = ("families", "tasks", "theories", "fractions", "settings", "seeds", "engines")


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


def _number(value: Any) -> Any:
    """The number that a text is, or the value as it was."""
    for kind in (int, float):
        try:
            return kind(value) if isinstance(value, str) else value
        except ValueError:
            continue
    return value


# ---- validation


def check_yaml(path: str | Path) -> None:
    """Raise UserError, with the place, where a configuration file is there and is no YAML mapping."""
    path = Path(path)
    if not path.exists():
        return
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
        reason = getattr(error, "problem", None) or str(error)
        raise UserError(f"{where}: invalid YAML ({reason}); mend it, or start from the shipped one") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} is no mapping of keys to values; take the one that came with the software")


def _allowed(key: str, values: list[str], allowed: tuple[str, ...], what: str) -> None:
    for value in values:
        if value not in allowed:
            near = difflib.get_close_matches(str(value), allowed, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise UserError(f"config {key}: {what} {value!r} does not exist{hint}; allowed are {', '.join(allowed)}")


def _explain(error: ValidationError) -> str:
    """One sentence from a schema violation: the key, the value, what is allowed."""
    key = ".".join(str(part) for part in error.absolute_path if not isinstance(part, int))
    where, value, rule = f"config {key}" if key else "config", error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = list(error.schema["properties"])
            unknown = sorted(set(value) - set(known), key=str)[0]
            near = difflib.get_close_matches(str(unknown), known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(known)}"
            return f"{where}: key {unknown!r} does not exist; {hint}"
        case "required":
            missing = next(name for name in rule if name not in value)
            return f"{where}: key {missing!r} is missing; take it from the config.yaml that came with the software"
        case "minItems":
            return f"{where} is an empty list; give at least one entry"
        case "uniqueItems":
            twice = next(item for index, item in enumerate(value) if item in value[:index])
            return f"{where}: {twice!r} stands twice in {value!r}; remove one"
        case "enum":
            return f"{where} is {value!r}; allowed are {', '.join(map(str, rule))}"
        case "type":
            names = {
                "integer": "a whole number",
                "number": "a number",
                "array": "a list",
                "object": "a mapping",
                "string": "a name",
            }
            return f"{where} is {value!r}; it must be {names.get(rule, rule)}"
        case "minimum" | "exclusiveMinimum" | "maximum":
            if key == "fractions":
                return f"{where} is {value!r}; a fraction is more than 0 and at most 1 (no less than 0.000001)"
            sign = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}[error.validator]
            return f"{where} is {value!r}; it must be {sign} {rule}"
        case "pattern":
            return f"{where}: {value!r} is no name: a letter, then at most 63 letters, digits, _ or -"
    return f"{where}: {error.message}"


def _listed(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with lists of one written without brackets put into brackets.

    Numbers in a list come from Snakemake's command line as text (--config seeds=[0,1]) and are made numbers again.
    """
    config = deepcopy(config)

    def put(mapping: dict, keys: tuple[str, ...]) -> None:
        for key in keys:
            if key in mapping and isinstance(mapping[key], str | int | float):
                mapping[key] = [mapping[key]]
            if key in NUMBERS and isinstance(mapping.get(key), list):
                mapping[key] = [_number(value) for value in mapping[key]]

    put(config, LISTS)
    if isinstance(config.get("central_charge"), dict):
        put(config["central_charge"], ("theories", "settings"))
    return config


def changes(config: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """What the validated configuration has otherwise than the file: what was said with --config on the command line."""
    path = Path(path)
    said = _listed(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else {}
    return {key: value for key, value in config.items() if said.get(key) != value}


def validate(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration, complete and consistent, or a UserError that names the key, the value and what is allowed."""
    config = _listed(config)
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    # True would pass for the integer 1 and 100.0 for the integer 100: JSON draws other lines than Python.
    strict = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda checker, value: type(value) is int).redefine(
        "number", lambda checker, value: type(value) in (int, float) and value == value
    )
    validator = validators.extend(Draft202012Validator, type_checker=strict)(schema)
    errors = sorted(validator.iter_errors(config), key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        raise UserError(_explain(errors[0]))
    config.setdefault("spectra", [])
    if not config["families"] and not config["spectra"]:
        raise UserError("config families is an empty list, and so is spectra; give at least one entry in one of them")
    _allowed("families", config["families"], family_names(), "family")
    _check_spectra(config["spectra"])
    _allowed("tasks", config["tasks"], tuple(TASKS), "task")
    _allowed("settings", config["settings"], tuple(SETTINGS), "setting")
    _allowed("central_charge.settings", config["central_charge"]["settings"], tuple(SETTINGS), "setting")
    _allowed("budget", [config["budget"]], tuple(config["budgets"]), "budget")
    if config["engines"] != ["auto"]:
        _allowed("engines", config["engines"], tuple(ENGINES), "engine")
    if max(config["central_charge"]["theories"]) > config["central_charge"]["pool"]:
        raise UserError(
            f"config central_charge.theories: {max(config['central_charge']['theories'])} theories cannot be drawn "
            f"from a pool of {config['central_charge']['pool']}; raise central_charge.pool"
        )
    for name, value in config["conventions"].items():
        if name != "rounding":
            _allowed("conventions", [name], ("rounding", *family_names()), "convention")
            if not isinstance(value, dict):
                raise UserError(f"config conventions.{name} is {value!r}; it must be a mapping")
            get_family(name, value)
    _check_options("engine_options", config["engine_options"])
    for budget, options in config["budgets"].items():
        _check_options(f"budgets.{budget}", options or {})
    return config


def _check_spectra(spectra: list[dict[str, Any]]) -> None:
    """What can be said of the users' own spectra without a look at their files."""
    names: set[str] = set()
    for item in spectra:
        name, file = item["name"], Path(item["file"])
        where = f"config spectra, {name}"
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            raise UserError(f"{where}: a name is lower-case letters, digits and _, at most 64, a letter the first")
        if name in family_names():
            raise UserError(f"{where}: a family has that name; choose another")
        if name in names:
            raise UserError(f"{where}: two spectra have that name; choose another")
        names.add(name)
        if file.is_absolute() or ".." in file.parts:
            raise UserError(f"{where}: file {str(file)!r} is outside the project's folder; copy it to data/, say")
        given_spectrum(item)  # it may refuse the hold-out
        allowed = [operator for operator in item.get("unary_operators", []) if operator != "square"]
        if allowed:
            raise UserError(f"{where}: unary operator {allowed[0]!r} does not exist; allowed is square")


def given_spectrum(item: dict[str, Any]) -> GivenSpectrum:
    """An entry of `spectra` in config.yaml as a request."""
    from cftsr.data.user_file import GivenSpectrum  # pyarrow: a sweep without own spectra need not wait for it

    hold_out = item.get("hold_out", {"theories": 0.2})
    if "column" in hold_out and len(hold_out) > 1:
        raise UserError(
            f"config spectra, {item['name']}: hold_out has a column and shares; say either which rows, or how many"
        )
    theory, state = tuple(item["theory_labels"]), tuple(item.get("state_labels", []))
    return GivenSpectrum(
        name=item["name"],
        file=item["file"],
        target=item["target"],
        labels=theory + state,
        theory_labels=len(theory),
        uncertainty=item.get("uncertainty"),
        hold_out_theories=hold_out.get("theories", 0.0),
        hold_out_levels=hold_out.get("levels", 0.0),
        hold_out_column=hold_out.get("column"),
        finite_labels=tuple(item.get("finite_labels", [])),
        unary_operators=tuple(item.get("unary_operators", ["square"])),
    )


def _check_options(where: str, options: Any) -> None:
    if not isinstance(options, dict):
        raise UserError(f"config {where} is {options!r}; it must be a mapping of engines")
    _allowed(where, list(options), tuple(ENGINES), "engine")
    for engine, values in options.items():
        known = get_engine(engine).options
        if not isinstance(values, dict):
            raise UserError(f"config {where}.{engine} is {values!r}; it must be a mapping of options")
        _allowed(f"{where}.{engine}", list(values), tuple(known), "option")
        for key, value in values.items():
            known[key].check(f"config {where}.{engine}.{key}", value, TASKS)


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
        """What is said at the start: how many cells, which engines run, which do not and why."""
        counts = {engine: sum(cell.engine == engine for cell in self.cells) for engine in self.engines}
        datasets = len({(cell.family, cell.task, cell.dataset) for cell in self.cells})
        lines = [
            f"Sweep: {len(self.cells)} fits on {datasets} data sets, budget {self.budget}",
            *(f"  engine {engine}: {count} fits" for engine, count in counts.items()),
            *(
                f"  engine {name} does not run: {answer.reason}. {answer.remedy}"
                for name, answer in self.unavailable.items()
            ),
        ]
        return "\n".join(lines)
