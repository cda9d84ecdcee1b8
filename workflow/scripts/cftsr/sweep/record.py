"""Recorded runs of real PySR, kept in data/recorded/<budget>.parquet, and which of them a sweep may use.

PySR needs Julia, which few machines have. A recorded fit replaces one that cannot be run here, on the same terms: the
same cell and seed, the same data set, the same options. Its front is judged again, like any other. Only `make record`
writes these files (results/recorded.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cftsr.errors import UserError
from cftsr.fronts.front import Candidate
from cftsr.sweep.cells import Cell
from cftsr.vocabulary import counted

if TYPE_CHECKING:
    import pyarrow as pa

    from cftsr.data.dataset import Dataset

FOLDER = "data/recorded"
RECORDED_ENGINE = "pysr"
# Keys of a data set's metadata that do not determine its rows.
_NOT_OF_THE_ROWS = ("part", "generator", "next_theories")


@dataclass(frozen=True)
class RecordedFit:
    """One fit of a real run.

    data      the request for the data set: its metadata, as text
    digest    of the rows themselves (`data_digest`); rows: how many there are
    options   every option of the engine, as resolved
    front     the equations with the engine's own loss and their origin; all else is computed again
    versions  of the packages, of Julia, and of Julia's packages
    cost      as in cost.json
    date      when the fit ended, ISO 8601, UTC
    """

    cell: Cell
    data: Mapping[str, str]
    digest: str
    rows: int
    options: Mapping[str, Any]
    front: tuple[Candidate, ...]
    evaluations: int
    chunks: int
    stop_reason: str
    versions: Mapping[str, str]
    cost: Mapping[str, Any]
    date: str


def record_path(folder: str | Path, budget: str) -> Path:
    return Path(folder, f"{budget}.parquet")


def data_digest(spectrum: Dataset) -> str:
    """SHA-256 of a data set's content: names and values of the labels, and the exact targets."""
    digest = hashlib.sha256(" ".join(spectrum.labels).encode())
    for column in (spectrum.x, spectrum.numerator, spectrum.denominator):
        digest.update(b"\n" + column.astype("<i8").tobytes())
    return digest.hexdigest()


def request_of_rows(metadata: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in metadata.items() if key not in _NOT_OF_THE_ROWS}


# ---- the file


def _schema() -> pa.Schema:
    import pyarrow as pa

    equation = pa.struct([("equation", pa.string()), ("engine_loss", pa.float64()), ("origin", pa.string())])
    texts, counts = ("data", "digest", "options", "stop_reason", "versions", "cost", "date"), ("evaluations", "chunks")
    return pa.schema(
        [
            ("family", pa.string()),
            ("task", pa.string()),
            ("theories", pa.int64()),
            ("fraction", pa.string()),
            ("setting", pa.string()),
            ("engine", pa.string()),
            ("seed", pa.int64()),
            ("rows", pa.int64()),
            *((name, pa.string()) for name in texts),
            *((name, pa.int64()) for name in counts),
            ("front", pa.list_(equation)),
        ]
    )


_JSON = ("data", "options", "versions", "cost")


def write_record(path: str | Path, fits: Iterable[RecordedFit]) -> None:
    """Write the fits, each cell and seed once, in a fixed order: the same fits give the same bytes."""
    import pyarrow as pa

    from cftsr.files import write_table

    rows = []
    for fit in sorted(fits, key=lambda fit: (fit.cell.spectrum, fit.cell.setting, fit.cell.engine, fit.cell.seed)):
        values = {name: getattr(fit, name) for name in _schema().names if hasattr(fit, name)}
        values |= {name: json.dumps(dict(values[name]), sort_keys=True) for name in _JSON}
        values["front"] = [
            {"equation": one.text, "engine_loss": one.engine_loss, "origin": one.origin} for one in fit.front
        ]
        rows.append(fit.cell.as_dict() | values)
    write_table(path, pa.Table.from_pylist(rows, schema=_schema()))


