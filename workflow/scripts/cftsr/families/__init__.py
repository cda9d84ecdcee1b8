"""The families of theories, one module each, found by looking into this folder."""

from __future__ import annotations

import difflib
import importlib
import inspect
from dataclasses import fields
from functools import cache
from pathlib import Path

from cftsr.errors import UserError
from cftsr.families.base import Family, State, Theory

__all__ = ["Family", "State", "Theory", "family_names", "get_family"]


@cache
def family_names() -> tuple[str, ...]:
    """The names of all families, sorted; nothing is imported for this."""
    folder = Path(__file__).parent
    return tuple(sorted(path.stem for path in folder.glob("*.py") if path.stem not in ("__init__", "base")))


@cache
def _family_class(name: str) -> type[Family]:
    if name not in family_names():
        near = difflib.get_close_matches(name.lower(), family_names(), 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UserError(f"family {name!r} does not exist{hint}; choose from {', '.join(family_names())}")
    module = importlib.import_module(f"cftsr.families.{name}")
    classes = [
        member
        for member in vars(module).values()
        if inspect.isclass(member) and issubclass(member, Family) and member.__module__ == module.__name__
    ]
    if len(classes) != 1 or classes[0].name != name:
        raise UserError(f"{module.__file__} must define exactly one Family, with name = {name!r}")
    return classes[0]


def get_family(name: str, conventions: dict | None = None) -> Family:
    """The family called `name`, with its conventions changed where the mapping says so.

    Raises UserError for an unknown family, an unknown convention, or a value of the wrong type.
    """
    family, conventions = _family_class(name), conventions or {}
    known = {field.name: field for field in fields(family)}
    for key, value in conventions.items():
        where = f"config conventions.{name}.{key}"
        if key not in known:
            raise UserError(f"{where} does not exist; {name} knows {', '.join(known) or 'no conventions'}")
        expected = type(known[key].default)
        if type(value) is not expected:
            raise UserError(f"{where} is {value!r}; it must be of type {expected.__name__}")
        if expected is int and value < known[key].default:
            raise UserError(f"{where} is {value}; the smallest that makes sense is {known[key].default}")
    return family(**conventions)
