"""From verdicts to one row a cell, and how many cells were recovered.

A *record* is what verdict.json holds: {"cell": ..., "verdict": ..., "fit": ...}. Everything here is in a fixed order
and independent of the order of the records, so that the same verdicts give the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cftsr.engines import ANY_SETTING, ENGINES, SETTINGS
from cftsr.errors import UserError
from cftsr.families import family_names, get_family
from cftsr.files import read_json, write_atomically, write_text

# The answers in a verdict. verification.py has them too, but importing it costs half a second of SymPy.
YES, NO, UNDECIDED = "yes", "no", "undecided"

CellKey = tuple[str, str, int, str | None, str, str, int]
CELL = ("family", "task", "theories", "fraction", "setting", "engine", "seed")


@dataclass(frozen=True)
class Result:
    """One fitted cell and which of its equations counts.

    cell         the keys of CELL
    selected     the judgement of PySR's `best`: what the paper's numbers are compared with
    reported     the judgement of the equation that stands for the cell: the proved one if there is one, else `selected`
    selected_by  "exact" or "best": how `reported` was chosen
    recovered    "yes", "no" or "undecided", of the whole front
    identified   whether the data fix the formula, "identified", "fits" or "none"; None where nobody knows
    fit, cost    provenance and times, as in fit.json and cost.json
    """

    cell: dict[str, Any]
    selected: dict[str, Any]
    reported: dict[str, Any]
    selected_by: str
    recovered: str
    identified: str | None
    fit: dict[str, Any]
    cost: dict[str, Any]

    @property
    def proved_elsewhere(self) -> bool:
        """Whether what was recovered is another member of the front than the selected equation."""
        return self.recovered == YES and self.reported is not self.selected


def cell_key(cell: dict[str, Any]) -> CellKey:
    return tuple(cell[name] for name in CELL)


def engine_order(engine: str) -> tuple[int, str]:
    """Engines in the order of the registry; those that it does not know follow by name."""
    return (list(ENGINES).index(engine) if engine in ENGINES else len(ENGINES), engine)


def setting_order(setting: str) -> tuple[int, str]:
    names = [*SETTINGS, ANY_SETTING]
    return (names.index(setting) if setting in names else len(names), setting)


def fraction_order(fraction: str | None) -> float:
    return 0.0 if fraction is None else float(fraction)


def cell_order(cell: dict[str, Any]) -> tuple:
    return (
        cell["family"],
        cell["task"],
        cell["theories"],
        fraction_order(cell["fraction"]),
        setting_order(cell["setting"]),
        engine_order(cell["engine"]),
        cell["seed"],
    )


def family_title(family: str) -> str:
    """What tables call a family; its name, where no module of that name is there any more."""
    return get_family(family).title if family in family_names() else family


def read_records(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    """The records in these verdict.json files, with the cost.json beside each.

    A verdict that is not there is a cell that is missing.

    Raises UserError for a damaged file.
    """
    records = []
    for path in map(Path, paths):
        if not path.exists():
            continue
        remedy = "delete it and run snakemake again: only this verdict is made anew"
        record = read_json(path, remedy)
        record["cost"] = read_json(
            path.with_name("cost.json"), "delete it and run snakemake again: the fit is repeated"
        )
        try:
            cell_order(record["cell"])
            (
                record["cost"]["fit_cpu_seconds"],
                record["fit"]["rows"],
                record["verdict"]["equations"][record["verdict"]["selected"]],
            )
        except (KeyError, IndexError, TypeError) as error:
            raise UserError(f"{path} is not a verdict of ours ({error!r}); {remedy}") from error
        records.append(record)
    return records


# ---- one result a record


def _proved(judgement: dict[str, Any]) -> bool:
    """As Judgement.recovered in verification.py, from JSON."""
    answers = {judgement[key] for key in ("exact_on_data", "exact_on_held_out", "identical_to_closed_form")}
    return not answers & {NO, UNDECIDED}


def _reported(verdict: dict[str, Any]) -> tuple[int, str]:
    """The index of the equation that stands for the cell, and how it was chosen.

    The simplest equation that was recovered; else the simplest that is exact on the data; else PySR's `best`.
    """
    proved = next((index for index, item in enumerate(verdict["equations"]) if _proved(item)), verdict["exact"])
    return (verdict["selected"], "best") if proved is None else (proved, "exact")


def results_of(records: Sequence[dict[str, Any]]) -> list[Result]:
    """The records as results, sorted by cell_order.

    `identified` is the engine's own certificate where it gives one. For other engines it is the certificate that
    another engine gave on the same data, provided that both found the same formula.
    """
    ordered = sorted(records, key=lambda record: cell_order(record["cell"]))
    certificates: dict[tuple, tuple[str, str]] = {}
    for record in ordered:
        certificate = record["fit"].get("certificate")
        if certificate:
            index, selected_by = _reported(record["verdict"])
            if selected_by == "exact":
                formula = record["verdict"]["equations"][index]["simplified"]
                certificates.setdefault(cell_key(record["cell"])[:4], (formula, certificate["outcome"]))
    results = []
    for record in ordered:
        cell, verdict, fit = record["cell"], record["verdict"], record["fit"]
        index, selected_by = _reported(verdict)
        reported = verdict["equations"][index]
        if fit.get("certificate"):
            identified = fit["certificate"]["outcome"]
        else:
            formula, outcome = certificates.get(cell_key(cell)[:4], (None, None))
            identified = outcome if selected_by == "exact" and formula == reported["simplified"] else None
        results.append(
            Result(
                cell=cell,
                selected=verdict["equations"][verdict["selected"]],
                reported=reported,
                selected_by=selected_by,
                recovered=verdict["recovered"],
                identified=identified,
                fit=fit,
                cost=record["cost"],
            )
        )
    return results


# ---- one row a cell

SUMMARY_SCHEMA = pa.schema(
    [
        ("family", pa.string()),
        ("task", pa.string()),
        ("theories", pa.int32()),
        ("fraction", pa.string()),
        ("setting", pa.string()),
        ("engine", pa.string()),
        ("seed", pa.int64()),
        ("rows", pa.int64()),
        ("recovered", pa.string()),
        ("selected_by", pa.string()),
        ("origin", pa.string()),
        ("equation", pa.string()),
        ("simplified", pa.string()),
        ("complexity", pa.int32()),
        ("loss", pa.float64()),
        ("score", pa.float64()),
        ("exact_on_data", pa.string()),
        ("exact_on_held_out", pa.string()),
        ("identical_to_closed_form", pa.string()),
        ("identified", pa.string()),
        ("cpu_seconds", pa.float64()),
        ("wall_seconds", pa.float64()),
        ("evaluations", pa.int64()),
        ("stop_reason", pa.string()),
        ("engine_version", pa.string()),
    ]
)


def engine_version(engine: str, versions: dict[str, str]) -> str:
    """The package that the engine is named after with its version ("pyoperon 0.6.2"), else our own ("cftsr 0.1.0")."""
    package = next((name for name in sorted(versions) if engine in name), "cftsr")
    return f"{package} {versions.get(package, 'unknown')}"


def summary_rows(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a cell, with the columns of SUMMARY_SCHEMA; the equation is the reported one (see `Result`)."""
    return [_summary_row(result) for result in results_of(records)]


