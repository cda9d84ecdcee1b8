"""The search engines by name. A new engine is one module here and one line in ENGINES."""

from __future__ import annotations

import importlib

from cftsr.engines.base import (
    ANY_SETTING,
    INTEGER_COLUMNS,
    SETTINGS,
    Assignment,
    Availability,
    Engine,
    Problem,
    Progress,
    Setting,
    for_task,
)
from cftsr.errors import UserError

__all__ = [
    "ANY_SETTING",
    "ENGINES",
    "INTEGER_COLUMNS",
    "SETTINGS",
    "Assignment",
    "Availability",
    "Engine",
    "Problem",
    "Progress",
    "Setting",
    "for_task",
    "get_engine",
]

ENGINES = {
    "rational": "Rational",
    "operon": "Operon",
    "pysr": "PySR",
}


def get_engine(name: str) -> type[Engine]:
    """The engine's class. Importing it needs none of the packages that it searches with."""
    if name not in ENGINES:
        raise UserError(f"engine {name!r} does not exist; choose from {', '.join(ENGINES)}")
    return getattr(importlib.import_module(f"cftsr.engines.{name}"), ENGINES[name])
