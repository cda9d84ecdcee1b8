"""Julia: found or fetched once, proved with a tiny fit, and then used offline.

Many jobs that start Julia for the first time at once would race on resolving and precompiling its packages. So one job
does it (`make julia`), and leaves a proof; every PySR fit depends on that proof and runs without the network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import URLError

from cftsr.errors import UserError
from cftsr.files import write_json, write_text

PROOF = Path(".julia", "proof.json")
EXECUTABLE = "PYTHON_JULIAPKG_EXE"
# Variables that a later process needs with the values of `make julia`, where they are set there.
INHERITED = ("JULIA_CONDAPKG_BACKEND", "JULIA_CPU_TARGET", "JULIA_LOAD_PATH", "JULIA_PKG_SERVER")
PACKAGE = Path(__file__).parents[4] / "julia" / "CftsrSearch"  # workflow/julia
ENVIRONMENT = {
    "PYTHON_JULIACALL_HANDLE_SIGNALS": "yes",
    "PYTHON_JULIACALL_THREADS": "1",
    "JULIA_NUM_GC_THREADS": "1",
}
MEMORY = "out of memory: lower `rows` or `populations`, or give the job more memory"
WAYS = (
    "Three ways to a Julia (docs/julia.md): let PySR fetch it (needs the network once), take it from conda "
    "(snakemake --sdm conda), or point PYTHON_JULIAPKG_EXE at one that is installed"
)


def proof() -> dict | None:
    """What `make julia` left behind, or None where it has not run."""
    try:
        content = json.loads(PROOF.read_text(encoding="utf-8"))
        return content if isinstance(content["environment"], dict) and content["julia_project"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def broken_proof() -> str | None:
    """What `make julia` found and is no longer there, in words; None where all is there, or nothing was ever proved."""
    proved = proof()
    if proved is None:
        return None
    if shutil.which(executable() or "") is None:
        return f"Julia was at {proved['environment'].get(EXECUTABLE)} when `make julia` ran, and is not there now"
    if not Path(proved["julia_project"]).is_dir():
        return f"the Julia project that `make julia` made, {proved['julia_project']}, is gone"
    return None


def provenance() -> dict[str, Any]:
    """The versions of Julia and its packages, and no path of this machine: fronts of two machines can be compared."""
    proved = proof() or {}
    return {key: proved[key] for key in ("julia", "julia_packages", "pysr") if key in proved}


def executable() -> str | None:
    """The Julia that fits use, or would use without the network; None where none is at hand."""
    named = os.environ.get(EXECUTABLE) or (proof() or {}).get("environment", {}).get(EXECUTABLE)
    if named:
        return shutil.which(named)
    project = os.environ.get("PYTHON_JULIAPKG_PROJECT") or str(Path(sys.prefix, "julia_env"))
    return shutil.which(str(Path(project, "pyjuliapkg", "install", "bin", "julia"))) or shutil.which("julia")


def import_pysr(offline: bool = True) -> ModuleType:
    """Import PySR, which starts Julia; the environment is set first, because it is read at import.

    The proof holds what a later process needs: a shell without the variables of `make julia` finds the same Julia and
    the same packages. Without Julia the import fails in ways that are no ImportError; each becomes a UserError that
    says what to do.
    """
    if "pysr" in sys.modules:
        return sys.modules["pysr"]
    if offline:
        for name, value in ((proof() or {}).get("environment") or {}).items():
            os.environ.setdefault(name, value)
        os.environ.setdefault("PYTHON_JULIAPKG_OFFLINE", "yes")
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with explained("starting Julia"), warnings.catch_warnings():
        # PySR would rather choose the number of threads itself.
        warnings.filterwarnings("ignore", message="PYTHON_JULIACALL_THREADS")
        import pysr

        if offline:
            pysr.julia_import.jl.seval("using CftsrSearch")
    return pysr


def best_members(model: Any, count: int) -> list[str]:
    """The best distinct equations of a fitted model's populations, as PySR prints them, smallest loss first."""
    from pysr.julia_import import jl

    state = model.julia_state_
    if state is None:
        return []
    names = [str(name) for name in model.feature_names_in_]
    return [str(text) for text in jl.CftsrSearch.best_members(state, model.julia_options_, names, count)]


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
        return f"{first}. Correct or unset PYTHON_JULIAPKG_EXE. {WAYS}"
    if "OutOfMemory" in text:
        return f"{MEMORY} ({first})"
    if any(word in text.lower() for word in ("permission denied", "eacces", "read-only file system")):
        return f"{first}. Point JULIA_DEPOT_PATH at a folder that can be written, on a disk that every node sees"
    if "did not start properly" in text:
        depot = os.environ.get("JULIA_DEPOT_PATH", "").split(os.pathsep)[0]
        where = f"JULIA_DEPOT_PATH starts with {depot}: it" if depot else "Julia's depot"
        return (
            f"Julia could not load its packages ({first}); its own words are in the log above this line. {where} must "
            "be there and must take new files, on a disk that every node sees. Correct JULIA_DEPOT_PATH, or run "
            "`make julia` again"
        )
    if "Unsatisfiable requirements" in text:
        return f"this Julia does not go with PySR's packages ({first}). PySR 1.5 wants Julia 1.10.3 or newer. {WAYS}"
    if "precompil" in text.lower():
        return f"Julia's packages could not be precompiled ({first}). Delete {PROOF} and say `make julia` again"
    return f"{type(error).__name__}: {first}"


