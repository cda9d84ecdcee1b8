"""What every script of a rule does around its one call: a log, one clear message for a user's mistake."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from cftsr.errors import UserError


def limit_threads(threads: int) -> None:
    """Let the libraries that are imported after this use so many threads and no more.

    One for a fit unless its rule says otherwise: N fits side by side then use N cores.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHON_JULIACALL_THREADS"):
        os.environ[name] = str(threads)
    os.environ["JULIA_NUM_GC_THREADS"] = "1"


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Send the block's output to the log, line by line.

    A UserError ends the process with status 1 and its message, in the log and on the terminal, without a traceback.
    An OSError (a full disk, say) gets the same treatment: it names the file and the reason.
    """
    terminal = sys.stderr
    try:
        with open(path, "w", buffering=1, encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
            try:
                yield
            except (UserError, OSError) as error:
                print(f"error: {error}")
                raise
    except (UserError, OSError) as error:
        print(f"error: {error}", file=terminal)
        sys.exit(1)
