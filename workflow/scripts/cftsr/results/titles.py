"""Names of families, quantities and settings, the same in tables, figures and on the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from cftsr.data.tasks import TASKS
from cftsr.families import family_names, get_family
from cftsr.sweep.cells import percent
from cftsr.vocabulary import ANY_SETTING, counted

SETTING_TITLES = {
    "free": "free constants",
    "integer": "integer columns",
    "integer_flat": "integer columns, no square of a square",
    ANY_SETTING: "any constants",
}


def setting_title(setting: str) -> str:
    return SETTING_TITLES.get(setting, setting.replace("_", " "))


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


@cache
def _titles() -> dict[str, str]:
    return {name: get_family(name).title for name in family_names()}


def family_title(family: str, titles: Mapping[str, str] | None = None) -> str:
    """The title of a family: from `titles` (see `titles_of`), else from its module, else its name."""
    return (titles or {}).get(family) or _titles().get(family, family)


def recorded_title(cell: Mapping[str, Any], fit: Mapping[str, Any]) -> str:
    """A family's title from the data that were fitted: a user's own spectrum has no module with a title."""
    return (fit.get("data_metadata") or {}).get("title") or family_title(cell["family"])


def titles_of(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The titles that are only in the data, by family."""
    titles: dict[str, str] = {}
    for record in records:
        family = record["cell"]["family"]
        if family not in titles and family not in _titles():
            titles[family] = recorded_title(record["cell"], record["fit"])
    return titles


def symbol_of(task: str, fit: Mapping[str, Any] | None = None) -> str:
    """The symbol of a task's target; for a user's own spectrum, the one in its data."""
    named = ((fit or {}).get("data_metadata") or {}).get("symbol")
    return named or (TASKS[task].symbol if task in TASKS else task.replace("_", " "))


def task_title(task: str) -> str:
    """A task in words: "conformal weight"."""
    return TASKS[task].title if task in TASKS else task.replace("_", " ")


def quantity_title(task: str, fit: Mapping[str, Any] | None = None) -> str:
    """ "conformal weight h"; for a user's own spectrum only the name of the column."""
    symbol = symbol_of(task, fit)
    return f"{TASKS[task].title} {symbol}" if task in TASKS else symbol


def percentage(fraction: str) -> str:
    """ "0.3" -> "30%"."""
    return f"{percent(fraction)}%"


def data_set_title(theories: int, fraction: str | None) -> str:
    """ "100 theories, lowest 30%"."""
    lowest = f", lowest {percentage(fraction)}" if fraction else ""
    return counted(theories, "theory", "theories") + lowest


def seconds(value: float) -> str:
    """A time in the unit that suits it: 12 ms, 3.4 s, 16 min, 2.5 h."""
    for limit, unit, name in ((1, 1e-3, "ms"), (60, 1, "s"), (3600, 60, "min"), (math.inf, 3600, "h")):
        if value < limit:
            return f"{value / unit:.2g} {name}" if value / unit < 10 else f"{value / unit:.0f} {name}"
    raise ValueError(f"no time: {value}")
