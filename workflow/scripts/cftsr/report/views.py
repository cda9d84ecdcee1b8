"""What the page says about each cell: one view for every data set and setting, with the fits of all engines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cftsr.comparison import percentage, settings_of
from cftsr.engines import ANY_SETTING
from cftsr.errors import UserError
from cftsr.families import family_names, get_family
from cftsr.report.comparisons import number
from cftsr.report.formulas import copies, mathml
from cftsr.report.links import Link, Links
from cftsr.selection import REFINED
from cftsr.spectra import read_spectrum
from cftsr.summary import (
    CELL,
    YES,
    Result,
    cell_key,
    cell_order,
    engine_order,
    engine_version,
    family_title,
    results_of,
)
from cftsr.sweep import Cell
from cftsr.tables import SETTING_TITLES, verdict_words
from cftsr.tasks import TASKS

SHOWN_ROWS = 8  # of a data set
SELECTED, FIRST_EXACT, SOLVED = "selected by best", "first exact", "coefficients solved for"
SETTING_WORDS = {
    "free": "free constants",
    "integer": "integer columns",
    "integer_flat": "integer columns, no square of a square",
    ANY_SETTING: "any setting",
}
ANSWERS = {"yes": "exact", "no": "not exact", "undecided": "undecided", "unknown": "not known"}
STOP_REASONS = {"exact": "stopped at an exact equation", "exhausted": "did all the work it was allowed"}


@dataclass(frozen=True)
class Member:
    """An equation of a front. `marks` are words such as "chosen by best"."""

    complexity: int
    loss: Markup
    score: Markup
    formula: Markup
    answer: str
    words: str
    reason: str
    marks: list[str]


@dataclass(frozen=True)
class Fit:
    """One fit: an engine and a seed.

    chosen      the equation that stands for the cell, as it was found; `simplified` is "" where it says nothing new
    answer      the better of the two to look at, which `copies` has as text
    """

    engine: str
    seed: int
    state: str
    words: str
    chosen: Markup
    simplified: Markup
    answer: Markup
    copies: list[tuple[str, str]]
    checks: list[tuple[str, str, str]]
    front: list[Member]
    cost: list[tuple[str, str]]
    options: dict[str, Any]
    certificate: dict[str, Any] | None
    identified: str | None
    loss: float | None
    cpu_seconds: float | None
    links: list[Link]
    command: str


@dataclass(frozen=True)
class View:
    """A data set and a setting. `address` is the fragment, `scope` that of its figures."""

    address: str
    scope: str
    family: str
    task: str
    family_title: str
    title: str
    dataset_title: str
    setting_title: str
    setting_words: str
    symbol: str
    question: str
    data_words: str
    closed_form: Markup
    closed_form_source: str
    columns: list[str]
    rows: list[list[str]]
    total_rows: int | None
    fits: list[Fit]
    data_links: list[Link]

    @property
    def state(self) -> str:
        """The best that any fit reached."""
        states = {fit.state for fit in self.fits}
        return next((state for state in ("yes", "undecided", "no", "missing") if state in states), "missing")

    @property
    def best(self) -> Fit | None:
        """The fit to show first: a proved one, the smallest; else the one with the smallest loss."""
        done = [fit for fit in self.fits if fit.loss is not None]
        return min(done, key=lambda fit: (fit.state != YES, fit.loss), default=None)

    @property
    def certified(self) -> Fit | None:
        return next((fit for fit in self.fits if fit.certificate), None)

    @property
    def engines(self) -> list[tuple[str, list[Fit]]]:
        names = dict.fromkeys(fit.engine for fit in self.fits)
        return [(name, [fit for fit in self.fits if fit.engine == name]) for name in names]


def task_title(task: str) -> str:
    return task.replace("_", " ")


def address_of(family: str, task: str, dataset: str, setting: str) -> str:
    return f"{family}/{task}/{dataset}/{setting}"


def views_of(
    records: Sequence[dict[str, Any]],
    expected_cells: Sequence[dict[str, Any]],
    links: Links,
    command: Callable[[dict], str],
) -> list[View]:
    """A view for each data set and setting of the sweep, also where nothing is fitted yet.

    command   what makes a cell again
    """
    results = {cell_key(result.cell): result for result in results_of(records)}
    verdicts = {cell_key(record["cell"]): record["verdict"] for record in records}
    known = {cell_key(cell): cell for cell in [*expected_cells, *(record["cell"] for record in records)]}
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for cell in sorted(known.values(), key=cell_order):
        groups.setdefault((cell["family"], cell["task"], cell["theories"], cell["fraction"]), []).append(cell)
    views = []
    for cells in groups.values():
        settings = settings_of([], cells) if any(c["setting"] != ANY_SETTING for c in cells) else [ANY_SETTING]
        data = _Data(cells[0], links)
        # A fit that ignores the setting stands in several views.
        fits = {
            cell_key(cell): _fit(cell, results.get(cell_key(cell)), verdicts.get(cell_key(cell)), data, links, command)
            for cell in cells
        }
        for setting in settings:
            here = [cell for cell in cells if cell["setting"] in (setting, ANY_SETTING)]
            here.sort(key=lambda cell: (engine_order(cell["engine"]), cell["seed"]))
            views.append(data.view(setting, here, [fits[cell_key(cell)] for cell in here], verdicts))
    return views


class _Data:
    """A data set as a view shows it."""

    def __init__(self, cell: dict[str, Any], links: Links):
        self.family, self.task, self.theories, self.fraction = (cell[name] for name in CELL[:4])
        self.dataset = Cell(**cell).dataset
        self.links = links.of_data(self.family, self.task, self.dataset)
        task = TASKS[self.task]
        self.symbol = task.symbol
        self.family_class = type(get_family(self.family)) if self.family in family_names() else None
        self.labels: tuple[str, ...] = task.labels(self.family_class) if self.family_class else ()
        self.columns, self.rows, self.total = self._first_rows(
            Path(links.data_folder, self.family, self.task, f"{self.dataset}.parquet")
        )

    def _first_rows(self, path: Path) -> tuple[list[str], list[list[str]], int | None]:
        try:
            data = read_spectrum(path)
        except UserError:
            return [], [], None
        self.labels = data.labels
        rows = []
        for index in range(min(SHOWN_ROWS, len(data))):
            top, bottom = int(data.numerator[index]), int(data.denominator[index])
            exact = f"{top}/{bottom}" if bottom != 1 else str(top)
            rows.append([*map(str, data.x[index]), exact, f"{data.target[index]:.6g}", str(int(data.rank[index]) + 1)])
        return [*data.labels, f"{self.symbol} (exact)", f"{self.symbol} (decimal)", "level"], rows, len(data)

    @property
    def title(self) -> str:
        lowest = f", lowest {percentage(self.fraction)}" if self.fraction else ""
        return f"{self.theories} theories{lowest}"

    @property
    def question(self) -> str:
        *first, last = self.labels or ("the labels",)
        labels = f"{', '.join(first)} and {last}" if first else last
        of = "of each primary field" if TASKS[self.task].per_state else "of each theory"
        name = task_title(self.task)
        return f"Which formula in {labels} gives the {name} {self.symbol} {of}?"

    def data_words(self, verdict: dict[str, Any] | None) -> str:
        if self.fraction:
            what = f"The lowest {percentage(self.fraction)} of the spectrum of the first {self.theories} theories"
        else:
            what = f"{self.theories} theories"
        rows = verdict["rows"] if verdict else self.total
        words = what + (f": {rows:,} rows" if rows is not None else "")
        if verdict:
            beyond = (
                "higher levels of the same theories, and theories never seen" if self.fraction else "other theories"
            )
            words += f"; {verdict['held_out_rows']:,} more are held out ({beyond})"
        return words + "."

    def view(self, setting: str, cells: list[dict[str, Any]], fits: list[Fit], verdicts: dict) -> View:
        verdict = next((verdicts[cell_key(cell)] for cell in cells if cell_key(cell) in verdicts), None)
        source = getattr(self.family_class, "source", "")
        return View(
            address=address_of(self.family, self.task, self.dataset, setting),
            scope=f"{self.family}/{self.task}/{self.dataset}",
            family=self.family,
            task=self.task,
            family_title=family_title(self.family),
            title=f"{family_title(self.family)}: {task_title(self.task)} {self.symbol}",
            dataset_title=self.title,
            setting_title=SETTING_TITLES.get(setting, setting),
            setting_words=SETTING_WORDS.get(setting, setting),
            symbol=self.symbol,
            question=self.question,
            data_words=self.data_words(verdict),
            closed_form=self._closed_form(verdict),
            closed_form_source=source if verdict and verdict["closed_form"] else "",
            columns=self.columns,
            rows=self.rows,
            total_rows=self.total,
            fits=fits,
            data_links=self.links,
        )

    def _closed_form(self, verdict: dict[str, Any] | None) -> Markup:
        known = (
            verdict["closed_form"] if verdict else self.family_class and TASKS[self.task].closed_form(self.family_class)
        )
        return mathml(known, self.symbol) if known else Markup("")


# ---- one fit


def _fit(
    cell: dict[str, Any], result: Result | None, verdict: dict[str, Any] | None, data: _Data, links: Links, command
) -> Fit:
    common = {"engine": cell["engine"], "seed": cell["seed"], "command": command(cell), "links": links.of_cell(cell)}
    if result is None:
        nothing: dict[str, Any] = dict.fromkeys(("certificate", "identified", "loss", "cpu_seconds"))
        empty: dict[str, Any] = {name: [] for name in ("copies", "checks", "front", "cost")}
        blank = {"chosen": Markup(""), "simplified": Markup(""), "answer": Markup(""), "options": {}}
        return Fit(**common, **nothing, **empty, **blank, state="missing", words="no verdict yet")
    found = result.reported
    exact = found["exact_on_data"] == YES and found["simplified"]
    tidy = exact and found["simplified"].replace(" ", "") != found["equation"]
    chosen = mathml(found["equation"], data.symbol, block=True)
    simplified = mathml(found["simplified"], data.symbol, block=True) if tidy else Markup("")
    # As found, people know it again; where constants were read as rational numbers, the exact one is the answer.
    restated = exact and found["tolerance"]
    return Fit(
        **common,
        state=result.recovered,
        words=verdict_words(result),
        chosen=chosen,
        simplified=simplified,
        answer=simplified or chosen if restated else chosen,
        copies=copies(found["simplified"], found["latex"]) if restated else copies(found["equation"]),
        checks=_checks(found, verdict),
        front=[_member(index, item, result, verdict) for index, item in enumerate(verdict["equations"])],
        cost=_cost(result),
        options=result.fit.get("options", {}),
        certificate=result.fit.get("certificate"),
        identified=result.identified,
        loss=found["loss"],
        cpu_seconds=result.cost["fit_cpu_seconds"],
    )


def _member(index: int, item: dict[str, Any], result: Result, verdict: dict[str, Any]) -> Member:
    marks = [SELECTED] * (index == verdict["selected"])
    marks += [FIRST_EXACT] * (index == verdict["exact"])
    marks += [SOLVED] * (item["origin"] == REFINED)
    recovered = {item[name] for name in ("exact_on_data", "exact_on_held_out", "identical_to_closed_form")}
    if "no" in recovered:
        answer, words = "no", _where_wrong(item, verdict)
    elif "undecided" in recovered:
        answer, words = "undecided", item["reason"] or "a limit was reached before there was an answer"
    else:
        same = item["identical_to_closed_form"] == YES
        answer, words = YES, "exact everywhere" + (", the closed form" if same else "")
    return Member(
        complexity=item["complexity"],
        loss=number(item["loss"], "loss"),
        score=number(math.inf if item["score"] == "inf" else item["score"], "score"),
        formula=mathml(item["equation"]),
        answer=answer,
        words=words,
        reason=item["reason"],
        marks=marks,
    )


def _where_wrong(item: dict[str, Any], verdict: dict[str, Any]) -> str:
    if item["exact_on_data"] == "no":
        wrong = item["wrong_rows"]
        # Without a count it was refuted by its first rows, or is too far off to be read as an exact statement.
        return f"wrong on {wrong:,} of {verdict['rows']:,} rows" if wrong else "an approximation"
    if item["exact_on_held_out"] == "no":
        return (
            f"exact on the data, wrong on {item['wrong_held_out'] or 0:,} of {verdict['held_out_rows']:,} held-out rows"
        )
    return "exact, but another function than the closed form"


def _checks(found: dict[str, Any], verdict: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what was checked, answer, in words) of the equation that stands for the cell."""
    rows, held_out = verdict["rows"], verdict["held_out_rows"]

    def agreement(wrong: int | None, total: int, answer: str) -> str:
        if wrong is not None:
            return f"zero residual on {total - wrong:,} of {total:,} rows"
        return found["reason"] or ANSWERS[answer]

    data, beyond, same = (found[k] for k in ("exact_on_data", "exact_on_held_out", "identical_to_closed_form"))
    checks = [("The data, as fractions", data, agreement(found["wrong_rows"], rows, data))]
    if data == YES:
        checks.append(("Held out, as fractions", beyond, agreement(found["wrong_held_out"], held_out, beyond)))
        words = {
            "yes": "the difference cancels to zero",
            "no": "another function",
            "undecided": found["reason"] or "undecided",
            "unknown": "none is known: the checks above are the evidence",
        }[same]
        checks.append(("The closed form", same, words))
        if found["tolerance"]:
            checks.append(
                ("Constants", YES, f"read as rational numbers within {found['tolerance']:g}; then decided exactly")
            )
    elif beyond != "no" or found["wrong_held_out"] is not None:
        checks.append(("Held out, as fractions", beyond, agreement(found["wrong_held_out"], held_out, beyond)))
    else:
        checks.append(("Held out, as fractions", "no", "not exact on the data, so not looked at further"))
    return checks


