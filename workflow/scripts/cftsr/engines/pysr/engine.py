"""The paper's engine: PySR, on Julia.

A fit runs in chunks of iterations. Each chunk starts from the pickle that PySR wrote at the end of the one before,
whether or not the process is the same, so that a fit that was killed and resumed does what an undisturbed one does.

Written for PySR 1.5 and 2.x. Every setting that decides the search is passed explicitly, because defaults have moved:
batching (False -> "auto"), annealing (False -> True), crossover_probability (0.0259 -> 0.2), input_stream ("stdin" ->
None), batch_size (50 -> None) and every weight_* (numbers -> None, a set of the version's own). Of the keywords that
only 2.x has, the mutations weight_mutate_feature and weight_backsolve are set to 0, so that both lines search alike;
`guesses` restarts a chunk from the front where a state cannot be restored; the others keep their defaults (no
plugins, no tracing, no type_spec).
"""

from __future__ import annotations

import csv
import grp
import importlib.util
import inspect
import os
import pickle
import pwd
import re
import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cftsr.algebra.expressions import ParseError, parse, substitute, variable
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.data.sampling import sample_rows
from cftsr.engines.base import Assignment, Availability, Engine, Option, Problem, Progress
from cftsr.engines.pysr import julia
from cftsr.errors import UserError
from cftsr.fronts.exactness import first_exact
from cftsr.fronts.front import Candidate

# How a chunk came by its state: a fit's first chunk, PySR's saved state, the front as guesses, nothing.
FRESH, STATE, GUESSES, LOST = "fresh", "state", "guesses", "lost"
RUN = "run"  # the folder PySR writes to; finished chunks are moved to chunk1, chunk2, ...
SEED_STEP = 1_000_003  # between the random states of a fit's chunks; chunk 0 has the fit's seed itself
# The loss below which only an exact formula lies, over the mean square of the target: (a few roundings)^2.
EXACT_LOSS = {32: 1e-13, 64: 1e-27}

# Options that are PySRRegressor's keywords, passed as they are.
KEYWORDS = {
    "populations": Option(int, 1),
    "population_size": Option(int, 2),
    "ncycles_per_iteration": Option(int, 1),
    "maxsize": Option(int, 7),
    "maxdepth": Option(int, 1),
    "precision": Option(int, 32, maximum=64),
    "parsimony": Option(float, 0.0),
    "adaptive_parsimony_scaling": Option(float, 0.0),
    "use_frequency": Option(bool),
    "use_frequency_in_tournament": Option(bool),
    "alpha": Option(float, 0.0),
    "annealing": Option(bool),
    "batching": Option(bool),
    "batch_size": Option(int, 1),
    "crossover_probability": Option(float, 0.0, maximum=1.0),
    "fraction_replaced": Option(float, 0.0, maximum=1.0),
    "fraction_replaced_hof": Option(float, 0.0, maximum=1.0),
    "migration": Option(bool),
    "hof_migration": Option(bool),
    "topn": Option(int, 1),
    "tournament_selection_n": Option(int, 1),
    "tournament_selection_p": Option(float, 0.0, maximum=1.0),
    "should_simplify": Option(bool),
    "skip_mutation_failures": Option(bool),
    "should_optimize_constants": Option(bool),
    "optimizer_algorithm": Option(str, allowed=("BFGS", "NelderMead")),
    "optimizer_iterations": Option(int, 0),
    "optimizer_nrestarts": Option(int, 0),
    "optimize_probability": Option(float, 0.0, maximum=1.0),
    "perturbation_factor": Option(float, 0.0),
    "probability_negate_constant": Option(float, 0.0, maximum=1.0),
    "loss_scale": Option(str, allowed=("log", "linear")),
    "fast_cycle": Option(bool),
    "turbo": Option(bool),
    "bumper": Option(bool),
    "weight_add_node": Option(float, 0.0),
    "weight_insert_node": Option(float, 0.0),
    "weight_delete_node": Option(float, 0.0),
    "weight_do_nothing": Option(float, 0.0),
    "weight_mutate_constant": Option(float, 0.0),
    "weight_mutate_operator": Option(float, 0.0),
    "weight_swap_operands": Option(float, 0.0),
    "weight_rotate_tree": Option(float, 0.0),
    "weight_randomize": Option(float, 0.0),
    "weight_simplify": Option(float, 0.0),
    "weight_optimize": Option(float, 0.0),
}
# Only in 2.x: mutations that 1.x does not have.
KEYWORDS_OF_2 = {"weight_mutate_feature": 0.0, "weight_backsolve": 0.0}


