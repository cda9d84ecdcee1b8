"""The options of an engine, as fragments of JSON Schema: `sweep.config` checks config.yaml against all of them at once.

`default`, where a fragment has one, stands where neither engine_options nor the budget names the option. The engines
that come with the software have their defaults in config.yaml, where users read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Fragment = Mapping[str, Any]

# The key, in a mapping of tasks to values, of all tasks that the mapping does not name.
OTHER_TASKS = "other"

# Names of tasks and OTHER_TASKS; `sweep.config` defines it, for engines do not know the tasks.
TASK_NAMES = {"$ref": "#/$defs/task_or_other"}


def _fragment(kind: str, **rules: Any) -> dict[str, Any]:
    return {"type": kind} | {rule: value for rule, value in rules.items() if value is not None}


def integer(minimum: int | None = None, maximum: int | None = None, default: int | None = None) -> dict[str, Any]:
    return _fragment("integer", minimum=minimum, maximum=maximum, default=default)


def number(minimum: float | None = None, maximum: float | None = None, default: float | None = None) -> dict[str, Any]:
    return _fragment("number", minimum=minimum, maximum=maximum, default=default)


def boolean(default: bool | None = None) -> dict[str, Any]:
    return _fragment("boolean", default=default)


def choice(*values: str | int, default: str | int | None = None) -> dict[str, Any]:
    """One of these names, or one of these numbers."""
    kind = "integer" if isinstance(values[0], int) else "string"
    return _fragment(kind, enum=list(values), default=default)


def one_or_more(entry: Fragment) -> dict[str, Any]:
    """A value, or a list of values that an engine goes through in turn."""
    return {"anyOf": [entry, {"type": "array", "minItems": 1, "items": entry}]}


def by_task(value: Fragment) -> dict[str, Any]:
    """A value for all tasks, or a mapping of tasks to values, with that of the tasks not named under `other`."""
    mapping = {
        "type": "object",
        "required": [OTHER_TASKS],
        "propertyNames": TASK_NAMES,
        "additionalProperties": value,
    }
    return {"anyOf": [value, mapping]}


def for_task(value: Any, task: str) -> Any:
    """An option's value for a task: the mapping's entry for it, or that of the other tasks."""
    return value.get(task, value[OTHER_TASKS]) if isinstance(value, dict) else value
