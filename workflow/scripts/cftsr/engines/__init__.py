"""The search engines by name. A new engine is one package here and one line in ENGINES."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from cftsr.errors import UserError

if TYPE_CHECKING:
    from cftsr.engines.base import Engine

ENGINES = {
    "rational": "Rational",
    "operon": "Operon",
    "pysr": "PySR",
}


def get_engine(name: str) -> type[Engine]:
    """The engine's class. Importing it needs none of the packages that it searches with."""
    if name not in ENGINES:
        raise UserError(f"engine {name!r} does not exist; choose from {', '.join(ENGINES)}")
    return getattr(importlib.import_module(f"cftsr.engines.{name}.engine"), ENGINES[name])


def engine_order(engine: str) -> tuple[int, str]:
    """Engines in the order of the registry; those that it does not know follow by name."""
    return (list(ENGINES).index(engine) if engine in ENGINES else len(ENGINES), engine)
