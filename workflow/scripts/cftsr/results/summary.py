"""From verdicts to one row per cell, and how many cells were recovered.

A *record* is the content of verdict.json: {"cell": ..., "verdict": ..., "fit": ...}. Everything here is in a fixed
order, independent of that of the records, so the same verdicts give the same bytes.
"""

from __future__ import annotations

import csv
import io
import re
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cftsr.data.unlabelled import finding_of
from cftsr.engines import ENGINES, engine_order, get_engine
from cftsr.errors import UserError
from cftsr.files import read_json, write_atomically, write_text
from cftsr.results.titles import data_set_title, family_title, quantity_title, recorded_title, symbol_of
from cftsr.vocabulary import APPROXIMATE, FITS, NO, UNDECIDED, YES, counted, setting_order

CellKey = tuple[str, str, int, str | None, str, str, int]
PAPER_TABLES = 6
CELL = ("family", "task", "theories", "fraction", "setting", "engine", "seed")


@dataclass(frozen=True)
class Result:
    """One fitted cell and the equation that represents it.

    cell         the keys of CELL
    selected     the judgement of PySR's `best`, with which the paper's numbers are compared
    reported     the judgement of the equation that represents the cell: the proved one if there is one, else one that
                 agrees within the data's uncertainty, else `selected`
    selected_by  "exact", "approximate" or "best": how `reported` was chosen
    recovered    "yes", "no", "undecided" or "approximate", of the whole front
    identified   whether the data determine the formula: "identified", "fits" or "none"; None without a certificate
    fit, cost    provenance and times, as in fit.json and cost.json
    held_out     how many rows were held out
    """

    cell: dict[str, Any]
    selected: dict[str, Any]
    reported: dict[str, Any]
    selected_by: str
    recovered: str
    identified: str | None
    fit: dict[str, Any]
    cost: dict[str, Any]
    held_out: int = 0

    @property
    def recording(self) -> dict[str, Any]:
        """Where and when it was recorded; empty if it was fitted here."""
        return self.fit.get("recorded") or {}

    @property
    def certificate(self) -> dict[str, Any]:
        """The engine's own certificate; empty if it gives none."""
        return self.fit.get("certificate") or {}

    @property
    def proved(self) -> bool:
        """Whether `reported` passed every check. Without a closed form to judge it, that alone is no recovery: the data
        must also determine the formula."""
        return _proved(self.reported)

    @property
    def title(self) -> str:
        """What tables call the family: of a spectrum of one's own, what its data say."""
        return recorded_title(self.cell, self.fit)

    @property
    def symbol(self) -> str:
        return symbol_of(self.cell["task"], self.fit)

    @property
    def quantity(self) -> str:
        return quantity_title(self.cell["task"], self.fit)

    @property
    def data_set(self) -> str:
        return data_set_title(self.cell["theories"], self.cell["fraction"])

    @property
    def proved_elsewhere(self) -> bool:
        """Whether the recovered equation is another member of the front than the selected one."""
        return self.recovered == YES and self.reported is not self.selected


def cell_key(cell: dict[str, Any]) -> CellKey:
    return tuple(cell[name] for name in CELL)


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


