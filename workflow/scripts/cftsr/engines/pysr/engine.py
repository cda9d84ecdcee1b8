"""The paper's engine: PySR, on Julia.

A fit is one run of PySR, or several ("restarts"), each on rows and inputs of its own. A run goes in chunks of
iterations. Each chunk starts from the pickle that PySR wrote at the end of the one before, whether or not the process
is the same, so that a fit that was killed and resumed does what an undisturbed one does.
"""

from __future__ import annotations

import importlib.util
import inspect
import pickle
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cftsr.algebra.expressions import Expression, evaluate
from cftsr.algebra.formula import parse
from cftsr.engines.base import Assignment, Availability, Engine, Needs, Problem, Progress
from cftsr.engines.options import boolean, by_task, choice, for_task, integer, number, one_or_more
from cftsr.engines.pysr import julia
from cftsr.engines.pysr.regressor import (
    KEYWORDS,
    ShownProblem,
    in_pysr_names,
    keywords,
    read_hall_of_fame,
    read_members,
    shown_problem,
)
from cftsr.engines.pysr.trust import trusted
from cftsr.engines.refinement import refine, simplest
from cftsr.engines.scaling import best_scaling, scaled
from cftsr.engines.schedule import BANDS, INPUTS, KINDS
from cftsr.errors import UserError
from cftsr.fronts.exactness import first_exact
from cftsr.fronts.front import Candidate
from cftsr.vocabulary import REFINED

# How a chunk came by its state: a run's first chunk, PySR's saved state, the front as guesses, nothing.
FRESH, STATE, GUESSES, LOST = "fresh", "state", "guesses", "lost"
RUN = "run"  # the folder PySR writes to; finished chunks are moved to chunk1, chunk2, ...
SEED_STEP = 1_000_003  # between the random states of a fit's chunks; chunk 0 has the fit's seed itself
# The loss below which only an exact formula lies, over the mean square of the target: (a few roundings)^2.
EXACT_LOSS = {32: 1e-13, 64: 1e-27}
MEMBERS_REFINED = 200  # best equations of the populations whose structures are solved exactly
WARM_UP_ROWS = 20


