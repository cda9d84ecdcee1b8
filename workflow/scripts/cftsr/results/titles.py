"""What families, quantities and settings are called, in tables, figures and on the page: one wording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from cftsr.data.tasks import TASKS
from cftsr.families import family_names, get_family
from cftsr.vocabulary import ANY_SETTING

SETTING_TITLES = {
    "free": "free constants",
    "integer": "integer columns",
    "integer_flat": "integer columns, no square of a square",
    ANY_SETTING: "any constants",
}


def setting_title(setting: str) -> str:
    return SETTING_TITLES.get(setting, setting.replace("_", " "))


def sentence(text: str) -> str:
    """With a capital at its head."""
    return text[:1].upper() + text[1:]


@cache
def _titles() -> dict[str, str]:
    return {name: get_family(name).title for name in family_names()}


def family_title(family: str, titles: Mapping[str, str] | None = None) -> str:
    """What tables call a family: as in `titles` (see `titles_of`), else its module's; its name, where there is none."""
    return (titles or {}).get(family) or _titles().get(family, family)


def recorded_title(cell: Mapping[str, Any], fit: Mapping[str, Any]) -> str:
    """A family's title by the data that it was fitted to: a spectrum of one's own has no module that says it."""
    return (fit.get("data_metadata") or {}).get("title") or family_title(cell["family"])


def titles_of(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Titles that only the data know, by family."""
    titles: dict[str, str] = {}
    for record in records:
        family = record["cell"]["family"]
        if family not in titles and family not in _titles():
            titles[family] = recorded_title(record["cell"], record["fit"])
    return titles


def symbol_of(task: str, fit: Mapping[str, Any] | None = None) -> str:
    """The letter of a task's target; of a spectrum of one's own, the one that its data name."""
    named = ((fit or {}).get("data_metadata") or {}).get("symbol")
    return named or (TASKS[task].symbol if task in TASKS else task.replace("_", " "))


def task_title(task: str) -> str:
    """A task in words: "conformal weight"."""
    return TASKS[task].title if task in TASKS else task.replace("_", " ")


def percentage(fraction: str) -> str:
    """ "0.3" -> "30%"."""
    return f"{100 * float(fraction):.12g}%"
