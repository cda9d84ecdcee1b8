"""Findings of a sweep for tables, figures and page: the fits of an engine on a cell, and notes on how to read them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cftsr.engines import engine_order
from cftsr.results.published import Published, PublishedValue
from cftsr.results.summary import (
    Recovery,
    Result,
    cell_key,
    cell_order,
    recorded_words,
    results_of,
    summary_row,
)
from cftsr.results.titles import family_title, symbol_of, titles_of
from cftsr.vocabulary import ANY_SETTING, APPROXIMATE, REFINED, UNDECIDED, YES, setting_order

Place = tuple[str, str, str | None, str]  # family, task, fraction, setting
MOST_NAMED = 60  # places that a note lists
SECONDS = "recovery_cpu_seconds"  # in the table on seeds only: other quantities are the same in every run of a sweep
# The row of PySR's results with the paper's settings, directly under the published one.
PAPER_SETTINGS = "PySR, the paper's settings"
SPREADING = ("loss", "score", "complexity")  # quantities that vary with the seed
CSV_COLUMNS = (
    "table",
    "family",
    "task",
    "theories",
    "fraction",
    "setting",
    "engine",
    "source",
    "quantity",
    "value",
    "published",
    "published_as_printed",
    "suspect",
    "seeds",
    "missing",
    "recovered",
    "undecided",
    "proved_elsewhere",
    "approximate",
    "minimum",
    "maximum",
    "recovery_rate",
    "rate_low",
    "rate_high",
)


@dataclass(frozen=True)
class CellFits:
    """The fits of one engine on one cell of a table: results, one per seed, and the number of seeds in the sweep."""

    results: tuple[Result, ...]
    requested: int

    @property
    def recovered(self) -> int:
        return sum(result.recovered == YES for result in self.results)

    @property
    def undecided(self) -> int:
        return sum(result.recovered == UNDECIDED for result in self.results)

    @property
    def approximate(self) -> int:
        """How many agree with the data within their uncertainty, which is no proof."""
        return sum(result.recovered == APPROXIMATE for result in self.results)

    @property
    def missing(self) -> int:
        return self.requested - len(self.results)

    @property
    def proved_elsewhere(self) -> bool:
        return any(result.proved_elsewhere for result in self.results)

    @property
    def shown(self) -> Result:
        """The fit of a seed that recovered the formula, or else the one with the smallest loss."""
        return min(self.results, key=lambda result: (result.recovered != YES, result.reported["loss"]))

    def median(self, quantity: str) -> float | None:
        """The median over the seeds, for PySR's `best`; None if nothing was fitted."""
        values = self._values(quantity)
        return statistics.median(values) if values else None

    def extremes(self, quantity: str) -> tuple[float, float] | None:
        """The smallest and the largest over several seeds; None if all are the same."""
        values = self._values(quantity)
        return (min(values), max(values)) if len(set(values)) > 1 else None

    def _values(self, quantity: str) -> list[float]:
        values = [result.selected[quantity] for result in self.results]
        return [math.inf if value == "inf" else value for value in values]

    @property
    def recovery(self) -> Recovery:
        seconds = sorted(result.cost["fit_cpu_seconds"] for result in self.results if result.recovered == YES)
        return Recovery(tuple(seconds), len(self.results), self.missing)

    @property
    def mark(self) -> str:
        """✓ recovered, ≈ within uncertainty, ? undecided; for several seeds with the number that recovered it."""
        dagger = "†" if self.proved_elsewhere else ""
        if self.requested == 1:
            return f"✓{dagger}" if self.recovered else "≈" if self.approximate else "?" if self.undecided else ""
        ticked = f"✓{dagger} " if self.recovered else ""
        return f"{ticked}{self.recovered}/{self.requested}" + (f" ?{self.undecided}" if self.undecided else "")


