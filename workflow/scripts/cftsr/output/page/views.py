"""The views of the page: one for each data set and setting, with the fits of all engines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from markupsafe import Markup

from cftsr.algebra.expressions import evaluate
from cftsr.algebra.formula import ParseError
from cftsr.data.dataset import Dataset, read_dataset
from cftsr.data.tasks import GIVEN, TASKS
from cftsr.engines import engine_order
from cftsr.errors import UserError
from cftsr.families import family_names, get_family
from cftsr.output.page.links import Link, Links
from cftsr.output.tables.html import number_markup
from cftsr.output.tables.shortest import shorter
from cftsr.output.tables.verdicts import deciding_words, has_no_formula, verdict_words
from cftsr.output.typesetting.mathml import copies, mathml, read
from cftsr.results.findings import Findings, settings_of
from cftsr.results.summary import (
    CELL,
    CellKey,
    Recovery,
    Result,
    cell_key,
    engine_version,
    recorded_words,
)
from cftsr.results.titles import (
    data_set_title,
    percentage,
    quantity_title,
    recorded_title,
    seconds,
    setting_title,
    symbol_of,
)
from cftsr.sweep.cells import Cell
from cftsr.vocabulary import ANY_SETTING, APPROXIMATE, NOT_LOOKED_AT, REFINED, YES, joined

SHOWN_ROWS = 8  # of a data set
FULL_SEEDS = 3  # fits of an engine that a view shows in full; if there are more, the best one, and the others as lines
MOST_VIEWS = 400  # some 40 kB each, or 100 kB with their figures
SAME_VALUES = 1e-6  # relative to the largest: two equations of a front that differ by less are one function
STATES = (YES, APPROXIMATE, "undecided", "no", "missing")  # the best first
SELECTED, FIRST_EXACT, SOLVED = "selected by best", "first exact", "coefficients solved for"
ANSWERS = {
    "yes": "exact",
    "no": "not exact",
    "undecided": "undecided",
    "approximate": "agrees within uncertainty",
    NOT_LOOKED_AT: NOT_LOOKED_AT,
}
NO_MARKUP = Markup("")
STOP_REASONS = {"exact": "stopped at an exact equation", "exhausted": "did all the work it was allowed"}


@dataclass(frozen=True)
class FrontMember:
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
class FitView:
    """One fit: an engine and a seed.

    chosen      the equation that represents the cell, as fitted; `factored` is "" if it is the same
    answer      the shorter of the two, which `copies` has as text
    brief       one of many seeds: a line, without front and formulas
    loose       whether the only objection to the formula is that the rows do not determine it
    recorded    version and date, if it was not fitted here but is taken from the record
    none        whether the engine reports that it has no formula: its front is then a constant, and no answer
    """

    engine: str
    seed: int
    state: str
    words: str
    identified: str | None = None
    loss: float | None = None
    cpu_seconds: float | None = None
    complexity: int | None = None
    links: list[Link] = field(default_factory=list)
    command: str = ""
    chosen: Markup = NO_MARKUP
    factored: Markup = NO_MARKUP
    answer: Markup = NO_MARKUP
    copies: list[tuple[str, str]] = field(default_factory=list)
    checks: list[tuple[str, str, str]] = field(default_factory=list)
    front: list[FrontMember] = field(default_factory=list)
    cost: list[tuple[str, str]] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    certificate: dict[str, Any] | None = None
    recorded: str = ""
    brief: bool = False
    none: bool = False
    loose: bool = False
    deciding: list[str] = field(default_factory=list)

    @property
    def number(self) -> Markup:
        return number_markup(self.loss, "loss")


@dataclass(frozen=True)
class View:
    """A data set and a setting. `address` is the fragment, `scope` that of its figures.

    shown    whether the page has a section for it: a large sweep has more than fit on a page
    siblings   (address, words) of the views of the same data set, this one among them
    """

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
    fits: list[FitView]
    data_links: list[Link]
    shown: bool = True
    siblings: list[tuple[str, str]] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The best state of all fits."""
        states = {fit.state for fit in self.fits}
        return next((state for state in STATES if state in states), "missing")

    @property
    def best(self) -> FitView | None:
        """The fit to show first: a proved one, the smallest; else the one with the smallest loss."""
        done = [fit for fit in self.fits if fit.loss is not None]
        return min(done, key=lambda fit: (STATES.index(fit.state), fit.none, fit.brief, fit.loss), default=None)

    @property
    def certified(self) -> FitView | None:
        return next((fit for fit in self.fits if fit.certificate), None)

    @property
    def engines(self) -> list[tuple[str, list[FitView]]]:
        names = dict.fromkeys(fit.engine for fit in self.fits)
        return [(name, [fit for fit in self.fits if fit.engine == name]) for name in names]

    def recovery(self, engine: str) -> Recovery:
        """The recovery of one engine, over its seeds."""
        mine = [fit for fit in self.fits if fit.engine == engine]
        done = [fit for fit in mine if fit.cpu_seconds is not None]
        seconds = sorted(fit.cpu_seconds for fit in done if fit.state == YES)
        return Recovery(tuple(seconds), len(done), len(mine) - len(done))