class PySR(Engine):
    """PySR in seeded, deterministic chunks of iterations."""

    name = "pysr"
    packages = ("pysr", "juliacall", "juliapkg")
    options = {
        "iterations": Option(int, 1, by_task=True),
        "chunk_iterations": Option(int, 1),
        "rows": Option(int, 0),
        "early_stop": Option(bool),
        "chunk_minutes": Option(float, 0.0),
        "constant_complexity": Option(int, 1),
        **KEYWORDS,
    }

    @classmethod
    def availability(cls, asked: bool = False) -> Availability:
        """With `auto` exactly where `make julia` has left its proof; asked by name, also where Julia is at hand."""
        if julia.proof() is not None:
            return Availability(True)
        remedy = (
            "Say `make julia` once: it finds or fetches Julia, precompiles, and proves itself with a tiny fit. An "
            "existing Julia is taken from PYTHON_JULIAPKG_EXE or the PATH (README, Julia)"
        )
        if asked and importlib.util.find_spec("pysr") is None:
            return Availability(False, "the package pysr is not installed", "make sets up .venv with it")
        if asked and julia.executable() is not None:
            return Availability(True)
        return Availability(False, "Julia has not been set up here", remedy)

    def start(self, assignment: Assignment) -> None:
        """Import PySR and let Julia compile the search, on a few rows and in a folder of its own."""
        began = time.monotonic()
        if assignment.folder.exists():
            trusted(assignment.folder)  # told now, not after the first chunk
        regressor = julia.import_pysr().PySRRegressor
        imported = time.monotonic()
        assignment.log(f"PySR imported in {imported - began:.1f} s")
        few = replace_rows(assignment.problem, np.arange(min(20, len(assignment.problem))))
        model = regressor(
            **keywords(few, assignment.options | {"ncycles_per_iteration": 1, "populations": 2}, regressor, None),
            niterations=1,
            random_state=0,
            output_directory=str(assignment.folder),
            run_id="warmup",
        )
        with julia.explained("compiling the search"):
            model.fit(*table(few))
        shutil.rmtree(assignment.folder / "warmup", ignore_errors=True)
        self.startup_seconds = {"import": imported - began, "compile": time.monotonic() - imported}
        assignment.log(f"search compiled in {self.startup_seconds['compile']:.1f} s")

    def advance(self, assignment: Assignment, progress: Progress) -> Progress:
        """One chunk of iterations, on a fixed sample of the rows if `rows` asks for one."""
        problem, options, folder = assignment.problem, assignment.options, assignment.folder
        regressor = julia.import_pysr().PySRRegressor
        rows = np.arange(len(problem))
        if options["rows"]:
            rows = sample_rows(problem.target, options["rows"], np.random.default_rng(assignment.seed))
        seen = replace_rows(problem, rows)
        threshold = None
        if options["early_stop"]:
            threshold = EXACT_LOSS[options["precision"]] * float(np.mean(np.square(seen.target)))
        done = progress.chunk * options["chunk_iterations"]
        iterations = min(options["chunk_iterations"], options["iterations"] - done)
        settings = {
            **keywords(seen, options, regressor, threshold),
            "niterations": iterations,
            "random_state": (assignment.seed + progress.chunk * SEED_STEP) % 2**31,
            "timeout_in_seconds": round(60 * options["chunk_minutes"]) or None,
        }
        model, restored = self._model(regressor, settings, folder, progress)
        began = time.monotonic()
        with julia.explained(f"iterations {done} to {done + iterations}"):
            model.fit(*table(seen))
        if options["chunk_minutes"] and time.monotonic() - began >= 60 * options["chunk_minutes"]:
            raise UserError(
                f"iterations {done} to {done + iterations} took longer than chunk_minutes = "
                f"{options['chunk_minutes']:g}. The finished chunks are kept: raise chunk_minutes, or lower "
                "chunk_iterations or rows, and run it again"
            )
        chunk = progress.chunk + 1
        found = read_hall_of_fame(folder / RUN / "hall_of_fame.csv", problem, assignment.log)
        if restored in (GUESSES, LOST):  # PySR's own hall of fame no longer holds what was found before
            found += [candidate for candidate in progress.candidates if candidate not in found]
        keep(folder, chunk)
        exact = None
        if options["early_stop"]:
            exact = first_exact(problem.labels, problem, problem.front(found))
        stop_reason = "exact" if exact else "exhausted" if done + iterations >= options["iterations"] else ""
        assignment.log(
            f"iteration {done + iterations} of {options['iterations']}: {len(found)} equations"
            + (f"; exact: {exact}" if exact else "")
        )
        return Progress(
            chunk=chunk,
            candidates=tuple(found),
            # PySR does not say how many expressions it evaluated; cycles over all populations stand for the work.
            evaluations=progress.evaluations
            + iterations * options["populations"] * options["ncycles_per_iteration"] * options["population_size"],
            stop_reason=stop_reason,
            extra={
                "provenance": julia.proof() or {},
                "restored": [*progress.extra.get("restored", []), restored],
                "rows_seen": len(rows),
                "settings": {key: value for key, value in settings.items() if _is_plain(value)},
            },
        )

    @staticmethod
    def _model(regressor: Any, settings: dict[str, Any], folder: Path, progress: Progress) -> tuple[Any, str]:
        """The model to go on with, and how it came by its state (FRESH, STATE, GUESSES, LOST)."""
        shutil.rmtree(folder / RUN, ignore_errors=True)
        places = {"output_directory": str(folder), "run_id": RUN}
        if progress.chunk == 0:
            return regressor(**settings, **places), FRESH
        before = folder / f"chunk{progress.chunk}"
        if before.exists():
            # The original, not the copy, which would belong to us whoever wrote it; a link could lead anywhere.
            state = before / "checkpoint.pkl"
            if state.exists():
                trusted(state)
            shutil.copytree(before, folder / RUN, symlinks=True)
            try:
                model = regressor.from_file(run_directory=str(folder / RUN))
                restored = getattr(model, "julia_state_stream_", None) is not None
            except (pickle.UnpicklingError, EOFError, AttributeError, FileNotFoundError):
                restored = False
            if restored:
                model.set_params(**settings, warm_start=True)
                return model, STATE
        # No state to go on from: the equations found so far, where this PySR can take them, else a fresh search.
        shutil.rmtree(folder / RUN, ignore_errors=True)
        if "guesses" in inspect.signature(regressor.__init__).parameters:
            guesses = [in_pysr_names(candidate.text) for candidate in progress.candidates]
            return regressor(**settings, **places, guesses=guesses), GUESSES
        return regressor(**settings, **places), LOST


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | list | dict)