class Findings:
    """The cells of a sweep and their results; built once, for tables, figures and page.

    records     of `read_records`
    expected    the cells of the sweep, as in record["cell"]
    repeated    records of PySR with the paper's settings (from data/recorded), for comparison with the paper's tables
    """

    def __init__(
        self,
        records: Sequence[dict[str, Any]],
        expected_cells: Sequence[dict[str, Any]],
        repeated: Sequence[dict[str, Any]] = (),
    ):
        self.records, self.expected = list(records), list(expected_cells)
        self.results = results_of(records)
        self.repeated = results_of(repeated)
        self._reference: dict[tuple, CellFits] = {}
        for result in self.repeated:
            *place, _ = cell_key(result.cell)
            known = self._reference.get(tuple(place[:5]), CellFits((), 0)).results
            self._reference[tuple(place[:5])] = CellFits((*known, result), len(known) + 1)
        self.titles = titles_of(records)
        self._symbols = {
            (record["cell"]["family"], record["cell"]["task"]): symbol_of(record["cell"]["task"], record["fit"])
            for record in records
        }
        results = {cell_key(result.cell): result for result in self.results}
        cells = {cell_key(cell): cell for cell in [*expected_cells, *(result.cell for result in results.values())]}
        self.cells = sorted(cells.values(), key=cell_order)
        seeds: dict[tuple, list[int]] = {}
        self._cells: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for cell in self.cells:
            *place, seed = cell_key(cell)
            seeds.setdefault(tuple(place), []).append(seed)
            self._cells.setdefault((cell["family"], cell["task"]), []).append(cell)
        self._fits = {
            place: CellFits(
                tuple(results[*place, seed] for seed in requested if (*place, seed) in results), len(requested)
            )
            for place, requested in seeds.items()
        }

    def of(self, family: str, task: str) -> list[dict[str, Any]]:
        """The cells of a family and task."""
        return self._cells.get((family, task), [])

    @cached_property
    def summary(self) -> list[dict[str, Any]]:
        """One row per cell, as in summary.parquet."""
        return [summary_row(result) for result in self.results]

    @cached_property
    def recorded_engines(self) -> dict[str, str]:
        """Engine -> words with version and date, for engines whose fits are recorded runs."""
        groups: dict[str, list[Result]] = {}
        for result in self.results:
            if result.recording:
                groups.setdefault(result.cell["engine"], []).append(result)
        return {engine: f"recorded: {recorded_words(results)}" for engine, results in groups.items()}

    def reference(self, place: Place, theories: int) -> CellFits | None:
        """The fits of PySR with the paper's settings."""
        family, task, fraction, setting = place
        return self._reference.get((family, task, theories, fraction, setting))

    def reference_of(self, family: str, task: str) -> list[dict[str, Any]]:
        """The cells of a family and task on which PySR was run with the paper's settings."""
        cells = [fits.results[0].cell for fits in self._reference.values()]
        return [cell for cell in cells if (cell["family"], cell["task"]) == (family, task)]

    def reference_notes(self) -> list[str]:
        return [
            f"{PAPER_SETTINGS}: the paper's own experiment, repeated with real PySR ({recorded_words(self.repeated)}) "
            "and judged here again. Blank: not in the record (data/recorded/paper.parquet)."
        ]

    def title(self, family: str) -> str:
        return family_title(family, self.titles)

    def symbol(self, family: str, task: str) -> str:
        return self._symbols.get((family, task)) or symbol_of(task)

    def over_seeds(self) -> dict[tuple[str, str, str, str], CellFits]:
        """All fits of cells with several seeds: (family, task, setting, engine) -> those of all its cells together."""
        by_block: dict[tuple[str, str, str, str], list[CellFits]] = {}
        for (family, task, _, _, setting, engine), fits in self._fits.items():
            if fits.requested > 1:
                by_block.setdefault((family, task, setting, engine), []).append(fits)
        return {
            place: CellFits(
                tuple(result for fits in fits_of_block for result in fits.results),
                sum(fits.requested for fits in fits_of_block),
            )
            for place, fits_of_block in by_block.items()
        }

    def fits(self, place: Place, theories: int, engine: str) -> CellFits | None:
        """One engine's fits, for any setting if the engine ignores the setting; None if the sweep has no such cell."""
        family, task, fraction, setting = place
        return next(
            (
                self._fits[family, task, theories, fraction, name, engine]
                for name in (setting, ANY_SETTING)
                if (family, task, theories, fraction, name, engine) in self._fits
            ),
            None,
        )