def _summary_row(result: Result) -> dict[str, Any]:
    reported, fit = result.reported, result.fit
    return {
        **{name: result.cell[name] for name in CELL},
        "rows": fit["rows"],
        "recovered": result.recovered,
        "selected_by": result.selected_by,
        "origin": reported["origin"],
        **{name: reported[name] for name in ("equation", "simplified", "complexity", "loss")},
        "score": float(reported["score"]),
        **{name: reported[name] for name in ("exact_on_data", "exact_on_held_out", "identical_to_closed_form")},
        "identified": result.identified,
        "cpu_seconds": result.cost["fit_cpu_seconds"],
        "wall_seconds": result.cost["fit_wall_seconds"],
        "evaluations": fit["evaluations"],
        "stop_reason": fit["stop_reason"],
        "engine_version": engine_version(result.cell["engine"], fit["versions"]),
    }


def write_summary(rows: Sequence[dict[str, Any]], folder: str | Path) -> None:
    """Write summary.parquet and summary.csv; UserError where the folder cannot be written."""
    table = pa.Table.from_pylist(list(rows), schema=SUMMARY_SCHEMA)
    write_atomically(
        Path(folder, "summary.parquet"), lambda temporary: pq.write_table(table, temporary, compression="zstd")
    )
    write_csv(Path(folder, "summary.csv"), SUMMARY_SCHEMA.names, rows)


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as CSV: floats in full precision, None as nothing."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, stream.getvalue())