def keywords(
    problem: Problem, options: dict[str, Any], regressor: Callable, early_stop_loss: float | None
) -> dict[str, Any]:
    """Every keyword of PySRRegressor that decides the search, but for iterations, random state and places.

    regressor   the class (or its signature's twin in a test): decides which of the 2.x keywords exist
    """
    threads = int(os.environ.get("PYTHON_JULIACALL_THREADS", "1"))
    found = {name: options[name] for name in KEYWORDS}
    found |= {
        "binary_operators": list(problem.binary_operators),
        "unary_operators": list(problem.unary_operators),
        "complexity_of_constants": (options["constant_complexity"] if problem.setting.constant_complexity > 1 else 1),
        "nested_constraints": (
            {"square": {"square": 0}}
            if "square" in problem.unary_operators and not problem.setting.nested_square
            else None
        ),
        "early_stop_condition": early_stop_loss,
        "model_selection": "best",
        # Serial and deterministic unless the rule has several threads, which no seed can make reproducible.
        "parallelism": "serial" if threads == 1 else "multithreading",
        "deterministic": threads == 1,
        "progress": False,
        "verbosity": 0,
        "input_stream": "devnull",
        "temp_equation_file": False,
        "delete_tempfiles": True,
        "update": False,
    }
    known = inspect.signature(regressor.__init__).parameters
    return found | {name: value for name, value in KEYWORDS_OF_2.items() if name in known}