def read_records(paths: Iterable[str | Path], fronts: bool = True) -> list[dict[str, Any]]:
    """The records in these verdict.json files, with their cost.json.

    fronts   whether to keep every equation of a front. Tables need two of each, the selected and the reported one:
             without the others 20,000 records take a tenth of a gigabyte instead of one.

    A verdict that does not exist is a missing cell.

    Raises UserError for a damaged file.
    """
    records = []
    shared: dict[tuple, dict[str, str]] = {}
    for path in map(Path, paths):
        if not path.exists():
            continue
        remedy = "delete it and summary.parquet, and run snakemake again: only this verdict is repeated"
        record = read_json(path, remedy)
        record["cost"] = read_json(
            path.with_name("cost.json"), "delete it and summary.parquet, and run snakemake again: the fit is repeated"
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
        records.append(record if fronts else _without_front(record, shared))
    return records


_OF_FIT = ("rows", "certificate", "data_metadata", "evaluations", "stop_reason", "versions", "recorded")
_OF_COST = ("fit_cpu_seconds", "fit_wall_seconds")


def _without_front(record: dict[str, Any], shared: dict[Any, Any]) -> dict[str, Any]:
    """The record with only the selected and the reported equation; equal texts and mappings are `shared`."""

    def one(value: Any) -> Any:
        if isinstance(value, str):
            return sys.intern(value)
        if isinstance(value, dict):
            return shared.setdefault(tuple(sorted(value.items())), value)
        return value

    verdict = record["verdict"]
    needed = sorted({_reported(verdict)[0], verdict["selected"]})
    place = {index: position for position, index in enumerate(needed)}
    equations = [{key: one(value) for key, value in verdict["equations"][index].items()} for index in needed]
    short = {"equations": equations, "selected": place[verdict["selected"]], "exact": place.get(verdict["exact"])}
    fit = {key: record["fit"].get(key) for key in _OF_FIT}
    fit |= {key: one(fit[key]) for key in ("data_metadata", "versions", "recorded") if fit[key]}
    return {
        "cell": {key: one(value) for key, value in record["cell"].items()},
        "verdict": verdict | short,
        "fit": fit,
        "cost": {key: record["cost"][key] for key in _OF_COST},
    }


# ---- one result per record


def _proved(judgement: dict[str, Any]) -> bool:
    """As Judgement.recovered in fronts/verdict.py, from JSON."""
    return not _answers(judgement) & {NO, UNDECIDED, APPROXIMATE}


def _answers(judgement: dict[str, Any]) -> set[str]:
    return {judgement[key] for key in ("exact_on_data", "exact_on_held_out", "identical_to_closed_form")}


def _agrees(judgement: dict[str, Any]) -> bool:
    """Whether the equation agrees with the data within their uncertainty and passed every check."""
    answers = _answers(judgement)
    return APPROXIMATE in answers and not answers & {NO, UNDECIDED}


def _reported(verdict: dict[str, Any]) -> tuple[int, str]:
    """The index of the equation that represents the cell, and how it was chosen.

    The simplest equation that was recovered; else the simplest that agrees within the data's uncertainty; else the
    simplest that is exact on the data; else PySR's `best`.
    """
    equations = verdict["equations"]
    chosen = next(
        (index for test in (_proved, _agrees) for index, equation in enumerate(equations) if test(equation)), None
    )
    if chosen is None:
        chosen = verdict["exact"]
    if chosen is None:
        return verdict["selected"], "best"
    return chosen, APPROXIMATE if APPROXIMATE in _answers(equations[chosen]) else "exact"


def results_of(records: Sequence[dict[str, Any]]) -> list[Result]:
    """The records as results, sorted by cell_order.

    `identified` comes from the certificate of the engine, if it gives one. For other engines it comes from that of
    another engine on the same data, if both found the same formula. Without a closed form to judge a formula, and with
    a certificate that the data do not determine one, no engine has recovered it: it is undecided.
    """
    ordered = sorted(records, key=lambda record: cell_order(record["cell"]))
    certificates: dict[tuple, tuple[str, str]] = {}
    undetermined: set[tuple] = set()
    for record in ordered:
        certificate = record["fit"].get("certificate")
        if certificate:
            if certificate["outcome"] == FITS:
                undetermined.add(cell_key(record["cell"])[:4])
            index, selected_by = _reported(record["verdict"])
            if selected_by != "best":
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
            identified = outcome if selected_by != "best" and formula == reported["simplified"] else None
        recovered = verdict["recovered"]
        if recovered == YES and verdict["closed_form"] is None and cell_key(cell)[:4] in undetermined:
            recovered = UNDECIDED
        results.append(
            Result(
                cell=cell,
                selected=verdict["equations"][verdict["selected"]],
                reported=reported,
                selected_by=selected_by,
                recovered=recovered,
                identified=identified,
                fit=fit,
                cost=record["cost"],
                held_out=verdict.get("held_out_rows") or 0,
            )
        )
    return results


# ---- one row per cell

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
        ("source", pa.string()),
        ("evaluations", pa.int64()),
        ("stop_reason", pa.string()),
        ("engine_version", pa.string()),
        # For spectra without labels: the hidden quantum numbers, determined before the fit.
        ("hidden_kind", pa.string()),
        ("hidden_equation", pa.string()),
        ("hidden_levels", pa.int64()),
        ("hidden_levels_explained", pa.int64()),
    ]
)


def engine_version(engine: str, versions: dict[str, str]) -> str:
    """The package of the engine's name with its version ("pyoperon 0.6.2"), else our own ("cftsr 0.1.0")."""
    package = next((name for name in sorted(versions) if engine in name), "cftsr")
    return f"{package} {versions.get(package, 'unknown')}"


def _titled(engine: str, versions: dict[str, str]) -> str:
    """ "PySR 1.5.10": the engine's title and version."""
    return engine_version(engine, versions).replace(engine, get_engine(engine).title if engine in ENGINES else engine)


def recorded_words(results: Iterable[Result]) -> str:
    """ "PySR 1.5.10, 2026-11-20": versions and dates of recorded fits."""
    results = list(results)
    versions = sorted({_titled(result.cell["engine"], result.fit["versions"]) for result in results})
    days = sorted({result.recording.get("date", "")[:10] for result in results})
    span = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    return ", ".join([" and ".join(versions), span]).removesuffix(", ")


