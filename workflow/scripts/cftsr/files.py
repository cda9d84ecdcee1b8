"""Writing files so that a reader never meets half of one, and reading them so that damage is noticed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cftsr.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

# A seal: the SHA-256 of the whole file, taken with zeros where the digest itself stands.
SEAL = b"cftsr-sha256:"
_SEALED = re.compile(re.escape(SEAL) + rb"([0-9a-f]{64})")
_OPEN = SEAL + b"0" * 64
SEAL_KEY = "seal"


def write_atomically(path: str | Path, write: Callable[[Path], object]) -> None:
    """Call `write` on a temporary neighbour of `path`, flush it to disk and rename it into place.

    What a process that was killed left half written next to it is removed.

    Raises UserError with the path and the reason when the folder cannot be written or the disk is full; the old
    file, if there was one, is then untouched.
    """
    path = Path(path)
    host = re.sub(r"[^\w-]", "-", socket.gethostname())
    temporary = path.with_name(f".{path.name}.{host}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with open(temporary, "rb") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        for left in path.parent.glob(f".{path.name}.{host}.*.tmp"):
            if not _alive(left.name.split(".")[-2]):
                left.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def back_to_the_present(paths: Iterable[str | Path]) -> None:
    """Give files from the future the time of now: after the clock was moved back, or with several clocks in a network.

    Snakemake removes outputs that look older than their inputs, a finished fit among them.
    """
    for path in paths:
        with suppress(OSError):  # not ours to touch: Snakemake says what is wrong
            if os.stat(path).st_mtime > time.time():
                os.utime(path)


def _alive(pid: str) -> bool:
    """Whether a process of this machine has the number."""
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def cannot_write(path: str | Path, error: OSError) -> UserError:
    """The message for a file that could not be written."""
    remedy = {
        errno.ENOSPC: "Free some space",
        errno.EDQUOT: "Free some space: your quota is spent",
        errno.EFBIG: "Raise the limit on the size of a file (ulimit -f)",
        errno.EROFS: "Mount the disk for writing",
        errno.EACCES: "Correct the permissions of its folder",
    }.get(error.errno or 0, "Free some space or correct the permissions")
    reason = error.strerror or str(error)
    return UserError(
        f"cannot write {path}: {reason}. {remedy} and run the same command again; what was finished is kept"
    )


def write_text(path: str | Path, text: str) -> None:
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: str | Path, value: object, sealed: bool = False) -> None:
    """Write JSON with sorted keys: the same value gives the same bytes. Infinities and NaN must not occur.

    sealed   an object gets a key `seal`, by which `read_json` notices every change to the file
    """
    if sealed and isinstance(value, dict):
        value = value | {SEAL_KEY: _OPEN.decode()}
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"
    write_text(path, _seal(text.encode(), f'"{SEAL_KEY}": "'.encode()).decode() if sealed else text)


def read_json(path: str | Path, regenerate: str) -> dict[str, Any]:
    """Read a JSON object, without its seal if it has one.

    Raises UserError for a missing or damaged file, or a broken seal, and says how to `regenerate` it.
    """
    try:
        content = Path(path).read_bytes()
        value = json.loads(content.decode("utf-8"))
        if isinstance(value, dict) and SEAL_KEY in value:
            _check_seal(content)
            del value[SEAL_KEY]
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot read {path} ({error}); {regenerate}") from error
    if not isinstance(value, dict):
        raise UserError(f"{path} holds no JSON object; {regenerate}")
    return value


def write_table(path: str | Path, table: pa.Table) -> None:
    """Write Parquet with a seal in its metadata: the same table gives the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    stream = pa.BufferOutputStream()
    # Without the Arrow schema, which would hold the metadata a second time, encoded, with another seal.
    with pq.ParquetWriter(stream, table.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(metadata | {SEAL_KEY: _OPEN.decode()})
    content = _seal(stream.getvalue().to_pybytes())
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def read_table(path: str | Path, schema: pa.Schema | None = None) -> pa.Table:
    """Read what `write_table` wrote, without its seal.

    Raises OSError, ValueError or pyarrow.ArrowException where one byte of it has changed, or it is another file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = Path(path).read_bytes()
    _check_seal(content)
    table = pq.read_table(pa.BufferReader(content), schema=schema)
    metadata = {key: value for key, value in (table.schema.metadata or {}).items() if key != SEAL_KEY.encode()}
    return table.replace_schema_metadata(metadata)


def _digest(content: bytes, at: int) -> bytes:
    digest = hashlib.sha256(memoryview(content)[:at])
    digest.update(b"0" * 64)
    digest.update(memoryview(content)[at + 64 :])
    return digest.hexdigest().encode()


def _seal(content: bytes, before: bytes = b"") -> bytes:
    """The content with its digest in the place of the last open seal that follows `before`."""
    at = content.rindex(before + _OPEN) + len(before) + len(SEAL)
    return content[:at] + _digest(content, at) + content[at + 64 :]


def _check_seal(content: bytes) -> None:
    """Raise ValueError unless the content is as it was sealed."""
    places = [found.start(1) for found in _SEALED.finditer(content)]
    if not places:
        raise ValueError("it is cut off, or not one of ours: it has no seal")
    # More than one only where a text in the file looks like a seal.
    if not any(_digest(content, at) == content[at : at + 64] for at in places[-8:]):
        raise ValueError("it has changed since it was written: its checksum does not agree")
