"""The status of a sweep: which cells are done, running or failed, and how long the rest may take."""

from __future__ import annotations

import base64
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cftsr.engines import engine_order
from cftsr.jobs.checkpoints import Workspace
from cftsr.sweep.cells import Cell
from cftsr.sweep.paths import Fits
from cftsr.sweep.plan import Sweep
from cftsr.sweep.record import RECORDED_ENGINE
from cftsr.vocabulary import counted

DONE, FITTED, RUNNING, INTERRUPTED, FAILED, WAITING = "done", "fitted", "running", "interrupted", "failed", "waiting"
STATES = (DONE, FITTED, RUNNING, INTERRUPTED, FAILED, WAITING)


@dataclass(frozen=True)
class CellStatus:
    """One cell: its state, a detail such as the error, and how long the fit took or has been running."""

    cell: Cell
    state: str
    detail: str = ""
    wall_seconds: float | None = None


def cell_status(cell: Cell, results: Fits, live: bool) -> CellStatus:
    """The status of a cell from its files.

    results   the folder of the sweep's budget
    live      whether Snakemake is running in this folder: decides between running and interrupted
    """
    judged = Path(results.verdict(cell.folder)).exists()
    if judged or Path(results.front(cell.folder)).exists():
        try:
            cost = json.loads(Path(results.cost(cell.folder)).read_text(encoding="utf-8"))["fit_wall_seconds"]
        except (OSError, ValueError, KeyError):
            cost = None
        return CellStatus(cell, DONE if judged else FITTED, wall_seconds=cost)
    log = Path(results.fit_log(cell.folder))
    lines = _lines(log)
    errors = [line for line in lines if line.startswith("error: ")]
    if errors:
        return CellStatus(cell, FAILED, f"{errors[-1]} ({log})")
    workspace = Path(results.unfinished(cell.folder))
    if lines or workspace.exists():
        chunk = _chunk(workspace)
        detail = f"chunk {chunk} finished" if chunk else "first chunk"
        try:
            spent = time.time() - log.stat().st_mtime
        except OSError:
            spent = None
        return CellStatus(cell, RUNNING if live else INTERRUPTED, detail, spent)
    return CellStatus(cell, WAITING)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _chunk(workspace: Path) -> int:
    try:
        return json.loads((workspace / Workspace.FILE).read_text(encoding="utf-8"))["body"]["progress"]["chunk"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0


MOST_FAILURES = 10  # in one message


def failures(sweep: Sweep, folder: Path = Path()) -> list[str]:
    """The failures: a line for each cell whose fit or check ended with an error, then how many more."""
    lines = []
    for cell in sweep.cells:
        fits = Fits(f"{folder}/{sweep.fits_of(cell).root}")
        for job, made, log in (
            ("fit", fits.front(cell.folder), fits.fit_log(cell.folder)),
            ("check", fits.verdict(cell.folder), fits.verify_log(cell.folder)),
        ):
            if not Path(made).exists():
                errors = [line for line in _lines(Path(log)) if line.startswith("error: ")]
                if errors:
                    words = errors[-1].removeprefix("error: ")
                    lines.append(f"  {job} {cell.folder}: {words} ({Path(log).relative_to(folder)})")
                    break
    if not lines:
        return []
    more = [f"  and {len(lines) - MOST_FAILURES:,} more"] if len(lines) > MOST_FAILURES else []
    return [f"Failed: {counted(len(lines), 'cell')}", *lines[:MOST_FAILURES], *more]


def sweep_is_live(folder: Path) -> bool:
    """Whether Snakemake holds the folder's lock. The lock survives a kill -9: the answer is then wrongly yes."""
    locks = folder / ".snakemake" / "locks"
    return locks.is_dir() and any(locks.iterdir())


# Overhead of a job, if Snakemake has recorded no times: Python, its imports, the scheduler.
START_SECONDS = 2.0
CHECK_SECONDS = 1.0
# Tables and page, for a sweep of the paper's size, and for each further thousand cells.
COLLECTION_SECONDS, SECONDS_PER_THOUSAND_CELLS = 30.0, 5.0
NOWHERE = Fits("")
SAMPLE = 50  # jobs of an engine that enter an estimate


def job_seconds(path: str | Path, folder: Path) -> float | None:
    """The wall time of the job that made a file, start-up included, as recorded by Snakemake; None without a record."""
    relative = Path(path).relative_to(folder) if Path(path).is_relative_to(folder) else Path(path)
    name = base64.b64encode(relative.as_posix().encode()).decode().replace("/", "_")
    try:
        record = json.loads((folder / ".snakemake" / "metadata" / name).read_text(encoding="utf-8"))
        return max(0.0, record["endtime"] - record["starttime"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _median(values: Sequence[float | None], otherwise: float) -> float:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else otherwise


def remaining_seconds(
    statuses: Sequence[CellStatus], workers: int, results: Fits = NOWHERE, folder: Path = Path()
) -> float | None:
    """How long the rest may take on `workers` cores: fits, checks, each job's start-up, tables and page.

    It is estimated from the median job of each engine so far. None if an engine with fits to do has finished none.
    """
    total = 0.0
    for engine in {status.cell.engine for status in statuses}:
        mine = [status for status in statuses if status.cell.engine == engine]
        to_fit = sum(status.state in (RUNNING, INTERRUPTED, WAITING) for status in mine)
        to_check = to_fit + sum(status.state == FITTED for status in mine)
        finished = [status for status in mine if status.state in (DONE, FITTED) and status.wall_seconds is not None]
        if to_fit and not finished:
            return None
        sample = finished[-SAMPLE:]
        folders = [status.cell.folder for status in sample]
        fit = _median([status.wall_seconds for status in sample], 0.0) + START_SECONDS
        fit = _median([job_seconds(results.front(cell), folder) for cell in folders], fit)
        check = CHECK_SECONDS + START_SECONDS
        check = _median([job_seconds(results.verdict(cell), folder) for cell in folders], check)
        total += to_fit * fit + to_check * check
    if total:
        total = total / max(1, workers) + COLLECTION_SECONDS + SECONDS_PER_THOUSAND_CELLS * len(statuses) / 1000
    return total


def describe_status(sweep: Sweep, folder: Path, workers: int) -> str:
    """The status of the sweep whose results lie under `folder`, as a few lines."""
    live = sweep_is_live(folder)
    results = Fits(f"{folder}/{Fits.of(sweep.budget).root}")
    recorded = sweep.recorded.used
    statuses = [cell_status(cell, results, live) for cell in sweep.cells if cell not in recorded]
    width = max(len(engine) for engine in [*sweep.engines, *(cell.engine for cell in recorded)])
    done = sum(status.state == DONE for status in statuses)
    lines = [f"sweep {sweep.name}, budget {sweep.budget}: {done} of {len(statuses)} cells done"]
    for engine in sorted(sweep.engines, key=engine_order):
        mine = [status for status in statuses if status.cell.engine == engine]
        counts = [(state, sum(status.state == state for status in mine)) for state in STATES]
        lines.append(f"  {engine:{width}}  " + ", ".join(f"{count} {state}" for state, count in counts if count))
    if recorded:
        judged = sum(Path(results.recorded.verdict(cell.folder)).exists() for cell in recorded)
        lines.append(f"  {RECORDED_ENGINE:{width}}  {len(recorded)} recorded, {judged} of them judged here")
    for state in (RUNNING, INTERRUPTED, FAILED):
        for status in statuses:
            if status.state == state:
                lines.append(f"  {state}: {status.cell.folder}: {status.detail}")
    fits = sum(status.state in (RUNNING, INTERRUPTED, WAITING) for status in statuses)
    checks = fits + sum(status.state == FITTED for status in statuses)
    if checks:
        rest = remaining_seconds(statuses, workers, results, folder)
        guess = "unknown until each engine has finished a fit" if rest is None else _duration(rest)
        left = f"{counted(fits, 'fit')}, {counted(checks, 'check')}, tables and page"
        lines.append(f"  left: {left}; on {counted(workers, 'core')} {guess}")
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {seconds:.0f} s"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.1f} hours"