def unique(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def settings_of(published: Sequence[PublishedValue], cells: Sequence[dict[str, Any]]) -> list[str]:
    """The settings of the paper and of the sweep; an engine that ignores them adds none, if there are any."""
    settings = {value.setting for value in published if value.setting} | {cell["setting"] for cell in cells}
    return sorted(settings - {ANY_SETTING}, key=setting_order) or ["free"]


def engines_of(cells: Sequence[dict[str, Any]]) -> list[str]:
    return sorted({cell["engine"] for cell in cells}, key=engine_order)


def csv_row(
    table: int,
    place: Place,
    theories: int | None,
    engine: str,
    quantity: str,
    value: Any,
    fits: CellFits | None,
    published: PublishedValue | None,
) -> dict[str, Any]:
    """One row of a table's CSV, with the columns CSV_COLUMNS; None where a column does not apply."""
    family, task, fraction, setting = place
    source = fits and fits.results and ("recorded" if fits.results[0].recording else "run")
    if engine == PAPER_SETTINGS:
        engine, source = "pysr", "recorded, the paper's settings"
    several = fits.recovery if fits and fits.requested > 1 else None
    low, high = (several and several.interval) or (None, None)
    least, most = (fits and quantity in SPREADING and fits.extremes(quantity)) or (None, None)
    if several and several.seconds and quantity == SECONDS:
        least, most = several.seconds[0], several.seconds[-1]
    return {
        "table": table,
        "family": family,
        "task": task,
        "theories": theories,
        "fraction": fraction,
        "setting": setting,
        "engine": engine,
        "source": source or None,
        "quantity": quantity,
        "value": value,
        "published": published and (published.expression if published.value is None else published.value),
        "published_as_printed": published and published.printed,
        "suspect": published and ("yes" if published.suspect else "no"),
        "seeds": fits and len(fits.results),
        "missing": fits and fits.missing,
        "recovered": fits and fits.recovered,
        "undecided": fits and fits.undecided,
        "proved_elsewhere": fits and ("yes" if fits.proved_elsewhere else "no"),
        "approximate": fits and fits.approximate,
        "minimum": least,
        "maximum": most,
        "recovery_rate": several and several.rate,
        "rate_low": low,
        "rate_high": high,
    }


def reading_notes(
    shown: list[tuple[str, CellFits]], quantities: tuple[str, ...], formulas: bool = False, paper: bool = True
) -> list[str]:
    """Notes on the marks and numbers that occur in a table.

    shown   the place of each fit in the table, in words, and the fit; a fit may be in several blocks
    paper   whether the table has published values
    """
    distinct = list({id(fits): fits for _, fits in shown}.values())  # each counted once
    if not distinct:
        return ["The sweep has none of these cells."]
    notes = []
    if any(fits.recovered for fits in distinct):
        notes.append(
            "✓ recovered: an equation of the front is exact on every row of the data and on everything held out "
            "(higher weights of the same theories, further theories), and identical to the closed form where one is "
            "known. Floating-point constants are first read as simple fractions near them; what follows is decided "
            "exactly, not to a tolerance."
        )
    if any(fits.approximate for fits in distinct):
        notes.append("≈ agrees with every row within the uncertainty that the data state. That is no proof.")
    refined = [fits for fits in distinct if any(result.reported["origin"] == REFINED for result in fits.results)]
    if refined:
        engines = engines_of([result.cell for fits in refined for result in fits.results])
        notes.append(
            f"{', '.join(engines)}: the search found the terms of these formulas, and their coefficients were then "
            "solved for exactly from the rows (`origin` in summary.csv says which)."
        )
    if any(fits.undecided for fits in distinct):
        notes.append("? undecided: the check reached its limit of time or size before it had an answer.")
    if elsewhere := [(place, fits) for place, fits in shown if fits.proved_elsewhere]:
        notes.append(_elsewhere(elsewhere, formulas))
    if missing := sum(fits.missing for fits in distinct):
        notes.append(f"— missing so far; {missing} in all. Blank: not in the sweep.")
    if any(fits.requested > 1 for fits in distinct):
        what = (
            "the seed that recovered it, or else the one with the smallest loss"
            if formulas
            else "the median [smallest, largest], and one number where all seeds agree"
        )
        notes.append(
            f"Of several seeds: {what}; ✓ 2/3 means recovered with 2 of 3 seeds, ?1 undecided with one. "
            "The CSV file has each cell's rate of recovery with its interval."
        )
    if "loss" in quantities:
        notes.append(
            "Our loss (MSE) is recomputed from the equation as printed, in 64-bit floats over all rows of the cell: 0 "
            "is a computed zero, and rounding can leave an exact formula at 1e-30."
            + " The paper's is as published."
            * paper
        )
    if not formulas:
        notes.append("Our numbers are those of the equation that PySR's rule `best` selects from the front.")
    cells = [result.cell for fits in distinct for result in fits.results]
    if indifferent := engines_of([cell for cell in cells if cell["setting"] == ANY_SETTING]):
        ignore = "ignores" if len(indifferent) == 1 else "ignore"
        notes.append(f"{', '.join(indifferent)} {ignore} the settings: the same fit is shown in every block.")
    recorded = [result for fits in distinct for result in fits.results if result.recording]
    if recorded:
        engines = ", ".join(engines_of([result.cell for result in recorded]))
        notes.append(f"{engines}: recorded runs ({recorded_words(recorded)}), judged here again.")
    return notes


def suspects_of(table: int, published: Published) -> dict[int, int]:
    """The footnotes of a table's suspect values, from 1, by id of the value."""
    suspects = [value for value in published.of_table(table) if value.suspect]
    return {id(value): index for index, value in enumerate(suspects, start=1)}


def suspects_words(table: int, published: Published) -> list[str]:
    """The texts of these footnotes."""
    return [f"{value.row}, {value.column}: {value.note}." for value in published.of_table(table) if value.suspect]


def _elsewhere(shown: list[tuple[str, CellFits]], formulas: bool) -> str:
    """A note on proved equations that are another member of the front than the selected one, with their complexity."""
    places = []
    for place, fits in shown[:MOST_NAMED]:
        sizes = sorted({result.reported["complexity"] for result in fits.results if result.proved_elsewhere})
        places.append(f"{place}: {' or '.join(map(str, sizes))}")
    more = f"; and {len(shown) - MOST_NAMED} more" * (len(shown) > MOST_NAMED)
    stands = "stands here" if formulas else "is in summary.csv"
    return (
        f"† the proved equation is another member of the front than the one that `best` selects; it {stands}. "
        f"Its complexity: {'; '.join(places)}{more}."
    )
