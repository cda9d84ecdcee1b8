"""What made a result: versions, source, settings, machine."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import metadata
from importlib.util import cache_from_source
from pathlib import Path

import cftsr
from cftsr.errors import UserError
from cftsr.files import write_json

PACKAGE = Path(__file__).parent

# Lists of what there is, which decide no result: a new engine or task makes nothing again.
REGISTRIES = ("engines/__init__.py", "data/tasks/__init__.py")


def _kept_in() -> Path:
    """Where Python keeps what it compiled of the package, a file for each of its versions."""
    return Path(cache_from_source(str(PACKAGE / "sources.py"))).with_suffix(".json")


@cache
def _kept() -> dict[str, list]:
    """What an earlier process read of the modules: path -> digest of its bytes, of its code, names that it imports.

    Parsing the package takes 0.3 CPU seconds, which every job on a cluster would pay once more.
    """
    try:
        kept = json.loads(_kept_in().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _keep(kept: dict[str, list]) -> None:
    if not sys.dont_write_bytecode:
        with suppress(UserError):  # the package may be where nothing can be written
            write_json(_kept_in(), kept)


def _read(content: bytes) -> tuple[str, list[str]]:
    """A digest of a module's code without comments and docstrings, and the names that it imports of this package."""
    tree = ast.parse(content)
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE.name:
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE.name}
        body = getattr(node, "body", None)
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
            and isinstance(body[0].value.value, str)
        ):
            node.body = body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest(), sorted(imported)


@cache
def _module(path: Path) -> tuple[str, frozenset[Path]]:
    """A digest of a module's code, and the modules of this package that it imports."""
    content, name = path.read_bytes(), path.relative_to(PACKAGE).as_posix()
    # By its content, not its time: what was kept is never out of date.
    as_read = hashlib.sha256(content).hexdigest()
    match _kept().get(name):
        case [known, str(code), [*imported]] if known == as_read:
            pass
        case _:
            code, imported = _read(content)
            _kept()[name] = [as_read, code, imported]
    found = set()
    for dotted in imported:
        base = PACKAGE.parent.joinpath(*dotted.split("."))
        # Importing a module runs its parents' __init__.py as well.
        parents = [place / "__init__.py" for place in (base, *base.parents) if place.is_relative_to(PACKAGE)]
        found |= {candidate for candidate in (base.with_suffix(".py"), *parents) if candidate.is_file()}
    return code, frozenset(found - {PACKAGE / registry for registry in REGISTRIES})


@cache
def source_digest(*modules: str) -> str:
    """A digest of these modules of the package and of all that they import from it.

    modules   paths relative to the package, such as "engines/operon/engine.py"
    Comments and docstrings do not count: editing them makes nothing run again. Modules that a registry imports by
    name (families, engines) must be named here.
    """
    pending, seen, kept = {PACKAGE / module for module in modules}, set(), dict(_kept())
    while pending:
        path = pending.pop()
        seen.add(path)
        pending |= _module(path)[1] - seen
    if kept != _kept():
        _keep(_kept())
    digest = hashlib.sha256()
    for path in sorted(seen):
        digest.update(f"{path.relative_to(PACKAGE)}\n{_module(path)[0]}\n".encode())
    return digest.hexdigest()[:16]


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The installed versions of these distributions, of Python and of this package."""
    found = {"python": platform.python_version(), "cftsr": cftsr.__version__}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def machine() -> dict[str, str | int]:
    return {"system": platform.system(), "machine": platform.machine(), "cores": os.cpu_count() or 0}


def digest(*parts: object) -> str:
    """A digest of values with a stable repr."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()