def summary_row(result: Result) -> dict[str, Any]:
    """One row of the summary, with the columns of SUMMARY_SCHEMA; the equation is the reported one (see `Result`)."""
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
        "source": "recorded" if result.recording else "run",
        "evaluations": fit["evaluations"],
        "stop_reason": fit["stop_reason"],
        "engine_version": engine_version(result.cell["engine"], fit["versions"]),
        **_hidden(fit),
    }


def _hidden(fit: dict[str, Any]) -> dict[str, Any]:
    """The hidden quantum numbers of a spectrum without labels; levels are those of data and held-out rows."""
    finding = finding_of(fit.get("data_metadata") or {})
    parts = [part for part in (finding["data"], finding["held_out"]) if part] if finding else []
    return {
        "hidden_kind": finding and finding["kind"],
        "hidden_equation": "; ".join(finding["equations"]) if finding else None,
        "hidden_levels": sum(part["of_levels"] for part in parts) if finding else None,
        "hidden_levels_explained": sum(part["levels"] for part in parts) if finding else None,
    }


def write_summary(rows: Sequence[dict[str, Any]], folder: str | Path) -> None:
    """Write summary.parquet and summary.csv; UserError where the folder cannot be written."""
    table = pa.Table.from_pylist(list(rows), schema=SUMMARY_SCHEMA)
    write_atomically(
        Path(folder, "summary.parquet"), lambda temporary: pq.write_table(table, temporary, compression="zstd")
    )
    write_csv(Path(folder, "summary.csv"), SUMMARY_SCHEMA.names, rows)


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as CSV: floats in full precision, None as an empty field.

    A text that a spreadsheet would run as a formula (=, @, + or - first, and no equation of ours) gets an apostrophe.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _inert(value) for key, value in row.items()} for row in rows)
    write_text(path, stream.getvalue())


