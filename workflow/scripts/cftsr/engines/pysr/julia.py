"""Julia: found or fetched once, proved with a tiny fit, and then used offline.

Many jobs that start Julia for the first time at once would race on resolving and precompiling its packages. So one job
does it (`make julia`), and leaves a proof; every PySR fit depends on that proof and runs without the network.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from urllib.error import URLError

from cftsr.errors import UserError
from cftsr.files import write_json

PROOF = Path(".julia", "proof.json")
ENVIRONMENT = {
    "PYTHON_JULIACALL_HANDLE_SIGNALS": "yes",
    "PYTHON_JULIACALL_THREADS": "1",
    "JULIA_NUM_GC_THREADS": "1",
}
MEMORY = "out of memory: lower `rows` or `populations`, or give the job more memory"
WAYS = (
    "Three ways to a Julia (README, Julia): let PySR fetch it (needs the network once), take it from conda "
    "(snakemake --sdm conda), or point PYTHON_JULIAPKG_EXE at one that is installed"
)


def proof() -> dict | None:
    """What `make julia` left behind, or None where it has not run, or where its Julia project is gone."""
    try:
        found = json.loads(PROOF.read_text(encoding="utf-8"))
        return found if Path(found["julia_project"]).is_dir() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def executable() -> str | None:
    """A Julia that is at hand without the network, or None."""
    named = os.environ.get("PYTHON_JULIAPKG_EXE")
    if named:
        return shutil.which(named)
    project = os.environ.get("PYTHON_JULIAPKG_PROJECT") or str(Path(sys.prefix, "julia_env"))
    return shutil.which(str(Path(project, "pyjuliapkg", "install", "bin", "julia"))) or shutil.which("julia")


def import_pysr(offline: bool = True) -> ModuleType:
    """Import PySR, which starts Julia; the environment is set first, because it is read at import.

    Without Julia the import fails in ways that are no ImportError; each becomes a UserError that says what to do.
    """
    if "pysr" in sys.modules:
        return sys.modules["pysr"]
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if offline:
        os.environ.setdefault("PYTHON_JULIAPKG_OFFLINE", "yes")
    with explained("starting Julia"):
        import pysr
    return pysr


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what goes wrong in Julia or on the way to it into a UserError: what happened, and what to do."""
    try:
        yield
    except (UserError, KeyboardInterrupt):
        raise
    except ImportError as error:
        raise UserError(f"{doing}: {error}. Install the packages of requirements.lock (make does it)") from error
    except URLError as error:
        raise UserError(
            f"{doing}: Julia is not installed and could not be downloaded ({error.reason}). {WAYS}"
        ) from error
    except subprocess.CalledProcessError as error:
        raise UserError(
            f"{doing}: Julia could not resolve or precompile its packages (exit status {error.returncode}); its "
            f"package registry may be out of reach, or JULIA_DEPOT_PATH not writable. {WAYS}"
        ) from error
    except MemoryError as error:
        raise UserError(f"{doing}: {MEMORY}") from error
    except PermissionError as error:
        raise UserError(
            f"{doing}: {error}. Point JULIA_DEPOT_PATH at a folder that can be written, on a disk that every node sees"
        ) from error
    except OSError as error:
        raise UserError(f"{doing}: {error}") from error
    except Exception as error:
        raise UserError(f"{doing}: {_in_words(error)}") from error


def _in_words(error: Exception) -> str:
    """The reason and the remedy of an exception that only its text tells apart."""
    text = str(error).strip()
    first = text.splitlines()[0] if text else repr(error)
    if "could not find Julia" in text:
        return f"Julia is not there ({first}). Say `make julia`. {WAYS}"
    if "is not a Julia executable" in text:
        return f"{first}. Mend or unset PYTHON_JULIAPKG_EXE. {WAYS}"
    if "OutOfMemory" in text:
        return f"{MEMORY} ({first})"
    if any(word in text.lower() for word in ("permission denied", "eacces", "read-only file system")):
        return f"{first}. Point JULIA_DEPOT_PATH at a folder that can be written, on a disk that every node sees"
    if "Unsatisfiable requirements" in text:
        return f"this Julia does not go with PySR's packages ({first}). PySR 1.5 wants Julia 1.10.3 or newer. {WAYS}"
    if "precompil" in text.lower():
        return f"Julia's packages could not be precompiled ({first}). Delete {PROOF} and say `make julia` again"
    return f"{type(error).__name__}: {first}"


TRIAL = """
import json, sys, time
began = time.monotonic()
import numpy as np
from cftsr.engines.pysr.julia import import_pysr
pysr = import_pysr(offline=False)
imported = time.monotonic()
from juliapkg.state import STATE
from pysr.julia_import import jl
model = pysr.PySRRegressor(
    niterations=2, populations=2, binary_operators=["+", "-", "*", "/"], unary_operators=["square"], maxsize=10,
    parallelism="serial", deterministic=True, random_state=0, progress=False, verbosity=0, input_stream="devnull",
    temp_equation_file=True, delete_tempfiles=True,
)
x = np.arange(1.0, 21.0).reshape(-1, 1)
model.fit(x, 3 * x[:, 0] + 1)
fitted = time.monotonic()
jl.seval("import Pkg")
packages = jl.seval('Dict(string(v.name) => string(v.version) for v in values(Pkg.dependencies()) if v.is_direct_dep)')
print("PROOF " + json.dumps({
    "julia": str(jl.seval("string(VERSION)")),
    "julia_packages": {str(k): str(v) for k, v in dict(packages).items()},
    "julia_project": str(STATE["project"]),
    "julia_depot": str(STATE["depot"]),
    "pysr": pysr.__version__,
    "import_seconds": round(imported - began, 1),
    "first_fit_seconds": round(fitted - imported, 1),
    "equations": [str(text) for text in model.equations_["equation"]],
}))
"""


def prove(path: Path = PROOF, minutes: float = 60.0) -> dict:
    """Resolve, precompile, fit something tiny, and write the proof; returns it.

    In a process of its own, so that a download that hangs or a crash in Julia ends with a message.
    Raises UserError with the reason and the remedy.
    """
    began = time.monotonic()
    environment = os.environ | ENVIRONMENT | {"PYTHONPATH": str(Path(__file__).parents[3])}
    environment.pop("PYTHON_JULIAPKG_OFFLINE", None)
    try:
        done = subprocess.run(
            [sys.executable, "-c", "import socket; socket.setdefaulttimeout(60)\n" + TRIAL],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60 * minutes,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(f"Julia was not ready within {minutes:g} minutes. {WAYS}") from error
    print(done.stdout, done.stderr, sep="\n")
    line = next((line for line in done.stdout.splitlines() if line.startswith("PROOF ")), None)
    if done.returncode or line is None:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in reversed(lines) if "UserError: " in line), lines[-1] if lines else "")
        reason = reason.split("UserError: ", 1)[-1] or f"exit status {done.returncode}"
        raise UserError(reason if WAYS in reason else f"Julia could not be set up: {reason}. {WAYS}")
    found = json.loads(line.removeprefix("PROOF ")) | {"seconds": round(time.monotonic() - began, 1)}
    write_json(path, found)
    return found
