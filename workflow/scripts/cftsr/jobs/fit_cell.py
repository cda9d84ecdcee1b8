"""One fit: a data set, an engine, its options and a seed in; a front, its provenance and its cost out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cftsr import provenance
from cftsr.algebra.expressions import ParseError, parse
from cftsr.data.dataset import Spectrum, read_spectrum
from cftsr.engines import get_engine
from cftsr.engines.base import Assignment, Problem, Progress
from cftsr.errors import UserError
from cftsr.files import write_json
from cftsr.fronts.front import Equation, write_front
from cftsr.jobs.checkpoints import Spent, Workspace, added
from cftsr.jobs.watchdog import Watchdog
from cftsr.vocabulary import ANY_SETTING, SETTINGS


def problem_of(spectrum: Spectrum, setting: str) -> Problem:
    """What an engine gets to see of a data set."""
    return Problem(
        labels=spectrum.labels,
        theory_labels=spectrum.theory_labels,
        x=spectrum.x,
        numerator=spectrum.numerator,
        denominator=spectrum.denominator,
        unary_operators=tuple(spectrum.metadata.get("unary_operators", "").split()),
        setting=SETTINGS["free" if setting == ANY_SETTING else setting],
        uncertainty=spectrum.uncertainty,
        finite_labels=tuple(spectrum.metadata.get("finite_labels", "").split()),
        finite_values=tuple(map(tuple, json.loads(spectrum.metadata.get("finite_values", "[]")))),
    )


def cell_name(spectrum: Spectrum, data: str | Path, setting: str, engine: str, seed: int) -> str:
    """The cell as paths and `python -m cftsr status` name it."""
    parts = (spectrum.metadata["family"], spectrum.metadata["task"], Path(data).stem, setting, engine, f"seed{seed}")
    return "/".join(parts)


def usable_front(engine: str, problem: Problem, progress: Progress) -> tuple[Equation, ...]:
    """The front of a finished fit; of one that is not finished nothing, but its equations are read as well.

    Raises UserError where an equation cannot be read, or a finished fit has none that is finite on every row.
    """
    try:
        for candidate in progress.candidates:
            parse(candidate.text, problem.columns)
    except ParseError as error:
        raise UserError(f"engine {engine} returned an equation that cannot be read: {error}") from error
    front = problem.front(list(progress.candidates)) if progress.finished else ()
    if progress.finished and not front:
        raise UserError(
            f"engine {engine} found no equation that is finite on every row ({len(problem)} rows, "
            f"{len(progress.candidates)} candidates). Give it more work in config.yaml (budgets) or leave it out"
        )
    return front


def fit_cell(
    data: str | Path,
    engine: str,
    setting: str,
    seed: int,
    options: dict[str, Any],
    front_path: str | Path,
    fit_path: str | Path,
    cost_path: str | Path,
    workspace: str | Path,
    source: str = "",
    log: Callable[[str], None] = print,
    chunk_minutes: float = 0,
) -> None:
    """Fit one cell and write its front (Parquet), its provenance and its cost (JSON).

    A fit that was killed goes on from the last finished chunk in `workspace` and ends with the same front as one
    that was not. Only one process works on a fit at a time (`Workspace.held`). A chunk that takes longer than
    `chunk_minutes` (0 for never) is taken for a hang: the process says so and is ended (see cftsr.watchdog). Times and
    the machine are in the cost only: front and provenance of two runs can be compared byte by byte.

    Raises UserError where the data set is damaged, the engine cannot run here, or it returned no usable equation.
    """
    startup = time.process_time()
    spectrum = read_spectrum(data)
    problem = problem_of(spectrum, setting)
    engine_class = get_engine(engine)
    availability = engine_class.availability(asked=True)
    if not availability.ok:
        raise UserError(f"engine {engine} cannot run here: {availability.reason}. {availability.remedy}")
    versions = provenance.versions((*engine_class.packages, "numpy", "pyarrow"))
    key = provenance.digest(
        problem.x.tobytes(),
        problem.numerator.tobytes(),
        problem.denominator.tobytes(),
        problem.labels,
        problem.unary_operators,
        *(() if problem.uncertainty is None else (problem.uncertainty.tobytes(),)),
        (problem.finite_labels, problem.finite_values),
        (engine, setting, seed, sorted(options.items(), key=repr)),
        source,
        sorted(versions.items()),
    )
    with (
        Workspace(workspace, key, log).held() as side,
        Watchdog(60 * chunk_minutes, sys.stdout) as watchdog,
    ):
        progress, spent = side.load()
        spent = Spent(spent.cpu_seconds, spent.wall_seconds, spent.processes + 1)
        log(f"{engine} on {data}: {len(problem)} rows, setting {setting}, seed {seed}, options {options}")

        def watch(what: str) -> None:
            watchdog.begin(
                f"fit {cell_name(spectrum, data, setting, engine, seed)}: {what} took longer than "
                f"{chunk_minutes:g} minutes and was ended as a hang. The finished chunks are kept in {side.folder}. "
                "Run the same command again: it goes on from there. If it needs more time, raise fit.chunk_minutes in "
                "config.yaml, or give the engine less work; where it stood is at the end of the log"
            )

        runner, assignment = engine_class(), Assignment(problem, options, seed, log, side.folder)
        if not progress.finished:
            watch("the start of the engine")
            runner.start(assignment)
        watch(f"chunk {progress.chunk + 1}")
        front = usable_front(engine, problem, progress) if progress.finished else ()
        cpu, wall = time.process_time(), time.monotonic()
        for reached in runner.chunks(assignment, progress):
            if reached.chunk != progress.chunk + 1:
                raise UserError(f"engine {engine} handed over chunk {reached.chunk} after chunk {progress.chunk}")
            # Before the state is kept: a fit that goes on from it must not meet the same equation again.
            front = usable_front(engine, problem, reached)
            progress = reached
            now = time.process_time(), time.monotonic()
            spent = added(spent, now[0] - cpu, now[1] - wall)
            cpu, wall = now
            side.save(progress, spent)
            watch(f"chunk {progress.chunk + 1}")
        watchdog.rest()
        write_front(front_path, front)
        write_json(
            fit_path,
            {
                "cell": {
                    "family": spectrum.metadata["family"],
                    "task": spectrum.metadata["task"],
                    "theories": int(spectrum.metadata["theories"]),
                    "fraction": spectrum.metadata.get("fraction"),
                    "setting": setting,
                    "engine": engine,
                    "seed": seed,
                },
                "data": str(data),
                "data_metadata": spectrum.metadata,
                "options": options,
                "rows": len(problem),
                "chunks": progress.chunk,
                "evaluations": progress.evaluations,
                "stop_reason": progress.stop_reason,
                "certificate": progress.extra.get("certificate"),
                "engine_details": {key: value for key, value in progress.extra.items() if key != "certificate"},
                "source": source,
                "versions": versions,
            },
            sealed=True,
        )
        write_json(
            cost_path,
            {
                "fit_cpu_seconds": round(spent.cpu_seconds, 3),
                "fit_wall_seconds": round(spent.wall_seconds, 3),
                "startup_cpu_seconds": round(startup, 3),
                "engine_startup_seconds": {name: round(value, 3) for name, value in runner.startup_seconds.items()},
                "processes": spent.processes,
                "machine": provenance.machine(),
            },
            sealed=True,
        )
        log(f"{progress.stop_reason}: {progress.chunk} chunk(s), {spent.cpu_seconds:.2f} CPU seconds: {front[-1].text}")
        # Last: whatever fails before this, the finished chunks are still there.
        side.clear()