def read_record(path: str | Path) -> dict[Cell, RecordedFit]:
    """The fits of a record by cell; none if there is no such file. UserError if it is damaged."""
    if not Path(path).exists():
        return {}
    import pyarrow as pa

    from cftsr.files import read_table

    try:
        fits = {}
        for row in read_table(path).to_pylist():
            cell = Cell(**{name: row.pop(name) for name in Cell.__dataclass_fields__})
            front = tuple(Candidate(one["equation"], one["engine_loss"], one["origin"]) for one in row.pop("front"))
            fits[cell] = RecordedFit(cell=cell, front=front, **row | {name: json.loads(row[name]) for name in _JSON})
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} is no record of fits, or is damaged ({error}). Restore it with `git checkout {FOLDER}`, or leave "
            "recorded fits out: recorded: false in config.yaml"
        ) from error
    return fits


# ---- selection for a sweep


@dataclass(frozen=True)
class Selection:
    """used: recorded fits for cells of the sweep; refused: difference in words -> cells; absent: not recorded."""

    used: dict[Cell, RecordedFit] = field(default_factory=dict)
    refused: dict[str, list[Cell]] = field(default_factory=dict)
    absent: list[Cell] = field(default_factory=list)

    def describe(self) -> list[str]:
        """Lines for the start of a run."""
        lines = []
        for words, cells in self.refused.items():
            lines.append(
                f"    {counted(len(cells), 'fit')} recorded differently and not used: {words} ({_named(cells)})"
            )
        if self.absent:
            lines.append(f"    {counted(len(self.absent), 'fit')} not in the record ({_named(self.absent)})")
        return lines


def _named(cells: list[Cell]) -> str:
    more = f" and {len(cells) - 1} more" * (len(cells) > 1)
    return cells[0].folder + more


def select(
    cells: Iterable[Cell],
    record: Mapping[Cell, RecordedFit],
    data: Callable[[Cell], Mapping[str, str]],
    options: Callable[[Cell], Mapping[str, Any]] | None,
    digest: Callable[[Cell], str | None],
) -> Selection:
    """The recorded fits that match the cells of a sweep.

    data      the request for a cell's data set, by the keys of its metadata
    options   of a cell's engine; None to accept those of the record
    digest    of a cell's data set, or None if it is not made yet: it is then compared later
    """
    selection = Selection()
    for cell in cells:
        fit = record.get(cell)
        if fit is None:
            selection.absent.append(cell)
            continue
        words = recorded_differences("data set", fit.data, data(cell), wanted_only=True)
        words = words or (recorded_differences("options", fit.options, options(cell)) if options else "")
        made = None if words else digest(cell)
        if made is not None and made != fit.digest:
            words = "data set (other rows, though the request is the same)"
        if words:
            selection.refused.setdefault(words, []).append(cell)
        else:
            selection.used[cell] = fit
    return selection


_NOTHING = object()
MOST_NAMED = 4  # differences in one message


def recorded_differences(
    what: str, recorded: Mapping[str, Any], wanted: Mapping[str, Any], wanted_only: bool = False
) -> str:
    """ "options (rows: recorded with 200, here 60)"; "" if nothing differs.

    wanted_only   whether to ignore keys that only the record has
    """
    words = []
    for key in sorted(wanted if wanted_only else {*recorded, *wanted}):
        before, now = recorded.get(key, _NOTHING), wanted.get(key, _NOTHING)
        if before != now:
            one, other = ("without it" if value is _NOTHING else f"{value}" for value in (before, now))
            words.append(f"{key}: recorded {'' if one == 'without it' else 'with '}{one}, here {other}")
    more = f"; and {len(words) - MOST_NAMED} more" * (len(words) > MOST_NAMED)
    return f"{what} ({'; '.join(words[:MOST_NAMED])}{more})" if words else ""


def software(fits: Iterable[RecordedFit]) -> str:
    """ "PySR 1.5.10, 2026-11-20": versions and dates of these fits."""
    fits = list(fits)
    versions = sorted({fit.versions.get("pysr", "of unknown version") for fit in fits})
    days = sorted({fit.date[:10] for fit in fits})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"PySR {' and '.join(versions)}, {span}"