# ---- the choice of views and fits


@dataclass(frozen=True)
class Choice:
    """views: addresses that get a section; fits: cells that are shown in full; scopes: their data sets."""

    views: frozenset[str]
    fits: frozenset[CellKey]
    scopes: tuple[str, ...]


def choose(findings: Findings) -> Choice:
    """The choice of what is shown in full. Records without fronts suffice.

    In most sweeps, everything. If there are more than MOST_VIEWS views, those with something open come first
    (undecided, not recovered, missing); of more than FULL_SEEDS seeds of an engine the best is shown.
    """
    results = {cell_key(result.cell): result for result in findings.results}
    rank: dict[str, int] = {}
    fits: dict[str, list[CellKey]] = {}
    scopes: dict[str, str] = {}
    for cells in _by_data_set(findings.cells):
        for setting in _settings(cells):
            here = [cell_key(cell) for cell in cells if cell["setting"] in (setting, ANY_SETTING)]
            dataset = Cell(**cells[0]).dataset
            address = address_of(cells[0]["family"], cells[0]["task"], dataset, setting)
            scopes[address] = address.rpartition("/")[0]
            states = {results[key].recovered if key in results else "missing" for key in here}
            rank[address] = min(map(("undecided", APPROXIMATE, "no", "missing", YES).index, states))
            places: dict[tuple, list[CellKey]] = {}
            for key in here:
                places.setdefault(key[:-1], []).append(key)
            fits[address] = [key for keys in places.values() for key in _in_full(keys, results)]
    # sorted is stable: among equals the order of the sweep.
    views = sorted(rank, key=rank.__getitem__)[:MOST_VIEWS] if len(rank) > MOST_VIEWS else list(rank)
    chosen = frozenset(views)
    return Choice(
        views=chosen,
        fits=frozenset(key for address in views for key in fits[address]),
        scopes=tuple(dict.fromkeys(scopes[address] for address in rank if address in chosen)),
    )


def _in_full(keys: list[CellKey], results: dict[CellKey, Result]) -> list[CellKey]:
    if len(keys) <= FULL_SEEDS:
        return keys
    done = [key for key in keys if key in results]
    rank = {key: (results[key].recovered != YES, results[key].reported["loss"], key) for key in done}
    return [min(done, key=rank.__getitem__, default=keys[0])]