# Each step is a process of its own, so that a download that hangs or a crash in Julia ends with a message.

# Resolve PySR's Julia packages, and add ours to their project.
RESOLVE = """
import sys
from cftsr.engines.pysr.julia import import_pysr
import_pysr(offline=False)
from pysr.julia_import import jl
jl.seval("path -> Pkg.develop(Pkg.PackageSpec(path=path))")(sys.argv[1])
"""

# Do tiny fits of every kind that this sweep has, and let Julia write down what it compiles for them.
TRACE = """
import itertools, sys
from cftsr.engines.pysr.julia import import_pysr, trace_compilation
regressor = import_pysr().PySRRegressor
trace_compilation(sys.argv[1])
from cftsr.engines.pysr.trial import tiny_fit
for kind in itertools.product((True, False), (False, True), (32, 64), ("mse", "scaled")):
    tiny_fit(regressor, *kind)
"""

# Compile our package with what was written down; say whether its part for Python came with it.
PRECOMPILE = """
from cftsr.engines.pysr.julia import import_pysr
import_pysr()
from pysr.julia_import import jl
if jl.seval("Base.get_extension(CftsrSearch, :CftsrSearchPythonCallExt) !== nothing"):
    print("EXTENSION")
"""

TRIAL = """
import json, time
began = time.monotonic()
from cftsr.engines.pysr.julia import environment, import_pysr
pysr = import_pysr()
imported = time.monotonic()
from cftsr.engines.pysr.trial import tiny_fit
from juliapkg.state import STATE
from pysr.julia_import import jl
model = tiny_fit(pysr.PySRRegressor, True, False, 32, "scaled")
fitted = time.monotonic()
packages = jl.seval(
    'Dict(string(v.name) => string(v.version) for v in values(Pkg.dependencies()) '
    'if v.is_direct_dep && v.version !== nothing && v.name != "CftsrSearch")'
)
print("PROOF " + json.dumps({
    "julia": str(jl.seval("string(VERSION)")),
    "julia_packages": {str(k): str(v) for k, v in dict(packages).items()},
    "julia_project": str(STATE["project"]),
    "environment": environment(),
    "pysr": pysr.__version__,
    "import_seconds": round(imported - began, 1),
    "first_fit_seconds": round(fitted - imported, 1),
    "equations": [str(text) for text in model.equations_["equation"]],
}))
"""


def environment() -> dict[str, str]:
    """What a later process needs to find the same Julia and the same packages, from one in which PySR runs."""
    import juliapkg
    from pysr.julia_import import jl

    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return inherited | {
        EXECUTABLE: str(juliapkg.executable()),
        "PYTHON_JULIAPKG_PROJECT": str(juliapkg.project()),
        "JULIA_DEPOT_PATH": os.pathsep.join(str(depot) for depot in jl.DEPOT_PATH),
    }


