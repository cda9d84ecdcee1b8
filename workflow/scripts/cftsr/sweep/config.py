"""Read a configuration, check it, and explain its mistakes."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from cftsr.data.tasks import TASKS
from cftsr.engines import ENGINES, get_engine
from cftsr.engines.options import OTHER_TASKS
from cftsr.errors import UserError
from cftsr.families import family_names, get_family
from cftsr.shipped import shipped
from cftsr.vocabulary import SETTINGS

if TYPE_CHECKING:
    from cftsr.data.user_file import SpectrumRequest

SCHEMA = shipped("config.schema.yaml")
SHIPPED = shipped("config.yaml")  # in a checkout, next to the Snakefile
NAME = "config.yaml"
ONE_CONFIGFILE = "--configfile appears twice; name all files behind one, the later over the earlier"
DEFAULT = "default"  # the name of a sweep without a name


# Other folders next to those of families, in results/fits/<budget>/, and next to those of sweeps, in results/.
RESERVED = ("logs", "unfinished", "recorded")

# ---- reading


class _Loader(yaml.SafeLoader):
    """YAML in which a key that appears twice in a mapping is an error: otherwise the last one wins silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in lines:
                    raise UserError(
                        f"{node.start_mark.name}: key {key.value!r} appears twice, in lines {lines[key.value]} and "
                        f"{line}; remove one"
                    )
                lines[key.value] = line
        return super().construct_mapping(node, deep)


def _no_duplicates(path: Path) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    """For JSON: a function from pairs to their mapping, which raises UserError if a key appears twice."""

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice = next((key for index, key in enumerate(keys) if key in keys[:index]), None)
        if twice is not None:
            raise UserError(f"{path}: key {twice!r} appears twice in one object; remove one")
        return dict(pairs)

    return mapping


def read_config(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML file (or a JSON file, by its name).

    Raises UserError, with the line, for a file that is missing or damaged, holds no mapping, or has a key twice.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            value = json.loads(text, object_pairs_hook=_no_duplicates(path))
        else:
            loader = _Loader(text)
            loader.name = str(path)
            try:
                value = loader.get_single_data()
            finally:
                loader.dispose()
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path}, line {error.lineno}, column {error.colno}: invalid JSON ({error.msg}); correct it"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
        reason = getattr(error, "problem", None) or str(error)
        raise UserError(f"{where}: invalid YAML ({reason}); correct it, or start from the shipped one") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}; name a configuration that exists") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} is no mapping of keys to values; take the one that came with the software")
    try:
        json.dumps(value, default=str, skipkeys=True)
    except (ValueError, RecursionError):
        raise UserError(f"{path}: an anchor (&) stands for something that contains it; write it out") from None
    return value


def base_config(folder: str | Path = ".") -> Path:
    """The config.yaml of a working folder, or the one that came with the software if it has none."""
    own = Path(folder, NAME)
    return own if own.exists() else SHIPPED


def own_or_shipped(folder: str | Path) -> Path:
    """A folder or file of data in the working folder, or else the one that came with the software."""
    own, shipped = Path(folder), SHIPPED.parent / folder
    return shipped if shipped.exists() and not own.exists() else own


def merged(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with these changes, nested keys one by one, as Snakemake merges --config and --configfile."""
    result = dict(config)
    for key, value in changes.items():
        if isinstance(value, Mapping):
            old = result.get(key, {})
            # An empty mapping changes nothing, even where there was no mapping.
            value = merged(old if isinstance(old, Mapping) else {}, value) if value else old
        result[key] = value
    return result


def assignments(pairs: Iterable[str]) -> dict[str, Any]:
    """KEY=VALUE as on Snakemake's command line: a value is YAML with its scalars left as text (see `typed`)."""
    changes: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise UserError(f"--config {pair}: write KEY=VALUE")
        try:
            value = yaml.load(text, Loader=yaml.BaseLoader)
        except yaml.YAMLError:
            value = text
        changes = merged(changes, {key: value})
    return changes


def sweep_name(config_files: Iterable[str | Path]) -> str:
    """The default name of a sweep: that of the last configuration file, or `default`."""
    names = [Path(path).stem for path in config_files]
    return re.sub(r"\W+", "_", names[-1]).strip("_") or DEFAULT if names else DEFAULT


# ---- types


@cache
def _schema() -> dict[str, Any]:
    """The schema of a configuration: that in the file, with the options that the engines declare."""
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    schema["$defs"] |= {
        "task_or_other": {"enum": [*TASKS, OTHER_TASKS]},
        "engines": {
            # null: a name with nothing under it
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                name: {
                    "type": ["object", "null"],
                    "additionalProperties": False,
                    "properties": dict(get_engine(name).options),
                }
                for name in ENGINES
            },
        },
    }
    return schema


