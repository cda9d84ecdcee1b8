"""Write the results of real PySR runs into the record, and restore them from it where PySR cannot run."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cftsr.data.dataset import Dataset, read_dataset
from cftsr.data.tasks import GIVEN
from cftsr.engines.base import Progress, problem_of, usable_front
from cftsr.errors import UserError
from cftsr.files import read_json, write_json
from cftsr.fronts.front import Candidate, read_front, write_front
from cftsr.fronts.verdict import verify_cell
from cftsr.sweep.cells import Cell
from cftsr.sweep.paths import DataSets, Fits
from cftsr.sweep.record import (
    RECORDED_ENGINE,
    RecordedFit,
    data_digest,
    read_record,
    request_of_rows,
    write_record,
)
from cftsr.vocabulary import counted

_PATH = re.compile(r"(?:^|[\s'\"=:(])(?:/|~/|[A-Za-z]:\\)[^\s/]+[/\\]")


# ---- into the record


def record_run(results: Fits, data: DataSets, path: Path, log: Callable[[str], None] = print) -> tuple[int, int]:
    """Add every finished fit of PySR under `results` to the record at `path`; returns (added or replaced, in all).

    A recorded fit of the same cell and seed is replaced, everything else is kept.

    Raises UserError if a fit is damaged, is no run of PySR's own, is itself from the record, or its data set is missing
    or not the one that was fitted; the record is then untouched.
    """
    fits = [_recorded(front, results, data) for front in _fronts(results)]
    fits = [fit for fit in fits if fit is not None]
    if not fits:
        raise UserError(
            f"{results.root} has no finished fit of {RECORDED_ENGINE}: run the sweep where Julia is, then record it"
        )
    known = read_record(path)
    new = {fit.cell: fit for fit in fits}
    write_record(path, (known | new).values())
    for cell in new:
        log(f"{'replaced' if cell in known else 'recorded'} {cell.folder}")
    return len(new), len(known | new)


def _fronts(results: Fits) -> list[Path]:
    return sorted(Path(results.front("")).parent.glob(f"*/*/*/*/{RECORDED_ENGINE}/*/front.parquet"))


def _recorded(front: Path, results: Fits, data: DataSets) -> RecordedFit | None:
    """A fit in the form of the record; None for a user's own spectrum, which nobody else has."""
    folder = front.parent.relative_to(Path(results.front("")).parent).as_posix()
    remedy = f"delete {front.parent} and run the sweep again: only this fit is repeated"
    fit, cost = (read_json(place(folder), remedy) for place in (results.fit, results.cost))
    try:
        cell = Cell(**fit["cell"])
        if cell.task == GIVEN:
            return None
        if fit.get("recorded"):
            raise UserError(f"{front} comes from the record itself; only what PySR found in a run here is recorded")
        if cell.folder != folder or cell.engine != RECORDED_ENGINE:
            raise UserError(f"{front} is not where its fit.json says ({cell.folder}); {remedy}")
        provenance = fit["engine_details"].get("provenance") or {}
        versions = dict(fit["versions"])
        versions |= {"julia": provenance.get("julia") or versions.get("julia", "")}
        versions |= provenance.get("julia_packages") or {}
        if not versions["julia"] or versions.get("pysr") in (None, "not installed"):
            raise UserError(f"{front} names no version of Julia or PySR: it is no run of real PySR; {remedy}")
        spectrum = read_dataset(data.data(cell.spectrum))
        if request_of_rows(spectrum.metadata) != request_of_rows(fit["data_metadata"]) or len(spectrum) != fit["rows"]:
            raise UserError(
                f"{front} was fitted to another data set than {data.data(cell.spectrum)}; run the sweep again first"
            )
        equations = read_front(front)
        candidates = tuple(Candidate(one.text, one.engine_loss, one.origin) for one in equations)
        rebuilt = problem_of(spectrum, cell.setting).front(list(candidates))
        if [one.text for one in rebuilt] != [one.text for one in equations]:
            raise UserError(f"{front} is no front on the rows of {data.data(cell.spectrum)}; {remedy}")
        ended = cost.get("finished") or _time_of(Path(results.cost(folder)))
        return RecordedFit(
            cell=cell,
            data=request_of_rows(spectrum.metadata),
            digest=data_digest(spectrum),
            rows=len(spectrum),
            options=_without_paths(fit["options"], front),
            front=candidates,
            evaluations=fit["evaluations"],
            chunks=fit["chunks"],
            stop_reason=fit["stop_reason"],
            versions=_without_paths(versions, front),
            cost=_without_paths(cost, front),
            date=ended,
        )
    except (KeyError, TypeError) as error:
        raise UserError(f"{results.fit(folder)} is no provenance of ours ({error!r}); {remedy}") from error


