"""One fit: a data set, an engine, its options and a seed in; a front, its provenance and its cost out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cftsr import provenance
from cftsr.data.dataset import read_dataset
from cftsr.engines import get_engine
from cftsr.engines.base import Assignment, Engine, Progress, problem_of, usable_front
from cftsr.errors import UserError
from cftsr.files import write_json
from cftsr.fronts.front import Equation, write_front
from cftsr.jobs.checkpoints import Spent, Workspace, added
from cftsr.jobs.watchdog import Watchdog


@dataclass(frozen=True)
class FitRequest:
    """One fit, in plain values; paths are relative to the working folder.

    front, fit, cost   where the front (Parquet), its provenance and its cost (JSON) go
    workspace          the side folder of finished chunks
    source             digest of the code that decides the result
    chunk_minutes      a chunk that takes longer is ended as a hang; 0 for never
    """

    data: str
    engine: str
    setting: str
    seed: int
    options: dict[str, Any]
    front: str
    fit: str
    cost: str
    workspace: str
    source: str = ""
    chunk_minutes: float = 0


class _Fit:
    """A request with what follows from it before anything is fitted."""

    def __init__(self, request: FitRequest, log: Callable[[str], None]):
        self.request, self.log = request, log
        self.spectrum = read_dataset(request.data)
        self.problem = problem_of(self.spectrum, request.setting)
        self.engine = _available(request.engine)
        self.versions = provenance.versions((*self.engine.packages, "numpy", "pyarrow"))

    @cached_property
    def name(self) -> str:
        """The cell as paths and `python -m cftsr status` name it."""
        metadata, request = self.spectrum.metadata, self.request
        data = Path(request.data).stem
        return "/".join(
            (metadata["family"], metadata["task"], data, request.setting, request.engine, f"seed{request.seed}")
        )

    def key(self) -> str:
        """A digest of everything that decides the result: a checkpoint of another question is not used."""
        problem, request = self.problem, self.request
        return provenance.digest(
            problem.content(),
            (request.engine, request.setting, request.seed, sorted(request.options.items(), key=repr)),
            request.source,
            sorted(self.versions.items()),
        )

    def run(self, runner: Engine, side: Workspace, watchdog: Watchdog) -> tuple[Progress, Spent, tuple[Equation, ...]]:
        """Go on from the last finished chunk to the end: the last state, what it has cost, and the front."""
        request = self.request
        progress, spent = side.load()
        spent = replace(spent, processes=spent.processes + 1)
        self.log(
            f"{request.engine} on {request.data}: {len(self.problem)} rows, setting {request.setting}, "
            f"seed {request.seed}, options {request.options}"
        )

        def watch(what: str) -> None:
            watchdog.begin(
                f"fit {self.name}: {what} took longer than {request.chunk_minutes:g} minutes and was ended as a hang. "
                f"The finished chunks are kept in {side.folder}. Run the same command again: it goes on from there. If "
                "it needs more time, raise fit.chunk_minutes in config.yaml, or give the engine less work; where it "
                "stood is at the end of the log"
            )

        assignment = Assignment(self.problem, request.options, request.seed, self.log, side.folder)
        if not progress.finished:
            watch("the start of the engine")
            runner.start(assignment)
        watch(f"chunk {progress.chunk + 1}")
        front = usable_front(request.engine, self.problem, progress) if progress.finished else ()
        cpu, wall = time.process_time(), time.monotonic()
        for reached in runner.chunks(assignment, progress):
            if reached.chunk != progress.chunk + 1:
                raise UserError(
                    f"engine {request.engine} handed over chunk {reached.chunk} after chunk {progress.chunk}"
                )
            # Before the state is kept: a fit that goes on from it must not meet the same equation again.
            front = usable_front(request.engine, self.problem, reached)
            progress = reached
            now = time.process_time(), time.monotonic()
            spent = added(spent, now[0] - cpu, now[1] - wall)
            cpu, wall = now
            side.save(progress, spent)
            watch(f"chunk {progress.chunk + 1}")
        watchdog.rest()
        return progress, spent, front

    def provenance(self, progress: Progress) -> dict[str, Any]:
        """What fit.json holds; no times and no machine, so that two runs can be compared byte by byte."""
        metadata, request = self.spectrum.metadata, self.request
        return {
            "cell": {
                "family": metadata["family"],
                "task": metadata["task"],
                "theories": int(metadata["theories"]),
                "fraction": metadata.get("fraction"),
                "setting": request.setting,
                "engine": request.engine,
                "seed": request.seed,
            },
            "data": request.data,
            "data_metadata": metadata,
            "options": request.options,
            "rows": len(self.problem),
            "chunks": progress.chunk,
            "evaluations": progress.evaluations,
            "stop_reason": progress.stop_reason,
            "certificate": progress.extra.get("certificate"),
            "engine_details": {key: value for key, value in progress.extra.items() if key != "certificate"},
            "source": request.source,
            "versions": self.versions,
        }


def _available(name: str) -> type[Engine]:
    engine = get_engine(name)
    availability = engine.availability(named=True)
    if not availability.ok:
        raise UserError(f"engine {name} cannot run here: {availability.reason}. {availability.remedy}")
    return engine


def fit_cell(
    request: FitRequest,
    log: Callable[[str], None] = print,
    lifeline: int | None = None,
    cpu_before: float = 0.0,
) -> None:
    """Fit one cell and write its front, its provenance and its cost.

    A fit that was killed goes on from the last finished chunk in its workspace and ends with the same front as one that
    was not. Only one process works on a fit at a time (`Workspace.held`).

    lifeline     a descriptor at whose end of file the process is killed (see `cftsr.jobs.watchdog`)
    cpu_before   CPU seconds that the process had spent, on other cells, when this fit began

    Raises UserError where the data set is damaged, the engine cannot run here, or it returned no usable equation.
    """
    startup = time.process_time() - cpu_before
    fit = _Fit(request, log)
    runner = fit.engine()
    with (
        Workspace(request.workspace, fit.key(), log).held() as side,
        Watchdog(60 * request.chunk_minutes, sys.stdout, lifeline) as watchdog,
    ):
        progress, spent, front = fit.run(runner, side, watchdog)
        write_front(request.front, front)
        write_json(request.fit, fit.provenance(progress), sealed=True)
        write_json(
            request.cost,
            {
                "fit_cpu_seconds": round(spent.cpu_seconds, 3),
                "fit_wall_seconds": round(spent.wall_seconds, 3),
                "startup_cpu_seconds": round(startup, 3),
                "engine_startup_seconds": {name: round(value, 3) for name, value in runner.startup_seconds.items()},
                "processes": spent.processes,
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                "machine": provenance.machine(),
            },
            sealed=True,
        )
        log(f"{progress.stop_reason}: {progress.chunk} chunk(s), {spent.cpu_seconds:.2f} CPU seconds: {front[-1].text}")
        # Last: whatever fails before this, the finished chunks are still there.
        side.clear()
