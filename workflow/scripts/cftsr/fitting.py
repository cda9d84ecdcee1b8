"""One fit: a data set, an engine, its options and a seed in; a front, its provenance and its cost out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cftsr import provenance
from cftsr.checkpoints import Spent, Workspace, added
from cftsr.engines import ANY_SETTING, SETTINGS, Assignment, Problem, get_engine
from cftsr.errors import UserError
from cftsr.expressions import ParseError
from cftsr.files import write_json
from cftsr.selection import write_front
from cftsr.spectra import Spectrum, read_spectrum


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
) -> None:
    """Fit one cell and write its front (Parquet), its provenance and its cost (JSON).

    A fit that was killed goes on from the last finished chunk in `workspace` and ends with the same front as one
    that was not. Times and the machine are in the cost only: front and provenance of two runs can be compared byte by
    byte.

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
    side = Workspace(workspace, key, log)
    progress, spent = side.load()
    spent = Spent(spent.cpu_seconds, spent.wall_seconds, spent.processes + 1)
    log(f"{engine} on {data}: {len(problem)} rows, setting {setting}, seed {seed}, options {options}")
    runner, assignment = engine_class(), Assignment(problem, options, seed, log, side.folder)
    if not progress.finished:
        runner.start(assignment)
    cpu, wall = time.process_time(), time.monotonic()
    for reached in runner.chunks(assignment, progress):
        progress = reached
        now = time.process_time(), time.monotonic()
        spent = added(spent, now[0] - cpu, now[1] - wall)
        cpu, wall = now
        side.save(progress, spent)
    try:
        front = problem.front(list(progress.candidates))
    except ParseError as error:
        raise UserError(f"engine {engine} returned an equation that cannot be read: {error}") from error
    if not front:
        raise UserError(
            f"engine {engine} found no equation that is finite on every row of {data} "
            f"({len(progress.candidates)} candidates). Give it more work in config.yaml (budgets) or leave it out"
        )
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
    )
    log(f"{progress.stop_reason}: {progress.chunk} chunk(s), {spent.cpu_seconds:.2f} CPU seconds: {front[-1].text}")
    # Last: whatever fails before this, the finished chunks are still there.
    side.clear()