def _time_of(path: Path) -> str:
    return datetime.fromtimestamp(os.stat(path).st_mtime, UTC).isoformat(timespec="seconds")


def _without_paths(values: Mapping[str, Any], front: Path) -> Mapping[str, Any]:
    """The values, or UserError if one contains a path of this machine, because the record is published."""
    for name, value in values.items():
        if _PATH.search(str(value)):
            raise UserError(f"{front}: {name} is {value!r}, a path of this machine, which is not recorded")
    return values


# ---- out of it


def restore(fits: Iterable[tuple[RecordedFit, Fits]], data: DataSets, file: str) -> int:
    """Write front.parquet, fit.json and cost.json of recorded fits; returns how many.

    Loss, complexity and score are computed from the printed equations on the present rows. Raises UserError if these
    are not the rows of a fit; all such fits are named in one message.
    """
    fits = list(fits)
    spectra: dict[str, tuple[Dataset, str]] = {}
    others: dict[str, str] = {}
    for fit, _ in fits:
        name = fit.cell.spectrum
        if name not in spectra:
            spectrum = read_dataset(data.data(name))
            spectra[name] = spectrum, data_digest(spectrum)
        if spectra[name][1] != fit.digest:
            others[fit.cell.folder] = name
    if others:
        raise UserError(
            f"{counted(len(others), 'fit')} in {file} were made on other rows than those of "
            f"{', '.join(sorted(set(others.values())))}, though the request is the same: data sets are made otherwise "
            "since. Run the same command again: these fits are then left out, and the start says so. Or leave all out: "
            "recorded: false in config.yaml"
        )
    for fit, results in fits:
        _restore(fit, results, spectra[fit.cell.spectrum][0], data, file)
    return len(fits)


def _restore(fit: RecordedFit, results: Fits, spectrum: Dataset, data: DataSets, file: str) -> None:
    cell = fit.cell
    problem = problem_of(spectrum, cell.setting)
    front = usable_front(cell.engine, problem, Progress(candidates=fit.front, stop_reason=fit.stop_reason))
    write_front(results.front(cell.folder), front)
    write_json(
        results.fit(cell.folder),
        {
            "cell": cell.as_dict(),
            "data": data.data(cell.spectrum),
            "data_metadata": spectrum.metadata,
            "options": dict(fit.options),
            "rows": len(problem),
            "chunks": fit.chunks,
            "evaluations": fit.evaluations,
            "stop_reason": fit.stop_reason,
            "certificate": None,
            "engine_details": {},
            "source": "",
            "versions": dict(fit.versions),
            "recorded": {"date": fit.date, "file": file},
        },
        sealed=True,
    )
    write_json(results.cost(cell.folder), dict(fit.cost), sealed=True)


def judge_restored(
    cells: Sequence[tuple[Cell, Fits]],
    data: DataSets,
    closed_forms: Mapping[tuple[str, str], str | None],
    seconds: float,
) -> None:
    """Judge restored fronts like any other: one process for all, because each takes a fraction of a second."""
    for cell, results in cells:
        print(cell.folder)
        verify_cell(
            front_path=results.front(cell.folder),
            fit_path=results.fit(cell.folder),
            data=data.data(cell.spectrum),
            held_out=data.held_out(cell.spectrum),
            closed_form=closed_forms[cell.family, cell.task],
            seconds=seconds,
            verdict_path=results.verdict(cell.folder),
        )