# ---- counts


@dataclass(frozen=True)
class RecoveryCount:
    """How many cells of one engine and family were recovered, of how many that the sweep asked for."""

    engine: str
    family: str
    recovered: int
    undecided: int
    missing: int
    total: int

    def __str__(self) -> str:
        rest = [f"{self.undecided} undecided"] * bool(self.undecided) + [f"{self.missing} missing"] * bool(self.missing)
        return f"{self.recovered}/{self.total}" + (f" ({', '.join(rest)})" if rest else "")


def missing_cells(rows: Sequence[dict[str, Any]], expected_cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cells that the sweep asked for and that have no row, in cell_order."""
    found = {cell_key(row) for row in rows}
    return sorted((cell for cell in expected_cells if cell_key(cell) not in found), key=cell_order)


def recovery_counts(
    rows: Sequence[dict[str, Any]], expected_cells: Sequence[dict[str, Any]] = ()
) -> list[RecoveryCount]:
    """Recovered of all cells, by engine and family; a cell that is missing counts as not recovered."""
    absent = missing_cells(rows, expected_cells)
    groups = {(cell["engine"], cell["family"]) for cell in [*rows, *absent]}
    counts = []
    for engine, family in sorted(groups, key=lambda group: (engine_order(group[0]), group[1])):
        answers = [row["recovered"] for row in rows if (row["engine"], row["family"]) == (engine, family)]
        missing = sum((cell["engine"], cell["family"]) == (engine, family) for cell in absent)
        counts.append(
            RecoveryCount(engine, family, answers.count(YES), answers.count(UNDECIDED), missing, len(answers) + missing)
        )
    return counts


def final_message(rows: Sequence[dict[str, Any]], expected_cells: Sequence[dict[str, Any]], folder: str | Path) -> str:
    """What is said at the end: recovered of all cells by engine and family, where the tables are, what is missing."""
    counts = recovery_counts(rows, expected_cells)
    engines = list(dict.fromkeys(count.engine for count in counts))
    width = max(map(len, engines), default=0)
    lines = ["Recovered (exact on the data and on what was held out, and identical to the closed form; proved):"]
    for engine in engines:
        by_family = [f"{family_title(count.family)} {count}" for count in counts if count.engine == engine]
        lines.append(f"  {engine:{width}}  {', '.join(by_family)}")
    absent = missing_cells(rows, expected_cells)
    if absent:
        named = ["/".join(str(part) for part in cell_key(cell) if part is not None) for cell in absent[:3]]
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        lines.append(f"Missing: {len(absent)} cells have no verdict yet: {', '.join(named)}{more}; run it again")
    lines += [
        f"Tables, the paper's beside ours: {folder}/tables/table1.md to table6.md (and .csv, .tex)",
        f"One row a cell: {folder}/summary.csv (and .parquet)",
    ]
    return "\n".join(lines) + "\n"