def _cost(result: Result) -> list[tuple[str, str]]:
    cost, fit = result.cost, result.fit
    machine = cost.get("machine", {})
    startup = cost.get("startup_cpu_seconds")
    engine_startup = cost.get("engine_startup_seconds") or {}
    return [
        ("CPU time of the search", seconds(cost["fit_cpu_seconds"])),
        ("Wall time", seconds(cost["fit_wall_seconds"])),
        *([("Start-up, CPU", seconds(startup))] if startup is not None else []),
        *((f"Engine: {name}", seconds(value)) for name, value in engine_startup.items()),
        *([("Evaluations", f"{fit['evaluations']:,}")] if fit.get("evaluations") is not None else []),
        ("Ended", STOP_REASONS.get(fit["stop_reason"], fit["stop_reason"])),
        *([("Processes", f"{cost['processes']} (resumed)")] if cost.get("processes", 1) > 1 else []),
        ("Engine", engine_version(result.cell["engine"], fit["versions"])),
        *([("Machine", f"{machine['system']} {machine['machine']}, {machine['cores']} cores")] if machine else []),
    ]


def seconds(value: float) -> str:
    if value < 10:
        return f"{value:.2g} s"
    return f"{value:.0f} s" if value < 600 else f"{value / 60:.0f} min" if value < 36_000 else f"{value / 3600:.1f} h"