class PySR(Engine):
    """PySR in seeded, deterministic chunks of iterations."""

    name = "pysr"
    title = "PySR"
    colour, dash = "#00795A", (2, 2)
    requires = (julia.PROOF.as_posix(),)
    environment = "pysr.yaml"
    packages = ("pysr", "juliacall", "juliapkg")
    slow_start = True
    options = {
        "iterations": by_task(integer(1)),
        "chunk_iterations": integer(1),
        "restarts": integer(1),
        "objective": choice("mse", "scaled"),
        "inputs": one_or_more(choice(*KINDS, *INPUTS)),
        "bands": one_or_more(choice(*BANDS)),
        "rows": integer(0),
        "refine": boolean(),
        "support_limit": integer(2),
        "early_stop": boolean(),
        "chunk_minutes": number(0.0),
        "constant_complexity": integer(1),
        **KEYWORDS,
    }
    _compiled: set[tuple] = set()  # the kinds of search that this process has compiled

    @classmethod
    def availability(cls, named: bool = False) -> Availability:
        """With `auto` exactly where `make julia` has left its proof; asked by name, also where Julia is at hand."""
        broken = julia.broken_proof()
        if broken is None and julia.proof() is not None:
            return Availability(True)
        remedy = (
            "Run `make julia` once: it finds or fetches Julia, precompiles, and proves itself with a tiny fit. An "
            "existing Julia is taken from PYTHON_JULIAPKG_EXE or the PATH (docs/julia.md)"
        )
        if named and importlib.util.find_spec("pysr") is None:
            return Availability(False, "the package pysr is not installed", "make sets up .venv with it")
        if broken:
            return Availability(False, broken, remedy)
        if named and julia.executable() is not None:
            return Availability(True)
        return Availability(False, "Julia has not been set up here", remedy)

    @classmethod
    def needs(cls, task: str, rows: int, options: Mapping[str, Any]) -> Needs:
        """Julia takes up to half a minute to start, and 1.5 GB.

        Then an iteration takes 0.15 s on 60 or 200 rows, 0.5 to 1.4 s on 1,000 to 14,000 (20 populations); trees grow,
        and so three times that.
        """
        seen = min(rows, options["rows"]) if options["rows"] else rows
        work = options["populations"] / 20 * options["ncycles_per_iteration"] / 380
        iterations = for_task(options["iterations"], task) * options["restarts"]
        seconds = iterations * work * (0.15 + min(1.5, seen / 2000))
        return Needs(mem_mb=2500 + seen / 10, minutes=2 + 3 * seconds / 60)

    def start(self, assignment: Assignment) -> None:
        """Import PySR, and let Julia compile what this kind of search needs, on a few rows in a folder of its own.

        A process that fits several cells pays for each kind once.
        """
        began = time.monotonic()
        if assignment.folder.exists():
            trusted(assignment.folder)  # told now, not after the first chunk
        regressor = julia.import_pysr().PySRRegressor
        imported = time.monotonic()
        self.startup_seconds = {"import": imported - began, "compile": 0.0}
        problem, options = assignment.problem, assignment.options
        kind = (problem.setting, problem.unary_operators, options["precision"], options["objective"])
        if kind in self._compiled:
            return
        assignment.log(f"PySR imported in {imported - began:.1f} s")
        model = regressor(
            **keywords(problem, options | {"ncycles_per_iteration": 1, "populations": 2}, regressor, None),
            niterations=1,
            random_state=0,
            output_directory=str(assignment.folder),
            run_id="warmup",
        )
        with julia.explained("compiling the search"):
            model.fit(*shown_problem(problem, options, assignment.seed, 0).first(WARM_UP_ROWS).table())
        shutil.rmtree(assignment.folder / "warmup", ignore_errors=True)
        self._compiled.add(kind)
        self.startup_seconds["compile"] = time.monotonic() - imported
        assignment.log(f"search compiled in {self.startup_seconds['compile']:.1f} s")

    def advance(self, assignment: Assignment, progress: Progress) -> Progress:
        """One chunk of iterations of one restart."""
        problem, options, folder = assignment.problem, assignment.options, assignment.folder
        regressor = julia.import_pysr().PySRRegressor
        restart, step = divmod(progress.chunk, -(-options["iterations"] // options["chunk_iterations"]))
        seen = shown_problem(problem, options, assignment.seed, restart)
        done = step * options["chunk_iterations"]
        iterations = min(options["chunk_iterations"], options["iterations"] - done)
        threshold = None
        if options["early_stop"]:
            threshold = EXACT_LOSS[options["precision"]] * float(np.mean(np.square(seen.target)))
        settings = {
            **keywords(problem, options, regressor, threshold),
            "niterations": iterations,
            "random_state": (assignment.seed + progress.chunk * SEED_STEP) % 2**31,
            "timeout_in_seconds": round(60 * options["chunk_minutes"]) or None,
        }
        model, restored = self._model(regressor, settings, folder, progress, step)
        _search(model, seen, f"restart {restart + 1}, iterations {done} to {done + iterations}", options)
        chunk = progress.chunk + 1
        hall_of_fame = read_hall_of_fame(folder / RUN / "hall_of_fame.csv", seen.inputs, assignment.log)
        members = read_members(julia.best_members(model, MEMBERS_REFINED), seen.inputs) if options["refine"] else []
        keep(folder, chunk)
        if options["objective"] == "scaled":
            hall_of_fame = [_completed(problem, candidate) for candidate in hall_of_fame]
            members = [_with_scaling(problem, member) for member in members]
        candidates = list(hall_of_fame)
        earlier = list(progress.candidates)
        if step and restored == STATE and options["restarts"] == 1:
            earlier = [candidate for candidate in earlier if candidate.origin == REFINED]  # PySR has kept the others
        candidates += [candidate for candidate in earlier if candidate not in candidates]
        if options["restarts"] > 1:
            candidates = simplest(problem, candidates)
        exact = None
        if options["refine"]:
            best = [parse(candidate.text, problem.columns) for candidate in hall_of_fame]
            refined = refine(problem, [*reversed(best), *members], options["support_limit"])
            if refined is not None:
                exact = str(refined)
                candidates.append(Candidate(exact, origin=REFINED))
        if options["early_stop"] and exact is None:
            exact = first_exact(problem.labels, problem, problem.front(candidates))
        last = restart + 1 == options["restarts"] and done + iterations >= options["iterations"]
        stop_reason = "exact" if exact and options["early_stop"] else "exhausted" if last else ""
        assignment.log(
            f"restart {restart + 1} of {options['restarts']}, iteration {done + iterations} of "
            f"{options['iterations']}: {len(hall_of_fame)} equations" + (f"; exact: {exact}" if exact else "")
        )
        return Progress(
            chunk=chunk,
            candidates=tuple(candidates),
            # PySR does not say how many expressions it evaluated; cycles over all populations stand for the work.
            evaluations=progress.evaluations
            + iterations * options["populations"] * options["ncycles_per_iteration"] * options["population_size"],
            stop_reason=stop_reason,
            extra={
                "provenance": julia.provenance(),
                "restored": [*progress.extra.get("restored", []), restored],
                "rows_seen": len(seen.target),
                "settings": {key: value for key, value in settings.items() if _is_plain(value)},
            },
        )

    @staticmethod
    def _model(
        regressor: Any, settings: dict[str, Any], folder: Path, progress: Progress, step: int
    ) -> tuple[Any, str]:
        """The model to go on with, and how it came by its state (FRESH, STATE, GUESSES, LOST)."""
        shutil.rmtree(folder / RUN, ignore_errors=True)
        places = {"output_directory": str(folder), "run_id": RUN}
        if step == 0:
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


def _search(model: Any, seen: ShownProblem, what: str, options: dict[str, Any]) -> None:
    """Run PySR; UserError where it fails, or took longer than `chunk_minutes`."""
    began = time.monotonic()
    with julia.explained(what):
        model.fit(*seen.table())
    if options["chunk_minutes"] and time.monotonic() - began >= 60 * options["chunk_minutes"]:
        raise UserError(
            f"{what} took longer than chunk_minutes = {options['chunk_minutes']:g}. The finished chunks are kept: "
            "raise chunk_minutes, or lower chunk_iterations or rows, and run it again"
        )


def _completed(problem: Problem, candidate: Candidate) -> Candidate:
    """An equation that was found up to scale and offset, with both; as it is where they cannot be had."""
    body = parse(candidate.text, problem.columns)
    return Candidate(str(_with_scaling(problem, body)), candidate.engine_loss, candidate.origin)


def _with_scaling(problem: Problem, body: Expression) -> Expression:
    with np.errstate(all="ignore"):
        values = np.broadcast_to(evaluate(body, problem.columns), problem.target.shape)
    scaling = best_scaling(values, problem.target)
    return body if scaling is None else scaled(body, scaling, problem.setting.integer_columns)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | list | dict)


def keep(folder: Path, chunk: int) -> None:
    """Move the finished run to chunk<n>; keep the one before it, for a kill before the new state is saved."""
    target = folder / f"chunk{chunk}"
    shutil.rmtree(target, ignore_errors=True)
    (folder / RUN).rename(target)
    shutil.rmtree(folder / f"chunk{chunk - 2}", ignore_errors=True)
