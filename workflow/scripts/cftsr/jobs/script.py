"""What every script of a rule does around its one call: a log, one clear message for a user's mistake."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from cftsr.errors import UserError
from cftsr.files import cannot_write

# The wildcards of a job in the order of its cell's path; `python -m cftsr status` names cells the same way.
PARTS = ("spectrum", "fit")


def limit_threads(threads: int) -> None:
    """Let the libraries that are imported after this use so many threads and no more.

    One for a fit unless its rule says otherwise: N fits side by side then use N cores.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHON_JULIACALL_THREADS"):
        os.environ[name] = str(threads)
    os.environ["JULIA_NUM_GC_THREADS"] = "1"


class _Forgiving(io.FileIO):
    """A file that loses what a full disk does not take: a log must not end the job that it tells of."""

    def write(self, content: Any) -> int:
        try:
            return super().write(content)
        except OSError:
            return len(content)


def forgiving_stream(target: str | Path | int) -> io.TextIOWrapper:
    """A text stream to a file, or to a descriptor, that loses what a full disk does not take."""
    binary = io.BufferedWriter(_Forgiving(target, "w"))
    return io.TextIOWrapper(binary, encoding="utf-8", errors="replace", line_buffering=True)


def job_name(rule: str, wildcards: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> str:
    """The job in words: "fit wzw_su2/conformal_weight/n100_f10/free/operon/seed0"."""
    values = dict(wildcards.items() if hasattr(wildcards, "items") else wildcards)
    parts = [values[part] for part in PARTS if part in values]
    return " ".join([rule, "/".join(parts)] if parts else [rule])


@contextmanager
def logged(
    path: str | Path, rule: str = "", wildcards: Mapping[str, str] | Iterable[tuple[str, str]] = ()
) -> Iterator[None]:
    """Send the block's output to the log, line by line.

    A UserError ends the process with status 1 and its message, in the log and on the terminal, without a traceback,
    and with the job's name (`rule`, `wildcards`). An OSError (a full disk, say) gets the same treatment: it names the
    file and the reason. Any other exception is a fault of the program: its traceback goes to the log, its last line to
    the terminal.
    """
    where = f"\n  in {job_name(rule, wildcards)}; log: {path}" if rule else ""
    terminal = sys.stderr
    try:
        with (
            forgiving_stream(path) as log,
            redirect_stdout(log),
            redirect_stderr(log),
        ):
            try:
                yield
            except KeyboardInterrupt:
                print("interrupted")
                sys.exit(128 + signal.SIGINT)
            except (UserError, OSError, MemoryError) as error:
                print(f"error: {in_words(error)}{where}")
                print(f"error: {in_words(error)}{where}", file=terminal)
                sys.exit(1)
            except Exception as error:
                traceback.print_exc(file=log)
                message = (
                    f"error: {type(error).__name__}: {error}. This is a fault of the program, not of what it was "
                    f"asked; its traceback is in the log{where}"
                )
                print(message)
                print(message, file=terminal)
                sys.exit(1)
    except OSError as error:
        print(f"error: {cannot_write(path, error)}{where}", file=terminal)
        sys.exit(1)


def in_words(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "out of memory. Ask for less (theories, rows, populations) or give the job more memory"
    return str(error)