def trace_compilation(path: str) -> None:
    """Let Julia write down what it compiles from now on: its option --trace-compile, which juliacall does not offer."""
    from pysr.julia_import import jl

    jl.seval(
        """
        path -> begin
            options = cglobal(:jl_options, Base.JLOptions)
            offset = fieldoffset(Base.JLOptions, Base.fieldindex(Base.JLOptions, :trace_compile))
            text = Base.unsafe_convert(Cstring, Base.cconvert(Cstring, String(path)))
            kept = ccall(:strdup, Ptr{UInt8}, (Cstring,), text)
            unsafe_store!(Ptr{Ptr{UInt8}}(Ptr{UInt8}(options) + offset), kept)
            nothing
        end
        """
    )(path)


def prove(path: Path = PROOF, minutes: float = 60.0) -> dict:
    """Resolve, precompile, fit something tiny, and write the proof; returns it.

    Raises UserError with the reason and the remedy.
    """
    began = time.monotonic()
    package = path.parent.resolve() / PACKAGE.name
    statements = package / "src" / "statements.jl"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(PACKAGE, package)
    write_text(statements, "")
    deadline = began + 60 * minutes
    _step(RESOLVE, deadline, str(package), offline=False)
    with suppress(UserError):  # without it, every process compiles for itself
        _step(TRACE, deadline, str(statements))
        write_text(statements, _compilable(statements.read_text(encoding="utf-8")))
        if "EXTENSION" not in _step(PRECOMPILE, deadline).splitlines():
            # Julia cannot start Python by itself (no shared libpython): every process would try it, and complain.
            without_extension(package)
            _step(RESOLVE, deadline, str(package), offline=False)
            _step(PRECOMPILE, deadline)
    output = _step(TRIAL, deadline)
    line = next((line for line in output.splitlines() if line.startswith("PROOF ")), None)
    if line is None:
        raise UserError(f"Julia could not be set up: the tiny fit said nothing. {WAYS}")
    content = json.loads(line.removeprefix("PROOF ")) | {"seconds": round(time.monotonic() - began, 1)}
    write_json(path, content)
    return content


def without_extension(package: Path) -> None:
    """Take out of our package what it compiles on Python's side."""
    project = package / "Project.toml"
    sections = re.split(r"^(?=\[)", project.read_text(encoding="utf-8"), flags=re.MULTILINE)
    kept = [section for section in sections if not section.startswith(("[weakdeps]", "[extensions]"))]
    write_text(project, "".join(kept))
    shutil.rmtree(package / "ext")


def _compilable(text: str) -> str:
    """The statements that mean the same in a later process: none on functions that a session has named itself."""
    lines = dict.fromkeys(line for line in text.splitlines() if line.startswith("precompile(") and "Main." not in line)
    return "\n".join(lines) + "\n"


def _step(program: str, deadline: float, *arguments: str, offline: bool = True) -> str:
    """Run a program in a Python of its own; what it printed. Raises UserError where it fails."""
    variables = os.environ | ENVIRONMENT | {"PYTHONPATH": str(Path(__file__).parents[3])}
    variables.pop("PYTHON_JULIAPKG_OFFLINE", None)
    if offline:
        variables["PYTHON_JULIAPKG_OFFLINE"] = "yes"
    try:
        done = subprocess.run(
            [sys.executable, "-c", "import socket; socket.setdefaulttimeout(60)\n" + program, *arguments],
            env=variables,
            capture_output=True,
            text=True,
            timeout=max(1.0, deadline - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(f"Julia was not ready in time. {WAYS}") from error
    print(done.stdout, done.stderr, sep="\n")
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in reversed(lines) if "UserError: " in line), lines[-1] if lines else "")
        reason = reason.split("UserError: ", 1)[-1] or f"exit status {done.returncode}"
        raise UserError(reason if WAYS in reason else f"Julia could not be set up: {reason}. {WAYS}")
    return done.stdout