def _inert(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    value = re.sub(r"[\t\r\n]", " ", value)  # a bare \r would begin a row of its own
    return f"'{value}" if re.match(r" *[=@]|(?![\w.+*/() -]*$) *[+-]", value) else value


# ---- counts


@dataclass(frozen=True)
class RecoveryCount:
    """How many cells of one engine and family were recovered, of how many in the sweep."""

    engine: str
    family: str
    recovered: int
    undecided: int
    missing: int
    total: int
    approximate: int = 0

    @property
    def open(self) -> list[str]:
        """What the fits are that neither recovered the formula nor failed to, in words."""
        parts = (
            (self.approximate, "within uncertainty"),
            (self.undecided, "undecided"),
            (self.missing, "missing"),
        )
        return [f"{count} {words}" for count, words in parts if count]

    @property
    def rest(self) -> str:
        """What the fits that were not recovered are, in words; "" where there are none."""
        failed = self.total - self.recovered - self.undecided - self.missing - self.approximate
        return ", ".join([f"{failed} not recovered"] * bool(failed) + self.open)

    def __str__(self) -> str:
        return f"{self.recovered}/{self.total}" + (f" ({', '.join(self.open)})" if self.open else "")


def missing_cells(rows: Sequence[dict[str, Any]], expected_cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cells of the sweep that have no row, in cell_order."""
    finished = {cell_key(row) for row in rows}
    return sorted((cell for cell in expected_cells if cell_key(cell) not in finished), key=cell_order)


def recovery_counts(
    rows: Sequence[dict[str, Any]], expected_cells: Sequence[dict[str, Any]] = ()
) -> list[RecoveryCount]:
    """The counts of recovered cells by engine and family; a missing cell counts as not recovered."""
    answers: dict[tuple[str, str], Counter] = defaultdict(Counter)
    for row in rows:
        answers[row["engine"], row["family"]][row["recovered"]] += 1
    for cell in missing_cells(rows, expected_cells):
        answers[cell["engine"], cell["family"]]["missing"] += 1
    return [
        RecoveryCount(
            engine,
            family,
            recovered=count[YES],
            undecided=count[UNDECIDED],
            missing=count["missing"],
            total=count.total(),
            approximate=count[APPROXIMATE],
        )
        for (engine, family), count in sorted(
            answers.items(), key=lambda entry: (engine_order(entry[0][0]), entry[0][1])
        )
    ]


# ---- several seeds


def seeded(cells: Iterable[Mapping[str, Any]]) -> set[tuple]:
    """The places (cells without the seed) with several seeds."""
    places = Counter(cell_key(cell)[:-1] for cell in cells)
    return {place for place, count in places.items() if count > 1}


@cache
def wilson_interval(recovered: int, fits: int) -> tuple[float, float]:
    """The 95% interval of a rate of recovery, by Wilson's score (J. Am. Stat. Assoc. 22 (1927) 209)."""
    from scipy.stats import binomtest  # half a second, and only where there are several seeds

    interval = binomtest(recovered, fits).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


@dataclass(frozen=True)
class Recovery:
    """How often an engine recovered a formula, over the fits that have a verdict, and at what cost.

    seconds   CPU seconds of the fits that recovered it, sorted; the others are censored: they ended without it, and
              the time that they would have needed is unknown
    missing   fits of the sweep without a verdict: they do not count in the rate
    """

    seconds: tuple[float, ...]
    fits: int
    missing: int = 0

    @property
    def recovered(self) -> int:
        return len(self.seconds)

    @property
    def censored(self) -> int:
        return self.fits - self.recovered

    @property
    def rate(self) -> float | None:
        return self.recovered / self.fits if self.fits else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.recovered, self.fits) if self.fits else None

    @property
    def median_seconds(self) -> float | None:
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def rate_words(self) -> str:
        """ "80% [49%, 94%]": the rate with its interval; "" if no fit has a verdict."""
        if not self.fits:
            return ""
        low, high = self.interval
        return f"{self.rate:.0%} [{low:.0%}, {high:.0%}]"


def recovery(rows: Iterable[Mapping[str, Any]], missing: int = 0) -> Recovery:
    """The recovery in rows of the summary."""
    rows = list(rows)
    seconds = sorted(row["cpu_seconds"] for row in rows if row["recovered"] == YES)
    return Recovery(tuple(seconds), len(rows), missing)


def _over_seeds(
    rows: Sequence[dict[str, Any]], expected_cells: Sequence[dict[str, Any]], titles: Mapping[str, str]
) -> list[str]:
    """Lines on recovery over seeds, by engine and family; none if each cell has one seed."""
    several = seeded({cell_key(cell): cell for cell in [*expected_cells, *rows]}.values())
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if cell_key(row)[:-1] in several:
            groups[row["engine"], row["family"]].append(row)
    if not groups:
        return []
    lines = ["Over seeds (rate of recovery with Wilson's 95% interval; CPU time of the fits that recovered it):"]
    width = max(len(engine) for engine, _ in groups)
    for engine, family in sorted(groups, key=lambda group: (engine_order(group[0]), group[1])):
        rates = recovery(groups[engine, family])
        words = f"{rates.rate_words} of {rates.fits} fits"
        if rates.seconds:
            words += f", median {rates.median_seconds:.3g} s"
        if rates.censored:
            words += f"; {rates.censored} ended without it"
        lines.append(f"  {engine:{width}}  {family_title(family, titles)} {words}")
    return lines


def final_message(
    rows: Sequence[dict[str, Any]],
    expected_cells: Sequence[dict[str, Any]],
    folder: str | Path,
    titles: Mapping[str, str] | None = None,
    tables: int = 6,
    recorded: Mapping[str, str] | None = None,
    paper: bool = True,
) -> str:
    """The message at the end of a sweep: recovered cells by family, missing ones, and where the tables are.

    titles    of families that have no module, from `titles_of`
    tables    number of tables
    paper     whether the paper's are among them
    recorded  engine -> words with version and date, for engines whose fits are recorded runs
    """
    titles = titles or {}
    counts = recovery_counts(rows, expected_cells)
    families = sorted({count.family for count in counts}, key=lambda name: family_title(name, titles))
    width = max((len(family_title(name, titles)) for name in families), default=0)
    lines = [
        "Recovered (exact on the data and on what was held out, and identical to the closed form where one is known; "
        "proved):"
    ]
    for family in families:
        by_engine = [f"{count.engine} {count}" for count in counts if count.family == family]
        lines.append(f"  {family_title(family, titles):{width}}  {', '.join(by_engine)}")
    lines += [f"  ({engine} is {words})" for engine, words in (recorded or {}).items()]
    lines += _over_seeds(rows, expected_cells, titles)
    absent = missing_cells(rows, expected_cells)
    if absent:
        named = ["/".join(str(part) for part in cell_key(cell) if part is not None) for cell in absent[:3]]
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        lines.append(
            f"Missing: {counted(len(absent), 'cell')} without a verdict: {', '.join(named)}{more}; run it again"
        )
    more = f"; the paper's are 1 to {PAPER_TABLES}" if tables > PAPER_TABLES and paper else ""
    what = "Tables, ours with the paper's" if paper else "Tables" if tables > 1 else "Table"
    last = f" to table{tables}.md" * (tables > 1)
    lines += [
        f"{what}: {folder}/tables/table1.md{last} (and .csv, .tex{more})",
        f"One row per cell: {folder}/summary.csv (and .parquet)",
    ]
    return "\n".join(lines) + "\n"