def _scalar(value: Any, kind: str) -> Any:
    """A text as a number or truth value, or the value unchanged. `kind` is a type of JSON Schema."""
    if not isinstance(value, str):
        return value
    if kind == "boolean":
        return {"true": True, "false": False}.get(value.lower(), value)
    for convert in {"integer": (int, float), "number": (int, float)}.get(kind, ()):
        try:
            return convert(value)
        except ValueError:
            continue
    return value


def _branch(value: Any, schemas: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The schema for a value: that of lists for a list, that of mappings for a mapping, else the first."""
    kind = "array" if isinstance(value, list) else "object" if isinstance(value, dict) else ""
    return next((schema for schema in schemas if schema.get("type") == kind), schemas[0])


def typed(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value with text read by the schema's types, and lists of one put into brackets.

    Numbers within lists and mappings come from Snakemake's command line as text (--config seeds=[0,1]).
    """
    if "$ref" in schema:
        schema = _schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        schema = _branch(value, schema["anyOf"])
    kind = schema.get("type", "")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array" and value is not None:
        entries_schema = schema.get("items", {})
        if isinstance(value, dict) and entries_schema.get("type") != "object":
            return value
        return [typed(entry, entries_schema) for entry in (value if isinstance(value, list) else [value])]
    if kind == "object" and isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties") or {}
        return {key: typed(entry, known.get(key, others)) for key, entry in value.items()}
    return _scalar(value, kind)


_KINDS = {int: "integer", float: "number", bool: "boolean"}


def _typed_conventions(conventions: Any) -> Any:
    """`conventions`, by the types of each family's fields."""
    if not isinstance(conventions, dict):
        return conventions
    result = dict(conventions)
    for name in family_names():
        if isinstance(result.get(name), dict):
            kinds = {field.name: _KINDS.get(type(field.default), "string") for field in fields(get_family(name))}  # type: ignore[arg-type]
            result[name] = {key: _scalar(value, kinds.get(key, "")) for key, value in result[name].items()}
    return result


def with_types(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration with text read as numbers where the schema has them, and lists of one put into brackets."""
    config = typed(deepcopy(config), _schema())
    if "conventions" in config:
        config["conventions"] = _typed_conventions(config["conventions"])
    return config


def changes(config: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """The keys of the validated configuration that differ from the file, as set by --config on the command line."""
    path = Path(path)
    file = with_types(read_config(path)) if path.exists() else {}
    return {key: value for key, value in config.items() if file.get(key) != value}


# ---- checks


def _hint(value: Any, allowed: Iterable[Any]) -> str:
    near = difflib.get_close_matches(str(value), list(map(str, allowed)), 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _allowed(key: str, values: list[str], allowed: tuple[str, ...], what: str) -> None:
    for value in values:
        if value not in allowed:
            hint, known = _hint(value, allowed), ", ".join(allowed)
            raise UserError(f"config {key}: {what} {value!r} does not exist{hint}; allowed are {known}")


def _explain(error: ValidationError) -> str:
    """One sentence from a schema violation: the key, the value, what is allowed."""
    key = ".".join(str(part) for part in error.absolute_path if not isinstance(part, int))
    where, value, rule = f"config {key}" if key else "config", error.instance, error.validator_value
    match error.validator:
        case "anyOf":
            branch = rule.index(_branch(value, rule))
            return _explain(next(one for one in error.context or () if one.schema_path[0] == branch))
        case "additionalProperties":
            known = list(error.schema["properties"])
            unknown = sorted(set(value) - set(known), key=str)[0]
            outer, dot, inner = str(unknown).partition(".")
            near = difflib.get_close_matches(str(unknown), known, 1)
            if dot and outer in known:
                return f"{where}: key {unknown!r} does not exist; nested keys are written {outer}: {{{inner}: VALUE}}"
            hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(known)}"
            return f"{where}: key {unknown!r} does not exist; {hint}"
        case "required":
            missing = next(name for name in rule if name not in value)
            if missing == OTHER_TASKS:
                return f"{where}: key {OTHER_TASKS!r} is missing, the value for the tasks that are not named; add it"
            return f"{where}: key {missing!r} is missing; take it from the config.yaml that came with the software"
        case "minItems":
            return f"{where} is an empty list; give at least one entry"
        case "uniqueItems":
            twice = next(entry for index, entry in enumerate(value) if entry in value[:index])
            return f"{where}: {twice!r} appears twice in {value!r}; remove one"
        case "enum":
            of_key = "propertyNames" in error.absolute_schema_path
            what = f": key {value!r} does not exist" if of_key else f" is {value!r}"
            return f"{where}{what}{_hint(value, rule)}; allowed are {', '.join(map(str, rule))}"
        case "type":
            rule = rule[0] if isinstance(rule, list) else rule
            names = {
                "integer": "a whole number",
                "number": "a number",
                "boolean": "true or false",
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
        case "not":
            return f"{where}: {value!r} is the name of a folder of ours; choose another"
    return f"{where}: {error.message}"


def validate(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration, complete and consistent, or a UserError that names the key, the value and what is allowed."""
    config = with_types(config)
    # True would pass for the integer 1, and 100.0 for the integer 100: JSON's types differ from Python's.
    strict = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda checker, value: type(value) is int).redefine(
        "number", lambda checker, value: type(value) in (int, float) and value == value
    )
    validator = validators.extend(Draft202012Validator, type_checker=strict)(_schema())
    errors = sorted(validator.iter_errors(config), key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        raise UserError(_explain(errors[0]))
    config.setdefault("spectra", [])
    config.setdefault("recorded", True)
    config.setdefault("sweep", DEFAULT)
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
    return config


def _check_spectra(spectra: list[dict[str, Any]]) -> None:
    """The checks of users' own spectra that do not need their files."""
    names: set[str] = set()
    for entry in spectra:
        name, file = entry["name"], Path(entry["file"])
        where = f"config spectra, {name}"
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            raise UserError(f"{where}: a name is lower-case letters, digits and _, at most 64, a letter the first")
        if name in RESERVED:
            raise UserError(f"{where}: {name} is the name of a folder of ours; choose another")
        if name in family_names():
            raise UserError(f"{where}: a family has that name; choose another")
        if name in names:
            raise UserError(f"{where}: two spectra have that name; choose another")
        names.add(name)
        if file.is_absolute() or ".." in file.parts:
            raise UserError(f"{where}: file {str(file)!r} is outside the project's folder; copy it to data/")
        spectrum_request(entry)  # raises UserError for a wrong hold_out
        unknown = [operator for operator in entry.get("unary_operators", []) if operator != "square"]
        if unknown:
            raise UserError(f"{where}: unary operator {unknown[0]!r} does not exist; allowed is square")


def spectrum_request(entry: dict[str, Any]) -> SpectrumRequest:
    """An entry of `spectra` in config.yaml as a request.

    Without theory_labels every row is a theory, and all columns but the target are labels, as in `cftsr fit`.
    """
    from cftsr.data.user_file import SpectrumRequest  # imports pyarrow, which a sweep without own spectra does not need

    where, hold_out = f"config spectra, {entry['name']}", entry.get("hold_out", {"theories": 0.2})
    if "column" in hold_out and len(hold_out) > 1:
        raise UserError(f"{where}: hold_out has a column and shares; give one or the other")
    theory, state = tuple(entry.get("theory_labels", [])), tuple(entry.get("state_labels", []))
    if state and not theory:
        raise UserError(f"{where}: state_labels without theory_labels; name the labels that fix the theory too")
    return SpectrumRequest(
        name=entry["name"],
        file=str(own_or_shipped(entry["file"])),
        target=entry["target"],
        labels=theory + state,
        theory_labels=len(theory) or None,
        uncertainty=entry.get("uncertainty"),
        sigma=entry.get("sigma"),
        drop=tuple(entry.get("drop", [])),
        columns=tuple(entry.get("columns", [])),
        encoding=entry.get("encoding"),
        skip_missing=entry.get("skip_missing", False),
        hold_out_theories=hold_out.get("theories", 0.0),
        hold_out_levels=hold_out.get("levels", 0.0),
        hold_out_column=hold_out.get("column"),
        finite_labels=tuple(entry.get("finite_labels", [])),
        unary_operators=tuple(entry.get("unary_operators", ["square"])),
    )
