"""Writing files so that a reader never meets half of one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cftsr.errors import UserError


def write_atomically(path: str | Path, write: Callable[[Path], None]) -> None:
    """Call `write` on a temporary neighbour of `path`, flush it to disk and rename it into place.

    Raises UserError with the path and the reason when the folder cannot be written or the disk is full; the old
    file, if there was one, is then untouched.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with open(temporary, "rb") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"cannot write {path}: {reason}. Free some space or mend the permissions and run the same command "
            "again; what was finished is kept"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: str | Path, value: object) -> None:
    """Write JSON with sorted keys: the same value gives the same bytes. Infinities and NaN must not occur."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: str | Path, regenerate: str) -> dict:
    """Read a JSON object; a missing or damaged file raises UserError, which says how to `regenerate` it."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"cannot read {path} ({error}); {regenerate}") from error
    if not isinstance(value, dict):
        raise UserError(f"{path} holds no JSON object; {regenerate}")
    return value
