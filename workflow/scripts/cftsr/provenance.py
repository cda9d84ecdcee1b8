"""What made a result: versions, source, settings, machine."""

from __future__ import annotations

import ast
import hashlib
import os
import platform
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import cftsr

PACKAGE = Path(__file__).parent


@cache
def _module(path: Path) -> tuple[str, frozenset[Path]]:
    """A module's code without comments and docstrings, and the modules of this package that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
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
    found = set()
    for name in imported:
        base = PACKAGE.parent.joinpath(*name.split("."))
        found |= {candidate for candidate in (base.with_suffix(".py"), base / "__init__.py") if candidate.is_file()}
    return ast.unparse(tree), frozenset(found)


@cache
def source_digest(*modules: str) -> str:
    """A digest of these modules of the package and of all that they import from it.

    modules   paths relative to the package, such as "engines/operon.py"
    Comments and docstrings do not count: editing them makes nothing run again. Modules that a registry imports by
    name (families, engines) must be named here.
    """
    pending, seen = {PACKAGE / module for module in modules}, set()
    while pending:
        path = pending.pop()
        seen.add(path)
        pending |= _module(path)[1] - seen
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