def replace_rows(problem: Problem, rows: np.ndarray) -> Problem:
    return replace(
        problem,
        x=problem.x[rows],
        numerator=problem.numerator[rows],
        denominator=problem.denominator[rows],
        uncertainty=None if problem.uncertainty is None else problem.uncertainty[rows],
    )


def pysr_name(name: str) -> str:
    """What PySR calls a column. It refuses names that SymPy or itself has a meaning for (N, S, beta, inv)."""
    return name if name in INTEGER_COLUMNS or re.fullmatch("[a-z]", name) else f"v_{name}"


def _in_pysr(word: str) -> str:
    return word if word == "square" else pysr_name(word)


def in_pysr_names(text: str) -> str:
    """An equation of ours as PySR would print it."""
    # Not within a number: the e of 1e-5 is no name.
    return re.sub(r"(?<![\w.])[A-Za-z_]\w*", lambda found: _in_pysr(found[0]), text)


def table(problem: Problem) -> tuple[Any, np.ndarray]:
    """The inputs as a DataFrame, whose column names PySR prints, and the target; both float64."""
    import pandas as pd

    return pd.DataFrame({pysr_name(name): column for name, column in problem.columns.items()}), problem.target


def read_hall_of_fame(path: Path, problem: Problem, log: Callable[[str], None] = print) -> list[Candidate]:
    """The equations of a hall_of_fame.csv as PySR wrote it, with PySR's own losses.

    Equations that are undefined (inf, nan) are kept: the front leaves them out. One that our grammar does not have is
    named in the log and left out.

    Raises UserError where the file is missing or damaged.
    """
    found, ours = [], {pysr_name(name): variable(name) for name in problem.columns}
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                try:
                    tree = parse(row["Equation"], ours)
                    text = str(substitute(tree, lambda node: ours.get(node.value, node)))
                except ParseError as error:
                    log(f"left out: {error}")
                    continue
                found.append(Candidate(text, float(row["Loss"])))
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise UserError(f"{path} is not a hall of fame of PySR, or is damaged ({error!r}); run it again") from error
    return found


def keep(folder: Path, chunk: int) -> None:
    """Move the finished run to chunk<n>; keep the one before it, for a kill before the new state is saved."""
    target = folder / f"chunk{chunk}"
    shutil.rmtree(target, ignore_errors=True)
    (folder / RUN).rename(target)
    shutil.rmtree(folder / f"chunk{chunk - 2}", ignore_errors=True)


def trusted(path: Path) -> None:
    """Refuse a pickle, or a place for one, that somebody else can write: loading a pickle runs its code.

    Checked are the path and every folder above it up to the working folder (whoever can write that one can change the
    workflow itself), or up to the root for a folder elsewhere. All must belong to this user or to root, and nobody else
    may write: not everybody (but for a folder with the sticky bit, such as /tmp), and not a group, unless it is
    the user's own.

    Raises UserError with the first that will not do, and how to mend it.
    """
    place, last = path.resolve(), Path.cwd()
    while True:
        status = os.stat(place)
        sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        if status.st_uid not in (os.geteuid(), 0):
            raise UserError(
                f"{place} belongs to somebody else (user {status.st_uid}), who could have put a program there: "
                f"its state is not loaded. Delete {path.parent}, and the fit starts afresh"
            )
        if not sticky and (
            status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and not _own_group(status.st_gid))
        ):
            who = "everybody" if status.st_mode & stat.S_IWOTH else "its group"
            raise UserError(
                f"{place} can be written by {who}, who could have put a program there: its state is not "
                f"loaded. Say chmod go-w {place} if you trust what is there, else delete {path.parent}, and the fit "
                "starts afresh"
            )
        if place.parent in (place, last):
            return
        place = place.parent


def _own_group(group: int) -> bool:
    """Whether the group is root's, or the private one that many systems make for each user, with no other member."""
    if group == 0:
        return True
    try:
        user, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return found.gr_gid == user.pw_gid and found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}