def _by_data_set(cells: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The cells, which are sorted, by data set."""
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for cell in cells:
        groups.setdefault((cell["family"], cell["task"], cell["theories"], cell["fraction"]), []).append(cell)
    return list(groups.values())


def _settings(cells: Sequence[dict[str, Any]]) -> list[str]:
    return settings_of([], cells) if any(c["setting"] != ANY_SETTING for c in cells) else [ANY_SETTING]


def address_of(family: str, task: str, dataset: str, setting: str) -> str:
    return f"{family}/{task}/{dataset}/{setting}"


def views_of(findings: Findings, choice: Choice, links: Links, command: Callable[[dict], str]) -> list[View]:
    """A view for each data set and setting of the sweep, also where nothing is fitted yet.

    choice    of `choose`
    command   cell -> the command that repeats it
    """
    results = {cell_key(result.cell): result for result in findings.results}
    verdicts = {cell_key(record["cell"]): record["verdict"] for record in findings.records}
    in_sight = set(choice.scopes)
    views = []
    for cells in _by_data_set(findings.cells):
        known = next((results[key] for key in map(cell_key, cells) if key in results), None)
        data = _Data(cells[0], links, known, scopes=in_sight)
        # A fit that ignores the setting is in several views.
        fits = {}
        for cell in cells:
            key = cell_key(cell)
            make = _fit if key in choice.fits else _brief_fit
            fits[key] = make(cell, results.get(key), verdicts.get(key), data, links, command)
        settings = _settings(cells)
        siblings = [(data.address(setting), setting_title(setting)) for setting in settings]
        siblings = [(address, words) for address, words in siblings if address in choice.views]
        for setting in settings:
            here = [cell for cell in cells if cell["setting"] in (setting, ANY_SETTING)]
            here.sort(key=lambda cell: (engine_order(cell["engine"]), cell["seed"]))
            shown = data.address(setting) in choice.views
            view = data.view(setting, here, [fits[cell_key(cell)] for cell in here], verdicts)
            views.append(replace(view, shown=shown, siblings=siblings))
    return views


class _Data:
    """A data set, as shown in its views."""

    def __init__(self, cell: dict[str, Any], links: Links, known: Result | None, scopes: set[str]):
        self.family, self.task, self.theories, self.fraction = (cell[name] for name in CELL[:4])
        self.dataset = Cell(**cell).dataset
        self.scope = Cell(**cell).spectrum
        self.links: list[Link] = []
        task = TASKS.get(self.task)
        self.family_class = type(get_family(self.family)) if self.family in family_names() else None
        self.labels: tuple[str, ...] = task.labels(self.family_class) if task and self.family_class else ()
        # The name of a user's own spectrum, and of its target, are in the data.
        self.fit = known.fit if known else {}
        self.columns, self.rows, self.total = [], [], None
        self.spectrum: Dataset | None = None
        if self.scope in scopes:
            self.links = links.of_data(self.scope, fitted=known is not None)
            self.columns, self.rows, self.total = self._first_rows(links.data.data(self.scope))

    @property
    def symbol(self) -> str:
        return symbol_of(self.task, self.fit)

    @property
    def family_title(self) -> str:
        return recorded_title({"family": self.family}, self.fit)

    @property
    def quantity(self) -> str:
        return quantity_title(self.task, self.fit)

    def address(self, setting: str) -> str:
        return address_of(self.family, self.task, self.dataset, setting)

    def _first_rows(self, path: str) -> tuple[list[str], list[list[str]], int | None]:
        try:
            data = read_dataset(path)
        except UserError:
            return [], [], None
        self.spectrum, self.labels = data, data.labels
        self.fit = self.fit or {"data_metadata": data.metadata}
        rows = []
        for index in range(min(SHOWN_ROWS, len(data))):
            top, bottom = int(data.numerator[index]), int(data.denominator[index])
            exact = f"{top}/{bottom}" if bottom != 1 else str(top)
            labels = map(str, data.described(data.x[index].tolist()).values())
            rows.append([*labels, exact, f"{data.target[index]:.6g}", str(int(data.rank[index]) + 1)])
        return [*data.labels, f"{self.symbol} (exact)", f"{self.symbol} (decimal)", "level"], rows, len(data)

    @property
    def title(self) -> str:
        return data_set_title(self.theories, self.fraction)

    @property
    def question(self) -> str:
        labels = joined(self.labels or ("the labels",))
        if self.task == GIVEN:
            return f"Which formula in {labels} gives {self.symbol}?"
        of = "of each primary field" if self.fraction is not None else "of each theory"
        if self.task in TASKS and not TASKS[self.task].labelled:
            of = "of each level, in its hidden quantum numbers"
        return f"Which formula in {labels} gives the {self.quantity} {of}?"

    def data_words(self, verdict: dict[str, Any] | None) -> str:
        if self.fraction:
            what = f"The lowest {percentage(self.fraction)} of the spectrum of the first {self.theories} theories"
        else:
            what = self.title
        rows = verdict["rows"] if verdict else self.total
        words = what + (f": {rows:,} rows" if rows is not None else "")
        if verdict:
            beyond = " (other theories)"
            if self.fraction:
                beyond = " (higher levels of the same theories, and theories never seen)"
            elif self.task == GIVEN:
                beyond = ""
            held_out = verdict["held_out_rows"]
            words += f"; {held_out:,} more are held out{beyond}" if held_out else "; nothing is held out"
        return words + "."

    def view(self, setting: str, cells: list[dict[str, Any]], fits: list[FitView], verdicts: dict) -> View:
        verdict = next((verdicts[cell_key(cell)] for cell in cells if cell_key(cell) in verdicts), None)
        source = getattr(self.family_class, "source", "")
        return View(
            address=self.address(setting),
            scope=self.scope,
            family=self.family,
            task=self.task,
            family_title=self.family_title,
            title=f"{self.family_title}: {self.quantity}",
            dataset_title=self.title,
            setting_title="" if setting == ANY_SETTING else setting_title(setting),
            setting_words=setting_title(setting),
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
        task = TASKS.get(self.task)
        if verdict:
            known = verdict["closed_form"]
        else:
            known = task and self.family_class and task.closed_form(self.family_class)
        return mathml(known, self.symbol) if known else NO_MARKUP


# ---- one fit


def _fit(
    cell: dict[str, Any], result: Result | None, verdict: dict[str, Any] | None, data: _Data, links: Links, command
) -> FitView:
    shown = replace(
        _line(cell, result),
        command=command(cell),
        links=links.of_cell(cell, judged=result is not None, recorded=bool(result and result.recording)),
    )
    if result is None:
        return shown
    reported = result.reported
    exact = reported["exact_on_data"] in (YES, APPROXIMATE) and reported["simplified"]
    tidy = exact and reported["simplified"].replace(" ", "") != reported["equation"]
    rounded = reported["exact_on_data"] != APPROXIMATE
    chosen = mathml(reported["equation"], data.symbol, block=True, rounded=rounded)
    factored = mathml(reported["simplified"], data.symbol, block=True, rounded=rounded) if tidy else NO_MARKUP
    # The shorter of the two is the answer; where constants were read as rational numbers, the exact one.
    restated = bool(tidy) and shorter(reported) == reported["simplified"]
    return replace(
        shown,
        chosen=chosen,
        factored=factored,
        answer=factored if restated else chosen,
        copies=copies(reported["simplified"], reported["latex"]) if restated else copies(reported["equation"]),
        checks=_checks(reported, verdict),
        front=_members(result, verdict, data.spectrum),
        cost=_cost(result),
        options=result.fit.get("options", {}),
        certificate=result.fit.get("certificate"),
        recorded=recorded_words([result]) if result.recording else "",
        none=has_no_formula(result),
        deciding=deciding_words(result.certificate),
    )


def _brief_fit(
    cell: dict[str, Any], result: Result | None, verdict: dict[str, Any] | None, data: _Data, links: Links, command
) -> FitView:
    """A fit as one line."""
    return replace(
        _line(cell, result), links=links.verdict_of(cell, bool(result.recording)) if result else [], brief=True
    )


def _line(cell: dict[str, Any], result: Result | None) -> FitView:
    """The part of a fit that is shown both in full and in brief."""
    if result is None:
        return FitView(cell["engine"], cell["seed"], "missing", "no verdict yet")
    return FitView(
        cell["engine"],
        cell["seed"],
        result.recovered,
        verdict_words(result),
        identified=result.identified,
        loss=result.reported["loss"],
        cpu_seconds=result.cost["fit_cpu_seconds"],
        complexity=result.reported["complexity"],
        loose=result.proved and result.recovered != YES,
    )


def _members(result: Result, verdict: dict[str, Any], rows: Dataset | None) -> list[FrontMember]:
    """The front. A function may be in it twice: in a longer form, or up to the rounding of its constants.

    rows   of the data set; None if they were not read
    """
    members, exact = [], {}
    values: list[tuple[int, np.ndarray]] = []  # nodes and values of each function so far
    for index, equation in enumerate(verdict["equations"]):
        member, nodes = _member(index, equation, result, verdict), equation["complexity"]
        own = None if rows is None else _values(equation["equation"], rows)
        if equation["exact_on_data"] == YES and equation["simplified"]:
            first = exact.setdefault(equation["simplified"], nodes)
            if first != nodes:
                member = replace(member, words=f"the same function as that of {first} nodes")
        elif own is not None:
            like = next((size for size, other in values if _alike(own, other)), None)
            if like is not None:
                member = replace(member, words=f"{member.words}; on the rows that of {like} nodes, to six digits")
        if own is not None:
            values.append((nodes, own))
        members.append(member)
    return members


def _values(equation: str, rows: Dataset) -> np.ndarray | None:
    """An equation's values on the rows, float64; None if some are not finite."""
    try:
        with np.errstate(all="ignore"):
            values = np.broadcast_to(evaluate(read(equation), rows.columns), len(rows))
    except (ParseError, ValueError, KeyError):
        return None
    return values if len(values) and np.isfinite(values).all() else None


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two functions agree up to the rounding of single precision, in which PySR searches."""
    return bool(np.abs(one - other).max() <= SAME_VALUES * max(np.abs(one).max(), np.abs(other).max()))


def _member(index: int, equation: dict[str, Any], result: Result, verdict: dict[str, Any]) -> FrontMember:
    marks = [SELECTED] * (index == verdict["selected"])
    marks += [FIRST_EXACT] * (index == verdict["exact"])
    marks += [SOLVED] * (equation["origin"] == REFINED)
    recovered = {equation[name] for name in ("exact_on_data", "exact_on_held_out", "identical_to_closed_form")}
    if "no" in recovered:
        answer, words = "no", _where_wrong(equation, verdict)
    elif "undecided" in recovered:
        answer, words = "undecided", equation["reason"] or "a limit was reached before there was an answer"
    elif APPROXIMATE in recovered:
        answer, words = APPROXIMATE, "agrees within the data's uncertainty"
    else:
        same = equation["identical_to_closed_form"] == YES
        where = "everywhere" if verdict["held_out_rows"] else "on the data"
        answer, words = YES, f"exact {where}" + (", the closed form" if same else "")
    return FrontMember(
        complexity=equation["complexity"],
        loss=number_markup(equation["loss"], "loss"),
        score=number_markup(math.inf if equation["score"] == "inf" else equation["score"], "score"),
        formula=mathml(equation["equation"], rounded=equation["exact_on_data"] != APPROXIMATE),
        answer=answer,
        words=words,
        reason=equation["reason"],
        marks=marks,
    )


def _where_wrong(equation: dict[str, Any], verdict: dict[str, Any]) -> str:
    if equation["exact_on_data"] == "no":
        wrong = equation["wrong_rows"]
        # Without a count it was refuted on its first rows, or is too far off to be an exact statement.
        return f"wrong on {wrong:,} of {verdict['rows']:,} rows" if wrong else "an approximation"
    if equation["exact_on_held_out"] == "no":
        wrong = equation["wrong_held_out"] or 0
        return f"exact on the data, wrong on {wrong:,} of {verdict['held_out_rows']:,} held-out rows"
    return "exact, but another function than the closed form"


def _checks(reported: dict[str, Any], verdict: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(check, answer, in words) for the equation that represents the cell."""
    rows, held_out = verdict["rows"], verdict["held_out_rows"]

    def agreement(wrong: int | None, total: int, answer: str) -> str:
        if answer == NOT_LOOKED_AT or not total:
            return "nothing was held out"
        if wrong is not None:
            how = "within its uncertainty on" if answer == APPROXIMATE else "zero residual on"
            return f"{how} {total - wrong:,} of {total:,} rows"
        return reported["reason"] or ANSWERS[answer]

    data, beyond, same = (reported[k] for k in ("exact_on_data", "exact_on_held_out", "identical_to_closed_form"))
    checks = [("The data, as fractions", data, agreement(reported["wrong_rows"], rows, data))]
    if data in (YES, APPROXIMATE):
        checks.append(("Held out, as fractions", beyond, agreement(reported["wrong_held_out"], held_out, beyond)))
        words = {
            "yes": "the difference cancels to zero",
            "no": "another function",
            "undecided": reported["reason"] or "undecided",
            APPROXIMATE: "equal to it within the data's uncertainty",
            NOT_LOOKED_AT: "none is known: the checks above are the evidence",
        }[same]
        checks.append(("The closed form", same, words))
        if reported["tolerance"]:
            checks.append(
                ("Constants", YES, f"read as rational numbers within {reported['tolerance']:g}; then decided exactly")
            )
    else:
        checks.append(("Held out, as fractions", beyond, agreement(reported["wrong_held_out"], held_out, beyond)))
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
